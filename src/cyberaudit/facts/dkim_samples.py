"""DKIM facts in known states, for the conformance kit, the examples and the tests of checks."""

import base64
from dataclasses import replace

from cyberaudit.facts.base import Facts
from cyberaudit.facts.dkim import Dkim, DkimSelector, SelectorSource
from cyberaudit.facts.mail import TxtAnswer
from cyberaudit.facts.mail_samples import DOMAIN, HOSTILE
from cyberaudit.model import Reason, Unreachable


def rsa_key(bits: int) -> str:
    """The base64 of an RSA public key of this size, in a SubjectPublicKeyInfo; nobody has its private half."""
    number = ((1 << bits) - 1).to_bytes(bits // 8, "big")
    key = _der(0x30, _der(0x02, b"\0" + number) + _der(0x02, b"\1\0\1"))
    algorithm = _der(0x30, bytes.fromhex("06092a864886f70d0101010500"))
    return base64.b64encode(_der(0x30, algorithm + _der(0x03, b"\0" + key))).decode()


def _der(kind: int, body: bytes) -> bytes:
    if len(body) < 0x80:
        return bytes((kind, len(body))) + body
    return bytes((kind, 0x82)) + len(body).to_bytes(2, "big") + body


def record(bits: int = 2048, *, more: str = "") -> bytes:
    return f"v=DKIM1; k=rsa; {more}p={rsa_key(bits)}".encode()


GOOD_SELECTOR = DkimSelector("selector1", SelectorSource.PROVIDER, (record(),), ())
NAMED_SELECTOR = replace(GOOD_SELECTOR, selector="mairie2026", source=SelectorSource.NAMED)
GOOD_DKIM = Dkim(
    domain=DOMAIN,
    below=True,
    wildcard=None,
    providers=("microsoft-365",),
    selectors=(GOOD_SELECTOR, replace(GOOD_SELECTOR, selector="selector2")),
    guessed=8,
)
NO_DKIM = replace(GOOD_DKIM, below=False, providers=(), selectors=())
"""Proved: nothing stands below `_domainkey`."""
UNGUESSED_DKIM = replace(NO_DKIM, below=True, guessed=30)
"""Something stands there, under a name nobody gave."""
WEAK_DKIM = replace(GOOD_DKIM, selectors=(replace(GOOD_SELECTOR, records=(record(512),)),))
HALF_DKIM = replace(GOOD_DKIM, selectors=(replace(GOOD_SELECTOR, records=(record(1024, more="t=y; "),)),))
ABSENT_DKIM = replace(GOOD_DKIM, selectors=(GOOD_SELECTOR, replace(NAMED_SELECTOR, records=())))
"""One key is there, a declared one is not."""
WILD_DKIM = replace(
    UNGUESSED_DKIM,
    wildcard=TxtAnswer(f"*._domainkey.{DOMAIN}", (b"v=spf1 -all",)),
    selectors=(replace(GOOD_SELECTOR, records=(b"v=spf1 -all",)),),
)
"""Any name at all gets an answer."""
LOST_DKIM = replace(
    GOOD_DKIM,
    below=Unreachable(Reason.RESOLVER_FAILURE),
    selectors=(replace(NAMED_SELECTOR, records=Unreachable(Reason.RESOLVER_FAILURE, "SERVFAIL")),),
)
HOSTILE_DKIM = replace(
    GOOD_DKIM,
    domain=HOSTILE,
    wildcard=TxtAnswer(HOSTILE, (HOSTILE.encode(),)),
    providers=(HOSTILE,),
    selectors=(
        DkimSelector(
            HOSTILE, SelectorSource.NAMED, (b"v=DKIM1; p=" + HOSTILE.encode() + b"\xff\0",), (HOSTILE,)
        ),
        DkimSelector("s", SelectorSource.COMMON, (HOSTILE.encode(), b"\xff"), ()),
        DkimSelector(
            "h", SelectorSource.COMMON, (record(more=f"h={HOSTILE.replace(';', '')}; "),), (HOSTILE,)
        ),
    ),
    guessed=-1,
)

SAMPLES: tuple[Facts, ...] = (
    GOOD_DKIM,
    NO_DKIM,
    UNGUESSED_DKIM,
    WEAK_DKIM,
    HALF_DKIM,
    ABSENT_DKIM,
    WILD_DKIM,
    LOST_DKIM,
    HOSTILE_DKIM,
)
"""Found by `facts.base.samples()`: at least one good, one bad and one hostile of each kind."""
