"""Our frozen values behave as the standard library's frozen dataclasses with slots do."""

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.frozen import frozen

pytestmark = pytest.mark.unit

Decorator = Callable[[type], type]
standard = dataclass(frozen=True, slots=True)


@frozen
class Place:
    """Where somebody lives."""

    street: str
    number: int = 1
    notes: list[str] = field(default_factory=list, compare=False)
    secret: str = field(default="", repr=False)
    whole: str = field(init=False, repr=False, compare=False)
    kinds: ClassVar[int] = 3

    def __post_init__(self) -> None:
        object.__setattr__(self, "whole", f"{self.number} {self.street}")


@frozen
class Named(Place):
    name: str = "mairie"


@frozen
class Nothing:
    pass


@frozen
class OwnWords:
    value: int

    def __repr__(self) -> str:
        return "own"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OwnWords)

    def __hash__(self) -> int:
        return 7


@frozen
class OwnEquality:  # noqa: PLW1641 — that is what is tested
    value: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OwnEquality)


class Child(Place):
    """Not decorated, with its own way of being made."""

    def __init__(self) -> None:
        super().__init__("rue de l'École", 4)


def twin(decorator: Decorator) -> type:
    """The same class, made by either decorator."""

    class Twin:
        first: int
        second: str = "deux"
        third: tuple[int, ...] = field(default=(), compare=False)
        fourth: list[int] = field(default_factory=list, compare=False, kw_only=True)

    return decorator(Twin)


def test_a_value_holds_what_it_was_given_and_its_defaults() -> None:
    place = Place("rue Haute", notes=["a"])
    assert (place.street, place.number, place.notes, place.whole) == ("rue Haute", 1, ["a"], "1 rue Haute")
    assert Place("rue Haute").notes is not Place("rue Haute").notes
    assert Named("rue Haute", 2).name == "mairie"
    assert Named("rue Haute", 2).whole == "2 rue Haute"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((), {}), (("a", 1, [], "", "x"), {}), (("a",), {"street": "b"}), (("a",), {"unknown": 1})],
)
def test_what_does_not_fit_is_refused(arguments: tuple[Any, ...], words: dict[str, Any]) -> None:
    for _ in range(2):  # before and after the real method took its place
        with pytest.raises(TypeError):
            Place(*arguments, **words)


def test_nothing_of_a_value_can_be_written_or_deleted() -> None:
    place = Place("rue Haute")
    with pytest.raises(FrozenInstanceError, match="'street'"):
        place.street = "rue Basse"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError, match="'other'"):
        place.other = 1  # type: ignore[attr-defined]
    with pytest.raises(FrozenInstanceError, match="'street'"):
        del place.street
    assert not hasattr(place, "__dict__")


def test_values_are_equal_by_the_fields_that_count() -> None:
    assert Place("a", 2, ["x"]) == Place("a", 2, ["y"])
    assert hash(Place("a", 2, ["x"])) == hash(Place("a", 2, ["y"]))
    assert Place("a", secret="b") != Place("a")
    assert Place("a") != Named("a")
    assert Place("a") != object()
    assert Nothing() == Nothing()
    assert len({Place("a"), Place("a"), Place("b")}) == 2


def test_what_a_class_says_itself_stays() -> None:
    assert repr(OwnWords(1)) == "own"
    assert OwnWords(1) == OwnWords(2)
    assert hash(OwnWords(1)) == 7
    assert OwnEquality(1) == OwnEquality(2)
    assert hash(OwnEquality(1)) == hash(OwnEquality(1))


def test_a_value_shows_its_fields_without_those_that_hide() -> None:
    assert repr(Place("a", 2, ["x"], "mot de passe")) == "Place(street='a', number=2, notes=['x'])"


def test_a_value_that_holds_itself_can_be_shown() -> None:
    notes: list[Any] = []
    place = Place("a", notes=notes)
    notes.append(place)
    assert repr(place) == "Place(street='a', number=1, notes=[...])"


@pytest.mark.parametrize("made", [Place("a", 2, ["x"], "s"), Named("b", 3), Nothing()])
@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_a_copy_is_equal(made: Any, again: Callable[[Any], Any]) -> None:
    twice = again(made)
    assert twice == made
    assert [getattr(twice, each.name) for each in fields(made)] == [
        getattr(made, each.name) for each in fields(made)
    ]


def test_the_tools_of_the_standard_library_take_it_for_theirs() -> None:
    place = Place("a", 2, ["x"])
    assert [each.name for each in fields(Place)] == ["street", "number", "notes", "secret", "whole"]
    assert replace(place, number=3).whole == "3 a"
    assert dataclasses.asdict(place)["notes"] == ["x"]
    match place:
        case Place(street, number):
            assert (street, number) == ("a", 2)
        case _:
            pytest.fail("no match")


def test_the_signature_is_known_before_the_first_value() -> None:
    ours, theirs = twin(frozen), twin(standard)
    assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters)
    kinds = [word.kind for word in inspect.signature(theirs).parameters.values()]
    assert [word.kind for word in inspect.signature(ours).parameters.values()] == kinds


def test_a_class_that_is_made_in_its_own_way_keeps_it() -> None:
    assert list(inspect.signature(Child).parameters) == []
    assert Child().whole == "4 rue de l'École"


def test_a_class_has_a_text_even_without_one() -> None:
    assert Nothing.__doc__ == "Nothing"
    assert Place.__doc__ == "Where somebody lives."


@given(
    one=st.tuples(st.integers(0, 2), st.sampled_from(["deux", "trois"]), st.tuples(st.integers(0, 1))),
    other=st.tuples(st.integers(0, 2), st.sampled_from(["deux", "trois"]), st.tuples(st.integers(0, 1))),
)
def test_it_says_what_the_standard_one_says(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    said = []
    for decorator in (frozen, standard):
        made = twin(decorator)
        left, right = made(*one), made(*other)
        said.append((left == right, hash(left) == hash(right), repr(left), repr(right)))
    assert said[0] == said[1]
