"""`cyberaudit status`: whether the weekly control is alive."""

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cyberaudit.cli.help import FrenchCommand
from cyberaudit.cli.options import Json, Now
from cyberaudit.cli.shared import moment, say, shared
from cyberaudit.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from cyberaudit.reports.status_text import Status

_UNWELL = 1
_AGE = re.compile(r"([1-9][0-9]{0,3})([hdwj])")
_HOURS = {"h": 1, "d": 24, "j": 24, "w": 168}


def register(app: typer.Typer) -> None:
    app.command("status", cls=FrenchCommand)(status)


def status(
    ctx: typer.Context,
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="PROFIL|COMMUNE",
            help="Le profil, ou l'identifiant d'une commune ; sinon toutes celles gardées.",
        ),
    ] = None,
    max_age: Annotated[
        str,
        typer.Option(
            "--max-age", metavar="DURÉE", help="Âge permis du dernier contrôle complet : 10d, 2w ou 36h."
        ),
    ] = "10d",
    now: Now = None,
    as_json: Json = False,
) -> int:
    """Dit si les contrôles se font, si le courrier part, et ce qui arrive à échéance.

    Le code de sortie est 1 quand le dernier contrôle complet est trop ancien ou que celui de la semaine a échoué,
    quand du courrier attend ou a été abandonné, ou quand une réponse, un risque accepté ou l'autorisation n'est plus
    valable.
    """
    from cyberaudit.cli.screen import this_screen
    from cyberaudit.reports import status_text

    found = _found(what, shared(ctx).history_path, now=moment(now), max_age=duration(max_age))
    if not shared(ctx).quiet:
        width = this_screen(shared(ctx)).width
        say(status_text.as_json(found) if as_json else status_text.render(found, width=width))
    return 0 if all(each.is_well for each in found) else _UNWELL


def _found(what: str | None, history: Path, *, now: "datetime", max_age: timedelta) -> "tuple[Status, ...]":
    from cyberaudit.run.status import status_of_profile, status_of_stored

    if what is not None and (what.endswith((".yaml", ".yml")) or "/" in what or Path(what).is_file()):
        return (status_of_profile(Path(what), history, now=now, max_age=max_age),)
    return status_of_stored(history, what, now=now, max_age=max_age)


def duration(text: str) -> timedelta:
    """`--max-age`.

    Raises:
        UsageError: not a number of hours, days or weeks.
    """
    read = _AGE.fullmatch(text)
    if read is None:
        raise UsageError(f"--max-age : « {text} » n'est pas une durée (exemples : 36h, 10d, 2w).")
    return timedelta(hours=int(read[1]) * _HOURS[read[2]])
