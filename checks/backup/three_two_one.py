"""La mairie garde-t-elle trois copies, sur deux supports, dont une débranchée et une ailleurs ?

## Pourquoi
Un rançongiciel efface aussi les sauvegardes qu'il peut atteindre. Un incendie emporte le serveur et le disque posé
à côté. Seule une copie débranchée, et une copie ailleurs, survivent aux deux.

## Corriger
1. Compter les données en service comme une copie, et en ajouter deux.
2. Les garder sur deux supports différents, jamais sur le même disque.
3. Débrancher l'une d'elles entre deux sauvegardes : disques tournants, bande, ou dépôt qui refuse l'effacement.
4. Garder l'une d'elles dans un autre bâtiment, ou chez un hébergeur.

## Limites
Ce que la mairie déclare est marqué « (déclaré) », ce que cyberaudit a vu est marqué « (constaté) ». Deux copies sur
le même disque comptent pour une, et pour un seul support. Une copie déclarée et absente ne compte pas, sauf si elle
est hors ligne. La règle n'est dite suivie que par des copies qui ont été vues : branchez le disque le temps du
contrôle. Si une copie en ligne, que cyberaudit ne voit pas, est nécessaire, la question reste sans réponse. L'ANSSI
demande une copie hors ligne, la CNIL une copie ailleurs : les deux sont demandées.
"""

from collections import defaultdict
from dataclasses import dataclass

from cyberaudit.sdk import (
    Backup,
    BackupStore,
    Context,
    Every,
    Evidence,
    Item,
    Status,
    StoreContents,
    Unreachable,
    Verdict,
    check,
    failed,
    french,
    partial,
    passed,
    unknown,
)

# ANSSI, Sauvegarde des SI, les fondamentaux: 3 copies, the data in use being one, on 2 media, 1 offline
COPIES, MEDIA = 3, 2
DECLARED, SEEN = "déclaré", "constaté"


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
    impact=4,
    likelihood=3,
    measure="three-two-one-backups",
    sources=("SAUVEGARDE", "10M 2", "MAC 9", "MCP 3", "CNIL-17"),
)
def three_copies_two_media(
    every: tuple[tuple[Backup, BackupStore | Unreachable], ...], ctx: Context
) -> Verdict:
    declared = [asset for asset in ctx.town.assets if isinstance(asset, Backup)]
    if not declared:
        return failed("La mairie ne déclare aucune sauvegarde.", reason="none-declared")
    seen = {asset.id: facts for asset, facts in every}
    if not any(_was_seen(facts) for facts in seen.values()):
        return unknown("Aucune des sauvegardes déclarées n'a pu être vue d'ici.")
    gone = [asset for asset in declared if _is_gone(asset, seen.get(asset.id))]
    kept = [Counted(asset, _device(seen.get(asset.id))) for asset in declared if asset not in gone]
    items = _items(kept, gone)
    evidence = tuple(_line(asset, seen.get(asset.id)) for asset in declared)
    proven = _items([copy for copy in kept if _holds_copies(seen.get(copy.store.id))], gone)
    if _followed(items) and not _followed(proven):
        text = (
            "La règle est suivie d'après ce que la mairie déclare, mais toutes les copies n'ont pas été vues."
        )
        return unknown(text, items=items, evidence=evidence)
    return _sum_up(items, evidence)


def _items(kept: list[Counted], gone: list[Backup]) -> tuple[Item, ...]:
    return (*_copies(kept, gone), _media(kept), _offline(kept), _off_site(kept))


def _followed(items: tuple[Item, ...]) -> bool:
    return all(item.status is Status.PASS for item in items)


def _was_seen(facts: BackupStore | Unreachable) -> bool:
    return isinstance(facts, BackupStore) and not isinstance(facts.present, Unreachable)


def _is_gone(asset: Backup, facts: BackupStore | Unreachable | None) -> bool:
    """Absent, or there and empty; a disk kept offline is absent as it should be."""
    if not isinstance(facts, BackupStore):
        return False
    if facts.present is False:
        return not asset.offline
    contents = facts.contents
    if not isinstance(contents, StoreContents) or not contents.complete:
        return False
    return not contents.not_bad and not contents.other_files


def _holds_copies(facts: BackupStore | Unreachable | None) -> bool:
    """Some copy was seen there, and is not known to be bad."""
    contents = facts.contents if isinstance(facts, BackupStore) else None
    return isinstance(contents, StoreContents) and bool(contents.not_bad)


def _device(facts: BackupStore | Unreachable | None) -> str:
    if isinstance(facts, BackupStore) and isinstance(facts.contents, StoreContents):
        return facts.contents.device
    return ""


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
    for stores in shared:
        names = french.listed([f"« {copy.store.name} »" for copy in stores])
        key = f"copies/{'+'.join(sorted(copy.store.id for copy in stores))}"
        found.append(Item(key, Status.FAIL, "same-device", f"{names} sont sur le même disque ({SEEN})."))
    return tuple(found)


def _sharing(kept: list[Counted]) -> list[list[Counted]]:
    """The stores seen on one device."""
    by_device: dict[str, list[Counted]] = defaultdict(list)
    for copy in kept:
        if copy.device:
            by_device[copy.device].append(copy)
    return [stores for stores in by_device.values() if len(stores) > 1]


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


def _offline(kept: list[Counted]) -> Item:
    stores = [copy for copy in kept if copy.store.offline]
    if not stores:
        return Item(
            "offline", Status.FAIL, "no-offline", f"Aucune copie n'est débranchée du réseau ({DECLARED})."
        )
    text = f"« {stores[0].store.name} » est débranchée entre deux sauvegardes ({DECLARED})."
    return Item("offline", Status.PASS, "", text)


def _off_site(kept: list[Counted]) -> Item:
    stores = [copy for copy in kept if copy.store.place == "off-site"]
    if not stores:
        return Item(
            "off-site", Status.FAIL, "no-off-site", f"Aucune copie n'est gardée ailleurs ({DECLARED})."
        )
    return Item("off-site", Status.PASS, "", f"« {stores[0].store.name} » est gardée ailleurs ({DECLARED}).")


def _sum_up(items: tuple[Item, ...], evidence: tuple[Evidence, ...]) -> Verdict:
    missing = {item.key for item in items if item.status.is_open}
    if not missing:
        if any(item.status is Status.UNKNOWN for item in items):
            return unknown("Le support d'une des copies n'est pas connu.", items=items, evidence=evidence)
        return passed(
            "Trois copies, deux supports, une débranchée, une ailleurs.", items=items, evidence=evidence
        )
    if "offline" in missing:
        text = "Aucune copie n'est à l'abri d'un rançongiciel : toutes restent branchées."
        return failed(text, reason="no-offline", items=items, evidence=evidence)
    if any(item.status is Status.FAIL and item.key == "copies" for item in items):
        return failed(
            "Aucune copie des données n'a été trouvée.", reason="no-copy", items=items, evidence=evidence
        )
    text = "Les copies ne suivent pas encore toute la règle : trois, sur deux supports, une débranchée, une ailleurs."
    return partial(text, reason="incomplete", items=items, evidence=evidence)


def _line(asset: Backup, facts: BackupStore | Unreachable | None) -> Evidence:
    said = f"support {asset.media}, {asset.place}, {'hors ligne' if asset.offline else 'branchée'} (déclaré)"
    if not isinstance(facts, BackupStore):
        return Evidence(asset.name, f"{said} ; non vue")
    if facts.present is False:
        return Evidence(asset.name, f"{said} ; absente (constaté)")
    device = _device(facts)
    return Evidence(asset.name, f"{said} ; {f'disque {device} (constaté)' if device else 'non vue'}")
