"""An upload is read: its degrees as the evidence or a choice on record says, or every feature waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ecotrack.coordinates.detective import AS_IS, READINGS, TITLES
from ecotrack.intake.candidates import Candidate, Place, Reading
from ecotrack.intake.kept import kept_of
from ecotrack.intake.read import Upload, limits_of, read
from ecotrack.intake.readings import (
    Settled,
    contradiction,
    declared_degrees,
    declared_layers,
    in_degrees,
    open_candidates,
    settle,
)
from ecotrack.intake.submit_fields import as_text, match_fields
from ecotrack.model.layers import LayerDef
from ecotrack.workspace import Workspace, today

if TYPE_CHECKING:
    from ecotrack.intake.check import Order

_SYSTEMS = {"WGS84": "EPSG:4490", "GCJ-02": "GCJ-02", "BD-09": "BD-09"}


def read_settled(workspace: Workspace, upload: Upload, order: Order, layer: LayerDef) -> tuple[Reading, Settled | None]:
    """Read an upload; where its degrees are open, by the evidence, by a choice on record, or let it wait."""
    aliases = tuple(alias for item in layer.fields for alias in (item.name, item.title_zh, *item.aliases))

    def again(crs: str | None) -> Reading:
        return read(
            upload,
            extent=workspace.config.extent,
            crs=crs,
            encoding=order.encoding,
            sheet=order.sheet,
            known_fields=aliases,
            limits=limits_of(order.seconds),
        )

    said = order.crs or (_SYSTEMS[order.read_as] if order.read_as else None)
    reading = again(said)
    items = open_candidates(reading)
    matches = match_fields(field_names(reading), layer) if items else {}
    ids = [as_text(item.attributes.get(matches.get("feature_id", ""))) for item in items]
    settled = settle(
        workspace, reading, sha256=upload.sha256, sender=order.sender, layer=order.layer, ids=ids, as_of=today()
    )
    if settled is None:
        return reading if said else _with_doubt(workspace, upload, order, reading, layer), None
    if settled.system not in (None, AS_IS):
        reading = again(settled.system)
    return _with_settled(reading, settled), settled


def _with_doubt(workspace: Workspace, upload: Upload, order: Order, reading: Reading, layer: LayerDef) -> Reading:
    """Return the reading, held back where what the file declares is not where known plots are."""
    items = declared_degrees(reading)
    if not items:
        return reading
    source = match_fields(field_names(reading), layer).get("feature_id", "")
    ids = [as_text(item.attributes.get(source)) for item in items]
    found = contradiction(workspace, reading, sha256=upload.sha256, layer=order.layer, ids=ids, as_of=today())
    if found is None or found.system is None:
        return reading
    said, right = TITLES[AS_IS], TITLES[found.system]
    facts = {"declared_zh": said.zh, "declared_en": said.en, "found_zh": right.zh, "found_en": right.en}
    facts |= {"evidence_zh": found.evidence.zh, "evidence_en": found.evidence.en}
    return _with_finding(reading, declared_layers(reading), "contradicted_reading", facts)


def _with_finding(reading: Reading, layers: set[str], check: str, facts: dict[str, str]) -> Reading:
    """Return the reading with the same finding on every placed feature of some layers."""

    def told(item: Candidate) -> Candidate:
        if item.layer not in layers or not in_degrees(item):
            return item
        found = Place(item.where, str(item.number)).finding(check, **facts)
        return msgspec.structs.replace(item, findings=[*item.findings, found])

    candidates = kept_of(Candidate, (told(item) for item in reading.candidates))
    return msgspec.structs.replace(reading, candidates=candidates)


def _with_settled(reading: Reading, settled: Settled) -> Reading:
    """Return the reading with what was settled said of the file, or of each feature that has to wait."""
    names, count = "、".join(TITLES[name].zh for name in READINGS), str(len(READINGS))
    if settled.system is not None:
        note = Place(reading.file_name).finding("chosen_reading", zh=settled.evidence.zh, en=settled.evidence.en)
        layers = [msgspec.structs.replace(layer, crs_evidence=tuple(settled.evidence)) for layer in reading.layers]
        return msgspec.structs.replace(reading, layers=layers, findings=[*reading.findings, note])
    opened = {layer.name for layer in reading.layers if layer.open}
    facts = {"count": count, "apart": f"{settled.apart_m:.0f}", "zh": names}
    facts["en"] = ", ".join(TITLES[name].en for name in READINGS)
    reading = _with_finding(reading, opened, "ambiguous_position", facts)
    unknown = ("文件没有说明经纬度是哪种坐标", "the file does not say which degrees these are")
    layers = [msgspec.structs.replace(layer, crs_evidence=unknown) if layer.open else layer for layer in reading.layers]
    findings = [found for found in reading.findings if found.check != "told_crs" or found.where not in opened]
    return msgspec.structs.replace(reading, layers=layers, findings=findings)


def field_names(reading: Reading) -> list[str]:
    """Return the names of the file's attributes, of all its layers."""
    return list(dict.fromkeys(name for item in reading.layers for name in item.fields))
