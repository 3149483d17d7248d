"""The two targets that rest on plots: what was planted in the year, and round the lake."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np

from ecotrack.errors import Text
from ecotrack.figures.figure import Measured, not_assessed
from ecotrack.figures.plots import PlotSet
from ecotrack.geometry.area import area_m2
from ecotrack.geometry.distinct import distinct
from ecotrack.geometry.features import Feature, geometries_of
from ecotrack.geometry.sums import exact_sum
from ecotrack.model import TargetDef
from ecotrack.progress import FAILED, NOT_CHECKED, REDO, REPLANT
from ecotrack.progress.ledger import Mask
from ecotrack.units import km2_from_m2, mu_from_m2


def year_planting(target: TargetDef, plots: PlotSet) -> Measured:
    """Measure *year*: qualified new net area of the year, in mu, with its ceiling.

    Ground that qualified in an earlier season stays with that season, since it has prior claim.

    Examples
    --------
    Two accepted plots of one unit share half of their ground, which counts once; only one has been checked:

    >>> import shapely
    >>> from ecotrack.figures.ground import carry_on, no_ground
    >>> from ecotrack.figures.plots import chosen_set, plot_sets
    >>> from ecotrack.geometry.codec import to_wkb
    >>> from ecotrack.model import Decision, FeatureVersion, ProgressRecord
    >>> from ecotrack.progress import state_of
    >>> from ecotrack.settings import read_config
    >>> from ecotrack.template import template_folder
    >>> targets = {one.id: one for one in read_config(template_folder()).targets}
    >>> def planted(name, west):
    ...     return FeatureVersion(
    ...         version_id=f"v-{name}", feature_id=name, layer="plots", submission_id="s-1", season="2016-spring",
    ...         kind="造林", unit="131102", effective_on=dt.date(2016, 5, 1),
    ...         wkb=to_wkb(shapely.box(west, 37.60, west + 0.01, 37.61)))
    >>> plots = [planted("a", 115.600), planted("b", 115.605)]
    >>> accepted = [
    ...     Decision(decision_id=f"d-{name}", subject="version", subject_id=f"v-{name}", verdict="accept",
    ...              decided_on=dt.date(2016, 6, 1), reviewer="李四") for name in ("a", "b")]
    >>> check = ProgressRecord(record_id="c-1", layer="plots", kind="check", feature_id="a",
    ...                        effective_on=dt.date(2016, 10, 20), fields={"holes_checked": 100, "holes_live": 90})
    >>> state = state_of(as_of=dt.date(2016, 12, 31), versions=plots, decisions=accepted, records=[check])
    >>> read = lambda rows: [plots[row].wkb for row in rows.tolist()]
    >>> ground = carry_on(no_ground(read), len(plots), read, {})
    >>> measured = year_planting(targets["year"], chosen_set(plot_sets(state, ground)))
    >>> round(measured.value, 2), round(measured.ceiling, 2)
    (1470.07, 2205.11)
    """
    year, kind = int(str(target.params["year"])), str(target.params["kind"])
    columns = plots.columns
    of_year = columns.season_year == year
    rows = of_year & columns.kinds.is_in((kind, REDO))
    if not rows.any():
        names = "、".join(columns.kinds.distinct(of_year))
        if names:
            return not_assessed(
                "kinds_differ", f"口径不同：目标为{kind}，地块为{names}", f"kinds differ: {kind} against {names}"
            )
        return not_assessed("no_plots", f"没有{year}年{kind}的地块", f"no plots of kind {kind} in {year}")
    if not (rows & columns.accepted).any():
        return not_assessed("none_accepted", f"{year}年的地块都没有通过审核", f"no plot of {year} has been accepted")
    return Measured(
        value=mu_from_m2(plots.qualified.net_m2(rows)),
        ceiling=mu_from_m2(plots.potential.net_m2(rows)),
        sample=plots.sample,
        basis=Text(f"{year}年{kind}，成活率合格的净面积", f"{kind} of {year}, net area with qualified survival"),
        details=_four_parts(plots, rows) | {"kind": kind, "year": year},
    )


def _four_parts(plots: PlotSet, rows: Mask) -> dict[str, Any]:
    """Return the accepted ground of some plots by what their checks say, in mu."""
    accepted, columns = plots.accepted, plots.columns

    def part(outcome: int) -> Mask:
        return np.asarray(rows & columns.accepted & (columns.outcome_code == outcome))

    waiting = part(NOT_CHECKED)
    not_due = waiting & ~columns.overdue
    days = distinct(columns.due[waiting]).tolist()
    return {
        "qualified_mu": mu_from_m2(plots.qualified.net_m2(rows)),
        "to_replant_mu": mu_from_m2(accepted.credited_m2(part(REPLANT))),
        "failed_mu": mu_from_m2(accepted.credited_m2(part(FAILED))),
        "not_due_mu": mu_from_m2(accepted.credited_m2(not_due)),
        "not_checked_mu": mu_from_m2(accepted.credited_m2(waiting & ~not_due)),
        "disputed_mu": mu_from_m2(exact_sum(accepted.credit.disputed_m2[rows])),
        "due_on": [dt.date.fromordinal(day).isoformat() for day in days if day],
    }


def ring_forest(target: TargetDef, plots: PlotSet, zone: Sequence[Feature]) -> Measured:
    """Measure *ring*: qualified net area inside the ring-lake zone, in km2, all years together."""
    if not zone:
        return not_assessed("no_zone", "没有环湖造林区图层", "the workspace has no ring-lake zone")
    if not plots.columns.accepted.any():
        return not_assessed("no_plots", "没有通过审核的地块", "no plot has been accepted")
    land_m2 = exact_sum(area_m2(geometries_of(zone)))
    cells = plots.in_cells(plots.qualified.keep, str(target.params["zone_layer"]), zone)
    net_m2 = exact_sum(*(cell.credited_m2 for cell in cells))
    stock_m2 = exact_sum(*(cell.credited_m2[plots.stock] for cell in cells))
    return Measured(
        value=km2_from_m2(net_m2),
        sample=plots.sample,
        sketch=any(feature.properties.get("sketch") for feature in zone),
        basis=Text("环湖区内各年成活率合格的净面积", "net area with qualified survival inside the zone, all years"),
        details={
            "zone_land_km2": km2_from_m2(land_m2),
            "share_needed_pct": float(target.value) / km2_from_m2(land_m2) * 100,
            "share_of_zone_pct": net_m2 / land_m2 * 100,
            "zone_version": str(zone[0].properties.get("version", "")),
            "net_mu": mu_from_m2(net_m2),
            "counts_from": str(target.params.get("counts_from", "")) or None,
            "opening_balance_km2": km2_from_m2(stock_m2),
            "opening_balance_pct": stock_m2 / net_m2 * 100 if net_m2 else None,
        },
    )
