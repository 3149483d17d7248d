"""What children do for people in the field: the ground to draw on, what became of plots, a plot to be mended."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import shapely

from ecotrack.desk.arrival import REPAIR
from ecotrack.desk.board import write_whole
from ecotrack.desk.review_work import decided_about, find_sent, plot_label
from ecotrack.errors import NotAllowed, NotReady
from ecotrack.geometry.area import area_m2
from ecotrack.geometry.codec import from_wkb
from ecotrack.intake.check import Order, check_upload
from ecotrack.intake.read import Upload
from ecotrack.intake.repairs import REPAIRS, Repair
from ecotrack.model import Decision, FeatureVersion, Submission
from ecotrack.model.layers import LayerDef
from ecotrack.register import Register, stable_id
from ecotrack.register.subjects import Subjects
from ecotrack.reports.intake_page import rings_of
from ecotrack.units import mu_from_m2
from ecotrack.workspace import Workspace

GROUND = ("lake", "rivers", "canals")
"""Reference layers by which somebody in the field finds the place, where the workspace has them."""

_WRITTEN = ("name", "planted_on", "form", "species", "claimed_mu", "task_id", "parent_id")


def ground(folder: str, path: str) -> None:
    """Write counties and waters as JSON, EPSG:4490 degrees, whole or not at all."""
    workspace = Workspace.open(Path(folder))
    counties = [
        {"code": cell.feature_id, "name": cell.name or "", "rings": rings_of(cell.geometry)}
        for cell in (workspace.features("counties") if "counties" in workspace.layers else ())
    ]
    known = [name for name in ("counties", *GROUND) if name in workspace.layers]
    document = {
        "sketch": any(workspace.layers[name].sketch for name in known),
        "counties": counties,
        "waters": [water for name in GROUND if name in workspace.layers for water in _waters(workspace, name)],
    }
    write_whole(Path(path), json.dumps(document, ensure_ascii=False).encode())


def _waters(workspace: Workspace, layer: str) -> Iterator[dict[str, Any]]:
    for item in workspace.features(layer):
        parts = shapely.get_parts(shapely.boundary(item.geometry) if "Polygon" in item.geometry.geom_type else
                                  item.geometry)  # fmt: skip
        lines = [shapely.get_coordinates(part).round(7).tolist() for part in parts]
        yield {"name": item.name or "", "filled": "Polygon" in item.geometry.geom_type, "lines": lines}


def outcomes(folder: str, submission_ids: tuple[str, ...]) -> dict[str, Any]:
    """Return by submission what was decided about each of its plots, and what is asked of its sender."""
    workspace = Workspace.open(Path(folder))
    with workspace.register(read_only=True) as register:
        subjects = register.subjects(submission_ids)
        return {said.submission_id: _outcome(register, said, subjects) for said in subjects.submissions}


def _outcome(register: Register, said: Submission, subjects: Subjects) -> dict[str, Any]:
    versions = [version for version in subjects.versions if version.submission_id == said.submission_id]
    about = decided_about(subjects.decisions, said.submission_id, {version.version_id for version in versions})
    newest = {v.feature_id: v.version_id for v in register.named([v.feature_id for v in versions], layer=said.layer)
              .versions}  # fmt: skip
    areas = area_m2(from_wkb([version.wkb for version in versions]))
    plots = [
        {
            "version_id": version.version_id,
            "label": label_of(version, number),
            "measured_mu": f"{mu_from_m2(float(area)):.2f}",
            "newer": newest.get(version.feature_id, version.version_id) != version.version_id,
            **_verdict(about.get(version.version_id)),
        }
        for number, (version, area) in enumerate(zip(versions, areas, strict=True), 1)
    ]
    told = [plot["verdict"] for plot in plots]
    return {
        "plots": plots,
        "waiting": told.count(""),
        "accepted": told.count("accept"),
        "returned": told.count("return"),
        "open": sum(plot["verdict"] == "return" and not plot["newer"] for plot in plots),
    }


def _verdict(decision: Decision | None) -> dict[str, str]:
    if decision is None:
        return {"verdict": "", "reason": "", "reviewer": "", "decided_on": "", "repair": ""}
    return {
        "verdict": decision.verdict,
        "reason": decision.reason,
        "reviewer": decision.reviewer,
        "decided_on": decision.decided_on.isoformat(),
        "repair": decision.document.removeprefix(REPAIR) if decision.document.startswith(REPAIR) else "",
    }


def label_of(version: FeatureVersion, number: int) -> str:
    """Return what people call a plot: its own number and name, or its place in the file."""
    return " ".join(part for part in (plot_label(version, number), version.name or "") if part)


def plot_to_mend(folder: str, submission_id: str, version_id: str, sender: str) -> dict[str, Any]:
    """Return a plot that its sender sent in and that was not accepted, to be drawn anew as its next version.

    Raises
    ------
    NotAllowed
        There is none, or somebody else sent it in.
    NotReady
        It stands accepted, or a newer version came already.
    """
    workspace = Workspace.open(Path(folder))
    with workspace.register(read_only=True) as register:
        said, version, number = _own(register, submission_id, version_id, sender)
        decisions = register.subjects([submission_id]).decisions
        decision = decided_about(decisions, submission_id, {version_id}).get(version_id)
        last = register.named([version.feature_id], layer=said.layer).versions[-1]
    if decision is not None and decision.verdict not in ("return", "withdraw"):
        raise NotReady("", detail="这块已经审核通过，不能再改边界")
    if last.version_id != version_id:
        raise NotReady("", detail="这块已经有更新的版本")
    return _drawn(workspace.layer(said.layer), version, number) | _verdict(decision)


def _own(
    register: Register, submission_id: str, version_id: str, sender: str
) -> tuple[Submission, FeatureVersion, int]:
    subjects = register.subjects([submission_id])
    if subjects.senders.get(submission_id, "").casefold() != sender.casefold():
        raise NotAllowed("")
    for number, version in enumerate(subjects.versions, 1):
        if version.version_id == version_id:
            return subjects.submissions[0], version, number
    raise NotAllowed("")


def _drawn(layer: LayerDef, version: FeatureVersion, number: int) -> dict[str, Any]:
    return {
        "version_id": version.version_id,
        "key": version.version_id,
        "label": label_of(version, number),
        "rings": rings_of(from_wkb([version.wkb])[0]),
        "asked": {name: getattr(version, name) or "" for name in ("unit", "season", "kind", "programme")},
        "properties": _properties(layer, version),
    }


def _properties(layer: LayerDef, version: FeatureVersion) -> dict[str, str]:
    """Return what a file says of a plot, by the layer's own titles, so that the next version says it too."""
    titles = {item.name: item.title_zh for item in layer.fields}
    values = {"feature_id": version.feature_id} | {name: getattr(version, name) for name in _WRITTEN}
    return {titles[name]: _text(value) for name, value in values.items() if value is not None and name in titles}


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def proposals(
    folder: str, submission_id: str, units: tuple[str, ...], asked: Mapping[str, str]
) -> dict[str, list[dict[str, Any]]]:
    """Return the repairs that are proposed for a submission that a reviewer of these units may see.

    Raises
    ------
    NotAllowed
        There is none, or it is of another unit.
    """
    with Workspace.open(Path(folder)).register(read_only=True) as register:
        find_sent(register, submission_id, units)
    return proposed(folder, submission_id, asked)


def proposed(folder: str, submission_id: str, asked: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    """Return the repairs that intake proposes for the plots of a submission, by version.

    Parameters
    ----------
    asked
        What the sender said of the file.
    """
    workspace = Workspace.open(Path(folder))
    with workspace.register(read_only=True) as register:
        subjects = register.subjects([submission_id])
        said = next(iter(subjects.submissions), None)
        if said is None or not said.raw_sha256:
            return {}
        ids = {version.version_id for version in subjects.versions}
        upload = Upload(said.file_name, register.raw(said.raw_sha256))
    found: dict[str, list[dict[str, Any]]] = {}
    for version_id, repair in _repairs(workspace, said, upload, asked):
        if version_id in ids:
            found.setdefault(version_id, []).append(_told(repair))
    return found


def _repairs(
    workspace: Workspace, said: Submission, upload: Upload, asked: Mapping[str, str]
) -> Iterator[tuple[str, Repair]]:
    defaults = {name: asked[name] for name in ("unit", "season", "kind", "programme") if asked.get(name)}
    order = Order(layer=said.layer, defaults=defaults, submitted_on=said.submitted_on, sender="")
    if asked.get("read_as"):
        order = replace(order, read_as=asked["read_as"])
    for repair in check_upload(workspace, upload, order).repairs:
        yield stable_id(upload.sha256, said.layer, repair.number), repair


def _told(repair: Repair) -> dict[str, Any]:
    return {
        "id": repair.id,
        "zh": REPAIRS[repair.id].zh,
        "before_mu": f"{mu_from_m2(repair.before_m2):.2f}",
        "after_mu": f"{mu_from_m2(repair.after_m2):.2f}",
        "rings": rings_of(repair.geometry),
    }


def repaired(folder: str, submission_id: str, version_id: str, sender: str, asked: Mapping[str, str]) -> dict[str, Any]:
    """Return a plot of this sender as the repair that its reviewer asks for would leave it.

    Raises
    ------
    NotAllowed
        There is none, or somebody else sent it in.
    NotReady
        No repair is asked for, or none is proposed any more.
    """
    plot = plot_to_mend(folder, submission_id, version_id, sender)
    offers = proposed(folder, submission_id, asked).get(version_id, [])
    wanted = next((one for one in offers if one["id"] == plot["repair"]), None)
    if not plot["repair"] or wanted is None:
        raise NotReady("", detail="现在没有可以采用的修复建议，请在图上改边界")
    return plot | {"rings": wanted["rings"], "repaired": wanted}
