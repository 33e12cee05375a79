"""What a DNS reply says, read in bounded time: records, aliases, absence, or nothing of use."""

import struct
from typing import TYPE_CHECKING

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from cyberaudit.frozen import frozen
from cyberaudit.probes.names.question import HEADER_BYTES, Manner
from cyberaudit.probes.names.reading import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dns.message import Message
    from dns.name import Name
    from dns.rdata import Rdata

# Ours: no recursive resolver follows more than 8 to 16 aliases.
MAX_ALIASES = 8
# Ours: the largest answers of the root and of TLDs hold about 60, and towns have some twenty TXT. With the labels
# below, eight false signatures over what is left cost 0.2 s at most.
MOST_RECORDS = 200
# Ours: twenty labels a record; the names of real answers have three to six, and the few of `ip6.arpa` 34.
MOST_LABELS = 4000
# RFC 1035 §3.3, RFC 2782, RFC 6672: where the name stands in a record that holds one.
_NAME_AT = {
    dns.rdatatype.NS: 0,
    dns.rdatatype.CNAME: 0,
    dns.rdatatype.DNAME: 0,
    dns.rdatatype.PTR: 0,
    dns.rdatatype.SOA: 0,
    dns.rdatatype.MX: 2,
    dns.rdatatype.SRV: 6,
}
# HIP holds names without number, each of which may be compressed: one record can keep a reader busy for seconds.
_COSTLY_TYPES = frozenset({dns.rdatatype.HIP})
# RFC 9824 §2: « this name does not exist », in the bitmap of its own NSEC.
NXNAME = 128
SAYS_SOMETHING = (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
# RFC 6891 §7: what a server that does not know EDNS answers to it.
_REFUSES_EDNS = (dns.rcode.FORMERR, dns.rcode.NOTIMP, dns.rcode.BADVERS)


@frozen
class Reply:
    """One message, and how it was obtained."""

    message: "Message"
    manner: Manner
    zone: "Name | None" = None
    """The zone whose server said it; None: a recursive resolver, who speaks of every zone."""

    def speaks_of(self, name: "Name") -> bool:
        """Whether its answer code may be believed about `name`."""
        return self.zone is None or name.is_subdomain(self.zone)


def read(wire: bytes, reader: Reader | None = None) -> "Message | None":
    """The message; None when it is unreadable, or would take too long to read."""
    try:
        return (reader or Reader()).read(wire) if _is_bounded(wire) else None
    except (dns.exception.DNSException, ValueError, IndexError, struct.error):
        return None


def _is_bounded(wire: bytes) -> bool:
    questions, *others = struct.unpack_from("!4H", wire, 4)
    if questions > 1 or sum(others) > MOST_RECORDS:
        return False
    place = HEADER_BYTES
    for _ in range(questions):
        place = _after_name(wire, place) + 4
    labels = 0
    for rdtype, names in _records(wire, place, sum(others)):
        labels += sum(_labels(wire, name, MOST_LABELS - labels) for name in names)
        if rdtype in _COSTLY_TYPES or labels > MOST_LABELS:
            return False
    return True


def _records(wire: bytes, place: int, count: int) -> "Iterator[tuple[int, tuple[int, ...]]]":
    """The type of each record, and where its names begin."""
    for _ in range(count):
        owner, place = place, _after_name(wire, place)
        rdtype, _, _, length = struct.unpack_from("!HHIH", wire, place)
        inside = _NAME_AT.get(rdtype)
        yield rdtype, (owner,) if inside is None or inside >= length else (owner, place + 10 + inside)
        place += 10 + length


def _after_name(wire: bytes, place: int) -> int:
    """Raises IndexError past the end."""
    while (length := wire[place]) and length < 0xC0:
        place += 1 + length
    return place + (2 if length else 1)


def _labels(wire: bytes, place: int, most: int) -> int:
    """How many labels the name has, each pointer followed counting as one; no more than one over `most`."""
    count = 0
    while count <= most and (length := wire[place]):
        place = (length & 0x3F) << 8 | wire[place + 1] if length >= 0xC0 else place + 1 + length
        count += 1
    return count


def refuses_edns(message: "Message") -> bool:
    """Whether the server did not understand a question with EDNS; asked without, it may."""
    return message.rcode() in _REFUSES_EDNS


def trouble(message: "Message") -> str:
    """Why this reply of a recursive resolver tells nothing of the name; empty when it does."""
    if message.rcode() not in SAYS_SOMETHING:
        return dns.rcode.to_text(message.rcode())
    if message.flags & dns.flags.TC:
        return "réponse tronquée"
    if message.answer or message.flags & dns.flags.AA:
        return ""
    # An empty reply that is a referral, or comes from a server that does not recurse, is not « no record ».
    away = is_referral(message) or not message.flags & dns.flags.RA
    return "ce serveur ne cherche pas pour les autres" if away else ""


def is_referral(message: "Message") -> bool:
    """Whether it only says whom to ask instead (RFC 2308 §2.2.4)."""
    kinds = {rrset.rdtype for rrset in message.authority}
    return not message.answer and dns.rdatatype.NS in kinds and dns.rdatatype.SOA not in kinds


def records(message: "Message", name: "Name", rdtype: int) -> "tuple[Rdata, ...]":
    """The records of exactly `name` and type, in canonical order."""
    found = next((each for each in message.answer if each.rdtype == rdtype and each.name == name), None)
    return tuple(sorted(found, key=_canonical) if len(found) > 1 else found) if found else ()


def _canonical(rdata: "Rdata") -> bytes:
    """RFC 4034 §6.3; made once a record, not at each comparison."""
    return rdata.to_digestable()


def aliases(message: "Message", name: "Name", rdtype: int) -> "list[Name]":
    """Where the CNAME records of `message` lead from `name`, step by step; at most one more than `MAX_ALIASES`."""
    steps: list[Name] = []
    while len(steps) <= MAX_ALIASES and not records(message, name, rdtype):
        alias = message.get_rrset(message.answer, name, dns.rdataclass.IN, dns.rdatatype.CNAME)
        if not alias:
            break
        name = alias[0].target
        steps.append(name)
    return steps


def says_absent(message: "Message", name: "Name") -> bool:
    """Whether it says that the name itself does not exist: by the answer code, or by a compact proof (RFC 9824).

    Such a proof is to be believed only once it was verified: `Judgement.denies_name`.
    """
    return message.rcode() == dns.rcode.NXDOMAIN or any(
        rrset.rdtype == dns.rdatatype.NSEC and rrset.name == name and _has_type(rrset[0], NXNAME)
        for rrset in message.authority
    )


def _has_type(rdata: "Rdata", rdtype: int) -> bool:
    from dns.rdtypes.ANY.NSEC import NSEC

    assert isinstance(rdata, NSEC)
    window, bit = divmod(rdtype, 256)
    place, mask = bit // 8, 0x80 >> bit % 8
    return any(
        number == window and len(bitmap) > place and bool(bitmap[place] & mask)
        for number, bitmap in rdata.windows
    )


def has_signature(message: "Message", name: "Name", rdtype: int) -> bool:
    """Whether the records of `name` and type came with a signature, true or false."""
    kind = dns.rdatatype.RdataType.make(rdtype)
    signed = message.get_rrset(message.answer, name, dns.rdataclass.IN, dns.rdatatype.RRSIG, kind)
    return bool(signed) and bool(records(message, name, rdtype))


def has_proof(message: "Message") -> bool:
    """Whether an absence came with a signed NSEC or NSEC3, true or false."""
    return any(
        rrset.rdtype == dns.rdatatype.RRSIG and rrset.covers in (dns.rdatatype.NSEC, dns.rdatatype.NSEC3)
        for rrset in message.authority
    )


def signers(message: "Message") -> "set[Name]":
    """The zones that sign something in it, or say so; the first few."""
    from dns.rdtypes.ANY.RRSIG import RRSIG

    found = (rrset[0] for rrset in (*message.answer[:8], *message.authority[:8]) if rrset)
    return {rdata.signer for rdata in found if isinstance(rdata, RRSIG)}


def keep_within(message: "Message", zone: "Name") -> None:
    """Drop what a server of `zone` says of names outside it: it has no business there."""
    for section in (message.answer, message.authority):
        kept = [rrset for rrset in section if rrset.name.is_subdomain(zone)]
        if len(kept) < len(section):
            section[:] = kept
            # dnspython would find by its index what is gone from the section.
            message.index = None  # type: ignore[assignment]
