"""Sample months of water-quality sections, drawn so that the class of each year is known beforehand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ecotrack.demo.sample_dice import Dice
from ecotrack.demo.sample_records import month_end, sample_record
from ecotrack.geometry.features import Feature
from ecotrack.model import Fields, ProgressRecord

YEARS = (2015, 2016, 2017)
FIRST_LIST_ON, SECOND_LIST_ON = dt.date(2015, 1, 1), dt.date(2016, 1, 1)

# COD (mg/L) inside the limits of each class (GB 3838-2002, table 1): every month lies inside, so the mean does.
_COD_MG_L = {"Ⅱ": (8.0, 14.5), "Ⅲ": (15.5, 19.5), "Ⅳ": (21.0, 29.0), "Ⅴ": (31.0, 39.0), "劣Ⅴ": (42.0, 65.0)}
_CLASSES = ("Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ")
_PLAN: dict[str, tuple[str, str, str]] = {
    "section-01": ("Ⅴ", "Ⅳ", "Ⅳ"), "section-02": ("劣Ⅴ", "Ⅴ", "Ⅳ"), "section-03": ("Ⅴ", "Ⅳ", "Ⅳ"),
    "section-04": ("劣Ⅴ", "Ⅴ", "Ⅴ"), "section-05": ("Ⅳ", "Ⅲ", "Ⅲ"), "section-06": ("Ⅲ", "Ⅲ", "Ⅲ"),
    "section-07": ("Ⅲ", "Ⅲ", "Ⅱ"), "section-08": ("Ⅲ", "Ⅲ", "Ⅲ"), "section-09": ("Ⅳ", "Ⅲ", "Ⅲ"),
    "section-10": ("Ⅲ", "Ⅳ", "Ⅲ"),
}  # fmt: skip
_LATER_LISTED = ("section-09", "section-10")


@dataclass(frozen=True, slots=True)
class PlannedYear:
    """One section in one year: its class by construction; ``listed_on`` is the day it came on the list."""

    section_id: str
    year: int
    water_class: str
    listed_on: dt.date


def plan_sections(sections: Sequence[Feature]) -> list[PlannedYear]:
    """Return the class of every known section by year; two sections came on the list a year later."""
    return [
        PlannedYear(
            section.feature_id,
            year,
            water_class,
            SECOND_LIST_ON if section.feature_id in _LATER_LISTED else FIRST_LIST_ON,
        )
        for section in sections
        if section.feature_id in _PLAN
        for year, water_class in zip(YEARS, _PLAN[section.feature_id], strict=True)
    ]


def section_records(seed: int, planned: Sequence[PlannedYear], sections: Sequence[Feature]) -> Iterator[ProgressRecord]:
    """Yield listings and months; rivers freeze in winter and some fall dry in spring."""
    dice = Dice(seed, "sections")
    waters = {section.feature_id: str(section.properties.get("water") or "river") for section in sections}
    for section_id, listed_on in {one.section_id: one.listed_on for one in planned}.items():
        yield sample_record(seed, "sections", "listing", listed_on, feature_id=section_id)
    for one in planned:
        for month in range(1, 13):
            yield _month(seed, dice, one, month, river=waters[one.section_id] == "river")


def _month(seed: int, dice: Dice, one: PlannedYear, month: int, *, river: bool) -> ProgressRecord:
    state = _state(dice, month, river=river)
    fields: Fields = {}
    if state == "已评价":
        fields |= {"class": one.water_class, "basis": "示例监测"}
        fields |= _readings(dice, one.water_class, river=river)
        if dice.share(0.01):
            fields["class"] = _CLASSES[max(_CLASSES.index(one.water_class) - 1, 0)]
    return sample_record(
        seed, "sections", "month", month_end(one.year, month), feature_id=one.section_id, state=state, fields=fields
    )


def _state(dice: Dice, month: int, *, river: bool) -> str:
    if river and month in (1, 2) and dice.share(0.5):
        return "冰冻"
    if river and month in (4, 5, 6) and dice.share(0.25):
        return "断流"
    return "未监测" if dice.share(0.02) else "已评价"


def _readings(dice: Dice, water_class: str, *, river: bool) -> Fields:
    """Return determinands of which COD sets the class; all the others stand in class II or better."""
    low, high = _COD_MG_L[water_class]
    return {
        "ph": f"{dice.between(7.2, 8.6):.1f}",
        "cod_mg_l": f"{dice.between(low, high):.1f}",
        "codmn_mg_l": f"{dice.between(2.1, 3.9):.1f}",
        "nh3n_mg_l": f"{dice.between(0.16, 0.48):.2f}",
        "tp_mg_l": f"{dice.between(0.03, 0.09) if river else dice.between(0.012, 0.024):.3f}",
        "do_mg_l": f"{dice.between(6.1, 7.3):.1f}",
    }
