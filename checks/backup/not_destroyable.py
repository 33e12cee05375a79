"""Celui qui prend la main sur cette machine pourrait-il effacer les sauvegardes ?

## Pourquoi
Un rançongiciel commence par chercher les sauvegardes et les effacer. Celles que la machine attaquée peut écrire
disparaissent avec elle.

## Corriger
1. Faire chercher les copies par le serveur de sauvegarde, plutôt que de laisser chaque machine les écrire.
2. Sinon, donner à la machine le seul droit d'ajouter : « rest-server --append-only »,
   « borg serve --append-only » dans le fichier des clés SSH, compte S3 sans droit d'effacer.
3. Activer le verrou du dépôt : « Object Lock » en mode « compliance », dossiers WORM ou instantanés protégés du NAS,
   dépôt immuable de Veeam.
4. Prendre pour les sauvegardes un compte à part, hors de l'annuaire, avec une double authentification.
5. Garder en plus une copie débranchée.

## Limites
Rien n'est écrit pour essayer : les droits et le montage sont lus. Les instantanés d'un NAS, et les droits d'un autre
compte, ne se voient pas d'ici. Sur un disque de la machine du contrôle, l'administrateur peut toujours tout effacer. Ce
n'est pas un défaut de plus : la question reste sans réponse, et c'est la copie débranchée qui compte (backup.offline).
Un verrou y compte pour moitié quand la mairie le déclare. Un compte ordinaire qui peut y écrire est un défaut, sauf si
la mairie déclare un compte à part. Un disque ou une bande hors ligne n'est pas jugé ici. Une protection déclarée que
rien ne montre compte comme déclarée ; démentie par ce qui est vu, elle est un défaut. La gravité et la vraisemblance
sont notre jugement.
"""

from cyberaudit.sdk import (
    DECLARED,
    FAR_PLACES,
    NOT_VERIFIABLE,
    SEEN,
    UNPLUGGED,
    Answer,
    BackupStore,
    Context,
    Evidence,
    Item,
    OnDeclaration,
    Status,
    StoreContents,
    Unreachable,
    Verdict,
    check,
    contents_of,
    failed,
    not_applicable,
    on_another_machine,
    partial,
    passed,
    protection_words,
    said_of,
    unknown,
    without_copies,
)

LOCAL = "« {} » est sur un disque de cette machine : son administrateur peut tout y effacer."


@check(
    "backup.not-destroyable",
    needs=(BackupStore, OnDeclaration("immutable")),
    about="backup",
    seen_from="local",
    impact=4,
    likelihood=3,
    measure="protect-backups",
    sources=("SAUVEGARDE", "RANCONGICIELS", "MSS CONTINU.2", "RC 13.3"),
)
def backups_survive_this_machine(store: BackupStore, ctx: Context) -> Verdict:
    if ctx.asset.offline and ctx.asset.media in UNPLUGGED:
        text = f"« {ctx.asset.name} » est hors ligne ({DECLARED}) : c'est la question de la copie débranchée."
        return not_applicable(text)
    contents = contents_of(store, ctx)
    if isinstance(contents, Verdict):
        return contents
    if nothing := without_copies(contents, ctx):
        return nothing
    name, items, evidence = ctx.asset.name, _items(contents, ctx), _evidence(contents)
    if ctx.asset.offline:
        text = f"Le support de « {name} » est branché pour le contrôle, hors d'atteinte ensuite ({DECLARED})."
        return unknown(text, items=items, evidence=evidence)
    if contents.protection.immutable is True:
        return _locked(contents, ctx, items=items, evidence=evidence)
    if _is_denied(contents, ctx):
        text = f"« {name} » passe pour verrouillée, mais son hébergeur ne montre aucun verrou ({SEEN})."
        return failed(text, reason="contradiction", items=items, evidence=evidence)
    if contents.protection.writable_from_here is True:
        return _writable(contents, ctx, items=items, evidence=evidence)
    return _closed_to_us(contents, ctx, items=items, evidence=evidence)


def _locked(
    contents: StoreContents, ctx: Context, *, items: tuple[Item, ...], evidence: tuple[Evidence, ...]
) -> Verdict:
    """A lock of another machine holds; that of a local disk is lifted by whoever administers this one."""
    name = ctx.asset.name
    if contents.protection.filesystem in FAR_PLACES:
        return passed(
            f"Les dernières copies de « {name} » sont verrouillées ({SEEN}).", items=items, evidence=evidence
        )
    text = f"Un verrou protège « {name} » ({SEEN}), mais l'administrateur de cette machine peut le lever."
    return _administered(text, ctx, items=items, evidence=evidence)


def _writable(
    contents: StoreContents, ctx: Context, *, items: tuple[Item, ...], evidence: tuple[Evidence, ...]
) -> Verdict:
    name = ctx.asset.name
    if not _declared_locked(ctx):
        if _is_its_own_machine(contents, ctx):
            return _administered(LOCAL.format(name), ctx, items=items, evidence=evidence)
        text = f"Un intrus sur cette machine pourrait effacer « {name} »."
        return failed(text, reason="writable", items=items, evidence=evidence)
    if isinstance(contents.protection.immutable, Unreachable):
        text = f"Ce compte peut écrire dans « {name} », et la protection déclarée est {NOT_VERIFIABLE}."
        return partial(text, reason="lock-not-seen", items=items, evidence=evidence)
    text = f"« {name} » passe pour protégée, mais un intrus sur cette machine pourrait l'effacer."
    return failed(text, reason="contradiction", items=items, evidence=evidence)


def _is_its_own_machine(contents: StoreContents, ctx: Context) -> bool:
    """The account that keeps the copies, or root, sees its own disk: that it may write there is no news."""
    if on_another_machine(contents) or _not_apart(ctx):
        return False
    apart = said_of(ctx, ctx.asset, "separate_account")
    return contents.protection.looked_as_root or (apart is not None and apart.answer is Answer.YES)


def _not_apart(ctx: Context) -> bool:
    apart = said_of(ctx, ctx.asset, "separate_account")
    return apart is not None and apart.answer is Answer.NO


def _administered(
    text: str, ctx: Context, *, items: tuple[Item, ...], evidence: tuple[Evidence, ...]
) -> Verdict:
    """True of every disk: an accusation would say nothing of this one. A lock declared there is no way out."""
    if _declared_locked(ctx):
        return partial(text, reason="administrator-can", items=items, evidence=evidence)
    return unknown(text, items=items, evidence=evidence)


def _closed_to_us(
    contents: StoreContents, ctx: Context, *, items: tuple[Item, ...], evidence: tuple[Evidence, ...]
) -> Verdict:
    """This account cannot write there: who can?"""
    name, apart = ctx.asset.name, said_of(ctx, ctx.asset, "separate_account")
    if _not_apart(ctx):
        text = f"Le compte qui écrit dans « {name} » sert aussi à autre chose ({DECLARED})."
        return failed(text, reason="same-account", items=items, evidence=evidence)
    if contents.protection.writable_from_here is not False:
        return unknown(f"Rien ne dit qui peut effacer « {name} ».", items=items, evidence=evidence)
    if on_another_machine(contents) and apart and apart.answer is Answer.YES:
        text = f"Ce compte ne peut pas effacer « {name} » ({SEEN}) ; le sien est à part ({DECLARED})."
        return passed(text, items=items, evidence=evidence)
    if on_another_machine(contents) or not contents.protection.filesystem:
        text = f"Ce compte ne peut pas effacer « {name} », mais rien ne dit ce qu'un autre peut faire."
        return unknown(text, items=items, evidence=evidence)
    return _administered(LOCAL.format(name), ctx, items=items, evidence=evidence)


def _is_denied(contents: StoreContents, ctx: Context) -> bool:
    """A far store said, when asked, that it keeps no lock: the word of a person weighs less."""
    seen = contents.protection
    return seen.filesystem in FAR_PLACES and seen.immutable is False and _declared_locked(ctx)


def _declared_locked(ctx: Context) -> bool:
    declared = said_of(ctx, ctx.asset, "immutable")
    return declared is not None and declared.answer is Answer.YES


def _items(contents: StoreContents, ctx: Context) -> tuple[Item, ...]:
    """What was seen and what was said, apart."""
    seen = contents.protection
    apart = said_of(ctx, ctx.asset, "separate_account")
    return (
        _writable_item(seen.writable_from_here),
        _lock_item(seen.immutable),
        _told("separate_account", apart.answer if apart else None),
    )


def _writable_item(writable: object) -> Item:
    if writable is True:
        return Item("writable", Status.PARTIAL, "writable", f"Ce compte peut y écrire et y effacer ({SEEN}).")
    if writable is False:
        return Item("writable", Status.PASS, "", f"Ce compte ne peut rien y écrire ({SEEN}).")
    return Item("writable", Status.UNKNOWN, "not-seen", f"Droit d'écrire : {NOT_VERIFIABLE}.")


def _lock_item(immutable: object) -> Item:
    if immutable is True:
        return Item("immutable", Status.PASS, "", f"Verrou contre l'effacement ({SEEN}).")
    if immutable is False:
        return Item("immutable", Status.PARTIAL, "no-lock", f"Aucun verrou contre l'effacement ({SEEN}).")
    return Item("immutable", Status.UNKNOWN, "not-seen", f"Verrou contre l'effacement : {NOT_VERIFIABLE}.")


def _told(key: str, answer: Answer | None) -> Item:
    match answer:
        case Answer.YES:
            return Item(key, Status.PASS, "", f"Un compte à part pour les sauvegardes ({DECLARED}).")
        case Answer.NO | Answer.PARTIAL:
            return Item(key, Status.PARTIAL, "same-account", f"Pas de compte vraiment à part ({DECLARED}).")
        case _:
            return Item(key, Status.UNKNOWN, "not-declared", "Compte des sauvegardes : non déclaré.")


def _evidence(contents: StoreContents) -> tuple[Evidence, ...]:
    seen = contents.protection
    who = "root" if seen.looked_as_root else "un compte ordinaire"
    told = f"{seen.filesystem or 'système de fichiers non vu'}, regardé par {who}"
    return (Evidence("emplacement", " ; ".join(filter(None, (told, protection_words(seen))))),)
