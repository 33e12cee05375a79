"""Who stands where under the private root: name servers, mail servers, sites, resolvers, and their addresses."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.lab.mail_truths import TRUTHS, Truth

NETWORKS = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
FIRST, SECOND, THIRD = (text.removesuffix("0/24") for text in NETWORKS)


@dataclass(frozen=True, slots=True)
class Host:
    """One name and its addresses."""

    name: str
    """Without final dot."""
    v4: str
    v6: str = ""

    @property
    def addresses(self) -> tuple[str, ...]:
        return (self.v4, self.v6) if self.v6 else (self.v4,)


def _host(name: str, network: int, number: int) -> Host:
    """The same number in IPv4 and in IPv6; each network is a /24 and a /48."""
    four = (FIRST, SECOND, THIRD)[network - 1]
    return Host(name, f"{four}{number}", f"2001:db8:{network}::{number}")


ROOT = (_host("a.racine.test", 1, 1), _host("b.racine.test", 2, 1))
REGISTRY = (_host("a.registre.test", 1, 2), _host("b.registre.test", 2, 2))
"""They serve `test`, `example`, `net` and `arpa`."""
SERVERS = {
    "bind": _host("ns1.hebergeur.test", 1, 11),
    "nsd": _host("ns2.hebergeur.test", 2, 12),
    "knot": _host("ns3.hebergeur.test", 3, 13),
    "same-net": _host("ns4.hebergeur.test", 1, 14),
    "old-a": Host("ns5.hebergeur.test", f"{FIRST}15"),
    "old-b": Host("ns6.hebergeur.test", f"{SECOND}16"),
    "udp-only": _host("ns7.hebergeur.test", 2, 17),
    "mute": _host("ns8.hebergeur.test", 2, 18),
    "refuses": _host("ns9.hebergeur.test", 3, 19),
    "refuses6": _host("ns10.hebergeur.test", 2, 20),
    "recursive": _host("ns11.hebergeur.test", 3, 21),
    "no-edns": _host("ns12.hebergeur.test", 3, 22),
    "upward": _host("ns13.hebergeur.test", 3, 23),
    "alias": _host("alias.hebergeur.test", 3, 13),
    "vanished": Host("ns1.disparu-ns.test", ""),
}
GOOD_PAIRS = (("bind", "nsd"), ("nsd", "knot"), ("knot", "bind"))
BY_BIND = ("bind",)
BY_NSD = ("nsd", "same-net", "old-b", "udp-only")
BY_KNOT = ("knot", "old-a")
BY_OURSELVES = ("refuses", "refuses6", "no-edns")

MX1, MX2, MX3 = (
    _host("mx1.courriel.test", 3, 25),
    _host("mx2.courriel.test", 2, 26),
    _host("mx3.courriel.test", 3, 27),
)
UNSIGNED_MX = _host("mx1.nonsigne.test", 3, 28)
WEB = _host("web.hebergeur.test", 2, 80)
RDAP = _host("rdap.registre.test", 2, 81)
WHOIS = _host("whois.registre.test", 2, 43)
VALIDATING, PLAIN, STRIPPING, LYING = (f"{FIRST}{number}" for number in (53, 54, 55, 56))
CLIENT = Host("client", f"{FIRST}250", "2001:db8:1::250")

# Ours: above the numbers used here.
_OWN_MAIL = 100


def six_of(resolver: str) -> str:
    """Where a resolver asks from in IPv6."""
    return f"2001:db8:1::{resolver.rpartition('.')[2]}"


def own_mail() -> dict[str, Host]:
    """The mail server of each domain that has one of its own."""
    having = [truth.domain for truth in TRUTHS if truth.own_mail]
    return {domain: _host(f"mx1.{domain}", 3, _OWN_MAIL + place) for place, domain in enumerate(having)}


def servers_of(truth: Truth) -> tuple[str, ...]:
    """Keys of the servers that its parent delegates it to."""
    return truth.servers or GOOD_PAIRS[TRUTHS.index(truth) % len(GOOD_PAIRS)]


def addresses() -> tuple[str, ...]:
    """All that somebody answers at."""
    named = (
        *ROOT, *REGISTRY, *SERVERS.values(), MX1, MX2, MX3, UNSIGNED_MX, WEB, RDAP, WHOIS, CLIENT, *own_mail().values(),
    )  # fmt: skip
    return tuple(dict.fromkeys(filter(None, (*_flat(named), VALIDATING, PLAIN, STRIPPING, LYING))))


def _flat(hosts: Sequence[Host]) -> Iterator[str]:
    for host in hosts:
        yield from host.addresses
