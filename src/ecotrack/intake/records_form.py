"""One record typed into a form: the same columns, lists and checks as the spreadsheet has."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from ecotrack.intake.records_known import Known
from ecotrack.intake.records_template import column_title, form_columns, is_required, offered
from ecotrack.model import FieldDef, LayerDef, RecordKind

_MOST_CHOICES = 500
_SELDOM = ("record_id", "corrects", "document", "sample")
_NUMBERS = ("decimal", "integer")


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One question of a form.

    Attributes
    ----------
    kind
        ``date``, ``number``, ``choice`` or ``text``.
    seldom
        Whether most records leave it empty.
    """

    name: str
    title: str
    kind: str
    required: bool
    seldom: bool
    choices: tuple[str, ...] = ()


def form_of(layer: LayerDef, kind: RecordKind, known: Known) -> tuple[FormField, ...]:
    """Return the questions for one record of a kind, in the order of the spreadsheet's columns."""
    return tuple(_question(field, layer, kind, known) for field in form_columns(layer, kind))


def _question(field: FieldDef, layer: LayerDef, kind: RecordKind, known: Known) -> FormField:
    choices = _tasks(known) if field.name == "task_id" else tuple(offered(field, layer, kind, known))
    if len(choices) > _MOST_CHOICES:
        choices = ()
    return FormField(
        name=field.name,
        title=column_title(field, kind).rstrip("*"),
        kind="choice" if choices else _kind(field),
        required=is_required(field, kind),
        seldom=field.name in _SELDOM,
        choices=choices,
    )


def _kind(field: FieldDef) -> str:
    if field.name == "effective_on" or field.type == "date":
        return "date"
    return "number" if field.name == "value" or field.type in _NUMBERS else "text"


def _tasks(known: Known) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(record.task_id for record in known.records if record.layer == "tasks" and record.task_id)
    )


def one_row(layer: LayerDef, kind: RecordKind, values: Mapping[str, str]) -> bytes:
    """Return a record as a CSV file of one row, which is then read and checked as any spreadsheet is.

    Columns that the form does not have are left out.
    """
    names = [field.name for field in form_columns(layer, kind) if values.get(field.name, "").strip()]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["layer", "record_kind", *names])
    writer.writerow([layer.id, kind.kind, *(values[name].strip() for name in names)])
    return text.getvalue().encode("utf-8-sig")
