"""The one writer of a register: entries join the chain many at once, one after the other."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from ecotrack.errors import CannotWrite, DuplicateEntry, ReadOnlyRegister, RegisterBusy, UnreadableFile
from ecotrack.register import canonical, rows, schema
from ecotrack.register.canonical import CLASSES, Entry, Stamp
from ecotrack.register.connection import is_full
from ecotrack.register.drafts import Draft, drafts
from ecotrack.register.identity import new_id

_TOGETHER = 4_096
"""Entries that are made ready and written together: more gain nothing, and take memory."""

_WORTH_INDEXING_LATER = 200
"""Feature versions in one go from which on their boxes are indexed after them and not by trigger."""

_BULK_CACHE_KIB = 262_144

_KNOWN = "SELECT entry_id, seq, kind FROM entry WHERE entry_id IN (SELECT value FROM json_each(?))"


class Head(NamedTuple):
    """The end of the chain: the place and the hash of its last entry."""

    seq: int
    sha256: str


class Writer:
    """The one writer of a register, alive inside ``with register.writer(...)``."""

    def __init__(self, connection: sqlite3.Connection, *, stamp: Stamp, head: Head) -> None:
        self._connection, self._stamp, self._head = connection, stamp, head

    @property
    def head(self) -> Head:
        """The end of the chain with what this writer has added so far."""
        return self._head

    def add(self, entry: Entry) -> int:
        """Append one entry and return its place in the chain.

        The same id with the same content again changes nothing and returns the first place, so that a
        repeated send never doubles.

        Raises
        ------
        DuplicateEntry
            The id stands with other content.
        TypeError
            The entry holds a float or another value that is never hashed.
        """
        return self._add([entry])[0]

    def add_many(self, entries: Iterable[Entry]) -> int:
        """Append entries in their order and return how many places the chain has grown by.

        The chain is the same, hash for hash, as if each had been given to `add`; one entry costs a fifth of that.
        The entries are taken a few thousand at a time, so that any number of them needs little memory.

        Raises
        ------
        DuplicateEntry, TypeError
            As `add` says. What was added before stands in this writer until its ``with`` statement ends; an error
            that leaves it undoes everything.
        """
        before, waiting = self._head.seq, iter(entries)
        while some := list(islice(waiting, _TOGETHER)):
            self._add(some)
        return self._head.seq - before

    def _add(self, entries: Sequence[Entry]) -> list[int]:
        """Append entries, all of them or none, and return the place of each."""
        if not self._connection.in_transaction:
            raise sqlite3.OperationalError("this writer was undone by an error before")
        given = drafts(entries)
        fresh = _without_repeats(given)
        places = self._known(fresh)
        added = [draft for entry_id, draft in fresh.items() if entry_id not in places]
        places.update(zip((draft.entry_id for draft in added), self._chain(added), strict=True))
        return [places[draft.entry_id] for draft in given]

    def _known(self, fresh: dict[str, Draft]) -> dict[str, int]:
        """Return the places of those that stand already, with the same content."""
        known = self._connection.execute(_KNOWN, (msgspec.json.encode([*fresh]).decode(),)).fetchall()
        for entry_id, seq, table in known:
            if (table, self._content(table, seq)) != (fresh[entry_id].table, fresh[entry_id].content):
                raise DuplicateEntry("", entry_id=entry_id)
        return {entry_id: seq for entry_id, seq, _ in known}

    def _content(self, table: str, seq: int) -> bytes:
        names = ", ".join(rows.columns(table))
        row = self._connection.execute(f"SELECT {names} FROM {table} WHERE seq = ?", (seq,)).fetchone()
        return canonical.body(CLASSES[table](**rows.from_row(table, row)))

    def _chain(self, added: Sequence[Draft]) -> range:
        """Join drafts to the chain, keep them, and return their places."""
        places = range(self._head.seq + 1, self._head.seq + 1 + len(added))
        hashes, last = [], self._head.sha256
        for seq, draft in zip(places, added, strict=True):
            last = canonical.link(last, draft.table, draft.content, seq=seq, stamp=self._stamp)
            hashes.append(last)
        try:
            self._keep(added, places, hashes)
        except BaseException:
            # Half of these rows may stand: whoever catches the error inside the with statement must not commit them.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._head = Head(self._head.seq + len(added), last)
        return places

    def _keep(self, added: Sequence[Draft], places: range, hashes: Sequence[str]) -> None:
        by_table: dict[str, list[tuple[object, ...]]] = {}
        for seq, draft in zip(places, added, strict=True):
            by_table.setdefault(draft.table, []).append((seq, *draft.row))
        links = [
            (seq, draft.entry_id, draft.table, *self._stamp, sha256)
            for seq, draft, sha256 in zip(places, added, hashes, strict=True)
        ]
        self._connection.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", links)
        for table, some in by_table.items():
            if table == "feature_version" and len(some) >= _WORTH_INDEXING_LATER:
                self._keep_many_versions(some, places)
            else:
                self._connection.executemany(rows.insert_sql(table), some)

    def _keep_many_versions(self, some: Sequence[tuple[object, ...]], places: range) -> None:
        """Keep feature versions, and their boxes after them: the index is the one that its trigger makes."""
        self._connection.execute(schema.INDEX_LATER)
        self._connection.executemany(rows.insert_sql("feature_version"), some)
        self._connection.execute(schema.INDEX_BOXES, (places[0], places[-1]))
        self._connection.execute(schema.INDEX_AT_ONCE)


def _without_repeats(given: Sequence[Draft]) -> dict[str, Draft]:
    """Return drafts by id; the same one may be given twice, another content under its id may not."""
    result: dict[str, Draft] = {}
    for draft in given:
        first = result.setdefault(draft.entry_id, draft)
        if first is not draft and (first.table, first.content) != (draft.table, draft.content):
            raise DuplicateEntry("", entry_id=draft.entry_id)
    return result


def begin(connection: sqlite3.Connection, path: Path) -> None:
    """Take the register for writing, or say who has it.

    Raises
    ------
    ReadOnlyRegister, RegisterBusy, CannotWrite, UnreadableFile
        It cannot be written, another process writes, the disk takes nothing, or it is damaged.
    """
    if connection.execute("PRAGMA query_only").fetchone()[0]:
        raise ReadOnlyRegister(path)
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise RegisterBusy(path) from error
        if is_full(error):
            raise CannotWrite(path, detail=error) from error
        raise UnreadableFile(path, detail=error) from error


@contextmanager
def records_indexed_later(connection: sqlite3.Connection) -> Iterator[None]:
    """Index records once at the end of the block, in one sort."""
    pages = connection.execute("PRAGMA cache_size").fetchone()[0]
    connection.execute(f"PRAGMA cache_size = {-_BULK_CACHE_KIB}")
    try:
        connection.execute(schema.DROP_RECORDS_BY_KIND)
        yield
        connection.execute(schema.RECORDS_BY_KIND)
    finally:
        connection.execute(f"PRAGMA cache_size = {pages}")


def account_of(connection: sqlite3.Connection, name: str) -> str:
    """Return the id of the account with a name, making one where there is none."""
    row = connection.execute("SELECT account_id FROM account WHERE name = ?", (name,)).fetchone()
    if row:
        return str(row[0])
    account_id = new_id()
    connection.execute("INSERT INTO account VALUES (?, ?)", (account_id, name))
    return account_id
