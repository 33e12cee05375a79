"""Where trust begins: the keys of the root."""

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from cyberaudit.errors import UsageError
from cyberaudit.plaintext import clean

if TYPE_CHECKING:
    from dns.rdata import Rdata
    from dns.rdtypes.ANY.DS import DS

Anchors: TypeAlias = "tuple[DS, ...]"

# IANA, root-anchors.xml: the root's key-signing keys of 2017 and of 2024
ROOT_KEYS = (
    "20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
    "38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
)
# Ours: a root has two or three keys at once; a file this long is another file.
FILE_BYTES = 65536


def root_anchors() -> Anchors:
    """The keys of the Internet's root."""
    return tuple(_ds(text) for text in ROOT_KEYS)


def read_trust_anchor(path: Path) -> Anchors:
    """The DS or DNSKEY records of the root in a file in zone form; `UsageError` when there is none to read."""
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES)
    except (OSError, ValueError):
        raise UsageError(f"--trust-anchor : « {clean(str(path))} » ne se lit pas.") from None
    anchors = _anchors_in(data)
    if not anchors:
        shown = clean(str(path))
        raise UsageError(
            f"--trust-anchor : « {shown} » ne contient aucun enregistrement DS ou DNSKEY de la racine "
            "(par exemple « . IN DS 20326 8 2 E06D… »)."
        )
    return anchors


def _anchors_in(data: bytes) -> Anchors:
    """Every DS, and every DNSKEY as a DS; empty when anything in the file cannot be read."""
    import dns.exception
    import dns.name
    import dns.rdatatype
    import dns.zonefile

    try:
        text = data.decode("ascii")
        rrsets = dns.zonefile.read_rrsets(text, rdclass=None, default_ttl=3600)
    except (UnicodeError, ValueError, dns.exception.DNSException):
        return ()
    of_root = [rrset for rrset in rrsets if rrset.name == dns.name.root]
    return tuple(anchor for rrset in of_root for rdata in rrset for anchor in _as_ds(rdata))


def _as_ds(rdata: "Rdata") -> Anchors:
    import dns.name
    from dns.dnssec import make_ds
    from dns.rdtypes.ANY.DNSKEY import DNSKEY
    from dns.rdtypes.ANY.DS import DS

    match rdata:
        case DS():
            return (rdata,)
        case DNSKEY():
            return (make_ds(dns.name.root, rdata, "SHA256"),)
        case _:
            return ()


def _ds(text: str) -> "DS":
    import dns.rdata
    from dns.rdtypes.ANY.DS import DS

    rdata = dns.rdata.from_text("IN", "DS", text)
    assert isinstance(rdata, DS)
    return rdata
