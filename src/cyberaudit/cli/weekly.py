"""`cyberaudit weekly`: the whole week in one command, for a schedule."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cyberaudit.cli.help import FrenchCommand
from cyberaudit.cli.options import (
    AllowTest,
    AllPorts,
    BackupRoot,
    CaBundle,
    Checks,
    Config,
    ConnectTo,
    FailOn,
    Json,
    MaxRate,
    MinCoverage,
    NameWishes,
    Now,
    Output,
    Ports,
    ProfilePath,
    RdapBootstrap,
    RelayAt,
    Resolver,
    RootHints,
    TrustAnchor,
    Vantage,
    Whois,
    fail_tier,
    percent,
    probe_options,
    progress,
)
from cyberaudit.cli.shared import Shared, folders, moment, on_a_terminal, say, shared, warn

if TYPE_CHECKING:
    from cyberaudit.probes.instruments import Options
    from cyberaudit.run.scan import Request
    from cyberaudit.run.weekly import Week, Weekly

Outputs = tuple[tuple[str, Path], ...]

Keep = Annotated[
    str,
    typer.Option(
        "--keep", metavar="DURÉE", help="Ce qui est plus vieux quitte l'historique : 24m ; never garde tout."
    ),
]


def register(app: typer.Typer) -> None:
    app.command("weekly", cls=FrenchCommand)(weekly)


def weekly(
    ctx: typer.Context,
    profile: ProfilePath,
    vantage: Vantage = None,
    output: Output = None,
    keep: Keep = "24m",
    now: Now = None,
    connect_to: ConnectTo = None,
    resolver: Resolver = None,
    ca_bundle: CaBundle = None,
    trust_anchor: TrustAnchor = None,
    root_hints: RootHints = None,
    rdap_bootstrap: RdapBootstrap = None,
    whois: Whois = None,
    allow_test_network: AllowTest = False,
    max_rate: MaxRate = None,
    ports: Ports = None,
    all_ports: AllPorts = False,
    backup_root: BackupRoot = None,
    config: Config = None,
    relay_at: RelayAt = "",
    checks: Checks = None,
    fail_on: FailOn = "urgent",
    min_coverage: MinCoverage = "50",
    as_json: Json = False,
) -> int:
    """Contrôle la commune, compare, écrit à la mairie : le travail de chaque semaine, pour un planning.

    Rien n'est montré quand tout s'est bien passé. Un profil ou une autorisation à corriger est signalé au prestataire
    par courrier. Le code de sortie est le plus grave : 130, puis 2, 4, 3, 1, 0.
    """
    from cyberaudit.cli.screen import outputs

    wanted = outputs(output or ())
    looking = probe_options(
        connect_to,
        resolver,
        ca_bundle,
        ehlo=None,
        allow_test_network=allow_test_network,
        max_rate=max_rate,
        ports=ports,
        all_ports=all_ports,
        backup_root=backup_root,
        names=NameWishes(trust_anchor, root_hints, rdap_bootstrap, whois),
    )
    request = _request(ctx, profile, looking, wanted, vantage=vantage, now=now, config=config, checks=checks)
    week = _week(request, wanted, fail_on=fail_on, min_coverage=min_coverage, keep=keep, relay_at=relay_at)
    return _walked(week, shared(ctx), as_json=as_json)


def _request(
    ctx: typer.Context,
    profile: str,
    looking: "Options",
    wanted: Outputs,
    *,
    vantage: str | None,
    now: str | None,
    config: str | None,
    checks: list[str] | None,
) -> "Request":
    from cyberaudit.cli.screen import tells_levels
    from cyberaudit.reports.console import Detail
    from cyberaudit.run.scan import Request

    return Request(
        profile=Path(profile),
        history=shared(ctx).history_path,
        options=looking,
        now=moment(now),
        clock=moment(None),
        vantage=vantage,
        check_folders=folders(checks or ()),
        config=Path(config) if config else None,
        with_levels=tells_levels(wanted, as_json=False, level=Detail.ALL),
    )


def _week(
    request: "Request", wanted: Outputs, *, fail_on: str, min_coverage: str, keep: str, relay_at: str
) -> "Week":
    from cyberaudit.cli import screen
    from cyberaudit.reports.console import Detail
    from cyberaudit.run.past import read_months
    from cyberaudit.run.weekly import Week

    return Week(
        request,
        fail_on=fail_tier(fail_on),
        min_coverage=percent(min_coverage),
        keep_months=None if keep == "never" else read_months(keep),
        relay_at=relay_at,
        clock=lambda: moment(None),
        write=lambda scanned: screen.write(scanned.told.view, wanted, level=Detail.ALL),
    )


def _walked(week: "Week", options: Shared, *, as_json: bool) -> int:
    from cyberaudit.run.weekly import weekly as walk

    done = walk(week, progress=progress(quiet=options.quiet or not on_a_terminal(error=True)))
    if as_json:
        say(_document(done))
    elif not options.quiet and (options.verbose or on_a_terminal()):
        say(_summary(done))
    remarks = done.remarks if options.verbose or on_a_terminal() else []
    for sentence in (*done.complaints, *remarks):
        warn(sentence)
    return int(done.code)


def _summary(done: "Weekly") -> str:
    from cyberaudit import french

    what = "Contrôle enregistré" if done.scanned else "Pas de contrôle"
    mail = french.count(done.mail.sent, "courrier envoyé", "courriers envoyés")
    return french.typeset(
        f"{what} ; {mail}, {done.mail.waiting} en attente ; code de sortie {int(done.code)}."
    )


def _document(done: "Weekly") -> str:
    document = {
        "schema_version": 1,
        "code": int(done.code),
        "audit": done.scanned.audit.uuid if done.scanned else None,
        "mail": {"sent": done.mail.sent, "waiting": done.mail.waiting, "refused": done.mail.refused},
        "complaints": list(done.complaints),
        "remarks": list(done.remarks),
    }
    return json.dumps(document, ensure_ascii=False, indent=2)
