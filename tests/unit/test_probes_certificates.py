"""How certificates are read, trusted and matched with a name."""

import base64
import shutil
import subprocess
import warnings
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import certificates
from cyberaudit.probes.certificates import (
    TrustStore,
    describe,
    is_signed_by,
    parse,
    read_chain,
    trust_store,
)
from tests.unit.made_certificates import HOST, LEAF, MIDDLE, NOW, ROOT, STORE, Key, Signer, made

pytestmark = pytest.mark.unit


def trouble(*chain: Signer, store: TrustStore = STORE, now: datetime = NOW) -> str:
    return store.trust_error([signer.certificate for signer in chain], now=now)


def test_a_chain_that_leads_to_a_root_is_trusted() -> None:
    assert trouble(LEAF, MIDDLE) == ""
    assert trouble(LEAF, MIDDLE, ROOT) == ""


def test_the_order_in_which_a_chain_is_sent_does_not_matter() -> None:
    stranger = made("Étranger", ca=True)
    assert trouble(LEAF, ROOT, stranger, MIDDLE) == ""


def test_a_chain_without_its_intermediate_names_the_missing_authority() -> None:
    unsent = (
        "le serveur n'envoie pas le certificat de « Intermédiaire », ou cette autorité n'est pas reconnue"
    )
    assert trouble(LEAF) == unsent
    assert trouble(LEAF, made("Intermédiaire", ca=True), ROOT) == unsent


def test_a_private_authority_is_unknown_even_when_its_root_is_sent() -> None:
    root = made("Autorité maison", ca=True)
    assert "inconnue (Autorité maison)" in trouble(made(HOST, by=root), root)


def test_a_self_signed_certificate_is_told_apart() -> None:
    assert trouble(made(HOST)) == "le certificat est signé par lui-même"


def test_a_self_signed_certificate_in_the_bundle_is_trusted() -> None:
    alone = made(HOST)
    assert trouble(alone, store=TrustStore((alone.certificate,))) == ""


needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
RSA_1024 = ("rsa:1024",)
P_256 = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(("openssl", *arguments), check=True, capture_output=True, timeout=60, cwd=folder)


def read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def self_signed(folder: Path, *key: str, subject: str = "fw", name: str = "own") -> x509.Certificate:
    files = ("-keyout", f"{name}.key", "-out", f"{name}.pem")
    openssl(
        folder, "req", "-x509", "-nodes", "-days", "30", "-subj", f"/CN={subject}", *files, "-newkey", *key
    )
    return read(folder / f"{name}.pem")


@needs_openssl
@pytest.mark.parametrize(
    ("arguments", "digest"),
    [
        ((*RSA_1024, "-sha1"), "sha1"),
        (("rsa:512", "-md5"), "md5"),
        (("rsa:2048", "-sha1", "-sigopt", "rsa_padding_mode:pss"), "sha1"),
        ((*P_256, "-sha1"), "sha1"),
    ],
    ids=["rsa-sha1", "rsa-md5", "rsa-pss-sha1", "ecdsa-sha1"],
)
def test_an_old_firewall_that_signed_its_own_certificate_is_told_as_such(
    tmp_path: Path, arguments: tuple[str, ...], digest: str
) -> None:
    own = self_signed(tmp_path, *arguments)
    facts = describe(own)
    assert not isinstance(facts, Unreachable)
    assert (facts.self_signed, facts.signature_hash) == (True, digest)
    assert STORE.trust_error([own], now=NOW) == "le certificat est signé par lui-même"


@needs_openssl
def test_an_old_key_of_the_dsa_kind_signed_its_own_certificate_too(tmp_path: Path) -> None:
    openssl(tmp_path, "dsaparam", "-out", "dsa.pem", "1024")
    own = self_signed(tmp_path, "dsa:dsa.pem", "-sha1")
    facts = describe(own)
    assert not isinstance(facts, Unreachable)
    assert (facts.self_signed, facts.key_type) == (True, "DSA")


@needs_openssl
@pytest.mark.parametrize(("key", "digest"), [(RSA_1024, "-sha1"), (RSA_1024, "-md5"), (P_256, "-sha1")])
def test_a_chain_with_a_forgotten_signature_is_followed(
    tmp_path: Path, key: tuple[str, ...], digest: str
) -> None:
    root = self_signed(tmp_path, *key, digest, name="root", subject="Racine")
    self_signed(tmp_path, "rsa:1024", subject="vpn.example")
    openssl(tmp_path, "x509", "-in", "own.pem", "-signkey", "own.key", "-x509toreq", "-out", "leaf.csr")
    signing = ("-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", digest, "-out", "leaf.pem")
    openssl(tmp_path, "x509", "-req", "-in", "leaf.csr", *signing)
    leaf, now = read(tmp_path / "leaf.pem"), root.not_valid_before_utc + timedelta(hours=1)
    assert TrustStore((root,)).trust_error([leaf], now=now) == ""
    other = self_signed(tmp_path, *key, digest, name="other", subject="Racine")
    assert "n'envoie pas le certificat de « Racine »" in TrustStore((other,)).trust_error([leaf], now=now)
    assert is_signed_by(leaf, root)
    assert not is_signed_by(leaf, leaf)
    assert not is_signed_by(leaf, ROOT.certificate), "other name, other kind of key"


@needs_openssl
def test_a_forgotten_signature_that_does_not_fit_its_key_proves_nothing(tmp_path: Path) -> None:
    old = self_signed(tmp_path, *RSA_1024, "-sha1")
    broken = bytearray(old.public_bytes(Encoding.DER))
    broken[-1] ^= 1
    damaged = parse(bytes(broken))
    assert isinstance(damaged, x509.Certificate)
    assert not is_signed_by(damaged, damaged)
    assert "ne se vérifie pas" in STORE.trust_error([damaged], now=NOW)
    elliptic = self_signed(tmp_path, *P_256, "-sha256", name="other")
    assert elliptic.subject == old.issuer
    assert not is_signed_by(old, elliptic)


def test_the_servers_own_dates_are_set_aside() -> None:
    assert trouble(made(HOST, by=MIDDLE, days=(-400, -60)), MIDDLE) == ""


def test_an_authority_that_is_over_at_the_scans_date_vouches_for_nothing() -> None:
    over = made("Intermédiaire périmé", by=ROOT, ca=True, days=(-400, -1))
    leaf = made(HOST, by=over)
    assert "périmée" in trouble(leaf, over)
    assert trouble(leaf, over, now=NOW - timedelta(days=30)) == ""


@pytest.mark.parametrize(
    "impostor",
    [
        made("Sans droit", by=ROOT, ca=False),
        made("Sans droit", by=ROOT, ca=True, key_usage=False),
    ],
    ids=["not-a-ca", "no-key-cert-sign"],
)
def test_a_certificate_without_the_right_to_sign_makes_no_chain(impostor: Signer) -> None:
    assert "pas le droit de signer" in trouble(made(HOST, by=impostor), impostor)


def test_a_path_longer_than_an_authority_allows_is_refused() -> None:
    short = made("Courte", ca=True, path_length=0)
    below = made("En dessous", by=short, ca=True)
    store = TrustStore((short.certificate,))
    assert trouble(made(HOST, by=short), store=store) == ""
    assert trouble(made(HOST, by=below), below, store=store) != ""


def test_the_same_name_with_another_key_is_not_the_authority() -> None:
    fake = made("Racine", ca=True)
    assert "inconnue (Racine)" in trouble(made(HOST, by=fake), fake)


def test_two_authorities_that_sign_each_other_end() -> None:
    first = made("Une", ca=True)
    second = made("Deux", by=first, ca=True)
    back = made("Une", by=second, ca=True, key=first.key)
    assert "inconnue" in trouble(made(HOST, by=second), second, back)


def test_a_chain_of_hundreds_costs_little() -> None:
    crowd = [made("Intermédiaire", ca=True) for _ in range(200)]
    assert "n'envoie pas le certificat de « Intermédiaire »" in trouble(LEAF, *crowd)


def test_the_facts_of_a_certificate_are_those_it_carries() -> None:
    entries = ("MX1.Example", x509.IPAddress(ip_address("2001:db8::25")))
    leaf = made(HOST, by=MIDDLE, san=entries)
    facts = describe(leaf.certificate)
    assert not isinstance(facts, Unreachable)
    assert facts.names == ("mx1.example", "2001:db8::25")
    assert (facts.subject, facts.issuer) == (f"CN={HOST}", "CN=Intermédiaire")
    assert (facts.key_type, facts.key_bits, facts.signature_hash) == ("EC", 256, "sha256")
    assert facts.not_after == NOW + timedelta(days=60)
    assert facts.self_signed is False
    assert facts.sha256 == leaf.certificate.fingerprint(hashes.SHA256()).hex()


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (ed25519.Ed25519PrivateKey.generate(), ("Ed25519", 0, "")),
        (rsa.generate_private_key(65537, 2048), ("RSA", 2048, "sha256")),
    ],
    ids=["ed25519", "rsa"],
)
def test_each_kind_of_key_is_named(key: Key, expected: tuple[str, int, str]) -> None:
    facts = describe(made(HOST, key=key).certificate)
    assert not isinstance(facts, Unreachable)
    assert (facts.key_type, facts.key_bits, facts.signature_hash) == expected
    assert facts.self_signed is True
    assert facts.names == ()


def test_control_characters_of_a_name_never_reach_the_facts() -> None:
    facts = describe(made("mairie\x1b[31m\u202egnp").certificate)
    assert not isinstance(facts, Unreachable)
    assert "\x1b" not in facts.subject
    assert "\u202e" not in facts.subject


def test_garbage_is_unreachable_and_no_certificate_too() -> None:
    garbage = parse(b"\x30\x03\x02\x01\x00")
    assert isinstance(garbage, Unreachable)
    assert garbage.reason is Reason.PROTOCOL_ERROR
    assert read_chain([b"garbage"]) == parse(b"garbage")
    assert read_chain([]) == Unreachable(Reason.TLS_FAILURE, "aucun certificat")


def test_a_chain_is_read_up_to_its_first_unreadable_certificate() -> None:
    ders = [signer.certificate.public_bytes(Encoding.DER) for signer in (LEAF, MIDDLE)]
    chain = read_chain([ders[0], b"garbage", ders[1]])
    assert not isinstance(chain, Unreachable)
    assert [facts.subject for _, facts in chain] == [f"CN={HOST}"]


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_damaged_certificate_never_raises(place: int, value: int) -> None:
    der = bytearray(LEAF.certificate.public_bytes(Encoding.DER))
    der[place % len(der)] = value
    chain = read_chain([bytes(der)])
    if not isinstance(chain, Unreachable):
        assert isinstance(STORE.trust_error([chain[0][0]], now=NOW), str)


def test_a_bundle_is_read_and_its_broken_parts_skipped(tmp_path: Path) -> None:
    pem = ROOT.certificate.public_bytes(Encoding.PEM).decode()
    bundle = tmp_path / "ca.pem"
    bundle.write_text(f"# Racine\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n{pem}")
    assert trust_store(bundle) == STORE


def test_what_a_certificate_does_wrong_is_no_warning_at_the_terminal(tmp_path: Path) -> None:
    der = LEAF.certificate.public_bytes(Encoding.DER)
    number = LEAF.certificate.serial_number
    serial = number.to_bytes(number.bit_length() // 8 + 1, "big")  # as DER writes it
    negative = der.replace(serial, b"\x80" + serial[1:])
    assert negative != der
    bundle = tmp_path / "ca.pem"
    text = base64.encodebytes(negative).decode()
    bundle.write_text(f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n")
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        assert isinstance(read_chain([negative]), tuple)
        assert isinstance(trust_store(bundle), TrustStore)
    assert not heard


def test_without_any_root_trust_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "vide.pem").touch()
    for path in (tmp_path / "vide.pem", tmp_path / "absent.pem"):
        store = trust_store(path)
        assert isinstance(store, Unreachable)
        assert store.reason is Reason.NOT_LOOKED


def test_the_systems_roots_come_from_one_file_or_from_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = ROOT.certificate.public_bytes(Encoding.PEM)
    (tmp_path / "racine.pem").write_bytes(pem)
    monkeypatch.setattr(certificates, "_BUNDLES", ())
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "absent.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    trust_store.cache_clear()
    assert trust_store(None) == STORE
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "racine.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "nulle-part"))
    trust_store.cache_clear()
    assert trust_store(None) == STORE
    trust_store.cache_clear()
