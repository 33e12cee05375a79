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
from cyberaudit.probes.tls.starttls import ENCRYPTED, PREAMBLES
from cyberaudit.reports.words import Mark
from cyberaudit.reports.wrap import wrap
from cyberaudit.sdk.tls_suites import broken_rules

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
    ChainFault.ISSUER_UNSENT: "chaîne incomplète ou autorité inconnue",
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
    ("early_data", "0-RTT"),
)
# RFC 8446 has none of them any more.
_BEFORE_1_3: Final = frozenset(
    {
        "compression",
        "secure_renegotiation",
        "client_renegotiation",
        "extended_master_secret",
        "encrypt_then_mac",
    }
)
# OpenVPN resumes no session of TLS.
_RESUMPTION: Final = frozenset({"tickets", "early_data"})
_NEITHER: Final = "sans objet"


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


def server_block(
    server: TlsServer, *, name: str, port: str, width: int, in_tunnel: bool = False
) -> list[str]:
    """Everything seen of one address. `in_tunnel`: TLS is spoken inside a control channel of OpenVPN."""
    head = f"{name} [{server.address}] {port}" if name else f"{server.address} {port}"
    lines = wrap(head, width)
    if server.met != "tls":
        return lines + wrap(french.typeset(_met(server.met)), width, first="  ")
    for offer in server.versions:
        lines += _version(offer, server.options, width)
    sections = (
        ("Groupes", _groups(server)),
        ("Signatures", _signatures(server)),
        *_certificates(server, name),
        ("Options", _options(server, in_tunnel=in_tunnel)),
        ("Contrôle", _effort(server)),
    )
    for title, text in sections:
        lines += wrap(french.typeset(f"{title} : {text}"), width, first="  ", rest="    ")
    return lines


def _met(met: str | Unreachable) -> str:
    if met == ENCRYPTED:
        return ENCRYPTED.detail
    if isinstance(met, Unreachable):
        return f"pas de TLS : {met}"
    if met == "unknown":
        return "pas de TLS : quelque chose d'inconnu répond"
    way = f" ; essayez --starttls {met}" if met in PREAMBLES else ""
    return f"pas de TLS : un autre langage y répond ({met}){way}"


def _version(offer: VersionOffer, options: SessionOptions | Unreachable, width: int) -> list[str]:
    """« TLS 1.2  acceptée, 3 suites, le serveur choisit », and the suites in order, with the rules they break."""
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
        lines += wrap(_suite(code, options), width, first="    ", rest=" " * 12)
    return lines


def _suite(code: int, options: SessionOptions | Unreachable) -> str:
    """« 0x0005  TLS_RSA_WITH_RC4_128_SHA  ✗ R6 R9 R11 »; a form that is only tolerated is marked otherwise."""
    number, name = f"0x{code:0{4 if code <= 0xFFFF else 6}X}", suite(code).name
    proof = options if isinstance(options, Unreachable) else options.encrypt_then_mac
    rules = broken_rules(code, encrypt_then_mac=proof)
    mark = Mark.TO_IMPROVE if all(rule.endswith("-") for rule in rules) else Mark.TO_FIX
    marked = french.NBSP.join((mark.sign, *rules)) if rules else ""
    return "  ".join(filter(None, (number, name if name != number else "", marked)))


def _signatures(server: TlsServer) -> str:
    """Before TLS 1.2 nobody chose among them."""
    schemes = server.signature_schemes
    newer = [offer.accepted for offer in server.versions if offer.version in ("TLSv1.2", "TLSv1.3")]
    if isinstance(schemes, Unreachable) and newer and all(answer is False for answer in newer):
        return _NEITHER
    return _named(schemes, scheme_name)


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
    return _cause(codes) if isinstance(codes, Unreachable) else ", ".join(map(name, codes)) or "aucune vue"


def _cause(cause: Unreachable) -> str:
    return "non visible" if cause.reason is Reason.NOT_LOOKED else str(cause)


def _certificates(server: TlsServer, asked: str) -> Iterator[tuple[str, str]]:
    for session in server.sessions:
        yield "Certificat", _session(session, asked)
    if server.unseen_certificate:
        yield "Certificat", str(server.unseen_certificate)
    if isinstance(server.without_name, Unreachable):
        yield "Sans nom (SNI)", _cause(server.without_name)
    else:
        yield "Sans nom (SNI)", _nameless(server.without_name, server.sessions)


def _nameless(nameless: TlsSession, sessions: Iterable[TlsSession]) -> str:
    known = {session.chain[0].sha256 for session in sessions if session.chain}
    same = bool(nameless.chain) and nameless.chain[0].sha256 in known
    return "le même certificat" if same else f"un autre certificat, {_names(nameless)}"


def _names(session: TlsSession) -> str:
    names = session.chain[0].names if session.chain else ()
    return str(names) if isinstance(names, Unreachable) else ", ".join(names) or "aucun nom (SAN)"


def _session(session: TlsSession, asked: str) -> str:
    if not session.chain:
        return "aucun"
    leaf = session.chain[0]
    trust = str(session.trust_error) if session.trust_error else "chaîne reconnue"
    parts = [
        _names(session),
        _key(leaf),
        f"du {french.day(leaf.not_before)} au {french.day(leaf.not_after)}",
        f"signé par {leaf.issuer} ({leaf.signature_hash or 'sans hachage propre'})",
        _name_found(session, asked),
        trust,
    ]
    if leaf.must_staple is True:
        parts.append("réponse OCSP exigée (must-staple)")
    if not isinstance(session.chain_faults, Unreachable):
        parts += [FAULTS[fault] for fault in session.chain_faults]
    return " ; ".join(filter(None, parts))


def _name_found(session: TlsSession, asked: str) -> str:
    """A bare address asks for no name: only a certificate that carries the address is right."""
    if session.name_matches is True:
        return "nom juste"
    if session.chain[0].names == ():
        return ""  # that it has none is already said
    compared = asked and session.name_matches is False
    return "nom différent" if compared else "nom non comparé"


def _key(leaf: Certificate) -> str:
    curve = leaf.curve if isinstance(leaf.curve, str) else ""
    size = f" {leaf.key_bits} bits" if leaf.key_bits and not curve else ""
    return f"clé {leaf.key_type}{size}{f' {curve}' * bool(curve)}"


def _options(server: TlsServer, *, in_tunnel: bool) -> str:
    options = server.options
    if isinstance(options, Unreachable):
        return str(options)
    absent = set(_absent(server)) | (_RESUMPTION if in_tunnel else set())
    kept = _RESUMPTION if options.client_certificate is True else frozenset()
    parts = [
        f"{title} {_option(getattr(options, field), has_no_object=field in absent, is_kept=field in kept)}"
        for field, title in _OPTIONS
    ]
    if isinstance(options.ticket_seconds, int) and options.ticket_seconds:
        parts.append(f"durée des tickets {french.duration(options.ticket_seconds)}")
    if isinstance(options.alpn, tuple) and options.alpn:
        parts.append(f"ALPN {', '.join(options.alpn)}")
    return " ; ".join(parts)


def _option(value: int | Unreachable, *, has_no_object: bool, is_kept: bool) -> str:
    """`has_no_object`: what was not seen could not exist here; `is_kept`: only clients with a certificate see it."""
    if not isinstance(value, Unreachable):
        return "oui" if value else "non"
    match value.reason:
        case Reason.NOT_LOOKED | Reason.NOT_AUTHORIZED if has_no_object:
            return _NEITHER
        case Reason.NOT_LOOKED:
            return "non visible"
        case Reason.NOT_AUTHORIZED:
            return "essai poussé, non fait"
        case Reason.TLS_FAILURE if is_kept:
            return "non visible sans certificat du client"
        case reason:
            return f"non vu ({reason.french})"


def _absent(server: TlsServer) -> Iterator[str]:
    """The options that cannot exist with the versions and suites this server accepts, as far as all are known."""
    answers = {offer.version: offer.accepted for offer in server.versions}
    if any(isinstance(answer, Unreachable) for answer in answers.values()):
        return
    accepted = {version for version, answer in answers.items() if answer is True}
    if accepted == {"TLSv1.3"}:
        yield from _BEFORE_1_3
    if "TLSv1.3" not in accepted:
        yield "early_data"
    # RFC 7507 §1: from one version of TLS or SSL 3 back to another
    if len(accepted - {"SSLv2"}) < 2:
        yield "fallback_scsv"
    if _has_no_cbc(server):
        yield "encrypt_then_mac"


def _has_no_cbc(server: TlsServer) -> bool:
    """Of the versions that know encrypt-then-MAC."""
    lists = [offer.suites for offer in server.versions if offer.version not in ("SSLv2", "SSLv3")]
    return all(
        isinstance(codes, tuple) and all(suite(code).mode != "CBC" for code in codes) for codes in lists
    )


def _effort(server: TlsServer) -> str:
    end = "complet" if server.complete is True else f"incomplet, {server.complete}"
    asked = [
        french.count(number, word)
        for number, word in ((server.hellos, "question"), (server.connections, "connexion"))
        if isinstance(number, int)
    ]
    return ", ".join([end, *asked])
