"""A list of records is read as it is gone through, and shows what stands."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import pytest

from ecotrack.model import ProgressRecord
from ecotrack.progress import current
from ecotrack.register import Register

FIRST = dt.date(2016, 5, 1)


def records(dice: random.Random) -> list[ProgressRecord]:
    """Records of two layers, a third of which correct one before them, corrections too."""
    made: list[ProgressRecord] = []
    for number in range(60):
        layer = dice.choice(["air", "lake"])
        before = [one for one in made if one.layer == layer]
        corrects = dice.choice(before).record_id if before and dice.random() < 0.35 else None
        given = {"feature_id": dice.choice(["a", "b"]), "effective_on": FIRST, "corrects": corrects}
        made.append(ProgressRecord(record_id=f"r{number}", layer=layer, kind="level", **given))
    return made


@pytest.mark.parametrize("seed", range(5))
def test_what_is_listed_is_what_stands(tmp_path: Path, seed: int) -> None:
    with Register.create(tmp_path / "r.gpkg", office="hengshui") as register:
        with register.writer(author="张三") as writer:
            for one in records(random.Random(seed)):
                writer.add(one)
        for layer in (None, "air", "lake"):
            recorded = register.records(layer=layer)
            assert list(register.listed_records(layer=layer)) == current(recorded)
            assert list(register.listed_records(layer=layer, corrected=True)) == recorded


def test_a_list_is_narrowed_by_feature_and_day_and_cut(tmp_path: Path) -> None:
    with Register.create(tmp_path / "r.gpkg", office="hengshui") as register:
        with register.writer(author="张三") as writer:
            for day in range(10):
                given = {"feature_id": "ab"[day % 2], "effective_on": FIRST + dt.timedelta(days=day)}
                writer.add(ProgressRecord(record_id=f"r{day}", layer="air", kind="pm25", **given))
        some = register.listed_records(feature_id="b", as_of=FIRST + dt.timedelta(days=6))
        assert [one.record_id for one in some] == ["r1", "r3", "r5"]
        assert [one.record_id for one in some[-2:]] == ["r3", "r5"]
        assert (len(some), some[0].record_id, some[-1].record_id) == (3, "r1", "r5")
