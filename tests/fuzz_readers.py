"""Run the readers and checks on mutated files for a while, and print what of them was reached.

``python tests/fuzz_readers.py SECONDS SEED`` (a longer run: ``ECOTRACK_FUZZ_SECONDS=600`` with the tests).
Each example is written to ``last.bin`` in the working folder before it is read, so that a crash leaves its cause.
"""

from __future__ import annotations

import dis
import importlib
import inspect
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import numpy as np
import shapely
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

READERS = (
    "apps", "child", "child_mixed", "child_shapes", "formats", "garbled", "plain_words", "read_archive", "read_cells",
    "read_corners", "read_encoding", "read_gpx", "read_kml", "read_kml_table", "read_parquet", "read_shapefile",
    "read_survey", "read_table", "read_table_blocks", "read_table_sides", "read_vector", "tables", "tables_cells",
    "tables_files",
)  # fmt: skip
CHECKS = ("check_shape", "check_fields", "checks")
SHAPE = shapely.box(115.6, 37.6, 115.603, 37.603)


def texts() -> list[tuple[str, bytes]]:
    """Return files that are text, laid out in the ways in which people and their programs write them."""
    corners = [*SHAPE.exterior.coords]
    plane = [(39376366.48, 4164022.65), (39376631.75, 4164040.9), (39376643.6, 4164240.5), (39376370.0, 4164230.0)]
    line = " ".join(f"{x},{y},0" for x, y in corners)
    ring = f"<LinearRing><coordinates>{line}</coordinates></LinearRing>"
    fixes = "".join(f"<gx:coord>{x} {y} 0</gx:coord>" for x, y in corners)
    data = '<ExtendedData><Data name="f"><displayName>小班号</displayName><value>7</value></Data></ExtendedData>'
    told = "<description><![CDATA[<table><tr><td>乡镇</td><td>马屯</td></tr></table>]]></description>"
    body = f"<Polygon><outerBoundaryIs>{ring}</outerBoundaryIs></Polygon>"
    marks = (
        f"<Placemark><name>甲</name>{told}{data}{body}</Placemark><Placemark><gx:Track>{fixes}</gx:Track></Placemark>"
    )
    pairs = ";".join(f"{x},{y}" for x, y in corners)
    feature = {"type": "Feature", "properties": {"a": 7}, "geometry": shapely.geometry.mapping(SHAPE)}
    other = feature | {"properties": {"a": "甲", "坐标系": "CGCS2000"}}
    arcs = '[[[0,0],[9,0],[0,9],[-9,0],[0,-9]]],"transform":{"scale":[0.001,0.001],"translate":[115.6,37.6]}'
    esri = {"geometryType": "esriGeometryPolygon", "spatialReference": {"wkid": 4527}, "fields": []}
    drawn = ["0", "SECTION", "2", "ENTITIES", "0", "LWPOLYLINE", "8", "小班", "90", "4", "70", "1"]
    drawn += [text for x, y in plane for text in ("10", str(x), "20", str(y))]
    survey = ["[属性描述]", "坐标系=2000国家大地坐标系", "几度分带=3", "带号=39", "[地块坐标]", "4,0.5,1,甲,面,,,,@"]
    survey += [f"J{n},1,{y},{x}" for n, (x, y) in enumerate([*plane, plane[0]], 1)]
    sides = "".join(f"J{n},{y},{x},\n,,,26.1\n" for n, (x, y) in enumerate(plane, 1))
    both = "".join(f"{n},E{x}°N{y}°\n" for n, (x, y) in enumerate(corners, 1))
    return [
        (name, text.encode())
        for name, text in {
            "x.kml": f'<kml xmlns:gx="http://www.google.com/kml/ext/2.2"><Folder><name>乡</name>{marks}</Folder></kml>',
            "x.geojson": json.dumps({"type": "FeatureCollection", "features": [feature, other]}),
            "x.geojsonl": "\n".join(map(json.dumps, (feature, other))),
            "x.topojson": f'{{"type":"Topology","arcs":{arcs},"objects":{{"a":{{"type":"Polygon","arcs":[[0]]}}}}}}',
            "x.json": json.dumps(
                esri | {"features": [{"attributes": {}, "geometry": {"rings": [[*plane, plane[0]]]}}]}
            ),
            "x.dxf": "\n".join([*drawn, "0", "ENDSEC", "0", "EOF", ""]),
            "x.txt": "\n".join(survey),
            "y.txt": "\n".join(f"J{n} X={y} Y={x}" for n, (x, y) in enumerate(plane, 1)),
            "x.csv": f"界址点号,X,Y,边长\n{sides}注：国家2000，中央子午线117度\n",
            "y.csv": f"点号,坐标\n{both}",
            "z.csv": f'编号,坐标串\n1,"{pairs}"\n2,"{pairs}"\n',
            "w.csv": "地块编号,X1,Y1,X2,Y2,X3,Y3\n1," + ",".join(f"{x},{y}" for x, y in plane[:3]),
        }.items()
    ]


def seeds(folder: Path) -> list[tuple[str, bytes]]:
    """Return one small good file of each format."""
    import fiona
    import openpyxl
    import pyarrow as pa
    import pyarrow.parquet as pq
    from shapely.geometry import mapping

    found = []
    schema = {"geometry": "Polygon", "properties": {"XBH": "str:20", "MIAN_JI": "float"}}
    drivers = {
        "a.shp": "ESRI Shapefile",
        "a.gpkg": "GPKG",
        "a.geojson": "GeoJSON",
        "a.gml": "GML",
        "a.fgb": "FlatGeobuf",
        "a.mif": "MapInfo File",
        "a.kml": "KML",
    }
    for name, driver in drivers.items():
        path = folder / name
        with fiona.open(
            path, "w", driver=driver, crs="EPSG:4326", schema=schema, allow_unsupported_drivers=True
        ) as sink:
            sink.write({"geometry": mapping(SHAPE), "properties": {"XBH": "枣强1", "MIAN_JI": 13.0}})
        if driver == "ESRI Shapefile":
            shutil.make_archive(str(folder / "shp"), "zip", folder, ".")
            found.append(("a.zip", (folder / "shp.zip").read_bytes()))
        else:
            found.append((name, path.read_bytes()))
    ring = "".join(f'<trkpt lat="{y}" lon="{x}"/>' for x, y in SHAPE.exterior.coords)
    found.append(("a.gpx", f'<gpx creator="Garmin"><trk><trkseg>{ring}</trkseg></trk></gpx>'.encode()))
    rows = "".join(f"A,{x},{y}\n" for x, y in SHAPE.exterior.coords)
    found += [
        ("a.csv", f"地块编号,经度,纬度\n{rows}".encode()),
        ("b.txt", b"g115.6,37.6\ng115.61,37.6\ng115.61,37.61\n"),
    ]
    found.append(("c.csv", f'编号,WKT\n1,"{SHAPE.wkt}"\n'.encode("gb18030")))
    book = openpyxl.Workbook()
    for row in [("地块编号", "经度", "纬度"), *(("A", x, y) for x, y in SHAPE.exterior.coords)]:
        book.active.append(row)
    book.save(folder / "a.xlsx")
    pq.write_table(pa.table({"geometry": [shapely.to_wkb(SHAPE)]}), folder / "a.parquet")
    return [*found, *texts(), *((name, (folder / name).read_bytes()) for name in ("a.xlsx", "a.parquet"))]


KINDS = ["flip", "cut", "drop", "repeat", "insert", "number"]
EDITS = st.lists(st.tuples(st.sampled_from(KINDS), st.floats(0, 1), st.binary(max_size=12)), max_size=4)
NUMBERS = [b"NaN", b"1e308", b"-1", b"0", b"99999999999999999999", b"Infinity", b"115.6", b""]


def mutated(data: bytes, edits: list[tuple[str, float, bytes]]) -> bytes:
    for kind, where, extra in edits:
        at = int(where * max(len(data) - 1, 0))
        if kind == "flip" and data:
            data = data[:at] + bytes([data[at] ^ (extra[0] if extra else 1)]) + data[at + 1 :]
        elif kind == "cut":
            data = data[:at]
        elif kind == "drop":
            data = data[:at] + data[at + len(extra) * 8 :]
        elif kind == "repeat":
            data = data[:at] + data[at : at + 64] * (len(extra) + 1) + data[at + 64 :]
        elif kind == "insert":
            data = data[:at] + extra + data[at:]
        elif kind == "number":
            data = data[:at] + NUMBERS[len(extra) % len(NUMBERS)] + data[at + 4 :]
    return data


class Reached:
    """Lines of some modules that were run; each line is looked at once, so that the rest runs at full speed."""

    def __init__(self, names: tuple[str, ...]) -> None:
        modules = [importlib.import_module(f"ecotrack.intake.{name}") for name in names]
        self.files = {str(module.__file__): module.__name__ for module in modules}
        self.every = {path: _lines(compile(Path(path).read_text("utf-8"), path, "exec")) for path in self.files}
        self.seen: dict[str, set[int]] = {path: set() for path in self.files}

    def trace(self, frame: FrameType, event: str, _argument: Any) -> Any:
        seen = self.seen.get(frame.f_code.co_filename)
        if seen is None:
            return None
        seen.add(frame.f_lineno)
        return self.trace

    def shares(self) -> dict[str, float]:
        return {
            self.files[p]: round(100 * len(s & self.every[p]) / max(len(self.every[p]), 1))
            for p, s in self.seen.items()
        }


def _lines(code: CodeType) -> set[int]:
    """Return the lines inside functions: those of the module itself run when it is imported."""
    found: set[int] = set()
    for inner in code.co_consts:
        if inspect.iscode(inner):
            found |= {line for _, line in dis.findlinestarts(inner) if line} | _lines(inner)
    return found


def main(seconds: float, number: int) -> None:
    from ecotrack.intake.ask import UPLOAD_NAME, Ask
    from ecotrack.intake.candidates import Reading
    from ecotrack.intake.check_fields import garbled_findings
    from ecotrack.intake.check_shape import corners_of, measures_of
    from ecotrack.intake.checks import check_table
    from ecotrack.intake.child import read_upload

    base = Path.cwd()
    with tempfile.TemporaryDirectory(dir=base) as made:
        files = seeds(Path(made))
    reached, outcomes, end = Reached(READERS + CHECKS), Counter[str](), time.monotonic() + seconds

    def judge(reading: Reading) -> None:
        """Hold every reading to its promise: never silent, what is ready is a valid polygon with measures."""
        ready = [item for item in reading.candidates if not item.blocked]
        assert reading.candidates or any(found.level == "blocks" for found in reading.all_findings)
        assert all(found.message.zh and found.message.en for found in reading.all_findings)
        shapes = np.array([shapely.from_wkb(item.wkb) for item in ready], dtype=object)
        assert shapely.is_valid(shapes).all()
        if len(shapes):
            assert np.isfinite(measures_of(shapes).area_m2).all()
            corners_of(shapes, angle_deg=3, apart_m=0.01)
        list(garbled_findings(reading, check_table()["garbled"]))
        outcomes["ready" if ready else "refused"] += 1

    @seed(number)
    @settings(max_examples=1_000_000, deadline=None, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(st.sampled_from(files), EDITS, st.sampled_from([None, "a.kml", "a.shp", "a.zip", "a.ovkml"]))
    def fuzz(file: tuple[str, bytes], edits: list[tuple[str, float, bytes]], other_name: str | None) -> None:
        if time.monotonic() > end:
            raise KeyboardInterrupt
        data = mutated(file[1], edits)
        (base / "last.bin").write_bytes(data)
        with tempfile.TemporaryDirectory(dir=base) as folder:
            (Path(folder) / UPLOAD_NAME).write_bytes(data)
            sys.settrace(reached.trace)
            reading = read_upload(
                Ask(file_name=other_name or file[0], extent=(115.1, 37.0, 116.65, 38.45)), Path(folder)
            )
            judge(reading)
            sys.settrace(None)

    try:
        fuzz()
    except KeyboardInterrupt:
        sys.settrace(None)
    print(json.dumps({"examples": sum(outcomes.values()), "outcomes": outcomes, "lines_pct": reached.shares()}))


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))
