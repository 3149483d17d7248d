"""What an import is checked against: layers, units, codes, features, and the records in force."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ecotrack.errors import UnknownLayer
from ecotrack.geometry.features import Feature
from ecotrack.intake.records_owners import Owners, owners_in
from ecotrack.model import LayerDef, ProgressRecord, UnitBook
from ecotrack.model.layers import REGISTER_SOURCE
from ecotrack.progress import PLOT_LAYER, current

if TYPE_CHECKING:
    from ecotrack.register import Register
    from ecotrack.workspace import Workspace

FeatureNames = Mapping[str, str]
"""Feature id to name."""


def today() -> dt.date:
    """Return today's day in China, where the register's days are counted."""
    return dt.datetime.now(ZoneInfo("Asia/Shanghai")).date()


@dataclass(frozen=True, kw_only=True)
class Known:
    """Everything that a row may name.

    Attributes
    ----------
    features
        Gives id and name of every feature of a layer.
    records
        Records of the register in the order of recording, corrected ones too; those of plots, of which a city has a
        million, are left out (`recorded` finds them).
    look_up
        Gives records of the register by their ids.
    owners
        Gives the units of some features of a layer (`ecotrack.intake.records_owners`).
    chainage
        Gives from where to where a feature of a layer runs, in metres of chainage; ``None`` where it has none.
    today
        Days after it are refused.
    """

    layers: Mapping[str, LayerDef]
    units: UnitBook
    code_lists: Mapping[str, Mapping[str, str]]
    features: Callable[[str], FeatureNames]
    records: Sequence[ProgressRecord] = ()
    look_up: Callable[[Sequence[str]], Sequence[ProgressRecord]] = lambda _: ()
    owners: Callable[[str, Sequence[str]], Owners] = lambda *_: {}
    chainage: Callable[[str, str], tuple[int, int] | None] = lambda _layer, _feature: None
    today: dt.date = field(default_factory=today)

    def recorded(self, ids: Iterable[str]) -> dict[str, ProgressRecord]:
        """Return those of some records, by id, that the register holds."""
        return {record.record_id: record for record in self.look_up(sorted({*ids}))}

    def layer(self, name: str, *, where: str = "") -> LayerDef:
        """Return the layer with this id or title.

        Raises
        ------
        UnknownLayer
            There is none; the message lists those that take records.
        """
        for layer in self.layers.values():
            if name.strip() in (layer.id, layer.title_zh, layer.title_en):
                return layer
        takes = "、".join(layer.id for layer in self.layers.values() if layer.records)
        raise UnknownLayer(where, name=name, known=takes)


def known_of(workspace: Workspace, register: Register | None) -> Known:
    """Return what a workspace and its register know."""
    # Read now: the register may be closed again when a row names a feature.
    kept = [name for name in workspace.layers if _in_register(workspace, name)]
    names = {name: feature_names(workspace, register, name) for name in kept}

    def features(layer_id: str) -> FeatureNames:
        if layer_id not in names:
            names[layer_id] = feature_names(workspace, register, layer_id)
        return names[layer_id]

    def chainage(layer_id: str, feature_id: str) -> tuple[int, int] | None:
        if layer_id in kept:
            return None
        return next((_chainage(one) for one in workspace.features(layer_id) if one.feature_id == feature_id), None)

    return Known(
        chainage=chainage,
        layers=workspace.layers,
        units=workspace.units,
        code_lists=workspace.config.code_lists,
        features=features,
        records=register.records(but_layer=PLOT_LAYER) if register is not None else (),
        look_up=partial(_look_up, workspace) if register is not None else lambda _: (),
        owners=partial(owners_in, workspace),
    )


def _look_up(workspace: Workspace, ids: Sequence[str]) -> list[ProgressRecord]:
    with workspace.register() as register:
        return register.records_named(ids)


def _chainage(feature: Feature) -> tuple[int, int] | None:
    low, high = feature.properties.get("from_m"), feature.properties.get("to_m")
    return None if low is None or high is None else (int(low), int(high))


def _in_register(workspace: Workspace, layer_id: str) -> bool:
    layer: LayerDef = workspace.layers[layer_id]
    return layer.source == REGISTER_SOURCE


def feature_names(workspace: Workspace, register: Register | None, layer_id: str) -> FeatureNames:
    """Return id and name of each feature of a layer, from its file or from the register."""
    if _in_register(workspace, layer_id):
        return register.feature_names(layer_id) if register is not None else {}
    return {feature.feature_id: feature.name or "" for feature in workspace.features(layer_id)}


@dataclass(frozen=True, kw_only=True)
class TaskLine:
    """One task as it stands on a day.

    Attributes
    ----------
    amounts_mu
        Task of each unit in mu, by unit code, the newest revision up to the day.
    """

    task_id: str
    title: str
    kind: str
    level: str
    season: str
    document: str
    sample: bool
    effective_on: dt.date
    amounts_mu: Mapping[str, Decimal]

    @property
    def total_mu(self) -> Decimal:
        """The whole task in mu."""
        return sum(self.amounts_mu.values(), Decimal(0))


def tasks_on(records: Sequence[ProgressRecord], day: dt.date) -> dict[str, TaskLine]:
    """Return every task that was handed down up to ``day``, by id, in order of its first day."""
    rows = [r for r in current(records) if r.layer == "tasks" and r.task_id and r.effective_on <= day]
    rows.sort(key=lambda record: (record.effective_on, record.seq))
    by_task: dict[str, list[ProgressRecord]] = {}
    for record in rows:
        by_task.setdefault(str(record.task_id), []).append(record)
    return {task_id: _task_line(task_id, lines) for task_id, lines in by_task.items()}


def _task_line(task_id: str, lines: Sequence[ProgressRecord]) -> TaskLine:
    newest = lines[-1]

    def told(name: str) -> str:
        return next((str(line.fields[name]) for line in reversed(lines) if line.fields.get(name)), "")

    return TaskLine(
        task_id=task_id,
        title=told("title") or task_id,
        kind=told("kind"),
        level=told("level"),
        season=told("season"),
        document=newest.basis_document,
        sample=newest.sample,
        effective_on=lines[0].effective_on,
        amounts_mu={line.unit: line.value for line in lines if line.unit and line.value is not None},
    )
