"""Each target is assessed where its inputs are there, and names the input where one is missing."""

from __future__ import annotations

import datetime as dt

import pytest

from ecotrack.figures.deadlines import working_days
from ecotrack.figures.rivers import km_treated
from ecotrack.figures.water_class import water_class
from ecotrack.geometry.area import area_m2
from ecotrack.units import mu_from_m2
from figure_cases import accept, board, box, check, codes, feature, measure, plot, record

BASINS = {"lake": [feature("lake-east", box(115.60)), feature("lake-west", box(115.55))]}


def seen(on: str, km2: str, **given):
    common = {"state": "采用", "basis": "实测", "surface_kind": "含挺水植物", "level_m": "20.5"}
    return record("lake", "observation", on, km2, **(common | given))


def test_lake_is_the_median_of_the_years_accepted_observations() -> None:
    records = [seen("2019-12-01", "70"), seen("2020-03-01", "60"), seen("2020-06-01", "66"), seen("2020-09-01", "90")]
    figure = measure("lake", "2020-12-31", records=records, features=BASINS)
    assert (figure.measured.value, figure.status) == (66.0, "on_course")
    assert figure.measured.details["maximum_km2"] == 90.0
    assert figure.measured.details["latest_level_m"] == "20.5"


def test_lake_takes_no_observation_that_was_not_accepted_and_joins_no_unlike_series() -> None:
    records = [
        seen("2020-03-01", "60"),
        seen("2020-04-01", "80", state="待审"),
        seen("2020-05-01", "40", basis="影像", surface_kind="敞水面"),
        seen("2020-06-01", "62"),
    ]
    figure = measure("lake", "2020-12-31", records=records, features=BASINS)
    assert figure.measured.value == 61.0
    assert [other["median_km2"] for other in figure.measured.details["other_series"]] == [40.0]


def test_lake_adds_its_basins_only_where_all_were_seen_on_the_day() -> None:
    east = seen("2020-03-01", "40", feature_id="lake-east")
    west = seen("2020-03-01", "30", feature_id="lake-west")
    assert measure("lake", "2020-12-31", records=[east, west], features=BASINS).measured.value == 70.0
    alone = measure("lake", "2020-12-31", records=[east], features=BASINS)
    assert codes(alone) == ["no_whole_lake"]
    assert "lake-west" in alone.measured.reasons[0].text.zh


def test_lake_without_an_observation_of_the_year_is_not_assessed_and_names_the_last_one() -> None:
    figure = measure("lake", "2020-12-31", records=[seen("2019-12-01", "70")], features=BASINS)
    assert figure.status == "not_assessed"
    assert "2019-12-01" in figure.measured.reasons[0].text.zh


YEAR = {
    "versions": [plot("a", box(115.60)), plot("b", box(115.62)), plot("c", box(115.64), season="2016-autumn")],
    "decisions": [accept("a"), accept("b"), accept("c", "2016-12-01")],
    "records": [check("a", 90), check("b", 60)],
}


def test_year_is_the_qualified_net_area_and_its_ceiling() -> None:
    figure = measure("year", "2017-01-31", **YEAR)
    one = mu_from_m2(area_m2([box(115.60)])[0])
    assert figure.measured.value == pytest.approx(one, rel=1e-9)
    assert figure.measured.ceiling == pytest.approx(2 * one, rel=1e-4)
    details = figure.measured.details
    assert details["to_replant_mu"] == pytest.approx(one, rel=1e-4)
    assert details["not_due_mu"] == pytest.approx(one, rel=1e-4)
    assert details["due_on"] == ["2017-10-31"]


def test_year_is_missed_only_when_the_ceiling_is_below_the_target() -> None:
    figure = measure("year", "2017-01-31", **YEAR)
    assert figure.status == "missed"
    wide = [plot("w", box(115.6, 37.6, 0.12, 0.12), season="2016-autumn")]
    open_still = measure("year", "2017-01-31", versions=wide, decisions=[accept("w", "2016-12-01")])
    assert (open_still.measured.value, open_still.status) == (0.0, "on_course")


@pytest.mark.parametrize(
    ("versions", "decisions", "code"),
    [
        ([], [], "no_plots"),
        ([plot("a", box(115.6), kind="营造林")], [accept("a")], "kinds_differ"),
        ([plot("a", box(115.6))], [], "none_accepted"),
    ],
)
def test_year_names_what_it_lacks(versions, decisions, code: str) -> None:
    figure = measure("year", "2016-12-31", versions=versions, decisions=decisions)
    assert (figure.status, codes(figure)) == ("not_assessed", [code])


ZONE = {"ring_zone": [feature("ring-2km", box(115.60, 37.6, 0.05, 0.05), sketch=True, version="outline-1")]}


def test_ring_counts_qualified_ground_inside_the_zone_once() -> None:
    versions = [plot("a", box(115.595)), plot("b", box(115.60), season="2017-spring"), plot("far", box(115.8))]
    decisions = [accept("a"), accept("b", "2017-06-01"), accept("far")]
    records = [check("a", 95), check("b", 95, "2017-10-20"), check("far", 95)]
    figure = measure("ring", "2018-01-01", versions=versions, decisions=decisions, records=records, features=ZONE)
    assert figure.measured.value == pytest.approx(area_m2([box(115.60)])[0] / 1e6, rel=1e-9)
    assert figure.measured.sketch
    assert figure.measured.details["zone_land_km2"] == pytest.approx(area_m2([ZONE["ring_zone"][0].geometry])[0] / 1e6)
    assert figure.measured.details["share_needed_pct"] > 100


def test_ring_names_a_missing_zone_and_missing_plots() -> None:
    assert codes(measure("ring", "2018-01-01")) == ["no_zone"]
    assert codes(measure("ring", "2018-01-01", features=ZONE)) == ["no_plots"]


def test_cover_is_the_latest_published_value() -> None:
    rows = [record("cover", "cover", f"{y}-12-31", v, basis="发布") for y, v in ((2016, "29.1"), (2019, "33.6"))]
    figure = measure("cover", "2020-06-30", records=rows)
    assert (figure.measured.value, figure.status) == (33.6, "met")
    assert codes(measure("cover", "2020-06-30")) == ["no_series"]


CITIES = ["131102", "131103", "131121", "131122", "131123", "131124", "131125", "131126", "131127", "131128", "131182"]


def towns() -> dict[str, list]:
    lines, zones = [], []
    for i, code in enumerate(CITIES):
        west = 115.2 + i * 0.1
        lines.append(feature(f"line-{code}", box(west, 37.6, 0.05, 0.02), city_code=code, city=f"城{i}", year=2016))
        for part in range(4):
            shape = box(west + part * 0.0125, 37.6, 0.0125, 0.03)
            zones.append(feature(f"zone-{code}-{part}", shape, city_code=code, city=f"城{i}"))
    return {"builtup": lines, "sponge_zones": zones}


def assessed(passing: int, cities=CITIES, zones: int = 4):
    return [
        record(
            "sponge_zones", "assessment", "2020-11-01", feature_id=f"zone-{code}-{part}",
            state="达标" if part < passing else "不达标", standard="GB/T 51345-2018",
        )
        for code in cities
        for part in range(zones)
    ]  # fmt: skip


def test_sponge_is_met_only_when_every_city_passes_alone() -> None:
    figure = measure("sponge", "2020-12-31", records=assessed(1), features=towns())
    assert figure.status == "met"
    assert figure.measured.value == pytest.approx(25.0, rel=1e-9)
    short = assessed(1, CITIES[1:]) + assessed(0, CITIES[:1])
    figure = measure("sponge", "2021-01-01", records=short, features=towns())
    assert (figure.measured.value, figure.status) == (0.0, "missed")


def test_sponge_clips_zones_at_the_builtup_line() -> None:
    details = measure("sponge", "2020-12-31", records=assessed(4), features=towns()).measured.details
    assert [city["share_pct"] for city in details["cities"]] == pytest.approx([100.0] * 11)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda t: t["builtup"].pop(), "没有建成区范围线"),
        (
            lambda t: t.update(sponge_zones=[z for z in t["sponge_zones"] if "131182" not in z.feature_id]),
            "没有排水分区",
        ),
        (
            lambda t: t["sponge_zones"].append(feature("twice", box(116.2, 37.6, 0.01, 0.01), city_code="131182")),
            "重叠",
        ),
    ],
)
def test_sponge_names_the_city_and_the_input_that_is_missing(change, word: str) -> None:
    places = towns()
    change(places)
    figure = measure("sponge", "2020-12-31", records=assessed(1), features=places)
    assert figure.status == "not_assessed"
    assert word in figure.measured.reasons[0].text.zh


def test_sponge_without_assessments_is_not_assessed_and_one_open_city_is_enough() -> None:
    assert codes(measure("sponge", "2020-12-31", features=towns())) == ["cities_missing"]
    figure = measure("sponge", "2020-12-31", records=assessed(1, CITIES[1:]), features=towns())
    assert figure.status == "not_assessed"
    assert "城0" in figure.measured.reasons[0].text.zh


POINTS = {"sections": [feature(f"s{i}", box(115.6 + i / 10).centroid, water="river") for i in range(4)]}
LISTED = [record("sections", "listing", "2014-01-01", feature_id=f"s{i}") for i in range(4)]


def yearly(year: int, classes: list[str | None]):
    def one(i: int, found: str | None):
        fields = {"class": found} if found else {}
        state = "已评价" if found else "断流"
        return record("sections", "year", f"{year}-12-31", feature_id=f"s{i}", state=state, **fields)

    return [one(i, found) for i, found in enumerate(classes)]


def test_sections_rise_in_points_over_the_list_of_both_years() -> None:
    records = LISTED + yearly(2015, ["Ⅲ", "Ⅳ", "Ⅳ", "Ⅴ"]) + yearly(2016, ["Ⅱ", "Ⅲ", "Ⅳ", None])
    figure = measure("sections", "2016-12-31", records=records, features=POINTS)
    assert figure.measured.value == pytest.approx(200 / 3 - 100 / 3)
    details = figure.measured.details
    assert details["common_sections"] == ["s0", "s1", "s2"]
    assert details["last_year_own_list_pct"] == 25.0
    assert details["one_section_points"] == pytest.approx(100 / 3)


def test_sections_are_judged_by_yearly_means_where_no_class_was_published() -> None:
    def months(year: int, cod: str):
        return [
            record("sections", "month", f"{year}-{m:02d}-28", feature_id="s0", state="已评价", cod_mg_l=cod)
            for m in (1, 5, 9)
        ]

    records = [*LISTED, *months(2015, "25"), *months(2016, "20")]
    figure = measure("sections", "2016-12-31", records=records, features=POINTS)
    assert (figure.measured.value, figure.measured.details["basis"]) == (100.0, "means")


def test_sections_name_a_missing_list_and_missing_classes() -> None:
    assert codes(measure("sections", "2016-12-31", features=POINTS)) == ["no_list"]
    figure = measure("sections", "2016-12-31", records=LISTED + yearly(2016, ["Ⅱ"]), features=POINTS)
    assert codes(figure) == ["no_classes"]
    assert "2015" in figure.measured.reasons[0].text.zh


def test_a_limit_belongs_to_the_better_class_and_lakes_have_their_own_phosphorus() -> None:
    assert water_class({"cod_mg_l": 20.0}, water="river").water_class == "Ⅲ"
    assert water_class({"cod_mg_l": 20.01}, water="river").water_class == "Ⅳ"
    assert water_class({"do_mg_l": 5.0}, water="river").water_class == "Ⅲ"
    assert water_class({"tp_mg_l": 0.08}, water="river").water_class == "Ⅱ"
    assert water_class({"tp_mg_l": 0.08}, water="lake").water_class == "Ⅳ"
    assert water_class({"ph": 9.5}, water="river").water_class == "劣Ⅴ"
    assert water_class({"tn_mg_l": 9.0}, water="river") is None


@pytest.mark.parametrize(("target", "kind"), [("pm25", "pm25"), ("pm10", "pm10")])
def test_air_is_the_change_of_annual_means(target: str, kind: str) -> None:
    rows = [record("air", kind, f"{y}-12-31", v, period=str(y)) for y, v in ((2015, "100"), (2016, "87"))]
    figure = measure(target, "2016-12-31", records=rows)
    assert (figure.measured.value, figure.status) == (pytest.approx(-13.0), "met")
    assert codes(measure(target, "2016-12-31", records=rows[:1])) == ["no_annual_mean"]
    assert "2016" in measure(target, "2016-12-31", records=rows[:1]).measured.reasons[0].text.zh


def test_air_takes_twelve_months_for_a_year_but_not_eleven() -> None:
    months = [record("air", "pm25", f"2016-{m:02d}-28", "80", period=f"2016-{m:02d}") for m in range(1, 13)]
    before = record("air", "pm25", "2015-12-31", "100", period="2015")
    assert measure("pm25", "2016-12-31", records=[before, *months]).measured.value == pytest.approx(-20.0)
    assert codes(measure("pm25", "2016-12-31", records=[before, *months[:11]])) == ["no_annual_mean"]


@pytest.mark.parametrize(
    ("rank", "status"), [("67", "met"), ("68", "missed"), ("69", "missed")]
)  # 67 of 74 leaves seven cities behind
def test_rank_counts_the_cities_behind(rank: str, status: str) -> None:
    row = record("rank", "rank", "2016-11-30", rank, list="全国74城", list_size=74, period="2016-01~11")
    assert measure("rank_nation", "2017-01-01", records=[row]).status == status
    assert codes(measure("rank_province", "2017-01-01", records=[row])) == ["no_rank"]


def test_groundwater_keeps_deep_and_shallow_apart() -> None:
    rows = [
        record("groundwater", kind, "2013-12-31", value, aquifer=aquifer)
        for kind, aquifer, value in (
            ("extraction", "深层", "9.56"), ("usable_yield", "深层", "2.02"),
            ("extraction", "浅层", "3.64"), ("usable_yield", "浅层", "4.81"),
        )
    ]  # fmt: skip
    figure = measure("groundwater", "2014-06-30", records=rows)
    assert figure.measured.value == pytest.approx(7.54)
    assert figure.measured.details["shallow_net_1e8_m3"] == pytest.approx(-1.17)
    figure = measure("groundwater", "2014-06-30", records=rows[1:])
    assert figure.measured.reasons[0].text.zh == "缺2013年深层开采量"


def test_deadlines_run_on_working_days_and_calendar_months() -> None:
    feedback = record("deadlines", "feedback", "2016-09-01")
    plan = record("deadlines", "filing", "2016-10-14", item="整改方案")
    figure = measure("plan", "2016-12-31", records=[feedback, plan])
    assert (figure.measured.details["due_on"], figure.status) == ("2016-10-19", "met")
    report = measure("report", "2017-02-01", records=[feedback])
    assert (report.measured.details["due_on"], report.status) == ("2017-03-01", "on_course")
    assert measure("report", "2017-03-02", records=[feedback]).status == "missed"


@pytest.mark.parametrize("target", ["plan", "report"])
def test_deadlines_are_not_assessed_until_the_feedback_date_is_set(target: str) -> None:
    assert codes(measure(target, "2016-12-31")) == ["no_feedback"]


def test_a_deadline_beyond_the_holiday_calendar_is_not_guessed() -> None:
    assert working_days(dt.date(2016, 9, 30), dt.date(2016, 10, 10)) == 3
    assert working_days(dt.date(2090, 1, 1), dt.date(2090, 1, 5)) is None


REACHES = [
    feature("r-1", box(115.6), river="fuyang", from_m=0, to_m=1000, bank="双", unit="131102", calibrated=False),
    feature("r-2", box(115.7), river="fuyang", from_m=1000, to_m=3000, bank="双", unit="131103", calibrated=False),
]


def work(reach: str, on: str, state: str, **fields):
    return record("reaches", "work", on, feature_id=reach, state=state, work="清淤", **fields)


def km(records) -> float:
    found = km_treated(board("2017-01-01", records=records).state, REACHES)
    return sum(row["km"] for row in found["works"])


def test_kilometres_are_the_union_of_work_intervals_and_one_bank_is_half() -> None:
    assert km([work("r-1", "2016-05-01", "完工")]) == 1.0
    assert (
        km(
            [
                work("r-1", "2016-05-01", "完工", from_m=0, to_m=600),
                work("r-1", "2016-06-01", "完工", from_m=400, to_m=800),
            ]
        )
        == 0.8
    )
    assert km([work("r-1", "2016-05-01", "完工", bank="左")]) == 0.5
    assert km([work("r-1", "2016-05-01", "在建")]) == 0.0


def test_a_kilometre_on_a_shared_border_stands_in_both_units_and_once_in_the_city() -> None:
    shared = [feature("r", box(115.6), river="fuyang", from_m=0, to_m=1000, unit="131122", shared_with="131182")]
    found = km_treated(board("2017-01-01", records=[work("r", "2016-05-01", "完工")]).state, shared)
    assert [(row["unit"], row["km"]) for row in found["units"]] == [("131122", 1.0), ("131182", 1.0)]
    assert [row["km"] for row in found["works"]] == [1.0]


def test_a_relapse_takes_kilometres_back_and_a_reach_bounds_its_work() -> None:
    done = work("r-2", "2016-05-01", "验收", from_m=0, to_m=9000)
    assert km([done]) == 2.0
    assert km([done, work("r-2", "2016-08-01", "反弹", from_m=1500, to_m=2000)]) == 1.5


def test_lake_shows_its_basins_beside_the_latest_day() -> None:
    fields = {"basis": "实测", "surface_kind": "敞水面", "state": "采用"}
    records = [
        record("lake", "observation", on, value, feature_id=basin, **fields)
        for on, basin, value in (
            ("2017-03-10", "east", "41"),
            ("2017-03-10", "west", "30"),
            ("2017-06-10", "east", "42"),
            ("2017-06-10", "west", "31.5"),
        )
    ]
    places = {"lake": [feature("east", box(115.6)), feature("west", box(115.7))]}
    details = measure("lake", "2017-12-31", records=records, features=places).measured.details
    assert details["basins"] == [{"basin": "east", "latest_km2": 42.0}, {"basin": "west", "latest_km2": 31.5}]


def test_a_published_yearly_class_is_held_against_the_yearly_means() -> None:
    months = [
        record("sections", "month", f"2016-{month:02d}-10", feature_id="s1", state="已评价", cod_mg_l="35")
        for month in range(1, 13)
    ]
    year = record("sections", "year", "2016-12-31", feature_id="s1", state="已评价", **{"class": "Ⅲ"})
    found = board("2017-03-01", records=[*months, year]).to_json()["findings"]["class_differences"]
    assert [(one["period"], one["published"], one["computed"], one["determinands"]) for one in found] == [
        ("year", "Ⅲ", "Ⅴ", ["cod_mg_l"])
    ]
    assert board("2017-03-01", records=[*months[1:], year]).to_json()["findings"]["class_differences"] == []
