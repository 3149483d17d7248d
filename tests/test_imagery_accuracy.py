"""Accuracy is reported with its interval, never claimed."""

import csv
import json

import numpy as np
import pytest
import shapely
from click.testing import CliRunner

from ecotrack.cli.main import cli
from ecotrack.errors import EmptyFile, GridsApart, MissingFile, NoReference, UnknownColumn, UnreadableFile, Untold
from ecotrack.imagery.accuracy import assess, confusion
from ecotrack.imagery.grid import to_lonlat
from imagery_scenes import degrees, utm, write_raster

GRID = utm(115.6, 37.6, size=60)


@pytest.fixture
def run(tmp_path):
    def call(*arguments):
        result = CliRunner().invoke(cli, ["-w", str(tmp_path), *map(str, arguments)], standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result.output

    values = np.ones((1, 60, 60), dtype=np.uint8)
    values[0, :, 30:] = 2
    write_raster(tmp_path / "map.tif", values, GRID)
    return call


def write_points(path, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["lon", "lat", "class"])
        for col, row, name in rows:
            lon, lat = shapely.get_coordinates(to_lonlat([shapely.Point(col, row)], GRID))[0]
            writer.writerow([lon, lat, name])


OLOFSSON = np.array([[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]])
"""Sample counts of the worked example: deforestation, forest gain, stable forest, stable non-forest."""
PIXELS = {"deforestation": 200_000, "gain": 150_000, "forest": 3_200_000, "other": 6_450_000}
"""Its mapped area in pixels of 30 m."""


def test_the_papers_example_comes_out_as_published():
    """Olofsson et al. (2014), Remote Sensing of Environment 148, 42-57, section 5: areas in hectares with 95 %."""
    found = assess(OLOFSSON, PIXELS)
    assert found.users.round(2).tolist() == [0.88, 0.73, 0.93, 0.96]
    assert (1.96 * found.users_se).round(2).tolist() == [0.07, 0.10, 0.04, 0.02]
    assert found.users_se[0] == pytest.approx(np.sqrt(0.88 * 0.12 / 74))
    assert found.producers.round(2).tolist() == [0.75, 0.85, 0.93, 0.96]
    assert (1.96 * found.producers_se[0]).round(2) == 0.21
    # Gain by hand from equation 7: (1.39e6 + 2.826e8) / 129846^2, its root 0.1298.
    assert found.producers_se[1] == pytest.approx(0.1298, abs=1e-4)
    assert (round(found.overall, 2), round(1.96 * found.overall_se, 2)) == (0.95, 0.02)
    hectares = 0.09 * sum(PIXELS.values())
    assert (hectares * found.area_share).round().tolist() == [21_158, 11_686, 285_770, 581_386]
    assert (1.96 * hectares * found.area_share_se).round().tolist() == [6_158, 3_756, 15_510, 16_282]


def test_kappa_and_iou_are_those_of_their_definitions():
    found = assess(OLOFSSON, PIXELS)
    n, agreed = OLOFSSON.sum(), np.trace(OLOFSSON)
    chance = OLOFSSON.sum(axis=0) @ OLOFSSON.sum(axis=1)
    assert found.kappa == pytest.approx((n * agreed - chance) / (n * n - chance))
    assert found.iou[0] == pytest.approx(66 / (66 + 5 + 4 + 1 + 2))


def test_of_a_map_with_an_unsampled_class_nothing_is_said_as_a_whole():
    found = assess(np.array([[5, 0, 0], [1, 4, 0], [0, 0, 0]]), {"a": 1, "b": 1, "c": 2})
    assert found.unsampled == ("c",)
    assert found.users.round(2).tolist()[:2] == [1.0, 0.8]
    for told in (found.overall, *found.producers, *found.area_share):
        assert np.isnan(told)


def test_perfect_agreement_is_one_and_chance_is_none():
    assert assess(np.array([[10, 0], [0, 10]]), {"a": 1, "b": 1}).kappa == 1
    chance = assess(np.array([[5, 5], [5, 5]]), {"a": 1, "b": 1})
    assert (chance.kappa, chance.iou.tolist()) == (0, [pytest.approx(1 / 3)] * 2)


def test_a_class_that_the_map_lacks_keeps_its_column():
    found = assess(confusion(["1", "1"], ["1", "3"], ["1", "3"]), {"1": 5.0, "3": 0.0})
    assert np.isnan(found.users[1])
    assert found.producers[1] == 0


def test_points_give_matrix_and_interval_and_points_off_the_map_are_told(run, tmp_path):
    write_points(
        tmp_path / "p.csv", [(5, 5, 1), (9, 40, 1), (12, 8, 2), (40, 4, 2), (50, 50, 2), (55, 9, 2), (-9, 5, 1)]
    )
    found = json.loads(run("imagery", "assess", tmp_path / "map.tif", "--points", tmp_path / "p.csv", "--json"))
    assert found["matrix"] == [[2, 1], [0, 3]]
    assert (found["overall"], found["not_used"]) == (pytest.approx(0.8333, abs=1e-4), 1)
    said = run("imagery", "assess", tmp_path / "map.tif", "--points", tmp_path / "p.csv")
    assert "Kappa 0.667" in said
    assert "±" in said


def test_a_mask_on_the_same_grid_needs_no_interval_and_another_grid_is_refused(run, tmp_path):
    values = np.ones((1, 60, 60), dtype=np.uint8)
    values[0, :, 33:] = 2
    write_raster(tmp_path / "true.tif", values, GRID)
    said = run("imagery", "assess", tmp_path / "map.tif", "--mask", tmp_path / "true.tif")
    assert "95.0%" in said
    assert "没有区间" in said
    write_raster(tmp_path / "off.tif", values, utm(115.7, 37.6, size=60))
    with pytest.raises(GridsApart):
        run("imagery", "assess", tmp_path / "map.tif", "--mask", tmp_path / "off.tif")


def test_a_binary_mask_has_two_classes_and_nodata_is_none(run, tmp_path):
    land, water = np.zeros((1, 60, 60), dtype=np.uint8), np.ones((1, 60, 60), dtype=np.uint8)
    water[0, :, :30] = 0
    write_raster(tmp_path / "land.tif", land, GRID)
    write_raster(tmp_path / "water.tif", water, GRID)
    found = json.loads(run("imagery", "assess", tmp_path / "land.tif", "--mask", tmp_path / "water.tif", "--json"))
    assert (found["matrix"], found["overall"]) == ([[1800, 1800], [0, 0]], pytest.approx(0.5))
    write_raster(tmp_path / "land.tif", land, GRID, nodata=0)
    with pytest.raises(NoReference):
        run("imagery", "assess", tmp_path / "land.tif", "--mask", tmp_path / "water.tif")


def test_points_on_no_class_are_not_used_and_told(run, tmp_path):
    values = np.ones((1, 60, 60), dtype=np.uint8)
    values[0, :, 30:] = 2
    write_raster(tmp_path / "map.tif", values, GRID, nodata=1)
    write_points(tmp_path / "p.csv", [(5, 5, 2), (40, 4, 2)])
    found = json.loads(run("imagery", "assess", tmp_path / "map.tif", "--points", tmp_path / "p.csv", "--json"))
    assert (found["matrix"], found["not_used"]) == ([[1]], 1)


def test_weights_are_ground_and_not_pixels_where_pixels_differ(run, tmp_path):
    grid = degrees(115.6, 39, size=60, step=0.05)
    values = np.ones((1, 60, 60), dtype=np.uint8)
    values[0, 30:] = 2
    write_raster(tmp_path / "map.tif", values, grid)
    (tmp_path / "p.csv").write_text("lon,lat,class\n116,38.5,1\n116,36.5,2\n")
    found = json.loads(run("imagery", "assess", tmp_path / "map.tif", "--points", tmp_path / "p.csv", "--json"))
    north, south = (one["weights"] for one in found["classes"])
    cosines = [np.cos(np.radians(np.linspace(*ends, 100))).mean() for ends in ((37.5, 39), (36, 37.5))]
    assert north / south == pytest.approx(cosines[0] / cosines[1], rel=1e-3)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("经度,纬度,类别\n{lon},{lat},1\n,,\n", "gbk"),
        ("lon;lat;class\n{lon};{lat};1.0\n", "utf-8"),
        ("lon\tlat\tclass\n{lon}\t{lat}\t 1 \n", "utf-8-sig"),
        ("lon,lat,class\n{lon},{lat},1\n{lon},{lat},1\n", "utf-8"),
    ],
)
def test_points_are_read_as_spreadsheets_write_them(run, tmp_path, text, encoding):
    lon, lat = shapely.get_coordinates(to_lonlat([shapely.Point(5, 5)], GRID))[0]
    (tmp_path / "p.csv").write_bytes(text.format(lon=lon, lat=lat).encode(encoding))
    found = json.loads(run("imagery", "assess", tmp_path / "map.tif", "--points", tmp_path / "p.csv", "--json"))
    assert found["matrix"] == [[1, 0], [0, 0]]
    assert (found["overall"], found["unsampled"], found["doubled"]) == (None, ["2"], text.count("{lon}") - 1)
    said = run("imagery", "assess", tmp_path / "map.tif", "--points", tmp_path / "p.csv")
    assert "图上类别 2 没有样点" in said
    assert "总体精度 -，Kappa -" in said


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        (b"a,b\n1,2\n", UnknownColumn, "lon"),
        (b"lon,lat,class\nx,37,1\n", UnreadableFile, "p.csv: 2"),
        (b"lon,lat,class\n115.6,37.6,\n", UnreadableFile, "p.csv: 2"),
        ("lon,lat,class\n115.6,37.6,水面\n".encode(), UnreadableFile, "p.csv: 2"),
        (b"lon,lat,class\n115.6,37.6,1.5\n", UnreadableFile, "whole number"),
        (b"lon,lat,class\n115.6,37.6,nan\n", UnreadableFile, "whole number"),
        (b"lon,lat,class\n37.6,115.6,1\n", UnreadableFile, "longitude first"),
        (b"lon,lat,class\n39512000,4165000,1\n", UnreadableFile, "degrees"),
        (b"lon,lat,class\nnan,37.6,1\n", UnreadableFile, "degrees"),
        (b"lon,lat,class\n115.6,37.6,1\n115.6,37.6,2\n", UnreadableFile, "p.csv: 3"),
        (b"lon,lat,class\n100,30,1\n", NoReference, "nothing"),
        (b"PK\x03\x04\x00\x00", UnreadableFile, "CSV"),
        (b"", EmptyFile, "empty"),
        (b"lon,lat,class\n,,\n", EmptyFile, "empty"),
    ],
)
def test_points_that_cannot_be_read_say_why(run, tmp_path, text, error, said):
    (tmp_path / "p.csv").write_bytes(text)
    with pytest.raises(error) as caught:
        run("imagery", "assess", tmp_path / "map.tif", "--points", tmp_path / "p.csv")
    assert said in caught.value.message("en")


@pytest.mark.parametrize("numbers", [np.linspace(0, 1, 3600), np.arange(3600)], ids=["index", "heights"])
def test_a_raster_of_measurements_is_no_classified_one(run, tmp_path, numbers):
    write_raster(tmp_path / "index.tif", numbers.reshape(1, 60, 60).astype(np.float32), GRID)
    with pytest.raises(UnreadableFile):
        run("imagery", "assess", tmp_path / "index.tif", "--mask", tmp_path / "map.tif")


def test_without_a_reference_nothing_is_claimed(run, tmp_path):
    with pytest.raises(Untold):
        run("imagery", "assess", tmp_path / "map.tif")
    with pytest.raises(MissingFile):
        run("imagery", "assess", tmp_path / "gone.tif", "--mask", tmp_path / "map.tif")
