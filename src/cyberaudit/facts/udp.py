"""What the UDP services of a host answer to a well-formed question, and how much louder than they are asked."""

from enum import StrEnum

from cyberaudit.facts.base import Facts
from cyberaudit.facts.reach import AddressReach, CanaryAnswer, PortAnswer, PortState
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable


class Question(StrEnum):
    """What was put to a UDP port. Each is what an ordinary client sends, but the intrusive ones."""

    DNS = "dns"
    """`. NS`, without recursion."""
    DNS_RECURSION = "dns-recursion"
    """A name of somebody else, with recursion desired: intrusive, test `dns-recursion`."""
    NTP = "ntp"
    """Mode 3, client."""
    NTP_CONTROL = "ntp-control"
    """Mode 6, read variables."""
    SNMP_DISCOVERY = "snmp-discovery"
    """SNMPv3 engine discovery: no community string."""
    SNMP_PUBLIC = "snmp-public"
    """SNMPv1 and v2c, community `public`, sysDescr: intrusive, test `snmp-community`."""
    SSDP = "ssdp"
    MDNS = "mdns"
    IKE = "ike"
    """IKEv2 SA_INIT; on 4500 behind the four zero bytes of RFC 3948."""
    OPENVPN = "openvpn"
    """P_CONTROL_HARD_RESET_CLIENT_V2."""
    WIREGUARD = "wireguard"
    """A handshake initiation no server can accept: only a refusal can come back."""
    TFTP = "tftp"
    MEMCACHED = "memcached"
    CLDAP = "cldap"
    SIP = "sip"
    L2TP = "l2tp"
    RADIUS = "radius"
    CHARGEN = "chargen"
    """One byte, as to the other small services of old: echo, daytime, quote of the day, time."""
    NETBIOS = "netbios"
    RPC = "rpc"
    IPMI = "ipmi"
    BACNET = "bacnet"
    COAP = "coap"
    WSD = "wsd"
    DTLS = "dtls"
    STUN = "stun"
    OTHER = "other"
    """The question proper to one product, or a blank line where none is known."""


@frozen
class UdpAnswer:
    """One question to one port of one address."""

    port: str
    """`udp/161`"""
    question: Question
    state: PortState | Unreachable
    """`OPEN` only when the service itself spoke; `SILENT` is open or filtered; `UNSTABLE` when the refusals of the
    address come one by one and it was not asked long enough."""
    detail: str
    """`icmp 3/3 de 192.0.2.2`, `réponse en 12 ms`, the description an SNMP agent gives of itself; made safe."""
    sent: int
    """Bytes of UDP payload, one question."""
    received: int
    """Bytes of UDP payload that came back to it, a second long, 64 KiB at most."""
    understood: bool
    """What came back speaks the protocol that was asked: other bytes are `OPEN` too, and prove no more than that."""

    @property
    def amplification(self) -> float:
        """Bytes that come back for each byte sent; 0 when nothing does."""
        return self.received / self.sent if self.sent else 0.0


# The most telling first.
_TOLD = (PortState.OPEN, PortState.CLOSED, PortState.REJECTED, PortState.UNSTABLE, PortState.SILENT)


@frozen
class UdpAddress:
    """One address of a host, every question."""

    address: str
    family: int
    answers: tuple[UdpAnswer, ...]

    def of(self, port: str) -> tuple[UdpAnswer, ...]:
        return tuple(answer for answer in self.answers if answer.port == port)

    @property
    def reach(self) -> AddressReach:
        """The same as ports, each with its most telling answer, to be read with its controls by `read_port`."""
        ports = dict.fromkeys(answer.port for answer in self.answers)
        lost = Unreachable(Reason.NOT_COLLECTED)
        return AddressReach(self.address, self.family, tuple(self._best(port) for port in ports), lost, lost)

    def _best(self, port: str) -> PortAnswer:
        answers = self.of(port)
        for state in _TOLD:
            found = next((answer for answer in answers if answer.state is state), None)
            if found:
                return PortAnswer(port, state, found.detail)
        return PortAnswer(port, answers[0].state, answers[0].detail)


@frozen
class HostUdp(Facts):
    """The UDP services of one host, on the addresses that face the vantage."""

    KIND = "host-udp"
    VERSION = 1

    vantage: str
    addresses: tuple[UdpAddress, ...]
    canaries: tuple[CanaryAnswer, ...]
    """Control (b), of the UDP ports that were silent. Of the ports that amplify, and of SNMP, only the words of a
    service count as reached: providers hold back what comes from these ports, and let ICMP pass."""
