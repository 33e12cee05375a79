"""Which host keys are known for a server: lines of known_hosts, as sshd(8) describes them, or fingerprints."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from fnmatch import fnmatchcase

from cyberaudit.frozen import frozen

SSH_PORT = 22
REVOKED, OTHER_MARK = "@revoked", "@"
PRINT = "SHA256:"
_HASHED = "|1|"


@frozen
class KnownKeys:
    """What is believed, and what is refused, of one server."""

    blobs: frozenset[bytes]
    """Public keys, as they go over the line."""
    fingerprints: frozenset[str]
    """« SHA256:… », alone on its line where one server alone is spoken of, else after its name."""
    revoked: frozenset[bytes]

    def has(self, blob: bytes) -> bool:
        """Whether this public key is one that somebody of ours wrote down, and nobody took back."""
        return blob not in self.revoked and (blob in self.blobs or fingerprint(blob) in self.fingerprints)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of key to ask the server for; empty: any, a fingerprint does not say its own."""
        return frozenset() if self.fingerprints else frozenset(map(_kind, self.blobs))


def known_keys(lines: Iterable[str], host: str, port: int) -> KnownKeys:
    """The keys that `lines` give for `host`; those that cannot be read are left out."""
    name = host if port == SSH_PORT else f"[{host}]:{port}"
    blobs: set[bytes] = set()
    revoked: set[bytes] = set()
    prints: set[str] = set()
    for line in (line.strip() for text in lines for line in text.splitlines()):
        if line.startswith(PRINT):
            prints.add(line.split()[0].rstrip("="))
        elif line.startswith(REVOKED):
            revoked.update(_keys_of(line.removeprefix(REVOKED).strip(), name))
        elif line and not line.startswith(("#", OTHER_MARK)):
            blobs.update(_keys_of(line, name))
            prints.update(_print_of(line, name))
    return KnownKeys(frozenset(blobs), frozenset(prints), frozenset(revoked))


def _print_of(line: str, name: str) -> tuple[str, ...]:
    """None or one: the fingerprint of a line « nas.example SHA256:… »."""
    fields = line.split()
    if len(fields) < 2 or not fields[1].startswith(PRINT) or not _names(fields[0], name):
        return ()
    return (fields[1].rstrip("="),)


def fingerprint(blob: bytes) -> str:
    """As `ssh-keygen -l` shows it."""
    return PRINT + base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii").rstrip("=")


def _keys_of(line: str, name: str) -> tuple[bytes, ...]:
    """None or one: the key of a line that speaks of `name`."""
    fields = line.split()
    if len(fields) < 3 or not _names(fields[0], name):
        return ()
    try:
        blob = base64.b64decode(fields[2], validate=True)
    except (binascii.Error, ValueError):
        return ()
    return (blob,) if _kind(blob) == fields[1] else ()


def _names(patterns: str, name: str) -> bool:
    if patterns.startswith(_HASHED):
        return _is_hash_of(patterns, name)
    lower = name.lower()
    each = patterns.lower().split(",")
    if any(fnmatchcase(lower, _literal(one[1:])) for one in each if one.startswith("!")):
        return False
    return any(fnmatchcase(lower, _literal(one)) for one in each if not one.startswith("!"))


def _literal(pattern: str) -> str:
    """The brackets of « [host]:port » are themselves, not a set of letters."""
    return pattern.replace("[", "[[]")


def _is_hash_of(text: str, name: str) -> bool:
    try:
        salt, digest = (
            base64.b64decode(part, validate=True) for part in text.removeprefix(_HASHED).split("|")
        )
    except ValueError:  # binascii.Error among them
        return False
    return hmac.compare_digest(hmac.new(salt, name.encode(), "sha1").digest(), digest)


def _kind(blob: bytes) -> str:
    """RFC 4253 §6.6: the name of the algorithm is the first string of a key."""
    size = int.from_bytes(blob[:4])
    return blob[4 : 4 + size].decode("ascii", "replace") if size <= 64 else ""
