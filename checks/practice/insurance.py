"""Connaît-on le numéro d'appel de l'assurance cyber, et le délai pour porter plainte ?

## Pourquoi
L'assureur ne paie que si la plainte est déposée dans les 72 heures (loi du 24 janvier 2023). Elles partent du
moment où la mairie connaît l'attaque. Elles passent vite quand les ordinateurs sont arrêtés.

## Corriger
1. Lire le contrat : ce qui est couvert, la franchise, les protections demandées et le numéro d'appel.
2. Écrire le numéro d'appel et le numéro du contrat sur la liste imprimée des contacts.
3. Y écrire aussi : plainte avant 72 heures, à la gendarmerie, à la police ou auprès du procureur.
4. Ne rien effacer avant la plainte, et garder une copie des traces.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. La gravité 3 et la
vraisemblance 2 sont notre jugement. Ne pas avoir d'assurance cyber est un choix permis : la question est alors
sans objet.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.insurance",
    needs=OnDeclaration,
    about="practice",
    impact=3,
    likelihood=2,
    measure="know-insurance-deadline",
    sources=("13Q 11", "17CYBER"),
)
def the_insured_know_the_deadline(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="Le numéro d'appel et le délai de plainte de 72 heures sont connus.",
        partly="Le numéro d'appel ou le délai de plainte de 72 heures est connu, pas les deux.",
        partly_reason="half-known",
        no="Le numéro d'appel et le délai de plainte de 72 heures ne sont pas connus.",
        none="La mairie n'a pas d'assurance cyber : c'est un choix permis.",
    )
