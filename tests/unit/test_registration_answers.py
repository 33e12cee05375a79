"""Answers of registries as they are read: RDAP, WHOIS, the list of registries."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.registration import Register, Registration
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import registration_rdap as rdap
from cyberaudit.probes import registration_whois as whois

pytestmark = pytest.mark.unit

DOMAIN = "l-hay.example"
AFNIC = """%% Copyright (c)
%%
%% See 'whois -h whois.nic.fr help' for usage

domain:                        l-hay.example
status:                        ACTIVE
eppstatus:                     serverTransferProhibited
hold:                          NO
holder-c:                      XX1-FRNIC
registrar:                     OVH
Expiry Date:                   2027-05-02T12:00:00Z
created:                       2009-05-02T12:00:00Z
last-update:                   2026-04-02T12:00:00Z
source:                        FRNIC

registrar:                     OVH
created:                       1999-10-21T12:00:00Z
"""
VERISIGN = """   Domain Name: L-HAY.EXAMPLE
   Registrar: Bureau SAS
   Updated Date: 2026-04-02T12:00:00Z
   Creation Date: 2009-05-02T12:00:00Z
   Registry Expiry Date: 2027-05-02T12:00:00Z
   Domain Status: clientHold https://icann.org/epp#clientHold
   Domain Status: ok https://icann.org/epp#ok
>>> Last update of whois database: 2026-11-21T00:00:00Z <<<
"""


def read_whois(text: str) -> Registration:
    facts = whois.read_answer(text.encode(), domain=DOMAIN, server="whois.example")
    assert isinstance(facts, Registration)
    return facts


def test_afnic() -> None:
    facts = read_whois(AFNIC)
    assert facts.expires == datetime(2027, 5, 2, 12, tzinfo=UTC)
    assert facts.registered == datetime(2009, 5, 2, 12, tzinfo=UTC)
    assert facts.changed == datetime(2026, 4, 2, 12, tzinfo=UTC)
    assert (facts.statuses, facts.registrar) == (("server transfer prohibited",), "OVH")


def test_generic_registries() -> None:
    facts = read_whois(VERISIGN)
    assert facts.expires == datetime(2027, 5, 2, 12, tzinfo=UTC)
    assert (facts.statuses, facts.registrar) == (("client hold", "ok"), "Bureau SAS")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("31/12/2026", datetime(2026, 12, 31, tzinfo=UTC)),
        ("31.12.2026", datetime(2026, 12, 31, tzinfo=UTC)),
        ("2026-12-31", datetime(2026, 12, 31, tzinfo=UTC)),
        ("2026-12-31T23:00:00-05:00", datetime(2027, 1, 1, 4, tzinfo=UTC)),
        ("31/02/2026", None),
        ("bientôt", None),
        ("0001-01-01T00:00:00+23:00", None),
    ],
)
def test_dates_as_registries_write_them(written: str, read: datetime | None) -> None:
    assert read_whois(f"domain: {DOMAIN}\nExpiry Date: {written}\n").expires == read


@pytest.mark.parametrize(
    "text", ["%% NOT FOUND\n", 'No match for "L-HAY.EXAMPLE".', "Domain: l-hay\nStatus: AVAILABLE\n"]
)
def test_a_name_that_the_registry_does_not_have(text: str) -> None:
    assert read_whois(text).register is Register.UNKNOWN_NAME


@pytest.mark.parametrize(
    "text", ["", "%% Too many requests\n", "domain: autre.example\nExpiry Date: 2020-01-01\n", "Domain: \n"]
)
def test_what_says_nothing_of_the_name_says_nothing(text: str) -> None:
    facts = whois.read_answer(text.encode(), domain=DOMAIN, server="x")
    assert isinstance(facts, Unreachable)


@given(st.binary(max_size=400))
def test_no_whois_answer_is_too_strange(data: bytes) -> None:
    facts = whois.read_answer(data, domain=DOMAIN, server="x")
    assert isinstance(facts, Registration | Unreachable)
    written = whois.read_answer(f"domain: {DOMAIN}\n".encode() + data, domain=DOMAIN, server="x")
    assert isinstance(written, Registration)


def read_rdap(record: Any) -> Registration | Unreachable:
    return rdap.read_answer(json.dumps(record).encode(), domain=DOMAIN, server="x")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PARTS = ("status", "events", "entities", "secureDNS", "objectClassName")


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(PARTS, JSON)))
def test_no_rdap_answer_is_too_strange(record: dict[str, Any]) -> None:
    facts = read_rdap({"ldhName": DOMAIN, **record})
    if isinstance(facts, Unreachable):
        assert facts.reason is Reason.PROTOCOL_ERROR
    else:
        assert facts.expires is None


@given(JSON)
def test_a_json_about_nothing_is_no_answer(record: Any) -> None:
    assert isinstance(read_rdap(record), Unreachable)
    assert isinstance(rdap.read_bootstrap(json.dumps(record).encode()), Unreachable | dict)


def test_parts_of_a_vcard_that_are_none_are_left_out() -> None:
    entities = [
        {"roles": ["registrar"]},
        {"roles": ["registrar"], "vcardArray": ["vcard", [["org"], ["fn", {}]]]},
    ]
    facts = read_rdap({"ldhName": DOMAIN, "entities": entities, "status": "ok"})
    assert isinstance(facts, Registration)
    assert (facts.registrar, facts.statuses, facts.signed) == ("", (), None)


def test_https_goes_before_http_in_the_list_of_registries() -> None:
    services = [[["FR"], ["http://a.example", "https://b.example/x/"]], [["re"], ["ftp://c"]], [["pm"]], 3]
    assert rdap.read_bootstrap(json.dumps({"services": services}).encode()) == {"fr": "https://b.example/x/"}
