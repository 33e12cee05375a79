"""What a domain publishes of MTA-STS: one record in DNS, one file on a web server."""

import asyncio

from cyberaudit.declared import Domain
from cyberaudit.facts.mail import TxtAnswer
from cyberaudit.facts.mta_sts import MtaSts, PolicyPage
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.https_get import PACKETS_PER_PAGE, Page, get
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.looks import kept
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.resolver import PACKETS_PER_QUESTION, txt_records

# RFC 8461 §3.3: 64 KiB is a fit limit, one minute a fit wait; ours: a mute server must not cost more than 5 s.
MOST_BYTES = 65536
SECONDS = 5.0
# What would be held against the server is asked a second time; silence never is, and would cost its time twice.
_ASKED_AGAIN = frozenset({Reason.REFUSED, Reason.RESET, Reason.PROTOCOL_ERROR, Reason.TLS_FAILURE})


async def look(asset: Domain, instruments: Instruments) -> MtaSts | Unreachable:
    """The facts; `Unreachable` when nothing at all could be asked. Without address there is no policy to fetch."""
    name = f"_mta-sts.{asset.domain}"
    answer, policy = await asyncio.gather(instruments.resolver.ask(name, "TXT"), _policy(asset, instruments))
    if isinstance(answer, Unreachable):
        return answer if isinstance(policy, Unreachable) else MtaSts(asset.domain, answer, policy, answer)
    return MtaSts(asset.domain, TxtAnswer(name, txt_records(answer)), policy, answer.aliases)


def worth_asking_again(facts: MtaSts) -> bool:
    """The file was refused, in a way that may pass."""
    return isinstance(facts.policy, Unreachable) and facts.policy.reason in _ASKED_AGAIN


def merge_looks(first: MtaSts, second: MtaSts) -> MtaSts:
    """The second look, where it saw something."""
    return MtaSts(
        second.domain,
        kept(first.txt, second.txt),
        kept(first.policy, second.policy),
        kept(first.txt_aliases, second.txt_aliases),
    )


def announce(asset: Domain, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would ask."""
    questions = 3
    return (
        Announcement(
            target=asset.domain,
            purpose=Purpose.INFRASTRUCTURE,
            text=f"la règle de chiffrement de {asset.name} (MTA-STS) : {questions} questions au plus, "
            "posées au DNS",
            max_packets=2 * questions * PACKETS_PER_QUESTION,
        ),
        Announcement(
            target=asset.domain,
            purpose=Purpose.PUBLIC,
            text=f"le fichier public de cette règle, sur mta-sts.{asset.name} : une page au plus, port 443, "
            "une seconde fois en cas d'échec",
            max_packets=2 * PACKETS_PER_PAGE,
        ),
    )


async def _policy(asset: Domain, instruments: Instruments) -> PolicyPage | Unreachable | None:
    host = f"mta-sts.{asset.domain}"
    addresses = await instruments.resolver.addresses(host)
    if not addresses.found:
        return addresses.failure
    # RFC 8461 §3.3: redirects are not followed.
    page = await get(
        instruments,
        f"https://{host}/.well-known/mta-sts.txt",
        about=asset.domain,
        published=True,
        most_bytes=MOST_BYTES,
        within=SECONDS,
    )
    return page if isinstance(page, Unreachable) else _shown(page)


def _shown(page: Page) -> PolicyPage:
    return PolicyPage(
        status=page.status,
        media_type=clean(page.header("content-type").partition(";")[0].strip().lower(), limit=60),
        location=clean(page.header("location"), limit=120),
        address=page.address,
        body=page.body if page.status == 200 else b"",
    )
