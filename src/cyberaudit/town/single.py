"""A town made of what the command line names, for `look`: no profile, no practices, no plan."""

from collections.abc import Callable, Sequence

from cyberaudit.declared import (
    AnyAsset,
    Backup,
    Commune,
    Delivery,
    Domain,
    Host,
    PlanChoices,
    Town,
    Vpn,
    VpnKind,
    Weekdays,
)
from cyberaudit.errors import UsageError
from cyberaudit.town import values

OUTSIDE = "outside"
_COMMUNE = Commune(
    id="look", name="", declared=(), insee="", population=0, region="", timezone="Europe/Paris"
)


def domain_asset(name: str) -> Domain:
    """The domain called `name`, U-label or A-label.

    Raises:
        UsageError: it is no domain name.
    """
    ascii_name = _read(values.domain, name.strip())
    return Domain(
        id=ascii_name,
        name=name,
        declared=(),
        domain=ascii_name,
        sends_mail=True,
        dkim_selectors=(),
        subdomains=(),
    )


def host_asset(name: str, addresses: Sequence[str]) -> Host:
    """A machine that faces outside, with no service declared.

    Raises:
        UsageError: one of `addresses` is no IP address.
    """
    return Host(
        id="target",
        name=name,
        declared=(),
        zone=OUTSIDE,
        addresses=tuple(_read(values.address, address) for address in addresses),
        services=(),
        link="",
        model="",
        firmware="",
    )


def tls_asset(name: str, *, hostname: str, port: str) -> Vpn:
    """A TLS endpoint on the host of `host_asset`; `port` is a number as text.

    Raises:
        UsageError: no such port.
    """
    written = _read(values.port, f"tcp/{port}")
    return Vpn(
        id="target",
        name=name,
        declared=(),
        host="target",
        type=VpnKind.SSL,
        hostname=hostname,
        port=written,
    )


def backup_asset(
    path: str, *, rpo_hours: int, grace_hours: int, weekdays: str, offline: bool, encryption_required: bool
) -> Backup:
    """A folder or repository of copies, with what would be declared of it.

    Raises:
        UsageError: unknown weekdays.
    """
    if weekdays not in list(Weekdays):
        raise UsageError(f"--weekdays : « {weekdays} » n'est pas l'un de : {', '.join(Weekdays)}.")
    return Backup(
        id="target",
        name=path,
        declared=(),
        path=path,
        url="",
        of=(),
        rpo_hours=rpo_hours,
        grace_hours=grace_hours,
        weekdays=Weekdays(weekdays),
        media="",
        place="",
        offline=offline,
        encryption_required=encryption_required,
        retention_days=0,
        provider="",
        country="",
    )


def town_of(*assets: AnyAsset) -> Town:
    """The town that holds `assets` alone, without the commune among them."""
    return Town(
        schema_version=1,
        commune=_COMMUNE,
        scanned_by="",
        authorization=None,
        outside_canary="",
        assets=assets,
        waivers=(),
        plan=PlanChoices((), (), (), spend_before_vote=True),
        checks=(),
        delivery=Delivery((), "", "", ""),
    )


def _read(reader: Callable[[str], str], text: str) -> str:
    try:
        return reader(text)
    except values.RefusedError as error:
        raise UsageError(str(error)) from error
