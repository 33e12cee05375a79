"""age: header, recipients and payload length (age-encryption.org/v1), binary or armoured."""

import base64
import binascii
from dataclasses import replace

from cyberaudit.facts.backup import END_NOT_SEEN, Encrypted, Weakness
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.reading import DAMAGED, TRUNCATED, Reading, Sample
from cyberaudit.probes.stores.strength import of_scrypt

VERSION = b"age-encryption.org/v1\n"
ARMOUR = b"-----BEGIN AGE ENCRYPTED FILE-----"
ARMOUR_END = b"-----END AGE ENCRYPTED FILE-----"
# age-encryption.org/v1, « Payload »: a 16-byte nonce, then chunks of 64 KiB, each with a 16-byte tag.
NONCE_BYTES, TAG_BYTES, CHUNK_BYTES = 16, 16, 64 * 1024


def read_age(sample: Sample) -> Reading | None:
    """The file as an age file; None when it is not one."""
    if sample.head.startswith(ARMOUR):
        return _armoured(sample)
    if sample.head.startswith(VERSION):
        return _judge(sample.head, sample.size)
    if sample.suffix == "age":
        evidence = "ligne 1 : ce n'est pas « age-encryption.org/v1 »"
        return Reading("age", Encrypted.UNKNOWN, evidence, DAMAGED)
    return None


def _armoured(sample: Sample) -> Reading:
    ended = ARMOUR_END in sample.tail
    text = b"".join(sample.head.partition(b"\n")[2].partition(b"-")[0].split())
    try:
        data = base64.b64decode(text[: len(text) // 4 * 4], validate=True)
    except binascii.Error:
        return Reading("age", Encrypted.UNKNOWN, "le codage en texte est abîmé", DAMAGED)
    if not data.startswith(VERSION):
        return Reading("age", Encrypted.UNKNOWN, "l'en-tête age manque sous le codage en texte", DAMAGED)
    size = len(data) if len(sample.head) == sample.size else None
    reading = _judge(data, size)
    # The last line of the armour is written after the last chunk.
    fault = (reading.fault if reading.fault != END_NOT_SEEN else "") if ended else TRUNCATED
    return replace(reading, fault=fault)


def _judge(data: bytes, size: int | None) -> Reading:
    """`size` of the whole decoded file, None when not known."""
    header, mac, rest = data.partition(b"\n--- ")
    stanzas = [line for line in header.split(b"\n") if line.startswith(b"-> ")]
    if not mac or b"\n" not in rest or not stanzas:
        return Reading("age", Encrypted.UNKNOWN, "l'en-tête age s'arrête avant sa fin", TRUNCATED)
    words = stanzas[0].split(b" ")
    kind = clean(words[1], limit=20)
    method, weaknesses = _method(words, kind)
    evidence = f"ligne 1 = « age-encryption.org/v1 », destinataire « {kind} » ({len(stanzas)})"
    payload = None if size is None else size - len(header) - len(mac) - rest.index(b"\n") - 1
    fault = _payload_fault(payload)
    return Reading("age", Encrypted.YES, evidence, fault, method=method, weaknesses=weaknesses)


def _method(words: list[bytes], kind: str) -> tuple[str, tuple[Weakness, ...]]:
    """One cipher; of a password, the stanza gives the cost: « scrypt », salt, log2(N), with r = 8."""
    cipher = "ChaCha20-Poly1305"
    if kind != "scrypt" or len(words) < 4 or not words[3].isdigit() or len(words[3]) > 2:
        return f"{cipher}, {kind}", ()
    return f"{cipher}, scrypt N=2^{int(words[3])} r=8 p=1", of_scrypt(1 << int(words[3]), 8)


def _payload_fault(payload: int | None) -> str:
    if payload is None:
        return END_NOT_SEEN
    body = payload - NONCE_BYTES
    if body < TAG_BYTES or 0 < body % (CHUNK_BYTES + TAG_BYTES) < TAG_BYTES:
        return TRUNCATED
    # The last chunk is marked inside its own nonce (« STREAM »): nothing outside shows that others followed.
    return END_NOT_SEEN
