"""What was asked cannot be asked."""

from __future__ import annotations

from ecotrack.errors.base import Text, UsageError


class UnknownLayer(UsageError):
    """A layer name that the workspace does not have."""

    what = Text("没有名为“{name}”的图层", "no layer is named '{name}'")
    mend = Text("本工作区的图层：{known}", "Layers of this workspace: {known}")


class UnknownUnit(UsageError):
    """A unit name or code that the workspace does not have."""

    what = Text("没有名为“{name}”的单位", "no unit is named '{name}'")
    mend = Text("可用单位：{known}", "Units here: {known}")


class UnknownTask(UsageError):
    """A task that the register does not hold."""

    what = Text("没有编号为“{name}”的任务", "no task has the id '{name}'")
    mend = Text(
        "已有任务：{known}；可先用 ecotrack task import 导入",
        "Tasks here: {known}; bring one in with ecotrack task import",
    )


class UnknownFigure(UsageError):
    """A figure or target id that does not exist."""

    what = Text("没有名为“{name}”的指标", "no figure is named '{name}'")
    mend = Text("可用指标：{known}", "Figures here: {known}")


class FutureDate(UsageError):
    """An as-of or as-known date after today."""

    what = Text("日期 {day} 在今天（{today}）之后", "the date {day} is after today ({today})")
    mend = Text("请给出今天或更早的日期", "give today or an earlier date")


class BadDate(UsageError):
    """Text that is not a date."""

    what = Text("“{text}”不是有效日期", "'{text}' is not a date")
    mend = Text("请写成 2017-03-16 这样的形式", "write it like 2017-03-16")


class FolderNotEmpty(UsageError):
    """``init`` into a folder that already holds something."""

    what = Text("目录不是空的", "the folder is not empty")
    mend = Text("请换一个新目录", "choose a new folder")


class AboveClassification(UsageError):
    """A layer whose classification is above what an output may show."""

    what = Text(
        "图层“{layer}”的密级是{level}，高于本次输出的密级{ceiling}",
        "layer '{layer}' is classified {level}, above this output's level {ceiling}",
    )
    mend = Text("请去掉该图层，或提高输出密级", "leave the layer out, or raise the output's level")


class OwnReview(UsageError):
    """A reviewer who would decide about what they sent in themselves."""

    what = Text("{name} 是提交人，不能审核自己提交的内容", "{name} sent this in and cannot review it")
    mend = Text("请换一名审核人", "let somebody else review it")


class UnknownSubmission(UsageError):
    """A submission or feature version that the register does not hold."""

    what = Text("没有编号为“{name}”的提交或地块版本", "no submission or feature version has the id '{name}'")
    mend = Text("可用 ecotrack review list 查看", "see ecotrack review list")


class UnknownMap(UsageError):
    """A map name that the workspace does not have, or none where there are several."""

    what = Text("没有名为“{name}”的地图", "no map is named '{name}'")
    mend = Text("本工作区 maps/ 中的地图：{known}", "Maps in this workspace's maps/: {known}")


class MissingExtra(UsageError):
    """A part of ecotrack whose libraries are not installed."""

    what = Text("没有安装这项功能需要的组件 {name}", "this needs {name}, which is not installed")
    mend = Text("请运行 pip install 'ecotrack[{extra}]'", "pip install 'ecotrack[{extra}]'")


class NoApprovalNumber(UsageError):
    """A public map without its map approval number (审图号)."""

    what = Text("公开地图“{name}”没有审图号", "the public map '{name}' has no map approval number (审图号)")
    mend = Text(
        "请在地图文件中写明 approval_number，或把密级改为内部",
        "write approval_number into the map's file, or make it an internal map",
    )


class PlotsOnPublicMap(UsageError):
    """A public map that would show the geometry of plots."""

    what = Text("公开地图不得显示地块图形：图层“{layer}”", "a public map shows no plot geometry: layer '{layer}'")
    mend = Text("请从该地图中去掉此图层", "leave this layer out of the map")


class AmbiguousTask(UsageError):
    """Several tasks that a report could be about."""

    what = Text("有几个任务都可能是这份报表的任务：{known}", "the report could be about several tasks: {known}")
    mend = Text("请用 --task 指明任务编号", "name one with --task")


class Untold(UsageError):
    """Something that neither the file nor the call says."""

    what = Text("文件里看不出{zh}", "the file does not tell {en}")
    mend = Text("请用 {option} 指明", "say it with {option}")


class NotAnIntakeLayer(UsageError):
    """A layer whose features do not come in as submitted polygons."""

    what = Text("图层“{name}”不接收地块边界", "layer '{name}' takes no submitted boundaries")
    mend = Text(
        "造林地块用 --layer plots；参考图层用 ecotrack layer set",
        "use --layer plots, or ecotrack layer set for reference layers",
    )


class NotAReference(UsageError):
    """``layer set`` on a layer whose features do not come from a reference file."""

    what = Text(
        "图层“{layer}”的要素不来自参考文件", "the features of layer '{layer}' do not come from a reference file"
    )
    mend = Text("地块请用 ecotrack import 导入", "bring plots in with ecotrack import")


class RealRecords(UsageError):
    """The sample register would take the place of one that holds real records."""

    what = Text(
        "登记库里已有真实记录（第 {seq} 条），不能用示例替换",
        "the register holds real records (entry {seq}); sample data cannot replace it",
    )
    mend = Text(
        "请在另一个工作区建立示例：先 ecotrack init 目录",
        "build the sample in another workspace: first ecotrack init DIR",
    )


class NoFittingTask(UnknownTask):
    """A report for whose units no task has been handed down."""

    what = Text(
        "没有适用于这份报表的任务：截至该日，没有哪个任务包含表中全部单位",
        "no task fits the report: up to its day none was handed down to all of its units",
    )


class UnknownFormat(UsageError):
    """An output file whose suffix names no format that can be written."""

    what = Text("不能写这种格式", "this format cannot be written")
    mend = Text("可用的后缀：{known}", "suffixes that can be written: {known}")


class CannotWrite(UsageError):
    """A file that cannot be written where it was asked for."""

    what = Text("文件无法写入：{detail}", "the file cannot be written: {detail}")
    mend = Text(
        "请检查目录是否存在、是否可写，或文件是否正在被打开",
        "check that the folder is there and writable, and the file not open",
    )


class NoOverlap(UsageError):
    """An award between two plots that share no ground."""

    what = Text("地块 {first} 与 {second} 没有重叠", "plots {first} and {second} share no ground")
    mend = Text("请用 ecotrack stats --json 查看 overlaps", "see overlaps in ecotrack stats --json")


class UnknownCode(UsageError):
    """A value that is not on a field's code list."""

    what = Text("“{value}”不是“{zh}”的值", "'{value}' is no value of '{en}'")
    mend = Text("可用的值：{known}", "values: {known}")


class BadSeason(UsageError):
    """Text that names no planting season."""

    what = Text("“{text}”不是造林季节", "'{text}' is no planting season")
    mend = Text(
        "请写成 2016-spring（春季）或 2016-autumn（秋季）这样的形式",
        "write it like 2016-spring or 2016-autumn",
    )


class FutureSeason(UsageError):
    """A planting season that had not begun on the day of submission."""

    what = Text("造林季节 {season} 在 {day} 还没有开始", "the season {season} had not begun on {day}")
    mend = Text("请核对季节和提交日期", "check the season and the day of submission")


class NoName(UsageError):
    """A blank where the name of a person must stand."""

    what = Text("没有写姓名", "no name is given")
    mend = Text("请写明经办人的姓名", "say who it is")


class EarlyDecision(UsageError):
    """A decision dated before what it decides about was submitted."""

    what = Text(
        "日期 {day} 早于“{name}”的提交日期（{submitted}）", "{day} is before '{name}' was submitted ({submitted})"
    )
    mend = Text("请给出提交当日或以后的日期", "give that day or a later one")


class NotAccepted(UsageError):
    """A strike of what does not stand as accepted."""

    what = Text("“{name}”{state_zh}，不能核销", "'{name}' cannot be struck: it {state_en}")
    mend = Text(
        "只有已通过的地块才能核销；现状见 ecotrack review list",
        "only what stands accepted can be struck; see ecotrack review list",
    )


class NotSender(UsageError):
    """A withdrawal by somebody other than the sender."""

    what = Text(
        "“{name}”的提交人是{sender}，只能由提交人撤回", "'{name}' was sent in by {sender}, who alone can withdraw it"
    )
    mend = Text("请由提交人撤回，或由审核人退回（review return）", "ask the sender, or send it back with review return")


class AlreadyAccepted(UsageError):
    """A withdrawal of what was accepted."""

    what = Text("“{name}”已通过审核，不能撤回", "'{name}' was accepted and cannot be withdrawn")
    mend = Text("请由审核人核销（ecotrack review strike）", "ask a reviewer to strike it (ecotrack review strike)")


class OutputExists(UsageError):
    """A file that would be written over."""

    what = Text("文件已经存在，未覆盖", "the file is there already and was left alone")
    mend = Text("请换一个文件名，或加 --force 覆盖", "choose another name, or add --force")


class BadHead(UsageError):
    """Text that names no head of a chain."""

    what = Text("“{text}”不是链尾", "'{text}' is no head of a chain")
    mend = Text(
        "请写成 行号:哈希，例如 120:9f2c……（64 位），audit、backup 会给出",
        "write it as SEQ:SHA256 (64 hex digits), as audit and backup print it",
    )


class ClashingOptions(UsageError):
    """Options that cannot be given together."""

    what = Text("{one} 和 {other} 不能同时使用", "{one} and {other} cannot be used together")
    mend = Text("请只用其中一个", "give one of them")


class UnknownColumn(UsageError):
    """A column that the file does not have."""

    what = Text("文件里没有名为“{name}”的字段", "the file has no field named '{name}'")
    mend = Text("文件中的字段：{known}", "fields of the file: {known}")


class UnknownCRSName(UsageError):
    """A name of a coordinate system that nothing here knows."""

    what = Text("不认识坐标系“{name}”", "no coordinate system is named '{name}'")
    mend = Text(
        "请写 EPSG 编号，例如 EPSG:4490（CGCS2000 经纬度）、EPSG:4527（CGCS2000 三度带 39 带）、EPSG:4326（WGS84）",
        "write an EPSG code, such as EPSG:4490 (CGCS2000 degrees), EPSG:4527 (CGCS2000 zone 39) or EPSG:4326 (WGS84)",
    )


class NoTaskYet(UsageError):
    """A ranking or report where no task has been brought in."""

    what = Text("到该日还没有任务，无从排名", "up to that day there is no task to rank by")
    mend = Text(
        "请先用 ecotrack task import 任务.xlsx 导入任务，再用 ecotrack records import 通报.xlsx 导入进度",
        "bring one in with ecotrack task import FILE, then its reports with ecotrack records import FILE",
    )


class HeldPlots(UsageError):
    """Plots whose checks failed or were not made cannot be accepted as they stand."""

    what = Text(
        "有{count}个地块检查不通过或未检查，不能直接通过（{plots}）：{first}",
        "{count} plots are held back by a check ({plots}): {first}",
    )
    mend = Text(
        "请退回改正；经核实确认无误的，用 --despite --reason 写明理由后通过",
        "send them back, or accept them with --despite --reason once it is settled",
    )
