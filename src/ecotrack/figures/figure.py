"""A figure: a value with its unit, target, status, basis and reasons."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Literal

from ecotrack.errors import Text
from ecotrack.model import TargetDef

Status = Literal["met", "on_course", "missed", "not_assessed"]

STATUS_TITLES: dict[Status, Text] = {
    "met": Text("已达到", "met"),
    "on_course": Text("推进中", "on course"),
    "missed": Text("未完成", "missed"),
    "not_assessed": Text("未评价", "not assessed"),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a figure, or a part of it, is not assessed or is flagged."""

    code: str
    text: Text

    def to_json(self) -> dict[str, str]:
        """Return the reason as JSON values."""
        return {"code": self.code, "zh": self.text.zh, "en": self.text.en}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a measure gives back: a value, or the reasons why there is none.

    Attributes
    ----------
    value
        In the unit of the target; ``None`` is *not assessed*, and then ``reasons`` is not empty.
    ceiling
        What the value can still become without any new planting; ``None`` where that has no meaning.
    verdict
        Status that the measure tells by itself (each city alone, filed in time); ``None`` leaves it to the
        comparison of value and target.
    sample, sketch
        Whether sample data (示例) or sketch geography (示意) went in.
    basis
        On what data and in which sense.
    details
        Numbers beside the value, each with its unit in the key.
    """

    value: float | None = None
    ceiling: float | None = None
    verdict: Status | None = None
    sample: bool = False
    sketch: bool = False
    basis: Text = Text("", "")
    reasons: tuple[Reason, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)


def not_assessed(code: str, zh: str, en: str, **rest: Any) -> Measured:
    """Return the answer of a measure that lacks something; the reason names it.

    Examples
    --------
    >>> measured = not_assessed("no_series", "没有森林覆盖率记录", "no record of forest cover")
    >>> measured.value, measured.reasons[0].code
    (None, 'no_series')
    """
    return Measured(reasons=(Reason(code, Text(zh, en)),), **rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A target with what was measured for it on a day."""

    target: TargetDef
    measured: Measured
    status: Status

    def to_json(self) -> dict[str, Any]:
        """Return the figure as JSON values; every number has its unit in its key."""
        target, measured, unit = self.target, self.measured, self.target.unit
        title = STATUS_TITLES[self.status]
        return {
            "id": target.id,
            "title_zh": target.title_zh,
            "title_en": target.title_en,
            "status": self.status,
            "status_zh": title.zh,
            "status_en": title.en,
            "unit": unit,
            f"value_{unit}": measured.value,
            f"target_{unit}": float(target.value),
            f"ceiling_{unit}": measured.ceiling,
            "direction": target.direction,
            "share_pct": _share_pct(target, measured),
            "deadline": target.deadline.isoformat() if target.deadline else None,
            "sample": measured.sample,
            "sketch": measured.sketch,
            "basis_zh": measured.basis.zh,
            "basis_en": measured.basis.en,
            "reasons": [reason.to_json() for reason in measured.reasons],
            "details": measured.details,
            "note_zh": target.note_zh,
            "note_en": target.note_en,
            "source": target.source,
        }


def _share_pct(target: TargetDef, measured: Measured) -> float | None:
    goal = float(target.value)
    if measured.value is None or goal <= 0 or target.direction == "<=":
        return None
    return measured.value / goal * 100


def judge(target: TargetDef, measured: Measured, as_of: dt.date) -> Figure:
    """Compare what was measured with the target on a day.

    A target is *missed* only after its deadline, and only when its ceiling is below it too.

    Examples
    --------
    >>> target = TargetDef(id="year", title_zh="", title_en="", measure="", value="100", unit="mu",
    ...     direction=">=", source="", deadline=dt.date(2016, 12, 31))
    >>> judge(target, Measured(value=60.0, ceiling=120.0), dt.date(2017, 1, 5)).status
    'on_course'
    >>> judge(target, Measured(value=60.0), dt.date(2017, 1, 5)).status
    'missed'
    """
    return Figure(target=target, measured=measured, status=_status(target, measured, as_of))


def _status(target: TargetDef, measured: Measured, as_of: dt.date) -> Status:
    if measured.verdict is not None:
        return measured.verdict
    if measured.value is None:
        return "not_assessed"
    goal = float(target.value)
    reach = measured.value if measured.ceiling is None else measured.ceiling
    sign = 1 if target.direction == ">=" else -1
    if sign * measured.value >= sign * goal:
        return "met"
    past = target.deadline is not None and as_of > target.deadline
    return "missed" if past and sign * reach < sign * goal else "on_course"
