"""A layer as a zipped shapefile, in the zone and encoding that the receiving program needs."""

from __future__ import annotations

import json
import re
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import fiona
import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry import mapping

from ecotrack.errors import Text, UnknownCode
from ecotrack.geometry.codec import STORED_CRS
from ecotrack.intake.tables_write import whole_file


class Zone(NamedTuple):
    """A coordinate system that a shapefile can be asked in."""

    epsg: int
    title: Text


ZONES: dict[str, Zone] = {
    "lonlat": Zone(4490, Text("经纬度（CGCS2000）", "longitude, latitude (CGCS2000)")),
    "cm114": Zone(4547, Text("3度带 中央经线114°，不加带号", "3-degree zone, CM 114E, without zone digits")),
    "zone38": Zone(4526, Text("3度带 第38带（114°），加带号", "3-degree zone 38, with zone digits")),
    "cm117": Zone(4548, Text("3度带 中央经线117°，不加带号", "3-degree zone, CM 117E, without zone digits")),
    "zone39": Zone(4527, Text("3度带 第39带（117°），加带号", "3-degree zone 39, with zone digits")),
}
"""CGCS2000 / 3-degree Gauss-Kruger as the EPSG registry numbers them; Hengshui lies across zones 38 and 39."""

ENCODINGS = ("UTF-8", "GBK")

_SHORT = {
    "classification": "CLASS",
    "credited_mu": "CREDIT_MU",
    "report_units": "REP_UNITS",
}
_BYTES = 254
"""What one text column of a shapefile holds."""

_STRANGE = "〓"


def column_names(names: Iterable[str]) -> dict[str, str]:
    """Return a name of at most ten capital letters for each, no two the same.

    Examples
    --------
    >>> column_names(["feature_id", "classification", "responsible_unit", "responsible_unit_2", "面积"])
    {'feature_id': 'FEATURE_ID', 'classification': 'CLASS', 'responsible_unit': 'RESPONSIBL', 'responsible_unit_2': \
'RESPONSI_1', '面积': 'F'}
    """
    taken: dict[str, str] = {}
    for name in names:
        short = _SHORT.get(name) or re.sub(r"[^A-Z0-9_]", "", name.upper()).strip("_")[:10] or "F"
        stem, number = short, 0
        while short in taken.values():
            number += 1
            short = f"{stem[: 9 - len(str(number))]}_{number}"
        taken[name] = short
    return taken


def write_shapefile(source: Path, target: Path, *, zone: str, encoding: str, title: str) -> None:
    """Write a GeoJSON layer (EPSG:4490) as a zip of shapefiles, one for each kind of geometry; whole or not at all.

    Corners are projected and nothing is added between them: beside the straight line in degrees, an edge of 1 km
    then lies off by up to 2 cm. A character that GBK does not have is written as 〓.

    Raises
    ------
    UnknownCode
        ``zone`` or ``encoding`` is none of `ZONES` and `ENCODINGS`.
    CannotWrite
        It cannot be written there.
    """
    if zone not in ZONES:
        raise UnknownCode("", value=zone, zh="坐标系", en="coordinate system", known="、".join(ZONES))
    if encoding not in ENCODINGS:
        raise UnknownCode("", value=encoding, zh="编码", en="encoding", known="、".join(ENCODINGS))
    features = json.loads(source.read_bytes())["features"]
    names = column_names(dict.fromkeys(name for one in features for name in one["properties"]))
    with tempfile.TemporaryDirectory() as name, whole_file(target) as partial:
        folder = Path(name)
        for kind, some in _by_kind(features).items():
            _write(folder / f"{source.stem}{kind}.shp", some, names, zone=zone, encoding=encoding)
        (folder / "字段说明.txt").write_text(_about(names, title, zone, encoding), encoding="utf-8-sig")
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as container:
            for part in sorted(folder.iterdir()):
                container.write(part, part.name)


def _by_kind(features: Sequence[Any]) -> dict[str, list[Any]]:
    """Return features by what a shapefile calls their kind: a suffix to its name, empty where there is one kind."""
    suffix = {"Point": "_point", "MultiPoint": "_points", "LineString": "_line", "MultiLineString": "_line"}
    found: dict[str, list[Any]] = {}
    for one in features:
        found.setdefault(suffix.get(one["geometry"]["type"], "_area"), []).append(one)
    return {"": next(iter(found.values()), [])} if len(found) < 2 else found


def _write(path: Path, features: Sequence[Any], names: Mapping[str, str], *, zone: str, encoding: str) -> None:
    columns = {name: _type(one["properties"].get(name) for one in features) for name in names}
    schema = {"geometry": _shape_type(features), "properties": {names[name]: kind for name, kind in columns.items()}}
    crs = f"EPSG:{ZONES[zone].epsg}"
    options = {"driver": "ESRI Shapefile", "crs": crs, "schema": schema, "encoding": encoding}
    with fiona.open(path, "w", **options) as sink:
        sink.writerecords(
            {
                "type": "Feature",
                "geometry": mapping(shape),
                "properties": {
                    names[name]: _value(one["properties"].get(name), kind, encoding) for name, kind in columns.items()
                },
            }
            for one, shape in zip(features, _projected(features, crs), strict=True)
        )
    path.with_suffix(".cpg").write_text(encoding, encoding="ascii")


def _projected(features: Sequence[Any], crs: str) -> Sequence[shapely.Geometry]:
    shapes = shapely.from_geojson([json.dumps(one["geometry"]) for one in features])
    if crs == STORED_CRS:
        return list(shapes)
    turn = Transformer.from_crs(STORED_CRS, crs, always_xy=True)
    return list(shapely.transform(shapes, lambda xy: np.column_stack(turn.transform(xy[:, 0], xy[:, 1]))))


def _shape_type(features: Sequence[Any]) -> str:
    kinds = Counter(one["geometry"]["type"] for one in features)
    return next((kind.removeprefix("Multi") if kind != "MultiPoint" else kind for kind in kinds), "Polygon")


def _type(values: Iterable[Any]) -> str:
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {bool}:
        return "int:1"
    if kinds <= {int, bool}:
        return "int:18"
    return "float:24.6" if kinds <= {int, float, bool} else "str:254"


def _value(value: Any, kind: str, encoding: str) -> Any:
    if value is None:
        return None
    if not kind.startswith("str"):
        return int(value) if kind.startswith("int") else float(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    known = text if encoding == "UTF-8" else "".join(char if _has_gbk(char) else _STRANGE for char in text)
    return known.encode(encoding)[:_BYTES].decode(encoding, "ignore")


def _has_gbk(char: str) -> bool:
    try:
        char.encode("gbk")
    except UnicodeEncodeError:
        return False
    return True


def _about(names: Mapping[str, str], title: str, zone: str, encoding: str) -> str:
    told = ZONES[zone]
    lines = [
        title,
        f"坐标系：{told.title.zh}（EPSG:{told.epsg}）；属性编码：{encoding}",
        "字段名（不超过十个字母）对照：",
        *(f"{short}\t{name}" for name, short in names.items()),
        "_mu 单位为亩，_m2 单位为平方米；SAMPLE=1 为示例数据，SKETCH=1 为示意数据。",
    ]
    return "\n".join(lines) + "\n"
