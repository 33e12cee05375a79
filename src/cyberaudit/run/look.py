"""`cyberaudit look`: one probe family and its checks on one target, stored nowhere."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path

from cyberaudit.declared import AnyAsset, AssetKind, Backup
from cyberaudit.engine.audit import audit
from cyberaudit.engine.catalogue import Catalogue
from cyberaudit.errors import UsageError
from cyberaudit.model import Audit, Basis, Finding, ProgressCallback, Reason, Status
from cyberaudit.plaintext import clean
from cyberaudit.plan.level import URGENT_RISK
from cyberaudit.probes.asked_ports import ALL, USUAL
from cyberaudit.probes.instruments import OUTSIDE, Options, set_up
from cyberaudit.probes.resolver import addresses_now
from cyberaudit.run.exit_code import ExitCode, measured_coverage
from cyberaudit.town.scope import Scope, scope_for_look
from cyberaudit.town.single import domain_asset, host_asset, tls_asset, town_of, vpn_assets

# Without a profile, no open port is explained and none is missing.
NEEDS_A_PROFILE = frozenset({"firewall.unexpected-port", "firewall.expected-service"})


def look_at_domain(
    name: str,
    catalogue: Catalogue,
    options: Options,
    *,
    authorized_by: str,
    now: datetime,
    progress: ProgressCallback | None = None,
) -> Audit:
    """Everything the checks about a domain can tell of `name`.

    Raises:
        UsageError: `name` is no domain name.
        ScopeError: nobody authorized it.
    """
    asset = domain_asset(name)
    scope = scope_for_look(domains=(asset.domain,), authorized_by=authorized_by)
    return _audit(AssetKind.DOMAIN, (asset,), catalogue, options, scope=scope, now=now, progress=progress)


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
    progress: ProgressCallback | None = None,
) -> Audit:
    """The TLS endpoint `HOST:PORT`, or `[v6]:PORT`; port 443 when there is none.

    Raises:
        UsageError: `target` cannot be read, or its name has no address.
        ScopeError: nobody authorized it.
    """
    host, port = _host_and_port(target)
    addresses = _addresses(host, options, authorized_by=authorized_by, now=now)
    scope = scope_for_look(addresses=addresses, authorized_by=authorized_by)
    name = "" if host == addresses[0] else host
    assets = (host_asset(host, addresses), tls_asset(target, hostname=name, port=port))
    return _audit(AssetKind.VPN, assets, catalogue, options, scope=scope, now=now, progress=progress)


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

    Where nothing was said to be, what does not answer raises no question.

    Raises:
        UsageError: `target` cannot be read or has no address, or there is no such technique or port.
        ScopeError: nobody authorized it.
    """
    addresses = _addresses(target, options, authorized_by=authorized_by, now=now)
    scope = scope_for_look(addresses=addresses, authorized_by=authorized_by)
    name = "" if target == addresses[0] else target
    accesses = vpn_assets(target, hostname=name, kind=kind, port=port)
    assets: tuple[AnyAsset, ...] = (host_asset(target, addresses), *accesses)
    made = _audit(AssetKind.VPN, assets, catalogue, options, scope=scope, now=now, progress=progress)
    if port:
        return made
    answered = tuple(each for each in made.findings if each.status is not Status.UNKNOWN)
    return replace(made, findings=answered)


def look_at_backup(
    asset: Backup,
    catalogue: Catalogue,
    options: Options,
    *,
    now: datetime,
    progress: ProgressCallback | None = None,
) -> Audit:
    """The copies under the asset's path, which the command line allows to be read by naming it."""
    scope = scope_for_look(addresses=(), authorized_by="")
    allowed = replace(options, backup_roots=(Path(asset.path),))
    return _audit(AssetKind.BACKUP, (asset,), catalogue, allowed, scope=scope, now=now, progress=progress)


def look_code(made: Audit) -> ExitCode:
    """What the shell learns: interrupted, too little seen, something of the highest risk, or done."""
    if made.partial:
        return ExitCode.INTERRUPTED
    if any(finding.status is Status.ERROR for finding in made.findings) or not measured_coverage(
        made.findings
    ):
        return ExitCode.INCOMPLETE
    urgent = any(finding.status.is_open and finding.risk >= URGENT_RISK for finding in made.findings)
    return ExitCode.FOUND if urgent else ExitCode.DONE


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
    # Nobody was asked anything: the questions to people are left out.
    measured = tuple(finding for finding in made.findings if finding.basis is Basis.MEASURED)
    return replace(made, findings=measured)


def _host_and_port(target: str) -> tuple[str, str]:
    if target.startswith("["):
        host, _, port = target[1:].partition("]")
        return host, port.removeprefix(":") or "443"
    if target.count(":") > 1:
        return target, "443"
    host, _, port = target.partition(":")
    return host, port or "443"


def _refuse_what_is_no_host(target: str) -> None:
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
        raise UsageError(f"« {shown} » porte un port : {written}. Le port se dit avec --ports.")


def _without_port(text: str) -> str:
    """« 127.0.0.1 », of « 127.0.0.1:8080 » or « [::1]:443 »."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    host, _, port = text.rpartition(":")
    return host if host and port.isascii() and port.isdigit() and ":" not in host else text


def _addresses(target: str, options: Options, *, authorized_by: str, now: datetime) -> tuple[str, ...]:
    """`target` itself when it is an address, else what our own resolver says of the name."""
    try:
        return (str(ip_address(target)),)
    except ValueError:
        _refuse_what_is_no_host(target)
        asset = domain_asset(target)
    scope = scope_for_look(domains=(asset.domain,), authorized_by=authorized_by)
    instruments = set_up(town_of(asset), scope, options, now=now)
    found = addresses_now(instruments.resolver, asset.domain)
    if not found.found:
        why = f" : {found.failure.reason.french}" if found.failure else ""
        raise UsageError(f"« {target} » n'a pas d'adresse{why}.")
    return tuple(str(address) for address in found.found)
