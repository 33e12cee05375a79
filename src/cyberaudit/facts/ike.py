"""What an IPsec gateway says to whoever knocks: versions of IKE, and the algorithms it would take."""

from enum import StrEnum

from cyberaudit.facts.base import Facts
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable


class IkeSaid(StrEnum):
    """What a gateway made of one way to begin."""

    ACCEPTED = "accepted"
    """It chose among what was offered."""
    REFUSED = "refused"
    """It said in so many words that it takes nothing of it: to this address of ours, at least."""
    IGNORED = "ignored"
    """It left it without an answer, between two questions that it answered: to this address of ours, at least. Put
    three times or more, seconds apart, on the same port, a question that it answered before and after each time."""
    ABSENT = "absent"
    """It said in so many words that it does not speak this version, or that its port is closed."""


class IkeTrait(StrEnum):
    """What a gateway says it can do."""

    NAT_TRAVERSAL = "nat-traversal"
    FRAGMENTATION = "fragmentation"
    REDIRECT = "redirect"
    COOKIE = "cookie"
    """It asked us to prove our address first, as one does under load."""
    XAUTH = "xauth"
    """IKEv1: a password of a person may come after the key."""
    DEAD_PEER_DETECTION = "dead-peer-detection"


@frozen
class IkePort:
    """One UDP port of the gateway."""

    port: str
    """`udp/500`"""
    answers: bool | Unreachable
    """It spoke IKE. Unreachable: silence, or a refusal of the port (`refused`)."""


@frozen
class IkeOffer:
    """What one version of IKE would agree on. The lists hold what was seen accepted, the first chosen first."""

    version: str
    """`IKEv2`, or `IKEv1`: its main mode."""
    answer: IkeSaid | Unreachable
    """Unreachable: silence that nothing explains, or an answer that is neither yes nor no."""
    ciphers: tuple[str, ...]
    """Ids of `ike_algorithms.CIPHERS`."""
    macs: tuple[str, ...]
    """Ids of `ike_algorithms.MACS`; of IKEv1 the hash."""
    prfs: tuple[str, ...]
    """Ids of `ike_algorithms.PRFS`; IKEv2 only."""
    groups: tuple[int, ...]
    """Diffie-Hellman groups, IANA numbers."""
    proofs: tuple[str, ...]
    """How both sides prove who they are, IKEv1 only: `psk`, `rsa`, `ecdsa`, `xauth-psk`, `xauth-rsa`, `hybrid`. Some
    gateways (strongSwan) take any of them at first, and refuse later. Of IKEv2 it is not visible before a key is
    shown."""
    whole: bool | Unreachable
    """True: nothing else of what we know is accepted. Of IKEv1: nothing else of AES, Triple DES and DES, each with
    SHA-2, SHA-1 and MD5 and the groups 1, 2, 5, 14, 15, 16, 19, 20, 21, proved by `psk`, `rsa`, `xauth-psk`,
    `hybrid`, or `ecdsa` with the hash of its curve; of other ciphers, groups and of `xauth-rsa`, some. Else why the
    lists stop short."""
    choices: tuple[str, ...] | Unreachable
    """What was chosen together, each time it was: `aes-cbc-256 sha1 groupe 14 psk`, the ids of the lists. What else
    goes together is not known: the lists are found kind by kind."""


@frozen
class IkeServer:
    """One address of the gateway."""

    address: str
    ports: tuple[IkePort, ...]
    offers: tuple[IkeOffer, ...]
    """IKEv2, then IKEv1."""
    aggressive: IkeSaid | Unreachable
    """IKEv1 in three messages, with a shared key and an identity that nobody has. Unreachable (`permission-denied`):
    it says that it does not know this identity, and may answer another; one that it ignored may be answered too."""
    hash_sent: bool | Unreachable
    """In that mode it sent a hash of the shared key, from which passwords can be tried at leisure. The hash is not
    kept."""
    vendors: tuple[str, ...]
    """Products it names itself by, safe to show."""
    traits: tuple[IkeTrait, ...]
    complete: bool | Unreachable
    """True: every question was answered, and at the end the gateway still answered as at first. Else why not."""
    datagrams: int | Unreachable
    """Questions sent, all ports."""

    def offer(self, version: str) -> IkeOffer | None:
        return next((offer for offer in self.offers if offer.version == version), None)

    @property
    def speaks(self) -> bool:
        """Some port answered in IKE."""
        return any(port.answers is True for port in self.ports)


@frozen
class IpsecEndpoint(Facts):
    """One IPsec gateway, at every address that faces the vantage."""

    KIND = "ipsec-endpoint"
    VERSION = 1

    hostname: str
    servers: tuple[IkeServer, ...]
    """One an address, in the order of the profile."""
    left_out: tuple[str, ...]
    """The other addresses that face us and were not asked."""
