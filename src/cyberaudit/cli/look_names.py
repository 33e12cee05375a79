"""`cyberaudit look domain`, `look mail` and `look spf`: names, and the mail that is written to them."""

from typing import Annotated

import typer

from cyberaudit.cli.look_shown import show
from cyberaudit.cli.options import (
    AllowTest,
    AuthorizedBy,
    CaBundle,
    Checks,
    ConnectTo,
    DkimSelector,
    Ehlo,
    FailOn,
    Intrusive,
    Json,
    NameWishes,
    NoAxfr,
    NoSmtp,
    Now,
    RdapBootstrap,
    Resolver,
    RootHints,
    SubdomainList,
    Technical,
    TrustAnchor,
    Whois,
    fail_tier,
    probe_options,
    progress_of_look,
)
from cyberaudit.cli.shared import folders, moment, say, shared

DNS, MAIL = "dns", "mail"
MAIL_HELP = "Regarde le courrier d'un nom de domaine : ses annonces, ses serveurs, leur chiffrement."
Names = Annotated[list[str], typer.Argument(metavar="DOMAINE", help="Le nom de domaine, ou plusieurs.")]


def domain(
    ctx: typer.Context,
    names: Names,
    authorized_by: AuthorizedBy = "",
    intrusive: Intrusive = False,
    now: Now = None,
    resolver: Resolver = None,
    trust_anchor: TrustAnchor = None,
    root_hints: RootHints = None,
    ca_bundle: CaBundle = None,
    rdap_bootstrap: RdapBootstrap = None,
    whois: Whois = None,
    dkim_selector: DkimSelector = None,
    subdomain_list: SubdomainList = None,
    ehlo: Ehlo = None,
    no_smtp: NoSmtp = False,
    no_axfr: NoAxfr = False,
    connect_to: ConnectTo = None,
    allow_test_network: AllowTest = False,
    checks: Checks = None,
    fail_on: FailOn = "urgent",
    technical: Technical = False,
    as_json: Json = False,
) -> int:
    """Regarde tout d'un nom de domaine : serveurs de noms, signatures, annonces, courrier.

    Ce qu'un serveur ferait pour un inconnu n'est essayé qu'avec --intrusive.
    """
    from cyberaudit.engine.catalogue import load_catalogue
    from cyberaudit.reports.look_domain_points import Telling
    from cyberaudit.run.asked_names import asked_name
    from cyberaudit.run.look import domains_code, look_at_domains

    counts = fail_tier(fail_on)
    wishes = NameWishes(
        trust_anchor=trust_anchor,
        root_hints=root_hints,
        rdap_bootstrap=rdap_bootstrap,
        whois=whois,
        dkim_selectors=dkim_selector,
        subdomain_list=subdomain_list,
        smtp=not no_smtp,
        axfr=not no_axfr,
    )
    options = probe_options(
        connect_to,
        resolver,
        ca_bundle,
        ehlo=ehlo,
        allow_test_network=allow_test_network,
        names=wishes,
    )
    about_mail = ctx.info_name == MAIL
    catalogue = load_catalogue(folders(checks or ()), themes=(MAIL,) if about_mail else (DNS, MAIL))
    made = look_at_domains(
        [asked_name(each) for each in names],
        catalogue,
        options,
        authorized_by=authorized_by,
        now=moment(now),
        theme=MAIL if about_mail else "",
        intrusive=intrusive,
        progress=progress_of_look(quiet=shared(ctx).quiet),
    )
    measures = catalogue.remedies.measures
    code = domains_code(made, fail_on=counts, measures=measures)
    telling = Telling(measures, technical=technical, own_resolver=bool(resolver))
    return show(ctx, made, as_json=as_json, code=code, telling=telling)


def spf(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="DOMAINE", help="Le nom de domaine.")],
    ip: Annotated[
        str, typer.Option("--ip", metavar="ADRESSE", help="Juge un message qui vient de cette adresse IP.")
    ] = "",
    mail_from: Annotated[
        str, typer.Option("--from", metavar="ADRESSE", help="L'expéditeur du message, avec --ip.")
    ] = "",
    helo: Annotated[
        str, typer.Option("--helo", metavar="NOM", help="Le nom que donne le serveur, avec --ip.")
    ] = "",
    authorized_by: AuthorizedBy = "",
    now: Now = None,
    resolver: Resolver = None,
    trust_anchor: TrustAnchor = None,
    root_hints: RootHints = None,
    connect_to: ConnectTo = None,
    allow_test_network: AllowTest = False,
    ca_bundle: CaBundle = None,
    rdap_bootstrap: RdapBootstrap = None,
    whois: Whois = None,
    dkim_selector: DkimSelector = None,
    subdomain_list: SubdomainList = None,
    ehlo: Ehlo = None,
    no_smtp: NoSmtp = False,
    no_axfr: NoAxfr = False,
    as_json: Json = False,
) -> int:
    """Suit la liste SPF d'un domaine terme par terme, ou dit ce qu'elle décide d'un message."""
    # A command of `look domain` that is recalled brings these: nothing here needs them.
    del ca_bundle, rdap_bootstrap, whois, dkim_selector, subdomain_list, ehlo, no_smtp, no_axfr
    from cyberaudit.cli.screen import this_screen
    from cyberaudit.reports.look_spf import spf_document, spf_lines
    from cyberaudit.run.asked_names import asked_name
    from cyberaudit.run.look_spf import look_at_spf, spf_code

    options = probe_options(
        connect_to,
        resolver,
        None,
        ehlo=None,
        allow_test_network=allow_test_network,
        names=NameWishes(trust_anchor=trust_anchor, root_hints=root_hints),
    )
    seen = look_at_spf(
        asked_name(name),
        options,
        authorized_by=authorized_by,
        now=moment(now),
        ip=ip,
        mail_from=mail_from,
        helo=helo,
    )
    if not shared(ctx).quiet:
        say(spf_document(seen) if as_json else spf_lines(seen, width=this_screen(shared(ctx)).width))
    return spf_code(seen)
