"""Cipher suites, groups and signature schemes by their IANA codes: names, and what each is made of."""

from collections.abc import Mapping
from functools import cache

from cyberaudit.facts.tls_suite_list import GROUPS, KINDS, SCHEMES, SUITES
from cyberaudit.frozen import frozen

AEAD = frozenset({"GCM", "CCM", "CCM_8", "POLY1305", "MGM", "AEGIS"})
EPHEMERAL = frozenset({"ECDHE", "DHE", "CECPQ1", "ECCPWD", "SRP"})
RENEGOTIATION_INFO_SCSV, FALLBACK_SCSV = 0x00FF, 0x5600
"""Signals in the place of a suite (RFC 5746 §3.3, RFC 7507)."""


@frozen
class Suite:
    """One cipher suite, taken to pieces."""

    code: int
    """Two bytes; the three-byte kinds of SSLv2 stand above 0xFFFF."""
    name: str
    """IANA's: `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`; SSLv2: `SSL_CK_RC4_128_WITH_MD5`."""
    exchange: str
    """`ECDHE`, `DHE`, `RSA`, `ECDH`, `DH`, `PSK`, `SRP`, `KRB5`, `GOST`, …; empty for TLS 1.3: the groups decide.
    The anonymous exchanges are ephemeral: `DHE` and `ECDHE`."""
    authentication: str
    """`RSA`, `ECDSA`, `DSS`, `PSK`, `anon`, …; empty for TLS 1.3."""
    cipher: str
    """`AES`, `CHACHA20`, `CAMELLIA`, `ARIA`, `SEED`, `IDEA`, `3DES`, `DES`, `RC4`, `RC2`, `NULL`, …"""
    bits: int
    """Of the key, as it resists: 56 for DES, 112 for 3DES, 40 for EXPORT, 0 for NULL."""
    mode: str
    """`GCM`, `CCM`, `CCM_8`, `CBC`, `POLY1305`, `STREAM`, …; empty for NULL."""
    digest: str
    """`SHA256`, `SHA384`, `SHA`, `MD5`, …: of the MAC, or of the key derivation for AEAD."""
    export: bool

    @property
    def has_forward_secrecy(self) -> bool:
        """A stolen key of the server opens no old session."""
        return self.exchange in EPHEMERAL or self.is_of_tls13

    @property
    def is_aead(self) -> bool:
        return self.mode in AEAD

    @property
    def is_of_tls13(self) -> bool:
        return not self.exchange and self.cipher != ""


# What the part before `_WITH_` says when it is not simply « exchange_authentication »
_EXCHANGES = {
    "RSA": ("RSA", "RSA"),
    "RSA_FIPS": ("RSA", "RSA"),
    "DH_anon": ("DHE", "anon"),
    "ECDH_anon": ("ECDHE", "anon"),
    "PSK": ("PSK", "PSK"),
    "PSK_DHE": ("DHE", "PSK"),
    "SRP_SHA": ("SRP", "SRP"),
    "SRP_SHA_RSA": ("SRP", "RSA"),
    "SRP_SHA_DSS": ("SRP", "DSS"),
    "KRB5": ("KRB5", "KRB5"),
    "GOSTR341094": ("GOST", "GOST"),
    "GOSTR341001": ("GOST", "GOST"),
    "GOSTR341112_256": ("GOST", "GOST"),
    "FORTEZZA_KEA": ("FORTEZZA", "FORTEZZA"),
    "ECCPWD": ("ECCPWD", "ECCPWD"),
}
# What a word says of the key's size: the smallest counts. 3DES resists as 112 bits (NIST SP 800-57 part 1, §5.6.1)
_BITS = {
    "40": 40,
    "EXPORT40": 40,
    "56": 56,
    "64": 64,
    "128": 128,
    "128L": 128,
    "256": 256,
    "CHACHA20": 256,
    "3DES": 112,
    "DES": 56,
    "DES40": 40,
    "IDEA": 128,
    "SEED": 128,
    "SM4": 128,
    "FORTEZZA": 80,
    "28147": 256,
    "KUZNYECHIK": 256,
    "MAGMA": 256,
}
_CIPHERS = {"DES40": "DES", "28147": "GOST", "SHA256": "NULL", "SHA384": "NULL"}
_MODES = ("CCM_8", "GCM", "CCM", "CBC", "POLY1305", "MGM", "CTR", "CNT", "AEGIS")
_DIGESTS = ("SHA256", "SHA384", "SHA512", "SHA", "MD5", "RMD", "SM3", "IMIT", "OMAC", "GOST94", "GOSTR3411")
# RFC 6655 §3: a CCM suite that names no hash derives its keys with SHA-256; RFC 9367 §4.1: MGM with Streebog
_UNSAID = {"CCM": "SHA256", "CCM_8": "SHA256", "MGM": "GOSTR3411"}


def suite(code: int) -> Suite:
    """The suite of this code; an unknown one has an empty cipher, and is named `0x1234`."""
    return _known().get(code) or Suite(
        code, _number(code), "", "", "", bits=0, mode="", digest="", export=False
    )


def group_name(code: int) -> str:
    """`secp256r1`, `x25519`, `ffdhe2048`, `X25519MLKEM768`, …; an unknown one `0x1234`."""
    return _GROUP_NAMES.get(code) or _number(code)


def scheme_name(code: int) -> str:
    """`rsa_pss_rsae_sha256`, `ecdsa_secp256r1_sha256`, …; an unknown one `0x1234`."""
    return _SCHEME_NAMES.get(code) or _number(code)


def _number(code: int) -> str:
    return f"0x{code:04X}" if code <= 0xFFFF else f"0x{code:06X}"


def _table(text: str) -> Mapping[int, str]:
    return {int(code, 16): name for code, name in (line.split() for line in text.splitlines())}


_SUITE_NAMES = _table(SUITES)
_KIND_NAMES = _table(KINDS)
_GROUP_NAMES = _table(GROUPS)
_SCHEME_NAMES = _table(SCHEMES)


@cache
def _known() -> Mapping[int, Suite]:
    kinds = {code: _kind(code, name) for code, name in _KIND_NAMES.items()}
    return kinds | {code: _suite(code, name) for code, name in _SUITE_NAMES.items()}


def _suite(code: int, name: str) -> Suite:
    parties, found, protection = name.partition("_")[2].removesuffix("_OLD").rpartition("_WITH_")
    is_of_tls13 = not found or "MGM" in protection
    exchange, authentication = ("", "") if is_of_tls13 else _exchange(parties)
    return _assembled(code, name, (exchange, authentication), protection)


def _kind(code: int, name: str) -> Suite:
    """SSLv2 knows one key exchange: RSA."""
    cipher, _, digest = name.removeprefix("SSL_CK_").partition("_WITH_")
    cipher = cipher.replace("DES_192_EDE3", "3DES").replace("DES_64", "DES")
    return _assembled(code, name, ("RSA", "RSA"), f"{cipher}_{digest}")


def _assembled(code: int, name: str, exchange: tuple[str, str], protection: str) -> Suite:
    words = protection.split("_")
    mode = _mode(protection, words)
    return Suite(
        code=code,
        name=name,
        exchange=exchange[0],
        authentication=exchange[1],
        cipher=_CIPHERS.get(words[0], words[0]),
        bits=min((size for word in words if (size := _BITS.get(word))), default=0),
        mode=mode,
        digest=next((word for word in reversed(words) if word in _DIGESTS), _UNSAID.get(mode, "")),
        export="EXPORT" in name,
    )


def _exchange(parties: str) -> tuple[str, str]:
    parties = parties.replace("_EXPORT1024", "").replace("_EXPORT", "")
    exchange, _, authentication = parties.partition("_")
    return _EXCHANGES.get(parties) or (exchange, authentication)


def _mode(protection: str, words: list[str]) -> str:
    if "CCM_8" in protection:
        return "CCM_8"
    found = next((mode for mode in _MODES if mode in words), "")
    return found or ("STREAM" if words[0] == "RC4" else "")


def _modern_first(code: int) -> tuple[int, bool, bool, int, int]:
    found = suite(code)
    return (_rarity(found), not found.has_forward_secrecy, not found.is_aead, -found.bits, code)


def _rarity(found: Suite) -> int:
    """0: what servers of this century accept, 1: what is hardly ever met, 2: what protects next to nothing."""
    # ANSSI TLS v1.2, R9: what is under 112 bits cannot be called encryption any more
    if found.export or found.bits < 112 or found.authentication == "anon":
        return 2
    usual = found.exchange in {"ECDHE", "DHE", "RSA"} and found.authentication in {"RSA", "ECDSA"}
    return 0 if usual and found.cipher in {"AES", "CHACHA20", "CAMELLIA", "3DES", "RC4"} else 1


TLS13_SUITES = tuple(
    sorted(
        (code for code in _SUITE_NAMES if suite(code).is_of_tls13), key=lambda code: (code >> 8 != 0x13, code)
    )
)
"""TLS 1.3 has its own: the usual five first."""
# RFC 5246 A.5: TLS_NULL_WITH_NULL_NULL is the state before the handshake, never a choice
ALL_SUITES = tuple(sorted(_SUITE_NAMES.keys() - {0x0000, *TLS13_SUITES}, key=_modern_first))
"""Every suite of TLS 1.2 and older, SSLv3 included: modern ones first, what protects nothing last."""
SSL2_KINDS = tuple(_KIND_NAMES)
ALL_GROUPS = tuple(_GROUP_NAMES)
"""In the order of the list: hybrid post-quantum and usual ones first."""
ALL_SCHEMES = tuple(_SCHEME_NAMES)
"""In the order of the list: modern ones first."""
