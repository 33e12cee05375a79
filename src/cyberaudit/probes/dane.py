"""The TLSA records of the servers that receive a domain's mail, and what DNSSEC proves of them."""

import asyncio
import hashlib

from cyberaudit.declared import Domain
from cyberaudit.facts.dane import FULL, Dane, DaneHost, TlsaRecord
from cyberaudit.facts.mail_servers import is_address
from cyberaudit.facts.security import Security
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.resolver import PACKETS_PER_QUESTION, Answer, Resolver, mx_records

# Ours: the largest providers publish five MX.
MAX_HOSTS = 5
# Ours: a roll-over of two keys, twice; more only costs whoever reads it.
MAX_RECORDS = 16
# SHA-512, the longest digest of RFC 6698.
DIGEST_BYTES = 64
# From the most to the least that is proved; what is bogus comes as `Unreachable`.
_ORDER = (Security.SECURE, Security.UNCHECKED, Security.INSECURE, Security.BOGUS)


@frozen
class _Target:
    """One MX and where its promises may stand."""

    host: str
    address: Security | Unreachable
    bases: tuple[str, ...]
    """Hosts below which TLSA is asked, in order of preference (RFC 7672 §2.2.3)."""


async def look(asset: Domain, instruments: Instruments) -> Dane | Unreachable:
    """The facts; `Unreachable` when the MX could not be asked."""
    answer = await instruments.resolver.ask(asset.domain, "MX")
    if isinstance(answer, Unreachable):
        return answer
    records = mx_records(answer)
    # RFC 5321 §5.1: the domain itself without MX; RFC 7505: nobody for a null MX.
    implicit = (asset.domain,) if answer.exists and not records else ()
    # An address where a name should stand has no name of its own below which TLSA could be.
    named = (record.host for record in records if record.host and not is_address(record.host))
    hosts = tuple(dict.fromkeys(named)) or implicit
    found = await asyncio.gather(*(_host(instruments.resolver, host) for host in hosts[:MAX_HOSTS]))
    return Dane(domain=asset.domain, mx=answer.security, hosts=tuple(found), left_out=hosts[MAX_HOSTS:])


def announce(asset: Domain, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would ask."""
    questions = 1 + 5 * MAX_HOSTS
    return (
        Announcement(
            target=asset.domain,
            purpose=Purpose.INFRASTRUCTURE,
            text=f"ce que le DNS promet des certificats de courrier de {asset.name} (DANE) : "
            f"{questions} questions au plus, posées au DNS",
            max_packets=questions * PACKETS_PER_QUESTION,
        ),
    )


async def _host(resolver: Resolver, host: str) -> DaneHost:
    target = await _target(resolver, host)
    asked = [await _ask(resolver, target.bases[0])]
    for base in target.bases[1:]:
        if isinstance(asked[-1][1], Unreachable) or asked[-1][1].records:
            break
        asked.append(await _ask(resolver, base))
    at, answer = asked[-1] if isinstance(asked[-1][1], Unreachable) or asked[-1][1].records else asked[0]
    if isinstance(answer, Unreachable):
        return DaneHost(host, target.address, at, answer, answer)
    return DaneHost(host, target.address, at, tlsa_records(answer), answer.security)


async def _ask(resolver: Resolver, base: str) -> tuple[str, Answer | Unreachable]:
    name = f"_25._tcp.{base}"
    return name, await resolver.ask(name, "TLSA")


async def _target(resolver: Resolver, host: str) -> _Target:
    """RFC 7672 §2.2.3: an alias proved to its end counts first, then the name itself."""
    answers = await asyncio.gather(resolver.ask(host, "A"), resolver.ask(host, "AAAA"))
    known = [answer for answer in answers if isinstance(answer, Answer)]
    if not known:
        failure = next(answer for answer in answers if isinstance(answer, Unreachable))
        return _Target(host, failure, (host,))
    # A family that could not be asked, or has no address, tells nothing of the other: senders use whichever answers.
    telling = [answer for answer in known if answer.records] or known
    address = max((answer.security for answer in telling), key=_ORDER.index)
    aliases = next((answer.aliases for answer in telling if answer.aliases), ())
    if not aliases:
        return _Target(host, address, (host,))
    if address is Security.SECURE:
        return _Target(host, address, (aliases[-1].rstrip(".").lower(), host))
    alias = await resolver.ask(host, "CNAME")
    return _Target(host, alias if isinstance(alias, Unreachable) else alias.security, (host,))


def tlsa_records(answer: Answer) -> tuple[TlsaRecord, ...]:
    """The promises, whole certificates and keys shortened to their SHA-256."""
    from dns.rdtypes.ANY.TLSA import TLSA

    found = [rdata for rdata in answer.records if isinstance(rdata, TLSA)]
    return tuple(
        tlsa_record(rdata.usage, rdata.selector, rdata.mtype, rdata.cert) for rdata in found[:MAX_RECORDS]
    )


def tlsa_record(usage: int, selector: int, matching: int, data: bytes) -> TlsaRecord:
    """One promise as facts keep it."""
    digest = hashlib.sha256(data).digest() if matching == FULL and data else data[:DIGEST_BYTES]
    return TlsaRecord(usage, selector, matching, digest.hex(), len(data))
