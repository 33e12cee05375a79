"""Which DKIM keys a domain publishes: whether `_domainkey` exists at all, then the selectors worth asking."""

import asyncio
import secrets
from collections.abc import Sequence

from cyberaudit.declared import Domain
from cyberaudit.facts.dkim import MOST_RECORD_BYTES, Dkim, DkimSelector, SelectorSource
from cyberaudit.facts.dkim_providers import COMMON_SELECTORS, provider_of, providers_of
from cyberaudit.facts.mail import TxtAnswer
from cyberaudit.facts.spf import SpfFault, spf_records, spf_terms
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.resolver import PACKETS_PER_QUESTION, Answer, Resolver, txt_records

# Ours: a town has one to four.
MOST_NAMED = 12
# Ours: two or three providers at most, of two to six selectors each.
MOST_OF_PROVIDERS = 8
# Ours: enough to meet an old key beside a good one, and to catch a server that wrongly denies `_domainkey`.
FIRST_COMMON = 8
# `_domainkey`, a selector drawn at random, MX and TXT of the domain.
MOST_QUESTIONS = 4 + MOST_NAMED + MOST_OF_PROVIDERS + len(COMMON_SELECTORS)


async def look(asset: Domain, instruments: Instruments) -> Dkim | Unreachable:
    """The facts, each field on its own three-valued; `Unreachable` when nothing at all could be asked."""
    domain, resolver = asset.domain, instruments.resolver
    below, wildcard, providers, named = await asyncio.gather(
        _below(resolver, domain),
        _wildcard(resolver, domain),
        _providers(resolver, domain),
        _ask_named(resolver, domain, _named(asset, instruments)),
    )
    lost = [each for each in (below, wildcard, providers) if isinstance(each, Unreachable)]
    if len(lost) == 3 and all(isinstance(each.records, Unreachable) for each in named):
        return lost[0]
    asked = {each.selector for each in named}
    usual = [name for name in _of_providers(providers) if name not in asked][:MOST_OF_PROVIDERS]
    found = (*named, *await _guess(resolver, domain, usual, SelectorSource.PROVIDER))
    asked.update(usual)
    common = _common_ones(
        below=below, wildcard=wildcard, found=any(_is_there(each, wildcard) for each in found)
    )
    guesses = [name for name in common if name not in asked]
    answers = await _guess(resolver, domain, guesses, SelectorSource.COMMON)
    return Dkim(
        domain=domain,
        below=below,
        wildcard=wildcard,
        providers=providers,
        selectors=(*found, *(each for each in answers if each.records)),
        guessed=len(guesses),
    )


def announce(asset: Domain, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would ask."""
    return (
        Announcement(
            target=asset.domain,
            purpose=Purpose.INFRASTRUCTURE,
            text=f"les clés de signature du courrier de {asset.name} (DKIM) : "
            f"{MOST_QUESTIONS} questions au plus, posées au DNS",
            max_packets=MOST_QUESTIONS * PACKETS_PER_QUESTION,
        ),
    )


def _named(asset: Domain, instruments: Instruments) -> list[str]:
    """Those of the command line, then those of the profile."""
    names = (*instruments.options.dkim_selectors, *asset.dkim_selectors)
    bare = (name.strip().lower().removesuffix(f"._domainkey.{asset.domain}") for name in names)
    return [name for name in dict.fromkeys(bare) if name][:MOST_NAMED]


async def _below(resolver: Resolver, domain: str) -> bool | Unreachable:
    answer = await resolver.ask(f"_domainkey.{domain}", "TXT")
    return answer if isinstance(answer, Unreachable) else answer.exists


async def _wildcard(resolver: Resolver, domain: str) -> TxtAnswer | Unreachable | None:
    # Drawn for each run: a name that nobody can have published.
    name = f"x{secrets.token_hex(6)}._domainkey.{domain}"
    answer = await resolver.ask(name, "TXT")
    if isinstance(answer, Unreachable):
        return answer
    return TxtAnswer(f"*._domainkey.{domain}", _records(txt_records(answer))) if answer.exists else None


async def _providers(resolver: Resolver, domain: str) -> tuple[str, ...] | Unreachable:
    """By what MX and SPF name; unreachable when neither could be asked."""
    servers, texts = await asyncio.gather(resolver.mx(domain), resolver.txt(domain))
    if isinstance(servers, Unreachable) and isinstance(texts, Unreachable):
        return servers
    hosts = () if isinstance(servers, Unreachable) else tuple(server.host for server in servers)
    records = () if isinstance(texts, Unreachable) else spf_records(TxtAnswer(domain, texts))
    terms = [term for read in map(spf_terms, records) if not isinstance(read, SpfFault) for term in read]
    included = [term.target.lower() for term in terms if term.name in ("include", "redirect")]
    return tuple(provider.id for provider in providers_of(hosts, included))


def _of_providers(providers: tuple[str, ...] | Unreachable) -> list[str]:
    if isinstance(providers, Unreachable):
        return []
    known = (provider_of(each) for each in providers)
    return list(dict.fromkeys(name for provider in known if provider for name in provider.selectors))


def _common_ones(
    *, below: bool | Unreachable, wildcard: TxtAnswer | Unreachable | None, found: bool
) -> tuple[str, ...]:
    """How many of the usual names are worth asking."""
    if isinstance(below, Unreachable) or (isinstance(wildcard, TxtAnswer) and wildcard.records):
        return ()
    return COMMON_SELECTORS if below and not found else COMMON_SELECTORS[:FIRST_COMMON]


def _is_there(selector: DkimSelector, wildcard: TxtAnswer | Unreachable | None) -> bool:
    same = wildcard.records if isinstance(wildcard, TxtAnswer) else ()
    return not isinstance(selector.records, Unreachable) and selector.records not in ((), same)


async def _ask_named(resolver: Resolver, domain: str, names: Sequence[str]) -> tuple[DkimSelector, ...]:
    """Each asked in any case: somebody says that it is there."""
    answers = await asyncio.gather(*(resolver.ask(f"{name}._domainkey.{domain}", "TXT") for name in names))
    return _selectors(names, SelectorSource.NAMED, answers)


async def _guess(
    resolver: Resolver, domain: str, names: Sequence[str], source: SelectorSource
) -> tuple[DkimSelector, ...]:
    answers = await resolver.guesses([f"{name}._domainkey.{domain}" for name in names], "TXT")
    return _selectors(names, source, answers)


def _selectors(
    names: Sequence[str], source: SelectorSource, answers: Sequence[Answer | Unreachable]
) -> tuple[DkimSelector, ...]:
    return tuple(
        DkimSelector(name, source, answer, ())
        if isinstance(answer, Unreachable)
        else DkimSelector(name, source, _checked(txt_records(answer)), answer.aliases)
        for name, answer in zip(names, answers, strict=True)
    )


def _checked(records: tuple[bytes, ...]) -> tuple[bytes, ...] | Unreachable:
    """What is too long to be a key is not judged by its beginning."""
    longest = max(map(len, records), default=0)
    if longest > MOST_RECORD_BYTES:
        return Unreachable(Reason.PROTOCOL_ERROR, f"un texte de {longest} octets")
    return records


def _records(records: tuple[bytes, ...]) -> tuple[bytes, ...]:
    return tuple(record[:MOST_RECORD_BYTES] for record in records)
