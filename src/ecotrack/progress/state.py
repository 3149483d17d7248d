"""The state as of a day and as known at a place of the chain: everything that figures read."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ecotrack.model import Decision, FeatureVersion, ProgressRecord
from ecotrack.progress.ledger import Ints, PlotLedger, in_force, ledger_of
from ecotrack.progress.plots import Plot, PlotColumns, plot_at, plot_columns
from ecotrack.progress.records import current, when
from ecotrack.settings import Rules

PLOT_LAYER = "plots"

STOCK = "存量"
"""Reason of a decision that accepts a submission by a document of earlier years (opening balance)."""


@dataclass(frozen=True, eq=False)
class State:
    """Everything that figures read.

    Attributes
    ----------
    ledger
        The plot ledger, whole: `columns` is its cut as of the day.
    seq
        Place of the chain up to which entries are known; ``None`` is all.
    series
        Records in force of every layer but the plots', by layer and kind.
    read_versions, read_plot_records
        Read the feature versions, and the records, of plots; asked only by those who show single plots.
    read_submission_decisions
        Reads the decisions about whole submissions up to the day.
    """

    as_of: dt.date
    rules: Rules
    ledger: PlotLedger
    seq: int | None
    series: Mapping[tuple[str, str], list[ProgressRecord]]
    read_versions: Callable[[Ints], Sequence[FeatureVersion]]
    read_records: Callable[[Ints], Sequence[ProgressRecord]]
    read_plot_records: Callable[[], Sequence[ProgressRecord]]
    read_submission_decisions: Callable[[], Sequence[Decision]] = tuple

    @cached_property
    def columns(self) -> PlotColumns:
        """Every plot that was submitted up to the day, sample data and real ones alike."""
        return plot_columns(self.ledger, as_of=self.as_of, seq=self.seq, rules=self.rules)

    @cached_property
    def plot_records(self) -> dict[tuple[str, str], list[ProgressRecord]]:
        """Records of plots in force, by layer and kind."""
        return by_kind(current(self.read_plot_records()))

    @cached_property
    def records(self) -> dict[tuple[str, str], list[ProgressRecord]]:
        """All records in force, those of plots too."""
        return {**self.series, **self.plot_records}

    @cached_property
    def plots(self) -> Sequence[Plot]:
        """Every plot of the day as an object, with all that is known of it."""
        return plots_of(self, self.columns)

    @cached_property
    def standing_checks(self) -> dict[str, Ints]:
        """Columns of the field checks in force, in the order of recording."""
        return self._standing(self.ledger.check)

    @cached_property
    def standing_notes(self) -> dict[str, Ints]:
        """Columns of the other records of plots in force, in the order of recording."""
        return self._standing(self.ledger.note)

    def _standing(self, part: dict[str, Ints]) -> dict[str, Ints]:
        last = np.inf if self.seq is None else self.seq
        known = (part["day"] <= self.as_of.toordinal()) & (part["seq"] <= last)
        standing = in_force(part, np.asarray(known))
        return part if standing.all() else {name: column[standing] for name, column in part.items()}

    @cached_property
    def stock(self) -> frozenset[str]:
        """Ids of the submissions that came as opening balance (存量): accepted by a document of earlier years."""
        return frozenset(one.subject_id for one in self.read_submission_decisions() if one.reason == STOCK)

    @cached_property
    def awards(self) -> dict[frozenset[str], str]:
        """Disputes that a reviewer has decided: the pair of plots to the one that keeps the ground."""
        day = self.as_of.toordinal()
        known = [a for a in self.ledger.awards if a.day <= day and (self.seq is None or a.seq <= self.seq)]
        return {frozenset((a.winner, a.loser)): a.winner for a in sorted(known, key=lambda a: (a.day, a.seq))}

    def of(self, layer: str, kind: str) -> list[ProgressRecord]:
        """Return the records of one layer and kind in force on the day."""
        source = self.plot_records if layer == PLOT_LAYER else self.series
        return source.get((layer, kind), [])


def plots_of(state: State, columns: PlotColumns) -> list[Plot]:
    """Return plots as objects; for those who show single plots."""
    at = state.ledger.version["seq"][columns.version]
    order = np.argsort(at)
    versions: dict[int, FeatureVersion] = dict(zip(order.tolist(), state.read_versions(at[order]), strict=True))
    checks = _checks(state, columns)
    return [
        plot_at(columns, i, version=versions[i], checks=checks.get(columns.features[i], ()))
        for i in range(len(columns))
    ]


def _checks(state: State, columns: PlotColumns) -> dict[str, list[ProgressRecord]]:
    """Return the field checks in force of some plots, oldest first."""
    wanted = np.zeros(len(columns.features.table.names), dtype=bool)
    wanted[columns.features.codes] = True
    standing = state.standing_checks
    result: dict[str, list[ProgressRecord]] = defaultdict(list)
    for record in sorted(state.read_records(standing["seq"][wanted[standing["feature"]]]), key=when):
        result[str(record.feature_id)].append(record)
    return dict(result)


def by_kind(records: Iterable[ProgressRecord]) -> dict[tuple[str, str], list[ProgressRecord]]:
    """Return records by layer and kind.

    Examples
    --------
    >>> air = ProgressRecord(record_id="a", layer="air", kind="pm25", effective_on=dt.date(2016, 12, 31))
    >>> [*by_kind([air])]
    [('air', 'pm25')]
    """
    result: dict[tuple[str, str], list[ProgressRecord]] = defaultdict(list)
    for record in records:
        result[record.layer, record.kind].append(record)
    return dict(result)


def state_of(
    *,
    as_of: dt.date,
    rules: Rules | None = None,
    versions: Sequence[FeatureVersion] = (),
    records: Sequence[ProgressRecord] = (),
    decisions: Sequence[Decision] = (),
) -> State:
    """Work out the state from entries in the order of recording, already cut to what was known.

    Entries after ``as_of`` are left out here; ``rules`` are those of a new workspace, if none are given.

    Examples
    --------
    A correction keeps the day of what it corrects, and what is later than the day is not there:

    >>> from decimal import Decimal
    >>> def cover(name, year, value, **rest):
    ...     day = dt.date(year, 12, 31)
    ...     return ProgressRecord(record_id=name, layer="cover", kind="cover", effective_on=day, value=value, **rest)
    >>> said = [cover("a", 2019, Decimal("32.0")), cover("b", 2020, Decimal("33.6"))]
    >>> said.append(cover("c", 2019, Decimal("32.4"), corrects="a"))
    >>> state = state_of(as_of=dt.date(2020, 6, 30), records=said)
    >>> [(record.record_id, record.value) for record in state.of("cover", "cover")]
    [('c', Decimal('32.4'))]
    """
    plots = [version for version in versions if version.layer == PLOT_LAYER]
    of_plots = [record for record in records if record.layer == PLOT_LAYER]
    by_place = {record.seq or i: record for i, record in enumerate(of_plots, start=1)}
    known = [r for r in records if r.layer != PLOT_LAYER and r.effective_on <= as_of]
    return State(
        as_of=as_of,
        rules=rules or Rules(),
        ledger=ledger_of(plots, decisions, of_plots),
        seq=None,
        series=by_kind(current(known)),
        read_versions=lambda seqs: [plots[seq] for seq in seqs.tolist()],
        read_records=lambda seqs: [by_place[seq] for seq in seqs.tolist()],
        read_plot_records=lambda: [record for record in of_plots if record.effective_on <= as_of],
        read_submission_decisions=lambda: [
            one for one in decisions if one.subject == "submission" and one.decided_on <= as_of
        ],
    )
