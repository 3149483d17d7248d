"""A map is defined in data, and shows nothing above its own level."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from ecotrack.errors import (
    AboveClassification,
    BadConfig,
    NoApprovalNumber,
    PlotsOnPublicMap,
    UnknownLayer,
    UnknownMap,
)
from ecotrack.maps.definition import LayerGroup, MapDef, Paint, read_map, shown_first
from ecotrack.maps.model import check_levels
from ecotrack.model.layers import Classification, LayerDef
from ecotrack.settings import read_layers

ROOT = Path(__file__).resolve().parent.parent
LAYERS = read_layers(ROOT)


def a_map(*layers: str, level: Classification = "内部", approval: str | None = None, panels: bool = False) -> MapDef:
    return MapDef(
        id="x",
        title_zh="图",
        title_en="Map",
        classification=level,
        bounds=(115, 37, 117, 38),
        approval_number=approval,
        panels=("targets",) if panels else (),
        groups=(LayerGroup(title_zh="组", title_en="Group", layers=layers),),
    )


def at_level(layer: str, level: Classification) -> dict[str, LayerDef]:
    return {**LAYERS, layer: msgspec.structs.replace(LAYERS[layer], classification=level)}


def test_the_map_of_this_repository_shows_every_layer_that_has_geometry() -> None:
    found = read_map(ROOT, name="hengshui")
    check_levels(found, LAYERS, figures="内部")
    assert set(found.layers) == {layer.id for layer in LAYERS.values() if layer.geometry != "none"}


def test_a_layer_above_the_level_of_the_map_is_refused_and_named() -> None:
    with pytest.raises(AboveClassification) as caught:
        check_levels(a_map("rivers"), at_level("rivers", "涉密"), figures="内部")
    message = caught.value.message("zh")
    assert "九河" in message
    assert "涉密" in message
    assert "内部" in message


def test_figures_above_the_level_of_the_map_are_refused() -> None:
    public = a_map("rivers", level="公开", approval="冀S（2017）1号", panels=True)
    with pytest.raises(AboveClassification):
        check_levels(public, LAYERS, figures="内部")


@pytest.mark.parametrize("number", [None, "", "  "])
def test_a_public_map_needs_an_approval_number(number: str | None) -> None:
    with pytest.raises(NoApprovalNumber) as caught:
        check_levels(a_map("rivers", level="公开", approval=number), LAYERS, figures="公开")
    assert "审图号" in caught.value.message("zh")


def test_a_public_map_shows_no_plots_even_where_the_layer_is_public() -> None:
    public = a_map("plots", level="公开", approval="冀S（2017）1号")
    with pytest.raises(PlotsOnPublicMap):
        check_levels(public, at_level("plots", "公开"), figures="公开")


def test_a_public_map_of_public_layers_is_allowed() -> None:
    check_levels(a_map("rivers", "counties", level="公开", approval="冀S（2017）1号"), LAYERS, figures="公开")


def test_a_layer_that_is_not_there_or_has_no_geometry_is_refused() -> None:
    with pytest.raises(UnknownLayer, match="forest"):
        check_levels(a_map("forest"), LAYERS, figures="内部")
    with pytest.raises(BadConfig, match="geometry"):
        check_levels(a_map("air"), LAYERS, figures="内部")


@pytest.mark.parametrize(
    "facts",
    [
        {"labels": ("lake",)},
        {"paint": (Paint(layer="lake", width=2.0),)},
        {"groups": (LayerGroup(title_zh="组", title_en="G", layers=("rivers",), hidden=("lake",)),)},
        {"groups": (LayerGroup(title_zh="组", title_en="G", layers=("rivers", "rivers")),)},
    ],
    ids=["labels", "paint", "hidden", "twice"],
)
def test_what_is_said_of_a_layer_that_is_not_shown_once_is_refused(facts: dict[str, Any]) -> None:
    with pytest.raises(BadConfig, match=r"'lake' is in no group|'rivers' twice"):
        check_levels(msgspec.structs.replace(a_map("rivers"), **facts), LAYERS, figures="内部")


def seen_by(color: str, matrix: np.ndarray) -> np.ndarray:
    """Return CIE L*a*b* (D65) of a colour after a colour-vision matrix on linear RGB."""
    srgb = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    ratio = to_xyz @ np.clip(matrix @ linear, 0, 1) / np.array([0.9505, 1.0, 1.089])
    root = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


PAINTED = [paint for paint in read_map(ROOT, name="hengshui").paint if paint.colors]

# Machado, Oliveira and Fernandes (2009), severity 1.
SIGHT = {
    "full": np.eye(3),
    "protanopia": np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
    "deuteranopia": np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
}


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("paint", PAINTED, ids=lambda paint: paint.layer)
def test_states_can_be_told_apart_by_people_who_see_colours_differently(paint: Paint, sight: str) -> None:
    for (one, a), (two, b) in combinations(paint.colors.items(), 2):
        distance = float(np.linalg.norm(seen_by(a, SIGHT[sight]) - seen_by(b, SIGHT[sight])))
        assert distance > 15, (one, two, round(distance, 1))


def write(folder: Path, name: str, text: str) -> None:
    (folder / "maps").mkdir(exist_ok=True)
    (folder / "maps" / f"{name}.toml").write_text(text, encoding="utf-8")


def a_toml(name: str) -> str:
    lines = [f'id = "{name}"', 'title_zh = "图"', 'title_en = "M"', 'classification = "内部"']
    return "\n".join([*lines, "bounds = [115, 37, 117, 38]", "groups = []", ""])


def test_the_only_map_needs_no_name_and_one_of_two_does(tmp_path: Path) -> None:
    write(tmp_path, "湖区", a_toml("湖区"))
    assert read_map(tmp_path).id == "湖区"
    write(tmp_path, "b", a_toml("b"))
    with pytest.raises(UnknownMap, match="湖区"):
        read_map(tmp_path)


def test_people_who_name_no_map_see_the_main_one_whatever_the_others_are_called(tmp_path: Path) -> None:
    with pytest.raises(UnknownMap):
        shown_first(tmp_path)
    write(tmp_path, "b", a_toml("b"))
    write(tmp_path, "a", a_toml("a"))
    assert shown_first(tmp_path).id == "a"
    write(tmp_path, "b", a_toml("b") + "main = true\n")
    assert shown_first(tmp_path).id == read_map(tmp_path).id == "b"


@pytest.mark.parametrize("name", ["none", "../hengshui", ""])
def test_an_unknown_map_is_refused_with_the_names_there_are(tmp_path: Path, name: str) -> None:
    write(tmp_path, "a", a_toml("a"))
    with pytest.raises(UnknownMap, match="Maps in this workspace's maps/: a"):
        read_map(tmp_path, name=name)


@pytest.mark.parametrize("text", [a_toml("other"), a_toml("a") + "colour = 1\n", "id = ", 'id = "a"\n'])
def test_a_file_that_does_not_fit_is_refused_with_its_path(tmp_path: Path, text: str) -> None:
    write(tmp_path, "a", text)
    with pytest.raises(BadConfig, match=r"a\.toml"):
        read_map(tmp_path, name="a")
