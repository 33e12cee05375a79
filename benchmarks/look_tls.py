"""One look at a few TLS servers, as a program: what `tls.py` starts, the interpreter's start included.

Reads one JSON object from the file named on the command line, prints a list: for each server what was claimed,
and when it was known. Whose page stands behind is left out: no other program asks that.
"""

import asyncio
import gc
import json
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from cyberaudit.facts.tls_endpoint import TlsServer
from cyberaudit.facts.tls_suites import suite
from cyberaudit.model import Unreachable
from cyberaudit.probes.endpoint import read_connect_to
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.network import Network
from cyberaudit.probes.ports.timing import Way
from cyberaudit.probes.stream import Stream
from cyberaudit.probes.tls.server import Asked, ask_server
from cyberaudit.probes.tls.starttls import after_starttls
from cyberaudit.probes.tls.survey import Pace
from cyberaudit.town.scope import scope_for_look

if TYPE_CHECKING:
    from cyberaudit.probes.certificates import TrustStore

EHLO = "cyberaudit.invalid"
# The line is declared « lan »: nothing holds the questions back.
FREE = Way("lan", None)


@dataclass(frozen=True, slots=True)
class Order:
    """What to look at; from JSON."""

    endpoints: list[tuple[str, int]]
    """Address and port."""
    rules: list[str]
    """As `--connect-to` takes them."""
    hostname: str
    starttls: str


def _trust() -> "TrustStore | Unreachable":
    # As the program does: what judges certificates is loaded when there is one.
    from cyberaudit.probes.certificates import trust_store  # noqa: PLC0415 — reason above

    return trust_store(None)


async def one(order: Order, place: tuple[str, int], network: Network) -> dict[str, object]:
    address, port = ip_address(place[0]), place[1]

    async def connect() -> Stream | Unreachable:
        return await network.connect(address, port, purpose=Purpose.ACTIVE)

    opener = connect
    if order.starttls:
        opener = after_starttls(connect, order.starttls, ehlo=EHLO, hostname=order.hostname)  # type: ignore[assignment]
    asked = Asked(
        address=place[0],
        server_name=order.hostname,
        host=order.hostname,
        trust=_trust,
        now=datetime.now(UTC),
        pace=Pace(),
    )
    begun = time.perf_counter()
    server = await ask_server(opener, asked)
    return {"seconds": time.perf_counter() - begun, **said(server)}


def said(server: TlsServer) -> dict[str, object]:
    """Version → names of its suites, or null when unknown."""
    versions = {
        offer.version: None
        if isinstance(offer.accepted, Unreachable) or isinstance(offer.suites, Unreachable)
        else [suite(code).name for code in offer.suites]
        for offer in server.versions
    }
    return {
        "met": server.met if isinstance(server.met, str) else None,
        "versions": versions,
        "complete": server.complete is True,
        "hellos": server.hellos if isinstance(server.hellos, int) else None,
        "connections": server.connections if isinstance(server.connections, int) else None,
    }


async def look(order: Order) -> list[dict[str, object]]:
    addresses = [address for address, _ in order.endpoints]
    scope = scope_for_look(addresses=addresses, authorized_by="Hélène Marchand, maire")
    ways = {ip_address(address): FREE for address in addresses}
    network = Network(scope, connect_to=read_connect_to(order.rules), ways=ways)
    return await asyncio.gather(*(one(order, place, network) for place in order.endpoints))


def main() -> None:
    # As the program does, before and after.
    gc.set_threshold(10_000, 20, 20)
    order = Order(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    json.dump(asyncio.run(look(order)), sys.stdout)
    gc.freeze()


if __name__ == "__main__":
    main()
