"""Two protocols where the client speaks first and one question is enough: RTSP (cameras) and PPTP (old VPN)."""

import struct

from cyberaudit.facts.services import Trait
from cyberaudit.model import Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.services.door import Door, ask
from cyberaudit.probes.services.heard import UNKNOWN, Heard
from cyberaudit.probes.services.pages import read_page

BANNER_CHARACTERS = 120
# RFC 2637 §1.4 and §2.1: Start-Control-Connection-Request, version 1.0, no channels of ours.
_MAGIC = 0x1A2B3C4D
_PPTP = struct.pack(">HHIHHHHIIHH", 156, 1, _MAGIC, 1, 0, 0x0100, 0, 1, 1, 0, 1) + bytes(128)


async def ask_rtsp(door: Door) -> Heard | Unreachable:
    """OPTIONS, which every server answers and which shows no picture (RFC 2326 §10.1)."""
    stream = await door.open()
    if isinstance(stream, Unreachable):
        return stream
    question = (
        f"OPTIONS rtsp://{door.authority('rtsp')}/ RTSP/1.0\r\n"
        f"CSeq: 1\r\nUser-Agent: {door.visitor.agent}\r\n\r\n"
    )
    with stream:
        answer = await ask(stream, question.encode("ascii"), lambda heard: b"\r\n\r\n" in heard)
    if isinstance(answer, Unreachable):
        return answer
    page = read_page("*", b"HTTP" + answer[4:]) if answer.startswith(b"RTSP/") else None
    if page is None:
        return Heard(UNKNOWN, banner=clean(answer, limit=BANNER_CHARACTERS))
    traits = frozenset({Trait.AUTHENTICATED}) if page.status == 401 else frozenset[Trait]()
    return Heard("rtsp", banner=clean(page.header("server"), limit=BANNER_CHARACTERS), traits=traits)


async def ask_pptp(door: Door) -> Heard | Unreachable:
    stream = await door.open()
    if isinstance(stream, Unreachable):
        return stream
    with stream:
        answer = await ask(stream, _PPTP, lambda heard: len(heard) >= len(_PPTP))
    if isinstance(answer, Unreachable):
        return answer
    if len(answer) < 12 or struct.unpack_from(">I", answer, 4) != (_MAGIC,):
        return Heard(UNKNOWN, banner=clean(answer, limit=BANNER_CHARACTERS))
    # RFC 2637 §2.2: host name and vendor, 64 bytes each, at 28 and 92.
    words = (answer[start : start + 64].partition(b"\x00")[0] for start in (28, 92))
    return Heard("pptp", banner=clean(f"PPTP {' '.join(clean(word, limit=40) for word in words)}", limit=80))
