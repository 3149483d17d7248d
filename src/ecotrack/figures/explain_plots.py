"""Plots behind a figure of planted ground: what each of them adds to it, what it lost, and why it does not count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum
from typing import Any

import numpy as np

from ecotrack.errors import Text
from ecotrack.figures.figure import Reason
from ecotrack.figures.plots import CellCredit, PlotSet, StepCredit
from ecotrack.geometry.features import Feature
from ecotrack.geometry.overlap import OverlapPairs
from ecotrack.model import Decision, ProgressRecord
from ecotrack.progress import Plot
from ecotrack.progress.ledger import Mask

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
    "outside_county": Text("不在该县范围内", "outside the county"),
    "overlap": Text("全部让给先有地块或处于争议", "all of it belongs to plots of prior claim, or is disputed"),
}
"""Why a plot does not count, by code."""


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
    stock
        Whether it came as opening balance (存量).
    """

    plot: Plot
    area_m2: float
    credited_m2: float = 0.0
    held_m2: float = 0.0
    parts_m2: tuple[float, ...] = ()
    losses: tuple[Loss, ...] = ()
    reason: Reason | None = None
    decisions: tuple[Decision, ...] = ()
    stock: bool = False

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
            "stock": self.stock,
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


def counted_m2(rows: Iterable[PlotRow]) -> float:
    """Return what the parts of some rows add up to, m2, exact sum."""
    return fsum(part for row in rows for part in row.parts_m2)


def shown_plots(plots: PlotSet, *, unit: str | None, plot: str | None) -> Mask:
    """Return which plots a question is about: those of a unit, a single one, or all."""
    columns = plots.columns
    shown = columns.version >= 0 if unit is None else columns.units.is_(unit)
    return np.asarray(shown if plot is None else shown & columns.features.is_(plot))


def step_rows(
    plots: PlotSet, step: str, *, scope: Mask, counts: Mask, net: bool, shown: Mask, asked: str | None
) -> list[PlotRow]:
    """Return the plots of a scope at one step, and the asked one wherever it stands.

    Parameters
    ----------
    step
        ``mapped``, ``accepted``, ``verified`` or ``qualified``.
    scope, counts
        Shape (n,): which plots the figure may rest on, and which of them are of its kind.
    shown
        Shape (n,): which plots are asked for; no other is read (`shown_plots`).
    net
        Whether ground that a plot holds in dispute counts too.
    asked
        Id of a plot that is shown in any case.
    """
    found: StepCredit = getattr(plots, step)
    losses = _losses(plots, plots.pairs, plots.precedence, found.keep, plots.disputed)
    rows = []
    for i, plot in plots.some_plots(np.flatnonzero((scope & shown) | plots.columns.features.is_(asked or ""))).items():
        code = "out_of_scope" if not scope[i] else "kinds_differ" if not counts[i] else _why_not(plots, i, plot, step)
        credited, held = float(found.credit.credited_m2[i]), float(found.credit.disputed_m2[i])
        parts = (credited, held) if net else (credited,)
        rows.append(_row(plots, i, plot, parts=parts, losses=losses, code=code, credited_m2=credited, held_m2=held))
    return rows


def _row(
    plots: PlotSet,
    i: int,
    plot: Plot,
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
        plot=plot,
        area_m2=float(plots.area_m2[i]),
        credited_m2=credited_m2,
        held_m2=held_m2,
        parts_m2=() if why else parts,
        losses=tuple(losses.get(i, ())),
        stock=bool(plots.stock[i]),
        reason=Reason(why, WHY_NOT[why]) if why else None,
    )


def _why_not(plots: PlotSet, i: int, plot: Plot, step: str) -> str | None:
    """Return the code of why a plot takes no part at a step, or ``None`` where it does."""
    columns = plots.columns
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


def zone_rows(
    plots: PlotSet,
    step: str,
    layer: str,
    cells: Sequence[Feature],
    *,
    only: int | None = None,
    elsewhere: str = "outside_zone",
    shown: Mask,
    asked: str | None,
) -> list[PlotRow]:
    """Return the plots that touch the cells of a layer, or one of them, and the asked plot wherever it lies.

    Parameters
    ----------
    cells
        All cells of the layer, EPSG:4490.
    only
        Position of one cell.
    elsewhere
        Code of why a plot with no ground there does not count.
    shown
        Shape (n,): which plots are asked for.
    """
    if not cells or not len(plots):
        return []
    found: StepCredit = getattr(plots, step)
    every = plots.in_cells(found.keep, layer, cells)
    chosen = every if only is None else [every[only]]
    losses = _zone_losses(plots, chosen)
    own = None if only is None else np.full(len(plots), only, dtype=np.int64)
    columns, touching = plots.columns, plots.outside_m2(layer, cells, own=own) < plots.area_m2
    rows = []
    for i, plot in plots.some_plots(np.flatnonzero((touching & shown) | columns.features.is_(asked or ""))).items():
        parts = tuple(part for cell in chosen if (part := float(cell.credited_m2[i])))
        code = _why_not(plots, i, plot, step) or (None if parts else elsewhere)
        rows.append(_row(plots, i, plot, parts=parts, losses=losses, code=code, credited_m2=fsum(parts)))
    return rows


def _zone_losses(plots: PlotSet, cells: Sequence[CellCredit]) -> dict[int, list[Loss]]:
    result: dict[int, list[Loss]] = defaultdict(list)
    for cell in cells:
        for left, right, shared_m2 in zip(cell.left, cell.right, cell.shared_m2, strict=True):
            ahead = plots.precedence[left] < plots.precedence[right]
            winner, loser = (left, right) if ahead else (right, left)
            result[int(loser)].append(_loss(plots, int(winner), float(shared_m2), False))
    return result


def with_decisions(rows: Sequence[PlotRow], decisions: Sequence[Decision]) -> tuple[PlotRow, ...]:
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
