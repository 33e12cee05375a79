"""The secrets of TLS, against published traces."""

import pytest

from cyberaudit.probes.tls import key_schedule, key_schedule12
from cyberaudit.probes.tls.key_schedule import Traffic

pytestmark = pytest.mark.unit


def hexa(text: str) -> bytes:
    return bytes.fromhex(text)


# RFC 8448 §3, « Simple 1-RTT Handshake »
SHARED = hexa("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d")
HELLOS = hexa("860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8")
FLIGHT = hexa("9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13")
EARLY = hexa("33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a")
HANDSHAKE = hexa("1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac")
MASTER = hexa("18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919")


def test_each_secret_of_tls13_comes_from_the_one_before() -> None:
    assert key_schedule.early_secret("sha256") == EARLY
    assert key_schedule.next_secret(EARLY, SHARED, digest="sha256") == HANDSHAKE
    assert key_schedule.next_secret(HANDSHAKE, b"", digest="sha256") == MASTER


@pytest.mark.parametrize(
    ("secret", "label", "transcript", "expected"),
    [
        (HANDSHAKE, "c hs traffic", HELLOS, "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21"),
        (HANDSHAKE, "s hs traffic", HELLOS, "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38"),
        (MASTER, "c ap traffic", FLIGHT, "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5"),
        (MASTER, "s ap traffic", FLIGHT, "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643"),
    ],
)  # fmt: skip
def test_the_traffic_secrets_of_tls13_are_those_of_the_trace(
    secret: bytes, label: str, transcript: bytes, expected: str
) -> None:
    assert key_schedule.derive(secret, label, transcript, digest="sha256").hex() == expected


def test_a_traffic_secret_gives_key_nonce_and_finished_key() -> None:
    secret = hexa("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38")
    expected = Traffic(hexa("3fce516009c21727d0f2e4e86ee403bc"), hexa("5d313eb2671276ee13000b30"))
    assert key_schedule.traffic(secret, key_length=16, digest="sha256") == expected
    finished = key_schedule.expand(secret, "finished", b"", length=32, digest="sha256")
    assert finished.hex() == "008d3b66f816ea559f96b537e885c31fc068bf492c652f01f288a1d8cdc19fc8"


def test_sha384_makes_longer_secrets() -> None:
    secret = key_schedule.next_secret(key_schedule.early_secret("sha384"), SHARED, digest="sha384")
    assert len(secret) == len(key_schedule.updated(secret, digest="sha384")) == 48


# The vectors that the authors of TLS 1.0 and 1.2 gave to their working group.
@pytest.mark.parametrize(
    ("secret", "label", "seed", "digest", "expected"),
    [
        (
            hexa("9bbe436ba940f017b17652849a71db35"), "test label", hexa("a0ba9f936cda311827a6f796ffd5198c"), "sha256",
            ("e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af"
            "0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701"
            "87347b66"),
        ),
        (
            b"\xab" * 48, "PRF Testvector", b"\xcd" * 64, key_schedule12.OLD,
            ("d3d4d1e349b5d515044666d51de32bab258cb521b6b053463e354832fd976754443bcf9a296519bc289abcbc1187e4eb"
            "d31e602353776c408aafb74cbc85eff69255f9788faa184cbb957a9819d84a5d7eb006eb459d3ae8de9810454b8b2d8f"
            "1afbc655a8c9a013"),
        ),
    ],
    ids=["TLS 1.2", "TLS 1.0"],
)  # fmt: skip
def test_the_older_pseudo_random_function(
    secret: bytes, label: str, seed: bytes, digest: str, expected: str
) -> None:
    length = len(expected) // 2
    assert key_schedule12.prf(secret, label, seed, length=length, digest=digest).hex() == expected
