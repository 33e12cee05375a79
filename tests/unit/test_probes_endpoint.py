"""Addresses with ports, and the rules of --connect-to."""

import os
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.errors import UsageError
from cyberaudit.probes.endpoint import ConnectTo, Endpoint, parse_connect_to, parse_endpoint, read_connect_to

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "address", "port"),
    [
        ("192.0.2.1:5353", "192.0.2.1", 5353),
        ("192.0.2.1", "192.0.2.1", 53),
        ("[2001:db8::1]:5353", "2001:db8::1", 5353),
        ("[2001:db8::1]", "2001:db8::1", 53),
        ("2001:db8::1", "2001:db8::1", 53),
        (" 192.0.2.1:65535 ", "192.0.2.1", 65535),
    ],
)
def test_an_address_with_or_without_port_is_read(text: str, address: str, port: int) -> None:
    assert parse_endpoint(text, default_port=53) == Endpoint(ip_address(address), port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ns1.example:53",
        "*:25",
        "192.0.2.1:0",
        "192.0.2.1:65536",
        "192.0.2.1:+53",
        "192.0.2.1:٥٣",
        "192.0.2.1:",
        "[2001:db8::1]53x",
        "[2001:db8::1",
        "192.0.2.256",
        "192.0.2.1:9999999999999999999999",
    ],
)
def test_what_is_no_address_and_port_gets_one_sentence(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_endpoint(text)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


def test_an_address_without_port_is_refused_where_a_port_is_needed() -> None:
    with pytest.raises(UsageError, match="il faut un port"):
        parse_connect_to("192.0.2.10=127.0.0.1:20025")


@pytest.mark.parametrize("text", ["192.0.2.10:25=127.0.0.1:20025", "[2001:db8::25]:25=[::1]:20025"])
def test_an_endpoint_is_written_as_it_is_read(text: str) -> None:
    rule = parse_connect_to(text)
    assert f"{rule.source}={rule.target}" == text


def test_a_rule_names_exactly_one_address_and_one_port() -> None:
    rules = read_connect_to(["192.0.2.10:25=127.0.0.1:20025"])
    assert rules.target(parse_endpoint("192.0.2.10:25")) == parse_endpoint("127.0.0.1:20025")
    assert rules.target(parse_endpoint("192.0.2.10:26")) is None
    assert rules.target(parse_endpoint("192.0.2.11:25")) is None


@pytest.mark.parametrize("form", ["{}", "@{}"])
def test_a_file_of_rules_may_hold_comments(tmp_path: Path, form: str) -> None:
    file = tmp_path / "carte.txt"
    file.write_text("# la carte\n\n192.0.2.10:25=127.0.0.1:20025  # mx1\n", encoding="utf-8")
    assert read_connect_to([form.format(file)]) == ConnectTo(
        (parse_connect_to("192.0.2.10:25=127.0.0.1:20025"),)
    )


def test_a_wrong_line_of_a_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "carte.txt"
    file.write_text("192.0.2.10:25=127.0.0.1:20025\nn'importe quoi\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"carte\.txt, ligne 2 : « n'importe quoi »"):
        read_connect_to([str(file)])


def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "tuyau")
    with pytest.raises(UsageError, match="n'est pas un fichier ordinaire"):
        read_connect_to([str(tmp_path / "tuyau")])


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"#" * 300_000])
def test_a_file_that_is_no_text_or_far_too_long_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "carte").write_bytes(content)
    with pytest.raises(UsageError, match="--connect-to : le fichier"):
        read_connect_to([str(tmp_path / "carte")])


@pytest.mark.parametrize("text", ["/nulle/part", "a\x00b", "@"])
def test_a_path_that_cannot_be_read_gets_one_sentence(text: str) -> None:
    with pytest.raises(UsageError, match="--connect-to"):
        read_connect_to([text])


def test_one_source_cannot_go_to_two_places() -> None:
    texts = ["192.0.2.10:25=127.0.0.1:20025", "192.0.2.10:25=127.0.0.1:20026"]
    with pytest.raises(UsageError, match="deux endroits"):
        read_connect_to(texts)
    assert len(read_connect_to([texts[0], texts[0]]).rules) == 2


@given(st.text(max_size=60))
def test_no_text_makes_anything_but_a_usage_error(text: str) -> None:
    for read in (parse_endpoint, parse_connect_to):
        with suppress(UsageError):
            assert isinstance(read(text), Endpoint)
