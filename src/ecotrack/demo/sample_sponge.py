"""Sample assessments of sponge-city drainage zones, each under the standard that was in force on its day."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ecotrack.demo.sample_dice import Dice
from ecotrack.demo.sample_records import sample_record
from ecotrack.geometry.features import Feature
from ecotrack.model import ProgressRecord

_OLD, _NEW = "国办发〔2015〕75号", "GB/T 51345-2018"
_IN_FORCE_ON = dt.date(2019, 8, 1)
_BELOW = ("131123", "131126")
"""County towns of the sample that do not reach 20 %: no zone of theirs passes."""


@dataclass(frozen=True, slots=True)
class PlannedZone:
    """One assessment of one zone."""

    zone_id: str
    city_code: str
    assessed_on: dt.date
    passes: bool


def plan_sponge(seed: int, zones: Sequence[Feature]) -> list[PlannedZone]:
    """Plan assessments so that by the end of 2020 every city is known: nine reach the goal, two do not."""
    dice = Dice(seed, "sponge")
    by_city: dict[str, list[str]] = defaultdict(list)
    for zone in zones:
        by_city[str(zone.properties["city_code"])].append(zone.feature_id)
    found: list[PlannedZone] = []
    for city, ids in sorted(by_city.items()):
        passing = 0 if city in _BELOW else max(2, round(len(ids) * dice.between(0.35, 0.6)))
        for number, zone_id in enumerate(ids):
            found += _zone(dice, zone_id, city, passes=number < passing)
    return found


def _zone(dice: Dice, zone_id: str, city: str, *, passes: bool) -> Iterator[PlannedZone]:
    if dice.share(0.3):
        yield PlannedZone(zone_id, city, dt.date(2018, 11, dice.whole(1, 28)), False)
    yield PlannedZone(zone_id, city, dt.date(2020, dice.whole(6, 11), dice.whole(1, 28)), passes)


def sponge_records(seed: int, planned: Sequence[PlannedZone]) -> Iterator[ProgressRecord]:
    """Yield the planned assessments, and a source project in every third zone that passes."""
    dice = Dice(seed, "sponge records")
    for number, one in enumerate(planned):
        capture = dice.between(75, 84) if one.passes else dice.between(48, 69)
        answer = "是" if one.passes else "否"
        yield sample_record(
            seed, "sponge_zones", "assessment", one.assessed_on, feature_id=one.zone_id, unit=one.city_code,
            state="达标" if one.passes else "不达标",
            fields={
                "standard": _NEW if one.assessed_on >= _IN_FORCE_ON else _OLD,
                "method": "监测与模型评估（示例）", "volume_capture_pct": f"{capture:.1f}", "target_pct": "70",
                "waterlogging": answer, "water_quality": answer, "shoreline": "是",
            },
        )  # fmt: skip
        if one.passes and number % 3 == 0:
            yield sample_record(
                seed, "sponge_zones", "project", dt.date(2019, 5, 20), feature_id=one.zone_id, unit=one.city_code,
                state="完工", fields={"project": "雨水花园与透水铺装（示例）"},
            )  # fmt: skip
