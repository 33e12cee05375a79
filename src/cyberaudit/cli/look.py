"""`cyberaudit look`: one probe and its checks on one target, without a profile."""

from typing import Annotated

import typer

from cyberaudit.cli.help import FrenchCommand, FrenchGroup
from cyberaudit.cli.scan import (
    AllowTest,
    CaBundle,
    Checks,
    ConnectTo,
    Ehlo,
    Json,
    Now,
    Resolver,
    probe_options,
)
from cyberaudit.cli.shared import folders, moment, say, shared


def register(app: typer.Typer) -> None:
    group = typer.Typer(cls=FrenchGroup, rich_markup_mode=None, no_args_is_help=False)
    group.command("domain", cls=FrenchCommand)(domain)
    app.add_typer(
        group, name="look", help="Regarde une seule chose, sans profil, comme un outil de diagnostic."
    )


def domain(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="DOMAINE", help="Le nom de domaine.")],
    authorized_by: Annotated[
        str,
        typer.Option("--authorized-by", metavar="NOM", help="Qui a donné l'autorisation écrite de regarder."),
    ] = "",
    now: Now = None,
    connect_to: ConnectTo = None,
    resolver: Resolver = None,
    ca_bundle: CaBundle = None,
    ehlo: Ehlo = None,
    allow_test_network: AllowTest = False,
    checks: Checks = None,
    as_json: Json = False,
) -> int:
    """Regarde ce qu'un nom de domaine dit de son courrier, et ses serveurs de courrier."""
    from cyberaudit.cli.screen import this_screen
    from cyberaudit.engine.catalogue import load_catalogue
    from cyberaudit.reports.look import as_document, points
    from cyberaudit.run.look import look_at_domain

    made = look_at_domain(
        name,
        load_catalogue(folders(checks or ())),
        probe_options(connect_to, resolver, ca_bundle, ehlo=ehlo, allow_test_network=allow_test_network),
        authorized_by=authorized_by,
        now=moment(now),
    )
    screen = this_screen(shared(ctx))
    if not shared(ctx).quiet:
        say(as_document(made) if as_json else points(made, width=screen.width))
    return 3 if made.partial or any(finding.status == "error" for finding in made.findings) else 0
