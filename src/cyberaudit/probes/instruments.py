"""What every probe of one run is handed: network, resolver, town, clock, options."""

import re
import stat
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cyberaudit.declared import Town
from cyberaudit.errors import UsageError
from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean
from cyberaudit.probes.asked_ports import USUAL, AskedPorts, read_ports
from cyberaudit.probes.dnssec.anchors import read_trust_anchor, root_anchors
from cyberaudit.probes.endpoint import read_connect_to
from cyberaudit.probes.far_places import named_places
from cyberaudit.probes.names.root_hints import read_root_hints
from cyberaudit.probes.names_below_list import read_labels
from cyberaudit.probes.network import CONNECT_SECONDS, Network
from cyberaudit.probes.ports.witnesses import Witnesses
from cyberaudit.probes.registration_rdap import bootstrap_file
from cyberaudit.probes.resolver import TCP_SECONDS, TRIES, Resolver, parse_servers
from cyberaudit.probes.shared_looks import SharedLooks
from cyberaudit.probes.stores.request import Access
from cyberaudit.probes.vantage import canary_endpoints, ways
from cyberaudit.probes.visits import Visits
from cyberaudit.probes.wireguard.configuration import read_configuration
from cyberaudit.refusals import system_clause
from cyberaudit.town.scope import Scope

if TYPE_CHECKING:
    from cyberaudit.probes.dnssec.judgement import Fetch
    from cyberaudit.probes.dnssec.validator import Validator
    from cyberaudit.probes.names.judging import MakeValidator

# RFC 2606 reserves .invalid: the machine's own name says too much about who looks.
NEUTRAL_NAME = "cyberaudit.invalid"
OUTSIDE = "outside"
# Ours: the largest public bundles are 250 KiB.
BUNDLE_BYTES = 8 * 1024 * 1024
_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(\.(?!-)[A-Za-z0-9-]{1,63})*")


@frozen
class Patience:
    """Seconds given to each step."""

    connect: float = CONNECT_SECONDS
    # Postfix, postscreen(8): postscreen_greet_wait is 6 s; RFC 5321 §4.5.3.2.1 would allow 5 minutes.
    banner: float = 15.0
    reply: float = 5.0
    handshake: float = 5.0
    session: float = 30.0
    """One SMTP session, from connection to QUIT."""
    dns_tries: tuple[float, ...] = TRIES
    dns_tcp: float = TCP_SECONDS


@frozen
class Options:
    """How the person wants the looking done; texts as typed, checked by `set_up`."""

    resolvers: tuple[str, ...] = ()
    """`IP[:port]`; empty: those of this machine."""
    ca_bundle: Path | None = None
    """PEM file of trusted roots; None: the system's."""
    wireguard_config: Path | None = None
    """Peer configuration, as wg-quick reads it, with which WireGuard accesses are asked; None: without keys."""
    connect_to: tuple[str, ...] = ()
    """Rules, or files of rules."""
    allow_test_network: bool = False
    """`connect_to` may lead elsewhere than to this machine, and private addresses that domains publish are visited."""
    allow_private: bool = False
    """Private addresses that domains publish are visited."""
    loopback_only: bool = False
    """Nothing may leave this machine, whatever the scope covers: what no rule leads to loopback is refused."""
    ehlo: str = NEUTRAL_NAME
    trust_anchor: Path | None = None
    """DS or DNSKEY records of the root, in zone-file form; None: the Internet's own."""
    root_hints: Path | None = None
    """NS and address records of the root servers, in zone-file form; None: the Internet's own."""
    rdap_bootstrap: str = ""
    """File, or https address, of an RDAP bootstrap (RFC 9224); empty: what is built in, then IANA's."""
    whois: str = ""
    """`NAME` or `IP[:PORT]` of the WHOIS server to ask when RDAP does not answer; empty: the registry's."""
    dkim_selectors: tuple[str, ...] = ()
    """Asked first, before those of the profile and of the providers recognised."""
    subdomain_list: Path | None = None
    """One label a line, looked for below each domain; None: the short list that is built in."""
    smtp: bool = True
    """False: no mail server is connected to."""
    axfr: bool = True
    """False: no zone transfer is tried, even where it is authorized."""
    backup_roots: tuple[Path, ...] = ()
    """Folders under which declared backup paths may be read; empty: none is."""
    deep: bool = False
    """Copies are read to their end and hashed: minutes, or hours."""
    empty_password: bool = True
    """Whether a repository of backups opens without a password is tried."""
    backup_accesses: tuple[tuple[str, Access], ...] = ()
    """(id of a declared backup, what opens its address): those of this machine's configuration."""
    starttls: str = ""
    """Encrypted only after a few words of this protocol: `smtp`, `imap`, …; empty: at once."""
    asks_again: bool = True
    """What was not seen, for a reason that may pass, is asked a second time at the end."""
    max_rate: float | None = None
    """Packets a second on one line, whatever stands behind it; None: by the kind of link."""
    ports: str = USUAL
    """`usual`, `essential`, `all`, or a list as `read_ports` takes it."""
    seen_open: tuple[tuple[str, str], ...] = ()
    """(asset key, port id): open in an earlier scan, asked again whatever `ports` says."""
    patience: Patience = field(default_factory=Patience)


@frozen
class Instruments:
    """Shared by every probe of one run."""

    network: Network
    resolver: Resolver
    town: Town
    now: datetime
    """The scan's date, aware, UTC: certificates are judged at it."""
    options: Options
    vantage: str
    """Where the machine stands: `outside`, or a declared zone's id."""
    scope: Scope
    """What is authorized; the network holds to it in any case."""
    ports: AskedPorts
    """What is asked of every host, beside its declared services."""
    visits: Visits = field(default_factory=Visits)
    """The SMTP sessions of this run."""
    looks: SharedLooks = field(default_factory=SharedLooks)
    """What several probes of one asset need, looked at once."""
    witnesses: Witnesses = field(default_factory=Witnesses)
    """What the canaries answer in TCP."""

    def seen_open(self, asset_key: str, *, protocol: str) -> tuple[str, ...]:
        """The ports of `protocol` (`tcp`, `udp`) that an earlier scan found open there."""
        return tuple(
            port
            for key, port in self.options.seen_open
            if key == asset_key and port.startswith(f"{protocol}/")
        )


def set_up(
    town: Town,
    scope: Scope,
    options: Options,
    *,
    now: datetime,
    vantage: str = OUTSIDE,
    validate: bool = True,
) -> Instruments:
    """Instruments for one run; nothing is sent yet. `validate`: the signatures of names are verified (DNSSEC).

    Raises:
        UsageError: an option that cannot be used.
    """
    _check(options)
    hints = read_root_hints(options.root_hints) if options.root_hints else None
    # A private root is told, and no resolver: those of this machine would answer for another root.
    servers = () if hints and not options.resolvers else parse_servers(options.resolvers)
    ports = read_ports(options.ports)
    own_places, other_places = named_places(town, options.backup_accesses)
    network = Network(
        scope,
        connect_to=read_connect_to(options.connect_to),
        infrastructure=(*servers, *canary_endpoints(town, vantage, scope=scope, ports=ports)),
        allow_test_network=options.allow_test_network,
        allow_private=options.allow_private,
        loopback_only=options.loopback_only,
        max_rate=options.max_rate,
        ways=ways(town, vantage, scope=scope),
        own_places=own_places,
        named_places=other_places,
    )
    patience = options.patience
    resolver = Resolver(
        network,
        servers,
        tries=patience.dns_tries,
        tcp_seconds=patience.dns_tcp,
        validation=_validation(options, now) if validate else None,
        root_hints=hints,
    )
    return Instruments(
        network=network,
        resolver=resolver,
        town=town,
        now=now,
        options=options,
        vantage=vantage,
        scope=scope,
        ports=ports,
    )


def _validation(options: Options, now: datetime) -> "MakeValidator":
    anchors = read_trust_anchor(options.trust_anchor) if options.trust_anchor else None

    def make(fetch: "Fetch") -> "Validator":
        # Imported here: the signatures of dnspython are heavy.
        from cyberaudit.probes.dnssec.validator import Validator

        return Validator(fetch, anchors or root_anchors(), now)

    return make


def _check(options: Options) -> None:
    if not _HOST_NAME.fullmatch(options.ehlo) or len(options.ehlo) > 253:
        raise UsageError(f"--ehlo : « {clean(options.ehlo)} » n'est pas un nom de machine.")
    if options.starttls:
        _check_starttls(options.starttls)
    if options.max_rate is not None and not 0 < options.max_rate < float("inf"):
        raise UsageError("--max-rate : il faut un nombre de paquets par seconde supérieur à zéro.")
    if options.ca_bundle is not None:
        _check_bundle(options.ca_bundle)
    if options.wireguard_config is not None:
        read_configuration(options.wireguard_config)
    if options.subdomain_list is not None:
        read_labels(options.subdomain_list)
    if options.rdap_bootstrap and "://" not in options.rdap_bootstrap:
        bootstrap_file(Path(options.rdap_bootstrap))


def _check_starttls(protocol: str) -> None:
    # Imported here: few runs ask for it.
    from cyberaudit.probes.tls.starttls import PREAMBLES

    if protocol not in PREAMBLES:
        raise UsageError(f"--starttls : « {clean(protocol)} » n'est pas l'un de : {', '.join(PREAMBLES)}.")


def _check_bundle(path: Path) -> None:
    try:
        regular = stat.S_ISREG(path.stat().st_mode)
        data = b""
        if regular:
            with path.open("rb") as file:
                data = file.read(BUNDLE_BYTES)
    except (OSError, ValueError) as error:
        reason = system_clause(error) if isinstance(error, OSError) else "chemin impossible"
        raise UsageError(f"--ca-bundle : « {clean(str(path))} » ne se lit pas ({reason}).") from None
    if b"-----BEGIN CERTIFICATE-----" not in data:
        raise UsageError(f"--ca-bundle : {path} ne contient aucun certificat au format PEM.")
