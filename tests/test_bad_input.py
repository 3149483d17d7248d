"""Whatever is wrong with boundaries and records has a name, and the totals are those of what is right, to the digit."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import shutil
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotrack.geometry.area import area_m2
from ecotrack.intake.ask import UPLOAD_NAME, Ask
from ecotrack.intake.candidates import Reading
from ecotrack.intake.child import read_upload
from ecotrack.intake.read import Upload
from ecotrack.intake.submit import Proposal, Target, propose, register_proposal
from ecotrack.model import Decision
from ecotrack.register import new_id, store
from ecotrack.workspace import Workspace
from figure_cases import day, record

ROOT = Path(__file__).resolve().parent.parent
EXTENT = (115.10, 37.00, 116.65, 38.45)
GIVEN = {"unit": "131102", "season": "2016-spring", "kind": "造林"}
RING_100K = 100_000


def square(place: int, *, west: float = 115.60) -> list[tuple[float, float]]:
    """The corners of a good plot; no two places share ground."""
    x, y = west + place % 8 * 0.01, 37.60 + place // 8 * 0.01
    return [(x, y), (x + 0.008, y), (x + 0.008, y + 0.008), (x, y + 0.008), (x, y)]


def wkt(corners: Sequence[tuple[object, object]]) -> str:
    return f"POLYGON (({', '.join(f'{x} {y}' for x, y in corners)}))"


def many_cornered(place: int, *, corners: int = 2000) -> str:
    """A valid ring of very many corners."""
    x, y = np.mean(square(place)[:4], axis=0)
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    ring = np.c_[x + 0.003 * np.cos(angles), y + 0.003 * np.sin(angles)]
    return shapely.Polygon(ring).wkt


GOOD = {
    "plain": lambda place: wkt(square(place)),
    "over_115_5": lambda place: wkt(square(place, west=115.456)),
    "many_corners": many_cornered,
}
"""Shapes that come in as they are; the plots over 115.5 E are found among `square` places by their longitude."""

BAD = {
    "nan": (lambda place: wkt([*square(place)[:2], ("nan", 37.6), *square(place)[3:]]), {"refused", "bad_geometry"}),
    "infinite": (
        lambda place: wkt([*square(place)[:2], ("inf", 37.6), *square(place)[3:]]),
        {"refused", "bad_geometry"},
    ),
    "empty": (lambda place: "POLYGON EMPTY", {"no_geometry"}),
    "nothing": (lambda place: "", {"no_geometry"}),
    "no_ring": (
        lambda place: wkt(square(place)[:2] + square(place)[:1]),
        {"bad_geometry", "open_ring", "beyond_repair"},
    ),
    "zero_area": (lambda place: wkt([square(place)[0], square(place)[1]] * 2 + square(place)[:1]), {"beyond_repair"}),
    "bow_tie": (lambda place: wkt([square(place)[i] for i in (0, 2, 1, 3, 0)]), {"invalid"}),
    "open": (lambda place: wkt(square(place)[:4]), {"bad_geometry", "open_ring", "beyond_repair"}),
    "far_away": (lambda place: wkt([(x * 1e9, y) for x, y in square(place)]), {"refused"}),
}
"""Shapes that are kept out, each with the findings that may name it."""


def as_csv(rows: Sequence[str]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([("小班号", "WKT"), *((f"p{i}", row) for i, row in enumerate(rows))])
    return text.getvalue().encode("utf-8")


def read_upload_of(upload: Upload) -> Reading:
    with TemporaryDirectory() as folder:
        (Path(folder) / UPLOAD_NAME).write_bytes(upload.data)
        known = ("小班号",)
        ask = Ask(file_name=upload.file_name, extent=EXTENT, crs="EPSG:4490", known_fields=known)
        return read_upload(ask, Path(folder))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("bad")
    for name in ("layers", "geo"):
        shutil.copytree(ROOT / name, made / name)
    shutil.copy(ROOT / "ecotrack.toml", made)
    return made


def fresh(folder: Path) -> Workspace:
    shutil.rmtree(folder / "register", ignore_errors=True)
    return Workspace.open(folder)


def taken_in(workspace: Workspace, rows: Sequence[str]) -> Proposal:
    """Read, submit and accept what can come in of a table."""
    return sent(workspace, Upload("地块.csv", as_csv(rows)))


def sent(workspace: Workspace, upload: Upload) -> Proposal:
    reading = read_upload_of(upload)
    target = Target(
        layer=workspace.layers["plots"],
        units=workspace.units,
        code_lists=workspace.config.code_lists,
        defaults=GIVEN,
    )
    proposal = propose(upload, reading, target, submitted_on=day("2016-05-01"))
    with workspace.register(create=True) as register:
        done = register_proposal(register, upload, proposal, author="张三")
        if done.submission_id is not None:
            with register.writer(author="李四") as writer:
                writer.add(acceptance(done.submission_id))
    return proposal


def acceptance(submission_id: str) -> Decision:
    return Decision(
        decision_id=new_id(), subject="submission", subject_id=submission_id, verdict="accept",
        decided_on=day("2016-06-01"), reviewer="李四",
    )  # fmt: skip


def totals(workspace: Workspace) -> dict[str, Any]:
    """Every number that rests on plots."""
    document = workspace.view(as_of=day("2016-12-31")).to_json()
    return {name: document[name] for name in ("units", "years", "programmes", "overlaps")} | {
        "year": next(target for target in document["targets"] if target["id"] == "year")
    }


mixes = st.lists(st.sampled_from([*GOOD, *BAD]), min_size=1, max_size=10)


@given(mixes, st.randoms(use_true_random=False))
@settings(max_examples=15)
def test_bad_boundaries_are_named_and_the_totals_are_those_of_the_good_ones(folder: Path, mix, dice) -> None:
    places = dice.sample(range(32), len(mix))
    rows = [(GOOD[kind] if kind in GOOD else BAD[kind][0])(place) for kind, place in zip(mix, places, strict=True)]
    proposal = taken_in(workspace := fresh(folder), rows)
    for number, kind in enumerate(mix, start=1):
        blocking = {f.check for f in proposal.findings if f.feature == str(number) and f.level == "blocks"}
        assert blocking == set() if kind in GOOD else blocking & BAD[kind][1], (kind, blocking)
    good = [row for row, kind in zip(rows, mix, strict=True) if kind in GOOD]
    assert len(proposal.versions) == len(good)
    found = totals(workspace)
    assert sum(row["plots"] for row in found["years"]) == len(good)
    alone = fresh(folder)
    taken_in(alone, good)
    assert totals(alone) == found


def test_a_cell_that_no_table_can_hold_is_named_and_nothing_comes_in(folder: Path) -> None:
    proposal = taken_in(fresh(folder), [wkt(square(0)), many_cornered(1, corners=RING_100K)])
    assert proposal.blocked
    assert proposal.versions == []


def test_a_ring_of_100000_corners_comes_in_whole_and_is_measured(folder: Path) -> None:
    workspace = fresh(folder)
    ring = shapely.from_wkt(many_cornered(0, corners=RING_100K))
    plot = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(ring)}
    document = {"type": "FeatureCollection", "features": [plot]}
    proposal = sent(workspace, Upload("地块.geojson", json.dumps(document).encode()))
    (stored,) = shapely.from_wkb([version.wkb for version in proposal.versions])
    assert len(stored.exterior.coords) == RING_100K + 1
    accepted = totals(workspace)["years"][0]["accepted_mu"]
    assert accepted == pytest.approx(area_m2([stored])[0] * 15 / 10000, rel=1e-12)


SPOILT = {
    "unknown_plot": "unknown_feature",
    "unknown_reach": "unknown_feature",
    "same_second": "same_second",
    "clock_back": None,
}
"""What may go wrong with records, and the finding that names it; a clock that runs back is held in the register."""


def spoil(workspace: Workspace, kind: str, number: int) -> None:
    """Add records that are wrong in one way; none of them says anything new of a known plot."""
    fields = {"level": "县", "holes_checked": 100, "holes_live": 90}
    if kind == "unknown_plot":
        found = [record("plots", "check", "2016-10-20", feature_id=f"nobody-{number}", **fields)]
    elif kind == "unknown_reach":
        found = [record("reaches", "work", "2016-05-01", feature_id=f"no-reach-{number}", state="完工", work="清淤")]
    else:
        same = {"feature_id": "p0", **fields}
        found = [
            record("plots", "check", "2016-10-20", record_id=f"twin-{number}-{i}", seq=0, **same) for i in range(2)
        ]
    clock = mock.patch.object(store.dt, "datetime", _earlier(10)) if kind == "clock_back" else nullcontext()
    with clock, workspace.register() as register, register.writer(author="张三") as writer:
        for one in found:
            writer.add(one)


def _earlier(years: int) -> type[dt.datetime]:
    class Earlier(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]
            return dt.datetime(2026 - years, 1, 1, tzinfo=tz)

    return Earlier


@given(st.lists(st.sampled_from([*SPOILT]), min_size=1, max_size=5))
@settings(max_examples=8)
def test_bad_records_are_named_and_move_no_total(folder: Path, kinds: list[str]) -> None:
    workspace = fresh(folder)
    taken_in(workspace, [wkt(square(0)), wkt(square(1))])
    with workspace.register() as register, register.writer(author="张三") as writer:
        writer.add(
            record("plots", "check", "2016-10-19", feature_id="p0", level="县", holes_checked=100, holes_live=90)
        )
    before = totals(workspace)
    for number, kind in enumerate(kinds):
        spoil(workspace, kind, number)
    assert totals(workspace) == before
    document = workspace.view(as_of=day("2016-12-31")).to_json()
    named = {finding["check"] for finding in document["findings"]["anomalies"]}
    assert {finding for kind in kinds if (finding := SPOILT[kind])} <= named
    with workspace.register() as register:
        instants = [instant for _, instant, *_ in register.entries()]
    assert instants == sorted(instants)


def test_a_clock_that_ran_back_is_told_by_the_doctor_and_what_is_known_keeps_its_order(folder: Path) -> None:
    from ecotrack.cli.doctor import check_clock

    workspace = fresh(folder)
    taken_in(workspace, [wkt(square(0))])
    with workspace.register() as register:
        head = register.head()
        ahead = head.seq - register.seq_at(dt.datetime.now(dt.UTC) - dt.timedelta(days=1))
    assert check_clock(ahead).answer == "missing"
    spoil(workspace, "clock_back", 0)
    with workspace.register() as register:
        assert register.seq_at(dt.datetime.now(dt.UTC)) == register.head().seq == head.seq + 2
