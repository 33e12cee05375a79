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
Le silence, ou le refus d'un appareil du chemin, ne vaut rien sans une adresse témoin qui a répondu sur le même port. Un
pare-feu de l'ordinateur du contrôle, ou de son réseau, peut refuser au nom de la machine visée (RST). Rien ne l'en
distingue : l'essai se fait sans lui. Un accès ouvert est un défaut même s'il est déclaré. Sur un port inhabituel, une
base n'est vue que si elle se présente. Un autre service, reconnu sur un port connu pour une base (page web, SSH), est
jugé avec les services inattendus. Une base qui répond à n'importe qui monte la vraisemblance de 3 à 4. La gravité 4 est
notre jugement : aucun guide officiel ne classe ces accès entre eux. Les règles citées demandent de fermer ce qui ne
sert pas. Le contenu de la base n'est jamais regardé.
"""

from cyberaudit.sdk import (
    Behind,
    Context,
    Danger,
    Facing,
    HostReach,
    HostServices,
    ServiceTrait,
    Sort,
    Unreachable,
    Verdict,
    check,
    judge_exposure,
    of_danger,
    sort_of,
    stranger,
)

BASES = frozenset({"mysql", "postgresql", "mssql", "mongodb", "redis", "memcached", "elasticsearch"})
"""What keeps data for other programs, on whatever port."""


@check(
    "firewall.database",
    needs=(HostReach, HostServices),
    about="host",
    seen_from="outside",
    impact=4,
    likelihood=3,
    measure="close-exposed-services",
    sources=("MSS CONFIG.6", "CNIL 9.1", "H 23"),
)
def databases_do_not_answer_the_internet(facing: Facing, ctx: Context) -> Verdict:
    return judge_exposure(
        facing,
        ctx,
        of_danger(Danger.DATABASE),
        shows=_base,
        when_open=f"« {ctx.asset.name} » laisse tout Internet parler à une base de données.",
        when_shut=f"« {ctx.asset.name} » ne laisse aucune base de données répondre à Internet.",
        likelihood=4 if _serves_anybody(facing) else None,
        spares=stranger,
    )


def _base(behind: Behind) -> bool:
    return behind.protocol in BASES or sort_of(behind) is Sort.DATABASE


def _serves_anybody(facing: Facing) -> bool:
    """A database without authentication: whoever finds it has it."""
    services = facing[1]
    if isinstance(services, Unreachable):
        return False
    own = of_danger(Danger.DATABASE)
    return any(
        ServiceTrait.ANONYMOUS in one.traits
        for one in services.behind
        if _base(one) or (one.port in own and not stranger(one))
    )
