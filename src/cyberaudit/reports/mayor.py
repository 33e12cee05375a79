"""The mayor's page: how bad, what cannot wait, what to decide, what it costs, whom to ask. Always one A4."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from cyberaudit import french
from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean
from cyberaudit.plan.words import Standing
from cyberaudit.reports.amounts import after_colon
from cyberaudit.reports.plan_words import ContactView, YearView
from cyberaudit.reports.words import ActionView, ReportView

# Ours: what one page holds in letters that are read without glasses.
MOST_URGENT = 4
MOST_DECISIONS = 6
MOST_ARBITRATIONS = 2
MOST_YEARS = 3
MOST_CONTACTS = 4
# Ours: several times what a title of the catalogue takes; a longer one is cut, and « … » shows it.
LONGEST = 220
# Ours: the longest arbitration of the catalogue takes 252, and half a choice is none.
LONGEST_DECISION = 260
_ELU = "elu"


@frozen
class UrgentLine:
    """One thing that cannot wait."""

    title: str
    detail: str
    """« Un inconnu peut … Le prestataire informatique, 0 €, avant le 28 novembre. »"""


@frozen
class MayorPage:
    """Everything on the page, each sentence ready in French."""

    title: str
    when: str
    headline: str
    figure: str
    coverage: str
    """Also why the word is not the one the number gives, when it is not."""
    caution: str
    """What the reader must know before he trusts the page; may be empty."""
    changes: str
    """May be empty."""
    urgent: tuple[UrgentLine, ...]
    urgent_more: str
    """« Et 3 autres urgences, dans le rapport. »; may be empty."""
    nothing_urgent: str
    decisions: tuple[str, ...]
    decisions_more: str
    refusal: str
    """Whether he may say no, and what happens without him; empty when nothing is asked."""
    years: tuple[YearView, ...]
    contacts: tuple[ContactView, ...]
    how: str
    """How the level is computed, in three sentences."""
    attack: str


HOW = french.typeset(
    "Chaque point a une gravité et une vraisemblance, de 1 à 4 : leur produit est le risque. Le niveau est la part "
    "du risque déjà maîtrisée, sur 100. Ce qui est inconnu compte pour zéro. Le détail du calcul est dans le rapport."
)

REFUSAL = french.typeset(
    "Chaque décision peut être refusée ou reportée. Sans décision, rien n'est dépensé, et le risque reste."
)


def mayor_page(view: ReportView) -> MayorPage:
    """The page of one report; lists are cut to what it holds, and what is left out is counted."""
    decisions = [french.typeset(each) for each in _decisions(view)]
    return MayorPage(
        title=_cut(view.title),
        when=_cut(view.scan_line),
        headline=_cut(view.level.headline),
        figure=_cut(view.level.figure),
        coverage=_cut(f"{view.level.coverage} {view.level.reason}".rstrip()),
        caution=_caution(view),
        changes=_cut(view.changes.sentence) if view.changes else "",
        urgent=tuple(_urgent(each) for each in view.urgent[:MOST_URGENT]),
        urgent_more=_more(len(view.urgent) - MOST_URGENT, "autre urgence", "autres urgences"),
        nothing_urgent=_cut(view.nothing_urgent),
        decisions=tuple(clean(each, limit=LONGEST_DECISION) for each in decisions[:MOST_DECISIONS]),
        decisions_more=_more(len(decisions) - MOST_DECISIONS, "autre décision", "autres décisions"),
        refusal=REFUSAL if decisions else "",
        years=tuple(map(_year, view.budget.years[:MOST_YEARS])),
        contacts=tuple(map(_contact, view.whom[:MOST_CONTACTS])),
        how=HOW,
        attack=_cut(view.attack),
    )


def _caution(view: ReportView) -> str:
    """An interrupted scan is said in full; the other warnings have no room here, and are counted."""
    told = "Contrôle interrompu : cette page est incomplète." if view.partial else ""
    left = len(view.warnings) - bool(told)
    be = "est" if left == 1 else "sont"
    more = f"{french.count(left, 'avertissement')} {be} au début du rapport." if left > 0 else ""
    return french.typeset(" ".join(filter(None, (told, more))))


def _cut(text: str) -> str:
    return clean(text, limit=LONGEST)


def _urgent(action: ActionView) -> UrgentLine:
    """What is at stake, then who and how much: with the date of the mending, never with that of the stopgap."""
    by = action.deadline or action.when_short
    parts = [_first(action.why), _cut(f"{action.who}, {action.cost}, {by}")]
    if action.stopgap_deadline:
        parts.append(_cut(f"en attendant, {action.stopgap_deadline} : {after_colon(_first(action.stopgap))}"))
    detail = " ".join(f"{part[:1].upper()}{part[1:].rstrip('.')}." for part in parts if part)
    return UrgentLine(_cut(action.title), french.typeset(detail))


def _first(text: str) -> str:
    """Its first sentence."""
    return _cut(text.partition(". ")[0])


def _more(count: int, word: str, plural: str) -> str:
    return f"Et {french.count(count, word, plural)}, dans le rapport." if count > 0 else ""


def _decisions(view: ReportView) -> Iterator[str]:
    """What only an élu may decide, the money first."""
    yield from _vote(view.budget.years)
    yield from _arbitrations(view)
    actions = (*view.urgent, *view.next_actions)
    for action in actions:
        if action.owner == _ELU and action.standing is not Standing.ADOPTED:
            by = action.deadline or action.when_short
            yield f"Fixer une date : {_bare(action.title)}, {by}. Le :{french.NBSP}_________"
    proposed = [each for each in actions if each.standing is Standing.PROPOSED]
    if proposed:
        dates = french.count(len(proposed), "date proposée", "dates proposées")
        yield f"Adopter ou changer {dates} dans le rapport, une par action."
    late = sum(each.standing is Standing.LATE for each in actions)
    if late:
        yield f"Reprendre {french.count(late, 'action en retard', 'actions en retard')}."
    for waiver in view.waivers:
        if waiver.until is not None and (waiver.until - view.as_of.date()).days <= 60:
            yield f"Revoir un risque accepté jusqu'au {french.day(waiver.until)}."


def _vote(years: Sequence[YearView]) -> Iterator[str]:
    """The sum to enter in the next budget."""
    for year in years[1:2]:
        if year.purchases or year.subscriptions:
            inside = f" ({year.detail})" if year.detail else ""
            yield f"Inscrire {year.amount} au budget {year.year}{inside}."


def _arbitrations(view: ReportView) -> Iterator[str]:
    for each in view.to_arbitrate[:MOST_ARBITRATIONS]:
        choice = "Relever le plafond, demander un prix groupé, ou accepter le risque par écrit."
        yield f"Arbitrer : {_bare(each.title)} ({each.cost}). {each.why} {choice}"
    left = len(view.to_arbitrate) - MOST_ARBITRATIONS
    if left > 0:
        yield f"Arbitrer {french.count(left, 'autre action', 'autres actions')}, dans le rapport."


def _bare(title: str) -> str:
    return title[:1].lower() + title[1:]


def _year(found: YearView) -> YearView:
    return replace(
        found,
        amount=clean(found.amount, limit=20),
        limit=clean(found.limit, limit=60),
        target=clean(found.target, limit=40),
    )


def _contact(found: ContactView) -> ContactView:
    """An address too long to be one of ours is left out: half an address leads nowhere."""
    url = found.url if len(found.url) <= LONGEST else ""
    return ContactView(_cut(found.name), _cut(found.what), _cut(found.phone), url)
