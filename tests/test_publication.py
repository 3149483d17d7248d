"""What was published can be computed again digit for digit, whatever is corrected or edited later."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ecotrack.errors import (
    FutureDate,
    MissingFile,
    UnknownDefinition,
    UnknownFigure,
    UnknownReceipt,
    UnreadableFile,
)
from ecotrack.figures import ground
from ecotrack.figures.afforestation import year_planting
from ecotrack.figures.definitions import DEFINITIONS
from ecotrack.figures.scoreboard import MEASURES, Scoreboard, TargetMeasure
from ecotrack.model import ProgressRecord
from ecotrack.publication import (
    Cell,
    Difference,
    find_receipt,
    publish,
    published_view,
    read_receipts,
    receipts,
    reproduce,
    restated,
)
from ecotrack.publication import definitions as publication_definitions
from ecotrack.publication.definitions import libraries
from ecotrack.register import audit, derived
from ecotrack.workspace import Workspace
from figure_cases import day, record
from publication_cases import AS_OF, TASK, corrected, entries, make_workspace, random_correction, write


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make_workspace(tmp_path)


def standing(workspace: Workspace) -> list[ProgressRecord]:
    with workspace.register() as register:
        return register.records()


def correct(workspace: Workspace, record_id: str, value: str) -> str:
    old = next(one for one in standing(workspace) if one.record_id == record_id)
    new = replace(corrected(old, random.Random(1)), value=Decimal(value))
    with workspace.register() as register:
        write(register, [new], author="赵六")
    return new.record_id


def value_of(receipt, row: str = "", column: int = 0) -> str | None:
    return [cell for cell in receipt.figure.cells if cell.row == row][column].value


def test_every_figure_of_the_scoreboard_gets_a_receipt_with_its_exact_value(workspace: Workspace) -> None:
    issued = {one.figure.figure_id: one for one in publish(workspace, as_of=AS_OF, by="张三")}
    board = workspace.view(as_of=AS_OF).to_json()
    for target in board["targets"]:
        value = target[f"value_{target['unit']}"]
        assert value_of(issued[target["id"]]) == (None if value is None else repr(value))
    funnel = board["funnel"][0]
    for step in ("assigned", "reported", "mapped", "accepted", "verified", "qualified"):
        receipt = issued[f"{TASK}/{step}"]
        assert value_of(receipt) == repr(funnel["total"][f"{step}_mu"])
        assert {row["code"]: value_of(receipt, row["code"]) for row in funnel["units"]} == {
            row["code"]: repr(row[f"{step}_mu"]) for row in funnel["units"]
        }
    (unit, *_) = board["units"]["responsible"]
    assert Cell(unit["code"], "accepted_mu", repr(unit["accepted_mu"])) in issued["units/responsible"].figure.cells
    assert {"units/territorial", "years", "programmes", "overlaps", "km_treated", f"{TASK}/rate"} <= set(issued)


def test_a_receipt_names_the_state_the_definitions_and_the_libraries(workspace: Workspace) -> None:
    with workspace.register() as register:
        head, known_at = register.head(), register.recorded_at(register.head().seq)
    (receipt,) = publish(workspace, as_of=AS_OF, figures=["ring"], by="张三")
    assert (receipt.head, receipt.known_at, receipt.as_of, receipt.by) == (head, known_at, AS_OF, "张三")
    assert receipt.libraries == libraries()
    assert {"ecotrack.toml", "layers/plots.toml", "geo/ring_zone.geojson"} <= set(receipt.files)
    assert receipt.figure.sketch
    with workspace.register() as register:
        assert receipts(register) == [receipt]
        assert audit(register).sound


def test_the_same_state_published_again_gives_the_same_receipts(workspace: Workspace) -> None:
    first = publish(workspace, as_of=AS_OF)
    with workspace.register() as register:
        head = register.head()
    assert publish(workspace, as_of=AS_OF) == first
    with workspace.register() as register:
        assert register.head() == head


def test_what_is_published_moves_no_figure(workspace: Workspace) -> None:
    before = workspace.view(as_of=AS_OF).to_json()
    publish(workspace, as_of=AS_OF)
    after = workspace.view(as_of=AS_OF).to_json()
    assert {**before, "register": None} == {**after, "register": None}


def test_receipts_hold_after_a_thousand_random_corrections(workspace: Workspace) -> None:
    dice = random.Random(20160601)
    issued = [*publish(workspace, as_of=AS_OF), *publish(workspace, as_of=day("2016-08-01"))]
    pool = standing(workspace)
    for batch in range(20):
        with workspace.register() as register:
            write(register, [random_correction(dice, pool) for _ in range(50)])
        if batch in (6, 13):
            issued += publish(workspace, as_of=AS_OF)
    found = reproduce(workspace, issued)
    assert [one.receipt.figure.figure_id for one in found if not one.equal] == []
    assert len({one.receipt.head.seq for one in found}) == 3
    moved = {one.receipt.receipt_id for one in restated(workspace)}
    first = {one.figure.figure_id: one.receipt_id for one in issued[: len(issued) // 4]}
    assert {first["lake"], first[f"{TASK}/reported"], first["year"]} <= moved


def test_receipts_hold_when_rules_and_geography_are_edited(workspace: Workspace) -> None:
    issued = publish(workspace, as_of=AS_OF, figures=["year", "ring", "units/territorial"])
    config = workspace.folder / "ecotrack.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('survival_counts_pct = "85"', 'survival_counts_pct = "95"'), encoding="utf-8")
    zone = workspace.folder / "geo" / "ring_zone.geojson"
    document = json.loads(zone.read_text(encoding="utf-8"))
    document["features"] = document["features"][:1]
    zone.write_text(json.dumps(document), encoding="utf-8")
    today = Workspace.open(workspace.folder)
    assert value_of(publish(today, as_of=AS_OF, figures=["year"])[0]) != value_of(issued[0])
    assert all(one.equal for one in reproduce(today, issued))


def test_a_correction_is_listed_as_restated_with_its_difference(workspace: Workspace) -> None:
    issued = {one.figure.figure_id: one for one in publish(workspace, as_of=AS_OF)}
    assert restated(workspace) == []
    record_id = correct(workspace, "report-131102-5", "512.25")
    moved = {one.receipt.figure.figure_id: one for one in restated(workspace)}
    assert set(moved) == {f"{TASK}/reported", f"{TASK}/rate"}
    reported = moved[f"{TASK}/reported"]
    assert [(d.row, d.published, d.found, d.by) for d in reported.differences] == [
        ("", "1503.0", "1515.25", "12.25"),
        ("131102", "500.0", "512.25", "12.25"),
    ]
    assert float(reported.differences[0].by_m2) == pytest.approx(12.25 * 10000 / 15, abs=1e-6)
    (cause,) = reported.causes
    assert (cause.kind, cause.entry_id, cause.corrects, cause.author) == (
        "correction", record_id, "report-131102-5", "赵六",
    )  # fmt: skip
    assert reported.receipt == issued[f"{TASK}/reported"]
    (newer,) = publish(workspace, as_of=AS_OF, figures=[f"{TASK}/reported"])
    assert {one.superseded_by for one in restated(workspace)} == {newer.receipt_id, None}


def test_a_record_of_a_later_day_restates_nothing(workspace: Workspace) -> None:
    publish(workspace, as_of=day("2016-05-01"))
    correct(workspace, "report-131102-5", "512.25")
    assert restated(workspace) == []


def test_kilometres_treated_are_published_by_work_and_unit_and_restated(workspace: Workspace) -> None:
    reach = workspace.features("reaches")[0]
    names = {"unit": "131102", "feature_id": reach.feature_id, "state": "完工"}
    work = record("reaches", "work", "2016-05-01", None, record_id="w", work="清淤", bank="双", **names)
    with workspace.register() as register:
        write(register, [work])
    (receipt,) = publish(workspace, as_of=AS_OF, figures=["km_treated"])
    assert any(cell.row for cell in receipt.figure.cells)
    assert float(value_of(receipt) or 0) > 0
    assert receipt.figure.sketch
    with workspace.register() as register:
        write(register, [replace(work, record_id="w2", corrects="w", state="反弹")])
    (moved,) = restated(workspace)
    assert moved.causes[0].corrects == "w"
    assert moved.differences[0].column == "清淤_km"


def test_a_correction_of_another_layer_restates_nothing(workspace: Workspace) -> None:
    publish(workspace, as_of=AS_OF, figures=["lake"])
    correct(workspace, "pm25-2016", "60")
    assert restated(workspace) == []


def test_another_library_version_is_told(workspace: Workspace) -> None:
    (receipt,) = publish(workspace, as_of=AS_OF, figures=["ring"])
    (found,) = reproduce(workspace, [replace(receipt, libraries=receipt.libraries | {"geos": "3.8.0"})])
    assert found.equal
    assert found.library_changes == {"geos": ("3.8.0", libraries()["geos"])}


def test_a_receipt_that_does_not_fit_the_register_is_told(workspace: Workspace) -> None:
    (receipt,) = publish(workspace, as_of=AS_OF, figures=["ring"])
    (found,) = reproduce(workspace, [replace(receipt, head=receipt.head._replace(sha256="0" * 64))])
    assert not found.same_chain
    assert not found.equal
    figure = replace(receipt.figure, cells=(Cell("", "value_km2", "0.5"), *receipt.figure.cells[1:]))
    (found,) = reproduce(workspace, [replace(receipt, figure=figure)])
    (difference,) = found.differences
    assert difference.found == value_of(receipt)
    assert Decimal(difference.by or "") == Decimal(difference.found or "") - Decimal("0.5")


def test_a_receipt_kept_elsewhere_convicts_a_register_that_was_rewritten(workspace: Workspace, tmp_path: Path) -> None:
    kept = tmp_path / "凭证.json"
    issued = publish(workspace, as_of=AS_OF)
    document = {"schema": "ecotrack.receipts/1", "receipts": [one.to_json() for one in issued]}
    kept.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    assert read_receipts(kept) == issued
    assert all(one.equal for one in reproduce(workspace, read_receipts(kept)))
    for path in workspace.register_path.parent.glob("ecotrack.gpkg*"):
        path.unlink()
    with workspace.register(create=True) as register:
        write(register, entries())
        assert audit(register).sound
    assert not any(one.same_chain or one.equal for one in reproduce(workspace, read_receipts(kept)))


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": "ecotrack.receipt/2"}', '{"schema": "ecotrack.receipt/1"}']
)
def test_a_file_that_holds_no_receipt_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableFile):
        read_receipts(tmp_path / "x.json")


@pytest.mark.parametrize(
    ("column", "by_m2"), [("value_km2", "1000000.000000"), ("accepted_mu", "666.666667"), ("rate_pct", None)]
)
def test_differences_of_areas_are_told_in_square_metres(column: str, by_m2: str | None) -> None:
    difference = Difference(row="", column=column, published="1.5", found="2.5")
    assert (difference.by, difference.by_m2) == ("1.0", by_m2)
    assert Difference(row="", column=column, published=None, found="2.5").by_m2 is None


def test_definitions_that_are_not_held_are_refused(workspace: Workspace) -> None:
    (receipt,) = publish(workspace, as_of=AS_OF, figures=["year"])
    with pytest.raises(UnknownDefinition):
        reproduce(workspace, [replace(receipt, definition="0")])


def test_a_large_file_is_kept_beside_the_register_and_missed_when_it_is_gone(workspace: Workspace) -> None:
    zone = workspace.folder / "geo" / "ring_zone.geojson"
    zone.write_text(zone.read_text(encoding="utf-8") + " " * 300_000, encoding="utf-8")
    issued = publish(workspace, as_of=AS_OF, figures=["ring"])
    zone.unlink()
    assert reproduce(workspace, issued)[0].equal
    with workspace.register() as register:
        for path in register.raw_folder.rglob(issued[0].files["geo/ring_zone.geojson"]):
            path.unlink()
    with pytest.raises(MissingFile):
        reproduce(workspace, issued)


def test_a_receipt_is_found_by_the_beginning_of_its_id(workspace: Workspace) -> None:
    issued = publish(workspace, as_of=AS_OF)
    with workspace.register() as register:
        assert find_receipt(register, issued[3].receipt_id[:13]) == issued[3]
        for name in ("", "zz", issued[0].receipt_id + "0"):
            with pytest.raises(UnknownReceipt):
                find_receipt(register, name)


def test_an_unknown_figure_or_a_day_to_come_is_refused_and_nothing_is_written(workspace: Workspace) -> None:
    with workspace.register() as register:
        head = register.head()
    with pytest.raises(UnknownFigure):
        publish(workspace, as_of=AS_OF, figures=["year", "trees"])
    with pytest.raises(FutureDate):
        publish(workspace, as_of=day("2999-01-01"))
    with workspace.register() as register:
        assert register.head() == head


class LaterDefinitions(Scoreboard):
    """Definitions as a later version may have them: the year is measured otherwise."""

    definition = "2"

    @property
    def measures(self) -> Mapping[str, TargetMeasure]:
        return MEASURES | {"year_planting": lambda board, t: replace(year_planting(t, board.plots), value=1.5)}


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new version stands beside the old one, as a release would bring it."""
    monkeypatch.setitem(DEFINITIONS, "2", LaterDefinitions)


def test_an_old_receipt_is_computed_by_its_old_definitions_after_new_ones_came(
    workspace: Workspace, request: pytest.FixtureRequest
) -> None:
    figures = ["year", "ring", f"{TASK}/qualified"]
    old = publish(workspace, as_of=AS_OF, figures=figures)
    request.getfixturevalue("later")
    assert workspace.view(as_of=AS_OF).to_json()["definition"] == "2"
    new = publish(workspace, as_of=AS_OF, figures=figures)
    assert ({one.definition for one in old}, {one.definition for one in new}) == ({"1"}, {"2"})
    assert (value_of(old[0]) == "1.5", value_of(new[0])) == (False, "1.5")
    assert all(one.equal for one in reproduce(workspace, [*old, *new]))
    # The records have not moved, so nothing is restated: a change of a definition is no correction.
    assert restated(workspace) == []
    correct(workspace, "check-p01", "0")
    year = {one.receipt.definition: one for one in restated(workspace) if one.receipt.figure.figure_id == "year"}
    assert "value_mu" in {one.column for one in year["1"].differences}
    assert all(one.equal for one in reproduce(workspace, [*old, *new]))


@pytest.mark.usefixtures("later")
def test_what_explains_an_old_receipt_are_its_old_definitions(workspace: Workspace) -> None:
    (receipt,) = publish(workspace, as_of=AS_OF, figures=["year"])
    with published_view(workspace, receipt) as view:
        assert view.scoreboard.definition == "2"
    with published_view(workspace, replace(receipt, definition="1")) as view:
        assert type(view.scoreboard) is Scoreboard


def test_pieces_rebuilt_by_another_kernel_are_told_with_the_difference_in_square_metres(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (receipt,) = publish(workspace, as_of=AS_OF, figures=["units/responsible"])
    exact = ground.measure

    def another(rows: Any, read: Any) -> Any:
        found = exact(rows, read)
        return found._replace(area_m2=found.area_m2 + 0.25)

    monkeypatch.setattr(ground, "measure", another)
    for room in (derived, publication_definitions):
        monkeypatch.setattr(room, "KERNEL", "another")
    (found,) = reproduce(workspace, [receipt])
    assert found.same_chain
    assert found.library_changes["kernel"] == (receipt.libraries["kernel"], "another")
    mapped = next(one for one in found.differences if (one.row, one.column) == ("", "mapped_mu"))
    # Twelve plots, a quarter of a square metre each.
    assert float(mapped.by_m2 or 0) == pytest.approx(3.0, abs=1e-4)


def test_restated_figures_name_the_plots_that_moved_them_and_by_how_much(workspace: Workspace) -> None:
    publish(workspace, as_of=AS_OF, figures=["year", f"{TASK}/qualified", "units/responsible", "lake"])
    correct_check(workspace, "check-p01", live=10)
    moved = {one.receipt.figure.figure_id: one for one in restated(workspace, by_plot=True)}
    assert set(moved) == {"year", f"{TASK}/qualified", "units/responsible"}
    for figure_id, one in moved.items():
        names = {change.feature_id for change in one.plots}
        assert "p01" in names
        (failed,) = [change for change in one.plots if change.feature_id == "p01"]
        assert (failed.found_m2, failed.reason_then) == (0, None)
        assert failed.reason_now is not None
        assert failed.reason_now.code == "failed"
        column = "value_mu" if figure_id == "year" else "qualified_mu"
        (whole,) = [d for d in one.differences if d.row == "" and d.column == column]
        assert sum(change.difference_m2 for change in one.plots) == pytest.approx(float(whole.by_m2 or 0), abs=1e-4)
    assert {change.figure_id for change in moved["units/responsible"].plots} == {"units/responsible/qualified"}
    # The neighbour takes over the ground that the failed plot let go.
    (heir,) = [change for change in moved["year"].plots if change.difference_m2 > 0]
    assert heir.feature_id == "p02"
    assert all(one.plots == () for one in restated(workspace))


def correct_check(workspace: Workspace, record_id: str, *, live: int) -> None:
    old = next(one for one in standing(workspace) if one.record_id == record_id)
    new = replace(
        old, record_id=f"{record_id}-again", corrects=record_id, fields=dict(old.fields) | {"holes_live": live}
    )
    with workspace.register() as register:
        write(register, [new])
