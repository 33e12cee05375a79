"""The zones of the private root, from the root down, signed as each truth says."""

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from ipaddress import ip_address
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.lab.mail_truths import DKIM, OWN_MX, PROVIDER_MX, TRUTHS, Signing, Truth
from tests.lab.private_root_names import (
    MX1,
    MX2,
    MX3,
    RDAP,
    REGISTRY,
    ROOT,
    SERVERS,
    UNSIGNED_MX,
    WEB,
    WHOIS,
    Host,
    own_mail,
    servers_of,
)
from tests.lab.private_root_signing import TTL, ds_of, opted_out, signed

SERIAL = 2026112201
SOA = "ns1.hebergeur.test. hostmaster.{domain}. %d 86400 7200 3600000 3600"
# The root, its children, and the towns' two extensions; a registry like those of today for one of them.
TOP_LEVEL = ("test", "example", "net", "arpa")
OPTS_OUT = "example"
_DKIM_RSA = '"v=DKIM1; k=rsa; p={key1}" "{key2}"'
Lines = list[str]
Changed = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Tlsa:
    """What TLSA records of a domain's own mail server are made of, in hexadecimal."""

    spki: str
    """SHA-256 of its key."""
    authority: str
    """SHA-256 of the certificate of the authority that signed it."""


@dataclass(slots=True)
class Zones:
    """Master files by origin, and what is told about them."""

    folder: Path
    files: dict[str, Path] = field(default_factory=dict)
    lagging: dict[str, Path] = field(default_factory=dict)
    """The same zone with an older serial, for one of its servers."""
    anchor: Path = Path()
    hints: Path = Path()
    delegations: dict[str, Lines] = field(default_factory=dict)
    """Parent → lines."""


def make_zones(folder: Path, tlsa: Mapping[str, Tlsa]) -> Zones:
    """Every zone, as files in `folder`. `tlsa`: by the name of the mail server."""
    zones = Zones(folder, delegations={name: [] for name in (*TOP_LEVEL, ".")})
    for truth in TRUTHS:
        _town(zones, truth, tlsa)
    for origin, lines, signing in _companions(tlsa):
        _publish(zones, origin, lines, ("bind", "nsd", "knot"), signing)
    for origin in TOP_LEVEL:
        _top_level(zones, origin)
    _root(zones)
    return zones


def _town(zones: Zones, truth: Truth, tlsa: Mapping[str, Tlsa]) -> None:
    lines = town_lines(truth, tlsa)
    _publish(zones, truth.domain, lines, servers_of(truth), truth.signing)
    if truth.secondary_lags:
        older = [line.replace(str(SERIAL), str(SERIAL - 7)) for line in lines]
        zones.lagging[truth.domain] = zones.folder / f"{truth.domain}.lagging"
        signed(truth.domain, older, truth.signing).to_file(str(zones.lagging[truth.domain]), relativize=False)


def town_lines(truth: Truth, tlsa: Mapping[str, Tlsa]) -> Lines:
    """The domain's records, the perfect one's with the truth's changes."""
    records = _perfect(truth)
    if truth.own_mail:
        records |= _own_mail(truth)
    records |= truth.records
    filled = partial(_filled, truth=truth, tlsa=tlsa)
    return [
        f"{key.replace(' ', f' {TTL} IN ')} {filled(text)}"
        for key, texts in records.items()
        for text in texts
    ]


def _perfect(truth: Truth) -> Changed:
    own = truth.own_servers or servers_of(truth)
    return {
        "@ SOA": (SOA % SERIAL,),
        "@ NS": tuple(f"{SERVERS[key].name}." for key in own),
        "@ A": (WEB.v4,),
        "@ AAAA": (WEB.v6,),
        "www A": (WEB.v4,),
        "www AAAA": (WEB.v6,),
        "@ MX": PROVIDER_MX,
        "@ TXT": ('"v=spf1 mx -all"',),
        "_dmarc TXT": ('"v=DMARC1; p=reject; rua=mailto:dmarc@rapports.test"',),
        DKIM: (_DKIM_RSA,),
        "@ CAA": ('0 issue "ac.example"', '0 iodef "mailto:ssi@{domain}"'),
        "_mta-sts TXT": ('"v=STSv1; id=20261122T0900;"',),
        "mta-sts A": (WEB.v4,),
        "mta-sts AAAA": (WEB.v6,),
        "_smtp._tls TXT": ('"v=TLSRPTv1; rua=mailto:tls@rapports.test"',),
    }


def _own_mail(truth: Truth) -> Changed:
    host = own_mail()[truth.domain]
    known: Changed = {"@ MX": OWN_MX, "mx1 A": (host.v4,), "mx1 AAAA": (host.v6,)}
    if truth is TRUTHS[0]:
        known["_25._tcp.mx1 TLSA"] = ("3 1 1 {spki}",)
    return known


def _filled(text: str, *, truth: Truth, tlsa: Mapping[str, Tlsa]) -> str:
    first, second = _key_in_two(2048)
    known = tlsa.get(f"mx1.{truth.domain}", Tlsa("", ""))
    for word, value in (
        ("domain", truth.domain),
        ("key1024", "".join(_key_in_two(1024))),
        ("key1", first),
        ("key2", second),
        ("spki", known.spki),
        ("authority", known.authority),
    ):
        text = text.replace(f"{{{word}}}", value)
    return text


@cache
def _key_in_two(bits: int) -> tuple[str, str]:
    key = rsa.generate_private_key(65537, bits).public_key()
    text = base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    return text[:200], text[200:]


def _companions(tlsa: Mapping[str, Tlsa]) -> Iterator[tuple[str, Lines, Signing]]:
    """The zones that the towns' lead to, none of which is audited."""
    servers = tuple(host for key, host in SERVERS.items() if key not in ("alias", "vanished"))
    yield (
        "hebergeur.test",
        [*_apex(), *_of(*servers, WEB), "alias 3600 IN CNAME ns3.hebergeur.test."],
        Signing.USUAL,
    )
    provider = [f"_25._tcp.{host.name}. 3600 IN TLSA 3 1 1 {tlsa[host.name].spki}" for host in (MX1, MX2)]
    reports = ['_dmarc 3600 IN TXT "v=DMARC1; p=reject"', '@ 3600 IN TXT "v=spf1 mx -all"']
    yield "courriel.test", [*_apex(), *_of(MX1, MX2, MX3), *provider, *_mx(), *reports], Signing.USUAL
    yield (
        "nonsigne.test",
        [*_apex(), *_of(UNSIGNED_MX), f"_25._tcp.mx1 3600 IN TLSA 3 1 1 {tlsa[UNSIGNED_MX.name].spki}"],
        Signing.UNSIGNED,
    )
    yield (
        "rapports.test",
        [*_apex(), *_mx(), '*._report._dmarc 3600 IN TXT "v=DMARC1;"'],
        Signing.USUAL,
    )
    yield "tiers.test", [*_apex(), *_of_others()], Signing.USUAL
    yield "azurewebsites.net", [*_apex(), f"@ 3600 IN A {WEB.v4}"], Signing.USUAL


def _apex() -> Lines:
    soa = (SOA % SERIAL).replace("{domain}", "hebergeur.test")
    return [
        f"@ 3600 IN SOA {soa}",
        *(f"@ 3600 IN NS {SERVERS[key].name}." for key in ("bind", "nsd", "knot")),
    ]


def _mx() -> Lines:
    return [f"@ 3600 IN MX {text}" for text in PROVIDER_MX]


def _of(*hosts: Host) -> Lines:
    four = [f"{host.name}. 3600 IN A {host.v4}" for host in hosts]
    return four + [f"{host.name}. 3600 IN AAAA {host.v6}" for host in hosts if host.v6]


def _of_others() -> Iterator[str]:
    for number in range(12):
        yield f's{number} 3600 IN TXT "v=spf1 ip4:192.0.2.{number + 100} -all"'
        yield f"onze 3600 IN MX {number} mx{number}.onze.tiers.test."
        yield f"mx{number}.onze 3600 IN A 203.0.113.{number + 200}"
    for label in ("sans", "sans-courrier"):
        yield f"{label} 3600 IN A 203.0.113.250"
    yield "sans-courrier 3600 IN MX 0 ."
    yield '*._report._dmarc.sans-courrier 3600 IN TXT "v=DMARC1;"'
    yield 'sans-adresse 3600 IN TXT "rien"'
    first, second = _key_in_two(2048)
    yield f'cle 3600 IN TXT "v=DKIM1; k=rsa; p={first}" "{second}"'
    yield "client-25.fournisseur 3600 IN A 203.0.113.251"


def _publish(zones: Zones, origin: str, lines: Lines, servers: Iterable[str], signing: Signing) -> None:
    """The zone's file, and what its parent says of it."""
    zone = signed(origin, lines, signing)
    zones.files[origin] = zones.folder / f"{origin}.zone"
    zone.to_file(str(zones.files[origin]), relativize=False)
    parent = origin.rpartition(".")[2]
    told = zones.delegations[parent]
    told += [f"{origin}. 3600 IN NS {SERVERS[key].name}." for key in servers]
    told += [f"{origin}. 3600 IN DS {ds.to_text()}" for ds in ds_of(zone, signing)]


def _top_level(zones: Zones, origin: str) -> None:
    soa = f"@ 3600 IN SOA a.registre.test. registre.test. {SERIAL} 86400 7200 3600000 3600"
    apex = [soa, *(f"@ 3600 IN NS {host.name}." for host in REGISTRY)]
    more = {"test": _in_test, "arpa": _reverse}.get(origin, list)()
    zone_lines = [*apex, *more, *zones.delegations[origin]]
    zones.files[origin] = zones.folder / f"{origin}.zone"
    zone = opted_out(zones.folder, origin, zone_lines) if origin == OPTS_OUT else signed(origin, zone_lines)
    zone.to_file(str(zones.files[origin]), relativize=False)
    told = zones.delegations["."]
    told += [f"{origin}. 3600 IN NS {host.name}." for host in REGISTRY]
    told += [f"{origin}. 3600 IN DS {ds.to_text()}" for ds in ds_of(zone, Signing.USUAL)]


def _in_test() -> Lines:
    """Glue, the registry's own hosts, and a zone whose servers refuse it."""
    glue = [SERVERS[key] for key in SERVERS if key not in ("alias", "vanished")]
    broken = [f"panne.test. 3600 IN NS {SERVERS[key].name}." for key in ("refuses", "refuses6")]
    return [*_of(*ROOT, *REGISTRY, RDAP, WHOIS), *_of(*glue), *broken]


def _reverse() -> Lines:
    """The names of the mail servers' addresses."""
    names = {
        address: f"{host.name}." for host in (MX1, MX2, MX3, UNSIGNED_MX, WEB) for address in host.addresses
    }
    own = own_mail()
    for truth in TRUTHS:
        if truth.own_mail and truth.reverse:
            name = truth.reverse.replace("{domain}", truth.domain)
            names |= dict.fromkeys(own[truth.domain].addresses, name)
    return [f"{ip_address(address).reverse_pointer}. 3600 IN PTR {name}" for address, name in names.items()]


def _root(zones: Zones) -> None:
    soa = f". 3600 IN SOA a.racine.test. racine.test. {SERIAL} 86400 7200 3600000 3600"
    servers = [f". 3600 IN NS {host.name}." for host in ROOT]
    glue = _of(*ROOT, *REGISTRY)
    zone = signed(".", [soa, *servers, *glue, *zones.delegations["."]])
    zones.files["."] = zones.folder / "root.zone"
    zone.to_file(str(zones.files["."]), relativize=False)
    zones.anchor, zones.hints = zones.folder / "anchor", zones.folder / "hints"
    zones.anchor.write_text(
        "".join(f". 3600 IN DS {ds.to_text()}\n" for ds in ds_of(zone, Signing.USUAL)), encoding="ascii"
    )
    # Without class, as IANA's.
    hints = "\n".join([*servers, *_of(*ROOT)]).replace(" IN ", " ")
    zones.hints.write_text(f"{hints}\n", encoding="ascii")
