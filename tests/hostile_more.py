"""More files that mean harm: bombs inside formats, counts that lie, things that hold themselves."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import fiona
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from shapely.geometry import mapping

from hostile_files import SQUARE, collection, shapefile, zipped

_GIGABYTE = 1 << 30
_STEP = bytes(1 << 20)


def packed_zeros(name: str, size: int) -> bytes:
    """Return a zip with a member of so many zeros."""
    memory = io.BytesIO()
    with (
        zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as container,
        container.open(name, "w", force_zip64=True) as sink,
    ):
        for _ in range(size // len(_STEP)):
            sink.write(_STEP)
    return memory.getvalue()


def workbook_with(part: str, content: bytes, *, repeat: int = 1) -> bytes:
    """Return a workbook of which one part is replaced."""
    book, plain, memory = openpyxl.Workbook(), io.BytesIO(), io.BytesIO()
    book.active.append(["编号", "经度", "纬度"])
    book.save(plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as container:
        for name in source.namelist():
            if name != part:
                container.writestr(name, source.read(name))
        with container.open(part, "w", force_zip64=True) as sink:
            for _ in range(repeat):
                sink.write(content)
    return memory.getvalue()


_SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{}</worksheet>'


def sheet(inner: str) -> bytes:
    return _SHEET.format(inner).encode()


def far_cell() -> bytes:
    cells = '<row r="1"><c r="A1" t="inlineStr"><is><t>经度</t></is></c></row>'
    last = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return workbook_with(
        "xl/worksheets/sheet1.xml",
        sheet(f'<dimension ref="A1:XFD1048576"/><sheetData>{cells}{last}</sheetData>'),
    )


def laughing_sheet() -> bytes:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]>'
    row = '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&l9;</t></is></c></row></sheetData>'
    return workbook_with("xl/worksheets/sheet1.xml", head.encode() + sheet(row))


def wide_sheet() -> bytes:
    cells = "".join(f'<c t="inlineStr"><is><t>c{n}</t></is></c>' for n in range(16_000))
    return workbook_with("xl/worksheets/sheet1.xml", sheet(f"<sheetData><row>{cells}</row></sheetData>"))


def drawing(blocks: dict[str, list[str]], start: str) -> bytes:
    """Return a DXF of blocks that insert one another."""

    def insert(name: str) -> str:
        return f"0\nINSERT\n8\n0\n2\n{name}\n10\n0.0\n20\n0.0\n"

    body = "".join(
        f"0\nBLOCK\n8\n0\n2\n{name}\n10\n0.0\n20\n0.0\n{''.join(map(insert, inner))}"
        "0\nLINE\n8\n0\n10\n0.0\n20\n0.0\n11\n1.0\n21\n1.0\n0\nENDBLK\n8\n0\n"
        for name, inner in blocks.items()
    )
    head = "0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\nAC1009\n0\nENDSEC\n"
    sections = (
        f"{head}0\nSECTION\n2\nBLOCKS\n{body}0\nENDSEC\n0\nSECTION\n2\nENTITIES\n{insert(start)}0\nENDSEC\n0\nEOF\n"
    )
    return sections.encode()


def endless_rows(folder: Path, rows: int) -> bytes:
    """Return a GeoParquet of very many rows without a boundary, which takes hardly any room."""
    path = folder / "bomb.parquet"
    about = {"version": "1.0.0", "primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB"}}}
    schema = pa.schema({"geometry": pa.binary()}, metadata={"geo": json.dumps(about)})
    empty = pa.table({"geometry": pa.nulls(10_000_000, pa.binary())}, schema=schema)
    with pq.ParquetWriter(path, schema) as sink:
        for _ in range(rows // len(empty)):
            sink.write_table(empty)
    return path.read_bytes()


def lying_flatgeobuf(folder: Path) -> bytes:
    path = folder / "a.fgb"
    with fiona.open(
        path, "w", driver="FlatGeobuf", crs="EPSG:4490", schema={"geometry": "Polygon", "properties": {"a": "str"}}
    ) as sink:
        for _ in range(3):
            sink.write({"geometry": mapping(SQUARE), "properties": {"a": "x"}})
    data = bytearray(path.read_bytes())
    # Behind the header stands the tree of three leaves and a root, 40 bytes each, and then the first feature's size.
    at = 12 + int(struct.unpack_from("<I", data, 8)[0]) + 4 * 40
    struct.pack_into("<I", data, at, 0x7FFFFFF0)
    return bytes(data)


def lying_shapefile(*, words: int | None = None, points: int | None = None) -> bytes:
    """Return a shapefile whose record says that it is far longer, or has far more points, than it is."""
    memory = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(shapefile(shapely.get_coordinates(SQUARE)))) as source,
        zipfile.ZipFile(memory, "w") as container,
    ):
        for name in source.namelist():
            data = bytearray(source.read(name))
            if name.endswith(".shp"):
                data[104:108] = struct.pack(">i", words) if words is not None else data[104:108]
                data[148:152] = struct.pack("<i", points) if points is not None else data[148:152]
            container.writestr(name, bytes(data))
    return memory.getvalue()


def lying_mif() -> bytes:
    head = 'Version 300\nCharset "Neutral"\nDelimiter ","\nCoordSys Earth Projection 1, 104\n'
    head += "Columns 1\n a Char(9)\nData\n\n"
    return zipped({"a.mif": (head + "Region 999999999\n 2147483647\n115.6 37.6\n").encode(), "a.mid": b'"x"\n'})


def circular_topology() -> bytes:
    shape = {"type": "Polygon", "arcs": [[0, -1, 7, 0, 0, -99]]}
    arcs = [[[0, 0], [1, 1]]]
    topology = {"type": "Topology", "objects": {"a": {"type": "GeometryCollection", "geometries": [shape]}}}
    return json.dumps({**topology, "arcs": arcs}).encode()


Make = Callable[[Path], tuple[str, bytes]]

MORE: dict[str, Make] = {
    "a gigabyte of zeros": lambda _f: ("a.zip", packed_zeros("a.geojson", _GIGABYTE)),
    "zeros in a zip in a zip": lambda _f: (
        "a.zip",
        zipped({"b.zip": zipped({"c.zip": packed_zeros("a.shp", _GIGABYTE // 2)})}),
    ),
    "a workbook whose last cell is its last cell": lambda _f: ("a.xlsx", far_cell()),
    "a workbook of shared strings without end": lambda _f: (
        "a.xlsx",
        workbook_with("xl/sharedStrings.xml", b"<sst>" + b"<si><t>aaaaaaaaaaaaaaaa</t></si>" * 40_000, repeat=300),
    ),
    "a workbook of entities": lambda _f: ("a.xlsx", laughing_sheet()),
    "a workbook of 16,000 columns": lambda _f: ("a.xlsx", wide_sheet()),
    "a block that holds itself": lambda _f: ("a.dxf", drawing({"A": ["A"]}, "A")),
    "blocks of blocks, ten to the tenth": lambda _f: (
        "a.dxf",
        drawing({**{f"B{n}": [f"B{n + 1}"] * 10 for n in range(10)}, "B10": []}, "B0"),
    ),
    "a million brackets": lambda _f: ("a.geojson", b'{"type":"Polygon","coordinates":' + b"[" * 1_000_000),
    "a million brackets that close": lambda _f: (
        "a.geojson",
        b'{"type":"Polygon","coordinates":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}",
    ),
    "collections in collections": lambda _f: (
        "a.geojson",
        b'{"type":"GeometryCollection","geometries":[' * 20_000 + b"]}" * 20_000,
    ),
    "arcs that are not there": lambda _f: ("a.topojson", circular_topology()),
    "a hundred million rows of nothing": lambda f: ("a.parquet", endless_rows(f, 100_000_000)),
    "a FlatGeobuf of two gigabytes by its own word": lambda f: ("a.fgb", lying_flatgeobuf(f)),
    "a MIF of a billion regions by its own word": lambda _f: ("a.zip", lying_mif()),
    "a record of four gigabytes by its own word": lambda _f: ("a.zip", lying_shapefile(words=2_000_000_000)),
    "two billion points by their own word": lambda _f: ("a.zip", lying_shapefile(points=2_000_000_000)),
    "a coordinate of a million digits": lambda _f: (
        "a.geojson",
        collection(mapping(SQUARE)).replace(b"115.603", b"115." + b"3" * 1_000_000),
    ),
}
"""Files by what they do; each holds nothing that could come in, or is refused."""
