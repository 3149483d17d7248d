"""A lake observation from a scene becomes progress records, on the way that every imported record takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from ecotrack.errors import TooLittleSeen, Untold
from ecotrack.imagery.lake import LakeObservation
from ecotrack.intake.records import Outcome, Reading, keep, known_in, refuse_future
from ecotrack.model import ProgressRecord
from ecotrack.progress import current
from ecotrack.register import stable_id

if TYPE_CHECKING:
    from ecotrack.workspace import Workspace

LAYER, KIND, WAITS = "lake", "observation", "待审"
OPEN, WITH_PLANTS = "敞水面", "含挺水植物"
_KM2 = Decimal("0.0001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The water level of the day, which always names its datum."""

    level_m: Decimal | None = None
    datum: str = ""

    def __post_init__(self) -> None:
        if self.level_m is not None and not self.datum:
            raise Untold(zh="水位的高程基准", en="the datum of the level", option="--datum")


def observation_records(
    observed: LakeObservation, *, stage: Stage, unit: str | None, least_clear_pct: float
) -> list[ProgressRecord]:
    """Return the records that an observation gives, all waiting for review (待审).

    The whole lake where enough of it was seen; else each basin of which enough was seen.

    Raises
    ------
    TooLittleSeen
        Neither was.
    """
    made = [
        _record(observed, kind, basin, km2, clear, stage=stage, unit=unit)
        for kind, basin, km2, clear in _surfaces(observed, least_clear_pct)
    ]
    if not made:
        seen, least = f"{observed.clear_pct:.0f}", f"{least_clear_pct:.0f}"
        raise TooLittleSeen(observed.scene.scene_id, clear_pct=seen, least_pct=least)
    return made


def _surfaces(observed: LakeObservation, least: float) -> Iterator[tuple[str, str | None, float, float]]:
    """Yield surface kind, basin, km2 and clear share."""
    if all(basin.clear_pct >= least for basin in observed.basins):
        yield OPEN, None, observed.open_m2 / 1e6, observed.clear_pct
        if observed.plants_m2 is not None:
            yield WITH_PLANTS, None, (observed.open_m2 + observed.plants_m2) / 1e6, observed.clear_pct
        return
    for basin in observed.basins:
        if basin.clear_pct >= least:
            yield OPEN, basin.basin, basin.open_m2 / 1e6, basin.clear_pct


def _record(
    observed: LakeObservation, kind: str, basin: str | None, km2: float, clear_pct: float, *, stage: Stage,
    unit: str | None,
) -> ProgressRecord:  # fmt: skip
    scene = observed.scene
    value = Decimal(km2).quantize(_KM2)
    fields: dict[str, str | int | bool | None] = {
        "basis": "影像",
        "surface_kind": kind,
        "clear_share_pct": f"{clear_pct:.1f}",
        "scene_id": scene.scene_id,
        "method": observed.method,
    }
    if observed.doubts:
        fields["doubts"] = "；".join(doubt.zh for doubt in observed.doubts)
        fields["doubts_en"] = "; ".join(doubt.en for doubt in observed.doubts)
    if doubted := Decimal(observed.doubted_m2 / 1e6).quantize(_KM2):
        fields["doubted_km2"] = str(doubted)
    if stage.level_m is not None:
        fields |= {"level_m": str(stage.level_m), "datum": stage.datum}
    told = json.dumps([scene.scene_id, basin, str(value), fields], ensure_ascii=False, sort_keys=True)
    return ProgressRecord(
        record_id=stable_id("lake-observation", told),
        layer=LAYER,
        kind=KIND,
        effective_on=scene.acquired_on,
        feature_id=basin,
        unit=unit,
        state=WAITS,
        value=value,
        value_unit="km2",
        fields=fields,
        sample=scene.sample,
    )


def in_place_of(made: Sequence[ProgressRecord], standing: Sequence[ProgressRecord]) -> list[ProgressRecord]:
    """Return records that correct what waits of the same water of the same scene and says otherwise.

    A level that was given then stays where none is given now.

    Parameters
    ----------
    standing
        Records in force.
    """

    def handle(one: ProgressRecord) -> tuple[object, ...]:
        told = (one.fields.get(key) for key in ("scene_id", "basis", "surface_kind"))
        return (one.layer, one.kind, one.effective_on, one.feature_id, one.sample, *told)

    waits = {handle(one): one for one in standing if one.layer == LAYER and one.state == WAITS}
    result = []
    for record in made:
        before = waits.get(handle(record))
        if before is not None and "level_m" not in record.fields:
            level = {key: told for key, told in before.fields.items() if key in ("level_m", "datum")}
            record = replace(record, fields={**record.fields, **level})
        if before is None:
            result.append(record)
        elif (before.value, before.fields) == (record.value, record.fields):
            result.append(before)
        else:
            new_id = stable_id("lake-observation", record.record_id, before.record_id)
            result.append(replace(record, record_id=new_id, corrects=before.record_id))
    return result


def observation_document(observed: LakeObservation) -> dict[str, Any]:
    """Return an observation as GeoJSON (EPSG:4490 longitude/latitude): its outline, numbers and doubts."""
    scene = observed.scene
    properties = {
        "schema": "ecotrack.lake_observation/1",
        "scene_id": scene.scene_id,
        "sensor": scene.sensor,
        "observed_on": scene.acquired_on.isoformat(),
        "index": observed.index,
        "threshold": observed.edge.value,
        "threshold_method": observed.edge.method,
        "open_km2": round(observed.open_m2 / 1e6, 6),
        "plants_km2": None if observed.plants_m2 is None else round(observed.plants_m2 / 1e6, 6),
        "shadow_km2": None if observed.shadow_m2 is None else round(observed.shadow_m2 / 1e6, 6),
        "missed_km2": None if observed.missed_m2 is None else round(observed.missed_m2 / 1e6, 6),
        "outside_km2": round(observed.outside_m2 / 1e6, 6),
        "clear_share_pct": round(observed.clear_pct, 2),
        "basins": [
            {"basin": basin.basin, "open_km2": round(basin.open_m2 / 1e6, 6), "clear_pct": round(basin.clear_pct, 2)}
            for basin in observed.basins
        ],
        "doubts": [{"zh": doubt.zh, "en": doubt.en} for doubt in observed.doubts],
        "sample": scene.sample,
    }
    geometry = json.loads(shapely.to_geojson(observed.outline))
    return {"type": "Feature", "id": scene.scene_id, "properties": properties, "geometry": geometry}


def hand_in(
    workspace: Workspace,
    observed: LakeObservation,
    *,
    author: str,
    stage: Stage | None = None,
    least_clear_pct: float,
    dry_run: bool = False,
) -> Outcome:
    """Register an observation: its outline as the raw file, its numbers as records that wait for review.

    Where the scene was observed before in another way and that still waits, the new record takes its place.

    Raises
    ------
    FutureDate
        The scene is of a day after today.
    TooLittleSeen
        Neither the lake nor a basin was seen well enough.
    """
    known = known_in(workspace)
    refuse_future(observed.scene.acquired_on, known.today, where=observed.scene.scene_id)
    unit = next(iter(workspace.layer(LAYER).responsible_units), None)
    made = observation_records(observed, stage=stage or Stage(), unit=unit, least_clear_pct=least_clear_pct)
    made = in_place_of(made, current(known.records))
    path = _written(workspace, observed, keep_it=not dry_run)
    return keep(workspace, path, Reading(records=made, layers=[LAYER]), author=author, dry_run=dry_run)


def _written(workspace: Workspace, observed: LakeObservation, *, keep_it: bool) -> Path:
    text = json.dumps(observation_document(observed), ensure_ascii=False)
    name = stable_id("lake-outline", text)
    path = workspace.register_path.parent / "lake" / f"{observed.scene.acquired_on}-{name}.geojson"
    if keep_it:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".part")
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    return path
