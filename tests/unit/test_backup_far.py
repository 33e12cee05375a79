"""What far places say, read without a network: signatures, keys of servers, listings, blocks, hostile answers."""

import base64
import hashlib
import hmac
import json
import socket
import struct
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberaudit.facts.backup import Confidence, Copy, DateKind, Encrypted, Role
from cyberaudit.facts.codec import decode, encode
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import ConnectTo, Endpoint
from cyberaudit.probes.far_places import far_place, named_places, without_secret
from cyberaudit.probes.guard import Guard, Purpose, Request
from cyberaudit.probes.stores.far import s3_answers, web_tree
from cyberaudit.probes.stores.far.blocks import BLOCK_BYTES, Blocks
from cyberaudit.probes.stores.far.budget import Budget
from cyberaudit.probes.stores.far.http_session import Answer, as_sent, basic, host_header, raise_unless_good
from cyberaudit.probes.stores.far.known_hosts import fingerprint, known_keys
from cyberaudit.probes.stores.far.lines import refusal, refused, tls_context
from cyberaudit.probes.stores.far.look import OF_THE_BUCKET, _of_the_bucket
from cyberaudit.probes.stores.far.not_told import http_date, iso_date
from cyberaudit.probes.stores.far.rest_tree import objects
from cyberaudit.probes.stores.far.s3_signature import query_of, signed_headers
from cyberaudit.probes.stores.far.sftp_client import PACKET_BYTES, SftpClient
from cyberaudit.probes.stores.far.sftp_tree import SftpTree, root_of
from cyberaudit.probes.stores.place import CannotTell
from cyberaudit.probes.stores.request import Access, FarPlace, Scheme, StoreRequest
from cyberaudit.probes.stores.tree import Kind
from cyberaudit.town.scope import scope_for_look
from tests.unit import towns

pytestmark = pytest.mark.unit

ACCESS = Access("copie", "essai")


@pytest.mark.parametrize(
    ("query", "signature"),
    [
        ("lifecycle", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ],
)
def test_signatures_are_those_of_amazons_own_examples(query: str, signature: str) -> None:
    headers = signed_headers(
        "GET",
        f"/?{query}",
        host="examplebucket.s3.amazonaws.com",
        user="AKIAIOSFODNN7EXAMPLE",
        secret="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        region="us-east-1",
        moment=datetime(2013, 5, 24, tzinfo=UTC),
    )
    assert headers["Authorization"].endswith(f"Signature={signature}")


def test_a_query_is_sorted_and_encoded() -> None:
    assert (
        query_of({"prefix": "été & co/", "delimiter": "/"})
        == "delimiter=%2F&prefix=%C3%A9t%C3%A9%20%26%20co%2F"
    )


PLACES: list[tuple[str, Access | None, Any]] = [
    ("sftp://copie@NAS.example/volume1/x", ACCESS, (Scheme.SFTP, "nas.example", 22, "/volume1/x", False)),
    ("ssh://nas.example:2222", ACCESS, (Scheme.SFTP, "nas.example", 2222, "/", False)),
    ("s3://s3.example/seau/mairie?x=1", ACCESS, (Scheme.S3, "s3.example", 443, "/seau/mairie", False)),
    ("s3+http://127.0.0.1:5000/seau", ACCESS, (Scheme.S3, "127.0.0.1", 5000, "/seau", True)),
    ("https://[2001:db8::1]/a.zip?jeton=1", None, (Scheme.WEB, "2001:db8::1", 443, "/a.zip?jeton=1", False)),
    ("http://127.0.0.1/a", None, (Scheme.WEB, "127.0.0.1", 80, "/a", True)),
    ("rest://nas.example/mairie", ACCESS, (Scheme.REST, "nas.example", 8000, "/mairie", False)),
    ("rest://nas.example/mairie", None, Reason.NOT_LOOKED),
    ("sftp://nas.example/", None, Reason.NOT_LOOKED),
    ("s3://s3.example/seau", None, Reason.NOT_LOOKED),
    ("smb://nas.example/partage", ACCESS, Reason.NO_PROBE),
    ("ftp://nas.example/", ACCESS, Reason.NO_PROBE),
    ("https://nas.example:99999/", ACCESS, Reason.NO_PROBE),
    ("https:///sans-machine", ACCESS, Reason.NO_PROBE),
    ("https://a b/", ACCESS, Reason.NO_PROBE),
    ("https://" + "a" * 300, ACCESS, Reason.NO_PROBE),
    (
        "https://Sauvegarde.École.example./é",
        None,
        (Scheme.WEB, "sauvegarde.xn--cole-9oa.example", 443, "/é", False),
    ),
    ("sftp://[2001:DB8:0::1]:22/x", ACCESS, (Scheme.SFTP, "2001:db8::1", 22, "/x", False)),
    ("https://nas.example:0/x", None, (Scheme.WEB, "nas.example", 0, "/x", False)),
    ("https://nas.example\\@autre.example/x", None, (Scheme.WEB, "autre.example", 443, "/x", False)),
    ("https://nas%2eexample/x", None, Reason.NO_PROBE),
    ("https://[::1%25lo]/x", None, Reason.NO_PROBE),
    ("https://nas..example/x", None, Reason.NO_PROBE),
    ("s3://s3.example/", ACCESS, Reason.NO_PROBE),
]


@pytest.mark.parametrize(
    ("url", "access", "expected"), PLACES, ids=[f"{url[:30]!r}-{bool(a)}" for url, a, _ in PLACES]
)
def test_where_an_address_leads(url: str, access: Access | None, expected: Any) -> None:
    place = far_place(url, access, roots=None)
    if isinstance(place, Unreachable):
        assert place.reason is expected
    else:
        assert (place.scheme, place.host, place.port, place.path, place.plain) == expected


def test_the_account_of_the_address_is_used_when_the_access_names_none() -> None:
    named = far_place("sftp://copie@nas.example/", Access(secret="essai"), roots=None)
    assert isinstance(named, FarPlace)
    assert named.access == Access("copie", "essai")
    kept = far_place("sftp://autre@nas.example/", ACCESS, roots=None)
    assert isinstance(kept, FarPlace)
    assert kept.access == ACCESS
    domain = far_place("sftp://copie%40ville@nas.example/", Access(), roots=None)
    assert isinstance(domain, FarPlace)
    assert domain.access.user == "copie@ville"


def test_secrets_stay_out_of_what_is_shown(tmp_path: Path) -> None:
    assert without_secret("https://moi:secret@nas.example/a?jeton=secret#secret") == "https://nas.example/a"
    assert without_secret("https://[") == ""
    (tmp_path / "ac.pem").write_text("-----BEGIN CERTIFICATE-----", "ascii")
    place = far_place("sftp://nas.example/", Access("copie", "secret", "secret"), roots=tmp_path / "ac.pem")
    assert isinstance(place, FarPlace)
    assert "secret" not in repr(place)
    assert place.roots.startswith("-----BEGIN")


def test_a_request_goes_through_json_and_back() -> None:
    place = far_place("sftp://nas.example/", replace(ACCESS, known_hosts=("a", "b")), roots=None)
    assert isinstance(place, FarPlace)
    request = StoreRequest("x", (), "nas", datetime(2026, 11, 21, tzinfo=UTC), far=place)
    assert decode(json.loads(json.dumps(encode(request, StoreRequest))), StoreRequest) == request


def asked(address: str, port: int, host: str) -> Request:
    return Request(Endpoint(ip_address(address), port), Purpose.INFRASTRUCTURE, about=host)


@pytest.mark.parametrize(
    ("address", "port", "host", "expected"),
    [
        ("192.168.1.9", 22, "nas.example", None),
        ("192.168.1.9", 23, "nas.example", Reason.NOT_AUTHORIZED),
        ("192.168.1.9", 22, "autre.example", Reason.NOT_AUTHORIZED),
        ("9.9.9.9", 443, "public.example", None),
        ("192.168.1.9", 443, "public.example", Reason.PRIVATE_ADDRESS),
        ("127.0.0.1", 443, "public.example", Reason.PRIVATE_ADDRESS),
    ],
)
def test_a_place_named_by_the_profile_alone_is_public(
    address: str, port: int, host: str, expected: Reason | None
) -> None:
    ours, others = towns.backup("nas", path=""), towns.backup("web", path="")
    town = towns.town(
        replace(ours, url="sftp://nas.example/x"),
        replace(others, url="https://public.example/"),
        towns.backup("ici"),
    )
    own, named = named_places(town, (("nas", ACCESS),))
    guard = Guard(
        scope_for_look(authorized_by=""),
        connect_to=ConnectTo(),
        infrastructure=(),
        allow_test_network=False,
        own_places=own,
        named_places=named,
    )
    answer = guard.admit(asked(address, port, host))
    assert (answer.reason if isinstance(answer, Unreachable) else None) is expected


BLOB = b"\0\0\0\x0bssh-ed25519" + b"\0\0\0\x20" + bytes(32)
OTHER = b"\0\0\0\x0bssh-ed25519" + b"\0\0\0\x20" + bytes(31) + b"\1"
KEY = f"ssh-ed25519 {base64.b64encode(BLOB).decode()}"


def hashed(name: str) -> str:
    salt = bytes(20)
    digest = hmac.new(salt, name.encode(), "sha1").digest()
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


@pytest.mark.parametrize(
    ("line", "port", "known"),
    [
        (f"nas.example {KEY}", 22, True),
        (f"nas.example,192.0.2.1 {KEY} commentaire", 22, True),
        (f"NAS.EXAMPLE {KEY}", 22, True),
        (f"*.example {KEY}", 22, True),
        (f"*.example,!nas.example {KEY}", 22, False),
        (f"nas.example {KEY}", 2222, False),
        (f"[nas.example]:2222 {KEY}", 2222, True),
        (f"[nas.example]:2222 {KEY}", 22, False),
        (f"n {KEY}", 2222, False),
        (f"{hashed('nas.example')} {KEY}", 22, True),
        (f"{hashed('autre.example')} {KEY}", 22, False),
        (f"|1|x {KEY}", 22, False),
        (f"# nas.example {KEY}", 22, False),
        (f"@cert-authority nas.example {KEY}", 22, False),
        (f"nas.example ssh-rsa {KEY.split()[1]}", 22, False),
        ("nas.example ssh-ed25519 ?!", 22, False),
        ("nas.example", 22, False),
        (fingerprint(BLOB), 22, True),
        (fingerprint(OTHER), 22, False),
        (f"{fingerprint(BLOB)}= nas", 22, True),
        (f"nas.example {fingerprint(BLOB)}", 22, True),
        (f"nas.example {fingerprint(OTHER)}", 22, False),
        (f"autre.example {fingerprint(BLOB)}", 22, False),
        (f"[nas.example]:2222 {fingerprint(BLOB)}", 2222, True),
        (f"@revoked * {KEY}\nnas.example {fingerprint(BLOB)}", 22, False),
        (f"nas.example {KEY}\n@revoked * {KEY}", 22, False),
    ],
)
def test_which_keys_are_known(line: str, port: int, known: bool) -> None:
    assert known_keys((line,), "nas.example", port).has(BLOB) is known


def test_a_key_that_nobody_wrote_down_is_never_known() -> None:
    assert not known_keys((), "nas.example", 22).has(b"")
    assert known_keys((f"nas.example {KEY}",), "nas.example", 22).kinds == {"ssh-ed25519"}
    assert known_keys((fingerprint(BLOB),), "nas.example", 22).kinds == frozenset()


@given(st.lists(st.text(max_size=60), max_size=4), st.binary(max_size=60))
def test_no_text_makes_an_unknown_key_known(lines: list[str], blob: bytes) -> None:
    known = known_keys(lines, "nas.example", 22)
    if known.has(blob):
        assert any(base64.b64encode(blob).decode() in line or fingerprint(blob) in line for line in lines)


@given(st.binary(max_size=300_000), st.integers(-5, 400_000), st.integers(-5, 400_000))
@settings(max_examples=60)
def test_blocks_give_the_bytes_of_the_file(data: bytes, offset: int, count: int) -> None:
    data = data * (1 + (len(data) > 100) * 5000)
    blocks = Blocks(len(data), lambda at, size: data[at : at + size])
    expected = data[offset : offset + count] if offset >= 0 and count > 0 else b""
    assert blocks.read_at(offset, count) == expected
    assert blocks.read_at(offset, count) == expected


def test_a_short_answer_is_an_error_and_never_the_end_of_the_file() -> None:
    blocks = Blocks(BLOCK_BYTES * 3, lambda offset, count: bytes(count - 1))
    for count in (10, BLOCK_BYTES * 2):
        with pytest.raises(OSError, match="plus courte"):
            blocks.read_at(0, count)


def test_many_blocks_are_forgotten_in_turn() -> None:
    asked_for: list[int] = []

    def fetch(offset: int, count: int) -> bytes:
        asked_for.append(offset)
        return bytes(count)

    blocks = Blocks(BLOCK_BYTES * 100, fetch)
    for number in (*range(99, -1, -1), 0, 99):
        blocks.read_at(number * BLOCK_BYTES, 10)
    assert len(asked_for) == 101


def test_what_is_read_in_order_is_fetched_by_more_each_time() -> None:
    data = bytes(range(256)) * 256 * 40 + b"fin"
    asked_for: list[int] = []

    def fetch(offset: int, count: int) -> bytes:
        asked_for.append(count)
        return data[offset : offset + count]

    blocks = Blocks(len(data), fetch)
    read = b"".join(blocks.read_at(offset, 4096) for offset in range(0, len(data), 4096))
    assert read == data
    assert [count // BLOCK_BYTES for count in asked_for[:5]] == [1, 2, 4, 8, 16]
    assert sum(asked_for) == len(data)


@pytest.mark.parametrize(
    ("link", "name"),
    [
        ("a.zip", "a.zip"),
        ("./a.zip", "a.zip"),
        ("/copies/a.zip", "a.zip"),
        ("//x/copies/a.zip", "a.zip"),
        ("d%C3%A9j%C3%A0/", "déjà/"),
        ("../", None),
        ("/autre/a.zip", None),
        ("b/c.zip", None),
        ("?C=N;O=D", None),
        ("a.zip#x", None),
        ("https://ailleurs.example/copies/a.zip", None),
        ("//ailleurs.example/copies/a.zip", None),
        ("javascript:alert(1)", None),
        ("a%2Fb", None),
        ("a%00b", None),
        ("%2e%2e", None),
        ("", None),
        ("a" * 300, None),
        ("http://[", None),
    ],
)
def test_what_a_link_of_an_index_names(link: str, name: str | None) -> None:
    assert web_tree._name_below("/copies/", link) == name


@given(st.text(max_size=200))
def test_no_link_leads_out_of_the_folder(link: str) -> None:
    name = web_tree._name_below("/copies/", link)
    assert name is None or web_tree.is_plain_name(name.removesuffix("/"))


def test_dates_as_servers_write_them() -> None:
    moment = datetime(2026, 11, 22, 10, tzinfo=UTC).timestamp()
    assert http_date("Sun, 22 Nov 2026 10:00:00 GMT") == moment
    assert iso_date("2026-11-22T10:00:00.000Z") == moment
    assert iso_date("2026-11-22T10:00:00") is None
    for text in ("", "hier", "Sun, 99 Nov 2026 10:00:00 GMT", "Sun, 22 Nov 99999999999 10:00:00 GMT"):
        assert http_date(text) is None
        assert iso_date(text) is None


@given(st.text(max_size=60))
def test_no_date_crashes(text: str) -> None:
    assert isinstance(http_date(text), float | None)
    assert isinstance(iso_date(text), float | None)


@given(st.binary(max_size=400))
def test_no_xml_crashes_or_becomes_a_listing(data: bytes) -> None:
    for read in (s3_answers.read_page, s3_answers.read_lock, s3_answers.read_retention):
        with pytest.raises(OSError):
            read(data)


def test_a_page_of_a_bucket() -> None:
    body = (
        b'<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        b"<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
        b"<NextContinuationToken>suite</NextContinuationToken><Contents><Key>a+b%2B%0A%FF.zip</Key><Size>7</Size>"
        b"<LastModified>2026-11-22T10:00:00Z</LastModified><ETag>&quot;1&quot;</ETag></Contents>"
        b"<CommonPrefixes><Prefix>d%C3%A9j%C3%A0/</Prefix></CommonPrefixes></ListBucketResult>"
    )
    page = s3_answers.read_page(body)
    assert [(key.key, key.size, key.tag) for key in page.keys] == [("a b+\n\udcff.zip", 7, '"1"')]
    assert page.prefixes == ("déjà/",)
    assert page.following == "suite"
    assert s3_answers.read_page(body.replace(b"url", b"non", 1)).prefixes == ("d%C3%A9j%C3%A0/",)


def objects_of(data: bytes, size: int = 7) -> list[object]:
    return list(objects(data[at : at + size] for at in range(0, len(data), size)))


def test_a_list_told_in_pieces_is_the_list() -> None:
    listed = [{"name": f"{number:064x}", "size": number} for number in range(50)]
    assert objects_of(json.dumps(listed).encode(), 100) == listed


@given(st.binary(max_size=300), st.integers(1, 50))
def test_no_list_crashes(data: bytes, size: int) -> None:
    try:
        found = objects_of(data, size)
    except OSError:
        return
    assert all(isinstance(each, dict) for each in found)


class Scripted:
    """The other end of a channel: says what it is told to, whatever it hears."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.heard = b""

    def settimeout(self, timeout: float | None, /) -> None:
        pass

    def sendall(self, data: bytes, /) -> None:
        self.heard += data

    def recv(self, count: int, /) -> bytes:
        taken, self.data = self.data[:count], self.data[count:]
        return taken


@pytest.fixture
def budget() -> Iterator[Budget]:
    spent = Budget(seconds=20)
    yield spent
    spent.close()


def packet(kind: int, body: bytes) -> bytes:
    return struct.pack(">IB", len(body) + 1, kind) + body


def text(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


VERSION = packet(2, struct.pack(">I", 3))
FOLDER = struct.pack(">II", 4, 0o40755)
FILE = struct.pack(">IQII", 1 | 4, 5, 0o100644, 0)[:-4]


def names(number: int, *listed: tuple[bytes, bytes]) -> bytes:
    body = b"".join(text(name) + text(b"long") + attributes for name, attributes in listed)
    return packet(104, struct.pack(">II", number, len(listed)) + body)


def test_hostile_names_of_an_sftp_server_are_left_out(budget: Budget) -> None:
    listed = [
        (b".", FOLDER),
        (b"..", FOLDER),
        (b"a/b", FILE),
        (b"", FILE),
        (b"a\0b", FILE),
        (b"x" * 70_000, FILE),
    ]
    said = VERSION + packet(102, struct.pack(">I", 1) + text(b"h")) + names(2, *listed, (b"caf\xe9", FILE))
    said += packet(101, struct.pack(">II", 3, 1) + text(b"") * 2)
    tree = SftpTree(SftpClient(Scripted(said), budget), b"/copies")
    found = list(tree.entries(()))
    assert [entry.name for entry in found if entry.kind is Kind.FILE] == ["caf\udce9"]
    assert sum(entry.kind is Kind.OTHER for entry in found) == 4
    assert tree.name == "copies"


@pytest.mark.parametrize(
    "said",
    [
        b"",
        packet(2, struct.pack(">I", 2)),
        packet(2, b""),
        struct.pack(">IB", PACKET_BYTES + 1, 2),
        struct.pack(">IB", 0, 2) + bytes(20),
        VERSION + packet(105, struct.pack(">I", 9) + FOLDER),
        VERSION + packet(105, struct.pack(">I", 1) + b"\xff\xff\xff\xff"),
        VERSION + packet(104, struct.pack(">I", 1)),
        VERSION + packet(101, struct.pack(">II", 1, 3)),
        VERSION + packet(101, struct.pack(">II", 1, 1)),
        VERSION + packet(101, struct.pack(">II", 1, 4)),
    ],
)
def test_an_sftp_server_that_talks_nonsense_is_an_error(said: bytes, budget: Budget) -> None:
    with pytest.raises(OSError):
        SftpClient(Scripted(said), budget).status(b"/")


def test_a_listing_without_names_does_not_turn_for_ever(budget: Budget) -> None:
    said = VERSION + packet(102, struct.pack(">I", 1) + text(b"h")) + names(2)
    with pytest.raises(OSError, match="incompréhensible"):
        list(SftpClient(Scripted(said), budget).listing(b"/"))


def test_more_bytes_than_asked_are_refused(budget: Budget) -> None:
    said = VERSION + packet(103, struct.pack(">I", 1) + text(b"trop"))
    with pytest.raises(OSError):
        SftpClient(Scripted(said), budget).read(b"h", 0, 2)


def test_a_file_shorter_than_told_is_given_as_it_is(budget: Budget) -> None:
    end = packet(101, struct.pack(">II", 2, 1))
    said = VERSION + packet(103, struct.pack(">I", 1) + text(b"ab")) + end
    assert SftpClient(Scripted(said), budget).read(b"h", 0, 9) == b"ab"


@given(st.binary(max_size=300))
def test_no_bytes_of_an_sftp_server_crash(data: bytes) -> None:
    budget = Budget(seconds=20)
    try:
        tree = SftpTree(SftpClient(Scripted(VERSION + data), budget), b"/")
        for ask in (lambda: list(tree.entries(())), lambda: tree.status(("a",)), lambda: tree.safeguards(())):
            try:
                ask()
            except OSError:
                continue
    finally:
        budget.close()


def test_where_an_sftp_address_leads() -> None:
    assert root_of("/volume%201/x") == b"/volume 1/x"
    assert root_of("/~/copies") == b"./copies"
    assert root_of("") == b"/"


def test_what_the_budget_refuses() -> None:
    budget = Budget(seconds=20, bytes_left=10)
    budget.spend(10)
    with pytest.raises(OSError, match="volume"):
        budget.spend(1)
    assert budget.spent == "volume prévu atteint"
    budget.close()
    over = Budget(seconds=-1)
    with pytest.raises(TimeoutError):
        over.step()
    assert over.spent == "temps prévu écoulé"
    over.close()


@pytest.mark.parametrize("data", [b"", b"[]", b'["x", "y"]', b"{}", b"[1, 2, 3]", b"\xff"])
def test_a_refusal_that_is_none_is_ours(data: bytes) -> None:
    assert refused(data).unreachable.reason is Reason.PROBE_CRASHED


def test_a_refusal_goes_over_and_back() -> None:
    cause = Unreachable(Reason.REFUSED, "é" * 600)
    assert refused(refusal(cause)).unreachable == replace(cause, detail="é" * 500)


def test_authorities_that_cannot_be_read_are_no_reason_to_believe_others() -> None:
    with pytest.raises(CannotTell):
        tls_context("-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n")
    with pytest.raises(CannotTell):
        tls_context("é ")
    assert tls_context("").check_hostname


def test_the_comments_of_a_bundle_may_be_in_any_language() -> None:
    with pytest.raises(CannotTell, match="autorité"):
        tls_context("# Főtanúsítvány\n-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n")
    roots = Path("/etc/ssl/certs/ca-certificates.crt")
    if roots.exists():
        assert tls_context(f"# Főtanúsítvány\n{roots.read_text('ascii')}").check_hostname


def test_what_is_released_is_ended_at_once(budget: Budget) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        kept = budget.watch(ours)
        ours.close()
        theirs.settimeout(5)
        budget.release(kept)
        assert theirs.recv(1) == b""
        budget.release(kept)


def test_a_target_may_stand_in_a_question() -> None:
    assert as_sent("/été/%41 b?c=d&e=[é]") == "/%C3%A9t%C3%A9/%41%20b?c=d&e=[%C3%A9]"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<Error><Code>SignatureDoesNotMatch</Code></Error>", "la clé secrète n'est pas la bonne"),
        ("<Error xmlns='x'><Code>PermanentRedirect</Code><Region>fr-par</Region></Error>",
         "ce seau est dans une autre région (« fr-par »)"),
        ("<Error><Code>NoSuchBucket</Code><Region>fr-par</Region></Error>", "ce seau n'existe pas"),
        ("<Error><Code>Autre</Code></Error>", ""),
        ("<html/>", ""),
        ("rien", ""),
    ],
)  # fmt: skip
def test_why_a_bucket_refuses(body: str, said: str) -> None:
    assert s3_answers.read_refusal(body.encode()) == said


def test_a_tree_without_end_is_refused() -> None:
    with pytest.raises(OSError, match="imbriquée"):
        s3_answers.read_page(b"<ListBucketResult>" + b"<a>" * 500_000)


def test_headers_of_http() -> None:
    place = far_place("https://[2001:db8::1]:8443/", ACCESS, roots=None)
    assert isinstance(place, FarPlace)
    assert host_header(place) == "[2001:db8::1]:8443"
    assert basic(place) == {"Authorization": "Basic " + base64.b64encode(b"copie:essai").decode()}
    assert basic(replace(place, access=Access())) == {}
    for status, kind in ((404, FileNotFoundError), (401, PermissionError), (503, OSError)):
        with pytest.raises(kind):
            raise_unless_good(Answer(status, {}, iter(())))


@pytest.mark.parametrize(
    ("name", "kind", "source", "expected"),
    [
        ("mairie-2026-11-21.zip", DateKind.EXACT, "date du fichier", DateKind.EXACT),
        ("mairie-20261122.zip", DateKind.EXACT, "date du fichier", DateKind.EXACT),
        ("mairie-2026-10-01.zip", DateKind.EXACT, "date du fichier", DateKind.UPPER_BOUND),
        ("mairie.zip", DateKind.EXACT, "date du fichier", DateKind.UPPER_BOUND),
        ("mairie.zip", DateKind.LOWER_BOUND, "date du fichier", DateKind.LOWER_BOUND),
        ("mairie.7z.001", DateKind.EXACT, "date du dernier volume écrit", DateKind.UPPER_BOUND),
        ("mairie-2026-11-21.7z.001", DateKind.EXACT, "date du dernier volume écrit", DateKind.EXACT),
        ("mairie.zip", DateKind.EXACT, "nom du fichier (UTC)", DateKind.EXACT),
    ],
)
def test_the_date_of_an_object_is_that_of_its_putting_there(
    name: str, kind: DateKind, source: str, expected: DateKind
) -> None:
    copy = Copy(
        name, "", "", Role.ARCHIVE, "zip", 9, datetime(2026, 11, 21, 21, tzinfo=UTC), kind, source,
        Encrypted.NO, "", (), "", Confidence.CERTAIN, "",
    )  # fmt: skip
    seen = _of_the_bucket(copy)
    assert seen.date_kind is expected
    assert (seen.date_source == OF_THE_BUCKET) is source.startswith("date")


def test_a_fingerprint_is_that_of_openssh() -> None:
    shown = base64.b64encode(hashlib.sha256(BLOB).digest()).decode().rstrip("=")
    assert fingerprint(BLOB) == f"SHA256:{shown}"
