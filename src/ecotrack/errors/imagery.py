"""Rasters that cannot bear the witness that is asked of them."""

from __future__ import annotations

from ecotrack.errors.base import DataError, Text, UsageError
from ecotrack.errors.data import UnknownCRS
from ecotrack.errors.files import MissingFile


class BadBandTable(UsageError):
    """A band table that does not fit its raster, or cannot be read."""

    what = Text("波段表不符：{zh}", "the band table does not fit: {en}")
    mend = Text("请对照影像的波段修改波段表，写法见 docs/imagery.md", "mend the table; docs/imagery.md shows one")


class BadClassTable(UsageError):
    """A class table that does not fit its raster, or cannot be read."""

    what = Text("地类表不符：{detail_zh}", "the class table does not fit: {detail_en}")
    mend = Text(
        "地类表要有 date、source 和 [classes]（数值 = 地类，至少有 forest 或 built），写法见 docs/imagery.md",
        "it needs date, source and [classes] (number = class, forest or built among them); docs/imagery.md shows one",
    )

    def __init__(self, where: object = "", /, *, detail: object) -> None:
        told = detail if isinstance(detail, Text) else Text(str(detail), str(detail))
        super().__init__(where, detail_zh=told.zh, detail_en=told.en)


class UnknownSensor(UsageError):
    """A raster whose bands cannot be told from its name or its metadata."""

    what = Text("认不出是哪种影像", "the kind of image cannot be told")
    mend = Text(
        "请用 --bands 给出波段表（TOML），写法见 docs/imagery.md",
        "give a band table (TOML) with --bands; docs/imagery.md shows one",
    )


class UnplacedRaster(UnknownCRS):
    """A raster that does not say where it lies: not orthorectified, or saved without its place."""

    what = Text("影像没有坐标系和位置", "the raster says neither its CRS nor where it lies")
    mend = Text(
        "高分、资源卫星的 L1A 数据要先做正射校正；截图或转存的图请用原始影像",
        "L1A data of Gaofen and ZY must be orthorectified first; of a picture that was saved anew take the original",
    )


class UnknownScene(UsageError):
    """A scene that the catalogue does not hold."""

    what = Text("目录中没有影像“{name}”", "the catalogue holds no scene '{name}'")
    mend = Text("先用 ecotrack scene add 登记；已有：{known}", "add it with ecotrack scene add; there are: {known}")


class SaidOtherwise(UsageError):
    """Something that the call says about a scene which says otherwise itself."""

    what = Text("影像自己写的是 {told}，与 {option} 的 {said} 不符", "the scene says {told}, {option} says {said}")
    mend = Text(
        "请去掉 {option}；还有别的影像时分开登记", "leave {option} out; add scenes that need it by a call of their own"
    )


class OtherDay(UsageError):
    """A day that was given for whatever file there is, and a file whose name tells another."""

    what = Text("文件名里的日期是 {told}，{option} 写的是 {said}", "the file's name says {told}, {option} says {said}")
    mend = Text(
        "请去掉 {option}；确有把握时单独登记这一个文件，并写 --date",
        "leave {option} out, or, if you are sure, add this file alone with --date",
    )


class ChangedFile(DataError):
    """A file of a scene that is another than the one that was added."""

    what = Text("影像文件登记以后变过", "the file has changed since it was added")
    mend = Text(
        "请核对是不是同一景影像，再用 ecotrack scene add 重新登记",
        "check whether it is the same image, and add it again with ecotrack scene add",
    )


class MovedScene(MissingFile):
    """A scene of the catalogue whose file is not where it was."""

    what = Text("影像 {scene} 的文件不在原处", "a file of scene {scene} is not where it was")
    mend = Text(
        "请放回原处，或用 ecotrack scene add 登记新位置；不再使用的用 ecotrack scene remove 移出目录",
        "put it back, or add it where it is now with ecotrack scene add; ecotrack scene remove takes it out",
    )


class SceneIdTaken(UsageError):
    """A scene whose id another scene of the catalogue has."""

    what = Text(
        "同名的另一景影像已经登记：{day}，{path}", "another scene of this name is in the catalogue: {day}, {path}"
    )
    mend = Text(
        "请给文件起不同的名字（例如加上日期）后再登记", "give the file a name of its own, with its day for instance"
    )


class UnknownObservation(UsageError):
    """An observation of the lake that the register does not hold."""

    what = Text(
        "没有编号为“{name}”的湖面观测，也没有这景影像的观测",
        "no lake observation, nor one from a scene, is named '{name}'",
    )
    mend = Text(
        "编号见 ecotrack lake series --json；已被更正的观测不能再审核",
        "ecotrack lake series --json tells the ids; what was corrected since cannot be reviewed",
    )


class SceneCountedTwice(UsageError):
    """Two observations of the same water in the same scene: a year's median would count it twice."""

    what = Text(
        "影像 {scene} 已有采用的观测（{km2} 平方公里），不能重复采用",
        "scene {scene} has an adopted observation already ({km2} km2)",
    )
    mend = Text(
        "要换用这一条，请先退回那一条：ecotrack lake return {other} --by 审核人 --reason 理由",
        "to take this one instead, send that one back first: ecotrack lake return {other} --by REVIEWER --reason WHY",
    )


class NoBand(DataError):
    """An index that needs a band which the scene does not have."""

    what = Text("影像没有{bands}波段", "the scene has no {bands} band")
    mend = Text("请换用别的指数或影像", "choose another index or another scene")


class BandsApart(DataError):
    """Bands of one scene whose grids do not lie on one another."""

    what = Text(
        "波段 {band} 与其他波段的坐标系、范围或方向不同",
        "band {band} differs from the others in CRS, extent or direction",
    )
    mend = Text(
        "请换用同一景影像的波段；掩膜要与影像范围一致",
        "take the bands of one and the same scene, and a mask of its extent",
    )


class UnfitMask(DataError):
    """A cloud mask whose numbers its kind does not know."""

    what = Text("云掩膜里有数值 {found}，不是 {kind}", "the cloud mask holds the number {found}, which {kind} has not")
    mend = Text(
        "请核对掩膜文件，用 --mask-kind 指明种类后重新登记",
        "check the file, say what it is with --mask-kind and add the scene again",
    )


class GridsApart(DataError):
    """A reference raster that does not lie on the pixels of the map."""

    what = Text("参考影像与分类图的格网不同", "the reference does not lie on the pixels of the map")
    mend = Text(
        "请先重采样到分类图的坐标系、像元和范围（最邻近法），或改用 --points",
        "resample it to the CRS, pixels and extent of the map (nearest neighbour), or use --points",
    )


class NoReference(DataError):
    """Reference points or a mask of which nothing lies on a class of the map."""

    what = Text("参考资料没有一处落在分类图的类别上，无法评定", "nothing of the reference lies on a class of the map")
    mend = Text(
        "请核对样点的经纬度和坐标系，以及两幅图的范围和无数据值",
        "check longitude, latitude and CRS of the points, and extent and nodata of both rasters",
    )


class BandsOfTwoSizes(DataError):
    """Arrays of one scene that differ in shape."""

    what = Text("数组形状 {shape} 与绿波段 {other} 不同", "the array has the shape {shape}, the green band {other}")
    mend = Text("请先重采样到同样的像元", "bring the bands to the same pixels first")


class NotReflectance(DataError):
    """Numbers that are no reflectance: scale or offset were not applied, or twice."""

    what = Text(
        "数值不是反射率（中位数 {median}）：比例系数或偏移没有用，或用了两次",
        "the numbers are no reflectance (median {median}): scale or offset were not applied, or twice",
    )
    mend = Text(
        "请写明 scale 和 offset（波段表、命令选项或函数参数）",
        "say scale and offset, in the band table, the options or the call",
    )


class NoWaterEdge(DataError):
    """A scene in which no threshold divides water from land."""

    what = Text(
        "影像里分不出水面和陆地（{reason_zh}），没有得到水面",
        "water and land do not part in this scene ({reason_en}); no surface was found",
    )
    mend = Text(
        "请确认影像覆盖湖区、日期有水；确有把握时可用 --threshold 指定固定阈值",
        "check that the scene shows the lake with water in it; a fixed --threshold can be given by who knows it",
    )


class ZoneOutside(DataError):
    """A scene that does not reach the place that is asked about."""

    what = Text("影像没有覆盖{zh}", "the scene does not reach {en}")
    mend = Text("请换一景影像", "take another scene")


class TooLittleSeen(DataError):
    """Ground hidden by cloud, shadow, fill or the scene's own edge."""

    what = Text(
        "无云可见部分只有 {clear_pct}%（要求 {least_pct}%），不能作为观测",
        "only {clear_pct} % of the ground is seen clearly ({least_pct} % is asked), which is no observation",
    )
    mend = Text(
        "请换一景影像，或用 --least-clear 调整；自己给的掩膜请核对 --mask-kind",
        "take another scene, or lower --least-clear; of a mask that you gave, check --mask-kind",
    )
