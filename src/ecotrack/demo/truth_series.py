"""What the figures on series, lake, rivers, zones and sections must come out as, by plain arithmetic."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from ecotrack.demo.sample_lake import PlannedSurface
from ecotrack.demo.sample_reaches import PlannedWork
from ecotrack.demo.sample_sections import PlannedYear
from ecotrack.demo.sample_series import AIR_ANNUAL_UG_M3
from ecotrack.demo.sample_sponge import PlannedZone

PLAN_WORKING_DAYS, REPORT_MONTHS = 28, 6
"""Counted by hand: 13 July to 19 August 2016 without a holiday; 12 July 2016 to 10 January 2017."""

_GOOD = ("Ⅰ", "Ⅱ", "Ⅲ")


def lake_median_km2(planned: Sequence[PlannedSurface], as_of: dt.date) -> float | None:
    """Return the median of the accepted surveys of the year of ``as_of``, both basins together, km2."""
    days = sorted(
        sum(one.parts_km2, Decimal(0))
        for one in planned
        if one.basis == "实测"
        and one.state == "采用"
        and one.observed_on <= as_of
        and one.observed_on.year == as_of.year
    )
    if not days:
        return None
    return float((days[(len(days) - 1) // 2] + days[len(days) // 2]) / 2)


def km_by_work(works: Sequence[PlannedWork], as_of: dt.date) -> dict[str, float]:
    """Return kilometres treated by kind of work; one bank is half."""
    metres: dict[str, int] = defaultdict(int)
    for work in works:
        metres[work.work] += work.done_m(as_of)
    return {work: total / 2000 for work, total in metres.items() if total}


def section_points(planned: Sequence[PlannedYear], year: int) -> float:
    """Return the rise of the share of good sections on the year before, over the list of both years, points."""
    both = {one.section_id for one in planned if one.listed_on <= dt.date(year - 1, 12, 31)}
    good = {
        y: len([one for one in planned if one.year == y and one.section_id in both and one.water_class in _GOOD])
        for y in (year - 1, year)
    }
    return (good[year] - good[year - 1]) / len(both) * 100


def air_change_pct(kind: str, year: int) -> float:
    """Return the change of the annual mean on the year before, percent."""
    this, before = (Decimal(AIR_ANNUAL_UG_M3[kind][y]) for y in (year, year - 1))
    return float((this - before) / before * 100)


def zones_passed(planned: Sequence[PlannedZone], as_of: dt.date) -> dict[str, int]:
    """Return by city the number of zones whose latest assessment passes."""
    last: dict[str, PlannedZone] = {}
    for one in sorted(planned, key=lambda one: one.assessed_on):
        if one.assessed_on <= as_of:
            last[one.zone_id] = one
    passed = dict.fromkeys({one.city_code for one in planned}, 0)
    for one in last.values():
        passed[one.city_code] += one.passes
    return passed
