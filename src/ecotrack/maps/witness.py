"""What imagery says, for the page: the lake's series, land cover, verdicts on plots; none is a figure of record."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ecotrack.figures.lake_series import lake_document
from ecotrack.imagery.kept_cover import read_cover
from ecotrack.imagery.kept_verdicts import KeptVerdict, KeptVerdicts, outline_digests, read_verdicts
from ecotrack.imagery.verdict import ANSWERS
from ecotrack.maps.definition import MapDef
from ecotrack.maps.plot_rows import PlotRows, PlotsView
from ecotrack.maps.shown import SATELLITE
from ecotrack.model.layers import Classification, FieldDef, LayerDef, Style
from ecotrack.progress.ledger import STRUCK
from ecotrack.workspace import FeatureView, LayerView

if TYPE_CHECKING:
    from ecotrack.workspace import View, Workspace

LAKE = "lake"
MOST_OUTLINES = 3000
"""Plots whose verdict is drawn, contradictions first; the others are found by the filter."""
MOST_FINDINGS = 500
"""Contradictions that the panel lists."""
MOST_DAYS = 4
"""Days of looks that a card tells one by one."""
_COLORS = {"矛盾": "#c2185b", "支持": "#2456a6"}
_DRAWN = ("contradicts", "supports")


def witness_blocks(view: View, definition: MapDef) -> dict[str, Any]:
    """Return the lake's series and the land cover by key, where the map has a place for them.

    Parameters
    ----------
    view
        The workspace on the map's day.

    Raises
    ------
    UnreadableFile
        The land cover that was kept is damaged.
    """
    blocks: dict[str, Any] = {}
    if LAKE in definition.panels and LAKE in view.workspace.layers:
        found = view.layer(LAKE)
        basins = {feature.feature_id: feature.name or feature.feature_id for feature in found.features}
        blocks[LAKE] = lake_document(found.records, basins)
    cover = read_cover(view.workspace.register_path.parent, as_of=view.as_of)
    if cover and "targets" in definition.panels:
        blocks["landcover"] = cover
    return blocks


@dataclasses.dataclass(frozen=True, slots=True)
class Satellite:
    """Verdicts as a map shows them.

    Attributes
    ----------
    views
        The map's views; plots carry their verdict as an attribute, whatever it is.
    drawn
        The layer of plots with a verdict that matters.
    block
        Counts, contradictions and their small pictures, for the panel.
    """

    views: tuple[LayerView, ...]
    drawn: LayerView
    block: dict[str, Any]


def satellite(views: Sequence[LayerView], workspace: Workspace, *, as_of: dt.date) -> Satellite:
    """Join the kept verdicts to the plots of a map; a plot without one is *not run*, which is no pass.

    Parameters
    ----------
    as_of
        Day of the map: verdicts of a later one are not known yet.

    Raises
    ------
    UnreadableFile
        The kept verdicts are damaged.
    """
    kept = read_verdicts(workspace.register_path.parent)
    known = kept if kept is not None and kept.as_of <= as_of else None
    layer = _layer(workspace.config.classification)
    joined, drawn, told = [], [], []
    for view in views:
        if not isinstance(view, PlotsView):
            joined.append(view)
            continue
        verdicts = _verdicts(view.plots, known)
        joined.append(_with_answers(view, verdicts))
        drawn += _outlines(view.plots, verdicts)
        # Struck plots, and those of an earlier day of the slider, are asked about no more.
        states = view.plots.states.tolist()
        told += [one for one, state in zip(verdicts, states, strict=True) if state not in (None, STRUCK)]
    shown = LayerView(
        layer=layer, features=drawn, records=[], total=len(drawn), with_record=0, newest=None, oldest=None
    )
    return Satellite(tuple(joined), shown, _block(told, known, kept, workspace))


def _layer(classification: Classification) -> LayerDef:
    texts = (
        ("reasons", "理由", "Reasons"),
        ("days", "依据的影像日期", "Days of the looks"),
        ("clear_px", "无云像元", "Clear pixels"),
        ("ndvi", "NDVI 造林前→现在", "NDVI before → now"),
        ("change", "与周围相比的变化", "Change against the surroundings"),
    )
    return LayerDef(
        id="verdicts",
        title_zh="影像核对（不改动指标）",
        title_en="Satellite verdicts (change no figure)",
        geometry="Polygon",
        source="none",
        classification=classification,
        responsible_units=(),
        order=91,
        style=Style(color="#c2185b", fill="#c2185b", fill_opacity=0.35, width=2.0, states=_COLORS),
        fields=tuple(FieldDef(name=name, title_zh=zh, title_en=en) for name, zh, en in texts),
    )


def _verdicts(plots: PlotRows, kept: KeptVerdicts | None) -> list[KeptVerdict]:
    digests = outline_digests(plots.geometries)
    names = [str(one) for one in plots.ids.tolist()]
    if kept is None:
        return [KeptVerdict(name, "not_run", digest) for name, digest in zip(names, digests, strict=True)]
    return [kept.of(name, digest) for name, digest in zip(names, digests, strict=True)]


def _with_answers(view: PlotsView, verdicts: Sequence[KeptVerdict]) -> PlotsView:
    answers = np.empty(len(verdicts), dtype=object)
    answers[:] = [ANSWERS[one.answer].zh for one in verdicts]
    plots = dataclasses.replace(view.plots, values={**view.plots.values, SATELLITE.name: answers})
    return dataclasses.replace(view, plots=plots)


def _outlines(plots: PlotRows, verdicts: Sequence[KeptVerdict]) -> list[FeatureView]:
    rows = [row for answer in _DRAWN for row, one in enumerate(verdicts) if one.answer == answer][:MOST_OUTLINES]
    return [
        FeatureView(
            feature_id=verdicts[row].feature_id,
            name=plots.names[row],
            geometry=plots.geometries[row],
            properties=_properties(verdicts[row]),
            state=ANSWERS[verdicts[row].answer].zh,
            records=[],
            sample=bool(plots.samples[row]),
        )
        for row in rows
    ]


def _properties(one: KeptVerdict) -> dict[str, Any]:
    before, after = (f"{value:.2f}" if value is not None else "–" for value in (one.ndvi_before, one.ndvi_after))
    return {
        "reasons": "；".join(reason.zh for reason in one.reasons),
        "days": " ".join(_days(one.days)),
        "clear_px": round(one.clear_px),
        "ndvi": None if one.ndvi_after is None else f"{before} → {after}",
        "change": None if one.change is None else f"{one.change:+.2f}",
    }


def _days(days: Sequence[str]) -> list[str]:
    """Return days as they are read: of very many the first, the last and how many."""
    return [*days] if len(days) <= MOST_DAYS else [days[0], "…", days[-1], f"({len(days)})"]


def _block(
    verdicts: Sequence[KeptVerdict], known: KeptVerdicts | None, kept: KeptVerdicts | None, workspace: Workspace
) -> dict[str, Any]:
    counts = Counter(one.answer for one in verdicts)
    against = [one for one in verdicts if one.answer == "contradicts"][:MOST_FINDINGS]
    chips = known.chips if known else {}
    return {
        "as_of": known.as_of.isoformat() if known else None,
        "later": kept.as_of.isoformat() if kept and not known else None,
        "scenes": len(known.scenes) if known else 0,
        "sample": bool(known and known.sample),
        "counts": [
            {"answer": answer, "zh": text.zh, "en": text.en, "plots": counts[answer]}
            for answer, text in ANSWERS.items()
        ],
        "contradictions": [
            {
                "id": one.feature_id,
                "zh": "；".join(reason.zh for reason in one.reasons),
                "en": "; ".join(reason.en for reason in one.reasons),
                "unit": _unit(one.unit, workspace),
                "days": _days(one.days),
            }
            for one in against
        ],
        "chips": {
            one.feature_id: [
                {"day": chip.day, "before": chip.before, "jpeg": chip.jpeg} for chip in chips[one.feature_id]
            ]
            for one in against
            if one.feature_id in chips
        },
    }


def _unit(code: str | None, workspace: Workspace) -> dict[str, str]:
    found = workspace.units.get(code) if code else None
    return {"zh": found.name_zh, "en": found.name_en} if found else {"zh": code or "", "en": code or ""}
