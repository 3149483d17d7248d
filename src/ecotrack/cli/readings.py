"""The verbs of ``ecotrack review`` on how coordinates are read: list the choices on record, take one back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ecotrack.cli.context import lang_of, open_workspace, speak, warn
from ecotrack.cli.language import command, option, say
from ecotrack.errors import Text


@command(
    "readings",
    help=say(
        "列出坐标读法的选定：哪个文件或提交人、按哪种坐标、影响了哪些提交。",
        "List the choices on how coordinates are read, and the submissions that rest on each.",
    ),
    epilog=say("示例：ecotrack review readings", "Example: ecotrack review readings"),
)
@option("--json", "as_json", is_flag=True, help=say("输出 JSON", "print JSON"))
@click.pass_context
def readings_(ctx: click.Context, as_json: bool) -> None:
    """Print one row for each choice in force."""
    from ecotrack.intake.readings import choices, touched
    from ecotrack.reports.terminal import show, table

    with open_workspace(ctx).register(read_only=True) as register:
        names = {item.raw_sha256: item.file_name for item in register.submissions()}
        rows: list[dict[str, Any]] = [
            {
                "choice": choice.decision.decision_id,
                "about": key,
                "reading": choice.system,
                "chosen_by": choice.decision.reviewer,
                "chosen_on": choice.decision.decided_on.isoformat(),
                "submissions": [item.submission_id for item in touched(register, choice.decision.decision_id)],
            }
            for key, choice in choices(register).items()
        ]
    if as_json:
        document = {"schema": "ecotrack.readings/1", "choices": rows}
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    zh = ("选定编号", "对象", "读法", "选定人", "日期", "涉及的提交")
    keys = ("choice", "about", "reading", "chosen_by", "chosen_on", "submissions")
    rows = [row | {"about": about_words(row["about"], names).lang(lang_of(ctx))} for row in rows]
    cells = [[" ".join(v) if isinstance(v := row[key], list) else str(v) for key in keys] for row in rows]
    show(table("", [(title, False) for title in (zh if lang_of(ctx) == "zh" else keys)], cells))


def about_words(key: str, names: Mapping[str | None, str]) -> Text:
    """Return what a choice is about as a person says it.

    Parameters
    ----------
    names
        Names of the files that came in, by the SHA-256 of their bytes.

    Examples
    --------
    >>> about_words("sender:赵六|KML", {}).zh, about_words("file:3f2a", {"3f2a": "甲.kml"}).zh
    ('赵六用 KML 交来的文件', '文件 甲.kml')
    """
    kind, _, rest = key.partition(":")
    if kind == "sender":
        sender, _, app = rest.rpartition("|")
        return Text(f"{sender}用 {app} 交来的文件", f"files of {sender} by {app}")
    name = names.get(rest, rest)
    return Text(f"文件 {name}", f"file {name}")


@command(
    "revoke",
    help=say(
        "撤销一次坐标读法的选定，并列出按它登记的提交，供重新核对。",
        "Take a choice on the reading of coordinates back, and list the submissions that rest on it.",
    ),
    epilog=say(
        "示例：ecotrack review revoke 选定编号 --by 李四 --reason 现场核对偏移500米",
        "Example: ecotrack review revoke CHOICE --by Li --reason 'off by 500 m on site'",
    ),
)
@click.argument("choice")
@option("--by", required=True, help=say("撤销人", "who takes it back"))
@option("--reason", required=True, help=say("理由", "reason"))
@click.pass_context
def revoke_(ctx: click.Context, choice: str, by: str, reason: str) -> None:
    """Revoke one choice."""
    from ecotrack.intake.readings import revoke

    with open_workspace(ctx).register() as register:
        found = revoke(register, choice, revoked_by=by, reason=reason)
    speak(ctx, f"已撤销；涉及{len(found)}次提交，请重新核对：", f"revoked; {len(found)} submissions rest on it:")
    for item in found:
        click.echo(f"  {item.submission_id}  {item.submitted_on}  {item.file_name}")


@command(
    "raw",
    help=say(
        "取回收到的原始文件（包括被拒收的），按导入时显示的文件编号。",
        "Write the raw bytes of an upload again, of a refused one too, by the number that import printed.",
    ),
    epilog=say("示例：ecotrack review raw 3f2a… 原始.zip", "Example: ecotrack review raw 3f2a… raw.zip"),
)
@click.argument("sha256")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_context
def raw_(ctx: click.Context, sha256: str, out: Path) -> None:
    """Write the raw bytes to a file that must not be there yet."""
    from ecotrack.errors import OutputExists, UnknownSubmission
    from ecotrack.intake.tables_write import whole_file

    if re.fullmatch(r"[0-9a-fA-F]{64}", sha256) is None:
        raise UnknownSubmission("", name=sha256)
    if out.exists():
        raise OutputExists(out)
    with open_workspace(ctx).register(read_only=True) as register:
        data = register.raw(sha256.lower())
    with whole_file(out) as written:
        written.write_bytes(data)
    speak(ctx, f"已写出 {out}（{len(data)} 字节）", f"{out} written ({len(data)} bytes)")


@command(
    "findings",
    help=say(
        "列出一次提交登记时的检查结果：哪些地块不能直接通过、为什么。",
        "List what the checks found when a submission was registered, and which plots they hold back.",
    ),
    epilog=say("示例：ecotrack review findings 提交编号", "Example: ecotrack review findings SUBMISSION"),
)
@click.argument("submission")
@option("--json", "as_json", is_flag=True, help=say("输出 JSON", "print JSON"))
@click.pass_context
def findings_(ctx: click.Context, submission: str, as_json: bool) -> None:
    """Print the findings on one submission."""
    from ecotrack.errors import UnknownSubmission
    from ecotrack.imagery.kept_verdicts import contradicted, verdicts_or_fault
    from ecotrack.intake.check_record import records_about
    from ecotrack.reports.terminal import show, table

    workspace = open_workspace(ctx)
    with workspace.register(read_only=True) as register:
        found = [one.body for one in records_about(register, [submission]).values()]
        versions = register.versions(submission_id=submission)
    if not found:
        raise UnknownSubmission("", name=submission)
    plots = {version.version_id: version.feature_id for version in versions}
    kept, fault = verdicts_or_fault(workspace.register_path.parent)
    if fault is not None:
        warn(ctx, fault, zh="影像结论读不出来，未列入", en="the word of imagery cannot be read and is left out")
    against = contradicted(kept, versions)
    if as_json:
        satellite = [
            {"version_id": key, "check": one.check, "level": one.level, "zh": one.message.zh, "en": one.message.en}
            for key, one in against.items()
        ]
        body = {"schema": "ecotrack.findings/1", **found[0], "satellite": satellite}
        click.echo(json.dumps(body, ensure_ascii=False, indent=2))
        return
    lang, held = lang_of(ctx), set(found[0]["held"])
    titles = ("地块", "不能直接通过", "问题", "期限") if lang == "zh" else ("plot", "held", "finding", "due")
    rows = [
        (plots.get(row["version_id"], ""), "●" if row["version_id"] in held else "", row[lang], row["due_on"] or "")
        for row in found[0]["findings"]
    ]
    rows += [(plots[key], "", one.message.lang(lang), "") for key, one in against.items()]
    show(table("", [(title, False) for title in titles], rows))
