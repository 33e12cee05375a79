"""The judge of the TLS benchmark: a missing suite, an invented one, an unknown and a silence are told apart."""

import pytest

from cyberaudit.facts.tls_endpoint import VERSIONS
from tests.lab.tls_judgement import Claims, Rightness, judged
from tests.lab.tls_servers import STRONG, STRONG_TRUTH, USUAL_13, WELL_BEHAVED, suites

pytestmark = pytest.mark.unit

TRUTH: Claims = {version: STRONG_TRUTH.get(version, frozenset()) for version in VERSIONS}
SHORT = {**TRUTH, "TLSv1.2": suites("ECDHE_RSA", "AES_128_GCM_SHA256")}
INVENTED = {**TRUTH, "TLSv1": suites("RSA", "RC4_128_SHA")}


@pytest.mark.parametrize(
    ("claims", "admits", "rightness"),
    [
        (TRUTH, False, Rightness.RIGHT),
        ({**TRUTH, "SSLv2": None}, False, Rightness.INCOMPLETE),
        (dict.fromkeys(VERSIONS), False, Rightness.NOTHING),
        (SHORT, False, Rightness.WRONG),
        (SHORT, True, Rightness.INCOMPLETE),
        (INVENTED, True, Rightness.WRONG),
        (dict.fromkeys(VERSIONS, frozenset()), False, Rightness.WRONG),
    ],
)
def test_what_is_said_is_weighed_against_the_truth(
    claims: Claims, admits: bool, rightness: Rightness
) -> None:
    assert judged(claims, STRONG, admits=admits).rightness is rightness


def test_each_suite_that_lacks_or_is_too_much_is_named() -> None:
    claims = {**TRUTH, "TLSv1.3": (USUAL_13 - {"TLS_AES_128_GCM_SHA256"}) | {"TLS_AES_128_CCM_SHA256"}}
    assert judged(claims, STRONG).faults == ("TLSv1.3: +TLS_AES_128_CCM_SHA256 -TLS_AES_128_GCM_SHA256",)


def test_what_a_server_refuses_without_a_word_may_be_said_unknown() -> None:
    server = next(server for server in WELL_BEHAVED if server.name == "ssl3-only")
    claims = {version: server.truth.get(version, frozenset()) for version in VERSIONS if version != "SSLv2"}
    assert judged(claims, server).rightness is Rightness.RIGHT


def test_every_server_of_the_table_has_a_name_of_its_own() -> None:
    names = [server.name for server in WELL_BEHAVED]
    assert len(names) == len(set(names)) >= 36
