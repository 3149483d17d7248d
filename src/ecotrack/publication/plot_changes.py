"""Which plots moved a published figure of planted ground, and by how much."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import fsum

from ecotrack.errors import UnknownFigure
from ecotrack.figures.explain import explain
from ecotrack.figures.explain_plots import PlotRow
from ecotrack.figures.figure import Reason
from ecotrack.workspace import View


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotChange:
    """One plot whose part in a figure is another one now.

    Attributes
    ----------
    figure_id
        The figure, for a table with the step (``years/accepted``).
    published_m2, found_m2
        What of it the figure counted then, and counts with everything that is known now.
    reason_then, reason_now
        Why it did or does not count; ``None`` where it counts, or is not there.
    """

    figure_id: str
    feature_id: str
    unit: str
    published_m2: float
    found_m2: float
    reason_then: Reason | None
    reason_now: Reason | None

    @property
    def difference_m2(self) -> float:
        """What was found less what was published."""
        return self.found_m2 - self.published_m2

    def to_json(self) -> dict[str, object]:
        """Return the change as JSON values."""
        return {
            "figure": self.figure_id,
            "feature_id": self.feature_id,
            "unit": self.unit,
            "published_m2": self.published_m2,
            "found_m2": self.found_m2,
            "difference_m2": self.difference_m2,
            "reason_then": self.reason_then.to_json() if self.reason_then else None,
            "reason_now": self.reason_now.to_json() if self.reason_now else None,
        }


def plot_changes(then: View, now: View, figure_ids: Iterable[str]) -> tuple[PlotChange, ...]:
    """Return the plots whose part in some figures differs between two views of one day, largest first.

    Figures that rest on records, and those that cannot be explained, have none.
    """
    found = [change for figure_id in figure_ids for change in _changes(then, now, figure_id)]
    return tuple(sorted(found, key=lambda one: (one.figure_id, -abs(one.difference_m2), one.feature_id)))


def _changes(then: View, now: View, figure_id: str) -> list[PlotChange]:
    before, after = _plots(then, figure_id), _plots(now, figure_id)
    pairs = [(before.get(name), after.get(name)) for name in {**before, **after}]
    return [_change(figure_id, a, b) for a, b in pairs if _counted(a) != _counted(b)]


def _plots(view: View, figure_id: str) -> dict[str, PlotRow]:
    try:
        return {row.plot.feature_id: row for row in explain(view.scoreboard, figure_id).plots}
    except UnknownFigure:
        return {}


def _counted(row: PlotRow | None) -> float:
    return fsum(row.parts_m2) if row else 0.0


def _change(figure_id: str, before: PlotRow | None, after: PlotRow | None) -> PlotChange:
    known = after or before
    return PlotChange(
        figure_id=figure_id,
        feature_id=known.plot.feature_id if known else "",
        unit=known.unit if known else "",
        published_m2=_counted(before),
        found_m2=_counted(after),
        reason_then=before.reason if before else None,
        reason_now=after.reason if after else None,
    )
