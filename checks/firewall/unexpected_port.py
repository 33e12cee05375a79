"""Internet ne voit-il que les services que la mairie a voulus ?

## Pourquoi
Chaque service visible d'Internet doit être tenu à jour et surveillé. Celui dont personne ne se souvient ne l'est
pas, et c'est souvent par lui qu'on entre.

## Corriger
1. Pour chaque accès trouvé, chercher avec la mairie à quoi il sert et qui le tient.
2. Fermer au pare-feu ce qui ne sert plus, puis tout bloquer par défaut.
3. Déclarer dans le profil ce qui sert : le port, l'usage et d'où on doit l'atteindre.
4. Relire cette liste une fois par an.

## Limites
Le silence, ou le refus d'un appareil du chemin, ne vaut rien sans une adresse témoin qui a répondu sur le même
port. Un pare-feu de l'ordinateur du contrôle, ou de son réseau, peut refuser au nom de la machine visée (RST) :
rien ne l'en distingue, l'essai se fait sans lui. Seuls les ports les plus courants sont essayés, en TCP. Les prises
de main, partages, administrations, services sans chiffrement et bases de données ont leurs propres questions. La
gravité 2 est notre jugement.
"""

from cyberaudit.sdk import (
    Context,
    Danger,
    Host,
    HostReach,
    Verdict,
    administers,
    check,
    doors_of,
    for_everyone,
    judge_doors,
    no_address,
    of_danger,
)

OWNED = frozenset[str]().union(*(of_danger(danger) for danger in Danger if danger is not Danger.OTHER))
"""Ports that have a question of their own."""


@check(
    "firewall.unexpected-port",
    needs=HostReach,
    about="host",
    seen_from="outside",
    impact=2,
    likelihood=3,
    measure="review-open-ports",
    sources=("PA-066 R2", "RC 7.B.3", "MSS FILTRE.1", "CNIL 8.1", "13Q 6"),
)
def only_declared_services_answer(reach: HostReach, ctx: Context) -> Verdict:
    if not reach.addresses:
        return no_address(ctx)
    explained = OWNED | _explained(ctx.asset)
    return judge_doors(
        tuple(door for door in doors_of(reach, ctx) if door.port not in explained),
        when_open=f"« {ctx.asset.name} » montre à Internet un service que le profil n'explique pas.",
        when_shut=f"« {ctx.asset.name} » ne montre à Internet aucun autre service.",
    )


def _explained(host: Host) -> set[str]:
    """Meant for everybody, or administration, which `firewall.admin-page` judges."""
    return {service.port for service in host.services if for_everyone(service) or administers(service)}
