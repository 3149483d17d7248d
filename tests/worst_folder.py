"""A county's worst folder: twelve files, each wrong in its own way."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fiona
import numpy as np
import openpyxl
import shapely
from pyproj import Transformer
from shapely.geometry import mapping

from ecotrack.coordinates.shifted import to_gcj02

LON_M, LAT_M = 1 / 88_307, 1 / 110_989
CORNER = (115.72, 37.42)


def plot(east_m: float, north_m: float, *, x_m: float = 0, y_m: float = 0) -> shapely.Polygon:
    west, south = CORNER[0] + x_m * LON_M, CORNER[1] + y_m * LAT_M
    return shapely.box(west, south, west + east_m * LON_M, south + north_m * LAT_M)


def in_zone(shape: shapely.Polygon, epsg: int = 4527) -> shapely.Polygon:
    transform = Transformer.from_crs(4490, epsg, always_xy=True).transform
    return shapely.transform(shape, lambda xy: np.column_stack(transform(xy[:, 0], xy[:, 1])))


def shapefile(
    path: Path, rows: list[tuple[shapely.Polygon, dict[str, Any]]], *, crs: str, without: tuple[str, ...] = ()
) -> None:
    stem = path.with_suffix("")
    schema = {"geometry": "Polygon", "properties": {"XIAN": "str:20", "XBH": "str:20", "MIAN_JI": "float:12.3"}}
    with fiona.open(f"{stem}.shp", "w", driver="ESRI Shapefile", crs=crs, schema=schema, encoding="GBK") as sink:
        for shape, fields in rows:
            values = {"XIAN": "枣强县", "XBH": None, "MIAN_JI": None} | fields
            sink.write({"geometry": mapping(shape), "properties": values})
    with zipfile.ZipFile(path, "w") as container:
        for part in sorted(path.parent.glob(stem.name + ".*")):
            if part.suffix != ".zip":
                if part.suffix not in without:
                    container.write(part, part.name)
                part.unlink()


def kml(path: Path, shape: shapely.Polygon) -> None:
    ring = " ".join(f"{x!r},{y!r},0" for x, y in shape.exterior.coords)
    data = '<ExtendedData><Data name="小班号"><value>JZ-7</value></Data></ExtendedData>'
    body = f"<outerBoundaryIs><LinearRing><coordinates>{ring}</coordinates></LinearRing></outerBoundaryIs>"
    mark = f"<Placemark><name>河东林地</name>{data}<Polygon>{body}</Polygon></Placemark>"
    path.write_text(f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{mark}</Document></kml>', "utf-8")


def minutes(value: float) -> str:
    whole, rest = divmod(value, 1)
    return f"{int(whole)}°{int(rest * 60):02d}′{rest * 60 % 1 * 60:05.2f}″"


def corners(path: Path) -> None:
    rows = [f"SZ-1,{minutes(x)},{minutes(y)}" for x, y in list(plot(120, 90, y_m=600).exterior.coords)[:4]]
    rows += ["SZ-2,115°43′10″,37°25′10″", "SZ-2,115°43′20″,37°75′10″", "SZ-2,115°43′20″,37°25′20″"]
    path.write_bytes(("地块编号,经度,纬度\n" + "\n".join(rows) + "\n").encode("gb18030"))


def hectares(path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["枣强县2016年春季造林地块登记表"])
    book.active.append(["地块编号", "面积", "横坐标", "纵坐标"])
    for name, shape in (("ZQ-21", plot(200, 100, x_m=900)), ("ZQ-22", plot(150, 150, x_m=1300))):
        area = shapely.area(in_zone(shape)) / 10_000
        for x, y in list(in_zone(shape).exterior.coords)[:4]:
            book.active.append([name, round(area, 2), round(x, 2), round(y, 2)])
    book.save(path)


def walk(path: Path) -> None:
    ring = list(plot(300, 200, y_m=1200).exterior.coords)[:3]
    points = "".join(f'<trkpt lat="{y!r}" lon="{x!r}"/>' for x, y in ring)
    path.write_text(
        f'<gpx creator="Garmin eTrex 20"><trk><name>一圈</name><trkseg>{points}</trkseg></trk></gpx>', "utf-8"
    )


def crossed(path: Path) -> None:
    bow = shapely.Polygon([(115.73, 37.43), (115.732, 37.432), (115.732, 37.43), (115.73, 37.432)])
    pair = (plot(100, 100, x_m=2000), plot(100, 100, x_m=2040))
    spike = shapely.Polygon(
        [(CORNER[0] + x * LON_M, CORNER[1] + y * LAT_M) for x, y in
         [(2500, 0), (2600, 0), (2600, 49.9), (2690, 50), (2600, 50.1), (2600, 100), (2500, 100)]]
    )  # fmt: skip
    rows = [
        {"type": "Feature", "properties": {"编号": f"AP-{n}"}, "geometry": mapping(shape)}
        for n, shape in enumerate((bow, *pair, spike, plot(15, 15, x_m=3000)), 1)
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": rows}), "utf-8")


def drawing(path: Path) -> None:
    with fiona.open(path, "w", driver="DXF", schema={"geometry": "LineString", "properties": {"Layer": "str"}}) as sink:
        line = shapely.LineString(in_zone(plot(100, 100), 4548).exterior.coords)
        sink.write({"geometry": mapping(line), "properties": {"Layer": "0"}})


def lopsided(path: Path) -> None:
    rows = [(in_zone(plot(100, 100, y_m=2000)), {"XBH": "TC-1", "MIAN_JI": 15.0})]
    shapefile(path, rows, crs="EPSG:2363")


def nothing(path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["地块编号", "经度", "纬度"])
    book.save(path)


def good_but_no_prj(path: Path) -> None:
    rows = [(in_zone(plot(100, 100, y_m=3000)), {"XBH": "ZQ-1", "MIAN_JI": 14.99}),
            (in_zone(plot(400, 8, y_m=3300)), {"XBH": "ZQ-1", "MIAN_JI": 4.8})]  # fmt: skip
    shapefile(path, rows, crs="EPSG:4527", without=(".prj", ".cpg"))


def without_index(path: Path) -> None:
    shapefile(path, [(in_zone(plot(100, 100)), {"XBH": "RY-1"})], crs="EPSG:4527", without=(".shx",))


FILES: dict[str, Callable[[Path], None]] = {
    "01枣强没有prj编号重复.zip": good_but_no_prj,
    "02手机画的.kml": lambda path: kml(path, plot(150, 100, y_m=500)),
    "03奥维.ovkml": lambda path: kml(path, shapely.transform(plot(150, 100, y_m=4000), to_gcj02)),
    "04度分秒.csv": corners,
    "05公顷.xlsx": hectares,
    "06没走完的轨迹.gpx": walk,
    "07缺shx.zip": without_index,
    "08打结重叠.geojson": crossed,
    "09其实是rar.zip": lambda path: path.write_bytes(b"Rar!\x1a\x07\x00" + bytes(500)) and None,
    "10图纸.dxf": drawing,
    "11西安80.zip": lopsided,
    "12空表.xlsx": nothing,
}


def make(folder: Path) -> list[Path]:
    """Write the twelve files and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, write in FILES.items():
        write(folder / name)
    return [folder / name for name in FILES]
