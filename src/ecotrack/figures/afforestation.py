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
