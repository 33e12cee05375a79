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
    VpnUsers,
    Website,
)
from cyberaudit.facts.backup import BackupStore, Copy, DateKind, Encrypted, StoreContents
from cyberaudit.facts.base import Facts
from cyberaudit.facts.certificate import (
    COUNTDOWN,
    NAME_NOT_COMPARED,
    Bounds,
    Certificate,
    TlsSession,
    Trait,
    days_left,
    shown,
)
from cyberaudit.facts.dmarc import DmarcPolicy, dmarc_policy, dmarc_records, dmarc_tags
from cyberaudit.facts.doors import SSH, Door, Gap, administers, by_port, for_everyone, gaps, worst
from cyberaudit.facts.mail import MailDns, MxRecord, TxtAnswer
from cyberaudit.facts.mail_servers import (
    MailServer,
    MailServers,
    SmtpSession,
    UnresolvedServer,
    judged_servers,
)
from cyberaudit.facts.openvpn import OpenVpnEndpoint
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
    spf_ignored,
    spf_records,
    spf_redirect,
    spf_terms,
    spf_widest,
)
from cyberaudit.facts.spf_tree import SpfStep, SpfTree, lookups_below
from cyberaudit.facts.tls_endpoint import TlsEndpoint, TlsServer
from cyberaudit.facts.udp import HostUdp, Question, UdpAddress, UdpAnswer
from cyberaudit.model import Evidence, Item, Reason, SeenFrom, Status, Unreachable, Verdict
from cyberaudit.plaintext import clean
from cyberaudit.sdk.behind import sort_of, told_behind
from cyberaudit.sdk.certificate_form import FormBounds, form_evidence, form_items
from cyberaudit.sdk.certificates import certificate_evidence, certificate_items, identity_items
from cyberaudit.sdk.codes import coded
from cyberaudit.sdk.domains import left_unseen, unless_third_partys, writes_no_mail
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
    without,
)
from cyberaudit.sdk.ipsec import speaks_for_its_gateway
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
from cyberaudit.sdk.spf import (
    better_line,
    first_line,
    is_redirect,
    mended_line,
    nothing_to_follow,
    shared_list,
    spf_last,
)
from cyberaudit.sdk.tallies import state_name, tally
from cyberaudit.sdk.tls import Seen as TlsSeen
from cyberaudit.sdk.tls import (
    TlsQuestion,
    Words,
    endpoint_of,
    judge_tls,
    listening,
    reached,
    speaks_tls,
    unasked,
)
from cyberaudit.sdk.tls_exchange import exchange_evidence, exchange_items
from cyberaudit.sdk.tls_exchange import likelihood as exchange_likelihood
from cyberaudit.sdk.tls_options import likelihood as option_likelihood
from cyberaudit.sdk.tls_options import option_evidence, option_items
from cyberaudit.sdk.tls_suites import likelihood as suite_likelihood
from cyberaudit.sdk.tls_suites import suite_evidence, suite_items
from cyberaudit.sdk.tls_versions import version_evidence, version_items
from cyberaudit.sdk.verdicts import EVIDENCE_LIMIT, answered, failed, not_applicable, partial, passed, unknown
from cyberaudit.sdk.zone import (
    TrialWords,
    server_key,
    server_name,
    trial_verdict,
    untried,
    without_servers,
    zone_evidence,
)

__all__ = [
    "COUNTDOWN",
    "EVIDENCE_LIMIT",
    "NAME_NOT_COMPARED",
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
    "FormBounds",
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
    "OpenVpnEndpoint",
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
    "SpfStep",
    "SpfTerm",
    "SpfTree",
    "Status",
    "StoreContents",
    "TargetReach",
    "TlsEndpoint",
    "TlsQuestion",
    "TlsSeen",
    "TlsServer",
    "TlsSession",
    "Town",
    "Trait",
    "TrialWords",
    "Trick",
    "TrickAnswer",
    "TxtAnswer",
    "UdpAddress",
    "UdpAnswer",
    "Unreachable",
    "UnresolvedServer",
    "Verdict",
    "Vpn",
    "VpnKind",
    "VpnUsers",
    "Website",
    "Words",
    "administers",
    "answered",
    "asked_evidence",
    "better_line",
    "by_port",
    "certificate_evidence",
    "certificate_items",
    "check",
    "clean",
    "coded",
    "confirmed",
    "crossings_of",
    "days_left",
    "dmarc_policy",
    "dmarc_records",
    "dmarc_tags",
    "door_evidence",
    "door_items",
    "doors_of",
    "endpoint_of",
    "exchange_evidence",
    "exchange_items",
    "exchange_likelihood",
    "failed",
    "first_line",
    "for_everyone",
    "form_evidence",
    "form_items",
    "french",
    "gaps",
    "gone_in_tcp",
    "heard_in_tcp",
    "identity_items",
    "is_redirect",
    "judge_doors",
    "judge_exposure",
    "judge_passage",
    "judge_tls",
    "judged_servers",
    "left_unseen",
    "listening",
    "lookups_below",
    "mended_line",
    "no_address",
    "none_of",
    "not_applicable",
    "nothing_to_follow",
    "of_danger",
    "on_practice",
    "option_evidence",
    "option_items",
    "option_likelihood",
    "ordinary_pages_of",
    "partial",
    "passed",
    "port_name",
    "reached",
    "read_port",
    "read_ports",
    "readings",
    "recognised",
    "refusals_in_doubt",
    "server_key",
    "server_name",
    "shared_list",
    "shown",
    "sort_of",
    "speaks_for_its_gateway",
    "speaks_tls",
    "spf_all",
    "spf_ignored",
    "spf_last",
    "spf_records",
    "spf_redirect",
    "spf_terms",
    "spf_widest",
    "state_name",
    "suite_evidence",
    "suite_items",
    "suite_likelihood",
    "tally",
    "told_behind",
    "trial_verdict",
    "udp_doors_of",
    "unasked",
    "unknown",
    "unless_third_partys",
    "untried",
    "usual_ports",
    "version_evidence",
    "version_items",
    "without",
    "without_servers",
    "worst",
    "writes_no_mail",
    "zone_evidence",
]
