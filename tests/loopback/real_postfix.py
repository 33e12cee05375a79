"""Postfix as a town's provider runs it: submission with accounts, on loopback, in a folder of its own."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cyberaudit.demo.authority import Issued

MASTER = "/usr/lib/postfix/sbin/master"
DOMAIN = "mairie-l-hay.example"
ELSEWHERE = "cabinet.example"
"""Its mail goes on to another server."""
ACCOUNT, PASSWORD = "mairie", "Vive l'été"
READY_SECONDS = 20.0

_MAIN = """
compatibility_level = 3.6
queue_directory = {here}/spool
data_directory = {here}/data
mail_owner = postfix
myhostname = relais.example
mydestination =
mynetworks =
inet_protocols = ipv4
inet_interfaces = 127.0.0.1
alias_maps =
local_recipient_maps =
maillog_file = {here}/log
maillog_file_prefixes = {here}
smtpd_peername_lookup = no
smtpd_tls_security_level = encrypt
smtpd_tls_chain_files = {pem}
smtpd_sasl_auth_enable = yes
smtpd_sasl_local_domain = {domain}
smtpd_tls_auth_only = yes
cyrus_sasl_config_path = {here}/sasl
smtpd_helo_required = yes
smtpd_helo_restrictions = reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = check_recipient_access texthash:{here}/recipients
smtpd_forbid_bare_newline = yes
smtputf8_enable = yes
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {here}/mail
virtual_mailbox_maps = static:boite/
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_minimum_uid = 100
smtpd_milters = {milter}
milter_default_action = tempfail
transport_maps = inline:{{ {elsewhere}=smtp:[127.0.0.1]:{beyond} }}
"""
_MASTER = """
127.0.0.1:{starttls} inet n - n - - smtpd
127.0.0.1:{tls} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
smtp unix - - n - - smtp
postlog unix-dgram n - n - 1 postlogd
"""
_SPOOL = (
    "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "saved", "trace", "private",
)  # fmt: skip
_SASL = """pwcheck_method: auxprop
auxprop_plugin: sasldb
mech_list: {ways}
sasldb_path: {here}/sasldb
"""


@dataclass(frozen=True, slots=True)
class Postfix:
    """A running one."""

    starttls: int
    tls: int
    here: Path

    def delivered(self, count: int) -> list[bytes]:
        """That many messages as they lie in the mailbox, in no order; fewer when they do not come."""
        until = time.monotonic() + READY_SECONDS
        folder = self.here / "mail" / "boite" / "new"
        while time.monotonic() < until:
            found = list(folder.glob("*")) if folder.is_dir() else []
            if len(found) >= count:
                break
            time.sleep(0.02)
        return [each.read_bytes() for each in folder.glob("*")]

    @property
    def log(self) -> str:
        return (self.here / "log").read_text(encoding="utf-8")


def missing() -> str:
    """Why it cannot be started here; empty when it can."""
    if os.geteuid() != 0:
        return "only root starts Postfix"
    return "" if Path(MASTER).exists() and shutil.which("saslpasswd2") else "postfix, sasl2-bin"


@dataclass(frozen=True, slots=True)
class Ways:
    """What a provider does beyond the usual."""

    milter: str = ""
    """`inet:127.0.0.1:8891`: who signs what comes in; nobody when empty."""
    beyond: int = 25
    """Port of this machine where the server of `ELSEWHERE` listens."""
    log_in: str = "PLAIN LOGIN"


@contextmanager
def postfix(issued: Issued, ways: Ways = Ways()) -> Iterator[Postfix]:
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        here = Path(name)
        here.chmod(0o755)
        made = Postfix(free_port(), free_port(), here)
        _configure(made, issued, ways)
        master = subprocess.Popen([MASTER, "-d", "-c", str(here)], stderr=subprocess.PIPE)
        try:
            _wait(made)
            yield made
        finally:
            master.terminate()
            master.communicate(timeout=10)


def _configure(made: Postfix, issued: Issued, ways: Ways) -> None:
    here = made.here
    pem = here / "chain.pem"
    pem.write_bytes(issued.key.read_bytes() + issued.certificate.read_bytes())
    words = {"domain": DOMAIN, "milter": ways.milter, "elsewhere": ELSEWHERE, "beyond": ways.beyond}
    (here / "main.cf").write_text(_MAIN.format(here=here, pem=pem, **words), encoding="utf-8")
    (here / "master.cf").write_text(_MASTER.format(starttls=made.starttls, tls=made.tls), encoding="utf-8")
    (here / "recipients").write_text(
        f"grise@{DOMAIN} 450 4.2.0 Greylisted, come back\npartie@{DOMAIN} 550 5.1.1 User unknown\n",
        encoding="utf-8",
    )
    (here / "sasl").mkdir()
    (here / "sasl" / "smtpd.conf").write_text(_SASL.format(here=here, ways=ways.log_in), encoding="utf-8")
    subprocess.run(
        ["saslpasswd2", "-p", "-c", "-f", str(here / "sasldb"), "-u", DOMAIN, ACCOUNT],
        input=PASSWORD.encode(),
        check=True,
    )
    shutil.chown(here / "sasldb", "postfix")
    (here / "mail").mkdir()
    shutil.chown(here / "mail", 65534, 65534)
    _make_spool(here)


def _make_spool(here: Path) -> None:
    spool = here / "spool"
    for path in (spool, spool / "pid"):
        path.mkdir()
    for path in (here / "data", *(spool / label for label in (*_SPOOL, "public", "maildrop"))):
        path.mkdir(mode=0o700)
        shutil.chown(path, "postfix")
    for label, mode in (("public", 0o710), ("maildrop", 0o730)):
        shutil.chown(spool / label, "postfix", "postdrop")
        (spool / label).chmod(mode)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def _wait(made: Postfix) -> None:
    until = time.monotonic() + READY_SECONDS
    for port in (made.starttls, made.tls):
        while time.monotonic() < until:
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            time.sleep(0.05)
