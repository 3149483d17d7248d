"""One engine in a process of its own: ``python -m benchmarks.child ENGINE FOLDER RESULT``."""

from __future__ import annotations

import json
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.engines import engine
from benchmarks.memory import forget_peak, peak_mb
from benchmarks.questions import QUESTIONS, Engine


def main(name: str, folder: Path, result: Path) -> None:
    """Ask every question once; write times to ``result`` (JSON) and answers beside it (.npz)."""
    with closing(engine(name, folder)) as found:
        _ask(found, name, result)


def _ask(found: Engine, name: str, result: Path) -> None:
    answers: dict[str, Any] = {}
    times: dict[str, Any] = {}
    for question in ("prepare", *QUESTIONS):
        forget_peak()
        cpu, wall = found.cpu_s(), time.perf_counter()
        answer = getattr(found, question)()
        times[question] = {
            "cpu_s": found.cpu_s() - cpu,
            "wall_s": time.perf_counter() - wall,
            "peak_mb": peak_mb(),
        }
        if answer is not None:
            answers[question] = answer
    np.savez(result.with_suffix(".npz"), **answers)
    result.write_text(json.dumps({"engine": name, "version": found.version(), "times": times}), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
