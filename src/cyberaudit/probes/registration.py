"""What the registry says of a domain's registration: RDAP first, WHOIS when that tells too little."""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cyberaudit.declared import Domain
from cyberaudit.errors import UsageError
from cyberaudit.facts.registration import RESERVED_TLDS, Register, Registration, Told
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.endpoint import Endpoint, parse_endpoint
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.https_get import PACKETS_PER_PAGE, get
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.public_suffix import registrable
from cyberaudit.probes.registration_rdap import (
    AFNIC_TLDS,
    ANSWER_BYTES,
    BOOTSTRAP_BYTES,
    BUILT_IN,
    IANA,
    bootstrap_file,
    read_answer,
    read_bootstrap,
)
from cyberaudit.probes.registration_whois import ANSWER_BYTES as WHOIS_BYTES
from cyberaudit.probes.registration_whois import SERVERS
from cyberaudit.probes.registration_whois import read_answer as read_whois
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.stream import Limits

WHOIS_PORT = 43
# Ours: registries answer within a second. Both ways together cost what one reply may cost.
RDAP_SHARE = 0.6
# RFC 9083 §5.3 and registries' practice: at most one to the registrar, one to https.
REDIRECTS = 2
PACKETS_PER_WHOIS = 100
NO_REGISTRY = "aucun registre connu pour cette extension"


async def look(asset: Domain, instruments: Instruments) -> Registration | Unreachable:
    """The facts; every way of not getting them is `Unreachable`, never a domain that is not registered."""
    domain = registrable(asset.domain) or asset.domain
    options = instruments.options
    if _is_reserved(domain) and not (options.rdap_bootstrap or options.whois):
        return _reserved(domain)
    seconds = options.patience.reply
    found = await _within(seconds * RDAP_SHARE, _rdap(instruments, domain, about=asset.domain))
    if not isinstance(found, Unreachable) and (found.expires or found.register is not Register.FOUND):
        return found
    other = await _within(seconds * (1 - RDAP_SHARE), _whois(instruments, domain, about=asset.domain))
    if isinstance(found, Unreachable):
        return found if isinstance(other, Unreachable) else other
    # Some registries tell the date in one of the two only.
    return found if isinstance(other, Unreachable) else replace(found, expires=other.expires)


async def _within(
    seconds: float, asking: Coroutine[Any, Any, Registration | Unreachable]
) -> Registration | Unreachable:
    try:
        async with asyncio.timeout(seconds):
            return await asking
    except TimeoutError:
        return Unreachable(Reason.TIMEOUT)


def announce(asset: Domain, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would touch."""
    domain = registrable(asset.domain) or asset.domain
    return (
        Announcement(
            target=asset.domain,
            purpose=Purpose.PUBLIC,
            text=f"la fiche publique de {clean(domain)} au registre : "
            f"{2 * (REDIRECTS + 1)} pages par RDAP et une réponse par WHOIS au plus",
            max_packets=2 * (REDIRECTS + 1) * PACKETS_PER_PAGE + PACKETS_PER_WHOIS,
        ),
    )


def _tld(domain: str) -> str:
    return domain.rpartition(".")[2]


def _is_reserved(domain: str) -> bool:
    return _tld(domain) in RESERVED_TLDS


def _reserved(domain: str) -> Registration:
    return Registration(
        domain=domain,
        register=Register.RESERVED,
        told_by=Told.NOBODY,
        server="",
        registered=None,
        changed=None,
        expires=None,
        statuses=(),
        registrar="",
        signed=None,
    )


async def _rdap(instruments: Instruments, domain: str, *, about: str) -> Registration | Unreachable:
    base = await _base(instruments, _tld(domain), about=about)
    if isinstance(base, Unreachable):
        return base
    page = await get(
        instruments,
        f"{base}domain/{domain}",
        about=about,
        # The address of a registry that the person did not give comes from the network.
        published=not instruments.options.rdap_bootstrap,
        redirects=REDIRECTS,
        most_bytes=ANSWER_BYTES,
        within=instruments.options.patience.reply,
    )
    if isinstance(page, Unreachable):
        return page
    server = _host_of(page.url)
    # RFC 7480 §5.3: the registry has no such name.
    if page.status == 404:
        return replace(_reserved(domain), register=Register.UNKNOWN_NAME, told_by=Told.RDAP, server=server)
    if page.status != 200:
        return Unreachable(Reason.PROTOCOL_ERROR, clean(f"{server} répond {page.status}"))
    return read_answer(page.body, domain=domain, server=server)


def _host_of(url: str) -> str:
    return clean(url.partition("://")[2].partition("/")[0])


async def _base(instruments: Instruments, tld: str, *, about: str) -> str | Unreachable:
    """Where the registry of `tld` answers."""
    if not instruments.options.rdap_bootstrap and tld in AFNIC_TLDS:
        return BUILT_IN
    services = await instruments.looks.shared("rdap-bootstrap", lambda: _services(instruments, about=about))
    if isinstance(services, Unreachable):
        return services
    return services.get(tld) or Unreachable(Reason.NO_PROBE, NO_REGISTRY)


async def _services(instruments: Instruments, *, about: str) -> Mapping[str, str] | Unreachable:
    given = instruments.options.rdap_bootstrap
    if given and "://" not in given:
        try:
            return bootstrap_file(Path(given))
        except UsageError as error:
            return Unreachable(Reason.PROTOCOL_ERROR, clean(str(error)))
    page = await get(
        instruments,
        given or IANA,
        about=about,
        redirects=REDIRECTS,
        most_bytes=BOOTSTRAP_BYTES,
        within=instruments.options.patience.reply,
    )
    if isinstance(page, Unreachable):
        return page
    if page.status != 200:
        return Unreachable(Reason.PROTOCOL_ERROR, clean(f"{_host_of(page.url)} répond {page.status}"))
    return read_bootstrap(page.body)


async def _whois(instruments: Instruments, domain: str, *, about: str) -> Registration | Unreachable:
    server = instruments.options.whois or SERVERS.get(_tld(domain), "")
    if not server:
        return Unreachable(Reason.NO_PROBE, NO_REGISTRY)
    endpoint = await _endpoint(instruments, server)
    if isinstance(endpoint, Unreachable):
        return endpoint
    said = await _ask(instruments, endpoint, domain, about=about)
    return said if isinstance(said, Unreachable) else read_whois(said, domain=domain, server=clean(server))


async def _endpoint(instruments: Instruments, server: str) -> Endpoint | Unreachable:
    """The place of `NAME` or `IP[:PORT]`."""
    try:
        return parse_endpoint(server, default_port=WHOIS_PORT)
    except UsageError:
        addresses = await instruments.resolver.addresses(server)
    if addresses.found:
        return Endpoint(addresses.found[0], WHOIS_PORT)
    return addresses.failure or Unreachable(Reason.NO_ROUTE, clean(f"{server} n'a pas d'adresse"))


async def _ask(
    instruments: Instruments, endpoint: Endpoint, domain: str, *, about: str
) -> bytes | Unreachable:
    """The whole answer, up to the end of the connection (RFC 3912 §2)."""
    seconds = instruments.options.patience.reply
    stream = await instruments.network.connect(
        endpoint.address,
        endpoint.port,
        purpose=Purpose.PUBLIC,
        about=about,
        within=seconds,
        limits=Limits(seconds=seconds, bytes=WHOIS_BYTES),
    )
    if isinstance(stream, Unreachable):
        return stream
    with stream:
        trouble = await stream.write(f"{domain}\r\n".encode("ascii"), within=seconds)
        said = bytearray()
        while trouble is None:
            piece = await stream.read(WHOIS_BYTES, within=seconds)
            if isinstance(piece, Unreachable):
                return piece
            if not piece:
                return bytes(said)
            said += piece
        return trouble
