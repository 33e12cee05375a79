"""Les dernières sauvegardes sont-elles en bon état ?

## Pourquoi
Une copie vide, coupée ou abîmée donne une fausse tranquillité : elle est là, elle est récente, et elle ne rendra
rien. Un rançongiciel peut aussi avoir déjà chiffré les copies.

## Corriger
1. Lire le journal de la sauvegarde du jour de la copie en défaut : disque plein, coupure, arrêt en cours de route.
2. Faire vérifier le dépôt par son propre outil : « restic check --read-data-subset=5% », « borg check », « kopia
   snapshot verify », « duplicity verify », la « vérification d'intégrité » de « Hyper Backup ».
3. Si aucune tâche ne tourne, enlever le verrou oublié : « restic unlock », « borg break-lock ».
4. Refaire une copie complète, puis restaurer un dossier d'essai.
5. Devant une trace de rançongiciel : débrancher le support, ne rien effacer, et appeler le prestataire et 17Cyber.

## Limites
La structure des copies est regardée, pas leur contenu : une copie sans défaut visible peut encore refuser de
s'ouvrir, seule une restauration le prouve. Les dernières copies sont lues jusqu'au bout quand leur taille le permet ;
l'option --deep relit tout. Une copie dont la fin n'a pas été vue, ou reconnue à son seul nom, reste sans réponse. Une
vérification de plus de six mois compte pour moitié : ce délai est notre jugement. La vraisemblance passe à 4 devant
une trace de rançongiciel.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from cyberaudit.sdk import (
    END_NOT_SEEN,
    BackupStore,
    Confidence,
    Context,
    Copy,
    Evidence,
    Item,
    Status,
    Store,
    StoreContents,
    Trouble,
    Verdict,
    Verification,
    check,
    contents_of,
    failed,
    fault_code,
    fault_told,
    fault_words,
    french,
    is_future,
    last_copies,
    moment_words,
    partial,
    passed,
    store_name,
    trouble_evidence,
    trouble_items,
    unknown,
    without_copies,
)

RANSOM = {
    Trouble.RANSOM_NOTE: (Status.FAIL, "Une demande de rançon se trouve parmi les copies"),
    Trouble.MASS_RENAMED: (Status.FAIL, "Beaucoup de fichiers ont reçu d'un coup la même fin de nom étrange"),
    Trouble.LOST_MAGIC: (Status.FAIL, "Des fichiers n'ont plus le contenu que leur nom annonce"),
}
TROUBLES = RANSOM | {
    Trouble.DAMAGED: (Status.FAIL, "Un fichier du dépôt est abîmé"),
    Trouble.VERIFICATION_FAILED: (Status.FAIL, "La vérification faite par l'outil a échoué"),
    Trouble.MISSING_PART: (Status.PARTIAL, "Il manque un fichier au dépôt"),
    Trouble.MISSING_VOLUME: (Status.PARTIAL, "Il manque un volume à une copie"),
    Trouble.BROKEN_CHAIN: (Status.PARTIAL, "Une copie incrémentale n'a plus celles dont elle dépend"),
    Trouble.ABORTED_RUN: (Status.PARTIAL, "Une sauvegarde s'est arrêtée en cours de route"),
    Trouble.STALE_LOCK: (Status.PARTIAL, "Un verrou oublié peut bloquer les prochaines sauvegardes"),
    Trouble.EMPTY_FILES: (Status.PARTIAL, "Beaucoup de fichiers sont vides"),
    Trouble.FUTURE_DATES: (Status.PARTIAL, "Des fichiers sont datés de l'avenir"),
    Trouble.UNREADABLE: (Status.UNKNOWN, "Une partie n'a pas pu être lue avec ce compte"),
}
_TEXTS = {
    "ransomware": "« {} » porte des traces de rançongiciel.",
    "only-faulty": "Une tâche de « {} » n'a plus aucune copie en bon état.",
    "damaged": "Le dépôt de « {} » est abîmé.",
    "verification-failed": "La vérification de « {} » a échoué.",
    "last-faulty": "La dernière copie de « {} » est en défaut ; une plus ancienne semble bonne.",
    "incomplete": "Il manque des morceaux à des copies de « {} ».",
    "aborted-run": "Une sauvegarde de « {} » s'est arrêtée en cours de route.",
    "stale-lock": "Un verrou oublié peut bloquer les prochaines sauvegardes de « {} ».",
    "older-faulty": "Des copies plus anciennes de « {} » sont en défaut.",
    "strange-files": "Des fichiers de « {} » sont vides ou datés de l'avenir.",
    "verification-old": "La dernière vérification de « {} » est trop ancienne.",
}
"""Each reason of the verdict with its sentence, the worst first."""
_REASONS: dict[str, str] = {
    **dict.fromkeys(RANSOM, "ransomware"),
    Trouble.DAMAGED: "damaged",
    Trouble.VERIFICATION_FAILED: "verification-failed",
    Trouble.MISSING_PART: "incomplete",
    Trouble.MISSING_VOLUME: "incomplete",
    Trouble.BROKEN_CHAIN: "incomplete",
    Trouble.ABORTED_RUN: "aborted-run",
    Trouble.STALE_LOCK: "stale-lock",
    Trouble.EMPTY_FILES: "strange-files",
    Trouble.FUTURE_DATES: "strange-files",
}
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Settings:
    # Ours: borgmatic verifies each month by default; after six months nobody does.
    verified_days: int = 180


@dataclass(frozen=True, slots=True)
class Found:
    """One thing seen, and what it says of the whole; no reason for what is only unknown."""

    reason: str
    item: Item


@check(
    "backup.good",
    needs=BackupStore,
    about="backup",
    seen_from="local",
    impact=4,
    likelihood=3,
    measure="back-up-regularly",
    sources=("CM-SAUVEGARDES 8", "CM-SAUVEGARDES 9", "H 37", "CNIL-17", "SAUVEGARDE"),
    settings=Settings,
)
def last_backups_look_sound(store: BackupStore, ctx: Context) -> Verdict:
    contents = contents_of(store, ctx)
    if isinstance(contents, Verdict):
        return contents
    found = (*_troubles(contents), *_copies(contents), *_verifications(contents, ctx))
    items, evidence = tuple(each.item for each in found), _evidence(contents, ctx)
    if any(each.item.status.is_open for each in found):
        return _open(found, ctx, items=items, evidence=evidence)
    if nothing := without_copies(contents, ctx):
        return nothing
    if items or not contents.complete or not contents.good:
        text = f"Rien ne prouve que les dernières copies de « {ctx.asset.name} » sont en bon état."
        return unknown(text, items=items, evidence=evidence)
    return passed(
        f"Les dernières copies de « {ctx.asset.name} » n'ont aucun défaut visible.", evidence=evidence
    )


def _open(
    found: tuple[Found, ...], ctx: Context, *, items: tuple[Item, ...], evidence: tuple[Evidence, ...]
) -> Verdict:
    failing = {each.reason for each in found if each.item.status is Status.FAIL}
    wrong = failing or {each.reason for each in found if each.item.status is Status.PARTIAL}
    reason = next(each for each in _TEXTS if each in wrong)
    text = _TEXTS[reason].format(ctx.asset.name)
    if not failing:
        return partial(text, reason=reason, items=items, evidence=evidence)
    likelihood = 4 if reason == "ransomware" else None
    return failed(text, reason=reason, items=items, evidence=evidence, likelihood=likelihood)


def _troubles(contents: StoreContents) -> Iterator[Found]:
    for item in trouble_items(contents, TROUBLES):
        yield Found(_REASONS.get(item.reason, ""), item)


def _copies(contents: StoreContents) -> Iterator[Found]:
    """The newest copy of each job, then the older ones that are bad."""
    last = last_copies(contents)
    sound = {(copy.store, copy.series) for copy in contents.not_bad}
    for copy in last:
        if copy.fault == END_NOT_SEEN or (not copy.fault and copy.confidence is Confidence.NAME):
            yield Found("", _item(copy, Status.UNKNOWN))
        elif copy.fault and (copy.store, copy.series) in sound:
            yield Found("last-faulty", _item(copy, Status.PARTIAL))
        elif copy.fault:
            yield Found("only-faulty", _item(copy, Status.FAIL))
    bad = [copy for copy in contents.copies if copy.fault not in ("", END_NOT_SEEN) and copy not in last]
    for copy in bad[:SHOWN]:
        yield Found("older-faulty", _item(copy, Status.PARTIAL))


def _item(copy: Copy, status: Status) -> Item:
    if not copy.fault:
        return Item(copy.name, status, "name-only", f"{copy.name} n'est reconnue qu'à son nom.")
    return Item(copy.name, status, fault_code(copy), fault_told(copy))


def _verifications(contents: StoreContents, ctx: Context) -> Iterator[Found]:
    """What the tools wrote down of their own verifications; nothing when they write none."""
    longest = timedelta(days=ctx.settings.verified_days)
    for store in contents.stores:
        done = store.verified
        if not isinstance(done, Verification):
            continue
        day, key = french.day(ctx.local(done.done_at)), f"verified/{store.place}"
        if not done.good:
            text = f"La vérification du {day} a trouvé des erreurs."
            yield Found("verification-failed", Item(key, Status.FAIL, "verification-failed", text))
        elif is_future(done.done_at, ctx):
            yield Found("", Item(key, Status.UNKNOWN, "undecided", "La vérification est datée de l'avenir."))
        elif ctx.now - done.done_at > longest:
            text = f"La dernière vérification date du {day}."
            yield Found("verification-old", Item(key, Status.PARTIAL, "verification-old", text))


def _evidence(contents: StoreContents, ctx: Context) -> tuple[Evidence, ...]:
    troubles = trouble_evidence(contents, TROUBLES)
    copies = tuple(Evidence(copy.name, _seen_of(copy, ctx)) for copy in last_copies(contents))
    stores = tuple(_verified(store) for store in contents.stores if isinstance(store.verified, Verification))
    return (*troubles[:SHOWN], *copies[:SHOWN], *stores[:SHOWN])


def _seen_of(copy: Copy, ctx: Context) -> str:
    state = fault_words(copy) if copy.fault else "aucun défaut vu"
    return f"{moment_words(copy.written_at, ctx)} ; {state} ; {copy.evidence}"


def _verified(store: Store) -> Evidence:
    assert isinstance(store.verified, Verification)
    return Evidence(f"vérification, {store_name(store)}", store.verified.evidence)
