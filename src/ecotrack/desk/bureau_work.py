"""What children do for the bureau: publish figures and maps, tell what moved since, walk the chain."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from ecotrack.desk.published import PUBLISHED_MAP, published_maps
from ecotrack.errors import NotAllowed
from ecotrack.figures.funnel import STEPS
from ecotrack.publication import Difference, FigureReader, Restatement, publish, receipts, restated
from ecotrack.publication.receipts import Receipt
from ecotrack.register import audit, stable_id
from ecotrack.reports.receipt import figure_value
from ecotrack.reports.wording import NOT_ASSESSED, UNIT_TITLES, amount, marks
from ecotrack.workspace import Workspace

_TRAIL_PAGE = 50
_CAUSES = 20
_COLUMNS = {
    "value": "数值",
    "ceiling": "最多可能",
    "rate": "完成率",
    "rank": "名次",
    "plots": "地块数",
    "count": "处数",
    "area": "面积",
    "disputed": "争议重叠",
    "overlap": "重叠",
    "net_accepted": "审核，净面积",
    "net_qualified": "合格，净面积",
    "stock": "存量",
}
"""What columns of receipts are called that are no step of a task."""


def publishable(folder: str, as_of: str) -> dict[str, Any]:
    """Return the figures of a day as they would be published (id, title, value), and the maps that can be.

    ``seq`` and ``head`` are the place that the receipts will name: what was issued since moves no figure.
    """
    from ecotrack.desk.map_work import publishable_maps  # a second of loading, for those alone who need it

    workspace = Workspace.open(Path(folder))
    with workspace.register(read_only=True) as register:
        head = register.last_said()
    view = workspace.view(as_of=dt.date.fromisoformat(as_of), seq=head.seq)
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
    maps = publishable_maps(workspace)
    return {"as_of": as_of, "seq": head.seq, "head": head.sha256, "figures": rows, "maps": maps}


def issue(folder: str, as_of: str, figures: tuple[str, ...], by: str, maps: tuple[str, ...]) -> dict[str, Any]:
    """Publish figures of a day and maps of that day, with the receipts of what each of them shows."""
    workspace, day = Workspace.open(Path(folder)), dt.date.fromisoformat(as_of)
    if not maps:
        made = publish(workspace, as_of=day, figures=figures, by=by)
        return {"receipts": [one.receipt_id for one in made], "maps": []}
    from ecotrack.desk.map_work import definitions, publish_map  # a second of loading, for those alone who need it

    drawn = definitions(workspace, maps)  # what they may not show is refused before a receipt stands
    made = publish(workspace, as_of=day, figures=figures, by=by)
    return {
        "receipts": [one.receipt_id for one in made],
        "maps": [publish_map(workspace, one, day, by) for one in drawn],
    }


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
    workspace = Workspace.open(Path(folder))
    return [_moved(one, workspace) for one in reversed(restated(workspace))]


def _moved(one: Restatement, workspace: Workspace) -> dict[str, Any]:
    causes: dict[str, int] = {}
    for cause in one.causes:
        causes[cause.kind] = causes.get(cause.kind, 0) + 1
    return {
        **_receipt(one.receipt),
        "as_of": one.receipt.as_of.isoformat(),
        "superseded": one.superseded_by is not None,
        "differences": [found.to_json() | _in_words(found, workspace) for found in one.differences],
        "causes": causes,
        "first_causes": [cause.to_json() for cause in one.causes[:_CAUSES]],
    }


def _in_words(found: Difference, workspace: Workspace) -> dict[str, str]:
    """Return a difference as people read it: names for codes, numbers as tables round them."""
    unit = workspace.units.get(found.row)
    numbers = {"published": found.published, "found": found.found}
    return {
        "row_zh": unit.name_zh if unit else found.row or "全部",
        "column_zh": column_words(found.column),
        **{f"{name}_zh": NOT_ASSESSED.zh if text is None else _rounded(text) for name, text in numbers.items()},
        "by_zh": _rounded(found.by) if found.by else "",
    }


def _rounded(text: str) -> str:
    shown = amount(float(text))
    return text if float(text) and not float(shown.replace(",", "")) else shown


def column_words(column: str) -> str:
    """Return what a column of a receipt is called in Chinese, with its unit.

    Examples
    --------
    >>> column_words("reported_mu"), column_words("value_1e8_m3"), column_words("rank"), column_words("清淤_km")
    ('上报（亩）', '数值（亿立方米）', '名次', '清淤（公里）')
    """
    unit = next((unit for unit in sorted(UNIT_TITLES, key=len, reverse=True) if column.endswith(f"_{unit}")), "")
    stem = column.removesuffix(f"_{unit}") if unit else column
    name = STEPS[stem].zh if stem in STEPS else _COLUMNS.get(stem, stem)
    return f"{name}（{UNIT_TITLES[unit].zh}）" if unit else name


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
