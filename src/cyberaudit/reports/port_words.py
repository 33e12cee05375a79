"""How ports are listed, and what an answer or a refusal said, in the words of a report."""

import re
from collections.abc import Iterable, Iterator, Sequence

from cyberaudit import french
from cyberaudit.declared import Answer
from cyberaudit.facts.reach import PortState

STATES = {
    PortState.OPEN: ("ouvert", "ouverts"),
    PortState.CLOSED: ("fermé", "fermés"),
    PortState.REJECTED: ("refusé en chemin", "refusés en chemin"),
    PortState.SILENT: ("muet", "muets"),
    PortState.UNSTABLE: ("instable", "instables"),
}
# RFC 792, RFC 1122 §3.2.2.1 and RFC 1812 §5.2.7.1.
_ICMP = {
    "3/0": "réseau injoignable",
    "3/1": "machine injoignable",
    "3/2": "protocole refusé",
    "3/3": "port fermé",
    "3/4": "paquet trop grand",
    "3/5": "chemin imposé refusé",
    "3/6": "réseau inconnu",
    "3/7": "machine inconnue",
    "3/8": "machine isolée",
    "3/9": "réseau interdit par une règle",
    "3/10": "machine interdite par une règle",
    "3/11": "réseau injoignable pour cet usage",
    "3/12": "machine injoignable pour cet usage",
    "3/13": "interdit par une règle",
    "11/0": "trop d'étapes en chemin",
}
# RFC 4443 §3.1 and §3.3.
_ICMP_V6 = {
    "1/0": "aucun chemin vers cette adresse",
    "1/1": "interdit par une règle",
    "1/2": "hors de portée de l'adresse de départ",
    "1/3": "adresse injoignable",
    "1/4": "port fermé",
    "1/5": "adresse de départ interdite par une règle",
    "1/6": "chemin refusé",
    "3/0": "trop d'étapes en chemin",
}
ANSWERS: dict[str, str] = {
    Answer.YES: "oui",
    Answer.NO: "non",
    Answer.PARTIAL: "en partie",
    Answer.UNKNOWN: "« je ne sais pas »",
    Answer.NOT_APPLICABLE: "sans objet",
}
_REFUSAL = re.compile(r"icmp (\d{1,3}/\d{1,3})(?: de ([0-9A-Fa-f.:]*[0-9A-Fa-f]))?\b")
_UNIT = re.compile(r"(?<=\d) (?=(?:ms|s|%|octets?|fois)\b)")


def refusal_words(detail: str) -> str:
    """« refus de 198.51.100.1 : interdit par une règle (ICMP 3/13) »; any other detail as it is."""
    found = _REFUSAL.fullmatch(detail)
    if found is None:
        return unbroken(detail)
    code, author = found[1], found[2] or ""
    meaning = (_ICMP_V6 if ":" in author else _ICMP).get(code, "autre raison")
    who = f"refus de {author}" if author else "refus"
    return f"{who} : {meaning} (ICMP{french.NBSP}{code})"


def evidence_words(label: str, value: str) -> str:
    """A line of evidence for a person: the codes that people never type become French, raw records stay."""
    if label == "déclaré":
        answer, comma, rest = value.partition(", ")
        code, space, said = answer.partition(" ")
        return f"{ANSWERS.get(code, code)}{space}{said}{comma}{rest}"
    return unbroken(_REFUSAL.sub(lambda found: refusal_words(found[0]), value))


def unbroken(text: str) -> str:
    """« 12 ms »: the space inside never breaks a line."""
    return _UNIT.sub(french.NBSP, text)


def listed(ports: Iterable[str], *, most: int) -> str:
    """« 22, 80-85, 443 et 21 autres »: numbers in order, three neighbours or more as a range.

    `ports` are ids of one protocol; `most` is how many numbers or ranges are named.
    """
    pieces = list(_ranges(sorted({number_of(port) for port in ports})))
    left = sum(last - first + 1 for first, last in pieces[most:])
    told = ", ".join(_range(first, last) for first, last in pieces[:most])
    return f"{told} et {french.count(left, 'autre')}" if left else told


def number_of(port: str) -> int:
    """443, of `tcp/443`; 0 for what is no port."""
    number = port.partition("/")[2]
    return int(number) if number.isascii() and number.isdigit() else 0


def _ranges(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Neighbours together from three on: « 80, 81 » is shorter read as two ports."""
    begun = 0
    for place, number in enumerate(numbers):
        if place + 1 < len(numbers) and numbers[place + 1] == number + 1:
            continue
        run = numbers[begun : place + 1]
        begun = place + 1
        yield from [(run[0], run[-1])] if len(run) > 2 else [(one, one) for one in run]


def _range(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first}-{last}"
