"""How an action's date is told: by when, what the date is worth, and why not earlier."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import assert_never

from cyberaudit import french
from cyberaudit.plan.dates import ANSWER_DAYS, URGENT_DAYS, is_light
from cyberaudit.plan.words import (
    Action,
    ActionKind,
    Arbitration,
    Held,
    Hindrance,
    Quarter,
    Slot,
    Standing,
    Tier,
)
from cyberaudit.reports import amounts
from cyberaudit.reports.points import safe

ORDINALS = ("1er", "2e", "3e", "4e")
_SHORT_MONTHS = (
    "janv.", "févr.", "mars", "avril", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.",
)  # fmt: skip
# Ours: a date this near is told by its day, a later one by its month.
_NEAR_DAYS = 45

Title = Callable[[str], str]
"""A measure's id to its title."""


def quarter(value: Quarter) -> str:
    """« 1er trimestre 2027 »."""
    return f"{ORDINALS[value.number - 1]} trimestre {value.year}"


def quarter_due(value: Action, today: date) -> Quarter | None:
    """That of its date; what has ended by itself is for now, unless somebody adopted another date."""
    if value.due is None:
        return None
    return Quarter.of(max(value.due, today) if value.ended and not value.adoption else value.due)


def deadline(value: Action, today: date) -> str:
    """« avant le 28 novembre »; empty when no quarter holds it."""
    return amounts.deadline(value.due, today) if value.due else ""


_UNDATED, _LATE = "à arbitrer", "en retard"


def short_sentence(text: str) -> str:
    """What `short` gives, where no column has a title: « Pour : 21 déc. », « En retard. »"""
    if text in (_UNDATED, _LATE):
        return f"{text[0].upper()}{text[1:]}."
    return f"Pour{french.NBSP}: {text.removesuffix('.')}."


def short(value: Action, today: date) -> str:
    """The same for a narrow column."""
    if value.due is None:
        return _UNDATED
    if value.due < today:
        return _LATE
    month = _SHORT_MONTHS[value.due.month - 1]
    if (value.due - today).days <= _NEAR_DAYS and value.due != Quarter.of(value.due).last_day:
        number = french.day(value.due).split(french.NBSP)[0]
        return f"{number}{french.NBSP}{month}"
    return f"{month}{french.NBSP}{value.due.year}"


def standing(value: Action) -> str:
    """What the date is worth, a clause: « date adoptée par Jeanne Martin, maire, le 25 novembre 2026 »."""
    return french.typeset(_standing(value))


def _standing(value: Action) -> str:
    match value.standing:
        case Standing.TO_ARBITRATE:
            return "sans date : à arbitrer par le maire"
        case Standing.LATE:
            return f"date {_decided(value)}, dépassée"
        case Standing.TO_CONFIRM if value.adoption is None:
            return f"date proposée, à confirmer : {_comes_first(value)}"
        case Standing.TO_CONFIRM:
            return f"date {_decided(value)}, à confirmer : elle dépasse le plafond ou vient trop tôt"
        case Standing.PROPOSED | Standing.ADOPTED:
            return f"date {_decided(value)}"
        case _:
            assert_never(value.standing)


def _comes_first(value: Action) -> str:
    """The thing ends before the quarter that holds it, for want of money or of time."""
    cost = value.measure.cost
    lacking = "l'argent soit prévu" if cost.high or cost.yearly else "quelqu'un ait le temps de s'en occuper"
    ends = "la date de fin est passée" if value.ended else "cela se termine"
    return f"{ends} avant que {lacking}"


def _decided(value: Action) -> str:
    adopted = value.adoption
    if adopted is None:
        return "proposée"
    who = f"adoptée par {safe(adopted.by)}, le {french.day(adopted.on)}"
    if adopted.first_due is None:
        return who
    reason = safe(adopted.reason).rstrip(" .")
    because = f" ({reason})" if reason else ""
    return f"{who}, repoussée du {french.day(adopted.first_due)}{because}"


def date_rule(value: Action) -> str:
    """Which rule gave the date, a sentence; empty when a person gave it, or when there is none."""
    if value.due is None or value.slot is None or value.adoption:
        return ""
    return french.typeset(_date_rule(value, value.due, value.slot))


def _date_rule(value: Action, due: date, slot: Slot) -> str:
    if value.kind is ActionKind.ANSWER:
        return f"Sa date : {ANSWER_DAYS} jours depuis la première demande, puis {ANSWER_DAYS} de plus à chaque fois."
    if due == slot.end.last_day:
        if slot.start == slot.end:
            return "Sa date : la fin du premier trimestre qui convient."
        return f"Elle commence au {quarter(slot.start)}. Sa date : la fin du {quarter(slot.end)}, où elle se termine."
    if any(each.verdict.before == due for each in value.findings):
        verb = "s'est terminée" if value.ended else "se termine"
        return f"Sa date : le jour où la chose {verb} d'elle-même, nom ou certificat."
    if value.tier is Tier.URGENT and is_light(value.measure):
        return f"Sa date : {URGENT_DAYS} jours après le premier constat, ou celle d'une action liée."
    return "Sa date : celle d'une action liée."


def said_done(value: Action) -> str:
    """« Déclarée faite par … le … : aucun contrôle ne le montre encore. »"""
    done = value.completion
    if done is None:
        return ""
    return french.typeset(
        f"Déclarée faite par {safe(done.by)}, le {french.day(done.on)} : aucun contrôle ne le montre encore."
    )


def held(value: Action, title: Title) -> Iterator[str]:
    """Why not earlier, a sentence for each run of quarters."""
    for each in value.held:
        span = f"au {quarter(each.first)}"
        if each.last != each.first:
            span = f"du {quarter(each.first)} au {quarter(each.last)}"
        yield french.typeset(f"Pas {span} : {hindrance(each, title)}.")


def hindrance(each: Held, title: Title) -> str:
    """What holds it, a clause: « il manque 900 € sous le plafond de 2027 »."""
    match each.cause:
        case Hindrance.DEPENDENCY:
            return f"« {title(each.measure)} » vient d'abord"
        case Hindrance.VOTE:
            return "rien ne s'achète avant le vote du budget"
        case Hindrance.CEILING:
            return f"il manque {french.euros(each.missing)} sous le plafond de {each.year}"
        case Hindrance.CAPACITY:
            return "la personne qui le fait n'a plus de temps libre"
        case Hindrance.CROWD:
            return "trois actions y commencent déjà"
        case _:
            assert_never(each.cause)


def arbitration(value: Arbitration, title: Title) -> str:
    """Why no quarter holds it."""
    match value.cause:
        case Hindrance.DEPENDENCY:
            text = f"Elle attend « {title(value.measure)} », qui est aussi à arbitrer."
        case Hindrance.CEILING:
            text = _missing(value)
        case Hindrance.VOTE:
            text = "Rien ne s'achète avant le vote du budget."
        case Hindrance.CAPACITY:
            text = "Personne n'a assez de temps libre dans les trois ans qui viennent."
        case Hindrance.CROWD:
            text = "Trop d'actions commencent déjà dans chaque trimestre."
        case _:
            assert_never(value.cause)
    return french.typeset(text)


def _missing(value: Arbitration) -> str:
    euros = french.euros(value.missing)
    if value.until > value.year:
        return f"Il manque {euros} par an sous les plafonds de {value.year} à {value.until}."
    return f"Il manque {euros} sous le plafond de {value.year}."


def options(value: Arbitration) -> tuple[str, ...]:
    """What the mayor may decide: three ways, none of them ours to choose."""
    ways = (
        _first_way(value),
        "Demander un prix à l'opérateur public de services numériques ou à l'intercommunalité.",
        "Accepter le risque par écrit, jusqu'à une date : « cyberaudit waive ».",
    )
    return tuple(french.typeset(each) for each in ways)


def _first_way(value: Arbitration) -> str:
    match value.cause:
        case Hindrance.CEILING:
            return _raise(value)
        case Hindrance.VOTE:
            return "Permettre un achat avant le vote du budget."
        case Hindrance.DEPENDENCY:
            return "Décider d'abord de l'action attendue."
        case Hindrance.CAPACITY | Hindrance.CROWD:
            return "Prévoir plus de temps, en interne ou chez le prestataire."
        case _:
            assert_never(value.cause)


def _raise(value: Arbitration) -> str:
    euros = french.euros(value.missing)
    if value.until > value.year:
        return f"Relever de {euros} par an les plafonds de {value.year} à {value.until}."
    return f"Relever le plafond de {value.year} de {euros}."
