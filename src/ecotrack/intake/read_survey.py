"""The text in which land surveys are handed in: ``[属性描述]``, ``[地块坐标]``, corners as northing and easting.

The layout is the one of the land administration's reporting files (报盘文件): a line that ends with ``@`` begins a
plot (number of corners, area in hectares, id, name, kind of figure, map sheet, use, code), and the lines below it are
its corners (name, ring, X to the north, Y to the east).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import shapely

from ecotrack.coordinates import ZONE_EPSG
from ecotrack.errors import UnreadableError
from ecotrack.intake.candidates import Place, Value
from ecotrack.intake.read_vector import RawFeature, RawLayer
from ecotrack.intake.tables_files import decode

_HEAD, _BODY = "[属性描述]", "[地块坐标]"
_FIELDS = ("地块编号", "地块名称", "图形属性", "图幅号", "地块用途", "地类编码")
_DATUMS = {"80": "EPSG:4610", "54": "EPSG:4214", "84": "EPSG:4326"}


def is_survey(path: Path) -> bool:
    """Tell whether a file is such a text."""
    with path.open("rb") as stream:
        head = stream.read(2000)
    return any(mark.encode(codec) in head for codec in ("utf-8", "gb18030") for mark in (_HEAD, _BODY))


def read_survey(path: Path, *, name: str) -> Iterator[RawLayer]:
    """Yield its one layer; a text that is in no known encoding yields none."""
    try:
        lines = decode(path, path.read_bytes()).splitlines()
    except UnreadableError:
        return
    about = dict(line.split("=", 1) for line in lines if "=" in line and "," not in line.partition("=")[0])
    plots = [*_plots(lines)]
    easting = next((corner[1] for _, _, rings in plots for ring in rings for corner in ring), 0.0)
    yield RawLayer(
        name=name,
        driver="table",
        declared_crs=_declared({key.strip(): value.strip() for key, value in about.items()}, easting),
        fields=[*_FIELDS],
        features=(_feature(attributes, rings, f"{name} {number}") for number, attributes, rings in plots),
    )


def _declared(about: dict[str, str], easting: float) -> str | None:
    """Return the CRS that the head names; eastings with the digits of their zone tell it themselves."""
    datum, zone = about.get("坐标系", ""), about.get("带号", "")
    if "2000" not in datum:
        return next((crs for mark, crs in _DATUMS.items() if mark in datum), None)
    if easting >= 1e6 or about.get("几度分带") != "3" or not zone.isdigit() or int(zone) not in ZONE_EPSG:
        return None
    return f"EPSG:{4534 + int(zone) - 25}"


Ring = list[tuple[float, float]]


def _plots(lines: list[str]) -> Iterator[tuple[int, dict[str, Value], list[Ring]]]:
    """Yield the line of each plot, its attributes, and its rings as northings and eastings."""
    started: tuple[int, dict[str, Value], dict[str, Ring]] | None = None
    for number, line in enumerate(lines, 1):
        cells = [cell.strip() for cell in line.replace("，", ",").split(",")]
        if line.rstrip().endswith("@"):
            if started:
                yield started[0], started[1], [*started[2].values()]
            attributes: dict[str, Value] = {
                field: cell or None for field, cell in zip(_FIELDS, cells[2:], strict=False)
            }
            started = (number, attributes, {})
        elif started and len(cells) >= 4:
            try:
                started[2].setdefault(cells[1], []).append((float(cells[2]), float(cells[3])))
            except ValueError:
                started[2].setdefault(cells[1], []).append((float("nan"), float("nan")))
    if started:
        yield started[0], started[1], [*started[2].values()]


def _feature(attributes: dict[str, Value], rings: list[Ring], where: str) -> RawFeature:
    corners = [[(east, north) for north, east in ring] for ring in rings]
    bad = any(value != value for ring in corners for corner in ring for value in corner)
    short = next((len({*ring}) for ring in corners if len({*ring}) < 3), None if corners else 0)
    if bad or short is not None:
        here = Place(where)
        row = where.rpartition(" ")[2]
        found = here.finding("bad_corner", row=row) if bad else here.finding("few_corners", found=str(short))
        return RawFeature(where=where, geometry=None, attributes=attributes, findings=[found])
    return RawFeature(where=where, geometry=shapely.Polygon(corners[0], corners[1:]), attributes=attributes)
