"""The verb ``ecotrack verify``: the satellite's word about plots, for reviewers."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecotrack.cli.context import DAY, echo_json, open_workspace, speak, warn
from ecotrack.cli.language import SpokenGroup, command, option, say
from ecotrack.cli.scene import chosen_scenes
from ecotrack.errors import EcotrackError

if TYPE_CHECKING:
    from ecotrack.imagery.kept_verdicts import KeptVerdicts
    from ecotrack.imagery.plot_cover import PlotCover
    from ecotrack.imagery.plot_stats import PlotStats
    from ecotrack.imagery.scene import Scene
    from ecotrack.imagery.verdict import PlotAsked, Verdict
    from ecotrack.maps.plot_rows import PlotRows
    from ecotrack.workspace import Workspace

SHOWN = 20
"""Contradictions that are printed; the file holds all verdicts."""

verify = SpokenGroup(
    "verify",
    help=say("用影像核对：结论只供审核参考，不改动任何指标。", "Imagery's word for reviewers; it changes no figure."),
    epilog=say("示例：ecotrack verify plots", "Example: ecotrack verify plots"),
)


@command(
    "plots",
    help=say(
        "逐个核对通过审核的地块：支持、矛盾、看不出、未核对，并说明理由。",
        "Check every accepted plot: supports, contradicts, cannot tell or not run, with the reasons.",
    ),
    epilog=say("示例：ecotrack verify plots --chips 前后图", "Example: ecotrack verify plots --chips chips"),
)
@option("--scenes", multiple=True, metavar="SCENE", help=say("只用这些影像（默认全部）", "these only (default: all)"))
@option("--as-of", type=DAY, help=say("截至此日期（默认今天）", "up to this day (default: today)"))
@option("--seasons", "least_seasons", type=click.IntRange(min=1), default=3, show_default=True,
        help=say("满几个生长季才可能“支持”", "growing seasons before plants can be supported"))  # fmt: skip
@option("--chips", type=click.Path(path_type=Path, file_okay=False),
        help=say("矛盾地块的前后小图放到哪个目录", "folder for small before/after pictures"))  # fmt: skip
@option("--numbers", type=click.Path(path_type=Path, dir_okay=False),
        help=say("各地块各期的像元和指数写入此CSV", "CSV of pixels and indices by plot and scene"))  # fmt: skip
@option("--json", "as_json", is_flag=True, help=say("输出 JSON", "print JSON"))
@click.pass_context
def plots(
    ctx: click.Context,
    scenes: tuple[str, ...],
    as_of: dt.date | None,
    least_seasons: int,
    chips: Path | None,
    numbers: Path | None,
    as_json: bool,
) -> int:
    """Check plots."""
    from ecotrack.imagery.chips import small_chips, write_chips
    from ecotrack.imagery.kept_verdicts import KeptVerdicts, keep_verdicts, write_verdicts
    from ecotrack.imagery.verdict import VerdictRules
    from ecotrack.imagery.verify import verify_plots
    from ecotrack.maps.plot_rows import plots_view
    from ecotrack.progress.ledger import STRUCK
    from ecotrack.workspace import today

    workspace, day = open_workspace(ctx), as_of or today()
    chosen = chosen_scenes(workspace, scenes, until=day)
    rows = plots_view(workspace.view(as_of=day), workspace.layer("plots"), most_records=0).plots
    rows = rows.where(rows.states != STRUCK)
    asked, shapes = _asked(rows, workspace, day), rows.geometries
    with _table(numbers, [plot.feature_id for plot in asked]) as add:
        verdicts = verify_plots(
            asked,
            shapes,
            chosen,
            as_of=day,
            folder=workspace.register_path.parent / "coverage",
            rules=VerdictRules(least_seasons=least_seasons),
            cover=_cover(ctx, workspace, shapes),
            told=None if as_json else _teller(ctx, len(chosen)),
            numbers=add,
        )
    kept = KeptVerdicts(
        as_of=day,
        sample=bool(rows.samples.any()) or any(scene.sample for scene in chosen),
        scenes=tuple(scene.scene_id for scene in chosen),
        by_plot=keep_verdicts(verdicts, asked, shapes),
        chips=small_chips(_pictured(verdicts, shapes, chosen)),
    )
    path = write_verdicts(workspace.register_path.parent, kept)
    document = _document(kept)
    if chips is not None:
        for feature_id, shape, shown in _pictured(verdicts, shapes, chosen):
            write_chips(feature_id, shape, [scene for scene, _ in shown], chips)
    if as_json:
        echo_json(document)
    else:
        _print(ctx, verdicts, asked, path, sample=document["sample"])
    return int(any(verdict.answer == "contradicts" for verdict in verdicts))


@contextmanager
def _table(path: Path | None, names: list[str]) -> Iterator[Callable[[Scene, PlotStats], None] | None]:
    """Give what writes the numbers of a scene into a CSV file that is there whole or not at all; ``None`` without."""
    from ecotrack.imagery.plot_numbers import numbers_table
    from ecotrack.intake.tables_write import whole_file

    if path is None:
        yield None
        return
    # The mark at its head tells spreadsheet programs that it is UTF-8.
    with whole_file(path) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
        yield numbers_table(file, names)


def _cover(ctx: click.Context, workspace: Workspace, shapes: Any) -> PlotCover | None:
    """Return what the bureau's classified raster says about plots; without it a warning, and verdicts go on."""
    from ecotrack.imagery.plot_cover import kept_raster, plot_cover

    folder = workspace.register_path.parent
    try:
        kept = kept_raster(folder)
        return plot_cover(*kept, shapes, folder / "coverage") if kept else None
    except EcotrackError as fault:
        warn(ctx, fault, zh="未用地类图", en="the land cover was not used")
        return None


def _teller(ctx: click.Context, scenes: int) -> Callable[[Scene], None]:
    number = itertools.count(1)

    def tell(scene: Scene) -> None:
        count = f"{next(number)}/{scenes}"
        zh = f"读取 {count} {scene.acquired_on} {scene.scene_id} ……"
        speak(ctx, zh, f"reading {count} {scene.acquired_on} {scene.scene_id} ...", err=True)

    return tell


def _asked(rows: PlotRows, workspace: Workspace, day: dt.date) -> list[PlotAsked]:
    from ecotrack.imagery.verdict import PlotAsked

    codes = {unit.name_on(day): unit.code for unit in workspace.units}

    told = (rows.ids, *(rows.values[name] for name in ("season", "form", "kind", "unit")))
    return [
        PlotAsked(feature_id=feature_id, season=season, form=form, kind=kind, unit=codes.get(unit, unit))
        for feature_id, season, form, kind, unit in zip(*(column.tolist() for column in told), strict=True)
    ]


def _document(kept: KeptVerdicts) -> dict[str, Any]:
    from ecotrack.imagery.kept_verdicts import SCHEMA, kept_findings, verdict_row
    from ecotrack.imagery.verdict import ANSWERS

    rows = [verdict_row(one) for one in kept.by_plot.values()]
    found = Counter(row["verdict"] for row in rows)
    return {
        "schema": SCHEMA,
        "as_of": kept.as_of.isoformat(),
        "sample": kept.sample,
        "scenes": list(kept.scenes),
        "counts": {answer: found[answer] for answer in ANSWERS},
        "verdicts": rows,
        "findings": [
            {"check": f.check, "level": f.level, "feature": f.feature, "zh": f.message.zh, "en": f.message.en,
             "responsible_unit": f.responsible_unit} for f in kept_findings(kept)
        ],
    }  # fmt: skip


def _pictured(
    verdicts: list[Verdict], shapes: Any, scenes: list[Scene]
) -> Iterator[tuple[str, Any, list[tuple[Scene, bool]]]]:
    """Yield each contradicted plot with the last scene before its planting and the last that speaks against it."""
    known = {scene.scene_id: scene for scene in scenes}
    for verdict, shape in zip(verdicts, shapes, strict=True):
        if verdict.answer == "contradicts":
            yield verdict.feature_id, shape, [(known[one.scene_id], one.before) for one in verdict.shown]


def _print(ctx: click.Context, verdicts: list[Verdict], asked: list[PlotAsked], path: Path, *, sample: bool) -> None:
    from ecotrack.imagery.verdict import ANSWERS
    from ecotrack.imagery.verify import counts_of, findings_of

    told = "，".join(f"{ANSWERS[answer].zh} {count}" for answer, count in counts_of(verdicts).items())  # type: ignore[index]
    counted = ", ".join(f"{ANSWERS[answer].en} {count}" for answer, count in counts_of(verdicts).items())  # type: ignore[index]
    mark = ("（示例）", " (sample)") if sample else ("", "")
    speak(ctx, f"{len(verdicts)} 个地块{mark[0]}：{told}", f"{len(verdicts)} plots{mark[1]}: {counted}")
    reasons = Counter((verdict.answer, reason) for verdict in verdicts for reason in verdict.reasons)
    for (answer, reason), count in reasons.most_common():
        speak(ctx, f"  {ANSWERS[answer].zh}：{reason.zh} {count}", f"  {ANSWERS[answer].en}: {reason.en} {count}")
    found = findings_of(verdicts, asked)
    for finding in found[:SHOWN]:
        speak(ctx, f"{finding.where}：{finding.message.zh}", f"{finding.where}: {finding.message.en}")
    if len(found) > SHOWN:
        speak(ctx, f"另有 {len(found) - SHOWN} 个矛盾", f"and {len(found) - SHOWN} more contradictions")
    speak(ctx, f"全部结论在 {path}", f"all verdicts are in {path}")


verify.add_command(plots)
