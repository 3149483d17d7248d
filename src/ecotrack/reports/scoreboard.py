"""The scoreboard in the terminal: targets, funnels with the ranking of units, overlaps, coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text as RichText

from ecotrack.errors import Lang, Text
from ecotrack.figures.anomalies import CHECKS
from ecotrack.reports.pace import pace_tables
from ecotrack.reports.ranking import ranking_table
from ecotrack.reports.terminal import table
from ecotrack.reports.witness import cover_line
from ecotrack.reports.wording import (
    NOT_ASSESSED,
    SAMPLE,
    Json,
    amount,
    marks,
    rate,
    reasons,
    titled,
    told,
    with_unit,
)
from ecotrack.units import round_half_up, round_parts

_ROUNDED = Text(
    "各行已按最大余数法取整，与合计一致", "rows are rounded by largest remainder, so that they add up to the total"
)
_DISPUTED = Text("；争议面积在双方各计一次，合计只计一次", "; disputed ground stands in both units, once in the total")
_STEPS = ("mapped", "accepted", "verified", "qualified")
_SIGNS = {"met": "✓", "on_course": "→", "missed": "✗", "not_assessed": "○"}


def scoreboard_table(scoreboard: Json, lang: Lang) -> RenderableType:
    """Return the whole scoreboard for the terminal.

    Parameters
    ----------
    scoreboard
        JSON values of schema ``ecotrack.scoreboard/1``.
    lang
        ``zh`` or ``en``.
    """
    return Group(*_sections(scoreboard, lang))


def _sections(scoreboard: Json, lang: Lang) -> Iterator[RenderableType]:
    yield heading(scoreboard, lang)
    yield targets_table(scoreboard, lang)
    if scoreboard.get("witness"):
        yield cover_line(scoreboard["witness"]["land_cover"], lang)
    if scoreboard["funnel"]:
        yield RichText(Text("二、任务进度", "Tasks").lang(lang), style="bold")
    for funnel in scoreboard["funnel"]:
        yield funnel_table(funnel, lang)
        yield ranking_table(funnel, lang)
    if scoreboard["units"]["responsible"]:
        yield units_table(scoreboard, lang)
        yield territorial_table(scoreboard, lang)
    yield treated_line(scoreboard["indicators"]["km_treated"], lang)
    if "retention" in scoreboard["indicators"]:
        yield retention_line(scoreboard["indicators"]["retention"], lang)
    yield overlaps_line(scoreboard["overlaps"], lang)
    yield anomalies_line(scoreboard.get("findings", {}).get("anomalies", []), lang)
    yield rivers_table(scoreboard, lang)
    yield coverage_table(scoreboard, lang)
    yield from pace_tables(scoreboard.get("pace", {"tasks": (), "targets": ()}), lang)


def heading(scoreboard: Json, lang: Lang) -> RichText:
    """Return the heading: workspace, day, state of knowledge, head of the register, marks."""
    workspace, register = scoreboard["workspace"], scoreboard["register"]
    known = scoreboard["as_known"]
    text = Text(
        f"{workspace['name_zh']}  截至 {scoreboard['as_of']}" + (f"  所知时刻 {known}" if known else ""),
        f"{workspace['name_en']}  as of {scoreboard['as_of']}" + (f"  as known at {known}" if known else ""),
    )
    seal = Text(
        f"登记序号 {register['seq']}  {str(register['head'])[:12]}  口径版本 {scoreboard['definition']}",
        f"register {register['seq']}  {str(register['head'])[:12]}  definitions {scoreboard['definition']}",
    )
    line = f"{text.lang(lang)}{marks(scoreboard, lang)}\n{seal.lang(lang)}  {workspace['classification']}"
    tolerance = scoreboard.get("claim_tolerance_pct")
    if tolerance is not None:
        rule = Text(f"上报面积与实测相差不超过{tolerance:g}%的，不作为发现", f"claims within {tolerance:g} % stand")
        line += f"\n{rule.lang(lang)}"
    aside = scoreboard.get("sample_aside_plots")
    if aside:
        zh = f"已有真实地块：{aside:,}个示例地块不计入各项指标和各单位面积，只在示例任务中单列"
        line += "\n" + Text(
            zh, f"there are real plots: {aside:,} sample plots stand in no figure but sample tasks"
        ).lang(lang)
    return RichText(line, style="bold")


def targets_table(scoreboard: Json, lang: Lang) -> RenderableType:
    """Return the targets with value, target, share, status and reason."""
    names = {"zh": ("指标", "现状", "目标", "完成", "期限", "状态", "说明"),
             "en": ("target", "value", "goal", "share", "by", "status", "remarks")}[lang]  # fmt: skip
    rows = [_target_row(target, lang) for target in scoreboard["targets"]]
    columns = [(name, i in (1, 2, 3)) for i, name in enumerate(names)]
    return table(Text("一、各项目标", "Targets").lang(lang), columns, rows)


def _target_row(target: Json, lang: Lang) -> list[str]:
    unit = target["unit"]
    share = rate(target["share_pct"])
    remarks = reasons(target, lang) or told(target, "basis", lang)
    sign = {">=": "≥", "<=": "≤"}[target["direction"]]
    return [
        titled(target, lang),
        with_unit(target[f"value_{unit}"], unit, lang),
        f"{sign}{with_unit(target[f'target_{unit}'], unit, lang)}",
        f"{share}%" if share else "",
        target["deadline"] or "",
        f"{_SIGNS[target['status']]} {told(target, 'status', lang)}",
        remarks,
    ]


def funnel_table(funnel: Json, lang: Lang) -> RenderableType:
    """Return the steps of one task with mu, plots and the loss into each step."""
    names = {"zh": ("环节", "亩", "地块数", "比上一环节减少（亩）", "说明"),
             "en": ("step", "mu", "plots", "lost before it (mu)", "remarks")}[lang]  # fmt: skip
    steps = funnel["steps"]
    rows = [_step_row(step, above, lang) for above, step in zip([None, *steps], steps, strict=False)]
    title = Text("任务：", "Task: ").lang(lang) + titled(funnel, lang)
    keys = ("kind", "level", "season", "task_id", "document", "revised_on")
    facts = dict.fromkeys(str(funnel[key]) for key in keys if funnel.get(key))
    return table("  ".join((title, *facts)), _columns(names, 3), rows)


def _columns(names: tuple[str, ...], numbers_to: int) -> list[tuple[str, bool]]:
    return [(name, 1 <= i < numbers_to) for i, name in enumerate(names)]


def _step_row(step: Json, above: Json | None, lang: Lang) -> list[str]:
    missing = step["area_mu"] is None
    losses = "；".join(_losses(step, above, lang))
    flag = Text("大于上一环节", "above the step before").lang(lang) if step["flag"] else ""
    days = "、".join(step.get("due_on", ()))
    due = Text(f"到期日 {days}", f"due on {days}").lang(lang) if days else ""
    remarks = "；".join(text for text in (flag, reasons(step, lang), due) if text)
    return [
        told(step, "title", lang),
        NOT_ASSESSED.lang(lang) if missing else amount(step["area_mu"], fixed=step["plots"] is not None),
        "" if step["plots"] is None else str(step["plots"]),
        losses,
        remarks,
    ]


def _losses(step: Json, above: Json | None, lang: Lang) -> list[str]:
    """Return the losses into a step, rounded so that they add up to the difference of the two printed areas."""
    if above is None or above["area_mu"] is None or step["area_mu"] is None:
        return []
    total = round_half_up(above["area_mu"], 2) - round_half_up(step["area_mu"], 2)
    parts = round_parts([loss["area_mu"] for loss in step["losses"]], digits=2, total=total) if step["losses"] else []
    return [
        f"{loss[lang]} {'+' if part < 0 else ''}{amount(abs(part), fixed=True)}"
        for loss, part in zip(step["losses"], parts, strict=True)
    ]


def units_table(scoreboard: Json, lang: Lang) -> RenderableType:
    """Return ground by responsible unit (责任口径)."""
    names = {"zh": ("单位", "上图（亩）", "审核（块）", "审核（亩）", "核实（亩）", "合格（亩）", "争议（亩）"),
             "en": ("unit", "mapped", "accepted plots", "accepted", "verified", "qualified", "disputed (mu)"),
             }[lang]  # fmt: skip
    rows = scoreboard["units"]["responsible"]
    columns = [_parts(rows, f"{step}_mu") for step in _STEPS]
    disputed = [amount(row["disputed_mu"], fixed=True) for row in rows]
    cells = [
        [told(row, "name", lang), mapped, str(row["plots"]), *numbers, in_dispute]
        for row, mapped, *numbers, in_dispute in zip(rows, *columns, disputed, strict=True)
    ]
    title = Text("三、各单位地块（责任口径）", "Plots by responsible unit").lang(lang)
    note = _ROUNDED.lang(lang) + _DISPUTED.lang(lang) + _beside(scoreboard["units"], lang)
    heading_ = title + marks(scoreboard["units"], lang)
    return Group(table(heading_, _columns(names, len(names)), cells, total=True), RichText(note + "\n"))


def _beside(units: Json, lang: Lang) -> str:
    """Return what must be known of the ground in the table: kinds that stand together, and opening balance."""
    kinds, total = [kind for kind in units.get("kinds", ()) if kind], units["responsible"][-1]
    told_kinds = Text(f"；含{'、'.join(kinds)}，地面只计一次", f"; ground of {', '.join(kinds)}, counted once")
    stock, share = amount(total.get("stock_mu")), rate(total.get("stock_pct"))
    told_stock = Text(f"；其中存量（以文件认定）{stock}亩，占{share}%", f"; opening balance {stock} mu, {share} %")
    parts = [(told_kinds, len(kinds) > 1), (told_stock, bool(total.get("stock_mu")))]
    return "".join(text.lang(lang) for text, said in parts if said)


def _parts(rows: list[Json], key: str) -> list[str]:
    """Return a column whose last row is the total: rounded parts add up to the rounded total."""
    if not rows:
        return []
    parts = round_parts([row[key] for row in rows[:-1]], digits=2)
    return [f"{part:,f}" for part in [*parts, round_half_up(rows[-1][key], 2)]]


def territorial_table(scoreboard: Json, lang: Lang) -> RenderableType:
    """Return ground by county, cut at the border (属地口径), with what lies outside and the city."""
    names = {"zh": ("县级行政区", "审核净面积（亩）", "合格净面积（亩）"),
             "en": ("county", "net accepted mu", "net qualified mu")}[lang]  # fmt: skip
    rows = scoreboard["units"]["territorial"]
    columns = [_parts(rows, key) for key in ("net_accepted_mu", "net_qualified_mu")]
    cells = [
        [told(row, "name", lang) + marks(row, lang), *numbers] for row, *numbers in zip(rows, *columns, strict=True)
    ]
    title = Text("四、各县净面积（属地口径）", "Net area by county (territorial)").lang(lang)
    heading_ = title + marks(scoreboard["units"], lang)
    return Group(table(heading_, _columns(names, 3), cells, total=True), RichText(_ROUNDED.lang(lang) + "\n"))


def grouped_table(scoreboard: Json, by: str, lang: Lang) -> RenderableType:
    """Return ground grouped by ``unit``, ``county``, ``year`` or ``programme``."""
    if by == "unit":
        return units_table(scoreboard, lang)
    if by == "county":
        return territorial_table(scoreboard, lang)
    title = {"year": Text("各年度地块", "Plots by year"), "programme": Text("各工程地块", "Plots by programme")}[by]
    names = {"zh": ("", "上图（亩）", "审核（块）", "审核（亩）", "核实（亩）", "合格（亩）"),
             "en": ("", "mapped", "accepted plots", "accepted", "verified", "qualified (mu)")}[lang]  # fmt: skip
    rows = []
    for row in scoreboard[f"{by}s"]:
        mapped, *later = (amount(row[f"{step}_mu"], fixed=True) for step in _STEPS)
        rows.append([str(row[by] or "-"), mapped, str(row["plots"]), *later])
    return table(title.lang(lang) + marks(scoreboard["units"], lang), _columns(names, len(names)), rows)


def treated_line(treated: Json, lang: Lang) -> RichText:
    """Return one line about the kilometres treated; they are of the drawn line unless calibrated."""
    km = "；".join(f"{row['work']} {amount(row['km'])} 公里" for row in treated["works"])
    km_en = "; ".join(f"{row['work']} {amount(row['km'])} km" for row in treated["works"])
    text = Text(f"河渠治理：{km or NOT_ASSESSED.zh}", f"Rivers and canals treated: {km_en or NOT_ASSESSED.en}")
    drawn = {"sample": treated["sample"], "sketch": bool(km) and not treated["calibrated"]}
    return RichText(text.lang(lang) + marks(drawn, lang))


def retention_line(found: Json, lang: Lang) -> RichText:
    """Return one line about retention after three years, or why it is not assessed."""
    if found["kept_pct"] is None:
        head = Text(f"三年保存率：{NOT_ASSESSED.zh}，", f"Retention after three years: {NOT_ASSESSED.en}, ")
        return RichText(head.lang(lang) + reasons(found, lang))
    surveyed, kept, share = amount(found["surveyed_mu"]), amount(found["kept_mu"]), rate(found["kept_pct"])
    text = Text(
        f"三年保存率：调查{found['surveyed_plots']}块{surveyed}亩，达到{found['counts_from_pct']:g}%的{kept}亩，占{share}%",
        f"Retention after three years: {found['surveyed_plots']} plots, {surveyed} mu surveyed; "
        f"{kept} mu at {found['counts_from_pct']:g} % or more, {share} %",
    )
    return RichText(text.lang(lang) + marks(found, lang))


def overlaps_line(overlaps: Json, lang: Lang) -> RichText:
    """Return one line about overlaps between accepted plots."""
    area, disputed = amount(overlaps["area_mu"]), amount(overlaps["disputed_mu"])
    text = Text(
        f"地块重叠 {overlaps['count']} 处，{area} 亩，其中争议 {disputed} 亩",
        f"{overlaps['count']} overlaps between plots, {area} mu, of it disputed {disputed} mu",
    )
    return RichText(text.lang(lang) + marks(overlaps, lang) + "\n")


def anomalies_line(anomalies: list[Json], lang: Lang) -> RichText:
    """Return one line about anomalies: how many findings of each rule; the findings themselves are in the JSON."""
    counts = Counter(str(one["check"]) for one in anomalies)
    names = ("、" if lang == "zh" else ", ").join(f"{CHECKS[name].lang(lang)} {n}" for name, n in counts.items())
    samples = len([one for one in anomalies if one["sample"]])
    of_sample = Text(f"（其中示例 {samples} 条）", f" ({samples} of them on sample data)").lang(lang) if samples else ""
    text = Text(f"异常发现 {len(anomalies)} 条{of_sample}", f"{len(anomalies)} anomalies{of_sample}").lang(lang)
    colon = Text("：", ": ").lang(lang) if names else ""
    return RichText(f"{text}{colon}{names}\n")


def rivers_table(scoreboard: Json, lang: Lang) -> RenderableType:
    """Return the kilometres treated by kind of work; no percentage on a line that is not calibrated."""
    treated = scoreboard["indicators"]["km_treated"]
    names = {"zh": ("工程类别", "公里"), "en": ("kind of work", "km")}[lang]
    rows = [[row["work"], amount(row["km"])] for row in treated["works"]]
    title = Text("河渠治理里程", "Rivers and canals treated").lang(lang)
    drawn = Text("（按示意线里程，单岸折半）", " (drawn line; one bank is half)")
    basis = "" if treated["calibrated"] else drawn.lang(lang)
    return table(title + marks(treated, lang) + basis, _columns(names, 2), rows)


def coverage_table(scoreboard: Json, lang: Lang) -> RenderableType:
    """Return how many features of each layer have a record, and how old the records are."""
    names = {"zh": ("图层", "要素", "有记录", "记录数", "最新", "最早"),
             "en": ("layer", "features", "with a record", "records", "newest", "oldest")}[lang]  # fmt: skip
    rows = [_coverage_row(row, lang) for row in scoreboard["coverage"] if row["records"] or row["features"]]
    return table(Text("五、记录情况", "Records").lang(lang), _columns(names, 4), rows)


def _coverage_row(row: Json, lang: Lang) -> list[str]:
    samples = row.get("sample_records", 0)
    mark = f"（{SAMPLE.lang(lang)} {samples}）" if samples else ""
    features = str(row["features"]) if row["features"] else ""
    with_record = str(row["features_with_record"]) if row["features"] else ""
    records = f"{row['records']}{mark}"
    return [told(row, "title", lang), features, with_record, records, row["newest"] or "", row["oldest"] or ""]
