"""What every command shares: the global options, how text reaches the screen, how words become values."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

import typer

from cyberaudit.errors import UsageError


@dataclass(frozen=True, slots=True)
class Shared:
    """The global options, as given before or after the command."""

    simple: bool
    quiet: bool
    verbose: bool
    log_json: bool
    history: Path | None

    @property
    def history_path(self) -> Path:
        from cyberaudit.history.store import default_path

        return self.history or default_path()


def shared(ctx: typer.Context) -> Shared:
    """The global options of this run."""
    options = ctx.find_object(Shared)
    assert options is not None
    return options


def say(text: str = "") -> None:
    """One answer on standard output; « \\udcff » and what a poor terminal cannot show become « ? »."""
    encoding = sys.stdout.encoding or "utf-8"
    line = text if text.endswith("\n") else f"{text}\n"
    sys.stdout.write(line.encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()


def warn(text: str) -> None:
    """One remark on standard error, beside the answer."""
    encoding = sys.stderr.encoding or "utf-8"
    sys.stderr.write(f"{text}\n".encode(encoding, "replace").decode(encoding))
    sys.stderr.flush()


def moment(text: str | None) -> datetime:
    """`--now`: an ISO date or time, UTC when it names no zone; the clock when not given.

    Raises:
        UsageError: not a date.
    """
    if text is None:
        return datetime.now(UTC)
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"--now : « {text} » n'est pas une date (exemple : 2026-11-21 ou 2026-11-21T22:10)."
        ) from None
    if len(text) <= len("2026-11-21"):
        value = datetime.combine(value.date(), time(12), UTC)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def whole_number(text: str, *, option: str, least: int, most: int) -> int:
    """A number given as text.

    Raises:
        UsageError: not a number, or outside the bounds.
    """
    if not text.isdigit() or not least <= int(text) <= most:
        raise UsageError(f"{option} : « {text} » n'est pas un nombre de {least} à {most}.")
    return int(text)


def folders(texts: Sequence[str], *, option: str = "--checks") -> tuple[Path, ...]:
    """Folders of checks that exist.

    Raises:
        UsageError: one of them is not a folder.
    """
    for text in texts:
        if not Path(text).is_dir():
            raise UsageError(f"{option} : « {text} » n'est pas un dossier.")
    return tuple(Path(text) for text in texts)


def on_a_terminal(*, error: bool = False) -> bool:
    """Whether a person is looking."""
    return (sys.stderr if error else sys.stdout).isatty()


def environment() -> dict[str, str]:
    return dict(os.environ)
