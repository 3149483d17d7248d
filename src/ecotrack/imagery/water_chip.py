"""Water in arrays of any scene: green and near infrared in, a mask out, and a word on how the threshold was found.

The lake of a catalogued scene is looked for by `ecotrack.imagery.lake`, which refuses a scene without an edge. Here
some answer is always given: where Otsu's threshold cannot be trusted a fixed one stands in, and the result says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from rasterio.features import sieve

from ecotrack.errors import Text
from ecotrack.imagery.chip_bands import Given, Places, reflectances, stored_bands
from ecotrack.imagery.indices import Reflectance, compute
from ecotrack.imagery.scene import Role
from ecotrack.imagery.shade import said_of_most, shaded_chip
from ecotrack.imagery.shore import edge_by_halves, grown
from ecotrack.imagery.threshold import Counts, WaterEdge, fixed_edge, foot_of, histogram, parted_at, valley_below
from ecotrack.imagery.water import water_index
from ecotrack.imagery.water_bodies import BLACK, silty, with_algae, without_air, without_shadows

Mask = npt.NDArray[np.bool_]

FALLBACK = {"NDWI": 0.1, "MNDWI": 0.0}
"""Threshold where the histogram gives none. Zero is the one that the indices are made for (McFeeters 1996, Xu 2006);
built-up ground and haze reach above it in NDWI, so a tenth is asked for there."""
FALLBACK_NIR = 0.12
"""Near infrared up to which that threshold counts, between icy or turbid water and asphalt in haze."""
SURE = {"NDWI": 0.3, "MNDWI": 0.4}
"""Index from which a dark pixel is taken for water before anything is known."""
TRUSTED = {"NDWI": (0.0, 0.35), "MNDWI": (0.0, 0.45)}
"""Otsu's threshold is taken inside these; beyond them it parted two kinds of land, or two kinds of water."""
ANOTHER_BODY = {"NDWI": 0.08, "MNDWI": 0.3}
"""Index below which a hill of the histogram is land in any air, and from which a body below Otsu's threshold is water
of another kind: turbid beside clear."""
LEAST_WATER = {"NDWI": 0.08, "MNDWI": 0.12}
"""Median index that the upper of two parts needs to be water; thin canals, all mixed pixels, reach no more."""
BRIGHTEST: dict[Role, float] = {"green": 0.35, "nir": 0.2, "swir1": 0.15}
"""Reflectance above which nothing is open water: snow, cloud, roofs and plants are. Turbid water stays below."""
NEAR_PX = 6
"""The histogram is taken of the water that is first seen and this far round it: a pond counts as much as a plain."""
CONTRAST = 0.3
"""NDWI that weak water must differ by from land: asphalt differs from concrete by half as much."""
DIM, DIM_INDEX = 0.07, -0.1
"""Near infrared below which ground without plants is water or shadow, and the NDWI that such water has at least: peaty
lakes, and rivers in the light of the land beside, reach no more than 0."""
LEAST_BODY = 0.1
"""Share of weak water that lies within it and not at an edge."""
BRIGHT_WATER, LEAST_TOLD = 0.09, 50
"""Infrared reflectance above which water is doubted, and the pixels of water from which it is."""
SHADOW_SHARE = 0.01
"""Share of the water from which it is said to look like shadow."""
ALL_WATER = 0.9
"""Share of the pixels, water by what they are, from which too little land is there to tell the air."""
LEAST_PIXELS = 4
"""Water of fewer pixels is noise."""
_SPLITS = 3


@dataclass(frozen=True, slots=True)
class ChipWater:
    """Water of an array of pixels; ``numpy.asarray`` of it is the mask.

    Attributes
    ----------
    mask
        True for open water, shape of the bands; False for land and for what is not seen.
    seen
        Pixels with data that ``clear`` does not hide.
    index
        Name of the index that was used.
    edge
        The threshold; its ``method`` is ``otsu``, or ``fixed`` where it was given or Otsu's was not to be trusted.
    doubts
        Why a fixed threshold stood in, and what else to look at.
    shadow
        The part of ``mask`` that may be land in shadow; blue, green, red and near infrared tell it.
    """

    mask: Mask
    seen: Mask
    index: str
    edge: WaterEdge
    doubts: tuple[Text, ...] = field(default=())
    shadow: Mask = field(default_factory=lambda: np.zeros((0, 0), dtype=bool))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """Return the mask."""
        return np.array(self.mask, dtype=dtype) if copy or dtype is not None else self.mask


def water_mask(
    green: Given,
    nir: npt.ArrayLike | None = None,
    swir1: npt.ArrayLike | None = None,
    *,
    blue: npt.ArrayLike | None = None,
    red: npt.ArrayLike | None = None,
    swir2: npt.ArrayLike | None = None,
    bands: Places | None = None,
    scale: float | None = None,
    offset: float | None = None,
    nodata: float | None = None,
    clear: npt.ArrayLike | None = None,
    index: str | None = None,
    threshold: float | None = None,
) -> ChipWater:
    """Tell open water from land in the bands of a chip.

    Parameters
    ----------
    green
        The green band (rows, columns). Or all bands at once: a mapping of names to bands (``{"green": ..., "B08":
        ...}``), a stack (bands, rows, columns) or (rows, columns, bands), or the path of a raster. Any single band may
        be the path of a raster with one band.
    nir, swir1, blue, red, swir2
        Further bands of the same shape, or of pixels some whole times as wide. Sentinel-2: B08, B11, B02, B04, B12.
        The green band and one of ``nir`` and ``swir1`` must be there. ``swir1`` tells built-up ground, shadow and algae
        far better; blue tells the haze of the air, and red silt and algae where there is no ``swir1``.
    bands
        Which band of a stack or raster is which: names in order, or name to number from 1; names are the roles or
        Sentinel-2's. The names that a labelled array or a raster has serve where it is left out; else Sentinel-2's
        bands in order of wavelength are taken, by how many there are (4, 5, 6, 10, 12 or 13); ``doubts`` says so.
    scale, offset
        Reflectance = number * scale + offset. Sentinel-2 as integers: 1e-4, and -0.1 since baseline 04.00. Left out,
        they are told from the raster or the numbers: large ones are taken times 1e-4, and the offset is taken back
        where no band has a dark pixel; ``doubts`` says so.
    nodata
        Stored number that stands for nothing; by default -9999, -32768 and 65535. Pixels that are 0 in every band
        are never seen.
    clear
        Pixels that are seen; all with data by default.
    index
        ``NDWI`` or ``MNDWI``; by default the better one that the bands allow.
    threshold
        Fixed value of the index, of the numbers as they come; found in the picture by default.

    Returns
    -------
    ChipWater
        Shape of the bands.

    Raises
    ------
    NoBand
        The index needs a band that is not given.
    BandsOfTwoSizes
        The arrays differ in shape.
    NotReflectance
        The numbers are no reflectance at the scale that is given, or at any usual one.
    BadBandTable, MissingFile, UnreadableFile
        ``bands`` does not fit, or the raster is not there.

    Notes
    -----
    The numbers are taken as they come. Pixels brighter than any open water (`BRIGHTEST`) are none. Of the rest, those
    above the fixed threshold are a first guess; Otsu's threshold is found in the histogram of the guess and of the
    ground round it, so that little water in a wide land does as well as much (the idea of Donchyts et al. 2016, who
    take the edges of a first guess). It counts only within `TRUSTED` and with a valley; else water is sought by its
    dark infrared, and if there is none the fixed one stays. With blue the air is known: what it alone lifted above the
    threshold, or what looks like shadow, goes where other water shows it to be lighter. Pixels at the shore are decided
    by halves, as `ecotrack.imagery.shore` does.

    Examples
    --------
    Raw numbers of Sentinel-2, the first row without data:

    >>> green = np.uint16([[0, 0], [800, 1000]]).repeat([1, 99], axis=0).repeat(50, axis=1)
    >>> nir = np.uint16([[0, 0], [200, 3000]]).repeat([1, 99], axis=0).repeat(50, axis=1)
    >>> found = water_mask(green, nir, scale=1e-4, nodata=0)
    >>> found.mask[0].any(), found.mask[1:, :50].all(), found.mask[:, 50:].any()
    (np.False_, np.True_, np.False_)
    >>> found.index, found.edge.method
    ('NDWI', 'otsu')

    The same as a stack, and as a mapping:

    >>> stack = water_mask(np.stack([green, nir]), bands=("green", "nir"))
    >>> bool((stack.mask == found.mask).all()), bool((water_mask({"B03": green, "B08": nir}).mask == found.mask).all())
    (True, True)
    """
    others: dict[Role, npt.ArrayLike | None] = {
        "nir": nir, "swir1": swir1, "blue": blue, "red": red, "swir2": swir2,
    }  # fmt: skip
    stored, order = stored_bands(green, bands, others)
    seen_bands, seen, taken = reflectances(stored, scale=scale, offset=offset, nodata=nodata, clear=clear)
    return _told(seen_bands, seen, (*order, *taken), index=index, threshold=threshold)


def _told(
    bands: dict[Role, Reflectance], seen: Mask, taken: tuple[Text, ...], *, index: str | None, threshold: float | None
) -> ChipWater:
    """Return the water of reflectances; ``taken`` is what was taken for granted about them."""
    name = index or water_index(bands)
    values = compute(name, bands)
    seen &= np.isfinite(values)
    ground = seen & (bands["green"] <= BRIGHTEST["green"])
    possible = ground & _dark_enough(bands)
    airless = bands if _all_water(bands, seen) else without_air(bands, seen)
    edge, doubts = _edge(name, values, ground, possible, bands, airless, given=threshold)
    wet = possible & (values >= np.float32(edge.value))
    if threshold is None and edge.method == "fixed" and name == "NDWI":
        # Where the picture itself gives no threshold, haze may have lifted any land above a fixed one.
        wet &= bands["nir"] <= np.float32(FALLBACK_NIR)
    if threshold is None:
        wet = without_shadows(airless, wet)
    if threshold is None and name == "NDWI":
        wet = with_algae(airless, wet | silty(airless, possible), possible)
    dark = bands["swir1" if name == "MNDWI" else "nir"]
    water = edge_by_halves(dark, _without_specks(wet), seen) & possible
    shadow = shaded_chip(airless, water, seen)
    return ChipWater(
        water, seen, name, edge, (*taken, *doubts, *_too_bright(dark, water), *_shaded(shadow, water)), shadow
    )


def _all_water(bands: dict[Role, Reflectance], seen: Mask) -> bool:
    """Return whether next to no land is there whose darkest blue would tell the air: silty water is bright itself."""
    if "nir" not in bands or not seen.any():
        return False
    with np.errstate(invalid="ignore"):
        wet = _dark_enough(bands) & ((compute("NDWI", bands) >= FALLBACK["NDWI"]) | silty(bands, seen))
    return float(wet[seen].mean()) >= ALL_WATER


def _dark_enough(bands: dict[Role, Reflectance]) -> Mask:
    with np.errstate(invalid="ignore"):
        return np.asarray(
            np.logical_and.reduce([bands[role] <= most for role, most in BRIGHTEST.items() if role in bands])
        )


def _stands_out(edge: WaterEdge, wet: Mask, contrast: float) -> bool:
    """Return whether weak water differs from land more than land from land, and is no mere fringe, as shadows are."""
    inner = wet & ~grown(~wet, 1)
    return edge.water - edge.land >= contrast and bool(inner.sum() >= max(1, LEAST_BODY * wet.sum()))


def _edge(
    name: str,
    values: Reflectance,
    ground: Mask,
    possible: Mask,
    bands: Mapping[Role, Reflectance],
    airless: Mapping[Role, Reflectance],
    *,
    given: float | None,
) -> tuple[WaterEdge, list[Text]]:
    """Return the threshold of the ground round a first guess of water, or the fixed one with the reason.

    What is surely water is tried first: haze and built-up ground may lift land above the fixed threshold.
    """
    if given is not None:
        return fixed_edge(given, histogram(values[ground])), []
    sure, likely = (_without_specks(possible & (values >= np.float32(one[name]))) for one in (SURE, FALLBACK))
    for guess in (sure, likely, grown(likely & ~grown(~likely, 1), 1)):
        edge = _parted(histogram(values[grown(guess, NEAR_PX) & ground]), name)
        if edge is not None:
            # The air lifts asphalt to where another body would lie.
            return _with_other_body(name, edge, values, possible, possible & (compute(name, airless) > 0)), []
    edge = _dim_edge(values, ground, possible, bands["nir"]) if name == "NDWI" else None
    if edge is not None:
        return edge, []
    return fixed_edge(FALLBACK[name], histogram(values[ground])), [_stood_in(FALLBACK[name])]


def _dim_edge(values: Reflectance, ground: Mask, possible: Mask, nir: Reflectance) -> WaterEdge | None:
    """Return a threshold round what is as dark in the near infrared as water, for water whose NDWI is about zero."""
    for most, contrast in ((BLACK, 0.0), (DIM, CONTRAST)):
        dim = _without_specks(possible & (nir <= np.float32(most)) & (values >= np.float32(DIM_INDEX)))
        edge = _parted(histogram(values[grown(dim, NEAR_PX) & ground]), "NDWI", least=DIM_INDEX)
        if edge is not None and _stands_out(edge, dim & (values >= np.float32(edge.value)), contrast):
            return edge
    return None


def _parted(counts: Counts, name: str, *, least: float | None = None) -> WaterEdge | None:
    """Return Otsu's threshold where two hills stand apart round a value that can be one of water.

    What lies above a threshold between two kinds of land is parted again.
    """
    low, high = TRUSTED[name] if least is None else (least, TRUSTED[name][1])
    least = LEAST_WATER[name] if least is None else least
    first = 0
    for _ in range(_SPLITS):
        part = counts.copy()
        part[:first] = 0
        found, cut = parted_at(part)
        if found is not None and found.land < least <= found.water:
            # In the near infrared built-up ground and dark soil lie between land and water; in MNDWI they do not.
            value = foot_of(part, found, land_below=ANOTHER_BODY[name]) if name == "NDWI" and low >= 0 else found.value
            return found._replace(value=min(max(value, low), high))
        first = cut
    return None


def _stood_in(fixed: float) -> Text:
    return Text(
        f"直方图分不出水面和陆地（没有水、全是水，或二者相近），改用固定阈值 {fixed:+.2f}，请核对",
        "the histogram does not part water from land (no water, nothing else, or both alike): "
        f"the fixed threshold {fixed:+.2f} stands in, please check",
    )


def _with_other_body(name: str, edge: WaterEdge, values: Reflectance, possible: Mask, body: Mask) -> WaterEdge:
    """Lower a threshold that parts clear water from turbid: bodies, not edges, with a hill of their own above land."""
    least = ANOTHER_BODY[name]
    lower = body & (values >= np.float32(least / 2)) & (values < np.float32(edge.value))
    inner = lower & ~grown(~lower, 1)
    water = int((possible & (values >= np.float32(least / 2))).sum())
    if inner.sum() < LEAST_BODY * water or np.median(values[inner]) < least:
        return edge
    valley = valley_below(histogram(values[possible]), least, edge.value)
    return edge if valley is None else edge._replace(value=valley)


def _too_bright(dark: Reflectance, water: Mask) -> list[Text]:
    """Return the doubt that an offset is still in the numbers: water is hardly ever bright in the infrared."""
    if water.sum() < LEAST_TOLD or float(np.median(dark[water])) <= BRIGHT_WATER:
        return []
    return [
        Text(
            "水面在红外波段偏亮：可能没有加偏移（哨兵二号 04.00 版起 offset=-0.1），或水很混浊",
            "the water is bright in the infrared: an offset may not have been applied "
            "(Sentinel-2 since baseline 04.00: offset=-0.1), or the water is very turbid",
        )
    ]


def _shaded(shadow: Mask, water: Mask) -> list[Text]:
    """Return the doubt that a part of the water is shadow."""
    if shadow.sum() < max(SHADOW_SHARE * int(water.sum()), LEAST_TOLD):
        return []
    share = int(shadow.sum()) / int(water.sum())
    more = said_of_most(share)
    return [
        Text(
            f"水面中有{100 * share:.1f}%的光谱像阴影里的陆地：可能是云影、楼影或山影（shadow）{more.zh}",
            f"{100 * share:.1f} % of the water look like land in the shadow of clouds, houses or hills (shadow)"
            f"{more.en}",
        )
    ]


def _without_specks(mask: Mask) -> Mask:
    return np.asarray(mask & sieve(mask.astype(np.uint8), LEAST_PIXELS, connectivity=8).astype(bool))
