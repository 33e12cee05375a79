"""The secrets with which far backups are read: found where this machine's configuration says, sent to one host only."""

import os
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import assert_never
from urllib.parse import unquote, urlsplit

from cyberaudit.declared import Backup, Town
from cyberaudit.errors import UsageError
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.far_places import far_place, usual_port
from cyberaudit.probes.instruments import Options
from cyberaudit.probes.stores.request import Access
from cyberaudit.refusals import system_clause
from cyberaudit.town.local import LocalConfig, SecretKind, SecretSource, local_config

# A private key of 16 384 bits makes 13 KiB.
SECRET_BYTES = 64 * 1024
KNOWN_HOSTS_BYTES = 1024 * 1024
# Ours: a password manager that asks nobody answers at once.
COMMAND_SECONDS = 20.0
PRIVATE_KEY, PUTTY_KEY = "-----BEGIN ", "PuTTY-User-Key-File-"
OTHERS_READ = stat.S_IRWXG | stat.S_IRWXO


@frozen
class SecretWish:
    """What the command line says of the secret of one place."""

    source: str = ""
    """`env:NAME`, `file:PATH`, or `secret:LABEL` of the configuration; empty: none."""
    region: str = ""
    known_hosts: Path | None = None
    config: Path | None = None


def as_configured(town: Town, options: Options, config: LocalConfig) -> Options:
    """`options` with the folders and the secrets that the configuration of this machine grants.

    Raises:
        UsageError: as `backup_accesses`.
    """
    return replace(
        options,
        backup_roots=(*options.backup_roots, *config.backup_roots),
        backup_accesses=backup_accesses(town, config),
    )


def access_wished(asset: Backup, wish: SecretWish) -> Access:
    """The access that the command line gives to one place: naming a secret there is granting it.

    Raises:
        UsageError: no such source, or it fails.
    """
    kind, _, word = wish.source.partition(":")
    config = local_config(wish.config)
    known_hosts = (*config.known_hosts, *_lines(wish.known_hosts))
    if kind == "secret":
        found = config.secrets.get(wish.source)
        if found is None:
            raise UsageError(f"--secret : la configuration ne connaît pas « {clean(wish.source)} ».")
        _check_host(replace(asset, secret=wish.source), found)
    elif kind in (SecretKind.ENV, SecretKind.FILE) and word:
        found = SecretSource("", SecretKind(kind), (word,))
    elif wish.source:
        raise UsageError("--secret : écrivez env:NOM, file:CHEMIN ou secret:NOM.")
    else:
        return access(asset.url, asset.user, "", known_hosts)
    made = access(asset.url, asset.user, read_secret(found, wish.source), known_hosts)
    return replace(made, region=wish.region or found.region)


def _lines(path: Path | None) -> tuple[str, ...]:
    if path is None:
        return ()
    try:
        with path.open("rb") as file:
            return tuple(file.read(KNOWN_HOSTS_BYTES).decode("utf-8", "replace").splitlines())
    except OSError as error:
        raise UsageError(
            f"--known-hosts : « {clean(str(path))} » ne se lit pas ({system_clause(error)})."
        ) from None


def backup_accesses(town: Town, config: LocalConfig) -> tuple[tuple[str, Access], ...]:
    """(asset id, access) of each far backup that this machine has the means to read.

    Raises:
        UsageError: a label that the configuration does not know or binds to another host; a source that fails.
    """
    return tuple(_accesses(town, config))


def _accesses(town: Town, config: LocalConfig) -> Iterator[tuple[str, Access]]:
    for asset in town.assets:
        if isinstance(asset, Backup) and asset.secret in config.secrets and usual_port(asset.url):
            source = config.secrets[asset.secret]
            _check_host(asset, source)
            secret = read_secret(source, asset.secret)
            found = access(asset.url, asset.user, secret, config.known_hosts)
            yield asset.id, replace(found, region=source.region)


def _check_host(asset: Backup, source: SecretSource) -> None:
    place = far_place(asset.url, Access(), roots=None)
    if isinstance(place, Unreachable):  # nothing is sent
        return
    usual = usual_port(asset.url)
    if (place.host, place.port) != (source.host, source.port or usual):
        raise UsageError(
            f"La sauvegarde « {clean(asset.name)} » veut envoyer « {asset.secret} » à"
            f" « {_written(place.host, place.port, usual=usual)} » : la configuration de cette machine le réserve à"
            f" « {_written(source.host, source.port, usual=0)} »."
        )


def _written(host: str, port: int, *, usual: int) -> str:
    """As the configuration writes it."""
    if port == usual:
        return clean(host)
    return clean(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")


def access(url: str, user: str, secret: str, known_hosts: tuple[str, ...]) -> Access:
    """A text that begins like a private key is one, else it is a password; the account may stand in the address."""
    text = secret.lstrip()
    if text.startswith(PUTTY_KEY):
        # Taken for a password, it would be sent.
        raise UsageError(
            "Cette clé est de PuTTY : convertissez-la (puttygen CLÉ -O private-openssh -o NOUVELLE-CLÉ)."
        )
    is_key = text.startswith(PRIVATE_KEY)
    return Access(
        user=user or unquote(urlsplit(url).username or ""),
        secret="" if is_key else secret,
        key=text.replace("\r\n", "\n") if is_key else "",
        known_hosts=known_hosts,
    )


def read_secret(source: SecretSource, label: str) -> str:
    """The secret, without its last line end.

    Raises:
        UsageError: there is none, or it lies open to everybody.
    """
    match source.kind:
        case SecretKind.ENV:
            found = os.environ.get(source.words[0], "")
        case SecretKind.FILE:
            found = _from_file(Path(source.words[0]), label)
        case SecretKind.CREDENTIAL:
            # systemd keeps them from other accounts by itself.
            folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
            found = _from_file(Path(folder) / source.words[0], label) if folder else ""
        case SecretKind.COMMAND:
            found = _from_command(source.words, label)
        case _:
            assert_never(source.kind)
    if not found:
        raise UsageError(f"Le secret « {label} » est vide là où la configuration dit de le prendre.")
    # The line end of a private key belongs to it.
    return found if found.lstrip().startswith(PRIVATE_KEY) else found.rstrip("\r\n")


def _from_file(path: Path, label: str) -> str:
    shown = clean(str(path))
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UsageError(f"Le secret « {label} » : « {shown} » n'est pas un fichier ordinaire.")
            if status.st_mode & OTHERS_READ:
                raise UsageError(
                    f"Le secret « {label} » : d'autres peuvent lire « {shown} » (chmod 600 {shown})."
                )
            return file.read(SECRET_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"Le secret « {label} » : « {shown} » n'est pas un texte.") from None
    except OSError as error:
        raise UsageError(f"Le secret « {label} » ne se lit pas ({system_clause(error)}).") from None


def _from_command(words: tuple[str, ...], label: str) -> str:
    """What the program prints; it is the configuration's, which its owner alone may write."""
    try:
        done = subprocess.run(  # noqa: S603 — named by the owner of this machine, no shell
            words, capture_output=True, check=False, timeout=COMMAND_SECONDS, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = system_clause(error) if isinstance(error, OSError) else "elle ne répond pas"
        raise UsageError(f"Le secret « {label} » : la commande échoue ({reason}).") from None
    if done.returncode:
        raise UsageError(f"Le secret « {label} » : la commande échoue (code {done.returncode}).")
    return done.stdout[:SECRET_BYTES].decode("utf-8-sig", "replace")
