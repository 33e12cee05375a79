"""Facts about access to mail in known states, for the conformance kit and the tests of checks."""

from dataclasses import replace
from datetime import UTC, datetime

from cyberaudit.facts.base import Facts
from cyberaudit.facts.mail_access import (
    LABELS,
    AccessName,
    AccessPoint,
    AccessSession,
    AnnouncedService,
    MailAccess,
    Webmail,
)
from cyberaudit.facts.mail_samples import DOMAIN, HOSTILE
from cyberaudit.facts.mail_servers_samples import CERTIFICATE, TLS
from cyberaudit.model import Reason, Unreachable

IMAP, ADDRESS = f"imap.{DOMAIN}", "192.0.2.26"
ENCRYPTED = AccessSession(clear_login=False, tls=TLS)
IMAPS = AccessPoint(
    protocol="imap",
    host=IMAP,
    address=ADDRESS,
    port=993,
    implicit=True,
    announced=True,
    session=ENCRYPTED,
)
CLOSED = replace(IMAPS, port=143, implicit=False, announced=False, session=Unreachable(Reason.REFUSED))
GOOD_ACCESS = MailAccess(
    domain=DOMAIN,
    announced=(AnnouncedService("_imaps._tcp", IMAP, 993),),
    names=tuple(AccessName(f"{label}.{DOMAIN}", (ADDRESS,) if label == "imap" else ()) for label in LABELS),
    points=(IMAPS, CLOSED),
    webmail=None,
    left_out=(),
    wildcard=(),
)
NO_ACCESS = replace(
    GOOD_ACCESS,
    announced=(),
    names=tuple(AccessName(f"{label}.{DOMAIN}", ()) for label in LABELS),
    points=(),
)
"""Nothing is published."""
CLEAR_ACCESS = replace(
    GOOD_ACCESS,
    points=(IMAPS, replace(CLOSED, session=AccessSession(clear_login=True, tls=TLS))),
    webmail=Webmail(f"webmail.{DOMAIN}", 200),
)
"""A password may be sent before encryption."""
EXPIRED_ACCESS = replace(
    GOOD_ACCESS,
    points=(
        replace(
            IMAPS,
            session=AccessSession(
                clear_login=False,
                tls=replace(TLS, chain=(replace(CERTIFICATE, not_after=datetime(2026, 9, 1, tzinfo=UTC)),)),
            ),
        ),
    ),
)
HOSTILE_ACCESS = MailAccess(
    domain=HOSTILE,
    announced=(AnnouncedService(HOSTILE, HOSTILE, -1),),
    names=(AccessName(HOSTILE, (HOSTILE,)),),
    points=(
        AccessPoint(
            protocol=HOSTILE,
            host=HOSTILE,
            address=HOSTILE,
            port=10**9,
            implicit=False,
            announced=True,
            session=AccessSession(
                clear_login=True,
                tls=replace(
                    TLS, version=HOSTILE, chain=(replace(CERTIFICATE, names=(HOSTILE,), issuer=HOSTILE),)
                ),
            ),
        ),
    ),
    webmail=Webmail(HOSTILE, Unreachable(Reason.PROTOCOL_ERROR, HOSTILE)),
    left_out=(HOSTILE,),
    wildcard=(HOSTILE,),
)

SAMPLES: tuple[Facts, ...] = (GOOD_ACCESS, NO_ACCESS, CLEAR_ACCESS, EXPIRED_ACCESS, HOSTILE_ACCESS)
"""Found by `facts.base.samples()`."""
