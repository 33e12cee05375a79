"""Des noms de la mairie pointent-ils vers un service disparu ?

## Pourquoi
Un site abandonné laisse souvent derrière lui un nom qui pointe chez l'ancien hébergeur. Celui qui reprend la place
publie ce qu'il veut sous le nom de la mairie, ou reçoit son courrier. Les habitants n'y voient rien.

## Corriger
1. Relire la liste des noms ci-dessous avec la personne qui tient la zone DNS.
2. Supprimer chaque enregistrement dont le service ne sert plus. C'est sans risque quand la cible n'existe pas.
3. Pour un service encore utile, corriger la cible, ou recréer chez l'hébergeur la ressource qui manque.
4. À l'avenir, supprimer le nom avant de résilier le service.

## Limites
Sont regardés les noms déclarés, ceux de la liste donnée à l'outil, quelques noms usuels, et tous ceux que la zone
révèle elle-même (NSEC). Les autres ne sont pas cherchés. Vingt serveurs de courrier au plus sont regardés, et tout
défaut vu compte. Un nom déclaré ou révélé, un renvoi du SPF ou du MX, ou une sous-zone au-delà de nos limites est cité.
Il laisse la question sans réponse si le reste est en ordre. Une cible manque quand deux questions différentes reçoivent
« ce nom n'existe pas ». Elle est à vendre si une signature le prouve, ou si le registre le dit lui-même : sinon, on ne
sait pas. Un serveur ne sert pas une sous-zone s'il refuse ou répond sans autorité, alors qu'un serveur du domaine nous
répond avec. Une panne ou un silence ne compte jamais, ni un nom « _acme-challenge », qui ne sert que le temps d'une
demande de certificat. Certains hébergeurs répondent à tout nom, même abandonné : l'abandon ne s'y voit pas dans le DNS.
Aucun texte officiel ne donne d'échelle : c'est notre jugement. Une cible que n'importe qui peut acheter monte la
vraisemblance à 4, et c'est le risque le plus haut. Pour quelques euros, un inconnu parle au nom de la mairie. Un
service où le nom est au premier venu la monte à 3.
"""

from collections.abc import Iterator

from cyberaudit.facts.names import Chain, DomainNames, Link, LinkKind
from cyberaudit.facts.names_services import claimable_at
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

# What is lost with the target, for the person who reads.
LOSSES = {
    LinkKind.CNAME: "le nom mène",
    LinkKind.MX: "le courrier est envoyé",
    LinkKind.NS: "le domaine est confié",
    LinkKind.SPF: "le droit d'écrire est donné",
    LinkKind.SUBZONE: "la zone est confiée",
}


@check(
    "dns.dangling-names", needs=DomainNames, about="domain", impact=4, likelihood=2, measure="clean-up-names"
)
def no_name_leads_nowhere(names: DomainNames, ctx: Context) -> Verdict:
    name = ctx.asset.name
    if isinstance(names.exists, Unreachable):
        return unknown(names.exists)
    if not names.exists:
        return not_applicable(f"Le domaine {name} n'existe pas dans l'annuaire des noms.")
    items = tuple(filter(None, map(_item, names.links)))
    gone = [link for link in names.links if (item := _item(link)) and item.status.is_open]
    evidence = (*_evidence(names, gone), *_left_out(names))
    if any(item.status is Status.FAIL for item in items):
        free = any(link.exists is False and link.registered is False for link in gone)
        text = f"Quelqu'un peut prendre la place d'un service disparu de {name}."
        reason, likelihood = ("registrable", 4) if free else ("unclaimed", 3)
        return failed(text, reason=reason, items=items, evidence=evidence, likelihood=likelihood)
    if any(item.status is Status.PARTIAL for item in items):
        text = f"Des enregistrements de {name} pointent vers un service disparu."
        return partial(text, reason="dangling", items=items, evidence=evidence)
    lost = _lost(names)
    if lost is not None and lost.reason is not Reason.NOT_LOOKED:
        return unknown(lost, items=items, evidence=evidence)
    if lost is not None or names.chain is Chain.CUT:
        text = f"Une partie des noms de {name} n'a pas été regardée, au-delà de la limite prévue."
        return unknown(text, items=items, evidence=evidence)
    count = french.count(len(names.links), "renvoi vérifié", "renvois vérifiés")
    return passed(f"Aucun nom de {name} ne pointe vers un service disparu : {count}.", evidence=evidence)


def _item(link: Link) -> Item | None:
    """None: in order."""
    key = f"{link.owner} {link.target}".strip()
    if isinstance(link.exists, Unreachable):
        return _unseen(link, key, link.exists)
    if not link.exists:
        if not (_comes_and_goes(link) or _is_only_void(link)):
            return _gone(link, key)
        # Harmless while somebody holds the name; for sale, it would not be.
        return _unseen(link, key, link.registered) if isinstance(link.registered, Unreachable) else None
    if isinstance(link.serves, Unreachable):
        return _unseen(link, key, link.serves)
    if link.serves:
        return None
    text = f"{link.owner} est confié à {link.target}, qui ne le sert pas."
    return Item(key, Status.PARTIAL, f"dangling.{link.kind}", text)


def _unseen(link: Link, key: str, cause: Unreachable) -> Item:
    beyond = cause.reason is Reason.NOT_LOOKED
    why = "non regardé, au-delà de la limite prévue" if beyond else cause.reason.french
    return Item(key, Status.UNKNOWN, cause.reason, f"{link.owner} ({link.record}) : {why}.")


def _comes_and_goes(link: Link) -> bool:
    """RFC 8555 §8.4: what proves a name to an authority is there while a certificate is asked for, and no longer."""
    return link.owner.startswith("_acme-challenge.") and link.registered is not False


def _is_only_void(link: Link) -> bool:
    """An SPF term whose host left a domain that is somebody's: it lets nobody write, and `mail.spf` counts it."""
    term = link.record.lstrip("+-~?").lower()
    return link.kind is LinkKind.SPF and term.startswith(("a:", "mx:")) and link.registered is not False


def _gone(link: Link, key: str) -> Item:
    code = f"dangling.{link.kind}"
    where = f"{link.owner} : {LOSSES[link.kind]} à {link.target}, qui n'existe pas"
    if link.registered is False:
        return Item(key, Status.FAIL, code, f"{where} ; {link.registrable} n'est à personne.")
    service = claimable_at(link.target) if link.kind is LinkKind.CNAME else ""
    if service:
        text = f"{where} ; chez {service}, le nom est au premier venu."
        return Item(key, Status.FAIL, "dangling.unclaimed", text)
    if isinstance(link.registered, Unreachable):
        where = f"{where} ; rien ne dit de façon sûre si {link.registrable} est à quelqu'un"
    return Item(key, Status.PARTIAL, code, f"{where}.")


def _evidence(names: DomainNames, gone: list[Link]) -> Iterator[Evidence]:
    for link in gone:
        yield Evidence(f"{link.owner}", f"{link.record} → {link.target} : {_seen(link)}")
        if link.registered is False:
            yield Evidence("nom libre à l'achat", link.registrable)
        if link.kind is LinkKind.SPF:
            yield Evidence("terme à retirer du SPF", f"{names.domain} : {link.record}")
        else:
            yield Evidence("ligne à retirer", f"{link.owner}. IN {link.record}")
    if gone:
        yield Evidence("norme", "RFC 8020 (NXDOMAIN) ; RFC 1912 §2.8 (délégation sans effet)")


def _seen(link: Link) -> str:
    return "NXDOMAIN, demandé deux fois" if link.exists is False else "ce serveur ne sert pas la zone"


def _left_out(names: DomainNames) -> Iterator[Evidence]:
    if names.left_out:
        yield Evidence("noms non regardés", french.listed(names.left_out))


def _lost(names: DomainNames) -> Unreachable | None:
    """The first thing that could not be asked; what is only beyond our limits comes last."""
    parts = (
        *(name.exists for name in names.names),
        *(part for link in names.links for part in (link.exists, link.serves, link.registered)),
        names.spf_read,
        names.mail_hosts,
        names.name_servers,
    )
    lost = [part for part in parts if isinstance(part, Unreachable)]
    return min(lost, key=lambda part: part.reason is Reason.NOT_LOOKED, default=None)
