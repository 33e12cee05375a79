"""Which hosts the names of a certificate cover, hostile names included."""

import pytest

from cyberaudit.probes.certificate_names import MAX_NAMES, SubjectNames

pytestmark = pytest.mark.unit


def covers(names: tuple[str, ...], host: str, *, addresses: tuple[str, ...] = ()) -> bool:
    return SubjectNames(names, addresses).covers(host)


@pytest.mark.parametrize(
    ("names", "host", "covered"),
    [
        (("mx1.l-hay.example",), "mx1.l-hay.example", True),
        (("mx1.l-hay.example.",), "MX1.L-Hay.example.", True),
        (("MX1.l-hay.EXAMPLE",), "mx1.l-hay.example", True),
        (("autre.example", "mx1.l-hay.example"), "mx1.l-hay.example", True),
        ((), "mx1.l-hay.example", False),
        (("",), "", False),
        ((".",), "", False),
        (("localhost",), "localhost", True),
        (("*.l-hay.example",), "mx1.l-hay.example", True),
        (("*.l-hay.example",), "l-hay.example", False),
        (("*.l-hay.example",), "a.mx1.l-hay.example", False),
        (("mx*.l-hay.example",), "mx1.l-hay.example", False),
        (("*x1.l-hay.example",), "mx1.l-hay.example", False),
        (("*.*.example",), "mx1.l-hay.example", False),
        (("mx1.*.example",), "mx1.l-hay.example", False),
        (("*",), "localhost", False),
        (("*.example",), "mairie.example", False),
        (("*.fr",), "mairie.fr", False),
        (("*.l-hay.example",), "*.l-hay.example", False),
        (("*.l-hay.example",), ".l-hay.example", False),
        (("*.l-hay.example",), "a..l-hay.example", False),
        (("xn--l-ha-xpa.example",), "l-haÿ.example", False),
        (("xn--mairie--l-ha-9qb.example",), "xn--mairie--l-ha-9qb.example", True),
    ],
)
def test_a_name_is_covered_by_the_rules_of_rfc_9525(names: tuple[str, ...], host: str, covered: bool) -> None:
    assert covers(names, host) is covered


@pytest.mark.parametrize(
    "name",
    [
        "vpn.example\x00.mairie.invalid",
        "vpn\x00.example",
        " vpn.example",
        "vpn.example ",
        "vpn.example..",
        "vpn.exa\u200bmple",
        "vpn.example\n",
        ".vpn.example",
        "https://vpn.example",
        "vpn.example:443",
        "*." + "a" * 64 + ".example",
    ],
)
def test_what_looks_like_the_name_once_made_safe_is_another_name(name: str) -> None:
    assert not covers((name,), "vpn.example")
    assert not covers((name,), name)


def test_a_name_with_accents_is_compared_in_its_a_label_form() -> None:
    label = "l-haÿ".encode("idna").decode()
    assert covers((f"{label}.example",), "l-haÿ.example")
    assert covers((f"*.{label}.example",), "mx1.L-HAŸ.example")
    assert not covers(("x.example",), "é" * 70 + ".example")
    assert not covers(("l-haÿ.example",), "l-haÿ.example"), "a dNSName has no accents"


@pytest.mark.parametrize(
    ("addresses", "host", "covered"),
    [
        (("192.0.2.25",), "192.0.2.25", True),
        (("192.0.2.26",), "192.0.2.25", False),
        (("2001:db8::25",), "2001:DB8:0::25", True),
        (("192.0.2.25",), "::ffff:192.0.2.25", False),
        ((), "192.0.2.25", False),
    ],
)
def test_an_address_is_covered_by_the_same_address(
    addresses: tuple[str, ...], host: str, covered: bool
) -> None:
    assert covers((), host, addresses=addresses) is covered


def test_an_address_written_as_a_host_name_covers_nothing() -> None:
    assert not covers(("192.0.2.25", "*.0.2.25"), "192.0.2.25")
    assert not covers(("192.0.2.025",), "192.0.2.025")


def test_only_the_first_names_are_kept_and_they_are_made_safe() -> None:
    names = SubjectNames(
        ("A\x1b[31m.Example", *(f"h{n}.example" for n in range(2 * MAX_NAMES))), ("192.0.2.1",)
    )
    assert len(names.shown()) == MAX_NAMES
    assert names.shown()[0] == "a [31m.example"
    assert names.covers(f"h{2 * MAX_NAMES - 1}.example"), "the others still count"
    assert SubjectNames((), ("192.0.2.1",)).shown() == ("192.0.2.1",)
