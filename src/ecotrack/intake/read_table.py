"""Boundaries in tables: a WKT column, or one row for each corner with two coordinate columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import shapely

from ecotrack.coordinates.degrees import Ordinate, read_ordinate, unpacked
from ecotrack.errors import Text, UnreadableFile
from ecotrack.intake.apps import Origin
from ecotrack.intake.candidates import Place, Value
from ecotrack.intake.read_cells import read_corners, read_shape, srid_of
from ecotrack.intake.read_corners import corner_feature, ovital_origin, read_bare_corners
from ecotrack.intake.read_table_blocks import POINT_TITLES, blocks_of, names_places, without_sides
from ecotrack.intake.read_table_sides import sides_of
from ecotrack.intake.read_vector import RawFeature, RawLayer
from ecotrack.intake.tables import read_tables
from ecotrack.intake.tables_cells import Row, Table
from ecotrack.model.findings import Finding

_WKT = (
    *("wkt", "geometry", "geom", "thegeom", "wktgeom", "geomwkt", "geometrywkt", "wktgeometry", "wkb", "wkbgeometry"),
    *("图形", "边界", "图形wkt", "边界wkt"),
)
_FIRST = (
    *("x", "lon", "lng", "long", "longitude", "经度", "东经", "横坐标", "东坐标", "x坐标", "横坐标y", "y横坐标"),
    *("横坐标e", "坐标x", "x米", "x坐标米", "横坐标米", "pointx", "easting", "经度度", "经度e", "东经e"),
    *(
        "y东",
        "东y",
        "x东",
        "东x",
        "东坐标y",
        "东e",
        "横坐标东",
        "y横",
        "横y",
        "xcoord",
        "xcoordinate",
        "经度x",
        "x经度",
        "e",
    ),
)
_SECOND = (
    *("y", "lat", "latitude", "纬度", "北纬", "纵坐标", "北坐标", "y坐标", "纵坐标x", "x纵坐标", "纵坐标n"),
    *("坐标y", "y米", "y坐标米", "纵坐标米", "pointy", "northing", "纬度度", "纬度n", "北纬n"),
    *(
        "x北",
        "北x",
        "y北",
        "北y",
        "北坐标x",
        "北n",
        "纵坐标北",
        "x纵",
        "纵x",
        "ycoord",
        "ycoordinate",
        "纬度y",
        "y纬度",
        "n",
    ),
)
_LISTS = (
    *("坐标", "坐标串", "坐标点", "拐点坐标", "界址点坐标", "四至坐标", "边界坐标", "地块坐标", "范围坐标"),
    *("coordinates", "coords"),
)
_GROUP = ("plotid", "featureid", "xiaoban", "xbh", "dkbh", "小班号", "地块编号", "地块号", "地块", "编号", "id")

_SHIFTED_WORDS = {"GCJ-02": r"gcj-?02|火星(?:坐标)?", "BD-09": r"bd-?09(?:ll)?|百度(?:坐标)?"}
_DATUM_WORDS = ("cgcs2000", "(?:国家)?2000(?:国家大地)?(?:坐标系)?", "wgs84", "高德", "西安(?:19)?80", "北京(?:19)?54")
_SYSTEM_WORDS = re.compile("|".join([*_SHIFTED_WORDS.values(), *_DATUM_WORDS]))
_PACKED = "度分秒"
_POINT_WORDS = re.compile(rf"^(?:拐点|界址点|gps|大地)|{_PACKED}$")

_SIMPLE = str.maketrans("經緯縱橫座標號塊編點東圖邊範圍圖級", "经纬纵横坐标号块编点东图边范围图级")
"""Characters of headers in traditional writing."""

_NO_COLUMNS = Text(
    "请提供带 WKT 列的表，或每行一个拐点、带 地块编号、经度、纬度 列的表",
    "give a WKT column, or one row a corner with columns plot_id, lon, lat",
)


class _Columns(NamedTuple):
    """Columns by place; a coordinate in degrees, minutes and seconds has three, a row may hold many pairs."""

    wkt: int | None
    first: int | tuple[int, ...] | None
    second: int | tuple[int, ...] | None
    group: int | None
    listed: int | None = None
    pairs: tuple[tuple[int, int], ...] = ()
    packed: bool = False
    """Whether the titles say that numbers are degrees, minutes and seconds (``115.3600``: 115°36′00″)."""

    @property
    def hold_boundary(self) -> bool:
        """Whether there is a boundary, in whatever form."""
        both = self.first is not None and self.second is not None
        return both or self.wkt is not None or self.listed is not None or bool(self.pairs)

    def taken(self) -> set[int]:
        """Return the places that hold the boundary itself."""
        if self.wkt is not None:
            return {self.wkt}
        if self.pairs:
            return {place for pair in self.pairs for place in pair}
        ends = [column if isinstance(column, tuple) else (column,) for column in (self.first, self.second, self.listed)]
        return {place for column in ends for place in column if place is not None}


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
    words = {_fold(text) for text in known} | {*_WKT, *_FIRST, *_SECOND, *_GROUP, *_LISTS, *POINT_TITLES}
    try:
        sheets = read_tables(
            path,
            knows=lambda text: not words.isdisjoint((_fold(text), _bare(text))) or _numbered(_fold(text)) is not None,
            wants=lambda table: _columns(table).hold_boundary,
        )
    except UnreadableFile as error:
        bare = list(read_bare_corners(path, name=name))
        if bare:
            yield from bare
            return
        raise UnreadableFile(name, detail=_reason(error), hint=_NO_COLUMNS) from None
    unread = [Place(f"{name}:{sheet}").finding("unread_sheet") for sheet in sheets.unread]
    turned: set[str] = set()
    for table in _each_side(sheets.tables, unread, name):
        for layer in _layers(table, f"{name}:{table.sheet}" if table.sheet else name):
            if table.turned and table.sheet not in turned:
                unread.append(Place(layer.name).finding("turned_table"))
                turned.add(table.sheet)
            layer.findings, unread = unread, []
            yield layer


def _each_side(tables: Iterable[Table], told: list[Finding], name: str) -> Iterator[Table]:
    """Yield the plots of a sheet that stand side by side as tables of their own."""
    for table in tables:
        sides, left = sides_of(table, first=lambda title: _fold(title) in _FIRST, own=_names_a_row)
        if left:
            told.append(Place(f"{name}:{table.sheet}" if table.sheet else name).finding("pair_left", count=str(left)))
        yield from sides


def _names_a_row(title: str) -> bool:
    return _fold(title) in _GROUP or title in POINT_TITLES


def _reason(error: UnreadableFile) -> Text:
    return Text(str(error.facts["detail_zh"]), str(error.facts["detail_en"]))


def _fold(text: str) -> str:
    return re.sub(r"[\s_()（）.°/:：]|\b[mM]\b", "", text).lower().translate(_SIMPLE)


def _bare(text: str) -> str:
    """Return a header without what it says beside (``gcj02_lng``, ``X（国家2000）``, 拐点经度, ``东经（度分秒）``)."""
    return _POINT_WORDS.sub("", _SYSTEM_WORDS.sub("", _fold(text)))


def _layers(table: Table, title: str) -> Iterator[RawLayer]:
    """Yield the sheet as a layer; rows whose coordinates bear Ovital's letters are layers of their own."""
    columns = _columns(table)
    if columns.wkt is not None:
        layer = _layer(table, title, _wkt_features(table, columns, title), columns, found=True)
        numbers = {srid_of(row.cell(columns.wkt).text) for row in table.rows}
        layer.declared_crs = f"EPSG:{min(numbers)}" if len(numbers) == 1 and numbers != {0} else None
        yield layer
        return
    if columns.pairs or _lists_corners(table, columns):
        yield _layer(table, title, _row_features(table, columns, title), columns, found=True)
        return
    if names_places(table, columns.taken()):
        yield _layer(table, title, _points(table, columns, title), columns, found=True)
        return
    found = columns.hold_boundary
    systems = dict.fromkeys(_system_of(row, columns) for row in table.rows) if found else {}
    for system in systems or {None: None}:
        rows = _corner_features(table, columns, title, system=system) if found else iter(())
        layer = _layer(table, title, rows, columns, found=found)
        layer.origin = ovital_origin(system) if system else _titled_origin(table, columns)
        yield layer


def _titled_origin(table: Table, columns: _Columns) -> Origin:
    """Return the system of shifted degrees that the header over a coordinate names."""
    header = _fold(table.headers[columns.first]) if isinstance(columns.first, int) else ""
    for system, words in _SHIFTED_WORDS.items():
        if re.search(words, header):
            return Origin("", system, Text(f"表头写明是 {system} 坐标", f"the header says {system}"))
    return Origin()


def _layer(table: Table, title: str, features: Iterator[RawFeature], columns: _Columns, *, found: bool) -> RawLayer:
    taken = columns.taken() if found else set()
    fields = [header for place, header in enumerate(table.headers) if header and place not in taken]
    return RawLayer(
        name=title,
        driver="table",
        declared_crs=None,
        fields=fields,
        features=features,
        has_geometry=found,
        words="\n".join([*table.titles, *table.headers, *table.notes]),
    )


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
    if first is None and second is None:
        folded = [_bare(header) for header in table.headers]
        first, second = first_of(_FIRST), first_of(_SECOND)
    packed = isinstance(first, int) and _fold(table.headers[first]).endswith(_PACKED)
    listed = first_of(_LISTS) if first is None or second is None else None
    return _Columns(first_of(_WKT), first, second, first_of(_GROUP), listed, _pairs(folded), packed)


_NUMBERED = re.compile(r"(?:[a-z]?\d+)?(\D+)(\d+)")


def _numbered(header: str) -> tuple[str, int] | None:
    """Return the coordinate and the number of a column that is one of many (``x1``, ``经度12``)."""
    found = _NUMBERED.fullmatch(header)
    return (found[1], int(found[2])) if found and found[1] in (*_FIRST, *_SECOND) else None


def _pairs(folded: list[str]) -> tuple[tuple[int, int], ...]:
    """Return the columns of the corners that stand side by side in a row, in the order of their numbers."""
    named = {place: _numbered(header) for place, header in enumerate(folded)}
    first = {found[1]: place for place, found in named.items() if found and found[0] in _FIRST}
    second = {found[1]: place for place, found in named.items() if found and found[0] in _SECOND}
    pairs = tuple((first[number], second[number]) for number in sorted(first.keys() & second.keys()))
    return pairs if len(pairs) >= 3 else ()


def _lists_corners(table: Table, columns: _Columns) -> bool:
    """Tell whether the cells of a column list the corners of a whole plot, and not one corner each."""
    if columns.listed is None:
        return False
    return any(len(read_corners(row.cell(columns.listed).text)) > 1 for row in table.rows)


def _row_features(table: Table, columns: _Columns, title: str) -> Iterator[RawFeature]:
    """Yield the plot of each row, corner after corner."""
    for row in table.rows:
        if columns.pairs:
            cells = [(row.cell(a).text, row.cell(b).text) for a, b in columns.pairs]
            corners = [(read_ordinate(a), read_ordinate(b)) for a, b in cells if a or b]
        else:
            corners = read_corners(row.cell(columns.listed or 0).text)
        numbered = [(row.number, first, second) for first, second in corners]
        yield corner_feature(numbered, f"{title} {row.number}", _attributes(table, row, columns))


def _attributes(table: Table, row: Row, columns: _Columns) -> dict[str, Value]:
    left_out = columns.taken()
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
            geometry = read_shape(text) if text else None
        except (shapely.errors.GEOSException, NotImplementedError) as error:
            finding = Place(where).bad_geometry(error)
            yield RawFeature(where=where, geometry=None, attributes=attributes, findings=[finding])
            continue
        yield RawFeature(where=where, geometry=geometry, attributes=attributes)


def _corner_features(table: Table, columns: _Columns, title: str, *, system: str | None) -> Iterator[RawFeature]:
    """Join the corners of one plot, in the order of their rows; a plot ends where its id changes."""
    table = without_sides(table, columns.taken())
    for key, rows in _named_groups(table, columns) if columns.group is not None else blocks_of(table, columns.taken()):
        rows = [row for row in rows if _system_of(row, columns) == system]
        if not rows:
            continue
        where = f"{title} {key or rows[0].number}"
        attributes = _attributes(table, rows[0], columns)
        corners = [(row.number, *_corner_of(row, columns)) for row in rows]
        yield corner_feature(corners, where, attributes)


def _points(table: Table, columns: _Columns, title: str) -> Iterator[RawFeature]:
    """Yield each row as a place of its own."""
    for row in table.rows:
        first, second = _corner_of(row, columns)
        place = shapely.Point(first.value, second.value) if first and second else None
        yield RawFeature(where=f"{title} {row.number}", geometry=place, attributes=_attributes(table, row, columns))


def _named_groups(table: Table, columns: _Columns) -> list[tuple[str, list[Row]]]:
    groups: dict[str, list[Row]] = {}
    key = ""
    for row in table.rows:
        # The id of a plot often stands in its first row alone, the cells below merged with it or left empty.
        key = row.cell(columns.group or 0).text or key
        groups.setdefault(key, []).append(row)
    return [*groups.items()]


def _corner_of(row: Row, columns: _Columns) -> tuple[Ordinate | None, Ordinate | None]:
    if columns.listed is not None:
        return next(iter(read_corners(row.cell(columns.listed).text)), (None, None))
    packed = columns.packed
    return _ordinate(row, columns.first, packed=packed), _ordinate(row, columns.second, packed=packed)


def _ordinate(row: Row, column: int | tuple[int, ...] | None, *, packed: bool) -> Ordinate | None:
    if isinstance(column, tuple):
        parts = [row.cell(number).text or "0" for number in column]
        return read_ordinate(f"{parts[0]}°{parts[1]}'{parts[2]}\"")
    text = row.cell(column or 0).text
    return read_ordinate(unpacked(text) if packed else text)


def _system_of(row: Row, columns: _Columns) -> str | None:
    found = _corner_of(row, columns)
    return next((ordinate.system for ordinate in found if ordinate and ordinate.system), None)
