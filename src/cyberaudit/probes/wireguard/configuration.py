"""A peer's configuration as `wg-quick` reads it: our private key, and the servers that know us."""

import base64
import binascii
import stat
from collections.abc import Iterator, Mapping
from dataclasses import field
from ipaddress import IPv6Address, ip_address
from pathlib import Path

from cyberaudit.errors import UsageError
from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean
from cyberaudit.probes.certificate_names import a_labels
from cyberaudit.refusals import system_clause

# Ours: one interface and a few peers.
CONFIGURATION_BYTES = 64 * 1024
KEY_BYTES = 32
_NO_SHARED_KEY = bytes(KEY_BYTES)


@frozen
class Peer:
    """A server that knows us."""

    public_key: bytes
    shared_key: bytes = field(repr=False)
    """32 zero bytes when there is none, as the protocol wants."""
    host: str
    """Name or address of `Endpoint`, as `spelled`; empty: not written."""
    port: int | None


@frozen
class Configuration:
    """Who we are for these servers. Keys stay out of `repr`, facts, logs and messages."""

    private_key: bytes = field(repr=False)
    peers: tuple[Peer, ...]
    readable_by_others: bool
    """The file's mode lets others than its owner read the private key."""


def read_configuration(path: Path) -> Configuration:
    """The configuration in `path`; what only `wg-quick` needs (addresses, DNS, commands) is passed over.

    Raises:
        UsageError: it cannot be read, or has no usable key; no value of the file is quoted.
    """
    text, mode = _read(path)
    sections = tuple(_sections(text))
    interface = next((values for name, values in sections if name == "interface"), {})
    peers = tuple(_peer(values, path) for name, values in sections if name == "peer")
    if not peers:
        raise _unusable(path, "aucune section [Peer]")
    private = _key(interface, "privatekey", path)
    if not all(_agree(private, peer.public_key) for peer in peers):
        raise _unusable(path, "PublicKey n'est pas une clé WireGuard")
    return Configuration(
        private_key=private,
        peers=peers,
        readable_by_others=bool(mode & (stat.S_IRWXG | stat.S_IRWXO)),
    )


def _read(path: Path) -> tuple[str, int]:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe would block for ever
            raise _unusable(path, "ce n'est pas un fichier ordinaire")
        with path.open("rb") as file:
            data = file.read(CONFIGURATION_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _unusable(
            path, system_clause(error) if isinstance(error, OSError) else "chemin impossible"
        ) from None
    if len(data) > CONFIGURATION_BYTES:
        raise _unusable(path, "fichier trop long")
    try:
        return data.decode("utf-8-sig"), status.st_mode
    except UnicodeDecodeError:
        raise _unusable(path, "ce n'est pas du texte UTF-8") from None


def _sections(text: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """(name, values) of each section, names in lower case."""
    values: dict[str, str] = {}
    for raw in text.splitlines():
        line = raw.partition("#")[0].strip()
        if line.startswith("[") and line.endswith("]"):
            values = {}
            yield line[1:-1].strip().lower(), values
        elif "=" in line:
            name, _, value = line.partition("=")
            values[name.strip().lower()] = value.strip()


def _agree(private: bytes, public: bytes) -> bool:
    """Some 32 bytes are no public key: every secret made with them would be zero (RFC 7748 §6.1)."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

    try:
        X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        return False
    return True


def _peer(values: Mapping[str, str], path: Path) -> Peer:
    host, port = _endpoint(values.get("endpoint", ""), path)
    shared = _key(values, "presharedkey", path) if "presharedkey" in values else _NO_SHARED_KEY
    return Peer(_key(values, "publickey", path), shared, host, port)


def _endpoint(text: str, path: Path) -> tuple[str, int | None]:
    if not text:
        return "", None
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port[:6]) < 65536:
        raise _unusable(path, "Endpoint ne s'écrit pas « nom:port »")
    return spelled(host.removeprefix("[").removesuffix("]")), int(port)


def spelled(host: str) -> str:
    """The one spelling of a name or an address, so that two of them may be compared."""
    name = a_labels(host)
    try:
        address = ip_address(name)
    except ValueError:
        return name
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


_WRITTEN = {"privatekey": "PrivateKey", "publickey": "PublicKey", "presharedkey": "PresharedKey"}


def _key(values: Mapping[str, str], name: str, path: Path) -> bytes:
    try:
        key = base64.b64decode(values.get(name, ""), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise _unusable(path, f"{_WRITTEN[name]} manque ou n'est pas une clé WireGuard")
    return key


def _unusable(path: Path, why: str) -> UsageError:
    return UsageError(f"--wireguard-config : « {clean(str(path))} » ne peut pas servir ({why}).")
