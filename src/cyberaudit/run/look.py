"""`cyberaudit look`: one probe family and its checks on one target, stored nowhere."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from cyberaudit.declared import AnyAsset, AssetKind, Backup, Domain, Town, Vpn, VpnKind
from cyberaudit.engine.audit import audit
from cyberaudit.engine.catalogue import Catalogue
from cyberaudit.engine.judge import judge
from cyberaudit.engine.measures import Measure
from cyberaudit.errors import UsageError
from cyberaudit.facts.mail import MailDns, refuses_all_mail
from cyberaudit.model import Audit, Basis, Finding, Progress, ProgressCallback, Reason, Status
from cyberaudit.plaintext import clean
from cyberaudit.plan.words import Tier
from cyberaudit.probes.asked_ports import ALL, USUAL
from cyberaudit.probes.instruments import OUTSIDE, Options, set_up
from cyberaudit.probes.resolver import addresses_now
from cyberaudit.reports.look_answers import Heard, has_answer, heard
from cyberaudit.reports.look_answers import accesses as accesses_of
from cyberaudit.reports.look_domain_points import finding_tier
from cyberaudit.reports.look_domains import domain_above, is_nowhere, looked_at
from cyberaudit.run.exit_code import ExitCode, has_broken, measured_coverage
from cyberaudit.town.scope import Scope, scope_for_look
from cyberaudit.town.single import domain_asset, host_asset, tls_asset, town_of, vpn_assets

if TYPE_CHECKING:
    from cyberaudit.run.accesses import SecretWish

# Asked of the whole town; a name that refuses all mail is a town by itself here.
LOCKED_NAMES = "mail.parked-domains"
MAIL = "mail"
NOTHING = Fraction(0)
# Ours: a zone that nobody serves, or a false signature, leaves one or two answers out of some thirty.
LEAST_SEEN = Fraction(1, 5)
NAME_TESTS = frozenset({"smtp-relay", "smtp-users", "dns-transfer", "dns-recursion"})
# Without a profile, no open port is explained and none is missing.
NEEDS_A_PROFILE = frozenset({"firewall.unexpected-port", "firewall.expected-service"})


def look_at_domains(
    names: Sequence[str],
    catalogue: Catalogue,
    options: Options,
    *,
    authorized_by: str,
    now: datetime,
    theme: str = "",
    intrusive: bool = False,
    progress: ProgressCallback | None = None,
) -> Audit:
    """Everything the checks can tell of the domains `names`, each asked once; of one `theme` alone when it is said.

    `intrusive` signs for the intrusive tests of names and mail on the servers that these domains publish. A domain
    that refuses all mail by a null MX is looked at as one that writes none.

    Raises:
        UsageError: one of them is no domain name.
        ScopeError: nobody authorized it.
    """
    assets = {asset.domain: asset for asset in map(domain_asset, names)}
    scope = scope_for_look(domains=assets, authorized_by=authorized_by)
    if intrusive:
        scope = replace(scope, tests=NAME_TESTS, servers_too=True)
    wanted = tuple(each for each in catalogue.checks if not theme or each.theme == theme)
    chosen = Catalogue(wanted, catalogue.remedies)
    once = replace(options, asks_again=False)
    made = _audit(AssetKind.DOMAIN, assets.values(), chosen, once, scope=scope, now=now, progress=progress)
    return _judged_as_they_say(made, chosen, now=now)


def _judged_as_they_say(made: Audit, catalogue: Catalogue, *, now: datetime) -> Audit:
    """The names without mail judged once more, as the profile of a town would have declared them.

    Those that refuse all mail are asked whether they are locked; of a plain host name, `www.` of a domain, nobody
    wants locks, and of its mail only what is wrong is told.
    """
    silent = frozenset(
        seen.asset
        for seen in made.observations
        if isinstance(seen.facts, MailDns) and refuses_all_mail(seen.facts)
    )
    hosts = frozenset(each.key for each in looked_at(made) if domain_above(made, each))
    if not silent | hosts:
        return made
    about_each = tuple(each for each in catalogue.checks if each.about is AssetKind.DOMAIN)
    town = _without_mail(made.town, silent | hosts)
    again = judge(
        town,
        Catalogue(about_each, catalogue.remedies),
        made.observations,
        vantage=OUTSIDE,
        now=now,
        only=silent | hosts,
    )
    judged = _in_place(made, _measured(again), only=silent | hosts)
    findings = [each for each in judged if not (each.asset in hosts and _is_idle(each))]
    locks = Catalogue(tuple(each for each in catalogue.checks if each.id == LOCKED_NAMES), catalogue.remedies)
    for asset in looked_at(made):
        if asset.key in silent:
            alone = replace(made.town, assets=(made.town.commune, replace(asset, sends_mail=False)))
            told = judge(alone, locks, made.observations, vantage=OUTSIDE, now=now)
            findings += (replace(each, asset=asset.key, asset_name=asset.name) for each in _measured(told))
    return replace(made, town=town, findings=tuple(findings))


def _in_place(made: Audit, again: Iterable[Finding], *, only: Collection[str]) -> list[Finding]:
    """The findings with those about `only` replaced, by check then asset as before."""
    places = {asset.key: place for place, asset in enumerate(made.town.assets)}
    kept = (each for each in made.findings if each.asset not in only)
    return sorted((*kept, *again), key=lambda each: (each.check, places[each.asset]))


def _without_mail(town: Town, keys: frozenset[str]) -> Town:
    told = (
        replace(asset, sends_mail=asset.sends_mail and asset.key not in keys)
        if isinstance(asset, Domain)
        else asset
        for asset in town.assets
    )
    return replace(town, assets=(town.commune, *told))


def _is_idle(finding: Finding) -> bool:
    """A point about mail where there is none, unless something is wrong with it."""
    return finding.theme == MAIL and not finding.status.is_open and finding.status is not Status.ERROR


def _measured(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Nobody was asked anything: the questions to people are left out."""
    return tuple(finding for finding in findings if finding.basis is Basis.MEASURED)


def look_at_ports(
    target: str,
    catalogue: Catalogue,
    options: Options,
    *,
    authorized_by: str,
    now: datetime,
    progress: ProgressCallback | None = None,
) -> Audit:
    """The ports of `target`, an address or a name, as seen from this machine.

    With a list of ports of one's own, the questions that these ports do not answer are left out.

    Raises:
        UsageError: it is neither, or the name has no address.
        ScopeError: nobody authorized it.
    """
    addresses = _addresses(target, options, authorized_by=authorized_by, now=now)
    scope = scope_for_look(addresses=addresses, authorized_by=authorized_by)
    host = host_asset(target, addresses)
    made = _audit(AssetKind.HOST, (host,), catalogue, options, scope=scope, now=now, progress=progress)
    if options.ports in (USUAL, ALL):
        return made
    answered = (_as_asked(each) for each in made.findings)
    return replace(made, findings=tuple(each for each in answered if each is not None))


def _as_asked(finding: Finding) -> Finding | None:
    """Without what the list of ports left out; None when the question then has no answer of its own."""
    verdict = finding.verdict
    items = tuple(each for each in verdict.items if each.reason != Reason.NOT_COLLECTED)
    has_none = verdict.status is Status.UNKNOWN and verdict.items and not items
    if verdict.reason == Reason.NOT_COLLECTED or has_none:
        return None
    evidence = tuple(each for each in verdict.evidence if Reason.NOT_COLLECTED.french not in each.label)
    return replace(finding, verdict=replace(verdict, items=items, evidence=evidence))


def look_at_tls(
    target: str,
    catalogue: Catalogue,
    options: Options,
    *,
    authorized_by: str,
    now: datetime,
    name: str = "",
    renegotiate: bool = False,
    progress: ProgressCallback | None = None,
) -> Audit:
    """The TLS endpoint `HOST:PORT`, or `[v6]:PORT`; port 443 when there is none. It is asked once.

    `name` is asked for and compared in place of the host. `renegotiate` signs for that one intrusive test. Of an
    access that does not answer in TLS nothing is judged.

    Raises:
        UsageError: `target` cannot be read, its name has no address, or `name` is no name.
        ScopeError: nobody authorized it.
    """
    host, port = _host_and_port(target)
    addresses = _addresses(host, options, authorized_by=authorized_by, now=now)
    scope = scope_for_look(addresses=addresses, authorized_by=authorized_by)
    if renegotiate:
        # Imported here: a look at names has no use for all that asks of TLS.
        from cyberaudit.probes.tls_endpoint import RENEGOTIATION

        scope = replace(scope, tests=frozenset({RENEGOTIATION}))
    asked = domain_asset(name).domain if name else "" if host == addresses[0] else host
    assets = (host_asset(host, addresses), tls_asset(target, hostname=asked, port=port))
    once = replace(options, asks_again=False)
    made = _audit(AssetKind.VPN, assets, catalogue, once, scope=scope, now=now, progress=progress)
    return _about_what_answered(made)


def look_at_vpn(
    target: str,
    catalogue: Catalogue,
    options: Options,
    *,
    authorized_by: str,
    now: datetime,
    kind: str = "",
    port: str = "",
    progress: ProgressCallback | None = None,
) -> Audit:
    """The remote accesses of `target`, an address or a name: every technique at its usual ports, or the one named.

    Where nothing was said to be, only what answered is judged.

    Raises:
        UsageError: `target` cannot be read or has no address, or there is no such technique or port.
        ScopeError: nobody authorized it.
    """
    addresses = _addresses(target, options, authorized_by=authorized_by, now=now, about=AssetKind.VPN)
    scope = scope_for_look(addresses=addresses, authorized_by=authorized_by)
    name = "" if target == addresses[0] else target
    accesses = vpn_assets(hostname=name, kind=kind, port=port)
    assets: tuple[AnyAsset, ...] = (host_asset(target, addresses), *accesses)
    told = _by_technique(progress, accesses) if progress else None
    made = _audit(AssetKind.VPN, assets, catalogue, options, scope=scope, now=now, progress=told)
    if port and accesses[0].type is not VpnKind.SSL:
        return made
    return _about_what_answered(made)


def _about_what_answered(made: Audit) -> Audit:
    """Without what was judged of accesses that did not answer in the words of their technique; a crash stays."""
    answered = {
        seen.asset for seen, facts in accesses_of(made.observations) if heard(facts) is Heard.ANSWERED
    }
    kept = (each for each in made.findings if each.asset in answered or each.status is Status.ERROR)
    return replace(made, findings=tuple(kept))


# Which facts are those of each technique; what the other probes say of it is not told.
_FACTS = {
    VpnKind.IPSEC: "ipsec-endpoint",
    VpnKind.OPENVPN: "openvpn-endpoint",
    VpnKind.WIREGUARD: "wireguard-endpoint",
    VpnKind.L2TP: "old-tunnel",
    VpnKind.PPTP: "old-tunnel",
    VpnKind.SSL: "tls-endpoint",
}


def _by_technique(told: ProgressCallback, accesses: Iterable[Vpn]) -> ProgressCallback:
    """`told` of the accesses alone, each once, by the name of its technique and port."""
    own = {(each.name, _FACTS[each.type]) for each in accesses}

    def tell(step: Progress) -> None:
        left = tuple((name, "") for name, kind in step.under_way if (name, kind) in own)
        if not step.text or (step.text, step.kind) in own:
            told(Progress(len(own) - len(left), len(own), step.text, "", left))

    return tell


def look_at_backup(
    asset: Backup,
    catalogue: Catalogue,
    options: Options,
    *,
    wish: "SecretWish",
    now: datetime,
    progress: ProgressCallback | None = None,
) -> Audit:
    """The copies of one place, which the command line allows to be read by naming it.

    Raises:
        UsageError: the secret that is wished for is not to be had.
    """
    scope = scope_for_look(addresses=(), authorized_by="")
    if asset.url:
        from cyberaudit.run.accesses import access_wished

        allowed = replace(options, backup_accesses=((asset.id, access_wished(asset, wish)),))
    else:
        allowed = replace(options, backup_roots=(Path(asset.path),))
    return _audit(AssetKind.BACKUP, (asset,), catalogue, allowed, scope=scope, now=now, progress=progress)


def look_code(
    made: Audit,
    *,
    fail_on: Tier | None = Tier.URGENT,
    measures: Mapping[str, Measure] = MappingProxyType({}),
    least_seen: Fraction = NOTHING,
) -> ExitCode:
    """What the shell learns: interrupted, nothing seen, something from the tier `fail_on` on, too little seen, or done.

    A finding's tier is that of its measure in a plan; one whose measure is not among `measures` counts when its risk
    is the highest. `fail_on`: None: nothing counts. `least_seen`: the share of the points below which, when nothing
    was found, too little was seen.
    """
    if made.partial:
        return ExitCode.INTERRUPTED
    if not made.findings and any(accesses_of(made.observations)) and not has_answer(made.observations):
        return ExitCode.INCOMPLETE
    seen = measured_coverage(made.findings)
    if has_broken(made.findings) or not seen:
        return ExitCode.INCOMPLETE
    order = list(Tier)
    tiers = (order.index(finding_tier(each, measures)) for each in made.findings if each.status.is_open)
    if fail_on is not None and any(each <= order.index(fail_on) for each in tiers):
        return ExitCode.FOUND
    return ExitCode.INCOMPLETE if seen < least_seen else ExitCode.DONE


def domains_code(
    made: Audit, *, fail_on: Tier | None, measures: Mapping[str, Measure] = MappingProxyType({})
) -> ExitCode:
    """As `look_code`; of a name that does not exist too little was seen, whatever it lacks."""
    code = look_code(made, fail_on=fail_on, measures=measures, least_seen=LEAST_SEEN)
    nowhere = any(is_nowhere(made, each) for each in looked_at(made))
    return ExitCode.INCOMPLETE if nowhere and code is not ExitCode.INTERRUPTED else code


def _audit(
    about: AssetKind,
    assets: Iterable[AnyAsset],
    catalogue: Catalogue,
    options: Options,
    *,
    scope: Scope,
    now: datetime,
    progress: ProgressCallback | None,
) -> Audit:
    town = town_of(*assets)
    # Only what was asked: an endpoint's host is not scanned for its ports.
    checks = tuple(
        each for each in catalogue.checks if each.about is about and each.id not in NEEDS_A_PROFILE
    )
    catalogue = Catalogue(checks, catalogue.remedies)
    instruments = set_up(town, scope, options, now=now)
    made = audit(town, catalogue, instruments, vantage=OUTSIDE, started_at=now, progress=progress)
    return replace(made, findings=_measured(made.findings))


def _host_and_port(target: str) -> tuple[str, str]:
    """`HOST`, `HOST:PORT` or `[v6]:PORT`, taken to pieces.

    Raises:
        UsageError: it is the address of a page, a bare IPv6 address with a port behind, or ends at its colon.
    """
    if "://" in target:
        bare = clean(target.partition("://")[2].partition("/")[0])
        raise UsageError(
            f"« {clean(target)} » est une adresse de page : écrivez la machine et son port seuls (exemple : {bare})."
        )
    if target.startswith("["):
        host, _, rest = target[1:].partition("]")
        return host, _port_behind(target, rest) if rest else "443"
    if target.count(":") > 1:
        _refuse_a_port_glued_to_ipv6(target)
        return target, "443"
    host, colon, port = target.partition(":")
    return host, _port_behind(target, colon + port) if colon else "443"


def _port_behind(target: str, rest: str) -> str:
    port = rest.removeprefix(":")
    if not rest.startswith(":") or not port:
        raise UsageError(f"« {clean(target)} » : le port manque ; écrivez machine:443, ou la machine seule.")
    return port


def _refuse_a_port_glued_to_ipv6(target: str) -> None:
    host, _, port = target.rpartition(":")
    with suppress(ValueError):
        ip_address(target)
        return
    with suppress(ValueError):
        raise UsageError(f"« {clean(target)} » : écrivez [{ip_address(host)}]:{clean(port)}.")


def _refuse_what_is_no_host(target: str, *, about: AssetKind) -> None:
    """What people type in place of an address or a name, each with what to write instead.

    Raises:
        UsageError: it is one of those.
    """
    shown, bare = clean(target), clean(target.partition("://")[2].partition("/")[0] or target)
    written = f"écrivez l'adresse ou le nom seul, sans port ni chemin (exemple : {_without_port(bare)})"
    if "://" in target:
        raise UsageError(f"« {shown} » est une adresse de page : {written}.")
    if "/" in target:
        raise UsageError(
            f"« {shown} » est un réseau ou un chemin : « look » regarde une machine à la fois, écrivez une adresse."
        )
    if target.strip().lower() == "localhost":
        raise UsageError("« localhost » n'est pas demandé au DNS : écrivez 127.0.0.1, ou ::1 en IPv6.")
    if _without_port(bare) != bare:
        how = (
            "avec --type et --port (--type ssl --port tcp/443)" if about is AssetKind.VPN else "avec --ports"
        )
        raise UsageError(f"« {shown} » porte un port : {written}. Le port se dit {how}.")


def _without_port(text: str) -> str:
    """« 127.0.0.1 », of « 127.0.0.1:8080 » or « [::1]:443 »."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    host, _, port = text.rpartition(":")
    return host if host and port.isascii() and port.isdigit() and ":" not in host else text


def _addresses(
    target: str, options: Options, *, authorized_by: str, now: datetime, about: AssetKind = AssetKind.HOST
) -> tuple[str, ...]:
    """`target` itself when it is an address, else what our own resolver says of the name."""
    try:
        return (str(ip_address(target)),)
    except ValueError:
        _refuse_what_is_no_host(target, about=about)
        asset = domain_asset(target)
    scope = scope_for_look(domains=(asset.domain,), authorized_by=authorized_by)
    instruments = set_up(town_of(asset), scope, options, now=now, validate=False)
    found = addresses_now(instruments.resolver, asset.domain)
    if not found.found:
        why = f" : {found.failure.reason.french}" if found.failure else ""
        raise UsageError(f"« {target} » n'a pas d'adresse{why}.")
    return tuple(str(address) for address in found.found)
