"""The words by which spiders, gate and middlewares tell pages from image files."""

from __future__ import annotations

#: Download slot of everything that the site counts: pages, their redirects and retries, its robots.txt.
PAGE_SLOT = "pages"
#: Download slot of image files.
IMAGE_SLOT = "images"

#: Request meta: what kind of page this is (profile, root, folder, photo, strip, gallery); names a statistic.
PAGE_KIND = "page_kind"
#: Request meta: True if the spider can choose another page instead of this one (`Postponed`).
MAY_WAIT = "imagefap_may_wait"
#: `PAGE_KIND` of a robots.txt. It never passes the scheduler, so it cannot be put back there.
ROBOTS_KIND = "robots"
#: Request meta: when it last left this machine, in seconds since the epoch.
SENT_AT = "imagefap_sent_at"
#: Request meta: seconds that the queue keeps this request to itself before it may be handed out.
HOLD_SECONDS = "imagefap_hold_seconds"

#: Close reason: the site still blocked after the last pause.
RATE_BLOCKED = "rate_blocked"
#: Close reason: the pace file could no longer be read or written, so that no page may be asked for.
PACE_FILE_FAILED = "pace_file_failed"
