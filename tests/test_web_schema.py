"""Schemathesis over the OpenAPI of a running portal: no inner error, and every answer as it is described."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from portal_cases import Person, Served, hire

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
    asked = re.search(r"(\d+) generated", told.stdout)
    assert asked, told.stdout
    assert int(asked[1]) > 100
