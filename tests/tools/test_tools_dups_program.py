"""What the duplicates' commands load, each a program of its own: only a search pays for what compares pictures."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from review_bench import Bench, family

from imagefap_scraper.review.options import read_options

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tools" / "process.py"
#: What compares pictures, and what a crawl needs.
HEAVY = {"numpy", "PIL", "scipy", "pywt", "imagededup", "scrapy", "twisted", "alembic", "pydantic"}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A group of three copies and, decided, one of two."""
    bench = Bench(tmp_path_factory.mktemp("archive"), read_options({}))
    bench.add(*family(1)[:3])
    bench.add(*family(2)[:2])
    bench.find()
    return bench.root


def imported(script: str) -> set[str]:
    """Return the packages that a fresh interpreter has when a script ends."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("IMAGEFAP_", "PYTHON"))}
    tell = "import atexit, sys\natexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
    command = [sys.executable, "-c", tell + script]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", env=kept, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


def by_command(archive: Path, *words: str) -> set[str]:
    words = (str(PROGRAM), *words, "--dir", str(archive))
    start = f"import runpy\nsys.argv = {list(words)!r}\nsys.path.insert(0, {str(PROGRAM.parent)!r})\n"
    return imported(start + f"runpy.run_path({str(PROGRAM)!r}, run_name='__main__')\n")


@pytest.mark.parametrize(
    "words",
    [
        "dups list",
        "dups list --json",
        "dups show 1",
        "dups decide 1 --keep 1 --dry-run",
        "dups accept --class copy --yes",
        "dups apply --yes",
        "dups rules --preview dominated-copy",
        "history",
        "trash list",
        "undo --yes",
    ],
)
def test_deciding_loads_nothing_that_decodes(archive: Path, words: str) -> None:
    if words.startswith("undo"):
        # Whatever ran before, in whichever process: there is something to undo.
        by_command(archive, "tags", "add", "plants")
    modules = by_command(archive, *words.split())
    assert "sqlalchemy" in modules
    assert modules.isdisjoint(HEAVY)
    if words.startswith("dups list"):
        assert "rich.console" not in modules
        # What is listed in which order; nothing of deciding.
        ours = {name for name in modules if name.startswith("imagefap_scraper.review.")}
        assert ours == {"imagefap_scraper.review.queue"}


def test_only_a_search_loads_what_compares(archive: Path) -> None:
    assert "numpy" in by_command(archive, "dups", "find")


@pytest.mark.parametrize("words", ["dups", "dups list", "dups decide", "dups rules", "trash", "trash empty", "undo"])
def test_help_loads_neither_the_database_nor_rich(archive: Path, words: str) -> None:
    start = f"import runpy\nsys.argv = {[str(PROGRAM), *words.split(), '--help']!r}\n"
    start += f"sys.path.insert(0, {str(PROGRAM.parent)!r})\n"
    modules = imported(start + f"runpy.run_path({str(PROGRAM)!r}, run_name='__main__')\n")
    assert "click" in modules
    assert modules.isdisjoint(HEAVY | {"sqlalchemy", "rich"})


def test_of_the_engine_finding_and_looking_alone_load_numpy() -> None:
    names = sorted(path.stem for path in (ROOT / "imagefap_scraper" / "review").glob("[!_]*.py"))
    assert {"deciding", "finding", "looking"} < set(names)
    light = [name for name in names if name not in {"finding", "looking"}]
    lines = [f"import imagefap_scraper.review.{name}" for name in light]
    modules = imported("\n".join([f"sys.path.insert(0, {str(ROOT)!r})", *lines]))
    assert "sqlalchemy" in modules
    assert modules.isdisjoint(HEAVY)
