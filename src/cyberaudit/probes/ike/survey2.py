"""Everything an IKEv2 gateway would agree on, found with few questions and few conversations left half-open.

A question offers many algorithms at once, with a key value of a group that the gateway does not take:
INVALID_KE_PAYLOAD then means « yes, something of this », NO_PROPOSAL_CHOSEN « no », and no conversation is begun.

1. Groups: all are offered; the gateway names the one it wants; it is taken away, and all is asked again until the no.
2. One question with a value it takes shows a cipher, its integrity and its PRF: one conversation is left half-open.
3. Of each kind of algorithm, what was not seen is offered, everything else staying on the menu: a no ends the kind. A
   yes is followed by a question with a value it takes, while conversations may be begun; else the rest is halved.

A gateway that never says INVALID_KE_PAYLOAD is asked one group after the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from cyberaudit.facts.ike import IkeOffer, IkeSaid, IkeTrait
from cyberaudit.facts.ike_algorithms import CIPHERS, GROUPS, MACS, PRFS, Algorithm, Part
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.ike.asking import Asker
from cyberaudit.probes.ike.key_values import can_be_agreed_on, is_easy
from cyberaudit.probes.ike.silence import CHANGED, Sane, is_silence, put_in_vain
from cyberaudit.probes.ike.version2 import (
    Chosen,
    Cookie,
    Menu,
    Question,
    Reply,
    WantsGroup,
    Word,
    ask_for,
)
from cyberaudit.probes.ike.words import Oddity, OtherVersion, Refused

VERSION: Final = "IKEv2"
# strongSwan, charon.cookie_threshold_ip: from the third on, every question costs a cookie more.
MOST_HALF_OPEN = 2
# Ours: groups that any bytes fit, the least used first: the value that a gateway is expected not to take.
_UNLIKELY: Final = (32, 1, 18, 17, 22, 5, 2, 16, 15, 31, 14)
# Ours: what nearly every gateway takes one of, when it will not name a group.
_USUAL_GROUPS: Final = (14, 19, 2, 5, 31, 20)
EVERYTHING: Final = Menu(CIPHERS, PRFS, MACS, tuple(group.number for group in GROUPS))
_HARD_GROUPS: Final = Unreachable(Reason.NO_PROBE, "groupes 22 à 24 et 27")
"""Without INVALID_KE_PAYLOAD, a value of theirs must be a good one, and we make none."""
# Ours: a gateway asks for one cookie, two when its secret changes meanwhile.
_MOST_COOKIES = 3


@dataclass(slots=True)
class Survey2:
    """One gateway, and what it was seen to take."""

    asker: Asker
    answer: IkeSaid | Unreachable = field(default_factory=lambda: Unreachable(Reason.NOT_LOOKED))
    found: dict[Part, list[Algorithm]] = field(default_factory=lambda: {part: [] for part in Part})
    groups: list[int] = field(default_factory=list)
    choices: dict[str, None] = field(default_factory=dict)
    refused_groups: list[int] = field(default_factory=list)
    vendors: list[bytes] = field(default_factory=list)
    traits: dict[IkeTrait, None] = field(default_factory=dict)
    whole: bool | Unreachable = field(default_factory=lambda: Unreachable(Reason.NOT_LOOKED))
    control: tuple[Menu, int] | None = None
    """What was granted first, or refused first where nothing was granted: to be asked again after a silence, and after
    a no."""
    granted: bool = False
    """Something of `control` suited the gateway."""
    _names_groups: bool = True

    async def run(self) -> None:
        """Ask all there is to ask; what was found stands in the fields, in every case."""
        stopped = await self._groups()
        if self.groups:
            stopped = await self._algorithms() or stopped
        if isinstance(self.answer, IkeSaid):
            self.whole = stopped or True
        if self.groups and not self.found[Part.CIPHER] and self.whole is True:
            self.whole = Unreachable(Reason.PROTOCOL_ERROR, "des groupes, et aucun chiffrement")

    def doubt(self, cause: Unreachable) -> None:
        """The gateway no longer answers as at first: what it refused proves nothing."""
        self.whole = cause if self.whole is True else self.whole
        if self.answer is IkeSaid.REFUSED:
            self.answer = cause

    def offer(self) -> IkeOffer:
        """The facts."""
        return IkeOffer(
            version=VERSION,
            answer=self.answer,
            ciphers=_ids(self.found[Part.CIPHER]),
            macs=_ids(self.found[Part.MAC]),
            prfs=_ids(self.found[Part.PRF]),
            groups=tuple(self.groups),
            proofs=(),
            whole=self.whole,
            choices=tuple(self.choices),
        )

    async def still_answers(self, *, once: bool = False) -> bool | Unreachable:
        """The control finds the same answer as at first: granted or not."""
        if self.control is None:
            return Unreachable(Reason.NOT_LOOKED)
        menu, group = self.control
        if not await self.asker.make_room():
            return Unreachable(Reason.DEADLINE)
        word = await self._once(menu, group, once=once)
        if isinstance(word, Chosen | WantsGroup) or (
            isinstance(word, Refused | OtherVersion) and not self.granted
        ):
            return True
        if isinstance(word, Refused):
            return CHANGED
        return word if isinstance(word, Unreachable) else Unreachable(Reason.PROTOCOL_ERROR, _what(word))

    async def hear_silence(self, sane: Sane) -> None:
        """When nothing was ever answered: whether the port, which `sane` asks otherwise, ignores this version."""
        if not is_silence(self.answer) or VERSION in self.asker.heard:
            return
        menus = ((EVERYTHING, _UNLIKELY[0]), *((_only(number), number) for number in _USUAL_GROUPS))
        questions = [partial(self._once, menu, group, once=True) for menu, group in menus]
        if await put_in_vain(questions, sane, pause=self.asker.tries[-1] / 2) == ():
            self.answer, self.whole = IkeSaid.IGNORED, True

    # Stage 1

    async def _groups(self) -> Unreachable | None:
        left = list(EVERYTHING.groups)
        while key := self._mismatch(left):
            word = await self.ask(replace(EVERYTHING, groups=tuple(left)), key)
            match word:
                case WantsGroup(group) if group != key:
                    self._take_group(group, left)
                case Chosen():
                    self._take_group(word.group, left)
                case Refused():
                    return await self._after_refusal(left)
                case Unreachable(Reason.TIMEOUT) if not self.groups:
                    return await self._after_refusal(left)
                case OtherVersion() if not self.groups:
                    self.answer = IkeSaid.ABSENT
                    return None
                case _:
                    return self._odd(word)
        return None

    def _take_group(self, group: int, left: list[int]) -> None:
        self.answer = IkeSaid.ACCEPTED
        self.groups.append(group)
        left.remove(group)

    async def _after_refusal(self, left: Sequence[int]) -> Unreachable | None:
        """Everything left is refused; when nothing was taken before, a value that suits may still be."""
        if self.groups:
            self.refused_groups = list(left)
            return None
        for number in _USUAL_GROUPS:
            word = await self.ask(_only(number), number)
            if isinstance(word, Chosen):
                self._names_groups = False
                return await self._groups_one_by_one()
            if not isinstance(word, Refused):
                return self._odd(word)
        self.answer = IkeSaid.REFUSED
        return None

    async def _groups_one_by_one(self) -> Unreachable | None:
        self.answer = IkeSaid.ACCEPTED
        for number in EVERYTHING.groups:
            word = await self.ask(_only(number), number)
            if isinstance(word, Chosen):
                self.groups.append(number)
            elif isinstance(word, Refused) and can_be_agreed_on(number):
                self.refused_groups.append(number)
            elif not isinstance(word, Refused):
                return self._odd(word)
        return _HARD_GROUPS

    def _mismatch(self, left: Sequence[int]) -> int | None:
        """A group of `left` whose value is easy, and that is probably refused."""
        candidates = (*(each for each in _UNLIKELY if each in left), *left)
        return next((each for each in candidates if is_easy(each)), next(iter(left), None))

    # Stages 2 and 3

    async def _algorithms(self) -> Unreachable | None:
        for sealed in (True, False):
            family = _family(sealed=sealed, groups=tuple(self.groups))
            stopped = await self._family(family)
            if stopped is not None:
                return stopped
        return None

    async def _family(self, family: Menu) -> Unreachable | None:
        """All that is taken of one of the two sorts of ciphers."""
        stopped = await self._diagonal(family)
        if stopped is not None or not set(family.ciphers) & set(self.found[Part.CIPHER]):
            return stopped
        for part in Part:
            stopped = await self._part(family, part)
            if stopped is not None:
                return stopped
        return None

    async def _diagonal(self, family: Menu) -> Unreachable | None:
        """Offer what was not seen yet, of every kind at once, as long as it is taken."""
        menu: Menu | None = family
        while menu is not None and menu.ciphers:
            word = await self._any_of(menu)
            if not isinstance(word, Chosen):
                return await self._family_by_halves(family, word)
            menu = self._unseen(menu)
        return None

    async def _family_by_halves(self, family: Menu, word: Word | Unreachable) -> Unreachable | None:
        if isinstance(word, Refused):
            return None
        if not isinstance(word, WantsGroup):
            return self._odd(word)
        if set(family.ciphers) & set(self.found[Part.CIPHER]):  # the rest is found kind by kind
            return None
        return await self._halve(family, Part.CIPHER, family.ciphers)

    def _unseen(self, menu: Menu) -> Menu | None:
        """The menu without what was found; None when a kind that it needs is empty."""
        rest = _without(menu, self.found)
        needs_mac = bool(menu.macs)
        return rest if rest.ciphers and rest.prfs and (rest.macs or not needs_mac) else None

    async def _part(self, family: Menu, part: Part) -> Unreachable | None:
        """All that is taken of one kind, the other kinds staying whole."""
        while rest := tuple(each for each in family.algorithms(part) if each not in self.found[part]):
            word = await self._any_of(_with(family, part, rest))
            if isinstance(word, WantsGroup):
                return await self._halve(family, part, rest)
            if isinstance(word, Refused):
                return None
            if not isinstance(word, Chosen):
                return self._odd(word)
        return None

    async def _halve(self, family: Menu, part: Part, some: tuple[Algorithm, ...]) -> Unreachable | None:
        """Find those of `some` that are taken, when one at least is; no conversation is begun."""
        if len(some) == 1:
            self._add(some[0])
            return None
        middle = len(some) // 2
        first, second = some[:middle], some[middle:]
        word = await self._whether(_with(family, part, first))
        if isinstance(word, Refused):  # then it is the other half
            # A limiter may have said that no: what is called accepted was asked for, and taken.
            if len(second) == 1 and isinstance(await self._whether(_with(family, part, second)), Refused):
                return CHANGED
            return await self._halve(family, part, second)
        stopped = await self._go_on(family, part, first, word)
        return stopped or await self._go_on(
            family, part, second, await self._whether(_with(family, part, second))
        )

    async def _go_on(
        self, family: Menu, part: Part, some: tuple[Algorithm, ...], word: Word | Unreachable
    ) -> Unreachable | None:
        match word:
            case WantsGroup() | Chosen():
                return await self._halve(family, part, some)
            case Refused():
                return None
            case _:
                return self._odd(word)

    async def _any_of(self, menu: Menu) -> Word | Unreachable:
        """What the gateway takes of the menu, or only that it takes something, when no conversation may be begun."""
        group = self._agreed()
        if group is None or not self._names_groups or not self.asker.room(MOST_HALF_OPEN):
            return await self._whether(menu)
        menu = replace(menu, groups=tuple(self.groups))
        word = await self.ask(menu, group)
        if isinstance(word, WantsGroup) and word.group != group and can_be_agreed_on(word.group):
            return await self.ask(menu, word.group)
        return word

    async def _whether(self, menu: Menu) -> Word | Unreachable:
        """`WantsGroup`: it takes something of the menu; or `Refused`; or `Chosen`, where it never names a group."""
        wrong = self._mismatch(self.refused_groups)
        if wrong is not None and self._names_groups:
            return await self.ask(replace(menu, groups=(*self.groups, wrong)), wrong)
        word: Word | Unreachable = Unreachable(Reason.PROTOCOL_ERROR, "aucun groupe ne convient")
        for group in self.groups:
            if not await self.asker.make_room():
                return Unreachable(Reason.DEADLINE)
            word = await self.ask(replace(menu, groups=(group,)), group)
            if not isinstance(word, Refused):
                return word
        return word

    def _agreed(self) -> int | None:
        """The group that the gateway likes best, of those whose values we can make."""
        return next((group for group in self.groups if can_be_agreed_on(group)), None)

    # Asking

    async def ask(self, menu: Menu, key_group: int) -> Word | Unreachable:
        """What the gateway says to one question, cookies given back; what it chose is kept."""
        word = await self._patiently(menu, key_group)
        if isinstance(word, Chosen):
            for algorithm in (word.cipher, word.prf, word.mac):
                if algorithm is not None:
                    self._add(algorithm)
            self.choices.setdefault(_together(word))
        grants = isinstance(word, Chosen | WantsGroup)
        if not isinstance(word, Unreachable) and (self.control is None or (grants and not self.granted)):
            self.control, self.granted = (menu, key_group), grants
        return word

    async def _patiently(self, menu: Menu, key_group: int) -> Word | Unreachable:
        """Silence after words is no answer: the first question shows whether the gateway still talks to us."""
        word = await self._once(menu, key_group)
        if self.control is None or not is_silence(word):
            return word
        if not is_silence(await self._once(*self.control)):
            word = await self._once(menu, key_group)
            return Unreachable(Reason.TIMEOUT, "à une des questions") if is_silence(word) else word
        return await self._once(menu, key_group) if await self.asker.rest() else word

    async def _once(self, menu: Menu, key_group: int, *, once: bool = False) -> Word | Unreachable:
        reply = await self._reply(menu, key_group, once=once)
        if isinstance(reply, Unreachable):
            return reply
        self.asker.heard.add(VERSION)
        self.vendors += reply.vendors
        self.traits.update(dict.fromkeys(reply.traits))
        if isinstance(reply.word, Chosen):
            self.asker.left_open()
        return reply.word

    async def _reply(self, menu: Menu, key_group: int, *, once: bool) -> Reply | Unreachable:
        """The answer; cookies are given back with the very same question."""
        reply = await self.asker.ask(lambda: ask_for(menu, key_group), once=once)
        for _ in range(_MOST_COOKIES):
            if isinstance(reply, Unreachable) or not isinstance(reply.word, Cookie):
                return reply
            self.asker.heard.add(VERSION)
            self.traits.setdefault(IkeTrait.COOKIE)
            question = replace(reply.question, cookie=reply.word.value)
            reply = await self.asker.ask(partial(_same, question))
        return Unreachable(Reason.PROTOCOL_ERROR, "toujours un témoin à rendre")

    def _add(self, algorithm: Algorithm) -> None:
        if algorithm not in self.found[algorithm.part]:
            self.found[algorithm.part].append(algorithm)

    def _odd(self, word: Word | Unreachable) -> Unreachable:
        """Why the survey stops at this word; it is the answer too, when there was none before."""
        cause = word if isinstance(word, Unreachable) else Unreachable(Reason.PROTOCOL_ERROR, _what(word))
        if not isinstance(self.answer, IkeSaid):
            self.answer = cause
        return cause


def _together(chosen: Chosen) -> str:
    """« aes-cbc-256 sha256 prf-sha256 groupe 14 »."""
    algorithms = (chosen.cipher, chosen.mac, chosen.prf)
    return " ".join((*(each.id for each in algorithms if each), f"groupe {chosen.group}"))


def _only(group: int) -> Menu:
    return replace(EVERYTHING, groups=(group,))


def _same(question: Question) -> Question:
    return question


def _what(word: Word) -> str:
    return word.what if isinstance(word, Oddity) else "une réponse hors de propos"


def _ids(algorithms: Sequence[Algorithm]) -> tuple[str, ...]:
    return tuple(each.id for each in algorithms)


def _family(*, sealed: bool, groups: tuple[int, ...]) -> Menu:
    ciphers = tuple(each for each in CIPHERS if each.sealed is sealed)
    return Menu(ciphers, PRFS, () if sealed else MACS, groups)


def _with(menu: Menu, part: Part, some: tuple[Algorithm, ...]) -> Menu:
    match part:
        case Part.CIPHER:
            return replace(menu, ciphers=some)
        case Part.PRF:
            return replace(menu, prfs=some)
        case Part.MAC:
            return replace(menu, macs=some)


def _without(menu: Menu, found: dict[Part, list[Algorithm]]) -> Menu:
    for part in Part:
        menu = _with(menu, part, tuple(each for each in menu.algorithms(part) if each not in found[part]))
    return menu
