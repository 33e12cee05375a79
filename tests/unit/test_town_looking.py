"""What a profile says of how to look, and what the command line makes of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from cyberaudit.errors import ProfileError
from cyberaudit.probes.instruments import NEUTRAL_NAME, Options
from cyberaudit.run.options_of_profile import as_declared
from cyberaudit.town.load import parse_profile

pytestmark = pytest.mark.unit

HEAD = 'schema_version: 1\ncommune: {id: ville, name: Ville, insee: "01004", population: 5000}\n'
WHOLE = """looking:
  resolvers: [192.0.2.53, "[2001:db8::53]:5353"]
  trust_anchor: racine/ancre.txt
  root_hints: racine/serveurs.txt
  ca_bundle: ca.pem
  rdap_bootstrap: registres.json
  whois: whois.example:4343
  ehlo: audit.example
  subdomain_list: noms.txt
  allow_private: true
  smtp: false
  axfr: false
"""


def declared(text: str, options: Options | None = None) -> Options:
    return as_declared(
        parse_profile((HEAD + text).encode(), file="/srv/ville/ville.yaml"), options or Options()
    )


def test_a_profile_that_says_nothing_changes_nothing() -> None:
    assert declared("") == Options()


def test_every_key_reaches_the_options_and_files_stand_beside_the_profile() -> None:
    found = declared(WHOLE)
    folder = Path("/srv/ville")
    assert found == replace(
        Options(),
        resolvers=("192.0.2.53", "[2001:db8::53]:5353"),
        trust_anchor=folder / "racine/ancre.txt",
        root_hints=folder / "racine/serveurs.txt",
        ca_bundle=folder / "ca.pem",
        rdap_bootstrap="/srv/ville/registres.json",
        whois="whois.example:4343",
        ehlo="audit.example",
        subdomain_list=folder / "noms.txt",
        allow_private=True,
        smtp=False,
        axfr=False,
    )


def test_the_command_line_goes_first() -> None:
    typed = Options(
        resolvers=("198.51.100.1",), ehlo="autre.example", trust_anchor=Path("moi.txt"), whois="w.example"
    )
    found = declared(WHOLE, typed)
    assert (found.resolvers, found.ehlo, found.trust_anchor, found.whois) == (
        typed.resolvers,
        typed.ehlo,
        typed.trust_anchor,
        typed.whois,
    )
    assert declared("looking: {}").ehlo == NEUTRAL_NAME


def test_a_bootstrap_may_be_an_address() -> None:
    text = 'looking: {rdap_bootstrap: "https://rdap.example/dns.json"}\n'
    assert declared(text).rdap_bootstrap == "https://rdap.example/dns.json"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("trust_anchor", "/etc/passwd"),
        ("root_hints", "../autre/fichier"),
        ("ca_bundle", "a//b"),
        ("subdomain_list", "./x"),
        ("rdap_bootstrap", "http://rdap.example/dns.json"),
        ("rdap_bootstrap", "/etc/hosts"),
        ("resolvers", "[dns.example]"),
        ("resolvers", "[dns.example:53]"),
        ("whois", "pas un nom"),
    ],
)
def test_a_profile_names_no_file_elsewhere_and_no_server_that_cannot_be_one(key: str, value: str) -> None:
    with pytest.raises(ProfileError) as refused:
        declared(f"looking: {{{key}: {value}}}\n")
    assert len(refused.value.problems) == 1
