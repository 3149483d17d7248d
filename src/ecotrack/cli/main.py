"""The root command ``ecotrack`` and the table of its verbs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ecotrack import __version__
from ecotrack.cli.language import SpokenGroup, option, say
from ecotrack.errors import EcotrackError, Lang

VERBS = {
    "audit": "ecotrack.cli.register:audit",
    "backup": "ecotrack.cli.register:backup",
    "demo": "ecotrack.cli.demo:demo",
    "doctor": "ecotrack.cli.doctor:doctor",
    "export": "ecotrack.cli.export:export",
    "import": "ecotrack.cli.intake:import_",
    "init": "ecotrack.cli.workspace:init",
    "layer": "ecotrack.cli.workspace:layer",
    "map": "ecotrack.cli.map:map_",
    "rank": "ecotrack.cli.figures:rank",
    "records": "ecotrack.cli.records:records",
    "restore": "ecotrack.cli.register:restore",
    "review": "ecotrack.cli.review:review",
    "stats": "ecotrack.cli.figures:stats",
    "task": "ecotrack.cli.records:task",
}
"""Verb to the place that holds it; loaded when called, so that help and figures stay light."""


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
@click.version_option(__version__, prog_name="ecotrack")
def cli(lang: Lang, workspace: Path) -> None:
    """Keep the root options; every verb reads them through `ecotrack.cli.context`."""


def main() -> None:
    """Run the command line; errors of ecotrack end it with their own exit code and one line."""
    lang: Lang = "en" if _wants_english(sys.argv[1:]) else "zh"
    try:
        code = cli(standalone_mode=False, prog_name="ecotrack")
    except click.exceptions.Abort:
        code = 130
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except EcotrackError as error:
        prefix = "错误：" if lang == "zh" else "Error: "
        click.echo(prefix + error.message(lang), err=True)
        code = error.exit_code
    sys.exit(code if isinstance(code, int) else 0)


def _wants_english(arguments: list[str]) -> bool:
    import os

    joined = " ".join(arguments)
    return "--lang en" in joined or "--lang=en" in joined or os.environ.get("ECOTRACK_LANG") == "en"
