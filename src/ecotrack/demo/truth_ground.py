"""Who holds which ground, by construction: plots of one cluster cut each other into rectangles.

The sides of the rectangles of a cluster divide it into cells; each cell is covered by a known set of plots, and
the rule of credit is told cell by cell. No polygon is ever intersected.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from ecotrack.demo.sample_plan import PlannedPlot, Rect
from ecotrack.demo.truth_area import cell_m2, west_of_m2

_PARTS = {"spring": 0, "autumn": 2}
_OUTCOMES = ((85, "qualified"), (41, "replant"), (0, "failed"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A plot as it stands on a day.

    Attributes
    ----------
    verdict
        ``accept``, ``return``, ``strike``, ``withdraw``, or ``None`` where nothing was decided.
    outcome
        What the last check says; ``not_checked`` without one.
    """

    plot: PlannedPlot
    rect: Rect
    submitted_on: dt.date
    verdict: str | None
    checked: bool
    outcome: str

    @property
    def accepted(self) -> bool:
        """Whether it passed review and was not struck."""
        return self.verdict == "accept"

    @property
    def claim(self) -> tuple[int, int, dt.date, str]:
        """Order of prior claim: earlier season, then earlier submission, then id."""
        year, _, part = self.plot.season.partition("-")
        return int(year), _PARTS[part], self.submitted_on, self.plot.feature_id


def stand(plot: PlannedPlot, as_of: dt.date) -> Standing | None:
    """Return how a plot stands on a day; ``None`` before its first submission."""
    known = [number for number, version in enumerate(plot.versions) if version.submitted_on <= as_of]
    if not known:
        return None
    last = {d.version: d.verdict for d in plot.decisions if d.decided_on <= as_of}
    settled = [number for number in known if last.get(number) in ("accept", "strike", "withdraw")]
    version = plot.versions[settled[-1] if settled else known[-1]]
    verdict = last.get(settled[-1] if settled else known[-1])
    if verdict == "accept" and plot.struck_on is not None and plot.struck_on <= as_of:
        verdict = "strike"
    checks = sorted((c for c in plot.checks if c.checked_on <= as_of), key=lambda check: check.checked_on)
    outcome = "not_checked"
    if checks:
        live = checks[-1].holes_live * 100
        outcome = next(name for bar, name in _OUTCOMES if live >= bar * checks[-1].holes_checked)
    return Standing(
        plot=plot,
        rect=version.rect,
        submitted_on=version.submitted_on,
        verdict=verdict,
        checked=bool(checks),
        outcome=outcome,
    )


@dataclass(slots=True)
class Ground:
    """Ground of one plot at one step, m2.

    Attributes
    ----------
    credited_m2
        Its own.
    disputed_m2
        It has prior claim, but a rival disputes it.
    overlap_m2, dispute_m2
        Another holds it by prior claim, or in dispute.
    """

    credited_m2: float = 0.0
    disputed_m2: float = 0.0
    overlap_m2: float = 0.0
    dispute_m2: float = 0.0


def cells(rects: Sequence[Rect]) -> Iterator[Rect]:
    """Yield the cells into which the sides of rectangles divide the ground between them."""
    lons = sorted({lon for rect in rects for lon in (rect.west, rect.east)})
    lats = sorted({lat for rect in rects for lat in (rect.south, rect.north)})
    for west, east in pairwise(lons):
        for south, north in pairwise(lats):
            yield Rect(west, south, east, north)


def covers(rect: Rect, cell: Rect) -> bool:
    """Whether a rectangle holds a cell of its own cluster."""
    return rect.west <= cell.west and cell.east <= rect.east and rect.south <= cell.south and cell.north <= rect.north


def share_out(standings: Sequence[Standing], *, awards: Mapping[frozenset[str], str]) -> dict[str, Ground]:
    """Share the ground of one cluster out among its plots that compete.

    A cell goes to the plot with prior claim, unless another of its season and of another unit covers it too:
    then it is disputed and credited to neither, until it is awarded to one of them.
    """
    result = {one.plot.feature_id: Ground() for one in standings}
    if len(standings) == 1:
        result[standings[0].plot.feature_id].credited_m2 = cell_m2(standings[0].rect)
        return result
    order = in_order(standings, awards)
    for cell in cells([one.rect for one in standings]):
        here = [one for one in order if covers(one.rect, cell)]
        if here:
            _settle(here, cell_m2(cell), result, awards)
    return result


def in_order(standings: Sequence[Standing], awards: Mapping[frozenset[str], str]) -> list[Standing]:
    """Return plots by prior claim; the winner of an award goes before its rival."""
    order = sorted(standings, key=lambda one: one.claim)
    for pair, winner in awards.items():
        places = {one.plot.feature_id: place for place, one in enumerate(order) if one.plot.feature_id in pair}
        if len(places) == 2 and places[winner] == max(places.values()):
            order.insert(min(places.values()), order.pop(places[winner]))
    return order


def _settle(
    here: Sequence[Standing], area_m2: float, result: dict[str, Ground], awards: Mapping[frozenset[str], str]
) -> None:
    """Enter one cell for the plots that cover it, first claim first."""

    def rivals(one: Standing, other: Standing) -> bool:
        pair = frozenset((one.plot.feature_id, other.plot.feature_id))
        return one.plot.season == other.plot.season and one.plot.unit != other.plot.unit and pair not in awards

    first = result[here[0].plot.feature_id]
    if any(rivals(here[0], other) for other in here[1:]):
        first.disputed_m2 += area_m2
    else:
        first.credited_m2 += area_m2
    for place, one in enumerate(here[1:], start=1):
        loser = result[one.plot.feature_id]
        if all(rivals(one, older) for older in here[:place]):
            loser.dispute_m2 += area_m2
        else:
            loser.overlap_m2 += area_m2


def shared_pairs(standings: Sequence[Standing]) -> Iterator[float]:
    """Yield the ground that each pair of plots of a cluster shares, m2; pairs that only touch are left out."""
    for one, other in combinations(standings, 2):
        both = Rect(
            max(one.rect.west, other.rect.west),
            max(one.rect.south, other.rect.south),
            min(one.rect.east, other.rect.east),
            min(one.rect.north, other.rect.north),
        )
        if both.west < both.east and both.south < both.north:
            yield cell_m2(both)


def astray(standing: Standing) -> bool:
    """Whether a plot lies for the larger part beyond the border of the unit that answers for it."""
    plot, rect = standing.plot, standing.rect
    if plot.cut is None or plot.holder != plot.unit:
        return plot.holder != plot.unit
    west, whole = west_of_m2(rect, plot.cut), cell_m2(rect)
    return (west if plot.cut.west == plot.unit else whole - west) < whole / 2


def by_county(standings: Sequence[Standing]) -> Iterator[tuple[str | None, float]]:
    """Yield the net ground of one cluster by county; ``None`` is outside the city."""
    if not standings:
        return
    plot = standings[0].plot
    for cell in cells([one.rect for one in standings]):
        if any(covers(one.rect, cell) for one in standings):
            whole = cell_m2(cell)
            if plot.cut is None:
                yield plot.county, whole
            else:
                west = west_of_m2(cell, plot.cut)
                yield plot.cut.west, west
                yield plot.cut.east, whole - west
