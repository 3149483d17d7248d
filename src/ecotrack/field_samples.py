"""Samples of plots for field checks: drawn from a view, kept in the register, found and drawn again."""

from __future__ import annotations

import datetime as dt
import secrets
from decimal import Decimal
from typing import Any

import numpy as np
import shapely

from ecotrack.errors import EmptyFrame, UnknownSample, UnknownTask
from ecotrack.figures.funnel import Task, in_task, tasks
from ecotrack.figures.plots import PlotSet, chosen_set
from ecotrack.figures.sampling import (
    DRAW_KIND,
    METHOD,
    SEED_LIMIT,
    Allocation,
    Draw,
    Frame,
    draw,
    draw_body,
    results,
)
from ecotrack.geometry.codec import from_wkb
from ecotrack.model import IssuedDocument
from ecotrack.progress import Season, season_mask
from ecotrack.progress.ledger import Mask
from ecotrack.register import Register, new_id
from ecotrack.workspace import View, Workspace


def draw_sample(
    workspace: Workspace,
    *,
    by: str,
    allocation: Allocation,
    task_id: str | None = None,
    season: str | None = None,
    level: str = "",
    seed: int | None = None,
    as_of: dt.date | None = None,
) -> IssuedDocument:
    """Draw a sample from the accepted plots of a task or a season and keep it in the register.

    Parameters
    ----------
    by
        Who draws.
    task_id, season
        Either one. A sample task draws from sample plots, a real one from real plots.
    level
        Level of the checks that will count (县, 市, 省); empty takes any.
    seed
        Drawn by lot where none is given; the register says which it was.
    as_of
        The day of the draw, on which the frame is taken; today by default.

    Raises
    ------
    UnknownTask, EmptyFrame
        There is no such task, or nothing to draw from.
    FutureDate, NoRegister
        As `ecotrack.workspace.Workspace.view` says.
    """
    view = workspace.view(as_of=as_of)
    plots, frame = frame_of(view, task_id=task_id, season=season)
    lot = secrets.randbelow(SEED_LIMIT) if seed is None else seed
    body = draw_body(frame, draw(frame, allocation, seed=lot), allocation, seed=lot) | {
        "task_id": task_id,
        "season": season,
        "level": level,
        "seed_given": seed is not None,
        "by": by,
        "seq": view.head.seq,
        "head": view.head.sha256,
    }
    document = IssuedDocument(
        document_id=new_id(), kind=DRAW_KIND, issued_on=view.as_of, body=body, sample=plots.sample
    )
    with workspace.register() as register, register.writer(author=by) as writer:
        writer.add(document)
    return document


def frame_of(view: View, *, task_id: str | None = None, season: str | None = None) -> tuple[PlotSet, Frame]:
    """Return the plots that a task or a season draws from, and the frame of the accepted ones among them.

    Raises
    ------
    UnknownTask, EmptyFrame
        There is no such task, or it has no accepted plot on the day.
    """
    board = view.scoreboard
    if task_id is not None:
        task = _task(view, task_id)
        plots = board.plot_sets[1] if task.sample else board.plot_sets[0]
        chosen = in_task(plots.columns, task)
    else:
        plots = chosen_set(board.plot_sets)
        chosen = _of_season(plots, season or "")
    frame = Frame.of(plots, chosen) if len(plots) else Frame(())
    if not frame.rows:
        raise EmptyFrame("", name=task_id or season, day=view.as_of)
    return plots, frame


def _task(view: View, task_id: str) -> Task:
    known = tasks(view.state)
    found = next((task for task in known if task_id in (task.task_id, task.title)), None)
    if found is None:
        raise UnknownTask("--task", name=task_id, known="、".join(task.task_id for task in known) or "-")
    return found


def _of_season(plots: PlotSet, season: str) -> Mask:
    try:
        asked = Season.parse(season)
    except ValueError:
        return np.zeros(len(plots), dtype=bool)
    return season_mask(plots.columns, asked)


def find_sample(register: Register, name: str) -> IssuedDocument:
    """Return the draw with this id, or the only one whose id ends so.

    Raises
    ------
    UnknownSample
        There is none, or several fit.
    """
    known = register.documents(kind=DRAW_KIND)
    found = [document for document in known if name and document.document_id.endswith(name)]
    if len(found) != 1:
        raise UnknownSample("", name=name, known="、".join(document.document_id for document in known) or "-")
    return found[0]


def drawn_plots(workspace: Workspace, sample: Draw) -> dict[str, tuple[str, shapely.Geometry]]:
    """Return name and geometry (EPSG:4490) of the drawn plots by feature id, in the versions that were drawn."""
    wanted = {row.version_id for row in sample.rows}
    with workspace.register(read_only=True) as register:
        versions = [version for version in register.versions(layer="plots") if version.version_id in wanted]
    shapes = from_wkb([version.wkb for version in versions])
    return {v.feature_id: (v.name or "", shape) for v, shape in zip(versions, shapes, strict=True)}


def sample_results(workspace: Workspace, document: IssuedDocument, *, as_of: dt.date | None = None) -> dict[str, Any]:
    """Return what the checks of a sample's plots say up to a day (`ecotrack.figures.sampling.results`).

    Raises
    ------
    FutureDate, NoRegister
        As `ecotrack.workspace.Workspace.view` says.
    """
    view = workspace.view(as_of=as_of)
    found = results(Draw.of(document), view.state.of("plots", "check"), workspace.config.rules)
    for row in found["units"]:
        unit = workspace.units.get(row["unit"])
        row["name_zh"] = unit.name_on(view.as_of) if unit else row["unit"] or "（未注明）"
        row["name_en"] = unit.name_en if unit else row["unit"] or "(none)"
    found["total"] |= {"name_zh": "合计", "name_en": "total"}
    return found | {"as_of": view.as_of.isoformat()}


def drawn_again(workspace: Workspace, document: IssuedDocument) -> list[str]:
    """Draw a sample again from the register as it stood, and return what differs: nothing where all is well.

    Returns
    -------
    list of str
        ``method``, ``frame`` or ``plots``.
    """
    body = document.body
    view = workspace.view(as_of=document.issued_on, seq=body["seq"])
    _, frame = frame_of(view, task_id=body["task_id"], season=body["season"])
    kept = Draw.of(document)
    again = draw(frame, _allocation(body), seed=body["seed"])
    same = {
        "method": body["method"] == METHOD,
        "frame": frame.sha256 == body["frame_sha256"],
        "plots": tuple(again) == kept.rows,
    }
    return [name for name, equal in same.items() if not equal]


def _allocation(body: dict[str, Any]) -> Allocation:
    share = body["fraction_pct"]
    return Allocation(fraction_pct=None if share is None else Decimal(share), per_unit=body["per_unit_plots"])
