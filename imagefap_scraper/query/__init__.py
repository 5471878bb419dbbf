"""The one query language of every command and of the web: `folder:x tag:a -tag:b w:>2000 "two words"`.

    query.parse(text)                       what is asked, or a UserInputError that points at the place
    query.run(connection, text, 100)        the first rows, in the folder's order where a folder is asked for
    query.count(connection, text)           how many rows there are
    query.image_ids(connection, text)       the numbers of all of them, in that order
    query.every(connection, text)           all of them, in constant memory but for their numbers
    query.select_ids(connection, query)     the same as a select, to join with more

A row is an image of the site with the blob that is shown for it: of one that was thrown out as a copy, the kept one.
"""

from __future__ import annotations

from imagefap_scraper.query.counting import count
from imagefap_scraper.query.fields import FIELDS, HELP
from imagefap_scraper.query.nodes import Query
from imagefap_scraper.query.parser import parse
from imagefap_scraper.query.rows import ImageRow, every, image_ids, rows_of, run, select_ids

__all__ = [
    "FIELDS",
    "HELP",
    "ImageRow",
    "Query",
    "count",
    "every",
    "image_ids",
    "parse",
    "rows_of",
    "run",
    "select_ids",
]
