"""What the servers that receive a domain's mail answer: SMTP conversations with each address of each MX."""

import asyncio
from dataclasses import replace

from cyberaudit.declared import Domain
from cyberaudit.facts.certificate import TlsSession
from cyberaudit.facts.mail import MxRecord
from cyberaudit.facts.mail_servers import (
    REWRITTEN,
    UNDECIDED,
    VERSIONS,
    HostAlias,
    MailServer,
    MailServers,
    Reverse,
    SmtpSession,
    UnresolvedServer,
    VersionAnswer,
    is_address,
)
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.certificates import trust_store
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.guard import Purpose, is_public
from cyberaudit.probes.instruments import OUTSIDE, Instruments
from cyberaudit.probes.looks import kept
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.resolver import PACKETS_PER_QUESTION, Addresses, Resolver
from cyberaudit.probes.reverse_names import MOST_NAMES, reverse_names
from cyberaudit.probes.smtp import SILENT, Caller, Trials
from cyberaudit.probes.smtp_visit import visit
from cyberaudit.probes.stream import Limits, Stream
from cyberaudit.probes.visits import Place

SMTP_PORT = 25
# Ours: two SYN, one second apart. A mute server is tried once more at the end: five seconds in all.
CONNECT_SECONDS = 2.5
RELAY_TEST, USERS_TEST = "smtp-relay", "smtp-users"
# Ours: the largest providers publish five MX with two addresses each, or one with four addresses a family.
MAX_HOSTS = 5
MAX_SERVERS = 16
# Ours: handshake, a dozen commands, TLS, and an acknowledgement for every second packet of 256 KiB at most.
PACKETS_PER_CONNECTION = 120
# Ours: as any conversation of TLS, and the three commands that lead to it; the answer is read no further.
PACKETS_PER_HELLO = 26
_NO_SMTP = Unreachable(Reason.NOT_LOOKED, "--no-smtp")
# What a second try in the same run cannot change.
_LASTING = {
    Reason.PRIVATE_ADDRESS, Reason.NOT_AUTHORIZED, Reason.BUDGET_SPENT, Reason.NO_ROUTE, Reason.DEADLINE,
}  # fmt: skip


async def look(asset: Domain, instruments: Instruments) -> MailServers | Unreachable:
    """The facts; `Unreachable` when the MX could not be asked. Without MX nor address there is no server."""
    records = await instruments.resolver.mx(asset.domain)
    if isinstance(records, Unreachable):
        return records
    every = _hosts(asset.domain, records)
    hosts = every[:MAX_HOSTS]
    found = await asyncio.gather(*(_addresses(instruments.resolver, host) for host in hosts))
    resolved = dict(zip(hosts, found, strict=True))
    places = _ranked(resolved)
    caller = _caller(instruments)
    servers, aliases = await asyncio.gather(
        asyncio.gather(
            *(
                _server(asset, instruments, caller, host=host, address=address)
                for host, address in places[:MAX_SERVERS]
            )
        ),
        _aliases(instruments.resolver, () if not records else hosts),
    )
    return MailServers(
        domain=asset.domain,
        servers=tuple(sorted(servers, key=lambda server: hosts.index(server.host))),
        unresolved=_unresolved(resolved, implicit=not records),
        left_out=(*every[MAX_HOSTS:], *(f"{host} {address}" for host, address in places[MAX_SERVERS:])),
        aliases=aliases,
    )


def worth_asking_again(facts: MailServers) -> bool:
    """A server was silent, broke off, offered no encryption or said « later »: asked again, before it is a fact."""
    return any(entry.cause is not None for entry in facts.unresolved) or any(
        _may_change(server.session) for server in facts.servers
    )


def merge_looks(first: MailServers, second: MailServers) -> MailServers:
    """Server by server, in the order of the first look; what only one of the two looks saw is kept."""
    before = {(server.host, server.address): server for server in first.servers}
    after = {(server.host, server.address): server for server in second.servers}
    servers = tuple(
        _merged(before.get(place, server), after.get(place, server))
        for place, server in {**before, **after}.items()
    )
    visited = {f"{server.host} {server.address}" for server in servers}
    left_out = dict.fromkeys((*first.left_out, *second.left_out))
    return MailServers(
        domain=second.domain,
        servers=servers,
        unresolved=_still_unresolved(first, second),
        left_out=tuple(place for place in left_out if place not in visited),
        aliases=kept(first.aliases, second.aliases),
    )


def _merged(first: MailServer, second: MailServer) -> MailServer:
    second = replace(second, reverse=kept(first.reverse, second.reverse))
    session = kept(first.session, second.session)
    if isinstance(first.session, Unreachable) or isinstance(session, Unreachable):
        return replace(second, session=session)
    return replace(second, session=_merged_sessions(first.session, session))


def _merged_sessions(first: SmtpSession, second: SmtpSession) -> SmtpSession:
    # Only encryption that was seen outlives a handshake that broke: its absence may well have been an accident.
    tls = kept(first.tls, second.tls) if isinstance(first.tls, TlsSession) else second.tls
    return replace(
        second,
        tls=tls,
        versions=_merged_versions(first.versions, second.versions),
        relay=kept(first.relay, second.relay),
        users=kept(first.users, second.users),
    )


Versions = tuple[VersionAnswer, ...] | Unreachable


def _merged_versions(first: Versions, second: Versions) -> Versions:
    """Version by version; none at all, as when STARTTLS was not offered that time, says nothing against the others."""
    if isinstance(first, Unreachable) or isinstance(second, Unreachable):
        return kept(first, second)
    if not (first and second):
        return second or first
    before = {answer.version: answer for answer in first}
    return tuple(_merged_answer(before.get(answer.version, answer), answer) for answer in second)


def _merged_answer(first: VersionAnswer, second: VersionAnswer) -> VersionAnswer:
    """What was granted once was granted."""
    return (
        first if first.accepted is True else replace(second, accepted=kept(first.accepted, second.accepted))
    )


def _still_unresolved(first: MailServers, second: MailServers) -> tuple[UnresolvedServer, ...]:
    """The second answer of DNS, unless it is none: what was known of the host before holds then."""
    before = {entry.host: entry for entry in first.unresolved}
    found = {server.host for server in first.servers} - before.keys()
    return tuple(
        entry if entry.cause is None else _known(before.get(entry.host, entry), entry)
        for entry in second.unresolved
        if entry.cause is None or entry.host not in found
    )


def _known(first: UnresolvedServer, second: UnresolvedServer) -> UnresolvedServer:
    return first if first.cause is None else second


def _may_change(session: SmtpSession | Unreachable) -> bool:
    if isinstance(session, Unreachable):
        # Whoever waited for its greeting has waited long enough.
        return session.reason not in _LASTING and session != SILENT
    if isinstance(session.relay, Unreachable) and session.relay.detail.startswith(UNDECIDED):
        return True
    if isinstance(session.tls, Unreachable):
        # A line that rewrites does so every time; whoever spent a whole session's time would again.
        return session.tls != REWRITTEN and session.tls.reason is not Reason.DEADLINE
    return session.tls is None


def announce(asset: Domain, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would touch: the servers are known only once DNS has answered."""
    servers, reverses = 1 + 2 * MAX_HOSTS, MAX_SERVERS * (1 + MOST_NAMES)
    names = (
        _asked(asset, "les adresses des serveurs de courrier de {}", servers),
        _asked(asset, "le nom de chaque adresse d'un serveur de courrier de {}, et son retour", reverses),
        _asked(asset, "les mêmes pour {}, une seconde fois en cas d'échec", servers + reverses),
    )
    if not instruments.options.smtp:
        return names
    return (
        *names,
        Announcement(
            target=asset.domain,
            purpose=Purpose.PUBLIC,
            text=f"chaque serveur de courrier de {asset.name} : une connexion, port {SMTP_PORT}, "
            f"{MAX_SERVERS} serveurs au plus, une seconde fois en cas d'échec",
            max_packets=2 * MAX_SERVERS * PACKETS_PER_CONNECTION,
        ),
        _versions_announced(asset, "les versions de TLS de chaque serveur de courrier de {}"),
        _versions_announced(asset, "ces mêmes versions, pour {}, une seconde fois en cas d'échec"),
        *_trials_announced(asset, instruments),
    )


def _asked(asset: Domain, what: str, questions: int) -> Announcement:
    return Announcement(
        target=asset.domain,
        purpose=Purpose.INFRASTRUCTURE,
        text=f"{what.format(asset.name)} : {questions} questions au plus, posées au DNS",
        max_packets=questions * PACKETS_PER_QUESTION,
    )


def _versions_announced(asset: Domain, what: str) -> Announcement:
    most = 2 * len(VERSIONS)
    return Announcement(
        target=asset.domain,
        purpose=Purpose.PUBLIC,
        text=f"{what.format(asset.name)} : une connexion par version, port {SMTP_PORT}, "
        f"{most} au plus pour chaque serveur",
        max_packets=MAX_SERVERS * most * PACKETS_PER_HELLO,
    )


def _trials_announced(asset: Domain, instruments: Instruments) -> tuple[Announcement, ...]:
    """What is tried on those connections that are open already, where it was signed for."""
    words = {
        RELAY_TEST: "accepte-t-il un destinataire qui n'est pas à lui (aucun message n'est envoyé)",
        USERS_TEST: "confirme-t-il des adresses (VRFY, EXPN)",
    }
    return tuple(
        Announcement(
            target=asset.domain,
            purpose=Purpose.INTRUSIVE,
            text=f"chaque serveur de courrier de {asset.name} que l'autorisation couvre : {question}",
            max_packets=2 * MAX_SERVERS * PACKETS_PER_CONNECTION,
        )
        for test, question in words.items()
        if instruments.scope.allows_test(test) and instruments.vantage == OUTSIDE
    )


def _hosts(domain: str, records: tuple[MxRecord, ...]) -> tuple[str, ...]:
    """All, by preference; the domain itself without MX (RFC 5321 §5.1); nobody for a null MX (RFC 7505)."""
    if not records:
        return (domain,)
    return tuple(dict.fromkeys(record.host for record in records if record.host))


async def _addresses(resolver: Resolver, host: str) -> Addresses:
    """None when an address stands where a name should: nobody looks it up (RFC 5321 §5.1)."""
    return Addresses((), None) if is_address(host) else await resolver.addresses(host)


async def _aliases(resolver: Resolver, hosts: tuple[str, ...]) -> tuple[HostAlias, ...]:
    """Those of the hosts that are aliases; the questions were asked already."""
    names = [host for host in hosts if not is_address(host)]
    answers = await asyncio.gather(*(resolver.ask(host, "A") for host in names))
    return tuple(
        HostAlias(host, answer.aliases)
        for host, answer in zip(names, answers, strict=True)
        if not isinstance(answer, Unreachable) and answer.aliases
    )


def _unresolved(resolved: dict[str, Addresses], *, implicit: bool) -> tuple[UnresolvedServer, ...]:
    """Hosts without address, and hosts of which one family could not be asked.

    `implicit`: the domain stands in for a missing MX; without address it simply receives no mail.
    """
    return tuple(
        UnresolvedServer(host, addresses.failure)
        for host, addresses in resolved.items()
        if addresses.failure is not None or not (addresses.found or implicit)
    )


def _ranked(resolved: dict[str, Addresses]) -> tuple[tuple[str, IpAddress], ...]:
    """Every (host, address): every host's first address, then the second ones, …; those to leave out at the end."""
    ranked = [
        (rank, host, address)
        for host, addresses in resolved.items()
        for rank, address in enumerate(_both_families(addresses.found))
    ]
    ranked.sort(key=lambda entry: entry[0])
    return tuple((host, address) for _, host, address in ranked)


def _both_families(addresses: tuple[IpAddress, ...]) -> list[IpAddress]:
    """v4 and v6 in turn, so that a bound never hides a whole family."""
    counts = {4: 0, 6: 0}
    ranked = []
    for address in addresses:
        ranked.append((counts[address.version], address.version, address))
        counts[address.version] += 1
    return [address for *_, address in sorted(ranked, key=lambda entry: entry[:2])]


def _caller(instruments: Instruments) -> Caller:
    options = instruments.options
    return Caller(
        ehlo=options.ehlo,
        patience=options.patience,
        trust=trust_store(options.ca_bundle),
        now=instruments.now,
    )


async def _server(
    asset: Domain, instruments: Instruments, caller: Caller, *, host: str, address: IpAddress
) -> MailServer:
    async def reverse() -> Reverse | Unreachable:
        return await reverse_names(instruments.resolver, address)

    session = asyncio.ensure_future(_session(asset, instruments, caller, host=host, address=address))
    if is_public(address):
        seen, names = await asyncio.gather(session, reverse())
        return MailServer(host, str(address), seen, names)
    # The name of a private address is nobody's business, unless the address is one that we may visit.
    seen = await session
    if isinstance(seen, Unreachable) and seen.reason in (Reason.PRIVATE_ADDRESS, Reason.NOT_AUTHORIZED):
        return MailServer(host, str(address), seen, seen)
    return MailServer(host, str(address), seen, await reverse())


async def _session(
    asset: Domain, instruments: Instruments, caller: Caller, *, host: str, address: IpAddress
) -> SmtpSession | Unreachable:
    if not instruments.options.smtp:
        return _NO_SMTP
    network = instruments.network

    async def dial(test: str = "") -> Stream | Unreachable:
        return await network.connect(
            address,
            SMTP_PORT,
            purpose=Purpose.INTRUSIVE if test else Purpose.PUBLIC,
            about=asset.domain,
            test=test,
            within=min(caller.patience.connect, CONNECT_SECONDS),
            limits=Limits(seconds=caller.patience.session),
        )

    def refusal(test: str) -> Unreachable | None:
        if instruments.vantage != OUTSIDE:  # a server does for its own network what it refuses to strangers
            return Unreachable(Reason.NOT_LOOKED)
        return network.refusal_of(address, SMTP_PORT, test=test, about=asset.domain)

    trials = Trials(relay=refusal(RELAY_TEST), users=refusal(USERS_TEST))
    place = Place(host, str(address), in_scope=network.covers_domain(asset.domain))
    return await instruments.visits.session(
        place,
        visitor=asset.key,
        visit=lambda: visit(dial, caller, host=host, trials=trials),
        may_change=_may_change,
    )
