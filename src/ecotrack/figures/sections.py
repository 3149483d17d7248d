"""The share of water-quality sections of class I-III, and its change in percentage points."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any

from ecotrack.errors import Text
from ecotrack.figures.figure import Measured, not_assessed
from ecotrack.figures.water_class import DETERMINANDS, GOOD, water_class
from ecotrack.geometry.features import Feature
from ecotrack.model import ProgressRecord, TargetDef
from ecotrack.progress import State, choose_basis, latest

BASES: dict[str, Text] = {
    "published": Text("生态环境部门发布的年度类别", "yearly class as published"),
    "means": Text("按年均浓度评价（GB 3838-2002）", "class of the yearly means (GB 3838-2002)"),
    "months": Text("按月评价断面次", "section-months assessed"),
}


@dataclass(frozen=True, slots=True)
class Year:
    """Good and assessed counts by section for one year, on one basis."""

    good: Mapping[str, float]

    def share_pct(self, sections: Sequence[str]) -> float:
        """Return the share of good sections among those given, in percent."""
        return fsum(self.good[section] for section in sections) / len(sections) * 100


def good_sections(target: TargetDef, state: State, sections: Sequence[Feature]) -> Measured:
    """Measure *sections*: rise of the share of class I-III on the year before, in points.

    Both years are compared over one list: sections in force and with a class in both. Dry (断流), frozen (冰冻)
    and unmonitored months carry no class.

    Examples
    --------
    Of four listed sections one ran dry in 2016: three are compared, one was good and now two are.

    >>> from ecotrack.settings import read_config
    >>> from ecotrack.template import template_folder
    >>> targets = {one.id: one for one in read_config(template_folder()).targets}
    >>> import shapely
    >>> from ecotrack.progress import state_of
    >>> places = [Feature(feature_id=name, name=name, geometry=shapely.Point(115.6, 37.6)) for name in "abcd"]
    >>> def said(kind, year, section, found=None):
    ...     return ProgressRecord(record_id=f"{kind}-{year}-{section}", layer="sections", kind=kind,
    ...                           feature_id=section, effective_on=dt.date(year, 12, 31),
    ...                           state="已评价" if found else "断流", fields={"class": found} if found else {})
    >>> records = [said("listing", 2014, name) for name in "abcd"]
    >>> records += [said("year", 2015, name, found) for name, found in zip("abcd", ["Ⅲ", "Ⅳ", "Ⅳ", "Ⅴ"])]
    >>> records += [said("year", 2016, name, found) for name, found in zip("abcd", ["Ⅱ", "Ⅲ", "Ⅳ", None])]
    >>> state = state_of(as_of=dt.date(2016, 12, 31), records=records)
    >>> measured = good_sections(targets["sections"], state, places)
    >>> round(measured.value, 1), measured.details["common_sections"]
    (33.3, ['a', 'b', 'c'])
    """
    year, layer = int(str(target.params["year"])), str(target.params["layer"])
    pool = [*state.of(layer, "month"), *state.of(layer, "year"), *state.of(layer, "listing")]
    records, sample = choose_basis(pool)
    lists = {y: _in_list(records, y) for y in (year - 1, year)}
    if not lists[year] or not lists[year - 1]:
        missing = "、".join(str(y) for y in (year - 1, year) if not lists[y])
        return not_assessed("no_list", f"没有{missing}年的考核断面名单", f"no list of assessed sections for {missing}")
    for basis in BASES:
        years = {y: _year(basis, records, y, sections) for y in (year - 1, year)}
        common = sorted(lists[year] & lists[year - 1] & set(years[year].good) & set(years[year - 1].good))
        if common:
            return _measured(basis, year, years, common, lists, sample, sections)
    blank = [
        str(y) for y in (year - 1, year) if not any(r.effective_on.year == y and r.kind != "listing" for r in records)
    ]
    names = "、".join(blank) or f"{year - 1}、{year}"
    return not_assessed("no_classes", f"缺{names}年的断面水质类别", f"no classes of sections for {names}")


def _measured(
    basis: str,
    year: int,
    years: Mapping[int, Year],
    common: list[str],
    lists: Mapping[int, set[str]],
    sample: bool,
    sections: Sequence[Feature],
) -> Measured:
    this, before = years[year].share_pct(common), years[year - 1].share_pct(common)
    own = {y: sorted(lists[y] & set(years[y].good)) for y in years}
    return Measured(
        value=this - before,
        sample=sample,
        sketch=any(section.properties.get("sketch") for section in sections),
        basis=Text(
            f"{BASES[basis].zh}；两年均评价的断面{len(common)}个",
            f"{BASES[basis].en}; {len(common)} sections in both years",
        ),
        details={
            "basis": basis,
            "common_sections": common,
            "this_year_pct": this,
            "last_year_pct": before,
            "one_section_points": 100 / len(common),
            "this_year_own_list_pct": years[year].share_pct(own[year]),
            "last_year_own_list_pct": years[year - 1].share_pct(own[year - 1]),
            "this_year_assessed": len(own[year]),
            "this_year_listed": len(lists[year]),
            "last_year_assessed": len(own[year - 1]),
            "last_year_listed": len(lists[year - 1]),
        },
    )


def _in_list(records: Sequence[ProgressRecord], year: int) -> set[str]:
    """Return the sections that stood in the list at the year's end."""
    end = dt.date(year, 12, 31)
    listed = latest(r for r in records if r.kind == "listing" and r.effective_on <= end)
    return {section for section, record in listed.items() if _still_listed(record, end)}


def _still_listed(record: ProgressRecord, end: dt.date) -> bool:
    until = record.fields.get("in_list_to")
    return not until or dt.date.fromisoformat(str(until)) > end


def _year(basis: str, records: Sequence[ProgressRecord], year: int, sections: Sequence[Feature]) -> Year:
    of_year = [r for r in records if r.effective_on.year == year and r.state in ("已评价", None) and r.feature_id]
    if basis == "published":
        found = latest(r for r in of_year if r.kind == "year" and r.fields.get("class"))
        return Year({section: float(record.fields["class"] in GOOD) for section, record in found.items()})
    months = _latest_months([r for r in of_year if r.kind == "month"])
    if basis == "means":
        return Year(_by_means(months, {s.feature_id: str(s.properties.get("water") or "river") for s in sections}))
    classed = {s: [r for r in found if r.fields.get("class")] for s, found in months.items()}
    return Year(
        {s: fsum(r.fields["class"] in GOOD for r in found) / len(found) for s, found in classed.items() if found}
    )


def _latest_months(records: Sequence[ProgressRecord]) -> dict[str, list[ProgressRecord]]:
    last: dict[tuple[str, int], ProgressRecord] = {}
    for record in sorted(records, key=lambda r: (r.effective_on, r.seq)):
        last[str(record.feature_id), record.effective_on.month] = record
    result: dict[str, list[ProgressRecord]] = defaultdict(list)
    for (section, _), record in sorted(last.items()):
        result[section].append(record)
    return dict(result)


def readings(record: ProgressRecord) -> dict[str, float]:
    """Return the determinands that a record holds, in mg/L.

    Examples
    --------
    >>> month = ProgressRecord(record_id="m", layer="sections", kind="month", effective_on=dt.date(2016, 5, 28),
    ...                        fields={"cod_mg_l": "18.5", "nh3n_mg_l": "", "class": "Ⅲ"})
    >>> readings(month)
    {'cod_mg_l': 18.5}
    """
    return {n: float(str(v)) for n, v in record.fields.items() if n in DETERMINANDS and v not in (None, "")}


def _means(records: Sequence[ProgressRecord]) -> dict[str, float]:
    """Return the mean of each determinand over some months, mg/L."""
    values: dict[str, list[float]] = defaultdict(list)
    for record in records:
        for name, value in readings(record).items():
            values[name].append(value)
    return {name: fsum(found) / len(found) for name, found in values.items()}


def _by_means(months: Mapping[str, list[ProgressRecord]], waters: Mapping[str, str]) -> dict[str, float]:
    result = {}
    for section, records in months.items():
        judged = water_class(_means(records), water=waters.get(section, "river"))
        if judged is not None:
            result[section] = float(judged.water_class in GOOD)
    return result


def class_differences(state: State, layer: str, sections: Sequence[Feature]) -> list[dict[str, Any]]:
    """Return the section months and years whose published class differs from that of their determinands.

    A year is compared by its yearly means, and only where all of its twelve months were read.
    """
    waters = {s.feature_id: str(s.properties.get("water") or "river") for s in sections}
    read = [(record, readings(record)) for record in state.of(layer, "month")]
    read += [(record, _means(months)) for record, months in _whole_years(state, layer)]
    found = [_difference(record, values, waters) for record, values in read]
    return [difference for difference in found if difference is not None]


_MONTHS = 12


def _whole_years(state: State, layer: str) -> list[tuple[ProgressRecord, list[ProgressRecord]]]:
    """Return each yearly record with the months of its year, where all of them were read."""
    months: dict[tuple[str, int, bool], list[ProgressRecord]] = defaultdict(list)
    for record in state.of(layer, "month"):
        if readings(record):
            months[str(record.feature_id), record.effective_on.year, record.sample].append(record)
    result = []
    for record in state.of(layer, "year"):
        section = str(record.feature_id)
        own = _latest_months(months[section, record.effective_on.year, record.sample]).get(section, [])
        if len(own) == _MONTHS:
            result.append((record, own))
    return result


def _difference(
    record: ProgressRecord, values: Mapping[str, float], waters: Mapping[str, str]
) -> dict[str, Any] | None:
    published = record.fields.get("class")
    judged = water_class(values, water=waters.get(str(record.feature_id), "river"))
    if judged is None or not published or judged.water_class == published:
        return None
    return {
        "section": record.feature_id,
        "on": record.effective_on.isoformat(),
        "period": record.kind,
        "published": published,
        "computed": judged.water_class,
        "determinands": list(judged.worst),
    }
