"""Whole texts compared with the files of tests/golden; `CYBERAUDIT_ACCEPT=1` rewrites them."""

import os
from pathlib import Path

GOLDEN = Path(__file__).parent.parent / "golden"


def golden(name: str, text: str) -> str:
    """The text expected under `name`; `text` itself becomes it when rewriting is asked for."""
    path = GOLDEN / name
    if os.environ.get("CYBERAUDIT_ACCEPT") == "1":
        path.write_text(text, encoding="utf-8")
    return path.read_text(encoding="utf-8")
