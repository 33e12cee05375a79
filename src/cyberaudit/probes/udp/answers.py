"""What a UDP answer says of itself: one short safe phrase when it speaks the protocol it was asked in. Pure."""

import struct
from itertools import pairwise
from typing import Final

from cyberaudit.plaintext import clean
from cyberaudit.probes.udp import ber

# Ours: long enough for a system's description, short enough for a line of evidence.
PHRASE = 120
# RFC 3411 §5: sysDescr.0.
SYS_DESCR: Final = bytes((0x2B, 6, 1, 2, 1, 1, 1, 0))
# RFC 1157 §4.1.4 and RFC 3416 §4.2.8: the answers of an agent, and the Report of version 3.
_RESPONSE: Final = 0xA2
_REPORT: Final = 0xA8
_DNS_RESPONSE, _DNS_RECURSION_AVAILABLE = 0x8000, 0x0080
# RFC 7296 §3.10.1: what a server says when it will not go further.
_IKE_WORDS = {14: "aucune proposition acceptée", 17: "autre groupe demandé", 16390: "témoin demandé"}


def _told(what: str, said: str) -> str:
    """« TFTP : File not found », or the name alone when nothing legible was said."""
    return f"{what} : {said}" if said else what


def _quoted(text: bytes) -> str:
    return clean(text, limit=PHRASE)


def dns(question: bytes, answer: bytes) -> str | None:
    flags = _dns_flags(question, answer)
    return None if flags is None else f"DNS, code {flags & 0xF}"


def recursion(question: bytes, answer: bytes) -> str | None:
    """Whether somebody else's name was looked up for us."""
    flags = _dns_flags(question, answer)
    if flags is None:
        return None
    granted = flags & _DNS_RECURSION_AVAILABLE and not flags & 0xF
    return "DNS, récursion accordée" if granted else f"DNS, récursion non accordée, code {flags & 0xF}"


def _dns_flags(question: bytes, answer: bytes) -> int | None:
    if len(answer) < 12 or answer[:2] != question[:2]:
        return None
    flags = int.from_bytes(answer[2:4], "big")
    return flags if flags & _DNS_RESPONSE else None


def ntp(_: bytes, answer: bytes) -> str | None:
    if len(answer) < 48 or answer[0] & 7 != 4:
        return None
    return f"NTP, strate {answer[1]}"


def ntp_control(_: bytes, answer: bytes) -> str | None:
    if len(answer) < 12 or answer[0] & 7 != 6 or not answer[1] & 0x80:
        return None
    return _told("NTP, mode 6", _quoted(answer[12:]))


def snmp_discovery(_: bytes, answer: bytes) -> str | None:
    tags = [tag for tag, _ in ber.pieces(answer)]
    return "SNMP version 3" if tags[:1] == [ber.SEQUENCE] and _REPORT in tags else None


def snmp_public(_: bytes, answer: bytes) -> str | None:
    """The description an agent gives of itself to whoever says `public`."""
    found = list(ber.pieces(answer))
    if _RESPONSE not in [tag for tag, _ in found]:
        return None
    for (tag, name), (kind, value) in pairwise(found):
        if (tag, name, kind) == (ber.OBJECT_ID, SYS_DESCR, ber.OCTETS):
            return _quoted(value)
    return "SNMP, communauté acceptée"


def ssdp(_: bytes, answer: bytes) -> str | None:
    if not answer.upper().startswith((b"HTTP/1.1", b"NOTIFY")):
        return None
    server = _header(answer, b"server")
    return _told("UPnP", server)


def _header(answer: bytes, name: bytes) -> str:
    for line in answer[:4096].splitlines():
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return _quoted(value.strip())
    return ""


def ike(question: bytes, answer: bytes) -> str | None:
    """The answer to an IKE_SA_INIT; the four zero bytes of port 4500 are on both or on none."""
    asked, said = question.removeprefix(bytes(4)), answer.removeprefix(bytes(4))
    if len(said) < 28 or said[:8] != asked[:8]:
        return None
    version = f"IKE version {said[17] >> 4}"
    # RFC 7296 §3.10: a Notify payload (41) comes first when it is a refusal.
    if said[16] != 41 or len(said) < 36:
        return version
    code = int.from_bytes(said[34:36], "big")
    return f"{version}, {_IKE_WORDS.get(code, f'avis {code}')}"


def openvpn(_: bytes, answer: bytes) -> str | None:
    # P_CONTROL_HARD_RESET_SERVER_V2 is opcode 8; V1 is 2.
    return "OpenVPN" if len(answer) >= 14 and answer[0] >> 3 in (8, 2) else None


def tftp(_: bytes, answer: bytes) -> str | None:
    if len(answer) < 4 or answer[0] or answer[1] not in (3, 5, 6):
        return None
    return _told("TFTP", _quoted(answer[4:].rstrip(bytes(1)))) if answer[1] == 5 else "TFTP"


def memcached(question: bytes, answer: bytes) -> str | None:
    if len(answer) < 8 or answer[:2] != question[:2]:
        return None
    return _told("memcached", _quoted(answer[8:].strip()))


def cldap(_: bytes, answer: bytes) -> str | None:
    # RFC 4511 §4.2: application tags 4 and 5 are the entry and the end of a search.
    tags = [tag for tag, _ in ber.pieces(answer)]
    return "annuaire LDAP" if tags[:1] == [ber.SEQUENCE] and {0x64, 0x65} & set(tags) else None


def sip(_: bytes, answer: bytes) -> str | None:
    if not answer.startswith(b"SIP/2.0 "):
        return None
    product = _header(answer, b"user-agent") or _header(answer, b"server")
    return _told("SIP", product or _quoted(answer.splitlines()[0]))


def l2tp(_: bytes, answer: bytes) -> str | None:
    return "L2TP" if len(answer) >= 12 and answer[0] & 0x80 and answer[1] & 0x0F == 2 else None


def radius(question: bytes, answer: bytes) -> str | None:
    return "RADIUS" if len(answer) >= 20 and answer[0] in (2, 3, 5, 11) and answer[1] == question[1] else None


def small(question: bytes, answer: bytes) -> str | None:
    """Echo, daytime, quote of the day, character generator: anything is their answer."""
    return "renvoie ce qu'on lui dit" if answer == question else _quoted(answer) or None


def netbios(question: bytes, answer: bytes) -> str | None:
    flags = _dns_flags(question, answer)
    if flags is None:
        return None
    # RFC 1002 §4.2.18: 12 of header, 34 of name, 10 of type, class, time and size; then how many names.
    name = _quoted(answer[57:72]).strip()
    return _told("NetBIOS", name)


def rpc(question: bytes, answer: bytes) -> str | None:
    same = len(answer) >= 12 and answer[:4] == question[:4]
    return "appels de procédures ONC" if same and answer[4:8] == bytes((0, 0, 0, 1)) else None


def ipmi(_: bytes, answer: bytes) -> str | None:
    return "IPMI" if len(answer) >= 8 and answer[0] == 6 and answer[3] & 0x1F in (6, 7) else None


def bacnet(_: bytes, answer: bytes) -> str | None:
    return "BACnet" if len(answer) >= 6 and answer[0] == 0x81 else None


def coap(question: bytes, answer: bytes) -> str | None:
    same = len(answer) >= 4 and answer[0] >> 6 == 1 and answer[2:4] == question[2:4]
    if not same:
        return None
    _, mark, listed = answer.partition(b"\xff")
    return _told("CoAP", _quoted(listed) if mark else "")


def wsd(_: bytes, answer: bytes) -> str | None:
    return "WS-Discovery" if b"Envelope" in answer[:2048] else None


def dtls(_: bytes, answer: bytes) -> str | None:
    # RFC 6347 §4.1: handshake or alert; the version's first byte is 0xFE.
    return "DTLS" if len(answer) >= 13 and answer[0] in (21, 22) and answer[1] == 0xFE else None


def quic(_: bytes, answer: bytes) -> str | None:
    # RFC 9000 §17.2.1: version 0 is Version Negotiation.
    return "QUIC" if len(answer) >= 7 and answer[0] & 0x80 and answer[1:5] == bytes(4) else None


def stun(question: bytes, answer: bytes) -> str | None:
    kind = int.from_bytes(answer[:2], "big")
    same = len(answer) >= 20 and answer[4:20] == question[4:20]
    return "STUN" if same and kind in (0x0101, 0x0111) else None


def sql_browser(_: bytes, answer: bytes) -> str | None:
    # MC-SQLR §2.2.5: SVR_RESP, a size, then words separated by semicolons.
    return _told("SQL Server", _quoted(answer[3:])) if len(answer) >= 3 and answer[0] == 5 else None


def port_mapping(_: bytes, answer: bytes) -> str | None:
    # RFC 6886 §3.2 and RFC 6887 §7.2: the high bit of the operation marks an answer.
    return "NAT-PMP ou PCP" if len(answer) >= 4 and answer[1] & 0x80 else None


def slp(_: bytes, answer: bytes) -> str | None:
    return "SLP" if len(answer) >= 12 and answer[0] in (1, 2) else None


def rip(_: bytes, answer: bytes) -> str | None:
    return "RIP" if len(answer) >= 4 and answer[0] == 2 and answer[1] in (1, 2) else None


def ethernet_ip(_: bytes, answer: bytes) -> str | None:
    if len(answer) < 24 or answer[:2] != b"\x63\x00":
        return None
    # ListIdentity: the product's name stands behind its size, 62 bytes in.
    size = answer[62] if len(answer) > 62 else 0
    name = _quoted(answer[63 : 63 + size])
    return _told("EtherNet/IP", name)


def knx(_: bytes, answer: bytes) -> str | None:
    return "KNX" if answer.startswith(b"\x06\x10") else None


def anything(_: bytes, answer: bytes) -> str | None:
    """A protocol we do not read: its first words, when they are words."""
    text = "".join(chr(byte) if 32 <= byte < 127 else " " for byte in answer[:PHRASE])
    words = " ".join(word for word in text.split() if len(word) >= 4)
    return clean(words, limit=PHRASE) or None


def rdp(_: bytes, answer: bytes) -> str | None:
    # MS-RDPEUDP §2.2.2.1: flags SYN and ACK in the answer to a SYN.
    if len(answer) < 8:
        return None
    (flags,) = struct.unpack_from("!H", answer, 6)
    return "bureau à distance" if flags & 5 == 5 else None
