"""Suites, groups and schemes: their codes, and what each suite is made of."""

import re
import shutil
import subprocess

import pytest

from cyberaudit.facts.tls_suites import (
    ALL_GROUPS,
    ALL_SCHEMES,
    ALL_SUITES,
    FALLBACK_SCSV,
    RENEGOTIATION_INFO_SCSV,
    SSL2_KINDS,
    TLS13_SUITES,
    Suite,
    group_name,
    scheme_name,
    suite,
)

pytestmark = pytest.mark.unit

EVERY = (*ALL_SUITES, *TLS13_SUITES, *SSL2_KINDS)

# exchange, authentication, cipher, bits, mode, digest
PIECES = {
    0x1301: ("TLS_AES_128_GCM_SHA256", ("", "", "AES", 128, "GCM", "SHA256")),
    0x1303: ("TLS_CHACHA20_POLY1305_SHA256", ("", "", "CHACHA20", 256, "POLY1305", "SHA256")),
    0x1305: ("TLS_AES_128_CCM_8_SHA256", ("", "", "AES", 128, "CCM_8", "SHA256")),
    0x1307: ("TLS_AEGIS_128L_SHA256", ("", "", "AEGIS", 128, "AEGIS", "SHA256")),
    0x00C6: ("TLS_SM4_GCM_SM3", ("", "", "SM4", 128, "GCM", "SM3")),
    0xC0B4: ("TLS_SHA256_SHA256", ("", "", "NULL", 0, "", "SHA256")),
    0xC103: (
        "TLS_GOSTR341112_256_WITH_KUZNYECHIK_MGM_L",
        ("", "", "KUZNYECHIK", 256, "MGM", "GOSTR3411"),
    ),
    0xC02F: ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", ("ECDHE", "RSA", "AES", 128, "GCM", "SHA256")),
    0xC0AD: ("TLS_ECDHE_ECDSA_WITH_AES_256_CCM", ("ECDHE", "ECDSA", "AES", 256, "CCM", "SHA256")),
    0xC0AB: ("TLS_PSK_DHE_WITH_AES_256_CCM_8", ("DHE", "PSK", "AES", 256, "CCM_8", "SHA256")),
    0xD003: ("TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256", ("ECDHE", "PSK", "AES", 128, "CCM_8", "SHA256")),
    0xCC13: (
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256_OLD",
        ("ECDHE", "RSA", "CHACHA20", 256, "POLY1305", "SHA256"),
    ),
    0x0035: ("TLS_RSA_WITH_AES_256_CBC_SHA", ("RSA", "RSA", "AES", 256, "CBC", "SHA")),
    0x0092: ("TLS_RSA_PSK_WITH_RC4_128_SHA", ("RSA", "PSK", "RC4", 128, "STREAM", "SHA")),
    0x00A8: ("TLS_PSK_WITH_AES_128_GCM_SHA256", ("PSK", "PSK", "AES", 128, "GCM", "SHA256")),
    0xC00F: ("TLS_ECDH_RSA_WITH_AES_256_CBC_SHA", ("ECDH", "RSA", "AES", 256, "CBC", "SHA")),
    0x000D: ("TLS_DH_DSS_WITH_3DES_EDE_CBC_SHA", ("DH", "DSS", "3DES", 112, "CBC", "SHA")),
    0x0018: ("TLS_DH_anon_WITH_RC4_128_MD5", ("DHE", "anon", "RC4", 128, "STREAM", "MD5")),
    0xC015: ("TLS_ECDH_anon_WITH_NULL_SHA", ("ECDHE", "anon", "NULL", 0, "", "SHA")),
    0xC021: ("TLS_SRP_SHA_RSA_WITH_AES_256_CBC_SHA", ("SRP", "RSA", "AES", 256, "CBC", "SHA")),
    0xC020: ("TLS_SRP_SHA_WITH_AES_256_CBC_SHA", ("SRP", "SRP", "AES", 256, "CBC", "SHA")),
    0x0021: ("TLS_KRB5_WITH_IDEA_CBC_SHA", ("KRB5", "KRB5", "IDEA", 128, "CBC", "SHA")),
    0x0081: ("TLS_GOSTR341001_WITH_28147_CNT_IMIT", ("GOST", "GOST", "GOST", 256, "CNT", "IMIT")),
    0xC100: (
        "TLS_GOSTR341112_256_WITH_KUZNYECHIK_CTR_OMAC",
        ("GOST", "GOST", "KUZNYECHIK", 256, "CTR", "OMAC"),
    ),
    0x001D: (
        "TLS_FORTEZZA_KEA_WITH_FORTEZZA_CBC_SHA",
        ("FORTEZZA", "FORTEZZA", "FORTEZZA", 80, "CBC", "SHA"),
    ),
    0xFEFE: ("SSL_RSA_FIPS_WITH_DES_CBC_SHA", ("RSA", "RSA", "DES", 56, "CBC", "SHA")),
    0x16B8: (
        "TLS_CECPQ1_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        ("CECPQ1", "ECDSA", "CHACHA20", 256, "POLY1305", "SHA256"),
    ),
    0x0079: ("TLS_DHE_RSA_WITH_AES_256_CBC_RMD", ("DHE", "RSA", "AES", 256, "CBC", "RMD")),
    0x0009: ("TLS_RSA_WITH_DES_CBC_SHA", ("RSA", "RSA", "DES", 56, "CBC", "SHA")),
    0x010080: ("SSL_CK_RC4_128_WITH_MD5", ("RSA", "RSA", "RC4", 128, "STREAM", "MD5")),
    0x030080: ("SSL_CK_RC2_128_CBC_WITH_MD5", ("RSA", "RSA", "RC2", 128, "CBC", "MD5")),
    0x060040: ("SSL_CK_DES_64_CBC_WITH_MD5", ("RSA", "RSA", "DES", 56, "CBC", "MD5")),
    0x0700C0: ("SSL_CK_DES_192_EDE3_CBC_WITH_MD5", ("RSA", "RSA", "3DES", 112, "CBC", "MD5")),
    0x080080: ("SSL_CK_RC4_64_WITH_MD5", ("RSA", "RSA", "RC4", 64, "STREAM", "MD5")),
}
EXPORT = {
    0x0003: ("TLS_RSA_EXPORT_WITH_RC4_40_MD5", ("RSA", "RSA", "RC4", 40, "STREAM", "MD5")),
    0x0006: ("TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5", ("RSA", "RSA", "RC2", 40, "CBC", "MD5")),
    0x0014: ("TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA", ("DHE", "RSA", "DES", 40, "CBC", "SHA")),
    0x0017: ("TLS_DH_anon_EXPORT_WITH_RC4_40_MD5", ("DHE", "anon", "RC4", 40, "STREAM", "MD5")),
    0x0026: ("TLS_KRB5_EXPORT_WITH_DES_CBC_40_SHA", ("KRB5", "KRB5", "DES", 40, "CBC", "SHA")),
    0x0064: ("TLS_RSA_EXPORT1024_WITH_RC4_56_SHA", ("RSA", "RSA", "RC4", 56, "STREAM", "SHA")),
    0x0063: ("TLS_DHE_DSS_EXPORT1024_WITH_DES_CBC_SHA", ("DHE", "DSS", "DES", 56, "CBC", "SHA")),
    0x020080: ("SSL_CK_RC4_128_EXPORT40_WITH_MD5", ("RSA", "RSA", "RC4", 40, "STREAM", "MD5")),
    0x040080: ("SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5", ("RSA", "RSA", "RC2", 40, "CBC", "MD5")),
}

# OpenSSL's words for what it calls otherwise
SPOKEN = {"ECDH": "ECDHE", "DH": "DHE", "DHEPSK": "DHE", "ECDHEPSK": "ECDHE", "RSAPSK": "RSA", "any": ""}
SPOKEN_CIPHERS = {"AESGCM": "AES", "AESCCM": "AES", "AESCCM8": "AES", "ARIAGCM": "ARIA", "None": "NULL"}


def pieces(found: Suite) -> tuple[str, str, str, int, str, str]:
    return (found.exchange, found.authentication, found.cipher, found.bits, found.mode, found.digest)


@pytest.mark.parametrize("code", [*PIECES, *EXPORT], ids=lambda code: suite(code).name)
def test_a_suite_is_taken_to_pieces(code: int) -> None:
    found = suite(code)

    assert (found.name, pieces(found)) == {**PIECES, **EXPORT}[code]
    assert found.export is (code in EXPORT)
    assert found.code == code


def test_every_suite_has_all_its_pieces() -> None:
    found = [suite(code) for code in EVERY]

    assert [each.name for each in found if not each.cipher or not each.digest] == []
    assert [each.name for each in found if (each.bits == 0) != (each.cipher == "NULL")] == []
    assert [each.name for each in found if not each.mode and each.cipher != "NULL"] == []
    assert {each.name for each in found if not each.exchange} == {suite(code).name for code in TLS13_SUITES}
    assert all(bool(each.exchange) == bool(each.authentication) for each in found)


def test_no_code_and_no_name_is_given_twice() -> None:
    assert len(EVERY) == len(set(EVERY)) == len({suite(code).name for code in EVERY})
    assert (len(ALL_SUITES), len(TLS13_SUITES), len(SSL2_KINDS)) == (373, 15, 10)
    assert len({group_name(code) for code in ALL_GROUPS}) == len(set(ALL_GROUPS)) == 57
    assert len({scheme_name(code) for code in ALL_SCHEMES}) == len(set(ALL_SCHEMES)) == 47


def test_signals_and_the_state_before_the_handshake_are_never_offered() -> None:
    assert not {RENEGOTIATION_INFO_SCSV, FALLBACK_SCSV, 0x0000} & set(EVERY)
    assert suite(FALLBACK_SCSV).cipher == ""


def test_what_is_unknown_shows_its_number() -> None:
    assert suite(0x7A7A) == Suite(0x7A7A, "0x7A7A", "", "", "", bits=0, mode="", digest="", export=False)
    assert suite(0x0A00C1).name == "0x0A00C1"
    assert (group_name(0x0FFF), scheme_name(0x0FFF)) == ("0x0FFF", "0x0FFF")
    assert not suite(0x7A7A).has_forward_secrecy
    assert not suite(0x7A7A).is_of_tls13


@pytest.mark.parametrize(
    ("code", "secret", "aead"),
    [
        (0x1301, True, True),
        (0xC0B4, True, False),
        (0xC02F, True, True),
        (0x0033, True, False),
        (0x009C, False, True),
        (0x002F, False, False),
        (0xC00E, False, False),
        (0x00A8, False, True),
        (0x00AA, True, True),
        (0x1303, True, True),
        (0xC103, True, True),
        (0x0700C0, False, False),
    ],
    ids=lambda value: suite(value).name if type(value) is int else "",
)
def test_forward_secrecy_and_aead(code: int, *, secret: bool, aead: bool) -> None:
    assert (suite(code).has_forward_secrecy, suite(code).is_aead) == (secret, aead)


def test_modern_suites_come_first_and_what_protects_nothing_last() -> None:
    order = list(ALL_SUITES)

    assert (suite(order[0]).is_aead, suite(order[0]).has_forward_secrecy) == (True, True)
    assert order.index(0xC030) < order.index(0xC028) < order.index(0x009D) < order.index(0x0035)
    assert order.index(0x0035) < order.index(0x000A) < order.index(0x00A8) < order.index(0x0034)
    assert {0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA8, 0xCCA9, 0x009E, 0x009F, 0xC013, 0xC014} <= set(order[:50])
    assert [suite(code).bits < 112 or suite(code).authentication == "anon" for code in order[-60:]] == [
        True
    ] * 60
    assert TLS13_SUITES[:5] == (0x1301, 0x1302, 0x1303, 0x1304, 0x1305)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (0x0017, "secp256r1"),
        (0x001D, "x25519"),
        (0x001F, "brainpoolP256r1tls13"),
        (0x0104, "ffdhe8192"),
        (0x11EC, "X25519MLKEM768"),
        (0x11ED, "SecP384r1MLKEM1024"),
        (0x6399, "X25519Kyber768Draft00"),
        (0x0029, "curveSM2"),
    ],
)
def test_groups_have_their_names(code: int, name: str) -> None:
    assert group_name(code) == name


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (0x0201, "rsa_pkcs1_sha1"),
        (0x0203, "ecdsa_sha1"),
        (0x0402, "dsa_sha256"),
        (0x0804, "rsa_pss_rsae_sha256"),
        (0x0807, "ed25519"),
        (0x081B, "ecdsa_brainpoolP384r1tls13_sha384"),
    ],
)
def test_schemes_have_their_names(code: int, name: str) -> None:
    assert scheme_name(code) == name


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_takes_its_suites_to_the_same_pieces() -> None:
    told = subprocess.run(
        ["openssl", "ciphers", "-V", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    pattern = re.compile(
        r"0x(..),0x(..) - .* Kx=(\S+) +Au=(\S+) +Enc=(\w+)(?:/\w+)?(?:\((\d+)\))? +Mac=(\S+)"
    )

    differing = []
    for line in told:
        match = pattern.search(line)
        assert match, line
        high, low, exchange, authentication, cipher, bits, mac = match.groups()
        found = suite(int(high + low, 16))
        expected = (
            SPOKEN.get(exchange, exchange),
            SPOKEN_CIPHERS.get(cipher, cipher).upper(),
            int(bits or 0),
            mac == "AEAD",
        )
        if expected != (found.exchange, found.cipher, found.bits, found.is_aead):
            differing.append((found, line))
        if authentication in {"RSA", "ECDSA", "DSS"} and "RSAPSK" not in exchange:
            assert found.authentication == authentication, line

    assert len(told) > 100
    assert differing == []
