"""Files that mean harm, made on the spot: each must end with an answer, inside its limits, touching nothing else."""

from __future__ import annotations

import io
import json
import sqlite3
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fiona
import numpy as np
import shapely
from shapely.geometry import mapping

SQUARE = shapely.box(115.6, 37.6, 115.603, 37.603)
Make = Callable[[Path], tuple[str, bytes]]


def collection(*geometries: Any, **properties: Any) -> bytes:
    rows = [{"type": "Feature", "properties": properties, "geometry": geometry} for geometry in geometries]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    return json.dumps({"type": "FeatureCollection", "crs": crs, "features": rows}).encode()


def ring_of(xy: np.ndarray) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[*xy.tolist(), xy[0].tolist()]]}


def star(count: int) -> np.ndarray:
    """Return a star whose arms all cross one another near the middle."""
    angle = np.arange(count) * (2 * np.pi * (count // 2 - 1) / count)
    return np.column_stack([115.6 + 0.01 * np.cos(angle), 37.6 + 0.01 * np.sin(angle)])


def comb(count: int) -> np.ndarray:
    """Return a ring of ``count`` teeth one way and as many across: count x count crossings."""
    up = [(115.6 + i * 1e-6, 37.6 if i % 2 else 37.62) for i in range(count)]
    across = [(115.6 if i % 2 else 115.62, 37.6 + i * 1e-6) for i in range(count)]
    return np.array(up + across)


def teeth(count: int, *, upright: bool) -> shapely.Polygon:
    """Return a valid comb; two of them, one upright and one lying, cross count x count times."""
    step, xy = 0.01 / count, []
    for i in range(count):
        xy += [(i * step, 0.01), (i * step, 0.0001), ((i + 0.5) * step, 0.0001), ((i + 0.5) * step, 0.01)]
    ring = np.array([*xy, (0.01, 0.01), (0.01, 0.0), (0.0, 0.0)])
    return shapely.Polygon((ring if upright else ring[:, ::-1]) + [115.6, 37.6])


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", compression) as container:
        for name, data in members.items():
            container.writestr(name, data)
    return memory.getvalue()


def nested_bomb(_folder: Path) -> tuple[str, bytes]:
    data = zipped({"a.geojson": bytes(64 << 20)})
    for depth in range(5):
        data = zipped({f"{depth}-{n}.zip": data for n in range(8)})
    return "a.zip", data


def lying_bomb(_folder: Path) -> tuple[str, bytes]:
    """Return a zip whose directory says that half a gigabyte is a hundred bytes."""
    data = bytearray(zipped({"a.geojson": bytes(1 << 29)}))
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = struct.pack("<I", 100)
    return "a.zip", bytes(data)


def geopackage(folder: Path, sql: str) -> bytes:
    path = folder / "made.gpkg"
    schema = {"geometry": "Polygon", "properties": {"name": "str"}}
    with fiona.open(path, "w", driver="GPKG", crs="EPSG:4490", layer="plots", schema=schema) as sink:
        sink.write({"geometry": mapping(SQUARE), "properties": {"name": "甲"}})
    with sqlite3.connect(path) as connection:
        for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
            connection.create_function(name, 1, lambda _: 0)
        connection.executescript(sql)
    connection.close()
    return path.read_bytes()


ENDLESS_VIEW = """
CREATE VIEW trap AS WITH RECURSIVE n(fid) AS (SELECT 1 UNION ALL SELECT fid + 1 FROM n)
  SELECT n.fid AS fid, plots.geom AS geom, plots.name AS name FROM n, plots WHERE n.fid < 0;
INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES ('trap', 'features', 'trap', 4490);
INSERT INTO gpkg_geometry_columns VALUES ('trap', 'geom', 'POLYGON', 4490, 0, 0);
"""
TRIGGERS = """
CREATE TRIGGER a AFTER UPDATE ON gpkg_contents BEGIN DELETE FROM plots; END;
CREATE TRIGGER b AFTER INSERT ON gpkg_contents BEGIN DELETE FROM plots; END;
"""
HOSTILE_NAMES = """
ALTER TABLE plots ADD COLUMN "x""; DROP TABLE plots; --" TEXT;
UPDATE plots SET name = '''; DROP TABLE plots; --';
"""


def wide_table(folder: Path) -> tuple[str, bytes]:
    head = ",".join(["编号", "经度", "纬度", *(f"c{n}" for n in range(20_000))])
    rows = "\n".join(",".join(["A", x, y, *(["1"] * 20_000)]) for x, y in (("115.6", "37.6"), ("115.61", "37.6"),
                                                                          ("115.61", "37.61")))  # fmt: skip
    return "a.csv", f"{head}\n{rows}\n".encode()


def wide_geojson(_folder: Path) -> tuple[str, bytes]:
    return "a.geojson", collection(mapping(SQUARE), **{f"c{n}": n for n in range(20_000)})


def shapefile(xy: np.ndarray) -> bytes:
    """Return a zipped shapefile of one polygon, written byte by byte: drivers are slow with millions of corners."""
    ring = np.vstack([xy, xy[:1]])
    content = struct.pack("<i4dii", 5, *ring.min(axis=0), *ring.max(axis=0), 1, len(ring)) + struct.pack("<i", 0)
    content += ring.astype("<f8").tobytes()
    head = struct.pack(">7i", 9994, 0, 0, 0, 0, 0, 50 + 4 + len(content) // 2)
    head += struct.pack("<2i4d4d", 1000, 5, *ring.min(axis=0), *ring.max(axis=0), 0, 0, 0, 0)
    index = head[:24] + struct.pack(">i", 54) + head[28:] + struct.pack(">2i", 50, len(content) // 2)
    body = head + struct.pack(">2i", 1, len(content) // 2) + content
    return zipped({"a.shp": body, "a.shx": index}, zipfile.ZIP_STORED)


def wave(count: int) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    radius = 0.01 + 0.001 * np.sin(40 * angle)
    return np.column_stack([115.6 + radius * np.cos(angle), 37.6 + radius * np.sin(angle)])


def geojson(*geometries: Any) -> Make:
    return lambda _folder: ("a.geojson", collection(*geometries))


FILES: dict[str, Make] = {
    "nested zip bomb": nested_bomb,
    "zip that lies about its size": lying_bomb,
    "GeoPackage with an endless view": lambda f: ("a.gpkg", geopackage(f, ENDLESS_VIEW)),
    "GeoPackage with triggers": lambda f: ("a.gpkg", geopackage(f, TRIGGERS)),
    "GeoPackage with SQL in its names": lambda f: ("a.gpkg", geopackage(f, HOSTILE_NAMES)),
    "star of 300,000 corners": lambda _f: ("a.zip", shapefile(star(300_001))),
    "star of 30,000 corners": lambda _f: ("a.geojson", collection(ring_of(star(30_001)))),
    "1,500 x 1,500 crossings": lambda _f: ("a.geojson", collection(ring_of(comb(1500)))),
    "10 M corners": lambda _f: ("a.zip", shapefile(wave(10_000_000))),
    "20,000 columns": wide_table,
    "20,000 properties": wide_geojson,
    "NaN": lambda _f: ("a.geojson", collection(mapping(SQUARE)).replace(b"115.603", b"NaN")),
    "1e308": lambda _f: ("a.geojson", collection(mapping(SQUARE)).replace(b"115.603", b"1e308")),
    "100,000 brackets": lambda _f: ("a.geojson", b'{"type":"FeatureCollection","features":' + b"[" * 100_000),
    "deep XML": lambda _f: ("a.kml", b"<kml>" + b"<Folder>" * 200_000),
    "quote that never ends": lambda _f: ("a.csv", b'id,lon,lat\n"' + b"x" * 5_000_000),
    "WFS": lambda _f: ("a.xml", b'<OGRWFSDataSource><URL>http://127.0.0.1:9/wfs</URL></OGRWFSDataSource>'),
    "50,000 layers of one name": lambda _f: ("a.kml", b"<kml>" + b"<Folder><name>a</name><Placemark/></Folder>" * 50_000
                                             + b"</kml>"),
}  # fmt: skip
