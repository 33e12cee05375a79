"""What the written authorization covers: the only door through which a scan may look at anything."""

from collections.abc import Iterable
from datetime import date, datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from zoneinfo import ZoneInfo

from cyberaudit import french
from cyberaudit.declared import AssetKind, Authorization, Domain, Host
from cyberaudit.errors import ScopeError, UsageError
from cyberaudit.frozen import frozen
from cyberaudit.town import values
from cyberaudit.town.profile import Profile
from cyberaudit.town.source import Trail
from cyberaudit.town.suggestion import shown

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Unauthorized access to a data-processing system.
LAW = "Code pénal, articles 323-1 et suivants"
_ADVICE = f"contrôler sans accord écrit peut être poursuivi ({LAW})"


@frozen
class Scope:
    """What may be looked at, and how far."""

    addresses: tuple[Network, ...]
    """Covered by the signature: may be scanned."""
    domains: tuple[str, ...]
    """A-labels; their subdomains are covered too."""
    tests: frozenset[str]
    """Intrusive tests that were signed for."""
    declared: tuple[Network, ...]
    """Named by the profile: even when private, no surprise."""
    authorized_by: str
    """Name and quality of who signed; empty for one's own machine."""
    until: date | None
    """The last day it holds, in the town's time zone; None: only for this once."""
    servers_too: bool = False
    """The servers that the domains publish may be tried by `tests` too, wherever they stand: said for one `look`."""

    def covers_address(self, address: Address) -> bool:
        """May be scanned. An IPv4 address written inside IPv6 counts as what it is."""
        return _inside(address, self.addresses)

    def declares_address(self, address: Address) -> bool:
        """Is named by the profile or its authorization."""
        return _inside(address, self.addresses) or _inside(address, self.declared)

    def covers_domain(self, name: str) -> bool:
        """Is a signed domain, or stands below one."""
        return _below(name, self.domains)

    def allows_test(self, name: str) -> bool:
        return name in self.tests


def _inside(address: Address, networks: tuple[Network, ...]) -> bool:
    real = getattr(address, "ipv4_mapped", None) or address
    return any(real in network for network in networks)


def _below(name: str, domains: tuple[str, ...]) -> bool:
    try:
        asked = values.ascii_name(name.lower().removesuffix("."))
    except values.RefusedError:
        return False
    return any(asked == domain or asked.endswith(f".{domain}") for domain in domains)


def authorized(profile: Profile, *, now: datetime) -> Scope:
    """The scope that the profile's authorization opens; `now` is aware.

    Raises:
        ScopeError: no authorization, not yet or no longer valid, or something declared lies outside of it.
    """
    signed = profile.town.authorization
    if signed is None:
        raise _refusal(profile, "Aucune autorisation écrite de la commune ne figure dans ce profil", ())
    _refuse_dates(profile, signed, now)
    scope = Scope(
        addresses=tuple(map(ip_network, signed.addresses)),
        domains=signed.domains,
        tests=frozenset(signed.tests),
        declared=tuple(ip_network(address) for host in _hosts(profile) for address in host.addresses),
        authorized_by=f"{signed.signed_by}, {signed.role}",
        until=signed.until,
    )
    _refuse_outside(profile, scope)
    return scope


def _hosts(profile: Profile) -> list[Host]:
    return [asset for asset in profile.town.of_kind(AssetKind.HOST) if isinstance(asset, Host)]


def _refuse_dates(profile: Profile, signed: Authorization, now: datetime) -> None:
    today = now.astimezone(ZoneInfo(profile.town.commune.timezone)).date()
    if today < signed.signed_on:
        sentence = f"L'autorisation n'est signée que le {french.day(signed.signed_on)}"
        raise _refusal(profile, sentence, ("authorization", "signed_on"))
    if today > signed.until:
        sentence = f"L'autorisation est terminée depuis le {french.day(signed.until)}"
        raise _refusal(profile, sentence, ("authorization", "until"))


def _refuse_outside(profile: Profile, scope: Scope) -> None:
    for domain in profile.town.of_kind(AssetKind.DOMAIN):
        assert isinstance(domain, Domain)
        trail = profile.trail_of(domain.key)
        for name in (domain.domain, *domain.subdomains):
            if not scope.covers_domain(name):
                raise _refusal(
                    profile, f"L'autorisation ne couvre pas le domaine « {name} »", (*trail, "name")
                )
    for host in _hosts(profile):
        trail = profile.trail_of(host.key)
        for rank, address in enumerate(host.addresses):
            if not scope.covers_address(ip_address(address)):
                sentence = f"L'autorisation ne couvre pas l'adresse {address}"
                raise _refusal(profile, sentence, (*trail, "addresses", rank))


def _refusal(profile: Profile, sentence: str, trail: Trail) -> ScopeError:
    return ScopeError(f"{profile.place(trail)} : {sentence} : {_ADVICE}.")


def scope_for_look(
    *, domains: Iterable[str] = (), addresses: Iterable[str | Address | Network] = (), authorized_by: str
) -> Scope:
    """The scope of one `look` at what the command line names; one's own machine needs no name.

    Raises:
        ScopeError: `authorized_by` is empty and something else than loopback is to be looked at.
        UsageError: what is named is neither a domain name nor an address.
    """
    networks = tuple(map(_network, addresses))
    names = tuple(map(_domain, domains))
    signer = " ".join(authorized_by.split())
    if not signer and (names or not all(network.is_loopback for network in networks)):
        raise ScopeError(f"Dites qui vous autorise, avec --authorized-by : {_ADVICE}.")
    return Scope(networks, names, frozenset(), networks, authorized_by=signer, until=None)


def _network(written: str | Address | Network) -> Network:
    try:
        return ip_network(written)
    except ValueError:
        raise UsageError(f"« {shown(str(written))} » n'est ni une adresse IP ni un réseau.") from None


def _domain(written: str) -> str:
    try:
        return values.domain(written)
    except values.RefusedError as error:
        raise UsageError(str(error)) from None


__all__ = ["LAW", "Scope", "authorized", "scope_for_look"]
