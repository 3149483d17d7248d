"""The chain as people leaf through it: who recorded what on which day, the newest first, a page at a time."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from ecotrack.register import rows
from ecotrack.register.canonical import UnitEntry

_DAY = "date(e.recorded_at, '+8 hours')"  # Hengshui keeps the time of Shanghai, which has no summer time

_WORDS = {
    "unit": "t.name_zh",
    "submission": "coalesce(nullif(t.file_name, ''), t.layer)",
    "feature_version": "coalesce(nullif(t.name, ''), t.feature_id)",
    "progress_record": "t.layer || ' ' || t.kind || ' ' || t.effective_on",
    "decision": "t.verdict || ' ' || t.subject || ' ' || t.decided_on",
    "issued_document": "t.kind || ' ' || t.issued_on",
}
"""What names an entry of each table in one line."""


class TrailEntry(NamedTuple):
    """One entry of the chain, without its content."""

    seq: int
    kind: str
    recorded_at: str
    by: str
    what: str
    sha256: str


class TrailDay(NamedTuple):
    """How many entries somebody recorded on a day (Hengshui)."""

    day: str
    by: str
    entries: int


class UnitState(NamedTuple):
    """One state of a unit as the chain keeps it: when it was recorded (UTC), by whom, and what it was."""

    recorded_at: str
    by: str
    entry: UnitEntry


def read_trail(
    connection: sqlite3.Connection, *, before: int, kind: str, by: str, day: str, most: int
) -> list[TrailEntry]:
    """Return entries before a place of the chain (0 is its end), the newest first; empty words ask for all."""
    tests = {"e.seq < ?": before, "e.kind = ?": kind, "a.name = ?": by, f"{_DAY} = ?": day}
    given = {test: value for test, value in tests.items() if value}
    condition = f"WHERE {' AND '.join(given)}" if given else ""
    sql = f"""SELECT e.seq, e.kind, e.recorded_at, a.name, e.sha256 FROM entry e
              JOIN account a ON a.account_id = e.account_id {condition} ORDER BY e.seq DESC LIMIT ?"""
    found = connection.execute(sql, (*given.values(), most)).fetchall()
    return [
        TrailEntry(seq, table, instant, name, _what(connection, table, seq), sha256)
        for seq, table, instant, name, sha256 in found
    ]


def _what(connection: sqlite3.Connection, table: str, seq: int) -> str:
    row = connection.execute(f"SELECT {_WORDS[table]} FROM {table} t WHERE t.seq = ?", (seq,)).fetchone()
    return str(row[0]) if row else ""


def read_trail_days(connection: sqlite3.Connection, *, most: int) -> list[TrailDay]:
    """Return who recorded how much on each of the last days, the newest first."""
    sql = f"""SELECT {_DAY} AS day, a.name, count(*) FROM entry e JOIN account a ON a.account_id = e.account_id
              GROUP BY day, a.name ORDER BY day DESC, a.name LIMIT ?"""
    return [TrailDay(*row) for row in connection.execute(sql, (most,))]


def read_unit_states(connection: sqlite3.Connection) -> list[UnitState]:
    """Return the states of units in the order of recording."""
    names = ", ".join(f"t.{name}" for name in rows.columns("unit"))
    sql = f"""SELECT e.recorded_at, a.name, {names} FROM unit t JOIN entry e ON e.seq = t.seq
              JOIN account a ON a.account_id = e.account_id ORDER BY t.seq"""
    found = connection.execute(sql)
    return [UnitState(instant, by, UnitEntry(**rows.from_row("unit", values))) for instant, by, *values in found]
