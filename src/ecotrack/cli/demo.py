"""The verbs ``ecotrack demo``: the sample register (示例) of a workspace."""

from __future__ import annotations

import sys

import click

from ecotrack.cli.context import lang_of, open_workspace, speak
from ecotrack.cli.language import SpokenGroup, option, say
from ecotrack.cli.language import command as spoken_command
from ecotrack.errors import Text


@click.group(
    "demo",
    cls=SpokenGroup,
    help=say("示例数据。", "Sample data."),
    epilog=say("示例：ecotrack demo build", "Example: ecotrack demo build"),
)
def demo() -> None:
    """Hold the verbs of the sample register."""


@spoken_command(
    "build",
    help=say(
        "建立示例登记库：公布的2017年春季通报和2016年全国空气排名是真实的，其余全部标为示例。",
        "Build the sample register; the notice of spring 2017 and the ranks of 2016 are real, all else is sample.",
    ),
    epilog=say(
        "示例：ecotrack demo build --plots 600 --yes",
        "Example: ecotrack --lang en demo build --plots 600 --yes",
    ),
)
@option("--seed", type=int, default=2016, show_default=True, help=say("随机种子", "seed of the draws"))
@option(
    "--plots",
    type=click.IntRange(min=13),
    default=11_000,
    show_default=True,
    help=say("地块数（约数）", "number of plots (about)"),
)
@option("--yes", "-y", is_flag=True, help=say("直接替换已有的示例登记库", "replace a sample register without asking"))
@click.pass_context
def build(ctx: click.Context, seed: int, plots: int, yes: bool) -> None:
    """Write the sample register of the workspace, unless it is there already."""
    from ecotrack.demo import sample

    workspace = open_workspace(ctx)
    if sample.has_sample(workspace, seed=seed, plots=plots):
        speak(ctx, "示例登记库已经是这一份，没有改动", "the register already holds this sample; nothing was changed")
        return
    sample.refuse_real_records(workspace)
    if workspace.register_path.exists() and not yes:
        speak(
            ctx,
            f"将替换示例登记库 {workspace.register_path}",
            f"replacing the sample register {workspace.register_path}",
        )
        click.confirm(Text("继续吗？", "go on?").lang(lang_of(ctx)), abort=True)
    speak(ctx, "正在安排示例地块", "planning the sample plots", err=True)
    planned = sample.plan_sample(workspace, seed=seed, plots=plots)
    total = len(planned.entries)
    with click.progressbar(range(total), label=Text("正在登记", "writing").lang(lang_of(ctx)), file=sys.stderr) as bar:
        count = sample.write_sample(workspace, planned, progress=bar.update)
        bar.update(total - bar.pos)
    speak(
        ctx,
        f"示例登记库已建立：{count} 条，地块 {len(planned.plots)} 个；{workspace.register_path}",
        f"the sample register is built: {count} entries, {len(planned.plots)} plots; {workspace.register_path}",
    )


demo.add_command(build)
