"""What is put to each UDP port: the bytes an ordinary client of its protocol sends first. Pure.

Every question is one datagram that a real server answers, or is known to leave unanswered, and that changes
nothing: no account is tried, no file is read, no session is opened further.
"""

import secrets
import struct
from collections.abc import Callable
from typing import Final
from uuid import uuid4

from cyberaudit.facts.udp import Question
from cyberaudit.frozen import frozen
from cyberaudit.probes.udp import answers, ber

Reader = Callable[[bytes, bytes], str | None]
"""(question, answer) → what the answer says of itself; None: it does not speak that protocol."""

# The reserved pattern of RFC 9000 §15: no server knows that version, each must say which it knows.
_UNKNOWN_QUIC_VERSION: Final = 0x1A2A3A4A
# RFC 9000 §14.1: a smaller datagram is dropped.
_QUIC_BYTES = 1200
# MS-RDPEUDP §3.1.5.1.1: a SYN is padded to the size whose passage it tests.
_RDP_BYTES = 1232
_NAMED = 0x0001
"""The DNS class IN."""
# RFC 6762 §5.4: the top bit of the class asks for an answer to us alone.
_UNICAST = 0x8001
_RECURSION_DESIRED = 0x0100


@frozen
class Inquiry:
    """One question to one port."""

    port: str
    """`udp/161`"""
    question: Question
    payloads: tuple[bytes, ...]
    """Variants of the same question, put one after the other while nothing comes back."""
    reads: Reader
    test: str = ""
    """Intrusive: the name under which `authorization.tests` allows it."""
    any_port: bool = False
    """The protocol answers from another port than the one that was asked."""

    @property
    def number(self) -> int:
        return int(self.port.partition("/")[2])

    def payload(self, attempt: int) -> bytes:
        """The variant of this attempt, the first being 0."""
        return self.payloads[attempt % len(self.payloads)]


def inquiries(port: str) -> tuple[Inquiry, ...]:
    """The questions proper to `udp/…`, the most ordinary first; a blank line to a port we know nothing about."""
    number = int(port.partition("/")[2])
    ask = _BY_PORT.get(number)
    if ask is None:
        return (Inquiry(port, Question.OTHER, (b"\r\n\r\n",), answers.anything),)
    return ask(port)


def _name(text: str) -> bytes:
    labels = [label.encode("ascii") for label in text.split(".") if label]
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"


def dns_question(name: str, kind: int, *, flags: int = 0, of: int = _NAMED) -> bytes:
    """One DNS question (RFC 1035 §4.1), without EDNS."""
    return (
        secrets.token_bytes(2)
        + struct.pack("!5H", flags, 1, 0, 0, 0)
        + _name(name)
        + struct.pack("!2H", kind, of)
    )


def ntp_client() -> bytes:
    """RFC 5905 §7.3: version 4, mode 3, and a transmit time that is only ours to recognise."""
    return b"\x23" + bytes(39) + secrets.token_bytes(8)


def ntp_read_variables() -> bytes:
    """RFC 9327 §2: version 2, mode 6, opcode 2, of the system itself."""
    return struct.pack("!BBHHHHH", 0x16, 2, 1, 0, 0, 0, 0)


def snmp_get(version: int, community: bytes) -> bytes:
    """RFC 1157 §4 and RFC 1901: GetRequest of sysDescr.0; `version` 0 is v1, 1 is v2c."""
    variable = ber.piece(ber.SEQUENCE, ber.piece(ber.OBJECT_ID, answers.SYS_DESCR), b"\x05\0")
    request = _snmp_request(ber.piece(ber.SEQUENCE, variable))
    return ber.piece(ber.SEQUENCE, ber.integer(version), ber.piece(ber.OCTETS, community), request)


def _snmp_request(variables: bytes) -> bytes:
    number = ber.integer(secrets.randbelow(1 << 30) + 1)
    return ber.piece(0xA0, number, ber.integer(0), ber.integer(0), variables)


def snmp_discovery() -> bytes:
    """RFC 3414 §4: an empty engine id, no user, no authentication, and the wish for a Report."""
    number = ber.integer(secrets.randbelow(1 << 30) + 1)
    nothing = ber.piece(ber.OCTETS)
    reportable = ber.piece(ber.OCTETS, b"\x04")
    # RFC 3412 §6: security model 3 is the user-based one; 65,507 bytes is the largest UDP message.
    header = ber.piece(ber.SEQUENCE, number, ber.integer(65507), reportable, ber.integer(3))
    security = ber.piece(ber.SEQUENCE, nothing, ber.integer(0), ber.integer(0), nothing, nothing, nothing)
    scoped = ber.piece(ber.SEQUENCE, nothing, nothing, _snmp_request(ber.piece(ber.SEQUENCE)))
    return ber.piece(ber.SEQUENCE, ber.integer(3), header, ber.piece(ber.OCTETS, security), scoped)


def ldap_root() -> bytes:
    """RFC 4511 §4.5.1 in one datagram: every attribute of the root, base scope, any object."""
    anything = ber.piece(0x87, b"objectClass")
    numbers = (ber.integer(0, tag=ber.ENUMERATED),) * 2 + (ber.integer(0),) * 2
    search = ber.piece(
        0x63, ber.piece(ber.OCTETS), *numbers, b"\x01\x01\0", anything, ber.piece(ber.SEQUENCE)
    )
    return ber.piece(ber.SEQUENCE, ber.integer(1), search)


def ssdp_search() -> bytes:
    """UPnP Device Architecture 1.1 §1.3.2, sent to one address."""
    lines = (
        "M-SEARCH * HTTP/1.1",
        "HOST: 239.255.255.250:1900",
        'MAN: "ssdp:discover"',
        "MX: 1",
        "ST: ssdp:all",
    )
    return "\r\n".join((*lines, "", "")).encode("ascii")


def sip_options() -> bytes:
    """RFC 3261 §11.1; `rport` (RFC 3581) has the answer come back where we are."""
    tag = secrets.token_hex(6)
    lines = (
        "OPTIONS sip:cyberaudit.invalid SIP/2.0",
        f"Via: SIP/2.0/UDP cyberaudit.invalid:5060;rport;branch=z9hG4bK{tag}",
        "Max-Forwards: 10",
        f"From: <sip:audit@cyberaudit.invalid>;tag={tag}",
        "To: <sip:audit@cyberaudit.invalid>",
        f"Call-ID: {tag}@cyberaudit.invalid",
        "CSeq: 1 OPTIONS",
        "Contact: <sip:audit@cyberaudit.invalid>",
        "Accept: application/sdp",
        "Content-Length: 0",
    )
    return "\r\n".join((*lines, "", "")).encode("ascii")


def wsd_probe() -> bytes:
    """WS-Discovery 1.0 §5.2: whatever device stands there."""
    space = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
    address = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="{address}" xmlns:d="{space}">'
        f"<s:Header><a:Action>{space}/Probe</a:Action><a:MessageID>urn:uuid:{uuid4()}</a:MessageID>"
        "<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>"
        "<s:Body><d:Probe/></s:Body></s:Envelope>"
    ).encode("ascii")


def _transform(kind: int, number: int, *, bits: int = 0, last: bool = False) -> bytes:
    """RFC 7296 §3.3.2; `bits` is the key length, 0 without one."""
    attribute = struct.pack("!HH", 0x800E, bits) if bits else b""
    return struct.pack("!BBHBBH", 0 if last else 3, 0, 8 + len(attribute), kind, 0, number) + attribute


def ike_init() -> bytes:
    """RFC 7296 §1.2: IKE_SA_INIT with one broad proposal and a public value of group 14 drawn at random."""
    transforms = (
        *(_transform(1, 12, bits=bits) for bits in (256, 128)),
        *(_transform(2, number) for number in (5, 2)),
        *(_transform(3, number) for number in (12, 2)),
        _transform(4, 14),
        _transform(4, 19, last=True),
    )
    body = b"".join(transforms)
    proposal = struct.pack("!BBHBBBB", 0, 0, 8 + len(body), 1, 1, 0, len(transforms)) + body
    exchange = struct.pack("!HH", 14, 0) + secrets.token_bytes(256)
    # Payload types: 33 is SA, 34 KE, 40 Nonce.
    chain = _payload(34, proposal) + _payload(40, exchange) + _payload(0, secrets.token_bytes(32))
    return (
        secrets.token_bytes(8)
        + bytes(8)
        + struct.pack("!BBBBII", 33, 0x20, 34, 0x08, 0, 28 + len(chain))
        + chain
    )


def _payload(following: int, body: bytes) -> bytes:
    return struct.pack("!BBH", following, 0, 4 + len(body)) + body


def openvpn_reset() -> bytes:
    """Opcode 7 and key 0, our session, nothing to acknowledge, packet 0."""
    return b"\x38" + secrets.token_bytes(8) + bytes(5)


def wireguard_initiation() -> bytes:
    """Message type 1 in the shape of a handshake, 148 bytes, whose seals are random."""
    return b"\x01\0\0\0" + secrets.token_bytes(144)


def tftp_read() -> bytes:
    """RFC 1350 §5: a file that nobody has."""
    return b"\0\x01absent-" + secrets.token_hex(4).encode("ascii") + b"\0octet\0"


def memcached_version() -> bytes:
    """The frame of eight bytes that memcached's UDP wants, one datagram of one, then `version`."""
    return secrets.token_bytes(2) + b"\0\0\0\x01\0\0version\r\n"


def l2tp_start() -> bytes:
    """RFC 2661 §6.1: SCCRQ with what is mandatory."""

    def pair(kind: int, value: bytes) -> bytes:
        return struct.pack("!HHH", 0x8000 | 6 + len(value), 0, kind) + value

    tunnel = (secrets.randbelow(65535) + 1).to_bytes(2, "big")
    body = (
        pair(0, b"\0\x01") + pair(2, b"\x01\0") + pair(3, b"\0\0\0\x03") + pair(7, b"audit") + pair(9, tunnel)
    )
    return struct.pack("!6H", 0xC802, 12 + len(body), 0, 0, 0, 0) + body


def radius_status() -> bytes:
    """RFC 5997 §3: Status-Server. We know no secret: the seal of 16 bytes is as good drawn at random."""
    header = struct.pack("!BBH", 12, secrets.randbelow(256), 38) + secrets.token_bytes(16)
    return header + b"\x50\x12" + secrets.token_bytes(16)


def netbios_status() -> bytes:
    """RFC 1002 §4.2.17: node status of the name `*`, whose half bytes are written as letters."""
    name = b"\x20CK" + b"A" * 30 + b"\0"
    return (
        secrets.token_bytes(2) + struct.pack("!5H", 0, 1, 0, 0, 0) + name + struct.pack("!2H", 0x21, _NAMED)
    )


def rpc_call(program: int, version: int, procedure: int) -> bytes:
    """RFC 5531 §9: a call without credentials; procedure 0 does nothing."""
    return secrets.token_bytes(4) + struct.pack("!9I", 0, 2, program, version, procedure, 0, 0, 0, 0)


def coap_core() -> bytes:
    """RFC 7252 §3 and RFC 6690 §4: GET /.well-known/core, confirmable, no token."""
    return b"\x40\x01" + secrets.token_bytes(2) + b"\xbb.well-known\x04core"


def dtls_hello() -> bytes:
    """RFC 6347 §4.2: ClientHello of version 1.2, without cookie."""
    suites = struct.pack("!8H", 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xC013, 0xC014, 0x009C, 0x002F)
    extensions = b"".join(
        struct.pack("!HH", kind, len(value)) + value
        for kind, value in (
            (10, struct.pack("!4H", 6, 29, 23, 24)),
            (11, b"\x01\0"),
            (13, struct.pack("!5H", 8, 0x0403, 0x0804, 0x0401, 0x0201)),
        )
    )
    hello = (
        b"\xfe\xfd" + secrets.token_bytes(32) + b"\0\0"
        + struct.pack("!H", len(suites)) + suites + b"\x01\0"
        + struct.pack("!H", len(extensions)) + extensions
    )  # fmt: skip
    size = len(hello).to_bytes(3, "big")
    handshake = b"\x01" + size + bytes(5) + size + hello
    return b"\x16\xfe\xff" + bytes(8) + struct.pack("!H", len(handshake)) + handshake


def quic_unknown() -> bytes:
    """RFC 9000 §6: a long header of a version nobody has; the answer is Version Negotiation."""
    ids = b"\x08" + secrets.token_bytes(8) + b"\x08" + secrets.token_bytes(8)
    return (b"\xc0" + struct.pack("!I", _UNKNOWN_QUIC_VERSION) + ids).ljust(_QUIC_BYTES, b"\0")


def stun_binding() -> bytes:
    """RFC 8489 §5."""
    return struct.pack("!HHI", 1, 0, 0x2112A442) + secrets.token_bytes(12)


def pcp_announce() -> bytes:
    """RFC 6887 §14.1: nothing is mapped; our address is left out, which is answered by an error."""
    return b"\x02\0\0\0" + bytes(4) + bytes(10) + b"\xff\xff" + bytes(4)


def slp_types() -> bytes:
    """RFC 2608 §10.1: which types of service are there."""
    body = struct.pack("!HHH", 0, 0xFFFF, 7) + b"default"
    head = secrets.token_bytes(2) + struct.pack("!H", 2) + b"en"
    length = (14 + 2 + len(body)).to_bytes(3, "big")
    return b"\x02\x09" + length + bytes(5) + head + body


def rdp_syn() -> bytes:
    """MS-RDPEUDP §3.1.5.1.1: the first packet of a remote desktop over UDP."""
    opening = struct.pack("!IHHIHH", 0xFFFFFFFF, 64, 1, secrets.randbits(32), 1232, 1232)
    return opening.ljust(_RDP_BYTES, b"\0")


def dahua_search() -> bytes:
    """The discovery of Dahua recorders: 32 bytes of header, then a question in JSON."""
    text = b'{"method":"DHDiscover.search","params":{"mac":"","uni":1}}\n'
    return struct.pack("<I4s2I4I", 32, b"DHIP", 0, 0, len(text), 0, len(text), 0) + text


def _one(
    question: Question, reads: Reader, *builders: Callable[[], bytes]
) -> Callable[[str], tuple[Inquiry, ...]]:
    return lambda port: (Inquiry(port, question, tuple(build() for build in builders), reads),)


def _fixed(reads: Reader, *payloads: bytes) -> Callable[[str], tuple[Inquiry, ...]]:
    return lambda port: (Inquiry(port, Question.OTHER, payloads, reads),)


def _dns(port: str) -> tuple[Inquiry, ...]:
    root = dns_question(".", 2)
    elsewhere = dns_question("example.com", 1, flags=_RECURSION_DESIRED)
    return (
        Inquiry(port, Question.DNS, (root,), answers.dns),
        Inquiry(port, Question.DNS_RECURSION, (elsewhere,), answers.recursion, test="dns-recursion"),
    )


def _ntp(port: str) -> tuple[Inquiry, ...]:
    return (
        Inquiry(port, Question.NTP, (ntp_client(),), answers.ntp),
        Inquiry(port, Question.NTP_CONTROL, (ntp_read_variables(),), answers.ntp_control),
    )


def _snmp(port: str) -> tuple[Inquiry, ...]:
    public = (snmp_get(1, b"public"), snmp_get(0, b"public"))
    return (
        Inquiry(port, Question.SNMP_DISCOVERY, (snmp_discovery(),), answers.snmp_discovery),
        Inquiry(port, Question.SNMP_PUBLIC, public, answers.snmp_public, test="snmp-community"),
    )


def _ssdp(port: str) -> tuple[Inquiry, ...]:
    # Many devices answer from a port of their own choice.
    return (Inquiry(port, Question.SSDP, (ssdp_search(),), answers.ssdp, any_port=True),)


def _tftp(port: str) -> tuple[Inquiry, ...]:
    # RFC 1350 §4: the answer comes from a port drawn for the transfer.
    return (Inquiry(port, Question.TFTP, (tftp_read(),), answers.tftp, any_port=True),)


def _ike_behind_marker(port: str) -> tuple[Inquiry, ...]:
    # RFC 3948 §2.2: four zero bytes tell IKE from ESP.
    return (Inquiry(port, Question.IKE, (bytes(4) + ike_init(),), answers.ike),)


def _quic_or_dtls(port: str) -> tuple[Inquiry, ...]:
    return (
        Inquiry(port, Question.OTHER, (quic_unknown(),), answers.quic),
        Inquiry(port, Question.DTLS, (dtls_hello(),), answers.dtls),
    )


_DTLS = _one(Question.DTLS, answers.dtls, dtls_hello)
_IKE = _one(Question.IKE, answers.ike, ike_init)
_L2TP = _one(Question.L2TP, answers.l2tp, l2tp_start)
_MDNS = _one(
    Question.MDNS, answers.dns, lambda: dns_question("_services._dns-sd._udp.local", 12, of=_UNICAST)
)
_OPENVPN = _one(Question.OPENVPN, answers.openvpn, openvpn_reset)
_RADIUS = _one(Question.RADIUS, answers.radius, radius_status)
_SIP = _one(Question.SIP, answers.sip, sip_options)
_SMALL = _one(Question.CHARGEN, answers.small, lambda: b"\n")
_STUN = _one(Question.STUN, answers.stun, stun_binding)
_WIREGUARD = _one(Question.WIREGUARD, answers.anything, wireguard_initiation)
# ASF 2.0 §3.2.4: presence ping; IPMI 2.0 §22.13: which authentication the card offers.
_IPMI = _one(
    Question.IPMI,
    answers.ipmi,
    lambda: bytes.fromhex("0600ff06000011be80000000"),
    lambda: bytes.fromhex("0600ff07000000000000000000092018c88100388e04b5"),
)
# ASHRAE 135 annex J: Who-Is; ReadProperty of the name of whatever device stands there.
_BACNET = _one(
    Question.BACNET,
    answers.bacnet,
    lambda: bytes.fromhex("810a000c0120ffff00ff1008"),
    lambda: bytes.fromhex("810a001101040005010c0c023fffff194d"),
)

_BY_PORT: dict[int, Callable[[str], tuple[Inquiry, ...]]] = {
    7: _SMALL,
    13: _SMALL,
    17: _SMALL,
    19: _SMALL,
    37: _SMALL,
    53: _dns,
    69: _tftp,
    # Procedure 4 of the port mapper lists what it knows, as `rpcinfo -p` asks.
    111: _one(Question.RPC, answers.rpc, lambda: rpc_call(100000, 2, 4)),
    123: _ntp,
    137: _one(Question.NETBIOS, answers.netbios, netbios_status),
    161: _snmp,
    # XDMCP §5: Query, without authentication names.
    177: _fixed(answers.anything, bytes.fromhex("00010002000100")),
    389: _one(Question.CLDAP, answers.cldap, ldap_root),
    427: _one(Question.OTHER, answers.slp, slp_types),
    443: _quic_or_dtls,
    500: _IKE,
    # RFC 2453 §3.9.1: the whole table, family 0 and metric 16.
    520: _fixed(answers.rip, b"\x01\x02" + bytes(21) + b"\x10"),
    623: _IPMI,
    853: _fixed(answers.quic, quic_unknown()),
    1194: _OPENVPN,
    # MC-SQLR §2.2.1 and §2.2.2: which instances are there.
    1434: _fixed(answers.sql_browser, b"\x02", b"\x03"),
    # The browser of Citrix ICA: which servers are there.
    1604: _fixed(answers.anything, bytes.fromhex("1e00013002fda8e3") + bytes(22)),
    1645: _RADIUS,
    1646: _RADIUS,
    1701: _L2TP,
    1812: _RADIUS,
    1813: _RADIUS,
    1900: _ssdp,
    2049: _one(Question.RPC, answers.rpc, lambda: rpc_call(100003, 3, 0)),
    # Apple Remote Desktop, information request.
    3283: _fixed(answers.anything, bytes.fromhex("00140000")),
    3389: _one(Question.OTHER, answers.rdp, rdp_syn),
    3478: _STUN,
    # KNXnet/IP core §7.5.3: description request, to be answered where it came from.
    3671: _fixed(answers.knx, bytes.fromhex("06100203000e0801000000000000")),
    3702: _one(Question.WSD, answers.wsd, wsd_probe),
    4433: _DTLS,
    4500: _ike_behind_marker,
    # Moxa, discovery of serial gateways.
    4800: _fixed(answers.anything, bytes.fromhex("0100000800000000")),
    5060: _SIP,
    # RFC 3261 §18.2.2 knows no SIP of datagrams inside TLS there: DTLS (RFC 9147) or plain SIP that moved.
    5061: _SIP,
    # Sentinel licence manager: which key is there.
    5093: _fixed(answers.anything, bytes.fromhex("7a0000000000")),
    5351: _one(Question.OTHER, answers.port_mapping, lambda: b"\0\0", pcp_announce),
    5353: _MDNS,
    # RFC 4795 §2.1.1: a machine answers for its own name only.
    5355: _one(Question.OTHER, answers.dns, lambda: dns_question("cyberaudit", 1)),
    5632: _fixed(answers.anything, b"NQ"),
    5683: _one(Question.COAP, answers.coap, coap_core),
    5684: _DTLS,
    8443: _DTLS,
    # Ubiquiti, discovery.
    10001: _fixed(answers.anything, bytes.fromhex("01000000")),
    10443: _DTLS,
    11211: _one(Question.MEMCACHED, answers.memcached, memcached_version),
    # The debugger of VxWorks, procedure 0: is anybody there?
    17185: _one(Question.RPC, answers.rpc, lambda: rpc_call(0x55555555, 1, 0)),
    # DNP3 (IEEE 1815 §9.2): request link status, of station 0.
    20000: _fixed(answers.anything, bytes.fromhex("056405c900000000364c")),
    # Lantronix, which firmware.
    30718: _fixed(answers.anything, bytes.fromhex("000000f6")),
    37810: _one(Question.OTHER, answers.anything, dahua_search),
    # Crestron, discovery.
    41794: _fixed(answers.anything, bytes.fromhex("14000000010400030000") + b"feed" + bytes(252)),
    # EtherNet/IP (CIP volume 2 §2-4.2): ListIdentity.
    44818: _fixed(answers.ethernet_ip, b"\x63" + bytes(23)),
    47808: _BACNET,
    51820: _WIREGUARD,
}
