"""Mail facts in known states, for the conformance kit, the examples and the tests of checks."""

from dataclasses import replace
from datetime import UTC, datetime

from cyberaudit.facts.base import Facts
from cyberaudit.facts.certificate import Certificate, TlsSession, Usage
from cyberaudit.facts.mail import MailDns, MxRecord, TxtAnswer
from cyberaudit.facts.mail_servers import MailServer, MailServers, SmtpSession, UnresolvedServer
from cyberaudit.facts.spf_tree import Found, SpfStep, SpfTree
from cyberaudit.model import Reason, Unreachable

DOMAIN = "mairie-saint-etienne-d-o.example"
HOSTILE = "[bold]L'Haÿ[/bold]\x1b[31m\u202e<script>=cmd()\r\nBcc: x@example.invalid"
SEEN_ON = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
"""The date at which the certificates of the samples are to be judged."""

MX_STEP = SpfStep(
    depth=0,
    at=DOMAIN,
    term="mx",
    target=DOMAIN,
    found=Found.ADDRESSES,
    void4=False,
    void6=False,
    names=2,
    record="",
    detail="",
    sampled=False,
    admits=True,
)
INCLUDE_STEP = replace(
    MX_STEP,
    term="include:_spf.fournisseur.example",
    target="_spf.fournisseur.example",
    found=Found.RECORD,
    names=0,
    record="v=spf1 ip4:198.51.100.0/24 a:sortie.fournisseur.example ~all",
)
BELOW_STEP = replace(
    MX_STEP,
    depth=1,
    at="_spf.fournisseur.example",
    term="a:sortie.fournisseur.example",
    target="sortie.fournisseur.example",
    names=0,
)
GOOD_DNS = MailDns(
    domain=DOMAIN,
    exists=True,
    mx=(MxRecord(10, f"mx1.{DOMAIN}"), MxRecord(20, f"mx2.{DOMAIN}")),
    apex=TxtAnswer(DOMAIN, (b"v=spf1 mx -all", b"other=1")),
    spf=SpfTree((MX_STEP,), cut=False, ip4_admitted=2),
    dmarc=(TxtAnswer(f"_dmarc.{DOMAIN}", (b"v=DMARC1; p=reject; rua=mailto:dmarc@mairie.example",)),),
)
INCLUDING_DNS = replace(
    GOOD_DNS,
    apex=TxtAnswer(DOMAIN, (b"v=spf1 mx include:_spf.fournisseur.example -all",)),
    spf=SpfTree((MX_STEP, INCLUDE_STEP, BELOW_STEP), cut=False, ip4_admitted=259),
)
"""In order, with a provider's list."""
LONG_DNS = replace(
    INCLUDING_DNS,
    apex=TxtAnswer(DOMAIN, (b"v=spf1 mx " + b"include:_spf.fournisseur.example " * 6 + b"-all",)),
    spf=SpfTree((MX_STEP, *(INCLUDE_STEP, BELOW_STEP) * 6), cut=False, ip4_admitted=259),
)
"""Thirteen look-ups where receivers stop at ten."""
BROKEN_DNS = replace(
    INCLUDING_DNS,
    spf=SpfTree(
        (
            replace(MX_STEP, found=Found.NOTHING, void4=True, void6=True, names=0),
            replace(INCLUDE_STEP, found=Found.NO_RECORD, record=""),
        ),
        cut=False,
        ip4_admitted=0,
    ),
)
"""It includes a list that is gone."""
TROUBLED_DNS = replace(
    INCLUDING_DNS,
    spf=SpfTree(
        (MX_STEP, replace(INCLUDE_STEP, found=Found.TROUBLE, record="", detail="SERVFAIL")),
        cut=False,
        ip4_admitted=2,
    ),
)
"""The provider's list could not be read."""
LOCKED_DNS = replace(
    GOOD_DNS,
    mx=(MxRecord(0, ""),),
    apex=TxtAnswer(DOMAIN, (b"v=spf1 -all",)),
    spf=SpfTree((), cut=False, ip4_admitted=0),
)
"""A domain that never writes, and says so."""
BAD_DNS = replace(
    GOOD_DNS,
    mx=(),
    apex=TxtAnswer(DOMAIN, (b"v=spf1 +all", b"v=spf1 mx ~all")),
    spf=None,
    dmarc=(TxtAnswer(f"_dmarc.{DOMAIN}", ()), TxtAnswer("_dmarc.example", ())),
)
SILENT_DNS = replace(BAD_DNS, apex=TxtAnswer(DOMAIN, ()))
"""A domain that publishes nothing at all."""
HOSTILE_DNS = replace(
    GOOD_DNS,
    mx=(MxRecord(0, HOSTILE), MxRecord(-1, "")),
    apex=TxtAnswer(HOSTILE, (b"v=spf1 " + HOSTILE.encode() + b"\x00\xff" * 40, b"")),
    spf=SpfTree(
        (
            replace(MX_STEP, at=HOSTILE, term=HOSTILE, target=HOSTILE, detail=HOSTILE),
            replace(
                INCLUDE_STEP, term=HOSTILE, target=HOSTILE, record=f"v=spf1 {HOSTILE}", found=Found.SYNTAX
            ),
        ),
        cut=True,
        ip4_admitted=-1,
    ),
    dmarc=(TxtAnswer(HOSTILE, (b"v=DMARC1; p=" + HOSTILE.encode() + b"; pct=\xff; rua=",)),),
)

CERTIFICATE = Certificate(
    subject=f"CN=mx1.{DOMAIN}",
    issuer="CN=Autorité de démonstration",
    names=(f"mx1.{DOMAIN}", f"mx2.{DOMAIN}"),
    not_before=datetime(2026, 10, 1, tzinfo=UTC),
    not_after=datetime(2027, 2, 1, tzinfo=UTC),
    key_type="EC",
    key_bits=256,
    signature_hash="sha256",
    self_signed=False,
    sha256="ab" * 32,
    key_sha256="ef" * 32,
    curve="secp256r1",
    exponent=0,
    is_ca=False,
    key_usage=Usage(critical=True, purposes=("digitalSignature",)),
    extended_key_usage=Usage(critical=False, purposes=("serverAuth",)),
    names_critical=False,
    subject_key="01" * 20,
    authority_key="02" * 20,
    revocation=("crl", "issuer"),
    timestamps=2,
    public_rules=True,
)
TLS = TlsSession(
    version="TLSv1.3",
    cipher="TLS_AES_256_GCM_SHA384",
    chain=(CERTIFICATE,),
    trust_error="",
    name_matches=True,
    chain_faults=(),
    timestamps=0,
)
SESSION = SmtpSession(banner="ESMTP", extensions=("PIPELINING", "STARTTLS"), tls=TLS)
GOOD_SERVERS = MailServers(
    domain=DOMAIN,
    servers=(
        MailServer(f"mx1.{DOMAIN}", "192.0.2.25", SESSION),
        MailServer(f"mx2.{DOMAIN}", "2001:db8::25", SESSION),
    ),
    unresolved=(),
    left_out=(),
)
BAD_SERVERS = MailServers(
    domain=DOMAIN,
    servers=(
        MailServer(f"mx1.{DOMAIN}", "192.0.2.25", replace(SESSION, extensions=("PIPELINING",), tls=None)),
    ),
    unresolved=(UnresolvedServer(f"mx2.{DOMAIN}", None),),
    left_out=(),
)
EXPIRED_SERVERS = MailServers(
    domain=DOMAIN,
    servers=(
        MailServer(
            f"mx1.{DOMAIN}",
            "192.0.2.25",
            replace(
                SESSION,
                tls=replace(
                    TLS,
                    chain=(
                        replace(CERTIFICATE, not_after=datetime(2026, 9, 1, tzinfo=UTC), self_signed=True),
                    ),
                    trust_error="le certificat est signé par lui-même",
                    name_matches=False,
                ),
            ),
        ),
    ),
    unresolved=(),
    left_out=(),
)
MUTE_SERVERS = MailServers(
    domain=DOMAIN,
    servers=(MailServer(f"mx1.{DOMAIN}", "192.0.2.25", Unreachable(Reason.TIMEOUT)),),
    unresolved=(UnresolvedServer(f"mx2.{DOMAIN}", Unreachable(Reason.RESOLVER_FAILURE)),),
    left_out=(),
)
HOSTILE_SERVERS = MailServers(
    domain=HOSTILE,
    servers=(
        MailServer(
            HOSTILE,
            HOSTILE,
            SmtpSession(
                HOSTILE,
                (HOSTILE,),
                replace(
                    TLS, version=HOSTILE, chain=(replace(CERTIFICATE, names=(HOSTILE,), issuer=HOSTILE),)
                ),
            ),
        ),
    ),
    unresolved=(UnresolvedServer(HOSTILE, Unreachable(Reason.PROTOCOL_ERROR, HOSTILE)),),
    left_out=(HOSTILE,),
)
CROWDED_SERVERS = replace(GOOD_SERVERS, left_out=(f"mx6.{DOMAIN}", f"mx7.{DOMAIN}"))
"""Good where it was looked at; two servers were not."""

SAMPLES: tuple[Facts, ...] = (
    GOOD_DNS,
    INCLUDING_DNS,
    LOCKED_DNS,
    LONG_DNS,
    BROKEN_DNS,
    TROUBLED_DNS,
    BAD_DNS,
    SILENT_DNS,
    HOSTILE_DNS,
    GOOD_SERVERS,
    BAD_SERVERS,
    EXPIRED_SERVERS,
    MUTE_SERVERS,
    CROWDED_SERVERS,
    HOSTILE_SERVERS,
)
"""Found by `facts.base.samples()`: at least one good, one bad and one hostile of each kind."""
