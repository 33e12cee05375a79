"""What people type where a domain name is meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.errors import UsageError
from cyberaudit.run.asked_names import asked_name
from cyberaudit.town.single import domain_asset

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("mairie.example", "mairie.example"),
        (" mairie.example. ", "mairie.example"),
        ("Mairie-Hérisson.example", "xn--mairie-hrisson-ikb.example"),
        ("mairie。example", "mairie.example"),
        ("www.mairie.example", "www.mairie.example"),
    ],
)
def test_a_name_is_taken_as_it_is_written(typed: str, name: str) -> None:
    assert domain_asset(asked_name(typed)).domain == name


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("example", "« example » n'est pas un nom entier : écrivez-le avec son extension"),
        ("fr.", "n'est pas un nom entier"),
        ("", "n'est pas un nom de domaine"),
        (".", "« . » n'est pas un nom de domaine"),
        ("a..example", "n'est pas un nom de domaine"),
        ("_dmarc", "n'est pas un nom entier"),
        ("_dmarc.example", "n'est pas un nom de domaine"),
        (
            "_dmarc.mairie.example",
            "est une annonce d'un domaine : écrivez le nom de domaine seul, « mairie.example »",
        ),
        ("s1._domainkey.mairie.example.", "seul, « mairie.example »"),
        ("jean@mairie.example", "est une adresse électronique : écrivez le nom de domaine seul, « mairie.example »"),
        ("jean@mairie", "écrivez le nom de domaine seul."),
        ("https://www.mairie.example:8443/a?b=c@d", "est une adresse de page"),
        ("https://jean@mairie.example/", "seul, « mairie.example »"),
        ("mairie.example/24", "porte un chemin ou un port"),
        ("mairie.example:25", "porte un chemin ou un port : écrivez le nom de domaine seul, « mairie.example »"),
        ("192.0.2.1", "est une adresse IP"),
        ("2001:db8::1", "est une adresse IP"),
    ],
)  # fmt: skip
def test_what_is_no_name_is_answered_with_what_to_write(typed: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        domain_asset(asked_name(typed))
    assert said in str(raised.value)


@given(st.text(max_size=40))
def test_any_text_is_a_name_or_refused_without_control_characters(typed: str) -> None:
    said = ""
    try:
        domain_asset(asked_name(typed))
    except UsageError as refused:
        said = str(refused)
    assert not {"\x1b", "\r", "\x00", "\u202e"} & set(said)
