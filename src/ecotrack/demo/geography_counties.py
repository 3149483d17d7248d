"""Sketch of the counties and of the 13 report units: one coverage of shared borders.

The border lines are drawn once, through the published extents, seats and the rivers that form borders. Each line
separates two faces, so neighbours share vertices by construction and there is neither gap nor overlap. The free
vertices are then moved as little as possible (least squares) until each county has its published area; vertices
on a river stay. Report units are the same faces grouped in another way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import shapely

from ecotrack.demo.geography_facts import OUTSIDE, BorderFact, CountyFact
from ecotrack.demo.geography_features import DIGITS, FeatureCollection, sketch_feature
from ecotrack.errors import BadCoverage
from ecotrack.geometry.area import area_m2
from ecotrack.geometry.features import Feature

Floats = npt.NDArray[np.float64]
Arc = tuple[str, str, list[int]]

METRES_PER_DEGREE = 111_195.0
"""Of latitude, on a sphere: only the step of the fit depends on it, never the area that is reached."""

SKETCH_SOURCE = "sketch through published extents, seats, areas and border rivers"
FUNCTIONAL_AREAS = {"1311HX": "高新区（工业新区）", "1311BH": "滨湖新区"}
"""The two functional areas that report on their own, without a code of GB/T 2260."""


class BorderNet:
    """Vertices and the arcs between them.

    Parameters
    ----------
    borders
        Lines as drawn. Points with equal coordinates are one vertex.

    Attributes
    ----------
    vertices
        Longitude, latitude in degrees, shape (n, 2).
    held
        Whether a vertex stays where it was drawn, shape (n,).
    """

    def __init__(self, borders: Sequence[BorderFact]) -> None:
        index: dict[tuple[float, float], int] = {}
        self.arcs: list[Arc] = []
        held: set[int] = set()
        for border in borders:
            line = [index.setdefault(point, len(index)) for point in border.points]
            self.arcs.append((*border.faces, line))
            if border.follows:
                held.update(line)
        self.vertices: Floats = np.array(list(index), dtype=np.float64)
        self.held = np.isin(np.arange(len(index)), list(held))

    def ring(self, group: str, *, group_of: Mapping[str, str]) -> list[int]:
        """Return the closed outline of a group of faces as vertex indices, counter-clockwise.

        Raises
        ------
        BadCoverage
            The lines around the group do not close.
        """
        ends: dict[int, list[list[int]]] = {}
        for face_a, face_b, line in self.arcs:
            if (group_of.get(face_a) == group) != (group_of.get(face_b) == group):
                ends.setdefault(line[0], []).append(line)
                ends.setdefault(line[-1], []).append(line[::-1])
        if not ends or any(len(lines) != 2 for lines in ends.values()):
            raise BadCoverage(group, detail="the border lines around it do not close")
        walked = list(next(iter(ends.values()))[0])
        while walked[-1] != walked[0]:
            onward = [line for line in ends[walked[-1]] if line[1] != walked[-2]]
            walked.extend(onward[0][1:])
        return walked if shapely.is_ccw(shapely.LinearRing(self.vertices[walked])) else walked[::-1]


def fit_areas(
    vertices: Floats, *, rings: Sequence[Sequence[int]], targets_m2: Sequence[float], held: npt.NDArray[np.bool_]
) -> Floats:
    """Move free vertices as little as possible until every ring has its target area.

    Parameters
    ----------
    vertices
        Longitude, latitude in degrees (EPSG:4490), shape (n, 2).
    rings
        Closed, counter-clockwise rings of vertex indices.
    targets_m2
        Wanted ellipsoidal area of each ring.
    held
        Vertices that must not move, shape (n,).

    Returns
    -------
    ndarray
        New vertices, rounded to ``DIGITS`` decimals.

    Raises
    ------
    BadCoverage
        The areas were not reached within 1e-6.

    Notes
    -----
    Newton's method with the least-norm step (in metres) that mends all areas at once; the derivative of a ring's
    area by a vertex is half the vector between its two neighbours, turned by a right angle.

    Examples
    --------
    >>> square = np.array([[115.0, 37.0], [115.1, 37.0], [115.1, 37.1], [115.0, 37.1]])
    >>> free = np.zeros(4, dtype=bool)
    >>> moved = fit_areas(square, rings=[[0, 1, 2, 3, 0]], targets_m2=[1e8], held=free)
    >>> round(float(area_m2([shapely.Polygon(moved)])[0]) / 1e6, 2)
    100.0
    """
    degree_m = METRES_PER_DEGREE * np.array([np.cos(np.radians(vertices[:, 1].mean())), 1.0])
    wanted = np.asarray(targets_m2)
    moved = vertices.copy()
    for _ in range(25):
        missing = wanted - area_m2([shapely.Polygon(moved[ring]) for ring in rings])
        if np.all(np.abs(missing) < 1e-9 * wanted):
            return moved.round(DIGITS)
        slopes = _area_slopes(moved * degree_m, rings=rings)
        slopes[:, held, :] = 0.0
        step = np.linalg.lstsq(slopes.reshape(len(rings), -1), missing, rcond=None)[0]
        moved = moved + step.reshape(-1, 2) / degree_m
    raise BadCoverage("fit", detail=f"areas are off by {np.abs(missing).max():.0f} m2")


def _area_slopes(plane: Floats, *, rings: Sequence[Sequence[int]]) -> Floats:
    """Return d(area of ring)/d(x, y of vertex), shape (rings, vertices, 2), in m2 per metre."""
    slopes = np.zeros((len(rings), len(plane), 2))
    for row, ring in enumerate(rings):
        inner = np.asarray(ring[:-1])
        across = (plane[np.roll(inner, -1)] - plane[np.roll(inner, 1)]) / 2
        slopes[row, inner] = np.column_stack([across[:, 1], -across[:, 0]])
    return slopes


def county_of(face: str) -> str:
    """Return the legal county of a face.

    Examples
    --------
    >>> county_of("131102-BH"), county_of("131121")
    ('131102', '131121')
    """
    return face.split("-")[0]


def report_unit_of(face: str) -> str:
    """Return the report unit of a face.

    Examples
    --------
    >>> report_unit_of("131102-BH"), report_unit_of("131103-BH"), report_unit_of("131102")
    ('1311BH', '1311BH', '131102')
    """
    county, _, part = face.partition("-")
    return f"1311{part}" if part else county


def build_counties(
    *, borders: Sequence[BorderFact], counties: Sequence[CountyFact]
) -> tuple[FeatureCollection, FeatureCollection]:
    """Return the layers ``counties`` (11 polygons) and ``report_units`` (13 polygons).

    Raises
    ------
    BadCoverage
        The border lines do not close, or the published areas cannot be reached.
    """
    net = BorderNet(borders)
    faces = sorted({face for a, b, _ in net.arcs for face in (a, b)} - {OUTSIDE})
    by_county = {face: county_of(face) for face in faces}
    by_unit = {face: report_unit_of(face) for face in faces}
    rings = [net.ring(county.code, group_of=by_county) for county in counties]
    net.vertices = fit_areas(
        net.vertices,
        rings=rings,
        targets_m2=[float(county.official_area_km2) * 1e6 for county in counties],
        held=net.held,
    )
    legal = tuple(_county(county, net.vertices[ring]) for county, ring in zip(counties, rings, strict=True))
    names = {county.code: county.name for county in counties} | FUNCTIONAL_AREAS
    units = tuple(_unit(code, name, net.vertices[net.ring(code, group_of=by_unit)]) for code, name in names.items())
    return legal, units


def _county(county: CountyFact, outline: Floats) -> Feature:
    return sketch_feature(
        shapely.Polygon(outline),
        code=county.code,
        name=county.name,
        source=f"{SKETCH_SOURCE}; area: {county.area_source}",
        confidence="low",
        official_area_km2=county.official_area_km2,
        official_area_confidence=county.area_confidence,
    )


def _unit(code: str, name: str, outline: Floats) -> Feature:
    legal = code not in FUNCTIONAL_AREAS
    source = SKETCH_SOURCE if legal else "guessed from the townships that the area runs"
    return sketch_feature(shapely.Polygon(outline), code=code, name=name, source=source, confidence="low")
