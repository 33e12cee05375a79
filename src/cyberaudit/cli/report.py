"""`cyberaudit report` and `cyberaudit replay`: what is stored, told again."""

from typing import Annotated

import typer

from cyberaudit.cli.help import FrenchCommand
from cyberaudit.cli.scan import All, Checks, FailOn, Json, Now, Output, Technical, fail_tier
from cyberaudit.cli.shared import folders, moment, shared


def register(app: typer.Typer) -> None:
    app.command("report", cls=FrenchCommand)(report)
    app.command("replay", cls=FrenchCommand)(replay)


def report(
    ctx: typer.Context,
    commune: Annotated[
        str | None,
        typer.Argument(metavar="COMMUNE", help="L'identifiant de la commune, s'il y en a plusieurs."),
    ] = None,
    output: Output = None,
    now: Now = None,
    checks: Checks = None,
    fail_on: FailOn = "urgent",
    everything: All = False,
    technical: Technical = False,
    as_json: Json = False,
) -> int:
    """Redit l'état de la commune à partir des contrôles gardés, sans rien envoyer."""
    from cyberaudit.cli import screen
    from cyberaudit.engine.catalogue import load_catalogue
    from cyberaudit.run.exit_code import exit_code
    from cyberaudit.run.report import report as walk

    wanted, tier = screen.outputs(output or ()), fail_tier(fail_on)
    catalogue = load_catalogue(folders(checks or ()))
    told = walk(shared(ctx).history_path, catalogue, commune=commune, now=moment(now))
    level = screen.detail(everything=everything, technical=technical)
    screen.show(told.view, shared(ctx), as_json=as_json, level=level)
    screen.write(told.view, wanted, level=level)
    return exit_code(told.plan, None, fail_on=tier, min_coverage=0)


def replay(
    ctx: typer.Context,
    audit: Annotated[
        str | None,
        typer.Argument(
            metavar="CONTRÔLE", help="Le début de son identifiant, ou un fichier .cya ; sinon le dernier."
        ),
    ] = None,
    now: Now = None,
    checks: Checks = None,
    fail_on: FailOn = "urgent",
    everything: All = False,
    technical: Technical = False,
    as_json: Json = False,
) -> int:
    """Juge un ancien contrôle avec les règles d'aujourd'hui, sans rien envoyer."""
    from cyberaudit.cli import screen
    from cyberaudit.engine.catalogue import load_catalogue
    from cyberaudit.run.exit_code import exit_code
    from cyberaudit.run.replay import replay as walk
    from cyberaudit.run.replay import stored_audit

    tier, catalogue = fail_tier(fail_on), load_catalogue(folders(checks or ()))
    stored = stored_audit(shared(ctx).history_path, audit)
    judged, told = walk(stored, catalogue, now=moment(now) if now else None)
    level = screen.detail(everything=everything, technical=technical)
    screen.show(told.view, shared(ctx), as_json=as_json, level=level)
    return exit_code(told.plan, judged, fail_on=tier, min_coverage=0)
