"""The notice of spring 2017 as real records, and the sample tasks with their periodic reports."""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files

from ecotrack.demo.sample_dice import Dice
from ecotrack.demo.sample_plan import PlannedPlot
from ecotrack.model import Fields, ProgressRecord
from ecotrack.register import stable_id

NOTICE_TASK = "2017-spring"
NOTICE_ON = dt.date(2017, 3, 16)
_HANDED_DOWN = dt.date(2017, 1, 1)
_NOTICE_BASIS = (
    "《全市2017年春季造林绿化进度》，衡水日报2017-03-21；"
    "下达日期未公布，按2017-01-01计；任务数由公布的完成率反算，取整到百亩"
)

SAMPLE_TASKS = {
    "sample-2016": ("示例：2016年造林任务", "2016", dt.date(2016, 2, 20), 150_000),
    "sample-2017-spring": ("示例：2017年春季造林任务", "2017-spring", dt.date(2017, 2, 10), 48_000),
    "sample-2017-autumn": ("示例：2017年秋季造林任务", "2017-autumn", dt.date(2017, 9, 20), 22_000),
}
"""Sample task to title, season, day of handing down, and mu of the whole city."""

REPORT_DAYS = {
    "sample-2016": tuple(
        dt.date(2016, month, day) for month, day in ((3, 31), (4, 15), (4, 30), (5, 31), (10, 31), (11, 30), (12, 31))
    ),
    "sample-2017-spring": tuple(
        dt.date(2017, month, day) for month, day in ((3, 15), (3, 31), (4, 15), (4, 30), (5, 31))
    ),
    "sample-2017-autumn": (dt.date(2017, 10, 31), dt.date(2017, 11, 30), dt.date(2017, 12, 31)),
}
_CONVERTED_UNITS = ("131124", "131127", "131182")


def notice() -> Iterator[ProgressRecord]:
    """Yield the task and the report of each of the 13 units, as the city published them (real records)."""
    fields: Fields = {
        "title": "2017年春季造林绿化", "kind": "造林绿化", "level": "市", "season": "2017-spring",
    }  # fmt: skip
    text = files("ecotrack.demo").joinpath("facts/notice_2017_spring.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        yield ProgressRecord(
            record_id=stable_id("notice", NOTICE_TASK, "task", row["unit_code"]),
            layer="tasks", kind="task", effective_on=_HANDED_DOWN, unit=row["unit_code"], state="下达",
            value=Decimal(row["task_mu"]), value_unit="mu", fields=fields, task_id=NOTICE_TASK,
            basis_document=_NOTICE_BASIS,
        )  # fmt: skip
        yield ProgressRecord(
            record_id=stable_id("notice", NOTICE_TASK, "report", row["unit_code"]),
            layer="reports", kind="report", effective_on=NOTICE_ON, unit=row["unit_code"], state="上报",
            value=Decimal(row["done_mu"]), value_unit="mu", task_id=NOTICE_TASK, basis_document=row["source"],
        )  # fmt: skip


def sample_tasks(seed: int, weights: dict[str, float]) -> Iterator[ProgressRecord]:
    """Yield the sample tasks: whole hundreds of mu by unit, adding up to the city's exactly."""
    for task_id, (title, season, day, total) in SAMPLE_TASKS.items():
        for unit, mu in in_hundreds(weights, total).items():
            yield ProgressRecord(
                record_id=stable_id(seed, task_id, "task", unit),
                layer="tasks", kind="task", effective_on=day, unit=unit, state="下达", value=Decimal(mu),
                value_unit="mu", fields={"title": title, "kind": "造林", "level": "市", "season": season},
                task_id=task_id, basis_document="示例数据", sample=True,
            )  # fmt: skip


def in_hundreds(weights: dict[str, float], total: int) -> dict[str, int]:
    """Share ``total`` mu out by weight in whole hundreds (largest remainder).

    Examples
    --------
    >>> in_hundreds({"a": 1.0, "b": 2.0}, 1000)
    {'a': 300, 'b': 700}
    """
    shares = {unit: weight / sum(weights.values()) * total / 100 for unit, weight in weights.items()}
    whole = {unit: int(share) for unit, share in shares.items()}
    order = sorted(shares, key=lambda unit: (whole[unit] - shares[unit], unit))
    for unit in order[: total // 100 - sum(whole.values())]:
        whole[unit] += 1
    return {unit: count * 100 for unit, count in whole.items()}


@dataclass(frozen=True, slots=True)
class PlannedReport:
    """One cumulative report; ``first_mu`` is what was told at first where it was corrected later."""

    task_id: str
    unit: str
    on: dt.date
    mu: int
    form: str | None = None
    first_mu: int | None = None


def plan_reports(seed: int, plots: Sequence[PlannedPlot], units: Sequence[str]) -> list[PlannedReport]:
    """Plan cumulative reports: what was planted by each day by the claims, a little more or less."""
    dice = Dice(seed, "reports")
    planted: dict[tuple[str, str], list[tuple[dt.date, Decimal]]] = defaultdict(list)
    for plot in plots:
        if plot.kind != "补植":
            planted[plot.task_id, plot.unit].append((plot.planted_on, plot.versions[0].claimed_mu))
    found = []
    for task_id, days in REPORT_DAYS.items():
        for unit in units:
            factor = dice.between(0.97, 1.06)
            for day in days:
                done = sum((mu for planted_on, mu in planted[task_id, unit] if planted_on <= day), Decimal(0))
                mu = int(float(done) * factor)
                first = mu + dice.whole(50, 400) if dice.share(0.03) else None
                found.append(PlannedReport(task_id, unit, day, mu, first_mu=first))
            if unit in _CONVERTED_UNITS:
                found.append(PlannedReport(task_id, unit, days[-1], dice.whole(40, 300), form="四旁"))
    return found


def sample_reports(seed: int, planned: Sequence[PlannedReport]) -> Iterator[ProgressRecord]:
    """Yield the planned reports, each correction after what it corrects."""
    for report in planned:
        if report.first_mu is None:
            yield _report(seed, report, report.mu)
            continue
        wrong = _report(seed, report, report.first_mu)
        yield wrong
        yield _report(seed, report, report.mu, corrects=wrong.record_id)


def _report(seed: int, report: PlannedReport, mu: int, *, corrects: str | None = None) -> ProgressRecord:
    about = report.task_id, report.unit, report.on, report.form
    return ProgressRecord(
        record_id=stable_id(seed, "report", *about, corrects), layer="reports", kind="report",
        effective_on=report.on, unit=report.unit, state="更正" if corrects else "上报", value=Decimal(mu),
        value_unit="mu", fields={"form": report.form} if report.form else {}, task_id=report.task_id,
        basis_document="示例数据", sample=True, corrects=corrects,
    )  # fmt: skip
