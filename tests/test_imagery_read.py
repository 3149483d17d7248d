"""Bands of coarser pixels are drawn out to the finest ones, the same whatever part is read, and quickly."""

import datetime as dt

import numpy as np
import pytest
from affine import Affine

from ecotrack.imagery.grid import Window
from ecotrack.imagery.read import OpenScene
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
