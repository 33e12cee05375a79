"""`cyberaudit verify`: a few points looked at again, before and after."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cyberaudit.cli.help import FrenchCommand
from cyberaudit.cli.options import (
    AllowTest,
    BackupRoot,
    CaBundle,
    Checks,
    Config,
    ConnectTo,
    Deep,
    DkimSelector,
    Ehlo,
    Json,
    MaxRate,
    NameWishes,
    Now,
    ProfilePath,
    RdapBootstrap,
    Resolver,
    RootHints,
    TrustAnchor,
    Vantage,
    Whois,
    WireguardConfig,
    begin_below,
    probe_options,
    progress,
)
from cyberaudit.cli.shared import Shared, folders, moment, say, shared, warn

if TYPE_CHECKING:
    from cyberaudit.run.scan import Request


def register(app: typer.Typer) -> None:
    app.command("verify", cls=FrenchCommand)(verify)


def verify(
    ctx: typer.Context,
    target: Annotated[
        str,
        typer.Argument(
            metavar="CONTRÔLE[@CHOSE]",
            help="mail.spf, mail.spf@main pour une seule chose, ou une mesure du plan et tous ses contrôles.",
        ),
    ],
    profile: ProfilePath,
    vantage: Vantage = None,
    now: Now = None,
    connect_to: ConnectTo = None,
    resolver: Resolver = None,
    ca_bundle: CaBundle = None,
    trust_anchor: TrustAnchor = None,
    root_hints: RootHints = None,
    rdap_bootstrap: RdapBootstrap = None,
    whois: Whois = None,
    dkim_selector: DkimSelector = None,
    ehlo: Ehlo = None,
    allow_test_network: AllowTest = False,
    max_rate: MaxRate = None,
    backup_root: BackupRoot = None,
    config: Config = None,
    deep: Deep = False,
    wireguard_config: WireguardConfig = None,
    checks: Checks = None,
    as_json: Json = False,
) -> int:
    """Regarde de nouveau un seul point, garde la réponse, et dit ce qui a changé.

    Le reste de la commune garde ses réponses et leurs dates. Code de sortie : 0 si le point est en ordre,
    1 s'il ne l'est pas, 3 s'il n'a pas pu être vu.
    """
    from cyberaudit.run.scan import Request

    names = NameWishes(
        trust_anchor=trust_anchor,
        root_hints=root_hints,
        rdap_bootstrap=rdap_bootstrap,
        whois=whois,
        dkim_selectors=dkim_selector,
    )
    looking = probe_options(
        connect_to,
        resolver,
        ca_bundle,
        ehlo=ehlo,
        allow_test_network=allow_test_network,
        max_rate=max_rate,
        backup_root=backup_root,
        deep=deep,
        wireguard_config=wireguard_config,
        names=names,
    )
    request = Request(
        profile=Path(profile),
        history=shared(ctx).history_path,
        options=looking,
        now=moment(now),
        clock=moment(None),
        vantage=vantage,
        check_folders=folders(checks or ()),
        config=Path(config) if config else None,
    )
    return _walk(request, target, shared(ctx), as_json=as_json)


def _walk(request: "Request", target: str, options: Shared, *, as_json: bool) -> int:
    from cyberaudit.cli.screen import this_screen
    from cyberaudit.reports.verified import plan_command, verified, verified_plain
    from cyberaudit.run.verify import head, verify, verify_code

    found = verify(request, target, progress=progress(quiet=options.quiet))
    begin_below(partial=found.audit.partial)
    if as_json:
        say(json.dumps(verified_plain(found.points), ensure_ascii=False, indent=2))
    elif not options.quiet:
        command = plan_command(str(request.profile))
        text = verified(found.points, head=head(found), command=command, width=this_screen(options).width)
        say(text)
    for sentence in filter(None, (*found.complaints, found.remark)):
        warn(sentence)
    return verify_code(found)
