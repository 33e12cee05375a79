"""La signature du nom de domaine est-elle assez solide, et tiendra-t-elle ?

## Pourquoi
Une signature trop ancienne ne protège plus : les serveurs du monde entier cessent peu à peu de la vérifier. Une
signature qui n'est pas renouvelée à temps fait disparaître le site et le courrier de la mairie.

## Corriger
1. Demander au fournisseur de passer à l'algorithme « ECDSAP256SHA256 » (13), avec un DS en SHA-256.
2. Avec RSA, demander des clés de 2048 bits au moins.
3. Avec NSEC3, demander zéro tour supplémentaire et un sel vide : « NSEC3PARAM 1 0 0 - ».
4. Si une signature finit bientôt, faire signer la zone tout de suite, et réparer le programme qui la signe.
5. Changer d'algorithme en publiant d'abord les nouvelles clés, puis le nouveau DS, et retirer l'ancien à la fin.

## Limites
Les seuils viennent des normes d'Internet (RFC 9904 à 9906, RFC 9276) ; leur poids est notre jugement, car aucun texte
officiel français n'en parle. Une signature faite pour moins de huit jours n'est signalée que dans ses douze dernières
heures : certains hébergeurs signent chaque jour. Si une clé solide accompagne la faible, c'est un changement en cours,
et cela compte pour moitié. Un domaine qui n'est pas signé, ou dont
une signature est fausse, n'est pas jugé ici.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from cyberaudit.facts.dnssec import Dnssec, Signature, Signed
from cyberaudit.facts.security import Security
from cyberaudit.sdk import (
    Context,
    Evidence,
    Item,
    Reason,
    Status,
    Unreachable,
    Verdict,
    check,
    failed,
    french,
    not_applicable,
    partial,
    passed,
    unknown,
)

NAMES = {
    1: "RSAMD5",
    3: "DSA",
    5: "RSASHA1",
    6: "DSA-NSEC3-SHA1",
    7: "RSASHA1-NSEC3-SHA1",
    8: "RSASHA256",
    10: "RSASHA512",
    12: "ECC-GOST",
    13: "ECDSAP256SHA256",
    14: "ECDSAP384SHA384",
    15: "ED25519",
    16: "ED448",
}
# RFC 9904 and the IANA registry it names, RFC 9905 (SHA-1), RFC 9906 (GOST): MUST NOT be signed with
BAD_ALGORITHMS = frozenset({1, 3, 5, 6, 7, 12})
# Same registry: NOT RECOMMENDED any more
OLD_ALGORITHMS = frozenset({10})
# ANSSI, PG-083: RSA from 2048 bits on
SOUND_BITS = 2048
# Ours: libraries refuse shorter ones, so that their signatures fail
LEAST_BITS = 1024
# RFC 9905 (SHA-1) and RFC 9906 (GOST): MUST NOT; 2 is obligatory everywhere, 4 is allowed
BAD_DIGESTS = {1: "SHA-1", 3: "GOST"}
GOOD_DIGESTS = frozenset({2, 4})
# RFC 9276 §3.1: none; §3.2: over 100, resolvers may call the answer insecure
MOST_ITERATIONS = 100
# Zonemaster, DNSSEC04
LAST_HOURS = timedelta(hours=12)
FAR_AWAY = timedelta(days=180)
# Ours: a week-end and a day of work
LAST_DAYS = timedelta(days=3)
# Ours: enough to know which
MOST_NAMED = 3
# Ours: what is signed for less is signed every day
SHORT_LIVED = timedelta(days=8)


@check(
    "dns.dnssec-strength",
    needs=Dnssec,
    about="domain",
    impact=2,
    likelihood=1,
    measure="strengthen-dnssec",
)
def strength(facts: Dnssec, ctx: Context) -> Verdict:
    name = ctx.asset.name
    if facts.exists is False:
        return not_applicable(f"Le nom {name} n'existe pas dans l'annuaire d'Internet.")
    if isinstance(facts.ds, Unreachable):
        return unknown(facts.ds)
    if isinstance(facts.keys, Unreachable):
        return unknown(facts.keys)
    if not facts.ds or not facts.keys:
        return not_applicable(
            f"Le domaine {name} n'est pas signé de bout en bout : voir sa signature (DNSSEC)."
        )
    if any(isinstance(one.seen, Signed) and one.seen.security is Security.BOGUS for one in facts.sets):
        return unknown(Unreachable(Reason.BOGUS), evidence=tuple(_evidence(facts)))
    items = (*_of_keys(facts), *_of_ds(facts), *_of_hashing(facts), *_of_time(facts, ctx))
    evidence = tuple(_evidence(facts))
    return _open(name, items, evidence) or _closed(facts, name, items, evidence)


def _open(name: str, items: tuple[Item, ...], evidence: tuple[Evidence, ...]) -> Verdict | None:
    """The gravest first."""
    for status, answer in ((Status.FAIL, failed), (Status.PARTIAL, partial)):
        worst = next((item for item in items if item.status is status), None)
        if worst is not None:
            text = SENTENCES[worst.reason].format(name)
            likelihood = 3 if worst.reason == "dnssec.expiring_soon" and status is Status.FAIL else None
            reason = worst.reason.partition(".")[2].replace("_", "-")
            return answer(text, reason=reason, items=items, evidence=evidence, likelihood=likelihood)
    return None


def _closed(facts: Dnssec, name: str, items: tuple[Item, ...], evidence: tuple[Evidence, ...]) -> Verdict:
    if isinstance(facts.hashing, Unreachable):
        return unknown(facts.hashing, items=items, evidence=evidence)
    if any(item.status is Status.UNKNOWN for item in items):
        text = f"Les dates de signature du domaine {name} n'ont pas toutes pu être lues."
        return unknown(text, items=items, evidence=evidence)
    return passed(
        f"La signature du domaine {name} est solide, et loin de sa fin.", items=items, evidence=evidence
    )


SENTENCES = {
    "dnssec.weak_algorithm": "Le domaine {} est signé avec un procédé abandonné.",
    "dnssec.weak_key": "Le domaine {} est signé avec une clé trop courte.",
    "dnssec.weak_digest": "L'extension désigne la clé du domaine {} avec une empreinte abandonnée.",
    "dnssec.nsec3_iterations": "Le domaine {} fait calculer trop de tours (NSEC3) à ceux qui l'interrogent.",
    "dnssec.expiring_soon": "Une signature du domaine {} finit bientôt et n'a pas été renouvelée.",
}


def _of_keys(facts: Dnssec) -> Iterator[Item]:
    keys = () if isinstance(facts.keys, Unreachable) else facts.keys
    sound = any(key.algorithm not in BAD_ALGORITHMS for key in keys)
    for key in keys:
        shown = NAMES.get(key.algorithm, "inconnu")
        label = f"DNSKEY {key.tag}"
        if key.algorithm in BAD_ALGORITHMS:
            text = f"La clé {key.tag} utilise l'algorithme {key.algorithm} ({shown}), abandonné (RFC 9904 à 9906)."
            yield Item(label, Status.PARTIAL if sound else Status.FAIL, "dnssec.weak_algorithm", text)
        elif key.algorithm in OLD_ALGORITHMS:
            text = (
                f"La clé {key.tag} utilise l'algorithme {key.algorithm} ({shown}), qui n'est plus conseillé."
            )
            yield Item(label, Status.PASS, "old-algorithm", text)
        if 0 < key.bits < SOUND_BITS:
            text = f"La clé {key.tag} n'a que {key.bits} bits, au lieu de {SOUND_BITS}."
            short = Status.FAIL if key.bits < LEAST_BITS else Status.PARTIAL
            yield Item(f"{label} taille", short, "dnssec.weak_key", text)


def _of_ds(facts: Dnssec) -> Iterator[Item]:
    held = () if isinstance(facts.ds, Unreachable) else facts.ds
    sound = any(ds.digest_type in GOOD_DIGESTS for ds in held)
    for ds in held:
        if ds.digest_type in BAD_DIGESTS:
            text = f"Le DS {ds.tag} est en {BAD_DIGESTS[ds.digest_type]}, abandonné (RFC 9905, RFC 9906)."
            if sound:
                text = f"{text} Un autre, solide, l'accompagne."
            key = f"DS {ds.tag} {ds.digest_type}"
            yield Item(
                key,
                Status.PASS if sound else Status.PARTIAL,
                "old-digest" if sound else "dnssec.weak_digest",
                text,
            )


def _of_hashing(facts: Dnssec) -> Iterator[Item]:
    way = facts.hashing
    if way is None or isinstance(way, Unreachable):
        return
    if way.iterations:
        text = f"NSEC3 demande {french.count(way.iterations, 'tour supplémentaire', 'tours supplémentaires')}"
        if way.iterations > MOST_ITERATIONS:
            text = f"{text} : les réponses négatives ne sont plus vérifiées (RFC 9276 §3.2)."
            yield Item("NSEC3", Status.FAIL, "dnssec.nsec3_iterations", text)
        else:
            yield Item(
                "NSEC3",
                Status.PARTIAL,
                "dnssec.nsec3_iterations",
                f"{text}, au lieu d'aucun (RFC 9276 §3.1).",
            )
    if way.salt:
        yield Item(
            "NSEC3 sel", Status.PASS, "salt", "NSEC3 utilise un sel, qui n'apporte rien (RFC 9276 §3.1)."
        )


def _of_time(facts: Dnssec, ctx: Context) -> Iterator[Item]:
    """Signatures that hold today and soon will not; those that do not hold are another question."""
    dated: dict[tuple[datetime, bool], list[tuple[str, Signature]]] = {}
    for one in facts.sets:
        if one.rrtype == "DS":  # its signature is the extension's
            continue
        key = f"{one.rrtype} {one.name}"
        if isinstance(one.seen, Unreachable) or one.seen.security is Security.UNCHECKED:
            yield Item(key, Status.UNKNOWN, "unchecked", f"{key} : la date de fin n'a pas pu être lue.")
        elif one.seen.security is Security.SECURE and one.seen.signatures:
            last = max(one.seen.signatures, key=lambda signature: signature.ends)
            is_daily = last.ends - last.begins < SHORT_LIVED
            dated.setdefault((last.ends, is_daily), []).append((key, last))
    for (_, is_daily), together in dated.items():
        yield from _ending(together, ctx, is_daily=is_daily)


def _ending(together: list[tuple[str, Signature]], ctx: Context, *, is_daily: bool) -> Iterator[Item]:
    """One item for what was signed at once, under the first one's key."""
    key, last = together[0]
    left = last.ends - ctx.now
    when = f"{key} : la signature finit le {_moment(last, ctx)}."
    if len(together) > 1:
        names = french.listed([name for name, _ in together[:MOST_NAMED]])
        more = "…" if len(together) > MOST_NAMED else ""
        when = f"Les {len(together)} signatures finissent le {_moment(last, ctx)} ({names}{more})."
    if left < LAST_HOURS:
        yield Item(key, Status.FAIL, "dnssec.expiring_soon", when)
    elif left < LAST_DAYS and not is_daily:
        yield Item(key, Status.PARTIAL, "dnssec.expiring_soon", when)
    elif left > FAR_AWAY:
        yield Item(key, Status.PASS, "long-lived", f"{when} Une durée aussi longue n'est pas conseillée.")


def _moment(signature: Signature, ctx: Context) -> str:
    local = ctx.local(signature.ends)
    return f"{french.day(local)} à {french.hour(local)}"


def _evidence(facts: Dnssec) -> Iterator[Evidence]:
    keys = () if isinstance(facts.keys, Unreachable) else facts.keys
    for key in keys[:4]:
        bits = f", {key.bits} bits" if key.bits else ""
        yield Evidence(f"DNSKEY {key.tag}", f"{NAMES.get(key.algorithm, '?')} ({key.algorithm}){bits}")
    held = () if isinstance(facts.ds, Unreachable) else facts.ds
    for ds in held[:4]:
        yield Evidence("DS chez l'extension", f"{ds.tag} {ds.algorithm} {ds.digest_type} {ds.digest}")
    yield from _lines(facts)


def _lines(facts: Dnssec) -> Iterator[Evidence]:
    """What to publish instead, where one line mends it."""
    zone = facts.zone if isinstance(facts.zone, str) else facts.domain
    held = () if isinstance(facts.ds, Unreachable) else facts.ds
    keys = () if isinstance(facts.keys, Unreachable) else facts.keys
    if not any(ds.digest_type in GOOD_DIGESTS for ds in held):
        designated = {ds.tag for ds in held}
        for key in keys:
            if key.tag in designated and key.algorithm not in BAD_ALGORITHMS:
                text = f"{zone}. IN DS {key.tag} {key.algorithm} 2 {key.digest}"
                yield Evidence("ligne à publier, par le bureau d'enregistrement", text)
    if facts.hashing and not isinstance(facts.hashing, Unreachable) and facts.hashing.iterations:
        yield Evidence("ligne à publier, par l'outil de signature", f"{zone}. IN NSEC3PARAM 1 0 0 -")
