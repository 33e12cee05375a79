"""A private root in one namespace: registries, hosters, mail servers, sites and four resolvers, all on this machine.

`with private_root() as place:`; nothing of it stays. No packet leaves: the namespace has no cable.
`python -m tests.lab.private_root` keeps one up until Enter, for a look by hand.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab.mail_truths import TRUTHS, Leaf, Mail, Truth
from tests.lab.network_lab import run_in
from tests.lab.private_root_answers import PLACES
from tests.lab.private_root_certificates import Authority, issue, make_authority
from tests.lab.private_root_names import (
    LYING,
    MX1,
    MX2,
    MX3,
    NETWORKS,
    PLAIN,
    RDAP,
    SERVERS,
    STRIPPING,
    UNSIGNED_MX,
    VALIDATING,
    WEB,
    WHOIS,
    addresses,
    own_mail,
    six_of,
)
from tests.lab.private_root_plans import write_plans
from tests.lab.private_root_servers import Program, at, name_servers, ours, postfix, resolvers
from tests.lab.private_root_zones import Tlsa, Zones, make_zones

HERE = Path(__file__).parent.parent.parent
READY_SECONDS = 40.0
RESOLVERS = {"validating": VALIDATING, "plain": PLAIN, "stripping": STRIPPING, "lying": LYING}
# Everything here is local: who asks with an address of its own is a resolver that asks further on.
RULES = """
table inet lab {{
  counter asked {{ }}
  chain output {{
    type filter hook output priority 0; policy accept;
    udp dport 53 jump count
    tcp dport 53 tcp flags syn / syn,ack jump count
  }}
  chain count {{
    {resolvers}
    counter name asked
  }}
  chain input {{
    type filter hook input priority 0; policy accept;
    ip daddr {{ {mute} }} drop
    ip6 daddr {{ {mute6} }} drop
    ip daddr {no_tcp} tcp dport 53 reject with tcp reset
    ip6 daddr {no_tcp6} tcp dport 53 reject with tcp reset
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Place:
    """The root, up."""

    namespace: str
    folder: Path
    zones: Zones
    authority: Path
    """PEM file of the private authority."""

    @property
    def bootstrap(self) -> Path:
        return self.folder / "rdap.json"

    @property
    def whois(self) -> str:
        return f"{WHOIS.v4}:43"

    def words(self, domains: Sequence[str], resolver: str, *more: str) -> list[str]:
        """A look at these domains with every option this place needs, as a person types it."""
        files = ("--trust-anchor", self.zones.anchor, "--root-hints", self.zones.hints)
        where = ("--ca-bundle", self.authority, "--rdap-bootstrap", self.bootstrap, "--whois", self.whois)
        asked = ("--resolver", RESOLVERS[resolver], "--allow-private", "--intrusive", "--json")
        look = (sys.executable, "-m", "cyberaudit", "look", "domain", *domains)
        return [
            str(word) for word in (*look, "--authorized-by", "Hélène Marchand", *asked, *files, *where, *more)
        ]

    def run(self, *words: str, seconds: float = 300.0) -> "subprocess.CompletedProcess[str]":
        """A program, where the private root is all there is."""
        return subprocess.run(
            ["ip", "netns", "exec", self.namespace, *words],
            capture_output=True, text=True, check=False, timeout=seconds, cwd=HERE,
        )  # fmt: skip

    def asked(self) -> int:
        """Questions put so far by whoever is neither a resolver nor a server; over TCP, connections."""
        told = json.loads(self.run("nft", "-j", "list", "counter", "inet", "lab", "asked").stdout)
        return next(int(part["counter"]["packets"]) for part in told["nftables"] if "counter" in part)


@contextmanager
def private_root() -> Iterator[Place]:
    """Everything answers inside."""
    with ExitStack() as held:
        # Not pytest's: Postfix's own user must be able to go there.
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="cya-root-")))
        folder.chmod(0o755)
        namespace = held.enter_context(_namespace(folder))
        authority = make_authority(folder)
        certificates, tlsa = _certificates(authority)
        zones = make_zones(folder, tlsa)
        place = Place(namespace, folder, zones, authority.bundle)
        write_plans(folder, certificates)
        programs = [
            *name_servers(zones, folder),
            *resolvers(zones, folder),
            postfix(certificates, folder),
            *_ours(place),
        ]
        started = [held.enter_context(_running(namespace, program, folder)) for program in programs]
        _wait(place, programs, started)
        yield place


@contextmanager
def _namespace(folder: Path) -> Iterator[str]:
    name = f"cya-{os.getpid()}-root"
    subprocess.run(["ip", "netns", "add", name], check=True)
    own = Path("/etc/netns") / name
    try:
        # Programs that ask the system's resolver ask this one.
        own.mkdir(parents=True)
        (own / "resolv.conf").write_text(f"nameserver {VALIDATING}\n", encoding="ascii")
        _wire(name, folder)
        _filter(name, folder)
        yield name
    finally:
        shutil.rmtree(own, ignore_errors=True)
        subprocess.run(["ip", "netns", "del", name], check=True)


def _wire(namespace: str, folder: Path) -> None:
    """Every address that somebody answers at; at the others of these networks, connections are refused."""
    networks = (*NETWORKS, "2001:db8::/32")
    every = (*addresses(), *map(six_of, RESOLVERS.values()))
    lines = [
        "link set lo up",
        *(f"route add local {network} dev lo" for network in networks),
        *(f"addr add {text}/32 dev lo" for text in every if "." in text),
        *(f"addr add {text}/128 dev lo nodad" for text in every if ":" in text),
    ]
    batch = folder / "wiring"
    batch.write_text("\n".join(lines) + "\n", encoding="ascii")
    done = run_in(namespace, "ip", "-batch", str(batch))
    assert done.returncode == 0, done.stderr


def _filter(namespace: str, folder: Path) -> None:
    """Who is mute, who answers in UDP alone, and what is counted."""
    rules = folder / "rules.nft"
    mute = [
        SERVERS["mute"],
        *(host for domain, host in own_mail().items() if _truth(domain).mail is Mail.MUTE),
    ]
    resolving = []
    for four in RESOLVERS.values():
        resolving.append(f"ip saddr {four} ip daddr != {four} return")
        resolving.append(f"ip6 saddr {six_of(four)} ip6 daddr != {six_of(four)} return")
    text = RULES.format(
        resolvers="\n    ".join(resolving),
        mute=", ".join(host.v4 for host in mute),
        mute6=", ".join(host.v6 for host in mute),
        no_tcp=SERVERS["udp-only"].v4,
        no_tcp6=SERVERS["udp-only"].v6,
    )
    rules.write_text(text, encoding="ascii")
    done = run_in(namespace, "nft", "-f", str(rules))
    assert done.returncode == 0, done.stderr


def _truth(domain: str) -> Truth:
    return next(truth for truth in TRUTHS if truth.domain == domain)


def _certificates(authority: Authority) -> tuple[dict[str, Path], dict[str, Tlsa]]:
    """File and TLSA by name: of mail servers, of policies' sites, of the registry."""
    wanted = {host.name: Leaf.GOOD for host in (MX1, MX2, MX3, UNSIGNED_MX, RDAP)}
    for truth in TRUTHS:
        wanted[f"mta-sts.{truth.domain}"] = truth.site_leaf
        if truth.own_mail:
            wanted[f"mx1.{truth.domain}"] = truth.leaf
    made = {name: issue(authority, name, leaf) for name, leaf in wanted.items()}
    files = {name: path for name, (path, _) in made.items()}
    return files, {name: authority.tlsa(certificate) for name, (_, certificate) in made.items()}


def _ours(place: Place) -> Iterator[Program]:
    names = tuple(f"{protocol}/{address}/53" for address, _ in PLACES for protocol in ("udp", "tcp"))
    yield ours("private_root_answers", names)
    own = [own_mail()[truth.domain] for truth in TRUTHS if truth.mail not in (None, Mail.MUTE)]
    yield ours("private_root_mail", at(own, 25, ("tcp",)), str(place.folder / "mail.json"))
    web = (*at((WEB, RDAP), 443, ("tcp",)), *at((WHOIS,), 43, ("tcp",)))
    yield ours("private_root_sites", web, str(place.folder / "sites.json"))


# --- processes


@contextmanager
def _running(namespace: str, program: Program, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Ended with all that it started."""
    with (folder / f"{program.name}.output").open("wb") as output:
        process = subprocess.Popen(
            ["ip", "netns", "exec", namespace, *program.words],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, cwd=HERE,
        )  # fmt: skip
    try:
        yield process
    finally:
        _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _wait(place: Place, programs: Sequence[Program], started: "Sequence[subprocess.Popen[bytes]]") -> None:
    until = time.monotonic() + READY_SECONDS
    absent = [program.name for program in programs]
    while absent and time.monotonic() < until:
        for process, program in zip(started, programs, strict=True):
            assert process.poll() is None, f"{program.name} ended by itself: {_output(place, program)}"
        time.sleep(0.1)
        absent = _silent(place, programs)
    assert not absent, f"nobody listens at {absent[:5]}: see {place.folder}"


def _output(place: Place, program: Program) -> str:
    return (place.folder / f"{program.name}.output").read_text(encoding="utf-8", errors="replace")[-1500:]


def _silent(place: Place, programs: Sequence[Program]) -> list[str]:
    shown = place.run("ss", "-Hlntu").stdout
    heard = {_listening(line.split()) for line in shown.splitlines() if line}
    return [where for program in programs for where in program.listening if where not in heard]


def _listening(fields: Sequence[str]) -> str:
    address, _, port = fields[4].rpartition(":")
    return f"{fields[0]}/{address.strip('[]')}/{port}"


if __name__ == "__main__":
    # Ended from outside, everything is taken down all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with private_root() as shown:
        print(f"ip netns exec {shown.namespace} dig @{VALIDATING} parfait.test MX +dnssec")
        print(" ".join(shown.words(["parfait.test"], "validating")))
        input()
