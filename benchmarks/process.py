"""Child processes and what the kernel says that they cost."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.memory import peak_mb

ROOT = Path(__file__).parent.parent


class ChildFailed(RuntimeError):
    """A measured process ended with an error; its last words are the message."""


def run(arguments: Sequence[str], *, log: Path, timeout_s: float, good: Sequence[int] = (0,)) -> dict[str, float]:
    """Run this Python with ``arguments`` and return CPU seconds, wall seconds (`getrusage`) and peak memory.

    Parameters
    ----------
    log
        Takes what the process prints.
    timeout_s
        The process is ended after so long.
    good
        Exit codes that are no error.

    Raises
    ------
    ChildFailed
        It ended with an error or took too long.
    """
    paths = [str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "PYTHONUTF8": "1"}
    began = time.perf_counter()
    with log.open("wb") as out:
        child = subprocess.Popen([sys.executable, *arguments], stdout=out, stderr=out, env=environment, cwd=ROOT)
        usage, peak = _wait(child, timeout_s)
    wall_s = time.perf_counter() - began
    if child.returncode not in good:
        words = log.read_text(encoding="utf-8", errors="replace")[-600:]
        raise ChildFailed(f"more than {timeout_s:g} s" if wall_s > timeout_s else words or f"exit {child.returncode}")
    return {"cpu_s": usage.ru_utime + usage.ru_stime, "wall_s": wall_s, "peak_mb": peak}


def _wait(child: subprocess.Popen[bytes], timeout_s: float) -> tuple[Any, float]:
    """Return the kernel's account of the child, and its high-water mark as last read before it ended."""
    deadline, peak = time.perf_counter() + timeout_s, 0.0
    while True:
        peak = max(peak, peak_mb(child.pid))  # NaN, once it has ended, is larger than nothing
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            child.returncode = os.waitstatus_to_exitcode(status)
            return usage, peak
        if time.perf_counter() > deadline:
            child.terminate()
            deadline = time.perf_counter() + 30
        time.sleep(0.005)
