"""What a strict reader of the promises tried: sequences in which an archive could lose a picture, or its way back."""

from __future__ import annotations

import shutil
from itertools import islice
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from review_bench import Bench, encoded, family, picture

from imagefap_scraper.database import groups as stored
from imagefap_scraper.database import writes
from imagefap_scraper.exceptions import LockedError
from imagefap_scraper.items import FavoriteItem, FolderItem, FolderKind, ImageItem, ImageStatus
from imagefap_scraper.review import workplace as workplaces
from imagefap_scraper.review.looking import PairLooks
from imagefap_scraper.review.options import read_options
from imagefap_scraper.storage.trash import carry_out
from tools.process import cli

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from imagefap_scraper.database.evidence import PairRow
    from imagefap_scraper.review.looking import Candidate
    from imagefap_scraper.storage.files import ArchiveDirectory
    from imagefap_scraper.storage.trash import FileMove

BEST, WORSE = encoded(picture(21), quality=92), encoded(picture(21), quality=50)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IMAGEFAP_OUTPUT", "IMAGEFAP_DATABASE_URL", "IMAGEFAP_DUPS_MAX_DISTANCE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bench = Bench(tmp_path_factory.mktemp("asked"), read_options({}))
    bench.add(BEST, WORSE)
    bench.find()
    return bench.root


@pytest.fixture
def bench(asked: Path, tmp_path: Path) -> Bench:
    """An archive that asks about one copy: picture 1 is the best, picture 2 the worse."""
    shutil.copytree(asked, tmp_path, dirs_exist_ok=True)
    return Bench(tmp_path, read_options({}), next_id=3)


def run(bench: Bench, *words: object, code: int = 0) -> str:
    result = CliRunner().invoke(cli, [*map(str, words), "--dir", str(bench.root)])
    assert result.exit_code == code, result.output
    return result.output


def meet_again(bench: Bench, content_of: int = 2) -> int:
    """Record a new image with the bytes of another one that were thrown out, as a crawl does; return its number."""
    image_id, bench.next_id = bench.next_id, bench.next_id + 1
    (sha256,) = bench.ask("SELECT skipped_sha256 FROM images WHERE image_id = ?", content_of)[0]
    folder = FolderItem(1, 12, "folder 12", FolderKind.IMAGES, 1, [FavoriteItem(image_id)])
    item = ImageItem(image_id, ImageStatus.SKIPPED, sha256=sha256, format="JPEG", size=len(WORSE))
    with bench.workplace.transaction() as connection:
        writes.record_folder(connection, folder)
        writes.record_stored(connection, item, layout="blobs", extension="jpeg", intent_id=None)
    return image_id


def images(bench: Bench) -> dict[int, str]:
    return dict(bench.ask("SELECT image_id, status FROM images"))


def test_an_image_that_came_while_its_bytes_were_thrown_out_is_stored_once_they_are_back(bench: Bench) -> None:
    run(bench, "dups", "decide", 1, "--keep", 1)
    thrown_out = bench.dump()
    new = meet_again(bench)
    assert images(bench) == {1: "stored", 2: "skipped", new: "skipped"}
    run(bench, "undo", "--yes")
    assert images(bench) == {1: "stored", 2: "stored", new: "stored"}
    # And once more: what points to it goes with it.
    run(bench, "undo", 2, "--yes")
    assert images(bench) == {1: "stored", 2: "skipped", new: "skipped"}
    assert bench.whole() == []
    assert bench.dump()[1] == thrown_out[1]


def test_an_image_that_came_after_the_undoing_goes_with_its_bytes_when_that_is_undone(bench: Bench) -> None:
    run(bench, "dups", "decide", 1, "--keep", 1)
    run(bench, "undo", "--yes")
    bench.add(WORSE, folder=12)
    run(bench, "undo", 2, "--yes")
    assert images(bench) == {1: "stored", 2: "skipped", 3: "skipped"}
    run(bench, "undo", 3, "--yes")
    assert images(bench) == {1: "stored", 2: "stored", 3: "stored"}
    assert bench.whole() == []


@pytest.mark.parametrize("then", ["crawl", "undo", "restore"])
def test_what_a_crawl_stored_while_it_was_thrown_out_harms_neither_crawl_nor_undo(bench: Bench, then: str) -> None:
    before = bench.dump()
    run(bench, "dups", "decide", 1, "--keep", 1)
    # The crawl had looked for the bytes before they went, and writes them once more.
    bench.add(WORSE)
    assert images(bench)[3] == "skipped"
    if then == "crawl":
        bench.add(encoded(picture(22)))
        run(bench, "undo", "--yes")
    elif then == "undo":
        run(bench, "undo", "--yes")
    else:
        (sha256,) = bench.ask("SELECT sha256 FROM blobs WHERE state = 'trashed'")[0]
        run(bench, "trash", "restore", sha256)
    assert bench.whole() == []
    assert bench.ask("SELECT DISTINCT state FROM blobs") == [("live",)]
    assert before[1].items() <= bench.dump()[1].items()
    assert set(images(bench).values()) == {"stored"}


def test_a_decision_is_not_undone_under_what_was_thrown_out_by_it(bench: Bench) -> None:
    before = bench.dump()
    run(bench, "dups", "decide", 1, "--keep", 1, "--later")
    run(bench, "dups", "apply", "--yes")
    applied = bench.dump()
    assert "its pictures were changed by action 2 since; undo that first" in run(bench, "undo", 1, "--yes", code=64)
    assert bench.dump() == applied
    run(bench, "undo", "--yes")
    run(bench, "undo", 1, "--yes")
    assert bench.dump() == before
    run(bench, "dups", "decide", 1, "--keep", 1, "--later")
    run(bench, "dups", "apply", "--yes")
    run(bench, "trash", "empty", "--yes")
    assert "the trash has been emptied" in run(bench, "undo", 5, "--yes", code=64)


def test_moves_that_another_process_has_carried_out_are_not_made_once_more(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = bench.dump()
    run(bench, "dups", "decide", 1, "--keep", 1, "--later")
    other = Bench(bench.root, bench.options).workplace

    def slow(directory: ArchiveDirectory, moves: Sequence[FileMove]) -> None:
        monkeypatch.setattr(workplaces, "carry_out", carry_out)
        # Between the question what is to be moved and the moves: the other one may only wait.
        monkeypatch.setattr("imagefap_scraper.storage.lock.write_lock.__wrapped__.__defaults__", (0.05,))
        with pytest.raises(LockedError), other.transaction():
            pass
        carry_out(directory, moves)

    monkeypatch.setattr(workplaces, "carry_out", slow)
    run(bench, "dups", "apply", "--yes")
    run(bench, "undo", "--yes")
    run(bench, "undo", 1, "--yes")
    assert bench.dump() == before


def test_a_search_that_is_stopped_has_on_record_what_it_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path, read_options({}))
    bench.add(*family(2))
    compare = PairLooks.compare

    def stopped(self: PairLooks, wanted: Sequence[Candidate]) -> Iterator[PairRow]:
        yield from islice(compare(self, wanted), 2)
        raise KeyboardInterrupt

    monkeypatch.setattr(PairLooks, "compare", stopped)
    with pytest.raises(KeyboardInterrupt):
        bench.find()
    assert bench.ask("SELECT count(*) FROM pairs") == [(2,)]
    monkeypatch.setattr(PairLooks, "compare", compare)
    assert bench.find().looked_at == 4
    assert len(bench.groups()[0].members) == 4


def test_several_members_go_with_commas(tmp_path: Path) -> None:
    bench = Bench(tmp_path, read_options({}))
    bench.add(*family(1))
    bench.find()
    run(bench, "dups", "decide", 1, "--keep", 1, "--skip", "2, 3", "--false", 4)
    verdicts = sorted(verdict for (verdict,) in bench.ask("SELECT verdict FROM duplicate_members"))
    assert verdicts == ["false", "keep", "skip", "skip"]
    run(bench, "undo", "--yes")
    assert "has no member " in run(bench, "dups", "decide", 1, "--keep", 1, "--skip", "2,", code=64)
    assert "named twice" in run(bench, "dups", "decide", 1, "--keep", 1, "--skip", "2,2", code=64)


def test_mere_look_alikes_are_listed_when_asked_for(bench: Bench) -> None:
    with bench.workplace.transaction() as connection:
        (group,) = stored.groups(connection)
        connection.exec_driver_sql("UPDATE duplicate_groups SET kind = 'look-alike'")
    people = run(bench, "dups", "list").splitlines()
    assert people[0].startswith("No groups.")
    assert people[1:] == ["1 more group is a mere look-alike: process.py dups list --class look-alike"]
    assert run(bench, "dups", "list", "--json") == ""
    assert f'"id": {group.group_id}' in run(bench, "dups", "list", "--class", "look-alike", "--json")
    asked_for = run(bench, "dups", "list", "--class", "look-alike")
    assert "look-alike" in asked_for
    assert "more group" not in asked_for
    assert "more group" not in run(bench, "dups", "list", "--state", "applied")
