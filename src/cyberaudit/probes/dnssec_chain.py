"""Whether a domain's names are signed: its keys, what its parent holds, each answer with its signatures."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cyberaudit.declared import Domain
from cyberaudit.facts.dnssec import (
    Designation,
    Dnssec,
    Hashing,
    RecordSet,
    Signature,
    Signed,
    ZoneKey,
)
from cyberaudit.facts.mail_servers import is_address
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.resolver import PACKETS_PER_QUESTION, Resolver, mx_records

if TYPE_CHECKING:
    from dns.message import Message
    from dns.name import Name
    from dns.rdata import Rdata

# What a mairie's names are used for; other probes ask most of it too.
USED = (("", "SOA"), ("", "NS"), ("", "MX"), ("", "TXT"), ("", "A"), ("", "AAAA"), ("_dmarc.", "TXT"))
OF_THE_ZONE = ("DNSKEY", "DS", "NSEC3PARAM", "CDS", "CDNSKEY")
# Ours: a town has one to three.
MOST_MX_HOSTS = 4
# Ours: sound zones have less than ten of each.
MOST_RECORDS = 32
# The chain itself: keys and one proof of the root, then a DS and the keys of each zone on the way; three at the most,
# as a rule.
CHAIN_QUESTIONS = 8
QUESTIONS = len(USED) + len(OF_THE_ZONE) + CHAIN_QUESTIONS + 2 * MOST_MX_HOSTS


@frozen
class _Look:
    """One answer: the records, the raw message when there is one, and what it is worth."""

    name: str
    rrtype: str
    exists: bool
    records: "tuple[Rdata, ...]"
    message: "Message | None"
    signed: Signed


async def look(asset: Domain, instruments: Instruments) -> Dnssec | Unreachable:
    """The facts, each set on its own three-valued; `Unreachable` when nothing at all could be asked."""
    resolver, domain = instruments.resolver, asset.domain
    used = await _look_at_all(resolver, [(prefix + domain, kind) for prefix, kind in USED])
    soa, servers, mx = used[:3]
    if all(isinstance(one, Unreachable) for one in used):
        return soa if isinstance(soa, Unreachable) else Unreachable(Reason.RESOLVER_FAILURE)
    zone = await _zone_of(resolver, domain, soa)
    top = domain if isinstance(zone, Unreachable) else zone
    if top != domain:
        servers = await _look_at(resolver, top, "NS")
    of_zone, hosts = await asyncio.gather(
        _look_at_all(resolver, [(top, kind) for kind in OF_THE_ZONE]), _of_hosts(resolver, mx)
    )
    return _facts(domain, resolver, zone=zone, servers=servers, used=used, of_zone=of_zone, hosts=hosts)


def announce(asset: Domain, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would ask."""
    return (
        Announcement(
            target=asset.domain,
            purpose=Purpose.INFRASTRUCTURE,
            text=f"les signatures (DNSSEC) de {asset.name} et de ses extensions : "
            f"{QUESTIONS} questions au plus, posées au DNS",
            max_packets=QUESTIONS * PACKETS_PER_QUESTION,
        ),
    )


def _facts(
    domain: str,
    resolver: Resolver,
    *,
    zone: str | Unreachable,
    servers: _Look | Unreachable,
    used: Sequence[_Look | Unreachable],
    of_zone: Sequence[_Look | Unreachable],
    hosts: tuple[RecordSet, ...],
) -> Dnssec:
    key_set, ds_set, param, cds, cdnskey = of_zone
    top = domain if isinstance(zone, Unreachable) else zone
    asked = [*((prefix + domain, kind) for prefix, kind in USED), *((top, kind) for kind in OF_THE_ZONE[:2])]
    looks = [*used, *of_zone]
    return Dnssec(
        domain=domain,
        exists=_exists(used),
        zone=zone,
        servers=servers if isinstance(servers, Unreachable) else _names(servers),
        keys=key_set if isinstance(key_set, Unreachable) else _keys(key_set),
        ds=_designations(ds_set, key_set),
        sets=tuple(_record_set(*pair, one) for pair, one in zip(asked, looks, strict=False)),
        mx_hosts=hosts,
        hashing=_hashing(param, looks),
        cds=_designations(cds, key_set),
        cdnskey=cdnskey if isinstance(cdnskey, Unreachable) else tuple(key.tag for key in _keys(cdnskey)),
        state=resolver.dnssec_state,
        contradictions=_contradictions(resolver, domain),
    )


async def _look_at_all(resolver: Resolver, pairs: Iterable[tuple[str, str]]) -> list[_Look | Unreachable]:
    return await asyncio.gather(*(_look_at(resolver, name, rrtype) for name, rrtype in pairs))


async def _look_at(resolver: Resolver, name: str, rrtype: str) -> _Look | Unreachable:
    """One question of the run, with its signatures where they can be had."""
    # Asked first as everybody asks: how signatures can be had is decided then, and the answer is shared.
    answer = await resolver.secure(name, rrtype)
    if isinstance(answer, Unreachable):
        return answer
    raw = await _raw(resolver, name, rrtype)
    if raw is not None:
        return raw
    worth = Signed(len(answer.records), answer.security, answer.why, answer.zone, "", ())
    return _Look(name, rrtype, answer.exists, answer.records, None, worth)


async def _raw(resolver: Resolver, name: str, rrtype: str) -> _Look | None:
    """The message itself and its judgement; None when it came without signatures."""
    import dns.name
    import dns.rcode
    import dns.rdatatype

    validator = resolver.validator
    if validator is None:
        return None
    qname, rdtype = dns.name.from_text(name), dns.rdatatype.from_text(rrtype)
    message = await validator.fetch(qname, rdtype)
    if isinstance(message, Unreachable):
        return None
    judged = await validator.judge(message, qname, rdtype)
    records = _records(message, qname, rdtype)
    signatures = _signatures(message, qname, rdtype)
    worth = Signed(len(records), judged.security, judged.why, judged.zone, judged.detail, signatures)
    exists = bool(records) or message.rcode() != dns.rcode.NXDOMAIN
    return _Look(name, rrtype, exists, records, message, worth)


def _records(message: "Message", qname: "Name", rdtype: int) -> "tuple[Rdata, ...]":
    found = [
        rdata for rrset in message.answer if (rrset.name, rrset.rdtype) == (qname, rdtype) for rdata in rrset
    ]
    return tuple(found[:MOST_RECORDS])


def _signatures(message: "Message", qname: "Name", rdtype: int) -> tuple[Signature, ...]:
    """Those over the records, or over the alias in their place, or over the zone's SOA when there is nothing."""
    from dns.rdatatype import CNAME, RRSIG, SOA

    def over(section: "Iterable[Rdata]", covers: tuple[int, ...]) -> tuple[Signature, ...]:
        return tuple(_signature(rdata) for rdata in section if getattr(rdata, "type_covered", None) in covers)

    own = [
        rdata for rrset in message.answer if (rrset.name, rrset.rdtype) == (qname, RRSIG) for rdata in rrset
    ]
    of_zone = [rdata for rrset in message.authority if rrset.rdtype == RRSIG for rdata in rrset]
    return (over(own, (rdtype, CNAME)) or over(of_zone, (SOA,)))[:MOST_RECORDS]


def _signature(rdata: "Rdata") -> Signature:
    from dns.rdtypes.ANY.RRSIG import RRSIG

    assert isinstance(rdata, RRSIG)
    begins, ends = (datetime.fromtimestamp(moment, UTC) for moment in (rdata.inception, rdata.expiration))
    return Signature(int(rdata.algorithm), rdata.key_tag, begins, ends)


def _record_set(name: str, rrtype: str, one: _Look | Unreachable) -> RecordSet:
    return RecordSet(name, rrtype, one if isinstance(one, Unreachable) else one.signed)


def _exists(looks: Sequence[_Look | Unreachable]) -> bool | Unreachable:
    """NXDOMAIN holds for every type of a name (RFC 8020)."""
    known = [one.exists for one in looks if not isinstance(one, Unreachable) and not one.name.startswith("_")]
    if known:
        return any(known)
    return next(one for one in looks if isinstance(one, Unreachable))


async def _zone_of(resolver: Resolver, domain: str, soa: _Look | Unreachable) -> str | Unreachable:
    """The zone that holds the domain: where its SOA stands, or the one that says there is none."""
    if isinstance(soa, Unreachable):
        return soa
    if soa.records:
        return domain
    if soa.message is not None:
        return _top_named(soa.message) or Unreachable(Reason.PROTOCOL_ERROR)
    parents = domain.split(".")[1:]
    for depth in range(len(parents)):
        parent = ".".join(parents[depth:])
        answer = await resolver.ask(parent, "SOA")
        if isinstance(answer, Unreachable):
            return answer
        if answer.records:
            return parent
    return Unreachable(Reason.RESOLVER_FAILURE)


def _top_named(message: "Message") -> str | None:
    from dns.rdatatype import SOA

    names = [rrset.name for rrset in message.authority if rrset.rdtype == SOA]
    return names[0].to_text(omit_final_dot=True).lower() if names else None


def _names(servers: _Look) -> tuple[str, ...]:
    return tuple(sorted(str(rdata).rstrip(".").lower() for rdata in servers.records))


def _keys(one: _Look) -> tuple[ZoneKey, ...]:
    """By tag; of a CDNSKEY set too."""
    return tuple(
        sorted((_key(one.name, rdata) for rdata in one.records), key=lambda key: (key.tag, key.digest))
    )


def _key(zone: str, rdata: "Rdata") -> ZoneKey:
    import dns.dnssec
    import dns.name
    from dns.rdtypes.dnskeybase import DNSKEYBase

    assert isinstance(rdata, DNSKEYBase)
    digest = _digest(dns.name.from_text(zone), rdata.to_wire() or b"", "sha256")
    return ZoneKey(
        tag=dns.dnssec.key_id(rdata),  # type: ignore[arg-type]  # a CDNSKEY has the same fields
        algorithm=int(rdata.algorithm),
        flags=int(rdata.flags),
        bits=_rsa_bits(rdata.key) if int(rdata.algorithm) in (1, 5, 7, 8, 10) else 0,
        digest=digest,
    )


def _digest(zone: "Name", key: bytes, how: str) -> str:
    """RFC 4034 §5.1.4: of the owner, then of the key's record."""
    import hashlib

    return hashlib.new(how, (zone.canonicalize().to_wire() or b"") + key).hexdigest().upper()


def _rsa_bits(key: bytes) -> int:
    """The modulus, after the exponent and its length (RFC 3110 §2)."""
    length, start = (key[0], 1) if key[:1] != b"\0" else (int.from_bytes(key[1:3], "big"), 3)
    return int.from_bytes(key[start + length :], "big").bit_length() if key else 0


DIGESTS = {1: "sha1", 2: "sha256", 4: "sha384"}


def _designations(
    one: _Look | Unreachable, keys: _Look | Unreachable
) -> tuple[Designation, ...] | Unreachable:
    """DS or CDS, each beside the keys that are published."""
    if isinstance(one, Unreachable):
        return one
    published = () if isinstance(keys, Unreachable) else keys.records
    found = (_designation(one.name, rdata, published) for rdata in one.records)
    return tuple(sorted(found, key=lambda ds: (ds.tag, ds.algorithm, ds.digest_type, ds.digest)))


def _designation(zone: str, rdata: "Rdata", published: "Sequence[Rdata]") -> Designation:
    import dns.name
    from dns.rdtypes.dsbase import DSBase

    assert isinstance(rdata, DSBase)
    kind, digest = int(rdata.digest_type), rdata.digest.hex().upper()
    how = DIGESTS.get(kind)
    owner = dns.name.from_text(zone)
    fits = how is not None and any(_digest(owner, key.to_wire() or b"", how) == digest for key in published)
    return Designation(rdata.key_tag, int(rdata.algorithm), kind, digest, fits)


def _hashing(
    param: _Look | Unreachable, looks: Sequence[_Look | Unreachable]
) -> Hashing | Unreachable | None:
    """As the zone announces it; opt-out as seen in a proof."""
    from dns.rdtypes.ANY.NSEC3PARAM import NSEC3PARAM

    if isinstance(param, Unreachable):
        return param
    announced = [rdata for rdata in param.records if isinstance(rdata, NSEC3PARAM)]
    if not announced:
        return None
    opt_out = any(
        _opts_out(one.message, param.name) for one in looks if isinstance(one, _Look) and one.message
    )
    return Hashing(announced[0].iterations, len(announced[0].salt), opt_out)


def _opts_out(message: "Message", zone: str) -> bool:
    import dns.name
    from dns.rdtypes.ANY.NSEC3 import NSEC3

    top = dns.name.from_text(zone)
    return any(
        isinstance(rdata, NSEC3) and rdata.flags & 1
        for rrset in message.authority
        if len(rrset.name) > 1 and rrset.name.parent() == top
        for rdata in rrset
    )


async def _of_hosts(resolver: Resolver, mx: _Look | Unreachable) -> tuple[RecordSet, ...]:
    """The worth of the addresses of the mail servers; both families are one zone's."""
    if isinstance(mx, Unreachable):
        return ()
    answer = await resolver.secure(mx.name, "MX")
    hosts = () if isinstance(answer, Unreachable) else mx_records(answer)
    names = [record.host for record in hosts if record.host and not is_address(record.host)][:MOST_MX_HOSTS]
    looks = await asyncio.gather(*(_look_at(resolver, name, "A") for name in names))
    return tuple(_record_set(name, "A", one) for name, one in zip(names, looks, strict=True))


def _contradictions(resolver: Resolver, domain: str) -> tuple[str, ...]:
    """Of this domain's names, those that the resolver calls verified and that are not."""
    return tuple(
        sorted(
            f"{name} {rrtype}"
            for name, rrtype in resolver.ad_contradictions
            if name == domain or name.endswith(f".{domain}")
        )
    )
