"""A folder encrypted by EncFS: its configuration says the cipher, the key's making, and whether alterations show."""

import base64
import binascii
import re

from cyberaudit.facts.backup import Anomaly, Encrypted, Trouble, Weakness
from cyberaudit.probes.stores.inspection import NOT_TRIED, Claim, Found, Inspection, anomaly
from cyberaudit.probes.stores.reading import DAMAGED, INCOMPLETE, Reading, Sample, octets
from cyberaudit.probes.stores.strength import of_pbkdf2
from cyberaudit.probes.stores.tree import Parts, read
from cyberaudit.probes.stores.vaults.sealed import Seal, Tool, judge_without_mark, read_sealed

CONFIG = ".encfs6.xml"
OLD_CONFIGS = frozenset({".encfs5", ".encfs4", ".encfs3"})
CONFIG_BYTES = 64 * 1024
# Taylor Hornby, « EncFS Security Audit » (14 January 2014): whoever sees two states of a folder learns of its contents.
AUDIT = "audit de 2014 : fragile quand plusieurs états sont visibles"
# EncFS, SSL_Cipher.cpp and NullCipher.cpp: the names of its ciphers.
CIPHERS = {"ssl/aes": "AES", "ssl/camellia": "Camellia", "ssl/blowfish": "Blowfish", "ssl/cast5": "CAST5"}
WEAK_CIPHERS, NO_CIPHER, NO_NAMES = frozenset({"ssl/blowfish", "ssl/cast5"}), "nullCipher", "nameio/null"
# EncFS, base64.cpp: its own letters.
_OWN_NAME = re.compile(r"[A-Za-z0-9,-]+")
_FIELD = re.compile(r"<(\w{1,32})>\s*([^<>]{0,8192}?)\s*</\1>")
_NAMED = re.compile(r"<(cipherAlg|nameAlg)\b[^<>]{0,200}>\s*<name>([^<>]{1,64})</name>")


def is_here(name: str, folders: frozenset[str], files: frozenset[str]) -> bool:
    """Whether a folder with these files is one."""
    return CONFIG in files or bool(files & OLD_CONFIGS)


def read_folder(inspection: Inspection, parts: Parts) -> Found:
    """The folder as one copy."""
    try:
        data = read(inspection.tree, (*parts, CONFIG), most=CONFIG_BYTES)
    except FileNotFoundError:
        evidence = "configuration d'EncFS 1.2 ou plus ancien, non lue"
        reading = Reading("encfs", Encrypted.UNKNOWN, evidence, weaknesses=(Weakness.UNTOLD,))
        return read_sealed(inspection, parts, _tool(names_visible=False), reading, empty_password=NOT_TRIED)
    reading = read_config(data)
    anomalies: tuple[Anomaly, ...] = ()
    if reading.fault:
        anomalies = (anomaly(Trouble.DAMAGED, (*parts, CONFIG), reading.evidence),)
    tool = _tool(names_visible=Weakness.NAMES_VISIBLE in reading.weaknesses)
    return read_sealed(inspection, parts, tool, reading, anomalies=anomalies, empty_password=NOT_TRIED)


def read_config(data: bytes) -> Reading:
    """What `.encfs6.xml` says; it is read by its tags alone, so that no entity of it is ever expanded."""
    text = data.decode("utf-8", "replace")
    named = dict(_NAMED.findall(text))
    fields = dict(_FIELD.findall(text))
    cipher = named.get("cipherAlg", "")
    if cipher == NO_CIPHER:
        return Reading("encfs", Encrypted.NO, f"{CONFIG} : chiffre « {NO_CIPHER} », rien n'est chiffré")
    if cipher not in CIPHERS or not _number(fields, "keySize"):
        evidence = f"{CONFIG} illisible, début {octets(data[:8])}"
        return Reading("encfs", Encrypted.UNKNOWN, evidence, DAMAGED)
    iterations = _number(fields, "kdfIterations")
    stretched = f"PBKDF2-SHA1, {iterations} tours" if iterations else "clé tirée par l'ancien procédé d'EncFS"
    return Reading(
        "encfs",
        Encrypted.YES,
        f"{CONFIG} : chiffre « {cipher} », blockMACBytes {fields.get('blockMACBytes', '?')[:4]} ; {AUDIT}",
        "" if _holds_its_key(fields) else INCOMPLETE,
        method=f"{CIPHERS[cipher]}-{_number(fields, 'keySize')}, {stretched}",
        weaknesses=(*of_pbkdf2(iterations), *_weaknesses(cipher, named, fields)),
    )


def _weaknesses(cipher: str, named: dict[str, str], fields: dict[str, str]) -> tuple[Weakness, ...]:
    return tuple(
        weakness
        for weakness, is_there in (
            (Weakness.WEAK_CIPHER, cipher in WEAK_CIPHERS or _number(fields, "uniqueIV") == 0),
            (Weakness.NO_INTEGRITY, _number(fields, "blockMACBytes") == 0),
            (Weakness.NAMES_VISIBLE, named.get("nameAlg") == NO_NAMES),
        )
        if is_there
    )


def _number(fields: dict[str, str], name: str) -> int:
    """Zero when it is not there."""
    value = fields.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 12 else 0


def _holds_its_key(fields: dict[str, str]) -> bool:
    try:
        key = base64.b64decode(fields.get("encodedKeyData", ""), validate=False)
    except (ValueError, binascii.Error):
        return False
    return bool(key) and len(key) == _number(fields, "encodedKeySize")


def _tool(*, names_visible: bool) -> Tool:
    def is_own_name(name: str) -> bool:
        return names_visible or _OWN_NAME.fullmatch(name) is not None

    def judge(sample: Sample) -> Seal:
        seal = judge_without_mark(sample)
        return Seal.STRANGE if seal is Seal.HELD and not is_own_name(sample.name) else seal

    return Tool("encfs", judge, is_own_name, _is_clear_part, written_here=True, end_is_told=False)


def _is_clear_part(name: str) -> bool:
    return name == CONFIG or name in OLD_CONFIGS


CLAIM = Claim("encfs", is_here, read_folder)
