"""Docs: the CLI page is the commands' own, every key is documented, links lead somewhere, notices are complete."""

from __future__ import annotations

import ast
import datetime as dt
import doctest
import re
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest
from shapely import box

from ecotrack.cli.reference import commands, help_text, page
from ecotrack.geometry.codec import to_wkb
from ecotrack.model import Decision, FeatureVersion, ProgressRecord, Submission
from ecotrack.model.layers import FieldDef, LayerDef, RecordKind, Style
from ecotrack.model.organisation import Unit
from ecotrack.model.targets import TargetDef
from ecotrack.register import Register, new_id
from ecotrack.settings import Rules, WorkspaceConfig
from ecotrack.workspace import Workspace
from publication_cases import make_workspace

ROOT = Path(__file__).resolve().parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "geo").glob("*.md"))]
COMMANDS = list(commands())

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_the_cli_page_is_current() -> None:
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == page(), "run: make docs"


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(path) for path, _ in COMMANDS])
def test_every_command_has_help_in_both_languages_with_an_example(
    path: tuple[str, ...], command: click.Command
) -> None:
    chinese, english = help_text(path, command, lang="zh"), help_text(path, command, lang="en")
    assert CHINESE.search(chinese)
    assert "示例" in chinese
    assert re.search(r"Examples?:", english)
    assert f"{path[0]} " in english.split("Example")[-1]
    described = english.split("Example")[0]
    assert len(re.findall(r"[A-Za-z]{3,}", described)) > 5


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(path) for path, _ in COMMANDS])
def test_every_option_is_described_in_both_languages(path: tuple[str, ...], command: click.Command) -> None:
    for lang in ("zh", "en"):
        told = help_text(path, command, lang="zh" if lang == "zh" else "en")
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert parameter.help, f"{parameter.name} has no help"
                assert parameter.opts[-1] in told


def test_one_chinese_text_has_one_english_text() -> None:
    english: dict[str, set[str]] = {}
    for module in (ROOT / "src" / "ecotrack" / "cli").glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
                chinese, translated = (ast.unparse(argument) for argument in node.args)
                english.setdefault(chinese, set()).add(translated)
    assert {chinese: found for chinese, found in english.items() if len(found) > 1} == {}
    assert len(english) > 20


@pytest.mark.parametrize("kind", [WorkspaceConfig, Rules, Unit, TargetDef, LayerDef, Style, FieldDef, RecordKind])
def test_every_key_of_a_workspace_is_documented(kind: type[msgspec.Struct]) -> None:
    text = (ROOT / "docs" / "workspace.md").read_text(encoding="utf-8")
    keys = {field.encode_name for field in msgspec.structs.fields(kind)} - {"rules", "units", "targets", "code_lists"}
    assert {key for key in keys if f"`{key}`" not in text and f"[{key}]" not in text} <= {"records"}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_inside_the_repository_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8"))
    inside = [target for target in targets if "://" not in target and not target.startswith("mailto:")]
    assert [target for target in inside if not (path.parent / target).exists()] == []


def test_the_notices_name_every_pinned_dependency_with_its_version() -> None:
    text = (ROOT / "THIRD_PARTY_NOTICES.md").read_text(encoding="utf-8")
    pins = re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "requirements/core.txt").read_text(encoding="utf-8"), re.M)
    rows = dict(re.findall(r"^\| ([a-z0-9-]+) \| ([^|]+) \|", text, re.M))
    assert [pin for pin in pins if pin[1] not in rows.get(pin[0], "")] == []


def test_the_version_is_the_same_everywhere_it_is_told() -> None:
    import ecotrack

    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"[{ecotrack.__version__}]" in changelog or "[Unreleased]" in changelog


def test_decisions_are_numbered_once_and_have_a_status() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [record.name[:4] for record in records]
    assert len(numbers) == len(set(numbers))
    assert [r.name for r in records if not re.search(r"^Status: \w+", r.read_text(encoding="utf-8"), re.M)] == []


@pytest.fixture(scope="module")
def scoreboard(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the JSON of a workspace with a task, a report, work on a reach and two plots on one spot."""
    folder = tmp_path_factory.mktemp("workspace")
    shutil.copy(ROOT / "ecotrack.toml", folder)
    for name in ("layers", "geo"):
        shutil.copytree(ROOT / name, folder / name)
    day, spot = dt.date(2016, 4, 20), to_wkb(box(115.70, 37.70, 115.71, 37.71))
    reach = Workspace.open(folder).features("reaches")[0].feature_id
    task = {"title": "试验任务", "kind": "造林", "level": "市", "season": "2016-spring"}
    series: list[dict[str, Any]] = [
        {"layer": "tasks", "kind": "task", "unit": "131102", "value": Decimal(100), "value_unit": "mu", "fields": task},
        {"layer": "reports", "kind": "report", "unit": "131102", "value": Decimal(50), "value_unit": "mu"},
        {
            "layer": "reaches",
            "kind": "work",
            "feature_id": reach,
            "state": "完工",
            "fields": {"work": "清淤", "bank": "双"},
        },
    ]
    path = folder / "register" / "ecotrack.gpkg"
    with Register.create(path, office="trial") as register, register.writer(author="试验") as writer:
        for record in series:
            own = {"task_id": "t1"} if record["layer"] in {"tasks", "reports"} else {}
            writer.add(ProgressRecord(record_id=new_id(), effective_on=day, **own, **record))
        writer.add(Submission(submission_id="s1", layer="plots", submitted_on=day, unit="131102"))
        for unit in ("131102", "131103"):
            named = {"unit": unit, "season": "2016-spring", "kind": "造林", "programme": "环湖绿化"}
            plot = f"plot-{unit}"
            version = FeatureVersion(
                version_id=plot,
                feature_id=plot,
                layer="plots",
                submission_id="s1",
                effective_on=day,
                wkb=spot,
                task_id="t1",
                **named,  # type: ignore[arg-type]
            )
            writer.add(version)
            verdict = {"subject": "version", "subject_id": plot, "verdict": "accept", "reviewer": "试验"}
            writer.add(Decision(decision_id=new_id(), decided_on=day, **verdict))
    return Workspace.open(folder).view(as_of=dt.date(2016, 12, 31)).to_json()


def keys_of(value: object) -> Iterator[str]:
    """Yield every key of a JSON value, but those inside ``details``, which differ by measure."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if key != "details":
                yield from keys_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys_of(inner)


def test_every_key_of_the_scoreboard_is_documented(scoreboard: dict[str, Any]) -> None:
    text = (ROOT / "docs" / "json-schema.md").read_text(encoding="utf-8")
    units = "|".join(sorted({target["unit"] for target in scoreboard["targets"]}, key=len, reverse=True))
    keys = {
        re.sub(rf"^(value|target|ceiling|low|high|\w+_per_month)_({units})$", r"\1_<unit>", key)
        for key in keys_of(scoreboard)
    }
    documented = set(re.findall(r"[`.]([a-z0-9_<>]+)(?:\[\])?(?=[`.])", text))
    assert keys - documented == set()
    assert scoreboard["overlaps"]["count"] == 1
    assert scoreboard["funnel"][0]["units"]


def test_every_documented_key_of_the_scoreboard_is_there(scoreboard: dict[str, Any]) -> None:
    text = (ROOT / "docs" / "json-schema.md").read_text(encoding="utf-8")
    first_cells = re.findall(r"^\| (`[^|]+) \|", text.split("## `targets[]`")[0], re.M)
    assert set(re.findall(r"`([a-z_]+)`", " ".join(first_cells))) == set(scoreboard)


@pytest.mark.parametrize("name", ["figures.md", "receipts.md"])
def test_the_worked_examples_of_the_docs_run(name: str, tmp_path: Path) -> None:
    path = ROOT / "docs" / name
    given = {"workspace": make_workspace(tmp_path)} if name == "receipts.md" else {}
    found = doctest.testfile(str(path), module_relative=False, globs=given, encoding="utf-8")
    assert found.attempted > 5
    assert found.failed == 0
