"""Les serveurs de courrier refusent-ils les mots de passe en clair ?

## Pourquoi
Un serveur qui propose de se connecter avant tout chiffrement laisse passer des mots de passe lisibles en chemin.
Celui qui les lit écrit ensuite au nom de la mairie.

## Corriger
1. Ne proposer l'identification (AUTH) qu'après STARTTLS (sous Postfix : « smtpd_tls_auth_only = yes »).
2. Mieux : ne pas la proposer du tout sur le port 25, et la réserver aux ports 587 et 465.
3. Changer les mots de passe des comptes qui se connectaient ainsi.

## Limites
Seul est regardé ce que le serveur propose en clair : aucun mot de passe n'est essayé. Les méthodes qui ne montrent pas
le mot de passe (CRAM-MD5, SCRAM) ne comptent pas comme une faute. La gravité et la vraisemblance sont notre jugement.
"""

from collections.abc import Iterator

from cyberaudit.facts.mail_servers import (
    PLAIN_MECHANISMS,
    MailServer,
    has_no_listener,
    labelled_servers,
    unseen_causes,
)
from cyberaudit.sdk import (
    Context,
    Evidence,
    Item,
    MailServers,
    Reason,
    Status,
    Unreachable,
    Verdict,
    check,
    failed,
    left_unseen,
    not_applicable,
    passed,
    unknown,
)


@check(
    "mail.auth-before-tls",
    needs=MailServers,
    about="domain",
    impact=3,
    likelihood=2,
    measure="close-mail-server",
    sources=("PA-066 R41", "H 24"),
)
def passwords_wait_for_encryption(mail: MailServers, ctx: Context) -> Verdict:
    name = ctx.asset.name
    if has_no_listener(mail):
        return not_applicable(f"Le domaine {name} n'a pas de serveur de courrier joignable par une adresse.")
    seen = [(key, host, _mechanisms(server)) for server, key, host in labelled_servers(mail)]
    items = tuple(_item(key, host, offered) for key, host, offered in seen)
    evidence = tuple(_evidence(seen))
    if any(item.status is Status.FAIL for item in items):
        text = f"Un serveur de courrier de {name} accepte des mots de passe en clair."
        return failed(text, reason="clear-passwords", items=items, evidence=evidence)
    lost = next((offered for *_, offered in seen if isinstance(offered, Unreachable)), None)
    lost = lost or next(unseen_causes(mail), None)
    if lost is not None:
        return unknown(lost, items=items, evidence=evidence)
    if mail.left_out:
        return left_unseen(len(mail.left_out), ctx, evidence=evidence)
    text = f"Les serveurs de courrier de {name} ne demandent pas de mot de passe en clair."
    return passed(text, items=items, evidence=evidence)


def _mechanisms(server: MailServer) -> tuple[str, ...] | Unreachable:
    session = server.session
    if isinstance(session, Unreachable):
        return session
    if isinstance(session.mechanisms, Unreachable) and "AUTH" not in session.extensions:
        # Seen before the ways were noted: without the word there was none.
        return () if session.mechanisms.reason is Reason.NOT_COLLECTED else session.mechanisms
    return session.mechanisms


def _item(key: str, host: str, offered: tuple[str, ...] | Unreachable) -> Item:
    if isinstance(offered, Unreachable):
        return Item(key, Status.UNKNOWN, offered.reason, f"{host} : {offered.reason.french}.")
    plain = [way for way in offered if way in PLAIN_MECHANISMS]
    if plain:
        text = f"{host} propose de donner un mot de passe en clair ({', '.join(plain)})."
        return Item(key, Status.FAIL, "mx.auth_plaintext", text)
    return Item(key, Status.PASS, "", f"{host} ne demande pas de mot de passe avant de chiffrer.")


def _evidence(seen: list[tuple[str, str, tuple[str, ...] | Unreachable]]) -> Iterator[Evidence]:
    for key, _, offered in seen:
        if not isinstance(offered, Unreachable) and offered:
            yield Evidence(key, f"EHLO avant STARTTLS : AUTH {' '.join(offered)} (RFC 4954, section 4)")
