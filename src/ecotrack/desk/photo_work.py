"""What children do with photographs: have one looked at behind limits, measure how far off one was taken."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from ecotrack.desk.board import write_whole
from ecotrack.desk.photo_look import LIMITS
from ecotrack.geometry.codec import from_wkb
from ecotrack.geometry.width import metres_per_degree
from ecotrack.sandbox import run
from ecotrack.workspace import Workspace


def look(raw: str, preview: str) -> dict[str, Any]:
    """Return what a photograph says of itself, and write its preview.

    Raises
    ------
    UnreadableFile, TimedOut
        It is no photograph, or looking at it took more than a child may use.
    """
    with tempfile.TemporaryDirectory() as folder:
        answer = run("ecotrack.desk.photo_look:look", Path(raw).read_bytes(), folder=Path(folder), limits=LIMITS)
    line, _, picture = answer.partition(b"\n")
    write_whole(Path(preview), picture)
    return dict(json.loads(line))


def away(
    folder: str, submission_id: str, places: tuple[tuple[str, str, float, float], ...]
) -> dict[str, dict[str, Any]]:
    """Return how far photographs were taken from the plots of a submission.

    Parameters
    ----------
    places
        Of each photograph its id, the id of its feature version (empty: any of them), longitude and latitude, degrees.

    Returns
    -------
    dict
        By id of the photograph ``away_m``, zero inside the plot.
    """
    with Workspace.open(Path(folder)).register(read_only=True) as register:
        versions = register.versions(submission_id=submission_id)
    shapes = dict(zip([version.version_id for version in versions], from_wkb([v.wkb for v in versions]), strict=True))
    return {
        photo_id: {"away_m": round(min(metres_from(shape, lon, lat) for shape in _of(shapes, version_id)))}
        for photo_id, version_id, lon, lat in places
        if shapes
    }


def _of(shapes: dict[str, Any], version_id: str) -> list[Any]:
    return [shapes[version_id]] if version_id in shapes else [*shapes.values()]


def metres_from(shape: shapely.Geometry, lon: float, lat: float) -> float:
    """Return how far a place is from a shape (EPSG:4490 degrees), metres; on the plane that touches at the place.

    Good to a metre in a kilometre near the shape, which a photograph's position is not.

    Examples
    --------
    >>> plot = shapely.box(115.8, 37.5, 115.803, 37.503)
    >>> metres_from(plot, 115.801, 37.501), round(metres_from(plot, 115.804, 37.501))
    (0.0, 88)
    """
    scale = np.array([float(part) for part in metres_per_degree(lat)])
    flat = shapely.transform(shape, lambda points: (points - [lon, lat]) * scale)
    return float(shapely.distance(flat, shapely.Point(0, 0)))
