"""What passes between networks, to verdicts: three questions, and each flow asked exactly one of them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberaudit.declared import Answer, AnyAsset, Declared, Flow, Host, Service, Zone
from cyberaudit.engine.catalogue import asked, load_catalogue
from cyberaudit.facts.passages import NOBODY, undecided_passages
from cyberaudit.facts.ports import Danger, of_danger
from cyberaudit.facts.reach import (
    AddressReach,
    CanaryAnswer,
    FlowReach,
    HostReach,
    PortAnswer,
    PortState,
    TargetReach,
)
from cyberaudit.facts.services import Behind, HostServices, Trait
from cyberaudit.french import NBSP
from cyberaudit.model import Reason, Status, Unreachable, Verdict
from cyberaudit.sdk import Context
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()
PASS, PARTIAL, FAIL = Status.PASS, Status.PARTIAL, Status.FAIL
UNKNOWN, NONE = Status.UNKNOWN, Status.NOT_APPLICABLE
OPEN, CLOSED, REJECTED, SILENT = PortState.OPEN, PortState.CLOSED, PortState.REJECTED, PortState.SILENT
NO_ROUTE, LOST = Unreachable(Reason.NO_ROUTE), Unreachable(Reason.TIMEOUT)
NOT_THEN = Unreachable(Reason.NOT_COLLECTED)
V4, OTHER_V4, V6, CANARY = "192.0.2.1", "192.0.2.2", "2001:db8::1", "203.0.113.9"
ASKED = ("tcp/22", "tcp/25", "tcp/80", "tcp/443", "tcp/445", "tcp/3389", "tcp/8443", "tcp/54321")
FRESH = date(2026, 10, 1)
Expected = tuple[Status, str]
State = PortState | Unreachable


def zone(name: str, use: str = "", *, empty: bool = False) -> Zone:
    networks = () if empty else ("198.51.100.0/26",)
    return Zone(name, f"Réseau {name}", (), networks, "", use=use)


ZONES = (
    zone("guest", "guest"),
    zone("lan", "office"),
    zone("dmz", "dmz"),
    zone("empty", "servers", empty=True),
)


def host(*services: Service, confirmed: bool = False, stands: str = "lan") -> Host:
    said = towns.declaration(Answer.YES, on=FRESH)
    return Host(
        id="box",
        name="Box de L'Haÿ",
        declared=(Declared("confirmed", said),) if confirmed else (),
        zone=stands,
        addresses=(V4, V6),
        services=services,
        link="",
        model="",
        firmware="",
    )


def reach(
    address: str, rest: State, states: Mapping[str, State] | None = None, decoys: Any = ()
) -> AddressReach:
    """Every port as `rest`, but those named."""
    every = {**dict.fromkeys(ASKED, rest), **(states or {})}
    answers = tuple(PortAnswer(port, state, "") for port, state in every.items())
    return AddressReach(address, 6 if ":" in address else 4, answers, decoys, NOT_THEN)


def flow(*ports: str, source: str = "dmz", target: str = "lan", name: str = "f") -> Flow:
    return Flow(name, "D'un réseau à l'autre", (), source=source, target=target, ports=ports)


def passing(*targets: AddressReach, to: str = "box", canaries: Any = ()) -> FlowReach:
    return FlowReach("dmz", tuple(TargetReach(to, each) for each in targets), canaries)


def ask(check_id: str, facts: Any, asset: AnyAsset, *others: AnyAsset) -> Verdict:
    check = CATALOGUE.check(check_id)
    assert check is not None
    town = towns.town(asset, *ZONES, *others)
    return check.function(facts, Context(towns.NOW, asset, check.settings(), town))


def outcome(check_id: str, facts: FlowReach, asset: Flow, *others: AnyAsset) -> Expected:
    verdict = ask(check_id, facts, asset, *(others or (host(),)))
    return verdict.status, verdict.reason


HEARD = tuple(CanaryAnswer(4, port, reached=True) for port in ASKED)
DEAF = tuple(CanaryAnswer(4, port, reached=False) for port in ASKED)


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("lan", "outside", "firewall.egress"),
        ("guest", "outside", "firewall.egress"),
        ("guest", "lan", "firewall.guest"),
        ("lan", "guest", "firewall.flow"),
        ("dmz", "lan", "firewall.flow"),
        ("outside", "lan", "firewall.flow"),
        ("nowhere", "lan", "firewall.flow"),
    ],
)
def test_each_flow_is_asked_exactly_one_question(source: str, target: str, expected: str) -> None:
    town = towns.town(*ZONES, flow(source=source, target=target))
    pairs = [check.id for check, asset in asked(town, CATALOGUE.checks) if asset.key == "flow/f"]
    assert pairs == [expected]


@pytest.mark.parametrize(
    ("facts", "ports", "expected"),
    [
        (passing(reach(V4, REJECTED)), (), (PASS, "")),
        # A refusal in the name of the target: it was reached, or the firewall wrote it.
        (passing(reach(V4, CLOSED)), (), (UNKNOWN, Reason.NO_CONTROL)),
        (passing(reach(V4, REJECTED, {"tcp/22": CLOSED})), (), (UNKNOWN, Reason.NO_CONTROL)),
        (passing(reach(V4, REJECTED, {"tcp/22": CLOSED})), ("tcp/22",), (PARTIAL, "allowed-closed")),
        (passing(reach(V4, SILENT, {"tcp/443": REJECTED})), (), (PASS, "")),
        (passing(reach(V4, REJECTED, {"tcp/445": OPEN})), (), (FAIL, "forbidden-open")),
        (passing(reach(V4, LOST, {"tcp/445": OPEN})), (), (FAIL, "forbidden-open")),
        (passing(reach(V4, REJECTED, {"tcp/445": OPEN})), ("tcp/445",), (PASS, "")),
        (passing(reach(V4, REJECTED)), ("tcp/445",), (PARTIAL, "allowed-closed")),
        (
            passing(reach(V4, REJECTED), reach(OTHER_V4, REJECTED, {"tcp/445": OPEN})),
            ("tcp/445",),
            (PASS, ""),
        ),
        (passing(reach(V4, REJECTED, {"tcp/445": LOST})), ("tcp/445",), (UNKNOWN, Reason.TIMEOUT)),
        (passing(reach(V4, REJECTED, {"tcp/22": PortState.UNSTABLE})), (), (UNKNOWN, Reason.UNSTABLE)),
        (passing(reach(V4, SILENT)), (), (UNKNOWN, Reason.NO_CONTROL)),
        (passing(reach(V4, SILENT), canaries=HEARD), (), (UNKNOWN, Reason.NO_CONTROL)),
        (passing(reach(V4, SILENT), reach(OTHER_V4, REJECTED)), (), (UNKNOWN, Reason.NO_CONTROL)),
        (passing(reach(V6, SILENT), reach(V4, REJECTED)), (), (UNKNOWN, Reason.NO_CONTROL)),
        (passing(reach(V4, LOST)), (), (UNKNOWN, Reason.TIMEOUT)),
        (
            passing(reach(V4, OPEN, decoys=(PortAnswer("tcp/61234", OPEN, ""),))),
            (),
            (UNKNOWN, Reason.OPENS_EVERYTHING),
        ),
        (passing(), (), (UNKNOWN, Reason.NOT_COLLECTED)),
        (passing(reach(V4, OPEN)), ("all",), (NONE, "not-applicable")),
    ],
)
def test_flow_between_our_networks(facts: FlowReach, ports: tuple[str, ...], expected: Expected) -> None:
    assert outcome("firewall.flow", facts, flow(*ports)) == expected


@pytest.mark.parametrize(
    ("check_id", "asset", "sentence"),
    [
        (
            "firewall.flow",
            flow(),
            "Aucun des 8 ports TCP essayés ne passe, hors de ce qui est permis (« D'un réseau à l'autre »).",
        ),
        (
            "firewall.guest",
            flow(source="guest"),
            (
                "Aucun des 8 ports TCP essayés n'atteint ce réseau, hors de ce qui est permis "
                "(« D'un réseau à l'autre »)."
            ),
        ),
    ],
)
def test_a_pass_says_how_much_was_tried(check_id: str, asset: Flow, sentence: str) -> None:
    assert ask(check_id, passing(reach(V4, REJECTED)), asset, host()).text.replace(NBSP, " ") == sentence


def test_a_pass_of_one_port_is_still_french() -> None:
    one = replace(reach(V4, REJECTED), ports=(PortAnswer("tcp/22", REJECTED, ""),))
    assert ask("firewall.flow", passing(one), flow(), host()).text.startswith(
        "Aucun port TCP essayé ne passe"
    )


def test_a_confirmed_and_silent_zone_passes_when_anything_was_heard_from_here() -> None:
    silent, sure = reach(V4, SILENT), host(confirmed=True)
    assert outcome("firewall.flow", passing(silent, canaries=HEARD), flow(), sure) == (PASS, "")
    assert outcome("firewall.flow", passing(silent, reach(OTHER_V4, REJECTED)), flow(), sure) == (PASS, "")
    deaf = outcome("firewall.flow", passing(silent, canaries=DEAF), flow(), sure)
    assert deaf == (UNKNOWN, Reason.NO_CONTROL)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (flow("tcp/445", name="g"), (PASS, "")),
        (flow("all", name="g"), (NONE, "not-applicable")),
        (flow("tcp/445", name="g", source="guest"), (FAIL, "forbidden-open")),
        (flow("tcp/445", name="g", target="outside"), (FAIL, "forbidden-open")),
    ],
)
def test_two_flows_between_the_same_networks_add_up(other: Flow, expected: Expected) -> None:
    facts = passing(reach(V4, REJECTED, {"tcp/445": OPEN, "tcp/443": OPEN}))
    assert outcome("firewall.flow", facts, flow("tcp/443"), host(), other) == expected


@pytest.mark.parametrize(("to", "name"), [("box", "Box de L'Haÿ"), ("oublié", "oublié")])
def test_a_forbidden_passage_names_where_it_leads(to: str, name: str) -> None:
    facts = passing(reach(V4, REJECTED, {"tcp/22": OPEN}), to=to)
    (item,) = ask("firewall.flow", facts, flow(), host()).items
    assert (item.key, item.text) == ("tcp/22", f"console d'administration SSH : ouvert vers {name}.")


GUEST = flow(source="guest", target="lan")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (passing(reach(V4, REJECTED)), (PASS, "")),
        (passing(reach(V4, SILENT, {"tcp/443": REJECTED})), (PASS, "")),
        (passing(reach(V4, REJECTED, {"tcp/80": OPEN})), (FAIL, "forbidden-open")),
        # A refusal in the name of the target: it was reached, or the firewall wrote it.
        (passing(reach(V4, CLOSED)), (UNKNOWN, Reason.NO_CONTROL)),
        (passing(reach(V4, REJECTED, {"tcp/22": CLOSED})), (UNKNOWN, Reason.NO_CONTROL)),
        (passing(reach(V4, CLOSED, {"tcp/445": OPEN})), (FAIL, "forbidden-open")),
        (passing(reach(V4, SILENT)), (UNKNOWN, Reason.NO_CONTROL)),
        (passing(reach(V4, NO_ROUTE)), (UNKNOWN, Reason.NO_ROUTE)),
        (passing(), (UNKNOWN, Reason.NOT_COLLECTED)),
    ],
)
def test_the_public_is_kept_apart(facts: FlowReach, expected: Expected) -> None:
    assert outcome("firewall.guest", facts, GUEST) == expected


def beside_nobody(target: AddressReach, *nobodys: AddressReach) -> FlowReach:
    seen = passing(target)
    return replace(seen, targets=(*seen.targets, *(TargetReach(NOBODY, each) for each in nobodys)))


FREE, OTHER_FREE = "192.0.2.61", "192.0.2.60"
ANYWHERE = {"tcp/443": OPEN, "tcp/80": OPEN}


@pytest.mark.parametrize(
    ("facts", "expected", "items"),
    [
        # A portal answers in everybody's name.
        (
            beside_nobody(reach(V4, SILENT, ANYWHERE), reach(FREE, SILENT, ANYWHERE)),
            (UNKNOWN, Reason.NO_CONTROL),
            {"tcp/80", "tcp/443"},
        ),
        (
            beside_nobody(reach(V4, REJECTED, ANYWHERE), reach(FREE, SILENT, {"tcp/80": OPEN})),
            (FAIL, "forbidden-open"),
            {"tcp/443"},
        ),
        # Somebody bears one of the two after all.
        (
            beside_nobody(
                reach(V4, REJECTED, ANYWHERE), reach(FREE, SILENT, ANYWHERE), reach(OTHER_FREE, SILENT)
            ),
            (FAIL, "forbidden-open"),
            {"tcp/80", "tcp/443"},
        ),
        # The rest is judged as before.
        (
            beside_nobody(reach(V4, SILENT, {**ANYWHERE, "tcp/445": OPEN}), reach(FREE, SILENT, ANYWHERE)),
            (FAIL, "forbidden-open"),
            {"tcp/445"},
        ),
        # The portal of one family says nothing of the other.
        (
            beside_nobody(reach(V4, REJECTED, ANYWHERE), reach(V6, SILENT, ANYWHERE)),
            (FAIL, "forbidden-open"),
            {"tcp/80", "tcp/443"},
        ),
        (beside_nobody(reach(V4, REJECTED), reach(FREE, SILENT)), (PASS, ""), set()),
        # What is heard from nobody's address is no control, and it is not judged.
        (beside_nobody(reach(V4, SILENT), reach(FREE, CLOSED)), (UNKNOWN, Reason.NO_CONTROL), set()),
    ],
)
def test_what_a_portal_answers_is_no_crossing(facts: FlowReach, expected: Expected, items: set[str]) -> None:
    verdict = ask("firewall.guest", facts, GUEST, host(confirmed=True))
    assert (verdict.status, verdict.reason) == expected
    assert {item.key for item in verdict.items} == items


def test_a_portal_is_named_with_what_to_do() -> None:
    facts = beside_nobody(reach(V4, SILENT, ANYWHERE), reach(FREE, SILENT, ANYWHERE))
    verdict = ask("firewall.guest", facts, GUEST, host())
    assert "identifiez-vous sur ce Wi-Fi" in verdict.text
    assert all("que personne n'a" in item.text for item in verdict.items)


def test_a_refusal_in_doubt_says_who_may_have_written_it() -> None:
    verdict = ask("firewall.guest", passing(reach(V4, CLOSED)), GUEST, host())
    assert verdict.text == (
        "Des refus sont revenus, sans dire s'ils viennent de l'adresse visée ou du pare-feu."
    )
    assert "refus venu de l'adresse essayée" in verdict.evidence[-1].value


@pytest.mark.parametrize(
    ("place", "stands", "expected"),
    [
        ("outside", "lan", (PASS, "")),
        ("guest", "lan", (PASS, "")),
        ("lan", "lan", (FAIL, "forbidden-open")),
        # What a profile says when it says nothing.
        ("any", "lan", (FAIL, "forbidden-open")),
        ("any", "dmz", (PASS, "")),
    ],
)
def test_the_public_may_reach_what_is_meant_for_it(place: str, stands: str, expected: Expected) -> None:
    facts = passing(reach(V4, REJECTED, {"tcp/443": OPEN}))
    server = host(Service("tcp/443", "web", place), stands=stands)
    assert outcome("firewall.guest", facts, replace(GUEST, target=stands), server) == expected


LEAVING = flow("tcp/443", source="lan", target="outside")


@pytest.mark.parametrize(
    ("states", "ports", "expected"),
    [
        ({"tcp/443": OPEN}, ("tcp/443",), (PASS, "")),
        ({"tcp/443": CLOSED}, ("tcp/443",), (PASS, "")),
        ({"tcp/443": OPEN, "tcp/445": OPEN}, ("tcp/443",), (FAIL, "forbidden-open")),
        ({"tcp/443": OPEN, "tcp/54321": OPEN}, ("tcp/443",), (FAIL, "forbidden-open")),
        ({"tcp/443": OPEN, "tcp/445": CLOSED}, ("tcp/443",), (UNKNOWN, Reason.NO_CONTROL)),
        ({"tcp/443": OPEN, "tcp/445": REJECTED}, ("tcp/443",), (PASS, "")),
        ({"tcp/80": OPEN}, ("tcp/80", "tcp/443"), (PARTIAL, "allowed-closed")),
        ({}, ("tcp/443",), (UNKNOWN, Reason.NO_CONTROL)),
        (dict.fromkeys(ASKED, OPEN), ("all",), (NONE, "not-applicable")),
    ],
)
def test_what_leaves_the_town(states: dict[str, State], ports: tuple[str, ...], expected: Expected) -> None:
    facts = passing(reach(CANARY, SILENT, states), to="canary")
    assert outcome("firewall.egress", facts, replace(LEAVING, ports=ports)) == expected


TWO_FAMILIES = replace(ZONES[1], networks=("198.51.100.0/26", "2001:db8:4::/64"))


def leaving(
    *canaries: AddressReach, source: Zone = ZONES[1], ports: tuple[str, ...] = ("tcp/443",)
) -> Verdict:
    check = CATALOGUE.check("firewall.egress")
    assert check is not None
    asset = replace(LEAVING, ports=ports)
    context = Context(towns.NOW, asset, check.settings(), towns.town(asset, source))
    return check.function(passing(*canaries, to="canary"), context)


@pytest.mark.parametrize(
    ("source", "canaries", "expected", "items"),
    [
        (ZONES[1], (reach(CANARY, REJECTED, {"tcp/443": OPEN}),), (PASS, ""), []),
        (
            TWO_FAMILIES,
            (reach(CANARY, REJECTED, {"tcp/443": OPEN}),),
            (UNKNOWN, Reason.NO_CONTROL),
            ["ipv6"],
        ),
        (
            TWO_FAMILIES,
            (reach(CANARY, REJECTED, {"tcp/443": OPEN}), reach(V6, REJECTED, {"tcp/443": OPEN})),
            (PASS, ""),
            [],
        ),
        (TWO_FAMILIES, (reach(CANARY, OPEN),), (FAIL, "forbidden-open"), sorted(set(ASKED) - {"tcp/443"})),
        # A network of IPv4 alone has no way out in IPv6, whatever the canary can do.
        (ZONES[1], (reach(CANARY, REJECTED, {"tcp/443": OPEN}), reach(V6, NO_ROUTE)), (PASS, ""), []),
        (
            TWO_FAMILIES,
            (reach(CANARY, REJECTED, {"tcp/443": OPEN}), reach(V6, NO_ROUTE)),
            (UNKNOWN, Reason.NO_ROUTE),
            [],
        ),
        (ZONES[1], (reach(V6, REJECTED, {"tcp/443": OPEN}),), (UNKNOWN, Reason.NO_CONTROL), ["ipv4"]),
    ],
)
def test_each_family_of_a_network_is_tried_or_said_not_to_be(
    source: Zone, canaries: tuple[AddressReach, ...], expected: Expected, items: list[str]
) -> None:
    verdict = leaving(*canaries, source=source)
    assert (verdict.status, verdict.reason) == expected
    assert sorted(item.key for item in verdict.items) == items


def test_the_family_that_was_never_tried_is_named() -> None:
    verdict = leaving(reach(CANARY, REJECTED, {"tcp/443": OPEN}), source=TWO_FAMILIES)
    assert "jamais essayé" in verdict.items[0].text
    assert "aucune adresse témoin en IPv6" in verdict.evidence[-1].value


def test_a_canary_that_opens_every_port_proves_what_leaves() -> None:
    decoys = (PortAnswer("tcp/61234", OPEN, ""),)
    facts = passing(reach(CANARY, OPEN, decoys=decoys), to="canary")
    verdict = ask("firewall.egress", facts, LEAVING)
    assert verdict.status is FAIL
    assert {item.key for item in verdict.items} == set(ASKED) - {"tcp/443"}
    assert verdict.items[0].text.endswith("ouvert vers Internet.")


@pytest.mark.parametrize(
    ("port", "likelihood"), [("tcp/25", 3), ("tcp/445", 3), ("tcp/54321", None), ("tcp/80", None)]
)
def test_the_ways_of_attackers_raise_the_likelihood(port: str, likelihood: int | None) -> None:
    facts = passing(reach(CANARY, SILENT, {port: OPEN, "tcp/443": OPEN}), to="canary")
    assert ask("firewall.egress", facts, LEAVING).likelihood == likelihood


# Silence, or no answer at all: what a machine hears when its cable is unplugged.
NOTHING = st.sampled_from([SILENT, NO_ROUTE, LOST, Unreachable(Reason.DEADLINE), PortState.UNSTABLE])
ADDRESSES = st.lists(
    st.builds(
        reach,
        st.sampled_from([V4, OTHER_V4, V6]),
        NOTHING,
        st.dictionaries(st.sampled_from(ASKED), NOTHING, max_size=5),
    ),
    max_size=3,
)
CANARIES = st.lists(
    st.builds(
        lambda family, port: CanaryAnswer(family, port, reached=False),
        st.sampled_from([4, 6]),
        st.sampled_from(ASKED),
    ),
    max_size=4,
)


@settings(deadline=None, max_examples=60)
@given(ADDRESSES, CANARIES, st.booleans())
def test_silence_never_passes_nor_fails_without_controls(addresses: Any, canaries: Any, sure: Any) -> None:
    box = host(Service("tcp/443", "web", "any"), confirmed=sure)
    for check_id, to, asset in (
        ("firewall.flow", "box", flow()),
        ("firewall.guest", "box", GUEST),
        ("firewall.egress", "canary", LEAVING),
    ):
        facts = passing(*addresses, to=to, canaries=tuple(canaries))
        for ports in ((), ("tcp/443",)):
            assert not ask(check_id, facts, replace(asset, ports=ports), box).status.is_known


ADMIN_PORTS = sorted(of_danger(Danger.ADMIN) - {"udp/161"})
WEB = Service("tcp/443", "ssl-vpn", "any")


def facing(address: str, rest: State, states: Mapping[str, State] | None = None) -> AddressReach:
    return reach(address, rest, {**dict.fromkeys(ADMIN_PORTS, rest), **(states or {})})


def behind(port: str, *traits: Trait) -> HostServices:
    one = Behind(V4, port, "https", "", "", "", 200, "", frozenset(traits), ())
    return HostServices("guest", (one,), ())


def administered(
    *addresses: AddressReach,
    vantage: str = "guest",
    services: HostServices | Unreachable = NOT_THEN,
    asset: Host | None = None,
) -> Expected:
    seen = (HostReach(vantage, addresses, ()), services)
    verdict = ask("firewall.guest-admin", seen, asset or host(WEB, stands="outside"))
    return verdict.status, verdict.reason


def test_the_public_cannot_administer_the_box() -> None:
    assert administered(facing(V4, CLOSED)) == (PASS, "")
    assert administered(facing(V4, SILENT, {"tcp/80": REJECTED})) == (PASS, "")
    assert administered(facing(V4, CLOSED, {"tcp/22": OPEN})) == (FAIL, "open")
    assert administered(facing(V4, SILENT)) == (UNKNOWN, Reason.NO_CONTROL)
    assert administered(facing(V4, CLOSED), vantage="lan") == (UNKNOWN, Reason.NOT_LOOKED)
    assert administered(facing(V4, CLOSED), vantage="outside") == (UNKNOWN, Reason.NOT_LOOKED)
    assert administered() == (NONE, "not-applicable")


def test_an_ordinary_page_behind_a_port_of_administration_is_none() -> None:
    box = facing(V4, CLOSED, {"tcp/8080": OPEN})
    assert administered(box) == (FAIL, "open")
    ordinary = Behind(V4, "tcp/8080", "http", "", "", "Bienvenue", 200, "", frozenset(), ())
    assert administered(box, services=HostServices("guest", (ordinary,), ())) == (PASS, "")
    called = host(Service("tcp/8080", "admin", "lan"), stands="outside")
    assert administered(box, services=HostServices("guest", (ordinary,), ()), asset=called) == (FAIL, "open")


def test_a_recognised_page_of_administration_counts_on_any_port() -> None:
    box = facing(V4, CLOSED, {"tcp/443": OPEN})
    assert administered(box) == (PASS, "")
    assert administered(box, services=behind("tcp/443", Trait.VPN_PORTAL)) == (PASS, "")
    assert administered(box, services=behind("tcp/443", Trait.ADMIN_PAGE)) == (FAIL, "open")
    declared = host(Service("tcp/54321", "admin", "lan"), stands="outside")
    assert administered(facing(V4, CLOSED, {"tcp/54321": OPEN}), asset=declared) == (FAIL, "open")


def test_without_the_ports_nothing_is_said_of_administration() -> None:
    verdict = ask("firewall.guest-admin", (LOST, behind("tcp/443", Trait.ADMIN_PAGE)), host(stands="outside"))
    assert (verdict.status, verdict.reason) == (UNKNOWN, Reason.TIMEOUT)


@pytest.mark.parametrize(
    ("stands", "zones", "expected"),
    [
        ("outside", ZONES, True),
        ("guest", ZONES, True),
        ("lan", ZONES, False),
        ("outside", (zone("lan", "office"),), False),
    ],
)
def test_only_what_the_public_may_meet_is_asked_about_its_administration(
    stands: str, zones: tuple[Zone, ...], expected: bool
) -> None:
    pairs = asked(towns.town(*zones, host(stands=stands)), CATALOGUE.checks)
    assert ("firewall.guest-admin" in {check.id for check, _ in pairs}) is expected


def test_the_passages_that_nobody_decided_are_known() -> None:
    decided = (flow(source="lan", target="outside"), flow(source="guest", target="lan", name="g"))
    assert undecided_passages(towns.town(*ZONES, *decided)) == (
        ("guest", "dmz"),
        ("guest", "outside"),
        ("lan", "dmz"),
        ("dmz", "lan"),
        ("dmz", "outside"),
    )
    assert undecided_passages(towns.town(zone("empty", empty=True))) == ()
    peopled = towns.town(zone("empty", empty=True), host(stands="empty"))
    assert undecided_passages(peopled) == (("empty", "outside"),)
