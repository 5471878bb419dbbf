"""Settings of Scrapy and of this project, each of ours with its unit, default and effect.

Any of ours can be set for one crawl with `-s NAME=VALUE`, or for every crawl by an environment variable of that name.
"""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")


def _setting(name: str, default: T) -> T | str:
    """Return the environment's value for a setting of ours, else its default."""
    return os.environ.get(name, default)


# --- The site and this machine --------------------------------------------------------------------------------------

#: Where the site is: scheme, host and perhaps port. With another address than imagefap.com, nothing else is reached.
IMAGEFAP_SITE_URL = _setting("IMAGEFAP_SITE_URL", "https://www.imagefap.com")
#: Directory of the archive, if `-a output=DIR` names none.
IMAGEFAP_OUTPUT = _setting("IMAGEFAP_OUTPUT", "~/Downloads/imagefap")
#: Another place for the database: sqlite:////PATH. Empty: `imagefap.database` in the output directory.
IMAGEFAP_DATABASE_URL = _setting("IMAGEFAP_DATABASE_URL", "")
#: `durable`: an image and its row are on the disk before the crawl counts it. `grouped`: files first, in batches, their
#: rows soon after; a power cut costs the last batch, never the truth of the database. For fast disks and imports.
IMAGEFAP_DURABILITY = _setting("IMAGEFAP_DURABILITY", "durable")

# --- Pace -----------------------------------------------------------------------------------------------------------

#: Pages that the site lets an address ask for, COUNT/SECONDS with commas between. Empty: no limit.
IMAGEFAP_PAGE_LIMITS = _setting("IMAGEFAP_PAGE_LIMITS", "100/60,200/300,1000/3600")
#: Share of each of these limits that is used, 0 to 1.
IMAGEFAP_PAGE_LIMIT_SHARE = _setting("IMAGEFAP_PAGE_LIMIT_SHARE", "0.8")
#: Seconds from one page to the next, at least. 0: none.
IMAGEFAP_PAGE_GAP = _setting("IMAGEFAP_PAGE_GAP", "1.0")
#: Image files that may wait or run while a page is asked for.
IMAGEFAP_IMAGE_BACKLOG = _setting("IMAGEFAP_IMAGE_BACKLOG", "48")
#: Image files that are downloaded at a time.
IMAGEFAP_IMAGE_CONCURRENCY = _setting("IMAGEFAP_IMAGE_CONCURRENCY", "4")
#: File with the times of the last page requests of this user. Empty: `pace.sqlite3` in the user's state directory.
IMAGEFAP_PACE_FILE = _setting("IMAGEFAP_PACE_FILE", "")
#: Seconds of the first pause when the site blocks without saying for how long; each next one is twice as long.
IMAGEFAP_BLOCK_PAUSE = _setting("IMAGEFAP_BLOCK_PAUSE", "900")
#: Seconds of the longest pause.
IMAGEFAP_BLOCK_PAUSE_MAX = _setting("IMAGEFAP_BLOCK_PAUSE_MAX", "7200")
#: Pauses in a row after which the crawl ends (exit 75).
IMAGEFAP_BLOCK_MAX_PAUSES = _setting("IMAGEFAP_BLOCK_MAX_PAUSES", "4")
#: Seconds before the first retry of a failed request; each next one waits four times as long.
IMAGEFAP_RETRY_WAIT = _setting("IMAGEFAP_RETRY_WAIT", "1.0")

# --- Listing and audit -----------------------------------------------------------------------------------------------

#: Hours for which a finished folder is left alone by a read crawl of all folders.
IMAGEFAP_FOLDER_REST = _setting("IMAGEFAP_FOLDER_REST", "72")

#: Hours after which an audit that misses an image a second time believes that it has vanished from the site.
IMAGEFAP_AUDIT_HOURS = _setting("IMAGEFAP_AUDIT_HOURS", "24")

# --- Inspection -----------------------------------------------------------------------------------------------------

#: Processes that decode pictures. 0: one for each processor.
IMAGEFAP_INSPECT_WORKERS = _setting("IMAGEFAP_INSPECT_WORKERS", "0")
#: Pixels of the largest picture that is decoded; a larger one is stored without hashes.
IMAGEFAP_INSPECT_MAX_PIXELS = _setting("IMAGEFAP_INSPECT_MAX_PIXELS", "100000000")
#: Frames of the longest animation that is decoded; a longer one is stored without hashes.
IMAGEFAP_INSPECT_MAX_FRAMES = _setting("IMAGEFAP_INSPECT_MAX_FRAMES", "2000")
#: Seconds that decoding one picture may take.
IMAGEFAP_INSPECT_SECONDS = _setting("IMAGEFAP_INSPECT_SECONDS", "20")

# --- Look-alikes ----------------------------------------------------------------------------------------------------

#: `on`: a read crawl is followed by a search for look-alikes among the pictures that are new. `off`: it is not.
IMAGEFAP_DUPS_AFTER_CRAWL = _setting("IMAGEFAP_DUPS_AFTER_CRAWL", "on")
#: Bits of 64 in which the PHashes of two pictures may differ for them to be looked at more closely, 0 to 12.
IMAGEFAP_DUPS_MAX_DISTANCE = _setting("IMAGEFAP_DUPS_MAX_DISTANCE", "12")
#: Points by which the best copy is suggested, FACT=POINTS with commas between: pixels=20/50, format=100, quality=10/20,
#: subsampling=10, bytes=10/20, metadata=5, tags=8, older=4, folders=4, name=2. Empty: these.
IMAGEFAP_DUPS_WEIGHTS = _setting("IMAGEFAP_DUPS_WEIGHTS", "")
#: Names or numbers of folders whose pictures are never suggested to go, with commas between.
IMAGEFAP_DUPS_PROTECTED = _setting("IMAGEFAP_DUPS_PROTECTED", "")

# --- Sidecars -------------------------------------------------------------------------------------------------------

#: `1`: in get mode a JSON file beside each picture (NAME.EXT.json) and for each folder (FOLDER.folder.json). `0`: none.
IMAGEFAP_SIDECARS = _setting("IMAGEFAP_SIDECARS", "0")

# --- What a person sees ---------------------------------------------------------------------------------------------

#: `auto`: live display on a terminal, else a line a while. `off`: neither.
IMAGEFAP_PROGRESS = _setting("IMAGEFAP_PROGRESS", "auto")
#: Seconds between two lines where there is no terminal.
IMAGEFAP_PROGRESS_INTERVAL = _setting("IMAGEFAP_PROGRESS_INTERVAL", "30")
#: Addresses as Apprise writes them, with commas between, that get one message with counts at a crawl's end.
IMAGEFAP_NOTIFY = _setting("IMAGEFAP_NOTIFY", "")

# --- Scrapy ---------------------------------------------------------------------------------------------------------

BOT_NAME = "imagefap_scraper"
SPIDER_MODULES = ["imagefap_scraper.spiders"]
NEWSPIDER_MODULE = "imagefap_scraper.spiders"
COMMANDS_MODULE = "imagefap_scraper.commands"
USER_AGENT = "imagefap_scraper/0.1 (archives its user's own favorites; one page at a time)"

#: Obey the site's robots.txt. If it refuses a page, the crawl says so and ends (exit 66).
ROBOTSTXT_OBEY = True
#: Redirects to any other host, meta refreshes, other schemes: nothing of the site needs them.
METAREFRESH_ENABLED = False
REDIRECT_MAX_TIMES = 3
DOWNLOAD_HANDLERS = {"data": None, "file": None, "ftp": None, "s3": None}
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_TLS_MIN_VERSION = "TLSv1.2"
#: Bytes of the largest file; a larger one is `failed`.
DOWNLOAD_MAXSIZE = 64 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
#: Seconds until a request that gets no answer is given up and asked again.
DOWNLOAD_TIMEOUT = 60
#: On by default in Scrapy, and both run Python code that is sent to them.
REMOTE_CONTROL_ENABLED = False
TELNETCONSOLE_ENABLED = False

#: More would only hold more bodies in memory (100: 474 MB, 10: 115 MB, at the same speed).
CONCURRENT_ITEMS = 10
#: Bytes of answers that may be on their way through the pipelines; images of usual size keep both processors busy.
SCRAPER_SLOT_MAX_ACTIVE_SIZE = 16 * 1024 * 1024
#: The spider decides what is asked, and asks for nothing twice; it must be able to ask again.
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"
SCHEDULER = "imagefap_scraper.pace.scheduler.ArchiveScheduler"
SCHEDULER_PRIORITY_QUEUE = "imagefap_scraper.pace.queue.PageGateQueue"
#: First come, first served: on Scrapy's stack the oldest image files would wait until their addresses expire.
SCHEDULER_MEMORY_QUEUE = "scrapy.squeues.FifoMemoryQueue"
#: It reads the source of every callback at start, for a mistake that mypy finds.
WARN_ON_GENERATOR_RETURN_VALUE = False
RETRY_TIMES = 3
#: What is given up is told with its reason, in the database and at the end.
RETRY_GIVE_UP_LOG_LEVEL = "DEBUG"

AUTOTHROTTLE_ENABLED = True
#: Seconds; of image hosts only, pages have a pace of their own.
AUTOTHROTTLE_START_DELAY = 0.25
AUTOTHROTTLE_MAX_DELAY = 30
AUTOTHROTTLE_TARGET_CONCURRENCY = 2.0

DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "imagefap_scraper.middlewares.hosts.HostGuardMiddleware": 40,
    "imagefap_scraper.middlewares.robots.RobotsMiddleware": 100,
    "imagefap_scraper.middlewares.retry.PatientRetryMiddleware": 550,
    "imagefap_scraper.middlewares.blocks.BlockTextMiddleware": 575,
    "imagefap_scraper.middlewares.blocks.BlockMiddleware": 610,
    "imagefap_scraper.middlewares.pace.PaceMiddleware": 950,
}
#: The spiders follow no links that a page chose, so there is neither depth nor length to watch; and they read every
#: status themselves: 404 is an answer.
SPIDER_MIDDLEWARES = {
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
}
EXTENSIONS = {
    "imagefap_scraper.pace.gate.PageGate": 0,
    "imagefap_scraper.extensions.progress.LiveProgress": 500,
    "imagefap_scraper.extensions.summary.EndSummary": 510,
    "imagefap_scraper.extensions.notify.EndNotification": 520,
}
ITEM_PIPELINES = {
    "imagefap_scraper.pipelines.sha256.Sha256Pipeline": 100,
    "imagefap_scraper.pipelines.duplicates.DuplicatesPipeline": 200,
    "imagefap_scraper.pipelines.inspection.InspectionPipeline": 300,
    "imagefap_scraper.pipelines.storage.StoragePipeline": 400,
    "imagefap_scraper.pipelines.database.DatabasePipeline": 500,
    "imagefap_scraper.pipelines.sidecars.SidecarsPipeline": 600,
}

LOG_LEVEL = "INFO"
LOG_FORMAT = "%(asctime)s %(levelname)s: %(message)s"
LOG_DATEFORMAT = "%H:%M:%S"
#: The end summary says what a person wants to know; `-s STATS_DUMP=1` shows Scrapy's own numbers.
STATS_DUMP = False
LOGSTATS_INTERVAL = 0
