"""Les serveurs de courrier prouvent-ils leur identité ?

## Pourquoi
Le certificat prouve qu'on parle bien au serveur de la mairie. Périmé ou au mauvais nom, il oblige les autres
serveurs à choisir entre refuser le courrier et le remettre à un inconnu.

## Corriger
1. Installer sur chaque serveur un certificat d'une autorité reconnue, au nom exact publié dans le MX.
2. Automatiser son renouvellement (ACME), et surveiller sa date de fin.
3. Fournir la chaîne complète, le certificat du serveur en premier.

## Limites
Beaucoup d'expéditeurs chiffrent sans vérifier : un défaut ici gêne plus qu'il ne coupe. La publication DANE n'est
pas encore prise en compte.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cyberaudit.sdk import (
    Certificate,
    Context,
    Evidence,
    Item,
    MailServers,
    Status,
    TlsSession,
    Unreachable,
    Verdict,
    check,
    failed,
    french,
    not_applicable,
    partial,
    passed,
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
    needs=MailServers,
    about="domain",
    impact=2,
    likelihood=2,
    measure="encrypt-mail",
    sources=("PA-066 R42", "TLS R26", "TLS R29", "TLS R34"),
    settings=Settings,
)
def mail_servers_prove_who_they_are(mail: MailServers, ctx: Context) -> Verdict:
    name = ctx.asset.name
    sessions = [
        (s.host, s.address, s.session.tls) for s in mail.servers if not isinstance(s.session, Unreachable)
    ]
    seen = [(host, address, tls) for host, address, tls in sessions if isinstance(tls, TlsSession)]
    if not seen:
        if mail.servers and len(sessions) == len(mail.servers) and all(tls is None for _, _, tls in sessions):
            return not_applicable(f"Aucun serveur de courrier de {name} ne chiffre : rien à prouver encore.")
        if not mail.servers and not any(server.cause for server in mail.unresolved):
            return not_applicable(
                f"Le domaine {name} n'a pas de serveur de courrier joignable par une adresse."
            )
        return unknown(_first_cause(mail))
    items = tuple(
        item for host, address, tls in seen for item in _faults(f"{host} {address}", host, tls, ctx)
    )
    evidence = tuple(_evidence(host, tls) for host, _, tls in seen)
    statuses = {item.status for item in items}
    if Status.FAIL in statuses:
        text = f"Un serveur de courrier de {name} ne prouve pas son identité."
        return failed(text, reason="bad-certificate", items=items, evidence=evidence)
    if Status.UNKNOWN in statuses:
        return unknown(f"La confiance dans les certificats de {name} n'a pas pu être jugée.", items=items)
    if items:
        text = f"Le certificat d'un serveur de courrier de {name} arrive à sa fin."
        return partial(text, reason="expires-soon", items=items, evidence=evidence)
    if len(seen) < len(mail.servers) or mail.unresolved:
        return _rest_unseen(name, mail, evidence)
    return passed(f"Les serveurs de courrier de {name} prouvent leur identité.", evidence=evidence)


def _rest_unseen(name: str, mail: MailServers, evidence: tuple[Evidence, ...]) -> Verdict:
    """Good where it was seen; a pass needs every server that encrypts."""
    clear = [s for s in mail.servers if not isinstance(s.session, Unreachable) and s.session.tls is None]
    shown = [
        s
        for s in mail.servers
        if not isinstance(s.session, Unreachable) and isinstance(s.session.tls, TlsSession)
    ]
    if len(clear) + len(shown) == len(mail.servers) and not any(s.cause for s in mail.unresolved):
        text = f"Les serveurs de courrier de {name} qui chiffrent prouvent leur identité."
        return passed(text, evidence=evidence)
    return unknown(_first_cause(mail), evidence=evidence)


def _faults(key: str, host: str, tls: TlsSession, ctx: Context) -> list[Item]:
    if not tls.chain:
        return [Item(key, Status.UNKNOWN, "no-certificate", f"{host} n'a montré aucun certificat.")]
    leaf, found = tls.chain[0], list[Item]()
    if ctx.now > leaf.not_after:
        text = f"Le certificat de {host} est périmé depuis le {french.day(leaf.not_after)}."
        found.append(Item(key, Status.FAIL, "expired", text))
    elif ctx.now < leaf.not_before:
        text = f"Le certificat de {host} ne vaut qu'à partir du {french.day(leaf.not_before)}."
        found.append(Item(key, Status.FAIL, "not-yet-valid", text))
    elif _expires_soon(leaf, ctx):
        text = f"Le certificat de {host} finit le {french.day(leaf.not_after)}."
        found.append(Item(key, Status.PARTIAL, "expires-soon", text))
    if not tls.name_matches:
        found.append(
            Item(key, Status.FAIL, "wrong-name", f"Le certificat de {host} est au nom d'un autre serveur.")
        )
    if isinstance(tls.trust_error, Unreachable):
        text = f"{host} : {tls.trust_error.reason.french}."
        found.append(Item(key, Status.UNKNOWN, tls.trust_error.reason, text))
    elif tls.trust_error:
        text = f"Le certificat de {host} ne vient pas d'une autorité reconnue."
        found.append(Item(key, Status.FAIL, "untrusted", text))
    if leaf.key_type == "RSA" and leaf.key_bits < ctx.settings.rsa_bits:
        text = f"La clé de {host} est trop courte ({leaf.key_bits} bits)."
        found.append(Item(key, Status.FAIL, "short-key", text))
    return found


def _expires_soon(leaf: Certificate, ctx: Context) -> bool:
    """A certificate made for a short life warns at the last third of it, not thirty days ahead."""
    life: timedelta = leaf.not_after - leaf.not_before
    now: datetime = ctx.now
    return leaf.not_after - now < min(timedelta(days=ctx.settings.warn_days), life / 3)


def _evidence(host: str, tls: TlsSession) -> Evidence:
    if not tls.chain:
        return Evidence(host, f"{tls.version} {tls.cipher}")
    leaf = tls.chain[0]
    names = ", ".join(leaf.names) or "aucun nom"
    until = french.day(leaf.not_after)
    trust = tls.trust_error or "chaîne reconnue"
    return Evidence(
        host, f"{tls.version} {tls.cipher} ; {names} ; jusqu'au {until} ; {leaf.issuer} ; {trust}"
    )


def _first_cause(mail: MailServers) -> Unreachable | str:
    for server in mail.servers:
        if isinstance(server.session, Unreachable):
            return server.session
        if isinstance(server.session.tls, Unreachable):
            return server.session.tls
    lost = next((server.cause for server in mail.unresolved if server.cause is not None), None)
    return lost or "Aucun certificat n'a pu être vu."
