"""Connections lent to a child process: it asks, the guard decides, and the open socket is handed on."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from ipaddress import ip_address

from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.far_places import AS_S3, is_address
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.stores.far.lines import HERE, ONE_MORE, refusal
from cyberaudit.probes.stores.request import FarPlace, Scheme

Opener = Callable[[], Awaitable[socket.socket | Unreachable]]
"""One more connection to the one place it knows, or why there is none."""

# Ours: of a server that closes after each answer, the heads and the ends of two hundred copies with their listings.
MOST_LINES = 500
# Ours: a name with more addresses is tried at its first ones.
MOST_ADDRESSES = 4


def opener(place: FarPlace, instruments: Instruments) -> Opener:
    """Connections to `place` alone, its name resolved by our own resolver."""

    async def open_one() -> socket.socket | Unreachable:
        addresses = await _addresses(place.host, instruments)
        if isinstance(addresses, Unreachable):
            return addresses
        answer: socket.socket | Unreachable = _nowhere(place)
        for address in addresses[:MOST_ADDRESSES]:
            answer = await instruments.network.lend(
                address,
                place.port,
                host=place.host,
                here_only=place.plain,
                within=instruments.options.patience.connect,
            )
            if not isinstance(answer, Unreachable):
                return answer
        return answer

    return open_one


def _nowhere(place: FarPlace) -> Unreachable:
    """Other tools write the bucket where the server stands here."""
    hint = f" ; {AS_S3}" if place.scheme is Scheme.S3 and "." not in place.host else ""
    return Unreachable(Reason.RESOLVER_FAILURE, f"aucune adresse pour « {place.host} »{hint}")


async def _addresses(host: str, instruments: Instruments) -> tuple[IpAddress, ...] | Unreachable:
    if is_address(host):
        return (ip_address(host),)
    answer = await instruments.resolver.addresses(host)
    return answer.failure if answer.failure and not answer.found else answer.found


async def lend_lines(control: socket.socket, open_one: Opener) -> None:
    """Answer each question that comes on `control` (a Unix socket of whole messages), until its other end is closed."""
    control.setblocking(False)  # noqa: FBT003 — the socket's own signature
    loop = asyncio.get_running_loop()
    asked = 0
    with suppress(ConnectionError):  # the child ended
        while await loop.sock_recv(control, 16) == ONE_MORE:
            answer = await open_one() if asked < MOST_LINES else Unreachable(Reason.BUDGET_SPENT)
            asked += 1
            if isinstance(answer, Unreachable):
                await loop.sock_sendall(control, refusal(answer))
                continue
            with answer:
                # What is lent blocks: each read of the child has its own time.
                answer.setblocking(True)  # noqa: FBT003
                socket.send_fds(control, [HERE], [answer.fileno()])
