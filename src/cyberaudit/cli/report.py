"""`cyberaudit report` and `cyberaudit replay`: what is stored, told again."""

from typing import Annotated

import typer

from cyberaudit.cli.help import FrenchCommand
from cyberaudit.cli.options import (
    INCOMPLETE,
    All,
    Checks,
    FailOn,
    Json,
    MinCoverage,
    Now,
    Output,
    Technical,
    Why,
    fail_tier,
    percent,
)
from cyberaudit.cli.shared import folders, moment, shared, warn


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
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            metavar="PROFIL",
            help=(
                "Le profil d'aujourd'hui : ses plafonds, ses devis, ses dates adoptées et ses risques acceptés "
                "comptent. Le format sarif en cite les lignes."
            ),
        ),
    ] = None,
    now: Now = None,
    checks: Checks = None,
    fail_on: FailOn = "urgent",
    min_coverage: MinCoverage = "50",
    everything: All = False,
    technical: Technical = False,
    why: Why = False,
    as_json: Json = False,
) -> int:
    """Redit l'état de la commune à partir des contrôles gardés, sans rien envoyer."""
    from cyberaudit.cli import screen
    from cyberaudit.engine.catalogue import load_catalogue
    from cyberaudit.run.exit_code import exit_code
    from cyberaudit.run.report import report as walk

    wanted, tier = screen.outputs(output or ()), fail_tier(fail_on)
    level = screen.detail(everything=everything, technical=technical, why=why)
    catalogue, today = load_catalogue(folders(checks or ())), screen.profile_of(profile)
    told = walk(
        shared(ctx).history_path,
        catalogue,
        commune=commune,
        now=moment(now),
        with_levels=screen.tells_levels(wanted, as_json=as_json, level=level),
        profile=today.town if today else None,
    )
    places = screen.places(today, wanted)
    complaints = screen.write(told.view, wanted, level=level, places=places)
    screen.show(told.view, shared(ctx), as_json=as_json, level=level)
    for complaint in complaints:
        warn(complaint)
    coverage = percent(min_coverage)
    code = exit_code(told.state.findings, told.plan, partial=False, fail_on=tier, min_coverage=coverage)
    return max(code, INCOMPLETE) if complaints else code


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
    min_coverage: MinCoverage = "50",
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
    coverage = percent(min_coverage)
    return exit_code(judged.findings, told.plan, partial=False, fail_on=tier, min_coverage=coverage)
