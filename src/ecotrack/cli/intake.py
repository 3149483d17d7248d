"""The verb ``ecotrack import``: boundaries in files become a submission of the register."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import click

from ecotrack.cli.context import DAY, lang_of, open_workspace, speak
from ecotrack.cli.language import command, option, say
from ecotrack.errors import FutureDate, Lang, NoName

_SHOWN = 30
_LEVELS = {"blocks": ("不能入库", "blocks"), "warns": ("提醒", "warns"), "notes": ("说明", "notes")}


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
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@option("--layer", default="plots", show_default=True, help=say("图层", "layer"))
@option("--unit", help=say("责任单位（属性表里没有时用）", "responsible unit, where the attributes do not say"))
@option("--season", help=say("造林季节，如 2016-spring", "planting season, such as 2016-spring"))
@option("--kind", help=say("造林类别，如 造林", "kind, such as 造林"))
@option("--programme", help=say("工程，如 环湖绿化", "programme, such as 环湖绿化"))
@option("--crs", help=say("坐标系，如 EPSG:4527（以此为准）", "CRS, such as EPSG:4527; overrules the file"))
@option("--encoding", help=say("文字编码，如 GBK（以此为准）", "text encoding, such as GBK; overrules the file"))
@option("--submitted-on", type=DAY, help=say("提交日期（默认今天）", "day of submission (default: today)"))
@option("--by", default="命令行", help=say("提交人", "who sends it in"))
@option("--accept-repairs", is_flag=True, help=say("接受对错误边界的修复建议", "take the proposed repairs"))
@option("--accepted-by", metavar="DOCUMENT", help=say("存量：据以认定的文件", "opening balance: the document"))
@option("--decided-on", type=DAY, help=say("存量：认定日期", "opening balance: day of the decision"))
@option("--dry-run", is_flag=True, help=say("只检查，不登记", "check only, register nothing"))
@option("--json", "as_json", is_flag=True, help=say("输出 JSON", "print JSON"))
@click.pass_context
def import_(ctx: click.Context, /, files: tuple[Path, ...], **options: Any) -> None:
    """Import each file; 0 when everything came in, 1 when something could not."""
    _check_options(options)
    results = [_import_one(ctx, path, options) for path in files]
    if options["as_json"]:
        document = {"schema": "ecotrack.import/1", "dry_run": options["dry_run"], "files": results}
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    ctx.exit(1 if any(result["blocked"] for result in results) else 0)


def _check_options(options: dict[str, Any]) -> None:
    from ecotrack.workspace import today

    if not options["by"].strip():
        raise NoName("--by")
    if bool(options["accepted_by"]) != bool(options["decided_on"]):
        raise click.UsageError("--accepted-by DOCUMENT --decided-on DAY")
    for name in ("submitted_on", "decided_on"):
        if options[name] is not None and options[name] > today():
            raise FutureDate("--" + name.replace("_", "-"), day=options[name], today=today())


def _import_one(ctx: click.Context, path: Path, options: dict[str, Any]) -> dict[str, Any]:
    from ecotrack.intake.read import Upload, read
    from ecotrack.intake.submit import propose

    workspace = open_workspace(ctx)
    target = _target(workspace, options)
    upload = Upload.from_path(path)
    if not options["dry_run"]:
        # Kept before anything judges it: what is refused can be looked at again.
        with workspace.register(create=True) as register:
            register.keep_raw(upload.data)
    aliases = tuple(alias for item in target.layer.fields for alias in (item.name, item.title_zh, *item.aliases))
    reading = read(
        upload,
        extent=workspace.config.extent,
        crs=options["crs"],
        encoding=options["encoding"],
        known_fields=aliases,
    )
    proposal = propose(
        upload,
        reading,
        target,
        submitted_on=options["submitted_on"] or _today(),
        accept_repairs=options["accept_repairs"],
        stock=bool(options["accepted_by"]),
    )
    outcome = None if options["dry_run"] else _register(workspace, upload, proposal, options)
    result = _as_json(upload, reading, proposal, outcome)
    if not options["as_json"]:
        _show(ctx, reading, proposal, outcome)
    return result


def _today() -> dt.date:
    from ecotrack.workspace import today

    return today()


def _target(workspace: Any, options: dict[str, Any]) -> Any:
    from ecotrack.errors import NoRegister
    from ecotrack.intake.submit import Target, refuse_bad_target

    layer = workspace.layer(options["layer"])
    if options["crs"]:
        _refuse_unknown_crs(options["crs"])
    given = {name: options[name] for name in ("unit", "season", "kind", "programme") if options[name]}
    if "unit" in given:
        given["unit"] = workspace.units.resolve(given["unit"], where="--unit").code
    try:
        with workspace.register(read_only=True) as register:
            known = register.versions(layer=layer.id)
    except NoRegister:
        known = []
    target = Target(
        layer=layer, units=workspace.units, code_lists=workspace.config.code_lists, defaults=given, known=known
    )
    refuse_bad_target(target, submitted_on=options["submitted_on"] or _today())
    return target


def _refuse_unknown_crs(name: str) -> None:
    from ecotrack.coordinates import parse_crs
    from ecotrack.errors import UnknownCRS, UnknownCRSName

    try:
        parse_crs(name)
    except UnknownCRS:
        raise UnknownCRSName("--crs", name=name) from None


def _register(workspace: Any, upload: Any, proposal: Any, options: dict[str, Any]) -> Any:
    from ecotrack.intake.submit import accept_as_stock, register_proposal

    with workspace.register(create=True) as register:
        outcome = register_proposal(register, upload, proposal, author=options["by"])
        if options["accepted_by"] and outcome.submission_id and outcome.added:
            accept_as_stock(
                register,
                outcome.submission_id,
                document=options["accepted_by"],
                decided_on=options["decided_on"],
                author=options["by"],
            )
    return outcome


def _as_json(upload: Any, reading: Any, proposal: Any, outcome: Any) -> dict[str, Any]:
    return {
        "file": upload.file_name,
        "sha256": upload.sha256,
        "submission": outcome.submission_id if outcome else None,
        "repeated": outcome.repeated if outcome else None,
        "added": outcome.added if outcome else None,
        "features": len(reading.candidates),
        "can_come_in": len(proposal.versions),
        "waiting": proposal.waiting,
        "blocked": proposal.blocked,
        "measured_mu": round(sum(_measured(proposal)), 1),
        "matches": proposal.matches,
        "unused_fields": proposal.unused,
        "layers": [
            {"name": x.name, "driver": x.driver, "crs": x.crs, "encoding": x.encoding, "features": x.features}
            for x in reading.layers
        ],
        "findings": [_finding_json(finding) for finding in proposal.findings],
    }


def _measured(proposal: Any) -> list[float]:
    from ecotrack.intake.submit import measured_mu

    return measured_mu(proposal.versions)


def _finding_json(finding: Any) -> dict[str, Any]:
    return {
        "check": finding.check,
        "level": finding.level,
        "answer": finding.answer,
        "feature": finding.feature,
        "where": finding.where,
        "zh": finding.message.zh,
        "en": finding.message.en,
        "mend_zh": finding.mend.zh,
        "mend_en": finding.mend.en,
        "lonlat": finding.lonlat,
    }


def _show(ctx: click.Context, reading: Any, proposal: Any, outcome: Any) -> None:
    lang = lang_of(ctx)
    for layer in reading.layers:
        evidence = layer.crs_evidence[0 if lang == "zh" else 1]
        words = "；".join(part for part in (evidence, layer.encoding) if part)
        click.echo(f"{layer.name}  [{layer.driver}]  {layer.features}  {words}")
    if proposal.matches:
        speak(
            ctx,
            "字段对应：" + "，".join(f"{source}→{name}" for name, source in proposal.matches.items()),
            "fields: " + ", ".join(f"{source} -> {name}" for name, source in proposal.matches.items()),
        )
    if proposal.unused:
        speak(
            ctx,
            "未用到的字段：" + "、".join(proposal.unused),
            "fields not used: " + ", ".join(proposal.unused),
        )
    if proposal.findings:
        _show_findings(proposal.findings, lang)
    _show_outcome(ctx, reading, proposal, outcome)


def _show_findings(findings: list[Any], lang: Lang) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text as Cell

    heads = ("程度", "位置", "问题", "怎么改") if lang == "zh" else ("level", "where", "what", "how to mend")
    table = Table(*heads, show_lines=False)
    for level, places, message, mend in _grouped(findings, lang)[:_SHOWN]:
        # Cell, not markup: a name in a file must not be read as formatting.
        table.add_row(*(Cell(text, overflow="fold") for text in (level, places, message, mend)))
    Console(highlight=False).print(table)
    left = len(_grouped(findings, lang)) - _SHOWN
    if left > 0:
        click.echo(f"… 另有{left}条，用 --json 查看全部" if lang == "zh" else f"… {left} more, see --json")


def _grouped(findings: list[Any], lang: Lang) -> list[tuple[str, str, str, str]]:
    """Join findings that say the same of several features into one row, worst first."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for finding in findings:
        key = (finding.level, finding.message.lang(lang), finding.mend.lang(lang))
        groups.setdefault(key, []).append(finding.where)
    order = list(_LEVELS)
    rows = sorted(groups.items(), key=lambda item: order.index(item[0][0]))
    return [
        (_LEVELS[level][0 if lang == "zh" else 1], _places(places), message, mend)
        for (level, message, mend), places in rows
    ]


def _places(places: list[str]) -> str:
    return places[0] if len(places) == 1 else f"{places[0]} … {places[-1]} ({len(places)})"


def _show_outcome(ctx: click.Context, reading: Any, proposal: Any, outcome: Any) -> None:
    mu = sum(_measured(proposal))
    if proposal.versions:
        speak(
            ctx,
            f"可入库{len(proposal.versions)}个地块，量算面积合计 {mu:,.1f} 亩",
            f"{len(proposal.versions)} features can come in, {mu:,.1f} mu measured in all",
        )
    ready, waiting, total = len(proposal.versions), len(proposal.waiting), len(reading.candidates)
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
        speak(ctx, f"共{total}个图形，没有可入库的。", f"{total} features, none could come in.")
    else:
        speak(
            ctx,
            f"已登记{outcome.added}个地块，{waiting}个待改。提交编号：{outcome.submission_id}",
            f"{outcome.added} features registered, {waiting} wait. Submission: {outcome.submission_id}",
        )
