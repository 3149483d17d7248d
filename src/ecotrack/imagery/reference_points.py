"""Reference points of a classified map, from a table that any spreadsheet program writes."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ecotrack.errors import EmptyFile, MissingFile, Text, UnknownColumn, UnreadableFile

_COLUMNS = (("lon", "经度"), ("lat", "纬度"), ("class", "类别"))
_ENCODINGS = ("utf-8-sig", "gb18030")
_DELIMITERS = ",;\t，"
_NO_TEXT = Text("不是文字表格", "it is no table of text")
_AS_CSV = Text("Excel文件请另存为CSV再用", "save a spreadsheet as CSV first")


class Points(NamedTuple):
    """Places (longitude, latitude; EPSG:4490) and their class numbers, each place once."""

    lonlat: npt.NDArray[np.float64]
    classes: npt.NDArray[np.int64]
    doubled: int


def read_points(path: Path) -> Points:
    """Return the points of a CSV file with the columns ``lon, lat, class`` (经度、纬度、类别).

    Raises
    ------
    MissingFile, EmptyFile, UnreadableFile, UnknownColumn
        The file is not there, is empty or no text, has no such columns, or a number in it is none or of another kind.
    """
    if not path.exists():
        raise MissingFile(path)
    lines = _text(path).splitlines()
    delimiter = max(_DELIMITERS, key=lines[0].count) if lines else ","
    rows = list(csv.DictReader(lines, delimiter=delimiter))
    if not rows:
        raise EmptyFile(path)
    columns = _columns(path, rows[0])
    found: dict[tuple[float, float], int] = {}
    given = 0
    for number, row in enumerate(rows, start=2):
        cells = [row[column] for column in columns]
        if not any(cell and cell.strip() for cell in cells):
            continue
        given += 1
        lon, lat, name = _numbers(f"{path}: {number}", cells)
        if found.setdefault((lon, lat), name) != name:
            detail = Text("同一位置有两个类别", "one place has two classes")
            raise UnreadableFile(f"{path}: {number}", detail=detail)
    if not found:
        raise EmptyFile(path)
    return Points(np.array([*found]), np.array([*found.values()], dtype=np.int64), given - len(found))


def _text(path: Path) -> str:
    data = path.read_bytes()
    for encoding in _ENCODINGS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not any(ord(char) < 32 and char not in "\t\r\n" for char in text):
            return text
    raise UnreadableFile(path, detail=_NO_TEXT, hint=_AS_CSV)


def _numbers(where: str, cells: Sequence[str | None]) -> tuple[float, float, int]:
    try:
        lon, lat, name = (float(cell or "") for cell in cells)
    except ValueError:
        zh = "经度、纬度、类别都要是数字，类别写分类图上的数值"
        en = "longitude, latitude and class must be numbers, the class as the map has it"
        raise UnreadableFile(where, detail=Text(zh, en)) from None
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        zh, en = "经纬度要用度，先经度后纬度", "it must be degrees, longitude first and latitude second"
        raise UnreadableFile(where, detail=Text(zh, en))
    if not name.is_integer():
        raise UnreadableFile(where, detail=Text("类别要是整数", "the class must be a whole number"))
    return lon, lat, int(name)


def _columns(path: Path, row: dict[str, str]) -> Sequence[str]:
    found = []
    for names in _COLUMNS:
        column = next((key for key in row if key and key.strip().lower() in names), None)
        if column is None:
            raise UnknownColumn(path, name=names[0], known="、".join(key for key in row if key))
        found.append(column)
    return found
