"""Which cipher suites a TLS server may accept: ANSSI TLS v1.2, R5, R6 and R8 to R13."""

from collections.abc import Callable, Iterable, Iterator

from cyberaudit import french
from cyberaudit.facts.tls_endpoint import Preference, TlsServer, VersionOffer
from cyberaudit.facts.tls_suites import Suite, suite
from cyberaudit.frozen import frozen
from cyberaudit.model import Evidence, Item, Status, Unreachable
from cyberaudit.sdk.tls import CURRENT, FRENCH_VERSIONS, few, many, offer_of, suite_names, unseen

# ANSSI TLS v1.2, R8: a certificate; what TLS 1.3 and the PSK suites leave unsaid is judged elsewhere
CERTIFIED = frozenset({"", "RSA", "ECDSA"})
# ANSSI TLS v1.2, R9 and R9-
SOUND_CIPHERS, TOLERATED_CIPHERS = frozenset({"AES", "CHACHA20"}), frozenset({"CAMELLIA", "ARIA"})
# ANSSI TLS v1.2, R11: SHA-2
SOUND_DIGESTS = frozenset({"SHA256", "SHA384", "SHA512"})
# ANSSI TLS v1.2, R12: several suites
ENOUGH_SUITES = 2


@frozen
class SuiteRule:
    """One rule that a suite, taken alone, may break."""

    name: str
    """`R6`; `R9-` is the degraded form of R9."""
    status: Status
    reason: str
    breaks: Callable[[Suite], bool]
    says: str
    """Before the names of the suites, in French."""


SUITE_RULES = (
    SuiteRule(
        "R5", Status.FAIL, "anonymous", lambda s: s.authentication == "anon", "Personne ne prouve qui il est"
    ),
    SuiteRule(
        "R6",
        Status.FAIL,
        "no-forward-secrecy",
        lambda s: not s.has_forward_secrecy,
        "Une clé volée ouvrirait les échanges passés",
    ),
    SuiteRule(
        "R8",
        Status.FAIL,
        "no-certificate-proof",
        lambda s: s.authentication not in CERTIFIED | {"anon", "PSK"},
        "Preuve d'identité à écarter",
    ),
    SuiteRule(
        "R8-",
        Status.PARTIAL,
        "pre-shared-key",
        lambda s: s.authentication == "PSK",
        "Clé partagée à la place d'un certificat",
    ),
    SuiteRule(
        "R9",
        Status.FAIL,
        "weak-cipher",
        lambda s: s.export or s.cipher not in SOUND_CIPHERS | TOLERATED_CIPHERS,
        "Chiffrement à écarter",
    ),
    SuiteRule(
        "R9-",
        Status.PARTIAL,
        "tolerated-cipher",
        lambda s: s.cipher in TOLERATED_CIPHERS,
        "Chiffrement seulement toléré",
    ),
    SuiteRule(
        "R11",
        Status.FAIL,
        "old-digest",
        lambda s: s.digest not in SOUND_DIGESTS,
        "Empreinte à écarter (MD5, SHA-1)",
    ),
)
"""In the order of the guide; R10, which also depends on `encrypt_then_mac`, is `_modes`."""

BROKEN = frozenset({"anonymous", "no-forward-secrecy", "weak-cipher"})
"""What makes an attack likely, and not only a rule unmet."""


def suite_items(server: TlsServer) -> Iterator[Item]:
    """What is wrong or unseen in the suites that the server accepts, all versions together."""
    accepted = seen_suites(server)
    known = tuple(each for each in accepted if each.cipher)
    yield from sorted((*_broken(known), *_modes(server, known)), key=lambda item: _rank(item.key))
    strange = (each for each in accepted if not each.cipher)
    yield from _named("codes", Status.UNKNOWN, "unknown-suite", "Suites inconnues de cet outil", strange)
    yield from _number(server, known)
    yield from _order(server)


def suite_evidence(server: TlsServer) -> Iterator[Evidence]:
    """The suites of each version, in the order of the server."""
    for offer in server.versions:
        if offer.accepted is False:
            continue
        names = many(suite_names(seen_codes(offer)))
        cause = f"incomplet : {offer.suites}" if isinstance(offer.suites, Unreachable) else ""
        told = " ; ".join(part for part in (names, cause) if part)
        yield Evidence(FRENCH_VERSIONS.get(offer.version, offer.version), told or "aucune suite")


def broken_rules(code: int, *, encrypt_then_mac: bool | Unreachable) -> tuple[str, ...]:
    """The rules that one suite breaks, by name, in the order of the guide; none for a sound suite."""
    one = suite(code)
    if not one.cipher:
        return ()
    names = [rule.name for rule in SUITE_RULES if rule.breaks(one)]
    return tuple(sorted((*names, *filter(None, (_mode_rule(one, encrypt_then_mac),))), key=_rank))


def likelihood(items: Iterable[Item]) -> int | None:
    """3 when a broken cipher, an anonymous exchange or one without forward secrecy is accepted."""
    return 3 if any(item.reason in BROKEN for item in items) else None


def seen_codes(offer: VersionOffer) -> tuple[int, ...]:
    """The accepted suites of one version, as far as they were seen."""
    if not isinstance(offer.suites, Unreachable):
        return offer.suites
    return () if isinstance(offer.seen, Unreachable) else offer.seen


def seen_suites(server: TlsServer) -> tuple[Suite, ...]:
    """Every accepted suite that was seen, each once, newest version first."""
    codes = (code for offer in reversed(server.versions) for code in seen_codes(offer))
    return tuple(suite(code) for code in dict.fromkeys(codes))


def unlisted(server: TlsServer) -> Unreachable | None:
    """Why the suites of a current version are not all known; None when they are."""
    for version in CURRENT:
        offer = offer_of(server, version)
        if isinstance(offer.accepted, Unreachable):
            return offer.accepted
        if offer.accepted and isinstance(offer.suites, Unreachable):
            return offer.suites
    old = (offer for offer in server.versions if offer.version not in CURRENT and offer.accepted is True)
    return next((offer.suites for offer in old if isinstance(offer.suites, Unreachable)), None)


def _broken(suites: tuple[Suite, ...]) -> Iterator[Item]:
    for rule in SUITE_RULES:
        yield from _named(rule.name, rule.status, rule.reason, rule.says, filter(rule.breaks, suites))


def _modes(server: TlsServer, suites: tuple[Suite, ...]) -> Iterator[Item]:
    """R10, and R10-: CBC is tolerated with encrypt_then_mac alone."""
    options = server.options
    proof = options if isinstance(options, Unreachable) else options.encrypt_then_mac
    by_rule = {name: [each for each in suites if _mode_rule(each, proof) == name] for name in ("R10", "R10-")}
    what = "Mode CBC ou CCM_8 à écarter"
    yield from _named("R10", Status.FAIL, "weak-mode", what, by_rule["R10"])
    how = "encrypt_then_mac n'a pas été vu" if isinstance(proof, Unreachable) else "avec encrypt_then_mac"
    yield from _named("R10-", Status.PARTIAL, "tolerated-mode", f"Mode CBC, {how}", by_rule["R10-"])


def _mode_rule(one: Suite, proof: bool | Unreachable) -> str:  # noqa: FBT001 — what was seen, not a switch
    """`R10`, `R10-`, or nothing. A stream cipher, or none at all, is R9's fault."""
    # ANSSI TLS v1.2, R10: CCM_8 shortens the proof of integrity
    if one.mode == "CCM_8":
        return "R10"
    if one.mode == "CBC":
        return "R10" if proof is False else "R10-"
    return ""


def _number(server: TlsServer, known: tuple[Suite, ...]) -> Iterator[Item]:
    """R12, and the list that could not be brought to its end."""
    cause = unlisted(server)
    if cause:
        yield unseen("suites", cause, "La liste des suites n'est pas complète")
        return
    if not known:
        yield Item("suites", Status.UNKNOWN, "no-suite", "Aucune suite acceptée n'a été vue.")
        return
    sound = [each for each in known if _is_acceptable(server, each)]
    if len(sound) < ENOUGH_SUITES:
        told = f"Une seule suite conforme : {sound[0].name}." if sound else "Aucune suite conforme."
        yield Item("R12", Status.PARTIAL, "few-suites", told)


def _is_acceptable(server: TlsServer, one: Suite) -> bool:
    options = server.options
    proof = options if isinstance(options, Unreachable) else options.encrypt_then_mac
    return all(name.endswith("-") for name in broken_rules(one.code, encrypt_then_mac=proof))


def _order(server: TlsServer) -> Iterator[Item]:
    """R13, of the current versions."""
    offers = [offer_of(server, version) for version in CURRENT]
    told = {offer.version: offer.preference for offer in offers if offer.accepted is True}
    by_client = [FRENCH_VERSIONS[version] for version, whose in told.items() if whose is Preference.CLIENT]
    lost = next((whose for whose in told.values() if isinstance(whose, Unreachable)), None)
    if by_client:
        text = f"C'est le client qui choisit la suite en {french.listed(by_client)}."
        yield Item("R13", Status.PARTIAL, "client-order", text)
    elif lost and not unlisted(server):
        yield unseen("R13", lost, "L'ordre des suites n'a pas été vu")


def _named(rule: str, status: Status, reason: str, says: str, suites: Iterable[Suite]) -> Iterator[Item]:
    names = [each.name for each in suites]
    if names:
        yield Item(rule, status, reason, f"{says} : {few(names)}.")


def _rank(rule: str) -> tuple[int, str]:
    return int(rule.strip("R-")), rule
