"""Plots of an upload that cannot come in as they are: which a person can draw anew, and what they look like."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ecotrack.desk.arrival import Arrival
from ecotrack.desk.work import mendable, order_of, upload_of
from ecotrack.errors import NotAllowed
from ecotrack.geometry.codec import from_wkb
from ecotrack.intake.candidates import Candidate
from ecotrack.intake.check import check_upload
from ecotrack.intake.submit_fields import as_text
from ecotrack.reports.intake_page import rings_of
from ecotrack.workspace import Workspace


def candidate_to_mend(folder: str, arrival: Arrival, received_at: str, sender: str, number: int) -> dict[str, Any]:
    """Return a plot of an upload as it would be stored, crossed lines and all, with what its file says of it.

    Raises
    ------
    NotAllowed
        The upload holds no such plot, its boundary is fine, or nobody knows where it lies.
    """
    workspace = Workspace.open(Path(folder))
    order = order_of(workspace, arrival, received_at=received_at, sender=sender)
    checked = check_upload(workspace, upload_of(workspace, arrival), order)
    if number not in [plot["number"] for plot in mendable(checked)]:
        raise NotAllowed("")
    item = next((one for one in checked.reading.candidates if one.number == number), None)
    rings = rings_of(from_wkb([item.wkb])[0]) if item is not None and item.wkb is not None else []
    if item is None or not rings:
        raise NotAllowed("")
    asked = {name: arrival.asked.get(name, "") for name in ("unit", "season", "kind", "programme")}
    return {
        "version_id": "",
        "verdict": "",
        "key": f"{arrival.upload_id}-{number}",
        "label": f"第{number}块 {_short(arrival.file_name)}",
        "reason": "；".join(_blocking(item)) or "边界要改",
        "rings": rings,
        "asked": asked,
        "properties": {name: as_text(value) for name, value in item.attributes.items() if as_text(value)},
    }


def _short(file_name: str) -> str:
    """Return a file's name as a heading takes it.

    Examples
    --------
    >>> _short("甲.zip"), _short("枣强县大营镇后王家庄村东南方向沿索泸河左岸防护林带.zip")
    ('甲.zip', '枣强县大营镇后王家庄村东南方向沿索泸河左…')
    """
    return file_name if len(file_name) <= 24 else f"{file_name[:20]}…"


def _blocking(item: Candidate) -> list[str]:
    return [finding.message.zh for finding in item.findings if finding.level == "blocks"]
