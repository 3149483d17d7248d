"""What happens to a sample plot after planting: submission, review, field checks, redo and replanting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from ecotrack.demo import sample_shapes as shapes
from ecotrack.demo.sample_dice import Dice
from ecotrack.demo.sample_plan import PlannedCheck, PlannedDecision, PlannedPlot, PlannedVersion, Rect
from ecotrack.demo.truth_area import cell_m2

BATCHES = {
    "2016-spring": (dt.date(2016, 4, 5), dt.date(2016, 4, 20), dt.date(2016, 5, 5), dt.date(2016, 5, 25)),
    "2016-autumn": (dt.date(2016, 11, 15), dt.date(2016, 11, 30), dt.date(2016, 12, 15)),
    "2017-spring": (dt.date(2017, 3, 10), dt.date(2017, 3, 25), dt.date(2017, 4, 10), dt.date(2017, 4, 28)),
    "2017-autumn": (dt.date(2017, 11, 15), dt.date(2017, 11, 30), dt.date(2017, 12, 15)),
}
"""Days on which boundaries of a season are handed in."""

LATE_BATCH = dt.date(2017, 12, 20)
"""Day on which boundaries of any season are handed in late; the season still tells prior claim."""

REDO_SEASON, REDO_BATCH = "2017-spring", dt.date(2017, 4, 20)
_SURVIVAL = {"qualified": 0.80, "bar": 0.015, "under_bar": 0.015, "replant": 0.12, "floor": 0.005, "failed": 0.045}


class LifeWriter:
    """Writes the life of each plot, from one sequence of draws."""

    def __init__(self, dice: Dice, seed: int) -> None:
        self._dice, self._seed = dice, seed

    def planted_on(self, season: str) -> dt.date:
        """Return a planting day inside a season."""
        year, _, part = season.partition("-")
        start = dt.date(int(year), 3, 1) if part == "spring" else dt.date(int(year), 10, 20)
        latest = 30 if season != "2017-spring" else 8
        return start + dt.timedelta(days=self._dice.whole(0, latest if part == "spring" else 24))

    def submit(self, plot: PlannedPlot, rect: Rect) -> None:
        """Hand the plot's first boundary in; a plot that another season overlaps is late now and then."""
        late = plot.scenario in ("later_season", "three") and self._dice.share(0.15)
        plot.versions.append(self._version(rect, LATE_BATCH if late else self._dice.pick(BATCHES[plot.season])))

    def _version(self, rect: Rect, day: dt.date) -> PlannedVersion:
        noise = 0.01 * self._dice.normal()
        if self._dice.share(0.03):
            noise += self._dice.between(0.08, 0.25)
        claimed = Decimal(f"{cell_m2(rect) * 15 / 10000 * (1 + noise):.1f}")
        return PlannedVersion(rect, day, max(claimed, Decimal("0.1")))

    def live(self, plot: PlannedPlot, numbers: Iterator[int]) -> Iterator[PlannedPlot]:
        """Let a submitted plot live on; yield it, and its redo or replanting where there is one."""
        yield plot
        if not self._review(plot):
            return
        outcome = self._check(plot)
        if outcome == "failed" and _check_year(plot) == 2016 and self._dice.share(0.5):
            yield self._redo(plot, next(numbers))
        elif outcome == "replant" and _check_year(plot) == 2016 and self._dice.share(0.4):
            yield self._replant(plot, next(numbers))
        if outcome in ("failed", "not_checked") and self._dice.share(0.06):
            plot.struck_on = dt.date(_check_year(plot), 12, self._dice.whole(5, 25))

    def _review(self, plot: PlannedPlot) -> bool:
        """Decide about the plot; return whether it stands as accepted."""
        dice = self._dice
        day = plot.versions[0].submitted_on + dt.timedelta(days=dice.whole(5, 30))
        course = dice.weighted(
            {"accept": 0.915, "return": 0.02, "again": 0.02, "mended": 0.01, "open": 0.02, "out": 0.005, "strike": 0.01}
        )
        if course == "open":
            return False
        if course in ("return", "again"):
            plot.decisions.append(PlannedDecision(0, "return", day, "边界与影像不符"))
            return course == "again" and self._second(plot, day)
        if course == "out":
            plot.decisions.append(PlannedDecision(0, "withdraw", day, "单位撤回"))
            return False
        plot.decisions.append(PlannedDecision(0, "accept", day))
        if course == "strike":
            later = day + dt.timedelta(days=dice.whole(40, 200))
            plot.decisions.append(PlannedDecision(0, "strike", later, "占用林地，核销"))
            return False
        return self._second(plot, day) if course == "mended" else True

    def _second(self, plot: PlannedPlot, after: dt.date) -> bool:
        """Hand in the boundary again, a little smaller, and accept it."""
        day = after + dt.timedelta(days=self._dice.whole(10, 25))
        plot.versions.append(self._version(shapes.shrunk(plot.versions[0].rect, self._dice), day))
        accepted = day + dt.timedelta(days=self._dice.whole(5, 20))
        plot.decisions.append(PlannedDecision(1, "accept", accepted))
        return True

    def _check(self, plot: PlannedPlot) -> str:
        """Check survival once in the due autumn, a few plots twice; return the last outcome."""
        dice = self._dice
        if dice.share(0.07):
            return "not_checked"
        day = dt.date(_check_year(plot), 10, 8) + dt.timedelta(days=dice.whole(0, 40))
        outcome = dice.weighted(_SURVIVAL)
        plot.checks.append(self._count(day, "县", outcome))
        if dice.share(0.05):
            again = dice.weighted(_SURVIVAL) if dice.share(0.2) else outcome
            plot.checks.append(self._count(day + dt.timedelta(days=dice.whole(12, 25)), "市", again))
            outcome = again
        return {"bar": "qualified", "under_bar": "replant", "floor": "replant"}.get(outcome, outcome)

    def _count(self, day: dt.date, level: str, outcome: str) -> PlannedCheck:
        """Return counts of holes that give the outcome; ``bar`` and ``floor`` stand exactly on the limit."""
        checked = 20 * self._dice.whole(4, 12)
        if outcome in ("bar", "under_bar"):
            return PlannedCheck(day, level, checked, checked * 17 // 20 - (outcome == "under_bar"))
        if outcome == "floor":
            return PlannedCheck(day, level, 200, 82)
        low, high = {"qualified": (0.86, 0.99), "replant": (0.43, 0.83), "failed": (0.05, 0.39)}[outcome]
        return PlannedCheck(day, level, checked, int(checked * self._dice.between(low, high)))

    def _redo(self, parent: PlannedPlot, number: int) -> PlannedPlot:
        """Plant a failed plot anew on the same ground; the redo counts in its own year."""
        redo = self._child(parent, number, kind="重造", scenario="redo")
        self._submit_again(redo, parent)
        if self._dice.share(0.9):
            day = dt.date(2017, 10, 12) + dt.timedelta(days=self._dice.whole(0, 30))
            redo.checks.append(self._count(day, "县", "qualified" if self._dice.share(0.85) else "replant"))
        return redo

    def _replant(self, parent: PlannedPlot, number: int) -> PlannedPlot:
        """Fill the gaps of a plot (补植): no new area; the parent is checked again in the next autumn."""
        child = self._child(parent, number, kind="补植", scenario="replant")
        self._submit_again(child, parent)
        day = dt.date(2017, 10, 10) + dt.timedelta(days=self._dice.whole(0, 30))
        parent.checks.append(self._count(day, "县", "qualified" if self._dice.share(0.8) else "replant"))
        return child

    def _child(self, parent: PlannedPlot, number: int, *, kind: str, scenario: str) -> PlannedPlot:
        return replace(
            parent,
            feature_id=f"{parent.unit}-17C-{number:05d}",
            scenario=scenario,
            season=REDO_SEASON,
            kind=kind,
            name=f"{parent.name}（{kind}）",
            planted_on=self.planted_on(REDO_SEASON),
            task_id=f"sample-{REDO_SEASON}",
            parent_id=parent.feature_id,
            versions=[],
            decisions=[],
            checks=[],
            struck_on=None,
        )

    def _submit_again(self, child: PlannedPlot, parent: PlannedPlot) -> None:
        child.versions.append(self._version(parent.versions[-1].rect, REDO_BATCH))
        if self._dice.share(0.95):
            day = REDO_BATCH + dt.timedelta(days=self._dice.whole(5, 20))
            child.decisions.append(PlannedDecision(0, "accept", day))


def _check_year(plot: PlannedPlot) -> int:
    """Return the year of the check of survival: the autumn that follows the planting's growing season."""
    handed_in = plot.versions[-1].submitted_on
    return handed_in.year + (handed_in.month >= 10)
