"""Tables in the terminal: aligned with Chinese letters two cells wide, plain where nobody looks."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text as RichText

PLAIN_WIDTH = 160
"""Width in cells where the output is no terminal, so that a file does not depend on a window."""


def show(*renderables: RenderableType) -> None:
    """Print renderables to standard output."""
    width = None if sys.stdout.isatty() else PLAIN_WIDTH
    console = Console(width=width, highlight=False, emoji=False, markup=False)
    for renderable in renderables:
        console.print(renderable)


def table(
    title: str, columns: Sequence[tuple[str, bool]], rows: Iterable[Sequence[str]], *, total: bool = False
) -> RenderableType:
    """Return a table under its title; text is shown as it is, never read as markup.

    Parameters
    ----------
    columns
        Title of each column, and whether it holds numbers.
    total
        Whether the last row is a total.
    """
    drawn = Table(box=SIMPLE_HEAD, pad_edge=False)
    for i, (name, number) in enumerate(columns):
        drawn.add_column(
            RichText(name), justify="right" if number else "left", no_wrap=number or i == 0, overflow="fold"
        )
    kept = list(rows)
    for index, row in enumerate(kept):
        last = total and index == len(kept) - 1
        drawn.add_row(*(RichText(cell) for cell in row), style="bold" if last else None)
    # A title of the table itself would be wrapped to the width of its columns.
    return Group(RichText(title, style="bold"), drawn)
