"""Receipts computed again: as they were known then, and with everything that is known now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import Any, Literal

from ecotrack.errors import UnknownDefinition, UnknownFigure
from ecotrack.figures.definitions import DEFINITIONS
from ecotrack.figures.explain_tables import TABLES
from ecotrack.figures.funnel import STEPS
from ecotrack.model import Decision, FeatureVersion, LayerDef, ProgressRecord, TargetDef
from ecotrack.model.layers import REGISTER_SOURCE
from ecotrack.publication.definitions import kept_files, kept_workspace, libraries
from ecotrack.publication.figures import Cell, FigureReader, PublishedFigure
from ecotrack.publication.plot_changes import PlotChange, plot_changes
from ecotrack.publication.receipts import Receipt, receipts
from ecotrack.register import Entry, Register
from ecotrack.workspace import View, Workspace

_M2_PER_UNIT = {"_mu": Fraction(10000, 15), "_km2": Fraction(1_000_000), "_m2": Fraction(1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One number of a receipt that comes out otherwise.

    Attributes
    ----------
    published, found
        Exact decimal text; ``None`` is not assessed, or not there.
    """

    row: str
    column: str
    published: str | None
    found: str | None

    @property
    def by(self) -> str | None:
        """What was found less what was published, exact, in the unit of the column."""
        if self.published is None or self.found is None:
            return None
        return format(Decimal(self.found) - Decimal(self.published), "f")

    @property
    def by_m2(self) -> str | None:
        """The same in square metres, to the square millimetre; ``None`` for what is no area."""
        factor = next((f for unit, f in _M2_PER_UNIT.items() if self.column.endswith(unit)), None)
        if factor is None or self.by is None:
            return None
        return f"{float(Fraction(self.by) * factor):.6f}"

    def to_json(self) -> dict[str, str | None]:
        """Return the difference as JSON values."""
        return {
            "row": self.row,
            "column": self.column,
            "published": self.published,
            "found": self.found,
            "difference": self.by,
            "difference_m2": self.by_m2,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """A receipt computed again from the register as it was known then.

    Attributes
    ----------
    head_found
        Hash of the chain at the receipt's place today.
    libraries_now
        Versions that computed it this time.
    """

    receipt: Receipt
    differences: tuple[Difference, ...]
    head_found: str
    libraries_now: dict[str, str]

    @property
    def same_chain(self) -> bool:
        """Whether the register is still the one that the receipt was issued from."""
        return self.head_found == self.receipt.head.sha256

    @property
    def equal(self) -> bool:
        """Whether chain and numbers are the same, digit for digit."""
        return self.same_chain and not self.differences

    @property
    def library_changes(self) -> dict[str, tuple[str, str]]:
        """Libraries of another version: what it was, what it is."""
        then, now = self.receipt.libraries, self.libraries_now
        return {name: (then.get(name, ""), now[name]) for name in now if now[name] != then.get(name, "")}

    def to_json(self) -> dict[str, Any]:
        """Return the reproduction as JSON values (schema ``ecotrack.reproduction/1``)."""
        return {
            "schema": "ecotrack.reproduction/1",
            "receipt": self.receipt.to_json(),
            "equal": self.equal,
            "same_chain": self.same_chain,
            "head_found": self.head_found,
            "differences": [difference.to_json() for difference in self.differences],
            "library_changes": {name: list(pair) for name, pair in self.library_changes.items()},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """An entry recorded since a figure was published that counts on its day."""

    kind: Literal["correction", "record", "version", "decision"]
    entry_id: str
    effective_on: dt.date
    what: str
    corrects: str | None = None
    author: str = ""

    def to_json(self) -> dict[str, str | None]:
        """Return the cause as JSON values."""
        return {
            "kind": self.kind,
            "id": self.entry_id,
            "effective_on": self.effective_on.isoformat(),
            "what": self.what,
            "corrects": self.corrects,
            "author": self.author,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """A published figure that comes out otherwise with everything that is known now.

    Attributes
    ----------
    causes
        What was recorded since and touches the layers that the figure rests on.
    superseded_by
        Id of a later receipt of the same figure and day, if there is one.
    plots
        The plots that moved it, where they were asked for and it is a figure of planted ground.
    """

    receipt: Receipt
    differences: tuple[Difference, ...]
    causes: tuple[Cause, ...]
    superseded_by: str | None
    plots: tuple[PlotChange, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the restatement as JSON values."""
        receipt = self.receipt
        return {
            "receipt": receipt.receipt_id,
            "figure": receipt.figure.figure_id,
            "title_zh": receipt.figure.title.zh,
            "title_en": receipt.figure.title.en,
            "as_of": receipt.as_of.isoformat(),
            "as_known": receipt.known_at,
            "seq": receipt.head.seq,
            "sample": receipt.figure.sample,
            "sketch": receipt.figure.sketch,
            "differences": [difference.to_json() for difference in self.differences],
            "causes": [cause.to_json() for cause in self.causes],
            "plots": [plot.to_json() for plot in self.plots],
            "superseded_by": self.superseded_by,
        }


def reproduce(workspace: Workspace, wanted: Sequence[Receipt]) -> list[Reproduction]:
    """Compute receipts again as of their day and as known then, by the files that they rest on.

    Where the chain at a receipt's place is not the receipt's, there is nothing to compute it from.

    Raises
    ------
    UnknownDefinition
        A receipt rests on definitions that this program does not hold.
    MissingFile, ChainBroken
        A kept file is gone or damaged.
    """
    now = libraries()
    with workspace.register(read_only=True) as register:
        heads = [register.head_at(one.head.seq).sha256 for one in wanted]
    true = [one for one, head in zip(wanted, heads, strict=True) if head == one.head.sha256]
    differences = {
        id(receipt): _differences(receipt, reader)
        for reader, group in _views(workspace, true, as_known_then=True)
        for receipt in group
    }
    return [
        Reproduction(receipt=one, differences=differences.get(id(one), ()), head_found=head, libraries_now=now)
        for one, head in zip(wanted, heads, strict=True)
    ]


def restated(workspace: Workspace, *, by_plot: bool = False) -> list[Restatement]:
    """Return the published figures that what was recorded later has moved, in the order of issue.

    Each is computed as of its day by the definitions and files of its receipt, with all that is known now: so
    the difference is the records' alone.

    Parameters
    ----------
    by_plot
        Tell the plots that moved each figure of planted ground too; that takes the state of then as well.

    Raises
    ------
    UnknownDefinition, MissingFile, ChainBroken
        As `reproduce` says.
    """
    with workspace.register(read_only=True) as register:
        issued = receipts(register)
        late = _late_entries(register, after=min((one.head.seq for one in issued), default=0)) if issued else []
    newest = {(one.figure.figure_id, one.as_of): one.receipt_id for one in issued}
    moved = {}
    for reader, group in _views(workspace, issued, as_known_then=False):
        for receipt in group:
            if differences := _differences(receipt, reader):
                last = newest[receipt.figure.figure_id, receipt.as_of]
                moved[receipt.receipt_id] = Restatement(
                    receipt=receipt,
                    differences=differences,
                    causes=_causes(late, receipt, reader.view),
                    superseded_by=None if last == receipt.receipt_id else last,
                    plots=_moved_plots(workspace, receipt, reader.view, differences) if by_plot else (),
                )
    return [moved[one.receipt_id] for one in issued if one.receipt_id in moved]


def _moved_plots(
    workspace: Workspace, receipt: Receipt, now: View, differences: Sequence[Difference]
) -> tuple[PlotChange, ...]:
    """Return the plots behind the differences of a receipt; a table is looked at by the steps that moved."""
    figure_id = receipt.figure.figure_id
    columns = dict.fromkeys(difference.column.removeprefix("net_").removesuffix("_mu") for difference in differences)
    is_table = figure_id in TABLES
    wanted = [f"{figure_id}/{step}" for step in columns if step in STEPS] if is_table else [figure_id]
    with _view(workspace, receipt, seq=receipt.head.seq) as then:
        return plot_changes(then, now, wanted)


def _views(
    workspace: Workspace, wanted: Sequence[Receipt], *, as_known_then: bool
) -> Iterator[tuple[FigureReader, list[Receipt]]]:
    """Yield one view for all receipts of one state, so that a state is computed once."""

    def state(receipt: Receipt) -> tuple[Any, ...]:
        seq = receipt.head.seq if as_known_then else 0
        return tuple(sorted(receipt.files.items())), receipt.definition, receipt.as_of, seq

    for receipt in wanted:
        _refuse_other_definitions(receipt)
    for _, group in groupby(sorted(wanted, key=state), key=state):
        members = list(group)
        with _view(workspace, members[0], seq=members[0].head.seq if as_known_then else None) as view:
            yield FigureReader(view), members


@contextmanager
def _view(workspace: Workspace, receipt: Receipt, *, seq: int | None) -> Iterator[View]:
    """Hold the register up to a place as the files of a receipt read it, as of the receipt's day."""
    with workspace.register(read_only=True) as register:
        files = kept_files(register, receipt.files)
    with kept_workspace(workspace.register_path, files) as kept:
        yield kept.view(as_of=receipt.as_of, seq=seq, definition=receipt.definition)


@contextmanager
def published_view(workspace: Workspace, receipt: Receipt) -> Iterator[View]:
    """Hold the view that a receipt was issued from, alive inside the ``with`` block.

    Raises
    ------
    UnknownDefinition, MissingFile, ChainBroken
        As `reproduce` says.
    """
    _refuse_other_definitions(receipt)
    with _view(workspace, receipt, seq=receipt.head.seq) as view:
        yield view


def _refuse_other_definitions(receipt: Receipt) -> None:
    if receipt.definition not in DEFINITIONS:
        version = f"ecotrack {receipt.libraries.get('ecotrack', '')}"
        raise UnknownDefinition(
            receipt.receipt_id, found=receipt.definition, known="、".join(DEFINITIONS), version=version
        )


def _differences(receipt: Receipt, reader: FigureReader) -> tuple[Difference, ...]:
    """Return the numbers of a receipt that come out otherwise, those that come or go among them."""
    then = _by_place(receipt.figure)
    try:
        now = _by_place(reader.read(receipt.figure.figure_id))
    except UnknownFigure:
        now = {}
    return tuple(
        Difference(row=row, column=column, published=then.get((row, column)), found=now.get((row, column)))
        for row, column in dict.fromkeys([*then, *now])
        if then.get((row, column)) != now.get((row, column))
    )


def _by_place(figure: PublishedFigure) -> dict[tuple[str, str], str | None]:
    def place(cell: Cell) -> tuple[str, str]:
        return cell.row, cell.column

    return {place(cell): cell.value for cell in figure.cells}


@dataclass(frozen=True, slots=True)
class _Late:
    """An entry recorded after some receipt: its place, the layer it is of (empty: any), and what it did."""

    seq: int
    layer: str
    cause: Cause


def _late_entries(register: Register, *, after: int) -> list[_Late]:
    names = register.accounts()
    found = []
    for head, _, _, account, entry in register.entries(after=after):
        cause = _cause(entry, names.get(account, ""))
        if cause is not None:
            layer = entry.layer if isinstance(entry, ProgressRecord | FeatureVersion) else ""
            found.append(_Late(head.seq, layer, cause))
    return found


def _cause(entry: Entry | None, author: str) -> Cause | None:
    """Return what an entry may have moved; ``None`` for one that moves nothing."""
    if isinstance(entry, ProgressRecord):
        return Cause(
            kind="correction" if entry.corrects else "record",
            entry_id=entry.record_id,
            effective_on=entry.effective_on,
            what=f"{entry.layer} {entry.kind} {entry.feature_id or entry.unit or ''}".strip(),
            corrects=entry.corrects,
            author=author,
        )
    if isinstance(entry, FeatureVersion):
        what, on = entry.feature_id, entry.effective_on
        return Cause(kind="version", entry_id=entry.version_id, effective_on=on, what=what, author=author)
    if isinstance(entry, Decision):
        what, on = f"{entry.verdict} {entry.subject} {entry.subject_id}", entry.decided_on
        return Cause(kind="decision", entry_id=entry.decision_id, effective_on=on, what=what, author=entry.reviewer)
    return None


def _causes(late: Sequence[_Late], receipt: Receipt, view: View) -> tuple[Cause, ...]:
    """Return what was recorded after a receipt, counts on its day, and touches its layers."""
    layers, known = _layers_of(receipt, view), view.workspace.layers
    if any(name in known and known[name].source == REGISTER_SOURCE for name in layers):
        layers |= {""}
    return tuple(
        one.cause
        for one in late
        if one.seq > receipt.head.seq and one.layer in layers and one.cause.effective_on <= receipt.as_of
    )


def _layers_of(receipt: Receipt, view: View) -> set[str]:
    """Return the layers that a figure rests on: those that name the target, or those of planting."""
    figure_id = receipt.figure.figure_id
    targets: dict[str, TargetDef] = {target.id: target for target in view.workspace.targets}
    layers: dict[str, LayerDef] = view.workspace.layers
    if figure_id in targets:
        named = {str(value) for value in targets[figure_id].params.values()} & set(layers)
        return named | {layer.id for layer in layers.values() if figure_id in layer.target}
    if figure_id == "km_treated":
        return {"reaches"}
    plots = {layer.id for layer in layers.values() if layer.source == REGISTER_SOURCE}
    return plots | ({"tasks", "reports"} if "/" in figure_id and not figure_id.startswith("units/") else set())
