"""Layers: where features come from, what fields they have, which records join them, how they look."""

from __future__ import annotations

from typing import Literal

import msgspec

from ecotrack.errors import Text
from ecotrack.model.texts import Color

Classification = Literal["公开", "内部", "涉密"]
CLASSIFICATIONS: tuple[Classification, ...] = ("公开", "内部", "涉密")
GeometryKind = Literal["Point", "LineString", "Polygon", "none"]
FeatureUse = Literal["required", "optional", "none"]
FieldType = Literal["text", "integer", "decimal", "date", "month", "code", "unit"]

REGISTER_SOURCE = "register"
"""``source`` of a layer whose features are kept in the register."""


class FieldDef(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One field of a layer or of a record kind.

    Attributes
    ----------
    name
        Stable English name; carries the unit of measurement where it has one (``claimed_mu``).
    type
        ``text``, ``integer``, ``decimal``, ``date``, ``month`` (2016-05), ``code`` (one of a code
        list) or ``unit`` (a unit of the workspace).
    codes
        Name of the code list, for ``code``.
    unit
        Unit of measurement, as shown.
    aliases
        Headers and attribute names under which the field is met in files.
    words
        Of a ``code``: other words for a code that are met in files, by the code.
    """

    name: str
    title_zh: str
    title_en: str
    type: FieldType = "text"
    codes: str | None = None
    unit: str | None = None
    required: bool = False
    aliases: tuple[str, ...] = ()
    words: dict[str, tuple[str, ...]] = {}
    note_zh: str = ""

    @property
    def title(self) -> Text:
        """The title in both languages."""
        return Text(self.title_zh, self.title_en)


class RecordKind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of progress record that a layer takes.

    Attributes
    ----------
    kind
        Stable English name (``check``, ``work``, ``month``, ``observation`` ...).
    effective_zh
        What the effective date is for this kind (检查日期, 截止日期 ...).
    feature
        Whether a record names a feature of the layer: ``required``, ``optional`` or ``none``.
    states
        Allowed states; empty where the kind has none.
    value_unit
        Unit of measurement of ``value``; ``None`` where the kind has no single value.
    fields
        What the kind carries beside the common fields.
    """

    kind: str
    title_zh: str
    title_en: str
    effective_zh: str = "日期"
    feature: FeatureUse = "required"
    states: tuple[str, ...] = ()
    value_title_zh: str = ""
    value_unit: str | None = None
    value_required: bool = False
    aliases: tuple[str, ...] = ()
    fields: tuple[FieldDef, ...] = ()

    @property
    def title(self) -> Text:
        """The title in both languages."""
        return Text(self.title_zh, self.title_en)


class Style(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How maps draw a layer: colours as ``#rrggbb``, widths in CSS pixels."""

    color: Color = "#555555"
    fill: Color | None = None
    fill_opacity: float = 0.35
    width: float = 1.5
    radius: float = 6.0
    dash: str | None = None
    states: dict[str, Color] = {}
    """Colour by state of the latest record."""
    show: bool = True


class CheckSetting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an office changes about one check of intake (docs/intake.md); what is left out stays as it is.

    Attributes
    ----------
    id
        The check.
    threshold
        Decimal text, in the unit of the check.
    layer
        The layer that it compares with.
    """

    id: str
    level: Literal["blocks", "warns", "notes"] | None = None
    threshold: str | None = None
    layer: str | None = None


class LayerDef(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One layer of a workspace, as ``layers/<id>.toml`` says it.

    Attributes
    ----------
    source
        Path of a vector file relative to the workspace, ``register`` for features that came through
        intake, or ``none`` for series without features.
    key
        Attribute that holds the feature id.
    classification
        公开, 内部 or 涉密: outputs refuse layers above their own level.
    responsible_units
        Codes of the units that answer for the layer.
    target
        Ids of the targets that the layer feeds.
    sketch
        Whether the geometry is a sketch (示意).
    checks
        What the office changes about checks of intake.
    """

    id: str
    title_zh: str
    title_en: str
    geometry: GeometryKind
    source: str
    classification: Classification
    responsible_units: tuple[str, ...]
    key: str = "code"
    name_field: str = "name"
    sketch: bool = False
    target: tuple[str, ...] = ()
    order: int = 100
    note_zh: str = ""
    style: Style = Style()
    fields: tuple[FieldDef, ...] = ()
    records: tuple[RecordKind, ...] = ()
    checks: tuple[CheckSetting, ...] = ()

    @property
    def title(self) -> Text:
        """The title in both languages."""
        return Text(self.title_zh, self.title_en)

    def record_kind(self, kind: str) -> RecordKind | None:
        """Return the record kind called ``kind`` (by name, title or alias), or ``None``."""
        for known in self.records:
            if kind in (known.kind, known.title_zh, known.title_en, *known.aliases):
                return known
        return None
