"""Le réseau laisse-t-il passer seulement ce que la mairie a décidé ?

## Pourquoi
Quand les bureaux, les serveurs et les sauvegardes sont séparés, un ordinateur infecté ne contamine pas les autres.
Une séparation qui n'est jamais essayée est souvent percée.

## Corriger
1. Comparer les règles du pare-feu à la liste des passages décidés par la mairie.
2. Tout bloquer entre les zones, puis n'ouvrir que les passages de cette liste.
3. Mettre les serveurs ouverts à Internet et les objets connectés chacun dans son réseau.
4. Essayer de nouveau depuis la zone de départ.

## Limites
L'essai porte sur des ports TCP : les plus dangereux, ceux que déclarent les machines visées, ou ceux que vous nommez.
L'UDP n'est pas essayé. Seules les machines déclarées le sont : 32 adresses et 1 200 ports au plus. L'essai part d'une
machine de la zone de départ. Un refus envoyé sous l'adresse de la machine visée laisse un doute : elle a été jointe,
ou le pare-feu a répondu en son nom. Un pare-feu qui refuse sous son propre nom, ou qui se tait, n'en laisse pas. Une
zone de serveurs ouverts à Internet ne doit rien atteindre d'autre, même si personne ne l'a écrit. Le Wi-Fi du public
et ce qui sort vers Internet ont leurs propres questions. La vraisemblance 3 est notre jugement.
"""

from cyberaudit.facts.passages import joins_our_networks
from cyberaudit.sdk import (
    Context,
    FlowReach,
    Verdict,
    check,
    crossings_of,
    judge_passage,
    none_of,
    refusals_in_doubt,
)


@check(
    "firewall.flow",
    needs=FlowReach,
    about="flow",
    concerns=joins_our_networks,
    seen_from="any",
    impact=4,
    likelihood=3,
    measure="separate-networks",
    sources=("H 19", "PA-066 R2", "RC 7.B.1", "CNIL 8.4"),
)
def only_decided_flows_pass(flow: FlowReach, ctx: Context) -> Verdict:
    found = refusals_in_doubt(crossings_of(flow, ctx))
    return judge_passage(
        found,
        ctx,
        when_open=f"Des accès interdits passent (« {ctx.asset.name} »).",
        when_shut=f"{none_of(found)} ne passe, hors de ce qui est permis (« {ctx.asset.name} »).",
    )
