"""Rules of the verdicts: what looks of several days must show before anything is said of a plot."""

import datetime as dt

import pytest

from ecotrack.imagery.looks import Look
from ecotrack.imagery.verdict import PlotAsked, VerdictRules, judge
from ecotrack.model import PARENT_KINDS

DAY = dt.date(2024, 10, 15)
LEAFY = ("05-10", "06-15", "07-20", "08-20", "09-20")
"""Days of a leafy season, one in spring and one at harvest."""
CALENDARS = {
    "wheat and maize": (0.8, 0.15, 0.65, 0.8, 0.6),
    "maize of spring": (0.2, 0.6, 0.8, 0.8, 0.3),
    "cotton": (0.15, 0.35, 0.7, 0.8, 0.6),
    "lucerne": (0.8, 0.75, 0.35, 0.8, 0.45),
    "lucerne, cut a while ago": (0.85, 0.85, 0.5, 0.85, 0.55),
    "vegetables": (0.7, 0.2, 0.7, 0.75, 0.3),
    "reeds": (0.35, 0.65, 0.8, 0.8, 0.75),
    "weeds": (0.25, 0.35, 0.55, 0.7, 0.6),
}
"""NDVI on these days of what is no wood; general knowledge."""
TREES = (0.7, 0.75, 0.75, 0.75, 0.7)


def look(
    on: str, ndvi: float, *, ring: float = 0.3, seen: float = 90, share: float = 1, water: float = 0, core: float = 1
) -> Look:
    return Look(on, dt.date.fromisoformat(on), seen, share, ndvi, ring, 400, water, core=core)


def season(year: int, values=TREES, **said) -> list[Look]:
    return [look(f"{year}-{on}", ndvi, **said) for on, ndvi in zip(LEAFY, values, strict=True)]


def plot(planted: str = "2020-spring", form: str = "片林", kind: str = "造林") -> PlotAsked:
    return PlotAsked(feature_id="p", season=planted, form=form, kind=kind)


BEFORE = [look("2019-07-10", 0.3), look("2019-08-20", 0.3)]
GREEN = season(2024)
SUMMER = [look(f"2024-{on}", 0.8) for on in ("07-05", "07-20", "08-10", "08-25", "09-10")]


def test_grown_plants_that_have_become_greener_than_their_surroundings_are_supported():
    found = judge(plot(), [*BEFORE, *GREEN], DAY)
    assert (found.answer, round(found.change, 2), found.seen_px) == ("supports", 0.45, 90)
    assert found.days == tuple(one.day for one in (*BEFORE, *GREEN))
    assert found.shown == (("2019-08-20", True), ("2024-09-20", False))
    wet = [look(on, -0.2, water=0.9) for on in ("2024-06-20", "2024-07-10", "2024-08-20")]
    assert judge(plot(), wet, DAY).shown == (("2024-06-20", False), ("2024-08-20", False)), "none is older"


@pytest.mark.parametrize(
    ("asked", "looks", "why"),
    [
        (plot("2023-spring"), [*BEFORE, *GREEN], "growing seasons"),
        (plot("2022-autumn"), [*BEFORE, *GREEN], "growing seasons"),
        (plot(), [*BEFORE, *season(2024, core=0.1)], "too narrow"),
        (plot(form="林带"), [*BEFORE, *GREEN], "too narrow"),
        (plot(), [*BEFORE, look("2024-07-10", 0.7, seen=5, share=0.05)], "too few clear pixels"),
        (plot(), [*BEFORE, look("2024-07-10", 0.7, seen=5, share=1)], "too small"),
        (plot(), [*BEFORE, look("2024-07-10", 0.7, seen=90, share=0.5)], "too few clear pixels"),
        (plot(), [*BEFORE, *(one._replace(ring_px=20) for one in GREEN)], "no ground around"),
        (plot(), [*BEFORE, *SUMMER, look("2024-06-20", 0.8)], "no scene of 04-25~05-31:"),
        (plot(), [*BEFORE, *SUMMER, look("2024-05-20", 0.8)], "no scene of 06-05~07-01:"),
        (plot(), GREEN, "before planting"),
        (plot(), [*BEFORE, *season(2024, ring=0.7)], "no clear change"),
        (plot(), [*BEFORE, *GREEN[2:]], "no scene of 04-25~05-31 / 06-05~07-01"),
        (plot(), [*BEFORE, *GREEN[:4]], "fewer than 5 scenes"),
        (plot(), [*BEFORE, look("2023-12-10", 0.2)], "no scene of a growing season"),
        (plot(), [*BEFORE, look("2024-07-10", 0.1, ring=0.1), look("2024-08-01", 0.1, ring=0.1)], "bare too"),
    ],
)
def test_what_does_not_show_cannot_be_told(asked, looks, why):
    found = judge(asked, looks, DAY)
    assert found.answer == "cannot_tell"
    assert why in " ".join(reason.en for reason in found.reasons)


@pytest.mark.parametrize("crop", CALENDARS)
def test_what_is_green_in_a_part_of_the_season_is_neither_planted_trees_nor_old_woods(crop):
    grown = judge(plot(), [*BEFORE, *season(2023, CALENDARS[crop]), *season(2024, CALENDARS[crop])], DAY)
    assert grown.answer == "cannot_tell"
    before = [*season(2022, CALENDARS[crop]), *season(2023, CALENDARS[crop]), look("2024-07-10", 0.5)]
    assert judge(plot("2024-spring"), before, DAY).answer == "cannot_tell"


def test_trees_where_fields_lay_are_told_at_harvest_since_fields_are_as_green_in_july():
    fields = [one._replace(ring_ndvi=one.ndvi) for one in season(2019, CALENDARS["wheat and maize"])]
    around = [one._replace(ring_ndvi=was.ndvi) for one, was in zip(GREEN, fields, strict=True)]
    assert judge(plot(), [*fields, *around], DAY).answer == "supports"
    assert judge(plot(), [*fields[2:], *around], DAY).answer == "cannot_tell"


def test_one_hazy_look_of_ten_does_not_undo_what_the_others_show():
    hazy = [*season(2023)[:4], look("2023-09-20", 0.3), *GREEN]
    assert judge(plot(), [*BEFORE, *hazy], DAY).answer == "supports"
    assert judge(plot(), [*BEFORE, *hazy[:-1], look("2024-09-20", 0.3)], DAY).answer == "cannot_tell"


def test_a_look_at_plants_that_were_still_young_supports_nothing():
    assert judge(plot(), [*BEFORE, *season(2021)], DAY).answer == "cannot_tell"


def test_three_growing_seasons_are_a_setting():
    looks = [look("2022-07-10", 0.3), look("2022-08-20", 0.3), *GREEN]
    assert judge(plot("2023-spring"), looks, DAY).answer == "cannot_tell"
    assert judge(plot("2023-spring"), looks, DAY, VerdictRules(least_seasons=2)).answer == "supports"


@pytest.mark.parametrize("planted", ["2020-spring", "2024-spring"])
def test_water_contradicts_plants_of_any_age_once_it_stands_for_two_months(planted):
    wet = [look(on, -0.2, water=0.9) for on in ("2024-06-20", "2024-07-10", "2024-08-20")]
    assert judge(plot(planted), [*BEFORE, *wet], DAY).answer == "contradicts"
    assert judge(plot(planted), [*BEFORE, *wet[1:]], DAY).answer == "cannot_tell"
    assert judge(plot(planted), [*BEFORE, *wet, look("2024-09-01", 0.2)], DAY).answer == "cannot_tell"
    ponds = [one._replace(water_share=0.5) for one in wet]
    assert judge(plot(planted), [*BEFORE, *ponds], DAY).answer == "cannot_tell", "a park with ponds"


def test_a_strip_beside_a_canal_is_not_contradicted_by_the_canal():
    wet = [look(on, -0.2, water=0.9, core=0.1) for on in ("2024-06-20", "2024-08-25")]
    assert judge(plot(), [*BEFORE, *wet], DAY).answer == "cannot_tell"


def test_woods_before_planting_contradict():
    after = [look("2024-07-10", 0.5)]
    assert judge(plot("2024-spring"), [*season(2023), *after], DAY).answer == "contradicts"
    assert judge(plot("2024-spring"), [*season(2023)[:4], *after], DAY).answer == "cannot_tell"
    assert judge(plot("2024-spring"), [*season(2021), *after], DAY).answer == "cannot_tell", "three years ago"
    *earlier, first_day = (look(f"2023-{on}", 0.75) for on in ("05-10", "05-20", "06-10", "06-20", "06-30", "07-01"))
    assert judge(plot("2023-autumn"), [*earlier, *after], DAY).answer == "contradicts"
    assert judge(plot("2023-autumn"), [*earlier[1:], first_day, *after], DAY).answer == "cannot_tell"


@pytest.mark.parametrize("kind", PARENT_KINDS)
def test_woods_do_not_contradict_what_is_done_in_woods(kind):
    looks = [*season(2023), look("2024-07-10", 0.5)]
    assert judge(plot("2024-spring", kind=kind), looks, DAY).answer == "cannot_tell"


def test_grown_plants_are_contradicted_by_bare_ground_in_green_surroundings():
    bare = [look("2024-07-10", 0.1, ring=0.6), look("2024-08-20", 0.1, ring=0.6)]
    assert judge(plot(), [*BEFORE, *bare], DAY).answer == "contradicts"
    assert judge(plot("2024-spring"), [*BEFORE, *bare], DAY).answer == "cannot_tell"
    assert judge(plot(), [*BEFORE, bare[0], bare[1]._replace(water_share=0.5)], DAY).answer == "cannot_tell", "a flood"
    assert judge(plot(), [*BEFORE, bare[0]._replace(ndvi=0.3), bare[1]], DAY).answer == "cannot_tell"


def test_thin_plants_are_no_bare_ground_if_they_are_greener_than_in_winter():
    thin = [look("2024-07-10", 0.17, ring=0.6), look("2024-08-20", 0.18, ring=0.6)]
    assert judge(plot(), [*BEFORE, look("2023-12-20", 0.06), *thin], DAY).answer == "cannot_tell"
    assert judge(plot(), [*BEFORE, look("2024-02-20", 0.15), *thin], DAY).answer == "contradicts"


@pytest.mark.parametrize(
    "looks",
    [
        [look("2024-07-10", 0.1, ring=0.6)] * 2,
        [look(on, -0.2, water=0.9) for on in ("2024-08-20", "2024-08-20")],
    ],
    ids=["bare", "water"],
)
def test_tiles_of_one_pass_that_overlap_are_one_look(looks):
    assert judge(plot(), [*BEFORE, *looks], DAY).answer == "cannot_tell"


@pytest.mark.parametrize("turn", [1, -1])
def test_of_two_tiles_the_one_that_shows_more_of_the_plot_counts(turn):
    half = [one._replace(seen_share=0.5, seen_px=45, ndvi=0.1) for one in GREEN]
    pairs = [tile for pair in zip(GREEN, half, strict=True) for tile in pair[::turn]]
    assert judge(plot(), [*BEFORE, *pairs], DAY).answer == "supports"


@pytest.mark.parametrize(
    ("planted", "first"),
    [("2023-spring", "2023-06-01"), ("2023-summer", "2023-09-01"), ("2023-autumn", "2023-12-01"),
     ("2023-winter", "2024-03-01"), ("2023", "2023-12-01")],
)  # fmt: skip
def test_plants_must_stand_once_their_season_is_over(planted, first):
    eve = (dt.date.fromisoformat(first) - dt.timedelta(days=1)).isoformat()
    assert judge(plot(planted), [look(eve, 0.1)], DAY).answer == "not_run"
    assert judge(plot(planted), [look(first, 0.1)], DAY).answer == "cannot_tell"


@pytest.mark.parametrize(
    ("asked", "looks"),
    [(plot(), []), (plot(), BEFORE), (plot(form="四旁"), GREEN), (plot(planted=None), GREEN), (plot("soon"), GREEN),
     (plot("2030-spring"), GREEN)],
)  # fmt: skip
def test_what_was_not_looked_at_is_not_run(asked, looks):
    assert judge(asked, looks, DAY).answer == "not_run"


def test_a_look_after_the_day_asked_for_is_not_known_yet():
    assert judge(plot(), [*BEFORE, *GREEN], dt.date(2020, 5, 1)).answer == "not_run"
