"""MTA-STS, TLS-RPT, DANE and BIMI in known states, for the conformance kit and the tests of checks."""

from dataclasses import replace

from cyberaudit.facts.base import Facts
from cyberaudit.facts.bimi import Bimi, LogoPage
from cyberaudit.facts.dane import Dane, DaneHost, TlsaRecord
from cyberaudit.facts.mail import TxtAnswer
from cyberaudit.facts.mail_samples import DOMAIN, HOSTILE
from cyberaudit.facts.mta_sts import MtaSts, PolicyPage
from cyberaudit.facts.security import Security
from cyberaudit.facts.tls_reports import TlsReports
from cyberaudit.model import Reason, Unreachable

MX1, MX2 = f"mx1.{DOMAIN}", f"mx2.{DOMAIN}"


def policy_text(*mx: str, mode: str = "enforce", max_age: int = 2_419_200) -> bytes:
    """A policy file, lines as RFC 8461 ends them."""
    lines = ["version: STSv1", f"mode: {mode}", *(f"mx: {host}" for host in mx), f"max_age: {max_age}"]
    return "\r\n".join([*lines, ""]).encode()


POLICY_PAGE = PolicyPage(
    status=200, media_type="text/plain", location="", address="192.0.2.80", body=policy_text(MX1, MX2)
)
GOOD_STS = MtaSts(
    domain=DOMAIN,
    txt=TxtAnswer(f"_mta-sts.{DOMAIN}", (b"v=STSv1; id=20261101000000;",)),
    policy=POLICY_PAGE,
    txt_aliases=(),
)
TESTING_STS = replace(GOOD_STS, policy=replace(POLICY_PAGE, body=policy_text(f"*.{DOMAIN}", mode="testing")))
"""On trial, with a pattern."""
FORGETFUL_STS = replace(GOOD_STS, policy=replace(POLICY_PAGE, body=policy_text("ancien.example")))
"""It refuses the very servers of the domain."""
LOST_STS = replace(GOOD_STS, policy=None)
"""A record, and nobody who holds the policy."""
NO_STS = MtaSts(DOMAIN, TxtAnswer(f"_mta-sts.{DOMAIN}", ()), None, ())
HOSTILE_STS = MtaSts(
    domain=HOSTILE,
    txt=TxtAnswer(HOSTILE, (b"v=STSv1; id=" + HOSTILE.encode() + b"\xff\x00",)),
    policy=replace(
        POLICY_PAGE, media_type=HOSTILE, location=HOSTILE, address=HOSTILE, body=HOSTILE.encode() * 9
    ),
    txt_aliases=(HOSTILE,),
)

GOOD_REPORTS = TlsReports(
    DOMAIN,
    TxtAnswer(f"_smtp._tls.{DOMAIN}", (f"v=TLSRPTv1; rua=mailto:tls+rapports@{DOMAIN}".encode(),)),
    (),
)
NO_REPORTS = replace(GOOD_REPORTS, txt=TxtAnswer(f"_smtp._tls.{DOMAIN}", ()))
BARE_REPORTS = replace(
    GOOD_REPORTS,
    txt=TxtAnswer(f"_smtp._tls.{DOMAIN}", (f"v=TLSRPTv1; rua=tls@{DOMAIN}".encode(),)),
)
"""An address without `mailto:`."""
HOSTILE_REPORTS = TlsReports(
    HOSTILE, TxtAnswer(HOSTILE, (b"v=TLSRPTv1; rua=" + HOSTILE.encode() + b",\xff",)), (HOSTILE,)
)

# As the certificates of `facts.mail_samples`.
PROMISE = TlsaRecord(usage=3, selector=1, matching=1, digest="ef" * 32, size=32)
DANE_HOST = DaneHost(MX1, Security.SECURE, f"_25._tcp.{MX1}", (PROMISE,), Security.SECURE)
GOOD_DANE = Dane(
    domain=DOMAIN,
    mx=Security.SECURE,
    hosts=(DANE_HOST, replace(DANE_HOST, host=MX2, at=f"_25._tcp.{MX2}")),
    left_out=(),
)
MISMATCHED_DANE = replace(
    GOOD_DANE, hosts=(replace(DANE_HOST, records=(replace(PROMISE, digest="00" * 32),)), GOOD_DANE.hosts[1])
)
HALF_DANE = replace(GOOD_DANE, hosts=(DANE_HOST, replace(GOOD_DANE.hosts[1], records=())))
UNSIGNED_DANE = replace(
    GOOD_DANE,
    mx=Security.INSECURE,
    hosts=(replace(DANE_HOST, address=Security.INSECURE, security=Security.INSECURE),),
)
UNCHECKED_DANE = replace(GOOD_DANE, mx=Security.UNCHECKED)
NO_DANE = replace(GOOD_DANE, hosts=tuple(replace(entry, records=()) for entry in GOOD_DANE.hosts))
HOSTILE_DANE = Dane(
    domain=HOSTILE,
    mx=Security.BOGUS,
    hosts=(
        DaneHost(HOSTILE, Security.SECURE, HOSTILE, (replace(PROMISE, digest=HOSTILE),), Security.SECURE),
        DaneHost(MX1, Unreachable(Reason.BOGUS, HOSTILE), HOSTILE, (), Security.SECURE),
    ),
    left_out=(HOSTILE,),
)

GOOD_BIMI = Bimi(
    domain=DOMAIN,
    txt=TxtAnswer(
        f"default._bimi.{DOMAIN}",
        (f"v=BIMI1; l=https://{DOMAIN}/logo.svg; a=https://{DOMAIN}/marque.pem".encode(),),
    ),
    logo=LogoPage(status=200, media_type="image/svg+xml", is_svg=True, is_tiny=True),
)
GONE_BIMI = replace(GOOD_BIMI, logo=LogoPage(status=404, media_type="text/html", is_svg=False, is_tiny=False))
NO_BIMI = replace(GOOD_BIMI, txt=TxtAnswer(f"default._bimi.{DOMAIN}", ()), logo=None)
HOSTILE_BIMI = Bimi(
    domain=HOSTILE,
    txt=TxtAnswer(HOSTILE, (b"v=BIMI1; l=https://" + HOSTILE.encode(),)),
    logo=LogoPage(status=-1, media_type=HOSTILE, is_svg=False, is_tiny=False),
)

SAMPLES: tuple[Facts, ...] = (
    GOOD_STS,
    TESTING_STS,
    FORGETFUL_STS,
    LOST_STS,
    NO_STS,
    HOSTILE_STS,
    GOOD_REPORTS,
    NO_REPORTS,
    BARE_REPORTS,
    HOSTILE_REPORTS,
    GOOD_DANE,
    MISMATCHED_DANE,
    HALF_DANE,
    UNSIGNED_DANE,
    UNCHECKED_DANE,
    NO_DANE,
    HOSTILE_DANE,
    GOOD_BIMI,
    GONE_BIMI,
    NO_BIMI,
    HOSTILE_BIMI,
)
"""Found by `facts.base.samples()`: at least one good, one bad and one hostile of each kind."""
