"""Encoding of shapefile text: what is said is tried first, what the bytes contradict is never believed."""

from __future__ import annotations

from pathlib import Path

import fiona
import pytest
from shapely.geometry import box, mapping

from ecotrack.intake.read import Upload, read
from ecotrack.intake.read_encoding import dbf_encoding

TREES = ["速生杨", "国槐", "镕①"]


def dbf(folder: Path, *, encoding: str, cpg: str | None = None, ldid: int = 0, values: list[str] | None = None) -> Path:
    path = folder / "a.shp"
    schema = {"geometry": "Polygon", "properties": {"树种": "str:10"}}
    with fiona.open(path, "w", driver="ESRI Shapefile", crs="EPSG:4490", schema=schema, encoding=encoding) as sink:
        for number, value in enumerate(values or TREES):
            ring = mapping(box(115.6 + number, 37.6, 115.61 + number, 37.61))
            sink.write({"geometry": ring, "properties": {"树种": value}})
    table, label = path.with_suffix(".dbf"), path.with_suffix(".cpg")
    label.unlink(missing_ok=True)
    if cpg is not None:
        label.write_text(cpg, encoding="ascii")
    raw = bytearray(table.read_bytes())
    raw[29] = ldid
    table.write_bytes(raw)
    return table


@pytest.mark.parametrize(
    ("written", "cpg", "ldid", "encoding", "source"),
    [
        ("GBK", "GBK", 0, "gb18030", "cpg"),
        ("GBK", "936", 0, "gb18030", "cpg"),
        ("GBK", None, 0x4D, "gb18030", "ldid"),
        ("GBK", None, 0, "gb18030", "bytes"),
        ("GBK", None, 0x57, "gb18030", "bytes"),
        ("UTF-8", "UTF-8", 0, "utf-8", "cpg"),
        ("UTF-8", None, 0, "utf-8", "bytes"),
        ("UTF-8", "SYSTEM", 0, "utf-8", "bytes"),
    ],
)
def test_each_way_of_saying_it_is_understood(
    tmp_path: Path, written: str, cpg: str | None, ldid: int, encoding: str, source: str
) -> None:
    found = dbf_encoding(dbf(tmp_path, encoding=written, cpg=cpg, ldid=ldid))
    assert (found.encoding, found.source, found.contradicts) == (encoding, source, None)


def test_a_label_that_the_bytes_contradict_is_not_believed_and_it_is_said(tmp_path: Path) -> None:
    table = dbf(tmp_path, encoding="GBK", cpg="UTF-8")
    found = dbf_encoding(table)
    assert (found.encoding, found.contradicts) == ("gb18030", "UTF-8")
    reading = read(Upload.from_path(table.with_suffix(".shp")), extent=(115.1, 37.0, 116.65, 38.45))
    assert [item.attributes["树种"] for item in reading.candidates] == TREES
    assert "encoding" in [finding.check for finding in reading.findings]


def test_what_the_user_says_comes_first(tmp_path: Path) -> None:
    table = dbf(tmp_path, encoding="UTF-8", values=["abc"], cpg="UTF-8")
    assert dbf_encoding(table, asked="UTF-8").source == "asked"


def test_bytes_that_fit_nothing_are_reported_as_unknown(tmp_path: Path) -> None:
    table = dbf(tmp_path, encoding="UTF-8", values=["abcdefgh"])
    table.write_bytes(table.read_bytes().replace(b"abcdefgh", b"\xff\xfe\xff\x80\xff\xfe\xff\x81"))
    assert dbf_encoding(table).source == "unknown"


def test_a_character_cut_at_the_fields_end_is_no_sign_of_another_encoding(tmp_path: Path) -> None:
    table = dbf(tmp_path, encoding="UTF-8", values=["速生杨"])
    full = "速生杨国".encode()[:10]
    content = table.read_bytes().replace("速生杨".encode() + b" ", full)
    table.write_bytes(content)
    assert dbf_encoding(table).encoding == "utf-8"


def test_a_table_that_is_not_there_has_nothing_to_contradict(tmp_path: Path) -> None:
    assert dbf_encoding(tmp_path / "none.dbf").source == "bytes"
