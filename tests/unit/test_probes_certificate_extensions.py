"""What the extensions and the key of a certificate say, and what becomes of a broken one."""

import subprocess
from dataclasses import fields
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, ExtensionOID

from cyberaudit.facts.certificate import Certificate, Usage
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.certificate_extensions import MAX_PURPOSES
from cyberaudit.probes.certificates import describe, parse
from tests.unit.made_certificates import HOST, LEAF, MIDDLE, Signer, made

pytestmark = pytest.mark.unit

CRL = x509.CRLDistributionPoints(
    [x509.DistributionPoint([x509.UniformResourceIdentifier("http://crl.example/1")], None, None, None)]
)


def told(signer: Signer) -> Certificate:
    facts = describe(signer.certificate)
    assert isinstance(facts, Certificate)
    return facts


def with_extra(*extra: x509.ExtensionType, critical: bool = False) -> Certificate:
    return told(made(HOST, by=MIDDLE, extra=tuple((each, critical) for each in extra)))


def usage(*purposes: str) -> x509.KeyUsage:
    every = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign "
        "crl_sign encipher_only decipher_only"
    )
    return x509.KeyUsage(**{purpose: purpose in purposes for purpose in every.split()})


def access(*methods: x509.ObjectIdentifier) -> x509.AuthorityInformationAccess:
    place = x509.UniformResourceIdentifier("http://ca.example/")
    return x509.AuthorityInformationAccess([x509.AccessDescription(method, place) for method in methods])


def policies(*oids: str) -> x509.CertificatePolicies:
    return x509.CertificatePolicies(
        [x509.PolicyInformation(x509.ObjectIdentifier(oid), None) for oid in oids]
    )


def test_a_certificate_without_extensions_says_that_they_are_absent() -> None:
    facts = with_extra()
    assert (facts.is_ca, facts.key_usage, facts.extended_key_usage, facts.names) == (False, None, None, ())
    assert (facts.names_critical, facts.subject_key, facts.authority_key) == (False, "", "")
    assert (facts.revocation, facts.timestamps, facts.public_rules) == ((), 0, False)


def test_what_the_key_may_do_is_told_with_its_criticality() -> None:
    facts = with_extra(usage("digital_signature", "key_encipherment"), critical=True)
    assert facts.key_usage == Usage(critical=True, purposes=("digitalSignature", "keyEncipherment"))
    wide = with_extra(usage("content_commitment", "key_agreement", "crl_sign", "encipher_only"))
    assert wide.key_usage == Usage(critical=False, purposes=("nonRepudiation", "keyAgreement", "cRLSign"))


def test_extended_purposes_are_named_and_unknown_ones_keep_their_number() -> None:
    oids = [
        ExtendedKeyUsageOID.SERVER_AUTH,
        ExtendedKeyUsageOID.CLIENT_AUTH,
        x509.ObjectIdentifier("1.2.3.4"),
    ]
    facts = with_extra(x509.ExtendedKeyUsage(oids))
    assert facts.extended_key_usage == Usage(critical=False, purposes=("serverAuth", "clientAuth", "1.2.3.4"))
    many = with_extra(x509.ExtendedKeyUsage([x509.ObjectIdentifier(f"1.2.3.{n}") for n in range(90)]))
    assert isinstance(many.extended_key_usage, Usage)
    assert len(many.extended_key_usage.purposes) == MAX_PURPOSES


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ((CRL,), ("crl",)),
        ((access(AuthorityInformationAccessOID.OCSP),), ("ocsp",)),
        ((access(AuthorityInformationAccessOID.CA_ISSUERS),), ("issuer",)),
        (
            (CRL, access(AuthorityInformationAccessOID.CA_ISSUERS, AuthorityInformationAccessOID.OCSP)),
            ("crl", "ocsp", "issuer"),
        ),
        ((access(x509.ObjectIdentifier("1.2.3.4")),), ()),
    ],
)
def test_where_revocation_is_asked(extra: tuple[x509.ExtensionType, ...], expected: tuple[str, ...]) -> None:
    assert with_extra(*extra).revocation == expected


@pytest.mark.parametrize(
    ("oids", "expected"),
    [
        (("2.23.140.1.2.1",), True),
        (("1.2.3.4", "2.23.140.1.2.2"), True),
        (("2.23.140.1.1",), True),
        (("2.23.140.1.4.1",), False),
        (("2.23.140.1.21",), False),
        (("1.2.3.4",), False),
    ],
)
def test_the_rules_of_public_authorities_are_recognised(oids: tuple[str, ...], expected: bool) -> None:
    assert with_extra(policies(*oids)).public_rules is expected


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        ((x509.TLSFeatureType.status_request,), True),
        ((x509.TLSFeatureType.status_request_v2, x509.TLSFeatureType.status_request), True),
        ((x509.TLSFeatureType.status_request_v2,), False),
    ],
)
def test_the_duty_to_staple_is_read(features: tuple[x509.TLSFeatureType, ...], expected: bool) -> None:
    assert with_extra(x509.TLSFeature(features)).must_staple is expected
    assert with_extra().must_staple is False


def test_the_keys_of_subject_and_authority_link_a_certificate_to_its_issuer() -> None:
    authority = made(
        "Autorité", ca=True, extra=((x509.SubjectKeyIdentifier(b"\x01" * 20), False),), key=LEAF.key
    )
    link = x509.AuthorityKeyIdentifier(b"\x01" * 20, None, None)
    facts = told(made(HOST, by=authority, extra=((link, False),)))
    assert facts.authority_key == told(authority).subject_key == "01" * 20
    nameless = x509.AuthorityKeyIdentifier(None, [x509.DirectoryName(x509.Name([]))], 7)
    assert with_extra(nameless).authority_key == ""


def test_an_authority_that_serves_as_a_server_is_seen() -> None:
    assert told(made(HOST, ca=True)).is_ca is True


def test_critical_names_are_seen() -> None:
    names = x509.SubjectAlternativeName([x509.DNSName(HOST), x509.IPAddress(ip_address("192.0.2.1"))])
    assert with_extra(names, critical=True).names_critical is True
    assert with_extra(names).names == (HOST, "192.0.2.1")


def timestamp() -> bytes:
    """Version 1, log, time, no extensions, ecdsa_secp256r1_sha256 (RFC 6962 §3.2)."""
    signature = b"\x04\x03" + (71).to_bytes(2) + b"\x30" * 71
    return b"\x00" + b"\x11" * 32 + (0x19000000000).to_bytes(8) + b"\x00\x00" + signature


def test_embedded_timestamps_are_counted() -> None:
    listed = 2 * (len(timestamp()).to_bytes(2) + timestamp())
    content = len(listed).to_bytes(2) + listed
    octets = b"\x04\x81" + len(content).to_bytes(1) + content
    oid = ExtensionOID.PRECERT_SIGNED_CERTIFICATE_TIMESTAMPS
    assert with_extra(x509.UnrecognizedExtension(oid, octets)).timestamps == 2


BROKEN = x509.UnrecognizedExtension(ExtensionOID.KEY_USAGE, b"\xff\xff")


def test_a_broken_extension_hides_the_extensions_and_nothing_else() -> None:
    facts = told(made(HOST, by=MIDDLE, san=(HOST,), extra=((BROKEN, True),)))
    sound = told(made(HOST, by=MIDDLE, san=(HOST,), key=LEAF.key))
    assert (facts.key_type, facts.not_after, facts.subject) == (
        sound.key_type,
        sound.not_after,
        sound.subject,
    )
    hidden = {field.name for field in fields(facts) if isinstance(getattr(facts, field.name), Unreachable)}
    assert hidden == {
        "names", "is_ca", "key_usage", "extended_key_usage", "names_critical", "subject_key", "authority_key",
        "revocation", "timestamps", "public_rules", "must_staple",
    }  # fmt: skip
    assert isinstance(facts.names, Unreachable)
    assert facts.names.reason is Reason.PROTOCOL_ERROR


def test_the_same_key_in_two_certificates_has_the_same_fingerprint() -> None:
    first, second = told(made(HOST, key=LEAF.key)), told(made("autre.example", by=MIDDLE, key=LEAF.key))
    assert first.key_sha256 == second.key_sha256
    assert first.sha256 != second.sha256
    assert first.key_sha256 != told(MIDDLE).key_sha256


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("-newkey", "rsa:1024", "-sha1"), ("RSA", 1024, "sha1", "", 65537)),
        (("-newkey", "rsa:2048", "-md5"), ("RSA", 2048, "md5", "", 65537)),
        (
            (
                "-newkey",
                "rsa",
                "-pkeyopt",
                "rsa_keygen_bits:1024",
                "-pkeyopt",
                "rsa_keygen_pubexp:3",
                "-sha256",
            ),
            ("RSA", 1024, "sha256", "", 3),
        ),
        (
            ("-newkey", "rsa:2048", "-sha384", "-sigopt", "rsa_padding_mode:pss"),
            ("RSA", 2048, "sha384", "", 65537),
        ),
        (
            ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP384r1", "-sha512"),
            ("EC", 384, "sha512", "brainpoolP384r1", 0),
        ),
        (
            ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"),
            ("EC", 256, "sha256", "secp256k1", 0),
        ),
        (("-newkey", "ed448"), ("Ed448", 0, "", "", 0)),
    ],
)
def test_keys_and_signatures_made_by_openssl_are_named(
    tmp_path: Path, arguments: tuple[str, ...], expected: tuple[str, int, str, str, int]
) -> None:
    facts = told_by_openssl(tmp_path, *arguments)
    found = (facts.key_type, facts.key_bits, facts.signature_hash, facts.curve, facts.exponent)
    assert found == expected


def told_by_openssl(folder: Path, *arguments: str) -> Certificate:
    files = ("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.der"), "-outform", "DER")
    command = (
        "openssl",
        "req",
        "-x509",
        "-nodes",
        "-days",
        "30",
        "-subj",
        "/CN=vpn.example",
        *files,
        *arguments,
    )
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    certificate = parse((folder / "cert.der").read_bytes())
    assert not isinstance(certificate, Unreachable)
    facts = describe(certificate)
    assert isinstance(facts, Certificate)
    return facts


def test_a_curve_spelled_out_instead_of_named_hides_the_key_alone(tmp_path: Path) -> None:
    facts = told_by_openssl(
        tmp_path,
        *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp224r1", "-pkeyopt", "ec_param_enc:explicit"),
    )
    assert facts.subject == "CN=vpn.example"
    assert (facts.key_type, facts.key_bits) == ("EC", 0)
    assert isinstance(facts.curve, Unreachable)
    assert isinstance(facts.key_sha256, Unreachable)
