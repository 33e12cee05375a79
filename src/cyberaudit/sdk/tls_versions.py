"""Which protocol versions a TLS server may accept: ANSSI TLS v1.2, R3 and R4."""

from collections.abc import Iterator

from cyberaudit import french
from cyberaudit.facts.tls_endpoint import VERSIONS, TlsServer
from cyberaudit.model import Evidence, Item, Status, Unreachable
from cyberaudit.sdk.tls import FRENCH_VERSIONS, offer_of, unseen

# ANSSI TLS v1.2, R4: not to be used
FORBIDDEN = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1")
# ANSSI TLS v1.2, R3: prefer TLS 1.3, accept TLS 1.2
ACCEPTABLE, PREFERRED = "TLSv1.2", "TLSv1.3"


def version_items(server: TlsServer) -> Iterator[Item]:
    """What is wrong or unseen in the versions that the server accepts."""
    answers = {version: offer_of(server, version).accepted for version in VERSIONS}
    old = [version for version in FORBIDDEN if answers[version] is True]
    lost = {version: answers[version] for version in FORBIDDEN}
    if old:
        verb = "est accepté" if len(old) == 1 else "sont acceptés"
        yield Item("R4", Status.FAIL, "old-version", f"{_listed(old)} {verb}.")
    elif cause := next((answer for answer in lost.values() if isinstance(answer, Unreachable)), None):
        names = [version for version, answer in lost.items() if answer == cause]
        yield unseen("R4", cause, f"{_listed(names)} : réponse non vue")
    yield from _current(answers[ACCEPTABLE], answers[PREFERRED], speaks_old=bool(old))


def version_evidence(server: TlsServer) -> Iterator[Evidence]:
    """One line a version that was asked."""
    for offer in server.versions:
        yield Evidence(FRENCH_VERSIONS.get(offer.version, offer.version), _word(offer.accepted))


def _current(
    acceptable: bool | Unreachable,  # noqa: FBT001 — an answer of the server, not a switch
    preferred: bool | Unreachable,  # noqa: FBT001 — the same
    *,
    speaks_old: bool,
) -> Iterator[Item]:
    """R3. A server that refuses every version, old ones too, refuses us for a reason that is not its version."""
    if isinstance(preferred, Unreachable):
        yield unseen("R3", preferred, "TLS 1.3 : réponse non vue")
    elif isinstance(acceptable, Unreachable):
        yield unseen("R3", acceptable, "TLS 1.2 : réponse non vue")
    elif acceptable and not preferred:
        yield Item("R3", Status.PARTIAL, "no-tls-1.3", "TLS 1.3 n'est pas proposé.")
    elif not acceptable and not preferred:
        status = Status.FAIL if speaks_old else Status.UNKNOWN
        yield Item("R3", status, "no-version", "Ni TLS 1.2 ni TLS 1.3 n'est accepté.")


def _listed(versions: list[str]) -> str:
    return french.listed([FRENCH_VERSIONS[version] for version in versions])


def _word(answer: bool | Unreachable) -> str:  # noqa: FBT001 — the value itself is the subject
    if isinstance(answer, Unreachable):
        return f"non vu : {answer}"
    return "accepté" if answer else "refusé"
