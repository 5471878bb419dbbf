"""What the crawling process and the command line never pay for, seen from a fresh interpreter.

Which layer may import which is import-linter's work (`lint-imports`, pyproject.toml); it does not see what a library
brings along, nor what an import costs.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

#: Decoding and hashing happen in child processes: 0.1 GB and 1.5 s that the crawl itself does without.
HEAVY = ("imagededup", "numpy", "PIL", "scipy", "pywt", "sklearn", "torch", "matplotlib")
FRAMEWORK = ("scrapy", "twisted")


def _imported(module: str) -> set[str]:
    """Return the top packages that a fresh interpreter has after an import."""
    program = f"import {module}, sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "imagefap_scraper.spiders.favorites, imagefap_scraper.spiders.images, imagefap_scraper.spiders.users, "
        "imagefap_scraper.commands.crawl, imagefap_scraper.pipelines.database, imagefap_scraper.pipelines.inspection, "
        "imagefap_scraper.extensions.summary, imagefap_scraper.extensions.progress, imagefap_scraper.pace.scheduler",
    ],
)
def test_the_crawling_process_decodes_nothing(module: str) -> None:
    found = _imported(module)
    assert found.isdisjoint(HEAVY)
    assert "scrapy" in found  # else this test would see nothing


def test_settings_cost_nothing() -> None:
    """Scrapy reads them first, for `scrapy --help` as well."""
    own = _imported("imagefap_scraper.settings") - _imported("os, typing, __future__")
    assert own == {"imagefap_scraper"}


@pytest.mark.parametrize(
    "module",
    [
        "imagefap_scraper.archive",
        "imagefap_scraper.storage.layouts, imagefap_scraper.storage.recovery",
        "imagefap_scraper.database.reads, imagefap_scraper.database.reports, imagefap_scraper.database.session",
        "imagefap_scraper.planning.planner, imagefap_scraper.planning.folder_walk",
        "imagefap_scraper.pages.favorites, imagefap_scraper.pages.photo",
        "imagefap_scraper.inspection.pool",
        "imagefap_scraper.pace.store, imagefap_scraper.pace.budget",
        "imagefap_scraper.items, imagefap_scraper.exceptions",
    ],
)
def test_what_is_pure_brings_no_framework(module: str) -> None:
    assert _imported(module).isdisjoint({*FRAMEWORK, *HEAVY})


def test_reading_a_database_needs_no_migrations() -> None:
    found = _imported("imagefap_scraper.database.reports, imagefap_scraper.database.session")
    assert found.isdisjoint({"alembic", "mako", "pydantic"})
    assert "sqlalchemy" in found
