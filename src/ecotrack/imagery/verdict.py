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
        Share of the plot in pixels wholly inside it; below, it is a narrow belt.
    least_seasons
        Growing seasons from which plants can be supported.
    least_ring_px
        Clear pixels that a control ring needs.
    water_share
        Share of the plot under water, in the last two looks, that contradicts.
    wooded_ndvi
        NDVI that woods keep up from May to October. Crops here do not: winter wheat is cut in June and maize has
        not come up, so a look inside ``harvest`` is asked for.
    green_ndvi, rise
        NDVI now, and its rise against the surroundings, that support.
    bare_ndvi
        NDVI in the growing season below which grown plants are not there.
    built
        When the ground is called built-up.
    """

    least_seen_px: float = 12.0
    least_seen_share: float = 0.7
    least_core: float = 0.3
    least_seasons: int = 3
    least_ring_px: int = 30
    water_share: float = 0.5
    wooded_ndvi: float = 0.6
    wooded_looks: int = 3
    harvest: tuple[str, str] = ("06-05", "07-05")
    green_ndvi: float = 0.4
    rise: float = 0.1
    bare_ndvi: float = 0.2
    built: BuiltRules = field(default_factory=BuiltRules)


class Look(NamedTuple):
    """One scene's word about one plot; ``ring_ndvi`` is not a number where there is no ring.

    ``built_share``, ``brightness`` and ``soil_told`` are as `ecotrack.imagery.built.YearLook` has them.
    """

    scene_id: str
    day: dt.date
    seen_px: float
    seen_share: float
    ndvi: float
    ring_ndvi: float
    ring_px: float
    water_share: float
    built_share: float = float("nan")
    brightness: float = float("nan")
    soil_told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotAsked:
    """A plot that is asked about.

    Attributes
    ----------
    core
        Share of it in pixels wholly inside it.
    cover_on, cover_built
        Day of the classified raster that the bureau keeps, and the share of the plot that it calls built-up.
    """

    feature_id: str
    season: str | None
    form: str | None
    core: float
    unit: str | None = None
    cover_on: dt.date | None = None
    cover_built: float | None = None


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
    """

    feature_id: str
    answer: Answer
    reasons: tuple[Text, ...]
    days: tuple[dt.date, ...] = field(default=())
    seen_px: float = 0.0
    ndvi_before: float | None = None
    ndvi_after: float | None = None
    change: float | None = None


_GROWING = range(6, 10)
_LEAFY = range(5, 11)


def judge(plot: PlotAsked, looks: Sequence[Look], as_of: dt.date, rules: VerdictRules | None = None) -> Verdict:
    """Return the verdict on one plot.

    Parameters
    ----------
    looks
        What scenes up to ``as_of`` say, in any order.

    Examples
    --------
    >>> plot = PlotAsked(feature_id="p", season="2020-spring", form="片林", core=0.7)
    >>> judge(plot, [], dt.date(2020, 9, 1)).reasons[0].en
    'no scene shows it after planting'
    """
    rules = rules or VerdictRules()
    season = _season(plot.season)
    if season is None or plot.form == "四旁":
        return _answer(plot, "not_run", Text("没有造林季节，或是四旁折算", "no planting season, or converted trees"))
    planted = begins_on(season)
    last = sorted((look for look in looks if look.day <= as_of), key=lambda look: look.day)
    after = [look for look in last if look.day >= _standing_from(season)]
    if not after:
        return _answer(plot, "not_run", Text("没有造林后的影像", "no scene shows it after planting"))
    usable = [look for look in after if _seen(look, rules)]
    before = [look for look in last if look.day < planted and _seen(look, rules)]
    hard = _hard_evidence(plot, before, usable, planted, rules)
    year = bare_all_year([_year_look(one) for one in usable], rules.built)
    hard = hard or _built_evidence(plot, year, usable, (_standing_from(season), as_of), rules)
    if hard is not None:
        return hard
    first_grown = season.year + (season.part >= SEASONS["autumn"]) + rules.least_seasons - 1
    soft = _soft(plot, before, usable, (_growing_seasons(season, as_of), first_grown), rules)
    return replace(soft, reasons=(*soft.reasons, _bare_or_built(year))) if year and _open(soft) else soft


def planted_from(season: str | None) -> dt.date | None:
    """Return the first day of a plot's planting season; ``None`` without one.

    Examples
    --------
    >>> planted_from("2020-spring") < dt.date(2020, 6, 1)
    True
    """
    found = _season(season)
    return None if found is None else begins_on(found)


def _season(text: str | None) -> Season | None:
    try:
        return Season.parse(text) if text else None
    except ValueError:
        return None


def _standing_from(season: Season) -> dt.date:
    """Return the first day on which what was planted must stand: after the season is over."""
    if season.part >= SEASONS["autumn"]:
        return dt.date(season.year, 12, 1)
    return dt.date(season.year, 6, 1)


def _growing_seasons(season: Season, as_of: dt.date) -> int:
    """Return how many growing seasons lie behind a plot: each ends with September."""
    first = season.year + (season.part >= SEASONS["autumn"])
    return max(0, as_of.year - first + (as_of >= dt.date(as_of.year, 10, 1)))


def _seen(look: Look, rules: VerdictRules) -> bool:
    return look.seen_px >= rules.least_seen_px and look.seen_share >= rules.least_seen_share


def _hard_evidence(
    plot: PlotAsked, before: Sequence[Look], after: Sequence[Look], planted: dt.date, rules: VerdictRules
) -> Verdict | None:
    """Return a contradiction that holds for plants of any age."""
    latest = after[-2:]
    if len(latest) == 2 and all(look.water_share >= rules.water_share for look in latest):
        return _answer(plot, "contradicts", Text("最近两次都是水面", "it is under water in the last two looks"), latest)
    year = [look for look in before if (planted - look.day).days <= 730 and look.day.month in _LEAFY]
    first, last = rules.harvest
    at_harvest = [look for look in year if first <= f"{look.day:%m-%d}" <= last]
    green = len(year) >= rules.wooded_looks and min(look.ndvi for look in year) >= rules.wooded_ndvi
    if green and at_harvest:
        reason = Text("造林前两年生长季一直有林木", "it was wooded all through the growing season before planting")
        return _answer(plot, "contradicts", reason, year)
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
    if not year or _narrow(plot, rules):
        return None
    days = {look.day for look in year}
    looks = [look for look in usable if look.day in days]
    if looks_built(year, rules.built):
        zh, en = (
            "一年四季无植被，且光谱平、亮度稳定，像建设用地",
            "no plants in any season, flat and ever as bright: built-up",
        )
        return _answer(plot, "contradicts", Text(zh, en), looks)
    first, last = standing
    on, share = plot.cover_on, plot.cover_built
    classified = on is not None and share is not None and first <= on <= last and share >= rules.built.cover_share
    if classified and looks_built(year, rules.built, four_bands=True):
        zh, en = f"一年四季无植被，且{on}的地类图为建设用地", f"no plants in any season; built-up in land cover of {on}"
        return _answer(plot, "contradicts", Text(zh, en), looks)
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


def _narrow(plot: PlotAsked, rules: VerdictRules) -> bool:
    return plot.core < rules.least_core or plot.form == "林带"


def _soft(
    plot: PlotAsked, before: Sequence[Look], after: Sequence[Look], age: tuple[int, int], rules: VerdictRules
) -> Verdict:
    """Return the verdict of greenness, which only grown plants can have.

    ``age`` is their growing seasons, and the first year in which they were grown: earlier looks saw them too young.
    """
    (seasons, first_grown), reasons = age, []
    if not after:
        reasons.append(Text("无云像元太少", "too few clear pixels"))
    if _narrow(plot, rules):
        reasons.append(Text("地块太窄，像元多是混合的", "too narrow: most of its pixels are mixed"))
    if seasons < rules.least_seasons:
        least = rules.least_seasons
        reasons.append(
            Text(f"幼林不足{least}个生长季（现为{seasons}个）", f"{seasons} growing seasons, fewer than {least}")
        )
    if reasons:
        return _answer(plot, "cannot_tell", *reasons, looks=after)
    grown = [look for look in after if look.day.year >= first_grown]
    return _by_change(plot, before, grown, rules)


def _by_change(plot: PlotAsked, before: Sequence[Look], after: Sequence[Look], rules: VerdictRules) -> Verdict:
    now = [look for look in after if look.day.month in _GROWING][-4:]
    if not now:
        return _answer(plot, "cannot_tell", Text("没有生长季的影像", "no scene of a growing season"))
    if len(now) >= 2 and all(look.ndvi < rules.bare_ndvi for look in now) and _ringed(now, rules):
        if median(look.ring_ndvi - look.ndvi for look in now) >= rules.rise:
            return _answer(plot, "contradicts", Text("生长季仍裸露", "bare in the growing season"), now)
        return _answer(plot, "cannot_tell", Text("周围也是裸地", "the ground around is bare too"), now)
    then = [look for look in before if look.day.month in _GROWING][-4:]
    if not then:
        return _answer(plot, "cannot_tell", Text("没有造林前生长季的影像", "no growing season before planting"), now)
    if not (_ringed(now, rules) and _ringed(then, rules)):
        return _answer(plot, "cannot_tell", Text("周围没有可对照的地面", "no ground around to compare with"), now)
    green, was = median(look.ndvi for look in now), median(look.ndvi for look in then)
    change = median(look.ndvi - look.ring_ndvi for look in now) - median(look.ndvi - look.ring_ndvi for look in then)
    if green >= rules.green_ndvi and change >= rules.rise:
        reason = Text("比周围明显变绿", "it has grown greener than its surroundings")
        return _answer(plot, "supports", reason, looks=[*then, *now], numbers=(was, green, change))
    reason = Text("与周围相比变化不明显", "no clear change against its surroundings")
    return _answer(plot, "cannot_tell", reason, looks=[*then, *now], numbers=(was, green, change))


def _ringed(looks: Sequence[Look], rules: VerdictRules) -> bool:
    return all(look.ring_px >= rules.least_ring_px for look in looks)


def _answer(
    plot: PlotAsked,
    answer: Answer,
    *reasons: Text | Sequence[Look],
    looks: Sequence[Look] = (),
    numbers: tuple[float, float, float] | None = None,
) -> Verdict:
    """Return a verdict; looks may follow the reasons."""
    texts = tuple(reason for reason in reasons if isinstance(reason, Text))
    used = [*looks, *(look for part in reasons if not isinstance(part, Text) for look in part)]
    before, after, change = numbers or (None, None, None)
    return Verdict(
        feature_id=plot.feature_id,
        answer=answer,
        reasons=texts,
        days=tuple(sorted({look.day for look in used})),
        seen_px=min((look.seen_px for look in used), default=0.0),
        ndvi_before=before,
        ndvi_after=after,
        change=change,
    )
