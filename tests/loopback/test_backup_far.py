"""Far places behind real servers, read by the real child process: SFTP, S3, HTTPS, rest-server; hostile ones too."""

import asyncio
import base64
import gzip
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cyberaudit.demo.background import Background
from cyberaudit.demo.dns_server import DnsServer
from cyberaudit.facts.backup import BackupStore, Copy, DateKind, Encrypted, StoreContents, Trouble
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import lent_lines
from cyberaudit.probes.backup_store import announce, ask_child, look
from cyberaudit.probes.far_places import far_place
from cyberaudit.probes.instruments import Instruments, Options, set_up
from cyberaudit.probes.lent_lines import opener
from cyberaudit.probes.stores.far import look as far_look
from cyberaudit.probes.stores.far import s3_tree
from cyberaudit.probes.stores.far.budget import Budget
from cyberaudit.probes.stores.far.lines import Lines
from cyberaudit.probes.stores.far.trees import far_tree
from cyberaudit.probes.stores.request import Access, FarPlace, StoreRequest
from cyberaudit.probes.stores.tree import Kind
from cyberaudit.town.scope import scope_for_look
from tests.loopback import far_servers as servers
from tests.loopback.far_servers import LOOPBACK, S3_SECRET, S3_USER, Sshd
from tests.unit import towns

pytestmark = pytest.mark.loopback

NOW = datetime.now(UTC)
DUMP = b"-- MariaDB dump\nCREATE TABLE `t` (`a` int);\n" + b"INSERT INTO `t` VALUES (1);\n" * 9000
DUMP += b"-- Dump completed on 2026-11-21 21:10:00\n"
WHOLE, CUT = "mairie-2026-11-21.sql.gz", "mairie-2026-11-20.sql.gz"


def instruments(url: str, access: Access | None = None, **options: Any) -> tuple[Any, Instruments]:
    asset = replace(towns.backup(path=""), url=url)
    accesses = ((asset.id, access),) if access else ()
    scope = scope_for_look(authorized_by="")
    tools = set_up(towns.town(asset), scope, Options(backup_accesses=accesses, **options), now=NOW)
    return asset, tools


def seen(url: str, access: Access | None = None, *, seconds: float = 50, **options: Any) -> Any:
    async def go() -> Any:
        asset, tools = instruments(url, access, **options)
        if seconds == 50:
            return await look(asset, tools)
        place = far_place(url, access, roots=None)
        assert isinstance(place, FarPlace)
        request = StoreRequest(path=url, roots=(), media="nas", now=NOW, far=place)
        return await ask_child(request, seconds=seconds, opener=opener(place, tools))

    return asyncio.run(go())


def contents(url: str, access: Access | None = None, **options: Any) -> StoreContents:
    facts = seen(url, access, **options)
    assert isinstance(facts, BackupStore), facts
    assert facts.present is True, facts
    assert isinstance(facts.contents, StoreContents), facts.contents
    return facts.contents


def why_not(url: str, access: Access | None = None, **options: Any) -> Unreachable:
    facts = seen(url, access, **options)
    cause = facts.contents if isinstance(facts, BackupStore) else facts
    assert isinstance(cause, Unreachable), cause
    return cause


def by_name(found: StoreContents) -> dict[str, Copy]:
    return {copy.name: copy for copy in found.copies}


def faults(found: StoreContents) -> dict[str, str]:
    return {copy.name: copy.fault for copy in found.copies}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole copy, one that is cut, a folder of documents, a link, a pipe, a name in Latin-1."""
    folder = tmp_path_factory.mktemp("far") / "copies"
    (folder / "déjà").mkdir(parents=True)
    packed = gzip.compress(DUMP, compresslevel=1)
    (folder / WHOLE).write_bytes(packed)
    (folder / CUT).write_bytes(packed[: len(packed) // 2])
    (folder / "déjà" / "été & hiver #1.zip").write_bytes(b"PK\5\6" + bytes(18))
    os.close(os.open(os.fsencode(folder) + b"/caf\xe9-2026-11-19.sql", os.O_CREAT | os.O_WRONLY))
    (folder / "lien.zip").symlink_to("/etc/passwd")
    (folder / "dehors").symlink_to("/etc")
    os.mkfifo(folder / "tuyau.tar.gz")
    moment = (NOW - timedelta(hours=20)).timestamp()
    for name in (WHOLE, CUT):
        os.utime(folder / name, (moment, moment))
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with servers.sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


def sftp(server: Sshd, path: object) -> str:
    return f"sftp://root@{LOOPBACK}:{server.port}{path}"


def test_sftp_reads_as_a_folder_of_this_machine(ssh: Sshd, place: Path) -> None:
    found = contents(sftp(ssh, place), Access(key=ssh.key, known_hosts=(ssh.known,)))
    assert faults(found)[WHOLE] == ""
    assert faults(found)[CUT] == "truncated"
    assert found.device == LOOPBACK
    newest = by_name(found)[WHOLE]
    assert abs((NOW - newest.written_at) - timedelta(hours=20)) < timedelta(seconds=2)
    assert newest.encrypted is Encrypted.NO
    assert not {"lien.zip", "tuyau.tar.gz", "passwd"} & set(by_name(found))
    assert any(name.startswith("caf") for name in by_name(found))


@pytest.mark.parametrize("which", ["locked", "ecdsa", "rsa host", "fingerprint", "hashed", "several"])
def test_sftp_with_each_kind_of_key(ssh: Sshd, place: Path, which: str, tmp_path: Path) -> None:
    access = {
        "locked": Access("root", "essai", ssh.locked_key, (ssh.known,)),
        "ecdsa": Access("root", "", ssh.ecdsa_key, (ssh.known,)),
        "rsa host": Access("root", "", ssh.key, (ssh.known_rsa,)),
        "fingerprint": Access("root", "", ssh.key, (fingerprint(ssh.known, tmp_path),)),
        "hashed": Access("root", "", ssh.key, (hashed(ssh.known, tmp_path),)),
        "several": Access("root", "", ssh.key, ("# clés\n\nautre.example ssh-rsa AAAA\n" + ssh.known,)),
    }[which]
    with tree_of(sftp(ssh, place), access) as tree:
        assert tree.status((WHOLE,)).kind is Kind.FILE


def fingerprint(line: str, folder: Path) -> str:
    (folder / "known").write_text(line, "ascii")
    shown = subprocess.run(
        ["ssh-keygen", "-l", "-f", folder / "known"], check=True, capture_output=True, text=True
    )
    return shown.stdout.split()[1]


def hashed(line: str, folder: Path) -> str:
    (folder / "known").write_text(line, "ascii")
    subprocess.run(["ssh-keygen", "-H", "-f", folder / "known"], check=True, capture_output=True)
    return (folder / "known").read_text("ascii")


def test_sftp_refuses_a_server_it_does_not_know_and_shows_its_fingerprint(
    ssh: Sshd, place: Path, tmp_path: Path
) -> None:
    own = fingerprint(ssh.known, tmp_path)
    nobody = why_not(sftp(ssh, place), Access("root", "", ssh.key))
    assert "aucune clé de ce serveur n'est connue" in nobody.detail
    assert own in nobody.detail
    kind = ssh.known.split()[1]
    other = ssh.known.replace(ssh.known.split()[2], ssh.known.split()[2][:-4] + "AAAA")
    wrong = why_not(sftp(ssh, place), Access("root", "", ssh.key, (other,)))
    assert kind == "ssh-ed25519"
    assert "autre clé que celle connue" in wrong.detail
    rest = ssh.known.split(" ", 1)[1]
    dsa = f"[{LOOPBACK}]:{ssh.port} ecdsa-sha2-nistp256 {ECDSA}"
    kinds = why_not(sftp(ssh, place), Access("root", "", ssh.key, (dsa,)))
    assert "aucune clé du genre de celle qui est connue" in kinds.detail
    elsewhere = why_not(sftp(ssh, place), Access("root", "", ssh.key, (f"ailleurs.example {rest}",)))
    assert "aucune clé de ce serveur n'est connue" in elsewhere.detail
    others = why_not(sftp(ssh, place), Access("root", "", ssh.key, (f"ailleurs.example {own}",)))
    assert "aucune clé de ce serveur n'est connue" in others.detail
    revoked = why_not(sftp(ssh, place), Access("root", "", ssh.key, (ssh.known, f"@revoked {ssh.known}")))
    assert "révoquée" in revoked.detail


def test_sftp_says_what_refuses(ssh: Sshd, place: Path) -> None:
    known = (ssh.known,)
    assert why_not(sftp(ssh, place), Access("root", "faux", "", known)).reason is Reason.PERMISSION_DENIED
    assert (
        why_not(sftp(ssh, place), Access("root", "", "-----BEGIN", known)).reason is Reason.PERMISSION_DENIED
    )
    assert (
        why_not(sftp(ssh, place / WHOLE), Access("root", "", ssh.key, known)).detail
        == "ce n'est pas un dossier"
    )
    absent = seen(sftp(ssh, place / "absent"), Access("root", "", ssh.key, known))
    assert absent.present is False
    nowhere = seen(sftp(ssh, place / "absent" / "plus"), Access("root", "", ssh.key, known))
    assert isinstance(nowhere.present, Unreachable)
    alone = why_not(sftp(ssh, place))
    assert alone.reason is Reason.NOT_LOOKED
    assert "aucun accès n'est configuré" in alone.detail


def test_sftp_of_another_make(place: Path) -> None:
    """The server of rclone, in Go; a password."""
    rclone, port = servers.program("rclone"), servers.free_port()
    command = (rclone, "serve", "sftp", "--addr", f"{LOOPBACK}:{port}", "--user", "copie", "--pass", "essai")
    with servers.running(port, *command, str(place), HOME=str(place.parent)):
        first = why_not(f"sftp://{LOOPBACK}:{port}/", Access("copie", "essai"))
        shown = next(word for word in first.detail.replace(",", " ").split() if word.startswith("SHA256:"))
        found = contents(f"sftp://{LOOPBACK}:{port}/", Access("copie", "essai", "", (shown,)))
    assert faults(found)[WHOLE] == ""
    assert faults(found)[CUT] == "truncated"


LOCKED = """
for bucket, locked in (('copies', False), ('verrou', True)):
    s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=locked)
body = open(PATH, 'rb').read()
for key in ('mairie/TODAY.sql.gz', 'mairie/sans-date.sql.gz', 'mairie/été & co/a+b #1.sql.gz', 'mairie/',
            'mairie//double.sql.gz', 'mairie/../haut.sql.gz', 'mairie/./ici.sql.gz', 'ailleurs.zip'):
    s3.put_object(Bucket='copies', Key=key.replace('TODAY', TODAY), Body=b'' if key.endswith('/') else body)
s3.put_object(Bucket='copies', Key='seule/mairie.zip', Body=b'PK\\5\\6' + bytes(18))
s3.put_object(Bucket='copies', Key='mairie/coupe.sql.gz', Body=body[:len(body) // 2])
for number in range(23):
    s3.put_object(Bucket='copies', Key=f'beaucoup/{number:04}.dat', Body=b'x')
later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=30)
s3.put_object(Bucket='verrou', Key=f'sur/{TODAY}.sql.gz', Body=body, ObjectLockMode='COMPLIANCE',
              ObjectLockRetainUntilDate=later)
s3.put_object(Bucket='verrou', Key=f'leve/{TODAY}.sql.gz', Body=body, ObjectLockMode='GOVERNANCE',
              ObjectLockRetainUntilDate=later)
s3.put_object(Bucket='verrou', Key=f'nu/{TODAY}.sql.gz', Body=body)
s3.put_object(Bucket='verrou', Key=f'tenu/{TODAY}.sql.gz', Body=body, ObjectLockLegalHoldStatus='ON')
"""


@pytest.fixture(scope="module")
def s3(place: Path) -> Iterator[int]:
    with servers.s3_server() as port:
        servers.seed_s3(port, f"PATH, TODAY = {str(place / WHOLE)!r}, {NOW:'%Y-%m-%d'}\n" + LOCKED)
        yield port


def bucket(port: int, path: str) -> str:
    return f"s3+http://{LOOPBACK}:{port}/{path}"


S3 = Access(S3_USER, S3_SECRET)
# RFC 5656 §3.1: a public key of that curve, of nobody.
ECDSA = base64.b64encode(
    b"\0\0\0\x13ecdsa-sha2-nistp256" + b"\0\0\0\x08nistp256" + b"\0\0\0\x41\x04" + bytes(64)
).decode()


def test_s3_prefixes_are_folders_and_odd_keys_are_told(s3: int) -> None:
    found = contents(bucket(s3, "copies/mairie/"), S3)
    today = f"{NOW:%Y-%m-%d}.sql.gz"
    assert set(by_name(found)) == {today, "sans-date.sql.gz", "a+b #1.sql.gz", "coupe.sql.gz"}
    assert faults(found)[today] == faults(found)["a+b #1.sql.gz"] == ""
    assert faults(found)["coupe.sql.gz"] == "truncated"
    assert found.protection.filesystem in ("", "s3")


def test_s3_dates_are_those_of_the_putting_there(s3: int) -> None:
    alone = by_name(contents(bucket(s3, "copies/seule"), S3))["mairie.zip"]
    assert alone.date_kind is DateKind.UPPER_BOUND
    assert "LastModified" in alone.date_source


def test_s3_lists_beyond_one_page(s3: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_tree, "PAGE_KEYS", "5")
    with tree_of(bucket(s3, "copies/beaucoup"), S3) as tree:
        names = [entry.name for entry in tree.entries(())]
    assert names == [f"{number:04}.dat" for number in range(23)]


def test_s3_that_is_not_there(s3: int) -> None:
    assert seen(bucket(s3, "copies/rien"), S3).present is False
    assert seen(bucket(s3, "aucun-seau/rien"), S3).present is False


@pytest.mark.parametrize(
    ("folder", "kept", "said"),
    [
        ("sur", True, "COMPLIANCE jusqu'au"),
        ("leve", True, "GOVERNANCE"),
    ],
)
def test_s3_object_lock_of_the_newest_copies(s3: int, folder: str, kept: bool, said: str) -> None:
    safeguards = s3_safeguards(bucket(s3, f"verrou/{folder}"), f"{NOW:%Y-%m-%d}.sql.gz")
    assert safeguards.immutable is kept
    assert said in safeguards.evidence


@pytest.mark.parametrize("folder", ["nu", "tenu"])
def test_s3_without_retention_is_never_said_to_be_locked(s3: int, folder: str) -> None:
    """This server answers GetObjectRetention by the object itself: unknown, then."""
    safeguards = s3_safeguards(bucket(s3, f"verrou/{folder}"), f"{NOW:%Y-%m-%d}.sql.gz")
    assert isinstance(safeguards.immutable, Unreachable)


def test_s3_without_lock(s3: int) -> None:
    safeguards = s3_safeguards(bucket(s3, "copies/mairie"), "sans-date.sql.gz")
    assert safeguards.immutable is False
    assert "pas de verrou" in safeguards.evidence


def s3_safeguards(url: str, name: str) -> Any:
    with tree_of(url, S3) as tree:
        assert [entry.name for entry in tree.entries(())]
        assert tree.status((name,)).size
        return tree.safeguards([(name,)])


@contextmanager
def tree_of(url: str, access: Access) -> Iterator[Any]:
    """The tree of a far place, in this process."""
    place = far_place(url, access, roots=None)
    assert isinstance(place, FarPlace)
    with ExitStack() as held:
        budget = Budget(seconds=20)
        held.callback(budget.close)
        yield held.enter_context(far_tree(place, Lines(lender(held, place.port), budget), now=NOW))


def lender(held: ExitStack, port: int) -> socket.socket:
    """A parent in miniature, for trees that are used without a child process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def lend() -> None:
        while ours.recv(16) == b"?":
            with socket.create_connection((LOOPBACK, port)) as line:
                socket.send_fds(ours, [b"+"], [line.fileno()])
        ours.close()

    thread = threading.Thread(target=lend)
    thread.start()
    held.callback(thread.join)
    held.callback(theirs.close)
    return theirs


def test_s3_signatures_are_verified_by_the_server() -> None:
    """From then on the server wants each question signed by an account that has the right."""
    with servers.s3_server() as port:
        keys = json.loads(servers.seed_s3(port, SIGNED))
        url = f"http://{LOOPBACK}:{port}/moto-api/reset-auth"
        urllib.request.urlopen(urllib.request.Request(url, b"0", {"Content-Type": "text/plain"})).read()
        good = Access(keys["AccessKeyId"], keys["SecretAccessKey"])
        assert "a b+c.zip" in by_name(contents(bucket(port, "copies/été"), good))
        assert (
            why_not(bucket(port, "copies/été"), replace(good, secret="faux")).reason
            is Reason.PERMISSION_DENIED
        )


SIGNED = """
s3.create_bucket(Bucket='copies')
s3.put_object(Bucket='copies', Key='été/a b+c.zip', Body=b'PK' + bytes(100))
iam.create_user(UserName='mairie')
key = iam.create_access_key(UserName='mairie')['AccessKey']
rights = {'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': 's3:*', 'Resource': '*'}]}
iam.put_user_policy(UserName='mairie', PolicyName='tout', PolicyDocument=json.dumps(rights))
print(json.dumps({name: key[name] for name in ('AccessKeyId', 'SecretAccessKey')}))
"""


@pytest.fixture(scope="module")
def web(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("nginx")
    site = (
        f"listen PORT; location / {{ root {place}; autoindex on; disable_symlinks on; }}"
        f"location /json/ {{ alias {place}/; autoindex on; autoindex_format json; disable_symlinks on; }}"
        f"location /page/ {{ default_type text/html; return 200 '<html><title>Bienvenue</title></html>'; }}"
        "location /loin { return 302 http://192.0.2.9/copies/; }"
        f"location = /court {{ return 302 http://$host:$server_port/{WHOLE}; }}"
        "location /ferme/ { return 403; } location /panne/ { return 500; }"
        f"location /zip/ {{ default_type text/html; return 200 '<html>session finie</html>'; }}"
    )
    with servers.nginx(folder, site) as port:
        yield port


def http(port: int, path: str) -> str:
    return f"http://{LOOPBACK}:{port}/{path}"


@pytest.mark.parametrize("path", ["", "json/"])
def test_a_web_index_is_a_folder(web: int, path: str) -> None:
    found = contents(http(web, path), Access())
    assert faults(found)[WHOLE] == ""
    assert faults(found)[CUT] == "truncated"
    assert "été & hiver #1.zip" in by_name(found)
    assert abs(NOW - timedelta(hours=20) - by_name(found)[WHOLE].written_at) < timedelta(minutes=1)


def test_one_file_of_a_web_server(web: int) -> None:
    found = contents(http(web, WHOLE), Access())
    assert faults(found) == {WHOLE: ""}
    assert faults(contents(http(web, CUT), Access())) == {CUT: "truncated"}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("page/", "pas une liste de fichiers reconnue"),
        ("loin", "autre serveur"),
        ("absent.zip", "répond 404"),
        ("ferme/", "répond 403"),
        ("panne/", "répond 500"),
        ("zip/copie.zip", "une page au lieu du fichier"),
    ],
)
def test_a_web_page_is_no_copy(web: int, path: str, said: str) -> None:
    place = far_place(http(web, path), Access(), roots=None)
    assert isinstance(place, FarPlace)
    request = StoreRequest(path="x", roots=(), media="nas", now=NOW, far=place)
    with ExitStack() as held:
        facts = far_look.look_far(request, place, lender(held, web))
    assert isinstance(facts, BackupStore)
    assert isinstance(facts.contents, Unreachable)
    assert said in facts.contents.detail


def test_a_redirection_on_the_same_server_is_followed(web: int) -> None:
    assert faults(contents(http(web, "court"), Access()))["court"] == ""


def test_a_server_without_ranges_is_read_from_the_beginning(place: Path) -> None:
    port = servers.free_port()
    command = (sys.executable, "-m", "http.server", "--bind", LOOPBACK, "--directory", str(place), str(port))
    with servers.running(port, *command):
        found = contents(http(port, WHOLE), Access())
    assert faults(found) == {WHOLE: ""}


def test_tls_is_believed_only_with_its_authority(place: Path, tmp_path: Path) -> None:
    with ExitStack() as held:
        good, key = held.enter_context(servers.certified(tmp_path, name="IP:127.0.0.1"))
        other, _ = held.enter_context(servers.certified(tmp_path, name="IP:127.0.0.2"))
        site = f"listen PORT ssl; ssl_certificate {good}; ssl_certificate_key {key}; root {place};"
        port = held.enter_context(servers.nginx(tmp_path, site))
        url = f"https://{LOOPBACK}:{port}/{WHOLE}"
        open_to = Access()
        assert faults(contents(url, open_to, ca_bundle=good)) == {WHOLE: ""}
        assert why_not(url, open_to).reason is Reason.TLS_FAILURE
        assert why_not(url, open_to, ca_bundle=other).reason is Reason.TLS_FAILURE
        far = f"https://192.0.2.7:{port}/{WHOLE}"
        rule = f"192.0.2.7:{port}={LOOPBACK}:{port}"
        name = why_not(far, open_to, ca_bundle=good, connect_to=(rule,), loopback_only=True)
        assert name.reason is Reason.TLS_FAILURE
        assert why_not(far, open_to, ca_bundle=good, loopback_only=True).reason is Reason.NOT_AUTHORIZED


def test_a_name_is_resolved_by_our_own_resolver_and_proved_by_its_certificate(
    place: Path, tmp_path: Path
) -> None:
    head = "@ 300 IN SOA ns hostmaster 1 14400 3600 1209600 300\n@ IN NS ns\nns IN A 127.0.0.1\n"
    dns = DnsServer({"commune.example": head + "nas IN A 192.168.77.9\n"})
    with ExitStack() as held:
        held.enter_context(Background(dns))
        good, key = held.enter_context(servers.certified(tmp_path, name="DNS:nas.commune.example"))
        site = f"listen PORT ssl; ssl_certificate {good}; ssl_certificate_key {key}; root {place};"
        port = held.enter_context(servers.nginx(tmp_path, site))
        tools: dict[str, Any] = {
            "resolvers": (dns.address,),
            "ca_bundle": good,
            "connect_to": (f"192.168.77.9:{port}={LOOPBACK}:{port}",),
            "loopback_only": True,
        }
        found = contents(f"https://nas.commune.example:{port}/{WHOLE}", Access(), **tools)
        assert faults(found) == {WHOLE: ""}
        assert found.device == "nas.commune.example"
        absent = why_not(f"https://absent.commune.example:{port}/{WHOLE}", Access(), **tools)
        assert absent.reason is Reason.RESOLVER_FAILURE


def test_what_has_no_tls_is_spoken_to_on_this_machine_alone() -> None:
    assert why_not("http://192.0.2.7/a.zip", Access()).reason is Reason.TLS_FAILURE


def test_a_private_address_needs_an_access_of_ours() -> None:
    assert why_not("https://192.168.77.1/a.zip").reason is Reason.PRIVATE_ADDRESS


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A restic repository behind the REST server of rclone, which follows rest-server's interface."""
    rclone, restic = servers.program("rclone"), servers.program("restic")
    folder, port = tmp_path_factory.mktemp("rest"), servers.free_port()
    (folder / "depot").mkdir()
    environment = {
        **os.environ,
        "RESTIC_PASSWORD": "essai",
        "HOME": str(folder),
        "RESTIC_CACHE_DIR": str(folder / "c"),
    }
    for command in (("init",), ("backup", "--quiet", __file__)):
        subprocess.run(
            [restic, "-r", folder / "depot", *command], env=environment, check=True, capture_output=True
        )
    serve = (rclone, "serve", "restic", "--addr", f"{LOOPBACK}:{port}", str(folder / "depot"))
    with servers.running(port, *serve, HOME=str(folder)):
        yield f"rest+http://{LOOPBACK}:{port}/"


def test_a_repository_behind_rest_server_has_no_dates(repository: str) -> None:
    found = contents(repository, Access())
    assert [store.kind for store in found.stores] == ["restic"]
    assert found.stores[0].encrypted is Encrypted.YES
    assert len(found.copies) == 1
    assert found.copies[0].fault == ""
    assert found.copies[0].date_kind is not DateKind.EXACT


def test_a_rest_server_without_this_repository(repository: str) -> None:
    assert seen(f"{repository}autre/", Access()).present is False


def silent(line: socket.socket) -> None:
    line.recv(65536)
    time.sleep(60)


def dripping(line: socket.socket) -> None:
    line.recv(65536)
    line.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        line.sendall(b"a")
        time.sleep(0.2)


@pytest.mark.parametrize("talk", [silent, dripping])
@pytest.mark.parametrize("scheme", ["http", "sftp"])
def test_a_place_that_stops_answering_ends_in_time_and_its_child_is_dead(talk: Any, scheme: str) -> None:
    with servers.talker(talk) as port:
        begun = time.monotonic()
        cause = why_not(f"{scheme}://{LOOPBACK}:{port}/a.zip", Access("a", "b"), seconds=1)
    assert cause.reason is Reason.DEADLINE
    assert time.monotonic() - begun < 30
    children = subprocess.run(
        ["pgrep", "-P", str(os.getpid()), "-f", "cyberaudit.probes.worker"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert children.stdout == ""


def test_nobody_listens() -> None:
    assert why_not(f"http://{LOOPBACK}:{servers.free_port()}/a.zip", Access()).reason is Reason.REFUSED


def test_a_far_place_is_announced() -> None:
    asset, tools = instruments("sftp://nas.commune.example/copies", Access("a", "b"))
    (told,) = announce(asset, tools)
    assert told.target == "nas.commune.example"
    assert "port 22" in told.text
    asset, tools = instruments("sftp://nas.commune.example/copies")
    assert announce(asset, tools) == ()


def test_a_secret_never_comes_into_the_facts(ssh: Sshd, place: Path) -> None:
    found = seen(
        f"{sftp(ssh, place)}?jeton=tres-secret", Access("root", "mot-de-passe", ssh.key, (ssh.known,))
    )
    assert "tres-secret" not in repr(found)
    assert "mot-de-passe" not in repr(found)
    assert "mot-de-passe" not in repr(Access("root", "mot-de-passe"))


def test_what_was_left_out_is_said(web: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(far_look, "FAR_BYTES", 1500)
    place = far_place(http(web, "json/"), None, roots=None)
    assert isinstance(place, FarPlace)
    request = StoreRequest(path="x", roots=(), media="nas", now=NOW, far=place)
    with ExitStack() as held:
        facts = far_look.look_far(request, place, lender(held, web))
    assert isinstance(facts, BackupStore)
    assert isinstance(facts.contents, StoreContents)
    assert not facts.contents.complete
    assert "volume prévu atteint" in facts.contents.troubles(Trouble.LEFT_OUT)[-1].evidence


@pytest.mark.parametrize("talk", [silent, dripping])
@pytest.mark.parametrize("url", ["http", "s3+http", "rest+http", "sftp"])
def test_time_that_is_over_is_said_by_the_child_itself(
    talk: Any, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(far_look, "FAR_SECONDS", 0.7)
    with ExitStack() as held:
        port = held.enter_context(servers.talker(talk))
        place = far_place(f"{url}://{LOOPBACK}:{port}/a/", Access("a", "b"), roots=None)
        assert isinstance(place, FarPlace)
        request = StoreRequest(path="x", roots=(), media="nas", now=NOW, far=place)
        facts = far_look.look_far(request, place, lender(held, port))
    assert isinstance(facts, BackupStore)
    assert isinstance(facts.contents, Unreachable)


def said(*answers: bytes) -> Any:
    """A server that gives these answers, one to each question, then closes."""
    left = list(answers)

    def talk(line: socket.socket) -> None:
        while left and line.recv(65536):
            line.sendall(left.pop(0))

    return talk


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", "")
    return "\r\n".join(lines).encode("latin-1") + body


@contextmanager
def tree_at(url: str, *answers: bytes) -> Iterator[Any]:
    with servers.talker(said(*answers)) as port, tree_of(url.replace("PORT", str(port)), S3) as tree:
        yield tree


FILE = answer(b"", "Last-Modified: Sun, 22 Nov 2026 10:00:00 GMT", 'ETag: "1"').replace(b": 0", b": 9")
HEADS = [
    (answer(b"abc", "Content-Range: bytes 0-2/9", status="206 Partial Content"), b""),
    (answer(b"abcdefghi", "Content-Range: bytes 0-8/9", status="206 Partial Content"), b"abcdefghi"),
    (answer(b"abcdefghi", "Content-Range: bytes 1-9/9", status="206 Partial Content"), b""),
    (answer(b"abcdefghi", "Content-Range: bytes 0-8/99", status="206 Partial Content"), b""),
    (answer(b"abcdefghi", status="206 Partial Content"), b""),
    (answer(b"abcdefghi", "Content-Encoding: gzip"), b""),
    (answer(b"abcdefghi", 'ETag: "2"'), b""),
    (answer(b"abcdefghi", "Last-Modified: Sun, 22 Nov 2026 11:00:00 GMT"), b""),
    (answer(b"abcdefghi"), b"abcdefghi"),
    (answer(b"abcdefghijk"), b""),
    (answer(b"abcdefghi")[:-3], b""),
    (answer(b"abcdefghi").replace(b"Content-Length: 9", b"X: 9"), b""),
    (answer(b"9\r\nabcdefghi\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), b"abcdefghi"),
    (answer(b"9\r\nabc", "Transfer-Encoding: chunked"), b""),
    (b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 500 + b"\r\n", b""),
    (b"SSH-2.0-OpenSSH\r\n", b""),
    (answer(b"", status="416 Range Not Satisfiable"), b""),
]


@pytest.mark.parametrize(("given", "expected"), HEADS)
def test_a_part_of_a_file_is_whole_and_of_that_file_or_nothing(given: bytes, expected: bytes) -> None:
    with (
        tree_at("http://127.0.0.1:PORT/copies/a.zip", FILE, given) as tree,
        tree.opened(("a.zip",)) as file,
    ):
        if expected:
            assert file.read_at(0, 100) == expected
            assert file.read_at(9, 1) == file.read_at(-1, 1) == b""
        else:
            with pytest.raises(OSError):
                file.read_at(0, 100)


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        (b"HTTP/1.1 400 Bad\r\n\r\n", "ce n'est pas un serveur SSH"),
        (b"SSH-2.0-x\r\n", "fermée par le serveur"),
        (b"SSH-2.0-x\r\n\x7f\xff\xff\xff\x04\x14" + bytes(64), "SSH"),
        (b"SSH-2.0-x\r\n\0\0\0\x1c\x0a\x14" + bytes(range(64)), "SSH"),
    ],
)
def test_what_is_no_ssh_is_said_in_french(said: bytes, detail: str) -> None:
    def talk(line: socket.socket) -> None:
        line.sendall(said)

    with servers.talker(talk) as port:
        cause = why_not(f"sftp://{LOOPBACK}:{port}/x", Access("a", "b"))
    assert detail in cause.detail
    assert cause.reason in (Reason.PROTOCOL_ERROR, Reason.RESET)


@pytest.mark.parametrize("path", ["été/", "a b/", "%C3%A9/"])
@pytest.mark.parametrize("scheme", ["http", "rest+http"])
def test_a_path_with_accents_is_asked_for(scheme: str, path: str) -> None:
    asked = []

    def talk(line: socket.socket) -> None:
        while question := line.recv(65536):
            asked.append(question)
            line.sendall(answer(b"", status="404 Not Found"))

    with servers.talker(talk) as port:
        facts = seen(f"{scheme}://{LOOPBACK}:{port}/{path}", Access("é\n", "b"))
    assert isinstance(facts, BackupStore)
    assert asked[0].split()[1].startswith((b"/%C3%A9", b"/a%20b/"))


@pytest.mark.parametrize("tag", ["a\nb", "€", "é"])
def test_a_tag_that_no_header_may_hold_is_no_crash(tag: str) -> None:
    page = (
        "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>p/a.zip</Key><Size>100</Size>"
        f"<LastModified>2026-11-20T00:00:00Z</LastModified><ETag>{tag}</ETag></Contents></ListBucketResult>"
    ).encode()

    def talk(line: socket.socket) -> None:
        while question := line.recv(65536):
            line.sendall(answer(page) if b"list-type" in question else answer(b"", status="404 Not Found"))

    with servers.talker(talk) as port:
        facts = seen(bucket(port, "copies/p"), S3)
    assert isinstance(facts, BackupStore)
    assert isinstance(facts.contents, StoreContents)
    assert not facts.contents.complete


def test_an_account_that_no_header_may_hold_is_no_crash() -> None:
    def talk(line: socket.socket) -> None:
        line.recv(65536)

    with servers.talker(talk) as port:
        cause = why_not(bucket(port, "copies"), Access("cl€", S3_SECRET))
    assert cause.reason is Reason.PROTOCOL_ERROR
    assert "Signature" not in cause.detail


def test_a_bucket_that_does_not_exist_is_absent_and_said_so(s3: int) -> None:
    facts = seen(bucket(s3, "absent/x"), S3)
    assert facts.present is False
    assert "ce seau n'existe pas" in facts.contents.detail


def test_a_server_that_serves_one_line_at_a_time_is_read_whole(place: Path, tmp_path: Path) -> None:
    """What is read no further must be closed for it: it listens to nobody else meanwhile."""
    script = (
        "import http.server as h, functools, sys\n"
        "handler = functools.partial(h.SimpleHTTPRequestHandler, directory=sys.argv[2])\n"
        f"h.HTTPServer(('{LOOPBACK}', int(sys.argv[1])), handler).serve_forever()\n"
    )
    # Without the pipe, which this server opens.
    for name in (WHOLE, CUT):
        (tmp_path / name).write_bytes((place / name).read_bytes())
    port = servers.free_port()
    with servers.running(port, sys.executable, "-c", script, str(port), str(tmp_path)):
        found = contents(http(port, ""), Access())
    assert faults(found)[WHOLE] == ""
    assert faults(found)[CUT] == "truncated"


def test_a_server_without_head_is_asked_for_one_byte() -> None:
    refused = answer(b"", status="405 Method Not Allowed")
    first = answer(b"a", "Content-Range: bytes 0-0/9", status="206 Partial Content")
    with tree_at("http://127.0.0.1:PORT/copies/a.zip?cle=1", refused, first) as tree:
        assert [(entry.name, entry.size, entry.written) for entry in tree.entries(())] == [("a.zip", 9, None)]
        with pytest.raises(FileNotFoundError):
            tree.status(("b.zip",))
        with pytest.raises(FileNotFoundError):
            list(tree.entries(("b",)))


PAGE = (
    "<ListBucketResult><IsTruncated>{more}</IsTruncated>{token}<Contents><Key>p/a.zip</Key><Size>{size}</Size>"
    "<LastModified>2026-11-21T21:10:00.000Z</LastModified></Contents></ListBucketResult>"
)


@pytest.mark.parametrize(
    "body",
    [
        PAGE.format(more="true", token="", size=1),
        PAGE.format(more="false", token="", size=-1),
        "<!DOCTYPE x [<!ENTITY a 'b'>]>" + PAGE.format(more="false", token="", size=1),
        "<Error><Code>SlowDown</Code></Error>",
        "<ListBucketResult>",
        "é".encode("latin-1").decode("latin-1") * 3,
        "",
    ],
)
def test_a_listing_that_is_none_is_no_empty_folder(body: str) -> None:
    with tree_at("s3+http://127.0.0.1:PORT/b/p", answer(body.encode())) as tree, pytest.raises(OSError):
        list(tree.entries(()))


def test_a_listing_that_comes_back_on_itself_ends() -> None:
    token = "<NextContinuationToken>x</NextContinuationToken>"
    page = answer(PAGE.format(more="true", token=token, size=1).encode())
    with (
        tree_at("s3+http://127.0.0.1:PORT/b/p", *[page] * 9) as tree,
        pytest.raises(OSError, match="elle-même"),
    ):
        list(tree.entries(()))


LOCK_ON = answer(
    b"<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>"
)
PLAIN = answer(b"")
NOT_FOUND = answer(b"<Error/>", status="404 Not Found")
DENIED = answer(b"<Error/>", status="403 Forbidden")


def retained(mode: str, until: datetime) -> bytes:
    told = f"<Mode>{mode}</Mode><RetainUntilDate>{until:%FT%TZ}</RetainUntilDate>"
    return answer(f"<Retention>{told}</Retention>".encode())


@pytest.mark.parametrize(
    ("answers", "immutable", "said"),
    [
        ((NOT_FOUND,), False, "pas de verrou"),
        ((DENIED,), None, ""),
        ((LOCK_ON, PLAIN, NOT_FOUND), False, "sans rétention"),
        ((LOCK_ON, PLAIN, DENIED), None, ""),
        ((LOCK_ON, DENIED), None, ""),
        ((LOCK_ON, PLAIN, retained("COMPLIANCE", NOW + timedelta(days=9))), True, "COMPLIANCE jusqu'au"),
        ((LOCK_ON, PLAIN, retained("GOVERNANCE", NOW + timedelta(days=9))), True, "peuvent lever"),
        ((LOCK_ON, PLAIN, retained("COMPLIANCE", NOW - timedelta(days=9))), False, "finie le"),
        ((LOCK_ON, PLAIN, retained("AUTRE", NOW + timedelta(days=9))), False, "illisible"),
        ((LOCK_ON, answer(b"", "x-amz-object-lock-legal-hold: ON"), NOT_FOUND), False, "legal hold"),
    ],
)
def test_object_lock_as_servers_may_tell_it(
    answers: tuple[bytes, ...], immutable: bool | None, said: str
) -> None:
    with tree_at("s3+http://127.0.0.1:PORT/b/p", *answers) as tree:
        safeguards = tree.safeguards([("a.zip",)])
    if immutable is None:
        assert isinstance(safeguards.immutable, Unreachable)
    else:
        assert safeguards.immutable is immutable
    assert said in safeguards.evidence


def test_a_bucket_with_a_lock_and_no_copy_is_not_said_to_be_locked() -> None:
    with tree_at("s3+http://127.0.0.1:PORT/b/p", LOCK_ON) as tree:
        assert isinstance(tree.safeguards([]).immutable, Unreachable)


V2 = "Content-Type: application/vnd.x.restic.rest.v2"


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (answer(b"null", V2), 0),
        (answer(b"[]", V2), 0),
        (answer(b'[{"name":"' + b"a" * 64 + b'","size":3}]', V2), 1),
        (answer(b'[{"name":"../a","size":3},{"name":3},7,{"name":"' + b"a" * 64 + b'","size":-1}]', V2), 0),
        (answer(b'["' + b"a" * 64 + b'"]', "Content-Type: application/vnd.x.restic.rest.v1"), None),
        (answer(b'[{"name":"' + b"a" * 64 + b'","size":3}', V2), None),
        (answer(b"<html>", V2), None),
        (answer(b"[" + b" " * 9000, V2), None),
        (answer(b"[{nul}]", V2), None),
    ],
)
def test_a_list_of_rest_server(given: bytes, names: int | None) -> None:
    with tree_at("rest+http://127.0.0.1:PORT/depot", given) as tree:
        assert tree.name == "depot"
        if names is None:
            with pytest.raises(OSError):
                list(tree.entries(("keys",)))
        else:
            assert len(list(tree.entries(("keys",)))) == names


def test_names_that_no_repository_has_are_not_asked_for() -> None:
    with tree_at("rest+http://127.0.0.1:PORT/depot") as tree:
        assert tree.status(()).kind is tree.status(("data",)).kind is Kind.FOLDER
        for parts in (("..",), ("data", "..", "x"), ("autre", "a" * 64), ("data", "a" * 63)):
            with pytest.raises(FileNotFoundError):
                tree.status(parts)
        with pytest.raises(FileNotFoundError):
            list(tree.entries(("data", "00")))
        with pytest.raises(IsADirectoryError), tree.opened(("keys",)):
            pass
        assert tree.safeguards([]).filesystem == "rest"


def test_a_file_dated_of_the_question_has_no_date() -> None:
    made = FILE.replace(b"ETag", b"Date: Sun, 22 Nov 2026 10:00:00 GMT\r\nETag")
    with tree_at("http://127.0.0.1:PORT/copies/a.zip", made) as tree:
        assert tree.status(("a.zip",)).written is None


def test_a_copy_without_date_may_be_of_any_day() -> None:
    body = gzip.compress(DUMP)
    head = answer(body).removesuffix(body)
    with servers.talker(said(head, answer(body), answer(body))) as port:
        found = contents(http(port, "sauvegarde.sql.gz"), Access())
    (copy,) = found.copies
    assert (copy.date_kind, copy.written_at) == (DateKind.UPPER_BOUND, NOW)
    assert "ne donne pas de date" in copy.date_source
    assert found.series == ()


def test_an_object_asked_for_by_itself_and_a_prefix() -> None:
    empty = PAGE.format(more="false", token="", size=1).encode()
    nothing = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
    answers = (FILE, NOT_FOUND, answer(empty), NOT_FOUND, answer(nothing))
    with tree_at("s3+http://127.0.0.1:PORT/seau", *answers) as tree:
        assert (tree.name, tree.status(()).kind) == ("seau", Kind.FOLDER)
        assert tree.status(("a.zip",)).size == 9
        assert tree.status(("p",)).kind is Kind.FOLDER
        with pytest.raises(FileNotFoundError):
            tree.status(("rien",))


def test_an_empty_bucket_is_an_empty_folder() -> None:
    nothing = answer(b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
    with tree_at("s3+http://127.0.0.1:PORT/seau", nothing, nothing) as tree:
        assert list(tree.entries(())) == []
        with pytest.raises(FileNotFoundError):
            list(tree.entries(("rien",)))


def test_links_of_an_sftp_server_are_not_followed_at_any_step(ssh: Sshd, place: Path) -> None:
    with tree_of(sftp(ssh, place), Access("root", "", ssh.key, (ssh.known,))) as tree:
        assert tree.status(("lien.zip",)).kind is Kind.LINK
        assert tree.status(("déjà",)).kind is Kind.FOLDER
        assert [entry.name for entry in tree.entries(("déjà",))] == ["été & hiver #1.zip"]
        for parts in (("dehors", "passwd"), ("lien.zip",), ("tuyau.tar.gz",), ("déjà",)):
            with pytest.raises(OSError), tree.opened(parts):
                pass
        with pytest.raises(OSError):
            list(tree.entries(("dehors",)))
        with pytest.raises(FileNotFoundError):
            tree.status(("absent",))
        safeguards = tree.safeguards([(WHOLE,)])
        assert (safeguards.mode, safeguards.modes_tell) == (0o755, True)
        assert isinstance(safeguards.immutable, Unreachable)
        with tree.opened((WHOLE,)) as file:
            assert file.read_at(0, 1 << 24) == (place / WHOLE).read_bytes()


def test_a_long_file_of_an_sftp_server_is_read_whole(ssh: Sshd, tmp_path: Path) -> None:
    body = os.urandom(1_500_001)
    (tmp_path / "long.bin").write_bytes(body)
    access = Access("root", "", ssh.key, (ssh.known,))
    with tree_of(sftp(ssh, tmp_path), access) as tree, tree.opened(("long.bin",)) as file:
        assert file.read_at(0, len(body) + 9) == body
        assert file.read_at(len(body) - 3, 100) == body[-3:]


def test_a_parent_that_is_gone_is_an_error() -> None:
    assert far_place("https://nas.example/", None, roots=None) is not None
    place = far_place(f"http://{LOOPBACK}/", Access(), roots=None)
    assert isinstance(place, FarPlace)
    request = StoreRequest(path="x", roots=(), media="nas", now=NOW, far=place)
    answer = asyncio.run(ask_child(request))
    assert isinstance(answer, Unreachable)
    assert answer.reason is Reason.PROBE_CRASHED


def test_a_server_that_closes_after_each_answer_is_not_connected_to_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lent_lines, "MOST_LINES", 70)
    listed = b"<title>Index of /</title>" + b"".join(
        b'<a href="%d.zip">x</a>' % number for number in range(200)
    )
    page = answer(listed, "Content-Type: text/html", "Connection: close")
    opened = []

    def talk(line: socket.socket) -> None:
        opened.append(1)
        question = line.recv(65536)
        line.sendall(
            page if question.startswith(b"GET / ") else FILE.replace(b"ETag", b"Connection: close\r\nETag")
        )

    with servers.talker(talk) as port:
        cause = why_not(http(port, ""), Access())
    assert len(opened) == 70
    assert cause.detail == "nombre de connexions prévu atteint"
