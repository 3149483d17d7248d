"""Synthetic scenes with known truth: a lake, reeds, turbid water, crops, soil, cloud, shadow, noise, mixed pixels."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from affine import Affine
from rasterio.features import rasterize

from ecotrack.geometry.area import area_m2
from ecotrack.geometry.features import Feature
from ecotrack.imagery.grid import Grid, to_pixels
from ecotrack.imagery.scene import Band, CloudMask, Scene

ROLES = ("blue", "green", "red", "nir", "swir1")
GROUND = {
    "crops": (0.04, 0.08, 0.05, 0.42, 0.22),
    "soil": (0.10, 0.14, 0.19, 0.27, 0.34),
    "water": (0.07, 0.07, 0.04, 0.02, 0.01),
    "turbid": (0.10, 0.14, 0.13, 0.07, 0.03),
    "reeds": (0.03, 0.06, 0.05, 0.28, 0.08),
    "town": (0.15, 0.17, 0.18, 0.22, 0.25),
    "trees": (0.02, 0.05, 0.03, 0.38, 0.15),
    "cloud": (0.60, 0.60, 0.60, 0.62, 0.50),
    "shadow": (0.02, 0.025, 0.015, 0.012, 0.01),
}
FINE = 5
"""Each pixel is made of 5 by 5 finer ones: edges are mixed."""
DAY = dt.date(2020, 9, 1)


def utm(west: float, north: float, *, size: int = 400, pixel_m: float = 10.0, zone: int = 50) -> Grid:
    from pyproj import Transformer

    crs = f"EPSG:326{zone}"
    x, y = Transformer.from_crs("EPSG:4490", crs, always_xy=True).transform(west, north)
    return Grid(crs, Affine(pixel_m, 0, round(x, -1), 0, -pixel_m, round(y, -1)), size, size)


def degrees(west: float, north: float, *, size: int = 400, step: float = 1e-4) -> Grid:
    return Grid("EPSG:4490", Affine(step, 0, west, 0, -step, north), size, size)


def rotated(grid: Grid, degrees_: float) -> Grid:
    about = (grid.width / 2, grid.height / 2)
    return grid._replace(transform=grid.transform @ Affine.rotation(degrees_, about))


def south_up(grid: Grid) -> Grid:
    flip = Affine.translation(0, grid.height) @ Affine.scale(1, -1)
    return grid._replace(transform=grid.transform @ flip)


def round_lake(lon: float = 115.61, lat: float = 37.61, radius_m: float = 1200.0) -> shapely.Polygon:
    around = np.linspace(0, 2 * np.pi, 181)[:-1]
    east, north = radius_m / 88_300, radius_m / 111_000
    return shapely.Polygon(np.column_stack([lon + east * np.cos(around), lat + north * np.sin(around)]))


def feature(shape: shapely.Geometry, name: str = "lake") -> Feature:
    return Feature(feature_id=name, name=name, geometry=shape)


@dataclass
class Painting:
    """What lies on the ground, later things over earlier ones; names of `GROUND` with their shapes."""

    things: list[tuple[str, shapely.Geometry]] = field(default_factory=list)
    base: str = "crops"

    def shares(self, grid: Grid) -> dict[str, np.ndarray]:
        """Return the share of each kind of ground in every pixel."""
        names = [self.base, *(name for name, _ in self.things)]
        kinds = list(dict.fromkeys(names))
        fine = np.zeros((grid.height * FINE, grid.width * FINE), dtype=np.uint8)
        if self.things:
            pixels = to_pixels([shape for _, shape in self.things], grid)
            burned = [(shape, kinds.index(name)) for shape, (name, _) in zip(pixels, self.things, strict=True)]
            rasterize(burned, out=fine, transform=Affine.scale(1 / FINE))
        blocks = fine.reshape(grid.height, FINE, grid.width, FINE)
        return {name: (blocks == number).mean(axis=(1, 3)) for number, name in enumerate(kinds)}

    def reflectance(self, grid: Grid, *, noise: float, seed: int) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(seed)
        shares = self.shares(grid)
        found = {}
        for number, role in enumerate(ROLES):
            clean = sum(share * GROUND[name][number] for name, share in shares.items())
            found[role] = np.clip(clean + rng.normal(0, noise, (grid.height, grid.width)), 0.001, 1.5)
        return found


def write(
    path: Path,
    painting: Painting,
    grid: Grid,
    *,
    roles: tuple[str, ...] = ROLES,
    day: dt.date = DAY,
    noise: float = 0.004,
    seed: int = 1,
    scale: float = 1e-4,
    offset: float = 0.0,
    hidden: shapely.Geometry | None = None,
    mask: bool = True,
    **options: Any,
) -> Scene:
    """Write a stack of bands and a cloud mask, and return the scene that they are."""
    values = painting.reflectance(grid, noise=noise, seed=seed)
    stored = np.stack([np.rint((values[role] - offset) / scale).clip(1, 65535).astype(np.uint16) for role in roles])
    write_raster(path, stored, grid, nodata=0, **options)
    bands = {
        role: Band(path=str(path), index=number, scale=scale, offset=offset, nodata=0)
        for number, role in enumerate(roles, start=1)
    }
    cloud_path = path.with_name(f"{path.stem}-cloud.tif")
    if mask:
        burned = np.zeros((1, grid.height, grid.width), dtype=np.uint8)
        if hidden is not None:
            burned[0] = rasterize(
                list(to_pixels([hidden], grid)), out_shape=burned.shape[1:], transform=Affine.identity()
            )
        write_raster(cloud_path, burned, grid)
    cloud = CloudMask(path=str(cloud_path), kind="cloud") if mask else None
    return Scene(scene_id=path.stem, sensor="synthetic", acquired_on=day, bands=bands, mask=cloud, sample=True)


def write_raster(path: Path, stored: np.ndarray, grid: Grid, **options: Any) -> None:
    settings = {"driver": "GTiff", "compress": "deflate", "tiled": True} | options
    with rasterio.open(
        path, "w", height=grid.height, width=grid.width, count=len(stored), dtype=stored.dtype, crs=grid.crs,
        transform=grid.transform, **settings,
    ) as file:  # fmt: skip
        file.write(stored)


def true_km2(*shapes: shapely.Geometry) -> float:
    return float(area_m2([shapely.union_all(list(shapes))])[0]) / 1e6
