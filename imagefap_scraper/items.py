"""What the spiders emit and the pipelines complete: users, folders with their favorites, images."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class FolderKind(StrEnum):
    """What a favorites folder holds."""

    IMAGES = "images"
    GALLERIES = "galleries"
    #: Listed without pictures or galleries, so that its kind cannot be told.
    EMPTY = "empty"


class ImageStatus(StrEnum):
    """Where an image of the site stands in this archive: exactly one of these."""

    WANTED = "wanted"
    STORED = "stored"
    FAILED = "failed"
    #: The site itself no longer has it.
    GONE = "gone"
    #: Its bytes were thrown out as a copy of others, which are shown in its place.
    SKIPPED = "skipped"
    #: Kept out by a filter of the user's; the reason says which.
    FILTERED = "filtered"


class Absence(StrEnum):
    """What of a stored image the site no longer has; the original program's three levels."""

    PAGE = "page"
    ADDRESS = "address"
    FILE = "file"


@dataclass
class AuditItem:
    """What an audit saw of a stored image.

    Attributes:
        image_id: the site's number of the image.
        missing: what the site no longer has of it; None if all is there.
    """

    image_id: int
    missing: Absence | None = None


@dataclass
class UserItem:
    """A user of the site.

    Attributes:
        user_id: the site's number of the user.
        name: the name as the site writes it.
        folder_ids: every folder that the site lists, once the list was read through; None before.
    """

    user_id: int
    name: str
    folder_ids: list[int] | None = None


@dataclass
class FavoriteItem:
    """One image in one folder.

    Attributes:
        image_id: the site's number of the image.
        listed_name: the name in the listing, decoded; perhaps cut (it then ends with two or more dots); None if absent.
        gallery_id: the gallery that the listing's link names; None if it names none.
    """

    image_id: int
    listed_name: str | None = None
    gallery_id: int | None = None


@dataclass
class ListedGalleryItem:
    """One gallery in a folder of galleries.

    Attributes:
        gallery_id: the site's number of the gallery.
        listed_name: its title in the listing, decoded; perhaps cut; None if absent.
        images: how many images the listing says it has; None if it does not say.
    """

    gallery_id: int
    listed_name: str | None = None
    images: int | None = None


@dataclass
class GalleryItem:
    """What one page showed of a gallery, with its checkpoint; or that the gallery is gone.

    Attributes:
        gallery_id: the site's number of the gallery.
        name: its title, decoded; None if the page does not show it.
        total: how many images the site says it has; None if it does not say.
        first: position of the first of `image_ids` in the gallery, from 0.
        image_ids: in the gallery's order.
        names: whole names of these images, as far as the page shows them uncut.
        pages: pages of 24 images, from the first one, that have been read so far without a gap: the checkpoint; None
            if the gallery is only made known.
        listed_through: True if every page that can be new has been read.
        gone: True if the site says that there is no such gallery.
    """

    gallery_id: int
    name: str | None = None
    total: int | None = None
    first: int = 0
    image_ids: list[int] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    pages: int | None = None
    listed_through: bool = False
    gone: bool = False


@dataclass
class FolderItem:
    """One listing page of a folder, or a folder that is only made known.

    A page and its checkpoint are one item, because they are one transaction in the database.

    Attributes:
        user_id: the site's number of the folder's user.
        folder_id: the site's number of the folder; may be negative ("Uncategorized") or 0.
        name: its name, HTML entities decoded.
        kind: what it holds; None while unknown.
        pages: listing pages, from the first one, that have been read so far without a gap: the checkpoint; None if the
            folder is only made known.
        favorites: the images of one listing page, in the site's order.
        galleries: the galleries of one listing page, in the site's order.
        listed_through: True if that page ended the listing: every page that can be new has been read.
        listed_since: when a listing that started at the first page began, ISO 8601: what it has not shown when it ends
            is no longer listed; None for a listing that started later.
    """

    user_id: int
    folder_id: int
    name: str
    kind: FolderKind | None = None
    pages: int | None = None
    favorites: list[FavoriteItem] = field(default_factory=list)
    galleries: list[ListedGalleryItem] = field(default_factory=list)
    listed_through: bool = False
    listed_since: str | None = None


class _Payload:
    """What travels with an image and must never reach an exporter, a log or the database.

    These are no dataclass fields on purpose: exporters and `repr` look at fields alone.

    Attributes:
        content: the bytes that came; None before, and again once they are stored.
        other_path: a file of this archive that holds these bytes, whatever its layout.
        intent_id: the row that says that the file is about to get its final name.
    """

    content: bytes | None = None
    other_path: str | None = None
    intent_id: int | None = None


@dataclass
class ImageItem(_Payload):
    """One image of the site: its bytes (`content`, not a field) on the way to the disk, or why there are none.

    Attributes:
        image_id: the site's number of the image.
        status: what became of it; the pipelines turn `wanted` into `stored` or `failed`.
        reason: why it failed or is gone, one line; empty otherwise. For a stored image that was not decoded: why not.
        name: its whole name as the site shows it on the photo page; None if not known.
        url: its full-size address without the signature.
        gallery_id: the gallery that it belongs to; None if not known.
        added: when the site got it, as the site writes it ("2012-03-04 05:06:07"); None if not known.
        sha256: of the bytes, 64 hexadecimal digits; None until known.
        known: True if the archive holds these bytes already.
        format: JPEG, PNG, GIF, WEBP, BMP, TIFF or AVIF, by content; None until inspected.
        size: bytes.
        width: pixels.
        height: pixels.
        frames: number of frames, 1 for a still.
        animated: True if more than one frame is meant to be played.
        unchecked: True if it was stored without being decoded, because that would have exceeded a limit.
        phash: perceptual hash, 16 hexadecimal digits (imagededup's PHash); None if not decoded.
        dhash: difference hash, 16 hexadecimal digits (imagededup's DHash); None if not decoded.
        hash_version: which way of decoding and hashing made the hashes; None without hashes.
        flat: True if the picture has too little structure for its hashes to mean anything.
        path: where it is stored, relative to the output directory, with `/`; None until stored.
        outcome: `downloaded` if the bytes were written, `uptodate` if they were there already.
    """

    image_id: int
    status: ImageStatus = ImageStatus.WANTED
    reason: str = ""
    name: str | None = None
    url: str | None = None
    gallery_id: int | None = None
    added: str | None = None
    sha256: str | None = None
    known: bool = False
    format: str | None = None
    size: int | None = None
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    animated: bool | None = None
    unchecked: bool = False
    phash: str | None = None
    dhash: str | None = None
    hash_version: int | None = None
    flat: bool = False
    path: str | None = None
    outcome: str | None = None
