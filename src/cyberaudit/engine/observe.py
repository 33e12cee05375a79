"""Send each needed probe once per asset, all together, and bring back what was seen.

A probe that raises, hangs or is interrupted costs its own facts and nobody else's.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from cyberaudit.declared import AnyAsset, AssetKind, Town
from cyberaudit.engine.catalogue import asked
from cyberaudit.facts.base import Facts
from cyberaudit.frozen import frozen
from cyberaudit.model import Observation, Progress, ProgressCallback, Reason, SeenFrom, Unreachable
from cyberaudit.probes.instruments import OUTSIDE, Instruments
from cyberaudit.probes.registry import PROBES, LoadedProbe, Probe
from cyberaudit.sdk import Check, Every

_log = logging.getLogger(__name__)


# What the list of ports holds, in round numbers.
USUAL_PORTS = 1500
USUAL_RATE = 100.0
USUAL_ADDRESSES = 2
# Ours: two addresses, two and a half attempts each, at that pace, and a tenth more for what follows.
SECONDS_A_PORT = 0.055
# Ours: a hundred questions each. Were all asked at once, answers would wait to be read until they seem late.
DOMAINS_AT_ONCE = 8
# Ours: by then what a domain has left is waiting for the slow, and the next may begin.
TURN_SECONDS = 1.0
# The hour that a child is given to read copies to their end (probes/backup_store), and its burial.
DEEP_SECONDS = 3660.0


@frozen
class Limits:
    """How long looking may last, in seconds."""

    # Ours: a thousand ports of two addresses, twice, at a hundred a second, then what is behind those that open.
    probe: float = 180.0
    scan: float = 900.0

    @classmethod
    def to_ask(
        cls, ports: int, *, rate: float | None, addresses: int = USUAL_ADDRESSES, deep: bool = False
    ) -> "Limits":
        """The usual limits, longer for more than the usual ports or addresses, or a slower pace than the usual.

        `rate`: attempts a second at most, by `--max-rate`; None: not slower than usual. `addresses`: behind one line,
        whose pace they share. `deep`: copies are read to their end.
        """
        slower = max(1.0, USUAL_RATE / rate) if rate else 1.0
        crowd = max(1.0, addresses / USUAL_ADDRESSES)
        more = max(0.0, ports * slower * crowd - USUAL_PORTS) * SECONDS_A_PORT
        more += DEEP_SECONDS if deep else 0.0
        return cls(probe=cls().probe + more, scan=cls().scan + more)


@frozen
class Errand:
    """One probe to send to one asset."""

    asset: AnyAsset
    probe: Probe


@dataclass(slots=True)
class Harvest:
    """What came back; `interrupted` when a person stopped it."""

    instruments: Instruments
    seen: dict[Errand, Observation] = field(default_factory=dict)
    interrupted: bool = False
    begun: float = field(default_factory=time.monotonic)

    def store(self, errand: Errand, facts: Facts | Unreachable) -> None:
        """Keep what an errand saw, dated by the scan's own clock: its `now` plus what has elapsed."""
        seen_at = self.instruments.now + timedelta(seconds=time.monotonic() - self.begun)
        self.seen[errand] = Observation(errand.asset.key, errand.probe.facts.KIND, facts, seen_at)


def admissible(seen_from: SeenFrom, vantage: str) -> bool:
    """Whether an answer may be given from `vantage`."""
    match seen_from:
        case SeenFrom.OUTSIDE:
            return vantage == OUTSIDE
        case SeenFrom.INSIDE:
            return vantage != OUTSIDE
        case SeenFrom.ANY | SeenFrom.LOCAL:
            return True


def errands(
    town: Town, checks: Iterable[Check], *, vantage: str, probes: tuple[Probe, ...] = PROBES
) -> list[Errand]:
    """The probes that the checks need from here, each once per asset."""
    by_facts = {probe.facts: probe for probe in probes}
    wanted: dict[Errand, None] = {}
    for check, asset in asked(town, checks):
        choice = town.check_choice(check.id)
        if admissible(check.seen_from, vantage) and not (choice and choice.off):
            for target, facts in _looked_at(check, asset, town, by_facts):
                wanted[Errand(target, by_facts[facts])] = None
    return list(wanted)


def _looked_at(
    check: Check, asset: AnyAsset, town: Town, by_facts: dict[type[Facts], Probe]
) -> Iterator[tuple[AnyAsset, type[Facts]]]:
    for need in check.needs:
        if isinstance(need, Every):
            if need.facts in by_facts:
                yield from ((each, need.facts) for each in town.of_kind(by_facts[need.facts].about))
        elif isinstance(need, type) and need in by_facts:
            yield asset, need


def observe(
    sent: list[Errand],
    instruments: Instruments,
    *,
    limits: Limits | None = None,
    progress: ProgressCallback | None = None,
) -> Harvest:
    """Send every errand. Ctrl-C ends the looking and keeps what was seen."""
    harvest = Harvest(instruments)
    try:
        asyncio.run(_observe(sent, harvest, limits=limits or Limits(), progress=progress))
    except KeyboardInterrupt:
        harvest.interrupted = True
    missing = Reason.INTERRUPTED if harvest.interrupted else Reason.DEADLINE
    for errand in sent:
        if errand not in harvest.seen:
            harvest.store(errand, _cut_short(errand, instruments, Unreachable(missing)))
    return harvest


def _cut_short(errand: Errand, instruments: Instruments, why: Unreachable) -> Facts | Unreachable:
    """What the probe had seen until then; `why` when that is nothing."""
    with _costing_only_itself(errand) as seen:
        seen.append(errand.probe.load().so_far(errand.asset, instruments, missing=why.reason) or why)
    return seen[-1]


@contextmanager
def _costing_only_itself(errand: Errand) -> Iterator[list[Facts | Unreachable]]:
    """The list takes what the probe saw. A bug in it must not cost the facts of the others."""
    seen: list[Facts | Unreachable] = []
    try:
        yield seen
    # It becomes an error finding, never a pass.
    except Exception as error:  # noqa: BLE001 — reason above
        _log.exception("probe %s failed on %s", errand.probe.facts.KIND, errand.asset.key)
        seen.append(Unreachable(Reason.PROBE_CRASHED, f"{type(error).__name__} : {error}"))


async def _observe(
    sent: list[Errand], harvest: Harvest, *, limits: Limits, progress: ProgressCallback | None
) -> None:
    async def first_look(errand: Errand) -> None:
        harvest.store(errand, await _look(errand, harvest.instruments, seconds=limits.probe))
        if progress:
            progress(_progress(sent, harvest, over=errand))

    async def second_look(errand: Errand) -> None:
        before = harvest.seen[errand].facts
        if isinstance(before, Facts):
            facts = await _look(errand, harvest.instruments, seconds=limits.probe, before=before)
            if isinstance(facts, Facts) and facts is not before:
                harvest.store(errand, facts)

    try:
        if progress and sent:
            progress(_progress(sent, harvest))
        async with asyncio.timeout(limits.scan):
            await _by_turns(sent, first_look)
            # What seemed absent is asked again at the end before it becomes a fact
            if harvest.instruments.options.asks_again:
                await asyncio.gather(*(second_look(errand) for errand in sent))
    except TimeoutError:
        _log.warning("scan deadline of %s s reached", limits.scan)
    finally:
        await harvest.instruments.network.close()


async def _by_turns(sent: list[Errand], look: Callable[[Errand], Awaitable[None]]) -> None:
    """Every errand; a domain's begin when the turn of a domain before them is over."""
    by_asset: dict[str, list[Errand]] = {}
    for errand in sent:
        by_asset.setdefault(errand.asset.key, []).append(errand)
    turns = asyncio.Semaphore(DOMAINS_AT_ONCE)

    async def look_at(errands: list[Errand]) -> None:
        with ExitStack() as turn:
            if errands[0].asset.kind is AssetKind.DOMAIN:
                await turns.acquire()
                turn.callback(turns.release)
                asyncio.get_running_loop().call_later(TURN_SECONDS, turn.close)
            await asyncio.gather(*map(look, errands))

    await asyncio.gather(*map(look_at, by_asset.values()))


def _progress(sent: list[Errand], harvest: Harvest, *, over: Errand | None = None) -> Progress:
    left = tuple((each.asset.name, each.probe.facts.KIND) for each in sent if each not in harvest.seen)
    name, kind = (over.asset.name, over.probe.facts.KIND) if over else ("", "")
    return Progress(len(harvest.seen), len(sent), name, kind, left)


def _again(probe: LoadedProbe, asset: AnyAsset, before: Facts) -> bool:
    return probe.worth_asking_again(before) or probe.expected_missing(asset, before)


async def _look(
    errand: Errand, instruments: Instruments, *, seconds: float, before: Facts | None = None
) -> Facts | Unreachable:
    """What the probe sees; after `before`, only when that was worth asking again, both looks together."""
    with _costing_only_itself(errand) as seen:
        try:
            async with asyncio.timeout(seconds):
                seen.append(await _look_again(errand, instruments, before))
        except TimeoutError:
            late = Unreachable(Reason.DEADLINE, f"{seconds:g} s")
            seen.append(late if before is not None else _cut_short(errand, instruments, late))
    return seen[-1]


async def _look_again(errand: Errand, instruments: Instruments, before: Facts | None) -> Facts | Unreachable:
    probe = errand.probe.load()
    if before is None:
        return await probe.look(errand.asset, instruments)
    if not _again(probe, errand.asset, before):
        return before
    facts = await probe.look(errand.asset, instruments)
    return probe.merge_looks(before, facts) if isinstance(facts, Facts) else facts
