"""The page docs/cli.md, written from the commands themselves: ``python -m ecotrack.cli.reference``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from ecotrack.cli.main import cli
from ecotrack.errors import Lang

_WIDTH = 100

_HEAD = """\
# The command line

Written from the commands by `python -m ecotrack.cli.reference docs/cli.md`; a test holds it to them. Change the
commands, not this page. Every command prints Chinese, and English with `--lang en` before the verb
(`ecotrack --lang en stats`), or with the environment variable `ECOTRACK_LANG=en`.

| exit code | meaning |
|---|---|
| 0 | good |
| 1 | there are findings |
| 2 | asked wrongly: an unknown name, option or date |
| 3 | something cannot be read or written |
"""


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command with its path, the root first, then in alphabetical order.

    Examples
    --------
    >>> [" ".join(path) for path, _ in commands()][0]
    'ecotrack'
    """
    yield from _walk(("ecotrack",), cli)


def _walk(path: tuple[str, ...], command: click.Command) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path[-1])
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None and not found.hidden:
                yield from _walk((*path, name), found)


def help_text(path: tuple[str, ...], command: click.Command, *, lang: Lang) -> str:
    """Return the help of one command exactly as ``--help`` prints it on a terminal of 100 columns.

    Parameters
    ----------
    path
        The words that call it, ``("ecotrack", "task", "import")``.
    command
        The command.
    lang
        ``zh`` or ``en``.
    """
    root = click.Context(cli, info_name=path[0], terminal_width=_WIDTH, **cli.context_settings)
    root.params["lang"] = lang
    if len(path) == 1:
        return command.get_help(root)
    context = root
    for word in path[1:-1]:
        context = click.Context(cli, info_name=word, parent=context)
    return command.get_help(click.Context(command, info_name=path[-1], parent=context))


def page() -> str:
    """Return the whole page in Markdown."""
    parts = [_HEAD]
    # All verbs are loaded before the first is printed: what one says must not depend on which came before.
    for path, command in list(commands()):
        parts.append(f"## {' '.join(path)}\n")
        parts.extend(f"```text\n{help_text(path, command, lang=lang).rstrip()}\n```\n" for lang in ("zh", "en"))
    return "\n".join(parts)


def main(path: Path) -> None:
    """Write the page to ``path``, whole or not at all."""
    beside = path.with_name(path.name + ".part")
    beside.write_text(page(), encoding="utf-8", newline="\n")
    beside.replace(path)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/cli.md"))
