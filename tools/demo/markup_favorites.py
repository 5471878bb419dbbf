"""Favorites pages: the folder list (root), folders of images, folders of galleries, locked folders."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from tools.demo import pictures
from tools.demo.markup import document, favorites_header, pager

if TYPE_CHECKING:
    from tools.demo.addresses import Signer
    from tools.demo.world import Folder, Gallery, Picture, User, World

CELLS_IN_A_ROW = 4


@dataclass(frozen=True)
class View:
    """What a page is made from.

    Attributes:
        world: what there is.
        origin: scheme, host and port that the page was asked at; absolute links go there.
        signer: makes the addresses of pictures.
        now: the time in seconds since 1970.
        tweak: how this one page misbehaves: `lie`, `no_url`, `own_missing`; empty for not at all.
    """

    world: World
    origin: str
    signer: Signer
    now: float
    tweak: str = ""

    def picture_address(self, picture: Picture, size: str) -> str:
        """The signed address of the picture in that size."""
        return self.signer.address(self.origin, picture, size, self.now)


def root_page(view: View, user: User, page: int) -> str:
    """Page `page` (from 0) of the user's folder list."""
    body = f"{favorites_header(user)}\n{_folder_list(view, user, page)}"
    return document(f"{user.name}'s favorites on ImageFap.com", body)


def folder_page(view: View, user: User, folder: Folder, page: int) -> str:
    """Listing page `page` (from 0) of a folder."""
    world = view.world
    count = folder.page_count(world.per_page)
    if page >= count and world.past_end == "last":
        page = count - 1
    list_page = user.folders.index(folder) // world.folders_per_page
    ids = folder.page_ids(page, world.per_page)
    items = _galleries_table(view, ids) if folder.holds == "galleries" else _images_table(view, ids, page)
    address = f"?userid={user.user_id}&page={{}}&folderid={folder.folder_id}"
    pages = f"\n<tr><td colspan=4 align='center'>{pager(page, count, address)}</td></tr>" if count > 1 or page else ""
    body = f"""{favorites_header(user)}
{_folder_list(view, user, list_page, folder)}
{_own_link(folder)} <table width="100%" cellspacing='2' cellpadding=0>
{items}{pages}
</table>"""
    return document(f"{user.name}'s favorites on ImageFap.com", body)


def locked_page(user: User) -> str:
    """A folder that asks for a password: no kind, no name, no folder list."""
    body = f"""{favorites_header(user)}
<form method='post' action=""><table><tr><td>This folder is protected.</td></tr>
<tr><td><input type="password" name='folder_pass' value="">
<input type='submit' value="Enter"></td></tr></table></form>"""
    return document(f"{user.name}'s favorites on ImageFap.com", body)


def missing_folder_page(view: View, user: User) -> str:
    """What a folder number shows that the user does not have: the folder list and no folder."""
    body = f"{favorites_header(user)}\n{_folder_list(view, user, 0)}\n<center>Folder not found.</center>"
    return document(f"{user.name}'s favorites on ImageFap.com", body)


def _folder_list(view: View, user: User, page: int, current: Folder | None = None) -> str:
    """One page of the folder list; `Uncategorized` (-1) stands on every one of them."""
    size = view.world.folders_per_page
    folders = user.folders[page * size : (page + 1) * size]
    uncategorized = user.folder(-1)
    if folders and uncategorized and uncategorized not in folders:
        folders = [*folders, uncategorized]
    rows = "\n".join(_folder_row(view, user, folder, folder is current) for folder in folders)
    ids = "".join(f"{folder.folder_id}|" for folder in folders)
    return f"""<table class='blk_favorites' cellspacing=0 width="220">
{rows}
</table>
<input type="hidden" id="tgl_all" value="{ids}">"""


def _folder_row(view: View, user: User, folder: Folder, current: bool) -> str:
    name = escape(folder.name)
    shown = f"<b>{name}</b>" if current else name
    toggle = f"<a href='#' onclick=\"tgl('{folder.folder_id}');return false;\"><img src='/img/plus.gif'></a>"
    return f"""<tr><td class='blk_favorites'>{toggle}<a class='blk_galleries'
 href="{view.origin}/showfavorites.php?userid={user.user_id}&folderid={folder.folder_id}">{shown}</a></td></tr>"""


def _own_link(folder: Folder) -> str:
    """The folder's own name over its items; the address is a script that ends in `none;`."""
    return f"""<table width="100%" cellpadding='0'><tr><td class='blk_favorites'>
<a class='blk_favorites' href="javascript:document.getElementById('fav').style.display=none;">{escape(folder.name)}\
</a></td></tr> </table>"""


def _images_table(view: View, ids: list[int], page: int) -> str:
    images = view.world.images
    cells = [_image_cell(view, images[image_id], page, place) for place, image_id in enumerate(ids)]
    rows = [cells[start : start + CELLS_IN_A_ROW] for start in range(0, len(cells), CELLS_IN_A_ROW)]
    return "\n".join(f"<tr>{''.join(row)}</tr>" for row in rows)


def _image_cell(view: View, picture: Picture, page: int, place: int) -> str:
    number = picture.image_id
    context = f"?pgid=&gid={picture.gallery_id}&page={page}#{place}" if view.world.gid_in_link else ""
    width, height = pictures.pixel_size(picture.recipe) or (0, 0)
    description = "a description with a &amp; in it" if number % 5 == 0 else ""
    return f"""<td class='blk_favorites' id="img-{number}" align="center"> <table>
<tr><td><a name="{number}" href="{view.origin}/photo/{number}/{context}"><img border='0' \
src="{view.picture_address(picture, "thumb")}" alt=''></a></td></tr>
<tr><td> <font face='verdana' size="1">{description}</font><br>
<font size='1'><i>{escape(picture.listed_name)}</i></font>
<font color="#666666" size='1'>{width}x{height}</font> <font size=1>{number % 977} views</font> </td></tr>
</table></td>
"""


def _galleries_table(view: View, ids: list[int]) -> str:
    galleries = view.world.galleries
    rows = "\n".join(_gallery_row(view, galleries[gallery_id], place) for place, gallery_id in enumerate(ids))
    return f"""<tr><td class='blk_favorites_hdr' width="60%"><b>Gallery Name</span></td>
<td class='blk_favorites_hdr'><b>Images</b></td></tr>
{rows}"""


def _gallery_row(view: View, gallery: Gallery, place: int) -> str:
    """A row of a gallery; the number in its `id` is not always the gallery's."""
    number = gallery.gallery_id if place % 2 else gallery.gallery_id + 500_000
    title = gallery.title if len(gallery.title) <= 40 else f"{gallery.title[:38]}.."
    thumbs = "".join(
        f"<td><img src='{view.picture_address(view.world.images[image_id], 'mini')}'></td>"
        for image_id in list(view.world.places(gallery.gallery_id))[:4]
    )
    link = f"{view.origin}/gallery.php?gid={gallery.gallery_id}&gen=0"
    return f"""<tr id="gid-{number}"> <td class='blk_favorites'><a class='blk_galleries' href="{link}">\
<b>{escape(title)}</b></a></td> <td align='center'>{len(view.world.places(gallery.gallery_id))}</td></tr>
<tr><td colspan=2><table><tr>{thumbs}</tr></table></td></tr>"""
