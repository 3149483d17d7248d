"""The verb ``explain``: from a figure down to the plots, records, decisions and losses behind it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from decimal import Decimal
from math import fsum
from typing import TYPE_CHECKING, Any

import click

from ecotrack import __version__
from ecotrack.cli.context import DAY, INSTANT, echo_json, lang_of, open_workspace
from ecotrack.cli.language import Misuse, command, option, say
from ecotrack.errors import Lang, Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ecotrack.figures.explain_plots import PlotRow
    from ecotrack.figures.explain_records import RecordRow
    from ecotrack.figures.explanation import Explanation
    from ecotrack.model import UnitBook
    from ecotrack.workspace import View

_SUBJECTS = {
    "submission": Text("提交", "submission"),
    "version": Text("地块", "plot"),
    "overlap": Text("重叠", "overlap"),
}
_VERDICTS = {
    "accept": Text("通过", "accepted"),
    "return": Text("退回", "returned"),
    "strike": Text("核销", "struck"),
    "withdraw": Text("撤回", "withdrawn"),
    "award": Text("裁定", "awarded"),
}
_ROUNDED = Text(
    "计入一列按最大余数法取整，与合计一致，个别行可与面积相差0.01；未取整的数见 --json",
    "counted: rounded by largest remainder so that the rows add up (a row may differ from its area by 0.01); "
    "unrounded in --json",
)
_GROUPS = {
    "unit": Text("单位", "unit"),
    "county": Text("县级行政区", "county"),
    "year": Text("年度", "year"),
    "season": Text("造林季节", "season"),
    "programme": Text("工程", "programme"),
    "work": Text("工程类别", "kind of work"),
}
_BEYOND = {
    "outside": Text("市域外", "outside the city"),
    "gap": Text("界线空隙", "gaps between borders"),
    "twice": Text("界线重叠（扣除重复）", "counted twice where borders overlap"),
}
_UNNAMED = Text("（未注明）", "(none)")
_PLOT_COLUMNS = (
    (Text("地块", "plot"), False),
    (Text("单位", "unit"), False),
    (Text("面积（亩）", "area (mu)"), True),
    (Text("计入（亩）", "counted (mu)"), True),
    (Text("不计入的原因", "why not"), False),
    (Text("让出或争议（亩）", "lost or disputed (mu)"), False),
    (Text("审核", "decided"), False),
    (Text("检查", "checks"), False),
)


@command(
    "explain",
    help=say(
        "说明一个指标的来历：地块、记录、审核决定和每一处减少，逐项相加等于指标。指标可以是目标、任务编号/环节，"
        "或表格：units/responsible、units/territorial、years、seasons、programmes（后面可加环节）、km_treated。",
        "Explain a figure: the plots, records, decisions and losses behind it, which add up to it exactly. A figure is "
        "a target, TASK/step, or a table: units/responsible, units/territorial, years, seasons, programmes (with a "
        "step behind it), km_treated.",
    ),
    epilog=say(
        "示例：ecotrack explain year --unit 桃城区；ecotrack explain 2017-spring/reported；"
        "ecotrack explain units/territorial/qualified --unit 冀州区；ecotrack explain years；"
        "ecotrack explain ring --plot 地块编号 --json；ecotrack explain --receipt 4a2542e1",
        "Examples: ecotrack explain year --unit 131102; ecotrack explain 2017-spring/reported; "
        "ecotrack explain units/territorial/qualified --unit 131103; ecotrack explain years; "
        "ecotrack explain ring --plot PLOT --json; ecotrack explain --receipt 4a2542e1",
    ),
)
@click.argument("figure", required=False)
@option(
    "--receipt",
    help=say(
        "说明一份凭证上的指标，按出具时的登记内容和口径", "the figure of a receipt, as it was known and defined then"
    ),
)
@option("--unit", help=say("只看一个单位（代码或名称）", "one unit only (code or name)"))
@option("--plot", help=say("只看一个地块", "one plot only"))
@option("--as-of", type=DAY, help=say("截至日期（默认为今天）", "day of the figures (default: today)"))
@option("--as-known", type=INSTANT, help=say("只用该时刻之前登记的内容", "only what had been recorded by this instant"))
@option(
    "--limit",
    type=click.IntRange(min=1),
    default=40,
    show_default=True,
    help=say("表中最多列出的行数（JSON 不受限制）", "rows that a table shows at most (JSON holds all)"),
)
@option(
    "--json", "as_json", is_flag=True, help=say("输出 JSON（格式见 docs/receipts.md）", "print JSON (docs/receipts.md)")
)
@click.pass_context
def explain(
    ctx: click.Context,
    figure: str | None,
    receipt: str | None,
    unit: str | None,
    plot: str | None,
    as_of: dt.date | None,
    as_known: dt.datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """Print what stands behind one figure."""
    if (figure is None) == (receipt is None):
        raise Misuse(
            "请写一个指标（如 year、2017-spring/reported，见 ecotrack stats --json），或用 --receipt 写凭证编号",
            "give one figure (such as year or 2017-spring/reported; see ecotrack stats --json) or a --receipt",
        )
    if receipt and (as_of or as_known):
        raise Misuse(
            "凭证自带截至日期和所知时刻，不能再写 --as-of、--as-known",
            "a receipt brings its own day and instant: leave out --as-of and --as-known",
        )
    workspace = open_workspace(ctx)
    with ExitStack() as stack:
        if receipt is None:
            view = workspace.view(as_of=as_of, as_known=as_known)
        else:
            from ecotrack.publication import find_receipt, published_view

            with workspace.register(read_only=True) as register:
                issued = find_receipt(register, receipt)
            figure, view = issued.figure.figure_id, stack.enter_context(published_view(workspace, issued))
        found = _explained(view, str(figure), unit, plot)
        if as_json:
            echo_json(_heading(view) | found.to_json())
            return
        from ecotrack.reports import show

        show(*_sections(found, view, lang_of(ctx), limit))


def _explained(view: View, figure: str, unit: str | None, plot: str | None) -> Explanation:
    from ecotrack.figures.explain import explain as explained
    from ecotrack.progress import PLOT_LAYER

    code = view.workspace.units.resolve(unit, where="--unit").code if unit else None
    with view.workspace.register(read_only=True) as register:
        decisions = register.decisions(as_of=view.as_of, seq=view.head.seq)
        known = register.records(but_layer=PLOT_LAYER, as_of=view.as_of, seq=view.head.seq)
    return explained(view.scoreboard, figure, decisions=decisions, known=known, unit=code, plot=plot)


def _heading(view: View) -> dict[str, Any]:
    known = view.as_known.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if view.as_known else None
    return {
        "schema": "ecotrack.explain/1",
        "definition": view.scoreboard.definition,
        "version": __version__,
        "as_of": view.as_of.isoformat(),
        "as_known": known,
        "register": {"seq": view.head.seq, "head": view.head.sha256},
    }


def _sections(found: Explanation, view: View, lang: Lang, limit: int) -> Iterator[RenderableType]:
    yield _headline(found, view, lang)
    units = view.workspace.units
    if len(found.groups) > 1:
        yield _groups_table(found, units, view.as_of, lang)
    if found.plots:
        yield _plots_table(found.plots, units, view.as_of, lang, limit)
        yield _losses_line(found.plots, lang)
    if found.records:
        used = [row for row in found.records if row.reason is None]
        aside = [row for row in found.records if row.reason is not None]
        yield _records_table(Text(f"采用的记录 {len(used)} 条", f"{len(used)} records used"), used, lang, limit)
        if aside:
            title = Text(f"未采用的记录 {len(aside)} 条", f"{len(aside)} records set aside")
            yield _records_table(title, aside, lang, limit)


def _headline(found: Explanation, view: View, lang: Lang) -> RenderableType:
    from rich.text import Text as RichText

    from ecotrack.reports.wording import marks, with_unit

    given = {"sample": found.sample, "sketch": found.sketch}
    line = f"{found.title.lang(lang)}{marks(given, lang)}  {with_unit(found.value, found.unit, lang)}"
    day = Text(f"截至 {view.as_of}", f"as of {view.as_of}").lang(lang)
    remarks = [found.basis.lang(lang), *(reason.text.lang(lang) for reason in found.reasons)]
    return RichText(f"{line}  {day}\n" + "；".join(text for text in remarks if text), style="bold")


def _unit_name(code: str, units: UnitBook, day: dt.date) -> str:
    unit = units.get(code)
    return unit.name_on(day) if unit else code


def _columns(lang: Lang, *names: tuple[str, str, bool]) -> list[tuple[str, bool]]:
    return [(Text(zh, en).lang(lang), number) for zh, en, number in names]


def _groups_table(found: Explanation, units: UnitBook, day: dt.date, lang: Lang) -> RenderableType:
    from ecotrack.reports.terminal import table
    from ecotrack.reports.wording import UNIT_TITLES, amount
    from ecotrack.units import round_parts

    parts = round_parts([value for _, value in found.groups], digits=2)
    rows = [
        [_group_name(found.group_by, code, units, day).lang(lang), amount(part, fixed=True)]
        for (code, _), part in zip(found.groups, parts, strict=True)
    ]
    if found.value is not None:
        rows.append([Text("合计", "total").lang(lang), amount(found.value, fixed=True)])
    name, measure = _GROUPS[found.group_by], UNIT_TITLES[found.unit]
    columns = _columns(lang, (*name, False), (*measure, True))
    return table(name.lang(lang), columns, rows, total=found.value is not None)


def _group_name(group_by: str, code: str, units: UnitBook, day: dt.date) -> Text:
    if group_by == "county" and code in _BEYOND:
        return _BEYOND[code]
    name = _unit_name(code, units, day) if group_by in ("unit", "county") else code
    return Text(name, name) if name else _UNNAMED


def _plots_table(plots: Sequence[PlotRow], units: UnitBook, day: dt.date, lang: Lang, limit: int) -> RenderableType:
    from ecotrack.reports.terminal import table
    from ecotrack.units import mu_from_m2, round_parts

    shown, rest = plots[:limit], plots[limit:]
    counted = [mu_from_m2(fsum(row.parts_m2)) for row in shown]
    rounded = round_parts([*counted, mu_from_m2(_parts_m2(rest))], digits=2)
    rows = [
        [
            row.plot.feature_id + (Text("（存量）", " (opening balance)").lang(lang) if row.stock else ""),
            _unit_name(row.unit, units, day),
            *_areas(row.area_m2, part),
            row.reason.text.lang(lang) if row.reason else "",
            _lost(row, lang),
            _decided(row, lang),
            _checked(row),
        ]
        for row, part in zip(shown, rounded, strict=False)
    ]
    tail = [(Text(f"其余 {len(rest)} 块", f"{len(rest)} more"), rest, rounded[-1])] if rest else []
    for title, some, part in (*tail, (Text("合计", "total"), plots, sum(rounded))):
        rows.append([title.lang(lang), "", *_areas(fsum(row.area_m2 for row in some), part), *[""] * 4])
    columns = [(title.lang(lang), number) for title, number in _PLOT_COLUMNS]
    return table(Text("地块", "Plots").lang(lang), columns, rows, total=True)


def _areas(area_m2: float, counted_mu: Decimal | int) -> tuple[str, str]:
    from ecotrack.reports.wording import amount
    from ecotrack.units import mu_from_m2

    return amount(mu_from_m2(area_m2), fixed=True), amount(Decimal(counted_mu), fixed=True)


def _parts_m2(plots: Sequence[PlotRow]) -> float:
    return fsum(part for row in plots for part in row.parts_m2)


def _lost(row: PlotRow, lang: Lang) -> str:
    from ecotrack.reports.wording import amount
    from ecotrack.units import mu_from_m2

    def told(area_m2: float, to: str, disputed: bool) -> str:
        held = Text("（争议）", " (disputed)").lang(lang) if disputed else ""
        return f"{amount(mu_from_m2(area_m2), digits=3)} → {to}{held}"

    return "；".join(told(loss.area_m2, loss.to, loss.disputed) for loss in row.losses)


def _decided(row: PlotRow, lang: Lang) -> str:
    if not row.decisions:
        return ""
    last = row.decisions[-1]
    gap = "" if lang == "zh" else " "
    what = gap.join(words.lang(lang) for words in (_SUBJECTS[last.subject], _VERDICTS[last.verdict]))
    return " ".join(part for part in (last.decided_on.isoformat(), last.reviewer, what, last.document) if part)


def _checked(row: PlotRow) -> str:
    if not row.plot.checks:
        return ""
    last = row.plot.checks[-1]
    live, holes = last.fields.get("holes_live"), last.fields.get("holes_checked")
    counts = f"{live}/{holes}" if holes is not None else last.state or ""
    return f"{last.effective_on} {counts}"


def _losses_line(plots: Sequence[PlotRow], lang: Lang) -> RenderableType:
    """Return, for each reason, how many plots do not count and what they measure."""
    from rich.text import Text as RichText

    from ecotrack.reports.wording import amount
    from ecotrack.units import mu_from_m2

    by_reason: dict[Text, list[float]] = defaultdict(list)
    for row in plots:
        if row.reason is not None:
            by_reason[row.reason.text].append(row.area_m2)
    told = [
        Text(
            f"{text.zh} {len(areas)} 块 {amount(mu_from_m2(fsum(areas)))} 亩",
            f"{text.en}: {len(areas)} plots, {amount(mu_from_m2(fsum(areas)))} mu",
        )
        for text, areas in by_reason.items()
    ]
    counted = len([row for row in plots if row.reason is None])
    head = Text(f"计入 {counted} 块；不计入：", f"{counted} plots count; not counted: ").lang(lang)
    return RichText(f"{head}{'；'.join(text.lang(lang) for text in told) or '-'}\n{_ROUNDED.lang(lang)}")


def _records_table(title: Text, rows: Sequence[RecordRow], lang: Lang, limit: int) -> RenderableType:
    from ecotrack.reports.terminal import table

    shown = [_record_cells(row, lang) for row in rows[:limit]]
    if len(rows) > limit:
        more = len(rows) - limit
        shown.append([Text(f"其余 {more} 条", f"{more} more").lang(lang), "", "", "", "", "", ""])
    columns = _columns(
        lang,
        ("记录", "record", False),
        ("日期", "on", False),
        ("图层/类型", "layer/kind", False),
        ("数值", "value", False),
        ("依据", "document", False),
        ("登记人", "author", False),
        ("说明", "remarks", False),
    )
    return table(title.lang(lang), columns, shown)


def _record_cells(row: RecordRow, lang: Lang) -> list[str]:
    record = row.record
    what = f"{record.layer}/{record.kind} {record.feature_id or record.unit or ''}"
    value = (record.state or "") if record.value is None else f"{record.value} {record.value_unit or ''}"
    why = row.reason.text.lang(lang) if row.reason else ""
    taker = f" → {row.corrected_by}" if row.corrected_by else ""
    day = record.effective_on.isoformat()
    return [record.record_id, day, what.strip(), value.strip(), record.basis_document, record.author, why + taker]
