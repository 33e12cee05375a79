"""Which product is behind words: each rule has an answer that it must know, and neighbours that it must not."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.products import BY_ID, PRODUCTS, Sort, product_name
from cyberaudit.facts.services import Trait
from cyberaudit.facts.services_samples import WEB_SITE
from cyberaudit.probes.services.clues import DEFAULT_PATHS, PATHS, RULES, Where
from cyberaudit.probes.services.heard import Heard, Page
from cyberaudit.probes.services.pages import title_of
from cyberaudit.probes.services.recognise import paths_to_try, recognise, seen_on_pages
from cyberaudit.sdk.pages import ordinary_page

pytestmark = pytest.mark.unit

ADMIN, VPN, LOGIN = Trait.ADMIN_PAGE, Trait.VPN_PORTAL, Trait.LOGIN_FORM
FORM = '<form><input name="u"><input name="p" type="password"></form>'


def page(body: str = "", *headers: str, path: str = "/", status: int = 200) -> Page:
    pairs = (header.partition(": ") for header in headers)
    return Page(path, status, tuple((name.lower(), value) for name, _, value in pairs), title_of(body), body)


def titled(title: str) -> Page:
    return page(f"<title>{title}</title>")


PAGES = [
    # product, page, traits of purpose
    ("fortinet-fortigate", page("", "Location: /remote/login?lang=fr", status=302), {VPN}),
    ("fortinet-fortigate", page('<script src="/remote/fgt_lang?lang=fr">', path="/remote/login"), {VPN}),
    ("fortinet-fortigate", page("", "Set-Cookie: SVPNCOOKIE=; path=/"), {VPN}),
    ("fortinet-fortigate", titled("FortiGate"), {ADMIN}),
    ("fortinet-fortigate", page("", "Set-Cookie: APSCOOKIE_1234=x"), {ADMIN}),
    ("fortinet-fortigate", page("", "Server: xxxxxxxx-xxxxx"), set()),
    ("fortinet-fortigate", page(FORM, "Server: xxxxxxxx-xxxxx", path="/login?redir=%2F"), {ADMIN}),
    ("stormshield", page('<b>Stormshield</b><script src="/admin/js/ext.js">', path="/admin/admin.html"), {ADMIN}),
    ("stormshield", page("<b>Stormshield</b>" + FORM, path="/auth/admin.html"), {ADMIN}),
    ("stormshield", page("<b>Stormshield</b>" + FORM, path="/auth/portal"), {VPN}),
    ("stormshield", titled("Stormshield Network Security - Administration"), {ADMIN}),
    ("cisco-asa", page("", "Set-Cookie: webvpnlogin=1; secure"), {VPN}),
    ("cisco-asa", page("", "Location: /+CSCOE+/logon.html", status=302), {VPN}),
    ("cisco-asa", page('<img src="/+CSCOE+/logo.gif">', "X-Transcend-Version: 1"), {VPN}),
    ("cisco-asa", titled("Cisco ASDM 7.18"), {ADMIN}),
    ("anyconnect", page("", "X-Transcend-Version: 1"), {VPN}),
    ("anyconnect", page('<config-auth client="vpn" type="auth-request">'), {VPN}),
    ("cisco-ios", page("", "Server: cisco-IOS", status=401), {ADMIN}),
    ("cisco-ios", page("", 'WWW-Authenticate: Basic realm="level_15_access"', status=401), {ADMIN}),
    ("sonicwall", page("", "Server: SonicWALL SSL-VPN Web Server"), {VPN}),
    ("sonicwall", page("", "Server: SMA/12.4"), {VPN}),
    ("sonicwall", page('<frame src="auth1.html">', "Server: SonicWALL"), {ADMIN}),
    ("sonicwall", page("", "Server: SonicWALL"), set()),
    ("sonicwall", titled("SonicWall - Authentication"), {ADMIN}),
    ("palo-alto", page("", "Location: /global-protect/login.esp", status=302), {VPN}),
    ("palo-alto", titled("GlobalProtect Portal"), {VPN}),
    ("palo-alto", page("Palo Alto Networks" + FORM, path="/php/login.php"), {ADMIN}),
    ("pfsense", titled("pfSense - Login"), {ADMIN}),
    ("pfsense", page('<title>Login</title>Login to pfSense<input name="usernamefld">'), {ADMIN}),
    ("opnsense", titled("Login | OPNsense"), {ADMIN}),
    ("zyxel", titled("USG FLEX 100"), {ADMIN}),
    ("sophos", page("", "Location: /webconsole/webpages/login.jsp", status=302), {ADMIN}),
    ("sophos", page("Sophos" + FORM, path="/userportal/webpages/myaccount/login.jsp"), {VPN}),
    ("watchguard", page("", "Location: /sslvpn_logon.shtml", status=302), {VPN}),
    ("watchguard", titled("Fireware Web UI"), {ADMIN}),
    ("check-point", page("", "Server: Check Point SVN foundation"), set()),
    ("ivanti-connect", page("", "Location: /dana-na/auth/url_default/welcome.cgi", status=302), {VPN}),
    ("ivanti-connect", page("", "Set-Cookie: DSSIGNIN=url_default"), {VPN}),
    ("citrix-gateway", page("", "Set-Cookie: NSC_TMAS=; path=/"), {VPN}),
    ("citrix-gateway", titled("NetScaler Gateway"), {VPN}),
    ("f5-bigip", titled("BIG-IP&reg;- Redirect"), {ADMIN}),
    ("f5-bigip", page("", "Location: /my.policy", status=302), {VPN}),
    ("f5-bigip", page("", "Set-Cookie: BIGipServerpool_web=1.2"), set()),
    ("openvpn-access-server", page("", "Server: OpenVPN-AS"), {VPN}),
    ("mikrotik", titled("RouterOS router configuration page"), {ADMIN}),
    ("unifi", titled("UniFi Network"), {ADMIN}),
    ("unifi", page("", "Location: /manage/account/login?redirect=%2Fmanage", status=302), {ADMIN}),
    ("edgeos", titled("EdgeOS"), {ADMIN}),
    ("airos", page("", "Set-Cookie: AIROS_0123456789AB=x"), {ADMIN}),
    ("openwrt", page('<a href="cgi-bin/luci/">LuCI - Lua Configuration Interface</a>'), {ADMIN}),
    ("openwrt", page('<link href="/luci-static/x.css"><input name="luci_username">', status=403), {ADMIN}),
    ("draytek", titled("Vigor Login Page"), {ADMIN}),
    ("livebox", titled("Livebox"), {ADMIN}),
    ("freebox", titled("Freebox OS :: Identification"), {ADMIN}),
    ("bbox", titled("Bbox"), {ADMIN}),
    ("sfr-box", titled("SFR Box 8"), {ADMIN}),
    ("synology", page("<title>nas-mairie - Synology NAS</title><script>SYNO.SDS.Config={}"), {ADMIN}),
    ("synology", page('<script src="webman/x"></script>SYNO.SDS.Session = {}'), {ADMIN}),
    ("qnap", page("location.href='/cgi-bin/QTS.cgi?count=1'"), {ADMIN}),
    ("truenas", titled("TrueNAS"), {ADMIN}),
    ("proxmox-ve", page("<title>pve1 - Proxmox Virtual Environment</title><script>Proxmox = {"), {ADMIN}),
    ("proxmox-ve", page("", "Server: pve-api-daemon/3.0"), {ADMIN}),
    ("proxmox-backup", page("<title>pbs - Proxmox Backup Server</title><script>Proxmox = {"), {ADMIN}),
    ("vmware-esxi", titled('" + ID_EESX_Welcome + "'), {ADMIN}),
    ("vmware-vcenter", titled('" + ID_VC_Welcome + "'), {ADMIN}),
    ("dell-idrac", titled("iDRAC9 - Login"), {ADMIN}),
    ("dell-idrac", page("", "Location: /restgui/start.html", status=302), {ADMIN}),
    ("hpe-ilo", page("", "Server: HPE-iLO-Server/1.30"), {ADMIN}),
    ("hpe-ilo", titled("iLO 5"), {ADMIN}),
    ("supermicro-ipmi", titled("Supermicro BMC Login"), {ADMIN}),
    ("lenovo-xcc", titled("Lenovo XClarity Controller"), {ADMIN}),
    ("veeam", titled("Veeam Backup Enterprise Manager : Login"), {ADMIN}),
    ("nakivo", titled("NAKIVO Backup &amp; Replication"), {ADMIN}),
    ("docker", page('{"message":"page not found"}', "Api-Version: 1.43", status=404), {ADMIN}),
    ("windows-rdweb", page("", "Location: /RDWeb/Pages/fr-FR/login.aspx", status=302), set()),
    ("guacamole", titled("Apache Guacamole"), set()),
    ("hp-printer", titled("HP LaserJet Pro MFP M428fdw   192.0.2.5"), {ADMIN}),
    ("hp-printer", page("", "Server: HP HTTP Server; HP OfficeJet Pro 8710"), {ADMIN}),
    ("brother-printer", titled("Brother MFC-L5750DW series"), {ADMIN}),
    ("canon-printer", titled("Remote UI : Login"), {ADMIN}),
    ("epson-printer", page("", "Server: EPSON_Linux UPnP/1.0 Epson UPnP SDK/1.0"), {ADMIN}),
    ("kyocera-printer", page("", "Server: KM-MFP-http/V0.0.1"), {ADMIN}),
    ("ricoh-printer", titled("Web Image Monitor"), {ADMIN}),
    ("xerox-printer", titled("CentreWare Internet Services"), {ADMIN}),
    ("konica-minolta-printer", titled("PageScope Web Connection"), {ADMIN}),
    ("lexmark-printer", page('<title>Lexmark MX421ade</title><a href="/webglue/content">'), {ADMIN}),
    ("cups", page("", "Server: CUPS/2.4 IPP/2.1"), {ADMIN}),
    ("hikvision", page("", "Server: App-webs/"), {ADMIN}),
    ("hikvision", page('window.location.href = "/doc/page/login.asp?_123"'), {ADMIN}),
    ("dahua", page('<title>WEB SERVICE</title><script src="/baseProj/x.js">'), {ADMIN}),
    ("axis", page("", 'WWW-Authenticate: Digest realm="AXIS_ACCC8E012345", nonce="x"', status=401), {ADMIN}),
    ("foscam", titled("IPCam Client"), {ADMIN}),
    ("xiongmai", titled("NETSurveillance WEB"), {ADMIN}),
    ("siemens-simatic", titled("S7-1200 station_1"), {ADMIN}),
    ("loxone", page("", "Server: Loxone 12.2"), {ADMIN}),
    ("threecx", titled("3CX Phone System Management Console"), {ADMIN}),
    ("webmin", page("", "Server: MiniServ/2.105"), {ADMIN}),
    ("cpanel", titled("cPanel Login"), {ADMIN}),
    ("plesk", titled("Plesk Obsidian 18.0"), {ADMIN}),
    ("phpmyadmin", titled("phpMyAdmin"), {ADMIN}),
    ("jenkins", page("", "X-Jenkins: 2.440"), {ADMIN}),
    ("exchange-owa", page("", "Location: https://mail.example/owa/auth/logon.aspx?url=x", status=302), set()),
    ("exchange-owa", page("", "X-OWA-Version: 15.1.2507.35"), set()),
    ("nextcloud", titled("Connexion – Nextcloud"), set()),
    ("glpi", titled("GLPI - Authentification"), set()),
    ("elasticsearch", page('{"cluster_name" : "x", "version" : {"number": "8"}}'), set()),
    ("couchdb", page('{"couchdb":"Welcome","version":"3.3"}'), set()),
    ("iis-default", titled("IIS Windows Server"), set()),
]  # fmt: skip


@pytest.mark.parametrize(("product", "shown", "purpose"), PAGES)
def test_a_page_tells_the_product_and_what_it_is_for(product: str, shown: Page, purpose: set[Trait]) -> None:
    found = recognise(Heard("https", pages=(shown,)))
    assert found.product == product
    assert found.traits & {ADMIN, VPN} == purpose
    assert found.clues


SUBJECTS = [
    ("fortinet-fortigate", "CN=FGT60FTK00000000,OU=FortiGate,O=Fortinet,L=Sunnyvale,C=US"),
    ("fortinet-fortigate", "CN=FortiGate"),
    ("fortinet", "CN=FML00000,OU=FortiMail,O=Fortinet"),
    ("stormshield", "CN=SN210A00A0000A0,OU=Stormshield"),
    ("cisco-asa", "CN=ASA Temporary Self Signed Certificate"),
    ("cisco-ios", "CN=IOS-Self-Signed-Certificate-1234567890"),
    ("sonicwall", "CN=192.168.168.168,O=HTTPS Management Certificate for SonicWALL (self-signed)"),
    ("pfsense", "CN=pfSense-5f1e,O=pfSense GUI default Self-Signed Certificate"),
    ("opnsense", "CN=OPNsense.localdomain,O=OPNsense self-signed web certificate"),
    ("zyxel", "CN=usg60w_A0E4CB012345"),
    ("sophos", "CN=Sophos_Appliance_Certificate_C01001ABCDEF"),
    ("watchguard", "CN=Fireware web CA,OU=Fireware,O=WatchGuard_Technologies"),
    ("edgeos", "CN=UbiquitiRouterUI,O=Ubiquiti Inc.,C=US"),
    ("synology", "CN=synology,OU=FTP Team,O=Synology Inc.,C=TW"),
    ("qnap", "CN=QNAP NAS,O=QNAP Systems Inc.,C=TW"),
    ("proxmox-ve", "CN=pve1.mairie.example,OU=PVE Cluster Node,O=Proxmox Virtual Environment"),
    ("vmware", "CN=localhost.localdomain,OU=VMware ESX Server Default Certificate,O=VMware\\, Inc"),
    ("dell-idrac", "CN=idrac-ABC1234,OU=Remote Access Group,O=Dell Inc."),
    ("hpe-ilo", "CN=ILOCZ12345678,OU=ISS,O=Hewlett Packard Enterprise"),
    ("supermicro-ipmi", "CN=IPMI,OU=Software,O=Super Micro Computer"),
    ("anydesk", "CN=AnyDesk Client"),
    ("freebox", "CN=mairie.freeboxos.fr"),
    ("hp-printer", "CN=NPI012345,OU=HP-IPG,O=HP"),
    ("brother-printer", "CN=BRN30055C012345"),
    ("veeam", "CN=Veeam Backup Server Certificate"),
    ("", "CN=www.mairie-l-hay.example"),
    ("", "CN=Fortinet-Vlan.mairie.example"),
]


@pytest.mark.parametrize(("product", "subject"), SUBJECTS)
def test_a_certificate_tells_the_product_and_never_what_the_page_is_for(product: str, subject: str) -> None:
    found = recognise(Heard("https", subject=subject, pages=(page("<p>Bonjour"),)))
    assert found.product == product
    assert not found.traits


BANNERS = [
    ("cisco", "ssh", "SSH-2.0-Cisco-1.25"),
    ("mikrotik", "ssh", "SSH-2.0-ROSSSH"),
    ("mikrotik", "ftp", "220 routeur FTP server (MikroTik 6.49.10) ready"),
    ("fortinet-fortigate", "ssh", "SSH-2.0-FortiSSH_3.0"),
    ("hpe-ilo", "ssh", "SSH-2.0-mpSSH_0.2.1"),
    ("hp-printer", "ftp", "220 JD FTP Server Ready"),
    ("ricoh-printer", "ftp", "220 RICOH MP C3004 FTP server (15.27) ready."),
    ("vmware", "vmware-authd", "220 VMware Authentication Daemon Version 1.10"),
    ("", "ssh", "SSH-2.0-OpenSSH_9.2p1 Debian-2"),
    ("", "ftp", "220 (vsFTPd 3.0.3)"),
    ("", "smtp", "220 mail.mairie-l-hay.example ESMTP Postfix"),
]


@pytest.mark.parametrize(("product", "protocol", "banner"), BANNERS)
def test_a_banner_tells_the_product(product: str, protocol: str, banner: str) -> None:
    assert recognise(Heard(protocol, banner=banner)).product == product


ORDINARY = [
    titled("Mairie de L'Haÿ-d'Essai - Accueil"),
    titled("Espace administrés — connexion"),
    titled("Administration communale"),
    page("<title>Portail famille</title>" + FORM),
    page("<title>Connexion</title>" + FORM, "Server: Apache", "Set-Cookie: PHPSESSID=1"),
    titled("WEB SERVICE"),
    titled("Nos caméras AXIS au carrefour"),
    titled("Virtual Office"),
    titled("Bboxing club"),
    page("Nous avons choisi un pare-feu d'une autre marque.", path="/auth/portal"),
    page("", "Location: /accueil", status=302),
    page("<h1>404</h1>", "Server: nginx", path="/remote/login", status=404),
]


@pytest.mark.parametrize("shown", ORDINARY)
def test_an_ordinary_page_is_no_product_and_no_administration(shown: Page) -> None:
    found = recognise(Heard("https", pages=(shown,)))
    assert found.product == ""
    assert not found.traits & {ADMIN, VPN}


def article(title: str, text: str = "") -> Page:
    """A page for readers, with the field that members use."""
    return page(f"<title>{title}</title><nav>{FORM}</nav><p>{text}</p>")


INNOCENT = [
    article("Mairie de L'Haÿ", "La commune installe des caméras Hikvision rue de la Gare."),
    article(
        "Marché public de vidéoprotection", "Titulaire : Dahua Technology France. Lot 2 : AXIS, VIVOTEK."
    ),
    article("Sauvegardes de la mairie", "Nous utilisons NAKIVO Backup &amp; Replication et Veeam."),
    article("Régler sa box", "Ouvrez /cgi-bin/luci, puis /webman/index.cgi, ou /doc/page/login.asp."),
    article(
        "OpenWrt : premiers pas avec LuCI", "<code>http://192.168.1.1/cgi-bin/luci</code> Lua Configuration"
    ),
    article("Prestataire : installer pfSense en mairie", "Login to pfSense. Netgate pfSense Plus."),
    article("pfSense ou OPNsense ?"),
    article("Formation MikroTik", "MikroTik RouterOS v7, pas à pas."),
    article("phpMyAdmin : le tutoriel", "La page de phpMyAdmin demande un mot de passe."),
    article("Livebox 7 : offres de la fibre", "Livebox, Freebox, Bbox, SFR Box : le comparatif."),
    article("Freebox en panne à L'Haÿ"),
    article("Bbox fibre - Bouygues Telecom"),
    article("SFR Box 8 : le test"),
    article("Menus de la cantine", "Guacamole, Axis de bœuf, ilo flottante."),
    article("Guacamole", "Trois avocats, un citron vert."),
    article("Club USG 2024 de L'Haÿ"),
    article("ATP 500 : le tournoi de la commune"),
    article("Archer 2000 : tir à l'arc"),
    article("Vigor 21, club de musculation"),
    article("Blog - Proxmox Virtual Environment", "Proxmox VE 8, VMware ESXi et ID_EESX_Welcome."),
    article("Migrer de VMware ESXi à Proxmox VE"),
    article("iDRAC9 : mettre à jour son serveur", "Un iDRAC9 se met à jour par /restgui/start.html."),
    article("iLO 5 et iDRAC : les cartes de gestion"),
    article("ILO - Organisation internationale du travail"),
    article(
        "Cartouches HP LaserJet Pro M404 - Boutique", "HP OfficeJet, Brother MFC-L5750DW, Lexmark MX421ade."
    ),
    article("Brother MFC-L5750DW - Achat en ligne"),
    article("Imprimante Xerox VersaLink C405 pas chère"),
    article("KONICA MINOLTA bizhub C250i : fiche technique"),
    article("Lexmark France"),
    article("Synology DiskStation DS923+ : notre avis", "On appelle SYNO.API.Auth de cette façon."),
    article("QNAP TS-464 : prix", "QNAP Systems, Inc. Tous droits réservés."),
    article("Zyxel USG FLEX 100 : promotion"),
    article("WatchGuard : partenaire Gold", "Fireware est le système de WatchGuard."),
    article("Stormshield : une faille dans l'administration"),
    article("Sophos rachète un concurrent", "Cyberoam et Sophos."),
    article(
        "Alerte : GlobalProtect Portal visé",
        "GlobalProtect de Palo Alto Networks : /global-protect/login.esp",
    ),
    article("FortiGate : que faire ?", "La faille est dans /remote/fgt_lang?lang= et /remote/logincheck."),
    article("Cisco ASDM : guide", "La page /+CSCOE+/logon.html du Cisco Catalyst."),
    article("Ivanti : la faille", "/dana-na/auth/url_default/welcome.cgi"),
    article("Citrix Gateway : correctif", "<img alt='citrix-logo'> /vpn/index.html /logon/LogonPoint/"),
    article(
        "Elasticsearch, le guide", '<pre>{"cluster_name": "x", "version": {}} You Know, for Search</pre>'
    ),
    article("CouchDB", '<pre>{"couchdb":"Welcome"}</pre>'),
    article("Schneider Electric recrute à L'Haÿ"),
    article("SIMATIC S7-1200 : formation"),
    article("3CX : la téléphonie de la mairie"),
    article("Yealink T46 : mode d'emploi"),
    article("Webmin, Plesk et cPanel comparés"),
    article("Superviser sa mairie : Zabbix"),
    article("Sauvegarder son agenda - Nextcloud"),
    article("GLPI - la gestion du parc en mairie"),
    article("Espace famille - Admin"),
    article("Espace famille — Admin Pôle enfance"),
    article("Découvrir l'interface d'administration de son site"),
    article("Un accès VPN pour les agents : le projet", "Notre SSL VPN."),
    article("Mairie de L'Haÿ", "<footer>Pare-feu Stormshield, Sophos et WatchGuard Fireware</footer>"),
]
ASKED = sorted({path for paths in PATHS.values() for path in paths} | set(DEFAULT_PATHS))


@pytest.mark.parametrize("shown", INNOCENT, ids=lambda shown: shown.title)
def test_a_page_that_only_names_a_product_is_none_and_no_administration(shown: Page) -> None:
    found = recognise(Heard("https", pages=(shown,)))
    assert (found.product, found.clues) == ("", ())
    assert found.traits - {Trait.MAY_COMMAND} == {LOGIN}


@pytest.mark.parametrize("shown", INNOCENT, ids=lambda shown: shown.title)
def test_a_site_that_shows_the_same_page_whatever_is_asked_is_no_product(shown: Page) -> None:
    again = tuple(replace(shown, path=path) for path in ASKED)
    assert recognise(Heard("https", pages=(shown, *again))).product == ""
    sent = page("", "Location: /accueil", status=302)
    assert recognise(Heard("https", pages=(sent, replace(shown, path="/accueil"), *again))).product == ""


@pytest.mark.parametrize(
    ("title", "doubtful"),
    [
        ("VMware ESXi - srv-compta", True),
        ("pfSense.mairie - Status", True),
        ("NAS de la mairie", True),
        ("Connexion", True),
        ("Mairie de L'Haÿ-d'Essai", False),
        ("Administration communale", False),
        ("FortiGate", False),
        ("", False),
    ],
)
def test_a_title_that_names_what_is_commanded_is_not_an_ordinary_page_either(
    title: str, doubtful: bool
) -> None:
    found = recognise(Heard("https", pages=(titled(title),)))
    assert (Trait.MAY_COMMAND in found.traits) is doubtful
    assert not (found.product and doubtful)
    assert ordinary_page(WEB_SITE)
    assert ordinary_page(replace(WEB_SITE, product=found.product, traits=found.traits)) is (
        not doubtful and not found.product
    )


@pytest.mark.parametrize("path", ASKED)
@pytest.mark.parametrize("answer", ["redirect", "under", "404", "soft 404", "links"])
def test_an_answer_that_only_repeats_the_path_is_no_product(path: str, answer: str) -> None:
    shown = {
        "redirect": page(
            f'<a href="https://www.mairie.example{path}">',
            f"Location: https://www.mairie.example{path}",
            status=301,
            path=path,
        ),
        "under": page(
            "", f"Location: https://www.mairie.example/fr{path.lower()}?x=1", status=302, path=path
        ),
        "404": page(f"<p>The requested URL {path} was not found", status=404, path=path),
        "soft 404": page(f'<title>Mairie</title><form action="{path}">{FORM}', path=path),
        "links": page(f'<link href="{path.removesuffix(".html")}"><a href="/en{path}">', path=path),
    }[answer]
    home = page("", "Location: https://www.mairie.example/", status=301)
    found = recognise(Heard("https", pages=(home, shown)))
    assert (found.product, found.clues) == ("", ())
    assert not found.traits & {ADMIN, VPN}


def test_a_refusal_shows_no_page_of_a_product_unless_its_rule_says_so() -> None:
    own = page('<script src="/remote/fgt_lang?lang=fr">', path="/remote/login", status=404)
    assert recognise(Heard("https", pages=(own,))).product == ""
    assert recognise(Heard("https", pages=(replace(own, status=200),))).product == "fortinet-fortigate"
    assert {rule.product for rule in RULES if rule.errors} == {"openwrt", "exchange-owa", "elasticsearch"}
    assert all(rule.where is Where.BODY for rule in RULES if rule.errors)


def test_a_portal_that_confirms_the_path_by_its_own_files_is_one() -> None:
    shown = page(
        '<form action="/+CSCOE+/logon.html"><link href="/+CSCOE+/portal.css">', path="/+CSCOE+/logon.html"
    )
    found = recognise(Heard("https", pages=(page(), shown)))
    assert found.product == "cisco-asa"
    assert found.clues == ("/+CSCOE+/logon.html : 200, texte de la page « /+CSCOE+/ »",)
    sent = page("", "Location: /+webvpn+/index.html", path="/+CSCOE+/logon.html", status=302)
    assert recognise(Heard("https", pages=(page(), sent))).product == "cisco-asa"


def test_the_front_page_of_the_product_itself_does_not_hide_its_other_pages() -> None:
    front = page("<title>Stormshield</title>" + FORM, path="/auth/")
    admin = page("Stormshield" + FORM, path="/admin/admin.html")
    sends = page('<title>Stormshield</title><meta http-equiv="refresh" content="0; url=/auth/">')
    found = recognise(Heard("https", pages=(sends, front, admin)))
    assert found.product == "stormshield"
    assert found.traits == {ADMIN, VPN, LOGIN}


@pytest.mark.parametrize(
    ("shown", "traits"),
    [
        (page("<title>Router login</title>" + FORM), {ADMIN, LOGIN}),
        (page("<title>Admin</title>" + FORM), {ADMIN, LOGIN}),
        (page("<title>Console d'administration</title>" + FORM), {ADMIN, LOGIN}),
        (page("", 'WWW-Authenticate: Basic realm="Web Management Console"', status=401), {ADMIN, LOGIN}),
        (page("", 'WWW-Authenticate: Basic realm="Zone Admin"', status=401), {ADMIN, LOGIN}),
        (page("<title>Admin - pompe</title>" + FORM), {ADMIN, LOGIN}),
        (page("<title>Mairie - Console d'administration</title>" + FORM), {ADMIN, LOGIN}),
        (page("<title>Admin</title>"), set()),
        (page("<title>SSL VPN Service</title>"), set()),
        (page("<title>SSL VPN Service</title>" + FORM), {VPN, LOGIN}),
        (page("<title>Accueil</title>" + FORM), {LOGIN}),
    ],
)
def test_a_page_may_say_itself_what_it_is_for(shown: Page, traits: set[Trait]) -> None:
    assert recognise(Heard("https", pages=(shown,))).traits - {Trait.MAY_COMMAND} == traits


def test_what_a_page_says_weighs_more_than_the_certificate_in_front() -> None:
    found = recognise(Heard("https", subject="CN=nas,O=Synology Inc.", pages=(titled("Nextcloud"),)))
    assert found.product == "nextcloud"


def test_two_products_said_with_the_same_weight_are_none_and_both_clues_stay() -> None:
    found = recognise(Heard("https", pages=(page("<title>FortiGate</title>", "Server: MiniServ/2"),)))
    assert found.product == ""
    assert found.clues == ("titre « FortiGate »", "serveur « MiniServ/ »")


def test_the_certificate_adds_its_clue_when_it_agrees() -> None:
    heard = Heard(
        "https", subject="OU=FortiGate,O=Fortinet", pages=(titled("FortiGate"),), clues=("renvoie",)
    )
    assert recognise(heard).clues == ("certificat « OU=FortiGate »", "titre « FortiGate »", "renvoie")


def test_clues_are_safe_to_show() -> None:
    found = recognise(Heard("ssh", banner="SSH-2.0-Cisco-\x1b[31m\u202e"))
    assert found.clues == ("annonce « SSH-2.0-Cisco- »",)
    found = recognise(
        Heard("https", pages=(page("", "Location: /remote/login", path="/\x1b[1m", status=302),))
    )
    assert "\x1b" not in found.clues[0]


def test_well_known_places_are_those_of_the_suspect_else_the_usual_portals_behind_tls() -> None:
    blank = page("<p>Bonjour")
    assert paths_to_try((blank,), "CN=x,OU=Stormshield")[:2] == PATHS["stormshield"][:2]
    assert paths_to_try((blank,), "CN=www.mairie.example") == DEFAULT_PATHS
    assert paths_to_try((blank,), "") == ()
    assert paths_to_try((page("see /doc/page/login.asp"),), "") == PATHS["hikvision"]
    assert "/remote/login" not in paths_to_try((blank, page(path="/remote/login")), "CN=a")


def test_a_page_that_tells_the_product_and_not_its_purpose_asks_for_more() -> None:
    assert not seen_on_pages((page("", "Server: xxxxxxxx-xxxxx"),))
    assert seen_on_pages((titled("FortiGate"),))
    assert seen_on_pages((titled("Nextcloud"),))
    assert not seen_on_pages((titled("Mairie"),))


def test_every_rule_and_every_path_is_about_a_product_of_the_table() -> None:
    assert {rule.product for rule in RULES} | set(PATHS) <= set(BY_ID)
    assert len(BY_ID) == len(PRODUCTS)


def test_every_product_has_a_name_and_every_sort_a_french_word() -> None:
    assert all(product.name and product.french.count(",") >= 1 for product in PRODUCTS)
    assert all(sort.french for sort in Sort)
    assert product_name("synology") == "Synology DSM"
    assert product_name("rien") == ""


def test_paths_are_plain() -> None:
    for path in {path for paths in PATHS.values() for path in paths} | set(DEFAULT_PATHS):
        assert re.fullmatch(r"/[A-Za-z0-9+_./-]*", path)


@given(st.text(max_size=300), st.text(max_size=100))
def test_no_text_makes_recognition_fail_or_speak_unsafely(text: str, header: str) -> None:
    shown = Page(
        "/", 200, (("server", header), ("set-cookie", header), ("location", header)), text[:80], text
    )
    found = recognise(Heard("https", banner=text, subject=header, pages=(shown,)))
    assert all(clue.isprintable() or "\u00a0" in clue for clue in found.clues)
