"""Who signs a mail and to whom it is encrypted (S/MIME): from this machine's configuration and the profile's files."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cyberaudit.declared import Recipient
from cyberaudit.errors import UsageError
from cyberaudit.frozen import frozen
from cyberaudit.refusals import quoted, system_clause
from cyberaudit.run.accesses import read_secret
from cyberaudit.town.local import SecretKind, SecretSource, Signing
from cyberaudit.town.nearby import MAX_BYTES, read_nearby

if TYPE_CHECKING:
    from cyberaudit.delivery.smime import Reader, Signer


@frozen
class Sealed:
    """Recipients whose mail is one message."""

    recipients: tuple[Recipient, ...]
    readers: "tuple[Reader, ...]"
    """Empty: in clear."""
    signer: "Signer | None"


@frozen
class Seals:
    """All the messages that one mail becomes."""

    messages: tuple[Sealed, ...]
    unwritten: tuple[Recipient, ...]
    """Their certificate cannot be used: what they asked to be encrypted does not go in clear."""
    troubles: tuple[str, ...]
    """French sentences."""


def seals(
    recipients: Sequence[Recipient], signing: Signing | None, *, sender: str, folder: Path, now: datetime
) -> Seals:
    """One message in clear, one encrypted, or both. A signature that cannot be made is told, and left out.

    Args:
        recipients: of one role.
        signing: files of this machine's configuration.
        sender: the address that signs.
        folder: where the profile stands, and the certificates of people.
        now: aware.
    """
    troubles: list[str] = []
    signer = _signer(signing, sender, now, troubles) if signing else None
    plain = tuple(each for each in recipients if not each.certificate)
    readers: dict[Recipient, Reader] = {}
    for each in recipients:
        if each.certificate:
            try:
                readers[each] = _reader(each, folder, now)
            except UsageError as error:
                troubles.append(str(error))
    messages = [Sealed(plain, (), signer)] if plain else []
    if readers:
        messages.append(Sealed(tuple(readers), tuple(readers.values()), signer))
    unwritten = tuple(each for each in recipients if each.certificate and each not in readers)
    return Seals(tuple(messages), unwritten, tuple(troubles))


def _reader(recipient: Recipient, folder: Path, now: datetime) -> "Reader":
    from cyberaudit.delivery.smime import reader

    return reader(read_nearby(folder, recipient.certificate), address=recipient.address, now=now)


def _signer(signing: Signing, sender: str, now: datetime, troubles: list[str]) -> "Signer | None":
    from cyberaudit.delivery.smime import signer

    try:
        key = read_secret(SecretSource("", SecretKind.FILE, (str(signing.key),)), "signing.key")
        return signer(_certificate(signing.certificate), key.encode(), address=sender, now=now)
    except UsageError as error:
        troubles.append(f"{error} Le courrier part sans signature.")
        return None


def _certificate(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES)
    except OSError as error:
        raise UsageError(
            f"Le certificat de signature {quoted(path)} ne se lit pas ({system_clause(error)})."
        ) from None
