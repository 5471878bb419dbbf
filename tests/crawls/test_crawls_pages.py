"""Photo pages and strips of a whole read crawl stay near the least number; the whole table is in benchmarks."""

from __future__ import annotations

import pytest

from benchmarks.crawl_pages import measure
from tools.demo.windows import WindowRule

#: Where the listing names the gallery, or the window says by itself where it starts.
TELLING = 1.15
ELSEWHERE = 1.6

CASES = [
    (WindowRule.JD, "shuffled", True, TELLING),
    (WindowRule.OWN_FIRST, "gallery", False, TELLING),
    (WindowRule.BLOCKS, "reversed", False, TELLING),
    (WindowRule.CENTRED, "shuffled", False, ELSEWHERE),
]


@pytest.mark.parametrize(("rule", "order", "named", "most"), CASES)
def test_few_pages(rule: WindowRule, order: str, named: bool, most: float) -> None:
    count = measure(rule, order, named=named)
    assert count.ratio <= most, count
