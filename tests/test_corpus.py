"""The corpus of 158 files from other projects' test suites: each outcome as its manifest expects, or why not.

The corpus is no part of the repository. It is looked for in ``ECOTRACK_CORPUS`` and in a sibling folder; the
tests are skipped where there is none.
"""

from __future__ import annotations

import csv
import json
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely

from ecotrack.intake.candidates import Reading, Value
from ecotrack.intake.read import Upload, read
from ecotrack.model.layers import GeometryKind

HENGSHUI = (115.10, 37.00, 116.65, 38.45)
ROOT = Path(os.environ.get("ECOTRACK_CORPUS", Path(__file__).resolve().parents[2] / "shared" / "corpus"))

DISAGREE = {
    "fgb/gdal__invalid_multisurface_of_polyhedralsurface.fgb": (
        "reject",
        "the copy in the corpus is damaged (its NUL bytes are blanks): no driver finds a feature in it",
    ),
    "kml/togeojson__data_inline_style.kml": (
        "repair+warn",
        "two of its three lines end where they begin: closed by rule",
    ),
    "kml/togeojson__data_noname.kml": ("repair+warn", "its line ends where it begins: closed by rule, with a finding"),
    "gpx/togeojson__data_missing_hr.gpx": ("repair+warn", "its walk comes back to its start and is closed by rule"),
    "gpx/gpxpy__cerknicko-jezero-without-elevations.gpx": (
        "repair+warn",
        "a walk round a lake, back at its start: closed to a polygon by rule, with a finding",
    ),
}
"""Where we disagree with the manifest: our outcome, and why."""

OWN_KIND: dict[str, tuple[GeometryKind, str | None]] = {
    "parquet/pyogrio__list_field_values_file.parquet": ("Point", "EPSG:4326"),
    "parquet/gdal__largelistint.parquet": ("none", None),
    "parquet/gdal__extension_custom.parquet": ("none", None),
}
"""``known: accept`` files that hold no polygon at all: points (without a CRS), or tables without a geometry column.

What is known of them is that pyarrow must read them, whole. A layer of their own kind takes them, each row with its
attributes; for plots they are refused by what they hold, since a plot is a polygon.
"""

COUNTS = {
    "zip/geopandas__nybb_16a.zip": 5,
    "shp/sf__olinda1.zip": 470,
    "gpkg/sf__gpkg_grd_addr.gpkg": 1429,
    "mitab/gdal__poly_indexed.zip": 10,
    "parquet/gdal__parquet_geometry_example-crs_vermont-crs84-wkt2.parquet": 1,
}
"""Features of the larger files that must come in."""


def rows() -> list[dict[str, str]]:
    if not (ROOT / "manifest.csv").exists():
        return []
    with (ROOT / "manifest.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def outcome(reading: Reading) -> str:
    """Say ``accept``, ``repair+warn`` or ``reject``; lying outside Hengshui is no fault here."""
    if reading.candidates and not reading.all_findings:
        return "accept"
    waits = [item for item in reading.candidates if any(found.check == "unknown_crs" for found in item.findings)]
    polygons = [item for item in reading.candidates if item.wkb is not None]
    if not polygons and not waits:
        return "reject"
    faults = [found for found in reading.all_findings if found.check != "outside_extent" and found.level != "notes"]
    return "repair+warn" if faults else "accept"


@pytest.mark.skipif(not rows(), reason="the corpus is not here (ECOTRACK_CORPUS)")
@pytest.mark.parametrize("row", rows(), ids=lambda row: row["path"])
def test_each_file_of_the_corpus_has_the_outcome_expected(row: dict[str, str]) -> None:
    kind, crs = OWN_KIND.get(row["path"], ("Polygon", None))
    reading = read(Upload.from_path(ROOT / row["path"]), extent=HENGSHUI, geometry=kind, crs=crs)
    said = " ".join(found.message.en for found in reading.all_findings)
    assert "went over its limit" not in said
    assert "crashed" not in said
    expected, reason = DISAGREE.get(row["path"], (row["expected"], row["why"]))
    assert outcome(reading) == expected, f"{reason}: {said[:400]}"
    if expected == "reject":
        assert any(found.level == "blocks" and found.message.zh for found in reading.all_findings)
    elif kind == "Polygon":
        _compare(row["path"], reading)


def _compare(path: str, reading: Reading) -> None:
    stored = [shapely.from_wkb(item.wkb) for item in reading.candidates if item.wkb is not None]
    assert all(geometry.geom_type in ("Polygon", "MultiPolygon") and not geometry.has_z for geometry in stored)
    assert len(stored) == COUNTS.get(path, len(stored))
    taken = [item.with_repair() for item in reading.candidates]
    mended = [item for item in taken if not item.blocked]
    assert all(shapely.is_valid(shapely.from_wkb(item.wkb)) for item in mended)


@pytest.mark.skipif(not rows(), reason="the corpus is not here (ECOTRACK_CORPUS)")
def test_every_disagreement_is_about_a_file_of_the_corpus() -> None:
    expected = {row["path"]: row["expected"] for row in rows()}
    for path, (ours, reason) in DISAGREE.items():
        assert ours != expected[path], reason


@pytest.mark.skipif(not rows(), reason="the corpus is not here (ECOTRACK_CORPUS)")
@pytest.mark.parametrize("path", OWN_KIND)
def test_a_table_without_polygons_keeps_every_row_and_value_and_is_no_plot(path: str) -> None:
    upload, (kind, crs) = Upload.from_path(ROOT / path), OWN_KIND[path]
    reading = read(upload, extent=HENGSHUI, geometry=kind, crs=crs)
    expected = pq.ParquetFile(ROOT / path).read().to_pylist()
    shapes = [row.pop("geometry", None) for row in expected]
    assert [_as_read(item.attributes) for item in reading.candidates] == expected
    assert [shapely.from_wkb(item.wkb) if item.wkb else None for item in reading.candidates] == [
        shapely.from_wkb(shape) if shape else None for shape in shapes
    ]
    refused = read(upload, extent=HENGSHUI)
    assert outcome(refused) == "reject"
    assert {found.check for found in refused.all_findings} == {
        "wrong_geometry" if kind == "Point" else "no_geometry_column"
    }


def _as_read(attributes: dict[str, Value]) -> dict[str, object]:
    """Return attributes with the lists that were kept as JSON as lists again."""
    lists = {name: value for name, value in attributes.items() if isinstance(value, str) and value.startswith("[")}
    return {**attributes, **{name: json.loads(value) for name, value in lists.items()}}


OTHER_READER = ("shp", "geojson", "gpkg", "fgb", "gml", "mitab", "dxf", "zip", "filegdb", "topojson", "esrijson")
"""Formats that pyogrio reads too, with a GDAL of its own."""

NOT_BY_THE_OTHER = (
    "shp/Fiona__test_tin.zip",
    "dxf/gdal__3d.dxf",
    "filegdb/gdal__testopenfilegdb92.gdb.zip",
    "zip/Fiona__testopenfilegdb.gdb.zip",
    "gml/gdal__citygml_lod2_713_5322.xml",
    "gml/gdal__citygml_compound_crs.gml",
)
"""Files with surfaces that pyogrio, or shapely behind it, has no type for."""

OTHER_TEXT = {
    "geojson/geojsonhint__good-featurecollection-extensions.geojson": "one column holds numbers, texts and objects",
}
"""Where the texts differ from those of pyogrio, and why."""


def taken_rows() -> list[dict[str, str]]:
    return [
        row
        for row in rows()
        if row["path"].split("/")[0] in OTHER_READER
        and row["path"] not in NOT_BY_THE_OTHER
        and DISAGREE.get(row["path"], (row["expected"],))[0] != "reject"
    ]


@pytest.mark.skipif(not rows(), reason="the corpus is not here (ECOTRACK_CORPUS)")
@pytest.mark.parametrize("row", taken_rows(), ids=lambda row: row["path"])
def test_row_by_row_geometry_and_attributes_are_those_that_another_reader_finds(row: dict[str, str]) -> None:
    path = ROOT / row["path"]
    reading = read(Upload.from_path(path), extent=HENGSHUI)
    others = [*by_pyogrio(path)]
    assert len(reading.candidates) == len(others)
    for ours, (geometry, attributes) in zip(reading.candidates, others, strict=True):
        drawn = shapely.force_2d(shapely.from_wkb(ours.submitted_wkb)) if ours.submitted_wkb else None
        empty = geometry is None or geometry.is_empty
        assert drawn is None if empty else shapely.equals_exact(drawn, geometry, 0), ours.where
        if row["path"] not in OTHER_TEXT:
            texts = {name: ours.attributes.get(name) or "" for name, value in attributes.items() if value}
            assert texts == {name: value for name, value in attributes.items() if value}, ours.where


def by_pyogrio(path: Path) -> Iterator[tuple[shapely.Geometry | None, dict[str, str]]]:
    """Yield geometry (2D) and the attributes that are text, feature by feature, over all layers."""
    source = f"/vsizip/{path}" if path.suffix == ".zip" else str(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for layer in [str(name) for name, _ in pyogrio.list_layers(source)]:
            meta, _, shapes, columns = pyogrio.raw.read(source, layer=layer)
            count = len(shapes) if shapes is not None else len(columns[0]) if columns else 0
            drawn = shapely.force_2d(shapely.from_wkb(shapes)) if shapes is not None else [None] * count
            for number in range(count):
                values = {name: column[number] for name, column in zip(meta["fields"], columns, strict=True)}
                yield drawn[number], {name: value for name, value in values.items() if isinstance(value, str)}
