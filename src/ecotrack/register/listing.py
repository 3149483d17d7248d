"""Lists of progress records that are read as they are gone through: a city has a million of them."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar, overload

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
T = TypeVar("T")

_BLOCK = 2_000
"""Entries that are held at a time."""


class Listed(Sequence[T], Generic[T]):
    """Entries by their places in the chain, read block by block while the register is open.

    Examples
    --------
    >>> found = Listed(np.arange(5), lambda places: [f"entry {place}" for place in places.tolist()])
    >>> len(found), found[1], list(found[-2:])
    (5, 'entry 1', ['entry 3', 'entry 4'])
    """

    def __init__(self, places: Ints, read: Callable[[Ints], Sequence[T]]) -> None:
        self._places, self._read = places, read

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> Listed[T]: ...
    def __getitem__(self, place: int | slice) -> T | Listed[T]:
        if isinstance(place, slice):
            return Listed(self._places[place], self._read)
        return self._read(self._places[place : place + 1 or None])[0]

    def __iter__(self) -> Iterator[T]:
        for start in range(0, len(self._places), _BLOCK):
            yield from self._read(self._places[start : start + _BLOCK])


def record_places(
    connection: sqlite3.Connection,
    *,
    layer: str | None = None,
    feature_id: str | None = None,
    as_of: dt.date | None = None,
    corrected: bool = False,
) -> Ints:
    """Return the places of progress records in the chain, in the order of recording; shape (n,).

    Parameters
    ----------
    layer, feature_id, as_of
        Only those of a layer, of a feature, up to an effective day; all by default.
    corrected
        Whether records that a later one corrects are listed too; `ecotrack.progress.current` says which those are.
    """
    last = None if as_of is None else as_of.isoformat()
    given = {"layer = ?": layer, "feature_id = ?": feature_id, "effective_on <= ?": last}
    tests = {test: value for test, value in given.items() if value is not None}
    condition, values = " AND ".join(["1", *tests]), tuple(tests.values())
    left_out = [] if corrected else _corrected(connection, condition, values)
    sql = f"""SELECT seq FROM progress_record WHERE {condition}
              AND record_id NOT IN (SELECT value FROM json_each(?)) ORDER BY seq"""
    return np.array([seq for (seq,) in connection.execute(sql, (*values, json.dumps(left_out)))], dtype=np.int64)


def _corrected(connection: sqlite3.Connection, condition: str, values: tuple[str, ...]) -> list[str]:
    """Return the records that others take the place of; few records correct another."""
    sql = f"SELECT record_id, corrects FROM progress_record WHERE {condition} AND corrects IS NOT NULL ORDER BY seq"
    origin: dict[str, str] = {}
    standing: dict[str, str] = {}
    result = []
    for record_id, corrects in connection.execute(sql, values):
        first = origin[record_id] = origin.get(corrects, corrects)
        result.append(standing.get(first, first))
        standing[first] = record_id
    return result
