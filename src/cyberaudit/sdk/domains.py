"""What several questions about a domain's mail answer alike."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from ipaddress import ip_address, ip_network

from cyberaudit import french
from cyberaudit.declared import Domain, Host
from cyberaudit.model import Evidence, Item, Reason, Status, Unreachable, Verdict
from cyberaudit.plaintext import clean
from cyberaudit.sdk.shape import Context
from cyberaudit.sdk.verdicts import not_applicable, unknown


def writes_no_mail(ctx: Context) -> Verdict:
    """The domain is declared without mail: whether others write in its name is judged for the whole town."""
    return not_applicable(
        f"Le domaine {ctx.asset.name} est déclaré sans courrier : voir les noms de domaine inutilisés."
    )


def publish_label(*, replaced: int, note: str = "") -> str:
    """What stands above a line to publish: beside the `replaced` ones that are there, all would count for nothing."""
    instead = {0: "", 1: ", à la place de l'actuelle"}.get(replaced, f", à la place des {replaced} actuelles")
    return f"ligne à publier{instead}{f' ({note})' if note else ''}"


def line_for(line: str, aliases: tuple[str, ...] | Unreachable, *, replaced: int) -> Iterator[Evidence]:
    """A line to publish at a name; where that name is an alias, nothing may stand beside it (RFC 1034 §3.6.2).

    Args:
        line: as a zone writes it.
        aliases: where its name leads, one alias after the other.
        replaced: how many records for the same use were read there.
    """
    if isinstance(aliases, Unreachable) or not aliases:
        yield Evidence(publish_label(replaced=replaced), line)
        return
    owner = clean(aliases[-1], limit=100)
    yield Evidence(
        "à savoir", f"ce nom est un alias de {owner} : qui gère cet autre nom peut changer sa ligne"
    )
    yield Evidence("ligne à publier, si l'alias est retiré", line)


def unless_third_partys(verdict: Verdict, ctx: Context, *, test: str, whole: bool = True) -> Verdict:
    """`verdict` about an intrusive `test`; not applicable where it was not tried, on servers that are not the town's.

    A town that has its own servers signed for, and this test not, keeps its unanswered question. So does one whose
    servers bear its own name or stand at an address that it declares. `whole`: every server was found; without
    that, nobody knows whose the others are. The key of an item ends with the address, after the name if there is one.
    """
    untried = [item for item in verdict.items if item.reason == Reason.NOT_AUTHORIZED]
    if verdict.status is not Status.UNKNOWN or not untried or len(untried) < len(verdict.items):
        return verdict
    own = [item for item in untried if _is_signed(item.key, ctx) or _is_own(item.key, ctx)]
    if own:
        signed = any(_is_signed(item.key, ctx) for item in own)
        why = f"ne nomme pas « {test} »" if signed else "ne couvre pas ce serveur"
        text = f"L'essai poussé de {ctx.asset.name} n'est pas fait : l'autorisation {why}."
        items = tuple(_untried(item) if item in own else item for item in verdict.items)
        return replace(verdict, text=text, items=items)
    if not whole:
        return verdict
    text = (
        f"Les serveurs de {ctx.asset.name} sont à un tiers : l'essai poussé n'est pas fait sans son accord."
    )
    return replace(verdict, status=Status.NOT_APPLICABLE, reason="not-applicable", text=text)


def _untried(item: Item) -> Item:
    """The town's own server is not said to be a third party's."""
    return replace(item, text=item.text.replace(", serveur d'un tiers", ""))


def _is_signed(key: str, ctx: Context) -> bool:
    """The address at the end of an item's key stands in the authorization."""
    signed = ctx.town.authorization
    return _stands_in(key, signed.addresses if signed else ())


def _is_own(key: str, ctx: Context) -> bool:
    """The name in front lies inside a domain that the town declares, or the address is one of its equipment."""
    hosts = [asset for asset in ctx.town.assets if isinstance(asset, Host)]
    domains = [asset.domain for asset in (*ctx.town.assets, ctx.asset) if isinstance(asset, Domain)]
    name = key.partition(" ")[0].rstrip(".").lower()
    inside = any(name == domain or name.endswith(f".{domain}") for domain in domains)
    return inside or any(_stands_in(key, host.addresses) for host in hosts)


def _stands_in(key: str, networks: Iterable[object]) -> bool:
    try:
        address = ip_address(key.rpartition(" ")[2])
        return any(address in ip_network(str(network)) for network in networks)
    except ValueError:
        return False


def left_unseen(count: int, ctx: Context, *, evidence: tuple[Evidence, ...] = ()) -> Verdict:
    """Servers of the domain's mail beyond our limits: of all of them nothing can be said."""
    what = french.count(count, "serveur de courrier", "serveurs de courrier")
    verb = "n'a pas été regardé" if count < 2 else "n'ont pas été regardés"
    return unknown(f"{what} de {ctx.asset.name} {verb}, au-delà de la limite prévue.", evidence=evidence)
