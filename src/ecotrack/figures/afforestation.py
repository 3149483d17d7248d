"""Credited area of plots, settled per step, and the two targets that rest on it: year and ring."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import fsum
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from ecotrack.errors import Text
from ecotrack.figures.figure import Measured, not_assessed
from ecotrack.figures.zone_credit import credit_inside
from ecotrack.geometry.area import Floats, Geometries, area_m2
from ecotrack.geometry.codec import from_wkb
from ecotrack.geometry.features import Feature, geometries_of
from ecotrack.geometry.overlap import Credit, OverlapPairs, credit, net_area_m2, overlap_pairs
from ecotrack.geometry.split import Pieces, split
from ecotrack.model import TargetDef
from ecotrack.progress import NEW_AREA_KINDS, REDO, Plot, Season, State
from ecotrack.units import km2_from_m2, mu_from_m2

Mask = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]
_LATER = Season(9999, 0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlotColumns:
    """What is asked of plots again and again, as columns of shape (n,).

    Attributes
    ----------
    season_year
        Year of the planting season; 0 where the season is not known.
    overdue
        Whether the day on which survival falls due has passed.
    """

    feature_id: Texts
    unit: Texts
    kind: Texts
    programme: Texts
    season_year: npt.NDArray[np.int64]
    verdict: Texts
    outcome: Texts
    checked: Mask
    overdue: Mask

    @classmethod
    def of(cls, plots: Sequence[Plot], state: State) -> PlotColumns:
        """Return the columns of plots on the day of ``state``."""

        def texts(values: Iterable[str | None]) -> Texts:
            return np.array([value or "" for value in values], dtype=object)

        return cls(
            feature_id=texts(plot.feature_id for plot in plots),
            unit=texts(plot.version.unit for plot in plots),
            kind=texts(plot.version.kind for plot in plots),
            programme=texts(plot.version.programme for plot in plots),
            season_year=np.array([plot.season.year if plot.season else 0 for plot in plots], dtype=np.int64),
            verdict=texts(plot.verdict for plot in plots),
            outcome=texts(plot.outcome for plot in plots),
            checked=np.array([bool(plot.checks) for plot in plots], dtype=bool),
            overdue=np.array([plot.due_on is not None and state.as_of > plot.due_on for plot in plots], dtype=bool),
        )

    @property
    def accepted(self) -> Mask:
        """Which plots stand as accepted."""
        return np.asarray(self.verdict == "accept")


@dataclass(frozen=True, eq=False)
class PlotSet:
    """Plots of one basis (real or sample) with their geometry, overlaps and credit at every step.

    Attributes
    ----------
    plots
        Those of kinds that make new area; ground is shared out among these alone.
    sample
        Whether they are sample data.
    """

    state: State
    plots: tuple[Plot, ...]
    sample: bool

    @cached_property
    def columns(self) -> PlotColumns:
        """The plots' attributes as columns."""
        return PlotColumns.of(self.plots, self.state)

    @cached_property
    def geometries(self) -> Geometries:
        """Geometry of each plot, EPSG:4490."""
        return from_wkb([plot.version.wkb for plot in self.plots])

    @cached_property
    def area_m2(self) -> Floats:
        """Ellipsoidal area of each plot."""
        return area_m2(self.geometries)

    @cached_property
    def pairs(self) -> OverlapPairs:
        """Every pair of plots that share ground."""
        return overlap_pairs(self.geometries)

    @cached_property
    def claim(self) -> npt.NDArray[np.int64]:
        """Rank of prior claim: earlier season, then earlier submission (or acceptance), then id."""
        order = sorted(range(len(self.plots)), key=lambda i: self._claim_key(self.plots[i]))
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        return rank

    def _claim_key(self, plot: Plot) -> tuple[Any, ...]:
        by_acceptance = self.state.rules.tie_break == "acceptance" and plot.accepted_on
        day = plot.accepted_on if by_acceptance else plot.version.effective_on
        return plot.season or _LATER, day, plot.feature_id

    @cached_property
    def disputed(self) -> Mask:
        """For each pair, whether it is disputed: one season, two units, and no award."""
        return np.array(
            [self._is_disputed(self.plots[i], self.plots[j]) for i, j in self._pair_positions()], dtype=bool
        )

    def _pair_positions(self) -> list[tuple[int, int]]:
        return list(zip(self.pairs.left.tolist(), self.pairs.right.tolist(), strict=True))

    def _is_disputed(self, one: Plot, other: Plot) -> bool:
        if one.season is None or one.season != other.season:
            return False
        if frozenset((one.feature_id, other.feature_id)) in self.state.awards:
            return False
        return self.state.rules.disputes == "all" or one.version.unit != other.version.unit

    @cached_property
    def precedence(self) -> npt.NDArray[np.int64]:
        """Claim in which the winner of a decided dispute goes before its rival."""
        rank = self.claim.astype(np.float64)
        position = {plot.feature_id: i for i, plot in enumerate(self.plots)}
        for pair, winner in sorted(self.state.awards.items(), key=lambda item: sorted(item[0])):
            rivals = [position[name] for name in pair if name != winner and name in position]
            if winner in position and rivals and rank[position[winner]] > rank[rivals[0]]:
                rank[position[winner]] = rank[rivals[0]] - 0.5
        return np.argsort(np.argsort(rank, kind="stable"), kind="stable").astype(np.int64)

    def at(self, keep: Mask) -> StepCredit:
        """Share the ground out among the plots of one step; only they compete for it.

        Parameters
        ----------
        keep
            Shape (n,), which plots take part.
        """
        chosen = np.flatnonzero(keep)
        position = np.full(len(self.plots), -1)
        position[chosen] = np.arange(len(chosen))
        inside = keep[self.pairs.left] & keep[self.pairs.right]
        pairs = OverlapPairs(
            left=position[self.pairs.left[inside]],
            right=position[self.pairs.right[inside]],
            shared=self.pairs.shared[inside],
            shared_m2=self.pairs.shared_m2[inside],
        )
        shared = credit(
            self.geometries[chosen],
            claim=self.precedence[chosen],
            pairs=pairs,
            disputed=self.disputed[inside],
        )
        return StepCredit(keep=keep, credit=_spread(shared, chosen, len(self.plots)))

    @cached_property
    def redone(self) -> Mask:
        """Which plots failed and have left their ground to an accepted redo."""
        columns = self.columns
        parents = {self.plots[i].version.parent_id for i in np.flatnonzero(columns.accepted & (columns.kind == REDO))}
        return np.asarray((columns.outcome == "failed") & np.isin(columns.feature_id, sorted(map(str, parents))))

    @cached_property
    def mapped(self) -> StepCredit:
        """Ground of every boundary submitted and not withdrawn."""
        return self.at(self.columns.verdict != "withdraw")

    @cached_property
    def accepted(self) -> StepCredit:
        """Ground that passed desk review."""
        return self.at(self.columns.accepted & ~self.redone)

    @cached_property
    def verified(self) -> StepCredit:
        """Accepted ground that is backed by a field check."""
        return self.at(self.columns.accepted & self.columns.checked & ~self.redone)

    @cached_property
    def qualified(self) -> StepCredit:
        """Ground of plots whose survival counts; a plot that failed has let its ground go."""
        return self.at(self.columns.accepted & (self.columns.outcome == "qualified"))

    @cached_property
    def potential(self) -> StepCredit:
        """Ground that qualifies if every plot that is not due or not checked yet does."""
        return self.at(self.columns.accepted & np.isin(self.columns.outcome, ("qualified", "not_checked")))


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCredit:
    """Credit at one step, spread over all plots of the set (zero for those that take no part)."""

    keep: Mask
    credit: Credit

    def credited_m2(self, rows: Mask) -> float:
        """Return the credited ground of some plots, exact sum."""
        return fsum(self.credit.credited_m2[rows & self.keep])

    def net_m2(self, rows: Mask) -> float:
        """Return credited and disputed ground of some plots: their part of the union."""
        part = rows & self.keep
        return fsum([*self.credit.credited_m2[part], *self.credit.disputed_m2[part]])


def _spread(shared: Credit, chosen: npt.NDArray[np.intp], count: int) -> Credit:
    def full(values: Floats) -> Floats:
        result = np.zeros(count)
        result[chosen] = values
        return result

    return Credit(
        credited_m2=full(shared.credited_m2),
        disputed_m2=full(shared.disputed_m2),
        lost_overlap_m2=full(shared.lost_overlap_m2),
        lost_dispute_m2=full(shared.lost_dispute_m2),
    )


def plot_sets(state: State) -> tuple[PlotSet, PlotSet]:
    """Return the real plots and the sample plots of a state; the two never compete for ground."""
    new = [plot for plot in state.plots if (plot.version.kind or "造林") in NEW_AREA_KINDS]
    real = tuple(plot for plot in new if not plot.version.sample)
    sample = tuple(plot for plot in new if plot.version.sample)
    return PlotSet(state, real, False), PlotSet(state, sample, True)


def chosen_set(sets: tuple[PlotSet, PlotSet]) -> PlotSet:
    """Return the set that targets rest on: the real plots, unless there are only sample ones."""
    real, sample = sets
    return sample if sample.plots and not real.plots else real


def year_planting(target: TargetDef, state: State, plots: PlotSet) -> Measured:
    """Measure *year*: qualified new net area of the year, in mu, with its ceiling.

    Ground that qualified in an earlier season stays with that season, since it has prior claim.
    """
    year, kind = int(str(target.params["year"])), str(target.params["kind"])
    columns = plots.columns
    of_year = columns.season_year == year
    rows = of_year & np.isin(columns.kind, (kind, REDO))
    if not rows.any():
        names = "、".join(sorted({*columns.kind[of_year].tolist()}))
        if names:
            return not_assessed(
                "kinds_differ", f"口径不同：目标为{kind}，地块为{names}", f"kinds differ: {kind} against {names}"
            )
        return not_assessed("no_plots", f"没有{year}年{kind}的地块", f"no plots of kind {kind} in {year}")
    if not (rows & columns.accepted).any():
        return not_assessed("none_accepted", f"{year}年的地块都没有通过审核", f"no plot of {year} has been accepted")
    return Measured(
        value=mu_from_m2(plots.qualified.net_m2(rows)),
        ceiling=mu_from_m2(plots.potential.net_m2(rows)),
        sample=plots.sample,
        basis=Text(f"{year}年{kind}，成活率合格的净面积", f"{kind} of {year}, net area with qualified survival"),
        details=_four_parts(plots, rows) | {"kind": kind, "year": year},
    )


def _four_parts(plots: PlotSet, rows: Mask) -> dict[str, Any]:
    """Return the accepted ground of some plots by what their checks say, in mu."""
    accepted, columns = plots.accepted, plots.columns

    def part(outcome: str) -> Mask:
        return np.asarray(rows & columns.accepted & (columns.outcome == outcome))

    waiting = part("not_checked")
    not_due = waiting & ~columns.overdue
    due = [plots.plots[i].due_on for i in np.flatnonzero(waiting)]
    return {
        "qualified_mu": mu_from_m2(plots.qualified.net_m2(rows)),
        "to_replant_mu": mu_from_m2(accepted.credited_m2(part("replant"))),
        "failed_mu": mu_from_m2(accepted.credited_m2(part("failed"))),
        "not_due_mu": mu_from_m2(accepted.credited_m2(not_due)),
        "not_checked_mu": mu_from_m2(accepted.credited_m2(waiting & ~not_due)),
        "disputed_mu": mu_from_m2(fsum(accepted.credit.disputed_m2[rows])),
        "due_on": [day.isoformat() for day in sorted({day for day in due if day})],
    }


def ring_forest(target: TargetDef, state: State, plots: PlotSet, zone: Sequence[Feature]) -> Measured:
    """Measure *ring*: qualified net area inside the ring-lake zone, in km2, all years together."""
    if not zone:
        return not_assessed("no_zone", "没有环湖造林区图层", "the workspace has no ring-lake zone")
    if not plots.columns.accepted.any():
        return not_assessed("no_plots", "没有通过审核的地块", "no plot has been accepted")
    cells = geometries_of(zone)
    land_m2 = fsum(area_m2(cells))
    net_m2 = credit_inside(plots, cells).credit.net_m2
    km2 = km2_from_m2(net_m2)
    return Measured(
        value=km2,
        sample=plots.sample,
        sketch=any(feature.properties.get("sketch") for feature in zone),
        basis=Text("环湖区内各年成活率合格的净面积", "net area with qualified survival inside the zone, all years"),
        details={
            "zone_land_km2": km2_from_m2(land_m2),
            "share_needed_pct": float(target.value) / km2_from_m2(land_m2) * 100,
            "share_of_zone_pct": net_m2 / land_m2 * 100,
            "zone_version": str(zone[0].properties.get("version", "")),
            "net_mu": mu_from_m2(net_m2),
            "counts_from": str(target.params.get("counts_from", "")) or None,
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Territory:
    """Qualified and accepted ground by county (属地口径); the parts and the outside add up to the city.

    Attributes
    ----------
    accepted_m2, qualified_m2
        Net area inside each cell, in the order of the cells.
    outside_accepted_m2, outside_qualified_m2
        Net area outside every cell.
    """

    accepted_m2: list[float]
    qualified_m2: list[float]
    outside_accepted_m2: float
    outside_qualified_m2: float


def territory(plots: PlotSet, cells: Sequence[Feature]) -> Territory:
    """Cut accepted and qualified plots at borders and count the ground of each cell once."""
    shapes = geometries_of(cells)

    def by_cell(keep: Mask) -> tuple[list[float], float]:
        chosen = plots.geometries[keep]
        pieces = split(chosen, shapes)
        nets = [net_area_m2(pieces.geometry[pieces.cell == cell]) for cell in range(len(shapes))]
        return nets, _net_outside(chosen, pieces, shapes)

    accepted, outside = by_cell(plots.accepted.keep)
    qualified, outside_qualified = by_cell(plots.qualified.keep)
    return Territory(
        accepted_m2=accepted,
        qualified_m2=qualified,
        outside_accepted_m2=outside,
        outside_qualified_m2=outside_qualified,
    )


def _net_outside(chosen: Geometries, pieces: Pieces, shapes: Geometries) -> float:
    rows = np.flatnonzero(pieces.outside_m2 > 0)
    if len(rows) == 0:
        return 0.0
    outside = shapely.difference(chosen[rows], shapely.union_all(shapes))
    return net_area_m2(outside[area_m2(outside) > 0])
