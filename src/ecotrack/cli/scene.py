"""The verb ``ecotrack scene``: the catalogue of scenes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecotrack.cli.context import DAY, Number, echo_json, lang_of, open_workspace, speak
from ecotrack.cli.language import SpokenGroup, command, option, say
from ecotrack.errors import Text

if TYPE_CHECKING:
    from ecotrack.imagery.scene import Scene
    from ecotrack.workspace import Workspace

_FILE = click.Path(path_type=Path)

scene = SpokenGroup(
    "scene",
    help=say("影像目录：登记、列出、移出。像元留在原处，不下载任何东西。", "Scenes; pixels stay where they are."),
    epilog=say("示例：ecotrack scene add S2B_20200901.SAFE", "Example: ecotrack scene add S2B_20200901.SAFE"),
)


def scenes_folder(workspace: Workspace) -> Path:
    """Return where the catalogue of a workspace lies: beside its register."""
    return workspace.register_path.parent / "scenes"


@command(
    "add",
    help=say(
        "登记影像：哨兵二号（SAFE 目录、zip、单波段）、Landsat 8/9 二级、高分/资源三号四波段，或带波段表的 GeoTIFF。",
        "Add scenes: Sentinel-2 (SAFE folder, zip, single bands), Landsat 8/9 C2 L2, Gaofen and ZY-3 stacks, or any "
        "GeoTIFF with a band table.",
    ),
    epilog=say(
        "示例：ecotrack scene add 湖区.tif --bands 波段表.toml", "Example: ecotrack scene add a.tif --bands t.toml"
    ),
)
@click.argument("files", nargs=-1, required=True, type=_FILE)
@option("--bands", "table", type=_FILE, help=say("波段表（TOML）", "band table (TOML)"))
@option(
    "--date",
    "acquired_on",
    type=DAY,
    help=say("影像日期（默认从文件名或元数据读）", "day of the image (default: from name or metadata)"),
)
@option("--sensor", default="", help=say("传感器", "sensor"))
@option(
    "--scale",
    type=Number(min=0, min_open=True),
    help=say("反射率 = 数值 × 比例 + 偏移：比例", "reflectance = number * scale + offset"),
)
@option(
    "--offset",
    type=Number(-1, 1),
    help=say("偏移（按反射率，例如 -0.1，不是 -1000）", "offset, in reflectance: -0.1, not -1000"),
)
@option("--mask", type=_FILE, help=say("云掩膜影像", "raster that tells cloud"))
@option(
    "--mask-kind",
    type=click.Choice(["cloud", "clear", "scl", "qa_pixel"]),
    default="cloud",
    help=say("掩膜的含义：非零为云、非零为晴，或 SCL、QA_PIXEL", "what other than 0 means, or SCL, QA_PIXEL"),
)
@option("--sample", is_flag=True, help=say("标为示例数据", "mark as sample data"))
@click.pass_context
def add(ctx: click.Context, /, files: tuple[Path, ...], **asked: Any) -> None:
    """Add scenes."""
    from ecotrack.imagery.catalogue import keep_scenes
    from ecotrack.imagery.first_look import first_look
    from ecotrack.imagery.recognise import SceneAsked, recognise
    from ecotrack.imagery.scene import ROLE_NAMES

    scenes = recognise(list(files), SceneAsked(**asked))
    doubts = [first_look(found) for found in scenes]
    keep_scenes(scenes, scenes_folder(open_workspace(ctx)))
    for found, doubted in zip(scenes, doubts, strict=True):
        bands = [ROLE_NAMES[role] for role in found.bands]
        sensor = _sensor(found.sensor)
        cloud = ("有云掩膜", "with a cloud mask") if found.mask else ("没有云掩膜", "without a cloud mask")
        sample = ("，示例", ", sample") if found.sample else ("", "")
        speak(
            ctx,
            f"已登记 {found.scene_id}：{sensor.zh}，{found.acquired_on}，{'、'.join(band.zh for band in bands)}，"
            f"{cloud[0]}{sample[0]}",
            f"added {found.scene_id}: {sensor.en}, {found.acquired_on}, {', '.join(band.en for band in bands)}, "
            f"{cloud[1]}{sample[1]}",
        )
        for doubt in doubted:
            speak(ctx, f"请核对：{doubt.zh}", f"please check: {doubt.en}", err=True)


@command(
    "list",
    help=say("列出登记的影像。", "List the scenes."),
    epilog=say("示例：ecotrack scene list", "Example: ecotrack scene list"),
)
@option("--json", "as_json", is_flag=True, help=say("输出 JSON", "print JSON"))
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List scenes."""
    from ecotrack.imagery.catalogue import scenes_in

    rows = [_row(found) for found in scenes_in(scenes_folder(open_workspace(ctx)))]
    if as_json:
        echo_json({"schema": "ecotrack.scenes/1", "scenes": rows})
        return
    _print_table(ctx, rows)
    speak(ctx, f"共 {len(rows)} 景", f"{len(rows)} scenes")


@command(
    "remove",
    help=say(
        "把影像移出目录：文件已删除或不再使用的。影像文件、已登记的观测和核对结果都不动。",
        "Take scenes out of the catalogue, such as those whose files are gone. Files, observations and verdicts stay.",
    ),
    epilog=say("示例：ecotrack scene remove 影像编号 --dry-run", "Example: ecotrack scene remove ID --dry-run"),
)
@click.argument("names", metavar="SCENE...", nargs=-1, required=True)
@option("--dry-run", is_flag=True, help=say("只看结果，不移出", "only tell"))
@click.pass_context
def remove(ctx: click.Context, names: tuple[str, ...], dry_run: bool) -> None:
    """Take scenes out of the catalogue."""
    from ecotrack.imagery.catalogue import drop_scenes

    for gone in drop_scenes(names, scenes_folder(open_workspace(ctx)), dry_run=dry_run):
        zh, en = ("将移出", "would remove") if dry_run else ("已移出", "removed")
        speak(ctx, f"{zh} {gone.scene_id}（{gone.acquired_on}）", f"{en} {gone.scene_id} ({gone.acquired_on})")


def _sensor(name: str) -> Text:
    return Text("传感器未注明", "sensor not told") if name == "unknown" else Text(name, name)


def _row(found: Scene) -> dict[str, Any]:
    return {
        "scene_id": found.scene_id,
        "acquired_on": found.acquired_on.isoformat(),
        "sensor": found.sensor,
        "level": found.level,
        "bands": list(found.bands),
        "mask": found.mask.kind if found.mask else None,
        "sample": found.sample,
    }


def _print_table(ctx: click.Context, rows: list[dict[str, Any]]) -> None:
    from ecotrack.imagery.scene import ROLE_NAMES
    from ecotrack.reports.terminal import show, table

    lang = lang_of(ctx)
    zh, en = ("影像编号", "日期", "传感器", "波段", "云掩膜"), ("scene", "day", "sensor", "bands", "cloud mask")
    cells = []
    for row in rows:
        mark = (" 示例" if lang == "zh" else " (sample)") if row["sample"] else ""
        cells.append(
            (
                row["scene_id"] + mark,
                row["acquired_on"],
                _sensor(row["sensor"]).lang(lang),
                ("、" if lang == "zh" else ", ").join(ROLE_NAMES[role].lang(lang) for role in row["bands"]),
                row["mask"] or "-",
            )
        )
    columns = [(title, False) for title in (zh if lang == "zh" else en)]
    show(table(Text("影像", "Scenes").lang(lang), columns, cells))


def chosen_scenes(workspace: Workspace, names: tuple[str, ...], *, until: dt.date | None = None) -> list[Scene]:
    """Return the named scenes of the catalogue, or all of them up to a day, oldest first."""
    from ecotrack.imagery.catalogue import refuse_changed, scene_named, scenes_in

    folder = scenes_folder(workspace)
    found = [scene_named(folder, name) for name in names] if names else scenes_in(folder)
    found.sort(key=lambda one: (one.acquired_on, one.scene_id))
    chosen = [one for one in found if until is None or one.acquired_on <= until]
    for one in chosen:
        refuse_changed(one, folder)
    return chosen


for _verb in (add, list_, remove):
    scene.add_command(_verb)
