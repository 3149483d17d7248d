"""docs/security.md says what is, and what went wrong inside says nothing to outside."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import Route

from ecotrack.desk.counter import Counter
from ecotrack.web.app import create_app
from ecotrack.workspace import Workspace
from portal_cases import ROOT, workspace_in


def test_every_test_that_the_threat_table_names_is_there() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| ") and "| test |" not in line]
    threats = lines[: next(n for n, line in enumerate(lines) if line.startswith("| what |"))]
    assert len(threats) > 25
    there = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("test_*.py"))
    for line in threats:
        named = re.findall(r"`(test_\w+)`", line.rpartition("|")[0].rpartition("|")[2])
        assert named, f"no test stands beside: {line}"
    missing = [name for name in re.findall(r"`(test_\w+)`", text) if f"def {name}(" not in there]
    assert missing == []


async def asked(app: FastAPI, path: str) -> httpx.Response:
    wire = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=wire) as client:
        return await client.get(f"http://127.0.0.1{path}")


@pytest.mark.parametrize("path", ["/broken", "/api/broken"])
def test_an_answer_to_an_inner_error_carries_them_too_and_nothing_of_the_inside(
    tmp_path: Path, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise ValueError("a secret of the inside")

    app = create_app(Counter(Workspace.open(workspace_in(tmp_path / "w"))))
    app.router.routes.insert(0, Route(path, broken))
    answer = asyncio.run(asked(app, path))
    assert answer.status_code == 500
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert "secret of the inside" not in answer.text
    number = re.search(r"编号 (\w+)", answer.text)
    assert number
    assert number[1] in caplog.text, "the number leads to what is in the log"
