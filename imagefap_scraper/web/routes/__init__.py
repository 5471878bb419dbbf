"""The pages and the API, one subject a file; `app` puts them together."""

from __future__ import annotations

from imagefap_scraper.web.routes import (
    batches,
    complete,
    duplicates,
    history,
    images,
    jobs,
    keys,
    limits,
    pictures,
    retry,
    review,
    rules,
    start,
    status,
    tagging,
    tags,
    trash,
    undo,
    users,
)

#: In the order in which addresses are compared.
ROUTERS = (
    start.router,
    undo.router,
    keys.router,
    pictures.router,
    tags.router,
    tagging.router,
    complete.router,
    status.router,
    users.router,
    retry.router,
    images.router,
    batches.router,
    duplicates.router,
    review.router,
    history.router,
    jobs.router,
    limits.router,
    rules.router,
    trash.router,
)
