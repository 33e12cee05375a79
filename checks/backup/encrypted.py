"""Un voleur pourrait-il lire les sauvegardes ?

## Pourquoi
Une sauvegarde contient tout : état civil, paie, courriers. Un disque volé ou un dépôt en ligne mal fermé livre
l'ensemble, sauf si les copies sont chiffrées. Un chiffrement au mot de passe vide ne protège de rien.

## Corriger
1. Activer le chiffrement dans le logiciel de sauvegarde, ou chiffrer chaque archive (AES-256).
2. Un dépôt Borg fait sans chiffrement ne se chiffre pas : en créer un autre (« borg init -e repokey-blake2 »).
3. Si le mot de passe est vide, le changer : « restic key passwd », « borg key change-passphrase » ; puis changer de
   dépôt si quelqu'un a pu copier l'ancien, car son ancienne clé ouvre toujours cette copie-là.
4. Garder le mot de passe hors du dépôt et hors du serveur sauvegardé : une enveloppe au coffre de la mairie.
5. Essayer une restauration avec ce mot de passe, puis effacer les anciennes copies lisibles.

## Limites
La structure des fichiers prouve le chiffrement, pas la force du mot de passe. Seul le mot de passe vide est essayé :
s'il ouvre, c'est un défaut, où que soit la copie. Si la commune refuse cet essai, la question reste sans réponse. Une
copie dont rien ne prouve le chiffrement reste aussi sans réponse : un fichier compressé ressemble à un fichier chiffré.
De même pour des fichiers non reconnus à côté des copies. Seules les 200 copies les plus récentes sont jugées. La
vraisemblance passe de 2 à 3 quand les copies sont ailleurs, en ligne ou sur un support que l'on emporte. La gravité et
la vraisemblance sont notre jugement.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from cyberaudit.sdk import (
    RANSOMED,
    SEEN,
    BackupStore,
    Confidence,
    Context,
    Copy,
    Encrypted,
    Evidence,
    Item,
    Reason,
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
    job_name,
    last_batch,
    leaves_the_building,
    merged,
    not_applicable,
    partial,
    passed,
    store_name,
    told_apart,
    trouble_evidence,
    trouble_items,
    unknown,
)

READABLE = {
    Encrypted.NO: "lisible sans clé",
    Encrypted.PARTIAL: "en partie lisible sans clé",
    Encrypted.WEAK: "chiffrée trop faiblement",
}
SEVERAL = {
    Encrypted.NO: "lisibles sans clé",
    Encrypted.PARTIAL: "en partie lisibles sans clé",
    Encrypted.WEAK: "chiffrées trop faiblement",
}
BESIDE = {Trouble.CLEAR_BESIDE: (Status.PARTIAL, "Des fichiers lisibles sont parmi les fichiers chiffrés")}
SHOWN = 10


@check(
    "backup.encrypted",
    needs=BackupStore,
    about="backup",
    seen_from="local",
    impact=3,
    likelihood=2,
    measure="encrypt-backups",
    sources=("CNIL-17", "H 31", "H 18", "SAUVEGARDE", "MSS DONNEES.1"),
)
def backups_cannot_be_read_by_a_thief(store: BackupStore, ctx: Context) -> Verdict:
    contents = contents_of(store, ctx)
    if isinstance(contents, Verdict):
        return contents
    if verdict := _opened(contents, ctx) or _readable(contents, ctx):
        return verdict
    name, evidence = ctx.asset.name, _evidence(contents)
    if not contents.copies and not contents.other_files and contents.complete:
        return not_applicable(f"« {name} » ne contient aucune copie.")
    if doubt := _doubt(contents, ctx):
        return unknown(doubt, evidence=evidence)
    return passed(f"Les copies de « {name} » sont chiffrées.", evidence=evidence)


def _opened(contents: StoreContents, ctx: Context) -> Verdict | None:
    """The worst: it looks encrypted, and anybody opens it."""
    stores = [store for store in contents.stores if store.empty_password is True]
    if not stores:
        return None
    opened = tuple(
        Item(
            store.place or store.kind,
            Status.FAIL,
            "empty-password",
            f"{store_name(store)} s'ouvre avec un mot de passe vide ({SEEN}).",
        )
        for store in stores
    )
    items = (*opened, *_jobs(_readable_copies(contents), contents), *_stores(contents))
    evidence = tuple(
        Evidence(store_name(store), f"mot de passe vide accepté ; {store.evidence}") for store in stores
    )
    text = f"« {ctx.asset.name} » s'ouvre avec un mot de passe vide : ses copies ne sont pas protégées."
    # Somebody wanted it encrypted: wherever it stands, it is not what they believe.
    return failed(text, reason="empty-password", items=items, evidence=evidence, likelihood=_likelihood(ctx))


def _weighed(
    text: str, reason: str, ctx: Context, *, items: tuple[Item, ...], evidence: tuple[Evidence, ...]
) -> Verdict:
    """Everything can be read: it fails when it can be carried away, or when the town asked for encryption."""
    if leaves_the_building(ctx.asset):
        return failed(text, reason=reason, items=items, evidence=evidence, likelihood=3)
    judge = failed if ctx.asset.encryption_required else partial
    return judge(text, reason=reason, items=items, evidence=evidence)


def _readable(contents: StoreContents, ctx: Context) -> Verdict | None:
    """Some copy, or some store, can be read; None when none is known to be."""
    copies = _readable_copies(contents)
    beside = trouble_items(contents, BESIDE)
    items = (*_jobs(copies, contents), *_stores(contents), *beside)
    if not items:
        return None
    own = (Evidence(copy.name, copy.evidence) for copy in copies)
    evidence = (*merged(own)[:SHOWN], *_evidence(contents, copies=False))
    if any(item.status is Status.FAIL for item in _stores(contents)):
        text = f"Un dépôt de « {ctx.asset.name} » est lisible sans clé."
        return _weighed(text, "clear", ctx, items=items, evidence=evidence)
    if copies:
        return _copies(contents, ctx, items=items, evidence=evidence)
    text = f"Une partie de « {ctx.asset.name} » est lisible sans clé."
    judge = failed if leaves_the_building(ctx.asset) else partial
    return judge(text, reason="partly-clear", items=items, evidence=evidence, likelihood=_likelihood(ctx))


def _readable_copies(contents: StoreContents) -> list[Copy]:
    """A damaged or cut copy may be readable all the same: a thief is not particular."""
    return [copy for copy in contents.copies if copy.encrypted in READABLE]


def _copies(
    contents: StoreContents, ctx: Context, *, items: tuple[Item, ...], evidence: tuple[Evidence, ...]
) -> Verdict:
    name, away = ctx.asset.name, leaves_the_building(ctx.asset)
    batch = last_batch(contents.not_bad or contents.copies)
    states = {copy.encrypted for copy in batch}
    likelihood = _likelihood(ctx)
    if not states & READABLE.keys():
        text = f"D'anciennes copies de « {name} » restent lisibles."
        return partial(text, reason="older-readable", items=items, evidence=evidence, likelihood=likelihood)
    if not states <= READABLE.keys():
        text, reason = f"Une partie des dernières copies de « {name} » est lisible.", "partly-clear"
        judge = failed if away else partial
        return judge(text, reason=reason, items=items, evidence=evidence, likelihood=likelihood)
    worst = Encrypted.NO if Encrypted.NO in states else batch[0].encrypted
    text = f"La dernière copie de « {name} » est {READABLE[worst]}."
    reason = {Encrypted.NO: "clear", Encrypted.WEAK: "weak"}.get(worst, "partly-clear")
    if worst is Encrypted.NO:
        return _weighed(text, reason, ctx, items=items, evidence=evidence)
    judge = failed if away else partial
    return judge(text, reason=reason, items=items, evidence=evidence, likelihood=likelihood)


def _likelihood(ctx: Context) -> int | None:
    return 3 if leaves_the_building(ctx.asset) else None


def _doubt(contents: StoreContents, ctx: Context) -> str:
    """Why nothing proves that all of it is encrypted; empty when all is proven."""
    name = ctx.asset.name
    told: list[Copy | Store] = [copy for copy in contents.copies if copy.fault != "empty"]
    told += contents.stores
    guessed = any(each.confidence is Confidence.NAME for each in told)
    silent = any(each.encrypted is Encrypted.UNKNOWN for each in told)
    if not contents.not_bad or silent or guessed or not contents.complete:
        return f"Rien ne prouve que toutes les copies de « {name} » sont chiffrées."
    if contents.troubles(*RANSOMED):
        return f"« {name} » porte des traces de rançongiciel : ce chiffrement n'est peut-être pas le vôtre."
    if contents.other_files:
        many = french.count(contents.other_files, "fichier n'a", "fichiers n'ont")
        return f"À côté des copies chiffrées de « {name} », {many} pas été reconnus : rien ne dit s'ils sont lisibles."
    if any(_untried(store) for store in contents.stores):
        return f"Rien ne dit si un mot de passe vide ouvre « {name} » : il n'a pas été essayé."
    return ""


def _untried(store: Store) -> bool:
    """There was a password to try, and it was not: a format without one says that nothing could be collected."""
    tried = store.empty_password
    return isinstance(tried, Unreachable) and tried.reason is not Reason.NOT_COLLECTED


def _stores(contents: StoreContents) -> Iterator[Item]:
    """The stores that can be read and show no copy of their own that says so."""
    shown = {copy.store for copy in contents.copies if copy.encrypted in READABLE}
    for store in contents.stores:
        if store.encrypted in READABLE and store.place not in shown:
            status = Status.FAIL if store.encrypted is Encrypted.NO else Status.PARTIAL
            yield Item(
                store.place or store.kind,
                status,
                store.encrypted,
                f"{store_name(store)} : {READABLE[store.encrypted]}.",
            )


def _jobs(copies: Iterable[Copy], contents: StoreContents) -> tuple[Item, ...]:
    """One item for each job and state: tomorrow's copy is no other fault."""
    jobs: dict[tuple[str, str, Encrypted], list[Copy]] = defaultdict(list)
    for copy in copies:
        jobs[copy.store, copy.series, copy.encrypted].append(copy)
    return tuple(_item(each, contents) for each in jobs.values())[:SHOWN]


def _item(copies: list[Copy], contents: StoreContents) -> Item:
    copy, many = copies[0], len(copies)
    words = (SEVERAL if many > 1 else READABLE)[copy.encrypted]
    status = Status.FAIL if copy.encrypted is Encrypted.NO else Status.PARTIAL
    key = f"{copy.store}/{copy.series}/{copy.encrypted}".lstrip("/")
    text = f"{job_name(copy, contents)} : {french.count(many, 'copie')} {words}."
    return Item(key, status, copy.encrypted, text)


def _evidence(contents: StoreContents, *, copies: bool = True) -> tuple[Evidence, ...]:
    """Each repository, and each loose copy when `copies`."""
    told = (_line(each) for each in told_apart(contents) if copies or isinstance(each, Store))
    kept = [line for line in told if line.value]
    return (*merged(kept)[:SHOWN], *trouble_evidence(contents, BESIDE))


def _line(each: Store | Copy) -> Evidence:
    return Evidence(store_name(each) if isinstance(each, Store) else each.name, each.evidence)
