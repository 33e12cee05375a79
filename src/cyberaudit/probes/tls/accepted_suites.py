"""Every suite a server accepts in one version: all are offered, the server picks one, it is left out, and so on.

A version is refused by an alert or by an answer in another one; SSLv2 also by a line that is cut (see `asking`). An
alert that does not name the version may be about the length of the hello, or one of its extensions: it counts when a
short and plain hello with the commonest suites of that version met with one too. Where a longer one of
TLS 1.2 was granted, or refused by name, that plain hello is the one that the survey sends at its end.
"""

from collections.abc import Iterable
from dataclasses import replace

from cyberaudit.facts.tls_endpoint import Preference, VersionOffer
from cyberaudit.facts.tls_suites import suite
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.tls.asking import PROTOCOL_VERSION, Asker, HungUp, Refusable
from cyberaudit.probes.tls.flight import Alert, ServerFlight
from cyberaudit.probes.tls.hello import SSL2, SSL3, TLS10, TLS11, TLS13, VERSION_NAMES
from cyberaudit.probes.tls.offers import Offers

# RFC 8446 §6.2: missing_extension. Only TLS 1.3 says it; beside a full hello, what is missing is a shared key.
_MISSING_EXTENSION = 109
_WANTS_KEY = Unreachable(Reason.TLS_FAILURE, "une clé partagée est demandée (alerte 109)")
# RFC 6066 §3: unrecognized_name.
_UNRECOGNIZED_NAME = 112
OLD_VERSIONS = (SSL3, TLS10, TLS11)
ALL_REFUSED = Unreachable(Reason.TLS_FAILURE, "toutes les connexions sont refusées")
NOT_THIS_NAME = Unreachable(Reason.TLS_FAILURE, "le serveur ne répond pas à ce nom, alerte 112")


@frozen
class Head:
    """The first answer in one version, to an offer of all its suites (or of the first piece of them)."""

    version: int
    answer: Refusable | HungUp
    offers: Offers
    """As the server takes them in this version."""

    @property
    def flight(self) -> ServerFlight | None:
        """None: the version was not accepted here."""
        if isinstance(self.answer, ServerFlight) and self.answer.version == self.version:
            return self.answer
        return None

    @property
    def is_refused_in_words(self) -> bool:
        """An alert about the version, or an answer in another one."""
        if isinstance(self.answer, ServerFlight):
            return self.answer.version != self.version
        return isinstance(self.answer, Alert) and self.answer.code == PROTOCOL_VERSION


@frozen
class Picked:
    """What was picked, one after the other."""

    suites: tuple[int, ...]
    end: Unreachable | None
    """None: the server then refused all that was left."""


async def head(
    asker: Asker, offers: Offers, version: int, *, known: Head | None = None, thorough: bool = False
) -> Head:
    """Ask for `version` with everything, and short and plain when that is refused by an alert about anything else.

    `known`: the first answer, when it is there already. `thorough`: take nothing for granted from other versions.
    """
    if version == SSL2:
        return Head(version, await asker.ask_ssl2(offers.hello(version, offers.suites(version)[0])), offers)
    first = known or await _first(asker, offers, version)
    if not isinstance(first.answer, Alert) or first.is_refused_in_words:
        return first
    if version == TLS13 and asker.is_old:
        return first
    if not thorough and version in OLD_VERSIONS and asker.reads_long and not offers.is_short:
        # Asked for at the end, plainly: once more is enough.
        return first
    # TLS 1.3 with a key share: the server may not ask for it.
    plain = replace(offers, is_short=True, is_plain=True, has_shares=version == TLS13)
    second = await _first(asker, plain, version)
    if second.flight is None:
        return replace(second, offers=offers, answer=_without_key(second))
    for richer in _richer(offers, version, refused=first.offers):
        found = await _first(asker, richer, version)
        if found.flight is not None:
            return found
    return second


async def _first(asker: Asker, offers: Offers, version: int) -> Head:
    answer = await asker.ask(offers.hello(version, offers.suites(version)[0]))
    return Head(version, answer, offers)


def _richer(offers: Offers, version: int, *, refused: Offers) -> tuple[Offers, ...]:
    """What shows more than a plain hello, and was not refused yet."""
    short = replace(offers, is_short=True)
    found = [short]
    if version == TLS13:
        found = [replace(offers, has_shares=True), replace(short, has_shares=True), short]
        found.append(replace(short, is_plain=True, has_shares=False))
    return tuple(each for each in dict.fromkeys(found) if each != refused)


def _without_key(refused: Head) -> Refusable | HungUp:
    """TLS 1.3 for those alone who share a key is spoken, and nothing of it can be seen."""
    answer = refused.answer
    wants_key = refused.version == TLS13 and isinstance(answer, Alert) and answer.code == _MISSING_EXTENSION
    return _WANTS_KEY if wants_key else answer


async def version_offer(asker: Asker, first: Head) -> VersionOffer:
    """What the server makes of the version whose first answer is known."""
    if first.version == SSL2:
        return _of_ssl2(asker, first)
    picked = await _all_picked(asker, first)
    if not picked.suites:
        return _refused(asker, first, picked.end)
    return VersionOffer(
        version=VERSION_NAMES[first.version],
        accepted=True,
        suites=picked.end or picked.suites,
        seen=picked.suites,
        preference=await _preference(asker, first, picked.suites),
    )


def _refused(asker: Asker, first: Head, end: Unreachable | None) -> VersionOffer:
    if first.is_refused_in_words:
        asker.refused_in_words.add(VERSION_NAMES[first.version])
    cause = end or (None if first.is_refused_in_words or asker.control else _why_nothing(first))
    return VersionOffer(
        version=VERSION_NAMES[first.version],
        accepted=cause or False,
        suites=cause or (),
        seen=cause or (),
        preference=cause or Unreachable(Reason.NOT_LOOKED),
    )


def _why_nothing(first: Head) -> Unreachable:
    """Nothing at all was granted: that says nothing about the version."""
    is_about_name = isinstance(first.answer, Alert) and first.answer.code == _UNRECOGNIZED_NAME
    return NOT_THIS_NAME if is_about_name else ALL_REFUSED


def _of_ssl2(asker: Asker, first: Head) -> VersionOffer:
    """The server names all its kinds at once, and the client chooses (draft of 1995, §2.5); it speaks without any."""
    if first.flight is None:
        return _refused(asker, first, first.answer if isinstance(first.answer, Unreachable) else None)
    kinds = first.flight.suites
    chosen = Preference.CLIENT if len(kinds) > 1 else Preference.ONLY_ONE
    return VersionOffer(
        version=VERSION_NAMES[SSL2],
        accepted=True,
        suites=kinds,
        seen=kinds,
        preference=chosen if kinds else Unreachable(Reason.NOT_LOOKED),
    )


async def _all_picked(asker: Asker, first: Head) -> Picked:
    """In the order of the server's choice; in pieces, the order is asked for once more at the end."""
    pieces = first.offers.suites(first.version)
    if first.version == TLS13 or len(pieces) == 1 or first.is_refused_in_words:
        return await _picked(asker, first, pieces[0], first.answer)
    found: list[int] = []
    end = None
    for number, piece in enumerate(pieces):
        picked = await _picked(asker, first, piece, None if number else first.answer)
        found += picked.suites
        end = end or picked.end
    if 1 < len(found) <= len(pieces[0]):
        ordered = await _picked(asker, first, tuple(found), None)
        found.sort(key=lambda code: _place(ordered.suites, code))
    return Picked(tuple(found), end)


def _place(suites: tuple[int, ...], code: int) -> int:
    return suites.index(code) if code in suites else len(suites)


async def _picked(
    asker: Asker, first: Head, offered: Iterable[int], answer: Refusable | HungUp | None
) -> Picked:
    """`answer`: to the whole offer, when it is known already."""
    left, taken = list(offered), list[int]()
    while left:
        if answer is None:
            answer = await asker.ask(first.offers.hello(first.version, tuple(left)))
        match answer:
            case Unreachable():
                return Picked(tuple(taken), answer)
            case ServerFlight() if answer.version == first.version:
                taken.append(answer.suite)
                left.remove(answer.suite)
            case _:
                break
        answer = None
    return Picked(tuple(taken), None)


async def _preference(asker: Asker, first: Head, suites: tuple[int, ...]) -> Preference | Unreachable:
    """Offer two accepted suites the other way round: who takes the first one follows his client.

    It is a control too, after the refusal that ended the list: so it is asked when there is only one.
    """
    offered = tuple(dict.fromkeys((_not_first(suites), suites[0])))
    answer = await asker.ask(first.offers.hello(first.version, offered))
    match answer:
        case Unreachable():
            return answer
        case ServerFlight() if answer.version == first.version:
            if len(offered) == 1:
                return Preference.ONLY_ONE
            return Preference.CLIENT if answer.suite == offered[0] else Preference.SERVER
        case _:  # refused what was granted a moment ago
            asker.unstable = True
            return Unreachable(Reason.UNSTABLE)


def _not_first(suites: tuple[int, ...]) -> int:
    """The last one, but rather no ChaCha20: some servers follow their client in that alone."""
    others = [code for code in suites[1:] if suite(code).cipher != "CHACHA20"]
    return others[-1] if others else suites[-1]
