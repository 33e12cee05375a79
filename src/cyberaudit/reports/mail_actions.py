"""What a mail says of the work: why, what, who, by when, the reference to quote, and what is late."""

import re
import shlex
from collections.abc import Container, Sequence

from cyberaudit import french
from cyberaudit.reports.amounts import after_colon
from cyberaudit.reports.mail_view import Entry, MailSection, Seen, left_out
from cyberaudit.reports.mail_words import Role, told
from cyberaudit.reports.words import ActionView

# Ours: a mail that is read holds about a screen a section; the report has them all.
MOST_ACTIONS = 6
Advice = tuple[tuple[tuple[str, str], ...], tuple[str, ...]]


def advice(action: ActionView, checks: Container[str], role: Role) -> Advice:
    """What goes with an open point: why, what, who, when, and the reference to quote."""
    asked = [each for each in action.checks if each in checks] or list(action.checks)
    meanwhile = f"En attendant, {action.stopgap_deadline}" if action.stopgap_deadline else "En attendant"
    facts = [
        ("Pourquoi", action.why),
        ("À faire", f"{action.title}."),
        ("Qui", f"{action.who}. Coût : {action.cost}. Temps : {action.time}."),
        ("Échéance", f"{action.deadline or action.when_short}."),
        (meanwhile, action.stopgap),
        ("Référence à citer", reference(action, asked)),
    ]
    steps: list[str] = []
    if role is Role.CONTRACTOR:
        more, steps = _request(action)
        facts += [("C'est fait quand", action.done_when), *_verify(asked), *more]
    said = tuple((told(label), told(after_colon(_in_the_report(text)))) for label, text in facts if text)
    return said, tuple(told(_in_the_report(each)) for each in steps)


_ENCLOSED = re.compile(r"\b(est|sont) jointe?s?\b")


def _in_the_report(text: str) -> str:
    """A request on paper encloses the list and the detail; a mail encloses nothing, they stand in the report."""
    return _ENCLOSED.sub(r"\1 dans le rapport", text).replace("liste jointe", "liste du rapport")


def reference(action: ActionView, checks: Sequence[str]) -> str:
    """What to quote when one talks about it: the checks, then the measure."""
    return " ; ".join(filter(None, (", ".join(checks), action.measure)))


def _verify(checks: Sequence[str]) -> list[tuple[str, str]]:
    # The name may come from somebody's scan: it is one word of the line, whatever it says.
    return [("Pour vérifier", f"cyberaudit verify {shlex.quote(checks[0])} PROFIL")] if checks else []


_NUMBERED = re.compile(r"\d+\.\s+(.*)")


def _request(action: ActionView) -> tuple[list[tuple[str, str]], list[str]]:
    """What the town asks of its contractor, as the catalogue words it; the steps of the town when it asks nothing."""
    lines = [line.strip() for line in action.contractor.splitlines() if line.strip()]
    steps = [found[1] for line in lines if (found := _NUMBERED.fullmatch(line))]
    if not steps:
        return [("Étapes", "dans cet ordre.")], list(action.steps)
    first = next(number for number, line in enumerate(lines) if _NUMBERED.fullmatch(line))
    last = [line for line in lines[first:] if not _NUMBERED.fullmatch(line)]
    cited = [line.partition(":")[2].strip() for line in last if line.startswith("Référence")]
    back = " ".join(line.removeprefix("Merci de ") for line in last if not line.startswith("Référence"))
    return [("Sources", " ".join(cited)), ("En retour", back), ("Demande", " ".join(lines[1:first]))], steps


def to_do(seen: Seen, above: Container[str], role: Role) -> MailSection:
    """Late, then urgent, each in full unless its measure was told `above`; the others are counted."""
    pressing = [*seen.late, *(each for each in seen.view.urgent if each not in seen.late)]
    others = [each for each in seen.actions if each.measure not in above]
    shown = [each for each in pressing if each in others][:MOST_ACTIONS]
    entries = tuple(_action(each, role) for each in shown)
    closing = left_out(len(others) - len(shown), "autre action", "autres actions")
    title = told("Toujours à faire" if seen.diff else "À faire d'abord")
    if not entries and closing:
        return MailSection(title, "", (Entry((closing,)),))
    return MailSection(title, _late_remark(seen), entries, closing)


def _late_remark(seen: Seen) -> str:
    late = len(seen.late)
    return told(f"{french.count(late, 'action est', 'actions sont')} en retard.") if late else ""


def _action(action: ActionView, role: Role) -> Entry:
    facts, steps = advice(action, action.checks, role)
    return Entry((told(f"{action.title}."),), tuple(each for each in facts if each[0] != "À faire"), steps)
