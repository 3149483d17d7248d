"""The verb ``export``: a layer with its progress, for other programs."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from ecotrack.cli.context import DAY, open_workspace, speak
from ecotrack.cli.language import command, option, say
from ecotrack.model.layers import CLASSIFICATIONS, Classification


@command(
    "export",
    help=say(
        "导出图层及其进度（.geojson、.gpkg、.csv、.xlsx）。",
        "Export a layer with its progress (.geojson, .gpkg, .csv, .xlsx).",
    ),
    epilog=say(
        "示例：ecotrack export plots 地块.gpkg --as-of 2016-12-31；ecotrack export counties 县界.geojson --level 公开",
        "Examples: ecotrack export plots plots.gpkg --as-of 2016-12-31; ecotrack export lake lake.csv",
    ),
)
@click.argument("layer_id", metavar="LAYER")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@option("--as-of", type=DAY, help=say("截至日期（默认为今天）", "day of the figures (default: today)"))
@option(
    "--level",
    type=click.Choice(CLASSIFICATIONS),
    help=say(
        "输出的密级（默认为工作区的密级）；更高密级的图层不予导出", "level of the output; a layer above it is refused"
    ),
)
@click.pass_context
def export(ctx: click.Context, layer_id: str, file: Path, as_of: dt.date | None, level: Classification | None) -> None:
    """Write one layer, and print the level of the file."""
    from ecotrack.reports.layer_export import export_layer, refuse_above

    workspace = open_workspace(ctx)
    ceiling = level or workspace.config.classification
    refuse_above(workspace.layer(layer_id), ceiling)
    count = export_layer(workspace.view(as_of=as_of), layer_id, file, ceiling=ceiling)
    speak(
        ctx,
        f"已导出 {count} 个要素到 {file}（密级：{ceiling}）",
        f"exported {count} features to {file} (level: {ceiling})",
    )
