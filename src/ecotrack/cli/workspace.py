"""The verbs ``init`` and ``layer``: a workspace of one's own, and its layers."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ecotrack.cli.context import lang_of, open_workspace, speak
from ecotrack.cli.language import SpokenGroup, command, option, say
from ecotrack.errors import Text

if TYPE_CHECKING:
    from ecotrack.intake.reference import Reference

_LEVELS = {"blocks": Text("阻止", "blocks"), "warns": Text("提醒", "warns"), "notes": Text("说明", "notes")}


@command(
    "init",
    help=say(
        "新建工作区：复制衡水的配置、图层和示意界线，供本单位修改。",
        "Make a workspace: a copy of Hengshui's configuration, layers and sketches, to be changed by an office.",
    ),
    epilog=say(
        "示例：ecotrack init D:\\衡水 ；然后用 ecotrack layer set counties 文件 换成正式界线",
        "Example: ecotrack init hengshui; then ecotrack layer set counties FILE puts official borders in",
    ),
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.pass_context
def init(ctx: click.Context, folder: Path) -> None:
    """Make a workspace in a new folder."""
    from ecotrack.errors import FolderNotEmpty
    from ecotrack.template import template_folder

    if folder.exists() and any(folder.iterdir()):
        raise FolderNotEmpty(folder)
    folder.mkdir(parents=True, exist_ok=True)
    source = template_folder()
    shutil.copy(source / "ecotrack.toml", folder / "ecotrack.toml")
    for name in ("layers", "geo", "maps"):
        shutil.copytree(
            source / name, folder / name, ignore=shutil.ignore_patterns("out", "replaced"), dirs_exist_ok=True
        )
    speak(
        ctx,
        f"已在 {folder} 建立工作区。界线是示意的，请用 ecotrack layer set 换成正式数据。",
        f"made a workspace in {folder}. Its borders are sketches: put official ones in with ecotrack layer set.",
    )


@click.group(
    "layer",
    cls=SpokenGroup,
    help=say(
        "图层：列出，或用正式文件替换示意界线。", "Layers: list them, or put an official file in a sketch's place."
    ),
    epilog=say("示例：ecotrack layer list", "Example: ecotrack layer list"),
)
def layer() -> None:
    """Hold the verbs about layers."""


_SHAPES = {"Point": "点", "LineString": "线", "Polygon": "面", "none": "无"}


@command(
    "list",
    help=say("列出图层。", "List the layers."),
    epilog=say("示例：ecotrack layer list", "Example: ecotrack layer list"),
)
@click.pass_context
def list_(ctx: click.Context) -> None:
    """Print every layer: id, title, geometry, classification, features, whether it is a sketch."""
    from ecotrack.reports.terminal import show, table

    workspace, lang = open_workspace(ctx), lang_of(ctx)
    zh, en = ("编号", "名称", "图形", "密级", "要素", "说明"), ("id", "title", "geometry", "class", "features", "note")
    cells = []
    for item in workspace.layers.values():
        count = "" if item.source in ("register", "none") else str(len(workspace.features(item.id)))
        mark = Text("示意", "sketch").lang(lang) if item.sketch else ""
        shape = _SHAPES.get(item.geometry, item.geometry) if lang == "zh" else item.geometry
        cells.append((item.id, item.title.lang(lang), shape, item.classification, count, mark))
    columns = [(title, place == 4) for place, title in enumerate(zh if lang == "zh" else en)]
    show(table(Text("图层", "Layers").lang(lang), columns, cells))


@command(
    "set",
    help=say(
        "用正式文件替换一个参考图层；先检查坐标系、拓扑、代码和面积，旧文件留在 geo/replaced。",
        "Put an official file in the place of a reference layer, after checking CRS, coverage, codes and areas; "
        "the old file stays in geo/replaced.",
    ),
    epilog=say(
        "示例：ecotrack layer set counties 县界.shp --dry-run；ecotrack layer set sections 断面.shp --field code=DMBH",
        "Examples: ecotrack layer set counties counties.shp --dry-run; "
        "ecotrack layer set sections sections.shp --field code=DMBH",
    ),
)
@click.argument("layer_id", metavar="LAYER")
@click.argument("file", type=click.Path(path_type=Path))
@option("--crs", help=say("坐标系，例如 EPSG:4527", "CRS, for instance EPSG:4527"))
@option("--encoding", help=say("属性文字的编码，例如 GB18030", "encoding of the attributes, for instance GB18030"))
@option(
    "--field",
    "fields",
    multiple=True,
    help=say("字段对应：图层字段=文件字段，可多次给出", "layer field = file field; may be repeated"),
)
@option("--source", help=say("来源说明（文件、单位、日期）", "where the file comes from"))
@option("--dry-run", is_flag=True, help=say("只检查，不写入", "check only, write nothing"))
@click.pass_context
def set_(
    ctx: click.Context,
    layer_id: str,
    file: Path,
    crs: str | None,
    encoding: str | None,
    fields: tuple[str, ...],
    source: str | None,
    dry_run: bool,
) -> None:
    """Check an official file and, unless it is a dry run, put it in place."""
    from ecotrack.intake.reference import check_reference, set_reference

    workspace = open_workspace(ctx)
    if unclear := [field for field in fields if "=" not in field]:
        raise click.BadParameter(unclear[0], ctx=ctx, param_hint="--field")
    columns = dict(field.split("=", 1) for field in fields)
    reference = check_reference(workspace, layer_id, file, crs=crs, encoding=encoding, columns=columns)
    _print(ctx, reference)
    if dry_run:
        if not reference.blocked:
            speak(
                ctx,
                f"检查通过：{len(reference.features)} 个要素可以替换图层 {layer_id}（未写入）",
                f"fine: {len(reference.features)} features can replace layer {layer_id} (nothing was written)",
            )
        ctx.exit(1 if reference.blocked else 0)
    kept = set_reference(workspace, reference, path=file, source=source or file.name)
    speak(
        ctx,
        f"已替换图层 {layer_id}：{len(reference.features)} 个要素；旧文件在 {kept}",
        f"layer {layer_id} replaced: {len(reference.features)} features; the old file is {kept}",
    )


def _print(ctx: click.Context, reference: Reference) -> None:
    lang = lang_of(ctx)
    for item in reference.reading.layers:
        click.echo(f"{item.driver}  {item.crs_evidence[0 if lang == 'zh' else 1]}")
    for row in reference.areas:
        official = "-" if row.official_km2 is None else f"{row.official_km2:.2f}"
        difference = "" if row.difference_pct is None else f"{row.difference_pct:+.2f}%"
        name = row.unit.name_zh if lang == "zh" else row.unit.name_en
        click.echo(f"{row.unit.code}  {name}  {row.measured_km2:.2f} km2  {official}  {difference}")
    for finding in reference.findings:
        level = _LEVELS[finding.level].lang(lang)
        message = finding.message.lang(lang)
        place = "" if message.startswith(finding.where) else f"{finding.where} "
        click.echo(f"[{level}] {place}{message}")


layer.add_command(list_)
layer.add_command(set_)
