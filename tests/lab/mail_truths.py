"""Towns' domains under a private root: each is the perfect one with one thing changed, and the truth about it.

In records and policies, `{domain}` is the domain, `{key}` a public key of 2048 bits in base64.
"""

from dataclasses import dataclass, field
from enum import StrEnum

PROVIDER_MX = ("10 mx1.courriel.test.", "20 mx2.courriel.test.")
OWN_MX = ("10 mx1.{domain}.",)
DKIM = "default._domainkey TXT"
STS_POLICY = (
    "version: STSv1\r\nmode: enforce\r\nmx: mx1.{domain}\r\nmx: *.courriel.test\r\nmax_age: 1209600\r\n"
)


class Signing(StrEnum):
    """How the zone is signed, and what its parent says."""

    USUAL = "usual"
    """ECDSA P-256, NSEC, a SHA-256 DS."""
    UNSIGNED = "unsigned"
    ISLAND = "island"
    OTHER_DS = "other-ds"
    DS_ALONE = "ds-alone"
    EXPIRED = "expired"
    NOT_YET = "not-yet"
    ENDS_SOON = "ends-soon"
    BROKEN = "broken"
    BROKEN_MX = "broken-mx"
    """Only the signature over MX is wrong."""
    RSASHA1 = "rsasha1"
    RSA_1024 = "rsa-1024"
    RSA_2048 = "rsa-2048"
    P384 = "p384"
    ED25519 = "ed25519"
    SHA1_DS = "sha1-ds"
    TWO_ALGORITHMS = "two-algorithms"
    """RSA-2048 and P-256, one DS for each: a roll-over under way."""
    NEXT_KEY_ANNOUNCED = "next-key-announced"
    """A second DS, whose key is not published yet."""
    NSEC3 = "nsec3"
    NSEC3_TEN = "nsec3-10"
    NSEC3_MANY = "nsec3-150"


class Mail(StrEnum):
    """What stands at `mx1.{domain}` when the domain has mail servers of its own."""

    GOOD = "good"
    NO_STARTTLS = "no-starttls"
    BROKEN_STARTTLS = "broken-starttls"
    ONLY_TLS10 = "only-tls10"
    TLS10_TOO = "tls10-too"
    ONLY_TLS13 = "only-tls13"
    AUTH_IN_CLEAR = "auth-in-clear"
    OPEN_RELAY = "open-relay"
    VRFY = "vrfy"
    BUSY = "busy"
    GREYLISTING = "greylisting"
    SLOW = "slow"
    MUTE = "mute"


class Leaf(StrEnum):
    """The certificate of a mail server of its own, or of its policy's site."""

    GOOD = "good"
    EXPIRED = "expired"
    OTHER_NAME = "other-name"
    UNTRUSTED = "untrusted"
    SELF_SIGNED = "self-signed"
    WEAK_KEY = "weak-key"
    SHA1 = "sha1"


class Site(StrEnum):
    """What https://mta-sts.{domain} does."""

    GOOD = "good"
    MISSING = "missing"
    REDIRECTS = "redirects"


class Registered(StrEnum):
    """What the registry says."""

    FINE = "fine"
    EXPIRED = "expired"
    EXPIRES_SOON = "expires-soon"
    ON_HOLD = "on-hold"
    PENDING_DELETE = "pending-delete"
    WHOIS_ONLY = "whois-only"
    """Nothing in RDAP; fine in WHOIS."""
    WHOIS_EXPIRED = "whois-expired"


Codes = frozenset[str]
Records = dict[str, tuple[str, ...]]
"""`owner TYPE` → texts of the records that replace those of the perfect domain; none: they are removed."""
NOTHING: Codes = frozenset()


@dataclass(frozen=True, slots=True)
class Truth:
    """One domain: what is changed, and the codes of the items that must be open, and no other."""

    domain: str
    open: Codes = NOTHING
    """Partial or failed."""
    also: Codes = NOTHING
    """May be open beside them: consequences that one may count or not."""
    unknown: Codes = NOTHING
    """Must be said, and said unknown."""
    records: Records = field(default_factory=dict)
    servers: tuple[str, ...] = ()
    """Keys of `private_root_names.SERVERS`, as the parent delegates; empty: two of the good ones, by turns."""
    own_servers: tuple[str, ...] = ()
    """What the zone itself says; empty: the same."""
    signing: Signing = Signing.USUAL
    mail: Mail | None = None
    """None: at the shared provider's."""
    leaf: Leaf = Leaf.GOOD
    policy: str = STS_POLICY
    site: Site = Site.GOOD
    site_leaf: Leaf = Leaf.GOOD
    registered: Registered = Registered.FINE
    reverse: str = "mx1.{domain}."
    """The name of its own mail server's addresses; empty: none."""
    secondary_lags: bool = False
    """One server has an older serial."""
    transfers: bool = False
    """BIND gives the zone to anybody."""
    imap_in_clear: bool = False

    @property
    def clean(self) -> bool:
        return not (self.open or self.unknown)

    @property
    def own_mail(self) -> bool:
        return self.mail is not None


def codes(text: str) -> Codes:
    return frozenset(text.split())


class _Table(list[Truth]):
    """Built line after line: names alternate between the two extensions."""

    def fault(
        self,
        code: str,
        *,
        suffix: str = "",
        also: str = "",
        unknown: bool = False,
        more: str = "",
        **changed: object,
    ) -> None:
        """A domain called after what is wrong; `more`: codes that come with it for certain."""
        label = code.replace(".", "-").replace("_", "-") + suffix
        opened = NOTHING if unknown else codes(f"{code} {more}")
        said = codes(code) if unknown else NOTHING
        self._add(label, open=opened, unknown=said, also=codes(also), **changed)

    def right(self, label: str, *, also: str = "", **changed: object) -> None:
        """A domain that nobody may accuse."""
        self._add(label, also=codes(also), **changed)

    def unsure(self, label: str, *, unknown: str, also: str, **changed: object) -> None:
        """A domain of which something must be said to be unknown, unless one is told more."""
        self._add(label, unknown=codes(unknown), also=codes(also), **changed)

    def _add(self, label: str, **changed: object) -> None:
        extension = ("test", "example")[len(self) % 2]
        self.append(Truth(f"{label}.{extension}", **changed))  # type: ignore[arg-type]  # fields of Truth by name


def _txt(text: str) -> str:
    return f'"{text}"'


def _spf(text: str) -> Records:
    return {"@ TXT": (_txt(text),)}


def _dmarc(*texts: str) -> Records:
    return {"_dmarc TXT": tuple(map(_txt, texts))}


def _sts(text: str) -> str:
    return text.replace("\n", "\r\n")


# Of 512 bits: too short for anybody to accept.
RSA_512 = (
    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMnJN0wwiuInuJ8y+6yWUMqMxGOEoFrnIWV3qeHKwvoU"
    "zlnhFxcqeRCTWGd0nJEpIsEvxbA0WCNM1IfDKI2EaKsCAwEAAQ=="
)
RAPPORTS = "rua=mailto:dmarc@rapports.test"
TABLE = _Table()
fault, right = TABLE.fault, TABLE.right

# --- nothing to accuse
right("parfait", mail=Mail.GOOD, records={"@ MX": ("10 mx1.{domain}.", "20 mx2.courriel.test.")})
right("mutualise")
right("xn--mairie-l-ha-4ib")
right(
    "dix-recherches",
    records=_spf("v=spf1 " + " ".join(f"include:s{n}.tiers.test" for n in range(10)) + " -all"),
)
right("deux-vides", records=_spf("v=spf1 mx a:vide1.tiers.test a:vide2.tiers.test -all"))
right("macros", records=_spf("v=spf1 mx exists:%{ir}.%{v}._spf.{domain} -all") | {"*._spf A": ("127.0.0.2",)})
right("majuscules", records=_dmarc(f"v=DMARC1; P=REJECT; {RAPPORTS.replace('rua', 'RUA')}"))
right("spf-majuscules", records=_spf("V=SPF1 MX -ALL"))
right("spf-en-morceaux", records={"@ TXT": ('"v=spf1 m" "x ip4:192.0.2.1" "28/25 -all"', '"verification=1"')})
right("dkim-par-alias", records={DKIM: (), "default._domainkey CNAME": ("cle.tiers.test.",)})
right("dkim-en-morceaux", records={DKIM: ('"v=DKIM1; k=rsa; p={key1}" "{key2}"',)})
right("dkim-espaces", records={DKIM: ('"v=DKIM1 ; k=rsa; h=sha256; n=cle; p={key1} " "{key2}"',)})
right(
    "dkim-deux-cles",
    records={"ed._domainkey TXT": ('"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="',)},
)
right("dkim-ancienne-revoquee", records={"k1._domainkey TXT": ('"v=DKIM1; p="',)})
right("liste-grise", mail=Mail.GREYLISTING)
right("accueil-lent", mail=Mail.SLOW)
right("ecran", records={"@ MX": ("10 mx3.courriel.test.",)})
right(
    "dane-auto-signe", mail=Mail.GOOD, leaf=Leaf.SELF_SIGNED, records={"_25._tcp.mx1 TLSA": ("3 1 1 {spki}",)}
)
right("dane-releve", mail=Mail.GOOD, records={"_25._tcp.mx1 TLSA": ("3 1 1 {spki}", "3 1 1 " + "ab" * 32)})
right("dane-autorite", mail=Mail.GOOD, records={"_25._tcp.mx1 TLSA": ("2 0 1 {authority}",)})
right("tls13-seul", mail=Mail.ONLY_TLS13)
right("nsec3", signing=Signing.NSEC3)
right("rsa2048", signing=Signing.RSA_2048)
right("p384", signing=Signing.P384)
right("ed25519", signing=Signing.ED25519)
right("releve-algorithme", signing=Signing.TWO_ALGORITHMS)
right("releve-cle", signing=Signing.NEXT_KEY_ANNOUNCED)
right("joker-web", records={"* A": ("198.51.100.80",), "* AAAA": ("2001:db8:2::80",)})
right("quarantaine", records=_dmarc(f"v=DMARC1; p=quarantine; {RAPPORTS}"))
right("tilde-et-rejet", records=_spf("v=spf1 mx ~all"))
right("dmarc-espaces", records=_dmarc(f"v=DMARC1 ;p=reject ; fo=1;ri=3600; inconnu=x ;{RAPPORTS};"))
right(
    "gare",
    records={
        "@ MX": ("0 .",),
        "@ TXT": (_txt("v=spf1 -all"),),
        DKIM: (),
        "*._domainkey TXT": ('"v=DKIM1; p="',),
        "_dmarc TXT": (_txt("v=DMARC1; p=reject"),),
        "_mta-sts TXT": (),
        "_smtp._tls TXT": (),
        "mta-sts A": (),
        "mta-sts AAAA": (),
    },
)
right(
    "politique-motif",
    mail=Mail.GOOD,
    policy=_sts("version: STSv1\nmode: enforce\nmx: *.{domain}\nmax_age: 604800\n"),
)
right("politique-lf", policy="version: STSv1\nmode: enforce\nmx: *.courriel.test\nmax_age: 604800\n")
right("www-par-alias", records={"www A": (), "www AAAA": (), "www CNAME": ("{domain}.",)})
right("trois-serveurs", servers=("bind", "nsd", "knot"))
right(
    "caa-complete",
    records={
        "@ CAA": (
            '0 issue "ac.example"',
            '0 issuewild ";"',
            '0 iodef "mailto:ssi@{domain}"',
            '128 issuemail "ac.example"',
        )
    },
)
right("whois-seul", registered=Registered.WHOIS_ONLY)
right(
    "sans-politiques", records={"_mta-sts TXT": (), "_smtp._tls TXT": (), "mta-sts A": (), "mta-sts AAAA": ()}
)

# --- delegation and name servers
fault("ns.all_lame", also="ns.lame", servers=("refuses", "refuses6"))
fault("ns.lame", servers=("bind", "nsd", "refuses"))
fault("ns.lame", suffix="-renvoi", servers=("bind", "nsd", "upward"))
fault("ns.unreachable", servers=("bind", "nsd", "mute"))
fault("ns.no_tcp", servers=("bind", "udp-only"))
fault("ns.no_edns", servers=("bind", "nsd", "no-edns"), signing=Signing.UNSIGNED, more="dnssec.unsigned")
fault("ns.cname", servers=("bind", "nsd", "alias"))
fault("ns.dangling", also="dangling.ns ns.unreachable", servers=("bind", "nsd", "vanished"))
fault("ns.single", also="ns.same_subnet", servers=("bind",))
fault("ns.same_subnet", servers=("bind", "same-net"))
fault("ns.parent_child_mismatch", servers=("bind", "nsd"), own_servers=("bind", "knot"))
fault("ns.serial_mismatch", servers=("bind", "nsd"), secondary_lags=True)
fault("ns.recursion_open", servers=("bind", "recursive"))
fault("ns.axfr_open", servers=("bind", "nsd"), transfers=True)
fault("ns.no_ipv6", servers=("old-a", "old-b"))
fault(
    "soa.bad_timers",
    records={"@ SOA": ("ns1.hebergeur.test. hostmaster.{domain}. 2026112201 600 900 3600 172800",)},
)

# --- DNSSEC
fault("dnssec.unsigned", signing=Signing.UNSIGNED, also="dane.insecure")
fault("dnssec.island", signing=Signing.ISLAND, also="dane.insecure dnssec.unsigned")
fault("dnssec.bogus", signing=Signing.BROKEN)
fault("dnssec.bogus", suffix="-mx", signing=Signing.BROKEN_MX)
fault("dnssec.ds_mismatch", signing=Signing.OTHER_DS, also="dnssec.bogus")
fault("dnssec.ds_without_dnskey", signing=Signing.DS_ALONE, also="dnssec.bogus")
fault("dnssec.expired", signing=Signing.EXPIRED, also="dnssec.bogus")
fault("dnssec.not_yet_valid", signing=Signing.NOT_YET, also="dnssec.bogus")
fault("dnssec.expiring_soon", signing=Signing.ENDS_SOON)
fault("dnssec.weak_algorithm", signing=Signing.RSASHA1, also="dane.insecure dnssec.unsigned dnssec.weak_key")
fault("dnssec.weak_key", signing=Signing.RSA_1024)
fault("dnssec.weak_digest", signing=Signing.SHA1_DS, also="dane.insecure")
fault("dnssec.nsec3_iterations", signing=Signing.NSEC3_TEN)
fault("dnssec.nsec3_iterations", suffix="-150", signing=Signing.NSEC3_MANY, also="dane.insecure")

# --- names and registration
fault("caa.missing", records={"@ CAA": ()})
fault("caa.syntax", records={"@ CAA": ('0 issue "ac example %%"', '0 issue "ac.example"')})
fault("caa.unknown_critical", records={"@ CAA": ('0 issue "ac.example"', '128 avenir "oui"')})
fault("dangling.cname", records={"extranet CNAME": ("disparu.tiers.test.",)})
fault(
    "dangling.unclaimed",
    also="dangling.cname",
    records={"portail CNAME": ("mairie-fictive-portail.azurewebsites.net.",)},
)
fault(
    "dangling.mx",
    also="mx.unresolvable dane.partial",
    records={"@ MX": (*PROVIDER_MX, "30 mx.disparu-mx.test.")},
    policy=STS_POLICY.replace("mx: *", "mx: mx.disparu-mx.test\r\nmx: *"),
)
fault(
    "dangling.include",
    also="spf.include_no_record",
    records=_spf("v=spf1 mx include:spf.disparu-spf.test -all"),
)
fault("dangling.ns_subzone", records={"extranet NS": ("ns1.disparu-ns.test.", "ns2.disparu-ns.test.")})
fault("wildcard", records={"* MX": PROVIDER_MX, "* TXT": ('"v=spf1 mx -all"',)})
fault("web.no_ipv6", records={"@ AAAA": (), "www AAAA": ()})
fault("domain.expired", registered=Registered.EXPIRED)
fault("domain.expired", suffix="-whois", registered=Registered.WHOIS_EXPIRED)
fault("domain.expiring_soon", registered=Registered.EXPIRES_SOON)
fault("domain.on_hold", registered=Registered.ON_HOLD)
fault("domain.pending_delete", registered=Registered.PENDING_DELETE)

# --- SPF
fault("spf.missing", records={"@ TXT": ('"verification=1"',)})
fault("spf.multiple", records={"@ TXT": ('"v=spf1 mx -all"', '"v=spf1 a -all"')})
fault("spf.syntax", records=_spf("v=spf1 mx ip4:192.0.2.300 -all"))
fault(
    "spf.too_many_lookups",
    records=_spf("v=spf1 " + " ".join(f"include:s{n}.tiers.test" for n in range(11)) + " -all"),
)
fault(
    "spf.too_many_voids",
    records=_spf("v=spf1 mx a:vide1.tiers.test a:vide2.tiers.test a:vide3.tiers.test -all"),
)
fault("spf.too_many_mx", records=_spf("v=spf1 mx:onze.tiers.test -all"))
fault("spf.include_no_record", records=_spf("v=spf1 mx include:sans.tiers.test -all"))
fault("spf.loop", also="spf.too_many_lookups", records=_spf("v=spf1 mx include:{domain} -all"))
fault("spf.temperror", unknown=True, records=_spf("v=spf1 mx include:spf.panne.test -all"))
fault("spf.plus_all", records=_spf("v=spf1 mx +all"))
fault("spf.neutral_all", records=_spf("v=spf1 mx ?all"))
fault("spf.no_all", records=_spf("v=spf1 mx"))
fault("spf.ptr", records=_spf("v=spf1 mx ptr -all"))
fault("spf.too_broad", records=_spf("v=spf1 mx ip4:192.0.0.0/4 -all"))

# --- DMARC and DKIM
fault("dmarc.missing", records={"_dmarc TXT": ()}, also="dmarc.no_rua")
fault("dmarc.syntax", records=_dmarc(f"v=DMARC1 p=reject {RAPPORTS}"), also="dmarc.missing dmarc.no_rua")
fault(
    "dmarc.multiple",
    records=_dmarc(f"v=DMARC1; p=reject; {RAPPORTS}", f"v=DMARC1; p=none; {RAPPORTS}"),
    also="dmarc.missing dmarc.no_rua",
)
fault("dmarc.none", records=_dmarc(f"v=DMARC1; p=none; {RAPPORTS}"))
fault("dmarc.sp_none", records=_dmarc(f"v=DMARC1; p=reject; sp=none; {RAPPORTS}"))
fault("dmarc.np_none", records=_dmarc(f"v=DMARC1; p=reject; np=none; {RAPPORTS}"))
fault("dmarc.pct", records=_dmarc(f"v=DMARC1; p=reject; pct=20; {RAPPORTS}"))
fault("dmarc.testing", records=_dmarc(f"v=DMARC1; p=reject; t=y; {RAPPORTS}"))
fault(
    "dmarc.wrong_location",
    also="dmarc.missing dmarc.no_rua",
    records={"_dmarc TXT": (), "@ TXT": ('"v=spf1 mx -all"', _txt(f"v=DMARC1; p=reject; {RAPPORTS}"))},
)
fault("dmarc.no_rua", records=_dmarc("v=DMARC1; p=reject"))
fault("dmarc.rua_invalid", records=_dmarc("v=DMARC1; p=reject; rua=dmarc@{domain}"), also="dmarc.no_rua")
fault("dmarc.rua_unauthorised", records=_dmarc("v=DMARC1; p=reject; rua=mailto:dmarc@courriel.test"))
fault(
    "dmarc.rua_no_mx",
    records=_dmarc("v=DMARC1; p=reject; rua=mailto:dmarc@sans-courrier.tiers.test"),
    also="dmarc.rua_unauthorised",
)
fault("dkim.missing", records={DKIM: ()})
TABLE.unsure(
    "dkim-revoked",
    unknown="mail.dkim:undecided",
    also="dkim.revoked",
    records={DKIM: ('"v=DKIM1; k=rsa; p="',)},
)
fault("dkim.weak_key", records={DKIM: (f'"v=DKIM1; k=rsa; p={RSA_512}"',)})
fault("dkim.weak_key", suffix="-1024", records={DKIM: ('"v=DKIM1; k=rsa; p={key1024}"',)})
fault("dkim.syntax", records={DKIM: (r'"v=DKIM1; k=rsa; p=\"{key1}" "{key2}\""',)})
fault(
    "dkim.multiple",
    records={DKIM: ('"v=DKIM1; k=rsa; p={key1}" "{key2}"', f'"v=DKIM1; k=rsa; p={RSA_512}"')},
    also="dkim.weak_key",
)
fault("dkim.sha1_only", records={DKIM: ('"v=DKIM1; k=rsa; h=sha1; p={key1}" "{key2}"',)})
fault("dkim.test_mode", records={DKIM: ('"v=DKIM1; k=rsa; t=y; p={key1}" "{key2}"',)})
fault(
    "dkim.wildcard",
    unknown=True,
    records={DKIM: (), "*._domainkey TXT": ('"v=DKIM1; k=rsa; p={key1}" "{key2}"',)},
)

# --- policies
fault("mta_sts.syntax", records={"_mta-sts TXT": ('"v=STSv1; id=2026-11-22;"',)})
fault("mta_sts.multiple", records={"_mta-sts TXT": ('"v=STSv1; id=1;"', '"v=STSv1; id=2;"')})
fault("mta_sts.policy_unreachable", site=Site.MISSING)
fault("mta_sts.policy_unreachable", suffix="-ailleurs", site=Site.REDIRECTS)
fault("mta_sts.cert", site_leaf=Leaf.SELF_SIGNED, also="mta_sts.policy_unreachable")
fault("mta_sts.cert", suffix="-perime", site_leaf=Leaf.EXPIRED, also="mta_sts.policy_unreachable")
fault("mta_sts.cert", suffix="-nom", site_leaf=Leaf.OTHER_NAME, also="mta_sts.policy_unreachable")
fault(
    "mta_sts.policy_syntax",
    policy=_sts("version: STSv1\nmode: renforce\nmx: *.courriel.test\nmax_age: 604800\n"),
)
fault("mta_sts.mode_none", policy=_sts("version: STSv1\nmode: none\nmax_age: 604800\n"))
fault(
    "mta_sts.mode_testing",
    policy=_sts("version: STSv1\nmode: testing\nmx: *.courriel.test\nmax_age: 604800\n"),
)
fault(
    "mta_sts.max_age_short",
    policy=_sts("version: STSv1\nmode: enforce\nmx: *.courriel.test\nmax_age: 3600\n"),
)
fault(
    "mta_sts.mx_not_covered",
    policy=_sts(
        "version: STSv1\nmode: enforce\nmx: mx1.courriel.test\nmx: mx1.autre.test\nmax_age: 604800\n"
    ),
)
fault("mta_sts.no_txt", records={"_mta-sts TXT": ()})
fault("tls_rpt.syntax", records={"_smtp._tls TXT": ('"v=TLSRPTv1 rua=mailto:tls@rapports.test"',)})
fault(
    "tls_rpt.multiple",
    records={
        "_smtp._tls TXT": (
            '"v=TLSRPTv1; rua=mailto:tls@rapports.test"',
            '"v=TLSRPTv1; rua=mailto:b@rapports.test"',
        )
    },
)
fault("tls_rpt.rua_invalid", records={"_smtp._tls TXT": ('"v=TLSRPTv1; rua=tls@rapports.test"',)})
fault("dane.mismatch", mail=Mail.GOOD, records={"_25._tcp.mx1 TLSA": ("3 1 1 " + "cd" * 32,)})
fault(
    "dane.insecure",
    records={"@ MX": ("10 mx1.nonsigne.test.",)},
    policy=_sts("version: STSv1\nmode: enforce\nmx: *.nonsigne.test\nmax_age: 604800\n"),
)
fault("dane.unusable", mail=Mail.GOOD, records={"_25._tcp.mx1 TLSA": ("1 1 1 {spki}",)})
fault("dane.partial", records={"@ MX": ("10 mx1.courriel.test.", "20 mx3.courriel.test.")})
fault("bimi.syntax", records={"default._bimi TXT": ('"v=BIMI1; l=http://{domain}/logo.svg"',)})
fault(
    "bimi.dmarc_not_enforced",
    more="dmarc.none",
    also="bimi.logo_unreachable",
    records={"default._bimi TXT": ('"v=BIMI1; l=https://mta-sts.{domain}/logo.svg"',)}
    | _dmarc(f"v=DMARC1; p=none; {RAPPORTS}"),
)
fault(
    "bimi.logo_unreachable",
    records={"default._bimi TXT": ('"v=BIMI1; l=https://mta-sts.{domain}/absent.svg"',)},
)

# --- mail servers
fault(
    "mx.none",
    records={"@ MX": ()},
    also="mta_sts.mx_not_covered",
    policy=_sts("version: STSv1\nmode: enforce\nmx: {domain}\nmax_age: 604800\n"),
)
fault("mx.null_with_others", records={"@ MX": ("0 .", *PROVIDER_MX)})
fault(
    "mx.cname",
    records={"@ MX": ("10 courrier.{domain}.",), "courrier CNAME": ("mx1.courriel.test.",)},
    also="mx.cert_name dane.partial mx.ptr_mismatch",
    policy=_sts(
        "version: STSv1\nmode: enforce\nmx: courrier.{domain}\nmx: mx1.courriel.test\nmax_age: 604800\n"
    ),
)
fault(
    "mx.ip_literal",
    records={"@ MX": ("10 203.0.113.25.",)},
    also="mx.unresolvable dangling.mx mta_sts.mx_not_covered mx.no_ipv6",
)
fault(
    "mx.unresolvable",
    records={"@ MX": (*PROVIDER_MX, "30 sans-adresse.tiers.test.")},
    also="dane.partial",
    policy=STS_POLICY.replace("mx: *", "mx: *.tiers.test\r\nmx: *"),
)
fault(
    "mx.private_address",
    records={"@ MX": (*PROVIDER_MX, "30 interne.{domain}."), "interne A": ("10.1.2.3",)},
    also="dane.partial mx.no_ipv6 mx.no_ptr",
    policy=STS_POLICY.replace("mx: *", "mx: *.{domain}\r\nmx: *"),
)
fault("mx.duplicate", records={"@ MX": ("10 mx1.courriel.test.", "20 mx1.courriel.test.")})
fault("mx.no_ipv6", mail=Mail.GOOD, records={"mx1 AAAA": ()})
fault("mx.no_starttls", mail=Mail.NO_STARTTLS)
fault("mx.starttls_broken", mail=Mail.BROKEN_STARTTLS)
fault("mx.unreachable", unknown=True, mail=Mail.MUTE)
fault("mx.unreachable", suffix="-occupe", unknown=True, mail=Mail.BUSY)
fault("mx.old_tls", mail=Mail.TLS10_TOO)
fault("mx.tls_only_old", mail=Mail.ONLY_TLS10, also="mx.old_tls")
fault("mx.cert_expired", mail=Mail.GOOD, leaf=Leaf.EXPIRED)
fault("mx.cert_name", mail=Mail.GOOD, leaf=Leaf.OTHER_NAME)
fault("mx.cert_untrusted", mail=Mail.GOOD, leaf=Leaf.UNTRUSTED)
fault("mx.cert_self_signed", mail=Mail.GOOD, leaf=Leaf.SELF_SIGNED, also="mx.cert_untrusted")
fault("mx.cert_weak_key", mail=Mail.GOOD, leaf=Leaf.WEAK_KEY)
fault("mx.cert_weak_signature", mail=Mail.GOOD, leaf=Leaf.SHA1)
fault("mx.no_ptr", mail=Mail.GOOD, reverse="")
fault("mx.ptr_mismatch", mail=Mail.GOOD, reverse="client-25.fournisseur.tiers.test.")
fault("mx.open_relay", mail=Mail.OPEN_RELAY)
fault("mx.auth_plaintext", mail=Mail.AUTH_IN_CLEAR)
fault("mx.vrfy", mail=Mail.VRFY)
fault(
    "access.login_in_clear",
    mail=Mail.GOOD,
    imap_in_clear=True,
    records={"_imap._tcp SRV": ("0 1 143 mx1.{domain}.",)},
)
fault(
    "parked.spf",
    records={
        "@ MX": ("0 .",),
        "@ TXT": (_txt("v=spf1 ~all"),),
        DKIM: (),
        "_mta-sts TXT": (),
        "_smtp._tls TXT": (),
        "mta-sts A": (),
        "mta-sts AAAA": (),
    },
)
fault(
    "parked.dmarc",
    records={
        "@ MX": ("0 .",),
        "@ TXT": (_txt("v=spf1 -all"),),
        DKIM: (),
        "_dmarc TXT": (_txt("v=DMARC1; p=none"),),
        "_mta-sts TXT": (),
        "_smtp._tls TXT": (),
        "mta-sts A": (),
        "mta-sts AAAA": (),
    },
)

TRUTHS: tuple[Truth, ...] = tuple(TABLE)
CLEAN = tuple(truth for truth in TRUTHS if truth.clean)
PERFECT = TRUTHS[0]
