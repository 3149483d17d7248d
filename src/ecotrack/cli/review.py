"""The verb ``ecotrack review``: list what waits, accept it, or send it back."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import click

from ecotrack.cli.context import DAY, lang_of, open_workspace, speak, warn
from ecotrack.cli.language import SpokenGroup, command, option, say
from ecotrack.cli.readings import findings_, raw_, readings_, revoke_
from ecotrack.errors import Text

if TYPE_CHECKING:
    from ecotrack.errors import Lang
    from ecotrack.model import UnitBook
    from ecotrack.register import Register
    from ecotrack.review import Verdict
    from ecotrack.workspace import Workspace

_NOT_SENDER = say("审核人（不能是提交人）", "who decides; not the sender")
_BY = {
    "accept": _NOT_SENDER,
    "return": _NOT_SENDER,
    "strike": say("核销人（不能是提交人）", "who strikes; not the sender"),
    "withdraw": say("提交人本人的姓名", "name of the sender, who alone can withdraw"),
}
_DESPITE = say(
    "检查不通过或未检查的地块也通过（须写明 --reason）",
    "accept also what a check holds back; needs --reason",
)
_DONE = {
    "accept": ("已通过", "accepted"),
    "return": ("已退回", "returned"),
    "strike": ("已核销", "struck"),
    "withdraw": ("已撤回", "withdrawn"),
}


@click.group(
    "review",
    cls=SpokenGroup,
    help=say("审核提交的地块：列出、通过、退回、核销、撤回。", "Review what was submitted: list, accept, return."),
    epilog=say("示例：ecotrack review list", "Example: ecotrack --lang en review list"),
)
def review() -> None:
    """Hold the verbs of review."""


@command(
    "list",
    help=say("列出各次提交及审核情况。", "List submissions and what was decided."),
    epilog=say("示例：ecotrack review list --waiting", "Example: ecotrack review list --waiting"),
)
@option("--layer", help=say("只列这个图层", "of this layer only"))
@option("--waiting", is_flag=True, help=say("只列待审的", "only what waits for a verdict"))
@option("--json", "as_json", is_flag=True, help=say("输出 JSON", "print JSON"))
@click.pass_context
def list_(ctx: click.Context, layer: str | None, waiting: bool, as_json: bool) -> None:
    """Print one row for each submission."""
    from ecotrack.review import pending

    workspace = open_workspace(ctx)
    with workspace.register(read_only=True) as register:
        found = [item for item in pending(register, layer=layer) if item.waiting or not waiting]
        verdicts = _satellite(ctx, workspace, register)
    rows = [_row(item, verdicts.get(item.submission.submission_id, Counter())) for item in found]
    if as_json:
        document = {"schema": "ecotrack.review/1", "submissions": rows}
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    _print_table(ctx, rows, workspace.units)


def _satellite(ctx: click.Context, workspace: Workspace, register: Register) -> dict[str, Counter[str]]:
    """Return how often each verdict of imagery was given on the plots of each submission."""
    from ecotrack.imagery.kept_verdicts import looked_at, verdicts_or_fault

    kept, fault = verdicts_or_fault(workspace.register_path.parent)
    if fault is not None:
        warn(
            ctx,
            fault,
            zh="影像结论读不出来，以下都算未核对",
            en="the word of imagery cannot be read: all stand as not run",
        )
    names = [one.feature_id for one in kept.by_plot.values() if one.answer != "not_run"] if kept else []
    versions = register.named(names, layer="plots").versions if names else []
    seen = looked_at(kept, versions)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for version in versions:
        if version.version_id in seen:
            found[version.submission_id][seen[version.version_id].answer] += 1
    return found


def _row(item: Any, satellite: Counter[str]) -> dict[str, Any]:
    submission = item.submission
    return {
        "submission": submission.submission_id,
        "layer": submission.layer,
        "submitted_on": submission.submitted_on.isoformat(),
        "unit": submission.unit,
        "file": submission.file_name,
        "sender": item.sender,
        "plots": item.plots,
        "accepted": item.accepted,
        "returned": item.returned,
        "struck": item.struck,
        "withdrawn": item.withdrawn,
        "waiting": item.waiting,
        "satellite": {"looked_at": satellite.total(), "contradicts": satellite["contradicts"]},
        "sample": submission.sample,
    }


def _print_table(ctx: click.Context, rows: list[dict[str, Any]], units: UnitBook) -> None:
    from ecotrack.reports.terminal import show, table

    lang = lang_of(ctx)
    counted = ("plots", "accepted", "returned", "struck", "withdrawn", "waiting")
    keys = ("submission", "submitted_on", "unit", "file", "sender", *counted)
    zh = ("提交编号", "提交日期", "单位", "文件", "提交人", "地块", "通过", "退回", "核销", "撤回", "待审", "影像矛盾")
    titles = zh if lang == "zh" else (*keys, "satellite contradicts")
    cells = []
    for row in rows:
        told = {**row, "unit": _unit_name(units, row["unit"], row["submitted_on"], lang)}
        told["file"] = " ".join(filter(None, (row["file"], row["sample"] and Text("示例", "sample").lang(lang))))
        values = [str(told[key] if told[key] is not None else "") for key in keys]
        cells.append([*values, _satellite_cell(row["satellite"], lang)])
    numbers = {len(keys) - place for place in range(1, len(counted) + 1)}
    columns = [(title, place in numbers) for place, title in enumerate(titles)]
    show(table(Text("提交", "Submissions").lang(lang), columns, cells))


def _unit_name(units: UnitBook, code: str | None, day: str, lang: Lang) -> str:
    unit = units.get(code or "")
    if unit is None:
        return code or ""
    return unit.name_on(dt.date.fromisoformat(day)) if lang == "zh" else unit.name_en


def _satellite_cell(satellite: dict[str, int], lang: Lang) -> str:
    """Return contradictions of the plots that were looked at; what was not looked at is never a nought."""
    if not satellite["looked_at"]:
        return "未核对" if lang == "zh" else "not run"
    return f"{satellite['contradicts']}/{satellite['looked_at']}"


def _verdict(verdict: Verdict, zh: str, en: str, *, needs_reason: bool) -> click.Command:
    name = "张三" if verdict == "withdraw" else "李四"
    example = f"ecotrack review {verdict} ID --by {name} --on 2016-06-01" + (" --reason …" if needs_reason else "")

    @command(verdict, help=say(zh, en), epilog=say(f"示例：{example}", f"Example: {example}"))
    @click.argument("ids", nargs=-1, required=True)
    @option("--by", required=True, help=_BY[verdict])
    @option("--on", "decided_on", type=DAY, help=say("决定日期（默认今天）", "day of the decision (default: today)"))
    @option("--reason", **({"required": True} if needs_reason else {"default": ""}), help=say("理由", "reason"))
    @option("--document", default="", help=say("依据文件", "document that it rests on"))
    @option("--despite", is_flag=True, hidden=verdict != "accept", help=_DESPITE)
    @click.pass_context
    def decide_(
        ctx: click.Context,
        ids: tuple[str, ...],
        by: str,
        decided_on: dt.date | None,
        reason: str,
        document: str,
        despite: bool,
    ) -> None:
        from ecotrack.review import decide
        from ecotrack.workspace import today

        day = decided_on or today()
        with open_workspace(ctx).register() as register:
            made = decide(
                register,
                ids,
                verdict,
                reviewer=by,
                decided_on=day,
                reason=reason,
                document=document,
                despite=despite,
            )
        zh_done, en_done = _DONE[verdict]
        if verdict == "accept" and (before := len(dict.fromkeys(ids)) - len(made)):
            zh, en = (
                f"{before}项早已通过，没有重复登记",
                f"{before} stood accepted already; nothing was written",
            )
            speak(ctx, zh, en)
        if not made:
            return
        speak(
            ctx,
            f"{zh_done}{len(made)}项（{day}，{by}；未验证{'提交人' if verdict == 'withdraw' else '审核人'}身份）",
            f"{len(made)} {en_done} ({day}, {by}; identity was not proven)",
        )

    return decide_


@command(
    "award",
    help=say(
        "裁定争议重叠：两块地重叠的部分归第一块。",
        "Decide a disputed overlap: the ground that two plots share goes to the first one.",
    ),
    epilog=say(
        "示例：ecotrack review award 地块甲 地块乙 --by 李四 --reason 现场核实",
        "Example: ecotrack review award PLOT-A PLOT-B --by Li --reason 'seen on site'",
    ),
)
@click.argument("winner")
@click.argument("loser")
@option("--by", required=True, help=say("裁定人（不能是提交人）", "who decides; the sender of neither"))
@option("--on", "decided_on", type=DAY, help=say("裁定日期（默认今天）", "day of the award (default: today)"))
@option("--reason", required=True, help=say("理由", "reason"))
@option("--document", default="", help=say("依据文件", "document that it rests on"))
@click.pass_context
def award_(
    ctx: click.Context, winner: str, loser: str, by: str, decided_on: dt.date | None, reason: str, document: str
) -> None:
    """Write an award."""
    from ecotrack.review import award
    from ecotrack.workspace import today

    day = decided_on or today()
    with open_workspace(ctx).register() as register:
        award(register, winner, loser, reviewer=by, decided_on=day, reason=reason, document=document)
    speak(
        ctx,
        f"重叠部分归 {winner}（{day}，{by}；未验证裁定人身份）",
        f"the shared ground goes to {winner} ({day}, {by}; identity was not proven)",
    )


review.add_command(list_)
review.add_command(readings_)
review.add_command(revoke_)
review.add_command(raw_)
review.add_command(findings_)
review.add_command(award_)
for _words in (
    ("accept", "通过提交或地块。", "Accept submissions or features."),
    ("return", "退回提交或地块，写明理由。", "Send back, with a reason."),
    ("strike", "核销已通过的地块，写明理由。", "Strike accepted features, with a reason."),
    (
        "withdraw",
        "提交人撤回尚未通过的提交或地块，写明理由。",
        "The sender takes back what was not accepted, with a reason.",
    ),
):
    review.add_command(_verdict(*_words, needs_reason=_words[0] != "accept"))
