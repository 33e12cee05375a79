"""IPsec gateways of every humour, on this machine: what is found is what they take, or is said to be unfinished."""

import asyncio
import time
from contextlib import ExitStack
from dataclasses import replace

import pytest

from cyberaudit.declared import Host, Vpn, VpnKind
from cyberaudit.demo.place import DEMO_NOW
from cyberaudit.facts.ike import IkeOffer, IkeSaid, IkeServer, IkeTrait, IpsecEndpoint
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.ike.survey import Manner
from cyberaudit.probes.instruments import Instruments, Options, set_up
from cyberaudit.probes.ipsec_endpoint import (
    MAX_ADDRESSES,
    announce,
    asked_ports,
    look,
    merge_looks,
    worth_asking_again,
)
from cyberaudit.probes.registry import probe_for
from cyberaudit.town.scope import scope_for_look
from tests.loopback.ike_gateway import Gateway, Suite, standing
from tests.unit.towns import town

pytestmark = pytest.mark.loopback

ADDRESS = "192.0.2.1"
QUICK = Manner(gap=0.0, tries=(0.15, 0.2), forgotten=0.4)
ENDPOINT = Vpn(
    id="sites", name="Tunnel", declared=(), host="box", type=VpnKind.IPSEC, hostname="vpn.mairie-l-hay.example",
    port="",
)  # fmt: skip
STRONG = Suite(("aes-gcm-256",), (), ("prf-sha384",), (20,))
USUAL = Suite(("aes-cbc-256", "aes-cbc-128"), ("sha256", "sha1"), ("prf-sha256", "prf-sha1"), (14, 2))
OLDEST_V1 = (("3des", "sha1", 2),)
OLDEST = Suite(("3des", "des"), ("md5",), ("prf-md5",), (1, 22))


def host(*addresses: str) -> Host:
    return Host(
        id="box", name="Box", declared=(), zone="outside", addresses=addresses, services=(), link="", model="",
        firmware="",
    )  # fmt: skip


def instruments(*rules: str, box: Host | None = None) -> Instruments:
    options = Options(resolvers=("127.0.0.1:53",), connect_to=rules, max_rate=5000.0)
    scope = scope_for_look(addresses=[ADDRESS, "2001:db8::1"], authorized_by="Mme le maire")
    return set_up(town(box or host(ADDRESS)), scope, options, now=DEMO_NOW)


def see(*rules: str, manner: Manner = QUICK) -> IkeServer:
    facts = asyncio.run(look(ENDPOINT, instruments(*rules), manner=manner))
    assert isinstance(facts, IpsecEndpoint)
    return facts.servers[0]


def meet(gateway: Gateway, *, behind_nat: Gateway | None = None, manner: Manner = QUICK) -> IkeServer:
    """What is seen of a gateway on port 500, and perhaps another on port 4500."""
    with ExitStack() as held:
        port = held.enter_context(standing(gateway))
        other = held.enter_context(standing(behind_nat or Gateway(speaks=()), marked=True))
        return see(f"{ADDRESS}:500=127.0.0.1:{port}", f"{ADDRESS}:4500=127.0.0.1:{other}", manner=manner)


def offer(server: IkeServer, version: str = "IKEv2") -> IkeOffer:
    found = server.offer(version)
    assert found is not None
    return found


def taken(offer: IkeOffer) -> tuple[set[str], set[str], set[str], set[int]]:
    return set(offer.ciphers), set(offer.macs), set(offer.prfs), set(offer.groups)


def union(*suites: Suite) -> tuple[set[str], set[str], set[str], set[int]]:
    return (
        {each for suite in suites for each in suite.ciphers},
        {each for suite in suites for each in suite.macs},
        {each for suite in suites for each in suite.prfs},
        {each for suite in suites for each in suite.groups},
    )


def why(value: object) -> Reason:
    assert isinstance(value, Unreachable)
    return value.reason


@pytest.mark.parametrize(
    "suites",
    [
        (STRONG,),
        (USUAL,),
        (STRONG, USUAL),
        (OLDEST,),
        (STRONG, USUAL, OLDEST),
        (replace(USUAL, groups=(19,)),),
    ],
    ids=["strong", "usual", "both", "oldest", "everything", "curve"],
)
def test_every_algorithm_of_ikev2_is_found_and_no_other(suites: tuple[Suite, ...]) -> None:
    gateway = Gateway(suites)
    server = meet(gateway)
    assert offer(server).answer is IkeSaid.ACCEPTED
    assert taken(offer(server)) == union(*suites)
    assert offer(server).whole is True
    assert server.complete is True
    assert offer(server, "IKEv1").answer is IkeSaid.REFUSED
    assert (server.aggressive, server.hash_sent) == (IkeSaid.REFUSED, False)


def test_a_strong_gateway_is_known_in_sixty_questions() -> None:
    gateway = Gateway((STRONG,))
    assert meet(gateway).datagrams == gateway.asked + 4
    assert gateway.asked <= 60


def test_few_conversations_are_left_half_open_whatever_is_taken() -> None:
    gateway = Gateway((STRONG, USUAL, OLDEST), old=(("aes-cbc-256", "sha256", 14),), aggressive=True)
    meet(gateway, manner=replace(QUICK, forgotten=30.0))
    assert gateway.half_open <= 4
    assert gateway.dismissed > 0


def test_a_gateway_that_bears_five_conversations_is_known_whole() -> None:
    gateway = Gateway((STRONG, USUAL, OLDEST), old=(("3des", "md5", 2),), most_half_open=5)
    server = meet(gateway, manner=replace(QUICK, forgotten=30.0))
    assert taken(offer(server)) == union(STRONG, USUAL, OLDEST)
    assert server.complete is True


def test_a_gateway_that_is_blocked_is_waited_for() -> None:
    gateway = Gateway((STRONG, USUAL, OLDEST), OLD, most_half_open=2, forgets_after=0.3)
    server = meet(gateway)
    assert taken(offer(server)) == union(STRONG, USUAL, OLDEST)
    assert server.complete is True


def test_a_gateway_that_stays_blocked_is_incomplete() -> None:
    server = meet(Gateway((STRONG, USUAL, OLDEST), most_half_open=2))
    assert offer(server).whole is not True
    assert server.complete is not True


def test_a_gateway_that_wants_cookies_gets_them_back() -> None:
    server = meet(Gateway((STRONG, USUAL), cookies=True))
    assert taken(offer(server)) == union(STRONG, USUAL)
    assert IkeTrait.COOKIE in server.traits


def test_a_gateway_that_never_has_enough_cookies_is_not_understood() -> None:
    server = meet(Gateway((STRONG,), cookies=True, lies="cookies"))
    assert why(offer(server).answer) is Reason.PROTOCOL_ERROR


def test_a_gateway_that_names_no_group_is_asked_group_after_group() -> None:
    server = meet(Gateway((USUAL,), names_groups=False))
    assert taken(offer(server)) == union(USUAL)
    assert why(offer(server).whole) is Reason.NO_PROBE


def test_a_gateway_that_takes_nothing_from_us_is_not_one_that_is_absent() -> None:
    server = meet(Gateway())
    assert [each.answer for each in server.offers] == [IkeSaid.REFUSED] * 2
    assert server.complete is True


@pytest.mark.parametrize(("spoken", "other"), [(2, "IKEv1"), (1, "IKEv2")])
def test_a_version_that_is_refused_by_its_number_is_absent(spoken: int, other: str) -> None:
    gateway = Gateway((USUAL,), (("3des", "sha1", 2),), speaks=(spoken,), says_other_version=True)
    server = meet(gateway)
    assert offer(server, other).answer is IkeSaid.ABSENT
    assert server.complete is True


@pytest.mark.parametrize(("spoken", "other"), [(2, "IKEv1"), (1, "IKEv2")])
def test_a_version_left_unanswered_beside_one_that_answers_is_ignored(spoken: int, other: str) -> None:
    server = meet(Gateway((USUAL,), (("3des", "sha1", 2),), speaks=(spoken,)))
    assert (offer(server, other).answer, offer(server, other).whole) == (IkeSaid.IGNORED, True)
    assert server.complete is True
    assert offer(server, f"IKEv{spoken}").answer is IkeSaid.ACCEPTED
    aggressive = IkeSaid.IGNORED if other == "IKEv1" else IkeSaid.REFUSED
    assert (server.aggressive, server.hash_sent) == (aggressive, False)


@pytest.mark.parametrize(
    "gateway", [Gateway((USUAL,)), Gateway((USUAL,), OLDEST_V1)], ids=["refused", "taken"]
)
def test_an_aggressive_mode_alone_may_be_ignored(gateway: Gateway) -> None:
    gateway.ignores = ("aggressive",)
    server = meet(gateway)
    assert offer(server, "IKEv1").answer is (IkeSaid.ACCEPTED if gateway.old else IkeSaid.REFUSED)
    assert (server.aggressive, server.hash_sent) == (IkeSaid.IGNORED, False)
    assert server.complete is True


def test_an_aggressive_mode_is_heard_beside_a_main_mode_that_is_ignored() -> None:
    server = meet(Gateway((USUAL,), OLDEST_V1, aggressive=True, ignores=("main",)))
    assert offer(server, "IKEv1").answer is IkeSaid.IGNORED
    assert (server.aggressive, server.hash_sent) == (IkeSaid.ACCEPTED, True)


def test_what_is_ignored_was_asked_three_times_in_each_way() -> None:
    gateway = Gateway((STRONG,), speaks=(2,))
    alone = Gateway((STRONG,))
    assert meet(gateway).offers[1].answer is IkeSaid.IGNORED
    meet(alone)
    assert gateway.asked - gateway.answered >= 3 * (27 + 19)
    assert gateway.asked - alone.asked <= 110


def test_wherever_a_gateway_goes_mute_what_follows_is_not_ignored() -> None:
    whole = Gateway((STRONG,), speaks=(2,))
    assert meet(whole).complete is True
    # From the end: one sane question, four beside the aggressive mode, four beside the main mode.
    for missing in range(1, 11):
        gateway = Gateway((STRONG,), speaks=(2,), mute_after=whole.answered - missing)
        server = meet(gateway, manner=replace(QUICK, forgotten=0.05))
        assert (server.aggressive is IkeSaid.IGNORED) is (missing < 2)
        assert (offer(server, "IKEv1").answer is IkeSaid.IGNORED) is (missing < 6)
        assert why(server.complete) is Reason.TIMEOUT


@pytest.mark.parametrize("most", [1, 2])
def test_a_gateway_that_bears_no_more_of_us_ignores_nothing(most: int) -> None:
    gateway = Gateway((STRONG, USUAL), OLD, aggressive=True, most_half_open=most)
    server = meet(gateway, manner=replace(QUICK, forgotten=0.05))
    said = (*(each.answer for each in server.offers), server.aggressive)
    assert IkeSaid.IGNORED not in said
    assert server.complete is not True


@pytest.mark.parametrize("rests", [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 1.0])
def test_a_limiter_of_answers_is_no_will_to_ignore(rests: float) -> None:
    manner = Manner(gap=0.02, tries=(0.15, 0.2), forgotten=0.05)
    server = meet(Gateway((STRONG,), OLDEST_V1, aggressive=True, rests=rests), manner=manner)
    assert IkeSaid.IGNORED not in (*(each.answer for each in server.offers), server.aggressive)


def test_a_version_heard_on_one_port_is_not_ignored_on_the_other() -> None:
    server = meet(Gateway((STRONG,), speaks=(2,)), behind_nat=Gateway((STRONG,), OLDEST_V1))
    assert why(offer(server, "IKEv1").answer) is Reason.TIMEOUT


def test_a_gateway_that_refuses_in_silence_is_heard_where_it_takes_something() -> None:
    certificates = Gateway((STRONG,), (("aes-cbc-256", "sha256", 14),), proofs=(3,), refuses_in_silence=True)
    server = meet(certificates)
    assert offer(server, "IKEv1").answer is IkeSaid.ACCEPTED
    assert offer(server, "IKEv1").proofs == ("rsa",)
    assert why(offer(server, "IKEv1").whole) is Reason.TIMEOUT
    grouped = Gateway((STRONG,), (("aes-cbc-256", "sha1", 14),), aggressive=True, refuses_in_silence=True)
    grouped.ignores = ("main",)
    assert meet(grouped).hash_sent is True


OLD = (("aes-cbc-256", "sha256", 14), ("3des", "md5", 2), ("aes-cbc-128", "sha1", 5), ("des", "sha1", 1))


def test_every_usual_algorithm_of_ikev1_is_found() -> None:
    server = meet(Gateway((), OLD, proofs=(3, 1)))
    found = offer(server, "IKEv1")
    assert taken(found) == (
        {"aes-cbc-256", "aes-cbc-128", "3des", "des"}, {"sha256", "sha1", "md5"}, set(), {14, 5, 2, 1},
    )  # fmt: skip
    assert set(found.proofs) == {"psk", "rsa"}
    assert found.whole is True
    assert server.aggressive is IkeSaid.REFUSED


@pytest.mark.parametrize(
    ("old", "proof"),
    [
        (("aes-cbc-256", "sha384", 20), 1),
        (("aes-cbc-128", "sha256", 24), 1),
        (("3des", "sha1", 2), 64221),
        (("aes-cbc-256", "sha512", 21), 11),
        (("aes-cbc-192", "sha1", 14), 1),
    ],
)
def test_rare_choices_of_ikev1_are_found_too(old: tuple[str, str, int], proof: int) -> None:
    assert offer(meet(Gateway((), (old,), proofs=(proof,))), "IKEv1").answer is IkeSaid.ACCEPTED


@pytest.mark.parametrize(
    ("old", "proof"),
    [
        (("aes-cbc-256", "sha512", 14), 1),
        (("aes-cbc-256", "sha512", 14), 3),
        (("aes-cbc-128", "sha384", 2), 64221),
        (("aes-cbc-192", "sha512", 5), 65001),
        (("aes-cbc-256", "sha1", 16), 1),
        (("3des", "sha1", 15), 3),
        (("3des", "sha1", 1), 1),
        (("aes-cbc-128", "sha256", 1), 1),
        (("des", "sha384", 21), 65001),
        (("3des", "sha512", 19), 11),
    ],
)
@pytest.mark.parametrize("silent", [False, True])
def test_an_ikev1_of_any_usual_choice_is_accepted_never_refused_nor_ignored(
    old: tuple[str, str, int], proof: int, silent: bool
) -> None:
    gateway = Gateway((STRONG,), (old,), proofs=(proof,), refuses_in_silence=silent)
    found = offer(meet(gateway), "IKEv1")
    assert found.answer is IkeSaid.ACCEPTED
    assert (found.ciphers, found.macs, found.groups) == ((old[0],), (old[1],), (old[2],))


@pytest.mark.parametrize("group", [1, 2, 5, 14, 15, 16, 19, 20, 21])
@pytest.mark.parametrize(("proof", "hashed"), [(1, "sha512"), (65001, "sha384")])
def test_the_aggressive_mode_is_asked_with_every_usual_choice(group: int, proof: int, hashed: str) -> None:
    gateway = Gateway((STRONG,), (("aes-cbc-192", hashed, group),), proofs=(proof,), aggressive=True)
    gateway.ignores = ("main",)
    assert meet(gateway).hash_sent is True


def test_what_an_ikev1_takes_with_another_proof_is_found_too() -> None:
    gateway = Gateway((STRONG,), (("aes-cbc-256", "sha256", 14),))
    both = meet(gateway)
    gateway.old, gateway.proofs = (("aes-cbc-256", "sha256", 14), ("des", "md5", 1)), (1, 3)
    assert "des" not in offer(both, "IKEv1").ciphers
    assert {"des"} <= set(offer(meet(gateway), "IKEv1").ciphers)


WEAK = Suite(
    ("aes-gcm-256", "aes-cbc-256", "3des"), ("sha256", "sha1"), ("prf-sha256", "prf-sha1"), (20, 14, 2)
)


@pytest.mark.parametrize("answers", range(4, 26))
def test_a_limiter_that_says_no_never_shortens_the_lists_in_silence(answers: int) -> None:
    gateway = Gateway((STRONG, WEAK), OLD, lies="no", lies_after=answers, aggressive=True)
    server = meet(gateway)
    assert server.complete is not True
    assert set(offer(server).ciphers) <= {*STRONG.ciphers, *WEAK.ciphers}, "and adds nothing to them"
    assert [each.whole for each in server.offers] != [True, True]
    assert offer(server, "IKEv1").answer is not IkeSaid.REFUSED
    assert server.aggressive is not IkeSaid.REFUSED


@pytest.mark.parametrize("answers", range(4, 26, 3))
def test_a_limiter_that_says_no_to_an_old_gateway_is_seen_too(answers: int) -> None:
    server = meet(Gateway((), OLD, speaks=(1,), lies="no", lies_after=answers))
    assert server.complete is not True or set(offer(server, "IKEv1").ciphers) == {each[0] for each in OLD}
    assert offer(server, "IKEv1").answer is not IkeSaid.REFUSED


@pytest.mark.parametrize(("crosses", "version"), [(1, "IKEv1"), (2, "IKEv2")])
def test_a_refusal_in_another_version_does_not_say_that_ours_is_absent(crosses: int, version: str) -> None:
    server = meet(Gateway((USUAL,), OLD, lies="crossed", crosses=crosses))
    assert why(offer(server, version).answer) is Reason.PROTOCOL_ERROR
    assert server.complete is not True


def test_the_aggressive_mode_shows_a_hash_that_is_not_kept() -> None:
    server = meet(Gateway((), (("3des", "sha1", 2),), aggressive=True))
    assert (server.aggressive, server.hash_sent) == (IkeSaid.ACCEPTED, True)
    assert "HHHH" not in repr(server)


def test_an_aggressive_mode_that_wants_another_identity_is_not_an_absent_one() -> None:
    server = meet(Gateway((STRONG,), knows_nobody=True))
    assert why(server.aggressive) is Reason.PERMISSION_DENIED
    assert why(server.hash_sent) is Reason.PERMISSION_DENIED
    assert server.complete is True


@pytest.mark.parametrize(
    "gateway", [Gateway((USUAL,), OLD), Gateway((), OLD, speaks=(1,))], ids=["both", "old"]
)
def test_words_that_make_no_sense_end_the_survey(gateway: Gateway) -> None:
    gateway.lies, gateway.lies_after = "notice", 9
    server = meet(gateway)
    assert why(server.complete) in (Reason.PROTOCOL_ERROR, Reason.TIMEOUT)
    assert IkeSaid.ACCEPTED in [each.answer for each in server.offers]


@pytest.mark.parametrize("answers", range(3, 24, 2))
def test_wherever_a_gateway_stops_making_sense_it_is_never_called_whole(answers: int) -> None:
    gateway = Gateway((STRONG, USUAL, OLDEST), OLD, lies="notice", lies_after=answers)
    server = meet(gateway)
    assert [each.whole for each in server.offers] != [True, True]
    assert server.complete is not True
    assert set(offer(server).ciphers) <= union(STRONG, USUAL, OLDEST)[0]


@pytest.mark.parametrize("answers", range(4, 20, 3))
def test_wherever_a_gateway_without_group_names_goes_silent_it_is_never_called_whole(answers: int) -> None:
    server = meet(Gateway((USUAL,), names_groups=False, mute_after=answers))
    assert server.complete is not True


@pytest.mark.parametrize("mute_after", [4, 9, 13])
def test_an_old_gateway_that_falls_silent_is_incomplete(mute_after: int) -> None:
    server = meet(Gateway((), OLD, speaks=(1,), mute_after=mute_after))
    assert offer(server, "IKEv1").answer is IkeSaid.ACCEPTED
    assert why(server.complete) is Reason.TIMEOUT


def test_products_and_abilities_are_named() -> None:
    known = (
        bytes.fromhex("8299031757a36082c6a621de00000000"),
        bytes.fromhex("09002689dfd6b712"),
        b"\x00\x01\x02",
    )
    server = meet(Gateway((USUAL,), OLD, product=known))
    assert server.vendors == ("Fortinet FortiGate",)
    assert {IkeTrait.XAUTH, IkeTrait.NAT_TRAVERSAL} <= set(server.traits)


def test_a_gateway_that_answers_behind_the_marker_only_is_asked_there() -> None:
    server = meet(Gateway(speaks=()), behind_nat=Gateway((STRONG,)))
    assert taken(offer(server)) == union(STRONG)
    assert why(server.ports[0].answers) is Reason.TIMEOUT
    assert server.ports[1].answers is True


def test_lost_answers_are_asked_again() -> None:
    server = meet(Gateway((STRONG, USUAL), loses=5))
    assert taken(offer(server)) == union(STRONG, USUAL)


def test_a_gateway_that_falls_silent_is_incomplete_and_worth_a_second_look() -> None:
    gateway = Gateway((STRONG, USUAL, OLDEST), mute_after=12)
    server = meet(gateway)
    assert offer(server).answer is IkeSaid.ACCEPTED
    assert why(offer(server).whole) is Reason.TIMEOUT
    assert why(server.complete) is Reason.TIMEOUT
    assert worth_asking_again(IpsecEndpoint("", (server,), ()))


def test_silence_to_some_questions_alone_is_no_refusal() -> None:
    server = meet(Gateway((USUAL,), refuses_in_silence=True))
    assert offer(server).answer is IkeSaid.ACCEPTED
    assert why(offer(server).whole) is Reason.TIMEOUT


@pytest.mark.parametrize("lie", ["unoffered", "two", "group", "notice"])
def test_an_answer_that_was_not_asked_for_proves_nothing(lie: str) -> None:
    server = meet(Gateway((USUAL,), lies=lie))
    assert why(offer(server).whole if lie in ("unoffered", "two") else offer(server).answer) in (
        Reason.PROTOCOL_ERROR,
        Reason.NOT_LOOKED,
    )
    assert server.complete is not True


def test_garbage_is_ignored_and_the_port_said_to_be_silent() -> None:
    server = meet(Gateway((USUAL,), lies="garbage"))
    assert why(offer(server).answer) is Reason.TIMEOUT
    assert not server.speaks


def test_a_mute_gateway_costs_the_time_of_one_question() -> None:
    begun = time.monotonic()
    server = meet(Gateway(speaks=()), manner=Manner(gap=0.0))
    assert time.monotonic() - begun < 6
    assert {why(each.answer) for each in server.offers} == {Reason.TIMEOUT}
    assert why(server.hash_sent) is Reason.TIMEOUT


def test_closed_ports_are_an_absence_in_so_many_words() -> None:
    server = see(f"{ADDRESS}:500=127.0.0.1:9", f"{ADDRESS}:4500=127.0.0.1:9")
    assert {each.answer for each in server.offers} == {IkeSaid.ABSENT}
    assert why(server.complete) is Reason.REFUSED


def test_the_time_of_a_look_is_bounded() -> None:
    from ipaddress import ip_address

    from cyberaudit.probes.ike.survey import survey

    with standing(Gateway((STRONG, USUAL, OLDEST))) as port:
        tools = instruments(f"{ADDRESS}:500=127.0.0.1:{port}")
        begun = time.monotonic()
        asked = survey(tools.network, ip_address(ADDRESS), (500,), seconds=1.0, manner=Manner(gap=0.2))
        server = asyncio.run(asked)
    assert time.monotonic() - begun < 3
    assert why(server.complete) is Reason.DEADLINE


@pytest.mark.parametrize(
    ("asset", "box", "cause"),
    [
        (replace(ENDPOINT, type=VpnKind.SSL), host(ADDRESS), Reason.NO_PROBE),
        (replace(ENDPOINT, port="tcp/443"), host(ADDRESS), Reason.NO_PROBE),
        (ENDPOINT, host(), Reason.NO_PLACE),
        (replace(ENDPOINT, host="absent"), host(ADDRESS), Reason.NO_PLACE),
        (ENDPOINT, replace(host(ADDRESS), zone="bureaux"), Reason.NOT_LOOKED),
    ],
)
def test_what_cannot_be_looked_at_says_why_and_sends_nothing(asset: Vpn, box: Host, cause: Reason) -> None:
    tools = instruments(box=box)
    assert why(asyncio.run(look(asset, tools))) is cause
    assert tools.network.opened.total() == 0


def test_an_address_nobody_signed_for_is_never_touched() -> None:
    tools = instruments(box=host("198.51.100.9"))
    facts = asyncio.run(look(ENDPOINT, tools, manner=QUICK))
    assert isinstance(facts, IpsecEndpoint)
    assert why(facts.servers[0].complete) is Reason.NOT_AUTHORIZED
    assert not worth_asking_again(facts)
    assert tools.network.opened.total() == 0


def test_addresses_beyond_the_limit_are_named() -> None:
    beyond = [f"198.51.100.{number}" for number in range(1, MAX_ADDRESSES + 3)]
    facts = asyncio.run(look(ENDPOINT, instruments(box=host(*beyond)), manner=QUICK))
    assert isinstance(facts, IpsecEndpoint)
    assert facts.left_out == tuple(beyond[MAX_ADDRESSES:])


def test_what_would_be_touched_is_announced() -> None:
    (announced,) = announce(ENDPOINT, instruments())
    assert announced.purpose is Purpose.ACTIVE
    assert "ports UDP 500, 4500" in announced.text
    assert announce(replace(ENDPOINT, type=VpnKind.SSL), instruments()) == ()
    assert announce(ENDPOINT, instruments(box=replace(host(ADDRESS), zone="bureaux"))) == ()


@pytest.mark.parametrize(
    ("port", "asked"),
    [
        ("", (500, 4500)),
        ("udp/4500", (4500, 500)),
        ("udp/5500", (5500, 500, 4500)),
    ],
)
def test_the_declared_port_is_asked_first(port: str, asked: tuple[int, ...]) -> None:
    assert asked_ports(replace(ENDPOINT, port=port)) == asked


@pytest.mark.parametrize("port", ["", "udp/1701", "udp/1702", "udp/4500"])
def test_the_port_of_l2tp_is_inside_the_tunnel_and_never_asked_for_ike(port: str) -> None:
    assert asked_ports(replace(ENDPOINT, type=VpnKind.L2TP, port=port)) == (500, 4500)


def test_one_gateway_behind_two_accesses_is_asked_once() -> None:
    gateway = Gateway((STRONG,))
    with standing(gateway) as port, standing(Gateway(speaks=()), marked=True) as other:
        tools = instruments(f"{ADDRESS}:500=127.0.0.1:{port}", f"{ADDRESS}:4500=127.0.0.1:{other}")

        async def both() -> list[IpsecEndpoint | Unreachable]:
            accesses = (ENDPOINT, replace(ENDPOINT, id="l2tp", type=VpnKind.L2TP))
            return await asyncio.gather(*(look(each, tools, manner=QUICK) for each in accesses))

        first, second = asyncio.run(both())
        once = gateway.asked
        assert isinstance(first, IpsecEndpoint)
        assert isinstance(second, IpsecEndpoint)
        assert first.servers == second.servers
        assert isinstance(first.servers[0].datagrams, int)
        assert once <= first.servers[0].datagrams
        asyncio.run(look(ENDPOINT, tools, manner=QUICK))
        assert gateway.asked > once, "a second look asks anew"


def test_what_was_chosen_together_is_told_together() -> None:
    server = meet(Gateway((STRONG,), old=(("aes-cbc-256", "sha1", 14), ("3des", "md5", 2))))
    one, two = offer(server, "IKEv1").choices, offer(server).choices
    assert isinstance(one, tuple)
    assert isinstance(two, tuple)
    assert set(one) == {"aes-cbc-256 sha1 groupe 14 psk", "3des md5 groupe 2 psk"}
    assert two
    for choice in two:
        assert choice.startswith(STRONG.ciphers)
        assert choice.endswith(tuple(f"groupe {group}" for group in STRONG.groups))
    timeout = replace(offer(server, "IKEv1"), choices=Unreachable(Reason.NOT_COLLECTED))
    older = replace(server, offers=(offer(server), timeout))
    for first, second in ((server, older), (older, server)):
        merged = merge_looks(IpsecEndpoint("", (first,), ()), IpsecEndpoint("", (second,), ()))
        assert offer(merged.servers[0], "IKEv1").choices == one


def test_what_the_first_look_saw_stays() -> None:
    whole, half = meet(Gateway((STRONG, USUAL))), meet(Gateway((STRONG, USUAL), mute_after=8))
    for first, second in ((whole, half), (half, whole)):
        merged = merge_looks(IpsecEndpoint("", (first,), ()), IpsecEndpoint("", (second,), ()))
        assert taken(offer(merged.servers[0])) == union(STRONG, USUAL)
        assert merged.servers[0].complete is True


def test_what_was_answered_once_is_not_ignored() -> None:
    ignoring = meet(Gateway((STRONG,), speaks=(2,)))
    timeout = Unreachable(Reason.TIMEOUT)
    stranger = Unreachable(Reason.PERMISSION_DENIED)
    for said, told in (
        (IkeSaid.REFUSED, IkeSaid.REFUSED), (IkeSaid.ACCEPTED, IkeSaid.ACCEPTED), (stranger, stranger),
        (timeout, IkeSaid.IGNORED), (IkeSaid.IGNORED, IkeSaid.IGNORED),
    ):  # fmt: skip
        other = replace(ignoring, aggressive=said)
        for first, second in ((ignoring, other), (other, ignoring)):
            merged = merge_looks(IpsecEndpoint("", (first,), ()), IpsecEndpoint("", (second,), ()))
            assert merged.servers[0].aggressive == told


def test_the_registry_knows_who_looks_at_an_ipsec_gateway() -> None:
    probe = probe_for(IpsecEndpoint)
    assert probe is not None
    assert probe.load().look is look
