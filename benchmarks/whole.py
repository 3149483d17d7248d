"""``ecotrack stats --json`` as a user runs it: a whole process, cold, warm, and after 100 plots have changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import shapely

from benchmarks.entries import acceptance, version
from benchmarks.plots import SEASONS
from benchmarks.process import run
from benchmarks.store import DataSet
from ecotrack.geometry.codec import from_wkb, snap, to_wkb
from ecotrack.model import FeatureVersion
from ecotrack.register import Register
from ecotrack.workspace import Workspace

AS_OF = "2023-12-31"
CHANGED = 100
_STATS = "from ecotrack.cli.main import main; main()"
_SHIFT_DEG = 2e-4
_SUBMISSIONS = 10
"""Submissions that the changed plots belong to, where there are enough plots."""


def whole_runs(data: DataSet, scratch: Path, *, timeout_s: float) -> dict[str, dict[str, float]]:
    """Time three processes on a fresh copy of the workspace: the first one finds nothing computed before."""
    copy = scratch / "workspace"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(data.workspace, copy, ignore=shutil.ignore_patterns("*.derived"))
    try:
        cold = _stats(copy, scratch, timeout_s)
        warm = _stats(copy, scratch, timeout_s)
        change_plots(copy)
        return {"cold": cold, "warm": warm, "changed": _stats(copy, scratch, timeout_s)}
    finally:
        shutil.rmtree(copy, ignore_errors=True)


def _stats(workspace: Path, scratch: Path, timeout_s: float) -> dict[str, float]:
    arguments = ["-c", _STATS, "--workspace", str(workspace), "stats", "--json", "--as-of", AS_OF]
    return run(arguments, log=scratch / "stats.json", timeout_s=timeout_s)


def change_plots(folder: Path, *, count: int = CHANGED) -> None:
    """Give plots of every so many-th submission, ``count`` in all, a new accepted version, moved by 20 m."""
    with Workspace.open(folder).register() as register:
        chosen = _chosen(register, count)
        shapes = from_wkb([plot.wkb for plot in chosen])
        moved = snap(shapely.transform(shapes, lambda lonlat: lonlat + _SHIFT_DEG))
        with register.writer(author="性能测试") as writer:
            for plot, shape in zip(chosen, moved, strict=True):
                number, season = int(plot.feature_id[-8:]), SEASONS.index(str(plot.season))
                entry = version(number, to_wkb(shape), code=str(plot.unit), season=season, revision=1)
                writer.add(entry)
                writer.add(acceptance(entry.version_id, "version", on=entry.effective_on))


def _chosen(register: Register, count: int) -> list[FeatureVersion]:
    """Return versions of some submissions: all of them would be millions of objects."""
    sent = register.submissions()
    asked = [*sent[:: max(len(sent) // _SUBMISSIONS, 1)], *sent]
    chosen: dict[str, FeatureVersion] = {}
    for submission in asked:
        known = register.versions(layer="plots", submission_id=submission.submission_id)
        every = max(len(known) * _SUBMISSIONS // count, 1)
        chosen |= {plot.version_id: plot for plot in known[::every]}
        if len(chosen) >= count:
            break
    return list(chosen.values())[:count]
