"""A leader opens the map that an office wrote from its own workspace, on a computer without a network."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from ecotrack.model.entries import Decision, FeatureVersion, ProgressRecord, Submission
from ecotrack.register import new_id
from ecotrack.workspace import Workspace
from map_cases import Open, chromium, opener

ROOT = Path(__file__).resolve().parent.parent.parent
DAY = dt.date(2017, 3, 16)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def open_map(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    with opener(browser, tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("办公室") / "生态 修复"
    folder.mkdir()
    shutil.copy(ROOT / "ecotrack.toml", folder)
    for name in ("layers", "geo", "maps"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("out"))
    workspace = Workspace.open(folder)
    basin = workspace.features("lake")[0]
    reach = workspace.features("reaches")[0]
    with workspace.register(create=True) as register, register.writer(author="张三") as writer:
        hand_in = Submission(submission_id=new_id(), layer="plots", submitted_on=dt.date(2016, 4, 1), unit="131103")
        writer.add(hand_in)
        centre = basin.geometry.centroid
        plot = FeatureVersion(
            version_id=new_id(),
            feature_id="1311030001",
            layer="plots",
            submission_id=hand_in.submission_id,
            effective_on=hand_in.submitted_on,
            wkb=centre.buffer(0.01, quad_segs=1).wkb,
            unit="131103",
            season="2016-spring",
            kind="造林",
            name="湖边一号",
            claimed_mu=Decimal("300.5"),
        )
        writer.add(plot)
        accept = Decision(
            decision_id=new_id(),
            subject="version",
            subject_id=plot.version_id,
            verdict="accept",
            decided_on=dt.date(2016, 4, 2),
            reviewer="李四",
        )
        writer.add(accept)
        for fields in ({"value": Decimal("41.8")}, {"value": Decimal("43.2"), "effective_on": dt.date(2017, 3, 10)}):
            known = {
                "record_id": new_id(),
                "layer": "lake",
                "kind": "observation",
                "effective_on": dt.date(2017, 2, 10),
                "feature_id": basin.feature_id,
                "state": "采用",
                "value_unit": "km2",
                "fields": {"basis": "影像", "surface_kind": "敞水面"},
            }
            writer.add(ProgressRecord(**{**known, **fields}))
        work = ProgressRecord(
            record_id=new_id(),
            layer="reaches",
            kind="work",
            effective_on=DAY,
            feature_id=reach.feature_id,
            state="在建",
            fields={"work": "清淤"},
        )
        writer.add(work)
    return folder


def ecotrack(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from ecotrack.cli.main import main; main()", "-w", str(folder), *arguments]
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings)


def test_the_map_of_a_day_shows_the_numbers_of_that_day(office: Path, open_map: Open) -> None:
    done = ecotrack(office, "map", "--as-of", DAY.isoformat())
    assert done.returncode == 0, done.stderr
    written = office / "maps" / "out" / "hengshui.html"
    assert str(written) in done.stdout
    assert "正在" in done.stderr
    board = Workspace.open(office).view(as_of=DAY).to_json()
    opened = open_map(written)
    page = opened.page
    head = f"截至 2017-03-16 · 数据版本 {board['register']['seq']}-{board['register']['head'][:8]}"
    assert page.inner_text("#eco-state") == head
    assert page.locator("[data-target]").count() == len(board["targets"])
    for row in board["targets"]:
        value = row[f"value_{row['unit']}"]
        shown = page.get_attribute(f"[data-target={row['id']}] .eco-value", "data-value")
        assert float(shown) == value if value is not None else shown == ""
        assert row["status_zh"] in page.inner_text(f"[data-target={row['id']}] .eco-status")
    assert opened.complaints == []


def test_a_click_on_the_plot_the_reach_and_the_lake_tells_what_is_recorded(office: Path, open_map: Open) -> None:
    out = office / "点.html"
    assert ecotrack(office, "map", "hengshui", "--as-of", DAY.isoformat(), "-o", str(out)).returncode == 0
    workspace = Workspace.open(office)
    opened = open_map(out)
    page = opened.page
    basin, reach = workspace.features("lake")[0], workspace.features("reaches")[0]
    centre = basin.geometry.centroid
    opened.click_on(centre.x, centre.y)
    card = page.inner_text(".eco-card")
    assert "湖边一号" in card
    assert "300.5" in card
    page.evaluate("(at) => { map_shell.setView(at, 12, { animate: false }); }", [centre.y, centre.x])
    opened.click_on(centre.x + 0.013, centre.y)
    card = page.inner_text(".eco-card").replace("\u202f", "")
    assert "43.2平方公里" in card
    assert card.index("2017-03-10") < card.index("2017-02-10")
    middle = reach.geometry.interpolate(0.5, normalized=True)
    page.evaluate("(at) => { map_shell.panTo(at, { animate: false }); }", [middle.y, middle.x])
    opened.click_on(middle.x, middle.y)
    assert "在建" in page.inner_text(".eco-card")
    assert "清淤" in page.inner_text(".eco-card")


@pytest.mark.parametrize("limit", [("--as-of", "2017-02-28"), ("--as-known", "2016-01-01T00:00:00Z")])
def test_an_earlier_day_or_an_earlier_knowledge_leaves_out_what_came_later(
    office: Path, open_map: Open, limit: tuple[str, str]
) -> None:
    out = office / "早.html"
    done = ecotrack(office, "map", *limit, "-o", str(out))
    assert done.returncode == 0, done.stderr
    shown = open_map(out).page.locator("#eco-layers .eco-entry", has_text="河渠治理段").inner_text()
    assert "有记录 0/" in shown


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["map", "nowhere"], 2, "没有名为“nowhere”的地图"),
        (["map", "--as-of", "2999-01-01"], 2, "在今天"),
        (["map", "--as-known", "昨天"], 2, "不是有效日期"),
        (["--lang", "en", "map", "nowhere"], 2, "Maps in this workspace's maps/: hengshui"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_one_line(office: Path, arguments: list[str], code: int, words: str) -> None:
    done = ecotrack(office, *arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr
