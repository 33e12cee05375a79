"""Questions asked on a terminal, one line at a time."""

import sys

from cyberaudit import french
from cyberaudit.cli.shared import on_a_terminal, say, write_prompt

_UNREADABLE = "\ufffd"


def can_ask() -> bool:
    """A person is there to read and to type."""
    return on_a_terminal() and sys.stdin is not None and sys.stdin.isatty()


def ask(prompt: str) -> str | None:
    """What the person typed; None when there is nobody any more (Ctrl-D)."""
    while True:
        write_prompt(french.typeset(prompt))
        line = sys.stdin.buffer.readline().decode(sys.stdin.encoding or "utf-8", "replace")
        if not line:
            say()
            return None
        if _UNREADABLE not in line:
            return " ".join(line.split())
        say("Ce texte n'est pas lisible : recommencez.")


def agreed(prompt: str) -> bool:
    """« oui » or « o », and nothing else."""
    return (ask(f"{prompt} [o/N] ") or "").casefold() in ("o", "oui", "y", "yes")
