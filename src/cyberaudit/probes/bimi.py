"""The logo a domain wants shown beside its messages: one record in DNS, one drawing on a web server."""

import re

from cyberaudit.declared import Domain
from cyberaudit.facts.bimi import Bimi, LogoPage, bimi_record, bimi_records
from cyberaudit.facts.mail import TxtAnswer
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.https_get import PACKETS_PER_PAGE, Page, get
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.looks import kept
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.resolver import PACKETS_PER_QUESTION

# BIMI draft §5.2: a logo should not exceed 32 KiB; ours: eight times that is still read.
MOST_BYTES = 256 * 1024
# Ours: the logo may be held by a provider that moved it once or twice.
MOST_REDIRECTS = 2
SECONDS = 5.0
# Ours: after a prologue and comments.
HEAD_BYTES = 8192
_SVG = re.compile(rb"<(?:[A-Za-z]+:)?svg[\s>]")
_TINY = re.compile(rb"""baseProfile\s*=\s*["']tiny-ps["']""")
# What would be held against the server is asked a second time; silence never is, and would cost its time twice.
_ASKED_AGAIN = frozenset({Reason.REFUSED, Reason.RESET, Reason.PROTOCOL_ERROR, Reason.TLS_FAILURE})


async def look(asset: Domain, instruments: Instruments) -> Bimi | Unreachable:
    """The facts; `Unreachable` when DNS could not be asked."""
    name = f"default._bimi.{asset.domain}"
    records = await instruments.resolver.txt(name)
    if isinstance(records, Unreachable):
        return records
    txt = TxtAnswer(name, records)
    return Bimi(asset.domain, txt, await _logo(asset, instruments, txt))


def worth_asking_again(facts: Bimi) -> bool:
    """The logo was refused, in a way that may pass."""
    return isinstance(facts.logo, Unreachable) and facts.logo.reason in _ASKED_AGAIN


def merge_looks(first: Bimi, second: Bimi) -> Bimi:
    """The second look, where it saw something."""
    return Bimi(second.domain, kept(first.txt, second.txt), kept(first.logo, second.logo))


def announce(asset: Domain, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would ask; where the logo stands is known only once DNS has answered."""
    questions = 1 + 2 * (1 + MOST_REDIRECTS)
    return (
        Announcement(
            target=asset.domain,
            purpose=Purpose.INFRASTRUCTURE,
            text=f"le logo du courrier de {asset.name} (BIMI) : {questions} questions au plus, posées au DNS",
            max_packets=2 * questions * PACKETS_PER_QUESTION,
        ),
        Announcement(
            target=asset.domain,
            purpose=Purpose.PUBLIC,
            text=f"le logo publié par {asset.name}, s'il y en a un : une page, port 443, "
            f"{MOST_REDIRECTS} renvois au plus, une seconde fois en cas d'échec",
            max_packets=2 * (1 + MOST_REDIRECTS) * PACKETS_PER_PAGE,
        ),
    )


async def _logo(asset: Domain, instruments: Instruments, txt: TxtAnswer) -> LogoPage | Unreachable | None:
    texts = bimi_records(txt)
    record = bimi_record(texts[0]) if len(texts) == 1 else None
    if record is None or not record.logo:
        return None
    page = await get(
        instruments,
        record.logo,
        about=asset.domain,
        redirects=MOST_REDIRECTS,
        published=True,
        most_bytes=MOST_BYTES,
        within=SECONDS,
    )
    return page if isinstance(page, Unreachable) else _shown(page)


def _shown(page: Page) -> LogoPage:
    # RFC 1952 §2.3.1: a drawing may be published compressed (.svgz); it is not unpacked here.
    packed = page.body[:2] == b"\x1f\x8b"
    head = page.body[:HEAD_BYTES]
    return LogoPage(
        status=page.status,
        media_type=clean(page.header("content-type").partition(";")[0].strip().lower(), limit=60),
        is_svg=packed or _SVG.search(head) is not None,
        is_tiny=packed or _TINY.search(head) is not None,
    )
