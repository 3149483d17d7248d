"""Which program wrote a file, by the name that it left in it, and what is known of the degrees that it writes."""

from __future__ import annotations

import mmap
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from ecotrack.errors import Text

_TABLE = Path(__file__).with_name("apps.toml")
_HEAD_BYTES = 1 << 15
_OVITAL_TYPE = re.compile(rb"<OvCoordType>([^<]{1,20})<")
_OVITAL_TYPES = {
    **dict.fromkeys(("CGCS2000", "WGS84", "WGS-84"), "WGS84"),
    **dict.fromkeys(("GCJ02", "GCJ-02"), "GCJ-02"),
}
"""What Ovital calls the coordinates of an object, and how they are read."""


class App(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of the table: a program, how it is recognised, and the reading of its degrees where it is certain."""

    id: str
    pattern: str
    below: str | None = None
    reading: str | None = None
    zh: str = ""
    en: str = ""


class Origin(NamedTuple):
    """The program that wrote a file, the certain reading of its degrees, and why; empty where nothing is known.

    Attributes
    ----------
    mixed
        What the objects of the file say of their coordinates, where it is not the same.
    """

    app: str = ""
    reading: str | None = None
    why: Text = Text("", "")
    mixed: str = ""


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    apps: list[App]


@cache
def _apps() -> list[App]:
    return msgspec.toml.decode(_TABLE.read_bytes(), type=_Table).apps


def origin_of(path: Path, *, name: str) -> Origin:
    """Tell which program wrote a file, by its suffix and by the names in its first kilobytes.

    Parameters
    ----------
    name
        The sender's name for the file: ``.ovkml`` and ``.ovkmz`` are Ovital's own, and hold GCJ-02 unless they say
        otherwise.
    """
    if (said := _ovital_types(path)) is not None:
        return said
    if name.lower().endswith((".ovkml", ".ovkmz")):
        why = Text("奥维 ovkml 文件的坐标是 GCJ-02（火星坐标）", "Ovital's ovkml holds GCJ-02")
        return Origin("奥维互动地图", "GCJ-02", why)
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES).decode("utf-8", "ignore")
    return origin_in(head)


def _ovital_types(path: Path) -> Origin | None:
    """Return what the objects of an Ovital file say of their coordinates (``OvCoordType``); ``None`` where none does.

    Of objects that differ no one reading is right.
    """
    if not path.stat().st_size:
        return None
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        said = {found[1].decode("ascii", "ignore").strip().upper() for found in _OVITAL_TYPE.finditer(content)}
    known = {_OVITAL_TYPES[name] for name in said if name in _OVITAL_TYPES}
    if not known:
        return None
    names = "、".join(sorted(said))
    if len(known) > 1:
        return Origin("奥维互动地图", mixed=names)
    return Origin("奥维互动地图", known.pop(), Text(f"奥维文件注明坐标是 {names}", f"Ovital's file says {names}"))


def origin_in(head: str) -> Origin:
    """Tell the program from the beginning of a file's text.

    Examples
    --------
    >>> origin_in('<gpx version="1.1" creator="Garmin eTrex 20">').reading
    'WGS84'
    >>> origin_in("<!-- OvitalMap 9.8.1 -->").reading, origin_in("<!-- OvitalMap 8.1.0 -->").reading
    (None, 'WGS84')
    """
    for app in _apps():
        found = re.search(app.pattern, head)
        if found is None:
            continue
        version = found.groupdict().get("version") or ""
        if app.below and not _numbers(version) < _numbers(app.below):
            continue
        return Origin(app.id, app.reading, Text(app.zh, app.en).format(version=version))
    return Origin()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part)
