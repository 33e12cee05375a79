"""Where a name can be registered, by the public suffix list."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from publicsuffixlist import PSLFILE

from cyberaudit.probes.public_suffix import _rules_under, organizational, registrable

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("l-hay.fr", "l-hay.fr"),
        ("www.L-Hay.FR.", "l-hay.fr"),
        ("mairie.l-hay.gouv.fr", "l-hay.gouv.fr"),
        ("gouv.fr", None),
        ("fr", None),
        ("a.b.example", "b.example"),
        ("example", None),
        ("mairie.github.io", "github.io"),
        ("www.ck", "www.ck"),
        ("autre.ck", None),
        ("xn--l-ha-upa.xn--p1ai", "xn--l-ha-upa.xn--p1ai"),
        ("113.25", None),
        ("203.0.113.25", None),
        ("", None),
        (".", None),
        ("a..fr", None),
        ("a" * 250 + ".fr", "a" * 250 + ".fr"),
        ("a" * 251 + ".fr", None),
    ],
)
def test_what_is_registered_at_a_registry(name: str, expected: str | None) -> None:
    assert registrable(name) == expected


def test_a_hosters_suffix_counts_for_dmarc_and_not_for_a_registry() -> None:
    assert organizational("www.mairie.github.io") == "mairie.github.io"
    assert registrable("www.mairie.github.io") == "github.io"


@given(st.text(max_size=80))
def test_no_text_crashes_it_and_what_is_found_ends_the_name(text: str) -> None:
    for found in (registrable(text), organizational(text)):
        assert found is None or text.lower().removesuffix(".").endswith(found)


def test_the_list_is_read_when_it_is_asked_for_only() -> None:
    code = (
        "import sys; import cyberaudit.probes.public_suffix as p\n"
        "assert 'publicsuffixlist' not in sys.modules\n"
        "assert p.registrable('a.fr') == 'a.fr' and 'publicsuffixlist' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_rule_of_the_list_is_among_those_of_its_tld() -> None:
    text = Path(PSLFILE).read_text(encoding="utf-8").lower()
    rules = [line for line in text.splitlines() if line and not line.startswith("//")]
    lost = [
        rule for rule in rules if rule not in _rules_under(rule.rpartition(".")[2], registries_only=False)
    ]
    assert len(rules) > 5000
    assert not lost
