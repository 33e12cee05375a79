"""Une copie est-elle débranchée du réseau entre deux sauvegardes ?

## Pourquoi
Un rançongiciel efface tout ce qu'il peut atteindre, sauvegardes comprises. Une copie débranchée est la seule qu'il
n'atteint jamais.

## Corriger
1. Acheter deux disques, en brancher un seul à la fois, et changer chaque semaine.
2. Nommer la personne qui change le disque, et la remplacer pendant ses congés.
3. Ranger le disque débranché sous clé, dans un autre bâtiment.
4. Pour le contrôle, brancher le disque en lecture seule : « mount -o ro », ou son interrupteur de protection.

## Limites
Qu'un disque soit débranché le reste du temps ne se voit pas : c'est ce que la mairie déclare (déclaré). Un disque
débranché est normal, mais son contenu est alors non vérifiable. La réponse est bonne quand un support que l'on
débranche, monté en lecture seule pour le contrôle, montre de bonnes copies. Un disque qui reçoit une copie chaque
jour, sans jour manqué, semble rester branché : ce signe est notre jugement. Un stockage à verrou, toujours en ligne,
compte pour moitié : l'ANSSI demande une copie hors ligne.
"""

from cyberaudit.sdk import (
    DECLARED,
    FAR_PLACES,
    NOT_VERIFIABLE,
    SEEN,
    UNPLUGGED,
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
    declared_words,
    device_of,
    failed,
    is_gone,
    listed_contents,
    on_another_machine,
    one_place,
    partial,
    passed,
    protection_words,
    sure_copies,
    unknown,
)

# Ours: a week of daily copies without a gap of three days is no disk that a person plugs in.
DAILY_COPIES, DAILY_HOURS, LONGEST_GAP_HOURS = 7, 30, 72
Seen = dict[str, BackupStore | Unreachable]


@check(
    "backup.offline",
    needs=Every(BackupStore),
    about="town",
    seen_from="local",
    impact=4,
    likelihood=3,
    measure="three-two-one-backups",
    sources=("10M 2", "CD 2", "MCP 3", "MAC 9", "H 37", "RC 13.3", "MSS CONTINU.2", "SAUVEGARDE-ESSENTIEL"),
)
def one_copy_is_unplugged(
    every: tuple[tuple[Backup, BackupStore | Unreachable], ...], ctx: Context
) -> Verdict:
    declared = [asset for asset in ctx.town.assets if isinstance(asset, Backup)]
    if not declared:
        return failed("La mairie ne déclare aucune sauvegarde.", reason="none-declared")
    seen: Seen = {asset.id: facts for asset, facts in every}
    unplugged = [asset for asset in declared if asset.offline]
    if not unplugged:
        return _none_offline(declared, seen)
    items = tuple(_item(asset, declared, seen) for asset in unplugged)
    return _sum_up(items, evidence=tuple(_line(asset, seen) for asset in unplugged))


def _none_offline(declared: list[Backup], seen: Seen) -> Verdict:
    """A lock that was seen is worth half of a plug pulled out."""
    locked = [asset for asset in declared if _is_locked(listed_contents(seen.get(asset.id)))]
    if locked:
        name = locked[0].name
        item = Item(
            locked[0].id,
            Status.PARTIAL,
            "locked-only",
            f"« {name} » : un verrou ({SEEN}), mais toujours en ligne.",
        )
        text = f"« {name} » résiste à l'effacement, mais aucune copie n'est débranchée."
        return partial(text, reason="locked-only", items=(item,), evidence=(_line(locked[0], seen),))
    text = "Aucune copie n'est à l'abri d'un rançongiciel : toutes restent branchées."
    item = Item(
        "offline", Status.FAIL, "no-offline", f"Aucune copie n'est débranchée du réseau ({DECLARED})."
    )
    return failed(
        text, reason="no-offline", items=(item,), evidence=tuple(_line(each, seen) for each in declared)
    )


def _is_locked(contents: StoreContents | None) -> bool:
    if contents is None or not sure_copies(contents):
        return False
    return contents.protection.immutable is True and contents.protection.filesystem in FAR_PLACES


def _item(asset: Backup, declared: list[Backup], seen: Seen) -> Item:
    """One copy declared offline, against what was seen of it."""
    facts, name = seen.get(asset.id), asset.name
    contents = listed_contents(facts)
    if contents is None:
        text = f"Le support de « {name} » est débranché ({DECLARED}) : son contenu est {NOT_VERIFIABLE} aujourd'hui."
        return Item(asset.id, Status.UNKNOWN, "not-seen", text)
    here = device_of(facts)
    others = [each for each in declared if not each.offline and device_of(seen.get(each.id)) == here]
    if here and others:
        text = f"« {name} » ({DECLARED} hors ligne) et « {others[0].name} » sont {one_place(here)} ({SEEN})."
        return Item(asset.id, Status.FAIL, "contradiction", text)
    if is_gone(asset, facts):
        return Item(
            asset.id, Status.FAIL, "no-copy", f"« {name} » : support branché, sans bonne copie ({SEEN})."
        )
    return _plugged(asset, contents)


def _plugged(asset: Backup, contents: StoreContents) -> Item:
    """There now, which is how it is to be checked: what else does it show?"""
    name, seen = asset.name, contents.protection
    if asset.media not in UNPLUGGED or on_another_machine(contents):
        text = f"« {name} » est hors ligne ({DECLARED}), mais joignable au moment du contrôle ({SEEN})."
        status = Status.PARTIAL if seen.writable_from_here is True else Status.UNKNOWN
        return Item(asset.id, status, "reachable", text)
    if _always_plugged(contents):
        text = f"« {name} » reçoit une copie chaque jour : ce support semble rester branché ({SEEN})."
        return Item(asset.id, Status.PARTIAL, "always-plugged", text)
    if not sure_copies(contents):
        text = f"Le support de « {name} » est branché pour le contrôle : aucune copie sûre n'y a été vue."
        return Item(asset.id, Status.UNKNOWN, "undecided", text)
    # An ordinary account may be refused what the machine's own account writes: only root proves the mount.
    if seen.writable_from_here is False and seen.looked_as_root:
        text = f"« {name} » : en lecture seule pour le contrôle ({SEEN}), hors ligne ensuite ({DECLARED})."
        return Item(asset.id, Status.PASS, "", text)
    text = f"Le support de « {name} » est branché pour le contrôle : le reste du temps est {NOT_VERIFIABLE}."
    return Item(asset.id, Status.UNKNOWN, "plugged", text)


def _always_plugged(contents: StoreContents) -> bool:
    return any(
        series.count >= DAILY_COPIES
        and series.period_hours is not None
        and series.longest_gap_hours is not None
        and series.period_hours <= DAILY_HOURS
        and series.longest_gap_hours < LONGEST_GAP_HOURS
        for series in contents.series
    )


def _sum_up(items: tuple[Item, ...], *, evidence: tuple[Evidence, ...]) -> Verdict:
    by_status = {item.status: item for item in reversed(items)}
    contradicted = next((item for item in items if item.reason == "contradiction"), None)
    if contradicted:
        text = "La copie déclarée hors ligne est sur le même support qu'une copie branchée."
        return failed(text, reason="contradiction", items=items, evidence=evidence)
    if Status.PASS in by_status:
        text = f"Une copie est gardée débranchée ({DECLARED}), et elle contient de bonnes copies ({SEEN})."
        return passed(text, items=items, evidence=evidence)
    if item := by_status.get(Status.PARTIAL):
        return partial(item.text, reason=item.reason, items=items, evidence=evidence)
    if item := by_status.get(Status.UNKNOWN):
        return unknown(item.text, items=items, evidence=evidence)
    return failed(
        "Le support hors ligne ne contient aucune bonne copie.",
        reason="no-copy",
        items=items,
        evidence=evidence,
    )


def _line(asset: Backup, seen: Seen) -> Evidence:
    contents = listed_contents(seen.get(asset.id))
    told = declared_words(asset)
    if contents is None:
        return Evidence(asset.name, f"{told} ; non vue")
    return Evidence(
        asset.name, f"{told} ; {protection_words(contents.protection) or contents.device} ({SEEN})"
    )
