"""Plots as they stand on a day: verdict, checks, survival and due date, worked out on columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ecotrack.model import FeatureVersion, ProgressRecord
from ecotrack.progress.ledger import (
    CHECK_STATES,
    CLAIM_UNITS,
    NONE,
    VERDICTS,
    Codes,
    Ints,
    Mask,
    PlotLedger,
    count_of,
    in_force,
)
from ecotrack.progress.seasons import Season, begins_on, check_due_on
from ecotrack.settings import Rules

Outcome = Literal["not_checked", "qualified", "replant", "failed"]
OUTCOMES: tuple[Outcome, ...] = ("not_checked", "qualified", "replant", "failed")

NEW_AREA_KINDS = frozenset({"造林", "造林绿化", "营造林", "营造林绿化", "重造", ""})
"""Kinds that make new area; 补植, 抚育 and 更新 lie on ground that is counted already."""

REDO = "重造"
ACCEPT, RETURN, STRIKE, WITHDRAW = (VERDICTS.index(name) for name in ("accept", "return", "strike", "withdraw"))
NOT_CHECKED, QUALIFIED, REPLANT, FAILED = range(4)


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """A column of texts: numbers into a table."""

    codes: Ints
    table: Codes

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, i: int) -> str:
        code = int(self.codes[i])
        return self.table.names[code] if code != NONE else ""

    def texts(self) -> npt.NDArray[np.object_]:
        """Return the column as texts, empty where there is none."""
        names = self.table.names
        if len(self.codes) * 4 < len(names):
            return np.array([names[code] if code != NONE else "" for code in self.codes.tolist()], dtype=object)
        return np.array([*names, ""], dtype=object)[self.codes]

    def is_(self, text: str) -> Mask:
        """Return which rows hold ``text``, shape (n,)."""
        return np.asarray(self.codes == self.table.find(text)) if self.table.find(text) != NONE else self._nothing()

    def is_in(self, texts: Sequence[str]) -> Mask:
        """Return which rows hold one of ``texts``."""
        numbers = [number for text in texts if (number := self.table.find(text)) != NONE]
        return np.isin(self.codes, numbers)

    def distinct(self, rows: Mask | None = None) -> list[str]:
        """Return the texts that occur (in some rows), sorted."""
        codes = self.codes if rows is None else self.codes[rows]
        held = np.flatnonzero(np.bincount(codes + 1, minlength=1)) - 1
        return sorted(self.table.names[code] if code != NONE else "" for code in held.tolist())

    def groups(self) -> tuple[list[str], Ints]:
        """Return the texts that occur, in the order of the table, and the number of each row's text among them."""
        held = np.flatnonzero(np.bincount(self.codes + 1, minlength=1)) - 1
        number = np.zeros(len(self.table.names) + 1, dtype=np.int64)
        number[held + 1] = np.arange(len(held))
        return [self.table.names[code] if code != NONE else "" for code in held.tolist()], number[self.codes + 1]

    def take(self, rows: npt.NDArray[np.intp] | Ints) -> Texts:
        """Return the column of some rows."""
        return Texts(self.codes[rows], self.table)

    def _nothing(self) -> Mask:
        return np.zeros(len(self.codes), dtype=bool)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlotColumns:
    """Plots as they stand on a day, shape (n,) each.

    Attributes
    ----------
    version
        Row of the version in force in the ledger: the last accepted one, else the last submitted.
    season
        Code of the planting season (`Season.code`), 0 where it is not known.
    day, accepted_day
        Ordinals of the submission's and the acceptance's effective days; 0 is none.
    verdict_code, outcome_code
        Numbers into `VERDICTS` and `OUTCOMES`.
    checked
        Whether there is any field check.
    claimed_mu
        Claimed area; NaN where nothing was claimed.
    due
        Ordinal of the day on which survival falls due; 0 where the season is not known.
    overdue
        Whether that day has passed.
    """

    version: Ints
    features: Texts
    units: Texts
    kinds: Texts
    programmes: Texts
    tasks: Texts
    parents: Texts
    season: Ints
    day: Ints
    accepted_day: Ints
    sample: Mask
    verdict_code: Ints
    outcome_code: Ints
    checked: Mask
    claimed_mu: npt.NDArray[np.float64]
    due: Ints
    overdue: Mask

    def __len__(self) -> int:
        return len(self.version)

    @property
    def accepted(self) -> Mask:
        """Which plots stand as accepted."""
        return np.asarray(self.verdict_code == ACCEPT)

    @property
    def verdict(self) -> npt.NDArray[np.object_]:
        """The verdicts as texts, for those who read them."""
        return np.array(VERDICTS, dtype=object)[self.verdict_code]

    @property
    def outcome(self) -> npt.NDArray[np.object_]:
        """The outcomes as texts."""
        return np.array(OUTCOMES, dtype=object)[self.outcome_code]

    @property
    def feature_id(self) -> npt.NDArray[np.object_]:
        """The ids of the plots as texts."""
        return self.features.texts()

    @property
    def unit(self) -> npt.NDArray[np.object_]:
        """The codes of the responsible units as texts; empty where there is none."""
        return self.units.texts()

    @property
    def kind(self) -> npt.NDArray[np.object_]:
        """The kinds as texts."""
        return self.kinds.texts()

    @property
    def season_year(self) -> Ints:
        """Year of the planting season; 0 where it is not known."""
        return np.asarray(self.season // 10)

    def take(self, rows: npt.NDArray[np.intp]) -> PlotColumns:
        """Return the columns of some plots."""
        columns: dict[str, Any] = {}
        for name in self.__slots__:
            column = getattr(self, name)
            columns[name] = column.take(rows) if isinstance(column, Texts) else column[rows]
        return PlotColumns(**columns)


def plot_columns(ledger: PlotLedger, *, as_of: dt.date, seq: int | None, rules: Rules) -> PlotColumns:
    """Work out the plots of a ledger as of a day and as known at a place of the chain.

    Examples
    --------
    Accepted in June; 85 of 100 plants live in October:

    >>> from ecotrack.model import Decision
    >>> from ecotrack.progress.ledger import ledger_of
    >>> plot = FeatureVersion(version_id="v-1", feature_id="p-1", layer="plots", submission_id="s-1", unit="131102",
    ...                       effective_on=dt.date(2016, 5, 1), season="2016-spring", kind="造林", wkb=b"")
    >>> decision = Decision(decision_id="d-1", subject="version", subject_id="v-1", verdict="accept",
    ...                     decided_on=dt.date(2016, 6, 1), reviewer="李四")
    >>> check = ProgressRecord(record_id="c-1", layer="plots", kind="check", feature_id="p-1",
    ...                        effective_on=dt.date(2016, 10, 20), fields={"holes_checked": 100, "holes_live": 85})
    >>> ledger = ledger_of([plot], [decision], [check])
    >>> for month in (5, 6, 10):
    ...     columns = plot_columns(ledger, as_of=dt.date(2016, month, 30), seq=None, rules=Rules())
    ...     print(columns.verdict[0] or "waits", columns.outcome[0])
    waits not_checked
    accept not_checked
    accept qualified
    """
    day, last = as_of.toordinal(), np.inf if seq is None else seq

    def known(part: dict[str, Ints]) -> Mask:
        return np.asarray((part["day"] <= day) & (part["seq"] <= last))

    version, count = ledger.version, len(ledger.tables["features"].names)
    standing = known(version)
    verdict, decided = _verdicts(ledger, known(ledger.decision), standing)
    rows = _versions_in_force(version, standing, verdict, count)
    feature = version["feature"][rows]
    begun = _begin(version, rows, count)
    after = ledger.check["day"] >= begun[ledger.check["feature"]]
    unit_of = np.full(count, NONE)
    unit_of[feature] = version["unit"][rows]
    classes = _survival(ledger, unit_of[ledger.check["feature"]], rules)
    checked, outcome = _outcomes(ledger.check, in_force(ledger.check, known(ledger.check)) & after, count, classes)
    struck = _struck(ledger.note, in_force(ledger.note, known(ledger.note)), count)
    verdict, decided = verdict[rows], decided[rows]
    verdict = np.where((verdict == ACCEPT) & struck[feature], STRIKE, verdict)
    due, claimed = _due(version["season"][rows], rules), version["claimed"][rows]
    tables = ledger.tables
    return PlotColumns(
        version=rows,
        features=Texts(feature, tables["features"]),
        units=Texts(version["unit"][rows], tables["units"]),
        kinds=Texts(version["kind"][rows], tables["kinds"]),
        programmes=Texts(version["programme"][rows], tables["programmes"]),
        tasks=Texts(version["task"][rows], tables["tasks"]),
        parents=Texts(version["parent"][rows], tables["features"]),
        season=version["season"][rows],
        day=version["day"][rows],
        accepted_day=np.where(verdict == ACCEPT, decided, 0),
        sample=version["sample"][rows] != 0,
        verdict_code=verdict,
        outcome_code=outcome[feature],
        checked=checked[feature],
        claimed_mu=np.where(claimed == NONE, np.nan, claimed / CLAIM_UNITS),
        due=due,
        overdue=(due > 0) & (day > due),
    )


def season_mask(columns: PlotColumns, season: Season) -> Mask:
    """Return which plots were planted in a season, or in any season of a year."""
    if season.part < 0:
        return np.asarray(columns.season_year == season.year)
    return np.asarray(columns.season == season.code)


def latest_rows(part: dict[str, Ints], rows: npt.NDArray[np.intp], key: Ints, count: int) -> Ints:
    """Return, for each of ``count`` keys, the row with the last day (then the last place); -1 where there is none.

    Examples
    --------
    >>> part = {"day": np.array([5, 9, 7, 9])}
    >>> latest_rows(part, np.arange(4), np.array([0, 0, 2, 0]), 3).tolist()
    [3, -1, 2]
    """
    result = np.full(count, NONE)
    # Rows come in the order of the chain, which a stable sort keeps inside a day; the last assignment wins.
    order = np.argsort(part["day"][rows], kind="stable")
    result[key[rows][order]] = rows[order]
    return result


def _verdicts(ledger: PlotLedger, known: Mask, standing: Mask) -> tuple[Ints, Ints]:
    """Return verdict and day of the last decision about each version; one about a submission speaks for all of it."""
    decision, version = ledger.decision, ledger.version
    rows = np.flatnonzero(known)
    order = rows[np.argsort(decision["day"][rows], kind="stable")]
    rank = np.empty(len(decision["seq"]), dtype=np.int64)
    rank[order] = np.arange(len(order))
    by_submission = np.full(len(ledger.tables["submissions"].names), NONE)
    whole = order[decision["submission"][order] != NONE]
    by_submission[decision["submission"][whole]] = whole
    place = np.searchsorted(version["seq"], decision["version"][order])
    single = (decision["version"][order] != NONE) & (place < len(version["seq"]))
    by_version = np.full(len(version["seq"]), NONE)
    by_version[place[single]] = order[single]
    of_submission = by_submission[version["submission"]] if len(by_submission) else np.full(len(version["seq"]), NONE)
    last = np.where(_rank(rank, by_version) >= _rank(rank, of_submission), by_version, of_submission)
    found = (last != NONE) & standing
    verdict, day = np.zeros(len(last), dtype=np.int64), np.zeros(len(last), dtype=np.int64)
    verdict[found], day[found] = decision["verdict"][last[found]], decision["day"][last[found]]
    return verdict, day


def _rank(rank: Ints, rows: Ints) -> Ints:
    result = np.full(len(rows), NONE)
    result[rows != NONE] = rank[rows[rows != NONE]]
    return result


def _versions_in_force(version: dict[str, Ints], standing: Mask, verdict: Ints, count: int) -> Ints:
    """Return the rows of the versions in force, in the order in which their plots were first recorded."""
    rows = np.flatnonzero(standing)
    newest = latest_rows(version, rows, version["feature"], count)
    decided = rows[np.isin(verdict[rows], (ACCEPT, STRIKE, WITHDRAW))]
    last_decided = latest_rows(version, decided, version["feature"], count)
    chosen = np.where(last_decided != NONE, last_decided, newest)
    return np.sort(chosen[chosen != NONE])


def _survival(ledger: PlotLedger, unit: Ints, rules: Rules) -> Ints:
    """Return what each check says by the rules of the unit that answers for its plot."""
    check, units = ledger.check, ledger.tables["units"]
    result = survival_classes(check["live"], check["holes"], check["state"], rules)
    for code in rules.units:
        rows = np.flatnonzero((unit == units.find(code)) & (unit != NONE))
        live, holes, state = (check[name][rows] for name in ("live", "holes", "state"))
        result[rows] = survival_classes(live, holes, state, rules.of(code))
    return result


def _outcomes(check: dict[str, Ints], standing: Mask, count: int, outcome: Ints) -> tuple[Mask, Ints]:
    """Return for each feature whether it was checked, and what the last survival check says."""
    rows = np.flatnonzero(standing)
    checked = np.zeros(count, dtype=bool)
    checked[check["feature"][rows]] = True
    telling = rows[outcome[rows] != NOT_CHECKED]
    last = latest_rows(check, telling, check["feature"], count)
    result = np.zeros(count, dtype=np.int64)
    result[last != NONE] = outcome[last[last != NONE]]
    return checked, result


def survival_classes(live: Ints, holes: Ints, state: Ints, rules: Rules) -> Ints:
    """Return what checks say, from the counts of holes; from their state where nothing was counted.

    Parameters
    ----------
    live, holes
        Counts, -1 where they are missing.
    state
        1 合格, 2 补植, 3 失败, 0 none.

    Returns
    -------
    ndarray
        Numbers into `OUTCOMES`. Source: Implementing Regulations of the Forest Law, art. 25 (85 %); the split
        between replanting and failure is a setting, since texts differ.

    Examples
    --------
    >>> counts = np.array([[85, 100], [8499, 10000], [40, 100], [-1, -1]])
    >>> survival_classes(counts[:, 0], counts[:, 1], np.zeros(4, dtype=int), Rules()).tolist()
    [1, 2, 3, 0]
    """
    counts, replant = (Fraction(text) for text in (rules.survival_counts_pct, rules.survival_replant_pct))
    counted = (live >= 0) & (holes > 0)

    def reaches(bar: Fraction) -> Mask:
        # On the counts themselves: a rounded percentage would lift 84.96 % over the bar.
        return np.asarray(live.astype(np.int64) * 100 * bar.denominator >= holes.astype(np.int64) * bar.numerator)

    by_count = np.select([reaches(counts), reaches(replant)], [QUALIFIED, REPLANT], FAILED)
    return np.where(counted, by_count, state)


def survival_class(record: ProgressRecord, rules: Rules) -> Outcome:
    """Return what one check says; see `survival_classes`.

    Examples
    --------
    >>> check = ProgressRecord(record_id="c", layer="plots", kind="check", effective_on=dt.date(2016, 11, 1),
    ...     fields={"holes_checked": 100, "holes_live": 85})
    >>> survival_class(check, Rules())
    'qualified'
    """
    live, holes = (np.array([count_of(record.fields.get(name))]) for name in ("holes_live", "holes_checked"))
    state = np.array([CHECK_STATES.get(record.state or "", 0)])
    return OUTCOMES[int(survival_classes(live, holes, state, rules)[0])]


def _struck(note: dict[str, Ints], standing: Mask, count: int) -> Mask:
    last = latest_rows(note, np.flatnonzero(standing & (note["status"] == 1)), note["feature"], count)
    result = np.zeros(count, dtype=bool)
    result[last != NONE] = note["struck"][last[last != NONE]] == 1
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How far records of plots reach: how many, of how many plots, the oldest and the newest day."""

    records: int
    sample_records: int
    plots_with_record: int
    oldest: dt.date | None
    newest: dt.date | None


def plot_coverage(plots: PlotColumns, parts: Sequence[Mapping[str, Ints]]) -> Coverage:
    """Return what some records in force, as columns, cover of the plots of a day."""
    days, features, sample = (np.concatenate([part[name] for part in parts]) for name in ("day", "feature", "sample"))
    recorded = np.zeros(len(plots.features.table.names), dtype=bool)
    recorded[features] = True
    return Coverage(
        records=len(days),
        sample_records=int(sample.sum()),
        plots_with_record=int(recorded[plots.features.codes].sum()),
        oldest=dt.date.fromordinal(int(days.min())) if len(days) else None,
        newest=dt.date.fromordinal(int(days.max())) if len(days) else None,
    )


def _begin(version: dict[str, Ints], rows: Ints, count: int) -> Ints:
    """Return for each feature the first day of its planting season; a check before it says nothing about it."""
    codes, where = np.unique(version["season"][rows], return_inverse=True)
    days = [begins_on(found).toordinal() if (found := Season.of_code(int(code))) else 0 for code in codes]
    result = np.zeros(count, dtype=np.int64)
    result[version["feature"][rows]] = np.array(days, dtype=np.int64)[where]
    return result


def _due(season: Ints, rules: Rules) -> Ints:
    codes, where = np.unique(season, return_inverse=True)
    days = [check_due_on(found, rules).toordinal() if (found := Season.of_code(int(c))) else 0 for c in codes]
    return np.array(days, dtype=np.int64)[where]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """One plot as it stands on the day, with everything that is known of it.

    Attributes
    ----------
    version
        The version in force: the last accepted one, else the last submitted.
    verdict
        Last decision about it: ``accept``, ``return``, ``strike``, ``withdraw``, or ``None``.
    accepted_on
        Day of the acceptance.
    checks
        Field checks in force, oldest first.
    outcome
        What the last survival check says.
    due_on
        Day on which survival falls due; ``None`` where the season is not known.
    """

    version: FeatureVersion
    season: Season | None
    verdict: str | None
    accepted_on: dt.date | None
    checks: tuple[ProgressRecord, ...]
    outcome: Outcome
    due_on: dt.date | None

    @property
    def feature_id(self) -> str:
        """Id of the plot."""
        return self.version.feature_id

    @property
    def accepted(self) -> bool:
        """Whether it stands as accepted on the day."""
        return self.verdict == "accept"

    @property
    def state(self) -> str:
        """The state that maps colour: 合格, 补植, 失败, 核销, 待查 or 待审."""
        if self.verdict == "strike":
            return "核销"
        if not self.accepted:
            return "待审"
        names: dict[Outcome, str] = {"qualified": "合格", "replant": "补植", "failed": "失败", "not_checked": "待查"}
        return names[self.outcome]


def plot_at(columns: PlotColumns, i: int, *, version: FeatureVersion, checks: Sequence[ProgressRecord]) -> Plot:
    """Return plot ``i`` of the columns as an object, with its version and its checks."""
    accepted, due = int(columns.accepted_day[i]), int(columns.due[i])
    return Plot(
        version=version,
        season=Season.of_code(int(columns.season[i])),
        verdict=VERDICTS[int(columns.verdict_code[i])] or None,
        accepted_on=dt.date.fromordinal(accepted) if accepted else None,
        checks=tuple(checks),
        outcome=OUTCOMES[int(columns.outcome_code[i])],
        due_on=dt.date.fromordinal(due) if due else None,
    )
