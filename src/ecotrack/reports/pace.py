"""Pace in the terminal: tasks beside the same days of earlier seasons, slow series beside what is needed per month."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text as RichText

from ecotrack.errors import Lang, Text
from ecotrack.reports.terminal import table
from ecotrack.reports.wording import NOT_ASSESSED, UNIT_TITLES, Json, amount, rate, reasons, titled, told

_TASKS = {
    "zh": (
        "任务",
        "截至",
        "上报（亩）",
        "完成率（%）",
        "往年同期",
        "上报（亩）",
        "完成率（%）",
        "季末（亩）",
        "推算（亩）",
    ),
    "en": ("task", "on", "reported (mu)", "rate (%)", "same days", "mu", "rate (%)", "in the end", "projection"),
}
_TARGETS = {
    "zh": ("指标", "期限", "每月需要", "近12个月每月", "推算", "说明"),
    "en": ("target", "by", "needed a month", "last 12 months", "projection", "remarks"),
}


def pace_tables(pace: Json, lang: Lang) -> Iterator[RenderableType]:
    """Yield the pace of tasks and of slow series (key ``pace`` of the scoreboard); nothing where neither is there.

    What cannot be compared says why; a projection stands with its interval and with what it rests on.
    """
    if pace["tasks"]:
        columns = [(name, i not in (0, 1, 4)) for i, name in enumerate(_TASKS[lang])]
        rows = [row for task in pace["tasks"] for row in _task_rows(task, lang)]
        title = Text("六、造林进度与往年同期", "Planting beside the same days of earlier seasons")
        yield table(title.lang(lang), columns, rows)
        yield RichText("\n".join(dict.fromkeys(_remark(task, lang) for task in pace["tasks"])) + "\n")
    if pace["targets"]:
        columns = [(name, i in (2, 3, 4)) for i, name in enumerate(_TARGETS[lang])]
        title = Text("七、各项目标的进度快慢", "Pace of the targets")
        yield table(title.lang(lang), columns, [_target_row(target, lang) for target in pace["targets"]])


def _task_rows(task: Json, lang: Lang) -> Iterator[list[str]]:
    """Yield a row for each earlier season, over the units that had reported in both; one row where there is none."""
    name, on = titled(task, lang), task["on"]
    if not task["earlier"]:
        blank = NOT_ASSESSED.lang(lang)
        yield [name, on, amount(task["reported_mu"]), rate(task["rate_pct"]), blank, "", "", "", ""]
    for i, other in enumerate(task["earlier"]):
        units = Text(f"（{other['units']}个单位）", f" ({other['units']} units)").lang(lang)
        yield [
            "" if i else name,
            "" if i else on,
            amount(other["current_mu"]),
            rate(other["current_rate_pct"]),
            f"{other['on']}{units}",
            amount(other["reported_mu"]),
            rate(other["rate_pct"]),
            amount(other["final_mu"]),
            "" if i else _projection(task, "mu"),
        ]


def _target_row(target: Json, lang: Lang) -> list[str]:
    unit = target["unit"]
    # Planting has no month: it goes by seasons, and its pace stands with the tasks.
    seasonal = any(reason["code"] == "seasonal" for reason in target["reasons"])
    needed, speed = (target[f"{name}_per_month_{unit}"] for name in ("needed", "last_12_months"))
    return [
        titled(target, lang),
        target["deadline"],
        "" if seasonal else _monthly(needed, unit, lang),
        "" if seasonal else _monthly(speed, unit, lang),
        _projection(target, unit),
        _remark(target, lang),
    ]


def _monthly(value: float | None, unit: str, lang: Lang) -> str:
    title = UNIT_TITLES.get(unit, Text(unit, unit)).lang(lang)
    return f"{amount(value, digits=3)} {title}" if value is not None else NOT_ASSESSED.lang(lang)


def _projection(part: Json, unit: str) -> str:
    """Return the value of a projection with its interval; empty where none is made."""
    found = part["projection"]
    if found is None:
        return ""
    value, low, high = (amount(found[f"{name}_{unit}"]) for name in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def _remark(part: Json, lang: Lang) -> str:
    """Return what a projection rests on, or why nothing is compared or projected."""
    return told(part["projection"], "basis", lang) if part["projection"] else reasons(part, lang)
