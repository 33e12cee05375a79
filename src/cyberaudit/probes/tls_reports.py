"""Where a domain wants to be told that nobody could encrypt towards it: one DNS question."""

from cyberaudit.declared import Domain
from cyberaudit.facts.mail import TxtAnswer
from cyberaudit.facts.tls_reports import TlsReports
from cyberaudit.model import Unreachable
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.resolver import PACKETS_PER_QUESTION, txt_records


async def look(asset: Domain, instruments: Instruments) -> TlsReports | Unreachable:
    """The facts; `Unreachable` when DNS could not be asked."""
    name = f"_smtp._tls.{asset.domain}"
    answer = await instruments.resolver.ask(name, "TXT")
    if isinstance(answer, Unreachable):
        return answer
    return TlsReports(asset.domain, TxtAnswer(name, txt_records(answer)), answer.aliases)


def announce(asset: Domain, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would ask."""
    return (
        Announcement(
            target=asset.domain,
            purpose=Purpose.INFRASTRUCTURE,
            text=f"l'adresse des rapports de chiffrement de {asset.name} (TLS-RPT) : "
            "une question au plus, posée au DNS",
            max_packets=PACKETS_PER_QUESTION,
        ),
    )
