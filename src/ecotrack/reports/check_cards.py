"""Check cards: one row for each drawn plot, with the columns of the form that ``ecotrack records import`` takes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec
import shapely
from pyproj import Transformer

from ecotrack.figures.sampling import Draw, FrameRow
from ecotrack.geometry.codec import STORED_CRS
from ecotrack.intake.records_known import Known, known_of
from ecotrack.intake.records_template import write_template
from ecotrack.intake.tables import ABOUT_SHEET
from ecotrack.intake.tables_cells import column_letter, escaped
from ecotrack.intake.tables_write import whole_file
from ecotrack.model import LayerDef
from ecotrack.workspace import Workspace

FIRST_ROW = 4
"""First row of the form that takes a record; the titles and keys stand above it."""

ZONE_BORDER_DEG = 115.5
"""West of it plots stand in the 3-degree zone 38 (EPSG:4526), east of it in zone 39 (EPSG:4527)."""

PLACE_COLUMNS = {
    "card_name": "地块名称",
    "card_unit": "所属单位",
    "card_claimed_mu": "上报面积（亩）",
    "card_credited_mu": "认定面积（亩）",
    "card_longitude_deg": "经度（度）",
    "card_latitude_deg": "纬度（度）",
    "card_crs": "坐标带",
    "card_easting_m": "横坐标（东，含带号，米）",
    "card_northing_m": "纵坐标（北，米）",
}
"""What a card tells beside the form: key to title; an import leaves these columns aside."""

_NOTE = (
    "抽样核查卡：核查后填写日期、穴数、核实面积；尚未核查的行请删去再导入；右侧说明列不导入。",
    "Check cards: fill in the day, the holes and the measured area; delete rows not checked yet before the import; "
    "the columns on the right are not read.",
)


class Place(NamedTuple):
    """A point inside a plot: degrees (EPSG:4490) and metres in its 3-degree zone."""

    longitude_deg: float
    latitude_deg: float
    crs: str
    easting_m: float
    northing_m: float


def place_of(geometry: shapely.Geometry) -> Place:
    """Return a point that lies inside a plot, where the checkers go.

    Parameters
    ----------
    geometry
        EPSG:4490 longitude/latitude.

    Examples
    --------
    >>> place = place_of(shapely.box(115.59, 37.47, 115.61, 37.49))
    >>> place.crs, round(place.easting_m / 1e6), round(place.northing_m / 1e3)
    ('EPSG:4527', 39, 4151)
    """
    point = shapely.point_on_surface(geometry)
    crs = "EPSG:4526" if point.x < ZONE_BORDER_DEG else "EPSG:4527"
    # always_xy: EPSG:4526 and 4527 name the northing first.
    east, north = Transformer.from_crs(STORED_CRS, crs, always_xy=True).transform(point.x, point.y)
    return Place(point.x, point.y, crs, east, north)


def write_cards(
    workspace: Workspace, draw: Draw, plots: Mapping[str, tuple[str, shapely.Geometry]], path: Path
) -> Path:
    """Write the check cards of a sample as an XLSX file.

    The first columns are the form of ``plots/check`` with the plot and the level filled in; what a checker sees
    goes there, and the sheet comes back by ``ecotrack records import``. The last columns say where the plot is.

    Parameters
    ----------
    plots
        Name and geometry (EPSG:4490) by feature id, of the drawn plots at least.
    path
        Where it is written, whole or not at all.

    Raises
    ------
    CannotWrite
        It cannot be written there.
    """
    import openpyxl

    with TemporaryDirectory() as folder:
        book = openpyxl.load_workbook(write_template(_known(workspace, draw), ["plots"], Path(folder) / "form.xlsx"))
    sheet = next(sheet for sheet in book if str(sheet["A1"].value or "").endswith("（plots/check）"))
    columns = {str(cell.value): cell.column for cell in sheet[FIRST_ROW - 1] if cell.value}
    _fill(sheet, columns, draw, plots, workspace)
    book[ABOUT_SHEET].append(list(_NOTE))
    with whole_file(path) as partial:
        book.save(partial)
    return path


def _known(workspace: Workspace, draw: Draw) -> Known:
    """Return what the form offers: the check alone, and the drawn plots alone."""
    layer: LayerDef = workspace.layers["plots"]
    checks = tuple(kind for kind in layer.records if kind.kind == "check")
    known = known_of(workspace, None)
    return dataclasses.replace(
        known,
        layers={"plots": msgspec.structs.replace(layer, records=checks)},
        features=lambda _: {row.feature_id: "" for row in draw.rows},
    )


def _fill(
    sheet: Any,
    columns: Mapping[str, int],
    draw: Draw,
    plots: Mapping[str, tuple[str, shapely.Geometry]],
    workspace: Workspace,
) -> None:
    _title_places(sheet, len(columns), draw)
    for number, row in enumerate(draw.rows, FIRST_ROW):
        name, geometry = plots[row.feature_id]
        unit = workspace.units.get(row.unit)
        filled = {
            "feature_id": escaped(row.feature_id),
            "unit": unit.name_zh if unit else row.unit or None,
            "level": draw.level or None,
            "method": "抽样",
            "document": f"抽样核查 {draw.draw_id}",
            "sample": "是" if draw.sample else None,
        }
        for key, value in filled.items():
            if value is not None and key in columns:
                sheet.cell(number, columns[key], value)
        told = _told(row, name, unit.name_on(draw.drawn_on) if unit else row.unit, place_of(geometry))
        for offset, fact in enumerate(told, 1):
            sheet.cell(number, len(columns) + offset, fact)


def _told(row: FrameRow, name: str, unit: str, place: Place) -> Sequence[str | float | None]:
    claimed = None if row.claimed_mu is None else float(row.claimed_mu)
    degrees = round(place.longitude_deg, 6), round(place.latitude_deg, 6)
    metres = round(place.easting_m, 1), round(place.northing_m, 1)
    return escaped(name), escaped(unit), claimed, round(float(row.credited_mu), 2), *degrees, place.crs, *metres


def _title_places(sheet: Any, used: int, draw: Draw) -> None:
    from openpyxl.styles import Alignment, Font

    mark = "（示例）" if draw.sample else ""
    sheet["A1"] = f"抽样核查卡{mark} {draw.drawn_on}（plots/check）  抽样编号 {draw.draw_id}"
    for offset, (key, title) in enumerate(PLACE_COLUMNS.items(), 1):
        sheet.cell(FIRST_ROW - 1, used + offset, key).font = Font(size=8, color="FF808080")
        cell = sheet.cell(2, used + offset, title)
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, horizontal="center")
        sheet.column_dimensions[column_letter(used + offset - 1)].width = 16
