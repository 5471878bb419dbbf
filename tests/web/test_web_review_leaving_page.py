"""Leaving the review while decisions are on their way, or did not arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import web_bench
from playwright.sync_api import expect
from review_steps import review
from web_bench import encoded, picture

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page, Route
    from web_bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """An archive with one group."""
    made = web_bench.bench(tmp_path / "archive")
    image = picture(1, 96, 72)
    made.add(encoded(image, quality=92), encoded(image, quality=60))
    made.find()
    return made


def test_the_end_of_the_queue_says_that_it_waits_for_the_last_decisions(page: Page, home: str, bench: Bench) -> None:
    review(page, home, "")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/decide*", hold)
    page.keyboard.press("v")
    expect(page.locator("#consequence")).to_contain_text("as a variant")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_have_text("Sending the last decision. Please leave this page open.")
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    # It is sent after the next paint.
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    expect(page.locator("h1")).to_have_text("All done")
    assert bench.groups("new", "suggested") == []


def test_a_decision_that_did_not_arrive_is_not_lost_without_a_question(page: Page, home: str) -> None:
    review(page, home, "")
    page.route("**/decide*", lambda route: route.abort())
    page.keyboard.press("Enter")
    expect(page.locator("#unsent")).to_contain_text("1 decision was not sent")
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.accept()
