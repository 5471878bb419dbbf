"""Pictures with more than 8 bits a level, made such as everything here compares."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image


def is_deep(image: Image) -> bool:
    """Tell whether there are more than 8 bits a channel (Pillow's modes `I`, `I;16` and `F`)."""
    return image.mode.startswith(("I", "F"))


def eight_bits(image: Image) -> Image:
    """Make 8 of 16 bits by dropping the lower ones; Pillow would cut everything above 255 off instead."""
    import numpy as np  # noqa: PLC0415 - few pictures are deep, and settings load this module's neighbours
    from PIL import Image as images  # noqa: N813, PLC0415

    levels = np.asarray(image).astype(np.float32)
    top = float(levels.max(initial=0.0))
    if top > 255:
        levels /= 257.0 if top <= 65535 else top / 255.0
    return images.fromarray(np.clip(levels, 0, 255).astype(np.uint8))
