"""From a figure down to what stands behind it: plots with their losses and decisions, records used and set aside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import fsum
from typing import Any

import numpy as np

from ecotrack.errors import Text, UnknownFigure, UnknownSubmission
from ecotrack.figures.explain_records import RecordRow, report_rows, target_rows, task_rows
from ecotrack.figures.figure import Measured, Reason
from ecotrack.figures.funnel import STEPS, Funnel, in_task
from ecotrack.figures.plots import CellCredit, PlotSet, StepCredit
from ecotrack.figures.scoreboard import Scoreboard
from ecotrack.geometry.overlap import OverlapPairs
from ecotrack.model import Decision, ProgressRecord, TargetDef
from ecotrack.progress import REDO, Plot
from ecotrack.progress.ledger import Mask
from ecotrack.units import km2_from_m2, mu_from_m2

WHY_NOT: dict[str, Text] = {
    "out_of_scope": Text("不属于这个指标的范围", "outside the scope of the figure"),
    "kinds_differ": Text("类别不同", "of another kind"),
    "withdrawn": Text("已撤回", "withdrawn"),
    "not_reviewed": Text("尚未审核", "not reviewed yet"),
    "returned": Text("已退回", "returned"),
    "struck": Text("已核销", "struck"),
    "redone": Text("已由重造地块接替", "redone by another plot"),
    "not_due": Text("未检查，尚未到期", "not checked, not due yet"),
    "overdue": Text("到期未检查", "due but not checked"),
    "replant": Text("成活率不足，待补植", "to be replanted"),
    "failed": Text("成活率不合格", "survival failed"),
    "outside_zone": Text("不在环湖区内", "outside the zone"),
    "overlap": Text("全部让给先有地块或处于争议", "all of it belongs to plots of prior claim, or is disputed"),
}
"""Why a plot does not count, by code."""

_PLOT_MEASURES = ("year_planting", "ring_forest")
_AREA_STEPS = ("mapped", "accepted", "verified", "qualified")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Ground that a plot shares with another one that holds it, or disputes it.

    Attributes
    ----------
    area_m2
        What the two share. Where several partners share the same ground these add up to more than the loss.
    """

    to: str
    unit: str
    area_m2: float
    disputed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotRow:
    """One plot behind a figure.

    Attributes
    ----------
    area_m2
        Its own ellipsoidal area (for the ring: all of it, inside and outside).
    credited_m2, held_m2
        Ground credited to it at this figure's step, and ground that it holds in dispute.
    parts_m2
        What of it the figure adds up: empty where it does not count.
    reason
        Why it does not count; ``None`` where it does.
    decisions
        Those about it, about its submission, and awards of its overlaps, oldest first.
    """

    plot: Plot
    area_m2: float
    credited_m2: float = 0.0
    held_m2: float = 0.0
    parts_m2: tuple[float, ...] = ()
    losses: tuple[Loss, ...] = ()
    reason: Reason | None = None
    decisions: tuple[Decision, ...] = ()

    @property
    def unit(self) -> str:
        """Code of the responsible unit; empty where none was given."""
        return self.plot.version.unit or ""

    def to_json(self) -> dict[str, Any]:
        """Return the row as JSON values."""
        version, plot = self.plot.version, self.plot
        return {
            "feature_id": version.feature_id,
            "version_id": version.version_id,
            "name": version.name,
            "unit": version.unit,
            "season": version.season,
            "kind": version.kind,
            "state": plot.state,
            "parent_id": version.parent_id,
            "area_m2": self.area_m2,
            "credited_m2": self.credited_m2,
            "held_m2": self.held_m2,
            "counted_m2": fsum(self.parts_m2),
            "parts_m2": list(self.parts_m2),
            "counts": self.reason is None,
            "reason": self.reason.to_json() if self.reason else None,
            "due_on": plot.due_on.isoformat() if plot.due_on else None,
            "losses": [
                {"to": loss.to, "unit": loss.unit, "area_m2": loss.area_m2, "disputed": loss.disputed}
                for loss in self.losses
            ],
            "decisions": [_decision_json(decision) for decision in self.decisions],
            "checks": [_check_json(check) for check in plot.checks],
        }


def _decision_json(decision: Decision) -> dict[str, Any]:
    return {
        "decision_id": decision.decision_id,
        "subject": decision.subject,
        "verdict": decision.verdict,
        "decided_on": decision.decided_on.isoformat(),
        "reviewer": decision.reviewer,
        "reason": decision.reason,
        "document": decision.document,
    }


def _check_json(check: ProgressRecord) -> dict[str, Any]:
    return {
        "record_id": check.record_id,
        "checked_on": check.effective_on.isoformat(),
        "level": check.fields.get("level"),
        "holes_checked": check.fields.get("holes_checked"),
        "holes_live": check.fields.get("holes_live"),
        "state": check.state,
        "document": check.basis_document,
        "author": check.author,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A figure with what stands behind it.

    Attributes
    ----------
    unit
        Suffix that names the unit of ``value``.
    groups
        Value by responsible unit, for figures that are added up from units (in that unit of measurement).
    plots
        For figures of planted ground: those that count first, by unit and id.
    records
        For figures that rest on records: those used first.
    """

    figure_id: str
    title: Text
    unit: str
    value: float | None
    sample: bool
    sketch: bool
    basis: Text = Text("", "")
    reasons: tuple[Reason, ...] = ()
    groups: tuple[tuple[str, float], ...] = ()
    plots: tuple[PlotRow, ...] = ()
    records: tuple[RecordRow, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the explanation as JSON values (schema ``ecotrack.explain/1`` without its heading)."""
        return {
            "figure": self.figure_id,
            "title_zh": self.title.zh,
            "title_en": self.title.en,
            "unit": self.unit,
            f"value_{self.unit}": self.value,
            "sample": self.sample,
            "sketch": self.sketch,
            "basis_zh": self.basis.zh,
            "basis_en": self.basis.en,
            "reasons": [reason.to_json() for reason in self.reasons],
            "groups": [{"unit": code, f"value_{self.unit}": value} for code, value in self.groups],
            "plots": [row.to_json() for row in self.plots],
            "records": [row.to_json() for row in self.records],
            "details": dict(self.details),
        }


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

    The parts of the rows that count add up to the figure exactly, in the order in which the figure itself is
    added up: by unit for a step of a task, all at once for a target.

    Parameters
    ----------
    figure_id
        A target's id, or ``TASK/step`` (``TASK/rate``).
    decisions, known
        Decisions and records up to the day, corrected ones among them, in the order of recording.
    unit
        Only plots or records of this unit; the value is then that unit's part.
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
    else:
        head, _, step = figure_id.rpartition("/")
        funnel = next((one for one in board.funnels if one.task.task_id == head), None)
        if funnel is None or step not in (*STEPS, "rate"):
            raise UnknownFigure("", name=figure_id, known=_known(board))
        found = _explain_step(board, funnel, step, known, unit, plot)
    return replace(found, plots=_with_decisions(_chosen_plots(found.plots, unit, plot), decisions))


def _known(board: Scoreboard) -> str:
    steps = "、".join((*STEPS, "rate"))
    tasks = (f"{funnel.task.task_id}/（{steps}）" for funnel in board.funnels)
    return "、".join((*(target.id for target in board.targets), *tasks))


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
    rows = (_year_rows if target.measure == "year_planting" else _ring_rows)(board, target, plot)
    if unit is None or measured.value is None:
        return replace(told, plots=tuple(rows))
    convert = mu_from_m2 if target.unit == "mu" else km2_from_m2
    return replace(told, value=convert(_counted(row for row in rows if row.unit == unit)), plots=tuple(rows))


def _counted(rows: Iterable[PlotRow]) -> float:
    return fsum(part for row in rows for part in row.parts_m2)


def _year_rows(board: Scoreboard, target: TargetDef, asked: str | None) -> list[PlotRow]:
    plots, columns = board.plots, board.plots.columns
    of_year = columns.season_year == int(str(target.params["year"]))
    right_kind = columns.kinds.is_in((str(target.params["kind"]), REDO))
    return _step_rows(plots, "qualified", scope=of_year, counts=of_year & right_kind, net=True, asked=asked)


def _step_rows(plots: PlotSet, step: str, *, scope: Mask, counts: Mask, net: bool, asked: str | None) -> list[PlotRow]:
    """Return the plots of a scope at one step, and the asked one wherever it stands."""
    found: StepCredit = getattr(plots, step)
    losses = _losses(plots, plots.pairs, plots.precedence, found.keep, plots.disputed)
    rows = []
    for i in np.flatnonzero(scope | plots.columns.features.is_(asked or "")):
        code = "out_of_scope" if not scope[i] else "kinds_differ" if not counts[i] else _why_not(plots, int(i), step)
        credited, held = float(found.credit.credited_m2[i]), float(found.credit.disputed_m2[i])
        parts = (credited, held) if net else (credited,)
        rows.append(_row(plots, int(i), parts=parts, losses=losses, code=code, credited_m2=credited, held_m2=held))
    return rows


def _row(
    plots: PlotSet,
    i: int,
    *,
    parts: tuple[float, ...],
    losses: Mapping[int, Sequence[Loss]],
    code: str | None,
    credited_m2: float,
    held_m2: float = 0.0,
) -> PlotRow:
    """Return the row of a plot; one that takes part but has nothing left does not count either."""
    why = code if code or any(parts) else "overlap"
    return PlotRow(
        plot=plots.plots[i],
        area_m2=float(plots.area_m2[i]),
        credited_m2=credited_m2,
        held_m2=held_m2,
        parts_m2=() if why else parts,
        losses=tuple(losses.get(i, ())),
        reason=Reason(why, WHY_NOT[why]) if why else None,
    )


def _why_not(plots: PlotSet, i: int, step: str) -> str | None:
    """Return the code of why a plot takes no part at a step, or ``None`` where it does."""
    plot, columns = plots.plots[i], plots.columns
    if plot.verdict == "withdraw":
        return "withdrawn"
    if step == "mapped":
        return None
    if not plot.accepted:
        return {None: "not_reviewed", "return": "returned", "strike": "struck"}.get(plot.verdict, "returned")
    waiting = "overdue" if columns.overdue[i] else "not_due"
    if step == "qualified":
        return {"qualified": None, "not_checked": waiting}.get(plot.outcome, plot.outcome)
    if plots.redone[i]:
        return "redone"
    return waiting if step == "verified" and not plot.checks else None


def _losses(plots: PlotSet, pairs: OverlapPairs, precedence: Any, keep: Mask, disputed: Mask) -> dict[int, list[Loss]]:
    """Return, for each plot of a step, the ground that it does not get, largest first."""
    result: dict[int, list[Loss]] = defaultdict(list)
    for k in np.flatnonzero(keep[pairs.left] & keep[pairs.right]):
        first, second = int(pairs.left[k]), int(pairs.right[k])
        if precedence[first] > precedence[second]:
            first, second = second, first
        result[second].append(_loss(plots, first, float(pairs.shared_m2[k]), bool(disputed[k])))
        if disputed[k]:
            result[first].append(_loss(plots, second, float(pairs.shared_m2[k]), True))
    for losses in result.values():
        losses.sort(key=lambda loss: (-loss.area_m2, loss.to))
    return result


def _loss(plots: PlotSet, to: int, area_m2: float, disputed: bool) -> Loss:
    columns = plots.columns
    return Loss(to=columns.features[to], unit=columns.units[to], area_m2=area_m2, disputed=disputed)


def _ring_rows(board: Scoreboard, target: TargetDef, asked: str | None) -> list[PlotRow]:
    """Return the plots that touch the zone, and the asked one wherever it lies."""
    plots, layer = board.plots, str(target.params["zone_layer"])
    zone = board.features(layer)
    if not zone or not len(plots):
        return []
    cells = plots.in_cells(plots.qualified.keep, layer, zone)
    losses = _zone_losses(plots, cells)
    touching = plots.outside_m2(layer, zone) < plots.area_m2
    rows = []
    for i in np.flatnonzero(touching | plots.columns.features.is_(asked or "")):
        parts = tuple(part for cell in cells if (part := float(cell.credit.credited_m2[i])))
        code = _why_not(plots, int(i), "qualified") or (None if parts else "outside_zone")
        rows.append(_row(plots, int(i), parts=parts, losses=losses, code=code, credited_m2=fsum(parts)))
    return rows


def _zone_losses(plots: PlotSet, cells: Sequence[CellCredit]) -> dict[int, list[Loss]]:
    result: dict[int, list[Loss]] = defaultdict(list)
    for pairs in (cell.pairs for cell in cells):
        for left, right, shared_m2 in zip(pairs.left, pairs.right, pairs.shared_m2, strict=True):
            ahead = plots.precedence[left] < plots.precedence[right]
            winner, loser = (left, right) if ahead else (right, left)
            result[int(loser)].append(_loss(plots, int(winner), float(shared_m2), False))
    return result


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
        told = replace(told, plots=tuple(_task_rows(sample if task.sample else real, funnel, step, plot)))
    if step == "rate":
        return told
    return replace(told, groups=tuple((row.code, mu) for row in rows if (mu := row.mu[step]) is not None))


def _task_rows(plots: PlotSet, funnel: Funnel, step: str, plot: str | None) -> list[PlotRow]:
    mine = in_task(plots.columns, funnel.task)
    right_kind = mine & plots.columns.kinds.is_in((funnel.task.kind, REDO))
    return _step_rows(plots, step, scope=mine, counts=right_kind, net=step == "mapped", asked=plot)


def _added(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fsum(known) if known else None


def _rate(funnel: Funnel, unit: str | None) -> float | None:
    row = funnel.total if unit is None else next((one for one in funnel.rows if one.code == unit), None)
    if row is None or row.mu["reported"] is None or not row.mu["assigned"]:
        return None
    return row.mu["reported"] / row.mu["assigned"] * 100


def _with_decisions(rows: Sequence[PlotRow], decisions: Sequence[Decision]) -> tuple[PlotRow, ...]:
    """Give each plot the decisions about it, about its submission, and about its overlaps."""
    by_subject: dict[tuple[str, str], list[Decision]] = defaultdict(list)
    for decision in sorted(decisions, key=lambda one: one.decided_on):
        names = decision.subject_id.split("|") if decision.subject == "overlap" else [decision.subject_id]
        for name in names:
            by_subject[decision.subject, name].append(decision)

    def about(row: PlotRow) -> list[Decision]:
        version = row.plot.version
        keys = (("submission", version.submission_id), ("version", version.version_id), ("overlap", version.feature_id))
        return sorted((one for key in keys for one in by_subject.get(key, ())), key=lambda one: one.decided_on)

    return tuple(replace(row, decisions=tuple(about(row))) for row in rows)
