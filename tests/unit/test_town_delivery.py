"""What a profile says of the weekly mail, and the files that it names beside itself."""

from pathlib import Path

import pytest

from cyberaudit.declared import Delivery, Recipient
from cyberaudit.errors import ProfileError, UsageError
from cyberaudit.town.load import parse_profile
from cyberaudit.town.nearby import MAX_BYTES, nearby_path, read_nearby

pytestmark = pytest.mark.unit

HEAD = 'schema_version: 1\ncommune: {id: ville, name: Ville, insee: "01004", population: 5000}\n'


def declared(text: str) -> Delivery:
    return parse_profile((HEAD + text).encode(), file="ville.yaml").town.delivery


def test_every_key_reaches_the_town() -> None:
    found = declared(
        "delivery: {recipients: [{address: a@b.example, role: mayor, certificate: maire.pem}], "
        "relay: 'smtp.b.example:465', security: tls, ca_bundle: ca/racine.pem, sender: c@b.example, "
        "user: compte, password: 'secret:smtp'}\n"
    )
    assert found == Delivery(
        (Recipient("a@b.example", "mayor", "maire.pem"),),
        "smtp.b.example:465",
        "c@b.example",
        "secret:smtp",
        user="compte",
        security="tls",
        ca_bundle="ca/racine.pem",
    )


def test_what_is_not_said_is_the_usual() -> None:
    assert declared("") == Delivery((), "", "", "")
    assert declared("").security == "starttls"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("security: none", "starttls ou tls"),
        ("ca_bundle: /etc/ssl/ca.pem", "dossier du profil"),
        ("ca_bundle: ../ca.pem", "dossier du profil"),
        ("recipients: [{address: a@b.example, role: mayor, certificate: ../x.pem}]", "dossier du profil"),
        ("recipients: [{address: 'a@b.example\\nBcc: c@d.example', role: mayor}]", "adresse électronique"),
        ("password: motdepasse", "Un mot de passe ne s'écrit jamais ici"),
        (
            "recipients: [{address: a@b.example, role: mayor}, {address: A@b.example, role: mayor}]",
            "déjà écrite",
        ),
    ],
)
def test_mistakes_are_told_at_their_place(text: str, sentence: str) -> None:
    with pytest.raises(ProfileError) as refused:
        declared(f"delivery: {{{text}}}\n")
    assert sentence in str(refused.value)
    assert "ville.yaml:3:" in str(refused.value)


def test_one_person_may_have_two_roles() -> None:
    found = declared(
        "delivery: {recipients: [{address: a@b.example, role: mayor}, {address: a@b.example, role: secretary}]}"
    )
    assert len(found.recipients) == 2


def test_a_file_beside_the_profile_is_read(tmp_path: Path) -> None:
    (tmp_path / "gens").mkdir()
    (tmp_path / "gens/a.pem").write_bytes(b"PEM")
    assert read_nearby(tmp_path, "gens/a.pem") == b"PEM"


def test_what_leads_elsewhere_is_not_read(tmp_path: Path) -> None:
    folder, secret = tmp_path / "profil", tmp_path / "secret"
    folder.mkdir()
    secret.write_text("x")
    (folder / "lien").symlink_to(secret)
    (folder / "boucle").symlink_to(folder / "boucle")
    (folder / "dossier").mkdir()
    for name in ("lien", "boucle", "dossier", "absent", "a\0b", "../secret"):
        with pytest.raises(UsageError, match="du profil"):
            nearby_path(folder, name)


def test_a_file_too_long_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_bytes(b"x" * (MAX_BYTES + 1))
    with pytest.raises(UsageError, match="trop long"):
        read_nearby(tmp_path, "a.pem")
