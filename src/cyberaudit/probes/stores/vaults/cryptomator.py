"""A Cryptomator vault: its signed configuration, its master key, the size of its files, the empty password."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace

from cyberaudit.facts.backup import Anomaly, Encrypted, Trouble
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.inspection import EVIDENCE_LIMIT, NOT_TRIED, Claim, Found, Inspection, anomaly
from cyberaudit.probes.stores.reading import DAMAGED, INCOMPLETE, Reading, Sample
from cyberaudit.probes.stores.strength import of_scrypt
from cyberaudit.probes.stores.tree import Parts, read
from cyberaudit.probes.stores.vaults.sealed import Seal, Tool, judge_without_mark, read_sealed

VAULT, MASTER_KEY, FILES = "vault.cryptomator", "masterkey.cryptomator", "d"
CONFIG_BYTES = 64 * 1024
# Cryptomator, « Security Architecture », file header and content encryption: header, then chunks of 32 KiB and more.
CIPHERS = {"SIV_GCM": ("AES-256-GCM", 68, 28), "SIV_CTRMAC": ("AES-256-CTR + HMAC", 88, 48)}
OLD_CIPHER = "SIV_CTRMAC"
CHUNK = 32 * 1024
# Cryptomator before format 8 writes the format in the master key's file; since, 999 stands there.
FORMATS, OLD_FORMATS = frozenset({8}), frozenset({6, 7})
KEYFILE = "masterkeyfile:"
# RFC 3394 §2.2.1: 32 bytes wrapped, and 8 that prove it.
WRAPPED_BYTES, KEY_BYTES = 40, 32
MOST_SCRYPT_BYTES, SCRYPT_SLACK = 64 * 1024 * 1024, 2 * 1024 * 1024
SUFFIXES, OLD_NAME = (".c9r", ".c9s"), re.compile(r"0?[A-Z2-7]+=*(\.lng)?")
SMALL_PARTS = frozenset({"dir.c9r", "name.c9s"})
"""A folder's number and a long name: not documents."""


@frozen
class MasterKey:
    """masterkey.cryptomator, its fields checked."""

    format: int
    salt: bytes
    n: int
    r: int
    wrapped: bytes


def is_here(name: str, folders: frozenset[str], files: frozenset[str]) -> bool:
    """Whether a folder with these names is one."""
    return FILES in folders and bool(files & {VAULT, MASTER_KEY})


def read_vault(inspection: Inspection, parts: Parts) -> Found:
    """The vault as one copy."""
    vault, key = (_file(inspection, (*parts, name)) for name in (VAULT, MASTER_KEY))
    master = read_master_key(key) if key is not None else None
    reading, combination = _read_config(vault, master)
    needs_key = vault is None or not _key_is_elsewhere(vault)
    if needs_key and master is None:
        evidence = f"{reading.evidence} ; {MASTER_KEY} absent ou illisible"
        reading = replace(reading, evidence=evidence, fault=INCOMPLETE)
    tried: bool | Unreachable = NOT_TRIED
    may_try = inspection.tries_empty_password and not inspection.hurried()
    if master is not None and needs_key and may_try:
        tried = opens_with(b"", master)
    return read_sealed(
        inspection, parts, _tool(combination), reading,
        below=(FILES,), anomalies=_anomalies(parts, reading), empty_password=tried,
    )  # fmt: skip


def read_master_key(data: bytes) -> MasterKey | None:
    """The master key's file; None when it is damaged."""
    try:
        told = json.loads(data)
        master = MasterKey(
            format=_count(told, "version"),
            salt=base64.b64decode(told["scryptSalt"], validate=True),
            n=_count(told, "scryptCostParam"),
            r=_count(told, "scryptBlockSize"),
            wrapped=base64.b64decode(told["primaryMasterKey"], validate=True),
        )
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        return None
    return master if len(master.wrapped) == WRAPPED_BYTES else None


def read_token(data: bytes) -> tuple[Mapping[str, object], Mapping[str, object]] | None:
    """Header and payload of `vault.cryptomator`, a JSON Web Token (RFC 7519); its signature needs the key."""
    fields = data.strip().split(b".")
    if len(fields) != 3:
        return None
    try:
        header, payload = (json.loads(base64.urlsafe_b64decode(each + b"==")) for each in fields[:2])
    except (ValueError, RecursionError, binascii.Error):
        return None
    return (header, payload) if isinstance(header, dict) and isinstance(payload, dict) else None


def opens_with(password: bytes, master: MasterKey) -> bool | Unreachable:
    """Whether the password opens the key: AES key wrap proves it. Not tried when that would take too much memory."""
    from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

    if 128 * master.n * master.r > MOST_SCRYPT_BYTES:
        return NOT_TRIED
    try:
        key = hashlib.scrypt(
            password, salt=master.salt, n=master.n, r=master.r, p=1,
            maxmem=MOST_SCRYPT_BYTES + SCRYPT_SLACK, dklen=KEY_BYTES,
        )  # fmt: skip
    except ValueError:  # n is no power of two
        return NOT_TRIED
    try:
        aes_key_unwrap(key, master.wrapped)
    except InvalidUnwrap:
        return False
    return True


def _file(inspection: Inspection, parts: Parts) -> bytes | None:
    try:
        return read(inspection.tree, parts, most=CONFIG_BYTES)
    except FileNotFoundError:
        return None


def _count(fields: Mapping[str, object], name: str) -> int:
    value = fields[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 1 << 32:
        raise ValueError
    return value


def _key_is_elsewhere(vault: bytes) -> bool:
    """Whether the key is held by a Cryptomator Hub."""
    token = read_token(vault)
    return token is not None and not str(token[0].get("kid", KEYFILE)).startswith(KEYFILE)


def _read_config(vault: bytes | None, master: MasterKey | None) -> tuple[Reading, str]:
    """What is told of the whole vault, and the name of its ciphers."""
    if vault is None:
        return _read_old_config(master)
    token = read_token(vault)
    if token is None:
        return Reading("cryptomator", Encrypted.UNKNOWN, f"{VAULT} illisible", DAMAGED), ""
    combination = str(token[1].get("cipherCombo", ""))
    evidence = f"{VAULT} : format {token[1].get('format')}, {combination or 'chiffre non écrit'}"
    evidence = clean(evidence, limit=EVIDENCE_LIMIT)
    if token[1].get("format") not in FORMATS or combination not in CIPHERS:
        return Reading("cryptomator", Encrypted.UNKNOWN, evidence), ""
    if _key_is_elsewhere(vault):
        evidence = f"{evidence}, clé tenue par un serveur Cryptomator Hub"
    return _encrypted(evidence, combination, None if _key_is_elsewhere(vault) else master), combination


def _read_old_config(master: MasterKey | None) -> tuple[Reading, str]:
    """Of a vault made before format 8, the master key's file says all."""
    if master is None or master.format not in OLD_FORMATS:
        told = master.format if master else "non lu"
        return Reading("cryptomator", Encrypted.UNKNOWN, f"{VAULT} absent, format {told}"), ""
    evidence = f"{MASTER_KEY} : format {master.format}"
    return _encrypted(evidence, OLD_CIPHER, master), OLD_CIPHER


def _encrypted(evidence: str, combination: str, master: MasterKey | None) -> Reading:
    method = CIPHERS[combination][0]
    if master is None:
        return Reading("cryptomator", Encrypted.YES, evidence, method=method)
    stretched = f"{method}, scrypt N={master.n} r={master.r} p=1"
    weaknesses = of_scrypt(master.n, master.r)
    return Reading("cryptomator", Encrypted.YES, evidence, method=stretched, weaknesses=weaknesses)


def _anomalies(parts: Parts, reading: Reading) -> tuple[Anomaly, ...]:
    if not reading.fault:
        return ()
    code = Trouble.MISSING_PART if reading.fault == INCOMPLETE else Trouble.DAMAGED
    return (anomaly(code, parts, reading.evidence),)


def _tool(combination: str) -> Tool:
    _, header, more = CIPHERS.get(combination, ("", 0, 0))

    def judge(sample: Sample) -> Seal:
        return judge_file(sample, header, more)

    return Tool("cryptomator", judge, _is_own_name, _is_small_part, written_here=True, end_is_told=False)


def judge_file(sample: Sample, header: int, more: int) -> Seal:
    """One file below `d`: `header` bytes, then what each chunk of 32 KiB takes besides; both 0 when not told."""
    seal = judge_without_mark(sample)
    if seal not in (Seal.HELD, Seal.UNTOLD):
        return seal
    if not _is_own_name(sample.name):
        return Seal.STRANGE
    rest = (sample.size - header) % (CHUNK + more)
    return Seal.CUT if sample.size < header or 0 < rest <= more else seal


def _is_own_name(name: str) -> bool:
    return name.endswith(SUFFIXES) or OLD_NAME.fullmatch(name) is not None


def _is_small_part(name: str) -> bool:
    return name in SMALL_PARTS


CLAIM = Claim("cryptomator", is_here, read_vault)
