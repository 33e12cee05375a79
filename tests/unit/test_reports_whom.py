"""Whom to ask: an attack first, the region's own centre, confirmed addresses only, never a company."""

import re

import pytest

from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.engine.measures import Confidence, Remedies, Source
from cyberaudit.french import NBSP
from cyberaudit.reports.whom import CENTRES, contacts
from cyberaudit.town.known import REGIONS

pytestmark = pytest.mark.unit

LIST = "https://regions.example/liste"


def source(name: str, url: str, confidence: Confidence = Confidence.CONFIRMED) -> Source:
    return Source(name, "Titre", "ANSSI", "2026-08-01", url, confidence)


REMEDIES = Remedies(
    {},
    {
        "17CYBER": source("17CYBER", "https://17.example"),
        "CSIRT": source("CSIRT", LIST),
        "MAC": source("MAC", "https://peut-etre.example", Confidence.UNCONFIRMED),
    },
)


def test_the_first_is_for_an_attack_and_the_last_for_a_price() -> None:
    told = contacts("normandie", REMEDIES)
    assert (told[0].name, told[0].url) == ("17Cyber", "https://17.example")
    assert told[-1].name.startswith("Opérateur public")
    assert len({each.name for each in told}) == len(told) == 6


@pytest.mark.parametrize(
    ("region", "name", "phone", "url"),
    [
        (
            "auvergne-rhone-alpes",
            "Centre régional Auvergne-Rhône-Alpes",
            "04 72 40 56 56",
            "https://cyber-assistance-aura.fr",
        ),
        # No site is published: the list of all, where hers stands.
        ("normandie", "Centre régional Normandie", "0 808 800 001", LIST),
        ("corse", "Centre régional Corse", "", "https://cyber.corsica"),
        ("guyane", "CSIRT-ATLANTIC", "0 970 260 801", LIST),
        # No centre of its own, or none said.
        ("mayotte", "Centres régionaux de réponse", "", LIST),
        ("", "Centres régionaux de réponse", "", LIST),
    ],
)
def test_the_second_is_the_centre_of_the_region(region: str, name: str, phone: str, url: str) -> None:
    centre = contacts(region, REMEDIES)[1]
    assert (centre.name, centre.phone.replace(NBSP, " "), centre.url) == (name, phone, url)
    assert " " not in centre.phone


def test_an_address_that_is_not_confirmed_is_not_given() -> None:
    told = {each.name: each.url for each in contacts("normandie", REMEDIES)}
    assert told["MonAideCyber"] == told["SILENE (ANSSI)"] == ""
    assert all(not each.url for each in contacts("", Remedies({}, {})))


def test_every_centre_is_of_a_region_that_a_profile_may_name() -> None:
    assert set(CENTRES) <= set(REGIONS)
    for centre in CENTRES.values():
        assert centre.phone or centre.site
        assert re.fullmatch(r"[\d .]*", centre.phone)
        assert "/" not in centre.site


def test_the_catalogue_at_hand_gives_an_address_to_whom_one_calls_first() -> None:
    told = contacts("normandie", load_catalogue().remedies)
    assert all(each.url.startswith("https://") for each in told[:2])
