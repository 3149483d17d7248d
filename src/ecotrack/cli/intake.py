"""The verbs ``ecotrack check`` and ``ecotrack import``: boundaries in files are judged, and become a submission."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecotrack.cli.context import DAY, lang_of, open_workspace, speak
from ecotrack.cli.language import Misuse, command, option, say
from ecotrack.errors import FutureDate, NoName

if TYPE_CHECKING:
    from ecotrack.intake.check import Checked, Order
    from ecotrack.intake.read import Upload
    from ecotrack.intake.submit import Submitted
    from ecotrack.register import Register
    from ecotrack.workspace import Workspace

READ_AS = {"wgs84": "WGS84", "gcj02": "GCJ-02", "bd09": "BD-09"}
"""Option to reading."""

_SHARED = (
    click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path)),
    option("--layer", default="plots", show_default=True, help=say("图层", "layer")),
    option("--unit", help=say("责任单位（属性表里没有时用）", "responsible unit, where the attributes do not say")),
    option("--season", help=say("造林季节，如 2016-spring", "planting season, such as 2016-spring")),
    option("--kind", help=say("造林类别，如 造林", "kind, such as 造林")),
    option("--programme", help=say("工程，如 环湖绿化", "programme, such as 环湖绿化")),
    option(
        "--crs",
        help=say(
            "坐标系（以此为准）：38带、39带、114度、117度、经纬度，或 EPSG:4527",
            "CRS, such as EPSG:4527; overrules the file",
        ),
    ),
    option(
        "--read-as",
        type=click.Choice(["wgs84", "gcj02", "bd09"]),
        help=say(
            "经纬度的读法：wgs84（手持GPS、国家2000）、gcj02（高德、腾讯、奥维）、bd09（百度）",
            "how degrees are read: wgs84 (GPS), gcj02 (Amap, Ovital), bd09 (Baidu)",
        ),
    ),
    option(
        "--sheet",
        metavar="NAME",
        help=say(
            "文件里有几个工作表或图层时，只读叫这个名字的一个（默认全读）",
            "the one sheet or layer to read of a file that holds several (default: all)",
        ),
    ),
    option("--encoding", help=say("文字编码，如 GBK（以此为准）", "text encoding, such as GBK; overrules the file")),
    option("--submitted-on", type=DAY, help=say("提交日期（默认今天）", "day of submission (default: today)")),
    option("--by", default="命令行", help=say("提交人", "who sends it in")),
    option("--accept-repairs", is_flag=True, help=say("接受全部修复建议", "take all proposed repairs")),
    option(
        "--accept",
        "accepted",
        multiple=True,
        metavar="REPAIR",
        help=say(
            "接受一种修复建议：make_valid、drop_duplicates、clip_slivers（可多次）",
            "take one kind of repair: make_valid, drop_duplicates, clip_slivers (may be repeated)",
        ),
    ),
    option(
        "--seconds",
        type=click.FloatRange(min=1, max=3600),
        default=18.0,
        show_default=True,
        help=say("每个文件的时限（秒）；来源可靠的大文件可放宽", "seconds that one file may take"),
    ),
    option(
        "--report",
        type=click.Path(path_type=Path, file_okay=False),
        help=say("网页报告写到这个目录（每个文件一页，不联网可看）", "folder for the HTML reports, one page a file"),
    ),
    option(
        "--give-back",
        type=click.Path(path_type=Path, file_okay=False),
        help=say(
            "把原文件加上检查结论、问题、改法三列，写到这个目录",
            "folder for the file itself with the findings as columns",
        ),
    ),
    option("--json", "as_json", is_flag=True, help=say("输出 JSON", "print JSON")),
)


def _shared(function: Callable[..., None]) -> Callable[..., None]:
    for decorate in reversed(_SHARED):
        function = decorate(function)
    return function


@command(
    "check",
    help=say(
        """检查地块边界文件，不登记：坐标、图形、面积、重叠、界线、属性逐项检查。

        每个问题都说明在哪、怎么改；“未检查”不算通过。""",
        """Check boundary files and register nothing: coordinates, shapes, areas, overlaps, borders, attributes.

        Each finding says where it is and how to mend it; what was not checked is no pass.""",
    ),
    epilog=say(
        "示例：ecotrack check 枣强2016春.zip --unit 枣强县 --season 2016-spring --kind 造林 --report 检查报告",
        "Example: ecotrack --lang en check zaoqiang.zip --unit 131121 --season 2016-spring --report reports",
    ),
)
@_shared
@click.pass_context
def check(ctx: click.Context, /, files: tuple[Path, ...], **options: Any) -> None:
    """Check each file; 0 when all is in order, 1 when something must be mended."""
    from ecotrack.reports.intake_json import CHECK_SCHEMA, checked_json

    _check_options(options)
    workspace, order = open_workspace(ctx), _order(ctx, options)
    results = []
    for path in files:
        checked = _check_one(ctx, workspace, path, order, options)
        results.append(checked)
    if options["as_json"]:
        document = {"schema": CHECK_SCHEMA, "files": [checked_json(checked) for checked in results]}
        _print_json(document)
    ctx.exit(0 if all(checked.clean for checked in results) else 1)


@command(
    "import",
    help=say(
        """导入地块边界（shp、zip、GeoJSON、KML/KMZ、GPX、GeoPackage、DXF、MapInfo、Excel 等）。

        坐标统一转换到 CGCS2000；有问题的地块列出原因和改法，其余照常登记。""",
        """Bring plot boundaries in (shp, zip, GeoJSON, KML/KMZ, GPX, GeoPackage, DXF, MapInfo, Excel and more).

        Coordinates become CGCS2000; features with a fault are listed with what to do, the others come in.""",
    ),
    epilog=say(
        "示例：ecotrack import 枣强2016春.zip --unit 枣强县 --season 2016-spring --kind 造林 --by 张三",
        "Example: ecotrack --lang en import zaoqiang.zip --unit 131121 --season 2016-spring --kind 造林 --by Zhang",
    ),
)
@_shared
@option(
    "--remember",
    is_flag=True,
    help=say(
        "把 --read-as 的选择用于同一提交人、同一软件以后的文件",
        "keep the choice of --read-as for this sender and program",
    ),
)
@option("--reason", default="", help=say("更正已登记地块的原因", "why known plots are changed"))
@option("--accepted-by", metavar="DOCUMENT", help=say("存量：据以认定的文件", "opening balance: the document"))
@option("--decided-on", type=DAY, help=say("存量：认定日期", "opening balance: day of the decision"))
@option("--dry-run", is_flag=True, help=say("只检查，不登记", "check only, register nothing"))
@click.pass_context
def import_(ctx: click.Context, /, files: tuple[Path, ...], **options: Any) -> None:
    """Import each file; 0 when everything came in, 1 when something could not."""
    from ecotrack.reports.intake_json import IMPORT_SCHEMA, imported_json

    _check_options(options)
    workspace, order = open_workspace(ctx), _order(ctx, options)
    results = []
    for path in files:
        checked = _check_one(ctx, workspace, path, order, options, keep=not options["dry_run"])
        outcome = None if options["dry_run"] else _register(workspace, checked, options)
        results.append((checked, outcome))
        if not options["as_json"]:
            _show_outcome(ctx, checked, outcome)
    if options["as_json"]:
        files_json = [imported_json(checked, outcome) for checked, outcome in results]
        document = {"schema": IMPORT_SCHEMA, "dry_run": options["dry_run"], "files": files_json}
        _print_json(document)
    ctx.exit(1 if any(checked.proposal.waiting or checked.proposal.blocked for checked, _ in results) else 0)


def _print_json(document: dict[str, Any]) -> None:
    from ecotrack.reports.intake_json import write_json

    write_json(document, sys.stdout)
    click.echo()


def _check_options(options: dict[str, Any]) -> None:
    from ecotrack.workspace import today

    if not options["by"].strip():
        raise NoName("--by")
    if bool(options.get("accepted_by")) != bool(options.get("decided_on")):
        raise Misuse(
            "--accepted-by 文件 和 --decided-on 日期 要一起写",
            "give --accepted-by DOCUMENT and --decided-on DAY together",
        )
    for name in ("submitted_on", "decided_on"):
        if options.get(name) is not None and options[name] > today():
            raise FutureDate("--" + name.replace("_", "-"), day=options[name], today=today())


def _order(ctx: click.Context, options: dict[str, Any]) -> Order:
    from ecotrack.coordinates import crs_name
    from ecotrack.intake.check import Order, target_of
    from ecotrack.intake.submit import refuse_bad_target
    from ecotrack.workspace import today

    workspace = open_workspace(ctx)
    workspace.layer(options["layer"])
    if options["crs"]:
        _refuse_unknown_crs(options["crs"])
    given = {name: options[name] for name in ("unit", "season", "kind", "programme") if options[name]}
    if "unit" in given:
        given["unit"] = workspace.units.resolve(given["unit"], where="--unit").code
    order = Order(
        layer=options["layer"],
        defaults=given,
        crs=crs_name(options["crs"]) if options["crs"] else None,
        encoding=options["encoding"],
        sheet=options["sheet"],
        submitted_on=options["submitted_on"] or today(),
        read_as=READ_AS.get(options["read_as"] or ""),
        sender=options["by"],
        reason=options.get("reason") or "",
        repairs=_repairs(options),
        stock=bool(options.get("accepted_by")),
        seconds=options["seconds"],
    )
    refuse_bad_target(target_of(workspace, order), submitted_on=order.submitted_on)
    return order


def _repairs(options: dict[str, Any]) -> frozenset[str]:
    from ecotrack.errors import UnknownCode
    from ecotrack.intake.repairs import REPAIRS

    named = frozenset(name.removeprefix("repair:") for name in options["accepted"])
    for name in sorted(named - set(REPAIRS)):
        raise UnknownCode("--accept", value=name, zh="修复建议", en="repair", known="、".join(REPAIRS))
    return frozenset(REPAIRS) if options["accept_repairs"] else named


def _refuse_unknown_crs(name: str) -> None:
    from ecotrack.coordinates import SHIFTED, crs_name, parse_crs
    from ecotrack.errors import UnknownCRS, UnknownCRSName

    try:
        if crs_name(name) not in SHIFTED:
            parse_crs(crs_name(name))
    except UnknownCRS:
        raise UnknownCRSName("--crs", name=name) from None


def _check_one(
    ctx: click.Context,
    workspace: Workspace,
    path: Path,
    order: Order,
    options: dict[str, Any],
    *,
    keep: bool = False,
) -> Checked:
    from ecotrack.intake.check import check_upload
    from ecotrack.intake.read import Upload
    from ecotrack.intake.readings import app_of, choose, sender_key

    # A large file makes a hundred thousand objects that all live: looking for dead ones costs a third of the time.
    gc.set_threshold(200_000, 50, 50)
    upload = Upload.from_path(path)
    if keep:
        # Kept before anything judges it: what is refused can be looked at again.
        with workspace.register(create=True) as register:
            register.keep_raw(upload.data)
            order = _choose(register, upload, order)
    checked = check_upload(workspace, upload, order)
    if keep and options.get("remember") and options["read_as"]:
        with workspace.register() as register:
            key = sender_key(order.sender, app_of(checked.reading))
            choose(register, key, READ_AS[options["read_as"]], chosen_by=order.sender)
    if not options["as_json"]:
        _show(ctx, checked)
    if options["report"] is not None:
        _write_report(ctx, workspace, checked, options)
    if options["give_back"] is not None:
        _give_back(ctx, checked, options)
    return checked


def _give_back(ctx: click.Context, checked: Checked, options: dict[str, Any]) -> None:
    from ecotrack.intake.give_back import give_back

    if checked.reading.candidates:
        path = give_back(checked, options["give_back"], lang=lang_of(ctx))
        zh, en = f"带检查结果的文件：{path}", f"the file with its findings: {path}"
    else:
        zh, en = "没有读出图形，因此没有退回文件", "no feature could be read, so no file is given back"
    if not options["as_json"]:
        speak(ctx, zh, en)


def _choose(register: Register, upload: Upload, order: Order) -> Order:
    """Put the caller's choice about this file on record, so that the submission can name it."""
    from dataclasses import replace

    from ecotrack.intake.readings import choose, file_key

    if order.read_as is None:
        return order
    choose(register, file_key(upload.sha256), order.read_as, chosen_by=order.sender)
    return replace(order, read_as=None)


def _write_report(ctx: click.Context, workspace: Workspace, checked: Checked, options: dict[str, Any]) -> None:
    from ecotrack.reports.intake_page import write_page

    name = f"{Path(checked.upload.file_name).stem}-{checked.upload.sha256[:8]}.html"
    path = write_page(checked, options["report"] / name, units=workspace.units, lang=lang_of(ctx))
    if not options["as_json"]:
        speak(ctx, f"网页报告：{path}", f"report: {path}")


def _register(workspace: Workspace, checked: Checked, options: dict[str, Any]) -> Submitted:
    from ecotrack.intake.check_record import records_of
    from ecotrack.intake.submit import accept_as_stock, register_proposal

    with workspace.register(create=True) as register:
        outcome = register_proposal(
            register, checked.upload, checked.proposal, author=options["by"], records=records_of(checked)
        )
        if options["accepted_by"] and outcome.submission_id and outcome.added:
            accept_as_stock(
                register,
                outcome.submission_id,
                document=options["accepted_by"],
                decided_on=options["decided_on"],
                author=options["by"],
            )
    return outcome


def _show(ctx: click.Context, checked: Checked) -> None:
    from ecotrack.reports.intake_terminal import checked_lines, checks_table, findings_table, summary
    from ecotrack.reports.terminal import show

    lang = lang_of(ctx)
    for line in checked_lines(checked, lang):
        click.echo(line)
    show(*findings_table(checked.findings, lang))
    if ctx.info_name == "check":
        show(*checks_table(checked, lang))
    click.echo(summary(checked).lang(lang))


def _show_outcome(ctx: click.Context, checked: Checked, outcome: Submitted | None) -> None:
    ready, waiting = len(checked.ready), len(checked.proposal.waiting)
    total = len(checked.reading.candidates)
    if outcome is None:
        speak(
            ctx,
            f"试运行，未登记：共{total}个图形，{ready}个可入库，{waiting}个待改。",
            f"dry run, nothing registered: {total} features, {ready} can come in, {waiting} wait.",
        )
    elif outcome.repeated and not outcome.added:
        speak(
            ctx,
            f"这个文件已经提交过，未重复登记。提交编号：{outcome.submission_id}",
            f"this file came in before; nothing was added. Submission: {outcome.submission_id}",
        )
    elif outcome.submission_id is None:
        number = checked.upload.sha256
        speak(
            ctx,
            f"共{total}个图形，没有可入库的。原始文件已保存，编号 {number}",
            f"{total} features, none could come in. The file is kept as {number}",
        )
    else:
        speak(
            ctx,
            f"已登记{outcome.added}个地块，{waiting}个待改。提交编号：{outcome.submission_id}",
            f"{outcome.added} features registered, {waiting} wait. Submission: {outcome.submission_id}",
        )
