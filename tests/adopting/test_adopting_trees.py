"""What other tools saved comes in under the site's numbers, and only what surely has them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adopting_bench import SILENCE, ask, check_whole, dump, picture, sha256, tree_state, write
from test_adopting_foreign import archive as gallery_dl_archive

from imagefap_scraper.adopting.trees import TreeImport

if TYPE_CHECKING:
    from pathlib import Path

    from imagefap_scraper.adopting.result import Result

_IMAGES = "SELECT image_id, status, sha256, name, gallery_id FROM images ORDER BY 1"


def do_import(root: Path, archive: Path, **options: Any) -> Result:
    return TreeImport(root, archive, **options).run(SILENCE)


def names(paths: list[str]) -> set[str]:
    return {path.rpartition("/")[2] for path in paths}


def test_files_of_both_tools(tmp_path: Path) -> None:
    root, archive = tmp_path / "in", tmp_path / "out"
    write(root / "imagefap" / "7 Flowers" / "imagefap_7_11.jpg", picture(1))
    write(root / "imagefap" / "7 Flowers" / "imagefap_7_0002_12.jpg", picture(2))
    write(root / "imagefap" / "8 Same" / "imagefap_8_0001_13.jpg", picture(1))
    write(root / "imagefap" / "8 Same" / "imagefap_8_0002_14.jpg", picture(4)[:-40])
    write(root / "imagefap" / "8 Same" / "imagefap_8_0003_15.jpg.part", picture(5))
    write(root / "Garden (9)" / "rose (21).jpg", picture(6))
    write(root / "Garden (9)" / "rose (2).jpg", picture(7))
    write(root / "Garden (9)" / "22.jpg", picture(8))
    described = {"id": 9, "images": [{"id": 21, "title": "rose.jpg"}]}
    write(root / "Garden (9)" / "gallery.json", json.dumps(described).encode())
    write(root / "Mine" / "photo (31).jpg", picture(9))
    write(root / "Mine" / "gallery.json", b"{}")
    before = tree_state(root)
    result = do_import(root, archive)
    assert tree_state(root) == before
    assert (result.pictures, result.stored, result.duplicates) == (5, 3, 1)
    assert names(result.unnamed) == {"rose (2).jpg", "22.jpg", "photo (31).jpg", "imagefap_8_0003_15.jpg.part"}
    assert names([one.path for one in result.problems]) == {"imagefap_8_0002_14.jpg", "gallery.json"}
    assert ask(archive, _IMAGES) == [
        (11, "stored", sha256(picture(1)), None, 7),
        (12, "stored", sha256(picture(2)), None, 7),
        (13, "stored", sha256(picture(1)), None, 8),
        (21, "stored", sha256(picture(6)), "rose.jpg", 9),
    ]
    assert ask(archive, "SELECT * FROM users") == ask(archive, "SELECT * FROM favorites") == []
    check_whole(archive)
    rows = dump(archive)
    assert do_import(root, archive).known == 4
    assert dump(archive) == rows


def test_what_the_archive_has_under_a_number_stays(tmp_path: Path) -> None:
    root, archive = tmp_path / "in", tmp_path / "out"
    write(root / "a" / "imagefap_7_11.jpg", picture(1))
    do_import(root / "a", archive)
    write(root / "b" / "imagefap_7_11.jpg", picture(2))
    write(root / "b" / "imagefap_7_12.jpg", picture(3))
    write(root / "c" / "imagefap_7_12.jpg", picture(4))
    result = do_import(root, archive)
    assert (result.stored, result.known) == (1, 1)
    assert len(result.problems) == 2
    assert all("holds other bytes as image 1" in problem.reason for problem in result.problems)
    stored = dict(ask(archive, "SELECT image_id, sha256 FROM images"))
    assert stored[11] == sha256(picture(1))
    assert stored[12] in (sha256(picture(3)), sha256(picture(4)))
    check_whole(archive)


def test_gallery_dl_with_its_archive(tmp_path: Path) -> None:
    root, archive = tmp_path / "in", tmp_path / "out"
    entries = gallery_dl_archive(tmp_path / "a.sqlite3", "imagefap7_11", "imagefap7_12", "imagefap7_13", "other7_14")
    write(root / "imagefap_7_11.jpg", picture(1))
    write(root / "imagefap_7_12.jpg", picture(2)[:-40])
    write(root / "imagefap_7_15.jpg", picture(3))
    write(root / "rose (21).jpg", picture(4))
    write(root / "gallery.json", json.dumps({"id": 9, "images": [{"id": 21}]}).encode())
    result = do_import(root, archive, entries=entries)
    assert (result.entries, result.entries_without_file, result.stored) == (3, 1, 2)
    assert names(result.unnamed) == {"rose (21).jpg"}
    assert [row[:2] for row in ask(archive, _IMAGES)] == [(11, "stored"), (15, "stored")]
    survey = TreeImport(None, tmp_path / "none", entries=entries).survey()
    assert (survey.entries, survey.entries_without_file, survey.pictures) == (3, 3, 0)
    assert not (tmp_path / "none").exists()
