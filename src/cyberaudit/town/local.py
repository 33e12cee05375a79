"""What this machine may read, which secrets go to whom, whom else it tells: its own configuration, never shared."""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import field
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from cyberaudit.errors import ProfileError, UsageError
from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean
from cyberaudit.refusals import system_clause
from cyberaudit.town.source import Source, Trail
from cyberaudit.town.values import RefusedError, ascii_name
from cyberaudit.town.yaml_source import MAX_BYTES, read_yaml

PLACES = ("~/.config/cyberaudit/config.yaml", "/etc/cyberaudit/config.yaml")
"""The first that exists; `XDG_CONFIG_HOME` stands for « ~/.config »."""
KEYS = ("backup_roots", "known_hosts", "secrets", "webhook", "feed", "ping", "signing")
_KEYS = ("SHA256:", "ssh-", "ecdsa-", "sk-")
_HOST = re.compile(
    r"(?:\[(?P<address>[0-9A-Fa-f:.]+)\]|(?P<name>[^\s/@:\[\]]+))(?::(?P<port>[1-9][0-9]{0,4}))?"
)
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class SecretKind(StrEnum):
    """Where a secret comes from; its key in the configuration."""

    ENV = "env"
    FILE = "file"
    COMMAND = "command"
    CREDENTIAL = "credential"
    """Of systemd (systemd.exec(5), LoadCredential=)."""


@frozen
class SecretSource:
    """A label of profiles, bound to a source and to the only host it may be sent to."""

    host: str
    """Lower case."""
    kind: SecretKind
    words: tuple[str, ...]
    """One word; of a command, the program and its arguments."""
    region: str = ""
    """Of an S3 bucket."""
    port: int = 0
    """Zero: the usual one of the kind of address."""


@frozen
class Webhook:
    """A program elsewhere that is told what each weekly control brought."""

    url: str
    """https"""
    secret: SecretSource
    """What its messages are signed with; it is never sent."""
    ca_bundle: Path | None = None
    """Authorities of its certificate, PEM; None: those of the system."""


@frozen
class Ping:
    """A watchman who calls when the weekly control stops calling."""

    url: str
    """https; `/start` and the exit code are added to it."""
    ca_bundle: Path | None = None


@frozen
class Signing:
    """What mail is signed with (S/MIME): both files PEM."""

    certificate: Path
    key: Path


@frozen
class LocalConfig:
    """The configuration of this machine."""

    backup_roots: tuple[Path, ...] = ()
    known_hosts: tuple[str, ...] = ()
    """Lines as known_hosts has them: « nas.example ssh-ed25519 AAAA… »."""
    secrets: Mapping[str, SecretSource] = field(default_factory=dict)
    """By label: « secret:nas »."""
    webhook: Webhook | None = None
    feed: Path | None = None
    """An Atom file, written again by each weekly control."""
    ping: Ping | None = None
    signing: Signing | None = None


NOTHING = LocalConfig()


def local_config(path: Path | None = None) -> LocalConfig:
    """The file at `path`, else the first of the usual places; nothing is allowed when there is none.

    Raises:
        UsageError: it cannot be read, or others than its owner may write it.
        ProfileError: what is wrong in it, each thing at its place.
    """
    found = path or next(filter(_is_there, _places()), None)
    if found is None:
        return NOTHING
    source = read_yaml(_read(found), file=clean(str(found), limit=1000))
    problems = [source.problem(sentence, trail) for sentence, trail in _wrong(source)]
    if problems or source.problems:
        raise ProfileError(*source.problems, *problems)
    return _config(source.tree)


def _places() -> Iterator[Path]:
    home = os.environ.get("XDG_CONFIG_HOME", "")
    # XDG Base Directory Specification: a relative path is ignored.
    if home.startswith("/"):
        yield Path(home) / "cyberaudit" / "config.yaml"
    else:
        # RuntimeError: an account without a home, as systemd makes them.
        with suppress(RuntimeError):
            yield Path(PLACES[0]).expanduser()
    yield Path(PLACES[1])


def _is_there(place: Path) -> bool:
    """Also when it cannot be told: reading it will say why."""
    try:
        return place.exists()
    except OSError:
        return True


def _read(path: Path) -> bytes:
    shown = clean(str(path), limit=1000)
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UsageError(f"La configuration « {shown} » n'est pas un fichier ordinaire.")
            if status.st_mode & OTHERS_WRITE or _is_somebody_elses(status):
                raise UsageError(
                    f"La configuration « {shown} » doit vous appartenir, et n'être modifiable que par vous :"
                    f" chmod 600 {shown}"
                )
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"La configuration « {shown} » ne se lit pas ({system_clause(error)}).") from None


def _is_somebody_elses(status: os.stat_result) -> bool:
    return hasattr(os, "geteuid") and status.st_uid not in (0, os.geteuid())


def _wrong(source: Source) -> Iterator[tuple[str, Trail]]:
    tree: dict[str, Any] = source.tree
    for key in tree.keys() - set(KEYS):
        yield f"Cette clé n'existe pas ; il y a : {', '.join(KEYS)}.", (key,)
    for key in ("backup_roots", "known_hosts"):
        if not _is_words(tree.get(key, [])):
            yield "Écrivez une liste de textes.", (key,)
    for key, check in (("backup_roots", _wrong_root), ("known_hosts", _wrong_known_host)):
        for rank, text in enumerate(tree.get(key, []) if _is_words(tree.get(key, [])) else ()):
            if sentence := check(text):
                yield sentence, (key, rank)
    yield from _wrong_secrets(tree.get("secrets", {}))
    for key, known in _BLOCKS.items():
        if key in tree:
            yield from _wrong_block(tree[key], key, known)


def _wrong_secrets(secrets: object) -> Iterator[tuple[str, Trail]]:
    if not isinstance(secrets, dict):
        yield "Écrivez un nom par secret, avec son hôte et sa source.", ("secrets",)
        return
    for name, block in secrets.items():
        wrong = _wrong_secret(block)
        if wrong:
            yield wrong, ("secrets", name)


_BLOCKS = {
    "webhook": ("url", "secret", "ca_bundle"),
    "feed": ("path",),
    "ping": ("url", "ca_bundle"),
    "signing": ("certificate", "key"),
}
"""Key → what stands below it; all but `ca_bundle` must."""


def _wrong_block(block: object, key: str, known: tuple[str, ...]) -> Iterator[tuple[str, Trail]]:
    wanted = [name for name in known if name != "ca_bundle"]
    if not isinstance(block, dict) or not all(name in block for name in wanted):
        yield f"Il faut {' et '.join(f'« {name} »' for name in wanted)}.", (key,)
        return
    for name, value in block.items():
        if name not in known:
            yield f"Cette clé n'existe pas ici ; il y a : {', '.join(known)}.", (key, name)
        elif wrong := _wrong_value(name, value):
            yield wrong, (key, name)


def _wrong_value(name: str, value: object) -> str:
    if name == "secret":
        return _wrong_source(value if isinstance(value, dict) else {})
    if not isinstance(value, str) or not value:
        return "Écrivez un texte."
    if name == "url":
        return "" if _is_https(value) else "Il faut une adresse https://, sans compte ni mot de passe."
    return "" if value.startswith("/") else "Écrivez un chemin complet, comme /etc/cyberaudit/signature.pem."


def _is_https(url: str) -> bool:
    """Whole, without an account, a fragment, or anything a request line could not hold."""
    if not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
    return parts.scheme == "https" and named and "@" not in parts.netloc and not parts.fragment


def _wrong_root(root: str) -> str:
    return "" if root.startswith("/") else "Écrivez un chemin complet, comme /mnt/nas."


def _wrong_known_host(line: str) -> str:
    """A key or a fingerprint alone would be believed of every server, or of none."""
    if line.startswith(_KEYS) or len(line.split()) < 2:
        return "Écrivez le nom du serveur, puis sa clé : « nas.example ssh-ed25519 AAAA… » ou « nas.example SHA256:… »."
    return ""


def _wrong_secret(block: object) -> str:
    if not isinstance(block, dict) or not isinstance(block.get("host"), str) or not block["host"]:
        return "Il faut « host » : la seule machine à laquelle ce secret peut être envoyé."
    if host_and_port(block["host"]) is None:
        return "« host » est une machine seule, avec son port s'il n'est pas l'usuel : nas.example, nas.example:2222."
    if not isinstance(block.get("region", ""), str):
        return "« region » est un texte : fr-par, eu-west-3."
    return _wrong_source({key: word for key, word in block.items() if key not in ("host", "region")})


def _wrong_source(block: dict[str, Any]) -> str:
    sources = list(block)
    if len(sources) != 1 or sources[0] not in list(SecretKind):
        return f"Il faut une source, et une seule, parmi : {', '.join(SecretKind)}."
    word = block[sources[0]]
    if sources[0] == SecretKind.COMMAND:
        return "" if word and _is_words(word) else "Écrivez une liste : le programme, puis ses mots."
    if not isinstance(word, str) or not word:
        return "Écrivez un texte."
    if sources[0] == SecretKind.FILE and not word.startswith("/"):
        return "Écrivez un chemin complet, comme /etc/cyberaudit/cle-nas."
    return ""


def host_and_port(text: str) -> tuple[str, int] | None:
    """« nas.example », « nas.example:2222 », « [2001:db8::1]:22 », « 2001:db8::1 » → name in lower case, port or 0."""
    alone = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    with suppress(ValueError):
        return str(ip_address(alone)), 0
    found = _HOST.fullmatch(text)
    if found is None:
        return None
    try:
        host = (
            ip_address(found["address"]).compressed
            if found["address"]
            else ascii_name(found["name"].rstrip("."))
        )
    except (ValueError, RefusedError):
        return None
    port = int(found["port"] or 0)
    return (host, port) if port < 65_536 else None


def _is_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) and each for each in value)


def _config(tree: dict[str, Any]) -> LocalConfig:
    return LocalConfig(
        backup_roots=tuple(Path(root) for root in tree.get("backup_roots", [])),
        known_hosts=tuple(tree.get("known_hosts", [])),
        secrets=MappingProxyType(
            {f"secret:{name}": _secret(block) for name, block in tree.get("secrets", {}).items()}
        ),
        webhook=_webhook(tree["webhook"]) if "webhook" in tree else None,
        feed=Path(tree["feed"]["path"]) if "feed" in tree else None,
        ping=Ping(tree["ping"]["url"], _bundle(tree["ping"])) if "ping" in tree else None,
        signing=_signing(tree["signing"]) if "signing" in tree else None,
    )


def _secret(block: dict[str, Any]) -> SecretSource:
    kind = next(kind for kind in SecretKind if kind in block)
    word = block[kind]
    words = tuple(word) if isinstance(word, list) else (word,)
    host, port = host_and_port(block.get("host", "")) or ("", 0)
    return SecretSource(host, kind, words, block.get("region", ""), port)


def _webhook(block: dict[str, Any]) -> Webhook:
    """Its secret is bound to no host: it is never sent."""
    return Webhook(block["url"], _secret(block["secret"]), _bundle(block))


def _bundle(block: dict[str, Any]) -> Path | None:
    return Path(block["ca_bundle"]) if "ca_bundle" in block else None


def _signing(block: dict[str, Any]) -> Signing:
    return Signing(Path(block["certificate"]), Path(block["key"]))
