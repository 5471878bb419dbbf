from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import sample_archive
from click.testing import CliRunner
from sample_archive import FIRST, HOSTILE, SECOND

from tools.process import cli

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("IMAGEFAP_OUTPUT", "IMAGEFAP_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    sample_archive.make(tmp_path)
    return tmp_path


def output(directory: Path, *options: str) -> str:
    result = CliRunner().invoke(cli, ["print", "--dir", str(directory), *options])
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return result.stdout


def image(position: int, image_id: int, name: str | None, status: str, **rest: str) -> dict[str, Any]:
    fields = {"position": position, "image_id": image_id, "name": name, "sha256": None, "status": status, "reason": ""}
    return fields | rest


def test_json_lines_are_exactly_what_was_promised(archive: Path) -> None:
    objects = [json.loads(line) for line in output(archive, "--json").splitlines()]
    never = {"straight": None, "blobs": None}
    flowers = [
        image(0, 101, "one.jpg", "stored", sha256=FIRST),
        image(1, 107, "seven.jpg", "wanted"),
        image(2, 102, "two whole.jpg", "stored", sha256=FIRST),
        image(3, 103, "three.gif", "stored", sha256=SECOND),
        image(4, 104, "four.jpg", "failed", reason="the file is cut short"),
        image(5, 105, None, "gone", reason="the site has no such image"),
        image(6, 106, HOSTILE, "wanted"),
    ]
    anna: dict[str, Any] = {"user_id": 1, "user": "anna"}
    ben: dict[str, Any] = {"user_id": 2, "user": "Ben"}
    assert objects == [
        {**anna, "folder_id": -1, "folder": "Uncategorized", "kind": "empty", "pages": 1, "finished": never}
        | {"images": []},
        {**anna, "folder_id": 10, "folder": "Flowers", "kind": "images", "pages": 2}
        | {"finished": {"straight": None, "blobs": "2024-03-01T12:30:15Z"}, "images": flowers},
        {**anna, "folder_id": 11, "folder": "Albums", "kind": "galleries", "pages": 0, "finished": never}
        | {"images": []},
        {**ben, "folder_id": 20, "folder": "Trees", "kind": None, "pages": 1, "finished": never}
        | {"images": [image(7, 103, "three.gif", "stored", sha256=SECOND)]},
    ]


def test_json_shows_letters_as_they_are_but_nothing_that_a_terminal_obeys(archive: Path) -> None:
    text = output(archive, "--json")
    assert "花" in text
    assert not set(text) & {"\x1b", "\x9b", "\u2028", "\u202e"}


def test_the_human_form_shows_counts_then_rows(archive: Path) -> None:
    lines = output(archive).splitlines()
    held = "7 favorites, 2 wanted, 3 stored, 1 failed, 1 gone, 1 no longer listed, 4.0 kB"
    assert lines[0] == f"anna (user 1): 3 folders, {held}"
    assert lines[1] == "  Uncategorized (folder -1, empty, 1 page): 0 favorites, 0 bytes"
    assert lines[2] == f"  Flowers (folder 10, images, 2 pages, finished as blobs 2024-03-01 12:30 UTC): {held}"
    assert lines[3] == "         0          101  stored      1.0 kB  aaaaaaaaaa  one.jpg"
    assert lines[4].endswith("  seven.jpg  (no longer listed)")
    assert lines[7].endswith("  four.jpg  (the file is cut short)")
    assert lines[8].endswith("  (name not known)  (the site has no such image)")
    assert "  Trees (folder 20, kind not known, 1 page, no longer listed since 2024-03-01 12:30 UTC): " in "\n".join(
        lines
    )


def test_users_come_by_name_whatever_the_case(archive: Path) -> None:
    users = [line.split(" (user")[0] for line in output(archive).splitlines() if "(user " in line]
    assert users == ["anna", "Ben", "Ärger & Söhne"]


def test_the_tags_are_a_tree(archive: Path) -> None:
    text = output(archive)
    assert text[text.index("Tags\n") :].splitlines() == [
        "Tags",
        "  Animals: 0 images, 0 bytes",
        "  plants: 1 image, 1.0 kB",
        "    bushes: 0 images, 0 bytes",
        "    Trees: 2 images, 4.0 kB",
    ]


def test_names_from_the_site_cannot_steer_the_terminal(archive: Path) -> None:
    text = output(archive)
    assert "\\x1b[31mred\\x9b2J \\u202egpj.exe [bold]x[/bold] 花\\u2028.jpg\n" in text
    assert all(char.isprintable() or char == "\n" for char in text)
