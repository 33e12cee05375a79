"""How a running scan shows that it goes on, on standard error."""

import shutil
import sys

from cyberaudit.model import Progress


def rewritten_line(step: Progress) -> None:
    """On a terminal: the same line again, wiped when all is seen."""
    width = shutil.get_terminal_size((80, 24)).columns - 1
    text = f"{step.done}/{step.total}  {step.text}"[:width]
    if step.done == step.total:
        text = ""
    sys.stderr.write(f"\r{text:<{width}}\r{text}")
    sys.stderr.flush()


def plain_lines(step: Progress) -> None:
    """In a log or a mail: one line a step."""
    sys.stderr.write(f"{step.done}/{step.total} {step.text}\n")
    sys.stderr.flush()
