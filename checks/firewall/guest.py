"""Le Wi-Fi du public est-il coupé des réseaux de la mairie ?

## Pourquoi
N'importe qui se connecte au Wi-Fi du public, parfois avec un appareil infecté. S'il touche aussi les bureaux ou les
serveurs, un inconnu assis dans la salle d'attente est déjà dans la mairie.

## Corriger
1. Mettre le Wi-Fi du public dans un réseau à part, avec le mode « invités » de la borne ou de la box.
2. Bloquer au pare-feu tout ce qui va de ce réseau vers les autres, en IPv4 comme en IPv6.
3. Rejeter sans réponse (DROP), pour que rien ne trahisse ce qui est derrière.
4. Essayer de nouveau depuis le Wi-Fi du public.

## Limites
L'essai porte sur des ports TCP : les plus dangereux, ceux que déclarent les machines visées, ou ceux que vous nommez.
L'UDP n'est pas essayé. Seules les machines déclarées le sont : 32 adresses et 1 200 ports au plus. Sans passage écrit
dans le profil, rien n'est permis. Un service déclaré exprès pour Internet, ou pour ce Wi-Fi, est accepté. Un refus
envoyé sous l'adresse de la machine visée laisse un doute : elle a été jointe, ou le pare-feu a répondu en son nom.
Les ports 443 et 80 sont aussi demandés à deux adresses de ce réseau que personne n'a. S'ils s'y ouvrent, un portail
ou un relais répond partout : ils ne comptent pas. Cela se fait si l'autorisation couvre de telles adresses. Sinon, un
portail peut passer pour une machine jointe. La gravité 4 est notre jugement.
"""

from cyberaudit.facts.passages import leaves_the_public
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
    "firewall.guest",
    needs=FlowReach,
    about="flow",
    concerns=leaves_the_public,
    seen_from="inside",
    impact=4,
    likelihood=3,
    measure="separate-networks",
    sources=("H 20", "H 19", "MAC 36", "CNIL 8.4"),
)
def the_public_reaches_nothing_of_the_town(flow: FlowReach, ctx: Context) -> Verdict:
    found = refusals_in_doubt(crossings_of(flow, ctx))
    return judge_passage(
        found,
        ctx,
        when_open=f"Le Wi-Fi du public atteint des machines de la mairie (« {ctx.asset.name} »).",
        when_shut=f"{none_of(found)} n'atteint ce réseau, hors de ce qui est permis (« {ctx.asset.name} »).",
    )
