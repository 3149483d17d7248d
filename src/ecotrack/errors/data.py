"""Data from outside that cannot be taken as it is."""

from __future__ import annotations

from ecotrack.errors.base import DataError, Text


class CRSMismatch(DataError):
    """Two geometries, or a geometry and an expectation, with different CRS."""

    what = Text(
        "坐标系不一致：需要 {expected}，得到 {found}", "the CRS differs: {expected} is needed, {found} was given"
    )
    mend = Text("请先转换坐标系", "transform it first")


class UnknownCRS(DataError):
    """Coordinates whose CRS is not declared and cannot be told."""

    what = Text("文件没有说明坐标系", "the file does not say which CRS its coordinates are in")
    mend = Text("请用 --crs 指明，例如 --crs EPSG:4527", "say it with --crs, for instance --crs EPSG:4527")


class BadCoverage(DataError):
    """A border layer with gaps, overlaps or wrong areas."""

    what = Text("界线图层有问题：{detail}", "the border layer is wrong: {detail}")
    mend = Text("请在 GIS 中修正后再导入", "mend it in a GIS and bring it in again")


class BadRows(DataError):
    """Rows of a spreadsheet that cannot be taken; nothing was imported."""

    what = Text("有 {count} 处错误，未导入任何内容：{first}", "{count} errors, nothing was imported: {first}")
    mend = Text("{hint_zh}", "{hint_en}")


class TimedOut(DataError):
    """Work on a file that went over its time or memory limit."""

    what = Text("处理超出限制（{limit}）", "processing went over its limit ({limit})")
    mend = Text(
        "请把文件拆小、边界简化后再试",
        "split the file or simplify its boundaries",
    )
    office = Text("来源可靠的大文件可用 --seconds 放宽时限", "a large file of trusted origin can have more --seconds")


class RefusedCRS(DataError):
    """A datum from which no public transform leads to CGCS2000."""

    what = Text(
        "坐标系是{zh}，没有公开的精确转换参数，直接换算会偏移几十米到一百多米",
        "the coordinates are in {en}, from which no exact public transform exists; a plain one is off by 50 to 150 m",
    )
    mend = Text(
        "请用测绘部门提供的参数转换到CGCS2000后再导入",
        "transform it to CGCS2000 with the survey office's parameters first",
    )


class StrayCoordinates(DataError):
    """A coordinate that is no place: not finite, outside longitude/latitude, or far too many of them."""

    what = Text("坐标无效（顶点 {vertex}）", "a coordinate is no place (vertex {vertex})")
    mend = Text("请检查坐标值和坐标系", "check the numbers and the CRS")


class RefusedFormat(DataError):
    """A file format that intake does not take."""

    what = Text("不接收这种文件：{zh}", "this kind of file is not taken: {en}")
    mend = Text("{mend_zh}", "{mend_en}")

    def __init__(self, where: object = "", /, *, name: Text, hint: Text | None = None) -> None:
        chosen = hint or Text(
            "请另存为 Shapefile（打包成 zip）、GeoJSON、KML 或 GeoPackage",
            "save it as a zipped Shapefile, GeoJSON, KML or GeoPackage",
        )
        super().__init__(where, zh=name.zh, en=name.en, mend_zh=chosen.zh, mend_en=chosen.en)


class UnsafeArchive(DataError):
    """An archive that reaches outside itself or unpacks to too much."""

    what = Text("压缩包不安全：{zh}", "the archive is unsafe: {en}")
    mend = Text("请只把这一批数据文件重新打包", "pack only the data files again")


class RefusedRows(BadRows):
    """A sheet with errors in its rows; nothing was imported, and ``rows`` of its facts holds the errors."""

    what = Text("有 {count} 处错误，未导入任何内容：{first_zh}", "{count} errors, nothing was imported: {first_en}")


class RefusedReference(DataError):
    """An official file whose checks do not hold; the layer stays as it was."""

    what = Text("图层没有替换：{zh}", "the layer was not replaced: {en}")
    mend = Text("请修正文件后再试，可先用 --dry-run 检查", "mend the file and try again, with --dry-run first")
