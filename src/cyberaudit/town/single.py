"""A town made of what the command line names, for `look`: no profile, no practices, no plan."""

from collections.abc import Callable, Sequence

from cyberaudit.declared import (
    AnyAsset,
    Backup,
    Commune,
    Delivery,
    Domain,
    Host,
    PlanChoices,
    Town,
    Vpn,
    VpnKind,
    Weekdays,
)
from cyberaudit.errors import UsageError
from cyberaudit.plaintext import clean
from cyberaudit.town import values
from cyberaudit.town.known import MEDIA

OUTSIDE = "outside"
_COMMUNE = Commune(
    id="look", name="", declared=(), insee="", population=0, region="", timezone="Europe/Paris"
)


def domain_asset(name: str) -> Domain:
    """The domain called `name`, U-label or A-label.

    Raises:
        UsageError: it is no domain name.
    """
    ascii_name = _read(values.domain, name.strip())
    return Domain(
        id=ascii_name,
        name=name,
        declared=(),
        domain=ascii_name,
        sends_mail=True,
        dkim_selectors=(),
        subdomains=(),
    )


def host_asset(name: str, addresses: Sequence[str]) -> Host:
    """A machine that faces outside, with no service declared.

    Raises:
        UsageError: one of `addresses` is no IP address.
    """
    return Host(
        id="target",
        name=name,
        declared=(),
        zone=OUTSIDE,
        addresses=tuple(_read(values.address, address) for address in addresses),
        services=(),
        link="",
        model="",
        firmware="",
    )


def tls_asset(name: str, *, hostname: str, port: str) -> Vpn:
    """A TLS endpoint on the host of `host_asset`; `port` is a number as text.

    Raises:
        UsageError: no such port.
    """
    return _vpn(name, VpnKind.SSL, hostname=hostname, port=f"tcp/{port}")


# Where each technique is found when nobody says otherwise: IANA's port, and the usual ones of portals.
VPN_PORTS = (
    (VpnKind.IPSEC, "udp/500"),
    (VpnKind.OPENVPN, "udp/1194"),
    (VpnKind.OPENVPN, "tcp/1194"),
    (VpnKind.WIREGUARD, "udp/51820"),
    (VpnKind.L2TP, "udp/1701"),
    (VpnKind.PPTP, "tcp/1723"),
    (VpnKind.SSL, "tcp/443"),
    (VpnKind.SSL, "tcp/4443"),
    (VpnKind.SSL, "tcp/8443"),
    (VpnKind.SSL, "tcp/10443"),
)


VPN_NAMES = {
    VpnKind.IPSEC: "IPsec",
    VpnKind.OPENVPN: "OpenVPN",
    VpnKind.WIREGUARD: "WireGuard",
    VpnKind.L2TP: "L2TP",
    VpnKind.PPTP: "PPTP",
    VpnKind.SSL: "SSL",
}
VPN_PROTOCOLS = {VpnKind.PPTP: ("tcp",), VpnKind.SSL: ("tcp",), VpnKind.OPENVPN: ("udp", "tcp")}
"""What each technique travels over; the others: UDP alone."""


def vpn_assets(*, hostname: str, kind: str = "", port: str = "") -> tuple[Vpn, ...]:
    """Every remote access that may stand on the host of `host_asset`; those of one technique, or at one port.

    Each is named after its technique and port: « IPsec udp/500 ».

    Raises:
        UsageError: no such technique or port, a port without its technique, or one that it does not use.
    """
    kind, port = kind.lower(), port.lower()
    if kind and kind not in list(VpnKind):
        raise UsageError(f"--type : « {clean(kind)} » n'est pas l'un de : {', '.join(VpnKind)}.")
    if port and not kind:
        raise UsageError("--port va avec --type : dites de quelle technique est cet accès.")
    if port:
        _refuse_another_protocol(VpnKind(kind), port)
    places = ((VpnKind(kind), port),) if port else (each for each in VPN_PORTS if kind in ("", each[0]))
    return tuple(
        _vpn(f"{VPN_NAMES[each]} {where}", each, hostname=hostname, port=where) for each, where in places
    )


def _refuse_another_protocol(kind: VpnKind, port: str) -> None:
    spoken = VPN_PROTOCOLS.get(kind, ("udp",))
    if port.isascii() and port.isdigit():
        ways = " ou ".join(f"{protocol}/{port}" for protocol in spoken)
        raise UsageError(f"--port : « {port} » ne dit pas s'il s'agit de TCP ou d'UDP : écrivez {ways}.")
    protocol, _, number = _read(values.port, port).partition("/")
    if protocol not in spoken:
        right = spoken[0]
        raise UsageError(f"--port : {VPN_NAMES[kind]} est en {right.upper()} : écrivez {right}/{number}.")


def _vpn(name: str, kind: VpnKind, *, hostname: str, port: str) -> Vpn:
    written = _read(values.port, port)
    return Vpn(
        id=f"{kind}-{written.replace('/', '-')}",
        name=name,
        declared=(),
        host="target",
        type=kind,
        hostname=hostname,
        port=written,
    )


def backup_asset(
    place: str,
    *,
    rpo_hours: int,
    grace_hours: int,
    weekdays: str,
    offline: bool,
    off_site: bool,
    media: str,
    retention_days: int,
    encryption_required: bool,
    user: str,
) -> Backup:
    """A folder or an address of copies, with what would be declared of it.

    Raises:
        UsageError: unknown weekdays or medium, or an address that is none.
    """
    if media not in MEDIA:
        raise UsageError(f"--media : « {clean(media)} » n'est pas l'un de : {', '.join(MEDIA)}.")
    url = _store_address(place) if "://" in place else ""
    if weekdays not in list(Weekdays):
        raise UsageError(f"--weekdays : « {weekdays} » n'est pas l'un de : {', '.join(Weekdays)}.")
    return Backup(
        id="target",
        name=_last_part(place),
        declared=(),
        path="" if url else place,
        url=url,
        of=(),
        rpo_hours=rpo_hours,
        grace_hours=grace_hours,
        weekdays=Weekdays(weekdays),
        media=media,
        place="off-site" if off_site else "",
        offline=offline,
        encryption_required=encryption_required,
        retention_days=retention_days,
        provider="",
        country="",
        user=user,
    )


def _last_part(place: str) -> str:
    """« nas » of /mnt/nas: the whole place stands at the head of what is shown."""
    return clean(place.rstrip("/").rpartition("/")[2] or place)


def _store_address(text: str) -> str:
    try:
        return values.store_url(text)
    except values.RefusedError as refusal:
        raise UsageError(str(refusal)) from None


def town_of(*assets: AnyAsset) -> Town:
    """The town that holds `assets` alone, without the commune among them."""
    return Town(
        schema_version=1,
        commune=_COMMUNE,
        scanned_by="",
        authorization=None,
        outside_canary="",
        assets=assets,
        waivers=(),
        plan=PlanChoices((), (), (), spend_before_vote=True),
        checks=(),
        delivery=Delivery((), "", "", ""),
    )


def _read(reader: Callable[[str], str], text: str) -> str:
    try:
        return reader(text)
    except values.RefusedError as error:
        raise UsageError(str(error)) from error
