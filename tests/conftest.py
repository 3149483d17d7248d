"""Settings of all tests, and the office that several of them use."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import settings
from playwright.sync_api import Browser

from ecotrack.cli.main import cli
from ecotrack.workspace import Workspace
from map_cases import Open, chromium, opener
from portal_cases import Person, Served, first_account, served, workspace_in

# A shared machine may be slow at any moment: examples have no deadline of their own.
settings.register_profile("ecotrack", deadline=None)
settings.load_profile("ecotrack")

ROOT = Path(__file__).parents[1]


class Office:
    """An empty workspace with the layers of Hengshui; calling it runs a verb in it and raises the verb's error."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("layers", "geo", "maps"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("out"))
        shutil.copy(ROOT / "ecotrack.toml", folder)

    @property
    def workspace(self) -> Workspace:
        return Workspace.open(self.folder)

    def __call__(self, *arguments: object) -> Result:
        result = CliRunner().invoke(cli, ["-w", str(self.folder), *map(str, arguments)], standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Return an empty office below the test's folder."""
    (tmp_path / "w").mkdir()
    return Office(tmp_path / "w")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The machine's own Chromium, for the tests of one module."""
    with chromium() as found:
        yield found


@pytest.fixture
def open_map(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """A function that writes a map and opens it from its file, the network off."""
    with opener(browser, tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def portal(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A portal for the tests of one module, started with the options that it names in PORTAL."""
    folder = workspace_in(tmp_path_factory.mktemp("办公室") / "生态 修复")
    with served(folder, *getattr(request.module, "PORTAL", ())) as found:
        yield found


@pytest.fixture(scope="module")
def bureau(portal: Served) -> Person:
    """The first account of that portal."""
    return first_account(portal)
