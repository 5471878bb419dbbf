"""A log that tells the user what matters: what Scrapy says about itself only from warnings on."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

#: Loggers that tell at INFO how Scrapy is set up and opens and closes. Not among them: `scrapy.extensions.feedexport`,
#: which says where `-o` put the items, and the stats dump, which has a setting of its own (`STATS_DUMP`).
CHATTY = (
    "scrapy.addons",
    "scrapy.core.engine",
    "scrapy.crawler",
    "scrapy.extensions.closespider",
    "scrapy.extensions.logstats",
    "scrapy.extensions.memusage",
    "scrapy.extensions.remote_control",
    "scrapy.extensions.telnet",
    "scrapy.extensions.throttle",
    "scrapy.middleware",
    "scrapy.utils.log",
)
#: How the messages begin that answer Ctrl-C: the user waits for them.
_ANSWER = "Received "


def _matters(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or str(record.msg).startswith(_ANSWER)


def calm_logging(settings: BaseSettings) -> None:
    """Leave out Scrapy's INFO lines about itself, unless `LOG_LEVEL` is `DEBUG`; warnings and errors stay.

    To catch the very first lines it is called before the crawler process is made. It sets filters, not levels, because
    the crawler process resets the levels of all loggers below `scrapy`. Calling it again changes nothing.
    """
    wanted = str(settings.get("LOG_LEVEL", "DEBUG")).upper() not in {"DEBUG", "NOTSET"}
    for name in CHATTY:
        logger = logging.getLogger(name)
        if wanted:
            logger.addFilter(_matters)
        else:
            logger.removeFilter(_matters)
