"""What is put into the hellos of a survey: everything at once, or little enough for servers that choke on much."""

import secrets
from collections.abc import Iterator
from functools import cache
from typing import Any

from cyberaudit.facts.tls_suites import (
    ALL_GROUPS,
    ALL_SCHEMES,
    ALL_SUITES,
    SSL2_KINDS,
    TLS13_SUITES,
    suite,
)
from cyberaudit.frozen import frozen
from cyberaudit.probes.tls.hello import SSL2, TLS12, TLS13, Hello

# Seen on old boxes: a hello over 512 bytes is reset. Forty suites leave room for a long name.
SHORT_SUITES = 40
# What nearly every server of the last twenty years accepts one of.
USUAL_SUITES = (
    0xC02F, 0xC030, 0xC02B, 0xC02C, 0xCCA8, 0xCCA9, 0xC027, 0xC028, 0xC013, 0xC014, 0xC009, 0xC00A, 0xC012,
    0x009E, 0x009F, 0x0033, 0x0039, 0x0016, 0x009C, 0x009D, 0x003C, 0x003D, 0x002F, 0x0035, 0x000A, 0x0005,
    0x0004,
)  # fmt: skip
# The same of servers that know nothing newer than TLS 1.1.
OLD_SUITES = (
    0xC013, 0xC014, 0xC009, 0xC00A, 0xC012, 0xC008, 0xC011, 0xC007, 0x0033, 0x0039, 0x0016, 0x0032, 0x0038, 0x0013,
    0x002F, 0x0035, 0x000A, 0x0005, 0x0004, 0x0041, 0x0084, 0x0096, 0x0007, 0x0009, 0x0015, 0x0003, 0x0006, 0x0008,
    0x0014, 0x0002, 0x0001, 0x0018, 0x0034, 0x003A, 0x001B, 0xC018, 0xC019, 0x008C, 0x008D, 0xC035,
)  # fmt: skip
USUAL_GROUPS = (0x001D, 0x0017, 0x0018, 0x0019, 0x001E, 0x001A, 0x001B, 0x001C)
USUAL_SCHEMES = (
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B, 0x0401, 0x0501,
    0x0601, 0x0402, 0x0303, 0x0301, 0x0203, 0x0201, 0x0202, 0x0101,
)  # fmt: skip
# RFC 7919 §2
FINITE_FIELDS = range(0x0100, 0x0200)
# What stands above is of TLS 1.3.
CURVES = tuple(code for code in ALL_GROUPS if code < FINITE_FIELDS.start)
# Ours: so many leave a hello of TLS 1.3 under 256 bytes.
_SHORT_GROUPS = 12
SIGNED = {"RSA", "ECDSA", "DSS"}


@frozen
class Offers:
    """How one server is spoken to."""

    server_name: str | None
    is_short: bool = False
    """Never more than `SHORT_SUITES` suites: the server does not take long hellos."""
    has_shares: bool = False
    """TLS 1.3 with key shares: the server does not ask for them (HelloRetryRequest)."""
    is_plain: bool = False
    """Under 256 bytes, and no extension that is there for what it shows: only those that every client sends."""

    def suites(self, version: int) -> tuple[tuple[int, ...], ...]:
        """Every suite of `version`, in as many pieces as hellos are needed for."""
        if version == TLS13:
            return (TLS13_SUITES,)
        if version == SSL2:
            return (SSL2_KINDS,)
        if not self.is_short:
            return (ALL_SUITES,)
        return tuple(_pieces(USUAL_SUITES if version == TLS12 else OLD_SUITES))

    def ephemeral_suites(self, exchange: str) -> tuple[int, ...]:
        """Suites of TLS 1.2 whose key exchange, `ECDHE` or `DHE`, is signed."""
        signed = _signed_suites(exchange)
        return tuple(code for code in USUAL_SUITES if code in signed) if self.is_short else signed

    def unsigned_suites(self) -> tuple[int, ...]:
        """Suites of TLS 1.2 that exchange a key on a curve, and sign nothing: few enough for a short hello."""
        return _unsigned_suites()

    def curves(self) -> tuple[int, ...]:
        """The groups of TLS 1.2. Finite-field ones are left out: the server shall show the one it is set to."""
        return USUAL_GROUPS if self.is_short else CURVES

    def groups_of_tls13(self) -> tuple[tuple[int, ...], ...]:
        """Curves, and finite fields beside them; in as many pieces as hellos are needed for."""
        fields = tuple(code for code in ALL_GROUPS if code in FINITE_FIELDS)
        curves = tuple(code for code in ALL_GROUPS if code not in FINITE_FIELDS)
        if not self.is_plain:
            return curves, fields
        usual = (*USUAL_GROUPS, *(code for code in (*curves, *fields) if code not in USUAL_GROUPS))
        return tuple(usual[at : at + _SHORT_GROUPS] for at in range(0, len(usual), _SHORT_GROUPS))

    def schemes(self) -> tuple[int, ...]:
        return USUAL_SCHEMES if self.is_short else ALL_SCHEMES

    def hello(self, version: int, suites: tuple[int, ...], **changes: Any) -> Hello:
        """An offer of `suites` with all that shows how the server is set; `changes` as in `Hello`."""
        if version == TLS13:
            changes.setdefault("groups", USUAL_GROUPS if self.is_plain else ALL_GROUPS)
            changes.setdefault("shares", self._shares(changes["groups"]) if self.has_shares else ())
        shows = version < TLS13 and not self.is_plain
        return Hello(
            version=version,
            suites=suites,
            **{
                "server_name": self.server_name,
                "groups": self.curves(),
                "signature_schemes": self.schemes(),
                "compression": shows,
                "heartbeat": shows,
                "status_request": shows,
                "extended_master_secret": not self.is_plain,
                "encrypt_then_mac": not self.is_plain,
                **changes,
            },
        )

    def _shares(self, groups: tuple[int, ...]) -> tuple[tuple[int, bytes], ...]:
        return shares(groups)[:1] if self.is_plain else shares(groups)


@cache
def _signed_suites(exchange: str) -> tuple[int, ...]:
    found = ((code, suite(code)) for code in ALL_SUITES)
    return tuple(
        code
        for code, each in found
        if each.exchange == exchange and each.authentication in SIGNED and not each.export
    )


@cache
def _unsigned_suites() -> tuple[int, ...]:
    found = ((code, suite(code)) for code in ALL_SUITES)
    return tuple(
        code for code, each in found if each.exchange == "ECDHE" and each.authentication not in SIGNED
    )


def shares(groups: tuple[int, ...]) -> tuple[tuple[int, bytes], ...]:
    """A public share of each of `groups` that needs no key of ours: what follows is never computed."""
    return tuple((group, share) for group in groups if (share := _share(group)))


def _share(group: int) -> bytes:
    # RFC 7748 §5: any bytes are a point of these curves
    if group == 0x001D:
        return secrets.token_bytes(32)
    if group == 0x001E:
        return secrets.token_bytes(56)
    return _BASE_POINTS.get(group, b"")


def _pieces(first: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """The usual suites first: most servers are met in the first piece."""
    yield first
    others = [code for code in ALL_SUITES if code not in first]
    for start in range(0, len(others), SHORT_SUITES):
        yield tuple(others[start : start + SHORT_SUITES])


# SEC 2 v2, §2.4 to 2.6: the base points, uncompressed
_BASE_POINTS = {
    0x0017: bytes.fromhex(
        "04"
        "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    ),
    0x0018: bytes.fromhex(
        "04"
        "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7"
        "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f"
    ),
    0x0019: bytes.fromhex(
        "04"
        "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ff"
        "a8de3348b3c1856a429bf97e7e31c2e5bd66"
        "011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad"
        "0761353c7086a272c24088be94769fd16650"
    ),
}
