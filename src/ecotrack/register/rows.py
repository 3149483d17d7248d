"""Between entries and rows: how each class is kept in its table."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec

from ecotrack.register.canonical import CLASSES, Entry
from ecotrack.register.geopackage import decode, encode

_RENAMED = {"wkb": "geom"}
_READ_ONLY = frozenset({"author", "seq", "recorded_at"})
_DAYS = frozenset({"effective_on", "submitted_on", "planted_on", "decided_on", "issued_on"})
_DECIMALS = frozenset({"claimed_mu", "value"})
_JSON = frozenset({"attributes", "fields", "body"})


@cache
def columns(table: str) -> tuple[str, ...]:
    """Return the columns of a table that hold an entry, in the order of its fields."""
    return tuple(_RENAMED.get(name, name) for name in _field_names(table))


@cache
def insert_sql(table: str) -> str:
    """Return the statement that keeps an entry as `to_rows` gives it; ``seq`` comes first."""
    marks = ", ".join(f"NULLIF(?, {_NOTHING})" if name in _may_be_none(table) else "?" for name in _field_names(table))
    return f"INSERT INTO {table} (seq, {', '.join(columns(table))}) VALUES (?, {marks})"


_NOTHING = 0
"""Stands for None in columns of text: to bind None costs sqlite3 ten times as much."""


@cache
def _may_be_none(table: str) -> frozenset[str]:
    return frozenset(f.name for f in dataclasses.fields(CLASSES[table]) if f.default is None)


def to_rows(table: str, entries: Sequence[Entry], plain: Mapping[str, Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    """Return the column values of entries of one class for `insert_sql`, in the order of `columns`.

    Parameters
    ----------
    plain
        Their `ecotrack.register.canonical.plain_columns`: text, days, numbers and documents stand in the tables as
        they are hashed; only geometry is kept whole.
    """
    found = {name: _column(name, entries, plain[name]) for name in _field_names(table)}
    found |= {name: _bound(found[name]) for name in _may_be_none(table)}
    return zip(*found.values(), strict=True)


def _bound(values: Sequence[Any]) -> Sequence[Any]:
    return [_NOTHING if value is None else value for value in values]


def _column(name: str, entries: Sequence[Entry], plain: Sequence[Any]) -> Sequence[Any]:
    if name in _JSON:
        return [bytes(document).decode() for document in plain]
    if name == "wkb":
        return encode([*map(attrgetter(name), entries)])
    if name == "submitted_wkb":
        return [*map(attrgetter(name), entries)]
    if name == "sample":
        return [*map(int, plain)]  # sqlite3 asks its adapters about every bool
    return plain


@cache
def _field_names(table: str) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(CLASSES[table]) if f.name not in _READ_ONLY)


@cache
def _readers(table: str) -> tuple[Callable[[Any], Any] | None, ...]:
    return tuple(_reader(name) for name in _field_names(table))


def _reader(name: str) -> Callable[[Any], Any] | None:
    if name in _DAYS:
        return dt.date.fromisoformat
    if name in _DECIMALS:
        return Decimal
    if name in _JSON:
        return msgspec.json.decode
    if name == "wkb":
        return decode
    return bool if name == "sample" else None


def from_row(table: str, row: Sequence[Any]) -> dict[str, Any]:
    """Return the field values of an entry from the columns of `columns`."""
    pairs = zip(_field_names(table), _readers(table), row, strict=True)
    return {name: value if read is None or value is None else read(value) for name, read, value in pairs}
