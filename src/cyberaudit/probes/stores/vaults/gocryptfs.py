"""A folder encrypted by gocryptfs: its configuration, the header of its files, the empty password."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping

from cyberaudit.facts.backup import Anomaly, Encrypted, Trouble, Weakness
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable
from cyberaudit.probes.stores.inspection import NOT_TRIED, Claim, Found, Inspection, anomaly
from cyberaudit.probes.stores.reading import DAMAGED, INCOMPLETE, Reading, Sample, octets
from cyberaudit.probes.stores.strength import of_scrypt
from cyberaudit.probes.stores.tree import Parts, read
from cyberaudit.probes.stores.vaults.sealed import Seal, Tool, is_readable, read_sealed

CONFIG, FOLDER_IV = "gocryptfs.conf", "gocryptfs.diriv"
# gocryptfs internal/configfile: some 400 bytes.
CONFIG_BYTES = 64 * 1024
# gocryptfs internal/contentenc, file_header.go: version 2 on 16 bits, then the file's own 16 bytes.
FILE_VERSION, FILE_HEADER = b"\0\x02", 18
# gocryptfs internal/contentenc, content.go: blocks of 4 KiB, each between its nonce and its tag of 16 bytes.
BLOCK, TAG, NONCE, LONG_NONCE = 4096, 16, 16, 24
KEY_NONCE, KEY_BYTES = 16, 32
# Ours: what one trial may take of memory; 128 · N · r (RFC 7914 §2), gocryptfs's own choice included.
MOST_SCRYPT_BYTES, SCRYPT_SLACK = 64 * 1024 * 1024, 2 * 1024 * 1024
MOST_PARALLEL = 16
# gocryptfs internal/nametransform: base64url of whole AES blocks, padded or not; else the hash of a long name.
_OWN_NAME = re.compile(r"[A-Za-z0-9_-]{22,}={0,2}|gocryptfs\.longname\.[A-Za-z0-9_=-]+")
_LONG_NAME = re.compile(r"gocryptfs\.longname\..+\.name")


@frozen
class Config:
    """gocryptfs.conf, its fields checked."""

    flags: frozenset[str]
    key: bytes
    salt: bytes
    n: int
    r: int
    p: int

    @property
    def cipher(self) -> str:
        if "XChaCha20Poly1305" in self.flags:
            return "XChaCha20-Poly1305"
        return "AES-256-SIV" if "AESSIV" in self.flags else "AES-256-GCM"


def is_here(name: str, folders: frozenset[str], files: frozenset[str]) -> bool:
    """Whether a folder with these files is one."""
    return CONFIG in files or FOLDER_IV in files


def read_folder(inspection: Inspection, parts: Parts) -> Found | None:
    """The folder as one copy."""
    try:
        data = read(inspection.tree, (*parts, CONFIG), most=CONFIG_BYTES)
    except FileNotFoundError:
        return _without_config(inspection, parts)
    config = read_config(data)
    if config is None:
        reading = Reading(
            "gocryptfs", Encrypted.UNKNOWN, f"{CONFIG} illisible, début {octets(data[:8])}", DAMAGED
        )
        return read_sealed(inspection, parts, _tool(None), reading)
    names = (Weakness.NAMES_VISIBLE,) if "PlaintextNames" in config.flags else ()
    stretched = f"scrypt N={config.n} r={config.r} p={config.p}"
    reading = Reading(
        "gocryptfs",
        Encrypted.YES,
        f"{CONFIG} : {', '.join(sorted(config.flags))} ; attendu : octets 0 et 1 = {octets(FILE_VERSION)}",
        method=f"{config.cipher}, {stretched}",
        weaknesses=(*of_scrypt(config.n, config.r), *names),
    )
    may_try = inspection.tries_empty_password and not inspection.hurried()
    tried = opens_with(b"", config) if may_try else NOT_TRIED
    return read_sealed(inspection, parts, _tool(config), reading, empty_password=tried)


def read_config(data: bytes) -> Config | None:
    """The configuration; None when it is damaged or of another version."""
    try:
        told = json.loads(data)
        if told["Version"] != 2:
            return None
        scrypt = told["ScryptObject"]
        config = Config(
            flags=frozenset(_word(flag) for flag in told["FeatureFlags"]),
            key=base64.b64decode(told["EncryptedKey"], validate=True),
            salt=base64.b64decode(scrypt["Salt"], validate=True),
            n=_count(scrypt, "N"),
            r=_count(scrypt, "R"),
            p=_count(scrypt, "P"),
        )
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        return None
    return config if len(config.key) >= KEY_NONCE + KEY_BYTES else None


def opens_with(password: bytes, config: Config) -> bool | Unreachable:
    """Whether the password opens the key: AES-GCM proves it. Not tried when that would take too much."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    if 128 * config.n * config.r > MOST_SCRYPT_BYTES or config.p > MOST_PARALLEL:
        return NOT_TRIED
    if "HKDF" not in config.flags or "FIDO2" in config.flags:
        return NOT_TRIED
    try:
        key = hashlib.scrypt(
            password, salt=config.salt, n=config.n, r=config.r, p=config.p,
            maxmem=MOST_SCRYPT_BYTES + SCRYPT_SLACK, dklen=KEY_BYTES,
        )  # fmt: skip
    except ValueError:  # n is no power of two
        return NOT_TRIED
    # gocryptfs internal/cryptocore: the key of contents is taken from scrypt's; block 0 of no file.
    derived = HKDF(SHA256(), KEY_BYTES, None, b"AES-GCM file content encryption").derive(key)
    try:
        AESGCM(derived).decrypt(config.key[:KEY_NONCE], config.key[KEY_NONCE:], bytes(8))
    except InvalidTag:
        return False
    return True


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _count(fields: Mapping[str, object], name: str) -> int:
    value = fields[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 1 << 32:
        raise ValueError
    return value


def _without_config(inspection: Inspection, parts: Parts) -> Found:
    """Nothing opens it then but the key printed when it was made, kept elsewhere or not."""
    lost: tuple[Anomaly, ...] = (
        anomaly(
            Trouble.MISSING_PART,
            parts,
            f"{CONFIG} absent : sans lui, ou sans la clé imprimée, rien ne s'ouvre",
        ),
    )
    evidence = f"{FOLDER_IV} présent, {CONFIG} absent"
    reading = Reading("gocryptfs", Encrypted.YES, evidence, INCOMPLETE, weaknesses=(Weakness.UNTOLD,))
    return read_sealed(inspection, parts, _tool(None), reading, anomalies=lost, empty_password=NOT_TRIED)


def _tool(config: Config | None) -> Tool:
    flags = config.flags if config else frozenset()
    more = (LONG_NONCE if "XChaCha20Poly1305" in flags else NONCE) + TAG

    def judge(sample: Sample) -> Seal:
        return judge_file(sample, more)

    def is_own_name(name: str) -> bool:
        return "PlaintextNames" in flags or _OWN_NAME.fullmatch(name) is not None

    return Tool("gocryptfs", judge, is_own_name, _is_clear_part, written_here=True, end_is_told=False)


def judge_file(sample: Sample, more: int) -> Seal:
    """One file; `more` is what each block of 4 KiB takes besides. An empty document has no header."""
    head, size = sample.head, sample.size
    if not head.strip(b"\0"):
        return Seal.EMPTY if size else Seal.UNTOLD
    if not head.startswith(FILE_VERSION):
        return Seal.READABLE if is_readable(head) else Seal.STRANGE
    rest = (size - FILE_HEADER) % (BLOCK + more)
    return Seal.CUT if size <= FILE_HEADER + more or 0 < rest <= more else Seal.HELD


def _is_clear_part(name: str) -> bool:
    return name in (CONFIG, FOLDER_IV) or _LONG_NAME.fullmatch(name) is not None


CLAIM = Claim("gocryptfs", is_here, read_folder)
