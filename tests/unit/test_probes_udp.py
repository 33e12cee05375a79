"""UDP questions have the shape of their protocol; answers are read without trust; states follow the evidence."""

import errno
import struct
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.ports import UDP
from cyberaudit.facts.reach import CanaryAnswer, Exposure, PortState, read_port
from cyberaudit.facts.udp import HostUdp, Question, UdpAddress, UdpAnswer
from cyberaudit.facts.udp_samples import BRIEF_UDP, LOST_UDP, LOUD_UDP, QUIET_UDP, UNPROVEN_UDP
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes import host_udp
from cyberaudit.probes.ports.knock import IcmpError
from cyberaudit.probes.udp import answers, ber, questions
from cyberaudit.probes.udp.datagram import Heard, read_heard
from cyberaudit.probes.udp.questions import Inquiry, Reader, inquiries

pytestmark = pytest.mark.unit

HOST, ROUTER, OURS = (ip_address(text) for text in ("192.0.2.2", "192.0.2.254", "198.51.100.2"))
SIX = ip_address("2001:db8::2")
EVERY = [inquiry for number in questions._BY_PORT for inquiry in inquiries(f"udp/{number}")]


def named(inquiry: Inquiry) -> str:
    return f"{inquiry.port}-{inquiry.question}"


@pytest.mark.parametrize("inquiry", EVERY, ids=named)
def test_every_question_fits_in_one_datagram_and_an_empty_answer_says_nothing(inquiry: Inquiry) -> None:
    for payload in inquiry.payloads:
        assert 1 <= len(payload) <= 1232
        assert inquiry.reads(payload, b"") is None


@pytest.mark.parametrize("inquiry", EVERY, ids=named)
@given(answer=st.binary(max_size=300))
def test_no_answer_is_too_strange_and_all_are_made_safe(inquiry: Inquiry, answer: bytes) -> None:
    said = inquiry.reads(inquiry.payload(0), answer)
    assert said is None or said == clean(said, limit=200)


def test_only_two_questions_are_intrusive_and_never_the_first_of_their_port() -> None:
    tests = {inquiry.question: inquiry.test for inquiry in EVERY if inquiry.test}
    assert tests == {Question.SNMP_PUBLIC: "snmp-community", Question.DNS_RECURSION: "dns-recursion"}
    assert not any(inquiries(f"udp/{number}")[0].test for number in questions._BY_PORT)


def test_one_question_of_a_kind_a_port() -> None:
    asked = [(inquiry.port, inquiry.question) for inquiry in EVERY]
    assert len(asked) == len(set(asked))


def test_every_port_of_the_list_has_a_question() -> None:
    assert all(inquiries(port) for port in UDP)


def test_a_port_nobody_knows_gets_a_blank_line() -> None:
    (inquiry,) = inquiries("udp/54321")
    assert (inquiry.question, inquiry.payloads, inquiry.number) == (Question.OTHER, (b"\r\n\r\n",), 54321)


def test_variants_follow_each_other() -> None:
    public = inquiries("udp/161")[1]
    assert len({public.payload(0), public.payload(1)}) == 2
    assert public.payload(2) == public.payload(0)


def only(port: int) -> bytes:
    return inquiries(f"udp/{port}")[0].payload(0)


def test_dns_is_asked_without_recursion_and_recursion_with_it() -> None:
    root, elsewhere = (inquiry.payload(0) for inquiry in inquiries("udp/53"))
    assert root[2:] == bytes.fromhex("0000000100000000000000" + "00020001")
    assert elsewhere[2:4] == b"\x01\x00"
    assert b"\x07example\x03com\0" in elsewhere


def test_ike_lengths_agree_and_4500_has_its_marker() -> None:
    packet = only(500)
    assert struct.unpack("!I", packet[24:28]) == (len(packet),)
    assert only(4500)[:4] == bytes(4)
    at, kinds, following = 28, [], packet[16]
    while following:
        kinds.append(following)
        following, size = packet[at], int.from_bytes(packet[at + 2 : at + 4], "big")
        at += size
    assert (kinds, at) == ([33, 34, 40], len(packet))


@pytest.mark.parametrize(
    ("port", "start", "size"),
    [
        (69, b"\0\x01absent-", None),
        (123, b"\x23", 48),
        (443, b"\xc0\x1a\x2a\x3a\x4a\x08", 1200),
        (520, b"\x01\x02", 24),
        (623, b"\x06\0\xff\x06", 12),
        (1194, b"\x38", 14),
        (1701, b"\xc8\x02", None),
        (1812, b"\x0c", 38),
        (1900, b"M-SEARCH * HTTP/1.1\r\n", None),
        (3389, b"\xff\xff\xff\xff\0\x40\0\x01", 1232),
        (3478, b"\0\x01\0\0\x21\x12\xa4\x42", 20),
        (5060, b"OPTIONS sip:", None),
        (5684, b"\x16\xfe\xff", None),
        (11211, b"", 17),
        (44818, b"\x63\0", 24),
        (47808, b"\x81\x0a\0\x0c", 12),
        (51820, b"\x01\0\0\0", 148),
    ],
)
def test_the_shape_of_a_question(port: int, start: bytes, size: int | None) -> None:
    payload = only(port)
    assert payload.startswith(start)
    assert size is None or len(payload) == size


def test_lengths_written_inside_agree_with_what_is_sent() -> None:
    l2tp, dtls, bacnet, slp = only(1701), only(5684), only(47808), only(427)
    assert int.from_bytes(l2tp[2:4], "big") == len(l2tp)
    assert int.from_bytes(dtls[11:13], "big") == len(dtls) - 13
    assert int.from_bytes(dtls[14:17], "big") == len(dtls) - 25
    assert int.from_bytes(bacnet[2:4], "big") == len(bacnet)
    assert int.from_bytes(slp[2:5], "big") == len(slp)


def test_the_checksum_of_dnp3_is_right() -> None:
    crc = 0
    for byte in only(20000)[:8]:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA6BC if crc & 1 else crc >> 1
    assert only(20000)[8:] == (crc ^ 0xFFFF).to_bytes(2, "little")


def test_snmp_and_ldap_questions_are_ber_to_the_last_byte() -> None:
    discovery, (v2c, v1) = only(161), inquiries("udp/161")[1].payloads
    for payload in (discovery, v2c, v1, only(389)):
        (whole,) = ber._level(payload)
        assert len(ber.piece(*whole)) == len(payload)
    assert [body for _, body in ber.pieces(v2c)][1:3] == [b"\x01", b"public"]
    assert [body for _, body in ber.pieces(v1)][1:3] == [b"\x00", b"public"]


def test_a_long_piece_is_read_back_and_a_cut_one_is_left() -> None:
    long = ber.piece(ber.OCTETS, b"x" * 300)
    assert list(ber.pieces(long)) == [(ber.OCTETS, b"x" * 300)]
    assert list(ber.pieces(long[:-1])) == []
    assert list(ber.pieces(b"\x04\x80")) == []
    assert list(ber.pieces(b"\x04\x84\xff")) == []
    assert len(list(ber.pieces(b"\x05\0" * 600))) == 500


def snmp_answer(value: bytes, *, tag: int = 0xA2) -> bytes:
    variable = ber.piece(
        ber.SEQUENCE, ber.piece(ber.OBJECT_ID, answers.SYS_DESCR), ber.piece(ber.OCTETS, value)
    )
    body = (ber.integer(1), ber.integer(0), ber.integer(0), ber.piece(ber.SEQUENCE, variable))
    return ber.piece(ber.SEQUENCE, ber.integer(1), ber.piece(ber.OCTETS, b"public"), ber.piece(tag, *body))


ASKED = b"\x12\x34" + bytes(60)
IKE = b"\x01" * 8 + bytes(52)


@pytest.mark.parametrize(
    ("read", "question", "answer", "said"),
    [
        (answers.dns, ASKED, b"\x12\x34\x80\x05" + bytes(8), "DNS, code 5"),
        (answers.dns, ASKED, b"\x99\x99\x80\x05" + bytes(8), None),
        (answers.dns, ASKED, b"\x12\x34\x00\x05" + bytes(8), None),
        (answers.recursion, ASKED, b"\x12\x34\x80\x80" + bytes(8), "DNS, récursion accordée"),
        (answers.recursion, ASKED, b"\x12\x34\x80\x85" + bytes(8), "DNS, récursion non accordée, code 5"),
        (answers.recursion, ASKED, b"", None),
        (answers.ntp, b"", b"\x24\x03" + bytes(46), "NTP, strate 3"),
        (answers.ntp_control, b"", b"\x16\x82" + bytes(10) + b'version="ntpd"', 'NTP, mode 6 : version="ntpd"'),
        (answers.ntp_control, b"", b"\x16\x82" + bytes(10), "NTP, mode 6"),
        (answers.snmp_public, b"", snmp_answer(b"Imprimante\x1b[1m"), "Imprimante [1m"),
        (answers.snmp_public, b"", ber.piece(ber.SEQUENCE, ber.piece(0xA2)), "SNMP, communauté acceptée"),
        (answers.snmp_public, b"", snmp_answer(b"x", tag=0xA8), None),
        (answers.snmp_discovery, b"", snmp_answer(b"x", tag=0xA8), "SNMP version 3"),
        (answers.ssdp, b"", b"HTTP/1.1 200 OK\r\nServer: box\r\n\r\n", "UPnP : box"),
        (answers.ssdp, b"", b"HTTP/1.1 200 OK\r\n\r\n", "UPnP"),
        (answers.ike, IKE, b"\x01" * 8 + bytes(8) + b"\x21\x20" + bytes(20), "IKE version 2"),
        (answers.ike, bytes(4) + IKE, bytes(4) + b"\x01" * 8 + bytes(8) + b"\x21\x10" + bytes(20), "IKE version 1"),
        (
            answers.ike,
            IKE,
            b"\x01" * 8 + bytes(8) + b"\x29\x20" + bytes(16) + b"\0\x0e",
            "IKE version 2, aucune proposition acceptée",
        ),
        (answers.ike, IKE, b"\x02" * 40, None),
        (answers.openvpn, b"", b"\x40" + bytes(25), "OpenVPN"),
        (answers.tftp, b"", b"\0\x05\0\x01absent\0", "TFTP : absent"),
        (answers.tftp, b"", b"\0\x03\0\x01data", "TFTP"),
        (answers.memcached, ASKED, b"\x12\x34" + bytes(6) + b"VERSION 1.6\r\n", "memcached : VERSION 1.6"),
        (answers.cldap, b"", ber.piece(ber.SEQUENCE, ber.integer(1), ber.piece(0x65)), "annuaire LDAP"),
        (answers.sip, b"", b"SIP/2.0 200 OK\r\nUser-Agent: PBX\r\n\r\n", "SIP : PBX"),
        (answers.sip, b"", b"SIP/2.0 404 Not Found\r\n\r\n", "SIP : SIP/2.0 404 Not Found"),
        (answers.l2tp, b"", b"\xc8\x02" + bytes(10), "L2TP"),
        (answers.radius, b"\x0c\x07", b"\x02\x07" + bytes(18), "RADIUS"),
        (answers.small, b"\n", b"\n", "renvoie ce qu'on lui dit"),
        (answers.small, b"\n", b"Saturday\r\n", "Saturday"),
        (answers.netbios, ASKED, b"\x12\x34\x84\0" + bytes(53) + b"MAIRIE         ", "NetBIOS : MAIRIE"),
        (answers.netbios, ASKED, b"\x12\x34\x84\0" + bytes(8), "NetBIOS"),
        (answers.rpc, ASKED, ASKED[:4] + b"\0\0\0\x01" + bytes(8), "appels de procédures ONC"),
        (answers.ipmi, b"", b"\x06\0\xff\x06" + bytes(8), "IPMI"),
        (answers.bacnet, b"", b"\x81\x0a\0\x10" + bytes(8), "BACnet"),
        (answers.coap, b"\x40\x01\x12\x34", b"\x60\x45\x12\x34\xff</temp>", "CoAP : </temp>"),
        (answers.coap, b"\x40\x01\x12\x34", b"\x60\x45\x12\x34", "CoAP"),
        (answers.wsd, b"", b"<soap:Envelope/>", "WS-Discovery"),
        (answers.dtls, b"", b"\x16\xfe\xff" + bytes(12), "DTLS"),
        (answers.quic, b"", b"\x80" + bytes(8), "QUIC"),
        (answers.stun, ASKED, b"\x01\x01" + ASKED[2:20], "STUN"),
        (answers.sql_browser, b"", b"\x05\x10\0ServerName;MAIRIE", "SQL Server : ServerName;MAIRIE"),
        (answers.port_mapping, b"", b"\0\x80\0\0", "NAT-PMP ou PCP"),
        (answers.slp, b"", b"\x02\x0a" + bytes(10), "SLP"),
        (answers.rip, b"", b"\x02\x02" + bytes(2), "RIP"),
        (answers.ethernet_ip, b"", b"\x63\0" + bytes(60) + b"\x04PLC1", "EtherNet/IP : PLC1"),
        (answers.ethernet_ip, b"", b"\x63\0" + bytes(22), "EtherNet/IP"),
        (answers.knx, b"", b"\x06\x10\x02\x04", "KNX"),
        (answers.rdp, b"", b"\0" * 7 + b"\x05", "bureau à distance"),
        (answers.rdp, b"", b"\0" * 8, None),
        (answers.anything, b"", b"\0\0DAHUA-NVR\0ok\0", "DAHUA-NVR"),
    ],
)  # fmt: skip
def test_what_an_answer_says_of_itself(
    read: Reader, question: bytes, answer: bytes, said: str | None
) -> None:
    assert read(question, answer) == said


def heard(**changed: object) -> Heard:
    usual: dict[str, object] = {
        "first": None, "received": 0, "seconds": 0.0124, "icmp": None, "error": 0, "target": HOST, "own": OURS,
    }  # fmt: skip
    return Heard(**{**usual, **changed})  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("what", "state", "detail"),
    [
        (heard(), PortState.SILENT, ""),
        (heard(first=b""), PortState.OPEN, "réponse en 12 ms"),
        (heard(first=b"x", seconds=0.0001), PortState.OPEN, "réponse en moins de 1 ms"),
        (heard(first=b"x", icmp=IcmpError(HOST, 3, 3)), PortState.OPEN, "réponse en 12 ms"),
        (
            heard(icmp=IcmpError(HOST, 3, 3), error=errno.ECONNREFUSED),
            PortState.CLOSED,
            "icmp 3/3 de 192.0.2.2",
        ),
        (heard(icmp=IcmpError(ROUTER, 3, 3)), PortState.REJECTED, "icmp 3/3 de 192.0.2.254"),
        (heard(icmp=IcmpError(ROUTER, 3, 13)), PortState.REJECTED, "icmp 3/13 de 192.0.2.254"),
        (heard(icmp=IcmpError(ROUTER, 3, 1)), PortState.SILENT, "icmp 3/1 de 192.0.2.254"),
        (heard(icmp=IcmpError(ROUTER, 3, 4)), PortState.SILENT, "icmp 3/4 de 192.0.2.254"),
        (heard(icmp=IcmpError(SIX, 2, 0), target=SIX), PortState.SILENT, "icmp 2/0 de 2001:db8::2"),
        (heard(icmp=IcmpError(SIX, 1, 4), target=SIX), PortState.CLOSED, "icmp 1/4 de 2001:db8::2"),
        (heard(first=b"x", to_itself=True), PortState.CLOSED, "aucun service n'écoute"),
    ],
)
def test_only_words_of_the_service_make_it_open(what: Heard, state: PortState, detail: str) -> None:
    knock = read_heard(what)
    assert (knock.state, knock.detail) == (state, detail)


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        (heard(error=errno.ENETUNREACH), Reason.NO_ROUTE),
        (heard(error=errno.EPERM), Reason.PERMISSION_DENIED),
        (heard(icmp=IcmpError(ROUTER, 11, 0)), Reason.NO_ROUTE),
        (heard(icmp=IcmpError(OURS, 3, 3)), Reason.PERMISSION_DENIED),
    ],
)
def test_what_is_our_own_trouble_says_nothing_of_the_host(what: Heard, reason: Reason) -> None:
    state = read_heard(what).state
    assert isinstance(state, Unreachable)
    assert state.reason is reason


def test_the_most_telling_answer_of_a_port_is_the_ports() -> None:
    reach = BRIEF_UDP.addresses[0].reach
    told = {answer.port: answer.state for answer in reach.ports}
    assert told == {
        "udp/123": PortState.OPEN,
        "udp/161": PortState.SILENT,
        "udp/1194": PortState.UNSTABLE,
        "udp/69": PortState.REJECTED,
        "udp/19": PortState.CLOSED,
    }


def test_a_silence_is_read_with_the_control_of_its_udp_port() -> None:
    reach = QUIET_UDP.addresses[0].reach
    proved = read_port(reach, "udp/500", canaries=QUIET_UDP.canaries, confirmed=True)
    alone = read_port(reach, "udp/500", canaries=UNPROVEN_UDP.canaries, confirmed=True)
    assert (proved.exposure, alone.exposure) == (Exposure.NOT_OPEN, Exposure.UNPROVEN)


def test_amplification_is_what_comes_back_for_a_byte() -> None:
    answer = LOUD_UDP.addresses[0].of("udp/19")[0]
    assert answer.amplification == 1022.0
    assert UdpAnswer("udp/9", Question.OTHER, PortState.SILENT, "", 0, 0, False).amplification == 0.0


def facts(state: PortState | Unreachable, *, reached: bool = True, address: str = "192.0.2.1") -> HostUdp:
    told = UdpAddress(address, 4, (UdpAnswer("udp/53", Question.DNS, state, "", 17, 0, False),))
    return HostUdp("outside", (told,), (CanaryAnswer(4, "udp/53", reached=reached),))


GONE = Unreachable(Reason.NO_CONTROL)


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (PortState.OPEN, PortState.SILENT, PortState.OPEN),
        (GONE, PortState.SILENT, PortState.SILENT),
        (PortState.SILENT, GONE, PortState.SILENT),
        (PortState.SILENT, PortState.CLOSED, PortState.CLOSED),
        (GONE, GONE, GONE),
    ],
)
def test_a_second_look_adds_and_takes_nothing_away(
    first: PortState | Unreachable, second: PortState | Unreachable, kept: PortState | Unreachable
) -> None:
    both = host_udp.merge_looks(facts(first, reached=False), facts(second))
    assert both.addresses[0].answers[0].state == kept
    assert both.canaries == (CanaryAnswer(4, "udp/53", reached=False),)


def test_an_address_only_the_second_look_knows_is_kept() -> None:
    both = host_udp.merge_looks(facts(PortState.OPEN, address="192.0.2.9"), facts(PortState.SILENT))
    assert [address.address for address in both.addresses] == ["192.0.2.1"]


def test_what_went_mute_on_the_way_is_worth_another_look() -> None:
    assert host_udp.worth_asking_again(LOST_UDP)
    assert not host_udp.worth_asking_again(QUIET_UDP)
