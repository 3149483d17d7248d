"""Retention (保存率): how much of what was planted still stands three years later."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

import numpy as np

from ecotrack.errors import Text
from ecotrack.figures.figure import Reason
from ecotrack.figures.plots import PlotSet
from ecotrack.progress.ledger import KEPT_UNITS, NO_SURVEY, NONE, Ints
from ecotrack.progress.plots import latest_rows
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
    share, year = _last_surveys(plots)
    told = plots.columns.accepted & (plots.columns.season > 0) & (share != NONE)
    surveyed = told & (year >= plots.columns.season_year + YEARS)
    kept = surveyed & (share * bar.denominator >= bar.numerator * KEPT_UNITS)
    surveyed_m2, kept_m2 = plots.accepted.credited_m2(surveyed), plots.accepted.credited_m2(kept)
    return {
        "counts_from_pct": float(bar),
        "surveyed_plots": int(surveyed.sum()),
        "surveyed_mu": mu_from_m2(surveyed_m2),
        "kept_plots": int(kept.sum()),
        "kept_mu": mu_from_m2(kept_m2),
        "kept_pct": kept_m2 / surveyed_m2 * 100 if surveyed_m2 else None,
        "early_surveys": int((told & ~surveyed).sum()),
        "sample": plots.sample,
        "reasons": [] if surveyed_m2 else [_NONE.to_json()],
    }


def _last_surveys(plots: PlotSet) -> tuple[Ints, Ints]:
    """Return what the last survey of each plot found (`kept_of`, -1 where there is none), and its year."""
    notes = plots.state.standing_notes
    rows = np.flatnonzero((notes["kept"] != NO_SURVEY) & (notes["sample"] == int(plots.sample)))
    last = latest_rows(notes, rows, notes["feature"], len(plots.columns.features.table.names))
    mine = last[plots.columns.features.codes]
    share, year = np.full(len(plots), NONE), np.zeros(len(plots), dtype=np.int64)
    there = np.flatnonzero(mine != NONE)
    days = notes["day"][mine[there]].astype(np.int64) - dt.date(1970, 1, 1).toordinal()
    share[there], year[there] = notes["kept"][mine[there]], days.astype("datetime64[D]").astype("datetime64[Y]")
    year[there] += 1970
    return share, year
