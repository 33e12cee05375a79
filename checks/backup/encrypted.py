"""Un voleur pourrait-il lire les sauvegardes ?

## Pourquoi
Une sauvegarde contient tout : état civil, paie, courriers. Un disque volé ou un dépôt en ligne mal fermé livre
l'ensemble, sauf si les copies sont chiffrées.

## Corriger
1. Activer le chiffrement dans le logiciel de sauvegarde, ou chiffrer chaque archive (AES-256).
2. Garder le mot de passe hors du dépôt et hors du serveur sauvegardé : une enveloppe au coffre de la mairie.
3. Essayer une restauration avec ce mot de passe, puis effacer les anciennes copies lisibles.

## Limites
La structure des fichiers prouve le chiffrement, pas la force du mot de passe. Une copie dont rien ne prouve le
chiffrement reste sans réponse : un fichier compressé ressemble à un fichier chiffré. Seules les 200 copies les plus
récentes sont ouvertes. La vraisemblance passe de 2 à 3 quand les copies sont ailleurs, en ligne ou sur un support
que l'on emporte.
"""

from datetime import timedelta

from cyberaudit.sdk import (
    Backup,
    BackupStore,
    Context,
    Copy,
    Encrypted,
    Evidence,
    Item,
    Status,
    StoreContents,
    Unreachable,
    Verdict,
    check,
    failed,
    not_applicable,
    partial,
    passed,
    unknown,
)

# ANSSI, Guide d'hygiène, mesure 31: what can be lost or stolen; CNIL, fiche 17: what leaves the building
REMOVABLE = frozenset({"usb-disk", "tape", "cloud"})
READABLE = {
    Encrypted.NO: "lisible sans clé",
    Encrypted.PARTIAL: "en partie lisible sans clé",
    Encrypted.WEAK: "chiffrée trop faiblement",
}
SHOWN = 10
# Ours: what was written within a day of the newest copy belongs to the same backup.
BATCH = timedelta(days=1)


@check(
    "backup.encrypted",
    needs=BackupStore,
    about="backup",
    seen_from="local",
    impact=3,
    likelihood=2,
    measure="encrypt-backups",
    sources=("CNIL-17", "H 31", "SAUVEGARDE"),
)
def backups_cannot_be_read_by_a_thief(store: BackupStore, ctx: Context) -> Verdict:
    name = ctx.asset.name
    if ctx.asset.offline and store.present is not True:
        return unknown(f"« {name} » est débranchée, ce qui est normal : branchez-la pour la contrôler.")
    if isinstance(store.present, Unreachable):
        return unknown(store.present)
    if not store.present:
        return not_applicable(f"Le dossier de « {name} » n'existe pas : il n'y a rien à lire.")
    if isinstance(store.contents, Unreachable):
        return unknown(store.contents)
    contents = store.contents
    if not contents.copies and contents.complete and not contents.other_files:
        return not_applicable(f"« {name} » ne contient aucune copie.")
    return _judge(contents, ctx)


def _judge(contents: StoreContents, ctx: Context) -> Verdict:
    name = ctx.asset.name
    # A damaged or cut copy may be readable all the same: a thief is not particular.
    readable = [copy for copy in contents.copies if copy.encrypted in READABLE]
    items = tuple(_item(copy) for copy in readable[:SHOWN])
    evidence = tuple(Evidence(copy.name, copy.evidence) for copy in (readable or contents.copies)[:SHOWN])
    if readable:
        return _readable(contents, ctx, items, evidence)
    good = contents.not_bad
    silent = any(copy.encrypted is Encrypted.UNKNOWN for copy in good)
    if not good or silent or not contents.complete:
        text = f"Rien ne prouve que toutes les copies de « {name} » sont chiffrées."
        return unknown(text, evidence=evidence)
    return passed(f"Les copies de « {name} » sont chiffrées.", evidence=evidence)


def _readable(
    contents: StoreContents, ctx: Context, items: tuple[Item, ...], evidence: tuple[Evidence, ...]
) -> Verdict:
    """Some copy can be read: worse when it can be carried away, or when the town asked for encryption."""
    name, away = ctx.asset.name, _leaves_the_building(ctx.asset)
    likelihood = 3 if away else None
    copies = contents.not_bad or contents.copies
    newest = copies[0]
    batch = {copy.encrypted for copy in copies if newest.written_at - copy.written_at < BATCH}
    if not batch & READABLE.keys():
        text = f"D'anciennes copies de « {name} » restent lisibles."
        return partial(text, reason="older-readable", items=items, evidence=evidence, likelihood=likelihood)
    if not batch <= READABLE.keys():
        text, reason = f"Une partie des dernières copies de « {name} » est lisible.", "partly-clear"
        judge = failed if away else partial
        return judge(text, reason=reason, items=items, evidence=evidence, likelihood=likelihood)
    worst = Encrypted.NO if Encrypted.NO in batch else newest.encrypted
    text = f"La dernière copie de « {name} » est {READABLE[worst]}."
    reason = {Encrypted.NO: "clear", Encrypted.WEAK: "weak"}.get(worst, "partly-clear")
    if away or (ctx.asset.encryption_required and worst is Encrypted.NO):
        return failed(text, reason=reason, items=items, evidence=evidence, likelihood=likelihood)
    return partial(text, reason=reason, items=items, evidence=evidence)


def _leaves_the_building(asset: Backup) -> bool:
    return asset.place == "off-site" or asset.media in REMOVABLE


def _item(copy: Copy) -> Item:
    status = Status.FAIL if copy.encrypted is Encrypted.NO else Status.PARTIAL
    return Item(copy.name, status, copy.encrypted, f"{copy.name} est {READABLE[copy.encrypted]}.")
