"""The name under which the mairie writes: declared, and seen to exist."""

from dataclasses import replace
from typing import Any

import pytest

from cyberaudit.declared import Website
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.facts.mail_samples import DOMAIN, GOOD_DNS
from cyberaudit.model import Reason, Status, Unreachable, Verdict
from cyberaudit.sdk import Context
from tests.unit import towns

pytestmark = pytest.mark.unit

CHECK = load_catalogue().check("mail.own-domain")
HERE = replace(towns.domain(), domain=DOMAIN, name=DOMAIN)


def ask(email: str, site: str = "", mail: Any = GOOD_DNS) -> Verdict:
    assert CHECK is not None
    sites = (Website(id="site", name="Site", declared=(), url=site, cms="", host=""),) if site else ()
    town = towns.town(HERE, *sites)
    town = replace(town, commune=replace(town.commune, email=email))
    return CHECK.function(((HERE, mail),), Context(towns.NOW, town.commune, None, town))


@pytest.mark.parametrize(
    ("email", "site", "status", "codes"),
    [
        (f"mairie@{DOMAIN}", f"https://www.{DOMAIN}/", Status.PASS, []),
        (f"mairie@{DOMAIN}", "", Status.PASS, []),
        ("mairie.ville@orange.fr", "", Status.FAIL, ["domain.generic_mail"]),
        (f"mairie@{DOMAIN}", "https://ville.example/", Status.PARTIAL, ["domain.mail_differs_from_site"]),
        ("mairie@ailleurs.example", "", Status.UNKNOWN, []),
    ],
)
def test_the_address_of_the_mairie(email: str, site: str, status: Status, codes: list[str]) -> None:
    verdict = ask(email, site)
    assert (verdict.status, [item.reason for item in verdict.items]) == (status, codes)


def test_a_name_that_was_not_seen_is_not_in_order() -> None:
    assert ask(f"mairie@{DOMAIN}", mail=Unreachable(Reason.TIMEOUT)).status is Status.UNKNOWN


def test_a_town_that_gives_no_address_is_not_asked() -> None:
    assert CHECK is not None
    town = towns.town(HERE)
    assert not CHECK.concerns(town.commune, town)
