"""Borders that do not fit, and what that does to ground cut at them: told in m2, never put right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import fsum

import numpy as np
import shapely

from ecotrack.errors import Text
from ecotrack.figures.anomalies import Anomaly
from ecotrack.figures.plots import PlotSet
from ecotrack.geometry.area import Geometries, area_m2
from ecotrack.geometry.coverage import Misfit
from ecotrack.geometry.distinct import distinct
from ecotrack.geometry.features import Feature
from ecotrack.progress import WITHDRAW
from ecotrack.progress.ledger import Mask

ZONE_BORDERS_DEG = tuple(1.5 + 3 * zone for zone in range(24, 46))
"""Meridians between the 3-degree Gauss-Kruger zones of China; 115.5 parts zones 38 and 39 in Hengshui."""


def border_faults(layer: str, cells: Sequence[Feature], found: Misfit) -> Iterator[Anomaly]:
    """Tell overlaps and gaps between the units of a border layer, in m2: each overlap by itself, gaps together.

    Parameters
    ----------
    cells
        The units, EPSG:4490, each with its code as id.
    found
        Where they do not fit, as `ecotrack.geometry.coverage.misfit` tells it.
    """
    pairs, sketch = found.overlaps, any(bool(cell.properties.get("sketch")) for cell in cells)
    for i, j, size in zip(pairs.left.tolist(), pairs.right.tolist(), pairs.shared_m2.tolist(), strict=True):
        one, other = (cells[k].name or cells[k].feature_id for k in (i, j))
        yield Anomaly(
            check="border_overlap",
            ids=(cells[i].feature_id, cells[j].feature_id),
            details={"layer": layer, "area_m2": size},
            text=Text(
                f"图层{layer}中{one}与{other}的界线重叠{size:.2f}平方米，其中的地块在两边各计一次",
                f"in layer {layer} {one} and {other} overlap by {size:.2f} m2; plots there count on both sides",
            ),
            sketch=sketch,
        )
    if len(found.gaps):
        total = fsum(found.gap_m2)
        yield Anomaly(
            check="border_gap",
            details={
                "layer": layer,
                "area_m2": total,
                "gaps": len(found.gaps),
                "largest_m2": float(found.gap_m2.max()),
            },
            text=Text(
                f"图层{layer}的界线之间有{len(found.gaps)}处空隙，共{total:.2f}平方米，其中的地块不属于任何单位",
                f"layer {layer} has {len(found.gaps)} gaps between borders, {total:.2f} m2; plots there have no unit",
            ),
            sketch=sketch,
        )


def gap_net_m2(plots: PlotSet, keep: Mask, gaps: Geometries) -> float:
    """Return the net area of some plots inside the gaps of a border layer, m2; ground counts once.

    Parameters
    ----------
    keep
        Shape (n,), which plots take part.
    gaps
        Polygons, EPSG:4490.
    """
    if not len(gaps):
        return 0.0
    bounds = plots.ground.bounds[plots.columns.version]
    rows = distinct(shapely.STRtree(shapely.box(*bounds.T)).query(gaps, predicate="intersects")[1])
    near: Geometries = plots.ground.read(plots.columns.version[rows[keep[rows]]])
    shared = shapely.intersection(shapely.union_all(near), shapely.union_all(gaps))
    return float(area_m2([shapely.normalize(shared)])[0])


def plots_over_zone_borders(plots: PlotSet) -> Iterator[Anomaly]:
    """Tell the plots that lie over a border of 3-degree zones: no one plane holds them, their area of record does.

    Plots that were withdrawn are left out.
    """
    west, east = plots.ground.bounds[plots.columns.version][:, [0, 2]].T
    # A plot that begins or ends on the line is not over it.
    over = np.searchsorted(ZONE_BORDERS_DEG, west, side="right") < np.searchsorted(ZONE_BORDERS_DEG, east)
    rows = np.flatnonzero(over & (plots.columns.verdict_code != WITHDRAW))
    if len(rows):
        ids = tuple(sorted(plots.columns.features[int(i)] for i in rows))
        yield Anomaly(
            check="zone_border",
            ids=ids,
            text=Text(
                f"{len(ids)}个地块跨三度带分界线，任一带的平面面积都不可用，以椭球面积为准",
                f"{len(ids)} plots lie over a border of 3-degree zones: no plane area holds, the ellipsoidal one does",
            ),
            sample=plots.sample,
        )
