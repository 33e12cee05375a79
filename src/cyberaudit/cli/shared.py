"""What every command shares: the global options, how text reaches the screen, how words become values."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, time
from functools import cache
from pathlib import Path
from typing import TextIO

import typer

from cyberaudit import french
from cyberaudit.errors import NotSaved, UsageError
from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean
from cyberaudit.refusals import system_clause

FIRST_YEAR, LAST_YEAR = 2000, 2199


@frozen
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

        path = self.history or default_path()
        if not self.quiet:
            _announce_growth(path)
        return path


@cache
def _announce_growth(path: Path) -> None:
    """Said once, before the wait."""
    from cyberaudit.history.schema import DATABASE_VERSION, grows_up

    if grows_up(path):
        warn(
            f"L'historique passe à la version {DATABASE_VERSION}, une fois pour toutes. "
            "Cela peut prendre une minute."
        )


def shared(ctx: typer.Context) -> Shared:
    """The global options of this run."""
    options = ctx.find_object(Shared)
    assert options is not None
    return options


def say(text: str = "") -> None:
    """One answer on standard output; « \\udcff » and what a poor terminal cannot show become « ? »."""
    line = text if text.endswith("\n") else f"{text}\n"
    try:
        _write(sys.stdout, line)
    except BrokenPipeError:
        # The reader left (`| head`): nothing more to say to it, and everything else goes on.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise NotSaved(f"La réponse ne peut pas être écrite : {system_clause(error)}.") from error


def write_prompt(text: str) -> None:
    """A question on standard output; the answer is typed on the same line."""
    _write(sys.stdout, text)


def warn(text: str) -> None:
    """One remark on standard error, beside the answer."""
    with suppress(OSError):
        _write(sys.stderr, f"{french.typeset(text)}\n")


def _write(stream: TextIO | None, text: str) -> None:
    if stream is None:  # closed by whoever started us
        return
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()


def moment(text: str | None) -> datetime:
    """`--now`: an ISO date or time, UTC when it names no zone; the clock when not given.

    Raises:
        UsageError: not a date.
    """
    if text is None:
        return datetime.now(UTC)
    try:
        value = datetime.fromisoformat(text)
        if len(text) <= len("2026-11-21"):
            value = datetime.combine(value.date(), time(12), UTC)
        value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f"--now : « {clean(text)} » n'est pas une date (exemple : 2026-11-21 ou 2026-11-21T22:10)."
        ) from None
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise UsageError(f"--now : l'année doit être entre {FIRST_YEAR} et {LAST_YEAR}.")
    return value


def whole_number(text: str, *, option: str, least: int, most: int) -> int:
    """A number given as text.

    Raises:
        UsageError: not a number, or outside the bounds.
    """
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    if not digits or not least <= int(text) <= most:
        raise UsageError(f"{option} : « {clean(text)} » n'est pas un nombre de {least} à {most}.")
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
    stream: TextIO | None = sys.stderr if error else sys.stdout
    return stream is not None and stream.isatty()


def environment() -> dict[str, str]:
    return dict(os.environ)
