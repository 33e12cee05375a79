"""Le courrier de la mairie est-il signé ?

## Pourquoi
Une signature prouve qu'un message vient bien de la mairie et que personne ne l'a modifié en route. Sans elle, les
messageries hésitent, et le vrai courrier finit parmi les indésirables.

## Corriger
1. Activer la signature DKIM chez chaque service qui envoie du courrier : messagerie, lettre d'information, logiciels.
2. Publier la clé ou l'alias que ce service indique, sans guillemet ni barre oblique ajoutés.
3. Choisir une clé RSA de 2048 bits, et retirer « t=y » quand les essais sont finis.
4. Déclarer les sélecteurs dans le profil (« dkim_selectors ») : ils sont alors vérifiés à chaque contrôle.

## Limites
Le DNS ne donne pas la liste des clés. Sans sélecteur déclaré, ceux des fournisseurs reconnus et les plus courants sont
essayés. Une clé qui n'a pas été devinée n'est jamais dite absente, sauf si le DNS prouve qu'il n'y en a aucune. Que les
messages soient vraiment signés ne se voit pas dans le DNS. Une clé retirée à côté d'une bonne est sans danger. Une clé
abîmée que personne n'a nommée compte pour moitié : ce peut être le reste d'un ancien service. Elle compte en entier
quand c'est la seule preuve, sous le nom habituel du fournisseur reconnu. Une clé RSA trop courte compte partout. La
gravité et la vraisemblance sont notre jugement.
"""

from collections.abc import Iterator

from cyberaudit.facts.dkim import Dkim, DkimSelector, SelectorSource
from cyberaudit.facts.dkim_key import KeyFault, KeyRecord, mended, read_key
from cyberaudit.facts.dkim_providers import provider_of
from cyberaudit.facts.mail import txt_line
from cyberaudit.sdk import (
    Context,
    Evidence,
    Item,
    Status,
    TxtAnswer,
    Unreachable,
    Verdict,
    check,
    failed,
    french,
    partial,
    passed,
    unknown,
    writes_no_mail,
)

# RFC 8301 §3.2: receivers must not accept shorter keys.
SHORTEST_BITS = 1024
# RFC 8301 §3.2: signers should use at least this.
GOOD_BITS = 2048
# What an evidence holds; a line cut short would be published cut short.
LINE_LENGTH = 400
# Ours: a key takes one or two lines, and whoever repairs one sees the same defect in the others.
MOST_SHOWN = 6

_FAULTS = {
    KeyFault.NO_KEY_RECORD: "ce texte n'est pas une clé",
    KeyFault.BACKSLASH: "une barre oblique « \\ » de trop",
    KeyFault.QUOTE: "un guillemet de trop",
    KeyFault.VERSION: "« v=DKIM1 » doit être écrit ainsi, et en premier",
    KeyFault.REPEATED: "un réglage est écrit deux fois",
    KeyFault.NO_TAG: "une partie n'est pas de la forme « nom=valeur »",
    KeyFault.NO_P: "la clé elle-même (« p= ») manque",
    KeyFault.KIND: "ce type de clé (« k= ») n'existe pas",
    KeyFault.BASE64: "la clé est coupée ou contient un caractère interdit",
    KeyFault.KEY: "la clé est illisible, sans doute coupée",
}

_SENTENCES = {
    "dkim.missing": ("no-key", "Une clé de signature déclarée pour {} n'est pas publiée."),
    "dkim.revoked": ("revoked", "Une clé de signature déclarée pour {} a été retirée."),
    "dkim.syntax": ("syntax", "Une clé de signature de {} est mal écrite : elle ne sert à rien."),
    "dkim.multiple": ("several-records", "Deux clés de {} portent le même nom : elles s'annulent."),
    "dkim.weak_key": ("weak-key", "Une clé de signature de {} est trop courte."),
    "dkim.sha1_only": ("sha1-only", "Une clé de signature de {} n'admet qu'une méthode interdite (SHA-1)."),
    "dkim.test_mode": ("test-mode", "La signature du courrier de {} est encore à l'essai."),
}


@check(
    "mail.dkim",
    needs=Dkim,
    about="domain",
    impact=2,
    likelihood=3,
    measure="authenticate-mail",
    sources=("PA-066 R46+",),
)
def mail_is_signed(dkim: Dkim, ctx: Context) -> Verdict:
    if not ctx.asset.sends_mail:
        return writes_no_mail(ctx)
    items = tuple(_items(dkim))
    wrong = _gravest(items)
    if wrong is not None:
        reason, text = _SENTENCES[wrong.reason]
        say = failed if wrong.status is Status.FAIL else partial
        return say(text.format(ctx.asset.name), reason=reason, items=items, evidence=_evidence(dkim))
    if not _sound(dkim):
        return _without_key(ctx.asset.name, dkim, items)
    lost = next((item for item in items if item.status is Status.UNKNOWN), None)
    if lost is not None:
        return unknown(lost.text, items=items, evidence=_evidence(dkim))
    text = f"Le domaine {ctx.asset.name} publie de quoi vérifier la signature de son courrier."
    return passed(text, items=items, evidence=_evidence(dkim))


def _gravest(items: tuple[Item, ...]) -> Item | None:
    """What fails first, in the order of the sentences; then what is half right."""
    for status in (Status.FAIL, Status.PARTIAL):
        for code in _SENTENCES:
            for item in items:
                if item.status is status and item.reason == code:
                    return item
    return None


def _without_key(name: str, dkim: Dkim, items: tuple[Item, ...]) -> Verdict:
    """Nothing usable was found: is there nothing, or was it not guessed?"""
    evidence = (*_evidence(dkim), *_ways(dkim))
    for part in (dkim.below, dkim.wildcard):
        if isinstance(part, Unreachable):
            return unknown(part, items=items, evidence=evidence)
    if dkim.below is False and dkim.wildcard is None and not dkim.own:
        below = f"_domainkey.{dkim.domain}"
        item = Item(below, Status.FAIL, "dkim.missing", f"Aucune clé n'est publiée pour {dkim.domain}.")
        proof = Evidence(
            f"TXT _domainkey.{dkim.domain}", "NXDOMAIN : rien ne peut exister dessous (RFC 8020)"
        )
        text = f"Le domaine {name} ne publie aucune clé de signature."
        return failed(text, reason="no-key", items=(*items, item), evidence=(proof, *evidence))
    if dkim.wildcard is not None:
        text = (
            f"Tout nom de clé répond à {name} : donnez les vrais avec « dkim_selectors » ou --dkim-selector."
        )
        return unknown(text, items=items, evidence=evidence)
    text = f"{name} a une clé au nom inconnu : donnez-le avec « dkim_selectors » ou --dkim-selector."
    return unknown(text, items=items, evidence=evidence)


def _sound(dkim: Dkim) -> bool:
    """At least one key that receivers accept."""
    return any(_is_sound(each) for each in dkim.own)


def _is_sound(selector: DkimSelector) -> bool:
    if isinstance(selector.records, Unreachable) or len(selector.records) != 1:
        return False
    key = read_key(selector.records[0])
    usable = key.fault is None and not key.revoked and key.signs_mail and not key.refuses_sha256
    return usable and (key.kind != "rsa" or key.bits >= SHORTEST_BITS)


def _items(dkim: Dkim) -> Iterator[Item]:
    spare = _sound(dkim)
    own = {each.selector for each in dkim.own}
    for selector in dkim.selectors:
        if selector.selector in own:
            yield from _of_records(selector, spare=spare)
        elif isinstance(selector.records, Unreachable):
            if selector.source is SelectorSource.NAMED or not spare:
                text = f"« {selector.selector} » : {selector.records.reason.french}."
                yield Item(selector.selector, Status.UNKNOWN, selector.records.reason, text)
        elif selector.source is SelectorSource.NAMED:
            end = f" : il renvoie à {selector.aliases[-1]}, qui n'a pas de clé" if selector.aliases else ""
            text = f"« {selector.selector} » est déclaré et n'est pas publié{end}."
            yield Item(selector.selector, Status.FAIL, "dkim.missing", text)
    if isinstance(dkim.wildcard, TxtAnswer):
        status = Status.PASS if spare else Status.UNKNOWN
        text = "N'importe quel nom de clé reçoit une réponse : une absence ne peut pas être prouvée."
        yield Item(dkim.wildcard.name, status, "dkim.wildcard", text)


def _of_records(selector: DkimSelector, *, spare: bool) -> Iterator[Item]:
    """`spare`: another key does the work. A guessed one which does not is a fault alone, at the domain's provider."""
    name, named = selector.selector, selector.source is SelectorSource.NAMED
    records = () if isinstance(selector.records, Unreachable) else selector.records
    # A common name may carry what is left of an old service, while the real key stands under a name nobody gave.
    proves = named or (selector.source is SelectorSource.PROVIDER and not spare)
    useless = Status.FAIL if proves else Status.PARTIAL
    if len(records) > 1:
        text = f"« {name} » porte {len(records)} enregistrements : lequel compte n'est pas défini."
        yield Item(name, useless, "dkim.multiple", text)
        return
    key = read_key(records[0])
    if key.fault is KeyFault.NO_KEY_RECORD and not named:
        return
    if key.fault is not None:
        detail = f" (« {key.detail[:40]} »)" if key.detail else ""
        yield Item(name, useless, "dkim.syntax", f"« {name} » : {_FAULTS[key.fault]}{detail}.")
    elif key.revoked:
        text = f"« {name} » : la clé a été retirée (« p= » est vide)."
        yield Item(name, Status.FAIL if named else Status.PASS, "dkim.revoked", text)
    elif not key.signs_mail:
        services = french.listed(list(key.services))
        yield Item(
            name, Status.PASS, "dkim.other_service", f"« {name} » ne sert pas au courrier ({services})."
        )
    else:
        yield from _of_key(name, key, useless)


def _of_key(name: str, key: KeyRecord, useless: Status) -> Iterator[Item]:
    before = key.bits
    if key.kind == "rsa" and before < SHORTEST_BITS:
        text = f"« {name} » : clé RSA de {before} bits, que les messageries refusent et qu'un inconnu peut casser."
        yield Item(name, Status.FAIL, "dkim.weak_key", text)
    elif key.kind == "rsa" and before < GOOD_BITS:
        text = f"« {name} » : clé RSA de {before} bits ; {GOOD_BITS} sont conseillés (RFC 8301)."
        yield Item(name, Status.PARTIAL, "dkim.weak_key", text)
    if key.refuses_sha256:
        text = f"« {name} » n'admet que {french.listed(list(key.hashes))} : SHA-256 manque (RFC 8301)."
        yield Item(name, useless, "dkim.sha1_only", text)
    if key.testing:
        text = f"« {name} » est à l'essai (« t=y ») : les messageries peuvent ignorer la signature."
        yield Item(name, Status.PARTIAL, "dkim.test_mode", text)
    if key.kind == "ed25519":
        text = f"« {name} » est une clé Ed25519 : en publier aussi une RSA, que tous savent lire."
        yield Item(name, Status.PASS, "dkim.ed25519", text)
    elif before >= GOOD_BITS and not key.refuses_sha256 and not key.testing:
        yield Item(name, Status.PASS, "", f"« {name} » : clé RSA de {before} bits.")


def _evidence(dkim: Dkim) -> tuple[Evidence, ...]:
    """The records, and a better line where one can be made of them."""
    lines = [line for selector in dkim.own[:MOST_SHOWN] for line in _of_selector(dkim.domain, selector)]
    if isinstance(dkim.wildcard, TxtAnswer):
        lines += [Evidence(f"TXT {dkim.wildcard.name}", text) for text in _texts(dkim.wildcard.records[:1])]
    return tuple(lines)


def _texts(records: tuple[bytes, ...]) -> Iterator[str]:
    return (record.decode("latin-1") for record in records)


def _of_selector(domain: str, selector: DkimSelector) -> Iterator[Evidence]:
    name = f"{selector.selector}._domainkey.{domain}"
    records = () if isinstance(selector.records, Unreachable) else selector.records
    if selector.aliases:
        yield Evidence(f"CNAME {name}", " → ".join(selector.aliases))
    yield from (Evidence(f"TXT {name}", text) for text in _texts(records[:2]))
    if len(records) == 1 and not selector.aliases:
        yield from _mending(name, records[0])


def _mending(name: str, record: bytes) -> Iterator[Evidence]:
    """The same key, written as it should be; nothing for a key that must be made anew."""
    key = read_key(record)
    unwanted = {"t"} if key.testing else set()
    unwanted |= {"h"} if key.refuses_sha256 else set()
    if key.fault not in (KeyFault.QUOTE, KeyFault.BACKSLASH) and not unwanted:
        return
    line = txt_line(name, mended(record, without=frozenset(unwanted)))
    if not line.endswith(" IN TXT ") and len(line) <= LINE_LENGTH:
        yield Evidence("ligne à publier", line)
    elif unwanted:
        yield Evidence("à corriger dans la zone", f"{name} : {_by_hand(key, unwanted)}")
    else:
        yield Evidence(
            "à corriger dans la zone", f"{name} : retirer les guillemets et barres obliques du texte"
        )


def _by_hand(key: KeyRecord, unwanted: set[str]) -> str:
    """What to take out of a record that is too long to be written anew."""
    flags = ":".join(key.flags) if key.testing else ""
    gone = " et ".join(f"« {tag}= »" for tag in sorted(unwanted - ({"t"} if flags else set())))
    said = [f"retirer {gone} et sa valeur"] if gone else []
    said += [f"remplacer la valeur de « t= » par « {flags} »"] if flags else []
    return " ; ".join(said)


def _ways(dkim: Dkim) -> Iterator[Evidence]:
    """How the provider that was recognised wants it done."""
    known = () if isinstance(dkim.providers, Unreachable) else dkim.providers
    for provider in (provider_of(each) for each in known):
        if provider is not None:
            yield Evidence(f"chez {provider.name}", provider.way)
    # A key whose name is not known, or hidden by a wildcard, may be there: nothing is to be published yet.
    if not known and dkim.below is False and dkim.wildcard is None:
        line = f'SÉLECTEUR._domainkey.{dkim.domain}. IN TXT "v=DKIM1; k=rsa; p=CLÉ"'
        yield Evidence("modèle à compléter, avec la clé que donne le service de courrier", line)
