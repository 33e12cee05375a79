"""What `look domain` says around its points: the name both ways, the State's reference, what was left out."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from cyberaudit import french
from cyberaudit.declared import Domain
from cyberaudit.facts.base import Facts
from cyberaudit.facts.bimi import Bimi, bimi_records
from cyberaudit.facts.dane import Dane
from cyberaudit.facts.dnssec import Dnssec
from cyberaudit.facts.mail import MailDns, TxtAnswer
from cyberaudit.facts.mta_sts import MtaSts
from cyberaudit.facts.rcpnt import NOTHING_DECLARED, Criterion, rcpnt
from cyberaudit.facts.security import DnssecState
from cyberaudit.facts.tls_reports import TlsReports
from cyberaudit.facts.zone import DnsZone
from cyberaudit.model import Audit, Finding, Reason, Status, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.reports.look_domain_points import Telling
from cyberaudit.reports.rcpnt import MARKS, criterion_sentence, with_our_view
from cyberaudit.reports.words import Mark
from cyberaudit.reports.wrap import wrap

RCPNT_TITLE = "Référentiel de l'État pour les communes (RCPNT), par ses propres règles :"
# Nobody declared anything to `look`: these four come from the profile alone.
_DECLARED = frozenset({"2.1", "2.2", "2.3", "2.8"})
TRIALS: Final = {
    "mail.relay": "relais",
    "mail.user-probing": "recherche d'adresses",
    "dns.zone-transfer": "transfert de zone",
    "dns.open-recursion": "récursion",
}
"""The checks whose tests go further than a visitor's → the test, in a word."""
COMPLEMENTS: Final = {
    "mail.mta-sts": "MTA-STS",
    "mail.tls-reports": "TLS-RPT",
    "mail.dane": "DANE",
    "mail.bimi": "BIMI",
}
"""What no official French text asks for."""
NOWHERE = "✗ Ce nom n'existe pas dans l'annuaire des noms (DNS) : vérifiez son écriture."
# The registry knows names that the DNS does not have: expired, or on hold.
_TOLD_OF_NOBODY = frozenset({"dns.registration"})


def looked_at(audit: Audit) -> list[Domain]:
    """The domains that were asked about, in order."""
    return [asset for asset in audit.town.assets if isinstance(asset, Domain)]


def heading(domain: Domain) -> str:
    """« mairie-hérisson.example (xn--mairie-hrisson-dhb.example) »: as it is read, and as it is asked."""
    read = _as_read(domain.domain)
    return read if read == domain.domain else f"{read} ({domain.domain})"


def _as_read(domain: str) -> str:
    """The U-label form; `domain` itself when there is none that leads back to it."""
    try:
        read = domain.encode("ascii").decode("idna")
        same = read.encode("idna").decode("ascii") == domain
    except UnicodeError:
        return domain
    return clean(read) if same else domain


def title_lines(audit: Audit, domain: Domain, width: int) -> list[str]:
    """« parfait.test : rien à corriger, 27 points en ordre »; a mere heading where several names follow each other."""
    if len(looked_at(audit)) > 1:
        lines = wrap(heading(domain), width)
        return [*lines, "─" * max(map(len, lines))]
    return wrap(french.typeset(f"{heading(domain)} : {_summary(audit, domain)}"), width, rest="  ")


def summary_lines(audit: Audit, domains: Iterable[Domain], width: int) -> list[str]:
    """Each domain in a line, what is to be done before what is fine."""
    lines: list[str] = []
    for domain in domains:
        text = f"{_sign(audit, domain)} {heading(domain)} : {_summary(audit, domain)}"
        lines += wrap(french.typeset(text), width, rest="  ")
    return lines


def _counted(audit: Audit, domain: Domain) -> Counter[Mark]:
    return Counter(Mark.of(each.status) for each in audit.findings if each.asset == domain.key)


def _sign(audit: Audit, domain: Domain) -> str:
    found = _counted(audit, domain)
    worst = next((mark for mark in _BY_WORTH if found[mark]), Mark.TO_CHECK)
    return (Mark.TO_FIX if is_nowhere(audit, domain) else worst).sign


_BY_WORTH = (Mark.TO_FIX, Mark.TO_IMPROVE, Mark.TO_CHECK, Mark.IN_ORDER)


def _summary(audit: Audit, domain: Domain) -> str:
    """« 2 points à corriger, 1 à améliorer, 20 en ordre »."""
    if is_nowhere(audit, domain):
        return "ce nom n'existe pas"
    found = _counted(audit, domain)
    shown = [(found[mark], mark.value) for mark in _BY_WORTH if found[mark]]
    if not shown:
        return "rien n'a été regardé"
    parts = [f"{french.count(shown[0][0], 'point')} {shown[0][1]}"]
    parts += [f"{count} {word}" for count, word in shown[1:]]
    if not found[Mark.TO_FIX] and not found[Mark.TO_IMPROVE]:
        parts = ["rien à corriger", *parts]
    return ", ".join(parts)


def owner_lines(audit: Audit, domain: Domain, width: int) -> list[str]:
    """Of a plain host name, the domain that is to be looked at; empty for others."""
    above = domain_above(audit, domain)
    if not above:
        return []
    text = f"{domain.domain} est un nom du domaine {above}, sans courrier à lui : regardez {above}."
    return wrap(french.typeset(text), width)


def domain_above(audit: Audit, domain: Domain) -> str:
    """The domain that a plain host name belongs to; empty for whatever has mail or a zone of its own, or was not seen.

    A plain host name is no zone cut, and has neither MX, nor SPF, nor DMARC record.
    """
    mail, zone = _mail_of(audit, domain), _facts_of(audit, domain, DnsZone)
    if not isinstance(mail, MailDns) or mail.exists is not True or _has_mail(mail):
        return ""
    if isinstance(zone, DnsZone):
        return zone.parent if zone.exists is True and zone.delegated is None else ""
    # Without the zone, the list of public suffixes tells: below a domain that one may register.
    above = mail.dmarc_suffix
    return above.name.removeprefix("_dmarc.") if zone is None and isinstance(above, TxtAnswer) else ""


def _has_mail(mail: MailDns) -> bool:
    """Anything about mail is published under this very name, or could not be asked."""
    if isinstance(mail.apex, Unreachable) or isinstance(mail.dmarc, Unreachable):
        return True
    own = (mail.apex, *(each for each in mail.dmarc if each.name == f"_dmarc.{mail.domain}"))
    said = (record.lstrip().lower() for answer in own for record in answer.records)
    return mail.mx != () or any(record.startswith((b"v=spf1", b"v=dmarc1")) for record in said)


def other_way_lines(audit: Audit, domain: Domain, width: int, telling: Telling) -> list[str]:
    """That the resolver was passed by; empty when it served."""
    seen = _facts_of(audit, domain, Dnssec)
    if not isinstance(seen, Dnssec) or seen.state is not DnssecState.WENT_TO_AUTHORITIES:
        return []
    which = "donné" if telling.own_resolver else "DNS d'ici"
    text = (
        f"Le serveur {which} n'a pas répondu, ou a donné des réponses fausses ou sans signature : les serveurs de "
        "noms ont été interrogés directement."
    )
    return wrap(french.typeset(text), width)


def is_nowhere(audit: Audit, domain: Domain) -> bool:
    """DNS says that there is no such name: what it lacks is not worth a line."""
    mail = _mail_of(audit, domain)
    return isinstance(mail, MailDns) and mail.exists is False


def worth_telling(audit: Audit, domain: Domain, found: list[Finding]) -> list[Finding]:
    """The points of one domain."""
    mine = [finding for finding in found if finding.asset == domain.key]
    return [each for each in mine if each.check in _TOLD_OF_NOBODY] if is_nowhere(audit, domain) else mine


def complement_lines(audit: Audit, domain: Domain, width: int) -> list[str]:
    """« Compléments absents, sans texte officiel : DANE, BIMI. »; empty when there is none."""
    if not domain.sends_mail or is_nowhere(audit, domain):
        return []
    asked = {each.check: each.status for each in audit.findings if each.asset == domain.key}
    absent = [
        name
        for check, name in COMPLEMENTS.items()
        if asked.get(check) is Status.NOT_APPLICABLE and _is_absent(audit, domain, check)
    ]
    if not absent:
        return []
    return wrap(french.typeset(f"Compléments absents, sans texte officiel : {', '.join(absent)}."), width)


def _is_absent(audit: Audit, domain: Domain, check: str) -> bool:
    """Nothing is published; a complement that is refused, or without effect, is no absent one."""
    kind = {"mail.mta-sts": MtaSts, "mail.tls-reports": TlsReports, "mail.dane": Dane, "mail.bimi": Bimi}[
        check
    ]
    match _facts_of(audit, domain, kind):
        case Dane(hosts=hosts):
            return all(host.records == () for host in hosts)
        case Bimi(txt=txt):
            return not isinstance(txt, Unreachable) and not bimi_records(txt)
        case facts:
            return facts is not None


def untried_lines(audit: Audit, width: int) -> list[str]:
    """Which tests nobody signed for; empty when none was wanted, or each was tried."""
    untried = {finding.check for finding in audit.findings if _is_untried(finding)}
    words = [word for check, word in TRIALS.items() if check in untried]
    if not words:
        return []
    how = "ajoutez --intrusive si l'autorisation les couvre"
    return wrap(french.typeset(f"Essais poussés non faits ({', '.join(words)}) : {how}."), width)


def _is_untried(finding: Finding) -> bool:
    reasons = (finding.verdict.reason, *(item.reason for item in finding.verdict.items))
    return Reason.NOT_AUTHORIZED in reasons


def criteria(audit: Audit, domain: Domain) -> tuple[Criterion, ...]:
    """What the reference says of one domain, as far as looking alone can tell; empty when its mail was not asked."""
    mail = _mail_of(audit, domain)
    if mail is None or not domain.sends_mail or is_nowhere(audit, domain):
        return ()
    found = rcpnt(domain.domain, mail, NOTHING_DECLARED)
    return tuple(each for each in found if each.number not in _DECLARED)


def told_criteria(audit: Audit, domain: Domain) -> tuple[Criterion, ...]:
    """The same for people: where our own verdict differs, it says so."""
    mine = [each for each in audit.findings if each.asset == domain.key]
    return tuple(with_our_view(each, mine) for each in criteria(audit, domain))


def criterion_lines(found: tuple[Criterion, ...], width: int) -> list[str]:
    """« ✓ RCPNT 2.4 conforme : un serveur de courrier (MX) », under a title."""
    if not found:
        return []
    lines = wrap(french.typeset(RCPNT_TITLE), width)
    for each in found:
        lines += wrap(
            f"{MARKS[each.outcome].sign} {criterion_sentence(each)}", width, first="  ", rest="    "
        )
    return lines


def criteria_document(audit: Audit) -> dict[str, list[dict[str, str]]]:
    """The same for programs, by domain."""
    return {domain.domain: list(_documents(criteria(audit, domain))) for domain in looked_at(audit)}


def _documents(found: tuple[Criterion, ...]) -> Iterator[dict[str, str]]:
    for each in found:
        yield {"criterion": each.number, "outcome": each.outcome, "level": each.level, "text": each.text}


def _mail_of(audit: Audit, domain: Domain) -> MailDns | Unreachable | None:
    seen = _facts_of(audit, domain, MailDns)
    return (
        seen if seen is None or isinstance(seen, MailDns | Unreachable) else Unreachable(Reason.NOT_COLLECTED)
    )


def _facts_of(audit: Audit, domain: Domain, kind: type[Facts]) -> object:
    """What was seen of one kind; None when nobody looked."""
    place = (domain.key, kind.KIND)
    return next((seen.facts for seen in audit.observations if (seen.asset, seen.kind) == place), None)
