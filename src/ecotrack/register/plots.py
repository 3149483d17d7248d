"""Plots read from the register as columns, from a place of the chain on."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
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

_SAMPLE = "CASE sample WHEN 0 THEN '0' ELSE '1' END"
_VERSION_NUMBERS = (f"coalesce(min(CAST(claimed_mu * {CLAIM_UNITS} + 0.5 AS INTEGER), {CLAIM_MOST}), {NONE})",)
_SHARED = {"submission": "submissions", "unit": "units", "kind": "kinds", "programme": "programmes", "task": "tasks"}
_SHARED_COLUMNS = ("submission_id", "unit", "kind", "programme", "task_id")
"""What the plots of one submission mostly have in common: read as one text, which is taken apart once."""

_BESIDE = "\x1e"
"""ASCII's record separator: what those columns are joined by."""

_VERSION_TEXTS = (
    "feature_id",
    f" || '{_BESIDE}' || ".join(f"coalesce({name}, '')" for name in _SHARED_COLUMNS),
    "coalesce(parent_id, '')",
    "coalesce(season, '') || '|' || coalesce(planted_on, '')",
)

_DECISIONS = """
SELECT d.seq, d.decided_on, d.verdict, d.subject, d.subject_id, v.seq FROM decision d
LEFT JOIN feature_version v ON d.subject = 'version' AND v.version_id = d.subject_id
WHERE d.seq > ? AND d.seq <= ? ORDER BY d.seq"""

_STRUCK = len(CHECK_STATES) + 1
_KINDS = {"check": 1, "status": 2, RETENTION: 3}
_STATE_COUNT, _KIND_COUNT = _STRUCK + 1, len(_KINDS) + 1
_FIRST_LETTER = ord("(")
"""Where the letters begin that say kind, state, basis and correction of a record in one: none of them is a quote."""


def _record_letter() -> str:
    """Return the SQL of that letter: within one basis and kind the states follow one another."""

    def state(start: int, states: Mapping[str, int]) -> str:
        found = " ".join(f"WHEN '{text}' THEN '{chr(start + number)}'" for text, number in states.items())
        # Most records have none, and are not compared with each.
        return f"CASE WHEN state IS NULL THEN '{chr(start)}' ELSE CASE state {found} ELSE '{chr(start)}' END END"

    def kind(start: int) -> str:
        struck = {STRUCK: _STRUCK}
        known = " ".join(
            f"WHEN '{text}' THEN {state(start + n * _STATE_COUNT, CHECK_STATES if text == 'check' else struck)}"
            for text, n in _KINDS.items()
        )
        return f"CASE kind {known} ELSE {state(start, struck)} END"

    size = _KIND_COUNT * _STATE_COUNT
    first, sample, corrects, both = (kind(_FIRST_LETTER + i * size) for i in range(4))
    return (
        f"CASE WHEN corrects IS NULL THEN CASE sample WHEN 0 THEN {first} ELSE {sample} END "
        f"ELSE CASE sample WHEN 0 THEN {corrects} ELSE {both} END END"
    )


_RECORD_LETTERS = (_record_letter(),)
_RECORD_TEXTS = (f"CASE kind WHEN 'check' THEN fields WHEN '{RETENTION}' THEN coalesce(value, '') ELSE '' END",)
_RECORD_KEYS = ("coalesce(feature_id, '')",)

_CORRECTED = """
SELECT r.seq, o.seq FROM progress_record r JOIN progress_record o ON o.record_id = r.corrects
WHERE r.seq BETWEEN ? AND ?"""

_WKB = f"substr(geom, {WKB_FROM + 1})"
_STRETCH = f"SELECT seq, {_WKB} FROM feature_version NOT INDEXED WHERE layer = ? AND seq BETWEEN ? AND ? ORDER BY seq"
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
    parts = zip(*(text.split(_BESIDE) for text in kinds), strict=True)
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
    for seq, days, (letters,), _, (fields,), (features,) in blocks:
        rest, state = np.divmod(letters - _FIRST_LETTER, _STATE_COUNT)
        basis, kind = np.divmod(rest, _KIND_COUNT)
        check = kind == _KINDS["check"]
        counted, feature = counts.numbers(fields), writer.plots(features)
        columns = {
            "seq": seq,
            "day": days,
            "feature": feature,
            "sample": basis & 1,
            "corrects": _corrects(connection, seq, basis > 1),
            "live": counted % _COUNT - 1,
            "holes": counted // _COUNT - 1,
            "state": state % _STRUCK,
            "status": (kind == _KINDS["status"]).astype(np.int64),
            "struck": (state == _STRUCK).astype(np.int64),
            "kept": np.where(kind == _KINDS[RETENTION], counted - 1, NO_SURVEY),
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
        rows = connection.execute(_STRETCH, (layer, int(held[0]), int(held[-1]))).fetchall()
        if len(rows) == len(seqs) and (held == seqs).all():
            return [blob for _, blob in rows]
        blobs = dict(rows)
    else:
        blobs = dict(_single(connection, held.tolist()))
    return [blobs[seq] for seq in seqs.tolist()]


def _single(connection: sqlite3.Connection, seqs: list[int]) -> Iterator[tuple[int, bytes]]:
    """Yield the geometries of versions that lie far apart in the chain, asked for one by one."""
    for start in range(0, len(seqs), _CHUNK):
        some = seqs[start : start + _CHUNK]
        marks = ", ".join("?" * len(some))
        yield from connection.execute(f"SELECT seq, {_WKB} FROM feature_version WHERE seq IN ({marks})", some)
