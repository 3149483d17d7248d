"""The register on one disk: opening it, reading as of a day and as known at an instant, holding it for writing."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from ecotrack.errors import (
    CannotWrite,
    EmptyFile,
    MissingFile,
    NewerWorkspace,
    NoRegister,
    UnreadableFile,
)
from ecotrack.geometry.area import Floats
from ecotrack.model import Decision, FeatureVersion, IssuedDocument, ProgressRecord, Submission
from ecotrack.progress import PlotLedger
from ecotrack.progress.ledger import Ints
from ecotrack.register import rows, schema
from ecotrack.register.around import Around, read_around, read_named
from ecotrack.register.bulk import Objects, read_texts
from ecotrack.register.canonical import CLASSES, GENESIS, KINDS, Entry, Stamp, UnitEntry
from ecotrack.register.connection import connect, is_full
from ecotrack.register.creation import lay_tables
from ecotrack.register.listing import Listed, record_places
from ecotrack.register.location import refuse_network_share
from ecotrack.register.papers import Recorded, read_papers, read_papers_since
from ecotrack.register.plots import read_ledger, read_wkb
from ecotrack.register.subjects import SENDERS, Subjects, Tally, read_subjects, read_tallies
from ecotrack.register.trail import TrailDay, TrailEntry, UnitState, read_trail, read_trail_days, read_unit_states
from ecotrack.register.writer import Head, Writer, account_of, begin, records_indexed_later

_T = TypeVar("_T")

_CHUNK = 900


class Register:
    """An append-only register in one GeoPackage file on a local disk.

    Open it with `Register.create` or `Register.open`; use it in a ``with`` statement or close it.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with Register.create(Path(folder.name) / "r.gpkg", office="hengshui") as register:
    ...     with register.writer(author="张三") as writer:
    ...         seq = writer.add(Submission(submission_id="s-1", layer="plots", submitted_on=dt.date(2016, 5, 1)))
    ...     register.head().seq
    1
    >>> folder.cleanup()
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._meta: dict[str, str] = dict(connection.execute("SELECT key, value FROM meta"))

    @classmethod
    def create(cls, path: Path, *, office: str) -> Self:
        """Make an empty register, whole or not at all.

        Raises
        ------
        NetworkShare
            ``path`` lies on a network share.
        """
        refuse_network_share(path.parent)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.{os.getpid()}.part")
        partial.unlink(missing_ok=True)
        connection = sqlite3.connect(partial, isolation_level=None)
        try:
            lay_tables(connection, office)
        finally:
            connection.close()
        try:
            os.link(partial, path)  # fails where another process was faster; its register stands
        except FileExistsError:
            pass
        except OSError:
            partial.replace(path)
        partial.unlink(missing_ok=True)
        return cls.open(path)

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Self:
        """Open a register; where its folder cannot be written, for reading only.

        Raises
        ------
        NoRegister, EmptyFile, UnreadableFile, NetworkShare, NewerWorkspace, CannotWrite
            There is none, it is no register that this program can read safely, or the disk is full.
        """
        if not path.is_file():
            raise NoRegister(path)
        if path.stat().st_size == 0:
            raise EmptyFile(path)
        refuse_network_share(path)
        try:
            connection = connect(path, read_only=read_only)
            found = dict(connection.execute("SELECT key, value FROM meta"))
        except sqlite3.DatabaseError as error:
            raise (CannotWrite if is_full(error) else UnreadableFile)(path, detail=error) from error
        if int(found["schema_version"]) > schema.SCHEMA_VERSION:
            connection.close()
            raise NewerWorkspace(path, found=found["schema_version"], known=schema.SCHEMA_VERSION)
        return cls(path, connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @property
    def office(self) -> str:
        """The office that every row of this register carries."""
        return self._meta["office"]

    @property
    def register_id(self) -> str:
        """UUID of the register itself."""
        return self._meta["register_id"]

    def head(self) -> Head:
        """Return the end of the chain."""
        return _head(self._connection)

    def head_at(self, seq: int) -> Head:
        """Return the chain's end as it was after entry ``seq``."""
        row = self._connection.execute("SELECT seq, sha256 FROM entry WHERE seq = ?", (seq,)).fetchone()
        return Head(*row) if row else Head(0, GENESIS)

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """Have everything inside read the register as it stands at one moment, whatever others write meanwhile."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("COMMIT")

    @contextmanager
    def writer(self, *, author: str, bulk: bool = False) -> Iterator[Writer]:
        """Hold the register for writing: everything inside is kept together, or nothing of it.

        Parameters
        ----------
        author
            Name of the account that writes. The chain holds its id, the name stands beside it.
        bulk
            Whether more is written than stands: records are then indexed once at the end, in one sort, and SQLite
            may hold 256 MB of pages. The register that results is the same.

        Raises
        ------
        RegisterBusy
            Another writer did not let go in time.
        ReadOnlyRegister, CannotWrite
            The folder cannot be written, or the disk is full.
        """
        connection = self._connection
        begin(connection, self.path)
        try:
            last = connection.execute("SELECT recorded_at FROM entry ORDER BY seq DESC LIMIT 1").fetchone()
            # recorded_at never runs backwards, whatever the clock of this machine does
            now = max(_instant(dt.datetime.now(dt.UTC)), last[0] if last else "")
            account_id = account_of(connection, author)
            stamp = Stamp(now, self.office, account_id)
            with records_indexed_later(connection) if bulk else nullcontext():
                yield Writer(connection, stamp=stamp, head=_head(connection))
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:  # SQLite rolls back on its own where the disk is full
                connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError):
                raise CannotWrite(self.path, detail=error) from error
            raise

    def seq_at(self, instant: dt.datetime) -> int:
        """Return the place of the last entry recorded up to ``instant``."""
        row = self._connection.execute("SELECT max(seq) FROM entry WHERE recorded_at <= ?", (_instant(instant),))
        return int(row.fetchone()[0] or 0)

    def last_said(self) -> Head:
        """Return the chain's end as it was after the last entry that is no issued document.

        What ecotrack issues moves no figure, so two receipts of one state name the same place.
        """
        row = self._connection.execute("SELECT max(seq) FROM entry WHERE kind <> 'issued_document'").fetchone()
        return self.head_at(int(row[0] or 0))

    def recorded_at(self, seq: int) -> str:
        """Return the instant (UTC) at which entry ``seq`` was recorded; empty where there is no such entry."""
        row = self._connection.execute("SELECT recorded_at FROM entry WHERE seq = ?", (seq,)).fetchone()
        return str(row[0]) if row else ""

    def accounts(self) -> dict[str, str]:
        """Return the names of the accounts by id."""
        return dict(self._connection.execute("SELECT account_id, name FROM account"))

    def senders(self) -> dict[str, str]:
        """Return who sent each submission: its id to the name of the account."""
        return dict(self._connection.execute(SENDERS))

    def tallies(self) -> dict[str, Tally]:
        """Return how each submission of features stands, by its id."""
        return read_tallies(self._connection)

    def subjects(self, ids: Iterable[str]) -> Subjects:
        """Return all that was said about the submissions, versions or features that some ids name."""
        return read_subjects(self._connection, ids)

    def trail(
        self, *, before: int = 0, kind: str = "", by: str = "", day: str = "", most: int = 50
    ) -> list[TrailEntry]:
        """Return what was recorded, the newest first; by kind, account and day (Hengshui) where they are named."""
        return read_trail(self._connection, before=before, kind=kind, by=by, day=day, most=most)

    def trail_days(self, *, most: int = 60) -> list[TrailDay]:
        """Return who recorded how much on each of the last days."""
        return read_trail_days(self._connection, most=most)

    def units(self) -> list[UnitEntry]:
        """Return how units were named, in the order of recording."""
        return self._read(UnitEntry, {}, seq=None)

    def unit_states(self) -> list[UnitState]:
        """Return the same with who recorded each, and when."""
        return read_unit_states(self._connection)

    def submissions(self, *, seq: int | None = None, raw_sha256: str | None = None) -> list[Submission]:
        """Return submissions in the order of recording, all or those of one raw file."""
        return self._read(Submission, {"raw_sha256 = ?": raw_sha256}, seq=seq)

    def versions(
        self,
        *,
        layer: str | None = None,
        submission_id: str | None = None,
        as_of: dt.date | None = None,
        seq: int | None = None,
    ) -> list[FeatureVersion]:
        """Return feature versions in the order of recording: effective up to ``as_of``, known up to ``seq``."""
        where = {"layer = ?": layer, "submission_id = ?": submission_id}
        return self._read(FeatureVersion, where, seq=seq, up_to=("effective_on", as_of))

    def records(
        self,
        *,
        layer: str | None = None,
        kind: str | None = None,
        as_of: dt.date | None = None,
        seq: int | None = None,
        but_layer: str | None = None,
    ) -> list[ProgressRecord]:
        """Return progress records in the order of recording, corrections and corrected ones alike.

        ``but_layer`` leaves one layer out.

        `ecotrack.progress.current` keeps those in force.
        """
        # Two ranges of the index, where <> would go through a million records of plots.
        others = (but_layer, but_layer) if but_layer is not None else None
        where = {"t.layer = ?": layer, "t.kind = ?": kind, "(t.layer < ? OR t.layer > ?)": others}
        return self._read(
            ProgressRecord,
            where,
            seq=seq,
            up_to=("effective_on", as_of),
            recorded=True,
            scattered=but_layer is not None,
        )

    def listed_records(
        self,
        *,
        layer: str | None = None,
        feature_id: str | None = None,
        as_of: dt.date | None = None,
        corrected: bool = False,
    ) -> Listed[ProgressRecord]:
        """Return the progress records of a list, read while it is gone through; see `record_places`."""
        places = record_places(self._connection, layer=layer, feature_id=feature_id, as_of=as_of, corrected=corrected)
        return Listed(places, self.records_at)

    def records_named(self, ids: Sequence[str]) -> list[ProgressRecord]:
        """Return progress records by their ids."""
        found = []
        for start in range(0, len(ids), _CHUNK):
            some = tuple(ids[start : start + _CHUNK])
            where = {f"t.record_id IN ({', '.join('?' * len(some))})": some}
            found += self._read(ProgressRecord, where, seq=None, recorded=True, scattered=True)
        return found

    def feature_names(self, layer: str) -> dict[str, str]:
        """Return id and last name of every feature of a layer, empty where it has none."""
        sql = "SELECT feature_id, coalesce(name, '') FROM feature_version NOT INDEXED WHERE layer = ? ORDER BY seq"
        return dict(self._connection.execute(sql, (layer,)))

    def decisions(
        self, *, subject: str | None = None, as_of: dt.date | None = None, seq: int | None = None
    ) -> list[Decision]:
        """Return decisions in the order of recording."""
        return self._read(Decision, {"subject = ?": subject}, seq=seq, up_to=("decided_on", as_of))

    def versions_at(self, seqs: Ints) -> list[FeatureVersion]:
        """Return feature versions by their places in the chain, ascending."""
        return [one for where in _places(seqs) for one in self._read(FeatureVersion, where, seq=None)]

    def records_at(self, seqs: Ints) -> list[ProgressRecord]:
        """Return progress records by their places in the chain, ascending."""
        return [one for where in _places(seqs) for one in self._read(ProgressRecord, where, seq=None, recorded=True)]

    def plot_ledger(self, layer: str, *, until: int, before: PlotLedger | None = None, since: int = 0) -> PlotLedger:
        """Return the plots of a layer as columns, up to a place; ``before`` is carried on from ``since``."""
        return read_ledger(self._connection, layer=layer, before=before, since=since, until=until)

    def wkb(self, seqs: Ints, *, layer: str) -> list[bytes]:
        """Return the stored WKB of feature versions by their places in the chain, EPSG:4490, in the order asked."""
        return read_wkb(self._connection, seqs, layer=layer)

    def texts_at(self, table: str, seqs: Ints, *, columns: Sequence[str]) -> dict[str, Objects]:
        """Return columns of entries by their places in the chain as texts, in the order asked; ``None`` is nothing."""
        return read_texts(self._connection, table, seqs, columns=columns)

    def around(self, boxes: Floats, *, layer: str) -> Around:
        """Return what was ever said about the features of a layer whose bounds meet any of some boxes.

        ``boxes`` are west, south, east, north in EPSG:4490 degrees, shape (n, 4).
        """
        return read_around(self._connection, boxes, layer=layer)

    def named(self, feature_ids: Iterable[str], *, layer: str) -> Around:
        """Return what was ever said about some features of a layer."""
        return read_named(self._connection, feature_ids, layer=layer)

    @property
    def derived_path(self) -> Path:
        """The file beside the register that keeps what was worked out from it."""
        return self.path.with_name(self.path.stem + ".derived") / "plots.npz"

    def papers(self, document_ids: Iterable[str]) -> list[IssuedDocument]:
        """Return issued documents by their ids, in the order of recording; ids that stand for none are left out."""
        return read_papers(self._connection, document_ids)

    def papers_since(self, after: int, *, kind: str) -> Iterator[Recorded]:
        """Yield the issued documents of one kind after a place in the chain, with when they were recorded."""
        return read_papers_since(self._connection, after, kind=kind)

    def documents(self, *, kind: str | None = None, seq: int | None = None) -> list[IssuedDocument]:
        """Return issued documents in the order of recording, all or those of one kind."""
        return self._read(IssuedDocument, {"kind = ?": kind}, seq=seq)

    def entries(self, *, after: int = 0) -> Iterator[tuple[Head, str, str, str, Entry | None]]:
        """Yield every entry of the chain after a place: its head, recorded_at, office, account id and content.

        The content is ``None`` where the row of its table is missing, or holds what is no date, number or document.
        """
        chain = self._connection.execute(
            "SELECT seq, sha256, kind, recorded_at, office, account_id FROM entry WHERE seq > ? ORDER BY seq", (after,)
        )
        cursors = {table: self._table(table, after) for table in CLASSES}
        waiting = {table: next(cursor, None) for table, cursor in cursors.items()}
        for seq, sha256, kind, recorded_at, office, account_id in chain:
            row = waiting.get(kind)
            found = None
            if row is not None and row[0] == seq:
                with suppress(ValueError, TypeError, ArithmeticError):  # somebody has been at the file
                    found = CLASSES[kind](**rows.from_row(kind, row[1:]))
                waiting[kind] = next(cursors[kind], None)
            yield Head(seq, sha256), recorded_at, office, account_id, found

    def _table(self, table: str, after: int) -> Iterator[tuple[Any, ...]]:
        names = ", ".join(rows.columns(table))
        return iter(self._connection.execute(f"SELECT seq, {names} FROM {table} WHERE seq > ? ORDER BY seq", (after,)))

    def row_counts(self) -> dict[str, int]:
        """Return the number of rows in each table of the chain."""
        tables = [table for table, _ in KINDS.values()]
        return {t: int(self._connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0]) for t in sorted(tables)}

    def integrity(self) -> list[str]:
        """Return what SQLite's own check of the file finds; empty where all is well."""
        found = [str(row[0]) for row in self._connection.execute("PRAGMA integrity_check")]
        return [] if found == ["ok"] else found

    def copy_to(self, path: Path) -> None:
        """Copy the register as it stands at this moment to another file, consistent beside a writer."""
        target = sqlite3.connect(path)
        try:
            self._connection.backup(target)
        finally:
            target.close()

    @property
    def raw_folder(self) -> Path:
        """The folder beside the register that keeps the raw bytes of uploads."""
        return self.path.with_name(self.path.stem + ".raw")

    def keep_raw(self, data: bytes) -> str:
        """Keep the raw bytes of an upload, before anything judges them, and return their SHA-256."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._raw_path(sha256)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_name(f"{sha256}.{os.getpid()}.part")
            with partial.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        return sha256

    def raw(self, sha256: str) -> bytes:
        """Return the raw bytes of an upload.

        Raises
        ------
        MissingFile
            They are not there.
        """
        path = self._raw_path(sha256)
        if not path.is_file():
            raise MissingFile(path)
        return path.read_bytes()

    def _raw_path(self, sha256: str) -> Path:
        return self.raw_folder / sha256[:2] / sha256

    def _read(
        self,
        cls: type[_T],
        where: dict[str, Any],
        *,
        seq: int | None,
        up_to: tuple[str, dt.date | None] | None = None,
        recorded: bool = False,
        scattered: bool = False,
    ) -> list[_T]:
        tests = [(test, value) for test, value in where.items() if value is not None]
        # The sign hides the key from SQLite's planner, which would rather go through the whole table in order.
        place = "+t.seq" if scattered else "t.seq"
        if seq is not None:
            tests.append((f"{place} <= ?", seq))
        if up_to is not None and up_to[1] is not None:
            tests.append((f"{up_to[0]} <= ?", up_to[1].isoformat()))
        given = [one for _, value in tests for one in (value if isinstance(value, tuple) else (value,))]
        table = KINDS[cls][0]
        names = ", ".join(f"t.{name}" for name in rows.columns(table))
        extra = ", t.seq, e.recorded_at, a.name" if recorded else ""
        join = "JOIN entry e ON e.seq = t.seq JOIN account a ON a.account_id = e.account_id" if recorded else ""
        condition = "WHERE " + " AND ".join(test for test, _ in tests) if tests else ""
        sql = f"SELECT {names}{extra} FROM {table} t {join} {condition} ORDER BY {place}"
        width = len(rows.columns(table))
        result = []
        for row in self._connection.execute(sql, given):
            values = rows.from_row(table, row[:width])
            if recorded:
                values |= {"seq": row[width], "recorded_at": row[width + 1], "author": row[width + 2]}
            result.append(cls(**values))
        return result


def _places(seqs: Ints) -> Iterator[dict[str, tuple[int, ...]]]:
    """Yield conditions that name some places of the chain each, as many as SQLite takes at a time."""
    ordered = sorted({*seqs.tolist()})
    for start in range(0, len(ordered), _CHUNK):
        some = tuple(ordered[start : start + _CHUNK])
        yield {f"t.seq IN ({', '.join('?' * len(some))})": some}


def _head(connection: sqlite3.Connection) -> Head:
    row = connection.execute("SELECT seq, sha256 FROM entry ORDER BY seq DESC LIMIT 1").fetchone()
    return Head(*row) if row else Head(0, GENESIS)


def _instant(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
