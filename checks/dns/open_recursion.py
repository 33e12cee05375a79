"""Les serveurs de noms de la mairie cherchent-ils des noms pour n'importe qui ?

## Pourquoi
Un serveur de noms qui travaille pour des inconnus sert à attaquer d'autres victimes : une petite question provoque
une grosse réponse, envoyée ailleurs. La ligne de la mairie se bouche, et ses réponses se laissent plus facilement
falsifier.

## Corriger
1. Couper la récursion sur les serveurs qui publient le domaine (« recursion no » chez BIND).
2. Si le même serveur sert aussi de résolveur aux agents, les séparer, ou n'accepter que les adresses de la mairie.
3. Limiter le rythme des réponses (« rate-limit »).
4. Refaire le contrôle depuis l'extérieur.

## Limites
L'essai n'est fait que si l'autorisation signée nomme « dns-recursion » et couvre le serveur : sinon rien n'est dit.
Une seule question est posée, pour le nom d'un autre. La faute est certaine quand la réponse arrive. Le silence vaut
refus s'il dure cinq secondes, deux questions de suite, et que le serveur répond avant et après sur son domaine. Un
serveur qui propose de chercher, puis échoue, reste sans réponse. De même quand rien ne prouve que le serveur répond
lui-même : notre ligne peut intercepter ces questions. Aucun texte officiel français ne parle de ce réglage : c'est
là notre jugement, d'après les normes du DNS (BCP 140).
"""

from cyberaudit.facts.zone import DnsZone, NameServer
from cyberaudit.sdk import (
    Context,
    Evidence,
    Item,
    Status,
    TrialWords,
    Unreachable,
    Verdict,
    check,
    server_key,
    server_name,
    trial_verdict,
    unless_third_partys,
    untried,
)

WORDS = TrialWords(
    opened="Un serveur de noms de {} cherche des noms pour n'importe qui.",
    reason="recursion-open",
    reference=Evidence("norme", "RFC 5358 (BCP 140) §4"),
    closed="Les serveurs de noms de {} ne travaillent pas pour des inconnus.",
)


@check(
    "dns.open-recursion",
    needs=DnsZone,
    about="domain",
    seen_from="outside",
    impact=3,
    likelihood=3,
    measure="close-name-servers",
)
def no_recursion_for_strangers(zone: DnsZone, ctx: Context) -> Verdict:
    return unless_third_partys(trial_verdict(zone, ctx, _item, WORDS), ctx, test="dns-recursion")


def _item(server: NameServer, zone: DnsZone) -> Item:
    key, who = server_key(server), server_name(server)
    nothing = untried(server, server.recursion, zone)
    if nothing is not None:
        return nothing
    match server.recursion:
        case True:
            text = f"{who} a cherché pour nous un nom qui n'est pas le sien."
            return Item(key, Status.FAIL, "ns.recursion_open", text)
        case False:
            return Item(key, Status.PASS, "", f"{who} ne cherche rien pour les inconnus.")
        case Unreachable() as cause:
            return Item(key, Status.UNKNOWN, cause.reason, f"{who} : {cause.reason.french}.")
