"""A town made of one thing, for `look`: no profile, no practices, no plan."""

from cyberaudit.declared import AnyAsset, Commune, Delivery, Domain, PlanChoices, Town
from cyberaudit.errors import UsageError

_COMMUNE = Commune(
    id="look", name="", declared=(), insee="", population=0, region="", timezone="Europe/Paris"
)


def domain_asset(name: str) -> Domain:
    """The domain called `name`, U-label or A-label.

    Raises:
        UsageError: it is no domain name.
    """
    try:
        ascii_name = name.strip().rstrip(".").lower().encode("idna").decode("ascii")
    except UnicodeError:
        ascii_name = ""
    labels = ascii_name.split(".")
    plain = all(label and label.replace("-", "").replace("_", "").isalnum() for label in labels)
    if len(labels) < 2 or len(ascii_name) > 253 or not plain or labels[-1].isdigit():
        raise UsageError(f"« {name} » n'est pas un nom de domaine.")
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
