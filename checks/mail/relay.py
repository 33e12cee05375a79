"""Les serveurs de courrier refusent-ils de transmettre les messages des inconnus ?

## Pourquoi
Un serveur qui transmet le courrier de n'importe qui vers n'importe qui sert vite à envoyer des millions de messages
frauduleux. La mairie est ensuite bloquée partout.

## Corriger
1. N'accepter que les destinataires des domaines de la mairie, et les envois de comptes identifiés.
2. Réserver l'envoi aux ports 587 et 465, avec mot de passe et chiffrement.
3. Faire vérifier que le serveur n'est pas déjà sur une liste de blocage.

## Limites
C'est notre jugement. L'essai s'arrête avant tout message : un serveur qui ne refuse qu'au moment du texte paraît
ouvert, d'où « probable ». Un serveur qui refuse les domaines d'essai, qui n'existent pas, paraît fermé.
L'essai n'est fait que si l'autorisation le nomme et couvre le serveur, et seulement depuis l'extérieur : un serveur
transmet pour le réseau de la mairie. Une mise en attente (« 450 ») n'est ni un refus ni une faute : rien n'est conclu.
La vraisemblance 4 est notre jugement : les relais ouverts sont cherchés et trouvés en quelques heures.
Le risque est le plus haut, car le courrier de toute la mairie est ensuite refusé.
"""

from collections.abc import Iterator

from cyberaudit.facts.mail_servers import (
    UNDECIDED,
    RelayTrial,
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
    SmtpSession,
    Status,
    Unreachable,
    Verdict,
    check,
    failed,
    left_unseen,
    not_applicable,
    passed,
    unknown,
    unless_third_partys,
)


@check(
    "mail.relay",
    needs=MailServers,
    about="domain",
    seen_from="outside",
    impact=4,
    likelihood=4,
    measure="close-mail-server",
)
def strangers_messages_are_refused(mail: MailServers, ctx: Context) -> Verdict:
    whole = not (mail.left_out or any(unseen_causes(mail)))
    return unless_third_partys(_judged(mail, ctx), ctx, test="smtp-relay", whole=whole)


def _judged(mail: MailServers, ctx: Context) -> Verdict:
    name = ctx.asset.name
    if has_no_listener(mail):
        return not_applicable(f"Le domaine {name} n'a pas de serveur de courrier joignable par une adresse.")
    seen = [(key, host, _trial(server.session)) for server, key, host in labelled_servers(mail)]
    items = tuple(_item(key, host, trial) for key, host, trial in seen)
    evidence = tuple(_evidence(seen))
    if any(item.status is Status.FAIL for item in items):
        text = f"Un serveur de courrier de {name} transmet probablement les messages de n'importe qui."
        return failed(text, reason="open-relay", items=items, evidence=evidence)
    unsaid = [item for item in items if item.reason == "undecided"]
    if unsaid and all(item.status is Status.PASS or item in unsaid for item in items):
        text = f"Un serveur de courrier de {name} n'a dit ni oui ni non à l'essai : à refaire plus tard."
        return unknown(text, items=items, evidence=evidence)
    lost = next((trial for *_, trial in seen if isinstance(trial, Unreachable)), None)
    lost = lost or next(unseen_causes(mail), None)
    if lost is not None:
        return unknown(lost, items=items, evidence=evidence)
    if mail.left_out:
        return left_unseen(len(mail.left_out), ctx, evidence=evidence)
    return passed(
        f"Les serveurs de courrier de {name} refusent de transmettre pour des inconnus.",
        items=items,
        evidence=evidence,
    )


def _trial(session: SmtpSession | Unreachable) -> RelayTrial | Unreachable:
    return session if isinstance(session, Unreachable) else session.relay


def _item(key: str, host: str, trial: RelayTrial | Unreachable) -> Item:
    if isinstance(trial, Unreachable):
        if trial.detail.startswith(UNDECIDED):
            return Item(key, Status.UNKNOWN, "undecided", f"{host} n'a pas tranché : {trial.detail}.")
        third = trial.reason is Reason.NOT_AUTHORIZED
        text = f"{host} : non vérifié, serveur d'un tiers." if third else f"{host} : {trial.reason.french}."
        return Item(key, Status.UNKNOWN, trial.reason, text)
    if not trial.accepted and trial.reply.startswith("4"):  # RFC 5321 §4.2.1: « later » is no answer
        return Item(key, Status.UNKNOWN, "undecided", f"{host} n'a pas tranché : {trial.reply}.")
    if trial.accepted:
        text = f"{host} accepte un destinataire qui n'est pas à lui, d'un expéditeur inconnu."
        return Item(key, Status.FAIL, "mx.open_relay", text)
    return Item(key, Status.PASS, "", f"{host} refuse de transmettre pour un inconnu.")


def _evidence(seen: list[tuple[str, str, RelayTrial | Unreachable]]) -> Iterator[Evidence]:
    for key, _, trial in seen:
        if isinstance(trial, Unreachable):
            if trial.detail.startswith(UNDECIDED):
                yield Evidence(key, trial.detail)
        else:
            said = f"MAIL FROM:<{trial.sender}> RCPT TO:<{trial.recipient}> → {trial.reply}"
            yield Evidence(key, said)
