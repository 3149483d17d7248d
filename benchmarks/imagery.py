"""What the satellite's word costs: ``python -m benchmarks.imagery [--plots 200000] [--size 10980]``.

Makes two synthetic scenes (seeded, block-compressed) in a temporary folder, each of four bands of ten metres and two
shortwave infrared ones of twenty. Every step runs with four bands and with six (which tell built-up ground, wet plants
and water by MNDWI as well), in a process of its own: CPU seconds of user and system, and the highest resident memory.
Peers run on 5,000 plots of the same scene; their means must agree with ecotrack's before any time is printed.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
import shapely
from affine import Affine

from benchmarks.memory import peak_mb
from ecotrack.geometry.features import Feature
from ecotrack.imagery.grid import Grid, to_lonlat
from ecotrack.imagery.scene import Band, CloudMask, Role, Scene

SEED = 20160601
PEER_PLOTS = 5_000
ROLES: tuple[Role, ...] = ("blue", "green", "red", "nir")
WIDE_ROLES: tuple[Role, ...] = ("swir1", "swir2")
LAND, WATER = (600, 900, 800, 3800), (700, 700, 400, 200)
WIDE_LAND, WIDE_WATER = (2200, 1200), (120, 80)
ORIGIN = (320_000.0, 4_220_000.0)
LAKE_PX = (5600, 5200, 420)
"""Row, column and radius of the lake in pixels of a full scene: about 55 km2."""


def grid_of_size(size: int) -> Grid:
    """Return a north-up grid of ten metres in UTM zone 50."""
    return Grid("EPSG:32650", Affine(10, 0, ORIGIN[0], 0, -10, ORIGIN[1]), size, size)


def make_scene(folder: Path, size: int, number: int) -> None:
    """Write a scene of four bands and a cloud mask, strip by strip."""
    rng = np.random.default_rng(SEED + number)
    options = {"driver": "GTiff", "compress": "zstd", "zstd_level": 1, "predictor": 2, "tiled": True,
               "blockxsize": 512, "blockysize": 512, "height": size, "width": size, "crs": "EPSG:32650",
               "transform": grid_of_size(size).transform}  # fmt: skip
    row0, col0, radius = (value * size / 10980 for value in LAKE_PX)
    with (
        rasterio.open(
            folder / f"scene{number}.tif", "w", count=4, dtype="uint16", interleave="band", **options
        ) as file,
        rasterio.open(folder / f"cloud{number}.tif", "w", count=1, dtype="uint8", **options) as cloud,
    ):
        for row in range(0, size, 512):
            height = min(512, size - row)
            rows, cols = np.mgrid[row : row + height, 0:size]
            wet = (rows - row0) ** 2 + (cols - col0) ** 2 < radius**2
            wet |= (rows % 997 < 12) & (cols % 991 < 12)
            fields = 1 + 0.3 * np.sin(rows // 24 * 1.7 + cols // 31 * 2.3)
            window = rasterio.windows.Window(0, row, size, height)
            for band, (land, water) in enumerate(zip(LAND, WATER, strict=True), start=1):
                value = np.where(wet, water, land * fields) + rng.integers(0, 32, wet.shape)
                file.write(value.astype(np.uint16), band, window=window)
            cloud.write(((rows // 700 + cols // 900) % 9 == 0).astype(np.uint8) & ~wet, 1, window=window)
    make_wide_bands(folder, size, number)


def make_wide_bands(folder: Path, size: int, number: int) -> None:
    """Write the two shortwave infrared bands of a scene, of pixels twice as wide."""
    rng, half = np.random.default_rng(SEED + 100 + number), size // 2
    options = {"driver": "GTiff", "compress": "zstd", "zstd_level": 1, "predictor": 2, "tiled": True,
               "blockxsize": 512, "blockysize": 512, "height": half, "width": half, "crs": "EPSG:32650",
               "transform": grid_of_size(size).transform @ Affine.scale(2)}  # fmt: skip
    row0, col0, radius = (value * size / 10980 / 2 for value in LAKE_PX)
    with rasterio.open(
        folder / f"swir{number}.tif", "w", count=2, dtype="uint16", interleave="band", **options
    ) as file:
        for row in range(0, half, 512):
            rows, cols = np.mgrid[row : min(row + 512, half), 0:half]
            wet = (rows - row0) ** 2 + (cols - col0) ** 2 < radius**2
            fields = 1 + 0.3 * np.sin(rows // 12 * 1.7 + cols // 15 * 2.3)
            window = rasterio.windows.Window(0, row, half, len(rows))
            for band, (land, water) in enumerate(zip(WIDE_LAND, WIDE_WATER, strict=True), start=1):
                value = np.where(wet, water, land * fields) + rng.integers(0, 32, wet.shape)
                file.write(value.astype(np.uint16), band, window=window)


def scene_of(folder: Path, number: int, *, six: bool = False) -> Scene:
    """Return the scene that `make_scene` wrote, with its shortwave infrared or without."""
    path = str(folder / f"scene{number}.tif")
    bands = {role: Band(path=path, index=i, scale=1e-4, nodata=0) for i, role in enumerate(ROLES, start=1)}
    if six:
        wide = str(folder / f"swir{number}.tif")
        bands |= {role: Band(path=wide, index=i, scale=1e-4, nodata=0) for i, role in enumerate(WIDE_ROLES, start=1)}
    mask = CloudMask(path=str(folder / f"cloud{number}.tif"), kind="cloud")
    day = dt.date(2020, 6 + number, 1)
    return Scene(scene_id=f"scene{number}", sensor="synthetic", acquired_on=day, bands=bands, mask=mask, sample=True)


def make_plots(count: int, size: int) -> npt.NDArray[np.object_]:
    """Return plots of about ninety pixels, some of them overlapping, EPSG:4490."""
    rng = np.random.default_rng(SEED)
    middle = rng.uniform(15, size - 15, (count, 1, 2))
    vertices = 18
    turn = np.linspace(0, 2 * np.pi, vertices, endpoint=False) + rng.uniform(0, 0.3, (count, 1))
    reach = rng.uniform(4.2, 6.6, (count, vertices))
    pixels = middle + reach[..., None] * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    return to_lonlat(shapely.polygons(pixels), grid_of_size(size))


def lake_of(size: int) -> list[Feature]:
    """Return the basin, EPSG:4490."""
    row, col, radius = (value * size / 10980 for value in LAKE_PX)
    shape = to_lonlat([shapely.Point(col, row).buffer(radius, quad_segs=32)], grid_of_size(size))[0]
    return [Feature(feature_id="lake", name="lake", geometry=shape)]


def step(name: str, folder: Path, size: int, plots: int) -> Any:
    """Run one step and return what it found."""
    what, six = name.removesuffix(SIX), name.endswith(SIX)
    if what in ("lake, its zone", "lake, whole scene"):
        from ecotrack.imagery.lake import LakeAsked, observe

        margin = 1000.0 if what == "lake, its zone" else None
        return observe(scene_of(folder, 0, six=six), lake_of(size), LakeAsked(margin_m=margin)).open_m2 / 1e6
    shapes = np.asarray(shapely.from_wkb(np.load(folder / "plots.npy", allow_pickle=True)))
    if what in ("plots, first scene", "plots, next scene"):
        from ecotrack.imagery.verify import scene_stats

        scene = scene_of(folder, int(what == "plots, next scene"), six=six)
        found = scene_stats(scene, shapes[:plots], folder / f"coverage{SIX if six else ''}")
        np.save(folder / f"ours{SIX if six else ''}.npy", found.mean["NDVI"])
        return float(np.nanmean(found.mean["NDVI"]))
    means = _peer(name, folder, shapes[: min(PEER_PLOTS, plots)], size)
    np.save(folder / f"{name}.npy", means)
    return float(np.nanmean(means))


def _peer(name: str, folder: Path, shapes: npt.NDArray[np.object_], size: int) -> npt.NDArray[np.float64]:
    """Return NDVI means by a peer: it reads the index, written once as a raster, with clouds as nodata."""
    from ecotrack.imagery.grid import to_pixels

    grid = grid_of_size(size)
    plane = shapely.transform(to_pixels(shapes, grid), lambda xy: xy * (10, -10) + ORIGIN)
    path = str(folder / "ndvi.tif")
    if name == "rasterstats":
        from rasterstats import zonal_stats

        found = zonal_stats(list(plane), path, stats=["mean"], nodata=-9)
        return np.array([np.nan if row["mean"] is None else row["mean"] for row in found], dtype=float)
    from exactextract import exact_extract

    features = [{"type": "Feature", "properties": {}, "geometry": json.loads(shapely.to_geojson(one))} for one in plane]
    rows = exact_extract(path, features, ["mean"])
    return np.array([row["properties"]["mean"] for row in rows], dtype=float)


def write_ndvi(folder: Path, size: int) -> None:
    """Write the index of the second scene for the peers, which take no bands and no mask."""
    from ecotrack.imagery.indices import compute
    from ecotrack.imagery.read import OpenScene

    with OpenScene(scene_of(folder, 1), ("red", "nir")) as opened:
        options = {"driver": "GTiff", "tiled": True, "compress": "zstd", "crs": "EPSG:32650", "nodata": -9}
        with rasterio.open(folder / "ndvi.tif", "w", height=size, width=size, count=1, dtype="float32",
                           transform=opened.grid.transform, **options) as file:  # fmt: skip
            for strip in opened.strips(opened.grid.whole):
                pixels = opened.read(strip)
                values = np.where(pixels.clear, compute("NDVI", pixels.bands), np.float32(-9))
                file.write(values, 1, window=rasterio.windows.Window(strip.col, strip.row, strip.width, strip.height))


SIX = ", six bands"
FOUR_STEPS = ("lake, its zone", "lake, whole scene", "plots, first scene", "plots, next scene")
STEPS = (*FOUR_STEPS, *(f"{name}{SIX}" for name in FOUR_STEPS))
PEERS = ("exactextract", "rasterstats")


def run(name: str, folder: Path, size: int, plots: int) -> dict[str, Any]:
    """Run one step in a process of its own and return its cost."""
    call = [sys.executable, "-m", "benchmarks.imagery", "--step", name, "--folder", str(folder)]
    done = subprocess.run(
        [*call, "--size", str(size), "--plots", str(plots)], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"{name:30} {found['cpu_s']:8.1f} CPU s {found['peak_mb']:8.0f} MB   {found['found']:.6g}", flush=True)
    return found


def check_equal(folder: Path) -> None:
    """Raise where a peer's means are not ecotrack's.

    Raises
    ------
    ValueError
        exactextract differs by more than single precision, or rasterstats (whole pixels only) by its own error.
    """
    for which in ("", SIX):
        ours = np.load(folder / f"ours{which}.npy")
        for name, limit in (("exactextract", 2e-5), ("rasterstats", 0.05)):
            theirs = np.load(folder / f"{name}.npy")
            apart = float(np.nanmax(np.abs(theirs - ours[: len(theirs)])))
            print(f"{name}{which}: means of {len(theirs)} plots differ by at most {apart:.2g}")
            if not apart <= limit:
                raise ValueError(f"{name}: {apart}")


def main() -> None:
    """Run the benchmark, or one step of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=10980)
    parser.add_argument("--plots", type=int, default=200_000)
    parser.add_argument("--step")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    if asked.step:
        found = step(asked.step, asked.folder, asked.size, asked.plots)
        usage = resource.getrusage(resource.RUSAGE_SELF)
        cost = {"cpu_s": usage.ru_utime + usage.ru_stime, "peak_mb": peak_mb(), "found": found}
        print(json.dumps(cost))
        return
    with tempfile.TemporaryDirectory() as name:
        folder, started = Path(name), time.process_time()
        for number in (0, 1):
            make_scene(folder, asked.size, number)
        np.save(folder / "plots.npy", shapely.to_wkb(make_plots(asked.plots, asked.size)), allow_pickle=True)
        write_ndvi(folder, asked.size)
        print(f"scenes and plots made in {time.process_time() - started:.0f} CPU s")
        for one in (*STEPS, *PEERS):
            run(one, folder, asked.size, asked.plots)
        check_equal(folder)


if __name__ == "__main__":
    main()
