"""A reviewer adopts what was seen of the lake or sends it back; one scene never counts twice."""

import dataclasses
import json

import pytest
import shapely

from ecotrack.errors import NoName, OwnReview, SceneCountedTwice, UnknownObservation
from ecotrack.intake.lake_observation import in_place_of
from ecotrack.intake.lake_review import is_same_look
from imagery_scenes import ROLES, Painting, utm, write
from test_maps_imagery import seen


@pytest.fixture
def lake(office, tmp_path):
    """An office with one sample scene of its lake, reeds in it, seen and waiting."""
    basins = shapely.union_all([basin.geometry for basin in office.workspace.features("lake")])
    wet = basins.buffer(-0.004)
    west, south, east, north = wet.bounds
    reeds = shapely.box(west, south, (2 * west + east) / 3, north).intersection(wet)
    shown = Painting([("soil", shapely.box(115, 37, 115.56, 38)), ("water", wet), ("reeds", reeds)])
    write(tmp_path / "湖_20200901.tif", shown, utm(115.49, 37.68, size=250, pixel_m=80), mask=False)
    rows = "".join(f"{role} = {{ index = {n} }}\n" for n, role in enumerate(ROLES, start=1))
    (tmp_path / "t.toml").write_text(f"scale = 0.0001\nnodata = 0\n[bands]\n{rows}")
    office("scene", "add", tmp_path / "湖_20200901.tif", "--bands", tmp_path / "t.toml")
    office("lake", "observe", "湖_20200901", "--level", "20.45", "--datum", "大沽", "--by", "张三")
    return office


def series(lake):
    return json.loads(lake("lake", "series", "--json").output)


def states(lake):
    return sorted((one["surface_kind"], one["state"]) for one in series(lake)["observations"])


def test_what_is_adopted_keeps_all_that_was_seen_and_feeds_the_year(lake):
    before = series(lake)
    assert before["years"] == []
    lake("lake", "adopt", "湖_20200901", "--by", "李四")
    after = series(lake)
    told = [{key: one[key] for key in one if key not in ("state", "record_id")} for one in after["observations"]]
    was = [{key: one[key] for key in one if key not in ("state", "record_id")} for one in before["observations"]]
    assert sorted(map(str, told)) == sorted(map(str, was))
    assert after["observations"][0]["doubts"]
    assert {one["observations"] for one in after["years"]} == {1}
    assert "20.45 大沽" in lake("lake", "series").output
    assert "早已采用" in lake("lake", "adopt", "湖_20200901", "--by", "李四").output
    lake("lake", "return", "湖_20200901", "--by", "李四", "--reason", "水位不符")
    assert states(lake) == [("含挺水植物", "退回"), ("敞水面", "退回")]
    assert series(lake)["years"] == []
    records = json.loads(lake("records", "list", "--layer", "lake", "--json").output)["records"]
    assert {one["fields"]["reason"] for one in records} == {"水位不符"}


def test_nobody_reviews_their_own_observation_and_a_word_about_nothing_is_refused(lake):
    for name, by, error in (("湖_20200901", "张三", OwnReview), ("湖_2020", "李四", UnknownObservation),
                            ("湖_20200901", " ", NoName)):  # fmt: skip
        with pytest.raises(error):
            lake("lake", "adopt", name, "--by", by)
    with pytest.raises(UnknownObservation):
        lake("lake", "adopt", "湖_20200901", "nothing", "--by", "李四")
    assert {state for _, state in states(lake)} == {"待审"}, "all of them or none"


def test_a_second_look_takes_the_place_of_the_first_that_waits_and_keeps_its_level(lake):
    again = ("lake", "observe", "湖_20200901", "--threshold", "0.3", "--by", "张三")
    lake(*again)
    found = series(lake)["observations"]
    assert len(found) == 2
    assert {(one["method"], one["level_m"], one["datum"]) for one in found} == {
        ("MNDWI fixed +0.3000", "20.45", "大沽")
    }
    assert "登记 0 条" in lake(*again).output
    lake("lake", "observe", "湖_20200901", "--by", "张三")
    assert {one["method"].split()[1] for one in series(lake)["observations"]} == {"otsu"}, "and back again"


def test_one_scene_is_not_adopted_twice(lake):
    lake("lake", "adopt", "湖_20200901", "--by", "李四")
    adopted = series(lake)
    lake("lake", "observe", "湖_20200901", "--threshold", "0.3", "--by", "张三")
    assert len(series(lake)["observations"]) == 4, "what was adopted stands until a person says otherwise"
    assert series(lake)["years"] == adopted["years"]
    with pytest.raises(SceneCountedTwice, match="lake return"):
        lake("lake", "adopt", "湖_20200901", "--by", "李四")
    for one in adopted["observations"]:
        lake("lake", "return", one["record_id"], "--by", "李四", "--reason", "阈值不妥")
    waits = [one["record_id"] for one in series(lake)["observations"] if one["state"] == "待审"]
    lake("lake", "adopt", *waits, "--by", "李四")
    assert {one["observations"] for one in series(lake)["years"]} == {1}


def test_a_returned_look_stays_aside_when_the_scene_is_adopted(lake):
    lake("lake", "return", "湖_20200901", "--by", "李四", "--reason", "阈值不妥")
    lake("lake", "observe", "湖_20200901", "--threshold", "0.3", "--by", "张三")
    lake("lake", "adopt", "湖_20200901", "--by", "李四")
    assert sorted(state for _, state in states(lake)) == ["退回", "退回", "采用", "采用"]
    assert {one["observations"] for one in series(lake)["years"]} == {1}


def test_a_second_scene_of_a_day_is_adopted_and_said(lake, tmp_path):
    for image in tmp_path.glob("湖_20200901.tif"):
        image.with_name("湖_20200901_副本.tif").write_bytes(image.read_bytes())
    lake("scene", "add", tmp_path / "湖_20200901_副本.tif", "--bands", tmp_path / "t.toml")
    lake("lake", "observe", "湖_20200901_副本", "--by", "张三")
    assert "同一天" not in lake("lake", "adopt", "湖_20200901", "--by", "李四").stderr
    assert "同一天已有采用的观测" in lake("lake", "adopt", "湖_20200901_副本", "--by", "李四").stderr


def test_the_whole_lake_and_a_basin_of_it_are_the_same_water_and_another_series_or_scene_is_not():
    whole = seen("2020-09-01", "40", scene_id="a")
    basin = seen("2020-09-01", "20", basin="lake-east", scene_id="a")
    assert is_same_look(whole, basin)
    others = (
        dataclasses.replace(basin, feature_id="lake-west"),
        dataclasses.replace(basin, fields={**basin.fields, "scene_id": "b"}),
        dataclasses.replace(basin, fields={**basin.fields, "surface_kind": "含挺水植物"}),
        dataclasses.replace(basin, sample=True),
    )
    assert not any(is_same_look(basin, other) for other in others)
    assert not is_same_look(seen("2020-09-01", "20"), seen("2020-09-01", "20")), "without a scene nothing is told"


def test_a_look_corrects_only_what_waits_of_the_same_day_basin_and_series():
    new = seen("2020-09-01", "41", state="待审", scene_id="a")
    waits = dataclasses.replace(new, record_id="old", value=new.value - 1)
    [found] = in_place_of([new], [waits])
    assert found.corrects == "old"
    for other in (dataclasses.replace(waits, state="采用"), dataclasses.replace(waits, feature_id="lake-east"),
                  dataclasses.replace(waits, effective_on=new.effective_on.replace(day=2)),
                  dataclasses.replace(waits, fields={**waits.fields, "scene_id": "b"})):  # fmt: skip
        assert in_place_of([new], [other]) == [new]


def test_a_sheet_may_name_the_basin_as_the_series_does(office, tmp_path):
    rows = ["观测日期,湖区,水面面积（km2）,依据,水面类型,状态", "2020-07-01,衡水湖东湖,31,影像,敞水面,采用"]
    (tmp_path / "a.csv").write_text("\n".join(rows), encoding="utf-8-sig")
    office("records", "import", tmp_path / "a.csv", "--layer", "lake", "--by", "王五")
    found = series(office)
    assert [one["basin"] for one in found["observations"]] == ["衡水湖东湖"]
    assert found["years"] == [], "half a lake is no lake"
