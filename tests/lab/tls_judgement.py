"""How right a program is about a TLS server, version by version and suite by suite, against the truth."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cyberaudit.facts.tls_endpoint import VERSIONS, TlsServer, VersionOffer
from cyberaudit.facts.tls_suites import suite
from cyberaudit.model import Unreachable
from cyberaudit.probes.tls.survey import Survey
from tests.lab.tls_servers import KnownServer, Suites, Truth

Claims = Mapping[str, Suites | None]
"""Version → the suites said to be accepted, empty when it is said to be refused; None: said to be unknown."""


class Rightness(StrEnum):
    """How far what was said is the truth."""

    RIGHT = "juste"
    INCOMPLETE = "incomplet"
    """Part of it is said to be unknown, and nothing of the rest is wrong."""
    NOTHING = "sans réponse"
    """Nothing is said of any version."""
    WRONG = "faux"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One program about one server."""

    rightness: Rightness
    faults: tuple[str, ...]
    """Each version that is wrong, with the suites that lack and those that are too many."""


def judged(claims: Claims, server: KnownServer, *, admits: bool = False) -> Judgement:
    """`admits`: the program says by itself that it was hindered, and that its lists may be short."""
    truth = server.truth
    known = {version: said for version in VERSIONS if (said := claims.get(version)) is not None}
    faults = tuple(_faults(known, truth))
    if faults:
        invented = any(said - truth.get(version, frozenset()) for version, said in known.items())
        wrong = invented or not admits
        return Judgement(Rightness.WRONG if wrong else Rightness.INCOMPLETE, faults)
    if not known:
        # Of a server without TLS there is nothing to say.
        return Judgement(Rightness.NOTHING if truth else Rightness.RIGHT, ())
    is_all = known.keys() >= set(VERSIONS).difference(server.refuses_by_closing)
    return Judgement(Rightness.RIGHT if is_all else Rightness.INCOMPLETE, ())


def _faults(known: Mapping[str, Suites], truth: Truth) -> Iterator[str]:
    for version, said in known.items():
        right = truth.get(version, frozenset())
        if said != right:
            signed = [f"+{name}" for name in sorted(said - right)] + [
                f"-{name}" for name in sorted(right - said)
            ]
            yield f"{version}: {' '.join(signed)}"


def claims_of(server: TlsServer | Survey) -> Claims:
    """What our look says of one address; of a list that was not brought to its end, what was seen of it."""
    if server.met != "tls":
        return dict.fromkeys(VERSIONS, None if isinstance(server.met, Unreachable) else frozenset())
    return {offer.version: _claim(offer) for offer in server.versions}


def _claim(offer: VersionOffer) -> Suites | None:
    seen = offer.seen if isinstance(offer.suites, Unreachable) else offer.suites
    if isinstance(offer.accepted, Unreachable) or isinstance(seen, Unreachable):
        return None
    return frozenset(suite(code).name for code in seen)
