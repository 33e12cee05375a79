"""The YAML of a profile: what is typed, what is refused, and where."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberaudit.errors import ProfileError
from cyberaudit.town.load import parse_profile
from cyberaudit.town.source import Mark, Tree
from cyberaudit.town.yaml_source import MAX_BYTES, read_yaml

pytestmark = pytest.mark.unit

BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (letter, letter, b",".join([b"*%c" % (letter - 1)] * 9))
    for letter in range(ord("b"), ord("k"))
)
REFUSED = [
    ("empty", b"", "1:1", "Ce profil est vide."),
    ("only a comment", b"# rien\n", "1:1", "Ce profil est vide."),
    ("null", b"~\n", "1:1", "Ce profil est vide."),
    ("a word", b"bonjour\n", "1:1", "Un profil est une suite de lignes « clé : valeur »"),
    ("a list", b"- a\n- b\n", "1:1", "Un profil est une suite de lignes « clé : valeur »"),
    ("binary", b"\x7fELF\x00\x01", "1:1", "Ce fichier n'est pas du texte"),
    ("UTF-16", "a: é\n".encode("utf-16"), "1:1", "n'est pas enregistré en UTF-8"),
    ("Latin-1", b"a: 1\nb: \xe9t\xe9\n", "2:4", "n'est pas enregistré en UTF-8"),
    ("huge", b"#" * (MAX_BYTES + 1), "1:1", "Ce fichier dépasse 1 Mio"),
    ("control character", b"a: 1\nb: x\x07\n", "2:5", "Un caractère invisible (U+0007)"),
    ("alias bomb", BOMB, "5:11", "trop de valeurs"),
    ("too many values", b"a: [" + b"1," * 30_000 + b"]", "1:39999", "trop de valeurs"),
    ("alias to itself", b"a: &x [1, *x]\n", "1:11", "Le renvoi « *x » se contient lui-même."),
    ("alias to nothing", b"a: *nulle-part\n", "1:4", "Le renvoi « *nulle-part » ne mène à rien."),
    (
        "alias too deep",
        b"a: &a [[[[[[[[[[1]]]]]]]]]]\nb: " + b"[" * 25 + b"*a" + b"]" * 25,
        "2:29",
        "emboîtent",
    ),
    ("nameless anchor", b"a: & b\n", "1:5", "Le nom d'un renvoi"),
    ("20,000 brackets", b"a: " + b"[" * 20_000, "1:34", "Trop de niveaux s'emboîtent"),
    ("20,000 dashes", b"- " * 20_000, "1:63", "Trop de niveaux s'emboîtent"),
    ("20,000 blocks", b"{a: " * 20_000, "1:125", "Trop de niveaux s'emboîtent"),
    ("tab before a key", b"a: 1\n\tb: 2\n", "2:1", "Une tabulation décale cette ligne"),
    ("tab below a key", b"a:\n  \tb: 2\n", "2:3", "Une tabulation décale cette ligne"),
    ("Python tag", b"a: !!python/object:os.system x\n", "1:4", "L'étiquette « !!python/object:os.system »"),
    ("tag on a list", b"a: !!set [x]\n", "1:4", "L'étiquette « !!set »"),
    ("undefined tag", b"a: !x!y z\n", "1:4", "Les étiquettes YAML"),
    ("merge key", b"a: &a {x: 1}\nb: {<<: *a}\n", "2:5", "La fusion « << » n'est pas acceptée"),
    ("two documents", b"a: 1\n---\nb: 2\n", "2:1", "Un profil tient en un seul document"),
    ("list as key", b"[a]: 1\n", "1:1", "Une clé est un simple mot"),
    ("empty key", b"{'': 1}\n", "1:2", "Il manque le nom de la clé"),
    ("open bracket", b"a: [1, 2\nb: 3\n", "2:2", "Il manque une virgule, un crochet"),
    ("open quote", b"a: 'x\n", "2:1", "Un guillemet ouvert n'est jamais refermé."),
    ("two colons", b"a: b: c\n", "1:5", "Ce « : » n'est pas à sa place"),
    ("at sign", b"a: @x\n", "1:4", "Ce caractère ne peut pas commencer une valeur"),
    ("backslash", b'a: "C:\\q"\n', "1:7", "« \\ » a un sens particulier"),
    ("misaligned", b"a:\n  b: 1\n c: 2\n", "3:2", "n'est pas alignée"),
    ("odd version", b"%YAML 3.0\n---\na: 1", "1:1", "Ce texte n'est pas du YAML"),
]


@pytest.mark.parametrize(
    ("data", "place", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_what_is_not_a_profile_gets_one_sentence_at_its_place(data: bytes, place: str, words: str) -> None:
    with pytest.raises(ProfileError) as caught:
        read_yaml(data, file="p.yaml")

    (problem,) = caught.value.problems
    assert str(problem.place) == f"p.yaml:{place}"
    assert words in problem.sentence
    assert problem.sentence.endswith(".")


TYPED: list[tuple[str, Tree]] = [
    ("01004", "01004"),
    ("NO", "NO"),
    ("on", "on"),
    ("yes", "yes"),
    ("2026-02-30", "2026-02-30"),
    ("0x1F", "0x1F"),
    ("0o17", "0o17"),
    ("1_000", "1_000"),
    ("12:30:45", "12:30:45"),
    (".inf", ".inf"),
    ("9" * 5000, "9" * 5000),
    ("5000", 5000),
    ("-3", -3),
    ("7.10", 7.1),
    ("true", True),
    ("false", False),
    ("~", None),
    ("", None),
    ('"5000"', "5000"),
    ("'true'", "true"),
]


@pytest.mark.parametrize(("written", "value"), TYPED)
def test_only_null_booleans_and_decimal_numbers_are_typed(written: str, value: Tree) -> None:
    source = read_yaml(f"a: {written}\n".encode(), file="p.yaml")

    assert source.tree["a"] == value
    assert type(source.tree["a"]) is type(value)


def test_on_as_a_key_stays_a_word() -> None:
    assert read_yaml(b"{on: 1, no: 2, 2027: 3}", file="p").tree == {"on": 1, "no": 2, "2027": 3}


def test_every_value_and_key_keeps_its_place() -> None:
    source = read_yaml("é: {b: [x, 😀, z]}\nc:\n  - d: 1.50\n".encode(), file="p")

    assert source.marks[("é", "b", 2)] == Mark(1, 15)
    assert source.key_marks[("é", "b")] == Mark(1, 5)
    assert source.marks[("c", 0, "d")] == Mark(3, 8)
    assert source.written[("c", 0, "d")] == "1.50"


def test_a_missing_value_is_placed_at_what_is_around_it() -> None:
    source = read_yaml(b"a:\n  b: {c: 1}\n", file="p")

    assert str(source.place(("a", "b", "z", 3))) == "p:2:6"
    assert str(source.place(("nulle-part",))) == "p:1:1"


def test_a_key_written_twice_is_told_and_the_first_kept() -> None:
    source = read_yaml(b"a:\n  b: 1\n  b: 2\n", file="p")

    assert source.tree == {"a": {"b": 1}}
    assert [str(problem).splitlines()[0] for problem in source.problems] == [
        "p:3:3 : a : La clé « b » est déjà écrite à la ligne 2."
    ]


def test_a_hidden_character_in_a_value_is_told_at_the_value() -> None:
    source = read_yaml(b'a: 1\nb: "x\\u202e"\n', file="p")

    assert [problem.sentence for problem in source.problems] == [
        "Un caractère invisible (U+202E) se trouve ici : effacez-le."
    ]
    assert str(source.problems[0].place) == "p:2:4"


def test_a_byte_order_mark_windows_lines_and_aliases_are_accepted() -> None:
    source = read_yaml(b"\xef\xbb\xbfa: &x [1, 2]\r\nb: *x\r\n", file="p")

    assert source.tree == {"a": [1, 2], "b": [1, 2]}
    assert source.marks[("b", 1)] == Mark(1, 11)


def test_the_caret_stands_under_its_column_whatever_the_line_holds() -> None:
    with pytest.raises(ProfileError) as caught:
        read_yaml("a: ['é\tx', @]\n".encode(), file="p")

    _, line, caret = str(caught.value).splitlines()
    assert line[caret.index("^")] == "@"


def test_no_caret_is_drawn_far_in_a_long_line() -> None:
    with pytest.raises(ProfileError) as caught:
        read_yaml(b"a: " + b"x" * 500 + b": y\n", file="p")

    assert "\n" not in str(caught.value)


WORDS = [
    "schema_version: 1\n",
    "commune:\n",
    "  id: ",
    "<<: ",
    "---\n",
    "*a",
    "&a ",
    "hosts:\n  - ",
    "zones: [",
    "\\ud800",
]
PIECES = st.sampled_from([*"[]{}:-?,&*!|>'\"%@`# \t\n\\\x85é😀01", *WORDS])


@settings(max_examples=300, deadline=5000)
@given(
    st.one_of(
        st.binary(max_size=200), st.lists(PIECES, max_size=60).map(lambda parts: "".join(parts).encode())
    )
)
def test_no_bytes_make_anything_but_a_profile_error_escape(data: bytes) -> None:
    try:
        parse_profile(data, file="p")
    except ProfileError as error:
        assert error.problems  # noqa: PT017 - a reading without error is as good


def test_no_damage_to_a_real_profile_makes_anything_else_escape(example: bytes) -> None:
    dice = random.Random(7)
    for _ in range(150):
        damaged = bytearray(example)
        for _ in range(dice.randint(1, 6)):
            damaged[dice.randrange(len(damaged))] = dice.choice(b"[]{}:-?,&*!|>'\"%@#\t\n\\0a \xe9")
        try:
            parse_profile(bytes(damaged), file="p")
        except ProfileError as error:
            assert error.problems  # noqa: PT017 - a reading without error is as good


@pytest.fixture
def example() -> bytes:
    return (Path(__file__).parents[2] / "profiles" / "small-town.yaml").read_bytes()
