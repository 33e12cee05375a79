"""Which far places the declared backups name, and what this machine may use to reach them."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from cyberaudit.declared import AssetKind, Backup, Town
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.request import Access, FarPlace, Scheme
from cyberaudit.town.values import RefusedError, ascii_name

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
AS_S3 = "une adresse S3 s'écrit s3://serveur/seau/préfixe"
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")


def far_place(url: str, access: Access | None, *, roots: Path | None) -> FarPlace | Unreachable:
    """Where `url` leads and how; why not, when it is of no kind we speak or needs an access that is not configured."""
    parts = _split(url)
    host = _host_of(parts) if parts else ""
    if parts is None or parts.scheme not in _KNOWN or not host:
        return Unreachable(Reason.NO_PROBE, "adresse d'un genre qui n'est pas encore regardé")
    scheme, usual = _KNOWN[parts.scheme]
    if scheme is Scheme.S3 and not parts.path.strip("/"):
        return Unreachable(Reason.NO_PROBE, f"cette adresse ne nomme pas de seau : {AS_S3}")
    if access is None and scheme is not Scheme.WEB:
        where = clean(f"{parts.scheme}://{host}", limit=120)
        return Unreachable(Reason.NOT_LOOKED, f"aucun accès n'est configuré sur cette machine pour {where}")
    return FarPlace(
        scheme=scheme,
        host=host,
        port=usual if parts.port is None else parts.port,
        path=_path(parts, scheme),
        access=_with_user(access or Access(), unquote(parts.username or "")),
        roots=_roots_text(roots),
        plain=parts.scheme in _PLAIN,
    )


def usual_port(url: str) -> int:
    """The port of an address that writes none; 0 when it is of no kind we speak."""
    parts = _split(url)
    return _KNOWN[parts.scheme][1] if parts and parts.scheme in _KNOWN else 0


def _host_of(parts: SplitResult) -> str:
    """Lower case, an international name as the directory of names (DNS) has it; empty when it is none."""
    written = (parts.hostname or "").removesuffix(".")
    try:
        host = ip_address(written).compressed if is_address(written) else ascii_name(written)
    except RefusedError:
        return ""
    return host if _HOST.fullmatch(host) else ""


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
