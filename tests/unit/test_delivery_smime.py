"""S/MIME: what is signed and encrypted is verified and opened by OpenSSL; what cannot be used is refused in French."""

import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from cyberaudit.delivery import smime
from cyberaudit.delivery.letter import Letter
from cyberaudit.delivery.message import compose
from cyberaudit.errors import UsageError
from tests.unit import made_certificates as made
from tests.unit.made_certificates import NOW
from tests.unit.test_delivery_message import LETTER, PDF, assert_travels, content, read

pytestmark = pytest.mark.unit

with_openssl = pytest.mark.skipif(
    not shutil.which("openssl"), reason="openssl is missing (tests/install-servers)"
)
SENDER, MAUD, CLAIRE = LETTER.sender, "maud@mairie.example", "claire@mairie.example"
MAIL = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
SERVER = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)


def usage(*allowed: str) -> tuple[x509.KeyUsage, bool]:
    parts = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{each: each in allowed for each in parts}), True


@cache
def rsa_key(bits: int = 2048, number: int = 0) -> rsa.RSAPrivateKey:
    """`number` tells keys of one length apart."""
    del number
    return rsa.generate_private_key(65537, bits)


def person(
    address: str,
    *extra: tuple[x509.ExtensionType, bool],
    key: made.Key | None = None,
    days: tuple[int, int] = (-30, 60),
    by: made.Signer | None = made.MIDDLE,
) -> made.Signer:
    """Somebody with a certificate for mail; without a name in it when `address` is empty."""
    san = (x509.RFC822Name(address),) if address else ()
    return made.made(address or "Sans nom", by=by, san=san, key=key or rsa_key(), days=days, extra=extra)


def pem(*those: made.Signer) -> bytes:
    return b"".join(each.certificate.public_bytes(Encoding.PEM) for each in those)


def key_pem(who: made.Signer, password: bytes = b"") -> bytes:
    how = BestAvailableEncryption(password) if password else NoEncryption()
    return who.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)


def signing(who: made.Signer, *chain: made.Signer, address: str = SENDER) -> smime.Signer:
    return smime.signer(pem(who, *chain), key_pem(who), address=address, now=NOW)


def reading(who: made.Signer, address: str = MAUD) -> smime.Reader:
    return smime.reader(pem(who), address=address, now=NOW)


def openssl(folder: Path, *arguments: str, message: bytes) -> bytes:
    """What OpenSSL writes; it fails loudly."""
    (folder / "message.eml").write_bytes(message)
    done = subprocess.run(
        ["openssl", *arguments, "-in", "message.eml"],
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def opened(folder: Path, who: made.Signer, message: bytes) -> bytes:
    (folder / "key.pem").write_bytes(key_pem(who))
    (folder / "cert.pem").write_bytes(pem(who))
    return openssl(folder, "cms", "-decrypt", "-recip", "cert.pem", "-inkey", "key.pem", message=message)


def verified(folder: Path, message: bytes) -> bytes:
    (folder / "root.pem").write_bytes(pem(made.ROOT))
    at = str(int(NOW.timestamp()))
    return openssl(folder, "cms", "-verify", "-CAfile", "root.pem", "-attime", at, message=message)


@with_openssl
@pytest.mark.parametrize("key", [rsa_key(), ec.generate_private_key(ec.SECP256R1())], ids=["rsa", "ec"])
@pytest.mark.parametrize(
    "letter", [LETTER, replace(LETTER, attachments=(PDF,))], ids=["words", "with a file"]
)
def test_a_signature_is_verified_and_the_words_are_read_without_opening_anything(
    key: made.Key, letter: Letter, tmp_path: Path
) -> None:
    raw = compose(
        letter, signer=signing(person(SENDER, MAIL, usage("digital_signature"), key=key), made.MIDDLE)
    )
    assert_travels(raw)
    whole = read(raw)
    assert whole.get_content_type() == "multipart/signed"
    assert whole["Subject"] == letter.subject
    assert content(whole, "plain") == letter.text
    assert content(read(verified(tmp_path, raw)), "html") == letter.html


@with_openssl
def test_one_changed_letter_breaks_the_signature(tmp_path: Path) -> None:
    raw = compose(LETTER, signer=signing(person(SENDER), made.MIDDLE))
    with pytest.raises(AssertionError, match=r"(?i)digest|verification"):
        verified(tmp_path, raw.replace(b"Bonjour", b"Bonsoir"))


@with_openssl
def test_each_reader_opens_what_nobody_else_can(tmp_path: Path) -> None:
    maud, claire = person(MAUD, MAIL, key=rsa_key(2048, 1)), person(CLAIRE, key=rsa_key(3072))
    stranger = person("x@mal.example", key=rsa_key(2048, 3))
    raw = compose(LETTER, readers=(reading(maud), reading(claire, CLAIRE)))
    assert_travels(raw)
    assert read(raw).get_content_type() == "application/pkcs7-mime"
    assert b"Bonjour" not in raw
    for who in (maud, claire):
        assert content(read(opened(tmp_path, who, raw)), "plain") == LETTER.text
    with pytest.raises(AssertionError):
        opened(tmp_path, stranger, raw)


@with_openssl
def test_the_cipher_is_aes_of_256_bits_and_the_digest_sha_256(tmp_path: Path) -> None:
    raw = compose(LETTER, readers=(reading(person(MAUD)),))
    assert b"aes-256-cbc" in openssl(tmp_path, "cms", "-cmsout", "-print", "-noout", message=raw)
    signed = compose(LETTER, signer=signing(person(SENDER)))
    assert b"sha256" in openssl(tmp_path, "cms", "-cmsout", "-print", "-noout", message=signed)
    assert b"micalg=sha-256" in signed


@with_openssl
def test_a_message_is_signed_inside_what_is_encrypted(tmp_path: Path) -> None:
    maud = person(MAUD)
    raw = compose(LETTER, signer=signing(person(SENDER), made.MIDDLE), readers=(reading(maud),))
    inside = opened(tmp_path, maud, raw)
    assert read(inside).get_content_type() == "multipart/signed"
    assert content(read(verified(tmp_path, inside)), "plain") == LETTER.text


@with_openssl
def test_the_older_command_of_openssl_agrees(tmp_path: Path) -> None:
    maud = person(MAUD)
    (tmp_path / "key.pem").write_bytes(key_pem(maud))
    (tmp_path / "cert.pem").write_bytes(pem(maud))
    raw = compose(LETTER, readers=(reading(maud),))
    arguments = ("smime", "-decrypt", "-recip", "cert.pem", "-inkey", "key.pem")
    assert content(read(openssl(tmp_path, *arguments, message=raw)), "plain") == LETTER.text


EC = ec.generate_private_key(ec.SECP256R1())


@pytest.mark.parametrize(
    ("who", "words"),
    [
        (person(MAUD, days=(-60, -1)), "périmé depuis le 20\u00a0novembre\u00a02026"),
        (person(MAUD, days=(2, 60)), "ne vaut qu'à partir du 23\u00a0novembre\u00a02026"),
        (person(MAUD, key=EC), "n'a pas de clé RSA"),
        (person(MAUD, key=rsa_key(1024)), "clé trop courte : 1024 bits"),
        (person(MAUD, SERVER), "n'est pas fait pour le courrier"),
        (person(MAUD, usage("digital_signature")), "ne permet pas de chiffrer"),
        (person(CLAIRE), "pour une autre adresse"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_reader_whose_certificate_cannot_be_used_is_refused(who: made.Signer, words: str) -> None:
    with pytest.raises(UsageError, match=f"^Le certificat de {MAUD} .*{words}"):
        reading(who)


@pytest.mark.parametrize(
    "who",
    [
        person(MAUD.upper()),
        person(""),
        person(MAUD, MAIL, usage("key_encipherment")),
        person(MAUD, (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), False)),
    ],
)
def test_a_certificate_for_this_address_or_for_none_is_taken(who: made.Signer) -> None:
    assert reading(who).certificate == who.certificate


@pytest.mark.parametrize(
    ("who", "words"),
    [
        (person(SENDER, days=(-60, -1)), "périmé"),
        (person(SENDER, usage("key_encipherment")), "ne permet pas de signer"),
        (person(SENDER, SERVER), "n'est pas fait pour le courrier"),
        (person(MAUD), "pour une autre adresse"),
    ],
)
def test_a_signer_whose_certificate_cannot_be_used_is_refused(who: made.Signer, words: str) -> None:
    with pytest.raises(UsageError, match=f"Le certificat de signature .*{words}"):
        signing(who)


def test_a_key_that_goes_with_another_certificate_is_refused() -> None:
    with pytest.raises(UsageError, match="ne va pas avec son certificat"):
        smime.signer(pem(person(SENDER)), key_pem(person(SENDER, key=EC)), address=SENDER, now=NOW)


@pytest.mark.parametrize(
    ("key", "password", "words"),
    [
        (b"rien", None, "ne peut pas être lue"),
        (b"", None, "ne peut pas être lue"),
        (key_pem(person(SENDER), b"secret"), None, "mot de passe"),
        (key_pem(person(SENDER), b"secret"), b"autre", "mot de passe"),
        (
            ed25519.Ed25519PrivateKey.generate().private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            ),
            None,
            "clé RSA ou une clé sur courbe",
        ),
    ],
    ids=["no key", "empty", "no password", "another password", "another kind"],
)
def test_a_key_that_cannot_be_read_is_refused_without_showing_it(
    key: bytes, password: bytes | None, words: str
) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        smime.signer(pem(person(SENDER)), key, address=SENDER, now=NOW, password=password)
    assert caught.value.__cause__ is None


def test_a_key_with_its_password_is_read() -> None:
    who = person(SENDER)
    assert (
        smime.signer(pem(who), key_pem(who, b"secret"), address=SENDER, now=NOW, password=b"secret").chain
        == ()
    )


@pytest.mark.parametrize(
    "junk", [b"", b"rien", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_what_is_no_certificate_is_refused(junk: bytes) -> None:
    with pytest.raises(UsageError, match="un fichier PEM est attendu"):
        smime.reader(junk, address=MAUD, now=NOW)


def test_a_certificate_is_judged_at_the_date_of_the_mail() -> None:
    who = person(MAUD)
    with pytest.raises(UsageError, match="périmé"):
        smime.reader(pem(who), address=MAUD, now=NOW + timedelta(days=61))
