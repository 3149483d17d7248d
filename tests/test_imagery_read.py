"""Bands of coarser pixels are drawn out to the finest ones, the same whatever part is read, and quickly."""

import datetime as dt

import numpy as np
import pytest
from affine import Affine

from ecotrack.errors import MissingFile, UnfitMask
from ecotrack.imagery.grid import Window
from ecotrack.imagery.read import OpenScene, open_raster
from ecotrack.imagery.scene import Band, CloudMask, Scene
from imagery_scenes import utm, write_raster

FINE = utm(115.6, 37.6, size=60)


def scene_with(tmp_path, wide: np.ndarray, times: int, **mask) -> Scene:
    """Return a scene of a flat green band and a shortwave one of pixels some times as wide."""
    coarse = FINE._replace(transform=FINE.transform @ Affine.scale(times), height=wide.shape[0], width=wide.shape[1])
    write_raster(tmp_path / "green.tif", np.full((1, 60, 60), 800, dtype=np.uint16), FINE)
    write_raster(tmp_path / "swir.tif", wide[None], coarse)
    bands = {"green": Band(path=str(tmp_path / "green.tif"), scale=1e-4, nodata=0),
             "swir1": Band(path=str(tmp_path / "swir.tif"), scale=1e-4, nodata=0)}  # fmt: skip
    cloud = None
    if mask:
        write_raster(tmp_path / "mask.tif", mask["mask"][None], coarse)
        cloud = CloudMask(path=str(tmp_path / "mask.tif"), kind="cloud")
    return Scene(scene_id="s", sensor="made", acquired_on=dt.date(2020, 9, 1), bands=bands, mask=cloud)


def read(scene: Scene, window: Window | None = None):
    with OpenScene(scene, ("green", "swir1")) as opened:
        return opened.read(window or opened.grid.whole)


@pytest.mark.parametrize("times", [2, 3, 6])
def test_a_slope_stays_a_slope(tmp_path, times):
    rows, cols = np.mgrid[: 60 // times, : 60 // times]
    found = read(scene_with(tmp_path, (1000 + 60 * rows + 30 * cols).astype(np.uint16), times)).bands["swir1"]
    row, col = (np.mgrid[:60, :60] + 0.5) / times - 0.5
    inner = slice(times, 60 - times)
    assert np.allclose(found[inner, inner], (0.1 + 0.006 * row + 0.003 * col)[inner, inner], atol=1e-6)


def test_every_window_reads_what_the_whole_reads(tmp_path):
    rng = np.random.default_rng(3)
    scene = scene_with(tmp_path, rng.integers(1, 5000, (20, 20)).astype(np.uint16), 3)
    whole = read(scene)
    for row, col, height, width in rng.integers((0, 0, 1, 1), (30, 30, 31, 31), (20, 4)):
        part = read(scene, Window(int(row), int(col), int(height), int(width)))
        assert (part.bands["swir1"] == whole.bands["swir1"][row : row + height, col : col + width]).all()


def test_a_window_is_read_by_whole_blocks_so_that_none_is_unpacked_twice(tmp_path):
    grid = utm(115.6, 37.6, size=1600)
    write_raster(tmp_path / "s.tif", np.ones((2, 1600, 1600), dtype=np.uint8), grid, blockxsize=256, blockysize=256)
    bands = {role: Band(path=str(tmp_path / "s.tif"), index=n) for n, role in enumerate(("green", "swir1"), start=1)}
    with OpenScene(Scene(scene_id="s", sensor="x", acquired_on=dt.date(2020, 9, 1), bands=bands), ("green",)) as opened:
        strips = list(opened.strips(Window(100, 7, 1450, 50)))
    ends = [strip.row + strip.height for strip in strips]
    assert (strips[0].row, ends[-1]) == (100, 1550)
    assert [strip.row for strip in strips[1:]] == ends[:-1]
    assert all(end % 256 == 0 for end in ends[:-1])


def test_a_pixel_without_data_takes_its_own_ground_and_no_other(tmp_path):
    wide = np.full((30, 30), 1200, dtype=np.uint16)
    wide[10, 10] = 0
    pixels = read(scene_with(tmp_path, wide, 2))
    gap = np.zeros((60, 60), dtype=bool)
    gap[20:22, 20:22] = True
    assert (pixels.clear == ~gap).all()
    assert np.allclose(pixels.bands["swir1"][~gap], 0.12)


def test_a_coarse_mask_hides_the_ground_under_its_pixels(tmp_path):
    mask = np.zeros((20, 20), dtype=np.uint8)
    mask[5, 7] = 1
    pixels = read(scene_with(tmp_path, np.full((20, 20), 1200, dtype=np.uint16), 3, mask=mask))
    hidden = np.zeros((60, 60), dtype=bool)
    hidden[15:18, 21:24] = True
    assert (pixels.clear == ~hidden).all()


@pytest.mark.parametrize(("dtype", "number"), [("uint16", 0), ("uint16", 65535), ("int16", -32768), ("float32", -9999),
                                               ("uint8", 0), ("uint8", 255)])  # fmt: skip
def test_numbers_that_stand_for_nothing_are_never_seen_where_no_nodata_is_named(tmp_path, dtype, number):
    stored = np.full((2, 60, 60), 90, dtype=dtype)
    stored[:, :20] = number
    stored[0, 40, 40] = 0  # one band alone may be as dark as that
    write_raster(tmp_path / "s.tif", stored, FINE)
    bands = {role: Band(path=str(tmp_path / "s.tif"), index=n, scale=1e-3, offset=-0.01)
             for n, role in enumerate(("green", "swir1"), start=1)}  # fmt: skip
    pixels = read(Scene(scene_id="s", sensor="made", acquired_on=dt.date(2020, 9, 1), bands=bands))
    assert (pixels.clear[:20].any(), pixels.clear[20:].all()) == (False, True)
    assert np.isnan(pixels.bands["green"][:20]).all()


def test_a_number_for_nothing_that_is_named_is_the_only_one(tmp_path):
    stored = np.full((2, 60, 60), 900, dtype=np.uint16)
    stored[:, :20], stored[:, 20:30], stored[:, 30:40] = 7, 0, 65535
    write_raster(tmp_path / "s.tif", stored, FINE, nodata=7)
    bands = {role: Band(path=str(tmp_path / "s.tif"), index=n) for n, role in enumerate(("green", "swir1"), start=1)}
    clear = read(Scene(scene_id="s", sensor="made", acquired_on=dt.date(2020, 9, 1), bands=bands)).clear
    assert (clear[:20].any(), clear[20:].all()) == (False, True)


def masked(tmp_path, stored: np.ndarray, kind: str, **options) -> Scene:
    write_raster(tmp_path / "mask.tif", stored[None], FINE, **options)
    write_raster(tmp_path / "s.tif", np.full((2, 60, 60), 900, dtype=np.uint16), FINE)
    bands = {role: Band(path=str(tmp_path / "s.tif"), index=n) for n, role in enumerate(("green", "swir1"), start=1)}
    cloud = CloudMask(path=str(tmp_path / "mask.tif"), kind=kind)
    return Scene(scene_id="s", sensor="made", acquired_on=dt.date(2020, 9, 1), bands=bands, mask=cloud)


@pytest.mark.parametrize(("kind", "number"), [("scl", 21824), ("scl", 255), ("qa_pixel", 4), ("qa_pixel", 11)])
def test_a_mask_of_another_kind_is_refused_and_hides_nothing_wrongly(tmp_path, kind, number):
    with pytest.raises(UnfitMask, match="--mask-kind"):
        read(masked(tmp_path, np.full((60, 60), number, dtype=np.uint16), kind))


def test_masks_hide_what_their_product_guides_say(tmp_path):
    scl = np.repeat(np.arange(12, dtype=np.uint8), 5)[:, None].repeat(60, axis=1)
    clear = read(masked(tmp_path, scl, "scl")).clear[::5, 0]
    assert np.flatnonzero(clear).tolist() == [2, 4, 5, 6, 7]
    bits = np.uint16([21824, *(21824 | 1 << bit for bit in range(6)), 1])
    clear = read(masked(tmp_path, bits.repeat(8)[:60, None].repeat(60, axis=1), "qa_pixel")).clear[:56:8, 0]
    assert np.flatnonzero(clear).tolist() == [0]


def test_where_a_mask_of_clear_pixels_says_nothing_nothing_is_clear(tmp_path):
    stored = np.full((60, 60), 255, dtype=np.uint8)
    stored[:30] = 1
    clear = read(masked(tmp_path, stored, "clear", nodata=255)).clear
    assert (clear[:30].all(), clear[30:].any()) == (True, False)


def test_an_archive_that_was_moved_is_named_itself(tmp_path):
    for inside in (f"/vsizip/{tmp_path}/a.zip/B03.jp2", f"/vsitar/{tmp_path}/a.tar/SR_B3.TIF"):
        with pytest.raises(MissingFile, match=rf"{tmp_path}/a\.(zip|tar): "):
            open_raster(inside)
