"""Qui a le droit de délivrer un certificat au nom de la mairie ?

## Pourquoi
Un certificat prouve qu'un site est bien celui de la mairie. Sans consigne, n'importe laquelle des autorités du monde
peut en délivrer un. Une ligne dans le nom de domaine en nomme une seule, et les autres doivent refuser.

## Corriger
1. Demander à l'hébergeur du site, et à celui du courrier, quelle autorité délivre leurs certificats.
2. Publier un enregistrement CAA « issue » pour chacune, et « issuewild ";" » sans certificat générique.
3. Ajouter « iodef » avec une adresse qui est lue : une demande refusée y est signalée.
4. Vérifier le prochain renouvellement : une autorité oubliée ne pourra plus délivrer.

## Limites
Aucun texte officiel français ne demande CAA : c'est notre jugement, et l'absence ne compte que pour moitié. Les
enregistrements d'un nom au-dessus valent aussi (RFC 8659). Une étiquette critique inconnue interdit tout certificat :
c'est une faute, de vraisemblance 3. Une valeur mal écrite interdit aussi, sans le dire : elle compte pour moitié. Ce
que l'autorité nommée délivre vraiment n'est pas regardé ici. Le modèle proposé laisse le nom de l'autorité à écrire :
en deviner une ferait refuser le prochain renouvellement.
"""

from collections.abc import Iterator

from cyberaudit.facts.names import DomainNames
from cyberaudit.facts.names_caa import CaaFault, CaaRecord, CaaSet, caa_fault, caa_issuer, caa_line
from cyberaudit.sdk import (
    Context,
    Evidence,
    Item,
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

NOTES = (
    "AUTORITÉ est celle du certificat en service, une ligne pour chacune : site, courrier, sous-domaines",
    "noms usuels : letsencrypt.org, sectigo.com, digicert.com, certigna.fr, globalsign.com",
)


@check("dns.caa", needs=DomainNames, about="domain", impact=2, likelihood=1, measure="limit-authorities")
def authorities_are_named(names: DomainNames, ctx: Context) -> Verdict:
    name, found = ctx.asset.name, names.caa
    if isinstance(names.exists, Unreachable):
        return unknown(names.exists)
    if not names.exists:
        return not_applicable(f"Le domaine {name} n'existe pas dans l'annuaire des noms.")
    if isinstance(found, Unreachable):
        return unknown(found)
    evidence = tuple(Evidence(f"CAA {found.at}", caa_line(record)) for record in found.records)
    items = tuple(_items(found))
    if any(item.status is Status.FAIL for item in items):
        text = f"Un enregistrement CAA de {name} interdit tout nouveau certificat."
        return failed(
            text, reason="unknown-critical", items=items, evidence=(*evidence, _norm("4.1")), likelihood=3
        )
    if items:
        text = f"Un enregistrement CAA de {name} est mal écrit."
        return partial(text, reason="syntax", items=items, evidence=(*evidence, _norm("4.2")))
    if not _issuers(found):
        return _missing(names.domain, evidence, ctx)
    return _named(found, evidence, ctx)


def _items(found: CaaSet) -> Iterator[Item]:
    for record in found.records:
        match caa_fault(record):
            case CaaFault.UNKNOWN_CRITICAL:
                text = f"L'étiquette « {record.tag} » est critique et inconnue : aucune autorité ne délivre plus."
                yield Item(found.at, Status.FAIL, "caa.unknown_critical", text)
            case CaaFault.SYNTAX:
                text = f"« {caa_line(record)} » est mal écrit."
                yield Item(found.at, Status.PARTIAL, "caa.syntax", text)


def _issuers(found: CaaSet) -> list[CaaRecord]:
    """The records that restrict who issues for a site (RFC 8659 §4.2); the others tell, or speak of mail."""
    return [record for record in found.records if record.tag.lower() == "issue"]


def _missing(domain: str, evidence: tuple[Evidence, ...], ctx: Context) -> Verdict:
    text = f"Le domaine {ctx.asset.name} laisse toute autorité délivrer un certificat à son nom."
    item = Item(
        domain,
        Status.PARTIAL,
        "caa.missing",
        f"Rien ne dit qui peut délivrer un certificat pour {domain} (CAA).",
    )
    # No line that can be pasted as it is: one authority forgotten, and its next renewal is refused.
    line = Evidence("modèle à compléter", f'{domain}. IN CAA 0 issue "AUTORITÉ"')
    notes = (Evidence("à savoir", note) for note in NOTES)
    return partial(text, reason="missing", items=(item,), evidence=(*evidence, line, *notes, _norm("3")))


def _named(found: CaaSet, evidence: tuple[Evidence, ...], ctx: Context) -> Verdict:
    values = [issuer for record in _issuers(found) if (issuer := caa_issuer(record.value)) is not None]
    allowed = sorted({issuer.authority for issuer in values if issuer.authority})
    who = french.listed(allowed) or "personne"
    return passed(
        f"Le domaine {ctx.asset.name} dit qui peut délivrer un certificat : {who}.", evidence=evidence
    )


def _norm(section: str) -> Evidence:
    return Evidence("norme", f"RFC 8659 §{section}")
