"""Which program wrote a file, by the name that it left in it, and what is known of the degrees that it writes."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from ecotrack.errors import Text

_TABLE = Path(__file__).with_name("apps.toml")
_HEAD_BYTES = 1 << 15


class App(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of the table: a program, how it is recognised, and the reading of its degrees where it is certain."""

    id: str
    pattern: str
    below: str | None = None
    reading: str | None = None
    zh: str = ""
    en: str = ""


class Origin(NamedTuple):
    """The program that wrote a file, the certain reading of its degrees, and why; empty where nothing is known."""

    app: str = ""
    reading: str | None = None
    why: Text = Text("", "")


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
        The sender's name for the file: ``.ovkml`` and ``.ovkmz`` are Ovital's own and hold GCJ-02.
    """
    if name.lower().endswith((".ovkml", ".ovkmz")):
        why = Text("奥维 ovkml 文件的坐标是 GCJ-02（火星坐标）", "Ovital's ovkml holds GCJ-02")
        return Origin("奥维互动地图", "GCJ-02", why)
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES).decode("utf-8", "ignore")
    return origin_in(head)


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
