"""What Alembic runs; the connection comes from `upgrade`, inside its transaction."""

from __future__ import annotations

from alembic import context

from imagefap_scraper.database import duplicate_models, facets, models  # noqa: F401 - they fill the metadata
from imagefap_scraper.database.base import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
