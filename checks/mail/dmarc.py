"""Que doivent faire les messageries d'un faux message signé « mairie » ?

## Pourquoi
La mairie peut demander aux messageries de refuser les messages qui usurpent son nom. Sans consigne, chacune fait
comme elle veut, et le faux avis arrive chez l'habitant.

## Corriger
1. Publier d'abord « v=DMARC1; p=none; rua=mailto:… » à « _dmarc. » suivi du domaine, et lire les rapports un mois.
2. Corriger les envois légitimes qui échouent (SPF, signature DKIM).
3. Passer à « p=quarantine », puis à « p=reject », sans « pct », sans « t=y » et sans « sp=none ».

La ligne proposée dans les détails est écrite pour ce domaine. L'adresse de « rua » doit exister. La ligne ne devient
plus ferme que si la liste SPF est en règle et qu'une clé DKIM est vue : sinon, de vrais messages seraient écartés. Les
adresses de rapports sont à réparer avant.

## Limites
« p=none » est la première étape normale : elle compte pour moitié. L'ancienneté de cette étape n'est pas connue. La
consigne est cherchée selon la norme de 2026 (RFC 9989). Si les messageries restées à l'ancienne (RFC 7489) en lisent
une autre, les détails le disent. De plusieurs consignes, qui s'annulent, la ligne proposée garde la plus douce : aucune
n'est appliquée aujourd'hui. Une consigne que personne ne lit n'est reprise que si SPF et DKIM sont vus. Le poids de
chaque consigne, la gravité et la vraisemblance sont notre jugement.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from cyberaudit.facts.dkim import Dkim
from cyberaudit.facts.dmarc import (
    POLICIES,
    REMOVED,
    Defect,
    TagFault,
    are_reports_sound,
    dmarc_faults,
    is_broken,
    kept_reports,
    lacks_semicolon,
    near_records,
    next_record,
    salvaged,
    softest,
    suffix_policy,
    written_at,
)
from cyberaudit.facts.mail import txt_line
from cyberaudit.facts.mail_authentication import may_refuse
from cyberaudit.sdk import (
    EVIDENCE_LIMIT,
    Context,
    DmarcPolicy,
    Evidence,
    Item,
    MailDns,
    Status,
    TxtAnswer,
    Unreachable,
    Verdict,
    check,
    dmarc_policy,
    dmarc_records,
    dmarc_tags,
    failed,
    line_for,
    partial,
    passed,
    unknown,
    writes_no_mail,
)

_OF_POLICY = {
    "dmarc.none": ("policy-none", "Le domaine {} observe les faux messages sans les faire écarter."),
    "dmarc.sp_none": ("sp-none", "Le domaine {} laisse passer les faux messages de ses sous-domaines."),
    "dmarc.testing": ("testing", "La consigne DMARC de {} est encore à l'essai : elle est adoucie."),
    "dmarc.pct": ("percent", "Le domaine {} ne fait écarter qu'une partie des faux messages."),
    "dmarc.np_none": ("np-none", "Le domaine {} laisse passer les faux messages de sous-domaines inventés."),
    "dmarc.syntax": ("syntax", "La consigne DMARC de {} contient un réglage mal écrit."),
}
"""Item → code and sentence of the verdict, the gravest first."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What the walk brought, for one domain."""

    name: str
    """As people call it."""
    mail: MailDns
    walk: tuple[TxtAnswer, ...]
    may_refuse: bool
    """Real mail passes authentication, as far as it is seen."""

    @property
    def own(self) -> str:
        return f"_dmarc.{self.mail.domain}"

    @property
    def found(self) -> tuple[tuple[str, str], ...]:
        """Every DMARC record with its name."""
        return tuple((answer.name, record) for answer in self.walk for record in dmarc_records(answer))

    @property
    def own_records(self) -> tuple[str, ...]:
        return tuple(record for name, record in self.found if name == self.own)

    @property
    def apex(self) -> tuple[str, ...]:
        """DMARC records at the domain itself, where nobody reads them."""
        return () if isinstance(self.mail.apex, Unreachable) else dmarc_records(self.mail.apex)

    @property
    def unread(self) -> tuple[str, ...]:
        """What the town wrote and nobody reads, as it was meant."""
        near = near_records(self.walk[0]) if self.walk else ()
        return (*(salvaged(record) for record in near), *self.apex)


@check(
    "mail.dmarc",
    needs=(MailDns, Dkim),
    about="domain",
    impact=3,
    likelihood=3,
    measure="authenticate-mail",
    sources=("RCPNT 2.6", "RCPNT 2.7", "PA-066 R48+"),
)
def dmarc_policy_published(facts: tuple[MailDns | Unreachable, Dkim | Unreachable], ctx: Context) -> Verdict:
    mail, dkim = facts
    if not ctx.asset.sends_mail:
        return writes_no_mail(ctx)
    if isinstance(mail, Unreachable):
        return unknown(mail)
    if isinstance(mail.dmarc, Unreachable):
        return unknown(mail.dmarc)
    beyond = () if isinstance(mail.dmarc_beyond, Unreachable) else mail.dmarc_beyond
    read = _Read(ctx.asset.name, mail, (*mail.dmarc, *beyond), may_refuse(mail, dkim))
    policy = dmarc_policy(mail.domain, read.walk)
    if policy is None or len(read.own_records) > 1:
        return _absent(read)
    return _strength(read, policy)


def _absent(read: _Read) -> Verdict:
    items = tuple(_absent_items(read))
    evidence = (*_shown(read), *_first_line(read))
    name = read.name
    if any(item.reason == "dmarc.multiple" for item in items):
        text = f"Le domaine {name} publie plusieurs consignes DMARC : elles s'annulent."
        return failed(text, reason="several-records", items=items, evidence=evidence)
    if read.found:
        text = f"La consigne DMARC de {name} est mal écrite : elle ne compte pas."
        return failed(text, reason="unusable-record", items=items, evidence=evidence)
    text = f"Le domaine {name} ne donne aucune consigne contre l'usurpation."
    return failed(text, reason="no-record", items=items, evidence=evidence)


def _absent_items(read: _Read) -> Iterator[Item]:
    several = [answer for answer in read.walk if len(dmarc_records(answer)) > 1]
    for answer in several:
        count = len(dmarc_records(answer))
        yield Item(answer.name, Status.FAIL, "dmarc.multiple", f"{count} consignes à {answer.name}.")
    if read.found and not several:
        name, record = read.found[0]
        text = f"{_wrong_policy(record)}, et personne ne reçoit de rapports : la consigne est ignorée."
        yield Item(name, Status.FAIL, "dmarc.syntax", text)
    if not read.found:
        yield Item(read.own, Status.FAIL, "dmarc.missing", f"Aucune consigne lisible à {read.own}.")
    for record in near_records(read.walk[0]) if read.walk else ():
        text = f"« {record[:60]} » ne commence pas par « v=DMARC1 » : personne ne le lit."
        if lacks_semicolon(record):
            text = "Il manque le point-virgule après « v=DMARC1 » : personne ne lit cette consigne."
        yield Item(f"{read.own} TXT", Status.FAIL, "dmarc.syntax", text)
    if read.apex:
        text = f"Une consigne DMARC est publiée à {read.mail.domain} : sa place est à {read.own}."
        yield Item(read.mail.domain, Status.FAIL, "dmarc.wrong_location", text)


def _wrong_policy(record: str) -> str:
    """Which of the three policies makes receivers pass over the record (RFC 9989 §4.7)."""
    tags = dmarc_tags(record)
    for tag in ("p", "sp", "np"):
        if tag in tags and tags[tag].lower() not in POLICIES:
            return f"« {tag}={tags[tag][:40]} » n'existe pas"
    return "« p » est absent"


def _strength(read: _Read, policy: DmarcPolicy) -> Verdict:
    items = (*_weak_items(read, policy), *_notes(read, policy))
    evidence = (*_shown(read), *_older(read, policy))
    reasons = {item.reason for item in items if item.status.is_open}
    if not reasons:
        text = f"Le domaine {read.name} demande d'écarter les messages qui usurpent son nom."
        return passed(text, items=items, evidence=evidence)
    if policy.policy == "none":
        reason, text = _OF_POLICY["dmarc.none"]
    else:
        reason, text = next(_OF_POLICY[code] for code in _OF_POLICY if code in reasons)
    evidence = (*evidence, *_next_line(read, policy))
    return partial(text.format(read.name), reason=reason, items=items, evidence=evidence)


def _weak_items(read: _Read, policy: DmarcPolicy) -> Iterator[Item]:
    """Whatever makes the policy weaker than « refuse »."""
    tags = dmarc_tags(policy.record)
    inherited = policy.at != read.mail.domain
    at = f"_dmarc.{policy.at}"
    written = tags.get("p", "").lower()
    enforces = written in ("quarantine", "reject")
    softened = enforces and tags.get("t", "").lower() == "y"
    spares = enforces and tags.get("sp", "").lower() == "none"
    if spares:
        text = "« sp=none » : les faux messages de n'importe quel sous-domaine passent."
        yield Item(f"{at} sp", Status.PARTIAL, "dmarc.sp_none", text)
    if policy.policy == "none" and not softened and not (inherited and spares):
        text = "Les messageries observent sans rien écarter (« p=none »)."
        text = text if policy.reports else "Rien n'est écarté (« p=none »), et personne n'observe."
        yield Item(f"{at} p", Status.PARTIAL, "dmarc.none", text)
    if softened:
        text = f"« t=y » : la consigne « {written} » est appliquée un cran plus bas."
        yield Item(f"{at} t", Status.PARTIAL, "dmarc.testing", text)
    if policy.percent < 100 and enforces:
        text = (
            f"D'anciennes messageries n'écartent que {policy.percent} % des faux (« pct={policy.percent} »)."
        )
        yield Item(f"{at} pct", Status.PARTIAL, "dmarc.pct", text)
    if enforces and tags.get("np", "").lower() == "none" and not inherited:
        text = "« np=none » : les faux messages de sous-domaines qui n'existent pas passent."
        yield Item(f"{at} np", Status.PARTIAL, "dmarc.np_none", text)
    yield from (_fault_item(at, fault) for fault in dmarc_faults(policy.record))


_FAULTS = {
    Defect.VALUE: "« {} » n'existe pas : ce réglage ne compte pas.",
    Defect.REPEATED: "« {} » : ce réglage est écrit deux fois.",
    Defect.STRAY_ADDRESS: "« {} » : adresse perdue. Une virgule doit la précéder, et non un point-virgule.",
    Defect.NO_TAG: "« {} » n'est pas un réglage.",
}


def _fault_item(at: str, fault: TagFault) -> Item:
    text = fault.text[:80]
    return Item(f"{at} {text}", Status.PARTIAL, "dmarc.syntax", _FAULTS[fault.defect].format(text))


def _notes(read: _Read, policy: DmarcPolicy) -> Iterator[Item]:
    """What is no fault."""
    tags = dmarc_tags(policy.record)
    gone = [tag for tag in REMOVED if tag in tags and not (tag == "pct" and policy.percent < 100)]
    if gone:
        text = f"Réglages retirés de la norme, sans effet : {', '.join(gone)} (RFC 9989)."
        yield Item(f"_dmarc.{policy.at} {' '.join(gone)}", Status.PASS, "dmarc.removed_tags", text)
    if policy.at == read.mail.domain and tags.get("psd", "").lower() == "y":
        text = "« psd=y » est réservé aux extensions comme « .fr » : vos sous-domaines passent pour ceux d'un autre."
        yield Item(f"_dmarc.{policy.at} psd", Status.PASS, "dmarc.psd", text)
    if read.apex:
        text = f"Une seconde consigne est publiée à {read.mail.domain} : personne ne la lit."
        yield Item(read.mail.domain, Status.PASS, "dmarc.wrong_location", text)


def _older(read: _Read, policy: DmarcPolicy) -> Iterator[Evidence]:
    """Both answers, when receivers in transition read different ones."""
    suffix = read.mail.dmarc_suffix
    if isinstance(suffix, Unreachable):
        return
    own = next((answer for answer in read.walk if answer.name == read.own), None)
    older = suffix_policy(read.mail.domain, own, suffix)
    if older and (older.at, older.policy) == (policy.at, policy.policy):
        return
    yield Evidence("consigne appliquée, RFC 9989", f"p={policy.policy}, lue à _dmarc.{policy.at}")
    old = f"p={older.policy}, lue à _dmarc.{older.at}" if older else "aucune"
    yield Evidence("consigne appliquée, RFC 7489", old)


def _shown(read: _Read) -> Iterator[Evidence]:
    """The records, and where the norm speaks of them."""
    yield from (Evidence(f"TXT {name}", record) for name, record in read.found)
    if read.walk:
        yield from (Evidence(f"TXT {read.own}", record) for record in near_records(read.walk[0]))
    yield from (Evidence(f"TXT {read.mail.domain}", record) for record in read.apex)
    yield Evidence("norme", "RFC 9989 §4.7 (écriture) et §4.10 (recherche)")


REPORTS_FIRST = "faites d'abord arriver les rapports : la consigne se durcit ensuite"
REPAIR_FIRST = "réparez d'abord SPF et DKIM, puis lisez un mois de rapports avant de durcir la consigne"


def _first_line(read: _Read) -> Iterator[Evidence]:
    """Where nothing counts today: what the town wrote, as far as real mail stands it."""
    records = read.own_records or read.unread or tuple(record for _, record in read.found[:1])
    written = softest(records)
    policy = written if read.may_refuse else POLICIES[0]
    made = next_record(read.mail.domain, records, policy=policy)
    if not read.may_refuse:
        made = _less(made, "sp", "np")
    yield from _line(read, records, made)
    several = len(dict.fromkeys(dmarc_tags(record).get("p", "").lower() for record in records)) > 1
    if several:
        text = f"« p={policy} » est gardé, le plus doux : aucune consigne n'est appliquée aujourd'hui"
        yield Evidence("à savoir", text)
    if not read.may_refuse:
        asked = f"« p={written} » est à remettre ensuite : " if written != policy else ""
        yield Evidence("à savoir", asked + REPAIR_FIRST)


def _next_line(read: _Read, policy: DmarcPolicy) -> Iterator[Evidence]:
    """Where to go from here: nothing is refused before real mail passes, and reports are read."""
    records = read.own_records or (policy.record,)
    current = _current(read, policy)
    # Addresses are mended before anything is refused: « mail.dmarc-reports » proposes the very same line.
    sound = are_reports_sound(policy.record)
    firmer = "quarantine" if current == "none" else current
    step = firmer if sound and read.may_refuse else current
    hardens = read.may_refuse and (sound or not read.own_records)
    made = next_record(read.mail.domain, records, policy=step, hardens=hardens)
    if is_broken(dmarc_tags(policy.record)) and not read.may_refuse:
        made = _less(made, "sp", "np")
    same = next_record(read.mail.domain, records, policy=current, hardens=False)
    if made != same or dmarc_faults(policy.record) or not (read.own_records and sound):
        # A registry's `psd` is nothing for who inherits its policy.
        yield from _line(read, records, made if read.own_records else _less(made, "psd"))
    if not read.may_refuse:
        yield Evidence("à savoir", REPAIR_FIRST)
    elif step != current:
        yield Evidence("à savoir", "lisez un mois de rapports avant de publier cette ligne")
    elif not sound and made != next_record(read.mail.domain, records, policy=firmer):
        yield Evidence("à savoir", REPORTS_FIRST)


def _less(record: str, *tags: str) -> str:
    return "; ".join(f"{tag}={value}" for tag, value in dmarc_tags(record).items() if tag not in tags)


def _current(read: _Read, policy: DmarcPolicy) -> str:
    """The policy to start from: as the domain writes it, else as it inherits it."""
    written = dmarc_tags(policy.record).get("p", "").lower()
    own = policy.at == read.mail.domain and written in POLICIES
    # One wrong policy tag, and receivers take all of it for « none »: to mend it is to refuse.
    if is_broken(dmarc_tags(policy.record)) and not read.may_refuse:
        own = False
    return written if own else policy.policy


def _line(read: _Read, records: tuple[str, ...], made: str) -> Iterator[Evidence]:
    """`made` as a zone writes it, and what must stand for it; nothing when evidence could not hold it whole."""
    line = txt_line(read.own, made)
    if len(line) > EVIDENCE_LIMIT:
        return
    yield from line_for(line, read.mail.dmarc_aliases, replaced=written_at(read.mail.domain, read.walk))
    domain = read.mail.domain
    kept = kept_reports(records, "rua")
    if not kept:
        yield Evidence("à savoir", f"la boîte dmarc@{domain} doit exister")
    others = (each.host for each in kept if not f".{each.host}".endswith(f".{domain}"))
    agreed = () if isinstance(read.mail.reports, Unreachable) else read.mail.reports
    known = {target.host for target in agreed}
    for host in dict.fromkeys(each for each in others if each not in known):
        permission = txt_line(f"{domain}._report._dmarc.{host}", "v=DMARC1")
        yield Evidence("à savoir", f"{host} doit accepter ces rapports : {permission}")
