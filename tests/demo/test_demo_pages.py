"""Every page kind has the marks that its readers look for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from parsel import Selector

from tools.demo.addresses import Signer
from tools.demo.build import WorldOptions
from tools.demo.build_demo import FIRST_USER, SECOND_USER, demo_world
from tools.demo.routing import classify
from tools.demo.site import Site
from tools.demo.world import Folder, ImageState, World

ORIGIN = "http://site.test:8080"
UID = 1_234_567


@pytest.fixture(scope="module")
def site() -> Site:
    return Site(demo_world(WorldOptions(gid_in_link=True)))


def ask(site: Site, path: str, **query: Any) -> tuple[int, str]:
    reply, _ = site.answer(classify(path, {key: str(value) for key, value in query.items()}), ORIGIN)
    return reply.status, reply.body.decode()


def page(site: Site, path: str, **query: Any) -> Selector:
    status, text = ask(site, path, **query)
    assert status == 200
    return Selector(text)


def folder_named(world: World, name: str) -> Folder:
    return next(folder for folder in world.users[0].folders if folder.name == name)


@pytest.mark.parametrize("asked", ["MEADOWFAN", "meadowfan", FIRST_USER])
def test_a_profile_gives_number_and_real_name(site: Site, asked: str) -> None:
    found = page(site, f"/profile/{asked}")
    assert found.css("a.blk_header[href*=showfavorites]::attr(href)").getall() == [f"/showfavorites.php?userid={UID}"]
    assert FIRST_USER in found.css("title::text").get("")
    assert ask(site, "/profile.php", user=asked)[0] == 200


def test_an_unknown_user_is_404(site: Site) -> None:
    assert ask(site, "/profile/Nobody")[0] == 404
    assert ask(site, "/showfavorites.php", userid=5)[0] == 404


def test_the_root_lists_all_folders_over_several_pages(site: Site) -> None:
    names: dict[int, str] = {}
    for number in range(4):
        found = page(site, "/showfavorites.php", userid=UID, page=number)
        links = found.css("td.blk_favorites a.blk_galleries")
        ids = [int(link.attrib["href"].rpartition("folderid=")[2]) for link in links]
        assert all(link.attrib["href"].startswith(f"{ORIGIN}/showfavorites.php?userid={UID}&") for link in links)
        assert found.css("input#tgl_all::attr(value)").get() == "".join(f"{number}|" for number in ids)
        assert bool(ids) == (number < 3)
        assert -1 in ids or not ids
        names.update(zip(ids, [link.xpath("string()").get("") for link in links], strict=True))
    assert names == {folder.folder_id: folder.name for folder in site.world.users[0].folders}


def test_a_header_names_the_user_in_relative_links(site: Site) -> None:
    uid = site.world.users[1].user_id
    found = page(site, "/showfavorites.php", userid=uid)
    links = found.css("td.blk_header a::attr(href)").getall()
    assert links == ["/profile.php?user=J%C3%BCrgen%20%26%20S%C3%B6hne", f"/usergallery.php?userid={uid}"]
    assert SECOND_USER in found.css("title::text").get("")


def test_an_image_folder_has_its_cells_in_order(site: Site) -> None:
    folder = folder_named(site.world, "Long walk")
    _, text = ask(site, "/showfavorites.php", userid=UID, folderid=folder.folder_id, page=0)
    found = Selector(text)
    cells = found.css("td[id^=img-]")
    assert [int(cell.attrib["id"][4:]) for cell in cells] == folder.ids[:20]
    cell, picture = cells[0], site.world.images[folder.ids[0]]
    link = cell.css("a[name]")[0]
    assert link.attrib["name"] == str(picture.image_id)
    assert link.attrib["href"].startswith(f"{ORIGIN}/photo/{picture.image_id}/?pgid=&gid={picture.gallery_id}&")
    fonts = cell.css("font")
    assert len(fonts) == 4
    assert fonts[1].xpath("string()").get() == picture.listed_name
    assert "</a></td></tr> </table> <table" in text
    assert found.css("a.blk_favorites[href$='none;']::text").get() == "Long walk"
    assert found.css("a.blk_galleries b::text").getall() == ["Long walk"]
    assert found.xpath("//a[text()=':: next ::']/@href").get() == f"?userid={UID}&page=1&folderid={folder.folder_id}"
    assert "1" in found.css("td[colspan] b::text").getall()


def test_empty_pages_lead_on_and_the_last_one_does_not(site: Site) -> None:
    folder = folder_named(site.world, "Long walk")
    last = folder.page_count(20) - 1
    for number in (2, 3, last, last + 1):
        found = page(site, "/showfavorites.php", userid=UID, folderid=folder.folder_id, page=number)
        assert bool(found.css("td[id^=img-]")) == (number == last)
        assert bool(found.xpath("//a[text()=':: next ::']")) == (number < last)
        assert found.xpath("//a[text()=':: prev ::']")


def test_links_without_a_gallery_are_bare() -> None:
    site = Site(demo_world(WorldOptions()))
    found = page(site, "/showfavorites.php", userid=UID, folderid=5001)
    assert found.css("td[id^=img-] a::attr(href)").get() == f"{ORIGIN}/photo/100000001/"


def test_a_site_that_repeats_its_last_page() -> None:
    site = Site(demo_world(WorldOptions(past_end="last")))
    listed = [
        page(site, "/showfavorites.php", userid=UID, folderid=5001, page=number).css("td[id^=img-]::attr(id)").getall()
        for number in (7, 8, 30)
    ]
    assert listed[0] == listed[1] == listed[2] != []


def test_a_galleries_folder_names_galleries_in_its_links(site: Site) -> None:
    folder = folder_named(site.world, "Galleries I like")
    _, text = ask(site, "/showfavorites.php", userid=UID, folderid=folder.folder_id)
    rows = Selector(text).css("tr[id^=gid-]")
    real = [int(row.css("a::attr(href)").get("").split("gid=")[1].split("&")[0]) for row in rows]
    shown = [int(row.attrib["id"][4:]) for row in rows]
    assert real == folder.ids
    assert shown != real
    assert "<b>Gallery Name</span>" in text
    assert not Selector(text).css("td[id^=img-]")


def test_a_locked_folder_asks_for_a_password_and_shows_no_kind() -> None:
    site = Site(demo_world(WorldOptions()))
    site.world.users[0].folders[0].locked = True
    found = page(site, "/showfavorites.php", userid=UID, folderid=5001)
    assert found.css("input[type=password]")
    assert not found.css("td[id^=img-], tr[id^=gid-], a[href$='none;']")


def test_a_photo_page_has_full_addresses_in_its_strip_alone(site: Site) -> None:
    places = site.world.places(70001)
    ids = list(places)
    _, text = ask(site, f"/photo/{ids[30]}/")
    found, picture = Selector(text), site.world.images[ids[30]]
    strip = found.css("#_navi_cavi")
    assert (strip.attrib["data-idx"], strip.attrib["data-total"]) == ("30", str(len(ids)))
    entries = strip.css("ul.thumbs > li > a")
    assert [int(entry.attrib["imageid"]) for entry in entries] == ids[8:32]
    own = strip.css(f"a[imageid='{ids[30]}']")[0].attrib
    assert own["original"] == own["href"]
    assert f"/images/full/{picture.gallery_id % 97 + 1}/100/{ids[30]}.jpg?secure=" in own["href"]
    assert own["href"].startswith(ORIGIN)
    assert f'href="{own["href"]}" framed="' in text
    assert {"views", "added", "dimension", "votes", "framed"} <= set(own)
    before, _, after = text.partition('<div id="_navi_cavi"')
    assert "/images/full/" not in before + after.partition("</ul></div>")[2]
    assert found.css("#imageid_input::attr(value)").get() == str(ids[30])
    assert found.css("#galleryid_input::attr(value)").get() == "70001"
    assert "/frame-thumb/" in found.css("#mainPhoto::attr(data-src)").get("")
    assert (
        found.css("meta[name=description]::attr(content)").get("").startswith(f"View this hot {picture.name} porn pic")
    )
    assert found.css("title::text").get("").startswith(f"{picture.name} Porn Pic From ")
    structured = json.loads(found.css("script[type='application/ld+json']::text").get(""))
    assert structured["name"] == site.world.galleries[70001].title
    assert "/frame-thumb/" in structured["contentUrl"]


def test_names_come_back_whole_whatever_they_are(site: Site) -> None:
    for image_id in folder_named(site.world, "Names").ids:
        found, picture = page(site, f"/photo/{image_id}/"), site.world.images[image_id]
        assert found.css("#mainPhoto::attr(title)").get() == picture.name
        described = found.css("meta[name=description]::attr(content)").get("")
        assert (picture.name in described) != picture.nameless_description


def test_an_anonymous_uploader_has_no_link(site: Site) -> None:
    gallery = next(gallery for gallery in site.world.galleries.values() if not gallery.uploader)
    header = page(site, f"/photo/{gallery.ids[0]}/").css("td.mnu0")
    assert "Anonymous" in header.get("")
    assert not header.css("a")


def test_a_partial_strip_is_only_a_strip(site: Site) -> None:
    ids = list(site.world.places(70001))
    _, text = ask(site, "/photo/1/", gid=70001, idx=7, partial="true")
    assert text.startswith('<div id="_navi_cavi"')
    assert [int(i) for i in Selector(text).css("a::attr(imageid)").getall()] == ids[7:31]
    _, text = ask(site, "/photo/1/", gid=70001, idx=4000, partial="true")
    assert Selector(text).css("input#is_empty[value='1']")


def test_lost_images_are_lost_each_in_its_way(site: Site) -> None:
    world = site.world
    by_state: dict[ImageState, list[int]] = {}
    for image_id in folder_named(world, "Half gone").ids:
        by_state.setdefault(world.images[image_id].state, []).append(image_id)
    answers = [ask(site, f"/photo/{image_id}/") for image_id in by_state[ImageState.PAGE_MISSING]]
    assert sorted(status for status, _ in answers) == [200, 404, 404]
    assert any("The image you are trying to access does not exist" in text for _, text in answers)
    lacking = by_state[ImageState.NO_URL][0]
    strip = page(site, f"/photo/{lacking}/").css(f"#_navi_cavi a[imageid='{lacking}']")[0]
    assert not {"href", "original"} & set(strip.attrib)
    for image_id in by_state[ImageState.FILE_MISSING]:
        address = page(site, f"/photo/{image_id}/").css(f"a[imageid='{image_id}']::attr(href)").get("")
        path, _, secure = address.removeprefix(ORIGIN).partition("?secure=")
        assert ask(site, path, secure=secure)[0] == 404


def test_a_gallery_page_has_its_marks(site: Site) -> None:
    _, text = ask(site, "/pictures/70001/x")
    found = Selector(text)
    assert "class'blk_galleries'" in text
    assert found.css("input#galleryid_input::attr(value)").get() == "70001"
    assert len(found.css("a[name][href^='/photo/']")) == 24
    assert ask(site, "/gallery/70001")[0] == 301
    assert "Could not find gallery" in ask(site, "/pictures/1/x")[1]


@pytest.mark.parametrize("path", ["/human-verification", "/rl_captcha.php"])
def test_the_check_page_is_a_200_with_its_form(site: Site, path: str) -> None:
    status, text = ask(site, path)
    assert status == 200
    assert "Your IP made too many requests to our servers" in text
    assert Selector(text).css("input[name=captcha]")


@pytest.mark.parametrize("size", ["full", "thumb", "mini", "frame-thumb"])
def test_pictures_need_a_good_signature(site: Site, size: str) -> None:
    picture = next(iter(site.world.images.values()))
    address = Signer(site.world.seed).address("", picture, size, 4e9)
    path, _, secure = address.partition("?secure=")
    assert site.answer(classify(path, {"secure": secure}), ORIGIN)[0].status == 200
    assert ask(site, path)[0] == 403
    expired = Signer(site.world.seed).address("", picture, size, 1e9).partition("?secure=")[2]
    assert ask(site, path, secure=expired)[0] == 403
