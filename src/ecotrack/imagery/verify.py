"""Plots against scenes: numbers of each scene, verdicts over all of them, findings for reviewers."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ecotrack.imagery.coverage import kept_coverage
from ecotrack.imagery.kept_verdicts import contradiction
from ecotrack.imagery.looks import Look
from ecotrack.imagery.plot_cover import PlotCover
from ecotrack.imagery.plot_stats import PlotStats, plot_stats, stats_roles
from ecotrack.imagery.read import OpenScene
from ecotrack.imagery.scene import Scene
from ecotrack.imagery.verdict import ANSWERS, PlotAsked, Verdict, VerdictRules, judge
from ecotrack.model import Finding


def scene_stats(scene: Scene, geometries: npt.NDArray[np.object_], folder: Path) -> PlotStats:
    """Return the numbers of every plot in one scene.

    Parameters
    ----------
    geometries
        Shape (n,), EPSG:4490 longitude/latitude.
    folder
        Where the coverage of each grid is kept.

    Raises
    ------
    EcotrackError
        As `ecotrack.imagery.read.OpenScene` and `ecotrack.imagery.coverage.cover` say.
    """
    with OpenScene(scene, stats_roles(scene)) as opened:
        return plot_stats(opened, kept_coverage(geometries, opened.grid, folder))


def verify_plots(
    plots: Sequence[PlotAsked],
    geometries: npt.NDArray[np.object_],
    scenes: Sequence[Scene],
    *,
    as_of: dt.date,
    folder: Path,
    rules: VerdictRules | None = None,
    cover: PlotCover | None = None,
    told: Callable[[Scene], None] | None = None,
    numbers: Callable[[Scene, PlotStats], None] | None = None,
) -> list[Verdict]:
    """Return a verdict on each plot, in their order.

    Parameters
    ----------
    cover
        What a classified raster says about each of them.
    told
        Called with each scene before it is read.
    numbers
        Called with what each scene says.
    """
    stats: list[tuple[Scene, PlotStats]] = []
    for scene in scenes:
        # A file that was moved is told before the hours of reading, not after.
        with OpenScene(scene, stats_roles(scene)):
            pass
    for scene in scenes:
        if told is not None:
            told(scene)
        stats.append((scene, scene_stats(scene, geometries, folder)))
        if numbers is not None:
            numbers(*stats[-1])
    return [
        judge(_known(plot, number, cover), _looks(number, stats), as_of, rules) for number, plot in enumerate(plots)
    ]


def _known(plot: PlotAsked, number: int, cover: PlotCover | None) -> PlotAsked:
    if cover is None or not np.isfinite(cover.built[number]):
        return plot
    return replace(plot, cover_on=cover.day, cover_built=float(cover.built[number]))


def _looks(number: int, stats: Sequence[tuple[Scene, PlotStats]]) -> list[Look]:
    """Return the scenes that show a plot; one that it lies outside of is no look."""
    return [
        Look(
            scene.scene_id,
            scene.acquired_on,
            float(found.seen_px[number]),
            float(found.seen_share[number]),
            float(found.mean["NDVI"][number]),
            float(found.ring["NDVI"][number]),
            float(found.ring_px[number]),
            float(found.water_share[number]),
            float(found.built_share[number]),
            float(found.brightness[number]),
            found.soil_told,
            float(found.core[number]),
        )
        for scene, found in stats
        if found.core[number] > 0 or found.seen_px[number] > 0
    ]


def findings_of(verdicts: Sequence[Verdict], plots: Sequence[PlotAsked]) -> list[Finding]:
    """Return a finding for each contradiction; the other verdicts ask nobody anything and change no figure."""
    return [
        contradiction(
            verdict.feature_id,
            verdict.reasons,
            [day.isoformat() for day in verdict.days],
            verdict.seen_px,
            plot.unit,
        )
        for verdict, plot in zip(verdicts, plots, strict=True)
        if verdict.answer == "contradicts"
    ]


def counts_of(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """Return how many plots have each verdict, all four named."""
    found = Counter(verdict.answer for verdict in verdicts)
    return {answer: found[answer] for answer in ANSWERS}
