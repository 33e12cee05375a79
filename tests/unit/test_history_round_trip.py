"""A complete audit, its stored form of version 1, and the way back."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cyberaudit.declared import (
    Answer,
    AnyAsset,
    AssetKind,
    Authorization,
    Backup,
    Capacity,
    Ceiling,
    CheckChoice,
    Cloud,
    Commune,
    Declaration,
    Declared,
    Delivery,
    Document,
    Domain,
    Flow,
    Host,
    Link,
    LinkKind,
    MailHost,
    PlanChoices,
    Practice,
    Quote,
    Recipient,
    Service,
    Town,
    Vpn,
    VpnKind,
    Waiver,
    Website,
    Weekdays,
    Zone,
)
from cyberaudit.facts.certificate import Certificate, ChainFault, TlsSession, Usage
from cyberaudit.facts.codec import Json, encode
from cyberaudit.facts.mail import MailDns, MxRecord, TxtAnswer
from cyberaudit.facts.mail_servers import MailServer, MailServers, Reverse, SmtpSession, UnresolvedServer
from cyberaudit.facts.mail_servers_samples import SESSION
from cyberaudit.history.document import DocumentError, pack, pack_gzip, to_audit, unpack
from cyberaudit.model import (
    Audit,
    Basis,
    Evidence,
    Finding,
    Item,
    Observation,
    Reason,
    SeenFrom,
    Status,
    Unreachable,
    Verdict,
    finding_identity,
)

pytestmark = pytest.mark.unit

GOLDEN = Path(__file__).parents[1] / "golden" / "history-audit-v1.json"
BEFORE_TWO_CANARIES = GOLDEN.with_name("history-audit-v1-one-canary.json")
"""Written when a vantage had one canary and a zone no use: never rewritten."""
SEEN_AT = datetime(2026, 11, 21, 21, 10, 0, 250000, tzinfo=UTC)
TOWN_ID = "l-hay-d-exemple"


def complete_audit() -> Audit:
    return Audit(
        uuid="6f1c9c5e-2f3b-4a67-9c58-0d2f3b7a1e44",
        town=complete_town(),
        vantage="outside",
        scanned_by="Cabinet Dupont & fils",
        started_at=SEEN_AT,
        finished_at=SEEN_AT.replace(minute=14),
        partial=False,
        rules="3f8a1b22",
        program="0.1.0",
        observations=observations(),
        findings=findings(),
    )


def complete_town() -> Town:
    return Town(
        schema_version=1,
        commune=Commune(
            TOWN_ID, "L'Haÿ-d'Exemple", (), "01004", 5000, "auvergne-rhone-alpes", "Europe/Paris"
        ),
        scanned_by="Cabinet Dupont & fils",
        authorization=Authorization(
            signed_by="Élodie L'Haÿ",
            role="maire",
            signed_on=date(2026, 11, 2),
            until=date(2027, 11, 1),
            addresses=("192.0.2.0/29", "2001:db8::/56"),
            domains=("mairie-saint-etienne-d-o.example",),
            tests=("relay",),
        ),
        outside_canary="198.51.100.7",
        assets=(Commune(TOWN_ID, "L'Haÿ-d'Exemple", (), "01004", 5000, "", "Europe/Paris"), *other_assets()),
        waivers=(
            Waiver("mail.dmarc", "", "migration en cours", "Le maire", SEEN_AT.date(), date(2027, 5, 1), ""),
        ),
        plan=PlanChoices(
            (Ceiling(2027, 2000),),
            (Capacity("agent", 2),),
            (Quote("backup", 900, 120),),
            spend_before_vote=True,
        ),
        checks=(CheckChoice("mail.spf", "", (("lookups", "10"),)), CheckChoice("web.cms", "pas de site", ())),
        delivery=Delivery(
            (Recipient("mairie+alertes@ville.example", "secretary"),), "relais.example:587", "a@b.example", ""
        ),
        other_outside_canary="2001:db8:ffff::1",
    )


def other_assets() -> tuple[AnyAsset, ...]:
    said = Declaration(
        Answer.YES,
        "M. d'Ormesson",
        date(2026, 3, 1),
        "pv-conseil.pdf",
        "90 jours",
        document=Document.CHANGED,
    )
    return (
        Zone(
            "lan",
            "Réseau de la mairie",
            (),
            ("10.0.0.0/24",),
            "198.51.100.7",
            other_canary="2001:db8:ffff::1",
            use="office",
        ),
        Host(
            "edge",
            "Pare-feu",
            (Declared("confirmed", said),),
            zone="edge",
            addresses=("192.0.2.2", "2001:db8::2"),
            services=(Service("tcp/443", "ssl-vpn", "any"),),
            link="main",
            model="",
            firmware="7.4",
        ),
        Flow("guest-to-lan", "Invités vers mairie", (), "guest", "lan", ()),
        Vpn(
            "agents", "VPN des agents", (Declared("mfa", said),), "edge", VpnKind.SSL, "vpn.ville.example", ""
        ),
        Domain("main", "ville.example", (), "ville.example", True, ("s1",), ("www",)),
        MailHost("post", "Serveur de courrier", (), "edge", "mx.ville.example", ("smtp", "imap")),
        Backup(
            "nas",
            "NAS",
            (Declared("restore_test", replace(said, answer=Answer.PARTIAL)),),
            path="/mnt/nas",
            url="",
            of=("files",),
            rpo_hours=26,
            grace_hours=2,
            weekdays=Weekdays.MON_FRI,
            media="disk",
            place="on-site",
            offline=False,
            encryption_required=True,
            retention_days=30,
            provider="",
            country="",
        ),
        Website("site", "Site de la mairie", (), "https://www.ville.example", "", ""),
        Link("main", "Fibre", (), LinkKind.FTTO, 4, ""),
        Cloud("docs", "Documents", (), "files", "hébergeur", "FR", ""),
        Practice("awareness", "Sensibilisation", (Declared("answer", replace(said, answer=Answer.UNKNOWN)),)),
    )


def smtp_session(
    banner: str, extensions: tuple[str, ...], tls: TlsSession | Unreachable | None
) -> SmtpSession:
    return replace(SESSION, banner=banner, extensions=extensions, tls=tls)


def observations() -> tuple[Observation, ...]:
    certificate = Certificate(
        subject="mx.ville.example",
        issuer="Autorité d'Essai",
        names=("mx.ville.example",),
        not_before=datetime(2026, 9, 1, tzinfo=UTC),
        not_after=datetime(2026, 12, 1, tzinfo=UTC),
        key_type="EC",
        key_bits=256,
        signature_hash="sha256",
        self_signed=False,
        sha256="ab" * 32,
        key_sha256="cd" * 32,
        curve="secp256r1",
        exponent=0,
        is_ca=False,
        key_usage=Usage(critical=True, purposes=("digitalSignature",)),
        extended_key_usage=None,
        names_critical=Unreachable(Reason.PROTOCOL_ERROR, "extension illisible"),
        subject_key="",
        authority_key="0f" * 20,
        revocation=("crl",),
        timestamps=2,
        public_rules=True,
        sha512="ab" * 64,
        key_sha512="cd" * 64,
        must_staple=Unreachable(Reason.NOT_COLLECTED),
    )
    tls = TlsSession(
        version="TLSv1.3",
        cipher="TLS_AES_128_GCM_SHA256",
        chain=(certificate,),
        trust_error="",
        name_matches=True,
        chain_faults=(ChainFault.ROOT_SENT,),
        timestamps=0,
    )
    untrusted = replace(tls, trust_error=Unreachable(Reason.NO_CONTROL))
    refused = Unreachable(Reason.REFUSED, "192.0.2.4:25")
    mail_dns = MailDns(
        domain="ville.example",
        exists=True,
        mx=(MxRecord(10, "mx.ville.example"), MxRecord(20, "")),
        apex=TxtAnswer("ville.example", (b"v=spf1 mx -all", b"\xff\x00binaire")),
        spf=Unreachable(Reason.RESOLVER_FAILURE, "SERVFAIL"),
        dmarc=(TxtAnswer("_dmarc.ville.example", (b"v=DMARC1; p=none",)),),
        dmarc_beyond=(TxtAnswer("_dmarc.example", ()),),
        dmarc_suffix=None,
        reports=(),
        dmarc_aliases=Unreachable(Reason.NOT_COLLECTED),
    )
    sessions: tuple[SmtpSession | Unreachable, ...] = (
        smtp_session("mx prêt", ("STARTTLS", "8BITMIME"), tls),
        smtp_session("mx", (), None),
        smtp_session("mx", ("STARTTLS",), untrusted),
        smtp_session("mx", ("STARTTLS",), Unreachable(Reason.TLS_FAILURE)),
        refused,
    )
    reverse = Reverse(("mx.ville.example",), ("mx.ville.example",))
    servers = tuple(
        MailServer("mx.ville.example", f"192.0.2.{n}", each, reverse) for n, each in enumerate(sessions)
    )
    unresolved = (UnresolvedServer("a.example", None), UnresolvedServer("b.example", refused))
    return (
        Observation("domain/main", MailDns.KIND, mail_dns, SEEN_AT),
        Observation(
            "domain/main",
            MailServers.KIND,
            MailServers("ville.example", servers, unresolved, ("c.example",), ()),
            SEEN_AT,
        ),
        Observation("website/site", "web", Unreachable(Reason.NO_PROBE), SEEN_AT),
    )


def findings() -> tuple[Finding, ...]:
    bases = (Basis.MEASURED, Basis.DECLARED, Basis.ATTESTED)
    return tuple(
        Finding(
            identity=finding_identity(TOWN_ID, f"mail.{status}", "domain/main"),
            check=f"mail.{status}",
            title="Qui a le droit d'écrire au nom de la mairie ?",
            asset="domain/main",
            asset_name="ville.example",
            verdict=Verdict(
                status,
                "ville.example publie « v=spf1 ».",
                reason=f"because-{status}",
                items=(Item("tcp/25", status, "open", "Port 25 ouvert."),),
                evidence=(Evidence("TXT", "v=spf1 mx -all"),),
                likelihood=4 if rank == 2 else None,
            ),
            impact=3,
            base_likelihood=2,
            likelihood=4 if rank == 2 else 2,
            measure="authenticate-mail",
            seen_from=list(SeenFrom)[rank % 4],
            basis=bases[rank % 3],
            contradiction=rank == 1,
            vantage="outside",
            seen_at=SEEN_AT,
        )
        for rank, status in enumerate(Status)
    )


def test_the_golden_document_of_version_1_is_still_written_and_read() -> None:
    if os.environ.get("CYBERAUDIT_ACCEPT") == "1":
        text = json.dumps(encode(complete_audit(), Audit), indent=1, ensure_ascii=False)
        GOLDEN.write_text(text + "\n", encoding="utf-8")
    stored = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert to_audit(stored) == complete_audit()
    assert encode(complete_audit(), Audit) == stored


def test_a_document_from_before_two_canaries_and_uses_is_still_read() -> None:
    audit = complete_audit()
    assets = tuple(
        replace(asset, other_canary="", use="") if isinstance(asset, Zone) else asset
        for asset in audit.town.assets
    )
    town = replace(audit.town, assets=assets, other_outside_canary="")
    seen = tuple(replace(each, facts=as_first_stored(each.facts)) for each in audit.observations)
    stored = json.loads(BEFORE_TWO_CANARIES.read_text(encoding="utf-8"))
    assert to_audit(stored) == replace(audit, town=town, observations=seen)


def as_first_stored(facts: object) -> object:
    """What first versions knew: not how certificates are made, nor where SPF leads."""
    lost = Unreachable(Reason.NOT_COLLECTED)
    if isinstance(facts, MailDns):
        return replace(
            facts, spf=lost, dmarc_beyond=lost, dmarc_suffix=lost, reports=lost, dmarc_aliases=lost
        )
    if not isinstance(facts, MailServers):
        return facts
    servers = tuple(
        replace(server, session=_first_session(server.session), reverse=lost) for server in facts.servers
    )
    return replace(facts, servers=servers, aliases=lost)


def _first_session(session: SmtpSession | Unreachable) -> SmtpSession | Unreachable:
    if isinstance(session, Unreachable):
        return session
    lost = Unreachable(Reason.NOT_COLLECTED)
    tls = _plain(session.tls) if isinstance(session.tls, TlsSession) else session.tls
    return replace(session, tls=tls, mechanisms=lost, versions=lost, relay=lost, users=lost)


def _plain(session: TlsSession) -> TlsSession:
    lost = Unreachable(Reason.NOT_COLLECTED)
    chain = tuple(
        replace(
            certificate,
            key_sha256=lost,
            curve=lost,
            exponent=lost,
            is_ca=lost,
            key_usage=lost,
            extended_key_usage=lost,
            names_critical=lost,
            subject_key=lost,
            authority_key=lost,
            revocation=lost,
            timestamps=lost,
            public_rules=lost,
            sha512=lost,
            key_sha512=lost,
            must_staple=lost,
        )
        for certificate in session.chain
    )
    return replace(session, chain=chain, chain_faults=lost, timestamps=lost)


def test_the_golden_document_holds_every_kind_of_asset_and_every_status() -> None:
    audit = complete_audit()
    assert {asset.kind for asset in audit.town.assets} == set(AssetKind)
    assert {finding.status for finding in audit.findings} == set(Status)


@pytest.mark.parametrize("packed", [pack, pack_gzip], ids=["zlib", "gzip"])
def test_a_complete_audit_comes_back_whole_from_both_compressions(packed: Callable[[Json], bytes]) -> None:
    content = encode(complete_audit(), Audit)
    assert to_audit(unpack(packed(content))) == complete_audit()


def test_a_lone_surrogate_in_a_name_does_not_stop_an_audit_from_being_saved() -> None:
    audit = replace(complete_audit(), scanned_by="Cabinet \udcff")
    assert to_audit(unpack(pack(encode(audit, Audit)))) == audit


def test_the_same_audit_always_gives_the_same_scan_file_bytes() -> None:
    assert pack_gzip({"a": [1, None]}) == pack_gzip({"a": [1, None]})


def test_an_audit_without_findings_is_no_audit() -> None:
    content = encode(complete_audit(), Audit)
    assert isinstance(content, dict)
    del content["findings"]
    with pytest.raises(DocumentError, match="n'est pas un contrôle"):
        to_audit(content)
