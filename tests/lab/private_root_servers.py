"""The real servers of the private root: BIND, NSD, Knot, Unbound and Postfix, as each is configured and started."""

import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.lab.mail_truths import TRUTHS
from tests.lab.private_root_names import (
    BY_BIND,
    BY_KNOT,
    BY_NSD,
    MX1,
    MX2,
    MX3,
    PLAIN,
    REGISTRY,
    ROOT,
    SERVERS,
    UNSIGNED_MX,
    VALIDATING,
    Host,
    six_of,
)
from tests.lab.private_root_zones import TOP_LEVEL, Zones

NEEDED = ("named", "nsd", "knotd", "unbound", "postfix", "dnssec-signzone", "nft", "ip")
Listening = tuple[str, ...]
"""`tcp/ADDRESS/PORT`"""
POSTFIX = "/usr/lib/postfix/sbin/master"


@dataclass(frozen=True, slots=True)
class Program:
    """How one is started, and where it listens when it is ready."""

    name: str
    words: tuple[str, ...]
    listening: Listening


def missing() -> list[str]:
    """Programs that are not installed."""
    where = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
    return [name for name in NEEDED if shutil.which(name, path=where) is None]


def name_servers(zones: Zones, folder: Path) -> Iterator[Program]:
    """Registries and hosters. Zones of towns stand at every hoster, whoever is asked by the delegation."""
    own = {origin: path for origin, path in zones.files.items() if origin not in (".", *TOP_LEVEL)}
    open_transfer = {truth.domain for truth in TRUTHS if truth.transfers}
    yield knot("root", {".": zones.files["."]}, [*ROOT, SERVERS["upward"]], folder)
    yield nsd("registry", {origin: zones.files[origin] for origin in TOP_LEVEL}, REGISTRY, folder)
    yield bind("bind", own, _hosts(BY_BIND), folder, transfers=open_transfer)
    yield nsd("nsd", own | zones.lagging, _hosts(BY_NSD), folder)
    yield knot("knot", own, _hosts(BY_KNOT), folder)
    recursing = _domains_at("recursive")
    some = {origin: own[origin] for origin in recursing}
    yield bind("recursive", some, _hosts(["recursive"]), folder, hints=zones.hints)


def _hosts(keys: Iterable[str]) -> list[Host]:
    return [SERVERS[key] for key in keys]


def _domains_at(key: str) -> list[str]:
    return [truth.domain for truth in TRUTHS if key in truth.servers]


def at(hosts: Iterable[Host], port: int, protocols: Sequence[str]) -> Listening:
    places = (address for host in hosts for address in host.addresses)
    return tuple(f"{protocol}/{address}/{port}" for address in places for protocol in protocols)


DNS = ("udp", "tcp")


def bind(
    name: str,
    zones: Mapping[str, Path],
    hosts: Sequence[Host],
    folder: Path,
    *,
    transfers: Iterable[str] = (),
    hints: Path | None = None,
) -> Program:
    """`hints`: it recurses for anybody, from there."""
    here = _folder(folder, name)
    four = "".join(f"{host.v4}; " for host in hosts)
    six = "".join(f"{host.v6}; " for host in hosts if host.v6)
    recursion = "yes; allow-recursion { any; }; allow-query-cache { any; }" if hints else "no"
    options = f"""
options {{ directory "{here}"; pid-file none; session-keyfile none; listen-on {{ {four}}}; listen-on-v6 {{ {six}}};
  recursion {recursion}; dnssec-validation no; allow-transfer {{ none; }}; empty-zones-enable no; notify no;
  check-integrity no; check-mx ignore; check-mx-cname ignore; check-srv-cname ignore; check-names primary ignore;
  minimal-responses no-auth-recursive; interface-interval 0; transfers-out 20; }};
controls {{ }};
"""
    lines = [f'zone "." {{ type hint; file "{hints}"; }};'] if hints else []
    for origin, path in zones.items():
        anybody = " allow-transfer { any; };" if origin in transfers else ""
        lines.append(f'zone "{origin}" {{ type primary; file "{path}";{anybody} }};')
    (here / "conf").write_text(options + "\n".join(lines) + "\n", encoding="utf-8")
    words = ("/usr/sbin/named", "-g", "-n", "1", "-c", str(here / "conf"))
    return Program(name, words, at(hosts, 53, DNS))


def nsd(name: str, zones: Mapping[str, Path], hosts: Sequence[Host], folder: Path) -> Program:
    here = _folder(folder, name)
    lines = ["server:", *(f"  ip-address: {address}" for host in hosts for address in host.addresses)]
    lines += [f'  {key}: "{here}/{key}"' for key in ("pidfile", "xfrdfile", "zonelistfile")]
    lines += ['  username: ""', '  chroot: ""', f'  zonesdir: "{here}"', f'  xfrdir: "{here}"']
    lines += ['  database: ""', "  server-count: 1", "  rrl-ratelimit: 0"]
    lines += ["remote-control:", "  control-enable: no"]
    for origin, path in zones.items():
        lines += ["zone:", f'  name: "{origin}"', f'  zonefile: "{path}"']
    (here / "conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Program(name, ("/usr/sbin/nsd", "-d", "-c", str(here / "conf")), at(hosts, 53, DNS))


def knot(name: str, zones: Mapping[str, Path], hosts: Sequence[Host], folder: Path) -> Program:
    here = _folder(folder, name)
    places = ", ".join(f'"{address}@53"' for host in hosts for address in host.addresses)
    lines = ["server:", f'  rundir: "{here}"', f"  listen: [ {places} ]"]
    lines += ["  udp-workers: 1", "  tcp-workers: 2", "  background-workers: 1"]
    lines += ["database:", f'  storage: "{here}"', "log:", "  - target: stderr", "    any: warning"]
    lines += ["template:", "  - id: default", "    zonefile-sync: -1", "    journal-content: none"]
    lines += ["    semantic-checks: off", "zone:"]
    for origin, path in zones.items():
        lines += [f'  - domain: "{origin}"', f'    file: "{path}"']
    (here / "conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Program(name, ("/usr/sbin/knotd", "-c", str(here / "conf")), at(hosts, 53, DNS))


def resolvers(zones: Zones, folder: Path) -> Iterator[Program]:
    yield unbound("validating", VALIDATING, zones, folder, modules="validator iterator")
    yield unbound("plain", PLAIN, zones, folder, modules="iterator")


def unbound(name: str, address: str, zones: Zones, folder: Path, *, modules: str) -> Program:
    here = _folder(folder, name)
    # By default these are answered by the resolver itself.
    reserved = (
        "test.", "invalid.", "2.0.192.in-addr.arpa.", "100.51.198.in-addr.arpa.", "113.0.203.in-addr.arpa.",
        "8.b.d.0.1.0.0.2.ip6.arpa.", "10.in-addr.arpa.",
    )  # fmt: skip
    lines = [
        "server:", f"interface: {address}", "access-control: 0.0.0.0/0 allow", f"outgoing-interface: {address}",
        f"outgoing-interface: {six_of(address)}", f'module-config: "{modules}"', f'root-hints: "{zones.hints}"',
        'username: ""', 'chroot: ""', f'directory: "{here}"', f'pidfile: "{here}/pid"', "use-syslog: no",
        "num-threads: 1", "do-not-query-localhost: no", "statistics-cumulative: yes", "val-log-level: 2",
        "outgoing-range: 512", "num-queries-per-thread: 2048", "so-rcvbuf: 4m", "msg-cache-size: 16m",
        "rrset-cache-size: 32m", *(f'local-zone: "{origin}" nodefault' for origin in reserved),
    ]  # fmt: skip
    if "validator" in modules:
        lines.append(f'trust-anchor-file: "{zones.anchor}"')
    lines += ["remote-control:", "control-enable: no"]
    (here / "conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    words = ("/usr/sbin/unbound", "-d", "-c", str(here / "conf"))
    return Program(name, words, tuple(f"{protocol}/{address}/53" for protocol in DNS))


_MAIN = """
compatibility_level = 3.6
queue_directory = {here}/spool
data_directory = {here}/data
mail_owner = postfix
myhostname = mx1.courriel.test
mydestination =
mynetworks = 192.0.2.254/32
inet_protocols = all
alias_maps =
local_recipient_maps =
maillog_file = {here}/log
maillog_file_prefixes = {here}
smtpd_peername_lookup = no
disable_vrfy_command = yes
smtpd_tls_security_level = may
smtpd_tls_chain_files = {pem}
smtpd_tls_mandatory_protocols = >=TLSv1.2
smtpd_tls_protocols = >=TLSv1.2
smtpd_relay_restrictions = reject_unauth_destination
smtpd_client_connection_count_limit = 200
postscreen_greet_action = enforce
postscreen_greet_wait = 6s
postscreen_cache_map =
postscreen_access_list =
postscreen_client_connection_count_limit = 200
"""
_MASTER = """
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
dnsblog unix - - n - 0 dnsblog
tlsproxy unix - - n - 0 tlsproxy
smtpd pass - - n - - smtpd -o myhostname=mx3.courriel.test
"""
_SPOOL = (
    "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "saved", "trace", "private",
)  # fmt: skip


def postfix(certificates: Mapping[str, Path], folder: Path) -> Program:
    """The provider's: two servers, a third behind postscreen, and one in a zone without signatures."""
    here = _folder(folder, "postfix")
    lines = []
    for host in (MX1, MX2, UNSIGNED_MX):
        named = f"-o myhostname={host.name} -o smtpd_tls_chain_files={certificates[host.name]}"
        lines += [f"{place} inet n - n - - smtpd {named}" for place in _inet(host)]
    named = f"-o myhostname={MX3.name}"
    lines += [f"{place} inet n - n - 1 postscreen {named}" for place in _inet(MX3)]
    (here / "main.cf").write_text(_MAIN.format(here=here, pem=certificates[MX3.name]), encoding="utf-8")
    (here / "master.cf").write_text("\n".join(lines) + _MASTER, encoding="utf-8")
    _make_spool(here)
    return Program(
        "postfix", (POSTFIX, "-d", "-c", str(here)), at((MX1, MX2, MX3, UNSIGNED_MX), 25, ("tcp",))
    )


def _inet(host: Host) -> list[str]:
    return [f"{host.v4}:25", f"[{host.v6}]:25"]


def _make_spool(here: Path) -> None:
    spool = here / "spool"
    for path in (spool, spool / "pid"):
        path.mkdir()
    for path in (here / "data", *(spool / label for label in (*_SPOOL, "public", "maildrop"))):
        path.mkdir(mode=0o700)
        shutil.chown(path, "postfix")
    for label, mode in (("public", 0o710), ("maildrop", 0o730)):
        shutil.chown(spool / label, "postfix", "postdrop")
        (spool / label).chmod(mode)


def ours(module: str, listening: Listening, *words: str) -> Program:
    """A server of our own."""
    return Program(module, (sys.executable, "-m", f"tests.lab.{module}", *words), listening)


def _folder(parent: Path, name: str) -> Path:
    made = parent / name
    made.mkdir()
    return made
