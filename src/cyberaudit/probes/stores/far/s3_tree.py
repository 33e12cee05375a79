"""A bucket of an S3 server below a prefix, path-style: listed by « / », read by ranges, its locks asked for."""

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field
from datetime import UTC, datetime
from urllib.parse import unquote

from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.far.blocks import Blocks
from cyberaudit.probes.stores.far.http_session import Headers, HttpSession, host_header, read_range, told
from cyberaudit.probes.stores.far.not_told import http_date, iso_date, safeguards_of
from cyberaudit.probes.stores.far.s3_answers import (
    LIST_BYTES,
    SMALL_BYTES,
    Key,
    Page,
    Retention,
    read_lock,
    read_page,
    read_retention,
)
from cyberaudit.probes.stores.far.s3_signature import USUAL_REGION, encoded, query_of, signed_headers
from cyberaudit.probes.stores.request import FarPlace
from cyberaudit.probes.stores.tree import Entry, Kind, OpenFile, Parts, Safeguards

# S3 API: the most that one page may hold.
PAGE_KEYS = "1000"
# Ours: what is remembered of the listings, so that a file costs no question before it is read.
MOST_REMEMBERED = 50_000
# Ours: locks are asked of the newest copies alone, two questions each.
MOST_LOCKS = 5


def signer(place: FarPlace) -> "_Signer":
    """What proves, for each question, that the account of the place asks."""
    return _Signer(place)


@frozen
class _Signer:
    place: FarPlace

    def __call__(self, method: str, target: str) -> Headers:
        access = self.place.access
        return signed_headers(
            method,
            target,
            host=host_header(self.place),
            user=access.user,
            secret=access.secret,
            region=access.region or USUAL_REGION,
            # The server compares with its own clock: the scan's date would be refused.
            moment=datetime.now(UTC),
        )


@frozen
class _Object:
    entry: Entry
    tag: str


@frozen
class S3Tree:
    """Prefixes are its folders; a key « folder/ » without bytes is the folder itself."""

    session: HttpSession
    bucket: str
    prefix: str
    """Empty, or ends with « / »."""
    now: datetime
    far: bool = True
    _known: dict[Parts, _Object] = field(default_factory=dict)

    @classmethod
    def at(cls, session: HttpSession, path: str, *, now: datetime) -> "S3Tree":
        """`path`: « /bucket/prefix » of the URL, percent-encoded."""
        bucket, _, prefix = unquote(path, errors="surrogateescape").lstrip("/").partition("/")
        prefix = prefix.rstrip("/")
        return cls(session, bucket, f"{prefix}/" if prefix else "", now)

    @property
    def name(self) -> str:
        return self.prefix.rstrip("/").rpartition("/")[2] or self.bucket

    def entries(self, parts: Parts) -> Iterator[Entry]:
        prefix = self._key(parts) + "/" if parts else self.prefix
        empty = True
        for page in self._pages(prefix):
            yield from self._of_page(page, parts, prefix)
            empty = empty and not page.keys and not page.prefixes
        # A prefix exists as long as something lies below it; the bucket itself may be empty.
        if empty and prefix:
            raise FileNotFoundError(errno.ENOENT, "rien ne se trouve sous ce préfixe")

    def status(self, parts: Parts) -> Entry:
        if not parts:
            return Entry(self.name, Kind.FOLDER, 0, None)
        known = self._known.get(parts)
        if known:
            return known.entry
        try:
            return self._asked(parts).entry
        except FileNotFoundError:
            page = self._page(self._key(parts) + "/", "", most="1")
            if page.keys or page.prefixes:
                return Entry(parts[-1], Kind.FOLDER, 0, None)
            raise

    @contextmanager
    def opened(self, parts: Parts) -> Iterator[OpenFile]:
        found = self._known.get(parts) or self._asked(parts)
        size = found.entry.size

        def fetch(offset: int, count: int) -> bytes:
            wanted = {"Range": f"bytes={offset}-{offset + count - 1}"}
            if found.tag:
                # Some servers list it without the quotes that RFC 9110 §8.8.3 wants.
                wanted["If-Match"] = found.tag if '"' in found.tag else f'"{found.tag}"'
            with self.session.ask("GET", self._target(parts), wanted) as answer:
                return read_range(answer, offset, count, size=size)

        yield OpenFile(found.entry, Blocks(size, fetch).read_at)

    def safeguards(self, newest: Sequence[Parts]) -> Safeguards:
        immutable, evidence = self._lock(newest[:MOST_LOCKS])
        return safeguards_of("s3", evidence, immutable=immutable)

    def _of_page(self, page: Page, parts: Parts, prefix: str) -> Iterator[Entry]:
        for key in page.keys:
            name = key.key.removeprefix(prefix)
            if name and key.key.startswith(prefix):
                yield self._entry(parts, name, key)
        for each in page.prefixes:
            name = each.removeprefix(prefix).removesuffix("/")
            if each.startswith(prefix) and each.endswith("/"):
                yield Entry(name, Kind.FOLDER if _is_plain(name) else Kind.OTHER, 0, None)

    def _entry(self, parts: Parts, name: str, key: Key) -> Entry:
        if not _is_plain(name):
            return Entry(name, Kind.OTHER, 0, key.written)
        entry = Entry(name, Kind.FILE, key.size, key.written)
        if len(self._known) < MOST_REMEMBERED:
            self._known[*parts, name] = _Object(entry, key.tag)
        return entry

    def _pages(self, prefix: str) -> Iterator[Page]:
        token, seen = "", set[str]()
        while True:
            page = self._page(prefix, token)
            yield page
            token = page.following
            if not token:
                return
            if token in seen:
                raise OSError(errno.ELOOP, "la liste revient sur elle-même")
            seen.add(token)

    def _page(self, prefix: str, token: str, *, most: str = PAGE_KEYS) -> Page:
        wanted = {
            "list-type": "2",
            "prefix": prefix,
            "delimiter": "/",
            "max-keys": most,
            "encoding-type": "url",
        }
        if token:
            wanted["continuation-token"] = token
        with self.session.ask("GET", f"/{encoded(self.bucket)}?{query_of(wanted)}") as answer:
            return read_page(answer.whole(most=LIST_BYTES))

    def _key(self, parts: Parts) -> str:
        return self.prefix + "/".join(parts)

    def _target(self, parts: Parts, question: str = "") -> str:
        path = f"/{encoded(self.bucket)}/{encoded(self._key(parts), keep_slash=True)}"
        return f"{path}?{question}" if question else path

    def _asked(self, parts: Parts) -> _Object:
        with self.session.ask("HEAD", self._target(parts)) as answer:
            size, written = answer.length, http_date(answer.headers.get("last-modified", ""))
            if size is None:
                raise OSError(errno.EPROTO, "le serveur ne dit pas la taille de l'objet")
            return _Object(Entry(parts[-1], Kind.FILE, size, written), answer.headers.get("etag", ""))

    def _lock(self, newest: Sequence[Parts]) -> tuple[bool | Unreachable, str]:
        """Whether Object Lock keeps the newest copies, and the evidence."""
        try:
            enabled = read_lock(self._small(f"/{encoded(self.bucket)}?object-lock"))
        except FileNotFoundError:
            enabled = False
        except OSError as trouble:
            return Unreachable(_reason(trouble), f"verrou du seau (Object Lock) : {told(trouble)}"), ""
        if not enabled:
            return False, "GetObjectLockConfiguration : pas de verrou (Object Lock) sur ce seau"
        if not newest:
            return Unreachable(
                Reason.NOT_COLLECTED, "aucune copie dont demander le verrou"
            ), "Object Lock : activé"
        return self._locks_of(newest)

    def _locks_of(self, newest: Sequence[Parts]) -> tuple[bool | Unreachable, str]:
        locks = []
        for parts in newest:
            try:
                locks.append(self._lock_of(parts))
            except OSError as trouble:
                return Unreachable(_reason(trouble), f"verrou de « {parts[-1]} » : {told(trouble)}"), ""
        evidence = " ; ".join(f"{parts[-1]} : {said}" for parts, (_, said) in zip(newest, locks, strict=True))
        return all(kept for kept, _ in locks), f"Object Lock activé ; {evidence}"

    def _lock_of(self, parts: Parts) -> tuple[bool, str]:
        retention, held = self._headed_lock(parts)
        try:
            # An account without the right to see a lock gets no such header: only this question tells it from none.
            retention = retention or read_retention(self._small(self._target(parts, "retention")))
        except FileNotFoundError:
            return False, "sans rétention" + held
        if retention.until is None or retention.mode not in ("COMPLIANCE", "GOVERNANCE"):
            return False, "rétention illisible" + held
        day = datetime.fromtimestamp(min(max(retention.until, 0), _LAST_MOMENT), UTC).date().isoformat()
        if retention.until <= self.now.timestamp():
            return False, f"rétention {retention.mode} finie le {day}{held}"
        lifted = ", que certains comptes peuvent lever" if retention.mode == "GOVERNANCE" else ""
        return True, f"rétention {retention.mode} jusqu'au {day}{lifted}"

    def _headed_lock(self, parts: Parts) -> tuple[Retention | None, str]:
        """What HeadObject says of the lock, and of a hold: whoever may put one may lift it, it keeps nothing alone."""
        with self.session.ask("HEAD", self._target(parts)) as answer:
            said = answer.headers
        mode, until = said.get(f"{_LOCK}mode", ""), said.get(f"{_LOCK}retain-until-date", "")
        held = ", blocage juridique (legal hold) posé" if said.get(f"{_LOCK}legal-hold") == "ON" else ""
        return (Retention(clean(mode, limit=20), iso_date(until)) if mode else None), held

    def _small(self, target: str) -> bytes:
        with self.session.ask("GET", target) as answer:
            return answer.whole(most=SMALL_BYTES)


# S3 API, HeadObject.
_LOCK = "x-amz-object-lock-"
# 31 December 9998: the last year that every time zone can write.
_LAST_MOMENT = 253_370_764_800.0


def _is_plain(name: str) -> bool:
    """A name that keeps its place in a path; « a//b » and « a/../b » are keys like others for S3."""
    return name not in ("", ".", "..") and "/" not in name and "\0" not in name


def _reason(trouble: OSError) -> Reason:
    return Reason.PERMISSION_DENIED if isinstance(trouble, PermissionError) else Reason.NOT_COLLECTED
