"""WireGuard accesses in known states, for the conformance kit, the examples and the tests of checks."""

from dataclasses import replace

from cyberaudit.facts.base import Facts
from cyberaudit.facts.mail_samples import HOSTILE
from cyberaudit.facts.wireguard import WireGuardAnswer, WireGuardEndpoint, WireGuardMet
from cyberaudit.model import Reason, Unreachable

V4, V6 = "192.0.2.1", "2001:db8::1"


def _met(met: WireGuardMet | Unreachable, detail: str = "", *, address: str = V4) -> WireGuardAnswer:
    return WireGuardAnswer(address, met, detail)


PROVEN_WIREGUARD = WireGuardEndpoint(
    port="udp/51820",
    with_keys=True,
    answers=(_met(WireGuardMet.PROVEN, "réponse en 2 ms"),),
    left_out=(),
)
CLOSED_WIREGUARD = replace(PROVEN_WIREGUARD, answers=(_met(WireGuardMet.CLOSED, "icmp 3/3 de 192.0.2.1"),))
KEYLESS_WIREGUARD = replace(PROVEN_WIREGUARD, with_keys=False, answers=(_met(WireGuardMet.SILENT),))
SILENT_WIREGUARD = replace(PROVEN_WIREGUARD, answers=(_met(WireGuardMet.SILENT),))
UNREAD_KEYS_WIREGUARD = replace(KEYLESS_WIREGUARD, with_keys=Unreachable(Reason.PERMISSION_DENIED))
BUSY_WIREGUARD = replace(PROVEN_WIREGUARD, answers=(_met(WireGuardMet.BUSY, "réponse en 2 ms"),))
FOREIGN_WIREGUARD = replace(KEYLESS_WIREGUARD, answers=(_met(WireGuardMet.FOREIGN),))
HALF_PROVEN_WIREGUARD = replace(
    PROVEN_WIREGUARD,
    answers=(_met(WireGuardMet.PROVEN), _met(WireGuardMet.CLOSED, address=V6)),
)
HALF_CLOSED_WIREGUARD = replace(
    CLOSED_WIREGUARD, answers=(_met(WireGuardMet.CLOSED), _met(WireGuardMet.SILENT, address=V6))
)
LEFT_OUT_WIREGUARD = replace(CLOSED_WIREGUARD, left_out=("192.0.2.2",))
LOST_WIREGUARD = replace(PROVEN_WIREGUARD, answers=(_met(Unreachable(Reason.NO_ROUTE, "ENETUNREACH")),))
HOSTILE_WIREGUARD = replace(
    CLOSED_WIREGUARD, answers=(_met(WireGuardMet.CLOSED, HOSTILE, address=HOSTILE),), left_out=(HOSTILE,)
)

SAMPLES: tuple[Facts, ...] = (
    PROVEN_WIREGUARD,
    CLOSED_WIREGUARD,
    KEYLESS_WIREGUARD,
    SILENT_WIREGUARD,
    UNREAD_KEYS_WIREGUARD,
    BUSY_WIREGUARD,
    FOREIGN_WIREGUARD,
    HALF_PROVEN_WIREGUARD,
    HALF_CLOSED_WIREGUARD,
    LEFT_OUT_WIREGUARD,
    LOST_WIREGUARD,
    HOSTILE_WIREGUARD,
)
"""Found by `facts.base.samples()`: at least one good, one bad and one hostile."""
