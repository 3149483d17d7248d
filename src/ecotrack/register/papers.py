"""Issued documents: by their ids, and those of one kind that were recorded after a place in the chain."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from ecotrack.model import IssuedDocument
from ecotrack.register import rows
from ecotrack.register.canonical import KINDS
from ecotrack.register.subjects import read_some

_TABLE = KINDS[IssuedDocument][0]


class Recorded(NamedTuple):
    """An issued document, its place in the chain, and the instant at which it was recorded (UTC)."""

    seq: int
    recorded_at: str
    paper: IssuedDocument


def read_papers(connection: sqlite3.Connection, document_ids: Iterable[str]) -> list[IssuedDocument]:
    """Return issued documents by their ids, in the order of recording."""
    return read_some(connection, IssuedDocument, "document_id IN ({some})", [*document_ids])


def read_papers_since(connection: sqlite3.Connection, after: int, *, kind: str) -> Iterator[Recorded]:
    """Yield the issued documents of one kind after a place, without reading anything else of the chain.

    A row that holds no document any more is left out: what became of it is for the audit to say.
    """
    names = ", ".join(f"d.{name}" for name in rows.columns(_TABLE))
    sql = f"""SELECT d.seq, e.recorded_at, {names} FROM {_TABLE} d JOIN entry e ON e.seq = d.seq
WHERE d.seq > ? AND d.kind = ? ORDER BY d.seq"""
    for seq, recorded_at, *values in connection.execute(sql, (after, kind)):
        with suppress(ValueError, TypeError):
            yield Recorded(seq, recorded_at, IssuedDocument(**rows.from_row(_TABLE, tuple(values))))
