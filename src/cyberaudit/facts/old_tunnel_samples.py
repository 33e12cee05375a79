"""Tunnels of another age in known states, for the conformance kit, the examples and the tests of checks."""

from dataclasses import replace

from cyberaudit.facts.base import Facts
from cyberaudit.facts.mail_samples import HOSTILE
from cyberaudit.facts.old_tunnel import OldTunnel, OldTunnelAnswer, OldTunnelMet
from cyberaudit.model import Reason, Unreachable

V4, V6 = "192.0.2.1", "2001:db8::1"


def _met(met: OldTunnelMet | Unreachable, detail: str = "", *, address: str = V4) -> OldTunnelAnswer:
    return OldTunnelAnswer(address, met, detail)


CLOSED_PPTP = OldTunnel(
    protocol="pptp",
    port="tcp/1723",
    answers=(_met(OldTunnelMet.CLOSED, "ECONNREFUSED"),),
    left_out=(),
    from_outside=True,
)
ANSWERING_PPTP = replace(CLOSED_PPTP, answers=(_met(OldTunnelMet.ANSWERS, "hôte local, constructeur linux"),))
INSIDE_PPTP = replace(ANSWERING_PPTP, from_outside=False)
CLOSED_L2TP = replace(CLOSED_PPTP, protocol="l2tp", port="udp/1701")
ANSWERING_L2TP = replace(
    CLOSED_L2TP, answers=(_met(OldTunnelMet.ANSWERS, "hôte box, constructeur xelerance"),)
)
SILENT_L2TP = replace(CLOSED_L2TP, answers=(_met(OldTunnelMet.SILENT),))
CLOSING_PPTP = replace(CLOSED_PPTP, answers=(_met(OldTunnelMet.CLOSES),))
FOREIGN_PPTP = replace(CLOSED_PPTP, answers=(_met(OldTunnelMet.FOREIGN),))
HALF_ANSWERING_L2TP = replace(
    CLOSED_L2TP, answers=(_met(OldTunnelMet.CLOSED), _met(OldTunnelMet.ANSWERS, address=V6))
)
HALF_CLOSED_L2TP = replace(
    CLOSED_L2TP, answers=(_met(OldTunnelMet.CLOSED), _met(OldTunnelMet.SILENT, address=V6))
)
LEFT_OUT_PPTP = replace(CLOSED_PPTP, left_out=("192.0.2.2",))
LOST_PPTP = replace(CLOSED_PPTP, answers=(_met(Unreachable(Reason.NO_ROUTE, "ENETUNREACH")),))
HOSTILE_PPTP = replace(
    ANSWERING_PPTP, answers=(_met(OldTunnelMet.ANSWERS, HOSTILE, address=HOSTILE),), left_out=(HOSTILE,)
)

SAMPLES: tuple[Facts, ...] = (
    CLOSED_PPTP,
    ANSWERING_PPTP,
    INSIDE_PPTP,
    CLOSED_L2TP,
    ANSWERING_L2TP,
    SILENT_L2TP,
    CLOSING_PPTP,
    FOREIGN_PPTP,
    HALF_ANSWERING_L2TP,
    HALF_CLOSED_L2TP,
    LEFT_OUT_PPTP,
    LOST_PPTP,
    HOSTILE_PPTP,
)
"""Found by `facts.base.samples()`: at least one good, one bad and one hostile."""
