"""Builders of states for tests of figures: plain values, no register and no file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import shapely

from ecotrack.figures.figure import Figure, judge
from ecotrack.figures.ground import carry_on, no_ground
from ecotrack.figures.scoreboard import MEASURES, Scoreboard
from ecotrack.geometry.codec import to_wkb
from ecotrack.geometry.features import Feature
from ecotrack.model import Decision, FeatureVersion, ProgressRecord, UnitBook
from ecotrack.progress import state_of
from ecotrack.settings import Rules, read_config, read_layers

ROOT = Path(__file__).parent.parent
CONFIG = read_config(ROOT)
LAYERS = read_layers(ROOT)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def record(layer: str, kind_: str, on: str, value: str | None = None, /, **given) -> ProgressRecord:
    common = {
        name: given.pop(name)
        for name in ("feature_id", "unit", "state", "task_id", "sample", "corrects", "seq", "record_id")
        if name in given
    }
    common = {"record_id": f"{layer}-{kind_}-{on}-{value}-{sorted(common.items())}-{sorted(given.items())}"} | common
    return ProgressRecord(
        layer=layer,
        kind=kind_,
        effective_on=day(on),
        value=None if value is None else Decimal(value),
        fields=given,
        **common,
    )


def box(west: float, south: float = 37.6, width: float = 0.01, height: float = 0.01) -> shapely.Polygon:
    return shapely.box(west, south, west + width, south + height)


def plot(name: str, shape: shapely.Geometry, **given) -> FeatureVersion:
    common = {"season": "2016-spring", "kind": "造林", "unit": "131102", "effective_on": day("2016-05-01")}
    return FeatureVersion(
        version_id=f"v-{name}",
        feature_id=name,
        layer="plots",
        submission_id=given.pop("submission_id", "s-1"),
        wkb=to_wkb(shape),
        **(common | given),
    )


def accept(name: str, on: str = "2016-06-01", verdict: str = "accept") -> Decision:
    return Decision(
        decision_id=f"d-{name}-{on}-{verdict}",
        subject="version",
        subject_id=f"v-{name}",
        verdict=verdict,
        decided_on=day(on),
        reviewer="李四",
    )


def award(winner: str, loser: str) -> Decision:
    return Decision(
        decision_id=f"a-{winner}-{loser}",
        subject="overlap",
        subject_id=f"{winner}|{loser}",
        verdict="award",
        decided_on=day("2016-07-01"),
        reviewer="李四",
    )


def check(name: str, live: int, on: str = "2016-10-20", checked: int = 100) -> ProgressRecord:
    return record("plots", "check", on, feature_id=name, level="县", holes_checked=checked, holes_live=live)


def feature(name: str, shape: shapely.Geometry, **properties) -> Feature:
    return Feature(feature_id=name, name=name, geometry=shape, properties=properties)


def board(
    as_of: str,
    *,
    versions: Sequence[FeatureVersion] = (),
    records: Sequence[ProgressRecord] = (),
    decisions: Sequence[Decision] = (),
    features: dict[str, list[Feature]] | None = None,
    rules: Rules | None = None,
) -> Scoreboard:
    """A scoreboard of the Hengshui targets over hand-made entries."""
    places = features or {}
    state = state_of(as_of=day(as_of), rules=rules or Rules(), versions=versions, records=records, decisions=decisions)

    def read(rows):
        return [versions[int(row)].wkb for row in rows]

    zones = {name: places[name] for name in ("counties", "report_units", "ring_zone") if name in places}
    ground = carry_on(no_ground(read), len(versions), read, zones)
    units = UnitBook(CONFIG.units)
    return Scoreboard(state, CONFIG.targets, units, LAYERS, lambda name: places.get(name, []), ground)


def measure(target_id: str, as_of: str, **given) -> Figure:
    found = board(as_of, **given)
    target = next(t for t in CONFIG.targets if t.id == target_id)
    return judge(target, MEASURES[target.measure](found, target), day(as_of))


def codes(figure: Figure) -> list[str]:
    return [reason.code for reason in figure.measured.reasons]
