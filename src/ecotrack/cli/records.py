"""``ecotrack records`` and ``ecotrack task``: forms, imports and lists of progress records and tasks."""

from __future__ import annotations

import datetime as dt
import getpass
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ecotrack.cli.context import DAY, echo_json, lang_of, open_workspace, speak
from ecotrack.cli.language import SpokenGroup, command, option, say
from ecotrack.errors import RefusedRows, UnknownFormat

if TYPE_CHECKING:
    from ecotrack.intake.records import Outcome
    from ecotrack.model import ProgressRecord

SHOWN_ERRORS = 20
"""Row errors that are printed; the sheet that comes back holds all of them."""

SHOWN_RECORDS = 200
"""Records that a list prints unless more are asked for."""

_FILE = click.Path(path_type=Path)
_BY = option("--by", metavar="NAME", help=say("导入人（默认为系统用户名）", "who imports (default: the system user)"))
_DRY = option("--dry-run", is_flag=True, help=say("只检查，不登记", "check only, register nothing"))
_JSON = option("--json", "as_json", is_flag=True, help=say("输出 JSON", "print JSON"))
_DOCUMENT = option("--document", default="", help=say("依据文件（文号）", "the document it rests on"))
_SAMPLE = option("--sample", is_flag=True, help=say("标为示例数据", "mark as sample data"))
_CORRECT = option(
    "--correct",
    is_flag=True,
    help=say("同一单位、同一日期的不同数值作为更正登记", "another number for the same unit and day is a correction"),
)

_F = TypeVar("_F", bound=Callable[..., Any])


def _import_options(function: _F) -> _F:
    """Give a verb the options that every import has, in this order."""
    for decorate in (_JSON, _DRY, _CORRECT, _SAMPLE, _DOCUMENT, _BY):
        function = decorate(function)
    return function


records = SpokenGroup(
    "records",
    help=say("进度记录：模板、导入、查看。", "Progress records: form, import, list."),
    epilog=say(
        "示例：ecotrack records template lake -o 湖面.xlsx", "Example: ecotrack records template lake -o lake.xlsx"
    ),
)
task = SpokenGroup(
    "task",
    help=say("任务：导入、查看。", "Tasks: import, list."),
    epilog=say(
        "示例：ecotrack task import 任务.xlsx --season 2017-spring",
        "Example: ecotrack task import tasks.xlsx --season 2017-spring",
    ),
)


def _author(by: str | None) -> str:
    try:
        return by or getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


@command(
    "template",
    help=say("写出填报模板（XLSX），一个图层或全部图层。", "Write the form (XLSX) for some layers or all of them."),
    epilog=say(
        "示例：ecotrack records template reaches sections -o 填报.xlsx",
        "Example: ecotrack records template reaches sections -o form.xlsx",
    ),
)
@click.argument("layers", nargs=-1, required=True, metavar="LAYER|all")
@option("--output", "-o", type=_FILE, help=say("写到哪个文件", "where to write it"))
@click.pass_context
def template(ctx: click.Context, layers: tuple[str, ...], output: Path | None) -> None:
    """Write the form."""
    from ecotrack.intake.records import known_in
    from ecotrack.intake.records_template import write_template

    if output is not None and output.suffix.lower() != ".xlsx":
        raise UnknownFormat(output, known=".xlsx")
    known = known_in(open_workspace(ctx))
    path = write_template(known, layers, output or Path(f"records-{'-'.join(layers)}.xlsx"))
    speak(ctx, f"已写出模板 {path}", f"wrote the form {path}")


@command(
    "import",
    help=say(
        "导入进度记录或定期报表（XLSX、CSV）。有一处错误就全部不导入，错误标在同名的 .errors 文件里。",
        "Import records or a periodic report (XLSX, CSV). With any error nothing comes in, and the sheet comes back "
        "marked as NAME.errors.",
    ),
    epilog=say(
        "示例：ecotrack records import 通报.xlsx --task 2017-spring-造林绿化-市 --period-end 2017-03-16",
        "Example: ecotrack records import notice.csv --task 2017-spring-造林绿化-市 --period-end 2017-03-16",
    ),
)
@click.argument("file", type=_FILE)
@option("--layer", help=say("图层（默认从文件判断）", "layer (default: told from the file)"))
@option("--kind", help=say("记录类别（默认从文件判断）", "record kind (default: told from the file)"))
@option("--task", "task_id", help=say("报表所报的任务编号", "task that the report is about"))
@option("--period-end", type=DAY, help=say("报表截止日期", "last day that the report covers"))
@_import_options
@click.pass_context
def import_(ctx: click.Context, /, file: Path, by: str | None, dry_run: bool, as_json: bool, **asked: Any) -> int:
    """Import records."""
    from ecotrack.intake.records import Asked, import_records

    workspace = open_workspace(ctx)
    with _wrong_rows_shown(ctx, as_json):
        outcome = import_records(workspace, file, Asked(**asked), author=_author(by), dry_run=dry_run)
    _print_outcome(ctx, outcome, as_json)
    return int(dry_run and bool(outcome.reading.findings))


@command(
    "import",
    help=say(
        "导入任务：表中要有 单位 和 任务(亩) 两列；调整任务时用较晚的 --on 再导入一次。",
        "Import a task: a sheet with the columns unit and task_mu; a revision is imported again with a later --on.",
    ),
    epilog=say(
        "示例：ecotrack task import 任务.csv --season 2017-spring --kind 造林绿化 --on 2017-01-10",
        "Example: ecotrack task import tasks.csv --season 2017-spring --kind 造林绿化 --on 2017-01-10",
    ),
)
@click.argument("file", type=_FILE)
@option("--task", "task_id", help=say("任务编号（默认由季节、类别、级别组成）", "task id (default: season-kind-level)"))
@option("--title", help=say("任务名称", "title of the task"))
@option("--kind", help=say("造林类别，如 造林绿化", "planting kind, such as 造林绿化"))
@option("--level", help=say("任务级别：国家、省、市、自加", "level: 国家, 省, 市 or 自加"))
@option("--season", help=say("季节或年度：2017-spring、2017-autumn、2017", "2017-spring, 2017-autumn or 2017"))
@option("--on", "handed_down_on", type=DAY, help=say("下达日期", "day on which it was handed down"))
@_import_options
@click.pass_context
def import_task(ctx: click.Context, /, file: Path, by: str | None, dry_run: bool, as_json: bool, **asked: Any) -> int:
    """Import a task."""
    from ecotrack.intake.records_tasks import AskedTask, import_tasks, task_ids

    workspace = open_workspace(ctx)
    with _wrong_rows_shown(ctx, as_json):
        outcome = import_tasks(workspace, file, AskedTask(**asked), author=_author(by), dry_run=dry_run)
    _print_outcome(ctx, outcome, as_json)
    if not as_json:
        ids = "、".join(task_ids(outcome.reading))
        if ids:
            speak(ctx, f"任务编号：{ids}", f"task id: {ids}")
    return int(dry_run and bool(outcome.reading.findings))


@contextmanager
def _wrong_rows_shown(ctx: click.Context, as_json: bool) -> Iterator[None]:
    try:
        yield
    except RefusedRows as error:
        _print_errors(ctx, error, as_json)
        raise


def _print_errors(ctx: click.Context, error: RefusedRows, as_json: bool) -> None:
    rows = error.facts["rows"]
    assert isinstance(rows, tuple)
    if as_json:
        listed = [
            {"sheet": row.sheet, "row": row.row, "column": row.title, "zh": row.message.zh, "en": row.message.en}
            for row in rows
        ]
        echo_json({"schema": "ecotrack.import/1", "errors": listed})
        return
    for row in rows[:SHOWN_ERRORS]:
        click.echo(row.line.lang(lang_of(ctx)), err=True)
    if len(rows) > SHOWN_ERRORS:
        speak(ctx, f"……共 {len(rows)} 处", f"... {len(rows)} in all", err=True)


def _print_outcome(ctx: click.Context, outcome: Outcome, as_json: bool) -> None:
    if as_json:
        echo_json(_outcome_json(outcome))
        return
    for finding in outcome.reading.findings:
        text = finding.message.lang(lang_of(ctx))
        speak(ctx, f"请核对：{finding.where} {text}", f"please check: {finding.where} {text}", err=True)
    if outcome.reading.unread:
        names = "、".join(outcome.reading.unread)
        speak(
            ctx,
            f"没有认出表头、未读取的工作表：{names}",
            f"sheets without known column titles, not read: {names}",
            err=True,
        )
    for sheet, titles in outcome.reading.ignored.items():
        listed = "、".join(titles)
        at = f"{sheet} " if sheet else ""
        speak(ctx, f"{at}未读取的列：{listed}", f"{at}columns not read: {listed}", err=True)
    for one in _sums(outcome):
        speak(
            ctx,
            f"任务 {one['task_id']}，{one['effective_on']}，{one['units']} 个单位，合计 {one['total_mu']} 亩",
            f"task {one['task_id']}, {one['effective_on']}, {one['units']} units, {one['total_mu']} mu in all",
        )
    added, already, doubts = len(outcome.added), outcome.already, len(outcome.reading.findings)
    if outcome.dry_run:
        checked = (f"检查完毕，{doubts} 处请核对", f"checked, {doubts} to look at") if doubts else ("检查通过", "fine")
        speak(
            ctx,
            f"{checked[0]}：将登记 {added} 条，已有 {already} 条",
            f"{checked[1]}: {added} would be added, {already} are there",
        )
    else:
        speak(ctx, f"登记 {added} 条，已有 {already} 条", f"added {added} records, {already} were there")


def _sums(outcome: Outcome) -> list[dict[str, Any]]:
    """Return task, day, number of units and total of each report or task that a file holds."""
    groups: dict[tuple[str, str], list[ProgressRecord]] = {}
    for record in outcome.reading.records:
        if record.layer in ("reports", "tasks"):
            groups.setdefault((str(record.task_id), record.effective_on.isoformat()), []).append(record)
    return [
        {
            "task_id": task_id,
            "effective_on": day,
            "units": len({record.unit for record in records}),
            "total_mu": f"{sum((record.value or Decimal(0) for record in records), Decimal(0)):f}",
        }
        for (task_id, day), records in groups.items()
    ]


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "schema": "ecotrack.import/1",
        "dry_run": outcome.dry_run,
        "added": len(outcome.added),
        "already": outcome.already,
        "sums": _sums(outcome),
        "records": [record_json(record) for record in outcome.reading.records],
        "findings": [
            {"check": f.check, "level": f.level, "where": f.where, "zh": f.message.zh, "en": f.message.en}
            for f in outcome.reading.findings
        ],
        "ignored_columns": {sheet: list(titles) for sheet, titles in outcome.reading.ignored.items()},
        "unread_sheets": list(outcome.reading.unread),
        "errors": [],
    }


def record_json(record: ProgressRecord) -> dict[str, Any]:
    """Return a record as JSON: exact decimals as text, days in ISO form."""
    names = (
        "record_id", "layer", "kind", "feature_id", "unit", "state", "value_unit", "fields", "task_id",
        "basis_document", "sample", "corrects", "author", "seq", "recorded_at",
    )  # fmt: skip
    plain = {name: getattr(record, name) for name in names}
    value = str(record.value) if record.value is not None else None
    return {**plain, "effective_on": record.effective_on.isoformat(), "value": value}


@command(
    "list",
    help=say("列出有效的进度记录及其编号。", "List the records in force with their ids."),
    epilog=say("示例：ecotrack records list --layer lake", "Example: ecotrack records list --layer lake"),
)
@option("--layer", help=say("只列此图层", "only this layer"))
@option(
    "--feature",
    "feature_id",
    metavar="ID",
    help=say("只列此要素（地块、河段等）", "only this feature (plot, reach ...)"),
)
@option("--as-of", type=DAY, help=say("截至此日期", "up to this day"))
@option("--all", "everything", is_flag=True, help=say("包括已被更正的记录", "corrected records too"))
@option(
    "--last",
    type=click.IntRange(min=0),
    metavar="N",
    help=say(
        f"只列最后登记的 N 条，0 为全部（默认 {SHOWN_RECORDS} 条；--json 默认全部）",
        f"only the N recorded last, 0 for all (default: {SHOWN_RECORDS}; all with --json)",
    ),
)
@_JSON
@click.pass_context
def list_(
    ctx: click.Context,
    layer: str | None,
    feature_id: str | None,
    as_of: dt.date | None,
    everything: bool,
    last: int | None,
    as_json: bool,
) -> None:
    """List records."""
    from ecotrack.errors import NoRegister
    from ecotrack.intake.records import known_in
    from ecotrack.reports.intake_json import Rows, write_json
    from ecotrack.reports.lists import records_table

    workspace = open_workspace(ctx)
    wanted = known_in(workspace).layer(layer).id if layer else None
    most = (0 if as_json else SHOWN_RECORDS) if last is None else last
    with ExitStack() as stack:
        listed: Sequence[ProgressRecord] = ()
        with suppress(NoRegister):
            register = stack.enter_context(workspace.register(read_only=True))
            listed = register.listed_records(layer=wanted, feature_id=feature_id, as_of=as_of, corrected=everything)
        shown = listed[-most:] if most else listed
        if as_json:
            rows = Rows(shown, record_json)
            write_json({"schema": "ecotrack.records/1", "total": len(listed), "records": rows}, sys.stdout)
            click.echo()
            return
        _show(records_table(shown, workspace.units, workspace.layers, lang_of(ctx)))
    left_out = len(listed) - len(shown)
    zh, en = (f"，只列最后登记的 {most} 条；--last 0 列出全部", f"; the last {most} of them, --last 0 lists all")
    speak(ctx, f"共 {len(listed)} 条{zh if left_out else ''}", f"{len(listed)} records{en if left_out else ''}")


@command(
    "list",
    help=say("列出任务。", "List the tasks."),
    epilog=say("示例：ecotrack task list --as-of 2017-03-16", "Example: ecotrack task list --as-of 2017-03-16"),
)
@option("--as-of", type=DAY, help=say("截至此日期", "up to this day"))
@_JSON
@click.pass_context
def list_tasks(ctx: click.Context, as_of: dt.date | None, as_json: bool) -> None:
    """List tasks."""
    from ecotrack.intake.records import known_in
    from ecotrack.intake.records_known import tasks_on
    from ecotrack.reports.lists import tasks_table

    known = known_in(open_workspace(ctx))
    tasks = list(tasks_on(known.records, as_of or known.today).values())
    if as_json:
        listed = [
            {"task_id": t.task_id, "title": t.title, "kind": t.kind, "level": t.level, "season": t.season,
             "document": t.document, "sample": t.sample, "effective_on": t.effective_on.isoformat(),
             "total_mu": str(t.total_mu), "units_mu": {unit: str(mu) for unit, mu in t.amounts_mu.items()}}
            for t in tasks
        ]  # fmt: skip
        echo_json({"schema": "ecotrack.tasks/1", "tasks": listed})
        return
    _show(tasks_table(tasks, lang_of(ctx)))


def _show(renderable: Any) -> None:
    from ecotrack.reports.terminal import show

    show(renderable)


for _verb in (template, import_, list_):
    records.add_command(_verb)
for _verb in (import_task, list_tasks):
    task.add_command(_verb)
