"""Mutated files of every format: no crash, no silence, and whatever comes out ready is a valid polygon."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SECONDS = float(os.environ.get("ECOTRACK_FUZZ_SECONDS", "12"))
SEED = os.environ.get("ECOTRACK_FUZZ_SEED", "1")
DRIVER = Path(__file__).with_name("fuzz_readers.py")


@pytest.mark.long
def test_mutated_files_never_break_the_readers(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(DRIVER), str(SECONDS), SEED],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=SECONDS + 120,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, f"{done.stderr[-3000:]}\nthe file: {tmp_path / 'last.bin'}"
    told = json.loads(done.stdout.strip().splitlines()[-1])
    print(json.dumps(told, indent=1))
    assert told["examples"] > 20
    assert {"ready", "refused"} <= set(told["outcomes"])
    assert sum(told["lines_pct"].values()) / len(told["lines_pct"]) > 50
