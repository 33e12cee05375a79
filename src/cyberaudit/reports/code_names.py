"""The names of the numbers that facts of TLS and IPsec hold, for who reads them as JSON."""

from collections.abc import Callable, Iterable, Iterator

from cyberaudit.facts import ike_algorithms
from cyberaudit.facts.ike import IpsecEndpoint
from cyberaudit.facts.openvpn import OpenVpnEndpoint
from cyberaudit.facts.tls_endpoint import TlsEndpoint, TlsServer
from cyberaudit.facts.tls_suites import group_name, scheme_name, suite
from cyberaudit.model import Unreachable

Codes = tuple[int, ...] | Unreachable


def code_names(seen: Iterable[object]) -> dict[str, dict[str, str]]:
    """By table (`suites`, `groups`, `schemes`, `ike_groups`), number as text → name, every number that occurs.

    Tables without a number are left out.
    """
    seen = tuple(seen)
    servers = tuple(server for facts in seen for server in _servers(facts))
    tables = {
        "suites": _named(
            (codes for server in servers for codes in _suites(server)), lambda code: suite(code).name
        ),
        "groups": _named((codes for server in servers for codes in _groups(server)), group_name),
        "schemes": _named((server.signature_schemes for server in servers), scheme_name),
        "ike_groups": _named(
            (codes for facts in seen for codes in _ike_groups(facts)), ike_algorithms.group_name
        ),
    }
    return {table: names for table, names in tables.items() if names}


def _servers(facts: object) -> tuple[TlsServer, ...]:
    return facts.servers if isinstance(facts, TlsEndpoint | OpenVpnEndpoint) else ()


def _suites(server: TlsServer) -> Iterator[Codes]:
    for offer in server.versions:
        yield offer.suites
        yield offer.seen


def _groups(server: TlsServer) -> Iterator[Codes]:
    if not isinstance(server.groups, Unreachable):
        yield from (offer.groups for offer in server.groups)


def _ike_groups(facts: object) -> Iterator[Codes]:
    if isinstance(facts, IpsecEndpoint):
        yield from (offer.groups for server in facts.servers for offer in server.offers)


def _named(lists: Iterable[Codes], name: Callable[[int], str]) -> dict[str, str]:
    codes = {code for each in lists if not isinstance(each, Unreachable) for code in each}
    return {str(code): name(code) for code in sorted(codes)}
