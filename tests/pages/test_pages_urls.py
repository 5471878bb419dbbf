"""Addresses: built, recognised, adopted, refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagefap_scraper.exceptions import LayoutChanged, SettingError, UserInputError
from imagefap_scraper.pages.urls import (
    DEFAULT_SITE_URL,
    PictureTarget,
    Site,
    Target,
    image_id_from_address,
    is_full_size,
    origin_of,
    parse_picture_target,
    parse_target,
    without_signature,
)

PUBLIC = Site()
LOCAL = Site("http://127.0.0.1:8080/")
WWW = "https://www.imagefap.com"


def test_addresses_are_built_from_ids() -> None:
    assert PUBLIC.profile("Tom & Jörg/x") == f"{WWW}/profile/Tom%20%26%20J%C3%B6rg%2Fx"
    assert PUBLIC.profile("..") == f"{WWW}/profile.php?user=.."
    assert PUBLIC.favorites_root(7) == f"{WWW}/showfavorites.php?userid=7"
    assert PUBLIC.favorites_root(7, 2) == f"{WWW}/showfavorites.php?userid=7&page=2"
    assert PUBLIC.favorites_folder(7, -1) == f"{WWW}/showfavorites.php?userid=7&page=0&folderid=-1"
    assert LOCAL.photo(5) == "http://127.0.0.1:8080/photo/5/"
    assert LOCAL.photo(5, 6) == "http://127.0.0.1:8080/photo/5/?gid=6"
    assert LOCAL.strip(5, 6, 24) == "http://127.0.0.1:8080/photo/5/?gid=6&idx=24&partial=true"
    assert LOCAL.gallery(6) == "http://127.0.0.1:8080/pictures/6/gallery?gid=6&page=0&view=0"
    assert LOCAL.gallery(6, 1) == "http://127.0.0.1:8080/pictures/6/gallery?gid=6&page=1&view=0"


@pytest.mark.parametrize(
    ("given_url", "base"),
    [
        ("https://www.imagefap.com", WWW),
        ("HTTPS://WWW.ImageFap.com:443/", WWW),
        ("https://imagefap.com", "https://imagefap.com"),
        (" http://localhost:80 ", "http://localhost"),
        ("https://demo.test:8443", "https://demo.test:8443"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_site_addresses_have_one_form(given_url: str, base: str) -> None:
    assert Site(given_url).base_url == base


@pytest.mark.parametrize(
    "base",
    [
        "",
        "www.imagefap.com",
        "http://www.imagefap.com",
        "https://www.imagefap.com:8443",
        "https://www.imagefap.com/x",
        "https://h?x=1",
        "https://h#x",
        "https://a:b@h",
        "https://@h",
        "ftp://h",
        "http://h:99999",
        "http://",
        "http://h\\x",
        "http://h h",
        "http://[::1",
        "file:///etc",
    ],
)
def test_bad_site_addresses_are_refused(base: str) -> None:
    with pytest.raises(SettingError, match="IMAGEFAP_SITE_URL"):
        Site(base)


@pytest.mark.parametrize(
    ("site", "url", "ours"),
    [
        (PUBLIC, f"{WWW}/photo/1/", True),
        (PUBLIC, "https://imagefap.com/", True),
        (PUBLIC, "https://cdnc.imagefap.com:443/images/full/1/2/3.jpg?secure=x,1", True),
        (PUBLIC, "http://www.imagefap.com/", False),
        (PUBLIC, "https://www.imagefap.com:8443/", False),
        (PUBLIC, "https://user@www.imagefap.com/", False),
        (PUBLIC, "https://@www.imagefap.com/", False),
        (PUBLIC, "https://www.imagefap.com.example.org/", False),
        (PUBLIC, "https://notimagefap.com/", False),
        (PUBLIC, "https://www.imagefap.com./", False),
        (PUBLIC, "https://example.org\\@www.imagefap.com/", False),
        (PUBLIC, "https://www.imagefap.com\t/", False),
        (PUBLIC, "https://127.0.0.1/", False),
        (PUBLIC, "http://127.0.0.1:8080/", False),
        (PUBLIC, "//www.imagefap.com/", False),
        (PUBLIC, "", False),
        (LOCAL, "http://127.0.0.1:8080/x?y", True),
        (LOCAL, "http://127.0.0.1:8081/x", False),
        (LOCAL, "https://127.0.0.1:8080/x", False),
        (LOCAL, "http://localhost:8080/x", False),
        (LOCAL, f"{WWW}/", False),
    ],
)
def test_what_is_ours(site: Site, url: str, ours: bool) -> None:
    assert site.is_ours(url) is ours


@pytest.mark.parametrize(
    ("site", "href", "url"),
    [
        (PUBLIC, "/photo/1/", f"{WWW}/photo/1/"),
        (PUBLIC, "?page=2", f"{WWW}/showfavorites.php?page=2"),
        (PUBLIC, "//cdnc.imagefap.com/a.jpg#x", "https://cdnc.imagefap.com/a.jpg"),
        (PUBLIC, "http://cdn.imagefap.com/a b.jpg", "https://cdn.imagefap.com/a%20b.jpg"),
        (PUBLIC, r"https:\/\/cdnc.imagefap.com\/a.jpg?se=1&amp;ss=2", "https://cdnc.imagefap.com/a.jpg?se=1&ss=2"),
        (PUBLIC, "https://imagefap.com", "https://imagefap.com/"),
        (LOCAL, "https://cdnc.imagefap.com/a.jpg?secure=x,1", "http://127.0.0.1:8080/a.jpg?secure=x,1"),
        (LOCAL, "http://127.0.0.1:8080/a", "http://127.0.0.1:8080/a"),
    ],
)
def test_links_are_adopted(site: Site, href: str, url: str) -> None:
    assert site.adopt(href, f"{WWW}/showfavorites.php?userid=1") == url


@pytest.mark.parametrize(
    "href", ["https://example.org/a", "http://[", "javascript:x", "https://a@www.imagefap.com/", "\\\\x"]
)
@pytest.mark.parametrize("site", [PUBLIC, LOCAL])
def test_foreign_links_are_refused(site: Site, href: str) -> None:
    with pytest.raises(LayoutChanged, match="away from the site"):
        site.adopt(href, f"{WWW}/")


@given(href=st.text(max_size=60), base=st.sampled_from([f"{WWW}/x", "", "http://["]))
def test_adopted_links_are_always_ours(href: str, base: str) -> None:
    for site in (PUBLIC, LOCAL):
        message = ""
        try:
            assert site.is_ours(site.adopt(href, base))
        except LayoutChanged as error:
            message = str(error)
        assert "\n" not in message


@pytest.mark.parametrize(
    ("url", "target"),
    [
        (f"{WWW}/profile/Rowan", Target("Rowan")),
        (f"{WWW}/profile/Tom%20%26%20J%C3%B6rg/", Target("Tom & Jörg")),
        (f"{WWW}/profile/J%F6rg", Target("Jörg")),
        (f"{WWW}/profile/Rowan/galleries?folderid=5&page=2", Target("Rowan")),
        (f"{WWW}/profile.php?user=Rowan+Oak#top", Target("Rowan Oak")),
        (f"{WWW}/usergallery.php?user=Rowan", Target("Rowan")),
        (f"{WWW}/usergallery.php?userid=12&folderid=-1", Target(None, 12)),
        (f"{WWW}/showfavorites.php?userid=12", Target(None, 12)),
        (f"{WWW}/showfavorites.php?userid=12&page=&folderid=", Target(None, 12)),
        (f"{WWW}/showfavorites.php?folderid=34&page=2&userid=12", Target(None, 12, 34)),
        (f"{WWW}/showfavorites.php?userid=12&page=&folderid=-1", Target(None, 12, -1)),
        (f"{WWW}/showfavorites.php?userid=12&folderid=0", Target(None, 12, 0)),
        (f"{WWW}/userfavorites.php?userid=12", Target(None, 12)),
        ("www.imagefap.com/showfavorites.php?userid=12&amp;folderid=3", Target(None, 12, 3)),
        ("  imagefap.com//profile/Rowan \n", Target("Rowan")),
        ("//beta.imagefap.com/profile/Rowan", Target("Rowan")),
        ("http://WWW.IMAGEFAP.COM/ShowFavorites.php?UserID=12", Target(None, 12)),
    ],
)
def test_pasted_addresses(url: str, target: Target) -> None:
    assert parse_target(url, PUBLIC) == target
    assert parse_target(url, LOCAL) == target


def test_pasted_addresses_of_another_origin() -> None:
    expected = Target(None, 12, 3)
    assert parse_target("127.0.0.1:8080/showfavorites.php?userid=12&folderid=3", LOCAL) == expected
    with pytest.raises(UserInputError):
        parse_target("http://127.0.0.1:8080/showfavorites.php?userid=12&folderid=3", PUBLIC)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "Rowan",
        "https://example.org/profile/Rowan",
        "https://www.imagefap.com.example.org/profile/Rowan",
        "https://a:b@www.imagefap.com/profile/Rowan",
        "ftp://www.imagefap.com/profile/Rowan",
        "https://[",
        f"{WWW}/",
        f"{WWW}/profile/",
        f"{WWW}/photo/123/",
        f"{WWW}/gallery/5",
        f"{WWW}/showfavorites.php",
        f"{WWW}/showfavorites.php?userid=x",
        f"{WWW}/showfavorites.php?userid=12&folderid=all",
        f"{WWW}/showfavorites.php?userid=9999999999999999999",
    ],
)
def test_other_addresses_are_refused_by_name(url: str) -> None:
    with pytest.raises(UserInputError) as caught:
        parse_target(url, PUBLIC)
    assert url in str(caught.value)


@given(st.text(max_size=60))
def test_any_pasted_text_gives_a_target_or_a_clear_refusal(url: str) -> None:
    for text in (url, f"{WWW}/{url}", f"{WWW}/profile/{url}"):
        message = ""
        try:
            parse_target(text, PUBLIC)
        except UserInputError as error:
            message = str(error)
        assert message.isascii()


@given(st.text(max_size=30))
def test_profile_addresses_stay_on_the_site(name: str) -> None:
    assert PUBLIC.is_ours(PUBLIC.profile(name))


def test_image_addresses() -> None:
    url = "https://cdnc.imagefap.com/images/full/65/196/1962981893.jpg?secure=a/7.jpg,1#x"
    assert image_id_from_address(url) == 1962981893
    assert without_signature(url) == "https://cdnc.imagefap.com/images/full/65/196/1962981893.jpg"
    assert is_full_size(url)
    assert is_full_size("http://127.0.0.1:1/images/full/1/2/3.gif")
    for other in ("thumb", "mini", "frame-thumb", "frame-thumb/full"):
        assert not is_full_size(f"https://cdnc.imagefap.com/images/{other}/1/2/3.jpg?x=/full/")
    for path in ("name.jpg", "0.jpg", "12", "", "1234567890123456789.jpg", "\u0661.jpg", "12.jpg.exe1234"):
        assert image_id_from_address(f"https://cdnc.imagefap.com/images/full/1/2/{path}") is None
    assert origin_of("https://h") == ("https", "h", 443)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        (f"{WWW}/gallery/5", PictureTarget(gallery_id=5)),
        (f"{WWW}/gallery.php?gid=5&view=2", PictureTarget(gallery_id=5)),
        ("imagefap.com/pictures/5/a-slug", PictureTarget(gallery_id=5)),
        (f"{WWW}/pictures/5/a%20slug?gid=5&page=3&view=0", PictureTarget(gallery_id=5)),
        (f"{WWW}/photo/77/", PictureTarget(image_id=77)),
        (f"{WWW}/photo/77/?pgid=&gid=5&page=0#3", PictureTarget(image_id=77)),
        (f"{WWW}/image.php?id=77", PictureTarget(image_id=77)),
    ],
)
def test_pasted_pictures(url: str, target: PictureTarget) -> None:
    assert parse_picture_target(url, Site(DEFAULT_SITE_URL)) == target


@pytest.mark.parametrize(
    "url",
    [
        f"{WWW}/profile/Rowan",
        f"{WWW}/showfavorites.php?userid=12&gid=5",
        f"{WWW}/gallery.php?pgid=abc",
        f"{WWW}/gallery/",
        "https://example.org/gallery/5",
    ],
)
def test_addresses_of_no_pictures(url: str) -> None:
    with pytest.raises(UserInputError, match="url="):
        parse_picture_target(url, Site(DEFAULT_SITE_URL))
