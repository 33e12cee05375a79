"""La règle qui demande de chiffrer le courrier (MTA-STS) fonctionne-t-elle ?

## Pourquoi
Une mairie peut annoncer que ses serveurs chiffrent toujours. Les messageries refusent alors tout envoi en clair.
Une annonce mal écrite ne protège de rien. Si elle oublie les serveurs de la mairie, elle fait perdre du courrier.

## Corriger
1. Publier un seul enregistrement « v=STSv1; id=… » à « _mta-sts. » suivi du domaine.
2. Déposer la règle, en texte simple, à « https://mta-sts.domaine/.well-known/mta-sts.txt », sans redirection.
3. Y écrire une ligne « mx: » pour chaque serveur du MX, puis changer « id » à chaque modification.
4. Commencer par « mode: testing ». Passer à « mode: enforce » quand les rapports TLS-RPT sont bons.
5. Donner à « max_age » plusieurs semaines (RFC 8461, §3.2).

## Limites
Aucun texte officiel français ne demande MTA-STS : la gravité est notre jugement. C'est un complément, et son
absence n'est jamais une faute. La règle est relevée depuis un seul endroit. Une règle « enforce » qui ne couvre aucun
serveur fait perdre du courrier : la vraisemblance monte alors à 3. « testing » compte pour moitié, comme étape. Le
fichier proposé garde le mode, la durée et les serveurs de la règle publiée. Rien n'est proposé tant que le MX
lui-même désigne une adresse, un nom sans adresse ou un serveur privé.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from cyberaudit.facts.mail_servers import is_address, is_out_of_reach
from cyberaudit.facts.mta_sts import (
    MtaSts,
    Policy,
    PolicyPage,
    covers,
    is_pattern,
    is_policy,
    is_sts_record,
    read_policy,
    sts_records,
)
from cyberaudit.sdk import (
    Context,
    Evidence,
    Item,
    MailDns,
    MailServers,
    Reason,
    Status,
    Unreachable,
    Verdict,
    check,
    failed,
    line_for,
    not_applicable,
    partial,
    passed,
    unknown,
    writes_no_mail,
)

# What a web server says that leaves no doubt; other troubles may be those of our line.
CERTAIN = (Reason.REFUSED, Reason.PROTOCOL_ERROR)
# RFC 9110 §15.6.4 and RFC 6585 §4: « later ».
PASSING_STATUSES = (429, 503)
# What senders make of the record or of the file: they read no further.
IGNORED = frozenset(
    {
        "mta_sts.syntax", "mta_sts.multiple", "mta_sts.policy_unreachable", "mta_sts.cert",
        "mta_sts.policy_syntax", "mta_sts.no_txt",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    # RFC 8461 §3.2: weeks or more are expected; under one day the policy is forgotten between two messages.
    least_age: int = 86_400
    # Ours: four weeks, for the file we propose.
    proposed_age: int = 2_419_200


@check(
    "mail.mta-sts",
    needs=(MtaSts, MailDns, MailServers),
    about="domain",
    impact=2,
    likelihood=1,
    measure="repair-mail-policies",
    settings=Settings,
)
def encryption_rule_works(
    facts: tuple[MtaSts | Unreachable, MailDns | Unreachable, MailServers | Unreachable], ctx: Context
) -> Verdict:
    sts, dns, servers = facts
    if not ctx.asset.sends_mail:
        return writes_no_mail(ctx)
    if isinstance(sts, Unreachable):
        return unknown(sts)
    if isinstance(sts.txt, Unreachable):
        return unknown(sts.txt)
    records = sts_records(sts.txt)
    if not records:
        return _without_record(sts, ctx)
    hosts = _hosts(sts.domain, dns)
    sound = hosts if _are_sound(hosts, servers) else Unreachable(Reason.NOT_LOOKED)
    own = tuple(_record_items(sts, records))
    items = (*own, *_policy_items(sts, hosts, ctx, read=not own[0].status.is_open))
    return _verdict(items, (*_evidence(sts, records), *_proposed(sts, sound, items, ctx)), ctx)


def _without_record(sts: MtaSts, ctx: Context) -> Verdict:
    if not (isinstance(sts.policy, PolicyPage) and is_policy(sts.policy)):
        return not_applicable(
            f"Le domaine {ctx.asset.name} n'a pas de règle MTA-STS : c'est un complément, jamais obligatoire."
        )
    items = (_item(sts.txt_name, "mta_sts.no_txt", "Aucun enregistrement DNS n'annonce la règle."),)
    evidence = (*_evidence(sts, ()), *_proposed(sts, (), items, ctx))
    return _verdict(items, evidence, ctx)


def _hosts(domain: str, dns: MailDns | Unreachable) -> tuple[str, ...] | Unreachable:
    """Where senders deliver: the MX, or the domain itself without MX (RFC 5321 §5.1); nowhere for a null MX."""
    mx = dns if isinstance(dns, Unreachable) else dns.mx
    if isinstance(mx, Unreachable):
        return mx
    return tuple(record.host for record in mx if record.host) if mx else (domain,)


def _are_sound(hosts: tuple[str, ...] | Unreachable, servers: MailServers | Unreachable) -> bool:
    """Nothing is known to be wrong with the names themselves: a rule that copied a wrong MX would keep it."""
    if isinstance(hosts, Unreachable) or any(is_address(host) for host in hosts):
        return False
    if isinstance(servers, Unreachable):
        return True
    gone = {server.host for server in servers.unresolved if server.cause is None}
    private = {server.host for server in servers.servers if is_out_of_reach(server)}
    return not (gone | private).intersection(hosts)


def _item(key: str, reason: str, text: str) -> Item:
    return Item(key, Status.PARTIAL, reason, text)


def _record_items(sts: MtaSts, records: tuple[str, ...]) -> Iterator[Item]:
    at = sts.txt_name
    if len(records) > 1:
        yield _item(at, "mta_sts.multiple", f"{at} porte {len(records)} enregistrements : ils s'annulent.")
    elif not is_sts_record(records[0]):
        yield _item(at, "mta_sts.syntax", f"L'enregistrement {at} est mal écrit : il ne compte pas.")
    else:
        yield Item(at, Status.PASS, "", f"L'enregistrement {at} est bien écrit.")


def _policy_items(
    sts: MtaSts, hosts: tuple[str, ...] | Unreachable, ctx: Context, *, read: bool
) -> Iterator[Item]:
    """`read`: the record makes senders come for the policy."""
    place, code = sts.policy_host, "mta_sts.policy_unreachable"
    match sts.policy:
        case None:
            yield _item(place, code, f"{place} n'a pas d'adresse : la règle est introuvable.")
        case Unreachable(reason=Reason.TLS_FAILURE):
            yield _item(place, "mta_sts.cert", f"{place} ne prouve pas son identité : la règle est ignorée.")
        case Unreachable(reason=reason):
            status = Status.PARTIAL if reason in CERTAIN else Status.UNKNOWN
            yield Item(
                place, status, code if status.is_open else reason, f"Règle sur {place} : {reason.french}."
            )
        case PolicyPage(status=200) as page:
            policy = read_policy(page)
            yield from _read_items(place, policy, ctx)
            if policy.mode != "none" and not policy.faults:
                yield from _coverage(policy, hosts, enforced=read and policy.mode == "enforce")
        case PolicyPage(status=status) if status in PASSING_STATUSES:
            yield Item(place, Status.UNKNOWN, Reason.NOT_LOOKED, f"{place} demande de revenir plus tard.")
        case PolicyPage(location=location) if location:
            yield _item(
                place, code, f"{place} renvoie vers une autre page, ce que les messageries ne suivent pas."
            )
        case page:
            yield _item(place, code, f"{place} ne donne pas la règle (réponse {page.status}).")


def _read_items(place: str, policy: Policy, ctx: Context) -> Iterator[Item]:
    for fault in policy.faults:
        key = f"{place} {fault.name.lower().replace('_', '-')}"
        yield _item(key, "mta_sts.policy_syntax", f"Règle ignorée : {fault.value}.")
    if policy.max_age is not None and policy.max_age < ctx.settings.least_age:
        text = f"La règle n'est retenue que {policy.max_age} secondes : elle est oubliée trop vite."
        yield _item(f"{place} max-age", "mta_sts.max_age_short", text)
    if policy.mode == "none":
        text = "La règle dit de ne rien exiger : elle ne protège de rien."
        yield _item(f"{place} mode", "mta_sts.mode_none", text)
    if policy.mode == "testing":
        text = "La règle est à l'essai : elle n'empêche pas encore un envoi en clair."
        yield _item(f"{place} mode", "mta_sts.mode_testing", text)


def _coverage(policy: Policy, hosts: tuple[str, ...] | Unreachable, *, enforced: bool) -> Iterator[Item]:
    if isinstance(hosts, Unreachable):
        yield Item("mx", Status.UNKNOWN, hosts.reason, f"Serveurs de courrier : {hosts.reason.french}.")
        return
    # An address where a name should stand gets no mail: that is told with the MX.
    named = [host for host in hosts if not is_address(host)]
    if hosts and not named:
        text = "Le MX désigne une adresse et non un nom : voir la question sur le serveur de courrier."
        yield Item("mx", Status.UNKNOWN, Reason.NOT_LOOKED, text)
    missed = [host for host in named if not covers(policy, host)]
    # One server left in the policy still gets the mail.
    status = Status.FAIL if enforced and missed == named else Status.PARTIAL
    for host in named:
        if host in missed:
            yield Item(host, status, "mta_sts.mx_not_covered", f"La règle ne cite pas le serveur {host}.")
        else:
            yield Item(host, Status.PASS, "", f"La règle cite le serveur {host}.")


def _verdict(items: tuple[Item, ...], evidence: tuple[Evidence, ...], ctx: Context) -> Verdict:
    name = ctx.asset.name
    if any(item.status is Status.FAIL for item in items):
        text = f"La règle MTA-STS de {name} ne cite aucun de ses serveurs : du courrier est refusé."
        return failed(text, reason="mx-not-covered", items=items, evidence=evidence, likelihood=3)
    unseen = next((item for item in items if item.status is Status.UNKNOWN), None)
    found = [item.reason for item in items if item.status.is_open]
    if IGNORED.intersection(found):
        text = f"La règle MTA-STS de {name} est publiée, mais les messageries l'ignorent."
        return partial(text, reason="ignored", items=items, evidence=evidence)
    if "mta_sts.mx_not_covered" in found:
        text = f"La règle MTA-STS de {name} oublie une partie de ses serveurs."
        return partial(text, reason="mx-not-covered", items=items, evidence=evidence)
    if found:
        text = f"La règle MTA-STS de {name} ne protège pas encore son courrier."
        return partial(text, reason="unfinished", items=items, evidence=evidence)
    if unseen is not None:
        return unknown(unseen.text, items=items, evidence=evidence)
    return passed(f"Le domaine {name} exige que son courrier soit chiffré.", items=items, evidence=evidence)


def _evidence(sts: MtaSts, records: tuple[str, ...]) -> Iterator[Evidence]:
    for record in records:
        yield Evidence(f"TXT {sts.txt_name} (RFC 8461 §3.1)", record)
    label = f"règle sur {sts.policy_host} (RFC 8461 §3.2)"
    match sts.policy:
        case Unreachable() as cause:
            yield Evidence(label, str(cause))
        case PolicyPage() as page:
            body = " ⏎ ".join(page.body.decode("latin-1").split("\n"))
            seen = body or " → ".join(filter(None, ("pas de contenu", page.location)))
            yield Evidence(label, f"{page.address}, réponse {page.status}, {page.media_type} : {seen}")
        case None:
            yield Evidence(label, "aucune adresse")


def _proposed(
    sts: MtaSts, hosts: tuple[str, ...] | Unreachable, items: tuple[Item, ...], ctx: Context
) -> Iterator[Evidence]:
    """What to publish: a record whose `id` is new, and the file when it is what is wrong."""
    if not any(item.status.is_open for item in items):
        return
    if isinstance(hosts, Unreachable):
        return
    present = () if isinstance(sts.txt, Unreachable) else sts_records(sts.txt)
    line = f'{sts.txt_name}. IN TXT "v=STSv1; id={ctx.now:%Y%m%d%H%M%S}"'
    yield from line_for(line, sts.txt_aliases, replaced=len(present))
    seen = read_policy(sts.policy) if isinstance(sts.policy, PolicyPage) else None
    lines = _file(seen, hosts, ctx)
    if not hosts or (seen and not seen.faults and _is_the_same(lines, seen)):
        return
    yield Evidence(f"fichier à publier sur {sts.policy_host}", " ⏎ ".join(lines))
    if seen is not None and "mode: enforce" in lines:
        yield Evidence(
            "à savoir", "« enforce » refuse l'envoi en clair : vérifier d'abord chaque serveur cité"
        )


def _file(seen: Policy | None, hosts: tuple[str, ...], ctx: Context) -> tuple[str, ...]:
    """The policy that is there with what it lacks; a trial where there is none, or one that asks for nothing."""
    mode = seen.mode if seen and seen.mode in ("enforce", "testing") else "testing"
    age = seen.max_age if seen and seen.max_age is not None else 0
    age = age if age >= ctx.settings.least_age else ctx.settings.proposed_age
    named = tuple(pattern for pattern in seen.mx if is_pattern(pattern)) if seen else ()
    missing = (host for host in hosts if seen is None or not covers(seen, host))
    servers = (f"mx: {name}" for name in dict.fromkeys((*named, *missing)))
    return ("version: STSv1", f"mode: {mode}", *servers, f"max_age: {age}")


def _is_the_same(lines: tuple[str, ...], seen: Policy) -> bool:
    kept = (f"mx: {name}" for name in seen.mx)
    return lines == ("version: STSv1", f"mode: {seen.mode}", *kept, f"max_age: {seen.max_age}")
