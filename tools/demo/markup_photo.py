"""Photo pages with their strips, partial strips, gallery pages."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from tools.demo import pictures
from tools.demo.markup import document, pager
from tools.demo.seeds import fraction
from tools.demo.windows import partial_window, strip_window
from tools.demo.world import ImageState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.demo.markup_favorites import View
    from tools.demo.world import Gallery, Picture

GALLERY_PAGE_SIZE = 24


def photo_page(view: View, picture: Picture) -> str:
    """The page of one image: the strip with the full-size addresses; everything else shows only a framed preview."""
    world = view.world
    gallery = world.galleries[picture.gallery_id]
    places = world.places(picture.gallery_id)
    ids, idx, total = list(places), places[picture.image_id], len(places)
    window = strip_window(world.window_of(picture.gallery_id), idx, total, picture.image_id)
    shown = [ids[place] for place in window]
    if view.tweak == "own_missing":
        shown = [image_id for image_id in shown if image_id != picture.image_id]
    strip = _strip(view, [world.images[image_id] for image_id in shown], idx, total, picture.image_id)
    body = f"""{_photo_header(view, gallery)}
<script type='text/javascript'>var _start_img = {idx}; var _pics = {total};</script>
{strip}
{_image_object(view, picture, gallery)}"""
    return document(f"{picture.name} Porn Pic From {gallery.title}", body, _photo_head(view, picture, gallery))


def partial_strip(view: View, gallery_id: int | None, idx: int) -> str:
    """The strip alone, from position `idx` (from 0) of the gallery; an empty one if there is nothing."""
    gallery = view.world.galleries.get(gallery_id or 0)
    places = view.world.places(gallery.gallery_id) if gallery and not gallery.gone else {}
    ids = list(places)
    shown = [view.world.images[ids[place]] for place in partial_window(idx, len(ids))]
    return _strip(view, shown, idx, len(ids))


def gallery_page(view: View, gallery: Gallery, page: int) -> str:
    """Page `page` (from 0) of a gallery."""
    ids = list(view.world.places(gallery.gallery_id))
    count = max(1, -(-len(ids) // GALLERY_PAGE_SIZE))
    shown = ids[page * GALLERY_PAGE_SIZE : (page + 1) * GALLERY_PAGE_SIZE]
    cells = "".join(_gallery_cell(view, view.world.images[image_id], page, len(ids)) for image_id in shown)
    address = f"?gid={gallery.gallery_id}&page={{}}&view=0"
    uploader = escape(gallery.uploader or "Anonymous")
    body = f"""<div id='navigation'></div>
<input type='hidden' id="galleryid_input" value="{gallery.gallery_id}">
<table class'blk_galleries'><tr><td><font size=4 color=#CC0000 itemprop="name">{escape(gallery.title)}</font>
<font size=3>Uploaded by {uploader}</font><span id="cnt_description"></span></td></tr></table>
<table class'blk_galleries' width='100%'><tr>{cells}</tr></table>
<font><span>{pager(page, count, address)}</span></font>"""
    return document(f"{gallery.title} Porn Pics & Porn GIFs", body)


def gone_gallery_page() -> str:
    """What is shown for a gallery that is not there."""
    return document("ImageFap.com", "<div id='navigation'>Could not find gallery</div>")


def _strip(view: View, shown: Sequence[Picture], idx: int, total: int, own_id: int = 0) -> str:
    addressed = list(shown)
    if view.tweak == "lie":
        addressed = [*addressed[1:], *addressed[:1]]
    entries = [
        _strip_entry(view, picture, target, lacks_address=view.tweak == "no_url" and picture.image_id == own_id)
        for picture, target in zip(shown, addressed, strict=True)
    ]
    if not entries:
        entries = ['<input type="hidden" id="is_empty" value="1">']
    return f"""<div id="_navi_cavi" class="_navi_cavi" data-total="{total}" data-idx="{idx}">
 <ul class="thumbs">
{"".join(entries)} </ul></div>"""


def _strip_entry(view: View, picture: Picture, target: Picture, *, lacks_address: bool) -> str:
    """One entry; `target` is the picture whose addresses it bears, which is another one only when the strip lies."""
    width, height = pictures.pixel_size(picture.recipe) or (0, 0)
    votes = f"{1 + fraction('votes', picture.image_id) * 4:.1f}|{picture.image_id % 23}"
    addresses = ""
    if picture.state is not ImageState.NO_URL and not lacks_address:
        full, framed = view.picture_address(target, "full"), view.picture_address(target, "frame-thumb")
        addresses = f'href="{full}" framed="{framed}" original="{full}" '
    return f"""  <li><a {addresses}imageid="{picture.image_id}" views="{picture.image_id % 977}"
 added="{added(picture)}" dimension="{width}x{height}" votes="{votes}"><img \
src="{view.picture_address(target, "mini")}"></a></li>
"""


def added(picture: Picture) -> str:
    """When the image was uploaded, as the site writes it."""
    number = int(fraction("added", picture.image_id) * 10**6)
    return f"20{10 + number % 15}-{1 + number % 12:02}-{1 + number % 28:02} {number % 24:02}:{number % 60:02}:07"


def _photo_header(view: View, gallery: Gallery) -> str:
    """Who uploaded it and to which gallery; links are absolute here."""
    uploader = "Anonymous"
    user = view.world.user_named(gallery.uploader) if gallery.uploader else None
    if gallery.uploader:
        name = escape(gallery.uploader)
        number = user.user_id if user else 900_000 + sum(gallery.uploader.encode())
        uploader = f"""<a href="{view.origin}/profile.php?user={quote(gallery.uploader, safe="")}">{name}</a>
 <a href='{view.origin}/usergallery.php?userid={number}'>galleries</a>"""
    link = f"{view.origin}/gallery.php?gid={gallery.gallery_id}"
    return f"""<table width='100%'><tr><td class='mnu0'>Uploader: {uploader}</td></tr>
<tr><td>Gallery:</td><td><a href='{link}'>{escape(gallery.title)}</a></td></tr></table>"""


def _photo_head(view: View, picture: Picture, gallery: Gallery) -> str:
    """Description and structured data; the latter names the gallery and has only the framed address."""
    width, height = pictures.pixel_size(picture.recipe) or (0, 0)
    name = "" if picture.nameless_description else picture.name
    uploader = gallery.uploader or "Anonymous"
    description = f"View this hot {name} porn pic uploaded by {uploader} to the {gallery.title} gallery."
    date = added(picture)[:10].split("-")
    framed = view.picture_address(picture, "frame-thumb")
    structured = {
        "@context": "http://schema.org",
        "@type": "ImageObject",
        "name": gallery.title,
        "author": uploader,
        "datePublished": "/".join(reversed(date)),
        "width": width,
        "height": height,
        "contentUrl": framed,
        "thumbnail": view.picture_address(picture, "thumb"),
    }
    # As the site's own encoder writes it: slashes escaped, and nothing that could end the script element.
    script = json.dumps(structured).replace("/", "\\/").replace("<", "\\u003c")
    return f"""<meta name="description" content="{escape(description)}">
<script type="application/ld+json">{script}</script>"""


def _image_object(view: View, picture: Picture, gallery: Gallery) -> str:
    framed = view.picture_address(picture, "frame-thumb")
    name, title = escape(picture.name), escape(gallery.title)
    return f"""<div itemscope itemtype="http://schema.org/ImageObject">
<input type='hidden' id="imageid_input" value="{picture.image_id}">
<input type='hidden' id="galleryid_input" value="{gallery.gallery_id}">
<img id="mainPhoto" src='/images/lightbox-ico-loading.gif' data-src="{framed}" title="{name}" alt=''>
<span itemprop="contentUrl" style='display:none'>{framed}</span>
<noscript><img src="{framed}" title="{title} - {name}" alt="{title} - {name}"></noscript>
</div>"""


def _gallery_cell(view: View, picture: Picture, page: int, total: int) -> str:
    number = picture.image_id
    link = f"/photo/{number}/?pgid=&gid={picture.gallery_id}&page={page}"
    name, listed = escape(picture.name), escape(picture.listed_name)
    return f"""<td id="{number}" align='center'><table><tr><td><a name="{number}" href="{link}">
<img border=0 src='{view.picture_address(picture, "thumb")}' alt="{name}, 1 of {total} pics"></a></td></tr>
<tr><td><span id="img_{number}_desc"></span><font><i id='img_ed_{number}'>{listed}</i></font></td></tr>
</table></td>
"""
