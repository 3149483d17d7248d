"""Bounds of a file beside the extent of the workspace."""

from __future__ import annotations

EXTENT_MARGIN_DEG = 0.2
"""How far beside the extent of the workspace coordinates may lie and still be taken for its own, degrees."""

Extent = tuple[float, float, float, float]
"""West, south, east, north in EPSG:4490 degrees."""


def turned(bounds: Extent, swapped: bool) -> Extent:
    """Return bounds whose first and second coordinate have changed places, where ``swapped``.

    Examples
    --------
    >>> turned((37.6, 115.6, 37.7, 115.8), True)
    (115.6, 37.6, 115.8, 37.7)
    """
    return (bounds[1], bounds[0], bounds[3], bounds[2]) if swapped else bounds


def scaled(bounds: Extent, scale: float) -> Extent:
    """Return bounds in metres that are written in another unit.

    Examples
    --------
    >>> scaled((39.5, 4.0, 40.0, 4.25), 1000.0)
    (39500.0, 4000.0, 40000.0, 4250.0)
    """
    return (bounds[0] * scale, bounds[1] * scale, bounds[2] * scale, bounds[3] * scale)


def inside(bounds: Extent, extent: Extent) -> bool:
    """Tell whether bounds in degrees lie in the workspace, or a little (0.2 degrees) beside it.

    Examples
    --------
    >>> city, beside, away = (115.10, 37.00, 116.65, 38.45), (115.0, 37.6, 115.2, 37.7), (114.5, 37.6, 115.2, 37.7)
    >>> inside(beside, city), inside(away, city)
    (True, False)
    """
    west, south, east, north = extent
    margin = EXTENT_MARGIN_DEG
    return (
        west - margin <= bounds[0] <= bounds[2] <= east + margin
        and south - margin <= bounds[1] <= bounds[3] <= north + margin
    )
