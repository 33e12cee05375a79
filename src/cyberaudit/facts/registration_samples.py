"""What a registry says, in known states; dates are to be judged at `SEEN_ON`."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cyberaudit.facts.base import Facts
from cyberaudit.facts.mail_samples import DOMAIN, HOSTILE, SEEN_ON
from cyberaudit.facts.registration import Register, Registration, Told

GOOD_REGISTRATION = Registration(
    domain=DOMAIN,
    register=Register.FOUND,
    told_by=Told.RDAP,
    server="rdap.registre.example",
    registered=datetime(2009, 3, 12, tzinfo=UTC),
    changed=datetime(2026, 3, 1, tzinfo=UTC),
    expires=datetime(2027, 9, 12, tzinfo=UTC),
    statuses=("active", "server transfer prohibited"),
    registrar="Bureau d'enregistrement d'essai",
    signed=True,
)
UNLOCKED = replace(GOOD_REGISTRATION, statuses=("active",), told_by=Told.WHOIS, signed=None)
SOON = replace(GOOD_REGISTRATION, expires=SEEN_ON + timedelta(days=45))
VERY_SOON = replace(GOOD_REGISTRATION, expires=SEEN_ON + timedelta(days=12))
OVER = replace(GOOD_REGISTRATION, expires=SEEN_ON - timedelta(days=3))
HELD = replace(GOOD_REGISTRATION, statuses=("client hold",))
LEAVING_SOON = replace(GOOD_REGISTRATION, statuses=("pending delete", "redemption period"))
UNDATED = replace(GOOD_REGISTRATION, expires=None, statuses=())
UNKNOWN_NAME = replace(UNDATED, register=Register.UNKNOWN_NAME, registrar="", registered=None, changed=None)
RESERVED_NAME = replace(UNKNOWN_NAME, register=Register.RESERVED, told_by=Told.NOBODY, server="", signed=None)
HOSTILE_REGISTRATION = replace(
    OVER,
    domain=HOSTILE,
    server=HOSTILE,
    registrar=HOSTILE,
    statuses=(HOSTILE, "client hold"),
    expires=datetime(1, 1, 1, tzinfo=UTC),
)
FAR = replace(GOOD_REGISTRATION, expires=datetime(9999, 12, 31, 23, 59, tzinfo=UTC))

SAMPLES: tuple[Facts, ...] = (
    GOOD_REGISTRATION,
    UNLOCKED,
    SOON,
    VERY_SOON,
    OVER,
    HELD,
    LEAVING_SOON,
    UNDATED,
    UNKNOWN_NAME,
    RESERVED_NAME,
    HOSTILE_REGISTRATION,
    FAR,
)
