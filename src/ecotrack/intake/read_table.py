"""Boundaries in tables: a WKT column, or one row for each corner with two coordinate columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import shapely

from ecotrack.errors import Text, UnreadableFile
from ecotrack.intake.candidates import Place, Value
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
    wkt: int | None
    first: int | None
    second: int | None
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
    words = {_fold(text) for text in known} | {*_WKT, *_FIRST, *_SECOND, *_GROUP}
    try:
        sheets = read_tables(path, knows=lambda text: _fold(text) in words)
    except UnreadableFile as error:
        raise UnreadableFile(name, detail=_reason(error), hint=_NO_COLUMNS) from None
    unread = [Place(f"{name}:{sheet}").finding("unread_sheet") for sheet in sheets.unread]
    for table in sheets.tables:
        layer = _layer(table, f"{name}:{table.sheet}" if table.sheet else name)
        layer.findings, unread = unread, []
        yield layer


def _reason(error: UnreadableFile) -> Text:
    return Text(str(error.facts["detail_zh"]), str(error.facts["detail_en"]))


def _fold(text: str) -> str:
    return re.sub(r"[\s_()（）.°/:：]|\b[mM]\b", "", text).lower()


def _layer(table: Table, title: str) -> RawLayer:
    columns = _columns(table)
    found = columns.wkt is not None or (columns.first is not None and columns.second is not None)
    rows = _wkt_features(table, columns, title) if columns.wkt is not None else _corner_features(table, columns, title)
    return RawLayer(
        name=title,
        driver="table",
        declared_crs=None,
        fields=[header for header in table.headers if header],
        features=rows if found else iter(()),
        has_geometry=found,
    )


def _columns(table: Table) -> _Columns:
    folded = [_fold(header) for header in table.headers]

    def first_of(words: tuple[str, ...]) -> int | None:
        return next((number for word in words for number, header in enumerate(folded) if header == word), None)

    return _Columns(first_of(_WKT), first_of(_FIRST), first_of(_SECOND), first_of(_GROUP))


def _attributes(table: Table, row: Row, columns: _Columns) -> dict[str, Value]:
    left_out = {columns.wkt, columns.first, columns.second} if columns.wkt is None else {columns.wkt}
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
            finding = Place(where).finding("bad_geometry", found=str(error)[:200])
            yield RawFeature(where=where, geometry=None, attributes=attributes, findings=[finding])
            continue
        yield RawFeature(where=where, geometry=geometry, attributes=attributes)


def _corner_features(table: Table, columns: _Columns, title: str) -> Iterator[RawFeature]:
    """Join the corners of one plot, in the order of their rows; a plot ends where its id changes."""
    groups: dict[str, list[Row]] = {}
    for row in table.rows:
        groups.setdefault(row.cell(columns.group).text if columns.group is not None else "", []).append(row)
    for key, rows in groups.items():
        where = f"{title} {key or rows[0].number}"
        attributes = _attributes(table, rows[0], columns)
        yield _corner_feature(rows, columns, where, attributes)


def _corner_feature(rows: list[Row], columns: _Columns, where: str, attributes: dict[str, Value]) -> RawFeature:
    corners = [(row.cell(columns.first or 0).value, row.cell(columns.second or 0).value) for row in rows]
    bad = next((row.number for row, (x, y) in zip(rows, corners, strict=True) if not (_number(x) and _number(y))), None)
    if bad is not None:
        found = f"row {bad}: a corner without two numbers"
    elif len(set(corners)) < 3:
        found = f"{len(set(corners))} corners"
    else:
        ring = [(float(str(x)), float(str(y))) for x, y in corners]
        return RawFeature(where=where, geometry=shapely.Polygon(ring), attributes=attributes)
    finding = Place(where).finding("bad_geometry", found=found)
    return RawFeature(where=where, geometry=None, attributes=attributes, findings=[finding])


def _number(value: object) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite()
    return isinstance(value, str) and re.fullmatch(r"[+-]?\d+(\.\d+)?", value) is not None
