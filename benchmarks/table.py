"""The results of a benchmark as a table in Markdown: ``python -m benchmarks.table result.json``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.questions import QUESTIONS, TITLES

_NAMES = {"geopandas_plane": "geopandas (plane)", "duckdb": "DuckDB", "sedonadb": "SedonaDB", "postgis": "PostGIS"}
_WHOLE = {
    "cold": "cold: nothing computed before",
    "warm": "warm: once more",
    "changed": "after 100 changed plots",
}


def markdown(result: dict[str, Any]) -> str:
    """Return the tables of one result: CPU seconds by question and engine, and whole processes."""
    data = result["data"]
    heading = f"{data['plots']:,} plots, {data['vertices']:,} vertices, {data['records']:,} records"
    return "\n\n".join([f"### {heading}", _agreement(result), _questions(result["engines"]), _whole(result)])


def _agreement(result: dict[str, Any]) -> str:
    lines = [f"- full union: {result['full_union']['difference']:.1e} relative, {_word(result['full_union'])}"]
    for name, one in result["agreement"].items():
        lines.append(f"- {_name(name)}: largest difference {max(one['difference'].values()):.1e}, {_word(one)}")
    lines += [f"- {_name(name)}: not run ({why})" for name, why in result["not_run"].items()]
    return "Answers against ecotrack's:\n\n" + "\n".join(lines)


def _word(one: dict[str, Any]) -> str:
    return "agrees" if one["agrees"] else "**differs**"


def _name(engine: str) -> str:
    return _NAMES.get(engine, engine)


def _questions(engines: dict[str, Any]) -> str:
    def total(name: str) -> float:
        return sum(float(engines[name]["times"][question]["cpu_s"]) for question in QUESTIONS)

    def peak(name: str) -> float:
        return max(float(engines[name]["times"][question]["peak_mb"]) for question in QUESTIONS)

    rows = [
        [TITLES[question], *(f"{engines[name]['times'][question]['cpu_s']:.2f}" for name in engines)]
        for question in QUESTIONS
    ]
    rows.append(["**all questions**", *(f"**{total(name):.2f}**" for name in engines)])
    rows.append(["start, load, index", *(f"{engines[name]['times']['prepare']['cpu_s']:.2f}" for name in engines)])
    rows.append(["peak memory, MB", *(f"{peak(name):.0f}" for name in engines)])
    return _table(["CPU seconds", *map(_name, engines)], rows)


def _whole(result: dict[str, Any]) -> str:
    rows = [
        [words, *(f"{result['whole_process'][step][number]:.2f}" for number in ("cpu_s", "wall_s")),
         f"{result['whole_process'][step]['peak_mb']:.0f}"]
        for step, words in _WHOLE.items() if step in result["whole_process"]
    ]  # fmt: skip
    return _table(["`ecotrack stats --json`, whole process", "CPU s", "wall s", "peak MB"], rows)


def _table(heading: list[str], rows: list[list[str]]) -> str:
    lines = [heading, ["---", *["---:"] * (len(heading) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    print(markdown(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
