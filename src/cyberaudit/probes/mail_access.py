"""What lets people read and send a domain's mail from outside: names and SRV records, then a program's first steps."""

import asyncio
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cyberaudit.declared import Domain
from cyberaudit.facts.mail_access import (
    LABELS,
    SERVICES,
    AccessName,
    AccessPoint,
    AccessSession,
    AnnouncedService,
    MailAccess,
    Webmail,
)
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.certificates import trust_store
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.https_get import PACKETS_PER_PAGE, get
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.looks import kept
from cyberaudit.probes.mail_client import first_steps
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.resolver import PACKETS_PER_QUESTION, Resolver
from cyberaudit.probes.smtp import SILENT, Caller
from cyberaudit.probes.stream import Limits

if TYPE_CHECKING:
    from cyberaudit.probes.resolver import Answer

# Ours: the web page beside them makes eight.
MOST_POINTS = 7
# Ours: two SYN, one second apart; a program gives up later, but most of these ports are closed or filtered.
CONNECT_SECONDS = 2.5
PAGE_SECONDS = 4.0
PACKETS_PER_POINT = 120
_NO_SMTP = Unreachable(Reason.NOT_LOOKED, "--no-smtp")
_ANNOUNCED = {
    "_imaps._tcp": ("imap", True),
    "_imap._tcp": ("imap", False),
    "_pop3s._tcp": ("pop3", True),
    "_submissions._tcp": ("submission", True),
    "_submission._tcp": ("submission", False),
}
# RFC 8314 §3: each protocol's port encrypted at once, and its older one; under which names programs look for it.
_USUAL = (
    ("imap", ("imap", "mail"), ((993, True), (143, False))),
    ("submission", ("smtp", "mail"), ((465, True), (587, False))),
    ("pop3", ("mail", "imap"), ((995, True), (110, False))),
)

# RFC 6409 §3.1, RFC 8314 §7; several providers take submission at 2525 too, where 587 is blocked.
_PORTS = {"imap": (143, 993), "pop3": (110, 995), "submission": (587, 465, 2525)}


@frozen
class _Door:
    """A port to be tried."""

    protocol: str
    host: str
    port: int
    implicit: bool
    announced: bool

    @property
    def is_usual(self) -> bool:
        """A port of that protocol: an SRV record could lead anywhere else, to what is no mail."""
        return self.port in _PORTS[self.protocol]


async def look(asset: Domain, instruments: Instruments) -> MailAccess | Unreachable:
    """The facts; `Unreachable` when none of the names could be asked, or the domain is declared without mail."""
    if not asset.sends_mail:
        return Unreachable(Reason.NOT_LOOKED)
    resolver = instruments.resolver
    announced, names = await asyncio.gather(
        _announced(resolver, asset.domain),
        _names(resolver, [f"{label}.{asset.domain}" for label in LABELS]),
    )
    lost = [name.addresses for name in names if isinstance(name.addresses, Unreachable)]
    if isinstance(announced, Unreachable) and len(lost) == len(names):
        return announced
    every = tuple(_doors(asset.domain, announced, names))
    doors = [door for door in every if door.is_usual]
    points, webmail, wildcard = await asyncio.gather(
        asyncio.gather(*(_point(asset, instruments, door) for door in doors[:MOST_POINTS])),
        _webmail(asset, instruments, names),
        _wildcard(resolver, asset.domain, names),
    )
    left_out = (*doors[MOST_POINTS:], *(door for door in every if not door.is_usual))
    return MailAccess(
        domain=asset.domain,
        announced=announced,
        names=tuple(names),
        points=tuple(points),
        webmail=webmail,
        left_out=tuple(f"{door.host}:{door.port}" for door in left_out if door.announced),
        wildcard=wildcard,
    )


def worth_asking_again(facts: MailAccess) -> bool:
    """What was announced kept silent, or broke off."""
    return any(
        point.announced
        and isinstance(point.session, Unreachable)
        and point.session.reason in (Reason.TIMEOUT, Reason.RESET)
        and point.session != SILENT
        for point in facts.points
    )


def merge_looks(first: MailAccess, second: MailAccess) -> MailAccess:
    """Port by port: what only one of the looks saw is kept."""
    before = {(point.host, point.address, point.port): point for point in first.points}
    after = {(point.host, point.address, point.port): point for point in second.points}
    points = tuple(
        replace(point, session=kept(before.get(place, point).session, after.get(place, point).session))
        for place, point in {**before, **after}.items()
    )
    names = {name.name: name for name in first.names}
    return replace(
        second,
        announced=kept(first.announced, second.announced),
        wildcard=kept(first.wildcard, second.wildcard),
        names=tuple(
            replace(name, addresses=kept(names.get(name.name, name).addresses, name.addresses))
            for name in second.names
        ),
        points=points,
        webmail=_merged_webmail(first.webmail, second.webmail),
    )


def _merged_webmail(first: Webmail | None, second: Webmail | None) -> Webmail | None:
    if first is None or second is None:
        return second or first
    return replace(second, status=kept(first.status, second.status))


def announce(asset: Domain, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would touch."""
    questions = len(SERVICES) + 2 * (len(LABELS) + 1) + 2 * MOST_POINTS
    names = Announcement(
        target=asset.domain,
        purpose=Purpose.INFRASTRUCTURE,
        text=f"les accès au courrier publiés par {asset.name} : {questions} questions au plus, posées au DNS",
        max_packets=2 * questions * PACKETS_PER_QUESTION,
    )
    if not instruments.options.smtp:
        return (names,)
    return (
        names,
        Announcement(
            target=asset.domain,
            purpose=Purpose.PUBLIC,
            text=f"les accès au courrier de {asset.name} (IMAP, POP, envoi, messagerie web) : "
            f"{MOST_POINTS + 1} connexions au plus, une seconde fois en cas d'échec",
            max_packets=2 * (MOST_POINTS * PACKETS_PER_POINT + PACKETS_PER_PAGE),
        ),
    )


async def _announced(resolver: Resolver, domain: str) -> tuple[AnnouncedService, ...] | Unreachable:
    answers = await resolver.guesses([f"{service}.{domain}" for service in SERVICES], "SRV")
    failures = [answer for answer in answers if isinstance(answer, Unreachable)]
    if failures:
        return failures[0]
    found = {
        entry
        for service, answer in zip(SERVICES, answers, strict=True)
        if not isinstance(answer, Unreachable)
        for entry in _services(service, answer)
    }
    return tuple(sorted(found, key=lambda entry: (SERVICES.index(entry.service), entry.host, entry.port)))


def _services(service: str, answer: "Answer") -> Iterator[AnnouncedService]:
    from dns.rdtypes.IN.SRV import SRV

    for rdata in answer.records:
        if isinstance(rdata, SRV):
            host = rdata.target.to_text().lower().removesuffix(".")
            yield AnnouncedService(service, host, rdata.port)


async def _names(resolver: Resolver, names: Sequence[str]) -> list[AccessName]:
    first = await resolver.guesses(names, "A")
    return list(await asyncio.gather(*map(partial(_completed, resolver), names, first)))


async def _wildcard(
    resolver: Resolver, domain: str, names: Sequence[AccessName]
) -> tuple[str, ...] | Unreachable:
    if not any(name.addresses and not isinstance(name.addresses, Unreachable) for name in names):
        return ()
    # Drawn for each run: a name that nobody can have published.
    (drawn,) = await _names(resolver, [f"x{secrets.token_hex(6)}.{domain}"])
    return drawn.addresses


async def _name(resolver: Resolver, name: str) -> AccessName:
    return await _completed(resolver, name, await resolver.ask(name, "A"))


async def _completed(resolver: Resolver, name: str, first: "Answer | Unreachable") -> AccessName:
    """IPv4 `first`: IPv6 is asked only where there is a name without it."""
    answer = first
    if not isinstance(first, Unreachable) and first.exists and not first.records:
        answer = await resolver.ask(name, "AAAA")
    if isinstance(answer, Unreachable):
        return AccessName(name, answer)
    return AccessName(name, tuple(sorted(rdata.to_text() for rdata in answer.records)))


def _doors(
    domain: str, announced: tuple[AnnouncedService, ...] | Unreachable, names: list[AccessName]
) -> Iterator[_Door]:
    """What is announced, then the usual ports of the protocols of which nothing is."""
    told: set[str] = set()
    for entry in () if isinstance(announced, Unreachable) else announced:
        if entry.service in _ANNOUNCED:
            protocol, implicit = _ANNOUNCED[entry.service]
            told.add(protocol)
            if entry.host and 0 < entry.port < 65536:
                yield _Door(protocol, entry.host, entry.port, implicit=implicit, announced=True)
    exist = {name.name for name in names if not isinstance(name.addresses, Unreachable) and name.addresses}
    for protocol, labels, ports in _USUAL:
        host = next((name for label in labels if (name := f"{label}.{domain}") in exist), None)
        if protocol not in told and host is not None:
            yield from (_Door(protocol, host, port, implicit=first, announced=False) for port, first in ports)


async def _point(asset: Domain, instruments: Instruments, door: _Door) -> AccessPoint:
    found = (await _name(instruments.resolver, door.host)).addresses
    address = "" if isinstance(found, Unreachable) or not found else found[0]
    session: AccessSession | Unreachable
    if isinstance(found, Unreachable):
        session = found
    elif not address:
        session = Unreachable(Reason.NO_ROUTE, "ce nom n'a pas d'adresse")
    elif not instruments.options.smtp:
        session = _NO_SMTP
    else:
        session = await _session(asset, instruments, door, ip_address(address))
    return AccessPoint(
        protocol=door.protocol,
        host=door.host,
        address=address,
        port=door.port,
        implicit=door.implicit,
        announced=door.announced,
        session=session,
    )


async def _session(
    asset: Domain, instruments: Instruments, door: _Door, address: IpAddress
) -> AccessSession | Unreachable:
    options = instruments.options
    caller = Caller(
        ehlo=options.ehlo,
        # These ports greet at once: what makes strangers wait stands on port 25.
        patience=replace(options.patience, banner=options.patience.reply),
        trust=trust_store(options.ca_bundle),
        now=instruments.now,
    )
    stream = await instruments.network.connect(
        address,
        door.port,
        purpose=Purpose.PUBLIC,
        about=asset.domain,
        published=door.announced and not _is_below(door.host, asset.domain),
        within=min(caller.patience.connect, CONNECT_SECONDS),
        limits=Limits(seconds=caller.patience.session),
    )
    if isinstance(stream, Unreachable):
        return stream
    with stream:
        return await first_steps(
            stream, caller, protocol=door.protocol, host=door.host, implicit=door.implicit
        )


def _is_below(name: str, domain: str) -> bool:
    return name == domain or name.endswith(f".{domain}")


async def _webmail(asset: Domain, instruments: Instruments, names: list[AccessName]) -> Webmail | None:
    name = f"webmail.{asset.domain}"
    found = next(entry.addresses for entry in names if entry.name == name)
    if isinstance(found, Unreachable):
        return Webmail(name, found)
    if not found:
        return None
    if not instruments.options.smtp:
        return Webmail(name, _NO_SMTP)
    page = await get(
        instruments,
        f"https://{name}/",
        about=asset.domain,
        most_bytes=1024,
        within=PAGE_SECONDS,
        trusted=False,
    )
    return Webmail(name, page if isinstance(page, Unreachable) else page.status)
