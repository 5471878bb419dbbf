"""What several modules begin with: an archive with groups that ask, made once."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from review_bench import Bench
from verdicts_bench import NEXT, seeded

from imagefap_scraper.review.options import read_options

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seeded(tmp_path_factory.mktemp("asked"))


@pytest.fixture
def bench(asked: Path, tmp_path: Path) -> Bench:
    """A copy of it, to be changed."""
    shutil.copytree(asked, tmp_path, dirs_exist_ok=True)
    return Bench(tmp_path, read_options({}), next_id=NEXT)
