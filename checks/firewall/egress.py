"""Ce qui sort de la mairie vers Internet est-il limité à ce qui a été décidé ?

## Pourquoi
Un logiciel malveillant cherche toujours à sortir : pour recevoir ses ordres, envoyer des pourriels ou emporter des
fichiers. Si presque rien ne sort, il est vite bloqué et vite repéré.

## Corriger
1. Lister avec la mairie ce dont les postes ont besoin : le web, et peu d'autres choses.
2. Bloquer au pare-feu toute autre sortie, d'abord le partage de fichiers, l'envoi direct de courrier, la prise de
   main à distance et les serveurs de noms étrangers.
3. Donner une exception nommée et datée aux logiciels qui en ont besoin.
4. Garder la trace de ce qui est bloqué, et la regarder.

## Limites
L'essai va vers l'adresse témoin du profil, sur une courte liste de ports TCP. Sans adresse témoin, la question reste
à vérifier. Un réseau qui a de l'IPv4 et de l'IPv6 demande un témoin dans chacune : sinon, rien n'est sûr. L'adresse
témoin doit accepter chaque port : un refus sous son adresse laisse un doute, le pare-feu a pu répondre en son nom. Un
port muet peut être retenu par l'opérateur, et non par la mairie. L'UDP n'est pas essayé. La gravité 3 et la
vraisemblance 2 sont notre jugement. Un partage de fichiers, un envoi de courrier ou une prise de main qui sort monte
la vraisemblance à 3.
"""

from cyberaudit.facts.passages import Crossing, is_foreign_family, leaves_the_town, untried_families
from cyberaudit.sdk import (
    Context,
    Exposure,
    FlowReach,
    Reason,
    Verdict,
    check,
    crossings_of,
    judge_passage,
    none_of,
    refusals_in_doubt,
)

# H 17 R names 135, 445, 3389 and 22; ours: 139 goes with 445, and 25 is how a hijacked computer sends its mail.
TELLING = frozenset({"tcp/22", "tcp/25", "tcp/135", "tcp/139", "tcp/445", "tcp/3389"})


@check(
    "firewall.egress",
    needs=FlowReach,
    about="flow",
    concerns=leaves_the_town,
    seen_from="inside",
    impact=3,
    likelihood=2,
    measure="filter-outgoing-traffic",
    sources=("PA-066 R1", "PA-066 R2", "RC 7.B.1", "CNIL 8.1", "H 22"),
)
def only_decided_traffic_leaves(flow: FlowReach, ctx: Context) -> Verdict:
    every = refusals_in_doubt(crossings_of(flow, ctx))
    found = tuple(one for one in every if not _has_no_way(one, ctx))
    leaving = {one.reading.port for one in found if one.reading.exposure is Exposure.OPEN}
    return judge_passage(
        found,
        ctx,
        when_open=f"Des accès que personne n'a permis sortent vers Internet (« {ctx.asset.name} »).",
        when_shut=f"{none_of(found)} ne sort, hors de ce qui est permis (« {ctx.asset.name} »).",
        likelihood=3 if (leaving & TELLING) - set(ctx.asset.ports) else None,
        untried=untried_families(flow, ctx.asset, ctx.town),
    )


def _has_no_way(one: Crossing, ctx: Context) -> bool:
    """The network is not of that family, and the machine that stands in it has no route: nothing leaves by it."""
    lost = one.reading.cause
    no_route = lost is not None and lost.reason is Reason.NO_ROUTE
    return no_route and is_foreign_family(one.reading.family, ctx.asset, ctx.town)
