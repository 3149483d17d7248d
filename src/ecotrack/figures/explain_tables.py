"""Tables explained: ground by unit, county, year, season, programme down to plots; kilometres down to records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import fsum

from ecotrack.errors import Text
from ecotrack.figures.explain_plots import PlotRow, counted_m2, step_rows, zone_rows
from ecotrack.figures.explain_records import work_rows
from ecotrack.figures.explanation import Explanation
from ecotrack.figures.figure import Reason
from ecotrack.figures.funnel import STEPS
from ecotrack.figures.rivers import km_treated
from ecotrack.figures.scoreboard import Scoreboard
from ecotrack.model import ProgressRecord
from ecotrack.units import mu_from_m2

TABLES: dict[str, tuple[str, Text]] = {
    "units/responsible": ("unit", Text("各单位面积（责任口径）", "area by unit (responsible account)")),
    "units/territorial": ("county", Text("各县区面积（属地口径）", "area by county (territorial account)")),
    "years": ("year", Text("各年度面积", "area by planting year")),
    "seasons": ("season", Text("各造林季节面积", "area by planting season")),
    "programmes": ("programme", Text("各工程面积", "area by programme")),
}
"""Id of each table to what its rows are, and its title."""

_STEPS = ("mapped", "accepted", "verified", "qualified")
_CUT_STEPS = ("accepted", "qualified")
_KM = Text("治理公里数", "kilometres treated")
_NO_COUNTY = Reason("no_county", Text("不是县级行政区", "no county: the territorial account has counties only"))

_NOT_ADDED = Reason("kinds_not_added", Text("不同工程类别不相加", "kinds of work are not added up"))

_KEYS: dict[str, Callable[[PlotRow], str]] = {
    "unit": lambda row: row.unit,
    "year": lambda row: str(row.plot.season.year) if row.plot.season else "",
    "season": lambda row: str(row.plot.season or ""),
    "programme": lambda row: row.plot.version.programme or "",
}


def explain_table(
    board: Scoreboard, figure_id: str, *, known: Sequence[ProgressRecord], unit: str | None, plot: str | None
) -> Explanation | None:
    """Explain one column of a table; ``None`` where the id names no table.

    Its value is that of the table's total, its groups are the table's rows; for the territorial account of one
    county its value is that county's row.

    Parameters
    ----------
    figure_id
        ``TABLE`` or ``TABLE/step`` (`TABLES`), or ``km_treated``.
    """
    if figure_id == "km_treated":
        return _kilometres(board, known, unit)
    table, step = _parsed(figure_id)
    if table is None:
        return None
    return _county(board, step, unit, plot) if table == "units/territorial" else _ground(board, table, step, unit, plot)


def _parsed(figure_id: str) -> tuple[str | None, str]:
    if figure_id in TABLES:
        return figure_id, "accepted"
    head, _, step = figure_id.rpartition("/")
    steps = _CUT_STEPS if head == "units/territorial" else _STEPS
    return (head, step) if head in TABLES and step in steps else (None, "")


def _told(board: Scoreboard, table: str, step: str, *, net: bool) -> Explanation:
    group_by, title = TABLES[table]
    name = STEPS[step]
    measured = Text("净面积", "net area") if net else Text("认定面积", "credited area")
    return Explanation(
        figure_id=f"{table}/{step}",
        title=Text(f"{title.zh}：{name.zh}", f"{title.en}: {name.en}"),
        unit="mu",
        value=None,
        sample=board.plots.sample,
        sketch=False,
        basis=measured,
        group_by=group_by,
    )


def _ground(board: Scoreboard, table: str, step: str, unit: str | None, plot: str | None) -> Explanation:
    net, columns = step == "mapped", board.plots.columns
    scope = columns.version >= 0 if unit is None else columns.units.is_(unit)
    told = _told(board, table, step, net=net)
    rows = step_rows(board.plots, step, scope=scope, counts=scope, net=net, shown=scope, asked=plot)
    groups: dict[str, list[PlotRow]] = defaultdict(list)
    mine = [row for row in rows if unit in (None, row.unit)]
    for row in mine:
        groups[_KEYS[told.group_by](row)].append(row)
    sums = tuple((key, mu_from_m2(counted_m2(found))) for key, found in sorted(groups.items()))
    return replace(told, value=mu_from_m2(counted_m2(mine)), groups=sums, plots=tuple(rows))


def _county(board: Scoreboard, step: str, unit: str | None, plot: str | None) -> Explanation:
    """Explain the city's net ground with its counties, or the ground inside one county."""
    cells = board.features("counties") if "counties" in board.layers else ()
    told = _told(board, "units/territorial", step, net=True)
    told = replace(told, sketch=any(bool(cell.properties.get("sketch")) for cell in cells))
    if unit is None:
        every = board.plots.columns.version >= 0
        rows = step_rows(board.plots, step, scope=every, counts=every, net=True, shown=every, asked=plot)
        groups = tuple((row["code"], row[f"net_{step}_mu"]) for row in board.territorial() if row["code"])
        return replace(told, value=mu_from_m2(counted_m2(rows)), groups=groups, plots=tuple(rows))
    place = next((i for i, cell in enumerate(cells) if cell.feature_id == unit), None)
    if place is None:
        return replace(told, reasons=(_NO_COUNTY,))
    every = board.plots.columns.version >= 0
    rows = zone_rows(
        board.plots, step, "counties", cells, only=place, elsewhere="outside_county", shown=every, asked=plot
    )
    return replace(told, value=mu_from_m2(counted_m2(rows)), plots=tuple(rows))


def _kilometres(board: Scoreboard, known: Sequence[ProgressRecord], unit: str | None) -> Explanation:
    """Explain the kilometres treated by kind of work; kinds of work are never added up, so there is no total."""
    reaches = board.features("reaches") if "reaches" in board.layers else ()
    found = km_treated(board.state, reaches)
    rows = found["works"] if unit is None else [row for row in found["units"] if row["unit"] == unit]
    records = work_rows({reach.feature_id for reach in reaches}, board.state, known)
    return Explanation(
        figure_id="km_treated",
        title=_KM,
        unit="km",
        value=fsum(row["km"] for row in rows) if len(rows) == 1 else None,
        sample=found["sample"],
        sketch=not found["calibrated"],
        reasons=(_NOT_ADDED,) if len(rows) > 1 else (),
        groups=tuple((row["work"], row["km"]) for row in rows),
        group_by="work",
        records=tuple(row for row in records if unit in (None, row.record.unit)),
    )
