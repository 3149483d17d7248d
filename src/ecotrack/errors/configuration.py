"""The workspace's own files, and what an installation lacks."""

from __future__ import annotations

from ecotrack.errors.base import ConfigError, EcotrackError, Text


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


class BadText(BadConfig):
    """A text of a TOML file that has not the form which its key asks for."""

    what = Text("配置有误：{key} 应为{zh}", "the configuration is wrong: {key} must be {en}")


class MissingAsset(EcotrackError):
    """A browser asset that the installation lacks."""

    what = Text("缺少网页资源 {name}", "the browser asset {name} is missing")
    mend = Text(
        "请用 make assets 生成，或安装正式的 wheel 包", "make it with make assets, or install the released wheel"
    )


class ExternalAsset(EcotrackError):
    """A page that would load something from outside itself."""

    what = Text("网页会从外部加载 {url}", "the page would load {url} from outside")
    mend = Text(
        "请下载该文件，并用 local={{网址: 路径}} 交给 write_map，或去掉该插件",
        "download the file and hand it to write_map with local={{url: path}}, or leave that plugin out",
    )


class ShiftedBase(ConfigError):
    """An online base whose tiles are shifted (GCJ-02 or BD-09): true positions would stand up to 700 m off."""

    what = Text(
        "底图 {host} 用的是加偏坐标（GCJ-02 或 BD-09），与 CGCS2000 数据相差数百米，不能叠加",
        "the base {host} is drawn in shifted coordinates (GCJ-02 or BD-09), hundreds of metres from CGCS2000 data",
    )
    mend = Text(
        "请改用 tianditu-vector、tianditu-image 或 osm，或去掉 base",
        "use tianditu-vector, tianditu-image or osm, or leave base out",
    )


class UnknownBase(ConfigError):
    """An online base that is neither known nor an https address of tiles."""

    what = Text("没有名为“{name}”的底图", "no base is named '{name}'")
    mend = Text(
        "可用 tianditu-vector、tianditu-image、osm，或含 {{z}} {{x}} {{y}} 的 https 瓦片地址",
        "use tianditu-vector, tianditu-image, osm, or an https address of tiles with {{z}} {{x}} {{y}}",
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
