"""The sample plots: which ground each takes, and in which known ways they overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import shapely

from ecotrack.demo import sample_shapes as shapes
from ecotrack.demo.sample_dice import Dice
from ecotrack.demo.sample_layout import ZONE_LINE_LON, Site, Slot, border_sites, slots_of, villages
from ecotrack.demo.sample_life import LifeWriter
from ecotrack.demo.sample_plan import PlannedPlot, Rect
from ecotrack.geometry.features import Feature
from ecotrack.workspace import Workspace

SEASONS = {"2016-spring": 0.40, "2016-autumn": 0.19, "2017-spring": 0.28, "2017-autumn": 0.13}
"""Planting seasons and the share of plots that each has."""

# Mu of the notice of spring 2017, rounded; the ring-lake units are given more, so that the zone has plots.
UNIT_WEIGHTS = {
    "131102": 3500.0, "131103": 8500.0, "131121": 7700.0, "131122": 7100.0, "131123": 4100.0, "131124": 4300.0,
    "131125": 4200.0, "131126": 8000.0, "131127": 8000.0, "131128": 6000.0, "131182": 7800.0, "1311HX": 1000.0,
    "1311BH": 2200.0,
}  # fmt: skip

SCENARIOS = {
    "single": 0.800,
    "touching": 0.030,
    "sliver": 0.025,
    "overlap": 0.045,
    "later_season": 0.045,
    "disputed": 0.030,
    "three": 0.025,
}
"""Kinds of cluster and the share of clusters that each has."""

_SPECIES = ("杨树", "柳树", "白蜡", "国槐", "榆树", "油松", "梨树", "桃树", "金叶榆", "法桐")
_SEASON_CODES = {"2016-spring": "16C", "2016-autumn": "16Q", "2017-spring": "17C", "2017-autumn": "17Q"}
_BORDER_SHARE, _OUTER_SHARE = 0.008, 0.002
_RING_UNITS = ("1311BH", "131102", "131103")


@dataclass(frozen=True, slots=True)
class _Claim:
    """One plot to be of a cluster: its ground, who answers for it, when it was planted."""

    rect: Rect
    unit: str
    season: str


def plan_plots(workspace: Workspace, *, seed: int, plots: int) -> list[PlannedPlot]:
    """Plan about ``plots`` sample plots, the same for the same seed.

    Raises
    ------
    MissingFile, UnreadableFile
        A reference layer that places the plots is missing.
    """
    return _Planner(workspace, seed=seed, plots=plots).plan()


class _Planner:
    def __init__(self, workspace: Workspace, *, seed: int, plots: int) -> None:
        self._dice = Dice(seed, "plots")
        self._life = LifeWriter(Dice(seed, "life"), seed)
        self._names = {unit.code: unit.name_zh for unit in workspace.units}
        self._wanted = plots
        inner, outer = border_sites(workspace, self._dice)
        self._sites = {
            "border": self._spread(inner, int(plots * _BORDER_SHARE)),
            "outer": self._spread(outer, int(plots * _OUTER_SHARE)),
        }
        free = slots_of(workspace, [*self._sites["border"], *self._sites["outer"]])
        self._slots = {unit: villages(slots, self._dice) for unit, slots in sorted(free.items())}
        self._beside = _neighbours(workspace)
        self._numbers, self._clusters = count(1), count(1)

    def _spread(self, sites: Sequence[Site], wanted: int) -> list[Site]:
        if not sites or not wanted:
            return []
        step = max(len(sites) / wanted, 1.0)
        return [sites[int(i * step)] for i in range(min(wanted, len(sites)))]

    def plan(self) -> list[PlannedPlot]:
        """Return every plot, redos and replantings included."""
        found = [plot for name, sites in self._sites.items() for site in sites for plot in self._on_border(name, site)]
        left = self._wanted - len(found)
        total = sum(UNIT_WEIGHTS.values())
        for unit, slots in self._slots.items():
            wanted = round(left * UNIT_WEIGHTS.get(unit, 0.0) / total)
            found += self._in_unit(unit, slots, wanted)
        return found

    def _in_unit(self, unit: str, slots: list[Slot], wanted: int) -> list[PlannedPlot]:
        found: list[PlannedPlot] = []
        ring = [slot for slot in slots if slot.in_ring]
        line = [slot for slot in slots if slot.on_zone_line]
        first = {*ring[: wanted // 4], *line[: wanted // 40]}
        for slot in sorted(slots, key=lambda slot: slot not in first):
            if len(found) >= wanted:
                break
            found += self._in_slot(unit, slot)
        return found

    def _in_slot(self, unit: str, slot: Slot) -> list[PlannedPlot]:
        scenario, season = self._dice.weighted(SCENARIOS), self._dice.weighted(SEASONS)
        if slot.on_zone_line and self._dice.share(0.8):
            scenario = "zone_line"
        claims = list(_CLUSTERS[scenario](self, slot, unit, season))
        cluster = next(self._clusters)
        plots = [self._plot(claim, cluster, scenario, slot) for claim in claims]
        return [grown for plot in plots for grown in self._life.live(plot, self._numbers)]

    def _on_border(self, scenario: str, site: Site) -> list[PlannedPlot]:
        claim = _Claim(shapes.middle(site.ground, self._dice), site.unit, self._dice.weighted(SEASONS))
        plot = self._plot(claim, next(self._clusters), scenario, site)
        return list(self._life.live(plot, self._numbers))

    def _plot(self, claim: _Claim, cluster: int, scenario: str, place: Slot | Site) -> PlannedPlot:
        dice, number = self._dice, next(self._numbers)
        slot = place if isinstance(place, Slot) else None
        in_ring = slot is not None and slot.in_ring
        long = max(claim.rect.north - claim.rect.south, claim.rect.east - claim.rect.west)
        form = "林带" if long > 0.0026 else "片林"
        ring = dice.share(0.9) if in_ring else claim.unit in _RING_UNITS and dice.share(0.15)
        programme = "环湖绿化" if ring else ("绿美廊道" if form == "林带" or dice.share(0.2) else "林业园区")
        plot = PlannedPlot(
            feature_id=f"{claim.unit}-{_SEASON_CODES[claim.season]}-{number:05d}",
            cluster=cluster,
            scenario=scenario,
            unit=claim.unit,
            season=claim.season,
            kind="造林",
            form=form,
            programme=programme,
            species=dice.pick(_SPECIES),
            name=f"{self._names.get(claim.unit, claim.unit)}{programme}{number}号",
            planted_on=self._life.planted_on(claim.season),
            task_id=task_of(claim.season),
            holder=place.unit if isinstance(place, Slot) else place.holder,
            county=slot.county if slot else None,
            in_ring=in_ring,
            cut=place.cut if isinstance(place, Site) else None,
        )
        self._life.submit(plot, claim.rect)
        return plot

    def _single(self, slot: Slot, unit: str, season: str) -> Iterator[_Claim]:
        draw = shapes.belt if self._dice.share(0.18) else shapes.block
        yield _Claim(draw(slot.rect, self._dice), unit, season)

    def _zone_line(self, slot: Slot, unit: str, season: str) -> Iterator[_Claim]:
        yield _Claim(shapes.across(slot.rect, ZONE_LINE_LON, self._dice), unit, season)

    def _pair(self, slot: Slot, strip_m: float) -> tuple[Rect, Rect]:
        first = shapes.block(slot.rect, self._dice, places=2)
        first = Rect(slot.rect.west + 2e-4, first.south, slot.rect.west + 2e-4 + first.east - first.west, first.north)
        return first.snapped(), shapes.neighbour(first.snapped(), self._dice, strip_m=strip_m)

    def _touching(self, slot: Slot, unit: str, season: str) -> Iterator[_Claim]:
        for rect in self._pair(slot, 0.0):
            yield _Claim(rect, unit, season)

    def _sliver(self, slot: Slot, unit: str, season: str) -> Iterator[_Claim]:
        for rect in self._pair(slot, self._dice.between(0.01, 0.03)):
            yield _Claim(rect, unit, season)

    def _overlap(self, slot: Slot, unit: str, season: str) -> Iterator[_Claim]:
        for rect in self._pair(slot, self._dice.between(3.0, 20.0)):
            yield _Claim(rect, unit, season)

    def _later_season(self, slot: Slot, unit: str, season: str) -> Iterator[_Claim]:
        seasons = sorted({season, self._dice.pick([other for other in SEASONS if other != season])}, key=_order)
        for rect, planted in zip(self._pair(slot, self._dice.between(3.0, 25.0)), seasons, strict=True):
            yield _Claim(rect, unit, planted)

    def _disputed(self, slot: Slot, unit: str, season: str) -> Iterator[_Claim]:
        first, second = self._pair(slot, self._dice.between(3.0, 20.0))
        yield _Claim(first, unit, season)
        yield _Claim(second, self._dice.pick(self._beside[unit]), season)

    def _three(self, slot: Slot, unit: str, season: str) -> Iterator[_Claim]:
        first, second = self._pair(slot, self._dice.between(5.0, 15.0))
        third = shapes.on_both(first, second, self._dice)
        other = self._dice.pick(self._beside[unit]) if self._dice.share(0.5) else unit
        yield _Claim(first, unit, season)
        yield _Claim(second, unit, self._dice.pick(list(SEASONS)) if self._dice.share(0.5) else season)
        yield _Claim(third, other, season)


_CLUSTERS: dict[str, Callable[[_Planner, Slot, str, str], Iterator[_Claim]]] = {
    "single": _Planner._single,
    "zone_line": _Planner._zone_line,
    "touching": _Planner._touching,
    "sliver": _Planner._sliver,
    "overlap": _Planner._overlap,
    "later_season": _Planner._later_season,
    "disputed": _Planner._disputed,
    "three": _Planner._three,
}


def task_of(season: str) -> str:
    """Return the sample task that plots of a season belong to: one for 2016, one for each season of 2017.

    Examples
    --------
    >>> task_of("2016-autumn"), task_of("2017-spring")
    ('sample-2016', 'sample-2017-spring')
    """
    return "sample-2016" if season.startswith("2016") else f"sample-{season}"


def _order(season: str) -> int:
    return list(SEASONS).index(season)


def _neighbours(workspace: Workspace) -> dict[str, list[str]]:
    """Return for each unit those that it shares a border with; all others where borders do not meet exactly."""
    units = workspace.features("report_units")

    def beside(one: Feature) -> list[str]:
        others = [other for other in units if other is not one]
        touching = [o for o in others if shapely.intersection(one.geometry, o.geometry).length > 0]
        return [other.feature_id for other in touching or others]

    return {unit.feature_id: beside(unit) for unit in units}
