"""Qualified ground inside a zone, shared out among its plots by prior claim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ecotrack.geometry.area import Geometries
from ecotrack.geometry.overlap import Credit, OverlapPairs, credit, overlap_pairs
from ecotrack.geometry.split import Pieces, split

if TYPE_CHECKING:
    import numpy.typing as npt

    from ecotrack.figures.afforestation import PlotSet


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneCredit:
    """Ground inside a zone, piece by piece.

    Attributes
    ----------
    plot
        Position in the plot set of the plot that each piece is cut from; shape (k,).
    pieces
        The qualifying plots cut at the zone's cells.
    claim
        Rank of prior claim of each piece.
    pairs
        Pieces that share ground.
    credit
        How the pieces share it out; nothing is disputed here, since the zone counts ground whoever holds it.
    """

    plot: npt.NDArray[np.int64]
    pieces: Pieces
    claim: npt.NDArray[np.int64]
    pairs: OverlapPairs
    credit: Credit


def credit_inside(plots: PlotSet, cells: Geometries) -> ZoneCredit:
    """Cut the qualifying plots at a zone and share out the ground inside; its net area is their union's.

    Parameters
    ----------
    cells
        Shape (m,), the zone as polygons without overlaps, EPSG:4490.
    """
    kept = np.flatnonzero(plots.qualified.keep)
    pieces = split(plots.geometries[kept], cells)
    plot = kept[pieces.polygon]
    order = np.lexsort((pieces.cell, plots.precedence[plot]))
    claim = np.empty(len(order), dtype=np.int64)
    claim[order] = np.arange(len(order))
    pairs = overlap_pairs(pieces.geometry)
    shared = credit(pieces.geometry, claim=claim, pairs=pairs)
    return ZoneCredit(plot=plot, pieces=pieces, claim=claim, pairs=pairs, credit=shared)
