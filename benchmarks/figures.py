"""The benchmark of figures: ``python -m benchmarks.figures --plots 10000 --json result.json``, from a checkout."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.checks import against_full_union, agreement
from benchmarks.engines import ENGINES
from benchmarks.process import ChildFailed, run
from benchmarks.store import DataSet, data_set
from benchmarks.table import markdown
from benchmarks.whole import whole_runs

SCHEMA = "ecotrack.benchmark/1"
_FULL_UNION_PLOTS = 20_000  # above, where a full union takes minutes, ten tiles stand for the whole
_TIMEOUT_S, _PLOTS_IN_TIME = 900.0, 200_000
_DEFAULT = ("geopandas", "geopandas_plane", "duckdb", "sedonadb")

Times = dict[str, dict[str, float]]


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.figures", description=__doc__)
    parser.add_argument("--plots", type=int, default=10_000, help="10000, 200000 or 2000000")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peers", nargs="*", choices=ENGINES[1:], default=_DEFAULT, help="postgis only when named")
    parser.add_argument("--repeat", type=int, default=3, help="medians of so many runs")
    parser.add_argument("--timeout", type=float, help="seconds for one process; 900 for each 200000 plots if not given")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "ecotrack-bench")
    parser.add_argument("--json", type=Path, help="write the results here")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    """Run the benchmark; 0 where every answer agrees, else 1."""
    asked = _arguments(given)
    data = data_set(asked.cache, plots=asked.plots, seed=asked.seed)
    timeout_s = asked.timeout or _TIMEOUT_S * max(1.0, asked.plots / _PLOTS_IN_TIME)
    with tempfile.TemporaryDirectory(dir=asked.cache) as scratch:
        result = measure(data, ["ecotrack", *asked.peers], Path(scratch), repeat=asked.repeat, timeout_s=timeout_s)
    if asked.json:
        asked.json.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(markdown(result))
    return 0 if result["agrees"] else 1


def measure(data: DataSet, engines: Sequence[str], scratch: Path, *, repeat: int, timeout_s: float) -> dict[str, Any]:
    """Run every engine ``repeat`` times in turn, compare the answers, then time whole processes."""
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in engines}
    failed: dict[str, str] = {}
    for _ in range(repeat):
        for name in engines:
            if name not in failed:
                try:
                    runs[name].append(_one(name, data, scratch, timeout_s))
                except ChildFailed as error:
                    failed[name] = _last_line(error)
                    _say(f"{name}: {failed[name]}")
    answered = [name for name in engines if name not in failed]
    found = agreement({name: scratch / f"{name}.npz" for name in answered})
    union = _full_union(data)
    try:
        whole = [whole_runs(data, scratch, timeout_s=timeout_s) for _ in range(repeat)]
    except ChildFailed as error:
        whole, failed["whole process"] = [], _last_line(error)
    return {
        "schema": SCHEMA,
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "machine": _machine(),
        "repeat": repeat,
        "data": data.made,
        "agrees": "ecotrack" in answered and union["agrees"] and all(one["agrees"] for one in found.values()),
        "agreement": found,
        "full_union": union,
        "engines": {
            name: {"version": runs[name][0]["version"], "times": _medians([one["times"] for one in runs[name]])}
            for name in answered
        },
        "not_run": failed,
        "whole_process": _medians(whole),
    }


def _one(name: str, data: DataSet, scratch: Path, timeout_s: float) -> dict[str, Any]:
    _say(name)
    result = scratch / f"{name}.json"
    arguments = ["-m", "benchmarks.child", name, str(data.folder), str(result)]
    usage = run(arguments, log=scratch / f"{name}.log", timeout_s=timeout_s)
    found: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    found["times"]["process"] = usage
    return found


def _full_union(data: DataSet) -> dict[str, Any]:
    whole = data.made["plots"] <= _FULL_UNION_PLOTS
    return against_full_union(data.folder / "plots.parquet", seed=int(data.made["seed"]), whole=whole)


def _last_line(error: ChildFailed) -> str:
    return str(error).strip().splitlines()[-1]


def _medians(runs: Sequence[Times]) -> Times:
    def median(step: str, number: str) -> float:
        return round(statistics.median(one[step][number] for one in runs), 4)

    return {step: {number: median(step, number) for number in runs[0][step]} for step in runs[0]} if runs else {}


def _machine() -> dict[str, Any]:
    return {
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "load": [round(load, 1) for load in os.getloadavg()],
    }


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
