"""How a finding is told: its state, its sentence, and how, from where and when it is known."""

from datetime import date, datetime, tzinfo

from cyberaudit import french
from cyberaudit.declared import Declaration, Document, Flow, Practice, Town
from cyberaudit.engine.measures import Owner, Remedies
from cyberaudit.engine.remedies import Citation, cite_together
from cyberaudit.frozen import frozen
from cyberaudit.model import Basis, Evidence, Finding, Item, Reason, SeenFrom, Status
from cyberaudit.plaintext import clean
from cyberaudit.reports.words import EvidenceView, ItemView, Mark, PointView, SourceView

OUTSIDE = "outside"
_THIS_MACHINE = "la machine du contrôle"
EVIDENCE_LIMIT = 640
_QUESTIONS = (Reason.NOT_DECLARED, Reason.DECLARATION_EXPIRED, Reason.ANSWER_UNKNOWN)
_BEST_PLACE = {
    SeenFrom.OUTSIDE: "depuis l'extérieur",
    SeenFrom.INSIDE: "depuis le réseau de la mairie",
    SeenFrom.LOCAL: "sur la machine concernée",
    SeenFrom.ANY: "depuis un autre endroit",
}


@frozen
class Scene:
    """What every sentence may need to know."""

    town: Town
    remedies: Remedies
    timezone: tzinfo
    today: date
    """In the town's time zone."""

    def moment(self, value: datetime) -> str:
        """« 21 novembre 2026 à 22 h 10 »."""
        local = value.astimezone(self.timezone)
        return f"{french.day(local)} à {french.hour(local)}"

    def place(self, vantage: str) -> str:
        """« l'extérieur », « le réseau « Agents » »."""
        if vantage == OUTSIDE:
            return "l'extérieur"
        zone = self.town.asset(f"zone/{vantage}")
        return french.typeset(f"le réseau « {safe(zone.name if zone else vantage)} »")

    def measure_title(self, measure_id: str) -> str:
        """The measure's title; its id when the catalogue of today does not hold it."""
        measure = self.remedies.measures.get(measure_id)
        return measure.title if measure else measure_id

    def cited(self, references: tuple[str, ...]) -> tuple[SourceView, ...]:
        """The documents of the catalogue that the references name."""
        return tuple(_source(each) for each in cite_together(references, self.remedies))


def safe(text: str, *, limit: int = 300) -> str:
    """One printable line with French spacing; findings may hold what the network said."""
    return french.typeset(clean(text, limit=limit))


def _source(citation: Citation) -> SourceView:
    text = str(citation)
    return SourceView(citation.reference, text.removesuffix(f" — {citation.url}"), citation.url)


def point(finding: Finding, scene: Scene, *, waived: bool) -> PointView:
    """One finding as every format tells it."""
    measure = scene.remedies.measures.get(finding.measure)
    return PointView(
        identity=finding.identity,
        check=finding.check,
        theme=finding.theme,
        question=safe(finding.title),
        asset=finding.asset,
        asset_name=safe(finding.asset_name),
        status=finding.status,
        mark=Mark.of(finding.status),
        sentence=safe(finding.verdict.text),
        reason=finding.verdict.reason,
        items=tuple(_item(item) for item in finding.verdict.items),
        evidence=tuple(_evidence(entry) for entry in finding.verdict.evidence),
        basis=finding.basis,
        stands_on=stands_on(finding, scene),
        contradiction=finding.contradiction,
        waived=waived,
        looked=finding.looked,
        vantage=finding.vantage,
        place=_THIS_MACHINE if finding.seen_from is SeenFrom.LOCAL else scene.place(finding.vantage),
        seen_from=finding.seen_from,
        seen_at=finding.seen_at,
        impact=finding.impact,
        likelihood=finding.likelihood,
        risk=finding.risk,
        measure=finding.measure,
        measure_title=measure.title if measure else finding.measure,
        sources=scene.cited(measure.sources if measure else ()),
    )


def _item(item: Item) -> ItemView:
    return ItemView(clean(item.key), item.status, Mark.of(item.status), item.reason, safe(item.text))


def _evidence(entry: Evidence) -> EvidenceView:
    # Raw on purpose: a record that is copied must not carry our typography.
    return EvidenceView(clean(entry.label), clean(entry.value, limit=EVIDENCE_LIMIT))


def stands_on(finding: Finding, scene: Scene) -> str:
    """How, from where and when it is known, one sentence; empty when the question does not arise."""
    if finding.status is Status.NOT_APPLICABLE:
        return ""
    if not finding.looked:
        text = elsewhere(finding, scene)
        return french.typeset(f"{text[0].upper()}{text[1:]}.")
    if finding.status is Status.UNKNOWN and finding.verdict.reason in _QUESTIONS:
        return french.typeset(f"À qui le demander : {_who_knows(finding, scene)}.")
    where = f"{_where(finding, scene)}, le {scene.moment(finding.seen_at)}"
    if not finding.status.is_known:
        return f"Tenté {where}."
    if finding.basis is Basis.MEASURED:
        return f"Mesuré {where}."
    return _declared(finding, scene)


def _who_knows(finding: Finding, scene: Scene) -> str:
    measure = scene.remedies.measures.get(finding.measure)
    return (measure.owner if measure else Owner.AGENT).french


def elsewhere(finding: Finding, scene: Scene) -> str:
    """« non regardé depuis l'extérieur : à faire depuis le réseau de la mairie »."""
    return french.typeset(f"non regardé {_where(finding, scene)} : à faire {_best_place(finding, scene)}")


def _where(finding: Finding, scene: Scene) -> str:
    """« depuis l'extérieur »; what is read on a disk was not seen from a network."""
    if finding.seen_from is SeenFrom.LOCAL:
        return f"sur {_THIS_MACHINE}"
    return f"depuis {scene.place(finding.vantage)}"


def _best_place(finding: Finding, scene: Scene) -> str:
    asset = scene.town.asset(finding.asset)
    if isinstance(asset, Flow) and asset.source != finding.vantage:
        return f"depuis {scene.place(asset.source)}"
    if finding.seen_from is SeenFrom.INSIDE and finding.vantage != OUTSIDE:
        return "depuis un autre réseau de la mairie"
    return _BEST_PLACE[finding.seen_from]


def _declared(finding: Finding, scene: Scene) -> str:
    given = _declaration(finding, scene.town)
    by = f" le {french.day(given.on)} par {safe(given.by)}" if given else ""
    if finding.basis is Basis.ATTESTED:
        return f"Attesté{by}. Un document l'appuie."
    return f"Déclaré{by}. Non vérifié.{_DOCUMENTS[given.document] if given else ''}"


_DOCUMENTS = {
    Document.NOT_READ: "",
    Document.UNCHANGED: "",
    Document.CHANGED: " Le document a changé depuis.",
    Document.MISSING: " Le document est introuvable.",
    Document.UNREADABLE: " Le document n'a pas pu être relu.",
}


def _declaration(finding: Finding, town: Town) -> Declaration | None:
    """Of a practice; other assets carry several, and the finding does not say which."""
    asset = town.asset(finding.asset)
    return asset.declaration("answer") if isinstance(asset, Practice) else None
