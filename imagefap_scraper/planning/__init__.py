"""Which pages to ask, so that few show every wanted image; nothing but the standard library."""

from __future__ import annotations

from imagefap_scraper.planning.planner import Planner
from imagefap_scraper.planning.windows import PhotoRequest, StripRequest, Window, strip_around

__all__ = ["PhotoRequest", "Planner", "StripRequest", "Window", "strip_around"]
