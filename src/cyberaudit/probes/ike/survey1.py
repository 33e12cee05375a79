"""What an IKEv1 gateway would agree on, in main mode and in aggressive mode, in few questions.

Each transform of IKEv1 is a whole choice, and a datagram holds some thirty. So the usual ones are offered first, with
each way to prove oneself; where one is taken, everything made of the core is asked kind by kind, as for IKEv2. Every
conversation that the gateway begins is ended by a word: it need not be kept half-open.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from cyberaudit.facts.ike import IkeOffer, IkeSaid, IkeTrait
from cyberaudit.facts.ike_algorithms import BY_ID, Algorithm
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.ike.asking import Asker
from cyberaudit.probes.ike.version1 import (
    PROOFS,
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
_PSK, _RSA, _HYBRID, _XAUTH_PSK, _XAUTH_RSA = 1, 3, 64221, 65001, 65005


def _of(*identifiers: str) -> tuple[Algorithm, ...]:
    return tuple(BY_ID[each] for each in identifiers)


_STRONG, _AES = _of("aes-cbc-256", "aes-cbc-128", "3des"), _of("aes-cbc-256", "aes-cbc-128")
CIPHERS: Final = _of("aes-cbc-256", "aes-cbc-128", "3des", "des")
HASHES: Final = _of("sha256", "sha1", "md5")
GROUPS: Final = (14, 5, 2, 1)
"""With `CIPHERS` and `HASHES`, the core: what gateways of these years take, weak or not."""


def likely(proof: int) -> tuple[Transform, ...]:
    """What most gateways take one of, in one datagram."""
    des = combined(_of("des"), _of("sha1", "md5"), (1,), proof=proof)
    others = combined(_of("des"), _of("sha1"), (2,), proof=proof)
    return (*combined(_STRONG, HASHES, (14, 5, 2), proof=proof), *des, *others)


def _modern() -> tuple[Transform, ...]:
    sha2 = _of("sha256", "sha384", "sha512")
    return (
        *combined(_AES, sha2, (19, 20, 21, 15), proof=_PSK),
        *combined(_AES, _of("sha256"), (16, 31), proof=_PSK),
        *combined(_of("aes-cbc-192"), _of("sha256", "sha1"), (14,), proof=_PSK),
    )


def _certificates() -> tuple[Transform, ...]:
    curves = ((9, "sha256", 19), (10, "sha384", 20), (11, "sha512", 21))
    return (
        *combined(_AES, _of("sha256", "sha384"), (19, 20, 15), proof=_RSA),
        *(
            each
            for proof, hashed, group in curves
            for each in combined(_AES, _of(hashed), (group,), proof=proof)
        ),
        *combined(_STRONG, _of("sha256", "sha1"), (14, 2), proof=_XAUTH_RSA),
    )


def _rare() -> tuple[Transform, ...]:
    return (
        *combined(_AES, _of("sha256", "sha1"), (22, 23, 24), proof=_PSK),
        *combined(_STRONG, _of("sha256", "sha1"), (14, 5, 2), proof=_HYBRID),
    )


OPENINGS: Final[tuple[Callable[[], tuple[Transform, ...]], ...]] = (
    lambda: likely(_PSK),
    lambda: likely(_RSA),
    lambda: likely(_XAUTH_PSK),
    _modern,
    _certificates,
    _rare,
)
"""Each in one datagram: all of them refused, IKEv1 is."""
# Ours: the groups of clients with a shared key, the most used first; four questions at most.
_AGGRESSIVE_GROUPS: Final = (2, 14, 5)
_MOST_AGGRESSIVE: Final = 4
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
    vendors: list[bytes] = field(default_factory=list)
    traits: dict[IkeTrait, None] = field(default_factory=dict)
    whole: bool | Unreachable = field(default_factory=lambda: Unreachable(Reason.NOT_LOOKED))
    control: tuple[Transform, ...] = ()
    """What was answered first: to be asked again after a silence."""

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
        )

    # Main mode

    async def _main(self) -> Unreachable | None:
        taken: list[Picked] = []
        for opening in OPENINGS:
            word = await self.ask(main_mode, opening())
            if isinstance(word, OtherVersion):
                self.answer = IkeSaid.ABSENT
                return None
            if isinstance(word, Picked):
                taken.append(word)
            elif not isinstance(word, Refused):
                return self._odd(word)
            self.answer = IkeSaid.ACCEPTED if taken else IkeSaid.REFUSED
        return await self._core(taken[0].transform.proof) if taken else None

    async def _core(self, proof: int) -> Unreachable | None:
        """All that is taken of the core, with one way to prove oneself."""
        for rest in (self._rest_of_ciphers, self._rest_of_hashes, self._rest_of_groups):
            while offered := rest(proof):
                word = await self._first_taken(offered)
                if isinstance(word, Refused):
                    break
                if not isinstance(word, Picked):
                    return self._odd(word)
        return None

    def _rest_of_ciphers(self, proof: int) -> tuple[Transform, ...]:
        return combined(_beside(self.ciphers, CIPHERS), HASHES, GROUPS, proof=proof)

    def _rest_of_hashes(self, proof: int) -> tuple[Transform, ...]:
        return combined(CIPHERS, _beside(self.hashes, HASHES), GROUPS, proof=proof)

    def _rest_of_groups(self, proof: int) -> tuple[Transform, ...]:
        return combined(CIPHERS, HASHES, _beside(self.groups, GROUPS), proof=proof)

    async def _first_taken(self, transforms: tuple[Transform, ...]) -> Word | Unreachable:
        """What the gateway takes of these, however many datagrams they fill."""
        word: Word | Unreachable = Refused()
        for some in portions(transforms):
            word = await self.ask(main_mode, some)
            if not isinstance(word, Refused):
                return word
        return word

    # Aggressive mode

    async def _aggressive(self) -> None:
        """One question a group, until a hash comes."""
        self.hash_sent = False
        groups = dict.fromkeys((*(group for group in self.groups if group in GROUPS), *_AGGRESSIVE_GROUPS))
        for group in tuple(groups)[:_MOST_AGGRESSIVE]:
            proofs = (combined(CIPHERS, HASHES, (group,), proof=proof) for proof in (_PSK, _XAUTH_PSK))
            word = await self.ask(aggressive_mode, tuple(each for some in proofs for each in some))
            self._hear_aggressive(word)
            if self.hash_sent is not False:
                return

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
                self.aggressive = self.hash_sent = _cause(word)

    # Asking

    async def ask(
        self, mode: Callable[[tuple[Transform, ...]], Question], offered: tuple[Transform, ...]
    ) -> Word | Unreachable:
        """What the gateway says to one question. Silence after words is no answer: whether it still talks is asked."""
        if not await self.asker.make_room():
            return Unreachable(Reason.DEADLINE)
        word = await self._once(mode, offered)
        if not isinstance(word, Unreachable):
            self.control = self.control or (offered if mode is main_mode else ())
            return word
        if not self.control or word.reason is not Reason.TIMEOUT:
            return word
        again = await self._once(main_mode, self.control)
        if isinstance(again, Unreachable) and not await self.asker.rest():
            return word
        return await self._once(mode, offered)

    async def _once(
        self, mode: Callable[[tuple[Transform, ...]], Question], offered: tuple[Transform, ...]
    ) -> Word | Unreachable:
        reply = await self.asker.ask(lambda: mode(offered))
        if isinstance(reply, Unreachable):
            return reply
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


def _beside(found: Sequence[T], known: Iterable[T]) -> tuple[T, ...]:
    return tuple(each for each in known if each not in found)


def _add(found: list[T], one: T) -> None:
    if one not in found:
        found.append(one)
