"""Kilometres treated: the union of work intervals on a river's chainage, one bank counting half."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ecotrack.geometry.features import Feature
from ecotrack.model import ProgressRecord
from ecotrack.progress import State, choose_basis

DONE = frozenset(("完工", "验收"))
UNDONE = "反弹"
_BANKS = {"左": ("左",), "右": ("右",), "双": ("左", "右")}

Intervals = list[tuple[int, int]]


def union(intervals: Iterable[tuple[int, int]]) -> Intervals:
    """Return disjoint sorted intervals that cover the same ground.

    Examples
    --------
    >>> union([(0, 100), (50, 200), (300, 400)])
    [(0, 200), (300, 400)]
    """
    result: Intervals = []
    for start, end in sorted(interval for interval in intervals if interval[1] > interval[0]):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


def subtract(intervals: Intervals, cut: tuple[int, int]) -> Intervals:
    """Return what is left of intervals when one is taken out.

    Examples
    --------
    >>> subtract([(0, 100)], (40, 60))
    [(0, 40), (60, 100)]
    """
    pieces = [piece for a, b in intervals for piece in ((a, min(b, cut[0])), (max(a, cut[1]), b))]
    return union(pieces)


def length_m(intervals: Intervals) -> int:
    """Return the total length of disjoint intervals, in metres.

    Examples
    --------
    >>> length_m([(0, 200), (300, 450)])
    350
    """
    return sum(end - start for start, end in intervals)


def km_treated(state: State, reaches: Sequence[Feature]) -> dict[str, Any]:
    """Compute the kilometres treated by kind of work, for the city and for each unit.

    On a river whose chainage is not calibrated to an official length the kilometres are those of the drawn
    line (示意), and no percentage is given. A kilometre on a shared border stands in both units' rows and once
    in the city's. 反弹 takes it back.

    Returns
    -------
    dict
        ``works``: rows of kind of work with ``km``; ``units``: rows by unit; ``sample``, ``calibrated`` and
        ``records``, the number of work records in force.

    Examples
    --------
    Two stretches of one bank overlap by 200 m; a kilometre of one bank is half a kilometre of river:

    >>> import datetime as dt
    >>> import shapely
    >>> from ecotrack.progress import state_of
    >>> place = {"river": "fuyang", "from_m": 0, "to_m": 3000, "unit": "131102", "calibrated": False}
    >>> reach = Feature(feature_id="r-1", name=None, geometry=shapely.LineString([(0, 0), (1, 0)]), properties=place)
    >>> def dredged(start, end):
    ...     stretch = {"work": "清淤", "bank": "左", "from_m": start, "to_m": end}
    ...     return ProgressRecord(record_id=f"w-{start}", layer="reaches", kind="work", feature_id="r-1",
    ...                           effective_on=dt.date(2016, 5, 1), state="完工", fields=stretch)
    >>> state = state_of(as_of=dt.date(2016, 12, 31), records=[dredged(0, 1200), dredged(1000, 2000)])
    >>> found = km_treated(state, [reach])
    >>> found["works"], found["calibrated"]
    ([{'work': '清淤', 'km': 1.0}], False)
    """
    records, sample = choose_basis(state.of("reaches", "work"))
    by_id = {reach.feature_id: reach for reach in reaches}
    city: dict[tuple[str, str, str], Intervals] = defaultdict(list)
    units: dict[tuple[str, str, str, str], Intervals] = defaultdict(list)
    for record in sorted(records, key=lambda r: (r.effective_on, r.seq)):
        reach = by_id.get(str(record.feature_id))
        if reach is None:
            continue
        river, work, span = str(reach.properties["river"]), str(record.fields.get("work")), _span(record, reach)
        for bank in _BANKS[str(record.fields.get("bank") or reach.properties.get("bank") or "双")]:
            city[work, river, bank] = _apply(city[work, river, bank], record.state, span)
            for unit in _units(reach):
                units[work, river, bank, unit] = _apply(units[work, river, bank, unit], record.state, span)
    return {
        "works": _rows(city, 0),
        "units": _rows(units, 3),
        "sample": sample,
        "calibrated": bool(reaches) and all(reach.properties.get("calibrated") for reach in reaches),
        "records": len(records),
    }


def _units(reach: Feature) -> list[str]:
    """Return the units whose ground the reach is: its own, and those that share the border it runs on."""
    shared = str(reach.properties.get("shared_with") or "")
    return [str(reach.properties.get("unit")), *(code for code in shared.split(";") if code)]


def _apply(intervals: Intervals, state: str | None, span: tuple[int, int]) -> Intervals:
    if state in DONE:
        return union([*intervals, span])
    return subtract(intervals, span) if state == UNDONE else intervals


def _span(record: ProgressRecord, reach: Feature) -> tuple[int, int]:
    """Return the interval of the record inside its reach; the whole reach where none is given."""
    low, high = int(reach.properties["from_m"]), int(reach.properties["to_m"])
    start, end = record.fields.get("from_m"), record.fields.get("to_m")
    first = low if start in (None, "") else int(str(start))
    last = high if end in (None, "") else int(str(end))
    return max(low, first), min(high, last)


def _rows(ledger: Mapping[Any, Intervals], position: int) -> list[dict[str, Any]]:
    """Return kilometres by work (position 0) or by unit and work; each bank is half a kilometre."""
    total: dict[tuple[str, str], int] = defaultdict(int)
    for key, intervals in ledger.items():
        total[key[position], key[0]] += length_m(intervals)
    name = "work" if position == 0 else "unit"
    rows = [{name: owner, "work": work, "km": metres / 2000} for (owner, work), metres in sorted(total.items())]
    return [row for row in rows if row["km"]]
