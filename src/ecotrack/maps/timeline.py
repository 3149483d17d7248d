"""The time slider's days, and what the workspace says as of each of them.

Every figure comes from `ecotrack.workspace.Workspace.view` of that day, so it is the one that
``ecotrack stats --as-of`` prints.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from ecotrack.figures.rivers import km_treated
from ecotrack.model.layers import REGISTER_SOURCE
from ecotrack.progress import ACCEPT, OUTCOMES, STRIKE, PlotColumns

if TYPE_CHECKING:
    from ecotrack.workspace import FeatureView, View

Step = Literal["none", "month", "quarter"]
Told = Callable[[str, str], None]

MOST_PERIODS = 72
"""A slider of more steps than this is cut to the latest ones."""

_MONTHS = {"month": 1, "quarter": 3}
_OUTCOME_STATES = {"qualified": "合格", "replant": "补植", "failed": "失败", "not_checked": "待查"}
PLOT_STATES = (*(_OUTCOME_STATES[outcome] for outcome in OUTCOMES), "核销")
"""States that colour plots; a number of `PlotMoment.state` is a place in this tuple, from 1."""


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


class PlotMoment(NamedTuple):
    """Accepted and struck plots on one day, shape (n,) each; the others are not drawn.

    Attributes
    ----------
    feature
        Numbers of the plots in the ledger's table of features.
    state
        Places in `PLOT_STATES`, from 1.
    """

    feature: npt.NDArray[np.int32]
    state: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The workspace on one day of the slider.

    Attributes
    ----------
    board
        Targets, indicators and funnel as ``ecotrack stats --json`` has them that day, with its marks.
    plots
        State of each plot that stands that day; ``None`` where the map shows no plots.
    layers
        Reference layers with records, by id.
    """

    day: dt.date
    board: dict[str, Any]
    plots: PlotMoment | None
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


def moments(view: View, days: Iterable[dt.date], *, layers: Sequence[str], tell: Told | None = None) -> list[Moment]:
    """Return what a workspace says on each of some days, as known when ``view`` was.

    Parameters
    ----------
    view
        The workspace on any day: what was read for it serves the others.
    days
        Not after today.
    layers
        Ids of the layers that are shown.
    tell
        Told of each day.

    Raises
    ------
    FutureDate, MissingFile
        As `ecotrack.workspace.Workspace.view` says.
    """
    wanted = list(days)
    found = []
    for number, day in enumerate(wanted, start=1):
        if tell:
            tell(f"时段 {number}/{len(wanted)}：{day}", f"period {number}/{len(wanted)}: {day}")
        found.append(moment(view.on(day), layers=layers))
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
    plots = plot_moment(view.scoreboard.plots.columns) if of_plots else None
    return Moment(day=view.as_of, board=board_of(view), plots=plots, layers=parts)


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


def plot_moment(columns: PlotColumns) -> PlotMoment:
    """Return the state that colours each accepted or struck plot of a day."""
    rows = np.flatnonzero(np.isin(columns.verdict_code, (ACCEPT, STRIKE)))
    struck = columns.verdict_code[rows] == STRIKE
    state = np.where(struck, len(PLOT_STATES), columns.outcome_code[rows] + 1)
    return PlotMoment(columns.features.codes[rows].astype(np.int32), state.astype(np.uint8))
