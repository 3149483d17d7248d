"""Maps as they were published: the chain names each, its bytes lie under their hash."""

from __future__ import annotations

from typing import Any

from ecotrack.register import Register

PUBLISHED_MAP = "published_map"
"""Kind of the issued documents that name a published map."""


def published_maps(register: Register) -> list[dict[str, Any]]:
    """Return what the chain says of each published map, the newest first."""
    return [one.paper.body for one in register.papers_since(0, kind=PUBLISHED_MAP)][::-1]
