"""Docs: the CLI page is the commands' own, every key is documented, links lead somewhere, notices are complete."""

from __future__ import annotations

import re
from pathlib import Path

import click
import msgspec
import pytest

from ecotrack.cli.reference import commands, help_text, page
from ecotrack.model.layers import FieldDef, LayerDef, RecordKind, Style
from ecotrack.model.organisation import Unit
from ecotrack.model.targets import TargetDef
from ecotrack.settings import Rules, WorkspaceConfig

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
