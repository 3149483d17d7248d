"""The figures of a view that can be published: each with an id, and every number as exact decimal text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ecotrack.errors import Text, UnknownFigure
from ecotrack.figures.figure import Figure
from ecotrack.figures.funnel import STEPS, Funnel
from ecotrack.workspace import View

_ACCOUNTS = {
    "responsible": Text("各单位面积（责任口径）", "area by unit (responsible account)"),
    "territorial": Text("各县区面积（属地口径）", "area by county (territorial account)"),
}
_GROUPS = {
    "years": ("year", Text("各年度面积", "area by planting year")),
    "programmes": ("programme", Text("各工程面积", "area by programme")),
}
_RATE = Text("完成率", "rate of completion")
_KM = Text("治理公里数", "kilometres treated")
_OVERLAPS = Text("重叠与争议", "overlaps and disputes")


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of a figure.

    Attributes
    ----------
    row
        Code of the unit, year or programme; empty for the figure as a whole.
    column
        What the number is, its unit at the end (``value_km2``, ``accepted_mu``); counts carry none.
    value
        Exact decimal text; ``None`` is not assessed.
    """

    row: str
    column: str
    value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFigure:
    """One figure with all of its numbers: a target, one step of a task, or a table of units."""

    figure_id: str
    title: Text
    cells: tuple[Cell, ...]
    sample: bool
    sketch: bool = False


def exact(value: float | int | None) -> str | None:
    """Return the shortest decimal text that reads back as the same number.

    Examples
    --------
    >>> exact(0.1 + 0.2), exact(13), exact(None)
    ('0.30000000000000004', '13', None)
    """
    if value is None:
        return None
    return str(int(value)) if isinstance(value, int) else repr(float(value))


class FigureReader:
    """Reads figures out of one view by their ids, and computes no table that nobody asks for.

    Targets stand under their own id, tasks as ``TASK/step`` and ``TASK/rate``, tables as
    ``units/responsible``, ``units/territorial``, ``years``, ``programmes``, ``overlaps`` and ``km_treated``.
    """

    def __init__(self, view: View) -> None:
        self.view = view

    @cached_property
    def ids(self) -> list[str]:
        """The ids of every figure, targets first."""
        steps = [f"{task_id}/{step}" for task_id in self._funnels for step in (*STEPS, "rate")]
        targets = [target.id for target in self.view.workspace.targets]
        return [*targets, *steps, *(f"units/{account}" for account in _ACCOUNTS), *_GROUPS, "overlaps", "km_treated"]

    @cached_property
    def _targets(self) -> dict[str, Figure]:
        return {figure.target.id: figure for figure in self.view.scoreboard.figures}

    @cached_property
    def _funnels(self) -> dict[str, Funnel]:
        return {funnel.task.task_id: funnel for funnel in self.view.scoreboard.funnels}

    @cached_property
    def _body(self) -> dict[str, Any]:
        return self.view.scoreboard.to_json()

    def read(self, figure_id: str) -> PublishedFigure:
        """Read one figure.

        Raises
        ------
        UnknownFigure
            The view has no figure of this id; the message lists those there are.
        """
        if figure_id not in self.ids:
            raise UnknownFigure("", name=figure_id, known="、".join(self.ids))
        head, _, tail = figure_id.rpartition("/")
        if figure_id in _GROUPS:
            key, title = _GROUPS[figure_id]
            return _table(figure_id, title, self._body[figure_id], key, sample=self._body["units"]["sample"])
        if figure_id == "overlaps":
            overlaps = self._body["overlaps"]
            return _table(figure_id, _OVERLAPS, [{**overlaps, "code": ""}], "code", sample=overlaps["sample"])
        if figure_id == "km_treated":
            return _kilometres(self._body["indicators"]["km_treated"])
        if head == "units":
            return self._units(figure_id, tail)
        return self._step(figure_id, self._funnels[head], tail) if head else _target(self._targets[figure_id])

    def _units(self, figure_id: str, account: str) -> PublishedFigure:
        units = self._body["units"]
        sketch = any(row.get("sketch", False) for row in units[account])
        return _table(figure_id, _ACCOUNTS[account], units[account], "code", sample=units["sample"], sketch=sketch)

    def _step(self, figure_id: str, funnel: Funnel, step: str) -> PublishedFigure:
        document = funnel.to_json(self.view.workspace.units, self.view.state)
        rows = [{**document["total"], "code": ""}, *document["units"]]
        columns = ("rate_pct", "rank") if step == "rate" else (f"{step}_mu",)
        title = _RATE if step == "rate" else STEPS[step]
        return PublishedFigure(
            figure_id=figure_id,
            title=Text(f"{funnel.task.title}：{title.zh}", f"{funnel.task.task_id}: {title.en}"),
            cells=tuple(Cell(row["code"], name, exact(row[name])) for row in rows for name in columns if name in row),
            sample=funnel.task.sample,
        )


def _target(figure: Figure) -> PublishedFigure:
    measured, unit = figure.measured, figure.target.unit
    return PublishedFigure(
        figure_id=figure.target.id,
        title=figure.target.title,
        cells=(
            Cell("", f"value_{unit}", exact(measured.value)),
            Cell("", f"ceiling_{unit}", exact(measured.ceiling)),
        ),
        sample=measured.sample,
        sketch=measured.sketch,
    )


def _kilometres(found: dict[str, Any]) -> PublishedFigure:
    rows = [*found["works"], *found["units"]]
    return PublishedFigure(
        figure_id="km_treated",
        title=_KM,
        cells=tuple(Cell(row.get("unit", ""), f"{row['work']}_km", exact(row["km"])) for row in rows),
        sample=found["sample"],
        sketch=not found["calibrated"],
    )


def _table(
    figure_id: str, title: Text, rows: list[dict[str, Any]], key: str, *, sample: bool, sketch: bool = False
) -> PublishedFigure:
    cells = tuple(
        Cell(str(row[key]), name, exact(value)) for row in rows for name, value in row.items() if _is_number(value)
    )
    return PublishedFigure(figure_id=figure_id, title=title, cells=cells, sample=sample, sketch=sketch)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
