"""Which product a Vendor ID payload names, and what it says a gateway can do. Pure."""

from collections.abc import Iterable
from typing import Final

from cyberaudit.facts.ike import IkeTrait
from cyberaudit.plaintext import clean

# RFC 3947 §3.1, RFC 3706 §5.1, draft-beaulieu-ike-xauth-02 §3.2, and the fragments of Cisco and Microsoft.
NAT_TRAVERSAL: Final = bytes.fromhex("4a131c81070358455c5728f20e95452f")
DEAD_PEER_DETECTION: Final = bytes.fromhex("afcad71368a1f1c96b8696fc77570100")
XAUTH: Final = bytes.fromhex("09002689dfd6b712")
FRAGMENTATION: Final = bytes.fromhex("4048b7d56ebce88525e7de7f00d6c2d3")

_TRAITS: Final = {
    NAT_TRAVERSAL: IkeTrait.NAT_TRAVERSAL,
    bytes.fromhex("90cb80913ebb696e086381b5ec427b1f"): IkeTrait.NAT_TRAVERSAL,
    bytes.fromhex("7d9419a65310ca6f2c179d9215529d56"): IkeTrait.NAT_TRAVERSAL,
    DEAD_PEER_DETECTION[:14]: IkeTrait.DEAD_PEER_DETECTION,
    XAUTH: IkeTrait.XAUTH,
    FRAGMENTATION: IkeTrait.FRAGMENTATION,
}
# As published by the makers of scanners and of other gateways (ike-scan, Wireshark, libreswan); the beginning of each.
_PRODUCTS: Final = {
    bytes.fromhex("882fe56d6fd20dbc2251613b2ebe5beb"): "strongSwan",
    bytes.fromhex("7003cbc1097dbe9c2600ba6983bc8b35"): "racoon (KAME)",
    bytes.fromhex("12f5f28c457168a9702d9fe274cc"): "Cisco Unity",
    bytes.fromhex("1f07f70eaa6514d3b0fa96542a"): "Cisco VPN 3000",
    b"CISCO": "Cisco",
    b"FLEXVPN-SUPPORTED": "Cisco FlexVPN",
    bytes.fromhex("1e2b516905991c7d7c96fcbfb587e461"): "Microsoft Windows",
    bytes.fromhex("8299031757a36082c6a621de"): "Fortinet FortiGate",
    bytes.fromhex("1d6e178f6c2c0be284985465450fe9d4"): "Fortinet FortiGate",
    bytes.fromhex("f4ed19e0c114eb516faaac0ee37daf2807b4381f"): "Check Point",
    bytes.fromhex("404bf439522ca3f6"): "SonicWall",
    bytes.fromhex("5b362bc820f6"): "SonicWall",
    bytes.fromhex("b858d1addd08c1e8adafea150608aa4497aa6cc8"): "Zyxel ZyWALL",
    bytes.fromhex("f758f22668750f03b08df6ebe1d0"): "Zyxel ZyWALL USG",
    bytes.fromhex("625027749d5ab97f5616c1602765cf480a3b7d0b"): "Zyxel ZyWALL",
    bytes.fromhex("dbfb81eb5760b0788562067da102d755"): "Netgear",
    bytes.fromhex("c573b056d7faca36c2fba28374127cbf"): "Forcepoint StoneGate",
    bytes.fromhex("baeb239037e17787d730eed9d95d48aa"): "Forcepoint StoneGate",
    bytes.fromhex("699369228741c6d4ca094c93e242c9de"): "Juniper NetScreen",
    bytes.fromhex("2a2bcac19b8e91b426107807e02e7249"): "Juniper NetScreen",
    bytes.fromhex("166f932d55eb64d8e4df4fd37e2313f0"): "Juniper NetScreen",
}
# Ours: what a maker writes in letters is a name; shorter runs of letters are chance.
_FEWEST_LETTERS, _MOST_LETTERS = 6, 60
# Ours: a gateway sends some ten; more are noise.
MOST_VENDORS = 8


def products(identifiers: Iterable[bytes]) -> tuple[str, ...]:
    """The names of those that are known, or are legible; each once, safe to show."""
    found = dict.fromkeys(name for each in identifiers if (name := _product(each)))
    return tuple(found)[:MOST_VENDORS]


def vendor_traits(identifiers: Iterable[bytes]) -> tuple[IkeTrait, ...]:
    """What the identifiers announce, each once."""
    seen = (trait for each in identifiers for head, trait in _TRAITS.items() if each.startswith(head))
    return tuple(dict.fromkeys(seen))


def _product(identifier: bytes) -> str:
    if any(identifier.startswith(head) for head in _TRAITS):
        return ""
    # Openswan draws twelve letters from its own build, of which the first two are fixed.
    if len(identifier) == 12 and identifier.startswith(b"OE"):
        return "Openswan ou Libreswan"
    known = next((name for head, name in _PRODUCTS.items() if identifier.startswith(head)), "")
    return known or _legible(identifier)


def _legible(identifier: bytes) -> str:
    plain = all(32 <= byte < 127 for byte in identifier)
    if not plain or len(identifier) < _FEWEST_LETTERS:
        return ""
    return clean(identifier, limit=_MOST_LETTERS)
