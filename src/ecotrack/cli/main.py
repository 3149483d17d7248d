"""The root command ``ecotrack`` and the table of its verbs."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import click

from ecotrack import __version__
from ecotrack.cli.language import SpokenGroup, SpokenOption, Verb, option, say, usage_message
from ecotrack.errors import EcotrackError, FileFault, Lang, Text

VERBS = {
    "audit": Verb("ecotrack.cli.register:audit", Text("审计登记链", "verify the chain of the register")),
    "backup": Verb("ecotrack.cli.register:backup", Text("备份登记库和工作区", "back up register and workspace")),
    "check": Verb("ecotrack.cli.intake:check", Text("检查地块边界文件", "check boundary files")),
    "demo": Verb("ecotrack.cli.demo:demo", Text("示例数据", "sample data")),
    "doctor": Verb("ecotrack.cli.doctor:doctor", Text("检查本机环境", "check this machine")),
    "explain": Verb("ecotrack.cli.explain:explain", Text("说明指标的来历", "what stands behind a figure")),
    "export": Verb("ecotrack.cli.export:export", Text("导出图层", "export a layer")),
    "imagery": Verb("ecotrack.cli.imagery:imagery", Text("影像分类的精度评定", "accuracy of classified imagery")),
    "import": Verb("ecotrack.cli.intake:import_", Text("导入地块边界文件", "bring in boundary files")),
    "init": Verb("ecotrack.cli.workspace:init", Text("新建工作区", "make a workspace")),
    "lake": Verb("ecotrack.cli.lake:lake", Text("从影像观测湖面", "observe the lake in a scene")),
    "layer": Verb("ecotrack.cli.workspace:layer", Text("列出或替换图层", "list or replace layers")),
    "map": Verb("ecotrack.cli.map:map_", Text("生成地图", "write a map")),
    "publish": Verb("ecotrack.cli.publication:publish", Text("发布指标并出具凭证", "publish figures with receipts")),
    "push": Verb("ecotrack.cli.push:push", Text("把文件发给报送网站", "send files to a portal")),
    "rank": Verb("ecotrack.cli.figures:rank", Text("单位排名通报", "the circular: units ranked")),
    "receipts": Verb("ecotrack.cli.publication:receipts", Text("列出凭证", "list receipts")),
    "records": Verb("ecotrack.cli.records:records", Text("进度记录：模板、导入、列表", "progress records")),
    "reproduce": Verb("ecotrack.cli.publication:reproduce", Text("按凭证复算", "compute a receipt again")),
    "restated": Verb("ecotrack.cli.publication:restated", Text("变动的已发布指标", "published figures that moved")),
    "restore": Verb("ecotrack.cli.register:restore", Text("核对或恢复备份", "verify or restore a backup")),
    "review": Verb("ecotrack.cli.review:review", Text("审核提交的边界", "review what was submitted")),
    "sample": Verb("ecotrack.cli.sample:sample", Text("抽样核查", "samples for field checks")),
    "scene": Verb("ecotrack.cli.scene:scene", Text("影像目录", "the catalogue of scenes")),
    "serve": Verb("ecotrack.cli.serve:serve", Text("网上报送和审核", "the portal")),
    "stats": Verb("ecotrack.cli.figures:stats", Text("指标、任务进度、单位进度", "figures of a day")),
    "task": Verb("ecotrack.cli.records:task", Text("任务：导入、列表", "tasks")),
    "unit": Verb("ecotrack.cli.unit:unit", Text("单位：列出、新增、改名、停用", "units: list, add, rename, close")),
    "verify": Verb("ecotrack.cli.verify:verify", Text("用影像核对地块", "check plots against imagery")),
}
"""Verb to the place that holds it and its line of help; loaded when called, so that help and figures stay light."""


@click.group(
    "ecotrack",
    cls=SpokenGroup,
    lazy=VERBS,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "ECOTRACK"},
    help=say(
        "衡水生态修复进度：图层、进度记录、指标、地图。",
        "Ecological restoration of Hengshui: layers, progress records, figures, maps.",
    ),
    epilog=say(
        "示例：ecotrack stats --as-of 2017-03-16",
        "Example: ecotrack stats --as-of 2017-03-16",
    ),
)
@option("--lang", type=click.Choice(["zh", "en"]), default="zh", is_eager=True, help=say("界面语言", "language"))
@option(
    "--workspace",
    "-w",
    type=click.Path(path_type=Path),
    default=Path(),
    help=say("工作区目录（默认为当前目录）", "folder of the workspace (default: the current one)"),
)
@click.version_option(__version__, prog_name="ecotrack", cls=SpokenOption, help=say("显示版本", "show the version"))
def cli(lang: Lang, workspace: Path) -> None:
    """Keep the root options; every verb reads them through `ecotrack.cli.context`."""


_OBJECTS_BETWEEN_COLLECTIONS = 100_000
"""A verb makes much and keeps nearly all of it until it ends: to look for cycles every 700 objects, as Python does,
costs a tenth of a run."""


def main() -> None:
    """Run the command line; errors of ecotrack end it with their own exit code and one line."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    lang: Lang = "en" if _wants_english(sys.argv[1:]) else "zh"
    try:
        code = cli(standalone_mode=False, prog_name="ecotrack")
    except click.exceptions.Abort:
        code = 130
    except click.ClickException as error:
        ctx = getattr(error, "ctx", None)
        hint = f"{ctx.command_path} --help" if ctx else "ecotrack --help"
        click.echo(f"{usage_message(error, lang)}\n{hint}", err=True)
        code = error.exit_code
    except BrokenPipeError:
        # The reader of a pipe (head, a pager) has seen enough; closing standard output must not complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except EcotrackError as error:
        code = _tell(error, lang)
    except OSError as error:
        code = _tell(FileFault.of(error), lang)
    sys.exit(code if isinstance(code, int) else 0)


def _tell(error: EcotrackError, lang: Lang) -> int:
    prefix = "错误：" if lang == "zh" else "Error: "
    click.echo(prefix + error.message(lang), err=True)
    return error.exit_code


def _wants_english(arguments: list[str]) -> bool:
    joined = " ".join(arguments)
    return "--lang en" in joined or "--lang=en" in joined or os.environ.get("ECOTRACK_LANG") == "en"
