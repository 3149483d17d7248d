"""The lake's surface comes out of a scene as large as it is, or the scene says why not."""

import dataclasses
import datetime as dt

import numpy as np
import pytest
import rasterio
import shapely

from ecotrack.errors import NotReflectance, NoWaterEdge, TooLittleSeen, ZoneOutside
from ecotrack.geometry.area import area_m2
from ecotrack.imagery.grid import to_lonlat
from ecotrack.imagery.lake import LakeAsked, observe
from ecotrack.imagery.shore import edge_by_halves
from ecotrack.imagery.threshold import find_edge, histogram
from imagery_scenes import (
    Painting,
    degrees,
    feature,
    rotated,
    round_lake,
    south_up,
    true_km2,
    utm,
    write,
    write_raster,
)  # fmt: skip

WEST, NORTH = 115.587, 37.628
LAKE = round_lake()
ISLAND = round_lake(lon=115.612, lat=37.612, radius_m=150)
POND = round_lake(lon=115.592, lat=37.623, radius_m=120)
SOIL = shapely.box(115.5, 37.5, 115.60, 37.7)
BASINS = [feature(LAKE)]
TRUE = true_km2(LAKE) - true_km2(ISLAND)

GRIDS = {
    "utm 50": utm(WEST, NORTH),
    "utm 49": utm(WEST - 0.006, NORTH + 0.006, size=520, zone=49),
    "degrees": degrees(WEST, NORTH),
    "south-up": south_up(utm(WEST, NORTH)),
    "rotated": rotated(utm(WEST, NORTH), 30),
    "gauss-kruger": utm(WEST, NORTH)._replace(crs="EPSG:4527"),
}


def painting(*more, lake="water"):
    return Painting([("soil", SOIL), (lake, LAKE), ("crops", ISLAND), (lake, POND), *more])


def gauss_kruger():
    from pyproj import Transformer

    x, y = Transformer.from_crs("EPSG:4490", "EPSG:4527", always_xy=True).transform(WEST, NORTH)
    grid = GRIDS["gauss-kruger"]
    return grid._replace(transform=type(grid.transform)(10, 0, x, 0, -10, y))


GRIDS["gauss-kruger"] = gauss_kruger()


@pytest.mark.parametrize("name", GRIDS)
def test_the_surface_is_right_to_half_a_percent_however_the_raster_lies(tmp_path, name):
    found = observe(write(tmp_path / "s.tif", painting(), GRIDS[name]), BASINS)
    assert found.open_m2 / 1e6 == pytest.approx(TRUE, rel=0.005)
    assert found.clear_pct == pytest.approx(100, abs=0.1)


def test_the_outline_covers_the_ground_that_the_number_says_with_the_island_out_and_the_pond_away(tmp_path):
    found = observe(write(tmp_path / "s.tif", painting(), GRIDS["utm 50"]), BASINS)
    assert area_m2([found.outline])[0] == pytest.approx(found.open_m2, rel=1e-6)
    assert not found.outline.contains(ISLAND.centroid)
    assert not found.outline.intersects(POND)


@pytest.mark.parametrize("lake", ["water", "turbid"])
@pytest.mark.parametrize("index", ["NDWI", "MNDWI"])
def test_clear_and_turbid_water_are_both_water(tmp_path, lake, index):
    scene = write(tmp_path / "s.tif", painting(lake=lake), GRIDS["utm 50"])
    found = observe(scene, BASINS, LakeAsked(index=index))
    assert found.open_m2 / 1e6 == pytest.approx(TRUE, rel=0.005)
    assert (found.index, found.edge.method) == (index, "otsu")


def test_reeds_are_told_apart_from_open_water_and_from_dry_crops(tmp_path):
    reeds = round_lake(lon=115.606, radius_m=500)
    shown = Painting([("soil", SOIL), ("water", LAKE), ("reeds", reeds)])
    found = observe(write(tmp_path / "s.tif", shown, GRIDS["utm 50"]), BASINS)
    assert found.open_m2 / 1e6 == pytest.approx(true_km2(LAKE) - true_km2(reeds), rel=0.005)
    assert found.plants_m2 / 1e6 == pytest.approx(true_km2(reeds), rel=0.03)


def test_reeds_beyond_the_outlines_are_not_the_lakes(tmp_path):
    reeds = shapely.box(115.62, 37.606, 115.628, 37.614)
    shown = Painting([("soil", SOIL), ("water", LAKE), ("reeds", reeds)])
    found = observe(write(tmp_path / "s.tif", shown, GRIDS["utm 50"]), BASINS)
    assert found.plants_m2 / 1e6 == pytest.approx(true_km2(reeds.intersection(LAKE)), rel=0.05)


def test_without_a_shortwave_band_plants_are_not_told(tmp_path):
    scene = write(tmp_path / "s.tif", painting(), GRIDS["utm 50"], roles=("blue", "green", "red", "nir"))
    found = observe(scene, BASINS)
    assert (found.index, found.plants_m2) == ("NDWI", None)


def test_offsets_and_sixteen_bits_are_taken_back(tmp_path):
    scene = write(tmp_path / "s.tif", painting(), GRIDS["utm 50"], scale=0.0000275, offset=-0.2)
    assert observe(scene, BASINS).open_m2 / 1e6 == pytest.approx(TRUE, rel=0.005)


def test_cloud_takes_its_share_and_says_so(tmp_path):
    half = shapely.box(115.605, 37.5, 115.615, 37.7)
    scene = write(tmp_path / "s.tif", painting(("cloud", half)), GRIDS["utm 50"], hidden=half)
    found = observe(scene, BASINS, LakeAsked(least_clear_pct=40))
    hidden = true_km2(shapely.intersection(LAKE, half)) / true_km2(LAKE)
    assert found.clear_pct == pytest.approx(100 * (1 - hidden), abs=0.5)
    visible = true_km2(LAKE.difference(half).difference(ISLAND))
    assert found.open_m2 / 1e6 == pytest.approx(visible, rel=0.01)


def test_cloud_inside_a_basin_does_not_part_what_is_flooded_beside_it(tmp_path):
    flooded = shapely.box(115.6235, 37.606, 115.628, 37.614).difference(LAKE)
    over_shore = shapely.box(115.619, 37.59, 115.63, 37.63).intersection(LAKE)
    shown = painting(("water", flooded), ("cloud", over_shore))
    found = observe(write(tmp_path / "s.tif", shown, GRIDS["utm 50"], hidden=over_shore), BASINS)
    assert found.outside_m2 / 1e6 == pytest.approx(true_km2(flooded), rel=0.08)
    dry = write(tmp_path / "a.tif", painting(("water", flooded), ("crops", over_shore)), GRIDS["utm 50"])
    assert observe(dry, BASINS).outside_m2 < 0.02e6


def test_cloud_in_flocks_hides_its_own_pixels_and_no_water_between_them(tmp_path):
    scene = write(tmp_path / "s.tif", painting(), GRIDS["utm 50"])
    hidden = np.random.default_rng(5).random((1, 400, 400)) < 0.45
    write_raster(tmp_path / "s-cloud.tif", hidden.astype(np.uint8), GRIDS["utm 50"])
    found = observe(scene, BASINS, LakeAsked(least_clear_pct=40))
    assert found.clear_pct == pytest.approx(55, abs=1)
    assert found.open_m2 / 1e6 == pytest.approx(0.55 * TRUE, rel=0.01)


def test_an_overcast_scene_is_no_observation(tmp_path):
    everywhere = shapely.box(115, 37, 116, 38)
    scene = write(tmp_path / "s.tif", Painting(base="cloud"), GRIDS["utm 50"], hidden=everywhere)
    with pytest.raises(TooLittleSeen, match="only 0 %"):
        observe(scene, BASINS)


def test_half_a_lake_is_a_basin_seen_and_a_basin_not_seen(tmp_path):
    east, west = (
        LAKE.intersection(shapely.box(115.61, 37, 116, 38)),
        LAKE.intersection(shapely.box(115, 37, 115.61, 38)),
    )
    scene = write(tmp_path / "s.tif", Painting([("soil", SOIL), ("water", LAKE)]), utm(115.608, NORTH))
    found = observe(scene, [feature(east, "east"), feature(west, "west")])
    seen = {basin.basin: basin for basin in found.basins}
    assert seen["east"].open_m2 / 1e6 == pytest.approx(true_km2(east), rel=0.006)
    assert seen["east"].clear_pct > 99
    assert seen["west"].clear_pct < 25


def test_a_scene_that_does_not_reach_the_lake_says_so(tmp_path):
    scene = write(tmp_path / "s.tif", painting(), utm(115.9, 37.9, size=50))
    with pytest.raises(ZoneOutside):
        observe(scene, BASINS)


@pytest.mark.parametrize("ground", ["crops", "soil", "town"])
def test_a_dry_lake_has_no_edge_to_find(tmp_path, ground):
    things = [("soil", SOIL), ("town", shapely.box(115.615, 37.6, 115.62, 37.62))]
    scene = write(tmp_path / "s.tif", Painting(things, base=ground), GRIDS["utm 50"], noise=0.01)
    for index in ("NDWI", "MNDWI"):
        with pytest.raises(NoWaterEdge):
            observe(scene, BASINS, LakeAsked(index=index))


def test_the_whole_scene_gives_the_threshold_and_the_water_is_followed_as_far_as_it_hangs_together(tmp_path):
    arm = shapely.box(115.60, 37.6185, 115.602, 37.645)
    scene = write(tmp_path / "s.tif", painting(("water", arm)), utm(115.58, 37.65, size=600))
    near, far = observe(scene, BASINS), observe(scene, BASINS, LakeAsked(margin_m=None))
    whole = true_km2(LAKE.union(arm).difference(ISLAND))
    assert far.open_m2 / 1e6 == pytest.approx(whole, rel=0.006)
    assert near.open_m2 < far.open_m2
    assert far.edge.method == "otsu"


def test_a_scene_full_of_water_has_no_edge_either(tmp_path):
    shown = Painting([("turbid", shapely.box(115, 37, 115.61, 38))], base="water")
    with pytest.raises(NoWaterEdge):
        observe(write(tmp_path / "s.tif", shown, GRIDS["utm 50"]), BASINS)


def test_an_unmasked_shadow_beside_the_lake_is_not_taken_in_silently(tmp_path):
    shadow = shapely.box(115.618, 37.612, 115.628, 37.624)
    shown = Painting([("soil", SOIL), ("turbid", LAKE), ("shadow", shadow.difference(LAKE))])
    found = observe(write(tmp_path / "s.tif", shown, GRIDS["utm 50"], mask=False), BASINS)
    said = " ".join(doubt.en for doubt in found.doubts)
    assert found.outside_m2 > 0.1e6
    assert "no cloud mask" in said
    assert "cloud shadow" in said
    assert "darker" in said


def test_a_masked_shadow_is_left_out(tmp_path):
    shadow = shapely.box(115.618, 37.612, 115.628, 37.624).difference(LAKE)
    shown = Painting([("soil", SOIL), ("turbid", LAKE), ("shadow", shadow)])
    found = observe(write(tmp_path / "s.tif", shown, GRIDS["utm 50"], hidden=shadow), BASINS)
    assert found.open_m2 / 1e6 == pytest.approx(true_km2(LAKE), rel=0.006)
    assert found.doubts == ()


def with_numbers(scene, **numbers):
    bands = {role: dataclasses.replace(band, **numbers) for role, band in scene.bands.items()}
    return dataclasses.replace(scene, bands=bands)


def said_of(scene, asked=None):
    return " ".join(doubt.en for doubt in observe(scene, BASINS, asked).doubts)


def test_water_whose_index_is_about_the_threshold_is_said(tmp_path):
    turbid = round_lake(lon=115.605, radius_m=500)
    scene = write(tmp_path / "s.tif", painting(("turbid", turbid)), GRIDS["utm 50"], roles=("green", "nir"))
    assert "near the threshold" in said_of(scene, LakeAsked(threshold=0.3))
    assert "near the threshold" not in said_of(scene, LakeAsked(threshold=0.0))


def test_an_offset_that_was_not_taken_back_is_said_and_one_that_was_is_not(tmp_path):
    scene = write(tmp_path / "s.tif", painting(), GRIDS["utm 50"], offset=-0.1)
    assert "no band has a dark pixel" in said_of(with_numbers(scene, offset=0.0))
    assert "no band has a dark pixel" not in said_of(scene)


def test_a_scale_that_was_applied_twice_is_no_reflectance(tmp_path):
    scene = write(tmp_path / "s.tif", painting(), GRIDS["utm 50"])
    with pytest.raises(NotReflectance, match="twice"):
        observe(with_numbers(scene, scale=1e-8), BASINS)


def test_a_scene_in_bytes_is_doubted(tmp_path):
    scene = write(tmp_path / "s.tif", painting(), GRIDS["utm 50"], scale=1 / 400)
    with rasterio.open(tmp_path / "s.tif") as file:
        stored = file.read().astype(np.uint8)
    assert "in bytes" not in said_of(scene)
    write_raster(tmp_path / "s.tif", stored, GRIDS["utm 50"], nodata=0)
    assert "in bytes" in said_of(scene)


def test_what_was_not_seen_is_said_from_one_percent_of_the_lake_on(tmp_path):
    hidden = shapely.box(115.605, 37.5, 115.607, 37.7)
    some = write(tmp_path / "a.tif", painting(), GRIDS["utm 50"], hidden=hidden)
    assert "of the basins were not seen" in said_of(some)
    speck = write(tmp_path / "b.tif", painting(), GRIDS["utm 50"], hidden=round_lake(radius_m=50))
    assert "not seen" not in said_of(speck)


def test_half_a_lake_without_a_number_for_nothing_is_half_seen(tmp_path):
    scene = write(tmp_path / "s.tif", painting(), GRIDS["utm 50"])
    with rasterio.open(tmp_path / "s.tif") as file:
        stored = file.read().astype(np.float32)
    stored[:, :, 203:] = -9999
    write_raster(tmp_path / "s.tif", stored, GRIDS["utm 50"])
    found = observe(with_numbers(scene, nodata=None), BASINS, LakeAsked(least_clear_pct=40))
    assert 40 < found.clear_pct < 60
    assert found.open_m2 / 1e6 == pytest.approx(TRUE * found.clear_pct / 100, rel=0.02)


@pytest.mark.long
def test_a_year_of_twenty_scenes_gives_the_series_to_one_percent(tmp_path):
    days = [dt.date(2020, 1, 5) + dt.timedelta(days=18 * n) for n in range(20)]
    for number, day in enumerate(days):
        lake = round_lake(radius_m=950 + 250 * np.sin(number / 3))
        shown = Painting([("soil", SOIL), ("water" if number % 2 else "turbid", lake)])
        scene = write(tmp_path / f"{day}.tif", shown, utm(WEST, NORTH, size=330), day=day, seed=number)
        assert observe(scene, BASINS).open_m2 / 1e6 == pytest.approx(true_km2(lake), rel=0.01)


def test_hidden_ground_beside_the_shore_does_not_decide_it():
    dark = np.float32([[0.02] * 5 + [0.20] + [0.32] * 2 + [0.90] * 3]).repeat(5, axis=0)
    water, seen = np.zeros((5, 11), dtype=bool), np.ones((5, 11), dtype=bool)
    water[:, :5], seen[:, 8:] = True, False
    assert edge_by_halves(dark, water, seen)[2].tolist() == [True] * 5 + [False] * 6


def hill(index, pixels, width=0.02):
    return np.random.default_rng(3).normal(index, width, pixels).astype(np.float32)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([hill(0.0, 50_000, width=0.2)], "no valley"),
        ([hill(-0.4, 50_000), hill(0.5, 20)], "hardly differ"),
        ([hill(-0.04, 50_000), hill(0.04, 50_000)], "hardly differ"),
    ],
)
def test_an_edge_needs_a_valley_and_some_of_both_and_a_gap(values, said):
    with pytest.raises(NoWaterEdge, match=said):
        find_edge(histogram(np.concatenate(values)))
    assert -0.4 < find_edge(histogram(np.concatenate([hill(-0.4, 50_000), hill(0.5, 200)]))).value < 0.5


def test_a_long_edge_of_pixels_covers_the_same_ground_as_its_parts():
    grid = utm(115.2, 37.9, size=6000)
    corners = np.mgrid[0:6000:600, 0:6000:600].reshape(2, -1)
    whole, parts = shapely.box(0, 0, 6000, 6000), shapely.box(*corners, *(corners + 600))
    assert area_m2(to_lonlat([whole], grid))[0] == pytest.approx(area_m2(to_lonlat(parts, grid)).sum(), rel=1e-9)
