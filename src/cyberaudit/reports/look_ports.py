"""The ports of a host as a scanner prints them: how each address answered, what is open and what stands behind."""

from collections.abc import Iterable, Iterator, Sequence

from cyberaudit import french
from cyberaudit.facts.packet_filter import FilterAddress, HostFilter, Trick, TrickAnswer
from cyberaudit.facts.ports import port_name
from cyberaudit.facts.products import product_name
from cyberaudit.facts.reach import AddressReach, HostReach, Line, PortAnswer, PortState
from cyberaudit.facts.services import Behind, HostServices, Trait
from cyberaudit.facts.udp import HostUdp, UdpAddress, UdpAnswer
from cyberaudit.model import Observation, Reason, Unreachable
from cyberaudit.reports.port_words import STATES, listed, number_of, refusal_words, unbroken
from cyberaudit.reports.wrap import wrap

TRAITS = {
    Trait.NLA: "demande l'identité avant le bureau (NLA)",
    Trait.NO_NLA: "montre le bureau sans demander l'identité (pas de NLA)",
    Trait.SMB1: "parle encore SMB version 1",
    Trait.TLS: "chiffré",
    Trait.STARTTLS: "propose le chiffrement",
    Trait.LOGIN_FORM: "demande un mot de passe",
    Trait.ADMIN_PAGE: "page d'administration",
    Trait.VPN_PORTAL: "portail d'accès à distance",
    Trait.ANONYMOUS: "sert n'importe qui",
    Trait.AUTHENTICATED: "demande qui l'on est",
}
TRICKS = {
    Trick.ACK: "un paquet du milieu d'une conversation passe",
    Trick.SOURCE_20: "ce qui vient du port 20 passe",
    Trick.SOURCE_53: "ce qui vient du port 53 passe",
}
SAID = {"silent": "n'a rien dit", "unknown": "parle un langage inconnu"}
"""Protocols that are none."""
_NOT_TRIED = frozenset(
    (Reason.DEADLINE, Reason.INTERRUPTED, Reason.BUDGET_SPENT, Reason.NOT_COLLECTED, Reason.NOT_AUTHORIZED)
)
# Ours: enough for an ordinary firewall, short enough for a screen.
MOST_NAMED = 24
EVERY_PORT = 65535


def host_blocks(observations: Iterable[Observation], width: int) -> list[list[str]]:
    """One block of lines an address, whatever of the host was seen; none where no port was asked."""
    facts = [observation.facts for observation in observations]
    services = next((each for each in facts if isinstance(each, HostServices)), None)
    return [
        *(
            _tcp(reach, services, facts, width)
            for each in facts
            if isinstance(each, HostReach)
            for reach in each.addresses
            if reach.ports
        ),
        *(
            _udp(address, width)
            for each in facts
            if isinstance(each, HostUdp)
            for address in each.addresses
            if address.answers
        ),
    ]


def _tcp(reach: AddressReach, services: HostServices | None, facts: list[object], width: int) -> list[str]:
    filters = [
        address
        for each in facts
        if isinstance(each, HostFilter)
        for address in each.addresses
        if address.address == reach.address
    ]
    opened = _opened(reach.ports)
    lines = _effort(reach, "TCP", width)
    lines += wrap(french.typeset(_manner(reach, filters)), width, first="  ")
    lines += wrap(french.typeset(_counted(reach.ports)), width, first="  ")
    for answer in opened[:MOST_NAMED]:
        behind = services.at(reach.address, answer.port) if services else None
        lines += _open_port(answer, behind, width)
    if len(opened) > MOST_NAMED:
        others = french.count(len(opened) - MOST_NAMED, "autre")
        lines += wrap(f"… et {others}, dans la réponse en JSON", width, first="  ")
    return [*lines, *_refusals(reach.ports, width), *_filter(filters, width)]


def _opened(ports: Iterable[PortAnswer]) -> list[PortAnswer]:
    """By number."""
    opened = (answer for answer in ports if answer.state is PortState.OPEN)
    return sorted(opened, key=lambda answer: number_of(answer.port))


def _effort(reach: AddressReach, protocol: str, width: int) -> list[str]:
    """« 192.0.2.2 (TCP) : 1 050 ports essayés sur 65 535 »."""
    tried = french.count(sum(map(_tried, reach.ports)), "port essayé", "ports essayés")
    text = f"{reach.address} ({protocol}) : {tried} sur {french.number(EVERY_PORT)}"
    return wrap(french.typeset(text), width)


def _tried(answer: PortAnswer) -> bool:
    return not (isinstance(answer.state, Unreachable) and answer.state.reason in _NOT_TRIED)


def _counted(ports: Sequence[PortAnswer]) -> str:
    states = [answer.state for answer in ports]
    counts = [
        french.count(states.count(state), *words)
        for state, words in STATES.items()
        if state in states or state is PortState.OPEN
    ]
    lost = [state.reason for state in states if isinstance(state, Unreachable)]
    counts += [
        f"{french.count(lost.count(reason), 'non vu', 'non vus')} ({reason.french})"
        for reason in dict.fromkeys(lost)
    ]
    return ", ".join(counts)


def _manner(reach: AddressReach, filters: Sequence[FilterAddress]) -> str:
    """Which engine looked, and what the line is like."""
    if reach.opens_everything:
        return "ouvre tous les ports, même ceux que personne n'utilise : « ouvert » ne prouve rien ici"
    if not isinstance(reach.line, Line):
        return f"qualité de la ligne : {reach.line.reason.french}"
    return line_words(
        reach.line, raw_ports=len({one.port for each in filters for one in each.answers if _sent(one)})
    )


def _sent(answer: TrickAnswer) -> bool:
    return not isinstance(answer.state, Unreachable)


def line_words(line: Line, *, raw_ports: int = 0) -> str:
    """« connexions ordinaires, aller-retour de 12 ms, 2 % de réponses perdues ».

    `raw_ports`: how many ports were tried with raw packets too.
    """
    words = ["connexions ordinaires, sans droits particuliers"]
    if raw_ports:
        words = [f"connexions ordinaires, et paquets bruts sur {french.count(raw_ports, 'port')}"]
    if line.round_trip is not None:
        words.append(f"aller-retour de {_milliseconds(line.round_trip)}")
    if line.loss:
        words.append(f"{line.loss} % des réponses perdues la première fois")
    if line.answers_per_second is not None:
        words.append(f"refus limités à environ {line.answers_per_second} par seconde")
    words.append(f"{french.count(line.asked, 'essai')} en {_seconds(line.milliseconds)}")
    return unbroken(", ".join(words))


def _milliseconds(microseconds: int) -> str:
    return f"{microseconds / 1000:.0f} ms" if microseconds >= 1000 else f"moins de{french.NBSP}1 ms"


def _seconds(milliseconds: int) -> str:
    if milliseconds < 100:
        return f"moins de{french.NBSP}0,1 s"
    return f"{milliseconds / 1000:.1f} s".replace(".", ",")


def _open_port(answer: PortAnswer, behind: Behind | None, width: int) -> list[str]:
    lines = wrap(f"{answer.port:<10} {port_name(answer.port)}", width, first="  ", rest=" " * 13)
    for words in _behind(behind):
        lines += wrap(unbroken(french.typeset(words)), width, first=" " * 13)
    return lines


def _behind(behind: Behind | None) -> Iterator[str]:
    """What the service says of itself, the surest first; what is known is kept when the rest is not."""
    if behind is None:
        return
    if behind.product:
        yield product_name(behind.product)
    protocol = behind.protocol
    if isinstance(protocol, Unreachable):
        yield f"non identifié : {protocol}"
        protocol = ""
    said = [SAID.get(protocol, protocol), behind.banner, f"« {behind.title} »" if behind.title else ""]
    if any(said):
        yield ", ".join(filter(None, said))
    if behind.subject:
        yield f"certificat : {behind.subject}"
    traits = [words for trait, words in TRAITS.items() if trait in behind.traits]
    if traits:
        yield ", ".join(traits)


def _refusals(ports: Iterable[PortAnswer], width: int) -> list[str]:
    """Who refused on the way, and why silence stays in doubt: one line a cause."""
    causes: dict[str, list[str]] = {}
    for answer in ports:
        if answer.state in (PortState.REJECTED, PortState.UNSTABLE) and answer.detail:
            causes.setdefault(refusal_words(answer.detail), []).append(answer.port)
    return [line for cause, found in causes.items() for line in _ports_of(cause, found, width)]


def _ports_of(cause: str, ports: Iterable[str], width: int) -> list[str]:
    text = french.typeset(f"{cause} : {listed(ports, most=MOST_NAMED)}")
    return wrap(text, width, first="  ", rest="    ")


def _filter(filters: Sequence[FilterAddress], width: int) -> list[str]:
    """What gets past the filter of this address, when raw packets could be sent."""
    found = [
        answer
        for address in filters
        for answer in address.answers
        if answer.trick in TRICKS and _reached(answer) and _shut(address, answer.port)
    ]
    by_trick = {trick: [one.port for one in found if one.trick is trick] for trick in TRICKS}
    return [
        line for trick, ports in by_trick.items() if ports for line in _ports_of(TRICKS[trick], ports, width)
    ]


def _reached(answer: TrickAnswer) -> bool:
    return answer.state in (PortState.OPEN, PortState.CLOSED)


def _shut(address: FilterAddress, port: str) -> bool:
    """An ordinary opening of that port did not get through: else the trick shows nothing."""
    controls = [one for one in address.answers if (one.port, one.trick) == (port, Trick.SYN)]
    return bool(controls) and not any(map(_reached, controls))


def _udp(address: UdpAddress, width: int) -> list[str]:
    reach = address.reach
    lines = _effort(reach, "UDP", width)
    lines += wrap(french.typeset(_counted(reach.ports)), width, first="  ")
    for answer in _opened(reach.ports):
        lines += wrap(f"{answer.port:<10} {port_name(answer.port)}", width, first="  ", rest=" " * 13)
        for words in map(_answered, address.of(answer.port)):
            lines += wrap(unbroken(french.typeset(words)), width, first=" " * 13) if words else []
    return [*lines, *_refusals(reach.ports, width)]


def _answered(answer: UdpAnswer) -> str:
    """Louder only is worth saying: a tool for floods answers more than it is asked."""
    if answer.state is not PortState.OPEN:
        return ""
    said = f"{answer.question} : {answer.detail}"
    if round(answer.amplification, 1) <= 1:
        return said
    times = f"{answer.amplification:.1f}".replace(".", ",")
    return f"{said}, {times} fois ce qui est demandé"


__all__ = ["host_blocks", "line_words"]
