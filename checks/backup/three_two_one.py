"""La mairie garde-t-elle trois copies de ses données, sur deux supports ?

## Pourquoi
Un disque tombe en panne, un autre est volé le même mois. Avec trois copies, celles en service comprises, sur deux
supports différents, il en reste toujours une.

## Corriger
1. Compter les données en service comme une copie, et en ajouter deux.
2. Les garder sur deux supports différents, jamais sur le même disque.
3. Vérifier avec le prestataire sur quel disque chaque dossier se trouve vraiment (« findmnt -T dossier »).

## Limites
Ce que la mairie déclare est marqué « (déclaré) », ce que cyberaudit a vu est marqué « (constaté) ». Deux copies sur le
même disque comptent pour une, et pour un seul support. Si elles sont des mêmes données (« of »), les déclarer comme
deux est un défaut. Deux disques de deux machines qui porteraient le même numéro seraient pris pour un. Une copie
déclarée et absente ne compte pas, sauf si elle est hors ligne. La règle n'est dite suivie que par des copies qui ont
été vues. La copie débranchée et la copie ailleurs, que demandent l'ANSSI et la CNIL, ont chacune leur question. La
gravité et la vraisemblance sont notre jugement.
"""

from collections import defaultdict
from dataclasses import dataclass

from cyberaudit.sdk import (
    DECLARED,
    SEEN,
    Backup,
    BackupStore,
    Context,
    Every,
    Evidence,
    Item,
    Status,
    Unreachable,
    Verdict,
    check,
    declared_words,
    device_of,
    failed,
    french,
    is_gone,
    listed_contents,
    one_place,
    partial,
    passed,
    unknown,
    was_seen,
)

# ANSSI, Sauvegarde des SI, les fondamentaux: 3 copies, the data in use being one, on 2 media
COPIES, MEDIA = 3, 2
Seen = dict[str, BackupStore | Unreachable]


@dataclass(frozen=True, slots=True)
class Counted:
    """One declared store that counts as a copy, and whether it was seen."""

    store: Backup
    device: str
    """Empty when it was not seen."""


@check(
    "backup.three-two-one",
    needs=Every(BackupStore),
    about="town",
    seen_from="local",
    impact=3,
    likelihood=2,
    measure="three-two-one-backups",
    sources=("SAUVEGARDE", "MAC 6", "MSS CONTINU.2"),
)
def three_copies_two_media(
    every: tuple[tuple[Backup, BackupStore | Unreachable], ...], ctx: Context
) -> Verdict:
    declared = [asset for asset in ctx.town.assets if isinstance(asset, Backup)]
    if not declared:
        return failed("La mairie ne déclare aucune sauvegarde.", reason="none-declared")
    seen: Seen = {asset.id: facts for asset, facts in every}
    if not any(was_seen(facts) for facts in seen.values()):
        return unknown("Aucune des sauvegardes déclarées n'a pu être vue d'ici.")
    gone = [asset for asset in declared if is_gone(asset, seen.get(asset.id))]
    kept = [Counted(asset, device_of(seen.get(asset.id))) for asset in declared if asset not in gone]
    items = (*_copies(kept, gone), _media(kept))
    evidence = tuple(_line(asset, seen.get(asset.id)) for asset in declared)
    sure = [copy for copy in kept if _holds_copies(seen.get(copy.store.id))]
    proven = (*_copies(sure, gone), _media(sure))
    if _followed(items) and not _followed(proven):
        text = "La règle est suivie d'après la mairie, mais toutes les copies n'ont pas été vues."
        return unknown(text, items=items, evidence=evidence)
    return _sum_up(items, evidence)


def _followed(items: tuple[Item, ...]) -> bool:
    return all(item.status is Status.PASS for item in items)


def _holds_copies(facts: BackupStore | Unreachable | None) -> bool:
    """Some copy was seen there, and is not known to be bad."""
    contents = listed_contents(facts)
    return contents is not None and bool(contents.not_bad)


def _copies(kept: list[Counted], gone: list[Backup]) -> tuple[Item, ...]:
    """How many copies, and those that share a disk or are missing."""
    shared = _sharing(kept)
    total = 1 + len(kept) - sum(len(stores) - 1 for stores in shared)
    basis = SEEN if all(copy.device for copy in kept) else DECLARED
    counted = f"{french.count(total, 'copie')} sur {COPIES}, données en service comprises"
    status = Status.PASS if total >= COPIES else Status.PARTIAL if total > 1 else Status.FAIL
    found = [Item("copies", status, "" if status is Status.PASS else "too-few", f"{counted} ({basis}).")]
    found += [
        Item(f"copies/{store.id}", Status.FAIL, "gone", f"« {store.name} » n'a pas de bonne copie ({SEEN}).")
        for store in gone
    ]
    for stores in filter(_claims_to_be_two, shared):
        names = french.listed([f"« {copy.store.name} »" for copy in stores])
        key = f"copies/{'+'.join(sorted(copy.store.id for copy in stores))}"
        text = f"{names} sont {one_place(stores[0].device)} ({SEEN})."
        found.append(Item(key, Status.FAIL, "same-device", text))
    return tuple(found)


def _sharing(kept: list[Counted]) -> list[list[Counted]]:
    """The stores seen on one device."""
    by_device: dict[str, list[Counted]] = defaultdict(list)
    for copy in kept:
        if copy.device:
            by_device[copy.device].append(copy)
    return [stores for stores in by_device.values() if len(stores) > 1]


def _claims_to_be_two(stores: list[Counted]) -> bool:
    """Two copies of the same data; the copies of two servers on one NAS claim nothing. Undeclared, it may be."""
    held: set[str] = set()
    for copy in stores:
        if not copy.store.of or held & set(copy.store.of):
            return True
        held |= set(copy.store.of)
    return False


def _media(kept: list[Counted]) -> Item:
    """The data in use stand on a disk of their own: one medium more than those declared; one device is one medium."""
    # Of two stores seen on one device, the one declared as a plain disk tells what it is.
    plain_last = sorted(kept, key=lambda copy: copy.store.media == "disk")
    by_device = {copy.device or copy.store.id: copy.store.media for copy in plain_last}
    told = set(by_device.values()) - {"unknown"}
    if told - {"disk"}:
        return Item(
            "media", Status.PASS, "", f"{french.count(len(told | {'disk'}), 'support')} ({DECLARED})."
        )
    if any(copy.store.media == "unknown" for copy in kept):
        return Item(
            "media", Status.UNKNOWN, "undecided", f"Le support des copies n'est pas dit ({DECLARED})."
        )
    return Item("media", Status.FAIL, "one-medium", f"Un seul support sur {MEDIA} ({DECLARED}).")


def _sum_up(items: tuple[Item, ...], evidence: tuple[Evidence, ...]) -> Verdict:
    if any(item.reason == "same-device" for item in items):
        text = "Des copies déclarées distinctes sont au même endroit : ensemble, elles n'en font qu'une."
        return failed(text, reason="contradiction", items=items, evidence=evidence)
    if any(item.status is Status.FAIL and item.key == "copies" for item in items):
        text = "Aucune copie des données n'a été trouvée."
        return failed(text, reason="no-copy", items=items, evidence=evidence)
    if any(item.status.is_open for item in items):
        text = "Les copies ne suivent pas encore la règle : trois, sur deux supports."
        return partial(text, reason="incomplete", items=items, evidence=evidence)
    if any(item.status is Status.UNKNOWN for item in items):
        return unknown("Le support d'une des copies n'est pas connu.", items=items, evidence=evidence)
    return passed("Trois copies sont gardées, sur deux supports.", items=items, evidence=evidence)


def _line(asset: Backup, facts: BackupStore | Unreachable | None) -> Evidence:
    told = declared_words(asset)
    if not isinstance(facts, BackupStore):
        return Evidence(asset.name, f"{told} ; non vue")
    if facts.present is False:
        return Evidence(asset.name, f"{told} ; absente ({SEEN})")
    device = device_of(facts)
    return Evidence(asset.name, f"{told} ; {f'disque ou adresse {device} ({SEEN})' if device else 'non vue'}")
