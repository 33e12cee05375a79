"""IPsec gateways in known states, for the conformance kit, the examples and the tests of checks."""

from dataclasses import replace

from cyberaudit.facts.base import Facts
from cyberaudit.facts.ike import IkeOffer, IkePort, IkeSaid, IkeServer, IkeTrait, IpsecEndpoint
from cyberaudit.facts.mail_samples import DOMAIN, HOSTILE
from cyberaudit.model import Reason, Unreachable

SILENT = Unreachable(Reason.TIMEOUT)
STRONG_V2 = IkeOffer(
    version="IKEv2",
    answer=IkeSaid.ACCEPTED,
    ciphers=("aes-gcm-256", "aes-cbc-256"),
    macs=("sha256",),
    prfs=("prf-sha384", "prf-sha256"),
    groups=(20, 14),
    proofs=(),
    whole=True,
    choices=("aes-gcm-256 prf-sha384 groupe 20", "aes-cbc-256 sha256 prf-sha256 groupe 20"),
)
REFUSED_V1 = IkeOffer("IKEv1", IkeSaid.REFUSED, (), (), (), (), (), whole=True, choices=())
IGNORED_V1 = replace(REFUSED_V1, answer=IkeSaid.IGNORED)
OLD_V1 = IkeOffer(
    version="IKEv1",
    answer=IkeSaid.ACCEPTED,
    ciphers=("aes-cbc-256", "3des"),
    macs=("sha1", "md5"),
    prfs=(),
    groups=(14, 2),
    proofs=("psk",),
    whole=True,
    choices=("aes-cbc-256 sha1 groupe 14 psk", "3des md5 groupe 2 psk"),
)
STRONG_V1 = replace(
    OLD_V1,
    ciphers=("aes-cbc-256",),
    macs=("sha256",),
    groups=(14,),
    proofs=("rsa",),
    choices=("aes-cbc-256 sha256 groupe 14 rsa",),
)
GOOD_SERVER = IkeServer(
    address="192.0.2.1",
    ports=(IkePort("udp/500", answers=True), IkePort("udp/4500", answers=True)),
    offers=(STRONG_V2, REFUSED_V1),
    aggressive=IkeSaid.REFUSED,
    hash_sent=False,
    vendors=("strongSwan",),
    traits=(IkeTrait.NAT_TRAVERSAL, IkeTrait.FRAGMENTATION),
    complete=True,
    datagrams=24,
)


def gateway(*servers: IkeServer) -> IpsecEndpoint:
    """The facts of these addresses."""
    return IpsecEndpoint(hostname=f"vpn.{DOMAIN}", servers=servers, left_out=())


def _offering(two: IkeOffer, one: IkeOffer) -> IpsecEndpoint:
    return gateway(replace(GOOD_SERVER, offers=(two, one)))


_NOTHING_V2 = replace(STRONG_V2, ciphers=(), macs=(), prfs=(), groups=(), choices=())
_CLOSED = Unreachable(Reason.REFUSED)
_NO_PORTS = (IkePort("udp/500", _CLOSED), IkePort("udp/4500", _CLOSED))

GOOD_GATEWAY = gateway(GOOD_SERVER)
BAD_GATEWAY = gateway(
    replace(
        GOOD_SERVER,
        offers=(
            replace(
                STRONG_V2,
                ciphers=("aes-cbc-256", "3des", "des", "null"),
                macs=("sha256", "sha1", "md5"),
                prfs=("prf-sha256", "prf-sha1", "prf-md5"),
                groups=(14, 5, 2, 1, 22, 25),
                choices=("aes-cbc-256 sha256 prf-sha256 groupe 14", "3des sha1 prf-sha1 groupe 14"),
            ),
            OLD_V1,
        ),
        aggressive=IkeSaid.ACCEPTED,
        hash_sent=True,
        vendors=("Fortinet FortiGate",),
    )
)
"""Every fault at once."""
OLD_VERSION_GATEWAY = _offering(STRONG_V2, STRONG_V1)
"""IKEv1 too, with algorithms in order."""
HASH_GATEWAY = gateway(replace(GOOD_SERVER, aggressive=IkeSaid.ACCEPTED, hash_sent=True))
"""IKEv1 in aggressive mode only, and it sends the hash."""
WEAK_V2_GATEWAY = _offering(
    replace(
        STRONG_V2,
        ciphers=("aes-cbc-128",),
        macs=("sha1",),
        groups=(14,),
        choices=("aes-cbc-128 sha1 prf-sha256 groupe 14",),
    ),
    REFUSED_V1,
)
WEAK_GROUP_GATEWAY = _offering(replace(STRONG_V2, groups=(14, 2)), REFUSED_V1)
MUTE_V1_GATEWAY = gateway(
    replace(
        GOOD_SERVER,
        offers=(STRONG_V2, replace(REFUSED_V1, answer=SILENT, whole=SILENT)),
        aggressive=SILENT,
        hash_sent=SILENT,
        complete=SILENT,
    )
)
"""IKEv2 answers, IKEv1 does not, and whether it would have been heard is not known: which proves nothing."""
IGNORING_GATEWAY = gateway(
    replace(GOOD_SERVER, offers=(STRONG_V2, IGNORED_V1), aggressive=IkeSaid.IGNORED, datagrams=64)
)
"""IKEv2 in order, IKEv1 and its aggressive mode left without an answer between questions that it answered."""
OLD_ONLY_GATEWAY = _offering(replace(_NOTHING_V2, answer=IkeSaid.IGNORED), OLD_V1)
"""IKEv1 alone is answered."""
DEAF_GATEWAY = gateway(
    replace(
        GOOD_SERVER,
        offers=(replace(_NOTHING_V2, answer=IkeSaid.REFUSED), IGNORED_V1),
        aggressive=IkeSaid.IGNORED,
    )
)
"""It refuses IKEv2 in so many words, and leaves the rest without an answer."""
CHOOSY_GATEWAY = _offering(replace(_NOTHING_V2, answer=IkeSaid.REFUSED), REFUSED_V1)
"""It answers, and takes nothing from a stranger's address."""
HALF_SEEN_GATEWAY = gateway(
    replace(GOOD_SERVER, offers=(replace(STRONG_V2, whole=SILENT), REFUSED_V1), complete=SILENT)
)
MUTE_GATEWAY = gateway(
    replace(
        GOOD_SERVER,
        ports=(IkePort("udp/500", SILENT), IkePort("udp/4500", SILENT)),
        offers=(
            replace(_NOTHING_V2, answer=SILENT, whole=SILENT),
            replace(REFUSED_V1, answer=SILENT, whole=SILENT),
        ),
        aggressive=SILENT,
        hash_sent=SILENT,
        vendors=(),
        traits=(),
        complete=SILENT,
    )
)
CLOSED_GATEWAY = gateway(
    replace(
        GOOD_SERVER,
        ports=_NO_PORTS,
        offers=(
            replace(_NOTHING_V2, answer=IkeSaid.ABSENT, whole=_CLOSED),
            replace(REFUSED_V1, answer=IkeSaid.ABSENT, whole=_CLOSED),
        ),
        aggressive=IkeSaid.ABSENT,
        hash_sent=_CLOSED,
        vendors=(),
        traits=(),
        complete=_CLOSED,
    )
)
PARTLY_SEEN_GATEWAY = replace(GOOD_GATEWAY, left_out=("192.0.2.2",))
TWO_LINES_GATEWAY = gateway(GOOD_SERVER, replace(CLOSED_GATEWAY.servers[0], address="2001:db8::1"))
"""In order at one address, closed at the other."""
NO_ADDRESS_GATEWAY = gateway()
HOSTILE_GATEWAY = gateway(
    replace(
        GOOD_SERVER,
        address=HOSTILE,
        offers=(
            replace(STRONG_V2, ciphers=(HOSTILE,), macs=(HOSTILE,), prfs=(HOSTILE,), groups=(99, 0)),
            replace(OLD_V1, ciphers=(HOSTILE,), proofs=(HOSTILE,), choices=(HOSTILE,)),
        ),
        vendors=(HOSTILE,) * 8,
        complete=Unreachable(Reason.PROTOCOL_ERROR, HOSTILE),
    )
)

SAMPLES: tuple[Facts, ...] = (
    GOOD_GATEWAY,
    BAD_GATEWAY,
    OLD_VERSION_GATEWAY,
    HASH_GATEWAY,
    WEAK_V2_GATEWAY,
    WEAK_GROUP_GATEWAY,
    MUTE_V1_GATEWAY,
    IGNORING_GATEWAY,
    OLD_ONLY_GATEWAY,
    DEAF_GATEWAY,
    CHOOSY_GATEWAY,
    HALF_SEEN_GATEWAY,
    MUTE_GATEWAY,
    CLOSED_GATEWAY,
    PARTLY_SEEN_GATEWAY,
    TWO_LINES_GATEWAY,
    NO_ADDRESS_GATEWAY,
    HOSTILE_GATEWAY,
)
"""Found by `facts.base.samples()`: at least one good, one bad and one hostile."""
