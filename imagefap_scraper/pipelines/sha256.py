"""The SHA-256 of what came: the identity of the bytes."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from imagefap_scraper.items import ImageItem
from imagefap_scraper.pipelines.base import ArchivePipeline

#: Bytes that are hashed on the event loop: 0.1 ms of it at most, what handing them to a thread costs.
_AT_ONCE = 64 * 1024


class Sha256Pipeline(ArchivePipeline):
    """Reads `content`; sets `sha256` (64 hexadecimal digits) and `size` (bytes)."""

    async def process_item(self, item: Any) -> Any:
        """Return the item, hashed."""
        if isinstance(item, ImageItem) and item.content is not None:
            item.size = len(item.content)
            small = item.size < _AT_ONCE
            item.sha256 = _sha256(item.content) if small else await asyncio.to_thread(_sha256, item.content)
        return item


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
