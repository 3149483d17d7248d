"""What intake found about a file, in the terminal: what to mend first, then what was checked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rich.console import RenderableType

from ecotrack.errors import Lang, Text
from ecotrack.intake.check import Checked
from ecotrack.model.findings import Finding
from ecotrack.reports.terminal import table

LEVELS = {
    "blocks": Text("须改正", "must mend"),
    "warns": Text("请核对", "look at it"),
    "notes": Text("说明", "note"),
}
ANSWERS = {
    "passed": Text("通过", "passed"),
    "failed": Text("不通过", "failed"),
    "not_checked": Text("未检查", "not checked"),
}
SHOWN = 30
"""Rows of findings that are printed; the others are counted."""


_KINDS = {"ESRI Shapefile": Text("shp", "shapefile"), "table": Text("表格", "table")}


def checked_lines(checked: Checked, lang: Lang) -> Iterator[str]:
    """Yield the lines above the tables: how the file was read, and what can come in."""
    for layer in checked.reading.layers:
        words = [layer.crs_evidence[0 if lang == "zh" else 1], encoding_words(layer.encoding).lang(lang)]
        kind, count = _KINDS.get(layer.driver, Text(layer.driver, layer.driver)), layer.features
        told = [Text(f"{kind.zh}，{count}个图形", f"{kind.en}, {count} features").lang(lang), *filter(None, words)]
        yield f"{layer.name}  " + ("；" if lang == "zh" else "; ").join(told)
    proposal = checked.proposal
    if proposal.matches:
        zh = "，".join(f"{source}→{checked.field_title(name).zh}" for name, source in proposal.matches.items())
        en = ", ".join(f"{source} -> {name}" for name, source in proposal.matches.items())
        yield Text(f"字段对应：{zh}", f"fields: {en}").lang(lang)
    if proposal.words:
        yield words_taken(checked).lang(lang)
    if proposal.unused:
        names = "、".join(proposal.unused[:40])
        yield Text(f"未用到的字段：{names}", f"fields not used: {names}").lang(lang)


_CODECS = {"gb18030": "GBK", "utf-8": "UTF-8", "latin-1": "?"}
_TOLD = {
    "cpg": "按 .cpg 文件",
    "ldid": "按文件头",
    "bytes": "按内容判断",
    "asked": "按参数",
    "unknown": "无法判断",
}


def encoding_words(encoding: str) -> Text:
    """Return how the text of a layer was read, in words.

    Examples
    --------
    >>> encoding_words("gb18030 (bytes)").zh
    '文字编码GBK（按内容判断）'
    """
    codec, _, source = encoding.partition(" (")
    if not codec:
        return Text("", "")
    told = _TOLD.get(source.rstrip(")"), source.rstrip(")"))
    return Text(f"文字编码{_CODECS.get(codec, codec)}（{told}）", f"text read as {encoding}")


def findings_table(findings: Iterable[Finding], lang: Lang) -> Iterator[RenderableType]:
    """Yield the table of findings, the gravest first; those that say the same of several features in one row."""
    groups = Groups(findings, lang)
    rows = groups.rows()
    if not rows:
        return
    titles = ("程度", "位置", "问题", "怎么改") if lang == "zh" else ("level", "where", "what", "how to mend")
    yield table("", [(title, False) for title in titles], [row[:4] for row in rows])
    left = groups.count - sum(row.findings for row in rows)
    if left > 0:
        yield Text(f"… 另有{left}条，见网页报告或 --json", f"… {left} more, see the page or --json").lang(lang)


class GroupRow(NamedTuple):
    """A row of the table: level, places, what and how to mend, and how many findings it stands for."""

    level: str
    where: str
    what: str
    mend: str
    findings: int


class _Places:
    """The first and the last place of findings that say the same, and how many there are."""

    def __init__(self, where: str) -> None:
        self.first, self.last, self.count = where, where, 0

    def add(self, where: str) -> None:
        self.last, self.count = where, self.count + 1

    def words(self, lang: Lang) -> str:
        if self.count == 1:
            return self.first
        count = Text(f"共{self.count}处", f"{self.count} places").lang(lang)
        return f"{self.first} … {self.last} ({count})"


class Groups:
    """Findings gathered by what they say: of each level the first `SHOWN` sayings are kept, the others counted.

    Attributes
    ----------
    count
        How many findings there are in all.
    """

    def __init__(self, findings: Iterable[Finding], lang: Lang) -> None:
        self._lang, self.count = lang, 0
        self._levels: dict[str, dict[tuple[Text, Text, Text], _Places]] = {level: {} for level in LEVELS}
        for finding in findings:
            self.count += 1
            said, groups = (finding.message, finding.mend, finding.office), self._levels[finding.level]
            if said in groups or len(groups) < SHOWN:
                groups.setdefault(said, _Places(finding.where)).add(finding.where)

    def rows(self) -> list[GroupRow]:
        """Return the first `SHOWN` rows, the gravest first."""
        every = [(level, *group) for level, groups in self._levels.items() for group in groups.items()]
        return [self._row(level, said, places) for level, said, places in every[:SHOWN]]

    def _row(self, level: str, said: tuple[Text, Text, Text], places: _Places) -> GroupRow:
        message, mend, office = (text.lang(self._lang) for text in said)
        if office:
            mend += f"（接收人：{office}）" if self._lang == "zh" else f" (the office: {office})"
        return GroupRow(LEVELS[level].lang(self._lang), places.words(self._lang), message, mend, places.count)


def checks_table(checked: Checked, lang: Lang) -> Iterator[RenderableType]:
    """Yield the checks that some feature failed, those that could not be made, and how many others there are."""
    zh = lang == "zh"
    told = [tally for tally in checked.tallies if tally.failed]
    open_ones = [tally.check.title for tally in checked.tallies if tally.not_checked and not tally.failed]
    rest = len(checked.tallies) - len(told) - len(open_ones)
    titles = ("检查", "程度", "界限", *(answer.lang(lang) for answer in ANSWERS.values()), "不适用" if zh else "n/a")
    rows = [
        (
            tally.check.title.lang(lang),
            LEVELS[tally.check.level].lang(lang),
            f"{tally.check.threshold} {tally.check.unit}" if tally.check.threshold else "",
            str(tally.passed),
            str(tally.failed),
            str(tally.not_checked),
            str(tally.not_asked),
        )
        for tally in told
    ]
    if rows:
        title = "没有全部通过的检查" if zh else "checks not passed by all"
        yield table(title, [(title, i > 2) for i, title in enumerate(titles)], rows)
    if open_ones:
        yield Text(
            f"还有{len(open_ones)}项没有检查完（先解决上面的问题；“未检查”不算通过）："
            + "、".join(title.zh for title in open_ones),
            f"{len(open_ones)} checks could not be made of every feature (mend the above first; this is no pass): "
            + ", ".join(title.en.lower() for title in open_ones),
        ).lang(lang)
    if rest and checked.reading.candidates:
        yield Text(
            f"其余{rest}项检查都通过或不适用（网页报告里有全部项目）。",
            f"{rest} other checks passed or do not apply (the page lists all).",
        ).lang(lang)


def _beside(compared: int | None, unplaced: int, total: int) -> Text:
    """Say what was compared with accepted plots, and that features without a settled boundary were not."""
    if compared is None:
        return Text("没有登记库，未与已认定地块比对", "no register, so not compared with accepted plots")
    if unplaced == total:
        return Text(
            "位置或边界还没有定下来，没有检查与已认定地块是否重叠",
            "overlap with accepted plots was not checked, as place or boundary is not settled",
        )
    left = Text(f"，另有{unplaced}个没有比对", f", {unplaced} features were not") if unplaced else Text("", "")
    zh = f"与附近{compared}个已认定地块比对过{left.zh}"
    return Text(zh, f"compared with {compared} accepted plots nearby{left.en}")


def words_taken(checked: Checked) -> Text:
    """Return which words of the file were taken for a code that reads otherwise, to be looked at."""
    taken = [(checked.field_title(name), word, code) for name, word, code in checked.proposal.words]
    zh = "，".join(f"{title.zh}“{word}”→{code}" for title, word, code in taken)
    en = ", ".join(f"{title.en} '{word}' -> {code}" for title, word, code in taken)
    return Text(f"取值对应：{zh}", f"words taken for codes: {en}")


def summary(checked: Checked) -> Text:
    """Return one sentence on what can come in and what waits."""
    total, held = len(checked.reading.candidates), len(checked.held)
    if not total:
        return Text("没有读出图形，没有可登记的地块。", "no feature could be read, nothing can be registered.")
    ready, waits = len(checked.ready) - held, len(checked.proposal.waiting)
    mu = math.fsum(checked.area_mu[number] for number in checked.ready)
    beside = _beside(checked.compared, total - len(checked.proposal.subjects), total)
    return Text(
        f"共{total}个图形：{ready}个可以登记，{held}个可以登记但处理后才能通过审核，{waits}个须改正后再报；"
        f"可登记的合计{mu:,.1f}亩；{beside.zh}。",
        f"{total} features: {ready} can be registered, {held} more can but not be accepted as they stand, {waits} must "
        f"be mended first; {mu:,.1f} mu can be registered; {beside.en}.",
    )
