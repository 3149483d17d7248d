"""Columns that are read as joined text hold what the rows hold, whatever a text is made of."""

from __future__ import annotations

import datetime as dt
import sqlite3

import pytest

from ecotrack.progress.keys import APART
from ecotrack.register.bulk import read_blocks

NAMES = ["甲", "", "b,c", "x'y", "line\nbreak", "emoji 🌳"]


def table(names: list[str]) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE plot (seq INTEGER PRIMARY KEY, layer TEXT, day TEXT, name TEXT, size INTEGER)")
    rows = [
        (3 * i + 1, "plots", f"2016-{i % 12 + 1:02d}-{i % 28 + 1:02d}", name, i * 7) for i, name in enumerate(names)
    ]
    connection.executemany("INSERT INTO plot VALUES (?, ?, ?, ?, ?)", rows)
    connection.execute("INSERT INTO plot VALUES (2, 'lake', '2016-01-01', 'no', 0)")
    return connection


def read(
    connection: sqlite3.Connection, *, since: int = 0, until: int = 1_000_000
) -> list[tuple[int, int, int, int, str, str]]:
    blocks = read_blocks(
        connection,
        "plot",
        layer="plots",
        since=since,
        until=until,
        date="day",
        letters=("CASE size % 2 WHEN 0 THEN 'e' ELSE 'o' END",),
        numbers=("size",),
        texts=("name",),
        keys=("name",),
    )
    return [
        row
        for block in blocks
        for row in zip(
            block.seq.tolist(),
            block.days.tolist(),
            block.numbers[0].tolist(),
            ["eo".index(chr(letter)) for letter in block.letters[0].tolist()],
            block.texts[0],
            map(bytes.decode, block.keys[0].split(APART)),
            strict=True,
        )
    ]


def by_row(connection: sqlite3.Connection) -> list[tuple[int, int, int, int, str, str]]:
    rows = connection.execute(
        "SELECT seq, day, size, size % 2, name, name FROM plot WHERE layer = 'plots' ORDER BY seq"
    )
    return [(seq, dt.date.fromisoformat(day).toordinal(), *rest) for seq, day, *rest in rows]


@pytest.mark.parametrize("names", [NAMES, ["one"], [""], [str(i) for i in range(30_000)]])
def test_blocks_hold_what_the_rows_hold(names: list[str]) -> None:
    connection = table(names)
    assert read(connection) == by_row(connection)


def test_a_text_that_holds_the_separator_is_read_row_by_row() -> None:
    connection = table([*NAMES, "a\x1fb", "c"])
    assert read(connection) == by_row(connection)


def test_only_what_lies_between_two_places_is_read() -> None:
    connection = table([str(i) for i in range(100)])
    assert read(connection, since=10, until=40) == [row for row in by_row(connection) if 10 < row[0] <= 40]
    assert read(connection, since=900) == []
