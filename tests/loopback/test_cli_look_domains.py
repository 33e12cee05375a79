"""`look domain`, `look mail` and `look spf` as typed, against a real DNS server: words and exit codes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cyberaudit.cli.main import run
from cyberaudit.demo.background import Background
from cyberaudit.demo.dns_server import DnsServer
from tests.loopback.test_probes_mail import DOMAIN, HEAD

pytestmark = pytest.mark.loopback

ZONE = '@ MX 10 mx1\nmx1 A 192.0.2.25\nwww A 192.0.2.80\n@ TXT "v=spf1 mx -all"\n_dmarc TXT "v=DMARC1; p=reject"\n'
OPEN = "ouvert.example"
SILENT = "muet.example"


@pytest.fixture(scope="module")
def resolver() -> Iterator[str]:
    zones = {
        DOMAIN: HEAD + ZONE,
        OPEN: HEAD + '@ TXT "v=spf1 +all"\n',
        SILENT: HEAD + "@ MX 0 .\nwww A 192.0.2.80\n",
        "example": HEAD,
    }
    server = DnsServer(zones)
    with Background(server):
        yield server.address


def looked(resolver: str, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    aim = ("--resolver", resolver, "--authorized-by", "Mme le maire")
    code = run(["look", *words, *aim])
    said = capsys.readouterr()
    return code, (said.out + said.err).replace("\u00a0", " ")


def test_look_mail_tells_of_mail_alone(resolver: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = looked(resolver, capsys, "mail", DOMAIN, "--no-smtp", "--json", "--fail-on", "never")
    checks = {each["check"] for each in json.loads(out)["findings"]}
    assert {name.partition(".")[0] for name in checks} == {"mail"}
    assert "rcpnt" in json.loads(out)
    assert code in (0, 3)


@pytest.mark.parametrize(("tier", "code"), [("later", 1), ("never", 0)])
def test_what_counts_as_a_failure_is_chosen(
    resolver: str, capsys: pytest.CaptureFixture[str], tier: str, code: int
) -> None:
    assert looked(resolver, capsys, "mail", OPEN, "--no-smtp", "--fail-on", tier)[0] == code


def test_a_name_that_does_not_exist_is_incomplete_and_accused_of_nothing(
    resolver: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = looked(resolver, capsys, "mail", f"nulle-part.{DOMAIN}", "--no-smtp", "--fail-on", "never")
    assert code == 3
    assert "Ce nom n'existe pas" in out
    assert "[mail." not in out


def test_a_name_is_asked_once_however_it_is_written(
    resolver: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out = looked(resolver, capsys, "mail", f"{DOMAIN}.", DOMAIN.upper(), "--no-smtp")
    assert out.count("[mail.spf]") == 1
    assert "─" not in out


@pytest.mark.parametrize("command", ["domain", "mail", "spf"])
@pytest.mark.parametrize("name", ["example", "192.0.2.1", f"_dmarc.{DOMAIN}", f"https://{DOMAIN}/", "a..b"])
def test_what_is_no_domain_is_refused(
    resolver: str, capsys: pytest.CaptureFixture[str], command: str, name: str
) -> None:
    code, out = looked(resolver, capsys, command, name)
    assert code == 2
    assert out.startswith("« ")


def test_look_spf_takes_the_options_of_a_private_root(
    resolver: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    anchor = tmp_path / "racine.ds"
    anchor.write_text(f". IN DS 20326 8 2 {'AB' * 32}\n", encoding="ascii")
    code, out = looked(resolver, capsys, "spf", DOMAIN, "--trust-anchor", str(anchor), "--allow-private")
    assert (code, "✓ 1 recherche DNS sur 10" in out) == (0, True)
    assert looked(resolver, capsys, "spf", DOMAIN, "--trust-anchor", str(tmp_path / "rien"))[0] == 2
    assert looked(resolver, capsys, "spf", DOMAIN, "--root-hints", str(anchor))[0] == 2


def test_a_plain_host_name_is_accused_of_no_missing_mail(
    resolver: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = looked(resolver, capsys, "mail", f"www.{DOMAIN}", DOMAIN, "--no-smtp", "--fail-on", "later")
    assert f"www.{DOMAIN} est un nom du domaine {DOMAIN}" in " ".join(out.split())
    assert out.count("[mail.spf]") == 1
    assert "RCPNT" not in out.partition("────")[2].partition("────")[0].partition(DOMAIN)[0]
    assert code in (0, 1, 3)


def test_a_name_that_refuses_all_mail_is_asked_for_its_locks_and_its_hosts_are_not(
    resolver: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out = looked(resolver, capsys, "mail", SILENT, f"www.{SILENT}", "--no-smtp")
    assert out.count("[mail.parked-domains]") == 1
    assert f"{SILENT} : il manque le refus SPF" in out
    assert f"www.{SILENT} : il manque" not in out


def test_technical_shows_what_proves_that_a_point_is_fine(
    resolver: str, capsys: pytest.CaptureFixture[str]
) -> None:
    proof = f"MX : 10 mx1.{DOMAIN}"
    assert proof not in looked(resolver, capsys, "mail", DOMAIN, "--no-smtp")[1]
    assert proof in looked(resolver, capsys, "mail", DOMAIN, "--no-smtp", "--technical")[1]
