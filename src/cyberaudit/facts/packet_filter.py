"""What a packet filter lets through that a connection does not show: only raw packets can see it."""

from enum import StrEnum

from cyberaudit.facts.base import Facts
from cyberaudit.facts.reach import PortState
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable


class Trick(StrEnum):
    """A packet that no ordinary connection sends."""

    SYN = "syn"
    """An ordinary opening, sent raw beside the others: the control."""
    ACK = "ack"
    """The middle of a conversation that never began: a filter without memory lets it in, and the host answers RST."""
    SOURCE_20 = "source-20"
    """An opening that comes from port 20, as an old FTP server's would."""
    SOURCE_53 = "source-53"
    """An opening that comes from port 53, as a DNS server's would."""


@frozen
class TrickAnswer:
    """One packet to one port."""

    port: str
    trick: Trick
    state: PortState | Unreachable
    """`CLOSED` is the RST of the address itself: the packet reached it. An ICMP refusal is `REJECTED`, the
    address's own too: a filter refused. `SILENT`: asked twice. `Unreachable`: it could not be sent, or not twice."""
    detail: str


@frozen
class FilterAddress:
    """One address: the ports that were silent or refused on the way to a connection, tried again with each trick."""

    address: str
    family: int
    answers: tuple[TrickAnswer, ...]
    """Empty: no port was silent nor refused on the way: there is no filter to get around."""
    behind_nat: bool
    """Our own address on that way is private, and this one is not: a box between us may change the port a packet
    leaves from, unseen, so that the silence of the source-port tricks says nothing."""


@frozen
class HostFilter(Facts):
    """The packet filter before one host, as raw packets see it."""

    KIND = "host-filter"
    VERSION = 1

    vantage: str
    addresses: tuple[FilterAddress, ...]
    canaries: tuple[FilterAddress, ...]
    """Control: what each canary answered to the same tricks on one port. A router on our own side may stop or rewrite
    such packets, and its silence would look like a good filter."""
