"""What reading a file gives: candidates, each with its findings, and findings on the whole file."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from ecotrack.errors import EcotrackError, Text
from ecotrack.model.findings import Answer, Finding, Level

Value = str | int | float | bool | None
"""An attribute as it came; floats become decimal text before anything is registered."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One feature of a file that may become a feature version.

    Attributes
    ----------
    number
        Its place in the file, from 1, over all layers of the file.
    where
        The layer or sheet and place, as a person finds it again.
    wkb
        Stored geometry (EPSG:4490, little-endian WKB); ``None`` while the feature waits for its CRS
        or has no polygon.
    submitted_wkb, submitted_crs
        The geometry as it came, and its CRS (EPSG code or WKT; ``None`` where unknown).
    proposed_wkb
        A repair of ``wkb`` that somebody must accept.
    attributes
        The file's attributes by their own names.
    """

    number: int
    where: str
    wkb: bytes | None = None
    submitted_wkb: bytes | None = None
    submitted_crs: str | None = None
    proposed_wkb: bytes | None = None
    attributes: dict[str, Value] = {}
    findings: list[Finding] = []

    @property
    def blocked(self) -> bool:
        """Whether a finding keeps this feature from coming in as it is."""
        return self.wkb is None or any(finding.level == "blocks" for finding in self.findings)

    def with_repair(self) -> Candidate:
        """Return the candidate with its proposed repair taken, or itself where there is none."""
        if self.proposed_wkb is None:
            return self
        kept = [finding for finding in self.findings if finding.check != "invalid"]
        note = Place(self.where, str(self.number)).finding("repaired")
        return msgspec.structs.replace(self, wkb=self.proposed_wkb, proposed_wkb=None, findings=[*kept, note])


class LayerReading(msgspec.Struct, frozen=True, kw_only=True):
    """How one layer (or sheet) of a file was read.

    Attributes
    ----------
    driver
        Name of the format.
    crs
        EPSG code or WKT; ``None`` where it is unknown.
    crs_evidence
        How the coordinates were read, in words.
    encoding
        Encoding of the text, and how it was told; empty where the format settles it.
    fields
        The attribute names.
    features
        How many rows it has, with and without geometry.
    """

    name: str
    driver: str
    crs: str | None = None
    crs_evidence: tuple[str, str] = ("", "")
    encoding: str = ""
    fields: list[str] = []
    features: int = 0


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that came out of one upload."""

    file_name: str
    candidates: list[Candidate] = []
    layers: list[LayerReading] = []
    findings: list[Finding] = []

    @property
    def all_findings(self) -> list[Finding]:
        """Findings on the file, then those on its features in order."""
        return [*self.findings, *(finding for item in self.candidates for finding in item.findings)]


KINDS: dict[str, tuple[Level, Answer, Text, Text]] = {
    "wrong_geometry": (
        "blocks",
        "failed",
        Text("不是{zh}，是{found}", "no {en} ({found})"),
        Text("这个图层只收{zh}；边界线请先闭合成面", "this layer takes {en}s; close boundary lines to polygons first"),
    ),
    "no_geometry": (
        "blocks",
        "failed",
        Text("没有图形", "the geometry is empty"),
        Text("请补画边界，或删除这一行", "draw the boundary or delete the row"),
    ),
    "no_geometry_column": (
        "blocks",
        "failed",
        Text("表中没有图形：{found}", "a table without geometry: {found}"),
        Text("请提供边界文件，或带 WKT 列、经纬度列的表", "send boundaries, or a WKT or longitude/latitude column"),
    ),
    "no_features": (
        "blocks",
        "failed",
        Text("没有任何要素", "there are no features"),
        Text("请检查导出时是否选中了数据", "check what was selected at export"),
    ),
    "unknown_crs": (
        "blocks",
        "not_checked",
        Text("不知道坐标系，先不入库（数值范围 {bounds}）", "the CRS is unknown, so it waits (numbers {bounds})"),
        Text(
            "请用 --crs 指明：带号开头的横坐标用 EPSG:4526（38带）或 EPSG:4527（39带），"
            "六位横坐标用 EPSG:4547（114°）或 EPSG:4548（117°），经纬度用 EPSG:4490",
            "say it with --crs: EPSG:4526 or 4527 for eastings with zone digits, EPSG:4547 or 4548 without, "
            "EPSG:4490 for degrees",
        ),
    ),
    "bad_geometry": (
        "blocks",
        "failed",
        Text("图形无法读取：{found}", "the geometry cannot be read: {found}"),
        Text("请在 GIS 中重画这一块", "draw it again in a GIS"),
    ),
    "invalid": (
        "blocks",
        "failed",
        Text(
            "边界有错：{zh}；建议修复后面积 {after_m2} 平方米（原图 {before_m2} 平方米）",
            "the boundary is invalid: {en}; the proposed repair measures {after_m2} m2 (as drawn {before_m2} m2)",
        ),
        Text(
            "请在 GIS 中改正，或用 --accept-repairs 接受建议",
            "mend it in a GIS, or take the proposal with --accept-repairs",
        ),
    ),
    "beyond_repair": (
        "blocks",
        "failed",
        Text("边界有错且无法自动修复：{zh}", "the boundary is invalid and no repair is left of it: {en}"),
        Text("请在 GIS 中重画这一块", "draw it again in a GIS"),
    ),
    "repaired": ("notes", "passed", Text("已按建议修复边界", "the proposed repair was taken"), Text("", "")),
    "outside_extent": (
        "warns",
        "failed",
        Text("在工作区范围以外（{found}）", "outside the workspace ({found})"),
        Text("请检查坐标系是否选对", "check the CRS"),
    ),
    "axes_swapped": (
        "warns",
        "failed",
        Text("横纵坐标是反的，已对调", "the axes were the wrong way round and were swapped"),
        Text("请核对位置", "check where it lies"),
    ),
    "told_crs": ("warns", "passed", Text("{zh}", "{en}"), Text("请核对位置", "check where it lies")),
    "datum_shift": (
        "notes",
        "passed",
        Text("坐标从{found}转换到CGCS2000", "transformed from {found} to CGCS2000"),
        Text("", ""),
    ),
    "encoding": (
        "warns",
        "failed",
        Text("文字编码说是{declared}，实际按{found}读取", "the text is declared {declared} but was read as {found}"),
        Text("如有乱码，请用 --encoding 指明", "if it looks garbled, say it with --encoding"),
    ),
    "encoding_unknown": (
        "warns",
        "not_checked",
        Text("文字编码无法判断，属性可能是乱码", "the text encoding is unknown; attributes may be garbled"),
        Text("请用 --encoding 指明，例如 --encoding GBK", "say it with --encoding, for instance --encoding GBK"),
    ),
    "collection": (
        "warns",
        "failed",
        Text("图形混杂（{found}），只取其中的{zh}", "mixed geometry ({found}); only its {en}s are taken"),
        Text("请核对", "check it"),
    ),
    "unread_sheet": (
        "warns",
        "not_checked",
        Text("这张工作表没有认出表头，未读取", "this sheet has no header that is known and was not read"),
        Text("如其中有边界，请补上列名", "if it holds boundaries, give it column titles"),
    ),
    "open_ring": (
        "blocks",
        "failed",
        Text(
            "边界没有闭合，或不足三个拐点（第{found}圈）",
            "a ring is not closed or has fewer than three corners (ring {found})",
        ),
        Text("请在 GIS 中闭合边界后重新导出", "close the boundary in a GIS and export it again"),
    ),
    "missing_field": (
        "blocks",
        "failed",
        Text("缺少“{zh}”", "'{en}' is missing"),
        Text("请在属性表中填写，或用 {option} 给出", "fill it in, or give it with {option}"),
    ),
    "bad_value": (
        "blocks",
        "failed",
        Text("“{zh}”的值“{value}”无法识别", "'{value}' is no value of '{en}'"),
        Text("可用的值：{known}", "values: {known}"),
    ),
    "odd_value": (
        "warns",
        "failed",
        Text("“{zh}”的值“{value}”无法识别，已{taken_zh}", "'{value}' is no value of '{en}'; {taken_en}"),
        Text("请核对", "check it"),
    ),
    "future_season": (
        "blocks",
        "failed",
        Text(
            "造林季节 {value} 在提交日期 {day} 还没有开始", "the season {value} had not begun on {day}, when it came in"
        ),
        Text("请核对季节和提交日期", "check the season and the day of submission"),
    ),
    "twice": (
        "blocks",
        "failed",
        Text("文件里编号“{value}”出现多次", "the id '{value}' stands more than once in the file"),
        Text("请改为各不相同的编号", "give each its own id"),
    ),
    "id_taken": (
        "blocks",
        "failed",
        Text(
            "编号“{value}”已被另一单位或另一季节的地块使用（{other}）", "id '{value}' belongs to another plot ({other})"
        ),
        Text("请改用带单位代码和年份的编号", "use an id with the unit's code and the year"),
    ),
    "new_version": (
        "warns",
        "passed",
        Text("编号“{value}”已登记过，本次作为新版本", "id '{value}' is known; this becomes its new version"),
        Text("请确认是同一地块", "make sure that it is the same plot"),
    ),
    "huge_plot": (
        "warns",
        "failed",
        Text("面积 {mu} 亩，超过 {limit} 亩", "{mu} mu, more than {limit} mu"),
        Text("请核对坐标系，以及是否误收了行政界线", "check the CRS, and whether a border was taken for a plot"),
    ),
    "same_polygon": (
        "warns",
        "failed",
        Text("与第 {other} 个图形完全相同", "the same polygon as feature {other}"),
        Text("请删去重复的图形", "delete the one that is repeated"),
    ),
    "missing_sibling": (
        "warns",
        "failed",
        Text("缺少同名的 {found} 文件，没有属性", "its {found} file is missing, so there are no attributes"),
        Text("请把 .shp、.shx、.dbf、.prj 一起打包成 zip 发来", "send .shp, .shx, .dbf and .prj together as a zip"),
    ),
    "refused": ("blocks", "failed", Text("{zh}", "{en}"), Text("", "")),
    "cut_short": (
        "blocks",
        "failed",
        Text("读到第 {found} 个要素后文件中断：{detail}", "the file breaks off after feature {found}: {detail}"),
        Text("请重新导出", "export it again"),
    ),
}
"""Findings of reading, by check: level, answer, what, how to mend."""


class Place(NamedTuple):
    """Where a finding stands: the layer or row as a person finds it, and the feature's number, the vertex."""

    where: str = ""
    feature: str | None = None
    lonlat: tuple[float, float] | None = None

    def finding(self, check: str, **facts: str) -> Finding:
        """Make the finding of one check here; ``facts`` fill its message.

        Examples
        --------
        >>> Place("plots.shp #3", "3").finding("wrong_geometry", zh="面", en="polygon", found="Point").message.en
        'no polygon (Point)'
        """
        level, answer, what, mend = KINDS[check]
        return Finding(
            check=check,
            level=level,
            answer=answer,
            message=what.format(**facts),
            mend=mend.format(**facts),
            where=self.where,
            feature=self.feature,
            lonlat=self.lonlat,
            facts=facts,
        )

    def refusal(self, error: EcotrackError) -> Finding:
        """Turn an error on one file, layer or feature of several into a finding that says the same."""
        return self.finding("refused", zh=error.message("zh"), en=error.message("en"))
