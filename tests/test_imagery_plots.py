"""The satellite's word about plots: careful, with its reasons, and never a figure."""

import base64
import csv
import datetime as dt
import errno
import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from rasterio.io import MemoryFile

from ecotrack.errors import MissingFile
from ecotrack.imagery import coverage
from ecotrack.imagery.chips import SMALL_SIDE, chip, small_chips, write_chips
from ecotrack.imagery.coverage import cover, kept_coverage
from ecotrack.imagery.grid import to_lonlat, to_pixels
from ecotrack.imagery.plot_stats import plot_stats, stats_roles
from ecotrack.imagery.read import OpenScene
from ecotrack.imagery.verdict import PlotAsked
from ecotrack.imagery.verify import scene_stats, verify_plots
from imagery_office import GRID, hand_in_plots, take_scenes
from imagery_scenes import ROLES, Painting, degrees, rotated, south_up, write

DAY = dt.date(2024, 10, 15)


def pixel_box(west: float, north: float, east: float, south: float, grid=GRID):
    return to_lonlat([shapely.box(west, north, east, south)], grid)[0]


def plot(**said) -> PlotAsked:
    return PlotAsked(**{"feature_id": "p", "season": "2020-spring", "form": "片林"} | said)


GRIDS = {
    "utm": GRID,
    "south-up": south_up(GRID),
    "rotated": rotated(GRID, 25),
    "degrees": degrees(115.6, 37.6, size=120),
}


@pytest.mark.parametrize("name", GRIDS)
def test_shares_of_pixels_add_up_to_the_plot_and_overlapping_plots_keep_their_own(name):
    grid = GRIDS[name]
    shapes = np.array([pixel_box(10.3, 10.6, 19.9, 22.2, grid), pixel_box(15.5, 15.5, 30.25, 30.75, grid)])
    found = cover(shapes, grid)
    for number, plot_number in enumerate(found.plot):
        share = found.share[found.start[number] : found.start[number + 1]]
        assert share.sum() == pytest.approx(shapely.area(to_pixels(shapes, grid))[plot_number], rel=1e-5)
        cells = found.cell[found.start[number] : found.start[number + 1]]
        inside = shapely.intersection(
            to_pixels(shapes, grid)[plot_number],
            shapely.box(cells % 120, cells // 120, cells % 120 + 1, cells // 120 + 1),
        )
        assert share == pytest.approx(shapely.area(inside), abs=1e-4)


SHAPES = np.array([pixel_box(10.3, 10.6, 19.9, 22.2), pixel_box(500, 500, 510, 510)])


def test_coverage_is_kept_and_a_damaged_one_is_made_again(tmp_path):
    first = kept_coverage(SHAPES, GRID, tmp_path)
    [kept] = tmp_path.iterdir()
    stamp = (kept / "cell.npy").stat().st_mtime_ns
    assert (kept_coverage(SHAPES, GRID, tmp_path).cell == first.cell).all()
    assert (kept / "cell.npy").stat().st_mtime_ns == stamp
    for damage in (lambda path: path.write_bytes(b""), lambda path: np.save(path, first.share[:5]), Path.unlink):
        damage(kept / "share.npy")
        assert (kept_coverage(SHAPES, GRID, tmp_path).share == first.share).all()
    assert (np.load(kept / "share.npy") == first.share).all()


def test_kept_coverage_is_of_these_plots_and_this_grid_to_the_vertex():
    moved = SHAPES.copy()
    moved[0] = pixel_box(10.3, 10.6, 19.9, 22.3)
    keys = {coverage.coverage_key(*asked) for asked in (
        (SHAPES, GRID), (moved, GRID), (SHAPES, GRID._replace(height=119)), (SHAPES, south_up(GRID)),
    )}  # fmt: skip
    assert len(keys) == 4


def test_the_core_of_a_plot_is_its_share_in_whole_pixels():
    [core] = cover(SHAPES[:1], GRID).core
    assert core == pytest.approx(8 * 11 / (9.6 * 11.6), abs=1e-4)


def test_coverage_of_plots_as_they_were_does_not_pile_up_and_grids_keep_their_own(tmp_path):
    other = degrees(115.6, 37.6, size=120)
    for plots in (SHAPES, SHAPES[:1]):
        for grid in (GRID, other):
            kept_coverage(plots, grid, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    assert [len(kept_coverage(SHAPES[:1], grid, tmp_path).plot) for grid in (GRID, other)] == [1, 1]


def test_two_runs_that_keep_the_same_coverage_at_once_both_end_well(tmp_path, monkeypatch):
    alone = cover(SHAPES, GRID)

    def while_another_runs(shapes, grid):
        monkeypatch.setattr(coverage, "cover", lambda *_: alone)
        kept_coverage(shapes, grid, tmp_path)
        return alone

    monkeypatch.setattr(coverage, "cover", while_another_runs)
    assert (kept_coverage(SHAPES, GRID, tmp_path).cell == alone.cell).all()
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_a_full_disk_or_a_broken_run_leaves_no_half_coverage(tmp_path, monkeypatch, fault):
    wrote = []

    def save(path, array):
        wrote.append(path)
        if len(wrote) == 3:
            raise fault
        path.write_bytes(b"half")

    monkeypatch.setattr(coverage.np, "save", save)
    if isinstance(fault, OSError):
        assert len(kept_coverage(SHAPES, GRID, tmp_path).plot) == 2
    else:
        with pytest.raises(KeyboardInterrupt):
            kept_coverage(SHAPES, GRID, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_control_ring_leaves_out_other_plots_and_cloud(tmp_path):
    mine, other = pixel_box(50, 50, 60, 60), pixel_box(61, 40, 75, 75)
    cloud = pixel_box(35, 35, 48, 75)
    shown = Painting([("trees", mine), ("trees", other), ("cloud", cloud)], base="soil")
    scene = write(tmp_path / "s.tif", shown, GRID, noise=0, hidden=cloud)
    with OpenScene(scene, stats_roles(scene)) as opened:
        found = plot_stats(opened, cover(np.array([mine, other]), opened.grid))
    assert found.ring["NDVI"][0] == pytest.approx((0.27 - 0.19) / (0.27 + 0.19), abs=0.002)
    assert found.mean["NDVI"][0] == pytest.approx((0.38 - 0.03) / (0.38 + 0.03), abs=0.002)
    assert (found.seen_px[0], set(found.mean)) == (pytest.approx(100, abs=0.1), {"NDVI", "EVI", "SAVI"})
    assert found.deviation["NDVI"][0] < 0.01


def test_a_ring_keeps_a_pixel_off_the_plot_and_water_counts_by_the_part_inside(tmp_path):
    mine, pool = pixel_box(50.5, 50.1, 59.9, 59.9), pixel_box(48, 48, 51, 62)
    scene = write(tmp_path / "s.tif", Painting([("water", pool)], base="soil"), GRID, noise=0)
    with OpenScene(scene, stats_roles(scene)) as opened:
        found = plot_stats(opened, cover(np.array([mine]), opened.grid))
    assert found.ring_px[0] == 30 * 30 - 12 * 12
    assert found.water_share[0] == pytest.approx(0.5 / 9.4, abs=1e-4)


def test_plots_across_strips_of_rows_and_after_a_gap_are_told_like_any_other(tmp_path):
    grid = GRID._replace(height=2300, width=64)
    boxes = [(10, 5, 22, 17), (30, 500, 44, 530), (4, 515, 12, 519), (50, 300, 58, 1300), (20, 2100, 30, 2120)]
    shapes = np.array([pixel_box(west, north, east, south, grid) for west, north, east, south in boxes])
    field = Painting([("trees", shape) for shape in shapes], base="soil")
    scene = write(tmp_path / "tall.tif", field, grid, noise=0.01, roles=ROLES[:4], blockxsize=64, blockysize=256)
    with OpenScene(scene, stats_roles(scene)) as opened:
        covered = cover(shapes, grid)
        found = plot_stats(opened, covered)
        whole = opened.read(grid.whole)
    assert opened.strip_rows == 512
    ndvi = (whole.bands["nir"] - whole.bands["red"]) / (whole.bands["nir"] + whole.bands["red"])
    taken = covered.taken_rows(0, grid.height, grid.width)
    for place, plot_number in enumerate(covered.plot):
        cells = slice(covered.start[place], covered.start[place + 1])
        mean = np.average(ndvi.ravel()[covered.cell[cells]], weights=covered.share[cells])
        assert found.mean["NDVI"][plot_number] == pytest.approx(mean, abs=1e-5)
        top, left, low, right = covered.box[place] + [-10, -10, 11, 11]
        frame = np.s_[max(top, 0) : low, max(left, 0) : right]
        assert found.ring_px[plot_number] == (~taken[frame]).sum()
        assert found.ring["NDVI"][plot_number] == pytest.approx(ndvi[frame][~taken[frame]].mean(), abs=1e-5)


def test_a_strip_and_a_plot_amid_other_plots_are_told_for_what_they_are(tmp_path):
    inner, strip = pixel_box(30, 30, 42, 42), pixel_box(80.2, 20, 81.8, 60)
    [around] = shapely.difference([pixel_box(15, 15, 57, 57)], pixel_box(30, 30, 42, 42))
    shapes = np.array([inner, around, strip])
    planted = Painting([("trees", shape) for shape in shapes], base="soil")
    paintings = {"2019-06-20": Painting(base="soil")}
    paintings |= {f"2024-{on}": planted for on in ("05-10", "06-10", "06-20", "07-20", "08-20")}
    scenes = [
        write(tmp_path / f"{on}.tif", painting, GRID, day=dt.date.fromisoformat(on), mask=False)
        for on, painting in paintings.items()
    ]
    found = verify_plots([plot()] * 3, shapes, scenes, as_of=DAY, folder=tmp_path / "kept")
    told = [(one.answer, one.reasons[0].en) for one in found]
    assert told[0] == ("cannot_tell", "no ground around to compare with")
    assert told[1][0] == "supports"
    assert told[2] == ("cannot_tell", "too narrow: most of its pixels are mixed")


def test_a_plot_half_outside_the_scene_is_seen_by_half_and_one_outside_is_no_look(tmp_path):
    shapes = np.array([pixel_box(-5, 50, 5, 60), pixel_box(300, 300, 310, 310), pixel_box(20, 20, 30, 30)])
    scene = write(tmp_path / "s.tif", Painting(), GRID)
    found = scene_stats(scene, shapes, tmp_path / "kept")
    assert found.seen_share.round(2).tolist() == [0.5, 0, 1]
    verdicts = verify_plots([plot()] * 3, shapes, [scene], as_of=DAY, folder=tmp_path / "kept")
    assert [verdict.answer for verdict in verdicts] == ["cannot_tell", "not_run", "cannot_tell"]


def test_a_scene_whose_file_is_gone_is_told_before_any_is_read(tmp_path):
    here, gone = (write(tmp_path / f"{name}.tif", Painting(), GRID) for name in ("here", "gone"))
    (tmp_path / "gone.tif").unlink()
    read = []
    with pytest.raises(MissingFile):
        verify_plots([plot()], SHAPES[:1], [here, gone], as_of=DAY, folder=tmp_path / "kept", told=read.append)
    assert read == []


def test_chips_are_pictures_and_an_id_is_never_a_path(tmp_path):
    mine = pixel_box(50, 50, 60, 60)
    scene = write(tmp_path / "s.tif", Painting([("trees", mine)], base="soil"), GRID)
    [path] = write_chips("../../强/1", mine, [scene], tmp_path / "chips")
    assert path.parent == tmp_path / "chips"
    with rasterio.open(path) as file:
        assert (file.driver, file.count, file.width) == ("PNG", 3, file.height)
    assert len(list((tmp_path / "chips").iterdir())) == 1


def test_small_pictures_stay_small_and_end_where_a_page_would_grow_too_large(tmp_path):
    shapes = [pixel_box(50, 50, 60, 60), pixel_box(2, 2, 118, 100), pixel_box(20, 20, 30, 30)]
    scene = write(tmp_path / "s.tif", Painting([("trees", shape) for shape in shapes]), GRID)
    wanted = [(f"{number}", shape, [(scene, True)]) for number, shape in enumerate(shapes)]
    every = small_chips(wanted)
    assert list(every) == ["0", "1", "2"]
    for [one] in every.values():
        with MemoryFile(base64.b64decode(one.jpeg)) as memory, memory.open() as picture:
            assert max(picture.shape) <= SMALL_SIDE
    enough = len(every["0"][0].jpeg) + len(every["1"][0].jpeg)
    assert list(small_chips(wanted, most_bytes=enough)) == ["0", "1"]


@pytest.mark.parametrize(("most_side", "edge"), [(200, 2 * (116 + 98)), (50, 2 * (116 + 98) / 3)])
def test_the_edge_of_a_large_plot_stays_whole_in_a_small_picture(tmp_path, most_side, edge):
    shape = pixel_box(2, 2, 118, 100)
    scene = write(tmp_path / "s.tif", Painting([("soil", shape)]), GRID)
    picture = chip(shape, scene, around_px=5, enlarged=4, most_side=most_side)
    assert max(picture.shape) <= most_side
    assert (picture == np.array([255, 230, 0])[:, None, None]).all(axis=0).sum() == pytest.approx(edge, rel=0.05)


def test_an_office_checks_its_plots_and_no_figure_moves(office, tmp_path):
    mine = pixel_box(50, 50, 62, 62)
    hand_in_plots(office, tmp_path, {"小班1": mine})
    flooded = Painting([("water", mine)], base="soil")
    take_scenes(office, tmp_path, {"2024-05-01": flooded, "2024-08-01": flooded})
    before = office.workspace.view().to_json()
    said = office("verify", "plots", "--chips", tmp_path / "chips").output
    assert "矛盾 1" in said
    assert "60天以上历次影像都是水面" in said
    assert len(list((tmp_path / "chips").glob("*.png"))) == 2
    assert office.workspace.view().to_json() == before
    document = json.loads(office("verify", "plots", "--json", "--numbers", tmp_path / "n.csv").output)
    assert (document["counts"]["contradicts"], document["sample"]) == (1, True)
    with (tmp_path / "n.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["feature_id"], row["day"]) for row in rows] == [("小班1", "2024-05-01"), ("小班1", "2024-08-01")]
    told = {key: float(rows[0][key]) for key in ("clear_px", "ndvi", "ndvi_ring", "savi", "evi_sd", "water_share")}
    assert told["clear_px"] == pytest.approx(144, abs=0.1)
    # Water and soil of red 0.04, 0.19 and near infrared 0.02, 0.27.
    assert (told["ndvi"], told["ndvi_ring"]) == pytest.approx((-1 / 3, 0.08 / 0.46), abs=0.02)
    assert told["savi"] == pytest.approx(1.5 * -0.02 / 0.56, abs=0.01)
    assert told["water_share"] > 0.99
    assert (
        json.loads(office("verify", "plots", "--scenes", "x_20240501", "--json").output)["counts"]["cannot_tell"] == 1
    )


def test_an_office_is_told_of_woods_under_new_plots_alone_and_not_of_struck_ones(office, tmp_path):
    mine = pixel_box(50, 50, 62, 62)
    first = hand_in_plots(office, tmp_path, {"小班1": mine})
    hand_in_plots(office, tmp_path, {"小班2": mine}, kind="重造", parent_id="小班1")
    woods = Painting([("trees", mine)], base="soil")
    days = ("2018-07-10", "2019-05-10", "2019-06-10", "2019-06-20", "2019-08-20", "2020-07-10")
    take_scenes(office, tmp_path, dict.fromkeys(days, woods))
    document = json.loads(office("verify", "plots", "--json").output)
    assert {row["feature_id"]: row["verdict"] for row in document["verdicts"]} \
        == {"小班1": "contradicts", "小班2": "cannot_tell"}  # fmt: skip
    assert [one["responsible_unit"] for one in document["findings"]] == ["131102"]
    office("review", "strike", first, "--by", "李四", "--reason", "原有林地")
    document = json.loads(office("verify", "plots", "--json").output)
    assert [row["feature_id"] for row in document["verdicts"]] == ["小班2"]
