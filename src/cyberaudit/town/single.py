"""A town made of one thing, for `look`: no profile, no practices, no plan."""

from cyberaudit.declared import AnyAsset, Commune, Delivery, Domain, PlanChoices, Town
from cyberaudit.errors import UsageError
from cyberaudit.town import values

_COMMUNE = Commune(
    id="look", name="", declared=(), insee="", population=0, region="", timezone="Europe/Paris"
)


def domain_asset(name: str) -> Domain:
    """The domain called `name`, U-label or A-label.

    Raises:
        UsageError: it is no domain name.
    """
    try:
        ascii_name = values.domain(name.strip())
    except values.RefusedError as error:
        raise UsageError(str(error)) from error
    return Domain(
        id=ascii_name,
        name=name,
        declared=(),
        domain=ascii_name,
        sends_mail=True,
        dkim_selectors=(),
        subdomains=(),
    )


def town_of(asset: AnyAsset) -> Town:
    """The town that holds `asset` alone, without the commune among its assets."""
    return Town(
        schema_version=1,
        commune=_COMMUNE,
        scanned_by="",
        authorization=None,
        outside_canary="",
        assets=(asset,),
        waivers=(),
        plan=PlanChoices((), (), (), spend_before_vote=True),
        checks=(),
        delivery=Delivery((), "", "", ""),
    )
