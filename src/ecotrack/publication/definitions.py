"""Definitions that a receipt rests on: configuration and geography, kept as they were and never edited."""

from __future__ import annotations

import datetime as dt
import hashlib
import platform
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path, PurePosixPath

from ecotrack import __version__
from ecotrack.errors import BadConfig, ChainBroken, MissingFile
from ecotrack.figures.ground import KERNEL
from ecotrack.model import IssuedDocument
from ecotrack.model.layers import REGISTER_SOURCE
from ecotrack.register import Register, stable_id
from ecotrack.settings import CONFIG_NAME
from ecotrack.workspace import Workspace

KIND = "definition"
_IN_CHAIN_BYTES = 200_000
"""Text up to this size stands in the chain itself; what is larger is kept beside it under its hash."""


def definition_files(workspace: Workspace) -> dict[str, bytes]:
    """Return the files of a workspace that its figures rest on: path inside the workspace to content.

    Raises
    ------
    BadConfig
        A layer takes its features from outside the workspace.
    MissingFile
        A file is not there.
    """
    names = [CONFIG_NAME, *(f"layers/{layer}.toml" for layer in workspace.layers)]
    for layer in workspace.layers.values():
        if layer.source not in (REGISTER_SOURCE, "none"):
            _refuse_outside(workspace.folder / "layers" / f"{layer.id}.toml", layer.source)
            names.append(layer.source)
    return {name: _read(workspace.folder / name) for name in sorted(set(names))}


def _refuse_outside(place: Path, source: str) -> None:
    path = PurePosixPath(source)
    if path.is_absolute() or ".." in path.parts:
        raise BadConfig(place, detail=f"source = {source!r}")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise MissingFile(path) from None


def hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the SHA-256 of each file, by path."""
    return {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}


def fresh_definitions(register: Register, files: Mapping[str, bytes], *, issued_on: dt.date) -> list[IssuedDocument]:
    """Return what the register does not keep yet of these files, one document per path and content."""
    known = {document.document_id for document in register.documents(kind=KIND)}
    found = []
    for name, sha256 in hashes(files).items():
        if (document_id := stable_id(KIND, name, sha256)) not in known:
            body = {"path": name, "sha256": sha256, "text": _text(register, files[name])}
            found.append(IssuedDocument(document_id=document_id, kind=KIND, issued_on=issued_on, body=body))
    return found


def _text(register: Register, data: bytes) -> str | None:
    """Return the content as text for the chain, or ``None`` after keeping it beside the register."""
    try:
        if len(data) <= _IN_CHAIN_BYTES:
            return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    register.keep_raw(data)
    return None


def kept_files(register: Register, wanted: Mapping[str, str]) -> dict[str, bytes]:
    """Return files as they were kept, by the hashes that a receipt names.

    Raises
    ------
    MissingFile
        A content was never kept, or its copy beside the register is gone.
    ChainBroken
        A content does not give its hash.
    """
    kept = {document.document_id: document.body for document in register.documents(kind=KIND)}
    result = {}
    for name, sha256 in wanted.items():
        body = kept.get(stable_id(KIND, name, sha256))
        if body is None:
            raise MissingFile(f"{register.path}: {name} {sha256[:12]}")
        data = register.raw(sha256) if body["text"] is None else str(body["text"]).encode("utf-8")
        if hashlib.sha256(data).hexdigest() != sha256:
            raise ChainBroken(register.path, seq=body["path"], detail=sha256)
        result[name] = data
    return result


class KeptWorkspace(Workspace):
    """A workspace whose files are those that a receipt rests on, over the register of today."""

    def __init__(self, opened: Workspace, register_path: Path) -> None:
        super().__init__(opened.folder, opened.config, opened.layers)
        self._register_path = register_path

    @property
    def register_path(self) -> Path:
        """Where the register lies: not in the folder of the kept files."""
        return self._register_path


@contextmanager
def kept_workspace(register_path: Path, files: Mapping[str, bytes]) -> Iterator[KeptWorkspace]:
    """Lay kept files out in a folder that lives as long as the ``with`` block and open it as a workspace.

    Raises
    ------
    NotAWorkspace, BadConfig, NewerWorkspace
        As `ecotrack.workspace.Workspace.open` says.
    """
    with tempfile.TemporaryDirectory(prefix="ecotrack-") as folder:
        for name, data in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        yield KeptWorkspace(Workspace.open(Path(folder)), register_path)


def libraries() -> dict[str, str]:
    """Return the versions of what computes: ecotrack, its kernel, Python, numpy, shapely, GEOS, pyproj, PROJ."""
    import pyproj
    import shapely

    return {
        "ecotrack": __version__,
        "geos": shapely.geos_version_string,
        "kernel": KERNEL,
        "numpy": version("numpy"),
        "proj": pyproj.proj_version_str,
        "pyproj": version("pyproj"),
        "python": platform.python_version(),
        "shapely": version("shapely"),
    }
