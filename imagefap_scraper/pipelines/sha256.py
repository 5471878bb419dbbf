"""The SHA-256 of what came: the identity of the bytes."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from imagefap_scraper.items import ImageItem
from imagefap_scraper.pipelines.base import ArchivePipeline


class Sha256Pipeline(ArchivePipeline):
    """Reads `content`; sets `sha256` (64 hexadecimal digits) and `size` (bytes)."""

    async def process_item(self, item: Any) -> Any:
        """Return the item, hashed off the event loop."""
        if isinstance(item, ImageItem) and item.content is not None:
            item.size = len(item.content)
            item.sha256 = await asyncio.to_thread(_sha256, item.content)
        return item


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
