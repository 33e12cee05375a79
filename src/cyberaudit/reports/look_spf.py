"""What `look spf` prints: where a list of senders leads, with its costs, or what it says of one message."""

import json
from collections.abc import Iterator
from typing import Final

from cyberaudit import french
from cyberaudit.facts.codec import encode
from cyberaudit.facts.mail import TxtAnswer
from cyberaudit.facts.spf import SpfFault, spf_records, spf_terms
from cyberaudit.facts.spf_result import Cause, SpfLook, SpfOutcome, SpfQuestion, SpfResult
from cyberaudit.facts.spf_tree import MOST_LOOKUPS, MOST_VOIDS, Found, SpfStep, SpfTree, lookups_below
from cyberaudit.model import Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.reports.wrap import wrap

RESULTS: Final = {
    SpfResult.PASS: "ce message est autorisé",
    SpfResult.FAIL: "ce message est refusé",
    SpfResult.SOFTFAIL: "ce message est douteux, sans être refusé",
    SpfResult.NEUTRAL: "le domaine ne se prononce pas",
    SpfResult.NONE: "le domaine ne publie pas de liste",
    SpfResult.PERMERROR: "la liste est inutilisable",
    SpfResult.TEMPERROR: "la liste n'a pas pu être lue cette fois",
}
CAUSES: Final = {
    Cause.MATCHED: "Décidé par",
    Cause.NOTHING_MATCHED: "Aucun terme ne correspond",
    Cause.NOT_A_DOMAIN: "Ce n'est pas un nom de domaine",
    Cause.NO_RECORD: "Aucun enregistrement SPF",
    Cause.SEVERAL_RECORDS: "Plusieurs enregistrements SPF, qui s'annulent",
    Cause.SYNTAX: "Terme mal écrit :",
    Cause.LOOKUPS: f"Plus de {MOST_LOOKUPS} recherches DNS, à partir de",
    Cause.VOIDS: f"Plus de {MOST_VOIDS} termes sans réponse, à partir de",
    Cause.MX_NAMES: "Trop de serveurs de courrier derrière",
    Cause.TARGET_WITHOUT_RECORD: "Aucune liste derrière",
    Cause.DNS: "Le DNS n'a pas pu répondre",
    Cause.BOGUS: "Réponse non vérifiable",
    Cause.TIME: "La lecture a dépassé son temps",
}
FOUND: Final = {
    Found.ADDRESSES: "",
    Found.NOTHING: "rien à ce nom",
    Found.RECORD: "",
    Found.NO_RECORD: "aucune liste à ce nom",
    Found.SEVERAL: "plusieurs listes à ce nom",
    Found.SYNTAX: "liste mal écrite",
    Found.LOOP: "tourne en rond",
    Found.TOO_MANY_MX: "trop de serveurs",
    Found.VARIABLE: "dépend du message, non suivi",
    Found.TROUBLE: "non lu",
    Found.BOGUS: "non vérifiable",
}
WHOLE: Final = "Pour tout message, la liste et celles qu'elle inclut :"
TOGETHER: Final = "Réunies en une seule, ces listes demanderaient :"
NOT_VERIFIABLE: Final = "la liste n'est pas vérifiable"
# Ours: as long as a record that fits in two strings; the JSON has the whole of it.
SHOWN: Final = 500


def spf_lines(seen: SpfLook, *, width: int) -> str:
    """The whole answer, as text."""
    blocks = [_records(seen.domain, seen.apex, width)]
    if seen.outcome is not None and seen.question is not None:
        blocks.append(_answer(seen.question, seen.outcome, width))
    if isinstance(seen.tree, SpfTree) and not _is_unreadable(seen.apex):
        whole = _title(seen, width)
        blocks += [
            [*whole, *_counts(seen.tree, width)],
            [line for each in _steps(seen.tree, width) for line in each],
        ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _is_unreadable(apex: TxtAnswer | Unreachable) -> bool:
    """One record, that leads nowhere because receivers cannot read it."""
    records = () if isinstance(apex, Unreachable) else spf_records(apex)
    return len(records) == 1 and isinstance(spf_terms(records[0]), SpfFault)


def _title(seen: SpfLook, width: int) -> list[str]:
    """What the tree is about, where that is not plain."""
    several = not isinstance(seen.apex, Unreachable) and len(spf_records(seen.apex)) > 1
    told = TOGETHER if several else WHOLE if seen.outcome is not None else ""
    return wrap(french.typeset(told), width) if told else []


def spf_document(seen: SpfLook) -> str:
    """The same as JSON; beside the tree, what it counts up to."""
    document = encode(seen, SpfLook)
    if isinstance(seen.tree, SpfTree) and isinstance(document, dict):
        document["counts"] = {"lookups": seen.tree.lookups, "voids": seen.tree.voids}
    return json.dumps(document, ensure_ascii=False, indent=2)


def _records(domain: str, apex: TxtAnswer | Unreachable, width: int) -> list[str]:
    lines = wrap(clean(domain), width)
    if isinstance(apex, Unreachable):
        return lines + _line(f"! {apex}", width)
    records = spf_records(apex)
    for record in records:
        lines += _line(_shown(record), width)
        terms = spf_terms(record)
        if isinstance(terms, SpfFault):
            lines += _line(f"✗ terme mal écrit : « {_shown(terms.term)} »", width)
    if len(records) > 1:
        lines += _line(f"✗ {len(records)} listes SPF : elles s'annulent.", width)
    return lines if records else lines + _line("✗ aucun enregistrement SPF.", width)


def _counts(tree: SpfTree, width: int) -> list[str]:
    sign = "✗" if tree.lookups > MOST_LOOKUPS or tree.voids > MOST_VOIDS else "✓" if tree.is_whole else "?"
    more = "plus de " if tree.cut else "" if tree.is_whole else "au moins "
    searches = french.count(tree.lookups, "recherche DNS", "recherches DNS")
    lines = wrap(french.typeset(f"{sign} {more}{searches} sur {MOST_LOOKUPS}"), width, rest="  ")
    voids = french.count(tree.voids, "terme sans réponse", "termes sans réponse")
    lines += _line(f"{voids} sur {MOST_VOIDS} au plus{_voids_of_one_family(tree)}", width)
    admitted = french.count(tree.ip4_admitted, "adresse IPv4 autorisée", "adresses IPv4 autorisées")
    return lines + _line(f"{admitted} au plus", width)


def _voids_of_one_family(tree: SpfTree) -> str:
    """A name without IPv6 leads nowhere for who writes in IPv6."""
    counts = (("IPv4", sum(s.void4 for s in tree.steps)), ("IPv6", sum(s.void6 for s in tree.steps)))
    told = [f"{count} pour un expéditeur en {family}" for family, count in counts if count > tree.voids]
    return f" ({french.listed(told)})" if told else ""


def _steps(tree: SpfTree, width: int) -> Iterator[list[str]]:
    figures = len(str(tree.lookups))
    for place, step in enumerate(tree.steps):
        number = f"{place + 1:>{figures}}"
        indent = "  " * min(step.depth, 6)
        rest = " " * (figures + 2) + indent
        yield wrap(
            french.typeset(_step(tree, place, step)), width, first=f"{number}  {indent}", rest=f"{rest}  "
        )
        if step.record:
            yield wrap(_shown(step.record), width, first=f"{rest}  ", rest=f"{rest}    ")


def _step(tree: SpfTree, place: int, step: SpfStep) -> str:
    cost = lookups_below(tree, place)
    remarks = [
        french.count(cost, "recherche", "recherches") if cost > 1 else "",
        french.count(step.names, "serveur") if step.names else "",
        FOUND[step.found],
        _shown(step.detail),
        "essayé avec une adresse de documentation" if step.sampled else "",
        "au-delà de la limite" if place >= MOST_LOOKUPS else "",
    ]
    told = ", ".join(filter(None, remarks))
    return f"{_shown(step.term)} : {told}" if told else _shown(step.term)


def _answer(question: SpfQuestion, outcome: SpfOutcome, width: int) -> list[str]:
    said = NOT_VERIFIABLE if outcome.cause is Cause.BOGUS else RESULTS[outcome.result]
    lines = wrap(
        french.typeset(
            f"Message de {_shown(question.mail_from)}, depuis {question.ip}, "
            f"serveur {_shown(question.helo)} : {said} ({outcome.result})."
        ),
        width,
    )
    lines += _line(_why(outcome), width)
    for term in outcome.path:
        lines += _line(f"par « {_shown(term)} »", width)
    if outcome.explanation:
        lines += _line(f"Le domaine l'explique ainsi : « {_shown(outcome.explanation)} »", width)
    searches = french.count(outcome.lookups, "recherche DNS", "recherches DNS")
    return lines + _line(f"{searches} sur {MOST_LOOKUPS}", width)


def _why(outcome: SpfOutcome) -> str:
    term = f" « {_shown(outcome.term)} »" if outcome.term else ""
    at = f", dans la liste de {_shown(outcome.at)}" if outcome.at else ""
    detail = f" ({_shown(outcome.detail)})" if outcome.detail else ""
    return f"{CAUSES[outcome.cause]}{term}{at}{detail}."


def _line(text: str, width: int) -> list[str]:
    return wrap(french.typeset(text), width, first="  ", rest="    ")


def _shown(text: str) -> str:
    return clean(text, limit=SHOWN)
