"""The verbs publish, receipts, reproduce, restated and explain, as a bureau uses them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from math import fsum
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from ecotrack.cli.main import cli
from ecotrack.errors import UnknownFigure, UnknownUnit
from publication_cases import AS_OF, ROOT, TASK, make_workspace, write

DAY = AS_OF.isoformat()
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    make_workspace(tmp_path)

    def call(*arguments: str) -> Result:
        result = CliRunner().invoke(cli, ["-w", str(tmp_path), *arguments], standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result

    return call


def published(run: Run, *arguments: str) -> dict[str, dict[str, Any]]:
    document = json.loads(run("publish", "--as-of", DAY, "--by", "张三", "--json", *arguments).output)
    assert document["schema"] == "ecotrack.receipts/1"
    return {one["figure"]: one for one in document["receipts"]}


def correct_a_report(folder: Path) -> None:
    from ecotrack.workspace import Workspace

    with Workspace.open(folder).register() as register:
        old = next(one for one in register.records() if one.record_id == "report-131102-5")
        write(register, [replace(old, record_id="mended", corrects=old.record_id, value=old.value + 10)])


def test_figures_are_published_listed_reproduced_and_restated(run: Run, tmp_path: Path) -> None:
    receipt = published(run)[f"{TASK}/reported"]
    listed = run("receipts", "--figure", f"{TASK}/reported").output
    assert receipt["receipt"] in listed
    assert "1,503 亩" in listed
    assert json.loads(run("receipts", receipt["receipt"][:13]).output) == receipt
    again = run("reproduce", receipt["receipt"])
    assert "逐位一致" in again.output
    assert "没有变动" in run("restated").output
    correct_a_report(tmp_path)
    assert run("reproduce", "--all").return_value is None
    moved = run("restated")
    assert moved.return_value == 1
    assert "更正 1: mended" in moved.output
    document = json.loads(run("restated", "--json").output)
    reported = next(one for one in document["restated"] if one["figure"] == f"{TASK}/reported")
    assert reported["differences"][0] | {"difference_m2": None} == {
        "row": "", "column": "reported_mu", "published": "1503.0", "found": "1513.0", "difference": "10.0",
        "difference_m2": None,
    }  # fmt: skip


def test_a_receipt_that_cannot_be_reproduced_ends_with_1_and_shows_the_difference(run: Run, tmp_path: Path) -> None:
    from ecotrack.publication.receipts import Receipt
    from ecotrack.workspace import Workspace

    published(run, "--figure", "ring")
    with Workspace.open(tmp_path).register() as register:
        (document,) = register.documents(kind="receipt")
        true = Receipt.of(document)
        figure = replace(true.figure, cells=(replace(true.figure.cells[0], value="0.25"), *true.figure.cells[1:]))
        forged = replace(true, receipt_id="f" * 36, figure=figure, libraries=true.libraries | {"geos": "3.8.0"})
        write(register, [forged.document()])
    told = run("reproduce", "f" * 36)
    assert told.return_value == 1
    assert "不一致" in told.output
    assert "geos 当时 3.8.0" in told.output
    assert "0.25" in told.output
    document = json.loads(run("reproduce", "--all", "--json").output)
    assert [one["equal"] for one in document["reproductions"]] == [True, False]


@pytest.mark.parametrize(
    ("language", "wanted"), [("zh", "请写凭证编号（ecotrack receipts 可以列出）"), ("en", "give a RECEIPT")]
)
def test_reproduce_wants_a_receipt_and_says_where_they_are_listed(language: str, wanted: str) -> None:
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1"}
    call = ["-w", str(ROOT), "--lang", language, "reproduce"]
    command = [sys.executable, "-c", "from ecotrack.cli.main import main; main()", *call]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings)
    assert done.returncode == 2
    assert wanted in done.stderr
    assert "ecotrack receipts" in done.stderr


def test_an_explanation_adds_up_in_json(run: Run) -> None:
    found = json.loads(run("explain", "year", "--as-of", DAY, "--json").output)
    assert found["schema"] == "ecotrack.explain/1"
    assert found["as_of"] == DAY
    assert fsum(part for plot in found["plots"] for part in plot["parts_m2"]) * 15 / 10000 == found["value_mu"]
    assert any(plot["losses"] for plot in found["plots"])
    assert found["plots"][0]["decisions"][0]["document"] == "衡林审〔2016〕1号"


def test_a_receipt_is_explained_as_it_was_known_then(run: Run, tmp_path: Path) -> None:
    receipt = published(run)[f"{TASK}/reported"]["receipt"]
    correct_a_report(tmp_path)
    then = json.loads(run("explain", "--receipt", receipt, "--json").output)
    now = json.loads(run("explain", f"{TASK}/reported", "--as-of", DAY, "--json").output)
    assert (then["value_mu"], now["value_mu"]) == (1503.0, 1513.0)
    assert "mended" not in {one["record_id"] for one in then["records"]}
    with pytest.raises(click.UsageError):
        run("explain", "year", "--receipt", receipt)
    with pytest.raises(click.UsageError):
        run("explain")


def test_the_page_of_receipts_names_every_key(run: Run, tmp_path: Path) -> None:
    receipt = published(run)["year"]
    correct_a_report(tmp_path)
    text = (ROOT / "docs" / "receipts.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`([a-z0-9_]+)(?:_<unit>)?(?:\[\])?`", text))
    for verb in (["explain", "year"], ["explain", f"{TASK}/reported"], ["restated"], ["reproduce", receipt["receipt"]]):
        found = json.loads(run(*verb, "--json").output)
        assert {re.sub(r"^value_mu$", "value", key) for key in keys_of(found)} - documented == set()


def keys_of(value: object) -> Iterator[str]:
    """Yield the keys of a JSON value, but those that name files, libraries, or differ by measure or record."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if key not in ("details", "fields", "files", "libraries", "library_changes"):
                yield from keys_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys_of(inner)


def test_an_explanation_is_told_in_both_languages(run: Run) -> None:
    chinese = run("explain", f"{TASK}/accepted", "--unit", "冀州", "--as-of", DAY, "--limit", "2").output
    assert "认定" in chinese or "计入" in chinese
    assert "冀州区" in chinese
    assert "其余" in chinese
    english = run("--lang", "en", "explain", "pm25", "--as-of", DAY).output
    assert "2 records used" in english


def test_rounded_rows_of_an_explanation_add_up_to_its_total(run: Run) -> None:
    lines = run("explain", f"{TASK}/mapped", "--as-of", DAY).output.splitlines()
    table = lines[next(i for i, line in enumerate(lines) if "计入（亩）" in line) + 2 :]
    counted = [line.split()[3] for line in table if re.match(r"p\d\d ", line.strip())]
    total = next(line.split()[2] for line in table if line.strip().startswith("合计"))
    assert len(counted) == 12
    assert f"{fsum(float(text.replace(',', '')) for text in counted):,.2f}" == total


def test_unknown_names_are_refused(run: Run) -> None:
    with pytest.raises(UnknownFigure):
        run("publish", "--figure", "trees")
    with pytest.raises(UnknownUnit):
        run("explain", "year", "--unit", "无此县")


@pytest.mark.parametrize("verb", [["explain", "year"], ["publish", "--as-of", DAY], ["restated"]])
def test_no_heavy_library_is_loaded(run: Run, tmp_path: Path, verb: list[str]) -> None:
    code = (
        "import sys\nfrom ecotrack.cli.main import cli\n"
        f"cli(['-w', {str(tmp_path)!r}, *{verb!r}], standalone_mode=False)\n"
        "print(*(n for n in ('pandas', 'geopandas', 'folium') if n in sys.modules), file=sys.stderr)"
    )
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=surroundings)
    assert done.returncode == 0, done.stderr
    assert done.stderr.split() == []
