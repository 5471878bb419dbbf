"""The tags: the tree of them, one with its pictures, and the forms that change either."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from starlette.responses import Response

from imagefap_scraper.database import tags as stored
from imagefap_scraper.exceptions import UserInputError
from imagefap_scraper.review import tag_tree, tagging
from imagefap_scraper.web.answers import archive_of, done
from imagefap_scraper.web.browse.cells import view
from imagefap_scraper.web.browse.tag_lines import carrying, query_of, tag_lines, tags_above, tags_below
from imagefap_scraper.web.render import page

router = APIRouter(include_in_schema=False)

#: More tags than that are shown with their branches closed.
_OPEN = 200
#: The largest number that SQLite holds.
_MOST = 2**63 - 1

#: Those below 0 came from elsewhere than the site.
ImageId = Annotated[int, Path(ge=-_MOST, le=_MOST)]
Text = Annotated[str, Form()]


@router.get("/tags")
def all_tags(request: Request) -> Response:
    """Show the tree."""
    return _tree_page(request)


@router.post("/tags/add")
def add(request: Request, path: Text = "") -> Response:
    """Make a tag."""
    change = partial(tag_tree.add_tag, archive_of(request).workplace, path)
    return _carry_out(change, "/tags", lambda problem: _tree_page(request, problem, path))


@router.get("/tags/{tag_id}")
def one_tag(request: Request, tag_id: int, edit: str = "") -> Response:
    """Show a tag and its pictures; with `edit` also how to change it."""
    return _tag_page(request, tag_id, editing=bool(edit))


@router.post("/tags/{tag_id}/rename")
def rename(request: Request, tag_id: int, name: Text = "") -> Response:
    """Give a tag another name."""
    change = partial(tag_tree.rename_tag, archive_of(request).workplace, tag_id, name)
    return _change(request, tag_id, change)


@router.post("/tags/{tag_id}/move")
def move(request: Request, tag_id: int, parent: Text = "") -> Response:
    """Put a tag below another one, or at the top."""
    change = partial(tag_tree.move_tag, archive_of(request).workplace, tag_id, parent)
    return _change(request, tag_id, change)


@router.post("/tags/{tag_id}/delete")
def delete(request: Request, tag_id: int) -> Response:
    """Remove a tag."""
    archive = archive_of(request)
    change = partial(tag_tree.delete_tag, archive.workplace, tag_id, archive.options)
    return _change(request, tag_id, change, "/tags")


@router.post("/tags/images/{image_id}/add")
def tag_image(request: Request, image_id: ImageId, path: Text = "", back: Text = "/") -> Response:
    """Put a tag on one picture; it is made if there is none."""
    return _on_image(request, image_id, back, add=[path])


@router.post("/tags/images/{image_id}/remove")
def untag_image(request: Request, image_id: ImageId, path: Text = "", back: Text = "/") -> Response:
    """Take a tag off one picture."""
    return _on_image(request, image_id, back, remove=[path])


def _on_image(
    request: Request, image_id: int, back: str, *, add: list[str] | None = None, remove: list[str] | None = None
) -> Response:
    archive = archive_of(request)
    with archive.reading() as connection:
        selection = tagging.select_images(connection, [image_id], None)
    if not selection.blobs:
        raise UserInputError("This picture has no stored file, and so cannot be tagged.")
    found = tagging.change_tags(
        archive.workplace, selection, archive.options, add=add or [], remove=remove or [], create=True
    )
    return done(back, found.batch)


def _change(request: Request, tag_id: int, change: Callable[[], tag_tree.Tagged], after: str | None = None) -> Response:
    """Change a tag and show it again; what is refused is said beside the form."""
    return _carry_out(
        change, after or f"/tags/{tag_id}", lambda problem: _tag_page(request, tag_id, problem, editing=True)
    )


def _carry_out(change: Callable[[], tag_tree.Tagged], after: str, refused: Callable[[str], Response]) -> Response:
    try:
        found = change()
    except UserInputError as error:
        return refused(str(error))
    return done(after, found.batch)


def _tree_page(request: Request, problem: str = "", written: str = "") -> Response:
    with archive_of(request).reading() as connection:
        lines = tag_lines(connection)
    values = {"lines": lines, "problem": problem, "written": written, "opened": len(lines) <= _OPEN}
    return page(request, "tags/tree.html", status=400 if problem else 200, **values)


def _tag_page(request: Request, tag_id: int, problem: str = "", *, editing: bool = False) -> Response:
    with archive_of(request).reading() as connection:
        tree = stored.TagTree(connection)
        tag = tag_tree.numbered(tree, tag_id)
        values: dict[str, Any] = {
            "tag": tag,
            "above": tags_above(tree, tag),
            "below": tags_below(tree, tag),
            "carrying": carrying(connection, tag_id),
            # An answer to a form has the form's address, the pages of the view have the tag's.
            "view": replace(view(connection, request, query_of(tag.path)), path=f"/tags/{tag_id}"),
        }
    values |= {"problem": problem, "editing": editing}
    return page(request, "tags/tag.html", status=400 if problem else 200, **values)
