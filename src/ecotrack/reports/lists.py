"""Lists of records and tasks for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import RenderableType

from ecotrack.errors import Lang, Text
from ecotrack.intake.records_known import TaskLine
from ecotrack.model import LayerDef, ProgressRecord, UnitBook
from ecotrack.reports.terminal import table
from ecotrack.reports.wording import SAMPLE, UNIT_TITLES, amount

_RECORD_COLUMNS = {
    "zh": ("记录编号", "图层", "类别", "要素", "日期", "数值", "状态", "单位", "任务", "其他", "更正"),
    "en": ("record", "layer", "kind", "feature", "on", "value", "state", "unit", "task", "fields", "corrects"),
}
_TASK_COLUMNS = {
    "zh": ("任务编号", "名称", "类别", "级别", "季节", "下达日期", "单位数", "合计（亩）"),
    "en": ("task", "title", "kind", "level", "season", "from", "units", "total (mu)"),
}


def records_table(
    records: Sequence[ProgressRecord], units: UnitBook, layers: Mapping[str, LayerDef], lang: Lang
) -> RenderableType:
    """Return records with their ids, which a correction names."""
    rows = [_record_row(record, units, layers, lang) for record in records]
    columns = [(name, name in ("数值", "value")) for name in _RECORD_COLUMNS[lang]]
    return table(Text("进度记录", "Records").lang(lang), columns, rows)


def _record_row(record: ProgressRecord, units: UnitBook, layers: Mapping[str, LayerDef], lang: Lang) -> list[str]:
    layer = layers.get(record.layer)
    kind = layer.record_kind(record.kind) if layer else None
    code = record.unit or ""
    unit = units[code].name_on(record.effective_on) if code in units else code
    shown = UNIT_TITLES.get(record.value_unit or "", Text(record.value_unit or "", record.value_unit or "")).lang(lang)
    fields = " ".join(f"{key}={value}" for key, value in record.fields.items() if value not in (None, ""))
    mark = f"（{SAMPLE.lang(lang)}）" if record.sample else ""
    return [
        record.record_id,
        (layer.title.lang(lang) if layer else record.layer) + mark,
        kind.title.lang(lang) if kind else record.kind,
        record.feature_id or "",
        record.effective_on.isoformat(),
        f"{amount(record.value, digits=4)} {shown}" if record.value is not None else "",
        record.state or "",
        unit,
        record.task_id or "",
        fields,
        (record.corrects or "")[:8],
    ]


def tasks_table(tasks: Sequence[TaskLine], lang: Lang) -> RenderableType:
    """Return tasks with their ids and totals."""
    rows = [
        [
            task.task_id,
            task.title + (f"（{SAMPLE.lang(lang)}）" if task.sample else ""),
            task.kind,
            task.level,
            task.season,
            task.effective_on.isoformat(),
            str(len(task.amounts_mu)),
            amount(task.total_mu),
        ]
        for task in tasks
    ]
    columns = [(name, i >= 6) for i, name in enumerate(_TASK_COLUMNS[lang])]
    return table(Text("任务", "Tasks").lang(lang), columns, rows)
