"""Remote accesses that are no TLS server, as those who enumerate them read them: IPsec, OpenVPN, WireGuard…"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final, TypeVar

from cyberaudit import french
from cyberaudit.facts.ike import IkeOffer, IkeSaid, IkeServer, IkeTrait, IpsecEndpoint
from cyberaudit.facts.ike_algorithms import algorithm_name, group_name
from cyberaudit.facts.old_tunnel import OldTunnel, OldTunnelMet
from cyberaudit.facts.openvpn import OpenVpnEndpoint, OpenVpnMet
from cyberaudit.facts.wireguard import WireGuardEndpoint, WireGuardMet
from cyberaudit.model import Reason, Unreachable
from cyberaudit.reports.look_answers import AccessFacts, Heard, heard, trouble
from cyberaudit.reports.look_tls import server_block
from cyberaudit.reports.wrap import wrap

M = TypeVar("M", bound=StrEnum)

_SAID: Final = {
    IkeSaid.ACCEPTED: "acceptée",
    IkeSaid.REFUSED: "refusée à cette adresse",
    IkeSaid.IGNORED: "laissée sans réponse",
    IkeSaid.ABSENT: "absente",
}
_SAID_OF_A_MODE: Final = {
    IkeSaid.ACCEPTED: "accepté",
    IkeSaid.REFUSED: "refusé à cette adresse",
    IkeSaid.IGNORED: "laissé sans réponse",
    IkeSaid.ABSENT: "absent",
}
_TRAITS: Final = {
    IkeTrait.NAT_TRAVERSAL: "passe à travers un NAT",
    IkeTrait.FRAGMENTATION: "fragmente ses messages",
    IkeTrait.REDIRECT: "sait renvoyer ailleurs",
    IkeTrait.COOKIE: "vérifie d'abord l'adresse (cookie)",
    IkeTrait.XAUTH: "mot de passe personnel ensuite (XAUTH)",
    IkeTrait.DEAD_PEER_DETECTION: "surveille ses correspondants (DPD)",
}
_PROOFS: Final = {
    "psk": "clé partagée",
    "rsa": "certificat RSA",
    "ecdsa": "certificat ECDSA",
    "xauth-psk": "clé partagée puis mot de passe",
    "xauth-rsa": "certificat puis mot de passe",
    "hybrid": "certificat du serveur puis mot de passe",
}
_IKE_PORT: Final = {True: "répond", False: "muet"}
NOTHING: Final = "La machine n'a répondu à rien."
NOBODY: Final = Unreachable(Reason.NO_ROUTE)
_OPENVPN: Final = {
    OpenVpnMet.OPENVPN: "répond à tout le monde",
    OpenVpnMet.SILENT: "aucune réponse, car son canal est caché (tls-auth, tls-crypt) ou un paquet a été jeté",
    OpenVpnMet.CLOSES: "ferme sans un mot, comme un canal caché ou autre chose",
    OpenVpnMet.CLOSED: "port fermé",
    OpenVpnMet.FOREIGN: "un autre langage y répond",
}
_WIREGUARD: Final = {
    WireGuardMet.PROVEN: "le serveur a répondu à la clé donnée",
    WireGuardMet.BUSY: "répond sous charge, sans dire qui il reconnaît",
    WireGuardMet.SILENT: "aucune réponse, car WireGuard se tait devant les inconnus",
    WireGuardMet.CLOSED: "port fermé",
    WireGuardMet.FOREIGN: "une réponse que WireGuard n'explique pas",
}
_UNHEARD_KEY: Final = "aucune réponse, même à la clé donnée (clé refusée, serveur éteint ou paquets jetés)"
_UNREAD_KEY: Final = "aucune réponse, et la configuration donnée est illisible"
_OLD: Final = {
    OldTunnelMet.ANSWERS: "répond",
    OldTunnelMet.SILENT: "aucune réponse",
    OldTunnelMet.CLOSES: "ferme sans un mot",
    OldTunnelMet.CLOSED: "port fermé",
    OldTunnelMet.FOREIGN: "un autre langage y répond",
}


def access_blocks(facts: object, width: int) -> list[list[str]]:
    """One block of lines an address; none for facts that are no such access."""
    match facts:
        case IpsecEndpoint():
            return [_ipsec(server, width) for server in facts.servers]
        case OpenVpnEndpoint():
            return _openvpn(facts, width)
        case WireGuardEndpoint():
            words = _wireguard_words(facts.with_keys)
            answers = [(each.address, _met(each.met, words), each.detail) for each in facts.answers]
            return _short("WireGuard", facts.port, answers, width)
        case OldTunnel():
            answers = [(each.address, _met(each.met, _OLD), each.detail) for each in facts.answers]
            return _short(facts.protocol.upper(), facts.port, answers, width)
        case _:
            return []


def _wireguard_words(with_keys: bool | Unreachable) -> Mapping[WireGuardMet, str]:  # noqa: FBT001 — a fact
    """Silence is the usual answer to strangers alone."""
    if isinstance(with_keys, Unreachable):
        return {**_WIREGUARD, WireGuardMet.SILENT: _UNREAD_KEY}
    return {**_WIREGUARD, WireGuardMet.SILENT: _UNHEARD_KEY} if with_keys else _WIREGUARD


def unanswered_blocks(named: Iterable[tuple[str, AccessFacts]], width: int) -> list[list[str]]:
    """Of accesses that nobody declared, in one line each: the closed ones, the mute ones, those out of reach."""
    told = [(name, facts, heard(facts)) for name, facts in named]
    closed = [name for name, _, answer in told if answer is Heard.CLOSED]
    mute = [(name, facts) for name, facts, answer in told if answer is Heard.MUTE]
    lines = [f"Absents (port fermé) : {', '.join(closed)}"] if closed else []
    if mute:
        lines.append(f"Muets : {', '.join(name for name, _ in mute)}{_hint(facts for _, facts in mute)}")
    apart: dict[str, list[str]] = {}
    for name, facts, answer in told:
        if answer is Heard.UNREACHED:
            apart.setdefault(str(trouble(facts) or NOBODY), []).append(name)
    lines += [f"Non joints, {why} : {', '.join(names)}" for why, names in apart.items()]
    blocks = [wrap(french.typeset(line), width, rest="  ") for line in lines]
    return [[line for block in blocks for line in block]] if blocks else []


def _hint(mute: Iterable[AccessFacts]) -> str:
    shy = any(isinstance(facts, WireGuardEndpoint | OpenVpnEndpoint) for facts in mute)
    return " (un WireGuard ou un OpenVPN bien réglé se tait)" if shy else ""


def nobody_answered(seen: Sequence[AccessFacts]) -> str:
    """The sentence for a machine none of whose accesses answered; empty when one did."""
    answers = {heard(facts) for facts in seen}
    if not seen or Heard.ANSWERED in answers:
        return ""
    if answers - {Heard.MUTE, Heard.UNREACHED}:
        return "Aucun accès à distance n'a répondu."
    return NOTHING


def _met(met: M | Unreachable, words: Mapping[M, str]) -> str:
    return _unseen(met) if isinstance(met, Unreachable) else words[met]


def _unseen(cause: Unreachable) -> str:
    return "port fermé" if cause.reason is Reason.REFUSED else str(cause)


def _short(kind: str, port: str, answers: Iterable[tuple[str, str, str]], width: int) -> list[list[str]]:
    """« 192.0.2.1 udp/51820, WireGuard : aucune réponse »."""
    return [
        wrap(french.typeset(f"{address} {port}, {kind} : {_with_detail(said, detail)}"), width, rest="  ")
        for address, said, detail in answers
    ]


def _with_detail(said: str, detail: str) -> str:
    return said if not detail or f"({detail})" in said else f"{said} ({detail})"


def _openvpn(facts: OpenVpnEndpoint, width: int) -> list[list[str]]:
    answers = [(each.address, _met(each.met, _OPENVPN), each.detail) for each in facts.answers]
    servers = [
        server_block(server, name=facts.hostname, port=facts.port, width=width, in_tunnel=True)
        for server in facts.servers
    ]
    return [*_short("OpenVPN", facts.port, answers, width), *servers]


def _ipsec(server: IkeServer, width: int) -> list[str]:
    ports = ", ".join(
        f"{port.port} {_unseen(port.answers) if isinstance(port.answers, Unreachable) else _IKE_PORT[port.answers]}"
        for port in server.ports
    )
    lines = wrap(french.typeset(f"{server.address}, IPsec : {ports}"), width, rest="  ")
    if not server.speaks:
        return lines
    for offer in server.offers:
        lines += _offer(offer, width)
    sections = (
        ("Mode agressif", _aggressive(server)),
        ("Se nomme", ", ".join(server.vendors)),
        ("Sait faire", ", ".join(_TRAITS[trait] for trait in server.traits)),
        ("Contrôle", _effort(server)),
    )
    for title, text in sections:
        if text:
            lines += wrap(french.typeset(f"{title} : {text}"), width, first="  ", rest="    ")
    return lines


def _offer(offer: IkeOffer, width: int) -> list[str]:
    said = str(offer.answer) if isinstance(offer.answer, Unreachable) else _SAID[offer.answer]
    lines = wrap(french.typeset(f"{offer.version} : {said}"), width, first="  ", rest="    ")
    named = (
        ("Chiffrement", [algorithm_name(each) for each in offer.ciphers]),
        ("Intégrité", [algorithm_name(each) for each in offer.macs]),
        ("Tirage des clés", [algorithm_name(each) for each in offer.prfs]),
        ("Groupes", [group_name(each).replace("groupe ", f"groupe{french.NBSP}") for each in offer.groups]),
        ("Preuve", [_PROOFS.get(each, each) for each in offer.proofs]),
    )
    for title, names in named:
        if names:
            lines += wrap(french.typeset(f"{title} : {', '.join(names)}"), width, first="    ", rest="      ")
    for together in () if isinstance(offer.choices, Unreachable) else offer.choices:
        told = together.replace("groupe ", f"groupe{french.NBSP}")
        lines += wrap(french.typeset(f"Ensemble : {told}"), width, first="    ", rest="      ")
    if offer.answer is IkeSaid.ACCEPTED and isinstance(offer.whole, Unreachable):
        lines += wrap(french.typeset(f"liste incomplète : {offer.whole}"), width, first="    ", rest="      ")
    return lines


def _aggressive(server: IkeServer) -> str:
    if isinstance(server.aggressive, Unreachable):
        return str(server.aggressive)
    hashed = " ; il envoie de quoi essayer des mots de passe hors ligne" if server.hash_sent is True else ""
    return _SAID_OF_A_MODE[server.aggressive] + hashed


def _effort(server: IkeServer) -> str:
    end = "complet" if server.complete is True else f"incomplet, {server.complete}"
    asked = server.datagrams
    return f"{end}, {french.count(asked, 'question')}" if isinstance(asked, int) else end
