"""Facts as stored: what went in comes out; what is older, newer or damaged is told apart."""

import json
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.base import Facts, kinds, samples
from cyberaudit.facts.codec import NotDecodable, decode, decode_facts, encode, encode_facts
from cyberaudit.facts.mail_samples import GOOD_DNS
from cyberaudit.model import Reason, Unreachable

pytestmark = pytest.mark.unit

GOLDEN = Path(__file__).parents[1] / "golden" / "facts"


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.KIND)
def test_every_known_state_survives_the_round_trip(sample: Facts) -> None:
    stored = json.loads(json.dumps(encode_facts(sample)))
    assert decode_facts(stored) == sample


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_facts_stored_by_each_released_version_still_decode(path: Path) -> None:
    stored = json.loads(path.read_text(encoding="utf-8"))
    facts = decode_facts(stored)
    assert isinstance(facts, kinds()[stored["kind"]])
    assert path.stem == f"{stored['kind']}-{stored['version']}"


def test_every_version_of_every_kind_has_a_golden_file() -> None:
    expected = {f"{kind}-{version}" for kind, cls in kinds().items() for version in range(1, cls.VERSION + 1)}
    assert expected == {path.stem for path in GOLDEN.glob("*.json")}


def test_what_we_write_today_is_the_golden_file_of_today() -> None:
    for kind, cls in kinds().items():
        first = next(sample for sample in samples() if isinstance(sample, cls))
        text = (GOLDEN / f"{kind}-{cls.VERSION}.json").read_text(encoding="utf-8")
        assert json.loads(text) == encode_facts(first)


def test_no_fact_field_has_a_default() -> None:
    import dataclasses

    for cls in kinds().values():
        for field in fields(cls):
            assert field.default is dataclasses.MISSING, f"{cls.KIND}.{field.name}"
            assert field.default_factory is dataclasses.MISSING, f"{cls.KIND}.{field.name}"


def test_a_field_added_later_decodes_as_not_collected() -> None:
    stored: Any = encode_facts(GOOD_DNS)
    del stored["data"]["dmarc"]
    assert decode_facts(stored) == replace(GOOD_DNS, dmarc=Unreachable(Reason.NOT_COLLECTED))


def test_a_missing_field_that_cannot_be_unreachable_is_an_error_never_a_guess() -> None:
    stored: Any = encode_facts(GOOD_DNS)
    del stored["data"]["domain"]
    with pytest.raises(NotDecodable, match="domain"):
        decode_facts(stored)


@pytest.mark.parametrize("change", [{"kind": "quantum-mail"}, {"version": 99}])
def test_a_newer_kind_or_version_is_unreachable(change: dict[str, Any]) -> None:
    stored: Any = {**encode_facts(GOOD_DNS), **change}  # type: ignore[dict-item]  # an envelope is a dict
    facts = decode_facts(stored)
    assert isinstance(facts, Unreachable)
    assert facts.reason is Reason.TOO_NEW


def test_the_absence_of_facts_is_stored_with_its_reason() -> None:
    lost = Unreachable(Reason.TIMEOUT, "5 s")
    assert decode_facts(encode_facts(lost)) == lost


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Inner:
    name: str


@dataclass(frozen=True)
class Other:
    name: str


@dataclass(frozen=True)
class Box:
    raw: bytes
    when: datetime
    day: date
    colour: Colour
    names: frozenset[str]
    pair: tuple[int, str]
    inner: Inner | Other | None
    maybe: tuple[Inner, ...] | Unreachable
    count: int = 3


BOX = Box(
    raw=b"\xff\x00",
    when=datetime(2026, 11, 21, tzinfo=UTC),
    day=date(2026, 11, 21),
    colour=Colour.RED,
    names=frozenset({"b", "a"}),
    pair=(1, "x"),
    inner=Other("o"),
    maybe=(Inner("i"),),
)


def test_every_type_of_the_codec_survives() -> None:
    stored: Any = json.loads(json.dumps(encode(BOX, Box)))
    assert stored["names"] == ["a", "b"]
    assert stored["when"] == "2026-11-21T00:00:00Z"
    assert decode(stored, Box) == BOX


def test_a_field_with_a_default_may_be_missing() -> None:
    stored: Any = encode(BOX, Box)
    del stored["count"]
    assert decode(stored, Box) == BOX


@pytest.mark.parametrize(
    ("field", "damaged"),
    [
        ("raw", "not base64 é"), ("raw", 3), ("when", "hier"), ("day", "2026-02-30"), ("colour", "blue"),
        ("names", "a"), ("pair", [1]), ("pair", [True, "x"]), ("inner", {"@": "Strange", "name": "x"}),
        ("inner", 4), ("maybe", "text"), ("count", "3"), ("count", True), ("count", 3.0), ("count", None),
        ("inner", {"@": "str", "name": "x"}), ("inner", {"@": ["Inner"], "name": "x"}), ("inner", {"name": "x"}),
        ("colour", 1), ("colour", None), ("colour", ["red"]), ("names", {"a": 1}), ("names", [1]),
        ("pair", [1, "x", 2]),
    ],
)  # fmt: skip
def test_damage_is_refused(field: str, damaged: Any) -> None:
    stored: Any = {**encode(BOX, Box), field: damaged}  # type: ignore[dict-item]  # a box is a dict
    with pytest.raises(NotDecodable):
        decode(stored, Box)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1], {"a": 1}])
def test_what_has_no_form_is_not_stored(value: object) -> None:
    with pytest.raises(TypeError):
        encode(value, type(value))


KEYS = st.sampled_from(["kind", "version", "data", "@"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(KEYS, part, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(JSON)
def test_no_json_makes_anything_but_not_decodable_escape(stored: Any) -> None:
    try:
        facts = decode_facts(stored)
    except NotDecodable:
        return
    assert isinstance(facts, Facts | Unreachable)
