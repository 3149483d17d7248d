"""Whole columns out of SQLite: a few long texts in place of a million rows.

A row costs 2 to 3 microseconds to hand over, since every value becomes an object of its own. Joined inside SQLite
(`group_concat`) and taken apart here, the same columns cost a fifth of that.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

_APART = "\x1f"
"""ASCII's unit separator: what texts are joined by."""

_EPOCH = dt.date(1970, 1, 1).toordinal()

_STRETCH = 20_000
"""Places of the chain that one query takes: a few megabytes of text."""


Ints = npt.NDArray[np.int64]
Objects = npt.NDArray[np.object_]


class Block(NamedTuple):
    """Columns of some rows, in the order of the chain; shape (n,) each.

    Attributes
    ----------
    days
        Ordinals of the dates.
    """

    days: Ints
    numbers: list[Ints]
    texts: list[list[str]]


def read_blocks(
    connection: sqlite3.Connection,
    table: str,
    *,
    layer: str,
    since: int,
    until: int,
    date: str,
    numbers: Sequence[str],
    texts: Sequence[str],
) -> Iterator[Block]:
    """Yield the rows of a layer in a table of the chain as columns, block by block.

    Parameters
    ----------
    since, until
        Places of the chain: after the first, up to the second.
    date
        Column of dates (``2016-03-20``).
    numbers, texts
        SQL expressions of integers and of texts, none of them NULL.
    """
    joined = [f"group_concat({date}, '')", *(f"group_concat({sql})" for sql in numbers)]
    joined += [f"group_concat({sql}, char({ord(_APART)}))" for sql in texts]
    # The chain's own order (rowid) is the order asked for, and no index knows more columns.
    place = f"FROM {table} NOT INDEXED WHERE seq > ? AND seq <= ? AND layer = ?"
    whole = f"SELECT count(*), {', '.join(joined)} {place}"
    single = f"SELECT {', '.join([date, *numbers, *texts])} {place} ORDER BY seq"
    for start in range(since, until, _STRETCH):
        span = (start, min(start + _STRETCH, until), layer)
        count, *columns = connection.execute(whole, span).fetchone()
        if not count:
            continue
        block = _taken_apart(columns, len(numbers))
        if {len(block.days), *map(len, block.numbers), *map(len, block.texts)} != {count}:
            # A text that holds the separator itself: row by row, then.
            block = _gathered(connection.execute(single, span).fetchall(), len(numbers))
        yield block


def read_texts(connection: sqlite3.Connection, table: str, seqs: Ints, *, columns: Sequence[str]) -> dict[str, Objects]:
    """Return columns of some rows of a table of the chain as texts, ``None`` where there is nothing.

    Parameters
    ----------
    seqs
        Places of the chain, each of them a row of the table, in the order asked; shape (n,).
    """
    held, place = np.unique(seqs, return_inverse=True)
    found = np.empty((len(held), len(columns)), dtype=object)
    named = ", ".join(f"CAST({name} AS TEXT)" for name in columns)
    sql = f"SELECT {named} FROM {table} WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq"
    for start in range(0, len(held), _STRETCH):
        some = held[start : start + _STRETCH].tolist()
        found[start : start + len(some)] = connection.execute(sql, (json.dumps(some),)).fetchall()
    return {name: found[place, i] for i, name in enumerate(columns)}


def _taken_apart(columns: Sequence[str], numbers: int) -> Block:
    dates, *rest = columns
    return Block(
        _ordinals(dates),
        [np.fromstring(str(column), dtype=np.int64, sep=",") for column in rest[:numbers]],
        [column.split(_APART) for column in rest[numbers:]],
    )


def _gathered(rows: Sequence[tuple[Any, ...]], numbers: int) -> Block:
    dates, *columns = zip(*rows, strict=True)
    return Block(
        _ordinals("".join(dates)),
        [np.array(column, dtype=np.int64) for column in columns[:numbers]],
        [list(column) for column in columns[numbers:]],
    )


def _ordinals(dates: str) -> Ints:
    """Return the ordinals of dates that stand one after the other, ten characters each.

    Examples
    --------
    >>> _ordinals("2016-03-202016-03-21").tolist()
    [736043, 736044]
    """
    digits = np.frombuffer(dates.encode(), dtype=np.uint8).reshape(-1, 10).astype(np.int64) - ord("0")
    year = digits[:, :4] @ np.array([1000, 100, 10, 1])
    month, day = digits[:, 5] * 10 + digits[:, 6], digits[:, 8] * 10 + digits[:, 9]
    first = ((year - 1970) * 12 + month - 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return np.asarray(first + day - 1 + _EPOCH)
