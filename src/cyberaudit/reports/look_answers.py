"""What became of each access that `look` asked after: it answered, keeps silent, is closed, or is something else."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final

from cyberaudit.facts.ike import IkeServer, IpsecEndpoint
from cyberaudit.facts.old_tunnel import OldTunnel
from cyberaudit.facts.openvpn import OpenVpnEndpoint
from cyberaudit.facts.tls_endpoint import TlsEndpoint
from cyberaudit.facts.wireguard import WireGuardEndpoint
from cyberaudit.model import Observation, Reason, Unreachable


class Heard(StrEnum):
    """The most telling answer of one access, the first named first."""

    ANSWERED = "answered"
    """In the words of its technique."""
    OTHER = "other"
    """By something else, or by a line that was cut."""
    MUTE = "mute"
    CLOSED = "closed"
    """The port was refused."""
    UNREACHED = "unreached"
    """Nothing was sent, or no way leads there."""


AccessFacts = TlsEndpoint | IpsecEndpoint | OpenVpnEndpoint | WireGuardEndpoint | OldTunnel
_ANSWERS: Final = {"openvpn", "proven", "busy", "answers", "tls"}
_SILENT: Final = {Reason.TIMEOUT, Reason.DEADLINE}
_CUT: Final = {Reason.RESET, Reason.PROTOCOL_ERROR, Reason.TLS_FAILURE, Reason.UNSTABLE}


def accesses(observations: Iterable[Observation]) -> Iterator[tuple[Observation, AccessFacts]]:
    """The accesses among what was seen; a probe that is not of the technique saw none."""
    for seen in observations:
        if isinstance(seen.facts, AccessFacts):
            yield seen, seen.facts


def heard(facts: AccessFacts) -> Heard:
    """What became of one access, all its addresses together."""
    order = list(Heard)
    return min((_of(met) for met in _met(facts)), key=order.index, default=Heard.UNREACHED)


def has_answer(observations: Sequence[Observation]) -> bool:
    """Whether some access answered in the words of its technique."""
    return any(heard(facts) is Heard.ANSWERED for _, facts in accesses(observations))


def trouble(facts: AccessFacts) -> Unreachable | None:
    """Why nothing could be asked; None where something was."""
    return next((met for met in _met(facts) if isinstance(met, Unreachable)), None)


def _met(facts: AccessFacts) -> Iterator[str | Unreachable]:
    match facts:
        case TlsEndpoint():
            yield from (server.met for server in facts.servers)
        case IpsecEndpoint():
            yield from (met for server in facts.servers for met in _of_gateway(server))
        case _:
            yield from (answer.met for answer in facts.answers)


def _of_gateway(server: IkeServer) -> Iterator[str | Unreachable]:
    yield from ("answers" if port.answers is True else port.answers or "silent" for port in server.ports)


def _of(met: str | Unreachable) -> Heard:
    if isinstance(met, Unreachable):
        if met.reason is Reason.REFUSED:
            return Heard.CLOSED
        if met.reason in _SILENT:
            return Heard.MUTE
        return Heard.OTHER if met.reason in _CUT else Heard.UNREACHED
    if met in _ANSWERS:
        return Heard.ANSWERED
    return {"silent": Heard.MUTE, "closed": Heard.CLOSED}.get(met, Heard.OTHER)
