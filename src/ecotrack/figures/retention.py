"""Retention (保存率): how much of what was planted still stands three years later."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from ecotrack.errors import Text
from ecotrack.figures.figure import Reason
from ecotrack.figures.plots import PlotSet
from ecotrack.model import ProgressRecord
from ecotrack.progress import current
from ecotrack.progress.records import latest
from ecotrack.units import mu_from_m2

YEARS = 3
"""Full years after the year of planting before which a survey says nothing of retention."""

_NONE = Reason("no_retention_survey", Text("没有满三年的保存率调查", "no survey of retention after three years"))


def retention(plots: PlotSet) -> dict[str, Any]:
    """Return the accepted ground that was surveyed three years after planting, and what of it counts, as JSON values.

    A plot counts where its last survey reaches the rule ``retention_counts_pct`` (80 by default).
    Surveys before three full years have passed, and those of another basis (sample, real), are left out and counted.

    Returns
    -------
    dict
        ``counts_from_pct``, ``surveyed_plots``, ``surveyed_mu``, ``kept_plots``, ``kept_mu``, ``kept_pct`` (of the
        surveyed ground; ``None`` is not assessed), ``early_surveys``, ``sample``, ``reasons``.
    """
    bar = Fraction(plots.state.rules.retention_counts_pct)
    surveys = latest(one for one in current(plots.state.read_retention()) if one.sample == plots.sample)
    told = [(i, one) for i, one in _by_plot(plots, surveys) if one.value is not None]
    due = [(i, one) for i, one in told if one.effective_on.year >= int(plots.columns.season_year[i]) + YEARS]
    surveyed, kept = np.zeros(len(plots), dtype=bool), np.zeros(len(plots), dtype=bool)
    surveyed[[i for i, _ in due]] = True
    kept[[i for i, one in due if Fraction(str(one.value)) >= bar]] = True
    surveyed_m2, kept_m2 = plots.accepted.credited_m2(surveyed), plots.accepted.credited_m2(kept)
    return {
        "counts_from_pct": float(bar),
        "surveyed_plots": int(surveyed.sum()),
        "surveyed_mu": mu_from_m2(surveyed_m2),
        "kept_plots": int(kept.sum()),
        "kept_mu": mu_from_m2(kept_m2),
        "kept_pct": kept_m2 / surveyed_m2 * 100 if surveyed_m2 else None,
        "early_surveys": len(told) - len(due),
        "sample": plots.sample,
        "reasons": [] if surveyed_m2 else [_NONE.to_json()],
    }


def _by_plot(plots: PlotSet, surveys: dict[str, ProgressRecord]) -> list[tuple[int, ProgressRecord]]:
    """Return the last survey of each accepted plot of a known season, with the plot's position."""
    if not surveys:
        return []
    columns = plots.columns
    rows = np.flatnonzero(columns.accepted & (columns.season > 0)).tolist()
    return [(i, surveys[name]) for i in rows if (name := columns.features[i]) in surveys]
