"""An official file takes a sketch's place only when CRS, coverage, codes and areas hold."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import fiona
import pytest
import shapely
from pyproj import Transformer
from shapely.geometry import mapping

from ecotrack.errors import NotAReference, RefusedReference, UnknownColumn, UnknownLayer
from ecotrack.geometry.area import area_m2
from ecotrack.intake.reference import check_reference, set_reference
from ecotrack.workspace import Workspace

ROOT = Path(__file__).parent.parent


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    for name in ("layers", "geo"):
        shutil.copytree(ROOT / name, tmp_path / "w" / name)
    shutil.copy(ROOT / "ecotrack.toml", tmp_path / "w")
    return Workspace.open(tmp_path / "w")


def county_file(workspace: Workspace, path: Path, change=lambda rows: rows) -> Path:
    """The counties as a county office sends them: GBK attributes, zone 39 metres with zone digits."""
    to_zone = Transformer.from_crs("EPSG:4490", "EPSG:4527", always_xy=True)
    rows = [
        (feature.feature_id, feature.name, shapely.transform(feature.geometry, to_zone.transform, interleaved=False))
        for feature in workspace.features("counties")
    ]
    schema = {"geometry": "Polygon", "properties": {"XZQDM": "str:12", "XZQMC": "str:60"}}
    with fiona.open(path, "w", driver="ESRI Shapefile", crs="EPSG:4527", schema=schema, encoding="GBK") as file:
        for code, name, shape in change(rows):
            file.write({"geometry": mapping(shape), "properties": {"XZQDM": code, "XZQMC": name}})
    return path


def test_an_official_file_in_zone_39_with_gbk_names_replaces_the_sketch(workspace: Workspace, tmp_path: Path) -> None:
    path = county_file(workspace, tmp_path / "县界.shp")
    reference = check_reference(workspace, "counties", path)
    assert not reference.blocked, [finding.message.en for finding in reference.findings]
    assert len(reference.areas) == 11
    assert all(abs(row.difference_pct or 0) < 3 for row in reference.areas)
    before = {feature.feature_id: feature.geometry for feature in workspace.features("counties")}
    kept = set_reference(workspace, reference, path=path, source="县界.shp 2026")
    assert kept.is_file()
    again = Workspace.open(workspace.folder)
    assert not again.layer("counties").sketch
    assert again.config == workspace.config
    for feature in again.features("counties"):
        assert feature.properties["sketch"] is False
        assert feature.properties["source"] == "县界.shp 2026"
        moved = shapely.symmetric_difference(feature.geometry, before[feature.feature_id])
        # Long edges are straight in the plane of the file, not in longitude/latitude: metres along a border of 60 km.
        assert area_m2([moved])[0] < 2e-4 * area_m2([feature.geometry])[0]


def without_one(rows):
    return rows[1:]


def with_a_gap(rows):
    """A round hole of 200 m radius on the border between the first county and a neighbour."""
    first = rows[0][2]
    border = max(
        (shapely.intersection(first.boundary, shape.boundary) for _, _, shape in rows[1:]), key=lambda b: b.length
    )
    hole = shapely.line_merge(border).interpolate(0.5, normalized=True).buffer(200)
    return [(code, name, shapely.difference(shape, hole)) for code, name, shape in rows]


def with_an_overlap(rows):
    code, name, shape = rows[3]
    return [*rows[:3], (code, name, shape.buffer(300)), *rows[4:]]


def too_large(rows):
    return [(code, name, shapely.affinity.scale(shape, 1.2, 1.2)) for code, name, shape in rows]


def with_a_stranger(rows):
    return [*rows, ("130100", "石家庄市", shapely.box(39300000, 4200000, 39301000, 4201000))]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (without_one, "缺少单位"),
        (with_an_overlap, "重叠"),
        (too_large, "与公布的"),
        (with_a_stranger, "不是本图层的单位"),
    ],
)
def test_a_file_that_does_not_hold_is_refused_and_changes_nothing(
    workspace: Workspace, tmp_path: Path, change, word: str
) -> None:
    before = (workspace.folder / "geo" / "counties.geojson").read_bytes()
    path = county_file(workspace, tmp_path / "c.shp", change)
    reference = check_reference(workspace, "counties", path)
    assert reference.blocked
    assert word in "；".join(finding.message.zh for finding in reference.findings)
    with pytest.raises(RefusedReference) as refused:
        set_reference(workspace, reference, path=path, source="x")
    first = next(finding.message for finding in reference.findings if finding.level == "blocks")
    assert first.zh in refused.value.message("zh")
    assert first.zh not in refused.value.message("en")
    assert (workspace.folder / "geo" / "counties.geojson").read_bytes() == before


def test_gaps_are_reported_in_square_metres(workspace: Workspace, tmp_path: Path) -> None:
    reference = check_reference(workspace, "counties", county_file(workspace, tmp_path / "c.shp", with_a_gap))
    assert any("空隙" in finding.message.zh and "平方米" in finding.message.zh for finding in reference.findings)


def test_points_take_the_place_of_sections_with_their_fields_named(workspace: Workspace, tmp_path: Path) -> None:
    rows = [
        {
            "type": "Feature",
            "properties": {"DMBH": f"S{i}", "DMMC": f"断面{i}", "HLMC": "滏阳河"},
            "geometry": {"type": "Point", "coordinates": [115.6 + i / 100, 37.7]},
        }
        for i in range(3)
    ]
    path = tmp_path / "断面.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": rows}), encoding="utf-8")
    columns = {"code": "DMBH", "name": "DMMC", "river": "HLMC"}
    reference = check_reference(workspace, "sections", path, columns=columns)
    assert not reference.blocked, [finding.message.en for finding in reference.findings]
    set_reference(workspace, reference, path=path, source="断面")
    features = Workspace.open(workspace.folder).features("sections")
    assert [(f.feature_id, f.name, f.properties["river"]) for f in features] == [
        (f"S{i}", f"断面{i}", "滏阳河") for i in range(3)
    ]


def test_a_column_that_the_file_does_not_have_is_named_with_those_it_has(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "断面.geojson"
    point = {"type": "Point", "coordinates": [115.6, 37.6]}
    feature = {"type": "Feature", "properties": {"DMBH": "1"}, "geometry": point}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    with pytest.raises(UnknownColumn, match=r"NOPE.*DMBH"):
        check_reference(workspace, "sections", path, columns={"code": "NOPE"})


def test_layers_without_a_reference_file_are_refused(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(NotAReference):
        check_reference(workspace, "plots", tmp_path / "x.shp")
    with pytest.raises(UnknownLayer):
        check_reference(workspace, "forest", tmp_path / "x.shp")
