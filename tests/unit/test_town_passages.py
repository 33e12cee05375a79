"""What a profile says of zones, canaries and flows: uses, two families, and the passages nobody needs to write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.declared import AssetKind, Flow, Town, Zone, ZoneUse
from cyberaudit.errors import ProfileError
from cyberaudit.town.implied import Passage, ZoneWords, implied_passages
from cyberaudit.town.known import MAX_ZONES, ZONE_USES
from cyberaudit.town.load import parse_profile

pytestmark = pytest.mark.unit

HEAD = 'schema_version: 1\ncommune: {id: ville, name: Ville, insee: "01004", population: 5000}\n'
NET = "networks: [198.51.100.0/24]"
ZONES = f"zones: [{{id: lan, label: Bureaux, use: office, {NET}}}, {{id: guest, label: Wi-Fi du public, use: guest}}]\n"


def town(added: str) -> Town:
    return parse_profile((HEAD + added).encode(), file="p").town


def flows(added: str) -> list[tuple[str, str, str]]:
    found = town(added).of_kind(AssetKind.FLOW)
    return [(flow.id, flow.source, flow.target) for flow in found if isinstance(flow, Flow)]


def told(added: str) -> list[str]:
    with pytest.raises(ProfileError) as caught:
        town(added)
    return [str(problem).splitlines()[0] for problem in caught.value.problems]


def test_every_use_has_a_french_name() -> None:
    assert set(ZONE_USES) == set(ZoneUse)


@pytest.mark.parametrize(
    ("written", "first", "other"),
    [
        ("203.0.113.200", "203.0.113.200", ""),
        ("'2001:DB8::1'", "2001:db8::1", ""),
        ("[203.0.113.200]", "203.0.113.200", ""),
        ("[203.0.113.200, '2001:db8::1']", "203.0.113.200", "2001:db8::1"),
        ("['2001:db8::1', 203.0.113.200]", "203.0.113.200", "2001:db8::1"),
        ("[]", "", ""),
    ],
)
def test_a_vantage_has_one_canary_for_each_family(written: str, first: str, other: str) -> None:
    found = town(f"{ZONES}vantages: [{{id: outside, canary: {written}}}, {{id: lan, canary: {written}}}]\n")
    lan = found.asset("zone/lan")
    assert isinstance(lan, Zone)
    assert (found.outside_canary, found.other_outside_canary) == (first, other)
    assert (lan.canary, lan.other_canary, lan.use) == (first, other, "office")


def test_a_vantage_that_is_not_written_has_no_canary() -> None:
    found = town(ZONES)
    assert (found.outside_canary, found.other_outside_canary) == ("", "")


@pytest.mark.parametrize(
    ("added", "sentence"),
    [
        (
            "vantages: [{id: outside, canary: [192.0.2.1, 192.0.2.2]}]",
            (
                "p:3:46 : vantages, 1er élément, canary, 2e élément : "
                "Une adresse témoin IPv4 est déjà donnée : une par famille."
            ),
        ),
        (
            "vantages: [{id: outside, canary: ['2001:db8::1', '2001:db8::2']}]",
            (
                "p:3:50 : vantages, 1er élément, canary, 2e élément : "
                "Une adresse témoin IPv6 est déjà donnée : une par famille."
            ),
        ),
        (
            "vantages: [{id: outside, canary: temoin}]",
            "p:3:34 : vantages, 1er élément, canary : « temoin » n'est pas une adresse IP.",
        ),
        (
            "vantages: [{id: outside, canary: [192.0.2.1, temoin]}]",
            "p:3:46 : vantages, 1er élément, canary, 2e élément : « temoin » n'est pas une adresse IP.",
        ),
        (
            "vantages: [{id: outside, canary: [192.0.2.1, '2001:db8::1', '192.0.2.2']}]",
            "p:3:34 : vantages, 1er élément, canary : Cette liste est trop longue : 2 éléments au plus.",
        ),
        (
            "zones: [{id: a, use: gest}]",
            "p:3:22 : zones, 1er élément, use : « gest » n'existe pas ici ; vouliez-vous dire « guest » ?",
        ),
        (
            "hosts: [{id: h, zone: outside, addresses: [], firmware_date: {value: mai, by: M, on: 2026-11-02}}]",
            (
                "p:3:70 : hosts, 1er élément, firmware_date, value : "
                "Une date s'écrit année-mois-jour, comme 2026-11-21, pas « mai »."
            ),
        ),
        (
            (
                "hosts: [{id: h, zone: outside, addresses: [], "
                "firmware_date: {value: 2026-11-03, by: M, on: 2026-11-02}}]"
            ),
            (
                "p:3:70 : hosts, 1er élément, firmware_date, value : "
                "Cette mise à jour suivrait la réponse, du 2 novembre 2026."
            ),
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_place(added: str, sentence: str) -> None:
    problems = [each.replace("\N{NO-BREAK SPACE}", " ") for each in told(added + "\n")]
    assert any(problem.startswith(sentence.removesuffix(".")) for problem in problems), problems


def test_a_profile_of_too_many_zones_is_refused_at_once() -> None:
    many = ", ".join(f"{{id: z{number}, use: guest}}" for number in range(900))
    assert told(f"zones: [{many}]\n") == [
        f"p:3:8 : zones : Cette liste est trop longue : {MAX_ZONES} éléments au plus."
    ]


def test_the_public_network_reaches_nothing_even_when_nobody_wrote_it() -> None:
    found = town(ZONES)
    flow = found.asset("flow/guest-to-lan")
    assert isinstance(flow, Flow)
    assert (flow.name, flow.source, flow.target, flow.ports) == (
        "Wi-Fi du public vers Bureaux",
        "guest",
        "lan",
        (),
    )


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        # Somebody decided: nothing is added.
        (ZONES + "flows: [{id: f, from: guest, to: lan, ports: [tcp/443]}]\n", [("f", "guest", "lan")]),
        # A declared id is never taken.
        (
            ZONES + "flows: [{id: guest-to-lan, from: lan, to: outside, ports: all}]\n",
            [("guest-to-lan", "lan", "outside"), ("guest-to-lan-2", "guest", "lan")],
        ),
        # Nobody is there.
        ("zones: [{id: lan}, {id: guest, use: guest}]\n", []),
        # A machine is.
        (
            "zones: [{id: lan}, {id: guest, use: guest}]\nhosts: [{id: h, zone: lan, addresses: []}]\n",
            [("guest-to-lan", "guest", "lan")],
        ),
        # Without a use, only what is declared is judged.
        (f"zones: [{{id: lan, {NET}}}, {{id: guest, {NET}}}]\n", []),
        # Two public networks, and servers open to the Internet.
        (
            (
                f"zones: [{{id: a, use: guest, {NET}}}, {{id: b, use: guest, {NET}}}, {{id: d, use: dmz, {NET}}},"
                f" {{id: s, use: backup, {NET}}}]\n"
            ),
            [
                ("a-to-d", "a", "d"),
                ("a-to-s", "a", "s"),
                ("b-to-d", "b", "d"),
                ("b-to-s", "b", "s"),
                ("d-to-s", "d", "s"),
            ],
        ),
    ],
)
def test_passages_are_implied_by_what_a_zone_is_for(added: str, expected: list[tuple[str, str, str]]) -> None:
    assert flows(added) == expected


def test_an_implied_passage_may_be_waived() -> None:
    waiver = (
        "waivers: [{check: firewall.guest@%s, reason: Le mur est en travaux, decided_by: M,"
        " decided_on: 2026-11-10, until: 2027-11-10}]\n"
    )
    assert town(ZONES + waiver % "guest-to-lan").waivers[0].asset == "guest-to-lan"
    assert "vouliez-vous dire « guest-to-lan » ?" in told(ZONES + waiver % "guest-to-lam")[0]


def test_an_implied_passage_is_placed_where_flows_are_written() -> None:
    profile = parse_profile((HEAD + ZONES + "flows: []\n").encode(), file="p")
    assert profile.place_of("flow/guest-to-lan").line == 4


WORDS = st.sampled_from(["a", "b", "a-to-b", "b-to-a", "a-to-b-2"])
PASSAGES = st.lists(st.builds(Passage, WORDS, WORDS, WORDS), max_size=6)
SOME_ZONES = st.lists(
    st.builds(ZoneWords, WORDS, st.sampled_from(["", "guest", "dmz", "office"])), max_size=5
)


@given(SOME_ZONES, PASSAGES)
def test_ids_are_never_taken_twice(zones: list[ZoneWords], declared: list[Passage]) -> None:
    found = implied_passages(zones, declared, peopled={"a", "b", "a-to-b"})
    ids = [passage.id for passage in found]
    assert len(set(ids)) == len(ids)
    assert not set(ids) & {passage.id for passage in declared}
    assert found == implied_passages(zones, declared, peopled={"a", "b", "a-to-b"})
