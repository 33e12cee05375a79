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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.lab.mail_truths import TRUTHS, Leaf, Mail, Registered, Site, Truth
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
        _write_plans(place, authority, certificates)
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
        yield name
    finally:
        shutil.rmtree(own, ignore_errors=True)
        subprocess.run(["ip", "netns", "del", name], check=True)


def _wire(namespace: str, folder: Path) -> None:
    lines = ["link set lo up", *(f"route add local {network} dev lo" for network in NETWORKS)]
    lines += ["-6 route add local 2001:db8::/32 dev lo"]
    every = (*addresses(), *map(six_of, RESOLVERS.values()))
    lines += [
        f"addr add {text}/{128 if ':' in text else 32} dev lo" + (" nodad" if ":" in text else "")
        for text in every
    ]
    batch = folder / "wiring"
    batch.write_text("\n".join(line for line in lines if not line.startswith("-6")) + "\n", encoding="ascii")
    for words in (["ip", "-batch", str(batch)], ["ip", *lines[len(NETWORKS) + 1].split()]):
        done = run_in(namespace, *words)
        assert done.returncode == 0, done.stderr
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


# --- plans for our own programs


def _write_plans(place: Place, authority: Authority, certificates: dict[str, Path]) -> None:
    own = own_mail()
    mail = []
    for truth in TRUTHS:
        if truth.mail in (None, Mail.MUTE):
            continue
        host = own[truth.domain]
        pem = str(certificates[host.name])
        mail += [[address, 25, str(truth.mail), host.name, pem] for address in host.addresses]
        if truth.imap_in_clear:
            mail += [[address, 143, "imap", host.name, pem] for address in host.addresses]
    (place.folder / "mail.json").write_text(json.dumps(mail), encoding="utf-8")
    (place.folder / "sites.json").write_text(json.dumps(_sites(certificates)), encoding="utf-8")
    registry = {"version": "1.0", "services": [[["test", "example", "net"], [f"https://{RDAP.name}/"]]]}
    place.bootstrap.write_text(json.dumps(registry), encoding="utf-8")


def _sites(certificates: dict[str, Path]) -> dict[str, Any]:
    pages: dict[str, dict[str, list[Any]]] = {RDAP.name: {}}
    texts = {}
    for truth in TRUTHS:
        pages[f"mta-sts.{truth.domain}"] = _policy_pages(truth)
        if truth.registered in (Registered.WHOIS_ONLY, Registered.WHOIS_EXPIRED):
            texts[truth.domain] = _whois_text(truth)
            pages[RDAP.name][f"/domain/{truth.domain}"] = [503, "text/plain", "", ""]
        else:
            answer = json.dumps(_rdap(truth))
            pages[RDAP.name][f"/domain/{truth.domain}"] = [200, "application/rdap+json", answer, ""]
    names = (RDAP.name, *(name for name in certificates if name.startswith("mta-sts.")))
    return {
        "web": WEB.addresses,
        "rdap": RDAP.addresses,
        "whois": WHOIS.addresses,
        "pem": {name: str(certificates[name]) for name in names},
        "pages": pages,
        "whois_texts": texts,
    }


def _policy_pages(truth: Truth) -> dict[str, list[Any]]:
    path, text = "/.well-known/mta-sts.txt", truth.policy.replace("{domain}", truth.domain)
    logo = (
        '<svg xmlns="http://www.w3.org/2000/svg" version="1.2" baseProfile="tiny-ps"><title>x</title></svg>'
    )
    shown = {"/logo.svg": [200, "image/svg+xml", logo, ""]}
    match truth.site:
        case Site.GOOD:
            return {path: [200, "text/plain; charset=utf-8", text, ""]} | shown
        case Site.REDIRECTS:
            elsewhere = f"https://mta-sts.{TRUTHS[1].domain}{path}"
            return {path: [301, "text/plain", "", elsewhere]} | shown
        case Site.MISSING:
            return shown


_EXPIRES_IN = {Registered.EXPIRED: -3, Registered.EXPIRES_SOON: 10, Registered.WHOIS_EXPIRED: -3}
_STATUS = {Registered.ON_HOLD: ["client hold"], Registered.PENDING_DELETE: ["pending delete"]}


def _expiry(truth: Truth) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=_EXPIRES_IN.get(truth.registered, 300))


def _rdap(truth: Truth) -> dict[str, Any]:
    locked = ["client transfer prohibited", "client delete prohibited"]
    expires = _expiry(truth).strftime("%Y-%m-%dT%H:%M:%SZ")
    events = [("registration", "2015-03-02T10:00:00Z"), ("expiration", expires)]
    return {
        "objectClassName": "domain",
        "rdapConformance": ["rdap_level_0"],
        "ldhName": truth.domain,
        "status": [*_STATUS.get(truth.registered, ["active"]), *locked],
        "events": [{"eventAction": action, "eventDate": date} for action, date in events],
        "entities": [
            {
                "objectClassName": "entity",
                "roles": ["registrar"],
                "vcardArray": [
                    "vcard",
                    [["version", {}, "text", "4.0"], ["fn", {}, "text", "BUREAU D'ESSAI"]],
                ],
            }
        ],
        "secureDNS": {"delegationSigned": True},
    }


def _whois_text(truth: Truth) -> str:
    fields = (
        ("domain", truth.domain),
        ("status", "ACTIVE"),
        ("eppstatus", "active"),
        ("eppstatus", "clientTransferProhibited"),
        ("hold", "NO"),
        ("registrar", "BUREAU D'ESSAI"),
        ("Expiry Date", _expiry(truth).strftime("%Y-%m-%dT%H:%M:%SZ")),
        ("created", "2015-03-02T10:00:00Z"),
        ("source", "ESSAI"),
    )
    return "".join(["%%\r\n", *(f"{key + ':':<31}{value}\r\n" for key, value in fields)])


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
