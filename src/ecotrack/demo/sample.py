"""The sample register (示例): planned from a seed, written whole or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ecotrack.demo.sample_awards import PlannedAward, award_entries, plan_awards
from ecotrack.demo.sample_entries import plot_entries
from ecotrack.demo.sample_lake import PlannedSurface, lake_records, plan_lake
from ecotrack.demo.sample_plan import PlannedPlot
from ecotrack.demo.sample_plots import UNIT_WEIGHTS, plan_plots
from ecotrack.demo.sample_reaches import PlannedWork, plan_works, reach_records
from ecotrack.demo.sample_sections import PlannedYear, plan_sections, section_records
from ecotrack.demo.sample_series import national_ranks, series_records
from ecotrack.demo.sample_sponge import PlannedZone, plan_sponge, sponge_records
from ecotrack.demo.sample_tasks import PlannedReport, notice, plan_reports, sample_reports, sample_tasks
from ecotrack.demo.truth import Truth, true_totals
from ecotrack.errors import RealRecords
from ecotrack.model import ProgressRecord, Submission
from ecotrack.register import Entry, Register, UnitEntry, stable_id
from ecotrack.workspace import Workspace

SEED, PLOTS = 2016, 11_000
AUTHOR = "示例登记员"
_STEP = 1000
_SIDE_FILES = ("-wal", "-shm")

Progress = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class PlannedWater:
    """What was planned for lake, rivers, sponge zones and sections."""

    lake: list[PlannedSurface]
    works: list[PlannedWork]
    zones: list[PlannedZone]
    sections: list[PlannedYear]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A planned sample: what the register will hold, and the plan from which its truth follows.

    Attributes
    ----------
    entries
        In the order of recording; the last one marks that the sample is whole.
    """

    seed: int
    plots: list[PlannedPlot]
    awards: list[PlannedAward]
    reports: list[PlannedReport]
    water: PlannedWater
    entries: list[Entry]

    def truth(self, as_of: dt.date) -> Truth:
        """Return what the figures on the plots must come out as on a day, known by construction."""
        return true_totals(self.plots, as_of=as_of, reports=self.reports, awards=self.awards)


def plan_sample(workspace: Workspace, *, seed: int = SEED, plots: int = PLOTS) -> Sample:
    """Plan the sample of a workspace: the same entries for the same seed and number of plots.

    Raises
    ------
    UnknownLayer, MissingFile, UnreadableFile
        A reference layer that the sample stands on is missing.
    """
    planned = plan_plots(workspace, seed=seed, plots=plots)
    water = PlannedWater(
        lake=plan_lake(seed),
        works=plan_works(seed, workspace.features("reaches")),
        zones=plan_sponge(seed, workspace.features("sponge_zones")),
        sections=plan_sections(workspace.features("sections")),
    )
    awards = plan_awards(seed, planned)
    reports = plan_reports(seed, planned, [unit.code for unit in workspace.units.reporting])
    entries: list[Entry] = [
        *published(),
        *sample_tasks(seed, {code: weight for code, weight in UNIT_WEIGHTS.items() if code in workspace.units}),
        *sample_reports(seed, reports),
        *series_records(seed),
        *_water_records(seed, water, workspace),
        *plot_entries(seed, planned),
        *award_entries(seed, awards),
        _mark(seed, plots),
    ]
    return Sample(seed=seed, plots=planned, awards=awards, reports=reports, water=water, entries=entries)


def published() -> Iterator[ProgressRecord]:
    """Yield the only real records of the sample register: the notice of spring 2017 and the national ranks."""
    yield from notice()
    yield from national_ranks()


def _water_records(seed: int, water: PlannedWater, workspace: Workspace) -> Iterator[ProgressRecord]:
    yield from lake_records(seed, water.lake, [basin.feature_id for basin in workspace.features("lake")])
    yield from reach_records(seed, water.works)
    yield from sponge_records(seed, water.zones)
    yield from section_records(seed, water.sections, workspace.features("sections"))


def _mark(seed: int, plots: int) -> Submission:
    return Submission(
        submission_id=_mark_id(seed, plots),
        layer="plots",
        submitted_on=dt.date(2017, 12, 31),
        document=f"示例登记库 seed={seed} plots={plots}",
        sample=True,
    )


def _mark_id(seed: int, plots: int) -> str:
    return stable_id("sample", seed, plots)


def has_sample(workspace: Workspace, *, seed: int, plots: int) -> bool:
    """Whether the register already holds exactly this sample."""
    if not workspace.register_path.exists():
        return False
    with workspace.register() as register:
        wanted = _mark_id(seed, plots)
        return any(entry.submission_id == wanted for entry in register.submissions())


def refuse_real_records(workspace: Workspace) -> None:
    """Refuse to replace a register that holds anything but sample data and what the sample itself quotes.

    Raises
    ------
    RealRecords
        The first real record that was found.
    """
    if not workspace.register_path.exists():
        return
    own = {record.record_id for record in published()}
    with workspace.register() as register:
        for head, _, _, _, entry in register.entries():
            if entry is None or isinstance(entry, UnitEntry) or entry.sample:
                continue
            if not (isinstance(entry, ProgressRecord) and entry.record_id in own):
                raise RealRecords(workspace.register_path, seq=head.seq)


def write_sample(workspace: Workspace, sample: Sample, *, progress: Progress | None = None) -> int:
    """Write a sample as the workspace's register: into a new file beside it, which then takes its place.

    Parameters
    ----------
    progress
        Told the number of entries written since the last call.

    Returns
    -------
    int
        Number of entries.

    Raises
    ------
    RealRecords
        The register holds real records; nothing was written.
    NetworkShare
        The register's folder lies on a network share.
    """
    refuse_real_records(workspace)
    target = workspace.register_path
    partial = target.with_name(f"{target.stem}.demo{target.suffix}")
    _forget(partial, "", *_SIDE_FILES)
    try:
        with Register.create(partial, office=workspace.config.office) as register:
            count = _add(register, sample, progress)
        _forget(target, *_SIDE_FILES)
        partial.replace(target)
    finally:
        _forget(partial, "", *_SIDE_FILES)
    return count


def _add(register: Register, sample: Sample, progress: Progress | None) -> int:
    with register.writer(author=AUTHOR) as writer:
        waiting = iter(sample.entries)
        while some := list(islice(waiting, _STEP)):
            writer.add_many(some)
            if progress is not None:
                progress(len(some))
        return writer.head.seq


def _forget(path: Path, *tails: str) -> None:
    for tail in tails:
        path.with_name(path.name + tail).unlink(missing_ok=True)
