"""Une deuxième preuve est-elle demandée pour ouvrir les boîtes de courrier ?

## Pourquoi
Une boîte de courrier volée sert à tromper les habitants, les fournisseurs et le trésor public. Un mot de passe se
devine ou se vole ; une deuxième preuve arrête presque toujours le voleur.

## Corriger
1. Activer la double authentification pour toutes les boîtes, en commençant par les élus et les finances.
2. Préférer une application ou une clé à un SMS.
3. Fermer les vieux accès (POP, IMAP) qui se contentent du mot de passe, ou y imposer un mot de passe d'application.

## Limites
C'est une réponse donnée par une personne (« mailbox_mfa » dans le profil) : rien n'est mesuré. Un code envoyé par SMS
compte pour moitié, car l'ANSSI le déconseille. La gravité et la vraisemblance sont notre jugement.
"""

from cyberaudit.sdk import (
    Answer,
    Context,
    Declaration,
    OnDeclaration,
    Verdict,
    check,
    failed,
    partial,
    passed,
)


@check(
    "mail.mailbox-mfa",
    needs=OnDeclaration("mailbox_mfa"),
    about="domain",
    impact=3,
    likelihood=3,
    measure="turn-on-mfa",
    sources=("10M 1", "CD 1", "PA-066 R40-", "PG-078 R1", "PG-078 R8"),
    concerns=lambda asset, _town: asset.sends_mail,
)
def second_proof_opens_the_mailboxes(declared: Declaration, ctx: Context) -> Verdict:
    name = ctx.asset.name
    match declared.answer:
        case Answer.YES if "sms" in declared.value.casefold():
            # ANSSI PG-078 v2.0, R8: no SMS as a second factor
            return partial(f"Les boîtes de {name} reçoivent la deuxième preuve par SMS.", reason="sms")
        case Answer.YES:
            return passed(f"Les boîtes de {name} demandent une deuxième preuve.")
        case Answer.PARTIAL:
            text = f"Une partie seulement des boîtes de {name} demande une deuxième preuve."
            return partial(text, reason="some-mailboxes")
        case _:
            return failed(f"Les boîtes de {name} s'ouvrent avec un mot de passe seul.", reason="answered-no")
