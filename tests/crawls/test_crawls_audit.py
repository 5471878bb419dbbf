"""`images -a audit=1`: what vanished is believed at the second look, cleared when it is back; nothing is fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from crawl_support import crawl, rows

from tools.demo.client import DemoSite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORLD = ("--world", "plain", "--users", "1", "--folders", "1", "--images", "30", "--image-size", "60x40")


@pytest.fixture
def site() -> Iterator[DemoSite]:
    with DemoSite.start(*WORLD) as demo:
        yield demo


def absences(output: Path) -> dict[int, tuple[str, bool]]:
    query = "SELECT image_id, missing, vanished_at IS NOT NULL FROM images WHERE missing IS NOT NULL"
    return {image_id: (missing, bool(vanished)) for image_id, missing, vanished in rows(output, query)}


def test_three_levels_are_believed_at_the_second_look(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    user = site.truth()["users"][0]
    assert crawl(site, output, "favorites", "mode=read", f"user={user['name']}").code == 0
    page, file, address = user["folders"][0]["favorites"][3:6]
    for image_id, status in ((page, "page_missing"), (file, "file_missing"), (address, "no_url")):
        site.change_world(status={"ids": [image_id], "status": status})
    audit = ("audit=1", f"user={user['name'].upper()}")
    found = {page: "page", file: "file", address: "address"}
    site.reset_log()

    assert crawl(site, output, "images", *audit).code == 0
    assert absences(output) == {image_id: (level, False) for image_id, level in found.items()}

    crawl(site, output, "images", *audit)  # too soon to believe it
    assert absences(output) == {image_id: (level, False) for image_id, level in found.items()}

    outcome = crawl(site, output, "images", *audit, IMAGEFAP_AUDIT_HOURS="0")
    assert absences(output) == {image_id: (level, True) for image_id, level in found.items()}
    assert "3  have vanished from the site" in outcome.out
    assert {entry["method"] for entry in site.requests("image")} == {"HEAD"}
    assert rows(output, "SELECT count(*) FROM images WHERE status = 'stored'") == [(30,)]

    site.change_world(status={"ids": list(found), "status": "available"})
    outcome = crawl(site, output, "images", *audit)
    assert absences(output) == {}
    assert "3  had vanished and are back" in outcome.out


def test_a_block_in_between_forgets_the_first_look(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    user = site.truth()["users"][0]
    crawl(site, output, "favorites", "mode=read", f"user={user['name']}")
    site.change_world(status={"ids": user["folders"][0]["favorites"][:1], "status": "page_missing"})
    crawl(site, output, "images", "audit=1")
    assert len(absences(output)) == 1
    site.set_fault(block={"seconds": 1.0}, block_style="redirect")
    crawl(site, output, "images", "audit=1", IMAGEFAP_AUDIT_HOURS="0", IMAGEFAP_BLOCK_PAUSE="1.2")
    assert absences(output) == {}


def test_an_unknown_user_is_refused_without_a_request(site: DemoSite, tmp_path: Path) -> None:
    outcome = crawl(site, tmp_path / "out", "images", "audit=1", "user=somebody")
    assert outcome.code == 66
    assert "no user 'somebody' is known here" in outcome.err
    assert site.requests() == []
