"""A secret goes to the host that this machine's configuration names, and to no other."""

from dataclasses import replace
from pathlib import Path

import pytest

from cyberaudit.declared import Backup
from cyberaudit.errors import UsageError
from cyberaudit.probes.instruments import Options
from cyberaudit.probes.stores.request import Access
from cyberaudit.run.accesses import SecretWish, access_wished, as_configured, backup_accesses, read_secret
from cyberaudit.town.local import LocalConfig, SecretKind, SecretSource
from cyberaudit.town.single import backup_asset, town_of

pytestmark = pytest.mark.unit

PASSWORD = "mot de passe d'essai"
HOSTS = ("nas.ville.example ssh-ed25519 AAAA",)


def far(url: str = "sftp://agent@nas.ville.example/copies", *, secret: str = "secret:nas") -> Backup:
    asset = backup_asset(
        url,
        rpo_hours=26,
        grace_hours=0,
        weekdays="every-day",
        offline=False,
        off_site=True,
        media="nas",
        retention_days=0,
        encryption_required=False,
        user="",
    )
    return replace(asset, secret=secret)


def private(folder: Path, text: str = f"{PASSWORD}\n", *, mode: int = 0o600) -> Path:
    path = folder / "secret"
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return path


def config(source: SecretSource) -> LocalConfig:
    return LocalConfig(backup_roots=(Path("/mnt"),), known_hosts=HOSTS, secrets={"secret:nas": source})


def test_the_secret_of_a_label_goes_to_its_host(tmp_path: Path) -> None:
    source = SecretSource("nas.ville.example", SecretKind.FILE, (str(private(tmp_path)),), region="fr-par")
    options = as_configured(town_of(far()), Options(), config(source))
    expected = Access(user="agent", secret=PASSWORD, known_hosts=HOSTS, region="fr-par")
    assert (options.backup_accesses, options.backup_roots) == ((("target", expected),), (Path("/mnt"),))


@pytest.mark.parametrize(
    "url",
    [
        "sftp://ailleurs.example/copies",
        "sftp://nas.ville.example.mechant.example/",
        "sftp://nas.ville.example@mechant.example/",
        "https://nas.ville.example:8443/copies",
        "sftp://nas.ville.example:2222/copies",
        "https://nas.ville.example\\@mechant.example/",
    ],
)
def test_it_goes_to_no_other_host(tmp_path: Path, url: str) -> None:
    source = SecretSource("nas.ville.example", SecretKind.FILE, (str(private(tmp_path)),))
    with pytest.raises(UsageError, match="le réserve à"):
        backup_accesses(town_of(far(url)), config(source))


@pytest.mark.parametrize("url", ["sftp://nas.ville.example:2222/", "sftp://NAS.ville.example.:2222/"])
def test_a_port_of_its_own_is_written_beside_the_host(tmp_path: Path, url: str) -> None:
    source = SecretSource("nas.ville.example", SecretKind.FILE, (str(private(tmp_path)),), port=2222)
    assert backup_accesses(town_of(far(url)), config(source))
    with pytest.raises(UsageError, match=r"le réserve à « nas\.ville\.example:2222 »"):
        backup_accesses(town_of(far("sftp://nas.ville.example/")), config(source))


def test_an_address_that_nobody_speaks_to_gets_no_secret(tmp_path: Path) -> None:
    source = SecretSource("nas.ville.example", SecretKind.FILE, (str(tmp_path / "absent"),))
    assert backup_accesses(town_of(far("smb://ailleurs.example/x")), config(source)) == ()


@pytest.mark.parametrize("before", ["\ufeff", "\n", "\ufeff\r\n"])
def test_a_key_that_a_windows_editor_saved_is_no_password(tmp_path: Path, before: str) -> None:
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\r\nAAAA\r\n-----END OPENSSH PRIVATE KEY-----\r\n"
    made = access_wished(far(), SecretWish(f"file:{private(tmp_path, before + key)}"))
    assert (made.secret, made.key) == ("", key.replace("\r\n", "\n"))


def test_a_key_of_putty_is_never_sent_as_a_password(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="puttygen"):
        access_wished(far(), SecretWish(f"file:{private(tmp_path, 'PuTTY-User-Key-File-3: ssh-ed25519')}"))


def test_a_label_that_this_machine_does_not_know_is_another_machines() -> None:
    assert backup_accesses(town_of(far()), LocalConfig()) == ()


def test_a_private_key_is_told_from_a_password(tmp_path: Path) -> None:
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
    wish = SecretWish(f"file:{private(tmp_path, key)}")
    assert access_wished(far(), wish) == Access(user="agent", key=key)


@pytest.mark.parametrize(
    ("kind", "words", "expected"),
    [
        (SecretKind.ENV, ("CYBERAUDIT_ESSAI",), "de l'environnement"),
        (SecretKind.CREDENTIAL, ("secret",), PASSWORD),
        (SecretKind.COMMAND, ("printf", "%s", "d'un programme"), "d'un programme"),
    ],
)
def test_where_a_secret_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: SecretKind, words: tuple[str, ...], expected: str
) -> None:
    monkeypatch.setenv("CYBERAUDIT_ESSAI", "de l'environnement")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(private(tmp_path).parent))
    assert read_secret(SecretSource("", kind, words), "secret:nas") == expected


@pytest.mark.parametrize(
    ("kind", "words", "sentence"),
    [
        (SecretKind.ENV, ("CYBERAUDIT_RIEN",), "est vide"),
        (SecretKind.CREDENTIAL, ("secret",), "est vide"),
        (SecretKind.FILE, ("/absent/secret",), "ne se lit pas"),
        (SecretKind.FILE, ("/dev/null",), "fichier ordinaire"),
        (SecretKind.COMMAND, ("/absent/programme",), "la commande échoue"),
        (SecretKind.COMMAND, ("false",), "code 1"),
        (SecretKind.COMMAND, ("true",), "est vide"),
    ],
)
def test_a_source_that_fails_is_told(
    monkeypatch: pytest.MonkeyPatch, kind: SecretKind, words: tuple[str, ...], sentence: str
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(UsageError, match=sentence):
        read_secret(SecretSource("", kind, words), "secret:nas")


def test_a_secret_that_others_may_read_is_no_secret(tmp_path: Path) -> None:
    for mode in (0o640, 0o604):
        path = private(tmp_path, mode=mode)
        with pytest.raises(UsageError, match="d'autres peuvent lire"):
            read_secret(SecretSource("", SecretKind.FILE, (str(path),)), "secret:nas")


@pytest.mark.parametrize("source", ["secret:absent", "motdepasse", "file:", "http:x"])
def test_a_wish_that_names_no_source(source: str) -> None:
    with pytest.raises(UsageError, match="--secret"):
        access_wished(far(), SecretWish(source))


def test_known_hosts_may_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(f"{HOSTS[0]}\n", "ascii")
    assert access_wished(far(), SecretWish(known_hosts=path)).known_hosts == HOSTS
    with pytest.raises(UsageError, match="--known-hosts"):
        access_wished(far(), SecretWish(known_hosts=tmp_path / "absent"))
