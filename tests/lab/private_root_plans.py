"""What our own servers of the private root are told to answer: mail, policies, the registry's records."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.lab.mail_truths import TRUTHS, Mail, Registered, Site, Truth
from tests.lab.private_root_names import RDAP, WEB, WHOIS, own_mail


def write_plans(folder: Path, certificates: dict[str, Path]) -> None:
    """`mail.json`, `sites.json`, and `rdap.json`, the registry's bootstrap (RFC 9224)."""
    own = own_mail()
    mail = []
    for truth in TRUTHS:
        if truth.mail in (None, Mail.MUTE):
            continue
        host = own[truth.domain]
        pem = str(certificates[host.name])
        mail += [[address, 25, str(truth.mail), host.name, pem] for address in host.addresses]
        if truth.imap_in_clear:
            mail += [[address, 143, "imap", host.name, pem] for address in host.addresses]
    (folder / "mail.json").write_text(json.dumps(mail), encoding="utf-8")
    (folder / "sites.json").write_text(json.dumps(_sites(certificates)), encoding="utf-8")
    registry = {"version": "1.0", "services": [[["test", "example", "net"], [f"https://{RDAP.name}/"]]]}
    (folder / "rdap.json").write_text(json.dumps(registry), encoding="utf-8")


def _sites(certificates: dict[str, Path]) -> dict[str, Any]:
    pages: dict[str, dict[str, list[Any]]] = {RDAP.name: {}}
    texts = {}
    for truth in TRUTHS:
        pages[f"mta-sts.{truth.domain}"] = _policy_pages(truth)
        if truth.registered in (Registered.WHOIS_ONLY, Registered.WHOIS_EXPIRED):
            texts[truth.domain] = _whois_text(truth)
            pages[RDAP.name][f"/domain/{truth.domain}"] = [503, "text/plain", "", ""]
        else:
            answer = json.dumps(_rdap(truth))
            pages[RDAP.name][f"/domain/{truth.domain}"] = [200, "application/rdap+json", answer, ""]
    names = (RDAP.name, *(name for name in certificates if name.startswith("mta-sts.")))
    return {
        "web": WEB.addresses,
        "rdap": RDAP.addresses,
        "whois": WHOIS.addresses,
        "pem": {name: str(certificates[name]) for name in names},
        "pages": pages,
        "whois_texts": texts,
    }


def _policy_pages(truth: Truth) -> dict[str, list[Any]]:
    path, text = "/.well-known/mta-sts.txt", truth.policy.replace("{domain}", truth.domain)
    logo = (
        '<svg xmlns="http://www.w3.org/2000/svg" version="1.2" baseProfile="tiny-ps"><title>x</title></svg>'
    )
    shown = {"/logo.svg": [200, "image/svg+xml", logo, ""]}
    match truth.site:
        case Site.GOOD:
            return {path: [200, "text/plain; charset=utf-8", text, ""]} | shown
        case Site.REDIRECTS:
            elsewhere = f"https://mta-sts.{TRUTHS[1].domain}{path}"
            return {path: [301, "text/plain", "", elsewhere]} | shown
        case Site.MISSING:
            return shown


_EXPIRES_IN = {Registered.EXPIRED: -3, Registered.EXPIRES_SOON: 10, Registered.WHOIS_EXPIRED: -3}
_STATUS = {Registered.ON_HOLD: ["client hold"], Registered.PENDING_DELETE: ["pending delete"]}


def _expiry(truth: Truth) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=_EXPIRES_IN.get(truth.registered, 300))


def _rdap(truth: Truth) -> dict[str, Any]:
    locked = ["client transfer prohibited", "client delete prohibited"]
    expires = _expiry(truth).strftime("%Y-%m-%dT%H:%M:%SZ")
    events = [("registration", "2015-03-02T10:00:00Z"), ("expiration", expires)]
    return {
        "objectClassName": "domain",
        "rdapConformance": ["rdap_level_0"],
        "ldhName": truth.domain,
        "status": [*_STATUS.get(truth.registered, ["active"]), *locked],
        "events": [{"eventAction": action, "eventDate": date} for action, date in events],
        "entities": [
            {
                "objectClassName": "entity",
                "roles": ["registrar"],
                "vcardArray": [
                    "vcard",
                    [["version", {}, "text", "4.0"], ["fn", {}, "text", "BUREAU D'ESSAI"]],
                ],
            }
        ],
        "secureDNS": {"delegationSigned": True},
    }


def _whois_text(truth: Truth) -> str:
    fields = (
        ("domain", truth.domain),
        ("status", "ACTIVE"),
        ("eppstatus", "active"),
        ("eppstatus", "clientTransferProhibited"),
        ("hold", "NO"),
        ("registrar", "BUREAU D'ESSAI"),
        ("Expiry Date", _expiry(truth).strftime("%Y-%m-%dT%H:%M:%SZ")),
        ("created", "2015-03-02T10:00:00Z"),
        ("source", "ESSAI"),
    )
    return "".join(["%%\r\n", *(f"{key + ':':<31}{value}\r\n" for key, value in fields)])
