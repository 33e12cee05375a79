"""What the State's reference for communes (RCPNT) would say, beside our own verdicts and by its own rules."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cyberaudit import french
from cyberaudit.declared import Answer, AssetKind, Domain, Town, Website
from cyberaudit.facts.rcpnt import Commune, Criterion, Outcome, level, mail_name, rcpnt
from cyberaudit.model import Finding, Reason, Unreachable
from cyberaudit.reports.points import safe
from cyberaudit.reports.words import CriterionView, Mark, RcpntView

if TYPE_CHECKING:
    from cyberaudit.history.state import TownState
    from cyberaudit.reports.layout import Sheet
    from cyberaudit.reports.sections import Section

TITLE = "Le référentiel de l'État pour les communes (RCPNT)"
PURPOSE = "Ce que la vérification quotidienne de l'ANCT dirait de votre courrier, par ses propres règles."
MARKS = {
    Outcome.MET: Mark.IN_ORDER,
    Outcome.NOT_MET: Mark.TO_FIX,
    Outcome.UNVERIFIED: Mark.TO_CHECK,
    Outcome.NOT_APPLICABLE: Mark.NOT_APPLICABLE,
}
WORDS = {
    Outcome.MET: "conforme",
    Outcome.NOT_MET: "non conforme",
    Outcome.UNVERIFIED: "non vérifié",
    Outcome.NOT_APPLICABLE: "sans objet",
}
OUR_CHECKS: Final = {"2.4": "mail.mx", "2.5": "mail.spf", "2.6": "mail.dmarc", "2.7": "mail.dmarc"}
"""Criterion → our question about the same record."""
# A record that no mail server follows, however the reference reads it.
_UNUSABLE = {
    "mail.spf": frozenset(
        {
            "syntax",
            "several-records",
            "unusable-record",
            "too-many-lookups",
            "too-many-voids",
            "broken-redirect",
            "loop",
        }
        | {"include-no-record", "include-several-records", "include-syntax", "too-many-mx"}
    ),
    "mail.dmarc": frozenset({"several-records", "unusable-record"}),
}
# Enough for 2.6, which asks for no more than a record: 2.7 says the rest.
_SAID_BY_THE_NEXT = frozenset({"2.6"})
_LEVELS = {
    "aa": "Niveau « aa » atteint pour ces critères.",
    "a": "Niveau « a » atteint pour ces critères ; le niveau « aa » demande aussi 2.6 et 2.7.",
    "": "Niveau « a » pas encore atteint.",
    "?": "Niveau inconnu tant que des critères ne sont pas vérifiés.",
}
SITE_APART = "Les critères du site (1.1 et 1.3 à 1.8) n'y sont pas."


def rcpnt_views(state: "TownState") -> tuple[RcpntView, ...]:
    """One a domain that mail is written to: that of the declared address, else all of them."""
    return tuple(_view(domain, state) for domain in _domains(state.town))


def rcpnt_section(views: tuple[RcpntView, ...], sheet: "Sheet") -> "Section":
    """The criteria on a sheet, a line each; empty when the town has no mail of its own."""
    if not views:
        return []
    lines = sheet.heading(TITLE) + sheet.paragraph(PURPOSE)
    for view in views:
        lines += [sheet.blank(), *sheet.paragraph(view.domain, first=" ", style="bold")]
        for each in view.criteria:
            lines += sheet.paragraph(each.sentence, first=f"   {each.mark.sign} ")
        lines += sheet.paragraph(view.sentence, first="   ", style="dim")
    return lines


def criterion_sentence(criterion: Criterion) -> str:
    """« RCPNT 2.4 conforme : un serveur de courrier (MX) »."""
    return french.typeset(f"RCPNT {criterion.number} {WORDS[criterion.outcome]} : {criterion.text}")


def with_our_view(criterion: Criterion, findings: Iterable[Finding]) -> Criterion:
    """With a word where the reference is content and our own check of the same domain is not."""
    check = OUR_CHECKS.get(criterion.number, "")
    ours = next((each for each in findings if each.check == check and each.status.is_open), None)
    if ours is None or criterion.outcome is not Outcome.MET:
        return criterion
    if ours.verdict.reason in _UNUSABLE.get(check, ()):
        word = "la règle de l'ANCT accepte cette écriture ; les messageries non"
    elif criterion.number in _SAID_BY_THE_NEXT:
        return criterion
    else:
        word = f"la règle de l'ANCT s'en contente ; voir {check}"
    return replace(criterion, text=f"{criterion.text} ({word})")


def _domains(town: Town) -> list[Domain]:
    sending = [
        asset for asset in town.of_kind(AssetKind.DOMAIN) if isinstance(asset, Domain) and asset.sends_mail
    ]
    name = mail_name(town.commune.email)
    return [domain for domain in sending if domain.domain == name] or sending


def _view(domain: Domain, state: "TownState") -> RcpntView:
    seen = next((each.dns for each in state.mail if each.domain == domain.key), None)
    said = _said(domain, state.town)
    mine = [each for each in state.findings if each.asset == domain.key]
    found = rcpnt(domain.domain, seen or Unreachable(Reason.NOT_COLLECTED), said)
    criteria = tuple(with_our_view(each, mine) for each in found)
    reached = level(criteria)
    return RcpntView(
        domain=safe(domain.name),
        criteria=tuple(_criteria(criteria)),
        level=reached,
        sentence=french.typeset(f"{_LEVELS[reached]} {SITE_APART}"),
    )


def _criteria(criteria: tuple[Criterion, ...]) -> Iterator[CriterionView]:
    for each in criteria:
        yield CriterionView(each.number, each.outcome, MARKS[each.outcome], criterion_sentence(each))


def _said(domain: Domain, town: Town) -> Commune:
    site = next((asset.url for asset in town.assets if isinstance(asset, Website)), "")
    said = domain.declaration("mail_in_eu")
    known = {Answer.YES: True, Answer.NO: False}
    return Commune(
        email=town.commune.email, website=site, mail_in_eu=known.get(said.answer) if said else None
    )
