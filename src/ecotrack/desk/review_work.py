"""What children do for reviewers: the queue, one submission with its surroundings, a decision."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import shapely

from ecotrack.errors import HeldHere, HeldPlots, NotAllowed
from ecotrack.geometry.area import area_m2
from ecotrack.geometry.codec import from_wkb
from ecotrack.imagery.kept_verdicts import contradicted, verdicts_or_fault
from ecotrack.intake.check_meanwhile import held_now
from ecotrack.intake.check_record import records_about
from ecotrack.intake.surroundings import surroundings_of
from ecotrack.model import Decision, FeatureVersion, IssuedDocument, Submission
from ecotrack.register import Register
from ecotrack.reports.intake_page import rings_of
from ecotrack.review import Pending, Verdict, decide, pending
from ecotrack.units import mu_from_m2
from ecotrack.workspace import Workspace, today

_NEIGHBOURS = 3_000
_NAMED = 200


def queue(folder: str, units: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the submissions of boundaries that wait for a verdict or have one, newest last.

    Parameters
    ----------
    units
        Only those of these units; empty for all.
    """
    workspace = Workspace.open(Path(folder))
    with workspace.register(read_only=True) as register:
        found = [item for item in pending(register) if not units or item.submission.unit in units]
        papers = records_about(register, [item.submission.submission_id for item in found])
    return [_row(workspace, item, papers.get(item.submission.submission_id)) for item in found]


def _row(workspace: Workspace, item: Pending, paper: IssuedDocument | None) -> dict[str, Any]:
    said = item.submission
    unit = workspace.units.get(said.unit or "")
    levels = [found["level"] for found in paper.body["findings"]] if paper else []
    return {
        "submission_id": said.submission_id,
        "file_name": said.file_name,
        "layer": workspace.layer(said.layer).title_zh,
        "unit": said.unit or "",
        "unit_name": unit.name_zh if unit else "多个单位",
        "submitted_on": said.submitted_on.isoformat(),
        "age_days": (today() - said.submitted_on).days,
        "sender": item.sender,
        "plots": item.plots,
        "accepted": item.accepted,
        "returned": item.returned,
        "withdrawn": item.withdrawn,
        "struck": item.struck,
        "waiting": item.waiting,
        "held": len(paper.body["held"]) if paper else 0,
        "warns": levels.count("warns"),
        "sample": said.sample,
    }


def submission(folder: str, submission_id: str, units: tuple[str, ...]) -> dict[str, Any]:
    """Return one submission: its plots, what the checks found, what stood before, and what lies around.

    Raises
    ------
    NotAllowed
        There is none, or it is of another unit.
    """
    workspace = Workspace.open(Path(folder))
    with workspace.register(read_only=True) as register:
        said, versions = find_sent(register, submission_id, units)
        item = next(one for one in pending(register) if one.submission.submission_id == submission_id)
        paper = records_about(register, [submission_id]).get(submission_id)
        ids = {version.version_id for version in versions}
        verdicts = decided_about(register.subjects([submission_id]).decisions, submission_id, ids)
        before = _before(register, versions)
    return {
        **_row(workspace, item, paper),
        "crs": said.crs_reading,
        "reason": said.document,
        "plots_list": _plots(workspace, versions, paper, verdicts, before),
        **_around(workspace, versions, said.layer),
        "before": [*before.values()],
    }


def find_sent(
    register: Register, submission_id: str, units: tuple[str, ...]
) -> tuple[Submission, list[FeatureVersion]]:
    """Return a submission and its plots, where all of them are of some units (empty: of any).

    Raises
    ------
    NotAllowed
        There is none, or it is of another unit.
    """
    said = next(iter(register.subjects([submission_id]).submissions), None)
    versions = register.versions(submission_id=submission_id) if said else []
    if said is None or not versions or (units and {v.unit for v in versions} - {*units}):
        raise NotAllowed("")
    return said, versions


def decided_about(decisions: Iterable[Decision], submission_id: str, ids: Collection[str]) -> dict[str, Decision]:
    """Return the last decision about each of some feature versions of a submission, by version."""
    result: dict[str, Decision] = {}
    for decision in decisions:
        if decision.subject_id == submission_id:
            result |= dict.fromkeys(ids, decision)
        elif decision.subject_id in ids:
            result[decision.subject_id] = decision
    return result


def _before(register: Register, versions: Sequence[FeatureVersion]) -> dict[str, dict[str, Any]]:
    """Return by its id the last version of each plot before this submission."""
    own = {version.version_id for version in versions}
    around = register.named([version.feature_id for version in versions], layer=versions[0].layer)
    last = {v.feature_id: v for v in around.versions if v.version_id not in own}
    shapes = from_wkb([version.wkb for version in last.values()])
    return {
        name: {"name": name, "rings": rings_of(shape), "measured_mu": f"{mu_from_m2(float(area)):.2f}"}
        for name, shape, area in zip(last, shapes, area_m2(shapes), strict=True)
    }


def _plots(
    workspace: Workspace,
    versions: Sequence[FeatureVersion],
    paper: IssuedDocument | None,
    verdicts: Mapping[str, Decision],
    before: Mapping[str, dict[str, Any]],
) -> list[dict[str, Any]]:
    shapes = from_wkb([version.wkb for version in versions])
    areas = area_m2(shapes)
    held = set(paper.body["held"]) if paper else set()
    found: dict[str, list[dict[str, Any]]] = {}
    for one in paper.body["findings"] if paper else ():
        found.setdefault(one["version_id"], []).append({"level": one["level"], "zh": one["zh"]})
    kept, fault = verdicts_or_fault(workspace.register_path.parent)
    if fault is not None and versions:
        # Said once, where the eye falls first; the submission can still be decided.
        told = f"影像结论读不出来，各地块都算未核对。{fault.message('zh')}"
        found.setdefault(versions[0].version_id, []).append({"level": "warns", "zh": told})
    for version_id, satellite in contradicted(kept, versions).items():
        found.setdefault(version_id, []).append({"level": satellite.level, "zh": satellite.message.zh})
    return [
        {
            "version_id": v.version_id,
            "feature_id": plot_label(v, number),
            "name": v.name or "",
            "unit": workspace.units[v.unit].name_zh if v.unit and v.unit in workspace.units else "",
            "season": v.season or "",
            "kind": v.kind or "",
            "measured_mu": f"{mu_from_m2(float(area)):.2f}",
            "before_mu": before[v.feature_id]["measured_mu"] if v.feature_id in before else "",
            "claimed_mu": str(v.claimed_mu) if v.claimed_mu is not None else "",
            "held": v.version_id in held,
            "verdict": verdicts[v.version_id].verdict if v.version_id in verdicts else "",
            "decided": _decided(verdicts.get(v.version_id)),
            "findings": found.get(v.version_id, []),
            "rings": rings_of(shape),
        }
        for number, (v, shape, area) in enumerate(zip(versions, shapes, areas, strict=True), 1)
    ]


def _decided(decision: Decision | None) -> str:
    return f"{decision.reviewer} {decision.decided_on}：{decision.reason or '没有写意见'}" if decision else ""


def _around(workspace: Workspace, versions: Sequence[FeatureVersion], layer: str) -> dict[str, Any]:
    boxes = shapely.bounds(from_wkb([version.wkb for version in versions]))
    return neighbours(workspace, boxes, layer=layer, but={version.version_id for version in versions})


def neighbours(workspace: Workspace, boxes: Any, *, layer: str, but: set[str]) -> dict[str, Any]:
    """Return the accepted plots that meet some boxes, and the counties, as rings in EPSG:4490 degrees."""
    around = surroundings_of(workspace, boxes, named=(), as_of=today(), layer=layer, wanted=())
    near = zip(around.accepted, around.geometries, strict=True)
    counties = workspace.features("counties") if "counties" in workspace.layers else []
    sketch = "（示意）" if "counties" in workspace.layers and workspace.layers["counties"].sketch else ""
    return {
        "near": [
            {"name": v.feature_id, "sample": v.sample, "rings": rings_of(shape)}
            for v, shape in [*near][:_NEIGHBOURS]
            if v.version_id not in but
        ],
        "counties": [{"name": f"{cell.name or ''}{sketch}", "rings": rings_of(cell.geometry)} for cell in counties],
    }


def accepted_near(folder: str, box: tuple[float, float, float, float]) -> dict[str, Any]:
    """Return the accepted plots in a box (west, south, east, north; EPSG:4490 degrees)."""
    return neighbours(Workspace.open(Path(folder)), [box], layer="plots", but=set())


def verdict(
    folder: str,
    ids: tuple[str, ...],
    word: Verdict,
    reviewer: str,
    reason: str,
    document: str,
    despite: bool,
    units: tuple[str, ...],
) -> int:
    """Write decisions by a reviewer who has signed in, all or none, and return how many.

    What was accepted or returned already is not decided again: of two reviewers at once the second is told so.

    Raises
    ------
    NotAllowed
        Some of it is of another unit.
    HeldHere
        A check holds some of it back; all of them are named.
    OwnReview, NotAccepted, UnknownSubmission, EarlyDecision, DecidedMeanwhile
        As `ecotrack.review.decide` says.
    """
    workspace = Workspace.open(Path(folder))
    with workspace.register() as register:
        if units:
            _refuse_foreign(register, ids, units)
        try:
            made = decide(
                register,
                ids,
                word,
                reviewer=reviewer,
                decided_on=today(),
                reason=reason,
                document=document,
                identity_proven=True,
                despite=despite,
                once=word in ("accept", "return"),
            )
        except HeldPlots as error:
            raise _held_here(register, ids) from error
    return len(made)


def _held_here(register: Register, ids: tuple[str, ...]) -> HeldHere:
    """Return what a page says of plots that a check holds back: every one by the name that its card bears."""
    subjects = register.subjects(ids)
    held = held_now(register, subjects.versions)
    stopped = {
        version.version_id: (plot_label(version, number), held[version.version_id])
        for said in subjects.submissions
        for number, version in enumerate(register.versions(submission_id=said.submission_id), 1)
        if version.version_id in held and {version.version_id, version.submission_id} & {*ids}
    }
    names = [name for name, _ in stopped.values()]
    shown = "、".join(names[:_NAMED]) + (f" 等 {len(names)} 块" if len(names) > _NAMED else "")
    first = next((f"{name}：{why}" for name, why in stopped.values() if why), "")
    return HeldHere("", count=len(names), plots=shown, first=first)


def plot_label(version: FeatureVersion, number: int) -> str:
    """Return what people call a plot: its own number, or its place in the file."""
    return version.feature_id if not version.feature_id.startswith(version.submission_id) else f"第{number}块"


def _refuse_foreign(register: Register, ids: tuple[str, ...], units: tuple[str, ...]) -> None:
    if {version.unit for version in register.subjects(ids).versions} - {*units}:
        raise NotAllowed("")
