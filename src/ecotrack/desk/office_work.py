"""What children do for a unit's office: what is overdue, and what falls due soon."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np

from ecotrack.desk.board import write_whole
from ecotrack.intake.check_record import records_about
from ecotrack.progress.ledger import Mask
from ecotrack.progress.plots import PlotColumns
from ecotrack.review import pending
from ecotrack.workspace import View, Workspace

_SHOWN = 500
_SOON_DAYS = 60
_TOLD = {"unit": "responsible_unit", "due_on": "due_on", "zh": "zh"}


def due(folder: str, path: str) -> None:
    """Write for every unit the plots whose survival check is overdue or due within 60 days, and what waits longest.

    Sample plots come after the real ones and are counted for themselves.
    """
    workspace = Workspace.open(Path(folder))
    view = workspace.view()
    document = {"as_of": view.as_of.isoformat(), "units": _checks(view), "findings": _findings(workspace, view.as_of)}
    write_whole(Path(path), json.dumps(document, ensure_ascii=False).encode())


def _checks(view: View) -> dict[str, Any]:
    columns = view.state.columns
    day = view.as_of.toordinal()
    waits = columns.accepted & ~columns.checked & (columns.due > 0)
    late = waits & columns.overdue
    soon = waits & ~columns.overdue & (columns.due <= day + _SOON_DAYS)
    found = {}
    for code in columns.units.distinct(late | soon):
        own = columns.units.is_(code)
        found[code] = {
            "overdue": _listed(columns, late & own, day),
            "overdue_count": int(np.count_nonzero(late & own)),
            "overdue_sample": int(np.count_nonzero(late & own & columns.sample)),
            "soon": _listed(columns, soon & own, day),
            "soon_count": int(np.count_nonzero(soon & own)),
        }
    return found


def _listed(columns: PlotColumns, which: Mask, day: int) -> list[dict[str, Any]]:
    places = np.flatnonzero(which)
    places = places[np.lexsort((columns.due[places], columns.sample[places]))][:_SHOWN]
    return [
        {
            "feature_id": columns.features[i],
            "due_on": dt.date.fromordinal(int(columns.due[i])).isoformat(),
            "days_late": day - int(columns.due[i]),
            "sample": bool(columns.sample[i]),
        }
        for i in places.tolist()
    ]


def _findings(workspace: Workspace, day: dt.date) -> list[dict[str, Any]]:
    """Return the findings on submissions that still wait whose day has passed, for the unit that has to act."""
    with workspace.register(read_only=True) as register:
        waiting = [one.submission.submission_id for one in pending(register) if one.waiting]
        papers = records_about(register, waiting)
    return [
        {name: found[key] for name, key in _TOLD.items()}
        | {"file_name": paper.body["file_name"], "sample": paper.sample}
        for paper in papers.values()
        for found in paper.body["findings"]
        if found["due_on"] and found["due_on"] < day.isoformat()
    ]
