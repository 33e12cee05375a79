"""The key files of a restic repository: how the password is stretched, and whether an empty one opens them."""

import binascii
import hashlib
import json
from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from cyberaudit.facts.backup import Encrypted
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.inspection import NOT_TRIED, Inspection
from cyberaudit.probes.stores.reading import Reading
from cyberaudit.probes.stores.strength import of_scrypt

CIPHER = "AES-256-CTR et Poly1305-AES"
"""Of every repository: restic design.rst, « Keys, Encryption and MAC »."""
# restic(1) shows an object by the first eight digits of its name.
SHORT_ID = 8
# restic internal/repository/crypto: scrypt gives 32 bytes of cipher key, 16 of AES for the code, 16 of Poly1305.
_STRETCHED, _CODE_KEY, _CODE = 64, 32, 16
# restic internal/repository/crypto/kdf.go: any other salt is refused.
_SALT = 64
# Ours: memory and turns of one trial, so that a hostile key cannot take the machine; restic itself stays under 60 MiB.
MOST_SCRYPT_BYTES, MOST_TURNS = 64 * 1024 * 1024, 16
_MEBIBYTE = 1024 * 1024


@frozen
class Key:
    """One key file, whose bytes are those its name stands for."""

    name: str
    n: int
    r: int
    p: int
    salt: bytes
    sealed: bytes
    """Nonce, master key encrypted, code."""
    created: datetime | None
    """As the machine that made it believed; the repository held nothing of this key before."""
    host: str
    written: float | None
    """Date of the file, in seconds since 1970."""

    @property
    def method(self) -> str:
        return f"{CIPHER}, scrypt N={self.n} r={self.r} p={self.p}"


def read_key(name: str, data: bytes, *, written: float | None = None) -> Key | None:
    """None: not a key file, or one that was altered since its name was given."""
    if hashlib.sha256(data).hexdigest() != name:
        return None
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or told.get("kdf") != "scrypt":
        return None
    salt, sealed = _decoded(told.get("salt")), _decoded(told.get("data"))
    n, r, p = (_number(told, letter) for letter in "Nrp")
    # RFC 7914 §2: N is a power of two, above 1.
    if len(salt) != _SALT or len(sealed) < 2 * _CODE or n < 2 or n & (n - 1) or not (r and p):
        return None
    host = clean(str(told.get("hostname") or ""), limit=40)
    return Key(name, n, r, p, salt, sealed, _moment(told.get("created")), host, written)


def _number(told: Mapping[str, Any], letter: str) -> int:
    value = told.get(letter)
    # RFC 7914 §2: r · p stays under 2^30, and no N of use reaches it.
    return value if isinstance(value, int) and 0 < value < 1 << 30 else 0


def _decoded(text: object) -> bytes:
    try:
        return b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        return b""


def _moment(text: object) -> datetime | None:
    """RFC 3339, with more digits behind the second than calendars keep."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
        return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def reading_of(keys: Sequence[Key]) -> Reading:
    """What the keys prove: everything is encrypted, behind the password that is the least stretched."""
    if not keys:
        return Reading("restic", Encrypted.UNKNOWN, "dépôt restic sans fichier de clé lisible")
    weakest = min(keys, key=lambda key: (key.n * key.r, key.p))
    evidence = f"dépôt restic, {len(keys)} clé(s) ; {weakest.name[:SHORT_ID]} : scrypt"
    dated = [key.created for key in keys if key.created]
    if dated:
        evidence += f", la plus ancienne créée le {min(dated):%Y-%m-%d}"
    return Reading(
        "restic",
        Encrypted.YES,
        evidence,
        method=weakest.method,
        weaknesses=of_scrypt(weakest.n, weakest.r),
    )


def try_empty_password(inspection: Inspection, keys: Sequence[Key], *, left: int = 0) -> bool | Unreachable:
    """Whether one key opens with an empty password; false only when all were tried, `left` others are not given."""
    if not inspection.tries_empty_password:
        return NOT_TRIED
    if not keys:
        return Unreachable(Reason.NOT_LOOKED, "aucune clé lisible à essayer")
    not_tried = (
        Unreachable(Reason.NOT_LOOKED, "trop de clés : toutes n'ont pas été essayées") if left else None
    )
    for key in keys:
        if inspection.hurried():
            return Unreachable(Reason.DEADLINE, "toutes les clés n'ont pas été essayées")
        answer = opens_when_empty(key)
        if answer is True:
            return True
        if isinstance(answer, Unreachable):
            not_tried = answer
    return not_tried or False


def opens_when_empty(key: Key) -> bool | Unreachable:
    """One trial, in bounded memory and time."""
    memory = 128 * key.n * key.r
    if memory > MOST_SCRYPT_BYTES or key.p > MOST_TURNS:
        needs = f"la clé {key.name[:SHORT_ID]} demande {memory // _MEBIBYTE} Mio de mémoire, {key.p} fois"
        return Unreachable(Reason.NOT_LOOKED, needs)
    stretched = hashlib.scrypt(
        b"",
        salt=key.salt,
        n=key.n,
        r=key.r,
        p=key.p,
        # OpenSSL counts 128·r·(N + p + 2) bytes and some.
        maxmem=memory + 128 * key.r * (key.p + 4) + _MEBIBYTE,
        dklen=_STRETCHED,
    )
    return is_sealed_by(stretched, key.sealed)


def is_sealed_by(stretched: bytes, sealed: bytes) -> bool:
    """Whether the code of nonce ‖ ciphertext ‖ code is of this key: Poly1305-AES, restic design.rst."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.poly1305 import Poly1305

    nonce, body, code = sealed[:_CODE], sealed[_CODE:-_CODE], sealed[-_CODE:]
    code_key = stretched[_CODE_KEY:]
    # Poly1305-AES is AES of one block, the nonce; there is nothing to chain.
    block = Cipher(algorithms.AES(code_key[:_CODE]), modes.ECB()).encryptor()  # noqa: S305
    try:
        Poly1305.verify_tag(code_key[_CODE:] + block.update(nonce), body, code)
    except InvalidSignature:
        return False
    # restic refuses a nonce of zeros whatever its code.
    return any(nonce)
