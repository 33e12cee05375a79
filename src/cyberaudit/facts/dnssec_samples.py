"""DNSSEC facts in known states, for the conformance kit, the examples and the tests of checks."""

from dataclasses import replace
from datetime import timedelta

from cyberaudit.facts.base import Facts
from cyberaudit.facts.dnssec import Designation, Dnssec, Hashing, RecordSet, Signature, Signed, ZoneKey
from cyberaudit.facts.mail_samples import DOMAIN, HOSTILE, SEEN_ON
from cyberaudit.facts.security import DnssecState, Security
from cyberaudit.model import Reason, Unreachable

TLD = "example"
DIGEST = "5E0B1C6C7D4F3A2918273645546372819A0B1C2D3E4F5061728394A5B6C7D8E9"
OTHER_DIGEST = "A1" * 32
KEY = ZoneKey(tag=34217, algorithm=13, flags=257, bits=0, digest=DIGEST)
DS = Designation(tag=34217, algorithm=13, digest_type=2, digest=DIGEST, fits=True)
SIGNATURE = Signature(13, 34217, SEEN_ON - timedelta(days=4), SEEN_ON + timedelta(days=10))
SECURE = Signed(1, Security.SECURE, "", f"{DOMAIN}.", "", (SIGNATURE,))
NO_DS = Signed(0, Security.SECURE, "", f"{TLD}.", "", (SIGNATURE,))
UNSIGNED = Signed(1, Security.INSECURE, "unsigned", f"{DOMAIN}.", "", ())
UNCHECKED = Signed(1, Security.UNCHECKED, "", "", "", ())
NAMES = (
    (DOMAIN, "SOA"),
    (DOMAIN, "NS"),
    (DOMAIN, "MX"),
    (DOMAIN, "TXT"),
    (DOMAIN, "A"),
    (DOMAIN, "AAAA"),
    (f"_dmarc.{DOMAIN}", "TXT"),
    (DOMAIN, "DNSKEY"),
)


def sets(
    every: Signed | Unreachable, ds: Signed | Unreachable, **others: Signed | Unreachable
) -> tuple[RecordSet, ...]:
    """The same state for every question but the DS, and but those named by their type."""
    own = tuple(RecordSet(name, rrtype, others.get(rrtype, every)) for name, rrtype in NAMES)
    return (*own, RecordSet(DOMAIN, "DS", ds))


SOUND = Dnssec(
    domain=DOMAIN,
    exists=True,
    zone=DOMAIN,
    servers=("ns1.fournisseur.example", "ns2.fournisseur.example"),
    keys=(KEY,),
    ds=(DS,),
    sets=sets(SECURE, replace(SECURE, zone=f"{TLD}.")),
    mx_hosts=(RecordSet(f"mx1.{DOMAIN}", "A", SECURE),),
    hashing=None,
    cds=(),
    cdnskey=(),
    state=DnssecState.FINE,
    contradictions=(),
)


def bogus(why: str, *signatures: Signature) -> Signed:
    """An answer that does not verify."""
    return Signed(1, Security.BOGUS, why, f"{DOMAIN}.", "", signatures)


def left(**time: float) -> Signed:
    """Sound, with a signature that lasts that much longer, of the fifteen days it was made for."""
    ends = SEEN_ON + timedelta(**time)
    return replace(SECURE, signatures=(replace(SIGNATURE, begins=ends - timedelta(days=15), ends=ends),))


NO_KEYS = replace(SOUND, keys=(), ds=(), sets=sets(UNSIGNED, NO_DS), mx_hosts=())
ISLAND = replace(NO_KEYS, keys=(KEY,))
MISMATCH = replace(
    SOUND,
    ds=(replace(DS, tag=1, digest=OTHER_DIGEST, fits=False),),
    sets=sets(bogus("ds-mismatch"), replace(SECURE, zone=f"{TLD}.")),
)
WITHOUT_KEY = replace(MISMATCH, keys=(), sets=sets(bogus("no-key"), SECURE))
_PAST = replace(SIGNATURE, begins=SEEN_ON - timedelta(days=40), ends=SEEN_ON - timedelta(days=2))
_TO_COME = replace(SIGNATURE, begins=SEEN_ON + timedelta(days=2), ends=SEEN_ON + timedelta(days=20))
EXPIRED = replace(SOUND, sets=sets(bogus("expired", _PAST), SECURE))
TOO_EARLY = replace(SOUND, sets=sets(bogus("not-yet-valid", _TO_COME), SECURE))
BAD_MX = replace(SOUND, sets=sets(SECURE, SECURE, MX=bogus("bad-signature", SIGNATURE)))
STRIPPED = replace(
    SOUND,
    sets=sets(UNCHECKED, UNCHECKED),
    mx_hosts=(RecordSet(f"mx1.{DOMAIN}", "A", UNCHECKED),),
    state=DnssecState.NOT_CHECKED,
)
STRIPPED_UNSIGNED = replace(STRIPPED, keys=(), ds=())
NO_ANCHOR = replace(STRIPPED, state=DnssecState.NO_ANCHOR_FITS)
PARENT_UNSIGNED = replace(
    NO_KEYS,
    sets=sets(replace(UNSIGNED, zone=f"{TLD}."), replace(UNSIGNED, zone=f"{TLD}.")),
)
OPTED_OUT = replace(NO_KEYS, sets=sets(replace(UNSIGNED, why="opt-out"), replace(UNSIGNED, why="opt-out")))
UNSUPPORTED = replace(
    SOUND,
    keys=(replace(KEY, algorithm=12),),
    ds=(replace(DS, algorithm=12),),
    sets=sets(replace(UNSIGNED, why="unsupported"), SECURE),
)
NOWHERE = replace(SOUND, exists=False, keys=(), ds=(), sets=())
SUBDOMAIN = replace(SOUND, zone="commune.example", mx_hosts=())
OLD_KEYS = replace(
    SOUND,
    keys=(replace(KEY, algorithm=7, bits=1024), replace(KEY, tag=2, algorithm=7, flags=256, bits=768)),
    ds=(replace(DS, algorithm=7, digest_type=1, digest="B2" * 20),),
    hashing=Hashing(iterations=10, salt=4, opt_out=False),
)
ROLLING = replace(
    SOUND,
    keys=(KEY, replace(KEY, tag=2, algorithm=5, bits=2048), replace(KEY, tag=3, algorithm=10, bits=2048)),
    ds=(DS, replace(DS, digest_type=1)),
    cds=(DS,),
    cdnskey=(34217,),
)
COSTLY = replace(SOUND, hashing=Hashing(iterations=500, salt=8, opt_out=True))
ENDING = replace(SOUND, sets=sets(left(days=2), SECURE))
ENDING_TODAY = replace(SOUND, sets=sets(SECURE, SECURE, MX=left(hours=5)))
MX_ELSEWHERE = replace(
    SOUND,
    mx_hosts=(
        RecordSet("mx.bogus.example", "A", bogus("expired", _PAST)),
        RecordSet("mx.plain.example", "A", UNSIGNED),
        RecordSet("mx.mute.example", "A", Unreachable(Reason.TIMEOUT)),
    ),
)
HOSTILE_NAMES = replace(
    MISMATCH,
    zone=HOSTILE,
    servers=(HOSTILE,),
    mx_hosts=(RecordSet(HOSTILE, "A", bogus("expired")),),
    contradictions=(HOSTILE,),
)

SAMPLES: tuple[Facts, ...] = (
    SOUND,
    NO_KEYS,
    ISLAND,
    MISMATCH,
    WITHOUT_KEY,
    EXPIRED,
    TOO_EARLY,
    BAD_MX,
    STRIPPED,
    STRIPPED_UNSIGNED,
    NO_ANCHOR,
    PARENT_UNSIGNED,
    OPTED_OUT,
    UNSUPPORTED,
    NOWHERE,
    SUBDOMAIN,
    OLD_KEYS,
    ROLLING,
    COSTLY,
    ENDING,
    ENDING_TODAY,
    MX_ELSEWHERE,
    HOSTILE_NAMES,
)
