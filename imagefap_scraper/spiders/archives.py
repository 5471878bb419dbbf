"""From arguments and settings to an opened archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from imagefap_scraper.archive import Archive, Layout

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings


def output_directory(output: str | None, settings: BaseSettings) -> Path:
    """Return the output directory: the argument's, else the setting's; `~` is expanded, quoted or not."""
    return Path(output or str(settings["IMAGEFAP_OUTPUT"])).expanduser()


def open_archive(
    output: str | None, layout: Layout, settings: BaseSettings, *, database: bool = True, template: str | None = None
) -> Archive:
    """Return the opened archive; raises what `Archive` raises."""
    url = str(settings["IMAGEFAP_DATABASE_URL"] or "")
    durable = settings["IMAGEFAP_DURABILITY"] != "grouped"
    return Archive(
        output_directory(output, settings), layout, database=database, url=url, durable=durable, template=template
    )
