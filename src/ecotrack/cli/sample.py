"""The verbs ``ecotrack sample``: plots drawn for field checks, their cards, and what the checks say."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecotrack.cli.context import DAY, echo_json, lang_of, open_workspace, speak
from ecotrack.cli.language import Misuse, SpokenGroup, command, option, say
from ecotrack.errors import BadSampleSize, Text

if TYPE_CHECKING:
    from ecotrack.model import IssuedDocument
    from ecotrack.workspace import Workspace

sample = SpokenGroup(
    "sample",
    help=say("抽样核查：抽取地块、核查卡、结果。", "Samples for field checks: draw, cards, results."),
    epilog=say(
        "示例：ecotrack sample draw --season 2016 --fraction 5 --by 张三",
        "Example: ecotrack sample draw --season 2016 --fraction 5 --by Zhang",
    ),
)

_FILE = click.Path(path_type=Path, dir_okay=False)
_AS_OF = option("--as-of", type=DAY, help=say("截至日期（默认为今天）", "day of the figures (default: today)"))
_JSON = option("--json", "as_json", is_flag=True, help=say("输出 JSON", "print JSON"))


def _share(text: str | None) -> Decimal | None:
    try:
        return None if text is None else Decimal(text)
    except InvalidOperation:
        raise BadSampleSize("--fraction", text=text) from None


@command(
    "draw",
    help=say(
        "在任务或季节的已通过地块中按责任单位分层随机抽样。种子、抽样框的哈希和抽中的地块都登记在案。",
        "Draw plots at random within each responsible unit from the accepted plots of a task or a season. The seed, "
        "the hash of the frame and the drawn plots are kept in the register.",
    ),
    epilog=say(
        "示例：ecotrack sample draw --task sample-2016 --fraction 5 --level 市 --by 张三",
        "Example: ecotrack sample draw --task sample-2016 --size 10 --seed 42 --by Zhang",
    ),
)
@option("--task", "task_id", help=say("从这项任务的地块中抽取", "draw from the plots of this task"))
@option("--season", help=say("从这一年或这一季的地块中抽取，如 2016-spring", "draw from a year or season: 2016-spring"))
@option("--fraction", help=say("每单位抽取的比例（%），至少两块", "share of each unit's plots (%), at least two"))
@option("--size", type=int, help=say("每单位抽取的地块数", "number of plots per unit"))
@option(
    "--seed",
    type=click.IntRange(min=0, max=10**9 - 1),
    help=say("随机种子（默认由程序抽定，并登记）", "seed (default: drawn by lot; it is kept either way)"),
)
@option(
    "--level", default="", help=say("只计这一级的核查（县、市、省）", "count checks of this level only (县, 市, 省)")
)
@option("--by", required=True, help=say("抽样人", "who draws"))
@_AS_OF
@_JSON
@click.pass_context
def draw(
    ctx: click.Context,
    task_id: str | None,
    season: str | None,
    fraction: str | None,
    size: int | None,
    seed: int | None,
    level: str,
    by: str,
    as_of: dt.date | None,
    as_json: bool,
) -> None:
    """Draw a sample."""
    from ecotrack.field_samples import draw_sample
    from ecotrack.figures.sampling import Allocation

    if (task_id is None) == (season is None):
        raise Misuse("请用 --task 或 --season 指明其一", "give one of --task, --season")
    workspace = open_workspace(ctx)
    levels = workspace.config.code_lists.get("check_level", {})
    if level and levels and level not in levels:
        raise click.BadParameter("、".join(levels), ctx=ctx, param_hint="--level")
    allocation = Allocation(fraction_pct=_share(fraction), per_unit=size)
    asked = {"task_id": task_id, "season": season, "level": level, "seed": seed, "as_of": as_of}
    document = draw_sample(workspace, by=by, allocation=allocation, **asked)  # type: ignore[arg-type]
    if as_json:
        echo_json(_head(document) | {"plots": document.body["plots"]})
        return
    body, mark = document.body, _mark(document, ctx)
    drawn, units = len(body["plots"]), len(body["strata"])
    speak(
        ctx,
        f"从 {body['frame_plots']} 块中抽取 {drawn} 块，{units} 个单位{mark}；种子 {body['seed']}\n"
        f"抽样编号 {document.document_id}\n抽样框 {body['frame_sha256']}",
        f"drew {drawn} of {body['frame_plots']} plots in {units} units{mark}; seed {body['seed']}\n"
        f"sample {document.document_id}\nframe {body['frame_sha256']}",
    )


def _mark(document: IssuedDocument, ctx: click.Context) -> str:
    return Text("（示例）", " (sample data)").lang(lang_of(ctx)) if document.sample else ""


def _head(document: IssuedDocument) -> dict[str, Any]:
    facts = {key: value for key, value in document.body.items() if key not in ("plots", "strata")}
    head = {
        "schema": "ecotrack.sample-draw/1",
        "draw": document.document_id,
        "drawn_on": document.issued_on.isoformat(),
    }
    drawn = {"drawn_plots": len(document.body["plots"]), "sample": document.sample}
    return head | facts | drawn | {"strata": document.body["strata"]}


@command(
    "list",
    help=say("列出各次抽样。", "List the samples that were drawn."),
    epilog=say("示例：ecotrack sample list", "Example: ecotrack --lang en sample list"),
)
@_JSON
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """Print one row for each sample."""
    from ecotrack.figures.sampling import DRAW_KIND

    with open_workspace(ctx).register(read_only=True) as register:
        documents = register.documents(kind=DRAW_KIND)
    if as_json:
        document = {"schema": "ecotrack.samples/1", "samples": [_head(document) for document in documents]}
        echo_json(document)
        return
    from ecotrack.reports.check_results import samples_table
    from ecotrack.reports.terminal import show

    show(samples_table([_head(document) for document in documents], lang_of(ctx)))


def _found(workspace: Workspace, name: str) -> IssuedDocument:
    from ecotrack.field_samples import find_sample

    with workspace.register(read_only=True) as register:
        return find_sample(register, name)


@command(
    "cards",
    help=say(
        "写出核查卡（XLSX，填好后用 records import 导入）和抽中地块的地图（HTML）。",
        "Write the check cards (XLSX, which records import takes back) and a map of the drawn plots (HTML).",
    ),
    epilog=say(
        "示例：ecotrack sample cards 抽样编号 -o 核查卡.xlsx -m 抽样图.html",
        "Example: ecotrack sample cards SAMPLE -o cards.xlsx -m sample.html",
    ),
)
@click.argument("draw_id", metavar="SAMPLE")
@option("--output", "-o", type=_FILE, help=say("核查卡写到哪个文件", "where to write the cards"))
@option("--map", "-m", "map_file", type=_FILE, help=say("地图写到哪个文件", "where to write the map"))
@click.pass_context
def cards(ctx: click.Context, draw_id: str, output: Path | None, map_file: Path | None) -> None:
    """Write the cards, the map, or both."""
    from ecotrack.field_samples import drawn_plots
    from ecotrack.figures.sampling import Draw
    from ecotrack.reports.check_cards import write_cards

    workspace = open_workspace(ctx)
    found = Draw.of(_found(workspace, draw_id))
    if output is not None or map_file is None:
        path = write_cards(workspace, found, drawn_plots(workspace, found), output or Path("check-cards.xlsx"))
        speak(ctx, f"已写出 {path}", f"wrote {path}")
    if map_file is not None:
        from ecotrack.maps import build_map, write_map
        from ecotrack.maps.drawn_plots import drawn_plots_model

        ids = {row.feature_id for row in found.rows}
        title = Text(f"抽样核查地块 {found.drawn_on}", f"Plots drawn for field checks {found.drawn_on}")
        model = drawn_plots_model(workspace, ids, title=title, as_of=found.drawn_on, lang=lang_of(ctx))
        write_map(build_map(model), map_file)
        speak(ctx, f"已写出 {map_file}", f"wrote {map_file}")


@command(
    "results",
    help=say(
        "抽样核查结果：面积核实率、净合格率、有效率，分单位和合计，附置信区间。",
        "What the checks of a sample say: verified, net qualified and effective share, with confidence intervals.",
    ),
    epilog=say("示例：ecotrack sample results 抽样编号", "Example: ecotrack --lang en sample results SAMPLE"),
)
@click.argument("draw_id", metavar="SAMPLE")
@_AS_OF
@_JSON
@click.pass_context
def results(ctx: click.Context, draw_id: str, as_of: dt.date | None, as_json: bool) -> None:
    """Print the results of a sample."""
    from ecotrack.field_samples import sample_results

    workspace = open_workspace(ctx)
    found = sample_results(workspace, _found(workspace, draw_id), as_of=as_of)
    if as_json:
        echo_json(found)
        return
    from ecotrack.reports.check_results import results_table
    from ecotrack.reports.terminal import show

    show(results_table(found, lang_of(ctx)))


@command(
    "verify",
    help=say(
        "用登记的种子和当时的登记库重新抽取，核对是否一致；不一致时退出码为 1。",
        "Draw again with the kept seed from the register as it stood, and compare; exit code 1 if they differ.",
    ),
    epilog=say("示例：ecotrack sample verify 抽样编号", "Example: ecotrack --lang en sample verify SAMPLE"),
)
@click.argument("draw_id", metavar="SAMPLE")
@click.pass_context
def verify(ctx: click.Context, draw_id: str) -> int:
    """Draw a sample again."""
    from ecotrack.field_samples import drawn_again

    workspace = open_workspace(ctx)
    differ = drawn_again(workspace, _found(workspace, draw_id))
    if differ:
        speak(ctx, f"重新抽取不一致：{'、'.join(differ)}", f"drawing again differs: {', '.join(differ)}")
        return 1
    speak(ctx, "重新抽取，结果一致", "drawn again, the same plots")
    return 0


for _verb in (draw, list_, cards, results, verify):
    sample.add_command(_verb)
