"""The nine letters of Immunité Cyber, told letter by letter, as text and for machines."""

import shlex
from collections.abc import Iterator, Mapping

from cyberaudit import french
from cyberaudit.engine.immunity import SOURCE, Immunity, Light, Lit, Told
from cyberaudit.engine.measures import Remedies
from cyberaudit.plaintext import clean
from cyberaudit.reports.amounts import after_colon
from cyberaudit.reports.citations import cited
from cyberaudit.reports.wrap import wrap
from cyberaudit.town.answers import ANSWER_NAMES
from cyberaudit.town.known import PRACTICES

_OURS = (
    "Ce résultat ne remplace pas le niveau de cyberaudit : il compte des lettres, et non des risques."
    " « En partie » compte ici comme rouge. Une lettre sans réponse n'est jamais verte."
    " C'est notre lecture, novembre 2026."
)


def text(found: Immunity, *, remedies: Remedies, names: Mapping[str, str], profile: str, width: int) -> str:
    """The page of `cyberaudit questions --quick`.

    Args:
        found: the nine letters.
        remedies: where the source stands.
        names: asset key → how people call it.
        profile: the file, as typed.
        width: of a line, in cells.
    """
    blocks = [
        ["Immunité Cyber : neuf lettres, neuf réponses"],
        [line for each in found.letters for line in _letter(each, names, width)],
        wrap(french.typeset(result(found)), width),
        wrap(french.typeset(_OURS), width),
        _source(remedies, width),
        _how(found, profile),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def result(found: Immunity) -> str:
    """« Résultat : rouge. 5 lettres vertes, 2 rouges, 2 sans réponse. »."""
    green, red = found.count(Light.GREEN), found.count(Light.RED)
    counts = [french.count(green, "lettre verte", "lettres vertes")]
    counts += [french.count(red, "rouge")] if red else []
    for light in (Light.BLANK, Light.NOT_APPLICABLE):
        if found.count(light):
            counts.append(f"{found.count(light)} {light.french}")
    word = "à compléter" if found.light is Light.BLANK else found.light.french
    return f"Résultat : {word}. {', '.join(counts)}."


def _letter(lit: Lit, names: Mapping[str, str], width: int) -> list[str]:
    head = f"{lit.letter.letter} — {lit.letter.subject} : {lit.light.french.upper()}"
    lines = wrap(french.typeset(head), width, rest="    ")
    for sentence in dict.fromkeys(_sentence(each, lit, names) for each in lit.told):
        lines += wrap(french.typeset(sentence), width, first="    ")
    return lines


def _sentence(told: Told, lit: Lit, names: Mapping[str, str]) -> str:
    if told.audited_on:
        return f"Contrôle complet de cyberaudit le {french.day(told.audited_on)}."
    if told.finding:
        name = clean(names.get(told.finding.asset, told.finding.asset_name))
        how = "À mesurer" if told.light is Light.BLANK else "Mesuré"
        return f"{how}, « {name} » : {after_colon(clean(told.finding.verdict.text))}"
    if not told.practice:
        return f"{lit.letter.measured_as} : à mesurer par « cyberaudit scan »."
    practice = PRACTICES.get(told.practice, told.practice)
    if told.said is None:
        return f"{practice} : personne n'a répondu depuis douze mois."
    answer = ANSWER_NAMES[told.said.answer]
    return f"{practice} : {answer}, selon {clean(told.said.by)}, le {french.day(told.said.on)}."


def _source(remedies: Remedies, width: int) -> list[str]:
    lines = (
        wrap(french.typeset(each), width, first="Source : ", rest="  ") for each in cited((SOURCE,), remedies)
    )
    return [line for block in lines for line in block]


def _how(found: Immunity, profile: str) -> list[str]:
    """To be copied: no typography in the command."""
    if not found.to_ask:
        return []
    return [
        french.typeset("Répondre maintenant :"),
        f"  cyberaudit questions {shlex.quote(clean(profile))} --quick",
    ]


def plain(found: Immunity, *, remedies: Remedies) -> dict[str, object]:
    """The same for machines."""
    return {
        "result": found.light.value,
        "green": found.count(Light.GREEN),
        "letters": [
            {
                "letter": each.letter.letter,
                "subject": each.letter.subject,
                "light": each.light.value,
                "practices": list(each.letter.practices),
                "stands_on": list(_grounds(each)),
            }
            for each in found.letters
        ],
        "to_ask": list(found.to_ask),
        "sources": list(cited((SOURCE,), remedies)),
    }


def _grounds(lit: Lit) -> Iterator[dict[str, object]]:
    for each in lit.told:
        yield {
            "light": each.light.value,
            "practice": each.practice or None,
            "answer": each.said.answer.value if each.said else None,
            "check": each.finding.check if each.finding else None,
            "asset": each.finding.asset if each.finding else None,
            "audited_on": each.audited_on.isoformat() if each.audited_on else None,
        }


__all__ = ["plain", "result", "text"]
