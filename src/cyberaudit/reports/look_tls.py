"""A TLS server as those who enumerate it read it: versions, suites in order, groups, certificates, options."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from cyberaudit import french
from cyberaudit.facts.certificate import Certificate, ChainFault, TlsSession
from cyberaudit.facts.products import product_name
from cyberaudit.facts.tls_endpoint import (
    DhGroup,
    GroupOffer,
    Preference,
    SessionOptions,
    TlsEndpoint,
    TlsServer,
    VersionOffer,
)
from cyberaudit.facts.tls_suites import group_name, scheme_name, suite
from cyberaudit.model import Reason, Unreachable
from cyberaudit.reports.wrap import wrap

VERSION_NAMES: Final = {
    "SSLv2": "SSL 2",
    "SSLv3": "SSL 3",
    "TLSv1": "TLS 1.0",
    "TLSv1.1": "TLS 1.1",
    "TLSv1.2": "TLS 1.2",
    "TLSv1.3": "TLS 1.3",
}
ORDERS: Final = {
    Preference.SERVER: "le serveur choisit",
    Preference.CLIENT: "le client choisit",
    Preference.ONLY_ONE: "",
}
FAULTS: Final = {
    ChainFault.OUT_OF_ORDER: "chaîne dans le désordre",
    ChainFault.INCOMPLETE: "chaîne incomplète",
    ChainFault.STRANGER: "certificat étranger à la chaîne",
    ChainFault.ROOT_SENT: "racine envoyée pour rien",
    ChainFault.TWICE: "certificat envoyé deux fois",
    ChainFault.OUTDATED_ISSUER: "autorité intermédiaire périmée",
}
_OPTIONS: Final = (
    ("compression", "compression"),
    ("secure_renegotiation", "renégociation sûre"),
    ("client_renegotiation", "renégociation demandée par le client"),
    ("extended_master_secret", "extended master secret"),
    ("encrypt_then_mac", "encrypt-then-MAC"),
    ("tickets", "tickets de session"),
    ("stapling", "réponse OCSP jointe"),
    ("fallback_scsv", "retour en arrière remarqué (SCSV)"),
    ("client_certificate", "certificat demandé au client"),
    ("heartbeat", "heartbeat"),
)
_DAY: Final = 86_400
_HOUR: Final = 3_600


def endpoint_blocks(endpoint: TlsEndpoint, width: int) -> list[list[str]]:
    """One block of lines an address, and one for whose page stands behind."""
    name = endpoint.hostname
    blocks = [server_block(server, name=name, port=endpoint.port, width=width) for server in endpoint.servers]
    if isinstance(endpoint.portal, str) and endpoint.portal:
        clues = endpoint.clues if isinstance(endpoint.clues, tuple) else ()
        text = f"Page reconnue : {product_name(endpoint.portal)} ({', '.join(clues)})"
        blocks.append(wrap(french.typeset(text), width))
    if endpoint.left_out:
        blocks.append(wrap(french.typeset(f"Non regardé : {', '.join(endpoint.left_out)}"), width))
    return blocks


def server_block(server: TlsServer, *, name: str, port: str, width: int) -> list[str]:
    """Everything seen of one address."""
    head = f"{name} [{server.address}] {port}" if name else f"{server.address} {port}"
    lines = wrap(head, width)
    if server.met != "tls":
        return lines + wrap(french.typeset(_met(server.met)), width, first="  ")
    for offer in server.versions:
        lines += _version(offer, width)
    sections = (
        ("Groupes", _groups(server)),
        ("Signatures", _named(server.signature_schemes, scheme_name)),
        *_certificates(server),
        ("Options", _options(server.options)),
        ("Contrôle", _effort(server)),
    )
    for title, text in sections:
        lines += wrap(french.typeset(f"{title} : {text}"), width, first="  ", rest="    ")
    return lines


def _met(met: str | Unreachable) -> str:
    if isinstance(met, Unreachable):
        return f"pas de TLS : {met}"
    return "pas de TLS : un autre langage y répond" + ("" if met == "unknown" else f" ({met})")


def _version(offer: VersionOffer, width: int) -> list[str]:
    """« TLS 1.2  acceptée, 3 suites, le serveur choisit », and the suites in order."""
    words = [_accepted(offer)]
    suites = offer.seen if isinstance(offer.suites, Unreachable) else offer.suites
    suites = () if isinstance(suites, Unreachable) else suites
    if suites:
        words.append(french.count(len(suites), "suite"))
    if isinstance(offer.preference, Preference) and ORDERS[offer.preference]:
        words.append(ORDERS[offer.preference])
    if offer.accepted is True and isinstance(offer.suites, Unreachable):
        words.append(f"liste incomplète : {offer.suites}")
    text = f"{VERSION_NAMES.get(offer.version, offer.version):<8} {', '.join(words)}"
    lines = wrap(french.typeset(text), width, first="  ", rest=" " * 11)
    for code in suites:
        lines += wrap(suite(code).name, width, first="    ")
    return lines


def _accepted(offer: VersionOffer) -> str:
    if isinstance(offer.accepted, Unreachable):
        return str(offer.accepted)
    return "acceptée" if offer.accepted else "refusée"


def _groups(server: TlsServer) -> str:
    if isinstance(server.groups, Unreachable):
        return str(server.groups)
    said = [_group_offer(offer) for offer in server.groups]
    if not isinstance(server.dh_groups, Unreachable):
        said += map(_dh_group, server.dh_groups)
    return " ; ".join(filter(None, said)) or "aucun"


def _dh_group(group: DhGroup) -> str:
    return f"Diffie-Hellman {group.bits} bits" + (f" ({group.name})" if group.name else "")


def _group_offer(offer: GroupOffer) -> str:
    version = VERSION_NAMES.get(offer.version, offer.version)
    named = _named(offer.groups, group_name)
    return f"{version} {named}" if offer.groups else ""


def _named(codes: tuple[int, ...] | Unreachable, name: Callable[[int], str]) -> str:
    return str(codes) if isinstance(codes, Unreachable) else ", ".join(map(name, codes)) or "aucune vue"


def _certificates(server: TlsServer) -> Iterator[tuple[str, str]]:
    for session in server.sessions:
        yield "Certificat", _session(session)
    if server.unseen_certificate:
        yield "Certificat", str(server.unseen_certificate)
    if isinstance(server.without_name, Unreachable):
        yield "Sans nom (SNI)", str(server.without_name)
    else:
        yield "Sans nom (SNI)", _nameless(server.without_name, server.sessions)


def _nameless(nameless: TlsSession, sessions: Iterable[TlsSession]) -> str:
    known = {session.chain[0].sha256 for session in sessions if session.chain}
    same = bool(nameless.chain) and nameless.chain[0].sha256 in known
    return "le même certificat" if same else f"un autre certificat, {_names(nameless)}"


def _names(session: TlsSession) -> str:
    names = session.chain[0].names if session.chain else ()
    return str(names) if isinstance(names, Unreachable) else ", ".join(names) or "aucun nom"


def _session(session: TlsSession) -> str:
    if not session.chain:
        return "aucun"
    leaf = session.chain[0]
    trust = str(session.trust_error) if session.trust_error else "chaîne reconnue"
    name = "nom juste" if session.name_matches else "nom différent"
    parts = [
        _names(session),
        _key(leaf),
        f"du {french.day(leaf.not_before)} au {french.day(leaf.not_after)}",
        f"signé par {leaf.issuer} ({leaf.signature_hash or 'sans hachage propre'})",
        name,
        trust,
    ]
    if not isinstance(session.chain_faults, Unreachable):
        parts += [FAULTS[fault] for fault in session.chain_faults]
    return " ; ".join(parts)


def _key(leaf: Certificate) -> str:
    curve = leaf.curve if isinstance(leaf.curve, str) else ""
    size = f" {leaf.key_bits} bits" if leaf.key_bits and not curve else ""
    return f"clé {leaf.key_type}{size}{f' {curve}' * bool(curve)}"


def _options(options: SessionOptions | Unreachable) -> str:
    if isinstance(options, Unreachable):
        return str(options)
    words = {True: "oui", False: "non"}
    parts = [
        f"{title} {words[value] if isinstance(value := getattr(options, field), bool) else _why(value)}"
        for field, title in _OPTIONS
    ]
    if isinstance(options.ticket_seconds, int) and options.ticket_seconds:
        parts.append(f"durée des tickets {_duration(options.ticket_seconds)}")
    if isinstance(options.early_data, int):
        parts.append(f"0-RTT {'oui' if options.early_data else 'non'}")
    if isinstance(options.alpn, tuple) and options.alpn:
        parts.append(f"ALPN {', '.join(options.alpn)}")
    return " ; ".join(parts)


def _why(cause: Unreachable) -> str:
    return {Reason.NOT_LOOKED: "non visible", Reason.NOT_AUTHORIZED: "non essayée"}.get(
        cause.reason, f"non vu ({cause.reason.french})"
    )


def _duration(seconds: int) -> str:
    if seconds >= _DAY and seconds % _DAY == 0:
        return french.count(seconds // _DAY, "jour")
    if seconds >= _HOUR:
        return french.count(round(seconds / _HOUR), "heure")
    return french.count(seconds, "seconde")


def _effort(server: TlsServer) -> str:
    end = "complet" if server.complete is True else f"incomplet, {server.complete}"
    asked = [
        french.count(number, word)
        for number, word in ((server.hellos, "question"), (server.connections, "connexion"))
        if isinstance(number, int)
    ]
    return ", ".join([end, *asked])
