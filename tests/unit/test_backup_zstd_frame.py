"""Zstandard frames written by hand: what is cut, damaged or too large is never taken for whole."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.probes.stores.formats.zstd_frame import Broken, decompress

pytestmark = pytest.mark.unit

MAGIC = b"\x28\xb5\x2f\xfd"
MOST = 100_000
MANIFEST = json.dumps(
    {"files": [{"filename": f"d{i}.fidx", "crypt-mode": "encrypt", "size": i * 99991} for i in range(12)]}
).encode()
LETTERS = b"".join(bytes([97 + rank * rank % 23]) for rank in range(400))
FRAMES = [
    (
        "D77#B1V~i{0Ah(89B>y{V}OY8U>}%3MoR?&)rV%6Y+E!jj-aZ-63@W1=})`=`~GmK{s-Us-E-`3uC<>v=KjUj`_)qLU$y^>geRe>@?b8C1Z9#&84#%`sw4^y048aaL6M*a#4G|5p(v_62oPz^LLC7Vb&<v_)Cm><F$oA<610{iAO<`LKmvFLKo@ugKo@ugKo@ugKo@ugKo@ugpj!m50Cb7qDS#LPbRi1a47Aq",
        MANIFEST,
    ),
    (
        "D77#B1ZbrM03yZ}8E~x*K>C|OCMY<*|9|&|Y<Cke7E1sBEdf<gox7X=GruoevM6JN5xNK8bI-x%T4asMv-cNJ@l>CMPDTl!Mski_z(%to0?%E;QpH$^HS9x^iYyf*s4<jxYu7t)gT&w(5tTB+H$pT1pFTi?uvcjr0E2v#%XpN_c%gz;5`-AR0W^~}M0@@SjE*uA|Je+**8",
        MANIFEST,
    ),
    (
        "D77#B09Y*r0MdsT8*ocC1^^Zy($RQ_HE3M@H#ECs+v1R2f~tB-b1?V(XZQWx4*kuw^s~m)zt~#8T8jNirS_wQ+`nl5*C6wlr_mu5ON0jnus}2t1vQ8=piBY>s(Bg}!XhwF711CQeFPf-F$oAR2?|w&03`|N0<Qq*0<Qq*0<Qq*0<Qq*0<Qq*0<Qq*0<Qpci{KT2E)hHh5CcLFur;$ac#7<y%mD",
        MANIFEST,
    ),
    ("D77#B1W5G&0JvddWomI_Ze(+9X=i6?ZF6L9V{vL_VgUf{RGm$M(vl?", LETTERS),
    ("D77#B1ZedD0JvddWomI_Ze(+9X=i6?ZF6L9V{vL_VgUf{RGm$M(vl?", LETTERS),
    ("D77#B09f?^0JvddWomI_Ze(+9X=i6?ZF6L9V{vL_VgUf{RGm!", LETTERS),
    ("D77#B1XxV~01#ne0RV&311#1&fYb", b"a" * 5000),
    ("D77#BBme;b0Ga97Q2", b""),
]
"""What zstd 1.5 made of them, in base 85."""


@pytest.mark.parametrize(("frame", "content"), FRAMES)
def test_a_frame_gives_its_content(frame: str, content: bytes) -> None:
    data = base64.b85decode(frame)
    assert decompress(data, most=MOST) == content
    assert decompress(data + data, most=MOST) == content * 2
    assert decompress(b"\x50\x2a\x4d\x18\x02\0\0\0ab" + data, most=MOST) == content


@pytest.mark.parametrize(("frame", "content"), [each for each in FRAMES if each[1]])
def test_a_cut_frame_is_broken(frame: str, content: bytes) -> None:
    data = base64.b85decode(frame)
    for end in range(0, len(data) - 5, 3):
        with pytest.raises(Broken):
            decompress(data[:end], most=MOST)
    with pytest.raises(Broken):
        decompress(data, most=len(content) - 1)


def block(kind: int, body: bytes, *, size: int | None = None) -> bytes:
    header = (len(body) if size is None else size) << 3 | kind << 1 | 1
    return MAGIC + b"\x00\x58" + header.to_bytes(3, "little") + body


HOSTILE = {
    "nothing": b"",
    "a dictionary": MAGIC + b"\x01\x58\x00",
    "a reserved block": block(3, b"abc"),
    "an empty block": block(2, b""),
    "a block beyond its limit": block(1, b"a", size=200_000),
    "literals beyond the block": block(2, b"\xf8abc"),
    "no table of letters yet": block(2, b"\x03\x01\x01abcdefgh"),
    "a reserved mode": block(2, b"\x00\x01\x03\x01"),
    "no table of codes yet": block(2, b"\x00\x01\xfc\x01"),
    "an offset before the start": block(2, b"\x08a\x01\x54\x01\x10\x01\x03"),
    "a skipped frame that is cut": b"\x50\x2a\x4d\x18\xff\xff\xff\xffab",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_frames_are_broken(data: bytes) -> None:
    with pytest.raises(Broken):
        decompress(data, most=MOST)


def test_a_bomb_stops_at_the_limit() -> None:
    blocks = b"".join((128 * 1024 << 3 | 2).to_bytes(3, "little") + b"a" for _ in range(1000))
    with pytest.raises(Broken, match="too large"):
        decompress(MAGIC + b"\x00\x58" + blocks, most=MOST)


@given(st.binary(max_size=300), st.sampled_from(range(3)))
def test_any_bytes_end_in_a_frame_or_in_its_refusal(body: bytes, kind: int) -> None:
    for data in (body, block(kind, body), MAGIC + body):
        try:
            assert len(decompress(data, most=MOST)) <= MOST
        except Broken:
            continue


@given(st.sampled_from(FRAMES), st.integers(0, 10_000), st.integers(0, 7))
def test_a_flipped_bit_never_crashes(frame: tuple[str, bytes], at: int, bit: int) -> None:
    data = bytearray(base64.b85decode(frame[0]))
    data[at % len(data)] ^= 1 << bit
    try:
        decompress(bytes(data), most=MOST)
    except Broken:
        return
