"""Everything that can be learnt of a TLS server by hellos alone: versions, suites, groups, signatures, options.

A first hello, of TLS 1.2 with everything in it, decides who is there. What it is granted is kept as the control.
Then all versions are asked at once; in each the server picks from all suites, the picked one is left out, and so
on until it refuses: one hello a suite and one more. Groups, signatures and ALPN shrink the same way beside it.
Refused is only what was refused by an alert or by an answer in another version, and SSLv2, which has no alert,
by a line that is cut; see `asking` for that and for all other troubles. At the end the control is asked again:
where it is not granted as at first, or the server contradicted itself, all is asked once more, alone and slowly;
and if that does not end well either, what was not proved is unreachable. No key is needed for any of it, nor any
cryptography.

Before that last control, beside the other questions, the old versions that were refused are asked for once more,
each with a little time between and a plain hello, and so are the suites that ended a list: where something is granted
now, all is asked a second time, and what was accepted stays accepted. It shows two machines behind one address, and a
spell of alerts. The limit that remains: of two machines that show the same certificate and the same choices, the lax
one is missed when chance, or an affinity to the client's address, leads every question about what it alone accepts to
the strict one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import fields, replace
from functools import partial
from itertools import zip_longest

from cyberaudit.facts.tls_endpoint import DhGroup, GroupOffer, SessionOptions, VersionOffer
from cyberaudit.facts.tls_suites import suite
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.tls.accepted_suites import ALL_REFUSED, NOT_THIS_NAME, Head, head, version_offer
from cyberaudit.probes.tls.asking import VAGUE_ALERTS, Asker, Pace
from cyberaudit.probes.tls.conversation import Opener
from cyberaudit.probes.tls.flight import Alert, ServerFlight
from cyberaudit.probes.tls.hello import SSL2, SSL3, TLS10, TLS11, TLS12, TLS13, VERSION_NAMES, Hello
from cyberaudit.probes.tls.meeting import Meeting, meet
from cyberaudit.probes.tls.offers import SIGNED, Offers
from cyberaudit.probes.tls.primes import dh_group
from cyberaudit.probes.tls.shown_options import fallback_scsv, options, shown_to_nobody
from cyberaudit.probes.tls.signed_exchange import Exchange, exchange, groups_of_tls13

__all__ = ["Pace", "Survey", "survey"]

BEST_FIRST = (TLS13, TLS12, TLS11, TLS10, SSL3, SSL2)
_IN_CLEAR = (TLS12, TLS11, TLS10, SSL3)
# Neighbours are often accepted together: of two machines that answer in turn, one of them meets the other machine.
_FORBIDDEN = (SSL3, TLS10, TLS11, SSL2)
# Ours: twenty milliseconds at most, and two answers' time, never under five: a fast server is not waited for long.
SPACE_SHARE = 0.004
_LEAST_SPACE_SHARE = 0.001
_ANSWERS_BETWEEN = 2
_NOT_LOOKED = Unreachable(Reason.NOT_LOOKED)
_UNSTABLE = Unreachable(Reason.UNSTABLE)


@frozen
class Survey:
    """What one server accepts and shows; the fields that `TlsServer` has too mean the same."""

    met: str | Unreachable
    versions: tuple[VersionOffer, ...]
    groups: tuple[GroupOffer, ...] | Unreachable
    dh_groups: tuple[DhGroup, ...] | Unreachable
    signature_schemes: tuple[int, ...] | Unreachable
    """Of TLS 1.2: newer ones are encrypted."""
    flights: tuple[tuple[bytes, ...], ...]
    """Each certificate chain that was seen in clear, DER as sent: the usual one first."""
    nameless: tuple[bytes, ...] | Unreachable
    """The chain shown to a client that names nobody; not looked at when only TLS 1.3 is spoken."""
    options: SessionOptions
    """Not looked at: what only a handshake that is finished shows."""
    complete: bool | Unreachable
    hellos: int
    connections: int


async def survey(
    opener: Opener,
    *,
    server_name: str | None,
    pace: Pace | None = None,
    meanwhile: Callable[[], None] = lambda: None,
) -> Survey:
    """Ask the server behind `opener` everything, within the time of `pace`.

    Args:
        opener: opens each conversation.
        server_name: sent as it is (SNI).
        pace: how much at once, and how long.
        meanwhile: work of a few milliseconds, called once all was asked and only the proofs are awaited.
    """
    pace = pace or Pace()
    asker = Asker(opener, pace)
    meeting = await meet(asker, Offers(server_name), pace)
    if meeting.met != "tls":
        return _nothing(meeting.met, asker)
    found, is_sure = await _looked(asker, meeting, pace, meanwhile=meanwhile)
    if not is_sure:
        # Once more, all of it: what was refused may have been refused for another reason.
        found, _ = await _looked(asker, replace(meeting, heads={}), pace, meanwhile=meanwhile)
    return _proved(_with_granted(found, asker), asker)


async def _looked(
    asker: Asker, meeting: Meeting, pace: Pace, *, meanwhile: Callable[[], None]
) -> tuple[Survey, bool]:
    """One look, and whether it is the last one needed. What was refused is asked for once more as soon as it was."""
    look = _Look(asker, meeting)
    lists = (_ask_again(asker, partial(look.end_of_list, version), pace) for version in BEST_FIRST)
    again = asyncio.gather(_ask_again(asker, look.refused_versions, pace), *lists)
    try:
        found = await look.all()
        if asker.control is None:
            return found, True
        if asker.lost is None:
            meanwhile()
            await again
        return found, await _is_sure(asker)
    finally:
        again.cancel()


async def _is_sure(asker: Asker) -> bool:
    """Whether the server is as it was at first. Where it is not: ready for a second look, or lost."""
    if asker.lost is not None:
        return True
    # Twice in a row: behind one address there may be two servers, asked in turn.
    grants = await asker.still_grants(twice=True)
    if grants and not asker.unstable:
        return True
    if grants:
        asker.be_careful()
    return not grants and not await asker.comes_back()


def _with_granted(found: Survey, asker: Asker) -> Survey:
    """Accepted wins: what was granted when it was asked for once more was not refused."""
    granted = {VERSION_NAMES[flight.version]: flight for flight in asker.granted_later}
    offers = tuple(
        _accepted_later(offer, granted[offer.version]) if offer.version in granted else offer
        for offer in found.versions
    )
    asker.unstable |= offers != found.versions
    return replace(found, versions=offers)


def _accepted_later(offer: VersionOffer, flight: ServerFlight) -> VersionOffer:
    seen = offer.seen if isinstance(offer.seen, tuple) else ()
    later = flight.suites if flight.version == SSL2 else (flight.suite,)
    if offer.accepted is True and set(later) <= set(seen):
        return offer
    seen = tuple(dict.fromkeys((*seen, *later)))
    return replace(offer, accepted=True, suites=_UNSTABLE, seen=seen, preference=_UNSTABLE)


async def _ask_again(asker: Asker, refused: Callable[[], Awaitable[Sequence[Hello]]], pace: Pace) -> None:
    """In two rows, with time between: another machine may answer, or a short spell be over."""
    hellos = await refused()
    if asker.control is None:
        return
    for pair in zip_longest(hellos[::2], hellos[1::2]):
        await asyncio.sleep(_space(asker, pace))
        await asyncio.gather(*(asker.ask_again(hello) for hello in pair if hello and asker.lost is None))


def _space(asker: Asker, pace: Pace) -> float:
    """Seconds before what was refused is asked for once more."""
    usual = max(_ANSWERS_BETWEEN * asker.slowest, _LEAST_SPACE_SHARE * pace.hello_seconds)
    return min(usual, SPACE_SHARE * pace.hello_seconds)


def _nothing(met: str | Unreachable, asker: Asker) -> Survey:
    cause = met if isinstance(met, Unreachable) else Unreachable(Reason.TLS_FAILURE, met)
    return Survey(
        met=met,
        versions=(),
        groups=cause,
        dh_groups=cause,
        signature_schemes=cause,
        flights=(),
        nameless=cause,
        options=SessionOptions(**{field.name: cause for field in fields(SessionOptions)}),
        complete=cause,
        hellos=asker.hellos,
        connections=asker.connections,
    )


class _Look:
    """All questions at once; who needs another's answer waits for it."""

    def __init__(self, asker: Asker, meeting: Meeting) -> None:
        self._asker, self._meeting = asker, meeting
        self._heads = {version: asyncio.ensure_future(self._head(version)) for version in BEST_FIRST}
        self._offers = {version: asyncio.ensure_future(self._version(version)) for version in BEST_FIRST}

    async def all(self) -> Survey:
        asker = self._asker
        # A contradiction of the first look is looked into by the second.
        asker.unstable = False
        versions, groups, shown, nameless, fallback = await asyncio.gather(
            asyncio.gather(*(self._offers[version] for version in reversed(BEST_FIRST))),
            self._groups_of_tls13(),
            self._exchange(),
            self._nameless(),
            self._fallback(),
        )
        clear = await self._in_clear()
        return Survey(
            met="tls",
            versions=tuple(versions),
            groups=tuple(_groups(asker, clear, shown, groups)),
            dh_groups=_dh_groups(asker, versions),
            signature_schemes=shown.schemes,
            flights=tuple(asker.chains),
            nameless=nameless,
            options=options(
                asker,
                clear.version if clear else None,
                plain=[first.version for first in await self._accepted() if first.offers.is_plain],
                alpn=shown.alpn,
                fallback=fallback,
            ),
            complete=True,
            hellos=asker.hellos,
            connections=asker.connections,
        )

    async def refused_versions(self) -> tuple[Hello, ...]:
        """The old versions that were refused, to be asked for once more."""
        offers = {version: await self._offers[version] for version in _FORBIDDEN}
        plain = replace(self._meeting.offers, is_short=True, is_plain=True)
        refused = (version for version, offer in offers.items() if offer.accepted is False)
        return tuple(plain.hello(version, plain.suites(version)[0]) for version in refused)

    async def end_of_list(self, version: int) -> tuple[Hello, ...]:
        """The suites of `version` that were left when its list ended, to be asked for once more; at most one hello."""
        first, accepted = await self._heads[version], (await self._offers[version]).suites
        whole = first.offers.suites(version)
        if first.flight is None or version == SSL2 or len(whole) > 1 or isinstance(accepted, Unreachable):
            return ()
        left = tuple(code for code in whole[0] if code not in accepted)
        return (first.offers.hello(version, left),) if left else ()

    async def _head(self, version: int) -> Head:
        known = self._meeting.heads.get(version)
        if known is None or _is_vague(known):
            known = None
        elif not isinstance(known.answer, Alert):
            return known
        return await head(
            self._asker, self._meeting.offers, version, known=known, thorough=bool(self._asker.granted_later)
        )

    async def _version(self, version: int) -> VersionOffer:
        return await version_offer(self._asker, await self._heads[version])

    async def _in_clear(self) -> Head | None:
        """The newest version whose flights are in clear; None: none is accepted."""
        for version in _IN_CLEAR:
            first = await self._heads[version]
            if first.flight is not None:
                return first
        return None

    async def _groups_of_tls13(self) -> tuple[int, ...] | Unreachable | None:
        first = await self._heads[TLS13]
        if first.flight is None:
            return None
        groups = await groups_of_tls13(self._asker, first.offers)
        self._asker.unstable |= _contradicts(first, groups)
        return groups

    async def _exchange(self) -> Exchange:
        first = await self._in_clear()
        if first is None:
            return Exchange(_NOT_LOOKED, _NOT_LOOKED, _NOT_LOOKED)
        shown = await exchange(self._asker, first.offers, first.version)
        self._asker.unstable |= _contradicts(first, shown.groups)
        return shown

    async def _nameless(self) -> tuple[bytes, ...] | Unreachable:
        first = await self._in_clear()
        offers = first.offers if first else self._meeting.offers
        return await shown_to_nobody(self._asker, offers, first.version if first else None)

    async def _fallback(self) -> bool | Unreachable:
        accepted = await self._accepted()
        offers = accepted[1].offers if len(accepted) > 1 else self._meeting.offers
        return await fallback_scsv(self._asker, offers, [first.version for first in accepted])

    async def _accepted(self) -> list[Head]:
        """Best first."""
        heads = [await self._heads[version] for version in BEST_FIRST]
        return [first for first in heads if first.flight]


def _contradicts(first: Head, groups: tuple[int, ...] | Unreachable) -> bool:
    """The group of the first answer was not granted any more, though it was asked for: with signed suites."""
    flight = first.flight
    if flight is None or not flight.group or not isinstance(groups, tuple):
        return False
    is_asked = flight.version == TLS13 or suite(flight.suite).authentication in SIGNED
    return is_asked and flight.group not in groups


def _is_vague(first: Head) -> bool:
    return isinstance(first.answer, Alert) and first.answer.code in VAGUE_ALERTS


def _groups(
    asker: Asker, clear: Head | None, shown: Exchange, modern: tuple[int, ...] | Unreachable | None
) -> Iterator[GroupOffer]:
    if clear is not None and clear.version > SSL3:
        yield GroupOffer(VERSION_NAMES[TLS12], _with_unsigned(asker, shown.groups))
    if modern is not None:
        yield GroupOffer(VERSION_NAMES[TLS13], modern)


def _with_unsigned(asker: Asker, groups: tuple[int, ...] | Unreachable) -> tuple[int, ...] | Unreachable:
    """Signed suites were asked about groups; those that came with others (anonymous, shared key) are added."""
    if isinstance(groups, Unreachable):
        return groups
    seen = (flight.group for flight in asker.flights if SSL3 < flight.version < TLS13 and flight.group)
    return tuple(dict.fromkeys((*groups, *seen)))


def _dh_groups(asker: Asker, versions: list[VersionOffer]) -> tuple[DhGroup, ...] | Unreachable:
    """Every prime that came with a suite; all of them only when every suite was asked for. SSLv2 has none."""
    if not asker.wants_whole:
        return Unreachable(Reason.PROTOCOL_ERROR, "réponse incomplète")
    without = (VERSION_NAMES[TLS13], VERSION_NAMES[SSL2])
    unknown = (offer.suites for offer in versions if offer.version not in without)
    cause = next((suites for suites in unknown if isinstance(suites, Unreachable)), None)
    if _lacks_prime(asker, versions):
        return Unreachable(Reason.PROTOCOL_ERROR, "réponse incomplète")
    primes = dict.fromkeys(flight.dh_prime for flight in asker.flights if flight.dh_prime)
    return tuple(map(dh_group, primes)) or cause or ()


def _lacks_prime(asker: Asker, versions: list[VersionOffer]) -> bool:
    """A suite that needs a prime was accepted, and none was seen with it."""
    shown = {(VERSION_NAMES[flight.version], flight.suite) for flight in asker.flights if flight.dh_prime}
    return any(
        suite(code).exchange == "DHE" and (offer.version, code) not in shown
        for offer in versions
        if offer.accepted is True and isinstance(offer.seen, tuple) and offer.version != VERSION_NAMES[SSL2]
        for code in offer.seen
    )


def _proved(found: Survey, asker: Asker) -> Survey:
    """The survey, without what would only be true if the server had not changed its mind meanwhile."""
    found = replace(found, hellos=asker.hellos, connections=asker.connections)
    cause = _UNSTABLE if asker.unstable else asker.lost
    if asker.control is None:
        is_about_name = any(offer.accepted == NOT_THIS_NAME for offer in found.versions)
        return replace(found, complete=NOT_THIS_NAME if is_about_name else ALL_REFUSED)
    if cause is None:
        return replace(found, complete=next(_troubles(found), True))
    if cause is not _UNSTABLE and not asker.owes_proof:
        return replace(found, complete=cause)
    return replace(
        found,
        versions=tuple(_only_seen(offer, asker, cause) for offer in found.versions),
        groups=cause,
        dh_groups=cause if found.dh_groups == () else found.dh_groups,
        signature_schemes=cause,
        complete=cause,
    )


def _only_seen(offer: VersionOffer, asker: Asker, cause: Unreachable) -> VersionOffer:
    if offer.accepted is True:
        return replace(offer, suites=cause, preference=cause)
    if offer.version in asker.refused_in_words and cause is not _UNSTABLE:
        return offer
    return VersionOffer(offer.version, cause, cause, cause, cause)


def _troubles(found: Survey) -> Iterator[Unreachable]:
    """Why a question has no answer, the most important first; what was not asked is no trouble."""
    answers: list[object] = [answer for offer in found.versions for answer in (offer.accepted, offer.suites)]
    groups = found.groups if isinstance(found.groups, tuple) else ()
    answers += [offer.groups for offer in groups]
    answers += [found.groups, found.dh_groups, found.signature_schemes, found.options.alpn]
    for answer in answers:
        if isinstance(answer, Unreachable) and answer.reason is not Reason.NOT_LOOKED:
            yield answer
