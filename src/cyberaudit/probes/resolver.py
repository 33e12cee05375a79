"""DNS questions of one run: each asked once, absence told from failure, signatures verified by ourselves."""

import asyncio
from collections.abc import Sequence
from functools import cached_property, lru_cache, partial
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cyberaudit.errors import UsageError
from cyberaudit.facts.mail import MxRecord
from cyberaudit.facts.security import DnssecState, Security
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import Endpoint, IpAddress, parse_endpoint
from cyberaudit.probes.guard import DNS_PORT, Purpose
from cyberaudit.probes.network import Network

if TYPE_CHECKING:
    from dns.message import Message
    from dns.name import Name
    from dns.rdata import Rdata

    from cyberaudit.probes.dnssec.judgement import Judgement
    from cyberaudit.probes.dnssec.validator import Validator
    from cyberaudit.probes.names.judging import Judging, MakeValidator
    from cyberaudit.probes.names.reply import Reply
    from cyberaudit.probes.names.root_hints import RootHints
    from cyberaudit.probes.names.servers import ServerStatistics
    from cyberaudit.probes.names.source import Source
    from cyberaudit.probes.names.transport import Transport

# glibc, MAXNS in <resolv.h>
MAX_SERVERS = 3
# Ours: 1 s as most resolvers, then longer, while a cold cache fills at the other end.
TRIES = (1.0, 2.0)
TCP_SECONDS = 3.0
# Ours: at 40 ms a question, a fifth of a second more than all together.
MOST_IN_A_ROW = 6
# Ours: sixty domains' worth; one older than that is asked again should anybody want it.
MOST_ANSWERS = 5000
# Ours: as many domains'; an answer of a name server is wanted by the look at its own domain alone.
MOST_MESSAGES = 1000
# Two datagrams and one TCP conversation of a dozen packets, at each server.
PACKETS_PER_QUESTION = MAX_SERVERS * (len(TRIES) + 12)
_FALSE_BECAUSE = {
    "expired": "signature périmée",
    "not-yet-valid": "signature datée du futur",
    "bad-signature": "signature fausse",
    "no-signature": "signature absente",
    "no-proof": "absence sans preuve signée",
    "no-key": "clé absente",
    "ds-mismatch": "clé différente de celle annoncée par la zone parente",
}


@frozen
class Answer:
    """What DNS says of one name and type: an answer without records is a fact too."""

    name: str
    rrtype: str
    records: "tuple[Rdata, ...]"
    """After aliases, in canonical order."""
    exists: bool
    """False: the name itself does not exist (NXDOMAIN)."""
    security: Security = Security.UNCHECKED
    """The weakest link: of every alias followed, and of the records or their absence."""
    aliases: tuple[str, ...] = ()
    """The names that CNAME led through, in order; the last one holds the records, or their absence."""
    why: str = ""
    """A value of `probes.dnssec.judgement.Why`, of the weakest link; empty when it is secure."""
    zone: str = ""
    """The zone that decided of it, with its final dot."""


@frozen
class Addresses:
    """The addresses of a host, both families."""

    found: tuple[IpAddress, ...]
    """v4 first, each family in order."""
    failure: Unreachable | None
    """Why a family, or both, could not be asked."""


class _Asked(NamedTuple):
    """One question to one authoritative server, in every respect that changes the answer."""

    server: IpAddress
    name: str
    rrtype: str
    recurse: bool
    dnssec: bool
    edns: bool
    over_tcp: bool


class Resolver:
    """Asks each question once a run; a failure may be asked again later, an answer only once it is far behind."""

    def __init__(
        self,
        network: Network,
        servers: Sequence[Endpoint],
        *,
        tries: tuple[float, ...] = TRIES,
        tcp_seconds: float = TCP_SECONDS,
        validation: "MakeValidator | None" = None,
        root_hints: "RootHints | None" = None,
    ) -> None:
        """`servers` in order of preference; `tries`: seconds given to each UDP attempt at one server.

        With `validation`, every answer is judged; without, all are `UNCHECKED`. `root_hints`: where the
        authorities begin, asked when the servers drop signatures, or when there is no server.
        """
        self._network = network
        self.servers = tuple(servers)
        """The resolvers, in order of preference."""
        self._tries = tries
        self._tcp_seconds = tcp_seconds
        self._validation = validation
        self._root_hints = root_hints
        self._asked: dict[tuple[str, str], asyncio.Task[Answer | Unreachable]] = {}
        self._asked_servers: dict[_Asked, asyncio.Task[Message | Unreachable]] = {}

    @property
    def dnssec_state(self) -> DnssecState:
        """How signatures could be looked at, as far as the questions asked so far tell."""
        return self._judging.state

    @property
    def ad_contradictions(self) -> tuple[tuple[str, str], ...]:
        """Names and types that a resolver called verified (AD) while they are unsigned or false, in order."""
        return tuple(sorted(self._judging.contradictions))

    @property
    def validator(self) -> "Validator | None":
        """Shared by every answer of the run; None: nothing is judged."""
        return self._judging.validator

    @property
    def statistics(self) -> "tuple[ServerStatistics, ...]":
        """What each server asked has cost, in the order of the first question."""
        from cyberaudit.probes.names.servers import statistics_of

        return tuple(map(statistics_of, self._transport.servers.values()))

    async def ask(self, name: str, rrtype: str) -> Answer | Unreachable:
        """The records of `name`, aliases followed; SERVFAIL, REFUSED and silence are `resolver-failure`.

        What does not verify is `bogus`.
        """
        answer = await self.secure(name, rrtype)
        if isinstance(answer, Answer) and answer.security is Security.BOGUS:
            why = _FALSE_BECAUSE.get(answer.why, answer.why)
            return Unreachable(Reason.BOGUS, f"{answer.name} {rrtype}, zone {answer.zone} : {why}")
        return answer

    async def secure(self, name: str, rrtype: str) -> Answer | Unreachable:
        """As `ask`; what does not verify is given all the same, its `security` being `BOGUS`."""
        key = (name.rstrip(".").lower(), rrtype)
        task = self._asked.get(key)
        if task is None:
            task = asyncio.create_task(self._follow(*key))
            self._asked[key] = task
            task.add_done_callback(partial(_forget_failure, self._asked, key))
            _forget_oldest(self._asked, MOST_ANSWERS)
        # Shielded: one probe out of time must not take the answer away from the others.
        return await asyncio.shield(task)

    async def ask_server(
        self,
        server: IpAddress,
        name: str,
        rrtype: str,
        *,
        about: str,
        recurse: bool = False,
        dnssec: bool = False,
        edns: bool = True,
        over_tcp: bool = False,
    ) -> "Message | Unreachable":
        """One question to one authoritative server, whatever its answer; kept for the run like those of `ask`.

        `about`: the domain of the scope on whose account it is. `dnssec` needs `edns`. A truncated answer is asked
        again over TCP unless `over_tcp` is already so; one that refuses EDNS is given as it is. A server that was
        silent twice is not asked any more: `timeout` at once. A name that DNS cannot carry is `not-looked`.
        """
        asked = _Asked(server, name.rstrip(".").lower(), rrtype, recurse, dnssec and edns, edns, over_tcp)
        task = self._asked_servers.get(asked)
        if task is None:
            task = self._asked_servers[asked] = asyncio.create_task(self._ask_server(asked, about))
            task.add_done_callback(partial(_forget_failure, self._asked_servers, asked))
            _forget_oldest(self._asked_servers, MOST_MESSAGES)
        return await asyncio.shield(task)

    async def guesses(self, names: Sequence[str], rrtype: str) -> tuple[Answer | Unreachable, ...]:
        """As `ask` for each of `names`, which nobody announced.

        A signed proof that one does not exist covers its neighbours, which are then not asked (RFC 8198). Hence the
        first few one after the other, where such proofs come back; all the others together.
        """
        answers: dict[str, Answer | Unreachable] = {}
        for name in names[:MOST_IN_A_ROW]:
            answers[name] = await self._guess(name, rrtype)
            if not self._is_chained(name):
                break
        rest = [name for name in names if name not in answers]
        answers.update(
            zip(rest, await asyncio.gather(*(self._guess(name, rrtype) for name in rest)), strict=True)
        )
        return tuple(answers[name] for name in names)

    async def _guess(self, name: str, rrtype: str) -> Answer | Unreachable:
        if (name.rstrip(".").lower(), rrtype) in self._asked:
            return await self.ask(name, rrtype)
        validator, asked = self.validator, _dns_name(name)
        zone = validator.absent_by(asked) if validator and asked else None
        if zone is None:
            return await self.ask(name, rrtype)
        return Answer(name, rrtype, (), exists=False, security=Security.SECURE, zone=zone.to_text())

    def _is_chained(self, name: str) -> bool:
        validator, asked = self.validator, _dns_name(name)
        return validator is not None and asked is not None and validator.tells_absence(asked)

    async def txt(self, name: str) -> tuple[bytes, ...] | Unreachable:
        """Each TXT record with its strings joined (RFC 7208 §3.3), sorted; bytes as published."""
        answer = await self.ask(name, "TXT")
        return answer if isinstance(answer, Unreachable) else txt_records(answer)

    async def aliases(self, name: str) -> tuple[str, ...] | Unreachable:
        """Where the TXT question leads, one alias after the other; asked with `txt`, it costs nothing more."""
        answer = await self.ask(name, "TXT")
        return answer if isinstance(answer, Unreachable) else answer.aliases

    async def mx(self, name: str) -> tuple[MxRecord, ...] | Unreachable:
        """By preference, then name."""
        answer = await self.ask(name, "MX")
        return answer if isinstance(answer, Unreachable) else mx_records(answer)

    async def addresses(self, name: str) -> Addresses:
        """A and AAAA, asked together."""
        answers = await asyncio.gather(self.ask(name, "A"), self.ask(name, "AAAA"))
        found: list[IpAddress] = []
        failure = None
        for answer in answers:
            if isinstance(answer, Unreachable):
                failure = answer
            else:
                found.extend(sorted(ip_address(rdata.to_text()) for rdata in answer.records))
        return Addresses(tuple(found), failure)

    async def _ask_server(self, asked: _Asked, about: str) -> "Message | Unreachable":
        import dns.rdatatype

        from cyberaudit.probes.names.question import Manner, Question

        name = _dns_name(asked.name)
        if name is None:
            return Unreachable(Reason.NOT_LOOKED, "nom que le DNS ne peut pas porter")
        return await self._transport.ask(
            Endpoint(asked.server, DNS_PORT),
            Question(name, dns.rdatatype.from_text(asked.rrtype)),
            Manner(asked.recurse, asked.dnssec, asked.edns),
            purpose=Purpose.NAMES,
            about=about,
            over_tcp=asked.over_tcp,
        )

    @cached_property
    def _transport(self) -> "Transport":
        # Imported here: dnspython takes 40 ms, and not every run asks for a name.
        from cyberaudit.probes.names.transport import Transport

        return Transport(self._network, tries=self._tries, tcp_seconds=self._tcp_seconds)

    @cached_property
    def _source(self) -> "Source":
        from cyberaudit.probes.names.recursion import Recursion
        from cyberaudit.probes.names.source import Source

        alone = not self.servers and self._root_hints is not None
        recursion = None if alone else Recursion(self._transport, self.servers)
        return Source(
            self._transport, recursion, hints=self._root_hints, validates=self._validation is not None
        )

    @cached_property
    def _judging(self) -> "Judging":
        from cyberaudit.probes.names.judging import Judging

        return Judging(self._source, self._validation)

    async def _follow(self, name: str, rrtype: str) -> Answer | Unreachable:
        import dns.rdatatype

        from cyberaudit.probes.names.judging import weakest
        from cyberaudit.probes.names.question import Question
        from cyberaudit.probes.names.reply import MAX_ALIASES, records, says_absent

        current = _dns_name(name)
        if current is None:  # what DNS cannot carry does not exist
            return Answer(name, rrtype, (), exists=False)
        rdtype = dns.rdatatype.from_text(rrtype)
        steps: list[Name] = []
        judged: list[Judgement] = []
        while len(steps) <= MAX_ALIASES:
            reply = await self._source.ask(Question(current, rdtype))
            if isinstance(reply, Unreachable):
                return reply
            links = _links(reply, current, rdtype)
            found = records(reply.message, links[-1], rdtype)
            absent = says_absent(reply.message, links[-1]) and reply.speaks_of(links[-1])
            steps += links[1:]
            ends = bool(found) or absent or len(links) == 1
            judged += await self._judge(reply, links if ends else links[:-1], rdtype)
            if ends and len(steps) <= MAX_ALIASES:
                absent = absent and _is_believed(reply, judged[-1])
                return _answer(name, rrtype, found, weakest(judged), steps, absent=absent)
            current = links[-1]
        return Unreachable(Reason.RESOLVER_FAILURE, f"trop d'alias à partir de {name}")

    async def _judge(self, reply: "Reply", links: "list[Name]", rdtype: int) -> "list[Judgement]":
        from cyberaudit.probes.names.question import Question

        return [await self._judging.of(reply, Question(link, rdtype)) for link in links]


def _forget_failure(cache: dict[Any, Any], key: Any, task: "asyncio.Task[Any]") -> None:
    if task.cancelled() or task.exception() or isinstance(task.result(), Unreachable):
        cache.pop(key, None)


def _forget_oldest(cache: dict[Any, Any], most: int) -> None:
    oldest = next(iter(cache))
    if len(cache) > most and cache[oldest].done():
        del cache[oldest]


def _links(reply: "Reply", name: "Name", rdtype: int) -> "list[Name]":
    """`name`, and where the aliases of this reply lead from it."""
    from cyberaudit.probes.names.reply import aliases

    return [name, *aliases(reply.message, name, rdtype)]


def _is_believed(reply: "Reply", judged: "Judgement") -> bool:
    """The answer code, or a compact proof (RFC 9824) that verified; or that nobody could verify, as the code then."""
    import dns.rcode

    coded = reply.message.rcode() == dns.rcode.NXDOMAIN
    return coded or judged.denies_name or judged.security is Security.UNCHECKED


def _answer(
    name: str,
    rrtype: str,
    found: "tuple[Rdata, ...]",
    judged: "Judgement",
    steps: "list[Name]",
    *,
    absent: bool,
) -> Answer:
    return Answer(
        name,
        rrtype,
        found,
        exists=bool(found or steps) or not absent,
        security=judged.security,
        aliases=tuple(step.to_text(omit_final_dot=True).lower() for step in steps),
        why=judged.why,
        zone=judged.zone,
    )


def addresses_now(resolver: Resolver, name: str) -> Addresses:
    """Both families of one name, outside any running loop: for a target named on the command line."""
    return asyncio.run(resolver.addresses(name))


@lru_cache(maxsize=MOST_ANSWERS)
def _dns_name(text: str) -> "Name | None":
    import dns.exception
    import dns.name

    try:
        return dns.name.from_text(text)
    except (dns.exception.DNSException, UnicodeError):
        return None


def txt_records(answer: Answer) -> tuple[bytes, ...]:
    """The strings of each TXT record joined, sorted: servers shuffle them."""
    from dns.rdtypes.ANY.TXT import TXT

    return tuple(sorted(b"".join(rdata.strings) for rdata in answer.records if isinstance(rdata, TXT)))


def mx_records(answer: Answer) -> tuple[MxRecord, ...]:
    """By preference, then name; the null MX has an empty host."""
    from dns.rdtypes.ANY.MX import MX

    records = {
        MxRecord(rdata.preference, rdata.exchange.to_text().lower().removesuffix("."))
        for rdata in answer.records
        if isinstance(rdata, MX)
    }
    return tuple(sorted(records, key=lambda record: (record.preference, record.host)))


def parse_servers(texts: Sequence[str]) -> tuple[Endpoint, ...]:
    """`--resolver` values; none given: this machine's own, from /etc/resolv.conf.

    Raises:
        UsageError: not `IP[:port]`, or more than three.
    """
    if len(texts) > MAX_SERVERS:
        raise UsageError(f"--resolver : {MAX_SERVERS} serveurs DNS au plus.")
    return tuple(parse_endpoint(text, default_port=DNS_PORT) for text in texts) or system_servers()


def system_servers(path: Path = Path("/etc/resolv.conf")) -> tuple[Endpoint, ...]:
    """The first three `nameserver` lines; without any, this machine (resolv.conf(5))."""
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    found = []
    for line in lines:
        match line.split():
            case ["nameserver", address, *_]:
                try:
                    found.append(Endpoint(ip_address(address), DNS_PORT))
                except ValueError:
                    continue
    return tuple(found[:MAX_SERVERS]) or (Endpoint(ip_address("127.0.0.1"), DNS_PORT),)
