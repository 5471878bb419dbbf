"""Is this answer the site's check for humans?

The site answers too many page requests with a redirect to a check page, which itself answers 200. Its text can also
come at the requested address. It must never be taken for an empty folder or a removed image, and a normal page whose
picture, folder or user merely carries such words must never be taken for it.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from parsel import Selector

from imagefap_scraper.pages._page import VISIBLE_TEXT
from imagefap_scraper.pages._text import collapse, readable

_BLOCK_PATHS = ("/human-verification", "/rl_captcha.php")

#: Without one of these words no page is a check; spares the parse of nearly every page.
_HINT = re.compile(r"captcha|requests|human|banned", re.IGNORECASE)

#: Marks of the pages that the site shows otherwise; the check has none of them. Bounded, so that it stays linear.
_NORMAL_MARK = re.compile(
    r"[\s\"'](?:"
    r"id\s{0,3}=\s{0,3}[\"']?(?:_navi_cavi|imageid_input|galleryid_input|gal_gid|mainPhoto|is_empty|tgl_all"
    r"|(?:img|gid)-[0-9])"
    r"|class\s{0,3}=?\s{0,3}[\"']?[^\"'<>]{0,100}\bblk_(?:header|favorites|galleries|profile)"
    r"|(?:imageid|framed)\s{0,3}=\s{0,3}[\"'])",
    re.IGNORECASE,
)

_SENTENCE = re.compile(
    r"too many requests to our servers"
    r"|\bip (?:address )?(?:has )?made too many requests"
    r"|check that you(?: are|'re|’re) (?:a |an )?(?:real )?human"  # noqa: RUF001 - the typographic sign is meant
    r"|^(?:please )?enter the captcha\b"
    r"|^(?:sorry, )?it seems (?:that )?you are banned",
    re.IGNORECASE,
)

_FORM = (
    "//input[contains(translate(@name, 'CAPTH', 'capth'), 'captcha')]"
    "[//img[contains(translate(@src, 'CAPTH', 'capth'), 'captcha')]]"
    " | //*[contains(@class, 'g-recaptcha')]"
    " | //iframe[contains(@src, '/recaptcha/')]"
    " | //form[contains(@action, 'human-verification') or contains(@action, 'rl_captcha')]"
    " | //meta[translate(@http-equiv, 'REFSH', 'refsh')='refresh']"
    "[contains(@content, 'human-verification') or contains(@content, 'rl_captcha')]"
)


def is_block_address(url: str) -> bool:
    """True if `url` is one of the site's check pages, in any letter case, with or without a slash at its end."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return False
    return path.rstrip("/").lower().endswith(_BLOCK_PATHS)


def is_block_text(text: str) -> bool:
    """True if `text` is the check's page: its sentence or form, and no mark of any page that the site shows else."""
    if not _HINT.search(text) or _NORMAL_MARK.search(text):
        return False
    selector = Selector(text=readable(text), type="html")
    if selector.xpath(_FORM):
        return True
    pieces = [collapse(piece) for piece in selector.xpath(VISIBLE_TEXT).getall()]
    return any(_SENTENCE.search(piece) for piece in pieces) or bool(_SENTENCE.search(collapse(" ".join(pieces))))
