"""Small fictional towns with their findings, plan and report, made by hand."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from cyberaudit.declared import (
    Answer,
    AnyAsset,
    Backup,
    Ceiling,
    Commune,
    Declaration,
    Declared,
    Delivery,
    Domain,
    Host,
    PlanChoices,
    Practice,
    Service,
    Town,
    Waiver,
    Weekdays,
    Zone,
)
from cyberaudit.engine.fiche import Fiche
from cyberaudit.engine.measures import Confidence, Cost, Measure, Owner, Ranks, Remedies, Source
from cyberaudit.facts.reach import AddressReach, HostReach, PortAnswer, PortState
from cyberaudit.facts.services import Behind, HostServices, Trait
from cyberaudit.facts.udp import HostUdp, Question, UdpAddress, UdpAnswer
from cyberaudit.history.doors import Sighting
from cyberaudit.history.state import AuditSummary, TownState
from cyberaudit.model import (
    Basis,
    Evidence,
    Finding,
    Item,
    Reason,
    SeenFrom,
    Status,
    Unreachable,
    Verdict,
    finding_identity,
)
from cyberaudit.plan.build import build_plan
from cyberaudit.reports.view import build_view
from cyberaudit.reports.words import ReportView

NOW = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
TODAY = date(2026, 11, 21)
HOSTILE = "[bold]x[/] \x1b[31mrouge\x1b[0m \u202egnp.exe \x07"


def commune(name: str) -> Commune:
    return Commune("lhay", name, (), "99043", 1850, "normandie", "Europe/Paris")


def practice(practice_id: str, name: str, answer: Answer | None = None, *, proof: str = "") -> Practice:
    given = Declaration(answer, "Mme Maud Lefèvre", date(2026, 11, 3), proof, "") if answer else None
    return Practice(practice_id, name, (Declared("answer", given),) if given else ())


ASSETS: tuple[AnyAsset, ...] = (
    Zone("lan", "Agents", (), ("10.0.0.0/24",), ""),
    Host(
        "edge", "Serveur de l'état civil", (), "lan", ("192.0.2.10", "2001:db8::10"),
        (Service("tcp/443", "ssl-vpn", "any"), Service("tcp/22", "admin", "lan")), "", "", "",
    ),
    Host("camera", "Caméra du parking", (), "lan", ("192.0.2.11",), (), "", "", ""),
    Host("printer", "Imprimante de l'accueil", (), "lan", ("10.0.0.9",), (), "", "", ""),
    Domain("main", "lhay-sur-o.example", (), "lhay-sur-o.example", True, (), ()),
    Domain("old", "mairie-lhay.example", (), "mairie-lhay.example", True, (), ()),
    Backup(
        "nas", "Disque de sauvegarde", (), "/mnt/nas", "", ("files",), 26, 4, Weekdays.MON_FRI,
        "disk", "on-site", False, True, 30, "", "FR",
    ),
    practice("mfa", "Double authentification", Answer.NO),
    practice("awareness", "Sensibilisation"),
    practice("incident-contacts", "Contacts en cas d'incident", Answer.YES, proof="contacts.pdf"),
)  # fmt: skip

WAIVER = Waiver(
    check="mail.dmarc",
    asset="old",
    reason="Ce domaine sera abandonné au printemps.",
    decided_by="Mme Claire Dumont, maire",
    decided_on=date(2026, 11, 2),
    until=date(2027, 4, 30),
    stopgap="",
)


def town(
    name: str = "L'Haÿ-sur-Ô", *, waivers: tuple[Waiver, ...] = (), ceilings: tuple[Ceiling, ...] = ()
) -> Town:
    place = commune(name)
    return Town(
        schema_version=1,
        commune=place,
        scanned_by="Cabinet Dupont",
        authorization=None,
        outside_canary="",
        assets=(place, *ASSETS),
        waivers=waivers,
        plan=PlanChoices(ceilings, (), (), spend_before_vote=True),
        checks=(),
        delivery=Delivery((), "", "", ""),
    )


SOURCES = {
    "PA-066": Source(
        "PA-066",
        "Recommandations relatives à l'interconnexion d'un système d'information à Internet",
        "ANSSI",
        "2020-06-19",
        "https://example.test/pa-066",
        Confidence.CONFIRMED,
    ),
    "MAC": Source("MAC", "Guide", "MonAideCyber", "", "https://example.test/mac", Confidence.UNCONFIRMED),
}


def measure(
    measure_id: str,
    title: str,
    why: str,
    *,
    owner: Owner = Owner.CONTRACTOR,
    cost: tuple[int, int, int] = (0, 0, 0),
    days: float = 0.5,
    stopgap: str = "",
    depends: tuple[str, ...] = (),
) -> Measure:
    return Measure(
        id=measure_id,
        title=title,
        why=why,
        owner=owner,
        cost=Cost(*cost, source="estimation, novembre 2026"),
        days=days,
        steps=(
            "Demander au prestataire ce qui est en place.",
            "Faire le changement.",
            "Vérifier le résultat.",
        ),
        contractor="Bonjour,\nPouvez-vous faire ce changement ?\nMerci." if owner is Owner.CONTRACTOR else "",
        done_when="Un nouveau contrôle montre ce point en ordre.",
        depends=depends,
        stopgap=stopgap,
        guidance_class=1,
        ranks=Ranks(0, 0, 0),
        sources=("PA-066 R44", "MAC 3"),
        origin="measures.yaml",
    )


MEASURES = (
    measure(
        "close-remote-access",
        "Fermer l'accès au Bureau à distance depuis Internet",
        "Un pirate peut tenter d'entrer dans le serveur jour et nuit.",
    ),
    measure(
        "restart-backup",
        "Remettre en route la sauvegarde",
        "La dernière copie a neuf jours. En cas de panne, ce travail serait perdu.",
        owner=Owner.CONTRACTOR,
        cost=(0, 800, 0),
        days=1,
        stopgap="Copier dès ce soir les dossiers importants sur un disque débranché ensuite.",
    ),
    measure(
        "turn-on-mfa",
        "Activer la double authentification",
        "Un mot de passe volé ne suffit plus pour lire le courrier de la mairie.",
        cost=(0, 300, 120),
        days=1.5,
        stopgap="Choisir un mot de passe long et unique pour chaque messagerie.",
    ),
    measure(
        "authenticate-mail",
        "Protéger le courrier contre l'usurpation",
        "N'importe qui peut envoyer un faux avis de paiement signé « mairie ».",
    ),
    measure(
        "encrypt-mail",
        "Chiffrer le courrier entre serveurs",
        "Un message non chiffré peut être lu en route.",
        days=2,
        depends=("authenticate-mail",),
    ),
    measure(
        "raise-awareness",
        "Sensibiliser agents et élus",
        "Un message trompeur est la première porte d'entrée.",
        owner=Owner.ELU,
        days=0.2,
    ),
    measure(
        "print-contacts",
        "Afficher les contacts en cas d'incident",
        "Le jour où rien ne marche, la liste doit être sur papier.",
        owner=Owner.AGENT,
        days=0.05,
    ),
    measure(
        "answer-questions",
        "Répondre aux questions",
        "Une question sans réponse compte comme un point absent.",
        owner=Owner.AGENT,
        days=0.05,
    ),
)
REMEDIES = Remedies({each.id: each for each in MEASURES}, SOURCES)

QUESTIONS = {
    "firewall.remote-desktop": "Le Bureau à distance est-il fermé depuis Internet ?",
    "firewall.guest-network": "Le Wi-Fi des visiteurs est-il séparé du réseau des agents ?",
    "backup.fresh": "La dernière sauvegarde est-elle récente ?",
    "mail.spf": "Qui a le droit d'envoyer du courrier au nom de la mairie ?",
    "mail.dmarc": "Que deviennent les faux messages signés « mairie » ?",
    "mail.starttls": "Le courrier reçu est-il chiffré en route ?",
    "mail.certificate": "Le certificat du serveur de courrier est-il en règle ?",
    "practice.mfa": "Une deuxième preuve est-elle demandée pour lire le courrier ?",
    "practice.awareness": "Les agents et les élus ont-ils été sensibilisés cette année ?",
    "practice.incident-contacts": "Les contacts en cas d'incident sont-ils affichés ?",
}
FICHES = {
    check: Fiche(
        title=question,
        why="Sans cela, un pirate a la tâche facile.",
        fix="1. Lister ce qui existe.\n2. Corriger, par exemple « v=spf1 … -all »,\n   puis vérifier.",
        limits="Ce contrôle ne voit que ce qui est public.",
    )
    for check, question in QUESTIONS.items()
}


def finding(
    check: str,
    asset: str,
    status: Status,
    text: str,
    *,
    measure_id: str,
    weight: tuple[int, int] = (3, 3),
    reason: str = "",
    items: tuple[Item, ...] = (),
    evidence: tuple[Evidence, ...] = (),
    basis: Basis = Basis.MEASURED,
    seen_from: SeenFrom = SeenFrom.ANY,
    vantage: str = "outside",
    contradiction: bool = False,
) -> Finding:
    name = next((each.name for each in ASSETS if each.key == asset), asset.partition("/")[2])
    impact, likelihood = weight
    return Finding(
        identity=finding_identity("lhay", check, asset),
        check=check,
        title=QUESTIONS.get(check, f"Le point {check} est-il en ordre ?"),
        asset=asset,
        asset_name=name,
        verdict=Verdict(status, text, reason, items, evidence),
        impact=impact,
        base_likelihood=likelihood,
        likelihood=likelihood,
        measure=measure_id,
        seen_from=seen_from,
        basis=basis,
        contradiction=contradiction,
        vantage=vantage,
        seen_at=NOW,
    )


BUSY = (
    finding(
        "firewall.remote-desktop", "host/edge", Status.FAIL, "Le Bureau à distance répond depuis Internet.",
        measure_id="close-remote-access", weight=(4, 4), reason="port-open", seen_from=SeenFrom.OUTSIDE,
        items=(Item("tcp/3389", Status.FAIL, "open", f"Le service se présente ainsi : {HOSTILE}"),),
        evidence=(Evidence("bannière", HOSTILE),),
    ),
    finding(
        "firewall.guest-network", "zone/lan", Status.UNKNOWN,
        "Ce point n'a pas pu être vérifié : non regardé depuis cet endroit.",
        measure_id="close-remote-access", reason=Reason.NOT_LOOKED, seen_from=SeenFrom.INSIDE,
    ),
    finding(
        "backup.fresh", "backup/nas", Status.FAIL, "La dernière copie date du 12 novembre 2026.",
        measure_id="restart-backup", weight=(4, 4), reason="too-old", vantage="lan", seen_from=SeenFrom.LOCAL,
        evidence=(Evidence("dernier fichier", "2026-11-12T02:14:00Z"),),
    ),
    finding(
        "mail.certificate", "domain/main", Status.ERROR, "Ce contrôle a rencontré une erreur (ValueError).",
        measure_id="encrypt-mail", reason="crashed",
    ),
    finding(
        "mail.dmarc", "domain/main", Status.PARTIAL,
        "Le domaine lhay-sur-o.example observe les faux messages sans les refuser.",
        measure_id="authenticate-mail", weight=(3, 2), reason="policy-none",
        evidence=(
            Evidence("TXT _dmarc.lhay-sur-o.example", "v=DMARC1; p=none; rua=mailto:a@lhay-sur-o.example"),
        ),
    ),
    finding(
        "mail.dmarc", "domain/old", Status.FAIL,
        "Le domaine mairie-lhay.example ne publie aucune consigne DMARC.",
        measure_id="authenticate-mail", weight=(3, 2), reason="no-record",
    ),
    finding(
        "mail.spf", "domain/main", Status.PASS,
        "Le domaine lhay-sur-o.example dit qui peut écrire en son nom et refuse les autres.",
        measure_id="authenticate-mail",
        evidence=(Evidence("TXT lhay-sur-o.example", "v=spf1 mx ip4:192.0.2.25 -all"),),
    ),
    finding(
        "mail.spf", "domain/old", Status.FAIL,
        "Le domaine mairie-lhay.example publie 2 listes SPF : elles s'annulent.",
        measure_id="authenticate-mail", reason="several-records",
        evidence=(
            Evidence("TXT mairie-lhay.example", "v=spf1 include:_spf.fournisseur.example ~all"),
            Evidence("TXT mairie-lhay.example", "v=spf1 " + "ip4:198.51.100.0/24," * 14 + "-all"),
        ),
    ),
    finding(
        "mail.starttls", "domain/main", Status.PARTIAL, "Un serveur sur deux chiffre le courrier reçu.",
        measure_id="encrypt-mail", weight=(2, 3), reason="some-servers", contradiction=True,
        items=(
            Item("mx1.lhay-sur-o.example", Status.PASS, "", "mx1.lhay-sur-o.example chiffre le courrier."),
            Item("mx2.lhay-sur-o.example", Status.FAIL, "no-tls", "mx2.lhay-sur-o.example ne chiffre rien."),
        ),
    ),
    finding(
        "mail.starttls", "domain/old", Status.UNKNOWN,
        "Ce point n'a pas pu être vérifié : pas de réponse dans le temps prévu.",
        measure_id="encrypt-mail", weight=(2, 3), reason=Reason.TIMEOUT,
    ),
    finding(
        "practice.awareness", "practice/awareness", Status.UNKNOWN,
        "Ce point n'a pas pu être vérifié : personne n'a encore répondu à cette question.",
        measure_id="raise-awareness", reason=Reason.NOT_DECLARED, basis=Basis.DECLARED,
    ),
    finding(
        "practice.incident-contacts", "practice/incident-contacts", Status.PASS,
        "La liste des contacts est affichée.",
        measure_id="print-contacts", weight=(3, 2), basis=Basis.ATTESTED,
    ),
    finding(
        "practice.mfa", "practice/mfa", Status.FAIL,
        "Un mot de passe seul ouvre les messageries de la mairie.",
        measure_id="turn-on-mfa", weight=(4, 4), reason="answered-no", basis=Basis.DECLARED,
    ),
)  # fmt: skip


NOT_THEN = Unreachable(Reason.NOT_COLLECTED)


def reached(
    address: str, states: dict[str, PortState], *, decoys: tuple[PortAnswer, ...] = ()
) -> AddressReach:
    answers = tuple(PortAnswer(port, state, "") for port, state in states.items())
    return AddressReach(address, 6 if ":" in address else 4, answers, decoys, NOT_THEN)


def spoke(address: str, port: str, protocol: str | Unreachable, *traits: Trait, product: str = "") -> Behind:
    return Behind(address, port, protocol, product, HOSTILE, "", None, "", frozenset(traits), ())


def sighting(
    vantage: str,
    *reaches: AddressReach,
    host: str = "host/edge",
    days_ago: int = 0,
    behind: tuple[Behind, ...] | None = None,
    udp: tuple[UdpAddress, ...] | None = None,
) -> Sighting:
    """Without control: silence proves nothing."""
    return Sighting(
        host=host,
        vantage=vantage,
        seen_at=NOW - timedelta(days=days_ago),
        reach=HostReach(vantage, reaches, ()) if reaches else None,
        services=None if behind is None else HostServices(vantage, behind, ()),
        udp=None if udp is None else HostUdp(vantage, udp, ()),
    )


_SEEN = {"tcp/443": PortState.OPEN, "tcp/3389": PortState.OPEN, "tcp/23": PortState.SILENT}
_SNMP = UdpAnswer("udp/161", Question.SNMP_DISCOVERY, PortState.OPEN, HOSTILE, 60, 120, understood=True)
SIGHTINGS = (
    sighting(
        "outside", reached("192.0.2.10", _SEEN), reached("2001:db8::10", _SEEN | {"tcp/3389": PortState.CLOSED}),
        behind=(
            spoke("192.0.2.10", "tcp/443", "https", Trait.VPN_PORTAL, product="fortinet-fortigate"),
            spoke("2001:db8::10", "tcp/443", "https", Trait.VPN_PORTAL, product="fortinet-fortigate"),
            spoke("192.0.2.10", "tcp/3389", "rdp", Trait.NO_NLA),
        ),
        udp=(UdpAddress("192.0.2.10", 4, (_SNMP,)),),
    ),
    sighting("outside", reached("192.0.2.11", {"tcp/80": PortState.CLOSED}), host="host/camera"),
    sighting(
        "lan", reached("192.0.2.10", _SEEN | {"tcp/22": PortState.OPEN}), days_ago=7,
        behind=(spoke("192.0.2.10", "tcp/22", Unreachable(Reason.TIMEOUT)),),
    ),
)  # fmt: skip
"""Of the server, from two places; of the camera, shut; nothing of the printer."""


def summary_of(vantage: str, *, before: timedelta = timedelta(), partial: bool = False) -> AuditSummary:
    return AuditSummary(
        uuid=f"0b0e7c1a-0000-4000-8000-{abs(before.days):012d}",
        commune="lhay",
        vantage=vantage,
        scanned_by="Cabinet Dupont",
        started_at=NOW - before,
        finished_at=NOW - before + timedelta(seconds=9),
        partial=partial,
        rules="0123456789abcdef",
        program="0.1.0",
        findings=13,
        open_findings=6,
    )


def view_of(
    findings: Sequence[Finding],
    place: Town,
    *,
    remedies: Remedies = REMEDIES,
    audits: tuple[AuditSummary, ...] = (),
    sightings: tuple[Sighting, ...] = (),
    partial: bool = False,
) -> ReportView:
    plan = build_plan(findings, town=place, remedies=remedies, first_failed={}, today=TODAY)
    state = TownState(place, NOW, tuple(findings), (), audits, sightings=sightings)
    return build_view(state, plan, remedies=remedies, fiches=FICHES, today=TODAY, partial=partial)


def busy_view() -> ReportView:
    """Urgencies, a question, a contradiction, an accepted risk, hostile text, two vantages, interrupted."""
    audits = (summary_of("outside", partial=True), summary_of("lan", before=timedelta(days=7)))
    place = town(waivers=(WAIVER,), ceilings=(Ceiling(2026, 0), Ceiling(2027, 2000)))
    return view_of(BUSY, place, audits=audits, sightings=SIGHTINGS, partial=True)


def calm_view() -> ReportView:
    """Everything was seen and is in order."""
    return view_of([_with_status(each, Status.PASS) for each in BUSY], town("Le Havre-aux-Bois"))


def blind_view() -> ReportView:
    """Nothing could be seen."""
    blind = [
        replace(
            each,
            verdict=Verdict(Status.UNKNOWN, "Ce point n'a pas pu être vérifié.", Reason.TIMEOUT),
            contradiction=False,
        )
        for each in BUSY
        if each.basis is Basis.MEASURED
    ]
    return view_of(blind, town("Les Aubrais"))


def crowded_view() -> ReportView:
    """Nine themes and a third party's, all in bad shape, with long texts: the worst a summary must hold."""
    themes = ("firewall", "vpn", "dns", "mail", "backup", "web", "link", "cloud", "practice", "x-exemple")
    measures = [
        measure(
            f"measure-{number}",
            f"Mettre en ordre le point numéro {number} de cette longue liste de travaux à prévoir",
            "Une première phrase assez longue explique pourquoi ce point compte vraiment pour la mairie. "
            * 3,
            cost=(100, 12_000, 1_440),
            days=9,
            stopgap="Une solution d'attente sans frais, décrite elle aussi avec beaucoup de mots. " * 2,
        )
        for number in range(20)
    ]
    findings = [
        finding(
            f"{theme}.point-{number}", f"host/machine-{number}", Status.FAIL,
            f"Le point {number} est à revoir.", measure_id=f"measure-{number}",
            weight=(4, 4 if number < 10 else 3), contradiction=number % 3 == 0,
        )
        for number, theme in enumerate(themes * 2)
    ]  # fmt: skip
    unseen = [
        finding(
            f"{theme}.unseen", f"host/poste-{place}", Status.UNKNOWN, "Ce point n'a pas pu être vérifié.",
            measure_id="measure-1", reason=reason,
        )
        for place, (theme, reason) in enumerate(zip(themes, Reason, strict=False))
    ]  # fmt: skip
    return view_of(
        [*findings, *unseen],
        town("La Roche-Grande", ceilings=(Ceiling(2027, 2000),)),
        remedies=Remedies({each.id: each for each in measures}, SOURCES),
        partial=True,
    )


def _with_status(each: Finding, status: Status) -> Finding:
    return replace(each, verdict=Verdict(status, each.verdict.text), contradiction=False)
