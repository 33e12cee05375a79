"""The first messages of IKEv1 (RFC 2409): main and aggressive mode, and what is answered. Pure."""

import itertools
import secrets
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from cyberaudit.facts.ike import IkeTrait
from cyberaudit.facts.ike_algorithms import Algorithm
from cyberaudit.frozen import frozen
from cyberaudit.probes.ike import message as wire
from cyberaudit.probes.ike.key_values import key_value
from cyberaudit.probes.ike.message import Message, Payload
from cyberaudit.probes.ike.vendors import (
    DEAD_PEER_DETECTION,
    FRAGMENTATION,
    NAT_TRAVERSAL,
    XAUTH,
    vendor_traits,
)
from cyberaudit.probes.ike.words import INVALID_MAJOR_VERSION, Oddity, OtherVersion, Refused

# RFC 2408 §3.1: payloads and exchanges.
SA, PROPOSAL, TRANSFORM, KEY_EXCHANGE, IDENTITY, HASH, NONCE, NOTIFY, VENDOR = 1, 2, 3, 4, 5, 8, 10, 11, 13
MAIN, AGGRESSIVE, INFORMATIONAL = 2, 4, 5
# RFC 2408 §3.14.1: INVALID-EXCHANGE-TYPE; those that refuse a proposal. RFC 7296 §3.2: the notification of IKEv2.
_INVALID_EXCHANGE: Final = 7
_NOTIFY_2: Final = 41
NO_PROPOSAL_CHOSEN: Final = 14
_REFUSALS: Final = frozenset({2, 3, 12, 13, 14, _INVALID_EXCHANGE})
# RFC 2408 §3.14.1: INVALID-ID-INFORMATION, AUTHENTICATION-FAILED: what a stranger hears in aggressive mode.
_STRANGER: Final = frozenset({18, 24})
# RFC 2407 §4.2 and §4.4.1: the IPsec DOI, SIT_IDENTITY_ONLY, PROTO_ISAKMP, KEY_IKE.
_DOI: Final = struct.pack("!II", 1, 1)
_ISAKMP, _KEY_IKE = 1, 1
# RFC 2409 appendix A: attributes.
_CIPHER, _HASH, _PROOF, _GROUP, _LIFE_TYPE, _LIFE, _KEY_LENGTH = 1, 2, 3, 4, 11, 12, 14
_SECONDS: Final = 1
# RFC 2408 §3.6: before the attributes.
_TRANSFORM_HEAD: Final = 8
# Ours: eight hours, what most clients propose.
_LIFETIME: Final = 28_800
# RFC 8200 §5: a packet of 1,280 bytes passes everywhere without being cut; less the headers of IPv6 and UDP, and the
# marker of port 4500.
MOST_BYTES: Final = 1280 - 48 - 4
# RFC 2407 §4.6.2.1: ID_USER_FQDN. RFC 2606: .invalid is nobody's.
_IDENTITY: Final = struct.pack("!BBH", 3, 0, 0) + b"visiteur@cyberaudit.invalid"
# RFC 2409 §5: 8 to 256 bytes.
_NONCE_BYTES: Final = 16
# RFC 2409 appendix A, draft-beaulieu-ike-xauth-02 §7.2, draft-zegman-ike-hybrid-auth-01 §3.2.1, RFC 4754 §4.
PROOFS: Final = {
    1: "psk", 3: "rsa", 9: "ecdsa", 10: "ecdsa", 11: "ecdsa", 64221: "hybrid", 65001: "xauth-psk", 65005: "xauth-rsa",
}  # fmt: skip
_SHARED_KEY: Final = frozenset({"psk", "xauth-psk"})


@frozen
class Transform:
    """One whole choice: IKEv1 has no other."""

    cipher: Algorithm
    hash: Algorithm
    group: int
    proof: int
    """A key of `PROOFS`."""


def combined(
    ciphers: Iterable[Algorithm], hashes: Iterable[Algorithm], groups: Iterable[int], *, proof: int
) -> tuple[Transform, ...]:
    """Every combination, the first ciphers first."""
    return tuple(
        Transform(cipher, hashed, group, proof)
        for cipher, hashed, group in itertools.product(ciphers, hashes, groups)
    )


@frozen
class Picked:
    """The gateway took this one, with what it drew to know our conversation by."""

    transform: Transform
    responder: bytes
    hash_sent: bool
    """Aggressive mode only: it sent a hash made of a shared key. The hash itself is not kept."""


@frozen
class Stranger:
    """It would talk, but not with the identity that we gave."""


Word = Picked | Refused | OtherVersion | Stranger | Oddity


@frozen
class Reply:
    """One answer, and what it tells of the gateway by the way."""

    question: "Question"
    word: Word
    vendors: tuple[bytes, ...] = ()
    traits: tuple[IkeTrait, ...] = ()


@frozen
class Question:
    """The first message of one mode."""

    transforms: tuple[Transform, ...]
    """One of `portions`; in aggressive mode all of one group."""
    exchange: int
    cookie: bytes
    key: bytes
    nonce: bytes

    def written(self, *, lasting: bool = True) -> bytes:
        """The datagram, without the marker of port 4500; `lasting`: transforms have a lifetime, if there is room."""
        own = (NAT_TRAVERSAL, DEAD_PEER_DETECTION, XAUTH, FRAGMENTATION)
        payloads = (
            Payload(SA, _DOI + _proposal(self.transforms, lasting=lasting)),
            *self._opening(),
            *(Payload(VENDOR, each) for each in own),
        )
        whole = wire.write(Message(self.cookie, bytes(8), wire.V1, self.exchange, 0, 0, payloads))
        return self.written(lasting=False) if lasting and len(whole) > MOST_BYTES else whole

    def _opening(self) -> tuple[Payload, ...]:
        if self.exchange == MAIN:
            return ()
        return (Payload(KEY_EXCHANGE, self.key), Payload(NONCE, self.nonce), Payload(IDENTITY, _IDENTITY))

    def read(self, data: bytes) -> Reply | None:
        """What `data` answers; None when it is no answer to this question."""
        answer = wire.read(data)
        if answer is None or answer.initiator != self.cookie:
            return None
        if answer.version >> 4 != 1:
            return Reply(self, _other_version(answer))
        if answer.exchange != INFORMATIONAL and answer.responder == bytes(8):  # a question, not an answer
            return None
        vendors = answer.all(VENDOR)
        return Reply(self, self._word(answer), vendors, vendor_traits(vendors))

    def _word(self, answer: Message) -> Word:
        chosen = answer.first(SA)
        if answer.exchange == self.exchange and chosen is not None:
            transform = _chosen(chosen, self.transforms)
            if transform is None:
                return Oddity("une proposition qui n'a pas été faite")
            shared = PROOFS[transform.proof] in _SHARED_KEY
            return Picked(transform, answer.responder, shared and answer.first(HASH) is not None)
        return _noticed(answer)

    def dismissal(self, picked: Picked) -> bytes:
        """What a client sends that does not like the choice: the gateway may forget our conversation."""
        notice = struct.pack("!IBBH", 1, _ISAKMP, 16, NO_PROPOSAL_CHOSEN) + self.cookie + picked.responder
        number = secrets.randbits(32)
        payloads = (Payload(NOTIFY, notice),)
        return wire.write(Message(self.cookie, picked.responder, wire.V1, INFORMATIONAL, 0, number, payloads))


Mode = Callable[[tuple[Transform, ...]], Question]


def main_mode(transforms: tuple[Transform, ...]) -> Question:
    """A new question of the ordinary mode."""
    return Question(transforms, MAIN, secrets.token_bytes(8), b"", b"")


def aggressive_mode(transforms: tuple[Transform, ...]) -> Question:
    """A new question of the mode in three messages, by somebody whom nobody knows."""
    key = key_value(transforms[0].group)
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return Question(transforms, AGGRESSIVE, secrets.token_bytes(8), key, nonce)


def _other_version(answer: Message) -> Word:
    """An answer of another version: an IKEv2 notification may say that ours is not spoken."""
    bodies = answer.all(_NOTIFY_2) if answer.version >> 4 == 2 else ()
    kinds = [struct.unpack_from("!H", body, 2)[0] for body in bodies if len(body) >= 4]
    return OtherVersion() if INVALID_MAJOR_VERSION in kinds else Oddity("une réponse d'une autre version")


def _noticed(answer: Message) -> Word:
    kinds = [struct.unpack_from("!H", body, 6)[0] for body in answer.all(NOTIFY) if len(body) >= 8]
    if INVALID_MAJOR_VERSION in kinds:
        return OtherVersion()
    if _REFUSALS & set(kinds):
        return Refused()
    if _STRANGER & set(kinds):
        return Stranger()
    return Oddity(f"avis {kinds[0]}" if kinds else "une réponse sans proposition")


def _proposal(transforms: tuple[Transform, ...], *, lasting: bool) -> bytes:
    head = struct.pack("!BBBB", 1, _ISAKMP, 0, len(transforms))
    bodies = (
        struct.pack("!BBH", number, _KEY_IKE, 0) + _attributes(each, lasting=lasting)
        for number, each in enumerate(transforms, 1)
    )
    return wire.chained([head + wire.chained(bodies, more=TRANSFORM)], more=PROPOSAL)


def _attributes(transform: Transform, *, lasting: bool) -> bytes:
    # RFC 2409 appendix A: a lifetime may be left out; the gateway's own then holds.
    life = ((_LIFE_TYPE, _SECONDS), (_LIFE, _LIFETIME)) if lasting else ()
    pairs = (
        (_CIPHER, transform.cipher.old),
        *(((_KEY_LENGTH, transform.cipher.bits),) if transform.cipher.bits else ()),
        (_HASH, transform.hash.old),
        (_PROOF, transform.proof),
        (_GROUP, transform.group),
        *life,
    )
    return b"".join(wire.attribute(kind, value) for kind, value in pairs)


def _chosen(body: bytes, offered: tuple[Transform, ...]) -> Transform | None:
    """The one transform of an answer, among what was offered; None when it is anything else."""
    proposals = wire.unchained(body[len(_DOI) :])
    if proposals is None or len(proposals) != 1 or len(proposals[0]) < 4:
        return None
    size = proposals[0][2]
    transforms = wire.unchained(proposals[0][4 + size :])
    if transforms is None or len(transforms) != 1:
        return None
    told = wire.attributes(transforms[0][4:]) or {}
    fitting = next((each for each in offered if _fits(each, told)), None)
    proof = told.get(_PROOF, 0)
    # strongSwan names the first proof that was offered, whatever the transform.
    return replace(fitting, proof=proof) if fitting and proof in {each.proof for each in offered} else None


def _fits(transform: Transform, told: dict[int, int]) -> bool:
    wanted = (transform.cipher.old, transform.hash.old, transform.group)
    same = wanted == tuple(told.get(kind, 0) for kind in (_CIPHER, _HASH, _GROUP))
    return same and transform.cipher.bits == told.get(_KEY_LENGTH, transform.cipher.bits)


def portions(transforms: Iterable[Transform], *, mode: Mode) -> Iterator[tuple[Transform, ...]]:
    """As many as one datagram of `mode` holds, the first ones first."""
    some: list[Transform] = []
    room = 0
    for transform in transforms:
        size = _TRANSFORM_HEAD + len(_attributes(transform, lasting=False))
        if size > room:
            if some:
                yield tuple(some)
            some, room = [], MOST_BYTES - len(mode((transform,)).written(lasting=False)) + size
        some.append(transform)
        room -= size
    if some:
        yield tuple(some)
