"""With which groups and signatures a server exchanges keys, and which ALPN protocols it takes.

TLS 1.2 and older show all of it in clear. The lists shrink together, each by what was picked from it: one hello
tells of three things. A refusal then says only that one list is used up; putting the lists back one after the
other tells which. Where that does not tell, several are: all are put back, and each shrinks alone.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any

from cyberaudit.facts.tls_suites import TLS13_SUITES, suite
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.tls.asking import Asker, Refusable, unasked_group
from cyberaudit.probes.tls.flight import Alert, ServerFlight
from cyberaudit.probes.tls.hello import SSL3, TLS12, TLS13
from cyberaudit.probes.tls.offers import Offers

RANK = 1
PROTOCOLS = ("h2", "http/1.1")
LISTS = ("groups", "signature_schemes", "alpn")
_MISFIT = Unreachable(Reason.PROTOCOL_ERROR, "choix non proposé")
_UNSEEN = Unreachable(Reason.PROTOCOL_ERROR, "réponse incomplète")
# RFC 8422 §5.1.1: x25519 and x448 sign nothing
_NEVER_IN_CERTIFICATES = frozenset({0x001D, 0x001E})
# Before TLS 1.2 the signature has no choice.
_NOT_SAID = Unreachable(Reason.NOT_LOOKED)


@dataclass(slots=True)
class Menu:
    """One list that shrinks."""

    name: str
    """The field of `Hello`."""
    everything: tuple[Any, ...]
    read: Callable[[ServerFlight], Any]
    neutral: tuple[Any, ...]
    """What is offered when another list is asked about."""
    taken: list[Any] = field(default_factory=list)
    is_done: bool = False
    waits: bool = False
    """Another list shrinks first, alone."""
    trouble: Unreachable | None = None
    stays: bool = False
    """What was taken goes on being offered, last: the certificate's own curve must be in the list."""
    has_stayed: bool = False

    @property
    def left(self) -> tuple[Any, ...]:
        return tuple(each for each in self.everything if each not in self.taken)

    @property
    def offered(self) -> tuple[Any, ...]:
        if self.is_done or self.waits:
            return self.neutral
        return (*self.left, *self._anchors) if self.stays else self.left

    @property
    def _anchors(self) -> tuple[Any, ...]:
        return tuple(each for each in self.taken if each not in _NEVER_IN_CERTIFICATES)

    @property
    def found(self) -> tuple[Any, ...] | Unreachable:
        return self.trouble or tuple(self.taken)

    def note(self, flight: ServerFlight) -> None:
        """What was picked from this list; nothing: the server does without."""
        choice = self.read(flight)
        if choice in self.left:
            self.taken.append(choice)
            self.is_done = not self.left
        elif self.stays and choice in self._anchors:
            self.stays = False
        else:
            self.end(_MISFIT if choice else None)

    def refused(self, *, is_ecdsa: bool) -> None:
        """What is left is not accepted. RFC 8422 §5.1: nor is an ECDSA certificate whose curve is not offered."""
        if self.name == "groups" and is_ecdsa and self._anchors and not self.has_stayed:
            self.stays = self.has_stayed = True
        else:
            self.end(None)

    def end(self, trouble: Unreachable | None) -> None:
        self.is_done, self.trouble = True, trouble


@frozen
class Exchange:
    """What a version that is in clear shows of its key exchange."""

    groups: tuple[int, ...] | Unreachable
    schemes: tuple[int, ...] | Unreachable
    alpn: tuple[str, ...] | Unreachable


class _Shrinking:
    """The lists of one version, and the questions about them."""

    def __init__(
        self,
        asker: Asker,
        offers: Offers,
        version: int,
        *,
        about: Collection[str] = LISTS,
        suites: tuple[int, ...] = (),
    ) -> None:
        """`about`: the lists that are asked about; the others are offered whole. `suites`: with these alone."""
        self.groups = Menu("groups", offers.curves(), lambda flight: flight.group, neutral=offers.curves())
        self.schemes = Menu(
            "signature_schemes",
            offers.schemes(),
            lambda flight: flight.signature_scheme,
            neutral=offers.schemes(),
        )
        self.alpn = Menu("alpn", PROTOCOLS, lambda flight: flight.alpn, neutral=())
        if not asker.wants_whole or version < TLS12:
            self.schemes.end(_UNSEEN if version == TLS12 else _NOT_SAID)
        if not asker.wants_whole:
            self.groups.end(_UNSEEN)
        for menu in (self.groups, self.schemes, self.alpn):
            if menu.name not in about:
                menu.end(menu.trouble)
        self._asker, self._offers, self._version = asker, offers, version
        # The next ones when the server wants none of these: DHE, and what signs nothing, for the sake of ALPN.
        self._stages = (
            [suites]
            if suites
            else [
                offers.ephemeral_suites("ECDHE"),
                offers.ephemeral_suites("DHE"),
                offers.suites(version)[0],
            ]
        )
        self._has_met = False
        self._is_ecdsa = False

    async def shrink(self) -> Exchange:
        while active := self._active() or self._next_alone():
            answer = await self._ask(self._offered())
            if isinstance(answer, Alert):
                await self._blame(active)
            else:
                self._note(answer, active)
        return Exchange(self.groups.found, self.schemes.found, self.alpn.found)

    def _active(self) -> list[Menu]:
        return [menu for menu in (self.groups, self.schemes, self.alpn) if not (menu.is_done or menu.waits)]

    def _next_alone(self) -> list[Menu]:
        waiting = [menu for menu in (self.groups, self.schemes, self.alpn) if menu.waits]
        for menu in waiting[:1]:
            menu.waits = False
        return waiting[:1]

    def _offered(self) -> dict[str, tuple[Any, ...]]:
        return {menu.name: menu.offered for menu in (self.groups, self.schemes, self.alpn)}

    async def _ask(self, offered: dict[str, tuple[Any, ...]]) -> Refusable:
        hello = self._offers.hello(self._version, self._stages[0], **offered)
        answer = await self._asker.ask(hello, rank=RANK)
        if isinstance(answer, ServerFlight) and answer.version != self._version:
            return Unreachable(Reason.UNSTABLE)
        return answer

    def _note(self, answer: ServerFlight | Unreachable, menus: Collection[Menu]) -> None:
        if isinstance(answer, ServerFlight):
            self._has_met = True
            self._is_ecdsa |= suite(answer.suite).authentication == "ECDSA"
        if self.groups in menus and answer in [unasked_group(code) for code in self.groups.taken]:
            # It answers with this curve whatever is offered: it has no other.
            self.groups.end(None)
            return
        for menu in menus:
            if isinstance(answer, Unreachable):
                menu.end(answer)
            elif not answer.is_whole and menu is not self.alpn:
                menu.end(_UNSEEN)
            else:
                menu.note(answer)

    async def _blame(self, active: list[Menu]) -> None:
        """Which list the server had no more use for: the one without which it answers again."""
        for menu in active:
            if len(active) == 1 or menu.offered == menu.neutral:
                continue
            answer = await self._ask({**self._offered(), menu.name: menu.neutral})
            if isinstance(answer, Unreachable):
                return self._note(answer, active)
            if isinstance(answer, ServerFlight):
                menu.refused(is_ecdsa=self._is_ecdsa)
                return self._note(answer, [other for other in active if other is not menu])
        if self._has_met and len(active) > 1:
            for menu in active:
                menu.waits = True
            return None
        return self._refused(active)

    def _refused(self, active: list[Menu]) -> None:
        """All that is left, of every list; or the suites, when nothing was granted yet."""
        if self._has_met or len(self._stages) == 1:
            for menu in active:
                menu.refused(is_ecdsa=self._is_ecdsa)
        else:
            del self._stages[0]
            self.groups.end(self.groups.trouble)


async def exchange(asker: Asker, offers: Offers, version: int) -> Exchange:
    """Groups, signature schemes and protocols of `version`, TLS 1.2 or older."""
    if version <= SSL3:  # it has no extensions
        return Exchange(groups=(), schemes=_NOT_SAID, alpn=_NOT_SAID)
    found = await _signed(asker, offers, version)
    if found.groups != ():
        return found
    # Nobody signs: perhaps the exchange is anonymous, or a shared key stands for the signature.
    unsigned = _Shrinking(asker, offers, version, about=("groups",), suites=offers.unsigned_suites())
    shown = await unsigned.shrink()
    # OpenSSL picks such a suite first, and breaks off when no curve is left for it.
    is_end = shown.groups == _UNSEEN and unsigned.groups.taken
    return replace(found, groups=tuple(unsigned.groups.taken) if is_end else shown.groups)


async def _signed(asker: Asker, offers: Offers, version: int) -> Exchange:
    if not asker.is_far:
        return await _Shrinking(asker, offers, version).shrink()
    # A few hellos more, and half the round trips one after the other.
    one, other = await asyncio.gather(
        _Shrinking(asker, offers, version, about=("groups", "alpn")).shrink(),
        _Shrinking(asker, offers, version, about=("signature_schemes",)).shrink(),
    )
    return Exchange(one.groups, other.schemes, one.alpn)


async def groups_of_tls13(asker: Asker, offers: Offers) -> tuple[int, ...] | Unreachable:
    """The server names the group it wants; it is left out, and so on."""
    found = await asyncio.gather(*(_named(asker, offers, piece) for piece in offers.groups_of_tls13()))
    listed: list[int] = []
    for each in found:
        if isinstance(each, Unreachable):
            return each
        listed += each
    return tuple(listed)


async def _named(asker: Asker, offers: Offers, groups: tuple[int, ...]) -> tuple[int, ...] | Unreachable:
    menu = Menu("groups", groups, lambda flight: flight.group, neutral=())
    while not menu.is_done:
        answer = await asker.ask(offers.hello(TLS13, TLS13_SUITES, groups=menu.left), rank=RANK)
        match answer:
            case ServerFlight() if answer.version == TLS13 and answer.group:
                menu.note(answer)
            case ServerFlight():
                menu.end(_MISFIT)
            case Alert():
                menu.end(None)
            case Unreachable():
                menu.end(answer)
    return menu.found
