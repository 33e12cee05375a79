"""How ports answered, counted and listed in the words of the report."""

import re
from collections.abc import Iterable, Sequence

from cyberaudit import french
from cyberaudit.facts.reach import PortState
from cyberaudit.model import Reason, Unreachable
from cyberaudit.sdk.verdicts import EVIDENCE_LIMIT

_WORDS = {
    PortState.OPEN: "ouvert",
    PortState.CLOSED: "fermé",
    PortState.SILENT: "muet",
    PortState.REJECTED: "refusé en chemin",
    PortState.UNSTABLE: "instable",
}
_ALWAYS_TOLD = {
    PortState.OPEN: ("ouvert", "ouverts"),
    PortState.CLOSED: ("fermé par la machine", "fermés par la machine"),
    PortState.SILENT: ("muet", "muets"),
    PortState.REJECTED: ("refusé en chemin", "refusés en chemin"),
}

CLOSED_WITHOUT_A_WORD = "Le service a fermé sans un mot : rien ne dit ce qu'il est"

_NO_NUMBER = -1


def closed_without_a_word(cause: Unreachable) -> bool:
    """A connection was cut before one byte came back, though the port is open."""
    return cause.reason is Reason.RESET


def why_unseen(cause: Unreachable) -> str:
    """Why a thing could not be seen, with its circumstance, without saying it twice."""
    return f"l{CLOSED_WITHOUT_A_WORD[1:]}" if closed_without_a_word(cause) else str(cause)


def state_name(state: PortState | Unreachable, detail: str = "") -> str:
    """« fermé (rst) »."""
    word = f"non vu, {state.reason.french}" if isinstance(state, Unreachable) else _WORDS[state]
    return f"{word} ({detail})" if detail else word


def tally(states: Iterable[PortState | Unreachable]) -> str:
    """« 104 ports essayés : 2 ouverts, 60 fermés par la machine, 42 muets, 0 refusé en chemin »."""
    every = list(states)
    tried = [state for state in every if isinstance(state, PortState)]
    parts = [french.count(tried.count(state), *words) for state, words in _ALWAYS_TOLD.items()]
    if unstable := tried.count(PortState.UNSTABLE):
        parts.append(french.count(unstable, "instable"))
    told = f"{french.count(len(tried), 'port essayé', 'ports essayés')} : {', '.join(parts)}"
    unseen = french.count(len(every) - len(tried), "non vu", "non vus")
    return " ; ".join(
        (told if tried else "aucun port essayé", *((unseen,) if len(tried) < len(every) else ()))
    )


def listed_ports(ports: Iterable[str], *, room: int = EVIDENCE_LIMIT) -> str:
    """« tcp/21-23, tcp/25 et 21 autres »: by number, in ranges, never cut in the middle of one.

    Args:
        ports: `tcp/3389`, …
        room: in characters; 30 at least.
    """
    runs = _runs(sorted({_split(port) for port in ports}))
    pieces = [_run_name(run) for run in runs]
    if len(whole := ", ".join(pieces)) <= room:
        return whole
    left, kept = sum(map(len, runs)), ""
    for run, piece in zip(runs, pieces, strict=True):
        longer = f"{kept}, {piece}" if kept else piece
        if len(longer) + len(_and_others(left)) > room:
            break
        kept, left = longer, left - len(run)
    return (kept + _and_others(left)).strip()


def _split(port: str) -> tuple[str, int]:
    """`("tcp", 3389)`; what is no port, in a stored look that somebody changed, whole and with no number."""
    protocol, _, number = port.partition("/")
    return (protocol, int(number)) if re.fullmatch(r"[0-9]{1,5}", number) else (port, _NO_NUMBER)


def _runs(ports: Sequence[tuple[str, int]]) -> list[list[tuple[str, int]]]:
    """Neighbours together, in their order."""
    runs: list[list[tuple[str, int]]] = []
    for protocol, number in ports:
        if runs and runs[-1][-1] == (protocol, number - 1):
            runs[-1].append((protocol, number))
        else:
            runs.append([(protocol, number)])
    return runs


def _run_name(run: Sequence[tuple[str, int]]) -> str:
    (protocol, first), (_, last) = run[0], run[-1]
    if first == _NO_NUMBER:
        return protocol
    return f"{protocol}/{first}" if first == last else f"{protocol}/{first}-{last}"


def _and_others(many: int) -> str:
    return f" et {french.count(many, 'autre')}"
