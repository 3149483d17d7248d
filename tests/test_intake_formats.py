"""The kind of a file is told from its content; archives are unpacked under our own names."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from ecotrack.errors import EmptyFile, RefusedFormat, UnreadableFile, UnsafeArchive
from ecotrack.intake import read_archive
from ecotrack.intake.formats import FORMATS, sniff
from ecotrack.intake.read_archive import shown_name, unpack

COLLECTION = b'{"type": "FeatureCollection", "features": []}'


def told(folder: Path, data: bytes, name: str = "x") -> str:
    path = folder / "upload"
    path.write_bytes(data)
    return sniff(path, name=name).id


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (COLLECTION, "geojson"),
        (b"\xef\xbb\xbf" + COLLECTION, "geojson"),
        (b'{"type":"Feature","geometry":null}\n{"type":"Feature","geometry":null}\n', "geojsonseq"),
        (b'\x1e{"type":"Feature","geometry":null}\n', "geojsonseq"),
        (b'{"type": "Topology", "objects": {}, "arcs": []}', "topojson"),
        (b'{"geometryType": "esriGeometryPolygon", "features": []}', "esrijson"),
        (b'<?xml version="1.0"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"/>', "kml"),
        (b'<gpx version="1.1"/>', "gpx"),
        (b'<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml"/>', "gml"),
        (b"\x00\x00\x27\x0a" + bytes(96), "shp"),
        (b"PAR1....", "parquet"),
        (b"!table\n!version 300\n", "tab"),
        (b'Version 300\nCharset "Neutral"\n', "mif"),
        (b"  0\nSECTION\n  2\nENTITIES\n", "dxf"),
        (b"999\nmade by hand\n0\r\nSECTION\r\n", "dxf"),
        (b"SQLite format 3\x00" + bytes(52) + b"GPKG", "gpkg"),
        ("编号,WKT\n1,x\n".encode("gb18030"), "csv"),
    ],
)
def test_content_tells_the_kind(tmp_path: Path, data: bytes, kind: str) -> None:
    assert told(tmp_path, data) == kind


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\x00\x00\x00"])
def test_a_file_without_content_is_empty(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(EmptyFile):
        told(tmp_path, data)


@pytest.mark.parametrize("data", [b"<kml", b"PK\x03\x04 broken", b"\x01\x02\x00\x03"])
def test_a_broken_file_is_named(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UnreadableFile, match="county"):
        told(tmp_path, data, "county file")


@pytest.mark.parametrize(
    "crs", [{"type": "link", "properties": {"href": "http://x"}}, {"properties": {"href": "x"}, "type": "LINK"}]
)
def test_a_crs_that_is_a_link_is_refused_even_at_the_end_of_a_long_file(tmp_path: Path, crs: dict[str, object]) -> None:
    filler = [{"type": "Feature", "properties": {"a": "x" * 100}, "geometry": None}] * 2000
    document = {"type": "FeatureCollection", "features": filler, "crs": crs}
    with pytest.raises(RefusedFormat):
        told(tmp_path, json.dumps(document).encode())


def test_a_refusal_says_what_to_do_instead(tmp_path: Path) -> None:
    with pytest.raises(RefusedFormat) as caught:
        told(tmp_path, b"AC1018" + bytes(20), "图.dwg")
    assert caught.value.message("zh") == "图.dwg：不接收这种文件：DWG 图形。请另存为 DXF。"


def archive(folder: Path, members: dict[str, bytes]) -> Path:
    path = folder / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as container:
        for name, data in members.items():
            container.writestr(name, data)
    return path


def test_members_are_stored_under_numbers_and_never_under_the_senders_names(tmp_path: Path) -> None:
    members = {
        "枣强/地块.shp": b"\x00\x00\x27\x0a" + bytes(96),
        "枣强/地块.DBF": b"x",
        "枣强/地块.sbn": b"x",
        "b.geojson": COLLECTION,
    }
    found = unpack(archive(tmp_path, members), tmp_path / "out", name="a.zip")
    assert [(source.format.id, source.name) for source in found.sources] == [
        ("shp", "枣强/地块.shp"),
        ("geojson", "b.geojson"),
    ]
    names = sorted(path.name for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert names == ["data.dbf", "data.geojson", "data.shp"]


def test_a_name_that_chinese_windows_packed_is_read() -> None:
    info = zipfile.ZipInfo("枣强.shp".encode("gbk").decode("cp437"))
    assert shown_name(info) == "枣强.shp"


def test_bytes_are_counted_and_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = archive(tmp_path, {"a.geojson": COLLECTION + b" " * 5000})
    size = (len(COLLECTION) + 5000).to_bytes(4, "little")
    # Both headers are made to claim 10 bytes.
    path.write_bytes(path.read_bytes().replace(size, (10).to_bytes(4, "little")))
    monkeypatch.setattr(read_archive, "MAX_BYTES", 1000)
    with pytest.raises((UnsafeArchive, UnreadableFile)):
        unpack(path, tmp_path / "out", name="a.zip")


def test_an_archive_without_data_is_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyFile):
        unpack(archive(tmp_path, {"照片.jpg": b"\xff\xd8\xff"}), tmp_path / "out", name="a.zip")


def test_no_format_shares_its_extension_and_each_names_one_driver() -> None:
    extensions = [kind.extension for kind in FORMATS.values()]
    assert len(extensions) == len(set(extensions))
    assert all(kind.driver for kind in FORMATS.values())


def test_xml_in_an_encoding_that_does_not_exist_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="unknown text encoding"):
        told(tmp_path, b'<?xml version="1.0" encoding="utc-8"?>\n<kml/>')
