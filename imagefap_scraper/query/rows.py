"""The rows of a query: which images in which order, and what is shown of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, select, tuple_
from sqlalchemy.orm import aliased

from imagefap_scraper.database._parts import in_parts
from imagefap_scraper.database.facets import Facet
from imagefap_scraper.database.models import Blob, Favorite, Image
from imagefap_scraper.query.nodes import All, Query, Term
from imagefap_scraper.query.parser import parse
from imagefap_scraper.query.sql import Conditions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Select


#: More folders than that at once have no order that would tell anybody anything.
_MOST_IN_ORDER = 20
#: Beyond every position in a folder.
_A_FOLDER = 1 << 40


@dataclass(frozen=True, slots=True)
class ImageRow:
    """An image of the site, with the blob that is shown for it (None in its fields if there is none).

    `size` is in bytes, `width` and `height` in pixels, `added` when it was stored, `uploaded` as the site writes it.
    `trashed` is the blob that it had, if that was thrown out as a copy of `sha256`.
    """

    image_id: int
    name: str | None
    status: str
    reason: str
    sha256: str | None
    trashed: str | None
    extension: str | None
    format: str | None
    size: int | None
    width: int | None
    height: int | None
    frames: int | None
    animated: bool
    gone: bool
    duplicates: int
    gallery_id: int | None
    added: datetime | None
    uploaded: str | None

    def document(self) -> dict[str, Any]:
        """Return the row as JSON has it: moments in ISO 8601, UTC, to the second."""
        moment = None if self.added is None else f"{self.added:%Y-%m-%dT%H:%M:%SZ}"
        in_group = {0: "no", 1: "yes", 2: "open"}[self.duplicates]
        return asdict(self) | {"added": moment, "duplicates": in_group}


def run(connection: Connection, query: Query | str, limit: int | None = None, offset: int = 0) -> list[ImageRow]:
    """Return rows of a query: in the folder's order where a folder is asked for, else by image number.

    Raises:
        UserInputError: it cannot be read, or names what there is not.
    """
    return rows_of(connection, image_ids(connection, query, limit, offset))


def every(connection: Connection, query: Query | str) -> Iterator[ImageRow]:
    """Yield all rows of a query in order; no statement stays open between two portions.

    Raises:
        UserInputError: it cannot be read, or names what there is not.
    """
    for some in in_parts(image_ids(connection, query)):
        yield from rows_of(connection, some)


def image_ids(connection: Connection, query: Query | str, limit: int | None = None, offset: int = 0) -> Sequence[int]:
    """Return the numbers of the images of a query, in its order.

    Raises:
        UserInputError: it cannot be read, or names what there is not.
    """
    asked = parse(query) if isinstance(query, str) else query
    statement = select_ids(connection, asked)
    return list(connection.execute(statement.limit(limit).offset(offset)).scalars())


def select_ids(connection: Connection, query: Query) -> Select[Any]:
    """Return the select of the numbers of the images of a query, in its order.

    Raises:
        UserInputError: it names what there is not.
    """
    conditions = Conditions(connection, query)
    nodes = query.root.nodes if isinstance(query.root, All) else (query.root,)
    folders = [node for node in nodes if isinstance(node, Term) and node.field == "folder"]
    if len(folders) == 1:
        rest = [conditions.test(node) for node in nodes if node is not folders[0]]
        places = conditions.places.folders(folders[0])
        if 0 < len(places) <= _MOST_IN_ORDER:
            return _in_folders(places).join(Facet, Facet.image_id == Favorite.image_id).where(*rest)
    leaf = conditions.leaf(nodes[0]) if len(nodes) == 1 and isinstance(nodes[0], Term) else None
    if leaf is not None and leaf.ids is not None:
        # Its own list has the order already.
        (image_id,) = leaf.ids.selected_columns
        return (leaf.ids if leaf.once else leaf.ids.distinct()).order_by(image_id)
    return select(Facet.image_id).where(*conditions.demands(nodes)).order_by(Facet.image_id)


def _in_folders(places: Sequence[tuple[int, int]]) -> Select[Any]:
    """Return the select of the favorites of some folders in order, each image where it comes first."""
    if len(places) == 1:
        ((user_id, folder_id),) = places
        here = (Favorite.user_id == user_id) & (Favorite.folder_id == folder_id)
        return select(Favorite.image_id).where(here).order_by(Favorite.position)
    order = case(
        *(
            ((Favorite.user_id == user_id) & (Favorite.folder_id == folder_id), number * _A_FOLDER)
            for number, (user_id, folder_id) in enumerate(places)
        )
    )
    first = func.min(order + Favorite.position)
    where = tuple_(Favorite.user_id, Favorite.folder_id).in_(places)
    return select(Favorite.image_id).where(where).group_by(Favorite.image_id).order_by(first)


def rows_of(connection: Connection, image_ids: Sequence[int]) -> list[ImageRow]:
    """Return the rows of these images, in the order given; one that there is not is left out."""
    found: dict[int, ImageRow] = {}
    copy = aliased(Blob)
    kept = select(copy.kept_as).where(copy.sha256 == Image.skipped_sha256).scalar_subquery()
    statement = (
        select(
            Image.image_id,
            Facet.name,
            Image.status,
            Image.reason,
            Blob.sha256,
            Image.skipped_sha256,
            Blob.extension,
            Blob.format,
            Blob.size,
            Blob.width,
            Blob.height,
            Blob.frames,
            Facet.animated,
            Facet.gone,
            Facet.dup,
            Image.gallery_id,
            Image.stored_at,
            Image.added,
        )
        .join(Facet, Facet.image_id == Image.image_id)
        .outerjoin(Blob, Blob.sha256 == func.coalesce(Image.sha256, kept))
    )
    for some in in_parts(image_ids):
        rows = connection.execute(statement.where(Image.image_id.in_(some))).all()
        found |= {row[0]: ImageRow(*tuple(row)) for row in rows}
    return [found[image_id] for image_id in image_ids if image_id in found]
