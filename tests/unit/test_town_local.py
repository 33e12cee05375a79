"""The configuration of this machine: folders it may read, secrets it may hand out."""

from pathlib import Path

import pytest

from cyberaudit.errors import CyberauditError, ProfileError, UsageError
from cyberaudit.town.local import (
    NOTHING,
    LocalConfig,
    Ping,
    SecretKind,
    SecretSource,
    Signing,
    Webhook,
    host_and_port,
    local_config,
)

pytestmark = pytest.mark.unit

GOOD = """
backup_roots: [/mnt/nas]
known_hosts: ["nas.ville.example ssh-ed25519 AAAA"]
secrets:
  nas: {host: NAS.ville.example, file: /etc/cyberaudit/nas}
  bucket: {host: s3.example, region: fr-par, command: [pass, show, bucket]}
"""


def written(folder: Path, text: str, *, mode: int = 0o600) -> Path:
    path = folder / "config.yaml"
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return path


def test_what_it_grants(tmp_path: Path) -> None:
    assert local_config(written(tmp_path, GOOD)) == LocalConfig(
        backup_roots=(Path("/mnt/nas"),),
        known_hosts=("nas.ville.example ssh-ed25519 AAAA",),
        secrets={
            "secret:nas": SecretSource("nas.ville.example", SecretKind.FILE, ("/etc/cyberaudit/nas",)),
            "secret:bucket": SecretSource(
                "s3.example", SecretKind.COMMAND, ("pass", "show", "bucket"), region="fr-par"
            ),
        },
    )


TELLING = """
webhook: {url: "https://veille.example:8443/h?a=1", secret: {credential: veille}, ca_bundle: /etc/ca.pem}
feed: {path: /srv/flux.xml}
ping: {url: "https://[2001:db8::1]/abc"}
signing: {certificate: /etc/signature.pem, key: /etc/signature.key}
"""


def test_whom_else_it_tells(tmp_path: Path) -> None:
    secret = SecretSource("", SecretKind.CREDENTIAL, ("veille",))
    assert local_config(written(tmp_path, TELLING)) == LocalConfig(
        webhook=Webhook("https://veille.example:8443/h?a=1", secret, Path("/etc/ca.pem")),
        feed=Path("/srv/flux.xml"),
        ping=Ping("https://[2001:db8::1]/abc"),
        signing=Signing(Path("/etc/signature.pem"), Path("/etc/signature.key")),
    )


@pytest.mark.parametrize(
    ("text", "sentence", "place"),
    [
        ("webhook: {url: 'https://a.example'}", "« url » et « secret »", ":1:"),
        ("webhook: https://a.example", "« url » et « secret »", ":1:"),
        ("webhook:\n  url: http://a.example\n  secret: {env: A}", "adresse https", ":2:"),
        ("webhook:\n  secret: {env: A, file: /b}\n  url: 'https://a.example'", "une seule", ":2:"),
        ("webhook:\n  secret: mot-de-passe\n  url: 'https://a.example'", "une seule", ":2:"),
        ("feed: {path: flux.xml}", "chemin complet", ":1:"),
        ("feed: {path: 3}", "un texte", ":1:"),
        ("feed: {}", "« path »", ":1:"),
        ("ping: {url: 'https://a.example', every: 3}", "n'existe pas ici", ":1:"),
        ("ping: {url: 'https://moi:mdp@a.example'}", "sans compte", ":1:"),
        ("ping: {url: 'https:///a'}", "adresse https", ":1:"),
        ("ping: {url: 'https://a.example:99999/'}", "adresse https", ":1:"),
        ("ping: {url: 'https://a.example/#b'}", "adresse https", ":1:"),
        ("ping: {url: 'https://a.example/a b'}", "adresse https", ":1:"),
        ("signing: {certificate: /a}", "« certificate » et « key »", ":1:"),
    ],
)
def test_what_it_may_not_say_of_whom_it_tells(tmp_path: Path, text: str, sentence: str, place: str) -> None:
    with pytest.raises(ProfileError) as refused:
        local_config(written(tmp_path, text))
    assert sentence in str(refused.value)
    assert f"config.yaml{place}" in str(refused.value)


def test_it_is_found_at_its_usual_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert local_config() == NOTHING
    (tmp_path / "cyberaudit").mkdir()
    written(tmp_path / "cyberaudit", GOOD)
    assert local_config().backup_roots == (Path("/mnt/nas"),)


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_what_others_may_write_is_not_believed(tmp_path: Path, mode: int) -> None:
    with pytest.raises(UsageError, match="modifiable que par vous"):
        local_config(written(tmp_path, GOOD, mode=mode))


def test_a_folder_or_nothing_in_its_place(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absente"):
        with pytest.raises(UsageError):
            local_config(path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("backup_root: [/mnt]", "Cette clé n'existe pas"),
        ("backup_roots: /mnt", "une liste"),
        ("backup_roots: [mnt]", "chemin complet"),
        ("known_hosts: [1]", "une liste"),
        ("known_hosts: ['SHA256:abc']", "nom du serveur"),
        ("known_hosts: [ssh-ed25519 AAAA]", "nom du serveur"),
        ("known_hosts: [nas.example]", "nom du serveur"),
        ("secrets: {nas: {host: 'sftp://nas.example', env: B}}", "machine seule"),
        ("secrets: {nas: {host: moi@nas.example, env: B}}", "machine seule"),
        ("secrets: {nas: {host: 'nas.example:99999', env: B}}", "machine seule"),
        ("secrets: {nas: {host: '[nas.example]:22', env: B}}", "machine seule"),
        ("secrets: {nas: {host: nas..example, env: B}}", "machine seule"),
        ("secrets: {nas: {host: a, file: cle}}", "chemin complet"),
        ("secrets: [a]", "un nom par secret"),
        ("secrets: {nas: {file: /a}}", "Il faut « host »"),
        ("secrets: {nas: {host: a}}", "une source, et une seule"),
        ("secrets: {nas: {host: a, file: /a, env: B}}", "une source, et une seule"),
        ("secrets: {nas: {host: a, password: b}}", "une source, et une seule"),
        ("secrets: {nas: {host: a, command: pass}}", "une liste"),
        ("secrets: {nas: {host: a, command: []}}", "une liste"),
        ("secrets: {nas: {host: a, env: 3}}", "un texte"),
        ("secrets: {nas: {host: a, env: B, region: 3}}", "region"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ProfileError) as refused:
        local_config(written(tmp_path, text))
    (problem,) = refused.value.problems
    assert sentence in problem.sentence
    assert problem.place is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NAS.example.", ("nas.example", 0)),
        ("nas.example:2222", ("nas.example", 2222)),
        ("école.example", ("xn--cole-9oa.example", 0)),
        ("192.0.2.7:22", ("192.0.2.7", 22)),
        ("2001:DB8:0::1", ("2001:db8::1", 0)),
        ("[2001:db8::1]", ("2001:db8::1", 0)),
        ("[2001:db8::1]:22", ("2001:db8::1", 22)),
    ],
)
def test_a_host_may_have_its_port(text: str, expected: tuple[str, int]) -> None:
    assert host_and_port(text) == expected


def test_a_relative_or_an_impossible_place_is_no_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cyberaudit").mkdir()
    written(tmp_path / "cyberaudit", GOOD)
    monkeypatch.chdir(tmp_path.parent)
    monkeypatch.setenv("XDG_CONFIG_HOME", tmp_path.name)
    monkeypatch.setenv("HOME", str(tmp_path / "vide"))
    assert local_config() == NOTHING

    def homeless(path: Path) -> Path:
        raise RuntimeError(path)

    monkeypatch.setattr(Path, "expanduser", homeless)
    assert local_config() == NOTHING


def test_what_is_no_yaml_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CyberauditError):
        local_config(written(tmp_path, "a: [1"))
