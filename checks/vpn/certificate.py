"""L'accès à distance prouve-t-il son identité ?

## Pourquoi
Le certificat prouve aux agents qu'ils entrent bien à la mairie, et non chez un imitateur. Quand il est périmé, on
prend l'habitude de cliquer sur « continuer » : le jour d'une vraie attaque, personne ne la voit.

## Corriger
1. Installer un certificat d'une autorité reconnue, au nom exact que les agents utilisent.
2. Écrire ce nom dans le SubjectAltName : le CN seul n'est plus lu par les logiciels.
3. Automatiser son renouvellement (ACME), et être prévenu trente jours avant la fin.
4. Fournir la chaîne complète, le certificat du serveur en premier, puis les intermédiaires.

## Limites
Seuls les accès de type SSL et OpenVPN sont regardés. D'un accès OpenVPN, seules les dates sont jugées : il a le plus
souvent sa propre autorité. Chaque adresse et chaque certificat montré comptent ; une adresse qui n'a pas été regardée
empêche de conclure que tout est en ordre. Un certificat d'une autorité propre à la mairie compte comme non reconnu,
sauf si cette autorité est donnée à l'outil (--ca-bundle). Une autorité reconnue doit encore avoir le droit de signer
pour ces noms (DNS et adresses IP) et pour un serveur. Un certificat fait pour un autre usage est refusé, comme une
extension critique inconnue. Une signature dépassée (SHA-1, MD5) ne compte pas ici : elle est l'affaire de
vpn.certificate-form. Ce qui est montré à un visiteur qui ne demande aucun nom n'est pas jugé. Sans nom déclaré, ou
quand une adresse en tient lieu, le nom n'est pas comparé : la question reste sans réponse. La gravité et la
vraisemblance 3 sont notre jugement. Une fin à moins de sept jours ou déjà passée monte la vraisemblance à 4, comme un
certificat qui ne vaut pas encore.
"""

from dataclasses import dataclass, replace
from datetime import date

from cyberaudit.sdk import (
    COUNTDOWN,
    NAME_NOT_COMPARED,
    Context,
    OpenVpnEndpoint,
    Reason,
    Status,
    TlsEndpoint,
    TlsQuestion,
    TlsSeen,
    Trait,
    Unreachable,
    Verdict,
    VpnKind,
    Words,
    certificate_evidence,
    check,
    endpoint_of,
    first_end,
    identity_items,
    judge_tls,
    speaks_tls,
)

WORDS = Words(
    bad="ne prouve pas son identité",
    half="a un certificat qui arrive à sa fin",
    good="prouve son identité",
)
# Of a private tunnel, that has its own authority, only the dates were judged.
DATES_ONLY = Words(
    bad="n'a pas de certificat en cours de validité",
    half=WORDS.half,
    good="a un certificat en cours de validité",
)
PRESSING = frozenset({Trait.EXPIRED, Trait.NOT_YET_VALID, f"{Trait.EXPIRES_SOON}-{COUNTDOWN[0]}"})
"""Agents pass over a warning today, or will within the week."""


@dataclass(frozen=True, slots=True)
class Settings:
    # product.md §7: the countdown begins 30 days ahead; ANSSI ACME guide: renew well before the end
    warn_days: int = 30


@check(
    "vpn.certificate",
    needs=(TlsEndpoint, OpenVpnEndpoint),
    about="vpn",
    seen_from="any",
    impact=3,
    likelihood=3,
    measure="renew-vpn-certificate",
    sources=("TLS R25", "TLS R29", "TLS R34", "ACME"),
    settings=Settings,
    concerns=speaks_tls,
)
def remote_access_proves_who_it_is(seen: TlsSeen, ctx: Context) -> Verdict:
    is_private = ctx.asset.type is VpnKind.OPENVPN
    question = TlsQuestion(
        items=lambda server: identity_items(
            server,
            ctx,
            host=seen[0].hostname if isinstance(seen[0], TlsEndpoint) else "",
            warn_days=ctx.settings.warn_days,
            is_private=is_private,
        ),
        evidence=certificate_evidence,
        words=DATES_ONLY if is_private else WORDS,
    )
    verdict = judge_tls(seen, ctx, question)
    if verdict.items and verdict.status is Status.UNKNOWN and verdict.reason == Reason.NOT_DECLARED:
        return replace(verdict, text=f"« {ctx.asset.name} » : {NAME_NOT_COMPARED}.")
    if not verdict.status.is_open:
        return verdict
    is_pressing = any(item.reason in PRESSING for item in verdict.items)
    return replace(verdict, likelihood=4 if is_pressing else verdict.likelihood, before=_ends(seen, ctx))


def _ends(seen: TlsSeen, ctx: Context) -> date | None:
    """The day on which a certificate of this access ends, when it is near, or ended."""
    endpoint = endpoint_of(seen, ctx)
    if isinstance(endpoint, Unreachable):
        return None
    sessions = (session for server in endpoint.servers for session in server.sessions)
    return first_end(sessions, ctx, warn_days=ctx.settings.warn_days)
