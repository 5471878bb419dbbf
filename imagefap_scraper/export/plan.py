"""The plan of an export: every file that is to be at the target, and whether it is there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from imagefap_scraper.export.manifest import MANIFEST, Manifest
from imagefap_scraper.storage.names import collision_key
from imagefap_scraper.storage.template import NOWHERE, Values
from imagefap_scraper.storage.tree import Tree, candidates, split

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imagefap_scraper.export.places import Position
    from imagefap_scraper.export.selection import Bytes, Picture
    from imagefap_scraper.storage.template import Template


class Target(Protocol):
    """Where files go.

    Attributes:
        tree: the names in it.
        manifest: of what was exported to it before.
    """

    tree: Tree
    manifest: Manifest

    def has(self, path: str, blob: Bytes) -> bool:
        """Tell whether a file with this path, which is in the manifest, is still there."""

    def holds(self, path: str, blob: Bytes) -> bool:
        """Tell whether a file with this path, of which nothing is known, has these bytes."""


@dataclass(slots=True)
class Output:
    """One file of an export.

    Attributes:
        wanted: the path that the template gives it.
        path: the one that it has, or gets.
        blob: its bytes.
        pictures: the images that it is of.
        there: it is at the target already.
    """

    wanted: str
    blob: Bytes
    pictures: list[Picture] = field(default_factory=list)
    path: str = ""
    there: bool = False


def plan(pictures: Sequence[Picture], template: Template, target: Target) -> list[Output]:
    """Return the files of an export in order; in one directory no bytes are twice.

    A picture with several tags is in each of their directories, if the template names the tag; one in several folders
    likewise, if it names user or folder.
    """
    outputs: dict[tuple[str, str], Output] = {}
    for picture, place, tag in _in_order(pictures, template):
        values = Values(
            picture.image_id,
            picture.blob.extension,
            picture.blob.sha256,
            picture.name or (place.listed_name if place else None),
            place.place if place else NOWHERE,
            tag,
        )
        directories, name = template.fill(values)
        above = target.tree.spelled(directories)
        output = outputs.setdefault((above, picture.blob.sha256), Output(above + name, picture.blob))
        output.pictures.append(picture)
    for output in outputs.values():
        choose(output, target)
    return list(outputs.values())


def choose(output: Output, target: Target) -> None:
    """Find out whether a file is there, or else under which path it will be, and promise that."""
    known = target.manifest.path_of(split(output.wanted)[0], output.blob.sha256)
    if known is not None and target.has(known, output.blob):
        output.path, output.there = known, True
        return
    for candidate in candidates(output.wanted, output.blob.sha256):
        taken = target.tree.taken(candidate)
        for path in taken:
            if target.holds(path, output.blob):
                output.path, output.there = path, True
                return
        if not taken and collision_key(candidate) != collision_key(MANIFEST):
            target.tree.take(candidate)
            output.path, output.there = candidate, False
            return


def _in_order(
    pictures: Sequence[Picture], template: Template
) -> Iterator[tuple[Picture, Position | None, tuple[str, ...]]]:
    """Yield each picture with each place and tag that the template tells apart, in the order of the folders."""
    by_place = not template.fields.isdisjoint(("user", "folder"))
    by_tag = "tag" in template.fields
    found: list[tuple[Picture, Position | None, tuple[str, ...]]] = []
    for picture in pictures:
        places: Sequence[Position | None] = (picture.at if by_place else picture.at[:1]) or (None,)
        tags = (picture.under if by_tag else ()) or ((),)
        found += [(picture, place, tag) for place in places for tag in tags]
    # What is in no folder comes last.
    found.sort(key=lambda one: (one[1] is None, one[1].order if one[1] else (0, 0, 0), one[0].image_id, one[2]))
    yield from found
