"""CAA records as an authority reads them (RFC 8659, 8657, 9495)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.names_caa import CaaFault, CaaIssuer, CaaRecord, caa_fault, caa_issuer, caa_line
from cyberaudit.facts.names_services import SERVICES, claimable_at
from cyberaudit.probes.names_below_caa import climbed

pytestmark = pytest.mark.unit

ACCOUNT = "https://acme.example/acct/1"


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (b"letsencrypt.org", CaaIssuer("letsencrypt.org", ())),
        (b" LetsEncrypt.org ", CaaIssuer("letsencrypt.org", ())),
        (b";", CaaIssuer("", ())),
        (b"", CaaIssuer("", ())),
        (b"ca.example; ", CaaIssuer("ca.example", ())),
        (
            f"ca.example; accounturi={ACCOUNT}; validationmethods=dns-01,http-01".encode(),
            CaaIssuer("ca.example", (("accounturi", ACCOUNT), ("validationmethods", "dns-01,http-01"))),
        ),
        (b"ca.example; policy=ev", CaaIssuer("ca.example", (("policy", "ev"),))),
        (b"ca.example; compte=", CaaIssuer("ca.example", (("compte", ""),))),
        (b"pas un nom", None),
        (b"ca.example policy=ev", None),
        (b"ca.example; policy", None),
        (b"ca.example; policy=a b", None),
        (b"ca.example; validationmethods=", None),
        (b"ca.example; validationmethods=dns 01", None),
        (b"ca.example; accounturi=12", None),
        (b"ca..example", None),
        (b"-ca.example", None),
        ("autorité.example".encode(), None),
        (b"ca.example;;policy=ev", None),
    ],
)
def test_an_issuer_value(value: bytes, read: CaaIssuer | None) -> None:
    assert caa_issuer(value) == read


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        (CaaRecord(0, "issue", b"ca.example"), None),
        (CaaRecord(128, "issue", b"ca.example"), None),
        (CaaRecord(0, "ISSUE", b"CA.Example"), None),
        (CaaRecord(128, "issuemail", b";"), None),
        (CaaRecord(0, "issuewild", b"pas un nom"), CaaFault.SYNTAX),
        (CaaRecord(0, "iodef", b"mailto:securite@mairie.example"), None),
        (CaaRecord(0, "iodef", b"https://ca.example/rapports"), None),
        (CaaRecord(0, "iodef", b"securite@mairie.example"), CaaFault.SYNTAX),
        (CaaRecord(0, "iodef", b"ftp://ca.example/"), CaaFault.SYNTAX),
        (CaaRecord(0, "avenir", b"?"), None),
        (CaaRecord(1, "avenir", b"?"), None),
        (CaaRecord(128, "avenir", b"?"), CaaFault.UNKNOWN_CRITICAL),
        (CaaRecord(255, "", b""), CaaFault.UNKNOWN_CRITICAL),
        (CaaRecord(128, "contactemail", b"\xff"), None),
    ],
)
def test_what_is_wrong_with_a_record(record: CaaRecord, fault: CaaFault | None) -> None:
    assert caa_fault(record) == fault


def test_a_record_is_shown_as_the_zone_writes_it() -> None:
    assert caa_line(CaaRecord(128, "issue", b'a "b"')) == '128 issue "a \\"b\\""'


@given(st.integers(), st.text(max_size=20), st.binary(max_size=80))
def test_no_record_is_too_strange_to_be_read(flags: int, tag: str, value: bytes) -> None:
    record = CaaRecord(flags, tag, value)
    assert caa_fault(record) in (None, *CaaFault)
    assert isinstance(caa_line(record), str)


@pytest.mark.parametrize(
    ("domain", "names"),
    [
        ("mairie.example", ("mairie.example",)),
        ("a.b.mairie.example", ("a.b.mairie.example", "b.mairie.example", "mairie.example")),
        ("example", ("example",)),
    ],
)
def test_the_climb_ends_below_the_extension(domain: str, names: tuple[str, ...]) -> None:
    assert climbed(domain) == names


def test_a_very_deep_name_is_not_climbed_for_ever() -> None:
    assert len(climbed("a." * 60 + "example")) == 8


@pytest.mark.parametrize(
    ("target", "service"),
    [
        ("ancien-site.azurewebsites.net", "Microsoft Azure"),
        ("mairie.westeurope.cloudapp.azure.com", "Microsoft Azure"),
        ("mairie.github.io", "GitHub Pages"),
        ("github.io", ""),
        ("pasgithub.io", ""),
        ("site.hebergeur.example", ""),
    ],
)
def test_where_a_name_is_for_whoever_comes_first(target: str, service: str) -> None:
    assert claimable_at(target) == service


def test_every_suffix_stands_once_and_as_dns_writes_it() -> None:
    suffixes = [suffix for service in SERVICES for suffix in service.suffixes]
    assert len(suffixes) == len(set(suffixes))
    assert all(suffix == suffix.lower().strip(".") and "." in suffix for suffix in suffixes)
