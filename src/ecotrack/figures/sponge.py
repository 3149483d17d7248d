"""The sponge target: the share of each city's built-up area that lies in drainage zones which pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any

import numpy as np
import shapely

from ecotrack.errors import Lang, Text
from ecotrack.figures.figure import Measured, Reason, Status, not_assessed
from ecotrack.geometry.area import area_m2
from ecotrack.geometry.features import Feature, geometries_of
from ecotrack.geometry.overlap import overlap_pairs
from ecotrack.model import ProgressRecord, TargetDef
from ecotrack.progress import State, choose_basis, latest
from ecotrack.units import km2_from_m2

_OVERLAP_TOLERANCE_M2 = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """One city's share.

    Attributes
    ----------
    share_pct
        Passing zones inside the built-up line over the built-up area.
    possible_pct
        The share if every zone that is not assessed yet passed.
    reason
        Why there is no share; ``None`` where there is one.
    """

    code: str
    name: str
    share_pct: float | None
    possible_pct: float | None
    zones: int
    assessed: int
    passed: int
    builtup_km2: float | None
    line_year: int | None
    reason: Reason | None
    standards: tuple[str, ...] = ()

    def status(self, goal_pct: float) -> Status:
        """Return how this city alone stands against the goal."""
        if self.share_pct is None or self.possible_pct is None:
            return "not_assessed"
        if self.share_pct >= goal_pct:
            return "met"
        return "not_assessed" if self.possible_pct >= goal_pct and self.assessed < self.zones else "missed"

    def to_json(self, goal_pct: float) -> dict[str, Any]:
        """Return the city as JSON values."""
        return {
            "code": self.code,
            "name_zh": self.name,
            "share_pct": self.share_pct,
            "possible_pct": self.possible_pct,
            "zones": self.zones,
            "zones_assessed": self.assessed,
            "zones_passed": self.passed,
            "builtup_km2": self.builtup_km2,
            "line_year": self.line_year,
            "standards": list(self.standards),
            "status": self.status(goal_pct),
            "reason": self.reason.to_json() if self.reason else None,
        }


def sponge_share(target: TargetDef, state: State, *, zones: Sequence[Feature], lines: Sequence[Feature]) -> Measured:
    """Measure *sponge*: every city of the list alone; the value is the smallest share, in percent.

    Source: 国办发〔2015〕75号 (20 % of the built-up area by 2020); GB/T 51345-2018 (a drainage zone passes whole).

    Examples
    --------
    Two towns, each of two equal drainage zones; the second town has none that passes:

    >>> import datetime as dt
    >>> import msgspec
    >>> import shapely
    >>> from ecotrack.model import ProgressRecord
    >>> from ecotrack.progress import state_of
    >>> from ecotrack.settings import read_config
    >>> from ecotrack.template import template_folder
    >>> targets = {one.id: one for one in read_config(template_folder()).targets}
    >>> target = msgspec.structs.replace(
    ...     targets["sponge"], params={**targets["sponge"].params, "cities": ["131102", "131103"]})
    >>> def ground(name, city, west, width, **rest):
    ...     shape = shapely.box(west, 37.60, west + width, 37.62)
    ...     return Feature(feature_id=name, name=name, geometry=shape, properties={"city_code": city, **rest})
    >>> towns = {"131102": 115.6, "131103": 115.5}
    >>> lines = [ground(f"line-{code}", code, west, 0.02, year=2016) for code, west in towns.items()]
    >>> zones = [ground(f"{code}-{i}", code, west + 0.01 * i, 0.01) for code, west in towns.items() for i in (0, 1)]
    >>> records = [
    ...     ProgressRecord(record_id=zone.feature_id, layer="sponge_zones", kind="assessment",
    ...                    feature_id=zone.feature_id, effective_on=dt.date(2020, 11, 1),
    ...                    state="达标" if zone.feature_id == "131102-0" else "不达标") for zone in zones]
    >>> state = state_of(as_of=dt.date(2020, 12, 31), records=records)
    >>> measured = sponge_share(target, state, zones=zones, lines=lines)
    >>> measured.value, [round(city["share_pct"], 6) for city in measured.details["cities"]], measured.verdict
    (0.0, [50.0, 0.0], 'on_course')
    """
    records, sample = choose_basis(state.of(str(target.params["zones"]), "assessment"))
    assessments = latest(records)
    cities = [_city(str(code), zones, lines, assessments, state) for code in _list(target)]
    goal = float(target.value)
    details = {"cities": [city.to_json(goal) for city in cities]}
    blank = [city for city in cities if city.status(goal) == "not_assessed"]
    failed = [city for city in cities if city.status(goal) == "missed"]
    late = target.deadline is not None and state.as_of > target.deadline
    sketch = any(feature.properties.get("sketch") for feature in [*zones, *lines])
    if blank and not (failed and late):
        zh, en = _why(blank, "zh"), _why(blank, "en")
        return not_assessed(
            "cities_missing",
            f"{len(blank)}个城市未评价：{zh}",
            f"{len(blank)} cities not assessed: {en}",
            details=details,
            sample=sample,
            sketch=sketch,
        )
    shares = [city.share_pct for city in cities if city.share_pct is not None]
    passed = len([city for city in cities if city.status(goal) == "met"])
    return Measured(
        value=min(shares),
        verdict="met" if passed == len(cities) else ("missed" if late else "on_course"),
        sample=sample,
        sketch=sketch,
        basis=Text(
            f"各城市中最低的占比；{passed}/{len(cities)}个城市达标",
            f"smallest share; {passed} of {len(cities)} cities pass",
        ),
        details=details,
    )


_OPEN = Text("尚有分区未评估", "zones still to be assessed")


def _why(cities: Sequence[City], lang: Lang) -> str:
    """Return the cities that are not assessed, grouped by the reason."""
    by_reason: dict[str, list[str]] = {}
    for city in cities:
        text = city.reason.text if city.reason else _OPEN
        by_reason.setdefault(text.lang(lang), []).append(city.name)
    comma, colon, stop = ("、", "——", "；") if lang == "zh" else (", ", ": ", "; ")
    return stop.join(f"{comma.join(names)}{colon}{reason}" for reason, names in by_reason.items())


def _list(target: TargetDef) -> list[str]:
    cities = target.params["cities"]
    return [str(code) for code in cities] if isinstance(cities, list) else []


def _city(
    code: str,
    zones: Sequence[Feature],
    lines: Sequence[Feature],
    assessments: Mapping[str, ProgressRecord],
    state: State,
) -> City:
    mine = [zone for zone in zones if zone.properties.get("city_code") == code]
    known = [line for line in lines if line.properties.get("city_code") == code]
    usable = [line for line in known if int(line.properties.get("year") or 0) <= state.as_of.year]
    line = max(usable, key=lambda line: int(line.properties.get("year") or 0), default=None)
    name = str((line or (mine[0] if mine else None) or _NOBODY).properties.get("city") or code)
    found = {zone.feature_id: assessments[zone.feature_id] for zone in mine if zone.feature_id in assessments}
    judged = {zone: record for zone, record in found.items() if record.state in ("达标", "不达标")}
    reason = _reason(mine, line, judged)
    shares = (None, None, None) if reason or line is None else _shares(mine, line, judged)
    return City(
        code=code,
        name=name,
        share_pct=shares[0],
        possible_pct=shares[1],
        builtup_km2=shares[2],
        zones=len(mine),
        assessed=len(judged),
        passed=len([record for record in judged.values() if record.state == "达标"]),
        line_year=int(line.properties.get("year") or 0) if line else None,
        reason=reason,
        standards=tuple(sorted({str(r.fields.get("standard")) for r in judged.values() if r.fields.get("standard")})),
    )


_NOBODY = Feature(feature_id="", name=None, geometry=shapely.Point())


def _reason(mine: Sequence[Feature], line: Feature | None, judged: Mapping[str, ProgressRecord]) -> Reason | None:
    if line is None:
        return Reason("no_builtup_line", Text("没有建成区范围线", "no built-up line"))
    if not mine:
        return Reason("no_zones", Text("没有排水分区", "no drainage zones"))
    if (overlap_pairs(geometries_of(mine)).shared_m2 > _OVERLAP_TOLERANCE_M2).any():
        return Reason("zones_overlap", Text("排水分区相互重叠", "drainage zones overlap"))
    if not judged:
        return Reason("no_assessment", Text("没有达标评估记录", "no assessment"))
    return None


def _shares(mine: Sequence[Feature], line: Feature, judged: Mapping[str, ProgressRecord]) -> tuple[float, float, float]:
    """Return share, possible share (percent) and the built-up area (km2)."""
    inside = area_m2(shapely.intersection(geometries_of(mine), line.geometry))
    total = float(area_m2([line.geometry])[0])
    passes = np.array([zone.feature_id in judged and judged[zone.feature_id].state == "达标" for zone in mine])
    unknown = np.array([zone.feature_id not in judged for zone in mine])
    share = fsum(inside[passes]) / total * 100
    return share, fsum(inside[passes | unknown]) / total * 100, km2_from_m2(total)
