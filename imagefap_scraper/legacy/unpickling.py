"""A pickle taken apart without running anything of it.

Whatever a pickle names is looked up in a table of exact pairs and becomes an inert object of this module: nothing is
imported, nothing is called but what stands here. The table holds what the original program's databases name.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from typing import Any, NoReturn

__all__ = ["PickleRefusedError", "load"]


class PickleRefusedError(Exception):
    """The pickle is none of the original program's, or is damaged."""


class _Nothing:
    """Stands for a value that is not taken over: an array, a number of NumPy's, its kind."""

    __slots__ = ()

    def __setstate__(self, _state: object) -> None:
        """Take the state that NumPy's types come with, and keep none of it."""


class _Inert:
    """Stands for something callable; a call makes nothing out of whatever it is given.

    No class and no function: neither attributes nor a new kind of object can be had of it.
    """

    __slots__ = ()

    def __call__(self, *_arguments: object) -> _Nothing:
        """Return nothing worth having."""
        return _NOTHING


class _Levels:
    """Stands for the original's enumeration of how deep an audit came; a call returns the plain number."""

    __slots__ = ()

    def __call__(self, value: object) -> int:
        """Return the level, 1 to 3."""
        if type(value) is not int or value not in _LEVELS.values():
            raise PickleRefusedError("a level of its audits is none of the three")
        return value


class _LevelByName:
    """Stands for `getattr`, by which some releases of Python name members of an enumeration; good for that alone."""

    __slots__ = ()

    def __call__(self, owner: object, name: object) -> int:
        """Return the level of that name, 1 to 3."""
        if not isinstance(owner, _Levels) or type(name) is not str or name not in _LEVELS:
            raise PickleRefusedError("refused by name: builtins.getattr")
        return _LEVELS[name]


_NOTHING = _Nothing()
_LEVELS = {"IMAGE_PAGE": 1, "URL_EXTRACTION": 2, "FULL_RES": 3}
#: Everything that a database of the original names: its own enumeration, and the arrays that it kept as hashes, of
#: either of NumPy's generations and in the forms of pickle protocols 4 and 5.
_TABLE: dict[tuple[str, str], object] = {
    ("fapfavorites.fapdata", "_FailureLevel"): _Levels(),
    ("fapdata", "_FailureLevel"): _Levels(),
    ("builtins", "getattr"): _LevelByName(),
    ("numpy", "dtype"): _Inert(),
    ("numpy", "ndarray"): _Inert(),
    **{
        (f"numpy.{core}.{module}", name): _Inert()
        for core in ("core", "_core")
        for module, name in (("numeric", "_frombuffer"), ("multiarray", "scalar"), ("multiarray", "_reconstruct"))
    },
}


class _Unpickler(pickle.Unpickler):
    """Finds what is in the table and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """Return the inert stand-in; refuse every other name."""
        try:
            return _TABLE[module, name]
        except KeyError:
            raise PickleRefusedError(f"refused by name: {module}.{name}") from None

    def persistent_load(self, _pid: Any) -> NoReturn:
        """Refuse what would be kept elsewhere."""
        raise PickleRefusedError("it refers to objects outside of it")


class _Stream(io.BytesIO):
    """A pickle that is read, and where the last of it that was asked for begins: a frame, or a single step.

    What the unpickler has taken of a frame, and not used, nobody else can see.
    """

    last = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Return so many bytes, and remember where they stood."""
        self.last = self.tell()
        return super().read(size)


def load(content: bytes) -> object:
    """Return what a pickle holds: dictionaries, lists, sets, tuples, text, numbers, and inert objects.

    Deep nesting may crash the interpreter, and huge ones use up its memory: to be run in a process that may.

    Raises:
        PickleRefusedError: it names something unknown, is damaged, or goes on behind its end.
    """
    stream = _Stream(content)
    try:
        value = _Unpickler(stream).load()
    except PickleRefusedError:
        raise
    except MemoryError:
        raise PickleRefusedError("it claims more memory than any such database needs") from None
    except RecursionError:
        raise PickleRefusedError("it is nested too deeply") from None
    except Exception as error:  # noqa: BLE001 - a damaged pickle raises whatever its broken part leads to
        raise PickleRefusedError(f"it is damaged or none of the original program's ({type(error).__name__})") from None
    _refuse_more(stream)
    return value


def _refuse_more(stream: _Stream) -> None:
    """Refuse what stands behind the end of a pickle that was read, in its last frame or behind that.

    Only what was asked for last is gone through, step by step: a frame of the original's has 64 KiB, and its end is
    the pickle's.
    """
    stream.seek(stream.last)
    try:
        for _ in pickletools.genops(stream):
            pass
    except ValueError:
        raise PickleRefusedError("it is damaged or none of the original program's") from None
    if stream.read(1):
        raise PickleRefusedError("it goes on behind its end")
