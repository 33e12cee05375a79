"""Which options of a TLS session a server may agree on: ANSSI TLS v1.2, R14, R16, R19, R20, R22, R23, R35."""

from collections.abc import Iterable, Iterator

from cyberaudit import french
from cyberaudit.facts.tls_endpoint import SessionOptions, TlsServer
from cyberaudit.model import Evidence, Item, Reason, Status, Unreachable
from cyberaudit.sdk.tls import BEFORE_1_3, many, may_speak, offer_of, unseen
from cyberaudit.sdk.tls_suites import seen_suites, unlisted

# ANSSI TLS v1.2, R20: a ticket is good for 24 hours at most
LONGEST_TICKET_SECONDS = 24 * 3600
RULES_BEFORE_1_3 = (
    # ANSSI TLS v1.2, R19
    ("R19", "compression", True, Status.FAIL, "La compression est acceptée."),
    # ANSSI TLS v1.2, R22
    ("R22", "secure_renegotiation", False, Status.FAIL, "La renégociation n'est pas protégée."),
    # ANSSI TLS v1.2, R14: extensions of table 2.4
    ("R14", "extended_master_secret", False, Status.PARTIAL, "L'extension extended_master_secret manque."),
)
"""Rule, option, the answer that breaks it, what that is, and what to say; TLS 1.3 has none of these choices."""
DANGEROUS = frozenset({"compression", "secure-renegotiation"})
_LABELS = {
    "compression": "compression",
    "secure_renegotiation": "renégociation protégée",
    "client_renegotiation": "renégociation par le client",
    "extended_master_secret": "extended_master_secret",
    "encrypt_then_mac": "encrypt_then_mac",
    "tickets": "tickets de reprise",
    "ticket_seconds": "durée des tickets",
    "early_data": "données en avance (0-RTT)",
    "stapling": "agrafage de la révocation (R35)",
    "alpn": "ALPN",
    "fallback_scsv": "fallback SCSV",
    "client_certificate": "certificat demandé au client",
    "heartbeat": "heartbeat",
}
"""Each option of a session in the words of the contractor, in the order in which they are told."""
_OF_OLDER = frozenset(
    ("compression", "secure_renegotiation", "client_renegotiation", "extended_master_secret", "heartbeat")
)
"""What TLS 1.3 did away with, or encrypts."""
_OF_A_CLIENT = frozenset(("tickets", "ticket_seconds", "early_data", "fallback_scsv", "client_renegotiation"))
"""What OpenVPN has no use for: it drops who shows no certificate before any ticket, and it never falls back."""


def option_items(server: TlsServer, *, inside_openvpn: bool = False) -> Iterator[Item]:
    """What is wrong or unseen in the options of a session, as far as the question arises there."""
    options = server.options
    if isinstance(options, Unreachable):
        yield unseen("options", options, "Les réglages n'ont pas été vus")
        return
    # Where every connection failed, one sentence says it; five that put it on the place would not.
    if isinstance(server.complete, Unreachable) and all(
        each.accepted is not True for each in server.versions
    ):
        yield unseen("options", server.complete, "Les réglages n'ont pas été vus")
        return
    if may_speak(server, BEFORE_1_3):
        yield from _before_1_3(options)
    later = (*_tickets(options), *(_early_data(options) if may_speak(server, ("TLSv1.3",)) else ()))
    yield from (item for item in later if not (inside_openvpn and item.status is Status.UNKNOWN))
    yield from _heartbeat(server, options)
    yield from _our_judgement(server, options)


def option_evidence(server: TlsServer, *, inside_openvpn: bool = False) -> Iterator[Evidence]:
    """Every option, in the words of the contractor; « sans objet » where the question does not arise."""
    options = server.options
    if isinstance(options, Unreachable):
        yield Evidence("réglages", f"non vu : {options}")
        return
    pointless = pointless_options(server) | (_OF_A_CLIENT if inside_openvpn else frozenset())
    for name, label in _LABELS.items():
        value = getattr(options, name)
        if name == "ticket_seconds" and options.tickets is not True:
            continue
        is_pointless = name in pointless and isinstance(value, Unreachable)
        yield Evidence(label, "sans objet" if is_pointless else _word(name, value))


def pointless_options(server: TlsServer) -> frozenset[str]:
    """The fields of `SessionOptions` about which there is nothing to ask of this server."""
    spoken = [offer for offer in server.versions if offer.accepted is not False]
    alone = {"fallback_scsv"} if len(spoken) == 1 else set()
    modern = set(_OF_OLDER) if [offer.version for offer in spoken] == ["TLSv1.3"] else set()
    uses_cbc = any(each.mode == "CBC" for each in seen_suites(server)) or unlisted(server)
    return frozenset(alone | modern | (set() if uses_cbc else {"encrypt_then_mac"}))


def likelihood(items: Iterable[Item]) -> int | None:
    """2 when an option is accepted against which attacks were shown."""
    return 2 if any(item.reason in DANGEROUS for item in items) else None


def _before_1_3(options: SessionOptions) -> Iterator[Item]:
    for rule, name, wrong, status, text in RULES_BEFORE_1_3:
        answer, code = getattr(options, name), name.replace("_", "-")
        if isinstance(answer, Unreachable):
            yield unseen(rule, answer, f"{name} : réponse non vue")
        elif answer is wrong:
            yield Item(rule, status, code, text)


def _tickets(options: SessionOptions) -> Iterator[Item]:
    """R20."""
    seconds = options.ticket_seconds
    if isinstance(options.tickets, Unreachable):
        yield _later_unseen("R20", options.tickets, "Les tickets de reprise n'ont pas été vus", options)
    elif not options.tickets:
        return
    elif isinstance(seconds, Unreachable):
        yield unseen("R20", seconds, "La durée des tickets de reprise n'a pas été vue")
    elif not seconds:
        text = "Le serveur ne dit pas combien de temps vaut un ticket de reprise."
        yield Item("R20", Status.UNKNOWN, Reason.NOT_LOOKED, text)
    elif seconds > LONGEST_TICKET_SECONDS:
        text = f"Un ticket de reprise vaut {french.duration(seconds)}, au lieu de 24 heures au plus."
        yield Item("R20", Status.PARTIAL, "long-ticket", text)


def _early_data(options: SessionOptions) -> Iterator[Item]:
    """R23."""
    if isinstance(options.early_data, Unreachable):
        what = "Les données en avance (0-RTT) n'ont pas été vues"
        yield _later_unseen("R23", options.early_data, what, options)
    elif options.early_data > 0:
        text = "Des données en avance (0-RTT) sont acceptées : elles peuvent être rejouées."
        yield Item("R23", Status.PARTIAL, "early-data", text)


def _later_unseen(rule: str, cause: Unreachable, what: str, options: SessionOptions) -> Item:
    """Of what comes after the handshake, which a server may keep for clients that have a certificate."""
    if options.client_certificate is True and cause.reason is Reason.TLS_FAILURE:
        return Item(rule, Status.UNKNOWN, cause.reason, f"{what} : le serveur exige un certificat du client.")
    return unseen(rule, cause, what)


def _heartbeat(server: TlsServer, options: SessionOptions) -> Iterator[Item]:
    """R16; TLS 1.3 encrypts the answer, so that its absence there is no gap."""
    if isinstance(options.heartbeat, Unreachable):
        if may_speak(server, BEFORE_1_3):
            yield unseen("R16", options.heartbeat, "L'extension heartbeat n'a pas été vue")
    elif options.heartbeat:
        yield Item("R16", Status.PARTIAL, "heartbeat", "L'extension heartbeat est acceptée.")


def _our_judgement(server: TlsServer, options: SessionOptions) -> Iterator[Item]:
    """What the guide does not number: seen, it is to be corrected; unseen, nothing is said."""
    older = [version for version in BEFORE_1_3 if offer_of(server, version).accepted is True]
    # RFC 7507 §4: it matters where there is an older version to fall back to
    if options.fallback_scsv is False and len(older) > 1:
        text = "Un retour forcé à une version ancienne passe inaperçu (fallback SCSV)."
        yield Item("fallback", Status.PARTIAL, "no-fallback-scsv", text)
    # Ours: each renegotiation costs the server far more than the one who asks
    if options.client_renegotiation is True:
        text = "N'importe qui peut fatiguer le serveur en renégociant sans fin."
        yield Item("renegotiation", Status.PARTIAL, "client-renegotiation", text)


def _word(name: str, value: object) -> str:
    match value:
        case Unreachable():
            return f"non vu : {value}"
        case bool():
            return "oui" if value else "non"
        case tuple():
            return many(value) or "aucun"
        case int() if name == "ticket_seconds":
            return french.duration(value) if value else "non dite"
        case 0:
            return "non"
        case _:
            return f"oui, {value} octets au plus"
