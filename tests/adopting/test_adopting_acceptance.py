"""What other tools saved, by all the names that they give, is of no crawl's concern; and a plot knows where it lies."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from crawl_support import ROOT, crawl, crawl_environment, rows
from sqlalchemy import create_engine

from imagefap_scraper.database import figures
from tools.commands import _doctor_archive
from tools.demo.build import WorldBuilder, WorldOptions
from tools.demo.client import DemoSite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    """Ann has a folder of images, another one out of a gallery, and that gallery in a folder of galleries."""
    builder = WorldBuilder(WorldOptions(image_width=32, image_height=24))
    ann = builder.user("Ann")
    first, second = builder.gallery(30), builder.gallery(8)
    builder.folder(ann, "some", first.ids[:20])
    builder.folder(ann, "others", second.ids)
    builder.galleries_folder(ann, "liked", [first])
    with DemoSite.start(world=builder.world) as demo:
        yield demo


def run_import(archive: Path, *words: object) -> dict[str, Any]:
    command = [sys.executable, str(ROOT / "tools" / "process.py"), "import", *map(str, words)]
    done = subprocess.run(
        [*command, "--yes", "--json", "--dir", str(archive)],
        capture_output=True,
        text=True,
        check=True,
        env=crawl_environment(archive.parent),
        timeout=120,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def save_as_others_do(site: DemoSite, archive: Path, place: Path) -> None:
    """Write what an archive holds as gallery-dl, early and late, and imagefap-dl write it."""
    galleries = {int(number): gallery["ids"] for number, gallery in site.truth()["galleries"].items()}
    (number, ids), (_, others) = galleries.items()
    names = {image_id: f"early/imagefap_{number}_{image_id}.jpg" for image_id in ids[:10]}
    names |= {one: f"late/imagefap_{number}_{at:04}_{one}.jpg" for at, one in enumerate(ids, 1) if at > 10}
    names |= {image_id: f"dl/a name (1) ({image_id}).jpg" for image_id in others}
    for image_id, path in rows(archive, "SELECT image_id, path FROM images JOIN files USING (sha256)"):
        target = place / names[image_id]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((archive / path).read_bytes())
    described = [{"id": image_id, "title": f"a name {image_id}.jpg"} for image_id in others]
    (place / "dl" / "favorites.json").write_text(json.dumps({"id": 5002, "images": described}))


def test_nothing_that_others_saved_is_downloaded(site: DemoSite, tmp_path: Path) -> None:
    first, archive, place = tmp_path / "first" / "out", tmp_path / "second" / "out", tmp_path / "others"
    words = ("mode=read", "user=Ann", "galleries=1")
    assert crawl(site, first, "favorites", *words).code == 0
    save_as_others_do(site, first, place)
    entries = tmp_path / "archive.sqlite3"
    with sqlite3.connect(entries) as connection:
        connection.execute("CREATE TABLE archive (entry TEXT PRIMARY KEY) WITHOUT ROWID")
        numbers = [(f"imagefap70001_{image_id}",) for image_id in site.truth()["galleries"]["70001"]["ids"]]
        connection.executemany("INSERT INTO archive VALUES (?)", [*numbers, ("another_1",)])
    connection.close()
    before = entries.read_bytes()
    told = run_import(archive, "gallery-dl", entries, "--files", place)
    assert (told["stored"], told["entries"], told["entries_without_file"], len(told["unnamed"])) == (30, 30, 0, 8)
    assert entries.read_bytes() == before
    told = run_import(archive, "tree", place)
    assert (told["stored"], told["known"], told["unnamed"]) == (8, 30, [])
    site.reset_log()
    outcome = crawl(site, archive, "favorites", *words)
    assert outcome.code == 0, outcome.err
    kinds = Counter(entry["kind"] for entry in site.requests())
    assert {"image", "photo"}.isdisjoint(kinds), kinds
    stored = "SELECT image_id, sha256 FROM images WHERE status = 'stored' ORDER BY 1"
    assert rows(archive, stored) == rows(first, stored)
    engine = create_engine(f"sqlite:///{archive / 'imagefap.database'}")
    with engine.connect() as opened:
        space = figures.folders(opened)
    engine.dispose()
    # Everything of the gallery lies in the folder that holds it, and some of it in a folder of images as well.
    assert set(space) == {"Ann/some", "Ann/others", "Ann/liked"}
    whole = sum(size for (size,) in rows(archive, "SELECT size FROM blobs"))
    assert space["Ann/liked"] + space["Ann/others"] == whole
    assert 0 < space["Ann/some"] < space["Ann/liked"]


@pytest.mark.parametrize("thing", ["directory", "pipe", "link"])
def test_doctor_says_what_stands_in_the_place_of_a_database(tmp_path: Path, thing: str) -> None:
    """A crawl makes none there, so that must not be promised."""
    place = tmp_path / "imagefap.database"
    make: dict[str, Callable[[], object]] = {
        "directory": place.mkdir,
        "pipe": partial(os.mkfifo, place),
        "link": partial(place.symlink_to, "nowhere"),
    }
    make[thing]()
    (check,) = (one for one in _doctor_archive.checks(tmp_path) if one.name == "database")
    assert check.state == "bad"
    assert ("leads nowhere" if thing == "link" else "is no file") in check.message
