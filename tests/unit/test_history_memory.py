"""The short memory of older audits: nobody can tell it from the audits themselves."""

import os
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberaudit.history.document import pack
from cyberaudit.history.memories import pack_memory, unpack_memory
from cyberaudit.history.memory import (
    MAX_AGE_DAYS,
    NO_MEMORY,
    WORD,
    Memory,
    essential,
    is_answer,
    is_heard,
    remember,
    voice,
)
from cyberaudit.history.runs import open_since, unknown_since
from cyberaudit.history.trace import Ground, Mark, Trace, ground_of
from cyberaudit.history.transitions import Pair, last_settled, transition_of
from cyberaudit.model import Finding, Reason, SeenFrom, Status
from tests.unit.report_samples import BUSY

pytestmark = pytest.mark.unit

LONG = int(os.environ.get("CYBERAUDIT_LONG", "1"))
START = datetime(2020, 1, 1, tzinfo=UTC)
MAX_AGE = timedelta(days=MAX_AGE_DAYS)
QUESTION = BUSY[0]
VANTAGES = ("outside", "lan", "guest")


def mark(status: Status, reason: str, vantage: str, ground: Ground, at: datetime) -> Mark:
    return Mark(QUESTION.identity, status, reason, vantage, ground, at)


# Random bytes rather than draws by the thousand: as many histories in a tenth of the time.
@st.composite
def histories(draw: st.DrawFn) -> tuple[Trace, ...]:
    """Audits of one question, oldest first, at most some weeks apart."""
    chance = random.Random(draw(st.integers(0, 1 << 32)))
    statuses = chance.choices(tuple(Status), k=3)
    voices = chance.choices(
        [(each, ground) for each in VANTAGES for ground in Ground], k=chance.randint(1, 4)
    )
    traces, now = [], START
    for rank in range(chance.randint(1, 16)):
        now += timedelta(days=chance.choice((0, 7, 40, 60)), hours=rank)
        vantage, ground = chance.choice(voices)
        reason = chance.choice(("", "", "", Reason.NOT_LOOKED, Reason.TIMEOUT))
        seen = now - timedelta(days=chance.choice((0, 0, 0, 44, 50)))
        said = mark(chance.choice(statuses), reason, vantage, ground, seen)
        traces.append(Trace(f"{rank:04}", now, now, chance.random() < 0.1, (said,)))
    return tuple(traces)


questions = st.builds(
    lambda seen_from, vantage, theme: replace(
        QUESTION, seen_from=seen_from, vantage=vantage, check=f"{theme}.x"
    ),
    st.sampled_from(SeenFrom),
    st.sampled_from(VANTAGES),
    st.sampled_from(("mail", "practice")),
)


def complete(traces: Iterable[Trace]) -> list[Trace]:
    return [trace for trace in traces if not trace.partial]


def said_of(finding: Finding, traces: Iterable[Trace]) -> list[tuple[datetime, Mark]]:
    return [
        (trace.started_at, each)
        for trace in traces
        for each in trace.marks
        if each.identity == finding.identity
    ]


def naive_open_since(finding: Finding, traces: Sequence[Trace]) -> datetime | None:
    """The definition: all of what was said, read each time from the beginning."""
    decisive = [
        (begun, each)
        for begun, each in said_of(finding, traces)
        if each.is_settled and is_heard(each, finding.seen_from)
    ]
    own = WORD if ground_of(finding) is Ground.WORD else finding.vantage
    starts = [start for start in (naive_run_of_all(decisive), naive_run_of(own, decisive)) if start]
    return min(starts, default=None)


def naive_run_of_all(said: Sequence[tuple[datetime, Mark]]) -> datetime | None:
    voices: dict[str, Mark] = {}
    since: datetime | None = None
    for begun, each in said:
        voices.pop(WORD, None)
        voices[voice(each)] = each
        if not any(one.status.is_open and one.seen_at >= begun - MAX_AGE for one in voices.values()):
            since = None
        elif since is None:
            since = begun
    return since


def naive_run_of(own: str, said: Sequence[tuple[datetime, Mark]]) -> datetime | None:
    since: datetime | None = None
    for begun, each in said:
        if voice(each) == own:
            since = (since or begun) if each.status.is_open else None
    return since


def naive_unknown_since(finding: Finding, traces: Sequence[Trace]) -> tuple[datetime, int] | None:
    found: tuple[datetime, int] | None = None
    for begun, each in said_of(finding, traces):
        if each.is_settled and is_heard(each, finding.seen_from):
            found = None
        elif each.status is Status.UNKNOWN and each.looked and is_heard(each, finding.seen_from):
            first, times = found or (begun, 0)
            found = (first, times + 1)
    return found


def cut(traces: Sequence[Trace], at: int) -> tuple[Memory, list[Trace]]:
    """The first as a memory that was stored and read again, in two steps; the rest as they are."""
    middle, end = at // 2, min(at, len(traces))
    memory = remember(remember(NO_MEMORY, traces[:middle]), traces[middle:end])
    stored = unpack_memory(pack_memory(memory))
    assert stored is not None
    return stored, complete(traces[end:])


@settings(deadline=None, max_examples=300 * LONG)
@given(histories(), questions, st.integers(0, 16))
def test_a_failure_has_the_same_first_day_from_the_memory_and_from_all_audits(
    traces: tuple[Trace, ...], question: Finding, at: int
) -> None:
    memory, rest = cut(traces, at)
    expected = naive_open_since(question, complete(traces))
    whole = open_since([question], complete(traces), max_age=MAX_AGE)
    assert whole.get(question.identity) == expected
    assert open_since([question], rest, max_age=MAX_AGE, memory=memory) == whole


@settings(deadline=None, max_examples=300 * LONG)
@given(histories(), questions, st.integers(0, 16))
def test_what_is_unknown_is_unknown_for_as_long_from_the_memory_as_from_all_audits(
    traces: tuple[Trace, ...], question: Finding, at: int
) -> None:
    memory, rest = cut(traces, at)
    expected = naive_unknown_since(question, complete(traces))
    assert unknown_since([question], complete(traces)).get(question.identity) == expected
    assert unknown_since([question], rest, memory=memory).get(question.identity) == expected


def with_status(finding: Finding, status: Status) -> Finding:
    return replace(finding, verdict=replace(finding.verdict, status=status, items=()))


@settings(deadline=None, max_examples=400 * LONG)
@given(
    histories(),
    questions,
    st.sampled_from(Status),
    st.sampled_from(Status),
    st.sampled_from(VANTAGES),
    st.integers(0, 16),
)
def test_a_change_is_told_the_same_from_the_memory_and_from_all_audits(
    traces: tuple[Trace, ...], question: Finding, then: Status, today: Status, seen: str, at: int
) -> None:
    memory, rest = cut(traces, at)
    everything = tuple(each for _, each in said_of(question, complete(traces)))
    kept = memory.get(question.identity)
    short = (*(kept.answers if kept else ()), *(each for _, each in said_of(question, rest)))

    def pair(earlier: tuple[Mark, ...]) -> Pair:
        before = with_status(question, then)
        after = with_status(replace(question, vantage=seen), today)
        return Pair(
            before, after, stood=True, stands=True, was_asked=True, waiver_ended=False, earlier=earlier
        )

    assert transition_of(pair(short)) is transition_of(pair(everything))
    assert last_settled(pair(short)) == last_settled(pair(everything))


@settings(deadline=None, max_examples=40 * LONG)
@given(histories())
def test_a_memory_stays_short_however_long_the_history(traces: tuple[Trace, ...]) -> None:
    memory = remember(NO_MEMORY, traces)
    for each in memory.values():
        voices = {voice(answer) for answer in each.answers}
        assert len(each.answers) <= 6 * len(voices)
        assert essential(list(each.answers)) == each.answers
        assert all(is_answer(answer) for answer in each.answers)


def test_a_memory_of_another_form_or_damaged_is_none() -> None:
    assert unpack_memory(pack_memory(NO_MEMORY)) == NO_MEMORY
    for content in (b"", b"\x00", pack([0, {}]), pack([1, []]), pack([1, {"a": [1]}]), pack("a"), "text"):
        assert unpack_memory(content) is None


def test_each_question_is_remembered_by_itself() -> None:
    other = Mark("other", Status.FAIL, "", "lan", Ground.MEASURED, START)
    own = Mark(QUESTION.identity, Status.PASS, "", "lan", Ground.MEASURED, START)
    memory = remember(NO_MEMORY, [Trace("1", START, START, partial=False, marks=(own, other))])
    found: defaultdict[str, list[Status]] = defaultdict(list)
    for identity, each in memory.items():
        found[identity] += [answer.status for answer in each.answers]
    assert found == {QUESTION.identity: [Status.PASS], "other": [Status.FAIL]}
