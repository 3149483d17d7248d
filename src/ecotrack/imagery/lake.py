"""The lake's surface in one scene: the water that hangs together with the basins, on the ellipsoid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from affine import Affine
from rasterio.features import rasterize, sieve

from ecotrack.errors import Text, TooLittleSeen, ZoneOutside
from ecotrack.geometry.area import area_m2
from ecotrack.geometry.features import Feature, geometries_of
from ecotrack.imagery.grid import Grid, Window, counted_area_m2, to_lonlat, to_pixels, window_around
from ecotrack.imagery.indices import compute, index_roles
from ecotrack.imagery.outlines import outlines
from ecotrack.imagery.read import OpenScene
from ecotrack.imagery.scene import Role, Scene
from ecotrack.imagery.shade import SHADE_ROLES, SHADE_SHARE, Shade, look_for_shade, said_of_most
from ecotrack.imagery.shore import look_at_shore
from ecotrack.imagery.stored_numbers import Levels, refuse_raw
from ecotrack.imagery.threshold import BINS, WaterEdge, find_edge, fixed_edge, histogram
from ecotrack.imagery.water import water_index, wet_plants

Mask = npt.NDArray[np.bool_]

MARGIN_M = 1000.0
"""How far beyond the basins' outlines water still counts as the lake."""
LEAST_CLEAR_PCT = 60.0
"""Share of the basins that must be seen."""
LEAST_PIXELS = 9
"""Water, and islands, of fewer pixels are taken for noise."""
_FARTHEST_M = 100_000.0
_STEPS = 10_000
"""The index is kept in ten-thousandths: a whole scene then takes two bytes a pixel."""
_UNSEEN = -32768
_PLANT_ROLES: tuple[Role, ...] = ("blue", "red", "nir", "swir1")
_DOUBT_SHARE = 0.01
_NEAR = 0.05
_NEAR_SHARE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeAsked:
    """How a scene is to be looked at.

    Attributes
    ----------
    index
        ``NDWI`` or ``MNDWI``; ``None`` takes the better one that the scene allows.
    threshold
        A fixed value; ``None`` is Otsu's.
    margin_m
        How far beyond the basins; ``None`` takes the threshold from the whole scene and follows the water as far as
        it hangs together.
    least_clear_pct
        Share of the basins that must be seen.
    """

    index: str | None = None
    threshold: float | None = None
    margin_m: float | None = MARGIN_M
    least_clear_pct: float = LEAST_CLEAR_PCT


@dataclass(frozen=True, slots=True, kw_only=True)
class BasinSurface:
    """What was seen of one basin.

    Attributes
    ----------
    open_m2
        Open water inside its outline.
    clear_pct
        Share of its outline that was seen.
    """

    basin: str
    open_m2: float
    clear_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeObservation:
    """The lake in one scene.

    Attributes
    ----------
    open_m2
        Open water that hangs together with the basins, islands left out.
    plants_m2
        Plants standing in water inside the outlines; ``None`` where the bands do not allow to tell.
    outside_m2
        The part of ``open_m2`` that lies outside the basins' outlines.
    clear_pct
        Share of the basins that was seen.
    outline
        Open water, EPSG:4490.
    shadow_m2
        The part of ``open_m2`` that may be land in shadow; ``None`` without blue, red and near infrared.
    missed_m2
        Ground inside the outlines that was not taken for water and may be turbid or full of algae; likewise.
    doubts
        What a reviewer should look at.
    """

    scene: Scene
    index: str
    edge: WaterEdge
    open_m2: float
    plants_m2: float | None
    outside_m2: float
    clear_pct: float
    basins: tuple[BasinSurface, ...]
    outline: shapely.MultiPolygon
    shadow_m2: float | None = None
    missed_m2: float | None = None
    doubts: tuple[Text, ...] = field(default=())

    @property
    def doubted_m2(self) -> float:
        """Area that is doubted as shadow or as missed; what is too little to be said is left out."""
        least = SHADE_SHARE * max(self.open_m2, 1.0)
        return sum(part for part in (self.shadow_m2, self.missed_m2) if part is not None and part >= least)

    @property
    def method(self) -> str:
        """The method in a few words: index, threshold and how it was found."""
        return f"{self.index} {self.edge.method} {self.edge.value:+.4f}"


@dataclass(frozen=True, slots=True)
class _Ground:
    """What one reading of the zone gives; arrays of the window's shape.

    ``index`` in ten-thousandths; ``basin`` is 0 outside, else the basin's number from 1; ``levels`` of what was seen.
    """

    index: npt.NDArray[np.int16]
    plants: Mask | None
    zone: Mask
    basin: npt.NDArray[np.uint8]
    levels: Levels

    @property
    def seen(self) -> Mask:
        """Pixels of the zone with an index."""
        return np.asarray(self.index != _UNSEEN)


def observe(scene: Scene, basins: Sequence[Feature], asked: LakeAsked | None = None) -> LakeObservation:
    """Observe the lake in a scene.

    Parameters
    ----------
    basins
        The lake's basins, EPSG:4490.

    Returns
    -------
    LakeObservation
        Areas in m2 on the ellipsoid.

    Raises
    ------
    ZoneOutside, TooLittleSeen
        The scene does not reach the lake, or too little of it is seen.
    NoWaterEdge
        No threshold parts water from land.
    NoBand, NotReflectance, UnreadableFile, MissingFile, UnknownCRS, BandsApart, BadBandTable
        As the scene's files are found.
    """
    asked = asked or LakeAsked()
    if asked.margin_m is None:
        return _follow(scene, basins, asked)
    name = asked.index or water_index(scene.bands)
    roles: list[Role] = list(index_roles(name))
    tells_plants = all(role in scene.bands for role in _PLANT_ROLES)
    tells_shade = all(role in scene.bands for role in SHADE_ROLES)
    if tells_plants:
        roles += [role for role in _PLANT_ROLES if role not in roles]
    looked = tuple(roles)
    if tells_shade:
        roles += [role for role in SHADE_ROLES if role not in roles]
    with OpenScene(scene, roles) as opened:
        shapes = to_pixels(geometries_of(basins), opened.grid)
        if window_around(shapes, opened.grid) is None:
            raise ZoneOutside(scene.scene_id, zh="湖区", en="the lake")
        margin_px = asked.margin_m / _pixel_m(shapes, basins)
        window = window_around(shapes, opened.grid, margin_px=int(np.ceil(margin_px)))
        assert window is not None
        ground = _look(opened, window, name, shapes, margin_px, looked)
        seen = _seen_pct(ground, shapes)
        clear_pct = float(np.average(seen, weights=shapely.area(shapes)))
        if clear_pct < asked.least_clear_pct and not (seen >= asked.least_clear_pct).any():
            raise TooLittleSeen(scene.scene_id, clear_pct=f"{clear_pct:.0f}", least_pct=f"{asked.least_clear_pct:.0f}")
        ground.levels.refuse_dim(where=scene.scene_id)
        edge = _edge(ground, asked, scene.scene_id)
        water = _lake_part(ground, edge)
        shore = look_at_shore(opened, window, water, ground.seen, dark_band=index_roles(name)[1])
        water = shore.water & ground.zone
        plants = _plants_part(ground, water)
        shade = None
        if tells_shade:
            dry = (ground.basin > 0) & ~(water if plants is None else water | plants)
            shade = look_for_shade(opened, window, water, dry | (water & (ground.basin > 0)), ground.seen)
        doubts = ground.levels.doubts(in_bytes=opened.in_bytes)
    doubts += [*_hidden(clear_pct), *_doubts(ground, water, edge, scene), *_dark(shore.dark_share)]
    found = _observation(
        scene, name, edge, opened.grid, window, ground, water, plants, (clear_pct, seen), doubts, basins
    )
    return found if shade is None else _with_shade(found, shade, opened.grid, window)


def _follow(scene: Scene, basins: Sequence[Feature], asked: LakeAsked) -> LakeObservation:
    """Observe the lake by the threshold of the whole scene, in ever wider zones until no more hangs on."""
    name = asked.index or water_index(scene.bands)
    counts = np.zeros(BINS, dtype=np.int64)
    with OpenScene(scene, index_roles(name)) as opened:
        for strip in opened.strips(opened.grid.whole):
            pixels = opened.read(strip)
            refuse_raw(pixels.bands, index_roles(name), where=scene.scene_id)
            counts += histogram(compute(name, pixels.bands)[pixels.clear])
    edge = find_edge(counts, where=scene.scene_id) if asked.threshold is None else fixed_edge(asked.threshold, counts)
    margin_m, before = MARGIN_M, -1.0
    while True:
        found = observe(scene, basins, replace(asked, threshold=edge.value, margin_m=margin_m))
        if found.open_m2 <= before * (1 + 1e-9) or margin_m > _FARTHEST_M:
            return replace(found, edge=edge)
        margin_m, before = margin_m * 3, found.open_m2


def _pixel_m(shapes: npt.NDArray[np.object_], basins: Sequence[Feature]) -> float:
    """Return the side of a pixel at the lake in metres: from the basins' area and their size in pixels."""
    return sqrt(float(area_m2(geometries_of(basins)).sum()) / float(shapely.area(shapes).sum()))


def _look(
    opened: OpenScene,
    window: Window,
    name: str,
    shapes: npt.NDArray[np.object_],
    margin_px: float,
    roles: Sequence[Role],
) -> _Ground:
    """Read the window strip by strip; keep the index, the wet plants and where the basins lie."""
    place = Affine.translation(window.col, window.row)
    numbered = [(shape, number) for number, shape in enumerate(shapes, start=1)]
    basin = rasterize(numbered, out_shape=window.shape, transform=place, dtype="uint8")
    around = [shapely.union_all(shapely.buffer(shapes, margin_px))]
    zone = rasterize(around, out_shape=window.shape, transform=place, dtype="uint8").astype(bool)
    index = np.full(window.shape, _UNSEEN, dtype=np.int16)
    tells_plants = all(role in roles for role in _PLANT_ROLES)
    plants = np.zeros(window.shape, dtype=bool) if tells_plants else None
    levels = Levels()
    for strip in opened.strips(window):
        rows = slice(strip.row - window.row, strip.row - window.row + strip.height)
        if not zone[rows].any():
            continue
        pixels = opened.read(strip, roles=roles)
        refuse_raw(pixels.bands, index_roles(name), where=opened.scene.scene_id)
        values = compute(name, pixels.bands)
        seen = pixels.clear & zone[rows] & np.isfinite(values)
        levels.add(pixels.bands, seen)
        steps = np.clip(values[seen], -3, 3) * np.float32(_STEPS)
        index[rows][seen] = np.rint(steps).astype(np.int16)
        if plants is not None:
            plants[rows] = wet_plants(pixels.bands) & seen & (basin[rows] > 0)
    return _Ground(index, plants, zone, basin, levels)


def _seen_pct(ground: _Ground, shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.float64]:
    """Return the share of each basin that was seen, in percent; what lies beyond the scene was not."""
    counts = np.bincount(ground.basin[ground.seen], minlength=len(shapes) + 1)[1 : len(shapes) + 1]
    return np.asarray(np.minimum(100.0, 100 * counts / shapely.area(shapes)))


def _edge(ground: _Ground, asked: LakeAsked, where: str) -> WaterEdge:
    counts = np.zeros(BINS, dtype=np.int64)
    for row in range(0, len(ground.index), 512):
        part = ground.index[row : row + 512]
        counts += histogram(part[part != _UNSEEN].astype(np.float32) / np.float32(_STEPS))
    return find_edge(counts, where=where) if asked.threshold is None else fixed_edge(asked.threshold, counts)


def _lake_part(ground: _Ground, edge: WaterEdge) -> Mask:
    """Return the water that hangs together with a basin; what is hidden inside a basin does not part it."""
    seen = ground.seen
    water = (ground.index >= round(edge.value * _STEPS)) & seen
    cleaned = sieve(water.astype(np.uint8), LEAST_PIXELS, mask=seen, connectivity=4).astype(bool) & seen
    bridge = cleaned | (~seen & (ground.basin > 0))
    reached = _touching(bridge, cleaned & (ground.basin > 0))
    return np.asarray(cleaned & reached)


def _touching(among: Mask, seeds: Mask) -> Mask:
    """Return the connected parts (by edges) of one mask that hold a pixel of another."""
    parts = outlines(among)
    if len(parts) == 0:
        return np.zeros_like(among)
    held = seeds & among
    held[:, 1:] &= ~held[:, :-1].copy()  # the first pixel of each run: the rest hangs together with it
    rows, cols = np.nonzero(held)
    tree = shapely.STRtree(parts)
    wide = shapely.area(parts) > 1
    chosen = np.zeros(len(parts), dtype=bool)
    if len(rows):
        found = tree.query(shapely.points(cols + 0.5, rows + 0.5), predicate="within")
        chosen[np.unique(found[1])] = True
    kept = parts[chosen & wide]
    if len(kept) == 0:
        return np.zeros_like(among)
    return np.asarray(rasterize(list(kept), out_shape=among.shape, transform=Affine.identity(), dtype="uint8") == 1)


def _plants_part(ground: _Ground, water: Mask) -> Mask | None:
    """Return the wet plants that hang together with the open water."""
    if ground.plants is None:
        return None
    plants = ground.plants & ~water
    together = sieve((plants | water).astype(np.uint8), LEAST_PIXELS, connectivity=4).astype(bool)
    return np.asarray(_touching(together, water) & plants)


def _hidden(clear_pct: float) -> list[Text]:
    """Return the doubt that a part of the lake was not seen."""
    if 100 - clear_pct <= 100 * _DOUBT_SHARE:
        return []
    pct = f"{100 - clear_pct:.0f}"
    return [
        Text(
            f"湖区有{pct}%没有看清（云、无数据或影像边缘），面积只是看清的部分",
            f"{pct} % of the basins were not seen (cloud, no data, the scene's edge): the area is of what was seen",
        )
    ]


def _doubts(ground: _Ground, water: Mask, edge: WaterEdge, scene: Scene) -> list[Text]:
    found = []
    if scene.mask is None:
        found.append(Text("影像没有云掩膜，云和云影未剔除", "the scene has no cloud mask: cloud and shadow are in it"))
    near = np.abs(ground.index.astype(np.int32) - round(edge.value * _STEPS)) <= round(_NEAR * _STEPS)
    share = float((near & ground.seen & ground.zone).sum()) / max(1, int(water.sum()))
    if share > _NEAR_SHARE:
        pct = f"{100 * share:.1f}"
        found.append(
            Text(
                f"指数接近阈值的像元相当于水面的{pct}%：可能有混浊水、浅水或薄云",
                f"pixels near the threshold come to {pct} % of the water: turbid or shallow water, or thin cloud",
            )
        )
    outside = float((water & (ground.basin == 0)).sum()) / max(1, int(water.sum()))
    if outside > _DOUBT_SHARE:
        pct = f"{100 * outside:.1f}"
        found.append(
            Text(
                f"水面有{pct}%在湖区轮廓以外：新淹没、相连的坑塘，或云影",
                f"{pct} % of the water lies outside the basins: newly flooded, ponds that touch, or cloud shadow",
            )
        )
    return found


def _dark(share: float) -> list[Text]:
    """Return the doubt that a part of the water is cloud shadow: much darker than the rest of it."""
    if share <= _DOUBT_SHARE:
        return []
    pct = f"{100 * share:.1f}"
    return [
        Text(
            f"水面有{pct}%明显偏暗：可能是云影，或清水与混浊水并存",
            f"{pct} % of the water is far darker than the rest: cloud shadow, or clear beside turbid water",
        )
    ]


def _with_shade(found: LakeObservation, shade: Shade, grid: Grid, window: Window) -> LakeObservation:
    """Return an observation with what may be shadow, or may have been missed, counted and doubted."""
    shadow, missed = (counted_area_m2(part, grid, window) for part in shade)
    doubts = list(found.doubts)
    least = SHADE_SHARE * max(found.open_m2, 1.0)
    if shadow >= least:
        share = shadow / found.open_m2
        km2, pct, more = f"{shadow / 1e6:.2f}", f"{100 * share:.1f}", said_of_most(share)
        doubts.append(
            Text(
                f"水面中有{km2}平方公里（{pct}%）的光谱像阴影里的陆地：可能是云影、楼影或山影{more.zh}",
                f"{km2} km2 of the water ({pct} %) look like land in the shadow of clouds, houses or hills{more.en}",
            )
        )
    if missed >= least:
        km2 = f"{missed / 1e6:.2f}"
        doubts.append(
            Text(
                f"湖区内有{km2}平方公里没有计入水面，光谱像混浊水或藻类",
                f"{km2} km2 inside the basins were not taken for water and look like turbid water or algae",
            )
        )
    return replace(found, shadow_m2=shadow, missed_m2=missed, doubts=tuple(doubts))


def _observation(
    scene: Scene,
    name: str,
    edge: WaterEdge,
    grid: Grid,
    window: Window,
    ground: _Ground,
    water: Mask,
    plants: Mask | None,
    seen: tuple[float, npt.NDArray[np.float64]],
    doubts: Sequence[Text],
    basins: Sequence[Feature],
) -> LakeObservation:
    surfaces = tuple(
        BasinSurface(
            basin=basin.feature_id,
            open_m2=counted_area_m2(water & (ground.basin == number), grid, window),
            clear_pct=float(seen[1][number - 1]),
        )
        for number, basin in enumerate(basins, start=1)
    )
    return LakeObservation(
        scene=scene,
        index=name,
        edge=edge,
        open_m2=counted_area_m2(water, grid, window),
        plants_m2=None if plants is None else counted_area_m2(plants, grid, window),
        outside_m2=counted_area_m2(water & (ground.basin == 0), grid, window),
        clear_pct=seen[0],
        basins=surfaces,
        outline=_outline(water, grid, window),
        doubts=tuple(doubts),
    )


def _outline(water: Mask, grid: Grid, window: Window) -> shapely.MultiPolygon:
    parts: list[Any] = list(shapely.transform(outlines(water), lambda xy: np.add(xy, (window.col, window.row))))
    if not parts:
        return shapely.MultiPolygon()
    return shapely.MultiPolygon(list(to_lonlat(parts, grid)))
