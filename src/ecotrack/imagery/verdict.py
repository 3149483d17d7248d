"""What scenes of several days say together about one plot; careful rules, and never a figure.

A mean plot is about ninety pixels of ten metres and saplings hardly show, so the satellite can only speak for
plants of some growing seasons; young ones are contradicted by hard evidence alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Literal, NamedTuple

from ecotrack.errors import Text
from ecotrack.imagery.built import BuiltRules, YearLook, bare_all_year, looks_built
from ecotrack.imagery.looks import (
    Days,
    LeafRules,
    Look,
    keeps_green,
    leafy_looks,
    looks_missing,
    of_days,
    one_a_day,
    standing_water,
)
from ecotrack.model import PARENT_KINDS
from ecotrack.progress.seasons import SEASONS, Season, begins_on

Answer = Literal["supports", "contradicts", "cannot_tell", "not_run"]
ANSWERS: dict[Answer, Text] = {
    "supports": Text("支持", "supports"),
    "contradicts": Text("矛盾", "contradicts"),
    "cannot_tell": Text("看不出", "cannot tell"),
    "not_run": Text("未核对", "not run"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictRules:
    """Settings of the verdicts.

    Attributes
    ----------
    least_seen_px, least_seen_share
        Clear pixels, and their share of the plot, that a look needs.
    least_core
        Share of the plot in pixels wholly inside it that a look needs: below, it shows the ground beside a belt.
    least_seasons
        Growing seasons from which plants can be supported.
    least_ring_px
        Clear pixels that a control ring needs.
    water_share, dry_share, water_days
        Share of the plot under water that contradicts, in the middle of the looks since it was last below
        ``dry_share``, if these span so many days.
    wooded_ndvi
        NDVI that woods keep up through the leafy season.
    green_ndvi, rise
        NDVI that planted trees keep up through it, and its rise against the surroundings, that support.
    bare_ndvi, sprout
        NDVI in the growing season below which grown plants are not there, unless it stands so far above winter's.
    bare_water_share
        Share of the plot under water up to which a look says that it is bare: ponds and floods are not bare ground.
    leaf
        When ground keeps its green as woods do.
    built
        When the ground is called built-up.
    """

    least_seen_px: float = 12.0
    least_seen_share: float = 0.7
    least_core: float = 0.3
    least_seasons: int = 3
    least_ring_px: int = 30
    water_share: float = 0.6
    dry_share: float = 0.3
    water_days: int = 60
    wooded_ndvi: float = 0.6
    green_ndvi: float = 0.4
    rise: float = 0.1
    bare_ndvi: float = 0.2
    sprout: float = 0.06
    bare_water_share: float = 0.1
    leaf: LeafRules = field(default_factory=LeafRules)
    built: BuiltRules = field(default_factory=BuiltRules)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotAsked:
    """A plot that is asked about.

    Attributes
    ----------
    kind
        As `ecotrack.model.FeatureVersion` has it; what is done in standing woods is not contradicted by them.
    cover_on, cover_built
        Day of the classified raster that the bureau keeps, and the share of the plot that it calls built-up.
    """

    feature_id: str
    season: str | None
    form: str | None
    kind: str | None = None
    unit: str | None = None
    cover_on: dt.date | None = None
    cover_built: float | None = None


class Shown(NamedTuple):
    """A scene that shows a reviewer what a verdict means, and whether it is older than the planting."""

    scene_id: str
    before: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The satellite's word about a plot.

    Attributes
    ----------
    days
        Days of the looks that it rests on.
    seen_px
        Least number of clear pixels among them.
    ndvi_before, ndvi_after, change
        NDVI before planting and now, and its change less that of the control ring; ``None`` where not taken.
    shown
        Scenes for pictures: the last clear one before planting, and the last that it rests on.
    """

    feature_id: str
    answer: Answer
    reasons: tuple[Text, ...]
    days: tuple[dt.date, ...] = field(default=())
    seen_px: float = 0.0
    ndvi_before: float | None = None
    ndvi_after: float | None = None
    change: float | None = None
    shown: tuple[Shown, ...] = ()


_GROWING: Days = ("06-01", "09-30")
_HIGH_SUMMER: Days = ("07-01", "09-30")


def judge(plot: PlotAsked, looks: Sequence[Look], as_of: dt.date, rules: VerdictRules | None = None) -> Verdict:
    """Return the verdict on one plot.

    Parameters
    ----------
    looks
        What scenes up to ``as_of`` say, in any order.

    Examples
    --------
    >>> plot = PlotAsked(feature_id="p", season="2020-spring", form="片林")
    >>> judge(plot, [], dt.date(2020, 9, 1)).reasons[0].en
    'no scene shows it after planting'
    """
    rules = rules or VerdictRules()
    season = _season(plot.season)
    if plot.form == "四旁":
        return _answer(
            plot, "not_run", Text("四旁植树折算，没有地块可看", "trees converted into area: no ground of their own")
        )
    if season is None:
        return _answer(plot, "not_run", Text("没有造林季节", "no planting season"))
    planted = begins_on(season)
    known = one_a_day(look for look in looks if look.day <= as_of)
    after = [look for look in known if look.day >= _standing_from(season)]
    if not after:
        return _answer(plot, "not_run", Text("没有造林后的影像", "no scene shows it after planting"))
    usable = [look for look in after if _usable(look, rules)]
    before = [look for look in known if look.day < planted and _usable(look, rules)]
    if not usable:
        return _answer(plot, "cannot_tell", *_why_unseen(plot, after, rules))
    found = _judge_seen(plot, before, usable, (season, as_of), rules)
    return replace(found, shown=_shown(before, usable, found.days))


def _judge_seen(
    plot: PlotAsked, before: Sequence[Look], usable: Sequence[Look], dated: tuple[Season, dt.date], rules: VerdictRules
) -> Verdict:
    """Return the verdict on a plot of a season on a day, from clear looks before planting and after."""
    season, as_of = dated
    hard = _hard_evidence(plot, before, usable, begins_on(season), rules)
    year = bare_all_year([_year_look(one) for one in usable], rules.built)
    hard = hard or _built_evidence(plot, year, usable, (_standing_from(season), as_of), rules)
    if hard is not None:
        return hard
    first_grown = season.year + (season.part >= SEASONS["autumn"]) + rules.least_seasons - 1
    soft = _soft(plot, before, usable, (_growing_seasons(season, as_of), first_grown), rules)
    return replace(soft, reasons=(*soft.reasons, _bare_or_built(year))) if year and _open(soft) else soft


def _shown(before: Sequence[Look], after: Sequence[Look], days: Sequence[dt.date]) -> tuple[Shown, ...]:
    """Return the scenes of a picture before and one after.

    Of woods before planting, the second shows what stands there now; without a scene before, the first that counts.
    """
    used = [look for look in after if look.day in days] or after
    pair = (Shown(look.scene_id, before=look.day < after[0].day) for look in (*(before[-1:] or used[:1]), used[-1]))
    return tuple(dict.fromkeys(pair))


def _season(text: str | None) -> Season | None:
    try:
        return Season.parse(text) if text else None
    except ValueError:
        return None


_STANDING_FROM = {"spring": (0, 6), "summer": (0, 9), "autumn": (0, 12), "winter": (1, 3)}
"""Years after that of the season, and month, from which what was planted must stand."""


def _standing_from(season: Season) -> dt.date:
    """Return the first day on which what was planted must stand: after the season is over."""
    years, month = next((_STANDING_FROM[name] for name, part in SEASONS.items() if part == season.part), (0, 12))
    return dt.date(season.year + years, month, 1)


def _growing_seasons(season: Season, as_of: dt.date) -> int:
    """Return how many growing seasons lie behind a plot: each ends with September."""
    first = season.year + (season.part >= SEASONS["autumn"])
    return max(0, as_of.year - first + (as_of >= dt.date(as_of.year, 10, 1)))


def _usable(look: Look, rules: VerdictRules) -> bool:
    clear = look.seen_px >= rules.least_seen_px and look.seen_share >= rules.least_seen_share
    return clear and look.core >= rules.least_core


def _why_unseen(plot: PlotAsked, after: Sequence[Look], rules: VerdictRules) -> list[Text]:
    """Return why no look is of use."""
    reasons = []
    whole = [look for look in after if look.seen_share >= rules.least_seen_share]
    if not whole:
        reasons.append(
            Text("被云遮住或影像没拍全，无云像元太少", "too few clear pixels: cloud, or half outside the scenes")
        )
    elif max(look.seen_px for look in whole) < rules.least_seen_px:
        least = round(rules.least_seen_px)
        reasons.append(Text(f"地块太小，不足{least}个像元", f"too small: fewer than {least} pixels"))
    if _narrow(plot) or max(look.core for look in after) < rules.least_core:
        reasons.append(_NARROW)
    return reasons or [Text("无云像元太少", "too few clear pixels")]


def _hard_evidence(
    plot: PlotAsked, before: Sequence[Look], after: Sequence[Look], planted: dt.date, rules: VerdictRules
) -> Verdict | None:
    """Return a contradiction that holds for plants of any age."""
    wet = standing_water(after, share=rules.water_share, dry=rules.dry_share, days=rules.water_days)
    if wet:
        days = rules.water_days
        reason = Text(f"{days}天以上历次影像都是水面", f"it is under water in every look of {days} days or more")
        return _answer(plot, "contradicts", reason, looks=wet)
    leafy = leafy_looks(before, planted, rules.leaf)
    if plot.kind not in PARENT_KINDS and keeps_green(leafy, rules.wooded_ndvi, rules.leaf):
        reason = Text("造林前两年生长季一直有林木", "it was wooded all through the growing season before planting")
        return _answer(plot, "contradicts", reason, looks=leafy)
    return None


def _year_look(look: Look) -> YearLook:
    return YearLook(look.day, look.ndvi, look.built_share, look.brightness, look.soil_told)


def _built_evidence(
    plot: PlotAsked, year: Sequence[YearLook], usable: Sequence[Look], standing: tuple[dt.date, dt.date],
    rules: VerdictRules,
) -> Verdict | None:  # fmt: skip
    """Return the contradiction that a plot is built-up now: bare all through a year, and a second witness says so.

    Belts beside roads are left out: their pixels are mostly road.
    """
    if not year or _narrow(plot):
        return None
    days = {look.day for look in year}
    looks = [look for look in usable if look.day in days]
    if looks_built(year, rules.built):
        zh, en = (
            "一年四季无植被，且光谱平、亮度稳定，像建设用地",
            "no plants in any season, flat and ever as bright: built-up",
        )
        return _answer(plot, "contradicts", Text(zh, en), looks=looks)
    first, last = standing
    on, share = plot.cover_on, plot.cover_built
    classified = on is not None and share is not None and first <= on <= last and share >= rules.built.cover_share
    if classified and looks_built(year, rules.built, four_bands=True):
        zh, en = f"一年四季无植被，且{on}的地类图为建设用地", f"no plants in any season; built-up in land cover of {on}"
        return _answer(plot, "contradicts", Text(zh, en), looks=looks)
    return None


def _bare_or_built(year: Sequence[YearLook]) -> Text:
    if any(look.soil_told for look in year):
        return Text(
            "一年无植被：裸地还是建设用地不能肯定", "no plants in a year: bare or built-up, not told for certain"
        )
    return Text(
        "一年无植被：四个波段分不清裸地和建设用地", "no plants in a year: bare or built-up, four bands do not tell"
    )


def _open(verdict: Verdict) -> bool:
    return verdict.answer == "cannot_tell"


_NARROW = Text("地块太窄，像元多是混合的", "too narrow: most of its pixels are mixed")


def _narrow(plot: PlotAsked) -> bool:
    return plot.form == "林带"


def _soft(
    plot: PlotAsked, before: Sequence[Look], after: Sequence[Look], age: tuple[int, int], rules: VerdictRules
) -> Verdict:
    """Return the verdict of greenness, which only grown plants can have.

    ``age`` is their growing seasons, and the first year in which they were grown: earlier looks saw them too young.
    """
    (seasons, first_grown), reasons = age, []
    if _narrow(plot):
        reasons.append(_NARROW)
    if seasons < rules.least_seasons:
        least = rules.least_seasons
        reasons.append(
            Text(f"幼林不足{least}个生长季（现为{seasons}个）", f"{seasons} growing seasons, fewer than {least}")
        )
    if reasons:
        return _answer(plot, "cannot_tell", *reasons, looks=after)
    grown = [look for look in after if look.day.year >= first_grown]
    return _by_change(plot, before, grown, rules)


def _by_change(plot: PlotAsked, before: Sequence[Look], grown: Sequence[Look], rules: VerdictRules) -> Verdict:
    recent = of_days(grown, _GROWING)[-4:]
    if not recent:
        return _answer(plot, "cannot_tell", Text("没有成林后生长季的影像", "no scene of a growing season"))
    if len(recent) >= 2 and _stays_bare(recent, grown, rules) and _ringed(recent, rules):
        if median(look.ring_ndvi - look.ndvi for look in recent) >= rules.rise:
            return _answer(plot, "contradicts", Text("生长季仍裸露", "bare in the growing season"), looks=recent)
        return _answer(plot, "cannot_tell", Text("周围也是裸地", "the ground around is bare too"), looks=recent)
    then, now = _alike(before, grown, rules)
    if not then:
        reason = Text("没有造林前同一时节的影像", "no growing season before planting to compare with")
        return _answer(plot, "cannot_tell", reason, looks=recent)
    if not (_ringed(now, rules) and _ringed(then, rules)):
        reason = Text("周围没有可对照的地面", "no ground around to compare with")
        return _answer(plot, "cannot_tell", reason, looks=recent)
    was, green = (median(look.ndvi for look in looks) for looks in (then, now))
    change = median(look.ndvi - look.ring_ndvi for look in now) - median(look.ndvi - look.ring_ndvi for look in then)
    leafy = leafy_looks(grown, grown[-1].day, rules.leaf)
    answer, reason = _grown_greener(leafy, change >= rules.rise, rules)
    return _answer(plot, answer, reason, looks=[*then, *leafy], numbers=(was, green, change))


def _stays_bare(recent: Sequence[Look], grown: Sequence[Look], rules: VerdictRules) -> bool:
    """Return whether no plants show in the growing season, nor more than in winter: shrubs on salt are thin."""
    winter = [look.ndvi for look in of_days(grown, rules.leaf.leafless)]
    sprouts = bool(winter) and median(look.ndvi for look in recent) - median(winter) > rules.sprout
    return not sprouts and all(
        look.ndvi < rules.bare_ndvi and look.water_share <= rules.bare_water_share for look in recent
    )


def _alike(before: Sequence[Look], grown: Sequence[Look], rules: VerdictRules) -> tuple[list[Look], list[Look]]:
    """Return looks of one time of the year before planting and now: of harvest, where fields are bare, or of summer."""
    for days in (rules.leaf.harvest, _HIGH_SUMMER):
        then, now = of_days(before, days)[-4:], of_days(grown, days)[-4:]
        if then and now:
            return then, now
    return [], []


def _grown_greener(leafy: Sequence[Look], greener: bool, rules: VerdictRules) -> tuple[Answer, Text]:
    if not greener:
        return "cannot_tell", Text("与周围相比变化不明显", "no clear change against its surroundings")
    if keeps_green(leafy, rules.green_ndvi, rules.leaf):
        zh, en = "生长季一直是绿的，且比周围明显变绿", "green all through the season, and greener than its surroundings"
        return "supports", Text(zh, en)
    zh, en = "变绿了，但不是整个生长季都绿，像庄稼、杂草或芦苇", "greener, yet not all season: as crops, weeds or reeds"
    return "cannot_tell", looks_missing(leafy, rules.leaf) or Text(zh, en)


def _ringed(looks: Sequence[Look], rules: VerdictRules) -> bool:
    return all(look.ring_px >= rules.least_ring_px for look in looks)


def _answer(
    plot: PlotAsked,
    answer: Answer,
    *reasons: Text,
    looks: Sequence[Look] = (),
    numbers: tuple[float, float, float] | None = None,
) -> Verdict:
    before, after, change = numbers or (None, None, None)
    return Verdict(
        feature_id=plot.feature_id,
        answer=answer,
        reasons=reasons,
        days=tuple(sorted({look.day for look in looks})),
        seen_px=min((look.seen_px for look in looks), default=0.0),
        ndvi_before=before,
        ndvi_after=after,
        change=change,
    )
