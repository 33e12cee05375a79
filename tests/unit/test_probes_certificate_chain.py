"""How a chain was sent, and the session that its certificates make."""

import warnings
from datetime import timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtensionOID
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.certificate import ChainFault, TlsSession
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.certificate_chain import chain_faults
from cyberaudit.probes.certificates import MAX_SENT, TrustStore
from cyberaudit.probes.tls_client import session_of
from tests.unit.made_certificates import HOST, LEAF, MIDDLE, NOW, ROOT, STORE, Signer, der, made

pytestmark = pytest.mark.unit

OUT_OF_ORDER, INCOMPLETE, STRANGER = ChainFault.OUT_OF_ORDER, ChainFault.INCOMPLETE, ChainFault.STRANGER
UNSENT = ChainFault.ISSUER_UNSENT
ROOT_SENT, TWICE, OUTDATED = ChainFault.ROOT_SENT, ChainFault.TWICE, ChainFault.OUTDATED_ISSUER

ISSUER = x509.AuthorityInformationAccess(
    [
        x509.AccessDescription(
            AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier("http://ca.example/")
        )
    ]
)
PUBLIC = x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier("2.23.140.1.2.1"), None)])
POINTING = made(HOST, by=MIDDLE, san=(HOST,), extra=((ISSUER, False),))
LOWER = made("Intermédiaire du bas", by=MIDDLE, ca=True, extra=((ISSUER, False),))
BELOW = made(HOST, by=LOWER, san=(HOST,), extra=((PUBLIC, False),))
PRIVATE_BELOW = made(HOST, by=LOWER, san=(HOST,))
OVER = made("Intermédiaire périmé", by=ROOT, ca=True, days=(-400, -1))
OTHER = made("Étranger", ca=True)
CROSSED = made("Intermédiaire", by=OTHER, ca=True, key=MIDDLE.key)
SECOND = made("Intermédiaire", by=ROOT, ca=True, key=MIDDLE.key)


def faults(*sent: Signer, store: TrustStore = STORE) -> set[ChainFault]:
    chain = [signer.certificate for signer in sent]
    trusted = not store.trust_error(chain, now=NOW)
    return set(chain_faults(chain, store, trusted=trusted, now=NOW))


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ((LEAF, MIDDLE), set()),
        ((BELOW, LOWER, MIDDLE), set()),
        ((LEAF, MIDDLE, ROOT), {ROOT_SENT}),
        ((LEAF, ROOT, MIDDLE), {ROOT_SENT, OUT_OF_ORDER}),
        ((BELOW, MIDDLE, LOWER), {OUT_OF_ORDER}),
        ((LEAF, MIDDLE, MIDDLE), {TWICE}),
        ((LEAF, LEAF, MIDDLE), {TWICE}),
        ((LEAF, OTHER, MIDDLE), {STRANGER}),
        ((LEAF, MIDDLE, OTHER), {STRANGER}),
        ((LEAF, MIDDLE, SECOND), set()),
        ((LEAF, MIDDLE, CROSSED, OTHER), {ROOT_SENT}),
        ((made(HOST, by=OVER), OVER), {OUTDATED}),
        ((made(HOST),), set()),
        ((ROOT,), set()),
    ],
)  # fmt: skip
def test_a_chain_is_compared_with_what_it_should_be(
    sent: tuple[Signer, ...], expected: set[ChainFault]
) -> None:
    assert faults(*sent) == expected


@pytest.mark.parametrize(
    ("sent", "incomplete"),
    [
        ((POINTING,), True),
        ((POINTING, OTHER), True),
        ((POINTING, MIDDLE), False),
        ((LEAF,), False),
        ((LEAF, OTHER), False),
        ((BELOW, LOWER), True),
        ((PRIVATE_BELOW, LOWER), False),
    ],
    ids=[
        "no-intermediate",
        "a-stranger-instead",
        "whole",
        "points-nowhere",
        "points-nowhere-beside-a-stranger",
        "second-missing",
        "private-authority",
    ],
)
def test_a_missing_intermediate_is_told_from_an_unknown_root(
    sent: tuple[Signer, ...], incomplete: bool
) -> None:
    assert (INCOMPLETE in faults(*sent)) is incomplete


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ((LEAF,), {UNSENT}),
        ((LEAF, OTHER), {UNSENT, STRANGER}),
        ((POINTING,), {INCOMPLETE}),
        ((PRIVATE_BELOW, LOWER), set()),
        ((made(HOST),), set()),
        ((LEAF, MIDDLE), set()),
        ((made(HOST, by=ROOT),), set()),
    ],
    ids=["alone", "beside-a-stranger", "points-up", "issuer-sent", "self-signed", "whole", "under-a-root"],
)
def test_a_certificate_sent_alone_may_lack_an_intermediate(
    sent: tuple[Signer, ...], expected: set[ChainFault]
) -> None:
    assert faults(*sent) == expected


def test_an_authority_whose_root_we_know_is_not_missing_though_it_may_not_sign() -> None:
    wrong = made("Racine sans droit", ca=False)
    leaf = made(HOST, by=wrong, extra=((ISSUER, False),))
    assert faults(leaf, store=TrustStore((wrong.certificate,))) == set()


def test_authorities_that_sign_each_other_end() -> None:
    first = made("Une", ca=True)
    second = made("Deux", by=first, ca=True)
    back = made("Une", by=second, ca=True, key=first.key)
    assert faults(made(HOST, by=second), second, back) == set()


def session(*sent: bytes, host: str = HOST, trust: TrustStore | Unreachable = STORE) -> TlsSession:
    made_of = session_of(sent, version="TLSv1.3", cipher="x", host=host, trust=trust, now=NOW)
    assert isinstance(made_of, TlsSession)
    return made_of


def test_a_session_tells_trust_name_and_order_apart() -> None:
    good = session(der(LEAF), der(MIDDLE))
    assert (good.trust_error, good.name_matches, good.chain_faults) == ("", True, ())
    assert isinstance(good.timestamps, Unreachable)
    bad = session(der(LEAF), der(ROOT), der(MIDDLE), host="autre.example")
    assert (bad.trust_error, bad.name_matches) == ("", False)
    assert bad.chain_faults == (OUT_OF_ORDER, ROOT_SENT)


@pytest.mark.parametrize("host", ["", "192.0.2.1", "2001:db8::25"])
def test_without_a_name_to_compare_with_the_name_is_not_compared(host: str) -> None:
    seen = session(der(RICH), der(MIDDLE), host=host)
    assert seen.name_matches == Unreachable(Reason.NOT_DECLARED)
    assert session(der(RICH), der(MIDDLE)).name_matches is True


def test_timestamps_that_came_beside_the_certificate_are_kept() -> None:
    seen = session_of(
        [der(LEAF)], version="TLSv1.2", cipher="x", host=HOST, trust=STORE, now=NOW, timestamps=2
    )
    assert isinstance(seen, TlsSession)
    assert seen.timestamps == 2


def test_without_roots_neither_trust_nor_completeness_is_told() -> None:
    lost = Unreachable(Reason.NOT_LOOKED)
    seen = session(der(LEAF), der(MIDDLE), trust=lost)
    assert (seen.trust_error, seen.chain_faults, seen.name_matches) == (lost, lost, True)


def test_a_chain_whose_end_cannot_be_read_has_no_known_faults() -> None:
    seen = session(der(LEAF), b"garbage", der(MIDDLE))
    assert isinstance(seen.chain_faults, Unreachable)
    assert seen.chain_faults.reason is Reason.PROTOCOL_ERROR
    assert "1 certificats lus sur 3" in seen.chain_faults.detail


def test_a_chain_of_hundreds_is_cut_and_said_to_be() -> None:
    seen = session(der(LEAF), *[der(MIDDLE)] * 300)
    assert len(seen.chain) == MAX_SENT
    assert isinstance(seen.chain_faults, Unreachable)
    assert seen.trust_error == ""


def test_names_that_cannot_be_read_match_neither_well_nor_badly() -> None:
    broken = x509.UnrecognizedExtension(ExtensionOID.KEY_USAGE, b"\xff")
    seen = session(der(made(HOST, by=MIDDLE, san=(HOST,), extra=((broken, False),))), der(MIDDLE))
    assert isinstance(seen.name_matches, Unreachable)
    assert seen.trust_error == ""


def test_no_readable_certificate_is_no_session() -> None:
    for sent in ((), (b"garbage",)):
        assert isinstance(
            session_of(sent, version="x", cipher="x", host=HOST, trust=STORE, now=NOW), Unreachable
        )


def test_what_the_server_calls_its_version_and_suite_is_made_safe() -> None:
    seen = session_of([der(LEAF)], version="a\x1bb", cipher="c\u202ed", host=HOST, trust=STORE, now=NOW)
    assert isinstance(seen, TlsSession)
    assert (seen.version, seen.cipher) == ("a b", "c d")


def test_a_root_of_the_store_that_cannot_be_read_hides_only_itself() -> None:
    assert STORE.named(ROOT.certificate.subject) == [ROOT.certificate]
    assert STORE.named(LEAF.certificate.subject) == ()


def test_what_a_chain_does_wrong_is_no_warning_at_the_terminal() -> None:
    odd = der(LEAF).replace(b"\x06\x03\x55\x04\x03", b"\x06\x03\x55\x04\x06")  # a country of many letters
    assert odd != der(LEAF)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        session_of([odd, der(MIDDLE)], version="x", cipher="x", host=HOST, trust=STORE, now=NOW)
    assert not heard


def test_an_outdated_intermediate_was_in_order_before() -> None:
    leaf = made(HOST, by=OVER)
    chain = [leaf.certificate, OVER.certificate]
    assert chain_faults(chain, STORE, trusted=True, now=NOW - timedelta(days=30)) == ()


RICH = made(
    HOST,
    by=MIDDLE,
    san=(HOST, x509.IPAddress(ip_address("2001:db8::25"))),
    key_usage=False,
    extra=(
        (ISSUER, False),
        (PUBLIC, False),
        (x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.3.6.1.5.5.7.3.1")]), False),
        (x509.SubjectKeyIdentifier(b"\x01" * 20), False),
        (x509.AuthorityKeyIdentifier(b"\x02" * 20, None, None), False),
    ),
)


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=3))
def test_damaged_certificates_make_a_session_or_none_and_never_raise(damage: list[tuple[int, int]]) -> None:
    leaf, above = bytearray(der(RICH)), bytearray(der(MIDDLE))
    for place, value in damage:
        leaf[place % len(leaf)] = value
        above[place % len(above)] = value
    for sent in ((bytes(leaf), der(MIDDLE)), (der(RICH), bytes(above), der(ROOT))):
        seen = session_of(sent, version="x", cipher="x", host=HOST, trust=STORE, now=NOW)
        assert isinstance(seen, TlsSession | Unreachable)
