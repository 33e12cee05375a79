"""What an OpenVPN access answers to a stranger: a hard reset, then the TLS inside its control channel."""

import asyncio
from dataclasses import replace

from cyberaudit.declared import Vpn, VpnKind
from cyberaudit.facts.openvpn import OpenVpnAnswer, OpenVpnEndpoint, OpenVpnMet
from cyberaudit.facts.tls_endpoint import TlsServer
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.openvpn.door import Door, Sessions
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.vpn_access import Access, access_of, may_change, most_telling

USUAL = {VpnKind.OPENVPN: "udp/1194"}
# Ours: versions, suites and groups of a lenient server, each a session.
MAX_SESSIONS = 250
# Ours: three resets, a ClientHello of three packets, a flight of eight with their acknowledgements, the witnesses.
PACKETS_PER_SESSION = 30
# The most telling first: a later look never takes away what an earlier one saw.
_TELLING = (OpenVpnMet.OPENVPN, OpenVpnMet.FOREIGN, OpenVpnMet.CLOSED, OpenVpnMet.CLOSES, OpenVpnMet.SILENT)
_MEANINGS = {
    Reason.REFUSED: OpenVpnMet.CLOSED,
    Reason.TIMEOUT: OpenVpnMet.SILENT,
    Reason.RESET: OpenVpnMet.CLOSES,
    Reason.PROTOCOL_ERROR: OpenVpnMet.FOREIGN,
}


async def look(asset: Vpn, instruments: Instruments) -> OpenVpnEndpoint | Unreachable:
    """The facts; `Unreachable` when the access is of another technique, or its host has no address that faces us."""
    access = _access(asset, instruments)
    if isinstance(access, Unreachable):
        return access
    asking = (_ask(asset, instruments, door) for door in doors_of(access, instruments))
    asked = await asyncio.gather(*asking)
    return OpenVpnEndpoint(
        hostname=asset.hostname,
        port=access.port,
        answers=tuple(answer for answer, _ in asked),
        servers=tuple(server for _, server in asked if server is not None),
        left_out=access.left_out,
    )


def worth_asking_again(facts: OpenVpnEndpoint) -> bool:
    """Nobody answered as OpenVPN, and some answer may change."""
    if any(answer.met is OpenVpnMet.OPENVPN for answer in facts.answers):
        return False
    return may_change(facts.answers, passing=(OpenVpnMet.SILENT, OpenVpnMet.CLOSES))


def merge_looks(first: OpenVpnEndpoint, second: OpenVpnEndpoint) -> OpenVpnEndpoint:
    """At each address the more telling answer, the second one of two that tell as much; a server seen stays."""
    seen = {server.address: server for server in (*first.servers, *second.servers)}
    answers = most_telling(first.answers, second.answers, order=_TELLING)
    return replace(
        second,
        answers=answers,
        servers=tuple(seen[answer.address] for answer in answers if answer.address in seen),
    )


def announce(asset: Vpn, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would touch: nothing when the access is of another technique, or no address faces us."""
    access = _access(asset, instruments)
    if isinstance(access, Unreachable):
        return ()
    return (
        Announcement(
            target=asset.hostname or asset.host,
            purpose=Purpose.ACTIVE,
            text=f"l'accès OpenVPN « {asset.name} » : au plus {MAX_SESSIONS} débuts de session, "
            f"port {access.number} en {'TCP' if access.over_tcp else 'UDP'}, l'un après l'autre",
            max_packets=2 * len(access.asked) * MAX_SESSIONS * PACKETS_PER_SESSION,
        ),
    )


def _access(asset: Vpn, instruments: Instruments) -> Access | Unreachable:
    return access_of(asset, instruments, usual=USUAL, protocols=("udp", "tcp"))


def doors_of(access: Access, instruments: Instruments) -> tuple[Door, ...]:
    """One an address, all of one server: what they ask counts together."""
    sessions = Sessions()
    return tuple(
        Door(
            network=instruments.network,
            address=address,
            port=access.number,
            over_tcp=access.over_tcp,
            patience=instruments.options.patience,
            sessions=sessions,
        )
        for address in access.asked
    )


async def _ask(asset: Vpn, instruments: Instruments, door: Door) -> tuple[OpenVpnAnswer, TlsServer | None]:
    since = asyncio.get_running_loop().time()
    first = await door.open()
    if isinstance(first, Unreachable):
        met = _MEANINGS.get(first.reason, first)
        return OpenVpnAnswer(str(door.address), met, clean(first.detail)), None
    first.close()
    seconds = asyncio.get_running_loop().time() - since
    answer = OpenVpnAnswer(
        str(door.address), OpenVpnMet.OPENVPN, f"réponse en {max(1, round(seconds * 1000))} ms"
    )
    return answer, await _ask_tls(asset, instruments, door)


async def _ask_tls(asset: Vpn, instruments: Instruments, door: Door) -> TlsServer:
    """The server behind the door. OpenVPN knows no server_name: none is sent."""
    from cyberaudit.probes.certificates import trust_store
    from cyberaudit.probes.tls.server import Asked, ask_server
    from cyberaudit.probes.tls.survey import Pace

    asked = Asked(
        address=str(door.address),
        server_name=None,
        host=asset.hostname or str(door.address),
        trust=lambda: trust_store(instruments.options.ca_bundle),
        now=instruments.now,
        pace=Pace(at_once=1, hello_seconds=instruments.options.patience.handshake),
    )
    return await ask_server(door.open, asked)
