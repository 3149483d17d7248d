"""Boundaries in tables: a WKT column, or one row for each corner with two coordinate columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import shapely

from ecotrack.coordinates.degrees import Ordinate, read_ordinate
from ecotrack.errors import Text, UnreadableFile
from ecotrack.intake.apps import Origin
from ecotrack.intake.candidates import Place, Value
from ecotrack.intake.read_corners import corner_feature, ovital_origin, read_bare_corners
from ecotrack.intake.read_vector import RawFeature, RawLayer
from ecotrack.intake.tables import read_tables
from ecotrack.intake.tables_cells import Row, Table

_WKT = ("wkt", "geometry", "geom", "thegeom", "图形", "边界")
_FIRST = ("x", "lon", "lng", "long", "longitude", "经度", "东经", "横坐标", "东坐标", "x坐标")
_SECOND = ("y", "lat", "latitude", "纬度", "北纬", "纵坐标", "北坐标", "y坐标")
_GROUP = ("plotid", "featureid", "xiaoban", "xbh", "dkbh", "小班号", "地块编号", "地块号", "地块", "编号", "id")

_NO_COLUMNS = Text(
    "请提供带 WKT 列的表，或每行一个拐点、带 地块编号、经度、纬度 列的表",
    "give a WKT column, or one row a corner with columns plot_id, lon, lat",
)


class _Columns(NamedTuple):
    """Columns by place; a coordinate in degrees, minutes and seconds has three."""

    wkt: int | None
    first: int | tuple[int, ...] | None
    second: int | tuple[int, ...] | None
    group: int | None


def read_table(path: Path, *, name: str, known: tuple[str, ...] = ()) -> Iterator[RawLayer]:
    """Yield one layer for each sheet of a CSV or XLSX file.

    Parameters
    ----------
    known
        Other header texts that the target layer has a use for.

    Raises
    ------
    UnreadableFile
        No sheet has a header with coordinates.
    """
    words = {_fold(text) for text in known} | {*_WKT, *_FIRST, *_SECOND, *_GROUP, "度", "分", "秒"}
    try:
        sheets = read_tables(path, knows=lambda text: _fold(text) in words)
    except UnreadableFile as error:
        bare = list(read_bare_corners(path, name=name))
        if bare:
            yield from bare
            return
        raise UnreadableFile(name, detail=_reason(error), hint=_NO_COLUMNS) from None
    unread = [Place(f"{name}:{sheet}").finding("unread_sheet") for sheet in sheets.unread]
    for table in sheets.tables:
        for layer in _layers(table, f"{name}:{table.sheet}" if table.sheet else name):
            layer.findings, unread = unread, []
            yield layer


def _reason(error: UnreadableFile) -> Text:
    return Text(str(error.facts["detail_zh"]), str(error.facts["detail_en"]))


def _fold(text: str) -> str:
    return re.sub(r"[\s_()（）.°/:：]|\b[mM]\b", "", text).lower()


def _layers(table: Table, title: str) -> Iterator[RawLayer]:
    """Yield the sheet as a layer; rows whose coordinates bear Ovital's letters are layers of their own."""
    columns = _columns(table)
    if columns.wkt is not None:
        yield _layer(table, title, _wkt_features(table, columns, title), found=True)
        return
    found = columns.first is not None and columns.second is not None
    systems = dict.fromkeys(_system_of(row, columns) for row in table.rows) if found else {}
    for system in systems or {None: None}:
        rows = _corner_features(table, columns, title, system=system) if found else iter(())
        layer = _layer(table, title, rows, found=found)
        layer.origin = ovital_origin(system) if system else Origin()
        yield layer


def _layer(table: Table, title: str, features: Iterator[RawFeature], *, found: bool) -> RawLayer:
    fields = [header for header in table.headers if header]
    return RawLayer(name=title, driver="table", declared_crs=None, fields=fields, features=features, has_geometry=found)


def _columns(table: Table) -> _Columns:
    folded = [_fold(header) for header in table.headers]

    def first_of(words: tuple[str, ...]) -> int | None:
        return next((number for word in words for number, header in enumerate(folded) if header == word), None)

    def three_of(words: tuple[str, ...]) -> tuple[int, ...] | None:
        for word in words:
            places = tuple(number for part in "度分秒" for number, h in enumerate(folded) if h == word + part)
            if len(places) == 3:
                return places
        return None

    first, second = three_of(_FIRST) or first_of(_FIRST), three_of(_SECOND) or first_of(_SECOND)
    return _Columns(first_of(_WKT), first, second, first_of(_GROUP))


def _attributes(table: Table, row: Row, columns: _Columns) -> dict[str, Value]:
    left_out: set[int | None] = {columns.wkt}
    for column in (columns.first, columns.second) if columns.wkt is None else ():
        left_out |= set(column) if isinstance(column, tuple) else {column}
    return {
        header: row.cell(number).text or None
        for number, header in enumerate(table.headers)
        if header and number not in left_out
    }


def _wkt_features(table: Table, columns: _Columns, title: str) -> Iterator[RawFeature]:
    for row in table.rows:
        where = f"{title} {row.number}"
        attributes = _attributes(table, row, columns)
        text = row.cell(columns.wkt or 0).text
        try:
            geometry = shapely.from_wkt(text) if text else None
        except shapely.errors.GEOSException as error:
            finding = Place(where).bad_geometry(error)
            yield RawFeature(where=where, geometry=None, attributes=attributes, findings=[finding])
            continue
        yield RawFeature(where=where, geometry=geometry, attributes=attributes)


def _corner_features(table: Table, columns: _Columns, title: str, *, system: str | None) -> Iterator[RawFeature]:
    """Join the corners of one plot, in the order of their rows; a plot ends where its id changes."""
    groups: dict[str, list[Row]] = {}
    for row in table.rows:
        if _system_of(row, columns) == system:
            key = row.cell(columns.group).text if columns.group is not None else ""
            groups.setdefault(key, []).append(row)
    for key, rows in groups.items():
        where = f"{title} {key or rows[0].number}"
        attributes = _attributes(table, rows[0], columns)
        corners = [(row.number, _ordinate(row, columns.first), _ordinate(row, columns.second)) for row in rows]
        yield corner_feature(corners, where, attributes)


def _ordinate(row: Row, column: int | tuple[int, ...] | None) -> Ordinate | None:
    if isinstance(column, tuple):
        parts = [row.cell(number).text or "0" for number in column]
        return read_ordinate(f"{parts[0]}°{parts[1]}'{parts[2]}\"")
    return read_ordinate(row.cell(column or 0).text)


def _system_of(row: Row, columns: _Columns) -> str | None:
    found = (_ordinate(row, columns.first), _ordinate(row, columns.second))
    return next((ordinate.system for ordinate in found if ordinate and ordinate.system), None)
