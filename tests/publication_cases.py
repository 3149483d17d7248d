"""A small workspace with a register of its own, and corrections drawn at random."""

from __future__ import annotations

import datetime as dt
import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from ecotrack.model import Decision, FeatureVersion, ProgressRecord, Submission
from ecotrack.register import Entry, Register, new_id
from ecotrack.workspace import Workspace
from figure_cases import box, check, day, plot, record

ROOT = Path(__file__).parent.parent
UNITS = ("131102", "131103", "131121")
AS_OF = day("2017-03-16")
TASK = "t-2016"


def make_workspace(folder: Path) -> Workspace:
    """A workspace of the repository's own files, with twelve plots, a task, reports, checks, lake and air."""
    shutil.copy(ROOT / "ecotrack.toml", folder)
    for name in ("layers", "geo"):
        shutil.copytree(ROOT / name, folder / name)
    workspace = Workspace.open(folder)
    with workspace.register(create=True) as register:
        write(register, entries())
    return workspace


def write(register: Register, some: Iterator[Entry] | list[Entry], *, author: str = "张三") -> None:
    with register.writer(author=author) as writer:
        for entry in some:
            writer.add(entry)


def entries() -> Iterator[Entry]:
    yield Submission(submission_id="s-1", layer="plots", submitted_on=day("2016-05-01"))
    for i, unit in enumerate(UNITS):
        names = {"title": "试验任务", "kind": "造林", "level": "市", "season": "2016"}
        yield record("tasks", "task", "2016-01-10", "1000", unit=unit, task_id=TASK, record_id=f"task-{unit}", **names)
        for month in (4, 5):
            name = f"report-{unit}-{month}"
            value = str(100 * month + i)
            yield record("reports", "report", f"2016-{month:02d}-20", value, unit=unit, task_id=TASK, record_id=name)
    yield from plots()
    for basin in ("lake-east", "lake-west"):
        names = {"basis": "实测", "surface_kind": "敞水面"}
        for month in (1, 2, 3):
            on, name = f"2017-{month:02d}-10", f"{basin}-{month}"
            yield record("lake", "observation", on, "33.5", feature_id=basin, state="采用", record_id=name, **names)
    for year, value in ((2015, "99"), (2016, "87")):
        yield record("air", "pm25", f"{year}-12-31", value, record_id=f"pm25-{year}", period=str(year), state="正式")


def plots() -> Iterator[Entry]:
    """Plots in a row near the lake, each lying on a part of the next one."""
    for i in range(12):
        name, unit = f"p{i:02d}", UNITS[i % 3]
        season = "2016-autumn" if i % 4 == 3 else "2016-spring"
        yield plot(name, box(115.60 + i * 0.008, 37.65), unit=unit, season=season)
        if i != 5:
            yield Decision(
                decision_id=f"d-{name}",
                subject="version",
                subject_id=f"v-{name}",
                verdict="accept",
                decided_on=day("2016-06-01"),
                reviewer="李四",
                document="衡林审〔2016〕1号",
            )
        if season == "2016-spring":
            yield replace(check(name, 80 + 5 * (i % 4)), record_id=f"check-{name}")


def random_correction(dice: random.Random, standing: list[ProgressRecord]) -> Entry:
    """A correction of a record, a further decision, a check handed in late, or a boundary drawn anew."""
    kind = dice.choices(("correction", "decision", "check", "version"), weights=(7, 1, 1, 1))[0]
    name = f"p{dice.randrange(12):02d}"
    if kind == "correction":
        place = dice.randrange(len(standing))
        standing[place] = corrected(standing[place], dice)
        return standing[place]
    if kind == "decision":
        verdict = dice.choice(("accept", "return", "strike"))
        on = day("2016-06-02") + dt.timedelta(days=dice.randrange(200))
        return Decision(
            decision_id=new_id(), subject="version", subject_id=f"v-{name}", verdict=verdict, decided_on=on,
            reviewer="王五",
        )  # fmt: skip
    if kind == "check":
        return replace(check(name, dice.randrange(101), f"2016-11-{dice.randrange(1, 29):02d}"), record_id=new_id())
    return drawn_anew(name, dice)


def corrected(old: ProgressRecord, dice: random.Random) -> ProgressRecord:
    fields: dict[str, Any] = dict(old.fields)
    if "holes_live" in fields:
        fields["holes_live"] = dice.randrange(101)
    value = None if old.value is None else Decimal(dice.randrange(1, 100_000)) / 100
    return replace(old, record_id=new_id(), corrects=old.record_id, value=value, fields=fields)


def drawn_anew(name: str, dice: random.Random) -> FeatureVersion:
    shape = box(115.60 + dice.random() * 0.1, 37.65 + dice.random() * 0.01)
    unit = dice.choice(UNITS)
    return replace(plot(name, shape, unit=unit, effective_on=day("2016-05-20")), version_id=new_id())
