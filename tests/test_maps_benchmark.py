"""The benchmark of maps builds what it says, and its clicks are compared with the drawn geometry."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks import maps

PLOTS, SEED = 300, 1


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    path = tmp_path_factory.mktemp("bench") / "ecotrack.html"
    return path, maps.build("ecotrack", PLOTS, SEED, path)


def test_the_file_that_is_measured_is_the_one_that_was_built(built: tuple[Path, dict[str, object]]) -> None:
    path, found = built
    assert found["file_mb"] == path.stat().st_size / 1e6


def test_no_click_names_another_plot_than_the_topmost(built: tuple[Path, dict[str, object]]) -> None:
    path, found = built
    assert maps.wrong_clicks(path, found, PLOTS, SEED, clicks=60) == 0


def test_the_memory_counted_is_that_of_our_own_browser_alone() -> None:
    assert maps._renderer_mb() == 0
