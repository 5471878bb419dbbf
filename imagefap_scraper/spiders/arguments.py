"""What may be written after `-a`, as one model a spider, checked before any request."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from imagefap_scraper.exceptions import UserInputError
from imagefap_scraper.planning.filters import Filters, type_names
from imagefap_scraper.spiders.user_lists import ListedUser, read_users
from imagefap_scraper.storage.template import FILE_FIELDS, Template

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The site's numbers have at most ten digits today; SQLite's integers end at nineteen.
_LARGEST_ID = 10**18
_DIMENSION = re.compile(r"([0-9]{1,6})[xX]([0-9]{1,6})")
_SIZE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ?([KMG])(i?)B?", re.IGNORECASE)


def _one_line(value: str) -> str:
    """Refuse what no name on the site can be; spaces around it come from pasting."""
    value = value.strip()
    if not value:
        raise ValueError("is empty")
    if any(ord(char) < ord(" ") for char in value):
        raise ValueError("has control characters")
    return value


def _split_ids(value: object) -> object:
    """Return the numbers between the commas."""
    if not isinstance(value, str):
        return value
    return list(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))


def _pixels(value: object) -> object:
    """Return the product of `WIDTHxHEIGHT`; anything else as it is."""
    match = _DIMENSION.fullmatch(str(value))
    return int(match[1]) * int(match[2]) if match else value


def _bytes(value: object) -> object:
    """Return the bytes of a size like `200KB`, `1.5MB` or `64KiB`; anything else as it is."""
    match = _SIZE.fullmatch(str(value).strip())
    if match is None:
        return value
    base = 1024 if match[3] else 1000
    return int(float(match[1]) * base ** (1 + "KMG".index(match[2].upper())))


def _template(value: str) -> str:
    """Refuse what is no template of file names."""
    try:
        Template(value, FILE_FIELDS)
    except UserInputError as error:
        # The message says "template, character 3: ..." already, and the argument's name comes before it.
        raise ValueError(str(error)) from error
    return value


def _types(value: object) -> object:
    return type_names(str(value).split(","))


Name = Annotated[str, AfterValidator(_one_line)]
UserId = Annotated[int, Field(ge=1, lt=_LARGEST_ID)]
ImageId = Annotated[int, Field(ge=1, lt=_LARGEST_ID)]
FolderId = Annotated[int, Field(gt=-_LARGEST_ID, lt=_LARGEST_ID)]
Pixels = Annotated[int, BeforeValidator(_pixels), Field(ge=1, lt=_LARGEST_ID)]
Bytes = Annotated[int, BeforeValidator(_bytes), Field(ge=1, lt=_LARGEST_ID)]
FileTemplate = Annotated[str, AfterValidator(_template)]
Count = Annotated[int, Field(ge=1, lt=_LARGEST_ID)]


class Arguments(BaseModel):
    """What every spider takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    output: Name | None = Field(None, description="directory of the archive")


class FilterArguments(Arguments):
    """What keeps images out, and whether to look only."""

    min_pixels: Pixels | None = Field(None, description="fewest pixels: a number, or WIDTHxHEIGHT")
    min_bytes: Bytes | None = Field(None, description="smallest file: bytes, or 200KB, 1.5MB")
    max_bytes: Bytes | None = Field(None, description="largest file: bytes, or 200KB, 1.5MB")
    types: Annotated[frozenset[str], BeforeValidator(_types)] | None = Field(
        None, description="only these types, with commas between: jpg,png,gif"
    )
    first: Count | None = Field(None, description="only the first of each folder, or of the gallery")
    dry_run: bool = Field(False, description="say what would be fetched; store nothing, ask for no image")

    @model_validator(mode="after")
    def _leaves_something(self) -> Self:
        if self.min_bytes is not None and self.max_bytes is not None and self.min_bytes > self.max_bytes:
            raise ValueError(f"min_bytes={self.min_bytes} and max_bytes={self.max_bytes} leave nothing")
        return self

    def filters(self) -> Filters:
        """Return the filters that these arguments ask for."""
        return Filters(self.min_pixels, self.min_bytes, self.max_bytes, self.types or frozenset(), self.first)

    def filters_given(self) -> list[str]:
        """Return the names of the filters that are set."""
        names = ("min_pixels", "min_bytes", "max_bytes", "types", "first")
        return [name for name in names if getattr(self, name) is not None]


class UsersArguments(Arguments):
    """Of the `users` spider."""

    users: Annotated[list[ListedUser], BeforeValidator(read_users)] | None = Field(
        None, description="several users: a,b, or @FILE with one a line"
    )
    user: Name | None = Field(None, description="name of the user, any letter case")
    id: UserId | None = Field(None, description="number of the user, instead of the name")
    url: Name | None = Field(None, description="address of the user, the favorites or a folder, from a browser")

    @model_validator(mode="after")
    def _says_one_user(self) -> Self:
        given = [name for name in ("user", "id", "url", "users") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} say the same thing: give one of them")
        self._check_presence(bool(given))
        return self

    def _check_presence(self, given: bool) -> None:
        if not given:
            raise ValueError("no user: add -a user=NAME (or id=NUMBER, or url=ADDRESS)")


class FavoritesArguments(FilterArguments, UsersArguments):
    """Of the `favorites` spider."""

    mode: Literal["get", "read"] = Field("get", description="get: straight names; read: blobs and database")
    folder: Name | None = Field(None, description="name of one folder, or its number")
    folder_id: FolderId | None = Field(None, description="number of one folder")
    galleries: bool = Field(False, description="also the galleries in folders that hold galleries")
    full: bool = Field(False, description="list every page, not only those that can be new")
    force: bool = Field(False, description="also the folders that were finished a short while ago")
    names: Literal["whole", "listed"] = Field("whole", description="listed: take cut names, save their pages")
    template: FileTemplate | None = Field(None, description="names of the files: {folder}/{num:05}-{name}.{ext}")
    db: bool = Field(True, description="0: keep no database (get mode, one folder)")

    def _check_presence(self, given: bool) -> None:
        if given or (self.mode == "read" and self.folder is None and self.folder_id is None):
            return
        super()._check_presence(given)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.folder is not None and self.folder_id is not None:
            raise ValueError("folder and folder_id say the same thing: give one of them")
        if self.template is not None and self.mode == "read":
            raise ValueError("template is for mode=get: read mode stores by SHA-256")
        if not self.db and self.mode == "read":
            raise ValueError("db=0 is for mode=get: read mode is a database")
        if not self.db and self.galleries:
            raise ValueError("galleries=1 needs the database: leave db=0 out")
        if self.users is not None and (self.folder_id is not None or not self.db):
            raise ValueError("users is for folders of several users: leave folder_id and db=0 out")
        if not self.db and self.folder is None and self.folder_id is None and self.url is None:
            raise ValueError("db=0 is for one folder: add -a folder=NAME")
        return self


class ImagesArguments(FilterArguments):
    """Of the `images` spider."""

    ids: Annotated[list[ImageId], BeforeValidator(_split_ids)] | None = Field(
        None, description="numbers of images, with commas between"
    )
    url: Name | None = Field(None, description="address of a gallery or a photo, from a browser")
    retry: Literal["failed"] | None = Field(None, description="failed: everything that failed before, once more")
    audit: bool = Field(False, description="look what has vanished from the site; downloads nothing that is stored")
    user: Name | None = Field(None, description="name of a known user, for audit=1; default: all")
    mode: Literal["get", "read"] | None = Field(None, description="layout; default: read, or what the archive has")

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if (self.ids is not None) + (self.url is not None) + (self.retry is not None) + self.audit != 1:
            raise ValueError("which images? give one of -a ids=1,2,3, -a url=GALLERY, -a retry=failed and -a audit=1")
        if self.user is not None and not self.audit:
            raise ValueError("user is for audit=1 alone: -a ids and -a retry know their images")
        if self.ids is not None and not self.ids:
            raise ValueError("ids is empty: write -a ids=1,2,3")
        if self.first is not None and self.url is None:
            raise ValueError("first is for url=GALLERY: it says how many of its images")
        if self.audit and (self.dry_run or self.filters_given()):
            given = ["dry_run"] if self.dry_run else self.filters_given()
            raise ValueError(f"audit=1 looks at all that is stored: leave {' and '.join(given)} out")
        return self


_Model = TypeVar("_Model", bound=Arguments)


def parse(model: type[_Model], values: Mapping[str, Any], spider: str) -> _Model:
    """Return the checked arguments of a spider.

    Raises:
        UserInputError: for an unknown argument or a value that cannot be; one line that names it.
    """
    unknown = [name for name in values if name not in model.model_fields]
    if unknown:
        raise UserInputError(_unknown_message(model, unknown[0], spider))
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        message = _sentence(first["msg"])
        if first["loc"]:
            name = str(first["loc"][0])
            raise UserInputError(f"-a {name}={_shown(values.get(name))}: {message}") from None
        raise UserInputError(message) from None


def _unknown_message(model: type[Arguments], name: str, spider: str) -> str:
    near = get_close_matches(name, model.model_fields, n=1)
    hint = f"did you mean {near[0]}?" if near else f"it takes {', '.join(sorted(model.model_fields))}"
    return f"the {spider} spider has no argument {name!r}: {hint}"


def _shown(value: object) -> str:
    """Return a value as one line that does nothing to a terminal."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in str(value))


def _sentence(message: str) -> str:
    """Return pydantic's message as one of ours."""
    message = message.removeprefix("Value error, ").replace("Input should be ", "give ")
    return message[:1].lower() + message[1:]
