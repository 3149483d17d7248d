"""The verbs ``unit``: list the units of the workspace, add one, give it another name, close it, open it again."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import click

from ecotrack.cli.context import Day, echo_json, lang_of, open_workspace, speak
from ecotrack.cli.language import Misuse, SpokenGroup, command, option, say

if TYPE_CHECKING:
    from ecotrack.errors import Lang
    from ecotrack.model import Unit

_KINDS = ("county", "functional_area", "department", "city")
_BY = option("--by", required=True, help=say("谁改的（写进登记链）", "who changes it; the chain keeps it"))
_BASIS = option("--document", "basis", default="", help=say("依据文件", "document that it rests on"))
_ALIAS = option("--alias", "aliases", multiple=True, help=say("其他写法，可多次", "another spelling; may be repeated"))


@click.group(
    "unit",
    cls=SpokenGroup,
    help=say(
        "单位：列出、新增、改名、停用。改的是 ecotrack.toml，每次改动都写进登记链；与网上报送的“单位”页是同一份。",
        "Units: list, add, rename, close. They live in ecotrack.toml, every change joins the chain; the page of the "
        "portal shows and changes the same.",
    ),
    epilog=say("示例：ecotrack unit list", "Example: ecotrack unit list"),
)
def unit() -> None:
    """Hold the verbs about units."""


@command(
    "list",
    help=say("列出单位和最近的变动。", "List the units and what was changed."),
    epilog=say("示例：ecotrack unit list", "Example: ecotrack unit list"),
)
@option("--json", "as_json", is_flag=True, help=say("输出 JSON", "print JSON"))
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """Print every unit, closed ones too."""
    from ecotrack.errors import Text
    from ecotrack.reports.terminal import show, table

    workspace, lang = open_workspace(ctx), lang_of(ctx)
    if as_json:
        echo_json({"schema": "ecotrack.units/1", "units": [_row(one) for one in workspace.units]})
        return
    zh, en = ("代码", "名称", "类别", "报送", "说明"), ("code", "name", "kind", "reports", "note")
    names = [one.name_zh if lang == "zh" else one.name_en for one in workspace.units]
    cells = [(one.code, name, *_words(one, lang)) for one, name in zip(workspace.units, names, strict=True)]
    show(table(Text("单位", "Units").lang(lang), [(title, False) for title in (zh if lang == "zh" else en)], cells))


def _row(one: Unit) -> dict[str, Any]:
    import msgspec

    row: dict[str, Any] = msgspec.to_builtins(one)
    return row


def _words(one: Unit, lang: Lang) -> tuple[str, str, str]:
    from ecotrack.errors import Text
    from ecotrack.unit_changes import KINDS

    said = [Text(f"曾用名{name.name}（到{name.until}）", f"until {name.until}: {name.name}") for name in one.former]
    said += [Text(f"自{one.until}起停用", f"closed from {one.until} on")] if one.until else []
    reports = Text("是", "yes").lang(lang) if one.reports else ""
    return KINDS[one.kind].lang(lang), reports, "；".join(text.lang(lang) for text in said)


@command(
    "log",
    help=say("列出单位的每次变动：什么时候、谁、改了什么。", "List every change of units: when, who, what."),
    epilog=say("示例：ecotrack unit log", "Example: ecotrack unit log"),
)
@click.pass_context
def log(ctx: click.Context) -> None:
    """Print the changes of units that the chain holds, the newest first."""
    from ecotrack.unit_changes import unit_changes

    with open_workspace(ctx).register(read_only=True) as register:
        for one in unit_changes(register):
            said = one.what.lang(lang_of(ctx))
            click.echo(f"{one.at}  {one.by}  {one.code} {one.name_zh}  {said}  {one.basis}".rstrip())


@command(
    "add",
    help=say("新增单位；代码定了不能再改。", "Add a unit; its code is for good."),
    epilog=say(
        "示例：ecotrack unit add 1311GX 高新区 --name-en Hi-tech --kind functional_area --reports --by 王五",
        "Example: ecotrack unit add 1311GX 高新区 --name-en Hi-tech --kind functional_area --reports --by wang",
    ),
)
@click.argument("code")
@click.argument("name")
@option("--name-en", required=True, help=say("英文名称", "English name"))
@option("--kind", type=click.Choice(_KINDS), default="county", show_default=True, help=say("类别", "kind"))
@option("--reports", is_flag=True, help=say("自己报送进度", "it reports progress of its own"))
@_ALIAS
@_BASIS
@_BY
@click.pass_context
def add(ctx: click.Context, /, code: str, name: str, aliases: tuple[str, ...], by: str, **given: Any) -> None:
    """Add a unit to the workspace and its chain."""
    from ecotrack.model import Unit
    from ecotrack.unit_changes import add_unit

    add_unit(open_workspace(ctx), Unit(code=code, name_zh=name, aliases=aliases, **given), by=by)
    speak(ctx, f"已新增单位 {name}（{code}）", f"added {name} ({code})")


@command(
    "rename",
    help=say(
        "给单位改名：--since 以前的日子仍用旧名；--mistake 表示原来写错了。",
        "Give a unit another name: days before --since keep the old one; --mistake says that the old one was wrong.",
    ),
    epilog=say(
        "示例：ecotrack unit rename 工业新区 高新区 --since 2018-05-01 --document 批复文号 --by 王五",
        "Example: ecotrack unit rename 工业新区 高新区 --since 2018-05-01 --document PAPER --by wang",
    ),
)
@click.argument("unit_name", metavar="UNIT")
@click.argument("name")
@option("--since", type=Day(), help=say("新名从哪天起", "first day of the new name"))
@option("--mistake", is_flag=True, help=say("原来写错了，只是改正", "the old name was a mistake"))
@option("--name-en", help=say("英文名称", "English name"))
@_BASIS
@_BY
@click.pass_context
def rename(
    ctx: click.Context, /, unit_name: str, name: str, since: dt.date | None, mistake: bool, by: str, **given: Any
) -> None:
    """Give a unit another name, from a day on or as a mended mistake."""
    from ecotrack.unit_changes import rename_unit

    if (since is None) != mistake:
        raise Misuse(
            "请写改名日期 --since，或写 --mistake 表示原来写错了，只写一个",
            "give the day, --since, or --mistake for a misspelling, not both",
        )
    workspace = open_workspace(ctx)
    code = workspace.units.resolve(unit_name, where="UNIT").code
    rename_unit(workspace, code, name_zh=name, since=since, by=by, **given)
    speak(ctx, f"{code} 现在叫 {name}", f"{code} is named {name} now")


@command(
    "close",
    help=say(
        "停用单位：从这一天起不再给它报送；地块、记录和以前的数都留着。",
        "Close a unit: nothing new is taken in for it from a day on; its plots, records and figures stay.",
    ),
    epilog=say(
        "示例：ecotrack unit close 滨湖新区 --from 2027-01-01 --document 批复文号 --by 王五",
        "Example: ecotrack unit close 滨湖新区 --from 2027-01-01 --document PAPER --by wang",
    ),
)
@click.argument("unit_name", metavar="UNIT")
@option("--from", "until", type=Day(), required=True, help=say("从哪天起停用", "first day on which it is none"))
@_BASIS
@_BY
@click.pass_context
def close(ctx: click.Context, unit_name: str, until: dt.date, by: str, basis: str) -> None:
    """Close a unit from a day on."""
    from ecotrack.unit_changes import close_unit

    workspace = open_workspace(ctx)
    found = workspace.units.resolve(unit_name, where="UNIT")
    close_unit(workspace, found.code, until=until, by=by, basis=basis)
    speak(ctx, f"{found.name_zh}自 {until} 起停用", f"{found.name_en} is closed from {until} on")


@command(
    "open",
    help=say("恢复停用的单位。", "Open a closed unit again."),
    epilog=say("示例：ecotrack unit open 滨湖新区 --by 王五", "Example: ecotrack unit open 滨湖新区 --by wang"),
)
@click.argument("unit_name", metavar="UNIT")
@_BASIS
@_BY
@click.pass_context
def open_(ctx: click.Context, unit_name: str, by: str, basis: str) -> None:
    """Open a closed unit again."""
    from ecotrack.unit_changes import open_unit

    workspace = open_workspace(ctx)
    found = workspace.units.resolve(unit_name, where="UNIT")
    open_unit(workspace, found.code, by=by, basis=basis)
    speak(ctx, f"已恢复{found.name_zh}", f"{found.name_en} is open again")


for _verb in (list_, log, add, rename, close, open_):
    unit.add_command(_verb)
