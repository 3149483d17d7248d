"""Plots of one basis (real or sample) with their ground, and how it is credited at every step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ecotrack.figures.ground import BEYOND, Ground, ZonePieces, pairs_of, zone_key
from ecotrack.geometry.area import Floats, Geometries
from ecotrack.geometry.boxes import Ints
from ecotrack.geometry.features import Feature, geometries_of
from ecotrack.geometry.overlap import Credit, OverlapPairs, credit, pairs_among, pairs_inside
from ecotrack.geometry.split import left_over
from ecotrack.geometry.sums import exact_sum, exact_sums
from ecotrack.geometry.windows import cut_off, cut_with
from ecotrack.progress import (
    FAILED,
    NEW_AREA_KINDS,
    NOT_CHECKED,
    QUALIFIED,
    REDO,
    RETURN,
    WITHDRAW,
    Plot,
    PlotColumns,
    State,
    plots_of,
)
from ecotrack.progress.ledger import Mask

_LATER = 99999
_TAKEN = ("disputed_m2", "lost_overlap_m2", "lost_dispute_m2")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCredit:
    """Credit at one step, for every plot of the set (zero for those that take no part)."""

    keep: Mask
    credit: Credit

    def credited_m2(self, rows: Mask) -> float:
        """Return the credited ground of some plots, exact sum."""
        return exact_sum(self.credit.credited_m2[rows])

    def net_m2(self, rows: Mask) -> float:
        """Return credited and disputed ground of some plots: their part of the union."""
        return exact_sum(self.credit.credited_m2[rows], self.credit.disputed_m2[rows])

    def credited_by(self, group: Ints, count: int) -> list[float]:
        """Return the credited ground of each group of plots; ``group`` is -1 for plots of none."""
        return exact_sums(group, count, self.credit.credited_m2)

    def net_by(self, group: Ints, count: int) -> list[float]:
        """Return credited and disputed ground of each group of plots."""
        return exact_sums(group, count, self.credit.credited_m2, self.credit.disputed_m2)


@dataclass(frozen=True, eq=False)
class PlotSet:
    """Plots of one basis; ground is shared out among these alone.

    Attributes
    ----------
    columns
        The plots, of kinds that make new area.
    ground
        Areas and overlaps of all feature versions.
    sample
        Whether they are sample data.
    """

    state: State
    columns: PlotColumns
    ground: Ground
    sample: bool

    def __len__(self) -> int:
        return len(self.columns)

    @cached_property
    def area_m2(self) -> Floats:
        """Ellipsoidal area of each plot."""
        return self.ground.area_m2[self.columns.version]

    @cached_property
    def geometries(self) -> Geometries:
        """Geometry of each plot, EPSG:4490."""
        return self.ground.read(self.columns.version)

    @property
    def pairs(self) -> OverlapPairs:
        """Every pair of plots that share ground."""
        return self._pairs[0]

    @cached_property
    def _pairs(self) -> tuple[OverlapPairs, Ints]:
        """The pairs, and their places in the ground."""
        return pairs_of(self.ground, self.columns.version)

    @cached_property
    def gone(self) -> Mask:
        """Which plots, as they were sent, are nobody's claim any more: withdrawn, or sent back."""
        return np.isin(self.columns.verdict_code, (WITHDRAW, RETURN))

    @cached_property
    def stock(self) -> Mask:
        """Which plots stand as opening balance (存量): their submission was accepted by a document of earlier years."""
        ledger = self.state.ledger
        names = ledger.tables["submissions"]
        known = np.array([names.find(name) for name in sorted(self.state.stock)], dtype=np.int64)
        return np.asarray(self.columns.accepted & np.isin(ledger.version["submission"][self.columns.version], known))

    @cached_property
    def plots(self) -> Sequence[Plot]:
        """The plots as objects, with all that is known of them; for those who show every plot."""
        return plots_of(self.state, self.columns)

    def some_plots(self, rows: Ints) -> dict[int, Plot]:
        """Return some plots as objects, by position; nothing else is read."""
        return dict(zip(rows.tolist(), plots_of(self.state, self.columns.take(rows)), strict=True))

    @cached_property
    def precedence(self) -> Ints:
        """Rank of prior claim: earlier season, then earlier submission (or acceptance), then id.

        The winner of a decided dispute goes before its rival. Plots that share no ground are not ranked.
        """
        columns, rank = self.columns, np.full(len(self), len(self), dtype=np.int64)
        shares = np.zeros(len(self), dtype=bool)
        shares[self.pairs.left] = shares[self.pairs.right] = True
        sharing = np.flatnonzero(shares)
        by_acceptance = self.state.rules.tie_break == "acceptance"
        day = np.where(columns.accepted_day > 0, columns.accepted_day, columns.day) if by_acceptance else columns.day
        season = np.where(columns.season > 0, columns.season, _LATER)
        names = columns.features.take(sharing).texts().astype(np.str_)
        order = sharing[np.lexsort((names, day[sharing], season[sharing]))]
        rank[order] = np.arange(len(order))
        return self._awarded(rank.astype(np.float64), order)

    def _awarded(self, rank: Floats, order: Ints) -> Ints:
        """Put each winner right before its rival, until every award holds; several winners keep their own order."""
        first = rank.copy()
        won = self._won(first, order)
        step = 0.5 / (len(won) + 1)
        for _ in won:  # one pass settles a chain of awards at least by one; contradictory ones end here too
            behind = [(winner, rival) for winner, rival in won if rank[winner] >= rank[rival]]
            for winner, rival in behind:
                rank[winner] = min(rank[winner], rank[rival] - step)
            if not behind:
                break
        return np.argsort(np.lexsort((first, rank)), kind="stable").astype(np.int64)

    def _won(self, rank: Floats, order: Ints) -> list[tuple[int, int]]:
        """Return winner and rival of the awards among these plots, by claim, so that their order is one of content."""
        position = {self.columns.features[i]: i for i in order.tolist()} if self.state.awards else {}
        pairs = [
            (position.get(winner), [position.get(n) for n in pair if n != winner])
            for pair, winner in self.state.awards.items()
        ]
        known = [
            (winner, rivals[0]) for winner, rivals in pairs if winner is not None and rivals and rivals[0] is not None
        ]
        return sorted(known, key=lambda pair: (rank[pair[1]], rank[pair[0]]))

    @cached_property
    def disputed(self) -> Mask:
        """For each pair, whether it is disputed: one season, two units, and no award."""
        columns, left, right = self.columns, self.pairs.left, self.pairs.right
        result = (columns.season[left] == columns.season[right]) & (columns.season[left] > 0)
        if self.state.rules.disputes != "all":
            result &= columns.units.codes[left] != columns.units.codes[right]
        awards = self.state.awards
        for k in np.flatnonzero(result) if awards else ():
            result[k] = frozenset((columns.features[int(left[k])], columns.features[int(right[k])])) not in awards
        return np.asarray(result)

    def at(self, keep: Mask) -> StepCredit:
        """Share the ground out among the plots of one step; only they compete for it.

        Parameters
        ----------
        keep
            Shape (n,), which plots take part.
        """
        rows = np.flatnonzero(keep[self.pairs.left] & keep[self.pairs.right])
        areas = np.where(keep, self.area_m2, 0.0)
        return StepCredit(keep=keep, credit=self._shared_out(areas, self.pairs.take(rows), self.disputed[rows]))

    def _shared_out(self, areas: Floats, pairs: OverlapPairs, disputed: Mask | None = None) -> Credit:
        """Share ground out by prior claim; only plots of a pair have anything to share."""
        sharing, shared = _among(areas, pairs, self.precedence, disputed)
        columns = {}
        for name, whole in (("credited_m2", areas), *((name, np.zeros(len(areas))) for name in _TAKEN)):
            column = whole.copy()
            column[sharing] = getattr(shared, name)
            columns[name] = column
        return Credit(**columns)

    @cached_property
    def redone(self) -> Mask:
        """Which plots failed and have left their ground to an accepted redo."""
        columns = self.columns
        parents = columns.parents.codes[columns.accepted & columns.kinds.is_(REDO)]
        return np.asarray((columns.outcome_code == FAILED) & np.isin(columns.features.codes, parents[parents >= 0]))

    @cached_property
    def mapped(self) -> StepCredit:
        """Ground of every boundary submitted and not withdrawn."""
        return self.at(self.columns.verdict_code != WITHDRAW)

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
        return self.at(self.columns.accepted & (self.columns.outcome_code == QUALIFIED))

    @cached_property
    def potential(self) -> StepCredit:
        """Ground that qualifies if every plot that is not due or not checked yet does."""
        return self.at(self.columns.accepted & np.isin(self.columns.outcome_code, (QUALIFIED, NOT_CHECKED)))

    def inside(self, keep: Mask, layer: str, cells: Sequence[Feature]) -> Cut:
        """Return the net area of some plots inside each cell of a layer, and outside all of them."""
        nets = [self._net_m2(part) for part in self._cut(keep, layer, cells)]
        return Cut(nets, self._net_m2(self._outside(keep, layer, cells)))

    def outside_m2(self, layer: str, cells: Sequence[Feature], *, own: Ints | None = None) -> Floats:
        """Return how much of each plot lies outside every cell of a layer, or outside its ``own`` one."""
        pieces = self._pieces(layer, cells)
        weights = pieces.area_m2 if own is None else np.where(pieces.cell == own[pieces.row], pieces.area_m2, 0.0)
        return left_over(self.area_m2, pieces.row, weights)

    def own_cells(self, cells: Sequence[Feature]) -> Ints:
        """Return the number of the cell that each plot's responsible unit has among ``cells``; -1 where it has none."""
        numbers = {cell.feature_id: number for number, cell in enumerate(cells)}
        names, group = self.columns.units.groups()
        return np.array([numbers.get(name, -1) for name in names], dtype=np.int64)[group]

    def astray(self, layer: str, cells: Sequence[Feature]) -> Mask:
        """Return which plots lie for the larger part outside their responsible unit; unknown ground is not outside."""
        own = self.own_cells(cells)
        if not (own >= 0).any():
            return np.zeros(len(self), dtype=bool)
        return (own >= 0) & (self.outside_m2(layer, cells, own=own) > self.area_m2 / 2)

    def in_cells(self, keep: Mask, layer: str, cells: Sequence[Feature]) -> list[CellCredit]:
        """Share out the ground of some plots inside each cell of a layer by prior claim.

        Nothing is disputed here: what lies in a cell counts whoever holds it.
        """
        return [self._cell_credit(part) for part in self._cut(keep, layer, cells)]

    def _cell_credit(self, part: _Part) -> CellCredit:
        credited, pairs = np.zeros(len(self)), part.pairs
        credited[part.rows] = part.area_m2
        sharing, shared = _among(part.area_m2, pairs, self.precedence[part.rows])
        credited[part.rows[sharing]] = shared.credited_m2
        left, right = part.rows[pairs.left], part.rows[pairs.right]
        return CellCredit(left=left, right=right, shared_m2=pairs.shared_m2, credited_m2=credited)

    def _net_m2(self, part: _Part) -> float:
        """Return the area of the union of some ground; nothing is disputed."""
        sharing, shared = _among(part.area_m2, part.pairs, self.precedence[part.rows])
        alone = part.area_m2.copy()
        alone[sharing] = 0.0
        return exact_sum(alone, shared.credited_m2, shared.disputed_m2)

    def _cut(self, keep: Mask, layer: str, cells: Sequence[Feature]) -> Iterator[_Part]:
        """Yield, for each cell, the ground of some plots inside it."""
        pieces, shapes, key = self._pieces(layer, cells), geometries_of(cells), zone_key(layer, cells)
        order = np.argsort(pieces.cell, kind="stable")
        ends = np.searchsorted(pieces.cell[order], np.arange(len(shapes) + 1))
        for number, (start, end) in enumerate(pairwise(ends.tolist())):
            span = order[start:end]
            row, _, area_m2, whole = pieces.take(span[keep[pieces.row[span]]])
            pairs, which = pairs_among(self.pairs, row, len(self))
            cut_m2 = self._cut_m2(key, number, which)
            cut = partial(cut_with, polygon=shapes[number])
            yield _Part(row, area_m2, pairs_inside(pairs, whole == 1, cut, cut_m2=cut_m2))

    def _outside(self, keep: Mask, layer: str, cells: Sequence[Feature]) -> _Part:
        """Return the ground of some plots outside every cell."""
        rest, pieces = self.outside_m2(layer, cells), self._pieces(layer, cells)
        rows = np.flatnonzero(keep & (rest > 0))
        pairs, which = pairs_among(self.pairs, rows, len(self))
        whole = np.bincount(pieces.row, minlength=len(self))[rows] == 0
        cut_m2 = self._cut_m2(zone_key(layer, cells), BEYOND, which)
        cut = partial(cut_off, polygons=geometries_of(cells))
        return _Part(rows, rest[rows], pairs_inside(pairs, whole, cut, cut_m2=cut_m2))

    def _cut_m2(self, key: str, number: int, which: Ints) -> Callable[[Ints], Floats]:
        """Return what gives the ground that some of ``which`` pairs share in a cell whose border may cross them."""
        kept = self.ground.cut_shares[key]
        mine = np.flatnonzero(kept.cell == number)
        mine = mine[np.argsort(kept.pair[mine])]
        held, shared_m2 = np.append(kept.pair[mine], -1), np.append(kept.shared_m2[mine], 0.0)

        def cut_m2(some: Ints) -> Floats:
            asked = self._pairs[1][which[some]]
            at = np.searchsorted(held[:-1], asked)
            return np.where(held[at] == asked, shared_m2[at], 0.0)

        return cut_m2

    def _pieces(self, layer: str, cells: Sequence[Feature]) -> ZonePieces:
        """Return the pieces of these plots, by their positions."""
        key = zone_key(layer, cells)
        if key not in self._known_pieces:
            pieces = self.ground.pieces[key]
            position = np.full(len(self.ground), -1)
            position[self.columns.version] = np.arange(len(self))
            mine = position[pieces.row] >= 0
            self._known_pieces[key] = pieces._replace(row=position[pieces.row]).take(np.flatnonzero(mine))
        return self._known_pieces[key]

    @cached_property
    def _known_pieces(self) -> dict[str, ZonePieces]:
        return {}


class _Part(NamedTuple):
    """Plots of a set, the ground that each has in some place, and how they overlap there, by their places here."""

    rows: Ints
    area_m2: Floats
    pairs: OverlapPairs


def _among(areas: Floats, pairs: OverlapPairs, claim: Ints, disputed: Mask | None = None) -> tuple[Ints, Credit]:
    """Return the plots of some pairs, and what each of them gets."""
    sharing, place = np.unique(np.concatenate([pairs.left, pairs.right]), return_inverse=True)
    half = len(pairs.left)
    among = replace(pairs, left=place[:half], right=place[half:])
    return sharing, credit(areas[sharing], claim=claim[sharing], pairs=among, disputed=disputed)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellCredit:
    """How the ground inside one cell is shared out.

    Attributes
    ----------
    left, right
        Plots that overlap there, by their positions in the set; shape (k,).
    shared_m2
        What each pair shares there.
    credited_m2
        What of it is credited to each plot of the set; shape (n,).
    """

    left: Ints
    right: Ints
    shared_m2: Floats
    credited_m2: Floats


@dataclass(frozen=True, slots=True)
class Cut:
    """Net area inside each cell, in the order of the cells, and outside all of them; m2."""

    inside_m2: list[float]
    outside_m2: float


def plot_sets(state: State, ground: Ground) -> tuple[PlotSet, PlotSet]:
    """Return the real plots and the sample plots of a state; the two never compete for ground."""
    columns = state.columns
    new = columns.kinds.is_in(sorted(NEW_AREA_KINDS))
    real, sample = (columns.take(np.flatnonzero(new & (columns.sample == wanted))) for wanted in (False, True))
    return PlotSet(state, real, ground, False), PlotSet(state, sample, ground, True)


def chosen_set(sets: tuple[PlotSet, PlotSet]) -> PlotSet:
    """Return the set that targets rest on: the real plots, unless there are only sample ones."""
    real, sample = sets
    return sample if len(sample) and not len(real) else real
