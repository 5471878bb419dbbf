"""Strips that lie, addresses that expire: never another image's bytes, and no page asked twice but for a reason."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from crawl_support import check_blobs, crawl, image_folders, user_of
from faults_support import USER, WORDS, small_world, statuses

from tools.demo.client import DemoSite
from tools.demo.windows import WindowRule

if TYPE_CHECKING:
    from pathlib import Path


def check_complete(site: DemoSite, output: Path) -> None:
    truth = site.truth()
    check_blobs(output, truth, image_folders(user_of(truth, USER)))


def photo_pages(site: DemoSite) -> Counter[int]:
    return Counter(entry["image_id"] for entry in site.requests("photo"))


@pytest.fixture
def site() -> DemoSite:
    with DemoSite.start(world=small_world(40, gallery_sizes=(10, 10))) as demo:
        yield demo


@pytest.mark.parametrize("rate", [1.0, 0.4])
def test_a_photo_page_whose_strip_lies_costs_pages_and_no_image(site: DemoSite, tmp_path: Path, rate: float) -> None:
    site.set_fault(rules=[{"do": "lie", "kind": "photo", "rate": rate}])
    outcome = crawl(site, tmp_path / "out", "favorites", *WORDS)
    assert outcome.code == 0, outcome.err
    check_complete(site, tmp_path / "out")
    assert not [image for image, times in photo_pages(site).items() if times > 1]


def test_where_every_strip_lies_nothing_is_stored_under_a_wrong_number(site: DemoSite, tmp_path: Path) -> None:
    site.set_fault(rules=[{"do": "lie", "kind": ["photo", "strip"]}])
    outcome = crawl(site, tmp_path / "out", "favorites", *WORDS)
    assert outcome.code == 3, outcome.err
    assert {status for status, _ in statuses(tmp_path / "out").values()} == {"failed"}
    assert {reason for _, reason in statuses(tmp_path / "out").values()} == {"no full-size address on its page"}
    assert not site.requests("image")
    site.set_fault(reset=True)
    outcome = crawl(site, tmp_path / "out", "favorites", *WORDS)
    assert outcome.code == 0, outcome.err
    check_complete(site, tmp_path / "out")


@pytest.mark.parametrize("rule", ["own_missing", "no_url"])
def test_pages_without_their_own_address_are_looked_at_beside(site: DemoSite, tmp_path: Path, rule: str) -> None:
    site.set_fault(rules=[{"do": rule, "kind": "photo"}])
    outcome = crawl(site, tmp_path / "out", "favorites", *WORDS)
    assert outcome.code == 0, outcome.err
    check_complete(site, tmp_path / "out")
    assert not [image for image, times in photo_pages(site).items() if times > 1]


def test_with_slow_images_and_addresses_of_short_life_no_page_is_asked_twice(tmp_path: Path) -> None:
    with DemoSite.start("--signature-seconds=3", world=small_world(120, gallery_sizes=(24, 24))) as site:
        site.set_fault(latency={"image": 0.2})
        outcome = crawl(site, tmp_path / "out", "favorites", *WORDS, IMAGEFAP_IMAGE_BACKLOG="8")
        assert outcome.code == 0, outcome.err
        check_complete(site, tmp_path / "out")
        assert {entry["status"] for entry in site.requests("image")} == {200}
        assert len(photo_pages(site)) <= 8
        assert set(photo_pages(site).values()) == {1}


def test_an_expired_address_costs_one_refresh(tmp_path: Path) -> None:
    with DemoSite.start("--signature-seconds=1", world=small_world(24, gallery_sizes=(24, 24), folders=1)) as site:
        site.set_fault(latency={"image": 0.3})
        outcome = crawl(site, tmp_path / "out", "favorites", *WORDS, IMAGEFAP_IMAGE_CONCURRENCY="2")
        assert outcome.code == 0, outcome.err
        check_complete(site, tmp_path / "out")
        expired = {entry["image_id"] for entry in site.requests("image") if entry["status"] == 403}
        assert expired
        assert max(photo_pages(site).values()) <= 2
        assert sum(photo_pages(site).values()) <= 4 + len(expired)


def test_all_addresses_expire_at_once(tmp_path: Path) -> None:
    with DemoSite.start(world=small_world(24, gallery_sizes=(24, 24), folders=1, window=WindowRule.BLOCKS)) as site:
        # Each file's first address is refused, as if the site's clock had gone on; one look at a page renews all.
        site.set_fault(rules=[{"do": "status", "status": 403, "kind": "image", "first": 1}])
        outcome = crawl(site, tmp_path / "out", "favorites", *WORDS)
        assert outcome.code == 0, outcome.err
        check_complete(site, tmp_path / "out")
        assert max(photo_pages(site).values()) <= 2
        # 24 expired addresses stand on one page.
        assert sum(photo_pages(site).values()) <= 8, photo_pages(site)
