"""Benchmark plots and records as entries of a register, all of them marked as sample data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal

import numpy as np
import shapely

from benchmarks.plots import KINDS, SEASONS, Plots, Records, planted_on
from ecotrack.demo.sample_plots import UNIT_WEIGHTS
from ecotrack.demo.sample_tasks import sample_tasks
from ecotrack.geometry.codec import to_wkb
from ecotrack.model import Decision, FeatureVersion, Fields, ProgressRecord, Submission
from ecotrack.register import Entry

_BASIS = "性能测试数据（示例）"
_PROGRAMMES = ("环湖绿化", "绿美廊道", "林业园区")


def plot_id(number: int) -> str:
    """Return the id of a plot; it ends in the plot's number."""
    return f"bench-{number:08d}"


def register_entries(plots: Plots, records: Records, codes: Sequence[str], *, seed: int) -> Iterator[Entry]:
    """Yield every entry in the order of recording: tasks, submissions with their plots, acceptances, records.

    Parameters
    ----------
    codes
        Code of the county at each position of ``plots.county``.
    """
    yield from sample_tasks(seed, {code: UNIT_WEIGHTS.get(code, 1.0) for code in codes})
    batches = [(code, season) for code in codes for season in range(len(SEASONS))]
    for code, season in batches:
        yield _submission(code, season)
    for number in range(len(plots.season)):
        code, season = codes[plots.county[number]], int(plots.season[number])
        yield version(number, plots.geometry[number], code=code, season=season)
    for code, season in batches:
        yield acceptance(_submission_id(code, season), "submission", on=_after_planting(season, 60))
    units = np.array(codes, dtype=object)[plots.county]
    for number in range(len(records.plot)):
        yield _record(records, number, str(units[records.plot[number]]))


def _after_planting(season: int, days: int) -> dt.date:
    return planted_on(season) + dt.timedelta(days=days)


def _submission_id(code: str, season: int) -> str:
    return f"bench-{code}-{SEASONS[season]}"


def _submission(code: str, season: int) -> Submission:
    return Submission(
        submission_id=_submission_id(code, season), layer="plots", unit=code,
        submitted_on=_after_planting(season, 30), crs_reading="EPSG:4490", document=_BASIS, sample=True,
    )  # fmt: skip


def version(number: int, geometry: shapely.Geometry, *, code: str, season: int, revision: int = 0) -> FeatureVersion:
    """Return one version of plot ``number``."""
    return FeatureVersion(
        version_id=f"bench-v{revision}-{number:08d}", feature_id=plot_id(number), layer="plots",
        submission_id=_submission_id(code, season), effective_on=_after_planting(season, 30 + revision),
        wkb=to_wkb(geometry), submitted_crs="EPSG:4490", unit=code, season=SEASONS[season],
        planted_on=planted_on(season), kind="造林", form="片林", programme=_PROGRAMMES[number % 3],
        species="杨树", name=f"示例{number}号", sample=True,
    )  # fmt: skip


def acceptance(subject_id: str, subject: str, *, on: dt.date) -> Decision:
    """Return the acceptance of a submission or of a version."""
    return Decision(
        decision_id=f"accept-{subject_id}", subject=subject, subject_id=subject_id, verdict="accept",
        decided_on=on, reviewer="示例审核员", sample=True,
    )  # fmt: skip


def _record(records: Records, number: int, unit: str) -> ProgressRecord:
    kind, word = KINDS[records.kind[number]]
    live = int(records.live[number])
    fields: Fields = {"level": word, "holes_checked": 100, "holes_live": live} if kind == "check" else {}
    return ProgressRecord(
        record_id=f"bench-r-{number:09d}", layer="plots", kind=kind, effective_on=records.day[number].item(),
        feature_id=plot_id(int(records.plot[number])), unit=unit, state=word if kind == "status" else None,
        value=Decimal(live) if kind == "retention" else None, value_unit="pct" if kind == "retention" else None,
        fields=fields, basis_document=_BASIS, sample=True,
    )  # fmt: skip
