"""Plots read from the register as columns, from a place of the chain on."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from ecotrack.geometry.codec import from_wkb
from ecotrack.progress import LedgerWriter, PlotLedger, season_code
from ecotrack.progress.ledger import CHECK_STATES, Ints, count_of
from ecotrack.register.geopackage import decode

_VERSIONS = """
SELECT seq, effective_on, feature_id, submission_id, unit, kind, programme, season, planted_on, task_id, parent_id,
  claimed_mu, sample
FROM feature_version WHERE layer = ? AND seq > ? AND seq <= ? ORDER BY seq"""

_DECISIONS = """
SELECT d.seq, d.decided_on, d.verdict, d.subject, d.subject_id, v.seq FROM decision d
LEFT JOIN feature_version v ON d.subject = 'version' AND v.version_id = d.subject_id
WHERE d.seq > ? AND d.seq <= ? ORDER BY d.seq"""

_CHECKS = """
SELECT r.seq, r.effective_on, r.feature_id, r.state, r.sample, coalesce(o.seq, -1),
  json_extract(r.fields, '$.holes_live', '$.holes_checked')
FROM progress_record r LEFT JOIN progress_record o ON o.record_id = r.corrects
WHERE r.layer = ? AND r.kind = 'check' AND r.feature_id IS NOT NULL AND r.seq > ? AND r.seq <= ?
ORDER BY r.seq"""

_NOTES = """
SELECT r.seq, r.effective_on, r.feature_id, r.kind, r.state, r.sample, coalesce(o.seq, -1)
FROM progress_record r LEFT JOIN progress_record o ON o.record_id = r.corrects
WHERE r.layer = ? AND r.kind <> 'check' AND r.feature_id IS NOT NULL AND r.seq > ? AND r.seq <= ?
ORDER BY r.seq"""

_CHUNK = 900
_BLOCK = 100_000
_DENSE = 4
"""Versions that make up more than a quarter of a stretch of the chain are read by going through it."""


def read_ledger(
    connection: sqlite3.Connection, *, layer: str, before: PlotLedger | None, since: int, until: int
) -> PlotLedger:
    """Return the plot ledger of a register.

    Parameters
    ----------
    before, since
        A ledger that was read before, and the place of the chain that it reaches to; only what came later is read.
    until
        The place to read up to: what another process adds meanwhile belongs to the next reading.
    """
    writer, day = LedgerWriter(before), _days()
    for row in connection.execute(_VERSIONS, (layer, since, until)):
        planted = dt.date.fromisoformat(row[8]) if row[8] else None
        writer.add_version(
            row[0],
            day(row[1]),
            row[2],
            row[3],
            unit=row[4],
            kind=row[5],
            programme=row[6],
            season=season_code(row[7], planted),
            task_id=row[9],
            parent_id=row[10],
            claimed_mu=None if row[11] is None else Decimal(row[11]),
            sample=row[12],
        )
    for seq, decided_on, verdict, subject, subject_id, version_seq in connection.execute(_DECISIONS, (since, until)):
        writer.add_decision(seq, day(decided_on), verdict, subject, subject_id, version_seq=version_seq)
    _add_checks(writer, connection.execute(_CHECKS, (layer, since, until)), day)
    for seq, on, feature, kind, state, sample, corrects in connection.execute(_NOTES, (layer, since, until)):
        writer.add_note(seq, day(on), feature, kind=kind, state=state, sample=sample, corrects=corrects)
    return writer.ledger()


def _add_checks(writer: LedgerWriter, cursor: sqlite3.Cursor, day: Callable[[str], int]) -> None:
    """Add the checks of a cursor block by block: a million of them take the memory of one block."""
    while rows := cursor.fetchmany(_BLOCK):
        seq, on, features, states, sample, corrects, counts = zip(*rows, strict=True)
        live, holes = zip(*(_counts(text) for text in counts), strict=True)
        columns = {
            "seq": seq,
            "day": [day(text) for text in on],
            "live": live,
            "holes": holes,
            "state": [CHECK_STATES.get(state, 0) for state in states],
            "sample": sample,
            "corrects": corrects,
        }
        writer.add_checks(columns, features)


@lru_cache(maxsize=1 << 16)
def _counts(text: str) -> tuple[int, int]:
    """Return live and checked holes of the pair that SQLite cut out; the same few pairs come again and again."""
    live, holes = json.loads(text)
    return count_of(live), count_of(holes)


def _days() -> Callable[[str], int]:
    @cache
    def day(text: str) -> int:
        return dt.date.fromisoformat(text).toordinal()

    return day


def read_shapes(connection: sqlite3.Connection, seqs: Ints, *, layer: str) -> npt.NDArray[np.object_]:
    """Return the geometries of feature versions by their places in the chain, in the order asked."""
    if len(seqs) == 0:
        return np.zeros(0, dtype=object)
    held, place = np.unique(seqs, return_inverse=True)
    if len(held) * _DENSE > held[-1] - held[0]:
        sql = "SELECT seq, geom FROM feature_version WHERE layer = ? AND seq BETWEEN ? AND ? ORDER BY seq"
        wanted, span = {*held.tolist()}, (layer, int(held[0]), int(held[-1]))
        blobs = [decode(blob) for seq, blob in connection.execute(sql, span) if seq in wanted]
    else:
        blobs = [decode(blob) for (blob,) in _single(connection, held.tolist())]
    return np.asarray(from_wkb(blobs)[place])


def _single(connection: sqlite3.Connection, seqs: list[int]) -> Iterator[tuple[bytes]]:
    """Yield the geometries of versions that lie far apart in the chain, asked for one by one."""
    for start in range(0, len(seqs), _CHUNK):
        some = seqs[start : start + _CHUNK]
        marks = ", ".join("?" * len(some))
        yield from connection.execute(f"SELECT geom FROM feature_version WHERE seq IN ({marks}) ORDER BY seq", some)
