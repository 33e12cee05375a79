"""The embedded town: its servers on 127.0.0.1, started, described as a scan needs them, and stopped."""

from contextlib import ExitStack
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Self

from cyberaudit.demo import backups, hosts, registry
from cyberaudit.demo.background import Background
from cyberaudit.demo.zones import BAD, GOOD, NAME_SERVERS, SIGNED, ZONES

if TYPE_CHECKING:
    from cyberaudit.demo.dns_server import DnsServer  # loads dnspython
    from cyberaudit.demo.listener import Listener
    from cyberaudit.demo.smtp_server import SmtpServer

DEMO_NOW = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
"""The demonstration always takes place at this moment, so that its report is the same every day."""

ADDRESSES = {
    f"mx1.{GOOD}": ("192.0.2.25", "2001:db8::25"),
    f"mx2.{GOOD}": ("192.0.2.26", "2001:db8::26"),
    f"courrier.{BAD}": ("203.0.113.25",),
}
"""Mail server → its published addresses, as in `zones.py`."""
WITHOUT_TLS = frozenset({f"courrier.{BAD}"})
SMTP_PORT = 25
DNS_PORT = 53


class DemoPlace:
    """`with DemoPlace() as place:` — inside, the town answers; after it, nothing of it is left.

    The attributes are there once entered. A place is used once.
    """

    now: datetime = DEMO_NOW
    resolver: str
    """`127.0.0.1:PORT`"""
    connect_to: tuple[str, ...]
    """`192.0.2.25:25=127.0.0.1:PORT`, …: one rule for each published address of a mail server and for each
    entrance of a host, and one for every other port of a host: no packet can leave this machine."""
    backup_roots: tuple[Path, ...]
    """Where the copies stand."""
    ca_bundle: Path
    trust_anchor: Path
    """DS of the town's own root, which signs the zone that is in order."""
    profile: Path
    """The demonstration's profile, its backup paths leading to these copies."""
    folder: Path
    """Where profile, copies, certificates and keys stand, 0700; removed at the end with all that was put there."""
    dns: "DnsServer"
    mail: "dict[str, SmtpServer]"
    """Mail server by its name."""
    hosts: hosts.Hosts
    registry: "Listener"
    """Who knows until when the names are paid for."""
    rdap_bootstrap: Path
    """What leads to it."""

    def __init__(self) -> None:
        self._servers: Background | None = None
        self._open = ExitStack()

    @property
    def running(self) -> bool:
        return self._servers is not None and self._servers.running

    def __enter__(self) -> Self:
        """Start everything.

        Raises:
            DemoError: a port cannot be had.
        """
        with ExitStack() as stack:  # undoes what was done when one step fails, or at Ctrl-C
            self.folder = Path(stack.enter_context(_new_folder()))
            self._keep_copies()
            self._build()
            self._servers = stack.enter_context(
                Background(self.dns, self.registry, *self.mail.values(), *self.hosts.servers)
            )
            self.resolver = self.dns.address
            self.connect_to = self._rules()
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def _keep_copies(self) -> None:
        """The two stores, and the profile that names them."""
        root = self.folder / "sauvegardes"
        root.mkdir(mode=0o700)
        backups.write_copies(root, self.now)
        self.backup_roots = (root,)
        shipped = resources.files("cyberaudit.profiles") / "demo.yaml"
        text = backups.profile_text(shipped.read_text(encoding="utf-8"), root)
        self.profile = self._keep("demo.yaml", text)

    def _keep(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(text, encoding="utf-8")
        return path

    def _build(self) -> None:
        """The servers, not yet started, and the certificates they show."""
        from cyberaudit.demo.authority import Authority
        from cyberaudit.demo.dns_server import DnsServer
        from cyberaudit.demo.smtp_server import SmtpServer

        authority = Authority(self.folder, self.now)
        self.ca_bundle = authority.ca_bundle
        self.dns = DnsServer(ZONES, signed=SIGNED, now=self.now)
        self.trust_anchor = self._keep("racine.ds", self.dns.trust_anchor)
        self.rdap_bootstrap = self._keep("registres.json", registry.bootstrap())
        self.registry = registry.build(authority, self.now)
        self.mail = {
            name: SmtpServer(name, certificate=None if name in WITHOUT_TLS else authority.issue(name))
            for name in ADDRESSES
        }
        self.hosts = hosts.build(authority)

    def _rules(self) -> tuple[str, ...]:
        mail = (
            f"{_bracketed(address)}:{SMTP_PORT}={self.mail[name].address}"
            for name, addresses in ADDRESSES.items()
            for address in addresses
        )
        names = (f"{_bracketed(address)}:{DNS_PORT}={self.resolver}" for address in NAME_SERVERS)
        return (*mail, *names, registry.rule(self.registry), *self.hosts.rules())


def _new_folder() -> "TemporaryDirectory[str]":
    # A second terminal may still be writing its history there when the town stops.
    return TemporaryDirectory(prefix="cyberaudit-demo-", ignore_cleanup_errors=True)


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
