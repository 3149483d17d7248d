"""Files beside the register: written whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from ecotrack.errors import Text, UnreadableFile

T = TypeVar("T")


def read_beside(path: Path, take: Callable[[Any], T], *, again: str) -> T | None:
    """Return what a document beside the register holds; ``None`` where there is none.

    Parameters
    ----------
    take
        Makes it of the JSON values; what it stumbles over says that the file is damaged, or of an older make.
    again
        The command that writes the file.

    Raises
    ------
    UnreadableFile
        The file is damaged.
    """
    if not path.exists():
        return None
    try:
        return take(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableFile(path, detail=error, hint=Text(f"请重新运行 {again}", f"run {again} again")) from error


def write_beside(path: Path, document: Any) -> Path:
    """Write a document as JSON in place of the one that was there, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(document, file, ensure_ascii=False)
        Path(beside).chmod(0o644)
        return Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
