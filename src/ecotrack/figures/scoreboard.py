"""The scoreboard: every target, the funnels, the units, the overlaps, and what the records cover."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import fsum
from typing import Any

import numpy as np

from ecotrack.figures.afforestation import ring_forest, year_planting
from ecotrack.figures.anomalies import anomalies, known_features
from ecotrack.figures.borders import border_faults, gap_net_m2, plots_over_zone_borders
from ecotrack.figures.deadlines import filed_in_time
from ecotrack.figures.figure import Figure, Measured, judge
from ecotrack.figures.funnel import Funnel, funnel, tasks
from ecotrack.figures.ground import Ground
from ecotrack.figures.lake import lake_surface
from ecotrack.figures.pace import pace
from ecotrack.figures.plots import PlotSet, StepCredit, chosen_set, plot_sets
from ecotrack.figures.rivers import km_treated
from ecotrack.figures.sections import class_differences, good_sections
from ecotrack.figures.series import annual_change, forest_cover, groundwater_balance, rank_out_of_last
from ecotrack.figures.sponge import sponge_share
from ecotrack.geometry.coverage import Misfit, misfit
from ecotrack.geometry.features import Feature, geometries_of
from ecotrack.model import LayerDef, TargetDef, UnitBook
from ecotrack.model.layers import REGISTER_SOURCE
from ecotrack.progress import Season, State, plot_coverage
from ecotrack.progress.ledger import Mask
from ecotrack.units import mu_from_m2

SCHEMA = "ecotrack.scoreboard/1"
DEFINITION = "1"
"""Version of the definitions (docs/figures.md); a change of a definition is a new version beside the old one."""

_BEYOND = {
    "outside": {"name_zh": "市域外", "name_en": "outside the city"},
    "gap": {"name_zh": "界线空隙", "name_en": "gaps between borders"},
    "twice": {"name_zh": "界线重叠（扣除重复）", "name_en": "counted twice where borders overlap"},
}
"""Rows after the counties; the last two stand only where the borders do not fit."""

FeatureSource = Callable[[str], Sequence[Feature]]


@dataclass(frozen=True, eq=False)
class Scoreboard:
    """Figures of one state, each computed when it is first asked for.

    Attributes
    ----------
    targets
        Definitions in the order of the workspace.
    features
        Gives the features of a reference layer by its id.
    ground
        Areas, overlaps and border pieces of the plots.
    """

    state: State
    targets: Sequence[TargetDef]
    units: UnitBook
    layers: Mapping[str, LayerDef]
    features: FeatureSource
    ground: Ground

    @cached_property
    def plot_sets(self) -> tuple[PlotSet, PlotSet]:
        """The real plots and the sample plots."""
        return plot_sets(self.state, self.ground)

    @cached_property
    def plots(self) -> PlotSet:
        """The plots that targets and unit tables rest on."""
        return chosen_set(self.plot_sets)

    @cached_property
    def figures(self) -> list[Figure]:
        """Every target with what was measured for it."""
        return [judge(target, self._measure(target), self.state.as_of) for target in self.targets]

    def figure(self, target_id: str) -> Figure | None:
        """Return one target's figure, or ``None`` where no target has this id."""
        return next((figure for figure in self.figures if figure.target.id == target_id), None)

    def _measure(self, target: TargetDef) -> Measured:
        return MEASURES[target.measure](self, target)

    def _measure_on(self, target: TargetDef, state: State) -> Measured:
        return MEASURES[target.measure](replace(self, state=state), target)

    def _anomalies(self) -> list[dict[str, Any]]:
        known = known_features(self.state, self.layers, self.features)
        layer = "report_units" if self._optional("report_units") else "counties"
        found = anomalies(
            self.state,
            self.plot_sets,
            self.funnels,
            known=known,
            unit_layer=layer,
            unit_areas=self._optional(layer),
        )
        zones = [one for plots in self.plot_sets for one in plots_over_zone_borders(plots)]
        borders = [
            one for name, found in self._misfits.items() for one in border_faults(name, self._optional(name), found)
        ]
        return [*found, *(one.to_json() for one in (*zones, *borders))]

    @cached_property
    def funnels(self) -> list[Funnel]:
        """The funnel of every task; a task is joined to plots of its own basis only."""
        real, sample = self.plot_sets
        return [funnel(task, self.state, sample if task.sample else real) for task in tasks(self.state)]

    def to_json(self) -> dict[str, Any]:
        """Return the scoreboard without its heading as JSON values (docs/json-schema.md)."""
        figures = [figure.to_json() for figure in self.figures]
        return {
            "targets": figures,
            "funnel": [one.to_json(self.units, self.state) for one in self.funnels],
            "units": {
                "sample": self.plots.sample,
                "responsible": self._responsible(),
                "territorial": self.territorial(),
            },
            "years": self._years(),
            "programmes": self._programmes(),
            "overlaps": self._overlaps(),
            "indicators": {"km_treated": km_treated(self.state, self._reaches())},
            "pace": pace(self.state, [one.task for one in self.funnels], self.figures, self._measure_on),
            "findings": {
                "class_differences": class_differences(self.state, "sections", self._optional("sections")),
                "anomalies": self._anomalies(),
            },
            "coverage": [self._coverage(layer) for layer in self.layers.values()],
        }

    def _optional(self, layer_id: str) -> Sequence[Feature]:
        return self.features(layer_id) if layer_id in self.layers else ()

    def _reaches(self) -> Sequence[Feature]:
        return self._optional("reaches")

    def _area_row(self, rows: Mask) -> dict[str, Any]:
        plots = self.plots
        accepted = plots.accepted.credit
        return {
            "plots": int((rows & plots.accepted.keep).sum()),
            "mapped_mu": mu_from_m2(plots.mapped.net_m2(rows)),
            "accepted_mu": mu_from_m2(plots.accepted.credited_m2(rows)),
            "verified_mu": mu_from_m2(plots.verified.credited_m2(rows)),
            "qualified_mu": mu_from_m2(plots.qualified.credited_m2(rows)),
            "disputed_mu": mu_from_m2(fsum([*accepted.disputed_m2[rows], *accepted.lost_dispute_m2[rows]])),
            "overlap_mu": mu_from_m2(fsum(accepted.lost_overlap_m2[rows])),
        }

    def _responsible(self) -> list[dict[str, Any]]:
        """Return accepted and qualified ground by responsible unit (责任口径)."""
        if not len(self.plots):
            return []
        column = self.plots.columns.units
        order = {unit.code: i for i, unit in enumerate(self.units)}
        codes = sorted(column.distinct(), key=lambda code: (order.get(code, len(order)), code))
        result = [{"code": code, **self._names(code), **self._area_row(column.is_(code))} for code in codes]
        everything = np.ones(len(self.plots), dtype=bool)
        total = self._area_row(everything) | {
            "disputed_mu": mu_from_m2(fsum(self.plots.accepted.credit.disputed_m2)),
            "net_accepted_mu": mu_from_m2(self.plots.accepted.net_m2(everything)),
            "net_qualified_mu": mu_from_m2(self.plots.qualified.net_m2(everything)),
        }
        return [*result, {"code": "", "name_zh": "合计", "name_en": "total", **total}]

    def _names(self, code: str) -> dict[str, str]:
        unit = self.units.get(code)
        if unit is None:
            return {"name_zh": code or "（未注明）", "name_en": code or "(none)"}
        return {"name_zh": unit.name_on(self.state.as_of), "name_en": unit.name_en}

    def territorial(self) -> list[dict[str, Any]]:
        """Return ground by county, cut at the border (属地口径); the parts and the outside make the city."""
        cells = self._optional("counties")
        if not len(self.plots) or not cells:
            return []
        steps = [self._cut_at_borders(step, cells) for step in (self.plots.accepted, self.plots.qualified)]
        sketches = [bool(cell.properties.get("sketch")) for cell in cells]
        counties = [
            _territorial_row(cell.feature_id, self._names(cell.feature_id), [s[i] for s in steps], sketch=sketch)
            for i, (cell, sketch) in enumerate(zip(cells, sketches, strict=True))
        ]
        rest = {
            code: _territorial_row(code, names, [step[len(cells) + i] for step in steps], sketch=any(sketches))
            for i, (code, names) in enumerate(_BEYOND.items())
        }
        city = _territorial_row("", {"name_zh": "全市", "name_en": "city"}, [s[-1] for s in steps], sketch=False)
        faults = [row for code, row in rest.items() if code != "outside" and self._misfits["counties"]]
        return [*counties, rest["outside"], *faults, city]

    @cached_property
    def _misfits(self) -> dict[str, Misfit]:
        """Where the borders of the units do not fit, by layer."""
        return {name: misfit(geometries_of(self._optional(name))) for name in ("counties", "report_units")}

    def _cut_at_borders(self, step: StepCredit, cells: Sequence[Feature]) -> list[float]:
        """Return the net ground of a step in each county, then beyond them (`_BEYOND`), then of the city; m2."""
        cut, city_m2 = (
            self.plots.inside(step.keep, "counties", cells),
            step.net_m2(np.ones(len(self.plots), dtype=bool)),
        )
        gap_m2 = gap_net_m2(self.plots, step.keep, self._misfits["counties"].gaps)
        # Ground that two counties hold stands in both: what is too much so is taken off again in a row of its own.
        twice_m2 = city_m2 - fsum([*cut.inside_m2, cut.outside_m2])
        return [*cut.inside_m2, cut.outside_m2 - gap_m2, gap_m2, twice_m2, city_m2]

    def _years(self) -> list[dict[str, Any]]:
        years = self.plots.columns.season_year
        return [{"year": str(year or ""), **self._area_row(years == year)} for year in np.unique(years).tolist()]

    def _programmes(self) -> list[dict[str, Any]]:
        column = self.plots.columns.programmes
        return [{"programme": name, **self._area_row(column.is_(name))} for name in column.distinct()]

    def _overlaps(self) -> dict[str, Any]:
        """List every overlap between accepted plots: both plots, units, seasons and mu."""
        plots, keep = self.plots, self.plots.accepted.keep
        sliver_m2 = float(self.state.rules.sliver_m2)
        pairs, precedence = plots.pairs, plots.precedence
        rows: list[dict[str, Any]] = []
        for k in np.flatnonzero(keep[pairs.left] & keep[pairs.right]).tolist():
            first, second = sorted((int(pairs.left[k]), int(pairs.right[k])), key=lambda p: int(precedence[p]))
            shared_m2 = float(pairs.shared_m2[k])
            rows.append(
                {
                    "first": _plot_json(plots, first),
                    "second": _plot_json(plots, second),
                    "area_m2": shared_m2,
                    "area_mu": mu_from_m2(shared_m2),
                    "disputed": bool(plots.disputed[k]),
                    "sliver": shared_m2 < sliver_m2,
                }
            )
        rows.sort(key=lambda row: (-row["area_m2"], str(row["first"]), str(row["second"])))
        return {
            "sample": plots.sample,
            "count": len(rows),
            "area_mu": fsum(row["area_mu"] for row in rows),
            "disputed_mu": mu_from_m2(fsum(plots.accepted.credit.disputed_m2)),
            "pairs": rows,
        }

    def _coverage(self, layer: LayerDef) -> dict[str, Any]:
        """Return how much of a layer has records: features with a record, newest, oldest."""
        if layer.source == REGISTER_SOURCE:
            return _head(layer) | self._plot_coverage()
        records = [r for (name, _), found in self.state.series.items() if name == layer.id for r in found]
        ids = {feature.feature_id for feature in self._optional(layer.id)}
        days = [record.effective_on.isoformat() for record in records]
        return _head(layer) | {
            "records": len(records),
            "sample_records": len([record for record in records if record.sample]),
            "features": len(ids),
            "features_with_record": len(ids & {str(r.feature_id) for r in records}),
            "newest": max(days, default=None),
            "oldest": min(days, default=None),
        }

    def _plot_coverage(self) -> dict[str, Any]:
        state = self.state
        found = plot_coverage(state.ledger, state.columns, as_of=state.as_of, seq=state.seq)
        return {
            "records": found.records,
            "sample_records": found.sample_records,
            "features": len(state.columns),
            "features_with_record": found.plots_with_record,
            "newest": found.newest.isoformat() if found.newest else None,
            "oldest": found.oldest.isoformat() if found.oldest else None,
        }


def _territorial_row(code: str, names: dict[str, str], areas_m2: Sequence[float], *, sketch: bool) -> dict[str, Any]:
    accepted, qualified = (mu_from_m2(area) for area in areas_m2)
    return {"code": code, **names, "net_accepted_mu": accepted, "net_qualified_mu": qualified, "sketch": sketch}


def _head(layer: LayerDef) -> dict[str, Any]:
    return {"layer": layer.id, "title_zh": layer.title_zh, "title_en": layer.title_en}


def _plot_json(plots: PlotSet, i: int) -> dict[str, Any]:
    columns = plots.columns
    season = Season.of_code(int(columns.season[i]))
    return {"feature_id": columns.features[i], "unit": columns.units[i] or None, "season": season and str(season)}


MEASURES: dict[str, Callable[[Scoreboard, TargetDef], Measured]] = {
    "lake_surface": lambda board, t: lake_surface(t, board.state, board.features(str(t.params["layer"]))),
    "ring_forest": lambda board, t: ring_forest(t, board.plots, board._optional(str(t.params["zone_layer"]))),
    "year_planting": lambda board, t: year_planting(t, board.plots),
    "forest_cover": lambda board, t: forest_cover(t, board.state),
    "sponge_share": lambda board, t: sponge_share(
        t,
        board.state,
        zones=board._optional(str(t.params["zones"])),
        lines=board._optional(str(t.params["builtup"])),
    ),
    "good_sections": lambda board, t: good_sections(t, board.state, board._optional(str(t.params["layer"]))),
    "annual_change": lambda board, t: annual_change(t, board.state),
    "rank_out_of_last": lambda board, t: rank_out_of_last(t, board.state),
    "groundwater_balance": lambda board, t: groundwater_balance(t, board.state),
    "filed_in_time": lambda board, t: filed_in_time(t, board.state),
}
"""Measure name (``ecotrack.toml``) to the function that computes it."""
