"""Sample works on reaches: intervals of the chainage that are planned, done, accepted, and fall back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ecotrack.demo.sample_dice import Dice
from ecotrack.demo.sample_records import sample_record
from ecotrack.geometry.features import Feature
from ecotrack.model import ProgressRecord

_WORKS = {"清淤": 0.35, "截污": 0.25, "护岸": 0.2, "绿化": 0.3, "清障": 0.25, "补水": 0.1}
_WITHOUT_RECORD = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWork:
    """One work on one reach: an interval in metres of chainage, and its days.

    Attributes
    ----------
    done_on, accepted_on
        ``None`` where it is not there yet.
    fell_back
        Part of the interval that fell back (反弹), and the day.
    """

    reach_id: str
    unit: str
    work: str
    bank: str
    from_m: int
    to_m: int
    begun_on: dt.date
    done_on: dt.date | None
    accepted_on: dt.date | None
    fell_back: tuple[int, int, dt.date] | None

    def done_m(self, as_of: dt.date) -> int:
        """Return the metres that stand as done on a day, both banks counted apart."""
        if self.done_on is None or self.done_on > as_of:
            return 0
        length = self.to_m - self.from_m
        if self.fell_back is not None and self.fell_back[2] <= as_of:
            length -= self.fell_back[1] - self.fell_back[0]
        return length * (2 if self.bank == "双" else 1)


def plan_works(seed: int, reaches: Sequence[Feature]) -> list[PlannedWork]:
    """Plan works on most reaches: at most one of a kind on each, so that no two cover the same ground."""
    dice = Dice(seed, "reaches")
    return [
        _plan(dice, reach, work)
        for reach in reaches
        if {"from_m", "to_m"} <= set(reach.properties) and not dice.share(_WITHOUT_RECORD)
        for work, share in _WORKS.items()
        if dice.share(share)
    ]


def _plan(dice: Dice, reach: Feature, work: str) -> PlannedWork:
    low, high = int(reach.properties["from_m"]), int(reach.properties["to_m"])
    start = low + int((high - low) * dice.between(0.0, 0.5))
    end = start + int((high - start) * dice.between(0.3, 1.0))
    begun = dt.date(dice.whole(2016, 2018), dice.whole(3, 9), dice.whole(1, 28))
    done = begun + dt.timedelta(days=dice.whole(90, 400)) if dice.share(0.75) else None
    accepted = done + dt.timedelta(days=dice.whole(20, 90)) if done and dice.share(0.6) else None
    back = None
    if accepted and dice.share(0.2):
        third = (end - start) // 3
        back = start + third, end - third, accepted + dt.timedelta(days=dice.whole(100, 400))
    return PlannedWork(
        reach_id=reach.feature_id,
        unit=str(reach.properties["unit"]),
        work=work,
        bank=dice.weighted({"双": 0.6, "左": 0.2, "右": 0.2}),
        from_m=start,
        to_m=end,
        begun_on=begun,
        done_on=done,
        accepted_on=accepted,
        fell_back=back,
    )


def reach_records(seed: int, works: Sequence[PlannedWork]) -> Iterator[ProgressRecord]:
    """Yield a record for each state that a work passes through."""
    for work in works:
        whole = work.from_m, work.to_m
        yield _record(seed, work, "未开工", dt.date(work.begun_on.year, 1, 31), whole)
        yield _record(seed, work, "在建", work.begun_on, whole)
        if work.done_on:
            yield _record(seed, work, "完工", work.done_on, whole)
        if work.accepted_on:
            yield _record(seed, work, "验收", work.accepted_on, whole)
        if work.fell_back:
            yield _record(seed, work, "反弹", work.fell_back[2], work.fell_back[:2])


def _record(seed: int, work: PlannedWork, state: str, day: dt.date, span: tuple[int, int]) -> ProgressRecord:
    return sample_record(
        seed, "reaches", "work", day, feature_id=work.reach_id, unit=work.unit, state=state,
        fields={
            "work": work.work, "bank": work.bank, "from_m": span[0], "to_m": span[1],
            "planned_m": str(work.to_m - work.from_m), "project": f"{work.work}工程（示例）",
        },
    )  # fmt: skip
