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
from cyberaudit.facts.doors import SSH, Door, Gap, administers, by_port, for_everyone, gaps
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
from cyberaudit.facts.ports import PORTS, Danger, Port, of_danger, port_name
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
    readings,
)
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
from cyberaudit.model import Evidence, Item, Reason, SeenFrom, Status, Unreachable, Verdict
from cyberaudit.plaintext import clean
from cyberaudit.sdk.certificates import certificate_items
from cyberaudit.sdk.domains import left_unseen, writes_no_mail
from cyberaudit.sdk.hosts import confirmed, door_evidence, door_items, doors_of, judge_doors, no_address
from cyberaudit.sdk.shape import Check, CheckFunction, Context, Every, Need, NoSettings, OnDeclaration, check
from cyberaudit.sdk.verdicts import answered, failed, not_applicable, partial, passed, unknown

__all__ = [
    "COUNTDOWN",
    "PORTS",
    "SSH",
    "AddressReach",
    "Answer",
    "Asset",
    "AssetKind",
    "Backup",
    "BackupStore",
    "Bounds",
    "CanaryAnswer",
    "Certificate",
    "Check",
    "CheckFunction",
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
    "Facts",
    "Flow",
    "FlowReach",
    "Gap",
    "Host",
    "HostReach",
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
    "Reason",
    "SeenFrom",
    "Service",
    "SmtpSession",
    "SpfFault",
    "SpfTerm",
    "Status",
    "StoreContents",
    "TargetReach",
    "TlsEndpoint",
    "TlsSession",
    "Town",
    "Trait",
    "TxtAnswer",
    "Unreachable",
    "UnresolvedServer",
    "Verdict",
    "VersionAnswer",
    "Vpn",
    "VpnKind",
    "Website",
    "administers",
    "answered",
    "by_port",
    "certificate_items",
    "check",
    "clean",
    "confirmed",
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
    "judge_doors",
    "judged_servers",
    "left_unseen",
    "no_address",
    "not_applicable",
    "of_danger",
    "partial",
    "passed",
    "port_name",
    "read_port",
    "readings",
    "shown",
    "spf_all",
    "spf_records",
    "spf_redirect",
    "spf_terms",
    "spf_widest",
    "unknown",
    "writes_no_mail",
]
