"""Series of the sample: air, forest cover, rank, groundwater, water transfers, deadlines.

The national rank of 2016 is published and stands as real records; nothing else here is real. The published
groundwater balance of 2013 is left out on purpose: one real year would put the whole sample series aside and
judge the target of 2020 by a figure of 2013.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from ecotrack.demo.sample_dice import Dice
from ecotrack.demo.sample_records import month_end, sample_record
from ecotrack.model import Fields, ProgressRecord
from ecotrack.register import stable_id

AIR_ANNUAL_UG_M3 = {
    "pm25": {2015: "94", 2016: "83", 2017: "77"},
    "pm10": {2015: "162", 2016: "145", 2017: "133"},
}
"""Annual means of the sample, by pollutant and year."""

COVER_PCT = {2015: "28.4", 2016: "29.3", 2017: "30.6", 2018: "31.5", 2019: "32.6", 2020: "33.6"}
"""Forest cover of the sample, by year."""

PROVINCE_RANK = {(2015, 12): 9, (2016, 3): 9, (2016, 6): 8, (2016, 9): 7, (2016, 12): 6, (2017, 12): 6}
"""Place among the 11 cities of the province in the sample, by the month up to which it counts."""

GROUNDWATER_1E8_M3 = {
    2016: ("7.62", "2.04", "3.71", "4.78"),
    2017: ("6.85", "2.04", "3.68", "4.78"),
    2018: ("5.74", "2.04", "3.66", "4.78"),
    2019: ("4.51", "2.04", "3.70", "4.78"),
    2020: ("3.37", "2.04", "3.73", "4.78"),
}
"""Sample by year: deep extraction and usable yield, then shallow extraction and usable yield."""

FEEDBACK_ON, PLAN_ON, REPORT_ON = dt.date(2016, 7, 12), dt.date(2016, 8, 19), dt.date(2017, 1, 10)
"""Sample days of the feedback and of the two filings."""

_NATION_RANK = (
    (dt.date(2016, 10, 31), 67, "2016年1—10月", "2016年1—10月74城市空气质量排名（倒数第8位），网页转载（jxfengxin）"),
    (dt.date(2016, 11, 30), 69, "2016年1—11月", "2016年1—11月74城市空气质量排名（倒数第6位），央广网2016-12-13"),
)


def national_ranks() -> Iterator[ProgressRecord]:
    """Yield the published places of Hengshui among the 74 cities in 2016 (real records)."""
    for day, place, period, source in _NATION_RANK:
        yield ProgressRecord(
            record_id=stable_id("published", "rank", "74", day), layer="rank", kind="rank", effective_on=day,
            state="正式", value=Decimal(place), value_unit="place",
            fields={"list": "全国74城", "list_size": 74, "period": period}, basis_document=source,
        )  # fmt: skip


def series_records(seed: int) -> Iterator[ProgressRecord]:
    """Yield every record of the series, sample ones all of them."""
    dice = Dice(seed, "series")
    yield from _air(seed, dice)
    yield from _cover_and_rank(seed)
    yield from _groundwater(seed)
    yield from _transfers(seed, dice)
    yield from _deadlines(seed)


def _air(seed: int, dice: Dice) -> Iterator[ProgressRecord]:
    for kind, annual in AIR_ANNUAL_UG_M3.items():
        for year, mean in annual.items():
            for month in range(1, 13):
                winter = 1.55 if month in (1, 2, 11, 12) else 0.72
                value = Decimal(f"{float(mean) * winter * dice.between(0.9, 1.1):.0f}")
                yield _concentration(seed, kind, month_end(year, month), value, f"{year}-{month:02d}", "初步")
            yield _concentration(seed, kind, dt.date(year, 12, 31), Decimal(mean), str(year), "正式")


def _concentration(seed: int, kind: str, day: dt.date, value: Decimal, period: str, state: str) -> ProgressRecord:
    return sample_record(
        seed, "air", kind, day, state=state, value=value, value_unit="ug_m3", fields={"period": period}
    )


def _cover_and_rank(seed: int) -> Iterator[ProgressRecord]:
    for year, cover in COVER_PCT.items():
        yield sample_record(
            seed, "cover", "cover", dt.date(year, 12, 31), state="正式", value=Decimal(cover), value_unit="pct",
            fields={"basis": "发布"},
        )  # fmt: skip
    for (year, month), place in PROVINCE_RANK.items():
        fields: Fields = {
            "list": "省内11市", "list_size": 11, "period": f"{year}年1—{month}月",
        }  # fmt: skip
        yield sample_record(
            seed, "rank", "rank", month_end(year, month), state="正式", value=Decimal(place), value_unit="place",
            fields=fields,
        )  # fmt: skip


def _groundwater(seed: int) -> Iterator[ProgressRecord]:
    places = (("extraction", "深层"), ("usable_yield", "深层"), ("extraction", "浅层"), ("usable_yield", "浅层"))
    for year, volumes in GROUNDWATER_1E8_M3.items():
        for (kind, aquifer), volume in zip(places, volumes, strict=True):
            yield sample_record(
                seed, "groundwater", kind, dt.date(year, 12, 31), state="正式", value=Decimal(volume),
                value_unit="1e8_m3", fields={"aquifer": aquifer},
            )  # fmt: skip


def _transfers(seed: int, dice: Dice) -> Iterator[ProgressRecord]:
    for year in range(2015, 2021):
        start, days = dt.date(year, 11, dice.whole(5, 20)), dice.whole(25, 60)
        drawn = dice.whole(30, 60) * 1_000_000
        for state, day in (("计划", dt.date(year, 9, 30)), ("进行", start), ("结束", start + dt.timedelta(days=days))):
            fields: Fields = {"source": "引黄（示例）", "gates": "示例闸口"}
            if state == "结束":
                received = int(drawn * dice.between(0.45, 0.7))
                fields |= {"end_on": day.isoformat(), "drawn_m3": str(drawn), "received_m3": str(received)}
            yield sample_record(seed, "transfers", "transfer", day, state=state, fields=fields)


def _deadlines(seed: int) -> Iterator[ProgressRecord]:
    yield sample_record(seed, "deadlines", "feedback", FEEDBACK_ON)
    yield sample_record(seed, "deadlines", "filing", PLAN_ON, fields={"item": "整改方案"})
    yield sample_record(seed, "deadlines", "filing", REPORT_ON, fields={"item": "整改情况"})
