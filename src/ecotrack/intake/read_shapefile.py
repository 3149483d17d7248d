"""A shapefile's shapes and the rows of its table: both must be as many, or some are lost without a word."""

from __future__ import annotations

import datetime as dt
import struct
from pathlib import Path

from ecotrack.errors import Text, UnreadableFile
from ecotrack.intake.candidates import Place
from ecotrack.model.findings import Finding

_DELETED = b"*"
_END = 0x0D
_MOST_BYTES = 400 << 20


def refuse_without_index(path: Path, name: str) -> None:
    """Refuse a shapefile whose index is missing.

    Raises
    ------
    UnreadableFile
        There is no ``.shx`` beside it.
    """
    if not path.with_suffix(".shx").is_file():
        hint = Text(
            "缺少同名的 .shx 文件：请把 .shp、.shx、.dbf、.prj 一起打包成 zip 发来",
            "its .shx file is missing: send .shp, .shx, .dbf and .prj together as a zip",
        )
        raise UnreadableFile(name, detail=Text("缺少 .shx", "no .shx"), hint=hint)


def row_findings(path: Path, name: str) -> list[Finding]:
    """Return what is wrong between the shapes and the rows, after making sure that every shape has a row.

    OGR goes by the rows: a shape beyond the last one, or whose row is marked as deleted, is passed over. Blank rows
    are therefore put behind a table that is too short; our own copy of it is changed.
    """
    table, index = path.with_suffix(".dbf"), path.with_suffix(".shx")
    shapes = max(0, index.stat().st_size - 100) // 8
    if not table.is_file() or table.stat().st_size > _MOST_BYTES:
        return []
    data = table.read_bytes()
    if len(data) < 33:
        return []
    rows, header, width = struct.unpack("<IHH", data[4:12])
    if not width or header < 33:
        return []
    there = min(rows, (len(data) - header) // width)
    deleted = data[header : header + there * width : width].count(_DELETED)
    if there < shapes and header + shapes * width <= _MOST_BYTES:
        _fill(table, data[: header + there * width], rows=shapes, width=width)
    facts = {"shapes": str(shapes), "rows": str(there), "count": str(deleted)}
    found = (("rows_short", there < shapes), ("rows_left", there > shapes), ("rows_deleted", deleted > 0))
    return [Place(name).finding(check, **facts) for check, holds in found if holds]


def keep_odd_days(table: Path) -> None:
    """Make a column of days text where a value of it is no day (``20160230``, ``2016.4.5``); our own copy is changed.

    A reader that is handed such a value as a day breaks off, and every row behind it would be lost.
    """
    if not table.is_file() or table.stat().st_size > _MOST_BYTES:
        return
    data = bytearray(table.read_bytes())
    if len(data) < 33:
        return
    rows, header, width = struct.unpack("<IHH", data[4:12])
    offset = 1
    for at in range(32, min(header, len(data)) - 32, 32):
        if data[at] == _END or not width:
            break
        kind, size = data[at + 11 : at + 12], data[at + 16]
        if kind == b"D":
            begins = range(header + offset, min(len(data), header + rows * width), width)
            if not all(_is_day(data[begin : begin + size]) for begin in begins):
                data[at + 11 : at + 12] = b"C"
        offset += size
    table.write_bytes(data)


def _is_day(value: bytes | bytearray) -> bool:
    text = bytes(value).strip(b" \0")
    if not text.strip(b"0"):
        return True
    try:
        return bool(text.isdigit() and len(text) == 8 and dt.date(int(text[:4]), int(text[4:6]), int(text[6:])))
    except ValueError:
        return False


def _fill(table: Path, data: bytes, *, rows: int, width: int) -> None:
    header = struct.unpack("<H", data[8:10])[0]
    missing = rows - (len(data) - header) // width
    table.write_bytes(data[:4] + struct.pack("<I", rows) + data[8:] + b" " * (missing * width) + b"\x1a")
