"""The products that can be recognised behind an open port: their French names, and what they are to a town."""

from enum import StrEnum

from cyberaudit.frozen import frozen


class Sort(StrEnum):
    """What a product is to the town."""

    FIREWALL = "firewall"
    VPN = "vpn"
    ROUTER = "router"
    """Routers, switches, Wi-Fi: what carries the network."""
    BOX = "box"
    """The operator's box."""
    NAS = "nas"
    HYPERVISOR = "hypervisor"
    MANAGEMENT_CARD = "management-card"
    """The card that commands a server even when it is off."""
    BACKUP_CONSOLE = "backup-console"
    REMOTE_ACCESS = "remote-access"
    """Remote desktops and remote maintenance."""
    PRINTER = "printer"
    CAMERA = "camera"
    INDUSTRIAL = "industrial"
    """Machines that act on the world: heating, water, doors."""
    TELEPHONY = "telephony"
    SERVER_ADMIN = "server-admin"
    """Pages from which servers, sites or databases are administered."""
    DATABASE = "database"
    MAIL = "mail"
    APPLICATION = "application"
    """Software for agents or citizens: its page is made to be seen."""

    @property
    def french(self) -> str:
        """« une imprimante »."""
        return _SORTS[self]


_SORTS = {
    Sort.FIREWALL: "un pare-feu",
    Sort.VPN: "un accès à distance",
    Sort.ROUTER: "un équipement de réseau",
    Sort.BOX: "la box de l'opérateur",
    Sort.NAS: "un serveur de fichiers",
    Sort.HYPERVISOR: "une console de virtualisation",
    Sort.MANAGEMENT_CARD: "une carte de gestion de serveur",
    Sort.BACKUP_CONSOLE: "une console de sauvegarde",
    Sort.REMOTE_ACCESS: "une prise de main à distance",
    Sort.PRINTER: "une imprimante",
    Sort.CAMERA: "une caméra ou son enregistreur",
    Sort.INDUSTRIAL: "un automate",
    Sort.TELEPHONY: "un équipement de téléphonie",
    Sort.SERVER_ADMIN: "une page d'administration de serveur",
    Sort.DATABASE: "une base de données",
    Sort.MAIL: "une messagerie",
    Sort.APPLICATION: "une application",
}

ADMINISTERED = frozenset(Sort) - {
    Sort.VPN,
    Sort.REMOTE_ACCESS,
    Sort.DATABASE,
    Sort.MAIL,
    Sort.APPLICATION,
}
"""The page of such a product is its administration, unless something says that it is another one."""


@frozen
class Product:
    """One product, or one maker's when its products cannot be told apart."""

    id: str
    """`fortinet-fortigate`"""
    name: str
    """As its maker writes it."""
    sort: Sort

    @property
    def french(self) -> str:
        """« FortiGate (Fortinet), un pare-feu »."""
        return f"{self.name}, {self.sort.french}"


def _of(sort: Sort, **names: str) -> tuple[Product, ...]:
    return tuple(Product(name.replace("_", "-"), text, sort) for name, text in names.items())


PRODUCTS: tuple[Product, ...] = (
    *_of(
        Sort.FIREWALL,
        fortinet_fortigate="FortiGate (Fortinet)",
        fortinet="équipement Fortinet",
        stormshield="Stormshield",
        cisco_asa="Cisco ASA",
        sonicwall="SonicWall",
        palo_alto="Palo Alto Networks",
        pfsense="pfSense",
        opnsense="OPNsense",
        zyxel="Zyxel",
        sophos="Sophos",
        watchguard="WatchGuard",
        check_point="Check Point",
        ipfire="IPFire",
    ),
    *_of(
        Sort.VPN,
        anyconnect="accès AnyConnect (Cisco ou ocserv)",
        ivanti_connect="Ivanti Connect Secure (Pulse Secure)",
        citrix_gateway="Citrix Gateway (NetScaler)",
        f5_bigip="F5 BIG-IP",
        openvpn_access_server="OpenVPN Access Server",
        array_vpn="Array Networks",
        pptp="VPN PPTP",
    ),
    *_of(
        Sort.ROUTER,
        cisco_ios="Cisco IOS",
        cisco="équipement Cisco",
        mikrotik="MikroTik RouterOS",
        unifi="Ubiquiti UniFi",
        edgeos="Ubiquiti EdgeOS",
        airos="Ubiquiti airOS",
        ubiquiti="équipement Ubiquiti",
        openwrt="OpenWrt",
        draytek="DrayTek Vigor",
        tp_link="TP-Link",
        netgear="Netgear",
        aruba="Aruba (HPE)",
        teltonika="Teltonika",
    ),
    *_of(
        Sort.BOX,
        livebox="Livebox (Orange)",
        freebox="Freebox (Free)",
        bbox="Bbox (Bouygues Telecom)",
        sfr_box="box SFR",
    ),
    *_of(
        Sort.NAS,
        synology="Synology DSM",
        qnap="QNAP",
        truenas="TrueNAS",
        asustor="ASUSTOR",
        openmediavault="OpenMediaVault",
        wd_my_cloud="WD My Cloud",
        readynas="Netgear ReadyNAS",
    ),
    *_of(
        Sort.HYPERVISOR,
        proxmox_ve="Proxmox VE",
        vmware_esxi="VMware ESXi",
        vmware_vcenter="VMware vCenter",
        vmware="VMware",
        xenserver="XenServer ou XCP-ng",
        docker="Docker",
        portainer="Portainer",
    ),
    *_of(
        Sort.MANAGEMENT_CARD,
        dell_idrac="Dell iDRAC",
        hpe_ilo="HPE iLO",
        supermicro_ipmi="Supermicro IPMI",
        lenovo_xcc="Lenovo XClarity ou IMM",
        fujitsu_irmc="Fujitsu iRMC",
        megarac="AMI MegaRAC",
    ),
    *_of(
        Sort.BACKUP_CONSOLE,
        veeam="Veeam",
        nakivo="NAKIVO",
        proxmox_backup="Proxmox Backup Server",
        urbackup="UrBackup",
    ),
    *_of(
        Sort.REMOTE_ACCESS,
        windows_rdweb="accès Web aux services Bureau à distance (Microsoft)",
        guacamole="Apache Guacamole",
        anydesk="AnyDesk",
        rustdesk="RustDesk",
        meshcentral="MeshCentral",
        screenconnect="ConnectWise ScreenConnect",
        tsplus="TSplus",
        novnc="noVNC",
    ),
    *_of(
        Sort.PRINTER,
        hp_printer="imprimante HP",
        brother_printer="imprimante Brother",
        canon_printer="imprimante Canon",
        epson_printer="imprimante Epson",
        kyocera_printer="imprimante Kyocera",
        ricoh_printer="imprimante Ricoh",
        xerox_printer="imprimante Xerox",
        konica_minolta_printer="imprimante Konica Minolta",
        lexmark_printer="imprimante Lexmark",
        samsung_printer="imprimante Samsung",
        oki_printer="imprimante OKI",
        toshiba_printer="imprimante Toshiba",
        cups="serveur d'impression CUPS",
    ),
    *_of(
        Sort.CAMERA,
        hikvision="Hikvision",
        dahua="Dahua",
        axis="Axis",
        foscam="Foscam",
        vivotek="Vivotek",
        mobotix="Mobotix",
        reolink="Reolink",
        xiongmai="enregistreur vidéo NetSurveillance",
        tvt="enregistreur vidéo TVT",
    ),
    *_of(
        Sort.INDUSTRIAL,
        siemens_simatic="automate Siemens SIMATIC",
        schneider_plc="automate Schneider Electric",
        wago_plc="automate WAGO",
        niagara="gestion de bâtiment Niagara",
        loxone="gestion de bâtiment Loxone",
        home_assistant="Home Assistant",
    ),
    *_of(
        Sort.TELEPHONY,
        yealink="téléphone Yealink",
        threecx="3CX",
        freepbx="FreePBX",
    ),
    *_of(
        Sort.SERVER_ADMIN,
        webmin="Webmin",
        cpanel="cPanel",
        plesk="Plesk",
        phpmyadmin="phpMyAdmin",
        adminer="Adminer",
        jenkins="Jenkins",
        grafana="Grafana",
        zabbix="Zabbix",
        centreon="Centreon",
        tomcat="Apache Tomcat",
        windows_admin_center="Windows Admin Center",
    ),
    *_of(
        Sort.DATABASE,
        postgresql="PostgreSQL",
        mysql="MySQL ou MariaDB",
        redis="Redis",
        mongodb="MongoDB",
        memcached="memcached",
        mssql="Microsoft SQL Server",
        elasticsearch="Elasticsearch",
        couchdb="CouchDB",
    ),
    *_of(
        Sort.MAIL,
        exchange_owa="messagerie Exchange (Outlook sur le Web)",
        zimbra="Zimbra",
        roundcube="Roundcube",
        horde="Horde",
        bluemind="BlueMind",
    ),
    *_of(
        Sort.APPLICATION,
        nextcloud="Nextcloud",
        glpi="GLPI",
        gitlab="GitLab",
        sharepoint="SharePoint",
        iis_default="page d'accueil de Windows IIS",
        apache_default="page d'accueil d'Apache",
        nginx_default="page d'accueil de nginx",
    ),
)

BY_ID: dict[str, Product] = {product.id: product for product in PRODUCTS}


def product_name(product_id: str) -> str:
    """« FortiGate (Fortinet) »; empty for what is not in the table."""
    known = BY_ID.get(product_id)
    return known.name if known else ""
