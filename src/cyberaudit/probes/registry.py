"""Which probe looks at what: one line per fact class, nothing heavy imported until a probe is used."""

import importlib
from collections.abc import Awaitable, Callable
from typing import Any

from cyberaudit.declared import AssetKind
from cyberaudit.facts.backup import BackupStore
from cyberaudit.facts.base import Facts
from cyberaudit.facts.bimi import Bimi
from cyberaudit.facts.dane import Dane
from cyberaudit.facts.dkim import Dkim
from cyberaudit.facts.dnssec import Dnssec
from cyberaudit.facts.ike import IpsecEndpoint
from cyberaudit.facts.mail import MailDns
from cyberaudit.facts.mail_access import MailAccess
from cyberaudit.facts.mail_servers import MailServers
from cyberaudit.facts.mta_sts import MtaSts
from cyberaudit.facts.names import DomainNames
from cyberaudit.facts.old_tunnel import OldTunnel
from cyberaudit.facts.openvpn import OpenVpnEndpoint
from cyberaudit.facts.packet_filter import HostFilter
from cyberaudit.facts.reach import FlowReach, HostReach
from cyberaudit.facts.registration import Registration
from cyberaudit.facts.services import HostServices
from cyberaudit.facts.tls_endpoint import TlsEndpoint
from cyberaudit.facts.tls_reports import TlsReports
from cyberaudit.facts.udp import HostUdp
from cyberaudit.facts.wireguard import WireGuardEndpoint
from cyberaudit.facts.zone import DnsZone
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.guard import Purpose


@frozen
class Announcement:
    """What a probe would touch, for `--dry-run`."""

    target: str
    """The domain or address on whose account it is done."""
    purpose: Purpose
    text: str
    """French: « chaque serveur de courrier de … : une connexion, port 25 »."""
    max_packets: int
    """Upper bound of what is sent, when all of it must be asked again too."""


@frozen
class LoadedProbe:
    """The functions of one probe module."""

    look: Callable[[Any, Any], Awaitable[Facts | Unreachable]]
    """(asset, Instruments) → facts of the probe's class."""
    announce: Callable[[Any, Any], tuple[Announcement, ...]]
    """(asset, Instruments) → what `look` would touch from there; sends nothing."""
    worth_asking_again: Callable[[Any], bool]
    """(facts) → a negative reachability result is in them, that a second look may change."""
    expected_missing: Callable[[Any, Any], bool]
    """(asset, facts) → something the profile expects there was not found: worth a second look too."""
    merge_looks: Callable[[Any, Any], Facts]
    """(first facts, second facts) → what both looks together saw; a module that says nothing gives the second."""
    so_far: Callable[..., Facts | None]
    """(asset, Instruments, missing=Reason) → what a look cut short had seen, `missing` for the rest; None: nothing."""


@frozen
class Probe:
    """Which module sees one class of facts, about one kind of asset."""

    facts: type[Facts]
    about: AssetKind
    module: str

    def load(self) -> LoadedProbe:
        """Import the module and what it needs."""
        module = importlib.import_module(self.module)
        return LoadedProbe(
            look=module.look,
            announce=module.announce,
            worth_asking_again=getattr(module, "worth_asking_again", _never),
            expected_missing=getattr(module, "expected_missing", _nothing_missing),
            merge_looks=getattr(module, "merge_looks", _second),
            so_far=getattr(module, "so_far", _nothing),
        )


def _never(_: object) -> bool:
    return False


def _nothing_missing(_: object, __: object) -> bool:
    return False


def _nothing(_: object, __: object, *, missing: Reason) -> None:
    """A probe that tells only when it is done."""


def _second(_: Facts, second: Facts) -> Facts:
    return second


PROBES: tuple[Probe, ...] = (
    Probe(MailDns, AssetKind.DOMAIN, "cyberaudit.probes.mail_dns"),
    Probe(Dkim, AssetKind.DOMAIN, "cyberaudit.probes.dkim"),
    Probe(MailServers, AssetKind.DOMAIN, "cyberaudit.probes.mail_servers"),
    Probe(MailAccess, AssetKind.DOMAIN, "cyberaudit.probes.mail_access"),
    Probe(MtaSts, AssetKind.DOMAIN, "cyberaudit.probes.mta_sts"),
    Probe(TlsReports, AssetKind.DOMAIN, "cyberaudit.probes.tls_reports"),
    Probe(Dane, AssetKind.DOMAIN, "cyberaudit.probes.dane"),
    Probe(Bimi, AssetKind.DOMAIN, "cyberaudit.probes.bimi"),
    Probe(DomainNames, AssetKind.DOMAIN, "cyberaudit.probes.names_below"),
    Probe(Registration, AssetKind.DOMAIN, "cyberaudit.probes.registration"),
    Probe(DnsZone, AssetKind.DOMAIN, "cyberaudit.probes.zone"),
    Probe(Dnssec, AssetKind.DOMAIN, "cyberaudit.probes.dnssec_chain"),
    Probe(HostReach, AssetKind.HOST, "cyberaudit.probes.host_reach"),
    Probe(HostServices, AssetKind.HOST, "cyberaudit.probes.host_services"),
    Probe(HostUdp, AssetKind.HOST, "cyberaudit.probes.host_udp"),
    Probe(HostFilter, AssetKind.HOST, "cyberaudit.probes.host_filter"),
    Probe(FlowReach, AssetKind.FLOW, "cyberaudit.probes.flow_reach"),
    Probe(TlsEndpoint, AssetKind.VPN, "cyberaudit.probes.tls_endpoint"),
    Probe(OpenVpnEndpoint, AssetKind.VPN, "cyberaudit.probes.openvpn_endpoint"),
    Probe(WireGuardEndpoint, AssetKind.VPN, "cyberaudit.probes.wireguard_endpoint"),
    Probe(OldTunnel, AssetKind.VPN, "cyberaudit.probes.old_tunnel_endpoint"),
    Probe(IpsecEndpoint, AssetKind.VPN, "cyberaudit.probes.ipsec_endpoint"),
    Probe(BackupStore, AssetKind.BACKUP, "cyberaudit.probes.backup_store"),
)


def probe_for(facts: type[Facts]) -> Probe | None:
    """The probe that sees this class of facts; None when this version has none."""
    return next((probe for probe in PROBES if probe.facts is facts), None)
