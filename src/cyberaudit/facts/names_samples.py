"""What a domain's names lead to, in known states."""

from dataclasses import replace

from cyberaudit.facts.base import Facts
from cyberaudit.facts.mail_samples import DOMAIN, HOSTILE
from cyberaudit.facts.names import (
    Chain,
    DomainNames,
    HostAddresses,
    Link,
    LinkKind,
    NameBelow,
    NameSource,
    RandomAnswer,
)
from cyberaudit.facts.names_caa import CaaRecord, CaaSet
from cyberaudit.model import Reason, Unreachable

WWW = f"www.{DOMAIN}"
LOST = Unreachable(Reason.RESOLVER_FAILURE)
SITE_LINK = Link(
    kind=LinkKind.CNAME,
    owner=WWW,
    record="CNAME site.hebergeur.example.",
    target="site.hebergeur.example",
    exists=True,
    registrable="hebergeur.example",
    registered=True,
    serves=True,
)
MX_LINK = replace(
    SITE_LINK, kind=LinkKind.MX, owner=DOMAIN, record=f"MX 10 mx1.{DOMAIN}.", target=f"mx1.{DOMAIN}"
)
NS_LINK = replace(
    SITE_LINK,
    kind=LinkKind.NS,
    owner=DOMAIN,
    record="NS ns1.hebergeur.example.",
    target="ns1.hebergeur.example",
)
SPF_LINK = replace(
    SITE_LINK,
    kind=LinkKind.SPF,
    owner=DOMAIN,
    record="include:_spf.hebergeur.example",
    target="_spf.hebergeur.example",
)
SUBZONE_LINK = replace(NS_LINK, kind=LinkKind.SUBZONE, owner=f"ecole.{DOMAIN}")
BOTH = HostAddresses(WWW, ("192.0.2.80",), ("2001:db8::80",))
GOOD_NAMES = DomainNames(
    domain=DOMAIN,
    exists=True,
    wildcard=(RandomAnswer("A", (), aliased=False),),
    names=(
        NameBelow(WWW, NameSource.USUAL, exists=True, aliases=("site.hebergeur.example",)),
        NameBelow(f"vpn.{DOMAIN}", NameSource.USUAL, exists=False, aliases=()),
        NameBelow(f"ecole.{DOMAIN}", NameSource.DECLARED, exists=True, aliases=()),
    ),
    chain=Chain.NONE,
    left_out=(),
    links=(SITE_LINK, MX_LINK, NS_LINK, SPF_LINK, SUBZONE_LINK),
    spf_read=True,
    caa=CaaSet(
        DOMAIN, (DOMAIN,), (CaaRecord(0, "issue", b"letsencrypt.org"), CaaRecord(0, "issuewild", b";"))
    ),
    site=(BOTH, replace(BOTH, host=DOMAIN)),
    name_servers=(
        replace(BOTH, host="ns1.hebergeur.example"),
        replace(BOTH, host="ns2.hebergeur.example", v6=()),
    ),
    mail_hosts=(replace(BOTH, host=f"mx1.{DOMAIN}"),),
)
OLD_ONLY = HostAddresses(WWW, ("192.0.2.80",), ())
PLAIN_NAMES = replace(
    GOOD_NAMES,
    wildcard=(
        RandomAnswer("A", ("192.0.2.80",), aliased=False),
        RandomAnswer("AAAA", (), aliased=False),
        RandomAnswer("MX", (), aliased=False),
        RandomAnswer("TXT", (), aliased=False),
    ),
    caa=CaaSet("", (DOMAIN,), ()),
    site=(OLD_ONLY, replace(OLD_ONLY, host=DOMAIN)),
    name_servers=(replace(OLD_ONLY, host="ns1.hebergeur.example"),),
    mail_hosts=(replace(OLD_ONLY, host=f"mx1.{DOMAIN}"),),
)
"""What many small towns have: nothing wrong, nothing more."""
CATCH_ALL_NAMES = replace(
    GOOD_NAMES,
    wildcard=(
        RandomAnswer("A", ("192.0.2.80",), aliased=False),
        RandomAnswer("AAAA", LOST, aliased=False),
        RandomAnswer("MX", (f"10 mx1.{DOMAIN}.",), aliased=False),
        RandomAnswer("TXT", ('"v=spf1 mx -all"',), aliased=False),
    ),
    caa=CaaSet(
        "example",
        (DOMAIN, "example"),
        (CaaRecord(128, "avenir", b"x"), CaaRecord(0, "issue", b"pas un nom"), CaaRecord(0, "iodef", b"x")),
    ),
)
GONE = replace(SITE_LINK, exists=False)
DANGLING_NAMES = replace(
    GOOD_NAMES,
    chain=Chain.WHOLE,
    links=(
        GONE,
        replace(GONE, target="ancien-site.azurewebsites.net", registrable="azurewebsites.net"),
        replace(
            MX_LINK, exists=False, target="mx.ancien.example", registrable="ancien.example", registered=False
        ),
        replace(NS_LINK, exists=False, registered=LOST),
        replace(SPF_LINK, exists=False),
        replace(SUBZONE_LINK, serves=False),
        replace(SUBZONE_LINK, exists=False, registered=False),
    ),
)
LAME_NAMES = replace(GOOD_NAMES, links=(SITE_LINK, replace(SUBZONE_LINK, serves=False)))
LOST_NAMES = replace(
    GOOD_NAMES,
    names=(NameBelow(WWW, NameSource.USUAL, LOST, ()),),
    chain=LOST,
    links=(replace(SITE_LINK, exists=LOST), replace(SUBZONE_LINK, serves=LOST)),
    site=(HostAddresses(WWW, LOST, LOST),),
)
FOREIGN_NAMES = replace(GOOD_NAMES, domain="example.com")
BARE_NAMES = replace(GOOD_NAMES, links=(), names=(), site=(), name_servers=(), mail_hosts=())
"""A name that only stands in its parent's zone."""
ABSENT_NAMES = replace(BARE_NAMES, exists=False, wildcard=(), caa=CaaSet("", (), ()))
HOSTILE_NAMES = replace(
    GOOD_NAMES,
    wildcard=(
        RandomAnswer("A", (HOSTILE,), aliased=True),
        RandomAnswer("TXT", (HOSTILE, '"\\000\\255"'), aliased=False),
        RandomAnswer(HOSTILE, (HOSTILE,), aliased=False),
    ),
    names=(NameBelow(HOSTILE, NameSource.CHAINED, exists=True, aliases=(HOSTILE,)),),
    left_out=(HOSTILE,),
    links=(
        replace(GONE, owner=HOSTILE, record=HOSTILE, target=HOSTILE, registrable=HOSTILE, registered=False),
        replace(SUBZONE_LINK, owner=HOSTILE, record=HOSTILE, target=HOSTILE, serves=False),
        replace(NS_LINK, exists=Unreachable(Reason.PROTOCOL_ERROR, HOSTILE), target=HOSTILE),
    ),
    caa=CaaSet(HOSTILE, (HOSTILE,), (CaaRecord(-1, HOSTILE, HOSTILE.encode() + b"\x00\xff"),)),
    site=(HostAddresses(HOSTILE, (HOSTILE,), ()),),
    name_servers=(HostAddresses(HOSTILE, (HOSTILE,), ()),),
    mail_hosts=(HostAddresses(HOSTILE, (HOSTILE,), ()),),
)

SAMPLES: tuple[Facts, ...] = (
    GOOD_NAMES,
    PLAIN_NAMES,
    CATCH_ALL_NAMES,
    DANGLING_NAMES,
    LAME_NAMES,
    LOST_NAMES,
    FOREIGN_NAMES,
    BARE_NAMES,
    ABSENT_NAMES,
    HOSTILE_NAMES,
)
