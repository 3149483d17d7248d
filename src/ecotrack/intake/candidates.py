"""What reading a file gives: candidates, each with its findings, and findings on the whole file."""

from __future__ import annotations

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
        note = file_finding("repaired", feature=str(self.number), where=self.where)
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
        Text("不是面，是{found}", "no polygon ({found})"),
        Text("面图层只收多边形，请把边界闭合成面", "this layer takes polygons; close the boundary"),
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
            "边界有错：{found}；建议修复后面积 {after_m2} 平方米（原图 {before_m2} 平方米）",
            "the boundary is invalid: {found}; the proposed repair measures {after_m2} m2 (as drawn {before_m2} m2)",
        ),
        Text(
            "请在 GIS 中改正，或用 --accept-repairs 接受建议",
            "mend it in a GIS, or take the proposal with --accept-repairs",
        ),
    ),
    "beyond_repair": (
        "blocks",
        "failed",
        Text("边界有错且无法自动修复：{found}", "the boundary is invalid and no repair is left of it: {found}"),
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
        Text("图形混杂（{found}），只取其中的面", "mixed geometry ({found}); only its polygons are taken"),
        Text("请核对", "check it"),
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


def file_finding(
    check: str,
    *,
    feature: str | None = None,
    where: str = "",
    lonlat: tuple[float, float] | None = None,
    **facts: str,
) -> Finding:
    """Make the finding of one check; ``facts`` fill its message.

    Examples
    --------
    >>> file_finding("wrong_geometry", feature="3", found="Point").message.en
    'no polygon (Point)'
    """
    level, answer, what, mend = KINDS[check]
    return Finding(
        check=check,
        level=level,
        answer=answer,
        message=what.format(**facts),
        mend=mend,
        where=where,
        feature=feature,
        lonlat=lonlat,
        facts=facts,
    )


def error_finding(error: EcotrackError, *, where: str = "") -> Finding:
    """Turn an error on one file of several into a finding that says the same."""
    return file_finding("refused", where=where, zh=error.message("zh"), en=error.message("en"))
