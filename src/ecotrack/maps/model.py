"""What one map shows, as values: the definition, the layers' views, the scoreboard."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from ecotrack.errors import (
    AboveClassification,
    BadConfig,
    Lang,
    NoApprovalNumber,
    PlotsOnPublicMap,
    UnknownLayer,
)
from ecotrack.maps.base_map import BaseMap, base_map
from ecotrack.maps.definition import FOLDER, LayerGroup, MapDef
from ecotrack.maps.plot_rows import plots_view
from ecotrack.maps.receipt import map_receipt
from ecotrack.maps.review_layer import overlap_layer, overlaps_view
from ecotrack.maps.timeline import Moment, Told, days_between, moment, moments
from ecotrack.maps.unit_map import of_unit
from ecotrack.maps.witness import satellite, witness_blocks
from ecotrack.model.layers import CLASSIFICATIONS, REGISTER_SOURCE, Classification, LayerDef
from ecotrack.progress import plot_coverage

if TYPE_CHECKING:
    from ecotrack.workspace import LayerView, View, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class MapModel:
    """Everything that a map draws; making it into a page computes no figure.

    Attributes
    ----------
    definition
        The map as ``maps/<name>.toml`` says it.
    views
        One view per layer, geometry in EPSG:4490 longitude/latitude, in the order of the layer control.
    scoreboard
        The scoreboard as ``ecotrack stats --json`` gives it (schema ``ecotrack.scoreboard/1``).
    code_lists
        Code to text, by list.
    unit_names
        Unit code to name.
    lang
        Language in which the page opens.
    timeline
        What the workspace says on each day of the slider, the map's own day last; empty without a slider.
    base
        Online base; ``None`` is a page that asks no network for anything.
    witness
        What imagery says, as blocks of the page by key: the lake's series, verdicts on plots.
    receipt
        Of which state the figures are (schema ``ecotrack.receipt-block/1``); ``None`` without any figure.
    """

    definition: MapDef
    views: tuple[LayerView, ...]
    scoreboard: dict[str, Any]
    code_lists: dict[str, dict[str, str]] = field(default_factory=dict)
    unit_names: dict[str, str] = field(default_factory=dict)
    lang: Lang = "zh"
    timeline: tuple[Moment, ...] = ()
    base: BaseMap | None = None
    witness: dict[str, Any] = field(default_factory=dict)
    receipt: dict[str, Any] | None = None

    @property
    def days(self) -> list[str]:
        """Days of the slider, as 2016-03-31; the map's own day alone where there is no slider."""
        return [one.day.isoformat() for one in self.timeline] or [str(self.scoreboard["as_of"])]

    def colors(self, layer: LayerDef) -> dict[str, str]:
        """Return the colours of a layer's states on this map, in the order of the legend."""
        paint = self.definition.paint_of(layer.id)
        return paint.colors if paint and paint.colors else layer.style.states

    @classmethod
    def of(
        cls,
        workspace: Workspace,
        definition: MapDef,
        *,
        as_of: dt.date | None = None,
        as_known: dt.datetime | None = None,
        lang: Lang = "zh",
        base_key: str | None = None,
        tell: Told | None = None,
    ) -> MapModel:
        """Assemble the model of one map of a workspace.

        Parameters
        ----------
        workspace
            The open workspace.
        definition
            Which map.
        as_of
            Day whose state is shown (Asia/Shanghai); ``None`` is today.
        as_known
            Instant (UTC) up to which what was recorded counts; ``None`` is now.
        base_key
            Key of the online base, which is then written into the page.
        tell
            Told of each step of a long build.

        Raises
        ------
        UnknownLayer, BadConfig, AboveClassification, NoApprovalNumber, PlotsOnPublicMap
            As `check_levels` says.
        ShiftedBase, UnknownBase
            As `ecotrack.maps.base_map.base_map` says.
        FutureDate, NoRegister, MissingFile
            As `ecotrack.workspace.Workspace.view` says.
        """
        check_levels(definition, workspace.layers, figures=workspace.config.classification)
        base = base_map(definition.base, key=base_key) if definition.base else None
        strange = sorted({*definition.targets} - {target.id for target in workspace.targets})
        if strange:
            raise BadConfig(f"maps/{definition.id}.toml", detail=f"targets: {strange[0]!r}")
        view = workspace.view(as_of=as_of, as_known=as_known)
        others = {one: view.layer(one) for one in definition.layers if not _of_plots(workspace, one)}
        timeline = _timeline(view, definition, list(others.values()), tell)
        views = [
            others.get(one)
            or plots_view(view, workspace.layer(one), timeline=timeline, most_records=definition.records_shown)
            for one in definition.layers
        ]
        views = [of_unit(one, workspace, unit=definition.unit, as_of=view.as_of) for one in views]
        witness = witness_blocks(view, definition)
        if definition.review:
            overlaps = overlap_layer(workspace.config.classification)
            verdicts = satellite(views, workspace, as_of=view.as_of)
            views = [overlaps_view(view, layer=overlaps), verdicts.drawn, *verdicts.views]
            definition = _with_review_group(definition, overlaps, verdicts.drawn.layer)
            witness["satellite"] = verdicts.block
        return cls(
            definition=definition,
            views=tuple(views),
            scoreboard=view.to_json(),
            code_lists=workspace.config.code_lists,
            unit_names={unit.code: unit.name_zh for unit in workspace.units},
            lang=lang,
            timeline=tuple(timeline),
            base=base,
            witness=witness,
            receipt=map_receipt(definition, view),
        )


def _with_review_group(definition: MapDef, *layers: LayerDef) -> MapDef:
    group = LayerGroup(title_zh="复核", title_en="Review", layers=tuple(layer.id for layer in layers))
    return msgspec.structs.replace(definition, groups=(group, *definition.groups))


def _timeline(view: View, definition: MapDef, views: list[LayerView], tell: Told | None) -> list[Moment]:
    if definition.periods == "none":
        return []
    of_plots = any(_of_plots(view.workspace, one) for one in definition.layers)
    found = [one.oldest for one in views] + ([_oldest_of_plots(view)] if of_plots else [])
    oldest = min((day for day in found if day), default=view.as_of)
    days = days_between(definition.periods_from or oldest, view.as_of, step=definition.periods)
    earlier = moments(view, days[:-1], layers=definition.layers, tell=tell)
    return [*earlier, moment(view, layers=definition.layers)]


def _of_plots(workspace: Workspace, name: str) -> bool:
    return workspace.layer(name).source == REGISTER_SOURCE


def _oldest_of_plots(view: View) -> dt.date | None:
    parts = [view.state.standing_checks, view.state.standing_notes]
    return plot_coverage(view.scoreboard.plots.columns, parts).oldest


def check_levels(definition: MapDef, layers: dict[str, LayerDef], *, figures: Classification) -> None:
    """Refuse a map that would show more than its level allows.

    Parameters
    ----------
    definition
        The map.
    layers
        The workspace's layers by id.
    figures
        Classification of the workspace's figures, which the panels show.

    Raises
    ------
    UnknownLayer
        The map names a layer that the workspace does not have.
    BadConfig
        It names a layer without geometry, or one twice, or says how to draw one that it does not show.
    AboveClassification
        A layer, or the figures in a panel, stand above the map's level.
    NoApprovalNumber
        The map is public and has no map approval number (审图号).
    PlotsOnPublicMap
        The map is public and would show geometry that came through the register.
    """
    where = f"{FOLDER}/{definition.id}.toml"
    chosen = [_layer(layers, name, where) for name in definition.layers]
    _refuse_strays(definition, where)
    for layer in chosen:
        _refuse_above(layer.title_zh, layer.classification, definition, where)
    if definition.panels:
        _refuse_above("/".join(definition.panels), figures, definition, where)
    if definition.classification == "公开":
        if not (definition.approval_number or "").strip():
            raise NoApprovalNumber(where, name=definition.id)
        for layer in chosen:
            if layer.source == REGISTER_SOURCE:
                raise PlotsOnPublicMap(where, layer=layer.title_zh)


def _layer(layers: dict[str, LayerDef], name: str, where: str) -> LayerDef:
    if name not in layers:
        raise UnknownLayer(where, name=name, known=", ".join(layers))
    if layers[name].geometry == "none":
        raise BadConfig(where, detail=f"layer {name!r} has no geometry")
    return layers[name]


def _refuse_strays(definition: MapDef, where: str) -> None:
    shown = list(definition.layers)
    twice = sorted({name for name in shown if shown.count(name) > 1})
    if twice:
        raise BadConfig(where, detail=f"layer {twice[0]!r} twice")
    told = [
        *(("labels", name) for name in definition.labels),
        *(("paint", paint.layer) for paint in definition.paint),
        *(("hidden", name) for group in definition.groups for name in group.hidden),
    ]
    for key, name in told:
        if name not in shown:
            raise BadConfig(where, detail=f"{key}: layer {name!r} is in no group")


def _refuse_above(name: str, level: Classification, definition: MapDef, where: str) -> None:
    if CLASSIFICATIONS.index(level) > CLASSIFICATIONS.index(definition.classification):
        raise AboveClassification(where, layer=name, level=level, ceiling=definition.classification)
