"""Layers whose features were put together from several sources: each feature, and each corner, is read as it tells.

Only where nothing is declared, and only where at least half of the features tell by their numbers how they lie in the
workspace. Then no stray feature keeps its neighbours waiting, and every one that is read otherwise than the rest is
named.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from ecotrack.coordinates import CRSReading, Extent, carried, reading_title, tell, ways_of
from ecotrack.errors import Text
from ecotrack.geometry.area import Geometries
from ecotrack.geometry.codec import STORED_CRS

_NONE, _TORN = -1, -2
_MAX_NAMED = 20


class Own(NamedTuple):
    """How one feature is read by itself.

    Attributes
    ----------
    shape
        Its geometry, all corners in one reading.
    reading
        ``None`` where its numbers tell nothing, or contradict each other.
    findings
        Checks and their facts.
    """

    shape: shapely.Geometry
    reading: CRSReading | None
    findings: list[tuple[str, dict[str, str]]]


class Mixture:
    """The ways in which the features of a layer tell where they lie.

    Parameters
    ----------
    extent
        Of the workspace, EPSG:4490 degrees.
    first_number
        Number of the first feature in the file.
    degrees
        How degrees are read: ``GCJ-02`` where somebody has said so, else as they stand.
    said
        Whether somebody has said that the file is in degrees: what tells nothing is then taken at that word.
    """

    def __init__(self, extent: Extent, *, first_number: int = 1, degrees: str = STORED_CRS, said: bool = False) -> None:
        self._extent, self._degrees, self._said = extent, degrees, said
        self._told: dict[int, list[int]] = defaultdict(list)
        self._counts: Counter[int] = Counter()
        self._number, self._partly = first_number - 1, 0

    def add(self, shapes: Geometries) -> None:
        """Look at some more features."""
        ways, partly = _ways(shapes, self._extent)
        self._partly += partly
        for way in ways.tolist():
            self._number += 1
            if way is None:
                continue
            self._counts[way] += 1
            if len(self._told[way]) <= _MAX_NAMED:
                self._told[way].append(self._number)

    @property
    def is_mixed(self) -> bool:
        """Whether the features have to be read one by one."""
        told = sum(count for way, count in self._counts.items() if way != _NONE)
        odd = len(self._counts) > 1 or self._counts[_TORN] > 0 or self._partly > 0
        return odd and 2 * told >= self._counts.total() and told > 0

    @property
    def reading(self) -> CRSReading:
        """The reading of most features that tell one."""
        ways = [way for way, _ in self._counts.most_common() if way >= 0]
        return self._reading_of(ways[0] if ways else 0)

    @property
    def has_degrees(self) -> bool:
        """Whether some features are in degrees."""
        return any(ways_of(self._extent)[way].reading.crs == STORED_CRS for way in self._counts if way >= 0)

    def words(self) -> Text | None:
        """Say which readings there are and which features have them; ``None`` where all that tell tell the same."""
        told = [way for way, _ in self._counts.most_common() if way >= 0]
        if len(told) < 2:
            return None
        parts = [self._part(way, named=place > 0) for place, way in enumerate(told)]
        return Text("、".join(part.zh for part in parts), ", ".join(part.en for part in parts))

    def _part(self, way: int, *, named: bool) -> Text:
        title, count, numbers = reading_title(self._reading_of(way)), self._counts[way], self._told[way]
        some, more = numbers[:_MAX_NAMED], len(numbers) > _MAX_NAMED
        zh = f"：第{'、'.join(map(str, some))}{'……' if more else ''}块" if named else ""
        en = f": {', '.join(map(str, some))}{' ...' if more else ''}" if named else ""
        return Text(f"{title.zh}（{count}块{zh}）", f"{title.en} ({count}{en})")

    def _reading_of(self, way: int) -> CRSReading:
        reading = ways_of(self._extent)[way].reading
        if reading.crs != STORED_CRS or self._degrees == STORED_CRS:
            return reading
        return CRSReading(crs=self._degrees, declared=True, swapped=reading.swapped, evidence=reading.evidence)

    def own(self, shape: shapely.Geometry) -> Own:
        """Read one feature by what its own numbers tell."""
        ways = tell(shapely.get_coordinates(shape), extent=self._extent)
        told = Counter(ways[ways != _NONE].tolist()).most_common()
        if not told:
            return Own(shape, CRSReading(crs=self._degrees, declared=True) if self._said else None, [])
        best = self._reading_of(told[0][0])
        if len(told) == 1:
            return Own(shape, best, [] if best == self.reading else [("own_reading", _facts(best))])
        facts = _torn_facts(shape, ways, best=told[0][0], extent=self._extent)
        planes = [ways_of(self._extent)[way].reading.crs != STORED_CRS for way, _ in told]
        if any(planes) != all(planes) or (ways == _NONE).any():
            return Own(shape, None, [("torn_corners", facts)])
        return Own(self._joined(shape, ways, told[0][0]), best, [("torn_mended", facts)])

    def _joined(self, shape: shapely.Geometry, ways: npt.NDArray[np.int16], best: int) -> shapely.Geometry:
        xy = shapely.get_coordinates(shape)
        every = ways_of(self._extent)
        for way in np.unique(ways[ways != best]).tolist():
            xy[ways == way] = carried(xy[ways == way], every[way].reading, every[best].reading)
        return shapely.set_coordinates(shapely.force_2d(shape), xy)


def _ways(shapes: Geometries, extent: Extent) -> tuple[npt.NDArray[np.object_], int]:
    """Return for each feature its way (``None`` without a geometry), and how many have corners that tell nothing."""
    result = np.full(len(shapes), None, dtype=object)
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    if not len(xy):
        return result, 0
    told = tell(xy, extent=extent)
    starts = np.flatnonzero(np.append(True, owner[1:] != owner[:-1]))
    high = np.maximum.reduceat(told, starts)
    some = np.where(told == _NONE, np.iinfo(told.dtype).max, told)
    low = np.minimum.reduceat(some, starts)
    least = np.minimum.reduceat(told, starts)
    result[owner[starts]] = np.where(high == _NONE, _NONE, np.where(low == high, high, _TORN))
    return result, int(((least == _NONE) & (high != _NONE)).sum())


def _facts(reading: CRSReading) -> dict[str, str]:
    title = reading_title(reading)
    return {"zh": title.zh, "en": title.en}


def _torn_facts(shape: shapely.Geometry, ways: npt.NDArray[np.int16], *, best: int, extent: Extent) -> dict[str, str]:
    xy, every = shapely.get_coordinates(shape), ways_of(extent)
    other = np.flatnonzero((ways != best) & (ways != _NONE))
    # The corner that closes the ring repeats the first.
    other = other[other < len(xy) - 1] if len(other) > 1 else other
    named = [f"{place + 1}（{xy[place, 0]:.10g}，{xy[place, 1]:.10g}）" for place in other[:_MAX_NAMED].tolist()]
    title, odd = reading_title(every[best].reading), reading_title(every[int(ways[other[0]])].reading)
    facts = {"corners": "、".join(named), "count": str(len(other))}
    return facts | {"zh": title.zh, "en": title.en, "odd_zh": odd.zh, "odd_en": odd.en}
