"""The site's check for humans, told apart from every page that it shows else."""

from __future__ import annotations

from pathlib import Path

import pytest

from imagefap_scraper.pages.blocked import is_block_address, is_block_text

SENTENCE = "Your IP made too many requests to our servers and we need to check that you are a real human being"
PAGES = sorted(Path(__file__).parent.glob("cases/*/*/page.html"))


@pytest.mark.parametrize(
    ("url", "blocked"),
    [
        ("https://www.imagefap.com/human-verification", True),
        ("https://www.imagefap.com/Human-Verification/?back=%2Fphoto", True),
        ("/rl_captcha.php", True),
        ("http://127.0.0.1:8080/rl_captcha.php?x=1#y", True),
        ("https://www.imagefap.com/profile/human-verification-fan", False),
        ("https://www.imagefap.com/photo/1/?next=/human-verification", False),
        ("http://[", False),
    ],
)
def test_block_address(url: str, blocked: bool) -> None:
    assert is_block_address(url) is blocked


@pytest.mark.parametrize(
    "text",
    [
        f'<html><body><div class="mt-4 text-center">{SENTENCE}.</div></body></html>',
        SENTENCE,
        "<p>Your IP made\n too&nbsp;many <b>requests</b> to our servers</p>",
        "<html><body><h2>Enter the captcha</h2></body></html>",
        "<form method=post><img src='/captcha.php?x=1'><input type=text name='captcha'></form>",
        "<form><img src=/captcha><input name=Captcha></form>",
        '<html><title>Check</title><div class="g-recaptcha" data-sitekey="x"></div></html>',
        "<p>It seems you are banned.</p>",
        "<meta http-equiv='Refresh' content='0; url=/human-verification'>",
        '<form action="/human-verification" method="post"><button>Go on</button></form>',
    ],
)
def test_the_check_is_told(text: str) -> None:
    assert is_block_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html><body>Nothing here</body></html>",
        f"<html><head><title>{SENTENCE} Porn Pic From X</title></head><body><p>x</p></body></html>",
        "<html><body><p>User 'Enter the captcha' not found</p></body></html>",
        "<script>var captcha = 'too many requests to our servers';</script><p>x</p>",
        "<p>Comments</p><input name=captcha>",
    ],
)
def test_other_texts_are_no_check(text: str) -> None:
    assert not is_block_text(text)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: f"{path.parent.parent.name}-{path.parent.name}")
def test_normal_pages_are_never_a_check_whatever_their_names(path: Path) -> None:
    """Each saved page of a folder, photo or strip, with the check's words and form beside its own marks."""
    text = path.read_text(encoding="utf-8")
    assert not is_block_text(text) or "check_for_humans" in str(path)
    marked = any(mark in text for mark in ("blk_header", "_navi_cavi", "imageid_input", "galleryid_input"))
    if marked:
        for words in (SENTENCE, "Enter the captcha", "It seems you are banned"):
            assert not is_block_text(text.replace("<body>", f"<body><a>{words}</a><b class='g-recaptcha'></b>"))


def test_a_folder_named_like_the_check() -> None:
    assert not is_block_text(
        "<td class=blk_header><a href='/usergallery.php?userid=1'>G</a></td>"
        "<td class='blk_favorites'><a href='/showfavorites.php?userid=1&folderid=2'>Enter the captcha</a></td>"
    )
