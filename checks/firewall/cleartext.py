"""Les services sans chiffrement sont-ils fermés depuis Internet ?

## Pourquoi
Ces services anciens envoient les mots de passe en clair. Quiconque écoute la ligne peut les lire, puis s'en servir
ailleurs.

## Corriger
1. Fermer au pare-feu depuis Internet : FTP, Telnet, TFTP, POP3 et IMAP sans TLS, LDAP, rsh, PPTP.
2. Les remplacer par leur forme chiffrée : SFTP, SSH, IMAPS, POP3S, LDAPS, un VPN à jour.
3. Changer les mots de passe qui ont servi sur ces services.

## Limites
Le silence, ou le refus d'un appareil du chemin, ne vaut rien sans une adresse témoin qui a répondu sur le même
port. Un pare-feu de l'ordinateur du contrôle, ou de son réseau, peut refuser au nom de la machine visée (RST) :
rien ne l'en distingue, l'essai se fait sans lui. Le contrôle voit une porte ouverte, pas ce qui y passe : un
serveur de courrier peut y imposer le chiffrement. Un service déclaré compte quand même comme un défaut. La gravité
et la vraisemblance 3 sont notre jugement.
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
    "firewall.cleartext",
    needs=HostReach,
    about="host",
    seen_from="outside",
    impact=3,
    likelihood=3,
    measure="close-exposed-services",
    sources=("H 21", "PA-022 R24", "MSS CONFIG.5", "CNIL 9.1"),
)
def no_password_travels_in_clear(reach: HostReach, ctx: Context) -> Verdict:
    if not reach.addresses:
        return no_address(ctx)
    return judge_doors(
        doors_of(reach, ctx, of_danger(Danger.CLEARTEXT)),
        when_open=f"« {ctx.asset.name} » offre à Internet un service ancien, sans chiffrement.",
        when_shut=f"« {ctx.asset.name} » n'offre à Internet aucun service sans chiffrement.",
    )
