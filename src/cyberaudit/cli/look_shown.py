"""How what was looked at without a profile reaches the screen and the shell."""

from typing import TYPE_CHECKING

import typer

from cyberaudit.cli.options import begin_below
from cyberaudit.cli.shared import say, shared, warn

if TYPE_CHECKING:
    from cyberaudit.model import Audit


def show(ctx: typer.Context, made: "Audit", *, as_json: bool, code: int | None = None) -> int:
    """Print what was seen. `code`: for the shell; None: the usual one."""
    from cyberaudit.cli.screen import this_screen
    from cyberaudit.reports.look import document_parts, points
    from cyberaudit.run.look import look_code

    begin_below(partial=made.partial)
    if not (made.findings or made.observations):
        warn("Aucun contrôle ne sait encore juger cette cible : rien n'a été regardé.")
        return 3
    if not shared(ctx).quiet:
        parts = document_parts(made) if as_json else (points(made, width=this_screen(shared(ctx)).width),)
        for part in parts:
            say(part)
    return look_code(made) if code is None else code
