"""How a TLS server may agree on keys: ANSSI TLS v1.2, R6, R7, R7- and R11."""

import re
from collections.abc import Iterable, Iterator

from cyberaudit.facts.tls_endpoint import TlsServer
from cyberaudit.facts.tls_suites import group_name, scheme_name
from cyberaudit.model import Evidence, Item, Reason, Status, Unreachable
from cyberaudit.sdk.tls import BEFORE_1_3, few, many, may_speak, offer_of, unseen
from cyberaudit.sdk.tls_suites import seen_suites, unlisted

# ANSSI TLS v1.2, R7: the preferred curves, then the acceptable ones
SOUND_GROUPS = frozenset(
    {
        "secp256r1", "secp384r1", "secp521r1", "x25519", "x448",
        "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1",
        "brainpoolP256r1tls13", "brainpoolP384r1tls13", "brainpoolP512r1tls13",
    }
)  # fmt: skip
# ANSSI, « Transition post-quantique du protocole TLS 1.3 » (2026): a curve and ML-KEM together
HYBRID_GROUPS = frozenset({"X25519MLKEM768", "SecP256r1MLKEM768", "SecP384r1MLKEM1024"})
# ANSSI TLS v1.2, R26, and PG-083 v3.00: 256 bits; Ours: 250, as x25519 is one of them
LEAST_CURVE_BITS = 250
# ANSSI TLS v1.2, R7-: 2048 bits or more; 3072 for what must stay secret after 2030
LEAST_DH_BITS, DH_BITS_AFTER_2030 = 2048, 3072
FIELDS = "ffdhe"
"""How the names of the finite fields of RFC 7919 begin: 2048 bits is the least of them."""
# ANSSI TLS v1.2, R11: SHA-2; what RFC 9155 also puts aside in signatures
OLD_HASHES = re.compile(r"md5|sha1(?!\d)")
CURVES_ALONE = "OpenSSL : Groups ; nginx : ssl_ecdh_curve ; OpenVPN : tls-groups"
"""The setting in which a contractor lists the groups."""
OF_GROUPS = {"TLSv1.2": "TLS 1.2 et avant", "TLSv1.3": "TLS 1.3"}
"""The versions that one list of groups stands for, in French."""
_NONE = Unreachable(Reason.TLS_FAILURE)
WEAK = frozenset({"short-dh", "weak-group", "no-ephemeral-key"})
"""What makes an attack likely, and not only a rule unmet."""


def exchange_items(server: TlsServer) -> Iterator[Item]:
    """What is wrong or unseen in the groups, their sizes and the signatures of the key exchange."""
    if not seen_suites(server):
        yield unseen("R7", _why_nothing(server), "Aucun échange de clés n'a été vu")
        return
    yield from _ephemeral(server)
    yield from _groups(server)
    yield from _finite_fields(server)
    yield from _signatures(server)


def _why_nothing(server: TlsServer) -> Unreachable:
    answers = (answer for offer in server.versions for answer in (offer.accepted, offer.suites))
    return next((answer for answer in answers if isinstance(answer, Unreachable)), _NONE)


def exchange_evidence(server: TlsServer) -> Iterator[Evidence]:
    """Groups of each version in the order of the server, finite fields, signatures, and what stands after 2030."""
    if isinstance(server.groups, Unreachable):
        yield Evidence("groupes", f"non vu : {server.groups}")
    else:
        for offer in server.groups:
            seen = offer.groups
            told = (
                f"non vu : {seen}" if isinstance(seen, Unreachable) else many(_group_names(seen)) or "aucun"
            )
            yield Evidence(f"groupes {OF_GROUPS.get(offer.version, offer.version)}", told)
    if isinstance(server.dh_groups, tuple) and server.dh_groups:
        sizes = [f"{one.bits} bits {one.name}".strip() for one in server.dh_groups]
        yield Evidence("Diffie-Hellman", many(sizes))
    if isinstance(server.signature_schemes, tuple) and server.signature_schemes:
        yield Evidence("signatures", many([scheme_name(code) for code in server.signature_schemes]))
    if spare := _spare_fields(server):
        what = f"{few(spare)} en TLS 1.3, après les courbes : toléré (R7-)"
        yield Evidence("conseil", f"{what} ; pour s'en passer, ne lister que des courbes ({CURVES_ALONE})")
    yield from _after_2030(server)


def likelihood(items: Iterable[Item]) -> int | None:
    """3 when the exchange is weak enough to be broken, or opens old sessions."""
    return 3 if any(item.reason in WEAK for item in items) else None


def _ephemeral(server: TlsServer) -> Iterator[Item]:
    """R6, when there is nothing else: suites one by one are another question's."""
    suites = seen_suites(server)
    if suites and not unlisted(server) and not any(each.has_forward_secrecy for each in suites):
        text = "Aucun échange de clés ne protège les échanges passés."
        yield Item("R6", Status.FAIL, "no-ephemeral-key", text)


def _groups(server: TlsServer) -> Iterator[Item]:
    """R7 for curves and what stands in their place; R7- for the finite fields that are called groups (RFC 7919)."""
    names = list(dict.fromkeys(_group_names(_seen_groups(server))))
    weak = [name for name in names if _is_weak(name)]
    others = [name for name in names if not _is_weak(name) and not _is_usual(name)]
    fields = [name for name in names if name.startswith(FIELDS)]
    if weak:
        yield Item("R7", Status.FAIL, "weak-group", f"Courbe trop faible : {few(weak)}.")
    elif cause := _unseen_groups(server):
        yield unseen("R7", cause, "Les groupes n'ont pas tous été vus")
    elif others:
        yield Item("R7", Status.PARTIAL, "other-group", f"Groupe hors des recommandations : {few(others)}.")
    if fields and not _sizes(server) and not _spare_fields(server):
        yield Item(
            "R7-", Status.PARTIAL, "finite-field", f"Diffie-Hellman, seulement toléré : {few(fields)}."
        )


def _spare_fields(server: TlsServer) -> tuple[str, ...]:
    """The finite fields that only TLS 1.3 has, behind the curves: a note, and no fault.

    Ours: R7- speaks of the DHE suites of TLS 1.2, whose size anybody may choose. TLS 1.3 has fixed fields of 2048
    bits or more alone (RFC 7919), each as wide as R7- asks, and OpenSSL offers them unless told otherwise; where
    curves come first, they serve the clients that know no curve.
    """
    if isinstance(server.groups, Unreachable):
        return ()
    lists = {offer.version: offer.groups for offer in server.groups if isinstance(offer.groups, tuple)}
    modern = _group_names(lists.pop("TLSv1.3", ()))
    older = _group_names(code for codes in lists.values() for code in codes)
    if not modern or modern[0].startswith(FIELDS) or any(name.startswith(FIELDS) for name in older):
        return ()
    return tuple(name for name in modern if name.startswith(FIELDS))


def _finite_fields(server: TlsServer) -> Iterator[Item]:
    """R7-: the Diffie-Hellman of TLS 1.2 and older."""
    sizes = _sizes(server)
    short = [size for size in sizes if size < LEAST_DH_BITS]
    if short:
        text = f"Diffie-Hellman trop court : {min(short)} bits."
        yield Item("R7-", Status.FAIL, "short-dh", text)
    elif isinstance(server.dh_groups, Unreachable) and _uses(server, "DHE"):
        yield unseen("R7-", server.dh_groups, "La taille de Diffie-Hellman n'a pas été vue")
    elif sizes:
        text = f"Diffie-Hellman, seulement toléré : {min(sizes)} bits."
        yield Item("R7-", Status.PARTIAL, "finite-field", text)


def _signatures(server: TlsServer) -> Iterator[Item]:
    """R11, of what the server signs its key exchange with; TLS 1.3 admits no SHA-1 there (RFC 8446 §4.2.3)."""
    if isinstance(server.signature_schemes, Unreachable):
        if _signs_before_1_3(server):
            yield unseen("R11", server.signature_schemes, "Les signatures n'ont pas été vues")
        return
    names = [scheme_name(code) for code in server.signature_schemes]
    old = [name for name in names if OLD_HASHES.search(name)]
    if old:
        yield Item("R11", Status.FAIL, "old-signature", f"Signature à écarter : {few(old)}.")


def _after_2030(server: TlsServer) -> Iterator[Evidence]:
    """Notes: they lower no verdict."""
    hybrid = [name for name in _group_names(_seen_groups(server)) if name in HYBRID_GROUPS]
    if hybrid:
        yield Evidence("post-quantique", f"déjà proposé : {few(hybrid)}")
    elif isinstance(server.groups, tuple) and offer_of(server, "TLSv1.3").accepted is True:
        yield Evidence("post-quantique", "pas encore proposé ; à prévoir avant 2030")
    if any(LEAST_DH_BITS <= size < DH_BITS_AFTER_2030 for size in _sizes(server)):
        yield Evidence("après 2030", "Diffie-Hellman demandera 3072 bits (R7-)")


def _seen_groups(server: TlsServer) -> tuple[int, ...]:
    offers = () if isinstance(server.groups, Unreachable) else server.groups
    return tuple(code for offer in offers if isinstance(offer.groups, tuple) for code in offer.groups)


def _unseen_groups(server: TlsServer) -> Unreachable | None:
    """Why the groups of a version that needs them are not all known; None when they are."""
    if isinstance(server.groups, Unreachable):
        return server.groups if _needs_groups(server) else None
    known = {offer.version: offer.groups for offer in server.groups}
    for version in _needs_groups(server):
        groups = known.get(version, Unreachable(Reason.NOT_COLLECTED))
        if isinstance(groups, Unreachable):
            return groups
    return None


def _needs_groups(server: TlsServer) -> tuple[str, ...]:
    """The entries of `TlsServer.groups` in which curves are agreed on, or may be: TLS 1.2 stands for the older."""
    modern = may_speak(server, ("TLSv1.3",))
    return (*(("TLSv1.2",) if _uses(server, "ECDHE") else ()), *(("TLSv1.3",) if modern else ()))


def _uses(server: TlsServer, exchange: str) -> bool:
    """TLS 1.2 or older agrees on keys this way, or may: the suites were not all seen."""
    if any(each.exchange == exchange for each in seen_suites(server)):
        return True
    return may_speak(server, BEFORE_1_3) and unlisted(server) is not None


def _signs_before_1_3(server: TlsServer) -> bool:
    return _uses(server, "ECDHE") or _uses(server, "DHE")


def _sizes(server: TlsServer) -> list[int]:
    return [] if isinstance(server.dh_groups, Unreachable) else [one.bits for one in server.dh_groups]


def _group_names(codes: Iterable[int]) -> tuple[str, ...]:
    return tuple(group_name(code) for code in codes)


def _is_usual(name: str) -> bool:
    return name in SOUND_GROUPS | HYBRID_GROUPS or name.startswith(FIELDS)


def _is_weak(name: str) -> bool:
    """A curve whose name tells that it is under the size: `secp192r1`, `sect163k1`."""
    size = re.match(r"sec[pt](\d+)", name)
    return size is not None and int(size[1]) < LEAST_CURVE_BITS
