"""Firewall checks: what stands behind an open port, told, recognised elsewhere, or not looked at."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberaudit.declared import Service
from cyberaudit.facts.doors import by_port, unlooked, worst
from cyberaudit.facts.ports import Danger, of_danger
from cyberaudit.facts.reach import Engine, Exposure, Line, PortState, readings
from cyberaudit.facts.services import Behind, HostServices, Trait
from cyberaudit.model import Evidence, Reason, Status, Unreachable
from cyberaudit.sdk.pages import PAGES_TOO
from tests.unit.hosts_seen import (
    NOT_THEN,
    V4,
    V6,
    Expected,
    ask,
    behind,
    host,
    looked,
    outcome,
    reach,
    seen,
    services,
)

pytestmark = pytest.mark.unit

OPEN, CLOSED, SILENT, UNSTABLE = PortState.OPEN, PortState.CLOSED, PortState.SILENT, PortState.UNSTABLE
FAIL, PASS, UNKNOWN = Status.FAIL, Status.PASS, Status.UNKNOWN
RESET, LOST = Unreachable(Reason.RESET), Unreachable(Reason.TIMEOUT)
HOSTILE = "[bold]L'Haÿ[/bold]\x1b[31m\u202e<script>\r\nBcc: x@example.invalid"
WEB = Service("tcp/443", "web", "any")
PORTAL = Service("tcp/443", "ssl-vpn", "outside")
ODD = "tcp/61111"
"""A port of no list."""
EVERYTHING = (OPEN, OPEN, OPEN)


@pytest.mark.parametrize(
    ("check_id", "found"),
    [
        ("firewall.remote-desktop", behind(ODD, "rdp")),
        ("firewall.remote-desktop", behind(ODD, "vnc")),
        ("firewall.remote-desktop", behind(ODD, "http", product="novnc")),
        ("firewall.remote-maintenance", behind(ODD, "tls", product="anydesk")),
        ("firewall.file-sharing", behind(ODD, "smb", Trait.SMB1)),
        ("firewall.database", behind(ODD, "mysql")),
        ("firewall.database", behind(ODD, "http", product="elasticsearch")),
        ("firewall.cleartext", behind(ODD, "telnet")),
        ("firewall.cleartext", behind(ODD, "ftp", Trait.STARTTLS)),
        ("firewall.admin-page", behind(ODD, "https", Trait.ADMIN_PAGE, product="synology")),
        ("firewall.industrial", behind(ODD, "http", Trait.ADMIN_PAGE, product="niagara")),
        ("firewall.print-camera", behind(ODD, "rtsp")),
        ("firewall.print-camera", behind(ODD, "http", Trait.ADMIN_PAGE, product="hp-printer")),
        ("firewall.server-console", behind(ODD, "https", Trait.ADMIN_PAGE, product="proxmox-ve")),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.protocol} {value.product}",
)
def test_a_service_that_moved_is_recognised_by_its_own_question_only(check_id: str, found: Behind) -> None:
    facts = seen(reach(V4, CLOSED, {ODD: OPEN}))
    verdict = ask(check_id, facts, services=services(found))
    assert (verdict.status, verdict.reason, verdict.items[0].key) == (FAIL, "open", ODD)
    others = {
        "firewall.remote-desktop",
        "firewall.remote-maintenance",
        "firewall.file-sharing",
        "firewall.database",
        "firewall.cleartext",
        "firewall.admin-page",
        "firewall.industrial",
        "firewall.print-camera",
        "firewall.server-console",
    } - {check_id}
    assert {outcome(other, facts, services=services(found)) for other in others} == {(PASS, "")}
    assert outcome("firewall.unexpected-port", facts, services=services(found)) == (FAIL, "open")


@pytest.mark.parametrize(
    ("found", "declared", "expected"),
    [
        (behind("tcp/443", "https", Trait.ADMIN_PAGE, product="fortinet-fortigate"), PORTAL, (FAIL, "open")),
        (behind("tcp/443", "https", Trait.ADMIN_PAGE), WEB, (FAIL, "open")),
        (behind("tcp/443", "https", Trait.VPN_PORTAL, product="fortinet-fortigate"), PORTAL, (PASS, "")),
        (behind("tcp/443", "https", Trait.LOGIN_FORM), WEB, (PASS, "")),
        (behind("tcp/443", "silent"), WEB, (PASS, "")),
        (behind("tcp/443", RESET), WEB, (UNKNOWN, Reason.RESET)),
        (behind("tcp/443", "https", Trait.ADMIN_PAGE, address=V6), WEB, (UNKNOWN, Reason.NOT_COLLECTED)),
    ],
)
def test_a_page_of_administration_is_a_fault_whatever_the_port_is_declared_for(
    found: Behind, declared: Service, expected: Expected
) -> None:
    facts = seen(reach(V4, CLOSED, {"tcp/443": OPEN}))
    assert outcome("firewall.admin-page", facts, host(declared), services=services(found)) == expected


def test_a_port_excused_by_the_profile_is_still_looked_behind() -> None:
    facts = seen(reach(V4, CLOSED, {"tcp/8443": OPEN}))
    excused = host(Service("tcp/8443", "ssl-vpn", "any"))
    page = services(behind("tcp/8443", "https", Trait.ADMIN_PAGE, product="sonicwall"))
    assert outcome("firewall.admin-page", facts, excused) == (PASS, "")
    (item,) = ask("firewall.admin-page", facts, excused, services=page).items
    assert "SonicWall, un pare-feu" in item.text


@pytest.mark.parametrize(
    ("seen_behind", "cause"),
    [
        (LOST, Reason.TIMEOUT),
        (services(behind(ODD, RESET)), Reason.RESET),
        (services(), Reason.NOT_COLLECTED),
        (services(left_out=(f"{V4} {ODD}",)), Reason.BUDGET_SPENT),
    ],
)
def test_an_open_port_behind_which_nobody_looked_leaves_a_doubt_about_administration_alone(
    seen_behind: HostServices | Unreachable, cause: Reason
) -> None:
    facts = seen(reach(V4, CLOSED, {ODD: OPEN}))
    verdict = ask("firewall.admin-page", facts, services=seen_behind)
    assert (verdict.status, verdict.reason) == (UNKNOWN, cause)
    assert [item.key for item in verdict.items] == [f"ipv4/{cause}"]
    assert outcome("firewall.cleartext", facts, services=seen_behind) == (PASS, "")
    assert outcome("firewall.unexpected-port", facts, services=seen_behind) == (FAIL, "open")


def test_what_is_declared_for_everybody_is_trusted_but_by_the_question_of_administration() -> None:
    facts = seen(reach(V4, CLOSED, {"tcp/443": OPEN}))
    assert outcome("firewall.remote-desktop", facts, host(WEB), services=LOST) == (PASS, "")
    assert outcome("firewall.admin-page", facts, host(WEB), services=LOST) == (UNKNOWN, Reason.TIMEOUT)


@pytest.mark.parametrize(
    ("check_id", "port"),
    [
        ("firewall.remote-desktop", "tcp/3389"),
        ("firewall.database", "tcp/3306"),
        ("firewall.admin-page", "tcp/541"),
        ("firewall.unexpected-port", ODD),
    ],
)
@pytest.mark.parametrize("seen_behind", [LOST, services(), services(behind("tcp/3389", RESET))])
def test_a_dangerous_port_is_open_whatever_could_be_seen_behind(
    check_id: str, port: str, seen_behind: HostServices | Unreachable
) -> None:
    facts = seen(reach(V4, CLOSED, {port: OPEN}))
    assert outcome(check_id, facts, services=seen_behind) == (FAIL, "open")


@pytest.mark.parametrize(
    "check_id",
    [
        "firewall.remote-desktop",
        "firewall.file-sharing",
        "firewall.unexpected-port",
        "firewall.ipv6-parity",
        "firewall.expected-service",
    ],
)
def test_the_ports_may_be_unseen_and_the_services_not(check_id: str) -> None:
    said = services(behind("tcp/3389", "rdp"))
    assert outcome(check_id, LOST, host(WEB), services=said) == (UNKNOWN, Reason.TIMEOUT)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (behind("tcp/3389", "rdp", Trait.NLA), "l'identité est demandée avant le bureau (NLA)"),
        (behind("tcp/3389", "rdp", Trait.NO_NLA), "sans NLA"),
        (behind("tcp/3389", "silent"), f"ouvert sur {V4}."),
        (behind("tcp/3389", "http", product="guacamole"), "Apache Guacamole, une prise de main à distance"),
    ],
)
def test_the_item_tells_what_stands_behind(found: Behind, words: str) -> None:
    facts = seen(reach(V4, CLOSED, {"tcp/3389": OPEN}))
    (item,) = ask("firewall.remote-desktop", facts, services=services(found)).items
    assert words in item.text


def test_the_old_file_sharing_is_told() -> None:
    facts = seen(reach(V4, CLOSED, {"tcp/445": OPEN}))
    (item,) = ask(
        "firewall.file-sharing", facts, services=services(behind("tcp/445", "smb", Trait.SMB1))
    ).items
    assert "SMB 1" in item.text


@pytest.mark.parametrize(
    ("traits", "likelihood"), [((Trait.ANONYMOUS,), 4), ((Trait.AUTHENTICATED,), None), ((), None)]
)
def test_a_database_that_serves_anybody_is_more_likely_to_be_taken(
    traits: tuple[Trait, ...], likelihood: int | None
) -> None:
    facts = seen(reach(V4, CLOSED, {"tcp/6379": OPEN}))
    said = services(behind("tcp/6379", "redis", *traits))
    assert ask("firewall.database", facts, services=said).likelihood == likelihood


def test_the_evidence_shows_what_the_service_said_and_not_how_the_whole_address_was_asked() -> None:
    line = Line(Engine.CONNECT, 12_300, 0, None, only_refusals=False, asked=100, milliseconds=900)
    facts = seen(reach(V4, CLOSED, {"tcp/3389": OPEN}, line=line))
    said = behind(
        "tcp/3389",
        "rdp",
        banner="RDP 10",
        title="Accueil",
        http_status=200,
        subject="CN=pc-accueil",
        clues=("port du Bureau à distance", "négociation RDP"),
    )
    lines = ask("firewall.remote-desktop", facts, services=services(said)).evidence
    told = {line.label: line.value for line in lines}
    assert told[f"tcp/3389 {V4}"] == (
        "ouvert ; rdp ; HTTP 200 ; bannière « RDP 10 » ; titre « Accueil » ; certificat « CN=pc-accueil » ; "
        "indices « port du Bureau à distance et négociation RDP »"
    )
    assert f"moteur {V4}" not in told


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (NOT_THEN, Reason.NOT_COLLECTED.french),
        (
            Line(Engine.CONNECT, None, 0, None, only_refusals=False, asked=9, milliseconds=9),
            "connexions ordinaires ; aucune réponse ; aucune perte",
        ),
        (
            Line(Engine.CONNECT, 900, 20, 50, only_refusals=False, asked=9, milliseconds=9),
            "connexions ordinaires ; moins de 1 ms ; 20 % de perte ; réponses limitées à 50 par seconde",
        ),
    ],
)
def test_the_line_is_told_as_it_answered(line: Line | Unreachable, words: str) -> None:
    verdict = ask("firewall.unexpected-port", seen(reach(V4, CLOSED, line=line)))
    assert (verdict.evidence[-1].label, verdict.evidence[-1].value) == (f"moteur {V4}", words)


def test_what_could_not_be_identified_says_why() -> None:
    facts = seen(reach(V4, CLOSED, {"tcp/3389": OPEN}))
    lines = ask("firewall.remote-desktop", facts, services=services(behind("tcp/3389", LOST))).evidence
    assert lines[0].value == "ouvert ; non identifié : pas de réponse dans le temps prévu"


def test_a_service_that_closed_without_a_word_is_told_once_and_plainly() -> None:
    cut = Unreachable(Reason.RESET, "connexion fermée sans un mot")
    facts = seen(reach(V4, CLOSED, {ODD: OPEN}))
    verdict = ask("firewall.admin-page", facts, services=services(behind(ODD, cut)))
    words = "e service a fermé sans un mot : rien ne dit ce qu'il est"
    assert (verdict.status, verdict.reason, verdict.text) == (UNKNOWN, Reason.RESET, f"L{words}.")
    assert verdict.items[0].text == f"1\u00a0accès non vérifié en IPv4. L{words}."
    assert verdict.evidence[0] == Evidence(f"IPv4, l{words}", ODD)
    assert not any("coupée" in line.label + line.value for line in verdict.evidence)
    (other, *_) = ask("firewall.unexpected-port", facts, services=services(behind(ODD, cut))).evidence
    assert other.value == f"ouvert ; l{words}"


def page(port: str = "tcp/8080", *traits: Trait, status: int | None = 200, **more: Any) -> Behind:
    return behind(port, "http", *traits, http_status=status, **more)


LISTING = page(title="Directory listing for /")
ADMIN_ONLY, PAGE_ONLY = ((FAIL, "open"), (PASS, "")), ((PASS, ""), (FAIL, "open"))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (LISTING, PAGE_ONLY),
        (page(title="Index of /"), PAGE_ONLY),
        (page(status=302), PAGE_ONLY),
        (page(status=403), PAGE_ONLY),
        (page(status=404), PAGE_ONLY),
        (page(product="nginx-default"), PAGE_ONLY),
        (page("tcp/10443"), PAGE_ONLY),
        (page("tcp/8443", title="Cantine"), PAGE_ONLY),
        (page(status=401), ADMIN_ONLY),
        (page(status=400), ADMIN_ONLY),
        (page(status=502), ADMIN_ONLY),
        (page(status=None), ADMIN_ONLY),
        (page("tcp/8080", Trait.ADMIN_PAGE), ADMIN_ONLY),
        (page("tcp/8080", Trait.LOGIN_FORM), ADMIN_ONLY),
        (page("tcp/8080", Trait.AUTHENTICATED), ADMIN_ONLY),
        (page("tcp/8443", Trait.VPN_PORTAL), ADMIN_ONLY),
        (page("tcp/8443", product="anyconnect"), ADMIN_ONLY),
        (page(product="tomcat"), ADMIN_ONLY),
        (page(product="synology"), ADMIN_ONLY),
        (page("tcp/10000"), ADMIN_ONLY),
        (behind("tcp/8080", "silent"), ADMIN_ONLY),
        (behind("tcp/8080", "unknown"), ADMIN_ONLY),
        (behind("tcp/8080", LOST), ADMIN_ONLY),
        (page(address=V6), ADMIN_ONLY),
    ],
)
def test_the_number_of_a_port_alone_accuses_no_ordinary_page(
    found: Behind, expected: tuple[Expected, Expected]
) -> None:
    facts = seen(reach(V4, CLOSED, {found.port: OPEN}))
    told = services(found)
    checks = ("firewall.admin-page", "firewall.unexpected-port")
    assert tuple(outcome(check_id, facts, services=told) for check_id in checks) == expected


@pytest.mark.parametrize("seen_behind", [LOST, services()])
def test_where_nobody_looked_the_number_of_the_port_stands(seen_behind: HostServices | Unreachable) -> None:
    facts = seen(reach(V4, CLOSED, {"tcp/8080": OPEN}))
    assert outcome("firewall.admin-page", facts, services=seen_behind) == (FAIL, "open")
    assert outcome("firewall.unexpected-port", facts, services=seen_behind) == (PASS, "")


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (Service("tcp/8080", "site", "any"), ((PASS, ""), (PASS, ""))),
        (Service("tcp/8080", "site", "lan"), PAGE_ONLY),
        (Service("tcp/8080", "Administration du site", "any"), ADMIN_ONLY),
        (Service("tcp/8080", "admin", "lan"), ADMIN_ONLY),
    ],
)
def test_an_ordinary_page_is_what_the_profile_says(
    declared: Service, expected: tuple[Expected, Expected]
) -> None:
    facts, told = seen(reach(V4, CLOSED, {"tcp/8080": OPEN})), services(page())
    checks = ("firewall.admin-page", "firewall.unexpected-port")
    seen_as = tuple(outcome(check_id, facts, host(declared), services=told) for check_id in checks)
    assert seen_as == expected


def test_each_address_of_one_port_goes_to_the_question_of_its_own_page() -> None:
    both = {"tcp/8080": OPEN}
    facts = seen(reach(V4, CLOSED, both), reach(V6, CLOSED, both))
    told = services(LISTING, page("tcp/8080", Trait.ADMIN_PAGE, address=V6, product="synology"))
    (admin,) = ask("firewall.admin-page", facts, services=told).items
    (other,) = ask("firewall.unexpected-port", facts, services=told).items
    assert admin.text.startswith(f"page d'administration : accès ouvert sur {V6} ; Synology DSM")
    assert other.text == f"page web : accès ouvert sur {V4} ; des fichiers sont offerts à tous."


def test_a_page_that_sends_elsewhere_is_told_so() -> None:
    facts = seen(reach(V4, CLOSED, {"tcp/8080": OPEN}))
    (item,) = ask("firewall.unexpected-port", facts, services=services(page(status=301))).items
    assert item.text == f"page web qui renvoie ailleurs : accès ouvert sur {V4}."


def test_an_ordinary_page_where_every_port_opens_is_open_and_no_administration() -> None:
    facts = seen(reach(V4, OPEN, decoys=EVERYTHING))
    told = services(page())
    assert outcome("firewall.admin-page", facts, services=told) == (UNKNOWN, Reason.OPENS_EVERYTHING)
    assert outcome("firewall.unexpected-port", facts, services=told) == (FAIL, "open")


def test_every_port_where_pages_live_is_one_of_administration() -> None:
    assert of_danger(Danger.ADMIN) >= PAGES_TOO


@settings(deadline=None, max_examples=60)
@given(
    port=st.sampled_from(sorted(PAGES_TOO)),
    protocol=st.sampled_from(["http", "https", "silent", "unknown", LOST]),
    traits=st.sets(st.sampled_from([Trait.ADMIN_PAGE, Trait.LOGIN_FORM, Trait.VPN_PORTAL, Trait.TLS])),
    status=st.sampled_from([None, 200, 301, 400, 401, 403, 404, 500]),
    product=st.sampled_from(["", "nginx-default", "synology", "roundcube", "anyconnect"]),
)
def test_an_open_port_always_belongs_to_one_of_the_two_questions(
    port: str, protocol: str | Unreachable, traits: set[Trait], status: int | None, product: str
) -> None:
    found = behind(port, protocol, *traits, http_status=status, product=product)
    facts = seen(reach(V4, CLOSED, {port: OPEN}))
    checks = ("firewall.admin-page", "firewall.unexpected-port")
    statuses = [outcome(check_id, facts, services=services(found))[0] for check_id in checks]
    assert sorted(statuses) == [FAIL, PASS]


def test_hostile_words_reach_no_verdict_as_they_are() -> None:
    facts = seen(reach(V4, CLOSED, {"tcp/3389": OPEN}))
    said = behind("tcp/3389", HOSTILE, product=HOSTILE, banner=HOSTILE, title=HOSTILE, subject=HOSTILE)
    verdict = ask("firewall.remote-desktop", facts, services=services(replace(said, clues=(HOSTILE,))))
    shown = "".join(
        [verdict.text, *(item.text for item in verdict.items), *(e.value for e in verdict.evidence)]
    )
    assert not set(shown) & set("\x1b\u202e\r\n")
    assert all(len(line.value) <= 400 for line in verdict.evidence)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((behind("tcp/3389", "rdp"),), (FAIL, "open")),
        ((behind("tcp/3389", "unknown"),), (FAIL, "open")),
        ((behind("tcp/3389", "silent"),), (UNKNOWN, Reason.OPENS_EVERYTHING)),
        ((behind("tcp/3389", RESET),), (UNKNOWN, Reason.OPENS_EVERYTHING)),
        ((), (UNKNOWN, Reason.OPENS_EVERYTHING)),
    ],
)
def test_where_every_port_opens_only_a_voice_proves_one(
    found: tuple[Behind, ...], expected: Expected
) -> None:
    facts = seen(reach(V4, OPEN, decoys=EVERYTHING))
    assert outcome("firewall.remote-desktop", facts, services=services(*found)) == expected
    assert outcome("firewall.remote-desktop", facts, services=LOST) == (UNKNOWN, Reason.OPENS_EVERYTHING)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (behind("tcp/443", "https"), (PASS, "")),
        (behind("tcp/443", "silent"), (UNKNOWN, Reason.OPENS_EVERYTHING)),
    ],
)
def test_an_expected_service_has_to_speak_where_every_port_opens(found: Behind, expected: Expected) -> None:
    facts = seen(reach(V4, OPEN, decoys=EVERYTHING))
    assert outcome("firewall.expected-service", facts, host(WEB), services=services(found)) == expected


def test_unstable_answers_prove_nothing() -> None:
    facts = seen(reach(V4, CLOSED, {"tcp/3389": UNSTABLE, "tcp/443": UNSTABLE, "tcp/80": UNSTABLE}))
    for check_id in ("firewall.remote-desktop", "firewall.unexpected-port", "firewall.expected-service"):
        assert outcome(check_id, facts, host(WEB)) == (UNKNOWN, Reason.UNSTABLE), check_id


@pytest.mark.parametrize(
    "check_id", ["firewall.unexpected-port", "firewall.ipv6-parity", "firewall.remote-desktop"]
)
def test_a_shorter_scan_passes_nothing(check_id: str) -> None:
    full = seen(reach(V4, CLOSED), reach(V6, CLOSED))
    short = replace(full, addresses=tuple(replace(one, ports=one.ports[:20]) for one in full.addresses))
    assert outcome(check_id, full) == (PASS, "")
    assert outcome(check_id, short) == (UNKNOWN, Reason.NOT_COLLECTED)


def test_a_port_beyond_the_list_is_judged_when_it_was_asked() -> None:
    both = (reach(V4, CLOSED, {ODD: CLOSED}), reach(V6, CLOSED, {ODD: OPEN}))
    assert outcome("firewall.ipv6-parity", seen(*both)) == (FAIL, "open-in-ipv6")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((), Exposure.UNPROVEN),
        ((Exposure.NOT_OPEN,), Exposure.NOT_OPEN),
        ((Exposure.NOT_OPEN, Exposure.UNPROVEN), Exposure.UNPROVEN),
        ((Exposure.NOT_OPEN, Exposure.UNPROVEN, Exposure.OPEN), Exposure.OPEN),
    ],
)
def test_one_open_address_opens_the_door(found: tuple[Exposure, ...], expected: Exposure) -> None:
    assert worst(found) is expected


def test_what_was_said_behind_a_shut_port_is_not_kept() -> None:
    facts = seen(reach(V4, CLOSED, {"tcp/22": OPEN}))
    said = services(behind("tcp/22", "ssh"), behind("tcp/23", "telnet"))
    doors = {door.port: door for door in by_port(readings(facts, confirmed=False), said)}
    assert [one.protocol for one in doors["tcp/22"].behind] == ["ssh"]
    assert doors["tcp/23"].behind == ()
    assert unlooked(doors["tcp/22"].readings[0], looked(facts)) is None
