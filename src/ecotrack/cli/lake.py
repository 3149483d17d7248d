"""The verb ``ecotrack lake``: the lake's surface in a scene."""

from __future__ import annotations

import getpass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import click

from ecotrack.cli.context import echo_json, lang_of, open_workspace, speak
from ecotrack.cli.language import SpokenGroup, command, option, say
from ecotrack.cli.scene import chosen_scenes

if TYPE_CHECKING:
    from ecotrack.imagery.lake import LakeObservation

lake = SpokenGroup(
    "lake",
    help=say("湖面：从影像观测。", "The lake: observe it in a scene."),
    epilog=say("示例：ecotrack lake observe 影像编号", "Example: ecotrack lake observe SCENE"),
)


class Metres(click.ParamType[Decimal]):
    """A length in metres, kept as it was written."""

    name = "metres"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """Return the number."""
        try:
            return Decimal(str(value))
        except InvalidOperation:
            self.fail(str(value), param, ctx)


@command(
    "observe",
    help=say(
        "从目录中的影像提取与湖区相连的水面，登记为待审的观测记录。",
        "Take the water that hangs together with the basins from a scene; the records wait for review.",
    ),
    epilog=say(
        "示例：ecotrack lake observe 影像编号 --level 20.45 --datum 大沽",
        "Example: ecotrack lake observe SCENE --level 20.45 --datum Dagu",
    ),
)
@click.argument("scene_id", metavar="SCENE")
@option("--index", type=click.Choice(["NDWI", "MNDWI"]), help=say("水体指数（默认有短波红外用 MNDWI）", "water index"))
@option("--threshold", type=float, help=say("固定阈值（默认大津法）", "fixed threshold (default: Otsu's)"))
@option("--margin", "margin_m", type=float, default=1000, show_default=True,
        help=say("湖区轮廓外多少米以内", "metres beyond the basins' outlines"))  # fmt: skip
@option("--least-clear", type=float, default=60, show_default=True,
        help=say("至少要看清的比例（%）", "least share that is seen, in percent"))  # fmt: skip
@option("--level", "level_m", type=Metres(), help=say("当日水位（米）", "water level of the day in metres"))
@option("--datum", default="", help=say("水位的高程基准", "datum of the level"))
@option("--by", metavar="NAME", help=say("登记人（默认为系统用户名）", "who hands it in (default: the system user)"))
@option("--dry-run", is_flag=True, help=say("只看结果，不登记", "show it, register nothing"))
@option("--json", "as_json", is_flag=True, help=say("输出 JSON（带水面轮廓的 GeoJSON）", "print GeoJSON"))
@click.pass_context
def observe(
    ctx: click.Context,
    scene_id: str,
    index: str | None,
    threshold: float | None,
    margin_m: float,
    least_clear: float,
    level_m: Decimal | None,
    datum: str,
    by: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Observe the lake."""
    from ecotrack.imagery.lake import LakeAsked
    from ecotrack.imagery.lake import observe as observe_lake
    from ecotrack.intake.lake_observation import Stage, hand_in, observation_document

    workspace = open_workspace(ctx)
    stage = Stage(level_m=level_m, datum=datum)
    asked = LakeAsked(index=index, threshold=threshold, margin_m=margin_m, least_clear_pct=least_clear)
    found = observe_lake(chosen_scenes(workspace, (scene_id,))[0], workspace.features("lake"), asked)
    outcome = hand_in(
        workspace, found, author=by or getpass.getuser(), stage=stage, least_clear_pct=least_clear, dry_run=dry_run
    )
    if as_json:
        echo_json(observation_document(found))
        return
    _print(ctx, found)
    count = len(outcome.added)
    if dry_run:
        speak(ctx, f"将登记 {count} 条待审记录", f"{count} records would wait for review")
    else:
        speak(ctx, f"登记 {count} 条待审记录，已有 {outcome.already} 条", f"{count} records wait for review")


def _print(ctx: click.Context, found: LakeObservation) -> None:
    scene, lang = found.scene, lang_of(ctx)
    mark = ("（示例）", " (sample)") if scene.sample else ("", "")
    speak(
        ctx,
        f"{scene.acquired_on} {scene.scene_id}{mark[0]}：敞水面 {found.open_m2 / 1e6:.2f} 平方公里（{found.method}）",
        f"{scene.acquired_on} {scene.scene_id}{mark[1]}: open water {found.open_m2 / 1e6:.2f} km2 ({found.method})",
    )
    if found.plants_m2 is None:
        speak(ctx, "影像波段不足，挺水植物没有区分", "the bands do not allow to tell emergent plants")
    else:
        speak(ctx, f"挺水植物 {found.plants_m2 / 1e6:.2f} 平方公里", f"emergent plants {found.plants_m2 / 1e6:.2f} km2")
    for basin in found.basins:
        speak(
            ctx,
            f"  {basin.basin}：{basin.open_m2 / 1e6:.2f} 平方公里，看清 {basin.clear_pct:.0f}%",
            f"  {basin.basin}: {basin.open_m2 / 1e6:.2f} km2, {basin.clear_pct:.0f} % seen",
        )
    for doubt in found.doubts:
        click.echo(("请核对：" if lang == "zh" else "please check: ") + doubt.lang(lang), err=True)


lake.add_command(observe)
