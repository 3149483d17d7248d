"""The time slider's days, and what the workspace says as of each of them.

Every figure comes from `ecotrack.workspace.Workspace.view` of that day, so it is the one that
``ecotrack stats --as-of`` prints.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ecotrack.figures.rivers import km_treated
from ecotrack.model.layers import REGISTER_SOURCE
from ecotrack.progress import ACCEPT, OUTCOMES, STRIKE, PlotColumns

if TYPE_CHECKING:
    from ecotrack.workspace import FeatureView, View, Workspace

Step = Literal["none", "month", "quarter"]
Told = Callable[[str, str], None]

MOST_PERIODS = 72
"""A slider of more steps than this is cut to the latest ones."""

_MONTHS = {"month": 1, "quarter": 3}
_OUTCOME_STATES = {"qualified": "合格", "replant": "补植", "failed": "失败", "not_checked": "待查"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerMoment:
    """One layer on one day.

    Attributes
    ----------
    features
        Features joined to their records of that day.
    with_record, newest
        As `ecotrack.workspace.LayerView` has them.
    """

    features: Sequence[FeatureView]
    with_record: int
    newest: dt.date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The workspace on one day of the slider.

    Attributes
    ----------
    board
        Targets, indicators and funnel as ``ecotrack stats --json`` has them that day, with its marks.
    plot_states
        State of each plot that stands that day, by its id.
    layers
        Reference layers with records, by id.
    """

    day: dt.date
    board: dict[str, Any]
    plot_states: dict[str, str]
    layers: dict[str, LayerMoment]


def days_between(first: dt.date, last: dt.date, *, step: Step) -> list[dt.date]:
    """Return the ends of all months or quarters from ``first`` to before ``last``, then ``last`` itself.

    Parameters
    ----------
    first
        Day of the oldest record.
    last
        Day of the map.
    step
        ``none`` gives the last day alone.

    Examples
    --------
    >>> [str(day) for day in days_between(dt.date(2016, 2, 9), dt.date(2016, 11, 5), step="quarter")]
    ['2016-03-31', '2016-06-30', '2016-09-30', '2016-11-05']
    """
    if step == "none":
        return [last]
    months = _MONTHS[step]
    days = []
    year, month = first.year, -(-first.month // months) * months
    while (day := dt.date(year, month, calendar.monthrange(year, month)[1])) < last:
        days.append(day)
        year, month = (year + 1, month + months - 12) if month + months > 12 else (year, month + months)
    return [*days, last][-MOST_PERIODS:]


def moments(
    workspace: Workspace,
    days: Iterable[dt.date],
    *,
    layers: Sequence[str],
    as_known: dt.datetime | None = None,
    tell: Told | None = None,
) -> list[Moment]:
    """Return what the workspace says on each of some days.

    Parameters
    ----------
    days
        Not after today.
    layers
        Ids of the layers that are shown.
    as_known
        Instant (UTC) up to which what was recorded counts.
    tell
        Told of each day.

    Raises
    ------
    FutureDate, NoRegister, MissingFile
        As `ecotrack.workspace.Workspace.view` says.
    """
    wanted = list(days)
    found = []
    for number, day in enumerate(wanted, start=1):
        if tell:
            tell(f"时段 {number}/{len(wanted)}：{day}", f"period {number}/{len(wanted)}: {day}")
        found.append(moment(workspace.view(as_of=day, as_known=as_known), layers=layers))
    return found


def moment(view: View, *, layers: Sequence[str]) -> Moment:
    """Return one day of the slider from the view of that day."""
    shown = [view.workspace.layer(name) for name in layers]
    found = {layer.id: view.layer(layer.id) for layer in shown if layer.source != REGISTER_SOURCE and layer.records}
    parts = {
        name: LayerMoment(features=one.features, with_record=one.with_record, newest=one.newest)
        for name, one in found.items()
    }
    of_plots = any(layer.source == REGISTER_SOURCE for layer in shown)
    states = plot_states(view.scoreboard.plots.columns) if of_plots else {}
    return Moment(day=view.as_of, board=board_of(view), plot_states=states, layers=parts)


def board_of(view: View) -> dict[str, Any]:
    """Return the part of the scoreboard that the panels draw, without what they do not (every pair of overlaps)."""
    board, units = view.scoreboard, view.workspace.units
    targets = [figure.to_json() for figure in board.figures]
    funnel = [one.to_json(units, view.state) for one in board.funnels]
    reaches = view.workspace.features("reaches") if "reaches" in view.workspace.layers else ()
    return {
        "as_of": view.as_of.isoformat(),
        "sample": board.plots.sample or any(row["sample"] for row in [*targets, *funnel]),
        "sketch": any(figure["sketch"] for figure in targets),
        "targets": targets,
        "funnel": funnel,
        "indicators": {"km_treated": km_treated(view.state, reaches)},
    }


def plot_states(columns: PlotColumns) -> dict[str, str]:
    """Return the state that colours each accepted or struck plot, by its id; the others are not drawn."""
    names = [_OUTCOME_STATES[outcome] for outcome in OUTCOMES]
    verdicts, outcomes = columns.verdict_code.tolist(), columns.outcome_code.tolist()
    rows = zip(columns.feature_id.tolist(), verdicts, outcomes, strict=True)
    return {
        feature_id: "核销" if verdict == STRIKE else names[outcome]
        for feature_id, verdict, outcome in rows
        if verdict in (ACCEPT, STRIKE)
    }
