"""An SSH connection to a server whose key is known, for SFTP alone."""

import errno
import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cyberaudit.model import Reason
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.far.known_hosts import KnownKeys, fingerprint, known_keys
from cyberaudit.probes.stores.far.lines import Lines
from cyberaudit.probes.stores.place import CannotTell
from cyberaudit.probes.stores.request import Access, FarPlace

_FRENCH = (
    ("no acceptable host key", "ce serveur ne montre aucune clé du genre de celle qui est connue"),
    ("Incompatible ssh", "SSH : ce serveur ne propose que des chiffrements que nous ne parlons plus"),
    ("Error reading SSH protocol banner", "ce n'est pas un serveur SSH, ou il se tait"),
    ("Invalid SSH banner", "ce n'est pas un serveur SSH"),
    ("No existing session", "SSH : échange interrompu par le serveur"),
    ("Timeout", "SSH : pas de réponse dans le temps prévu"),
)
"""What paramiko says in English."""
# RFC 8332 §3: an RSA key is offered by the name of its signature.
_SIGNATURES = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}


@contextmanager
def sftp_channel(place: FarPlace, lines: Lines) -> Iterator[Any]:
    """A channel on which the server speaks SFTP; its threads end with the block.

    Raises:
        CannotTell: no connection, an unknown key, an account that is refused.
        OSError: the line broke.
    """
    from paramiko import Transport

    line = lines.connect()
    transport = None
    try:
        with _in_french():
            transport = Transport(line.sock)
            channel = _opened(transport, place, lines)
        yield channel
    finally:
        if transport is not None:
            transport.close()
        lines.end(line)


@contextmanager
def _in_french() -> Iterator[None]:
    """What paramiko raises while a line is being opened, which any bytes of a server may make it do."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from paramiko import ChannelException, SSHException

    try:
        yield
    except ChannelException:
        raise CannotTell(Reason.PERMISSION_DENIED, "ce compte n'a pas accès aux fichiers (SFTP)") from None
    except SSHException as trouble:
        said = str(trouble)
        known = next((french for english, french in _FRENCH if english in said), "")
        raise CannotTell(Reason.PROTOCOL_ERROR, known or f"SSH : {clean(said, limit=160)}") from None
    except EOFError:
        raise CannotTell(Reason.RESET, "SSH : connexion fermée par le serveur") from None
    except (ValueError, TypeError, LookupError, struct.error, UnsupportedAlgorithm) as trouble:
        raise CannotTell(Reason.PROTOCOL_ERROR, f"SSH : {type(trouble).__name__}") from None


def _opened(transport: Any, place: FarPlace, lines: Lines) -> Any:
    known = known_keys(place.access.known_hosts, place.host, place.port)
    _ask_for_known_kinds(transport, known)
    patience = lines.budget.step()
    transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = patience
    transport.start_client(timeout=patience)
    _verify(transport.get_remote_server_key().asbytes(), known)
    _log_in(transport, place.access)
    channel = transport.open_session(timeout=lines.budget.step())
    channel.settimeout(lines.budget.step())
    channel.invoke_subsystem("sftp")
    return channel


def _ask_for_known_kinds(transport: Any, known: KnownKeys) -> None:
    """A server has a key of each kind: it must show the one that was written down."""
    names = [name for kind in sorted(known.kinds) for name in _SIGNATURES.get(kind, (kind,))]
    options = transport.get_security_options()
    usable = tuple(name for name in options.key_types if name in names)
    if usable:
        options.key_types = usable


def _verify(blob: bytes, known: KnownKeys) -> None:
    seen = fingerprint(blob)
    if known.has(blob):
        return
    if not (known.blobs or known.fingerprints):
        detail = f"aucune clé de ce serveur n'est connue ; il montre {seen}, à comparer avant de l'inscrire"
    elif blob in known.revoked:
        detail = f"ce serveur montre une clé révoquée ({seen})"
    else:
        detail = (
            f"ce serveur montre une autre clé que celle connue : {seen} "
            "(serveur changé, ou quelqu'un entre les deux)"
        )
    raise CannotTell(Reason.PROTOCOL_ERROR, f"clé SSH non reconnue : {detail}")


def _log_in(transport: Any, access: Access) -> None:
    from paramiko import AuthenticationException

    try:
        if access.key:
            rest = transport.auth_publickey(access.user, private_key(access))
        else:
            rest = transport.auth_password(access.user, access.secret)
    except AuthenticationException:
        raise CannotTell(Reason.PERMISSION_DENIED, f"compte « {clean(access.user)} » refusé") from None
    if rest:
        raise CannotTell(Reason.PERMISSION_DENIED, "ce serveur demande plus qu'un mot de passe ou une clé")


def private_key(access: Access) -> Any:
    """The private key of an access.

    Raises:
        CannotTell: of no kind that is read here, or locked by another password.
    """
    from paramiko import ECDSAKey, Ed25519Key, RSAKey, SSHException

    for kind in (Ed25519Key, ECDSAKey, RSAKey):
        try:
            return kind.from_private_key(io.StringIO(access.key), password=access.secret or None)
        except (SSHException, ValueError, IndexError, TypeError):
            continue
    raise CannotTell(
        Reason.PERMISSION_DENIED,
        "clé privée d'un genre qui n'est pas lu ici, ou fermée par un autre mot de passe",
    )


def broken() -> OSError:
    """The line ended before the answer."""
    return OSError(errno.ECONNRESET, "connexion coupée par le serveur")
