"""The receipt of a map: which state its figures are of, so that each can be computed again."""

from __future__ import annotations

from typing import Any

from ecotrack.figures.funnel import STEPS
from ecotrack.maps.definition import MapDef
from ecotrack.publication import publish, receipt_block
from ecotrack.workspace import View


def figures_shown(definition: MapDef, view: View) -> list[str]:
    """Return the ids of the figures that stand in a map's panels, as `ecotrack publish --figure` takes them.

    Every one of them stands on the page as of the map's own day; days of its slider have none.
    """
    targets = [target.id for target in view.workspace.targets]
    tasks = [funnel.task.task_id for funnel in view.scoreboard.funnels]
    kilometres = ["km_treated"] if not definition.targets or "reaches" in definition.layers else []
    of_panel = {
        "targets": [*(definition.targets or targets), *kilometres],
        "lake": [one for one in targets if one == "lake"],
        "funnel": [f"{task}/{step}" for task in tasks for step in STEPS],
        "units": [f"{task}/{step}" for task in tasks for step in ("assigned", "reported", "rate")],
        "findings": [],
    }
    return [*dict.fromkeys(one for panel in definition.panels for one in of_panel[panel])]


def issue_receipts(definition: MapDef, view: View, *, by: str) -> None:
    """Publish the figures of a map as of the view's day (`ecotrack.publication.publish`).

    Raises
    ------
    FutureDate, NoRegister
        As `ecotrack.publication.publish` says.
    """
    publish(view.workspace, as_of=view.as_of, figures=figures_shown(definition, view), by=by)


def map_receipt(definition: MapDef, view: View) -> dict[str, Any] | None:
    """Return the receipt block of a map's figures (`ecotrack.publication.receipt_block`); ``None`` without any."""
    shown = figures_shown(definition, view)
    return receipt_block(view, shown) if shown else None
