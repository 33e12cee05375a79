"""What SPF asks of DNS, and the resolver of the run as the one who answers."""

from collections.abc import Callable
from ipaddress import ip_address
from typing import TYPE_CHECKING, Protocol, TypeVar

from cyberaudit.model import Unreachable
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.resolver import Resolver

if TYPE_CHECKING:
    from dns.rdata import Rdata

T = TypeVar("T")


class Lookup(Protocol):
    """DNS as SPF needs it: an empty tuple is « no such record », `Unreachable` is « nobody can tell »."""

    async def txt(self, name: str) -> tuple[bytes, ...] | Unreachable:
        """Each record with its strings joined."""

    async def mx(self, name: str) -> tuple[str, ...] | Unreachable:
        """Hosts by preference; the null MX is an empty one."""

    async def addresses(self, name: str, version: int) -> tuple[IpAddress, ...] | Unreachable:
        """A for version 4, AAAA for version 6."""

    async def names(self, address: IpAddress) -> tuple[str, ...] | Unreachable:
        """PTR of an address."""


class RunLookup:
    """The resolver of the run as a `Lookup`: each question once a run."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    async def txt(self, name: str) -> tuple[bytes, ...] | Unreachable:
        return await self._resolver.txt(_as_text(name))

    async def mx(self, name: str) -> tuple[str, ...] | Unreachable:
        found = await self._resolver.mx(_as_text(name))
        return found if isinstance(found, Unreachable) else tuple(record.host for record in found)

    async def addresses(self, name: str, version: int) -> tuple[IpAddress, ...] | Unreachable:
        rrtype = "A" if version == 4 else "AAAA"
        return await self._records(name, rrtype, lambda rdata: ip_address(rdata.to_text()))

    async def names(self, address: IpAddress) -> tuple[str, ...] | Unreachable:
        pointer = address.reverse_pointer
        return await self._records(pointer, "PTR", lambda rdata: rdata.to_text().rstrip(".").lower())

    async def _records(
        self, name: str, rrtype: str, read: "Callable[[Rdata], T]"
    ) -> tuple[T, ...] | Unreachable:
        answer = await self._resolver.ask(_as_text(name), rrtype)
        return answer if isinstance(answer, Unreachable) else tuple(map(read, answer.records))


def _as_text(name: str) -> str:
    """`name` for a resolver that reads zone-file escapes: in SPF a backslash is a character like others."""
    return name.replace("\\", "\\\\")
