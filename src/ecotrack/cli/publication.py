"""The verbs ``publish``, ``receipts``, ``reproduce`` and ``restated``: figures that can be defended later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from math import fsum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecotrack.cli.context import DAY, echo_json, lang_of, open_workspace, speak
from ecotrack.cli.language import Misuse, command, option, say
from ecotrack.errors import Lang, Text

if TYPE_CHECKING:
    from ecotrack.publication import Difference, PlotChange, Receipt, Reproduction, Restatement

_JSON_HELP = say("输出 JSON（格式见 docs/receipts.md）", "print JSON (docs/receipts.md)")
_KINDS = {
    "correction": Text("更正", "corrections"),
    "record": Text("补登记录", "late records"),
    "version": Text("新边界", "boundaries"),
    "decision": Text("审核决定", "decisions"),
}
_SHOWN = 5
_SHOWN_PLOTS = 40


@command(
    "publish",
    help=say(
        "发布指标：为每个指标出具凭证，存入登记库，日后可逐位复算。",
        "Publish figures: each gets a receipt in the register, from which it can be computed again digit for digit.",
    ),
    epilog=say(
        "示例：ecotrack publish --as-of 2017-03-16 --by 张三；ecotrack publish --figure year --figure ring",
        "Examples: ecotrack publish --as-of 2017-03-16 --by Zhang; ecotrack publish --figure year --figure ring",
    ),
)
@option("--as-of", type=DAY, help=say("截至日期（默认为今天）", "day of the figures (default: today)"))
@option(
    "--figure",
    "figures",
    multiple=True,
    help=say(
        "只发布这个指标，可重复（如 year、任务编号/reported、units/responsible；默认全部）",
        "this figure only; repeatable (year, TASK/reported, units/responsible; default: all)",
    ),
)
@option("--by", help=say("发布人", "who publishes"))
@option("--json", "as_json", is_flag=True, help=_JSON_HELP)
@click.pass_context
def publish(ctx: click.Context, as_of: dt.date | None, figures: tuple[str, ...], by: str | None, as_json: bool) -> None:
    """Write receipts and print their ids."""
    from ecotrack.publication import publish as issue
    from ecotrack.publication.receipts import UNNAMED

    issued = issue(open_workspace(ctx), as_of=as_of, figures=figures or None, by=by or UNNAMED)
    if as_json:
        _print_json({"schema": "ecotrack.receipts/1", "receipts": [one.to_json() for one in issued]})
        return
    _print_receipts(issued, lang_of(ctx))
    speak(
        ctx,
        f"凭证 {len(issued)} 份；复算：ecotrack reproduce 凭证编号",
        f"{len(issued)} receipts; check one: ecotrack reproduce RECEIPT",
    )


@command(
    "receipts",
    help=say("列出已出具的凭证，或显示其中一份。", "List the receipts that were issued, or show one of them."),
    epilog=say(
        "示例：ecotrack receipts；ecotrack receipts --figure year；ecotrack receipts 4a2542e1",
        "Examples: ecotrack receipts; ecotrack receipts --figure year; ecotrack receipts 4a2542e1",
    ),
)
@click.argument("receipt", required=False)
@option("--figure", help=say("只列这个指标的凭证", "receipts of this figure only"))
@option("--json", "as_json", is_flag=True, help=_JSON_HELP)
@click.pass_context
def receipts(ctx: click.Context, receipt: str | None, figure: str | None, as_json: bool) -> None:
    """Print one row for each receipt, or everything that one of them holds."""
    from ecotrack.publication import find_receipt
    from ecotrack.publication import receipts as issued_in

    with open_workspace(ctx).register(read_only=True) as register:
        if receipt is not None:
            _print_json(find_receipt(register, receipt).to_json())
            return
        found = [one for one in issued_in(register) if figure in (None, one.figure.figure_id)]
    if as_json:
        _print_json({"schema": "ecotrack.receipts/1", "receipts": [one.to_json() for one in found]})
    else:
        _print_receipts(found, lang_of(ctx))


@command(
    "reproduce",
    help=say(
        "按凭证复算：用当时登记的内容和当时的口径重算，逐位比较；不一致时退出码为 1。"
        "凭证可用编号（或开头几位），也可用另存的 JSON 文件。",
        "Compute a receipt again from what was known and defined then, and compare digit for digit; exit code 1 "
        "where it differs. A receipt is its id (or how it begins), or a JSON file kept elsewhere.",
    ),
    epilog=say(
        "示例：ecotrack reproduce 4a2542e1；ecotrack reproduce 凭证.json；ecotrack reproduce --all",
        "Examples: ecotrack reproduce 4a2542e1; ecotrack reproduce receipt.json; ecotrack reproduce --all",
    ),
)
@click.argument("receipt", nargs=-1)
@option("--all", "every", is_flag=True, help=say("复算全部凭证", "every receipt of the register"))
@option("--json", "as_json", is_flag=True, help=_JSON_HELP)
@click.pass_context
def reproduce(ctx: click.Context, receipt: tuple[str, ...], every: bool, as_json: bool) -> None:
    """Print whether each receipt comes out the same."""
    from ecotrack.publication import find_receipt, read_receipts
    from ecotrack.publication import receipts as issued_in
    from ecotrack.publication import reproduce as compute_again

    if not receipt and not every:
        raise Misuse(
            "请写凭证编号（ecotrack receipts 可以列出），或写 --all",
            "give a RECEIPT (ecotrack receipts lists them) or --all",
        )
    workspace = open_workspace(ctx)
    with workspace.register(read_only=True) as register:
        wanted = issued_in(register) if every else []
        for name in receipt:
            kept_elsewhere = name.endswith(".json")
            wanted += read_receipts(Path(name)) if kept_elsewhere else [find_receipt(register, name)]
    found = compute_again(workspace, wanted)
    if as_json:
        _print_json({"schema": "ecotrack.reproductions/1", "reproductions": [one.to_json() for one in found]})
    else:
        _print_reproductions(ctx, found)
    if not all(one.equal for one in found):
        ctx.exit(1)


@command(
    "restated",
    help=say(
        "列出因后来的更正或补登而变动的已发布指标，变动多少、由哪些记录引起；有变动时退出码为 1。",
        "List the published figures that what was recorded later has moved, by how much and through which entries; "
        "exit code 1 where there are any.",
    ),
    epilog=say(
        "示例：ecotrack restated；ecotrack restated --plots；ecotrack restated --json",
        "Examples: ecotrack restated; ecotrack restated --plots; ecotrack restated --json",
    ),
)
@option(
    "--plots",
    is_flag=True,
    help=say("列出引起变动的地块和各自的变动", "tell the plots that moved each figure, and by how much"),
)
@option("--json", "as_json", is_flag=True, help=_JSON_HELP)
@click.pass_context
def restated(ctx: click.Context, as_json: bool, plots: bool) -> None:
    """Print what was published, what it is now, and why."""
    from ecotrack.publication import restated as moved_since

    found = moved_since(open_workspace(ctx), by_plot=plots)
    if as_json:
        _print_json({"schema": "ecotrack.restated/1", "restated": [one.to_json() for one in found]})
    elif not found:
        speak(ctx, "没有变动的已发布指标", "no published figure has moved")
    else:
        _print_restatements(ctx, found)
    if found:
        ctx.exit(1)


def _print_json(document: dict[str, Any]) -> None:
    echo_json(document)


def _print_table(title: Text, columns: Sequence[tuple[Text, bool]], rows: Iterable[Sequence[str]], lang: Lang) -> None:
    from ecotrack.reports import show
    from ecotrack.reports.terminal import table

    show(table(title.lang(lang), [(name.lang(lang), number) for name, number in columns], rows))


def _title(receipt: Receipt, lang: Lang) -> str:
    from ecotrack.reports.wording import marks

    figure = receipt.figure
    return figure.title.lang(lang) + marks({"sample": figure.sample, "sketch": figure.sketch}, lang)


def _print_receipts(issued: Sequence[Receipt], lang: Lang) -> None:
    from ecotrack.reports.receipt import figure_value

    columns = [
        (Text("凭证编号", "receipt"), False),
        (Text("指标", "figure"), False),
        (Text("截至", "as of"), False),
        (Text("数值", "value"), False),
        (Text("登记序号", "register"), True),
        (Text("发布人", "by"), False),
    ]
    rows = [
        [
            one.receipt_id,
            _title(one, lang),
            one.as_of.isoformat(),
            figure_value(one.figure, lang),
            str(one.head.seq),
            one.by,
        ]
        for one in issued
    ]
    _print_table(Text("凭证", "Receipts"), columns, rows, lang)


def _print_reproductions(ctx: click.Context, found: Sequence[Reproduction]) -> None:
    for one in found:
        receipt, lang = one.receipt, lang_of(ctx)
        name = f"{receipt.receipt_id}  {_title(receipt, lang)}  {receipt.as_of}"
        sign, words = (
            ("✓", Text("逐位一致", "equal digit for digit")) if one.equal else ("✗", Text("不一致", "differs"))
        )
        click.echo(f"{sign} {name}  {words.lang(lang)}")
        if not one.same_chain:
            speak(
                ctx,
                f"  登记链第 {receipt.head.seq} 条的哈希与凭证不符：登记库被改写过",
                f"  the chain at entry {receipt.head.seq} is not the receipt's: the register was rewritten",
            )
        for name, (then, now) in one.library_changes.items():
            speak(
                ctx,
                f"  程序库版本不同：{name} 当时 {then}，现在 {now}",
                f"  other version: {name} was {then}, is {now}",
            )
        if one.differences:
            _print_differences(one.differences, lang)


def _print_differences(differences: Sequence[Difference], lang: Lang) -> None:
    columns = [
        (Text("行", "row"), False),
        (Text("数", "number"), False),
        (Text("当时", "published"), True),
        (Text("现在", "now"), True),
        (Text("变动", "difference"), True),
        (Text("变动（平方米）", "difference (m2)"), True),
    ]
    rows = [
        [one.row or "-", one.column, one.published or "-", one.found or "-", one.by or "-", one.by_m2 or ""]
        for one in differences
    ]
    _print_table(Text("差异", "Differences"), columns, rows, lang)


def _print_plots(plots: Sequence[PlotChange], lang: Lang) -> None:
    columns = [
        (Text("指标", "figure"), False),
        (Text("地块", "plot"), False),
        (Text("当时计入（平方米）", "counted then (m2)"), True),
        (Text("现在计入（平方米）", "counted now (m2)"), True),
        (Text("变动（平方米）", "difference (m2)"), True),
        (Text("现在不计入的原因", "why not now"), False),
    ]
    rows = [
        [one.figure_id, one.feature_id, *(f"{m2:,.2f}" for m2 in (one.published_m2, one.found_m2, one.difference_m2)),
         one.reason_now.text.lang(lang) if one.reason_now else ""]
        for one in plots[:_SHOWN_PLOTS]
    ]  # fmt: skip
    rest = plots[_SHOWN_PLOTS:]
    if rest:
        rows.append([Text(f"其余 {len(rest)} 块", f"{len(rest)} more").lang(lang), "", "", "",
                     f"{fsum(one.difference_m2 for one in rest):,.2f}", ""])  # fmt: skip
    _print_table(Text("变动的地块", "Plots that moved it"), columns, rows, lang)


def _print_restatements(ctx: click.Context, found: Sequence[Restatement]) -> None:
    lang = lang_of(ctx)
    for one in found:
        late = Text("，已有更新的凭证", ", superseded").lang(lang) if one.superseded_by else ""
        click.echo(f"{_title(one.receipt, lang)}  {one.receipt.as_of}  {one.receipt.receipt_id}{late}")
        _print_differences(one.differences, lang)
        if one.plots:
            _print_plots(one.plots, lang)
        for kind, title in _KINDS.items():
            ids = [cause.entry_id for cause in one.causes if cause.kind == kind]
            if ids:
                more = " …" if len(ids) > _SHOWN else ""
                click.echo(f"  {title.lang(lang)} {len(ids)}: {', '.join(ids[:_SHOWN])}{more}")
    speak(ctx, f"有变动的凭证 {len(found)} 份", f"{len(found)} receipts have moved")
