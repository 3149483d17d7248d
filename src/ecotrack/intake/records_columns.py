"""Column titles to the keys of records: what `layers/*.toml` says, and the words of progress sheets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ecotrack.errors import Text
from ecotrack.intake.records_values import measure_key, measure_title
from ecotrack.intake.tables_cells import Row, Table, fold, header_forms
from ecotrack.model import FieldDef, LayerDef, RecordKind

ERROR_TITLE = Text("错误", "errors")
"""Title of the column that a refused sheet comes back with."""

COMMON = (
    FieldDef(name="record_id", title_zh="记录编号", title_en="Record id"),
    FieldDef(name="layer", title_zh="图层", title_en="Layer", aliases=("layer_id",)),
    FieldDef(name="record_kind", title_zh="记录类别", title_en="Record kind", aliases=("类别", "kind")),
    FieldDef(name="feature_id", title_zh="要素编号", title_en="Feature id", aliases=(
        "要素", "feature", "小班号", "地块编号", "河段编号", "断面编号", "分区编号",
        "湖区", "湖区编号", "plot_id", "reach_id", "section_id", "zone_id", "basin",
    )),
    FieldDef(name="feature_name", title_zh="要素名称", title_en="Feature name"),
    FieldDef(name="effective_on", title_zh="日期", title_en="Date", aliases=(
        "生效日期", "截止日期", "截至日期", "截止时间", "统计日期", "period_end",
    )),
    FieldDef(name="value", title_zh="数值", title_en="Value"),
    FieldDef(name="value_unit", title_zh="计量单位", title_en="Unit of measurement"),
    FieldDef(name="state", title_zh="状态", title_en="State", aliases=("status",)),
    FieldDef(name="unit", title_zh="责任单位", title_en="Responsible unit", aliases=(
        "单位", "unit", "单位名称", "县市区", "县区", "区县", "县", "行政区", "地区", "county", "report_unit",
    )),
    FieldDef(name="task_id", title_zh="任务编号", title_en="Task id", aliases=("任务号", "任务代码")),
    FieldDef(name="document", title_zh="依据文件", title_en="Document", aliases=("文件", "文号", "basis_document")),
    FieldDef(name="corrects", title_zh="更正记录编号", title_en="Corrects record", aliases=("更正",)),
    FieldDef(name="sample", title_zh="示例", title_en="Sample"),
)  # fmt: skip
"""The columns that every kind of record has."""

_RANK = {"名次", "排名", "位次", "序号", "rank", "no", "序", "排序", "顺序"}
_NOT_CUMULATIVE = re.compile(
    r"本期|本周|本月|本旬|当日|当天|今日|昨日|日完成|新增|较上|比上|环比|增加|未完成|剩余|尚欠|欠|差额|其中"
)
_NOT_CUMULATIVE_EN = re.compile(r"remaining|increment|this_week|this_month|daily|undone|implied|left")
_DONE = re.compile(r"完成|累计|已造|已栽|实绩|实际造林|进度|done|complet|finish|^reported|cumul|^planted")
_TASK = re.compile(r"任务|计划|目标|下达|task|assigned|^plan(?!ted)|^target|quota")
_AREA = re.compile(r"造林面积|绿化面积|栽植面积")
_RATE = re.compile(r"率|%|比例|百分比|占任务|rate|pct|percent|share")


@dataclass(frozen=True, slots=True)
class RowError:
    """One thing wrong in one row.

    Attributes
    ----------
    sheet, row
        Name of the sheet (empty for CSV) and number of the row, counted from 1.
    column
        Column counted from 0; ``None`` where the whole row is meant.
    title
        Title of the column, for the reader.
    header_row
        Number of the row with the column titles.
    """

    sheet: str
    row: int
    message: Text
    column: int | None = None
    title: str = ""
    header_row: int = 1

    @property
    def line(self) -> Text:
        """The error as one line: where it is and what is wrong."""
        at = f" {self.title}" if self.title else ""
        sheet = f"{self.sheet} " if self.sheet else ""
        return Text(f"{sheet}第{self.row}行{at}：{self.message.zh}", f"{sheet}row {self.row}{at}: {self.message.en}")


@dataclass(frozen=True, slots=True)
class Plan:
    """How one table is read: its layer and kind, and the column of each key.

    Attributes
    ----------
    columns
        Key of a common column or of a kind's field, to the column counted from 0. Progress sheets may
        have ``task_mu``, ``rate_pct`` beside them, which are checked and not kept.
    ignored
        Titles of the columns that are not read.
    """

    table: Table
    layer: LayerDef
    kind: RecordKind
    columns: Mapping[str, int]
    ignored: tuple[str, ...] = ()

    def header(self, key: str) -> str:
        """Return the title of a key's column in the file, or its title in the form."""
        column = self.columns.get(key)
        header = self.table.headers[column] if column is not None else key
        if header != key:
            return header
        return next((field.title_zh for field in form_fields(self.layer, self.kind) if field.name == key), key)

    def error(self, row: Row, key: str, zh: str, en: str) -> RowError:
        """Return an error in the column of ``key`` of a row."""
        column = self.columns.get(key)
        return RowError(
            sheet=self.table.sheet,
            row=row.number,
            message=Text(zh, en),
            column=column,
            title=self.header(key) if column is not None else "",
            header_row=self.table.header_row,
        )


def form_fields(layer: LayerDef, kind: RecordKind) -> tuple[FieldDef, ...]:
    """Return the columns of the form for one record kind, in order, with the titles that it uses."""
    return tuple(_titled(field, kind) for field in COMMON if _used(field.name, layer, kind)) + kind.fields


def _used(name: str, layer: LayerDef, kind: RecordKind) -> bool:
    if name in ("feature_id", "feature_name"):
        return kind.feature != "none"
    if name in ("value", "value_unit"):
        return kind.value_unit is not None
    if name == "task_id":
        return layer.id in ("plots", "reports", "tasks")
    return name != "state" or bool(kind.states)


def _titled(field: FieldDef, kind: RecordKind) -> FieldDef:
    title_zh, unit = field.title_zh, field.unit
    aliases = (*field.aliases, field.title_zh)
    if field.name == "effective_on":
        title_zh = kind.effective_zh
    if field.name == "value" and kind.value_unit is not None:
        title_zh, unit = kind.value_title_zh or title_zh, measure_title(kind.value_unit)
        aliases += (f"value_{kind.value_unit}",)
    return FieldDef(
        name=field.name, title_zh=title_zh, title_en=field.title_en, unit=unit, aliases=aliases, type=field.type
    )


def _spellings(field: FieldDef) -> set[str]:
    texts = (field.name, field.title_zh, field.title_en, *field.aliases)
    return {header_forms(text)[0] for text in texts} | {fold(field.name)}


def columns_of(layer: LayerDef, kind: RecordKind, headers: Sequence[str]) -> dict[str, int]:
    """Return the column of each key of a kind that the headers name; a kind's fields go before common ones.

    Examples
    --------
    >>> kind = RecordKind(kind="observation", title_zh="观测", title_en="Observation", value_unit="km2",
    ...     value_title_zh="水面面积", effective_zh="观测日期")
    >>> layer = LayerDef(id="lake", title_zh="湖", title_en="Lake", geometry="Polygon", source="none",
    ...     classification="公开", responsible_units=(), records=(kind,))
    >>> columns_of(layer, kind, ["观测日期", "水面面积（平方公里）", "备注"])
    {'effective_on': 0, 'value': 1}
    """
    found: dict[str, int] = {}
    plot_aliases = next((field.aliases for field in layer.fields if field.name == "feature_id"), ())
    for field in (*kind.fields, *form_fields(layer, kind)):
        names = _spellings(field)
        if field.name == "feature_id":
            names |= {header_forms(alias)[0] for alias in plot_aliases} - {"id"}
        column = _column(headers, names, taken=found.values())
        if column is not None and field.name not in found:
            found[field.name] = column
    return _tell_units_apart(found, headers)


def _column(headers: Sequence[str], names: set[str], *, taken: Iterable[int]) -> int | None:
    used = set(taken)
    for position in (0, 1):
        for column, header in enumerate(headers):
            if header and column not in used and header_forms(header)[position] in names:
                return column
    return None


def _tell_units_apart(found: dict[str, int], headers: Sequence[str]) -> dict[str, int]:
    # 单位 is the organisation, unless 责任单位 stands beside it: then it is the unit of measurement.
    plain_unit = next((c for c, header in enumerate(headers) if header_forms(header)[0] == "单位"), None)
    if plain_unit is not None and "unit" in found and found["unit"] != plain_unit and "value" in found:
        found.setdefault("value_unit", plain_unit)
    return found


def progress_role(header: str) -> str | None:
    """Return what a column of a progress sheet holds, told from the words of its title.

    Examples
    --------
    >>> [progress_role(text) for text in ("名次", "县（市、区）", "任务（亩）", "累计完成（亩）", "完成率（%）")]
    ['rank', 'unit', 'task_mu', 'done_mu', 'rate_pct']
    >>> progress_role("本周完成（亩）") is None
    True
    """
    whole, bare = header_forms(header)
    if not whole or len(whole) > 24:
        return None
    if bare in _RANK:
        return "rank"
    for field in COMMON:
        if field.name in ("unit", "task_id", "effective_on") and {whole, bare} & _spellings(field):
            return field.name
    if _RATE.search(whole):
        return "rate_pct"
    if _NOT_CUMULATIVE.search(whole) or _NOT_CUMULATIVE_EN.search(whole):
        return None
    return _amount_role(whole)


def _amount_role(whole: str) -> str | None:
    if "应完成" in whole:
        return "task_mu"
    if _DONE.search(whole):
        return "done_mu"
    if _TASK.search(whole):
        return "task_mu"
    return "done_mu" if _AREA.search(whole) else None


def progress_columns(headers: Sequence[str]) -> dict[str, int]:
    """Return the columns of a progress sheet by role; of several cumulative ones 累计 is preferred.

    Examples
    --------
    >>> progress_columns(["名次", "单位", "任务(亩)", "本周完成", "累计完成", "完成率"])
    {'rank': 0, 'unit': 1, 'task_mu': 2, 'done_mu': 4, 'rate_pct': 5}
    """
    roles: dict[str, int] = {}
    for column, header in enumerate(headers):
        role = progress_role(header)
        better = role == "done_mu" and "累计" in header and "累计" not in headers[roles.get("done_mu", column)]
        if role is not None and (role not in roles or better):
            roles[role] = column
    return roles


def rivals(headers: Sequence[str], role: str) -> tuple[str, ...]:
    """Return the titles that hold ``role`` where more than one does and none says 累计; else nothing.

    Examples
    --------
    >>> rivals(["单位", "全年任务", "春季任务"], "task_mu")
    ('全年任务', '春季任务')
    """
    found = tuple(header for header in headers if progress_role(header) == role)
    told = [header for header in found if "累计" in header]
    return () if len(found) < 2 or len(told) == 1 else found


def ignored_titles(headers: Sequence[str], columns: Mapping[str, int]) -> tuple[str, ...]:
    """Return the titles that are neither read nor the program's own."""
    own = {header_forms(text)[0] for text in ERROR_TITLE} | {"要素名称", "featurename", "feature_name"}
    used = set(columns.values())
    return tuple(h for c, h in enumerate(headers) if h and c not in used and header_forms(h)[0] not in own)


def measure_of(header: str) -> str | None:
    """Return the key of the unit of measurement that a title names, in brackets or at its end.

    Examples
    --------
    >>> measure_of("完成（万亩）"), measure_of("done_mu"), measure_of("单位")
    ('wan_mu', 'mu', None)
    """
    for inside in re.findall(r"\(([^)]*)\)", fold(header)):
        if key := measure_key(inside):
            return key
    suffix = re.search(r"_(wan_mu|mu|ha|km2|m2|pct)(_|$)", fold(header))
    return suffix[1] if suffix else None


def knows(layers: Iterable[LayerDef]) -> set[str]:
    """Return every spelling of every column of every kind, as `header_forms` gives them."""
    forms: set[str] = {header_forms(text)[0] for text in ERROR_TITLE}
    for layer in layers:
        for kind in layer.records:
            for field in (*form_fields(layer, kind), *kind.fields):
                forms |= _spellings(field)
    return forms
