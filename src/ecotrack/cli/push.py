"""The verb ``push``: files to a portal, from a script or an office computer."""

from __future__ import annotations

from pathlib import Path

import click

from ecotrack.cli.context import echo_json, speak
from ecotrack.cli.language import command, option, say


@command(
    "push",
    help=say(
        "把边界文件发给报送网站：断了接着发，重复发不会重复登记。",
        "Send boundary files to a portal: goes on after a break, and a repeated send never doubles.",
    ),
    epilog=say(
        "示例：ECOTRACK_TOKEN=eco_… ecotrack push 枣强.zip --to https://10.1.2.3:8040 --submit",
        "Example: ECOTRACK_TOKEN=eco_... ecotrack push zaoqiang.zip --to https://10.1.2.3:8040 --submit",
    ),
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@option("--to", "url", required=True, help=say("报送网站的地址", "address of the portal"))
@option(
    "--token",
    envvar="ECOTRACK_TOKEN",
    required=True,
    help=say("设备口令（宜用环境变量 ECOTRACK_TOKEN）", "device token; better in ECOTRACK_TOKEN"),
)
@option(
    "--ca",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=say("本单位自制的证书（PEM），如 portal.crt", "the office's own certificate (PEM), such as portal.crt"),
)
@option("--unit", default="", help=say("责任单位", "responsible unit"))
@option("--season", default="", help=say("造林季节，如 2026-spring", "planting season, such as 2026-spring"))
@option("--kind", default="", help=say("造林类别", "kind"))
@option("--programme", default="", help=say("工程", "programme"))
@option("--submit", is_flag=True, help=say("检查后直接提交送审", "send in for review once checked"))
@option("--json", "as_json", is_flag=True, help=say("输出 JSON", "print JSON"))
@click.pass_context
def push(
    ctx: click.Context,
    /,
    files: tuple[Path, ...],
    url: str,
    token: str,
    ca: Path | None,
    submit: bool,
    as_json: bool,
    **asked: str,
) -> None:
    """Send each file; 0 when all is in order, 1 when something must be mended."""
    from ecotrack.desk.push import Push

    portal, good, found = Push(url, token, ca=ca), True, []
    for path in files:
        receipt = portal.send(path, **{key: value for key, value in asked.items() if value})
        told = portal.follow(receipt["upload_id"], submit=submit)
        found.append(told)
        checks = told["told"]
        refused = told.get("refused") or checks.get("refused") or checks.get("failed")
        said = refused or checks.get("summary", "")
        whole = told["state"] == ("submitted" if submit else "checked") and not checks.get("waiting")
        good = good and whole and not refused and bool(checks.get("ready", 0) + checks.get("held", 0))
        if not as_json:
            state = {"submitted": ("已提交", "sent in"), "checked": ("已检查", "checked")}
            zh, en = state.get("" if refused else told["state"], ("没有办成", "failed"))
            speak(ctx, f"{path.name}：{zh}。{said}", f"{path.name}: {en}. {said}")
    if as_json:
        echo_json({"schema": "ecotrack.push/1", "files": found})
    ctx.exit(0 if good else 1)
