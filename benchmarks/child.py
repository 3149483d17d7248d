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
from benchmarks.questions import QUESTIONS, Engine


def _reset_peak() -> None:
    """Start the kernel's high-water mark of memory again, where it can be (Linux)."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def _peak_mb() -> float:
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def main(name: str, folder: Path, result: Path) -> None:
    """Ask every question once; write times to ``result`` (JSON) and answers beside it (.npz)."""
    with closing(engine(name, folder)) as found:
        _ask(found, name, result)


def _ask(found: Engine, name: str, result: Path) -> None:
    answers: dict[str, Any] = {}
    times: dict[str, Any] = {}
    for question in ("prepare", *QUESTIONS):
        _reset_peak()
        cpu, wall = found.cpu_s(), time.perf_counter()
        answer = getattr(found, question)()
        times[question] = {
            "cpu_s": found.cpu_s() - cpu,
            "wall_s": time.perf_counter() - wall,
            "peak_mb": _peak_mb(),
        }
        if answer is not None:
            answers[question] = answer
    np.savez(result.with_suffix(".npz"), **answers)
    result.write_text(json.dumps({"engine": name, "version": found.version(), "times": times}), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
