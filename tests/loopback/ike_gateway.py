"""A small IPsec gateway for the tests: the first answers of IKE, both versions, with every humour of real ones."""

import itertools
import secrets
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from cyberaudit.facts.ike_algorithms import BY_ID, GROUP
from cyberaudit.probes.ike import message as wire
from cyberaudit.probes.ike.message import Message, Payload

PROPOSAL_REFUSED, BAD_GROUP, COOKIE, OTHER_VERSION = 14, 17, 16390, 5


@dataclass(frozen=True)
class Suite:
    """One proposal of the configuration: any of these together."""

    ciphers: tuple[str, ...]
    macs: tuple[str, ...]
    prfs: tuple[str, ...]
    groups: tuple[int, ...]


@dataclass
class Gateway:
    """What it takes, and how it behaves."""

    suites: tuple[Suite, ...] = ()
    """IKEv2."""
    old: tuple[tuple[str, str, int], ...] = ()
    """IKEv1: cipher, hash, group."""
    proofs: tuple[int, ...] = (1,)
    aggressive: bool = False
    speaks: tuple[int, ...] = (1, 2)
    """Versions that are answered; the others are not."""
    says_other_version: bool = False
    """A version that is not spoken is answered by INVALID_MAJOR_VERSION."""
    cookies: bool = False
    refuses_in_silence: bool = False
    names_groups: bool = True
    """False: a wrong group is refused like everything else."""
    ignores: tuple[str, ...] = ()
    """`main`, `aggressive`: modes of IKEv1 that are never answered."""
    most_half_open: int = 1000
    mute_after: int = 10_000
    """Answers after which none is given."""
    lies: str = ""
    """`unoffered`, `two`, `group`, `notice`, `garbage`, `cookies`: what is sent instead of an answer; `no`: it refuses
    everything from then on; `crossed`: a refusal in the other version of IKE."""
    lies_after: int = 0
    """Answers after which it lies."""
    crosses: int = 1
    """The version whose questions are answered in the other."""
    loses: int = 0
    """Every so many answers, one is not sent."""
    product: tuple[bytes, ...] = ()
    asked: int = 0
    answered: int = 0
    forgets_after: float = 1000.0
    """Seconds a conversation stays half-open."""
    rests: float = 0.0
    """Seconds after an answer in which none is given: a limiter."""
    knows_nobody: bool = False
    """The aggressive mode wants an identity that it knows."""
    dismissed: int = 0
    _begun: list[float] = field(default_factory=list)
    _spoke: float = 0.0
    _secret: bytes = field(default_factory=lambda: secrets.token_bytes(8))

    @property
    def half_open(self) -> int:
        return sum(time.monotonic() - at < self.forgets_after for at in self._begun)

    def answer(self, data: bytes) -> bytes | None:
        """What it sends back; None: nothing."""
        question = wire.read(data)
        if question is None:
            return None
        if question.exchange == 5:
            self.dismissed += 1
            self._begun.pop()
            return None
        self.asked += 1
        limited = self.rests and time.monotonic() - self._spoke < self.rests
        answer = None if limited else self._said(question, data)
        if answer is not None:
            self._spoke = time.monotonic()
        self.answered += answer is not None
        return answer

    def _said(self, question: Message, data: bytes) -> bytes | None:
        if self.answered >= self.mute_after or self.half_open >= self.most_half_open:
            return None
        if self.loses and self.asked % self.loses == 0:
            return None
        version = question.version >> 4
        if version not in self.speaks:
            return _notice(question, OTHER_VERSION) if self.says_other_version else None
        if self.lies == "no" and self.answered >= self.lies_after:
            return _notice(question, PROPOSAL_REFUSED)
        if self.lies == "crossed" and version == self.crosses:
            return _notice(question, PROPOSAL_REFUSED, crossed=True)
        if self.lies == "garbage":
            return data[:20] + secrets.token_bytes(40)
        return self._answer2(question) if version == 2 else self._answer1(question)

    def _refusal(self, question: Message) -> bytes | None:
        return None if self.refuses_in_silence else _notice(question, PROPOSAL_REFUSED)

    def _answer2(self, question: Message) -> bytes | None:
        if self.lies == "notice" and self.answered >= self.lies_after:
            return _notice(question, 7)
        if self.cookies and not self._gives_cookie_back(question):
            fresh = self.lies == "cookies"
            return _notice(question, COOKIE, secrets.token_bytes(8) if fresh else self._cookie(question))
        offered = [_transforms2(each) for each in wire.unchained(question.first(33) or b"") or ()]
        key = struct.unpack_from("!H", question.first(34) or b"\0\0")[0]
        found = self._choose(offered, key) or self._choose(offered, 0)
        if found is None:
            return self._refusal(question)
        number, picked = found
        if self.lies == "group":
            return _notice(question, BAD_GROUP, struct.pack("!H", 99))
        if picked[4][0] != key:
            wanted = struct.pack("!H", picked[4][0])
            return _notice(question, BAD_GROUP, wanted) if self.names_groups else self._refusal(question)
        self._begun.append(time.monotonic())
        if self.lies == "unoffered":
            picked[1] = (12, 64)
        return self._accept2(question, number, picked)

    def _choose(self, offered: list[dict[int, list[tuple[int, int]]]], key: int) -> "_Found | None":
        for suite, (number, menu) in itertools.product(self.suites, enumerate(offered, 1)):
            groups = [(key, 0)] if key in suite.groups else [(group, 0) for group in suite.groups if not key]
            wanted = {1: _numbers(suite.ciphers), 2: _numbers(suite.prfs), 4: groups}
            if 3 in menu:
                wanted[3] = _numbers(suite.macs)
            elif suite.macs:
                continue
            picked = {
                kind: next((each for each in some if each in menu.get(kind, [])), None)
                for kind, some in wanted.items()
            }
            if None not in picked.values():
                return number, {kind: each for kind, each in picked.items() if each}
        return None

    def _accept2(self, question: Message, number: int, picked: dict[int, tuple[int, int]]) -> bytes:
        transforms = [
            struct.pack("!BBH", kind, 0, value) + (wire.attribute(14, bits) if bits else b"")
            for kind, (value, bits) in picked.items()
        ]
        head = struct.pack("!BBBB", number, 1, 0, len(transforms))
        proposal = head + wire.chained(transforms, more=3)
        several = [proposal, proposal] if self.lies == "two" else [proposal]
        group = picked[4][0]
        payloads = (
            Payload(33, wire.chained(several, more=2)),
            Payload(34, struct.pack("!HH", group, 0) + bytes(GROUP[group].size)),
            Payload(40, secrets.token_bytes(32)),
            Payload(41, struct.pack("!BBH", 0, 0, 16388) + bytes(20)),
            *(Payload(43, each) for each in self.product),
        )
        return wire.write(Message(question.initiator, b"respond!", 0x20, 34, 0x20, 0, payloads))

    def _cookie(self, question: Message) -> bytes:
        return self._secret + question.initiator

    def _gives_cookie_back(self, question: Message) -> bool:
        return any(body[4:] == self._cookie(question) for body in question.all(41))

    def _answer1(self, question: Message) -> bytes | None:
        if {2: "main", 4: "aggressive"}.get(question.exchange) in self.ignores:
            return None
        if question.exchange == 4 and self.knows_nobody:
            return _notice(question, 24)
        if question.exchange == 4 and not self.aggressive:
            return self._refusal(question)
        if self.lies == "notice" and self.answered >= self.lies_after:
            return _notice(question, 16)
        proposal = (wire.unchained((question.first(1) or b"")[8:]) or (b"",))[0]
        offered = wire.unchained(proposal[4:]) or ()
        told = [(each, wire.attributes(each[4:]) or {}) for each in offered]
        for cipher, hashed, group in self.old:
            known = BY_ID[cipher]
            wanted = (known.old, known.bits, BY_ID[hashed].old, group)
            for body, has in told:
                if (has.get(1), has.get(14, 0), has.get(2), has.get(4)) == wanted and has.get(
                    3
                ) in self.proofs:
                    self._begun.append(time.monotonic())
                    return self._accept1(question, body)
        return self._refusal(question)

    def _accept1(self, question: Message, transform: bytes) -> bytes:
        head = struct.pack("!BBBB", 1, 1, 0, 1)
        body = struct.pack("!II", 1, 1) + wire.chained([head + wire.chained([transform], more=3)], more=2)
        secret = (Payload(4, bytes(128)), Payload(10, bytes(16)), Payload(5, bytes(8)), Payload(8, b"H" * 20))
        extra = secret if question.exchange == 4 else ()
        vendors = (Payload(13, each) for each in self.product)
        payloads = (Payload(1, body), *extra, *vendors)
        return wire.write(Message(question.initiator, b"respond!", 0x10, question.exchange, 0, 0, payloads))


_Found = tuple[int, dict[int, tuple[int, int]]]


def _numbers(names: tuple[str, ...]) -> list[tuple[int, int]]:
    return [(BY_ID[name].number, BY_ID[name].bits) for name in names]


def _transforms2(proposal: bytes) -> dict[int, list[tuple[int, int]]]:
    found: dict[int, list[tuple[int, int]]] = {}
    for body in wire.unchained(proposal[4:]) or ():
        kind, _, number = struct.unpack_from("!BBH", body)
        found.setdefault(kind, []).append((number, (wire.attributes(body[4:]) or {}).get(14, 0)))
    return found


def _notice(question: Message, kind: int, data: bytes = b"", *, crossed: bool = False) -> bytes:
    """A notification in the version of the question, or in the other when it is that which is told."""
    version = question.version >> 4
    if crossed or kind == OTHER_VERSION:
        version = 3 - version
    if version == 2:
        body = struct.pack("!BBH", 0, 0, kind) + data
        exchange = 34 if kind != OTHER_VERSION else 37
        message = Message(question.initiator, bytes(8), 0x20, exchange, 0x20, 0, (Payload(41, body),))
    else:
        body = struct.pack("!IBBH", 1, 1, 0, kind) + data
        message = Message(question.initiator, bytes(8), 0x10, 5, 0, 7, (Payload(11, body),))
    return wire.write(message)


@contextmanager
def standing(gateway: Gateway, *, marked: bool = False) -> Iterator[int]:
    """The gateway on a UDP port of this machine, until the end of the block; `marked`: as on port 4500."""
    marker = bytes(4) if marked else b""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(0.1)
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    data, sender = sock.recvfrom(65535)
                except TimeoutError:
                    continue
                answer = gateway.answer(data[len(marker) :]) if data.startswith(marker) else None
                if answer is not None:
                    sock.sendto(marker + answer, sender)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield sock.getsockname()[1]
        finally:
            ended.set()
            thread.join()
