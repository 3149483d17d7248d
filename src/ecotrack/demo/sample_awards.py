"""Sample decisions of disputed overlaps: a reviewer awards the ground to one of two plots."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ecotrack.demo.sample_dice import Dice
from ecotrack.demo.sample_plan import PlannedPlot
from ecotrack.model import Decision
from ecotrack.register import stable_id

_DECIDED_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class PlannedAward:
    """One decided dispute: who keeps the ground, who does not, and the day."""

    winner: str
    loser: str
    decided_on: dt.date


def plan_awards(seed: int, plots: Sequence[PlannedPlot]) -> list[PlannedAward]:
    """Decide some of the disputes between two plots, for either side alike."""
    dice = Dice(seed, "awards")
    clusters: dict[int, list[PlannedPlot]] = defaultdict(list)
    for plot in plots:
        if plot.scenario == "disputed":
            clusters[plot.cluster].append(plot)
    found = []
    for pair in clusters.values():
        if len(pair) == 2 and dice.share(_DECIDED_SHARE):
            winner, loser = pair if dice.share(0.5) else reversed(pair)
            last = max(version.submitted_on for plot in pair for version in plot.versions)
            found.append(
                PlannedAward(winner.feature_id, loser.feature_id, last + dt.timedelta(days=dice.whole(40, 90)))
            )
    return found


def award_entries(seed: int, awards: Sequence[PlannedAward]) -> Iterator[Decision]:
    """Yield a decision for each award."""
    for award in awards:
        yield Decision(
            decision_id=stable_id(seed, "award", award.winner, award.loser), subject="overlap",
            subject_id=f"{award.winner}|{award.loser}", verdict="award", decided_on=award.decided_on,
            reviewer="示例审核员", reason="现场勘界（示例）", sample=True,
        )  # fmt: skip
