"""The engines that are measured, each in a module that only its own child process imports."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from benchmarks.questions import Engine

ENGINES = ("ecotrack", "geopandas", "geopandas_plane", "duckdb", "sedonadb", "postgis")


def engine(name: str, folder: Path) -> Engine:
    """Return the engine of one of the names in `ENGINES` over the data in ``folder``.

    Raises
    ------
    ModuleNotFoundError
        Its packages are not installed (requirements/bench.txt).
    """
    module = import_module(f"benchmarks.engines.{name}_engine")
    result: Engine = module.make(folder)
    return result
