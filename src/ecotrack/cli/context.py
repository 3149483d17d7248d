"""What every verb reads from the call: the workspace, the language, the days."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isfinite
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from ecotrack.cli.language import language
from ecotrack.errors import BadDate, Lang, Text

if TYPE_CHECKING:
    from ecotrack.errors import EcotrackError
    from ecotrack.workspace import Workspace


def open_workspace(ctx: click.Context) -> Workspace:
    """Open the workspace that ``--workspace`` names.

    Raises
    ------
    NotAWorkspace, BadConfig, NewerWorkspace
        As `ecotrack.workspace.Workspace.open` says.
    """
    from ecotrack.workspace import Workspace

    lang = language(ctx)
    return Workspace.open(ctx.find_root().params["workspace"], told=lambda line: click.echo(line.lang(lang), err=True))


def speak(ctx: click.Context, zh: str, en: str, *, err: bool = False) -> None:
    """Print one line in the language of the call."""
    click.echo(Text(zh, en).lang(language(ctx)), err=err)


@contextmanager
def told_in_place(ctx: click.Context) -> Iterator[Callable[[str, str], None]]:
    """Give what tells, on the error stream, what long work is at: in one line on a terminal, line by line in a file."""
    alive = sys.stderr.isatty()

    def tell(zh: str, en: str) -> None:
        start = "\r\x1b[K" if alive else ""
        click.echo(start + Text(zh, en).lang(language(ctx)), err=True, nl=not alive)

    try:
        yield tell
    finally:
        if alive:
            click.echo("\r\x1b[K", err=True, nl=False)


def warn(ctx: click.Context, fault: EcotrackError, *, zh: str, en: str) -> None:
    """Print on the error stream why something was left out, and how to mend it; the call goes on."""
    told = fault.message(language(ctx))
    click.echo(Text(f"注意：{zh}。{told}", f"note: {en}. {told}").lang(language(ctx)), err=True)


def lang_of(ctx: click.Context) -> Lang:
    """Return the language of the call."""
    return language(ctx)


def echo_json(document: Any) -> None:
    """Print values as JSON, an item a line."""
    import msgspec

    # The standard library's encoder takes a third of a second for a city's overlaps once it indents.
    plain = msgspec.json.encode(document, enc_hook=_plain)
    click.echo(msgspec.json.format(plain, indent=1))


def _plain(value: Any) -> Any:
    """Return a NumPy scalar as Python's own."""
    return value.item()


class Day(click.ParamType[dt.date]):
    """A day written as ``2017-03-16``."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        """Return the day.

        Raises
        ------
        BadDate
            The text is no date.
        """
        if isinstance(value, dt.date):
            return value
        try:
            return dt.date.fromisoformat(str(value))
        except ValueError:
            raise BadDate(param.opts[-1] if param else "", text=value) from None


DAY = Day()


class Number(click.FloatRange):
    """A number in a range that is really one: ``nan`` lies between any two ends, as far as comparisons tell."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number."""
        found = float(super().convert(value, param, ctx))
        return found if isfinite(found) else self.fail(f"'{value}' is not a valid number.", param, ctx)


class Instant(click.ParamType[dt.datetime]):
    """An instant such as ``2017-04-01T08:00:00Z``; without a zone it is Asia/Shanghai."""

    name = "instant"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> dt.datetime:
        """Return the instant in UTC.

        Raises
        ------
        BadDate
            The text is no instant.
        """
        try:
            found = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))
        except ValueError:
            raise BadDate(param.opts[-1] if param else "", text=value) from None
        local = found if found.tzinfo else found.replace(tzinfo=ZoneInfo("Asia/Shanghai"))
        return local.astimezone(dt.UTC)


INSTANT = Instant()
