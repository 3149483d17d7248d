"""Between entries and rows: how each class is kept in its table."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from ecotrack.register.canonical import KINDS, Entry, decimal_text
from ecotrack.register.geopackage import decode, encode

_RENAMED = {"wkb": "geom"}
_READ_ONLY = frozenset({"author", "seq", "recorded_at"})
_DAYS = frozenset({"effective_on", "submitted_on", "planted_on", "decided_on", "issued_on"})
_DECIMALS = frozenset({"claimed_mu", "value"})
_JSON = frozenset({"attributes", "fields", "body"})

CLASSES: dict[str, type[Entry]] = {table: cls for cls, (table, _) in KINDS.items()}
TABLES: dict[type[Entry], str] = {cls: table for table, cls in CLASSES.items()}


@cache
def columns(table: str) -> tuple[str, ...]:
    """Return the columns of a table that hold an entry, in the order of its fields."""
    return tuple(_RENAMED.get(name, name) for name in _field_names(table))


@cache
def insert_sql(table: str) -> str:
    """Return the statement that keeps one entry; ``seq`` comes first."""
    names = columns(table)
    marks = ", ".join("?" * (len(names) + 1))
    return f"INSERT INTO {table} (seq, {', '.join(names)}) VALUES ({marks})"


def to_row(entry: Entry) -> tuple[Any, ...]:
    """Return the column values of an entry."""
    return tuple(_to_column(name, getattr(entry, name)) for name in _field_names(KINDS[type(entry)][0]))


@cache
def _field_names(table: str) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(CLASSES[table]) if f.name not in _READ_ONLY)


def _to_column(name: str, value: Any) -> Any:
    if name in _JSON:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if name == "wkb":
        return encode(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, bool):
        return int(value)
    return value


@cache
def _readers(table: str) -> tuple[Callable[[Any], Any] | None, ...]:
    return tuple(_reader(name) for name in _field_names(table))


def _reader(name: str) -> Callable[[Any], Any] | None:
    if name in _DAYS:
        return dt.date.fromisoformat
    if name in _DECIMALS:
        return Decimal
    if name in _JSON:
        return json.loads
    if name == "wkb":
        return decode
    return bool if name == "sample" else None


def from_row(table: str, row: Sequence[Any]) -> dict[str, Any]:
    """Return the field values of an entry from the columns of `columns`."""
    pairs = zip(_field_names(table), _readers(table), row, strict=True)
    return {name: value if read is None or value is None else read(value) for name, read, value in pairs}
