"""La mairie écrit-elle avec une adresse à son nom ?

## Pourquoi
Une adresse chez un fournisseur grand public ressemble à toutes les autres : un escroc en ouvre une presque
pareille en deux minutes. Elle appartient souvent à une personne, et part avec elle.

## Corriger
1. Choisir le nom du site de la mairie pour le courrier aussi.
2. Faire ouvrir les boîtes à ce nom chez un hébergeur de l'Union européenne, avec double authentification.
3. Faire suivre l'ancienne adresse pendant un an, puis la fermer.
4. Corriger l'adresse sur Service-Public et sur le papier à en-tête.

## Limites
L'adresse est celle que le profil donne (« commune.email »). La liste des fournisseurs grand public est celle du
référentiel RCPNT. Que l'adresse réponde n'est pas vérifié ici. La gravité et la vraisemblance sont notre jugement.
"""

from cyberaudit.facts.rcpnt import GENERIC, mail_name, site_name
from cyberaudit.sdk import (
    Context,
    Domain,
    Every,
    Evidence,
    MailDns,
    Unreachable,
    Verdict,
    Website,
    check,
    coded,
    failed,
    partial,
    passed,
    unknown,
)


@check(
    "mail.own-domain",
    needs=Every(MailDns),
    about="town",
    impact=2,
    likelihood=2,
    measure="own-mail-domain",
    sources=("RCPNT 2.2", "RCPNT 2.3"),
    concerns=lambda commune, _town: bool(commune.email),
)
def mail_in_the_name_of_the_town(
    every: tuple[tuple[Domain, MailDns | Unreachable], ...], ctx: Context
) -> Verdict:
    name = mail_name(ctx.town.commune.email)
    return coded(_judged(name, every, ctx), family="domain", key=name)


def _judged(name: str, every: tuple[tuple[Domain, MailDns | Unreachable], ...], ctx: Context) -> Verdict:
    evidence = (Evidence("adresse déclarée", ctx.town.commune.email),)
    if name in GENERIC:
        text = f"La mairie écrit avec une adresse de {name}, que tout le monde peut ouvrir."
        return failed(text, reason="generic-mail", evidence=evidence)
    sites = {site_name(each.url) for each in ctx.town.assets if isinstance(each, Website)}
    if sites and name not in sites:
        text = f"L'adresse de la mairie est chez {name}, et son site est ailleurs."
        listed = tuple(Evidence("site déclaré", site) for site in sorted(sites))
        return partial(text, reason="mail-differs-from-site", evidence=(*evidence, *listed))
    for domain, mail in every:
        if domain.domain == name and isinstance(mail, MailDns) and mail.exists is True:
            return passed(f"La mairie écrit avec une adresse à son nom, {name}.", evidence=evidence)
    return unknown(f"Le nom de l'adresse de la mairie, {name}, n'a pas été vu.", evidence=evidence)
