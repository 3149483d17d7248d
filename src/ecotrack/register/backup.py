"""Backup and restore: one file with the register, the raw uploads, the portal's accounts and the workspace's files."""

from __future__ import annotations

import hashlib
import json
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from ecotrack.errors import BackupDamaged, FolderNotEmpty, MissingFile, OutputExists
from ecotrack.register.arrivals import photo_folder
from ecotrack.register.audit import audit
from ecotrack.register.portal_file import copy_portal, portal_path
from ecotrack.register.store import Register
from ecotrack.register.writer import Head

_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, RuntimeError, struct.error, OSError)
"""What zipfile raises over bytes that changed: NotImplementedError, a RuntimeError, for a method it has not; OSError
for a place before the file begins."""

MANIFEST = "manifest.json"
_FORMAT = 1
_CHUNK = 1 << 20
_OWNER_ONLY = 0o600


def back_up(register: Register, workspace: Path, target: Path, *, force: bool = False) -> dict[str, Any]:
    """Write a backup, whole or not at all.

    Parameters
    ----------
    register
        The open register; writers may go on meanwhile.
    workspace
        Folder whose configuration, layers, geography and maps go into the backup.
    target
        The file to write (a zip file).
    force
        Whether a file of that name may be replaced.

    Returns
    -------
    dict
        The manifest: format, head of the chain, and the SHA-256 of every file.

    Raises
    ------
    OutputExists
        The file is there already, and ``force`` is off.
    """
    if target.exists() and not force:
        raise OutputExists(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".part")
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        # The portal's file before the register, the raw files after it: each knows of nothing that the next one lacks.
        files = dict(_portal_file(register, workspace, Path(folder)))
        copy = Path(folder) / "register.gpkg"
        register.copy_to(copy)
        with Register.open(copy) as copied:
            head, name = copied.head(), register.path.relative_to(workspace).as_posix()
        files |= {name: copy, **dict(_workspace_files(register, workspace))}
        manifest = {
            "files": {name: _sha256(path) for name, path in sorted(files.items())},
            "format": _FORMAT,
            "head": {"seq": head.seq, "sha256": head.sha256},
            "register": name,
        }
        try:
            _pack(partial, files, manifest)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    return manifest


def _pack(partial: Path, files: dict[str, Path], manifest: dict[str, Any]) -> None:
    partial.touch(_OWNER_ONLY)  # it holds names, telephone numbers and hashes of passwords
    partial.chmod(_OWNER_ONLY)
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
        for name, path in sorted(files.items()):
            archive.write(path, name)


def _portal_file(register: Register, workspace: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    path = portal_path(register.path)
    if path.is_file():
        copy_portal(path, folder / "portal.db")
        yield path.relative_to(workspace).as_posix(), folder / "portal.db"


def _workspace_files(register: Register, workspace: Path) -> Iterator[tuple[str, Path]]:
    patterns = ("ecotrack.toml", "layers/*.toml", "geo/**/*", "maps/*.toml")
    found = [path for pattern in patterns for path in workspace.glob(pattern)]
    for folder in (register.raw_folder, photo_folder(register.path)):
        found += folder.glob("*/*") if folder.is_dir() else []
    for path in found:
        if path.is_file() and path.suffix != ".part":
            yield path.relative_to(workspace).as_posix(), path


def read_manifest(source: Path) -> dict[str, Any]:
    """Return the manifest of a backup.

    Raises
    ------
    MissingFile, BackupDamaged
        The file is not there, or is no backup.
    """
    if not source.is_file():
        raise MissingFile(source)
    try:
        with zipfile.ZipFile(source) as archive:
            manifest = json.loads(archive.read(MANIFEST))
            return dict(manifest)
    except _DAMAGE as error:
        raise BackupDamaged(source, detail=error) from error


def restore(source: Path, folder: Path) -> Head:
    """Unpack a backup into a new folder, checking every file and the whole chain.

    Parameters
    ----------
    folder
        A folder that does not exist yet or is empty; it appears only when everything holds.

    Raises
    ------
    MissingFile, BackupDamaged, FolderNotEmpty
        Nothing was written.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FolderNotEmpty(folder)
    manifest = read_manifest(source)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        unpacked = Path(scratch) / "workspace"
        _unpack(source, manifest, unpacked)
        head = _check_chain(source, manifest, unpacked)
        if folder.exists():
            folder.rmdir()
        unpacked.rename(folder)
    return head


def verify(source: Path) -> Head:
    """Check a backup without keeping anything: every file's hash and the whole chain.

    Raises
    ------
    MissingFile, BackupDamaged
        What is wrong with it.
    """
    manifest = read_manifest(source)
    with tempfile.TemporaryDirectory() as scratch:
        unpacked = Path(scratch) / "workspace"
        _unpack(source, manifest, unpacked)
        return _check_chain(source, manifest, unpacked)


def _unpack(source: Path, manifest: dict[str, Any], folder: Path) -> None:
    with zipfile.ZipFile(source) as archive:
        for name, sha256 in manifest["files"].items():
            path = folder / _inside(source, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                data = archive.read(name)
            except _DAMAGE as error:
                raise BackupDamaged(source, detail=error) from error
            path.touch(_OWNER_ONLY if name.endswith(".db") else 0o666)
            path.write_bytes(data)
            if _sha256(path) != sha256:
                raise BackupDamaged(source, detail=name)


def _inside(source: Path, name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise BackupDamaged(source, detail=name)
    return path


def _check_chain(source: Path, manifest: dict[str, Any], folder: Path) -> Head:
    head = Head(manifest["head"]["seq"], manifest["head"]["sha256"])
    with Register.open(folder / _inside(source, manifest["register"])) as register:
        result = audit(register, expected=head if head.seq else None)
    if result.problem is not None:
        raise BackupDamaged(source, detail=f"{result.broken_at}: {result.problem.en}")
    return head


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
