"""What a change of the profile and the open questions look like, as text and for machines."""

import shlex
from collections.abc import Sequence

from cyberaudit import french
from cyberaudit.engine.measures import Owner
from cyberaudit.engine.questions import Question
from cyberaudit.model import Reason
from cyberaudit.plaintext import clean
from cyberaudit.reports.amounts import after_colon
from cyberaudit.reports.wrap import wrap
from cyberaudit.town.splice import DiffLine, Spliced

_TO_WHOM = {
    Owner.AGENT: "à un agent qui le sait",
    Owner.ELU: "à un élu",
    Owner.CONTRACTOR: "au prestataire informatique",
}
"""To whom a question goes that somebody could not answer."""


def change(made: Spliced, *, sentence: str, remarks: Sequence[str], width: int) -> str:
    """The lines that change, then what they mean; lines of the profile are never cut."""
    file = _printable(made.after.file)
    lines = [french.typeset(f"Ce qui change dans {file}, ligne {made.line} :"), ""]
    lines += [f"  {_shown(line)}" for line in made.diff() if line.text.strip()]
    lines += ["", *wrap(sentence, width)]
    return "\n".join([*lines, *(line for each in remarks for line in wrap(french.typeset(each), width))])


def _shown(line: DiffLine) -> str:
    return f"{line.sign} {_printable(line.text)}"


def _printable(text: str) -> str:
    """What could move a cursor becomes a space; the width stays."""
    return "".join(char if char.isprintable() or char == french.NBSP else " " for char in text)


def change_plain(made: Spliced, *, sentence: str, remarks: Sequence[str], written: bool) -> dict[str, object]:
    """The same for machines."""
    return {
        "written": written,
        "file": made.after.file,
        "line": made.line,
        "sentence": sentence,
        "remarks": list(remarks),
        "diff": [f"{line.sign}{line.text}" for line in made.diff()],
    }


def questions(found: Sequence[Question], *, profile: str, width: int) -> str:
    """Every open question, and how to answer without being asked."""
    if not found:
        return "Aucune question en attente : tout ce qui se déclare a une réponse valable."
    head = french.count(len(found), "question attend une réponse", "questions attendent une réponse")
    blocks = ["\n".join(wrap(f"{head}.", width))]
    blocks += [
        question(each, rank, len(found), width=width, with_key=True) for rank, each in enumerate(found, 1)
    ]
    return "\n\n".join((*blocks, _commands(shlex.quote(_printable(profile)), found[0].key)))


def _commands(profile: str, key: str) -> str:
    """To be copied: no typography in them."""
    return "\n".join(
        (
            french.typeset("Répondre une par une :"),
            f"  cyberaudit questions {profile}",
            french.typeset("Répondre à une seule :"),
            f'  cyberaudit declare {profile} {key} oui --by "Nom, qualité"',
        )
    )


def question(asked: Question, rank: int, total: int, *, width: int, with_key: bool = False) -> str:
    """One question, why it matters, and who probably knows."""
    margin = " " * len(f"{rank}. ")
    told = [f"Pourquoi : {after_colon(asked.why)}"]
    if before := asked_before(asked):
        told.insert(0, before)
    if asked.unanswered.reason is not Reason.ANSWER_UNKNOWN:
        told.append(f"Qui le sait : {asked.owner.french}.")
    if with_key:
        told.append(f"[{asked.key}]")
    head = f"{rank}. " if with_key else f"{rank} sur {total}. "
    lines = wrap(french.typeset(asked.text), width, first=head, rest=margin)
    return "\n".join((*lines, *(line for each in told for line in _indented(each, margin, width))))


def asked_before(asked: Question) -> str:
    """What became of an answer given before, and whom to ask now; empty when nobody was asked."""
    said = asked.about.declaration
    match asked.unanswered.reason:
        case Reason.ANSWER_UNKNOWN if said is not None:
            told = f"{clean(said.by)} a répondu « je ne sais pas » le {french.day(said.on)}."
            return f"{told} À demander {_TO_WHOM[asked.owner]}."
        case Reason.DECLARATION_EXPIRED:
            return "La réponse date de plus de douze mois."
        case _:
            return ""


def _indented(text: str, margin: str, width: int) -> list[str]:
    return wrap(french.typeset(text), width, first=margin)


def question_plain(asked: Question) -> dict[str, object]:
    """One question for machines."""
    return {
        "key": asked.key,
        "question": asked.text,
        "why": asked.why,
        "owner": asked.owner.value,
        "ask": _TO_WHOM[asked.owner] if asked.unanswered.reason is Reason.ANSWER_UNKNOWN else None,
        "check": asked.check,
        "asset": asked.about.asset.key,
        "field": asked.about.field,
        "form": asked.about.form.value,
        "reason": asked.unanswered.reason.value,
        "risk": asked.risk,
    }
