"""How a running scan shows that it goes on, on standard error."""

import shutil
import sys
from contextlib import suppress

from cyberaudit.model import Progress


def rewritten_line(step: Progress) -> None:
    """On a terminal: the same line again, wiped when all is seen."""
    width = shutil.get_terminal_size((80, 24)).columns - 1
    text = f"{step.done}/{step.total}  {step.text}"[:width]
    if step.done == step.total:
        text = ""
    _show(f"\r{text:<{width}}\r{text}")


def plain_lines(step: Progress) -> None:
    """In a log or a mail: one line a step."""
    _show(f"{step.done}/{step.total} {step.text}\n")


def _show(text: str) -> None:
    """A broken or closed standard error must not cost a running scan."""
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(text)
        sys.stderr.flush()
