"""SCRAM-SHA-256 (RFC 5802, RFC 7677): a password is proved and never said, by both sides."""

import hashlib
import hmac
import re
import secrets
import stringprep
import unicodedata
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import field

from cyberaudit.delivery.wire import RelayTrouble
from cyberaudit.frozen import frozen

NAME = "SCRAM-SHA-256"
# RFC 7677 §4: « at least 4096 ».
FEWEST_ROUNDS = 4096
# Ours: ten times what is advised for a stored password; about two seconds of work.
MOST_ROUNDS = 6_000_000
# RFC 5802 §6: no channel binding, and none was looked for: the certificate is verified already.
_NO_BINDING = "n,,"
_FIRST = re.compile(r"r=([!-+\--~]{1,400}),s=([A-Za-z0-9+/=]{1,400}),i=([1-9][0-9]{0,9})(?:,.*)?")
# RFC 4013 §2.3
_NEVER = (
    stringprep.in_table_c12, stringprep.in_table_c21_c22, stringprep.in_table_c3, stringprep.in_table_c4,
    stringprep.in_table_c5, stringprep.in_table_c6, stringprep.in_table_c7, stringprep.in_table_c8,
    stringprep.in_table_c9,
)  # fmt: skip
NOT_PROVED = "le serveur d'envoi ne prouve pas qu'il connaît le compte"
_UNREADABLE = "le serveur d'envoi répond mal quand on s'identifie"
_WEAK = "le serveur d'envoi protège trop mal le mot de passe"


def exchange(user: str, password: str, *, nonce: str = "") -> "Exchange | None":
    """None when one of them holds what no account may. `nonce`: ours, never twice the same; drawn when empty."""
    name, secret = prepared(user), prepared(password)
    if name is None or secret is None:
        return None
    return Exchange(name, secret, nonce or b64encode(secrets.token_bytes(18)).decode())


@frozen
class Exchange:
    """One identification: what we say first, then `answer`, then `believe`. Made by `exchange`."""

    user: str
    password: str = field(repr=False)
    nonce: str

    @property
    def first(self) -> bytes:
        return f"{_NO_BINDING}{self._bare}".encode()

    @property
    def _bare(self) -> str:
        name = self.user.replace("=", "=3D").replace(",", "=2C")
        return f"n={name},r={self.nonce}"

    def answer(self, challenge: bytes) -> "Proof":
        """What proves the password to whoever said `challenge`.

        Raises:
            RelayTrouble: it is no challenge, not one to us, or one that would lay the password open.
        """
        text = _ascii(challenge)
        found = _FIRST.fullmatch(text)
        if found is None or not found[1].startswith(self.nonce) or found[1] == self.nonce:
            raise RelayTrouble(_UNREADABLE)
        rounds = int(found[3])
        if not FEWEST_ROUNDS <= rounds <= MOST_ROUNDS:
            raise RelayTrouble(_WEAK if rounds < FEWEST_ROUNDS else _UNREADABLE)
        salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(), _bytes(found[2]), rounds)
        last = f"c={b64encode(_NO_BINDING.encode()).decode()},r={found[1]}"
        return _proof(salted, said=f"{self._bare},{text},{last}".encode(), last=last)


@frozen
class Proof:
    """What we say last, and how one knows the other side."""

    last: bytes
    expected: bytes = field(repr=False)

    def believe(self, verdict: bytes) -> None:
        """Raises: RelayTrouble: who answers does not know the password, or says that ours is wrong."""
        said = _ascii(verdict)
        if said.startswith("e="):
            raise RelayTrouble("le serveur d'envoi refuse le compte ou le mot de passe")
        given = said.partition("v=")[2].partition(",")[0]
        if not hmac.compare_digest(_bytes(given), self.expected):
            raise RelayTrouble(NOT_PROVED)


def _proof(salted: bytes, *, said: bytes, last: str) -> Proof:
    """RFC 5802 §3"""
    client = _mac(salted, b"Client Key")
    signature = _mac(hashlib.sha256(client).digest(), said)
    proof = bytes(one ^ other for one, other in zip(client, signature, strict=True))
    expected = _mac(_mac(salted, b"Server Key"), said)
    return Proof(f"{last},p={b64encode(proof).decode()}".encode(), expected)


def _mac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")


def prepared(text: str) -> str | None:
    """As SASLprep writes it (RFC 4013): « é » is « é » however it was typed; None when it holds what none may."""
    spaced = (" " if stringprep.in_table_c12(char) else char for char in text)
    kept = "".join(char for char in spaced if not stringprep.in_table_b1(char))
    made = unicodedata.normalize("NFKC", kept)
    return None if any(never(char) for char in made for never in _NEVER) else made


def _ascii(said: bytes) -> str:
    try:
        return said.decode("ascii")
    except UnicodeDecodeError:
        raise RelayTrouble(_UNREADABLE) from None


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except NotBase64:
        raise RelayTrouble(_UNREADABLE) from None
