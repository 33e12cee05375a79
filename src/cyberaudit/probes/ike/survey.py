"""One address of an IPsec gateway: where it answers, then everything it would agree on, in both versions of IKE."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from cyberaudit.facts.ike import IkeOffer, IkePort, IkeSaid, IkeServer
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.ike import survey1, survey2, version1, version2
from cyberaudit.probes.ike.asking import FORGOTTEN_SECONDS, GAP_SECONDS, TRIES, Asker
from cyberaudit.probes.ike.silence import is_silence
from cyberaudit.probes.ike.survey1 import Survey1
from cyberaudit.probes.ike.survey2 import Survey2
from cyberaudit.probes.ike.vendors import products
from cyberaudit.probes.network import Network

# RFC 7296 §2 and §2.23: IKE; and IKE beside ESP in UDP, behind four zero bytes.
IKE_PORT, NAT_PORT = 500, 4500


@frozen
class Manner:
    """How a gateway is asked."""

    gap: float = GAP_SECONDS
    tries: tuple[float, ...] = TRIES
    forgotten: float = FORGOTTEN_SECONDS
    """Seconds after which a gateway has forgotten a conversation that does not go on."""


async def survey(
    network: Network,
    address: IpAddress,
    ports: Sequence[int],
    *,
    seconds: float,
    manner: Manner | None = None,
) -> IkeServer:
    """What stands at `address`, asked on the first of `ports` that speaks IKE; `seconds` at most.

    Silence takes the time of one question, whatever the number of ports.
    """
    manner = manner or Manner()
    deadline = asyncio.get_running_loop().time() + seconds
    heard: set[str] = set()
    askers = [
        Asker(
            network,
            address,
            port,
            marked=port == NAT_PORT,
            deadline=deadline,
            gap=manner.gap,
            tries=manner.tries,
            forgotten=manner.forgotten,
            heard=heard,
        )
        for port in ports
    ]
    met = await asyncio.gather(*(_meets(asker) for asker in askers))
    asker = next((asker for asker, answers in zip(askers, met, strict=True) if answers is True), None)
    where = tuple(IkePort(f"udp/{port}", answers) for port, answers in zip(ports, met, strict=True))
    server = await _surveyed(asker) if asker else _nobody(met)
    return replace(server, address=str(address), ports=where, datagrams=sum(each.sent for each in askers))


async def _meets(asker: Asker) -> bool | Unreachable:
    """Whether the port speaks IKE, either version; else why no answer came."""
    answers = await asyncio.gather(_speaks2(asker), _speaks1(asker))
    if True in answers:
        return True
    lost = [each for each in answers if isinstance(each, Unreachable)]
    return next((each for each in lost if each.reason is not Reason.TIMEOUT), lost[0])


async def _speaks2(asker: Asker) -> bool | Unreachable:
    """Everything with a value that is not wanted, so that no conversation is begun; then with the usual value."""
    unlikely = version2.ask_for(survey2.EVERYTHING, 32)
    usual = version2.ask_for(replace(survey2.EVERYTHING, groups=(14,)), 14)
    lost = Unreachable(Reason.TIMEOUT)
    for question, within in zip((unlikely, usual), asker.tries, strict=False):
        answer = await asker.put(question.written(), question.read, within=within)
        if not isinstance(answer, Unreachable):
            asker.heard.add(survey2.VERSION)
            return True
        lost = answer
        if lost.reason is not Reason.TIMEOUT:
            break
    return lost


async def _speaks1(asker: Asker) -> bool | Unreachable:
    """What is mostly refused, then what is mostly taken; a conversation that begins is ended at once."""
    lost = Unreachable(Reason.TIMEOUT)
    for opening, within in zip((survey1.openings()[-1], survey1.openings()[0]), asker.tries, strict=False):
        question = version1.main_mode(opening)
        answer = await asker.put(question.written(), question.read, within=within)
        if isinstance(answer, version1.Reply):
            asker.heard.add(survey1.VERSION)
            if isinstance(answer.word, version1.Picked):
                await asker.tell(question.dismissal(answer.word))
            return True
        lost = answer
        if lost.reason is not Reason.TIMEOUT:
            break
    return lost


async def _surveyed(asker: Asker) -> IkeServer:
    two, one = Survey2(asker), Survey1(asker)
    for each in (two, one):
        await each.run()
        still = await _as_at_first(two, one)
        if isinstance(still, Unreachable):
            each.doubt(still)
    await two.hear_silence(one.still_answers)
    await one.hear_silence(two.still_answers)
    lost = _unfinished(two.offer(), one)
    return IkeServer(
        address="",
        ports=(),
        offers=(two.offer(), one.offer()),
        aggressive=one.aggressive,
        hash_sent=one.hash_sent,
        vendors=products((*two.vendors, *one.vendors)),
        traits=tuple(dict.fromkeys((*two.traits, *one.traits))),
        complete=lost or await _as_at_first(two, one),
        datagrams=0,
    )


async def _as_at_first(two: Survey2, one: Survey1) -> bool | Unreachable:
    """Whether the gateway still grants what it granted at first; what it refused at first proves less."""
    sane = next((each for each in (two, one) if each.granted), two if two.control else one)
    still = await sane.still_answers()
    if is_silence(still) and await sane.asker.rest():
        return await sane.still_answers()
    return still


def _unfinished(two: IkeOffer, one: Survey1) -> Unreachable | None:
    """The first question that found no answer."""
    answers = (two.answer, two.whole, one.answer, one.whole, one.aggressive)
    lost = (each for each in answers if isinstance(each, Unreachable))
    return next((each for each in lost if each != survey1.STRANGER), None)


def _nobody(met: Sequence[bool | Unreachable]) -> IkeServer:
    """No port spoke: the facts say why, and nothing of what would be accepted."""
    cause = next((each for each in met if isinstance(each, Unreachable)), Unreachable(Reason.TIMEOUT))
    closed = all(isinstance(each, Unreachable) and each.reason is Reason.REFUSED for each in met)
    answer = IkeSaid.ABSENT if closed else cause
    return IkeServer(
        address="",
        ports=(),
        offers=tuple(
            IkeOffer(version, answer, (), (), (), (), (), cause, choices=())
            for version in (survey2.VERSION, survey1.VERSION)
        ),
        aggressive=answer,
        hash_sent=cause,
        vendors=(),
        traits=(),
        complete=cause,
        datagrams=0,
    )
