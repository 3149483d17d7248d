"""Two people accept overlapping plots at the same moment: both stand, and the overlap is found once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import shapely

from ecotrack.errors import NoOverlap, OwnReview, UnknownSubmission
from ecotrack.geometry.area import area_m2
from ecotrack.geometry.codec import to_wkb
from ecotrack.model import FeatureVersion, Submission
from ecotrack.register import audit
from ecotrack.review import award
from ecotrack.units import mu_from_m2
from ecotrack.workspace import Workspace, today

ROOT = Path(__file__).parent.parent
SHAPES = {"甲": shapely.box(115.70, 37.80, 115.72, 37.81), "乙": shapely.box(115.71, 37.80, 115.73, 37.81)}
FAR = {"丙": shapely.box(115.80, 37.80, 115.81, 37.81)}

ACCEPT = textwrap.dedent(
    """
    import sys, time
    from pathlib import Path
    from ecotrack.register import Register
    from ecotrack.review import accept
    from ecotrack.workspace import today
    with Register.open(Path(sys.argv[1])) as register:
        print("ready", flush=True)
        sys.stdin.readline()
        accept(register, [sys.argv[2]], reviewer=sys.argv[3], decided_on=today())
    """
)


def submit(workspace: Workspace, name: str, unit: str) -> None:
    day = today()
    with workspace.register(create=True) as register, register.writer(author=f"送审人{name}") as writer:
        writer.add(Submission(submission_id=f"s-{name}", layer="plots", submitted_on=day, unit=unit))
        writer.add(
            FeatureVersion(
                version_id=f"v-{name}",
                feature_id=name,
                layer="plots",
                submission_id=f"s-{name}",
                effective_on=day,
                wkb=to_wkb((SHAPES | FAR)[name]),
                unit=unit,
                season="2016-spring",
                kind="造林",
            )
        )


def test_both_acceptances_stand_and_the_shared_ground_is_disputed_once(tmp_path: Path) -> None:
    for name in ("layers", "geo"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "ecotrack.toml", tmp_path)
    workspace = Workspace.open(tmp_path)
    submit(workspace, "甲", "131102")
    submit(workspace, "乙", "131103")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONIOENCODING": "utf-8"}
    people = [
        subprocess.Popen(
            [sys.executable, "-c", ACCEPT, str(workspace.register_path), f"s-{name}", f"审核人{name}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for name in SHAPES
    ]
    for person in people:
        assert person.stdout is not None
        assert person.stdout.readline().strip() == "ready"
    for person in people:
        assert person.stdin is not None
        person.stdin.write("go\n")
        person.stdin.flush()
    assert [person.wait(timeout=60) for person in people] == [0, 0]

    document = workspace.view().to_json()
    shared_mu = mu_from_m2(area_m2([shapely.intersection(*SHAPES.values())])[0])
    assert document["overlaps"]["count"] == 1
    assert document["overlaps"]["disputed_mu"] == pytest.approx(shared_mu, rel=1e-9)
    union_mu = mu_from_m2(area_m2([shapely.union_all(list(SHAPES.values()))])[0])
    assert document["units"]["responsible"][-1]["net_accepted_mu"] == pytest.approx(union_mu, rel=1e-9)
    with workspace.register() as register:
        with pytest.raises(OwnReview):
            award(register, "乙", "甲", reviewer="送审人甲", decided_on=today(), reason="现场核实")
        award(register, "乙", "甲", reviewer="王五", decided_on=today(), reason="现场核实")
        assert audit(register).sound
    document = workspace.view().to_json()
    assert document["overlaps"]["disputed_mu"] == 0
    rows = {row["code"]: row["accepted_mu"] for row in document["units"]["responsible"]}
    assert rows["131103"] > rows["131102"]


def test_an_award_needs_two_known_plots_that_share_ground(tmp_path: Path) -> None:
    for name in ("layers", "geo"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "ecotrack.toml", tmp_path)
    workspace = Workspace.open(tmp_path)
    submit(workspace, "甲", "131102")
    submit(workspace, "丙", "131103")
    with workspace.register() as register:
        with pytest.raises(NoOverlap):
            award(register, "甲", "丙", reviewer="王五", decided_on=today(), reason="x")
        with pytest.raises(UnknownSubmission):
            award(register, "甲", "丁", reviewer="王五", decided_on=today(), reason="x")
