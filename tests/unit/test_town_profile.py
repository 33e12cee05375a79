"""A good profile, as the declared town; the examples; the schema."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import jsonschema
import pytest

from cyberaudit import declared as said
from cyberaudit.declared import Answer, AssetKind, Declaration
from cyberaudit.town.known import PRACTICES
from cyberaudit.town.load import load_profile, parse_profile
from cyberaudit.town.profile import SECTIONS, Profile
from cyberaudit.town.schema import schema, schema_text
from cyberaudit.town.yaml_source import read_yaml

pytestmark = pytest.mark.unit

PROFILES = Path(__file__).parents[2] / "profiles"
EXAMPLES = sorted(PROFILES.glob("*.yaml"))
HEAD = 'schema_version: 1\ncommune: {id: ville, name: Ville, insee: "01004", population: 5000}\n'


@pytest.fixture(scope="module")
def town() -> said.Town:
    return load_profile(PROFILES / "small-town.yaml").town


def profile(added: str) -> Profile:
    return parse_profile((HEAD + added).encode(), file="p")


def test_the_smallest_profile_is_a_commune_and_its_unanswered_practices() -> None:
    town = profile("").town

    assert [asset.key for asset in town.assets] == ["town/ville", *(f"practice/{name}" for name in PRACTICES)]
    assert all(asset.declared == () for asset in town.assets)
    assert town.authorization is None
    assert town.commune.timezone == "Europe/Paris"
    assert town.plan.spend_before_vote


def test_assets_come_in_the_order_of_the_profile(town: said.Town) -> None:
    kinds = list(dict.fromkeys(asset.kind for asset in town.assets))

    assert kinds == [kind for kind in SECTIONS if kind != AssetKind.MAIL_HOST]


def test_a_host_carries_its_addresses_services_and_declarations(town: said.Town) -> None:
    edge = town.asset("host/edge")

    assert isinstance(edge, said.Host)
    assert edge.name == "Pare-feu"
    assert edge.addresses == ("192.0.2.2", "203.0.113.9", "2001:db8::2")
    assert edge.services[0] == said.Service("tcp/443", "ssl-vpn", "outside")
    assert edge.firmware == "7.10"
    assert [entry.field for entry in edge.declared] == [
        "confirmed", "firmware_date", "rules_reviewed", "default_password_changed", "supported",
    ]  # fmt: skip
    assert edge.declaration("confirmed") == Declaration(
        Answer.YES, "Cabinet Dupont", date(2026, 11, 4), "", ""
    )


def test_flows_say_nothing_all_or_a_list_of_ports() -> None:
    added = (
        "zones: [{id: a}]\nflows: [{id: f, from: a, to: outside, ports: none},"
        " {id: g, from: a, to: outside, ports: all}, {id: h, from: a, to: a, ports: [udp/53]}]\n"
    )
    flows = profile(added).town.of_kind(AssetKind.FLOW)

    assert [flow.ports for flow in flows if isinstance(flow, said.Flow)] == [(), ("all",), ("udp/53",)]


def test_a_domain_keeps_its_written_name_and_its_ascii_form() -> None:
    domain = profile('domains: [{id: m, name: "Médiathèque.Example"}]').town.asset("domain/m")

    assert isinstance(domain, said.Domain)
    assert (domain.name, domain.domain) == ("Médiathèque.Example", "xn--mdiathque-53af.example")


def test_a_vpn_is_called_by_its_label_its_name_or_its_id() -> None:
    town = profile(
        "hosts: [{id: h, zone: outside, addresses: []}]\nvpn:\n  - {id: a, host: h, kind: ssl}\n"
        "  - {id: b, host: h, kind: ssl, name: b.example}\n  - {id: c, host: h, kind: ipsec, label: C}\n"
    ).town

    assert [vpn.name for vpn in town.of_kind(AssetKind.VPN)] == ["a", "b.example", "C"]


@pytest.mark.parametrize(
    ("said_so", "answer"),
    [
        ("result: ok", Answer.YES),
        ("result: errors", Answer.NO),
        ("value: fait le matin", Answer.YES),
        ("answer: no, value: panne", Answer.NO),
        ("answer: unknown", Answer.UNKNOWN),
    ],
)
def test_a_result_or_a_value_is_an_answer(said_so: str, answer: Answer) -> None:
    backups = f"backups: [{{id: b, of: [files], place: on-site, restore_test: {{{said_so}, by: M, on: 2026-11-02}}}}]"
    declaration = profile(backups).town.assets[1].declaration("restore_test")

    assert declaration is not None
    assert declaration.answer == answer


def test_a_practice_may_be_written_with_underscores() -> None:
    found = profile(
        "practices: {incident_contacts: {answer: partial, by: M, on: 2026-11-02, proof: a.pdf}, mfa: }"
    )
    practice, mfa = found.town.asset("practice/incident-contacts"), found.town.asset("practice/mfa")

    assert practice is not None
    assert practice.declaration("answer") == Declaration(Answer.PARTIAL, "M", date(2026, 11, 2), "a.pdf", "")
    assert mfa is not None
    assert mfa.declared == ()


@pytest.mark.parametrize("practice", ["guest-wifi", "guest_wifi"])
def test_a_question_that_does_not_arise_here_may_say_so(practice: str) -> None:
    text = f"practices: {{{practice}: {{answer: not-applicable, by: M, on: 2026-11-02}}}}"
    found = profile(text).town.asset("practice/guest-wifi")

    assert found is not None
    assert found.declaration("answer") == Declaration(Answer.NOT_APPLICABLE, "M", date(2026, 11, 2), "", "")


def test_a_zone_has_the_canary_of_its_vantage(town: said.Town) -> None:
    guest = town.asset("zone/guest")

    assert isinstance(guest, said.Zone)
    assert (guest.canary, town.outside_canary) == ("203.0.113.200", "203.0.113.200")


def test_money_waivers_settings_and_delivery_are_kept() -> None:
    town = profile(
        "plan: {ceilings: {2028: 5, 2027: 2000}, capacities: {elu: 1}, quotes: {antivirus: {euros: 900}}}\n"
        "waivers: [{check: mail.spf@ville, reason: Le domaine sera rendu, decided_by: M,"
        " decided_on: 2026-11-10, until: 2027-11-10}]\n"
        "checks: {mail.spf: {min_days: 7.50, strict: true}, mail.mx: {off: Aucun courrier ici}}\n"
        "delivery: {recipients: [{address: a+b@c.example, role: mayor}], relay: 'c.example:25', password: secret:x}\n"
    ).town

    assert town.plan.ceilings == (said.Ceiling(2027, 2000), said.Ceiling(2028, 5))
    assert town.plan.quotes == (said.Quote("antivirus", 900, 0),)
    assert town.plan.capacities == (said.Capacity("elu", 1),)
    assert (town.waivers[0].check, town.waivers[0].asset) == ("mail.spf", "ville")
    assert town.check_choice("mail.spf") == said.CheckChoice(
        "mail.spf", "", (("min_days", "7.50"), ("strict", "true"))
    )
    assert town.check_choice("mail.mx") == said.CheckChoice("mail.mx", "Aucun courrier ici", ())
    assert town.delivery == said.Delivery(
        (said.Recipient("a+b@c.example", "mayor"),), "c.example:25", "", "secret:x"
    )


def test_every_kind_of_asset_is_built() -> None:
    town = profile(
        "hosts: [{id: h, zone: outside, addresses: [192.0.2.1]}]\n"
        "mail: [{id: m, host: h, name: mx.ville.example, services: [smtp]}]\n"
        "websites: [{id: w, url: 'https://ville.example', host: h}]\n"
        "cloud: [{id: c, what: mail, country: NO}]\n"
    ).town

    assert town.asset("mail-host/m") == said.MailHost(
        "m", "mx.ville.example", (), "h", "mx.ville.example", ("smtp",)
    )
    assert town.asset("website/w") == said.Website("w", "w", (), "https://ville.example", "", "h")
    assert town.asset("cloud/c") == said.Cloud("c", "c", (), "mail", "", "NO", "")


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("town/ville", 2),
        ("domain/main", 4),
        ("domain/second", 5),
        ("domain/absent", 4),
        ("practice/incident-contacts", 7),
        ("practice/mfa", 7),
        ("host/absent", 1),
    ],
)
def test_the_line_that_declares_an_asset_is_known(key: str, line: int) -> None:
    found = profile(
        "domains:\n  - {id: main, name: a.example}\n  - {id: second, name: b.example}\n"
        "practices:\n  incident_contacts: {answer: yes, by: M, on: 2026-11-02}\n"
    )

    assert found.place_of(key).line == line
    assert (found.file, found.text[:7]) == ("p", "schema_")


def test_others_can_place_their_own_problems() -> None:
    found = profile("domains: [{id: main, name: a.example}]\n")

    assert str(found.problem("Ce domaine n'existe pas.", ("domains", 0, "name"))).splitlines()[0] == (
        "p:3:28 : domains, 1er élément, name : Ce domaine n'existe pas."
    )


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_loads_and_fits_the_schema(path: Path) -> None:
    source = read_yaml(path.read_bytes(), file=path.name)

    assert load_profile(path).town.authorization is not None
    assert path.read_text("utf-8").startswith("# yaml-language-server: $schema=schema.json\n")
    jsonschema.Draft7Validator(schema()).validate(source.tree)


def test_the_shipped_schema_is_the_generated_one() -> None:
    command = [sys.executable, "-m", "cyberaudit.town.schema"]

    assert (PROFILES / "schema.json").read_text("utf-8") == schema_text()
    assert subprocess.run(command, capture_output=True, check=True).stdout == schema_text().encode()


def test_the_schema_is_draft_07_and_describes_every_key() -> None:
    made = schema()
    jsonschema.Draft7Validator.check_schema(made)
    text = json.dumps(made)

    assert not [word for word in ("$defs", "prefixItems", "dependentSchemas") if word in text]
    blocks = [made, *made["definitions"].values()]
    assert [
        key
        for block in blocks
        for key, part in block.get("properties", {}).items()
        if not part.get("description", "").endswith((".", "?", "»", ")"))
    ] == []


@pytest.mark.parametrize(
    "added", ["zzz: 1", "domains: [{id: A, name: a.example}]", "links: [{id: a, kind: x}]"]
)
def test_the_schema_refuses_what_the_loader_refuses(added: str) -> None:
    tree = read_yaml((HEAD + added).encode(), file="p").tree

    assert list(jsonschema.Draft7Validator(schema()).iter_errors(tree))


def test_a_profile_is_known_without_pydantic_or_yaml() -> None:
    code = "import sys, cyberaudit.town.profile, cyberaudit.town.scope; print({'pydantic', 'yaml'} & set(sys.modules))"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"set()\n"
