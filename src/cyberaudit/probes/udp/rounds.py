"""The questions to the UDP ports of one address: put quickly first, then as slowly as its refusals come.

A Linux machine sends one refusal a second, after a burst of six (`net.ipv4.icmp_ratelimit`): asked quickly, most of
its closed ports look like silent ones. So what is silent is put again:

1. Quickly: every question at `FAST_RATE`, then the silent ones once more, twice as patiently. Where no port at all
   is refused, nobody limits anything, but answers may get lost. How many do is told by the services that spoke only
   when asked again, and by the TCP ports of the address: not their share, which few answers leave to chance, but the
   most that they do not rule out, and never more than `_UNKNOWN_LOSS` unless they show it. Of a loss p, each variant
   of a silent question is put k times, until p^k is under `DOUBT`: then its silence stands.
2. Where some ports are refused and others silent, among controls: ports of this address that were refused before.
   When more were refused than a burst holds, the silent ones are put again, quickly, among as many controls, in an
   order drawn at random. Of a loss p of these controls, measured, it takes k passes for p^k times the silent ports to
   be under `DOUBT`: the silence then stands. When most controls are missed, it is no loss but a limit.
3. Then slowly: one question a second, and the controls after every `GROUP`. The silence of a group stands when its
   controls were refused again; once a control has been missed, four such groups are needed.

What the time of a stage does not allow is `UNSTABLE`, or was not asked, never silent. An address of which TCP knows
that it went away is not asked further: its silences prove nothing.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Final

from cyberaudit.facts.reach import PortState
from cyberaudit.facts.udp import UdpAddress, UdpAnswer
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.network import Network
from cyberaudit.probes.ports.knock import Knock
from cyberaudit.probes.ports.timing import Losses
from cyberaudit.probes.udp.datagram import Heard, read_heard
from cyberaudit.probes.udp.questions import Inquiry

# Ours: sixty ports in a second and a bit; a small box is not hurried.
FAST_RATE = 50.0
# Linux, net.ipv4.icmp_ratelimit = 1000 ms: a refusal a second; a little more, for clocks are not alike.
SLOW_SECONDS = 1.05
# Ours: forty ports put one by one; the whole look stays under the 180 s of a probe.
UDP_SECONDS = 45.0
# Ours: seven passes over sixty ports, at 20 a second; takes the place of the slow questions, never both.
INSIST_SECONDS = 80.0
# Ours: five questions, then the controls: one sixth of the time goes to them.
GROUP = 5
# Ours: with 20 % of packets lost each way, six questions in all leave one silence in 460 wrong.
_PROOFS_WHEN_LOSSY = 4
# Ours: how often a service that is there may be missed; and how many silences of one address may be wrong, where its
# refusals measure the loss.
DOUBT = 0.01
# Where too little was heard: one packet in five lost, each way, as on a bad radio link.
_UNKNOWN_LOSS = 0.36
# Linux lets six refusals go at once, and one or two more while we ask: more than that is no such limit.
_MORE_THAN_A_BURST = 10
# Ours: enough where 59 % of the answers lack, 36 % each way; a pass takes three seconds.
_MOST_PASSES = 9
# Ours: a service thinks a little; the second time it is given more.
_PATIENCE: Final = (1.0, 2.0)

_REFUSALS = (PortState.CLOSED, PortState.REJECTED)
_TOO_LATE = Unreachable(Reason.DEADLINE)
_GONE = Unreachable(Reason.NO_CONTROL, "ce qui répondait ne répond plus")
_UNEXPECTED = "mots inattendus"
_LOSSY = Knock(PortState.UNSTABLE, "des réponses de cette adresse se perdent")
_ONE_BY_ONE = Knock(PortState.UNSTABLE, "les refus de cette adresse viennent un par un")


@frozen
class _Said:
    """What one question brought."""

    knock: Knock
    sent: int
    received: int = 0
    understood: bool = False


@dataclass(slots=True)
class Rounds:
    """One address, and what its ports answered so far."""

    network: Network
    address: IpAddress
    asked: Sequence[Inquiry]
    """The questions of one port stand together, the most ordinary first."""
    purpose: Purpose = Purpose.ACTIVE
    rate: float = FAST_RATE
    """Questions a second of the quick passes."""
    ended: bool = False
    """Every stage came to its end."""
    heard: dict[Inquiry, Knock] = field(default_factory=dict)
    _said: dict[Inquiry, _Said] = field(default_factory=dict)
    _tries: Counter[Inquiry] = field(default_factory=Counter)
    _next_slow: float = 0.0
    _prompt: int = 0
    """Services that spoke when first asked."""
    _late: int = 0
    """Those that spoke only when asked again."""

    async def quickly(self) -> None:
        """Both quick passes, and more while answers get lost."""
        deadline = _now() + UDP_SECONDS
        first = {inquiry.port: inquiry for inquiry in reversed(self.asked)}
        await self._pass([i for i in self.asked if first[i.port] is i], deadline=deadline)
        refused = self._ports(*_REFUSALS)
        await self._pass(
            [i for i in self.asked if first[i.port] is not i and i.port not in refused], deadline=deadline
        )
        await self._pass(self.silent(), deadline=deadline)

    async def insist(self, known: Losses) -> None:
        """Put the silent questions as often as losses want, and say when it was too few.

        Where ports are refused, only those of a port that answered another one: they cannot be refusals held back.

        `known`: the answers of the TCP ports of this address, and how many of them were lost at first.
        """
        deadline = _now() + INSIST_SECONDS
        while doubtful := self._doubtful(known):
            if _now() >= deadline:
                self.heard.update(dict.fromkeys(doubtful, _LOSSY if self._late else Knock(_TOO_LATE)))
                return
            if lost := [inquiry for inquiry in doubtful if self._puts(inquiry) >= _MOST_PASSES]:
                self.heard.update(dict.fromkeys(lost, _LOSSY))
            await self._pass([i for i in doubtful if i not in lost], deadline=deadline)

    def give_up(self) -> None:
        """TCP saw the address go away: what is silent is not asked further, and proves nothing."""
        self.heard.update(dict.fromkeys(self.silent(), Knock(_GONE)))
        self.ended = True

    def cut_short(self, missing: Reason = Reason.DEADLINE) -> None:
        """The look is over: what was heard stays, what is silent was not asked enough, `missing` says why."""
        if not self.ended:
            unheard = (inquiry for inquiry in self.asked if inquiry not in self.heard)
            self.heard.update(dict.fromkeys((*self.silent(), *unheard), Knock(Unreachable(missing))))

    def _doubtful(self, known: Losses) -> list[Inquiry]:
        """The silent questions of which an answer may have been lost each time they were put."""
        heard = Losses(self._late + self._prompt + known.asked, self._late + known.lost)
        share = heard.cautious_share(unknown=_UNKNOWN_LOSS)
        silent, answered, refuses = self.silent(), self._ports(PortState.OPEN), self.refuses
        asked = [i for i in silent if i.port in answered or not refuses]
        return [i for i in asked if share ** self._puts(i) >= DOUBT]

    def _puts(self, inquiry: Inquiry) -> int:
        """How often each of its variants was put, at least: a server may know one of them only."""
        return self._tries[inquiry] // len(inquiry.payloads)

    async def slowly(self) -> None:
        """What is silent, at the pace of the address's refusals; does nothing where nobody refuses."""
        deadline = _now() + UDP_SECONDS
        if await self._settled_among_controls(deadline=deadline):
            return
        proofs: Counter[str] = Counter()
        needed = 1
        while self.refuses and (waiting := [port for port in self._silent_ports() if proofs[port] < needed]):
            for start in range(0, len(waiting), GROUP):
                group = waiting[start : start + GROUP]
                held = await self._slow_group(group, deadline=deadline)
                if held is None:
                    self._settle(port for port in self._silent_ports() if proofs[port] < needed)
                    return
                if held:
                    proofs.update(group)
                else:
                    needed = _PROOFS_WHEN_LOSSY

    async def one_by_one(self, *, seconds: float) -> None:
        """One slow pass over what is silent, without proof: for an address that is only a witness."""
        deadline = _now() + seconds
        for inquiry in self.silent() if self.refuses else ():
            if _now() < deadline:
                await self._put_slowly(inquiry)

    async def check_again(self) -> None:
        """Take back the silences of an address whose service spoke at first, and no longer does."""
        spoke = [inquiry for inquiry, knock in self.heard.items() if knock.state is PortState.OPEN]
        silent = self.silent()
        if self.refuses or not spoke or not silent:
            return
        for within in (*_PATIENCE, *_PATIENCE) * len(spoke[0].payloads):
            if (await self._ask(spoke[0], within=within)).knock.state is PortState.OPEN:
                return
        self.heard.update(dict.fromkeys(silent, Knock(_GONE)))

    @property
    def refuses(self) -> bool:
        """Some port was refused: silence beside refusals may be a refusal held back."""
        return any(knock.state in _REFUSALS for knock in self.heard.values())

    def silent(self) -> list[Inquiry]:
        refused = self._ports(*_REFUSALS)
        return [
            inquiry
            for inquiry, knock in self.heard.items()
            if knock.state is PortState.SILENT and inquiry.port not in refused
        ]

    def result(self) -> UdpAddress:
        """Every question, at any moment; the refusal of a port is the answer to all, were they allowed or not."""
        refusals = {i.port: knock for i, knock in self.heard.items() if knock.state in _REFUSALS}
        answers = tuple(self._answer(inquiry, refusals.get(inquiry.port)) for inquiry in self.asked)
        return UdpAddress(str(self.address), self.address.version, answers)

    def _answer(self, inquiry: Inquiry, refusal: Knock | None) -> UdpAnswer:
        knock = self.heard.get(inquiry, Knock(_TOO_LATE))
        if refusal is not None and knock.state is not PortState.OPEN:
            knock = refusal
        said = self._said.get(inquiry) or _Said(knock, len(inquiry.payload(0)))
        return UdpAnswer(
            port=inquiry.port,
            question=inquiry.question,
            state=knock.state,
            detail=knock.detail,
            sent=said.sent,
            received=said.received,
            understood=said.understood,
        )

    def _ports(self, *states: PortState) -> set[str]:
        return {inquiry.port for inquiry, knock in self.heard.items() if knock.state in states}

    def _silent_ports(self) -> list[str]:
        """Ports none of whose questions was answered."""
        answered = self._ports(PortState.OPEN)
        return list(dict.fromkeys(i.port for i in self.silent() if i.port not in answered))

    def _settle(self, ports: Iterable[str]) -> None:
        lost = set(ports)
        self.heard.update({i: _ONE_BY_ONE for i in self.silent() if i.port in lost})

    async def _pass(self, inquiries: Sequence[Inquiry], *, deadline: float) -> None:
        async with asyncio.TaskGroup() as group:
            for inquiry in inquiries:
                if _now() >= deadline:
                    self.heard.setdefault(inquiry, Knock(_TOO_LATE))
                    continue
                group.create_task(self._put(inquiry))
                await asyncio.sleep(1 / self.rate)

    async def _put(self, inquiry: Inquiry) -> None:
        """Ask, and keep what is learnt: a silence never takes an answer away."""
        within = _PATIENCE[min(self._tries[inquiry], len(_PATIENCE) - 1)]
        said = await self._ask(inquiry, within=within)
        before = self.heard.get(inquiry)
        if said.knock.state is PortState.OPEN and len(inquiry.payloads) == 1:
            self._late += before is not None
            self._prompt += before is None
        if before is None or before.state is PortState.SILENT:
            self.heard[inquiry] = said.knock
            self._said[inquiry] = said

    async def _ask(self, inquiry: Inquiry, *, within: float) -> _Said:
        payload = inquiry.payload(self._tries[inquiry])
        self._tries[inquiry] += 1
        heard = await self.network.ask(
            self.address,
            inquiry.number,
            payload,
            purpose=Purpose.INTRUSIVE if inquiry.test else self.purpose,
            test=inquiry.test,
            within=within,
            rate=self.rate,
            any_port=inquiry.any_port,
        )
        if isinstance(heard, Unreachable):
            return _Said(Knock(heard), len(payload))
        return _told(inquiry, payload, heard)

    async def _settled_among_controls(self, *, deadline: float) -> bool:
        """True when the silence of what is still silent stands; False when this address limits its refusals."""
        asked = missed = passes = 0
        while _now() < deadline and len(self._ports(*_REFUSALS)) >= _MORE_THAN_A_BURST:
            silent = self._silent_ports()
            if not silent:
                return True
            told = await self._among_controls(silent, deadline=deadline)
            asked += len(told)
            missed += sum(knock.state not in _REFUSALS for knock in told)
            passes += 1
            if 2 * missed > asked:
                return False
            if (missed / asked) ** passes * len(silent) < DOUBT:
                return _now() < deadline
        return False

    async def _among_controls(self, ports: Sequence[str], *, deadline: float) -> list[Knock]:
        """Put each question of each port among as many controls; what came back to these."""
        again = [question for port in random.sample(ports, len(ports)) for question in self._questions(port)]
        controls = islice(cycle(self._controls()), max(2 * _MORE_THAN_A_BURST, len(again)))
        told = []
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pass(again, deadline=deadline))
            for control in controls:
                told.append(group.create_task(self._ask(control, within=_PATIENCE[0])))
                await asyncio.sleep(1 / self.rate)
        return [task.result().knock for task in told]

    async def _slow_group(self, ports: Sequence[str], *, deadline: float) -> bool | None:
        """Ask a group, then its controls; True when these were refused as before, None: no time for them.

        A silence is waited for while the next question leaves.
        """
        controls = self._controls()
        async with asyncio.TaskGroup() as group:
            for port in ports:
                if _now() + SLOW_SECONDS * len(controls) >= deadline:
                    return None
                for question in self._questions(port):
                    await self._wait_turn()
                    group.create_task(self._put(question))
            held = True
            for control in controls:
                await self._wait_turn()
                said = await self._ask(control, within=_PATIENCE[0])
                held = held and said.knock.state in _REFUSALS
        return held

    def _controls(self) -> list[Inquiry]:
        """One refused port of each kind: the address's own refusals, and those of whoever stands before it."""
        found = {k.state: i for i, k in reversed(self.heard.items()) if k.state in _REFUSALS}
        return list(found.values())

    def _questions(self, port: str) -> list[Inquiry]:
        """The silent questions of a port, each as many times as it has variants: a server may know one only."""
        return [i for i in self.silent() if i.port == port for _ in i.payloads]

    async def _put_slowly(self, inquiry: Inquiry) -> None:
        await self._wait_turn()
        await self._put(inquiry)

    async def _wait_turn(self) -> None:
        await asyncio.sleep(max(0.0, self._next_slow - _now()))
        self._next_slow = _now() + SLOW_SECONDS


def _now() -> float:
    return asyncio.get_running_loop().time()


def _told(inquiry: Inquiry, payload: bytes, heard: Heard) -> _Said:
    knock = read_heard(heard)
    if knock.state is not PortState.OPEN or heard.first is None:
        return _Said(knock, len(payload), heard.received)
    words = inquiry.reads(payload, heard.first)
    detail = f"{knock.detail} : {_UNEXPECTED if words is None else words}".removesuffix(" : ")
    told = Knock(knock.state, detail, knock.seconds)
    return _Said(told, len(payload), heard.received, understood=words is not None)
