"""What one message of a name server says about a domain it is, or is not, in charge of. Pure."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cyberaudit.facts.zone import ServerAnswer, Soa, Standing
from cyberaudit.plaintext import clean

if TYPE_CHECKING:
    from dns.message import Message
    from dns.name import Name
    from dns.rrset import RRset

# Ours: thirteen is what the root and the largest zones have (RFC 9609 §4); more is no delegation.
MOST_NAMES_READ = 26
# Ours: more addresses than that for one name are not compared.
MOST_GLUE = 16


def read_answer(message: "Message", domain: "Name", rrtype: str) -> ServerAnswer:
    """How the server spoke of `domain`, asked for its `rrtype` (SOA or NS) without recursion."""
    import dns.flags
    import dns.rcode

    return ServerAnswer(
        standing=standing(message, domain, rrtype),
        code=dns.rcode.to_text(message.rcode()),
        soa=_soa(message, domain),
        edns=understands_edns(message),
        offers_recursion=bool(message.flags & dns.flags.RA),
    )


def standing(message: "Message", domain: "Name", rrtype: str) -> Standing:
    """As `read_answer`, in one word."""
    import dns.flags
    import dns.rcode

    authority = bool(message.flags & dns.flags.AA)
    match message.rcode():
        case dns.rcode.REFUSED:
            return Standing.REFUSED
        case dns.rcode.SERVFAIL:
            return Standing.SERVFAIL
        case dns.rcode.NXDOMAIN:
            return Standing.NO_SUCH_NAME if authority else Standing.BORROWED
        case dns.rcode.NOERROR:
            return _said(message, domain, rrtype, authority=authority)
    return Standing.OTHER


def understands_edns(message: "Message") -> bool:
    """It answered a question that carried OPT with OPT, and did not stumble over it (RFC 6891 §7)."""
    import dns.rcode

    stumbled = message.rcode() in (dns.rcode.FORMERR, dns.rcode.NOTIMP, dns.rcode.BADVERS)
    return message.edns >= 0 and not stumbled


def _said(message: "Message", domain: "Name", rrtype: str, *, authority: bool) -> Standing:
    import dns.flags

    if _at(message.answer, domain, rrtype) is not None:
        return Standing.AUTHORITATIVE if authority else Standing.BORROWED
    if authority:
        return Standing.NO_ZONE
    if _at(message.authority, domain, "NS") is not None:
        return Standing.DELEGATES
    if any(_is(rrset, "NS") for rrset in message.authority):
        return Standing.SENDS_ELSEWHERE
    return Standing.BORROWED if message.flags & dns.flags.RA else Standing.OTHER


def server_names(message: "Message", domain: "Name") -> tuple[str, ...]:
    """The NS records of `domain`, as answer or as referral: lower case, no final dot, sorted, at most 26."""
    from dns.rdtypes.ANY.NS import NS

    rrset = _at(message.answer, domain, "NS") or _at(message.authority, domain, "NS")
    names = {host_text(rdata.target) for rdata in rrset or () if isinstance(rdata, NS)}
    return tuple(sorted(names)[:MOST_NAMES_READ])


def glue(message: "Message", hosts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The addresses that a referral gives for each of `hosts`, v4 first."""
    found: dict[str, list[str]] = {host: [] for host in hosts}
    for kind in ("A", "AAAA"):
        for rrset in message.additional:
            addresses = found.get(host_text(rrset.name))
            if addresses is not None and _is(rrset, kind):
                addresses += sorted(rdata.to_text() for rdata in rrset)
    return {host: tuple(addresses[:MOST_GLUE]) for host, addresses in found.items()}


def host_text(name: "Name") -> str:
    """Lower case, no final dot; the root is `.`. Octets that are no letters stay escaped (RFC 4343 §2.1)."""
    return clean(name.to_text(omit_final_dot=True).lower(), limit=1024)


def _soa(message: "Message", domain: "Name") -> Soa | None:
    from dns.rdtypes.ANY.SOA import SOA

    for rdata in _at(message.answer, domain, "SOA") or ():
        if isinstance(rdata, SOA):
            return Soa(
                mname=host_text(rdata.mname),
                rname=host_text(rdata.rname),
                serial=rdata.serial,
                refresh=rdata.refresh,
                retry=rdata.retry,
                expire=rdata.expire,
                minimum=rdata.minimum,
            )
    return None


def _at(section: "list[RRset]", name: "Name", rrtype: str) -> "RRset | None":
    return next((rrset for rrset in section if rrset.name == name and _is(rrset, rrtype)), None)


def _is(rrset: "RRset", rrtype: str) -> bool:
    import dns.rdataclass
    import dns.rdatatype

    return rrset.rdtype == dns.rdatatype.from_text(rrtype) and rrset.rdclass == dns.rdataclass.IN
