"""Plots read from the register as columns, from a place of the chain on."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

import numpy as np

from ecotrack.geometry.distinct import distinct
from ecotrack.progress import LedgerWriter, PlotLedger, season_code
from ecotrack.progress.ledger import (
    CHECK_STATES,
    CLAIM_MOST,
    CLAIM_UNITS,
    NO_SURVEY,
    NONE,
    RETENTION,
    STRUCK,
    Ints,
    Mask,
    count_of,
    kept_of,
)
from ecotrack.register.bulk import read_blocks
from ecotrack.register.geopackage import WKB_FROM

_VERSION_NUMBERS = (f"coalesce(min(CAST(claimed_mu * {CLAIM_UNITS} + 0.5 AS INTEGER), {CLAIM_MOST}), {NONE})",)
_SHARED = {"submission": "submissions", "unit": "units", "kind": "kinds", "programme": "programmes", "task": "tasks"}
_SHARED_COLUMNS = ("submission_id", "unit", "kind", "programme", "task_id")
"""What the plots of one submission mostly have in common: read as one text, which is taken apart once."""

_VERSION_TEXTS = (
    "feature_id",
    " || char(30) || ".join(f"coalesce({name}, '')" for name in _SHARED_COLUMNS),
    "coalesce(parent_id, '')",
    "coalesce(season, '') || '|' || coalesce(planted_on, '')",
)

_DECISIONS = """
SELECT d.seq, d.decided_on, d.verdict, d.subject, d.subject_id, v.seq FROM decision d
LEFT JOIN feature_version v ON d.subject = 'version' AND v.version_id = d.subject_id
WHERE d.seq > ? AND d.seq <= ? ORDER BY d.seq"""

_STRUCK = len(CHECK_STATES) + 1
_STATES = " ".join(f"WHEN '{state}' THEN '{number}'" for state, number in {**CHECK_STATES, STRUCK: _STRUCK}.items())
_SAMPLE = "CASE sample WHEN 0 THEN '0' ELSE '1' END"
_RECORD_LETTERS = (
    _SAMPLE,
    f"CASE kind WHEN 'check' THEN 'c' WHEN 'status' THEN 's' WHEN '{RETENTION}' THEN 'r' ELSE 'o' END",
    f"CASE state {_STATES} ELSE '0' END",
    "CASE WHEN corrects IS NULL THEN '0' ELSE '1' END",
)
_RECORD_TEXTS = (f"CASE kind WHEN 'check' THEN fields WHEN '{RETENTION}' THEN coalesce(value, '') ELSE '' END",)
_RECORD_KEYS = ("coalesce(feature_id, '')",)

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
    writer = LedgerWriter(before)
    _add_versions(writer, connection, layer, since, until)
    for seq, decided_on, verdict, subject, subject_id, version_seq in connection.execute(_DECISIONS, (since, until)):
        writer.add_decision(seq, _day(decided_on), verdict, subject, subject_id, version_seq=version_seq)
    _add_records(writer, connection, layer, since, until)
    return writer.ledger()


class _Read(dict[str, int]):
    """Numbers told from texts; each text is read once."""

    def __init__(self, tell: Callable[[str], int]) -> None:
        super().__init__()
        self._tell = tell

    def __missing__(self, text: str) -> int:
        number = self[text] = self._tell(text)
        return number

    def numbers(self, texts: Sequence[str]) -> Ints:
        """Return the numbers of many texts, shape (n,)."""
        return np.fromiter(map(self.__getitem__, texts), np.int64, len(texts))


def _add_versions(writer: LedgerWriter, connection: sqlite3.Connection, layer: str, since: int, until: int) -> None:
    seasons = _Read(_season)
    blocks = read_blocks(
        connection,
        "feature_version",
        layer=layer,
        since=since,
        until=until,
        date="effective_on",
        letters=(_SAMPLE,),
        numbers=_VERSION_NUMBERS,
        texts=_VERSION_TEXTS,
    )
    for seq, days, (sample,), (claimed,), (features, shared, parents, planted), _ in blocks:
        columns = {
            "seq": seq,
            "day": days,
            "feature": writer.numbers("features", features),
            "parent": writer.numbers("features", parents),
            "season": seasons.numbers(planted),
            "claimed": claimed,
            "sample": sample - ord("0"),
        }
        writer.add_versions(columns | _shared_numbers(writer, shared))


def _shared_numbers(writer: LedgerWriter, texts: Sequence[str]) -> dict[str, Ints]:
    """Return the columns of `_SHARED` from their joined texts."""
    kinds = dict.fromkeys(texts)
    parts = zip(*(text.split("\x1e") for text in kinds), strict=True)
    place = {text: i for i, text in enumerate(kinds)}
    rows = np.fromiter(map(place.__getitem__, texts), np.int64, len(texts))
    return {name: writer.numbers(table, part)[rows] for (name, table), part in zip(_SHARED.items(), parts, strict=True)}


def _add_records(writer: LedgerWriter, connection: sqlite3.Connection, layer: str, since: int, until: int) -> None:
    counts = _Read(_counts)
    blocks = read_blocks(
        connection,
        "progress_record",
        layer=layer,
        since=since,
        until=until,
        date="effective_on",
        letters=_RECORD_LETTERS,
        texts=_RECORD_TEXTS,
        keys=_RECORD_KEYS,
    )
    for seq, days, (sample, kind, digit, corrected), _, (fields,), (features,) in blocks:
        check, state = kind == ord("c"), digit - ord("0")
        counted, feature = counts.numbers(fields), writer.plots(features)
        columns = {
            "seq": seq,
            "day": days,
            "feature": feature,
            "sample": sample - ord("0"),
            "corrects": _corrects(connection, seq, corrected == ord("1")),
            "live": counted % _COUNT - 1,
            "holes": counted // _COUNT - 1,
            "state": state % _STRUCK,
            "status": (kind == ord("s")).astype(np.int64),
            "struck": (state == _STRUCK).astype(np.int64),
            "kept": np.where(kind == ord("r"), counted - 1, NO_SURVEY),
        }
        writer.add_checks(columns, np.flatnonzero((feature != NONE) & check))
        writer.add_notes(columns, np.flatnonzero((feature != NONE) & ~check))


def _corrects(connection: sqlite3.Connection, seq: Ints, corrected: Mask) -> Ints:
    """Return the places of the records that others correct; they are looked up only where there are any."""
    result = np.full(len(seq), NONE)
    if corrected.any():
        found = dict(connection.execute(_CORRECTED, (int(seq[0]), int(seq[-1]))))
        for i in np.flatnonzero(corrected).tolist():
            result[i] = found.get(int(seq[i]), NONE)
    return result


_COUNT = 1 << 31


def _counts(text: str) -> int:
    """Return live and checked holes of a check's fields as one number, or the share kept; each one more than it is."""
    if not text.startswith("{"):
        return kept_of(Decimal(text) if text else None) + 1
    found = json.loads(text)
    live, holes = (min(count_of(found.get(name)) + 1, _COUNT - 1) for name in ("holes_live", "holes_checked"))
    return holes * _COUNT + live


def _season(text: str) -> int:
    season, _, planted = text.rpartition("|")
    return season_code(season or None, dt.date.fromisoformat(planted) if planted else None)


def _day(text: str) -> int:
    return dt.date.fromisoformat(text).toordinal()


def read_wkb(connection: sqlite3.Connection, seqs: Ints, *, layer: str) -> list[bytes]:
    """Return the WKB of feature versions by their places in the chain, in the order asked."""
    if len(seqs) == 0:
        return []
    held = distinct(seqs)
    if len(held) * _DENSE > held[-1] - held[0]:
        sql = "SELECT seq, geom FROM feature_version NOT INDEXED WHERE layer = ? AND seq BETWEEN ? AND ?"
        blobs = dict(connection.execute(sql, (layer, int(held[0]), int(held[-1]))))
    else:
        blobs = dict(_single(connection, held.tolist()))
    return [blobs[seq][WKB_FROM:] for seq in seqs.tolist()]


def _single(connection: sqlite3.Connection, seqs: list[int]) -> Iterator[tuple[int, bytes]]:
    """Yield the geometries of versions that lie far apart in the chain, asked for one by one."""
    for start in range(0, len(seqs), _CHUNK):
        some = seqs[start : start + _CHUNK]
        marks = ", ".join("?" * len(some))
        yield from connection.execute(f"SELECT seq, geom FROM feature_version WHERE seq IN ({marks})", some)
