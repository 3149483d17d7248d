"""Unpacking of archives under our own names: nothing leaves the folder, nothing grows without end."""

from __future__ import annotations

import errno
import re
import stat
import zipfile
import zlib
from collections import defaultdict
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ecotrack.errors import EcotrackError, EmptyFile, RefusedFormat, Text, UnreadableFile, UnsafeArchive
from ecotrack.intake.formats import FORMATS, Format, sniff
from ecotrack.intake.plain_words import plain_words
from ecotrack.intake.read_encoding import recode

MAX_MEMBERS = 2000
MAX_BYTES = 400 << 20
_CHUNK = 1 << 20
_IGNORED = (
    *(".shp.xml", ".sbn", ".sbx", ".qix", ".qmd", ".qpj", ".atx", ".ain", ".aih", ".lock", ".xsd", ".gfs"),
    *(".lyr", ".lyrx", ".mxd", ".aprx", ".qgs", ".qgz", ".qml", ".sld", ".style"),
    *(".fbn", ".fbx", ".ixs", ".mxs", ".tfw", ".jgw", ".pgw", ".wld", ".ovr", ".aux.xml", ".rrd"),
    *(".tif", ".tiff", ".img", ".jp2", ".heic", ".mp4", ".mov"),
    *(".html", ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".pdf", ".doc", ".docx", ".ppt", ".pptx", ".md"),
    *("thumbs.db", "desktop.ini", ".lnk", ".tmp", ".bak"),
)
"""Ends of the names of what lies beside boundaries: indexes, drawing rules of GIS programs, pictures, letters."""

_SIDECARS = {extension for kind in FORMATS.values() for extension in kind.siblings} | {".dbf"}


class Source(NamedTuple):
    """One data file to read: our copy, its format, and the sender's name for it."""

    path: Path
    format: Format
    name: str


class Unpacked(NamedTuple):
    """What an archive held: sources to read, and members that were refused with the reason."""

    sources: list[Source]
    refused: list[EcotrackError]


def unpack(archive: Path, folder: Path, *, name: str) -> Unpacked:
    """Extract the data files of a zip into ``folder`` and tell their formats.

    Members are stored under numbers, never under the sender's names.

    Raises
    ------
    UnsafeArchive
        A member's name leaves the archive, is a link, is encrypted, or the whole is too much.
    UnreadableFile
        It is no whole zip.
    EmptyFile
        It holds no data file.
    """
    folder.mkdir()
    try:
        with zipfile.ZipFile(archive) as container:
            members = [info for info in container.infolist() if not info.is_dir()]
            _refuse_unsafe(members, name)
            groups = _grouped(members)
            stored = _extract(container, groups, folder, name)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError) as error:
        raise UnreadableFile(name, detail=plain_words(error)) from None
    except OSError as error:
        # A directory that points outside the file makes the reader seek there; a full disk is another matter.
        if error.errno != errno.EINVAL:
            raise
        raise UnreadableFile(name, detail=plain_words("zip file")) from None
    result = _sources(stored, name)
    if not result.sources and not result.refused:
        raise EmptyFile(name)
    return result


def shown_name(info: zipfile.ZipInfo) -> str:
    """Return a member's name; Chinese Windows packs GBK bytes without saying so."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


def _refuse_unsafe(members: list[zipfile.ZipInfo], name: str) -> None:
    if len(members) > MAX_MEMBERS:
        raise UnsafeArchive(name, zh=f"有{len(members)}个文件", en=f"it holds {len(members)} files")
    if sum(info.file_size for info in members) > MAX_BYTES:
        raise UnsafeArchive(name, zh=f"解压后超过{MAX_BYTES >> 20} MB", en=f"it unpacks to over {MAX_BYTES >> 20} MB")
    for info in members:
        shown = shown_name(info)
        parts = PurePosixPath(shown.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or re.match(r"[A-Za-z]:", shown) or "\0" in shown:
            raise UnsafeArchive(name, zh=f"成员“{shown}”的路径指向包外", en=f"member '{shown}' points outside it")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise UnsafeArchive(name, zh=f"成员“{shown}”是链接", en=f"member '{shown}' is a link")
        if info.flag_bits & 0x1:
            raise UnsafeArchive(name, zh="有密码", en="it is encrypted")


_Groups = dict[tuple[str, str], list[zipfile.ZipInfo]]


def _grouped(members: list[zipfile.ZipInfo]) -> _Groups:
    """Group members that belong together: one stem in one folder, or everything in one ``.gdb``."""
    groups: _Groups = defaultdict(list)
    for info in members:
        path = PurePosixPath(shown_name(info).replace("\\", "/"))
        if path.name.startswith((".", "__MACOSX")) or "__MACOSX" in path.parts:
            continue
        base = next((part for part in path.parents if part.suffix.lower() == ".gdb"), None)
        if base is None and re.fullmatch(r"a[0-9a-f]{8}\.\w+", path.name):
            base = path.parent
        if base is not None:
            groups["gdb", str(base)].append(info)
        elif not path.name.lower().endswith(_IGNORED):
            groups["files", str(path.with_suffix("")).lower()].append(info)
    return groups


def _extract(
    container: zipfile.ZipFile, groups: _Groups, folder: Path, name: str
) -> list[tuple[str, list[tuple[Path, str]]]]:
    stored = []
    room = MAX_BYTES
    for number, ((kind, _), members) in enumerate(groups.items()):
        here = folder / (f"{number}.gdb" if kind == "gdb" else str(number))
        here.mkdir()
        paths = []
        for info in members:
            shown = PurePosixPath(shown_name(info).replace("\\", "/"))
            inner = _gdb_name(shown.name, name) if kind == "gdb" else "data" + shown.suffix.lower()
            room -= _copy(container, info, here / inner, room, name)
            paths.append((here / inner, str(shown)))
        stored.append((kind, paths))
    return stored


def _gdb_name(inner: str, name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.]{1,80}", inner):
        raise UnsafeArchive(
            name, zh=f"地理数据库里有陌生文件“{inner}”", en=f"a stray file '{inner}' in the geodatabase"
        )
    return inner


def _copy(container: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, room: int, name: str) -> int:
    done = 0
    if target.exists():
        raise UnsafeArchive(name, zh=f"有两个“{info.filename}”", en=f"it holds '{info.filename}' twice")
    with container.open(info) as source, target.open("wb") as sink:
        while chunk := source.read(_CHUNK):
            done += len(chunk)
            # The sizes in the directory are the sender's words; the bytes are counted.
            if done > room:
                raise UnsafeArchive(
                    name, zh=f"解压后超过{MAX_BYTES >> 20} MB", en=f"it unpacks to over {MAX_BYTES >> 20} MB"
                )
            sink.write(chunk)
    return done


def _sources(stored: list[tuple[str, list[tuple[Path, str]]]], name: str) -> Unpacked:
    result = Unpacked([], [])
    for kind, paths in stored:
        if kind == "gdb":
            first = paths[0]
            result.sources.append(Source(first[0].parent, FORMATS["filegdb"], str(PurePosixPath(first[1]).parent)))
            continue
        main = [(path, shown) for path, shown in paths if path.suffix not in _SIDECARS]
        for path, shown in main or paths:
            _tell(path, shown, name, result, lonely=not main)
    return result


def _tell(path: Path, shown: str, name: str, result: Unpacked, *, lonely: bool) -> None:
    where = f"{name}/{shown}"
    try:
        if lonely:
            raise UnreadableFile(
                where,
                detail=Text("缺少主文件（.shp、.tab、.mif）", "the main file (.shp, .tab, .mif) is missing"),
                hint=_WITH_SIBLINGS,
            )
        recode(path)
        found = sniff(path, name=where)
        if found.reader == "archive":
            raise RefusedFormat(where, name=Text("压缩包里的压缩包", "an archive inside the archive"))
        result.sources.append(Source(path, found, shown))
    except EcotrackError as error:
        result.refused.append(error)


_WITH_SIBLINGS = Text("请把同名的各个文件一起打包", "pack all files of the same name together")
