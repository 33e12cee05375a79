"""Les noms de domaine qui n'envoient pas de courrier sont-ils verrouillés ?

## Pourquoi
Un nom oublié, celui du tourisme ou d'une ancienne fête, sert souvent à écrire de faux messages de la mairie.
Trois lignes suffisent à dire que ce nom n'écrit jamais.

## Corriger
Publier pour chaque nom sans courrier :
1. un MX nul, « 0 . », qui refuse tout message ;
2. « v=spf1 -all », qui n'autorise personne ;
3. « v=DMARC1; p=reject; » à « _dmarc. », qui fait refuser les faux.

## Limites
Seuls les domaines déclarés avec « sends_mail: false » sont regardés. L'absence de tout MX est acceptée à la place du MX
nul. Une consigne DMARC qui épargne une partie des messages (« pct ») ou les sous-noms (« sp », « np ») compte pour
moitié. La gravité et la vraisemblance sont notre jugement.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from cyberaudit.facts.dmarc import DmarcPolicy, dmarc_records, dmarc_tags, kept_reports, written_at
from cyberaudit.facts.spf import spf_near
from cyberaudit.sdk import (
    Context,
    Domain,
    Every,
    Evidence,
    Item,
    MailDns,
    Status,
    Unreachable,
    Verdict,
    check,
    dmarc_policy,
    failed,
    french,
    line_for,
    not_applicable,
    partial,
    passed,
    spf_records,
    unknown,
)

# RFC 1035 §3.3: a character-string, and the quote that ends it.
MOST_WRITTEN = 256


@check(
    "mail.parked-domains",
    needs=Every(MailDns),
    about="town",
    impact=3,
    likelihood=2,
    measure="lock-unused-domains",
    sources=("PA-066 R44", "PA-066 R48+"),
)
def unused_names_are_locked(every: tuple[tuple[Domain, MailDns | Unreachable], ...], ctx: Context) -> Verdict:
    parked = [(domain, mail) for domain, mail in every if not domain.sends_mail]
    if not parked:
        return not_applicable("Tous les noms de domaine déclarés servent au courrier.")
    judged = [(domain, _items(domain, mail)) for domain, mail in parked]
    items = tuple(item for _, found in judged for item in found)
    evidence = tuple(line for _, mail in parked if isinstance(mail, MailDns) for line in _evidence(mail))
    open_names = [domain.name for domain, found in judged if any(item.status.is_open for item in found)]
    if open_names:
        idle = "qui ne sert pas au courrier" if len(open_names) == 1 else "qui ne servent pas au courrier"
        text = f"On peut écrire au nom de {french.listed(open_names)}, {idle}."
        evidence = (*evidence, *_lines_to_publish(parked, items))
        if any(item.status is Status.FAIL for item in items):
            return failed(text, reason="unlocked", items=items, evidence=evidence)
        return partial(text, reason="half-locked", items=items, evidence=evidence)
    unseen = [item for item in items if item.status is Status.UNKNOWN]
    if unseen:
        return unknown(unseen[0].text, items=items, evidence=evidence)
    return passed("Les noms de domaine sans courrier sont verrouillés.", items=items, evidence=evidence)


def _items(domain: Domain, mail: MailDns | Unreachable) -> tuple[Item, ...]:
    """One for each lock that is missing; one alone for a domain that is locked, lost or nobody's."""
    if isinstance(mail, Unreachable):
        return (Item(domain.id, Status.UNKNOWN, mail.reason, f"{domain.name} : {mail.reason.french}."),)
    if mail.exists is False:
        text = f"{domain.name} n'est enregistré par personne : un inconnu peut le prendre."
        return (Item(domain.id, Status.FAIL, "no-domain", text),)
    missing = tuple(_missing(mail))
    if missing:
        only_half = len(missing) == 1 and missing[0] is not NO_DMARC
        status = Status.PARTIAL if only_half else Status.FAIL
        return tuple(
            Item(f"{domain.id} {lock.code}", status, lock.code, f"{domain.name} : il manque {lock.what}.")
            for lock in missing
        )
    lost = next(
        (part for part in (mail.exists, mail.mx, mail.apex, mail.dmarc) if isinstance(part, Unreachable)),
        None,
    )
    if lost is not None:
        return (Item(domain.id, Status.UNKNOWN, lost.reason, f"{domain.name} : {lost.reason.french}."),)
    return (Item(domain.id, Status.PASS, "", f"{domain.name} est verrouillé."),)


@dataclass(frozen=True, slots=True)
class _Lock:
    """One of the three lines that lock a name."""

    code: str
    what: str
    line: str
    """For the zone, the domain to be filled in."""


NO_NULL_MX = _Lock("parked.no_null_mx", "le refus du courrier entrant", "{}. IN MX 0 .")
NO_SPF = _Lock("parked.spf", "le refus SPF", '{}. IN TXT "v=spf1 -all"')
NO_DMARC = _Lock("parked.dmarc", "le refus DMARC", '_dmarc.{}. IN TXT "v=DMARC1; p=reject;"')
HALF_DMARC = replace(
    NO_DMARC, what="le refus DMARC de tous les messages (« pct ») ou des sous-noms (« sp », « np »)"
)
LOCKS = (NO_NULL_MX, NO_SPF, NO_DMARC)


def _missing(mail: MailDns) -> Iterator[_Lock]:
    if not isinstance(mail.mx, Unreachable) and any(mx.host for mx in mail.mx):
        yield NO_NULL_MX
    if not isinstance(mail.apex, Unreachable) and not _denies_everyone(spf_records(mail.apex)):
        yield NO_SPF
    if not isinstance(mail.dmarc, Unreachable):
        policy = dmarc_policy(mail.domain, mail.dmarc)
        if policy is None or policy.policy != "reject":
            yield NO_DMARC
        elif not _refuses_all(policy):
            yield HALF_DMARC


def _refuses_all(policy: DmarcPolicy) -> bool:
    """Every message, and those of names below: what an older receiver still reads in `pct` counts too."""
    tags = dmarc_tags(policy.record)
    below = (tags.get(tag, "reject").lower() == "reject" for tag in ("sp", "np"))
    return policy.percent == 100 and all(below)


def _denies_everyone(records: tuple[str, ...]) -> bool:
    # RFC 7208 §4.6.1: nothing but spaces parts the terms; with a tab, receivers read nothing at all.
    return len(records) == 1 and list(filter(None, records[0].lower().split(" "))) == ["v=spf1", "-all"]


def _lines_to_publish(
    parked: list[tuple[Domain, MailDns | Unreachable]], items: tuple[Item, ...]
) -> Iterator[Evidence]:
    wanting = {item.key for item in items}
    for domain, mail in parked:
        for lock in LOCKS:
            if isinstance(mail, MailDns) and f"{domain.id} {lock.code}" in wanting:
                aliases = mail.dmarc_aliases if lock is NO_DMARC else ()
                line = lock.line.format(domain.domain)
                if lock is NO_DMARC:
                    line = _with_reports(line, mail)
                yield from line_for(line, aliases, replaced=_replaced(mail, lock))


def _with_reports(line: str, mail: MailDns) -> str:
    """The line in the place of another goes on telling whom that one told."""
    own = () if isinstance(mail.dmarc, Unreachable) else mail.dmarc
    records = [
        text for answer in own if answer.name == f"_dmarc.{mail.domain}" for text in dmarc_records(answer)
    ]
    told = ",".join(address.uri for address in kept_reports(records, "rua"))
    longer = f'{line[:-1]} rua={told}"'
    # RFC 1035 §3.3: one string holds 255 bytes; a list of addresses as long as that is not kept.
    fits = len(longer.partition('"')[2]) <= MOST_WRITTEN and told.isascii() and not set(told) & {'"', "\\"}
    return longer if told and fits else line


def _replaced(mail: MailDns, lock: _Lock) -> int:
    """How many records the line takes the place of."""
    if lock is NO_NULL_MX:
        return 0 if isinstance(mail.mx, Unreachable) else len(mail.mx)
    if lock is NO_SPF:
        if isinstance(mail.apex, Unreachable):
            return 0
        return len(spf_records(mail.apex)) + len(spf_near(mail.apex))
    return 0 if isinstance(mail.dmarc, Unreachable) else written_at(mail.domain, mail.dmarc)


def _evidence(mail: MailDns) -> tuple[Evidence, ...]:
    spf = () if isinstance(mail.apex, Unreachable) else spf_records(mail.apex)
    policy = None if isinstance(mail.dmarc, Unreachable) else dmarc_policy(mail.domain, mail.dmarc)
    lines = [Evidence(f"TXT {mail.domain}", record) for record in spf]
    if policy:
        lines.append(Evidence(f"TXT _dmarc.{policy.at}", policy.record))
    return tuple(lines)
