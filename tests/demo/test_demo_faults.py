"""Limits, blocks, rules and changes of the world, without a server."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from tools.demo.build import WorldOptions, plain_world
from tools.demo.control import FaultSwitch, change_world
from tools.demo.faults import ACTIONS, RuleBook, read_rule
from tools.demo.limits import BLOCK_STYLES, Limits
from tools.demo.markup import CHECK_TEXT
from tools.demo.reply import Reply, Wire
from tools.demo.routing import Target, classify
from tools.demo.site import Site

ORIGIN = "http://site.test"
PHOTO = "/photo/100000001/"


@pytest.fixture
def site() -> Site:
    return Site(plain_world(WorldOptions(images=40, folders=1)))


def ask(site: Site, path: str = PHOTO) -> Reply:
    return site.answer(classify(path, {}), ORIGIN)[0]


def test_one_request_more_than_a_window_allows_starts_a_block() -> None:
    limits = Limits()
    limits.windows, limits.block_seconds = [(3, 10.0), (5, 100.0)], 20.0
    assert [limits.is_refused("photo", now) for now in (0, 1, 2, 3)] == [False, False, False, True]
    assert limits.seconds_left(3) == 20
    assert not limits.is_refused("image", 4)
    assert limits.is_refused("root", 22.9)
    assert not limits.is_refused("photo", 23)
    assert limits.seconds_left(23) is None


def test_a_long_window_is_counted_beside_a_short_one() -> None:
    limits = Limits()
    limits.windows = [(3, 10.0), (5, 100.0)]
    assert [limits.is_refused("robots", 20.0 * n) for n in range(5)] == [False] * 5
    assert not limits.is_refused("robots", 90.0)
    assert limits.is_refused("photo", 91.0)
    assert limits.seconds_left(91) == math.inf


def test_an_ordered_block_starts_after_so_many_requests_and_ends() -> None:
    limits = Limits()
    limits.order_block({"after": 2, "seconds": 5})
    answers = [limits.is_refused(kind, 0) for kind in ("photo", "image", "photo", "image", "photo", "image")]
    assert answers == [False, False, False, False, True, False]
    assert limits.is_refused("photo", 4.9)
    assert not limits.is_refused("photo", 5)


@pytest.mark.parametrize("style", BLOCK_STYLES)
def test_each_style_of_block_looks_as_it_says(site: Site, style: str) -> None:
    FaultSwitch(site).order({"block": {}, "block_style": style, "retry_after": 7})
    reply = ask(site)
    if style.startswith("redirect"):
        assert reply.status == 302
        assert reply.headers["Location"].endswith(("/human-verification", "/rl_captcha.php"))
    elif style.startswith("text"):
        assert reply.status == 200
        assert CHECK_TEXT in reply.body.decode()
        assert reply.zipped == (style == "text_gzip")
    else:
        assert str(reply.status) == style[:3]
        assert reply.headers.get("Retry-After") == ("7" if style.endswith("after") else None)
    assert ask(site, "/human-verification").status == 200


def test_a_block_refuses_its_scope_alone(site: Site) -> None:
    switch = FaultSwitch(site)
    switch.order({"block": {}, "block_scope": ["images", "robots"], "block_style": "429"})
    assert ask(site).status == 200
    assert ask(site, "/robots.txt").status == 429
    assert ask(site, "/images/full/1/123/123.jpg").status == 429
    switch.order({"block": None})
    assert ask(site, "/robots.txt").status == 200


@pytest.mark.parametrize(
    ("rule", "status", "text"),
    [
        ({"do": "status", "status": 502}, 502, "502"),
        ({"do": "empty"}, 200, ""),
        ({"do": "body", "body": "some words"}, 200, "some words"),
        ({"do": "html_as_image"}, 200, "offline"),
        ({"do": "redirect", "location": "http://elsewhere.test/"}, 302, ""),
        ({"do": "redirect_thumb"}, 302, ""),
        ({"do": "gone_text"}, 200, "does not exist"),
        ({"do": "check"}, 200, CHECK_TEXT),
        ({"do": "layout"}, 200, "Loading your experience"),
    ],
)
def test_actions_answer_otherwise(site: Site, rule: dict[str, Any], status: int, text: str) -> None:
    site.rules.replace([{"kind": "photo", **rule}])
    reply = ask(site)
    assert reply.status == status
    assert text in reply.body.decode()
    assert "_navi_cavi" not in reply.body.decode()


def test_redirects_lead_where_they_should(site: Site) -> None:
    site.rules.replace([{"kind": "photo", "do": "redirect_thumb"}])
    assert "/images/frame-thumb/" in ask(site).headers["Location"]


def test_a_page_is_cut_in_the_middle(site: Site) -> None:
    whole = ask(site).body
    site.rules.replace([{"kind": "page", "do": "cut_page", "part": 0.25}])
    cut = ask(site).body
    assert whole[:1000] == cut[:1000]
    assert abs(len(cut) - len(whole) / 4) < 2


@pytest.mark.parametrize("do", ["reset", "cut", "cut_close", "cut_chunked", "stall_body"])
def test_actions_on_the_way_change_how_it_travels(site: Site, do: str) -> None:
    site.rules.replace([{"kind": "photo", "do": do}])
    assert ask(site).wire is not Wire.WHOLE


def test_a_lying_strip_bears_other_addresses(site: Site) -> None:
    honest = ask(site).body.decode()
    site.rules.replace([{"kind": "photo", "do": "lie", "first": 1}])
    lying = ask(site).body.decode()
    own = "/100000001.jpg?secure="
    entry = 'imageid="100000001"'
    assert own in honest[: honest.index(entry)].rpartition("<li>")[2]
    assert own not in lying[: lying.index(entry)].rpartition("<li>")[2]
    assert entry in ask(site).body.decode()


@pytest.mark.parametrize("do", ["no_url", "own_missing"])
def test_a_page_without_its_own_address(site: Site, do: str) -> None:
    site.rules.replace([{"kind": "photo", "do": do}])
    text = ask(site).body.decode()
    assert "/images/full/" in text
    assert not re.search(r"/images/full/\d+/\d+/100000001\.jpg", text)


def test_rules_strike_the_first_attempts_of_each_thing() -> None:
    book = RuleBook()
    book.replace([{"kind": "photo", "ids": [1, 2], "do": "status", "after": 1, "first": 2}])
    one, two, three = (classify(f"/photo/{number}/", {}) for number in (1, 2, 3))
    assert [book.rule_for(one) is not None for _ in range(5)] == [False, True, True, False, False]
    assert book.rule_for(two) is None
    assert book.rule_for(two) is not None
    assert [book.rule_for(three) for _ in range(3)] == [None] * 3


def test_rules_are_about_pages_and_folders_too() -> None:
    book = RuleBook()
    book.replace([{"kind": "folder", "ids": [-1], "pages": [2], "do": "status"}])
    assert book.rule_for(Target("folder", "/showfavorites.php", folder_id=-1, page=2))
    assert not book.rule_for(Target("folder", "/showfavorites.php", folder_id=-1, page=1))
    assert not book.rule_for(Target("folder", "/showfavorites.php", folder_id=1, page=2))


def test_rates_are_drawn_anew_and_repeat_with_their_seed() -> None:
    def struck(seed: int) -> list[bool]:
        book = RuleBook()
        book.seed = seed
        book.replace([{"kind": "image", "rate": 0.2, "do": "reset"}])
        targets = [Target("image", f"/images/{number}") for number in range(100)] * 2
        return [book.rule_for(target) is not None for target in targets]

    assert struck(1) == struck(1) != struck(2)
    assert 20 < sum(struck(1)) < 60
    assert struck(1)[:100] != struck(1)[100:]


@pytest.mark.parametrize("rule", [{"do": "nothing"}, {"do": "reset", "sort": 1}, {"do": "reset", "kind": "photos"}])
def test_wrong_rules_are_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"rule has no key|is none of"):
        read_rule(rule)


def test_every_action_can_be_ordered(site: Site) -> None:
    for do in sorted(ACTIONS):
        site.rules.replace([{"kind": "any", "do": do, "location": "/x"}])
        assert isinstance(ask(site), Reply)


def test_orders_merge_and_reset(site: Site) -> None:
    switch = FaultSwitch(site)
    switch.order({"latency": {"page": 0.5}, "robots": None})
    state = switch.order({"signature_seconds": 9})
    assert site.latency["photo"] == 0.5
    assert "image" not in site.latency
    assert ask(site, "/robots.txt").status == 404
    assert (state["signature_seconds"], state["blocked"]) == (9, False)
    switch.order({"reset": True})
    assert (site.latency, site.signer.lifetime) == ({}, 3600)
    assert ask(site, "/robots.txt").status == 200
    with pytest.raises(ValueError, match="no fault 'sped'"):
        switch.order({"sped": 1})


def test_addresses_can_be_made_to_expire_at_once(site: Site) -> None:
    picture = site.world.images[100000001]
    path, _, secure = site.signer.address("", picture, "full", 4e9).partition("?secure=")
    assert site.answer(classify(path, {"secure": secure}), ORIGIN)[0].status == 200
    FaultSwitch(site).order({"expire": True})
    assert site.answer(classify(path, {"secure": secure}), ORIGIN)[0].status == 403


def test_the_world_grows_and_shrinks(site: Site) -> None:
    world = site.world
    user, folder = world.users[0], world.users[0].folders[0]
    before = list(folder.ids)
    made = change_world(world, {"create": {"gallery": 70001, "count": 2}, "append": {"folder": 5001}})["created"]
    assert folder.ids == before + made
    change_world(world, {"remove": {"ids": before[:3]}, "rename": {"folder": [user.user_id, 5001], "name": "Other"}})
    assert (folder.ids, folder.name) == (before[3:] + made, "Other")
    change_world(world, {"add_folder": {"user": user.user_id, "folder": 9, "name": "New", "ids": before[:2]}})
    assert user.folders[-1].ids == before[:2]
    change_world(world, {"remove": {"folder": 9}, "status": {"ids": [before[0]], "status": "page_missing"}})
    assert user.folders == [folder]
    assert ask(site, f"/photo/{before[0]}/").status == 404
    change_world(world, {"gallery": {"gallery": 70001, "ids": world.galleries[70001].ids[::-1], "gone": True}})
    assert next(iter(world.places(70001))) == made[-1]
    assert "Could not find gallery" in ask(site, "/pictures/70001/x").body.decode()
    strip = classify(f"/photo/{made[0]}/", {"gid": "70001", "idx": "0", "partial": "true"})
    assert "is_empty" in site.answer(strip, ORIGIN)[0].body.decode()
    with pytest.raises(ValueError, match="not the images of gallery 70001"):
        change_world(world, {"gallery": {"gallery": 70001, "ids": made}})
    with pytest.raises(ValueError, match="no folder 9"):
        change_world(world, {"append": {"folder": 9, "ids": []}})
