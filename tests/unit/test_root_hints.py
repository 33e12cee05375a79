"""Where the root's servers are: the files that are read, those that are refused, and what `set_up` makes of them."""

import os
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.declared import Commune, Delivery, PlanChoices, Town
from cyberaudit.errors import UsageError
from cyberaudit.probes.instruments import Options, set_up
from cyberaudit.probes.names.root_hints import MOST_ADDRESSES, RootHints, internet_roots, read_root_hints
from cyberaudit.town.scope import scope_for_look

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
COMMUNE = Commune("l-hay", "L'Haÿ", (), "99042", 1850, "normandie", "Europe/Paris")
TOWN = Town(
    1, COMMUNE, "", None, "", (COMMUNE,), (), PlanChoices((), (), (), True), (), Delivery((), "", "", "")
)
GOOD = """; a private root
.          3600000  IN NS    a.racine.test.
a.racine.test.  3600000  A   192.0.2.1
a.racine.test.  3600000  AAAA 2001:db8::1
.  IN NS b.racine.test.
b.racine.test. IN A 192.0.2.2
stray.test. IN A 192.0.2.9
"""


def read(folder: Path, text: str | bytes) -> RootHints:
    path = folder / "named.root"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_root_hints(path)


def test_the_addresses_of_the_root_servers_alone_are_read(tmp_path: Path) -> None:
    found = {str(address) for address in read(tmp_path, GOOD).addresses}
    assert found == {"192.0.2.1", "2001:db8::1", "192.0.2.2"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.racine.test. IN A 192.0.2.1\n",
        ". IN NS a.racine.test.\n",
        ". IN NS a.racine.test.\na.racine.test. IN A 192.0.2.999\n",
        b"\xff\xfe\x00",
        "test. IN NS a.racine.test.\na.racine.test. IN A 192.0.2.1\n",
        "$INCLUDE /etc/passwd\n",
    ],
)
def test_a_file_without_root_server_gets_one_french_sentence(tmp_path: Path, text: str | bytes) -> None:
    with pytest.raises(UsageError, match="--root-hints") as caught:
        read(tmp_path, text)
    assert "aucun serveur de la racine" in str(caught.value)


@pytest.mark.parametrize("path", ["/nulle/part", "/", "a\x00b"])
def test_what_is_no_file_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="--root-hints"):
        read_root_hints(Path(path))


def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="fichier ordinaire"):
        read_root_hints(tmp_path / "pipe")


def test_the_internet_has_thirteen_roots_in_both_families() -> None:
    addresses = internet_roots().addresses
    assert len(set(addresses)) == 26
    assert all(address.is_global for address in addresses)
    assert len(addresses) <= MOST_ADDRESSES


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_crash(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder, suppress(UsageError):
        assert read(Path(folder), data).addresses


def test_with_a_private_root_and_no_resolver_those_of_this_machine_are_not_asked(tmp_path: Path) -> None:
    path = tmp_path / "named.root"
    path.write_text(GOOD)
    scope = scope_for_look(authorized_by="")
    alone = set_up(TOWN, scope, Options(root_hints=path), now=NOW)
    assert alone.resolver.servers == ()
    both = set_up(TOWN, scope, Options(root_hints=path, resolvers=("192.0.2.53",)), now=NOW)
    assert [str(server) for server in both.resolver.servers] == ["192.0.2.53:53"]


def test_files_that_cannot_be_used_are_refused_before_anything_is_sent(tmp_path: Path) -> None:
    scope = scope_for_look(authorized_by="")
    for options, flag in (
        (Options(root_hints=tmp_path / "rien"), "--root-hints"),
        (Options(trust_anchor=tmp_path / "rien"), "--trust-anchor"),
    ):
        with pytest.raises(UsageError, match=flag):
            set_up(TOWN, scope, options, now=NOW)


def test_validation_can_be_left_out() -> None:
    scope = scope_for_look(authorized_by="")
    assert set_up(TOWN, scope, Options(), now=NOW).resolver.validator is not None
    assert set_up(TOWN, scope, Options(), now=NOW, validate=False).resolver.validator is None
