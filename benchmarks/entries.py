"""Benchmark plots and records as entries of a register, all of them marked as sample data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from benchmarks.plots import KINDS, RECORDS_PER_PLOT, SEASONS, Codes, Records, planted_on
from ecotrack.demo.sample_plots import UNIT_WEIGHTS
from ecotrack.demo.sample_tasks import sample_tasks
from ecotrack.model import Decision, FeatureVersion, Fields, ProgressRecord, Submission
from ecotrack.register import Entry

_BLOCK = 100_000
_BASIS = "性能测试数据（示例）"
_PROGRAMMES = ("环湖绿化", "绿美廊道", "林业园区")


def plot_id(number: int) -> str:
    """Return the id of a plot; it ends in the plot's number."""
    return f"bench-{number:08d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planting:
    """What is known of every plot beside its ground, shape (n,) each.

    Attributes
    ----------
    codes
        Code of the county at each position of ``county``.
    county, season
        Position in ``codes`` and in `benchmarks.plots.SEASONS`.
    """

    codes: Sequence[str]
    county: Codes
    season: Codes


def register_entries(planting: Planting, wkb: Iterable[bytes], records: Records, *, seed: int) -> Iterator[Entry]:
    """Yield every entry in the order of recording: tasks, submissions with their plots, acceptances, records.

    Parameters
    ----------
    wkb
        Geometry of every plot in the order of their numbers, as the register stores it.
    """
    codes = planting.codes
    yield from sample_tasks(seed, {code: UNIT_WEIGHTS.get(code, 1.0) for code in codes})
    batches = [(code, season) for code in codes for season in range(len(SEASONS))]
    for code, season in batches:
        yield _submission(code, season)
    known = zip(wkb, planting.county.tolist(), planting.season.tolist(), strict=True)
    for number, (ground, county, season) in enumerate(known):
        yield version(number, ground, code=codes[county], season=season)
    for code, season in batches:
        yield acceptance(_submission_id(code, season), "submission", on=_after_planting(season, 60))
    for first in range(0, len(records.plot), _BLOCK):
        yield from _records(records, slice(first, first + _BLOCK), planting)


def entry_count(plots: int, *, codes: Sequence[str], seed: int) -> int:
    """Return how many entries `register_entries` yields."""
    tasks = sum(1 for _ in sample_tasks(seed, {code: UNIT_WEIGHTS.get(code, 1.0) for code in codes}))
    return tasks + 2 * len(codes) * len(SEASONS) + plots * (1 + RECORDS_PER_PLOT)


@cache
def _after_planting(season: int, days: int) -> dt.date:
    return planted_on(season) + dt.timedelta(days=days)


def _submission_id(code: str, season: int) -> str:
    return f"bench-{code}-{SEASONS[season]}"


def _submission(code: str, season: int) -> Submission:
    return Submission(
        submission_id=_submission_id(code, season), layer="plots", unit=code,
        submitted_on=_after_planting(season, 30), crs_reading="EPSG:4490", document=_BASIS, sample=True,
    )  # fmt: skip


def version(number: int, wkb: bytes, *, code: str, season: int, revision: int = 0) -> FeatureVersion:
    """Return one version of plot ``number``, with its ground as the register stores it."""
    return FeatureVersion(
        version_id=f"bench-v{revision}-{number:08d}", feature_id=plot_id(number), layer="plots",
        submission_id=_submission_id(code, season), effective_on=_after_planting(season, 30 + revision),
        wkb=wkb, submitted_crs="EPSG:4490", unit=code, season=SEASONS[season],
        planted_on=planted_on(season), kind="造林", form="片林", programme=_PROGRAMMES[number % 3],
        species="杨树", name=f"示例{number}号", sample=True,
    )  # fmt: skip


def acceptance(subject_id: str, subject: str, *, on: dt.date) -> Decision:
    """Return the acceptance of a submission or of a version."""
    return Decision(
        decision_id=f"accept-{subject_id}", subject=subject, subject_id=subject_id, verdict="accept",
        decided_on=on, reviewer="示例审核员", sample=True,
    )  # fmt: skip


def _records(records: Records, some: slice, planting: Planting) -> Iterator[ProgressRecord]:
    plots = records.plot[some]
    units = [planting.codes[county] for county in planting.county[plots].tolist()]
    columns = (plots, records.kind[some], records.live[some], records.day[some])
    values = zip(units, *(column.tolist() for column in columns), strict=True)
    for number, (unit, plot, kind, live, day) in enumerate(values, start=some.start):
        yield _record(number, unit, plot, kind, live, day)


def _record(number: int, unit: str, plot: int, place: int, live: int, day: dt.date) -> ProgressRecord:
    kind, word = KINDS[place]
    fields: Fields = {"level": word, "holes_checked": 100, "holes_live": live} if kind == "check" else {}
    return ProgressRecord(
        record_id=f"bench-r-{number:09d}", layer="plots", kind=kind, effective_on=day,
        feature_id=plot_id(plot), unit=unit, state=word if kind == "status" else None,
        value=Decimal(live) if kind == "retention" else None, value_unit="pct" if kind == "retention" else None,
        fields=fields, basis_document=_BASIS, sample=True,
    )  # fmt: skip
