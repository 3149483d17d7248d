"""Settings of all tests."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from portal_cases import Person, Served, first_account, served, workspace_in

# A shared machine may be slow at any moment: examples have no deadline of their own.
settings.register_profile("ecotrack", deadline=None)
settings.load_profile("ecotrack")


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
