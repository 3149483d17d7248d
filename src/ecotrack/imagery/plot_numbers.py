"""What each scene says about each plot, as a table for whoever wants to look behind a verdict."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from typing import TextIO

import numpy as np

from ecotrack.imagery.plot_stats import GREENNESS, PlotStats
from ecotrack.imagery.scene import Scene

_OF_INDEX = tuple(f"{name.lower()}{part}" for name in GREENNESS for part in ("", "_sd", "_ring"))
COLUMNS = (
    "feature_id", "scene_id", "day", "clear_px", "clear_share", "core_share", *_OF_INDEX, "ring_px", "water_share",
    "built_share",
)  # fmt: skip


def numbers_table(file: TextIO, names: Sequence[str]) -> Callable[[Scene, PlotStats], None]:
    """Write the head of a CSV table and return what adds the rows of one scene: those of the plots that it shows.

    Parameters
    ----------
    names
        Id of each plot, in the order of the numbers.
    """
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    empty = np.full(len(names), np.nan)

    def add(scene: Scene, found: PlotStats) -> None:
        of_index = [part.get(name, empty) for name in GREENNESS for part in (found.mean, found.deviation, found.ring)]
        columns = [found.seen_px, found.seen_share, found.core, *of_index, found.ring_px, found.water_share,
                   found.built_share]  # fmt: skip
        for number in np.flatnonzero((found.core > 0) | (found.seen_px > 0)).tolist():
            told = (_told(column[number]) for column in columns)
            writer.writerow([names[number], scene.scene_id, scene.acquired_on.isoformat(), *told])

    return add


def _told(value: np.floating) -> str:
    return "" if np.isnan(value) else f"{value:.4f}"
