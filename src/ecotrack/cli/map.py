"""The verb ``ecotrack map``: one HTML file that opens without a network."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from ecotrack.cli.context import DAY, INSTANT, lang_of, open_workspace, speak
from ecotrack.cli.language import command, option, say

OUT = Path("maps") / "out"


@command(
    "map",
    help=say(
        "生成地图：一个不联网也能打开的 HTML 文件。",
        "Write a map: one HTML file that opens without a network.",
    ),
    epilog=say(
        "示例：ecotrack map hengshui --as-of 2017-03-16 -o 进度图.html",
        "Example: ecotrack --lang en map hengshui --as-of 2017-03-16 -o progress.html",
    ),
)
@click.argument("name", required=False)
@option("--as-of", type=DAY, help=say("截至日期（默认为今天）", "day of the figures (default: today)"))
@option(
    "--as-known",
    type=INSTANT,
    help=say("只用该时刻之前登记的内容", "only what had been recorded by this instant"),
)
@option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    help=say("输出文件（默认为 maps/out/地图名.html）", "file to write (default: maps/out/NAME.html)"),
)
@click.pass_context
def map_(
    ctx: click.Context, name: str | None, as_of: dt.date | None, as_known: dt.datetime | None, output: Path | None
) -> None:
    """Write one map of the workspace; ``NAME`` may be left out where there is only one."""
    from ecotrack.maps import MapModel, build_map, read_map, write_map

    def tell(zh: str, en: str) -> None:
        speak(ctx, zh, en, err=True)

    workspace = open_workspace(ctx)
    definition = read_map(workspace.folder, name=name)
    tell("正在读取图层和指标", "reading layers and figures")
    model = MapModel.of(workspace, definition, as_of=as_of, as_known=as_known, lang=lang_of(ctx))
    path = output or workspace.folder / OUT / f"{definition.id}.html"
    write_map(build_map(model), path, progress=tell)
    speak(ctx, f"已写出 {path}", f"wrote {path}")
