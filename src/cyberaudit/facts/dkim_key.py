"""How one DKIM key record is read (RFC 6376 §3.6.1, RFC 8301, RFC 8463), and every defect it may have."""

import base64
import re
from enum import StrEnum

from cyberaudit.frozen import frozen

# RFC 6376 §3.2: a tag name is a letter, then letters, digits, underscores.
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
# RFC 8463 §4: a public key is 32 bytes.
ED25519_BYTES = 32
# RFC 8017 A.1, DER of rsaEncryption.
_RSA_OID = bytes.fromhex("2a864886f70d010101")
_SEQUENCE, _INTEGER, _BIT_STRING, _OBJECT_ID = 0x30, 0x02, 0x03, 0x06


class KeyFault(StrEnum):
    """Why receivers cannot use a record."""

    NO_KEY_RECORD = "no-key-record"
    """Something else: an SPF record, a site's proof."""
    BACKSLASH = "backslash"
    QUOTE = "quote"
    VERSION = "version"
    """`v` is not `DKIM1`, or does not come first."""
    REPEATED = "repeated"
    NO_TAG = "no-tag"
    """Text between two semicolons that is no `name=value`."""
    NO_P = "no-p"
    KIND = "kind"
    """`k` is neither `rsa` nor `ed25519`."""
    BASE64 = "base64"
    """`p` holds a character that has no place there, or was cut."""
    KEY = "key"
    """`p` decodes to something that is no key of this kind: most often it was cut."""


@frozen
class KeyRecord:
    """What one record says; sizes are 0 and sets empty when it cannot be read."""

    fault: KeyFault | None
    detail: str
    """The part that is wrong, as written; may be empty."""
    kind: str
    """`rsa`, `ed25519`, or as written."""
    bits: int
    revoked: bool
    """`p=` is empty: the key was taken back (RFC 6376 §3.6.1)."""
    testing: bool
    """`t=y`: receivers are asked to treat the mail as if it were not signed."""
    flags: tuple[str, ...]
    """What else `t` says: `s` keeps the key from signing for names below (RFC 6376 §3.6.1)."""
    hashes: tuple[str, ...]
    """`h`; empty: any."""
    services: tuple[str, ...]
    """`s`; empty: any."""

    @property
    def signs_mail(self) -> bool:
        return not self.services or "*" in self.services or "email" in self.services

    @property
    def refuses_sha256(self) -> bool:
        """Only hashes that RFC 8301 §3.1 forbids."""
        return bool(self.hashes) and "sha256" not in self.hashes


def read_key(record: bytes) -> KeyRecord:
    """What `record` says, its strings joined; never raises."""
    text = record.decode("latin-1")
    tags = _tags(text)
    if isinstance(tags, KeyRecord):
        return tags
    kind = tags.get("k", "rsa").lower() or "rsa"
    public = re.sub(r"[ \t\r\n]", "", tags["p"])
    fault, detail, bits = _measure(kind, public) if public else (None, "", 0)
    return KeyRecord(
        fault=fault,
        detail=detail,
        kind=kind,
        bits=bits,
        revoked=not public,
        testing="y" in _list(tags, "t"),
        flags=tuple(flag for flag in _list(tags, "t") if flag != "y"),
        hashes=_list(tags, "h"),
        services=_list(tags, "s"),
    )


def _list(tags: dict[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip().lower() for part in tags.get(name, "").split(":") if part.strip())


def _faulty(fault: KeyFault, detail: str = "") -> KeyRecord:
    return KeyRecord(
        fault, detail[:80], kind="", bits=0, revoked=False, testing=False, flags=(), hashes=(), services=()
    )


def _tags(text: str) -> dict[str, str] | KeyRecord:
    """Tag → value (RFC 6376 §3.2: names keep their case), or what is wrong with the list."""
    parts = [part.strip(" \t\r\n") for part in text.split(";")]
    pairs = [
        (name.strip(" \t\r\n"), equals, value.strip(" \t\r\n")) for name, equals, value in map(_split, parts)
    ]
    tags = {name: value for name, equals, value in pairs if equals}
    if not tags.keys() & {"p", "k"} and not text.lstrip('\\" ').lower().startswith("v=dkim1"):
        return _faulty(KeyFault.NO_KEY_RECORD, text)
    # `n` holds words for people, and may quote (§3.6.1).
    serious = [part for part in parts if not part.startswith("n=")]
    for sign, fault in (("\\", KeyFault.BACKSLASH), ('"', KeyFault.QUOTE)):
        wrong = next((part for part in serious if sign in part), None)
        if wrong is not None:
            return _faulty(fault, _around(wrong, sign))
    return _well_formed(parts, pairs) or tags


def _split(part: str) -> tuple[str, str, str]:
    return part.partition("=")


def _around(part: str, sign: str) -> str:
    place = part.index(sign)
    return part[max(place - 20, 0) : place + 20]


def _well_formed(parts: list[str], pairs: list[tuple[str, str, str]]) -> KeyRecord | None:
    seen: set[str] = set()
    for rank, (part, (name, equals, value)) in enumerate(zip(parts, pairs, strict=True)):
        if not part:
            continue
        if not equals or not _TAG.fullmatch(name):
            return _faulty(KeyFault.NO_TAG, part)
        if name in seen:
            return _faulty(KeyFault.REPEATED, part)
        if name == "v" and (rank or value != "DKIM1"):
            return _faulty(KeyFault.VERSION, part)
        seen.add(name)
    return None if "p" in seen else _faulty(KeyFault.NO_P)


def _measure(kind: str, public: str) -> tuple[KeyFault | None, str, int]:
    """The fault of a key, if any, and its size in bits."""
    if kind not in ("rsa", "ed25519"):
        return KeyFault.KIND, kind[:80], 0
    strange = re.search(r"[^A-Za-z0-9+/=]", public)
    if strange or not _BASE64.fullmatch(public) or len(public) % 4:
        place = strange.start() if strange else len(public)
        return KeyFault.BASE64, public[max(place - 20, 0) : place + 20], 0
    data = base64.b64decode(public)
    if kind == "ed25519":
        whole = len(data) == ED25519_BYTES
        return (None, "", 256) if whole else (KeyFault.KEY, f"{len(data)} octets", 0)
    bits = rsa_bits(data)
    return (None, "", bits) if bits else (KeyFault.KEY, f"{len(data)} octets", 0)


def rsa_bits(data: bytes) -> int:
    """The size of an RSA public key, in a SubjectPublicKeyInfo or bare (RFC 6376 §3.6.1, errata 3017); 0: no such key.

    Read by hand: libraries refuse the very keys that are too short, which is what must be told.
    """
    whole = _element(data, _SEQUENCE)
    if whole is None or whole[1]:
        return 0
    algorithm = _element(whole[0], _SEQUENCE)
    if algorithm is None:
        return _modulus_bits(whole[0])
    oid = _element(algorithm[0], _OBJECT_ID)
    inner = _element(algorithm[1], _BIT_STRING)
    if oid is None or oid[0] != _RSA_OID or inner is None or inner[1] or inner[0][:1] != b"\0":
        return 0
    key = _element(inner[0][1:], _SEQUENCE)
    return _modulus_bits(key[0]) if key is not None and not key[1] else 0


def _modulus_bits(body: bytes) -> int:
    modulus = _element(body, _INTEGER)
    exponent = _element(modulus[1], _INTEGER) if modulus else None
    if modulus is None or exponent is None or exponent[1]:
        return 0
    number = int.from_bytes(modulus[0], "big", signed=True)
    return number.bit_length() if number > 0 and int.from_bytes(exponent[0], "big", signed=True) > 1 else 0


def _element(data: bytes, kind: int) -> tuple[bytes, bytes] | None:
    """The contents of the DER element that `data` begins with, and what follows it; None: it is not one of `kind`."""
    if len(data) < 2 or data[0] != kind:
        return None
    size, start = data[1], 2
    if size & 0x80:
        start += size & 0x7F
        # ITU-T X.690 §8.1.3.5; keys need two bytes of length, never more than four.
        if not 2 < start <= 6 or len(data) < start:
            return None
        size = int.from_bytes(data[2:start], "big")
    body = data[start : start + size]
    return (body, data[start + size :]) if len(body) == size else None


def mended(record: bytes, *, without: frozenset[str] = frozenset()) -> str:
    """The same key without stray quotes and backslashes, and without the tags `without`; empty: nothing usable.

    Of `t`, only the trial goes: its other flags stay (RFC 6376 §3.6.1).
    """
    text = re.sub(r'[\\"]', "", record.decode("latin-1"))
    parts = [part.strip(" \t\r\n") for part in text.split(";")]
    kept = [_without_trial(part) if "t" in without else part for part in parts]
    kept = [part for part in kept if part and part.partition("=")[0].strip() not in without - {"t"}]
    made = "; ".join(re.sub(r"[ \t\r\n]+", "", part) for part in kept)
    fine = read_key(made.encode("latin-1"))
    return made if fine.fault is None and not fine.revoked else ""


def _without_trial(part: str) -> str:
    """`t=y:s` without its `y`; empty when no other flag is left; any other tag as it is."""
    name, equals, value = part.partition("=")
    if name.strip() != "t" or not equals:
        return part
    flags = [flag.strip() for flag in value.split(":")]
    others = ":".join(flag for flag in flags if flag and flag.lower() != "y")
    return f"t={others}" if others else ""
