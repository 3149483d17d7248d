"""Accuracy is reported with its interval, never claimed."""

import csv
import json

import numpy as np
import pytest
from click.testing import CliRunner

from ecotrack.cli.main import cli
from ecotrack.errors import BandsApart, EcotrackError, MissingFile, UnknownColumn, Untold
from ecotrack.imagery.accuracy import assess, confusion
from ecotrack.imagery.grid import to_lonlat
from imagery_scenes import utm, write_raster

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
    import shapely

    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["lon", "lat", "class"])
        for col, row, name in rows:
            lon, lat = shapely.get_coordinates(to_lonlat([shapely.Point(col, row)], GRID))[0]
            writer.writerow([lon, lat, name])


def test_the_papers_example_comes_out_as_published():
    matrix = np.array([[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]])
    found = assess(matrix, {"deforestation": 200_000, "gain": 150_000, "forest": 3_200_000, "other": 6_450_000})
    assert found.users.round(2).tolist() == [0.88, 0.73, 0.93, 0.96]
    assert (1.96 * found.users_se).round(2).tolist() == [0.07, 0.10, 0.04, 0.02]
    assert found.producers.round(2).tolist()[:2] == [0.75, 0.85]
    # Gain by hand from equation 7: (1.39e6 + 2.826e8) / 129846^2, its root 0.1298.
    assert found.producers_se[1] == pytest.approx(0.1298, abs=1e-4)
    assert (found.area_share[0] * 10_000_000, 1.96 * found.area_share_se[0] * 10_000_000) == pytest.approx(
        (235_086, 68_418), rel=1e-4
    )


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
    with pytest.raises(BandsApart):
        run("imagery", "assess", tmp_path / "map.tif", "--mask", tmp_path / "off.tif")


@pytest.mark.parametrize(
    ("text", "error"),
    [("a,b\n1,2\n", UnknownColumn), ("lon,lat,class\nx,37,1\n", EcotrackError), ("", EcotrackError)],
)
def test_points_that_cannot_be_read_say_why(run, tmp_path, text, error):
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(error):
        run("imagery", "assess", tmp_path / "map.tif", "--points", tmp_path / "p.csv")


def test_without_a_reference_nothing_is_claimed(run, tmp_path):
    with pytest.raises(Untold):
        run("imagery", "assess", tmp_path / "map.tif")
    with pytest.raises(MissingFile):
        run("imagery", "assess", tmp_path / "gone.tif", "--mask", tmp_path / "map.tif")
