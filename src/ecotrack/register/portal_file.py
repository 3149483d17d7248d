"""The portal's own file beside the register: accounts, sessions, and how each upload stands.

What counts stands in the register's chain. This file holds what must be forgettable (names, telephone numbers,
passwords) and what can be told again from the chain (the state of uploads).
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ecotrack.errors import CannotWrite
from ecotrack.register.location import refuse_network_share

_SCHEMA = """
CREATE TABLE IF NOT EXISTS account (account_id TEXT PRIMARY KEY, login TEXT NOT NULL UNIQUE COLLATE NOCASE,
  name TEXT NOT NULL, phone TEXT NOT NULL, password TEXT, created_at TEXT NOT NULL, disabled INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS role (account_id TEXT NOT NULL REFERENCES account, role TEXT NOT NULL, unit TEXT NOT NULL,
  PRIMARY KEY (account_id, role, unit));
CREATE TABLE IF NOT EXISTS session (session_sha256 TEXT PRIMARY KEY, account_id TEXT NOT NULL,
  expires_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS session_of ON session (account_id);
CREATE TABLE IF NOT EXISTS token (token_id TEXT PRIMARY KEY, token_sha256 TEXT NOT NULL UNIQUE,
  account_id TEXT NOT NULL, label TEXT NOT NULL, created_at TEXT NOT NULL, revoked_at TEXT);
CREATE TABLE IF NOT EXISTS link (link_sha256 TEXT PRIMARY KEY, account_id TEXT, expires_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS trail (number INTEGER PRIMARY KEY, at TEXT NOT NULL, by TEXT NOT NULL, what TEXT NOT NULL,
  about TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS trail_no_update BEFORE UPDATE ON trail BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER IF NOT EXISTS trail_no_delete BEFORE DELETE ON trail BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TABLE IF NOT EXISTS upload (upload_id TEXT PRIMARY KEY, seq INTEGER NOT NULL, account_id TEXT NOT NULL,
  unit TEXT NOT NULL, layer TEXT NOT NULL, file_name TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL,
  asked TEXT NOT NULL, received_at TEXT NOT NULL, state TEXT NOT NULL, told TEXT NOT NULL, submission_id TEXT);
CREATE INDEX IF NOT EXISTS upload_of ON upload (account_id, seq);
CREATE INDEX IF NOT EXISTS upload_by_seq ON upload (seq);
CREATE INDEX IF NOT EXISTS upload_of_submission ON upload (submission_id);
CREATE INDEX IF NOT EXISTS upload_waiting ON upload (state) WHERE state IN ('received', 'submitting');
CREATE TABLE IF NOT EXISTS photo (number INTEGER PRIMARY KEY, photo_id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL,
  unit TEXT NOT NULL, upload_id TEXT NOT NULL, plot TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL,
  received_at TEXT NOT NULL, state TEXT NOT NULL, fix TEXT NOT NULL, look TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS photo_of_upload ON photo (upload_id);
CREATE INDEX IF NOT EXISTS photo_of_bytes ON photo (sha256);
CREATE INDEX IF NOT EXISTS photo_of_account ON photo (account_id);
CREATE TABLE IF NOT EXISTS secret (key TEXT PRIMARY KEY, value BLOB NOT NULL);
"""
_BUSY_MS = 10_000


_FORGOTTEN = """
DELETE FROM session; DELETE FROM link; DELETE FROM secret;
UPDATE upload SET state = 'received' WHERE state = 'checked';
UPDATE photo SET state = 'received' WHERE state = 'looked';
"""


def portal_path(register_path: Path) -> Path:
    """Return where the portal's file of a register lies.

    Examples
    --------
    >>> portal_path(Path("register/ecotrack.gpkg")).as_posix()
    'register/ecotrack.portal.db'
    """
    return register_path.with_name(register_path.stem + ".portal.db")


def copy_portal(source: Path, target: Path) -> None:
    """Copy a portal's file as it stands, consistent beside a running portal, for a backup.

    Sessions, one-time links and the signing secret stay behind, so that whoever finds the copy is nobody. An upload
    that was checked is checked anew where the copy is used, since the page of its findings is no part of it; a
    photograph is looked at anew, since its preview is none either.
    """
    copy = sqlite3.connect(target, isolation_level=None)
    try:
        found = sqlite3.connect(source)
        try:
            found.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
            found.backup(copy)
        finally:
            found.close()
        copy.execute("PRAGMA journal_mode = DELETE")
        copy.executescript(_FORGOTTEN + "VACUUM;")
    except sqlite3.DatabaseError as error:
        raise CannotWrite(source, detail=error) from error
    finally:
        copy.close()


class PortalFile:
    """One SQLite file, read and written from any thread; each thread has a connection of its own.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = PortalFile(Path(folder.name) / "p.db")
    >>> with file.change() as change:
    ...     _ = change("INSERT INTO secret VALUES (?, ?)", ("cookie", b"x"))
    >>> file.one("SELECT value FROM secret WHERE key = ?", ("cookie",))["value"]
    b'x'
    >>> file.close(); folder.cleanup()
    """

    def __init__(self, path: Path) -> None:
        """Open the file, making it where there is none, readable by its owner alone."""
        self.path = path
        refuse_network_share(path.parent)
        self._connections: list[sqlite3.Connection] = []
        self._local = threading.local()
        self._write = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._connection().executescript(_SCHEMA)
        except (OSError, sqlite3.OperationalError) as error:
            raise CannotWrite(path, detail=error) from error

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            found.row_factory = sqlite3.Row
            found.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
            found.execute("PRAGMA journal_mode = WAL")
            found.execute("PRAGMA synchronous = FULL")
            self._local.connection = found
            self._connections.append(found)
        return found

    def all(self, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Return the rows that a question finds."""
        return [dict(row) for row in self._connection().execute(sql, values)]

    def one(self, sql: str, values: Sequence[Any] = ()) -> dict[str, Any] | None:
        """Return the first row that a question finds."""
        row = self._connection().execute(sql, values).fetchone()
        return dict(row) if row else None

    @contextmanager
    def change(self) -> Iterator[Any]:
        """Give a function that changes rows and returns how many; all of it is kept, or nothing.

        Raises
        ------
        CannotWrite
            The disk is full or the file locked.
        """
        connection = self._connection()

        def run(sql: str, values: Sequence[Any] = ()) -> int:
            return connection.execute(sql, values).rowcount

        with self._write:
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield run
                connection.execute("COMMIT")
            except BaseException as error:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.OperationalError):
                    raise CannotWrite(self.path, detail=error) from error
                raise

    def close(self) -> None:
        """Close the connections of every thread."""
        while self._connections:
            self._connections.pop().close()
