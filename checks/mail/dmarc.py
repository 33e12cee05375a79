"""Que doivent faire les messageries d'un faux message signé « mairie » ?

## Pourquoi
La mairie peut demander aux messageries de refuser les messages qui usurpent son nom. Sans consigne, chacune fait
comme elle veut, et le faux avis arrive chez l'habitant.

## Corriger
1. Publier d'abord « v=DMARC1; p=none; rua=mailto:… » à « _dmarc. » suivi du domaine, et lire les rapports un mois.
2. Corriger les envois légitimes qui échouent (SPF, signature DKIM).
3. Passer à « p=quarantine », puis à « p=reject », sans « pct » ni « t=y ».

## Limites
« p=none » est la première étape normale : elle compte pour moitié. L'ancienneté de cette étape n'est pas connue.
"""

from cyberaudit.sdk import (
    Context,
    DmarcPolicy,
    Evidence,
    MailDns,
    TxtAnswer,
    Unreachable,
    Verdict,
    check,
    dmarc_policy,
    dmarc_records,
    failed,
    partial,
    passed,
    unknown,
    writes_no_mail,
)


@check(
    "mail.dmarc",
    needs=MailDns,
    about="domain",
    impact=3,
    likelihood=3,
    measure="authenticate-mail",
    sources=("RCPNT 2.6", "RCPNT 2.7", "PA-066 R48+"),
)
def dmarc_policy_published(mail: MailDns, ctx: Context) -> Verdict:
    name = ctx.asset.name
    if not ctx.asset.sends_mail:
        return writes_no_mail(ctx)
    if isinstance(mail.dmarc, Unreachable):
        return unknown(mail.dmarc)
    policy = dmarc_policy(mail.domain, mail.dmarc)
    if policy is None:
        return _absent(name, mail.dmarc)
    return _strength(name, policy)


def _absent(name: str, answers: tuple[TxtAnswer, ...]) -> Verdict:
    records = [(answer.name, record) for answer in answers for record in dmarc_records(answer)]
    evidence = tuple(Evidence(f"TXT {at}", record) for at, record in records)
    if len(records) > 1:
        text = f"Le domaine {name} publie plusieurs consignes DMARC : elles s'annulent."
        return failed(text, reason="several-records", evidence=evidence)
    if records:
        text = f"La consigne DMARC de {name} est mal écrite : elle ne compte pas."
        return failed(text, reason="unusable-record", evidence=evidence)
    return failed(f"Le domaine {name} ne donne aucune consigne contre l'usurpation.", reason="no-record")


def _strength(name: str, policy: DmarcPolicy) -> Verdict:
    evidence = (Evidence(f"TXT _dmarc.{policy.at}", policy.record),)
    if policy.policy == "none":
        text = f"Le domaine {name} observe les faux messages sans les faire écarter."
        return partial(text, reason="policy-none", evidence=evidence)
    if policy.percent < 100:
        text = f"Le domaine {name} ne fait écarter qu'une partie des faux messages ({policy.percent} %)."
        return partial(text, reason="percent", evidence=evidence)
    return passed(
        f"Le domaine {name} demande d'écarter les messages qui usurpent son nom.", evidence=evidence
    )
