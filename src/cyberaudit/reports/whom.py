"""Whom to ask: public services only, the region's own first among those for an attack, never a company."""

from cyberaudit import french
from cyberaudit.engine.measures import Confidence, Remedies
from cyberaudit.frozen import frozen
from cyberaudit.reports.plan_words import ContactView


@frozen
class RegionalCentre:
    """A regional centre that helps after an attack."""

    name: str
    phone: str
    """Empty when none is published."""
    site: str
    """Without its scheme; empty when none is published."""


_ATLANTIC = RegionalCentre("CSIRT-ATLANTIC", "0 970 260 801", "")
# ANSSI, contacts of its portal for communes, August 2026.
CENTRES: dict[str, RegionalCentre] = {
    "auvergne-rhone-alpes": RegionalCentre(
        "Centre régional Auvergne-Rhône-Alpes", "04 72 40 56 56", "cyber-assistance-aura.fr"
    ),
    "bourgogne-franche-comte": RegionalCentre(
        "Centre régional Bourgogne-Franche-Comté", "0 970 609 909", "csirt-bfc.fr"
    ),
    "bretagne": RegionalCentre("Breizh Cyber", "0 800 200 008", "breizhcyber.bzh"),
    "centre-val-de-loire": RegionalCentre("CybeRéponse", "0 805 69 15 05", "cybereponse.fr"),
    "corse": RegionalCentre("Centre régional Corse", "", "cyber.corsica"),
    "grand-est": RegionalCentre("Centre régional Grand Est", "0 970 512 525", "cybersecurite.grandest.fr"),
    "guadeloupe": _ATLANTIC,
    "guyane": _ATLANTIC,
    "hauts-de-france": RegionalCentre("Centre régional Hauts-de-France", "0 806 700 111", "csirt-hdf.fr"),
    "ile-de-france": RegionalCentre(
        "Urgence Cyber Île-de-France", "0 800 730 647", "urgencecyber.iledefrance.fr"
    ),
    "la-reunion": RegionalCentre("Centre régional La Réunion", "0 262 974 999", ""),
    "martinique": _ATLANTIC,
    "normandie": RegionalCentre("Centre régional Normandie", "0 808 800 001", ""),
    "nouvelle-aquitaine": RegionalCentre(
        "Centre régional Nouvelle-Aquitaine", "0 805 29 29 40", "campuscyber-na.fr"
    ),
    "nouvelle-caledonie": RegionalCentre("Centre de Nouvelle-Calédonie", "505.300", ""),
    "occitanie": RegionalCentre("Centre régional Occitanie", "0 800 71 13 13", "cyberocc.com"),
    "pays-de-la-loire": RegionalCentre("Centre régional Pays de la Loire", "0 800 100 200", ""),
    "provence-alpes-cote-d-azur": RegionalCentre(
        "Urgence Cyber région Sud", "0 805 036 083", "urgencecyber-regionsud.fr"
    ),
    "saint-pierre-et-miquelon": _ATLANTIC,
    "wallis-et-futuna": RegionalCentre("Centre de Nouvelle-Calédonie", "505.300", ""),
}
"""Region of the profile → its centre; where there is none, the list of all is given instead."""

_AFTER = (
    ("MAC", "MonAideCyber", "un diagnostic gratuit avec un aidant, une heure et demie au plus"),
    ("EXPERTCYBER", "Prestataires ExpertCyber", "un label donné après un audit ; demandez trois devis"),
    ("SILENE", "SILENE (ANSSI)", "une carte gratuite de ce que la mairie montre sur Internet"),
)
"""Source, name, what for."""


def contacts(region: str, remedies: Remedies) -> tuple[ContactView, ...]:
    """During an attack, then before one; addresses come from the catalogue, only when confirmed."""
    return (
        ContactView("17Cyber", "en cas d'attaque, jour et nuit, gratuit", "", _url("17CYBER", remedies)),
        _centre(region, remedies),
        *(
            ContactView(name, french.typeset(what), "", _url(source, remedies))
            for source, name, what in _AFTER
        ),
        ContactView(
            "Opérateur public de services numériques, ou intercommunalité",
            "un prix groupé, un conseil sans rien à vendre",
            "",
            "",
        ),
    )


def _centre(region: str, remedies: Remedies) -> ContactView:
    what = "une aide gratuite après une attaque, pour les communes de la région"
    centre = CENTRES.get(region)
    if centre is None:
        return ContactView("Centres régionaux de réponse", what, "", _url("CSIRT", remedies))
    url = f"https://{centre.site}" if centre.site else _url("CSIRT", remedies)
    return ContactView(centre.name, what, french.typeset(centre.phone.replace(" ", french.NBSP)), url)


def _url(source_id: str, remedies: Remedies) -> str:
    source = remedies.sources.get(source_id)
    return source.url if source and source.confidence is Confidence.CONFIRMED else ""
