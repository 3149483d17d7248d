"""What children do for the bureau: publish figures and maps, tell what moved since, walk the chain."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from ecotrack.desk.published import PUBLISHED_MAP, published_maps
from ecotrack.errors import NotAllowed
from ecotrack.publication import FigureReader, Restatement, publish, receipts, restated
from ecotrack.publication.receipts import Receipt
from ecotrack.register import audit, stable_id
from ecotrack.reports.receipt import figure_value
from ecotrack.reports.wording import marks
from ecotrack.workspace import Workspace

_TRAIL_PAGE = 50
_CAUSES = 20


def publishable(folder: str, as_of: str) -> dict[str, Any]:
    """Return the figures of a day as they would be published: id, title, value."""
    view = Workspace.open(Path(folder)).view(as_of=dt.date.fromisoformat(as_of))
    reader = FigureReader(view)
    found = [reader.read(figure_id) for figure_id in reader.ids]
    rows = [
        {
            "figure": one.figure_id,
            "title": one.title.zh + marks({"sample": one.sample, "sketch": one.sketch}, "zh"),
            "value": figure_value(one, "zh"),
        }
        for one in found
    ]
    return {"as_of": as_of, "seq": view.head.seq, "head": view.head.sha256, "figures": rows}


def issue(folder: str, as_of: str, figures: tuple[str, ...], by: str, with_map: bool) -> dict[str, Any]:
    """Publish figures of a day and, if wished, the map of that day with the receipts in it."""
    workspace, day = Workspace.open(Path(folder)), dt.date.fromisoformat(as_of)
    if not with_map:
        made = publish(workspace, as_of=day, figures=figures, by=by)
        return {"receipts": [one.receipt_id for one in made], "map_sha256": ""}
    from ecotrack.desk.map_work import definition_of, publish_map  # a second of loading, for those alone who need it

    drawn = definition_of(workspace)  # what it may not show is refused before a receipt stands
    made = publish(workspace, as_of=day, figures=figures, by=by)
    return {"receipts": [one.receipt_id for one in made], "map_sha256": publish_map(workspace, drawn, day, by)}


def issued(folder: str) -> dict[str, Any]:
    """Return the receipts, those of one state together and the newest first, and the published maps."""
    with Workspace.open(Path(folder)).register(read_only=True) as register:
        found = receipts(register)
        maps = published_maps(register)
    sets: dict[tuple[str, int, str], list[Receipt]] = {}
    for one in found:
        sets.setdefault((one.as_of.isoformat(), one.head.seq, one.by), []).append(one)
    rows = [
        {
            "as_of": as_of,
            "seq": seq,
            "by": by,
            "head": some[0].head.sha256,
            "issued_on": some[0].issued_on.isoformat(),
            "figures": [_receipt(one) for one in some],
        }
        for (as_of, seq, by), some in reversed(sets.items())
    ]
    return {"sets": rows, "maps": maps}


def _receipt(one: Receipt) -> dict[str, str]:
    figure = one.figure
    return {
        "receipt": one.receipt_id,
        "figure": figure.figure_id,
        "title": figure.title.zh + marks({"sample": figure.sample, "sketch": figure.sketch}, "zh"),
        "value": figure_value(figure, "zh"),
    }


def published_map(folder: str, sha256: str) -> str:
    """Return where the bytes of a published map lie.

    Raises
    ------
    NotAllowed
        No map of this hash was published.
    """
    with Workspace.open(Path(folder)).register(read_only=True) as register:
        if not register.papers([stable_id(PUBLISHED_MAP, sha256)]):
            raise NotAllowed("")
        return str(register.raw_folder / sha256[:2] / sha256)


def moved(folder: str) -> list[dict[str, Any]]:
    """Return the published figures that what was recorded later has moved, the newest first."""
    return [_moved(one) for one in reversed(restated(Workspace.open(Path(folder))))]


def _moved(one: Restatement) -> dict[str, Any]:
    causes: dict[str, int] = {}
    for cause in one.causes:
        causes[cause.kind] = causes.get(cause.kind, 0) + 1
    return {
        **_receipt(one.receipt),
        "as_of": one.receipt.as_of.isoformat(),
        "superseded": one.superseded_by is not None,
        "differences": [found.to_json() for found in one.differences],
        "causes": causes,
        "first_causes": [cause.to_json() for cause in one.causes[:_CAUSES]],
    }


def trail(folder: str, before: int, kind: str, by: str, day: str) -> dict[str, Any]:
    """Return a page of the chain, the newest first, with its head and who recorded how much on the last days."""
    with Workspace.open(Path(folder)).register(read_only=True) as register:
        head = register.head()
        rows = register.trail(before=before, kind=kind, by=by, day=day, most=_TRAIL_PAGE + 1)
        days, names = register.trail_days(), sorted(register.accounts().values())
    return {
        "seq": head.seq,
        "head": head.sha256,
        "entries": [row._asdict() for row in rows[:_TRAIL_PAGE]],
        "more": rows[_TRAIL_PAGE - 1].seq if len(rows) > _TRAIL_PAGE else 0,
        "days": [row._asdict() for row in days],
        "names": names,
    }


def walk(folder: str) -> dict[str, Any]:
    """Walk the whole chain and say whether it holds."""
    with Workspace.open(Path(folder)).register(read_only=True) as register:
        found = audit(register)
    return {
        "sound": found.sound,
        "entries": found.entries,
        "seq": found.head.seq,
        "head": found.head.sha256,
        "broken_at": found.broken_at,
        "problem": found.problem.zh if found.problem else "",
        "missing_raw": [text.zh for text in found.missing_raw[:20]],
    }
