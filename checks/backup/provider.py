"""Sait-on où l'hébergeur garde les copies, et comment les reprendre ?

## Pourquoi
Hors d'Europe, d'autres lois peuvent ouvrir les données des habitants à des inconnus. Et un contrat sans sortie prévue
laisse la mairie sans copies le jour où l'hébergeur ferme ou double ses prix.

## Corriger
1. Demander par écrit le pays où les copies sont gardées, et celui de la maison mère.
2. Préférer un hébergeur de l'Union européenne ; SecNumCloud est la qualification de l'ANSSI, HDS celle de la santé.
3. Faire écrire dans le contrat comment reprendre les copies, dans quel format et en combien de temps.
4. Chiffrer les copies avant leur départ, avec une clé que l'hébergeur n'a pas.
5. Noter le pays, l'hébergeur et la qualification dans le profil.

## Limites
Tout ici est déclaré : le pays d'un serveur ne se voit pas de façon sûre. La question ne se pose que si une copie est
déclarée ailleurs. Rien n'oblige une petite commune à choisir un hébergeur qualifié : la qualification est donnée pour
information. Un pays hors de l'Espace économique européen compte pour moitié, même quand la Commission européenne
reconnaît sa protection : c'est notre jugement.
"""

from collections.abc import Iterator

from cyberaudit.sdk import (
    DECLARED,
    Answer,
    Asset,
    AssetKind,
    Backup,
    Context,
    Declaration,
    Evidence,
    Item,
    OnDeclaration,
    Status,
    Town,
    Verdict,
    check,
    failed,
    partial,
    passed,
    unknown,
)

# RGPD art. 44 and the EEA agreement: no transfer inside; the French territories follow French law
EUROPE = frozenset(
    {
        "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT", "LV", "LT", "LU",
        "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE", "IS", "LI", "NO",
        "GP", "MQ", "GF", "RE", "YT", "MF", "PM", "BL", "PF", "NC", "WF",
    }
)  # fmt: skip


def _concerns(asset: Asset, town: Town) -> bool:
    elsewhere = any(isinstance(each, Backup) and each.place == "off-site" for each in town.assets)
    return asset.id == "backup-provider" and (elsewhere or any(_entrusted(town)))


@check(
    "backup.provider",
    needs=OnDeclaration,
    about="practice",
    concerns=_concerns,
    impact=2,
    likelihood=3,
    measure="check-provider",
    sources=("MSS ECOSYSTEME.3", "CNIL 22", "H 3", "13Q 13"),
)
def the_provider_is_known(declared: Declaration, ctx: Context) -> Verdict:
    items = tuple(_item(asset) for asset in _entrusted(ctx.town))
    evidence = tuple(_line(asset) for asset in _entrusted(ctx.town))
    if declared.answer is Answer.NO:
        text = "La mairie ne sait pas où sont ses copies, ni comment les reprendre."
        return failed(text, reason="answered-no", items=items, evidence=evidence)
    if any(item.status is Status.PARTIAL for item in items):
        text = "Des copies de la mairie sont gardées hors d'Europe."
        return partial(text, reason="outside-europe", items=items, evidence=evidence)
    if declared.answer is Answer.PARTIAL:
        text = "Le contrat ne dit qu'une partie de ce qu'il faut savoir."
        return partial(text, reason="some-answers", items=items, evidence=evidence)
    if any(item.status is Status.UNKNOWN for item in items):
        text = "Le pays d'une des copies gardées chez un hébergeur n'est pas déclaré."
        return unknown(text, items=items, evidence=evidence)
    return passed(
        "La mairie sait où sont ses copies, et comment les reprendre.", items=items, evidence=evidence
    )


def _entrusted(town: Town) -> Iterator[Asset]:
    """The copies that somebody else keeps, and the online services for backups."""
    yield from (asset for asset in town.assets if _is_entrusted(asset))


def _is_entrusted(asset: Asset) -> bool:
    if isinstance(asset, Backup):
        return asset.media == "cloud" or bool(asset.provider or asset.country)
    return asset.kind is AssetKind.CLOUD and "backup" in getattr(asset, "what", "").casefold()


def _item(asset: Asset) -> Item:
    country = str(getattr(asset, "country", ""))
    if not country:
        text = f"« {asset.name} » : pays non déclaré."
        return Item(asset.key, Status.UNKNOWN, "not-declared", text)
    if country not in EUROPE:
        text = f"« {asset.name} » : {country}, hors d'Europe ({DECLARED})."
        return Item(asset.key, Status.PARTIAL, "outside-europe", text)
    return Item(asset.key, Status.PASS, "", f"« {asset.name} » : {country} ({DECLARED}).")


def _line(asset: Asset) -> Evidence:
    """What is told for information: who, which qualification, whether one can leave."""
    provider = getattr(asset, "provider", "") or "hébergeur non déclaré"
    qualified = getattr(asset, "qualification", "") or "aucune qualification déclarée"
    leaving = asset.declaration("reversibility")
    way_out = f"reprise des données : {leaving.answer}" if leaving else "reprise des données non déclarée"
    return Evidence(asset.name, f"{provider} ; {qualified} ; {way_out} ({DECLARED})")
