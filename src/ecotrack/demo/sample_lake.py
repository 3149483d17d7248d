"""Sample observations of the lake: surveys of both basins by month, and whole-lake readings from imagery."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ecotrack.demo.sample_dice import Dice
from ecotrack.demo.sample_records import sample_record
from ecotrack.model import Fields, ProgressRecord

YEARS = range(2015, 2021)


@dataclass(frozen=True, slots=True)
class PlannedSurface:
    """The lake on one day: surveyed by basin (``east``, ``west``), or read as a whole from imagery."""

    observed_on: dt.date
    basis: str
    state: str
    parts_km2: tuple[Decimal, ...]
    level_m: str | None = None
    clear_share_pct: str | None = None


def plan_lake(seed: int) -> list[PlannedSurface]:
    """Plan the observations of 2015 to 2020; about one in ten waits for review or is returned."""
    dice = Dice(seed, "lake")
    found = []
    for year in YEARS:
        for month in range(1, 13):
            found.append(_survey(dice, dt.date(year, month, dice.whole(8, 22))))
            if dice.share(0.6):
                found.append(_scene(dice, dt.date(year, month, dice.whole(3, 27))))
    return found


def _survey(dice: Dice, day: dt.date) -> PlannedSurface:
    wet = 0.5 + 0.04 * (day.year - YEARS.start) + (0.08 if day.month in (1, 2, 3, 12) else 0.0)
    east = Decimal(f"{36 + 6 * wet + dice.between(-0.6, 0.6):.2f}")
    west = Decimal(f"{12 + 22 * wet + dice.between(-1.5, 1.5):.2f}")
    state = dice.weighted({"采用": 0.9, "待审": 0.06, "退回": 0.04})
    return PlannedSurface(day, "实测", state, (east, west), level_m=f"{19.8 + wet + dice.between(-0.1, 0.1):.2f}")


def _scene(dice: Dice, day: dt.date) -> PlannedSurface:
    clear = dice.between(55, 100)
    state = "采用" if clear > 70 else "退回"
    surface = Decimal(f"{44 + 2.2 * (day.year - YEARS.start) + dice.between(-3, 3):.2f}")
    return PlannedSurface(day, "影像", state, (surface,), clear_share_pct=f"{clear:.0f}")


def lake_records(seed: int, planned: Sequence[PlannedSurface], basins: Sequence[str]) -> Iterator[ProgressRecord]:
    """Yield the planned observations: a record for each basin, or one for the whole lake.

    Parameters
    ----------
    basins
        Ids of the basins, east and west; where the lake is drawn otherwise, surveys are of the whole lake.
    """
    for one in planned:
        survey = one.basis == "实测"
        fields: Fields = {"basis": one.basis, "surface_kind": "含挺水植物" if survey else "敞水面"}
        if survey:
            fields["level_m"] = one.level_m
        else:
            fields |= {"clear_share_pct": one.clear_share_pct, "scene_id": f"示例-{one.observed_on:%Y%m%d}"}
        for basin, km2 in _parts(one, basins):
            yield sample_record(
                seed, "lake", "observation", one.observed_on, feature_id=basin, state=one.state, value=km2,
                value_unit="km2", fields=fields,
            )  # fmt: skip


def _parts(one: PlannedSurface, basins: Sequence[str]) -> list[tuple[str | None, Decimal]]:
    if len(basins) == len(one.parts_km2) > 1:
        return list(zip(basins, one.parts_km2, strict=True))
    return [(None, sum(one.parts_km2, Decimal(0)))]
