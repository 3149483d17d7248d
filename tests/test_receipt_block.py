"""Whatever carries figures out of the house says of which state they are, and under which receipt."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner, Result

from ecotrack.cli.main import cli
from ecotrack.publication import publish, receipt_block, receipts
from ecotrack.workspace import Workspace
from figure_cases import day
from publication_cases import AS_OF, TASK, make_workspace

RANKING = [f"{TASK}/assigned", f"{TASK}/reported", f"{TASK}/rate"]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make_workspace(tmp_path)


def run(workspace: Workspace, *arguments: str) -> Result:
    result = CliRunner().invoke(cli, ["-w", str(workspace.folder), *arguments], standalone_mode=False)
    assert result.exception is None, result.exception
    return result


def block(workspace: Workspace, figures: list[str] | None = None) -> dict[str, Any]:
    found = receipt_block(workspace.view(as_of=AS_OF), figures)
    assert json.loads(json.dumps(found)) == found
    return found


def ids(found: dict[str, Any]) -> list[str | None]:
    return [row["receipt"] for row in found["figures"]]


def test_a_block_names_day_instant_head_definitions_and_exact_values(workspace: Workspace) -> None:
    with workspace.register() as register:
        head, known_at = register.head(), register.recorded_at(register.head().seq)
    found = block(workspace)
    assert (found["as_of"], found["as_known"], found["definition"]) == (str(AS_OF), known_at, "1")
    assert found["register"] == {"seq": head.seq, "head": head.sha256}
    assert [row["figure"] for row in found["figures"]] == [target.id for target in workspace.targets]
    board = {target["id"]: target for target in workspace.view(as_of=AS_OF).to_json()["targets"]}
    for row in found["figures"]:
        value = board[row["figure"]][row["column"]]
        assert row["value"] == (None if value is None else repr(value))
    assert set(ids(found)) == {None}


def test_a_block_names_the_receipts_of_its_own_state_only(workspace: Workspace) -> None:
    issued = publish(workspace, as_of=AS_OF, figures=RANKING)
    publish(workspace, as_of=day("2016-08-01"), figures=RANKING)
    assert ids(block(workspace, RANKING)) == [one.receipt_id for one in issued]
    config = workspace.folder / "ecotrack.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('survival_counts_pct = "85"', 'survival_counts_pct = "60"'), encoding="utf-8")
    (year,) = publish(workspace, as_of=AS_OF, figures=["year"])
    assert ids(block(Workspace.open(workspace.folder), ["year"])) == [year.receipt_id]
    assert ids(block(workspace, ["year"])) == [None]  # opened under the rules of before


def test_a_circular_carries_its_receipts_and_they_reproduce(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "通报.xlsx"
    run(workspace, "rank", "--as-of", str(AS_OF), "--xlsx", str(path), "--publish", "--by", "张三")
    with workspace.register() as register:
        issued = {one.figure.figure_id: one for one in receipts(register)}
    assert set(issued) == set(RANKING)
    cells = [row[0].value for row in openpyxl.load_workbook(path).active.iter_rows() if row[0].value]
    (state,) = [text for text in cells if str(text).startswith("截至2017-03-16，")]
    head = issued[RANKING[0]].head
    assert f"登记序号{head.seq}" in state
    assert head.sha256 in state
    for figure, receipt in issued.items():
        (line,) = [text for text in cells if f"({figure})" in str(text)]
        assert receipt.receipt_id in line
        assert receipt.by == "张三"
        run(workspace, "reproduce", receipt.receipt_id)


def test_without_publishing_nothing_is_written_and_the_circular_says_so(workspace: Workspace, tmp_path: Path) -> None:
    with workspace.register() as register:
        head = register.head()
    path = tmp_path / "通报.xlsx"
    run(workspace, "rank", "--as-of", str(AS_OF), "--xlsx", str(path))
    with workspace.register() as register:
        assert register.head() == head
    texts = [str(row[0].value) for row in openpyxl.load_workbook(path).active.iter_rows()]
    assert sum("未出具凭证" in text for text in texts) == len(RANKING)


def test_the_ranking_in_json_and_in_the_terminal_carries_the_block(workspace: Workspace) -> None:
    told = json.loads(run(workspace, "rank", "--as-of", str(AS_OF), "--json").output)
    assert told["receipt"] == block(workspace, RANKING)
    shown = run(workspace, "--lang", "en", "rank", "--as-of", str(AS_OF)).output.replace("\n", "")
    assert told["receipt"]["register"]["head"] in shown
    assert "no receipt issued" in shown


def test_the_csv_of_the_scoreboard_ends_with_the_block(workspace: Workspace) -> None:
    (issued,) = publish(workspace, as_of=AS_OF, figures=["ring"])
    text = run(workspace, "stats", "--csv", "--as-of", str(AS_OF)).output.removeprefix("\ufeff")
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row["section"] == "receipt"]
    assert {row["item"]: row["value"] for row in rows} == {
        "as_known": issued.known_at,
        "seq": str(issued.head.seq),
        "head": issued.head.sha256,
        "definition": issued.definition,
        "version": issued.libraries["ecotrack"],
        "receipt": issued.receipt_id,
    }


def test_a_past_state_of_knowledge_is_never_published(workspace: Workspace) -> None:
    result = CliRunner().invoke(
        cli, ["-w", str(workspace.folder), "rank", "--publish", "--as-known", "2026-01-01"], standalone_mode=False
    )
    assert "--as-known" in str(result.exception)
