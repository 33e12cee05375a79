"""The ways to answer: every text that leaves a check is made safe to show here."""

from datetime import date

from cyberaudit.declared import (
    Answer,
    Declaration,
)
from cyberaudit.model import Evidence, Item, Status, Unreachable, Verdict
from cyberaudit.plaintext import clean

SENTENCE_LIMIT = 200
# A zone line with a key of 2048 bits is some 480 characters long.
EVIDENCE_LIMIT = 640


def passed(text: str, *, items: tuple[Item, ...] = (), evidence: tuple[Evidence, ...] = ()) -> Verdict:
    """In order."""
    return _verdict(Status.PASS, text, items=items, evidence=evidence)


def partial(
    text: str,
    *,
    reason: str,
    items: tuple[Item, ...] = (),
    evidence: tuple[Evidence, ...] = (),
    likelihood: int | None = None,
    before: date | None = None,
) -> Verdict:
    """Half-way: counts for half in the level, and something is to be done, `before` a day when it cannot wait."""
    return _verdict(
        Status.PARTIAL,
        text,
        reason=reason,
        items=items,
        evidence=evidence,
        likelihood=likelihood,
        before=before,
    )


def failed(
    text: str,
    *,
    reason: str,
    items: tuple[Item, ...] = (),
    evidence: tuple[Evidence, ...] = (),
    likelihood: int | None = None,
    before: date | None = None,
) -> Verdict:
    """Not in order.

    `likelihood` may raise the check's own, never lower it. `before`: the day after which it is too late.
    """
    return _verdict(
        Status.FAIL, text, reason=reason, items=items, evidence=evidence, likelihood=likelihood, before=before
    )


def unknown(
    cause: Unreachable | str, *, items: tuple[Item, ...] = (), evidence: tuple[Evidence, ...] = ()
) -> Verdict:
    """It could not be seen: neither a pass nor a failure."""
    if isinstance(cause, Unreachable):
        text = f"Ce point n'a pas pu être vérifié : {cause.reason.french}."
        if cause.detail:
            evidence = (*evidence, Evidence("circonstance", cause.detail))
        return _verdict(Status.UNKNOWN, text, reason=cause.reason, items=items, evidence=evidence)
    return _verdict(Status.UNKNOWN, cause, reason="undecided", items=items, evidence=evidence)


def not_applicable(text: str) -> Verdict:
    """The question does not arise here; the text says why."""
    return _verdict(Status.NOT_APPLICABLE, text, reason="not-applicable")


def answered(
    declared: Declaration, *, yes: str, partly: str, partly_reason: str, no: str, none: str = ""
) -> Verdict:
    """What a person answered, as a verdict: one sentence for each answer, and the code of the half-way one.

    `none` is the sentence of « sans objet »; without it the question arises everywhere, and that answer fails.
    """
    match declared.answer:
        case Answer.YES:
            return passed(yes)
        case Answer.PARTIAL:
            return partial(partly, reason=partly_reason)
        case Answer.NOT_APPLICABLE if none:
            return not_applicable(none)
        case _:
            return failed(no, reason="answered-no")


def _verdict(
    status: Status,
    text: str,
    *,
    reason: str = "",
    items: tuple[Item, ...] = (),
    evidence: tuple[Evidence, ...] = (),
    likelihood: int | None = None,
    before: date | None = None,
) -> Verdict:
    return Verdict(
        status=status,
        text=clean(text, limit=SENTENCE_LIMIT),
        reason=reason,
        items=tuple(
            Item(clean(i.key), i.status, i.reason, clean(i.text, limit=SENTENCE_LIMIT)) for i in items
        ),
        evidence=tuple(Evidence(clean(e.label), clean(e.value, limit=EVIDENCE_LIMIT)) for e in evidence),
        likelihood=likelihood,
        before=before,
    )
