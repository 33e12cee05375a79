"""Zones in known states, for the conformance kit, the examples and the tests of checks."""

from dataclasses import replace

from cyberaudit.facts.base import Facts
from cyberaudit.facts.mail_samples import DOMAIN, HOSTILE
from cyberaudit.facts.zone import DnsZone, NameServer, ParentServer, ServerAnswer, ServerName, Soa, Standing
from cyberaudit.model import Reason, Unreachable

SILENT = Unreachable(Reason.TIMEOUT)
UNASKED = Unreachable(Reason.NOT_LOOKED)
FORBIDDEN = Unreachable(Reason.NOT_AUTHORIZED, "serveur d'un tiers")
NS1, NS2 = f"ns1.{DOMAIN}", "ns2.hebergeur.example"

GOOD_SOA = Soa(NS1, f"hostmaster.{DOMAIN}", 2026112101, 86400, 7200, 3600000, 3600)
HEAD = ServerAnswer(Standing.AUTHORITATIVE, "NOERROR", GOOD_SOA, edns=True, offers_recursion=False)
REFERRAL = ServerAnswer(Standing.DELEGATES, "NOERROR", None, edns=True, offers_recursion=False)
REFUSAL = ServerAnswer(Standing.REFUSED, "REFUSED", None, edns=True, offers_recursion=False)
PARENT = ParentServer("a.nic.example", "203.0.113.53", REFERRAL, None)
PARENT6 = ParentServer("b.nic.example", "2001:db8:ffff::53", REFERRAL, None)
NAME1 = ServerName(
    host=NS1,
    delegated=True,
    listed=True,
    exists=True,
    missing="",
    free=False,
    alias="",
    addresses=("192.0.2.53",),
    glue=("192.0.2.53",),
)
NAME2 = replace(NAME1, host=NS2, addresses=("198.51.100.53", "2001:db8:2::53"), glue=())
SERVER1 = NameServer(
    hosts=(NS1,),
    address="192.0.2.53",
    udp=HEAD,
    tcp=Standing.AUTHORITATIVE,
    names=(NS1, NS2),
    again=None,
    recursion=False,
    transfer=0,
    version="",
)
SERVER2 = replace(SERVER1, hosts=(NS2,), address="198.51.100.53")
SERVER3 = replace(SERVER2, address="2001:db8:2::53")
GOOD_ZONE = DnsZone(
    domain=DOMAIN,
    exists=True,
    resolves=True,
    parent="example",
    parents=(PARENT, PARENT6),
    delegated=(NS1, NS2),
    names=(NAME1, NAME2),
    servers=(SERVER1, SERVER2, SERVER3),
    left_out=(),
)
MUTE_SERVER = replace(
    SERVER1, udp=SILENT, tcp=SILENT, names=SILENT, recursion=SILENT, transfer=SILENT, version=SILENT
)
LAME_SERVER = replace(SERVER1, udp=REFUSAL, tcp=UNASKED, names=UNASKED)

THIRD_PARTY_ZONE = replace(
    GOOD_ZONE,
    servers=tuple(
        replace(server, recursion=FORBIDDEN, transfer=FORBIDDEN, version=FORBIDDEN)
        for server in GOOD_ZONE.servers
    ),
)
"""Everything in order, at somebody else's: what is intrusive was not tried."""
MUTE_ZONE = replace(GOOD_ZONE, servers=(MUTE_SERVER, SERVER2, SERVER3))
LAME_ZONE = replace(GOOD_ZONE, servers=(LAME_SERVER, SERVER2, SERVER3))
DEAD_ZONE = replace(
    GOOD_ZONE,
    resolves=Unreachable(Reason.RESOLVER_FAILURE, "SERVFAIL"),
    servers=(LAME_SERVER, replace(MUTE_SERVER, hosts=(NS2,), address="198.51.100.53")),
)
"""No server serves the domain."""
POOR_ZONE = replace(
    GOOD_ZONE,
    servers=(
        replace(SERVER1, tcp=Unreachable(Reason.REFUSED)),
        replace(SERVER2, udp=replace(HEAD, edns=False)),
        SERVER3,
    ),
)
"""One server without TCP, one without EDNS."""
OPEN_ZONE = replace(
    GOOD_ZONE, servers=(replace(SERVER1, recursion=True, transfer=14, version="named 9"), SERVER2, SERVER3)
)
ALONE_ZONE = replace(
    GOOD_ZONE,
    delegated=(NS1,),
    names=(NAME1,),
    servers=(replace(SERVER1, names=(NS1,)),),
)
ONE_NETWORK_ZONE = replace(
    GOOD_ZONE,
    names=(NAME1, replace(NAME2, addresses=("192.0.2.54",))),
    servers=(SERVER1, replace(SERVER2, address="192.0.2.54")),
)
LATE_SOA = replace(GOOD_SOA, serial=2026112001)
DISAGREEING_ZONE = replace(
    GOOD_ZONE,
    servers=(
        replace(SERVER1, again=GOOD_SOA, names=(NS1, NS2, "ns3.hebergeur.example")),
        replace(SERVER2, udp=replace(HEAD, soa=LATE_SOA), again=LATE_SOA),
        replace(SERVER3, again=GOOD_SOA),
    ),
    names=(replace(NAME1, glue=("192.0.2.99",)), NAME2),
)
"""Serial numbers, name servers and glue differ."""
HASTY_SOA = replace(GOOD_SOA, refresh=600, retry=900, expire=3600, minimum=604800)
HASTY_ZONE = replace(
    GOOD_ZONE,
    servers=tuple(replace(server, udp=replace(HEAD, soa=HASTY_SOA)) for server in GOOD_ZONE.servers),
)
GONE_NAME = replace(
    NAME2, exists=False, missing="hebergeur.example", free=True, addresses=(), host="ns2.hebergeur.example"
)
DANGLING_ZONE = replace(
    GOOD_ZONE, names=(replace(NAME1, alias="machine.example"), GONE_NAME), servers=(SERVER1,)
)
"""One server is an alias, the other one's name can be bought."""
UNDIVIDED_ZONE = replace(GOOD_ZONE, parent="service.example", delegated=None, names=(), servers=())
ABSENT_ZONE = replace(UNDIVIDED_ZONE, exists=False, resolves=False)
BOGUS_ZONE = replace(
    GOOD_ZONE, exists=Unreachable(Reason.BOGUS, "expired"), resolves=Unreachable(Reason.BOGUS, "expired")
)
FILTERED_ZONE = replace(
    GOOD_ZONE,
    parents=tuple(replace(parent, udp=SILENT) for parent in GOOD_ZONE.parents),
    delegated=SILENT,
    servers=tuple(
        replace(MUTE_SERVER, hosts=server.hosts, address=server.address) for server in GOOD_ZONE.servers
    ),
)
"""The line lets no question of DNS out, but to the resolver."""
HOSTILE_ZONE = replace(
    GOOD_ZONE,
    domain=HOSTILE,
    parent=HOSTILE,
    delegated=(HOSTILE, NS1),
    names=(
        replace(NAME1, host=HOSTILE, alias=HOSTILE, glue=(HOSTILE,), addresses=(HOSTILE,)),
        replace(GONE_NAME, host=HOSTILE, missing=HOSTILE),
    ),
    servers=(
        replace(
            SERVER1,
            hosts=(HOSTILE,),
            address=HOSTILE,
            udp=replace(HEAD, soa=replace(GOOD_SOA, mname=HOSTILE, serial=-1, refresh=-1, retry=1 << 40)),
            names=(HOSTILE,),
            version=HOSTILE,
            transfer=3,
            recursion=True,
        ),
        replace(LAME_SERVER, hosts=(), udp=replace(REFUSAL, code=HOSTILE, standing=Standing.OTHER)),
    ),
    left_out=(HOSTILE,),
)

SAMPLES: tuple[Facts, ...] = (
    GOOD_ZONE,
    THIRD_PARTY_ZONE,
    MUTE_ZONE,
    LAME_ZONE,
    DEAD_ZONE,
    POOR_ZONE,
    OPEN_ZONE,
    ALONE_ZONE,
    ONE_NETWORK_ZONE,
    DISAGREEING_ZONE,
    HASTY_ZONE,
    DANGLING_ZONE,
    UNDIVIDED_ZONE,
    ABSENT_ZONE,
    BOGUS_ZONE,
    FILTERED_ZONE,
    HOSTILE_ZONE,
)
