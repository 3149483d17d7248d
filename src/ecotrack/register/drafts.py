"""Entries made ready for writing, many at once: the bytes that the chain hashes and the row that the table takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

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
    return _together(entries, _drafts)


def contents(entries: Sequence[Entry]) -> list[bytes]:
    """Return the bytes that the chain hashes of entries of any kinds, in their order.

    Raises
    ------
    TypeError
        As for `drafts`.
    """
    return _together(entries, _contents)


_Made = TypeVar("_Made")


def _together(entries: Sequence[Entry], make: Callable[[type[Entry], Sequence[Entry]], Iterable[_Made]]) -> list[_Made]:
    """Return what ``make`` makes of the entries of each class, in the order of the entries."""
    by_class: dict[type[Entry], list[Entry]] = {}
    for entry in entries:
        by_class.setdefault(type(entry), []).append(entry)
    made = {cls: iter(make(cls, some)) for cls, some in by_class.items()}
    return [next(made[type(entry)]) for entry in entries]


def _contents(cls: type[Entry], entries: Sequence[Entry]) -> Iterable[bytes]:
    return canonical.bodies(KINDS[cls][0], canonical.plain_columns(entries))


def _drafts(cls: type[Entry], entries: Sequence[Entry]) -> Iterable[Draft]:
    table, id_field = KINDS[cls]
    columns = canonical.plain_columns(entries)
    parts: tuple[Iterable[Any], ...] = (
        [table] * len(entries),
        columns[id_field],
        canonical.bodies(table, columns),
        rows.to_rows(table, entries, columns),
    )
    return map(Draft, *parts)
