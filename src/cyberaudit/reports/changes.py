"""What changed since the last time, in French: one sentence, then the lines of each section."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import assert_never

from cyberaudit import french
from cyberaudit.history.diff import Diff
from cyberaudit.history.transitions import Change, Transition, counts_down, has_ended
from cyberaudit.model import Item, Status
from cyberaudit.plaintext import clean
from cyberaudit.reports.change_words import (
    ChangeCounts,
    ChangeLine,
    ChangesView,
    PointChange,
    Section,
    SectionView,
)
from cyberaudit.reports.words import Mark

# Ours: more than three details make a line nobody reads; the report has them all.
DETAILS_SHOWN = 3
FIRST_TIME = "Premier contrôle : rien à comparer."


NOTHING_TO_COMPARE = ChangesView(
    None, french.typeset(FIRST_TIME), ChangeCounts(0, 0, 0, 0, 0, 0, 0, 0, 0), ()
)


def changes_view(diff: Diff | None, *, titles: Mapping[str, str]) -> ChangesView:
    """The words of `diff`; of a first audit when None. `titles`: the question of each check, by id."""
    if diff is None:
        return NOTHING_TO_COMPARE
    counts = _counts(diff.changes)
    lines: defaultdict[Section, list[ChangeLine]] = defaultdict(list)
    for change in diff.changes:
        section = _section(change)
        if section is not None and change.is_told and not _left(change):
            lines[section].append(_line(change, titles))
    lines[Section.OUT_OF_SCOPE] = [*_left_assets(diff.changes), *lines[Section.OUT_OF_SCOPE]]
    return ChangesView(
        since=diff.since.date(),
        sentence=french.typeset(_sentence(diff, counts)),
        counts=counts,
        sections=tuple(
            SectionView(each, each.heading, french.typeset(each.remark), tuple(lines[each]))
            for each in Section
            if lines[each]
        ),
        points=tuple(_point(each) for each in diff.changes),
    )


def _point(change: Change) -> PointChange:
    # A new check is new, whatever the rules that brought it.
    by_rules = change.by_rules is True and change.transition not in (Transition.NEW_CHECK, Transition.SAME)
    name = _safe(change.asset_name)
    return PointChange(change.identity, change.check, change.asset, name, change.transition, by_rules)


def _section(change: Change) -> Section | None:
    """Where it is told; None when it is counted only."""
    if change.by_rules and change.transition is not Transition.NEW_CHECK:
        return Section.BY_RULES
    match change.transition:
        case Transition.BACK | Transition.WORSE:
            return Section.DEGRADED
        case Transition.NEW | Transition.FIRST_KNOWN:
            return Section.FIRST_SEEN
        case Transition.BETTER | Transition.SOLVED:
            return Section.IMPROVED
        case Transition.NOT_CHECKED:
            return Section.NOT_CHECKED
        case Transition.EXPIRED:
            return Section.TO_REVIEW
        case Transition.OUT_OF_SCOPE:
            return Section.OUT_OF_SCOPE
        case Transition.NEW_CHECK:
            return Section.NEW_CHECKS
        case Transition.SAME:
            return Section.LATE
        case _:
            assert_never(change.transition)


def _counts(changes: Iterable[Change]) -> ChangeCounts:
    found: defaultdict[Section | None, int] = defaultdict(int)
    unchanged = 0
    for change in changes:
        unchanged += change.transition is Transition.SAME
        # A good answer to a new question is no event of the town's; a question taken away is one.
        counts = change.is_told or change.transition is Transition.NEW_CHECK
        found[_section(change)] += counts and change.transition is not Transition.SAME
    return ChangeCounts(
        degraded=found[Section.DEGRADED],
        first_seen=found[Section.FIRST_SEEN],
        improved=found[Section.IMPROVED],
        to_review=found[Section.TO_REVIEW],
        not_checked=found[Section.NOT_CHECKED],
        removed=found[Section.OUT_OF_SCOPE],
        new_checks=found[Section.NEW_CHECKS],
        by_rules=found[Section.BY_RULES],
        unchanged=unchanged,
    )


def _sentence(diff: Diff, counts: ChangeCounts) -> str:
    """What the town changed, what is beside it, what the rules changed: a sentence each."""
    first = _joined(
        (counts.degraded, "dégradation", ""),
        (counts.first_seen, "défaut vu pour la première fois", "défauts vus pour la première fois"),
        (counts.improved, "amélioration", ""),
    )
    others = _joined(
        (counts.to_review, "point à revoir", "points à revoir"),
        (counts.not_checked, "point non vérifié", "points non vérifiés"),
        (counts.removed, "point retiré", "points retirés"),
        (counts.new_checks, "point contrôlé en plus", "points contrôlés en plus"),
    )
    head = _since(diff)
    if not (first or others or counts.by_rules):
        return f"{head} : rien n'a changé."
    parts = [f"{head} : {first or 'ni dégradation ni amélioration'}."]
    if others:
        parts.append(f"Et aussi : {others}.")
    if counts.by_rules:
        changed = french.count(counts.by_rules, "point est jugé", "points sont jugés")
        parts.append(f"Les règles ont changé : {changed} autrement.")
    elif first and _is_clouded(diff):
        parts.append("Les règles ont aussi changé : une partie des écarts peut en venir.")
    return " ".join(parts)


def _is_clouded(diff: Diff) -> bool:
    """The rules changed, and the old facts could not be judged again by the new ones."""
    return diff.rules_changed and all(change.by_rules is not False for change in diff.changes)


def _joined(*parts: tuple[int, str, str]) -> str:
    return ", ".join(french.count(many, one, more) for many, one, more in parts if many)


def _since(diff: Diff) -> str:
    if diff.since.date() == diff.until.date():
        return f"Depuis le contrôle de {french.hour(diff.since)}"
    if diff.since.year == diff.until.year:
        return f"Depuis le {french.day_and_month(diff.since)}"
    return f"Depuis le {french.day(diff.since)}"


def _left(change: Change) -> bool:
    """The thing itself has left the profile: one line says it for all its points."""
    return change.transition is Transition.OUT_OF_SCOPE and change.after is None


def _left_assets(changes: Iterable[Change]) -> list[ChangeLine]:
    points: defaultdict[str, list[Change]] = defaultdict(list)
    for change in changes:
        if _left(change):
            points[change.asset].append(change)
    lines = []
    for asset in sorted(points):
        name, rows = _safe(points[asset][0].asset_name), points[asset]
        opened = sum(row.before is not None and row.before.status.is_open for row in rows)
        what = french.count(len(rows), "point n'est plus contrôlé", "points ne sont plus contrôlés")
        rest = f", dont {opened} à traiter" if opened else ""
        sentence = french.typeset(f"{name} : retiré du profil. {what}{rest}.")
        lines.append(ChangeLine(asset, "", Transition.OUT_OF_SCOPE, name, sentence))
    return lines


def _line(change: Change, titles: Mapping[str, str]) -> ChangeLine:
    name = _safe(change.asset_name)
    told = change.after or change.before
    question = _safe(titles.get(change.check) or (told.title if told else change.check))
    accepted = " Ce risque est accepté par un élu." if change.accepted else ""
    sentence = french.typeset(f"{name} — {question} {_became(change)}{accepted}")
    seen = _safe(change.after.verdict.text) if change.after and change.is_open else ""
    return ChangeLine(change.identity, change.check, change.transition, name, sentence, seen)


def _became(change: Change) -> str:
    """What became of it, in one sentence or two."""
    now = _word(change.after.status) if change.after else ""
    match change.transition:
        case Transition.BACK:
            return f"De nouveau {now} : ce point avait été réglé.{_details('Vu', change.appeared)}"
        case Transition.WORSE:
            return _worse(change, now)
        case Transition.NEW:
            return f"Nouveau dans le profil, {now}."
        case Transition.FIRST_KNOWN:
            return f"Constaté pour la première fois : {now}."
        case Transition.BETTER:
            return _better(change, now)
        case Transition.SOLVED:
            return "En ordre maintenant."
        case Transition.NOT_CHECKED:
            return f"Pas vérifié cette fois.{_last_known(change)}"
        case Transition.EXPIRED:
            return _expired(change)
        case Transition.OUT_OF_SCOPE:
            return f"La question ne se pose plus.{_last_known(change)}"
        case Transition.NEW_CHECK:
            return f"Point contrôlé pour la première fois : {now}."
        case Transition.SAME:
            return f"Toujours {now}, en retard."
        case _:
            assert_never(change.transition)


def _worse(change: Change, now: str) -> str:
    if turned := _turned(change, now):
        head = turned
    elif change.appeared:
        more = french.count(len(change.appeared), "défaut de plus", "défauts de plus")
        head = f"Toujours {now}, avec {more}."
    else:
        head = f"Toujours {now}, {_weightier(change)}."
    return head + _details("En plus", change.appeared)


def _better(change: Change, now: str) -> str:
    if turned := _turned(change, now):
        return turned
    if change.gone:
        less = french.count(len(change.gone), "défaut de moins", "défauts de moins")
        return f"Encore {now}, avec {less}.{_details('Réglé', change.gone)}"
    if _is_countdown(change):
        return f"Encore {now}, avec plus de temps pour agir."
    return f"Encore {now}, avec un risque moins grand."


def _weightier(change: Change) -> str:
    """Why the same word is worse: the risk, or else the countdown."""
    if not _is_countdown(change):
        return "avec un risque plus grand"
    before, after = change.before, change.after
    is_over = after is not None and has_ended(after) and not (before is not None and has_ended(before))
    return "et la date de fin est passée" if is_over else "et la fin approche"


def _is_countdown(change: Change) -> bool:
    """Nothing but its end came nearer, or went further."""
    before, after = change.before, change.after
    is_same = before is not None and after is not None and before.risk == after.risk
    return is_same and after is not None and counts_down(after)


def _turned(change: Change, now: str) -> str:
    """« C'était en ordre, c'est maintenant à corriger. »; empty when the word is the same."""
    was = _word(change.was) if change.was else now
    return "" if was == now else f"C'était {was}, c'est maintenant {now}."


def _expired(change: Change) -> str:
    if change.is_open:
        return "La décision d'accepter ce risque n'est plus en vigueur."
    return f"La réponse donnée est trop ancienne : elle est à redonner.{_last_known(change)}"


def _last_known(change: Change) -> str:
    last = change.last_known
    return f" Dernier état connu : {_word(last.status)}, le {french.day(last.on)}." if last else ""


def _details(label: str, items: tuple[Item, ...]) -> str:
    """« En plus : … ; … ; et 2 autres. »"""
    if not items:
        return ""
    shown = [_safe(item.text).rstrip(".") for item in items[:DETAILS_SHOWN]]
    rest = len(items) - len(shown)
    if rest:
        shown.append(f"et {french.count(rest, 'autre')}")
    return f" {label} : {' ; '.join(shown)}."


def _word(status: Status) -> str:
    return str(Mark.of(status))


def _safe(text: str) -> str:
    return french.typeset(clean(text, limit=300))


__all__ = ["FIRST_TIME", "NOTHING_TO_COMPARE", "ChangesView", "Section", "changes_view"]
