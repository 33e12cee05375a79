"""Mail facts in known states, for the conformance kit, the examples and the tests of checks."""

from dataclasses import replace
from datetime import UTC, datetime

from cyberaudit.facts.base import Facts
from cyberaudit.facts.mail import MailDns, MxRecord, ReportTarget, TxtAnswer
from cyberaudit.facts.spf_tree import Found, SpfStep, SpfTree

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
REPORT_TARGET = ReportTarget(
    tag="rua",
    uri="mailto:dmarc@mairie.example",
    host="mairie.example",
    authorisation=TxtAnswer(f"{DOMAIN}._report._dmarc.mairie.example", (b"v=DMARC1;",)),
    receives=True,
)
GOOD_DNS = MailDns(
    domain=DOMAIN,
    exists=True,
    mx=(MxRecord(10, f"mx1.{DOMAIN}"), MxRecord(20, f"mx2.{DOMAIN}")),
    apex=TxtAnswer(DOMAIN, (b"v=spf1 mx -all", b"other=1")),
    spf=SpfTree((MX_STEP,), cut=False, ip4_admitted=2),
    dmarc=(TxtAnswer(f"_dmarc.{DOMAIN}", (b"v=DMARC1; p=reject; rua=mailto:dmarc@mairie.example",)),),
    dmarc_beyond=(TxtAnswer("_dmarc.example", ()),),
    dmarc_suffix=None,
    reports=(REPORT_TARGET,),
    dmarc_aliases=(),
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
    dmarc_beyond=(),
    reports=(),
)
OBSERVING_DNS = replace(
    GOOD_DNS, dmarc=(TxtAnswer(f"_dmarc.{DOMAIN}", (b"v=DMARC1; p=none; pct=50",)),), reports=()
)
"""It observes, and nobody reads what is observed."""
UNHEARD_DNS = replace(
    GOOD_DNS,
    reports=(replace(REPORT_TARGET, authorisation=TxtAnswer(f"{DOMAIN}._report._dmarc.mairie.example", ())),),
)
"""Its reports go to somebody who did not agree to receive them."""
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
    dmarc_beyond=(TxtAnswer(HOSTILE, (b"v=DMARC1; rua=" + HOSTILE.encode() + b"; psd=y",)),),
    dmarc_suffix=TxtAnswer(HOSTILE, (b"v=DMARC1;p=reject;" + HOSTILE.encode(),)),
    reports=(ReportTarget(HOSTILE, HOSTILE, HOSTILE, TxtAnswer(HOSTILE, (b"\xff",)), receives=False),),
)

SAMPLES: tuple[Facts, ...] = (
    GOOD_DNS,
    INCLUDING_DNS,
    LOCKED_DNS,
    LONG_DNS,
    BROKEN_DNS,
    TROUBLED_DNS,
    BAD_DNS,
    SILENT_DNS,
    OBSERVING_DNS,
    UNHEARD_DNS,
    HOSTILE_DNS,
)
"""Found by `facts.base.samples()`: at least one good, one bad and one hostile of each kind."""
