"""Les bases de données sont-elles hors de portée d'Internet ?

## Pourquoi
Une base de données contient l'état civil, les factures ou les listes d'enfants. Elle ne doit répondre qu'aux
logiciels de la mairie : visible d'Internet, elle peut être copiée ou effacée d'un coup.

## Corriger
1. Fermer au pare-feu l'accès aux bases depuis Internet, en IPv4 comme en IPv6.
2. Faire écouter la base sur la machine elle-même ou sur le réseau interne seulement.
3. Pour un éditeur qui intervient à distance, passer par l'accès à distance (VPN), à la demande.
4. Vérifier que la base demande un mot de passe, et relire ses journaux.

## Limites
Le silence, ou le refus d'un appareil du chemin, ne vaut rien sans une adresse témoin qui a répondu sur le même
port. Un pare-feu de l'ordinateur du contrôle, ou de son réseau, peut refuser au nom de la machine visée (RST) :
rien ne l'en distingue, l'essai se fait sans lui. Un accès ouvert est un défaut même s'il est déclaré. La gravité 4
est notre jugement : aucun guide officiel ne classe ces accès entre eux. Le contenu de la base n'est jamais regardé.
"""

from cyberaudit.sdk import (
    Context,
    Danger,
    HostReach,
    Verdict,
    check,
    doors_of,
    judge_doors,
    no_address,
    of_danger,
)


@check(
    "firewall.database",
    needs=HostReach,
    about="host",
    seen_from="outside",
    impact=4,
    likelihood=3,
    measure="close-exposed-services",
    sources=("MSS CONFIG.6", "CNIL 9.1", "H 23"),
)
def databases_do_not_answer_the_internet(reach: HostReach, ctx: Context) -> Verdict:
    if not reach.addresses:
        return no_address(ctx)
    return judge_doors(
        doors_of(reach, ctx, of_danger(Danger.DATABASE)),
        when_open=f"« {ctx.asset.name} » laisse tout Internet parler à une base de données.",
        when_shut=f"« {ctx.asset.name} » ne laisse aucune base de données répondre à Internet.",
    )
