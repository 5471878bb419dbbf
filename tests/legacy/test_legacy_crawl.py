"""After the import a crawl goes on: what arrived is not asked for again, what did not arrive is."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import legacy_world as original
from crawl_support import check_blobs, check_order, crawl, image_folders, rows, user_of
from legacy_run import run

from tools.demo.client import DemoSite

if TYPE_CHECKING:
    from pathlib import Path

USER = "Jürgen & Söhne"


def as_the_original_has_it(archive: Path, owner: dict[str, Any]) -> original.World:
    """Return what a crawl has stored as the original would have, with the demo user alone."""
    made = original.World({**original.world().database, "blobs": {}, "image_ids_index": {}}, {})
    made.database.update(tags={}, duplicates_registry={}, duplicates_key_index={})
    user = {"name": owner["name"], "date_albums": 1, "date_finished": 1, "date_audit": 0}
    folders: dict[int, Any] = {}
    made.database.update(users={owner["user_id"]: user}, favorites={owner["user_id"]: folders})
    query = (
        "SELECT folder_id, image_id, folders.name, images.name, path, sha256 FROM favorites "
        "JOIN folders USING (user_id, folder_id) JOIN images USING (image_id) JOIN files USING (sha256) "
        "ORDER BY folder_id, position"
    )
    for folder_id, image_id, folder, name, path, sha256 in rows(archive, query):
        folders.setdefault(folder_id, original.folder(folder, [], original.START))["images"].append(image_id)
        made.blobs[sha256] = (archive / path).read_bytes()
        blob = original.blob(sha256, made.blobs[sha256], {}, set(), original.START, {})
        blob = made.database["blobs"].setdefault(sha256, {**blob, "ext": path.rpartition(".")[2]})
        blob["loc"][owner["user_id"], folder_id, image_id] = (name or "unknown", "new")
    return made


def test_a_crawl_goes_on_where_the_import_ended(tmp_path: Path) -> None:
    with DemoSite.start() as site:
        truth = site.truth()
        owner = user_of(truth, USER)
        words = ("mode=read", f"id={owner['user_id']}", "force=1")
        crawl(site, tmp_path / "first" / "out", "favorites", *words)
        made = as_the_original_has_it(tmp_path / "first" / "out", owner)
        assert len(made.blobs) > 2
        database = original.write(tmp_path / "old", made)
        lost = sorted((tmp_path / "old" / "blobs").iterdir())[0]
        lost.unlink()
        imported = run(database, tmp_path / "second" / "out")
        assert [problem.kind for problem in imported.result.problems] == ["missing"]
        site.reset_log()
        outcome = crawl(site, imported.directory, "favorites", *words)
        assert outcome.code == 0, outcome.err
        kinds = Counter(entry["kind"] for entry in site.requests())
    # One picture, and what leads to it.
    assert kinds["photo"] <= 2
    images = {kind: count for kind, count in kinds.items() if kind not in {"robots", "root", "folder", "photo"}}
    assert sum(images.values()) == 1, kinds
    check_blobs(imported.directory, truth, image_folders(owner))
    check_order(imported.directory, owner["user_id"], image_folders(owner))
