"""The parent's side of reading: an upload as one block of bytes, read by a child with limits."""

from __future__ import annotations

import hashlib
import io
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from ecotrack.coordinates import Extent
from ecotrack.errors import EcotrackError, EmptyFile, MissingFile, TimedOut, UnreadableFile
from ecotrack.intake.ask import UPLOAD_NAME, Ask
from ecotrack.intake.candidates import Candidate, Place, Reading
from ecotrack.intake.formats import FORMATS
from ecotrack.intake.kept import Kept, Spool, frames_of
from ecotrack.model.layers import GeometryKind
from ecotrack.sandbox import Limits, run_to_file

MAX_UPLOAD_BYTES = 400 << 20
SECONDS = 18.0
"""What one upload may take by default, reading and checking of shapes together."""
_CHILD = "ecotrack.intake.child:main"
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Upload:
    """What somebody handed in, as bytes.

    Attributes
    ----------
    file_name
        The sender's name for it: text, never a path.
    data
        The bytes. A shapefile that lies loose is packed with its siblings into one zip, always the
        same way, so that the same files give the same bytes.
    """

    file_name: str
    data: bytes

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes, hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    @classmethod
    def from_path(cls, path: Path) -> Upload:
        """Take a file, a loose shapefile or MapInfo table with its siblings, or a ``.gdb`` folder.

        Raises
        ------
        MissingFile, EmptyFile, UnreadableFile, TimedOut
            It is not there, has no bytes, cannot be opened, or is larger than `MAX_UPLOAD_BYTES`.
        """
        try:
            members = _members(path)
            size = sum(member.stat().st_size for member in members)
            if size > MAX_UPLOAD_BYTES:
                raise TimedOut(path, limit=f"{MAX_UPLOAD_BYTES >> 20} MB")
            if size == 0:
                raise EmptyFile(path)
            data = path.read_bytes() if members == [path] else _packed(members, path.parent)
        except FileNotFoundError:
            raise MissingFile(path) from None
        except OSError as error:
            raise UnreadableFile(path, detail=error.strerror or error) from error
        return cls(path.name, data)


def _members(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(member for member in path.rglob("*") if member.is_file())
    siblings = {
        extension for kind in FORMATS.values() for extension in kind.siblings if kind.extension == _suffix(path)
    }
    beside = path.parent.iterdir() if siblings else ()
    mates = [mate for mate in beside if mate.stem == path.stem and _suffix(mate) in siblings and mate.is_file()]
    return sorted([path, *mates]) if mates else [path]


def _suffix(path: Path) -> str:
    return path.suffix.lower()


def _packed(members: Iterable[Path], base: Path) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_STORED) as container:
        for member in members:
            # A fixed day and plain storage: the same files must give the same bytes again.
            info = zipfile.ZipInfo(member.relative_to(base).as_posix(), date_time=_EPOCH)
            container.writestr(info, member.read_bytes())
    return memory.getvalue()


def limits_of(seconds: float) -> Limits:
    """Return what a child may use: so many seconds, of the clock and of the processor, and 1 GB.

    Examples
    --------
    >>> limits_of(60).wall_s, limits_of(60).memory_bytes >> 20
    (60, 1024)
    """
    return Limits(wall_s=seconds, cpu_s=int(seconds))


def read(
    upload: Upload,
    *,
    extent: Extent,
    crs: str | None = None,
    encoding: str | None = None,
    known_fields: tuple[str, ...] = (),
    geometry: GeometryKind = "Polygon",
    sheet: str | None = None,
    limits: Limits | None = None,
) -> Reading:
    """Read an upload in a child process; whatever is wrong with it stands in the findings.

    Parameters
    ----------
    extent
        West, south, east, north of the workspace, EPSG:4490 degrees: it tells CRS and axes where the
        file does not.
    crs, encoding
        Overrule what the file says of itself.
    known_fields
        Header texts that the target layer has a use for (they find a spreadsheet's header row).
    geometry
        Kind of geometry that the target layer takes; every other kind is a finding.
    sheet
        The one sheet, layer or member that is wanted of a file that holds several.
    limits
        What the child may use; `SECONDS` by default.

    Returns
    -------
    Reading
        Candidates in the order of the file. It is never silently empty: a file without candidates
        has a finding that says why.
    """
    ask = Ask(
        file_name=upload.file_name,
        extent=extent,
        crs=crs,
        encoding=encoding,
        known_fields=known_fields,
        geometry=geometry,
        sheet=sheet,
    )
    try:
        with tempfile.TemporaryDirectory(prefix="ecotrack-") as name:
            folder = Path(name)
            (folder / UPLOAD_NAME).write_bytes(upload.data)
            answer = run_to_file(
                _CHILD,
                msgspec.msgpack.encode(ask),
                folder=folder,
                limits=limits or limits_of(SECONDS),
                where=upload.file_name,
            )
        return _reading_of(answer, upload.file_name)
    except EcotrackError as error:
        return Reading(file_name=upload.file_name, findings=[Place(upload.file_name).refusal(error)])


def _reading_of(answer: IO[bytes], file_name: str) -> Reading:
    """Return the reading that a child has answered; its candidates stay in the file where they are many.

    Raises
    ------
    UnreadableFile
        The child was made to answer something else.
    """
    try:
        *blocks, last = frames_of(answer)
        spool = Spool(answer)
        [reading] = Kept[Reading](spool, [last], Reading)
        candidates: Sequence[Candidate] = Kept(spool, blocks, Candidate)
        return msgspec.structs.replace(reading, candidates=[*candidates] if len(blocks) < 2 else candidates)
    except (ValueError, msgspec.MsgspecError) as error:
        raise UnreadableFile(file_name, detail=error) from None
