"""What known products say of themselves: in a certificate, a banner, a header, a title, a page. Data only.

Facts of the products themselves, as their default settings show them; each rule is meant to be enough alone. The
name of a maker is never enough: towns, shops and newspapers write it too. A title is given whole; words of a page
count where the page calls a file of the product on its own server (`_own`), or with a second clue.
"""

import re
from collections.abc import Iterable, Iterator
from enum import Enum, auto
from functools import cache

from cyberaudit.facts.services import Trait
from cyberaudit.frozen import frozen


class Where(Enum):
    """In which words the pattern is looked for."""

    SUBJECT = auto()
    """Of the certificate, RFC 4514, most specific part first: `CN=…,O=…`."""
    BANNER = auto()
    SERVER = auto()
    TITLE = auto()
    REALM = auto()
    """`WWW-Authenticate`."""
    COOKIE = auto()
    """The name of one."""
    HEADER = auto()
    """`name: value`, the name in lower case."""
    LOCATION = auto()
    BODY = auto()


@frozen
class Pattern:
    """A regular expression that knows no upper case, compiled at its first use: most are never used."""

    text: str

    def search(self, text: str) -> re.Match[str] | None:
        """As `re.Pattern.search`; empty words say nothing."""
        return _compiled(self.text).search(text) if text else None

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """As `re.Pattern.finditer`; empty words say nothing."""
        return _compiled(self.text).finditer(text) if text else iter(())


@cache
def _compiled(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


@frozen
class Rule:
    """A pattern that only one product matches."""

    product: str
    where: Where
    pattern: Pattern
    traits: frozenset[Trait] | None = None
    """What the page is for; None: the administration, when the product is a device; empty: cannot be told."""
    path: Pattern | None = None
    """Only on pages of such a path; words of the page count for nothing when `/` says them too."""
    also: Pattern | None = None
    """And this, in the title or the body."""
    generic: bool = False
    """Several products have it in common: anything more specific goes first."""
    errors: frozenset[int] = frozenset()
    """Statuses from 400 up on which the product shows this page; words of other refusals count for nothing."""


VPN = frozenset({Trait.VPN_PORTAL})
ADMIN = frozenset({Trait.ADMIN_PAGE})
NOTHING = frozenset[Trait]()
LOGIN_FIELD = r"""<input[^>]{0,300}\btype\s{0,2}=\s{0,2}["']?password\b"""
"""A field for a password."""


def _own(path: str) -> str:
    """A file of the page's own server that the page calls or leads to; text that only names it is not one."""
    return rf"""\b(?:href|src|action|location(?:\.\w{{1,8}})?|url)\s?[=(]\s?["']?(?:\.{{0,2}}/)?{path}"""


def _rule(
    product: str,
    where: Where,
    pattern: str,
    traits: frozenset[Trait] | None = None,
    *,
    path: str = "",
    also: str = "",
    generic: bool = False,
    errors: Iterable[int] = (),
) -> Rule:
    return Rule(
        product,
        where,
        Pattern(pattern),
        traits,
        Pattern(path) if path else None,
        Pattern(also) if also else None,
        generic,
        frozenset(errors),
    )


def _each(where: Where, **patterns: str) -> tuple[Rule, ...]:
    return tuple(_rule(product.replace("_", "-"), where, pattern) for product, pattern in patterns.items())


# Where a portal answers when it is asked by its own name; asked of what `/` does not tell.
PATHS: dict[str, tuple[str, ...]] = {
    "fortinet-fortigate": ("/remote/login", "/login"),
    "fortinet": ("/remote/login", "/login"),
    "stormshield": ("/auth/portal", "/auth/admin.html", "/admin/admin.html"),
    "cisco-asa": ("/+CSCOE+/logon.html", "/admin/public/index.html"),
    "anyconnect": ("/+CSCOE+/logon.html",),
    "palo-alto": ("/global-protect/login.esp", "/php/login.php"),
    "sonicwall": ("/auth1.html", "/sslvpnLogin.html"),
    "ivanti-connect": ("/dana-na/auth/url_default/welcome.cgi",),
    "citrix-gateway": ("/vpn/index.html", "/logon/LogonPoint/index.html"),
    "f5-bigip": ("/tmui/login.jsp", "/my.policy"),
    "watchguard": ("/sslvpn_logon.shtml", "/auth/login"),
    "sophos": ("/webconsole/webpages/login.jsp", "/userportal/webpages/myaccount/login.jsp"),
    "check-point": ("/sslvpn/Login/Login",),
    "synology": ("/webman/index.cgi",),
    "qnap": ("/cgi-bin/",),
    "vmware-esxi": ("/ui/",),
    "vmware-vcenter": ("/ui/",),
    "vmware": ("/ui/",),
    "dell-idrac": ("/restgui/start.html", "/login.html"),
    "exchange-owa": ("/owa/auth/logon.aspx",),
    "hikvision": ("/doc/page/login.asp",),
    "windows-rdweb": ("/RDWeb/Pages/en-US/login.aspx",),
    "iis-default": ("/owa/auth/logon.aspx", "/RDWeb/Pages/en-US/login.aspx"),
}
AMBIGUOUS_PATHS = frozenset({"/login", "/login.html", "/auth/login", "/ui/", "/cgi-bin/"})
"""A page that names one of these says nothing by it."""
DEFAULT_PATHS = (
    "/remote/login",
    "/auth/portal",
    "/+CSCOE+/logon.html",
    "/global-protect/login.esp",
    "/dana-na/auth/url_default/welcome.cgi",
    "/vpn/index.html",
)

_FORTINET = (
    _rule("fortinet-fortigate", Where.SUBJECT, r"\b(?:OU|CN)=FortiGate\b|\bCN=F[GW][A-Z0-9]{4,20}\b.*\bO=Fortinet"),
    _rule("fortinet", Where.SUBJECT, r"\bO=Fortinet\b", generic=True),
    _rule("fortinet-fortigate", Where.COOKIE, r"^SVPN(?:NETWORK|TMP)?COOKIE$", VPN),
    _rule("fortinet-fortigate", Where.LOCATION, r"/remote/(?:login|error)\b", VPN),
    _rule("fortinet-fortigate", Where.BODY, _own(r"(?:remote/(?:logincheck|fgt_lang)|sslvpn/(?:css|js)/)"), VPN),
    _rule("fortinet-fortigate", Where.COOKIE, r"^APSCOOKIE_", ADMIN),
    _rule("fortinet-fortigate", Where.TITLE, r"^FortiGate$", ADMIN),
    _rule("fortinet-fortigate", Where.BODY, r"ftnt-fortinet-grid", ADMIN, path=r"^/(?:login|ng)\b"),
    _rule("fortinet-fortigate", Where.SERVER, r"^x{8}-x{5}$", ADMIN, path=r"^/login\b", also=r"logincheck|password"),
    _rule("fortinet-fortigate", Where.SERVER, r"^x{8}-x{5}$", NOTHING),
    _rule("fortinet-fortigate", Where.BANNER, r"^SSH-2\.0-FortiSSH"),
)  # fmt: skip
_STORMSHIELD = (
    _rule("stormshield", Where.SUBJECT, r"\bOU?=(?:Stormshield|NETASQ)\b"),
    _rule("stormshield", Where.BODY, r"stormshield|netasq", ADMIN, path=r"^/(?:admin/|auth/admin\.html)",
          also=f"{LOGIN_FIELD}|{_own('(?:admin|auth)/')}"),
    _rule("stormshield", Where.TITLE, r"^(?:Stormshield|NETASQ)(?: Network Security| Firewall| UTM)? ?[-:|]? ?"
          r"(?:Web )?Administration(?: Suite| Interface)?$", ADMIN),
    _rule("stormshield", Where.BODY, r"stormshield|netasq", VPN, path=r"^/auth/(?:portal|login|plain|$)",
          also=f"{LOGIN_FIELD}|{_own('auth/')}"),
    _rule("stormshield", Where.TITLE, r"^(?:Stormshield|NETASQ)(?: Network Security| Firewall)?$", NOTHING),
)  # fmt: skip
_CISCO = (
    _rule("cisco-asa", Where.SUBJECT, r"\bCN=ASA Temporary Self Signed Certificate"),
    _rule("cisco-asa", Where.COOKIE, r"^webvpn(?:login|context|logout|lang|aac|as|x)?$", VPN),
    _rule("cisco-asa", Where.LOCATION, r"/\+CSCOE\+/|/\+webvpn\+/", VPN),
    _rule("cisco-asa", Where.BODY, _own(r"\+(?:CSCO[EU]|webvpn)\+/"), VPN),
    _rule("cisco-asa", Where.TITLE, r"^Cisco ASDM(?:-IDM)?(?: [0-9][\w.()-]{0,12})?$", ADMIN),
    _rule("anyconnect", Where.HEADER, r"^x-transcend-version:", VPN, generic=True),
    _rule("anyconnect", Where.BODY, r"\A\s{0,9}(?:<\?xml[^>]{0,80}>\s{0,9})?<config-auth client=.vpn.", VPN,
          generic=True),
    _rule("cisco-ios", Where.SERVER, r"^cisco-IOS\b"),
    _rule("cisco-ios", Where.REALM, r"\blevel[ _]?(?:15|1)[ _](?:or view_)?access"),
    _rule("cisco-ios", Where.SUBJECT, r"\bCN=IOS-Self-Signed-Certificate-"),
    _rule("cisco", Where.BANNER, r"^SSH-[12]\.[0-9]{1,2}-Cisco-"),
)  # fmt: skip
_FIREWALLS = (
    _rule("sonicwall", Where.SUBJECT, r"HTTPS Management Certificate for SonicWALL|\bO=SonicWALL\b"),
    _rule("sonicwall", Where.SERVER, r"^SonicWALL SSL-VPN\b|^SMA/[0-9]", VPN),
    _rule("sonicwall", Where.TITLE, r"^SonicWALL - Authentication$|^SonicWall Administrator$", ADMIN),
    _rule("sonicwall", Where.TITLE, r"^(?:SonicWall - )?Virtual Office$", VPN, also=r"sonicwall"),
    _rule("sonicwall", Where.SERVER, r"^SonicWALL\b", ADMIN, also=r"\bauth1?\.html|management"),
    _rule("sonicwall", Where.SERVER, r"^SonicWALL\b", NOTHING),
    _rule("sonicwall", Where.BODY, _own(r"sonicui/[0-9]"), NOTHING),
    _rule("palo-alto", Where.TITLE, r"^GlobalProtect Portal$", VPN),
    _rule("palo-alto", Where.LOCATION, r"/global-protect/(?:login|portal)", VPN),
    _rule("palo-alto", Where.BODY, r"global-?protect", VPN, path=r"^/global-protect/",
          also=f"{LOGIN_FIELD}|{_own('global-protect/')}"),
    _rule("palo-alto", Where.BODY, r"palo alto networks|pan_(?:logo|form)", ADMIN, path=r"^/php/login\.php",
          also=LOGIN_FIELD),
    _rule("palo-alto", Where.SERVER, r"^PanWeb Server\b", NOTHING),
    _rule("pfsense", Where.TITLE, r"^pfSense[\w.-]{0,60} - Login$"),
    _rule("pfsense", Where.BODY, r"\bpfSense\b", also=r"\bname=.?usernamefld\b"),
    _rule("pfsense", Where.SUBJECT, r"\bO=(?:Netgate )?pfSense\b"),
    _rule("opnsense", Where.TITLE, r"^Login \| OPNsense$"),
    _rule("opnsense", Where.SUBJECT, r"\bO=OPNsense\b"),
    _rule("zyxel", Where.TITLE, r"^(?:ZyXEL )?(?:USG FLEX|ZyWALL) ?[0-9]{2,4}[A-Z]{0,4}$"),
    _rule("zyxel", Where.TITLE, r"^(?:USG|ATP) ?[0-9]{2,4}[A-Z]{0,4}$", also=r"/ext-js/|zywall|zyxel"),
    _rule("zyxel", Where.SUBJECT, r"\bCN=(?:usg|zywall|atp|vpn)[\w-]{0,20}_[0-9A-F]{12}\b|\bO=ZyXEL"),
    _rule("sophos", Where.LOCATION, r"/webconsole/webpages/login\.jsp", ADMIN),
    _rule("sophos", Where.BODY, r"sophos|cyberoam", ADMIN, path=r"^/webconsole/",
          also=f"{LOGIN_FIELD}|{_own('webconsole/')}"),
    _rule("sophos", Where.LOCATION, r"/userportal/webpages/", VPN),
    _rule("sophos", Where.BODY, r"sophos|cyberoam", VPN, path=r"^/userportal/",
          also=f"{LOGIN_FIELD}|{_own('userportal/')}"),
    _rule("sophos", Where.TITLE, r"^Sophos(?: (?:XG )?Firewall| UTM(?: [0-9])?| User Portal)?$", NOTHING),
    _rule("sophos", Where.SUBJECT, r"\bCN=(?:Sophos|Appliance)_(?:UTM_)?(?:Appliance_)?Certificate_|\bO=Sophos\b"),
    _rule("watchguard", Where.TITLE, r"^(?:WatchGuard )?Fireware(?: XTM)? Web UI(?: Login)?$", ADMIN),
    _rule("watchguard", Where.LOCATION, r"/sslvpn_logon\.shtml", VPN),
    _rule("watchguard", Where.BODY, r"watchguard|fireware", VPN, path=r"^/sslvpn_logon", also=LOGIN_FIELD),
    _rule("watchguard", Where.SUBJECT, r"\bO=WatchGuard(?:_Technologies|\b)"),
    _rule("check-point", Where.SERVER, r"^Check Point SVN\b|^CPWS$", NOTHING),
    _rule("check-point", Where.BODY, r"check point (?:mobile|ssl network extender)", VPN,
          also=_own("sslvpn/")),
    _rule("check-point", Where.LOCATION, r"/sslvpn/(?:Login|Portal)/", VPN),
    _rule("ipfire", Where.REALM, r"\bIPFire\b"),
)  # fmt: skip
_VPNS = (
    _rule("ivanti-connect", Where.LOCATION, r"/dana-na/", VPN),
    _rule("ivanti-connect", Where.BODY, _own(r"dana-na/(?:auth|css|imgs|jam)"), VPN),
    _rule("ivanti-connect", Where.COOKIE, r"^DS(?:SIGNIN|SignInURL|FirstAccess|LastAccess)$", VPN),
    _rule("citrix-gateway", Where.TITLE, r"^(?:Citrix|NetScaler) (?:Access )?Gateway$|^NetScaler AAA$", VPN),
    _rule("citrix-gateway", Where.COOKIE, r"^NSC_(?:AAAC|TMAS|TMAA|TEMP|USER|BASEURL|DLGE|CERT)$", VPN),
    _rule("citrix-gateway", Where.LOCATION, r"/vpn/index\.html|/logon/LogonPoint/", VPN),
    _rule("citrix-gateway", Where.BODY, _own(r"(?:vpn/js/(?:rdx|gateway_login)|logon/LogonPoint/)"), VPN),
    _rule("f5-bigip", Where.TITLE, r"^BIG-IP ?® ?- ?[\w.-]{1,60}(?: \([0-9.]+\))?$", ADMIN),
    _rule("f5-bigip", Where.COOKIE, r"^(?:MRHSession|LastMRH_Session)$", VPN),
    _rule("f5-bigip", Where.LOCATION, r"^/my\.policy", VPN),
    _rule("f5-bigip", Where.COOKIE, r"^BIGipServer", NOTHING, generic=True),
    _rule("f5-bigip", Where.SERVER, r"^Big-?IP$", NOTHING, generic=True),
    _rule("openvpn-access-server", Where.SERVER, r"^OpenVPN-AS", VPN),
    _rule("openvpn-access-server", Where.COOKIE, r"^openvpn_sess_", VPN),
    _rule("openvpn-access-server", Where.TITLE, r"^OpenVPN (?:Access Server|CWS)(?: Login)?$", VPN),
    _rule("array-vpn", Where.LOCATION, r"/prx/000/http/", VPN),
    _rule("pptp", Where.BANNER, r"^PPTP\b"),
)  # fmt: skip
_NETWORK = (
    *_each(
        Where.TITLE,
        mikrotik=r"^RouterOS router configuration page$|^RouterOS v[0-9.]{1,9}$|^mikrotik routeros > administration$",
        unifi=r"^UniFi(?: Network| OS| Controller)?$|^UniFi Dream Machine(?: Pro| SE| Pro Max)?$",
        edgeos=r"^EdgeOS$|^EdgeRouter(?: [\w-]{1,8})?$|^EdgeSwitch(?: [\w-]{1,10})?$",
        airos=r"^airOS$|^Ubiquiti (?:Networks )?airOS$",
        draytek=r"^Vigor Login(?: Page)?$|^Vigor ?[0-9]{3,4}[A-Z]{0,4}(?: series)?$",
        tp_link=r"^Omada (?:SDN )?Controller$",
        aruba=r"^ArubaOS$|^Aruba Instant(?: On)?$",
        teltonika=r"^Teltonika$",
        livebox=r"^(?:Orange )?Livebox$",
        freebox=r"^Freebox OS(?: :: Identification)?$",
        bbox=r"^(?:Ma )?Bbox$",
        sfr_box=r"^(?:SFR Box|Box SFR)(?: [0-9]\w{0,2})?$|^neufbox(?: [0-9])?$|^NB6\w{0,3}$",
    ),
    _rule("openwrt", Where.TITLE, r"\bLuCI$", also=_own(r"(?:cgi-bin/luci|luci-static)\b")),
    # It answers 403 with its own page of identification.
    _rule("openwrt", Where.BODY, _own(r"(?:cgi-bin/luci|luci-static)\b"), errors=(403,),
          also=r"\bLua Configuration Interface\b|\bluci_(?:user|pass)name\b|\bluci_password\b"),
    _rule("mikrotik", Where.BODY, r"<h1>RouterOS v[0-9.]{1,9}</h1>", also=r"\bwebfig\b|\bwinbox\b"),
    _rule("unifi", Where.BODY, r"\bwindow\.UNIFI_[A-Z]", also=r"<unifi-|unifi-portal|\bng-app=|\bid=.?(?:root|app)\b"),
    _rule("tp-link", Where.TITLE, r"^(?:TP-?LINK|Archer|TL-)[\w -]{0,30}$", also=_own(r"(?:webpages|userRpm)/")),
    _rule("netgear", Where.TITLE, r"^NETGEAR (?:Router )?[A-Z]{1,5}[0-9]{2,5}\w{0,6}$", also=LOGIN_FIELD),
    *_each(
        Where.SUBJECT,
        unifi=r"\bCN=UniFi\b|\bCN=unifi\.local\b",
        edgeos=r"\bCN=UbiquitiRouterUI\b",
        draytek=r"\bO=DrayTek\b",
        aruba=r"\bO=Aruba Networks\b",
        teltonika=r"\bO=Teltonika\b",
        freebox=r"\bCN=[\w.-]{1,40}\.freeboxos\.fr\b|\bO=Freebox\b",
        bbox=r"\bCN=(?:mabbox|gestionbbox)\.bytel\.fr\b",
        livebox=r"\bCN=Livebox\b|\bOU=Livebox\b",
    ),
    _rule("ubiquiti", Where.SUBJECT, r"\bO=Ubiquiti (?:Networks )?Inc", generic=True),
    _rule("unifi", Where.LOCATION, r"/manage/account/login\b"),
    _rule("airos", Where.COOKIE, r"^AIROS_"),
    _rule("mikrotik", Where.BANNER, r"^SSH-2\.0-ROSSSH|\bMikroTik\b"),
    _rule("teltonika", Where.REALM, r"\bteltonika\b"),
    _rule("netgear", Where.REALM, r"\"NETGEAR "),
    _rule("tp-link", Where.REALM, r"\"TP-?LINK "),
)  # fmt: skip
_STORAGE_AND_SERVERS = (
    *_each(
        Where.TITLE,
        qnap=r"^QNAP Turbo NAS$",
        truenas=r"^(?:TrueNAS|FreeNAS)$|^TrueNAS - [0-9.]{7,15}$",
        asustor=r"^ASUSTOR(?: ADM| Data Master)?$",
        openmediavault=r"^openmediavault(?: Workbench| (?:web )?control panel)?$",
        wd_my_cloud=r"^WD ?My ?Cloud$",
        readynas=r"^ReadyNAS(?: Frontview| Admin)?$",
        vmware_esxi=r"\+ ?ID_EESX_Welcome ?\+|^(?:Welcome to |Log in - )?VMware ESXi?(?: [0-9](?:\.[0-9]){0,2})?$",
        vmware_vcenter=r"\+ ?ID_VC_Welcome ?\+|^vSphere (?:Web )?Client$|^VMware vCenter(?: Server)?$",
        xenserver=r"^Welcome to (?:Citrix )?(?:XenServer|Hypervisor) [0-9.]{1,9}$|^XCP-ng(?: [0-9.]{1,9})?$|"
                  r"^Xen Orchestra(?: Lite)?$",
        portainer=r"^Portainer$",
        dell_idrac=r"^(?:[\w.-]{1,63} ?- ?)?iDRAC ?[0-9]{1,2} ?[-:] ?(?:Login|Connexion)$|"
                   r"^Integrated Dell Remote Access Controller(?: [0-9]{1,2})?$",
        hpe_ilo=r"^(?:HPE? )?iLO [2-7](?: Login)?$|^HPE? iLO(?: Login)?$|"
                r"^(?:HPE? )?Integrated Lights-Out(?: [2-7])?(?: Login)?$",
        supermicro_ipmi=r"^Supermicro (?:BMC|IPMI)(?: Login)?$",
        lenovo_xcc=r"^Lenovo XClarity Controller(?: [0-9])?$|^(?:IBM )?Integrated Management Module(?: II)?$",
        fujitsu_irmc=r"^(?:Fujitsu )?iRMC(?: S[2-6])?(?: Web Server| Login)?$",
        megarac=r"^(?:AMI )?MegaRAC(?: SP(?:-X)?)?$",
        veeam=r"^Veeam Backup Enterprise Manager(?: ?[:-] ?Login)?$|^Veeam [\w& ]{1,40} ?[:-] ?Login$",
        nakivo=r"^NAKIVO Backup (?:&|and) Replication$",
        urbackup=r"^UrBackup - Keeps your data safe$",
    ),
    _rule("synology", Where.TITLE, r"\bSynology (?:DiskStation|RackStation|NAS|DSM)$", also=r"\bSYNO\.[A-Z]|\bwebman/"),
    _rule("synology", Where.BODY, _own(r"webman/"), also=r"\bSYNO\."),
    _rule("qnap", Where.BODY, _own(r"cgi-bin/QTS\.cgi")),
    _rule("proxmox-ve", Where.TITLE, r"^[\w.-]{1,63} - Proxmox Virtual Environment$", also=r"\bProxmox ?=|/pve2/"),
    _rule("proxmox-backup", Where.TITLE, r"^[\w.-]{1,63} - Proxmox Backup Server$",
          also=r"\bProxmox ?=|/js/proxmox-backup-gui"),
    _rule("vmware-esxi", Where.BODY, r"\+ ?ID_EESX_Welcome ?\+"),
    _rule("vmware-vcenter", Where.BODY, r"\+ ?ID_VC_Welcome ?\+"),
    _rule("dell-idrac", Where.BODY, _own(r"restgui/(?:start|launch)\b")),
    *_each(
        Where.SERVER,
        proxmox_ve=r"^pve-api-daemon/",
        proxmox_backup=r"^proxmox-backup",
        hpe_ilo=r"^HPE?-iLO-(?:Server|[0-9])",
        fujitsu_irmc=r"\biRMC\b",
    ),
    *_each(
        Where.SUBJECT,
        synology=r"\bO=Synology Inc",
        qnap=r"\bO=QNAP Systems",
        truenas=r"\bO=iXsystems\b",
        asustor=r"\bO=ASUSTOR\b",
        proxmox_ve=r"\bO=Proxmox Virtual Environment\b",
        proxmox_backup=r"\bO=Proxmox Backup Server\b",
        vmware=r"\bO=VMware(?:\b|\\,)",
        dell_idrac=r"\bCN=idrac|\bOU=(?:i?DRAC|Remote Access Group)\b.*\bO=Dell\b",
        hpe_ilo=r"\bCN=ILO[A-Z0-9]{6,}\b|\bOU=ISS\b.*\bO=(?:Hewlett[- ]Packard|HPE)",
        supermicro_ipmi=r"\bO=Super ?Micro Computer",
        lenovo_xcc=r"\bCN=(?:XCC|IMM2?)-",
        megarac=r"\bO=American Megatrends\b",
        veeam=r"\bCN=Veeam\b",
        nakivo=r"\bO=NAKIVO\b",
    ),
    _rule("qnap", Where.LOCATION, r"/cgi-bin/QTS\.cgi"),
    _rule("synology", Where.LOCATION, r"/webman/"),
    _rule("dell-idrac", Where.LOCATION, r"/restgui/start\.html"),
    _rule("vmware", Where.BANNER, r"^220 VMware Authentication Daemon"),
    _rule("hpe-ilo", Where.BANNER, r"^SSH-2\.0-mpSSH_"),
    _rule("dell-idrac", Where.BANNER, r"\biDRAC[0-9]?\b"),
    _rule("docker", Where.HEADER, r"^server: Docker/|^docker-experimental:"),
    _rule("docker", Where.HEADER, r"^api-version: 1\.[0-9]", also=r"page not found"),
)  # fmt: skip
_REMOTE = (
    _rule("windows-rdweb", Where.LOCATION, r"/RDWeb/"),
    _rule("windows-rdweb", Where.BODY, r"rdweb", path=r"^/RDWeb/", also=LOGIN_FIELD),
    _rule("anydesk", Where.SUBJECT, r"\bCN=Any(?:Desk Client|Net Relay)\b"),
    *_each(
        Where.TITLE,
        guacamole=r"^Apache Guacamole(?: [0-9.]{1,9})?$",
        meshcentral=r"^MeshCentral(?: - Login)?$",
        screenconnect=r"^(?:ScreenConnect|ConnectWise (?:Control|ScreenConnect))(?: Remote Support Software)?$",
        tsplus=r"^TSplus(?: Remote Access)?$",
        novnc=r"^noVNC$",
        rustdesk=r"^RustDesk(?: Web Client| API Server)?$",
    ),
    # A dish too.
    _rule("guacamole", Where.TITLE, r"^Guacamole$", also=r"\bguac-|guacamole[\w.-]{0,20}\.(?:js|css)\b"),
    _rule("screenconnect", Where.SERVER, r"^ScreenConnect/"),
    _rule("tsplus", Where.BODY, _own(r"software/html5/(?:own|jwres)")),
)  # fmt: skip
_HP = r"HP (?:Color )?(?:LaserJet|OfficeJet|PageWide|DesignJet|DeskJet|ENVY|Smart Tank)"
_PRINTERS = (
    *_each(
        Where.TITLE,
        hp_printer=rf"^{_HP}[\w -]{{1,40}} \(?[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{3}}\)?$",
        brother_printer=r"^Brother (?:HL|MFC|DCP|ADS|PT|QL)-\w{2,12} series$",
        canon_printer=r"^Remote UI$|^Remote UI ?: ?(?:Log ?in|Portal|Identification)\b",
        epson_printer=r"^(?:EPSON )?(?:WF|ET|XP|AL|AM)-\w{3,8} Series$|^Epson Web Config$",
        kyocera_printer=r"^(?:KYOCERA )?Command Center RX$",
        ricoh_printer=r"^Web Image Monitor$",
        xerox_printer=r"^CentreWare Internet Services$",
        konica_minolta_printer=r"^(?:KONICA MINOLTA )?PageScope Web Connection$",
        samsung_printer=r"^SyncThru(?:™)? Web Service$",
        oki_printer=r"^OKI Web Page$",
        toshiba_printer=r"^TopAccess$",
        cups=r"^(?:Home - |Accueil - )?CUPS [0-9][0-9.]{0,8}(?:rc[0-9]|b[0-9])?$",
    ),
    _rule("hp-printer", Where.TITLE, rf"^{_HP}\b", also=_own(r"(?:hp/device/|framework/Unified/|DevMgmt/)")),
    _rule("lexmark-printer", Where.TITLE, r"^Lexmark [A-Z]{1,2}[0-9]{3,4}\w{0,4}$",
          also=_own(r"(?:cgi-bin/dynamic/|webglue/)")),
    *_each(
        Where.SERVER,
        hp_printer=r"^HP HTTP Server|^HP-ChaiSOE",
        canon_printer=r"^CANON HTTP Server|^KS_HTTP/",
        epson_printer=r"^EPSON[ _-](?:HTTP|Linux|UPnP)",
        kyocera_printer=r"^KM-MFP-http/",
        xerox_printer=r"^Xerox_MicroServer",
        lexmark_printer=r"^Lexmark_Web_Server",
        cups=r"\bCUPS/[0-9]",
    ),
    *_each(
        Where.SUBJECT,
        hp_printer=r"\bCN=(?:NPI|HP)[0-9A-F]{6}\b.*\bO=HP|\bOU=HP-IPG\b",
        brother_printer=r"\bCN=BR[NW][0-9A-F]{12}\b",
        epson_printer=r"\bO=SEIKO EPSON",
        lexmark_printer=r"\bO=Lexmark\b",
        ricoh_printer=r"\bCN=RNP[0-9A-F]{12}\b|\bO=RICOH\b",
        xerox_printer=r"\bCN=XRX[0-9A-F]{12}\b|\bO=Xerox Corporation\b",
        konica_minolta_printer=r"\bO=KONICA MINOLTA\b",
        kyocera_printer=r"\bO=KYOCERA\b",
    ),
    *_each(
        Where.BANNER,
        hp_printer=r"\bJetDirect\b|^220 JD FTP Server",
        brother_printer=r"^220 .{0,40}FTP Print server V[0-9.]+ .{0,20}(?:BR[NW]|Brother)",
        lexmark_printer=r"^220 .{0,40}Lexmark\b",
        ricoh_printer=r"^220 (?:RICOH|NRG|Lanier|SAVIN|Gestetner) ",
        kyocera_printer=r"^220 .{0,30}\b(?:ECOSYS|TASKalfa|KYOCERA)\b",
        konica_minolta_printer=r"^220 .{0,20}KONICA MINOLTA",
        epson_printer=r"^220 .{0,20}\bEPSON\b",
        xerox_printer=r"^220 .{0,20}\b(?:Xerox|FUJI XEROX)\b",
    ),
)  # fmt: skip
_CAMERAS = (
    _rule("hikvision", Where.SERVER, r"^(?:App|DNVRS|DVRDVS|Hikvision)-Webs\b"),
    _rule("hikvision", Where.BODY, _own(r"doc/page/login\.asp")),
    _rule("dahua", Where.TITLE, r"^WEB SERVICE$", also=r"baseProj/|/jsCore/|rpcCore|RPC2"),
    _rule("dahua", Where.SERVER, r"^Dahua (?:Rtsp|HTTP) Server"),
    _rule("axis", Where.REALM, r"\"AXIS_(?:WS_)?[0-9A-F]{12}\""),
    _rule("axis", Where.TITLE, r"^AXIS$|^Live view ?- ?AXIS [\w -]{3,50}$",
          also=r"/axis-cgi/|/camera/index\.html|/view/view"),
    _rule("foscam", Where.SERVER, r"^Netwave IP Camera"),
    _rule("foscam", Where.TITLE, r"^IPCam Client$"),
    _rule("vivotek", Where.TITLE, r"^VIVOTEK(?: Network Camera)?$"),
    _rule("mobotix", Where.TITLE, r"^MOBOTIX [\w-]{2,10} Live$"),
    _rule("mobotix", Where.REALM, r"\bMOBOTIX Camera\b"),
    _rule("reolink", Where.TITLE, r"^Reolink$"),
    _rule("xiongmai", Where.TITLE, r"^NETSurveillance WEB$"),
    _rule("xiongmai", Where.SERVER, r"^uc-httpd\b"),
    _rule("tvt", Where.SERVER, r"^Cross Web Server$"),
    *_each(Where.SUBJECT, hikvision=r"\bO=Hikvision\b", dahua=r"\bO=Dahua\b", axis=r"\bO=Axis Communications AB\b"),
)  # fmt: skip
_MACHINES = (
    *_each(
        Where.TITLE,
        siemens_simatic=r"^S7[ _-]?1[25]00[ _]station[\w-]{0,20}$",
        wago_plc=r"^WAGO (?:Ethernet )?Web-Based Management$",
        loxone=r"^Loxone ?Web ?Interface$",
        home_assistant=r"^Home Assistant$",
        threecx=r"^3CX (?:Phone System )?Management Console$|^3CX Web ?client$",
        freepbx=r"^FreePBX Administration$",
    ),
    _rule("siemens-simatic", Where.TITLE, r"^SIMATIC\b|^S7[ _-]?1[25]00\b", also=r"/Portal/Portal\.mwsl|\bS7Web"),
    _rule("yealink", Where.TITLE, r"^Yealink\b", also=_own(r"servlet\?")),
    *_each(
        Where.SERVER,
        schneider_plc=r"^Schneider-WEB\b",
        niagara=r"^Niagara Web Server",
        loxone=r"^Loxone\b",
        yealink=r"^Yealink\b",
    ),
    *_each(
        Where.SUBJECT,
        siemens_simatic=r"\bO=Siemens\b.*\bS7-1[25]00",
        niagara=r"\bCN=Niagara4?\b",
        threecx=r"\bCN=[\w.-]{1,60}\.3cx\.(?:fr|eu|us)\b",
    ),
)  # fmt: skip
_PANELS = (
    *_each(
        Where.TITLE,
        webmin=r"^Login to Webmin$",
        cpanel=r"^(?:cPanel|WHM) Login$",
        plesk=r"^Plesk (?:Obsidian|Onyx)(?: [0-9.]{1,9})?$",
        phpmyadmin=r"^phpMyAdmin(?: [0-9][\w.-]{0,12})?$",
        jenkins=r"^(?:Sign in|Dashboard|Tableau de bord|Identification) \[Jenkins\]$",
        grafana=r"^Grafana$",
        centreon=r"^Centreon - IT & Network Monitoring$",
        tomcat=r"^Apache Tomcat/[0-9.]{1,12}$",
        windows_admin_center=r"^Windows Admin Center$",
    ),
    _rule("adminer", Where.TITLE, r"^(?:Login|Connexion|Authentification|Identification) - Adminer$", also=LOGIN_FIELD),
    _rule("zabbix", Where.TITLE, r"^(?:[\w.-]{1,63}: )?Zabbix$", also=r"\bname=.?autologin\b|\bzabbix\.php\b"),
    *_each(Where.SERVER, webmin=r"^MiniServ/", cpanel=r"^cpsrvd\b", plesk=r"^sw-cp-server\b"),
    *_each(
        Where.COOKIE,
        phpmyadmin=r"^pma_(?:lang|collation_connection|mcrypt_iv)(?:_https)?$|^phpMyAdmin(?:_https)?$",
        jenkins=r"^JSESSIONID\.[0-9a-f]{8}$",
        zabbix=r"^zbx_session",
    ),
    _rule("jenkins", Where.HEADER, r"^x-jenkins:"),
    *_each(Where.SUBJECT, webmin=r"\bO=Webmin Webserver\b", plesk=r"\bO=(?:Plesk|Parallels)\b", cpanel=r"\bO=cPanel"),
)  # fmt: skip
_APPLICATIONS = (
    _rule("exchange-owa", Where.LOCATION, r"/owa/auth/logon\.aspx|/owa/?$"),
    _rule("exchange-owa", Where.HEADER, r"^x-owa-version:"),
    _rule("exchange-owa", Where.BODY, _own(r"owa/auth(?:/[0-9.]{1,20}/themes|\.owa)"), errors=(440,)),
    _rule("nextcloud", Where.TITLE, r"^(?:(?:Login|Connexion|Se connecter) [-–] )?Nextcloud$"),
    _rule("nextcloud", Where.COOKIE, r"^(?:__Host-)?nc_sameSiteCookie|^oc_sessionPassphrase$"),
    *_each(
        Where.TITLE,
        zimbra=r"^Zimbra Web Client (?:Sign|Log) In$|^Connexion au client Web Zimbra$",
        roundcube=r"^Roundcube Webmail(?: ::.{0,50})?$",
        horde=r"^Horde :: (?:Log ?in|Connexion|Identification)$",
        bluemind=r"^BlueMind$",
        glpi=r"^GLPI - (?:Authentification|Authentication|Login)$|^(?:Authentification|Authentication|Login) - GLPI$",
        gitlab=r"^(?:Sign in|Connexion|Se connecter) [·-] GitLab$",
        iis_default=r"^IIS Windows(?: Server)?$|^IIS[78]$|^Microsoft Internet Information Services [0-9.]{1,4}$",
        apache_default=r"^Apache2? (?:Debian|Ubuntu|HTTP Server|Default|2)? ?(?:Default|Test) Page",
        nginx_default=r"^Welcome to nginx!$",
    ),
    _rule("sharepoint", Where.HEADER, r"^microsoftsharepointteamservices:"),
    _rule("elasticsearch", Where.BODY, errors=(401,),
          pattern=r"\A\s{0,9}\{[^<]{0,400}?(?:\"cluster_name\"[^}<]{0,400}\"version\"|\"You Know, for Search\")"),
    _rule("elasticsearch", Where.HEADER, r"^x-elastic-product: Elasticsearch"),
    _rule("couchdb", Where.BODY, r"\A\s{0,9}\{\s?\"couchdb\":\s?\"Welcome\""),
)  # fmt: skip

RULES: tuple[Rule, ...] = (
    *_FORTINET,
    *_STORMSHIELD,
    *_CISCO,
    *_FIREWALLS,
    *_VPNS,
    *_NETWORK,
    *_STORAGE_AND_SERVERS,
    *_REMOTE,
    *_PRINTERS,
    *_CAMERAS,
    *_MACHINES,
    *_PANELS,
    *_APPLICATIONS,
)
