"""Samples for field checks in the terminal: the list of draws, and the rates with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text as RichText

from ecotrack.errors import Lang, Text
from ecotrack.figures.sampling import MEASURES
from ecotrack.reports.terminal import table
from ecotrack.reports.wording import NOT_ASSESSED, Json, marks, rate, reasons, told

_NOTE = Text(
    "分母为抽中地块的上报面积；区间为{confidence}%置信区间；合格线{bar}，有效线{effective}%。抽样只给估计，不改动任何地块的数值。",
    "The denominator is the claimed area of the drawn plots; intervals of {confidence} %; qualified at {bar}, "
    "effective at {effective} %. A sample estimates; it changes no plot's figure.",
)
_WHOLE = Text("全部核查", "all checked")
_OPEN = Text("未查完", "not all checked yet")


def samples_table(heads: Sequence[Json], lang: Lang) -> RenderableType:
    """Return the list of draws."""
    names = {"zh": ("抽样编号", "日期", "范围", "抽样人", "地块", "抽中", "种子"),
             "en": ("sample", "drawn on", "from", "by", "plots", "drawn", "seed")}[lang]  # fmt: skip
    rows = [
        [
            str(head["draw"]) + marks(head, lang),
            str(head["drawn_on"]),
            str(head["task_id"] or head["season"]),
            str(head["by"]),
            *(str(head[key]) for key in ("frame_plots", "drawn_plots", "seed")),
        ]
        for head in heads
    ]
    return table(Text("抽样", "Samples").lang(lang), [(name, i > 3) for i, name in enumerate(names)], rows)


def results_table(found: Json, lang: Lang) -> RenderableType:
    """Return the rates of a sample by unit and in all (schema ``ecotrack.sample/1``)."""
    names = {"zh": ("单位", "地块", "抽中", "已查"), "en": ("unit", "plots", "drawn", "checked")}[lang]
    titles = [title.lang(lang) + Text("（%）", " (%)").lang(lang) for title in MEASURES.values()]
    columns = [(name, i > 0) for i, name in enumerate([*names, *titles])] + [
        (Text("说明", "remarks").lang(lang), False)
    ]
    rows = [_row(row, lang) for row in [*found["units"], found["total"]]]
    note = _NOTE.format(confidence=found["confidence_pct"], bar=_bars(found), effective=found["effective_at_pct"])
    title = Text(f"抽样核查结果 {found['drawn_on']}", f"Results of the sample of {found['drawn_on']}").lang(lang)
    return Group(table(title + marks(found, lang), columns, rows, total=True), RichText(note.lang(lang)))


def _bars(found: Json) -> str:
    """Return the bar of survival, and those of units that go by another one."""
    own = [f"{unit} {bar}" for unit, bar in sorted(found["qualified_at_pct_of"].items())]
    return str(found["qualified_at_pct"]) + (f"%（{'，'.join(own)}）" if own else "%")


def _row(row: Json, lang: Lang) -> list[str]:
    counts = [str(row[key]) for key in ("plots", "drawn", "checked")]
    rates = [_rate(row[measure], lang) for measure in MEASURES]
    remarks = [_WHOLE.lang(lang)] if row["whole"] else []
    remarks += [] if row["complete"] else [_OPEN.lang(lang)]
    remarks += sorted({reasons(row[measure], lang) for measure in MEASURES} - {""})
    return [told(row, "name", lang), *counts, *rates, ("；" if lang == "zh" else "; ").join(remarks)]


def _rate(found: Json, lang: Lang) -> str:
    if found["rate_pct"] is None:
        return NOT_ASSESSED.lang(lang)
    if found["low_pct"] is None:
        return rate(found["rate_pct"])
    return f"{rate(found['rate_pct'])} [{rate(found['low_pct'])}, {rate(found['high_pct'])}]"
