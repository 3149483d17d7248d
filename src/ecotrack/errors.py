"""The one error tree: every message says what, where and how to mend it, in Chinese and English."""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple

Lang = Literal["zh", "en"]


class Text(NamedTuple):
    """One sentence in both languages of the interface.

    Examples
    --------
    >>> Text("亩", "mu").lang("en")
    'mu'
    """

    zh: str
    en: str

    def lang(self, lang: Lang) -> str:
        """Return the sentence in ``lang``."""
        return self.zh if lang == "zh" else self.en

    def format(self, **facts: object) -> Text:
        """Return the sentence with ``{name}`` fields filled in, in both languages."""
        return Text(self.zh.format(**facts), self.en.format(**facts))


class EcotrackError(Exception):
    """Base of everything that ecotrack raises on purpose.

    A subclass is named by the fact and holds two sentence templates: ``what`` went wrong and
    ``mend``, how to put it right. ``where`` (file, sheet and row, feature, vertex) comes from the
    place that raises.

    Parameters
    ----------
    where
        The place: a path, ``file: sheet row``, a feature id. May be empty.
    **facts
        Values for the templates' fields.

    Examples
    --------
    >>> error = UnknownLayer("layers/", name="tree", known="plots, lake")
    >>> error.message("en")
    "layers/: no layer is named 'tree'. Layers of this workspace: plots, lake."
    """

    what: ClassVar[Text] = Text("出现错误", "something went wrong")
    mend: ClassVar[Text] = Text("", "")
    exit_code: ClassVar[int] = 3

    def __init__(self, where: object = "", /, **facts: object) -> None:
        self.where = str(where)
        self.facts = facts
        super().__init__(self.message("en"))

    def message(self, lang: Lang) -> str:
        """Return what, where and how to mend as one line in ``lang``."""
        what = self.what.format(**self.facts).lang(lang)
        mend = self.mend.format(**self.facts).lang(lang)
        colon, stop = ("：", "。") if lang == "zh" else (": ", ".")
        place = f"{self.where}{colon}" if self.where else ""
        tail = mend if not mend or mend.endswith(stop) else mend + stop
        gap = "" if lang == "zh" or not tail else " "
        return f"{place}{what}{stop}{gap}{tail}"


class UsageError(EcotrackError):
    """What was asked cannot be asked: a wrong name, date or option."""

    exit_code = 2


class UnreadableError(EcotrackError):
    """A file or register that cannot be read."""


class ConfigError(EcotrackError):
    """The workspace's own files are not as they must be."""


class RegisterError(EcotrackError):
    """The register refuses to open, to write or to vouch for itself."""


class DataError(EcotrackError):
    """Data from outside that cannot be taken as it is."""


class MissingFile(UnreadableError):
    """A file that is not there."""

    what = Text("找不到文件", "the file does not exist")
    mend = Text("请检查路径和文件名", "check the path and the spelling")


class EmptyFile(UnreadableError):
    """A file of zero bytes, or with no rows in it."""

    what = Text("文件是空的", "the file is empty")
    mend = Text("请重新导出后再试", "export it again and retry")


class UnreadableFile(UnreadableError):
    """A file whose content is not what any reader here takes."""

    what = Text("文件无法读取：{detail}", "the file cannot be read: {detail}")
    mend = Text("{hint_zh}", "{hint_en}")

    def __init__(self, where: object = "", /, *, detail: object = "", hint: Text | None = None) -> None:
        chosen = hint or Text("请确认文件完整、格式受支持", "check that the file is whole and of a supported format")
        super().__init__(where, detail=detail, hint_zh=chosen.zh, hint_en=chosen.en)


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


class NotAWorkspace(ConfigError):
    """A folder without ``ecotrack.toml``."""

    what = Text(
        "这里不是 ecotrack 工作区（没有 ecotrack.toml）", "this is no ecotrack workspace (it has no ecotrack.toml)"
    )
    mend = Text(
        "请进入工作区目录，或用 ecotrack init 新建", "go to a workspace's folder, or make one with ecotrack init"
    )


class NewerWorkspace(ConfigError):
    """A workspace or register written by a newer ecotrack."""

    what = Text(
        "由更新版本的 ecotrack 建立（格式 {found}，本程序只认到 {known}）",
        "made by a newer ecotrack (format {found}; this program knows up to {known})",
    )
    mend = Text("请升级 ecotrack", "upgrade ecotrack")


class BadConfig(ConfigError):
    """A TOML file whose content does not fit its schema."""

    what = Text("配置有误：{detail}", "the configuration is wrong: {detail}")
    mend = Text("请按 docs/workspace.md 修改", "mend it as docs/workspace.md says")


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


class NetworkShare(RegisterError):
    """A register on a network file system."""

    what = Text(
        "登记库位于网络共享（{fstype}）上，SQLite 的文件锁在那里不可靠，可能丢失数据",
        "the register lies on a network share ({fstype}), where SQLite's locking is unsafe and rows can be lost",
    )
    mend = Text("请把工作区放到本机硬盘", "put the workspace on a local disk")


class NoRegister(RegisterError):
    """The workspace has no register yet."""

    what = Text("还没有登记库", "there is no register yet")
    mend = Text(
        "请先运行 ecotrack import、records import 或 demo build",
        "run ecotrack import, records import or demo build first",
    )


class RegisterBusy(RegisterError):
    """Another writer held the register for too long."""

    what = Text("登记库正被另一个程序写入", "another program is writing to the register")
    mend = Text("请稍后再试", "try again in a moment")


class ChainBroken(RegisterError):
    """A row whose content no longer gives its hash."""

    what = Text("登记链在第 {seq} 行断开：{detail}", "the chain breaks at row {seq}: {detail}")
    mend = Text("请从备份恢复，并查明是谁改动了文件", "restore from a backup and find out who changed the file")


class DuplicateEntry(RegisterError):
    """An id that the register already holds with other content."""

    what = Text("编号 {entry_id} 已经登记过，内容不同", "id {entry_id} is already registered with other content")
    mend = Text("更正请使用新编号并注明 corrects", "for a correction use a new id and name the old one in corrects")


class BackupDamaged(RegisterError):
    """A backup file that does not verify."""

    what = Text("备份文件不完整：{detail}", "the backup does not verify: {detail}")
    mend = Text("请换一份备份", "use another backup")


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
    mend = Text("请把文件拆小后再试", "split the file and try again")


class MissingAsset(EcotrackError):
    """A browser asset that the installation lacks."""

    what = Text("缺少网页资源 {name}", "the browser asset {name} is missing")
    mend = Text(
        "请用 make assets 生成，或安装正式的 wheel 包", "make it with make assets, or install the released wheel"
    )


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


class ExternalAsset(EcotrackError):
    """A page that would load something from outside itself."""

    what = Text("网页会从外部加载 {url}", "the page would load {url} from outside")
    mend = Text(
        "请下载该文件，并用 local={{网址: 路径}} 交给 write_map，或去掉该插件",
        "download the file and hand it to write_map with local={{url: path}}, or leave that plugin out",
    )


class InlineHandler(EcotrackError):
    """A page with an event handler in an HTML attribute, which its security policy would not run."""

    what = Text("网页中有内联事件属性 {name}", "the page has the inline event handler {name}")
    mend = Text("请改用脚本绑定事件", "bind the event from a script")


class AssetsNotFetched(EcotrackError):
    """Browser libraries that could not be fetched with npm."""

    what = Text("无法用 npm 取得网页资源：{detail}", "the browser assets could not be fetched with npm: {detail}")
    mend = Text(
        "请安装 Node.js（含 npm）后再试，或安装正式的 wheel 包",
        "install Node.js with npm and retry, or install the released wheel",
    )


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


class RefusedRows(BadRows):
    """A sheet with errors in its rows; nothing was imported, and ``rows`` of its facts holds the errors."""

    what = Text("有 {count} 处错误，未导入任何内容：{first_zh}", "{count} errors, nothing was imported: {first_en}")


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
