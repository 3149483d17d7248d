"""Bilingual click: help, options and messages in Chinese first, English with ``--lang en``.

Help texts are written once with `say`, which keeps the English beside the Chinese; the classes here
pick the language when help is printed.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NamedTuple, cast

import click

from ecotrack.errors import Lang, Text

_ENGLISH: dict[str, str] = {}


def say(zh: str, en: str) -> str:
    """Register a help text in both languages and return the Chinese one, which click keeps.

    Examples
    --------
    >>> say("数据目录", "folder of the workspace")
    '数据目录'
    """
    _ENGLISH[inspect.cleandoc(zh)] = inspect.cleandoc(en)
    return zh


def language(ctx: click.Context) -> Lang:
    """Return the language that this call was asked to speak."""
    return "en" if ctx.find_root().params.get("lang") == "en" else "zh"


def _in_language(ctx: click.Context, text: str | None) -> str | None:
    if text is None or language(ctx) == "zh":
        return text
    return _ENGLISH.get(inspect.cleandoc(text), text)


_HEADINGS = {"Options": "选项", "Commands": "命令", "Usage": "用法"}


class SpokenFormatter(click.HelpFormatter):
    """Writes click's own headings in Chinese."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line of usage."""
        words = args.replace("[OPTIONS]", "[选项]").replace("COMMAND [ARGS]...", "命令 [参数]...")
        super().write_usage(prog, words, "用法：" if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        """Write the heading of a section."""
        super().write_heading(_HEADINGS.get(heading, heading))


class SpokenContext(click.Context):
    """A call that knows its language."""

    def make_formatter(self) -> click.HelpFormatter:
        """Return the formatter of the language of the call."""
        kind = SpokenFormatter if language(self) == "zh" else click.HelpFormatter
        return kind(width=self.terminal_width, max_width=self.max_content_width)


def _help_option(command: click.Command, ctx: click.Context) -> click.Option | None:
    found = click.Command.get_help_option(command, ctx)
    if found is not None:
        found.help = "显示帮助" if language(ctx) == "zh" else "show this help"
    return found


def _extras_in_chinese(extras: re.Match[str]) -> str:
    """Return what click says behind an option's help: its default, and whether it must be given."""
    words = [word.replace("default: ", "默认：").replace("required", "必填") for word in extras[1].split("; ")]
    return f"[{'；'.join(words)}]"


class SpokenOption(click.Option):
    """An option whose help is printed in the language of the call."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the option's help row in the language of the call."""
        kept, self.help = self.help, _in_language(ctx, self.help)
        try:
            record = super().get_help_record(ctx)
        finally:
            self.help = kept
        if record is None or language(ctx) == "en":
            return record
        return record[0], re.sub(r"\[([^\[\]]*)\]$", _extras_in_chinese, record[1])


@contextmanager
def _speaking(command: click.Command, ctx: click.Context) -> Iterator[None]:
    kept = command.help, command.epilog, command.short_help
    command.help, command.epilog = (_in_language(ctx, text) for text in (command.help, command.epilog))
    command.short_help = _in_language(ctx, command.short_help)
    try:
        yield
    finally:
        command.help, command.epilog, command.short_help = kept


class SpokenCommand(click.Command):
    """A command whose help is printed in the language of the call."""

    context_class = SpokenContext

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return the option ``--help`` in the language of the call."""
        return _help_option(self, ctx)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help in the language of the call."""
        with _speaking(self, ctx):
            super().format_help(ctx, formatter)


class Verb(NamedTuple):
    """A command that is imported on first use: ``module:attribute`` and its line of help."""

    place: str
    title: Text


class SpokenGroup(click.Group):
    """A group that speaks both languages and loads a subcommand only when it is called.

    Parameters
    ----------
    lazy
        Command name to the verb, for commands that are imported on first use.
    """

    context_class = SpokenContext

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return the option ``--help`` in the language of the call."""
        return _help_option(self, ctx)

    def __init__(self, *args: Any, lazy: Mapping[str, Verb] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = dict(lazy or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        return sorted({*super().list_commands(ctx), *self._lazy})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command, importing it if need be."""
        if cmd_name in self._lazy:
            module, _, attribute = self._lazy[cmd_name].place.partition(":")
            return cast(click.Command, getattr(import_module(module), attribute))
        return super().get_command(ctx, cmd_name)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help in the language of the call."""
        with _speaking(self, ctx):
            super().format_help(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with their one-line help in the language of the call."""
        rows = []
        for name in self.list_commands(ctx):
            if name in self._lazy:
                rows.append((name, self._lazy[name].title.lang(language(ctx))))
                continue
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                with _speaking(command, ctx):
                    rows.append((name, (command.help or "").strip().split("\n")[0]))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class Misuse(click.UsageError):
    """A call whose options do not go together, told in both languages.

    Parameters
    ----------
    zh, en
        What to write instead.

    Examples
    --------
    >>> usage_message(Misuse("请写凭证编号，或写 --all", "give a receipt or --all"), "zh")
    '用法错误：请写凭证编号，或写 --all'
    """

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.text = Text(zh, en)


def usage_message(error: click.ClickException, lang: Lang) -> str:
    """Return click's complaint about a call in ``lang``."""
    if lang == "en":
        return f"Error: {error.format_message()}"
    if isinstance(error, Misuse):
        return f"用法错误：{error.text.zh}"
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error.format_message()
    if isinstance(error, click.NoSuchOption):
        return f"用法错误：没有选项 {error.option_name}"
    if isinstance(error, click.MissingParameter):
        what = "选项" if isinstance(error.param, click.Option) else "参数"
        return f"用法错误：缺少{what} {_named(error)}"
    if isinstance(error, click.BadParameter):
        return f"用法错误：{_named(error)} 的值无效（{_in_chinese(error.message)}）"
    return f"用法错误：{_in_chinese(error.format_message())}"


def _named(error: click.BadParameter) -> str:
    """Return what a complaint is about as it is written in a call: ``--by``, ``FILE``."""
    if error.param is None:
        return str(error.param_hint or "")
    if isinstance(error.param, click.Option):
        return max(error.param.opts, key=len)
    return error.param.human_readable_name


_COMPLAINTS = {
    r"No such command '(.*)'\.(.*)": "没有命令“{0}”",
    r"'?(.*?)'? is not one of (.*)\.": "“{0}”不在可选值中：{1}",
    r"'?(.*?)'? is not a valid integer( range)?\.": "“{0}”不是整数",
    r"'?(.*?)'? is not a valid (float|number)( range)?\.": "“{0}”不是数字",
    r"(.*) is not in the range (.*)\.": "{0} 不在范围 {1} 内",
    r"Got unexpected extra arguments? \((.*)\)": "多出的参数：{0}",
    r"Option '(.*)' requires an argument\.": "选项 {0} 后面要有值",
    r"Option '(.*)' does not take a value\.": "选项 {0} 后面不带值",
    r"Missing command\.": "缺少命令",
    r"\w+ '(.*)' does not exist\.": "“{0}”不存在",
    r"\w+ '(.*)' is a directory\.": "“{0}”是目录，不是文件",
    r"\w+ '(.*)' is a file\.": "“{0}”是文件，不是目录",
    r"\w+ '(.*)' is not (readable|writable)\.": "“{0}”没有读写权限",
}


def _in_chinese(complaint: str) -> str:
    """Return one of click's own complaints in Chinese; what it is not known to say stays."""
    for pattern, words in _COMPLAINTS.items():
        found = re.fullmatch(pattern, complaint, re.DOTALL)
        if found:
            return words.format(*(group or "" for group in found.groups()))
    return complaint


def option(*names: str, **kwargs: Any) -> Callable[[Any], Any]:
    """Like `click.option`, with help in both languages."""
    return click.option(*names, cls=SpokenOption, **kwargs)


def command(name: str, **kwargs: Any) -> Callable[[Any], click.Command]:
    """Like `click.command`, with help in both languages."""
    return click.command(name, cls=SpokenCommand, **kwargs)
