"""The server's side of WireGuard's handshake, for tests: it verifies an initiation and answers it."""

import base64
import hmac
import secrets
from dataclasses import dataclass, field
from hashlib import blake2s
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from cyberaudit.probes.wireguard.handshake import hchacha20

ZERO = bytes(12)


def h(*parts: bytes) -> bytes:
    return blake2s(b"".join(parts)).digest()


def keyed(key: bytes, data: bytes) -> bytes:
    return blake2s(data, key=key, digest_size=16).digest()


def derive(chain: bytes, secret: bytes, count: int) -> list[bytes]:
    seed, keys = hmac.digest(chain, secret, "blake2s"), [b""]
    for number in range(1, count + 1):
        keys.append(hmac.digest(seed, keys[-1] + bytes([number]), "blake2s"))
    return keys[1:]


def public(key: X25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def text(key: bytes) -> str:
    return base64.b64encode(key).decode("ascii")


@dataclass(slots=True)
class WireGuardServer:
    """Knows one peer."""

    peer: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)
    own: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)
    shared: bytes = bytes(32)
    stamps: list[bytes] = field(default_factory=list)
    cookie: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    def config(self, folder: Path, *, endpoint: str = "", mode: int = 0o600) -> Path:
        """A file as `wg-quick` reads it."""
        path = folder / "peer.conf"
        lines = [
            "[Interface]", f"PrivateKey = {text(self.peer.private_bytes_raw())}  # controle", "Address = 10.0.0.2/32",
            "[Peer]", f"PublicKey={text(public(self.own))}", "AllowedIPs = 10.0.0.0/24",
        ]  # fmt: skip
        lines += [f"PresharedKey = {text(self.shared)}"] if any(self.shared) else []
        lines += [f"Endpoint = {endpoint}"] if endpoint else []
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        path.chmod(mode)
        return path

    def wears_cookie(self, message: bytes) -> bool:
        return hmac.compare_digest(message[132:148], keyed(self.cookie, message[:132]))

    def cookie_reply(self, message: bytes) -> bytes:
        nonce = secrets.token_bytes(24)
        key = hchacha20(h(b"cookie--", public(self.own)), nonce[:16])
        sealed = ChaCha20Poly1305(key).encrypt(bytes(4) + nonce[16:], self.cookie, message[116:132])
        return b"\x03\0\0\0" + message[4:8] + nonce + sealed

    def response(self, message: bytes) -> bytes | None:
        """92 bytes; None: the initiation is not that of our peer."""
        assert len(message) == 148
        own = public(self.own)
        if message[116:132] != keyed(h(b"mac1----", own), message[:116]):
            return None
        chain = h(b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s")
        ephemeral, static, stamp = message[8:40], message[40:88], message[88:116]
        digest = h(h(h(chain, b"WireGuard v1 zx2c4 Jason@zx2c4.com"), own), ephemeral)
        (chain,) = derive(chain, ephemeral, 1)
        theirs = X25519PublicKey.from_public_bytes(ephemeral)
        chain, key = derive(chain, self.own.exchange(theirs), 2)
        peer = ChaCha20Poly1305(key).decrypt(ZERO, static, digest)
        if peer != public(self.peer):
            return None
        digest = h(digest, static)
        chain, key = derive(chain, self.own.exchange(self.peer.public_key()), 2)
        self.stamps.append(ChaCha20Poly1305(key).decrypt(ZERO, stamp, digest))
        return self._answer(message[4:8], chain, h(digest, stamp), theirs)

    def _answer(self, index: bytes, chain: bytes, digest: bytes, theirs: X25519PublicKey) -> bytes:
        ephemeral = X25519PrivateKey.generate()
        digest = h(digest, public(ephemeral))
        for secret in (
            public(ephemeral),
            ephemeral.exchange(theirs),
            ephemeral.exchange(self.peer.public_key()),
        ):
            (chain,) = derive(chain, secret, 1)
        _, mixed, key = derive(chain, self.shared, 3)
        empty = ChaCha20Poly1305(key).encrypt(ZERO, b"", h(digest, mixed))
        head = b"\x02\0\0\0" + secrets.token_bytes(4) + index
        body = head + public(ephemeral) + empty
        return body + keyed(h(b"mac1----", public(self.peer)), body) + bytes(16)
