"""The verb ``ecotrack map``: one HTML file that opens without a network."""

from __future__ import annotations

import datetime as dt
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from ecotrack.cli.context import DAY, INSTANT, lang_of, open_workspace, speak, told_in_place
from ecotrack.cli.language import Misuse, command, option, say
from ecotrack.errors import ClashingOptions, Text

if TYPE_CHECKING:
    from ecotrack.maps import MapDef
    from ecotrack.maps.index_page import IndexEntry
    from ecotrack.workspace import Workspace

OUT = Path("maps") / "out"


@command(
    "map",
    help=say(
        "生成地图：一个不联网也能打开的 HTML 文件。",
        "Write a map: one HTML file that opens without a network.",
    ),
    epilog=say(
        "示例：ecotrack map hengshui --as-of 2017-03-16 -o 进度图.html；ecotrack map --publish --by 张三",
        "Example: ecotrack --lang en map hengshui --as-of 2017-03-16 -o progress.html; "
        "ecotrack map --publish --by NAME",
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
@option("--unit", help=say("只画一个单位的地块（代码或名称）", "the plots of one unit alone (code or name)"))
@option(
    "--all",
    "all_",
    is_flag=True,
    help=say("生成全部地图，并写出带缩略图的目录页", "write every map, and an index page with thumbnails"),
)
@option(
    "--periods",
    type=click.Choice(["none", "quarter", "month"]),
    help=say("时间轴的步长（默认按地图定义）", "steps of the time slider (default: as the map says)"),
)
@option(
    "--base",
    help=say(
        "在线底图：tianditu-vector、tianditu-image、osm 或瓦片地址（默认不联网）",
        "online base: tianditu-vector, tianditu-image, osm or an address of tiles (default: no network)",
    ),
)
@option(
    "--base-key",
    help=say(
        "天地图密钥，会写进文件；不给时由看图的人填写",
        "key for Tianditu, written into the file; without it whoever opens the map is asked",
    ),
)
@option(
    "--publish",
    "publishing",
    is_flag=True,
    help=say("先为图上的指标出具凭证，编号写在图里", "issue receipts of its figures first; the map names them"),
)
@option("--by", help=say("发布人", "who publishes"))
@click.pass_context
def map_(
    ctx: click.Context,
    name: str | None,
    as_of: dt.date | None,
    as_known: dt.datetime | None,
    output: Path | None,
    unit: str | None,
    all_: bool,
    periods: Literal["none", "quarter", "month"] | None,
    base: str | None,
    base_key: str | None,
    publishing: bool,
    by: str | None,
) -> None:
    """Write one map of the workspace; ``NAME`` may be left out where there is only one, or a main one."""
    from ecotrack.maps import read_map
    from ecotrack.publication.receipts import UNNAMED

    if all_ and (name or output):
        raise Misuse("用 --all 时不写地图名称，也不写 -o", "--all goes without a name and without -o")
    if publishing and as_known:
        raise ClashingOptions("", one="--publish", other="--as-known")
    workspace = open_workspace(ctx)
    changes = {name: value for name, value in (("periods", periods), ("base", base)) if value}
    known = {"as_of": as_of, "as_known": as_known, "base_key": base_key}
    publisher = (by or UNNAMED) if publishing else None
    draw = partial(_draw, ctx, workspace, known=known, unit=unit, changes=changes, publisher=publisher)
    if not all_:
        draw(read_map(workspace.folder, name=name), output)
        return
    from ecotrack.maps.definition import map_names
    from ecotrack.maps.index_page import write_index

    entries = [draw(read_map(workspace.folder, name=one), None) for one in map_names(workspace.folder)]
    path = workspace.folder / OUT / "index.html"
    write_index(entries, path, title=Text(workspace.config.name_zh, workspace.config.name_en), lang=lang_of(ctx))
    speak(ctx, f"已写出 {path}", f"wrote {path}")


def _draw(
    ctx: click.Context,
    workspace: Workspace,
    definition: MapDef,
    output: Path | None,
    *,
    known: dict[str, Any],
    unit: str | None,
    changes: dict[str, str],
    publisher: str | None,
) -> IndexEntry:
    from msgspec.structs import replace

    from ecotrack.maps import MapModel, build_map, write_map
    from ecotrack.maps.index_page import entry_of
    from ecotrack.maps.model import check_levels
    from ecotrack.maps.receipt import issue_receipts
    from ecotrack.maps.unit_map import for_unit

    definition = for_unit(definition, workspace, unit=unit) if unit else definition
    definition = replace(definition, **changes)
    path = output or workspace.folder / OUT / f"{definition.id}.html"
    with told_in_place(ctx) as tell:
        if publisher:
            tell(f"{definition.id}：正在出具凭证", f"{definition.id}: issuing receipts")
            # What the map may not show is refused before a receipt stands.
            check_levels(definition, workspace.layers, figures=workspace.config.classification)
            issue_receipts(definition, workspace.view(as_of=known["as_of"]), by=publisher)
        tell(f"{definition.id}：正在读取图层和指标", f"{definition.id}: reading layers and figures")
        model = MapModel.of(workspace, definition, lang=lang_of(ctx), tell=tell, **known)
        write_map(build_map(model), path, progress=tell)
    speak(ctx, f"已写出 {path}", f"wrote {path}")
    return entry_of(model, file=path.name)
