"""Targets: what was promised, by when, and which measure answers for it."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

from ecotrack.errors import Text
from ecotrack.model.texts import Number

Direction = Literal[">=", "<="]
ParamValue = str | int | bool | list[str]


LAYER_PARAMS = frozenset({"layer", "zone_layer", "zones", "builtup"})
"""Settings of measures that name a layer."""


class TargetDef(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One target of the workspace.

    Attributes
    ----------
    id
        Short stable id (``lake``, ``ring``, ``year`` ...).
    measure
        Name of the measure in `ecotrack.figures` that computes it.
    value
        The target value as decimal text, in ``unit``.
    unit
        Suffix that names the unit in every key (``km2``, ``mu``, ``pct``, ``points`` ...).
    deadline
        Last day on which it can be met; ``None`` where it runs from a date that is itself a record.
    params
        Settings of the measure (the year, the layer, the list ...).
    source
        Where the target was set.
    """

    id: str
    title_zh: str
    title_en: str
    measure: str
    value: Number
    unit: str
    direction: Direction
    source: str
    deadline: dt.date | None = None
    params: dict[str, ParamValue] = {}
    note_zh: str = ""
    note_en: str = ""

    @property
    def title(self) -> Text:
        """The title in both languages."""
        return Text(self.title_zh, self.title_en)
