"""Plots read from the register as columns, from a place of the chain on."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache

import numpy as np

from ecotrack.progress import LedgerWriter, PlotLedger, season_code
from ecotrack.progress.ledger import CHECK_STATES, CLAIM_MOST, CLAIM_UNITS, NONE, STRUCK, Ints, count_of
from ecotrack.register.bulk import read_blocks
from ecotrack.register.geopackage import decode

_VERSION_NUMBERS = (
    "seq",
    "sample",
    f"coalesce(min(CAST(claimed_mu * {CLAIM_UNITS} + 0.5 AS INTEGER), {CLAIM_MOST}), {NONE})",
)
_VERSION_TEXTS = (
    "effective_on",
    "feature_id",
    "submission_id",
    *(f"coalesce({name}, '')" for name in ("unit", "kind", "programme", "task_id", "parent_id")),
    "coalesce(season, '') || '|' || coalesce(planted_on, '')",
)

_DECISIONS = """
SELECT d.seq, d.decided_on, d.verdict, d.subject, d.subject_id, v.seq FROM decision d
LEFT JOIN feature_version v ON d.subject = 'version' AND v.version_id = d.subject_id
WHERE d.seq > ? AND d.seq <= ? ORDER BY d.seq"""

_STATES = " ".join(f"WHEN '{state}' THEN {number}" for state, number in CHECK_STATES.items())
_RECORD_NUMBERS = (
    "seq",
    "sample",
    "kind = 'check'",
    "kind = 'status'",
    f"CASE state {_STATES} WHEN '{STRUCK}' THEN {len(CHECK_STATES) + 1} ELSE 0 END",
    "corrects IS NOT NULL",
)
_RECORD_TEXTS = ("effective_on", "coalesce(feature_id, '')", "CASE kind WHEN 'check' THEN fields ELSE '' END")

_CORRECTED = """
SELECT r.seq, o.seq FROM progress_record r JOIN progress_record o ON o.record_id = r.corrects
WHERE r.seq BETWEEN ? AND ?"""

_CHUNK = 900
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
    _add_versions(writer, connection, layer, since, until, day)
    for seq, decided_on, verdict, subject, subject_id, version_seq in connection.execute(_DECISIONS, (since, until)):
        writer.add_decision(seq, day(decided_on), verdict, subject, subject_id, version_seq=version_seq)
    _add_records(writer, connection, layer, since, until, day)
    return writer.ledger()


Day = Callable[[str], int]


def _add_versions(
    writer: LedgerWriter, connection: sqlite3.Connection, layer: str, since: int, until: int, day: Day
) -> None:
    blocks = read_blocks(
        connection,
        "feature_version",
        layer=layer,
        since=since,
        until=until,
        numbers=_VERSION_NUMBERS,
        texts=_VERSION_TEXTS,
    )
    for (seq, sample, claimed), (on, feature, submission, unit, kind, programme, task, parent, planted) in blocks:
        writer.add_versions(
            {
                "seq": seq,
                "day": _mapped(day, on),
                "season": _mapped(_season, planted),
                "claimed": claimed,
                "sample": sample,
            },
            feature=feature,
            submission=submission,
            unit=unit,
            kind=kind,
            programme=programme,
            task=task,
            parent=parent,
        )


def _add_records(
    writer: LedgerWriter, connection: sqlite3.Connection, layer: str, since: int, until: int, day: Day
) -> None:
    blocks = read_blocks(
        connection,
        "progress_record",
        layer=layer,
        since=since,
        until=until,
        numbers=_RECORD_NUMBERS,
        texts=_RECORD_TEXTS,
    )
    for (seq, sample, check, status, state, corrected), (on, features, fields) in blocks:
        feature = np.array(features, dtype=object)
        about = {"seq": seq, "day": _mapped(day, on), "sample": sample}
        about["corrects"] = _corrects(connection, seq, corrected)
        of_plot = feature != ""
        checks, notes = np.flatnonzero(of_plot & (check == 1)), np.flatnonzero(of_plot & (check == 0))
        counts = np.array([_counts(fields[i]) for i in checks.tolist()], dtype=np.int64).reshape(-1, 2)
        writer.add_checks(
            {name: column[checks] for name, column in about.items()}
            | {"live": counts[:, 0], "holes": counts[:, 1], "state": state[checks] % (len(CHECK_STATES) + 1)},
            feature[checks].tolist(),
        )
        writer.add_notes(
            {name: column[notes] for name, column in about.items()}
            | {"status": status[notes], "struck": (state[notes] > len(CHECK_STATES)).astype(np.int64)},
            feature[notes].tolist(),
        )


def _corrects(connection: sqlite3.Connection, seq: Ints, corrected: Ints) -> Ints:
    """Return the places of the records that others correct; they are looked up only where there are any."""
    result = np.full(len(seq), NONE)
    if corrected.any():
        found = dict(connection.execute(_CORRECTED, (int(seq[0]), int(seq[-1]))))
        for i in np.flatnonzero(corrected).tolist():
            result[i] = found.get(int(seq[i]), NONE)
    return result


def _mapped(function: Callable[[str], int], texts: Sequence[str]) -> Ints:
    return np.fromiter(map(function, texts), np.int64, len(texts))


@lru_cache(maxsize=1 << 16)
def _counts(fields: str) -> tuple[int, int]:
    """Return live and checked holes of a check's fields; the same few texts come again and again."""
    found = json.loads(fields)
    return count_of(found.get("holes_live")), count_of(found.get("holes_checked"))


@lru_cache(maxsize=1 << 12)
def _season(text: str) -> int:
    season, _, planted = text.rpartition("|")
    return season_code(season or None, dt.date.fromisoformat(planted) if planted else None)


def _days() -> Day:
    @cache
    def day(text: str) -> int:
        return dt.date.fromisoformat(text).toordinal()

    return day


def read_wkb(connection: sqlite3.Connection, seqs: Ints, *, layer: str) -> list[bytes]:
    """Return the WKB of feature versions by their places in the chain, in the order asked."""
    if len(seqs) == 0:
        return []
    held, place = np.unique(seqs, return_inverse=True)
    if len(held) * _DENSE > held[-1] - held[0]:
        sql = "SELECT seq, geom FROM feature_version WHERE layer = ? AND seq BETWEEN ? AND ? ORDER BY seq"
        wanted, span = {*held.tolist()}, (layer, int(held[0]), int(held[-1]))
        blobs = [decode(blob) for seq, blob in connection.execute(sql, span) if seq in wanted]
    else:
        blobs = [decode(blob) for (blob,) in _single(connection, held.tolist())]
    return [blobs[i] for i in place.tolist()]


def _single(connection: sqlite3.Connection, seqs: list[int]) -> Iterator[tuple[bytes]]:
    """Yield the geometries of versions that lie far apart in the chain, asked for one by one."""
    for start in range(0, len(seqs), _CHUNK):
        some = seqs[start : start + _CHUNK]
        marks = ", ".join("?" * len(some))
        yield from connection.execute(f"SELECT geom FROM feature_version WHERE seq IN ({marks}) ORDER BY seq", some)
