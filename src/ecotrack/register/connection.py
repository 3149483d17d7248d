"""How a register's file is opened: for writing, for reading, and for reading where nothing can be written."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from ecotrack.register.geopackage import add_functions

_patience_ms = 60_000


def wait_at_most(seconds: float) -> None:
    """Have this process wait no longer for a register that another one holds: somebody stands at the counter."""
    global _patience_ms
    _patience_ms = round(seconds * 1000)


_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)


def is_full(error: sqlite3.Error) -> bool:
    """Tell whether an error says that the disk takes nothing more.

    SQLite says so as an error of reading or writing too, since the lock file beside a register grows with it.
    """
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _NO_ROOM


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open a register's file; for reading only where asked, and where it or its folder cannot be written."""
    read_only = read_only or not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))
    log = path.with_name(path.name + "-wal")
    at_rest = not log.exists() or log.stat().st_size == 0
    connection = _link(path, "ro" if read_only else "rw")
    if read_only and at_rest and not _answers(connection):
        # Without leave to make the lock files beside it, SQLite reads a file at rest only as immutable.
        connection.close()
        connection = _link(path, "ro&immutable=1")
    if read_only:
        connection.execute("PRAGMA query_only = 1")
    else:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    add_functions(connection)
    return connection


def _link(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None)
    connection.execute(f"PRAGMA busy_timeout = {_patience_ms}")
    return connection


def _answers(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.OperationalError:
        return False
    return True
