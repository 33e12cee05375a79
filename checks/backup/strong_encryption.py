"""Le chiffrement des sauvegardes résisterait-il à un voleur patient ?

## Pourquoi
Un chiffrement ancien, ou un mot de passe essayé des millions de fois par seconde, cède en quelques heures. Le voleur
d'un disque a tout son temps.

## Corriger
1. Remplacer ZipCrypto et 3DES par AES-256 : « 7z a -t7z -mhe=on -p » chiffre aussi les noms des fichiers.
2. Avec gpg, ajouter « --cipher-algo AES256 --s2k-mode 3 --s2k-count 65011712 ».
3. Avec LUKS, passer à LUKS2 et Argon2id : « cryptsetup convert », puis « cryptsetup luksConvertKey --pbkdf argon2id ».
4. Choisir un mot de passe de cinq mots ou plus tirés au hasard, qui ne sert nulle part ailleurs.
5. Refaire une copie complète avec le nouveau réglage, puis effacer les anciennes.

## Limites
Ne sont jugés que les réglages écrits dans les copies : la longueur du mot de passe ne s'y voit pas. Un dépôt ouvert
par un mot de passe vide n'est pas jugé ici : c'est un défaut de la question précédente. Quand le format
n'écrit pas son réglage, ou n'est reconnu qu'à son nom, la question reste sans réponse. Les seuils sont ceux de
l'OWASP, cités avec chaque format ; le poids de chaque faiblesse est notre jugement. La vraisemblance passe de 2 à 3
quand les copies sont ailleurs, en ligne ou sur un support que l'on emporte.
"""

from collections.abc import Iterable, Iterator

from cyberaudit.sdk import (
    LOOSE,
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
    Verdict,
    Weakness,
    check,
    contents_of,
    failed,
    job_name,
    leaves_the_building,
    merged,
    not_applicable,
    partial,
    passed,
    repository_of,
    store_name,
    told_apart,
    unknown,
)

WORDS = {
    Weakness.WEAK_CIPHER: (Status.FAIL, "un chiffrement que l'on sait casser"),
    Weakness.FAST_KDF: (Status.PARTIAL, "un mot de passe que l'on peut essayer très vite"),
    Weakness.NO_INTEGRITY: (Status.PARTIAL, "rien ne montrerait que la copie a été modifiée"),
    Weakness.NAMES_VISIBLE: (Status.PARTIAL, "les noms des fichiers se lisent"),
    Weakness.UNTOLD: (Status.UNKNOWN, "le format n'écrit pas son réglage"),
}
"""The worst first."""
SEALED = frozenset({Encrypted.YES, Encrypted.WEAK, Encrypted.PARTIAL})
SHOWN = 10


@check(
    "backup.strong-encryption",
    needs=BackupStore,
    about="backup",
    seen_from="local",
    impact=3,
    likelihood=2,
    measure="encrypt-backups",
    sources=("CNIL-17", "PG-083", "SAUVEGARDE"),
)
def encryption_resists(store: BackupStore, ctx: Context) -> Verdict:
    contents = contents_of(store, ctx)
    if isinstance(contents, Verdict):
        return contents
    sealed = [each for each in _every(contents) if each.encrypted in SEALED]
    if not sealed:
        return _nothing_sealed(contents, ctx)
    items, evidence = _items(sealed, contents), _evidence(sealed, contents)
    found = {weakness for _, weakness in _all_weak(sealed)}
    worst = next((weakness for weakness in WORDS if weakness in found), None)
    if worst and worst is not Weakness.UNTOLD:
        return _open(worst, ctx, items=items, evidence=evidence)
    if worst or not _is_whole(contents, sealed):
        text = f"Rien ne dit si le chiffrement de toutes les copies de « {ctx.asset.name} » est solide."
        return unknown(text, items=items, evidence=evidence)
    return passed(
        f"Le chiffrement de « {ctx.asset.name} » est solide d'après ses réglages.", evidence=evidence
    )


def _every(contents: StoreContents) -> list[Store | Copy]:
    """All but what an empty password opens: that is a question of its own (backup.encrypted)."""
    stores = [store for store in contents.stores if store.empty_password is not True]
    return [*stores, *(copy for copy in contents.copies if not _is_opened(copy, contents))]


def _is_opened(copy: Copy, contents: StoreContents) -> bool:
    store = repository_of(copy, contents)
    return store is not None and store.empty_password is True


def _items(sealed: Iterable[Store | Copy], contents: StoreContents) -> tuple[Item, ...]:
    """One for each weakness of each repository or job, the worst first; a folder of copies goes by its jobs."""
    found = {
        (weakness, _label(each, contents)): _key(each, contents)
        for each, weakness in _all_weak(sealed)
        if not (isinstance(each, Store) and each.kind in LOOSE and contents.copies)
    }
    worst_first = sorted(found.items(), key=lambda pair: list(WORDS).index(pair[0][0]))
    return tuple(_item(weakness, name, key) for (weakness, name), key in worst_first)[: 2 * SHOWN]


def _nothing_sealed(contents: StoreContents, ctx: Context) -> Verdict:
    """Clear copies are another question; copies of which nothing is told leave this one open."""
    every = _every(contents)
    if contents.copies and not every:
        text = f"« {ctx.asset.name} » s'ouvre avec un mot de passe vide : c'est à corriger d'abord."
        return not_applicable(text)
    if (
        contents.complete
        and all(each.encrypted is Encrypted.NO for each in every)
        and not contents.other_files
    ):
        return not_applicable(f"« {ctx.asset.name} » ne contient aucune copie chiffrée.")
    return unknown(f"Rien ne dit si les copies de « {ctx.asset.name} » sont chiffrées.")


def _all_weak(sealed: Iterable[Store | Copy]) -> Iterator[tuple[Store | Copy, Weakness]]:
    for each in sealed:
        told = each.weaknesses or ((Weakness.WEAK_CIPHER,) if each.encrypted is Encrypted.WEAK else ())
        yield from ((each, weakness) for weakness in told)


def _label(each: Store | Copy, contents: StoreContents) -> str:
    """A repository stands for its copies; the loose archives of a folder go by jobs."""
    return store_name(each) if isinstance(each, Store) else job_name(each, contents)


def _key(each: Store | Copy, contents: StoreContents) -> str:
    """The same each day: a place or a job, never the name of one copy."""
    store = each if isinstance(each, Store) else repository_of(each, contents)
    if store is not None:
        return store.place or store.kind
    assert isinstance(each, Copy)
    return f"{each.store}/{each.series}".lstrip("/")


def _item(weakness: Weakness, name: str, key: str) -> Item:
    status, words = WORDS[weakness]
    return Item(f"{key}/{weakness}", status, weakness, f"{name} : {words}.")


def _open(
    worst: Weakness, ctx: Context, *, items: tuple[Item, ...], evidence: tuple[Evidence, ...]
) -> Verdict:
    status, words = WORDS[worst]
    text = f"Le chiffrement de « {ctx.asset.name} » est faible : {words}."
    judge = failed if status is Status.FAIL else partial
    likelihood = 3 if leaves_the_building(ctx.asset) else None
    return judge(text, reason=worst, items=items, evidence=evidence, likelihood=likelihood)


def _is_whole(contents: StoreContents, sealed: list[Store | Copy]) -> bool:
    """All was seen, on bytes, and says by which method it is encrypted."""
    told = all(each.method and each.confidence is not Confidence.NAME for each in sealed)
    silent = any(each.encrypted is Encrypted.UNKNOWN for each in _every(contents))
    return bool(contents.complete and contents.copies and told and not silent)


def _evidence(sealed: list[Store | Copy], contents: StoreContents) -> tuple[Evidence, ...]:
    """Each repository, and each loose copy, with its method and where that is read."""
    lines = (
        Evidence(
            store_name(each) if isinstance(each, Store) else each.name,
            " ; ".join(filter(None, (each.method or "méthode non écrite", each.evidence))),
        )
        for each in told_apart(contents)
        if each in sealed
    )
    return merged(lines)[:SHOWN]
