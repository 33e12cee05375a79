"""A verification in words: what each point was, what it is now, and what remains."""

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from cyberaudit import french
from cyberaudit.frozen import frozen
from cyberaudit.model import Finding, SeenFrom, Status
from cyberaudit.reports.points import safe
from cyberaudit.reports.words import Mark
from cyberaudit.reports.wrap import wrap

_FROM = {
    SeenFrom.OUTSIDE: "Ce point se vérifie depuis l'extérieur : ajoutez --vantage outside.",
    SeenFrom.INSIDE: "Ce point se vérifie depuis un réseau de la mairie : voir --vantage.",
}


@frozen
class Verified:
    """One point, before and after."""

    before: Finding | None
    """Of the town state; None: nobody had ever asked."""
    seen: Finding
    """What this look saw."""
    after: Finding
    """Of the town state: the worst of what counts."""

    @property
    def answer(self) -> Finding:
        """What the person learns: this look, unless somebody else still sees a fault."""
        return self.after if self.after.status.is_open and self.seen.status.is_known else self.seen


def verified(points: Sequence[Verified], *, head: str, command: str, width: int) -> str:
    """Each point, then what remains and where the plan tells it."""
    blocks = ["\n".join(wrap(safe(head), width))]
    by_check = groupby(points, key=lambda each: each.seen.check)
    blocks += ["\n".join(_check(tuple(same), width)) for _, same in by_check]
    blocks.append("\n".join((*wrap(_conclusion(points), width), f"  {command}")))
    return "\n\n".join(blocks) + "\n"


def plan_command(profile: str) -> str:
    """To be copied: no typography in it."""
    return f"cyberaudit plan show {shlex.quote(printable(profile))}"


def printable(text: str) -> str:
    """What could move a cursor becomes a space."""
    return "".join(char if char.isprintable() else " " for char in text)


def _check(points: Sequence[Verified], width: int) -> Iterator[str]:
    """The question once, then its answer for each thing."""
    asked = points[0].seen
    yield from wrap(f"{safe(asked.title)} [{asked.check}]", width)
    for each in points:
        yield from _point(each, width)


def _point(point: Verified, width: int) -> Iterator[str]:
    found = point.answer
    change = _change(point)
    name, sign = safe(found.asset_name), Mark.of(found.status).sign
    yield from wrap(f"{name}{french.NBSP}: {change}.", width, first=f"  {sign} ")
    yield from wrap(safe(found.verdict.text), width, first="    ")
    for item in found.verdict.items:
        if item.status.is_open and item.text != found.verdict.text:
            yield from wrap(safe(item.text), width, first="    - ")
    for sentence in _notes(point):
        yield from wrap(french.typeset(sentence), width, first="    ")


def _change(point: Verified) -> str:
    """What it was and what it is; a look that saw nothing takes nothing back of what was known."""
    now = _state(point.answer)
    if point.before is None:
        return f"jamais vu, maintenant {now}"
    before = _state(point.before)
    if point.after.status.is_known and point.answer.status in (Status.UNKNOWN, Status.ERROR):
        return f"{before} avant, pas revu cette fois"
    return f"{before}, maintenant {now}" if before != now else f"toujours {before}"


def _state(finding: Finding) -> str:
    return str(Mark.of(finding.status))


def _notes(point: Verified) -> Iterator[str]:
    """Why the answer is not all that was seen just now."""
    if not point.seen.looked and point.seen.seen_from in _FROM:
        yield _FROM[point.seen.seen_from]
    if not point.seen.status.is_known and point.after.status.is_open:
        yield "Rien n'a pu être vu cette fois : le défaut constaté avant reste au plan."
    if point.seen.status is Status.PASS and point.after.status.is_open:
        yield "Vu d'ici, ce point est en ordre : le défaut a été constaté d'un autre endroit."


def _conclusion(points: Sequence[Verified]) -> str:
    marks = Counter(Mark.of(each.answer.status) for each in points)
    left = marks[Mark.TO_FIX] + marks[Mark.TO_IMPROVE]
    unseen = marks[Mark.TO_CHECK]
    if not left and not unseen:
        text = "En ordre : le plan en tient compte."
    else:
        parts = [f"{french.count(left, 'point reste', 'points restent')} à traiter"] if left else []
        parts += [f"{french.count(unseen, 'point')} sans réponse"] if unseen else []
        text = f"{french.listed(parts)}, sur {french.number(len(points))}."
    return french.typeset(text)


def verified_plain(points: Sequence[Verified]) -> list[dict[str, object]]:
    """The same for machines."""
    return [
        {
            "identity": each.seen.identity,
            "check": each.seen.check,
            "asset": each.seen.asset,
            "title": each.seen.title,
            "before": each.before.status if each.before else None,
            "seen": each.seen.status,
            "after": each.after.status,
            "looked": each.seen.looked,
            "sentence": safe(each.answer.verdict.text),
            "seen_at": each.seen.seen_at.isoformat(),
        }
        for each in points
    ]


__all__ = ["Verified", "plan_command", "printable", "verified", "verified_plain"]
