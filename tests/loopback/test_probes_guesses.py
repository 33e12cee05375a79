"""Names that nobody announced: a signed proof about one saves the questions about its neighbours, and only those."""

import asyncio
from pathlib import Path

import pytest

from cyberaudit.facts.security import Security
from cyberaudit.model import Unreachable
from cyberaudit.probes.resolver import Answer
from tests.loopback.test_probes_dnssec import Resolving, behind
from tests.unit.signed_zones import Nsec3, World, usual

pytestmark = pytest.mark.loopback

GUESSES = tuple(f"s{number}.rien.mairie.test" for number in range(20))
ABSENT = (True, (), False)


def told(answer: Answer | Unreachable) -> tuple[bool, tuple[object, ...], bool]:
    assert isinstance(answer, Answer)
    return answer.security is Security.SECURE, answer.records, answer.exists


def guessed(
    world: World, tmp_path: Path, names: tuple[str, ...], *, strips: bool = False
) -> tuple[tuple[Answer | Unreachable, ...], int]:
    """The answers, and how many of these names were asked."""
    resolver = Resolving(world, strips=strips)
    with behind(resolver, tmp_path) as instruments:
        answers = asyncio.run(instruments.resolver.guesses(names, "A"))
    return answers, sum(resolver.asked[f"{name}.", "A"] for name in set(names))


def test_one_proof_answers_for_all_that_it_covers(tmp_path: Path) -> None:
    answers, asked = guessed(usual(), tmp_path, GUESSES)
    assert {told(answer) for answer in answers} == {ABSENT}
    assert [answer.name for answer in answers if isinstance(answer, Answer)] == list(GUESSES)
    assert asked == 1


@pytest.mark.parametrize(
    "world", [usual(nsec3=Nsec3()), usual(nsec3=Nsec3(5, "aabbccdd"))], ids=["nsec3", "nsec3-salted"]
)
def test_hashed_proofs_save_nothing(world: World, tmp_path: Path) -> None:
    answers, asked = guessed(world, tmp_path, GUESSES)
    assert {told(answer)[1:] for answer in answers} == {ABSENT[1:]}
    assert asked == len(GUESSES)


def test_without_signatures_everything_is_asked(tmp_path: Path) -> None:
    answers, asked = guessed(usual(), tmp_path, GUESSES, strips=True)
    assert not any(told(answer)[0] for answer in answers)
    assert asked == len(GUESSES)


def test_a_name_that_exists_is_found_among_those_that_do_not(tmp_path: Path) -> None:
    names = ("a.rien.mairie.test", "www.mairie.test", "z.rien.mairie.test", "q.libre.mairie.test")
    answers, _ = guessed(usual(), tmp_path, names)
    assert [told(answer)[2] for answer in answers] == [False, True, False, True]
    assert all(told(answer)[0] for answer in answers)


def test_nothing_below_a_delegation_is_denied_by_its_parent(tmp_path: Path) -> None:
    """RFC 6840 §4.1: the proof stands on both sides of the delegation, and must not reach over it."""
    names = ("sansclee.test", "www.sansclef.test", "sansclefs.test", "mx.sansclef.test")
    answers, asked = guessed(usual(), tmp_path, names)
    found = {name: told(answer) for name, answer in zip(names, answers, strict=True)}
    assert not found["www.sansclef.test"][0]
    assert not found["mx.sansclef.test"][0]
    assert asked >= 2
