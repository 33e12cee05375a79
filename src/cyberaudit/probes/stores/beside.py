"""Keys and passwords that lie beside the copies: told by name and by bytes, never shown."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from cyberaudit.facts.backup import Anomaly, Trouble
from cyberaudit.probes.stores.inspection import Inspection, anomaly
from cyberaudit.probes.stores.magic import has_lost_its_magic
from cyberaudit.probes.stores.tree import Parts, read

# Ours: a key or a password is short, and a town leaves few of them.
MOST_CANDIDATES, SECRET_BYTES = 40, 64 * 1024
_PASSWORD = re.compile(
    r"pass.?(phrase|word|wd)|mots?.?de.?passe|\bmdp\b|(^|[-_. ])(mdp|pwd|passe?)([-_. ]|$)|\.(pass|pwd|keyfile)$"
)
"""Of a name in lower case, as the next: to ignore case takes four times as long."""
_KEY = re.compile(
    r"key|cl[eé]s?([-_. ]|$)|^id_|rclone|gocryptfs|borg|(^|[-_. ])age([-_. ]|$)|restic|secret|priv|identit|recover"
    r"|master|backup|sauvegarde|\.(asc|pem|ppk|gpg|pgp)$"
)
_MARKS = (
    (re.compile(rb"AGE-SECRET-KEY-(PQ-)?1[A-Z0-9]"), "clé privée age (AGE-SECRET-KEY-1…)"),
    (
        re.compile(rb"-----BEGIN PGP PRIVATE KEY BLOCK-----"),
        "clé privée OpenPGP (BEGIN PGP PRIVATE KEY BLOCK)",
    ),
    (re.compile(rb"-----BEGIN OPENSSH PRIVATE KEY-----"), "clé privée SSH (BEGIN OPENSSH PRIVATE KEY)"),
    (re.compile(rb"-----BEGIN ([A-Z0-9]{2,10} )?PRIVATE KEY-----"), "clé privée (BEGIN PRIVATE KEY)"),
    (re.compile(rb"\APuTTY-User-Key-File-\d"), "clé privée SSH de PuTTY (PuTTY-User-Key-File)"),
    (re.compile(rb"\ABORG_KEY [0-9a-f]{64}"), "clé exportée de borg (BORG_KEY)"),
    (re.compile(rb"\ABORG PAPER KEY v1"), "clé de borg à imprimer (BORG PAPER KEY)"),
    # Eight groups of eight hexadecimal digits, on two lines: cli of gocryptfs, print of its master key.
    (
        re.compile(rb"(?<![0-9a-f-])([0-9a-f]{8}-\s*){7}[0-9a-f]{8}(?![0-9a-f-])"),
        "clé maîtresse de gocryptfs (8 groupes de 8 chiffres)",
    ),
    # Proxmox Backup, key file: JSON whose `kdf` is null when no password protects `data`.
    (
        re.compile(rb'\A\s*\{(?=.*"data")(?=.*"created").*"kdf"\s*:\s*null', re.DOTALL),
        "clé sans mot de passe (kdf null)",
    ),
    # RFC 4880 §4.2, §5.5.3: a secret-key packet (tag 5), version 4.
    (
        re.compile(rb"\A(\x94.|\x95..|\xc5[\x00-\xbf]|\xc5[\xc0-\xdf].)\x04", re.DOTALL),
        "clé privée OpenPGP (paquet 5)",
    ),
)
_SECTION = re.compile(rb"^\[[^\]\n]{1,200}\]", re.MULTILINE)


@dataclass(slots=True)
class Beside:
    """The files whose names call for a look, gathered in bounded memory."""

    named: list[Parts] = field(default_factory=list)
    """After a password, or a key without any other name."""
    others: list[Parts] = field(default_factory=list)
    """After a key, or a tool that has one."""

    def file(self, parts: Parts, name: str, size: int) -> None:
        """One file with an ending that secrets have."""
        if not 0 < size <= SECRET_BYTES:
            return
        lower = name.lower()
        if len(self.named) < MOST_CANDIDATES and _PASSWORD.search(lower):
            self.named.append((*parts, name))
        elif len(self.others) < MOST_CANDIDATES and _KEY.search(lower):
            self.others.append((*parts, name))


def secrets_beside(inspection: Inspection, beside: Beside) -> Iterator[Anomaly]:
    """Each secret found, by its name and its mark."""
    for parts in [*beside.named, *beside.others][:MOST_CANDIDATES]:
        if inspection.hurried():
            return
        try:
            data = read(inspection.tree, parts, most=SECRET_BYTES)
        except OSError:
            continue
        mark = secret_in(parts[-1], data)
        if mark:
            yield anomaly(Trouble.SECRET_BESIDE, parts[:-1], f"« {parts[-1]} » : {mark}")


def secret_in(name: str, data: bytes) -> str:
    """What is secret in a file, in French and without the secret; empty when nothing is."""
    for mark, french in _MARKS:
        if mark.search(data):
            return french
    if _has_a_crypt_password(data):
        return "mot de passe d'un dossier rclone chiffré (« password = », lisible par « rclone reveal »)"
    if _PASSWORD.search(name.lower()) and _is_short_text(name, data):
        return "nommé comme un mot de passe, et lisible"
    return ""


def _has_a_crypt_password(data: bytes) -> bool:
    """A section `type = crypt` with its password, in a configuration that is not itself encrypted."""
    starts = [match.start() for match in _SECTION.finditer(data)]
    for start, end in zip(starts, [*starts[1:], len(data)], strict=False):
        section = data[start:end]
        if re.search(rb"^type\s*=\s*crypt\s*$", section, re.MULTILINE) and re.search(
            rb"^password\s*=\s*\S", section, re.MULTILINE
        ):
            return True
    return False


def _is_short_text(name: str, data: bytes) -> bool:
    """It can be read; a key file of random bytes is one by its name alone."""
    if name.lower().endswith(".keyfile"):
        return True
    wrapped = data.startswith(
        (b"-----BEGIN PGP MESSAGE", b"age-encryption.org", b"-----BEGIN AGE", b"Salted__")
    )
    return bool(data.strip()) and not wrapped and b"\0" not in data and not has_lost_its_magic(data)
