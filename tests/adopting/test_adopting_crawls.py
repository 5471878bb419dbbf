"""A crawl after an import: what was adopted is not downloaded again, and the disk's own is never asked of the site."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from crawl_support import ROOT, available, crawl, crawl_environment, image_folders, rows, user_of

from tools.demo.client import DemoSite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USER = "Jürgen & Söhne"


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    with DemoSite.start() as demo:
        yield demo


def run_import(kind: str, source: Path, archive: Path) -> dict[str, int]:
    command = [sys.executable, str(ROOT / "tools" / "process.py"), "import", kind, str(source), "--yes", "--json"]
    environment = crawl_environment(archive.parent)
    done = subprocess.run(
        [*command, "--dir", str(archive)], capture_output=True, text=True, check=True, env=environment, timeout=120
    )
    answer: dict[str, int] = json.loads(done.stdout)
    return answer


def test_what_was_adopted_is_not_downloaded_again(site: DemoSite, tmp_path: Path) -> None:
    owner = user_of(site.truth(), USER)
    crawl(site, tmp_path / "first", "favorites", "mode=read", f"id={owner['user_id']}")
    stored = rows(tmp_path / "first", "SELECT image_id, gallery_id, path FROM images JOIN files USING (sha256)")
    wanted = available(site.truth(), [i for folder in image_folders(owner) for i in folder["favorites"]])
    assert {image_id for image_id, *_ in stored} == set(wanted)
    others = tmp_path / "gallery-dl"
    others.mkdir()
    kept = [entry for entry in stored if entry[0] % 3]
    for image_id, gallery_id, path in kept:
        content = (tmp_path / "first" / path).read_bytes()
        (others / f"imagefap_{gallery_id or 1}_{image_id}.{path.rpartition('.')[2]}").write_bytes(content)
    answer = run_import("tree", others, tmp_path / "out")
    assert answer["stored"] + answer["duplicates"] == len(kept)
    site.reset_log()
    outcome = crawl(site, tmp_path / "out", "favorites", "mode=read", f"id={owner['user_id']}")
    assert outcome.code == 0, outcome.err
    asked = Counter(entry.get("image_id") for entry in site.requests("image"))
    assert set(asked) == set(wanted) - {image_id for image_id, *_ in kept}
    query = "SELECT image_id, sha256 FROM images WHERE status = 'stored' ORDER BY 1"
    assert rows(tmp_path / "out", query) == rows(tmp_path / "first", query)


def test_the_disks_own_is_never_asked_of_the_site(site: DemoSite, tmp_path: Path) -> None:
    owner = user_of(site.truth(), USER)
    output = tmp_path / "out"
    crawl(site, output, "favorites", "mode=read", f"id={owner['user_id']}")
    (tmp_path / "mine").mkdir()
    sample = next((output / "blobs").iterdir())
    (tmp_path / "mine" / f"again.{sample.suffix}").write_bytes(sample.read_bytes())
    run_import("local", tmp_path / "mine", output)
    before = rows(output, "SELECT * FROM images WHERE image_id < 0")
    assert len(before) == 1
    site.reset_log()
    for words in (("favorites", "mode=read", "force=1"), ("images", "audit=1"), ("images", "retry=failed")):
        outcome = crawl(site, output, *words)
        assert outcome.code == 0, outcome.err
    assert site.requests("root")
    for entry in site.requests():
        assert min(entry.get("user_id") or 1, entry.get("image_id") or 1) > 0, entry
    assert rows(output, "SELECT * FROM images WHERE image_id < 0") == before
