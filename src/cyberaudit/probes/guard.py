"""What may be touched: the purpose of each connection, and the rules it meets before a socket opens. Pure."""

from collections import Counter
from collections.abc import Collection
from enum import StrEnum
from ipaddress import IPv6Address, IPv6Network
from typing import assert_never

from cyberaudit.errors import UsageError
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import ConnectTo, Endpoint, IpAddress
from cyberaudit.town.scope import Scope

# Ours: twelve domains behind one provider, each under an MX name of its own, asked once and once again at the
# end. Domains that share the name share the session.
PUBLIC_CONNECTIONS = 24
# Ours: a dozen more for each further domain of the scope, when one provider serves them under names of their own.
PUBLIC_CONNECTIONS_A_DOMAIN = 12
# Ours: what a complete look at one domain asks of one of its servers, with room; a registry's server sees less.
NAME_QUESTIONS_A_DOMAIN = 200
DNS_PORT = 53
# RFC 9637: for documentation; the standard library of Python 3.11 does not know it yet.
DOCUMENTATION = IPv6Network("3fff::/20")


class Purpose(StrEnum):
    """Why a connection is made: it decides what authorization it needs."""

    PUBLIC = "public"
    """What any client does towards what an in-scope domain publishes, within a small budget."""
    ACTIVE = "active"
    """Enumeration: the address stands in `authorization.addresses`."""
    INTRUSIVE = "intrusive"
    """Active, and the test is named in `authorization.tests`."""
    NAMES = "names"
    """A DNS question to a server that a delegation leads to, as any resolver asks it: port 53 only, within a budget."""
    INFRASTRUCTURE = "infrastructure"
    """Our own resolver, relay, canary or place of backups: named in configuration, that port only."""


@frozen
class Request:
    """One connection somebody wants to make."""

    endpoint: Endpoint
    purpose: Purpose
    about: str = ""
    """The domain on whose account it is; for an intrusive one, the domain that publishes this place, if one does; for
    a place of backups, its host as configuration writes it."""
    test: str = ""
    """Intrusive: the test's name, as `authorization.tests` writes it."""
    published: bool = False
    """Public: strangers chose the place, so that a private address is not expected because the town declares it."""


class Guard:
    """Admits or refuses each request; counts what `public` has spent at each address."""

    def __init__(
        self,
        scope: Scope,
        *,
        connect_to: ConnectTo,
        infrastructure: Collection[Endpoint],
        allow_test_network: bool,
        allow_private: bool = False,
        loopback_only: bool = False,
        own_places: Collection[tuple[str, int]] = (),
        named_places: Collection[tuple[str, int]] = (),
    ) -> None:
        """Places of backups are (host, port): `own_places` by this machine's configuration, wherever they are;
        `named_places` by the profile alone, at public addresses.

        Raises UsageError when a rule leads elsewhere than to this machine, outside a test network.
        """
        for rule in connect_to.rules:
            if not (allow_test_network or rule.target.address.is_loopback):
                raise UsageError(
                    "--connect-to ne peut mener qu'à cette machine (127.0.0.1 ou ::1) : "
                    f"{rule.target} est refusé. Dans un réseau d'essai, ajoutez --allow-test-network."
                )
        self._scope = scope
        self._connect_to = connect_to
        self._infrastructure = frozenset(infrastructure)
        self._own_places = frozenset(own_places)
        self._named_places = frozenset(named_places)
        self._allow_private = allow_private or allow_test_network
        self._loopback_only = loopback_only
        self._spent: Counter[tuple[Purpose, IpAddress]] = Counter()

    def admit(self, request: Request) -> Endpoint | Unreachable:
        """Where the connection really goes, its budget spent; or why it may not be made."""
        refusal = self._refusal(request)
        if refusal is not None:
            return Unreachable(refusal, str(request.endpoint))
        destination = self.destination(request.endpoint)
        if self._loopback_only and not destination.address.is_loopback:
            return Unreachable(Reason.NOT_AUTHORIZED, str(request.endpoint))
        if request.purpose in (Purpose.PUBLIC, Purpose.NAMES):
            self._spent[request.purpose, request.endpoint.address] += 1
        return destination

    def destination(self, endpoint: Endpoint) -> Endpoint:
        """Where a connection to `endpoint` really goes, by the --connect-to rules."""
        return self._connect_to.target(endpoint) or endpoint

    def covers_domain(self, domain: str) -> bool:
        """Whether the authorization speaks of what `domain` publishes."""
        return self._scope.covers_domain(domain)

    def _refusal(self, request: Request) -> Reason | None:
        address = request.endpoint.address
        match request.purpose:
            case Purpose.PUBLIC:
                return self._public_refusal(request)
            case Purpose.ACTIVE:
                allowed = self._scope.covers_address(address)
            case Purpose.INTRUSIVE:
                return self._intrusive_refusal(request)
            case Purpose.NAMES:
                return self._names_refusal(request)
            case Purpose.INFRASTRUCTURE:
                return self._infrastructure_refusal(request)
            case _:
                assert_never(request.purpose)
        return None if allowed else Reason.NOT_AUTHORIZED

    def _public_refusal(self, request: Request) -> Reason | None:
        if not self._scope.covers_domain(request.about):
            return Reason.NOT_AUTHORIZED
        if not self._may_be_visited(request.endpoint, published=request.published):
            return Reason.PRIVATE_ADDRESS
        most = PUBLIC_CONNECTIONS + PUBLIC_CONNECTIONS_A_DOMAIN * max(len(self._scope.domains) - 1, 0)
        spent = self._spent[Purpose.PUBLIC, request.endpoint.address]
        return Reason.BUDGET_SPENT if spent >= most else None

    def _infrastructure_refusal(self, request: Request) -> Reason | None:
        place = (request.about, request.endpoint.port)
        if request.endpoint in self._infrastructure or place in self._own_places:
            return None
        if place not in self._named_places:
            return Reason.NOT_AUTHORIZED
        return None if self._may_be_visited(request.endpoint) else Reason.PRIVATE_ADDRESS

    def _names_refusal(self, request: Request) -> Reason | None:
        if not self._scope.domains or request.endpoint.port != DNS_PORT:
            return Reason.NOT_AUTHORIZED
        if not self._may_be_visited(request.endpoint):
            return Reason.PRIVATE_ADDRESS
        spent = self._spent[Purpose.NAMES, request.endpoint.address]
        return Reason.BUDGET_SPENT if spent >= NAME_QUESTIONS_A_DOMAIN * len(self._scope.domains) else None

    def _intrusive_refusal(self, request: Request) -> Reason | None:
        """An authorized address; or, when the signature goes that far, a server that a signed domain publishes."""
        if not self._scope.allows_test(request.test):
            return Reason.NOT_AUTHORIZED
        if self._scope.covers_address(request.endpoint.address):
            return None
        if not (self._scope.servers_too and self._scope.covers_domain(request.about)):
            return Reason.NOT_AUTHORIZED
        return None if self._may_be_visited(request.endpoint) else Reason.PRIVATE_ADDRESS

    def _may_be_visited(self, endpoint: Endpoint, *, published: bool = False) -> bool:
        return is_public(endpoint.address) or self._is_expected(endpoint, published=published)

    def _is_expected(self, endpoint: Endpoint, *, published: bool) -> bool:
        """A private address somebody of ours named: in the profile, in a rule, or a whole test network."""
        return (
            self._allow_private
            or self._connect_to.target(endpoint) is not None
            or (not published and self._scope.declares_address(endpoint.address))
        )


def is_public(address: IpAddress) -> bool:
    """Routed on the Internet: not private, loopback, link-local, multicast, reserved or for documentation.

    An IPv6 address that carries an IPv4 one (mapped, 6to4) is judged by what it carries.
    """
    if isinstance(address, IPv6Address):
        carried = address.ipv4_mapped or address.sixtofour
        if carried is not None:
            return is_public(carried)
        if address.is_site_local or address in DOCUMENTATION:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved)
