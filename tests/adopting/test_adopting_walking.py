from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from adopting_bench import picture, write

from imagefap_scraper.adopting.result import Result
from imagefap_scraper.adopting.walking import Walk
from imagefap_scraper.exceptions import UserInputError


def walked(root: Path, archive: Path, result: Result) -> dict[str, list[str]]:
    return {
        found.path.relative_to(root).as_posix(): [file.path.name for file in found.files]
        for found in Walk(root, archive, result)
    }


def reasons(result: Result, root: Path) -> dict[str, str]:
    return {str(Path(problem.path).relative_to(root)): problem.reason for problem in result.problems}


def test_pictures_by_content_in_the_order_of_names(tmp_path: Path) -> None:
    root = tmp_path / "in"
    for name in ("b.jpg", "B.jpg", "a.jpg", "no ending", "wrong.txt", "d/z.gif", "d/e/f/y.png", "c/x.JPG"):
        write(root / name, picture(1))
    write(root / "notes.txt", b"text")
    write(root / "film.mp4", b"\0" * 2000)
    write(root / "void", b"")
    write(root / "text.jpg", b"<html>")
    write(root / "none.png", b"")
    (root / "nothing" / "here").mkdir(parents=True)
    result = Result()
    found = walked(root, tmp_path / "out", result)
    assert found == {
        ".": ["B.jpg", "a.jpg", "b.jpg", "no ending", "wrong.txt"],
        "c": ["x.JPG"],
        "d": ["z.gif"],
        "d/e/f": ["y.png"],
    }
    assert list(found) == [".", "c", "d", "d/e/f"]
    assert reasons(result, root) == {"text.jpg": "not a picture", "none.png": "empty"}
    assert (result.directories, result.others, result.passed_over) == (4, 3, 0)


def test_links_are_never_followed(tmp_path: Path) -> None:
    root = tmp_path / "in"
    write(root / "a.jpg", picture(1))
    write(tmp_path / "elsewhere" / "b.jpg", picture(2))
    (root / "inside.jpg").symlink_to("a.jpg")
    (root / "loop").symlink_to(".")
    (root / "self").symlink_to("self")
    (root / "gone.jpg").symlink_to("nowhere")
    (root / "out.jpg").symlink_to(tmp_path / "elsewhere" / "b.jpg")
    (root / "outdir").symlink_to(tmp_path / "elsewhere")
    (root / "zero.jpg").symlink_to("/dev/zero")
    result = Result()
    assert walked(root, tmp_path / "out", result) == {".": ["a.jpg"]}
    assert result.passed_over == 2
    assert set(reasons(result, root)) == {"self", "gone.jpg", "out.jpg", "outdir", "zero.jpg"}
    assert "leads out" in reasons(result, root)["outdir"]
    assert "nowhere" in reasons(result, root)["gone.jpg"]


def test_devices_and_what_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "in"
    write(root / "a.jpg", picture(1))
    os.mkfifo(root / "pipe")
    write(root / "locked" / "b.jpg", picture(1))
    write(root / "secret.jpg", picture(1))
    original, opened = os.scandir, os.open

    def scandir(path: object) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return original(path)  # type: ignore[call-overload]

    def open_(path: str, *of: int) -> int:
        if str(path).endswith("secret.jpg"):
            raise PermissionError(13, "Permission denied")
        return opened(path, *of)

    # Tests may run as root, whom no permission stops.
    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(os, "open", open_)
    result = Result()
    assert walked(root, tmp_path / "out", result) == {".": ["a.jpg"]}
    said = reasons(result, root)
    assert said["locked"] == "the directory cannot be read: Permission denied"
    assert said["secret.jpg"] == "cannot be read: Permission denied"
    assert "no plain file" in said["pipe"]


def test_a_tree_deeper_than_a_path_can_be(tmp_path: Path) -> None:
    root = tmp_path / "in"
    write(root / "a.jpg", picture(1))
    here = os.open(root, os.O_RDONLY)
    try:
        for _ in range(25):
            os.mkdir("d" * 200, dir_fd=here)
            below = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
    finally:
        os.close(here)
    result = Result()
    assert walked(root, tmp_path / "out", result) == {".": ["a.jpg"]}
    assert len(result.problems) == 1
    assert "File name too long" in result.problems[0].reason
    shutil.rmtree(root)


def test_the_archive_is_never_gone_into(tmp_path: Path) -> None:
    root = tmp_path / "in"
    write(root / "a.jpg", picture(1))
    write(root / "archive" / "blobs" / "b.jpg", picture(2))
    write(root / "other" / ".imagefap" / "trash" / "c.jpg", picture(3))
    write(root / "other" / "d.jpg", picture(4))
    result = Result()
    assert walked(root, root / "archive", result) == {".": ["a.jpg"], "other": ["d.jpg"]}
    assert result.passed_over == 2
    (tmp_path / "alias").symlink_to(root / "archive")
    for own in (root / "archive", root / "archive" / "blobs", tmp_path / "alias"):
        with pytest.raises(UserInputError, match="the archive's own directory"):
            Walk(own, root / "archive", result)
    with pytest.raises(UserInputError, match="there is no directory"):
        Walk(root / "missing", tmp_path / "out", result)
    with pytest.raises(UserInputError, match="there is no directory"):
        Walk(root / "a.jpg", tmp_path / "out", result)
