"""Les serveurs de courrier prouvent-ils leur identité ?

## Pourquoi
Le certificat prouve qu'on parle bien au serveur de la mairie. Périmé ou au mauvais nom, il oblige les autres
serveurs à choisir entre refuser le courrier et le remettre à un inconnu.

## Corriger
1. Installer sur chaque serveur un certificat d'une autorité reconnue, au nom exact publié dans le MX.
2. Automatiser son renouvellement (ACME), et surveiller sa date de fin.
3. Fournir la chaîne complète, le certificat du serveur en premier.

## Limites
Beaucoup d'expéditeurs chiffrent sans vérifier : un défaut ici gêne plus qu'il ne coupe. Un certificat que personne ne
garantit compte donc pour moitié, comme une signature ancienne (PA-066, R42). Une clé publiée et signée dans l'annuaire
des noms (DANE) suffit : ni la date, ni le nom, ni l'autorité ne comptent alors (RFC 7672). Une adresse IPv6 sans chemin
réseau depuis cet endroit ne compte pas si le même serveur répond en IPv4. La gravité et la vraisemblance sont notre
jugement.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from cyberaudit.facts.dane import Dane, Vouched, vouched
from cyberaudit.facts.mail_servers import has_no_listener
from cyberaudit.sdk import (
    Bounds,
    Context,
    Evidence,
    Item,
    MailServer,
    MailServers,
    Status,
    TlsSession,
    Trait,
    Unreachable,
    Verdict,
    certificate_items,
    check,
    failed,
    first_end,
    judged_servers,
    left_unseen,
    not_applicable,
    partial,
    passed,
    shown,
    unknown,
)


@dataclass(frozen=True, slots=True)
class Settings:
    # CERTFR and hosters renew 30 days ahead; product rule: 30 days
    warn_days: int = 30
    # ANSSI TLS v1.2, R26: RSA of 2048 bits or more until the end of 2030
    rsa_bits: int = 2048


@check(
    "mail.certificate",
    needs=(MailServers, Dane),
    about="domain",
    impact=2,
    likelihood=2,
    measure="encrypt-mail",
    sources=("PA-066 R42", "TLS R26", "TLS R29", "TLS R34"),
    settings=Settings,
)
def mail_servers_prove_who_they_are(
    facts: tuple[MailServers | Unreachable, Dane | Unreachable], ctx: Context
) -> Verdict:
    mail, dane = facts
    if isinstance(mail, Unreachable):
        return unknown(mail)
    name = ctx.asset.name
    servers = judged_servers(mail)
    seen = [(s.host, s.address, tls) for s in servers if isinstance(tls := _tls(s), TlsSession)]
    if not seen:
        return _nothing_to_prove(servers, mail, ctx)
    judged = [(host, tls, _faults(f"{host} {address}", host, tls, dane, ctx)) for host, address, tls in seen]
    items = _said_once((host, item) for host, _, found in judged for item in found)
    ends = first_end(
        (tls for _, tls, found in judged if _is_dated(found)), ctx, warn_days=ctx.settings.warn_days
    )
    evidence = tuple(
        Evidence(f"{host} [{address}]", f"{shown(tls)}{_promised(dane, host, tls)}")
        for host, address, tls in seen
    )
    statuses = {item.status for item in items}
    half = [_undated(item.reason) for item in items if item.status is Status.PARTIAL]
    if Status.FAIL in statuses:
        text = f"Un serveur de courrier de {name} ne prouve pas son identité."
        return failed(text, reason="bad-certificate", items=items, evidence=evidence, before=ends)
    if any(reason not in _ADVICE for reason in half):
        text = f"Le certificat d'un serveur de courrier de {name} n'est garanti par aucune autorité reconnue."
        return partial(text, reason="untrusted", items=items, evidence=evidence, before=ends)
    if Status.UNKNOWN in statuses:
        return unknown(f"La confiance dans les certificats de {name} n'a pas pu être jugée.", items=items)
    if half:
        text = f"{_ADVICE[half[0]]} {name}."
        return partial(text, reason=_OWN[half[0]], items=items, evidence=evidence, before=ends)
    return _seen_are_good(servers, mail, ctx, evidence)


def _said_once(items: Iterable[tuple[str, Item]]) -> tuple[Item, ...]:
    """One server shows the same certificate on each of its addresses: the same words about it count once."""
    kept = {(host, item.status, item.reason, item.text): item for host, item in reversed(tuple(items))}
    return tuple(reversed(kept.values()))


def _tls(server: MailServer) -> TlsSession | Unreachable | None:
    """The encryption as it was seen; None when the server offers none."""
    return server.session if isinstance(server.session, Unreachable) else server.session.tls


def _nothing_to_prove(servers: tuple[MailServer, ...], mail: MailServers, ctx: Context) -> Verdict:
    """Not one certificate: because there is none, or because none could be seen?"""
    name = ctx.asset.name
    if has_no_listener(mail):
        return not_applicable(f"Le domaine {name} n'a pas de serveur de courrier joignable par une adresse.")
    cause = _first_cause(servers, mail)
    if cause is not None:
        return unknown(cause)
    if mail.left_out:
        return left_unseen(len(mail.left_out), ctx)
    if servers:
        return not_applicable(f"Aucun serveur de courrier de {name} ne chiffre : rien à prouver encore.")
    return not_applicable(f"Le domaine {name} n'a pas de serveur de courrier joignable par une adresse.")


def _seen_are_good(
    servers: tuple[MailServer, ...], mail: MailServers, ctx: Context, evidence: tuple[Evidence, ...]
) -> Verdict:
    """A pass needs every server that encrypts, and every server to have been looked at."""
    name = ctx.asset.name
    cause = _first_cause(servers, mail)
    if cause is not None:
        return unknown(cause, evidence=evidence)
    if mail.left_out:
        return left_unseen(len(mail.left_out), ctx, evidence=evidence)
    if any(_tls(server) is None for server in servers) or mail.unresolved:
        text = f"Les serveurs de courrier de {name} qui chiffrent prouvent leur identité."
        return passed(text, evidence=evidence)
    return passed(f"Les serveurs de courrier de {name} prouvent leur identité.", evidence=evidence)


def _faults(key: str, host: str, tls: TlsSession, dane: Dane | Unreachable, ctx: Context) -> list[Item]:
    # PA-066 R42 tolerates lower parameters between mail servers: curves are not judged here.
    bounds = Bounds(warn_days=ctx.settings.warn_days, rsa_bits=ctx.settings.rsa_bits, curve_bits=0)
    items = certificate_items(tls, ctx, key=key, host=host, bounds=bounds)
    # What a certificate signs itself with proves nothing anyway.
    own = any(item.reason == Trait.SELF_SIGNED for item in items)
    kept = [item for item in items if not (own and item.reason == Trait.WEAK_SIGNATURE)]
    match vouched(dane, host, tls):
        case Vouched.KEY:
            return []
        case Vouched.ISSUER:
            return [_coded(item) for item in kept if item.reason not in _UNVOUCHED]
        case Unreachable() as cause:
            # A promise that could not be read may answer for all of it; without facts at all, for the issuer alone.
            doubtful = _UNVOUCHED if isinstance(dane, Unreachable) else tuple(_CODES)
            return [
                _in_doubt(item, cause) if _undated(item.reason) in doubtful else _coded(item) for item in kept
            ]
        case _:
            return [_coded(item) for item in kept]


def _in_doubt(item: Item, cause: Unreachable) -> Item:
    return Item(item.key, Status.UNKNOWN, cause.reason, f"{item.text} DANE : {cause.reason.french}.")


def _promised(dane: Dane | Unreachable, host: str, tls: TlsSession) -> str:
    match vouched(dane, host, tls):
        case Vouched.KEY:
            return " ; clé publiée (DANE)"
        case Vouched.ISSUER:
            return " ; autorité publiée (DANE)"
        case _:
            return ""


def _coded(item: Item) -> Item:
    trait = _undated(item.reason)
    status = Status.PARTIAL if trait in _HALF else item.status
    reason = _CODES.get(trait, trait) + item.reason.removeprefix(trait)
    return Item(item.key, status, reason, item.text)


def _undated(reason: str) -> str:
    """Without the step of a countdown: « expires-soon-14 » is « expires-soon »."""
    return _STEP.sub("", reason)


def _is_dated(items: Iterable[Item]) -> bool:
    """Its end counts: a key that DANE vouches for has none that does."""
    return any(_undated(item.reason) in _DATED for item in items)


_STEP = re.compile(r"(?<=soon)-[0-9]+$")
_CODES: dict[str, str] = {
    Trait.EXPIRED: "mx.cert_expired",
    Trait.NOT_YET_VALID: "mx.cert_not_yet_valid",
    Trait.EXPIRES_SOON: "mx.cert_expires_soon",
    Trait.WRONG_NAME: "mx.cert_name",
    Trait.NO_NAME: "mx.cert_name",
    Trait.SELF_SIGNED: "mx.cert_self_signed",
    Trait.INCOMPLETE: "mx.cert_untrusted",
    Trait.ISSUER_UNSENT: "mx.cert_untrusted",
    Trait.UNTRUSTED: "mx.cert_untrusted",
    Trait.SHORT_KEY: "mx.cert_weak_key",
    Trait.WEAK_SIGNATURE: "mx.cert_weak_signature",
}
_DATED = frozenset({_CODES[Trait.EXPIRED], _CODES[Trait.EXPIRES_SOON]})
_UNVOUCHED = (Trait.SELF_SIGNED, Trait.INCOMPLETE, Trait.ISSUER_UNSENT, Trait.UNTRUSTED)
_HALF = frozenset((*_UNVOUCHED, Trait.WEAK_SIGNATURE, Trait.EXPIRES_SOON))
_ADVICE = {
    "mx.cert_expires_soon": "Un certificat arrive à sa fin sur un serveur de courrier de",
    "mx.cert_weak_signature": "Un certificat est signé avec une méthode dépassée sur un serveur de courrier de",
}
_OWN = {"mx.cert_expires_soon": "expires-soon", "mx.cert_weak_signature": "weak-signature"}


def _first_cause(servers: tuple[MailServer, ...], mail: MailServers) -> Unreachable | None:
    """Why some server's certificate could not be seen; None when nothing hid one."""
    hidden = (tls for server in servers if isinstance(tls := _tls(server), Unreachable))
    unresolved = (server.cause for server in mail.unresolved if server.cause is not None)
    return next(chain(hidden, unresolved), None)
