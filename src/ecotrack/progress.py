"""State as of a day: which records are in force, which plots stand, what their checks say.

Pure functions over entries of the register; nothing here reads a file.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from ecotrack.model import Decision, FeatureVersion, ProgressRecord
from ecotrack.settings import Rules

Outcome = Literal["qualified", "replant", "failed", "not_checked"]

NEW_AREA_KINDS = frozenset({"造林", "造林绿化", "营造林", "营造林绿化", "重造"})
"""Kinds that make new area; 补植, 抚育 and 更新 lie on ground that is counted already."""

REDO = "重造"
SEASONS = {"spring": 0, "summer": 1, "autumn": 2, "winter": 3}


def current(records: Iterable[ProgressRecord]) -> list[ProgressRecord]:
    """Return the records in force: a corrected record gives way to its latest correction.

    Parameters
    ----------
    records
        In the order of recording.

    Returns
    -------
    list of ProgressRecord
        In the order of recording of what stands now.

    Examples
    --------
    >>> day = dt.date(2016, 5, 1)
    >>> first = ProgressRecord(record_id="a", layer="air", kind="pm25", effective_on=day)
    >>> mended = ProgressRecord(record_id="b", layer="air", kind="pm25", effective_on=day, corrects="a")
    >>> [record.record_id for record in current([first, mended])]
    ['b']
    """
    root: dict[str, str] = {}
    standing: dict[str, ProgressRecord] = {}
    for record in records:
        origin = root.get(record.corrects, record.corrects) if record.corrects else record.record_id
        root[record.record_id] = origin
        standing[origin] = record
    return sorted(standing.values(), key=lambda record: record.seq)


def latest(records: Iterable[ProgressRecord]) -> dict[str, ProgressRecord]:
    """Return the latest record of each feature: by effective day, then by recording."""
    result: dict[str, ProgressRecord] = {}
    for record in sorted(records, key=_when):
        if record.feature_id is not None:
            result[record.feature_id] = record
    return result


def _when(record: ProgressRecord) -> tuple[dt.date, int]:
    return record.effective_on, record.seq


def choose_basis(records: Sequence[ProgressRecord]) -> tuple[list[ProgressRecord], bool]:
    """Return the records that a figure may use and whether they are sample data.

    Real records and sample data are never mixed: where there is a real one, the sample stands aside.
    """
    real = [record for record in records if not record.sample]
    return (real, False) if real else (list(records), bool(records))


@dataclass(frozen=True, slots=True, order=True)
class Season:
    """A planting season, ordered in time.

    Examples
    --------
    >>> Season.parse("2016-spring") < Season.parse("2016-autumn")
    True
    >>> Season.parse("2016").covers(Season.parse("2016-autumn"))
    True
    """

    year: int
    part: int

    @classmethod
    def parse(cls, text: str) -> Season:
        """Return the season that ``2016-spring``, ``2016-autumn`` or ``2016`` names.

        Raises
        ------
        ValueError
            The text names no season.
        """
        year, _, part = text.strip().partition("-")
        return cls(int(year), SEASONS[part] if part else -1)

    def covers(self, other: Season) -> bool:
        """Whether a task of this season or year takes plots of ``other``."""
        return self.year == other.year and self.part in (-1, other.part)


def season_of(version: FeatureVersion) -> Season | None:
    """Return the planting season of a plot: as given, or told from its planting day."""
    try:
        if version.season:
            return Season.parse(version.season)
    except (ValueError, KeyError):
        return None
    if version.planted_on is None:
        return None
    return Season(version.planted_on.year, SEASONS["spring" if version.planted_on.month <= 6 else "autumn"])


def check_due_on(season: Season, rules: Rules) -> dt.date:
    """Return the day on which survival falls due: one growing season after planting."""
    autumn = season.part >= SEASONS["autumn"]
    month, day = (rules.autumn_check_due if autumn else rules.spring_check_due).split("-")
    return dt.date(season.year + autumn, int(month), int(day))


def survival_class(record: ProgressRecord, rules: Rules) -> Outcome:
    """Return what a check says, from the counts of holes; from its state where there are no counts.

    Source: Implementing Regulations of the Forest Law, art. 25 (85 %); the split between replanting and
    failure is a setting, since texts differ.

    Examples
    --------
    >>> fields = {"holes_checked": 100, "holes_live": 85}
    >>> check = ProgressRecord(record_id="c", layer="plots", kind="check",
    ...     effective_on=dt.date(2016, 11, 1), fields=fields)
    >>> survival_class(check, Rules())
    'qualified'
    """
    checked, live = record.fields.get("holes_checked"), record.fields.get("holes_live")
    if isinstance(checked, int) and isinstance(live, int) and checked > 0:
        # On the counts themselves: a rounded percentage would lift 84.96 % over the bar.
        if live * 100 >= Decimal(rules.survival_counts_pct) * checked:
            return "qualified"
        return "replant" if live * 100 >= Decimal(rules.survival_replant_pct) * checked else "failed"
    by_state: dict[str | None, Outcome] = {"合格": "qualified", "补植": "replant", "失败": "failed"}
    return by_state.get(record.state, "not_checked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """One plot as it stands on the day.

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
    def verified(self) -> bool:
        """Whether it is accepted and backed by a field check."""
        return self.accepted and bool(self.checks)

    @property
    def qualified(self) -> bool:
        """Whether it is accepted and its survival class counts."""
        return self.accepted and self.outcome == "qualified"

    @property
    def state(self) -> str:
        """The state that maps colour: 合格, 补植, 失败, 核销, 待查 or 待审."""
        if self.verdict == "strike":
            return "核销"
        if not self.accepted:
            return "待审"
        names: dict[Outcome, str] = {"qualified": "合格", "replant": "补植", "failed": "失败", "not_checked": "待查"}
        return names[self.outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything that figures read, as of a day and as known at a place of the chain.

    Attributes
    ----------
    records
        Records in force, by layer and kind.
    plots
        Plots that were submitted up to the day, sample data and real ones alike.
    awards
        Disputed pairs that a reviewer has decided: the pair of feature ids to the one that keeps the ground.
    """

    as_of: dt.date
    rules: Rules
    records: Mapping[tuple[str, str], list[ProgressRecord]]
    plots: tuple[Plot, ...]
    awards: Mapping[frozenset[str], str] = field(default_factory=dict)

    def of(self, layer: str, kind: str) -> list[ProgressRecord]:
        """Return the records of one layer and kind in force on the day."""
        return self.records.get((layer, kind), [])


def state_of(
    *,
    as_of: dt.date,
    rules: Rules,
    versions: Sequence[FeatureVersion],
    records: Sequence[ProgressRecord],
    decisions: Sequence[Decision],
    plot_layer: str = "plots",
) -> State:
    """Work out the state from entries that are already cut to ``as_of`` and to what was known.

    Parameters
    ----------
    versions, records, decisions
        In the order of recording.
    """
    by_kind: dict[tuple[str, str], list[ProgressRecord]] = defaultdict(list)
    for record in current(records):
        by_kind[record.layer, record.kind].append(record)
    plots = _plots(
        [version for version in versions if version.layer == plot_layer],
        decisions,
        _by_feature(by_kind[plot_layer, "check"]),
        _struck(by_kind[plot_layer, "status"]),
        rules,
    )
    return State(as_of=as_of, rules=rules, records=dict(by_kind), plots=tuple(plots), awards=_awards(decisions))


def _by_feature(records: Iterable[ProgressRecord]) -> dict[str, list[ProgressRecord]]:
    result: dict[str, list[ProgressRecord]] = defaultdict(list)
    for record in sorted(records, key=_when):
        if record.feature_id is not None:
            result[record.feature_id].append(record)
    return result


def _struck(records: Iterable[ProgressRecord]) -> set[str]:
    return {feature for feature, record in latest(records).items() if record.state == "核销"}


def _plots(
    versions: Sequence[FeatureVersion],
    decisions: Sequence[Decision],
    checks: Mapping[str, list[ProgressRecord]],
    struck: set[str],
    rules: Rules,
) -> list[Plot]:
    verdicts = _verdicts(versions, decisions)
    by_feature: dict[str, list[FeatureVersion]] = defaultdict(list)
    for version in versions:
        by_feature[version.feature_id].append(version)
    result = []
    for feature_id, known in by_feature.items():
        version, decision = _in_force(known, verdicts)
        verdict = decision.verdict if decision else None
        if verdict == "accept" and feature_id in struck:
            verdict = "strike"
        result.append(_plot(version, decision, verdict, checks.get(feature_id, ()), rules))
    return result


def _in_force(
    versions: Sequence[FeatureVersion], verdicts: Mapping[str, Decision]
) -> tuple[FeatureVersion, Decision | None]:
    """Return the last version that was accepted (or struck later), else the last one submitted."""
    ordered = sorted(versions, key=lambda version: version.effective_on)
    for version in reversed(ordered):
        decision = verdicts.get(version.version_id)
        if decision is not None and decision.verdict in ("accept", "strike", "withdraw"):
            return version, decision
    return ordered[-1], verdicts.get(ordered[-1].version_id)


def _plot(
    version: FeatureVersion,
    decision: Decision | None,
    verdict: str | None,
    checks: Sequence[ProgressRecord],
    rules: Rules,
) -> Plot:
    season = season_of(version)
    outcomes = [outcome for check in checks if (outcome := survival_class(check, rules)) != "not_checked"]
    return Plot(
        version=version,
        season=season,
        verdict=verdict,
        accepted_on=decision.decided_on if decision and verdict == "accept" else None,
        checks=tuple(checks),
        outcome=outcomes[-1] if outcomes else "not_checked",
        due_on=check_due_on(season, rules) if season else None,
    )


def _verdicts(versions: Sequence[FeatureVersion], decisions: Sequence[Decision]) -> dict[str, Decision]:
    """Return the last decision about each version; one about a submission speaks for all its versions."""
    by_submission: dict[str, list[str]] = defaultdict(list)
    for version in versions:
        by_submission[version.submission_id].append(version.version_id)
    result: dict[str, Decision] = {}
    for decision in sorted(decisions, key=lambda decision: decision.decided_on):
        if decision.subject == "version":
            result[decision.subject_id] = decision
        elif decision.subject == "submission":
            result.update(dict.fromkeys(by_submission[decision.subject_id], decision))
    return result


def _awards(decisions: Sequence[Decision]) -> dict[frozenset[str], str]:
    """Return the winner of each decided dispute; ``subject_id`` is ``winner|loser``."""
    result = {}
    for decision in sorted(decisions, key=lambda decision: decision.decided_on):
        if decision.subject == "overlap" and decision.verdict == "award":
            winner, _, loser = decision.subject_id.partition("|")
            result[frozenset((winner, loser))] = winner
    return result
