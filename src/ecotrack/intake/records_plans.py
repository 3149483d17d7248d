"""Which layer and record kind a sheet is for, told from what is asked, its title, its name or its columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from ecotrack.errors import Text, UnreadableFile
from ecotrack.intake.records_columns import (
    Plan,
    columns_of,
    ignored_titles,
    knows,
    progress_columns,
    progress_role,
    rivals,
)
from ecotrack.intake.records_known import Known
from ecotrack.intake.tables import Sheets, read_tables
from ecotrack.intake.tables_cells import Row, Table, fold, header_forms
from ecotrack.model import LayerDef, RecordKind

Choice = tuple[LayerDef, RecordKind]
"""A layer and one of its record kinds."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan and the rows of its table that it is for."""

    plan: Plan
    rows: tuple[Row, ...]


def record_tables(path: Path, known: Known) -> Sheets:
    """Read the sheets of a file that have columns which some record kind has.

    Raises
    ------
    MissingFile, EmptyFile, UnreadableFile
        As `ecotrack.intake.tables.read_tables` says.
    """
    forms = knows(known.layers.values())

    def known_header(text: str) -> bool:
        return bool(set(header_forms(text)) & forms) or progress_role(text) is not None

    return read_tables(path, knows=known_header)


def plan_tables(tables: Sequence[Table], known: Known, *, layer: str | None, kind: str | None) -> list[Planned]:
    """Return how the rows of each table are read; sheets without any row are left out.

    Raises
    ------
    UnknownLayer
        ``layer``, or a layer named in a row, is none of the workspace.
    UnreadableFile
        The kind of a sheet cannot be told; the message lists what is possible.
    """
    return [planned for table in tables if table.rows for planned in _plan(table, known, layer, kind)]


def _plan(table: Table, known: Known, layer: str | None, kind: str | None) -> Iterator[Planned]:
    asked = _choices(known, layer, kind, table)
    titled = None if layer or kind else _titled(table, asked)
    if titled is None and "reports" in known.layers and _is_progress(table, asked):
        yield Planned(progress_plan(table, known.layers["reports"], value="done_mu"), table.rows)
        return
    said = _Said(_common_column(table, "图层", "layer"), _common_column(table, "记录类别", "record_kind"))
    if titled is None and said.kind is not None and any(not row.cell(said.kind).blank for row in table.rows):
        yield from _by_row(table, known, asked, said)
        return
    yield Planned(_whole(table, titled or _only(table, asked)), table.rows)


def _choices(known: Known, layer: str | None, kind: str | None, table: Table) -> list[Choice]:
    layers: Iterable[LayerDef] = [known.layer(layer, where=table.place())] if layer else known.layers.values()
    found = [(one, each) for one in layers for each in one.records if kind is None or one.record_kind(kind) == each]
    if not found:
        raise _untold(table, [(one, each) for one in known.layers.values() for each in one.records])
    return found


def _titled(table: Table, choices: Sequence[Choice]) -> Choice | None:
    """Return the choice that the form names above the table (``lake/observation``) or as the sheet's name."""
    texts = {fold(part) for title in table.titles for part in re.findall(r"[\w.]+/[\w.]+", title)}
    for layer, kind in choices:
        if f"{layer.id}/{kind.kind}" in texts:
            return layer, kind
    named = [(layer, kind) for layer, kind in choices if layer.record_kind(table.sheet) == kind and table.sheet]
    return named[0] if len(named) == 1 and named[0][0].id not in ("reports", "tasks") else None


def _is_progress(table: Table, choices: Sequence[Choice]) -> bool:
    roles = progress_columns(table.headers)
    reports = next((choice for choice in choices if choice[0].id == "reports"), None)
    # A sheet about features (完成起点桩号, 完成长度) speaks of 完成 too, and is no progress report.
    named = {"feature_id", "record_kind", "layer"} & set(_common(table.headers, choices))
    return reports is not None and not named and {"unit", "done_mu"} <= set(roles)


def _common(headers: Sequence[str], choices: Sequence[Choice]) -> Iterator[str]:
    for layer, kind in choices:
        yield from columns_of(layer, kind, headers)


def progress_plan(table: Table, layer: LayerDef, *, value: str) -> Plan:
    """Return the plan of a progress sheet whose ``value`` column (``done_mu`` or ``task_mu``) is kept."""
    kind = layer.records[0]
    roles = progress_columns(table.headers)
    columns = columns_of(layer, kind, table.headers) if value == "done_mu" else {}
    columns = {key: column for key, column in columns.items() if column not in roles.values()}
    columns |= {key: roles[key] for key in ("unit", "task_id", "effective_on") if key in roles}
    columns["value"] = roles[value]
    # Of several columns of tasks (春季, 全年) none can be compared with the registered one.
    checked = {key: roles[key] for key in ("task_mu", "rate_pct") if key in roles and not rivals(table.headers, key)}
    used = columns | ({"rank": roles["rank"]} if "rank" in roles else {}) | roles
    ignored = ignored_titles(table.headers, used)
    return Plan(table, layer, kind, columns | (checked if value == "done_mu" else {}), ignored)


def _common_column(table: Table, *names: str) -> int | None:
    return next((c for c, header in enumerate(table.headers) if header_forms(header)[0] in names), None)


@dataclass(frozen=True, slots=True)
class _Said:
    """The columns in which each row says its layer and its kind."""

    layer: int | None
    kind: int | None


def _by_row(table: Table, known: Known, asked: Sequence[Choice], said: _Said) -> Iterator[Planned]:
    def choice(row: Row) -> Choice:
        layer_text = row.cell(said.layer).text if said.layer is not None else ""
        kind_text = row.cell(said.kind).text if said.kind is not None else ""
        if layer_text:
            known.layer(layer_text, where=table.place(str(row.number)))
        fits = [
            (layer, kind)
            for layer, kind in asked
            if (not layer_text or layer_text in (layer.id, layer.title_zh, layer.title_en))
            and (not kind_text or layer.record_kind(kind_text) == kind)
        ]
        if len(fits) != 1:
            raise _untold(table, fits or list(asked), row=row)
        return fits[0]

    chosen = [(choice(row), row) for row in table.rows]
    for _, group in groupby(sorted(chosen, key=lambda item: _key(item[0])), key=lambda item: _key(item[0])):
        members = list(group)
        yield Planned(_whole(table, members[0][0]), tuple(row for _, row in members))


def _key(choice: Choice) -> tuple[str, str]:
    return choice[0].id, choice[1].kind


def _whole(table: Table, choice: Choice) -> Plan:
    columns = columns_of(*choice, table.headers)
    return Plan(table, *choice, columns, ignored_titles(table.headers, columns))


def _only(table: Table, choices: Sequence[Choice]) -> Choice:
    """Return the one choice whose required columns the table has and of whose columns it has the most."""
    if len(choices) == 1:
        return choices[0]
    scores = {index: _score(table, choice) for index, choice in enumerate(choices)}
    best = max(scores.values(), default=0)
    winners = [index for index, score in scores.items() if score == best]
    if best == 0 or len(winners) != 1:
        raise _untold(table, [choices[index] for index in winners] if best else list(choices))
    return choices[winners[0]]


def _score(table: Table, choice: Choice) -> int:
    layer, kind = choice
    columns = columns_of(layer, kind, table.headers)
    needed = [field.name for field in kind.fields if field.required]
    needed += ["value"] if kind.value_required else []
    needed += ["feature_id"] if kind.feature == "required" else []
    own = [field.name for field in kind.fields] + ["value"]
    return sum(2 if key in own else 1 for key in columns) if all(key in columns for key in needed) else 0


def _untold(table: Table, choices: Sequence[Choice], *, row: Row | None = None) -> UnreadableFile:
    listed = "、".join(f"{layer.id}/{kind.kind}（{kind.title_zh}）" for layer, kind in choices)
    hint = Text(f"请用 --layer 和 --kind 指明，可选：{listed}", f"say it with --layer and --kind; possible: {listed}")
    place = table.place(str(row.number) if row else "")
    return UnreadableFile(place, detail=Text("认不出是哪类记录", "which kind of record is not told"), hint=hint)
