"""What the facts about a zone allow to say, and what they leave in doubt: who is lame, mute, or out of our sight."""

from collections.abc import Iterator
from enum import StrEnum
from ipaddress import IPv6Address, ip_address

from cyberaudit.facts.zone import DnsZone, NameServer, ServerAnswer, ServerName, Soa, Standing
from cyberaudit.model import Reason, Unreachable

_LAME = {
    Standing.DELEGATES,
    Standing.NO_SUCH_NAME,
    Standing.NO_ZONE,
    Standing.BORROWED,
    Standing.SENDS_ELSEWHERE,
    Standing.REFUSED,
    Standing.SERVFAIL,
    Standing.OTHER,
}
# What a server, or a device before it, does to everybody; the other reasons are ours or our line's.
_SILENCES = {Reason.TIMEOUT, Reason.REFUSED, Reason.RESET, Reason.DEADLINE}
# Any address of the family.
_IPV4 = "192.0.2.0"
_GENUINE = {Standing.AUTHORITATIVE, Standing.DELEGATES, Standing.NO_SUCH_NAME, Standing.NO_ZONE}


class State(StrEnum):
    """What can be said of one address of one name server."""

    SERVES = "serves"
    LAME = "lame"
    MUTE = "mute"
    """It was silent twice, while another server answered by the same kind of line."""
    UNSEEN = "unseen"
    """Silent too, but so is everything else, or it was not asked."""


def out_of_sight(zone: DnsZone) -> Unreachable | None:
    """Why nothing at all may be said of the domain's servers; None when something may."""
    if isinstance(zone.exists, Unreachable):
        return zone.exists
    if zone.exists and isinstance(zone.delegated, Unreachable) and not zone.names:
        return zone.delegated
    return None


def undivided(zone: DnsZone) -> bool:
    """The domain has no servers of its own: the zone above serves it."""
    return zone.exists is True and zone.delegated is None


def is_genuine(answer: ServerAnswer | Unreachable) -> bool:
    """It came from a server with an authority of its own, not from a device of our line that answers for all."""
    if not isinstance(answer, ServerAnswer):
        return False
    # A device that also looks names up may give the referral that it remembers.
    remembered = answer.standing is Standing.DELEGATES and answer.offers_recursion
    return answer.standing in _GENUINE and not remembered


def state(server: NameServer, zone: DnsZone) -> State:
    """`MUTE` needs a witness: another server that answered us over the same family."""
    if isinstance(server.udp, Unreachable):
        proven = server.udp.reason in _SILENCES and heard(zone, like=server.address)
        return State.MUTE if proven else State.UNSEEN
    if server.udp.standing is Standing.AUTHORITATIVE:
        return State.SERVES
    # On some lines a device answers every question of DNS, whoever it was for, and never with authority. Such
    # devices know IPv4, and often that alone: what IPv6 lets through says nothing of IPv4.
    witnessed = heard(zone, like=server.address) or heard(zone, like=_IPV4)
    return State.LAME if witnessed and server.udp.standing in _LAME else State.UNSEEN


def heard(zone: DnsZone, *, like: str) -> bool:
    """Whether a server of the domain or of the zone above answered us with authority, in the family of `like`."""
    family = _family(like)
    return any(_family(address) == family and is_genuine(answer) for address, answer in _answers(zone))


def speaks_tcp(server: NameServer, zone: DnsZone) -> bool | Unreachable:
    """False needs a witness too: a server that answered over TCP, while this one refused or was silent."""
    if not isinstance(server.tcp, Unreachable):
        return True
    return False if server.tcp.reason in _SILENCES and heard_tcp(zone, like=server.address) else server.tcp


def heard_tcp(zone: DnsZone, *, like: str) -> bool:
    """Whether a server of the domain or of the zone above answered us over TCP, in the family of `like`."""
    family = _family(like)
    witnesses = [
        *((other.address, other.tcp) for other in zone.servers),
        *((parent.address, parent.tcp) for parent in zone.parents),
    ]
    return any(_family(address) == family and isinstance(tcp, Standing) for address, tcp in witnesses)


def understands_edns(server: NameServer, zone: DnsZone) -> bool | Unreachable:
    """False needs a witness: another answer whose extension reached us, or our line may take it away."""
    if isinstance(server.udp, Unreachable):
        return server.udp
    if server.udp.edns:
        return True
    seen = any(isinstance(answer, ServerAnswer) and answer.edns for _, answer in _answers(zone))
    return False if seen else Unreachable(Reason.NO_CONTROL)


def all_fail(zone: DnsZone) -> bool:
    """No delegated server serves the domain, and that is certain: no address is unseen, and the resolver fails too."""
    delegated = [name for name in zone.names if name.delegated]
    if not delegated or zone.resolves is True or zone.left_out:
        return False
    if any(isinstance(name.addresses, Unreachable) and not name.glue for name in delegated):
        return False
    # Without a route to IPv6, what IPv4 shows and the resolver confirms is enough.
    seen = [state(server, zone) for server in serving(zone) if not _no_route(server)]
    return bool(seen or not zone.servers) and not {State.SERVES, State.UNSEEN}.intersection(seen)


def serving(zone: DnsZone) -> tuple[NameServer, ...]:
    """The addresses that the zone above leads to; without delegation seen, all of them."""
    delegated = {name.host for name in zone.names if name.delegated}
    if not delegated:
        return zone.servers
    return tuple(server for server in zone.servers if delegated.intersection(server.hosts))


def authoritative(zone: DnsZone) -> tuple[NameServer, ...]:
    """Those that answer from their own zone."""
    return tuple(server for server in zone.servers if state(server, zone) is State.SERVES)


def heads(zone: DnsZone) -> tuple[tuple[NameServer, Soa], ...]:
    """The SOA of each server that serves the domain: the second one when the first ones did not agree."""
    found = []
    for server in authoritative(zone):
        first = server.udp.soa if isinstance(server.udp, ServerAnswer) else None
        last = first if server.again is None else server.again
        if isinstance(last, Soa):
            found.append((server, last))
    return tuple(found)


def not_judged(server: NameServer, zone: DnsZone) -> bool:
    """No route from here to this address, when its name answered on another."""
    if not _no_route(server):
        return False
    answered = {host for other in authoritative(zone) for host in other.hosts}
    return answered.issuperset(server.hosts)


def _no_route(server: NameServer) -> bool:
    return isinstance(server.udp, Unreachable) and server.udp.reason is Reason.NO_ROUTE


def wrong_glue(name: ServerName, domain: str) -> tuple[str, ...]:
    """Addresses that the zone above gives for a server inside the domain, and the domain does not."""
    if not inside(name.host, domain) or isinstance(name.addresses, Unreachable):
        return ()
    return tuple(address for address in name.glue if address not in name.addresses)


_WORDS = {
    Standing.AUTHORITATIVE: "avec autorité",
    Standing.DELEGATES: "renvoi aux serveurs annoncés",
    Standing.NO_SUCH_NAME: "ce nom n'existe pas",
    Standing.NO_ZONE: "pas la zone",
    Standing.BORROWED: "sans autorité",
    Standing.SENDS_ELSEWHERE: "renvoi vers d'autres serveurs",
    Standing.REFUSED: "question refusée",
    Standing.SERVFAIL: "panne",
}


def told(server: NameServer) -> str:
    """What this address said, as a line for who wants to see it again."""
    if isinstance(server.udp, Unreachable):
        return f"UDP : {server.udp}"
    said = (
        f"SOA {server.udp.soa}" if server.udp.soa else _WORDS.get(server.udp.standing, "réponse inattendue")
    )
    authority = ", AA" if server.udp.standing is Standing.AUTHORITATIVE else ""
    tcp = f" ; TCP : {server.tcp}" if isinstance(server.tcp, Unreachable) and authority else ""
    return f"{server.udp.code}{authority}, {said}{tcp}"


def inside(host: str, domain: str) -> bool:
    """`host` is `domain`, or a name below it."""
    return host == domain or host.endswith(f".{domain}")


def _answers(zone: DnsZone) -> Iterator[tuple[str, ServerAnswer | Unreachable]]:
    for server in zone.servers:
        yield server.address, server.udp
    for parent in zone.parents:
        yield parent.address, parent.udp


def _family(address: str) -> int:
    """4 or 6; what is no address has none of its own."""
    try:
        return 6 if isinstance(ip_address(address), IPv6Address) else 4
    except ValueError:
        return 0
