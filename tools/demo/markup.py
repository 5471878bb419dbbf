"""Pieces of pages that several page kinds share, and the small pages. Quotes are mixed as the site mixes them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.demo.world import User

CHECK_TEXT = "Your IP made too many requests to our servers and we need to check that you are a real human being"
GONE_TEXT = "The image you are trying to access does not exist"
#: The pager shows about this many page numbers at a time.
PAGER_LINKS = 10


def document(title: str, body: str, head: str = "") -> str:
    """A whole page; `title` is text, `head` and `body` are markup."""
    return f"""<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN">
<html>
<head>
<meta http-equiv='Content-Type' content="text/html; charset=utf-8">
<title>{escape(title, quote=False)}</title>
{head}
<link rel='stylesheet' type="text/css" href='/styles/main.css'>
</head>
<body bgcolor=#FFFFFF>
<div id='menubar'><a href="/"><img src='/img/logo.gif' border=0 alt="ImageFap"></a>
<form action="/gallery.php" method='get'><input type='text' name="search" value=''></form></div>
{body}
<div id="footer"><a href='/faq.php'>FAQ</a> | <a href="/tos.php">Terms</a></div>
</body>
</html>
"""


def user_link(user: User) -> str:
    """The relative address of a user's profile as page headers have it: percent-encoded, then HTML-escaped."""
    return f"/profile.php?user={quote(user.name, safe='')}"


def profile_page(user: User) -> str:
    """A user's profile: the only link to favorites is the header's, which gives the user's number."""
    name = escape(user.name)
    return document(
        f"{user.name}'s profile on ImageFap.com",
        f"""<table width='100%' cellpadding=0><tr>
<td class='blk_profile_hdr' align="left"><b>{name} Profile</b></td></tr>
<tr><td class='blk_header'><a class='blk_header' href="{user_link(user)}" style="color:#000;">Profile</a>
<a class='blk_header' href="/usergallery.php?userid={user.user_id}" style="color:#000;">Galleries</a>
<a class='blk_header' href="/showfavorites.php?userid={user.user_id}" style="color:#000;">Favorites</a></td></tr>
<tr><td class='blk_profile'>Member since: <font color='#333333'>2009-08-07</font></td></tr></table>""",
    )


def favorites_header(user: User) -> str:
    """The header of favorites pages: name and number of the user, in relative links."""
    return f"""<table width='100%' cellpadding=0 cellspacing="0"><tr>
<td class='blk_header'> <a class='blk_header' href="{user_link(user)}" style="color:#000;">Profile</a>
| <a class='blk_header' href="/usergallery.php?userid={user.user_id}" style="color:#000;">Galleries</a>
| <b>Favorites of {escape(user.name, quote=False)}</b></td></tr></table>"""


def pager(page: int, count: int, address: str) -> str:
    """Links to about ten pages around `page` (from 0) of `count`, with the links to the neighbours in words.

    Args:
        page: the page that is shown, as a bold number counted from 1.
        count: number of pages; a page past the last has only a way back.
        address: of a page, with `{}` for its number.
    """
    first = max(0, min(page - PAGER_LINKS // 2, count - PAGER_LINKS))
    numbers: Iterable[int] = range(first, min(first + PAGER_LINKS, count))
    links = [
        f"<b>{number + 1}</b>" if number == page else f"<a class=link3 href='{address.format(number)}'>{number + 1}</a>"
        for number in numbers
    ]
    if 0 < page <= count:
        links.insert(0, f'<a class=link3 href="{address.format(page - 1)}">:: prev ::</a>')
    if page + 1 < count:
        links.append(f"<a class='link3' href=\"{address.format(page + 1)}\">:: next ::</a>")
    return " | ".join(links)


def check_page() -> str:
    """The page that asks whether a human being is there."""
    return document(
        "Human verification",
        f"""<div class="container"><div class="mt-4 text-center">{CHECK_TEXT}.</div>
<form method="post" action='/human-verification'><div class='mt-4'>Enter the captcha</div>
<img src="/captcha.php" alt=''><input type="text" name='captcha' value="">
<input type='submit' value="Submit"></form></div>""",
    )


def missing_page(what: str = "The page you asked for could not be found.") -> str:
    """What a 404 shows."""
    return document("404 Not Found", f"<center><h1>404</h1>{escape(what)}</center>")


def gone_image_page() -> str:
    """The page of a removed image that answers 200: a sentence, and a title without names."""
    return document(
        " (Picture 1) uploaded by  on ImageFap.com", f"<center><br><font size='3'>{GONE_TEXT}.</font></center>"
    )


def new_layout_page() -> str:
    """A whole page without a single mark of any page kind: the site after an imagined change of layout."""
    grid = "<main class=\"grid\"><section data-app='v9'><p>Loading your experience.</p></section></main>"
    return document("ImageFap.com", grid)


def html_instead_of_image() -> str:
    """What an image host sends with the type of an image while it is out of order."""
    return "<html><head><title>Offline</title></head><body>This server is temporarily offline.</body></html>\n"
