"""Whether an access declared as PPTP or L2TP still answers somebody who comes without IPsec."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from cyberaudit.declared import Vpn, VpnKind
from cyberaudit.facts.old_tunnel import OldTunnel, OldTunnelAnswer, OldTunnelMet
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import OUTSIDE, Instruments
from cyberaudit.probes.old_tunnels import (
    START_BYTES,
    Said,
    l2tp_stop,
    pptp_start,
    pptp_stop,
    read_l2tp,
    read_pptp,
)
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.stream import Stream
from cyberaudit.probes.udp.datagram_stream import DatagramStream
from cyberaudit.probes.udp.questions import l2tp_start
from cyberaudit.probes.vpn_access import Access, access_of, may_change, most_telling

USUAL = {VpnKind.PPTP: "tcp/1723", VpnKind.L2TP: "udp/1701"}
# Ours: one lost packet, then another, must not look like a silent server.
PATIENCE = (1.0, 1.5, 2.0)
# Ours: either conversation, its opening and its end included.
PACKETS = 15
# The most telling first: a later look never takes away what an earlier one saw.
_TELLING = (
    OldTunnelMet.ANSWERS, OldTunnelMet.FOREIGN, OldTunnelMet.CLOSED, OldTunnelMet.CLOSES, OldTunnelMet.SILENT,
)  # fmt: skip
_MEANINGS = {
    Reason.REFUSED: OldTunnelMet.CLOSED,
    Reason.TIMEOUT: OldTunnelMet.SILENT,
    Reason.RESET: OldTunnelMet.CLOSES,
    Reason.PROTOCOL_ERROR: OldTunnelMet.FOREIGN,
}
_NOT_THAT = Unreachable(Reason.PROTOCOL_ERROR)


async def look(asset: Vpn, instruments: Instruments) -> OldTunnel | Unreachable:
    """The facts; `Unreachable` when the access is of another technique, or its host has no address that faces us."""
    access = _access(asset, instruments)
    if isinstance(access, Unreachable):
        return access
    ask = _ask_pptp if asset.type is VpnKind.PPTP else _ask_l2tp
    asking = (_answer(ask, instruments, access, address) for address in access.asked)
    return OldTunnel(
        protocol=asset.type.value,
        port=access.port,
        answers=tuple(await asyncio.gather(*asking)),
        left_out=access.left_out,
        from_outside=instruments.vantage == OUTSIDE,
    )


def worth_asking_again(facts: OldTunnel) -> bool:
    """Nobody answered, and some answer may change."""
    if any(answer.met is OldTunnelMet.ANSWERS for answer in facts.answers):
        return False
    return may_change(facts.answers, passing=(OldTunnelMet.SILENT, OldTunnelMet.CLOSES))


def merge_looks(first: OldTunnel, second: OldTunnel) -> OldTunnel:
    """At each address the more telling answer, the second one of two that tell as much."""
    return replace(second, answers=most_telling(first.answers, second.answers, order=_TELLING))


def announce(asset: Vpn, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would touch: nothing when the access is of another technique, or no address faces us."""
    access = _access(asset, instruments)
    if isinstance(access, Unreachable):
        return ()
    return (
        Announcement(
            target=asset.hostname or asset.host,
            purpose=Purpose.ACTIVE,
            text=f"l'accès « {asset.name} » ({asset.type.value.upper()}) : une demande, port {access.number}, "
            "une seconde fois en cas de silence",
            max_packets=2 * len(access.asked) * PACKETS,
        ),
    )


def _access(asset: Vpn, instruments: Instruments) -> Access | Unreachable:
    return access_of(asset, instruments, usual=USUAL, protocols=_protocols(asset))


def _protocols(asset: Vpn) -> tuple[str, ...]:
    usual = USUAL.get(asset.type, "")
    return (usual.partition("/")[0],)


_Ask = Callable[[Instruments, Access, IpAddress], Awaitable[Said | Unreachable]]


async def _answer(ask: _Ask, instruments: Instruments, access: Access, address: IpAddress) -> OldTunnelAnswer:
    said = await ask(instruments, access, address)
    if isinstance(said, Said):
        return OldTunnelAnswer(str(address), OldTunnelMet.ANSWERS, said.words)
    return OldTunnelAnswer(str(address), _MEANINGS.get(said.reason, said), clean(said.detail))


async def _ask_pptp(instruments: Instruments, access: Access, address: IpAddress) -> Said | Unreachable:
    patience = instruments.options.patience
    stream = await instruments.network.connect(
        address, access.number, purpose=Purpose.ACTIVE, within=patience.connect
    )
    if isinstance(stream, Unreachable):
        return stream
    with stream:
        return await _start_pptp(stream, within=patience.handshake)


async def _start_pptp(stream: Stream, *, within: float) -> Said | Unreachable:
    unsent = await stream.write(pptp_start(), within=within)
    if unsent is not None:
        return unsent
    first = await stream.read(1, within=within)
    if isinstance(first, Unreachable):
        return first
    if not first:
        return Unreachable(Reason.RESET, "connexion fermée par le serveur")
    rest = await stream.read_exactly(START_BYTES - 1, within=within)
    said = None if isinstance(rest, Unreachable) else read_pptp(first + rest)
    if said is None:  # some bytes came, and they are no reply
        return _NOT_THAT
    await stream.write(pptp_stop(), within=within)
    return said


async def _ask_l2tp(instruments: Instruments, access: Access, address: IpAddress) -> Said | Unreachable:
    stream = await instruments.network.datagrams(address, access.number, purpose=Purpose.ACTIVE)
    if isinstance(stream, Unreachable):
        return stream
    with stream:
        return await _start_l2tp(stream)


async def _start_l2tp(stream: DatagramStream) -> Said | Unreachable:
    start = l2tp_start()
    ours = int.from_bytes(start[-2:], "big")  # the last attribute is our number of the tunnel
    outcome = Unreachable(Reason.TIMEOUT)
    for within in PATIENCE:
        unsent = await stream.send(start, within=within)
        answer = unsent or await stream.receive(within=within)
        if isinstance(answer, Unreachable):
            if answer.reason is not Reason.TIMEOUT:
                return answer
            continue
        said = read_l2tp(answer, ours=ours)
        if said is not None:
            await stream.send(l2tp_stop(said.tunnel, ours=ours), within=within)
            return said
        outcome = _NOT_THAT
    return outcome
