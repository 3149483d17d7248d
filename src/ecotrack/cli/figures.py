"""The verbs ``stats`` and ``rank``: figures of a day, in the terminal, as JSON, CSV or XLSX."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecotrack.cli.context import DAY, INSTANT, echo_json, lang_of, open_workspace, speak
from ecotrack.cli.language import command, option, say
from ecotrack.errors import ClashingOptions, NoTaskYet, UnknownFormat, UnknownTask

if TYPE_CHECKING:
    from ecotrack.workspace import View, Workspace


def _days(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb ``--as-of`` and ``--as-known``."""
    known = option(
        "--as-known",
        type=INSTANT,
        help=say("只用该时刻之前登记的内容", "only what had been recorded by this instant"),
    )
    day = option("--as-of", type=DAY, help=say("截至日期（默认为今天）", "day of the figures (default: today)"))
    return day(known(function))  # type: ignore[no-any-return]


@command(
    "stats",
    help=say(
        "指标：各项目标、任务漏斗、各单位进度。",
        "Figures: every target, the funnel of each task, the progress of the units.",
    ),
    epilog=say(
        "示例：ecotrack stats --as-of 2017-03-16；ecotrack stats --json；ecotrack stats --csv > 指标.csv",
        "Examples: ecotrack stats --as-of 2017-03-16; ecotrack stats --json; ecotrack stats --csv > figures.csv",
    ),
)
@_days
@option("--json", "as_json", is_flag=True, help=say("输出 JSON（格式见 docs/json-schema.md）", "print JSON"))
@option("--csv", "as_csv", is_flag=True, help=say("输出 CSV", "print CSV"))
@option("--task", help=say("只看一项任务", "one task only"))
@option(
    "--by",
    type=click.Choice(["unit", "county", "year", "programme"]),
    help=say(
        "分组：unit 责任单位（责任口径）、county 县域（属地口径）、year 年度、programme 工程",
        "group by responsible unit, by county (territorial account), year or programme",
    ),
)
@click.pass_context
def stats(
    ctx: click.Context,
    as_of: dt.date | None,
    as_known: dt.datetime | None,
    as_json: bool,
    as_csv: bool,
    task: str | None,
    by: str | None,
) -> None:
    """Print the scoreboard of a day."""
    _refuse_clash({"--json": as_json, "--csv": as_csv, "--by": by is not None})
    workspace = open_workspace(ctx)
    view = workspace.view(as_of=as_of, as_known=as_known)
    document = view.to_json() | {"witness": _witness(workspace, view.as_of)}
    document["funnel"] = _chosen(document["funnel"], task)
    if as_json:
        echo_json(document)
    elif as_csv:
        from ecotrack.publication import receipt_block
        from ecotrack.reports import scoreboard_csv_text

        # With a BOM, since a spreadsheet on a Chinese Windows reads UTF-8 as GBK without one.
        text = scoreboard_csv_text(document, lang_of(ctx), receipt=receipt_block(view))
        click.echo("\ufeff" + text, nl=False)
    else:
        from ecotrack.reports import grouped_table, scoreboard_table, show

        show(grouped_table(document, by, lang_of(ctx)) if by else scoreboard_table(document, lang_of(ctx)))


def _witness(workspace: Workspace, day: dt.date) -> dict[str, Any] | None:
    """Return what imagery says beside the figures; it is in no receipt, since it is in no register."""
    from ecotrack.imagery.kept_cover import read_cover

    cover = read_cover(workspace.register_path.parent, as_of=day)
    return {"land_cover": cover} if cover else None


def _refuse_clash(given: dict[str, bool]) -> None:
    """Refuse more than one of the options that each decide what is printed."""
    both = [name for name, is_given in given.items() if is_given]
    if len(both) > 1:
        raise ClashingOptions("", one=both[0], other=both[1])


def _chosen(funnels: list[dict[str, Any]], task: str | None) -> list[dict[str, Any]]:
    if task is None:
        return funnels
    found = [funnel for funnel in funnels if task in (funnel["task_id"], funnel["title_zh"])]
    if not found:
        raise UnknownTask("--task", name=task, known="、".join(funnel["task_id"] for funnel in funnels) or "-")
    return found


@command(
    "rank",
    help=say("通报：按完成率给各单位排名。", "The circular: units ranked by completion rate."),
    epilog=say(
        "示例：ecotrack rank --as-of 2017-03-16 --xlsx 通报.xlsx",
        "Example: ecotrack rank --as-of 2017-03-16 --xlsx circular.xlsx",
    ),
)
@_days
@option(
    "--task", help=say("任务编号（默认为当日在行的第一项任务）", "task (default: the first one that runs on the day)")
)
@option(
    "--step",
    type=click.Choice(["reported", "mapped", "accepted", "verified", "qualified"]),
    default="reported",
    show_default=True,
    help=say(
        "按哪个环节排名：reported 上报、mapped 上图、accepted 审核、verified 核实、qualified 合格",
        "the step whose rate ranks the units",
    ),
)
@option(
    "--xlsx",
    type=click.Path(path_type=Path, dir_okay=False),
    help=say("写成 Excel 通报表", "write the circular as a spreadsheet"),
)
@option("--json", "as_json", is_flag=True, help=say("输出 JSON", "print JSON"))
@option(
    "--publish",
    "publishing",
    is_flag=True,
    help=say("同时出具凭证，编号印在通报上", "issue receipts too, and print their ids on the circular"),
)
@option("--by", help=say("发布人", "who publishes"))
@click.pass_context
def rank(
    ctx: click.Context,
    as_of: dt.date | None,
    as_known: dt.datetime | None,
    task: str | None,
    step: str,
    xlsx: Path | None,
    as_json: bool,
    publishing: bool,
    by: str | None,
) -> None:
    """Print or write the ranking of the units of one task."""
    _refuse_clash({"--xlsx": xlsx is not None, "--json": as_json})
    _refuse_clash({"--publish": publishing, "--as-known": as_known is not None})
    if xlsx is not None and xlsx.suffix.lower() != ".xlsx":
        raise UnknownFormat(xlsx, known=".xlsx")
    from ecotrack.figures.ranking import ranked_by

    view = open_workspace(ctx).view(as_of=as_of, as_known=as_known)
    document = view.to_json()
    funnel = ranked_by(_running(document, task), step)
    document["funnel"] = [funnel]
    receipt = _receipt(view, funnel["task_id"], step, by if publishing else None, publishing=publishing)
    if xlsx is not None:
        from ecotrack.reports import ranking_xlsx

        ranking_xlsx(document, xlsx, task_id=funnel["task_id"], receipt=receipt)
        speak(ctx, f"已写出 {xlsx}", f"wrote {xlsx}")
    elif as_json:
        echo_json(funnel | {"receipt": receipt})
    else:
        from ecotrack.reports import ranking_table, receipt_lines, show

        show(ranking_table(funnel, lang_of(ctx)), "\n".join(receipt_lines(receipt, lang_of(ctx))))


def _receipt(view: View, task_id: str, step: str, by: str | None, *, publishing: bool) -> dict[str, Any]:
    """Return the receipt block of a ranking, after issuing the receipts where that was asked for."""
    from ecotrack.publication import publish, receipt_block
    from ecotrack.publication.receipts import UNNAMED

    figures = [f"{task_id}/{name}" for name in ("assigned", step, *(("rate",) if step == "reported" else ()))]
    if publishing:
        publish(view.workspace, as_of=view.as_of, figures=figures, by=by or UNNAMED)
    return receipt_block(view, figures)


def _running(document: dict[str, Any], task: str | None) -> dict[str, Any]:
    """Return the asked task, or the one with the newest report: real ones before sample ones."""
    if not document["funnel"]:
        raise NoTaskYet(document["as_of"])
    found = _chosen(document["funnel"], task)
    reported = [funnel for funnel in found if funnel["total"]["reported_on"]]
    real = [funnel for funnel in reported if not funnel["sample"]]
    return max(real or reported or found, key=lambda funnel: funnel["total"]["reported_on"] or "")
