"""What a town's older audits said, kept as short as it can be: enough to date a failure as if all were read."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from cyberaudit.facts.codec import Json
from cyberaudit.frozen import frozen
from cyberaudit.history.trace import Ground, Mark, Trace, may_answer
from cyberaudit.model import SeenFrom, Status

# Our own choice: a monthly scan that comes two weeks late still counts.
MAX_AGE_DAYS = 45
_MAX_AGE = timedelta(days=MAX_AGE_DAYS)
WORD = ""
"""The voice of what is declared, beside those of the vantages."""
Age = tuple[datetime, datetime, str]
"""When an audit began and ended, and its UUID: the order of audits."""


def age(trace: Trace) -> Age:
    return trace.started_at, trace.finished_at, trace.uuid


def voice(mark: Mark) -> str:
    """Who says it: a vantage, or somebody's word."""
    return WORD if mark.ground is Ground.WORD else mark.vantage


@dataclass(slots=True)
class Voice:
    """The last answer of one voice."""

    is_open: bool
    seen_at: datetime
    since: datetime | None
    """When the audit began that opened its run of failures; None when it ended with another answer."""


@dataclass(slots=True)
class Course:
    """One question, as those told it who may answer from one side. It takes one mark after the other."""

    voices: dict[str, Voice] = field(default_factory=dict)
    last: str | None = None
    """The voice of the last answer."""
    since: datetime | None = None
    """When the audit began that opened the run of failures of all voices together."""
    asked_since: datetime | None = None
    """When the audit began that first asked in vain after the last answer."""
    asked: int = 0
    """How many asked in vain since."""

    def copy(self) -> "Course":
        voices = {name: Voice(v.is_open, v.seen_at, v.since) for name, v in self.voices.items()}
        return Course(voices, self.last, self.since, self.asked_since, self.asked)

    def hear(self, begun: datetime, mark: Mark, *, max_age: timedelta) -> None:
        """What an audit that began then said, by a voice that is heard here.

        Silence, and a look that was cut short, decide nothing; a look to the end that does not know has asked.
        """
        if mark.is_settled:
            self._decide(begun, mark, max_age)
        elif mark.status is Status.UNKNOWN and mark.looked:
            self.asked_since = self.asked_since or begun
            self.asked += 1

    def _decide(self, begun: datetime, mark: Mark, max_age: timedelta) -> None:
        self.asked_since, self.asked = None, 0
        self.last = voice(mark)
        before = self.voices.get(self.last)
        own = ((before.since if before else None) or begun) if mark.status.is_open else None
        self.voices[self.last] = Voice(mark.status.is_open, mark.seen_at, own)
        if not self._is_open(since=begun - max_age):
            self.since = None
        elif self.since is None:
            self.since = begun

    def _is_open(self, *, since: datetime) -> bool:
        """Whether one of the voices in force saw the fault since then."""
        if (
            self.last is not None
            and self.voices[self.last].is_open
            and self.voices[self.last].seen_at >= since
        ):
            return True
        return any(each.is_open and each.seen_at >= since for each in self._in_force())

    def _in_force(self) -> Iterator[Voice]:
        """A declaration holds until the next audit that knows better."""
        return (each for name, each in self.voices.items() if name != WORD or self.last == WORD)


def side(seen_from: SeenFrom) -> SeenFrom:
    """The three sides a question may be answered from; what is local is like any."""
    return SeenFrom.ANY if seen_from is SeenFrom.LOCAL else seen_from


def is_heard(mark: Mark, seen_from: SeenFrom) -> bool:
    """Whether what it says of a question of that side counts; a check that was set aside says nothing."""
    if mark.ground is Ground.OFF:
        return False
    return mark.ground is Ground.WORD or (mark.looked and may_answer(seen_from, mark.vantage))


SIDES = (SeenFrom.ANY, SeenFrom.OUTSIDE, SeenFrom.INSIDE)


@frozen
class Remembered:
    """One question about one thing."""

    courses: Mapping[SeenFrom, Course]
    """By side; not to be changed: copy first."""
    answers: tuple[Mark, ...]
    """Settled answers, oldest first: of each voice the last one, and those that show what was solved once."""


Memory = Mapping[str, Remembered]
"""By identity."""
NO_MEMORY: Memory = {}


def remember(memory: Memory, traces: Iterable[Trace]) -> Memory:
    """`memory` with what these later audits said, oldest first; partial ones say nothing."""
    said: defaultdict[str, list[tuple[datetime, Mark]]] = defaultdict(list)
    for trace in traces:
        if not trace.partial:
            for mark in trace.marks:
                said[mark.identity].append((trace.started_at, mark))
    return {**memory, **{identity: _longer(memory.get(identity), new) for identity, new in said.items()}}


def _longer(before: Remembered | None, said: list[tuple[datetime, Mark]]) -> Remembered:
    courses = {each: course(before, each) for each in SIDES}
    heard: dict[tuple[str, bool], list[Course]] = {}
    said = _shortened(said)
    for begun, mark in said:
        if mark.ground is Ground.OFF:
            continue
        # One voice is heard on the same sides each time: asked once.
        who = voice(mark), mark.looked
        if who not in heard:
            heard[who] = [found for each, found in courses.items() if is_heard(mark, each)]
        for found in heard[who]:
            found.hear(begun, mark, max_age=_MAX_AGE)
    answers = [*(before.answers if before else ()), *(mark for _, mark in said if is_answer(mark))]
    return Remembered(courses, essential(answers))


def _shortened(said: list[tuple[datetime, Mark]]) -> list[tuple[datetime, Mark]]:
    """Without what stands between the same answer before and after: only the first and the last of a row count."""
    kept = [
        each
        for before, each, (_, after) in zip(said, said[1:], said[2:], strict=False)
        if not _is_between(before[1], each, after)
    ]
    return [*said[:1], *kept, *said[1:][-1:]]


def _is_between(before: Mark, each: tuple[datetime, Mark], after: Mark) -> bool:
    begun, mark = each
    return (
        before.status is mark.status is after.status
        and before.ground is mark.ground is after.ground
        and before.vantage == mark.vantage == after.vantage
        and before.reason == mark.reason == after.reason
        and mark.is_settled
        and begun - before.seen_at < _MAX_AGE
        and begun - mark.seen_at < _MAX_AGE
    )


def course(remembered: Remembered | None, seen_from: SeenFrom) -> Course:
    """Where that question stood; a new one may be made of it."""
    return remembered.courses[side(seen_from)].copy() if remembered is not None else Course()


def is_answer(mark: Mark) -> bool:
    """Whether a later answer is held against it."""
    return mark.is_settled and mark.ground is not Ground.OFF


def essential(answers: list[Mark]) -> tuple[Mark, ...]:
    """Of the answers to one question, oldest first, those that the transitions of `diff` can tell from none.

    Of each voice the last one and the first fault; of each, the first fault that it, or a better voice than a
    mere word, saw mended.
    """
    kept: dict[object, int] = {}
    opened: dict[str, int] = {}
    for place, mark in enumerate(answers):
        speaker = voice(mark)
        kept["last", speaker] = place
        if mark.status.is_open:
            opened.setdefault(speaker, place)
        elif mark.status is Status.PASS:
            for fault in {speaker, WORD} & opened.keys():
                kept.setdefault(("fault", fault, speaker), opened[fault])
                kept.setdefault(("mended", fault, speaker), place)
    return tuple(answers[place] for place in sorted({*kept.values(), *opened.values()}))


@frozen
class Chronicle:
    """A town's history in brief: what the older audits said as one memory, then audit by audit."""

    memory: Memory
    traces: tuple[Trace, ...]
    """Those that the memory does not hold, oldest first."""

    def __iter__(self) -> Iterator[Trace]:
        return iter(self.traces)

    def __len__(self) -> int:
        return len(self.traces)


def memory_of(traces: Iterable[Trace]) -> Memory:
    """What stands before these; nothing when all of the history is there."""
    return traces.memory if isinstance(traces, Chronicle) else NO_MEMORY


def memory_to_json(memory: Memory) -> Json:
    """Moments as texts, everything else as lists; read by `memory_from_json`."""
    return {
        identity: [
            [[side, *_course_to_json(found)] for side, found in each.courses.items()],
            [[m.status, m.reason, m.vantage, m.ground, m.seen_at.isoformat()] for m in each.answers],
        ]
        for identity, each in memory.items()
    }


def _course_to_json(found: Course) -> list[Json]:
    voices: list[Json] = [
        [name, each.is_open, each.seen_at.isoformat(), _text(each.since)]
        for name, each in found.voices.items()
    ]
    return [voices, found.last, _text(found.since), _text(found.asked_since), found.asked]


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def memory_from_json(content: Json) -> Memory:
    """Raises:
    ValueError, TypeError, AttributeError: not what `memory_to_json` wrote.
    """
    found: dict[str, Remembered] = {}
    for identity, both in cast("dict[str, list[list[list[Json]]]]", content).items():
        courses, answers = both
        found[identity] = Remembered(
            {SeenFrom(cast("str", each[0])): _course_from_json(*each[1:]) for each in courses},
            tuple(_mark(identity, cast("list[str]", each)) for each in answers),
        )
    return found


def _course_from_json(voices: Json, last: Json, since: Json, asked_since: Json, asked: Json) -> Course:
    heard = {
        cast("str", name): Voice(bool(is_open), _known_moment(seen), _moment(run))
        for name, is_open, seen, run in cast("list[list[Json]]", voices)
    }
    return Course(
        heard,
        cast("str | None", last),
        _moment(since),
        _moment(asked_since),
        int(cast("int", asked)),
    )


def _moment(text: Json) -> datetime | None:
    return _known_moment(text) if text is not None else None


def _known_moment(text: Json) -> datetime:
    return datetime.fromisoformat(cast("str", text))


def _mark(identity: str, texts: list[str]) -> Mark:
    status, reason, vantage, ground, seen_at = texts
    return Mark(identity, Status(status), reason, vantage, Ground(ground), datetime.fromisoformat(seen_at))
