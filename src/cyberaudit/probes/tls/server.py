"""One TLS server asked everything: the survey of what it accepts, then the handshakes for what they alone show."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from cyberaudit.facts.tls_endpoint import TlsServer
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.tls.conversation import Opener
from cyberaudit.probes.tls.survey import Pace, Survey, survey

if TYPE_CHECKING:
    from cyberaudit.probes.certificates import TrustStore


@frozen
class Asked:
    """At which server, under which name, and how its certificates are judged."""

    address: str
    server_name: str | None
    """As it is sent (SNI)."""
    host: str
    """The name, or the address, that the certificate must carry."""
    trust: "Callable[[], TrustStore | Unreachable]"
    """Asked for when there is a certificate to judge."""
    now: datetime
    pace: Pace


async def ask_server(opener: Opener, asked: Asked, *, renegotiate: Opener | None = None) -> TlsServer:
    """All that can be told of one server. `renegotiate` opens conversations for that one intrusive test."""
    found = await survey(
        opener, server_name=asked.server_name, pace=asked.pace, meanwhile=lambda: _prepare(asked)
    )
    if found.met != "tls":
        return _nothing(asked, found)
    # Imported here: nothing before this needs a key or a certificate, and libraries for them are slow to load.
    from cyberaudit.probes.tls.shakes import shaken

    return await shaken(opener, asked, found, renegotiate=renegotiate)


def _prepare(asked: Asked) -> None:
    """What the handshakes will need, loaded while the survey only waits."""
    import cyberaudit.probes.tls.shakes  # noqa: F401 — for those who import it later

    asked.trust()


def _nothing(asked: Asked, found: Survey) -> TlsServer:
    cause = found.met if isinstance(found.met, Unreachable) else Unreachable(Reason.TLS_FAILURE, found.met)
    return TlsServer(
        address=asked.address,
        met=found.met,
        versions=(),
        groups=cause,
        dh_groups=cause,
        signature_schemes=cause,
        sessions=(),
        unseen_certificate=cause,
        without_name=cause,
        options=cause,
        complete=cause,
        hellos=found.hellos,
        connections=found.connections,
    )
