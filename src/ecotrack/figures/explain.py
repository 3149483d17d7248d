"""From a figure down to what stands behind it: plots with their losses and decisions, records used and set aside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import fsum

from ecotrack.errors import Text, UnknownFigure, UnknownSubmission
from ecotrack.figures.explain_plots import PlotRow, counted_m2, shown_plots, step_rows, with_decisions, zone_rows
from ecotrack.figures.explain_records import RecordRow, report_rows, target_rows, task_rows
from ecotrack.figures.explain_tables import TABLES, explain_table
from ecotrack.figures.explanation import Explanation
from ecotrack.figures.figure import Measured
from ecotrack.figures.funnel import STEPS, Funnel, in_task
from ecotrack.figures.plots import PlotSet
from ecotrack.figures.scoreboard import Scoreboard
from ecotrack.model import Decision, ProgressRecord, TargetDef
from ecotrack.progress import REDO
from ecotrack.progress.ledger import Mask
from ecotrack.units import km2_from_m2, mu_from_m2

_PLOT_MEASURES = ("year_planting", "ring_forest")
_AREA_STEPS = ("mapped", "accepted", "verified", "qualified")


def explain(
    board: Scoreboard,
    figure_id: str,
    *,
    decisions: Sequence[Decision] = (),
    known: Sequence[ProgressRecord] = (),
    unit: str | None = None,
    plot: str | None = None,
) -> Explanation:
    """Explain one figure of a scoreboard down to the last loss.

    The parts of the rows that count add up to the figure exactly, in the way in which the figure itself is
    added up: by unit for a step of a task, all at once for a target and for a table.

    Parameters
    ----------
    figure_id
        A target's id, ``TASK/step`` (``TASK/rate``), or a table: ``units/responsible``, ``units/territorial``,
        ``years``, ``seasons``, ``programmes``, each with a step behind it (``years/qualified``; *accepted* by
        default), and ``km_treated``.
    decisions, known
        Decisions and records up to the day, corrected ones among them, in the order of recording.
    unit
        Only plots or records of this unit; the value is then that unit's part. For the territorial account a
        county: the ground inside it, whoever reports it.
    plot
        Only this plot, also where it is outside the figure's scope.

    Raises
    ------
    UnknownFigure
        There is no such figure; the message lists those there are.
    UnknownSubmission
        There is no such plot among those that the figure may rest on.
    """
    target = next((one for one in board.targets if one.id == figure_id), None)
    if target is not None:
        found = _explain_target(board, target, known, unit, plot)
    elif (table := explain_table(board, figure_id, known=known, unit=unit, plot=plot)) is not None:
        # Ground inside a county is of whoever reports it.
        found, unit = table, None if table.group_by == "county" else unit
    else:
        head, _, step = figure_id.rpartition("/")
        funnel = next((one for one in board.funnels if one.task.task_id == head), None)
        if funnel is None or step not in (*STEPS, "rate"):
            raise UnknownFigure("", name=figure_id, known=_known(board))
        found = _explain_step(board, funnel, step, known, unit, plot)
    return replace(found, plots=with_decisions(_chosen_plots(found.plots, unit, plot), decisions))


def _known(board: Scoreboard) -> str:
    steps = "、".join((*STEPS, "rate"))
    tasks = (f"{funnel.task.task_id}/（{steps}）" for funnel in board.funnels)
    return "、".join((*(target.id for target in board.targets), *TABLES, "km_treated", *tasks))


def _chosen_plots(rows: Iterable[PlotRow], unit: str | None, plot: str | None) -> tuple[PlotRow, ...]:
    kept = [row for row in rows if unit in (None, row.unit) and plot in (None, row.plot.feature_id)]
    if plot is not None and not kept:
        raise UnknownSubmission("--plot", name=plot)
    return tuple(sorted(kept, key=lambda row: (row.reason is not None, row.unit, row.plot.feature_id)))


def _explain_target(
    board: Scoreboard, target: TargetDef, known: Sequence[ProgressRecord], unit: str | None, plot: str | None
) -> Explanation:
    figure = board.figure(target.id)
    measured = figure.measured if figure else Measured()
    told = Explanation(
        figure_id=target.id,
        title=target.title,
        unit=target.unit,
        value=measured.value,
        sample=measured.sample,
        sketch=measured.sketch,
        basis=measured.basis,
        reasons=measured.reasons,
        details=measured.details,
    )
    if target.measure not in _PLOT_MEASURES:
        records = target_rows(target, board.state, measured, known)
        return replace(told, records=tuple(row for row in records if unit in (None, row.record.unit)))
    shown = _shown(board.plots, unit, plot)
    rows = (_year_rows if target.measure == "year_planting" else _ring_rows)(board, target, shown, plot)
    if unit is None or measured.value is None:
        return replace(told, plots=tuple(rows))
    convert = mu_from_m2 if target.unit == "mu" else km2_from_m2
    return replace(told, value=convert(counted_m2(row for row in rows if row.unit == unit)), plots=tuple(rows))


def _shown(plots: PlotSet, unit: str | None, plot: str | None) -> Mask:
    """Return the plots to be read: the value of a unit is told from all of its plots, whichever one is asked for."""
    return shown_plots(plots, unit=unit, plot=plot if unit is None else None)


def _year_rows(board: Scoreboard, target: TargetDef, shown: Mask, asked: str | None) -> list[PlotRow]:
    plots, columns = board.plots, board.plots.columns
    of_year = columns.season_year == int(str(target.params["year"]))
    right_kind = columns.kinds.is_in((str(target.params["kind"]), REDO))
    counts = of_year & right_kind
    return step_rows(plots, "qualified", scope=of_year, counts=counts, net=True, shown=shown, asked=asked)


def _ring_rows(board: Scoreboard, target: TargetDef, shown: Mask, asked: str | None) -> list[PlotRow]:
    layer = str(target.params["zone_layer"])
    return zone_rows(board.plots, "qualified", layer, board.features(layer), shown=shown, asked=asked)


def _explain_step(
    board: Scoreboard, funnel: Funnel, step: str, known: Sequence[ProgressRecord], unit: str | None, plot: str | None
) -> Explanation:
    task = funnel.task
    rows = funnel.rows if unit is None else [row for row in funnel.rows if row.code == unit]
    title = Text("完成率", "rate of completion") if step == "rate" else STEPS[step]
    told = Explanation(
        figure_id=f"{task.task_id}/{step}",
        title=Text(f"{task.title}：{title.zh}", f"{task.task_id}: {title.en}"),
        unit="pct" if step == "rate" else "mu",
        value=_rate(funnel, unit) if step == "rate" else _added(row.mu[step] for row in rows),
        sample=task.sample,
        sketch=False,
        reasons=funnel.reasons.get(step, ()),
    )
    if step not in _AREA_STEPS:
        records: list[RecordRow] = []
        if step in ("assigned", "rate"):
            records += task_rows(task.task_id, board.state, known)
        if step in ("reported", "rate"):
            records += report_rows(task.task_id, task.sample, board.state, known)
        told = replace(told, records=tuple(row for row in records if unit in (None, row.record.unit)))
    else:
        real, sample = board.plot_sets
        plots = sample if task.sample else real
        shown = shown_plots(plots, unit=unit, plot=plot)
        told = replace(told, plots=tuple(_task_rows(plots, funnel, step, shown, plot)))
    if step == "rate":
        return told
    return replace(told, groups=tuple((row.code, mu) for row in rows if (mu := row.mu[step]) is not None))


def _task_rows(plots: PlotSet, funnel: Funnel, step: str, shown: Mask, plot: str | None) -> list[PlotRow]:
    mine = in_task(plots.columns, funnel.task)
    right_kind = mine & plots.columns.kinds.is_in((funnel.task.kind, REDO))
    return step_rows(plots, step, scope=mine, counts=right_kind, net=step == "mapped", shown=shown, asked=plot)


def _added(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fsum(known) if known else None


def _rate(funnel: Funnel, unit: str | None) -> float | None:
    row = funnel.total if unit is None else next((one for one in funnel.rows if one.code == unit), None)
    if row is None or row.mu["reported"] is None or not row.mu["assigned"]:
        return None
    return row.mu["reported"] / row.mu["assigned"] * 100
