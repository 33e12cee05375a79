"""Les services sans chiffrement sont-ils fermés depuis Internet ?

## Pourquoi
Ces services anciens envoient les mots de passe en clair. Quiconque écoute la ligne peut les lire, puis s'en servir
ailleurs.

## Corriger
1. Fermer au pare-feu depuis Internet : FTP, Telnet, TFTP, POP3 et IMAP sans TLS, LDAP, rsh, PPTP.
2. Les remplacer par leur forme chiffrée : SFTP, SSH, IMAPS, POP3S, LDAPS, un VPN à jour.
3. Changer les mots de passe qui ont servi sur ces services.

## Limites
Le silence, ou le refus d'un appareil du chemin, ne vaut rien sans une adresse témoin qui a répondu sur le même port. Un
pare-feu de l'ordinateur du contrôle, ou de son réseau, peut refuser au nom de la machine visée (RST). Rien ne l'en
distingue : l'essai se fait sans lui. Sur un port inhabituel, seuls FTP et Telnet sont vus, s'ils se présentent. Quand
le service propose de chiffrer, le détail le dit ; rien ne montre qu'il l'impose, et le défaut demeure. Un service
déclaré compte aussi comme un défaut. La gravité et la vraisemblance 3 sont notre jugement ; les règles citées demandent
d'abandonner les protocoles sans chiffrement dès qu'il en existe un autre.
"""

from cyberaudit.sdk import (
    Behind,
    Context,
    Danger,
    Facing,
    HostReach,
    HostServices,
    ServiceTrait,
    Verdict,
    check,
    judge_exposure,
    of_danger,
)

PLAIN = frozenset({"ftp", "telnet"})
"""What asks for a password in clear, on whatever port."""


@check(
    "firewall.cleartext",
    needs=(HostReach, HostServices),
    about="host",
    seen_from="outside",
    impact=3,
    likelihood=3,
    measure="close-exposed-services",
    sources=("H 21", "PA-022 R24", "MSS CONFIG.5", "CNIL 9.1"),
)
def no_password_travels_in_clear(facing: Facing, ctx: Context) -> Verdict:
    return judge_exposure(
        facing,
        ctx,
        of_danger(Danger.CLEARTEXT),
        shows=_plain,
        when_open=f"« {ctx.asset.name} » offre à Internet un service ancien, sans chiffrement.",
        when_shut=f"« {ctx.asset.name} » n'offre à Internet aucun service sans chiffrement.",
    )


def _plain(behind: Behind) -> bool:
    return behind.protocol in PLAIN and ServiceTrait.TLS not in behind.traits
