"""The sample register: the same for a seed, marked as sample, whole or not at all, never over real records."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest
import shapely
from click.testing import CliRunner

from ecotrack.cli.main import cli
from ecotrack.demo.sample import Sample, plan_sample, published, write_sample
from ecotrack.demo.sample_plan import Cut, Rect
from ecotrack.demo.sample_tasks import NOTICE_TASK, SAMPLE_TASKS
from ecotrack.demo.truth_area import cell_m2, west_of_m2
from ecotrack.errors import RealRecords
from ecotrack.model import FeatureVersion, ProgressRecord
from ecotrack.register import Register, audit, new_id
from ecotrack.workspace import Workspace

ROOT = Path(__file__).parents[1]
PLOTS = 60


def new_workspace(folder: Path) -> Workspace:
    for name in ("layers", "geo"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "ecotrack.toml", folder)
    return Workspace.open(folder)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return plan_sample(new_workspace(tmp_path_factory.mktemp("plan")), plots=600)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return new_workspace(tmp_path)


def build(workspace: Workspace, *more: str) -> str:
    call = ["-w", str(workspace.folder), "demo", "build", "--plots", str(PLOTS), *more]
    result = CliRunner().invoke(cli, call, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def add_real(register: Register) -> None:
    record = ProgressRecord(record_id=new_id(), layer="air", kind="pm25", effective_on=dt.date(2016, 5, 1))
    with register.writer(author="张三") as writer:
        writer.add(record)


def test_a_seed_gives_the_same_entries(workspace: Workspace, planned: Sample) -> None:
    again = plan_sample(workspace, plots=600)
    assert again.entries == planned.entries
    assert plan_sample(workspace, seed=7, plots=600).entries != planned.entries


def test_only_what_was_published_is_real(planned: Sample) -> None:
    real = [entry for entry in planned.entries if not getattr(entry, "sample", False)]
    assert real == list(published())
    assert all(entry.basis_document for entry in published())


def test_every_sample_task_adds_up_to_the_city(planned: Sample) -> None:
    records = [entry for entry in planned.entries if isinstance(entry, ProgressRecord) and entry.kind == "task"]
    for task_id, (*_, total) in SAMPLE_TASKS.items():
        assert sum(int(record.value or 0) for record in records if record.task_id == task_id) == total
    assert sum(int(record.value or 0) for record in records if record.task_id == NOTICE_TASK) == 70_000


def test_plots_of_different_clusters_share_no_ground(planned: Sample) -> None:
    boxes = [
        (plot.cluster, shapely.box(v.rect.west, v.rect.south, v.rect.east, v.rect.north))
        for plot in planned.plots
        for v in plot.versions
    ]
    tree = shapely.STRtree([box for _, box in boxes])
    left, right = tree.query([box for _, box in boxes], predicate="intersects")
    for i, j in zip(left.tolist(), right.tolist(), strict=True):
        if boxes[i][0] != boxes[j][0]:
            assert boxes[i][1].intersection(boxes[j][1]).area == 0


def test_stored_corners_are_those_of_the_plan(planned: Sample) -> None:
    stored = [entry for entry in planned.entries if isinstance(entry, FeatureVersion)]
    rects = [version.rect for plot in planned.plots for version in plot.versions]
    for entry, rect in zip(stored, rects, strict=True):
        assert shapely.from_wkb(entry.wkb).bounds == (rect.west, rect.south, rect.east, rect.north)
        assert rect == rect.snapped()


def test_sponge_records_cite_a_standard_only_while_it_is_in_force(planned: Sample) -> None:
    records = [e for e in planned.entries if isinstance(e, ProgressRecord) and e.kind == "assessment"]
    assert {r.fields["standard"] for r in records} == {"国办发〔2015〕75号", "GB/T 51345-2018"}
    assert all(
        record.effective_on >= dt.date(2019, 8, 1) for record in records if "51345" in str(record.fields["standard"])
    )


def test_every_record_fits_its_layer(workspace: Workspace, planned: Sample) -> None:
    for entry in planned.entries:
        if not isinstance(entry, ProgressRecord):
            continue
        kind = workspace.layer(entry.layer).record_kind(entry.kind)
        assert kind is not None, entry
        assert not kind.states or entry.state in kind.states, entry
        assert set(entry.fields) <= {field.name for field in kind.fields}, entry
        assert entry.value is None or entry.value_unit == kind.value_unit, entry
        assert {field.name for field in kind.fields if field.required} <= set(entry.fields), entry


def test_the_notice_comes_out_as_published(workspace: Workspace) -> None:
    build(workspace)
    rows = workspace.view(as_of=dt.date(2017, 3, 16)).to_json()["funnel"]
    task = next(row for row in rows if row["task_id"] == NOTICE_TASK)
    assert not task["sample"]
    assert task["units"][0]["name_zh"] == "阜城县"
    assert task["total"]["reported_mu"] == 36_777
    assert round(task["total"]["rate_pct"], 1) == 52.5
    assert next(step for step in task["steps"] if step["step"] == "qualified")["area_mu"] is None


def test_building_twice_changes_nothing(workspace: Workspace) -> None:
    build(workspace)
    before = workspace.register_path.read_bytes()
    assert "没有改动" in build(workspace)
    assert workspace.register_path.read_bytes() == before


def test_another_seed_takes_the_place_of_the_sample_after_a_question(workspace: Workspace) -> None:
    build(workspace)
    call = ["-w", str(workspace.folder), "demo", "build", "--plots", str(PLOTS), "--seed", "3"]
    assert CliRunner().invoke(cli, call, input="n\n").exit_code == 1
    assert "已建立" in build(workspace, "--seed", "3", "--yes")
    with workspace.register() as register:
        assert audit(register).sound


def test_real_records_are_never_replaced(workspace: Workspace) -> None:
    build(workspace)
    with workspace.register() as register:
        add_real(register)
    before = workspace.register_path.read_bytes()
    call = ["-w", str(workspace.folder), "demo", "build", "--seed", "3", "--plots", str(PLOTS), "--yes"]
    with pytest.raises(RealRecords) as error:
        CliRunner().invoke(cli, call, catch_exceptions=False, standalone_mode=False)
    assert "真实记录" in error.value.message("zh")
    assert "ecotrack init" in error.value.message("en")
    assert workspace.register_path.read_bytes() == before


def test_a_build_that_breaks_off_leaves_the_register_as_it_was(workspace: Workspace) -> None:
    sample = plan_sample(workspace, plots=PLOTS)

    def break_off(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_sample(workspace, sample, progress=break_off)
    assert list(workspace.register_path.parent.iterdir()) == []


def test_cut_parts_of_a_plot_add_up_and_follow_the_line() -> None:
    rect = Rect(115.6, 37.6, 115.602, 37.602)
    level = Cut(115.601, 37.5, 115.601, 37.7, "a", "b")
    assert west_of_m2(rect, level) == pytest.approx(cell_m2(Rect(115.6, 37.6, 115.601, 37.602)), rel=1e-9)
    slanting = Cut(115.598, 37.598, 115.604, 37.604, "a", "b")
    below = Cut(115.604, 37.598, 115.598, 37.604, "b", "a")
    assert west_of_m2(rect, slanting) == pytest.approx(cell_m2(rect) / 2, rel=1e-4)
    # The south is wider than the north, so the lower left half is the larger one.
    assert west_of_m2(rect, below) > west_of_m2(rect, slanting) * (1 + 1e-6)


def test_a_whole_belt_of_cells_adds_up_to_the_published_area_of_the_ellipsoid() -> None:
    tall = sum(cell_m2(Rect(0.0, float(lat), 360.0, float(lat + 1))) for lat in range(-90, 90))
    # Area of GRS 80, which CGCS2000 equals in this digit: 510 065 621.7 km2 (Moritz 2000).
    assert tall == pytest.approx(510_065_621.7e6, rel=1e-9)
