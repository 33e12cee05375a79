"""The key that a borg repository keeps, locked by a password: how well, and whether an EMPTY one opens it."""

import binascii
import hashlib
import hmac

from cyberaudit.facts.backup import Weakness
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.borg.msgpack import Value, mapping
from cyberaudit.probes.stores.strength import of_argon2, of_pbkdf2

# borg key.py: a key blob is some 500 bytes.
MOST_KEY = 64 * 1024
# borg key.py `FILE_ID`: an exported key, and those of keys/ since 2.0.0b22, begin with it and the repository's id.
FILE_MARK = b"BORG_KEY"
PBKDF2, ARGON2 = b"sha256", b"argon2 chacha20-poly1305"
# Ours: one trial stays under the memory and the seconds of one location; borg asks for 64 MiB (ARGON2_ARGS).
MOST_MEMORY_KIB, MOST_PASSES, MOST_LANES = 64 * 1024, 16, 16
MOST_ITERATIONS = 3_000_000
TAG_BYTES, NONCE_BYTES = 16, 12


@frozen
class LockedKey:
    """The key of a repository as it stands there."""

    algorithm: bytes
    salt: bytes
    data: bytes
    """Encrypted."""
    sum: bytes
    """HMAC-SHA256 of what is encrypted; empty for argon2, whose cipher has its own."""
    iterations: int
    """Of PBKDF2-SHA256; 0 for argon2."""
    memory_kib: int
    passes: int
    lanes: int
    kind: bytes
    """`id` for argon2id."""

    @property
    def stretching(self) -> str:
        """« PBKDF2-SHA256 100000 itérations »."""
        if self.algorithm == PBKDF2:
            return f"PBKDF2-SHA256 n={self.iterations}"
        kind = clean(self.kind, limit=2)
        return f"argon2{kind} m={self.memory_kib} Kio t={self.passes} p={self.lanes}"

    @property
    def weaknesses(self) -> tuple[Weakness, ...]:
        if self.algorithm == PBKDF2:
            return of_pbkdf2(self.iterations)
        return of_argon2(self.memory_kib, self.passes)


def read_key(text: bytes) -> LockedKey | None:
    """The key of the base64 `text` of a config or of a key file; None when it is damaged or of another form."""
    if text.startswith(FILE_MARK):
        text = text.partition(b"\n")[2]
    try:
        fields = mapping(binascii.a2b_base64(text[:MOST_KEY]))
    except binascii.Error:
        return None
    if fields is None or fields.get(b"version") != 1:
        return None
    key = LockedKey(
        algorithm=_bytes(fields, b"algorithm"),
        salt=_bytes(fields, b"salt"),
        data=_bytes(fields, b"data"),
        sum=_bytes(fields, b"hash"),
        iterations=_count(fields, b"iterations"),
        memory_kib=_count(fields, b"argon2_memory_cost"),
        passes=_count(fields, b"argon2_time_cost"),
        lanes=_count(fields, b"argon2_parallelism"),
        kind=_bytes(fields, b"argon2_type"),
    )
    return key if _is_whole(key) else None


def _bytes(fields: dict[bytes, Value], name: bytes) -> bytes:
    value = fields.get(name)
    return value if isinstance(value, bytes) else b""


def _count(fields: dict[bytes, Value], name: bytes) -> int:
    value = fields.get(name)
    return value if isinstance(value, int) and value > 0 else 0


def _is_whole(key: LockedKey) -> bool:
    if not key.salt or not key.data:
        return False
    if key.algorithm == PBKDF2:
        return key.iterations > 0 and len(key.sum) == hashlib.sha256().digest_size
    return key.algorithm == ARGON2 and min(key.memory_kib, key.passes, key.lanes) > 0


def opens_empty(key: LockedKey) -> bool | Unreachable:
    """Whether the EMPTY password opens it; why that was not tried, where it would take too much."""
    if key.algorithm == PBKDF2:
        if key.iterations > MOST_ITERATIONS:
            return _not_tried(f"la clé demande {key.iterations} itérations")
        return _opens_pbkdf2(key)
    if key.kind != b"id":
        return _not_tried("la clé n'est pas de l'argon2id")
    if key.memory_kib > MOST_MEMORY_KIB or key.passes > MOST_PASSES or key.lanes > MOST_LANES:
        return _not_tried(f"la clé demande {key.memory_kib} Kio de mémoire, {key.passes} passes")
    return _opens_argon2(key)


def _not_tried(why: str) -> Unreachable:
    return Unreachable(Reason.NOT_LOOKED, f"mot de passe vide non essayé : {why}")


def _opens_pbkdf2(key: LockedKey) -> bool:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    stretched = hashlib.pbkdf2_hmac("sha256", b"", key.salt, key.iterations, 32)
    machine = Cipher(algorithms.AES256(stretched), modes.CTR(bytes(16))).decryptor()
    content = machine.update(key.data) + machine.finalize()
    return hmac.compare_digest(hmac.digest(stretched, content, "sha256"), key.sum)


def _opens_argon2(key: LockedKey) -> bool | Unreachable:
    from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    try:
        stretching = Argon2id(
            salt=key.salt, length=32, iterations=key.passes, lanes=key.lanes, memory_cost=key.memory_kib
        )
    except (ValueError, UnsupportedAlgorithm):  # too little salt or memory for the norm; an old OpenSSL
        return _not_tried("cet argon2id n'est pas essayable ici")
    # borg low_level.pyx puts the tag first, RFC 8439 last.
    sealed = key.data[TAG_BYTES:] + key.data[:TAG_BYTES]
    try:
        ChaCha20Poly1305(stretching.derive(b"")).decrypt(bytes(NONCE_BYTES), sealed, None)
    except InvalidTag:
        return False
    return True
