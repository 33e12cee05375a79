"""Two places in namespaces, thirty milliseconds apart there and back: where we stand, and where servers do."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab.network_lab import must_in

ONE_WAY_MILLISECONDS = 15
NEAR_ADDRESS, FAR_ADDRESS = "198.51.100.2", "198.51.100.10"


@dataclass(frozen=True, slots=True)
class FarPlace:
    """Both namespaces, each with a loopback of its own and one address."""

    near: str
    far: str


@contextmanager
def far_place() -> Iterator[FarPlace]:
    """Both places and the line between them; nothing of it stays."""
    place = FarPlace(*(f"cya-{os.getpid()}-{role}" for role in ("near", "far")))
    with ExitStack() as held:
        for namespace in (place.near, place.far):
            subprocess.run(["ip", "netns", "add", namespace], check=True)
            held.callback(subprocess.run, ["ip", "netns", "del", namespace], check=True)
        held.enter_context(line_between(place.near, place.far, ONE_WAY_MILLISECONDS))
        for namespace, address in ((place.near, NEAR_ADDRESS), (place.far, FAR_ADDRESS)):
            must_in(namespace, "ip", "link", "set", "lo", "up")
            must_in(namespace, "ip", "addr", "add", f"{address}/24", "dev", "eth0")
            must_in(namespace, "ip", "link", "set", "eth0", "up")
        yield place


@contextmanager
def line_between(one: str, other: str, one_way: float) -> Iterator[None]:
    """A device `eth0` in each of two namespaces; what leaves by one enters by the other, `one_way` ms later."""
    program = str(Path(__file__).with_name("far_line.py"))
    ends = (one, "eth0", other, "eth0", str(one_way))
    with subprocess.Popen([sys.executable, program, *ends], stdout=subprocess.PIPE, text=True) as line:
        try:
            assert line.stdout is not None
            assert line.stdout.readline() == "ready\n"
            yield
        finally:
            line.terminate()
