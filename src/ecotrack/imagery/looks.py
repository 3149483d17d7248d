"""Looks of several days at one plot, and what they say of the year: green as woods are, under water for good.

Woods here are in leaf from April to October. Fields are not: winter wheat is cut in June, before maize has come up;
what is sown in spring is bare until June, reeds and weeds are late as well; lucerne and vegetables are cut again and
again. So greenness of July and August alone says nothing of trees.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import median
from typing import NamedTuple

from ecotrack.errors import Text

Days = tuple[str, str]
"""First and last day of a part of the year, as 06-05."""


class Look(NamedTuple):
    """One scene's word about one plot; ``ring_ndvi`` is not a number where there is no ring.

    ``built_share``, ``brightness`` and ``soil_told`` are as `ecotrack.imagery.built.YearLook` has them; ``core`` is the
    share of the plot in pixels of this scene that lie wholly inside it.
    """

    scene_id: str
    day: dt.date
    seen_px: float
    seen_share: float
    ndvi: float
    ring_ndvi: float
    ring_px: float
    water_share: float
    built_share: float = float("nan")
    brightness: float = float("nan")
    soil_told: bool = False
    core: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafRules:
    """When ground keeps its green as woods do.

    Attributes
    ----------
    leafy
        Part of the year in which woods are in full leaf.
    spring, harvest
        Parts of it in which fields are bare: of what is sown in spring, and of two crops a year.
    leafless
        Part in which nothing but wheat is green.
    looks
        Clear looks that are needed, over the years of ``within_days``.
    low_share
        Share of them that may be lower: haze and shadow that a mask has left.
    steady
        Part of the middle look below which a look is low: what is mown falls further.
    """

    leafy: Days = ("04-25", "10-20")
    spring: Days = ("04-25", "05-31")
    harvest: Days = ("06-05", "07-01")
    leafless: Days = ("12-01", "03-20")
    looks: int = 5
    low_share: float = 0.1
    steady: float = 0.75
    within_days: int = 730


def one_a_day(looks: Iterable[Look]) -> list[Look]:
    """Return one look of each day, oldest first: tiles of one pass that overlap are no two witnesses.

    Examples
    --------
    >>> day = dt.date(2024, 7, 1)
    >>> pair = [Look("a", day, 50, 0.5, 0.3, 0.3, 90, 0), Look("b", day, 90, 0.9, 0.3, 0.3, 90, 0)]
    >>> [look.scene_id for look in one_a_day(pair)]
    ['b']
    """
    best: dict[dt.date, Look] = {}
    for look in looks:
        known = best.get(look.day)
        if known is None or (look.seen_share, look.seen_px) > (known.seen_share, known.seen_px):
            best[look.day] = look
    return [best[day] for day in sorted(best)]


def of_days(looks: Iterable[Look], days: Days) -> list[Look]:
    """Return the looks of a part of the year, which may run over its end."""
    first, last = days
    dated = [(_of_year(look.day), look) for look in looks]
    if first > last:
        return [look for day, look in dated if day >= first or day <= last]
    return [look for day, look in dated if first <= day <= last]


@lru_cache(maxsize=4096)
def _of_year(day: dt.date) -> str:
    """Return a day as 06-05; plots by the hundred thousand share the days of a few scenes."""
    return day.isoformat()[5:]


def leafy_looks(looks: Iterable[Look], until: dt.date, rules: LeafRules) -> list[Look]:
    """Return the looks of the leafy season in the years before a day."""
    return of_days((look for look in looks if (until - look.day).days <= rules.within_days), rules.leafy)


def keeps_green(leafy: Sequence[Look], least_ndvi: float, rules: LeafRules) -> bool:
    """Return whether looks of the leafy season show ground as green as woods, in spring and at harvest too.

    Examples
    --------
    >>> days = ("2023-05-10", "2023-06-15", "2023-07-20", "2023-08-20", "2023-09-20")
    >>> woods = [Look(on, dt.date.fromisoformat(on), 90, 1, 0.8, 0.4, 90, 0) for on in days]
    >>> keeps_green(woods, 0.6, LeafRules()), keeps_green(woods[2:], 0.6, LeafRules())
    (True, False)
    """
    if len(leafy) < rules.looks:
        return False
    least = max(least_ndvi, rules.steady * median(look.ndvi for look in leafy))
    low = sum(look.ndvi < least for look in leafy)
    bare_fields = [of_days(leafy, days) for days in (rules.spring, rules.harvest)]
    green_then = all(part and median(look.ndvi for look in part) >= least for part in bare_fields)
    return green_then and low <= rules.low_share * len(leafy)


def looks_missing(leafy: Sequence[Look], rules: LeafRules) -> Text | None:
    """Return which looks woods and crops cannot be told apart without; ``None`` where all are there."""
    parts = [days for days in (rules.spring, rules.harvest) if not of_days(leafy, days)]
    if parts:
        told = " / ".join(f"{first}~{last}" for first, last in parts)
        zh, en = f"缺{told}的影像，分不清林木和庄稼", f"no scene of {told}: trees and crops are not told apart"
        return Text(zh, en)
    if len(leafy) < rules.looks:
        zh = f"生长季影像不足{rules.looks}景，分不清林木和庄稼"
        return Text(zh, f"fewer than {rules.looks} scenes of the leafy season: trees and crops are not told apart")
    return None


def standing_water(looks: Sequence[Look], *, share: float, dry: float, days: int) -> list[Look]:
    """Return the looks since a plot was last dry, if they span so many days and it was water in the middle of them.

    Floods of rain are gone by then; ponds in a park and pixels half of water leave it neither wet nor dry.

    Parameters
    ----------
    looks
        Oldest first.
    share, dry
        Share of the plot from which it is water, and below which it is dry.

    Examples
    --------
    >>> wet = [Look(str(month), dt.date(2024, month, 5), 90, 1, -0.2, 0.3, 90, 0.9) for month in (6, 7, 9)]
    >>> [len(standing_water(some, share=0.6, dry=0.3, days=60)) for some in (wet, wet[:2])]
    [3, 0]
    """
    last = max((place for place, look in enumerate(looks) if look.water_share < dry), default=-1)
    since = list(looks[last + 1 :])
    stands = bool(since) and (since[-1].day - since[0].day).days >= days
    return since if stands and median(look.water_share for look in since) >= share else []
