"""What `look domain` says above its points: the name both ways, and what the State's reference says of it."""

from collections.abc import Iterator

from cyberaudit import french
from cyberaudit.declared import Domain
from cyberaudit.facts.mail import MailDns
from cyberaudit.facts.rcpnt import NOTHING_DECLARED, Criterion, rcpnt
from cyberaudit.model import Audit, Reason, Unreachable
from cyberaudit.reports.rcpnt import MARKS, criterion_sentence
from cyberaudit.reports.wrap import wrap

RCPNT_TITLE = "Référentiel de l'État pour les communes (RCPNT), par ses propres règles :"
# Nobody declared anything to `look`: these four come from the profile alone.
_DECLARED = frozenset({"2.1", "2.2", "2.3", "2.8"})


def looked_at(audit: Audit) -> list[Domain]:
    """The domains that were asked about, in order."""
    return [asset for asset in audit.town.assets if isinstance(asset, Domain)]


def heading(domain: Domain) -> str:
    """« mairie-hérisson.example (xn--mairie-hrisson-dhb.example) »: as it is read, and as it is asked."""
    return domain.name if domain.name == domain.domain else f"{domain.name} ({domain.domain})"


def criteria(audit: Audit, domain: Domain) -> tuple[Criterion, ...]:
    """What the reference says of one domain, as far as looking alone can tell; empty when its mail was not asked."""
    mail = _mail_of(audit, domain)
    if mail is None or not domain.sends_mail:
        return ()
    found = rcpnt(domain.domain, mail, NOTHING_DECLARED)
    return tuple(each for each in found if each.number not in _DECLARED)


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
    for seen in audit.observations:
        if seen.asset == domain.key and seen.kind == MailDns.KIND:
            facts = seen.facts
            if isinstance(facts, MailDns | Unreachable):
                return facts
            return Unreachable(Reason.NOT_COLLECTED)
    return None
