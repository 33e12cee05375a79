"""First words of a service: which protocol they are of."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.services import Trait
from cyberaudit.probes.services.greetings import understood

pytestmark = pytest.mark.unit


def mysql(version: bytes, capabilities: int = 0xF7FF) -> bytes:
    body = (
        b"\x0a"
        + version
        + b"\0"
        + bytes(4)
        + b"12345678"
        + b"\0"
        + struct.pack("<H", capabilities)
        + bytes(20)
    )
    return len(body).to_bytes(3, "little") + b"\0" + body


@pytest.mark.parametrize(
    ("first", "port", "protocol", "banner"),
    [
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", 22, "ssh", "SSH-2.0-OpenSSH_9.2p1"),
        (b"SSH-1.99-x", 443, "ssh", "SSH-1.99-x"),
        (b"RFB 003.008\n", 5900, "vnc", "RFB 003.008"),
        (b"220 (vsFTPd 3.0.3)\r\n", 21, "ftp", "220 (vsFTPd 3.0.3)"),
        (b"220 NAS FTP ready\r\n", 8021, "ftp", "220 NAS FTP ready"),
        (b"220-Bonjour\r\n220 pret\r\n", 21, "ftp", "220-Bonjour"),
        (b"530 Trop de monde\r\n", 21, "ftp", "530 Trop de monde"),
        (b"220 mx.example ESMTP\r\n", 9999, "smtp", "220 mx.example ESMTP"),
        (b"554 non\r\n", 25, "smtp", "554 non"),
        (b"220 bonjour\r\n", 9999, "unknown", "220 bonjour"),
        (b"+OK Dovecot\r\n", 110, "pop3", "+OK Dovecot"),
        (b"* OK [CAPABILITY IMAP4rev1]\r\n", 143, "imap", "* OK [CAPABILITY IMAP4rev1]"),
        (b"@RSYNCD: 31.0\n", 873, "rsync", "@RSYNCD: 31.0"),
        (b"\xff\xfd\x18\xff\xfb\x01routeur login: ", 23, "telnet", "routeur login:"),
        (b"\r\nUser Access Verification\r\n\r\nPassword: ", 2001, "telnet", "User Access Verification"),
        (b"Bienvenue\r\n", 23, "telnet", "Bienvenue"),
        (b"Bienvenue\r\n", 2001, "unknown", "Bienvenue"),
        (b"220 VMware Authentication Daemon 1\r\n", 902, "vmware-authd", "220 VMware Authentication Daemon 1"),
        (mysql(b"10.11.6-MariaDB"), 3306, "mysql", "10.11.6-MariaDB"),
        (mysql(b"5.5.5"), 3307, "mysql", "5.5.5"),
        (b"\x20\0\0\0\xff\x6a\x04Host 'x' is not allowed to", 3306, "mysql", "Host 'x' is not allowed to"),
        (mysql(b"bonjour"), 3306, "unknown", "= 0.0"),
        (b"\x00\x01\x02", 4321, "unknown", ""),
        (b"\x1b[31m[bold]\xe2\x80\xae\r\n", 4321, "unknown", "[31m[bold]"),
    ],
)  # fmt: skip
def test_first_words_tell_the_protocol(first: bytes, port: int, protocol: str, banner: str) -> None:
    said = understood(first, port)
    assert said.protocol == protocol
    if banner != "= 0.0":
        assert said.banner == banner


def test_a_mysql_server_says_whether_it_encrypts() -> None:
    assert understood(mysql(b"8.0.36", 0xFFFF), 3306).traits == {Trait.STARTTLS}
    assert understood(mysql(b"8.0.36", 0xF7FF), 3306).traits == frozenset()


@given(st.binary(max_size=300), st.integers(1, 65535))
def test_no_bytes_make_the_reading_fail_or_show_unsafe(first: bytes, port: int) -> None:
    said = understood(first, port)
    assert len(said.banner) <= 120
    assert all(char.isprintable() or char == "\u00a0" for char in said.banner)
