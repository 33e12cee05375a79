"""What became of one question about one thing between two moments: the first row of a table that fits."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum

from cyberaudit.facts.certificate import Trait
from cyberaudit.facts.countdown import step_of
from cyberaudit.frozen import frozen
from cyberaudit.history.sameness import Alike, as_it_is
from cyberaudit.history.trace import Ground, Mark, ground_of, may_answer
from cyberaudit.model import Finding, Item, Reason, Status

_GOODNESS = {Status.FAIL: 0, Status.PARTIAL: 1, Status.PASS: 2}
_COUNTDOWN = re.compile(r"soon-([0-9]+)$")
"""Ends the reason of a detail that ends soon: the days that are left, rounded to a step."""
_ENDED = re.compile(r"(?:^|[._])expired$")
"""The reason of what is over: « expired », « mx.cert_expired », « domain.expired »."""
_WHOLE = ""
"""The key of the countdown of a finding that has one end, beside those of its details."""
_OVER = 0
_FAR = 10_000
"""More days than any step: the end is known, and not near."""
_WORD = ""
"""The voice of what is declared, beside those of the vantages."""


class Transition(StrEnum):
    """In the order in which they are tried."""

    OUT_OF_SCOPE = "out-of-scope"
    """The profile names the thing no more, or the question does not arise any more: never solved."""
    NEW_CHECK = "new-check"
    """The older rules did not ask it."""
    EXPIRED = "expired"
    """An accepted risk, or somebody's word, holds no more."""
    NOT_CHECKED = "not-checked"
    """It was known; who could see it has not looked."""
    BACK = "back"
    """It was solved once, and fails again."""
    WORSE = "worse"
    NEW = "new"
    """The thing, or the question about it, came since, and fails."""
    FIRST_KNOWN = "first-known"
    BETTER = "better"
    """Still to be done, and less of it."""
    SOLVED = "solved"
    SAME = "same"


@frozen
class LastKnown:
    """The last answer there was to a question that has none today."""

    status: Status
    on: date
    """In the commune's time zone."""


@frozen
class Change:
    """One question about one thing, then and now."""

    identity: str
    check: str
    asset: str
    asset_name: str
    transition: Transition
    before: Finding | None
    """As it was told; old facts judged by the new rules when `by_rules` is false."""
    after: Finding | None
    was: Status | None
    """The known answer that `after` was held against: that of `before`, or an older one when it was silent."""
    appeared: tuple[Item, ...]
    """Details that are open now and were not."""
    gone: tuple[Item, ...]
    """Details that were open and are not."""
    last_known: LastKnown | None
    """Only when there is no answer now."""
    accepted: bool
    """The risk is accepted by an élu today."""
    late: bool | None
    """Its action is past its date; None when nobody said."""
    by_rules: bool | None
    """The newer rules alone make the difference; None when it cannot be told, or they are the same."""

    @property
    def is_open(self) -> bool:
        return self.after is not None and self.after.status.is_open

    @property
    def is_regression(self) -> bool:
        """Whether it makes exit code 1: what the rules alone changed does not."""
        match self.transition:
            case Transition.EXPIRED | Transition.BACK | Transition.WORSE | Transition.NEW:
                return self.by_rules is not True
            case Transition.FIRST_KNOWN:
                return self.is_open and self.by_rules is not True
            case _:
                return False

    @property
    def is_told(self) -> bool:
        """Whether it has a line of its own; the others are only counted."""
        match self.transition:
            case Transition.NEW_CHECK | Transition.FIRST_KNOWN:
                return self.is_open
            case Transition.SAME:
                return self.is_open and self.late is True
            case _:
                return True


@frozen
class Pair:
    """The two answers to one question about one thing, and what one must know beside them. One may be missing."""

    before: Finding | None
    after: Finding | None
    stood: bool
    """The older profile names the thing."""
    stands: bool
    """The newer profile names the thing."""
    was_asked: bool
    """The older rules asked this, of this thing or of another."""
    waiver_ended: bool
    """An élu's decision covered it then, and none does now."""
    earlier: tuple[Mark, ...]
    """What every audit up to the older moment said of it, oldest first."""
    zone: tzinfo = UTC
    """That of the commune: days are hers."""
    alike: Alike = as_it_is
    """The key of a detail as it is compared: what moved to another address is the same."""

    @property
    def some(self) -> Finding:
        """The newer one, or else the older."""
        found = self.after or self.before
        assert found is not None
        return found


@frozen
class _Then:
    """The last known answer, as far as it can be compared with the newer one."""

    status: Status
    voice: str
    risk: int | None
    """None when only its status is still known."""
    open_keys: frozenset[str] | None
    steps: Mapping[str, int]
    """Of what counts down, by key."""
    pair: Pair


def transition_of(pair: Pair) -> Transition:
    """The first row of the table that fits. Texts never count: status, risk and keys of open items do."""
    return next((each for each, fits in _TABLE if fits(pair)), Transition.SAME)


def held_against(pair: Pair) -> Status | None:
    """The known answer that the newer one was compared with, if any."""
    then = _then(pair)
    return then.status if then is not None else None


def open_items(finding: Finding | None) -> tuple[Item, ...]:
    """The details to be treated."""
    if finding is None or not finding.status.is_open:
        return ()
    return tuple(item for item in finding.verdict.items if item.status.is_open)


def missing_from(
    items: Sequence[Item], others: Sequence[Item], *, alike: Alike = as_it_is
) -> tuple[Item, ...]:
    """Those of `items` whose key none of `others` has."""
    keys = {alike(item.key) for item in others}
    return tuple(item for item in items if alike(item.key) not in keys)


def counts_down(finding: Finding) -> bool:
    """Whether it has an end."""
    is_dated = finding.verdict.before is not None or finding.verdict.reason == Trait.EXPIRED
    return is_dated or any(_left(item) is not None for item in open_items(finding))


def has_ended(finding: Finding) -> bool:
    """Its end, or that of one of its details, was over when it was seen."""
    return finding.verdict.reason == Trait.EXPIRED or any(
        _left(each) == _OVER for each in open_items(finding)
    )


def last_settled(pair: Pair) -> tuple[Status, datetime] | None:
    """The last known answer of all, and when it was seen."""
    before = pair.before
    if before is not None and before.status.is_known:
        return before.status, before.seen_at
    said = _heard(pair)
    return (said[-1].status, said[-1].seen_at) if said and said[-1].status.is_known else None


def _voice(finding: Finding) -> str:
    return _WORD if ground_of(finding) is Ground.WORD else finding.vantage


def _voice_of_mark(mark: Mark) -> str:
    return _WORD if mark.ground is Ground.WORD else mark.vantage


def _may_mend(older: str, newer: str) -> bool:
    """Whether a good answer of `newer` undoes the fault that `older` told.

    A vantage takes back its own, and any measurement a mere word: what another saw, or said, mends nothing.
    """
    return older in (_WORD, newer)


def _heard(pair: Pair) -> list[Mark]:
    """The settled answers of those that may answer, oldest first."""
    seen_from = pair.some.seen_from
    return [
        mark
        for mark in pair.earlier
        if mark.is_settled
        and mark.ground is not Ground.OFF
        and (mark.ground is Ground.WORD or may_answer(seen_from, mark.vantage))
    ]


def _then(pair: Pair) -> _Then | None:
    """What the newer answer is held against: a silence in between does not make a fault new."""
    before = pair.before
    if before is None or before.status is Status.NOT_APPLICABLE:
        return None
    if before.status.is_known:
        keys = frozenset(_open_keys(before, pair))
        return _Then(before.status, _voice(before), before.risk, keys, _steps(before, pair), pair)
    if pair.after is None:
        return None
    newer = _voice(pair.after)
    said = [mark for mark in _heard(pair) if _may_mend(_voice_of_mark(mark), newer)]
    if not said or not said[-1].status.is_known:
        return None
    return _Then(said[-1].status, _voice_of_mark(said[-1]), None, None, {}, pair)


def _is_unseen(finding: Finding | None) -> bool:
    return finding is None or finding.status in (Status.UNKNOWN, Status.ERROR)


def _is_out_of_scope(pair: Pair) -> bool:
    if pair.before is None:
        return False
    gone = _does_not_arise(pair.after) and pair.before.status.is_known
    return not pair.stands or (gone and not _is_out_of_sight(pair))


def _does_not_arise(finding: Finding | None) -> bool:
    return finding is not None and finding.status is Status.NOT_APPLICABLE


def _is_out_of_sight(pair: Pair) -> bool:
    """Seen from one place, and too long ago to count; from the other, the question never arose."""
    before, after = pair.before, pair.after
    if before is None or after is None or not before.status.is_known or not _does_not_arise(after):
        return False
    grounds = {ground_of(before), ground_of(after)}
    return grounds == {Ground.MEASURED} and before.vantage != after.vantage


def _is_new_check(pair: Pair) -> bool:
    return pair.before is None and pair.stood and not pair.was_asked


def _is_expired(pair: Pair) -> bool:
    after = pair.after
    if after is None:
        return False
    if after.status.is_open:
        return pair.waiver_ended
    over = after.status is Status.UNKNOWN and after.verdict.reason == Reason.DECLARATION_EXPIRED
    return over and not _is_unseen(pair.before)


def _is_not_checked(pair: Pair) -> bool:
    then = _then(pair)
    if pair.before is None or not pair.before.status.is_known or then is None:
        return False
    if pair.after is None or _is_unseen(pair.after) or _is_out_of_sight(pair):
        return True
    return _is_improved(then, pair.after) and not _may_mend(then.voice, _voice(pair.after))


def _is_back(pair: Pair) -> bool:
    then = _then(pair)
    if pair.after is None or not pair.after.status.is_open or (then is not None and then.status.is_open):
        return False
    said = [(_voice_of_mark(mark), mark.status) for mark in _heard(pair)]
    if pair.before is not None and pair.before.status.is_known:
        said.append((_voice(pair.before), pair.before.status))
    return any(
        status.is_open and any(later is Status.PASS and _may_mend(voice, by) for by, later in said[place:])
        for place, (voice, status) in enumerate(said)
    )


def _is_worse(pair: Pair) -> bool:
    then = _then(pair)
    return then is not None and pair.after is not None and _is_worsened(then, pair.after)


def _is_worsened(then: _Then, after: Finding) -> bool:
    if not after.status.is_open:
        return False
    if _GOODNESS[after.status] < _GOODNESS[then.status]:
        return True
    if not then.status.is_open or then.risk is None or then.open_keys is None:
        return False
    # From « nothing at all » to « there, with two faults » is no new fault of the kind that was listed.
    is_comparable = after.status is then.status or then.open_keys
    has_appeared = is_comparable and _open_keys(after, then.pair) - then.open_keys
    return after.risk > then.risk or bool(has_appeared) or _nearer(then.steps, _steps(after, then.pair))


def _open_keys(finding: Finding, pair: Pair) -> set[str]:
    return {pair.alike(item.key) for item in open_items(finding)}


def _steps(finding: Finding, pair: Pair) -> dict[str, int]:
    """The days that are left, as a step: of each open detail that counts down or is over, or else of the whole."""
    found: dict[str, int] = {}
    for item in open_items(finding):
        if (days := _left(item)) is not None:
            key = pair.alike(item.key)
            found[key] = min(days, found.get(key, days))
    # A detail that is over may have had no countdown of its own.
    if any(found.values()) or not finding.status.is_open:
        return found
    step = _step_of_end(finding, pair.zone)
    return found if step is None else found | {_WHOLE: step}


def _left(item: Item) -> int | None:
    """The step of a detail; None: it does not count down."""
    if _ENDED.search(item.reason):
        return _OVER
    counted = _COUNTDOWN.search(item.reason)
    return int(counted[1]) if counted else None


def _step_of_end(finding: Finding, zone: tzinfo) -> int | None:
    """None: it has no end."""
    if has_ended(finding):
        return _OVER
    if finding.verdict.before is None:
        return None
    today = finding.seen_at.astimezone(zone).date()
    # Neither today nor the last day is whole.
    near = step_of((finding.verdict.before - today).days - 1)
    return _FAR if near is None else near


def _nearer(older: Mapping[str, int], newer: Mapping[str, int]) -> bool:
    return any(newer[key] < step for key, step in older.items() if key in newer)


def _is_improved(then: _Then, after: Finding) -> bool:
    if not then.status.is_open or not after.status.is_known or _is_worsened(then, after):
        return False
    if after.status is not then.status:
        return True
    keys = _open_keys(after, then.pair)
    is_less = then.risk is not None and after.risk < then.risk
    is_further = _nearer(_steps(after, then.pair), then.steps)
    return is_less or is_further or bool(then.open_keys is not None and then.open_keys - keys)


def _is_new(pair: Pair) -> bool:
    arises = pair.before is None or pair.before.status is Status.NOT_APPLICABLE
    return arises and pair.after is not None and pair.after.status.is_open


def _is_first_known(pair: Pair) -> bool:
    return pair.after is not None and pair.after.status.is_known and _then(pair) is None


def _is_better(pair: Pair) -> bool:
    then = _then(pair)
    if then is None or pair.after is None or not pair.after.status.is_open:
        return False
    return _is_improved(then, pair.after)


def _is_solved(pair: Pair) -> bool:
    then = _then(pair)
    is_sound = pair.after is not None and pair.after.status is Status.PASS
    return is_sound and then is not None and then.status.is_open


_TABLE: tuple[tuple[Transition, Callable[[Pair], bool]], ...] = (
    (Transition.OUT_OF_SCOPE, _is_out_of_scope),
    (Transition.NEW_CHECK, _is_new_check),
    (Transition.EXPIRED, _is_expired),
    (Transition.NOT_CHECKED, _is_not_checked),
    (Transition.BACK, _is_back),
    (Transition.WORSE, _is_worse),
    (Transition.NEW, _is_new),
    (Transition.FIRST_KNOWN, _is_first_known),
    (Transition.BETTER, _is_better),
    (Transition.SOLVED, _is_solved),
)
