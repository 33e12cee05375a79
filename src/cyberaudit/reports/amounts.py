"""How a report says a cost, a length of work, a deadline, and a sentence after a colon."""

from datetime import date

from cyberaudit import french
from cyberaudit.engine.measures import Cost

_COMMON_FIRST_WORDS = frozenset({
    "à", "absent", "agents", "après", "au", "aucun", "aucune", "aujourd'hui", "avant", "avec", "beaucoup", "ce",
    "cela", "celle", "celui", "certaines", "certains", "certificat", "ces", "cet", "cette", "ceux", "chacun", "chaque",
    "chiffrement", "clé", "courbe", "dans", "de", "depuis", "des", "deux", "dès", "du", "elle", "elles", "empreinte",
    "en", "groupe", "groupes", "il", "ils", "impossible", "la", "le", "les", "leur", "lorsque", "merci", "mode", "ne",
    "ni", "non", "notre", "on", "par", "pendant", "personne", "plusieurs", "pour", "preuve", "quand", "que", "quelques",
    "quelqu'un", "qui", "rien", "répond", "sa", "sans", "se", "ses", "seul", "seule", "si", "son", "suite", "suites",
    "sur", "tous", "tout", "toute", "toutes", "trois", "un", "une", "vos", "votre",
})  # fmt: skip
_ELIDED = ("c'", "d'", "j'", "l'", "n'", "qu'", "s'")
_INFINITIVE = ("er", "ir", "re")
_INVERTED = ("-elle", "-elles", "-il", "-ils", "-on", "-vous")
"""A question that begins with its verb: « Est-il écrit … », « A-t-on essayé … »."""

MINUTES_A_DAY = 420
"""A working day of seven hours (Code du travail, article L3121-27: 35 hours a week)."""


def cost(value: Cost) -> str:
    """« 0 € », « entre 0 € et 500 € », « 200 €, puis 60 € par an »."""
    return cost_of(value.low, value.high, value.yearly)


def cost_of(low: int, high: int, yearly: int) -> str:
    """The same, from euros: purchase between two bounds, then subscriptions a year."""
    purchase = french.euros(high) if low == high else f"entre {french.euros(low)} et {french.euros(high)}"
    if not yearly:
        return purchase
    subscription = f"{french.euros(yearly)} par an"
    return f"{purchase}, puis {subscription}" if high else subscription


def short_cost(value: Cost) -> str:
    """The same for a narrow column: « 0 à 500 € », « 200 € + 60 €/an »."""
    band = french.euros(value.high)
    purchase = (
        band if value.low == value.high else f"{french.number(value.low)}{french.NBSP}à{french.NBSP}{band}"
    )
    if not value.yearly:
        return purchase
    subscription = f"{french.euros(value.yearly)}/an"
    return f"{purchase} +{french.NBSP}{subscription}" if value.high else subscription


def duration(days: float) -> str:
    """« 20 minutes », « 2 heures », « une demi-journée », « 2 jours et demi »."""
    if days < 0.5:
        return _part_of_day(days)
    halves = round(days * 2)
    whole, half = divmod(halves, 2)
    if whole == 0:
        return "une demi-journée"
    if whole == 1:
        return "une journée et demie" if half else "une journée"
    text = french.count(whole, "jour")
    return f"{text} et demi" if half else text


def _part_of_day(days: float) -> str:
    minutes = max(5, 5 * round(days * MINUTES_A_DAY / 5))
    if minutes < 60:
        return french.count(minutes, "minute")
    hours = round(minutes / 60)
    return "une heure" if hours == 1 else french.count(hours, "heure")


def deadline(due: date, today: date) -> str:
    """« avant le 28 novembre », « en retard depuis le 14 novembre »; the year only when it is another one."""
    if due == today:
        return "aujourd'hui"
    text = french.day_and_month(due) if due.year == today.year else french.day(due)
    return f"en retard depuis le {text}" if due < today else f"avant le {text}"


def after_colon(sentence: str) -> str:
    """Its capital taken off, as French wants after « : », when the first word is no proper noun for sure."""
    first = sentence.split(" ", 1)[0]
    word = first[:1].lower() + first[1:]
    known = word.rstrip(",") in _COMMON_FIRST_WORDS
    common = known or word.startswith(_ELIDED) or word.endswith((*_INFINITIVE, *_INVERTED))
    return word + sentence[len(first) :] if common else sentence
