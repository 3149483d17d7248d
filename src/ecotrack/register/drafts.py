"""Entries made ready for writing, many at once: the bytes that the chain hashes and the row that the table takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ecotrack.register import canonical, rows
from ecotrack.register.canonical import KINDS, Entry


class Draft(NamedTuple):
    """One entry before it has a place in the chain."""

    table: str
    entry_id: str
    content: bytes
    row: tuple[Any, ...]


def drafts(entries: Sequence[Entry]) -> list[Draft]:
    """Return the drafts of entries of any kinds, in their order.

    Entries of one class are taken together as columns, which costs a fifth of taking them one by one.

    Raises
    ------
    TypeError
        An entry holds what is never hashed (`ecotrack.register.canonical.canonical_json`).
    """
    by_class: dict[type[Entry], list[Entry]] = {}
    for entry in entries:
        by_class.setdefault(type(entry), []).append(entry)
    made = {cls: _of_one_class(cls, some) for cls, some in by_class.items()}
    return [next(made[type(entry)]) for entry in entries]


def _of_one_class(cls: type[Entry], entries: Sequence[Entry]) -> Iterator[Draft]:
    table, id_field = KINDS[cls]
    columns = canonical.plain_columns(entries)
    parts: tuple[Iterable[Any], ...] = (
        [table] * len(entries),
        columns[id_field],
        canonical.bodies(table, columns),
        rows.to_rows(table, entries, columns),
    )
    return map(Draft, *parts)
