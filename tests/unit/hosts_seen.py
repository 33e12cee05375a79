"""Hosts as probes see them, in a line each: what the tests of the firewall's questions are told in."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from cyberaudit.declared import Answer, AnyAsset, Declared, Host, Service
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.facts.packet_filter import FilterAddress, HostFilter, Trick, TrickAnswer
from cyberaudit.facts.ports import USUAL
from cyberaudit.facts.reach import AddressReach, CanaryAnswer, HostReach, Line, PortAnswer, PortState
from cyberaudit.facts.services import Behind, HostServices, Trait
from cyberaudit.facts.udp import HostUdp, Question, UdpAddress, UdpAnswer
from cyberaudit.model import Reason, Status, Unreachable, Verdict
from cyberaudit.sdk import Check, Context
from tests.unit import towns

CATALOGUE = load_catalogue()
V4, OTHER_V4, V6 = "192.0.2.1", "192.0.2.2", "2001:db8::1"
NOT_THEN = Unreachable(Reason.NOT_COLLECTED)
ASKED = USUAL
Expected = tuple[Status, str]
State = PortState | Unreachable


def host(*services: Service, confirmed: date | None = None, answer: Answer = Answer.YES) -> Host:
    said = towns.declaration(answer, on=confirmed) if confirmed else None
    return Host(
        id="box",
        name="Box de L'Haÿ",
        declared=(Declared("confirmed", said),) if said else (),
        zone="lan",
        addresses=(V4, V6),
        services=services,
        link="",
        model="",
        firmware="",
    )


def _family(address: str) -> int:
    return 6 if ":" in address else 4


def reach(
    address: str,
    rest: State,
    states: Mapping[str, State] | None = None,
    *,
    decoys: tuple[State, ...] | Unreachable = NOT_THEN,
    line: Line | Unreachable = NOT_THEN,
) -> AddressReach:
    """Every usual port as `rest`, but those named; then what was drawn at random."""
    every = {**dict.fromkeys(ASKED, rest), **(states or {})}
    drawn = (
        decoys
        if isinstance(decoys, Unreachable)
        else tuple(PortAnswer(f"tcp/{61000 + number}", state, "") for number, state in enumerate(decoys))
    )
    answers = tuple(PortAnswer(port, state, "") for port, state in every.items())
    return AddressReach(address, _family(address), answers, drawn, line)


def seen(*addresses: AddressReach, canaries: Any = (), vantage: str = "outside") -> HostReach:
    return HostReach(vantage, addresses, canaries)


def canary(*, reached: bool, family: int = 4, ports: Any = ASKED) -> tuple[CanaryAnswer, ...]:
    return tuple(CanaryAnswer(family, port, reached=reached) for port in sorted(ports))


HEARD = canary(reached=True)
DEAF = canary(reached=False)


def behind(
    port: str,
    protocol: str | Unreachable,
    *traits: Trait,
    address: str = V4,
    product: str = "",
    banner: str = "",
    title: str = "",
    http_status: int | None = None,
    subject: str = "",
    clues: tuple[str, ...] = (),
) -> Behind:
    said = frozenset(traits)
    return Behind(address, port, protocol, product, banner, title, http_status, subject, said, clues)


def services(*found: Behind, left_out: tuple[str, ...] = ()) -> HostServices:
    return HostServices("outside", found, left_out)


def looked(facts: HostReach, *found: Behind) -> HostServices:
    """`found`, and nothing said behind every other open port."""
    known = {(one.address, one.port) for one in found}
    mute = (
        behind(answer.port, "silent", address=one.address)
        for one in facts.addresses
        for answer in one.ports
        if answer.state is PortState.OPEN and (one.address, answer.port) not in known
    )
    return services(*found, *mute)


def udp_answer(
    port: str,
    question: Question,
    state: State,
    *,
    sent: int = 0,
    received: int = 0,
    detail: str = "",
    understood: bool = True,
) -> UdpAnswer:
    return UdpAnswer(port, question, state, detail, sent, received, understood and state is PortState.OPEN)


def udp(
    *answers: UdpAnswer, address: str = V4, canaries: Any = (), vantage: str = "outside", others: Any = ()
) -> HostUdp:
    return HostUdp(vantage, (UdpAddress(address, _family(address), answers), *others), canaries)


def filtered(
    address: str, tricks: Mapping[Trick, State], *ports: str, behind_nat: bool = False
) -> FilterAddress:
    """Each port tried with each trick."""
    answers = tuple(TrickAnswer(port, trick, state, "") for port in ports for trick, state in tricks.items())
    return FilterAddress(address, _family(address), answers, behind_nat)


def ask(check_id: str, facts: Any, asset: AnyAsset | None = None, *others: AnyAsset, **more: Any) -> Verdict:
    """The verdict of one question on what was seen.

    Args:
        facts: of the first class the check needs.
        more: `services`, `udp`, `filtered`, `reach`: of the others; when a check needs the services and nothing is
            said of them, all was looked at behind the open ports of `facts`, and said nothing.
    """
    check = CATALOGUE.check(check_id)
    assert check is not None
    about = asset or host()
    context = Context(towns.NOW, about, check.settings(), towns.town(about, *others))
    return check.function(_needed(check, facts, more), context)


def _needed(check: Check, facts: Any, more: Mapping[str, Any]) -> Any:
    kinds = [need for need in check.needs if isinstance(need, type)]
    if len(kinds) == 1:
        return facts
    given = {HostServices: "services", HostUdp: "udp", HostFilter: "filtered", HostReach: "reach"}
    parts = []
    for kind in kinds[1:]:
        part = more.get(given[kind], NOT_THEN)
        if part is NOT_THEN and kind is HostServices and isinstance(facts, HostReach):
            part = looked(facts)
        parts.append(part)
    return (facts, *parts)


def outcome(check_id: str, facts: Any, asset: AnyAsset | None = None, **more: Any) -> Expected:
    verdict = ask(check_id, facts, asset, **more)
    return verdict.status, verdict.reason
