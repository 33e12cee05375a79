"""What the profile means a port of a machine for: the services that explain it."""

from collections.abc import Iterator

from cyberaudit.declared import AssetKind, Host, Service, Town, Vpn, VpnKind

VPN_WORDS = "accès à distance (VPN)"
# RFC 3948 §2: once a box that translates addresses is seen, IPsec goes on from 500 to 4500.
_IPSEC = frozenset({"udp/500", "udp/4500"})
# RFC 9114 §3.1 (HTTP/3) and SSL VPNs over DTLS: the same number in UDP, beside TLS.
_TLS = frozenset({"tcp/443", "tcp/4433", "tcp/8443", "tcp/10443"})
_USUAL_OF_VPN: dict[VpnKind, frozenset[str]] = {
    VpnKind.SSL: frozenset({"udp/443"}),
    VpnKind.IPSEC: _IPSEC,
    VpnKind.L2TP: _IPSEC | {"udp/1701"},
    VpnKind.OPENVPN: frozenset({"udp/1194"}),
    VpnKind.WIREGUARD: frozenset({"udp/51820"}),
    VpnKind.PPTP: frozenset(),
}


def meant(port: str, host: Host, town: Town) -> tuple[Service, ...]:
    """The declared services that explain `port` of `host`, as `firewall.unexpected-port` and `udp-service` count.

    In TCP a service of the machine itself; in UDP also what goes with one: the UDP of a TLS service, the two ports of
    IPsec, those of a VPN whose entry this machine is.
    """
    declared = tuple(service for service in host.services if service.port == port)
    if declared or not port.startswith("udp/"):
        return declared
    return tuple(each for each in _beside(host, town) if _covers(each, port))


def _beside(host: Host, town: Town) -> Iterator[Service]:
    for service in host.services:
        same = _in_udp(service.port) if service.port in _TLS else service.port
        yield Service(same, service.what, service.reachable_from)
    for vpn in town.of_kind(AssetKind.VPN):
        if isinstance(vpn, Vpn) and vpn.host == host.id:
            ports = {_in_udp(vpn.port)} if vpn.port else _USUAL_OF_VPN[vpn.type]
            yield from (Service(port, VPN_WORDS, "any") for port in sorted(ports))


def _covers(service: Service, port: str) -> bool:
    return service.port == port or {service.port, port} <= _IPSEC


def _in_udp(port: str) -> str:
    return f"udp/{port.partition('/')[2]}"
