"""The receipt block: what a table or map that goes out says of the state that its numbers are of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ecotrack import __version__
from ecotrack.publication.figures import FigureReader, PublishedFigure
from ecotrack.publication.receipts import Receipt, receipts
from ecotrack.register import Head, Register
from ecotrack.workspace import View

SCHEMA = "ecotrack.receipt-block/1"


def receipt_block(view: View, figures: Sequence[str] | None = None) -> dict[str, Any]:
    """Return what identifies the figures of a view, as JSON values, for whoever shows them to others.

    With it a figure can be asked for again: the day, the place and hash of the chain that was read, the version of
    the definitions, the value. Where the figure was published from this very state, the id of its receipt stands
    with it, and ``ecotrack reproduce`` computes it again; nothing is published here.

    Parameters
    ----------
    figures
        Ids of figures (`ecotrack.publication.FigureReader`); the targets by default.

    Returns
    -------
    dict
        ``schema``, ``as_of``, ``as_known`` (UTC instant of the chain's end that was read), ``register`` (``seq``,
        ``head``), ``definition``, ``version``, ``sample``, ``sketch``, and ``figures``: rows of ``figure``,
        ``title_zh``, ``title_en``, ``column`` (its unit at the end), ``value`` (exact decimal text, ``None`` is not
        assessed), ``receipt`` (``None`` where there is none), ``sample`` and ``sketch``.

    Raises
    ------
    UnknownFigure
        No figure has such an id.
    """
    reader = FigureReader(view)
    wanted = [target.id for target in view.workspace.targets] if figures is None else figures
    found = [reader.read(figure_id) for figure_id in wanted]
    with view.workspace.register(read_only=True) as register:
        head = _head_read(register, view)
        known_at, issued = register.recorded_at(head.seq), _issued(register, view, head)
    return {
        "schema": SCHEMA,
        "as_of": view.as_of.isoformat(),
        "as_known": known_at,
        "register": {"seq": head.seq, "head": head.sha256},
        "definition": view.scoreboard.definition,
        "version": __version__,
        "sample": any(figure.sample for figure in found),
        "sketch": any(figure.sketch for figure in found),
        "figures": [_row(figure, issued.get(figure.figure_id)) for figure in found],
    }


def _head_read(register: Register, view: View) -> Head:
    """Return the end of what was said in the view: what ecotrack issued after it moves no figure."""
    said = register.last_said()
    return said if said.seq <= view.head.seq else view.head


def _issued(register: Register, view: View, head: Head) -> dict[str, Receipt]:
    """Return the receipts of this very state by figure, the last one of each."""
    same = [one for one in receipts(register) if (one.as_of, one.head) == (view.as_of, head)]
    return {one.figure.figure_id: one for one in same if one.definition == view.scoreboard.definition}


def _row(figure: PublishedFigure, receipt: Receipt | None) -> dict[str, Any]:
    first = figure.cells[0] if figure.cells else None
    # A receipt of other rules or borders is of another number, though the chain is the same.
    same = receipt is not None and receipt.figure.cells == figure.cells
    return {
        "figure": figure.figure_id,
        "title_zh": figure.title.zh,
        "title_en": figure.title.en,
        "column": first.column if first else None,
        "value": first.value if first else None,
        "receipt": receipt.receipt_id if receipt and same else None,
        "sample": figure.sample,
        "sketch": figure.sketch,
    }
