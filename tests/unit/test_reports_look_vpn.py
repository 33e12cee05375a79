"""What `look tls` and `look vpn` print of an access: whole, narrow, and safe whatever the server says."""

import pytest
from rich.cells import cell_len

from cyberaudit.facts.base import Facts, samples
from cyberaudit.facts.ike import IpsecEndpoint
from cyberaudit.facts.ike_samples import BAD_GATEWAY, GOOD_GATEWAY, HASH_GATEWAY, IGNORING_GATEWAY
from cyberaudit.facts.old_tunnel import OldTunnel
from cyberaudit.facts.old_tunnel_samples import ANSWERING_PPTP
from cyberaudit.facts.openvpn import OpenVpnEndpoint
from cyberaudit.facts.openvpn_samples import SILENT_OPENVPN, TALKING_OPENVPN
from cyberaudit.facts.reach_samples import HOSTILE_HOST
from cyberaudit.facts.tls_endpoint import TlsEndpoint
from cyberaudit.facts.tls_endpoint_samples import (
    BAD_ENDPOINT,
    GOOD_ENDPOINT,
    HALF_SEEN_ENDPOINT,
    HTTP_ENDPOINT,
    MUTE_ENDPOINT,
    NAMELESS_ENDPOINT,
    ORPHAN_ENDPOINT,
    STORED_BY_VERSION_1,
)
from cyberaudit.facts.wireguard import WireGuardEndpoint
from cyberaudit.facts.wireguard_samples import (
    KEYLESS_WIREGUARD,
    PROVEN_WIREGUARD,
    SILENT_WIREGUARD,
    UNREAD_KEYS_WIREGUARD,
)
from cyberaudit.french import NARROW, NBSP
from cyberaudit.reports.look_tls import endpoint_blocks
from cyberaudit.reports.look_vpn import access_blocks
from tests.unit.golden import golden

pytestmark = pytest.mark.unit

ACCESSES = (TlsEndpoint, IpsecEndpoint, OpenVpnEndpoint, WireGuardEndpoint, OldTunnel)


def blocks(facts: Facts, width: int) -> list[list[str]]:
    return endpoint_blocks(facts, width) if isinstance(facts, TlsEndpoint) else access_blocks(facts, width)


def text(*seen: Facts, width: int) -> str:
    found = [block for facts in seen for block in blocks(facts, width)]
    return "\n\n".join("\n".join(block) for block in found) + "\n"


@pytest.mark.parametrize("width", [52, 80])
def test_tls_servers_are_told_whole(width: int) -> None:
    seen = text(GOOD_ENDPOINT, BAD_ENDPOINT, HALF_SEEN_ENDPOINT, HTTP_ENDPOINT, MUTE_ENDPOINT, width=width)
    assert seen == golden(f"look-tls-{width}.txt", seen)


@pytest.mark.parametrize("width", [52, 80])
def test_other_accesses_are_told_whole(width: int) -> None:
    seen = text(
        GOOD_GATEWAY, BAD_GATEWAY, HASH_GATEWAY, TALKING_OPENVPN, SILENT_OPENVPN, PROVEN_WIREGUARD,
        KEYLESS_WIREGUARD, ANSWERING_PPTP, width=width,
    )  # fmt: skip
    assert seen == golden(f"look-vpn-{width}.txt", seen)


def test_a_name_that_was_not_compared_and_a_certificate_sent_alone_are_told_as_such() -> None:
    def words(facts: TlsEndpoint) -> str:
        return " ".join(text(facts, width=200).replace(NBSP, " ").replace(NARROW, " ").split())

    assert "nom non comparé ; chaîne reconnue" in words(NAMELESS_ENDPOINT)
    assert "nom juste ; le serveur n'envoie pas le certificat de « Inter »" in words(ORPHAN_ENDPOINT)
    assert "chaîne incomplète ou autorité inconnue" in words(ORPHAN_ENDPOINT)


def test_silence_among_answers_is_told_as_such() -> None:
    seen = text(IGNORING_GATEWAY, width=80).replace(NBSP, " ").replace(NARROW, " ")
    assert "IKEv1 : laissée sans réponse" in seen
    assert "Mode agressif : laissé sans réponse" in seen


def test_what_an_older_version_did_not_collect_is_said_so() -> None:
    seen = text(STORED_BY_VERSION_1, width=80)
    assert "cela n'a pas été relevé cette fois-là" in seen.replace("\n    ", " ")


@pytest.mark.parametrize("width", [20, 52])
@pytest.mark.parametrize(
    "facts", [each for each in samples() if isinstance(each, ACCESSES)], ids=lambda facts: facts.KIND
)
def test_no_line_is_wider_than_the_screen_nor_moves_the_cursor(facts: Facts, width: int) -> None:
    for line in text(facts, width=width).splitlines():
        assert cell_len(line) <= width
        assert line.replace(NBSP, " ").replace(NARROW, " ").isprintable()


def test_facts_that_are_no_access_are_left_to_others() -> None:
    assert access_blocks(HOSTILE_HOST, 80) == []


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (KEYLESS_WIREGUARD, "se tait devant les inconnus"),
        (SILENT_WIREGUARD, "aucune réponse, même à la clé donnée"),
        (UNREAD_KEYS_WIREGUARD, "la configuration donnée est illisible"),
    ],
)
def test_a_wireguard_that_is_silent_with_keys_is_not_said_to_ignore_strangers(
    facts: WireGuardEndpoint, said: str
) -> None:
    told = text(facts, width=200)
    assert said in told
    assert ("inconnus" in told) is (facts is KEYLESS_WIREGUARD)
