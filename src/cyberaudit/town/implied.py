"""The passages that nobody needs to write: what a zone is for already says that nothing may leave it."""

from collections.abc import Collection, Iterator, Sequence
from itertools import chain, count

from cyberaudit.declared import ZoneUse
from cyberaudit.frozen import frozen
from cyberaudit.town.known import MAX_ZONES

_SPARED = {
    ZoneUse.GUEST: frozenset({ZoneUse.GUEST}),
    ZoneUse.DMZ: frozenset({ZoneUse.GUEST, ZoneUse.DMZ}),
}
"""Uses that isolate a zone by nature, each with those it need not be kept from: nothing of the town is there,
or nothing more precious."""


@frozen
class ZoneWords:
    """A zone as far as passages go."""

    id: str
    use: str
    """A `ZoneUse`; may be empty."""


@frozen
class Passage:
    """A flow without its ports."""

    id: str
    source: str
    target: str


def implied_passages(
    zones: Sequence[ZoneWords], flows: Sequence[Passage], *, peopled: Collection[str]
) -> tuple[Passage, ...]:
    """Those that start from the public's Wi-Fi or from servers open to the Internet, and that no flow decides.

    Args:
        zones: in the order of the profile; those beyond `MAX_ZONES` are left out, such a profile is refused.
        flows: the declared ones; their ids are never taken.
        peopled: zones that have a network or a machine.
    """
    decided = {(flow.source, flow.target) for flow in flows}
    taken = {flow.id for flow in flows}
    found = []
    for source, target in _pairs(zones[:MAX_ZONES]):
        if target.id in peopled and (source.id, target.id) not in decided:
            passage = Passage(_free(f"{source.id}-to-{target.id}", taken), source.id, target.id)
            taken.add(passage.id)
            found.append(passage)
    return tuple(found)


def _pairs(zones: Sequence[ZoneWords]) -> Iterator[tuple[ZoneWords, ZoneWords]]:
    for source in zones:
        spared = _SPARED.get(ZoneUse(source.use)) if source.use in set(ZoneUse) else None
        if spared is not None:
            yield from ((source, each) for each in zones if each.id != source.id and each.use not in spared)


def _free(wanted: str, taken: Collection[str]) -> str:
    names = chain((wanted,), (f"{wanted}-{number}" for number in count(2)))
    return next(name for name in names if name not in taken)


__all__ = ["Passage", "ZoneWords", "implied_passages"]
