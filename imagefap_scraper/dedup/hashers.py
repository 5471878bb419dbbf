"""imagededup's hashers, with or without torch.

imagededup's `methods` package imports torch for its neural network, and its `utils` package imports matplotlib and,
once more, torch. The hashers need neither: they live in `imagededup.methods.hashing`, which asks `imagededup.utils` for
helpers alone. So while that one module is imported, two empty stand-in packages with the true search paths take
the place of `imagededup.methods` and `imagededup.utils` in `sys.modules`: their `__init__` files never run. A third one
stands in for the search for duplicates, which hashing never calls and which imports scikit-learn. All are removed
afterwards, so that the real packages can still be imported by whoever has torch.

The way is the same where torch is installed, only the saving is greater: 0.3 s and 75 MB instead of 5 s and 790 MB.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

_HASHING = "imagededup.methods.hashing"
_STOOD_IN_FOR = ("methods", "utils")
_SEARCH = "imagededup.handlers.search.retrieval"


class Hasher(Protocol):
    """What is used of an imagededup hasher."""

    #: Width and height in pixels to which it scales a picture before it looks at it.
    target_size: tuple[int, int]

    def encode_image(self, *, image_array: NDArray[np.uint8]) -> str:
        """Return the hash of a picture: 16 hexadecimal digits, 64 bits."""
        ...


@dataclass(frozen=True)
class Hashers:
    """One hasher a kind; they keep no state and may be used from several threads.

    Attributes:
        phash: imagededup's PHash: the lowest frequencies against their median.
        dhash: imagededup's DHash: each pixel against its left neighbour.
        ahash: imagededup's AHash: each of 8x8 pixels against their mean.
        whash: imagededup's WHash: the coarsest wavelets against their median. Its library, pywt, comes with the others
            in any case: imagededup keeps all hashers in one module.
    """

    phash: Hasher
    dhash: Hasher
    ahash: Hasher
    whash: Hasher


@cache
def load_hashers() -> Hashers:
    """Return imagededup's hashers; the first call imports them (about 0.3 s of CPU time).

    Raises:
        ImportError: imagededup is not installed, or is laid out otherwise than the pinned version.
    """
    # A fully loaded imagededup (then torch is in memory already) is used as it is.
    if _HASHING in sys.modules:
        module = sys.modules[_HASHING]
    else:
        with _stand_ins():
            module = importlib.import_module(_HASHING)
    return Hashers(
        phash=module.PHash(verbose=False),
        dhash=module.DHash(verbose=False),
        ahash=module.AHash(verbose=False),
        whash=module.WHash(verbose=False),
    )


@contextmanager
def _stand_ins() -> Iterator[None]:
    """Put the empty packages in place of those that are not loaded yet, and take them away again."""
    spec = importlib.util.find_spec("imagededup")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("imagededup is not installed; run `make setup`")
    root = spec.submodule_search_locations[0]
    placed: dict[str, ModuleType] = {}
    for name in _STOOD_IN_FOR:
        full_name = f"imagededup.{name}"
        if full_name in sys.modules:
            continue
        package = ModuleType(full_name, "Stands in for the real package while the hashers are imported.")
        package.__path__ = [f"{root}/{name}"]
        placed[full_name] = sys.modules[full_name] = package
    if _SEARCH not in sys.modules:
        search = ModuleType(_SEARCH, "Stands in for the search for duplicates.")
        search.HashEval = None  # type: ignore[attr-defined]
        placed[_SEARCH] = sys.modules[_SEARCH] = search
    try:
        yield
    finally:
        for full_name, package in placed.items():
            if sys.modules.get(full_name) is package:
                del sys.modules[full_name]
