"""What a server agrees on beside versions and suites, as far as hellos show it."""

from collections.abc import Collection

from cyberaudit.facts.tls_endpoint import SessionOptions
from cyberaudit.facts.tls_suites import FALLBACK_SCSV, suite
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.tls.asking import Asker
from cyberaudit.probes.tls.flight import Alert, ServerFlight
from cyberaudit.probes.tls.hello import SSL2, SSL3, TLS13
from cyberaudit.probes.tls.offers import Offers

RANK = 2
# RFC 7507
INAPPROPRIATE_FALLBACK = 86
_EXTENDED_MASTER_SECRET, _ENCRYPT_THEN_MAC, _HEARTBEAT, _RENEGOTIATION_INFO = 0x0017, 0x0016, 0x000F, 0xFF01
_NOT_LOOKED = Unreachable(Reason.NOT_LOOKED)
_UNOFFERED = Unreachable(Reason.PROTOCOL_ERROR, "le serveur refuse qu'on le demande")
_UNSEEN = Unreachable(Reason.PROTOCOL_ERROR, "réponse incomplète")


def options(
    asker: Asker,
    version: int | None,
    *,
    plain: Collection[int],
    alpn: tuple[str, ...] | Unreachable,
    fallback: bool | Unreachable,
) -> SessionOptions:
    """What the flights of `version` show, the newest that is in clear; None: all is encrypted.

    `plain`: the versions in which a plain hello was all that was granted: what it does not offer is not known.
    """
    flights = [flight for flight in asker.flights if flight.version == version]
    usual = flights[0] if flights else None
    whole = usual if usual is not None and asker.wants_whole and usual.is_whole else None
    unseen = _NOT_LOOKED if usual is None else _UNSEEN
    is_plain = version in plain
    return SessionOptions(
        compression=_compression(asker, is_known=not plain) if usual else _NOT_LOOKED,
        secure_renegotiation=_extension(usual, _RENEGOTIATION_INFO),
        client_renegotiation=_NOT_LOOKED,
        extended_master_secret=_UNOFFERED if is_plain else _extension(usual, _EXTENDED_MASTER_SECRET),
        encrypt_then_mac=_UNOFFERED if is_plain else _encrypt_then_mac(flights),
        tickets=_NOT_LOOKED,
        ticket_seconds=_NOT_LOOKED,
        early_data=_NOT_LOOKED,
        stapling=_UNOFFERED if is_plain else whole.stapled if whole else unseen,
        alpn=alpn,
        fallback_scsv=fallback,
        client_certificate=whole.wants_certificate if whole else unseen,
        heartbeat=_UNOFFERED if is_plain else _extension(usual, _HEARTBEAT),
    )


def _compression(asker: Asker, *, is_known: bool) -> bool | Unreachable:
    """In any version that is in clear: the weakest is the one an attacker leads to."""
    is_seen = any(flight.compression for flight in asker.flights if flight.version < TLS13)
    return is_seen or (False if is_known else _UNOFFERED)


def _extension(usual: ServerFlight | None, kind: int) -> bool | Unreachable:
    return kind in usual.extensions if usual else _NOT_LOOKED


def _encrypt_then_mac(flights: list[ServerFlight]) -> bool | Unreachable:
    """Of every CBC suite that was picked."""
    of_cbc = [flight for flight in flights if suite(flight.suite).mode == "CBC" and flight.version > SSL3]
    if not of_cbc:
        return _NOT_LOOKED
    return all(_ENCRYPT_THEN_MAC in flight.extensions for flight in of_cbc)


async def fallback_scsv(asker: Asker, offers: Offers, accepted: list[int]) -> bool | Unreachable:
    """Come back with the second-best version, as after an attack. `accepted`: best first."""
    if len(accepted) < 2 or accepted[1] == SSL2:
        return Unreachable(Reason.NOT_LOOKED, "une seule version")
    second = accepted[1]
    suites = (*offers.suites(second)[0], FALLBACK_SCSV)
    answer = await asker.ask(offers.hello(second, suites), rank=RANK)
    match answer:
        case Alert(code=code):
            return code == INAPPROPRIATE_FALLBACK or Unreachable(Reason.TLS_FAILURE, f"alerte {code}")
        case ServerFlight():
            return False
        case Unreachable():
            return answer


async def shown_to_nobody(
    asker: Asker, offers: Offers, version: int | None
) -> tuple[bytes, ...] | Unreachable:
    """The chain that a client gets who names no server, in `version`; None: it is encrypted."""
    if version is None:
        return _NOT_LOOKED
    if not asker.wants_whole:
        return _UNSEEN
    hello = offers.hello(version, offers.suites(version)[0], server_name=None)
    answer = await asker.ask(hello, rank=RANK, is_usual=offers.server_name is None)
    match answer:
        case Alert(code=code):
            return Unreachable(Reason.TLS_FAILURE, f"alerte {code}")
        case ServerFlight():
            return answer.certificates if answer.is_whole else _UNSEEN
        case Unreachable():
            return answer
