"""Whole columns out of SQLite: a few long texts in place of a million rows.

A row costs 2 to 3 microseconds to hand over, since every value becomes an object of its own. Joined inside SQLite
(`group_concat`) and taken apart here, the same columns cost a fifth of that.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ecotrack.progress.keys import APART, joined

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
    seq
        Places of the chain.
    days
        Ordinals of the dates.
    letters
        Code points of the single characters.
    keys
        Texts as joined bytes (`ecotrack.progress.keys`).
    """

    seq: Ints
    days: Ints
    letters: list[Ints]
    numbers: list[Ints]
    texts: list[list[str]]
    keys: list[bytes]


def read_blocks(
    connection: sqlite3.Connection,
    table: str,
    *,
    layer: str,
    since: int,
    until: int,
    date: str,
    letters: Sequence[str] = (),
    numbers: Sequence[str] = (),
    texts: Sequence[str] = (),
    keys: Sequence[str] = (),
) -> Iterator[Block]:
    """Yield the rows of a layer in a table of the chain as columns, block by block.

    Parameters
    ----------
    since, until
        Places of the chain: after the first, up to the second.
    date
        Column of dates (``2016-03-20``).
    letters, numbers, texts, keys
        SQL expressions of single ASCII characters (which cost a third of a number), of integers, of texts, and of
        texts that are only looked up; none of them NULL.
    """
    columns_sql = [f"group_concat({sql}, '')" for sql in (date, *letters)]
    columns_sql += [f"group_concat({sql})" for sql in numbers]
    columns_sql += [f"group_concat({sql}, '{_APART}')" for sql in (*texts, *keys)]
    # The chain's own order (rowid) is the order asked for, and no index knows more columns.
    place = f"FROM {table} NOT INDEXED WHERE seq > ? AND seq <= ? AND layer = ?"
    whole = f"SELECT count(*), min(seq), max(seq), {', '.join(columns_sql)} {place}"
    single = f"SELECT {', '.join([date, *letters, *numbers, *texts, *keys])} {place} ORDER BY seq"
    for start in range(since, until, _STRETCH):
        span = (start, min(start + _STRETCH, until), layer)
        count, first, last, *columns = connection.execute(whole, span).fetchone()
        if not count:
            continue
        seq = np.arange(first, last + 1)
        if len(seq) != count:
            (places,) = connection.execute(f"SELECT group_concat(seq) {place}", span).fetchone()
            seq = _integers(places)
        parts = (len(letters), len(numbers), len(texts))
        found = _taken_apart(columns, *parts)
        if set(found.counts()) != {count}:
            # A text that holds the separator itself: row by row, then.
            found = _gathered(connection.execute(single, span).fetchall(), *parts)
        yield Block(seq, *found)


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


class _Columns(NamedTuple):
    """What `Block` holds beside the places of the chain."""

    days: Ints
    letters: list[Ints]
    numbers: list[Ints]
    texts: list[list[str]]
    keys: list[bytes]

    def counts(self) -> Iterator[int]:
        """Yield how many rows each column holds."""
        yield len(self.days)
        yield from map(len, [*self.letters, *self.numbers])
        yield from map(len, self.texts)
        yield from (column.count(APART) + 1 for column in self.keys)


def _taken_apart(columns: Sequence[str], letters: int, numbers: int, texts: int) -> _Columns:
    (dates,), small, whole, plain, looked_up = _cut(columns, 1, letters, numbers, texts)
    return _Columns(
        _ordinals(dates),
        [_points(column) for column in small],
        [_integers(str(column)) for column in whole],
        [column.split(_APART) for column in plain],
        [column.encode().replace(_APART.encode(), APART) for column in looked_up],
    )


def _gathered(rows: Sequence[tuple[Any, ...]], letters: int, numbers: int, texts: int) -> _Columns:
    (dates,), small, whole, plain, looked_up = _cut(tuple(zip(*rows, strict=True)), 1, letters, numbers, texts)
    return _Columns(
        _ordinals("".join(dates)),
        [_points("".join(column)) for column in small],
        [np.array(column, dtype=np.int64) for column in whole],
        [list(column) for column in plain],
        [joined(column) for column in looked_up],
    )


def _cut(columns: Sequence[Any], *lengths: int) -> list[Sequence[Any]]:
    """Return columns in groups of these lengths, and what is left as the last."""
    edges = [0, *accumulate(lengths), len(columns)]
    return [columns[start:end] for start, end in pairwise(edges)]


def _points(letters: str) -> Ints:
    return np.frombuffer(letters.encode("ascii"), dtype=np.uint8).astype(np.int64)


def _integers(texts: str) -> Ints:
    return np.fromstring(texts, dtype=np.int64, sep=",")


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
