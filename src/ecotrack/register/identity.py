"""Ids that clients make: UUID version 7 for what is new, version 5 for what must come out the same."""

from __future__ import annotations

import uuid

import uuid_utils

_NAMESPACE = uuid.UUID("6f0a4c1e-5f0e-5b52-9d4e-3a8f8f5d7c11")


def new_id() -> str:
    """Return a new UUID (version 7, RFC 9562): sortable by the time of its making."""
    return str(uuid_utils.uuid7())


def stable_id(*parts: object) -> str:
    """Return the UUID (version 5) that belongs to ``parts``: the same parts give the same id.

    Examples
    --------
    >>> stable_id("file", 3) == stable_id("file", 3)
    True
    """
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join(str(part) for part in parts)))
