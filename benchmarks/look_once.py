"""One look at a few hosts, as a program: what `reachability.py` starts on the scanner's side of its lab.

Reads one JSON object on the command line, prints one: seconds, CPU seconds, MiB, and what each address said.
"""

import asyncio
import json
import re
import resource
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cyberaudit.declared import Commune, Delivery, Host, Link, LinkKind, PlanChoices, Town
from cyberaudit.facts.reach import AddressReach, HostReach, PortState
from cyberaudit.model import Unreachable
from cyberaudit.probes import host_reach
from cyberaudit.probes.instruments import Instruments, Options, set_up
from cyberaudit.town.scope import scope_for_look

COMMUNE = Commune("l-hay", "L'Haÿ", (), "99042", 1850, "normandie", "Europe/Paris")


@dataclass(frozen=True, slots=True)
class Order:
    """What to look at, and how; from JSON."""

    hosts: dict[str, list[str]]
    """Name → addresses."""
    ports: str
    """As `--ports` takes it."""
    link: str
    canary: str
    other_canary: str


def town(order: Order) -> Town:
    link = Link("ligne", "Ligne", (), LinkKind(order.link), 4, "")
    hosts = (
        Host(name, name, (), "outside", tuple(addresses), (), "ligne", "", "")
        for name, addresses in order.hosts.items()
    )
    return Town(
        schema_version=1,
        commune=COMMUNE,
        scanned_by="",
        authorization=None,
        outside_canary=order.canary,
        other_outside_canary=order.other_canary,
        assets=(COMMUNE, link, *hosts),
        waivers=(),
        plan=PlanChoices((), (), (), spend_before_vote=True),
        checks=(),
        delivery=Delivery((), "", "", ""),
    )


async def look(declared: Town, instruments: Instruments) -> list[HostReach]:
    hosts = [asset for asset in declared.assets if isinstance(asset, Host)]
    return await asyncio.gather(*(host_reach.look(host, instruments) for host in hosts))


def said(reach: AddressReach) -> dict[str, object]:
    """Port → `open`, `closed`…, or `not seen: REASON`."""
    states = {
        int(answer.port.removeprefix("tcp/")): (
            answer.state.value if isinstance(answer.state, PortState) else f"not seen: {answer.state.reason}"
        )
        for answer in reach.ports
    }
    line = None if isinstance(reach.line, Unreachable) else repr(reach.line)
    return {"ports": states, "everything": reach.opens_everything, "line": line}


def peak_mib() -> float:
    """Of this program alone: `ru_maxrss` would count what its parent held before it."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert found
    return int(found[1]) / 1024


def main() -> None:
    order = Order(**json.loads(sys.argv[1]))
    declared = town(order)
    addresses = [address for group in order.hosts.values() for address in group]
    scope = scope_for_look(addresses=addresses, authorized_by="Hélène Marchand, maire")
    before, begun = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    options = Options(resolvers=("127.0.0.1:53",), ports=order.ports)
    found = asyncio.run(look(declared, set_up(declared, scope, options, now=datetime.now(UTC))))
    seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF)
    json.dump(
        {
            "seconds": seconds,
            "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            "mib": peak_mib(),
            "addresses": {reach.address: said(reach) for facts in found for reach in facts.addresses},
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
