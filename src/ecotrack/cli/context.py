"""What every verb reads from the call: the workspace, the language, the days."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import click

from ecotrack.cli.language import language
from ecotrack.errors import BadDate, Lang, Text

if TYPE_CHECKING:
    from ecotrack.workspace import Workspace


def open_workspace(ctx: click.Context) -> Workspace:
    """Open the workspace that ``--workspace`` names.

    Raises
    ------
    NotAWorkspace, BadConfig, NewerWorkspace
        As `ecotrack.workspace.Workspace.open` says.
    """
    from ecotrack.workspace import Workspace

    return Workspace.open(ctx.find_root().params["workspace"])


def speak(ctx: click.Context, zh: str, en: str, *, err: bool = False) -> None:
    """Print one line in the language of the call."""
    click.echo(Text(zh, en).lang(language(ctx)), err=err)


def lang_of(ctx: click.Context) -> Lang:
    """Return the language of the call."""
    return language(ctx)


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
