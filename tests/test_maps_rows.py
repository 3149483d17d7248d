"""Plots as columns say what plots as objects say: ids, states, attributes, latest records, on every day."""

from __future__ import annotations

import datetime as dt
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import box

from ecotrack.maps.plot_rows import PlotsView, plots_view
from ecotrack.maps.timeline import moments
from ecotrack.model.entries import Decision, FeatureVersion, ProgressRecord, Submission
from ecotrack.register import new_id
from ecotrack.register.writer import Writer
from ecotrack.workspace import FeatureView, View, Workspace

ROOT = Path(__file__).resolve().parent.parent
DAY = dt.date(2018, 6, 30)


def plot(writer: Writer, number: int, **facts: Any) -> None:
    hand_in = Submission(submission_id=new_id(), layer="plots", submitted_on=dt.date(2016, 4, 1), unit="131103")
    west = 115.5 + 0.01 * number
    known = {
        "version_id": new_id(),
        "feature_id": f"131103{number:04d}",
        "layer": "plots",
        "submission_id": hand_in.submission_id,
        "effective_on": hand_in.submitted_on,
        "wkb": box(west, 37.6, west + 0.012, 37.61).wkb,
        "unit": "131103",
        "season": "2016-spring",
        "kind": "造林",
        "species": "杨树" if number % 2 else None,
        "claimed_mu": Decimal("300.5") if number else None,
    }
    version = FeatureVersion(**{**known, **facts})
    writer.add_many([hand_in, version])
    decide(writer, version, "accept", dt.date(2016, 4, 2))
    if number == 3:
        decide(writer, version, "withdraw", dt.date(2017, 9, 1))


def decide(writer: Writer, version: FeatureVersion, verdict: str, day: dt.date) -> None:
    facts: dict[str, Any] = {"subject": "version", "subject_id": version.version_id, "reviewer": "李四"}
    writer.add(Decision(decision_id=new_id(), verdict=verdict, decided_on=day, **facts))


def record(number: int, day: dt.date, kind: str, state: str | None, **facts: Any) -> ProgressRecord:
    known = {"record_id": new_id(), "layer": "plots", "feature_id": f"131103{number:04d}", "unit": "131103"}
    return ProgressRecord(**{**known, "kind": kind, "effective_on": day, "state": state, **facts})


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("rows")
    shutil.copy(ROOT / "ecotrack.toml", folder)
    for name in ("layers", "geo"):
        shutil.copytree(ROOT / name, folder / name)
    found = Workspace.open(folder)
    with found.register(create=True) as register, register.writer(author="张三") as writer:
        for number in range(5):
            plot(writer, number, name="湖边" if number else None)
        for number in (0, 1, 2):
            for month in (5, 8, 11):
                fields = {"level": "县", "holes_checked": 100, "holes_live": 60 + 10 * number}
                writer.add(record(number, dt.date(2016, month, 3), "check", "合格", fields=fields))
        wrong = record(1, dt.date(2017, 1, 5), "check", "失败", fields={"level": "市"}, basis_document="衡林1号")
        writer.add(wrong)
        right = record(1, dt.date(2017, 1, 5), "check", "补植", fields={"level": "市"}, corrects=wrong.record_id)
        writer.add(right)
        writer.add(record(2, dt.date(2017, 2, 1), "status", "核销", sample=True))
        writer.add(record(4, dt.date(2018, 5, 1), "retention", None, value=Decimal("81.50"), value_unit="pct"))
    return found


def as_objects(view: View) -> dict[str, FeatureView]:
    return {one.feature_id: one for one in view.layer("plots").features}


def columns_of(view: View, **facts: Any) -> PlotsView:
    return plots_view(view, view.workspace.layer("plots"), **{"most_records": 3, **facts})


@pytest.mark.parametrize("day", [dt.date(2016, 4, 30), dt.date(2016, 12, 31), dt.date(2017, 6, 30), DAY])
def test_columns_say_what_objects_say(workspace: Workspace, day: dt.date) -> None:
    view = workspace.view(as_of=day)
    shown, layer, objects = columns_of(view), view.layer("plots"), as_objects(view)
    rows = shown.plots
    assert rows.ids.tolist() == list(objects)
    assert (shown.total, shown.with_record) == (layer.total, layer.with_record)
    assert (shown.newest, shown.oldest) == (layer.newest, layer.oldest)
    first = 0
    for row, one in enumerate(objects.values()):
        assert (rows.names[row], rows.states[row]) == (one.name, one.state)
        assert shapely.equals_exact(rows.geometries[row], one.geometry)
        assert {name: column[row] for name, column in rows.values.items()} == one.properties
        assert rows.samples[row] == (one.sample or any(record.sample for record in one.records))
        told = slice(first, first := first + int(rows.shown[row]))
        latest = one.records[:3]
        assert rows.total[row] == len(one.records)
        assert rows.records["kind"][told].tolist() == [record.kind for record in latest]
        assert rows.records["state"][told].tolist() == [record.state for record in latest]
        assert rows.records["fields"][told].tolist() == [record.fields for record in latest]
        assert rows.records["value"][told].tolist() == [record.value and str(record.value) for record in latest]
        assert rows.records["effective_on"][told].tolist() == [str(record.effective_on) for record in latest]


def test_a_plot_that_is_gone_stands_on_the_earlier_days_of_the_slider(workspace: Workspace) -> None:
    view = workspace.view(as_of=DAY)
    timeline = moments(view, [dt.date(2016, 12, 31), dt.date(2017, 12, 31)], layers=["plots"])
    rows = columns_of(view, timeline=timeline).plots
    assert dict(zip(rows.ids.tolist(), rows.states.tolist(), strict=True))["1311030003"] is None
    assert np.isin(rows.feature[rows.ids == "1311030003"], timeline[0].plots.feature).all()  # type: ignore[union-attr]


def test_another_day_of_a_view_is_the_view_of_that_day(workspace: Workspace) -> None:
    for day in (dt.date(2016, 12, 31), dt.date(2017, 12, 31)):
        assert workspace.view(as_of=DAY).on(day).to_json() == workspace.view(as_of=day).to_json()


def test_very_many_plots_carry_fewer_records_each(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecotrack.maps.plot_rows.MOST_RECORDS", 4)
    rows = columns_of(workspace.view(as_of=DAY)).plots
    assert set(rows.shown.tolist()) == {1}
    assert rows.total.max() > 1
