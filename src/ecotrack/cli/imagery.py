"""The verb ``ecotrack imagery``: accuracy of classified imagery, shares of land cover."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecotrack.cli.context import echo_json, lang_of, open_workspace, speak
from ecotrack.cli.language import SpokenGroup, command, option, say
from ecotrack.errors import BadClassTable, ClashingOptions, Text, Untold

if TYPE_CHECKING:
    from ecotrack.imagery.accuracy import Accuracy
    from ecotrack.imagery.reference import Sample

_FILE = click.Path(path_type=Path)
FEW_POINTS = 30
"""Points on a class below which its interval, made for many, says little."""

imagery = SpokenGroup(
    "imagery",
    help=say("影像分类：精度评定、地类占比。", "Classified imagery: its accuracy, shares of land cover."),
    epilog=say(
        "示例：ecotrack imagery assess 分类.tif --points 样点.csv",
        "Example: ecotrack imagery assess map.tif --points points.csv",
    ),
)


@command(
    "assess",
    help=say(
        "用参考样点或参考掩膜评定分类图：混淆矩阵、IoU、用户和生产者精度、Kappa，以及按面积校正的估计和95%区间。",
        "Assess a classified map by reference points or a mask: confusion matrix, IoU, user's and producer's accuracy, "
        "kappa, area-adjusted estimates with 95 % intervals (Olofsson et al. 2014).",
    ),
    epilog=say(
        "示例：ecotrack imagery assess 水面.tif --points 样点.csv",
        "Example: ecotrack imagery assess water.tif --points points.csv",
    ),
)
@click.argument("raster", type=_FILE)
@option("--points", type=_FILE, help=say("参考样点 CSV（经度、纬度、类别）", "reference points, CSV: lon, lat, class"))
@option("--mask", type=_FILE, help=say("同一格网的参考栅格", "reference raster on the same grid"))
@option("--json", "as_json", is_flag=True, help=say("输出 JSON", "print JSON"))
@click.pass_context
def assess(ctx: click.Context, raster: Path, points: Path | None, mask: Path | None, as_json: bool) -> None:
    """Assess a classified map."""
    from ecotrack.imagery.accuracy import assess as measure
    from ecotrack.imagery.accuracy import confusion
    from ecotrack.imagery.reference import mask_at, points_at, read_classes

    if points is not None and mask is not None:
        raise ClashingOptions(one="--points", other="--mask")
    classified = read_classes(raster)
    if points is not None:
        sample = points_at(classified, points)
    elif mask is not None:
        sample = mask_at(classified, read_classes(mask), where=str(mask))
    else:
        raise Untold(zh="参考资料", en="the reference", option="--points / --mask")
    classes = sorted({*sample.area_m2, *sample.reference.tolist()})
    area = {str(number): sample.area_m2.get(number, 0.0) for number in classes}
    found = measure(confusion(sample.mapped, sample.reference, classes), area)
    if as_json:
        echo_json(_document(found, sample))
        return
    _print(ctx, found, sample, whole=mask is not None)


def _document(found: Accuracy, sample: Sample) -> dict[str, Any]:
    from ecotrack.imagery.accuracy import Z95

    columns = ("iou", "users", "users_se", "producers", "producers_se", "area_share", "area_share_se", "weights")
    rows = [
        {"class": name, **{column: _plain(getattr(found, column)[number]) for column in columns}}
        for number, name in enumerate(found.classes)
    ]
    return {
        "schema": "ecotrack.accuracy/1",
        "matrix": found.matrix.tolist(),
        "classes": rows,
        "overall": _plain(found.overall),
        "overall_se": _plain(found.overall_se),
        "kappa": _plain(found.kappa),
        "z": Z95,
        "unsampled": list(found.unsampled),
        "not_used": sample.outside,
        "doubled": sample.doubled,
    }


def _plain(value: float) -> float | None:
    return None if value != value else float(value)


def _print(ctx: click.Context, found: Accuracy, sample: Sample, *, whole: bool) -> None:
    from ecotrack.imagery.accuracy import Z95
    from ecotrack.reports.terminal import show, table

    zh = ("图上类别", *(f"参考{name}" for name in found.classes), "IoU", "用户精度", "生产者精度", "面积占比")
    en = ("mapped", *(f"ref. {name}" for name in found.classes), "IoU", "user's", "producer's", "area share")
    cells = []
    for number, name in enumerate(found.classes):
        parts = ((found.users, found.users_se), (found.producers, found.producers_se),
                 (found.area_share, found.area_share_se))  # fmt: skip
        told = [_interval(values[number], errors[number], whole=whole) for values, errors in parts]
        cells.append((name, *map(str, found.matrix[number]), _ratio(found.iou[number]), *told))
    columns = [(title, place > 0) for place, title in enumerate(zh if lang_of(ctx) == "zh" else en)]
    show(table(Text("精度", "Accuracy").lang(lang_of(ctx)), columns, cells))
    overall = _interval(found.overall, found.overall_se, whole=whole)
    kappa = _ratio(found.kappa)
    speak(ctx, f"总体精度 {overall}，Kappa {kappa}", f"overall accuracy {overall}, kappa {kappa}")
    _print_doubts(ctx, found, sample)
    if whole:
        speak(ctx, "参考是整幅掩膜，不是抽样，没有区间", "the reference is a whole mask and no sample: no interval")
    else:
        speak(
            ctx,
            "± 为95%区间；样点须按图上类别分层随机抽取（Olofsson 等，2014）",
            f"± are 95 % intervals (z = {Z95:.2f}); the points must be drawn at random within the map's classes",
        )


def _print_doubts(ctx: click.Context, found: Accuracy, sample: Sample) -> None:
    if found.unsampled:
        zh, en = "、".join(found.unsampled), ", ".join(found.unsampled)
        speak(
            ctx,
            f"图上类别 {zh} 没有样点，整幅图的精度和面积无法估计，请补样点",
            f"no point lies on class {en} of the map: accuracy and areas of the whole are not told; add points there",
        )
    few = [name for name, row in zip(found.classes, found.matrix, strict=True) if 0 < row.sum() < FEW_POINTS]
    if few:
        zh, en = "、".join(few), ", ".join(few)
        speak(
            ctx,
            f"类别 {zh} 的样点不足{FEW_POINTS}个，区间不可靠",
            f"fewer than {FEW_POINTS} points on class {en}: do not rely on its interval",
        )
    if sample.outside:
        told = sample.outside
        speak(ctx, f"{told} 个样点在图外或无分类，未用", f"{told} points lie outside or on no class, not used")
    if sample.doubled:
        speak(ctx, f"{sample.doubled} 个重复样点不重复计", f"{sample.doubled} points stand twice and count once")


def _ratio(value: float) -> str:
    return "-" if value != value else f"{value:.3f}"


def _interval(value: float, error: float, *, whole: bool) -> str:
    from ecotrack.imagery.accuracy import Z95

    if value != value:
        return "-"
    if whole or error != error:
        return f"{100 * value:.1f}%"
    return f"{100 * value:.1f}% ± {100 * Z95 * error:.1f}"


@command(
    "cover",
    help=say(
        "由分类影像统计各县区的林地和建设用地占比。只作旁证，与森林覆盖率、海绵城市指标并列，不进入任何指标。",
        "Shares of forest and built-up ground by county from a classified raster: a witness beside the figures, "
        "feeding none.",
    ),
    epilog=say(
        "示例：ecotrack imagery cover 地类.tif --classes 地类表.toml",
        "Example: ecotrack imagery cover cover.tif --classes classes.toml",
    ),
)
@click.argument("raster", type=_FILE)
@option("--classes", type=_FILE, required=True, help=say("地类表（TOML：数值 = 地类）", "class table (TOML)"))
@option("--dry-run", is_flag=True, help=say("只看结果，不保存", "show it, keep nothing"))
@option("--json", "as_json", is_flag=True, help=say("输出 JSON", "print JSON"))
@click.pass_context
def cover(ctx: click.Context, raster: Path, classes: Path, dry_run: bool, as_json: bool) -> None:
    """Take land cover from a raster."""
    from ecotrack.imagery.kept_cover import cover_document, write_cover
    from ecotrack.imagery.land_cover import land_cover, read_class_table
    from ecotrack.imagery.plot_cover import keep_raster
    from ecotrack.workspace import today

    workspace = open_workspace(ctx)
    table = read_class_table(classes)
    if table.date > today():
        raise BadClassTable(classes, detail=Text(f"日期{table.date}在今天之后", f"{table.date} is after today"))
    rows = land_cover(raster, table, workspace.features("counties"))
    document = cover_document(rows, table, raster=raster.name)
    if not dry_run:
        write_cover(workspace.register_path.parent, document)
        keep_raster(workspace.register_path.parent, raster, table)
    if as_json:
        echo_json(document)
        return
    _print_cover(ctx, document, {unit.code: unit.name_en for unit in workspace.units})
    if not dry_run:
        speak(
            ctx, "已保存，ecotrack stats 和地图会并列显示", "kept: ecotrack stats and the maps show it beside figures"
        )


def _print_cover(ctx: click.Context, document: dict[str, Any], english: dict[str, str]) -> None:
    from ecotrack.reports.terminal import show, table
    from ecotrack.reports.witness import cover_words
    from ecotrack.units import round_half_up

    zh = lang_of(ctx) == "zh"
    total = document["total"]
    names = list(total["shares_pct"])
    titles = [cover_words(name).lang(lang_of(ctx)) for name in names] + ["未列地类" if zh else "not in the table"]
    heads = ["县区", "面积（平方公里）", "看清 %"] if zh else ["county", "area, km2", "seen %"]

    def pct(value: float | None) -> str:
        return "-" if value is None else f"{round_half_up(value, 1):.1f}"

    def named(row: dict[str, Any]) -> str:
        return str(row["name"] if zh else english.get(row["code"], row["name"]))

    called = [(named(row), row) for row in document["counties"]] + [("合计" if zh else "total", total)]
    rows = [
        (name, f"{row['area_km2']:.1f}", f"{row['seen_pct']:.1f}", *(pct(row["shares_pct"][one]) for one in names),
         pct(row["unnamed_pct"]))
        for name, row in called
    ]  # fmt: skip
    columns = [(title, place > 0) for place, title in enumerate([*heads, *(f"{title} %" for title in titles)])]
    mark = ("（示例）" if zh else " (sample)") if document["sample"] else ""
    show(table(f"{document['date']} {document['source']}{mark}", columns, rows, total=True))
    for name in names:
        if total["shares_pct"][name] == 0:
            word = cover_words(name)
            speak(
                ctx,
                f"影像里没有“{word.zh}”的像元，请核对地类表的数值",
                f"the raster has no pixel of {word.en}: check the numbers of the class table",
            )
    speak(
        ctx, "只作旁证，不进入任何指标；没有看清的部分不推算", "a witness, no figure; what is not seen is not estimated"
    )


imagery.add_command(assess)
imagery.add_command(cover)
