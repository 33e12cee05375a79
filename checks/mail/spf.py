"""Qui a le droit d'envoyer du courrier au nom de la mairie ?

## Pourquoi
Sans cette liste, n'importe qui peut envoyer un faux avis de paiement signé « mairie ». Les messageries des
habitants n'ont aucun moyen de le reconnaître.

## Corriger
1. Lister les services qui envoient du courrier pour le domaine : messagerie, site, logiciels métier, imprimantes.
2. Publier un seul enregistrement TXT qui les nomme, par exemple « v=spf1 mx include:… -all ».
3. S'il y en a deux, les réunir en un seul : deux enregistrements s'annulent.
4. Finir par « -all » quand la liste est complète, et jamais par « +all ».
5. Relire chaque terme : une seule faute d'écriture annule toute la liste.
6. Ne pas dépasser dix recherches DNS : retirer les services quittés, remplacer « a: » par « ip4: ». La commande
   « cyberaudit look spf » montre ce que coûte chaque terme.
7. Retirer tout « include » vers un nom qui ne publie plus de liste.

## Limites
Les termes qui dépendent du message (macros, « ptr ») sont comptés, pas suivis. Une fin « ~all » n'est acceptée qu'avec
une politique DMARC qui met à l'écart ou refuse. Une fin « +all » ou une plage « /0 » portent la vraisemblance à 4 :
l'usurpation est alors autorisée par écrit. Une liste partagée entre tous les clients d'un hébergeur est signalée, pas
sanctionnée. La ligne proposée garde les services déjà écrits : elle ne sait pas lesquels servent encore. De deux
listes, elle garde la fin la plus stricte. Sans liste à garder, elle se déduit du MX et finit par « ~all » : les autres
services qui écrivent sont à y ajouter. Un terme mal écrit est récrit quand son sens est clair, sinon retiré avec une
fin « ~all ». Une ligne déduite de termes jamais suivis compte au plus dix recherches au premier niveau. Les autres ne
sont proposées que si leurs recherches DNS, celles des listes incluses comprises, tiennent dans la limite. Une réponse
dont la signature DNSSEC est fausse n'est pas jugée. La lecture s'arrête au bout de cinq secondes. La gravité et la
vraisemblance sont notre jugement.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from cyberaudit.facts.mail_servers import is_address
from cyberaudit.facts.spf import spf_near, spf_salvaged
from cyberaudit.facts.spf_tree import (
    MOST_LOOKUPS,
    MOST_NAMES,
    MOST_VOIDS,
    UNSEEN,
    Found,
    SpfStep,
    SpfTree,
    lookups_below,
)
from cyberaudit.sdk import (
    Context,
    Evidence,
    Item,
    MailDns,
    Reason,
    SpfFault,
    SpfTerm,
    Status,
    Unreachable,
    Verdict,
    better_line,
    check,
    coded,
    dmarc_policy,
    failed,
    first_line,
    french,
    has_false_space,
    is_redirect,
    mended_line,
    nothing_to_follow,
    partial,
    passed,
    publish_label,
    shared_list,
    spf_all,
    spf_ignored,
    spf_last,
    spf_records,
    spf_terms,
    spf_widest,
    unknown,
    writes_no_mail,
)

# facts on mail: a range of IPv4 shorter than /8 is bad; such an IPv6 range is worse
NARROW_ENOUGH = 8
# facts on mail: shorter than /16 is worth a word, no more
WORTH_A_WORD = 16
# Ours: a list that goes over has about ten
MOST_TOLD = 12
# As many addresses as the /8 above
MOST_ADDRESSES = 1 << 24
# The faults that a line rebuilt from the same terms mends
MENDED = frozenset(
    {"too-many-lookups", "too-many-voids", "include-no-record", "loop", "after-all", "neutral-all", "no-all"}
)
# Whoever gets there finds no list: without the term, the same people may write
DEAD_ENDS = frozenset({Found.NO_RECORD, Found.LOOP})
NO_TREE = SpfTree((), cut=False, ip4_admitted=0)
EVERY_SENDER = Evidence("à savoir", "avant de publier, lister tout ce qui envoie : logiciels, copieurs, site")
FORMER_HOST = Evidence("à savoir", "retirez l'« include » de l'ancien hébergeur s'il n'envoie plus")


@dataclass(frozen=True, slots=True)
class _List:
    """The one record of a domain, and where it leads."""

    name: str
    mail: MailDns
    record: str
    terms: tuple[SpfTerm, ...]
    tree: SpfTree


@check(
    "mail.spf",
    needs=MailDns,
    about="domain",
    impact=3,
    likelihood=3,
    measure="authenticate-mail",
    sources=("RCPNT 2.5", "PA-066 R44", "H 24"),
)
def spf_published(mail: MailDns, ctx: Context) -> Verdict:
    if not ctx.asset.sends_mail:
        return writes_no_mail(ctx)
    return coded(_judged(mail, ctx.asset.name), family="spf", key=mail.domain)


def _judged(mail: MailDns, name: str) -> Verdict:
    if isinstance(mail.apex, Unreachable):
        return unknown(mail.apex)
    records = spf_records(mail.apex)
    if not records:
        return _absent(mail, name, spf_near(mail.apex))
    evidence = tuple(Evidence(f"TXT {mail.domain}", record) for record in records)
    if len(records) > 1:
        text = f"Le domaine {name} publie {len(records)} listes SPF : elles s'annulent."
        dead = tuple(_leading_nowhere(_tree(mail), DEAD_ENDS))
        merged = _proposed(mail, records, without=dead)
        notes = (FORMER_HOST, EVERY_SENDER) if merged else ()
        return failed(text, reason="several-records", evidence=(*evidence, *merged, *notes))
    terms = spf_terms(records[0])
    if isinstance(terms, SpfFault):
        text = f"La liste SPF de {name} est mal écrite : les messageries l'ignorent en entier."
        wrong = (Evidence("terme mal écrit", terms.term), *_false_spaces(records))
        return failed(
            text,
            reason="syntax",
            evidence=(*evidence, *wrong, *_rewritten(mail.domain, records[0], replaced=1)),
        )
    flaw = _lets_nearly_all(name, records[0], terms, evidence, mail)
    return flaw or _with_what_it_includes(name, mail, records[0], terms)


def _absent(mail: MailDns, name: str, near: tuple[str, ...]) -> Verdict:
    """Nobody reads a list: there is none, or it does not begin as one."""
    if not near:
        text = f"Le domaine {name} ne dit pas qui peut écrire en son nom."
        return failed(text, reason="no-record", evidence=tuple(_to_begin_with(mail)))
    text = f"La liste SPF de {name} ne commence pas par « v=spf1 » et une espace : personne ne la lit."
    shown = tuple(Evidence(f"TXT {mail.domain}", record) for record in near)
    mended = tuple(_rewritten(mail.domain, spf_salvaged(near[0]), replaced=len(near)))
    line = mended or tuple(_to_begin_with(mail, replaced=len(near)))
    return failed(text, reason="no-record", evidence=(*shown, *_false_spaces(near), *line))


def _false_spaces(records: tuple[str, ...]) -> Iterator[Evidence]:
    """What nobody can see in the record as it is shown."""
    if any(map(has_false_space, records)):
        text = "un caractère invisible (tabulation, retour à la ligne…) y tient lieu d'espace : remettez une espace"
        yield Evidence("à savoir", text)


def _tree(mail: MailDns) -> SpfTree:
    return mail.spf if isinstance(mail.spf, SpfTree) else NO_TREE


def _to_begin_with(mail: MailDns, *, replaced: int = 0) -> Iterator[Evidence]:
    """A first line, as far as the MX tells who writes."""
    if isinstance(mail.mx, Unreachable) or mail.exists is False:
        return
    hosts = [mx.host for mx in mail.mx]
    # An address is no name: « mx » would lead nowhere.
    if any(is_address(host) for host in hosts):
        return
    source = "d'après le MX" if any(hosts) else "si ce nom n'écrit jamais"
    label = publish_label(replaced=replaced, note=f"proposition, {source}")
    yield Evidence(label, first_line(mail.domain, hosts))
    yield EVERY_SENDER


def _rewritten(domain: str, record: str, *, replaced: int) -> Iterator[Evidence]:
    """The list with its faulty terms as they were meant."""
    made = mended_line(domain, record)
    if made is None:
        return
    line, lost = made
    yield Evidence(publish_label(replaced=replaced, note="proposition"), line)
    if lost:
        yield Evidence("à savoir", f"« {french.listed(lost)} » est retiré : à réécrire si ce service envoie")
    yield EVERY_SENDER


def _lets_nearly_all(
    name: str, record: str, terms: tuple[SpfTerm, ...], evidence: tuple[Evidence, ...], mail: MailDns
) -> Verdict | None:
    """What no included list can mend."""
    widest = spf_widest(terms)
    if widest is not None and _is_too_broad(widest):
        evidence = (*evidence, Evidence("plage trop large", widest.text))
        if widest.admits == 0:
            text = f"La liste SPF de {name} autorise toutes les adresses d'Internet à écrire en son nom."
            return failed(text, reason="too-broad", evidence=evidence, likelihood=4)
        text = f"La liste SPF de {name} autorise des millions d'adresses à écrire en son nom."
        return failed(text, reason="too-broad", evidence=evidence)
    if spf_all(record) == "+":
        text = f"La liste SPF de {name} autorise tout le monde à écrire en son nom."
        closed = (*_proposed(mail, (record,)), EVERY_SENDER) if _proposed(mail, (record,)) else ()
        begun = closed or tuple(_to_begin_with(mail, replaced=1))
        return failed(text, reason="plus-all", evidence=(*evidence, *begun), likelihood=4)
    return None


def _is_too_broad(term: SpfTerm) -> bool:
    return term.admits is not None and term.admits < NARROW_ENOUGH


def _with_what_it_includes(name: str, mail: MailDns, record: str, terms: tuple[SpfTerm, ...]) -> Verdict:
    tree = mail.spf
    if not isinstance(tree, SpfTree):
        if not nothing_to_follow(terms):
            unseen = tree or Unreachable(Reason.NOT_COLLECTED)
            return unknown(unseen, evidence=(Evidence(f"TXT {mail.domain}", record),))
        tree = NO_TREE
    read = _List(name, mail, record, terms, tree)
    items = tuple(_items(read))
    worst = next((item for item in items if item.status is Status.FAIL), None)
    if worst is not None:
        return _broken(read, worst, items)
    lost = next((item for item in items if item.status is Status.UNKNOWN), None)
    if lost is not None:
        return unknown(_why_lost(read.tree, lost), items=items, evidence=_evidence(read))
    return _ending(read, items)


def _why_lost(tree: SpfTree, lost: Item) -> Unreachable:
    first = next(step for step in tree.steps if step.found in UNSEEN)
    reason = Reason.BOGUS if first.found is Found.BOGUS else Reason.RESOLVER_FAILURE
    return Unreachable(reason, lost.text)


def _items(read: _List) -> Iterator[Item]:
    """Everything worth saying, the gravest first."""
    yield from _over_limits(read.tree)
    of_steps = (_of_step(step) for step in read.tree.steps)
    # A list that is included twice is wrong once.
    yield from dict.fromkeys(item for item in of_steps if item is not None)
    if read.tree.ip4_admitted >= MOST_ADDRESSES:
        count = french.number(read.tree.ip4_admitted)
        yield Item("addresses", Status.FAIL, "too-broad", f"La liste autorise {count} adresses IPv4.")
    for term in spf_ignored(read.terms):
        text = f"« {term.text} » ne compte pas : il est écrit après « all », ou à côté."
        yield Item(term.text, Status.PARTIAL, "after-all", text)
    yield from _worth_a_word(read)


def _over_limits(tree: SpfTree) -> Iterator[Item]:
    over = tree.goes_over
    if over is not None:
        count = f"plus de {tree.lookups}" if tree.cut else str(tree.lookups)
        text = f"{count} recherches DNS au lieu de {MOST_LOOKUPS} : la lecture s'arrête à « {over.term} »."
        yield Item("lookups", Status.FAIL, "too-many-lookups", text)
    if tree.voids > MOST_VOIDS:
        text = f"{tree.voids} termes ne mènent à rien, au lieu de {MOST_VOIDS} au plus."
        yield Item("voids", Status.FAIL, "too-many-voids", text)


def _of_step(step: SpfStep) -> Item | None:
    """What one term is worth; None when there is nothing to say of it."""
    key, term = _key(step), f"« {step.term} »"
    no_list = "broken-redirect" if is_redirect(step) else "include-no-record"
    match step.found:
        case Found.NO_RECORD:
            return Item(key, Status.FAIL, no_list, f"{term} ne mène à aucune liste.")
        case Found.SEVERAL:
            return Item(key, Status.FAIL, "include-several-records", f"{term} mène à plusieurs listes.")
        case Found.SYNTAX:
            text = f"{term} mène à une liste mal écrite : « {step.detail} »."
            return Item(key, Status.FAIL, "include-syntax", text)
        case Found.LOOP:
            return Item(key, Status.FAIL, "loop", f"{term} tourne en rond.")
        case Found.TOO_MANY_MX:
            text = f"{term} mène à {step.names} serveurs de courrier, au lieu de {MOST_NAMES} au plus."
            return Item(key, Status.FAIL, "too-many-mx", text)
        case Found.TROUBLE:
            text = f"{term} n'a pas pu être lu : {step.detail}."
            return Item(key, Status.UNKNOWN, "temperror", text)
        case Found.BOGUS:
            text = f"{term} : non vérifiable, la signature DNSSEC de la réponse est fausse."
            return Item(key, Status.UNKNOWN, "temperror", text)
        case Found.RECORD if step.admits:
            return _too_open(step, key)
    if step.depth == 0 and step.term.lstrip("+-~?").lower().partition(":")[0] == "ptr":
        return Item(key, Status.PARTIAL, "ptr", f"{term} est lent et peu fiable : la norme le déconseille.")
    return None


def _key(step: SpfStep) -> str:
    """The term, and whose list has it when it is not the domain's own."""
    return f"{step.at} {step.term}" if step.depth else step.term


def _too_open(step: SpfStep, key: str) -> Item | None:
    """An included list that lets nearly everybody write."""
    if spf_all(step.record) == "+":
        return Item(key, Status.FAIL, "plus-all", f"« {step.term} » autorise tout le monde.")
    terms = spf_terms(step.record)
    widest = None if isinstance(terms, SpfFault) else spf_widest(terms)
    if widest is not None and _is_too_broad(widest):
        text = f"« {step.term} » autorise une plage trop large : « {widest.text} »."
        return Item(key, Status.FAIL, "too-broad", text)
    return None


def _worth_a_word(read: _List) -> Iterator[Item]:
    """What is no fault."""
    for step in read.tree.steps:
        owner = shared_list(step)
        if owner and step.depth == 0 and step.admits:
            text = f"« {step.term} » : tous les clients de {owner} passent par cette liste."
            yield Item(step.term, Status.PASS, "shared-include", text)
    for term in read.terms:
        if term.name == "ip4" and term.admits is not None and term.admits < WORTH_A_WORD:
            yield Item(term.text, Status.PASS, "wide", f"« {term.text} » est une plage très large.")


_BROKEN = {
    "too-many-lookups": "La liste SPF de {} demande plus de dix recherches DNS : elle est ignorée.",
    "too-many-voids": "La liste SPF de {} nomme trop de serveurs qui n'existent plus : elle est ignorée.",
    "broken-redirect": "La liste SPF de {} renvoie à une liste absente.",
    "include-no-record": "La liste SPF de {} en inclut une qui n'existe pas : elle est ignorée.",
    "include-several-records": "La liste SPF de {} renvoie à plusieurs listes à la fois : elle est ignorée.",
    "include-syntax": "La liste SPF de {} en inclut une qui est mal écrite : elle est ignorée.",
    "loop": "La liste SPF de {} se renvoie à elle-même : elle est ignorée.",
    "too-many-mx": "La liste SPF de {} renvoie à trop de serveurs de courrier : elle est ignorée.",
    "too-broad": "La liste SPF de {} autorise des millions d'adresses à écrire en son nom.",
    "plus-all": "La liste SPF de {} en inclut une qui autorise tout le monde.",
}


def _broken(read: _List, worst: Item, items: tuple[Item, ...]) -> Verdict:
    text = _BROKEN[worst.reason].format(read.name)
    likelihood = 4 if worst.reason == "plus-all" else None
    return failed(
        text, reason=worst.reason, items=items, evidence=_evidence(read, items), likelihood=likelihood
    )


def _evidence(read: _List, items: tuple[Item, ...] = ()) -> tuple[Evidence, ...]:
    """The record, what it costs, the lists it is redirected to, and a better line when one can be made."""
    lines = [Evidence(f"TXT {read.mail.domain}", read.record)]
    wrong = {item.key for item in items if item.status.is_open}
    shown = (step for step in read.tree.steps if step.record and (is_redirect(step) or _key(step) in wrong))
    lines += dict.fromkeys(Evidence(f"TXT {step.target}", step.record) for step in shown)
    if read.tree.steps:
        least = "" if read.tree.is_whole else "au moins "
        lines.append(Evidence("recherches DNS", f"{least}{read.tree.lookups} sur {MOST_LOOKUPS} au plus"))
    if {"lookups", "voids"} & wrong:
        lines += _costs(read)
    return (*lines, *_mending(read, {item.reason for item in items if item.status.is_open}))


def _costs(read: _List) -> Iterator[Evidence]:
    """What each term of the domain's own list costs, the dearest first; and the command that shows the rest."""
    steps = enumerate(read.tree.steps)
    costs = [(lookups_below(read.tree, place), step.term) for place, step in steps if step.depth == 0]
    told = " ; ".join(
        f"{term} : {cost}" for cost, term in sorted(costs, key=lambda each: -each[0])[:MOST_TOLD]
    )
    yield Evidence("recherches DNS de chaque terme", told)
    yield Evidence("détail", f"cyberaudit look spf {read.mail.domain}")


def _mending(read: _List, reasons: set[str]) -> tuple[Evidence, ...]:
    """A line without the terms that bring nobody, when nothing else is wrong."""
    if not reasons or reasons - MENDED:
        return ()
    # Names that lead nowhere are harmless up to two: they may be somebody's for tomorrow.
    lost = DEAD_ENDS | {Found.NOTHING} if "too-many-voids" in reasons else DEAD_ENDS
    return _proposed(read.mail, (read.record,), without=tuple(_leading_nowhere(read.tree, lost)))


def _leading_nowhere(tree: SpfTree, lost: frozenset[Found]) -> Iterator[str]:
    """The domain's own terms without which the same people may write."""
    for step in tree.steps:
        if step.depth == 0 and step.found in lost and not is_redirect(step):
            yield step.term


def _proposed(
    mail: MailDns, records: tuple[str, ...], *, without: tuple[str, ...] = ()
) -> tuple[Evidence, ...]:
    tree = mail.spf if isinstance(mail.spf, SpfTree) else None
    line = better_line(mail.domain, records, tree, without=without)
    label = publish_label(replaced=len(records), note="proposition")
    return (Evidence(label, line),) if line else ()


def _ending(read: _List, items: tuple[Item, ...]) -> Verdict:
    """How the list ends, once all it leads to is sound."""
    chain = spf_last(read.mail.domain, read.record, read.tree)
    if chain is None:
        text = "La liste SPF renvoie à une autre qui dépend de chaque message : sa fin n'a pas pu être lue."
        return unknown(text, items=items, evidence=_evidence(read, items))
    last = chain[-1][1] if chain else read.record
    name = read.name
    match spf_all(last):
        case "-":
            return _good(
                read, items, f"Le domaine {name} dit qui peut écrire en son nom et refuse les autres."
            )
        case "~":
            return _soft_fail(read, items)
        case "?":
            text = f"La liste SPF de {name} ne se prononce pas sur les expéditeurs inconnus."
            return _open_ended(read, items, text, reason="neutral-all")
        case _:
            text = f"La liste SPF de {name} n'a pas de fin : les inconnus ne sont pas refusés."
            return _open_ended(read, items, text, reason="no-all")


def _good(read: _List, items: tuple[Item, ...], text: str) -> Verdict:
    """In order, unless something in the list is only half right."""
    evidence = _evidence(read, items)
    half = next((item for item in items if item.status is Status.PARTIAL), None)
    if half is None:
        return passed(text, items=items, evidence=evidence)
    text = f"La liste SPF de {read.name} refuse les inconnus, mais un de ses termes est à revoir."
    return partial(text, reason=half.reason, items=items, evidence=evidence)


def _open_ended(read: _List, items: tuple[Item, ...], text: str, *, reason: str) -> Verdict:
    reasons = {reason, *(item.reason for item in items if item.status.is_open)}
    own = spf_last(read.mail.domain, read.record, read.tree) == ()
    better = _mending(read, reasons) if own else ()
    evidence = _evidence(read)
    return partial(text, reason=reason, items=items, evidence=(*evidence, *better))


def _soft_fail(read: _List, items: tuple[Item, ...]) -> Verdict:
    """« ~all » is enough beside an enforcing DMARC policy (M3AAWG, NCSC-NL)."""
    name, mail = read.name, read.mail
    policy = None if isinstance(mail.dmarc, Unreachable) else dmarc_policy(mail.domain, mail.dmarc)
    if policy and policy.policy != "none":
        text = f"Le domaine {name} dit qui peut écrire en son nom, et sa politique DMARC écarte les autres."
        return _good(read, items, text)
    if isinstance(mail.dmarc, Unreachable):
        return unknown(mail.dmarc, items=items, evidence=_evidence(read, items))
    text = f"La liste SPF de {name} signale les expéditeurs inconnus sans les refuser."
    return partial(text, reason="soft-all", items=items, evidence=_evidence(read, items))
