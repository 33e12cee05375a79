"""Un nom inventé de la mairie reçoit-il du courrier ?

## Pourquoi
Certaines zones répondent pour tous les noms, même inventés. Un inconnu peut alors écrire depuis
« factures.mairie », un nom qui n'a jamais existé, et son message paraît en règle.

## Corriger
1. Repérer dans la zone DNS les enregistrements dont le nom commence par « * ».
2. Supprimer ceux de type MX et les listes SPF, et créer à la place les seuls noms qui servent.
3. Garder au besoin celui du site, ou le remplacer par « www » seul.

## Limites
Un seul nom tiré au sort est demandé. Une adresse pour tous les noms est un réglage usuel des hébergeurs : elle n'est
pas une faute, pas plus qu'un alias vers le domaine. Un texte qui n'est pas une liste SPF n'en est pas une non plus. Un
MX nul ou « v=spf1 -all » pour tous les noms est une bonne protection. Aucun texte officiel n'en parle : la gravité et
la vraisemblance 1 sont notre jugement.
"""

import re
from collections.abc import Iterator

from cyberaudit.facts.names import DomainNames, RandomAnswer
from cyberaudit.sdk import (
    Context,
    Evidence,
    Item,
    Status,
    Unreachable,
    Verdict,
    check,
    not_applicable,
    partial,
    passed,
    unknown,
)

MAIL_TYPES = ("MX", "TXT")
# RFC 7505 §3, and the SPF record of RFC 7208 §10.1.2: both refuse all mail.
REFUSALS = ("0 .", '"v=spf1 -all"')
# RFC 7208 §4.5: of all texts, only a list of senders lets an invented name write.
SENDERS = re.compile(r'"v=spf1[ "]', re.IGNORECASE)


@check("dns.wildcard", needs=DomainNames, about="domain", impact=1, likelihood=1, measure="clean-up-names")
def invented_names_receive_nothing(names: DomainNames, ctx: Context) -> Verdict:
    name = ctx.asset.name
    if isinstance(names.exists, Unreachable):
        return unknown(names.exists)
    if not names.exists:
        return not_applicable(f"Le domaine {name} n'existe pas dans l'annuaire des noms.")
    if isinstance(names.wildcard, Unreachable):
        return unknown(names.wildcard)
    items = tuple(_item(names.domain, answer) for answer in names.wildcard if answer.records)
    evidence = tuple(
        Evidence(f"{answer.rrtype} *.{names.domain}", record)
        for answer in names.wildcard
        if not isinstance(answer.records, Unreachable)
        for record in answer.records
    )
    if any(item.status is Status.PARTIAL for item in items):
        text = f"Un nom inventé sous {name} répond pour le courrier."
        norm = Evidence("norme", "RFC 4592 §2.2.1")
        return partial(text, reason="wildcard", items=items, evidence=(*evidence, *_lines(names), norm))
    lost = next((each.records for each in names.wildcard if isinstance(each.records, Unreachable)), None)
    if lost is not None:
        return unknown(lost, items=items, evidence=evidence)
    text = f"Un nom inventé sous {name} ne répond pas pour le courrier."
    return passed(text, items=items, evidence=evidence)


def _lines(names: DomainNames) -> Iterator[Evidence]:
    """The records to take out of the zone."""
    for answer in () if isinstance(names.wildcard, Unreachable) else names.wildcard:
        if _item(names.domain, answer).status is Status.PARTIAL and not isinstance(
            answer.records, Unreachable
        ):
            for record in filter(_lets_write, answer.records):
                text = f"*.{names.domain}. IN {answer.rrtype} {record}"
                yield Evidence("ligne à retirer", text)


def _lets_write(record: str) -> bool:
    """An MX or a TXT record that makes an invented name look like one that has mail."""
    if record.startswith('"'):
        return bool(SENDERS.match(record.replace('" "', ""))) and record.lower() not in REFUSALS
    return record not in REFUSALS


def _item(domain: str, answer: RandomAnswer) -> Item:
    key = f"*.{domain} {answer.rrtype}"
    if isinstance(answer.records, Unreachable):
        return Item(key, Status.UNKNOWN, answer.records.reason, f"{key} : {answer.records.reason.french}.")
    if answer.rrtype not in MAIL_TYPES:
        return Item(key, Status.PASS, "wildcard", f"Tout nom a une réponse de type {answer.rrtype}.")
    if answer.aliased:
        return Item(key, Status.PASS, "wildcard", "Tout nom est un alias : c'est un réglage d'hébergeur.")
    if all(record.lower() in REFUSALS for record in answer.records):
        return Item(key, Status.PASS, "wildcard", "Tout nom inventé refuse le courrier.")
    if not any(map(_lets_write, answer.records)):
        return Item(
            key, Status.PASS, "wildcard", "Tout nom inventé a un texte (TXT), sans effet sur le courrier."
        )
    return Item(key, Status.PARTIAL, "wildcard", f"Tout nom inventé a un enregistrement {answer.rrtype}.")
