"""What kind of file it is, told from its content and never from its name.

The list of formats that come in is closed: everything that is not in `FORMATS` is refused with its
name and a way out.
"""

from __future__ import annotations

import mmap
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.parsers import expat

from ecotrack.errors import EmptyFile, RefusedFormat, Text, UnreadableFile
from ecotrack.intake.plain_words import plain_words

Reader = Literal["fiona", "parquet", "table", "archive"]

_HEAD_BYTES = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One kind of file that comes in.

    Attributes
    ----------
    reader
        Which of our readers takes it.
    driver
        The one OGR driver that may open it.
    extension
        The name that our own copy bears, since OGR looks at it.
    siblings
        Extensions of the files that belong to it.
    """

    id: str
    reader: Reader
    driver: str
    extension: str
    siblings: tuple[str, ...] = ()


FORMATS = {
    kind.id: kind
    for kind in (
        Format(
            id="shp",
            reader="fiona",
            driver="ESRI Shapefile",
            extension=".shp",
            siblings=(".shx", ".dbf", ".prj", ".cpg"),
        ),
        Format(id="geojson", reader="fiona", driver="GeoJSON", extension=".geojson"),
        Format(id="geojsonseq", reader="fiona", driver="GeoJSONSeq", extension=".geojsonl"),
        Format(id="topojson", reader="fiona", driver="TopoJSON", extension=".topojson"),
        Format(id="esrijson", reader="fiona", driver="ESRIJSON", extension=".json"),
        Format(id="kml", reader="fiona", driver="KML", extension=".kml"),
        Format(id="gpx", reader="fiona", driver="GPX", extension=".gpx"),
        Format(id="gml", reader="fiona", driver="GML", extension=".gml", siblings=(".xsd",)),
        Format(id="gpkg", reader="fiona", driver="GPKG", extension=".gpkg"),
        Format(id="fgb", reader="fiona", driver="FlatGeobuf", extension=".fgb"),
        Format(id="dxf", reader="fiona", driver="DXF", extension=".dxf"),
        Format(
            id="tab", reader="fiona", driver="MapInfo File", extension=".tab", siblings=(".dat", ".id", ".map", ".ind")
        ),
        Format(id="mif", reader="fiona", driver="MapInfo File", extension=".mif", siblings=(".mid",)),
        Format(id="filegdb", reader="fiona", driver="OpenFileGDB", extension=".gdb"),
        Format(id="parquet", reader="parquet", driver="GeoParquet", extension=".parquet"),
        Format(id="csv", reader="table", driver="CSV", extension=".csv"),
        Format(id="xlsx", reader="table", driver="XLSX", extension=".xlsx"),
        Format(id="zip", reader="archive", driver="zip", extension=".zip"),
    )
}
"""Every format that comes in, by id."""

_MAGIC = (
    (b"fgb\x03", "fgb"),
    (b"PAR1", "parquet"),
    (b"\x00\x00\x27\x0a", "shp"),
    (b"AutoCAD Binary DXF", "dxf"),
    (b"!table", "tab"),
    (b"!TABLE", "tab"),
)

_REFUSED_MAGIC = (
    (re.compile(rb"AC10\d\d"), Text("DWG 图形", "a DWG drawing"), Text("请另存为 DXF", "save it as DXF")),
    (re.compile(rb"ARROW1"), Text("Arrow/Feather 文件", "an Arrow/Feather file"), None),
    (re.compile(rb"PMTiles"), Text("PMTiles 瓦片", "PMTiles"), None),
    (re.compile(rb".{4}\x0a\x09OSMHeader", re.DOTALL), Text("OpenStreetMap 数据", "OpenStreetMap data"), None),
    (
        re.compile(rb"\xd0\xcf\x11\xe0"),
        Text("旧版 Excel 或 Office 文件", "an old Excel or Office file"),
        Text("请另存为 xlsx", "save it as xlsx"),
    ),
    (
        re.compile(rb'OviO|\s*\{[^{}\[\]]{0,300}"ObjItems"'),
        Text("奥维的对象文件（ovobj、ovjsn）", "a file of Ovital's objects (ovobj, ovjsn)"),
        Text("请在奥维里导出成 ovkml", "export it from Ovital as ovkml"),
    ),
    (re.compile(rb"Rar!"), Text("rar 压缩包", "a rar archive"), Text("请改用 zip 打包", "pack it as zip")),
    (re.compile(rb"7z\xbc\xaf"), Text("7z 压缩包", "a 7z archive"), Text("请改用 zip 打包", "pack it as zip")),
    (
        re.compile(rb"(\x1f\x8b|%PDF|\x89PNG|\xff\xd8\xff|II\*\x00|MM\x00\*)"),
        Text("图片、文档或其他压缩包", "a picture, a document or another archive"),
        None,
    ),
    (
        re.compile(rb"\s*(MULTI)?(POLYGON|LINESTRING|POINT)\s*(Z|M|ZM)?\s*\(", re.IGNORECASE),
        Text("单独的 WKT 文字", "bare WKT text"),
        Text("请放进带 WKT 列的 CSV", "put it into a CSV with a WKT column"),
    ),
)

_XML_ROOTS = {"kml": "kml", "gpx": "gpx", "FeatureCollection": "gml", "CityModel": "gml"}
_XML_REFUSED = {
    "OGRVRTDataSource": Text("VRT（指向其他文件的说明）", "a VRT, which points at other files"),
    "TrainingCenterDatabase": Text("TCX 运动记录", "a TCX training record"),
    "rss": Text("GeoRSS", "GeoRSS"),
    "feed": Text("GeoRSS", "GeoRSS"),
    "osm": Text("OpenStreetMap 数据", "OpenStreetMap data"),
    "html": Text("改名成表格的网页", "a web page under another name"),
    "table": Text("改名成表格的网页", "a web page under another name"),
    "Workbook": Text("XML 格式的旧版 Excel 表格", "an Excel workbook of 2003 in XML"),
}
_SAVE_AGAIN = Text("请用 Excel 或 WPS 打开后另存为 xlsx", "open it in a spreadsheet program and save it as xlsx")
_XML_HINTS = {"html": _SAVE_AGAIN, "table": _SAVE_AGAIN, "Workbook": _SAVE_AGAIN}
_HTML = re.compile(rb"<(!doctype\s+html|html|table|meta|head|body)\b", re.IGNORECASE)


def sniff(path: Path, *, name: str = "") -> Format:
    """Return the format of a file.

    Parameters
    ----------
    name
        The sender's name for the file, for messages (and to tell MapInfo's text file from others).

    Raises
    ------
    EmptyFile
        It has no bytes.
    RefusedFormat
        It is of a kind that does not come in.
    UnreadableFile
        It is of no kind that is known here, or XML that is broken.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if not head.strip(b"\x00\xef\xbb\xbf \t\r\n"):
        raise EmptyFile(name)
    if head.startswith(b"PK"):
        return _zip(path, name)
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return FORMATS[kind]
    for pattern, title, hint in _REFUSED_MAGIC:
        if pattern.match(head):
            raise RefusedFormat(name, name=title, hint=hint)
    if head.startswith(b"SQLite format 3\0"):
        return _sqlite(head, name)
    return _text(path, head, name)


def _zip(path: Path, name: str) -> Format:
    try:
        with zipfile.ZipFile(path) as container:
            names = set(container.namelist())
            if "mimetype" in names and b"opendocument" in container.open("mimetype").read(200):
                hint = Text("请另存为 xlsx", "save it as xlsx")
                raise RefusedFormat(name, name=Text("ODS 表格", "an ODS spreadsheet"), hint=hint)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error, OSError, ValueError) as error:
        raise UnreadableFile(name, detail=plain_words(error)) from None
    return FORMATS["xlsx" if "xl/workbook.xml" in names else "zip"]


def _sqlite(head: bytes, name: str) -> Format:
    # Older writers leave the application id empty; the table's name then stands in the schema's first pages.
    if head[68:72] in (b"GPKG", b"GP10", b"GP11", b"GP12") or b"gpkg_contents" in head:
        return FORMATS["gpkg"]
    raise RefusedFormat(name, name=Text("SQLite 数据库", "an SQLite database"))


def _text(path: Path, head: bytes, name: str) -> Format:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _HTML.match(start):
        raise RefusedFormat(name, name=_XML_REFUSED["html"], hint=_SAVE_AGAIN)
    if start.startswith(b"<") or head.startswith((b"\xff\xfe<\0", b"\xfe\xff\0<")):
        return _xml(path, name)
    # No JSON goes on with a letter behind its first bracket: that is the heading of a land survey.
    if start.startswith((b"{", b"[", b"\x1e")) and not re.match(rb"\[[\x80-\xff]", start):
        _refuse_linked_crs(path, name)
        return _json(start)
    if re.match(rb"Version\s+\d", start, re.IGNORECASE):
        return FORMATS["mif"]
    if re.match(rb"(999\s*\n.*\n\s*)*0\s*\r?\nSECTION", start):
        return FORMATS["dxf"]
    if b"\0" in head[:1024].rstrip(b"\0"):
        raise UnreadableFile(name, detail=Text("不是认识的格式", "not a format that is known here"))
    return FORMATS["csv"]


class _FirstElement(Exception):
    pass


def xml_root(path: Path, *, name: str = "") -> str:
    """Return the name of an XML file's root element, without its prefix.

    Raises
    ------
    RefusedFormat
        It declares a document type: entities can read other files or grow without end.
    UnreadableFile
        It is not XML.
    """
    found: list[str] = []

    def on_element(tag: str, _attributes: dict[str, str]) -> None:
        found.append(tag)
        raise _FirstElement

    def on_doctype(*_: object) -> None:
        raise RefusedFormat(
            name,
            name=Text("带 DOCTYPE 声明的 XML", "XML with a DOCTYPE"),
            hint=Text("请用 GIS 软件重新导出", "export it again from a GIS"),
        )

    parser = expat.ParserCreate()
    parser.StartElementHandler = on_element
    parser.StartDoctypeDeclHandler = on_doctype
    try:
        with path.open("rb") as stream:
            parser.ParseFile(stream)
    except _FirstElement:
        return found[0].rpartition(":")[2]
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise UnreadableFile(name, detail=plain_words(error)) from None
    raise UnreadableFile(name, detail=Text("里面没有内容", "XML without an element"))


def _xml(path: Path, name: str) -> Format:
    root = xml_root(path, name=name)
    if root in _XML_REFUSED:
        raise RefusedFormat(name, name=_XML_REFUSED[root], hint=_XML_HINTS.get(root))
    # GML applications name their own roots; the GML driver is the only one that may open them.
    return FORMATS[_XML_ROOTS.get(root, "gml")]


_LINKED_CRS = re.compile(rb'"crs"\s*:\s*\{.{0,4000}?"type"\s*:\s*"(link|url)"', re.IGNORECASE | re.DOTALL)


def _refuse_linked_crs(path: Path, name: str) -> None:
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        linked = _LINKED_CRS.search(content)
    if linked:
        raise RefusedFormat(
            name,
            name=Text("坐标系写成网址的 GeoJSON", "GeoJSON whose CRS is a link"),
            hint=Text("请用 GIS 软件重新导出", "export it again from a GIS"),
        )


def _json(start: bytes) -> Format:
    if start.startswith(b"\x1e"):
        return FORMATS["geojsonseq"]
    if re.match(rb'\{\s*"type"\s*:\s*"Topology"', start) or (
        b'"Topology"' in start and b'"arcs"' in start and b'"FeatureCollection"' not in start
    ):
        return FORMATS["topojson"]
    if re.search(rb'"(rings|paths|esriGeometry\w+|geometryType|spatialReference)"', start) and not re.search(
        rb'"type"\s*:\s*"FeatureCollection"', start
    ):
        return FORMATS["esrijson"]
    lines = [line for line in start.split(b"\n", 3) if line.strip()]
    several = len(lines) > 1 and all(re.match(rb"\s*\{.*\}\s*$", line) for line in lines[:2])
    return FORMATS["geojsonseq" if several else "geojson"]
