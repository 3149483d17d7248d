"""The lake's surface: the median of a year's accepted observations of one basis and one surface kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import fsum
from statistics import median
from typing import Any, NamedTuple

from ecotrack.errors import Text
from ecotrack.figures.figure import Measured, not_assessed
from ecotrack.geometry.features import Feature
from ecotrack.model import ProgressRecord, TargetDef
from ecotrack.progress import State, choose_basis

_PREFERENCE = ("实测", "影像", "水位-面积曲线")
ENGLISH = {
    "实测": "measured", "影像": "imagery", "水位-面积曲线": "level-area curve",
    "敞水面": "open water", "含挺水植物": "with emergent plants",
    "待审": "waits", "采用": "adopted", "退回": "sent back",
}  # fmt: skip
"""Bases, kinds of surface and states in English."""


class Series(NamedTuple):
    """What makes observations comparable: unlike series are never joined."""

    basis: str
    surface_kind: str


class Whole(NamedTuple):
    """The surface of the whole lake on one day."""

    day: str
    km2: float
    level_m: str | None
    datum: str | None
    basins: tuple[tuple[str, float], ...] = ()


def lake_surface(target: TargetDef, state: State, basins: Sequence[Feature]) -> Measured:
    """Measure *lake*: median surface of the year in km2, with latest and maximum beside it.

    The year is that of the day asked for. Of several series the one with most observations is taken (ties:
    surveyed, imagery, curve), the others are listed.

    Examples
    --------
    An observation that waits for review does not count:

    >>> import datetime as dt
    >>> from decimal import Decimal
    >>> from ecotrack.progress import state_of
    >>> from ecotrack.settings import read_config
    >>> from ecotrack.template import template_folder
    >>> targets = {one.id: one for one in read_config(template_folder()).targets}
    >>> def seen(month, km2, state="采用"):
    ...     series = {"basis": "实测", "surface_kind": "敞水面"}
    ...     return ProgressRecord(record_id=f"o-{month}", layer="lake", kind="observation", state=state,
    ...                           effective_on=dt.date(2020, month, 1), value=Decimal(km2), fields=series)
    >>> said = [seen(3, "60"), seen(6, "66"), seen(9, "68"), seen(11, "90", "待审")]
    >>> measured = lake_surface(targets["lake"], state_of(as_of=dt.date(2020, 12, 31), records=said), [])
    >>> measured.value, measured.details["maximum_km2"], measured.basis.en
    (66.0, 68.0, 'median of 3 observations of 2020: measured, open water')
    """
    layer, kind = str(target.params["layer"]), str(target.params["kind"])
    accepted = [record for record in state.of(layer, kind) if record.state == "采用" and record.value is not None]
    year = state.as_of.year
    records, sample = choose_basis([record for record in accepted if record.effective_on.year == year])
    series = whole_lake(records, [basin.feature_id for basin in basins])
    if not series:
        seen = {str(record.feature_id) for record in records}
        missing = [basin.name or basin.feature_id for basin in basins if basin.feature_id not in seen]
        if records:
            zh, en = "、".join(missing) or "同日的各湖区", ", ".join(missing) or "all basins on one day"
            return not_assessed(
                "no_whole_lake",
                f"{year}年只有部分湖区的观测，缺{zh}",
                f"only part of the lake was observed in {year}: no {en}",
            )
        last = max((record.effective_on.isoformat() for record in accepted), default=None)
        tail = (f"，最近一次是{last}", f"; the last one is of {last}") if last else ("", "")
        return not_assessed(
            "no_observation",
            f"{year}年没有采用的湖面观测{tail[0]}",
            f"no accepted observation of the lake in {year}{tail[1]}",
        )
    chosen = min(series, key=lambda key: (-len(series[key]), _rank(key), key))
    days = sorted(series[chosen])
    return Measured(
        value=median(day.km2 for day in days),
        sample=sample,
        basis=Text(
            f"{year}年{chosen.basis}、{chosen.surface_kind}，{len(days)}次观测的中位数",
            f"median of {len(days)} observations of {year}: "
            + ", ".join(ENGLISH.get(word, word) for word in (chosen.basis, chosen.surface_kind)),
        ),
        details=_details(target, days) | {**chosen._asdict(), "other_series": _others(series, chosen)},
    )


def _rank(series: Series) -> int:
    return _PREFERENCE.index(series.basis) if series.basis in _PREFERENCE else len(_PREFERENCE)


def whole_lake(records: Sequence[ProgressRecord], basins: list[str]) -> dict[Series, list[Whole]]:
    """Return whole-lake surfaces by series: observed as one, or all basins on the same day."""
    result: dict[Series, list[Whole]] = defaultdict(list)
    parts: dict[tuple[Series, str], dict[str, ProgressRecord]] = defaultdict(dict)
    for record in records:
        key = Series(str(record.fields.get("basis") or ""), str(record.fields.get("surface_kind") or ""))
        if record.feature_id is None:
            result[key].append(_whole(record, float(record.value or 0)))
        else:
            parts[key, record.effective_on.isoformat()][record.feature_id] = record
    for (key, _), by_basin in parts.items():
        if basins and set(basins) <= set(by_basin):
            chosen = [by_basin[basin] for basin in basins]
            parts_km2 = tuple((basin, float(record.value or 0)) for basin, record in zip(basins, chosen, strict=True))
            whole = _whole(chosen[0], fsum(km2 for _, km2 in parts_km2))
            result[key].append(whole._replace(basins=parts_km2))
    return dict(result)


def _whole(record: ProgressRecord, km2: float) -> Whole:
    level, datum = record.fields.get("level_m"), record.fields.get("datum")
    return Whole(
        record.effective_on.isoformat(),
        km2,
        None if level is None else str(level),
        None if datum is None else str(datum),
    )


def _details(target: TargetDef, days: list[Whole]) -> dict[str, Any]:
    latest, largest = days[-1], max(days, key=lambda day: day.km2)
    return {
        "latest_km2": latest.km2,
        "latest_on": latest.day,
        "latest_level_m": latest.level_m,
        "latest_datum": latest.datum,
        "maximum_km2": largest.km2,
        "maximum_on": largest.day,
        "observations": len(days),
        "observed_on": [day.day for day in days],
        "basins": [{"basin": basin, "latest_km2": km2} for basin, km2 in latest.basins],
        "design_km2": float(str(target.params["design_km2"])),
    }


def _others(series: dict[Series, list[Whole]], chosen: Series) -> list[dict[str, Any]]:
    return [
        {**key._asdict(), "observations": len(days), "median_km2": median(day.km2 for day in days)}
        for key, days in sorted(series.items())
        if key != chosen
    ]
