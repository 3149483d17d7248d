"""The sketch geography: what published facts say of it holds, and the committed files are what the code makes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely

from ecotrack.demo import geography_facts
from ecotrack.demo.geography import build_geography, write_geography
from ecotrack.demo.geography_counties import BorderNet
from ecotrack.demo.geography_facts import BorderFact, county_facts, course_facts
from ecotrack.demo.geography_features import FeatureCollection
from ecotrack.errors import BadCoverage, MissingFile, UnreadableFile
from ecotrack.geometry.features import Feature

COMMITTED = Path(__file__).parents[1] / "geo"
GEOD = pyproj.Geod(ellps="GRS80")
Layers = dict[str, FeatureCollection]


@pytest.fixture(scope="module")
def layers() -> Layers:
    return build_geography()


def geod_area_km2(polygon: shapely.Polygon) -> float:
    """Area of another make than ours: geodesic, on edges split in longitude/latitude."""
    area_m2, _ = GEOD.geometry_area_perimeter(shapely.segmentize(polygon, 0.001))
    return abs(area_m2) / 1e6


def units_of(reach: Feature) -> list[str]:
    others = reach.properties["shared_with"]
    return [reach.properties["unit"], *(others.split(";") if others else [])]


def geometries(features: FeatureCollection) -> list[shapely.Geometry]:
    return [feature.geometry for feature in features]


def test_every_feature_is_a_valid_sketch_with_source_and_confidence(layers: Layers) -> None:
    for layer, features in layers.items():
        codes = [feature.feature_id for feature in features]
        assert len(set(codes)) == len(codes), layer
        for feature in features:
            assert feature.geometry.is_valid, feature.feature_id
            assert not feature.geometry.has_z
            assert feature.properties["sketch"] is True
            assert feature.properties["source"]
            assert feature.properties["confidence"] in ("high", "med", "low")


def test_each_layer_has_the_geometry_that_its_definition_names(layers: Layers) -> None:
    wanted = dict.fromkeys(layers, "Polygon") | {"sections": "Point"}
    wanted |= dict.fromkeys(("rivers", "canals", "reaches"), "LineString")
    assert {name: {part.geom_type for part in geometries(layer)} for name, layer in layers.items()} == {
        name: {kind} for name, kind in wanted.items()
    }


@pytest.mark.parametrize(("layer", "count"), [("counties", 11), ("report_units", 13), ("sponge_zones", 65)])
def test_coverage_has_no_gaps_inside_and_no_overlaps(layers: Layers, layer: str, count: int) -> None:
    polygons = geometries(layers[layer])
    assert len(polygons) == count
    assert shapely.coverage_is_valid(polygons)


def test_county_areas_are_the_published_ones(layers: Layers) -> None:
    for county, feature in zip(county_facts(), layers["counties"], strict=True):
        assert feature.feature_id == county.code
        assert geod_area_km2(feature.geometry) == pytest.approx(float(county.official_area_km2), rel=1e-6)


def test_the_city_is_one_piece_without_holes(layers: Layers) -> None:
    city = shapely.coverage_union_all(geometries(layers["counties"]))
    assert isinstance(city, shapely.Polygon)
    assert not city.interiors
    published = sum(float(county.official_area_km2) for county in county_facts())
    assert geod_area_km2(city) == pytest.approx(published, rel=1e-6)


def test_every_seat_stands_in_its_county(layers: Layers) -> None:
    for county, feature in zip(county_facts(), layers["counties"], strict=True):
        assert feature.geometry.contains(shapely.Point(county.seat)), county.name


@pytest.mark.parametrize(
    ("code", "neighbours"),
    [
        ("131125", {"131124", "131182"}),
        ("131121", {"131102", "131103", "131122", "131126", "131127"}),
        ("131122", {"131102", "131121", "131123", "131127", "131128", "131182"}),
    ],
)
def test_counties_have_their_neighbours(layers: Layers, code: str, neighbours: set[str]) -> None:
    shapes = {feature.feature_id: feature.geometry for feature in layers["counties"]}
    shared = {other for other, shape in shapes.items() if shape.intersection(shapes[code]).length > 0.001}
    assert shared - {code} == neighbours


def test_report_units_together_are_their_counties_vertex_by_vertex(layers: Layers) -> None:
    units = {feature.feature_id: feature.geometry for feature in layers["report_units"]}
    legal = {feature.feature_id: feature.geometry for feature in layers["counties"]}
    carved = ["131102", "131103", "1311HX", "1311BH"]
    together = shapely.coverage_union_all([units[code] for code in carved])
    assert together.equals(shapely.coverage_union(legal["131102"], legal["131103"]))
    for code in set(legal) - set(carved):
        assert units[code].equals(legal[code])
    assert legal["131102"].covers(units["1311HX"])


def test_borders_on_rivers_follow_the_drawn_river(layers: Layers) -> None:
    shapes = {feature.feature_id: feature.geometry for feature in layers["counties"]}
    rivers = {feature.feature_id: feature.geometry for feature in layers["rivers"]}
    for river, pair, at_least_deg in [
        ("qingliang", ("131121", "131127"), 0.2),
        ("qingliang", ("131122", "131127"), 0.15),
        ("fuyang", ("131122", "131182"), 0.1),
    ]:
        border = shapes[pair[0]].intersection(shapes[pair[1]])
        assert border.intersection(rivers[river].buffer(1e-4)).length > at_least_deg


def test_lake_basins_have_their_areas_and_meet_along_the_dike(layers: Layers) -> None:
    east, west = geometries(layers["lake"])
    assert geod_area_km2(east) == pytest.approx(42.5, rel=1e-5)
    assert geod_area_km2(west) == pytest.approx(32.5, rel=1e-5)
    assert shapely.coverage_is_valid([east, west])
    assert east.intersection(west).length > 0.07
    reserve = shapely.box(115 + 27 / 60 + 50 / 3600, 37 + 31 / 60 + 40 / 3600, 115.7142, 37.6989)
    assert reserve.contains(shapely.union(east, west))
    for feature in layers["lake"]:
        assert feature.properties["design_level_m"] == "21.0"
        assert feature.properties["datum"] is None


def test_lake_lies_in_two_counties_as_published(layers: Layers) -> None:
    lake = shapely.coverage_union_all(geometries(layers["lake"]))
    parts = {unit.name: geod_area_km2(unit.geometry.intersection(lake)) for unit in layers["counties"][:2]}
    assert parts == {"桃城区": pytest.approx(18, abs=1), "冀州区": pytest.approx(57, abs=1)}


def test_ring_zone_is_two_kilometres_of_land_round_the_lake(layers: Layers) -> None:
    (zone,) = geometries(layers["ring_zone"])
    lake = shapely.coverage_union_all(geometries(layers["lake"]))
    assert zone.intersection(lake).area == pytest.approx(0, abs=1e-15)
    assert shapely.Polygon(zone.interiors[0]).equals(lake)
    assert 75 <= geod_area_km2(zone) <= 113
    shore = shapely.get_coordinates(shapely.segmentize(lake, 0.0002))
    for lon, lat in shapely.get_coordinates(zone.exterior)[::40]:
        _, _, metres = GEOD.inv(shore[:, 0], shore[:, 1], np.full(len(shore), lon), np.full(len(shore), lat))
        assert metres.min() == pytest.approx(2000, abs=0.5)


def test_there_are_nine_rivers_and_eight_canals_of_which_three_are_named(layers: Layers) -> None:
    assert [len(layers["rivers"]), len(layers["canals"])] == [9, 8]
    assert all(river.name and river.properties["group"] == "九河" for river in layers["rivers"])
    assert [canal.name for canal in layers["canals"]] == ["卫千渠", "冀码渠", "石津干渠"] + [None] * 5
    for canal in layers["canals"][3:]:
        assert canal.properties["candidate_names"]
        assert canal.properties["confidence"] == "low"


def test_published_lengths_are_given_only_with_their_meaning(layers: Layers) -> None:
    for course in layers["rivers"] + layers["canals"]:
        facts = course.properties
        given = facts["official_length_km"] is not None
        assert given == (facts["length_basis"] is not None) == (facts["length_confidence"] in ("high", "med"))


def test_reaches_of_a_river_follow_each_other_and_make_up_its_line(layers: Layers) -> None:
    for course in layers["rivers"] + layers["canals"]:
        reaches = [reach for reach in layers["reaches"] if reach.properties["river"] == course.feature_id]
        chainage = [(reach.properties["from_m"], reach.properties["to_m"]) for reach in reaches]
        assert chainage[0][0] == 0
        assert [start for start, _ in chainage[1:]] == [stop for _, stop in chainage[:-1]]
        line = shapely.segmentize(course.geometry, 0.001)
        assert chainage[-1][1] == pytest.approx(GEOD.geometry_length(line), abs=1)
        assert (
            shapely.hausdorff_distance(shapely.line_merge(shapely.union_all(geometries(tuple(reaches)))), line) < 2e-3
        )


def test_a_reach_lies_in_its_unit_or_on_its_border(layers: Layers) -> None:
    units = {feature.feature_id: feature.geometry for feature in layers["report_units"]}
    city = shapely.coverage_union_all(list(units.values()))
    for reach in layers["reaches"]:
        shared = units_of(reach)
        assert reach.properties["shared_border"] == (len(shared) > 1)
        middle = reach.geometry.interpolate(0.5, normalized=True)
        assert all(units[unit].distance(middle) < 0.004 for unit in shared) or not city.contains(middle)


def test_border_river_is_shared_along_the_border(layers: Layers) -> None:
    sides = {tuple(units_of(reach)) for reach in layers["reaches"] if reach.properties["river"] == "qingliang"}
    assert sides >= {("131121", "131126"), ("131121", "131127"), ("131122", "131127"), ("131128",)}


def test_each_town_has_zones_that_cover_it_and_reach_beyond(layers: Layers) -> None:
    for town in layers["builtup"]:
        code = town.properties["city_code"]
        zones = [zone for zone in layers["sponge_zones"] if zone.properties["city_code"] == code]
        assert 5 <= len(zones) <= 8
        whole = shapely.coverage_union_all(geometries(tuple(zones)))
        assert whole.covers(shapely.buffer(town.geometry, -1e-7))
        assert 1.05 < whole.area / town.geometry.area < 1.3
        assert town.feature_id == f"builtup-{code}-2016"
        assert not any("km2" in key or "mu" in key for key in town.properties)


def test_sections_have_points_and_lake_sections_are_told_from_river_sections(layers: Layers) -> None:
    sections = layers["sections"]
    assert [section.feature_id for section in sections] == [f"section-{n:02d}" for n in range(1, 11)]
    assert {section.properties["water"] for section in sections} == {"lake", "river"}
    assert {section.properties["target_class"] for section in sections} <= {None, "I", "II", "III", "IV", "V"}


def test_committed_files_are_what_the_code_writes_byte_for_byte(tmp_path: Path) -> None:
    written = write_geography(tmp_path / "geo")
    assert {path.name for path in written} == {path.name for path in COMMITTED.glob("*.geojson")}
    for path in written:
        assert path.read_bytes() == (COMMITTED / path.name).read_bytes(), path.name
    assert not list((tmp_path / "geo").glob("*.part"))


def test_files_declare_their_crs_and_hold_one_feature_a_line(tmp_path: Path) -> None:
    for path in write_geography(tmp_path):
        text = path.read_text(encoding="utf-8")
        document = json.loads(text)
        assert document["crs"]["properties"]["name"] == "urn:ogc:def:crs:EPSG::4490"
        assert len(text.splitlines()) == len(document["features"]) + 2


def test_borders_that_do_not_close_are_refused_by_name() -> None:
    open_line = BorderFact(faces=("131102", ""), follows=None, points=((115.0, 37.0), (115.1, 37.0)))
    with pytest.raises(BadCoverage, match=r"131102.*do not close"):
        BorderNet([open_line]).ring("131102", group_of={"131102": "131102"})


def test_damaged_or_missing_facts_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geography_facts, "FACTS", tmp_path)
    with pytest.raises(MissingFile, match=r"counties\.csv"):
        county_facts()
    (tmp_path / "courses.csv").write_text("code,group\nfuyang,九河\n", encoding="utf-8")
    with pytest.raises(UnreadableFile, match=r"courses\.csv"):
        course_facts()
