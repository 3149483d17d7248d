"""The benchmark runs from a checkout, and its answers agree before its times are worth reading."""

import json
import subprocess
import sys
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from benchmarks import checks, parquet, plots
from benchmarks.borders import densified
from benchmarks.plots import draw_plots, make_records
from benchmarks.questions import difference
from benchmarks.table import markdown

from ecotrack.geometry.area import area_m2
from ecotrack.geometry.codec import to_wkb

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    command = [
        sys.executable, "-m", "benchmarks.figures", "--plots", "300", "--peers", "geopandas", "--repeat", "1",
        "--cache", str(folder / "cache"), "--json", str(folder / "result.json"),
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=ROOT, env={"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin", "PYTHONUTF8": "1"},
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "result.json").read_text(encoding="utf-8"))


def test_answers_agree_with_a_peer_and_with_a_full_union(result):
    assert result["agrees"]
    assert result["agreement"]["geopandas"]["agrees"]
    assert result["full_union"]["difference"] <= 1e-9


def test_every_question_and_every_whole_process_has_its_cost(result):
    for times in (*(engine["times"] for engine in result["engines"].values()), result["whole_process"]):
        for cost in times.values():
            assert cost["wall_s"] > 0
            assert cost["peak_mb"] > 0


def test_the_table_names_every_engine(result):
    heading = next(line for line in markdown(result).splitlines() if line.startswith("| CPU seconds"))
    assert [cell.strip() for cell in heading.strip("|").split("|")] == ["CPU seconds", "ecotrack", "geopandas"]


@pytest.fixture(scope="module")
def counties():
    return densified(np.array([shapely.box(115, 37, 115.5, 37.5), shapely.box(115.5, 37, 116, 37.5)]))


def test_rough_borders_stay_a_coverage(counties):
    assert shapely.coverage_is_valid(counties)
    assert shapely.get_num_coordinates(counties).min() > 1000
    assert shapely.union_all(counties).geom_type == "Polygon"


def test_the_same_seed_gives_the_same_data(counties):
    first, again, other = (next(draw_plots(500, seed=seed, counties=counties)) for seed in (7, 7, 8))
    assert shapely.to_wkb(first.geometry).tolist() == shapely.to_wkb(again.geometry).tolist()
    assert shapely.to_wkb(first.geometry).tolist() != shapely.to_wkb(other.geometry).tolist()


def test_blocks_of_plots_are_numbered_on_and_read_back_from_one_file(counties, tmp_path, monkeypatch):
    monkeypatch.setattr(plots, "BLOCK", 200)
    path = tmp_path / "plots.parquet"
    with parquet.plots_file(path) as write:
        blocks = list(draw_plots(500, seed=7, counties=counties))
        for block in blocks:
            write(block)
    drawn = np.concatenate([block.geometry for block in blocks])
    kept = geopandas.read_parquet(path)
    assert [block.first for block in blocks] == [0, 200, 400]
    assert kept["plot"].tolist() == [*range(500)]
    assert kept.crs.to_epsg() == 4490
    assert [to_wkb(shape) for shape in kept.geometry] == list(parquet.read_wkb(path)) == [*map(to_wkb, drawn)]


def test_tiles_stand_for_a_full_union_and_an_error_in_them_is_seen(counties, tmp_path, monkeypatch):
    path = tmp_path / "plots.parquet"
    with parquet.plots_file(path) as write:
        write(next(draw_plots(2000, seed=7, counties=counties)))
    found = checks.against_full_union(path, seed=7, whole=False)
    assert (found["samples"], found["agrees"]) == (10, True)
    monkeypatch.setattr(checks, "net_area_m2", lambda geometry: float(area_m2(geometry).sum()))
    assert not checks.against_full_union(path, seed=7, whole=False)["agrees"]


def test_plots_are_the_mix_that_was_asked_for(counties):
    (drawn,) = draw_plots(2000, seed=7, counties=counties)
    left, right = shapely.STRtree(drawn.geometry).query(drawn.geometry, predicate="intersects")
    overlapping = len({*left[left != right].tolist()}) / 2000
    assert shapely.is_valid(drawn.geometry).all()
    assert 0.07 < overlapping < 0.13
    assert 0.004 < drawn.repaired / 2000 < 0.02
    assert len(make_records(drawn.season, seed=7).plot) == 6 * 2000


def test_counts_must_be_equal_and_areas_near():
    pairs = np.array([[0, 1], [2, 3]])
    assert difference("pairs", pairs, pairs) == 0
    assert difference("pairs", pairs, pairs[:1]) == float("inf")
    assert difference("pairs", pairs, np.array([[0, 1], [2, 4]])) == float("inf")
    assert difference("area", np.array([1.0, 100.0]), np.array([0.0, 100.0])) == float("inf")
    assert difference("area", np.array([0.0, 100.0]), np.array([0.0, 100.1])) == pytest.approx(1e-3, rel=0.01)
