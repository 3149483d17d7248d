"""Peak memory of a process by the kernel's own mark, which begins anew with each program.

``getrusage`` is no measure of a child: it counts in what the parent held when it forked.
"""

from __future__ import annotations

from math import nan
from pathlib import Path


def forget_peak() -> None:
    """Start this process's high-water mark again, where the kernel lets one."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def peak_mb(process: int | str = "self") -> float:
    """Return the highest resident memory so far, MB; NaN where it cannot be read: no Linux, or it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return nan
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), nan)
