"""Les copies sont-elles fermées aux autres comptes de la machine ?

## Pourquoi
Une sauvegarde que tout compte peut lire livre les dossiers de la mairie au premier stagiaire. Une sauvegarde que tout
compte peut écrire s'efface d'un geste, ou d'un logiciel malveillant sans droit particulier.

## Corriger
1. Donner le dossier au seul compte des sauvegardes : « chown -R sauvegarde: dossier ».
2. Fermer le reste : « chmod -R go-rwx dossier » ; sur un NAS, retirer « Tout le monde » des droits du partage.
3. Régler le logiciel pour que les prochaines copies naissent fermées : « umask 077 » dans sa tâche.

## Limites
Les droits vus ici sont ceux que le système montre. Pour un partage SMB ou un disque sans droits (FAT, exFAT, NTFS), ce
sont ceux du montage. Ils peuvent montrer un défaut, jamais prouver que tout est fermé. Les droits du serveur lui-même,
d'un NAS ou d'un hébergeur ne se voient pas d'ici. Des copies que tous peuvent prendre, mais toutes chiffrées, ne sont
pas un défaut. Si rien ne dit qu'elles le sont, cela compte pour moitié : c'est notre jugement.
"""

from collections.abc import Iterator

from cyberaudit.sdk import (
    BackupStore,
    Confidence,
    Context,
    Copy,
    Encrypted,
    Evidence,
    Item,
    Status,
    Store,
    StoreContents,
    Trouble,
    Unreachable,
    Verdict,
    check,
    contents_of,
    failed,
    french,
    partial,
    passed,
    rights_are_real,
    unknown,
    without_copies,
)

# POSIX permission bits of the others: write
OTHERS_WRITE = 0o002
READABLE = frozenset({Encrypted.NO, Encrypted.PARTIAL, Encrypted.WEAK})
KEYS = (Trouble.SECRET_BESIDE, Trouble.CLEAR_BESIDE)
"""What makes a readable copy of an encrypted one."""


@check(
    "backup.permissions",
    needs=BackupStore,
    about="backup",
    seen_from="local",
    impact=3,
    likelihood=2,
    measure="protect-backups",
    sources=("H 37", "SAUVEGARDE", "CNIL-17"),
)
def copies_are_closed_to_other_accounts(store: BackupStore, ctx: Context) -> Verdict:
    contents = contents_of(store, ctx)
    if isinstance(contents, Verdict):
        return contents
    name, items, evidence = ctx.asset.name, tuple(_items(contents)), _evidence(contents)
    if any(item.reason == "world-writable" for item in items):
        text = f"N'importe quel compte peut modifier ou effacer des copies de « {name} »."
        return failed(text, reason="world-writable", items=items, evidence=evidence)
    if contents.copies and any(item.reason == "world-readable" for item in items):
        text = f"N'importe quel compte peut lire des copies de « {name} »."
        judge = failed if items[0].status is Status.FAIL else partial
        return judge(text, reason="world-readable", items=items, evidence=evidence)
    if nothing := without_copies(contents, ctx):
        return nothing
    if doubt := _doubt(contents):
        text = f"Les droits de « {name} » ne sont pas connus : {doubt}."
        return unknown(text, items=items, evidence=evidence)
    if items:
        text = f"Les autres comptes ne peuvent ni déchiffrer ni effacer les copies de « {name} »."
        return passed(text, items=items, evidence=evidence)
    return passed(f"Les copies de « {name} » sont fermées aux autres comptes.", evidence=evidence)


def _items(contents: StoreContents) -> Iterator[Item]:
    seen = contents.protection
    if isinstance(seen.mode, int) and seen.mode & OTHERS_WRITE:
        yield Item(
            "folder", Status.FAIL, "world-writable", "Tout compte peut écrire dans le dossier des copies."
        )
    if seen.world_writable > 0:
        many = french.count(seen.world_writable, "fichier ou dossier", "fichiers ou dossiers")
        yield Item("writable", Status.FAIL, "world-writable", f"Tout compte peut écrire dans {many}.")
    if seen.world_readable > 0:
        many = french.count(seen.world_readable, "fichier")
        status, end = _worth(contents)
        reason = "" if status is Status.PASS else "world-readable"
        yield Item("readable", status, reason, f"Tout compte peut copier {many}{end}.")


def _worth(contents: StoreContents) -> tuple[Status, str]:
    """What everybody gets: what they can read, what they cannot, or nobody knows."""
    every: list[Copy | Store] = [*contents.copies, *contents.stores]
    told = {each.encrypted for each in every}
    opened = any(store.empty_password is True for store in contents.stores)
    if told & READABLE or opened or contents.other_files or contents.troubles(*KEYS):
        return Status.FAIL, ""
    guessed = any(each.confidence is Confidence.NAME for each in every)
    if told <= {Encrypted.YES} and contents.complete and not guessed:
        return Status.PASS, " ; les copies sont chiffrées"
    return Status.PARTIAL, " ; rien ne dit si les copies sont chiffrées"


def _doubt(contents: StoreContents) -> str:
    """Why closed rights, as seen from here, prove nothing; empty when they do."""
    seen = contents.protection
    if isinstance(seen.mode, Unreachable):
        return seen.mode.reason.french
    if not seen.filesystem:
        return "le système de fichiers n'est pas connu"
    if not rights_are_real(contents):
        return f"ceux que l'on voit sont ceux du montage ({seen.filesystem})"
    return "" if contents.complete else "tout n'a pas pu être lu"


def _evidence(contents: StoreContents) -> tuple[Evidence, ...]:
    seen = contents.protection
    mode = "non vus" if isinstance(seen.mode, Unreachable) else f"{seen.mode & 0o7777:04o}"
    owner = {True: "le compte du contrôle", False: "un autre compte"}.get(seen.owned_by_us is True, "")
    owner = "non vu" if isinstance(seen.owned_by_us, Unreachable) else owner
    told = f"droits {mode} ; propriétaire : {owner} ; {seen.filesystem or 'système de fichiers non vu'}"
    lines = (Evidence("dossier", told),)
    samples = seen.evidence.partition("modifiables par tous : ")[2]
    return (*lines, Evidence("modifiables par tous", samples)) if samples else lines
