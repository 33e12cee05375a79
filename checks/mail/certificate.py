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

from cyberaudit.sdk import (
    Bounds,
    Context,
    Evidence,
    Item,
    MailServers,
    Status,
    TlsSession,
    Trait,
    Unreachable,
    Verdict,
    certificate_items,
    check,
    failed,
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
    items = tuple(item for host, address, tls in seen for item in _faults(host, address, tls, ctx))
    evidence = tuple(Evidence(host, shown(tls)) for host, _, tls in seen)
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


def _faults(host: str, address: str, tls: TlsSession, ctx: Context) -> list[Item]:
    # PA-066 R42 tolerates lower parameters between mail servers: neither curve nor signature is judged here.
    bounds = Bounds(warn_days=ctx.settings.warn_days, rsa_bits=ctx.settings.rsa_bits, curve_bits=0)
    items = certificate_items(tls, ctx, key=f"{host} {address}", host=host, bounds=bounds)
    return [item for item in items if item.reason != Trait.WEAK_SIGNATURE]


def _first_cause(mail: MailServers) -> Unreachable | str:
    for server in mail.servers:
        if isinstance(server.session, Unreachable):
            return server.session
        if isinstance(server.session.tls, Unreachable):
            return server.session.tls
    lost = next((server.cause for server in mail.unresolved if server.cause is not None), None)
    return lost or "Aucun certificat n'a pu être vu."
