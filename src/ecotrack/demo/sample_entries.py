"""Sample plots as entries of the register: submissions, versions, decisions, field checks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import shapely

from ecotrack.demo.sample_plan import PlannedCheck, PlannedPlot, PlannedVersion, Rect
from ecotrack.geometry.codec import to_wkb
from ecotrack.model import Decision, FeatureVersion, ProgressRecord, Submission
from ecotrack.register import Entry, stable_id

_CLASSES = ((85, "合格"), (41, "补植"), (0, "失败"))


def plot_entries(seed: int, plots: Sequence[PlannedPlot]) -> Iterator[Entry]:
    """Yield every entry of the planned plots, submissions before what they hold."""
    handed_in = {(plot.unit, plot.season, version.submitted_on) for plot in plots for version in plot.versions}
    for unit, season, day in sorted(handed_in, key=lambda key: (key[2], key[0], key[1])):
        yield Submission(
            submission_id=_submission_id(seed, unit, season, day), layer="plots", unit=unit, submitted_on=day,
            file_name=f"示例_{unit}_{season}_{day:%Y%m%d}.geojson", crs_reading="EPSG:4490",
            document="示例数据", sample=True,
        )  # fmt: skip
    for plot in plots:
        yield from _of_plot(seed, plot)


def _submission_id(seed: int, unit: str, season: str, day: dt.date) -> str:
    return stable_id(seed, "submission", unit, season, day)


def _of_plot(seed: int, plot: PlannedPlot) -> Iterator[Entry]:
    for number, version in enumerate(plot.versions):
        yield _version(seed, plot, number, version)
    for number, decision in enumerate(plot.decisions):
        yield Decision(
            decision_id=stable_id(seed, plot.feature_id, "decision", number), subject="version",
            subject_id=_version_id(seed, plot, decision.version), verdict=decision.verdict,
            decided_on=decision.decided_on, reviewer="示例审核员", reason=decision.reason, sample=True,
        )  # fmt: skip
    for number, check in enumerate(plot.checks):
        yield _check(seed, plot, number, check)
    if plot.struck_on is not None:
        yield ProgressRecord(
            record_id=stable_id(seed, plot.feature_id, "struck"), layer="plots", kind="status",
            effective_on=plot.struck_on, feature_id=plot.feature_id, unit=plot.unit, state="核销",
            basis_document="示例数据", sample=True,
        )  # fmt: skip


def _version_id(seed: int, plot: PlannedPlot, number: int) -> str:
    return stable_id(seed, plot.feature_id, "version", number)


def _version(seed: int, plot: PlannedPlot, number: int, version: PlannedVersion) -> FeatureVersion:
    return FeatureVersion(
        version_id=_version_id(seed, plot, number), feature_id=plot.feature_id, layer="plots",
        submission_id=_submission_id(seed, plot.unit, plot.season, version.submitted_on),
        effective_on=version.submitted_on, wkb=_wkb(version.rect), submitted_crs="EPSG:4490", unit=plot.unit,
        season=plot.season, planted_on=plot.planted_on, kind=plot.kind, form=plot.form, programme=plot.programme,
        species=plot.species, name=plot.name, claimed_mu=version.claimed_mu, task_id=plot.task_id,
        parent_id=plot.parent_id, sample=True,
    )  # fmt: skip


def _wkb(rect: Rect) -> bytes:
    return to_wkb(shapely.box(rect.west, rect.south, rect.east, rect.north))


def _check(seed: int, plot: PlannedPlot, number: int, check: PlannedCheck) -> ProgressRecord:
    return ProgressRecord(
        record_id=stable_id(seed, plot.feature_id, "check", number), layer="plots", kind="check",
        effective_on=check.checked_on, feature_id=plot.feature_id, unit=plot.unit, state=_class(check),
        fields={
            "level": check.level, "method": "全查" if check.level == "县" else "抽样",
            "holes_checked": check.holes_checked, "holes_live": check.holes_live, "checkers": 3,
        },
        basis_document="示例数据", sample=True,
    )  # fmt: skip


def _class(check: PlannedCheck) -> str:
    live = check.holes_live * 100
    return next(name for bar, name in _CLASSES if live >= bar * check.holes_checked)
