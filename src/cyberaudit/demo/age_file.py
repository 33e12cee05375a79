"""An age file, version 1, written as its specification says (age-encryption.org/v1), for one X25519 recipient.

Importing this module loads `cryptography`: do it where it is used.
"""

import hmac
import os
from base64 import b64encode

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CHUNK_BYTES = 64 * 1024
KEY_BYTES = 32
FILE_KEY_BYTES = 16
NONCE_BYTES = 16
_VERSION = b"age-encryption.org/v1"


def encrypt(content: bytes, recipient: X25519PublicKey) -> bytes:
    """The file that only the holder of the recipient's identity can read: header, MAC, nonce, payload."""
    file_key = os.urandom(FILE_KEY_BYTES)
    header = _VERSION + b"\n" + _stanza(file_key, recipient) + b"---"
    mac = hmac.digest(_derive(file_key, info=b"header"), header, "sha256")
    nonce = os.urandom(NONCE_BYTES)
    key = _derive(file_key, salt=nonce, info=b"payload")
    return header + b" " + _base64(mac) + b"\n" + nonce + _stream(content, ChaCha20Poly1305(key))


def _stanza(file_key: bytes, recipient: X25519PublicKey) -> bytes:
    """The file key, wrapped under a key agreed on with the recipient."""
    ephemeral = X25519PrivateKey.generate()
    share = ephemeral.public_key().public_bytes_raw()
    salt = share + recipient.public_bytes_raw()
    wrap_key = _derive(ephemeral.exchange(recipient), salt=salt, info=_VERSION + b"/X25519")
    # The specification sets this nonce to zero: the wrapping key serves once.
    wrapped = ChaCha20Poly1305(wrap_key).encrypt(bytes(12), file_key, None)
    return b"-> X25519 " + _base64(share) + b"\n" + _base64(wrapped) + b"\n"


def _stream(content: bytes, cipher: ChaCha20Poly1305) -> bytes:
    """STREAM: chunks under a counter of 11 bytes, then a byte that marks the last one."""
    starts = range(0, max(len(content), 1), CHUNK_BYTES)
    sealed = bytearray()
    for number, start in enumerate(starts):
        nonce = number.to_bytes(11, "big") + bytes([start == starts[-1]])
        sealed += cipher.encrypt(nonce, content[start : start + CHUNK_BYTES], None)
    return bytes(sealed)


def _derive(secret: bytes, *, info: bytes, salt: bytes = b"") -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=info).derive(secret)


def _base64(data: bytes) -> bytes:
    return b64encode(data).rstrip(b"=")
