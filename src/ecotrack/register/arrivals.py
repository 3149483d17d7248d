"""Raw bytes on their way in: a part for each upload, which a broken connection leaves to be gone on with."""

from __future__ import annotations

import hashlib
import os
import re
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from ecotrack.errors import DiskFull, NotAllowed

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_CHUNK = 1 << 20


def photo_folder(register_path: Path) -> Path:
    """Return where the photographs beside a register lie; apart from what is a submission's, so that they can go.

    Examples
    --------
    >>> photo_folder(Path("register/ecotrack.gpkg")).as_posix()
    'register/ecotrack.photos'
    """
    return register_path.with_name(register_path.stem + ".photos")


class Arrivals:
    """The folder beside the register in which uploads arrive.

    Parameters
    ----------
    raw_folder
        Where `ecotrack.register.Register.raw` finds what has arrived; one file system with the parts.
    """

    def __init__(self, raw_folder: Path) -> None:
        self._raw = raw_folder
        self._parts = raw_folder / "arriving"

    def part(self, owner: str, upload_id: str) -> Part:
        """Return the part of an upload; two accounts never share one.

        Raises
        ------
        NotAllowed
            The id is no UUID in lower case.
        """
        if not _ID.fullmatch(upload_id):
            raise NotAllowed("")
        name = hashlib.sha256(f"{owner}\x1f{upload_id}".encode()).hexdigest()
        return Part(self._parts / f"{name}.part", self._raw)

    def forget(self, *, older_than_s: float) -> int:
        """Delete parts that nobody went on with for so many seconds; return how many."""
        limit, gone = time.time() - older_than_s, 0
        for path in self._parts.glob("*.part") if self._parts.is_dir() else ():
            if path.stat().st_mtime < limit:
                path.unlink(missing_ok=True)
                gone += 1
        return gone


class Part:
    """The bytes of one upload that are here so far."""

    def __init__(self, path: Path, raw: Path) -> None:
        self._path, self._raw = path, raw
        self._digest = hashlib.sha256()

    @property
    def size(self) -> int:
        """Bytes that are here."""
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0

    def __enter__(self) -> Self:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self._path.open("ab")
            if self._stream.tell():
                self._read_again()
        except OSError as error:
            raise DiskFull("", detail=error.strerror or error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._stream.close()
        except OSError as fault:
            if error is None:
                raise DiskFull("", detail=fault.strerror or fault) from fault

    def _read_again(self) -> None:
        with self._path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                self._digest.update(chunk)

    def write(self, chunk: bytes) -> None:
        """Add bytes at the end.

        Raises
        ------
        DiskFull
            The disk does not take them.
        """
        try:
            self._stream.write(chunk)
            self._stream.flush()  # what a kill leaves is what has come
        except OSError as error:
            raise DiskFull("", detail=error.strerror or error) from error
        self._digest.update(chunk)

    def keep(self) -> str:
        """Put the bytes where raw uploads lie, on the disk for good, and return their SHA-256.

        Raises
        ------
        DiskFull
            The disk does not take them.
        """
        sha256 = self._digest.hexdigest()
        target = self._raw / sha256[:2] / sha256
        try:
            self._stream.flush()
            os.fsync(self._stream.fileno())
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                self._path.unlink()
            else:
                self._path.replace(target)
            _sync_folder(target.parent)
        except OSError as error:
            raise DiskFull("", detail=error.strerror or error) from error
        return sha256

    def begin_again(self) -> None:
        """Forget the bytes that are here: the sender begins at the first one."""
        self._stream.truncate(0)
        self._digest = hashlib.sha256()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
