from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console
from scrapy import Spider
from scrapy.utils.test import get_crawler

from imagefap_scraper.extensions._report import advice, rows
from imagefap_scraper.extensions._snapshot import Snapshot
from imagefap_scraper.extensions.summary import EndSummary, print_summary

NOON = 1_700_000_000.0
COMMAND = "scrapy crawl favorites -a user=somebody"
STATS: dict[str, Any] = {
    "imagefap/folders/total": 3,
    "imagefap/folders/listed": 2,
    "imagefap/folders/skipped": [("Of\nfriends", "holds galleries")],
    "imagefap/images/total": 20,
    "imagefap/images/stored": 11,
    "imagefap/images/known": 4,
    "imagefap/images/exact_duplicates": 1,
    "imagefap/images/failed": 3,
    "imagefap/images/failed_reasons/HTTP 500": 1,
    "imagefap/images/failed_reasons/broken: cut \x1b[2Jshort": 2,
    "imagefap/images/gone": 1,
    "imagefap/pages/asked": 9,
    "imagefap/pages/estimated": 5,
    "imagefap/pages/photo": 6,
    "imagefap/pages/folder": 3,
    "imagefap/bytes/stored": 3_300_000,
    "imagefap/output": "/srv/my archive",
    "imagefap/command": COMMAND,
    "elapsed_time_seconds": 65.0,
}


def counts(**changes: Any) -> Snapshot:
    return Snapshot.of({"imagefap/command": COMMAND, **{key.replace("__", "/"): v for key, v in changes.items()}})


def test_rows_tell_what_came_of_it() -> None:
    assert dict(rows(Snapshot.of(STATS))) == {
        "New images": "11 (3.3 MB)",
        "Known before": "4",
        "Exact duplicates": "1",
        "Failed": "3: broken: cut [2Jshort (2), HTTP 500 (1)",
        "Gone from the site": "1",
        "Folders listed": "2 of 3",
        "Skipped folder": "Of friends: holds galleries",
        "Pages asked": "9 (photo 6, folder 3)",
        "Time": "1 min 5 s",
        "Directory": "/srv/my archive",
    }


def test_rows_that_say_nothing_are_left_out() -> None:
    assert rows(Snapshot.of({})) == []
    assert [label for label, _ in rows(Snapshot.of({"imagefap/images/total": 0, "imagefap/blocks/count": 0}))] == [
        "New images"
    ]


def test_filters_and_galleries_are_told() -> None:
    stats: dict[str, Any] = {
        "imagefap/images/total": 10,
        "imagefap/images/stored": 7,
        "imagefap/images/filtered": 3,
        "imagefap/images/filtered_reasons/types=gif": 3,
        "imagefap/galleries/total": 2,
        "imagefap/galleries/listed": 1,
        "imagefap/galleries/skipped": [("old (gallery 7)", "gone from the site")],
    }
    counts = Snapshot.of(stats)
    assert counts.images_to_do == 0
    assert (
        dict(rows(counts)).items()
        >= {
            "Filtered out": "3: types=gif (3)",
            "Galleries read": "1 of 2",
            "Skipped gallery": "old (gallery 7): gone from the site",
        }.items()
    )
    assert advice(counts, "finished", 0.0) == "All is here that the filters let in; 3 of 10 are kept out."


def test_many_skipped_folders_and_reasons_stay_few_lines() -> None:
    stats: dict[str, Any] = {
        "imagefap/folders/skipped": [(f"f{i}", "private") for i in range(20)],
        "imagefap/images/failed": 20,
    }
    stats |= {f"imagefap/images/failed_reasons/r{i}": 1 for i in range(20)}
    told = rows(Snapshot.of(stats))
    assert told[-1] == ("Skipped folders", "12 more")
    assert told[0][1].endswith("12 other reasons")


@pytest.mark.parametrize(
    ("reason", "changes", "expected"),
    [
        ("finished", {"imagefap__images__total": 5}, "All 5 images are here."),
        ("finished", {"imagefap__images__total": 5, "imagefap__images__gone": 2}, "2 of 5 are gone"),
        ("finished", {"imagefap__images__total": 0}, "nothing to do"),
        ("finished", {}, ""),
        ("finished", {"imagefap__images__left": 7}, f"7 images still wanted; the same command goes on: {COMMAND}"),
        ("shutdown", {}, f"the same command goes on: {COMMAND}"),
        ("rate_blocked", {"imagefap__rate_blocked_until": NOON + 7200}, "(in 2 h): " + COMMAND),
        ("rate_blocked", {}, "in an hour"),
        ("closespider_timeout", {}, "Ended early (closespider_timeout)"),
        ("disk_full", {"imagefap__error": "No space left."}, ""),
    ],
)
def test_advice(reason: str, changes: dict[str, Any], expected: str) -> None:
    told = advice(counts(**changes), reason, NOON)
    assert expected in told
    assert bool(told) == bool(expected)


def test_failed_images_can_be_tried_again_in_that_directory() -> None:
    assert advice(Snapshot.of(STATS), "finished", NOON).endswith(
        "scrapy crawl images -a retry=failed -a 'output=/srv/my archive'"
    )


def test_without_a_database_the_same_command_tries_again() -> None:
    told = advice(Snapshot.of({**STATS, "imagefap/command": COMMAND + " -a db=0"}), "finished", NOON)
    assert "retry=failed" not in told
    assert told.endswith("-a db=0")


def test_piped_text_has_no_escapes_and_no_wrapped_lines() -> None:
    out = io.StringIO()
    long = Snapshot.of({**STATS, "imagefap/error": "why " * 60})
    print_summary(Console(file=out, width=40, markup=False), long, "finished", NOON)
    assert "\x1b" not in out.getvalue()
    assert len(out.getvalue().splitlines()) == 11


def test_terminal_text_is_not_markup() -> None:
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=True, markup=False)
    print_summary(console, counts(imagefap__folders__skipped=[("[red]a[/red]", "b")]), "finished", NOON)
    assert "[red]a[/red]: b" in out.getvalue()


class Ends:
    """A crawl's end, signal by signal."""

    def __init__(self) -> None:
        self.out = io.StringIO()
        self.crawler = get_crawler()
        self.summary = EndSummary(self.crawler, console=Console(file=self.out), clock=lambda: NOON)

    def happens(self, *events: str) -> list[bool]:
        spider, printed = Spider(name="any"), []
        for event in events:
            if event == "closed":
                self.summary.spider_closed(spider, "shutdown")
            else:
                getattr(self.summary, event)()
            printed.append("Stopped." in self.out.getvalue())
        return printed


def test_waits_for_those_who_still_count() -> None:
    assert Ends().happens("engine_started", "closed", "engine_stopped") == [False, False, True]


def test_engine_that_ends_before_its_spider() -> None:
    assert Ends().happens("engine_started", "engine_stopped", "closed") == [False, False, True]


def test_crawl_closed_while_opening() -> None:
    ends = Ends()
    assert ends.happens("closed", "engine_stopped") == [True, True]
    assert ends.out.getvalue().count("Stopped.") == 1
