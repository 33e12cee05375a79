"""How a server certificate is made, rule by rule of ANSSI's TLS guide v1.2 (R24 to R38)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cyberaudit import french
from cyberaudit.facts.certificate import (
    WEAK_HASHES,
    Bounds,
    Certificate,
    ChainFault,
    TlsSession,
    Usage,
    is_short,
)
from cyberaudit.facts.tls_endpoint import TlsServer
from cyberaudit.frozen import frozen
from cyberaudit.model import Evidence, Item, Reason, Status, Unreachable
from cyberaudit.sdk.certificates import (
    certificates_of,
    key_of,
    labelled,
    life_of,
    size_of,
    unseen_certificates,
)

# ANSSI TLS v1.2, R24: SHA-2; PG-083 v3.00 accepts SHA-3 as well. Empty: EdDSA, which brings its own.
_HASHES = frozenset(
    {"", "sha224", "sha256", "sha384", "sha512", "sha3-224", "sha3-256", "sha3-384", "sha3-512"}
)
# ANSSI TLS v1.2, R26
_CURVES = frozenset(
    {"secp256r1", "secp384r1", "secp521r1", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1"}
)
# ANSSI TLS v1.2, R8: ECDSA or EdDSA, RSA tolerated
_EDWARDS, _FORBIDDEN_KEYS = frozenset({"Ed25519", "Ed448"}), frozenset({"DSA"})
# ANSSI TLS v1.2, R27
_SERVER_USAGES = frozenset({"digitalSignature", "keyEncipherment"})
# ANSSI TLS v1.2, R25: issued from this day on, a shorter life
_SHORTER_FROM = datetime(2018, 3, 1, tzinfo=UTC)
# CA/Browser Forum, TLS Baseline Requirements §1.6.1: a certificate that short-lived needs no revocation
_SHORT_LIVED = timedelta(days=10)
# PG-083 v3.00: RSA of 3072 bits advised now, required from 2031
_ADVISED_RSA_BITS = 3072


@frozen
class FormBounds:
    """From where on a certificate is badly made."""

    rsa_bits: int
    curve_bits: int
    exponent: int
    days: int
    """Of the whole life, issued since March 2018."""
    older_days: int
    """Of the whole life, issued before."""

    @property
    def keys(self) -> Bounds:
        return Bounds(0, self.rsa_bits, self.curve_bits)


Rule = Callable[[TlsSession, FormBounds], Iterator[Item]]
"""What one rule finds wrong, or could not judge, in a session that has a chain."""


def form_items(server: TlsServer, bounds: FormBounds, *, is_private: bool) -> Iterator[Item]:
    """What is wrong with each certificate of the server, one item a rule; of a private tunnel, key and signature."""
    yield from unseen_certificates(server)
    rules = _EVERYWHERE if is_private else (*_EVERYWHERE, *_PUBLIC)
    for label, session in certificates_of(server):
        if not session.chain:
            yield Item(labelled("certificate", label), Status.UNKNOWN, "no-certificate", "Aucun certificat.")
            continue
        for rule in rules:
            for item in rule(session, bounds):
                yield Item(labelled(item.key, label), item.status, item.reason, item.text)
        if not is_private:
            yield from (replace(item, key=labelled(item.key, label)) for item in _stapling(server, session))


def form_evidence(server: TlsServer, *, is_private: bool) -> Iterator[Evidence]:
    """Key, signature and life of each certificate; then what is advised, and lowers nothing."""
    for label, session in certificates_of(server):
        if not session.chain:
            continue
        leaf = session.chain[0]
        digest = leaf.signature_hash or "EdDSA"
        yield Evidence(labelled("certificat", label), f"{key_of(leaf)} ; signé {digest} ; {life_of(leaf)}")
        for note in _notes(session, is_private=is_private):
            yield Evidence(labelled("conseil", label), note)


def _notes(session: TlsSession, *, is_private: bool) -> Iterator[str]:
    leaf = session.chain[0]
    if leaf.key_type == "RSA" and 0 < leaf.key_bits < _ADVISED_RSA_BITS:
        yield f"clé RSA de {_ADVISED_RSA_BITS} bits, conseillée dès maintenant, imposée à partir de 2031 (PG-083)"
    if is_private:
        return
    extended = leaf.extended_key_usage
    if isinstance(extended, Usage) and {"serverAuth", "clientAuth"} <= set(extended.purposes):
        yield "le certificat peut aussi servir de preuve à un client (clientAuth), ce qui est inutile ici (R28)"
    if isinstance(session.chain_faults, tuple) and ChainFault.ROOT_SENT in session.chain_faults:
        yield "l'autorité racine est envoyée avec la chaîne, ce qui est inutile, mais sans danger (R34)"


def _fault(rule: str, reason: str, text: str, *, status: Status = Status.PARTIAL) -> Item:
    return Item(rule, status, reason, text)


def _unread(rule: str, cause: Unreachable) -> Item:
    return Item(rule, Status.UNKNOWN, cause.reason, f"{rule} n'a pas pu être jugée : {cause.reason.french}.")


def _signature(session: TlsSession, _bounds: FormBounds) -> Iterator[Item]:
    leaf, *above = session.chain
    digest = leaf.signature_hash
    if digest in WEAK_HASHES:
        text = f"Le certificat est signé avec une méthode dépassée ({digest})."
        yield _fault("R24", "weak-signature", text, status=Status.FAIL)
    elif digest not in _HASHES:
        text = f"La façon de signer le certificat n'est pas connue ({digest})."
        yield _fault("R24", "unknown-signature", text, status=Status.UNKNOWN)
    weak = [other.subject for other in above if not other.self_signed and other.signature_hash in WEAK_HASHES]
    if weak:
        text = f"Un certificat intermédiaire est signé avec une méthode dépassée ({weak[0]})."
        yield _fault("R24 intermédiaire", "weak-signature-above", text)


def _key(session: TlsSession, bounds: FormBounds) -> Iterator[Item]:
    leaf, *above = session.chain
    known = leaf.key_type in _EDWARDS or (leaf.key_type in ("RSA", "EC", "DSA") and leaf.key_bits > 0)
    if not known:
        text = f"La clé du certificat n'a pas pu être lue ({leaf.key_type})."
        yield _fault("R26", "unknown-key", text, status=Status.UNKNOWN)
    elif leaf.key_type in _FORBIDDEN_KEYS:
        text = f"La clé du certificat est d'un type abandonné ({leaf.key_type})."
        yield _fault("R26", "old-key-type", text, status=Status.FAIL)
    elif is_short(leaf, bounds=bounds.keys):
        text = f"La clé du certificat est trop courte ({size_of(leaf)})."
        yield _fault("R26", "short-key", text, status=Status.FAIL)
    else:
        yield from _curve(leaf) if leaf.key_type == "EC" else _exponent(leaf, bounds)
    short = [other.subject for other in above if is_short(other, bounds=bounds.keys)]
    if short:
        text = f"La clé d'un certificat intermédiaire est trop courte ({short[0]})."
        yield _fault("R26 intermédiaire", "short-key-above", text)


def _curve(leaf: Certificate) -> Iterator[Item]:
    if isinstance(leaf.curve, Unreachable):
        yield _unread("R26", leaf.curve)
    elif leaf.curve not in _CURVES:
        name = leaf.curve or "sans nom"
        yield _fault("R26", "other-curve", f"La clé est sur une courbe que l'ANSSI ne cite pas ({name}).")


def _exponent(leaf: Certificate, bounds: FormBounds) -> Iterator[Item]:
    if leaf.key_type != "RSA":
        return
    if isinstance(leaf.exponent, Unreachable):
        yield _unread("R26", leaf.exponent)
    elif leaf.exponent < bounds.exponent:
        text = f"L'exposant de la clé RSA est trop petit ({leaf.exponent})."
        yield _fault("R26", "small-exponent", text)


def _life(session: TlsSession, bounds: FormBounds) -> Iterator[Item]:
    leaf = session.chain[0]
    days = bounds.days if leaf.not_before >= _SHORTER_FROM else bounds.older_days
    life = leaf.not_after - leaf.not_before
    if life > timedelta(days=days):
        text = f"Le certificat vaut {french.count(life.days, 'jour', 'jours')} : c'est plus que {days}."
        yield _fault("R25", "long-life", text)


def _usage(session: TlsSession, _bounds: FormBounds) -> Iterator[Item]:
    match session.chain[0].key_usage:
        case Unreachable() as cause:
            yield _unread("R27", cause)
        case None:
            yield _fault("R27", "no-key-usage", "Le certificat ne dit pas à quoi sert sa clé (KeyUsage).")
        case Usage(purposes=purposes) if extra := [p for p in purposes if p not in _SERVER_USAGES]:
            text = f"Le certificat donne à sa clé des usages de trop (KeyUsage : {', '.join(extra)})."
            yield _fault("R27", "wide-key-usage", text)
        case Usage(critical=False):
            yield _fault(
                "R27", "key-usage-not-critical", "L'usage de la clé (KeyUsage) n'est pas marqué critique."
            )


def _extended_usage(session: TlsSession, _bounds: FormBounds) -> Iterator[Item]:
    match session.chain[0].extended_key_usage:
        case Unreachable() as cause:
            yield _unread("R28", cause)
        case None:
            text = "Le certificat ne dit pas qu'il est celui d'un serveur (ExtendedKeyUsage)."
            yield _fault("R28", "no-extended-usage", text)
        case Usage(purposes=purposes) if "serverAuth" not in purposes:
            text = "Le certificat n'est pas prévu pour un serveur (ExtendedKeyUsage)."
            yield _fault("R28", "not-for-servers", text)
        # Public authorities long added clientAuth of their own accord: a note, not a fault.
        case Usage(purposes=purposes) if extra := sorted(set(purposes) - {"serverAuth", "clientAuth"}):
            text = f"Le certificat a des usages de trop (ExtendedKeyUsage : {', '.join(extra)})."
            yield _fault("R28", "wide-extended-usage", text)
        case Usage(critical=True):
            text = "L'usage étendu (ExtendedKeyUsage) est marqué critique : il ne devrait pas."
            yield _fault("R28", "extended-usage-critical", text)


def _alternative_names(session: TlsSession, _bounds: FormBounds) -> Iterator[Item]:
    leaf = session.chain[0]
    if isinstance(leaf.names_critical, Unreachable):
        yield _unread("R29", leaf.names_critical)
    # That there is none at all is said where the server proves who it is (`Trait.NO_NAME`).
    # RFC 5280 §4.2.1.6 demands the mark of a certificate without subject.
    elif leaf.names_critical and leaf.subject:
        text = "Les noms (SubjectAltName) sont marqués critiques : ils ne devraient pas."
        yield _fault("R29", "names-critical", text)


def _authority(session: TlsSession, _bounds: FormBounds) -> Iterator[Item]:
    leaf, *above = session.chain
    if leaf.self_signed:
        return
    if isinstance(leaf.authority_key, Unreachable):
        yield _unread("R32", leaf.authority_key)
        return
    if not leaf.authority_key:
        text = "Le certificat ne désigne pas la clé de son autorité (AuthorityKeyIdentifier)."
        yield _fault("R32", "no-authority-key", text)
        return
    keys = {other.subject_key for other in above if other.subject == leaf.issuer and other.subject_key}
    if keys and leaf.authority_key not in keys and all(isinstance(key, str) for key in keys):
        text = "Le certificat désigne une autre clé que celle de son autorité."
        yield _fault("R32", "other-authority-key", text)


def _revocation(session: TlsSession, _bounds: FormBounds) -> Iterator[Item]:
    leaf = session.chain[0]
    if leaf.self_signed or leaf.not_after - leaf.not_before <= _SHORT_LIVED:
        return
    if isinstance(leaf.revocation, Unreachable):
        yield _unread("R33", leaf.revocation)
    elif not {"crl", "ocsp"} & set(leaf.revocation):
        text = "Le certificat ne dit pas où demander s'il est révoqué (CRL ou OCSP)."
        yield _fault("R33", "no-revocation", text)


def _stapling(server: TlsServer, session: TlsSession) -> Iterator[Item]:
    """RFC 7633 §4: a client that obeys the certificate ends the handshake when nothing is stapled."""
    asked, options = session.chain[0].must_staple, server.options
    seen = options if isinstance(options, Unreachable) else options.stapling
    is_alone = len(server.sessions) == 1
    if asked is False or (is_alone and seen is True):
        return
    if isinstance(asked, Unreachable):
        yield _unread("R35", asked)
    elif isinstance(seen, Unreachable) or not is_alone:
        # Of several certificates, which one was stapled is not kept.
        cause = seen if isinstance(seen, Unreachable) else Unreachable(Reason.NOT_LOOKED)
        text = "Le certificat oblige à joindre une réponse OCSP ; on ne sait pas si le serveur le fait."
        yield Item("R35", Status.UNKNOWN, cause.reason, text)
    else:
        text = "Le certificat oblige à joindre une réponse OCSP (must-staple) ; le serveur n'en joint pas."
        yield _fault("R35", "must-staple", text)


_DISORDERS = {
    ChainFault.OUT_OF_ORDER: "dans le désordre",
    ChainFault.INCOMPLETE: "sans l'intermédiaire qui mène à une autorité",
    ChainFault.STRANGER: "avec un certificat étranger",
    ChainFault.TWICE: "avec un certificat en double",
    ChainFault.OUTDATED_ISSUER: "avec un intermédiaire périmé",
}


def _order(session: TlsSession, _bounds: FormBounds) -> Iterator[Item]:
    if isinstance(session.chain_faults, Unreachable):
        yield _unread("R34", session.chain_faults)
        return
    found = [fault for fault in _DISORDERS if fault in session.chain_faults]
    if found:
        words = french.listed([_DISORDERS[fault] for fault in found])
        yield _fault("R34", found[0], f"La chaîne de certificats est envoyée {words}.")
    elif ChainFault.ISSUER_UNSENT in session.chain_faults:
        text = "La chaîne est peut-être incomplète : l'autorité n'est ni envoyée ni connue d'ici."
        yield _fault("R34", ChainFault.ISSUER_UNSENT, text, status=Status.UNKNOWN)


def _transparency(session: TlsSession, _bounds: FormBounds) -> Iterator[Item]:
    """Only public authorities publish what they sign."""
    leaf = session.chain[0]
    counts = (leaf.timestamps, session.timestamps)
    if leaf.public_rules is False or any(isinstance(count, int) and count > 0 for count in counts):
        return
    cause = next((part for part in (leaf.public_rules, *counts) if isinstance(part, Unreachable)), None)
    if cause is not None:
        yield _unread("R38", cause)
        return
    text = "Le certificat n'apparaît dans aucun journal public (Certificate Transparency)."
    yield _fault("R38", "not-logged", text)


_EVERYWHERE: tuple[Rule, ...] = (_signature, _key)
_PUBLIC: tuple[Rule, ...] = (
    _life,
    _usage,
    _extended_usage,
    _alternative_names,
    _authority,
    _revocation,
    _order,
    _transparency,
)
