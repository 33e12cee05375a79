"""Les serveurs de courrier évitent-ils de confirmer les adresses de la mairie à qui le demande ?

## Pourquoi
Deux vieilles commandes (VRFY et EXPN) disent si une adresse existe. Elles servent à dresser la liste des agents,
avant un envoi de messages trompeurs.

## Corriger
1. Désactiver VRFY et EXPN sur le serveur (sous Postfix : « disable_vrfy_command = yes »).
2. Répondre « 252 » ou « 502 » à toute demande, que l'adresse existe ou non (RFC 5321, section 7.3).

## Limites
C'est notre jugement. La question n'est posée que si l'autorisation la nomme et couvre le serveur, sur deux noms
seulement. Une réponse « 252 » n'est pas comptée comme une confirmation. Les refus de destinataires inconnus, que
presque tous les serveurs donnent, ne sont pas regardés. Rien n'est conclu de l'intérieur : un serveur peut répondre
autrement au réseau de la mairie.
"""

from collections.abc import Iterator

from cyberaudit.facts.mail_servers import UserAnswers, has_no_listener, labelled_servers, unseen_causes
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
    left_unseen,
    not_applicable,
    partial,
    passed,
    unknown,
    unless_third_partys,
)

# RFC 5321 §3.5.3: these two confirm.
_CONFIRMS = (250, 251)
# RFC 5321 §4.2.2 and §4.2.3: the command itself is not served, or needs something first.
_NOT_SERVED = range(500, 531)


@check(
    "mail.user-probing",
    needs=MailServers,
    about="domain",
    seen_from="outside",
    impact=1,
    likelihood=2,
    measure="close-mail-server",
)
def addresses_are_not_confirmed(mail: MailServers, ctx: Context) -> Verdict:
    whole = not (mail.left_out or any(unseen_causes(mail)))
    return unless_third_partys(_judged(mail, ctx), ctx, test="smtp-users", whole=whole)


def _judged(mail: MailServers, ctx: Context) -> Verdict:
    name = ctx.asset.name
    if has_no_listener(mail):
        return not_applicable(f"Le domaine {name} n'a pas de serveur de courrier joignable par une adresse.")
    seen = [(key, host, _answers(server.session)) for server, key, host in labelled_servers(mail)]
    items = tuple(_item(key, host, answers) for key, host, answers in seen)
    evidence = tuple(_evidence(seen))
    if any(item.status is Status.PARTIAL for item in items):
        text = f"Un serveur de courrier de {name} dit à tout le monde si une adresse existe."
        return partial(text, reason="confirms-users", items=items, evidence=evidence)
    unsaid = [item for item in items if item.reason == "undecided"]
    if unsaid and all(item.status is Status.PASS or item in unsaid for item in items):
        text = f"Un serveur de courrier de {name} n'a dit ni oui ni non à l'essai : à refaire plus tard."
        return unknown(text, items=items, evidence=evidence)
    lost = next((answers for *_, answers in seen if isinstance(answers, Unreachable)), None)
    lost = lost or next(unseen_causes(mail), None)
    if lost is not None:
        return unknown(lost, items=items, evidence=evidence)
    if mail.left_out:
        return left_unseen(len(mail.left_out), ctx, evidence=evidence)
    text = f"Les serveurs de courrier de {name} ne confirment pas les adresses."
    return passed(text, items=items, evidence=evidence)


def _answers(session: SmtpSession | Unreachable) -> UserAnswers | Unreachable:
    return session if isinstance(session, Unreachable) else session.users


def _item(key: str, host: str, answers: UserAnswers | Unreachable) -> Item:
    if isinstance(answers, Unreachable):
        third = answers.reason is Reason.NOT_AUTHORIZED
        text = f"{host} : non vérifié, serveur d'un tiers." if third else f"{host} : {answers.reason.french}."
        return Item(key, Status.UNKNOWN, answers.reason, text)
    told = [verb for verb, pair in _pairs(answers) if _tells(*pair)]
    if told:
        text = f"{host} confirme les adresses qui existent ({' et '.join(told)})."
        return Item(key, Status.PARTIAL, "mx.vrfy", text)
    later = [code for _, pair in _pairs(answers) for code in pair if 400 <= code < 500]
    if later:  # RFC 5321 §4.2.1: « later » is no answer
        text = f"{host} n'a pas tranché : réponse {later[0]}."
        return Item(key, Status.UNKNOWN, "undecided", text)
    return Item(key, Status.PASS, "", f"{host} ne confirme pas les adresses.")


def _tells(known: int, stranger: int) -> bool:
    """A name that exists is answered otherwise than one that does not, and for that reason."""
    return known in _CONFIRMS and 500 <= stranger < 600 and stranger not in _NOT_SERVED


def _pairs(answers: UserAnswers) -> tuple[tuple[str, tuple[int, int]], ...]:
    return ("VRFY", answers.verified), ("EXPN", answers.expanded)


def _evidence(seen: list[tuple[str, str, UserAnswers | Unreachable]]) -> Iterator[Evidence]:
    for key, _, answers in seen:
        if isinstance(answers, Unreachable):
            continue
        for verb, (known, stranger) in _pairs(answers):
            second = f", un nom au hasard → {stranger}" if stranger else ""
            yield Evidence(key, f"{verb} postmaster → {known}{second}")
