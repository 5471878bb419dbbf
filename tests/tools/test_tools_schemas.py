"""What the commands write with --json is what docs/schemas/ says."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sample_archive
from click.testing import CliRunner
from legacy import legacy_world
from review_bench import Bench, encoded, family, picture
from tools_commands import paths

from imagefap_scraper.review.options import read_options
from tools.process import cli

if TYPE_CHECKING:
    from collections.abc import Iterator

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed (requirements-test.txt)")

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
#: The schema of each command that has --json; `dups rules` writes two more.
SCHEMA_OF = {
    "config": "config",
    "doctor": "doctor",
    **dict.fromkeys(["dups accept", "dups apply", "dups decide", "dups defer", "dups undo", "undo"], "change"),
    "dups find": "dups-find",
    "dups hash": "dups-hash",
    "dups history": "history",
    "dups list": "dups-list",
    "dups rules": "dups-rules",
    "dups show": "dups-show",
    "export": "export",
    "history": "history",
    **dict.fromkeys(["import gallery-dl", "import local", "import tree"], "import-files"),
    "import legacy": "import-legacy",
    "print": "print",
    "relink": "relink",
    "stats": "stats",
    **{f"tags {word}": "tags-change" for word in ("add", "assign", "delete", "move", "remove", "rename")},
    "tags list": "tags-list",
    **dict.fromkeys(["trash empty", "trash restore"], "change"),
    "trash list": "trash-list",
    "verify": "verify",
}


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("IMAGEFAP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("IMAGEFAP_PACE_FILE", str(tmp_path / "pace.sqlite3"))


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Two groups: three copies, and two files with the same pixels."""
    bench = Bench(tmp_path_factory.mktemp("seeded"), read_options({}))
    bench.add(*family(1)[:3])
    best, _, _, png = family(2)
    bench.add(best, png)
    bench.find()
    return bench


@pytest.fixture
def looked(seeded: Bench, tmp_path: Path) -> Path:
    """The directory of the seeded archive, to be changed."""
    return Path(shutil.copytree(seeded.root, tmp_path / "archive"))


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    directory = tmp_path / "sample"
    directory.mkdir()
    sample_archive.make(directory)
    return directory


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def strict(part: Any) -> Any:
    """Return the schema such that a field which it does not tell of is an error.

    As published it allows them: a script that checks with it must survive a field that is new.
    """
    if isinstance(part, list):
        return [strict(one) for one in part]
    if not isinstance(part, dict):
        return part
    closed = {name: strict(one) for name, one in part.items()}
    return {"additionalProperties": False, **closed} if "properties" in part else closed


def documents(directory: Path, words: str, *more: str, codes: tuple[int, ...] = (0,)) -> list[Any]:
    """Return what a command wrote to stdout, a document a line."""
    result = CliRunner().invoke(cli, [*words.split(), *more, "--json", "--dir", str(directory)])
    assert result.exit_code in codes, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def check(name: str, found: list[Any]) -> None:
    assert found, "nothing was written, so nothing is shown"
    validator = jsonschema.Draft202012Validator(strict(schema(name)))
    for document in found:
        assert [error.message for error in validator.iter_errors(document)] == []


def test_every_schema_is_one_and_is_used() -> None:
    names = {path.stem for path in SCHEMAS.iterdir()}
    for name in names:
        jsonschema.Draft202012Validator.check_schema(schema(name))
    assert names == {*SCHEMA_OF.values(), "dups-rules-mode", "dups-rules-preview"}


def test_every_command_with_json_has_a_schema() -> None:
    written = {name for name, command in paths() if any("--json" in one.opts for one in command.params)}
    assert written == set(SCHEMA_OF)


@pytest.mark.parametrize("words", ["stats", "print", "tags list", "dups list", "dups rules", "config"])
def test_what_only_reads_fits_on_an_archive_with_everything(sample: Path, words: str) -> None:
    check(SCHEMA_OF[words], documents(sample, words))


def test_config_tells_of_what_is_no_setting(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEFAP_PAGE_GAPP", "1")
    check("config", documents(sample, "config"))


def test_verify_fits_whatever_it_finds(sample: Path, looked: Path) -> None:
    check("verify", documents(looked, "verify"))
    check("verify", documents(sample, "verify", codes=(65,)))
    check("verify", documents(sample, "verify", "--repair", codes=(0, 65)))


def test_doctor_fits(sample: Path) -> None:
    check("doctor", documents(sample, "doctor"))
    check("doctor", documents(sample / "imagefap.database", "doctor", codes=(65, 73)) or [])


def test_groups_and_what_is_done_with_them_fit(looked: Path) -> None:
    groups = documents(looked, "dups list")
    check("dups-list", groups)
    for group in groups:
        check("dups-show", documents(looked, f"dups show {group['id']}"))
    check("dups-find", documents(looked, "dups find"))
    check("dups-hash", documents(looked, "dups hash"))
    check("dups-rules-preview", documents(looked, "dups rules --preview pixel-identical"))
    check("dups-rules-mode", documents(looked, "dups rules pixel-identical --mode off --dry-run"))
    first, second = (str(group["id"]) for group in groups)
    check("change", documents(looked, "dups defer", first, "--dry-run"))
    check("change", documents(looked, "dups decide", first, "--keep", "1", "--dry-run"))
    check("change", documents(looked, "dups decide", first, "--keep", "1"))
    check("change", documents(looked, "dups decide", second, "--keep", "1", "--later"))
    check("change", documents(looked, "dups apply --yes"))
    thrown_out = documents(looked, "trash list")
    check("trash-list", thrown_out)
    check("history", documents(looked, "history"))
    check("history", documents(looked, "dups history"))
    check("change", documents(looked, "trash restore", thrown_out[0]["sha256"], "--dry-run"))
    check("change", documents(looked, "undo --dry-run"))
    check("change", documents(looked, "dups undo --yes"))
    check("change", documents(looked, "trash empty --yes"))
    check("change", documents(looked, "dups accept --class copy --yes"))


def test_changes_of_tags_fit(sample: Path) -> None:
    for words in ("tags add plants/herbs", "tags rename plants/herbs grass", "tags move plants/grass /"):
        check("tags-change", documents(sample, words))
    for words in ("tags assign type:gif grass", "tags remove type:gif grass", "tags delete grass"):
        check("tags-change", documents(sample, words, "--yes"))
    check("tags-change", documents(sample, "tags add plants/herbs --dry-run"))


@pytest.fixture
def brought(tmp_path: Path) -> Iterator[Path]:
    """A directory with a picture that names its id, one that does not, and a file that is none."""
    directory = tmp_path / "brought"
    directory.mkdir()
    (directory / "imagefap_77_1234.jpg").write_bytes(encoded(picture(7, 64, 48)))
    (directory / "plain.jpg").write_bytes(encoded(picture(8, 64, 48)))
    (directory / "cut.jpg").write_bytes(encoded(picture(9, 64, 48))[:300])
    (directory / "words.txt").write_text("words")
    return directory


@pytest.mark.parametrize("source", ["local", "tree"])
def test_imports_of_files_fit(brought: Path, tmp_path: Path, source: str) -> None:
    found = documents(tmp_path / "new", "import", source, str(brought), "--dry-run", codes=(0, 3))
    check("import-files", found)
    check("import-files", documents(tmp_path / "new", "import", source, str(brought), "--yes", codes=(0, 3)))


def test_an_import_of_gallery_dls_archive_fits(brought: Path, tmp_path: Path) -> None:
    archive = sqlite3.connect(tmp_path / "archive.sqlite3")
    with archive:
        archive.execute("CREATE TABLE archive (entry TEXT PRIMARY KEY) WITHOUT ROWID")
        archive.executemany("INSERT INTO archive VALUES (?)", [("imagefap1234",), ("imagefap999",)])
    archive.close()
    more = [str(tmp_path / "archive.sqlite3"), "--files", str(brought), "--yes"]
    (found,) = documents(tmp_path / "new", "import gallery-dl", *more, codes=(0, 3))
    check("import-files", [found])
    assert found["entries_without_file"] == 1


def test_an_import_of_the_originals_database_fits(tmp_path: Path) -> None:
    database = legacy_world.write(tmp_path / "old", legacy_world.world())
    for more in (["--dry-run"], []):
        check("import-legacy", documents(tmp_path / "new", "import legacy", str(database), *more, codes=(0, 3)))


def test_an_export_fits(looked: Path, sample: Path, tmp_path: Path) -> None:
    for more in (["--dry-run"], ["--yes"], ["--yes"]):
        check("export", documents(looked, "export", "", "--to", str(tmp_path / "out"), *more))
    # Rows without files: problems are told.
    check("export", documents(sample, "export", "", "--to", str(tmp_path / "away"), "--yes", codes=(3,)))


def test_other_names_fit(looked: Path) -> None:
    connection = sqlite3.connect(looked / "imagefap.database")
    with connection:
        for path, sha256 in connection.execute("SELECT path, sha256 FROM files").fetchall():
            shutil.copy(looked / path, looked / f"{sha256[:6]}.jpg")
            connection.execute("INSERT INTO files VALUES (?, ?, 'straight')", (f"{sha256[:6]}.jpg", sha256))
        (gone,) = connection.execute("SELECT min(path) FROM files WHERE layout = 'straight'").fetchone()
    connection.close()
    (looked / gone).unlink()
    for more in (["--dry-run"], ["--yes"], ["--yes"]):
        (found,) = documents(looked, "relink", "--template", "{folder}/{num:05}-{name}.{ext}", *more, codes=(0, 3))
        check("relink", [found])
