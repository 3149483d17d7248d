"""What intake found about files, as one HTML page that opens without a network: a map with marks, and what to do."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

import shapely

from ecotrack.errors import Lang, Text
from ecotrack.geometry.codec import from_wkb
from ecotrack.intake.check import Checked
from ecotrack.maps.assets import vendor_text
from ecotrack.maps.inert import inert_json
from ecotrack.maps.seal import seal
from ecotrack.model.findings import Finding
from ecotrack.model.organisation import UnitBook
from ecotrack.reports.intake_listed import Drawn, Listed, drawn_of, listed_of, title_of
from ecotrack.reports.intake_readings import ground_data, readings_data, readings_html
from ecotrack.reports.intake_terminal import LEVELS, summary, words_taken

MAX_DRAWN_AROUND = 600
"""Accepted plots around the file that one page draws."""

_WEB = Path(__file__).with_name("web")
_LEGEND = {
    "ready": ("#2a7d46", Text("可以登记", "can be registered")),
    "held": ("#d98a00", Text("可登记，处理后才能通过审核", "registered, but not accepted yet")),
    "waits": ("#b3261e", Text("改正后再报", "must be mended first")),
    "accepted": ("#4d6480", Text("已认定的地块", "accepted plots")),
    "repair": ("#6a3d9a", Text("建议修复成这样", "the proposed repair")),
}
_WORDS = {"accepted": Text("已认定地块", "accepted plot"), "goto": Text("在图上看", "show")}
_TITLE = Text("地块边界检查报告", "Check of plot boundaries")


def write_page(checked: Checked, path: Path, *, units: UnitBook, lang: Lang) -> Path:
    """Write the report of one file, whole or not at all.

    Raises
    ------
    MissingAsset
        The browser libraries have not been fetched.
    """
    page = check_page(checked, units=units, lang=lang).encode("utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(page)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def check_page(checked: Checked, *, units: UnitBook, lang: Lang) -> str:
    """Return the report of one file as a sealed page: it loads nothing, and what came in the file stays text."""
    listed = listed_of(checked)
    data = inert_json(_data(checked, listed, units, lang))
    drawn = bool(checked.reading.candidates)
    body = "".join(
        (
            f"<header><h1>{escape(_TITLE.lang(lang))}：{escape(checked.upload.file_name)}</h1>",
            f'<div class="sum">{escape(summary(checked).lang(lang))}</div>{_read_as(checked, lang)}</header>',
            f'<main><div id="map"></div><section>{_counts(checked, lang)}' if drawn else "<main><section>",
            readings_html(checked, lang),
            _whole_file(listed, lang),
            _plot_by_plot(checked, listed, lang) if drawn else "",
            _office(listed, lang),
            "</section></main>",
            f'<script type="application/json" id="ecotrack-intake">{data}</script>',
            f"<script>{vendor_text('leaflet.js').replace('//# sourceMappingURL=leaflet.js.map', '')}</script>",
            f"<script>{(_WEB / 'intake.js').read_text(encoding='utf-8')}</script>",
        )
    )
    css = vendor_text("leaflet.css") + (_WEB / "intake.css").read_text(encoding="utf-8")
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{_TITLE.lang(lang)}</title>'
    )
    return seal(f'<!DOCTYPE html><html lang="{lang}"><head>{head}<style>{css}</style></head><body>{body}</body></html>')


def _plot_by_plot(checked: Checked, listed: Listed, lang: Lang) -> str:
    title = escape(Text("逐块问题和改法", "Plot by plot").lang(lang))
    return f'<h2>{title}</h2><div id="plots"></div>{_left(listed, lang)}{_checks(checked, lang)}'


_CODES = re.compile(r"（(?:EPSG|ESRI|OGC):\w+）| \((?:EPSG|ESRI|OGC):\w+\)")


def without_codes(text: str) -> str:
    """Return a text without the codes of coordinate systems, which only programs know.

    Examples
    --------
    >>> without_codes("按CGCS2000三度带（EPSG:4527）读取")
    '按CGCS2000三度带读取'
    """
    return _CODES.sub("", text)


def _read_as(checked: Checked, lang: Lang) -> str:
    index = 0 if lang == "zh" else 1
    told = dict.fromkeys(layer.crs_evidence[index] for layer in checked.reading.layers if layer.crs_evidence[index])
    if checked.proposal.words:
        told[words_taken(checked).lang(lang)] = None
    words = without_codes("；".join(told))
    return f'<div class="muted">{escape(words)}</div>' if words else ""


def _counts(checked: Checked, lang: Lang) -> str:
    held, waits = len(checked.held), len(checked.proposal.waiting)
    numbers = {"ready": len(checked.ready) - held, "held": held, "waits": waits}
    cells = "".join(
        f'<div class="count {state}"><b>{n}</b>{escape(_LEGEND[state][1].lang(lang))}</div>'
        for state, n in numbers.items()
    )
    return f'<div class="counts">{cells}</div>'


def _whole_file(listed: Listed, lang: Lang) -> str:
    rows = [_finding_html(finding, lang) for finding in listed.about_file]
    if not rows:
        return ""
    title = Text("关于整个文件", "About the whole file").lang(lang)
    state = "waits" if any(finding.level == "blocks" for finding in listed.about_file) else "ready"
    return f'<h2>{escape(title)}</h2><div class="plot {state}">{"".join(rows)}</div>'


def _finding_html(finding: Finding, lang: Lang) -> str:
    mend = finding.mend.lang(lang)
    below = f'<div class="mend">{escape(mend)}</div>' if mend else ""
    word = escape(LEVELS[finding.level].lang(lang))
    what = escape(without_codes(finding.message.lang(lang)))
    return f'<div class="find"><span class="tag {finding.level}">{word}</span><span>{what}</span>{below}</div>'


def _left(listed: Listed, lang: Lang) -> str:
    """Say what is not listed: how many plots, and how many findings of each check."""
    if not listed.left:
        return ""
    shown = len(listed.by_feature)
    words = Text(
        f"有问题的图形共{shown + listed.left}个，上面列出{shown}个（须改正的在先）。"
        f"其余{listed.left}个的问题按项目计数如下；每个图形的问题和改法都写在退回的文件里，用制图软件或表格软件打开就能看到。",
        f"{shown + listed.left} features have findings; {shown} are listed above, those to be mended first. The other "
        f"{listed.left} are counted here by check; the file given back bears the findings of each.",
    ).lang(lang)
    rows = "".join(
        f'<tr><td>{escape(title_of(check).lang(lang))}</td><td class="n">{count}</td></tr>'
        for check, count in listed.left_by_check.items()
    )
    head = Text("<th>没有逐个列出的问题</th><th>处</th>", "<th>not listed one by one</th><th>places</th>").lang(lang)
    return f'<p id="left">{escape(words)}</p><table><tr>{head}</tr>{rows}</table>'


def _office(listed: Listed, lang: Lang) -> str:
    """Return what only whoever received the file can do, folded away at the end."""
    told = dict(listed.office)
    if listed.left:
        told[Text("退回的文件", "File given back")] = Text("用 --give-back 目录 写出", "written by --give-back FOLDER")
    if not told:
        return ""
    title = Text("给接收人：命令行里怎么办", "For the office: on the command line").lang(lang)
    rows = "".join(f"<li>{escape(name.lang(lang))}：{escape(words.lang(lang))}</li>" for name, words in told.items())
    return f'<details class="office"><summary>{title}</summary><ul>{rows}</ul></details>'


def _checks(checked: Checked, lang: Lang) -> str:
    zh = lang == "zh"
    titles = ("检查了什么", "界限", "通过", "不通过", "未检查", "不适用") if zh else (
        "check", "limit", "passed", "failed", "not checked", "n/a")  # fmt: skip
    head = "".join(f"<th>{title}</th>" for title in titles)
    rows = []
    for tally in checked.tallies:
        limit = f"{tally.check.threshold} {tally.check.unit}" if tally.check.threshold else ""
        numbers = (
            f'<td class="n">{tally.passed}</td><td class="n{" bad" if tally.failed else ""}">{tally.failed}</td>'
            f'<td class="n{" open" if tally.not_checked else ""}">{tally.not_checked}</td>'
            f'<td class="n">{tally.not_asked}</td>'
        )
        rows.append(f"<tr><td>{escape(tally.check.title.lang(lang))}</td><td>{escape(limit)}</td>{numbers}</tr>")
    note = Text(
        "“未检查”不等于通过：没有检查的地块不能通过审核。", "Not checked is no pass: such a plot cannot be accepted."
    ).lang(lang)
    title = Text("检查项目", "Checks").lang(lang)
    return f'<h2>{title}</h2><p class="muted">{note}</p><table><tr>{head}</tr>{"".join(rows)}</table>'


def _data(checked: Checked, listed: Listed, units: UnitBook, lang: Lang) -> dict[str, Any]:
    counties = checked.around.zones.get("counties", ())
    sketch = "（示意）" if "counties" in checked.around.sketch else ""
    bounds = shapely.total_bounds([cell.geometry for cell in counties]).tolist() if counties else [0, 0, 0, 0]
    readings = readings_data(checked, lang)
    around = checked.ground.around if checked.ground else checked.around
    near = list(zip(around.accepted, around.geometries, strict=True))[:MAX_DRAWN_AROUND]
    plots, repairs = [*_plots(checked, listed, units, lang)], _repairs(checked, listed, lang)
    occurs = {plot["state"] for plot in plots if plot["rings"]}
    occurs |= {name for name, there in (("accepted", near), ("repair", repairs)) if there}
    legend = [(colour, text.lang(lang)) for state, (colour, text) in _LEGEND.items() if state in occurs]
    return {
        "words": {key: text.lang(lang) for key, text in _WORDS.items()},
        "colours": {state: colour for state, (colour, _) in _LEGEND.items()},
        "legend": [*legend, *((row["colour"], row["title"]) for row in readings)],
        "extent": [[bounds[1], bounds[0]], [bounds[3], bounds[2]]],
        "counties": [{"name": f"{cell.name or ''}{sketch}", "rings": rings_of(cell.geometry)} for cell in counties],
        "accepted": [{"name": v.feature_id, "rings": rings_of(shape)} for v, shape in near],
        "plots": plots,
        "readings": readings,
        **ground_data(checked, lang),
        "repairs": repairs,
    }


def _plots(checked: Checked, listed: Listed, units: UnitBook, lang: Lang) -> Iterator[dict[str, Any]]:
    for item in drawn_of(checked, listed):
        yield {
            "number": item.number,
            "state": checked.states[item.number],
            "title": _title(checked, item, units, lang),
            "rings": None if item.geometry is None else rings_of(item.geometry),
            "findings": [_finding_row(finding, lang) for finding in listed.by_feature.get(item.number, ())],
        }


def _title(checked: Checked, item: Drawn, units: UnitBook, lang: Lang) -> str:
    first = Text(f"第{item.number}块", f"feature {item.number}").lang(lang)
    if item.subject is None:
        return f"{first}（{item.where}）"
    version = item.subject.version
    unit = units.get(version.unit or "")
    unit_name = (unit.name_zh if lang == "zh" else unit.name_en) if unit else ""
    given = version.feature_id if not version.feature_id.startswith(version.submission_id) else ""
    parts = (given, version.name, unit_name, f"{checked.area_mu[item.number]:.2f} {Text('亩', 'mu').lang(lang)}")
    return f"{first}：" + "  ".join(part for part in parts if part)


def _finding_row(finding: Finding, lang: Lang) -> dict[str, Any]:
    places = [[float(v) for v in pair.split()] for pair in finding.facts.get("places", "").split(";") if pair]
    return {
        "level": finding.level,
        "word": LEVELS[finding.level].lang(lang),
        "what": without_codes(finding.message.lang(lang)),
        "mend": finding.mend.lang(lang),
        "places": places or ([list(finding.lonlat)] if finding.lonlat else []),
    }


def _repairs(checked: Checked, listed: Listed, lang: Lang) -> list[dict[str, Any]]:
    title = _LEGEND["repair"][1].lang(lang)
    items = ((item.number, item.proposed_wkb) for item in checked.reading.candidates)
    mended = [(number, from_wkb([wkb])[0]) for number, wkb in items if wkb and number in listed.by_feature]
    mended += [(one.number, one.geometry) for one in checked.repairs if one.number in listed.by_feature]
    return [{"title": f"{title} #{number}", "rings": rings_of(shape)} for number, shape in mended]


def rings_of(geometry: shapely.Geometry) -> Sequence[Sequence[Sequence[Sequence[float]]]]:
    """Return the rings of each part of a polygon as longitude/latitude pairs.

    Examples
    --------
    >>> rings_of(shapely.box(0, 0, 1, 1))
    [[[[1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0], [1.0, 0.0]]]]
    """
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"]
    return [[shapely.get_coordinates(ring).round(9).tolist() for ring in shapely.get_rings(part)] for part in parts]
