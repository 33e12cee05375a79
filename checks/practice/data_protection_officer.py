"""La mairie a-t-elle désigné auprès de la CNIL un délégué à la protection des données ?

## Pourquoi
La loi le demande à toutes les communes, quelle que soit leur taille (RGPD, article 37). Le délégué conseille la
mairie et répond aux habitants. Il peut être partagé entre plusieurs communes.

## Corriger
1. Demander à l'intercommunalité et au centre de gestion s'ils proposent un délégué partagé.
2. Choisir une personne qui ne décide pas elle-même des fichiers : ni le maire, ni le prestataire.
3. La désigner par écrit, puis en ligne auprès de la CNIL.
4. Publier la façon de la joindre, et la donner aux agents.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. La gravité 3 et la
vraisemblance 3 sont notre jugement. Le devoir, lui, vient de la loi. La désignation n'est pas vérifiée ici.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.data-protection-officer",
    needs=OnDeclaration,
    about="practice",
    impact=3,
    likelihood=3,
    measure="name-data-protection-officer",
    sources=("RGPD 37", "CNIL-DPO", "MSS RGPD.1", "IC I"),
)
def an_officer_is_designated(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="Le délégué à la protection des données est désigné auprès de la CNIL.",
        partly="Un délégué est pressenti, mais la CNIL n'en est pas encore informée.",
        partly_reason="not-registered",
        no="La mairie n'a pas désigné de délégué à la protection des données.",
    )
