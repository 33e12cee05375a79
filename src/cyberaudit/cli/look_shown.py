"""How what was looked at without a profile reaches the screen and the shell."""

from typing import TYPE_CHECKING

import typer

from cyberaudit.cli.options import begin_below
from cyberaudit.cli.shared import say, shared, warn

if TYPE_CHECKING:
    from cyberaudit.model import Audit
    from cyberaudit.reports.look_domain_points import Telling


def show(
    ctx: typer.Context,
    made: "Audit",
    *,
    as_json: bool,
    code: int | None = None,
    telling: "Telling | None" = None,
) -> int:
    """Print what was seen. `code`: for the shell; None: the usual one. `telling`: how much is told of domains."""
    from cyberaudit.reports.look import document_parts, points
    from cyberaudit.reports.look_domain_points import PLAIN
    from cyberaudit.run.look import look_code

    begin_below(partial=made.partial)
    if not (made.findings or made.observations):
        warn("Aucun contrôle ne sait encore juger cette cible : rien n'a été regardé.")
        return 3
    telling = telling or PLAIN
    if not shared(ctx).quiet:
        if as_json:
            parts = document_parts(made, telling.measures)
        else:
            # Imported here: what draws on screens takes its time, and programs read the other form.
            from cyberaudit.cli.screen import this_screen

            parts = iter((points(made, width=this_screen(shared(ctx)).width, telling=telling),))
        for part in parts:
            say(part)
    return look_code(made) if code is None else code
