"""What one value of a profile may hold."""

from collections.abc import Callable
from datetime import date

import pytest

from cyberaudit.town import values
from cyberaudit.town.suggestion import meant

pytestmark = pytest.mark.unit

READ: list[tuple[Callable[[str], object], str, object]] = [
    (values.text, "  Saint-Étienne-d'Ô \n  L'Haÿ ", "Saint-Étienne-d'Ô L'Haÿ"),
    (values.free_text, "", ""),
    (values.slug, "vpn-agents", "vpn-agents"),
    (values.insee, "01004", "01004"),
    (values.insee, "2A004", "2A004"),
    (values.day, "2028-02-29", date(2028, 2, 29)),
    (values.address, "2001:DB8:0::1", "2001:db8::1"),
    (values.network, "192.0.2.0/29", "192.0.2.0/29"),
    (values.network, "192.0.2.7", "192.0.2.7"),
    (values.network, "2001:db8::/56", "2001:db8::/56"),
    (values.domain, "Mairie.Example.", "mairie.example"),
    (values.domain, "médiathèque.example", "xn--mdiathque-53af.example"),
    (values.selector, "S1._x", "s1._x"),
    (values.port, "tcp/65535", "tcp/65535"),
    (values.flow_port, "all", "all"),
    (values.email, "secretariat+cyber@Mairie.example", "secretariat+cyber@mairie.example"),
    (values.endpoint, "smtp.mairie.example:587", "smtp.mairie.example:587"),
    (values.endpoint, "192.0.2.1:25", "192.0.2.1:25"),
    (values.endpoint, "[2001:db8::1]:25", "[2001:db8::1]:25"),
    (values.web_url, "https://www.mairie.example/a", "https://www.mairie.example/a"),
    (values.store_url, "sftp://copie@nas.example/x", "sftp://copie@nas.example/x"),
    (values.path, "/mnt/nas", "/mnt/nas"),
    (values.timezone, "Indian/Reunion", "Indian/Reunion"),
    (values.country, "NO", "NO"),
    (values.secret_label, "secret:smtp-mairie", "secret:smtp-mairie"),
    (values.check_id, "x-cabinet.dns-zone", "x-cabinet.dns-zone"),
    (values.check_at, "mail.spf@main", "mail.spf@main"),
    (values.practice, "incident_contacts", "incident-contacts"),
    (values.year, "2027", 2027),
    (values.setting, "min_days", "min_days"),
]


@pytest.mark.parametrize(("read", "written", "value"), READ)
def test_a_good_value_is_read_in_its_usual_form(
    read: Callable[[str], object], written: str, value: object
) -> None:
    assert read(written) == value


WRONG: list[tuple[Callable[[str], object], str, str]] = [
    (values.text, "  ", "Ce texte est vide."),
    (values.text, "x" * 501, "Ce texte dépasse 500 caractères."),
    (values.reason, "trop peu", "Cette raison est trop courte : écrivez 10 caractères ou plus."),
    (values.slug, "VPN Agents", "vouliez-vous dire « vpn-agents » ?"),
    (values.slug, "é", "Un identifiant s'écrit en minuscules, chiffres et tirets."),
    (values.slug, "abc\n", "vouliez-vous dire « abc » ?"),
    (values.zone_id, "outside", "« outside » est un mot réservé"),
    (values.insee, "1004", "Un code INSEE a cinq caractères"),
    (values.insee, "2C004", "Un code INSEE a cinq caractères"),
    (values.insee, "01004\n", "Un code INSEE a cinq caractères"),
    (values.day, "2026-02-30", "Le jour « 2026-02-30 » n'existe pas dans le calendrier."),
    (values.day, "21/11/2026", "Une date s'écrit année-mois-jour, comme 2026-11-21, pas « 21/11/2026 »."),
    (values.day, "9999-12-31", "L'année 9999 n'est pas possible ici."),
    (values.address, "192.0.2.256", "« 192.0.2.256 » n'est pas une adresse IP."),
    (values.address, "fe80::1%eth0", "nomme une interface"),
    (values.network, "192.0.2.2/29", "vouliez-vous dire « 192.0.2.0/29 » ?"),
    (values.network, "192.0.2.0/33", "n'est pas un réseau comme 192.0.2.0/29."),
    (values.network, "fe80::%eth0/64", "nomme une interface"),
    (values.domain, "192.0.2.1", "est une adresse IP : un nom de domaine est attendu."),
    (values.domain, "mairie", "n'est pas un nom de domaine"),
    (values.domain, "*.mairie.example", "n'est pas un nom de domaine"),
    (values.domain, "-a.example", "n'est pas un nom de domaine"),
    (values.domain, "a..example", "n'est pas un nom de domaine"),
    (values.domain, "é" * 64 + ".example", "n'est pas un nom de domaine"),
    (values.domain, "a." * 200 + "example", "Ce nom de domaine dépasse 253 caractères."),
    (values.domain, "é." * 120 + "example", "Ce nom de domaine dépasse 253 caractères."),
    (values.selector, "s1;", "n'est pas un sélecteur DKIM"),
    (values.port, "tcp/0", "de 1 à 65535, pas « tcp/0 »."),
    (values.port, "tcp/65536", "de 1 à 65535, pas « tcp/65536 »."),
    (values.port, "443", "Un port s'écrit comme « tcp/443 »"),
    (values.email, "mairie@mairie.example\nBcc: x@y.example", "n'est pas"),
    (values.email, "mairie.example", "n'est pas une adresse électronique"),
    (values.email, "a..b@mairie.example", "n'est pas une adresse électronique"),
    (values.endpoint, "smtp.mairie.example", "Un relais s'écrit « nom:port »"),
    (values.endpoint, "smtp.mairie.example:99999", "Un relais s'écrit « nom:port »"),
    (values.web_url, "sftp://mairie.example", "n'est pas une adresse comme « https://mairie.example »."),
    (values.web_url, "https://mairie.example:99999", "n'est pas une adresse"),
    (values.web_url, "https://mairie.example/" + "a" * 500, "Cette adresse dépasse 500 caractères."),
    (values.store_url, "sftp://moi:motdepasse@nas.example/x", "retirez-le, un profil ne garde aucun secret."),
    (values.store_url, "https://s3.example/x?X-Amz-Signature=abc", "retirez-le, un profil n'en garde aucun."),
    (
        values.store_url,
        "https://nas.example/x?a=1&access_token=abc",
        "retirez-le, un profil n'en garde aucun.",
    ),
    (values.path, "copies/nas", "Un chemin est complet"),
    (values.path, "/mnt/../etc", "Un chemin est complet"),
    (values.timezone, "Europe/Pari", "vouliez-vous dire « Europe/Paris » ?"),
    (values.timezone, "../../etc/passwd", "Le fuseau horaire « ../../etc/passwd » n'existe pas"),
    (values.country, "France", "Un pays s'écrit par deux majuscules"),
    (values.secret_label, "Mairie2026!", "Un mot de passe ne s'écrit jamais ici"),
    (values.check_id, "spf", "n'est pas le nom d'un contrôle"),
    (values.check_at, "mail.spf@", "n'est pas un contrôle"),
    (values.practice, "awarness", "vouliez-vous dire « awareness » ?"),
    (values.practice, "zzz", "« zzz » n'existe pas ici dans cette liste."),
    (values.year, "27", "n'est pas une année"),
    (values.setting, "Min Days", "n'est pas un nom de réglage"),
]


@pytest.mark.parametrize(("read", "written", "words"), WRONG)
def test_a_wrong_value_is_refused_in_french(read: Callable[[str], object], written: str, words: str) -> None:
    with pytest.raises(values.RefusedError) as caught:
        read(written)

    assert words in str(caught.value)


def test_a_long_closed_list_is_not_recited() -> None:
    with pytest.raises(values.RefusedError, match="n'existe pas ici dans cette liste"):
        values.choice("zzz", allowed=tuple("abcdefghij"))


@pytest.mark.parametrize(
    ("word", "known", "guess"),
    [
        ("oui", ("yes", "no"), "yes"),
        ("True", ("yes", "no"), "yes"),
        ("yes", ("true", "false"), "true"),
        ("adress", ("addresses", "zone"), "addresses"),
        ("name", ("label", "zone"), "label"),
        ("zzz", ("label", "zone"), ""),
        ("x" * 10_000, ("label", ""), ""),
    ],
)
def test_the_word_that_was_meant_is_found(word: str, known: tuple[str, ...], guess: str) -> None:
    assert meant(word, known) == guess
