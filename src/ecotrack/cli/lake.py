"""The verb ``ecotrack lake``: the lake's surface in a scene."""

from __future__ import annotations

import datetime as dt
import getpass
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import click

from ecotrack.cli.context import DAY, Number, echo_json, lang_of, open_workspace, speak
from ecotrack.cli.language import SpokenGroup, command, option, say
from ecotrack.cli.scene import chosen_scenes
from ecotrack.errors import Lang, Text
from ecotrack.figures.lake import ENGLISH

if TYPE_CHECKING:
    from ecotrack.imagery.lake import LakeObservation
    from ecotrack.intake.lake_review import Word
    from ecotrack.model import ProgressRecord

SHOWN = 40
"""Observations that are printed; JSON has them all."""

_YEARS = (
    Text("年份", "year"),
    Text("依据", "basis"),
    Text("水面类型", "surface"),
    Text("观测次数", "observations"),
    Text("中位数（平方公里）", "median, km2"),
    Text("最小", "least"),
    Text("最大", "most"),
)
_SEEN = (
    Text("日期", "day"),
    Text("平方公里", "km2"),
    Text("湖区", "basin"),
    Text("状态", "state"),
    Text("依据", "basis"),
    Text("水面类型", "surface"),
    Text("水位（米，高程基准）", "level, m, datum"),
    Text("无云%", "clear %"),
    Text("方法", "method"),
)

lake = SpokenGroup(
    "lake",
    help=say("湖面：从影像观测、列出历次观测。", "The lake: observe it in a scene, list what was seen."),
    epilog=say("示例：ecotrack lake observe 影像编号", "Example: ecotrack lake observe SCENE"),
)


class Metres(click.ParamType[Decimal]):
    """A length in metres, kept as it was written."""

    name = "metres"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """Return the number."""
        try:
            found = Decimal(str(value))
        except InvalidOperation:
            self.fail(f"'{value}' is not a valid number.", param, ctx)
        return found if found.is_finite() else self.fail(f"'{value}' is not a valid number.", param, ctx)


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
@option("--threshold", type=Number(-1, 1), help=say("固定阈值（默认大津法）", "fixed threshold (default: Otsu's)"))
@option("--margin", "margin_m", type=Number(0, 100_000), default=1000, show_default=True,
        help=say("湖区轮廓外多少米以内", "metres beyond the basins' outlines"))  # fmt: skip
@option("--least-clear", type=Number(0, 100), default=60, show_default=True,
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
    stage = Stage(level_m=level_m, datum=datum.strip())
    asked = LakeAsked(index=index, threshold=threshold, margin_m=margin_m, least_clear_pct=least_clear)
    basins = workspace.features("lake")
    found = observe_lake(chosen_scenes(workspace, (scene_id,))[0], basins, asked)
    outcome = hand_in(
        workspace, found, author=by or getpass.getuser(), stage=stage, least_clear_pct=least_clear, dry_run=dry_run
    )
    if as_json:
        echo_json(observation_document(found))
        return
    names = {basin.feature_id: basin.name or basin.feature_id for basin in basins}
    _print(ctx, found, names)
    count = len(outcome.added)
    zh, en = (_added(outcome.added, names, lang) for lang in ("zh", "en"))
    if dry_run:
        speak(ctx, f"将登记 {count} 条待审记录{zh}", f"{count} records would wait for review{en}")
    else:
        speak(ctx, f"登记 {count} 条待审记录{zh}，已有 {outcome.already} 条",
              f"{count} records wait for review{en}, {outcome.already} were there")  # fmt: skip
        if count:
            speak(ctx, f"审核后采用：ecotrack lake adopt {scene_id} --by 审核人",
                  f"once reviewed: ecotrack lake adopt {scene_id} --by REVIEWER")  # fmt: skip


def _added(records: Sequence[ProgressRecord], names: Mapping[str, str], lang: Lang) -> str:
    """Return in brackets which water some records are of."""
    whole = Text("全湖", "whole lake").lang(lang)
    told = []
    for one in records:
        surface = str(one.fields["surface_kind"])
        where = whole if one.feature_id is None else names[one.feature_id]
        told.append(f"{where} {surface if lang == 'zh' else ENGLISH.get(surface, surface)}")
    if not told:
        return ""
    return f"（{'、'.join(told)}）" if lang == "zh" else f" ({', '.join(told)})"


def _print(ctx: click.Context, found: LakeObservation, names: Mapping[str, str]) -> None:
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
            f"  {names[basin.basin]}：{basin.open_m2 / 1e6:.2f} 平方公里，看清 {basin.clear_pct:.0f}%",
            f"  {names[basin.basin]}: {basin.open_m2 / 1e6:.2f} km2, {basin.clear_pct:.0f} % seen",
        )
    for doubt in found.doubts:
        click.echo(("请核对：" if lang == "zh" else "please check: ") + doubt.lang(lang), err=True)


@command(
    "series",
    help=say(
        "列出历次湖面观测，以及每年的中位数和范围；只有采用的观测进入指标。",
        "List the observations, and each year's median and range; only adopted ones feed figures.",
    ),
    epilog=say("示例：ecotrack lake series --as-of 2020-12-31", "Example: ecotrack lake series --as-of 2020-12-31"),
)
@option("--as-of", type=DAY, help=say("截至此日期（默认今天）", "up to this day (default: today)"))
@option("--json", "as_json", is_flag=True, help=say("输出 JSON", "print JSON"))
@click.pass_context
def series(ctx: click.Context, as_of: dt.date | None, as_json: bool) -> None:
    """Print the series."""
    from ecotrack.figures.lake_series import lake_document

    view = open_workspace(ctx).view(as_of=as_of)
    found = view.layer("lake")
    basins = {feature.feature_id: feature.name or feature.feature_id for feature in found.features}
    document = lake_document(found.records, basins)
    if as_json:
        echo_json({"schema": "ecotrack.lake_series/1", "as_of": view.as_of.isoformat(), **document})
        return
    _print_series(ctx, document)


def _print_series(ctx: click.Context, document: dict[str, Any]) -> None:
    from ecotrack.reports.terminal import show, table
    from ecotrack.units import round_half_up

    lang = lang_of(ctx)
    sample, whole = Text(" 示例", " (sample)").lang(lang), Text("全湖", "whole lake").lang(lang)

    def word(code: str) -> str:
        return code if lang == "zh" else ENGLISH.get(code, code)

    def km2(value: float) -> str:
        return f"{round_half_up(value, 2):.2f}"

    numbers = ("median_km2", "least_km2", "most_km2")
    years = [
        (
            f"{one['year']}{sample if one['sample'] else ''}",
            word(one["basis"]),
            word(one["surface_kind"]),
            str(one["observations"]),
            *(km2(one[key]) for key in numbers),
        )
        for one in document["years"]
    ]
    columns = ("basin", "state", "basis", "surface_kind", "level_m", "clear_share_pct", "method")
    seen = [
        (one["on"] + (sample if one["sample"] else ""), km2(one["km2"]),
         *(_told(one, key, whole, lang) for key in columns))
        for one in document["observations"][:SHOWN]
    ]  # fmt: skip
    show(table("", _heads(_YEARS, lang, numbers=4), years), table("", _heads(_SEEN, lang), seen))
    speak(ctx, f"共 {document['total']} 次观测", f"{document['total']} observations")


def _told(one: dict[str, Any], key: str, whole: str, lang: Lang) -> str:
    """Return a cell of an observation; its state says what is in doubt."""
    if lang == "en" and key in ("state", "basis", "surface_kind"):
        one = {**one, key: ENGLISH.get(one[key], one[key])}
    if key == "state" and one["doubts"]:
        km2 = f"{Decimal(one['doubted_km2']):.2f}" if one["doubted_km2"] else ""
        return f"{one['state']} {Text('存疑', 'in doubt').lang(lang)} {km2}".rstrip()
    if key == "level_m" and one["level_m"] is not None:
        return f"{one['level_m']} {one['datum'] or ''}".rstrip()
    return str(one[key] if one[key] is not None else whole if key == "basin" else "")


def _heads(titles: tuple[Text, ...], lang: Lang, *, numbers: int = 0) -> list[tuple[str, bool]]:
    """Return the titles of columns, the last of which hold numbers."""
    return [(title.lang(lang), place >= len(titles) - numbers) for place, title in enumerate(titles)]


def _verdict(verb: str, word: Word, zh: str, en: str, *, needs_reason: bool) -> click.Command:
    example = f"ecotrack lake {verb} SCENE --by 李四" + (" --reason …" if needs_reason else "")

    @command(verb, help=say(zh, en), epilog=say(f"示例：{example}", f"Example: {example}"))
    @click.argument("names", nargs=-1, required=True, metavar="SCENE|RECORD...")
    @option("--by", required=True, help=say("审核人姓名（不能是登记人）", "who reviews: not who handed it in"))
    @option("--reason", **({"required": True} if needs_reason else {"default": ""}), help=say("理由", "reason"))
    @click.pass_context
    def decide(ctx: click.Context, names: tuple[str, ...], by: str, reason: str) -> None:
        from ecotrack.intake.lake_review import beside, decide_observations

        workspace = open_workspace(ctx)
        made = decide_observations(workspace, names, word, reviewer=by, reason=reason)
        for one in made:
            surface = str(one.fields["surface_kind"])
            speak(
                ctx,
                f"{word} {one.effective_on} {surface} {one.value} 平方公里（{by}；未验证审核人身份）",
                f"{ENGLISH[word]}: {one.effective_on} {ENGLISH.get(surface, surface)} {one.value} km2 "
                f"({by}; the reviewer's identity was not proven)",
            )
        for other in beside(made, workspace.view().layer("lake").records):
            named, km2 = other.fields.get("scene_id") or other.record_id, other.value
            speak(
                ctx,
                f"请核对：同一天已有采用的观测（{named}，{km2} 平方公里），两条都会进入中位数",
                f"please check: of the same day {named} ({km2} km2) is adopted too; both feed the median",
                err=True,
            )
        if not made:
            speak(ctx, f"早已{word}，没有重复登记", "it stands so already; nothing was written")

    return decide


adopt = _verdict(
    "adopt",
    "采用",
    "采用湖面观测：此后进入当年的中位数。",
    "Adopt observations: they feed the year's median.",
    needs_reason=False,
)
return_ = _verdict(
    "return", "退回", "退回湖面观测，写明理由。", "Send observations back, with a reason.", needs_reason=True
)
for _verb in (observe, series, adopt, return_):
    lake.add_command(_verb)
