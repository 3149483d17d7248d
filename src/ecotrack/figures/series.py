"""Targets that rest on published series: forest cover, air, rank, groundwater."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum
from typing import NamedTuple

from ecotrack.errors import Text
from ecotrack.figures.figure import Measured, not_assessed
from ecotrack.model import ProgressRecord, TargetDef
from ecotrack.progress import State, choose_basis

_MONTHS = 12


def forest_cover(target: TargetDef, state: State) -> Measured:
    """Measure *cover*: the latest published forest cover in percent, with its basis.

    Never taken from a land-cover raster, and never from new planting: that joins at canopy closure 0.20
    (Implementing Regulations of the Forest Law, art. 24).

    Examples
    --------
    >>> import datetime as dt
    >>> from decimal import Decimal
    >>> from ecotrack.progress import state_of
    >>> from ecotrack.settings import read_config
    >>> from ecotrack.template import template_folder
    >>> targets = {one.id: one for one in read_config(template_folder()).targets}
    >>> said = ProgressRecord(record_id="r-1", layer="cover", kind="cover", effective_on=dt.date(2020, 12, 31),
    ...                       value=Decimal("33.6"), fields={"basis": "发布"})
    >>> measured = forest_cover(targets["cover"], state_of(as_of=dt.date(2020, 12, 31), records=[said]))
    >>> measured.value, measured.basis.en
    (33.6, '发布, 2020')
    """
    records, sample = choose_basis(state.of(str(target.params["layer"]), "cover"))
    if not records:
        return not_assessed("no_series", "没有森林覆盖率记录", "no record of forest cover")
    last = max(records, key=_when)
    same = [record for record in records if record.fields.get("basis") == last.fields.get("basis")]
    basis = str(last.fields.get("basis"))
    return Measured(
        value=float(last.value or 0),
        sample=sample,
        basis=Text(f"{basis}，{last.effective_on.year}年", f"{basis}, {last.effective_on.year}"),
        details={
            "series": [
                {"on": r.effective_on.isoformat(), "cover_pct": float(r.value or 0)} for r in sorted(same, key=_when)
            ]
        },
    )


def _when(record: ProgressRecord) -> tuple[str, int]:
    return record.effective_on.isoformat(), record.seq


class _Annual(NamedTuple):
    mean: float
    basis: str
    sample: bool


def annual_change(target: TargetDef, state: State) -> Measured:
    """Measure *pm25* and *pm10*: change of the annual mean on the year before, in percent.

    Examples
    --------
    >>> import datetime as dt
    >>> from decimal import Decimal
    >>> from ecotrack.progress import state_of
    >>> from ecotrack.settings import read_config
    >>> from ecotrack.template import template_folder
    >>> targets = {one.id: one for one in read_config(template_folder()).targets}
    >>> def mean(year, value):
    ...     return ProgressRecord(record_id=f"r-{year}", layer="air", kind="pm25", effective_on=dt.date(year, 12, 31),
    ...                           value=Decimal(value), state="正式", fields={"period": str(year)})
    >>> state = state_of(as_of=dt.date(2016, 12, 31), records=[mean(2015, "100"), mean(2016, "87")])
    >>> annual_change(targets["pm25"], state).value
    -13.0

    One year alone is no change, and no zero:

    >>> state = state_of(as_of=dt.date(2016, 12, 31), records=[mean(2016, "87")])
    >>> annual_change(targets["pm25"], state).reasons[0].text.en
    'no annual mean of 2015'
    """
    layer, kind, year = str(target.params["layer"]), str(target.params["kind"]), int(str(target.params["year"]))
    records, sample = choose_basis([r for r in state.of(layer, kind) if not r.fields.get("station")])
    means = {y: _annual_mean(records, y) for y in (year - 1, year)}
    missing = [str(y) for y, mean in means.items() if mean is None]
    before, this = means[year - 1], means[year]
    if before is None or this is None:
        names = "、".join(missing)
        return not_assessed("no_annual_mean", f"缺{names}年的年均浓度", f"no annual mean of {', '.join(missing)}")
    return Measured(
        value=(this.mean - before.mean) / before.mean * 100,
        sample=sample,
        basis=Text(
            f"{year}年与{year - 1}年年均浓度（{this.basis}）", f"annual means of {year} and {year - 1} ({this.basis})"
        ),
        details={"this_year_ug_m3": this.mean, "last_year_ug_m3": before.mean, "year": year},
    )


def _annual_mean(records: Sequence[ProgressRecord], year: int) -> _Annual | None:
    """Return the annual mean as published, or the mean of the twelve months where all are there."""
    by_period = {str(r.fields.get("period")): r for r in sorted(records, key=_when) if r.value is not None}
    published = by_period.get(str(year))
    if published is not None:
        return _Annual(float(published.value or 0), published.state or "", published.sample)
    months = [by_period.get(f"{year}-{month:02d}") for month in range(1, _MONTHS + 1)]
    known = [record for record in months if record is not None]
    if len(known) < _MONTHS:
        return None
    return _Annual(fsum(float(r.value or 0) for r in known) / _MONTHS, "月均值平均", known[0].sample)


def rank_out_of_last(target: TargetDef, state: State) -> Measured:
    """Measure *rank*: how many cities of the list rank behind, from the last ranking up to the deadline.

    Out of the last 7 means that at least 7 rank behind. List sizes are data.

    Examples
    --------
    >>> import datetime as dt
    >>> from decimal import Decimal
    >>> from ecotrack.progress import state_of
    >>> from ecotrack.settings import read_config
    >>> from ecotrack.template import template_folder
    >>> targets = {one.id: one for one in read_config(template_folder()).targets}
    >>> place = ProgressRecord(record_id="r-1", layer="rank", kind="rank", effective_on=dt.date(2016, 11, 30),
    ...                        value=Decimal(67), fields={"list": "全国74城", "list_size": 74, "period": "2016-11"})
    >>> measured = rank_out_of_last(targets["rank_nation"], state_of(as_of=dt.date(2016, 12, 31), records=[place]))
    >>> measured.value, measured.details["place_from_last"]
    (7.0, 8)
    """
    layer, name = str(target.params["layer"]), str(target.params["list"])
    matching = [r for r in state.of(layer, "rank") if r.fields.get("list") == name and r.value is not None]
    records, sample = choose_basis(
        [r for r in matching if target.deadline is None or r.effective_on <= target.deadline]
    )
    if not records:
        return not_assessed("no_rank", f"没有“{name}”的排名记录", f"no rank in the list {name}")
    last = max(records, key=_when)
    size, rank = int(str(last.fields["list_size"])), int(last.value or 0)
    period = str(last.fields.get("period") or last.effective_on.isoformat())
    aim = target.params.get("aim")
    return Measured(
        value=float(size - rank),
        sample=sample,
        basis=Text(
            f"{name}，{period}，第{rank}名，后面还有{size - rank}市",
            f"{name}, {period}, place {rank} of {size}, {size - rank} behind it",
        ),
        details={
            "rank_place": rank,
            "list_size_cities": size,
            "place_from_last": size - rank + 1,
            "period": period,
            "aim_places": None if aim is None else int(str(aim)),
        },
    )


def groundwater_balance(target: TargetDef, state: State) -> Measured:
    """Measure *groundwater*: extraction less usable yield, deep and shallow apart, in 1e8 m3.

    The value is the larger of the two: a surplus of shallow water does not make up for deep water.

    Examples
    --------
    >>> import datetime as dt
    >>> from decimal import Decimal
    >>> from ecotrack.progress import state_of
    >>> from ecotrack.settings import read_config
    >>> from ecotrack.template import template_folder
    >>> targets = {one.id: one for one in read_config(template_folder()).targets}
    >>> def volume(kind, aquifer, value):
    ...     return ProgressRecord(record_id=f"{kind}-{aquifer}", layer="groundwater", kind=kind, value=Decimal(value),
    ...                           effective_on=dt.date(2019, 12, 31), fields={"aquifer": aquifer})
    >>> said = [volume("extraction", "深层", "9.6"), volume("usable_yield", "深层", "2.1"),
    ...         volume("extraction", "浅层", "3.5"), volume("usable_yield", "浅层", "4.75")]
    >>> measured = groundwater_balance(targets["groundwater"], state_of(as_of=dt.date(2020, 6, 30), records=said))
    >>> measured.value, measured.details["shallow_net_1e8_m3"]
    (7.5, -1.25)
    """
    layer = str(target.params["layer"])
    pool, sample = choose_basis([*state.of(layer, "extraction"), *state.of(layer, "usable_yield")])
    by_key: dict[tuple[str, str, int], float] = {}
    for record in sorted(pool, key=_when):
        if record.value is not None:
            key = (record.kind, str(record.fields.get("aquifer")), record.effective_on.year)
            by_key[key] = float(record.value)
    needed = [(kind, aquifer) for kind in ("extraction", "usable_yield") for aquifer in ("深层", "浅层")]
    years = sorted({key[2] for key in by_key}, reverse=True)
    whole = [year for year in years if all((*pair, year) in by_key for pair in needed)]
    if not whole:
        return _groundwater_missing(by_key, needed, years)
    year = whole[0]
    net = {a: by_key["extraction", a, year] - by_key["usable_yield", a, year] for a in ("深层", "浅层")}
    return Measured(
        value=max(net.values()),
        sample=sample,
        basis=Text(
            f"{year}年开采量减可开采量，深层、浅层分开",
            f"extraction less usable yield of {year}, deep and shallow apart",
        ),
        details={"year": year, "deep_net_1e8_m3": net["深层"], "shallow_net_1e8_m3": net["浅层"]},
    )


def _groundwater_missing(
    by_key: dict[tuple[str, str, int], float], needed: list[tuple[str, str]], years: list[int]
) -> Measured:
    year = years[0] if years else None
    names = {"extraction": ("开采量", "extraction"), "usable_yield": ("可开采量", "usable yield")}
    aquifers = {"深层": "deep", "浅层": "shallow"}
    missing = [(kind, a) for kind, a in needed if year is None or (kind, a, year) not in by_key]
    zh = "、".join(f"{a}{names[kind][0]}" for kind, a in missing)
    en = ", ".join(f"{aquifers[a]} {names[kind][1]}" for kind, a in missing)
    when = f"{year}年" if year else ""
    return not_assessed("no_groundwater", f"缺{when}{zh}", f"no {en}{f' of {year}' if year else ''}")
