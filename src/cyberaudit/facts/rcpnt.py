"""The State's daily reference for communes (RCPNT, by the ANCT): its own criteria, by its own rules.

Where its checker takes a failed look-up for an absence, we say that the criterion was not verified. The rules are
those of its open code (suitenumerique/st-home), which are not always ours: it reads the first record that
begins well, whatever stands in it.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from urllib.parse import urlsplit

from cyberaudit.facts.mail import MailDns, TxtAnswer
from cyberaudit.facts.registration import RESERVED_TLDS
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable

# RCPNT 1.2: the page adds « eu », which the code leaves out; « gouv.fr » ends in « fr ».
SOVEREIGN = frozenset(
    {"fr", "eu", "alsace", "bzh", "corsica", "paris"}
    | {"gf", "gp", "mq", "nc", "pf", "pm", "re", "tf", "wf", "yt"}
)
# RCPNT 2.2, GENERIC_EMAIL_DOMAINS: providers whose addresses anybody may have.
GENERIC = frozenset(
    {
        "9business.fr", "adeli.biz", "akeonet.com", "alsatis.net", "aricia.fr", "bbox.fr", "cegetel.net",
        "copler.fr", "evc.net", "fr.oleane.com", "free.fr", "gmail.com", "gmx.fr", "hotmail.com", "hotmail.fr",
        "icloud.com", "idyle-telecom.com", "inforoutes-ardeche.fr", "inforoutes.fr", "laposte.net", "lgtel.fr",
        "live.fr", "mcom.fr", "neuf.fr", "nordnet.fr", "numericable.com", "numericable.fr",
        "orange-business.fr", "orange.fr", "outlook.com", "outlook.fr", "ovh.fr", "ozone.net",
        "pole-secretariat.fr", "rtvc.fr", "selonnet.fr", "sfr.fr", "sivucesny.fr", "telwan.fr", "tubeo.eu",
        "tv-com.net", "vialis.net", "wanadoo.fr", "west-telecom.com", "wibox.fr", "yahoo.com", "yahoo.fr",
    }
)  # fmt: skip
_POLICY, _PERCENT = re.compile(r"p=(\w+)"), re.compile(r"pct=(\d+)")


class Outcome(StrEnum):
    """What the reference would say of one criterion."""

    MET = "met"
    NOT_MET = "not-met"
    UNVERIFIED = "unverified"
    """Nobody declared it, or DNS did not answer."""
    NOT_APPLICABLE = "not-applicable"
    """The name is one that no town can have: it serves trials (RFC 2606)."""


@frozen
class Criterion:
    """One line of the reference."""

    number: str
    """`2.7`."""
    text: str
    outcome: Outcome
    level: str
    """`a`: needed for the first level; `aa`: for the second alone."""


@frozen
class Commune:
    """What the profile declares, as far as the reference asks."""

    email: str
    """Empty when the profile gives none."""
    website: str
    """Its address; empty likewise."""
    mail_in_eu: bool | None
    """None: nobody answered."""


NOTHING_DECLARED = Commune(email="", website="", mail_in_eu=None)


def rcpnt(domain: str, mail: MailDns | Unreachable, commune: Commune) -> tuple[Criterion, ...]:
    """Criteria 1.2 and 2.1 to 2.8 for the mail of `domain`, in order."""
    return (
        _extension(domain, commune),
        _criterion("2.1", "une adresse électronique déclarée", bool(commune.email) or None, "a"),
        _criterion(
            "2.2", "une adresse qui n'est pas celle d'un fournisseur grand public", _own(commune), "a"
        ),
        _criterion("2.3", "le courrier et le site sous le même nom", _same_name(commune), "a"),
        _criterion("2.4", "un serveur de courrier (MX)", _has_mx(mail), "a"),
        _criterion("2.5", "une liste d'expéditeurs (SPF)", _has_spf(mail), "a"),
        _criterion("2.6", "une consigne contre l'usurpation (DMARC)", _has_dmarc(mail), "aa"),
        _criterion("2.7", "une consigne qui écarte les faux (quarantine ou reject)", _strong(mail), "aa"),
        _criterion("2.8", "un courrier hébergé dans l'Union européenne", commune.mail_in_eu, "a"),
    )


def level(criteria: Iterable[Criterion]) -> str:
    """How far these criteria go: `aa`, `a`, empty when one of the first level is not met, `?` when one is unknown.

    The criteria of the website are not among them, and what does not apply takes no part.
    """
    by_level: dict[str, list[Outcome]] = {"a": [], "aa": []}
    for each in criteria:
        if each.outcome is not Outcome.NOT_APPLICABLE:
            by_level[each.level].append(each.outcome)
    first, second = by_level["a"], by_level["aa"]
    if Outcome.NOT_MET in first:
        return ""
    if Outcome.UNVERIFIED in first:
        return "?"
    return "aa" if set(second) == {Outcome.MET} else "a"


def _criterion(number: str, text: str, met: bool | None, at: str) -> Criterion:  # noqa: FBT001 - three-valued
    outcome = Outcome.UNVERIFIED if met is None else Outcome.MET if met else Outcome.NOT_MET
    return Criterion(number, text, outcome, at)


def _extension(domain: str, commune: Commune) -> Criterion:
    extension = (site_name(commune.website) or domain).rpartition(".")[2]
    found = _criterion("1.2", "une extension française ou européenne", extension in SOVEREIGN, "a")
    if extension not in RESERVED_TLDS:
        return found
    return replace(found, text=f"{found.text} (nom réservé aux essais)", outcome=Outcome.NOT_APPLICABLE)


def _own(commune: Commune) -> bool | None:
    return mail_name(commune.email) not in GENERIC if commune.email else None


def _same_name(commune: Commune) -> bool | None:
    if not (commune.email and commune.website):
        return None
    return mail_name(commune.email) == site_name(commune.website)


def mail_name(email: str) -> str:
    """The domain of an address."""
    return email.rpartition("@")[2].lower()


def site_name(url: str) -> str:
    """The name of a website without its `www.`; empty when there is none."""
    try:
        return (urlsplit(url).hostname or "").lower().removeprefix("www.")
    except ValueError:
        return ""


def _has_mx(mail: MailDns | Unreachable) -> bool | None:
    return None if isinstance(mail, Unreachable) or isinstance(mail.mx, Unreachable) else bool(mail.mx)


def _has_spf(mail: MailDns | Unreachable) -> bool | None:
    if isinstance(mail, Unreachable) or isinstance(mail.apex, Unreachable):
        return None
    return any(record.startswith(b"v=spf1") for record in mail.apex.records)


def _has_dmarc(mail: MailDns | Unreachable) -> bool | None:
    answer = _dmarc_answer(mail)
    return None if answer is None else bool(_first(answer))


def _strong(mail: MailDns | Unreachable) -> bool | None:
    """`reject`, or `quarantine` for all; the first `p=` of the record counts, as its checker reads it."""
    answer = _dmarc_answer(mail)
    if answer is None:
        return None
    record = _first(answer)
    policy, percent = _POLICY.search(record), _PERCENT.search(record)
    word = policy[1] if policy else "none"
    if not record or word == "none":
        return False
    return not (word == "quarantine" and percent is not None and int(percent[1][:9]) < 100)


def _dmarc_answer(mail: MailDns | Unreachable) -> TxtAnswer | None:
    """What stands at `_dmarc.` of the domain itself; its parents do not count there."""
    if isinstance(mail, Unreachable) or isinstance(mail.dmarc, Unreachable):
        return None
    if mail.exists is False:
        return TxtAnswer(f"_dmarc.{mail.domain}", ())
    return next((each for each in mail.dmarc if each.name == f"_dmarc.{mail.domain}"), None)


def _first(answer: TxtAnswer) -> str:
    texts = (record.decode("latin-1") for record in answer.records)
    return next((text for text in texts if text.startswith("v=DMARC1")), "")
