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
Ne sont jugés que les réglages écrits dans les copies : la longueur du mot de passe ne s'y voit pas. Quand le format
n'écrit pas son réglage, ou n'est reconnu qu'à son nom, la question reste sans réponse. Les seuils sont ceux de
l'OWASP, cités avec chaque format ; le poids de chaque faiblesse est notre jugement. La vraisemblance passe de 2 à 3
quand les copies sont ailleurs, en ligne ou sur un support que l'on emporte.
"""

from collections.abc import Iterable, Iterator

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
    Verdict,
    Weakness,
    check,
    contents_of,
    failed,
    leaves_the_building,
    not_applicable,
    partial,
    passed,
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
    if any(store.empty_password is True for store in contents.stores):
        text = f"« {ctx.asset.name} » s'ouvre avec un mot de passe vide : aucun chiffrement n'y résiste."
        return failed(text, reason="empty-password", evidence=_evidence(_every(contents)))
    sealed = [each for each in _every(contents) if each.encrypted in SEALED]
    if not sealed:
        return _nothing_sealed(contents, ctx)
    found = dict.fromkeys((weakness, _label(each)) for each, weakness in _all_weak(sealed))
    items = tuple(_item(weakness, name) for weakness, name in found)
    evidence = _evidence(sealed)
    worst = next((weakness for weakness in WORDS if any(weakness is each for each, _ in found)), None)
    if worst and worst is not Weakness.UNTOLD:
        return _open(worst, ctx, items=items[: 2 * SHOWN], evidence=evidence)
    if worst or not _is_whole(contents, sealed):
        text = f"Rien ne dit si le chiffrement de toutes les copies de « {ctx.asset.name} » est solide."
        return unknown(text, items=items[: 2 * SHOWN], evidence=evidence)
    return passed(
        f"Le chiffrement de « {ctx.asset.name} » est solide d'après ses réglages.", evidence=evidence
    )


def _every(contents: StoreContents) -> list[Store | Copy]:
    return [*contents.stores, *contents.copies]


def _nothing_sealed(contents: StoreContents, ctx: Context) -> Verdict:
    """Clear copies are another question; copies of which nothing is told leave this one open."""
    every = _every(contents)
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


def _label(each: Store | Copy) -> str:
    """A copy stands for itself only where its store does not: the loose archives of a folder."""
    if isinstance(each, Store):
        return each.place or each.kind
    return each.store or each.name


def _item(weakness: Weakness, name: str) -> Item:
    status, words = WORDS[weakness]
    return Item(f"{name}/{weakness}", status, weakness, f"{name} : {words}.")


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


def _evidence(sealed: list[Store | Copy]) -> tuple[Evidence, ...]:
    lines = dict.fromkeys(
        (_label(each), f"{each.method or 'méthode non écrite'} ; {each.evidence}") for each in sealed
    )
    return tuple(Evidence(label, value) for label, value in lines)[:SHOWN]
