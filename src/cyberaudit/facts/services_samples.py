"""What stands behind open ports, in known states, for the conformance kit, the examples and the tests of checks."""

from dataclasses import replace

from cyberaudit.facts.base import Facts
from cyberaudit.facts.reach_samples import HOSTILE, OUTSIDE, V4, V6
from cyberaudit.facts.services import Behind, HostServices, Trait
from cyberaudit.model import Reason, Unreachable


def behind(port: str, protocol: str | Unreachable, *traits: Trait, address: str = V4) -> Behind:
    """One port that says its protocol and nothing else."""
    return Behind(
        address=address,
        port=port,
        protocol=protocol,
        product="",
        banner="",
        title="",
        http_status=None,
        subject="",
        traits=frozenset(traits),
        clues=(),
    )


WEB_SITE = replace(
    behind("tcp/443", "https", Trait.TLS),
    banner="nginx",
    title="Mairie de L'Haÿ-d'Essai",
    http_status=200,
    subject="CN=www.mairie-l-hay.example",
)
VPN_PORTAL = replace(
    behind("tcp/443", "https", Trait.TLS, Trait.VPN_PORTAL, Trait.LOGIN_FORM),
    product="fortinet-fortigate",
    banner="xxxxxxxx-xxxxx",
    http_status=200,
    subject="CN=FGT60FTK00000000,OU=FortiGate,O=Fortinet",
    clues=("/remote/login : 200, texte de la page « fgt_lang »", "certificat « OU=FortiGate »"),
)
ADMIN_PAGE = replace(
    behind("tcp/8443", "https", Trait.TLS, Trait.ADMIN_PAGE, Trait.LOGIN_FORM),
    product="stormshield",
    title="Stormshield Network Security - Administration",
    http_status=200,
    subject="CN=SN210A00A0000A0,OU=Stormshield",
    clues=("/admin/admin.html : 200, texte de la page « Stormshield »",),
)
ADMIN_ON_443 = replace(ADMIN_PAGE, port="tcp/443")
DESKTOP = replace(behind("tcp/3389", "rdp", Trait.TLS, Trait.NO_NLA), subject="CN=SRV-COMPTA")
OLD_SHARE = replace(behind("tcp/445", "smb", Trait.SMB1), banner="SMB 2.1")
TELNET = replace(behind("tcp/23", "telnet"), banner="login:")
CLEAR_FTP = replace(behind("tcp/21", "ftp"), banner="220 (vsFTPd 3.0.3)")
MYSQL = replace(behind("tcp/3306", "mysql"), product="mysql", banner="10.11.6-MariaDB")
PRINTER = behind("tcp/9100", "silent")
MAIL = replace(behind("tcp/25", "smtp", Trait.STARTTLS), banner="220 mail.mairie-l-hay.example ESMTP Postfix")
CAMERA = replace(
    behind("tcp/8000", "http", Trait.ADMIN_PAGE, Trait.LOGIN_FORM),
    product="hikvision",
    banner="App-webs/",
    http_status=200,
    clues=("serveur « App-webs »",),
)

BRIEF_SERVICES = HostServices(
    vantage=OUTSIDE,
    behind=(VPN_PORTAL, DESKTOP, behind("tcp/22", Unreachable(Reason.RESET, "ECONNRESET"), address=V6)),
    left_out=(f"{V4} tcp/8081",),
)
"""Each form once: what is stored of it stays readable."""
GOOD_SERVICES = HostServices(vantage=OUTSIDE, behind=(WEB_SITE, replace(WEB_SITE, address=V6)), left_out=())
"""The web site, and nothing else."""
PORTAL_SERVICES = replace(GOOD_SERVICES, behind=(VPN_PORTAL,))
"""A remote access, whose administration does not show."""
ADMIN_SERVICES = replace(GOOD_SERVICES, behind=(ADMIN_ON_443,))
"""The firewall's own administration, on the port of web sites."""
BAD_SERVICES = replace(
    GOOD_SERVICES,
    behind=tuple(
        replace(one, address=address)
        for address in (V4, V6)
        for one in (DESKTOP, OLD_SHARE, ADMIN_PAGE, TELNET, MYSQL, PRINTER, WEB_SITE, MAIL)
    ),
)
"""What `BAD_HOST` of the ports has open, each at its worst."""
MUTE_SERVICES = replace(
    GOOD_SERVICES,
    behind=tuple(behind(port, "silent") for port in ("tcp/443", "tcp/3389", "tcp/8443")),
    left_out=(f"{V4} tcp/8081",),
)
"""Every port opens, and nobody speaks."""
LOST_SERVICES = replace(
    GOOD_SERVICES,
    behind=(
        behind("tcp/443", Unreachable(Reason.DEADLINE)),
        behind("tcp/3389", Unreachable(Reason.RESET, "ECONNRESET")),
        replace(behind("tcp/8443", "unknown"), banner="????"),
    ),
)
"""Nothing can be said of what is behind."""
NO_SERVICES = replace(GOOD_SERVICES, behind=())
HOSTILE_SERVICES = HostServices(
    vantage=HOSTILE,
    behind=(
        Behind(
            address=HOSTILE,
            port=HOSTILE,
            protocol=HOSTILE,
            product=HOSTILE,
            banner=HOSTILE,
            title=HOSTILE,
            http_status=-1,
            subject=HOSTILE,
            traits=frozenset(Trait),
            clues=(HOSTILE, HOSTILE),
        ),
        replace(
            ADMIN_ON_443, banner=HOSTILE, title=HOSTILE, subject=HOSTILE, clues=(HOSTILE,), product=HOSTILE
        ),
        replace(behind("tcp/3389", Unreachable(Reason.PROTOCOL_ERROR, HOSTILE)), clues=(HOSTILE,)),
    ),
    left_out=(HOSTILE,),
)

SAMPLES: tuple[Facts, ...] = (
    BRIEF_SERVICES,
    GOOD_SERVICES,
    PORTAL_SERVICES,
    ADMIN_SERVICES,
    BAD_SERVICES,
    MUTE_SERVICES,
    LOST_SERVICES,
    NO_SERVICES,
    HOSTILE_SERVICES,
)
"""Found by `facts.base.samples()`: at least one good, one bad, one silent and one hostile."""
