"""What children do with uploads: check one, submit one; every function here runs in a child and gives plain values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ecotrack.coordinates import crs_name
from ecotrack.desk.arrival import Arrival
from ecotrack.desk.field_work import label_of
from ecotrack.desk.plain_mend import in_page
from ecotrack.desk.uploads import day_of
from ecotrack.errors import EcotrackError, NotReady, UnknownCode
from ecotrack.intake.check import Checked, Order, check_upload, target_of
from ecotrack.intake.check_record import records_of
from ecotrack.intake.checks import check_table
from ecotrack.intake.read import Upload
from ecotrack.intake.readings import choose, file_key
from ecotrack.intake.repairs import REPAIRS
from ecotrack.intake.submit import refuse_bad_target, register_proposal
from ecotrack.model.findings import Finding
from ecotrack.reports.intake_listed import title_of
from ecotrack.reports.intake_page import write_page
from ecotrack.reports.intake_readings import readings_data
from ecotrack.reports.intake_terminal import summary
from ecotrack.workspace import Workspace

READINGS = {"WGS84": "WGS84", "GCJ-02": "GCJ-02", "BD-09": "BD-09"}
SYSTEMS = ("38带", "39带", "114度", "117度", "EPSG:32650")
"""Plane systems of files that name none, as people of Hengshui say them; degrees are for the detective."""

ENCODINGS = ("GBK", "UTF-8")
_MENDABLE = 50
_OUTLINES = 50
"""Outlines by which a person tells the readings of a file apart on a page."""

_ASKED = 200
_SAID = 100
"""Different messages of one level that a page lists; of more, it counts the rest by check."""

_DRAWN_STAGES = ("geometry", "shape", "ground")
_DEFAULTS = ("unit", "season", "kind", "programme")


def order_of(workspace: Workspace, arrival: Arrival, *, received_at: str, sender: str) -> Order:
    """Return the order that an upload's sender gave.

    Raises
    ------
    UnknownUnit, UnknownCode, BadSeason, FutureSeason, UnknownLayer, NotAnIntakeLayer
        What was asked does not fit.
    """
    asked = arrival.asked
    given = {name: asked[name] for name in _DEFAULTS if asked.get(name)}
    if "unit" in given:
        given["unit"] = workspace.units.resolve(given["unit"]).code
    repairs = frozenset(name for name in asked.get("repairs", "").split(",") if name)
    if not repairs <= set(REPAIRS):
        raise UnknownCode("", value=",".join(repairs), zh="修复建议", en="repair", known="、".join(REPAIRS))
    read_as = asked.get("read_as") or None
    if read_as is not None and read_as not in READINGS:
        raise UnknownCode("", value=read_as, zh="坐标读法", en="reading", known="、".join(READINGS))
    for name, zh, en, known in (("crs", "坐标系", "CRS", SYSTEMS), ("encoding", "编码", "encoding", ENCODINGS)):
        if asked.get(name) and asked[name] not in known:
            raise UnknownCode("", value=asked[name], zh=zh, en=en, known="、".join(known))
    order = Order(
        layer=arrival.layer,
        defaults=given,
        crs=crs_name(asked["crs"]) if asked.get("crs") else None,
        encoding=asked.get("encoding") or None,
        read_as=read_as,
        repairs=repairs,
        sender=sender,
        reason=asked.get("reason", ""),
        submitted_on=day_of(received_at),
    )
    refuse_bad_target(target_of(workspace, order), submitted_on=order.submitted_on)
    return order


def upload_of(workspace: Workspace, arrival: Arrival) -> Upload:
    """Return the file of an upload."""
    with workspace.register(read_only=True) as register:
        return Upload(arrival.file_name, register.raw(arrival.sha256))


def check(folder: str, arrival: Arrival, received_at: str, sender: str, units: tuple[str, ...], page: str) -> Any:
    """Check an upload, write the page of its findings, and return how it stands.

    Parameters
    ----------
    units
        Codes of the units for which the sender may send; empty for all.
    page
        Where the page goes.
    """
    workspace = Workspace.open(Path(folder))
    try:
        order = order_of(workspace, arrival, received_at=received_at, sender=sender)
    except EcotrackError as error:
        return _refused(error)
    checked = in_page(check_upload(workspace, upload_of(workspace, arrival), order))
    write_page(checked, Path(page), units=workspace.units, lang="zh")
    return told(workspace, checked, units)


def _refused(error: EcotrackError) -> dict[str, Any]:
    message = error.message("zh")
    return {"plots": 0, "ready": 0, "held": 0, "waiting": 0, "summary": message, "refused": message, "findings": []}


def told(workspace: Workspace, checked: Checked, units: tuple[str, ...]) -> dict[str, Any]:
    """Return what a page says of a checked upload, as plain values."""
    proposal = checked.proposal
    ready = {item.number for item in proposal.subjects} - {*proposal.waiting}
    return {
        "plots": len(checked.reading.candidates),
        "ready": len(checked.ready) - len(checked.held),
        "held": len(checked.held),
        "waiting": len(proposal.waiting),
        "measured_mu": f"{sum(checked.area_mu[number] for number in ready):.2f}",
        "summary": summary(checked).zh,
        "refused": _foreign(workspace, checked, units),
        "findings": said_of(checked.findings),
        "mendable": mendable(checked),
        "asked": asked_about(checked),
        "repairs": sorted({repair.id for repair in checked.repairs} | _invalid(checked)),
        "open": checked.settled is not None and checked.settled.system is None,
        "readings": [one | {"rings": one["rings"][:_OUTLINES]} for one in readings_data(checked, "zh")],
        "tells": checked.ground is not None and checked.ground.tells,
    }


def asked_about(checked: Checked) -> list[dict[str, str]]:
    """Return what the checks ask about the plots that can be submitted, and about the file as a whole, by plot."""
    items = {str(item.number): item for item in checked.proposal.subjects}
    ready = {number for number in items if int(number) not in checked.proposal.waiting}
    return [
        {"plot": label_of(items[found.feature].version, int(found.feature)) if found.feature else "", **_words(found)}
        for found in checked.findings
        if found.level == "warns" and (found.feature is None or found.feature in ready)
    ][:_ASKED]


def _words(found: Finding) -> dict[str, str]:
    return {"zh": found.message.zh, "mend": found.mend.zh}


def said_of(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return what was found as a page lists it: each message once with its count, the gravest first.

    Of more than `_SAID` messages of one level the rest is counted by check, so that a large file stays readable.
    """
    said: dict[str, Counter[tuple[str, str, str]]] = {level: Counter() for level in ("blocks", "warns")}
    left: Counter[tuple[str, str]] = Counter()
    for found in findings:
        if (messages := said.get(found.level)) is None:
            continue
        key = (found.check, found.message.zh, found.mend.zh)
        if key in messages or len(messages) < _SAID:
            messages[key] += 1
        else:
            left[found.level, found.check] += 1
    rows = [
        {"level": level, "check": check_id, "zh": zh, "mend": mend, "count": count}
        for level, messages in said.items()
        for (check_id, zh, mend), count in messages.most_common()
    ]
    more = (
        {"level": level, "check": check_id, "zh": f"另有{count}处：{title_of(check_id).zh}", "mend": "", "count": count}
        for (level, check_id), count in left.most_common()
    )
    return [*rows, *more]


def mendable(checked: Checked) -> list[dict[str, Any]]:
    """Return the plots whose boundary a person can draw anew in the page, with the first thing that is wrong.

    Not those that nobody can place: drawn anew they would say where they lie, past the detective.
    """
    stages = {name: check.stage for name, check in check_table().items()}
    wrong: dict[str | None, str] = {}
    open_ = set()
    for found in checked.findings:
        if found.level == "blocks" and found.answer != "passed" and stages.get(found.check) in _DRAWN_STAGES:
            wrong.setdefault(found.feature, found.message.zh)
        if found.level == "blocks" and stages.get(found.check) == "position":
            open_.add(found.feature)
    drawn = [
        item
        for item in checked.reading.candidates
        if item.wkb is not None and str(item.number) in wrong and not {str(item.number), None} & open_
    ]
    return [{"number": item.number, "zh": wrong[str(item.number)]} for item in drawn[:_MENDABLE]]


def _invalid(checked: Checked) -> set[str]:
    return {"make_valid"} if any(item.proposed_wkb for item in checked.reading.candidates) else set()


def _foreign(workspace: Workspace, checked: Checked, units: tuple[str, ...]) -> str:
    """Say that plots are of a unit for which the sender may not send; empty where none is."""
    if not units:
        return ""
    foreign = sorted({item.version.unit or "" for item in checked.proposal.subjects} - {*units, ""})
    names = "、".join(workspace.units[code].name_zh if code in workspace.units else code for code in foreign)
    return f"文件里有{names}的地块，您的账号不能替该单位报送。请改正单位一栏后重新上传。" if foreign else ""


def submit(folder: str, arrival: Arrival, received_at: str, sender: str, units: tuple[str, ...]) -> Any:
    """Check an upload once more and register what can come in; the same again changes nothing.

    Raises
    ------
    NotReady
        Nothing of it can come in, or it is for a unit that is not the sender's.
    """
    workspace = Workspace.open(Path(folder))
    order = order_of(workspace, arrival, received_at=received_at, sender=sender)
    upload = upload_of(workspace, arrival)
    with workspace.register() as register:
        if order.read_as is not None:
            # The choice about this file goes on record, so that the submission names it.
            choose(register, file_key(upload.sha256), order.read_as, chosen_by=sender)
            order = replace(order, read_as=None)
        checked = check_upload(workspace, upload, order)
        result = told(workspace, checked, units)
        if result["refused"]:
            raise NotReady("", detail=result["refused"].rstrip("。"))
        outcome = register_proposal(register, upload, checked.proposal, author=sender, records=records_of(checked))
    if outcome.submission_id is None:
        raise NotReady("", detail="没有可以登记的地块")
    return {**result, "submission_id": outcome.submission_id, "added": outcome.added, "repeated": outcome.repeated}
