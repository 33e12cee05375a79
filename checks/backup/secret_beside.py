"""Le mot de passe des sauvegardes est-il rangé ailleurs qu'à côté d'elles ?

## Pourquoi
Un coffre dont la clé est posée dessus n'est pas fermé. Le voleur qui emporte le disque emporte aussi le fichier du
mot de passe.

## Corriger
1. Noter le mot de passe ou la clé sur papier, dans une enveloppe fermée, au coffre de la mairie.
2. Retirer le fichier de l'emplacement des copies. Une clé Borg s'exporte d'abord (« borg key export ») ; avec
   « keyfile », elle reste sur le serveur, et son double au coffre.
3. Changer ce mot de passe, ou refaire le dépôt : qui a pu lire le fichier le connaît déjà.
4. Essayer une restauration avec le mot de passe de l'enveloppe.

## Limites
Les clés et les mots de passe sont cherchés à leur nom et à leurs premiers octets. Un mot de passe noté dans un document
ordinaire ne se voit pas, ni celui qui se trouve sur le serveur sauvegardé. La vraisemblance passe de 2 à 3 quand les
copies sont ailleurs, en ligne ou sur un support que l'on emporte. La gravité et la vraisemblance sont notre jugement.
"""

from cyberaudit.sdk import (
    DECLARED,
    SEEN,
    Answer,
    BackupStore,
    Context,
    Item,
    Status,
    Trouble,
    Verdict,
    check,
    contents_of,
    failed,
    leaves_the_building,
    passed,
    said_of,
    trouble_evidence,
    trouble_items,
    unknown,
    without_copies,
)

BESIDE = {Trouble.SECRET_BESIDE: (Status.FAIL, f"Une clé ou un mot de passe est à côté des copies ({SEEN})")}


@check(
    "backup.secret-beside",
    needs=BackupStore,
    about="backup",
    seen_from="local",
    impact=3,
    likelihood=2,
    measure="keep-secrets-apart",
    sources=("SAUVEGARDE", "CNIL-17"),
)
def secret_is_kept_elsewhere(store: BackupStore, ctx: Context) -> Verdict:
    contents = contents_of(store, ctx)
    if isinstance(contents, Verdict):
        return contents
    name, items = ctx.asset.name, trouble_items(contents, BESIDE)
    if items:
        likelihood = 3 if leaves_the_building(ctx.asset) else None
        return failed(
            f"La clé ou le mot de passe de « {name} » est rangé à côté des copies.",
            reason="secret-beside",
            items=(*items, *_contradiction(ctx)),
            evidence=trouble_evidence(contents, BESIDE),
            likelihood=likelihood,
        )
    if nothing := without_copies(contents, ctx):
        return nothing
    if not contents.complete:
        return unknown(f"Tout n'a pas pu être lu dans « {name} » : une clé peut y être rangée.")
    return passed(f"Aucune clé ni aucun mot de passe n'a été vu à côté des copies de « {name} ».")


def _contradiction(ctx: Context) -> tuple[Item, ...]:
    """The town says that the key is kept elsewhere: perhaps it is, and here too."""
    declared = said_of(ctx, ctx.asset, "key_kept")
    if declared is None or declared.answer is not Answer.YES:
        return ()
    text = f"La mairie dit garder la clé ailleurs ({DECLARED}) : elle est aussi ici ({SEEN})."
    return (Item("key_kept", Status.FAIL, "contradiction", text),)
