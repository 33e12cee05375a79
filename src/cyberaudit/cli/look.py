"""`cyberaudit look`: one probe and its checks on one target, without a profile."""

from typing import Annotated

import typer

from cyberaudit.cli.help import FrenchCommand, FrenchGroup
from cyberaudit.cli.look_backup import backup
from cyberaudit.cli.look_names import MAIL_HELP, domain, spf
from cyberaudit.cli.look_shown import show
from cyberaudit.cli.options import (
    AllowTest,
    AllPorts,
    AuthorizedBy,
    CaBundle,
    Checks,
    ConnectTo,
    FailOn,
    Json,
    MaxRate,
    Now,
    Ports,
    Renegotiate,
    Resolver,
    ServerName,
    Starttls,
    VpnPort,
    VpnType,
    WireguardConfig,
    fail_tier,
    probe_options,
    progress_of_look,
)
from cyberaudit.cli.shared import folders, moment, shared


def register(app: typer.Typer) -> None:
    group = typer.Typer(cls=FrenchGroup, rich_markup_mode=None, no_args_is_help=False)
    group.command("domain", cls=FrenchCommand)(domain)
    group.command("mail", cls=FrenchCommand, help=MAIL_HELP)(domain)
    for name, command in (
        ("spf", spf),
        ("ports", ports),
        ("tls", tls),
        ("vpn", vpn),
        ("backup", backup),
    ):
        group.command(name, cls=FrenchCommand)(command)
    app.add_typer(
        group, name="look", help="Regarde une seule chose, sans profil, comme un outil de diagnostic."
    )


def ports(
    ctx: typer.Context,
    target: Annotated[str, typer.Argument(metavar="CIBLE", help="Une adresse IP ou un nom.")],
    authorized_by: AuthorizedBy = "",
    ports: Ports = None,
    all_ports: AllPorts = False,
    now: Now = None,
    connect_to: ConnectTo = None,
    resolver: Resolver = None,
    allow_test_network: AllowTest = False,
    max_rate: MaxRate = None,
    checks: Checks = None,
    as_json: Json = False,
) -> int:
    """Frappe aux portes qui comptent pour une mairie, et dit lesquelles s'ouvrent."""
    from cyberaudit.engine.catalogue import load_catalogue
    from cyberaudit.run.look import look_at_ports

    options = probe_options(
        connect_to,
        resolver,
        None,
        ehlo=None,
        allow_test_network=allow_test_network,
        max_rate=max_rate,
        ports=ports,
        all_ports=all_ports,
    )
    catalogue = load_catalogue(folders(checks or ()), themes=("firewall",))
    made = look_at_ports(
        target,
        catalogue,
        options,
        authorized_by=authorized_by,
        now=moment(now),
        progress=progress_of_look(quiet=shared(ctx).quiet),
    )
    return show(ctx, made, as_json=as_json)


def tls(
    ctx: typer.Context,
    target: Annotated[
        str, typer.Argument(metavar="HÔTE[:PORT]", help="Le serveur chiffré ; port 443 par défaut.")
    ],
    authorized_by: AuthorizedBy = "",
    starttls: Starttls = None,
    name: ServerName = None,
    renegotiate: Renegotiate = False,
    now: Now = None,
    connect_to: ConnectTo = None,
    resolver: Resolver = None,
    ca_bundle: CaBundle = None,
    allow_test_network: AllowTest = False,
    max_rate: MaxRate = None,
    checks: Checks = None,
    fail_on: FailOn = "urgent",
    as_json: Json = False,
) -> int:
    """Énumère ce qu'un serveur chiffré accepte : versions, suites, groupes, certificats, options."""
    from cyberaudit.engine.catalogue import load_catalogue
    from cyberaudit.run.look import look_at_tls, look_code

    counts = fail_tier(fail_on)
    options = probe_options(
        connect_to,
        resolver,
        ca_bundle,
        ehlo=None,
        allow_test_network=allow_test_network,
        max_rate=max_rate,
        starttls=starttls,
    )
    catalogue = load_catalogue(folders(checks or ()), themes=("vpn",))
    made = look_at_tls(
        target,
        catalogue,
        options,
        authorized_by=authorized_by,
        now=moment(now),
        name=name or "",
        renegotiate=renegotiate,
        progress=progress_of_look(quiet=shared(ctx).quiet),
    )
    code = look_code(made, fail_on=counts, measures=catalogue.remedies.measures)
    return show(ctx, made, as_json=as_json, code=code)


def vpn(
    ctx: typer.Context,
    target: Annotated[str, typer.Argument(metavar="CIBLE", help="Une adresse IP ou un nom.")],
    authorized_by: AuthorizedBy = "",
    kind: VpnType = None,
    port: VpnPort = None,
    wireguard_config: WireguardConfig = None,
    now: Now = None,
    connect_to: ConnectTo = None,
    resolver: Resolver = None,
    ca_bundle: CaBundle = None,
    allow_test_network: AllowTest = False,
    max_rate: MaxRate = None,
    checks: Checks = None,
    fail_on: FailOn = "urgent",
    as_json: Json = False,
) -> int:
    """Cherche les accès à distance d'une machine (IPsec, OpenVPN, SSL…), et ce que chacun accepte."""
    from cyberaudit.engine.catalogue import load_catalogue
    from cyberaudit.run.look import look_at_vpn, look_code

    counts = fail_tier(fail_on)
    options = probe_options(
        connect_to,
        resolver,
        ca_bundle,
        ehlo=None,
        allow_test_network=allow_test_network,
        max_rate=max_rate,
        wireguard_config=wireguard_config,
    )
    catalogue = load_catalogue(folders(checks or ()), themes=("vpn",))
    made = look_at_vpn(
        target,
        catalogue,
        options,
        authorized_by=authorized_by,
        now=moment(now),
        kind=kind or "",
        port=port or "",
        progress=progress_of_look(quiet=shared(ctx).quiet),
    )
    code = look_code(made, fail_on=counts, measures=catalogue.remedies.measures)
    return show(ctx, made, as_json=as_json, code=code)
