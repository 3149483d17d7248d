"""Schemathesis over the OpenAPI of a running portal: no inner error, and every answer as it is described."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from fastapi.testclient import TestClient

from ecotrack import web
from ecotrack.desk.counter import Counter
from ecotrack.web.app import create_app
from ecotrack.workspace import Workspace
from portal_cases import Person, Served, hire, workspace_in

pytestmark = pytest.mark.long

PORTAL = ("--uploads-per-minute", "1000000")
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
BY_CHILDREN = (
    "/api/(trail|receipts|restated|publishable|records|review|units|layers|plots|office|outcomes|submissions|ground)"
    "|/ogc/|/map/live"
)
"""Routes whose every answer takes a child process: they are asked a few dozen times and not a few hundred."""


@pytest.fixture(scope="module")
def token(bureau: Person) -> str:
    everything = [(role, "") for role in ("field", "office", "reviewer", "bureau")]
    person = hire(bureau, "qx-01", *everything)
    return str(person.call("POST", "/api/tokens", json={"label": "schemathesis"}).json()["secret"])


def test_every_route_that_is_no_page_stands_in_the_openapi(tmp_path: Path) -> None:
    app = create_app(Counter(Workspace.open(workspace_in(tmp_path / "w"))))
    with TestClient(app):
        described = {(verb.upper(), path) for path, said in app.openapi()["paths"].items() for verb in said}
        modules = [import_module(f"ecotrack.web.{found.name}") for found in iter_modules(web.__path__)]
        routers = [module.routes(app.state.portal) for module in modules if hasattr(module, "routes")]
    there = {(verb, route.path) for router in routers for route in router.routes for verb in route.methods}
    assert {("POST", "/api/units"), ("PUT", "/api/units/{code}/until"), ("GET", "/units")} <= there
    assert [path for _, path in sorted(there - described) if path.startswith(("/api", "/ogc", "/map/"))] == []


@pytest.mark.parametrize(
    ("signed_in", "options"),
    [
        (False, ["--phases", "coverage,fuzzing", "-n", "10"]),
        (True, ["--phases", "fuzzing", "-n", "5"]),
        (True, ["--phases", "coverage", "-n", "5", "--exclude-path-regex", BY_CHILDREN]),
    ],
    ids=["nobody", "signed-in", "signed-in-thorough"],
)
def test_every_answer_is_one_that_the_openapi_describes(
    portal: Served, token: str, tmp_path: Path, signed_in: bool, options: list[str]
) -> None:
    line = [sys.executable, "-m", "schemathesis.cli", "run", f"{portal.url}/openapi.json", "--checks", CHECKS]
    line += [
        "--generation-deterministic",
        "--continue-on-failure",
        "--no-shrink",
        "--no-color",
        # One thread: two at a time trip over the interpreter's own parser ("AST constructor recursion depth mismatch").
        "-w",
        "1",
        "--request-retries",
        "2",
        *options,
    ]
    line += ["-H", f"Authorization: Bearer {token}"] if signed_in else []
    environment = os.environ | {"NO_PROXY": "127.0.0.1"}
    told = subprocess.run(line, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
    assert told.returncode == 0, told.stdout[:6000] + told.stderr[-2000:]
    operations = re.search(r"Selected: (\d+)/(\d+)\s+Tested: (\d+)", told.stdout)
    assert operations, told.stdout
    if "--exclude-path-regex" not in options:
        assert len({*operations.groups()}) == 1, "every operation that the OpenAPI describes was asked"
    asked = re.search(r"(\d+) generated", told.stdout)
    assert asked, told.stdout
    assert int(asked[1]) > 100
