"""A configuration that says nothing that can be is refused when it is read, in words that name the key."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ecotrack.errors import BadConfig
from ecotrack.maps import read_map
from ecotrack.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent
RULE = 'autumn_check_due = "10-31"'


@pytest.fixture
def office(tmp_path: Path) -> Path:
    for name in ("layers", "geo", "maps"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("out"))
    shutil.copy(ROOT / "ecotrack.toml", tmp_path)
    return tmp_path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('survival_counts_pct = "85"', 'survival_counts_pct = "高"', "rules.survival_counts_pct 应为0到100的百分数"),
        ('survival_counts_pct = "85"', 'survival_counts_pct = "nan"', "rules.survival_counts_pct 应为"),
        ('survival_counts_pct = "85"', 'survival_counts_pct = "850"', "rules.survival_counts_pct 应为"),
        ('survival_replant_pct = "41"', 'survival_replant_pct = "95"', "survival_replant_pct > survival_counts_pct"),
        (RULE, f'{RULE}\n[rules.units.131103]\nsurvival_counts_pct = "30"', "survival_replant_pct > "),
        (RULE, f'{RULE}\n[rules.units.999999]\nsurvival_counts_pct = "80"', "rules.units: 999999"),
        ('spring_check_due = "10-31"', 'spring_check_due = "02-30"', 'rules.spring_check_due 应为月和日，如 "10-31"'),
        ('spring_check_due = "10-31"', 'spring_check_due = "十月"', "rules.spring_check_due 应为月和日"),
        ('tie_break = "submission"', 'tie_break = "random"', "$.rules.tie_break"),
        ('disputes = "units"', 'disputes = "none"', "$.rules.disputes"),
        ('sliver_m2 = "10"', 'sliver_m2 = "-5"', "rules.sliver_m2 应为不小于0的数"),
        ('zone_layer = "ring_zone"', 'zone_layer = "nowhere"', "targets.ring.params.zone_layer = 'nowhere'"),
        ('measure = "lake_surface"', 'measure = "lake_depth"', "targets.lake.measure = 'lake_depth'"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_name(office: Path, old: str, new: str, words: str) -> None:
    change(office / "ecotrack.toml", old, new)
    with pytest.raises(BadConfig) as refused:
        Workspace.open(office)
    message = refused.value.message("zh")
    assert words in message
    assert "ecotrack.toml" in message
    assert "regex" not in message


@pytest.mark.parametrize("extent", ["[1, 2, 0, 0]", "[115, 37, 200, 39]", "[115, 39, 117, 37]"])
def test_an_extent_lies_west_to_east_and_south_to_north(office: Path, extent: str) -> None:
    path = office / "ecotrack.toml"
    lines = [
        f"extent = {extent}" if line.startswith("extent") else line
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(BadConfig, match="extent"):
        Workspace.open(office)


def test_a_colour_is_a_colour(office: Path) -> None:
    change(office / "maps" / "hengshui.toml", 'color = "#', 'color = "red;}</style>#')
    with pytest.raises(BadConfig) as refused:
        read_map(office, name="hengshui")
    assert "应为颜色" in refused.value.message("zh")
    layer = next(path for path in sorted((office / "layers").glob("*.toml")) if 'color = "#' in path.read_text("utf-8"))
    change(layer, 'color = "#', 'color = "blau#')
    with pytest.raises(BadConfig) as refused:
        Workspace.open(office)
    assert layer.name in refused.value.message("zh")
