"""What a TLS endpoint accepts and shows, at every address where it faces us, and whose page stands behind it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cyberaudit import __version__, french
from cyberaudit.declared import Vpn, VpnKind
from cyberaudit.facts.products import BY_ID
from cyberaudit.facts.tls_endpoint import TlsEndpoint, TlsServer
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.looks import kept
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.stream import Stream
from cyberaudit.probes.tls.both_looks import merged
from cyberaudit.probes.tls.conversation import Opener
from cyberaudit.probes.tls.hello import sni
from cyberaudit.probes.tls.server import Asked, ask_server
from cyberaudit.probes.tls.starttls import after_starttls
from cyberaudit.probes.tls.survey import Pace
from cyberaudit.probes.vpn_access import Access, access_of

if TYPE_CHECKING:
    from cyberaudit.probes.certificates import TrustStore

USUAL_PORT: Final = "tcp/443"
RENEGOTIATION: Final = "tls-renegotiation"
"""The name of the intrusive test."""
# Ours: one page, and a few well-known places, on two visits.
PORTAL_SECONDS: Final = 8.0
PORTAL_CONVERSATIONS: Final = 10
# Ours: a strong server takes forty conversations, one with every suite in every version three hundred.
MOST_CONVERSATIONS: Final = 400
# Ours: TCP's own, a hello, and an acknowledgement for every second packet of a long certificate chain.
PACKETS_PER_CONVERSATION: Final = 20
_UNSEEN: Final = Unreachable(Reason.NOT_LOOKED)
# What a second look in the same run may change.
_PASSING: Final = {Reason.TIMEOUT, Reason.DEADLINE, Reason.RESET, Reason.UNSTABLE}


async def look(asset: Vpn, instruments: Instruments) -> TlsEndpoint | Unreachable:
    """The facts; `Unreachable` when the access is of another technique, or its host has no address that faces us."""
    access = _access(asset, instruments)
    if isinstance(access, Unreachable):
        return access
    visit = asyncio.ensure_future(_portal(asset, instruments, access, access.asked[0]))
    try:
        servers = await asyncio.gather(
            *(_ask(asset, instruments, address, access.number) for address in access.asked)
        )
        early = _unvisited(servers) or await visit
    finally:
        visit.cancel()
        # Its connection is closed before the loop may end.
        await asyncio.wait({visit})
    portal, clues = await _portal_again(early, asset, instruments, access, servers)
    return TlsEndpoint(
        hostname=asset.hostname,
        port=access.port,
        servers=tuple(servers),
        left_out=access.left_out,
        portal=portal,
        clues=clues,
    )


def worth_asking_again(facts: TlsEndpoint) -> bool:
    """Something was not seen, for a reason that may pass."""
    return any(_may_pass(server.met) or _may_pass(server.complete) for server in facts.servers)


def merge_looks(first: TlsEndpoint, second: TlsEndpoint) -> TlsEndpoint:
    """The second look; what only the first one saw stays."""
    before = {server.address: server for server in first.servers}
    servers = tuple(merged(before.get(server.address, server), server) for server in second.servers)
    return replace(
        second,
        servers=servers,
        portal=kept(first.portal, second.portal),
        clues=kept(first.clues, second.clues),
    )


def announce(asset: Vpn, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would touch: nothing when the access is of another technique, or no address faces us."""
    access = _access(asset, instruments)
    if isinstance(access, Unreachable):
        return ()
    most = (MOST_CONVERSATIONS + PORTAL_CONVERSATIONS) * len(access.asked)
    return (
        Announcement(
            target=asset.hostname or asset.host,
            purpose=Purpose.ACTIVE,
            text=f"l'accès à distance « {asset.name} » : une cinquantaine de connexions chiffrées, "
            f"{french.number(most)} au plus, port {access.number}, une seconde fois en cas d'échec",
            max_packets=2 * most * PACKETS_PER_CONVERSATION,
        ),
    )


def _may_pass(seen: object) -> bool:
    return isinstance(seen, Unreachable) and seen.reason in _PASSING


def _access(asset: Vpn, instruments: Instruments) -> Access | Unreachable:
    return access_of(asset, instruments, usual={VpnKind.SSL: USUAL_PORT}, protocols=("tcp",))


async def _ask(asset: Vpn, instruments: Instruments, address: IpAddress, port: int) -> TlsServer:
    options = instruments.options
    asked = Asked(
        address=str(address),
        server_name=sni(asset.hostname),
        host=asset.hostname or str(address),
        trust=lambda: _trust_store(options.ca_bundle),
        now=instruments.now,
        pace=Pace(hello_seconds=options.patience.handshake),
    )
    budget = _Budget()
    usual = _opener(asset, instruments, address, port, budget=budget)
    intrusive = _opener(asset, instruments, address, port, budget=budget, test=RENEGOTIATION)
    return await ask_server(usual, asked, renegotiate=intrusive)


def _trust_store(bundle: Path | None) -> "TrustStore | Unreachable":
    # Imported when there is a certificate to judge: until then no library for it is needed.
    from cyberaudit.probes.certificates import trust_store

    return trust_store(bundle)


@dataclass(slots=True)
class _Budget:
    """What is left of the conversations with one address."""

    left: int = MOST_CONVERSATIONS


def _opener(
    asset: Vpn, instruments: Instruments, address: IpAddress, port: int, *, budget: _Budget, test: str = ""
) -> Opener:
    """Conversations with one address; for `test` they are intrusive, and refused unless it is signed for."""
    options = instruments.options

    async def connect() -> Stream | Unreachable:
        if budget.left <= 0:
            return Unreachable(Reason.BUDGET_SPENT)
        budget.left -= 1
        return await instruments.network.connect(
            address,
            port,
            purpose=Purpose.INTRUSIVE if test else Purpose.ACTIVE,
            test=test,
            within=options.patience.connect,
        )

    if not options.starttls:
        return connect
    return after_starttls(connect, options.starttls, ehlo=options.ehlo, hostname=asset.hostname)


Portal = tuple[str | Unreachable, tuple[str, ...] | Unreachable]
"""The product whose page is served, empty when it is not recognised, and what that stands on."""


async def _portal(asset: Vpn, instruments: Instruments, access: Access, address: IpAddress) -> Portal:
    if instruments.options.starttls:
        return _UNSEEN, _UNSEEN
    from cyberaudit.probes.services.door import Door, Visitor
    from cyberaudit.probes.services.visit import visit_portal

    visitor = Visitor(
        network=instruments.network,
        agent=f"cyberaudit/{__version__}",
        ehlo=instruments.options.ehlo,
        connect_seconds=instruments.options.patience.connect,
        until=asyncio.get_running_loop().time() + PORTAL_SECONDS,
    )
    found = await visit_portal(Door(visitor, address, access.number, hostname=asset.hostname))
    if isinstance(found.protocol, Unreachable):
        return found.protocol, found.protocol
    return (found.product, found.clues) if found.product in BY_ID else ("", ())


def _unvisited(servers: Sequence[TlsServer]) -> Portal | None:
    """Why there is no page to wait for: nothing answered anywhere."""
    causes = [server.met for server in servers if isinstance(server.met, Unreachable)]
    return (causes[0], causes[0]) if len(causes) == len(servers) else None


async def _portal_again(
    early: Portal, asset: Vpn, instruments: Instruments, access: Access, servers: Sequence[TlsServer]
) -> Portal:
    """Beside the survey the page may have been refused for want of room; elsewhere TLS may be spoken all the same."""
    speaking = [server.address for server in servers if server.met == "tls"]
    if isinstance(early[0], str) or not speaking or instruments.options.starttls:
        return early
    return await _portal(asset, instruments, access, ip_address(speaking[0]))
