"""L'accès à distance prouve-t-il son identité ?

## Pourquoi
Le certificat prouve aux agents qu'ils entrent bien à la mairie, et non chez un imitateur. Quand il est périmé, on
prend l'habitude de cliquer sur « continuer » : le jour d'une vraie attaque, personne ne la voit.

## Corriger
1. Installer un certificat d'une autorité reconnue, au nom exact que les agents utilisent.
2. Automatiser son renouvellement (ACME), et être prévenu trente jours avant la fin.
3. Fournir la chaîne complète, le certificat du serveur en premier.
4. Prendre une clé RSA de 2048 bits au moins (3072 conseillés), ou une clé elliptique de 256 bits, signée en SHA-2.

## Limites
Seuls les accès de type SSL sont regardés. Une seule adresse de l'accès est regardée : s'il en a d'autres, le contrôle
ne conclut jamais que tout est en ordre. Un certificat d'une autorité propre à la mairie compte comme non reconnu,
sauf si cette autorité est donnée à l'outil (--ca-bundle). La gravité et la vraisemblance 3 sont notre jugement. Une
fin à moins de sept jours monte la vraisemblance à 4.
"""

from dataclasses import dataclass

from cyberaudit.sdk import (
    COUNTDOWN,
    Bounds,
    Context,
    Evidence,
    Item,
    Status,
    TlsEndpoint,
    TlsSession,
    Trait,
    Unreachable,
    Verdict,
    VpnKind,
    certificate_items,
    check,
    days_left,
    failed,
    not_applicable,
    partial,
    passed,
    shown,
    unknown,
)


@dataclass(frozen=True, slots=True)
class Settings:
    # product.md §7: the countdown begins 30 days ahead; ANSSI ACME guide: renew well before the end
    warn_days: int = 30
    # ANSSI TLS v1.2, R26; PG-083 v3.00: RSA of 2048 bits or more until the end of 2030
    rsa_bits: int = 2048
    # ANSSI TLS v1.2, R26: elliptic keys of 256 bits or more
    curve_bits: int = 256


@check(
    "vpn.certificate",
    needs=TlsEndpoint,
    about="vpn",
    seen_from="any",
    impact=3,
    likelihood=3,
    measure="renew-vpn-certificate",
    sources=("TLS R24", "TLS R26", "TLS R29", "TLS R34", "PG-083", "ACME"),
    settings=Settings,
)
def remote_access_proves_who_it_is(endpoint: TlsEndpoint, ctx: Context) -> Verdict:
    name = ctx.asset.name
    if ctx.asset.type is not VpnKind.SSL:
        return not_applicable(f"L'accès « {name} » ne présente pas de certificat de ce type.")
    if isinstance(endpoint.session, Unreachable):
        return unknown(endpoint.session)
    session, settings = endpoint.session, ctx.settings
    bounds = Bounds(settings.warn_days, settings.rsa_bits, settings.curve_bits)
    where = f"{endpoint.hostname or endpoint.address} {endpoint.port}"
    items = certificate_items(
        session, ctx, key=where, host=endpoint.hostname or endpoint.address, bounds=bounds
    )
    evidence = (Evidence(where, shown(session)),)
    statuses = {item.status for item in items}
    if Status.FAIL in statuses:
        text = f"L'accès « {name} » ne prouve pas son identité."
        return failed(text, reason="bad-certificate", items=items, evidence=evidence)
    if Status.UNKNOWN in statuses:
        return unknown(
            f"L'identité de l'accès « {name} » n'a pas pu être jugée.", items=items, evidence=evidence
        )
    if items:
        return _ends_soon(name, session, ctx, items=items)
    if endpoint.left_out:
        unseen = Evidence("non regardé", ", ".join(endpoint.left_out))
        return unknown(
            f"Une partie des adresses de l'accès « {name} » n'a pas été regardée.",
            evidence=(*evidence, unseen),
        )
    return passed(f"L'accès « {name} » prouve son identité.", evidence=evidence)


def _ends_soon(name: str, session: TlsSession, ctx: Context, *, items: tuple[Item, ...]) -> Verdict:
    """The reason changes at 30, 14 and 7 days only, so that no weekly mail repeats it."""
    days = days_left(session.chain[0], ctx.now, warn_days=ctx.settings.warn_days) or 0
    return partial(
        f"Le certificat de l'accès « {name} » arrive à sa fin.",
        reason=f"{Trait.EXPIRES_SOON}-{days}",
        items=items,
        evidence=(Evidence(name, shown(session)),),
        likelihood=4 if days <= COUNTDOWN[0] else None,
    )
