"""OpenVPN accesses in known states, for the conformance kit, the examples and the tests of checks."""

from dataclasses import replace

from cyberaudit.facts.base import Facts
from cyberaudit.facts.mail_samples import DOMAIN, HOSTILE
from cyberaudit.facts.openvpn import OpenVpnAnswer, OpenVpnEndpoint, OpenVpnMet
from cyberaudit.model import Reason, Unreachable

V4, V6 = "192.0.2.1", "2001:db8::1"


def _met(met: OpenVpnMet | Unreachable, detail: str = "", *, address: str = V4) -> OpenVpnAnswer:
    return OpenVpnAnswer(address, met, detail)


CLOSED_OPENVPN = OpenVpnEndpoint(
    hostname=f"vpn.{DOMAIN}",
    port="udp/1194",
    answers=(_met(OpenVpnMet.CLOSED, "icmp 3/3 de 192.0.2.1"),),
    servers=(),
    left_out=(),
)
TALKING_OPENVPN = replace(CLOSED_OPENVPN, answers=(_met(OpenVpnMet.OPENVPN, "réponse en 2 ms"),))
"""It answers anybody; its TLS was not asked."""
SILENT_OPENVPN = replace(CLOSED_OPENVPN, answers=(_met(OpenVpnMet.SILENT),))
CLOSING_OPENVPN = replace(
    CLOSED_OPENVPN,
    port="tcp/1194",
    answers=(_met(OpenVpnMet.CLOSES, "connexion fermée par le serveur"),),
)
FOREIGN_OPENVPN = replace(CLOSED_OPENVPN, answers=(_met(OpenVpnMet.FOREIGN, "ce n'est pas OpenVPN"),))
HALF_CLOSED_OPENVPN = replace(
    CLOSED_OPENVPN,
    answers=(_met(OpenVpnMet.CLOSED), _met(OpenVpnMet.SILENT, address=V6)),
)
LEFT_OUT_OPENVPN = replace(CLOSED_OPENVPN, left_out=("192.0.2.2",))
LOST_OPENVPN = replace(CLOSED_OPENVPN, answers=(_met(Unreachable(Reason.NO_ROUTE, "ENETUNREACH")),))
HOSTILE_OPENVPN = replace(
    TALKING_OPENVPN,
    hostname=HOSTILE,
    answers=(
        _met(OpenVpnMet.OPENVPN, HOSTILE, address=HOSTILE),
        _met(OpenVpnMet.FOREIGN, HOSTILE, address=V6),
    ),
    left_out=(HOSTILE,),
)

SAMPLES: tuple[Facts, ...] = (
    CLOSED_OPENVPN,
    TALKING_OPENVPN,
    SILENT_OPENVPN,
    CLOSING_OPENVPN,
    FOREIGN_OPENVPN,
    HALF_CLOSED_OPENVPN,
    LEFT_OUT_OPENVPN,
    LOST_OPENVPN,
    HOSTILE_OPENVPN,
)
"""Found by `facts.base.samples()`: at least one good, one bad and one hostile."""
