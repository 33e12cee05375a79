"""Many ports of a few addresses, all at once, and the canaries that tell what a silence is worth."""

import asyncio
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from cyberaudit.facts.reach import AddressReach, CanaryAnswer, PortState
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.network import Network
from cyberaudit.probes.ports.inquiry import Inquiry
from cyberaudit.probes.ports.knock import Knock
from cyberaudit.probes.ports.timing import MOST_ASKS
from cyberaudit.probes.ports.volley import Volley
from cyberaudit.probes.vantage import PLUGGED_PORT, barely_asked, canaries

# Ours: under the 180 s of a probe, so that what was seen is kept when time is over, and the canaries asked too.
SWEEP_SECONDS = 100.0
# SYN, ACK, RST for an open port; a SYN each time a silent one is asked, at most `MOST_ASKS` times.
PACKETS_PER_PORT = MOST_ASKS
_REACHED: Final = (PortState.OPEN, PortState.CLOSED)
# What the town's own or another's firewall may have swallowed: only there a canary is needed.
_HELD_BACK: Final = (PortState.SILENT, PortState.REJECTED, PortState.UNSTABLE)


# Ours: one may get lost, three in a second hardly.
_CALLS: Final = 3
_CALL_SECONDS: Final = 0.3
# Three at most each time, every second of a sweep that is not longer than usual.
WATCH_PACKETS: Final = round(_CALLS * SWEEP_SECONDS)
# Ours: what an attempt costs when no pace is set: a silent port is waited for, a thousand at once.
_FREE_RATE: Final = 1000.0
# Ours: each port twice, and half as much again for controls and what answers late.
_ASKS: Final = 2.5


def seconds_for(ports: int, *, rate: float | None) -> float:
    """How long a sweep of so many ports in all may last: `SWEEP_SECONDS`, or more when their pace asks for it."""
    return max(SWEEP_SECONDS, _ASKS * ports / (rate or _FREE_RATE))


@frozen
class Manner:
    """How the ports of one sweep are asked."""

    purpose: Purpose
    rate: float | None
    """Attempts a second at each address, when it stands behind no line that is known; None: free."""
    first: int = 0
    """How many ports, at the head of the list, matter most when time is short; 0: all the same."""
    seconds: float = SWEEP_SECONDS


UnderWay = dict[IpAddress, Inquiry]
"""The inquiries that were begun, for who must tell before they are over."""


async def sweep(
    network: Network,
    addresses: Sequence[IpAddress],
    ports: Sequence[str],
    manner: Manner,
    *,
    under_way: UnderWay | None = None,
) -> tuple[AddressReach, ...]:
    """Every port of every address, all addresses at once.

    Silence is asked again until it means something (`inquiry`). When an address that had answered no longer does,
    its silences are `Unreachable(no-control)`; what could not be told apart is unstable. What time did not allow is
    `Unreachable(deadline)`; a port that is not TCP, `Unreachable(no-probe)`.

    `under_way` is filled meanwhile.
    """
    begun = {} if under_way is None else under_way
    return tuple(
        await asyncio.gather(*(_inquire(network, address, ports, manner, begun) for address in addresses))
    )


async def _inquire(
    network: Network, address: IpAddress, ports: Sequence[str], manner: Manner, under_way: UnderWay
) -> AddressReach:
    deadline = asyncio.get_running_loop().time() + manner.seconds
    volley = Volley(network, address, purpose=manner.purpose, rate=manner.rate)
    try:
        inquiry = Inquiry(volley, ports, first=manner.first, deadline=deadline)
        under_way[address] = inquiry
        await inquiry.run()
        return inquiry.reach(address)
    finally:
        volley.close()


async def beside_canaries(
    instruments: Instruments, looking: Awaitable[Sequence[AddressReach]]
) -> tuple[tuple[AddressReach, ...], tuple[CanaryAnswer, ...]]:
    """What `looking` found, and control (b) for each port that was silent there or refused on the way.

    Each canary is asked, after the looking, the ports of its family; what it told another look lately holds. One port
    more tells whether our own line works: it is asked before, every second meanwhile, and after. Where it was mute
    once, nothing is proved, and nothing more is asked.
    """
    addresses = canaries(instruments.town, instruments.vantage)
    witnesses, call = instruments.witnesses, partial(_call, instruments.network)
    begun = witnesses.now()
    await asyncio.gather(*(witnesses.answers_now(address, call) for address in addresses))
    with witnesses.watching(addresses, call):
        found = tuple(await looking)
    answers = (_controls(instruments, address, found, begun) for address in addresses)
    return found, tuple(answer for several in await asyncio.gather(*answers) for answer in several)


async def _controls(
    instruments: Instruments, address: IpAddress, found: Sequence[AddressReach], begun: float
) -> tuple[CanaryAnswer, ...]:
    """What one canary proves of the silences in `found`, which were heard since `begun`."""
    witnesses, ask = instruments.witnesses, partial(_ask, instruments.network)
    wanted = tuple(port for port in held_back(found, address.version) if port != PLUGGED_PORT)
    told: dict[str, bool] = dict.fromkeys(wanted, False)
    alive = not witnesses.missed_since(address, begun)
    if alive:
        stranger = address in barely_asked(instruments.town, instruments.vantage, scope=instruments.scope)
        told = await witnesses.answers(address, wanted, ask, once=stranger)
        alive = await witnesses.answers_now(address, partial(_call, instruments.network))
    return tuple(
        CanaryAnswer(address.version, port, reached=reached and alive)
        for port, reached in ((PLUGGED_PORT, alive), *told.items())
    )


def held_back(reaches: Sequence[AddressReach], family: int) -> tuple[str, ...]:
    """The ports of which a control is needed: silent or refused on the way, at an address of this family."""
    return tuple(
        dict.fromkeys(
            answer.port
            for reach in reaches
            if reach.family == family
            for answer in reach.ports
            if answer.state in _HELD_BACK
        )
    )


async def _ask(network: Network, address: IpAddress, ports: Sequence[str]) -> dict[str, bool]:
    """Whether each port of a canary is reached; what may not be asked is absent."""
    manner = Manner(Purpose.INFRASTRUCTURE, rate=None)
    (reach,) = await sweep(network, (address,), ports, manner)
    return {
        answer.port: answer.state in _REACHED
        for answer in reach.ports
        if not isinstance(answer.state, Unreachable) or answer.state.reason is not Reason.NOT_AUTHORIZED
    }


async def _call(network: Network, address: IpAddress) -> bool:
    """Whether a canary answers on the port that tells whether our line works, asked once, and twice more at once."""
    heard: list[Knock] = []
    volley = Volley(network, address, purpose=Purpose.INFRASTRUCTURE, rate=None)
    try:
        for _ in range(_CALLS):
            await volley.ask(PLUGGED_PORT, lambda _, knock: heard.append(knock))
            with suppress(TimeoutError):
                async with asyncio.timeout(_CALL_SECONDS):
                    await volley.drained()
            if any(knock.state in _REACHED for knock in heard):
                return True
        await volley.drained()
        return any(knock.state in _REACHED for knock in heard)
    finally:
        volley.close()
