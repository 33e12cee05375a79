"""Le courrier circule-t-il chiffré jusqu'à la mairie ?

## Pourquoi
Un message non chiffré se lit en chemin comme une carte postale. Le courrier d'une mairie parle d'état civil,
d'aide sociale et d'impôts.

## Corriger
1. Activer STARTTLS sur chaque serveur qui reçoit le courrier, avec TLS 1.2 et TLS 1.3.
2. Chez un hébergeur, lui demander par écrit que la réception soit chiffrée sur tous ses serveurs.
3. Vérifier depuis l'extérieur que chaque serveur propose STARTTLS et que la négociation aboutit.

## Limites
Beaucoup de lignes d'accès empêchent de joindre les serveurs de courrier. Le point reste alors sans réponse, ou repose
sur l'écrit de l'hébergeur (« mail_encryption » dans le profil). Une adresse IPv6 sans chemin réseau depuis cet endroit
ne compte pas si le même serveur répond en IPv4. Les versions de TLS sont une autre question. Certains pare-feu masquent
l'offre de chiffrement (« XXXXXXXA », bannière en étoiles) : rien n'est alors conclu, et il faut regarder d'une autre
ligne. La gravité et la vraisemblance sont notre jugement.
"""

from cyberaudit.facts.mail_servers import (
    REWRITTEN,
    accepted_versions,
    has_no_server,
    labelled_servers,
    unseen_causes,
)
from cyberaudit.sdk import (
    Context,
    Evidence,
    Item,
    MailServer,
    MailServers,
    OnDeclaration,
    Reason,
    Status,
    Unreachable,
    Verdict,
    check,
    failed,
    judged_servers,
    left_unseen,
    not_applicable,
    partial,
    passed,
    unknown,
)


@check(
    "mail.starttls",
    needs=(MailServers, OnDeclaration("mail_encryption")),
    about="domain",
    impact=3,
    likelihood=2,
    measure="encrypt-mail",
    sources=("PA-066 R42", "H 24"),
)
def mail_travels_encrypted(mail: MailServers, ctx: Context) -> Verdict:
    name = ctx.asset.name
    if has_no_server(mail):
        return not_applicable(f"Le domaine {name} n'a pas de serveur de courrier joignable par une adresse.")
    items = tuple(_item(server, key, shown) for server, key, shown in labelled_servers(mail))
    evidence = tuple(_evidence(server) for server in mail.servers)
    lost = next(unseen_causes(mail), None)
    statuses = {item.status for item in items}
    if Status.FAIL in statuses:
        if statuses <= {Status.FAIL, Status.UNKNOWN}:
            text = f"Le courrier vers {name} n'est pas chiffré à son arrivée."
            return failed(text, reason="no-starttls", items=items, evidence=evidence)
        text = f"Une partie des serveurs de courrier de {name} ne chiffre pas."
        return partial(text, reason="some-without-starttls", items=items, evidence=evidence)
    if Status.PARTIAL in statuses:
        text = f"Le chiffrement du courrier vers {name} n'aboutit qu'avec des méthodes abandonnées."
        return partial(text, reason="starttls-broken", items=items, evidence=evidence)
    if lost is None and any(_is_rewritten(server) for server in judged_servers(mail)):
        text = (
            f"Un appareil de la ligne d'ici réécrit le courrier : le chiffrement de {name} ne s'y voit pas."
        )
        return unknown(text, items=items, evidence=evidence)
    if lost is not None or Status.UNKNOWN in statuses:
        return unknown(lost or _first_cause(judged_servers(mail)), items=items, evidence=evidence)
    if mail.left_out:
        left_out = tuple(Evidence("non regardé", place) for place in mail.left_out)
        return left_unseen(len(mail.left_out), ctx, evidence=(*evidence, *left_out))
    return passed(
        f"Le courrier vers {name} arrive chiffré sur tous ses serveurs.", items=items, evidence=evidence
    )


def _item(server: MailServer, key: str, host: str) -> Item:
    session = server.session
    if isinstance(session, Unreachable):
        return Item(key, Status.UNKNOWN, "mx.unreachable", f"{host} : {session.reason.french}.")
    match session.tls:
        case None:
            return Item(key, Status.FAIL, "mx.no_starttls", f"{host} ne propose pas de chiffrement.")
        case Unreachable() if accepted_versions(session):
            text = f"{host} ne chiffre qu'avec des méthodes abandonnées."
            return Item(key, Status.PARTIAL, "mx.starttls_broken", text)
        case Unreachable(reason=Reason.TLS_FAILURE):
            text = f"{host} propose un chiffrement qui n'aboutit pas."
            return Item(key, Status.FAIL, "mx.starttls_broken", text)
        case Unreachable() as cause if cause == REWRITTEN:
            return Item(key, Status.UNKNOWN, cause.reason, f"{host} : {cause.detail}.")
        case Unreachable() as cause:
            return Item(key, Status.UNKNOWN, cause.reason, f"{host} : {cause.reason.french}.")
        case tls:
            return Item(key, Status.PASS, "", f"{host} chiffre en {tls.version.replace('TLSv', 'TLS ')}.")


def _is_rewritten(server: MailServer) -> bool:
    return not isinstance(server.session, Unreachable) and server.session.tls == REWRITTEN


def _evidence(server: MailServer) -> Evidence:
    session = server.session
    seen = (
        str(session)
        if isinstance(session, Unreachable)
        else f"{session.banner} ; {' '.join(session.extensions)}"
    )
    return Evidence(f"{server.host} [{server.address}]", seen)


def _first_cause(servers: tuple[MailServer, ...]) -> Unreachable:
    for server in servers:
        session = server.session
        if isinstance(session, Unreachable):
            return session
        if isinstance(session.tls, Unreachable):
            return session.tls
    return Unreachable(Reason.NOT_COLLECTED)
