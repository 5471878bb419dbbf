"""The promise of few pages, held in small simulated worlds (the whole table: `benchmarks/page_plan.py`)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import page_plan

ROWS: dict[str, list[page_plan.Row]] = {}


def rows(ids: str) -> list[page_plan.Row]:
    """The quick table, once for all tests."""
    if ids not in ROWS:
        ROWS[ids] = list(page_plan.table("mixed", (ids,), 25, 1))
    return ROWS[ids]


@pytest.mark.parametrize("ids", ["stride 1", "gaps"])
@pytest.mark.parametrize("rule", page_plan.RULES)
def test_pages_stay_near_the_optimum(ids: str, rule: str) -> None:
    found = [row for row in rows(ids) if row.rule == rule]
    assert len(found) == len(page_plan.ORDERS)
    for row in found:
        assert 1 <= row.named <= page_plan.target(rule, named=True), row
        assert 1 <= row.unnamed <= page_plan.target(rule, named=False), row


@pytest.mark.parametrize("ids", ["interleaved", "descending", "shuffled"])
def test_pages_stay_low_whatever_the_ids(ids: str) -> None:
    for row in rows(ids):
        assert 1 <= row.named <= 1.35, row
        assert 1 <= row.unnamed <= 1.6, row


def test_planning_is_cheap() -> None:
    world = page_plan.make_world("centred", "shuffled", "gaps", picks="mixed", galleries=150, seed=2)
    asked, seconds = page_plan.run(world, named=False)
    assert seconds / asked < 0.004  # of processor time; 0.5 ms on a quiet machine
