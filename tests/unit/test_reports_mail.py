"""The words of the weekly mail: what it holds, in which order, what it never holds, the same in text and in HTML."""

import re
from dataclasses import replace
from datetime import date, timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.declared import Adoption, AssetKind, Authorization, Backup, Host, Recipient, Town
from cyberaudit.french import NBSP
from cyberaudit.history.transitions import LastKnown, Transition
from cyberaudit.model import Evidence, Finding, Item, Status, Verdict
from cyberaudit.reports import mail_actions, mail_html, mail_text
from cyberaudit.reports import mail_words as words
from cyberaudit.reports.changes import NOTHING_TO_COMPARE
from cyberaudit.reports.mail_mayor import mayor_document, mayor_mail
from cyberaudit.reports.mail_problem import problem_mail
from cyberaudit.reports.mail_view import MailView, Seen
from cyberaudit.reports.mail_weekly import MOST_POINTS, weekly_mail
from cyberaudit.reports.mail_words import Period, Role
from cyberaudit.reports.unreached import Unreached
from tests.unit import html_pages
from tests.unit import report_samples as samples
from tests.unit.french_reading import english_words, spelling, tone, typography
from tests.unit.golden import GOLDEN, golden
from tests.unit.golden_towns import NAMES, catalogue, told
from tests.unit.mail_samples import change, mended, seen, written

pytestmark = pytest.mark.unit

T = Transition
BY_CHECK = {each.check: each for each in reversed(samples.BUSY)}
DESKTOP, COPY, MFA = BY_CHECK["firewall.remote-desktop"], BY_CHECK["backup.fresh"], BY_CHECK["practice.mfa"]
SPF_OLD = next(each.identity for each in samples.BUSY if each.check == "mail.spf" and each.status.is_open)
WORSE = change(T.WORSE, COPY, was=Status.PASS)
EVERYTHING = (
    change(T.BACK, DESKTOP),
    WORSE,
    change(T.FIRST_KNOWN, BY_CHECK["mail.dmarc"]),
    change(T.SOLVED, mended(BY_CHECK["mail.spf"]), was=Status.FAIL),
    change(
        T.NOT_CHECKED, BY_CHECK["mail.certificate"], last_known=LastKnown(Status.PASS, date(2026, 11, 14))
    ),
    change(T.EXPIRED, MFA),
    change(T.NEW_CHECK, BY_CHECK["mail.starttls"]),
)


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def mail(*changes: Any, role: Role = Role.SECRETARY, period: Period = Period.WEEK, **kept: Any) -> MailView:
    return weekly_mail(seen(*changes, **kept), role, period)


def text(*changes: Any, **kept: Any) -> str:
    return plain(mail_text.render(mail(*changes, **kept)))


def with_date(due: date) -> Town:
    """The made town, one date of its plan adopted by the mayor."""
    place = samples.town(waivers=(samples.WAIVER,))
    adopted = Adoption("authenticate-mail", due, "Claire Dumont, maire", date(2026, 11, 2))
    return replace(place, plan=replace(place.plan, adoptions=(adopted,)))


# The whole of it


@pytest.mark.parametrize("town", NAMES)
@pytest.mark.parametrize("role", Role)
def test_every_mail_of_every_town_is_the_one_that_was_read_aloud(town: str, role: Role) -> None:
    found = written(town)[role]
    whole = f"Objet : {found.subject}\n\n{found.text}"
    assert whole == golden(f"mail/{town}-{role}.txt", whole)


def test_the_page_is_the_one_that_was_looked_at() -> None:
    page = written("small-town")["secretary"].html
    assert page == golden("mail/small-town-secretary.html", page)


def test_what_blocks_is_the_one_that_was_read_aloud() -> None:
    page = mail_text.render(
        problem_mail("Ville-Exemple", "Ligne 12 : la clé « domaine » n'existe pas.", today=samples.TODAY)
    )
    assert page == golden("mail/problem.txt", page)


MISSED = (
    Unreached("secretary", "adjointe@lhay.example", 2, samples.NOW - timedelta(days=14), 2, "550 inconnue"),
    Unreached("mayor", "maire@lhay.example", 1, samples.NOW - timedelta(days=7), 1, ""),
)


@pytest.mark.parametrize("role", [Role.SECRETARY, Role.CONTRACTOR])
def test_whom_no_mail_reaches_is_told_to_the_others_without_an_address(role: Role) -> None:
    made = weekly_mail(replace(seen(*EVERYTHING), unreached=MISSED), role, Period.WEEK)
    page = f"Objet : {made.subject}\n\n" + "\n\n".join(made.lead) + "\n"
    assert page == golden(f"mail/missed-{role}.txt", page)
    assert "@" not in mail_text.render(made)


def test_the_parts_come_in_the_order_of_what_matters() -> None:
    titles = [each.title for each in mail(*EVERYTHING, findings=samples.BUSY).sections]
    assert titles == [
        "Ce qui s'est dégradé", "Constaté pour la première fois", "Ce qui va mieux",
        "Ce qui n'a pas pu être vérifié", "À revoir", "Contrôles nouveaux", "Toujours à faire", "Bientôt",
        "En cas d'attaque",
    ]  # fmt: skip


def test_what_got_worse_comes_with_meaning_action_deadline_and_reference() -> None:
    found = text(WORSE)
    for wanted in (
        "Disque de sauvegarde — La dernière sauvegarde est-elle récente ?",
        "C'était en ordre, c'est maintenant à corriger.",
        "Pourquoi : la dernière copie a neuf jours.",
        "À faire : remettre en route la sauvegarde.",
        "Qui : le prestataire informatique.",
        "Échéance : avant le",
        "Référence à citer : backup.fresh ; restart-backup",
        "17Cyber",
    ):
        assert wanted in found


def test_what_improved_is_thanked_for_and_what_was_not_seen_is_no_degradation() -> None:
    found = text(*EVERYTHING)
    assert "Ce qui va mieux" in found
    assert "Merci." in found
    assert "Ce n'est pas une dégradation" in found
    assert "Pas vérifié cette fois. Dernier état connu : en ordre, le 14 novembre 2026." in found


def test_a_heartbeat_says_that_nothing_changed_when_and_what_is_left() -> None:
    found = mail(period=Period.MONTH)
    assert found.subject == "L'Haÿ-sur-Ô : rien n'a changé (novembre 2026)"
    lines = plain(" ".join(found.lead))
    assert "rien n'a changé" in lines
    assert "le contrôle a bien lieu" in lines
    assert "Dernier contrôle : samedi 21 novembre 2026 à 22 h 10, par Cabinet Dupont." in lines
    assert "Toujours à faire" in [each.title for each in found.sections]


def test_a_heartbeat_never_hides_a_change() -> None:
    found = mail(WORSE, period=Period.MONTH)
    assert found.subject == "L'Haÿ-sur-Ô : 1 dégradation (novembre 2026)"
    assert "le contrôle a bien lieu" not in plain(" ".join(found.lead))


def test_nothing_new_does_not_hide_what_is_late() -> None:
    found = mail(town=with_date(date(2026, 11, 14)))
    assert found.subject == "L'Haÿ-sur-Ô : rien n'a changé, 1 action en retard (semaine 47)"
    whole = plain(mail_text.render(found))
    assert "1 action est en retard." in whole
    assert "Échéance : en retard depuis le 14 novembre." in whole


def test_a_first_mail_counts_the_urgencies() -> None:
    found = mail(compared=False)
    assert found.subject == "L'Haÿ-sur-Ô : premier contrôle, 3 urgences (semaine 47)"
    assert "À faire d'abord" in [each.title for each in found.sections]


def test_the_contractor_gets_the_request_the_check_and_the_command() -> None:
    asks = replace(
        samples.MEASURES[1],
        contractor="Bonjour,\nLa copie est arrêtée.\n1. Lire le journal.\n2. Relancer.\nMerci de nous écrire.\n"
        "Référence : guide, règle 4.",
    )
    remedies = replace(samples.REMEDIES, measures={**samples.REMEDIES.measures, asks.id: asks})
    found = text(WORSE, role=Role.CONTRACTOR, remedies=remedies)
    for wanted in (
        "Demande : la copie est arrêtée. 1. Lire le journal. 2. Relancer.",
        "En retour : nous écrire.",
        "Sources : guide, règle 4.",
        "cyberaudit verify backup.fresh",
        "C'est fait quand : un nouveau contrôle",
    ):
        assert wanted in found
    assert "Lire le journal" not in text(WORSE, remedies=remedies)


@pytest.mark.parametrize(
    ("request_", "told_as"),
    [
        (
            "Bonjour,\nLe détail est joint, règle par règle.\n1. Faire.",
            "le détail est dans le rapport, règle par règle.",
        ),
        ("Bonjour,\nLes listes sont jointes.\n1. Faire.", "Les listes sont dans le rapport."),
        (
            "Bonjour,\nMerci.\n1. Supprimer ceux de la liste jointe.",
            "1. Supprimer ceux de la liste du rapport.",
        ),
    ],
)
def test_a_mail_that_encloses_nothing_does_not_say_so(request_: str, told_as: str) -> None:
    asking = {key: replace(each, contractor=request_) for key, each in samples.REMEDIES.measures.items()}
    remedies = replace(samples.REMEDIES, measures=asking)
    assert told_as.casefold() in text(WORSE, role=Role.CONTRACTOR, remedies=remedies).casefold()


def test_no_request_of_the_catalogue_encloses_anything_in_a_mail() -> None:
    requests = [each.contractor for each in catalogue().remedies.measures.values()]
    assert sum("joint" in each for each in requests) > 10
    assert not [each for each in requests if re.search(r"\bjointe?s?\b", mail_actions._in_the_report(each))]


@pytest.mark.parametrize(
    ("people", "unreached", "sentence"),
    [
        ((), (), "Transférez-lui ce message, avec la référence à citer."),
        (("contractor",), (), "Il reçoit son propre message : citez-lui la référence."),
        (("contractor",), ("contractor",), "Transférez-lui ce message, avec la référence à citer."),
        (
            ("contractor", "contractor"),
            ("contractor",),
            "Il reçoit son propre message : citez-lui la référence.",
        ),
    ],
)
def test_the_secretary_passes_on_only_what_the_contractor_does_not_receive(
    people: tuple[str, ...], unreached: tuple[str, ...], sentence: str
) -> None:
    place = samples.town(waivers=(samples.WAIVER,))
    recipients = tuple(Recipient(f"{number}@lhay.example", role) for number, role in enumerate(people))
    place = replace(place, delivery=replace(place.delivery, recipients=recipients))
    missed = tuple(Unreached(role, "x@lhay.example", len(people), samples.NOW, 1, "") for role in unreached)
    made = weekly_mail(replace(seen(WORSE, town=place), unreached=missed), Role.SECRETARY, Period.WEEK)
    assert sentence in plain(" ".join(made.lead))


def test_without_a_request_the_contractor_gets_the_steps() -> None:
    assert "Étapes : dans cet ordre. 1. Demander au prestataire" in text(WORSE, role=Role.CONTRACTOR)


def test_points_of_one_action_are_read_together() -> None:
    dmarc = [
        each for each in samples.BUSY if each.check in ("mail.dmarc", "mail.spf") and each.status.is_open
    ]
    found = mail(*(change(T.WORSE, each, was=Status.PASS) for each in dmarc), town=samples.town())
    assert [len(each.points) for each in found.sections[0].entries] == [3]


def test_an_action_is_told_in_full_once_then_by_its_reference() -> None:
    dmarc, spf = BY_CHECK["mail.dmarc"], next(each for each in samples.BUSY if each.identity == SPF_OLD)
    found = mail(change(T.WORSE, dmarc, was=Status.PASS), change(T.NEW, spf))
    first, second = (section.entries[0] for section in found.sections[:2])
    assert len(first.facts) > 4
    assert [plain(each) for each in second.facts[0]] == ["Référence à citer", "mail.spf ; authenticate-mail"]
    assert "usurpation" not in [plain(each.points[0]) for each in found.sections[-3].entries]


def test_thanks_come_without_a_list_of_work() -> None:
    found = mail(change(T.BETTER, BY_CHECK["mail.starttls"], was=Status.FAIL))
    assert found.sections[0].entries[0].facts == ()


def test_an_accepted_risk_asks_for_nothing() -> None:
    old = next(each for each in samples.BUSY if each.check == "mail.dmarc" and each.asset == "domain/old")
    entry = mail(change(T.WORSE, old, was=Status.PASS, accepted=True)).sections[0].entries[0]
    assert "accepté par un élu" in entry.points[0]
    assert entry.facts == ()


def test_a_thing_that_left_the_profile_is_one_line() -> None:
    rows = [
        change(T.OUT_OF_SCOPE, each, before=each, after=None)
        for each in samples.BUSY
        if each.asset == "domain/old"
    ]
    assert "mairie-lhay.example : retiré du profil. 3 points ne sont plus contrôlés." in text(*rows)


def test_a_long_list_is_cut_and_what_is_left_is_counted() -> None:
    many = [
        change(T.SOLVED, replace(mended(COPY), identity=f"{number:016x}"), was=Status.FAIL)
        for number in range(MOST_POINTS + 5)
    ]
    section = mail(*many).sections[0]
    assert len(section.entries) == MOST_POINTS
    assert plain(section.closing) == "Et 5 autres points, dans le rapport."


# What ends soon


def soon(found: MailView) -> list[str]:
    return [
        plain(entry.points[0])
        for section in found.sections
        if section.title == "Bientôt"
        for entry in section.entries
    ]


@pytest.mark.parametrize(("days", "expected"), [(-1, False), (0, True), (30, True), (31, False)])
def test_what_ends_within_thirty_days_is_announced(days: int, expected: bool) -> None:
    day = samples.TODAY + timedelta(days=days)
    signed = Authorization("Jeanne Martin", "maire", date(2026, 1, 2), day, (), (), ())
    place = replace(samples.town(waivers=(replace(samples.WAIVER, until=day),)), authorization=signed)
    ending = replace(DESKTOP, verdict=replace(DESKTOP.verdict, before=day))
    lines = " ".join(soon(mail(town=place, findings=(ending, *samples.BUSY[1:]))))
    for wanted in (
        "fin de l'autorisation de contrôle",
        "une date de fin approche",
        "fin d'un risque accepté",
    ):
        assert (wanted in lines) is expected


def test_what_ended_this_morning_does_not_end_soon() -> None:
    over = replace(DESKTOP, verdict=replace(DESKTOP.verdict, before=samples.TODAY, reason="expired"))
    assert "date de fin approche" not in " ".join(soon(mail(findings=(over, *samples.BUSY[1:]))))


def test_an_answer_to_give_again_is_announced() -> None:
    today = date(2027, 10, 20)
    lines = soon(mail(today=today, town=samples.town()))
    assert any(each.startswith("3 novembre 2027 : une réponse est à redonner avant.") for each in lines)


def test_an_action_near_its_date_is_announced() -> None:
    assert "usurpation" not in " ".join(soon(mail()))
    place = with_date(date(2026, 12, 4))
    assert "4 décembre 2026 : protéger le courrier contre l'usurpation." in soon(mail(town=place))


# The words


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (change(T.BACK), "C'est de nouveau à corriger : ce point avait été réglé."),
        (change(T.WORSE, was=Status.PARTIAL), "C'était à améliorer, c'est maintenant à corriger."),
        (
            change(T.WORSE, was=Status.FAIL, appeared=DESKTOP.verdict.items),
            "C'est toujours à corriger, avec 1 défaut de plus.",
        ),
        (change(T.WORSE, was=Status.FAIL), "C'est toujours à corriger, avec un risque plus grand."),
        (change(T.NEW), "Nouveau dans le profil : c'est à corriger."),
        (change(T.FIRST_KNOWN), "Vu pour la première fois : c'est à corriger."),
        (change(T.BETTER, was=Status.FAIL), "C'est encore à corriger, avec un risque moins grand."),
        (
            change(T.BETTER, was=Status.FAIL, gone=DESKTOP.verdict.items * 2),
            "C'est encore à corriger, avec 2 défauts de moins.",
        ),
        (
            change(T.BETTER, BY_CHECK["mail.starttls"], was=Status.FAIL),
            "C'était à corriger, c'est maintenant à améliorer.",
        ),
        (change(T.SOLVED, mended(DESKTOP)), "C'est en ordre maintenant."),
        (change(T.NOT_CHECKED), "Pas vérifié cette fois."),
        (change(T.EXPIRED), "La décision d'accepter ce risque n'est plus en vigueur."),
        (
            change(T.EXPIRED, BY_CHECK["practice.awareness"]),
            "La réponse donnée est trop ancienne : elle est à redonner.",
        ),
        (change(T.OUT_OF_SCOPE), "Ce point n'est plus contrôlé."),
        (change(T.NEW_CHECK), "Contrôlé pour la première fois : c'est à corriger."),
        (change(T.SAME), "C'est toujours à corriger."),
    ],
)
def test_what_became_of_a_point_is_said_without_its_details(made: Any, expected: str) -> None:
    assert plain(words.became(made)) == expected


@pytest.mark.parametrize(
    ("asset", "name", "expected"),
    [
        ("backup/nas", "Disque de sauvegarde", "Disque de sauvegarde"),
        ("host/edge", "Serveur de l'état civil", "Serveur de l'état civil"),
        ("host/pc", "Poste 2 de l'accueil", "Poste 2 de l'accueil"),
        ("host/box", "Imprimante", "Imprimante"),
        ("flow/a-b", "Visiteurs vers Sous-sol", "Visiteurs vers Sous-sol"),
        ("host/edge", "edge", "Une machine"),
        ("host/dc", "SRVDC", "Une machine"),
        ("host/dc", "srvad", "Une machine"),
        ("host/dc", "Serveur srv-ad", "Une machine"),
        ("host/dc", "Serveur SRV-AD01", "Une machine"),
        ("host/dc", "ad.mairie.lan", "Une machine"),
        ("host/dc", "", "Une machine"),
        ("vpn/agents", "vpn.ville.example", "Un accès à distance"),
        ("zone/lan", "10.0.0.0/24", "Un réseau"),
        ("flow/guest-to-lan", "guest-to-lan", "Un passage entre deux réseaux"),
        ("backup/nas", "/mnt/nas", "Une sauvegarde"),
        ("link/fibre", "FTTO 1/2", "Une liaison Internet"),
        ("cloud/paie", "paie_v2", "Un service en ligne"),
        ("domain/main", "ville.example", "ville.example"),
        ("website/main", "www.ville.example", "www.ville.example"),
        ("practice/mfa", "Double authentification", ""),
        ("town/ville", "Ville", ""),
        ("unheard-of/thing", "x_y", ""),
    ],
)
def test_a_thing_is_named_as_people_say_it_never_as_machines_do(asset: str, name: str, expected: str) -> None:
    assert words.name_of(asset, name) == expected


@pytest.mark.parametrize(
    ("hidden", "left"),
    [
        ("Vu à 192.0.2.10.", f"Vu à {words.HIDDEN}."),
        ("Le réseau 10.0.0.0/24 répond.", f"Le réseau {words.HIDDEN} répond."),
        ("x192.0.2.1y", f"x{words.HIDDEN}y"),
        ("Vu à 2001:db8::10.", f"Vu à {words.HIDDEN}."),
        ("fe80::1%eth0", f"{words.HIDDEN}%eth0"),
        ("::ffff:192.0.2.1", words.HIDDEN),
        ("2001:db8::/56", words.HIDDEN),
        ("02:00:5e:10:00:01", words.HIDDEN),
        ("2001:db8:1:2:3:4:5:6", words.HIDDEN),
        ("ville.yaml:12:5", "ville.yaml:12:5"),
        ("Ouvert : tcp/3389.", f"Ouvert{NBSP}: {words.HIDDEN_PORT}."),
        ("UDP / 161", words.HIDDEN_PORT),
        (
            "17Cyber : https://17cyber.gouv.fr, 04 72 40 56 56",
            f"17Cyber{NBSP}: https://17cyber.gouv.fr, 04 72 40 56 56",
        ),
        ("Le 21 novembre 2026 à 22 h 10, TLS 1.2", "Le 21 novembre 2026 à 22 h 10, TLS 1.2"),
        ("\x1b[31m\u202ea\r\nb", "[31m a b"),
    ],
)
def test_addresses_and_ports_are_taken_out_of_any_sentence(hidden: str, left: str) -> None:
    assert words.told(hidden) == left


@pytest.mark.parametrize(
    ("day", "period", "expected"),
    [
        (date(2026, 12, 3), Period.WEEK, "Ville : 1 dégradation (semaine 49)"),
        (date(2027, 1, 2), Period.WEEK, "Ville : 1 dégradation (semaine 53)"),
        (date(2026, 8, 31), Period.MONTH, "Ville : 1 dégradation (août 2026)"),
    ],
)
def test_a_subject_names_the_town_the_counts_and_the_week(day: date, period: Period, expected: str) -> None:
    assert words.subject("Ville", f"1{NBSP}dégradation", day, period=period) == expected


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"degraded": 1, "improved": 2}, "1 dégradation, 2 améliorations"),
        ({"first_seen": 2}, "2 défauts vus pour la première fois"),
        ({"to_review": 1, "not_checked": 3}, "1 point à revoir"),
        ({"not_checked": 3, "removed": 1}, "3 points non vérifiés, 1 point retiré"),
        ({"new_checks": 2, "by_rules": 1}, "2 points contrôlés en plus, 1 point jugé autrement"),
        ({"unchanged": 40}, "rien n'a changé"),
    ],
)
def test_what_is_counted_in_a_subject(counts: dict[str, int], expected: str) -> None:
    found = replace(
        NOTHING_TO_COMPARE, since=date(2026, 11, 14), counts=replace(NOTHING_TO_COMPARE.counts, **counts)
    )
    assert plain(words.counted(found)) == expected


_NOT_OURS = re.compile(
    r"https?://\S+|cyberaudit [\w .-]+|Référence à citer : .*|^\s+[\w.-]+(?:-[\w]+)+$|page-du-maire\.pdf|\b\w+_\w+\b",
    re.MULTILINE,
)


@pytest.mark.parametrize("path", sorted((GOLDEN / "mail").glob("*.txt")), ids=lambda path: path.stem)
def test_a_mail_is_calm_french(path: Any) -> None:
    whole = _NOT_OURS.sub("", path.read_text("utf-8"))
    assert tuple(spelling(whole)) == ()
    assert tuple(tone(whole)) == ()
    if not path.stem.endswith("contractor"):
        assert english_words(whole) == ()
        assert set(typography(re.sub(r"(?m)^ +|Objet : .*", "", whole))) <= {"two spaces"}


# What must stay inside

_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+|(?:[0-9a-fA-F]{0,4}:){2,}[0-9a-fA-F]|\b(?:tcp|udp)/\d+")


@pytest.mark.parametrize("path", sorted((GOLDEN / "mail").iterdir()), ids=lambda path: path.name)
def test_no_golden_holds_an_address_or_a_port(path: Any) -> None:
    assert not _ADDRESS.findall(path.read_text("utf-8"))


@pytest.mark.parametrize("town", NAMES)
def test_no_mail_holds_what_was_seen_nor_where(town: str) -> None:
    secrets = set(inside(told(town).state.town)) | set(evidence(told(town).state.findings))
    assert len(secrets) > 10
    for each in written(town).values():
        whole = f"{each.subject}\n{plain(each.text)}\n{each.html}"
        assert not [secret for secret in secrets if secret in whole]


def inside(town: Town) -> set[str]:
    """Addresses, paths, and names of machines that no stranger may read."""
    found = {address for each in town.assets if isinstance(each, Host) for address in each.addresses}
    found |= {each.path for each in town.assets if isinstance(each, Backup) and each.path}
    return found


def evidence(findings: tuple[Finding, ...]) -> set[str]:
    """Raw things seen; words and numbers as short as « oui » or « 12 » are everywhere."""
    values = {each.value for finding in findings for each in finding.verdict.evidence}
    keys = {each.key for finding in findings for each in finding.verdict.items if "/" in each.key}
    return {each for each in values | keys if len(each) > 12 or "/" in each}


_ADDRESSES = st.one_of(
    st.integers(1, 2**32 - 1).map(IPv4Address), st.integers(2**32, 2**128 - 1).map(IPv6Address)
).map(str)
_PORTS = st.builds("{}/{}".format, st.sampled_from(["tcp", "udp"]), st.integers(1, 65535))
_POISON = st.lists(st.one_of(_ADDRESSES, _PORTS), min_size=3, max_size=3, unique=True)
_TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)


@given(_POISON, _TEXTS, _TEXTS, st.sampled_from(list(Transition)), st.sampled_from(list(Role)))
def test_whatever_was_seen_no_address_leaves_in_clear(
    poison: list[str], before: str, after: str, transition: Transition, role: Role
) -> None:
    first, second, third = poison
    secret = "motdepasse-7f3a"
    items = (Item(first, Status.FAIL, "open", f"{before} {second} {after}"),)
    verdict = Verdict(
        Status.FAIL, f"{before} {first} {after}", "open", items, (Evidence("bannière", f"{third} {secret}"),)
    )
    found = replace(DESKTOP, verdict=verdict, asset_name=f"{before} {third} {after}", title=f"{second} ?")
    made = change(transition, found, appeared=items, gone=items, before=found, was=Status.PASS)
    place = replace(samples.town(f"Ville {before[:3]}"), scanned_by=f"{first} {before}")
    base = seen(made, findings=(found, *samples.BUSY[1:]), town=place)
    for whole in everything(base, role):
        assert not [each for each in (*poison, secret) if each in whole]


def everything(base: Seen, role: Role) -> list[str]:
    made = (
        mayor_mail(base, attached="page.pdf") if role is Role.MAYOR else weekly_mail(base, role, Period.WEEK)
    )
    document = mayor_document(base.view)
    return [made.subject, mail_text.render(made), mail_html.render(made), mail_text.render(document)]


@given(_POISON)
def test_a_problem_is_told_without_the_address_that_made_it(poison: list[str]) -> None:
    made = problem_mail("Ville", f"Ligne 3 : « {' '.join(poison)} » ne convient pas.", today=samples.TODAY)
    assert not [each for each in poison if each in mail_text.render(made)]


def test_the_mistakes_of_a_profile_are_told_one_by_one_without_its_lines() -> None:
    """As `ProfileError` writes them."""
    mistake = (
        "/root/essai/ville.yaml:12:5 : hosts, 1er élément : « srv.mairie.lan » est de trop.\n"
        "    name: secret\n    ^\n"
    )
    lines = mail_text.render(problem_mail("Ville", mistake * 10, today=samples.TODAY))
    assert plain(lines).count("ville.yaml:12:5 : hosts, 1er élément : « (nom non écrit) » est de trop.") == 8
    assert "Et 2 autres erreurs." in plain(lines)
    assert not [each for each in ("root", "srv", "secret", "^") if each in lines]


def test_a_file_may_be_named() -> None:
    made = problem_mail("Ville", "Le profil « ville.yaml » n'existe pas.", today=samples.TODAY)
    assert "« ville.yaml »" in plain(mail_text.render(made))


# Text and HTML


def read_text(text: str) -> str:
    """The words of the text, without its bullets, numbers, rules."""
    lines = [line for line in text.splitlines() if not re.fullmatch(r"-+", line)]
    return html_pages.words(" ".join(re.sub(r"^\s*(?:- |\d\. )", "", line) for line in lines))


SAMPLES = {
    "busy": mail(*EVERYTHING),
    "contractor": mail(*EVERYTHING, role=Role.CONTRACTOR),
    "quiet": mail(),
    "mayor": mayor_mail(seen(*EVERYTHING), attached="page-du-maire.pdf"),
    "page": mayor_document(seen(*EVERYTHING).view),
    "problem": problem_mail("Ville", "<b>Ligne 3</b> & suite.", today=samples.TODAY),
}
every_sample = pytest.mark.parametrize("name", SAMPLES)


@every_sample
def test_text_and_html_hold_the_same_words(name: str) -> None:
    page = html_pages.read(mail_html.render(SAMPLES[name]))
    assert page.text == read_text(mail_text.render(SAMPLES[name]))


@every_sample
def test_lines_of_text_hold_in_a_narrow_window(name: str) -> None:
    lines = mail_text.render(SAMPLES[name]).splitlines()
    assert max(map(len, lines)) <= mail_text.WIDTH
    assert not [line for line in lines if line != line.rstrip()]


@every_sample
def test_the_page_fetches_nothing_and_needs_no_table(name: str) -> None:
    page = mail_html.render(SAMPLES[name])
    tags = html_pages.read(page).tags
    assert {tag for tag, _ in tags} <= {
        "html", "head", "meta", "title", "style", "body", "div", "h1", "h2", "p", "ol", "li", "strong",
    }  # fmt: skip
    attributes = {key for _, found in tags for key in found}
    assert attributes <= {"lang", "charset", "name", "content", "style", "class", "role"}
    assert "url(" not in page
    assert "@import" not in page
    assert ("html", {"lang": "fr"}) in tags
    assert len(page.encode()) <= 60 * 1024


def test_the_longest_mail_stays_light() -> None:
    view = samples.crowded_view()
    many = [
        change(
            transition,
            replace(DESKTOP, identity=each.identity, asset_name="Machine de la mairie " * 9),
            was=Status.PASS,
        )
        for each in view.points
        for transition in (T.BACK, T.NEW, T.EXPIRED, T.NOT_CHECKED)
    ]
    for role in Role:
        assert len(mail_html.render(mail(*many, role=role)).encode()) <= 60 * 1024


def test_markup_of_others_is_shown_as_it_is() -> None:
    page = mail_html.render(SAMPLES["problem"])
    assert "<b>" not in page
    assert "&lt;b&gt;Ligne 3&lt;/b&gt; &amp; suite." in page


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_every_colour_of_letters_is_read_by_day_and_by_night() -> None:
    page = mail_html.render(SAMPLES["busy"])
    night, day = page.split("</style>")[0], page.split("</style>")[1]
    letters = set(re.findall(r"[; \"]color:\s?(#\w{6})", day))
    night_letters = set(re.findall(r"[{; ]color:\s?(#\w{6})", night))
    (paper,) = set(re.findall(r"background-color:\s?(#\w{6})", day))
    (night_paper,) = set(re.findall(r"background-color:\s?(#\w{6})", night))
    assert len(letters) >= 2
    assert len(night_letters) >= 2
    assert min(contrast(each, paper) for each in letters) >= 4.5
    assert min(contrast(each, night_paper) for each in night_letters) >= 4.5
    assert 'name="color-scheme" content="light dark"' in page


def test_asset_kinds_all_have_a_name_or_a_reason_for_none() -> None:
    silent = {each for each in AssetKind if not words.name_of(f"{each}/x", "x_y")}
    assert silent == {AssetKind.PRACTICE, AssetKind.TOWN}


def test_a_problem_asks_nothing_technical_of_the_secretary() -> None:
    made = problem_mail("Ville", "Le profil est faux.", today=samples.TODAY, role=Role.SECRETARY)
    text = " ".join(mail_text.render(made).split())
    assert "Transférez ce message à la personne qui fait le contrôle" in text
    assert "profile check" not in text
    assert "Le profil est faux." in text


@pytest.mark.parametrize(("days", "is_told"), [(0, False), (10, False), (11, True), (40, True)])
def test_nothing_changed_is_no_reassurance_when_nobody_looked(days: int, is_told: bool) -> None:
    today = samples.TODAY + timedelta(days=days)
    for changes in ((), (WORSE,)):
        found = weekly_mail(replace(seen(*changes), today=today), Role.SECRETARY, Period.MONTH)
        stopped = f"Le contrôle n'a pas eu lieu depuis {days} jours"
        assert (stopped in plain(" ".join(found.lead))) is is_told
        assert ("le contrôle a bien lieu" in plain(" ".join(found.lead))) is (not changes and not is_told)
        assert (f"pas de contrôle depuis {days} jours" in found.subject) is (not changes and is_told)
