"""An explanation: a figure with what stands behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ecotrack.errors import Text
from ecotrack.figures.explain_plots import PlotRow
from ecotrack.figures.explain_records import RecordRow
from ecotrack.figures.figure import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A figure with what stands behind it.

    Attributes
    ----------
    unit
        Suffix that names the unit of ``value``.
    groups
        Value by row of the table (in that unit of measurement), for figures that have rows.
    group_by
        What the rows are: ``unit``, ``county``, ``year``, ``season``, ``programme`` or ``work``.
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
    group_by: str = "unit"
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
            "groups": [{self.group_by: code, f"value_{self.unit}": value} for code, value in self.groups],
            "plots": [row.to_json() for row in self.plots],
            "records": [row.to_json() for row in self.records],
            "details": dict(self.details),
        }
