"""What an authority may sign for: names, servers, critical extensions; OpenSSL is asked beside us."""

import shutil
import subprocess
import time
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose

from cyberaudit.facts.certificate import Bounds, Refusal, Trait, sentence, traits
from cyberaudit.facts.tls_endpoint_samples import SESSION
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.certificate_rights import Rights, refused_extension
from cyberaudit.probes.certificates import TrustStore
from cyberaudit.probes.tls_client import session_of
from tests.unit.made_certificates import HOST, LEAF, MIDDLE, NOW, ROOT, STORE, Signer, der, made

pytestmark = pytest.mark.unit

Extra = tuple[x509.ExtensionType, bool]
UNKNOWN: Extra = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\0"), True)
ADDRESS, ADDRESS_6 = (x509.IPAddress(ip_address(text)) for text in ("192.0.2.7", "2001:db8::7"))
OTHERS = "autre.example"


def general(*names: str) -> list[x509.GeneralName]:
    return [x509.IPAddress(ip_network(name)) if "/" in name else x509.DNSName(name) for name in names]


def permitted(*names: str) -> Extra:
    return x509.NameConstraints(general(*names), None), True


def excluded(*names: str) -> Extra:
    return x509.NameConstraints(None, general(*names)), True


def purposes(*wanted: x509.ObjectIdentifier) -> Extra:
    return x509.ExtendedKeyUsage(wanted), False


def below(*extra: Extra, san: tuple[str | x509.GeneralName, ...] = (HOST,)) -> tuple[Signer, Signer]:
    """A server's certificate, whose CN nobody can take for a name, and the intermediate that has `extra`."""
    middle = made("Intermédiaire limité", by=ROOT, ca=True, key_usage=True, extra=extra)
    return made("Un serveur", by=middle, san=san), middle


def trouble(*chain: Signer, store: TrustStore = STORE) -> str:
    return store.trust_error([signer.certificate for signer in chain], now=NOW)


def openssl_trusts(folder: Path, *chain: Signer) -> bool:
    for name, signers in (("root", (ROOT,)), ("leaf", chain[:1]), ("sent", chain[1:])):
        pem = b"".join(signer.certificate.public_bytes(Encoding.PEM) for signer in signers)
        (folder / name).write_bytes(pem)
    when = ("-attime", str(int(NOW.timestamp())), "-purpose", "sslserver", "-no-CApath", "-no-CAstore")
    files = ("-CAfile", "root", "-untrusted", "sent", "leaf")
    asked = subprocess.run(
        ("openssl", "verify", *when, *files), cwd=folder, capture_output=True, timeout=60, check=False
    )
    return asked.returncode == 0


CASES: list[tuple[str, tuple[Extra, ...], tuple[str | x509.GeneralName, ...], str]] = [
    ("no limit", (), (HOST,), ""),
    ("the very name", (permitted(HOST),), (HOST,), ""),
    ("above the name", (permitted("mairie-saint-etienne-d-o.example"),), (HOST.upper(),), ""),
    ("the names below", (permitted(".mairie-saint-etienne-d-o.example"),), (HOST,), ""),
    ("only what is below", (permitted(f".{HOST}"),), (HOST,), Refusal.NAME),
    ("a wildcard", (permitted("example"),), ("*.example",), ""),
    ("elsewhere", (permitted("other.example"),), (HOST,), Refusal.NAME),
    ("half a label", (permitted("aint-etienne-d-o.example"),), (HOST,), Refusal.NAME),
    ("one of two places", (permitted(OTHERS, "example"),), (HOST,), ""),
    ("one of two names", (permitted(HOST),), (HOST, OTHERS), Refusal.NAME),
    ("excluded", (excluded("example"),), (HOST,), Refusal.NAME),
    ("others excluded", (excluded(OTHERS),), (HOST,), ""),
    ("everything excluded", (excluded(""),), (HOST,), Refusal.NAME),
    ("permitted, and excluded", ((x509.NameConstraints(general("example"), general(HOST)), True),), (HOST,),
     Refusal.NAME),
    ("not even critical", ((permitted(OTHERS)[0], False),), (HOST,), Refusal.NAME),
    ("an address among those permitted", (permitted("192.0.2.0/24"),), (ADDRESS,), ""),
    ("an address elsewhere", (permitted("198.51.100.0/24"),), (ADDRESS,), Refusal.NAME),
    ("an address of the other kind", (permitted("192.0.2.0/24"),), (ADDRESS_6,), Refusal.NAME),
    ("an address of the newer kind", (permitted("2001:db8::/32"),), (ADDRESS_6,), ""),
    ("an excluded address", (excluded("192.0.2.7/32"),), (HOST, ADDRESS), Refusal.NAME),
    ("names limited, addresses not", (permitted(OTHERS),), (ADDRESS,), ""),
    ("addresses limited, names not", (permitted("192.0.2.0/24"),), (HOST,), ""),
    ("no address at all", (excluded("0.0.0.0/0", "::/0"),), (HOST,), ""),
    ("for servers", (purposes(Purpose.CLIENT_AUTH, Purpose.SERVER_AUTH),), (HOST,), ""),
    ("for mail", (purposes(Purpose.EMAIL_PROTECTION),), (HOST,), Refusal.PURPOSE),
    ("an unknown critical extension", (UNKNOWN,), (HOST,), Refusal.EXTENSION),
    ("an unknown extension", ((UNKNOWN[0], False),), (HOST,), ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("extra", "san", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_an_authority_vouches_only_for_what_it_may(
    tmp_path: Path, extra: tuple[Extra, ...], san: tuple[str | x509.GeneralName, ...], expected: str
) -> None:
    chain = below(*extra, san=san)
    assert trouble(*chain) == expected
    if shutil.which("openssl"):
        assert openssl_trusts(tmp_path, *chain) is not bool(expected)


def test_an_authority_for_any_purpose_may_sign_for_a_server() -> None:
    assert trouble(*below(purposes(Purpose.ANY_EXTENDED_KEY_USAGE))) == ""


def test_the_servers_own_certificate_with_an_unknown_critical_extension_is_refused(tmp_path: Path) -> None:
    leaf = made(HOST, by=MIDDLE, san=(HOST,), extra=(UNKNOWN,))
    assert trouble(leaf, MIDDLE) == Refusal.EXTENSION
    alone = made(HOST, san=(HOST,), extra=(UNKNOWN,))
    assert trouble(alone, store=TrustStore((alone.certificate,))) == Refusal.EXTENSION
    assert trouble(alone) == "le certificat est signé par lui-même", "that is the first thing to mend"


def use(*wanted: str) -> Extra:
    kinds = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")  # fmt: skip
    return x509.KeyUsage(**{kind: kind in wanted for kind in kinds}), True


RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.mark.parametrize(
    ("extra", "key", "expected"),
    [
        (purposes(Purpose.SERVER_AUTH, Purpose.CLIENT_AUTH), None, ""),
        (purposes(Purpose.CLIENT_AUTH), None, Refusal.NOT_FOR_SERVERS),
        (purposes(Purpose.IPSEC_IKE, Purpose.CODE_SIGNING), None, Refusal.NOT_FOR_SERVERS),
        (use("digital_signature"), None, ""),
        (use("digital_signature", "key_cert_sign"), None, ""),
        (use("key_cert_sign", "crl_sign"), None, Refusal.NOT_FOR_SERVERS),
        (use("content_commitment"), RSA_KEY, Refusal.NOT_FOR_SERVERS),
        (use("key_encipherment"), RSA_KEY, ""),
    ],
)
def test_the_servers_own_certificate_is_made_for_a_server(
    tmp_path: Path, extra: Extra, key: rsa.RSAPrivateKey | None, expected: str
) -> None:
    leaf = made(HOST, by=MIDDLE, san=(HOST,), key=key, extra=(extra,))
    assert trouble(leaf, MIDDLE) == expected
    if shutil.which("openssl"):
        assert openssl_trusts(tmp_path, leaf, MIDDLE) is not bool(expected)


def test_what_only_strict_clients_refuse_or_accept() -> None:
    """An elliptic key that may not sign: browsers and GnuTLS refuse, OpenSSL does not. Any purpose: the reverse."""
    idle = made(HOST, by=MIDDLE, san=(HOST,), extra=(use("key_encipherment"),))
    assert trouble(idle, MIDDLE) == Refusal.NOT_FOR_SERVERS
    assert trouble(made(HOST, by=MIDDLE, extra=(purposes(Purpose.ANY_EXTENDED_KEY_USAGE),)), MIDDLE) == ""


def test_a_certificate_of_our_own_made_for_clients_is_not_told_as_unvouched_for() -> None:
    alone = made(HOST, san=(HOST,), extra=(purposes(Purpose.CLIENT_AUTH),))
    seen = session_of([der(alone)], version="", cipher="", host=HOST, now=NOW,
                      trust=TrustStore((alone.certificate,)))  # fmt: skip
    assert not isinstance(seen, Unreachable)
    assert list(traits(seen, NOW, bounds=Bounds(0, 0, 0))) == [Trait.UNTRUSTED]
    told = sentence(Trait.UNTRUSTED, seen, HOST)
    assert told.endswith("le certificat n'est pas fait pour un serveur.")


def test_an_authority_further_up_that_may_not_sign_is_not_told_as_unknown() -> None:
    over = made("Ancienne", by=ROOT, ca=True, days=(-400, -1))
    narrow = made("Courte", by=ROOT, ca=True, path_length=0)
    for above in (over, narrow):
        middle = made("Dessous", by=above, ca=True)
        assert trouble(made(HOST, by=middle), middle, above) == Refusal.SIGNER_ABOVE
    direct = made(HOST, by=over)
    assert trouble(direct, over) == Refusal.SIGNER
    stranger = made("Autorité maison", ca=True, days=(-400, -1))
    middle = made("Dessous", by=stranger, ca=True)
    assert "inconnue (Autorité maison)" in trouble(made(HOST, by=middle), middle, stranger)


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        (permitted(OTHERS), Refusal.NAME),
        (purposes(Purpose.CODE_SIGNING), Refusal.PURPOSE),
        (UNKNOWN, Refusal.EXTENSION),
    ],
)
def test_a_root_is_limited_as_an_intermediate_is(extra: Extra, expected: Refusal) -> None:
    root = made("Racine limitée", ca=True, key_usage=True, extra=(extra,))
    middle = made("Intermédiaire", by=root, ca=True, key_usage=True)
    store = TrustStore((root.certificate,))
    assert trouble(made(HOST, by=middle, san=(HOST,)), middle, store=store) == expected


def test_another_way_up_is_taken_when_one_is_barred() -> None:
    leaf, barred = below(permitted(OTHERS))
    free = made("Intermédiaire limité", by=ROOT, ca=True, key_usage=True, key=barred.key)
    for sent in ((barred, free), (free, barred)):
        assert trouble(leaf, *sent) == ""


def test_an_unknown_authority_is_told_before_what_it_may_sign() -> None:
    root = made("Autorité maison", ca=True, key_usage=True, extra=(permitted(OTHERS),))
    assert "inconnue (Autorité maison)" in trouble(made(HOST, by=root, san=(HOST,)), root)


def test_names_that_are_absent_or_unreadable_break_no_limit() -> None:
    broken = x509.UnrecognizedExtension(x509.SubjectAlternativeName.oid, b"\xff")
    middle = below(permitted(OTHERS))[1]
    for extra in ((), ((broken, True),)):
        leaf = made(HOST, by=middle, extra=extra)
        assert trouble(leaf, middle) == ""
        assert refused_extension(leaf.certificate) is None


def test_an_authority_that_cannot_be_read_is_no_matter_of_rights() -> None:
    broken = x509.UnrecognizedExtension(x509.SubjectAlternativeName.oid, b"\xff")
    issuer = made("Illisible", by=ROOT, ca=True, extra=((broken, True),))
    assert Rights(LEAF.certificate).allow(issuer.certificate)
    assert trouble(made(HOST, by=issuer, san=(HOST,)), issuer) == (
        "l'autorité qui a signé le certificat est périmée ou n'a pas le droit de signer"
    )


def test_thousands_of_names_and_limits_cost_little() -> None:
    hosts = tuple(f"h{number}.example" for number in range(3000))
    addresses = tuple(x509.IPAddress(ip_address(f"2001:db8::{number:x}")) for number in range(3000))
    limits = [f"p{number}.example" for number in range(3000)] + [
        f"2001:db8:{n:x}::/48" for n in range(1, 3000)
    ]
    leaf, middle = below(excluded(*limits), san=hosts + addresses)
    begun = time.perf_counter()
    assert trouble(leaf, middle) == ""
    assert time.perf_counter() - begun < 5


@pytest.mark.parametrize(
    ("extra", "cause"),
    [
        (permitted(OTHERS), "n'a pas le droit de signer pour ce nom"),
        (purposes(Purpose.EMAIL_PROTECTION), "n'a pas le droit de signer pour un serveur"),
        (UNKNOWN, "une extension critique inconnue"),
    ],
)
def test_the_refusal_is_told_with_its_cause(extra: Extra, cause: str) -> None:
    seen = session_of(
        [der(signer) for signer in below(extra)],
        version="TLSv1.3", cipher="", host=HOST, trust=STORE, now=NOW,
        timestamps=Unreachable(Reason.NOT_LOOKED),
    )  # fmt: skip
    assert not isinstance(seen, Unreachable)
    assert (seen.name_matches, seen.chain_faults) == (True, ())
    assert list(traits(seen, NOW, bounds=Bounds(30, 2048, 256))) == [Trait.UNTRUSTED]
    told = sentence(Trait.UNTRUSTED, seen, HOST)
    assert told.startswith(f"Les logiciels refusent le certificat de {HOST} : ")
    assert told.endswith(f"{cause}.")
    unknown = replace(SESSION, trust_error="l'autorité qui a signé le certificat est inconnue (X)")
    assert "ne vient pas d'une autorité reconnue" in sentence(Trait.UNTRUSTED, unknown, HOST)
