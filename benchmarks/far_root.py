"""The private root as a town hall meets it: from a place of its own, some milliseconds away."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from tests.lab.far_place import line_between
from tests.lab.network_lab import must_in
from tests.lab.private_root import Place
from tests.lab.private_root_names import VALIDATING

# RFC 2544 and RFC 5180: networks for measuring; the documentation's are all the private root's.
TOWN, ROOT = ("198.18.0.2", "2001:2::2"), ("198.18.0.1", "2001:2::1")
# What the town asks is counted where it leaves.
COUNTED = """
table inet lab {
  counter asked { }
  chain output {
    type filter hook output priority 0; policy accept;
    udp dport 53 counter name asked
    tcp dport 53 tcp flags syn / syn,ack counter name asked
  }
}
"""


@contextmanager
def from_afar(place: Place, *, milliseconds: int) -> Iterator[Place]:
    """The same root, for programs started in the town: everything is that far, there and back."""
    town = f"cya-{os.getpid()}-town"
    with ExitStack() as held:
        subprocess.run(["ip", "netns", "add", town], check=True)
        held.callback(subprocess.run, ["ip", "netns", "del", town], check=True)
        held.enter_context(_resolving(town))
        held.enter_context(line_between(town, place.namespace, milliseconds / 2))
        must_in(town, "ip", "link", "set", "lo", "up")
        for namespace, (four, six) in ((town, TOWN), (place.namespace, ROOT)):
            must_in(namespace, "ip", "addr", "add", f"{four}/24", "dev", "eth0")
            must_in(namespace, "ip", "addr", "add", f"{six}/64", "dev", "eth0", "nodad")
            must_in(namespace, "ip", "link", "set", "eth0", "up")
        must_in(town, "ip", "route", "add", "default", "via", ROOT[0])
        must_in(town, "ip", "-6", "route", "add", "default", "via", ROOT[1])
        rules = place.folder / "town.nft"
        rules.write_text(COUNTED, encoding="ascii")
        must_in(town, "nft", "-f", str(rules))
        yield replace(place, namespace=town)


@contextmanager
def _resolving(town: str) -> Iterator[None]:
    """Programs that ask the system's resolver ask the root's."""
    own = Path("/etc/netns") / town
    own.mkdir(parents=True)
    try:
        (own / "resolv.conf").write_text(f"nameserver {VALIDATING}\n", encoding="ascii")
        yield
    finally:
        shutil.rmtree(own)
