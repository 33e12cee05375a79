"""The only door for checks: what a check file imports, and nothing else.

    from cyberaudit.sdk import Context, MailDns, Verdict, check, failed, passed

    @check("mail.spf", needs=MailDns, about="domain", seen_from="any", impact=3, likelihood=3,
           measure="authenticate-mail", sources=("PA-066 R44",))
    def spf_published(mail: MailDns, ctx: Context) -> Verdict: ...

The four forms of `needs`:

    T                       the function gets T
    (T, U)                  gets a tuple, each part `T | Unreachable`, at least one of them seen
    Every(T)                about="town": gets ((asset, T | Unreachable), …), at least one of them seen;
                            nothing at all when the town declares no asset that T is about
    OnDeclaration           gets the asset's Declaration, answered yes, no or partial, and still valid

    (T, OnDeclaration("field"))  gets T alone; the engine then lays the declaration beside the measurement
"""

from cyberaudit import french
from cyberaudit.declared import (
    Answer,
    Asset,
    AssetKind,
    Backup,
    Declaration,
    Domain,
    Flow,
    Host,
    Practice,
    Service,
    Town,
    Vpn,
    VpnKind,
    Website,
)
from cyberaudit.facts.backup import BackupStore, Copy, DateKind, Encrypted, StoreContents
from cyberaudit.facts.base import Facts
from cyberaudit.facts.certificate import (
    COUNTDOWN,
    Bounds,
    Certificate,
    TlsSession,
    Trait,
    days_left,
    shown,
)
from cyberaudit.facts.doors import SSH, Door, Gap, administers, by_port, for_everyone, gaps, worst
from cyberaudit.facts.mail import (
    DmarcPolicy,
    MailDns,
    MailServer,
    MailServers,
    MxRecord,
    SmtpSession,
    TxtAnswer,
    UnresolvedServer,
    dmarc_policy,
    dmarc_records,
    dmarc_tags,
    judged_servers,
)
from cyberaudit.facts.packet_filter import FilterAddress, HostFilter, Trick, TrickAnswer
from cyberaudit.facts.ports import PORTS, USUAL, Danger, Port, of_danger, port_name
from cyberaudit.facts.products import Sort
from cyberaudit.facts.reach import (
    AddressReach,
    CanaryAnswer,
    Exposure,
    FlowReach,
    HostReach,
    PortAnswer,
    PortReading,
    PortState,
    TargetReach,
    read_port,
    read_ports,
    readings,
)
from cyberaudit.facts.services import Behind, HostServices
from cyberaudit.facts.services import Trait as ServiceTrait
from cyberaudit.facts.spf import (
    SpfFault,
    SpfTerm,
    spf_all,
    spf_records,
    spf_redirect,
    spf_terms,
    spf_widest,
)
from cyberaudit.facts.tls_endpoint import TlsEndpoint, VersionAnswer
from cyberaudit.facts.udp import HostUdp, Question, UdpAddress, UdpAnswer
from cyberaudit.model import Evidence, Item, Reason, SeenFrom, Status, Unreachable, Verdict
from cyberaudit.plaintext import clean
from cyberaudit.sdk.behind import sort_of, told_behind
from cyberaudit.sdk.certificates import certificate_items
from cyberaudit.sdk.domains import left_unseen, writes_no_mail
from cyberaudit.sdk.hosts import (
    Facing,
    asked_evidence,
    confirmed,
    door_evidence,
    door_items,
    doors_of,
    gone_in_tcp,
    heard_in_tcp,
    judge_doors,
    judge_exposure,
    no_address,
    recognised,
    udp_doors_of,
    usual_ports,
)
from cyberaudit.sdk.pages import ordinary_pages_of
from cyberaudit.sdk.passages import crossings_of, judge_passage, none_of, refusals_in_doubt
from cyberaudit.sdk.shape import (
    Check,
    CheckFunction,
    Concern,
    Context,
    Every,
    Need,
    NoSettings,
    OnDeclaration,
    check,
    on_practice,
)
from cyberaudit.sdk.tallies import state_name, tally
from cyberaudit.sdk.verdicts import answered, failed, not_applicable, partial, passed, unknown

__all__ = [
    "COUNTDOWN",
    "PORTS",
    "SSH",
    "USUAL",
    "AddressReach",
    "Answer",
    "Asset",
    "AssetKind",
    "Backup",
    "BackupStore",
    "Behind",
    "Bounds",
    "CanaryAnswer",
    "Certificate",
    "Check",
    "CheckFunction",
    "Concern",
    "Context",
    "Copy",
    "Danger",
    "DateKind",
    "Declaration",
    "DmarcPolicy",
    "Domain",
    "Door",
    "Encrypted",
    "Every",
    "Evidence",
    "Exposure",
    "Facing",
    "Facts",
    "FilterAddress",
    "Flow",
    "FlowReach",
    "Gap",
    "Host",
    "HostFilter",
    "HostReach",
    "HostServices",
    "HostUdp",
    "Item",
    "MailDns",
    "MailServer",
    "MailServers",
    "MxRecord",
    "Need",
    "NoSettings",
    "OnDeclaration",
    "Port",
    "PortAnswer",
    "PortReading",
    "PortState",
    "Practice",
    "Question",
    "Reason",
    "SeenFrom",
    "Service",
    "ServiceTrait",
    "SmtpSession",
    "Sort",
    "SpfFault",
    "SpfTerm",
    "Status",
    "StoreContents",
    "TargetReach",
    "TlsEndpoint",
    "TlsSession",
    "Town",
    "Trait",
    "Trick",
    "TrickAnswer",
    "TxtAnswer",
    "UdpAddress",
    "UdpAnswer",
    "Unreachable",
    "UnresolvedServer",
    "Verdict",
    "VersionAnswer",
    "Vpn",
    "VpnKind",
    "Website",
    "administers",
    "answered",
    "asked_evidence",
    "by_port",
    "certificate_items",
    "check",
    "clean",
    "confirmed",
    "crossings_of",
    "days_left",
    "dmarc_policy",
    "dmarc_records",
    "dmarc_tags",
    "door_evidence",
    "door_items",
    "doors_of",
    "failed",
    "for_everyone",
    "french",
    "gaps",
    "gone_in_tcp",
    "heard_in_tcp",
    "judge_doors",
    "judge_exposure",
    "judge_passage",
    "judged_servers",
    "left_unseen",
    "no_address",
    "none_of",
    "not_applicable",
    "of_danger",
    "on_practice",
    "ordinary_pages_of",
    "partial",
    "passed",
    "port_name",
    "read_port",
    "read_ports",
    "readings",
    "recognised",
    "refusals_in_doubt",
    "shown",
    "sort_of",
    "spf_all",
    "spf_records",
    "spf_redirect",
    "spf_terms",
    "spf_widest",
    "state_name",
    "tally",
    "told_behind",
    "udp_doors_of",
    "unknown",
    "usual_ports",
    "worst",
    "writes_no_mail",
]
