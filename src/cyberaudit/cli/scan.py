"""`cyberaudit scan`: look at a town, store it, print where to start."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cyberaudit.cli.help import FrenchCommand
from cyberaudit.cli.options import (
    INCOMPLETE,
    All,
    AllowTest,
    AllPorts,
    BackupRoot,
    CaBundle,
    Checks,
    Config,
    ConnectTo,
    Deep,
    DkimSelector,
    DryRun,
    Ehlo,
    FailOn,
    Json,
    MaxRate,
    MinCoverage,
    NameWishes,
    NoAxfr,
    NoEmptyPassword,
    NoSmtp,
    Now,
    Output,
    Ports,
    ProfilePath,
    RdapBootstrap,
    Resolver,
    RootHints,
    Save,
    SubdomainList,
    Technical,
    TrustAnchor,
    Vantage,
    Whois,
    WireguardConfig,
    begin_below,
    fail_tier,
    percent,
    probe_options,
    progress,
)
from cyberaudit.cli.shared import Shared, folders, moment, say, shared, warn
from cyberaudit.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cyberaudit.errors import Place
    from cyberaudit.plan.words import Tier
    from cyberaudit.reports.console import Detail
    from cyberaudit.run.scan import Request


def register(app: typer.Typer) -> None:
    app.command("scan", cls=FrenchCommand)(scan)


def scan(
    ctx: typer.Context,
    profile: ProfilePath,
    vantage: Vantage = None,
    save: Save = None,
    output: Output = None,
    dry_run: DryRun = False,
    now: Now = None,
    connect_to: ConnectTo = None,
    resolver: Resolver = None,
    ca_bundle: CaBundle = None,
    trust_anchor: TrustAnchor = None,
    root_hints: RootHints = None,
    rdap_bootstrap: RdapBootstrap = None,
    whois: Whois = None,
    dkim_selector: DkimSelector = None,
    subdomain_list: SubdomainList = None,
    ehlo: Ehlo = None,
    no_smtp: NoSmtp = False,
    no_axfr: NoAxfr = False,
    allow_test_network: AllowTest = False,
    max_rate: MaxRate = None,
    ports: Ports = None,
    all_ports: AllPorts = False,
    backup_root: BackupRoot = None,
    config: Config = None,
    deep: Deep = False,
    no_empty_password: NoEmptyPassword = False,
    wireguard_config: WireguardConfig = None,
    checks: Checks = None,
    fail_on: FailOn = "urgent",
    min_coverage: MinCoverage = "50",
    everything: All = False,
    technical: Technical = False,
    as_json: Json = False,
) -> int:
    """Regarde la commune décrite par PROFIL, garde le résultat et dit par où commencer.

    Rien n'est envoyé sans une autorisation écrite et en cours de validité dans le profil.
    """
    from cyberaudit.cli import screen
    from cyberaudit.run.scan import Request

    outputs = screen.outputs(output or ())
    looking = probe_options(
        connect_to,
        resolver,
        ca_bundle,
        ehlo=ehlo,
        allow_test_network=allow_test_network,
        max_rate=max_rate,
        ports=ports,
        all_ports=all_ports,
        backup_root=backup_root,
        deep=deep,
        empty_password=not no_empty_password,
        wireguard_config=wireguard_config,
        names=NameWishes(
            trust_anchor=trust_anchor,
            root_hints=root_hints,
            rdap_bootstrap=rdap_bootstrap,
            whois=whois,
            dkim_selectors=dkim_selector,
            subdomain_list=subdomain_list,
            smtp=not no_smtp,
            axfr=not no_axfr,
        ),
    )
    level = screen.detail(everything=everything, technical=technical)
    request = Request(
        profile=Path(profile),
        history=shared(ctx).history_path,
        options=looking,
        now=moment(now),
        clock=moment(None),
        vantage=vantage,
        check_folders=folders(checks or ()),
        config=Path(config) if config else None,
        save=Path(save) if save else None,
        with_levels=screen.tells_levels(outputs, as_json=as_json, level=level),
    )
    tier, coverage = fail_tier(fail_on), percent(min_coverage)
    cited = screen.profile_of(profile if screen.cites_lines(outputs) else None)
    wanted = Wanted(
        outputs=outputs,
        places=screen.places(cited, outputs),
        level=level,
        as_json=as_json,
        fail_on=tier,
        min_coverage=coverage,
    )
    return _announce(request) if dry_run else _walk(request, wanted, shared(ctx))


@frozen
class Wanted:
    """What the person wants of the result."""

    outputs: "tuple[tuple[str, Path], ...]"
    places: "Mapping[str, Place]"
    """The line of the profile that declares each asset."""
    level: "Detail"
    as_json: bool
    fail_on: "Tier | None"
    min_coverage: int


def _walk(request: "Request", wanted: Wanted, options: Shared) -> int:
    from cyberaudit.cli import screen
    from cyberaudit.run.exit_code import exit_code
    from cyberaudit.run.scan import scan as walk

    done = walk(request, progress=progress(quiet=options.quiet))
    begin_below(partial=done.audit.partial)
    view = done.told.view
    # Files first: a screen that breaks must not cost them.
    complaints = (
        *done.complaints,
        *screen.write(view, wanted.outputs, level=wanted.level, places=wanted.places),
    )
    screen.show(view, options, as_json=wanted.as_json, level=wanted.level)
    for sentence in filter(None, (*complaints, done.remark)):
        warn(sentence)
    code = exit_code(
        done.audit.findings,
        done.told.plan,
        partial=done.audit.partial,
        fail_on=wanted.fail_on,
        min_coverage=wanted.min_coverage,
    )
    return max(code, INCOMPLETE) if complaints else code


def _announce(request: "Request") -> int:
    from cyberaudit.run.dry_run import dry_run

    say(dry_run(request))
    return 0
