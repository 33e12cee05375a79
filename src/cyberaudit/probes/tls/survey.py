"""Everything that can be learnt of a TLS server by hellos alone: versions, suites, groups, signatures, options.

A first hello, of TLS 1.2 with everything in it, decides who is there. What it is granted is kept as the control.
Then all versions are asked at once; in each the server picks from all suites, the picked one is left out, and so
on until it refuses: one hello a suite and one more. Groups, signatures and ALPN shrink the same way beside it.
Refused is only what was refused by an alert or by an answer in another version; see `asking` for all other
troubles. At the end the control is asked again: where it is not granted as at first, or the server contradicted
itself, all is asked once more, alone and slowly; and if that does not end well either, what was not proved is
unreachable. No key is needed for any of it, nor any cryptography.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

from cyberaudit.facts.tls_endpoint import DhGroup, GroupOffer, SessionOptions, VersionOffer
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.tls.accepted_suites import Head, head, version_offer
from cyberaudit.probes.tls.asking import VAGUE_ALERTS, Asker, Pace
from cyberaudit.probes.tls.conversation import Opener
from cyberaudit.probes.tls.flight import Alert
from cyberaudit.probes.tls.hello import SSL2, SSL3, TLS10, TLS11, TLS12, TLS13, VERSION_NAMES
from cyberaudit.probes.tls.meeting import Meeting, meet
from cyberaudit.probes.tls.offers import Offers
from cyberaudit.probes.tls.primes import dh_group
from cyberaudit.probes.tls.shown_options import fallback_scsv, options, shown_to_nobody
from cyberaudit.probes.tls.signed_exchange import Exchange, exchange, groups_of_tls13

__all__ = ["Pace", "Survey", "survey"]

BEST_FIRST = (TLS13, TLS12, TLS11, TLS10, SSL3, SSL2)
_IN_CLEAR = (TLS12, TLS11, TLS10, SSL3)
_NOT_LOOKED = Unreachable(Reason.NOT_LOOKED)
_UNSTABLE = Unreachable(Reason.UNSTABLE)
_ALL_REFUSED = Unreachable(Reason.TLS_FAILURE, "toutes les connexions sont refusées")


@dataclass(frozen=True, slots=True)
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


async def survey(opener: Opener, *, server_name: str | None, pace: Pace | None = None) -> Survey:
    """Ask the server behind `opener` everything, within the time of `pace`. `server_name` is sent as it is (SNI)."""
    pace = pace or Pace()
    asker = Asker(opener, pace)
    meeting = await meet(asker, Offers(server_name), pace)
    if meeting.met != "tls":
        return _nothing(meeting.met, asker)
    found = await _Look(asker, meeting).all()
    if asker.control is not None and not await _is_sure(asker):
        # Once more, all of it: what was refused may have been refused for another reason.
        found = await _Look(asker, replace(meeting, heads={})).all()
        await _is_sure(asker)
    return _proved(found, asker)


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

    async def all(self) -> Survey:
        asker = self._asker
        # A contradiction of the first look is looked into by the second.
        asker.unstable = False
        versions, groups, shown, nameless, fallback = await asyncio.gather(
            asyncio.gather(*map(self._version, reversed(BEST_FIRST))),
            self._groups_of_tls13(),
            self._exchange(),
            self._nameless(),
            self._fallback(),
        )
        clear = await self._in_clear()
        return Survey(
            met="tls",
            versions=tuple(versions),
            groups=tuple(_groups(clear, shown, groups)),
            dh_groups=_dh_groups(asker, versions),
            signature_schemes=shown.schemes,
            flights=tuple(asker.chains),
            nameless=nameless,
            options=options(asker, clear.version if clear else None, alpn=shown.alpn, fallback=fallback),
            complete=True,
            hellos=asker.hellos,
            connections=asker.connections,
        )

    async def _head(self, version: int) -> Head:
        known = self._meeting.heads.get(version)
        if known is not None and not _is_vague(known):
            return known
        return await head(self._asker, self._meeting.offers, version)

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
        return await shown_to_nobody(self._asker, self._meeting.offers, first.version if first else None)

    async def _fallback(self) -> bool | Unreachable:
        heads = [await self._heads[version] for version in BEST_FIRST]
        accepted = [first.version for first in heads if first.flight]
        return await fallback_scsv(self._asker, self._meeting.offers, accepted)


def _contradicts(first: Head, groups: tuple[int, ...] | Unreachable) -> bool:
    """The group of the first answer was not granted any more."""
    flight = first.flight
    return (
        flight is not None and flight.group > 0 and isinstance(groups, tuple) and flight.group not in groups
    )


def _is_vague(first: Head) -> bool:
    return isinstance(first.answer, Alert) and first.answer.code in VAGUE_ALERTS


def _groups(
    clear: Head | None, shown: Exchange, modern: tuple[int, ...] | Unreachable | None
) -> Iterator[GroupOffer]:
    if clear is not None and clear.version > SSL3:
        yield GroupOffer(VERSION_NAMES[TLS12], shown.groups)
    if modern is not None:
        yield GroupOffer(VERSION_NAMES[TLS13], modern)


def _dh_groups(asker: Asker, versions: list[VersionOffer]) -> tuple[DhGroup, ...] | Unreachable:
    """Every prime that came with a suite; all of them only when every suite was asked for."""
    if not asker.wants_whole:
        return Unreachable(Reason.PROTOCOL_ERROR, "réponse incomplète")
    unknown = (offer.suites for offer in versions if offer.version != VERSION_NAMES[TLS13])
    cause = next((suites for suites in unknown if isinstance(suites, Unreachable)), None)
    primes = dict.fromkeys(flight.dh_prime for flight in asker.flights if flight.dh_prime)
    return tuple(map(dh_group, primes)) or cause or ()


def _proved(found: Survey, asker: Asker) -> Survey:
    """The survey, without what would only be true if the server had not changed its mind meanwhile."""
    found = replace(found, hellos=asker.hellos, connections=asker.connections)
    cause = _UNSTABLE if asker.unstable else asker.lost
    if asker.control is None:
        return replace(found, complete=_ALL_REFUSED)
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
