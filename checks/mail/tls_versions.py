"""Les serveurs de courrier chiffrent-ils avec des versions actuelles ?

## Pourquoi
Les anciennes versions du chiffrement (TLS 1.0 et 1.1) ont des faiblesses connues. Un serveur qui n'a rien de plus
récent finit par recevoir son courrier en clair, ou plus du tout.

## Corriger
1. Activer TLS 1.3 et TLS 1.2 sur chaque serveur qui reçoit le courrier.
2. Retirer ensuite TLS 1.0 et TLS 1.1 (RFC 8996), si aucun correspondant n'en dépend plus.
3. Chez un hébergeur, lui demander quelles versions il accepte et jusqu'à quand.

## Limites
Entre serveurs de courrier, l'ANSSI tolère des réglages plus faibles (PA-066, R42) : une version ancienne à côté des
nouvelles ne compte que pour moitié. Un serveur qui coupe la ligne au lieu de refuser reste « à vérifier ». La gravité
et la vraisemblance sont notre jugement.
"""

from collections.abc import Iterator

from cyberaudit.facts.mail_servers import (
    OLD_VERSIONS,
    SmtpSession,
    accepted_versions,
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
    TlsSession,
    Unreachable,
    Verdict,
    check,
    failed,
    french,
    left_unseen,
    not_applicable,
    partial,
    passed,
    unknown,
)

NAMES = {
    "SSLv3": "SSL 3",
    "TLSv1": "TLS 1.0",
    "TLSv1.1": "TLS 1.1",
    "TLSv1.2": "TLS 1.2",
    "TLSv1.3": "TLS 1.3",
}
CURRENT = ("TLSv1.2", "TLSv1.3")


@check(
    "mail.tls-versions",
    needs=MailServers,
    about="domain",
    impact=2,
    likelihood=1,
    measure="encrypt-mail",
    sources=("PA-066 R42", "TLS R3", "TLS R4"),
)
def mail_servers_speak_current_tls(mail: MailServers, ctx: Context) -> Verdict:
    name = ctx.asset.name
    if has_no_listener(mail):
        return not_applicable(f"Le domaine {name} n'a pas de serveur de courrier joignable par une adresse.")
    items = tuple(_items(mail))
    evidence = tuple(_evidence(mail))
    statuses = {item.status for item in items}
    if Status.FAIL in statuses:
        text = f"Un serveur de courrier de {name} ne connaît que des versions dépassées de TLS."
        return failed(text, reason="only-old-versions", items=items, evidence=evidence, likelihood=2)
    if Status.PARTIAL in statuses:
        text = f"Un serveur de courrier de {name} accepte encore une version dépassée de TLS."
        return partial(text, reason="old-versions", items=items, evidence=evidence)
    unseen = [item.text for item in items if item.status is Status.UNKNOWN]
    lost = next(unseen_causes(mail), None)
    if unseen or lost is not None:
        return unknown(lost or unseen[0], items=items, evidence=evidence)
    if mail.left_out:
        return left_unseen(len(mail.left_out), ctx, evidence=evidence)
    if not items:
        return not_applicable(f"Aucun serveur de courrier de {name} ne chiffre : pas de version à juger.")
    return passed(
        f"Les serveurs de courrier de {name} n'acceptent que des versions actuelles de TLS.",
        items=items,
        evidence=evidence,
    )


def _items(mail: MailServers) -> Iterator[Item]:
    for server, key, host in labelled_servers(mail):
        session = server.session
        if isinstance(session, Unreachable):
            yield Item(key, Status.UNKNOWN, session.reason, f"{host} : {session.reason.french}.")
        elif session.tls is not None:
            yield _judged(session, key, host)


def _judged(session: SmtpSession, key: str, host: str) -> Item:
    accepted = accepted_versions(session)
    old = [NAMES[version] for version in accepted if version in OLD_VERSIONS]
    unseen = _unseen(session)
    if old and not any(version in CURRENT for version in accepted) and not _may_be_current(session):
        text = f"{host} ne connaît que {french.listed(old)}."
        return Item(key, Status.FAIL, "mx.tls_only_old", text)
    if old:
        return Item(key, Status.PARTIAL, "mx.old_tls", f"{host} accepte encore {french.listed(old)}.")
    if unseen is not None:
        return Item(key, Status.UNKNOWN, unseen.reason, f"{host} : {unseen.reason.french}.")
    if not accepted:
        text = f"{host} n'accepte aucune version de TLS qu'on lui propose."
        return Item(key, Status.UNKNOWN, "undecided", text)
    shown = french.listed([NAMES.get(version, version) for version in accepted])
    return Item(key, Status.PASS, "", f"{host} n'accepte que {shown}.")


def _may_be_current(session: SmtpSession) -> bool:
    """The handshake offered every version, and the server picks its best one; else each must have been refused."""
    if isinstance(session.tls, TlsSession):
        return False
    return isinstance(session.versions, Unreachable) or any(
        answer.version in CURRENT and isinstance(answer.accepted, Unreachable) for answer in session.versions
    )


def _unseen(session: SmtpSession) -> Unreachable | None:
    """Why it is not known whether an old version is accepted."""
    if isinstance(session.versions, Unreachable):
        return session.versions
    if not session.versions:
        return Unreachable(Reason.NOT_COLLECTED)
    answers = (answer.accepted for answer in session.versions if answer.version in OLD_VERSIONS)
    return next((answer for answer in answers if isinstance(answer, Unreachable)), None)


def _evidence(mail: MailServers) -> Iterator[Evidence]:
    for server in mail.servers:
        session = server.session
        if isinstance(session, Unreachable) or isinstance(session.versions, Unreachable):
            continue
        for answer in session.versions:
            name = NAMES.get(answer.version, answer.version)
            yield Evidence(f"{server.host} [{server.address}] {name}", _word(answer.accepted))


def _word(answer: bool | Unreachable) -> str:  # noqa: FBT001 — the value itself is the subject
    if isinstance(answer, Unreachable):
        return f"non vu : {answer}"
    return "accepté" if answer else "refusé"
