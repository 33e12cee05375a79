"""A small network in namespaces: a scanner, a router with nftables, a target. No packet leaves the machine."""

import asyncio
import ctypes
import os
import subprocess
import sys
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
CLONE_NEWNET = 0x40000000

OPEN_PORTS = (22, 23, 443, 445, 3306, 3389, 5432)
LISTENER = """
import select, socket, sys
held = []
for port in map(int, sys.argv[1:]):
    sock = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=64)
    held.append(sock)
print("ready", flush=True)
while True:
    for sock in select.select(held, [], [])[0]:
        sock.accept()[0].close()
"""
WAIT = """
import socket, time
for address in ("192.0.2.10", "2001:db8:2::10"):
    for _ in range(100):
        try:
            socket.create_connection((address, 22), timeout=0.3).close()
            break
        except OSError:
            time.sleep(0.1)
    else:
        raise SystemExit(1)
"""
RULES = """
table inet lab {
  chain forward {
    type filter hook forward priority 0; policy accept;
    ip daddr 192.0.2.10 tcp dport 23 reject
    ip daddr 192.0.2.10 tcp dport 3306 reject with icmp type admin-prohibited
    ip daddr 192.0.2.10 tcp dport 5432 reject with tcp reset
    ip daddr 192.0.2.10 tcp dport { 445, 3389 } drop
    ip6 daddr 2001:db8:2::10 tcp dport 23 reject
    ip6 daddr 2001:db8:2::10 tcp dport 3306 reject with icmpv6 type admin-prohibited
    ip6 daddr 2001:db8:2::10 tcp dport 3389 drop
    ip daddr 192.0.2.11 drop
    ip daddr 203.0.113.9 tcp dport 135 drop
  }
}
"""


def run_in(namespace: str, *words: str) -> subprocess.CompletedProcess[str]:
    """One command in a namespace, two minutes at most."""
    return subprocess.run(
        ["ip", "netns", "exec", namespace, *words], capture_output=True, text=True, check=False, timeout=120
    )


def must_in(namespace: str, *words: str) -> None:
    done = run_in(namespace, *words)
    assert done.returncode == 0, f"{words}: {done.stderr}"


def inside(namespace: str, looking: Coroutine[Any, Any, T]) -> T:
    """What `looking` returns, run on a thread of this process that stands in the namespace."""
    found: list[T] = []

    def enter() -> None:
        enter_namespace(namespace)
        found.append(asyncio.run(looking))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join(120)
    assert found, "the looking failed: see the thread's traceback"
    return found[0]


def enter_namespace(namespace: str) -> None:
    """The calling thread, and nothing else, stands there from now on."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path(f"/run/netns/{namespace}").open("rb") as file:
        assert libc.setns(file.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())


def link(namespace: str, device: str, router: str, other: str) -> None:
    """A cable between two namespaces, both ends down and without address."""
    peer = ("peer", "name", other, "netns", router)
    subprocess.run(["ip", "link", "add", device, "netns", namespace, "type", "veth", *peer], check=True)


class Lab:
    """Three namespaces; names carry the pid, and everything goes with them."""

    def __init__(self) -> None:
        self.scanner, self.router, self.target = (f"cya-{os.getpid()}-{role}" for role in "srt")

    def run(self, namespace: str, *words: str) -> subprocess.CompletedProcess[str]:
        return run_in(namespace, *words)

    def must(self, namespace: str, *words: str) -> None:
        must_in(namespace, *words)

    def from_scanner(self, looking: Coroutine[Any, Any, T]) -> T:
        """What `looking` returns, run on a thread of this process that stands in the scanner's namespace."""
        return inside(self.scanner, looking)

    @contextmanager
    def unplugged(self) -> Iterator[None]:
        """The scanner's cable is out: the other end of its link is down."""
        self.must(self.router, "ip", "link", "set", "to-scanner", "down")
        try:
            yield
        finally:
            self.must(self.router, "ip", "link", "set", "to-scanner", "up")
            # An interface that goes down loses its IPv6 addresses.
            self.must(
                self.router,
                "ip", "-6", "addr", "replace", "2001:db8:1::1/64", "dev", "to-scanner", "nodad",
            )  # fmt: skip
            self._wait_for_the_router()

    @contextmanager
    def line(self, rule: str) -> Iterator[None]:
        """What the scanner's own gateway does to all that it forwards: one rule of nftables."""
        chain = f"chain forward {{ type filter hook forward priority -10; {rule}; }}"
        self.must(self.router, "nft", f"table inet line {{ {chain}; }}")
        try:
            yield
        finally:
            self.must(self.router, "nft", "delete", "table", "inet", "line")

    @contextmanager
    def without_ipv6(self) -> Iterator[None]:
        """The scanner has an IPv6 stack and no way out."""
        self.must(self.scanner, "ip", "-6", "route", "del", "default")
        try:
            yield
        finally:
            self.must(self.scanner, "ip", "-6", "route", "add", "default", "via", "2001:db8:1::1")

    def _wait_for_the_router(self) -> None:
        done = self.run(self.scanner, sys.executable, "-c", WAIT)
        assert done.returncode == 0, "the lab's network does not come up"


@contextmanager
def laboratory(folder: Path) -> Iterator[Lab]:
    """The lab, up; its namespaces are deleted in every case."""
    lab = Lab()
    made: list[str] = []
    listener: subprocess.Popen[str] | None = None
    try:
        for name in (lab.scanner, lab.router, lab.target):
            subprocess.run(["ip", "netns", "add", name], check=True)
            made.append(name)
        _wire(lab)
        rules = folder / "rules.nft"
        rules.write_text(RULES, encoding="utf-8")
        lab.must(lab.router, "nft", "-f", str(rules))
        listener = subprocess.Popen(
            ["ip", "netns", "exec", lab.target, sys.executable, "-c", LISTENER, *map(str, OPEN_PORTS)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert listener.stdout is not None
        assert listener.stdout.readline() == "ready\n"
        lab._wait_for_the_router()
        yield lab
    finally:
        if listener is not None:
            listener.terminate()
            listener.communicate()
        for name in made:
            subprocess.run(["ip", "netns", "del", name], check=True)


def _wire(lab: Lab) -> None:
    link(lab.scanner, "eth0", lab.router, "to-scanner")
    link(lab.target, "eth0", lab.router, "to-target")
    for namespace, device, addresses in (
        (lab.scanner, "eth0", ("198.51.100.2/24", "2001:db8:1::2/64")),
        (lab.router, "to-scanner", ("198.51.100.1/24", "2001:db8:1::1/64")),
        (lab.router, "to-target", ("192.0.2.254/24", "2001:db8:2::254/64", "203.0.113.1/24")),
        (lab.target, "eth0", ("192.0.2.10/24", "192.0.2.11/24", "203.0.113.9/24", "2001:db8:2::10/64")),
    ):
        lab.must(namespace, "ip", "link", "set", "lo", "up")
        for address in addresses:
            nodad = ("nodad",) if ":" in address else ()
            lab.must(namespace, "ip", "addr", "add", address, "dev", device, *nodad)
        lab.must(namespace, "ip", "link", "set", device, "up")
    for key in ("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1", "net.ipv6.icmp.ratelimit=0"):
        lab.must(lab.router, "sysctl", "-qw", key)
    lab.must(lab.router, "sysctl", "-qw", "net.ipv4.icmp_ratelimit=0")
    for namespace, four, six in (
        (lab.scanner, "198.51.100.1", "2001:db8:1::1"),
        (lab.target, "192.0.2.254", "2001:db8:2::254"),
    ):
        lab.must(namespace, "ip", "route", "add", "default", "via", four)
        lab.must(namespace, "ip", "-6", "route", "add", "default", "via", six)
