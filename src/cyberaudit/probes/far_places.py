"""Which far places the declared backups name, and what this machine may use to reach them."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from cyberaudit.declared import AssetKind, Backup, Town
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.request import Access, FarPlace, Scheme

# RFC 4253 §4; RFC 9110 §4.2; S3 is served over HTTPS; rest-server(1) listens on 8000 unless told.
_KNOWN: dict[str, tuple[Scheme, int]] = {
    "sftp": (Scheme.SFTP, 22),
    "ssh": (Scheme.SFTP, 22),
    "s3": (Scheme.S3, 443),
    "s3+http": (Scheme.S3, 80),
    "https": (Scheme.WEB, 443),
    "http": (Scheme.WEB, 80),
    "rest": (Scheme.REST, 8000),
    "rest+http": (Scheme.REST, 8000),
}
_PLAIN = frozenset({"http", "s3+http", "rest+http"})
# Ours: the largest public bundles are 250 KiB.
ROOTS_BYTES = 8 * 1024 * 1024
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")


def far_place(url: str, access: Access | None, *, roots: Path | None) -> FarPlace | Unreachable:
    """Where `url` leads and how; why not, when it is of no kind we speak or needs an access that is not configured."""
    parts = _split(url)
    if parts is None or parts.scheme not in _KNOWN or not _HOST.fullmatch(parts.hostname or ""):
        return Unreachable(Reason.NO_PROBE, "adresse d'un genre qui n'est pas encore regardé")
    scheme, usual_port = _KNOWN[parts.scheme]
    host = (parts.hostname or "").lower()
    if access is None and scheme is not Scheme.WEB:
        where = clean(f"{parts.scheme}://{host}", limit=120)
        return Unreachable(Reason.NOT_LOOKED, f"aucun accès n'est configuré sur cette machine pour {where}")
    return FarPlace(
        scheme=scheme,
        host=host,
        port=parts.port or usual_port,
        path=_path(parts, scheme),
        access=_with_user(access or Access(), parts.username or ""),
        roots=_roots_text(roots),
        plain=parts.scheme in _PLAIN,
    )


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 — reading it is what raises on an impossible port
    except ValueError:
        return None
    return parts


def _path(parts: SplitResult, scheme: Scheme) -> str:
    path = parts.path or "/"
    return f"{path}?{parts.query}" if parts.query and scheme is Scheme.WEB else path


def _with_user(access: Access, user: str) -> Access:
    if access.user or not user:
        return access
    return Access(user, access.secret, access.key, access.known_hosts, access.region)


def _roots_text(roots: Path | None) -> str:
    if roots is None:
        return ""
    with roots.open("rb") as file:
        return file.read(ROOTS_BYTES).decode("ascii", "replace")


def without_secret(url: str) -> str:
    """The address as it may be shown: without password, nor the words after « ? », which may open what they name."""
    parts = _split(url)
    if parts is None:
        return ""
    place = parts.netloc.rpartition("@")[2]
    return clean(f"{parts.scheme}://{place}{parts.path}", limit=300)


def named_places(
    town: Town, accesses: tuple[tuple[str, Access], ...]
) -> tuple[frozenset[tuple[str, int]], frozenset[tuple[str, int]]]:
    """(host, port) of the far backups: those whose access this machine's configuration gives, then the others."""
    own = dict(accesses)
    ours: set[tuple[str, int]] = set()
    others: set[tuple[str, int]] = set()
    for backup in _far_backups(town):
        place = far_place(backup.url, own.get(backup.id), roots=None)
        if isinstance(place, FarPlace):
            (ours if backup.id in own else others).add((place.host, place.port))
    return frozenset(ours), frozenset(others - ours)


def _far_backups(town: Town) -> Iterator[Backup]:
    return (
        asset
        for asset in town.of_kind(AssetKind.BACKUP)
        if isinstance(asset, Backup) and asset.url and not asset.path
    )


def is_address(host: str) -> bool:
    """Whether a host needs no resolving."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
