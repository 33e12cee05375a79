"""What an IKEv1 gateway would agree on, in main mode and in aggressive mode.

Each transform of IKEv1 is a whole choice, and a datagram holds some forty. So the whole product of the usual values is
offered, with each way to prove oneself, the likeliest first: only then « refused » is said. Where one is taken, what
was not refused yet is asked kind by kind, as for IKEv2. Every conversation that the gateway begins is ended by a word:
it need not be kept half-open.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Final, TypeVar

from cyberaudit.facts.ike import IkeOffer, IkeSaid, IkeTrait
from cyberaudit.facts.ike_algorithms import BY_ID, Algorithm
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.ike.asking import Asker
from cyberaudit.probes.ike.silence import CHANGED, Sane, is_silence, put_in_vain
from cyberaudit.probes.ike.version1 import (
    PROOFS,
    Mode,
    Picked,
    Question,
    Stranger,
    Transform,
    Word,
    aggressive_mode,
    combined,
    main_mode,
    portions,
)
from cyberaudit.probes.ike.words import Oddity, OtherVersion, Refused

T = TypeVar("T")
VERSION: Final = "IKEv1"
_AGGRESSIVE: Final = "IKEv1, aggressive"
_PSK, _RSA, _HYBRID, _XAUTH_PSK, _XAUTH_RSA = 1, 3, 64221, 65001, 65005


def _of(*identifiers: str) -> tuple[Algorithm, ...]:
    return tuple(BY_ID[each] for each in identifiers)


CIPHERS: Final = _of("aes-cbc-256", "aes-cbc-192", "aes-cbc-128", "3des", "des")
HASHES: Final = _of("sha256", "sha1", "sha512", "sha384", "md5")
GROUPS: Final = (14, 2, 5, 19, 20, 16, 15, 21, 1)
"""Each of `CIPHERS` with each of `HASHES` and of these: the core, what gateways of these years take, weak or not."""
# RFC 4754 §4: each with its own hash.
_ECDSA: Final = ((9, "sha256"), (10, "sha384"), (11, "sha512"))


def likely(proof: int) -> tuple[Transform, ...]:
    """What most gateways take one of, in one datagram."""
    strong = _of("aes-cbc-256", "aes-cbc-128", "3des")
    des = combined(_of("des"), _of("sha1", "md5"), (1,), proof=proof)
    others = combined(_of("des"), _of("sha1"), (2,), proof=proof)
    return (*combined(strong, _of("sha256", "sha1", "md5"), (14, 5, 2), proof=proof), *des, *others)


def _core() -> Iterator[Transform]:
    for proof in (_PSK, _RSA, _XAUTH_PSK, _HYBRID):
        yield from combined(CIPHERS, HASHES, GROUPS, proof=proof)
    for proof, own in _ECDSA:
        yield from combined(CIPHERS, _of(own), GROUPS, proof=proof)


def _rare() -> Iterator[Transform]:
    """Some of what is no part of the core."""
    aes, sha = _of("aes-cbc-256", "aes-cbc-128"), _of("sha256", "sha1")
    yield from combined((*aes, *_of("3des")), sha, (14, 2), proof=_XAUTH_RSA)
    yield from combined(aes, sha, (22, 23, 24, 31), proof=_PSK)
    others = _of("camellia-cbc-256", "camellia-cbc-128", "blowfish-128", "cast-128")
    yield from combined(others, sha, (14, 2), proof=_PSK)


@cache
def openings() -> tuple[tuple[Transform, ...], ...]:
    """Each for one datagram of the main mode: all of them refused, IKEv1 is.

    Ours: 27 of them, six seconds; fewer would leave out a part of the core, and a refusal would prove less.
    """
    first = tuple(likely(proof) for proof in (_PSK, _RSA, _XAUTH_PSK))
    said = {transform for opening in first for transform in opening}
    rest = (transform for transform in (*_core(), *_rare()) if transform not in said)
    return (*first, *portions(rest, mode=main_mode))


# Ours: the groups of clients with a shared key, the most used first.
_AGGRESSIVE_GROUPS: Final = (2, 14, 5, 19, 16, 20, 15, 21, 1)
STRANGER: Final = Unreachable(Reason.PERMISSION_DENIED, "identité inconnue du serveur")
"""The aggressive mode may be open to somebody else."""


@dataclass(slots=True)
class Survey1:
    """One gateway, and what it was seen to take."""

    asker: Asker
    answer: IkeSaid | Unreachable = field(default_factory=lambda: Unreachable(Reason.NOT_LOOKED))
    aggressive: IkeSaid | Unreachable = field(default_factory=lambda: Unreachable(Reason.NOT_LOOKED))
    hash_sent: bool | Unreachable = field(default_factory=lambda: Unreachable(Reason.NOT_LOOKED))
    ciphers: list[Algorithm] = field(default_factory=list)
    hashes: list[Algorithm] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    proofs: list[str] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)
    vendors: list[bytes] = field(default_factory=list)
    traits: dict[IkeTrait, None] = field(default_factory=dict)
    whole: bool | Unreachable = field(default_factory=lambda: Unreachable(Reason.NOT_LOOKED))
    control: tuple[Transform, ...] = ()
    """What was taken first, or refused first where nothing was taken: to be asked again after a silence, or a no."""
    granted: bool = False
    """Something of `control` was taken."""
    refused: set[Transform] = field(default_factory=set)
    """Of the main mode."""

    async def run(self) -> None:
        """Ask all there is to ask; what was found stands in the fields, in every case."""
        stopped = await self._main()
        if isinstance(self.answer, IkeSaid):
            self.whole = stopped or True
        if self.answer is IkeSaid.ABSENT:
            self.aggressive, self.hash_sent = IkeSaid.ABSENT, False
        else:
            await self._aggressive()

    def offer(self) -> IkeOffer:
        """The facts of the main mode."""
        return IkeOffer(
            version=VERSION,
            answer=self.answer,
            ciphers=tuple(each.id for each in self.ciphers),
            macs=tuple(each.id for each in self.hashes),
            prfs=(),
            groups=tuple(self.groups),
            proofs=tuple(self.proofs),
            whole=self.whole,
            choices=tuple(self.choices),
        )

    async def still_answers(self, *, once: bool = False) -> bool | Unreachable:
        """The control of the main mode finds the same answer as at first."""
        if not self.control:
            return Unreachable(Reason.NOT_LOOKED)
        if not await self.asker.make_room():
            return Unreachable(Reason.DEADLINE)
        word = await self._once(main_mode, self.control, once=once)
        if isinstance(word, Picked) or (isinstance(word, Refused | OtherVersion) and not self.granted):
            return True
        return CHANGED if isinstance(word, Refused) else _cause(word)

    def doubt(self, cause: Unreachable) -> None:
        """The gateway no longer answers as at first: what it refused proves nothing."""
        self.whole = cause if self.whole is True else self.whole
        if self.answer is IkeSaid.REFUSED:
            self.answer = cause
        if self.aggressive is IkeSaid.REFUSED:
            self.aggressive = self.hash_sent = cause

    async def hear_silence(self, sane: Sane) -> None:
        """When nothing was ever answered: whether the port, which `sane` asks otherwise, ignores either mode."""
        if is_silence(self.answer) and VERSION not in self.asker.heard:
            await self._hear_main(sane)
        if is_silence(self.aggressive) and _AGGRESSIVE not in self.asker.heard:
            await self._hear_rest(self.still_answers if self.control else sane)

    async def _hear_main(self, sane: Sane) -> None:
        questions = [partial(self._once, main_mode, opening, once=True) for opening in openings()]
        said = await put_in_vain(questions, sane, pause=self.asker.tries[-1] / 2)
        if said == ():
            self.answer, self.whole = IkeSaid.IGNORED, True
        elif isinstance(said, tuple) and any(isinstance(word, Picked) for word in said):
            self.answer, self.whole = IkeSaid.ACCEPTED, Unreachable(Reason.TIMEOUT, "à une des questions")

    async def _hear_rest(self, sane: Sane) -> None:
        questions = [
            partial(self._once, aggressive_mode, offered, once=True) for offered in self._aggressive_offers()
        ]
        said = await put_in_vain(questions, sane, pause=self.asker.tries[-1] / 2)
        if said == ():
            self.aggressive, self.hash_sent = IkeSaid.IGNORED, False
        elif isinstance(said, tuple):
            for word in said:
                if isinstance(word, Picked) and self.hash_sent is not True:
                    self._hear_aggressive(word)

    # Main mode

    async def _main(self) -> Unreachable | None:
        taken: list[Picked] = []
        for opening in openings():
            word = await self.ask(main_mode, opening)
            if isinstance(word, OtherVersion) and not isinstance(self.answer, IkeSaid):
                self.answer = IkeSaid.ABSENT
                return None
            if isinstance(word, Picked):
                taken.append(word)
            elif not isinstance(word, Refused):
                return self._odd(word)
            self.answer = IkeSaid.ACCEPTED if taken else IkeSaid.REFUSED
        return await self._rest() if taken else None

    async def _rest(self) -> Unreachable | None:
        """All that is taken of each kind, whatever goes with it."""
        for rest in (self._rest_of_ciphers, self._rest_of_hashes, self._rest_of_groups):
            while offered := rest():
                word = await self._first_taken(offered)
                if isinstance(word, Refused):
                    break
                if not isinstance(word, Picked):
                    return self._odd(word)
        return None

    def _left(self) -> Iterator[Transform]:
        """What may still be taken."""
        every = (transform for opening in openings() for transform in opening)
        return (transform for transform in every if transform not in self.refused)

    def _rest_of_ciphers(self) -> tuple[Transform, ...]:
        return tuple(each for each in self._left() if each.cipher not in self.ciphers)

    def _rest_of_hashes(self) -> tuple[Transform, ...]:
        return tuple(each for each in self._left() if each.hash not in self.hashes)

    def _rest_of_groups(self) -> tuple[Transform, ...]:
        return tuple(each for each in self._left() if each.group not in self.groups)

    async def _first_taken(self, transforms: tuple[Transform, ...]) -> Word | Unreachable:
        """What the gateway takes of these, however many datagrams they fill."""
        word: Word | Unreachable = Refused()
        for some in portions(transforms, mode=main_mode):
            word = await self.ask(main_mode, some)
            if not isinstance(word, Refused):
                return word
        return word

    # Aggressive mode

    async def _aggressive(self) -> None:
        """Two or three questions a group, until a hash comes."""
        self.hash_sent = False
        for offered in self._aggressive_offers():
            word = await self.ask(aggressive_mode, offered)
            self._hear_aggressive(word)
            if self.hash_sent is not False:
                return

    def _aggressive_offers(self) -> Iterator[tuple[Transform, ...]]:
        """The whole core with a shared key, those groups first that the main mode takes."""
        groups = (*(group for group in self.groups if group in _AGGRESSIVE_GROUPS), *_AGGRESSIVE_GROUPS)
        for group in dict.fromkeys(groups):
            yield from portions(in_group(group), mode=aggressive_mode)

    def _hear_aggressive(self, word: Word | Unreachable) -> None:
        match word:
            case Picked():
                self.aggressive, self.hash_sent = IkeSaid.ACCEPTED, word.hash_sent
            case Refused():
                self.aggressive = self.aggressive if self.aggressive is IkeSaid.ACCEPTED else IkeSaid.REFUSED
            case OtherVersion():
                self.aggressive = IkeSaid.ABSENT
            case Stranger():
                self.aggressive = self.hash_sent = STRANGER
            case _:
                self.hash_sent = _cause(word)
                self.aggressive = self.aggressive if self.aggressive is IkeSaid.ACCEPTED else self.hash_sent

    # Asking

    async def ask(self, mode: Mode, offered: tuple[Transform, ...]) -> Word | Unreachable:
        """What the gateway says to one question. Silence after words is no answer: whether it still talks is asked."""
        word = await self._patiently(mode, offered)
        if mode is main_mode and not isinstance(word, Unreachable):
            if not self.control or (isinstance(word, Picked) and not self.granted):
                self.control, self.granted = offered, isinstance(word, Picked)
            if isinstance(word, Refused):
                self.refused.update(offered)
        return word

    async def _patiently(self, mode: Mode, offered: tuple[Transform, ...]) -> Word | Unreachable:
        if not await self.asker.make_room():
            return Unreachable(Reason.DEADLINE)
        word = await self._once(mode, offered)
        if not isinstance(word, Unreachable):
            return word
        if not self.control or word.reason is not Reason.TIMEOUT:
            return word
        again = await self._once(main_mode, self.control)
        if isinstance(again, Unreachable) and not await self.asker.rest():
            return word
        return await self._once(mode, offered)

    async def _once(
        self, mode: Mode, offered: tuple[Transform, ...], *, once: bool = False
    ) -> Word | Unreachable:
        reply = await self.asker.ask(lambda: mode(offered), once=once)
        if isinstance(reply, Unreachable):
            return reply
        self.asker.heard.add(VERSION if mode is main_mode else _AGGRESSIVE)
        self.vendors += reply.vendors
        self.traits.update(dict.fromkeys(reply.traits))
        if isinstance(reply.word, Picked):
            await self._picked(reply.question, reply.word)
        return reply.word

    async def _picked(self, question: Question, picked: Picked) -> None:
        await self.asker.tell(question.dismissal(picked))
        transform = picked.transform
        _add(self.ciphers, transform.cipher)
        _add(self.hashes, transform.hash)
        _add(self.groups, transform.group)
        _add(self.proofs, PROOFS[transform.proof])
        _add(self.choices, _together(transform))

    def _odd(self, word: Word | Unreachable) -> Unreachable:
        """Why the survey stops at this word; it is the answer too, unless something was taken before."""
        cause = _cause(word)
        if self.answer is not IkeSaid.ACCEPTED:
            self.answer = cause
        return cause


def _cause(word: Word | Unreachable) -> Unreachable:
    if isinstance(word, Unreachable):
        return word
    what = word.what if isinstance(word, Oddity) else "une réponse hors de propos"
    return Unreachable(Reason.PROTOCOL_ERROR, what)


def _together(transform: Transform) -> str:
    """« aes-cbc-256 sha1 groupe 14 psk »."""
    proof = PROOFS[transform.proof]
    return f"{transform.cipher.id} {transform.hash.id} groupe {transform.group} {proof}"


def in_group(group: int) -> tuple[Transform, ...]:
    """What the aggressive mode offers: one group, any cipher and hash, a shared key."""
    proofs = (combined(CIPHERS, HASHES, (group,), proof=proof) for proof in (_PSK, _XAUTH_PSK))
    return tuple(each for some in proofs for each in some)


def _add(found: list[T], one: T) -> None:
    if one not in found:
        found.append(one)
