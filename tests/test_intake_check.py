"""The checks: each answers passed, failed or not checked, and says in Chinese what to do; silence is never a pass."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from pyproj import Transformer
from shapely.geometry import mapping

from ecotrack.errors import BadConfig, HeldPlots
from ecotrack.geometry.codec import to_wkb
from ecotrack.geometry.features import Feature
from ecotrack.intake.candidates import Candidate, Place, Reading
from ecotrack.intake.check import Checked, Order, check_upload
from ecotrack.intake.check_again import again_findings
from ecotrack.intake.check_fields import CLAIMED_AS_GIVEN, claim_ratios, claims_of, field_findings, garbled_findings
from ecotrack.intake.check_ground import ground_findings
from ecotrack.intake.check_meanwhile import held_now
from ecotrack.intake.check_record import records_about, records_of
from ecotrack.intake.check_shape import Subject, corners_of, measures_of, shape_findings
from ecotrack.intake.checks import check_table, checks_of
from ecotrack.intake.read import Upload
from ecotrack.intake.repairs import proposed_repairs, with_repairs
from ecotrack.intake.submit import register_proposal
from ecotrack.intake.surroundings import Surroundings
from ecotrack.model import Decision, FeatureVersion, Submission
from ecotrack.model.findings import Finding
from ecotrack.model.layers import CheckSetting
from ecotrack.register import Register
from ecotrack.review import accept, decide
from ecotrack.settings import read_config, read_layers
from ecotrack.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent
DAY = dt.date(2016, 5, 1)
CHECKS = check_table()
UNITS = Workspace.open(ROOT).units
X, Y = 115.6, 37.6
LON_M, LAT_M = 1 / 88_307, 1 / 110_989  # degrees of one metre at 37.6 degrees


def rectangle(east_m: float, north_m: float, *, x_m: float = 0, y_m: float = 0) -> shapely.Polygon:
    west, south = X + x_m * LON_M, Y + y_m * LAT_M
    return shapely.box(west, south, west + east_m * LON_M, south + north_m * LAT_M)


def subject(shape: shapely.Geometry, number: int = 1, **fields: Any) -> Subject:
    given = {"feature_id": f"P{number}", "unit": "131102", "season": "2016-spring", "kind": "造林"} | fields
    version = FeatureVersion(
        version_id=f"v{number}", layer="plots", submission_id="s1", effective_on=DAY, wkb=to_wkb(shape), **given
    )
    return Subject(number, f"a.shp #{number}", version)


def shapes_of(items: list[Subject]) -> np.ndarray:
    return np.array([shapely.from_wkb(item.version.wkb) for item in items], dtype=object)


def shape_checks(*items: Subject) -> list[Finding]:
    shapes = shapes_of([*items])
    return shape_findings(items, shapes, measures_of(shapes), CHECKS)


def ground_checks(around: Surroundings, *items: Subject) -> list[Finding]:
    shapes = shapes_of([*items])
    found = ground_findings(items, shapes, measures_of(shapes), around, checks=CHECKS, units=UNITS)
    return found.findings


def accepted(*items: Subject, zones: dict[str, list[Feature]] | None = None) -> Surroundings:
    versions = [item.version for item in items]
    return Surroundings(
        accepted=versions,
        geometries=shapes_of([*items]),
        named={version.feature_id: version for version in versions},
        zones=zones or {},
        compared=True,
    )


def names(found: list[Finding]) -> list[str]:
    return [finding.check for finding in found]


# --- the table -------------------------------------------------------------------------------------------------


def test_every_check_says_what_and_how_to_mend_in_both_languages() -> None:
    for check in CHECKS.values():
        assert check.title_zh, check.id
        assert check.zh, check.id
        assert check.en, check.id
        assert check.level == "notes" or check.answer == "passed" or check.id == "refused" or check.mend_zh, check.id
        assert bool(check.mend_zh) == bool(check.mend_en), check.id
        assert bool(check.office_zh) == bool(check.office_en), check.id


def test_no_check_speaks_like_a_programmer() -> None:
    words = ("--", "polygon", "geometry", "null", "None", "SRID", "WKB", "JSON", "GEOS", "EPSG", "API", "CRS")
    for check in CHECKS.values():
        said = check.zh + check.mend_zh
        assert not [word for word in words if word in said], check.id


def test_an_office_changes_threshold_and_level_and_a_wrong_name_is_an_error() -> None:
    changed = checks_of([CheckSetting(id="narrow_plot", threshold="6", level="blocks")])["narrow_plot"]
    assert (changed.limit, changed.level, changed.zh) == (6.0, "blocks", CHECKS["narrow_plot"].zh)
    with pytest.raises(BadConfig, match="no_such_check"):
        checks_of([CheckSetting(id="no_such_check")])
    with pytest.raises(BadConfig, match="narrow_plot"):
        checks_of([CheckSetting(id="narrow_plot", threshold="six")])


# --- shapes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "fields", "expected"),
    [
        (rectangle(100, 100), {}, []),
        (rectangle(25.82, 25.82), {}, []),  # 0.9996 mu: one mu, with tolerance
        (rectangle(25, 25), {}, ["small_plot"]),
        (rectangle(15, 15), {}, ["tiny_plot"]),
        (rectangle(500, 8), {}, ["narrow_plot"]),
        (rectangle(500, 8), {"form": "林带"}, []),
        (rectangle(500, 3), {"form": "林带"}, ["narrow_belt"]),
        (rectangle(3000, 3000), {}, ["huge_plot"]),
    ],
)
def test_area_and_width_are_held_to_the_rule_of_the_form(
    shape: shapely.Polygon, fields: dict[str, Any], expected: list[str]
) -> None:
    assert names(shape_checks(subject(shape, **fields))) == expected


@pytest.mark.parametrize("arm_m", [1, 30, 2000])
@pytest.mark.parametrize("start", range(7))
def test_a_spike_is_found_at_any_vertex_with_arms_of_any_length(arm_m: float, start: int) -> None:
    half = arm_m * 0.01
    ring = [(0, 0), (100, 0), (100, 50 - half), (100 + arm_m, 50), (100, 50 + half), (100, 100), (0, 100)]
    turned = ring[start:] + ring[:start]
    shape = shapely.Polygon([(X + x * LON_M, Y + y * LAT_M) for x, y in turned])
    [finding] = shape_checks(subject(shape))
    assert finding.check == "spike"
    assert finding.lonlat == pytest.approx((X + (100 + arm_m) * LON_M, Y + 50 * LAT_M), abs=1e-9)


def test_a_blunt_spike_in_a_hole_is_a_spike_and_a_square_corner_is_none() -> None:
    hole = [(20, 20), (40, 20), (40, 29.9), (70, 29.99), (70, 30.01), (40, 30.1), (40, 40), (20, 40)]
    outer = [(0, 0), (100, 0), (100, 100), (0, 100)]
    to_degrees = [[(X + x * LON_M, Y + y * LAT_M) for x, y in ring] for ring in (outer, hole)]
    spikes, repeated = corners_of(
        np.array([shapely.Polygon(to_degrees[0], [to_degrees[1]])]), angle_deg=3, apart_m=0.01
    )
    assert [len(found) for found in spikes.values()] == [1]
    assert repeated == {}


def test_repeated_corners_are_told_and_dropped_only_when_taken() -> None:
    ring = [(X, Y), (X + 0.001, Y), (X + 0.001, Y + 0.001), (X + 0.001, Y + 0.001 + 1e-8), (X, Y + 0.001)]
    item = subject(shapely.Polygon(ring))
    assert names(shape_checks(item)) == ["duplicate_vertex"]
    shapes = shapes_of([item])
    offered = list(proposed_repairs([item], shapes, repeated=frozenset({1}), slivers={}, apart_m=0.01))
    assert [repair.id for repair in offered] == ["drop_duplicates"]
    assert offered[0].after_m2 == pytest.approx(offered[0].before_m2, rel=1e-4)
    kept, told = with_repairs([item], offered, frozenset(), CHECKS)
    assert (kept, names(told)) == ([item], ["repair_offered"])
    taken, told = with_repairs([item], offered, frozenset({"drop_duplicates"}), CHECKS)
    assert names(told) == ["repair_taken"]
    assert len(shapes_of(taken)[0].exterior.coords) == 5


# --- ground ----------------------------------------------------------------------------------------------------

OTHER = subject(rectangle(100, 100), 9, feature_id="旧-9", unit="131121", season="2015-autumn")


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (rectangle(100, 100, x_m=100.001), []),
        (rectangle(100, 100, x_m=50), ["overlap"]),
        (rectangle(100, 100, x_m=97), ["overlap_part"]),
        (rectangle(100, 100, x_m=99.7), ["overlap_sliver"]),  # 30 m2, but 0.3 m wide
        (rectangle(100, 100, x_m=97.5, y_m=97.5), ["overlap_sliver"]),  # 2.5 m wide, but 6 m2
        (rectangle(100, 100, x_m=1, y_m=1), ["near_duplicate"]),
        (rectangle(30, 30, x_m=20, y_m=20), ["overlap"]),
        (rectangle(1000, 1000, x_m=-500, y_m=-500), ["overlap"]),  # swallows it: 1 % of itself, all of the other
    ],
)
def test_overlaps_with_accepted_plots_are_told_by_share_and_width(shape: shapely.Polygon, expected: list[str]) -> None:
    found = ground_checks(accepted(OTHER), subject(shape))
    assert names(found) == expected
    for finding in found:
        assert "旧-9" in finding.message.zh
        assert finding.lonlat is not None
        assert shapely.covers(shape.buffer(1e-9), shapely.Point(finding.lonlat))


def test_an_overlap_names_the_other_plot_its_unit_and_season_and_its_size() -> None:
    [finding] = ground_checks(accepted(OTHER), subject(rectangle(100, 100, x_m=50)))
    assert (finding.level, finding.answer) == ("blocks", "failed")
    assert "枣强县" in finding.message.zh
    assert "2015-autumn" in finding.message.zh
    assert float(finding.facts["share_pct"]) == pytest.approx(50, abs=0.1)
    assert float(finding.facts["area_mu"]) == pytest.approx(7.5, abs=0.02)
    assert float(finding.facts["width_m"]) == pytest.approx(50, abs=0.1)


@pytest.mark.parametrize("kind", ["补植", "抚育", "更新", "重造"])
def test_work_on_a_plot_lies_on_its_parent_and_is_no_overlap(kind: str) -> None:
    on_it = subject(rectangle(80, 80, x_m=10, y_m=10), kind=kind, parent_id="旧-9")
    [found] = ground_checks(accepted(OTHER), on_it)
    assert (found.check, found.facts["share_pct"]) == ("parent_found", "100.0")
    beside = subject(rectangle(100, 100, x_m=50), kind=kind, parent_id="旧-9")
    assert names(ground_checks(accepted(OTHER), beside)) == ["parent_share"]
    assert names(ground_checks(accepted(OTHER), subject(rectangle(9, 9, x_m=500), kind=kind))) == ["parent_missing"]
    unknown = subject(rectangle(30, 30, x_m=500), kind=kind, parent_id="没有")
    assert "没有" in ground_checks(accepted(OTHER), unknown)[0].message.zh


def test_a_new_version_is_no_overlap_with_the_one_before() -> None:
    again = subject(rectangle(101, 101), feature_id="旧-9", unit="131121", season="2015-autumn")
    assert ground_checks(accepted(OTHER), again) == []


def test_overlaps_inside_the_file_stand_at_both_plots() -> None:
    pair = (subject(rectangle(100, 100)), subject(rectangle(100, 100, x_m=50), 2))
    found = ground_checks(Surroundings(), *pair)
    assert [(f.check, f.feature, f.facts["other"]) for f in found] == [
        ("overlap_in_file", "1", "2"),
        ("overlap_in_file", "2", "1"),
    ]


def test_what_lies_outside_the_unit_and_on_water_is_told_and_sketched_lines_are_marked() -> None:
    west, east = shapely.box(X - 1, Y - 1, X, Y + 1), shapely.box(X, Y - 1, X + 1, Y + 1)
    counties = [
        Feature(feature_id="131102", name="桃城区", geometry=west),
        Feature(feature_id="131121", name="枣强县", geometry=east),
    ]
    lake = [Feature(feature_id="lake", name="湖", geometry=rectangle(20, 200, x_m=30, y_m=-50))]
    around = dataclasses.replace(
        accepted(zones={"counties": counties, "lake": lake}), sketch=frozenset(("counties", "lake"))
    )
    found = {f.check: f for f in ground_checks(around, subject(rectangle(100, 100, x_m=-40)))}
    assert set(found) == {"outside_unit", "on_water"}
    assert "落在枣强县" in found["outside_unit"].message.zh
    assert "示意" in found["outside_unit"].message.zh
    assert float(found["outside_unit"].facts["share_pct"]) == pytest.approx(60, abs=0.5)
    assert float(found["on_water"].facts["share_pct"]) == pytest.approx(20, abs=0.5)
    far = subject(rectangle(100, 100, x_m=200_000))
    assert "outside_city" in names(ground_checks(around, far))


def test_a_boundary_of_too_many_corners_is_not_compared_and_that_is_no_pass() -> None:
    angles = np.linspace(0, 2 * np.pi, 30_000, endpoint=False)
    disc = shapely.Polygon(np.column_stack([X + 0.002 * np.cos(angles), Y + 0.002 * np.sin(angles)]))
    many = subject(disc)
    assert [(f.check, f.answer) for f in shape_checks(many)] == [("many_vertices", "not_checked")]
    assert ground_checks(accepted(OTHER), many) == []


def test_slivers_are_clipped_only_when_taken_and_the_neighbour_stays() -> None:
    item = subject(rectangle(100, 100, x_m=99.7))
    shapes = shapes_of([item])
    found = ground_findings([item], shapes, measures_of(shapes), accepted(OTHER), checks=CHECKS, units=UNITS)
    offered = list(proposed_repairs([item], shapes, repeated=frozenset(), slivers=found.slivers, apart_m=0.01))
    assert [repair.id for repair in offered] == ["clip_slivers"]
    [taken], _ = with_repairs([item], offered, frozenset({"clip_slivers"}), CHECKS)
    shared = shapely.intersection(shapely.from_wkb(taken.version.wkb), shapes_of([OTHER])[0])
    assert shared.area * 110_989 * 88_307 < 1e-3


# --- what is written -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "factor", "unit"),
    [
        ("MIAN_JI", Decimal(1), None),
        ("MIAN_JI", Decimal(1) / 15, "公顷"),
        ("MIAN_JI", Decimal(10000) / 15, "平方米"),
        ("面积（公顷）", Decimal(1) / 15, "公顷"),
        ("面积（公顷）", Decimal(1), "公顷"),  # the name wins: the numbers are then wrong, and that shows
        ("MJ", Decimal("0.002"), "unclear"),
    ],
)
def test_the_unit_of_claimed_areas_is_told_by_name_else_by_magnitude(
    field: str, factor: Decimal, unit: str | None
) -> None:
    shapes = [rectangle(100, 100), rectangle(150, 100, x_m=300), rectangle(90, 60, x_m=600)]
    mu = [Decimal("15.0"), Decimal("22.6"), Decimal("8.0")]
    items = [subject(s, n, claimed_mu=a * factor) for n, (s, a) in enumerate(zip(shapes, mu, strict=True), 1)]
    areas = measures_of(shapes_of(items)).area_m2
    claims = claims_of(claim_ratios(items, areas), field=field, place=Place("a.shp"), checks=CHECKS)
    taken = [claims.of(item) for item in items]
    if unit is None:
        assert taken == items
    elif unit == "unclear":
        assert names(claims.findings) == ["claimed_unit_unclear"]
        assert [item.version.claimed_mu for item in taken] == [None] * 3
    else:
        assert unit in claims.findings[0].message.zh
        assert taken[0].version.attributes[CLAIMED_AS_GIVEN] == str(items[0].version.claimed_mu)
    wrong = list(field_findings(taken, areas, checks=CHECKS, submitted_on=DAY, densities={}))
    assert bool(wrong) == (field == "面积（公顷）" and factor == 1)


@pytest.mark.parametrize(
    ("planted", "density", "expected"),
    [
        (dt.date(2016, 4, 1), "110", []),
        (dt.date(2016, 5, 2), None, ["planted_day"]),
        (dt.date(2014, 4, 1), None, ["planted_day"]),
        (dt.date(2016, 4, 1), "1650", ["density"]),
    ],
)
def test_days_and_densities_that_cannot_be(planted: dt.date, density: str | None, expected: list[str]) -> None:
    item = subject(rectangle(100, 100), planted_on=planted)
    areas = measures_of(shapes_of([item])).area_m2
    told = {1: density} if density else {}
    assert names(list(field_findings([item], areas, checks=CHECKS, submitted_on=DAY, densities=told))) == expected


def test_garbled_text_is_told_once_a_column_and_chinese_is_not_garbled() -> None:
    good = Candidate(number=1, where="a.shp #1", attributes={"XIAN": "枣强县", "SZ": "速生杨"})
    bad = Candidate(
        number=2, where="a.shp #2", attributes={"XIAN": "枣强县".encode().decode("latin-1"), "SZ": "锟斤拷"}
    )
    found = list(garbled_findings(Reading(file_name="a.shp", candidates=[good, bad, bad]), CHECKS["garbled"]))
    assert [finding.facts["field"] for finding in found] == ["XIAN", "SZ"]


@pytest.mark.parametrize(("codec", "level"), [("utf-8", 1), ("big5", 2)])
def test_text_that_was_read_as_gbk_is_told_with_what_it_may_have_been(codec: str, level: int) -> None:
    meant = [["枣强县的林场", "阜城县崔家庙"], ["棗強縣林場", "阜城縣崔家廟"]][level - 1]
    read = [text.encode(codec).decode("gb18030") for text in meant]
    items = [Candidate(number=n, where=f"a.shp #{n}", attributes={"MC": text}) for n, text in enumerate(read, 1)]
    [finding] = garbled_findings(Reading(file_name="a.shp", candidates=items), CHECKS["garbled"])
    assert any(text in finding.message.zh for text in meant)
    plain = [Candidate(number=1, where="a.shp #1", attributes={"MC": text}) for text in [*meant, "滹沱河东岸榆楸林"]]
    assert not list(garbled_findings(Reading(file_name="a.shp", candidates=plain), CHECKS["garbled"]))


def test_a_change_of_a_known_plot_is_shown_and_needs_a_reason() -> None:
    layer = read_layers(ROOT / "")["plots"]
    before = subject(rectangle(100, 100), 9, feature_id="旧-9").version
    after = subject(rectangle(110, 100), 1, feature_id="旧-9", species="榆")
    known = {"旧-9": before}
    [finding] = again_findings([after], known, layer=layer, checks=CHECKS, reason="")
    assert (finding.check, finding.level) == ("no_reason", "blocks")
    assert "2个拐点移动，最远10.0米" in finding.message.zh
    assert "树种由“空”改为“榆”" in finding.message.zh
    assert len(finding.facts["places"].split(";")) == 2
    [finding] = again_findings([after], known, layer=layer, checks=CHECKS, reason="补测")
    assert (finding.check, finding.answer) == ("same_as_before", "passed")
    same = subject(rectangle(100, 100), 1, feature_id="旧-9")
    [finding] = again_findings([same], known, layer=layer, checks=CHECKS, reason="")
    assert "没有变化" in finding.message.zh


# --- one upload through everything -----------------------------------------------------------------------------


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    shutil.copy(ROOT / "ecotrack.toml", tmp_path)
    for name in ("layers", "geo"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return Workspace.open(tmp_path)


def upload(*shapes: shapely.Geometry | None, crs: str = "urn:ogc:def:crs:EPSG::4490") -> Upload:
    rows = [
        {"type": "Feature", "properties": {"编号": f"N{n}"}, "geometry": mapping(shape) if shape else None}
        for n, shape in enumerate(shapes, 1)
    ]
    document = {"type": "FeatureCollection", "features": rows}
    if crs:
        document["crs"] = {"type": "name", "properties": {"name": crs}}
    return Upload("一批.geojson", json.dumps(document).encode())


ORDER = Order(defaults={"unit": "131103", "season": "2016-spring", "kind": "造林"}, submitted_on=DAY, sender="张三")


def tally(checked: Checked, check: str) -> tuple[int, int, int, int]:
    return next((t.passed, t.failed, t.not_checked, t.not_asked) for t in checked.tallies if t.check.id == check)


def fill(workspace: Workspace) -> None:
    """Put one accepted and one struck plot into the register."""
    path = workspace.register_path
    with Register.create(path, office="trial") as register, register.writer(author="王五") as writer:
        writer.add(Submission(submission_id="s0", layer="plots", submitted_on=dt.date(2015, 11, 1)))
        for number, shape in ((1, rectangle(100, 100)), (2, rectangle(100, 100, x_m=1000))):
            version = subject(shape, number, feature_id=f"旧-{number}", season="2015-autumn").version
            writer.add(dataclasses.replace(version, submission_id="s0", effective_on=dt.date(2015, 11, 1)))
        for name, subject_id, verdict in (("d1", "s0", "accept"), ("d2", "v2", "strike")):
            kind = "submission" if subject_id == "s0" else "version"
            day = dt.date(2015, 12, 1) if verdict == "accept" else dt.date(2016, 1, 1)
            writer.add(
                Decision(decision_id=name, subject=kind, subject_id=subject_id, verdict=verdict, decided_on=day,
                         reviewer="李四")
            )  # fmt: skip


def test_a_file_is_compared_with_what_stands_accepted_and_only_with_that(workspace: Workspace) -> None:
    fill(workspace)
    on_accepted, on_struck = rectangle(100, 100, x_m=50), rectangle(100, 100, x_m=1050)
    checked = check_upload(workspace, upload(on_accepted, on_struck, None), ORDER)
    assert [(f.check, f.feature) for f in checked.findings if f.level == "blocks"] == [
        ("overlap", "1"),
        ("no_geometry", "3"),
    ]
    assert (checked.held, checked.proposal.waiting) == ([1], [3])
    assert tally(checked, "overlap") == (1, 1, 1, 0)  # the third was not compared, and that is no pass
    assert tally(checked, "on_forest") == (0, 0, 0, 3)
    assert {f.due_on for f in checked.findings if f.check == "overlap"} == {dt.date(2016, 5, 16)}
    assert {f.responsible_unit for f in checked.findings if f.feature == "1"} == {"131103"}


def test_what_is_held_back_is_registered_with_its_findings(workspace: Workspace) -> None:
    fill(workspace)
    checked = check_upload(workspace, upload(rectangle(100, 100, x_m=50), rectangle(90, 90, x_m=500)), ORDER)
    with Register.open(workspace.register_path) as register:
        register_proposal(register, checked.upload, checked.proposal, author="张三", records=records_of(checked))
        held = held_now(register, register.versions())
        assert [version.feature_id for version in register.versions() if version.version_id in held] == ["N1"]
        assert "旧-1" in next(iter(held.values()))


def test_the_record_of_many_findings_is_kept_in_parts_and_read_as_one(workspace: Workspace) -> None:
    fill(workspace)
    checked = check_upload(workspace, upload(rectangle(100, 100, x_m=50), rectangle(90, 90, x_m=500)), ORDER)
    many = [finding for finding in checked.findings if finding.feature == "1"] * 3000
    changed = dataclasses.replace(checked, proposal=dataclasses.replace(checked.proposal, findings=many))
    papers = [*records_of(changed)]
    assert [len(paper.body["findings"]) for paper in papers] == [2000] * (len(papers) - 1) + [len(many) % 2000 or 2000]
    with Register.open(workspace.register_path) as register:
        register_proposal(register, changed.upload, changed.proposal, author="张三", records=papers)
        [(submission_id, whole)] = records_about(register, [changed.proposal.submission.submission_id]).items()
        assert len(whole.body["findings"]) == len(many)
        assert len(held_now(register, register.versions(submission_id=submission_id))) == 1


def test_what_was_accepted_since_the_check_holds_back_a_plot_on_the_same_ground(workspace: Workspace) -> None:
    fill(workspace)
    shapes = rectangle(100, 100, y_m=500), rectangle(100, 100, y_m=560), rectangle(100, 100, y_m=700)
    with Register.open(workspace.register_path) as register:
        sent = []
        for name, shape in zip("甲乙丙", shapes, strict=True):
            file = upload(shape)
            checked = check_upload(workspace, Upload("一批.geojson", file.data.replace(b"N1", name.encode())), ORDER)
            register_proposal(register, checked.upload, checked.proposal, author="张三", records=records_of(checked))
            sent.append(checked.proposal.submission.submission_id)
        assert held_now(register, register.versions()) == {}
        accept(register, [sent[0]], reviewer="李四", decided_on=DAY)
        [(held, reason)] = held_now(register, register.versions()).items()
        assert register.versions(submission_id=sent[1])[0].version_id == held
        assert "重叠6.0" in reason
        with pytest.raises(HeldPlots):
            accept(register, sent[1:], reviewer="李四", decided_on=DAY)
        decide(register, sent[1:], "accept", reviewer="李四", decided_on=DAY, reason="现场核实", despite=True)


def test_a_boundary_without_a_place_was_not_found_to_be_sound(workspace: Workspace) -> None:
    bow = shapely.Polygon([(500000, 4160000), (500100, 4160100), (500100, 4160000), (500000, 4160100)])
    checked = check_upload(workspace, upload(bow, crs=""), ORDER)
    assert [found.check for found in checked.findings] == ["unknown_crs"]
    assert tally(checked, "open_ring") == (1, 0, 0, 0)
    assert tally(checked, "invalid") == (0, 0, 1, 0)


def test_degrees_of_unknown_origin_wait_for_a_choice(workspace: Workspace) -> None:
    from ecotrack.intake.readings import choose, revoke, sender_key

    file = upload(rectangle(100, 100), crs="")
    waiting = check_upload(workspace, file, ORDER)
    assert [(f.check, f.answer) for f in waiting.findings] == [("ambiguous_position", "not_checked")]
    assert waiting.proposal.versions == []
    assert waiting.settled is not None
    assert [name for name, _ in waiting.settled.options] == ["WGS84", "GCJ-02", "BD-09"]
    with Register.create(workspace.register_path, office="trial") as register:
        decision = choose(register, sender_key("张三", "GeoJSON"), "GCJ-02", chosen_by="李四")
    told = check_upload(workspace, file, ORDER)
    assert [layer.crs for layer in told.reading.layers] == ["GCJ-02"]
    assert decision.decision_id in told.proposal.submission.crs_reading
    with Register.open(workspace.register_path) as register:
        register_proposal(register, told.upload, told.proposal, author="张三")
        touched = revoke(register, decision.decision_id, revoked_by="李四", reason="现场核对")
        assert [item.submission_id for item in touched] == [told.proposal.submission.submission_id]
    assert check_upload(workspace, file, ORDER).proposal.versions == []


def test_the_config_of_an_office_reaches_the_checks(workspace: Workspace) -> None:
    path = workspace.folder / "layers" / "plots.toml"
    path.write_text(path.read_text(encoding="utf-8") + '\n[[checks]]\nid = "tiny_plot"\nthreshold = "20000"\n', "utf-8")
    changed = Workspace.open(workspace.folder)
    assert read_config(workspace.folder).office == "hengshui"
    assert "tiny_plot" in names(check_upload(changed, upload(rectangle(100, 100)), ORDER).findings)


def test_every_check_is_in_the_docs() -> None:
    text = (ROOT / "docs" / "intake.md").read_text(encoding="utf-8")
    assert [check for check in CHECKS if f"`{check}`" not in text] == []


def test_a_file_that_declares_wgs84_but_meets_known_plots_only_as_gcj02_is_held_back(workspace: Workspace) -> None:
    from ecotrack.coordinates.shifted import to_gcj02

    fill(workspace)
    file = upload(shapely.transform(rectangle(100, 100), to_gcj02))
    renamed = Upload(file.file_name, file.data.replace(b"N1", b"\\u65e7-1"))
    checked = check_upload(workspace, renamed, ORDER)
    assert [f.check for f in checked.findings if f.level == "blocks"] == ["contradicted_reading"]
    assert checked.proposal.versions == []
    chosen = check_upload(workspace, renamed, dataclasses.replace(ORDER, read_as="GCJ-02"))
    assert "contradicted_reading" not in names(chosen.findings)


def test_an_opening_balance_brings_in_what_checks_would_keep_out_and_its_findings_stay(workspace: Workspace) -> None:
    fill(workspace)
    tiny, over = rectangle(15, 15, x_m=400), rectangle(100, 100, x_m=50)
    checked = check_upload(workspace, upload(tiny, over), dataclasses.replace(ORDER, stock=True))
    assert len(checked.proposal.versions) == 2
    assert {"tiny_plot", "overlap"} <= set(names(checked.findings))


def test_kml_in_gbk_is_read_with_all_its_attributes(workspace: Workspace) -> None:
    ring = " ".join(f"{x},{y}" for x, y in rectangle(100, 100).exterior.coords)
    bare = f"<outerBoundaryIs><LinearRing><coordinates>{ring}</coordinates></LinearRing></outerBoundaryIs>"
    shape = f"<Polygon>{bare}</Polygon>"
    data = (
        '<ExtendedData><Data name="小班号"><value>JZ-7</value></Data><SchemaData schemaUrl="#s">'
        '<SimpleData name="SHU_ZHONG">速生杨</SimpleData></SchemaData></ExtendedData>'
    )
    mark = f"<Placemark><name>同名</name>{data}{shape}</Placemark>"
    folder = "<Folder><name>河东</name>" + "".join(mark.replace("JZ-7", f"JZ-{n}") for n in range(3)) + "</Folder>"
    kml = f'<?xml version="1.0" encoding="GB2312"?><kml><Document>{folder}</Document></kml>'
    file = Upload("春季.kml", kml.encode("gb18030"))
    checked = check_upload(workspace, file, dataclasses.replace(ORDER, read_as="WGS84"))
    assert [item.version.feature_id for item in checked.proposal.subjects] == ["JZ-0", "JZ-1", "JZ-2"]
    assert {item.version.species for item in checked.proposal.subjects} == {"速生杨"}
    assert {item.version.attributes["文件夹"] for item in checked.proposal.subjects} == {"河东"}


def test_metres_beside_degrees_in_one_table_are_not_doubted_with_them(workspace: Workspace) -> None:
    plane = Transformer.from_crs("EPSG:4490", "EPSG:4527", always_xy=True)
    corners = [(115.6, 37.6), (115.603, 37.6), (115.603, 37.602), (115.6, 37.602)]
    rows = [f"甲,{x},{y}" for x, y in corners]
    rows += ["乙,{:.3f},{:.3f}".format(*plane.transform(x + 0.01, y)) for x, y in corners]
    file = Upload("混.csv", ("地块编号,X,Y\n" + "\n".join(rows)).encode())
    found = check_upload(workspace, file, ORDER).findings
    assert [finding.feature for finding in found if finding.check == "ambiguous_position"] == ["1"]
    assert [finding.feature for finding in found if finding.check == "own_reading"] == ["2"]
