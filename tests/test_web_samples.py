"""Sample data at the portal: shown apart, after what is real, and never as something that waits for anybody."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from ecotrack.demo.sample import plan_sample, write_sample
from ecotrack.workspace import Workspace
from portal_cases import Person, Served, first_account, hire, plots, served, workspace_in


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = workspace_in(tmp_path_factory.mktemp("示例") / "w")
    workspace = Workspace.open(folder)
    write_sample(workspace, plan_sample(workspace, plots=300))
    with served(folder) as found:
        yield found


@pytest.fixture(scope="module")
def bureau(portal: Served) -> Person:
    return first_account(portal)


def test_what_is_real_comes_first_in_the_queue_and_a_sample_waits_for_nobody(bureau: Person) -> None:
    reviewer = hire(bureau, "sh-01", ("reviewer", ""))
    samples = [row for row in reviewer.call("GET", "/api/review").json() if row["waiting"]]
    assert samples
    assert all(row["sample"] and row["age_days"] > 1000 for row in samples)
    hire(bureau, "zq-01", ("field", "131121")).submitted(plots(x=115.84), name="今天报的.geojson")
    for order in ("age", "unit", "severity"):
        page = reviewer.client.get(f"/review?order={order}").text
        assert page.index("今天报的.geojson") < min(page.index(row["submission_id"]) for row in samples)
        assert "已等" not in page
    assert "已等" not in reviewer.client.get(f"/review/{samples[0]['submission_id']}").text


def test_an_office_reads_that_nothing_is_overdue_where_only_samples_are(bureau: Person) -> None:
    office = hire(bureau, "bl-01", ("office", ""))
    codes = [unit for unit in ("131121", "131122", "131123", "131124") if told(office, unit)["overdue_count"]]
    assert codes
    one = told(office, codes[0])
    assert one["overdue_sample"] == one["overdue_count"] == len([row for row in one["overdue"] if row["sample"]])
    page = office.client.get(f"/office?unit={codes[0]}").text
    assert "没有超期的事项" in page
    assert "示例数据里的超期事项（不用办理）" in page


def test_an_office_is_told_while_its_figures_are_of_before_a_decision(bureau: Person) -> None:
    field, reviewer = hire(bureau, "zq-02", ("field", "131121")), hire(bureau, "sh-02", ("reviewer", ""))
    office = hire(bureau, "zq-03", ("office", "131121"))
    sent = field.submitted(plots(x=115.80, count=1))
    before = told(office, "131121")["own"]["accepted_mu"]
    assert reviewer.call("POST", "/api/review", json={"ids": [sent["submission_id"]], "verdict": "accept"}).is_success
    deadline = time.monotonic() + 60
    seen = office.call("GET", "/api/office/131121").json()
    page = office.client.get("/office").text
    assert seen["current"] == (seen["own"]["accepted_mu"] != before)
    assert "正在更新本单位的数" in page or told(office, "131121")["own"]["accepted_mu"] != before
    while not seen["current"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
        seen = office.call("GET", "/api/office/131121").json()
    assert seen["own"]["accepted_mu"] > before
    assert "正在更新本单位的数" not in office.client.get("/office").text


def told(office: Person, unit: str) -> dict[str, object]:
    """Return what an office reads when its figures are of now."""
    deadline = time.monotonic() + 60
    while True:
        found = office.call("GET", f"/api/office/{unit}").json()
        if found["current"]:
            return dict(found)
        assert time.monotonic() < deadline
        time.sleep(0.1)
