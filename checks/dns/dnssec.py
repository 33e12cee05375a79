"""Peut-on fausser les réponses de l'annuaire d'Internet au nom de la mairie ?

## Pourquoi
Le nom de domaine dit où se trouvent le site et le courrier de la mairie. Sans signature, une réponse falsifiée peut
envoyer les habitants ailleurs. Une signature fausse est pire : le site et le courrier disparaissent pour beaucoup.
Depuis le 15 mars 2026, plus aucun certificat n'est délivré à un nom dont la signature est fausse.

## Corriger
1. Demander au fournisseur qui tient les serveurs de noms d'activer DNSSEC, avec la clé « ECDSAP256SHA256 ».
2. Transmettre l'enregistrement DS au bureau d'enregistrement. La ligne exacte est dans les détails.
3. Si la signature est expirée, faire signer de nouveau la zone, puis faire réparer le programme qui aurait dû le faire.
4. Si le DS ne correspond à aucune clé, publier le bon DS d'abord, et retirer l'ancien ensuite.
5. Si la zone n'est plus signée, faire retirer le DS, puis attendre un jour avant tout autre changement.

## Limites
Une signature absente compte pour moitié : l'ANSSI la recommande, sans l'exiger. Une signature fausse porte la
vraisemblance à 4 : le site et le courrier sont déjà coupés pour beaucoup, et c'est le risque le plus haut. Les
signatures en RSASHA1 sont encore vérifiées, et jugées à part. Si la box retire les signatures et que les serveurs de
noms ne peuvent pas être interrogés, rien n'est conclu. La zone des serveurs de courrier est regardée aussi ; quand elle
n'est pas signée, ce n'est qu'une remarque. Une signature fausse dans la zone d'un prestataire ne compte que pour
moitié, et ne change rien au jugement du domaine lui-même. La gravité et la vraisemblance sont notre jugement.
"""

from collections.abc import Iterator
from dataclasses import replace

from cyberaudit.facts.dnssec import Designation, Dnssec, RecordSet, Signed, ZoneKey
from cyberaudit.facts.dnssec_providers import hoster_of
from cyberaudit.facts.security import DnssecState, Security
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

CODES = {
    "expired": "expired",
    "not-yet-valid": "not_yet_valid",
    "ds-mismatch": "ds_mismatch",
    "no-key": "ds_without_dnskey",
}
"""Why an answer is bogus → code of the fault; any other is « bogus »."""
SENTENCES = {
    "expired": "Les signatures du domaine {} sont expirées : il disparaît pour beaucoup de monde.",
    "not_yet_valid": "Les signatures du domaine {} sont datées du futur : il disparaît pour beaucoup de monde.",
    "ds_mismatch": "Le domaine {} est signé par une clé que son extension ne connaît pas : il disparaît.",
    "ds_without_dnskey": "Le domaine {} est annoncé comme signé et ne l'est plus : il disparaît.",
    "bogus": "Une signature du domaine {} est fausse : site et courrier sont coupés chez beaucoup d'habitants.",
}
WORDS = {
    "expired": "signature expirée",
    "not_yet_valid": "signature datée du futur",
    "ds_mismatch": "aucune clé publiée n'est celle que désigne l'extension",
    "ds_without_dnskey": "un DS chez l'extension, et aucune clé publiée",
    "bogus": "signature fausse ou absente",
}
WHY = {
    "no-signature": "aucune signature",
    "no-proof": "absence sans preuve signée",
    "no-key": "aucune clé publiée",
    "bad-signature": "signature fausse",
    "ds-mismatch": "aucune clé n'est celle du DS",
    "expired": "signature expirée",
    "not-yet-valid": "signature datée du futur",
}
NOT_SEEN = {
    DnssecState.NOT_CHECKED: "La signature de {} n'a pas pu être vérifiée : le réseau d'ici retire les signatures.",
    DnssecState.NO_ANCHOR_FITS: "La signature de {} n'a pas pu être vérifiée : la racine reçue est inconnue.",
}
# RFC 8624 §3.3: every resolver must know it
SHA_256 = 2


MX_BROKEN = "mx-bogus"


@check(
    "dns.dnssec",
    needs=Dnssec,
    about="domain",
    impact=4,
    likelihood=1,
    measure="sign-domain",
    sources=("PA-066 R50+",),
)
def chain_of_trust(facts: Dnssec, ctx: Context) -> Verdict:
    verdict = _of_the_domain(facts, ctx)
    theirs = [one for one in facts.mx_hosts if _is_anothers(one, facts) and _is_bogus(one)]
    if not theirs or verdict.status is not Status.PASS:
        return verdict
    # A domain in order whose mail goes to a name that does not verify: what is wrong is told, and whose it is.
    text = _of_provider(theirs[0], theirs[0].seen.why if isinstance(theirs[0].seen, Signed) else "")
    evidence = (*_dates(facts, ctx), *verdict.evidence)
    return partial(text, reason=MX_BROKEN, items=verdict.items, evidence=evidence)


def _is_bogus(one: RecordSet) -> bool:
    return isinstance(one.seen, Signed) and one.seen.security is Security.BOGUS


def _is_anothers(host: RecordSet, facts: Dnssec) -> bool:
    """The zone that does not verify is not the domain's own."""
    name, domain = host.name.rstrip(".").lower(), facts.domain.rstrip(".").lower()
    return name != domain and not name.endswith(f".{domain}")


def _of_provider(host: RecordSet, why: str) -> str:
    told = WORDS[CODES.get(why, "bogus")]
    return f"La zone du serveur de courrier {host.name}, chez son fournisseur, est mal signée : {told}."


def _of_the_domain(facts: Dnssec, ctx: Context) -> Verdict:
    name = ctx.asset.name
    if facts.exists is False:
        return not_applicable(f"Le nom {name} n'existe pas dans l'annuaire d'Internet.")
    items = tuple(_items(facts))
    broken = next((item for item in items if item.status is Status.FAIL), None)
    if broken is not None:
        # Beside a false signature, silence is the resolver's own refusal of the same zone.
        told = tuple(item for item in items if item.status is not Status.UNKNOWN)
        return _broken(facts, ctx, broken.reason.partition(".")[2], told)
    parent = _seen(facts, "DS")
    if isinstance(parent, Unreachable):
        return unknown(parent, items=items)
    if parent.security is Security.UNCHECKED:
        return _unchecked(facts, name, items)
    if isinstance(facts.ds, Unreachable):
        return unknown(facts.ds, items=items)
    return _signed(facts, ctx, items) if facts.ds else _without_ds(facts, name, parent, items)


def _seen(facts: Dnssec, rrtype: str) -> Signed | Unreachable:
    """What the zone's own question of that type brought."""
    asked = [one.seen for one in facts.sets if one.rrtype == rrtype]
    return asked[-1] if asked else _never(facts)


def _never(facts: Dnssec) -> Unreachable:
    return facts.zone if isinstance(facts.zone, Unreachable) else Unreachable(Reason.NOT_COLLECTED)


def _unchecked(facts: Dnssec, name: str, items: tuple[Item, ...]) -> Verdict:
    text = NOT_SEEN.get(
        facts.state, "La signature de {} n'a pas pu être vérifiée : un maillon n'a pas répondu."
    )
    return unknown(text.format(name), items=items, evidence=tuple(_published(facts)))


def _without_ds(facts: Dnssec, name: str, parent: Signed, items: tuple[Item, ...]) -> Verdict:
    """The parent holds nothing, and proves it."""
    if parent.security is Security.INSECURE and parent.why != "opt-out":
        return not_applicable(
            f"L'extension de {name} n'est pas signée : le domaine ne peut pas l'être utilement."
        )
    if isinstance(facts.keys, Unreachable):
        return unknown(facts.keys, items=items)
    evidence = tuple(_published(facts))
    if facts.keys:
        text = f"Le domaine {name} est signé, mais son extension l'ignore : la signature ne sert à rien."
        return partial(text, reason="island", items=_own(facts, "island", text, items), evidence=evidence)
    text = f"Le domaine {name} n'est pas signé (DNSSEC) : une réponse falsifiée passerait pour vraie."
    return partial(text, reason="unsigned", items=_own(facts, "unsigned", text, items), evidence=evidence)


def _own(facts: Dnssec, code: str, text: str, items: tuple[Item, ...] = ()) -> tuple[Item, ...]:
    """The domain's own fault, and what is wrong of its mail servers."""
    theirs = (item for item in items if item.status is Status.PARTIAL)
    return (Item(facts.domain, Status.PARTIAL, f"dnssec.{code}", text), *theirs)


def _signed(facts: Dnssec, ctx: Context, items: tuple[Item, ...]) -> Verdict:
    name = ctx.asset.name
    evidence = tuple(_published(facts))
    keys = _seen(facts, "DNSKEY")
    if isinstance(keys, Signed) and keys.security is Security.INSECURE:
        text = f"Le domaine {name} est signé d'une façon que plus personne ne vérifie : cela ne protège pas."
        return partial(text, reason="unsigned", items=_own(facts, "unsigned", text, items), evidence=evidence)
    if isinstance(keys, Unreachable):
        return unknown(keys, items=items, evidence=evidence)
    unseen = next((part for part in (facts.exists, facts.keys) if isinstance(part, Unreachable)), None)
    if unseen is not None:
        return unknown(unseen, items=items, evidence=evidence)
    if any(item.status is Status.UNKNOWN for item in items):
        return unknown(
            f"Une partie des signatures de {name} n'a pas pu être vérifiée.", items=items, evidence=evidence
        )
    return passed(
        f"Le domaine {name} est signé, et chaque réponse se vérifie.", items=items, evidence=evidence
    )


def _items(facts: Dnssec) -> Iterator[Item]:
    """What does not verify, once for all when it is the whole zone; what was not seen; the mail servers' zones."""
    keys = _seen(facts, "DNSKEY")
    if isinstance(keys, Signed) and keys.security is Security.BOGUS:
        yield _bogus(facts.domain, keys)
    else:
        for one in facts.sets:
            yield from _of_set(one)
    for one in facts.mx_hosts:
        yield from _of_host(one, facts)


def _of_set(one: RecordSet) -> Iterator[Item]:
    key = f"{one.rrtype} {one.name}"
    if isinstance(one.seen, Unreachable):
        yield Item(key, Status.UNKNOWN, one.seen.reason, f"{key} : {one.seen.reason.french}.")
    elif one.seen.security is Security.BOGUS:
        yield _bogus(key, one.seen)
    elif one.seen.security is Security.UNCHECKED:
        yield Item(key, Status.UNKNOWN, "unchecked", f"{key} : la signature n'a pas pu être vérifiée.")


def _of_host(one: RecordSet, facts: Dnssec) -> Iterator[Item]:
    """A mail server's zone is often another's: a false signature there is half a fault, and no other is one."""
    if isinstance(one.seen, Unreachable) or one.seen.security is Security.UNCHECKED:
        return
    if one.seen.security is Security.BOGUS:
        if _is_anothers(one, facts):
            yield Item(one.name, Status.PARTIAL, "dnssec.bogus", _of_provider(one, one.seen.why))
        else:  # one name of the domain does not verify, whatever the reason: the others do
            yield replace(_bogus(one.name, one.seen), reason="dnssec.bogus")
        return
    signed = one.seen.security is Security.SECURE
    text = f"Le nom du serveur de courrier {one.name} {'est' if signed else 'n’est pas'} signé."
    yield Item(one.name, Status.PASS, "mx-signed" if signed else "mx-unsigned", text)


def _bogus(key: str, seen: Signed) -> Item:
    code = CODES.get(seen.why, "bogus")
    return Item(key, Status.FAIL, f"dnssec.{code}", f"{key} : {WORDS[code]}.")


def _broken(facts: Dnssec, ctx: Context, code: str, items: tuple[Item, ...]) -> Verdict:
    evidence = (*_dates(facts, ctx), *_published(facts), *_way(facts))
    text = SENTENCES[code].format(ctx.asset.name)
    return failed(text, reason=code.replace("_", "-"), items=items, evidence=evidence, likelihood=4)


def _dates(facts: Dnssec, ctx: Context) -> Iterator[Evidence]:
    """Of what does not verify: where the chain ends, and when the signatures hold (RFC 4035 §5.3.1)."""
    for one in (*facts.sets, *facts.mx_hosts):
        if isinstance(one.seen, Signed) and one.seen.security is Security.BOGUS:
            label = f"{one.rrtype} {one.name} (RFC 4035 §5.3)"
            for signature in one.seen.signatures[:2]:
                span = " au ".join(french.day(ctx.local(at)) for at in (signature.begins, signature.ends))
                yield Evidence(label, f"signature de la clé {signature.key_tag}, du {span}")
            if not one.seen.signatures:
                yield Evidence(
                    label, f"{WHY.get(one.seen.why, 'non vérifiable')}, dans la zone {one.seen.zone}"
                )


def _published(facts: Dnssec) -> Iterator[Evidence]:
    """What the parent holds and the zone publishes, and the line that would fit when none does."""
    zone = facts.zone if isinstance(facts.zone, str) else facts.domain
    keys = () if isinstance(facts.keys, Unreachable) else facts.keys
    held = () if isinstance(facts.ds, Unreachable) else facts.ds
    for ds in held[:4]:
        label = "DS chez l'extension" if ds.fits else "DS sans clé qui lui corresponde (RFC 4035 §5.2)"
        yield Evidence(label, f"{zone}. IN DS {_shown(ds)}")
    for key in keys[:4]:
        yield Evidence(
            f"DNSKEY {zone}", f"étiquette {key.tag}, algorithme {key.algorithm}, drapeaux {key.flags}"
        )
    if not any(ds.fits for ds in held):
        entries = [key for key in keys if key.is_entry] or list(keys)
        yield from (
            Evidence("ligne à publier, par le bureau d'enregistrement", line(zone, key))
            for key in entries[:2]
        )
    if facts.contradictions:
        names = french.listed(facts.contradictions[:4])
        yield Evidence("le serveur DNS d'ici dit vérifié ce qui ne l'est pas", names)


def _shown(ds: Designation) -> str:
    return f"{ds.tag} {ds.algorithm} {ds.digest_type} {ds.digest}"


def line(zone: str, key: ZoneKey) -> str:
    """The DS of a key, as a registrar takes it."""
    return f"{zone}. IN DS {key.tag} {key.algorithm} {SHA_256} {key.digest}"


def _way(facts: Dnssec) -> Iterator[Evidence]:
    """The usual way of the hoster, when it is recognised."""
    hoster = None if isinstance(facts.servers, Unreachable) else hoster_of(facts.servers)
    if hoster is not None:
        yield Evidence(f"chez {hoster.name}", hoster.way)
