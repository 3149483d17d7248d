"""The verbs ``audit``, ``backup`` and ``restore``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecotrack.cli.context import echo_json, lang_of, open_workspace, speak
from ecotrack.cli.language import command, option, say
from ecotrack.errors import Text

if TYPE_CHECKING:
    from ecotrack.errors import Lang
    from ecotrack.register.audit import Audit

_FILE = click.Path(path_type=Path, dir_okay=False)


@command(
    "audit",
    help=say(
        """审计：核对登记链和原始文件，指出第一处被改动的行。

        链尾若被截去，链本身看不出来：请把链尾（行号:哈希）另行记下，以后用 --expect 核对。""",
        """Audit: verify the chain and the raw files, and name the first row that was touched.

        A chain cannot tell that its end was cut off: note its head (SEQ:SHA256) elsewhere and check with --expect.""",
    ),
    epilog=say(
        "示例：ecotrack audit；ecotrack audit --expect 120:9f2c……", "Example: ecotrack audit --expect 120:9f2c..."
    ),
)
@option(
    "--expect",
    metavar="SEQ:SHA256",
    help=say("以前记下的链尾，登记链必须经过它", "a head noted earlier, which the chain must pass through"),
)
@option("--json", "as_json", is_flag=True, help=say("输出 JSON", "print JSON"))
@click.pass_context
def audit(ctx: click.Context, expect: str | None, as_json: bool) -> None:
    """Verify the chain; exit 1 where it does not hold."""
    from ecotrack.register import audit as walk
    from ecotrack.register.audit import read_head

    expected = read_head(expect) if expect is not None else None
    with open_workspace(ctx).register(read_only=True) as register:
        label = Text("正在核验", "verifying").lang(lang_of(ctx))
        with click.progressbar(length=register.head().seq, label=label, file=sys.stderr) as bar:
            result = walk(register, expected=expected, walked=bar.update)
            bar.update(result.entries - bar.pos)
    if as_json:
        echo_json(_audit_json(result, lang_of(ctx)))
    else:
        _print_audit(ctx, result)
    if not result.sound:
        ctx.exit(1)


def _audit_json(result: Audit, lang: Lang) -> dict[str, Any]:
    return {
        "entries": result.entries,
        "head": result.head.sha256,
        "seq": result.head.seq,
        "sound": result.sound,
        "broken_at": result.broken_at,
        "problem": result.problem.lang(lang) if result.problem else None,
        "raw_problems": [problem.lang(lang) for problem in result.missing_raw],
    }


def _print_audit(ctx: click.Context, result: Audit) -> None:
    if result.problem is None:
        head = f"{result.head.seq}:{result.head.sha256}"
        speak(
            ctx,
            f"登记链完好：共 {result.entries} 行，链尾 {head}",
            f"the chain holds: {result.entries} rows, head {head}",
        )
    else:
        speak(
            ctx,
            f"登记链在第 {result.broken_at} 行断开：{result.problem.zh}。此前 {result.entries} 行完好。",
            f"the chain breaks at row {result.broken_at}: {result.problem.en}. "
            f"The {result.entries} rows before it hold.",
        )
    for problem in result.missing_raw:
        speak(ctx, problem.zh, problem.en)


@command(
    "backup",
    help=say(
        "备份：把登记库、原始文件、报送网站的账号和工作区配置写进一个文件。",
        "Back up the register, the raw files, the portal's accounts and the workspace's configuration into one file.",
    ),
    epilog=say("示例：ecotrack backup D:\\备份\\衡水-2017-03-16.zip", "Example: ecotrack backup hengshui.zip"),
)
@click.argument("file", type=_FILE)
@option("--force", is_flag=True, help=say("覆盖已有的文件", "replace a file that is there"))
@click.pass_context
def backup(ctx: click.Context, file: Path, force: bool) -> None:
    """Write a backup beside any running writer."""
    from ecotrack.register import back_up

    workspace = open_workspace(ctx)
    with workspace.register() as register:
        manifest = back_up(register, workspace.folder, file.absolute(), force=force)
    head = manifest["head"]
    speak(
        ctx,
        f"已备份 {len(manifest['files'])} 个文件到 {file}（链尾 {head['seq']}:{head['sha256']}）",
        f"backed up {len(manifest['files'])} files to {file} (head {head['seq']}:{head['sha256']})",
    )


@command(
    "restore",
    help=say(
        "恢复：把备份还原到一个新目录，逐个核对文件和登记链。",
        "Restore a backup into a new folder, checking every file and the whole chain.",
    ),
    epilog=say(
        "示例：ecotrack restore 衡水.zip --verify；ecotrack restore 衡水.zip --to 衡水-恢复",
        "Examples: ecotrack restore hengshui.zip --verify; ecotrack restore hengshui.zip --to restored",
    ),
)
@click.argument("file", type=_FILE)
@option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help=say("还原到哪个新目录", "new folder to restore into"),
)
@option(
    "--verify",
    "only_verify",
    is_flag=True,
    help=say("核对备份；不给 --to 时不写任何文件", "check the backup; without --to nothing is written"),
)
@click.pass_context
def restore(ctx: click.Context, file: Path, folder: Path | None, only_verify: bool) -> None:
    """Check a backup, or unpack it; what does not verify is never unpacked."""
    from ecotrack.register import restore as unpack
    from ecotrack.register import verify

    if folder is None:
        head = verify(file)
        done = ("备份完好", "the backup holds")
        hint = ("", "") if only_verify else ("；要还原请加 --to 新目录", "; add --to FOLDER to restore it")
        done = (done[0] + hint[0], done[1] + hint[1])
    else:
        head = unpack(file, folder)
        done = (f"已还原到 {folder}，核对无误", f"restored to {folder} and verified")
    speak(
        ctx,
        f"{done[0]}（登记 {head.seq} 行，链尾 {head.sha256[:8]}）",
        f"{done[1]} ({head.seq} rows, head {head.sha256[:8]})",
    )
