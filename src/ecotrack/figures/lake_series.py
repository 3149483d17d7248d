"""The lake through the years: every observation, and each year's median and range as the target takes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

from ecotrack.figures.lake import Series, whole_lake
from ecotrack.model import ProgressRecord
from ecotrack.progress import choose_basis

KIND, ADOPTED, WAITS = "observation", "采用", "待审"
MOST_OBSERVATIONS = 1000
"""The newest observations are listed."""


class YearOfLake(NamedTuple):
    """One series of one year: what its adopted observations of the whole lake say.

    Attributes
    ----------
    median_km2, least_km2, most_km2
        Of the observations, in square kilometres.
    sample
        Whether they are made up (示例); real and sample observations are never joined.
    """

    year: int
    series: Series
    observations: int
    median_km2: float
    least_km2: float
    most_km2: float
    sample: bool


def lake_years(records: Sequence[ProgressRecord], basins: Sequence[str]) -> list[YearOfLake]:
    """Return median and range of each year and series, oldest first, by the rules of the target *lake*.

    Parameters
    ----------
    records
        Observations of the lake; those that are not adopted (采用) feed nothing.
    basins
        Ids of all basins: only together on one day do they make the lake.

    Examples
    --------
    >>> from datetime import date
    >>> from decimal import Decimal
    >>> def seen(month: int, km2: str, state: str) -> ProgressRecord:
    ...     fields = {"basis": "影像", "surface_kind": "敞水面"}
    ...     return ProgressRecord(record_id=f"{month}", layer="lake", kind="observation", state=state,
    ...         effective_on=date(2020, month, 1), value=Decimal(km2), value_unit="km2", fields=fields)
    >>> found = lake_years([seen(4, "40", "采用"), seen(6, "44", "采用"), seen(8, "70", "待审")], ["east"])
    >>> [(one.year, one.observations, one.median_km2, one.most_km2) for one in found]
    [(2020, 2, 42.0, 44.0)]
    """
    by_year: dict[int, list[ProgressRecord]] = defaultdict(list)
    for record in records:
        if record.state == ADOPTED and record.value is not None:
            by_year[record.effective_on.year].append(record)
    result = []
    for year, found in sorted(by_year.items()):
        chosen, sample = choose_basis(found)
        for series, days in sorted(whole_lake(chosen, list(basins)).items()):
            surfaces = [day.km2 for day in days]
            result.append(YearOfLake(year, series, len(days), median(surfaces), min(surfaces), max(surfaces), sample))
    return result


def lake_document(records: Sequence[ProgressRecord], basins: Mapping[str, str]) -> dict[str, Any]:
    """Return years, surfaces of the whole lake and observations, as ``ecotrack lake series`` prints them.

    Parameters
    ----------
    records
        Of the lake; other kinds are left aside.
    basins
        Names by id.

    Returns
    -------
    dict
        ``years``; ``surfaces`` of the whole lake, adopted or waiting (never joined with one another), oldest first;
        ``observations``, the newest first, at most `MOST_OBSERVATIONS`, and how many there are.
    """
    seen = [record for record in records if record.kind == KIND and record.value is not None]
    newest = sorted(seen, key=lambda record: (record.effective_on, record.seq), reverse=True)
    return {
        "years": [_year(one) for one in lake_years(seen, list(basins))],
        "surfaces": _surfaces(seen, list(basins)),
        "observations": [_observation(record, basins) for record in newest[:MOST_OBSERVATIONS]],
        "total": len(newest),
    }


def _year(one: YearOfLake) -> dict[str, Any]:
    plain = one._asdict()
    return {"year": plain.pop("year"), **plain.pop("series")._asdict(), **plain}


def _surfaces(records: Sequence[ProgressRecord], basins: list[str]) -> list[dict[str, Any]]:
    found = []
    for state in (ADOPTED, WAITS):
        for sample in (False, True):
            some = [record for record in records if record.state == state and record.sample is sample]
            for series, days in whole_lake(some, basins).items():
                found += [
                    {"on": day.day, "km2": round(day.km2, 4), **series._asdict(), "state": state, "sample": sample}
                    for day in days
                ]
    return sorted(found, key=lambda one: (one["on"], one["basis"], one["surface_kind"], one["state"]))


def _observation(record: ProgressRecord, basins: Mapping[str, str]) -> dict[str, Any]:
    fields = (
        "basis",
        "surface_kind",
        "level_m",
        "datum",
        "clear_share_pct",
        "method",
        "scene_id",
        "doubted_km2",
        "doubts",
        "doubts_en",
    )
    basin = record.feature_id
    return {
        "on": record.effective_on.isoformat(),
        "km2": float(record.value or 0),
        "basin": None if basin is None else basins.get(basin, basin),
        "state": record.state,
        **{name: record.fields.get(name) for name in fields},
        "record_id": record.record_id,
        "sample": record.sample,
    }
