"""IKE_SA_INIT of IKEv2 (RFC 7296 §1.2): the question with a choice of algorithms, and what is answered. Pure."""

import secrets
import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from cyberaudit.facts.ike import IkeTrait
from cyberaudit.facts.ike_algorithms import Algorithm, Part
from cyberaudit.frozen import frozen
from cyberaudit.probes.ike import message as wire
from cyberaudit.probes.ike.key_values import key_value
from cyberaudit.probes.ike.message import Message, Payload
from cyberaudit.probes.ike.vendors import vendor_traits
from cyberaudit.probes.ike.words import INVALID_MAJOR_VERSION, Oddity, OtherVersion, Refused

# RFC 7296 §3.1 and §3.2.
SA_INIT: Final = 34
SA, KEY_EXCHANGE, NONCE, NOTIFY, VENDOR = 33, 34, 40, 41, 43
# RFC 2408 §3.1: the notification of IKEv1.
_NOTIFY_1: Final = 11
# RFC 7296 §3.10.1, RFC 7383 §2.2, RFC 5685 §4.
NO_PROPOSAL_CHOSEN, INVALID_KE_PAYLOAD, COOKIE = 14, 17, 16390
NAT_SOURCE, NAT_DESTINATION, FRAGMENTATION, REDIRECT_SUPPORTED, REDIRECT = 16388, 16389, 16430, 16406, 16407
# RFC 7296 §3.10.1: below, an error; from here on, a remark.
_FIRST_REMARK = 16384
# RFC 7296 §3.3.2: transform types; the protocol number of IKE; §3.3.5: Key Length.
_TYPES: Final = {Part.CIPHER: 1, Part.PRF: 2, Part.MAC: 3}
_GROUP_TYPE: Final = 4
_IKE_PROTOCOL: Final = 1
_KEY_LENGTH: Final = 14
_MORE_PROPOSALS, _MORE_TRANSFORMS = 2, 3
# RFC 7296 §2.6: 1 to 64 bytes.
_LONGEST_COOKIE = 64
_NONCE_BYTES = 32
_TRAITS: Final = {
    NAT_SOURCE: IkeTrait.NAT_TRAVERSAL,
    FRAGMENTATION: IkeTrait.FRAGMENTATION,
    REDIRECT_SUPPORTED: IkeTrait.REDIRECT,
    REDIRECT: IkeTrait.REDIRECT,
    COOKIE: IkeTrait.COOKIE,
}


@frozen
class Menu:
    """What is offered: any cipher with any of the rest. Ciphers that seal themselves form a proposal of their own."""

    ciphers: tuple[Algorithm, ...]
    prfs: tuple[Algorithm, ...]
    macs: tuple[Algorithm, ...]
    """For the ciphers that do not seal; with none, those are not offered."""
    groups: tuple[int, ...]

    def algorithms(self, part: Part) -> tuple[Algorithm, ...]:
        return {Part.CIPHER: self.ciphers, Part.PRF: self.prfs, Part.MAC: self.macs}[part]


@frozen
class Chosen:
    """The gateway took one of each."""

    cipher: Algorithm
    prf: Algorithm
    mac: Algorithm | None
    """None: the cipher seals by itself."""
    group: int


@frozen
class WantsGroup:
    """Something of the menu suits it, with a value of this group instead of ours."""

    group: int


@frozen
class Cookie:
    """It wants the same question again, with these bytes in front."""

    value: bytes


Word = Chosen | WantsGroup | Refused | OtherVersion | Cookie | Oddity


@frozen
class Reply:
    """One answer, and what it tells of the gateway by the way."""

    question: "Question"
    word: Word
    vendors: tuple[bytes, ...] = ()
    traits: tuple[IkeTrait, ...] = ()


@frozen
class Question:
    """One IKE_SA_INIT request; the same value is the same request, as a cookie wants it."""

    menu: Menu
    key_group: int
    spi: bytes
    nonce: bytes
    key: bytes
    cookie: bytes = b""

    def written(self) -> bytes:
        """The datagram, without the marker of port 4500."""
        remarks = ((FRAGMENTATION, b""), (REDIRECT_SUPPORTED, b""))
        # RFC 7296 §2.23: a hash of addresses; one that fits nothing is what a client behind a NAT sends.
        nat = ((NAT_SOURCE, self.nonce[:20]), (NAT_DESTINATION, self.nonce[-20:]))
        first = (Payload(NOTIFY, _notify(COOKIE, self.cookie)),) if self.cookie else ()
        payloads = (
            *first,
            Payload(SA, _proposals(self.menu)),
            Payload(KEY_EXCHANGE, struct.pack("!HH", self.key_group, 0) + self.key),
            Payload(NONCE, self.nonce),
            *(Payload(NOTIFY, _notify(kind, data)) for kind, data in (*nat, *remarks)),
        )
        return wire.write(
            Message(self.spi, bytes(8), wire.V2, SA_INIT, wire.FROM_INITIATOR, 0, payloads),
        )

    def read(self, data: bytes) -> Reply | None:
        """What `data` answers; None when it is no answer to this question."""
        answer = wire.read(data)
        if answer is None or answer.initiator != self.spi:
            return None
        if answer.version >> 4 != 2:
            return Reply(self, _other_version(answer)) if answer.exchange != SA_INIT else None
        if answer.exchange != SA_INIT or not answer.flags & wire.RESPONSE or answer.number:
            return None
        notices = dict(_notices(answer))
        vendors = answer.all(VENDOR)
        said = tuple(trait for kind, trait in _TRAITS.items() if kind in notices)
        traits = tuple(dict.fromkeys((*said, *vendor_traits(vendors))))
        return Reply(self, self._word(answer, notices), vendors, traits)

    def _word(self, answer: Message, notices: dict[int, bytes]) -> Word:
        chosen = answer.first(SA)
        if chosen is not None:
            return _chosen(chosen, self.menu) or Oddity("une proposition qui n'a pas été faite")
        if INVALID_KE_PAYLOAD in notices:
            return _wanted(notices[INVALID_KE_PAYLOAD], self.menu)
        if NO_PROPOSAL_CHOSEN in notices:
            return Refused()
        if COOKIE in notices and 1 <= len(notices[COOKIE]) <= _LONGEST_COOKIE:
            return Cookie(notices[COOKIE])
        if INVALID_MAJOR_VERSION in notices:
            return OtherVersion()
        return Oddity(_told(notices))


def ask_for(menu: Menu, key_group: int) -> Question:
    """A new question, with a value of `key_group`, everything random drawn anew."""
    return Question(
        menu=menu,
        key_group=key_group,
        spi=secrets.token_bytes(wire.SPI_BYTES),
        nonce=secrets.token_bytes(_NONCE_BYTES),
        key=key_value(key_group),
    )


def _told(notices: dict[int, bytes]) -> str:
    errors = [kind for kind in notices if kind < _FIRST_REMARK]
    return f"avis {errors[0]}" if errors else "une réponse sans proposition"


def _other_version(answer: Message) -> Word:
    """An answer of another version: an IKEv1 notification may say that ours is not spoken."""
    if answer.version >> 4 != 1:
        return Oddity(f"une version {answer.version >> 4}")
    # RFC 2408 §3.14: the DOI, the protocol and the size of the SPI come before the type; IKEv1 numbers it so.
    bodies = (body for body in answer.all(_NOTIFY_1) if len(body) >= 8)
    kinds = [struct.unpack_from("!H", body, 6)[0] for body in bodies]
    return OtherVersion() if INVALID_MAJOR_VERSION in kinds else Oddity("une réponse en IKEv1")


def _notify(kind: int, data: bytes) -> bytes:
    return struct.pack("!BBH", 0, 0, kind) + data


def _notices(answer: Message) -> Iterator[tuple[int, bytes]]:
    """(type, data) of every notification; the last first, so that the first of a kind wins in a dict."""
    for body in reversed(answer.all(NOTIFY)):
        if len(body) >= 4:
            _, size, kind = struct.unpack_from("!BBH", body)
            yield kind, body[4 + size :]


def _wanted(data: bytes, menu: Menu) -> Word:
    group = int.from_bytes(data, "big") if len(data) == 2 else 0
    return WantsGroup(group) if group in menu.groups else Oddity("un groupe qui n'a pas été offert")


def _proposals(menu: Menu) -> bytes:
    """The body of the SA payload: the ciphers that seal themselves, then the others with integrity."""
    sealed = replace(menu, ciphers=tuple(each for each in menu.ciphers if each.sealed), macs=())
    others = replace(menu, ciphers=tuple(each for each in menu.ciphers if not each.sealed))
    offered = [each for each in (sealed, others) if each.ciphers and (each is sealed or each.macs)]
    return wire.chained(
        (_proposal(number, each) for number, each in enumerate(offered, 1)), more=_MORE_PROPOSALS
    )


def _proposal(number: int, menu: Menu) -> bytes:
    transforms = [
        *(_transform(each) for each in (*menu.ciphers, *menu.prfs, *menu.macs)),
        *(struct.pack("!BBH", _GROUP_TYPE, 0, group) for group in menu.groups),
    ]
    head = struct.pack("!BBBB", number, _IKE_PROTOCOL, 0, len(transforms))
    return head + wire.chained(transforms, more=_MORE_TRANSFORMS)


def _transform(algorithm: Algorithm) -> bytes:
    length = wire.attribute(_KEY_LENGTH, algorithm.bits) if algorithm.bits else b""
    return struct.pack("!BBH", _TYPES[algorithm.part], 0, algorithm.number) + length


def _chosen(body: bytes, menu: Menu) -> Chosen | None:
    """The one proposal of an answer, made of what was offered; None when it is anything else."""
    proposals = wire.unchained(body)
    if proposals is None or len(proposals) != 1 or len(proposals[0]) < 4:
        return None
    _, protocol, spi_size, _ = struct.unpack_from("!BBBB", proposals[0])
    transforms = wire.unchained(proposals[0][4 + spi_size :])
    picked = dict(_picked(transforms or ()))
    cipher, prf, mac = (_offered(picked, menu, part) for part in (Part.CIPHER, Part.PRF, Part.MAC))
    group, _ = picked.get(_GROUP_TYPE, (0, 0))
    if protocol != _IKE_PROTOCOL or cipher is None or prf is None or group not in menu.groups:
        return None
    if cipher.sealed:
        return Chosen(cipher, prf, None, group)
    return Chosen(cipher, prf, mac, group) if mac else None


def _picked(transforms: tuple[bytes, ...]) -> Iterator[tuple[int, tuple[int, int]]]:
    """(type, (number, key length)) of each transform."""
    for body in transforms:
        if len(body) >= 4:
            kind, _, number = struct.unpack_from("!BBH", body)
            yield kind, (number, (wire.attributes(body[4:]) or {}).get(_KEY_LENGTH, 0))


def _offered(picked: dict[int, tuple[int, int]], menu: Menu, part: Part) -> Algorithm | None:
    number, bits = picked.get(_TYPES[part], (0, 0))
    return next((each for each in menu.algorithms(part) if (each.number, each.bits) == (number, bits)), None)
