"""How long is waited, how fast is asked, how often a silence is put again: figures alone, no network."""

import random

import pytest

from cyberaudit.probes.ports.timing import (
    LEAST_SECONDS,
    MANY_CONTROLS,
    MOST_ASKS,
    MOST_SECONDS,
    Losses,
    Pacer,
    Patience,
    Throttle,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("round_trips", "seconds"),
    [
        ((), MOST_SECONDS),
        ((0.001,), LEAST_SECONDS),
        ((0.1,), 0.6),
        ((0.02, 0.1), 0.6),
        ((0.4,), MOST_SECONDS),
    ],
)
def test_patience_follows_the_longest_usual_round_trip(
    round_trips: tuple[float, ...], seconds: float
) -> None:
    patience = Patience()
    for one in round_trips:
        patience.learn(one)
    assert patience.seconds == pytest.approx(seconds)


def test_the_kernel_never_sends_its_packet_again_while_we_wait() -> None:
    assert Patience().seconds < 1


def test_a_slow_moment_is_forgotten_little_by_little() -> None:
    patience = Patience()
    for seconds in (0.1, *(0.01,) * 10):
        patience.learn(seconds)
    assert 0.3 < patience.seconds < 0.6
    for _ in range(100):
        patience.learn(0.01)
    assert patience.seconds == LEAST_SECONDS


def test_what_shares_a_line_shares_its_pace() -> None:
    line = Pacer()
    assert [round(line.reserve(10.0, 4.0), 2) for _ in range(3)] == [0.0, 0.25, 0.5]
    assert line.reserve(10.5, None) == 0.0
    assert line.reserve(20.0, 4.0, places=4) == 0.0
    assert line.reserve(20.0, 4.0) == 1.0


@pytest.mark.parametrize(
    ("asked", "lost", "answering", "controls", "asks"),
    [
        (1000, 0, 976, MANY_CONTROLS, 2),
        (10, 0, 4, 6, 3),
        (1000, 20, 980, 24, 4),
        (1000, 200, 800, 24, 9),
        (50, 10, 4, 12, 6),
        (1000, 360, 640, 24, 14),
    ],
)
def test_the_more_is_lost_the_more_often_silence_is_put_again(
    asked: int, lost: int, answering: int, controls: int, asks: int
) -> None:
    losses = Losses(asked, lost)
    assert losses.asks_needed(answering, controls=controls) == asks
    if lost:
        assert losses.share**asks * answering < 0.001 <= losses.share ** (asks - 1) * answering


def test_where_everything_is_lost_no_number_of_questions_is_enough() -> None:
    losses = Losses()
    losses.count(9, lost=9)
    assert losses.share < 1
    assert losses.asks_needed(1000, controls=9) > MOST_ASKS


@pytest.mark.parametrize(
    ("asked", "lost", "share"),
    [(0, 0, 0.36), (3, 0, 0.36), (10, 0, 0.213), (50, 0, 0.051), (100, 2, 0.059), (10, 9, 0.851)],
)
def test_few_answers_do_not_prove_a_good_line(asked: int, lost: int, share: float) -> None:
    assert Losses(asked, lost).cautious_share(unknown=0.36) == pytest.approx(share, abs=0.001)


@pytest.mark.parametrize("services", [1, 2, 4, 10, 30])
@pytest.mark.parametrize("loss", [0.04, 0.36])
def test_services_that_answer_are_seldom_taken_for_silent_ones(services: int, loss: float) -> None:
    chance = random.Random(1850)
    missed, towns = 0, 1000
    for _ in range(towns):
        prompt = sum(chance.random() >= loss for _ in range(services))
        waiting, asks = services - prompt, 1
        share = 1.0
        while asks < 2 or share**asks >= 0.01:
            waiting = sum(chance.random() < loss for _ in range(waiting))
            heard = services - waiting
            share = Losses(heard, heard - prompt).cautious_share(unknown=0.36)
            asks += 1
        missed += waiting
    assert missed / (towns * services) < 0.01


def through(limit: float, *, seconds: float, refusing: float = 1.0) -> Throttle:
    """The search, in an address that gives `limit` refusals a second and refuses that share of its ports."""
    throttle = Throttle(begun=0.0)
    now, number, tokens = 0.0, 0, 5.0
    while now < seconds:
        step = 1 / throttle.rate
        now, number, tokens = now + step, number + 1, min(5.0, tokens + step * limit)
        is_control = number % 10 == 0
        answers = (is_control or number % 100 < 100 * refusing) and tokens >= 1
        tokens -= answers
        throttle.answers += answers
        if is_control:
            throttle.controls.append(answers)
        if throttle.is_over(now):
            throttle.judge(now)
    return throttle


@pytest.mark.parametrize("limit", [5.0, 50.0, 100.0])
def test_the_limit_on_refusals_is_found_and_little_is_asked_beyond(limit: float) -> None:
    throttle = through(limit, seconds=30)
    assert throttle.limit == pytest.approx(limit, rel=0.15)
    assert limit <= throttle.rate < 2 * limit


def test_where_nothing_limits_the_rate_grows() -> None:
    throttle = through(100_000, seconds=10)
    assert throttle.limit is None
    assert throttle.seconds_for(1000) == 0
    assert throttle.rate == 2000


def test_ports_that_stay_silent_by_themselves_do_not_slow_the_rest() -> None:
    assert through(50.0, seconds=30, refusing=0.0).rate > 200


def test_a_port_silent_beside_answered_controls_is_hardly_one_that_answers() -> None:
    throttle = Throttle(begun=0.0)
    throttle.controls = [True] * 6
    assert throttle.judge(1.0) == pytest.approx(0.5 / 7)
    throttle.controls = [True, False, False, True]
    assert throttle.judge(2.0) == pytest.approx(2.5 / 11)
    throttle.controls = [True] * 4
    assert throttle.judge(3.0) == pytest.approx(2.5 / 9)


def test_a_period_without_controls_is_not_judged() -> None:
    throttle = Throttle(begun=0.0)
    assert not throttle.is_over(60.0)
    throttle.controls = [False]
    assert not throttle.is_over(1.0)
    assert throttle.is_over(4.0)
    throttle.judge(4.0)
    assert throttle.limit == 0


def test_how_long_the_limit_costs_is_told_only_when_it_was_met_three_times() -> None:
    throttle = Throttle(begun=0.0)
    for period in range(1, 4):
        assert throttle.seconds_for(100) == 0
        throttle.answers, throttle.controls = 20, [True, False, False, True]
        throttle.judge(float(period))
    assert throttle.seconds_for(100) == pytest.approx(5)


def test_periods_in_which_little_was_due_do_not_lower_the_limit() -> None:
    assert Throttle(begun=0.0, met=[61.0, 49.0, 50.0, 51.0, 11.0, 9.0]).limit == pytest.approx(50)
