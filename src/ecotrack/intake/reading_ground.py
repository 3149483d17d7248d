"""What lies under and near the readings of degrees that nobody has settled, so that a person can tell them apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import shapely

from ecotrack.errors import UnreadableError
from ecotrack.geometry.area import Floats, Geometries
from ecotrack.geometry.width import local_metres
from ecotrack.intake.readings import Settled
from ecotrack.intake.surroundings import Surroundings
from ecotrack.workspace import Workspace

NEAR_M = 3000.0
"""What lies within this distance of a reading can help to tell it from the others."""

_WINDOW_DEG = 0.08
_LINES = ("lake", "rivers", "canals")


class Line(NamedTuple):
    """A known line near the readings: its name, whether it is a sketch, and its geometry (EPSG:4490)."""

    name: str
    sketch: bool
    geometry: shapely.Geometry


class Under(NamedTuple):
    """What is known of one reading.

    Attributes
    ----------
    centre
        Longitude and latitude of the middle of its outlines, EPSG:4490.
    county
        Name of the county under the middle, ``None`` outside all of them.
    apart_m
        Metres from its middle to that of every other reading.
    nearest
        The known thing that lies nearest, and how far in metres; ``None`` where nothing lies within `NEAR_M`.
    """

    centre: tuple[float, float]
    county: str | None
    apart_m: Mapping[str, float]
    nearest: tuple[str, float] | None


class ReadingGround(NamedTuple):
    """The ground on which the readings of a file are drawn.

    Attributes
    ----------
    under
        What is known of each reading.
    lines
        Rivers, canals, the lake's shore and county borders near them.
    around
        Accepted plots near them.
    county_sketch
        Whether county borders are a sketch.
    view
        West, south, east, north of a map on which the readings and what lies nearest are seen; EPSG:4490 degrees.
    """

    under: Mapping[str, Under]
    lines: Sequence[Line]
    around: Surroundings
    county_sketch: bool
    view: tuple[float, float, float, float]

    @property
    def tells(self) -> bool:
        """Whether anything lies near whose place is known well enough to judge by."""
        return any(one.nearest is not None for one in self.under.values())


def option_boxes(settled: Settled) -> Floats:
    """Return west, south, east, north of the outlines under every reading; shape (n, 4)."""
    return np.concatenate([shapely.bounds(shapes) for _, shapes in settled.options])


def reading_ground(workspace: Workspace, settled: Settled, around: Surroundings) -> ReadingGround:
    """Gather what the workspace knows near the readings of an ambiguous file.

    Parameters
    ----------
    around
        What lies around `option_boxes`.
    """
    boxes = option_boxes(settled)
    west, south = np.nanmin(boxes[:, :2], axis=0)
    east, north = np.nanmax(boxes[:, 2:], axis=0)
    window = shapely.box(west - _WINDOW_DEG, south - _WINDOW_DEG, east + _WINDOW_DEG, north + _WINDOW_DEG)
    lines = _lines(workspace, around, window)
    centres = {system: _centre(shapes) for system, shapes in settled.options}
    sure = [(line.name, line.geometry) for line in lines if not line.sketch]
    sure += [(v.feature_id, shape) for v, shape in zip(around.accepted, around.geometries, strict=True)]
    under, view = {}, [west, south, east, north]
    for system, shapes in settled.options:
        apart = {name: _metres(centres[system], other) for name, other in centres.items() if name != system}
        found, seen = _nearest(shapes, sure)
        view = _wider(view, seen)
        under[system] = Under(centres[system], _county(around, centres[system]), apart, found)
    sketch = "counties" in around.sketch
    return ReadingGround(under, lines, around, sketch, (float(view[0]), float(view[1]), float(view[2]), float(view[3])))


def _lines(workspace: Workspace, around: Surroundings, window: shapely.Geometry) -> list[Line]:
    found = []
    for name in (*_LINES, "counties"):
        if name not in workspace.layers:
            continue
        layer = workspace.layers[name]
        try:
            features = around.zones[name] if name in around.zones else workspace.features(name)
        except UnreadableError:
            continue
        for one in features:
            line = shapely.boundary(one.geometry) if "Polygon" in one.geometry.geom_type else one.geometry
            cut = shapely.intersection(line, window)
            if not cut.is_empty:
                title = f"{one.name}界" if name == "counties" else str(one.name or layer.title_zh)
                found.append(Line(title, layer.sketch, cut))
    return found


def _centre(shapes: Geometries) -> tuple[float, float]:
    west, south, east, north = shapely.total_bounds(shapes).tolist()
    return (west + east) / 2, (south + north) / 2


def _metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    places = local_metres(np.array([one, other]), one[1])
    return float(np.hypot(*(places[0] - places[1])))


def _county(around: Surroundings, centre: tuple[float, float]) -> str | None:
    spot = shapely.Point(centre)
    return next((cell.name for cell in around.zones.get("counties", ()) if shapely.covers(cell.geometry, spot)), None)


def _nearest(
    shapes: Geometries, sure: Sequence[tuple[str, shapely.Geometry]]
) -> tuple[tuple[str, float] | None, Floats | None]:
    """Return the nearest known thing within `NEAR_M`, its distance, and the place where it lies nearest."""
    if not sure:
        return None, None
    lat0 = _centre(shapes)[1]
    whole = shapely.transform(shapely.union_all(shapely.envelope(shapes)), lambda xy: local_metres(xy, lat0))
    plane = shapely.transform(np.array([shape for _, shape in sure], dtype=object), lambda xy: local_metres(xy, lat0))
    far = shapely.distance(plane, whole)
    best = int(np.argmin(far))
    if not far[best] <= NEAR_M:
        return None, None
    flat = shapely.envelope(shapes)
    joint = shapely.shortest_line(sure[best][1], shapely.union_all(flat))
    return (sure[best][0], float(far[best])), shapely.get_coordinates(joint)[0]


def _wider(view: list[float], place: Floats | None) -> list[float]:
    if place is None:
        return view
    x, y = place.tolist()
    return [min(view[0], x), min(view[1], y), max(view[2], x), max(view[3], y)]
