"""Where a declared access stands: its port, the addresses that face us, and what two looks at them tell together."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Protocol, TypeVar

from cyberaudit.declared import AssetKind, Host, Vpn, VpnKind
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.vantage import facing

# Ours: a host has one address of each family, two when it has two lines.
MAX_ADDRESSES = 4
# What a second try in the same run cannot change.
_LASTING = {Reason.NOT_AUTHORIZED, Reason.NO_ROUTE, Reason.PERMISSION_DENIED}


class Answer(Protocol):
    """What one address answered."""

    @property
    def address(self) -> str: ...

    @property
    def met(self) -> StrEnum | Unreachable: ...


A = TypeVar("A", bound=Answer)


@frozen
class Access:
    """What may be asked."""

    port: str
    """`udp/1194`"""
    asked: tuple[IpAddress, ...]
    left_out: tuple[str, ...]

    @property
    def over_tcp(self) -> bool:
        return self.port.startswith("tcp/")

    @property
    def number(self) -> int:
        return int(self.port.partition("/")[2])


def access_of(
    asset: Vpn, instruments: Instruments, *, usual: Mapping[VpnKind, str], protocols: tuple[str, ...]
) -> Access | Unreachable:
    """The access; `Unreachable` when it is of another kind than `usual` knows (kind → port), over another protocol
    than `protocols`, or when no address of its host faces us.
    """
    port = asset.port or usual.get(asset.type, "")
    if asset.type not in usual or port.partition("/")[0] not in protocols:
        return Unreachable(Reason.NO_PROBE, clean(f"{asset.type} {asset.port}".strip()))
    host = instruments.town.asset(f"{AssetKind.HOST}/{asset.host}")
    if not isinstance(host, Host) or not host.addresses:
        return Unreachable(Reason.NO_PLACE, f"aucune adresse pour « {clean(asset.host)} »")
    addresses = facing(host, instruments.vantage)
    if not addresses:
        return Unreachable(Reason.NOT_LOOKED)
    return Access(port, addresses[:MAX_ADDRESSES], tuple(map(str, addresses[MAX_ADDRESSES:])))


def may_change(answers: Iterable[Answer], *, passing: Collection[StrEnum]) -> bool:
    """Whether a second look may find more: something in `passing`, or a trouble that does not last."""
    return any(
        answer.met.reason not in _LASTING if isinstance(answer.met, Unreachable) else answer.met in passing
        for answer in answers
    )


def most_telling(first: Iterable[A], second: Iterable[A], *, order: Sequence[StrEnum]) -> tuple[A, ...]:
    """At each address the answer that stands first in `order`; of two that tell as much, the second look's."""

    def rank(answer: A) -> int:
        return len(order) if isinstance(answer.met, Unreachable) else order.index(answer.met)

    before = {answer.address: answer for answer in first}
    return tuple(min((answer, before.get(answer.address, answer)), key=rank) for answer in second)
