"""Une copie est-elle gardée dans un autre lieu que la mairie ?

## Pourquoi
Un incendie, un dégât des eaux ou un cambriolage emporte le serveur et le disque posé à côté. Une copie ailleurs
suffit à repartir.

## Corriger
1. Désigner un autre bâtiment de la commune, l'intercommunalité ou un hébergeur.
2. Chiffrer la copie avant son départ.
3. Avec un disque : deux disques que l'on alterne, celui qui ne sert pas restant là-bas.
4. Par le réseau : « restic copy », « borg create ssh:// », « Hyper Backup » vers un second NAS ou un dépôt S3.
5. Restaurer un dossier depuis cette copie-là.

## Limites
Le lieu d'une copie est ce que la mairie déclare (déclaré) : d'ici, on voit au mieux qu'elle est sur une autre machine
(constaté). Un disque déclaré ailleurs et branché ici pour le contrôle reste sans réponse, comme une copie que
cyberaudit n'a pas vue. Deux copies sur un même support, dont une déclarée ailleurs, se contredisent. La gravité et la
vraisemblance sont notre jugement.
"""

from cyberaudit.sdk import (
    DECLARED,
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
    passed,
    sure_copies,
    unknown,
)

Seen = dict[str, BackupStore | Unreachable]


@check(
    "backup.off-site",
    needs=Every(BackupStore),
    about="town",
    seen_from="local",
    impact=3,
    likelihood=3,
    measure="three-two-one-backups",
    sources=("CNIL-17", "SAUVEGARDE", "CM-SAUVEGARDES 7"),
)
def one_copy_is_elsewhere(
    every: tuple[tuple[Backup, BackupStore | Unreachable], ...], ctx: Context
) -> Verdict:
    declared = [asset for asset in ctx.town.assets if isinstance(asset, Backup)]
    if not declared:
        return failed("La mairie ne déclare aucune sauvegarde.", reason="none-declared")
    seen: Seen = {asset.id: facts for asset, facts in every}
    away = [asset for asset in declared if asset.place == "off-site"]
    if not away:
        item = Item(
            "off-site", Status.FAIL, "no-off-site", f"Aucune copie n'est gardée ailleurs ({DECLARED})."
        )
        evidence = tuple(_line(asset, seen) for asset in declared)
        return failed(
            "Toutes les copies sont à la mairie.", reason="no-off-site", items=(item,), evidence=evidence
        )
    items = tuple(_item(asset, declared, seen) for asset in away)
    return _sum_up(items, evidence=tuple(_line(asset, seen) for asset in away))


def _item(asset: Backup, declared: list[Backup], seen: Seen) -> Item:
    """One copy declared elsewhere, against what was seen of it."""
    facts, name = seen.get(asset.id), asset.name
    contents = listed_contents(facts)
    if is_gone(asset, facts):
        return Item(asset.id, Status.FAIL, "gone", f"« {name} » n'a pas de bonne copie ({SEEN}).")
    if contents is None:
        return Item(
            asset.id,
            Status.UNKNOWN,
            "not-seen",
            f"« {name} » : gardée ailleurs ({DECLARED}), {NOT_VERIFIABLE} d'ici.",
        )
    here = device_of(facts)
    others = [each for each in declared if each.place != "off-site" and device_of(seen.get(each.id)) == here]
    if here and others:
        text = f"« {name} » ({DECLARED} ailleurs) et « {others[0].name} » sont {one_place(here)} ({SEEN})."
        return Item(asset.id, Status.FAIL, "contradiction", text)
    if not sure_copies(contents):
        return Item(asset.id, Status.UNKNOWN, "undecided", f"« {name} » ne montre aucune copie sûre.")
    if on_another_machine(contents):
        text = f"« {name} » est sur une autre machine ({SEEN}), dans un autre lieu ({DECLARED})."
        return Item(asset.id, Status.PASS, "", text)
    why = "ici au moment du contrôle" if asset.media in UNPLUGGED else "sur la machine du contrôle"
    text = f"« {name} » est {why} ({SEEN}) : son lieu le reste du temps est {NOT_VERIFIABLE}."
    return Item(asset.id, Status.UNKNOWN, "here-now", text)


def _sum_up(items: tuple[Item, ...], *, evidence: tuple[Evidence, ...]) -> Verdict:
    if any(item.reason == "contradiction" for item in items):
        text = "La copie déclarée ailleurs est au même endroit qu'une copie de la mairie."
        return failed(text, reason="contradiction", items=items, evidence=evidence)
    if any(item.status is Status.PASS for item in items):
        text = f"Une copie est gardée ailleurs ({DECLARED}), et elle contient de bonnes copies ({SEEN})."
        return passed(text, items=items, evidence=evidence)
    unsure = next((item for item in items if item.status is Status.UNKNOWN), None)
    if unsure:
        return unknown(unsure.text, items=items, evidence=evidence)
    return failed(
        "La copie déclarée ailleurs ne contient rien de bon.", reason="gone", items=items, evidence=evidence
    )


def _line(asset: Backup, seen: Seen) -> Evidence:
    contents = listed_contents(seen.get(asset.id))
    told = declared_words(asset)
    if contents is None:
        return Evidence(asset.name, f"{told} ; non vue")
    where = contents.protection.filesystem or "système de fichiers non vu"
    return Evidence(asset.name, f"{told} ; {where}, {contents.device} ({SEEN})")
