"""check_host(): what SPF says of one message (RFC 7208 §4), with every limit of §4.6.4."""

import asyncio
from datetime import datetime
from ipaddress import ip_network
from typing import Final, TypeVar

from cyberaudit.facts.mail import TxtAnswer
from cyberaudit.facts.spf import SpfFault, SpfTerm, spf_explanation, spf_records, spf_terms
from cyberaudit.facts.spf_result import Cause, SpfOutcome, SpfResult
from cyberaudit.facts.spf_tree import MOST_LOOKUPS, MOST_NAMES, MOST_VOIDS
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.spf.lookup import Lookup
from cyberaudit.probes.spf.macros import (
    UNKNOWN,
    Sender,
    are_labels,
    expand,
    is_domain,
    letters,
    macro_values,
    target_name,
)

T = TypeVar("T")
# RFC 7208 §4.6.4: at least twenty seconds.
MOST_SECONDS: Final = 20.0
# Ours: RFC 5321 §4.5.3.1.5 allows 512 characters in a reply.
EXPLANATION_LENGTH: Final = 512
RESULTS: Final = {
    "+": SpfResult.PASS,
    "-": SpfResult.FAIL,
    "~": SpfResult.SOFTFAIL,
    "?": SpfResult.NEUTRAL,
}


async def check_host(
    lookup: Lookup, sender: Sender, *, domain: str, now: datetime, seconds: float = MOST_SECONDS
) -> SpfOutcome:
    """What the record of `domain` says of a message from `sender`; `now` is for `%{t}`."""
    evaluation = _Evaluation(lookup, sender, now)
    try:
        async with asyncio.timeout(seconds):
            ended = await evaluation.host(domain.removesuffix("."), ())
    except _Stopped as stopped:
        ended = stopped.ended
    except TimeoutError:
        ended = _Ended(SpfResult.TEMPERROR, Cause.TIME)
    return SpfOutcome(
        result=ended.result,
        cause=ended.cause,
        term=ended.term,
        at=ended.at,
        path=ended.path,
        explanation=await evaluation.explanation(ended, seconds),
        lookups=evaluation.lookups,
        voids=evaluation.voids,
        detail=ended.detail,
    )


@frozen
class _Ended:
    """How the reading of one record ended."""

    result: SpfResult
    cause: Cause
    term: str = ""
    at: str = ""
    path: tuple[str, ...] = ()
    detail: str = ""
    explain: str = ""
    """The domain-spec of `exp`, when it applies."""


@frozen
class _Place:
    """Where the reading is."""

    domain: str
    path: tuple[str, ...]


class _Stopped(Exception):
    """An error ends the evaluation, however deep (RFC 7208 §2.6.6, §2.6.7)."""

    def __init__(self, ended: _Ended) -> None:
        super().__init__(ended.cause)
        self.ended = ended


class _Evaluation:
    """One message; the counts run over the whole recursion."""

    def __init__(self, lookup: Lookup, sender: Sender, now: datetime) -> None:
        self._lookup = lookup
        self._sender = sender
        self._now = now
        self.lookups = 0
        self.voids = 0

    async def host(self, domain: str, path: tuple[str, ...]) -> _Ended:
        """check_host() of `domain`, reached by the terms of `path`.

        Raises:
            _Stopped: permerror or temperror.
        """
        place = _Place(domain, path)
        if not is_domain(domain):
            return _ended(place, SpfResult.NONE, Cause.NOT_A_DOMAIN)
        texts = await self._lookup.txt(domain)
        if isinstance(texts, Unreachable):
            raise _temperror(place, "", texts)
        records = spf_records(TxtAnswer(domain, texts))
        if not records:
            return _ended(place, SpfResult.NONE, Cause.NO_RECORD)
        if len(records) > 1:
            raise _permerror(place, "", Cause.SEVERAL_RECORDS)
        terms = spf_terms(records[0])
        if isinstance(terms, SpfFault):
            raise _permerror(place, terms.term, Cause.SYNTAX)
        return await self._read(terms, place)

    async def _read(self, terms: tuple[SpfTerm, ...], place: _Place) -> _Ended:
        modifiers = {term.name: term for term in terms if not term.qualifier}
        for term in terms:
            if term.qualifier and await self._matches(term, place):
                explain = modifiers.get("exp")
                return _Ended(
                    RESULTS[term.qualifier],
                    Cause.MATCHED,
                    term.text,
                    place.domain,
                    place.path,
                    explain=explain.target if explain else "",
                )
        if "redirect" in modifiers and not any(term.name == "all" for term in terms):
            return await self._redirected(modifiers["redirect"], place)
        return _ended(place, SpfResult.NEUTRAL, Cause.NOTHING_MATCHED)

    async def _redirected(self, term: SpfTerm, place: _Place) -> _Ended:
        self._count(term, place)
        target = await self._target(term, place)
        ended = await self.host(target or "", (*place.path, term.text))
        if ended.result is SpfResult.NONE:
            raise _permerror(place, term.text, Cause.TARGET_WITHOUT_RECORD)
        return ended

    async def _matches(self, term: SpfTerm, place: _Place) -> bool:
        match term.name:
            case "all":
                return True
            case "ip4" | "ip6":
                return _within(self._sender.ip, term.target, term)
            case "include":
                return await self._included(term, place)
        self._count(term, place)
        target = await self._target(term, place)
        if target is None:
            return False
        match term.name:
            case "a":
                return self._any_within(await self._addresses(target, term, place), term)
            case "mx":
                return await self._mx(target, term, place)
            case "exists":
                found = await self._lookup.addresses(target, 4)
                return bool(self._not_void(found, term, place))
            case _:
                return await self._ptr(target, term, place)

    async def _included(self, term: SpfTerm, place: _Place) -> bool:
        self._count(term, place)
        target = await self._target(term, place)
        ended = await self.host(target or "", (*place.path, term.text))
        if ended.result is SpfResult.NONE:
            raise _permerror(place, term.text, Cause.TARGET_WITHOUT_RECORD)
        return ended.result is SpfResult.PASS

    async def _addresses(self, name: str, term: SpfTerm, place: _Place) -> tuple[IpAddress, ...]:
        found = await self._lookup.addresses(name, self._sender.ip.version)
        return self._not_void(found, term, place)

    async def _mx(self, target: str, term: SpfTerm, place: _Place) -> bool:
        hosts = self._not_void(await self._lookup.mx(target), term, place)
        if len(hosts) > MOST_NAMES:
            raise _permerror(place, term.text, Cause.MX_NAMES)
        for host in hosts:
            if not (host and are_labels(host)):
                continue
            found = await self._lookup.addresses(host, self._sender.ip.version)
            if isinstance(found, Unreachable):
                raise _temperror(place, term.text, found)
            if self._any_within(found, term):
                return True
        return False

    async def _ptr(self, target: str, term: SpfTerm, place: _Place) -> bool:
        names = await self._lookup.names(self._sender.ip)
        if isinstance(names, Unreachable):  # RFC 7208 §5.5: does not match
            return False
        self._not_void(names, term, place)
        return any(_is_below(name, target) for name in await self._validated(names))

    async def _validated(self, names: tuple[str, ...]) -> list[str]:
        """Those of the first ten names that lead back to the sender's address (RFC 7208 §5.5)."""
        sure = []
        for name in names[:MOST_NAMES]:
            if are_labels(name):
                found = await self._lookup.addresses(name, self._sender.ip.version)
                if not isinstance(found, Unreachable) and self._sender.ip in found:
                    sure.append(name)
        return sure

    async def _validated_name(self, domain: str) -> str:
        """What `%{p}` stands for: the domain itself if it can be, else a name below it, else any (§7.3)."""
        names = await self._lookup.names(self._sender.ip)
        if isinstance(names, Unreachable):
            return UNKNOWN
        sure = sorted(
            await self._validated(names),
            key=lambda name: (name.lower() != domain.lower(), not _is_below(name, domain)),
        )
        return sure[0] if sure else UNKNOWN

    async def _values(self, text: str, domain: str) -> dict[str, str]:
        validated = await self._validated_name(domain) if "p" in letters(text) else UNKNOWN
        return macro_values(self._sender, domain, validated=validated, now=self._now)

    async def _target(self, term: SpfTerm, place: _Place) -> str | None:
        text = term.target or "%{d}"
        return target_name(text, await self._values(text, place.domain))

    async def explanation(self, ended: _Ended, seconds: float) -> str:
        """What `exp` leads to, for a message that fails; nothing at the least trouble (RFC 7208 §6.2)."""
        if ended.result is not SpfResult.FAIL or not ended.explain:
            return ""
        try:
            async with asyncio.timeout(seconds):
                return await self._explained(ended)
        except TimeoutError:
            return ""

    async def _explained(self, ended: _Ended) -> str:
        name = target_name(ended.explain, await self._values(ended.explain, ended.at))
        texts = await self._lookup.txt(name) if name else ()
        if isinstance(texts, Unreachable) or len(texts) != 1:
            return ""
        text = spf_explanation(texts[0])
        return (
            clean(expand(text, await self._values(text, ended.at)), limit=EXPLANATION_LENGTH) if text else ""
        )

    def _count(self, term: SpfTerm, place: _Place) -> None:
        if self.lookups == MOST_LOOKUPS:
            raise _permerror(place, term.text, Cause.LOOKUPS)
        self.lookups += 1

    def _not_void(self, found: tuple[T, ...] | Unreachable, term: SpfTerm, place: _Place) -> tuple[T, ...]:
        """What was found; a term that finds nothing counts, and the third one is too many."""
        if isinstance(found, Unreachable):
            raise _temperror(place, term.text, found)
        if not found:
            self.voids += 1
            if self.voids > MOST_VOIDS:
                raise _permerror(place, term.text, Cause.VOIDS)
        return found

    def _any_within(self, addresses: tuple[IpAddress, ...], term: SpfTerm) -> bool:
        return any(_within(self._sender.ip, str(address), term) for address in addresses)


def _within(ip: IpAddress, address: str, term: SpfTerm) -> bool:
    """`ip` is in the network of `address` with the term's prefix of that family."""
    if (":" in address) is not (ip.version == 6):
        return False
    prefix = term.prefix4 if ip.version == 4 else term.prefix6
    return ip in ip_network(f"{address}/{ip.max_prefixlen if prefix is None else prefix}", strict=False)


def _is_below(name: str, domain: str) -> bool:
    """`name` is `domain` or under it."""
    return f".{name.lower().rstrip('.')}".endswith(f".{domain.lower()}")


def _ended(place: _Place, result: SpfResult, cause: Cause) -> _Ended:
    return _Ended(result, cause, at=place.domain, path=place.path)


def _permerror(place: _Place, term: str, cause: Cause) -> _Stopped:
    return _Stopped(_Ended(SpfResult.PERMERROR, cause, term, place.domain, place.path))


def _temperror(place: _Place, term: str, why: Unreachable) -> _Stopped:
    cause = Cause.BOGUS if why.reason is Reason.BOGUS else Cause.DNS
    return _Stopped(_Ended(SpfResult.TEMPERROR, cause, term, place.domain, place.path, str(why)))
