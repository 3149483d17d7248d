"""What is kept beside the register gives the figures of working everything out again, and is never trusted blindly."""

from __future__ import annotations

import datetime as dt
import json
import random
import shutil
from decimal import Decimal
from pathlib import Path

import pytest
import shapely

from ecotrack.geometry.codec import to_wkb
from ecotrack.model import Decision, FeatureVersion, ProgressRecord, Submission
from ecotrack.register import Register
from ecotrack.workspace import Workspace

ROOT = Path(__file__).parent.parent
DAY = dt.date(2017, 12, 31)
SEASONS = ("2016-spring", "2016-autumn", "2017-spring")
UNITS = ("131102", "131103", "131122")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    for name in ("layers", "geo"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "ecotrack.toml", tmp_path)
    return Workspace.open(tmp_path)


def add_plots(workspace: Workspace, first: int, count: int, seed: int) -> None:
    """Add plots that overlap one another in pairs and in threes, decide about most of them, check some."""
    dice = random.Random(seed)
    with workspace.register(create=True) as register, register.writer(author="张三") as writer:
        writer.add(Submission(submission_id=f"s-{first}", layer="plots", submitted_on=dt.date(2017, 1, 5)))
        for i in range(first, first + count):
            west, south = 115.60 + dice.randrange(40) * 0.004, 37.70 + dice.randrange(10) * 0.004
            name = f"p-{i if dice.random() < 0.9 else dice.randrange(i + 1)}"
            writer.add(
                FeatureVersion(
                    version_id=f"v-{i}",
                    feature_id=name,
                    layer="plots",
                    submission_id=f"s-{first}",
                    effective_on=dt.date(2017, 1, 5),
                    wkb=to_wkb(shapely.box(west, south, west + 0.006, south + 0.006)),
                    unit=dice.choice(UNITS),
                    season=dice.choice(SEASONS),
                    kind="造林",
                    claimed_mu=Decimal(dice.randrange(300, 900)),
                )
            )
            if dice.random() < 0.8:
                writer.add(
                    Decision(
                        decision_id=f"d-{i}",
                        subject="version",
                        subject_id=f"v-{i}",
                        verdict=dice.choice(("accept", "accept", "accept", "return")),
                        decided_on=dt.date(2017, 2, 1) + dt.timedelta(days=dice.randrange(200)),
                        reviewer="李四",
                    )
                )
            if dice.random() < 0.6:
                writer.add(
                    ProgressRecord(
                        record_id=f"c-{i}",
                        layer="plots",
                        kind="check",
                        effective_on=dt.date(2017, 10, 1) + dt.timedelta(days=dice.randrange(60)),
                        feature_id=name,
                        fields={"holes_checked": 100, "holes_live": dice.randrange(30, 100)},
                        corrects=f"c-{dice.randrange(i)}" if i and dice.random() < 0.2 else None,
                    )
                )


def figures(workspace: Workspace, day: dt.date = DAY) -> str:
    return json.dumps(workspace.view(as_of=day).to_json(), ensure_ascii=False, sort_keys=True)


def kept_file(workspace: Workspace) -> Path:
    with workspace.register() as register:
        return register.derived_path


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_carrying_on_equals_working_everything_out_again_to_the_digit(workspace: Workspace, seed: int) -> None:
    days = (dt.date(2017, 6, 30), DAY)
    for part in range(4):
        add_plots(workspace, part * 25, 25, seed * 10 + part)
        carried = [figures(workspace, day) for day in days]
    kept_file(workspace).unlink()
    assert [figures(workspace, day) for day in days] == carried
    assert [figures(workspace, day) for day in days] == carried


def test_a_person_is_told_once_of_the_measuring_of_many_boundaries(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ecotrack.workspace._MANY", 20)
    told: list[str] = []
    asked = Workspace.open(workspace.folder, told=lambda line: told.append(line.zh))
    for first, count in ((0, 25), (25, 5)):
        add_plots(workspace, first, count, 1)
        asked.view(as_of=DAY).to_json()
        asked.view(as_of=DAY).to_json()
    assert [line[:9] for line in told] == ["正在计算25个新边"]


def test_what_comes_in_while_columns_are_read_belongs_to_the_next_reading(workspace: Workspace) -> None:
    add_plots(workspace, 0, 10, 1)
    with workspace.register() as register:
        head = register.head().seq
        add_plots(workspace, 10, 10, 2)
        first = register.plot_ledger("plots", until=head)
        both = register.plot_ledger("plots", until=register.head().seq, before=first, since=head)
        whole = register.plot_ledger("plots", until=register.head().seq)
    assert len(first.version["seq"]) == 10
    for part in ("version", "decision", "check", "note"):
        for name, column in getattr(whole, part).items():
            assert getattr(both, part)[name].tolist() == column.tolist()


def test_what_was_known_earlier_is_told_from_columns_that_reach_further(workspace: Workspace) -> None:
    add_plots(workspace, 0, 25, 1)
    then, before = dt.datetime.now(dt.UTC), json.loads(figures(workspace))
    add_plots(workspace, 25, 25, 2)
    assert json.loads(figures(workspace))["units"] != before["units"]
    known = workspace.view(as_of=DAY, as_known=then).to_json()
    for part in ("targets", "units", "years", "overlaps"):
        assert known[part] == before[part]


@pytest.mark.parametrize("damage", [b"", b"no columns at all", None])
def test_a_kept_file_that_is_damaged_is_worked_out_again(workspace: Workspace, damage: bytes | None) -> None:
    add_plots(workspace, 0, 25, 1)
    expected, path = figures(workspace), kept_file(workspace)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    assert figures(workspace) == expected
    assert path.read_bytes() == whole


def test_the_columns_of_another_register_are_of_no_use(workspace: Workspace, tmp_path: Path) -> None:
    add_plots(workspace, 0, 25, 1)
    figures(workspace)
    path, stale = kept_file(workspace), tmp_path / "stale.npz"
    shutil.copy(path, stale)
    shutil.rmtree(workspace.register_path.parent)
    add_plots(workspace, 0, 25, 7)
    expected = figures(workspace)
    shutil.copy(stale, path)
    assert figures(workspace) == expected


def test_a_border_that_moved_is_cut_anew(workspace: Workspace) -> None:
    add_plots(workspace, 0, 40, 1)
    before = workspace.view(as_of=DAY).to_json()["units"]["territorial"]
    counties = workspace.folder / "geo" / "counties.geojson"
    document = json.loads(counties.read_text(encoding="utf-8"))
    document["features"] = document["features"][1:]
    counties.write_text(json.dumps(document), encoding="utf-8")
    after = Workspace.open(workspace.folder).view(as_of=DAY).to_json()["units"]["territorial"]
    # What the county held is a gap between the others now.
    assert [row["code"] for row in after if row["code"] != "gap"] == [row["code"] for row in before[1:]]
    (gap,) = [row for row in after if row["code"] == "gap"]
    assert gap["net_accepted_mu"] == pytest.approx(before[0]["net_accepted_mu"], rel=1e-6)


def test_columns_that_cannot_be_kept_are_no_error(workspace: Workspace) -> None:
    add_plots(workspace, 0, 10, 1)
    expected, path = figures(workspace), kept_file(workspace)
    shutil.rmtree(path.parent)
    path.parent.write_text("a file where the folder should be")
    assert figures(workspace) == expected
    with Register.open(workspace.register_path) as register:
        assert register.head().seq > 0
