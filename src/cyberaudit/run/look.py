"""`cyberaudit look`: one probe family and its checks on one target, stored nowhere."""

from datetime import datetime

from cyberaudit.engine.audit import audit
from cyberaudit.engine.catalogue import Catalogue
from cyberaudit.model import Audit
from cyberaudit.probes.instruments import OUTSIDE, Options, set_up
from cyberaudit.town.scope import scope_for_look
from cyberaudit.town.single import domain_asset, town_of


def look_at_domain(
    name: str, catalogue: Catalogue, options: Options, *, authorized_by: str, now: datetime
) -> Audit:
    """Everything the checks about a domain can tell of `name`.

    Raises:
        UsageError: `name` is no domain name.
        ScopeError: nobody authorized it.
    """
    asset = domain_asset(name)
    scope = scope_for_look(domains=(asset.domain,), authorized_by=authorized_by)
    town = town_of(asset)
    return audit(town, catalogue, set_up(town, scope, options, now=now), vantage=OUTSIDE, started_at=now)
