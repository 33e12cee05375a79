"""A town's network in namespaces: the Internet, a router, offices, guests, servers, and a far place.

Everything is IPv4 and IPv6, on documentation addresses; every name carries the pid; no packet leaves the machine.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tests.lab.lab_hosts import EVERY_PORT, HOSTS, LabHost
from tests.lab.network_lab import inside, link, must_in, run_in
from tests.lab.real_servers import Server, serving

T = TypeVar("T")
CANARY, CANARY_V6 = "203.0.113.9", "2001:db8:9::9"
GUEST, LAN = "192.0.2.194", "192.0.2.130"
SERVERS, SERVERS_V6 = "192.0.2.100", "2001:db8:2::100"
"""The machine of the town on which real servers may be started."""
# Half of 30 ms there and back.
FAR_MILLISECONDS = 15
LISTENER = """
import json, select, socket, sys
poll, held = select.epoll(), {}
for address, port in json.loads(sys.argv[1]):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.create_server((address, port), family=family, backlog=4096)
    sock.setblocking(False)
    held[sock.fileno()] = sock
    poll.register(sock, select.EPOLLIN)
print("ready", flush=True)
while True:
    for number, _ in poll.poll():
        try:
            while True:
                held[number].accept()[0].close()
        except OSError:
            pass
"""


@dataclass(frozen=True, slots=True)
class Place:
    """One network of the lab, and the machines in it."""

    role: str
    gateway: tuple[str, ...]
    """The router's addresses there, with their length."""
    addresses: tuple[str, ...]


def _addresses(*, far: bool) -> tuple[str, ...]:
    """The addresses of the hosts that stand there, with their length."""
    there = (host for host in HOSTS if host.far is far)
    return tuple(text for host in there for text in (f"{host.v4}/25", f"{host.v6}/64"))


PLACES = (
    Place("outside", ("198.51.100.1/24", "2001:db8:1::1/64"), ("198.51.100.2/24", "2001:db8:1::2/64")),
    Place("canary", ("203.0.113.1/25", "2001:db8:9::1/64"), (f"{CANARY}/25", f"{CANARY_V6}/64")),
    Place(
        "dmz",
        ("192.0.2.1/25", "2001:db8:2::1/64"),
        (*_addresses(far=False), f"{SERVERS}/25", f"{SERVERS_V6}/64"),
    ),
    Place("lan", ("192.0.2.129/26", "2001:db8:3::1/64"), (f"{LAN}/26", "2001:db8:3::130/64")),
    Place("guest", ("192.0.2.193/26", "2001:db8:4::1/64"), (f"{GUEST}/26", "2001:db8:4::194/64")),
)
FAR = Place(
    "far",
    ("203.0.113.129/25", "2001:db8:5::1/64"),
    _addresses(far=True),
)


class TownLab:
    """The lab, up; see `town_laboratory`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def namespace(self, role: str) -> str:
        return f"cya-{os.getpid()}-{role}"

    def run(self, role: str, *words: str) -> subprocess.CompletedProcess[str]:
        return run_in(self.namespace(role), *words)

    def must(self, role: str, *words: str) -> None:
        must_in(self.namespace(role), *words)

    def inside(self, role: str, looking: Coroutine[Any, Any, T]) -> T:
        """What `looking` returns, seen from there."""
        return inside(self.namespace(role), looking)

    @contextmanager
    def filtering(self, *rules: str, role: str = "gate", hook: str = "forward") -> Iterator[None]:
        """Rules of nftables, beside those of the hosts: a packet passes when both let it."""
        table = f"hook-{hook}"
        lines = "\n".join(rules)
        self._load(role, table, f"chain filter {{\ntype filter hook {hook} priority 10\n{lines}\n}}")
        try:
            yield
        finally:
            self.must(role, "nft", "delete", "table", "inet", table)

    @contextmanager
    def counting(self, role: str, what: str, *allowed: str) -> Iterator[list[int]]:
        """Counts what leaves that place: first what `what` selects and `allowed` does not, then all of it.

        The list is empty inside, and holds the two numbers at the end.
        """
        lines = (
            "counter strange { }",
            "counter every { }",
            "chain out {",
            "type filter hook output priority 0",
            "oifname lo accept",
            f'{what} counter name "every"',
            *(f"{rule} accept" for rule in allowed),
            f'{what} counter name "strange"',
            "}",
        )
        self._load(role, "count", "\n".join(lines))
        counted: list[int] = []
        try:
            yield counted
        finally:
            counted += [self._counter(role, name) for name in ("strange", "every")]
            self.must(role, "nft", "delete", "table", "inet", "count")

    def _counter(self, role: str, name: str) -> int:
        words = self.run(role, "nft", "list", "counter", "inet", "count", name).stdout.split()
        return int(words[words.index("packets") + 1])

    @contextmanager
    def serving(self, role: str, address: str, *servers: Server) -> Iterator[None]:
        """Real servers of Debian on that address, until the end of the block."""
        with serving(self.namespace(role), address, servers, self.folder):
            yield

    @contextmanager
    def listening(self, role: str, *where: tuple[str, int]) -> Iterator[None]:
        """Something that accepts and closes at once, on each address and port."""
        command = [sys.executable, "-c", LISTENER, json.dumps(where)]
        with _running("ip", "netns", "exec", self.namespace(role), *command):
            yield

    def _load(self, role: str, table: str, text: str) -> None:
        rules = self.folder / f"{table}.nft"
        rules.write_text(f"table inet {table} {{\n{text}\n}}\n", encoding="utf-8")
        self.must(role, "nft", "-f", str(rules))


@contextmanager
def town_laboratory(folder: Path, *, far: bool = False) -> Iterator[TownLab]:
    """The lab with every host of `HOSTS` (the far ones when asked for); nothing of it stays."""
    lab = TownLab(folder)
    places = (*PLACES, FAR) if far else PLACES
    with ExitStack() as held:
        for role in ("gate", *(place.role for place in places)):
            held.enter_context(_namespace(lab.namespace(role)))
        if far:
            held.enter_context(_far_line(lab))
        for place in places:
            _wire(lab, place)
        _set_up_router(lab)
        for role, hosts in (("dmz", _hosts(far=False)), ("far", _hosts(far=True) if far else ())):
            if hosts:
                held.enter_context(_listeners(lab, role, hosts))
        yield lab


def _hosts(*, far: bool) -> tuple[LabHost, ...]:
    return tuple(host for host in HOSTS if host.far is far)


@contextmanager
def _namespace(name: str) -> Iterator[None]:
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        yield
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


@contextmanager
def _running(*words: str) -> Iterator[None]:
    """A program that says « ready » when it is, ended at the end."""
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", f"{words[:5]} did not start"
        yield
    finally:
        process.terminate()
        process.communicate()


@contextmanager
def _far_line(lab: TownLab) -> Iterator[None]:
    program = str(Path(__file__).with_name("far_line.py"))
    ends = (lab.namespace("gate"), "to-far", lab.namespace("far"), "eth0")
    with _running(sys.executable, program, *ends, str(FAR_MILLISECONDS)):
        yield


def _wire(lab: TownLab, place: Place) -> None:
    device = f"to-{place.role}"
    if place is not FAR:
        link(lab.namespace(place.role), "eth0", lab.namespace("gate"), device)
    for role, name, addresses in (("gate", device, place.gateway), (place.role, "eth0", place.addresses)):
        lines = [f"addr add {text} dev {name}{' nodad' if ':' in text else ''}" for text in addresses]
        lines += ["link set lo up", f"link set {name} up txqueuelen 20000"]
        if role != "gate":
            lines += [f"route add default via {text.partition('/')[0]}" for text in place.gateway]
        batch = lab.folder / "wire"
        batch.write_text("\n".join(lines) + "\n", encoding="utf-8")
        lab.must(role, "ip", "-batch", str(batch))
        _refuse_without_limit(lab, role)


def _refuse_without_limit(lab: TownLab, role: str) -> None:
    """ICMP refusals are never held back, except where a host's rules say so."""
    keys = ("net.ipv4.icmp_ratelimit=0", "net.ipv4.icmp_ratemask=0", "net.ipv6.icmp.ratelimit=0")
    lab.must(role, "sysctl", "-qw", *keys, "net.ipv6.icmp.ratemask=2", "net.ipv4.tcp_invalid_ratelimit=0")


def _set_up_router(lab: TownLab) -> None:
    lab.must("gate", "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
    rules = "\n".join(rule for host in HOSTS for rule in host.rules())
    lab._load("gate", "hosts", f"chain forward {{ type filter hook forward priority 0;\n{rules}\n}}")
    everything = [host for host in HOSTS if host.opens_everything]
    lines = [
        f"{ip} daddr {address} meta l4proto tcp dnat {ip} to {written}:{EVERY_PORT}"
        for host in everything
        for ip, address, written in (("ip", host.v4, host.v4), ("ip6", host.v6, f"[{host.v6}]"))
    ]
    lab._load(
        "dmz", "everything", f"chain in {{ type nat hook prerouting priority -100;\n{chr(10).join(lines)}\n}}"
    )


@contextmanager
def _listeners(lab: TownLab, role: str, hosts: Sequence[LabHost]) -> Iterator[None]:
    where = [(a, port) for host in hosts for a in (host.v4, host.v6) for port in sorted(host.listens)]
    with lab.listening(role, *where):
        _wait_for_the_router(lab)
        yield


def _wait_for_the_router(lab: TownLab) -> None:
    """IPv6 needs a moment after a cable is plugged in."""
    for address in (CANARY, CANARY_V6):
        assert lab.inside("outside", _refuses_soon(address)), "the lab's network does not come up"


async def _refuses_soon(address: str) -> bool:
    for _ in range(100):
        try:
            await asyncio.wait_for(asyncio.open_connection(address, 1), 0.3)
        except ConnectionRefusedError:
            return True
        except OSError:
            await asyncio.sleep(0.1)
    return False
