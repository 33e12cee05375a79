"""Est-il écrit qui prévient la CNIL si des données d'habitants sont perdues ou volées ?

## Pourquoi
La loi donne 72 heures pour prévenir la CNIL (RGPD, article 33). Elles partent du moment où la mairie sait que des
données personnelles sont touchées. Un autre délai de 72 heures existe pour la plainte, si la mairie est assurée.
Il part du moment où elle connaît l'attaque (loi du 24 janvier 2023).

## Corriger
1. Écrire qui décide, qui remplit la déclaration en ligne de la CNIL et qui le remplace.
2. Noter l'heure où la mairie apprend l'incident : c'est elle qui compte.
3. Prévenir la CNIL avant 72 heures, même si tout n'est pas encore connu, puis compléter.
4. Si la mairie est assurée, déposer plainte avant 72 heures et prévenir l'assureur.
5. Prévenir les personnes quand le risque est élevé pour elles (RGPD, article 34).
6. Noter chaque incident dans un registre, même celui que la CNIL n'a pas à connaître.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. La gravité 3 et la
vraisemblance 3 sont notre jugement. La CNIL n'a pas à être prévenue quand un risque pour les personnes est peu
probable : le délégué en juge.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.breach-procedure",
    needs=OnDeclaration,
    about="practice",
    impact=3,
    likelihood=3,
    measure="prepare-breach-notice",
    sources=("RGPD 33", "CNIL-NOTIFIER", "CNIL-VIOLATIONS", "CNIL 19"),
)
def a_leak_is_told_in_time(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="Il est écrit qui prévient la CNIL avant 72 heures.",
        partly="Quelqu'un connaît le délai de 72 heures, mais rien n'est écrit.",
        partly_reason="not-written",
        no="Rien d'écrit ne dit qui prévient la CNIL si des données sont perdues ou volées.",
    )
