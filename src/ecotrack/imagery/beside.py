"""Files beside the register: written whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any


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
