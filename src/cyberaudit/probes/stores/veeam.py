"""Veeam chains (.vbk, .vib, .vrb): no specification is published, so what is told is only probable."""

from cyberaudit.facts.backup import END_NOT_SEEN, Encrypted
from cyberaudit.probes.stores.reading import TRUNCATED, Reading, Sample, octets

KINDS = {"vbk": "copie complète", "vib": "suite d'une copie complète", "vrb": "retour en arrière"}
# As others have read these files: version, « initialised », length and name of the digest; two slots from 4096 on.
VERSIONS, DIGEST, SLOTS_AT = range(1, 64), b"md5", 4096


def read_veeam(sample: Sample) -> Reading | None:
    """The file as part of a chain, by its name; its encryption stands where nothing published leads."""
    if sample.suffix not in KINDS:
        return None
    version, ready, length = (int.from_bytes(sample.head[place : place + 4], "little") for place in (0, 4, 8))
    marked = version in VERSIONS and ready == 1 and length == len(DIGEST)
    if marked and sample.head[12:15] == DIGEST:
        said = f"Veeam, probable ({KINDS[sample.suffix]}, version {version}) : chiffrement non écrit au début"
        fault = TRUNCATED if sample.size <= SLOTS_AT else END_NOT_SEEN
    else:
        said = f"nommé comme une {KINDS[sample.suffix]} de Veeam, début {octets(sample.head[:4])} non reconnu"
        fault = END_NOT_SEEN
    return Reading(sample.suffix, Encrypted.UNKNOWN, said, fault)
