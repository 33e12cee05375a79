"""The first hello: whether TLS is spoken there at all, what long hellos meet with, and what is granted for sure."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.tls.accepted_suites import Head
from cyberaudit.probes.tls.asking import CUTS_INSTEAD, Asker, Heard, HungUp, Misfit, Pace
from cyberaudit.probes.tls.flight import Alert, Foreign, ServerFlight
from cyberaudit.probes.tls.hello import SSL2, SSL3, TLS10, TLS11, TLS12, TLS13, Hello
from cyberaudit.probes.tls.offers import USUAL_SUITES, Offers

# Ours: a quick second try, far from what a limiter would count as an attack.
PAUSE_SHARE = 0.1
# Ours: by then nearly every server has answered; a short hello goes out beside the long one.
IMPATIENCE = 0.2
# The line was cut, after or before the hello was read.
_CUT = {Reason.RESET, Reason.PROTOCOL_ERROR}
# Nothing came, or not all of it.
_SILENT = {Reason.TIMEOUT}


NO_HEADS: Mapping[int, Head] = MappingProxyType({})


@frozen
class Meeting:
    """Who is there."""

    met: str | Unreachable
    """As in `TlsServer`."""
    offers: Offers
    """As this server takes them."""
    heads: Mapping[int, Head]
    """First answers by version, as far as they are known already."""


async def meet(asker: Asker, offers: Offers, pace: Pace) -> Meeting:
    """Say hello until something is granted, or it is clear that nothing will be.

    A server that keeps silent costs little more than one waiting time, one that cuts every line six hellos.
    """
    long = offers.hello(TLS12, offers.suites(TLS12)[0])
    answer = await _first_answer(asker, offers, long, pace)
    match answer:
        case Foreign():
            return Meeting(clean(answer.protocol), offers, NO_HEADS)
        case Unreachable():
            return await _met_cut(asker, offers, answer, pace)
        case HungUp():
            return await _met_cut(asker, offers, answer.cause, pace)
        case _ServedShort():
            return _granted(asker, replace(offers, is_short=True), answer.hello, answer.flight)
        case ServerFlight():
            return _granted(asker, offers, long, answer)
        case Alert() | Misfit():
            return await _met_refusal(asker, offers, answer)


@frozen
class _ServedShort:
    """The long hello met with nothing, the short one was granted."""

    hello: Hello
    flight: ServerFlight


async def _first_answer(asker: Asker, offers: Offers, long: Hello, pace: Pace) -> Heard | _ServedShort:
    """The answer to the long hello; beside it, when it is slow to come, to a short one."""
    short = replace(offers, is_short=True).hello(TLS12, USUAL_SUITES)
    asked = asyncio.create_task(asker.once(long))
    again: asyncio.Task[Heard] | None = None
    try:
        await asyncio.wait({asked}, timeout=IMPATIENCE * pace.hello_seconds)
        if asked.done():
            return await asked
        # It began later: together they take little more than one waiting time.
        again = asyncio.create_task(asker.once(short, within=(1 - IMPATIENCE) * pace.hello_seconds))
        await asyncio.wait({asked, again}, return_when=asyncio.FIRST_COMPLETED)
        if again.done() and isinstance(again.result(), ServerFlight):
            await asyncio.wait({asked}, timeout=IMPATIENCE * pace.hello_seconds)
        if asked.done() and not isinstance(asked.result(), Unreachable):
            return asked.result()
        return await _of_both(asked, again, short)
    finally:
        for task in (asked, again):
            if task is not None and not task.done():
                task.cancel()


async def _of_both(
    asked: asyncio.Task[Heard], again: asyncio.Task[Heard], short: Hello
) -> Heard | _ServedShort:
    second = await again
    if isinstance(second, ServerFlight):
        return _ServedShort(short, second)
    first = await asked
    return second if isinstance(first, Unreachable) else first


def _granted(
    asker: Asker, offers: Offers, hello: Hello, flight: ServerFlight, heads: Mapping[int, Head] = NO_HEADS
) -> Meeting:
    asker.wants_whole = flight.is_whole or hello.version in (TLS13, SSL2)
    asker.grant(hello, flight)
    asker.reads_long |= hello.version == TLS12 and not offers.is_short
    return Meeting("tls", offers, {**heads, hello.version: Head(hello.version, flight, offers)})


async def _met_cut(asker: Asker, offers: Offers, first: Unreachable, pace: Pace) -> Meeting:
    """The line was cut on a long hello: shorter ones, and of every other version. Silence is final."""
    if first.reason not in _CUT or not asker.connections:
        return Meeting(first, offers, NO_HEADS)
    await asyncio.sleep(PAUSE_SHARE * pace.hello_seconds)
    little = replace(offers, is_short=True)
    cut = dict[int, Head]()
    for version in (TLS12, TLS13, TLS10, SSL3, SSL2):
        hello = little.hello(version, little.suites(version)[0])
        answer = await asker.once(hello)
        match answer:
            case ServerFlight():
                return await _after_cut(asker, offers, hello, answer, cut)
            case Foreign():
                return Meeting(clean(answer.protocol), offers, NO_HEADS)
            case Unreachable() if answer.reason not in _CUT:
                break
            case Unreachable():
                cut[version] = Head(version, CUTS_INSTEAD, offers)
            case _:
                pass
    return Meeting(first, offers, NO_HEADS)


async def _after_cut(
    asker: Asker, offers: Offers, hello: Hello, flight: ServerFlight, cut: Mapping[int, Head]
) -> Meeting:
    """A short hello was granted: was the first one too long, or was the line cut for another reason?

    `cut`: the versions tried before. Where only SSL is granted, that many are no accident: they are not asked again.
    """
    little = replace(offers, is_short=True)
    if hello.version == SSL2:
        return _granted(asker, offers, hello, flight, cut)
    if hello.version == TLS13:
        return _granted(asker, little, hello, flight)
    long = offers.hello(hello.version, offers.suites(hello.version)[0])
    answer = await asker.once(long)
    heads = cut if hello.version == SSL3 else NO_HEADS
    if isinstance(answer, ServerFlight):
        return _granted(asker, offers, long, answer, heads)
    return _granted(asker, little, hello, flight, heads)


async def _met_refusal(asker: Asker, offers: Offers, first: Alert | Misfit) -> Meeting:
    """TLS is spoken: other versions, key shares, and a short hello, until something is granted."""
    heads = {TLS12: _refused(TLS12, first, offers)}
    asker.reads_long = heads[TLS12].is_refused_in_words
    for version, own in _other_offers(offers):
        known = heads.get(version)
        if known is not None and known.is_refused_in_words:
            continue
        hello = own.hello(version, own.suites(version)[0])
        answer = await asker.once(hello)
        if isinstance(answer, ServerFlight):
            return _granted(asker, own, hello, answer, heads)
        if isinstance(answer, Alert | Misfit):
            heads[version] = _refused(version, answer, own)
    return Meeting("tls", offers, heads)


def _refused(version: int, answer: Alert | Misfit, offers: Offers) -> Head:
    return Head(version, answer.cause if isinstance(answer, Misfit) else answer, offers)


def _other_offers(offers: Offers) -> tuple[tuple[int, Offers], ...]:
    plain = replace(offers, is_short=True, is_plain=True)
    return (
        (TLS13, offers),
        (TLS13, replace(offers, has_shares=True)),
        (TLS10, offers),
        (SSL3, offers),
        (TLS11, offers),
        (SSL2, offers),
        (TLS12, replace(offers, is_short=True)),
        *((version, plain) for version in (TLS12, TLS10, SSL3)),
        (TLS13, replace(plain, has_shares=True)),
    )
