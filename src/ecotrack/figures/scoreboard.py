"""The scoreboard: every target, the funnels, the units, the overlaps, and what the records cover."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

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
from ecotrack.figures.retention import retention
from ecotrack.figures.rivers import km_treated
from ecotrack.figures.sections import class_differences, good_sections
from ecotrack.figures.series import annual_change, forest_cover, groundwater_balance, rank_out_of_last
from ecotrack.figures.sponge import sponge_share
from ecotrack.geometry.boxes import Ints
from ecotrack.geometry.coverage import Misfit, misfit
from ecotrack.geometry.features import Feature, geometries_of
from ecotrack.geometry.sums import exact_sum, exact_sums
from ecotrack.model import LayerDef, TargetDef, UnitBook
from ecotrack.model.layers import REGISTER_SOURCE
from ecotrack.progress import PlotColumns, Season, State, plot_coverage
from ecotrack.units import mu_from_m2

SCHEMA = "ecotrack.scoreboard/1"
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
    definition
        Version of the definitions that it computes by (docs/figures.md); `ecotrack.figures.definitions` holds
        them all. A change of a definition is a new class with a new version beside this one, never an edit of it.
    """

    definition: ClassVar[str] = "1"

    state: State
    targets: Sequence[TargetDef]
    units: UnitBook
    layers: Mapping[str, LayerDef]
    features: FeatureSource
    ground: Ground

    @property
    def measures(self) -> Mapping[str, TargetMeasure]:
        """The measures of these definitions by name."""
        return MEASURES

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
        return self.measures[target.measure](self, target)

    def _measure_on(self, target: TargetDef, state: State) -> Measured:
        return self.measures[target.measure](replace(self, state=state), target)

    def _anomalies(self) -> list[dict[str, Any]]:
        known = known_features(self.state, self.layers, self.features)
        layer = self._unit_layer
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
            one for name, fault in self._misfits.items() for one in border_faults(name, self._optional(name), fault)
        ]
        return [*found, *(one.to_json() for one in (*zones, *borders))]

    @cached_property
    def funnels(self) -> list[Funnel]:
        """The funnel of every task; a task is joined to plots of its own basis only."""
        astray = [plots.astray(self._unit_layer, self._optional(self._unit_layer)) for plots in self.plot_sets]
        return [
            funnel(task, self.state, self.plot_sets[task.sample], astray=astray[task.sample])
            for task in tasks(self.state)
        ]

    @property
    def _unit_layer(self) -> str:
        """The layer of the ground that responsible units answer for."""
        return "report_units" if self._optional("report_units") else "counties"

    def to_json(self) -> dict[str, Any]:
        """Return the scoreboard without its heading as JSON values (docs/json-schema.md)."""
        figures = [figure.to_json() for figure in self.figures]
        return {
            "sample_aside_plots": self._sample_aside(),
            "targets": figures,
            "funnel": [one.to_json(self.units, self.state) for one in self.funnels],
            "units": {
                "sample": self.plots.sample,
                "kinds": sorted(self.plots.columns.kinds.distinct()),
                "responsible": self._responsible(),
                "territorial": self.territorial(),
            },
            "years": self._years(),
            "programmes": self._programmes(),
            "overlaps": self._overlaps(),
            "indicators": {
                "km_treated": km_treated(self.state, self._reaches()),
                "retention": retention(self.plots),
            },
            "pace": pace(self.state, [one.task for one in self.funnels], self.figures, self._measure_on),
            "findings": {
                "class_differences": class_differences(self.state, "sections", self._optional("sections")),
                "anomalies": self._anomalies(),
            },
            "coverage": [self._coverage(layer) for layer in self.layers.values()],
        }

    def _sample_aside(self) -> int:
        """Return how many sample plots stand aside, since there are real ones."""
        real, sample = self.plot_sets
        return len(sample) if len(real) else 0

    def _optional(self, layer_id: str) -> Sequence[Feature]:
        return self.features(layer_id) if layer_id in self.layers else ()

    def _reaches(self) -> Sequence[Feature]:
        return self._optional("reaches")

    def _area_rows(self, group: Ints, count: int) -> list[dict[str, Any]]:
        """Return the ground of each group of plots, by step; ``group`` is the number of each plot's group."""
        plots, accepted = self.plots, self.plots.accepted.credit
        columns = {
            "mapped_mu": plots.mapped.net_by(group, count),
            "accepted_mu": plots.accepted.credited_by(group, count),
            "verified_mu": plots.verified.credited_by(group, count),
            "qualified_mu": plots.qualified.credited_by(group, count),
            "disputed_mu": exact_sums(group, count, accepted.disputed_m2, accepted.lost_dispute_m2),
            "overlap_mu": exact_sums(group, count, accepted.lost_overlap_m2),
        }
        counts = np.bincount(group[plots.accepted.keep], minlength=count).tolist()
        return [
            {"plots": counts[i], **{name: mu_from_m2(column[i]) for name, column in columns.items()}}
            for i in range(count)
        ]

    def _responsible(self) -> list[dict[str, Any]]:
        """Return accepted and qualified ground by responsible unit (责任口径)."""
        if not len(self.plots):
            return []
        names, group = self.plots.columns.units.groups()
        order = {unit.code: i for i, unit in enumerate(self.units)}
        found = sorted(
            zip(names, self._area_rows(group, len(names)), strict=True),
            key=lambda row: (order.get(row[0], len(order)), row[0]),
        )
        rows = [{"code": code, **self._names(code), **row} for code, row in found]
        (total,) = self._area_rows(np.zeros(len(self.plots), dtype=np.int64), 1)
        net = {
            "disputed_mu": mu_from_m2(exact_sum(self.plots.accepted.credit.disputed_m2)),
            "net_accepted_mu": mu_from_m2(self.plots.accepted.credit.net_m2),
            "net_qualified_mu": mu_from_m2(self.plots.qualified.credit.net_m2),
            **self._opening_balance(),
        }
        return [*rows, {"code": "", "name_zh": "合计", "name_en": "total", **total, **net}]

    def _opening_balance(self) -> dict[str, float | None]:
        """Return the accepted ground that came by document from earlier years (存量), and its share."""
        stock_m2 = self.plots.accepted.credited_m2(self.plots.stock)
        whole_m2 = self.plots.accepted.credited_m2(self.plots.columns.accepted)
        return {"stock_mu": mu_from_m2(stock_m2), "stock_pct": stock_m2 / whole_m2 * 100 if whole_m2 else None}

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
        fit = self._misfits["counties"]
        gaps, twice = [rest["gap"]] * bool(len(fit.gaps)), [rest["twice"]] * bool(len(fit.overlaps.left))
        return [*counties, rest["outside"], *gaps, *twice, city]

    @cached_property
    def _misfits(self) -> dict[str, Misfit]:
        """Where the borders of the units do not fit, by layer."""
        return {name: misfit(geometries_of(self._optional(name))) for name in ("counties", "report_units")}

    def _cut_at_borders(self, step: StepCredit, cells: Sequence[Feature]) -> list[float]:
        """Return the net ground of a step in each county, then beyond them (`_BEYOND`), then of the city; m2."""
        cut, city_m2 = self.plots.inside(step.keep, "counties", cells), step.credit.net_m2
        gap_m2 = gap_net_m2(self.plots, step.keep, self._misfits["counties"].gaps)
        # Ground that two counties hold stands in both: what is too much so is taken off again in a row of its own.
        twice_m2 = city_m2 - exact_sum(np.array([*cut.inside_m2, cut.outside_m2]))
        return [*cut.inside_m2, cut.outside_m2 - gap_m2, gap_m2, twice_m2, city_m2]

    def _years(self) -> list[dict[str, Any]]:
        years, group = np.unique(self.plots.columns.season_year, return_inverse=True)
        rows = self._area_rows(group, len(years))
        return [{"year": str(year or ""), **row} for year, row in zip(years.tolist(), rows, strict=True)]

    def _programmes(self) -> list[dict[str, Any]]:
        names, group = self.plots.columns.programmes.groups()
        rows = zip(names, self._area_rows(group, len(names)), strict=True)
        return [{"programme": name, **row} for name, row in sorted(rows, key=lambda row: row[0])]

    def _overlaps(self) -> dict[str, Any]:
        """List every overlap between accepted plots: both plots, units, seasons and mu, the largest first."""
        plots, keep = self.plots, self.plots.accepted.keep
        pairs, precedence = plots.pairs, plots.precedence
        rows = np.flatnonzero(keep[pairs.left] & keep[pairs.right])
        left, right, shared_m2 = pairs.left[rows], pairs.right[rows], pairs.shared_m2[rows]
        ahead = precedence[left] < precedence[right]
        first = _plots_json(plots.columns.take(np.where(ahead, left, right)))
        second = _plots_json(plots.columns.take(np.where(ahead, right, left)))
        sliver = shared_m2 < float(self.state.rules.sliver_m2)
        found = [
            {
                "first": one,
                "second": other,
                "area_m2": area_m2,
                "area_mu": mu_from_m2(area_m2),
                "disputed": disputed,
                "sliver": small,
            }
            for one, other, area_m2, disputed, small in zip(
                first, second, shared_m2.tolist(), plots.disputed[rows].tolist(), sliver.tolist(), strict=True
            )
        ]
        found.sort(key=lambda row: (-row["area_m2"], row["first"]["feature_id"], row["second"]["feature_id"]))
        return {
            "sample": plots.sample,
            "count": len(found),
            "area_mu": mu_from_m2(exact_sum(shared_m2)),
            "disputed_mu": mu_from_m2(exact_sum(plots.accepted.credit.disputed_m2)),
            "pairs": found,
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
        found = plot_coverage(state.columns, (state.standing_checks, state.standing_notes))
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


def _plots_json(columns: PlotColumns) -> list[dict[str, Any]]:
    codes, where = np.unique(columns.season, return_inverse=True)
    seasons = np.array([str(Season.of_code(code)) if code else None for code in codes.tolist()], dtype=object)[where]
    return [
        {"feature_id": name, "unit": unit or None, "season": season}
        for name, unit, season in zip(columns.feature_id, columns.unit, seasons.tolist(), strict=True)
    ]


TargetMeasure = Callable[[Scoreboard, TargetDef], Measured]

MEASURES: dict[str, TargetMeasure] = {
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
"""TargetMeasure name (``ecotrack.toml``) to the function that computes it."""
